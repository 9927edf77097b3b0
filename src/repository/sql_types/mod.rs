//! How the types of the domain are kept in each database: natively in PostgreSQL, and in SQLite in the form that
//! sorts the same way.
//!
//! | domain | PostgreSQL | SQLite |
//! |---|---|---|
//! | `Id<_>`, `Uuid` | uuid | 16 bytes |
//! | `Instant` | timestamptz | text of fixed width, UTC, microseconds |
//! | `Metadata`, lists | jsonb | text |
//! | choices, currencies, zones | text | text |
//! | whole numbers within bounds | integer | integer |
//! | exact decimals | numeric | text |

use crate::domain::billing_group::BillingDay;
use crate::domain::period::{Duration, DurationUnit};
use crate::domain::subscription::ContractLength;
use crate::domain::text::Metadata;
use crate::domain::{Currency, Id, Instant, Money, Zone};
use chrono::{DateTime, Datelike, NaiveDateTime, TimeDelta, Timelike};
use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, Queryable};
use diesel::expression::AsExpression;
use diesel::internal::derives::as_expression::Bound;
use diesel::pg::{Pg, PgValue};
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::{BigInt, Integer, Nullable};
use diesel::sqlite::{Sqlite, SqliteValue};
use std::fmt::Debug;
use std::io::Write;
use uuid::Uuid;

mod exact;
mod text;

pub use exact::Decimal;

/// `uuid`, or 16 bytes.
#[derive(diesel::sql_types::SqlType, diesel::query_builder::QueryId, Clone, Copy)]
#[diesel(postgres_type(oid = 2950, array_oid = 2951), sqlite_type(name = "Binary"))]
pub struct Identifier;

/// `timestamptz`, or text such as `2026-01-31T00:00:00.000000Z`, which sorts as time does.
#[derive(diesel::sql_types::SqlType, diesel::query_builder::QueryId, Clone, Copy)]
#[diesel(postgres_type(oid = 1184, array_oid = 1185), sqlite_type(name = "Text"))]
pub struct Moment;

/// `jsonb`, or text.
#[derive(diesel::sql_types::SqlType, diesel::query_builder::QueryId, Clone, Copy)]
#[diesel(postgres_type(oid = 3802, array_oid = 3807), sqlite_type(name = "Text"))]
pub struct Document;

/// `numeric`, or plain text. Nothing is compared or sorted by it: amounts of money are whole numbers.
#[derive(diesel::sql_types::SqlType, diesel::query_builder::QueryId, Clone, Copy)]
#[diesel(postgres_type(oid = 1700, array_oid = 1231), sqlite_type(name = "Text"))]
pub struct Exact;

/// Lets a type stand in queries as a value of an SQL type, and be loaded from it.
macro_rules! stands_for {
    ($([$($of:ident)?] $type:ty as $sql:ty;)*) => { $(
        impl<$($of: 'static)?> AsExpression<$sql> for $type {
            type Expression = Bound<$sql, Self>;
            fn as_expression(self) -> Self::Expression {
                Bound::new(self)
            }
        }
        impl<$($of: 'static)?> AsExpression<Nullable<$sql>> for $type {
            type Expression = Bound<Nullable<$sql>, Self>;
            fn as_expression(self) -> Self::Expression {
                Bound::new(self)
            }
        }
        impl<'a, $($of: 'static)?> AsExpression<$sql> for &'a $type {
            type Expression = Bound<$sql, Self>;
            fn as_expression(self) -> Self::Expression {
                Bound::new(self)
            }
        }
        impl<'a, $($of: 'static)?> AsExpression<Nullable<$sql>> for &'a $type {
            type Expression = Bound<Nullable<$sql>, Self>;
            fn as_expression(self) -> Self::Expression {
                Bound::new(self)
            }
        }
        impl<DB: Backend, $($of: 'static)?> ToSql<Nullable<$sql>, DB> for $type where $type: ToSql<$sql, DB> {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
                ToSql::<$sql, DB>::to_sql(self, out)
            }
        }
        impl<DB: Backend, $($of: 'static)?> Queryable<$sql, DB> for $type where $type: FromSql<$sql, DB> {
            type Row = Self;
            fn build(row: Self) -> deserialize::Result<Self> {
                Ok(row)
            }
        }
    )* };
}
use stands_for;
stands_for! {
    [E] Id<E> as Identifier;
    [] At as Moment;
    [] Metadata as Document;
    [] Json as Document;
    [T] Several<T> as Document;
    [] ContractLength as Integer;
    [] BillingDay as Integer;
}

