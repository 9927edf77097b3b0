//! Meters: how the use of a feature is measured from the events that a client sends (`flexprice.md` §3.9).

use super::choice::choice;
use super::exact::Ratio;
use super::feature::{CatalogueState, Feature};
use super::refusal::Mistake;
use super::text;
use super::{Entity, ErrorCode, Id, Instant, Refusal};
use bigdecimal::BigDecimal;
use bigdecimal::num_bigint::BigInt;
use bigdecimal::num_traits::ToPrimitive;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How the use of one feature is measured. What it counts is never changed.
#[derive(Clone, PartialEq, Debug)]
pub struct Meter {
    pub id: Id<Meter>,
    /// Unique in the tenant, and never changed.
    pub code: String,
    pub name: String,
    pub aggregation: Aggregation,
    /// The name of the property that is aggregated. None of a meter that counts events, and of no other.
    pub property: Option<String>,
    /// An event counts where it meets all of them.
    pub filters: Vec<PropertyMatch>,
    /// What it measures. A feature has one meter.
    pub feature_id: Id<Feature>,
    /// One that is archived records nothing more; what it has recorded is still billed.
    pub state: CatalogueState,
    pub version: i32,
    pub created_at: Instant,
    pub updated_at: Instant,
}

impl Entity for Meter {
    const NAME: &'static str = "Meter";
    const PREFIX: &'static str = "mtr";
}

choice! {
    /// What becomes of the events of a period: one quantity. Without an event it is 0.
    pub enum Aggregation {
        /// How many there are.
        Count = "COUNT",
        /// The sum of a property.
        Sum = "SUM",
        /// The largest value of a property.
        Max = "MAX",
        /// The value of a property in the event that occurred last.
        Latest = "LATEST",
        /// How many different values a property has.
        UniqueCount = "UNIQUE_COUNT",
    }
}

/// A property that must have one of some values.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PropertyMatch {
    pub property: String,
    /// Texts; what is a number or a boolean is compared as JSON writes it.
    pub values: Vec<String>,
}

/// What a meter makes of one event.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Reading {
    /// Whether the event meets the filters. If not, it has neither value nor key.
    pub counted: bool,
    /// What is summed up, compared, or the latest.
    pub value: Option<UsageValue>,
    /// What is counted once.
    pub unique_key: Option<String>,
}

/// A quantity that was used: exact, at least 0 and at most [`UsageValue::LARGEST`], with at most [`UsageValue::PLACES`]
/// digits after the point. It is kept as a whole number of millionths, which every database adds up exactly.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct UsageValue {
    millionths: i64,
}

/// A decimal that is not taken as a quantity.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "A quantity lies between 0 and {}, with at most {} digits after the point.",
    UsageValue::LARGEST,
    UsageValue::PLACES
)]
pub struct NotAUsageValue;

impl UsageValue {
    pub const PLACES: u8 = 6;
    /// The largest value of one event, in whole units.
    pub const LARGEST: i64 = 1_000_000_000_000;
    /// The millionths of a whole unit.
    pub const UNIT: i64 = 1_000_000;

    pub fn try_new(value: &BigDecimal) -> Result<Self, NotAUsageValue> {
        let millionths = Ratio::scaled(value, Self::PLACES).and_then(|value| value.whole()?.to_i64());
        millionths.and_then(Self::from_millionths).ok_or(NotAUsageValue)
    }

    pub fn from_millionths(millionths: i64) -> Option<Self> {
        (0..=Self::LARGEST * Self::UNIT).contains(&millionths).then_some(UsageValue { millionths })
    }

    pub fn millionths(self) -> i64 {
        self.millionths
    }

    pub fn decimal(self) -> BigDecimal {
        quantity(0, self.millionths)
    }
}

/// So many whole units and millionths.
pub fn quantity(units: i64, millionths: i64) -> BigDecimal {
    let all = BigInt::from(units) * UsageValue::UNIT + millionths;
    BigDecimal::new(all, UsageValue::PLACES.into()).normalized()
}

impl Meter {
    /// What it makes of an event with these properties; or what is wrong with the property that it needs.
    pub fn read(&self, properties: &Value) -> Result<Reading, Mistake> {
        let meets = |filter: &PropertyMatch| {
            let found = properties.get(&filter.property).and_then(plain);
            found.is_some_and(|found| filter.values.contains(&found))
        };
        if !self.filters.iter().all(meets) {
            return Ok(Reading::default());
        }
        let Some(name) = &self.property else {
            return Ok(Reading { counted: true, ..Reading::default() });
        };
        let wrong = |why: &str| Mistake::new("properties", format!("The meter {:?} needs {name:?}: {why}", self.code));
        let missing = "a text, a number or a boolean.";
        let found = properties.get(name).ok_or_else(|| wrong(missing))?;
        if self.aggregation == Aggregation::UniqueCount {
            let key = plain(found).ok_or_else(|| wrong(missing))?;
            let key = text::free(&key, text::HANDLE).map_err(|error| wrong(&error.to_string()))?;
            return Ok(Reading { counted: true, value: None, unique_key: Some(key) });
        }
        // A number with a point went through a float somewhere: only its text is exact.
        let number = match found {
            Value::Number(number) if !number.is_f64() => number.to_string(),
            Value::String(text) => text.clone(),
            _ => return Err(wrong("a whole number, or a decimal as a text such as \"1.5\".")),
        };
        let number = super::money::decimal(&number).map_err(|error| wrong(&error.to_string()))?;
        let value = UsageValue::try_new(&number).map_err(|error| wrong(&error.to_string()))?;
        Ok(Reading { counted: true, value: Some(value), unique_key: None })
    }
}

/// What a property says in one word: a text as it is, a number or a boolean as JSON writes it.
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Whether a meter with this aggregation has a property: all but those that count events do.
pub fn property_fits(aggregation: Aggregation, property: Option<&String>) -> Result<(), Mistake> {
    match (aggregation, property) {
        (Aggregation::Count, Some(_)) => {
            Err(Mistake::new("property", "Events are counted whatever their properties: leave it out."))
        }
        (Aggregation::Count, None) | (_, Some(_)) => Ok(()),
        (_, None) => Err(Mistake::new("property", "Say which property is meant.")),
    }
}

/// The refusal for a code that no meter has, or an archived one.
pub fn not_found(code: &str) -> Refusal {
    Refusal::new(ErrorCode::MeterNotFound, format!("There is no active meter with the code {code:?}."))
}

#[cfg(test)]
mod tests;
