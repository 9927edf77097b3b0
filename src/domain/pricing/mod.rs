//! The one place where amounts are worked out: what is to be charged goes in, a bill comes out. Preview, first invoice,
//! renewal, change and credit all ask here, so it knows nothing of the life of a subscription.
//!
//! The order of money (`flexprice.md` §3.7, `decisions.md` 15): each line is rounded, discounts come off the lines, then
//! tax is rounded once for the whole bill.

mod commitment;
mod discount;
mod line;
mod tax;

#[cfg(test)]
mod tests;

pub use commitment::{CommitmentWindow, Committed, TrueUp, hold_to};
pub use discount::{
    AppliedDiscount, DiscountOrder, DiscountTarget, DiscountValue, NotAPercentage, Percentage, PercentageBase, Stacking,
};
pub use line::{Charge, Line, LineKind, Portion, Reduction, Rounding};
pub use tax::{NotATaxRate, Tax, TaxRate};

use super::money::LARGEST;
use super::{Currency, Money, Zone};
use bigdecimal::num_bigint::BigInt;
use bigdecimal::num_traits::ToPrimitive;

/// What is to be charged together.
#[derive(Clone, PartialEq, Debug)]
pub struct Charges {
    pub currency: Currency,
    /// The zone of the days that prorations count.
    pub zone: Zone,
    /// In the order of the bill's lines.
    pub charges: Vec<Charge>,
    /// In the order in which discounts of one kind are taken.
    pub discounts: Vec<AppliedDiscount>,
    pub stacking: Stacking,
}

/// What is owed, and how that came about. A bill of credits is negative.
#[derive(Clone, PartialEq, Debug)]
pub struct Bill {
    /// The charges in their order, then what discounts took off them.
    pub lines: Vec<Line>,
    pub rounding: Rounding,
    /// All lines but the discounts.
    pub subtotal: Money,
    /// What discounts take off: not negative.
    pub discount_total: Money,
    /// The tax of all lines, on top of amounts or included in them: rounded once.
    pub tax_total: Money,
    /// The total without the tax.
    pub net_total: Money,
    /// What is owed: all lines, and the tax that comes on top of them.
    pub total: Money,
}

/// Why charges cannot be billed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NotABill {
    #[error("This comes to more than can be billed at once.")]
    TooLarge,
    #[error("Everything on a bill has one currency.")]
    CurrencyMismatch,
}

/// Works out what charges and discounts come to. Nothing that is larger than [`LARGEST`] is billed.
pub fn bill(charges: Charges) -> Result<Bill, NotABill> {
    let Charges { currency, zone, charges, discounts, stacking } = charges;
    let minimums = charges.iter().filter_map(|charge| charge.minimum_prorated_amount);
    let fixed = discounts.iter().filter_map(|discount| match discount.value {
        DiscountValue::Amount(amount) => Some(amount),
        DiscountValue::Percentage(_) => None,
    });
    if minimums.chain(fixed).any(|money| money.currency != currency) {
        return Err(NotABill::CurrencyMismatch);
    }
    let lines = charges.into_iter().map(|charge| Line::of(charge, currency, zone));
    let mut lines = lines.collect::<Result<Vec<_>, _>>()?;
    let taken = discount::take(&mut lines, &discounts, stacking);
    lines.extend(taken);
    total(lines, currency)
}

/// One bill of several, whose lines stand one after the other. Tax is rounded once, for all of them.
pub fn together(bills: &[&Bill], currency: Currency) -> Result<Bill, NotABill> {
    let mut lines: Vec<Line> = Vec::new();
    for bill in bills {
        let before = lines.len();
        if bill.total.currency != currency {
            return Err(NotABill::CurrencyMismatch);
        }
        lines.extend(bill.lines.iter().cloned().map(|line| {
            let reduces = line.reduces.map(|reduced| Reduction { position: reduced.position + before, ..reduced });
            Line { reduces, ..line }
        }));
    }
    total(lines, currency)
}

/// Adds the lines up.
fn total(lines: Vec<Line>, currency: Currency) -> Result<Bill, NotABill> {
    let (mut subtotal, mut discount_total, mut taxes) = (0i128, 0i128, tax::Taxes::default());
    for line in &lines {
        let minor = i128::from(line.amount.minor);
        match line.reduces {
            Some(_) => discount_total -= minor,
            None => subtotal += minor,
        }
        taxes.add(line.tax, line.amount.minor);
    }
    let (on_top, included) = taxes.sums();
    let total = BigInt::from(subtotal - discount_total) + on_top.half_away_from_zero();
    let tax = on_top.plus(included).half_away_from_zero();
    Ok(Bill {
        lines,
        rounding: Rounding::HalfAwayFromZero,
        subtotal: money(&subtotal.into(), currency)?,
        discount_total: money(&discount_total.into(), currency)?,
        net_total: money(&(&total - &tax), currency)?,
        tax_total: money(&tax, currency)?,
        total: money(&total, currency)?,
    })
}

/// An amount in whole minor units, if it is not too large.
fn money(minor: &BigInt, currency: Currency) -> Result<Money, NotABill> {
    let minor = minor.to_i64().filter(|minor| (-LARGEST..=LARGEST).contains(minor));
    Ok(Money::new(minor.ok_or(NotABill::TooLarge)?, currency))
}
