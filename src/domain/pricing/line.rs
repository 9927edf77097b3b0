//! The lines of a bill: each says how its amount came about, so that it can be checked by hand.

use super::super::choice::choice;
use super::super::exact::Ratio;
use super::super::period::{Period, Proration};
use super::super::price::{BillingModel, Price, PriceModel};
use super::super::{Currency, Id, Money, Zone};
use super::discount::{AppliedDiscount, DiscountValue, Percentage};
use super::tax::Tax;
use super::{NotABill, money};
use bigdecimal::BigDecimal;
use bigdecimal::num_traits::One;

choice! {
    /// What a line is for. More kinds may be added.
    pub enum LineKind {
        /// The plan.
        Plan = "PLAN",
        /// Something that this subscription has beside its plan.
        Item = "ITEM",
        /// An add-on.
        AddOn = "ADD_ON",
        /// A setup fee.
        SetupFee = "SETUP_FEE",
        /// An additional cost, charged once.
        AdditionalCost = "ADDITIONAL_COST",
        /// What was used.
        Usage = "USAGE",
        /// A month of a rental.
        Rental = "RENTAL",
        /// What was used beyond what is committed to.
        Overage = "OVERAGE",
        /// What is committed to and was not used.
        TrueUp = "TRUE_UP",
        /// Something that is invoiced on demand.
        OnDemand = "ON_DEMAND",
        /// What a discount takes off another line.
        Discount = "DISCOUNT",
    }
}

choice! {
    /// How amounts are rounded to the currency's digits.
    pub enum Rounding {
        /// To the nearest, and a half away from zero: 0.125 is 0.13, and -0.125 is -0.13.
        HalfAwayFromZero = "HALF_AWAY_FROM_ZERO",
    }
}

/// Something that is to be charged, or to be given back.
#[derive(Clone, PartialEq, Debug)]
pub struct Charge {
    pub kind: LineKind,
    pub description: String,
    /// None where there is no price in the catalogue, as for an additional cost.
    pub price_id: Option<Id<Price>>,
    pub plan_version: Option<i32>,
    /// What it belongs to, such as an add-on of a subscription.
    pub reference: Option<Id<()>>,
    pub model: PriceModel,
    /// Not negative, for a credit neither.
    pub quantity: BigDecimal,
    /// How much of a whole period is charged. None where nothing is prorated.
    pub proration: Option<Proration>,
    /// The part of its amount that is charged, where a commitment splits it. None where all of it is.
    pub portion: Option<Portion>,
    /// A prorated amount below this is zero instead (`billwerk.md` §3). An amount that is not prorated is not asked.
    pub minimum_prorated_amount: Option<Money>,
    /// The period that it covers.
    pub period: Option<Period>,
    pub tax: Tax,
    /// Whether the amount is given back: it is worked out and rounded like a charge, and then negative.
    pub credit: bool,
}

/// A part of a charge, and what it is charged at.
#[derive(Clone, PartialEq, Debug)]
pub struct Portion {
    /// How much of the charge's amount it is: exact, in minor units.
    pub amount: Ratio,
    /// What that is multiplied by: 1 within a commitment.
    pub factor: BigDecimal,
}

/// A line of a bill.
#[derive(Clone, PartialEq, Debug)]
pub struct Line {
    pub kind: LineKind,
    pub description: String,
    pub price_id: Option<Id<Price>>,
    pub plan_version: Option<i32>,
    /// What it belongs to; a discount's line belongs where the line belongs that it reduces.
    pub reference: Option<Id<()>>,
    /// None for a discount.
    pub billing_model: Option<BillingModel>,
    pub quantity: BigDecimal,
    /// What one unit, or one package, costs, in the major unit. None for tiers and discounts.
    pub unit_amount: Option<BigDecimal>,
    pub proration: Option<Proration>,
    /// The part of what was used that it bills, where a commitment splits it: in the major unit, before the factor, to
    /// [`BASE_PLACES`] places. None for others.
    pub base_amount: Option<BigDecimal>,
    /// What the base is multiplied by. None where there is none.
    pub factor: Option<BigDecimal>,
    pub period: Option<Period>,
    /// The zone of the days that the proration counts.
    pub zone: Zone,
    pub rounding: Rounding,
    /// Before discounts, with tax where that is included. Negative for a credit and for a discount.
    pub amount: Money,
    pub tax: Tax,
    /// What discounts take off this line, by lines of their own: not negative, at most the amount.
    pub discount_amount: Money,
    /// Which line this one reduces: only a discount's line does.
    pub reduces: Option<Reduction>,
}

