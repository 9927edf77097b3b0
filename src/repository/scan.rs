//! What a scan needs to know, read in one go: order, items, settings and device.

use super::db::Read;
use super::schema::{assets, order_items, orders, tenants};
use super::sql_types::{At, In, amount, instant};
use super::{Conn, on_backend};
use crate::domain::asset::{Asset, AssetStatus, UnavailableReason};
use crate::domain::billing_group::BillingGroup;
use crate::domain::customer::Customer;
use crate::domain::order::{Order, OrderItem, OrderStatus};
use crate::domain::product::Product;
use crate::domain::subscription::{ContractLength, Subscription};
use crate::domain::tenant::{BillingStart, Tenant};
use crate::domain::{Currency, Id, Money, Zone};
use diesel::dsl::exists;
use diesel::prelude::*;

/// An order, and the device that was scanned for it.
pub struct Scanned {
    pub order: Order,
    /// In the order of the order.
    pub items: Vec<OrderItem>,
    pub zone: Zone,
    pub billing_start: BillingStart,
    /// What the serial number names.
    pub asset: Option<Asset>,
    /// Whether any assets are kept for the order.
    pub keeps: bool,
}

type OrderRow = (
    (Id<Order>, String, OrderStatus, Id<Customer>, Option<Id<BillingGroup>>, Currency, i32, i32),
    (Option<String>, Option<String>, i32, At, At, Option<At>, Option<At>, Option<At>),
);
type ItemRow = (Id<OrderItem>, i32, Id<Product>, String, i32, i32, Currency, i64, ContractLength);
type AssetRow = (
    Id<Asset>,
    String,
    Id<Product>,
    AssetStatus,
    Option<UnavailableReason>,
    Option<Id<Order>>,
    Option<Id<Customer>>,
    Option<Id<Subscription>>,
    Option<Currency>,
    Option<i64>,
    Option<String>,
    Option<String>,
    i32,
    At,
    At,
);
type Row = (OrderRow, (In, BillingStart, bool), ItemRow, Option<AssetRow>);

diesel::allow_tables_to_appear_in_same_query!(orders, tenants, order_items, assets);

/// An order with its items, and the device with this serial number. (No device has an empty one.)
pub fn scanned(conn: &mut Conn, tenant: Id<Tenant>, order: Id<Order>, serial_number: &str) -> Read<Option<Scanned>> {
    let kept = diesel::alias!(assets as kept);
    let keeps = || {
        let reserved = kept.field(assets::reserved_order_id).eq(orders::id.nullable());
        exists(kept.filter(kept.field(assets::tenant_id).eq(orders::tenant_id)).filter(reserved))
    };
    let rows: Vec<Row> = on_backend!(conn, |conn| orders::table
        .inner_join(tenants::table.on(tenants::tenant_id.eq(orders::tenant_id)))
        .inner_join(
            order_items::table
                .on(order_items::tenant_id.eq(orders::tenant_id).and(order_items::order_id.eq(orders::id)))
        )
        .left_join(
            assets::table.on(assets::tenant_id.eq(orders::tenant_id).and(assets::serial_number.eq(serial_number)))
        )
        .filter(orders::tenant_id.eq(tenant))
        .filter(orders::id.eq(order))
        .order(order_items::position)
        .select((
            (
                (
                    orders::id,
                    orders::number,
                    orders::status,
                    orders::customer_id,
                    orders::billing_group_id,
                    orders::currency,
                    orders::total_devices,
                    orders::rented_devices,
                ),
                (
                    orders::notes,
                    orders::cancel_reason,
                    orders::version,
                    orders::created_at,
                    orders::updated_at,
                    orders::confirmed_at,
                    orders::fulfilled_at,
                    orders::cancelled_at,
                ),
            ),
            (tenants::timezone, tenants::billing_start, keeps()),
            (
                order_items::id,
                order_items::position,
                order_items::product_id,
                order_items::sku,
                order_items::quantity,
                order_items::fulfilled_quantity,
                order_items::currency,
                order_items::unit_price,
                order_items::contract_length,
            ),
            (
                assets::id,
                assets::sku,
                assets::product_id,
                assets::status,
                assets::reason,
                assets::reserved_order_id,
                assets::customer_id,
                assets::subscription_id,
                assets::currency,
                assets::acquisition_cost,
                assets::location,
                assets::notes,
                assets::version,
                assets::created_at,
                assets::updated_at,
            )
                .nullable(),
        ))
        .load(conn))?;
    let mut scanned: Option<Scanned> = None;
    for (order, (In(zone), billing_start, keeps), item, asset) in rows {
        let item = made_item(order.0.0, item);
        match &mut scanned {
            Some(scanned) => scanned.items.push(item),
            None => {
                let asset = asset.map(|asset| made_asset(serial_number, asset));
                let (order, items) = (made_order(order), vec![item]);
                scanned = Some(Scanned { order, items, zone, billing_start, asset, keeps });
            }
        }
    }
    Ok(scanned)
}

fn made_order(row: OrderRow) -> Order {
    let (
        (id, number, status, customer_id, billing_group_id, currency, total_devices, rented_devices),
        (notes, cancel_reason, version, At(created_at), At(updated_at), confirmed_at, fulfilled_at, cancelled_at),
    ) = row;
    let (confirmed_at, fulfilled_at) = (instant(confirmed_at), instant(fulfilled_at));
    Order {
        id,
        number,
        status,
        customer_id,
        billing_group_id,
        currency,
        total_devices,
        rented_devices,
        notes,
        cancel_reason,
        version,
        created_at,
        updated_at,
        confirmed_at,
        fulfilled_at,
        cancelled_at: instant(cancelled_at),
    }
}

fn made_item(order_id: Id<Order>, row: ItemRow) -> OrderItem {
    let (id, position, product_id, sku, quantity, fulfilled_quantity, currency, unit_price, contract_length) = row;
    let unit_price = Money::new(unit_price, currency);
    OrderItem { id, order_id, position, product_id, sku, quantity, fulfilled_quantity, unit_price, contract_length }
}

fn made_asset(serial_number: &str, row: AssetRow) -> Asset {
    let (id, sku, product_id, status, reason, reserved_order_id, customer_id, subscription_id, currency, ..) = row;
    let (.., acquisition_cost, location, notes, version, At(created_at), At(updated_at)) = row;
    Asset {
        id,
        serial_number: serial_number.to_owned(),
        sku,
        product_id,
        status,
        reason,
        reserved_order_id,
        customer_id,
        subscription_id,
        acquisition_cost: amount(acquisition_cost, currency),
        location,
        notes,
        version,
        created_at,
        updated_at,
    }
}
