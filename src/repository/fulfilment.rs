//! Storing a fulfilment. Locks are taken in one order everywhere: what is new, order, items, assets, billing groups,
//! customer. What many scans share comes last, so that they wait for each other briefly. Every statement is guarded:
//! where somebody was faster it finds no row, and the use case starts anew.

use super::batch::Batch;
use super::change::change;
use super::db::{Read, Tx};
use super::rows::{Rows, rows};
use super::schema::{asset_assignments, order_items, orders, scheduled_payments};
use super::sql_types::{At, Moment};
use super::{asset, billing_group, customer, subscription};
use crate::domain::asset::{Asset, AssetAssignment};
use crate::domain::order::{Order, OrderItem, OrderStatus};
use crate::domain::subscription::{ScheduledPayment, Subscription};
use crate::domain::tenant::Tenant;
use crate::domain::{Id, Instant, Money};
use diesel::dsl::case_when;
use diesel::prelude::*;
use diesel::sql_types::Nullable;

/// What a fulfilment stores.
pub struct Fulfilment<'f> {
    /// As it was read.
    pub order: &'f Order,
    /// Where the order stands then.
    pub status: OrderStatus,
    /// How many units each item gains.
    pub items: &'f [(Id<OrderItem>, i32)],
    pub subscriptions: &'f [Subscription],
    pub payments: &'f [ScheduledPayment],
    pub assignments: &'f [AssetAssignment],
    /// The assets that are no longer kept for the order.
    pub released: &'f [Asset],
    pub now: Instant,
}

/// Stores a fulfilment.
pub fn store(batch: &mut Batch, tenant: Id<Tenant>, fulfilment: &Fulfilment<'_>) {
    let Fulfilment { order, status, items, subscriptions, payments, assignments, released, now } = *fulfilment;
    // Two that want the same assets wait for each other at the first that they share.
    let mut inserted: Vec<_> = subscriptions.iter().collect();
    inserted.sort_unstable_by_key(|subscription| subscription.asset_id);
    batch.insert(subscription::new_rows(tenant, &inserted));
    batch.insert(payment_rows(tenant, payments));
    batch.insert(assignment_rows(tenant, assignments));
    let gained: i32 = items.iter().map(|(_, units)| units).sum();
    advance_order(batch, tenant, order, gained, status, now);
    for (item, units) in items {
        advance_item(batch, tenant, *item, *units);
    }
    let assigned = assignments.iter().map(|assignment| (assignment.asset_id, Some(assignment), None));
    let released = released.iter().map(|asset| (asset.id, None, Some(asset)));
    let mut changed: Vec<_> = assigned.chain(released).collect();
    changed.sort_unstable_by_key(|(id, ..)| *id);
    for (id, assigned, released) in changed {
        if let Some(AssetAssignment { subscription_id, customer_id, .. }) = assigned {
            asset::rent_out(batch, tenant, id, order.id, *subscription_id, *customer_id, now);
        }
        if let Some(kept) = released {
            asset::release(batch, tenant, kept, now);
        }
    }
    let mut groups: Vec<_> = subscriptions.iter().filter_map(|subscription| subscription.billing_group_id).collect();
    groups.sort_unstable();
    groups.dedup();
    for group in groups {
        billing_group::join(batch, tenant, group, order.currency);
    }
    let monthly = subscriptions.iter().filter_map(|subscription| subscription.monthly_amount);
    let monthly = Money::new(monthly.map(|amount| amount.minor).sum(), order.currency);
    customer::gain(batch, tenant, order.customer_id, gained, monthly, now);
}

/// Counts the units on the row as it stands under its lock: several scans may be under way at once. Whether the order is
/// fulfilled was decided by what was read, and decides what else is stored: where it comes out otherwise, or where an
/// order that is to be fulfilled was changed since, somebody was faster. (Keeping an asset for an order is a change of it:
/// see [`super::order::touch`].)
fn advance_order(batch: &mut Batch, tenant: Id<Tenant>, order: &Order, units: i32, status: OrderStatus, now: Instant) {
    let rented = || orders::rented_devices + units;
    let fulfilled = status == OrderStatus::Fulfilled;
    let is_last = || rented().eq(orders::total_devices);
    batch.change(
        change(orders::table)
            .filter(orders::tenant_id.eq(tenant))
            .filter(orders::id.eq(order.id))
            .filter(orders::status.eq(OrderStatus::Confirmed).or(orders::status.eq(OrderStatus::Partial)))
            .filter(rented().le(orders::total_devices))
            .filter(is_last().eq(fulfilled))
            .filter(is_last().eq(false).or(orders::version.eq(order.version)))
            .set((
                orders::rented_devices.eq(rented()),
                orders::status.eq(status),
                orders::fulfilled_at.eq(case_when(is_last(), At(now).into_sql::<Nullable<Moment>>())),
                orders::version.eq(orders::version + 1),
                orders::updated_at.eq(At(now)),
            )),
    );
}

fn advance_item(batch: &mut Batch, tenant: Id<Tenant>, item: Id<OrderItem>, units: i32) {
    batch.change(
        change(order_items::table)
            .filter(order_items::tenant_id.eq(tenant))
            .filter(order_items::id.eq(item))
            .filter((order_items::fulfilled_quantity + units).le(order_items::quantity))
            .set(order_items::fulfilled_quantity.eq(order_items::fulfilled_quantity + units)),
    );
}

pub fn insert_payments(tx: &mut Tx<'_>, tenant: Id<Tenant>, rows: &[ScheduledPayment]) -> Read<()> {
    payment_rows(tenant, rows).insert(tx)
}

fn payment_rows(tenant: Id<Tenant>, rows: &[ScheduledPayment]) -> Rows {
    rows!(scheduled_payments, rows, |row| {
        tenant_id: tenant,
        subscription_id: row.subscription_id,
        sequence: row.sequence,
        due_date: row.due_date,
        currency: row.amount.currency,
        amount: row.amount.minor,
        status: row.status,
    })
}

fn assignment_rows(tenant: Id<Tenant>, rows: &[AssetAssignment]) -> Rows {
    rows!(asset_assignments, rows, |row| {
        tenant_id: tenant,
        id: row.id,
        asset_id: row.asset_id,
        subscription_id: row.subscription_id,
        customer_id: row.customer_id,
        assigned_at: At(row.assigned_at),
    })
}
