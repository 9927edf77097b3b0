//! Discounts: templates that subscriptions take, by themselves or through a coupon (`billwerk.md` §6).

use super::calendar::later;
use super::feature::CatalogueState;
use super::money::NotAnAmount;
use super::period::{Duration, DurationUnit};
pub use super::pricing::{DiscountOrder, DiscountTarget, DiscountValue, Percentage, PercentageBase};
use super::refusal::Mistake;
use super::text::Metadata;
use super::{Currency, Entity, ErrorCode, Id, Instant, Money, Refusal, Zone};
use bigdecimal::BigDecimal;
use bigdecimal::num_traits::Zero;

/// A template of what is taken off. Subscriptions that took it keep the terms that they took it with.
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

/// The most invoices that a discount is counted for.
pub const MOST_INVOICES: i32 = 10_000;

const NOTHING_OFF: &str = "A discount takes off more than nothing.";

/// How much is taken off, as it is typed in.
#[derive(Clone, PartialEq, Debug)]
pub enum NewDiscountValue {
    Percentage(Percentage),
    /// Above 0; in this currency, or in one that follows from elsewhere.
    Amount(BigDecimal, Option<Currency>),
}

impl NewDiscountValue {
    /// Reads a percentage, or an amount with its currency. None where there is neither.
    pub fn try_new(
        percentage: Option<Percentage>,
        amount: Option<BigDecimal>,
        currency: Option<Currency>,
    ) -> Result<Option<Self>, Mistake> {
        match (percentage, amount, currency) {
            (Some(_), Some(_), _) => Err(Mistake::new("amount", "Give a percentage or an amount, not both.")),
            (_, None, Some(_)) => Err(Mistake::new("currency", "Only an amount has a currency.")),
            (Some(percentage), None, None) => Ok(Some(NewDiscountValue::Percentage(percentage))),
            (None, Some(amount), _) if amount.is_zero() => Err(Mistake::new("amount", NOTHING_OFF)),
            (None, Some(amount), currency) => Ok(Some(NewDiscountValue::Amount(amount, currency))),
            (None, None, None) => Ok(None),
        }
    }

    /// The value, in `currency` where an amount names none.
    pub fn value(&self, currency: Currency) -> Result<DiscountValue, NotAnAmount> {
        Ok(match self {
            NewDiscountValue::Percentage(percentage) => DiscountValue::Percentage(*percentage),
            NewDiscountValue::Amount(amount, own) => {
                DiscountValue::Amount(Money::try_price(amount, own.unwrap_or(currency))?)
            }
        })
    }
}

/// What a discount is taken off: something, each named once.
pub fn targets(mut given: Vec<DiscountTarget>) -> Result<Vec<DiscountTarget>, &'static str> {
    given.sort_unstable();
    given.dedup();
    if given.is_empty() { Err("A discount is taken off something: name it, or ALL.") } else { Ok(given) }
}

/// For how many invoices a discount can be taken: 1 to [`MOST_INVOICES`].
pub fn count(invoices: i32) -> Result<i32, String> {
    let message = || format!("A discount is taken for between 1 and {MOST_INVOICES} invoices.");
    (1..=MOST_INVOICES).contains(&invoices).then_some(invoices).ok_or_else(message)
}

/// For how long a discount is taken: a number of days or months, and which of the two. None where neither is given.
pub fn period(length: Option<i32>, unit: Option<DurationUnit>) -> Result<Option<Duration>, Mistake> {
    match (length, unit) {
        (None, None) => Ok(None),
        (Some(_), None) => Err(Mistake::new("fixedPeriodUnit", "A period is counted in something: say in what.")),
        (None, Some(_)) => Err(Mistake::new("fixedPeriod", "Say how many of them.")),
        (Some(length), Some(unit)) => match Duration::try_new(length, unit) {
            Ok(period) => Ok(Some(period)),
            Err(error) => Err(Mistake::new("fixedPeriod", error.to_string())),
        },
    }
}

