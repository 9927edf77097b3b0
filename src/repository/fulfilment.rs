//! Storing a fulfilment. Locks are taken in one order everywhere: order, items, assets, subscriptions, billing groups,
//! customer. Every statement is guarded: where somebody was faster it finds no row, and the use case starts anew.

use super::db::{Read, Tx, changed};
use super::schema::{asset_assignments, order_items, orders, scheduled_payments};
use super::sql_types::At;
use super::{asset, billing_group, customer, on_backend, subscription};
use crate::domain::asset::AssetAssignment;
use crate::domain::order::{Order, OrderItem, OrderStatus};
use crate::domain::subscription::{ScheduledPayment, Subscription};
use crate::domain::tenant::Tenant;
use crate::domain::{Id, Instant, Money};
use diesel::dsl::case_when;
use diesel::prelude::*;

/// What a fulfilment stores.
pub struct Fulfilment<'f> {
    pub order: &'f Order,
    /// How many units each item gains.
    pub items: &'f [(Id<OrderItem>, i32)],
    pub subscriptions: &'f [Subscription],
    pub payments: &'f [ScheduledPayment],
    pub assignments: &'f [AssetAssignment],
    pub now: Instant,
}

/// Stores a fulfilment; answers where the order stands now.
pub fn store(tx: &mut Tx<'_>, tenant: Id<Tenant>, fulfilment: &Fulfilment<'_>) -> Read<OrderStatus> {
    let Fulfilment { order, items, subscriptions, payments, assignments, now } = *fulfilment;
    let gained: i32 = items.iter().map(|(_, units)| units).sum();
    let status = advance_order(tx, tenant, order.id, gained, now)?;
    for (item, units) in items {
        advance_item(tx, tenant, *item, *units)?;
    }
    let mut assigned: Vec<_> = assignments.iter().collect();
    assigned.sort_unstable_by_key(|assignment| assignment.asset_id);
    for assignment in assigned {
        let AssetAssignment { asset_id, subscription_id, customer_id, .. } = assignment;
        asset::rent_out(tx, tenant, *asset_id, order.id, *subscription_id, *customer_id, now)?;
    }
    subscription::insert(tx, tenant, subscriptions)?;
    insert_payments(tx, tenant, payments)?;
    insert_assignments(tx, tenant, assignments)?;
    let mut groups: Vec<_> = subscriptions.iter().filter_map(|subscription| subscription.billing_group_id).collect();
    groups.sort_unstable();
    groups.dedup();
    for group in groups {
        billing_group::join(tx, tenant, group, order.currency)?;
    }
    let monthly = subscriptions.iter().filter_map(|subscription| subscription.monthly_amount);
    let monthly = Money::new(monthly.map(|amount| amount.minor).sum(), order.currency);
    customer::gain(tx, tenant, order.customer_id, gained, monthly, now)?;
    Ok(status)
}

/// Counts the units. The status is decided here from the row as it stands under its lock, by the rule of
/// [`crate::domain::fulfilment::Fulfilling::finish`]: several scans may finish at once, and one of them is the last.
fn advance_order(tx: &mut Tx<'_>, tenant: Id<Tenant>, order: Id<Order>, units: i32, now: Instant) -> Read<OrderStatus> {
    let rented = || orders::rented_devices + units;
    let status: Option<OrderStatus> = on_backend!(tx, |conn| diesel::update(orders::table)
        .filter(orders::tenant_id.eq(tenant))
        .filter(orders::id.eq(order))
        .filter(orders::status.eq(OrderStatus::Confirmed).or(orders::status.eq(OrderStatus::Partial)))
        .filter(rented().le(orders::total_devices))
        .set((
            orders::rented_devices.eq(rented()),
            orders::status.eq(case_when(
                rented().eq(orders::total_devices),
                OrderStatus::Fulfilled.into_sql::<diesel::sql_types::Text>()
            )
            .otherwise(OrderStatus::Partial.into_sql::<diesel::sql_types::Text>())),
            orders::fulfilled_at.eq(case_when(
                rented().eq(orders::total_devices),
                At(now).into_sql::<diesel::sql_types::Nullable<super::sql_types::Moment>>()
            )),
            orders::version.eq(orders::version + 1),
            orders::updated_at.eq(At(now)),
        ))
        .returning(orders::status)
        .get_result(conn)
        .optional())?;
    status.ok_or(super::Fault::LostRace)
}

fn advance_item(tx: &mut Tx<'_>, tenant: Id<Tenant>, item: Id<OrderItem>, units: i32) -> Read<()> {
    let rows = on_backend!(tx, |conn| diesel::update(order_items::table)
        .filter(order_items::tenant_id.eq(tenant))
        .filter(order_items::id.eq(item))
        .filter((order_items::fulfilled_quantity + units).le(order_items::quantity))
        .set(order_items::fulfilled_quantity.eq(order_items::fulfilled_quantity + units))
        .execute(conn))?;
    changed(rows, 1)
}

pub fn insert_payments(tx: &mut Tx<'_>, tenant: Id<Tenant>, rows: &[ScheduledPayment]) -> Read<()> {
    for rows in rows.chunks(subscription::ROWS) {
        let rows: Vec<_> = rows
            .iter()
            .map(|row| {
                (
                    scheduled_payments::tenant_id.eq(tenant),
                    scheduled_payments::subscription_id.eq(row.subscription_id),
                    scheduled_payments::sequence.eq(row.sequence),
                    scheduled_payments::due_date.eq(row.due_date),
                    scheduled_payments::currency.eq(row.amount.currency),
                    scheduled_payments::amount.eq(row.amount.minor),
                    scheduled_payments::status.eq(row.status),
                )
            })
            .collect();
        on_backend!(tx, |conn| diesel::insert_into(scheduled_payments::table).values(&rows).execute(conn))?;
    }
    Ok(())
}

fn insert_assignments(tx: &mut Tx<'_>, tenant: Id<Tenant>, rows: &[AssetAssignment]) -> Read<()> {
    let rows: Vec<_> = rows
        .iter()
        .map(|row| {
            (
                asset_assignments::tenant_id.eq(tenant),
                asset_assignments::id.eq(row.id),
                asset_assignments::asset_id.eq(row.asset_id),
                asset_assignments::subscription_id.eq(row.subscription_id),
                asset_assignments::customer_id.eq(row.customer_id),
                asset_assignments::assigned_at.eq(At(row.assigned_at)),
            )
        })
        .collect();
    on_backend!(tx, |conn| diesel::insert_into(asset_assignments::table).values(&rows).execute(conn))?;
    Ok(())
}
