//! Products.

use super::mutation::{Answer, Call, expect_version};
use crate::domain::event::EventType;
use crate::domain::money::NotAnAmount;
use crate::domain::product::{Product, ProductStatus, RentalPrice, distinct_lengths};
use crate::domain::subscription::ContractLength;
use crate::domain::text::Metadata;
use crate::domain::{Currency, ErrorCode, Id, Money, Refusal};
use crate::repository::{Fault, Query, product, tenant};
use bigdecimal::BigDecimal;
use serde::{Deserialize, Serialize};

/// What a client says of a new product. Prices are decimals in the product's currency.
#[derive(Clone, Debug)]
pub struct CreateProduct {
    pub sku: String,
    pub name: String,
    pub list_price: Option<BigDecimal>,
    /// The tenant's default where there is none.
    pub currency: Option<Currency>,
    pub rental_prices: Vec<(ContractLength, BigDecimal)>,
    pub metadata: Metadata,
}

/// What a client changes of a product: what is none stays, what is `Some(None)` is cleared. Orders keep their prices.
#[derive(Clone, Debug)]
pub struct UpdateProduct {
    pub product_id: Id<Product>,
    pub expected_version: Option<i32>,
    pub name: Option<String>,
    pub status: Option<ProductStatus>,
    pub list_price: Option<Option<BigDecimal>>,
    /// All of them: they replace those before.
    pub rental_prices: Option<Vec<(ContractLength, BigDecimal)>>,
    pub metadata: Option<Metadata>,
}

/// The product that was created or changed.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct ProductChanged {
    pub product: Id<Product>,
}

pub fn create_product(call: &Call<'_>, new: &CreateProduct) -> Result<Answer<ProductChanged>, Fault> {
    call.run(|work| {
        let tenant = work.tenant;
        let currency = match new.currency {
            Some(currency) => currency,
            None => tenant::own(work.conn(), tenant)?.settings.default_currency,
        };
        let list_price = new.list_price.as_ref().map(|price| list_price(price, currency)).transpose()?;
        let prices = rental_prices(&new.rental_prices, currency)?;
        if product::by_sku(tenant, &new.sku).first(work.conn())?.is_some() {
            let message = format!("There is a product with the SKU {:?} already.", new.sku);
            return Err(Refusal::new(ErrorCode::DuplicateSku, message).at(&["sku"]).into());
        }
        let made = Product {
            id: work.id(),
            sku: new.sku.clone(),
            name: new.name.clone(),
            status: ProductStatus::Active,
            currency,
            list_price,
            metadata: new.metadata.clone(),
            version: 1,
            created_at: work.now,
            updated_at: work.now,
        };
        product::insert(work.tx, tenant, &made)?;
        product::set_prices(work.tx, tenant, made.id, &priced(made.id, &prices))?;
        work.event(EventType::ProductCreated, made.id, serde_json::json!({"sku": made.sku}));
        Ok(ProductChanged { product: made.id })
    })
}

pub fn update_product(call: &Call<'_>, change: &UpdateProduct) -> Result<Answer<ProductChanged>, Fault> {
    call.run(|work| {
        let tenant = work.tenant;
        let outcome = ProductChanged { product: change.product_id };
        let found = Query::by_id(tenant, change.product_id).hold(work.tx)?;
        let mut product =
            found.ok_or_else(|| Refusal::new(ErrorCode::NotFound, "There is no such product.").at(&["productId"]))?;
        expect_version(change.expected_version, product.version, &outcome)?;
        if let Some(price) = &change.list_price {
            product.list_price = price.as_ref().map(|price| list_price(price, product.currency)).transpose()?;
        }
        product.name = change.name.clone().unwrap_or(product.name);
        product.status = change.status.unwrap_or(product.status);
        product.metadata = change.metadata.clone().unwrap_or(product.metadata);
        product.version += 1;
        product.updated_at = work.now;
        product::update(work.tx, tenant, &product)?;
        if let Some(prices) = &change.rental_prices {
            let prices = rental_prices(prices, product.currency)?;
            product::set_prices(work.tx, tenant, product.id, &priced(product.id, &prices))?;
        }
        work.event(EventType::ProductUpdated, product.id, serde_json::json!({"sku": product.sku}));
        Ok(outcome)
    })
}

fn list_price(price: &BigDecimal, currency: Currency) -> Result<Money, Refusal> {
    Money::try_price(price, currency).map_err(|error| bad_price(&error).at(&["listPrice"]))
}

fn rental_prices(
    prices: &[(ContractLength, BigDecimal)],
    currency: Currency,
) -> Result<Vec<(ContractLength, Money)>, Refusal> {
    let price =
        |(index, (length, price)): (usize, &(ContractLength, BigDecimal))| match Money::try_price(price, currency) {
            Ok(price) => Ok((*length, price)),
            Err(error) => Err(bad_price(&error).at(&["rentalPrices", &index.to_string(), "monthlyPrice"])),
        };
    let prices = prices.iter().enumerate().map(price).collect::<Result<Vec<_>, _>>()?;
    distinct_lengths(&prices)?;
    Ok(prices)
}

/// The refusal of an amount that its currency does not have.
pub fn bad_price(error: &NotAnAmount) -> Refusal {
    Refusal::new(ErrorCode::ValidationError, error.to_string())
}

fn priced(product: Id<Product>, prices: &[(ContractLength, Money)]) -> Vec<RentalPrice> {
    let price = |(contract_length, monthly_price): &(ContractLength, Money)| RentalPrice {
        product_id: product,
        contract_length: *contract_length,
        monthly_price: *monthly_price,
    };
    prices.iter().map(price).collect()
}
