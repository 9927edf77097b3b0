//! Reading an input: every argument is read, and everything that is wrong is said at once, each with its path.

use super::scalars::{CurrencyCode, Date, Decimal, Json, TimeZone};
use crate::domain::id::NotAnId;
use crate::domain::pricing::{NotATaxRate, TaxRate};
use crate::domain::text::{self, Metadata, NotAText};
use crate::domain::{self, Currency, Entity, ErrorCode, Id, Refusal, Zone};
use async_graphql::{ID, MaybeUndefined};
use bigdecimal::BigDecimal;
use std::fmt::Display;

/// An input that is being read.
#[derive(Default)]
pub struct Check {
    path: Vec<String>,
    refusals: Vec<Refusal>,
}

impl Check {
    /// Reads a whole input: the command, or all that is wrong with it.
    pub fn input<C>(read: impl FnOnce(&mut Check) -> Option<C>) -> Result<C, Vec<Refusal>> {
        let mut check = Check::default();
        match read(&mut check) {
            Some(command) if check.refusals.is_empty() => Ok(command),
            _ => Err(check.refusals),
        }
    }

    /// Keeps what was read, or notes what is wrong with the argument.
    pub fn take<T, E: Into<Wrong>>(&mut self, name: &str, read: Result<T, E>) -> Option<T> {
        match read {
            Ok(value) => Some(value),
            Err(wrong) => {
                let Wrong(code, message) = wrong.into();
                let path = self.path.iter().map(String::as_str).chain([name]).collect::<Vec<_>>();
                self.refusals.push(Refusal::new(code, message).at(&path));
                None
            }
        }
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
        match given {
            MaybeUndefined::Undefined => Some(None),
            MaybeUndefined::Null => Some(Some(None)),
            MaybeUndefined::Value(given) => self.take(name, read(given)).map(|value| Some(Some(value))),
        }
    }

    /// A change of what cannot be cleared: none leaves the value as it is.
    pub fn set<G, T, E: Into<Wrong>>(
        &mut self,
        name: &str,
        given: MaybeUndefined<G>,
        read: impl FnOnce(G) -> Result<T, E>,
    ) -> Option<Option<T>> {
        match given {
            MaybeUndefined::Undefined => Some(None),
            MaybeUndefined::Null => self.take(name, Err("This cannot be cleared. Leave it out to keep it as it is.")),
            MaybeUndefined::Value(given) => self.take(name, read(given)).map(Some),
        }
    }

    /// The rows of a list, each read by itself: between `least` and `most` of them.
    pub fn rows<G, T>(
        &mut self,
        name: &str,
        given: Vec<G>,
        (least, most): (usize, usize),
        mut read: impl FnMut(&mut Check, G) -> Option<T>,
    ) -> Option<Vec<T>> {
        if !(least..=most).contains(&given.len()) {
            return self.take(name, Err(format!("Between {least} and {most} rows are taken, not {}.", given.len())));
        }
        self.path.push(name.to_owned());
        let mut rows = Vec::with_capacity(given.len());
        for (index, row) in given.into_iter().enumerate() {
            self.path.push(index.to_string());
            rows.push(read(self, row));
            self.path.pop();
        }
        self.path.pop();
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
wrong!(NotAnId, NotAText, domain::order::NotAQuantity, domain::subscription::NotAContractLength, text::NotMetadata);

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

/// A tax rate, as a fraction.
pub fn tax_rate(given: Decimal) -> Result<TaxRate, String> {
    TaxRate::try_new(&super::scalars::decimal(&given.0)?).map_err(said::<NotATaxRate>)
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
