//! What to read, as a value: which rows of a table, for which parents, in which order, how many. The reading engine and
//! the use cases make queries of the same kind; `statement.rs` writes them down for each database.

use super::api_key::Standing;
use super::db::{Conn, Read, Tx};
use super::list::{Bind, Direction, Slice};
use super::partly::{self, Columns};
use super::row::{Places, PostgresRow, SqliteRow, StoredColumn};
use crate::domain::Id;
use crate::domain::tenant::Tenant;
use crate::telemetry::tally;
use std::marker::PhantomData;

/// A type whose values are rows of one table. Made by `stored!`.
pub trait Stored: Sized + Send + Sync + 'static {
    const TABLE: &'static str;
    /// The column of its identifier, beside the tenant.
    const KEY: &'static str = "id";
    /// Its columns.
    const COLUMNS: &'static [StoredColumn];
    /// Where a row can be read in part, a column that is in no index; otherwise a row is always read as a whole.
    const ALONG: Option<&'static str>;
    /// Makes a row a value.
    fn of_postgres(row: &PostgresRow, places: &Places) -> Read<Self>;
    fn of_sqlite(row: &SqliteRow<'_, '_>, places: &Places) -> Read<Self>;
    /// Brings rows together where several of them make one value.
    fn together(rows: Vec<Self>) -> Vec<Self> {
        rows
    }
}

