//! Rows that are read in part, from PostgreSQL: what was asked for is often a quarter of a row, and what is not asked for
//! is neither sent nor read.

use super::query::Stored;
use super::sql_types::{At, In};
use crate::domain::subscription::ContractLength;
use crate::domain::text::Metadata;
use crate::domain::{Choice, Currency, Id, Instant, Zone};
use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, Queryable};
use std::collections::HashSet;
use std::sync::{PoisonError, RwLock};

/// A column's value, or a blank where the column was left out of the statement.
pub(super) struct Got<T>(pub T);

impl<T, ST, DB> FromSql<ST, DB> for Got<T>
where
    DB: Backend,
    T: FromSql<ST, DB> + Blank,
{
    fn from_sql(value: DB::RawValue<'_>) -> deserialize::Result<Self> {
        T::from_sql(value).map(Got)
    }
    fn from_nullable_sql(value: Option<DB::RawValue<'_>>) -> deserialize::Result<Self> {
        match value {
            Some(value) => T::from_sql(value).map(Got),
            None => T::blank().map(Got).ok_or_else(|| "a value that must not be null".into()),
        }
    }
}
impl<T, ST, DB> Queryable<ST, DB> for Got<T>
where
    DB: Backend,
    ST: diesel::sql_types::SingleValue,
    Got<T>: FromSql<ST, DB>,
{
    type Row = Self;
    fn build(row: Self) -> deserialize::Result<Self> {
        Ok(row)
    }
}

/// What stands for a value that nobody asked for.
pub(super) trait Blank: Sized {
    fn blank() -> Option<Self>;
}

impl<T> Blank for Option<T> {
    fn blank() -> Option<Self> {
        Some(None)
    }
}
impl<C: Choice> Blank for C {
    fn blank() -> Option<Self> {
        C::ALL.first().map(|(value, ..)| *value)
    }
}
impl<E> Blank for Id<E> {
    fn blank() -> Option<Self> {
        Some(Id::new(uuid::Uuid::nil()))
    }
}

macro_rules! blank {
    ($($type:ty => $blank:expr;)*) => { $(
        impl Blank for $type {
            fn blank() -> Option<Self> {
                $blank
            }
        }
    )* };
}
blank! {
    String => Some(String::new());
    i32 => Some(0);
    i64 => Some(0);
    At => Some(At(Instant::UNIX_EPOCH));
    In => Some(In(Zone::UTC));
    Metadata => Some(Metadata::empty());
    Currency => Some(Currency::EUR);
    ContractLength => ContractLength::try_new(1).ok();
}

/// Which columns of a row are read, by their places.
pub(super) type Columns = u64;

/// How many different parts of a row are read. Each is a statement of its own, which every connection keeps prepared;
/// beyond, the whole row is read.
const MOST_PARTS: usize = 64;

/// The places of these columns; none where one of them is not known.
pub(super) fn places<T: Stored>(names: &[&str]) -> Option<Columns> {
    let place = |name: &&str| T::COLUMNS.iter().position(|column| column == name).map(|place| 1 << place);
    names.iter().map(place).try_fold(0, |columns, place: Option<Columns>| Some(columns | place?))
}

/// The columns for a SELECT, with nothing in place of those that are left out.
pub(super) fn listed<T: Stored>(columns: Columns) -> String {
    let mut list = String::with_capacity(12 * T::COLUMNS.len());
    for (place, name) in T::COLUMNS.iter().enumerate() {
        if place > 0 {
            list.push_str(", ");
        }
        list.push_str(if columns & (1 << place) == 0 { "NULL" } else { name });
    }
    list
}

/// Whether this part of a row may be read.
pub(super) fn is_known<T: Stored>(columns: Columns) -> bool {
    static PARTS: RwLock<Option<HashSet<(&'static str, Columns)>>> = RwLock::new(None);
    let part = (T::TABLE, columns);
    let known = |parts: &Option<HashSet<_>>| parts.as_ref().is_some_and(|parts| parts.contains(&part));
    if known(&PARTS.read().unwrap_or_else(PoisonError::into_inner)) {
        return true;
    }
    let mut parts = PARTS.write().unwrap_or_else(PoisonError::into_inner);
    let parts = parts.get_or_insert_default();
    let few = parts.iter().filter(|(table, _)| *table == T::TABLE).count() < MOST_PARTS;
    if few {
        parts.insert(part);
    }
    few
}
