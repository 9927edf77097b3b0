//! Assets, and the history of who had them.

use super::batch::Batch;
use super::change::change;
use super::db::{Read, Tx, changed};
use super::list::{List, listed};
use super::on_backend;
use super::query::{Condition, Query, Values, partly_stored, stored};
use super::schema::assets;
use super::sql_types::{At, amount, instant};
use crate::domain::asset::{Asset, AssetAssignment, AssetStatus};
use crate::domain::customer::Customer;
use crate::domain::order::Order;
use crate::domain::product::Product;
use crate::domain::subscription::Subscription;
use crate::domain::tenant::Tenant;
use crate::domain::{Id, Instant};
use diesel::prelude::*;

partly_stored!(Asset, assets(
    id, serial_number, sku, product_id, status, reason, reserved_order_id, customer_id, subscription_id, currency,
    acquisition_cost, location, notes, version, created_at, updated_at
) => {
    let (At(created_at), At(updated_at)) = (created_at, updated_at);
    let acquisition_cost = amount(acquisition_cost, currency);
    Asset {
        id, serial_number, sku, product_id, status, reason, reserved_order_id, customer_id, subscription_id,
        acquisition_cost, location, notes, version, created_at, updated_at,
    }
}, along: version);

listed!(Asset: List::new()
    .text(assets::serial_number).sorted(|asset: &Asset| (&asset.serial_number).into())
    .text(assets::sku)
    .choice::<AssetStatus>(assets::status)
    .id::<Product>(assets::product_id)
    .id::<Customer>(assets::customer_id)
    .text(assets::location)
    .instant(assets::created_at).sorted(|asset| asset.created_at.into())
    .instant(assets::updated_at).sorted(|asset| asset.updated_at.into()));

stored!(AssetAssignment, asset_assignments(
    id, asset_id, subscription_id, customer_id, assigned_at, returned_at
) => {
    let At(assigned_at) = assigned_at;
    AssetAssignment { id, asset_id, subscription_id, customer_id, assigned_at, returned_at: instant(returned_at) }
});

listed!(AssetAssignment: List::new());

pub fn all(tenant: Id<Tenant>) -> Query<Asset> {
    Query::new(tenant)
}

pub fn by_serial_number(tenant: Id<Tenant>, serial_number: &str) -> Query<Asset> {
    Query::by_text(tenant, "serial_number", serial_number)
}

pub fn by_serial_numbers(tenant: Id<Tenant>, serial_numbers: Vec<String>) -> Query<Asset> {
    Query::new(tenant).filter(Condition::Among("serial_number", Values::Texts(serial_numbers)))
}

pub fn of_products(tenant: Id<Tenant>, products: &[Id<Product>]) -> Query<Asset> {
    Query::new(tenant).of_each("product_id", products)
}

/// The assets that customers have.
pub fn of_customers(tenant: Id<Tenant>, customers: &[Id<Customer>]) -> Query<Asset> {
    Query::new(tenant).of_each("customer_id", customers)
}

/// The assets that are kept for orders.
pub fn reserved_for(tenant: Id<Tenant>, orders: &[Id<Order>]) -> Query<Asset> {
    Query::new(tenant).of_each("reserved_order_id", orders).order("id")
}

/// Who had these assets, when.
pub fn assignments_of(tenant: Id<Tenant>, assets: &[Id<Asset>]) -> Query<AssetAssignment> {
    Query::new(tenant).of_each("asset_id", assets)
}

pub fn insert(tx: &mut Tx<'_>, tenant: Id<Tenant>, asset: &Asset) -> Read<()> {
    on_backend!(tx, |conn| diesel::insert_into(assets::table)
        .values((
            assets::tenant_id.eq(tenant),
            assets::id.eq(asset.id),
            assets::serial_number.eq(&asset.serial_number),
            assets::product_id.eq(asset.product_id),
            assets::sku.eq(&asset.sku),
            assets::status.eq(asset.status),
            assets::currency.eq(asset.acquisition_cost.map(|cost| cost.currency)),
            assets::acquisition_cost.eq(asset.acquisition_cost.map(|cost| cost.minor)),
            assets::location.eq(&asset.location),
            assets::notes.eq(&asset.notes),
            assets::version.eq(asset.version),
            assets::created_at.eq(At(asset.created_at)),
            assets::updated_at.eq(At(asset.updated_at)),
        ))
        .execute(conn))?;
    Ok(())
}

/// Stores a changed asset over the version before it. Who holds it is not touched.
pub fn update(tx: &mut Tx<'_>, tenant: Id<Tenant>, asset: &Asset) -> Read<()> {
    let rows = on_backend!(tx, |conn| change(assets::table)
        .filter(assets::tenant_id.eq(tenant))
        .filter(assets::id.eq(asset.id))
        .filter(assets::version.eq(asset.version - 1))
        .set((
            assets::status.eq(asset.status),
            assets::reason.eq(asset.reason),
            assets::reserved_order_id.eq(asset.reserved_order_id),
            assets::currency.eq(asset.acquisition_cost.map(|cost| cost.currency)),
            assets::acquisition_cost.eq(asset.acquisition_cost.map(|cost| cost.minor)),
            assets::location.eq(&asset.location),
            assets::notes.eq(&asset.notes),
            assets::version.eq(asset.version),
            assets::updated_at.eq(At(asset.updated_at)),
        ))
        .execute(conn))?;
    changed(rows, 1)
}

/// Hands a free asset to a customer. Whoever comes second finds it no longer free, and loses the race.
pub fn rent_out(
    batch: &mut Batch,
    tenant: Id<Tenant>,
    asset: Id<Asset>,
    order: Id<Order>,
    subscription: Id<Subscription>,
    customer: Id<Customer>,
    now: Instant,
) {
    batch.change(
        change(assets::table)
            .filter(assets::tenant_id.eq(tenant))
            .filter(assets::id.eq(asset))
            .filter(assets::status.eq(AssetStatus::Available).or(
                assets::status.eq(AssetStatus::Reserved).and(assets::reserved_order_id.eq(order).assume_not_null()),
            ))
            .set((
                assets::status.eq(AssetStatus::RentedOut),
                assets::reserved_order_id.eq(None::<Id<Order>>),
                assets::subscription_id.eq(subscription),
                assets::customer_id.eq(customer),
                assets::version.eq(assets::version + 1),
                assets::updated_at.eq(At(now)),
            )),
    );
}

/// Makes an asset available again that was kept for an order. Whoever finds it changed since loses the race.
pub fn release(batch: &mut Batch, tenant: Id<Tenant>, kept: &Asset, now: Instant) {
    batch.change(
        change(assets::table)
            .filter(assets::tenant_id.eq(tenant))
            .filter(assets::id.eq(kept.id))
            .filter(assets::version.eq(kept.version))
            .set((
                assets::status.eq(AssetStatus::Available),
                assets::reserved_order_id.eq(None::<Id<Order>>),
                assets::version.eq(kept.version + 1),
                assets::updated_at.eq(At(now)),
            )),
    );
}