/// Some rows of `T`'s table, of one tenant.
pub struct Query<T> {
    pub(super) tenant: Id<Tenant>,
    pub(super) condition: Condition,
    /// The column that names a parent, and the parents whose children are read: each gets a page of its own.
    pub(super) parents: Option<(&'static str, Parents)>,
    pub(super) order: Vec<(&'static str, Direction)>,
    /// At most so many rows, for each parent.
    pub(super) limit: Option<i64>,
    /// Whether the rows stay as they are read until the transaction ends.
    pub(super) held: Option<Hold>,
    /// The columns that are read; all of them where nothing is said.
    pub(super) columns: Option<Columns>,
    /// What has to hold of the key of whoever asks: otherwise there are no rows.
    pub(super) standing: Option<Box<Standing>>,
    of: PhantomData<fn() -> T>,
}

/// The rows whose children are read.
#[derive(Clone, Debug)]
pub(super) enum Parents {
    These(Vec<Id<()>>),
    /// Those that a level of the same statement finds: the level, and its column that holds their ids.
    Level(usize, &'static str),
}

/// For what rows are held until a transaction ends.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Hold {
    /// To be changed: nobody else holds them.
    Change,
    /// So that nobody changes them: others may hold them for the same.
    Keep,
    /// To be changed, and those that somebody else holds are left out.
    Claim,
}

/// What must hold of a row.
#[derive(Clone, Debug)]
pub enum Condition {
    /// The column stands in this relation to the value.
    Is(&'static str, Comparison, Bind),
    /// The column is one of the values.
    Among(&'static str, Values),
    /// The column is null, or is not.
    Null(&'static str, bool),
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Not(Box<Condition>),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Comparison {
    Equal,
    Less,
    AtMost,
    Greater,
    AtLeast,
}

/// Several values of one kind: bound as one parameter, so that the statement is the same for any number of them.
#[derive(Clone, Debug)]
pub enum Values {
    Ids(Vec<Id<()>>),
    Texts(Vec<String>),
}

impl<T> Query<T> {
    /// All rows of the tenant.
    pub fn new(tenant: Id<Tenant>) -> Self {
        Query {
            tenant,
            condition: Condition::All(Vec::new()),
            parents: None,
            order: Vec::new(),
            limit: None,
            held: None,
            columns: None,
            standing: None,
            of: PhantomData,
        }
    }

    /// Only rows whose column holds one of these ids.
    pub fn among<E>(self, column: &'static str, ids: &[Id<E>]) -> Self {
        self.filter(Condition::Among(column, Values::Ids(ids.iter().map(|id| id.untyped()).collect())))
    }

    /// Only rows that meet the condition.
    pub fn filter(mut self, condition: Condition) -> Self {
        match &mut self.condition {
            Condition::All(all) => all.push(condition),
            other => *other = Condition::All(vec![other.clone(), condition]),
        }
        self
    }

    /// No rows unless this holds of the key of whoever asks.
    pub fn given(self, standing: Option<Box<Standing>>) -> Self {
        Query { standing, ..self }
    }

    /// The children of these parents, which the column names. Every parent has a page of its own.
    pub fn of_each<E>(mut self, column: &'static str, parents: &[Id<E>]) -> Self {
        let parents = parents.iter().map(|id| id.untyped()).collect();
        self.parents = Some((column, Parents::These(parents)));
        self
    }

    /// The same for the rows that a level of a tree finds; none where it is not children that are read.
    pub(super) fn below(mut self, level: usize, key: &'static str) -> Option<Self> {
        let (_, parents) = self.parents.as_mut()?;
        *parents = Parents::Level(level, key);
        Some(self)
    }

    /// Sorted by this column, ascending, after those named before.
    pub fn order(mut self, column: &'static str) -> Self {
        self.order.push((column, Direction::Asc));
        self
    }

    /// Sorted by these columns, in one direction.
    pub fn ordered(mut self, columns: &[&'static str], direction: Direction) -> Self {
        self.order = columns.iter().map(|column| (*column, direction)).collect();
        self
    }

    /// At most so many rows.
    pub fn most(mut self, rows: i64) -> Self {
        self.limit = Some(rows);
        self
    }

    /// A part of the list: its filter, its order, where it begins and how long it is.
    pub fn slice(mut self, slice: &Slice) -> Self {
        if let Some(filter) = &slice.filter {
            self = self.filter(filter.clone());
        }
        if let Some(seek) = slice.seek() {
            self = self.filter(seek);
        }
        self.order = slice.order();
        self.limit = Some(slice.limit());
        self
    }

    /// The same rows without order and bounds, for counting.
    pub fn filtered(mut self, filter: Option<&Condition>) -> Self {
        if let Some(filter) = filter {
            self = self.filter(filter.clone());
        }
        self
    }
}

impl<T: Stored> Query<T> {
    /// The rows with these ids.
    pub fn by_ids(tenant: Id<Tenant>, ids: &[Id<T>]) -> Self {
        Query::new(tenant).among(T::KEY, ids)
    }

    /// The row with this id.
    pub fn by_id(tenant: Id<Tenant>, id: Id<T>) -> Self {
        Query::by_ids(tenant, &[id])
    }

    /// The rows whose column holds this text.
    pub fn by_text(tenant: Id<Tenant>, column: &'static str, text: &str) -> Self {
        Query::new(tenant).filter(Condition::Is(column, Comparison::Equal, Bind::Text(text.to_owned())))
    }

    /// Only these columns of each row are wanted, beside its key and what it is found and sorted by; the others may be
    /// blank. All of them where none are named.
    pub fn only(self, columns: Option<&[&str]>) -> Self {
        Query { columns: columns.and_then(partly::columns::<T>), ..self }
    }

    pub fn load(&self, conn: &mut Conn) -> Read<Vec<T>> {
        let rows = super::query_sql::select(conn, self)?;
        tally::rows(rows.len());
        tracing::Span::current().record("rows", rows.len());
        Ok(rows)
    }

    /// The only row, or the first of them.
    pub fn first(self, conn: &mut Conn) -> Read<Option<T>> {
        let query = Query { limit: Some(1), ..self };
        Ok(query.load(conn)?.pop())
    }

    /// The only row, held: whoever wants to change it waits until the transaction ends. SQLite has one writer at a time,
    /// so that nothing needs holding there.
    pub fn hold(self, tx: &mut Tx<'_>) -> Read<Option<T>> {
        Query { held: Some(Hold::Change), ..self }.first(tx)
    }

    /// At most `most` rows that nobody else holds, held. Several programs that claim share the rows between them.
    pub fn claim(self, tx: &mut Tx<'_>, most: i64) -> Read<Vec<T>> {
        Query { held: Some(Hold::Claim), limit: Some(most), ..self }.load(tx)
    }

    /// All rows, kept: whoever wants to change one of them waits until the transaction ends. They should be sorted, so
    /// that everybody takes them in the same order.
    pub fn keep(self, tx: &mut Tx<'_>) -> Read<Vec<T>> {
        Query { held: Some(Hold::Keep), ..self }.load(tx)
    }

    /// How many rows there are for each parent, or in all where there are no parents. Parents without a row are left
    /// out.
    pub fn count(&self, conn: &mut Conn) -> Read<Vec<(Option<Id<()>>, i64)>> {
        super::query_sql::count(conn, self)
    }
}

/// Makes a type [`Stored`]: its table, its columns, and how a row becomes a value. The names of the columns are bound
/// in the expression; instants and zones come wrapped, as `At(…)` and `In(…)`. Several columns that make one value may
/// not fit together: then `?` answers the fault. Where several rows make one value, `together` says how.
macro_rules! stored {
    ($type:ty, $table:ident ($($column:ident),+ $(,)?) => $value:expr $(, key: $key:ident)? $(, together: $together:expr)?) => {
        $crate::repository::query::stored!(
            @whole None, $type, $table($($column),+) => $value $(, key: $key)? $(, together: $together)?
        );
    };
    (
        @$read:ident $along:expr, $type:ty, $table:ident ($($column:ident),+) => $value:expr
        $(, key: $key:ident)? $(, together: $together:expr)?
    ) => {
        impl $crate::repository::query::Stored for $type {
            const TABLE: &'static str = stringify!($table);
            $(const KEY: &'static str = stringify!($key);)?
            const COLUMNS: &'static [$crate::repository::row::StoredColumn] = &[$(
                $crate::repository::row::StoredColumn::of::<
                    diesel::dsl::SqlTypeOf<$crate::repository::schema::$table::$column>,
                >(stringify!($column))
            ),+];
            const ALONG: Option<&'static str> = $along;

            fn of_postgres(
                row: &$crate::repository::row::PostgresRow,
                places: &$crate::repository::row::Places,
            ) -> $crate::repository::Read<Self> {
                let mut places = places.0.iter().copied();
                $(let $column = $crate::repository::row::$read::<
                    diesel::dsl::SqlTypeOf<$crate::repository::schema::$table::$column>, _, diesel::pg::Pg, _,
                >(row, places.next().flatten())?;)+
                Ok($value)
            }

            fn of_sqlite(
                row: &$crate::repository::row::SqliteRow<'_, '_>,
                places: &$crate::repository::row::Places,
            ) -> $crate::repository::Read<Self> {
                let mut places = places.0.iter().copied();
                $(let $column = $crate::repository::row::$read::<
                    diesel::dsl::SqlTypeOf<$crate::repository::schema::$table::$column>, _, diesel::sqlite::Sqlite, _,
                >(row, places.next().flatten())?;)+
                Ok($value)
            }

            $(fn together(rows: Vec<Self>) -> Vec<Self> {
                ($together)(rows)
            })?
        }
    };
}
pub(super) use stored;

/// The same for a type whose rows can be read in part. The value is made of blanks, too: it may not fail for them. SQLite
/// reads one column `along` that is in no index.
macro_rules! partly_stored {
    ($type:ty, $table:ident ($($column:ident),+ $(,)?) => $value:expr, along: $along:ident) => {
        $crate::repository::query::stored!(
            @part Some(stringify!($along)), $type, $table($($column),+) => $value
        );
    };
}
pub(super) use partly_stored;
