//! Reading an input: every argument is read, and everything that is wrong is said at once, each with its path.

use super::scalars::{CountryCode, CurrencyCode, Date, DateTime, Decimal, Json, TimeZone};
use crate::domain::id::NotAnId;
use crate::domain::pricing::{Percentage, TaxRate};
use crate::domain::refusal::Mistake;
use crate::domain::text::{self, Metadata, NotAText};
use crate::domain::{self, Country, Currency, Entity, ErrorCode, Id, Refusal, Zone};
use async_graphql::{ID, MaybeUndefined};
use bigdecimal::BigDecimal;
use std::borrow::Cow;
use std::fmt::Display;
use std::ops::RangeInclusive;

/// An input that is being read.
#[derive(Default)]
pub struct Check {
    path: Vec<String>,
    refusals: Vec<Refusal>,
    /// Whether it is about a new object: then null says no more than leaving out.
    new: bool,
}

impl Check {
    /// Reads a whole input: the command, or all that is wrong with it.
    pub fn input<C>(read: impl FnOnce(&mut Check) -> Option<C>) -> Result<C, Vec<Refusal>> {
        Check::default().whole(read)
    }

    /// The same of a new object whose arguments are written like those of a change.
    pub fn new_input<C>(read: impl FnOnce(&mut Check) -> Option<C>) -> Result<C, Vec<Refusal>> {
        Check { new: true, ..Check::default() }.whole(read)
    }

    fn whole<C>(mut self, read: impl FnOnce(&mut Check) -> Option<C>) -> Result<C, Vec<Refusal>> {
        match read(&mut self) {
            Some(command) if self.refusals.is_empty() => Ok(command),
            _ => Err(self.refusals),
        }
    }

    /// Notes what is wrong with an argument, or with one below it.
    pub fn refuse<S: AsRef<str>>(&mut self, path: &[S], wrong: impl Into<Wrong>) {
        let Wrong(code, message) = wrong.into();
        let path = self.path.iter().map(String::as_str).chain(path.iter().map(AsRef::as_ref)).collect::<Vec<_>>();
        self.refusals.push(Refusal::new(code, message).at(&path));
    }

    /// Reads the parts of an argument that is an object.
    pub fn below<T>(&mut self, name: &str, read: impl FnOnce(&mut Check) -> T) -> T {
        self.path.push(name.to_owned());
        let read = read(self);
        self.path.pop();
        read
    }

    /// Keeps what was read, or notes what is wrong with the argument.
    pub fn take<T, E: Into<Wrong>>(&mut self, name: &str, read: Result<T, E>) -> Option<T> {
        match read {
            Ok(value) => Some(value),
            Err(wrong) => {
                self.refuse(&[name], wrong);
                None
            }
        }
    }

    /// Notes contradictions between arguments; what they blame stands below the argument that is being read.
    pub fn hold(&mut self, refusals: Vec<Refusal>) {
        let path: Vec<&str> = self.path.iter().map(String::as_str).collect();
        self.refusals.extend(refusals.into_iter().map(|refusal| refusal.below(&path)));
    }

    /// An argument that may be left out. The outer option is none where it is wrong.
    pub fn maybe<G, T, E: Into<Wrong>>(
        &mut self,
        name: &str,
        given: Option<G>,
        read: impl FnOnce(G) -> Result<T, E>,
    ) -> Option<Option<T>> {
        match given {
            None => Some(None),
            Some(given) => self.take(name, read(given)).map(Some),
        }
    }

    /// A change: none leaves the value as it is, null clears it.
    pub fn change<G, T, E: Into<Wrong>>(
        &mut self,
        name: &str,
        given: MaybeUndefined<G>,
        read: impl FnOnce(G) -> Result<T, E>,
    ) -> Option<Option<Option<T>>> {
        self.change_with(given, |check, given| check.take(name, read(given)))
    }

    /// The same of an argument that has parts.
    pub fn change_with<G, T>(
        &mut self,
        given: MaybeUndefined<G>,
        read: impl FnOnce(&mut Check, G) -> Option<T>,
    ) -> Option<Option<Option<T>>> {
        match given {
            MaybeUndefined::Undefined => Some(None),
            MaybeUndefined::Null => Some(Some(None)),
            MaybeUndefined::Value(given) => read(self, given).map(|value| Some(Some(value))),
        }
    }

