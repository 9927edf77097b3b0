//! The scalars: what a client may write for each, and how it is read. Inputs keep what the client wrote; it is read
//! together with all other arguments ([`super::check::Check`]), so that all that is wrong is said at once.

use super::engine::scalar_type;
use crate::domain::{self, Instant, money};
use async_graphql::registry::Registry;
use async_graphql::{InputType, InputValueError, InputValueResult, Value};
use bigdecimal::BigDecimal;
use chrono::{DateTime as ChronoDateTime, SubsecRound, Utc};
use std::borrow::Cow;

/// A scalar of the schema.
pub struct Scalar {
    pub name: &'static str,
    pub about: &'static str,
    pub specified_by: Option<&'static str>,
    /// Whether a value is of the right kind. Whether it makes sense is asked later, with a kinder answer.
    pub is_valid: fn(&Value) -> bool,
}

fn is_text(value: &Value) -> bool {
    matches!(value, Value::String(_))
}

/// Every scalar that is not GraphQL's own.
pub const ALL: &[Scalar] = &[
    Scalar {
        name: "DateTime",
        about: "An instant: RFC 3339, answered in UTC, such as \"2026-01-31T09:00:00Z\". Kept to the microsecond.",
        specified_by: Some("https://scalars.graphql.org/andimarek/date-time"),
        is_valid: is_text,
    },
    Scalar {
        name: "Date",
        about: "A calendar date, such as \"2026-01-31\".",
        specified_by: Some("https://scalars.graphql.org/andimarek/local-date"),
        is_valid: is_text,
    },
    Scalar {
        name: "Decimal",
        about: "An exact decimal, answered as a string such as \"1000.00\". Takes a string or a whole number, never a float.",
        specified_by: None,
        is_valid: |value| match value {
            Value::Number(number) => number.is_i64() || number.is_u64(),
            value => is_text(value),
        },
    },
    Scalar {
        name: "CurrencyCode",
        about: "A currency of ISO 4217, such as EUR: upper case on output, either case on input.",
        specified_by: None,
        is_valid: is_text,
    },
    Scalar {
        name: "CountryCode",
        about: "A country of ISO 3166-1, such as DE: upper case on output, either case on input.",
        specified_by: None,
        is_valid: is_text,
    },
    Scalar {
        name: "TimeZone",
        about: "A time zone of the IANA database, such as Europe/Berlin.",
        specified_by: None,
        is_valid: is_text,
    },
    Scalar {
        name: "JSON",
        about: "Any JSON value.",
        specified_by: Some("https://www.ecma-international.org/publications-and-standards/standards/ecma-404/"),
        is_valid: |_| true,
    },
];

/// An input scalar that keeps the text that the client wrote.
macro_rules! text_scalars {
    ($($(#[$about:meta])* $name:ident as $graphql:literal;)*) => { $(
        $(#[$about])*
        #[derive(Clone, Debug)]
        pub struct $name(pub String);

        impl InputType for $name {
            type RawValueType = Self;
            fn type_name() -> Cow<'static, str> {
                Cow::Borrowed($graphql)
            }
            fn create_type_info(registry: &mut Registry) -> String {
                scalar_type(registry, $graphql)
            }
            fn parse(value: Option<Value>) -> InputValueResult<Self> {
                let value = value.unwrap_or_default();
                let known = ALL.iter().find(|scalar| scalar.name == $graphql);
                match value {
                    value if known.is_none_or(|scalar| !(scalar.is_valid)(&value)) => {
                        Err(InputValueError::expected_type(value))
                    }
                    Value::String(text) => Ok($name(text)),
                    other => Ok($name(other.to_string())),
                }
            }
            fn to_value(&self) -> Value {
                Value::String(self.0.clone())
            }
            fn as_raw_value(&self) -> Option<&Self> {
                Some(self)
            }
        }
    )* };
}
text_scalars! {
    /// An exact decimal, as written.
    Decimal as "Decimal";
    /// A currency's code, as written.
    CurrencyCode as "CurrencyCode";
    /// A country's code, as written.
    CountryCode as "CountryCode";
    /// A zone's name, as written.
    TimeZone as "TimeZone";
    /// A date, as written.
    Date as "Date";
    /// An instant, as written.
    DateTime as "DateTime";
}

/// Any JSON.
#[derive(Clone, Debug)]
pub struct Json(pub Value);

impl InputType for Json {
    type RawValueType = Self;
    fn type_name() -> Cow<'static, str> {
        Cow::Borrowed("JSON")
    }
    fn create_type_info(registry: &mut Registry) -> String {
        scalar_type(registry, "JSON")
    }
    fn parse(value: Option<Value>) -> InputValueResult<Self> {
        Ok(Json(value.unwrap_or_default()))
    }
    fn to_value(&self) -> Value {
        self.0.clone()
    }
    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }
}

/// Reads a plain decimal.
pub fn decimal(text: &str) -> Result<BigDecimal, String> {
    money::decimal(text).map_err(|error| error.to_string())
}

/// Reads a date between 1970 and 2199.
pub fn date(text: &str) -> Result<domain::Date, String> {
    let shape = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    let day: Option<domain::Date> = if shape { text.parse().ok() } else { None };
    let day = day.ok_or("This is not a date, such as \"2026-01-31\".")?;
    let known = domain::calendar::FIRST_DAY..=domain::calendar::LAST_DAY;
    if known.contains(&day) { Ok(day) } else { Err("A date lies between 1970-01-01 and 2199-12-31.".to_owned()) }
}

/// Reads an instant between 1970 and 2199, to the microsecond.
pub fn instant(text: &str) -> Result<Instant, String> {
    let instant = ChronoDateTime::parse_from_rfc3339(text)
        .map_err(|_| "This is not an instant, such as \"2026-01-31T09:00:00Z\".")?
        .with_timezone(&Utc)
        .trunc_subsecs(6);
    let known = domain::calendar::FIRST_DAY..=domain::calendar::LAST_DAY;
    if known.contains(&instant.date_naive()) {
        Ok(instant)
    } else {
        Err("An instant lies between 1970 and 2199.".to_owned())
    }
}
