//! Discounts: templates that subscriptions take, by themselves or through a coupon (`billwerk.md` §6).

use super::choice::choice;
use super::feature::CatalogueState;
use super::period::Duration;
use super::text::Metadata;
use super::{Entity, Id, Instant, Money};
use bigdecimal::BigDecimal;

/// A template of what is taken off.
#[derive(Clone, Debug)]
pub struct Discount {
    pub id: Id<Discount>,
    /// Unique in the tenant, and never changed.
    pub code: String,
    pub name: String,
    pub terms: DiscountTerms,
    pub state: CatalogueState,
    pub metadata: Metadata,
    pub version: i32,
    pub created_at: Instant,
    pub updated_at: Instant,
}

impl Entity for Discount {
    const NAME: &'static str = "Discount";
    const PREFIX: &'static str = "dsc";
}

/// How much is taken off what, and for how long.
#[derive(Clone, PartialEq, Debug)]
pub struct DiscountTerms {
    pub value: DiscountValue,
    /// What it is taken off; never empty.
    pub applies_to: Vec<DiscountTarget>,
    /// For how many invoices; none where they are not counted.
    pub fixed_count: Option<i32>,
    /// For how long after it was taken; none where there is no end. With a count, whichever ends first.
    pub fixed_period: Option<Duration>,
}

/// How much is taken off.
#[derive(Clone, PartialEq, Debug)]
pub enum DiscountValue {
    /// Above 0, up to 100.
    Percentage(BigDecimal),
    /// An amount an invoice, spread over its lines in their order.
    Amount(Money),
}

choice! {
    /// What a discount is taken off.
    pub enum DiscountTarget {
        /// Everything.
        All = "ALL",
        /// The plan's setup fee.
        SetupFee = "SETUP_FEE",
        /// The plan's prices, and items beside them.
        Plan = "PLAN",
        /// Additional costs.
        AdditionalCost = "ADDITIONAL_COST",
        /// Add-ons.
        AddOn = "ADD_ON",
        /// What is invoiced on demand.
        OnDemand = "ON_DEMAND",
    }
}

choice! {
    /// Which discounts are taken off first.
    pub enum DiscountOrder {
        /// Percentages, then fixed amounts.
        PercentageFirst = "PERCENTAGE_FIRST",
        /// Fixed amounts, then percentages of what remains.
        AmountFirst = "AMOUNT_FIRST",
    }
}

choice! {
    /// What several percentages are taken of.
    pub enum PercentageBase {
        /// Each of the full amount.
        Full = "FULL",
        /// Each of what the ones before it left.
        Compound = "COMPOUND",
    }
}