    /// A change of what cannot be cleared: none leaves the value as it is.
    pub fn set<G, T, E: Into<Wrong>>(
        &mut self,
        name: &str,
        given: MaybeUndefined<G>,
        read: impl FnOnce(G) -> Result<T, E>,
    ) -> Option<Option<T>> {
        self.set_with(name, given, |check, given| check.take(name, read(given)))
    }

    /// The same of an argument that has parts.
    pub fn set_with<G, T>(
        &mut self,
        name: &str,
        given: MaybeUndefined<G>,
        read: impl FnOnce(&mut Check, G) -> Option<T>,
    ) -> Option<Option<T>> {
        match given {
            MaybeUndefined::Undefined => Some(None),
            MaybeUndefined::Null if self.new => Some(None),
            MaybeUndefined::Null => self.take(name, Err("This cannot be cleared. Leave it out to keep it as it is.")),
            MaybeUndefined::Value(given) => read(self, given).map(Some),
        }
    }

    /// An argument that cannot be left out here.
    pub fn required<T>(&mut self, name: &str, given: Option<T>, message: &'static str) -> Option<T> {
        self.take(name, given.ok_or(message))
    }

    /// Keeps what several arguments say together, or notes which of them the others contradict.
    pub fn together<T>(&mut self, read: Result<T, Mistake>) -> Option<T> {
        read.map_err(|mistake| self.refuse(&[mistake.argument], mistake.message)).ok()
    }

    /// The texts of a list, each read by itself: between `least` and `most` of them.
    pub fn texts<T, E: Into<Wrong>>(
        &mut self,
        name: &str,
        given: Vec<String>,
        bounds: (usize, usize),
        read: impl Fn(String) -> Result<T, E>,
    ) -> Option<Vec<T>> {
        self.counted(name, given.len(), bounds)?;
        let read = |check: &mut Check, (index, text): (usize, String)| check.take(&index.to_string(), read(text));
        let texts =
            self.below(name, |check| given.into_iter().enumerate().map(|row| read(check, row)).collect::<Vec<_>>());
        texts.into_iter().collect()
    }

    fn counted(&mut self, name: &str, count: usize, (least, most): (usize, usize)) -> Option<()> {
        match (least..=most).contains(&count) {
            true => Some(()),
            false => self.take(name, Err(format!("Between {least} and {most} rows are taken, not {count}."))),
        }
    }

    /// The rows of a list, each read by itself: between `least` and `most` of them.
    pub fn rows<G, T>(
        &mut self,
        name: &str,
        given: Vec<G>,
        bounds: (usize, usize),
        mut read: impl FnMut(&mut Check, G) -> Option<T>,
    ) -> Option<Vec<T>> {
        self.counted(name, given.len(), bounds)?;
        let mut rows = Vec::with_capacity(given.len());
        self.below(name, |check| {
            for (index, row) in given.into_iter().enumerate() {
                rows.push(check.below(&index.to_string(), |check| read(check, row)));
            }
        });
        rows.into_iter().collect()
    }
}

/// What is wrong with an argument: the code and the message.
pub struct Wrong(ErrorCode, String);

impl From<String> for Wrong {
    fn from(message: String) -> Self {
        Wrong(ErrorCode::ValidationError, message)
    }
}
impl From<Cow<'static, str>> for Wrong {
    fn from(message: Cow<'static, str>) -> Self {
        Wrong::from(message.into_owned())
    }
}
impl From<&'static str> for Wrong {
    fn from(message: &'static str) -> Self {
        Wrong::from(message.to_owned())
    }
}
impl From<Refusal> for Wrong {
    fn from(refusal: Refusal) -> Self {
        Wrong(refusal.code, refusal.message.into_owned())
    }
}

/// Errors of the domain's constructors, whose text is for the client.
macro_rules! wrong {
    ($($error:ty),+) => { $(
        impl From<$error> for Wrong {
            fn from(error: $error) -> Self {
                Wrong::from(error.to_string())
            }
        }
    )+ };
}
wrong!(
    NotAnId,
    NotAText,
    text::NotAHandle,
    domain::order::NotAQuantity,
    domain::dunning::NotASchedule,
    domain::eligible_plans::NotEligiblePlans,
    domain::period::NotADuration,
    domain::pricing::NotATaxRate,
    domain::schedule::NotAnInterval,
    domain::subscription::NotAContractLength,
    text::NotMetadata
);

// ---------------------------------------------------------------- readers

pub fn id<E: Entity>(given: ID) -> Result<Id<E>, NotAnId> {
    given.parse()
}

