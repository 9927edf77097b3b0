//! Scalars and enums of a row, and how they are written.

use super::json::{Out, Written};
use super::registry::{choice_type, scalar_type};
use crate::domain::billing_group::BillingDay;
use crate::domain::event::Position;
use crate::domain::id::encode;
use crate::domain::pricing::{Percentage, TaxRate};
use crate::domain::subscription::ContractLength;
use crate::domain::text::Metadata;
use crate::domain::{Choice, Country, Currency, Date, Entity, Id, Instant, Money, Zone};
use crate::repository::list::ChoiceKind;
use async_graphql::OutputType;
use async_graphql::registry::Registry;
use bigdecimal::BigDecimal;
use chrono::{Datelike, Timelike};
use std::io::Write;

/// A scalar or an enum: its GraphQL type, and how it is written.
pub trait Leaf: Send + Sync + 'static {
    const NULLABLE: bool = false;
    /// Registers the type and answers its name, with `!` where it is never null.
    fn type_name(registry: &mut Registry) -> String;
    fn write(&self, bytes: &mut Vec<u8>);
}

/// A field without a selection of its own.
pub trait Column<T>: Send + Sync {
    fn type_name(&self, registry: &mut Registry) -> String;
    fn nullable(&self) -> bool;
    fn write(&self, row: &T, out: &mut Out<'_>) -> Written;
}

pub struct Borrowed<T, V>(pub fn(&T) -> &V);
pub struct Computed<T, V>(pub fn(&T) -> V);
pub struct TypedId<T>(pub fn(&T) -> Id<T>);

impl<T, V: Leaf> Column<T> for Borrowed<T, V> {
    fn type_name(&self, registry: &mut Registry) -> String {
        V::type_name(registry)
    }
    fn nullable(&self) -> bool {
        V::NULLABLE
    }
    fn write(&self, row: &T, out: &mut Out<'_>) -> Written {
        self.0(row).write(&mut out.bytes);
        Ok(())
    }
}

impl<T, V: Leaf> Column<T> for Computed<T, V> {
    fn type_name(&self, registry: &mut Registry) -> String {
        V::type_name(registry)
    }
    fn nullable(&self) -> bool {
        V::NULLABLE
    }
    fn write(&self, row: &T, out: &mut Out<'_>) -> Written {
        self.0(row).write(&mut out.bytes);
        Ok(())
    }
}

impl<T: Entity> Column<T> for TypedId<T> {
    fn type_name(&self, registry: &mut Registry) -> String {
        <async_graphql::ID as OutputType>::create_type_info(registry)
    }
    fn nullable(&self) -> bool {
        false
    }
    fn write(&self, row: &T, out: &mut Out<'_>) -> Written {
        write_id::<T>(&mut out.bytes, self.0(row));
        Ok(())
    }
}

/// The identifier of an object that need not exist any more; others are relations.
impl<E: Entity> Leaf for Id<E> {
    fn type_name(registry: &mut Registry) -> String {
        <async_graphql::ID as OutputType>::create_type_info(registry)
    }
    fn write(&self, bytes: &mut Vec<u8>) {
        write_id::<E>(bytes, *self);
    }
}

/// The identifier of an object of any type, in its text form.
pub struct AnyId(pub String);

impl<L: Leaf> Leaf for Option<L> {
    const NULLABLE: bool = true;
    fn type_name(registry: &mut Registry) -> String {
        L::type_name(registry).trim_end_matches('!').to_owned()
    }
    fn write(&self, bytes: &mut Vec<u8>) {
        match self {
            Some(value) => value.write(bytes),
            None => bytes.extend_from_slice(b"null"),
        }
    }
}

impl<L: Leaf> Leaf for Vec<L> {
    fn type_name(registry: &mut Registry) -> String {
        format!("[{}]!", L::type_name(registry))
    }
    fn write(&self, bytes: &mut Vec<u8>) {
        bytes.push(b'[');
        for (index, value) in self.iter().enumerate() {
            if index > 0 {
                bytes.push(b',');
            }
            value.write(bytes);
        }
        bytes.push(b']');
    }
}

impl<C: Choice> Leaf for C {
    fn type_name(registry: &mut Registry) -> String {
        choice_type(registry, ChoiceKind::of::<C>()) + "!"
    }
    fn write(&self, bytes: &mut Vec<u8>) {
        bytes.push(b'"'); // a GraphQL name needs no escaping
        bytes.extend_from_slice(self.api_name().as_bytes());
        bytes.push(b'"');
    }
}

/// Implements [`Leaf`]: the GraphQL type by its Rust or its scalar's name, and how a value is written.
macro_rules! leaf {
    ($($leaf:ty as $graphql:expr => |$value:ident, $bytes:ident| $write:expr;)*) => { $(
        impl Leaf for $leaf {
            fn type_name(registry: &mut Registry) -> String {
                $graphql(registry)
            }
            fn write(&self, $bytes: &mut Vec<u8>) {
                let $value = self;
                $write
            }
        }
    )* };
}
leaf! {
    String as String::create_type_info => |text, bytes| write_string(bytes, text);
    i32 as i32::create_type_info => |n, bytes| bytes.extend_from_slice(itoa::Buffer::new().format(*n).as_bytes());
    i64 as i32::create_type_info => |n, bytes| bytes.extend_from_slice(itoa::Buffer::new().format(*n).as_bytes());
    bool as bool::create_type_info => |yes, bytes| bytes.extend_from_slice(if *yes { b"true" } else { b"false" });
    ContractLength as i32::create_type_info => |length, bytes| i32::from(*length).write(bytes);
    BillingDay as i32::create_type_info => |day, bytes| i32::from(day.number()).write(bytes);
    Currency as |registry| scalar_type(registry, "CurrencyCode") => |currency, bytes| write_string(bytes, currency.code());
    Country as |registry| scalar_type(registry, "CountryCode") => |country, bytes| write_string(bytes, country.code());
    Zone as |registry| scalar_type(registry, "TimeZone") => |zone, bytes| write_string(bytes, zone.name());
    Instant as |registry| scalar_type(registry, "DateTime") => |instant, bytes| write_instant(bytes, *instant);
    Date as |registry| scalar_type(registry, "Date") => |date, bytes| write_display(bytes, date);
    Metadata as |registry| scalar_type(registry, "JSON") => |json, bytes| bytes.extend_from_slice(json.as_str().as_bytes());
    TaxRate as |registry| scalar_type(registry, "Decimal") => |rate, bytes| rate.decimal().write(bytes);
    Percentage as |registry| scalar_type(registry, "Decimal") => |percentage, bytes| percentage.decimal().write(bytes);
    AnyId as <async_graphql::ID as OutputType>::create_type_info => |id, bytes| write_string(bytes, &id.0);
    Position as String::create_type_info => |position, bytes| write_display(bytes, position);
    // Written alone, an amount of money is its decimal.
    BigDecimal as |registry| scalar_type(registry, "Decimal") => |number, bytes| write_display(bytes, &number.normalized().to_plain_string());
    Money as |registry| scalar_type(registry, "Decimal") => |money, bytes| write_display(bytes, money);
}

/// Writes an identifier in its text form.
fn write_id<E: Entity>(bytes: &mut Vec<u8>, id: Id<E>) {
    bytes.push(b'"');
    bytes.extend_from_slice(E::PREFIX.as_bytes());
    bytes.push(b'_');
    bytes.extend_from_slice(&encode(id.uuid()));
    bytes.push(b'"');
}

/// Writes what needs no escaping as a string.
fn write_display(bytes: &mut Vec<u8>, value: &impl std::fmt::Display) {
    // Writing to a Vec never fails.
    let _ = write!(bytes, "\"{value}\"");
}

/// `"2026-01-31T00:00:00Z"`, with the fraction only where there is one.
fn write_instant(bytes: &mut Vec<u8>, instant: Instant) {
    let (date, time) = (instant.date_naive(), instant.time());
    bytes.push(b'"');
    bytes.extend_from_slice(itoa::Buffer::new().format(date.year()).as_bytes());
    for (sign, part) in
        [(b'-', date.month()), (b'-', date.day()), (b'T', time.hour()), (b':', time.minute()), (b':', time.second())]
    {
        bytes.extend_from_slice(&[sign, digit(part / 10), digit(part)]);
    }
    let micros = time.nanosecond() / 1000;
    if micros > 0 {
        bytes.push(b'.');
        bytes.extend([100_000, 10_000, 1_000, 100, 10, 1].map(|unit| digit(micros / unit)));
    }
    bytes.extend_from_slice(b"Z\"");
}

/// The last digit of a number.
fn digit(number: u32) -> u8 {
    b'0' + u8::try_from(number % 10).unwrap_or(0)
}

/// Writes a text as a JSON string.
pub fn write_string(bytes: &mut Vec<u8>, text: &str) {
    bytes.push(b'"');
    let mut rest = text.as_bytes();
    while let Some(at) = rest.iter().position(|byte| *byte < 0x20 || *byte == b'"' || *byte == b'\\') {
        let (plain, special) = rest.split_at(at);
        bytes.extend_from_slice(plain);
        let Some((special, after)) = special.split_first() else { break };
        match special {
            b'"' => bytes.extend_from_slice(b"\\\""),
            b'\\' => bytes.extend_from_slice(b"\\\\"),
            b'\n' => bytes.extend_from_slice(b"\\n"),
            control => bytes.extend_from_slice(format!("\\u{control:04x}").as_bytes()),
        }
        rest = after;
    }
    bytes.extend_from_slice(rest);
    bytes.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(leaf: &impl Leaf) -> String {
        let mut bytes = Vec::new();
        leaf.write(&mut bytes);
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn strings_are_escaped_as_json_wants_it() {
        for text in ["", "plain", "q\"b\\n\nt\tz\u{1}", "ä € 😀", "\u{7f}\u{2028}"] {
            let json = written(&text.to_owned());
            assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text, "{json}");
        }
    }

    #[test]
    fn values_are_written_in_their_own_form() {
        let instant: Instant = "2026-01-31T09:08:07Z".parse().unwrap();
        assert_eq!(written(&instant), "\"2026-01-31T09:08:07Z\"");
        let instant: Instant = "2026-12-01T00:00:00.000120Z".parse().unwrap();
        assert_eq!(written(&instant), "\"2026-12-01T00:00:00.000120Z\"");
        assert_eq!(written(&Money::new(12900, Currency::EUR)), "\"129.00\"");
        assert_eq!(written(&Some(Zone::Europe__Berlin)), "\"Europe/Berlin\"");
        assert_eq!(written(&None::<Date>), "null");
        assert_eq!(written(&vec![1, 2]), "[1,2]");
    }
}
