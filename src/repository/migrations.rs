//! Bringing the schema up to this binary, and refusing to work on one that is not.

use super::db::{Conn, Db, Fault};
use super::on_backend;
use diesel::migration::{Migration, MigrationSource};
use diesel::prelude::*;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use std::time::Duration;

const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");
const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");

/// Why the schema does not fit. One line for a person.
#[derive(Debug, thiserror::Error)]
pub enum VersionError {
    #[error("the database's schema is older than this binary: run `perennial migrate`")]
    Older,
    #[error("the database's schema is newer than this binary ({0}): use a newer binary")]
    Newer(String),
    #[error("cannot read the schema's version: {0}")]
    Unreadable(String),
}

/// Why requests cannot be answered now.
#[derive(Debug, thiserror::Error)]
pub enum NotReady {
    /// No connection was to be had in time.
    #[error("no connection: {0}")]
    Pool(Fault),
    #[error("the database does not answer: {0}")]
    Database(Fault),
    /// The schema is not that of this binary.
    #[error("the schema is that of another version")]
    Schema,
}

impl NotReady {
    /// A name that tells a stranger nothing.
    pub fn name(&self) -> &'static str {
        match self {
            NotReady::Pool(_) => "pool",
            NotReady::Database(_) => "database",
            NotReady::Schema => "schema",
        }
    }
}

diesel::table! {
    __diesel_schema_migrations (version) {
        version -> Text,
    }
}

/// A migration that failed. One line for a person.
#[derive(Debug, thiserror::Error)]
#[error("cannot migrate: {0}")]
pub struct MigrateError(String);

impl From<Fault> for VersionError {
    fn from(fault: Fault) -> Self {
        VersionError::Unreadable(fault.to_string())
    }
}

/// Runs the same expression with the connection and the migrations of its database.
macro_rules! with_migrations {
    ($conn:expr, |$inner:ident, $source:ident| $run:expr) => {
        match $conn {
            Conn::Postgres($inner) => {
                let $source = POSTGRES;
                $run
            }
            Conn::Sqlite($inner) => {
                let $source = SQLITE;
                $run
            }
        }
    };
}

impl Db {
    /// Runs what is missing; answers the names of the migrations that ran. Two processes may do this at once: the second
    /// waits for the first.
    pub fn migrate(&self) -> Result<Vec<String>, MigrateError> {
        self.alone(run_pending)
    }

    /// Makes the tables of a database that has none yet, and leaves any others alone. Waits for whoever is at it.
    pub fn migrate_if_new(&self) -> Result<Vec<String>, MigrateError> {
        self.alone(|conn| {
            let applied = with_migrations!(conn, |conn, _source| conn.applied_migrations());
            let is_new = applied.map_err(|error| error.to_string())?.is_empty();
            if is_new { run_pending(conn) } else { Ok(Vec::new()) }
        })
    }

    /// Does something while no other process migrates the same database.
    fn alone<T>(&self, run: impl FnOnce(&mut Conn) -> Result<T, String>) -> Result<T, MigrateError> {
        let ran = self.with(|conn| {
            if matches!(conn, Conn::Postgres(_)) {
                conn.batch_execute("SELECT pg_advisory_lock(7265766569)")?;
                let ran = run(conn);
                conn.batch_execute("SELECT pg_advisory_unlock(7265766569)")?;
                return Ok(ran);
            }
            conn.begin("BEGIN", "BEGIN IMMEDIATE")?;
            let ran = run(conn);
            conn.end(ran.is_ok())?;
            Ok::<_, Fault>(ran)
        });
        ran.and_then(|ran| ran).map_err(|fault| MigrateError(fault.to_string()))?.map_err(MigrateError)
    }

    /// Undoes all migrations, for tests.
    pub fn revert(&self) -> Result<(), MigrateError> {
        let run = self.with(|conn| {
            with_migrations!(conn, |conn, source| conn
                .revert_all_migrations(source)
                .map(drop)
                .map_err(|error| error.to_string()))
        });
        run.map_err(|fault| MigrateError(fault.to_string()))?.map_err(MigrateError)
    }

    /// Whether requests can be answered: a connection is to be had within this time, the database answers on it, and its
    /// schema is that of this binary. It changes nothing, unlike [`Db::check_version`], which makes its table.
    pub fn ready(&self, patience: Duration) -> Result<(), NotReady> {
        let mut applied = self.read_within(patience, |conn| {
            let versions = __diesel_schema_migrations::table.select(__diesel_schema_migrations::version);
            let versions: Vec<String> = on_backend!(conn, |conn| versions.load(conn))?;
            let known = with_migrations!(conn, |conn, source| known(conn, &source));
            Ok((versions, known.map_err(|error| Fault::Database(error.to_string()))?))
        })?;
        applied.0.sort();
        let (applied, known) = applied;
        if applied.iter().eq(known.iter().map(|(version, _)| version)) { Ok(()) } else { Err(NotReady::Schema) }
    }

    /// Refuses a schema that is older or newer than this binary.
    pub fn check_version(&self) -> Result<(), VersionError> {
        self.with(check)?
    }
}

fn run_pending(conn: &mut Conn) -> Result<Vec<String>, String> {
    if let Err(error @ VersionError::Newer(_)) = check(conn) {
        return Err(error.to_string());
    }
    with_migrations!(conn, |conn, source| {
        let known = known(conn, &source).map_err(|error| error.to_string())?;
        let ran = conn.run_pending_migrations(source).map_err(|error| error.to_string())?;
        let ran: Vec<String> = ran.iter().map(ToString::to_string).collect();
        Ok(known.into_iter().filter(|(version, _)| ran.contains(version)).map(|(_, name)| name).collect())
    })
}

/// The migrations that a source holds for the database of a connection: their versions and their names.
fn known<C: Connection>(
    _: &C,
    source: &impl MigrationSource<C::Backend>,
) -> Result<Vec<(String, String)>, Box<dyn std::error::Error + Send + Sync>> {
    let names =
        |migration: &dyn Migration<C::Backend>| (migration.name().version().to_string(), migration.name().to_string());
    let mut known: Vec<_> = source.migrations()?.iter().map(|migration| names(migration.as_ref())).collect();
    known.sort();
    Ok(known)
}

fn check(conn: &mut Conn) -> Result<(), VersionError> {
    let unreadable = |error: Box<dyn std::error::Error + Send + Sync>| VersionError::Unreadable(error.to_string());
    with_migrations!(conn, |conn, source| {
        let applied = conn.applied_migrations().map_err(unreadable)?;
        let known = known(conn, &source).map_err(unreadable)?;
        let is_known = |version: &String| known.iter().any(|(known, _)| known == version);
        // The newest comes first.
        if let Some(unknown) = applied.iter().map(ToString::to_string).find(|version| !is_known(version)) {
            return Err(VersionError::Newer(unknown));
        }
        if applied.len() < known.len() { Err(VersionError::Older) } else { Ok(()) }
    })
}
