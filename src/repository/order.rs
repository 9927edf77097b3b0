//! Orders and their items.

use super::batch::Batch;
use super::change::change;
use super::db::{Read, Tx, changed};
use super::list::{List, listed};
use super::on_backend;
use super::query::{Query, partly_stored};
use super::rows::rows;
use super::schema::{order_items, orders};
use super::sql_types::{At, instant};
use crate::domain::customer::Customer;
use crate::domain::order::{Order, OrderItem, OrderStatus};
use crate::domain::tenant::Tenant;
use crate::domain::{Id, Instant, Money};
use diesel::prelude::*;

partly_stored!(Order, orders(
    id, number, status, customer_id, billing_group_id, currency, total_devices, rented_devices, notes, cancel_reason,
    version, created_at, updated_at, confirmed_at, fulfilled_at, cancelled_at
) => {
    let (At(created_at), At(updated_at)) = (created_at, updated_at);
    Order {
        id, number, status, customer_id, billing_group_id, currency, total_devices, rented_devices, notes,
        cancel_reason, version, created_at, updated_at, confirmed_at: instant(confirmed_at),
        fulfilled_at: instant(fulfilled_at), cancelled_at: instant(cancelled_at),
    }
}, along: version);

listed!(Order: List::new()
    .text(orders::number).sorted(|order: &Order| (&order.number).into())
    .choice::<OrderStatus>(orders::status)
    .id::<Customer>(orders::customer_id)
    .instant(orders::created_at).sorted(|order| order.created_at.into())
    .instant(orders::updated_at).sorted(|order| order.updated_at.into()));

partly_stored!(OrderItem, order_items(
    id, order_id, position, product_id, sku, quantity, fulfilled_quantity, currency, unit_price, contract_length
) => OrderItem {
    id, order_id, position, product_id, sku, quantity, fulfilled_quantity,
    unit_price: Money::new(unit_price, currency), contract_length,
}, along: contract_length);

pub fn all(tenant: Id<Tenant>) -> Query<Order> {
    Query::new(tenant)
}

pub fn by_number(tenant: Id<Tenant>, number: &str) -> Query<Order> {
    Query::by_text(tenant, "number", number)
}

pub fn of_customers(tenant: Id<Tenant>, customers: &[Id<Customer>]) -> Query<Order> {
    Query::new(tenant).of_each("customer_id", customers)
}

/// The items of these orders, in the order of each order.
pub fn items_of(tenant: Id<Tenant>, orders: &[Id<Order>]) -> Query<OrderItem> {
    Query::new(tenant).of_each("order_id", orders).order("position")
}

/// Stores a new order with its items, as a part of a batch.
pub fn add(batch: &mut Batch, tenant: Id<Tenant>, order: &Order, items: &[OrderItem]) {
    batch.insert(rows!(orders, [order], |order| {
        tenant_id: tenant,
        id: order.id,
        number: order.number.clone(),
        status: order.status,
        customer_id: order.customer_id,
        billing_group_id: order.billing_group_id,
        currency: order.currency,
        total_devices: order.total_devices,
        rented_devices: order.rented_devices,
        notes: order.notes.clone(),
        version: order.version,
        created_at: At(order.created_at),
        updated_at: At(order.updated_at),
    }));
    batch.insert(rows!(order_items, items, |item| {
        tenant_id: tenant,
        id: item.id,
        order_id: item.order_id,
        position: item.position,
        product_id: item.product_id,
        sku: item.sku.clone(),
        quantity: item.quantity,
        fulfilled_quantity: item.fulfilled_quantity,
        currency: item.unit_price.currency,
        unit_price: item.unit_price.minor,
        contract_length: item.contract_length,
    }));
}

/// Stores a changed order over the version before it. Its items and its progress are not touched.
pub fn update(tx: &mut Tx<'_>, tenant: Id<Tenant>, order: &Order) -> Read<()> {
    let rows = on_backend!(tx, |conn| change(orders::table)
        .filter(orders::tenant_id.eq(tenant))
        .filter(orders::id.eq(order.id))
        .filter(orders::version.eq(order.version - 1))
        .set((
            orders::status.eq(order.status),
            orders::billing_group_id.eq(order.billing_group_id),
            orders::notes.eq(&order.notes),
            orders::cancel_reason.eq(&order.cancel_reason),
            orders::version.eq(order.version),
            orders::updated_at.eq(At(order.updated_at)),
            orders::confirmed_at.eq(order.confirmed_at.map(At)),
            orders::cancelled_at.eq(order.cancelled_at.map(At)),
        ))
        .execute(conn))?;
    changed(rows, 1)
}

/// Notes that an order, held as it is given, was changed in what is kept elsewhere: an asset is kept for it.
pub fn touch(tx: &mut Tx<'_>, tenant: Id<Tenant>, held: &Order, now: Instant) -> Read<()> {
    let rows = on_backend!(tx, |conn| change(orders::table)
        .filter(orders::tenant_id.eq(tenant))
        .filter(orders::id.eq(held.id))
        .filter(orders::version.eq(held.version))
        .set((orders::version.eq(held.version + 1), orders::updated_at.eq(At(now))))
        .execute(conn))?;
    changed(rows, 1)
}
