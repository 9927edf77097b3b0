//! Products and their rental prices.

use super::change::change;
use super::db::{Read, Tx, changed};
use super::list::{List, listed};
use super::on_backend;
use super::query::{Condition, Query, Values, partly_stored, stored};
use super::rows::rows;
use super::schema::{products, rental_prices};
use super::sql_types::{At, amount};
use crate::domain::product::{Product, ProductStatus, RentalPrice};
use crate::domain::tenant::Tenant;
use crate::domain::{Id, Money};
use diesel::prelude::*;

partly_stored!(Product, products(
    id, sku, name, status, currency, list_price, metadata, version, created_at, updated_at
) => {
    let (At(created_at), At(updated_at)) = (created_at, updated_at);
    let list_price = amount(list_price, Some(currency));
    Product { id, sku, name, status, currency, list_price, metadata, version, created_at, updated_at }
}, along: version);

listed!(Product: List::new()
    .text(products::sku).sorted(|product: &Product| (&product.sku).into())
    .text(products::name).sorted(|product| (&product.name).into())
    .choice::<ProductStatus>(products::status)
    .instant(products::created_at).sorted(|product| product.created_at.into())
    .instant(products::updated_at).sorted(|product| product.updated_at.into()));

stored!(RentalPrice, rental_prices(product_id, contract_length, currency, monthly_price) => {
    RentalPrice { product_id, contract_length, monthly_price: Money::new(monthly_price, currency) }
}, key: product_id);

pub fn all(tenant: Id<Tenant>) -> Query<Product> {
    Query::new(tenant)
}

pub fn by_sku(tenant: Id<Tenant>, sku: &str) -> Query<Product> {
    Query::by_text(tenant, "sku", sku)
}

pub fn by_skus(tenant: Id<Tenant>, skus: Vec<String>) -> Query<Product> {
    Query::new(tenant).filter(Condition::Among("sku", Values::Texts(skus)))
}

/// The rental prices of these products, by contract length.
pub fn prices_of(tenant: Id<Tenant>, products: &[Id<Product>]) -> Query<RentalPrice> {
    Query::new(tenant).of_each("product_id", products).order("contract_length").order("currency")
}

pub fn insert(tx: &mut Tx<'_>, tenant: Id<Tenant>, product: &Product) -> Read<()> {
    on_backend!(tx, |conn| diesel::insert_into(products::table)
        .values((
            products::tenant_id.eq(tenant),
            products::id.eq(product.id),
            products::sku.eq(&product.sku),
            products::name.eq(&product.name),
            products::status.eq(product.status),
            products::currency.eq(product.currency),
            products::list_price.eq(product.list_price.map(|price| price.minor)),
            products::metadata.eq(&product.metadata),
            products::version.eq(product.version),
            products::created_at.eq(At(product.created_at)),
            products::updated_at.eq(At(product.updated_at)),
        ))
        .execute(conn))?;
    Ok(())
}

/// Stores a changed product over the version before it. Its SKU and its currency never change.
pub fn update(tx: &mut Tx<'_>, tenant: Id<Tenant>, product: &Product) -> Read<()> {
    let rows = on_backend!(tx, |conn| change(products::table)
        .filter(products::tenant_id.eq(tenant))
        .filter(products::id.eq(product.id))
        .filter(products::version.eq(product.version - 1))
        .set((
            products::name.eq(&product.name),
            products::status.eq(product.status),
            products::list_price.eq(product.list_price.map(|price| price.minor)),
            products::metadata.eq(&product.metadata),
            products::version.eq(product.version),
            products::updated_at.eq(At(product.updated_at)),
        ))
        .execute(conn))?;
    changed(rows, 1)
}

/// Replaces all rental prices of a product.
pub fn set_prices(tx: &mut Tx<'_>, tenant: Id<Tenant>, product: Id<Product>, prices: &[RentalPrice]) -> Read<()> {
    on_backend!(tx, |conn| diesel::delete(rental_prices::table)
        .filter(rental_prices::tenant_id.eq(tenant))
        .filter(rental_prices::product_id.eq(product))
        .execute(conn))?;
    rows!(rental_prices, prices, |price| {
        tenant_id: tenant,
        product_id: product,
        contract_length: price.contract_length,
        currency: price.monthly_price.currency,
        monthly_price: price.monthly_price.minor,
    })
    .insert(tx)
}
