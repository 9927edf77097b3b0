//! Lists that clients page through: what they may filter and sort by, and where a page lies.

use super::query::{Comparison, Condition};
use super::sql_types::At;
use crate::domain::{Choice, Date, Entity, Id, Instant};
use diesel::sql_types::{SqlType, is_nullable};

/// A value that is compared with a column.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Bind {
    Id(Id<()>),
    Text(String),
    Instant(At),
    Day(Date),
    Int(i64),
    Bool(bool),
}

impl<E> From<Id<E>> for Bind {
    fn from(id: Id<E>) -> Self {
        Bind::Id(id.untyped())
    }
}
impl From<Instant> for Bind {
    fn from(instant: Instant) -> Self {
        Bind::Instant(At(instant))
    }
}
impl From<&String> for Bind {
    fn from(text: &String) -> Self {
        Bind::Text(text.clone())
    }
}
impl From<i32> for Bind {
    fn from(number: i32) -> Self {
        Bind::Int(i64::from(number))
    }
}
impl From<Date> for Bind {
    fn from(day: Date) -> Self {
        Bind::Day(day)
    }
}

/// What a column holds: which conditions there are for it, and how a value of it is read.
#[derive(Clone, Copy)]
pub enum Kind {
    Text,
    Int,
    Instant,
    Day,
    /// An identifier; reads one from its text.
    Id(IdKind),
    /// A choice: its name, and the names of its values.
    Choice(ChoiceKind),
    /// An amount in minor units, of the currency that another column holds.
    Money {
        currency: &'static str,
    },
}

#[derive(Clone, Copy)]
pub struct IdKind {
    pub name: &'static str,
    pub read: fn(&str) -> Result<Id<()>, crate::domain::id::NotAnId>,
}

#[derive(Clone, Copy)]
pub struct ChoiceKind {
    pub name: &'static str,
    pub about: &'static str,
    /// Each value's name and description.
    pub values: fn() -> Vec<(&'static str, &'static str)>,
}

impl ChoiceKind {
    pub fn of<C: Choice>() -> Self {
        let values = || C::ALL.iter().map(|(value, _, about)| (value.api_name(), *about)).collect();
        ChoiceKind { name: C::NAME, about: C::ABOUT, values }
    }
}

/// One column that clients may filter by, and perhaps sort by.
pub struct Column<T> {
    /// The column, as the database names it.
    pub column: &'static str,
    pub kind: Kind,
    /// Whether the column may be null; then it can be asked for null, but not sorted by.
    pub nullable: bool,
    /// The value by which a row is sorted, where it can be sorted by this column.
    pub sort: Option<fn(&T) -> Bind>,
}

/// What clients may filter and sort a list of `T` by. Every column here leads an index of its own, behind the tenant.
pub struct List<T> {
    pub columns: Vec<Column<T>>,
}

/// A type whose lists can be paged through.
pub trait Listed: super::query::Stored {
    /// Declares the list. Called once; [`Listed::list`] keeps it.
    fn declare() -> List<Self>;
    fn id(&self) -> Id<()>;
    /// Where a row lies in its list, where that is said by a column of its own and not by the order of the list.
    fn place(&self) -> Option<String> {
        None
    }
    fn list() -> &'static List<Self>;
}

/// Implements [`Listed`] for a stored type with a column `id`.
macro_rules! listed {
    ($type:ty: $declaration:expr) => {
        impl $crate::repository::list::Listed for $type {
            fn declare() -> $crate::repository::list::List<Self> {
                $declaration
            }
            fn id(&self) -> $crate::domain::Id<()> {
                self.id.untyped()
            }
            fn list() -> &'static $crate::repository::list::List<Self> {
                static LIST: std::sync::OnceLock<$crate::repository::list::List<$type>> = std::sync::OnceLock::new();
                LIST.get_or_init(Self::declare)
            }
        }
    };
}
pub(super) use listed;

impl<T> Default for List<T> {
    fn default() -> Self {
        List { columns: Vec::new() }
    }
}

impl<T> List<T> {
    pub fn new() -> Self {
        List::default()
    }

    fn with<C: TableColumn>(mut self, _: C, kind: Kind) -> Self {
        self.columns.push(Column { column: C::NAME, kind, nullable: C::NULLABLE, sort: None });
        self
    }

    /// A column of free text.
    pub fn text(self, column: impl TableColumn) -> Self {
        self.with(column, Kind::Text)
    }

    /// A column of whole numbers.
    pub fn int(self, column: impl TableColumn) -> Self {
        self.with(column, Kind::Int)
    }

    /// A column of instants.
    pub fn instant(self, column: impl TableColumn) -> Self {
        self.with(column, Kind::Instant)
    }

    /// A column of calendar dates.
    pub fn day(self, column: impl TableColumn) -> Self {
        self.with(column, Kind::Day)
    }

    /// A column of amounts, in minor units of the currency that another column holds.
    pub fn money<C: TableColumn>(self, column: impl TableColumn, _: C) -> Self {
        self.with(column, Kind::Money { currency: C::NAME })
    }

