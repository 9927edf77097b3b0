//! Queries run.

use super::db::{Conn, Read};
use super::partly;
use super::query::{Query, Stored};
use super::statement::{Dialect, Statement};
use crate::domain::Id;
use diesel::connection::{DefaultLoadingMode, LoadConnection};
use diesel::pg::PgConnection;
use diesel::query_builder::QueryFragment;
use diesel::query_dsl::LoadQuery;
use diesel::sql_types::Untyped;
use diesel::sqlite::SqliteConnection;
use diesel::{QueryResult, RunQueryDsl};

/// Runs `SELECT columns FROM table …`.
pub(super) fn select<T: Stored>(conn: &mut Conn, query: &Query<T>) -> Read<Vec<T>> {
    let rows = match conn {
        Conn::Postgres(conn) => {
            let columns = partly::needed(query).filter(|columns| partly::is_known::<T>(*columns));
            let (columns, places) = partly::listed::<T>(columns);
            let statement = Statement::<Untyped>::select(Dialect::Postgres, &columns, query);
            values(load(conn, &statement)?, |row| T::of_postgres(row, &places))
        }
        // SQLite would go through all of a tenant's rows in an index that happens to hold the few columns, rather than look
        // up the rows that are named. No index holds the one that is read along.
        Conn::Sqlite(conn) => {
            let along = T::ALONG.and_then(|column| partly::columns::<T>(&[column])).unwrap_or_default();
            let columns = partly::needed(query).map(|columns| columns | along);
            let (columns, places) = partly::listed::<T>(columns.filter(|columns| partly::is_known::<T>(*columns)));
            let statement = Statement::<Untyped>::select(Dialect::Sqlite, &columns, query);
            values(load(conn, &statement)?, |row| T::of_sqlite(row, &places))
        }
    };
    Ok(T::together(rows?))
}

/// Runs a statement; its rows come as they are.
pub(super) fn load<'c, 'q, C: LoadConnection>(
    conn: &'c mut C,
    statement: &'q Statement<'q, Untyped>,
) -> QueryResult<C::Cursor<'c, 'q>>
where
    Statement<'q, Untyped>: QueryFragment<C::Backend>,
{
    LoadConnection::<DefaultLoadingMode>::load(conn, statement)
}

/// All rows as values. Collecting them would forget how many there are, where the database says so.
fn values<Row, T>(rows: impl Iterator<Item = QueryResult<Row>>, value: impl Fn(&Row) -> Read<T>) -> Read<Vec<T>> {
    let mut values = Vec::with_capacity(rows.size_hint().0);
    for row in rows {
        values.push(value(&row?)?);
    }
    Ok(values)
}

/// Runs `SELECT parent, count(*) FROM table … GROUP BY parent`.
pub(super) fn count<T: Stored>(conn: &mut Conn, query: &Query<T>) -> Read<Vec<(Option<Id<()>>, i64)>> {
    Ok(match conn {
        Conn::Postgres(conn) => Statement::count(Dialect::Postgres, query).load(conn)?,
        Conn::Sqlite(conn) => Statement::count(Dialect::Sqlite, query).load(conn)?,
    })
}

/// Runs `SELECT columns FROM table … GROUP BY groups`, sorted by the groups.
pub(super) fn grouped<Columns, T: Stored, Row>(
    conn: &mut Conn,
    columns: &str,
    groups: &str,
    query: &Query<T>,
) -> Read<Vec<Row>>
where
    for<'q> Statement<'q, Columns>: LoadQuery<'q, PgConnection, Row> + LoadQuery<'q, SqliteConnection, Row>,
{
    let grouped = |dialect| {
        let mut statement = Statement::<Columns>::select(dialect, columns, query);
        statement.push(&[" GROUP BY ", groups, " ORDER BY ", groups]);
        statement
    };
    Ok(match conn {
        Conn::Postgres(conn) => grouped(Dialect::Postgres).load(conn)?,
        Conn::Sqlite(conn) => grouped(Dialect::Sqlite).load(conn)?,
    })
}
