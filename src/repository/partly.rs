//! Rows that are read in part: what was asked for is often a quarter of a row, and what is not asked for
//! is neither sent nor read.

use super::query::{Query, Stored};
use super::row::{Places, StoredColumn};
use super::sql_types::{At, In};
use crate::domain::subscription::ContractLength;
use crate::domain::text::Metadata;
use crate::domain::{Choice, Currency, Id, Instant, Zone};
use std::collections::HashSet;
use std::sync::{PoisonError, RwLock};

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
    bool => Some(false);
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
pub(super) fn columns<T: Stored>(names: &[&str]) -> Option<Columns> {
    let place = |name: &&str| T::COLUMNS.iter().position(|column| column.name == *name).map(|place| 1 << place);
    names.iter().map(place).try_fold(0, |columns, place: Option<Columns>| Some(columns | place?))
}

/// The columns that a query reads: those that were asked for, the key, and those that the rows are found and sorted by.
/// None where it reads them all.
pub(super) fn needed<T: Stored>(query: &Query<T>) -> Option<Columns> {
    let asked = query.columns?;
    let parent = query.parents.iter().map(|(column, _)| *column);
    let needed: Vec<_> = parent.chain(query.order.iter().map(|(column, _)| *column)).chain([T::KEY]).collect();
    Some(asked | columns::<T>(&needed)?)
}

/// The names of these columns, or of all, for a SELECT, and where each then stands in a row.
pub(super) fn listed<T: Stored>(columns: Option<Columns>) -> (String, Places) {
    let mut list = String::with_capacity(12 * T::COLUMNS.len());
    let mut next = 0;
    let place = |(place, column): (usize, &StoredColumn)| {
        if columns.is_some_and(|columns| columns & (1 << place) == 0) {
            return None;
        }
        list.push_str(if next == 0 { "" } else { ", " });
        list.push_str(column.name);
        next += 1;
        Some(next - 1)
    };
    let places = T::COLUMNS.iter().enumerate().map(place).collect();
    (list, Places(places))
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