    /// A column that holds the identifier of an `E`.
    pub fn id<E: Entity>(self, column: impl TableColumn) -> Self {
        self.with(column, Kind::Id(IdKind { name: E::NAME, read: |text| text.parse::<Id<E>>().map(Id::untyped) }))
    }

    /// A column that holds one of a set of names.
    pub fn choice<E: Choice>(self, column: impl TableColumn) -> Self {
        self.with(column, Kind::Choice(ChoiceKind::of::<E>()))
    }

    /// The column just declared can be sorted by; `value` is what it holds. It must never be null.
    pub fn sorted(mut self, value: fn(&T) -> Bind) -> Self {
        if let Some(column) = self.columns.last_mut() {
            debug_assert!(!column.nullable, "{} may be null and cannot be sorted by", column.column);
            column.sort = Some(value);
        }
        self
    }
}

/// A column of a table that Diesel knows.
pub trait TableColumn {
    const NAME: &'static str;
    const NULLABLE: bool;
}

impl<C, N> TableColumn for C
where
    C: diesel::Column,
    C::SqlType: SqlType<IsNull = N>,
    N: Nullness,
{
    const NAME: &'static str = <C as diesel::Column>::NAME;
    const NULLABLE: bool = N::NULLABLE;
}

/// Whether an SQL type allows null.
pub trait Nullness {
    const NULLABLE: bool;
}
impl Nullness for is_nullable::IsNullable {
    const NULLABLE: bool = true;
}
impl Nullness for is_nullable::NotNull {
    const NULLABLE: bool = false;
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Direction {
    Asc,
    Desc,
}

/// One key of an order.
#[derive(Clone, Debug)]
pub struct SortKey {
    pub column: &'static str,
    pub direction: Direction,
}

/// A part of a list. The id is always the last key, so that every row has one place.
#[derive(Clone, Debug)]
pub struct Slice {
    pub filter: Option<Condition>,
    /// Without the id.
    pub keys: Vec<SortKey>,
    /// How the id sorts, last.
    pub id: Direction,
    /// How many rows a page has. One more is read: it only says that there are more.
    pub size: usize,
    /// Whether the page lies at the end of the list; its rows are then read from the end.
    pub backward: bool,
    /// The values of the keys and the id at the cursors between which the page lies.
    pub after: Option<Vec<Bind>>,
    pub before: Option<Vec<Bind>>,
}

impl Slice {
    pub(super) fn limit(&self) -> i64 {
        i64::try_from(self.size).unwrap_or(i64::MAX).saturating_add(1)
    }

    /// The columns and the directions in which they are read.
    pub(super) fn order(&self) -> Vec<(&'static str, Direction)> {
        let keys = self.keys.iter().map(|key| (key.column, key.direction)).chain([("id", self.id)]);
        keys.map(|(column, direction)| (column, if self.backward { direction.opposite() } else { direction })).collect()
    }

    /// The condition that a row lies between the cursors.
    pub(super) fn seek(&self) -> Option<Condition> {
        let after = self.after.as_ref().map(|values| self.beyond(values, false));
        let before = self.before.as_ref().map(|values| self.beyond(values, true));
        match (after, before) {
            (Some(after), Some(before)) => Some(Condition::All(vec![after, before])),
            (after, before) => after.or(before),
        }
    }

    /// That a row comes after the cursor, or before it: its first differing key does.
    fn beyond(&self, values: &[Bind], before: bool) -> Condition {
        let keys: Vec<_> = self.keys.iter().map(|key| (key.column, key.direction)).chain([("id", self.id)]).collect();
        let mut ways = Vec::new();
        for (place, ((column, direction), value)) in keys.iter().zip(values).enumerate() {
            let up = (*direction == Direction::Asc) ^ before;
            let sign = if up { Comparison::Greater } else { Comparison::Less };
            let mut way: Vec<_> = keys
                .iter()
                .zip(values)
                .take(place)
                .map(|((column, _), value)| Condition::Is(column, Comparison::Equal, value.clone()))
                .collect();
            way.push(Condition::Is(column, sign, value.clone()));
            ways.push(Condition::All(way));
        }
        if ways.len() == 1 {
            return ways.pop().unwrap_or(Condition::All(Vec::new()));
        }
        // Said again for the first key alone, so that the database seeks in its index.
        let bound = keys.first().zip(values.first()).map(|((column, direction), value)| {
            let up = (*direction == Direction::Asc) ^ before;
            let sign = if up { Comparison::AtLeast } else { Comparison::AtMost };
            Condition::Is(column, sign, value.clone())
        });
        Condition::All(bound.into_iter().chain([Condition::Any(ways)]).collect())
    }

    /// The values of the keys and the id at a row: where a cursor points.
    pub fn place_of<T: Listed>(&self, row: &T) -> Vec<Bind> {
        let value = |key: &SortKey| {
            let column = T::list().columns.iter().find(|column| column.column == key.column)?;
            column.sort.map(|sort| sort(row))
        };
        self.keys.iter().filter_map(value).chain([Bind::Id(row.id())]).collect()
    }
}

impl Direction {
    fn opposite(self) -> Self {
        match self {
            Direction::Asc => Direction::Desc,
            Direction::Desc => Direction::Asc,
        }
    }
}