/// An instant on its way to or from a database. (Types of other crates cannot stand in queries by themselves.)
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct At(pub Instant);

/// A time zone on its way to or from a database.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct In(pub Zone);

/// Any JSON on its way to or from a database, as text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Json(pub String);

/// A list on its way to or from a database, as a JSON document.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Several<T>(pub Vec<T>);

/// The instant that a column may hold.
pub fn instant(stored: Option<At>) -> Option<Instant> {
    stored.map(|At(instant)| instant)
}

/// The amount that two columns may hold.
pub fn amount(minor: Option<i64>, currency: Option<Currency>) -> Option<Money> {
    minor.zip(currency).map(|(minor, currency)| Money::new(minor, currency))
}

/// The length of time that two columns may hold.
pub fn duration(length: Option<i32>, unit: Option<DurationUnit>) -> Option<Duration> {
    length.zip(unit).map(|(length, unit)| Duration { length, unit })
}

// ---------------------------------------------------------------- identifiers

impl<E> ToSql<Identifier, Pg> for Id<E> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        out.write_all(self.uuid().as_bytes())?;
        Ok(IsNull::No)
    }
}
impl<E> ToSql<Identifier, Sqlite> for Id<E> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.uuid().as_bytes().to_vec());
        Ok(IsNull::No)
    }
}
impl<E> FromSql<Identifier, Pg> for Id<E> {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        Ok(Id::new(Uuid::from_slice(value.as_bytes())?))
    }
}
impl<E> FromSql<Identifier, Sqlite> for Id<E> {
    fn from_sql(mut value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
        Ok(Id::new(Uuid::from_slice(value.read_blob())?))
    }
}

/// An identifier within a JSON document: PostgreSQL reads it as one, and SQLite makes its 16 bytes of it by `unhex`.
pub fn hex<E>(id: Id<E>) -> String {
    id.uuid().simple().to_string()
}

// ---------------------------------------------------------------- instants

/// PostgreSQL counts microseconds from 2000-01-01.
const POSTGRES_EPOCH: i64 = 946_684_800_000_000;

impl ToSql<Moment, Pg> for At {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        ToSql::<BigInt, Pg>::to_sql(&(self.0.timestamp_micros() - POSTGRES_EPOCH), &mut out.reborrow())
    }
}
impl FromSql<Moment, Pg> for At {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        let micros: i64 = FromSql::<BigInt, Pg>::from_sql(value)?;
        let instant = micros.checked_add(POSTGRES_EPOCH).and_then(DateTime::from_timestamp_micros);
        instant.map(At).ok_or_else(|| "an instant beyond the calendar".into())
    }
}
impl ToSql<Moment, Sqlite> for At {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(sqlite_text(self.0));
        Ok(IsNull::No)
    }
}
impl FromSql<Moment, Sqlite> for At {
    fn from_sql(mut value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
        from_sqlite_text(value.read_text()).map(At).ok_or_else(|| "an instant that is not in our form".into())
    }
}

/// The form of an instant in SQLite: 27 characters, so that comparing texts compares instants.
pub fn sqlite_text(instant: Instant) -> String {
    let micros = instant.nanosecond() / 1000;
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{micros:06}Z",
        instant.year(),
        instant.month(),
        instant.day(),
        instant.hour(),
        instant.minute(),
        instant.second()
    )
}

fn from_sqlite_text(text: &str) -> Option<Instant> {
    let number = |from: usize, to: usize| text.get(from..to)?.parse::<u32>().ok();
    let date = chrono::NaiveDate::from_ymd_opt(text.get(0..4)?.parse().ok()?, number(5, 7)?, number(8, 10)?)?;
    let time = chrono::NaiveTime::from_hms_opt(number(11, 13)?, number(14, 16)?, number(17, 19)?)?;
    let micros = TimeDelta::microseconds(i64::from(number(20, 26)?));
    Some((NaiveDateTime::new(date, time) + micros).and_utc())
}

