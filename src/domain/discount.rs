//! Discounts: templates that subscriptions take, by themselves or through a coupon (`billwerk.md` §6).

use super::feature::CatalogueState;
use super::period::Duration;
pub use super::pricing::{DiscountOrder, DiscountTarget, DiscountValue, Percentage, PercentageBase};
use super::text::Metadata;
use super::{Entity, Id, Instant};

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
