//! Billing groups.

use super::batch::Batch;
use super::change::change;
use super::db::{Read, Tx, changed};
use super::on_backend;
use super::query::{Query, stored};
use super::schema::billing_groups;
use super::sql_types::At;
use crate::domain::billing_group::BillingGroup;
use crate::domain::customer::Customer;
use crate::domain::tenant::Tenant;
use crate::domain::{Currency, Id};
use diesel::prelude::*;

stored!(BillingGroup, billing_groups(
    id, customer_id, name, billing_day, status, currency, version, created_at, updated_at
) => {
    let (At(created_at), At(updated_at)) = (created_at, updated_at);
    BillingGroup { id, customer_id, name, billing_day, status, currency, version, created_at, updated_at }
});

/// The groups of these customers, oldest first.
pub fn of_customers(tenant: Id<Tenant>, customers: &[Id<Customer>]) -> Query<BillingGroup> {
    Query::new(tenant).of_each("customer_id", customers).order("id")
}

pub fn insert(tx: &mut Tx<'_>, tenant: Id<Tenant>, group: &BillingGroup) -> Read<()> {
    on_backend!(tx, |conn| diesel::insert_into(billing_groups::table)
        .values((
            billing_groups::tenant_id.eq(tenant),
            billing_groups::id.eq(group.id),
            billing_groups::customer_id.eq(group.customer_id),
            billing_groups::name.eq(&group.name),
            billing_groups::billing_day.eq(group.billing_day),
            billing_groups::status.eq(group.status),
            billing_groups::currency.eq(group.currency),
            billing_groups::version.eq(group.version),
            billing_groups::created_at.eq(At(group.created_at)),
            billing_groups::updated_at.eq(At(group.updated_at)),
        ))
        .execute(conn))?;
    Ok(())
}

/// Stores a changed group over the version before it.
pub fn update(tx: &mut Tx<'_>, tenant: Id<Tenant>, group: &BillingGroup) -> Read<()> {
    let rows = on_backend!(tx, |conn| change(billing_groups::table)
        .filter(billing_groups::tenant_id.eq(tenant))
        .filter(billing_groups::id.eq(group.id))
        .filter(billing_groups::version.eq(group.version - 1))
        .set((
            billing_groups::name.eq(&group.name),
            billing_groups::billing_day.eq(group.billing_day),
            billing_groups::status.eq(group.status),
            billing_groups::version.eq(group.version),
            billing_groups::updated_at.eq(At(group.updated_at)),
        ))
        .execute(conn))?;
    changed(rows, 1)
}

/// Locks an active group for a new subscription in this currency, which becomes the group's where it has none.
pub fn join(batch: &mut Batch, tenant: Id<Tenant>, group: Id<BillingGroup>, currency: Currency) {
    use crate::domain::billing_group::BillingGroupStatus::Active;
    batch.change(
        change(billing_groups::table)
            .filter(billing_groups::tenant_id.eq(tenant))
            .filter(billing_groups::id.eq(group))
            .filter(billing_groups::status.eq(Active))
            .filter(billing_groups::currency.is_null().or(billing_groups::currency.eq(currency).assume_not_null()))
            .set(billing_groups::currency.eq(currency)),
    );
}
