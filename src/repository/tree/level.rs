//! The queries of a tree, and what becomes of their rows.

use super::Counts;
use crate::repository::Read;
use crate::repository::api_key::Standing;
use crate::repository::partly::{self, Columns};
use crate::repository::query::{Query, Stored};
use crate::repository::row::{Places, PostgresRow, StoredColumn, whole};
use crate::repository::sql_types::Identifier;
use crate::repository::statement::Statement;
use diesel::pg::Pg;
use diesel::sql_types::{BigInt, Nullable, Untyped};
use std::any::{Any, TypeId};

/// One query of a tree.
pub(super) trait Level {
    /// The type of the rows that it finds.
    fn holds(&self) -> TypeId;
    /// The column of their own key.
    fn key(&self) -> &'static str;
    /// How many rows it finds at most by itself: none where they follow from those above.
    fn most(&self) -> i64;
    /// The columns that it reads.
    fn columns(&self) -> Vec<&'static StoredColumn>;
    fn write<'q>(&'q self, statement: &mut Statement<'q, Untyped>);
    /// Makes values of its rows, whose columns stand at these places.
    fn gather(&self, places: &[usize]) -> Box<dyn Gather>;
}

/// The values of a level in the making.
pub(super) trait Gather {
    fn row(&mut self, row: &PostgresRow) -> Read<()>;
    /// How many there are, and all of them as a `Vec`.
    fn all(self: Box<Self>) -> (usize, Box<dyn Any>);
}

pub(super) struct Rows<T> {
    pub query: Query<T>,
    pub columns: Option<Columns>,
}

impl<T: Stored> Level for Rows<T> {
    fn holds(&self) -> TypeId {
        TypeId::of::<T>()
    }
    fn key(&self) -> &'static str {
        T::KEY
    }
    fn most(&self) -> i64 {
        self.query.limit.filter(|_| self.query.parents.is_none()).unwrap_or_default()
    }
    fn columns(&self) -> Vec<&'static StoredColumn> {
        let read = |(place, _): &(usize, _)| self.columns.is_none_or(|columns| columns & (1 << place) != 0);
        T::COLUMNS.iter().enumerate().filter(read).map(|(_, column)| column).collect()
    }
    fn write<'q>(&'q self, statement: &mut Statement<'q, Untyped>) {
        statement.query(&partly::listed::<T>(self.columns).0, &self.query);
    }
    fn gather(&self, places: &[usize]) -> Box<dyn Gather> {
        // The columns that are read come in the order of all, of which some are left out.
        let (_, Places(read)) = partly::listed::<T>(self.columns);
        let places = read.into_iter().map(|place| place.and_then(|place| places.get(place)).copied()).collect();
        Box::new(Gathered::<T> { places: Places(places), values: Vec::new() })
    }
}

struct Gathered<T> {
    places: Places,
    values: Vec<T>,
}

impl<T: Stored> Gather for Gathered<T> {
    fn row(&mut self, row: &PostgresRow) -> Read<()> {
        self.values.push(T::of_postgres(row, &self.places)?);
        Ok(())
    }
    fn all(self: Box<Self>) -> (usize, Box<dyn Any>) {
        (self.values.len(), Box::new(T::together(self.values)))
    }
}

pub(super) struct Count<T>(pub Query<T>);

impl<T: Stored> Level for Count<T> {
    fn holds(&self) -> TypeId {
        TypeId::of::<Counts>()
    }
    fn key(&self) -> &'static str {
        "parent"
    }
    fn most(&self) -> i64 {
        0
    }
    fn columns(&self) -> Vec<&'static StoredColumn> {
        const COLUMNS: &[StoredColumn] =
            &[StoredColumn::of::<Identifier>("parent"), StoredColumn::of::<BigInt>("total")];
        COLUMNS.iter().collect()
    }
    fn write<'q>(&'q self, statement: &mut Statement<'q, Untyped>) {
        statement.counted(&self.0);
    }
    fn gather(&self, places: &[usize]) -> Box<dyn Gather> {
        Box::new(Counted { places: places.to_vec(), counts: Vec::new() })
    }
}

impl Level for Standing {
    fn holds(&self) -> TypeId {
        TypeId::of::<Self>()
    }
    fn key(&self) -> &'static str {
        "id"
    }
    fn most(&self) -> i64 {
        0
    }
    fn columns(&self) -> Vec<&'static StoredColumn> {
        Vec::new()
    }
    fn write<'q>(&'q self, statement: &mut Statement<'q, Untyped>) {
        statement.standing(self);
    }
    fn gather(&self, _: &[usize]) -> Box<dyn Gather> {
        Box::new(Stands(false))
    }
}

struct Stands(bool);

impl Gather for Stands {
    fn row(&mut self, _: &PostgresRow) -> Read<()> {
        self.0 = true;
        Ok(())
    }
    fn all(self: Box<Self>) -> (usize, Box<dyn Any>) {
        (0, Box::new(self.0))
    }
}

struct Counted {
    places: Vec<usize>,
    counts: Counts,
}

impl Gather for Counted {
    fn row(&mut self, row: &PostgresRow) -> Read<()> {
        let mut places = self.places.iter().copied();
        let parent = whole::<Nullable<Identifier>, _, Pg, _>(row, places.next())?;
        self.counts.push((parent, whole::<BigInt, _, Pg, _>(row, places.next())?));
        Ok(())
    }
    fn all(self: Box<Self>) -> (usize, Box<dyn Any>) {
        (0, Box::new(self.counts))
    }
}