impl DiscountTerms {
    /// Refuses terms under which nothing is ever taken off.
    pub fn try_new(
        value: DiscountValue,
        applies_to: Vec<DiscountTarget>,
        fixed_count: Option<i32>,
        fixed_period: Option<Duration>,
    ) -> Result<Self, Refusal> {
        let wrong = |argument: &str, message: String| Refusal::new(ErrorCode::ValidationError, message).at(&[argument]);
        if matches!(value, DiscountValue::Amount(amount) if amount.minor <= 0) {
            return Err(wrong("amount", NOTHING_OFF.to_owned()));
        }
        let applies_to = targets(applies_to).map_err(|message| wrong("appliesTo", message.to_owned()))?;
        let fixed_count = fixed_count.map(count).transpose().map_err(|message| wrong("fixedCount", message))?;
        Ok(DiscountTerms { value, applies_to, fixed_count, fixed_period })
    }

    /// The terms of one subscription that takes the template with other settings: what is none is as in the template.
    pub fn overridden_by(
        &self,
        value: Option<DiscountValue>,
        applies_to: Option<Vec<DiscountTarget>>,
        fixed_count: Option<i32>,
        fixed_period: Option<Duration>,
    ) -> Result<Self, Refusal> {
        DiscountTerms::try_new(
            value.unwrap_or(self.value),
            applies_to.unwrap_or_else(|| self.applies_to.clone()),
            fixed_count.or(self.fixed_count),
            fixed_period.or(self.fixed_period),
        )
    }

    /// Whether a discount that was taken at `taken_at`, and was on `uses` invoices since, is on one of the moment `at`.
    /// Days and months are those of the zone.
    pub fn running(&self, taken_at: Instant, uses: i32, at: Instant, zone: Zone) -> bool {
        self.fixed_count.is_none_or(|count| uses < count)
            && self.fixed_period.is_none_or(|period| at < later(taken_at, period, zone))
    }
}

impl Discount {
    /// Refuses where the discount is archived.
    pub fn offered(&self) -> Result<(), Refusal> {
        match self.state {
            CatalogueState::Active => Ok(()),
            CatalogueState::Deleted => {
                Err(Refusal::new(ErrorCode::DiscountDeleted, format!("{} is no longer offered.", self.code)))
            }
        }
    }
}

