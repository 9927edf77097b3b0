use super::db::{Conn, Read, Tx};
use super::query::{Query, Stored};
use crate::domain::plan::Plan;
use crate::domain::tenant::Tenant;
use crate::domain::{Id, Instant};
impl Stored for Plan {
    const TABLE: &'static str = "x";
    fn load(_: &mut Conn, _: &Query<Self>) -> Read<Vec<Self>> {
        Ok(Vec::new())
    }
}
pub fn by_code(tenant: Id<Tenant>, _: &str) -> Query<Plan> {
    Query::new(tenant)
}
pub fn by_code_and_version(tenant: Id<Tenant>, _: &str, _: i32) -> Query<Plan> {
    Query::new(tenant)
}
