use super::db::{Conn, Read, Tx};
use super::query::{Query, Stored};
use crate::domain::feature::{Entitlement, Feature};
use crate::domain::tenant::Tenant;
use crate::domain::{Id, Instant};
impl Stored for Feature {
    const TABLE: &'static str = "x";
    fn load(_: &mut Conn, _: &Query<Self>) -> Read<Vec<Self>> {
        Ok(Vec::new())
    }
}
pub fn by_codes(tenant: Id<Tenant>, _: Vec<String>) -> Query<Feature> {
    Query::new(tenant)
}
pub fn insert_entitlements(_: &mut Tx<'_>, _: Id<Tenant>, _: &[Entitlement]) -> Read<()> {
    Ok(())
}