/// The refusal for a discount that the tenant does not have.
pub fn not_found() -> Refusal {
    Refusal::new(ErrorCode::DiscountNotFound, "There is no such discount.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::money::decimal;

    fn percent(text: &str) -> DiscountValue {
        DiscountValue::Percentage(Percentage::try_new(&decimal(text).unwrap()).unwrap())
    }

    fn euros(minor: i64) -> DiscountValue {
        DiscountValue::Amount(Money::new(minor, Currency::EUR))
    }

    fn months(length: i32) -> Duration {
        Duration { length, unit: DurationUnit::Months }
    }

    fn terms(fixed_count: Option<i32>, fixed_period: Option<Duration>) -> DiscountTerms {
        DiscountTerms::try_new(percent("20"), vec![DiscountTarget::All], fixed_count, fixed_period).unwrap()
    }

    #[test]
    fn a_value_is_a_percentage_or_an_amount() {
        let (ten, yen) = (decimal("10").unwrap(), "JPY".parse().unwrap());
        let percentage = Percentage::try_new(&ten).ok();
        let read = |percentage, amount: bool, currency| {
            let read = NewDiscountValue::try_new(percentage, amount.then(|| ten.clone()), currency);
            read.map(|value| value.map(|value| value.value(Currency::EUR).unwrap()))
        };
        assert_eq!(read(percentage, false, None), Ok(Some(percent("10"))));
        assert_eq!(read(None, true, None), Ok(Some(euros(1000))));
        assert_eq!(read(None, true, Some(yen)), Ok(Some(DiscountValue::Amount(Money::new(10, yen)))));
        assert_eq!(read(None, false, None), Ok(None));
        for (percentage, amount, currency, argument) in [
            (percentage, true, None, "amount"),
            (percentage, true, Some(yen), "amount"),
            (percentage, false, Some(yen), "currency"),
            (None, false, Some(yen), "currency"),
        ] {
            assert_eq!(read(percentage, amount, currency).unwrap_err().argument, argument);
        }
        let nothing = NewDiscountValue::try_new(None, decimal("0.00").ok(), None);
        assert_eq!(nothing.unwrap_err().argument, "amount");
        let fine = NewDiscountValue::Amount(decimal("0.005").unwrap(), None);
        assert!(fine.value(Currency::EUR).is_err() && fine.value("KWD".parse().unwrap()).is_ok());
    }

    #[test]
    fn a_period_has_a_length_and_a_unit() {
        let unit = Some(DurationUnit::Months);
        assert_eq!(period(None, None), Ok(None));
        assert_eq!(period(Some(3), unit), Ok(Some(months(3))));
        for (length, unit, argument) in
            [(Some(3), None, "fixedPeriodUnit"), (None, unit, "fixedPeriod"), (Some(0), unit, "fixedPeriod")]
        {
            assert_eq!(period(length, unit).unwrap_err().argument, argument);
        }
    }

    #[test]
    fn terms_take_something_off_something() {
        let refused = |value, applies_to: &[DiscountTarget], count| {
            let refusal = DiscountTerms::try_new(value, applies_to.to_vec(), count, None).unwrap_err();
            assert_eq!(refusal.code, ErrorCode::ValidationError);
            refusal.field.unwrap().join(".")
        };
        let all = [DiscountTarget::All];
        assert_eq!(refused(euros(0), &all, None), "input.amount");
        assert_eq!(refused(euros(-1), &all, None), "input.amount");
        assert_eq!(refused(euros(1), &[], None), "input.appliesTo");
        for count in [i32::MIN, 0, MOST_INVOICES + 1] {
            assert_eq!(refused(euros(1), &all, Some(count)), "input.fixedCount");
        }
        let twice = [DiscountTarget::AddOn, DiscountTarget::Plan, DiscountTarget::AddOn];
        let made = DiscountTerms::try_new(euros(1), twice.to_vec(), Some(MOST_INVOICES), None).unwrap();
        assert_eq!(made.applies_to, [DiscountTarget::Plan, DiscountTarget::AddOn]);
    }

    #[test]
    fn every_setting_can_be_overridden() {
        let template = terms(Some(3), Some(months(2)));
        assert_eq!(template.overridden_by(None, None, None, None), Ok(template.clone()));
        let plan = || Some(vec![DiscountTarget::Plan]);
        let other = DiscountTerms {
            value: euros(500),
            applies_to: vec![DiscountTarget::Plan],
            fixed_count: Some(7),
            fixed_period: Some(months(9)),
        };
        assert_eq!(template.overridden_by(Some(euros(500)), plan(), Some(7), Some(months(9))), Ok(other));
        let kept = template.overridden_by(None, plan(), None, None).unwrap();
        assert_eq!(kept, DiscountTerms { applies_to: vec![DiscountTarget::Plan], ..template.clone() });
        assert!(template.overridden_by(None, Some(Vec::new()), None, None).is_err());
        assert!(template.overridden_by(None, None, Some(0), None).is_err());
    }

    #[test]
    fn a_discount_runs_until_its_count_or_its_period_is_over() {
        let at = |text: &str| text.parse::<Instant>().unwrap();
        let taken = at("2025-01-31T10:00:00Z");
        let zone = Zone::Europe__Berlin;
        for (count, period, uses, moment, running) in [
            (None, None, 1_000_000, "2199-01-01T00:00:00Z", true),
            (Some(2), None, 1, "2199-01-01T00:00:00Z", true),
            (Some(2), None, 2, "2025-01-31T10:00:00Z", false),
            // The last day of February, at the same time of day.
            (None, Some(months(1)), 9, "2025-02-28T09:59:59Z", true),
            (None, Some(months(1)), 0, "2025-02-28T10:00:00Z", false),
            // In summer the same time of day is an hour earlier in UTC.
            (None, Some(months(6)), 0, "2025-07-31T08:59:59Z", true),
            (None, Some(months(6)), 0, "2025-07-31T09:00:00Z", false),
            // Whichever ends first.
            (Some(2), Some(months(1)), 1, "2025-02-01T00:00:00Z", true),
            (Some(2), Some(months(1)), 2, "2025-02-01T00:00:00Z", false),
            (Some(2), Some(months(1)), 1, "2025-03-01T00:00:00Z", false),
        ] {
            let found = terms(count, period).running(taken, uses, at(moment), zone);
            assert_eq!(found, running, "{count:?} {period:?} {uses} {moment}");
        }
        let days = Duration { length: 7, unit: DurationUnit::Days };
        assert!(terms(None, Some(days)).running(taken, 0, at("2025-02-07T09:59:59Z"), zone));
        assert!(!terms(None, Some(days)).running(taken, 0, at("2025-02-07T10:00:00Z"), zone));
    }
}
