//! A database for one test, and looking at all of its tables at once.

use super::postgres;
use diesel::prelude::*;
use diesel::sql_types::Text;
use perennial::repository::{DatabaseUrl, Db};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Backend {
    Sqlite,
    Postgres,
}

/// A database that is gone with this value.
pub struct TestDatabase {
    pub url: String,
    pub backend: Backend,
    _held: Held,
}

#[expect(dead_code, reason = "what is held is dropped with the database, and not read before")]
enum Held {
    Folder(tempfile::TempDir),
    Database(postgres::Database),
}

/// Connections a test's server may have: more than there are cores, fewer than PostgreSQL allows.
const POOL: u32 = 16;

impl TestDatabase {
    /// A new database with all migrations.
    pub fn fresh(backend: Backend) -> Self {
        match backend {
            Backend::Sqlite => {
                let database = TestDatabase::empty(backend);
                database.open().migrate().unwrap();
                database
            }
            Backend::Postgres => {
                let database = postgres::fresh_database(|url| {
                    open(url).migrate().unwrap();
                });
                TestDatabase { url: database.url().to_owned(), backend, _held: Held::Database(database) }
            }
        }
    }

    /// A new database without tables.
    pub fn empty(backend: Backend) -> Self {
        match backend {
            Backend::Sqlite => {
                let folder = tempfile::tempdir().unwrap();
                let file: PathBuf = folder.path().join("test.db");
                TestDatabase { url: format!("sqlite://{}", file.display()), backend, _held: Held::Folder(folder) }
            }
            Backend::Postgres => {
                let database = postgres::empty_database();
                TestDatabase { url: database.url().to_owned(), backend, _held: Held::Database(database) }
            }
        }
    }

    pub fn open(&self) -> Db {
        open(&self.url)
    }

    /// A connection that keeps everybody else from changing customers, and with PostgreSQL from reading them, until the
    /// answer is dropped.
    pub fn keep_customers(&self) -> Box<dyn std::any::Any> {
        match self.backend {
            Backend::Sqlite => {
                let mut conn = SqliteConnection::establish(self.url.trim_start_matches("sqlite://")).unwrap();
                diesel::sql_query("PRAGMA busy_timeout = 10000").execute(&mut conn).unwrap();
                diesel::sql_query("BEGIN IMMEDIATE").execute(&mut conn).unwrap();
                Box::new(conn)
            }
            Backend::Postgres => {
                let mut conn = PgConnection::establish(&self.url).unwrap();
                diesel::sql_query("BEGIN").execute(&mut conn).unwrap();
                diesel::sql_query("LOCK TABLE customers IN ACCESS EXCLUSIVE MODE").execute(&mut conn).unwrap();
                Box::new(conn)
            }
        }
    }

    /// The same database, where PostgreSQL ends statements that take longer.
    pub fn open_within(&self, statement: Duration) -> Db {
        Db::open_within(&self.url.parse::<DatabaseUrl>().unwrap(), POOL, statement).unwrap()
    }

    /// Runs a statement; answers its only column, `line`, as text, a row an element.
    pub fn texts(&self, statement: &str) -> Vec<String> {
        self.texts_of_each(&[statement]).remove(0)
    }

    /// The same for several statements on one connection.
    pub fn texts_of_each(&self, statements: &[impl AsRef<str>]) -> Vec<Vec<String>> {
        #[derive(QueryableByName)]
        struct Line {
            #[diesel(sql_type = Text)]
            line: String,
        }
        fn lines(statement: &str, found: QueryResult<Vec<Line>>) -> Vec<String> {
            let found = found.unwrap_or_else(|error| panic!("{statement}: {error}"));
            found.into_iter().map(|found| found.line).collect()
        }
        let statements = statements.iter().map(AsRef::as_ref);
        match self.backend {
            Backend::Sqlite => {
                let mut conn = SqliteConnection::establish(self.url.trim_start_matches("sqlite://")).unwrap();
                diesel::sql_query("PRAGMA busy_timeout = 10000").execute(&mut conn).unwrap();
                statements.map(|statement| lines(statement, diesel::sql_query(statement).load(&mut conn))).collect()
            }
            Backend::Postgres => {
                let mut conn = PgConnection::establish(&self.url).unwrap();
                statements.map(|statement| lines(statement, diesel::sql_query(statement).load(&mut conn))).collect()
            }
        }
    }

    /// A number that a statement selects as its only value.
    pub fn number(&self, expression: &str) -> i64 {
        self.texts(&format!("SELECT CAST(({expression}) AS TEXT) AS line"))[0].parse().unwrap()
    }

    /// All tables of the program.
    pub fn tables(&self) -> Vec<String> {
        self.texts(match self.backend {
            Backend::Sqlite => {
                "SELECT name AS line FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' \
                 AND name NOT LIKE '\\_\\_%' ESCAPE '\\' ORDER BY name"
            }
            Backend::Postgres => {
                "SELECT tablename::text AS line FROM pg_tables WHERE schemaname = 'public' \
                 AND tablename NOT LIKE '\\_\\_%' ORDER BY tablename"
            }
        })
    }

    /// Every row of every table, as text. When a key was last used is left out: that is noted for reads, too.
    pub fn dump(&self) -> BTreeMap<String, Vec<String>> {
        let tables = self.tables();
        let statements: Vec<String> = match self.backend {
            Backend::Sqlite => {
                let columns = tables.iter().map(|table| {
                    format!(
                        "SELECT 'quote(' || name || ')' AS line FROM pragma_table_info('{table}')
                         WHERE name <> 'last_used_at' ORDER BY cid"
                    )
                });
                let columns = self.texts_of_each(&columns.collect::<Vec<_>>());
                let rows = |(table, columns): (&String, Vec<String>)| {
                    format!("SELECT {} AS line FROM {table} ORDER BY 1", columns.join(" || ' ' || "))
                };
                tables.iter().zip(columns).map(rows).collect()
            }
            Backend::Postgres => {
                let rows =
                    |table| format!("SELECT (to_jsonb(t) - 'last_used_at')::text AS line FROM {table} t ORDER BY 1");
                tables.iter().map(rows).collect()
            }
        };
        let found = self.texts_of_each(&statements);
        tables.into_iter().zip(found).collect()
    }

    /// Asserts that nothing was changed since a dump was taken.
    #[track_caller]
    pub fn assert_unchanged(&self, before: &BTreeMap<String, Vec<String>>) {
        let after = self.dump();
        for table in before.keys().chain(after.keys()) {
            assert_eq!(after.get(table), before.get(table), "the table {table} was changed");
        }
    }
}

fn open(url: &str) -> Db {
    Db::open(&url.parse::<DatabaseUrl>().unwrap(), POOL).unwrap()
}
