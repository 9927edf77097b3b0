//! Rows as both databases answer them, and how the columns that a statement reads become values. A statement may leave
//! columns out: what is not asked for is neither sent nor read.

use super::db::{Fault, Read};
use super::partly::Blank;
use super::sql_types::{Document, Exact, Identifier, Moment};
use diesel::backend::Backend;
use diesel::connection::LoadConnection;
use diesel::deserialize::FromSql;
use diesel::pg::PgConnection;
use diesel::row::{Field, Row};
use diesel::sql_types::{BigInt, Binary, Bool, Date, Integer, Nullable, Text};
use diesel::sqlite::SqliteConnection;

pub type PostgresRow = <PgConnection as LoadConnection>::Row<'static, 'static>;
pub type SqliteRow<'c, 'q> = <SqliteConnection as LoadConnection>::Row<'c, 'q>;

/// A column of a table.
pub struct StoredColumn {
    pub name: &'static str,
    /// Its type in PostgreSQL.
    pub kind: &'static str,
}

impl StoredColumn {
    pub(super) const fn of<S: Kind>(name: &'static str) -> Self {
        StoredColumn { name, kind: S::NAME }
    }
}

/// An SQL type, as PostgreSQL names it.
pub(super) trait Kind {
    const NAME: &'static str;
}

impl<S: Kind + diesel::sql_types::SqlType> Kind for Nullable<S> {
    const NAME: &'static str = S::NAME;
}

macro_rules! kinds {
    ($($kind:ty => $name:literal,)*) => { $(
        impl Kind for $kind {
            const NAME: &'static str = $name;
        }
    )* };
}
kinds! {
    BigInt => "int8",
    Binary => "bytea",
    Bool => "bool",
    Date => "date",
    Document => "jsonb",
    Exact => "numeric",
    Identifier => "uuid",
    Integer => "int4",
    Moment => "timestamptz",
    Text => "text",
}

/// Where the columns of a table stand in a row, in the order in which the table has them; none for those that the
/// statement leaves out.
pub struct Places(pub Vec<Option<usize>>);

/// The value of a column that every statement reads.
pub(super) fn whole<'a, S, T, DB, R>(row: &R, place: Option<usize>) -> Read<T>
where
    DB: Backend,
    R: Row<'a, DB>,
    T: FromSql<S, DB>,
{
    let field = place.and_then(|place| row.get(place));
    let field = field.ok_or_else(|| Fault::Database("a row is too short".to_owned()))?;
    T::from_nullable_sql(field.value()).map_err(|error| Fault::Database(error.to_string()))
}

/// The value of a column, or a blank where the statement leaves it out.
pub(super) fn part<'a, S, T, DB, R>(row: &R, place: Option<usize>) -> Read<T>
where
    DB: Backend,
    R: Row<'a, DB>,
    T: FromSql<S, DB> + Blank,
{
    match place {
        Some(_) => whole::<S, T, DB, R>(row, place),
        None => T::blank().ok_or_else(|| Fault::Database("there is no blank of this kind".to_owned())),
    }
}