/// How fine a base amount is kept, in the major unit: for reading, not for reckoning.
const BASE_PLACES: u8 = 12;

/// What a discount's line reduces, and by what.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Reduction {
    /// The place of the reduced line in the bill, from 0.
    pub position: usize,
    pub discount: Id<()>,
    /// None for a fixed amount.
    pub percentage: Option<Percentage>,
}

impl Line {
    /// The exact tax of the amount, in minor units. It is rounded only once all lines are added up.
    pub fn exact_tax(&self) -> Ratio {
        self.tax.of(self.amount.minor)
    }

    /// Works a charge out and rounds it, once.
    pub(super) fn of(charge: Charge, currency: Currency, zone: Zone) -> Result<Self, NotABill> {
        let amount = charge.amount(currency)?;
        let base = |portion: &Portion| {
            let minor = portion.amount.rounded(BASE_PLACES.saturating_sub(currency.digits()));
            minor * BigDecimal::new(1.into(), currency.digits().into())
        };
        Ok(Line {
            kind: charge.kind,
            description: charge.description,
            price_id: charge.price_id,
            plan_version: charge.plan_version,
            reference: charge.reference,
            billing_model: Some(charge.model.billing_model()),
            unit_amount: charge.model.unit_amount().cloned(),
            quantity: charge.quantity,
            proration: charge.proration,
            base_amount: charge.portion.as_ref().map(base),
            factor: charge.portion.map(|portion| portion.factor),
            period: charge.period,
            zone,
            rounding: Rounding::HalfAwayFromZero,
            amount,
            tax: charge.tax,
            discount_amount: Money::new(0, currency),
            reduces: None,
        })
    }

    /// What discounts have left of it, in minor units.
    pub fn rest(&self) -> i64 {
        self.amount.minor - self.discount_amount.minor
    }

    /// Takes `minor` off this line, which is the one at `position`: the discount's line, if anything is taken off.
    pub(super) fn lower(&mut self, position: usize, minor: i64, discount: &AppliedDiscount) -> Option<Line> {
        if minor <= 0 {
            return None;
        }
        self.discount_amount.minor += minor;
        let percentage = match discount.value {
            DiscountValue::Percentage(percentage) => Some(percentage),
            DiscountValue::Amount(_) => None,
        };
        Some(Line {
            kind: LineKind::Discount,
            description: discount.name.clone(),
            price_id: None,
            plan_version: None,
            reference: self.reference,
            billing_model: None,
            quantity: BigDecimal::one(),
            unit_amount: None,
            proration: None,
            base_amount: None,
            factor: None,
            period: self.period,
            zone: self.zone,
            rounding: self.rounding,
            amount: Money::new(-minor, self.amount.currency),
            tax: self.tax,
            discount_amount: Money::new(0, self.amount.currency),
            reduces: Some(Reduction { position, discount: discount.reference, percentage }),
        })
    }
}

impl Charge {
    /// What it comes to, exactly, in minor units: the model's amount, the part of the period, the part that is charged.
    pub(super) fn exact(&self, currency: Currency) -> Result<Ratio, NotABill> {
        if let Some(portion) = &self.portion {
            let factor = Ratio::scaled(&portion.factor, 0).ok_or(NotABill::TooLarge)?;
            return Ok(portion.amount.times(&factor));
        }
        let whole = self.model.amount(&self.quantity);
        let exact = Ratio::scaled(&whole, currency.digits()).ok_or(NotABill::TooLarge)?;
        match self.part() {
            None => Ok(exact),
            Some(part) => exact.part(part.numerator, part.denominator).ok_or(NotABill::TooLarge),
        }
    }

    /// The part of a period that is charged, where it is less than a whole one.
    fn part(&self) -> Option<Proration> {
        self.proration.filter(|proration| !proration.is_whole())
    }

    /// The amount of its line, rounded once.
    fn amount(&self, currency: Currency) -> Result<Money, NotABill> {
        let exact = self.exact(currency)?;
        let mut amount = money(&exact.half_away_from_zero(), currency)?;
        let minimum = self.minimum_prorated_amount.filter(|_| self.part().is_some());
        if minimum.is_some_and(|minimum| amount.minor < minimum.minor) {
            amount.minor = 0;
        }
        if self.credit {
            amount.minor = -amount.minor;
        }
        Ok(amount)
    }
}
