use super::db::{Conn, Read, Tx};
use super::query::{Query, Stored};
use crate::domain::discount::Discount;
use crate::domain::tenant::Tenant;
use crate::domain::{Id, Instant};
impl Stored for Discount {
    const TABLE: &'static str = "x";
    fn load(_: &mut Conn, _: &Query<Self>) -> Read<Vec<Self>> {
        Ok(Vec::new())
    }
}
pub fn by_ids_or_codes(tenant: Id<Tenant>, _: &[Id<Discount>], _: Vec<String>) -> Query<Discount> {
    Query::new(tenant)
}
