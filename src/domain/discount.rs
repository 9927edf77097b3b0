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

pub fn not_found() -> super::Refusal {
    super::Refusal::new(super::ErrorCode::DiscountNotFound, "There is no such discount.")
}
impl Discount {
    pub fn offered(&self) -> Result<(), super::Refusal> {
        Ok(())
    }
}
impl DiscountTerms {
    pub fn overridden_by(
        &self,
        value: Option<DiscountValue>,
        applies_to: Option<Vec<DiscountTarget>>,
        fixed_count: Option<i32>,
        fixed_period: Option<Duration>,
    ) -> Result<DiscountTerms, super::Refusal> {
        Ok(DiscountTerms {
            value: value.unwrap_or(self.value),
            applies_to: applies_to.unwrap_or(self.applies_to.clone()),
            fixed_count: fixed_count.or(self.fixed_count),
            fixed_period: fixed_period.or(self.fixed_period),
        })
    }
    pub fn percentage(&self) -> Option<Percentage> {
        match self.value {
            DiscountValue::Percentage(percentage) => Some(percentage),
            DiscountValue::Amount(_) => None,
        }
    }
    pub fn amount(&self) -> Option<&super::Money> {
        match &self.value {
            DiscountValue::Percentage(_) => None,
            DiscountValue::Amount(amount) => Some(amount),
        }
    }
    pub fn running(&self, _: Instant, _: i32, _: Instant, _: super::Zone) -> bool {
        true
    }
}
