//! Products and their rental prices.

use super::check::{self, Check};
use super::engine::{Object, Type};
use super::mutations::{Mutation, Wire, payload, run};
use super::scalars::{CurrencyCode, Decimal, Json};
use crate::app::product::{CreateProduct, ProductChanged, UpdateProduct, create_product, update_product};
use crate::domain::Refusal;
use crate::domain::api_key::Scope;
use crate::domain::product::{Product, ProductStatus, RentalPrice};
use crate::domain::subscription::ContractLength;
use crate::repository::{asset, product};
use async_graphql::{ID, InputObject, MaybeUndefined};
use bigdecimal::BigDecimal;

impl Object for Product {
    fn declare() -> Type<Self> {
        Type::new("Product", "A kind of device, with a monthly price for each contract length.")
            .node(|product: &Product| product.id)
            .column("sku", "The stock-keeping unit: unique in the tenant, and never changed.", |product| &product.sku)
            .column("name", "The name.", |product| &product.name)
            .column("status", "Whether it is offered.", |product| &product.status)
            .column("currency", "The currency of its prices.", |product| &product.currency)
            .maybe_value("listPrice", "What it costs to buy; null where it is not said.", |product| {
                product.list_price.as_ref()
            })
            .many("rentalPrices", "What one unit costs a month, by contract length.", product::prices_of, |price| {
                price.product_id
            })
            .connection("assets", "The devices of this kind.", asset::of_products, |asset| asset.product_id)
            .column("metadata", "Whatever you keep with it.", |product| &product.metadata)
            .column("version", "Counts its changes: for `expectedVersion`.", |product| &product.version)
            .column("createdAt", "When it was created.", |product| &product.created_at)
            .column("updatedAt", "When it was last changed.", |product| &product.updated_at)
    }
}

impl Object for RentalPrice {
    fn declare() -> Type<Self> {
        Type::new("RentalPrice", "What one unit of a product costs a month when it is rented for so long.")
            .column("contractLength", "How many months: 1 to 120.", |price: &RentalPrice| &price.contract_length)
            .value("monthlyPrice", "The price of one unit for one month.", |price| &price.monthly_price)
    }
}

/// A new product.
#[derive(InputObject)]
pub struct CreateProductInput {
    /// The stock-keeping unit: unique in the tenant, and never changed.
    sku: String,
    /// The name.
    name: String,
    /// What it costs to buy.
    list_price: Option<Decimal>,
    /// The currency of its prices; the tenant's default where there is none.
    currency: Option<CurrencyCode>,
    /// What one unit costs a month, one price for each contract length.
    rental_prices: Option<Vec<RentalPriceInput>>,
    /// Whatever you keep with it: an object of at most 16 kB.
    metadata: Option<Json>,
}

/// What one unit costs a month when it is rented for so long.
#[derive(InputObject)]
pub struct RentalPriceInput {
    /// How many months: 1 to 120.
    contract_length: i32,
    /// The price of one unit for one month.
    monthly_price: Decimal,
}

fn rental_prices(check: &mut Check, given: Vec<RentalPriceInput>) -> Option<Vec<(ContractLength, BigDecimal)>> {
    check.rows("rentalPrices", given, (0, 120), |check, row| {
        let length = check.take("contractLength", ContractLength::try_new(row.contract_length));
        let price = check.take("monthlyPrice", check::price(row.monthly_price));
        Some((length?, price?))
    })
}

impl CreateProductInput {
    fn read(self) -> Result<CreateProduct, Vec<Refusal>> {
        Check::input(|check| {
            let sku = check.take("sku", check::code(self.sku));
            let name = check.take("name", check::name(self.name));
            let list_price = check.maybe("listPrice", self.list_price, check::price);
            let currency = check.maybe("currency", self.currency, check::currency);
            let rental_prices = rental_prices(check, self.rental_prices.unwrap_or_default());
            let metadata = check.maybe("metadata", self.metadata, check::metadata);
            Some(CreateProduct {
                sku: sku?,
                name: name?,
                list_price: list_price?,
                currency: currency?,
                rental_prices: rental_prices?,
                metadata: check::new_metadata(metadata?),
            })
        })
    }
}

/// What to change of a product. What is left out stays; null clears. Orders keep the prices that they were placed at.
#[derive(InputObject)]
pub struct UpdateProductInput {
    /// Which product.
    product_id: ID,
    /// Refuse with CONFLICT unless the product is at this version.
    expected_version: Option<i32>,
    /// The name.
    name: MaybeUndefined<String>,
    /// Whether it is offered.
    status: MaybeUndefined<Wire<ProductStatus>>,
    /// What it costs to buy.
    list_price: MaybeUndefined<Decimal>,
    /// All rental prices: they replace those before.
    rental_prices: MaybeUndefined<Vec<RentalPriceInput>>,
    /// Whatever you keep with it: replaces what was kept.
    metadata: MaybeUndefined<Json>,
}

impl UpdateProductInput {
    fn read(self) -> Result<UpdateProduct, Vec<Refusal>> {
        Check::input(|check| {
            let product_id = check.take("productId", check::id(self.product_id));
            let name = check.set("name", self.name, check::name);
            let list_price = check.change("listPrice", self.list_price, check::price);
            let status = check.set("status", self.status, |wire| Ok::<_, String>(wire.0));
            let rental_prices = match self.rental_prices {
                MaybeUndefined::Value(prices) => rental_prices(check, prices).map(Some),
                unchanged => check.set("rentalPrices", unchanged, |_| Ok::<_, String>(Vec::new())),
            };
            let metadata = check.set("metadata", self.metadata, check::metadata);
            Some(UpdateProduct {
                product_id: product_id?,
                expected_version: self.expected_version,
                name: name?,
                status: status?,
                list_price: list_price?,
                rental_prices: rental_prices?,
                metadata: metadata?,
            })
        })
    }
}

payload! {
    /// What `createProduct` answers.
    CreateProductPayload of ProductChanged {
        /// The new product.
        "product": Product => |changed| Some(changed.product),
    }
}
payload! {
    /// What `updateProduct` answers.
    UpdateProductPayload of ProductChanged {
        /// The product as it is now.
        "product": Product => |changed| Some(changed.product),
    }
}

pub fn mutations() -> Vec<Mutation> {
    vec![
        Mutation::new(
            "createProduct",
            "Creates a product with its rental prices. Errors: VALIDATION_ERROR, INVALID_PRICING, DUPLICATE_SKU.",
            Scope::Write,
            |on, running, input: CreateProductInput| {
                run::<_, _, CreateProductPayload>(on, running, input.read(), create_product)
            },
        ),
        Mutation::new(
            "updateProduct",
            "Changes a product. Errors: VALIDATION_ERROR, INVALID_PRICING, NOT_FOUND, CONFLICT.",
            Scope::Write,
            |on, running, input: UpdateProductInput| {
                run::<_, _, UpdateProductPayload>(on, running, input.read(), update_product)
            },
        ),
    ]
}
