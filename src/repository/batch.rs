//! Guarded statements that are stored together: all of them, or none. PostgreSQL gets them as one statement, which needs
//! no transaction around it: one way to the server, and what it locks is locked no longer than it takes. SQLite, where a
//! statement costs no way, runs them one after the other.
//!
//! They take effect as one: none sees what another has done, and no row may be changed by two of them.

use super::db::{Conn, Read, Tx, changed};
use super::on_backend;
use super::rows::Rows;
use crate::domain::Id;
use crate::domain::tenant::Tenant;
use diesel::pg::{Pg, PgConnection};
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::query_dsl::methods::ExecuteDsl;
use diesel::sql_types::BigInt;
use diesel::sqlite::Sqlite;
use diesel::{QueryResult, RunQueryDsl};

/// Statements that are stored together, in the order in which they lock what they change.
#[derive(Default)]
pub struct Batch {
    parts: Vec<Part>,
    /// Whose listeners are to be woken once it is stored.
    told: Vec<Id<Tenant>>,
}

struct Part {
    statement: Box<dyn Statement>,
    /// How many rows it must change. Where it changes fewer, somebody was faster, and nothing is stored.
    rows: i64,
}

/// More of them are not sent as one: hundreds would be a statement that is prepared to be run once.
const MOST_AS_ONE: usize = 20;
/// More of them are sent as one, but not kept prepared by the connection: there are many ways to be that many, and each
/// that is kept takes PostgreSQL some 300 KB. One scan is twelve at most.
const MOST_PREPARED: usize = 12;

impl Batch {
    /// Adds a statement that must change one row.
    pub(super) fn change<S>(&mut self, statement: S)
    where
        S: QueryFragment<Pg> + QueryFragment<Sqlite> + QueryId + 'static,
    {
        self.parts.push(Part { statement: Box::new(Change(statement)), rows: 1 });
    }

    pub(super) fn insert(&mut self, rows: Rows) {
        if let (1.., Ok(count)) = (rows.count, i64::try_from(rows.count)) {
            self.parts.push(Part { statement: Box::new(rows), rows: count });
        }
    }

    /// Adds all that stands in another, behind what stands here.
    pub fn append(&mut self, mut other: Batch) {
        self.parts.append(&mut other.parts);
        self.told.append(&mut other.told);
    }

    /// Notes that there is something to hear for those who listen to a tenant.
    pub(super) fn tell(&mut self, tenant: Id<Tenant>) {
        self.told.push(tenant);
    }

    /// Whose listeners are to be woken once it is stored.
    pub(super) fn told(&self) -> &[Id<Tenant>] {
        &self.told
    }

    /// Whether it can be sent as one statement.
    pub(super) fn is_one(&self) -> bool {
        self.parts.len() <= MOST_AS_ONE
    }

    /// Runs it as one statement, which is a transaction by itself.
    pub(super) fn run_as_one(&self, conn: &mut PgConnection) -> Read<()> {
        if !self.parts.is_empty() {
            AsOne(&self.parts).execute(conn)?;
        }
        Ok(())
    }

    /// Runs it as a part of a transaction, as one statement where that is possible.
    pub fn run(&self, tx: &mut Tx<'_>) -> Read<()> {
        self.told.iter().for_each(|tenant| tx.told(*tenant));
        if let (Conn::Postgres(conn), true) = (tx.itself(), self.is_one()) {
            return self.run_as_one(conn);
        }
        for part in &self.parts {
            let rows = part.statement.run(tx)?;
            changed(rows, usize::try_from(part.rows).unwrap_or_default())?;
        }
        Ok(())
    }
}

/// A statement of either database.
trait Statement {
    fn write<'b>(&'b self, out: AstPass<'_, 'b, Pg>) -> QueryResult<()>;
    fn run(&self, conn: &mut Conn) -> Read<usize>;
}

struct Change<S>(S);

impl<S: QueryFragment<Pg> + QueryFragment<Sqlite> + QueryId> Statement for Change<S> {
    fn write<'b>(&'b self, out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.0.walk_ast(out)
    }
    fn run(&self, conn: &mut Conn) -> Read<usize> {
        Ok(on_backend!(conn, |conn| ExecuteDsl::execute(&self.0, conn))?)
    }
}

impl Statement for Rows {
    fn write<'b>(&'b self, out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.walk_ast(out)
    }
    fn run(&self, conn: &mut Conn) -> Read<usize> {
        Rows::run(self, conn)
    }
}

/// `WITH p0 AS (… RETURNING 1), p1 AS (…) SELECT …`. The SELECT asks what each part has changed, in their order: a
/// part is run when it is asked for, and `lost_race()` takes all of it back.
struct AsOne<'p>(&'p [Part]);

impl QueryFragment<Pg> for AsOne<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        if self.0.len() > MOST_PREPARED {
            out.unsafe_to_cache_prepared();
        }
        for (place, part) in self.0.iter().enumerate() {
            out.push_sql(if place == 0 { "WITH p" } else { ", p" });
            out.push_sql(&place.to_string());
            out.push_sql(" AS (");
            part.statement.write(out.reborrow())?;
            out.push_sql(" RETURNING 1)");
        }
        out.push_sql(" SELECT CASE");
        for (place, part) in self.0.iter().enumerate() {
            // That there is one is cheaper to ask than how many there are, and no change finds more by a primary key.
            let single = part.rows == 1;
            out.push_sql(if single { " WHEN NOT EXISTS (SELECT FROM p" } else { " WHEN (SELECT count(*) FROM p" });
            out.push_sql(&place.to_string());
            out.push_sql(")");
            if !single {
                out.push_sql(" <> ");
                out.push_bind_param::<BigInt, i64>(&part.rows)?;
            }
            out.push_sql(" THEN lost_race()");
        }
        out.push_sql(" END");
        Ok(())
    }
}

// The text depends on the parts; Diesel then keeps prepared statements by their text.
impl QueryId for AsOne<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}
impl<C> RunQueryDsl<C> for AsOne<'_> {}