/// A required short text, such as a name.
pub fn name(given: String) -> Result<String, NotAText> {
    text::required(&given, text::NAME)
}

/// A required code, such as an SKU or a serial number.
pub fn code(given: String) -> Result<String, NotAText> {
    text::required(&given, text::CODE)
}

/// An identifier that a client gives an event.
pub fn event_id(given: String) -> Result<String, NotAText> {
    text::required(&given, text::HANDLE)
}

/// A value that a property is compared with, to the letter.
pub fn value(given: String) -> Result<String, NotAText> {
    text::free(&given, text::HANDLE)
}

/// A required text of up to 1,000 characters.
pub fn text(given: String) -> Result<String, NotAText> {
    text::required(&given, text::NOTES)
}

/// Notes of up to 1,000 characters.
pub fn notes(given: String) -> Result<String, NotAText> {
    text::free(&given, text::NOTES)
}

pub fn email(given: String) -> Result<String, &'static str> {
    domain::customer::email(&given)
}

pub fn currency(given: CurrencyCode) -> Result<Currency, String> {
    given.0.parse().map_err(said::<domain::money::NotACurrency>)
}

pub fn country(given: CountryCode) -> Result<Country, String> {
    given.0.parse().map_err(said::<domain::country::NotACountry>)
}

pub fn zone(given: TimeZone) -> Result<Zone, String> {
    given.0.parse().map_err(|_| "This is not a time zone of the IANA database, such as Europe/Berlin.".to_owned())
}

/// A price: not negative. Whether it fits its currency is asked where the currency is known.
pub fn price(given: Decimal) -> Result<BigDecimal, String> {
    let price = super::scalars::decimal(&given.0)?;
    if price.sign() == bigdecimal::num_bigint::Sign::Minus {
        return Err(said(domain::money::NotAnAmount::Negative));
    }
    Ok(price)
}

/// Any decimal. What it means is asked by whoever knows.
pub fn decimal(given: Decimal) -> Result<BigDecimal, String> {
    super::scalars::decimal(&given.0)
}

/// The most units of anything.
const MOST_UNITS: i32 = 1_000_000;

/// A number of units: 1 to 1,000,000.
pub fn quantity(given: i32) -> Result<i32, String> {
    number(given, 1..=MOST_UNITS)
}

/// A number of units that may be none: 0 to 1,000,000.
pub fn none_or_more(given: i32) -> Result<i32, String> {
    number(given, 0..=MOST_UNITS)
}

/// A length of time in seconds: up to ten years.
pub fn seconds(given: i32) -> Result<i32, String> {
    number(given, 0..=315_360_000)
}

/// A handle: what a program names something by.
pub fn handle(given: String) -> Result<String, text::NotAHandle> {
    text::handle(&given)
}

/// What one unit costs, which may be finer than the currency.
pub fn unit_amount(given: Decimal) -> Result<BigDecimal, Wrong> {
    Ok(domain::add_on::unit_amount(super::scalars::decimal(&given.0)?, None)?)
}

/// A tax rate as a fraction: 0.25 is 25 %.
pub fn tax_rate(given: Decimal) -> Result<TaxRate, String> {
    TaxRate::try_new(&super::scalars::decimal(&given.0)?).map_err(said)
}

/// How much of a hundred a discount takes off.
pub fn percentage(given: Decimal) -> Result<Percentage, String> {
    Percentage::try_new(&super::scalars::decimal(&given.0)?).map_err(said)
}

/// A whole number within bounds.
pub fn number(given: i32, bounds: RangeInclusive<i32>) -> Result<i32, String> {
    if bounds.contains(&given) {
        return Ok(given);
    }
    Err(format!("This lies between {} and {}.", bounds.start(), bounds.end()))
}

pub fn instant(given: DateTime) -> Result<domain::Instant, String> {
    super::scalars::instant(&given.0)
}

pub fn date(given: Date) -> Result<domain::Date, String> {
    super::scalars::date(&given.0)
}

pub fn metadata(given: Json) -> Result<Metadata, Wrong> {
    let json = given.0.into_json().map_err(|error| Wrong::from(error.to_string()))?;
    Ok(Metadata::try_new(&json)?)
}

/// Metadata of a new object: empty where there is none.
pub fn new_metadata(given: Option<Metadata>) -> Metadata {
    given.unwrap_or_else(Metadata::empty)
}

fn said<E: Display>(error: E) -> String {
    error.to_string()
}
