//! Orders and their items.

use super::db::{Read, Tx, changed};
use super::list::{List, listed};
use super::on_backend;
use super::query::{Query, stored};
use super::schema::{order_items, orders};
use super::sql_types::{At, instant};
use crate::domain::customer::Customer;
use crate::domain::order::{Order, OrderItem, OrderStatus};
use crate::domain::tenant::Tenant;
use crate::domain::{Id, Money};
use diesel::prelude::*;

stored!(Order, orders(
    id, number, status, customer_id, billing_group_id, currency, total_devices, rented_devices, notes, cancel_reason,
    version, created_at, updated_at, confirmed_at, fulfilled_at, cancelled_at
) => {
    let (At(created_at), At(updated_at)) = (created_at, updated_at);
    Order {
        id, number, status, customer_id, billing_group_id, currency, total_devices, rented_devices, notes,
        cancel_reason, version, created_at, updated_at, confirmed_at: instant(confirmed_at),
        fulfilled_at: instant(fulfilled_at), cancelled_at: instant(cancelled_at),
    }
});

listed!(Order: List::new()
    .text(orders::number).sorted(|order: &Order| (&order.number).into())
    .choice::<OrderStatus>(orders::status)
    .id::<Customer>(orders::customer_id)
    .instant(orders::created_at).sorted(|order| order.created_at.into())
    .instant(orders::updated_at).sorted(|order| order.updated_at.into()));

stored!(OrderItem, order_items(
    id, order_id, position, product_id, sku, quantity, fulfilled_quantity, currency, unit_price, contract_length
) => OrderItem {
    id, order_id, position, product_id, sku, quantity, fulfilled_quantity,
    unit_price: Money::new(unit_price, currency), contract_length,
});

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

pub fn insert(tx: &mut Tx<'_>, tenant: Id<Tenant>, order: &Order, items: &[OrderItem]) -> Read<()> {
    on_backend!(tx, |conn| diesel::insert_into(orders::table)
        .values((
            orders::tenant_id.eq(tenant),
            orders::id.eq(order.id),
            orders::number.eq(&order.number),
            orders::status.eq(order.status),
            orders::customer_id.eq(order.customer_id),
            orders::billing_group_id.eq(order.billing_group_id),
            orders::currency.eq(order.currency),
            orders::total_devices.eq(order.total_devices),
            orders::rented_devices.eq(order.rented_devices),
            orders::notes.eq(&order.notes),
            orders::version.eq(order.version),
            orders::created_at.eq(At(order.created_at)),
            orders::updated_at.eq(At(order.updated_at)),
        ))
        .execute(conn))?;
    let rows: Vec<_> = items
        .iter()
        .map(|item| {
            (
                order_items::tenant_id.eq(tenant),
                order_items::id.eq(item.id),
                order_items::order_id.eq(item.order_id),
                order_items::position.eq(item.position),
                order_items::product_id.eq(item.product_id),
                order_items::sku.eq(&item.sku),
                order_items::quantity.eq(item.quantity),
                order_items::fulfilled_quantity.eq(item.fulfilled_quantity),
                order_items::currency.eq(item.unit_price.currency),
                order_items::unit_price.eq(item.unit_price.minor),
                order_items::contract_length.eq(item.contract_length),
            )
        })
        .collect();
    on_backend!(tx, |conn| diesel::insert_into(order_items::table).values(&rows).execute(conn))?;
    Ok(())
}

/// Stores a changed order over the version before it. Its items and its progress are not touched.
pub fn update(tx: &mut Tx<'_>, tenant: Id<Tenant>, order: &Order) -> Read<()> {
    let rows = on_backend!(tx, |conn| diesel::update(orders::table)
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
