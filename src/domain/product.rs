//! Products: kinds of devices, each with an SKU and a monthly price for each contract length.

use super::choice::choice;
use super::subscription::ContractLength;
use super::text::Metadata;
use super::{Currency, Entity, ErrorCode, Id, Instant, Money, Refusal};

/// A kind of device.
#[derive(Clone, Debug)]
pub struct Product {
    pub id: Id<Product>,
    /// The stock-keeping unit: unique in the tenant, and never changed.
    pub sku: String,
    pub name: String,
    pub status: ProductStatus,
    /// The currency of its prices.
    pub currency: Currency,
    /// What it costs to buy.
    pub list_price: Option<Money>,
    pub metadata: Metadata,
    pub version: i32,
    pub created_at: Instant,
    pub updated_at: Instant,
}

impl Entity for Product {
    const NAME: &'static str = "Product";
    const PREFIX: &'static str = "prd";
}

/// What one unit costs a month when it is rented for so long.
#[derive(Clone, Debug)]
pub struct RentalPrice {
    pub product_id: Id<Product>,
    pub contract_length: ContractLength,
    pub monthly_price: Money,
}

choice! {
    /// Whether a product is offered.
    pub enum ProductStatus {
        /// It can be ordered, and assets of it can be taken in.
        Active = "ACTIVE",
        /// It can no longer be ordered; orders that have it are still delivered.
        Inactive = "INACTIVE",
    }
}

/// The refusal for an SKU that no product has.
pub fn not_found(sku: &str) -> Refusal {
    Refusal::new(ErrorCode::VariantNotFound, format!("No product has the SKU {sku:?}."))
}

impl Product {
    /// Refuses where the product is no longer offered.
    pub fn offered(&self) -> Result<(), Refusal> {
        match self.status {
            ProductStatus::Active => Ok(()),
            ProductStatus::Inactive => {
                Err(Refusal::new(ErrorCode::VariantInactive, format!("{} is no longer offered.", self.sku)))
            }
        }
    }
}

/// Refuses two prices for one contract length.
pub fn distinct_lengths(prices: &[(ContractLength, Money)]) -> Result<(), Refusal> {
    let mut lengths: Vec<_> = prices.iter().map(|(length, _)| length).collect();
    lengths.sort_unstable();
    match lengths.windows(2).find(|pair| pair.first() == pair.last()) {
        None => Ok(()),
        Some(twins) => Err(Refusal::new(
            ErrorCode::InvalidPricing,
            format!(
                "There are two prices for {} months: give one for each contract length.",
                twins.first().map_or(0, |length| length.months())
            ),
        )
        .at(&["rentalPrices"])),
    }
}

/// What one unit costs a month: the rental price for this length, in this currency.
pub fn monthly_price(prices: &[RentalPrice], length: ContractLength, currency: Currency) -> Option<Money> {
    let fits = |price: &&RentalPrice| price.contract_length == length && price.monthly_price.currency == currency;
    prices.iter().find(fits).map(|price| price.monthly_price)
}
