//! Bringing the schema up to this binary, and refusing to work on one that is not.

use super::db::{Conn, Db, Fault};
use diesel::Connection;
use diesel::migration::MigrationSource;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

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
    /// Runs what is missing; answers the names of the migrations that ran. Two processes may do this at once: on
    /// PostgreSQL the second waits for the first.
    pub fn migrate(&self) -> Result<Vec<String>, MigrateError> {
        let run = self.with(|conn| {
            if let Err(VersionError::Newer(version)) = check(conn) {
                return Err(VersionError::Newer(version).to_string());
            }
            let locked = matches!(conn, Conn::Postgres(_));
            if locked {
                conn.batch_execute("SELECT pg_advisory_lock(7265766569)").map_err(|error| error.to_string())?;
            }
            let ran = with_migrations!(conn, |conn, source| conn
                .run_pending_migrations(source)
                .map(|versions| versions.iter().map(ToString::to_string).collect())
                .map_err(|error| error.to_string()));
            if locked {
                conn.batch_execute("SELECT pg_advisory_unlock(7265766569)").map_err(|error| error.to_string())?;
            }
            ran
        });
        run.map_err(|fault| MigrateError(fault.to_string()))?.map_err(MigrateError)
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

    /// Whether the database is new: there are no tables of ours yet.
    pub fn is_empty(&self) -> Result<bool, VersionError> {
        let applied = self.with(|conn| {
            with_migrations!(conn, |conn, _source| conn.applied_migrations().map(|applied| applied.len()))
        })?;
        applied.map(|count| count == 0).map_err(|error| VersionError::Unreadable(error.to_string()))
    }

    /// Refuses a schema that is older or newer than this binary.
    pub fn check_version(&self) -> Result<(), VersionError> {
        self.with(check)?
    }
}

/// The versions that a source holds for the database of a connection.
fn versions<C: Connection>(
    _: &C,
    source: &impl MigrationSource<C::Backend>,
) -> Result<Vec<String>, Box<dyn std::error::Error + Send + Sync>> {
    Ok(source.migrations()?.iter().map(|migration| migration.name().version().to_string()).collect())
}

fn check(conn: &mut Conn) -> Result<(), VersionError> {
    let unreadable = |error: Box<dyn std::error::Error + Send + Sync>| VersionError::Unreadable(error.to_string());
    with_migrations!(conn, |conn, source| {
        let applied = conn.applied_migrations().map_err(unreadable)?;
        let known = versions(conn, &source).map_err(unreadable)?;
        // The newest comes first.
        if let Some(unknown) = applied.iter().map(ToString::to_string).find(|version| !known.contains(version)) {
            return Err(VersionError::Newer(unknown));
        }
        if applied.len() < known.len() { Err(VersionError::Older) } else { Ok(()) }
    })
}
