use super::db::{Conn, Read, Tx};
use super::query::{Query, Stored};
use crate::domain::price::Price;
use crate::domain::tenant::Tenant;
use crate::domain::{Id, Instant};
impl Stored for Price {
    const TABLE: &'static str = "x";
    fn load(_: &mut Conn, _: &Query<Self>) -> Read<Vec<Self>> {
        Ok(Vec::new())
    }
}
pub fn of_plans(tenant: Id<Tenant>, _: &[Id<crate::domain::plan::Plan>]) -> Query<Price> {
    Query::new(tenant)
}
pub fn of_subscriptions(tenant: Id<Tenant>, _: &[Id<crate::domain::subscription::Subscription>]) -> Query<Price> {
    Query::new(tenant)
}
pub fn insert(_: &mut Tx<'_>, _: Id<Tenant>, _: &[Price]) -> Read<()> {
    Ok(())
}
