//! Discounts: what they take off which lines, and in which order (`billwerk.md` §6, `decisions.md` 24).

use super::super::choice::choice;
use super::super::exact::Ratio;
use super::super::price::Price;
use super::super::{Id, Money};
use super::line::{Line, LineKind};
use bigdecimal::BigDecimal;
use bigdecimal::num_traits::ToPrimitive;

choice! {
    /// What a discount applies to.
    pub enum DiscountTarget {
        /// Everything.
        All = "ALL",
        /// Setup fees.
        SetupFee = "SETUP_FEE",
        /// What the plan itself costs.
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
    // In the API, DiscountOrder says how a list of discounts is sorted.
    /// Which discounts come first where a line has both kinds.
    pub enum DiscountOrder as "DiscountPrecedence" {
        /// Percentages, then fixed amounts.
        PercentageFirst = "PERCENTAGE_FIRST",
        /// Fixed amounts, then percentages of what they leave.
        AmountFirst = "AMOUNT_FIRST",
    }
}

choice! {
    /// What each of several percentages is taken of.
    pub enum PercentageBase {
        /// All of them are taken of the same amount: 10 % and 20 % are 30 %.
        Full = "FULL",
        /// Each is taken of what the one before left: 10 % and 20 % are 28 %.
        Compound = "COMPOUND",
    }
}

/// How several discounts work together: a tenant's setting.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stacking {
    pub order: DiscountOrder,
    pub base: PercentageBase,
}

impl Default for Stacking {
    fn default() -> Self {
        Stacking { order: DiscountOrder::PercentageFirst, base: PercentageBase::Full }
    }
}

/// A percentage above 0 and at most 100, exact, with at most [`Percentage::PLACES`] digits after the point.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Percentage {
    millionths: u32,
}

/// A decimal that is no percentage of a discount.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("A percentage lies above 0 and is at most 100, with at most {} digits after the point.", Percentage::PLACES)]
pub struct NotAPercentage;

impl Percentage {
    pub const PLACES: u8 = 6;
    /// 100 % in millionths of a percent.
    const WHOLE: u32 = 100_000_000;

    pub fn try_new(percentage: &BigDecimal) -> Result<Self, NotAPercentage> {
        let millionths = Ratio::scaled(percentage, Self::PLACES).and_then(|percent| percent.whole()?.to_u32());
        let millionths = millionths.filter(|millionths| (1..=Self::WHOLE).contains(millionths));
        Ok(Percentage { millionths: millionths.ok_or(NotAPercentage)? })
    }

    pub fn decimal(self) -> BigDecimal {
        BigDecimal::new(self.millionths.into(), Self::PLACES.into()).normalized()
    }

    /// So much of an amount in minor units, rounded to whole ones.
    fn of(self, minor: i64) -> i64 {
        let part = Ratio::new(i128::from(minor) * i128::from(self.millionths), Self::WHOLE);
        // At most the amount itself.
        part.half_away_from_zero().to_i64().unwrap_or(minor)
    }
}

/// What a discount takes off.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DiscountValue {
    /// Of each line that it applies to.
    Percentage(Percentage),
    /// Of all lines that it applies to together: line by line in their order, until it is used up. It lowers a line's
    /// amount as it stands, with tax where that includes it.
    Amount(Money),
}

/// A discount that is to be taken.
#[derive(Clone, PartialEq, Debug)]
pub struct AppliedDiscount {
    /// Which discount it is.
    pub reference: Id<()>,
    /// What its lines say.
    pub name: String,
    pub value: DiscountValue,
    /// A line must be of one of these kinds …
    pub applies_to: Vec<DiscountTarget>,
    /// … and have this price, if one is named.
    pub price_id: Option<Id<Price>>,
}

impl AppliedDiscount {
    /// Whether it lowers this line. Credits are never lowered: what a discount took off is not given back either.
    fn lowers(&self, line: &Line) -> bool {
        let targeted = |target: &DiscountTarget| match target {
            DiscountTarget::All => true,
            DiscountTarget::SetupFee => line.kind == LineKind::SetupFee,
            DiscountTarget::Plan => line.kind == LineKind::Plan,
            DiscountTarget::AdditionalCost => line.kind == LineKind::AdditionalCost,
            DiscountTarget::AddOn => line.kind == LineKind::AddOn,
            DiscountTarget::OnDemand => line.kind == LineKind::OnDemand,
        };
        line.amount.minor > 0
            && self.price_id.is_none_or(|price| line.price_id == Some(price))
            && self.applies_to.iter().any(targeted)
    }
}

/// Takes the discounts off the lines and answers the discounts' own lines, in the order in which they were taken. No
/// line goes below zero; what takes nothing off has no line. Fixed amounts are in the currency of the lines.
pub(super) fn take(lines: &mut [Line], discounts: &[AppliedDiscount], stacking: Stacking) -> Vec<Line> {
    let mut taken = Vec::new();
    if discounts.is_empty() {
        return taken;
    }
    match stacking.order {
        DiscountOrder::PercentageFirst => {
            percentages(lines, discounts, stacking.base, &mut taken);
            amounts(lines, discounts, &mut taken);
        }
        DiscountOrder::AmountFirst => {
            amounts(lines, discounts, &mut taken);
            percentages(lines, discounts, stacking.base, &mut taken);
        }
    }
    taken
}

fn percentages(lines: &mut [Line], discounts: &[AppliedDiscount], base: PercentageBase, taken: &mut Vec<Line>) {
    // What the first percentage finds: the full amounts, or what fixed amounts left of them.
    let full: Vec<i64> = lines.iter().map(Line::rest).collect();
    for discount in discounts {
        let DiscountValue::Percentage(percentage) = discount.value else { continue };
        for (position, (line, full)) in lines.iter_mut().zip(&full).enumerate() {
            if discount.lowers(line) {
                let of = match base {
                    PercentageBase::Full => *full,
                    PercentageBase::Compound => line.rest(),
                };
                let minor = percentage.of(of).min(line.rest());
                taken.extend(line.lower(position, minor, discount));
            }
        }
    }
}

fn amounts(lines: &mut [Line], discounts: &[AppliedDiscount], taken: &mut Vec<Line>) {
    for discount in discounts {
        let DiscountValue::Amount(amount) = discount.value else { continue };
        let mut rest = amount.minor;
        for (position, line) in lines.iter_mut().enumerate().filter(|(_, line)| discount.lowers(line)) {
            let minor = rest.min(line.rest());
            rest -= minor.max(0);
            taken.extend(line.lower(position, minor, discount));
        }
    }
}
