//! The scalars, written as the program writes them.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use chrono::{SecondsFormat, Timelike};
use perennial::domain::{Currency, Instant, Money};

pub struct DateTime(pub Instant);
pub struct CurrencyCode(pub Currency);
pub struct Decimal(pub Money);

macro_rules! written {
    ($type:ty: |$value:ident| $text:expr) => {
        #[Scalar]
        impl ScalarType for $type {
            fn parse(_: Value) -> InputValueResult<Self> {
                Err(InputValueError::custom("is only written"))
            }
            fn to_value(&self) -> Value {
                let $value = &self.0;
                Value::String($text)
            }
        }
    };
}
written!(DateTime: |at| {
    // The fraction only where there is one.
    let format = if at.nanosecond() == 0 { SecondsFormat::Secs } else { SecondsFormat::Micros };
    at.to_rfc3339_opts(format, true)
});
written!(CurrencyCode: |currency| currency.code().to_owned());
written!(Decimal: |money| money.to_string());