// ---------------------------------------------------------------- JSON

impl ToSql<Document, Pg> for Json {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        out.write_all(&[1])?; // the version of jsonb's format
        out.write_all(self.0.as_bytes())?;
        Ok(IsNull::No)
    }
}
impl ToSql<Document, Sqlite> for Json {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.0.as_str());
        Ok(IsNull::No)
    }
}
impl FromSql<Document, Pg> for Json {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        match value.as_bytes() {
            [1, text @ ..] => Ok(Json(std::str::from_utf8(text)?.to_owned())),
            _ => Err("an unknown version of jsonb".into()),
        }
    }
}
impl FromSql<Document, Sqlite> for Json {
    fn from_sql(mut value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
        Ok(Json(value.read_text().to_owned()))
    }
}

impl ToSql<Document, Pg> for Metadata {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        out.write_all(&[1])?;
        out.write_all(self.as_str().as_bytes())?;
        Ok(IsNull::No)
    }
}
impl ToSql<Document, Sqlite> for Metadata {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.as_str());
        Ok(IsNull::No)
    }
}
impl<DB: Backend> FromSql<Document, DB> for Metadata
where
    Json: FromSql<Document, DB>,
{
    fn from_sql(value: DB::RawValue<'_>) -> deserialize::Result<Self> {
        Json::from_sql(value).map(|json| Metadata::stored(json.0))
    }
}

// ---------------------------------------------------------------- lists

impl<T: serde::Serialize + Debug> ToSql<Document, Pg> for Several<T> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        out.write_all(&[1])?;
        serde_json::to_writer(out, &self.0)?;
        Ok(IsNull::No)
    }
}
impl<T: serde::Serialize + Debug> ToSql<Document, Sqlite> for Several<T> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(serde_json::to_string(&self.0)?);
        Ok(IsNull::No)
    }
}
impl<DB: Backend, T: serde::de::DeserializeOwned> FromSql<Document, DB> for Several<T>
where
    Json: FromSql<Document, DB>,
{
    fn from_sql(value: DB::RawValue<'_>) -> deserialize::Result<Self> {
        Ok(Several(serde_json::from_str(&Json::from_sql(value)?.0)?))
    }
}

// ---------------------------------------------------------------- numbers within bounds

/// Lets a number within bounds be kept as an integer.
macro_rules! bounded {
    ($($type:ty: |$value:ident| $number:expr, $read:path;)*) => { $(
        impl ToSql<Integer, Pg> for $type {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
                let $value = *self;
                ToSql::<Integer, Pg>::to_sql(&$number, &mut out.reborrow())
            }
        }
        impl ToSql<Integer, Sqlite> for $type {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
                let $value = *self;
                out.set_value($number);
                Ok(IsNull::No)
            }
        }
        impl<DB: Backend> FromSql<Integer, DB> for $type where i32: FromSql<Integer, DB> {
            fn from_sql(value: DB::RawValue<'_>) -> deserialize::Result<Self> {
                let number = i32::from_sql(value)?;
                $read(number).map_err(|_| format!("{number} is out of bounds").into())
            }
        }
    )* };
}
bounded! {
    ContractLength: |length| i32::from(length), ContractLength::try_new;
    BillingDay: |day| i32::from(day.number()), BillingDay::try_new;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_keep_their_microseconds_and_their_order_in_sqlite() {
        let instants = [
            "1970-01-01T00:00:00Z",
            "2026-01-31T12:34:56.000001Z",
            "2026-01-31T12:34:56.1Z",
            "2199-12-31T23:59:59.999999Z",
        ];
        let texts: Vec<String> = instants
            .iter()
            .map(|text| {
                let instant: Instant = text.parse().unwrap();
                let stored = sqlite_text(instant);
                assert_eq!(from_sqlite_text(&stored), Some(instant));
                stored
            })
            .collect();
        assert!(texts.is_sorted());
        assert_eq!(texts[2], "2026-01-31T12:34:56.100000Z");
        assert_eq!(from_sqlite_text("2026-01-31"), None);
    }
}
