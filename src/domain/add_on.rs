//! Add-ons: what a customer takes beside its plan (`billwerk.md` §5).

use super::choice::choice;
use super::feature::CatalogueState;
use super::pricing::TaxRate;
use super::text::Metadata;
use super::{Currency, Entity, Id, Instant};
use bigdecimal::BigDecimal;

/// Something that is taken beside a plan, and billed with it.
#[derive(Clone, Debug)]
pub struct AddOn {
    pub id: Id<AddOn>,
    /// Unique in the tenant, and never changed.
    pub code: String,
    pub name: String,
    pub description: Option<String>,
    pub add_on_type: AddOnType,
    pub currency: Currency,
    /// What one costs a period: an exact decimal in the currency's major unit.
    pub unit_amount: BigDecimal,
    /// Whether the amount includes tax; the tenant's setting where there is none.
    pub amount_includes_tax: Option<bool>,
    /// A fraction, such as 0.25; the tenant's where there is none.
    pub tax_rate: Option<TaxRate>,
    /// Whether it goes with every plan.
    pub all_plans: bool,
    /// The codes of the plans that it goes with, where it does not go with all.
    pub eligible_plans: Vec<String>,
    pub state: CatalogueState,
    pub metadata: Metadata,
    pub version: i32,
    pub created_at: Instant,
    pub updated_at: Instant,
}

impl Entity for AddOn {
    const NAME: &'static str = "AddOn";
    const PREFIX: &'static str = "add";
}

choice! {
    /// Whether an add-on has a quantity.
    pub enum AddOnType {
        /// It is taken or not.
        OnOff = "ON_OFF",
        /// Several can be taken.
        Quantity = "QUANTITY",
    }
}
