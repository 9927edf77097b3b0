//! Rows to insert. The text of the statement is the same for any number of rows, so that it is prepared once: PostgreSQL
//! gets a list for each column, and SQLite, where a statement costs no way, one row after the other.

use super::db::{Conn, Read, Tx};
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::query_dsl::methods::ExecuteDsl;
use diesel::serialize::ToSql;
use diesel::sql_types::{Array, HasSqlType};
use diesel::sqlite::Sqlite;
use diesel::{QueryResult, RunQueryDsl};
use std::fmt::Debug;
use std::marker::PhantomData;

/// Rows of one table. Made by `rows!`.
pub(super) struct Rows {
    table: &'static str,
    names: &'static [&'static str],
    columns: Vec<Box<dyn Column>>,
    pub count: usize,
    /// What becomes of a row that is there already, if that is no failure.
    on_conflict: &'static str,
}

/// The values of one column, in the order of the rows.
pub(super) trait Column {
    /// Binds the value of the only row.
    fn only<'b>(&'b self, out: AstPass<'_, 'b, Pg>) -> QueryResult<()>;
    /// Binds all values as one list.
    fn all<'b>(&'b self, out: AstPass<'_, 'b, Pg>) -> QueryResult<()>;
    /// Binds the value of one row.
    fn one<'b>(&'b self, row: usize, out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()>;
}

struct Values<S, T> {
    values: Vec<T>,
    of: PhantomData<fn() -> S>,
}

pub(super) fn column<S, T>(values: Vec<T>) -> Box<dyn Column>
where
    S: 'static,
    T: ToSql<S, Pg> + ToSql<S, Sqlite> + Debug + 'static,
    Pg: HasSqlType<S>,
    Sqlite: HasSqlType<S>,
{
    Box::new(Values { values, of: PhantomData::<fn() -> S> })
}

impl<S, T> Column for Values<S, T>
where
    S: 'static,
    T: ToSql<S, Pg> + ToSql<S, Sqlite> + Debug + 'static,
    Pg: HasSqlType<S>,
    Sqlite: HasSqlType<S>,
{
    fn only<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.values.iter().take(1).try_for_each(|value| out.push_bind_param::<S, T>(value))
    }
    fn all<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_bind_param::<Array<S>, Vec<T>>(&self.values)
    }
    fn one<'b>(&'b self, row: usize, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        self.values.get(row).into_iter().try_for_each(|value| out.push_bind_param::<S, T>(value))
    }
}

impl Rows {
    pub(super) fn new(
        table: &'static str,
        names: &'static [&'static str],
        columns: Vec<Box<dyn Column>>,
        count: usize,
    ) -> Self {
        Rows { table, names, columns, count, on_conflict: "" }
    }

    /// The same, where a row that is there already is passed over.
    pub(super) fn only_new(self) -> Self {
        self.on_conflict(" ON CONFLICT DO NOTHING")
    }

    /// The same with a clause, that begins with a space, for rows that are there already.
    pub(super) fn on_conflict(self, clause: &'static str) -> Self {
        Rows { on_conflict: clause, ..self }
    }

    pub(super) fn insert(&self, tx: &mut Tx<'_>) -> Read<()> {
        self.run(tx).map(drop)
    }

    pub(super) fn run(&self, conn: &mut Conn) -> Read<usize> {
        if self.count == 0 {
            return Ok(0);
        }
        match conn {
            Conn::Postgres(conn) => Ok(ExecuteDsl::execute(self, conn)?),
            Conn::Sqlite(conn) => {
                (0..self.count).try_fold(0, |sum, row| Ok(sum + Row { rows: self, row }.execute(conn)?))
            }
        }
    }

    fn begin<B: diesel::backend::Backend>(&self, out: &mut AstPass<'_, '_, B>) {
        out.push_sql("INSERT INTO ");
        out.push_sql(self.table);
        for (place, name) in self.names.iter().enumerate() {
            out.push_sql(if place == 0 { " (" } else { ", " });
            out.push_sql(name);
        }
        out.push_sql(") ");
    }

    fn end<B: diesel::backend::Backend>(&self, out: &mut AstPass<'_, '_, B>) {
        out.push_sql(")");
        out.push_sql(self.on_conflict);
    }
}

impl QueryFragment<Pg> for Rows {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.begin(&mut out);
        let single = self.count == 1;
        out.push_sql(if single { "VALUES (" } else { "SELECT * FROM unnest(" });
        for (place, column) in self.columns.iter().enumerate() {
            if place > 0 {
                out.push_sql(", ");
            }
            if single { column.only(out.reborrow())? } else { column.all(out.reborrow())? }
        }
        self.end(&mut out);
        Ok(())
    }
}

/// One of several rows.
struct Row<'r> {
    rows: &'r Rows,
    row: usize,
}

impl QueryFragment<Sqlite> for Row<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        self.rows.begin(&mut out);
        out.push_sql("VALUES (");
        for (place, column) in self.rows.columns.iter().enumerate() {
            if place > 0 {
                out.push_sql(", ");
            }
            column.one(self.row, out.reborrow())?;
        }
        self.rows.end(&mut out);
        Ok(())
    }
}

// The text depends on the value; Diesel then keeps prepared statements by their text.
impl QueryId for Rows {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}
impl QueryId for Row<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}
impl<C> RunQueryDsl<C> for Row<'_> {}

/// The rows that a table gets: `rows!(table, list, |item| { column: value, … })`. The values are those that may be
/// compared with the column.
macro_rules! rows {
    ($table:ident, $list:expr, |$item:ident| { $($column:ident: $value:expr),+ $(,)? }) => {{
        use $crate::repository::rows::{Rows, column};
        let list = $list;
        Rows::new(
            stringify!($table),
            &[$(stringify!($column)),+],
            vec![$(column::<diesel::dsl::SqlTypeOf<$table::$column>, _>(list.iter().map(|$item| (&$item, $value).1).collect())),+],
            list.len(),
        )
    }};
}
pub(super) use rows;
