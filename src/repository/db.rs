//! Connections and transactions. The argument proves the transaction: a function that writes takes `&mut Tx`, and only
//! [`Db::write`] makes one.

use super::batch::Batch;
use super::ears::Ears;
use super::tree::Trees;
use super::url::DatabaseUrl;
use super::watched::{Statements, Watched};
use crate::telemetry::Metrics;
use diesel::Connection;
use diesel::connection::{AnsiTransactionManager, CacheSize, SimpleConnection, TransactionManager};
use diesel::pg::PgConnection;
use diesel::r2d2::{ManageConnection, Pool, PooledConnection, R2D2Connection};
use diesel::result::{DatabaseErrorKind, Error};
use diesel::sqlite::SqliteConnection;
use std::sync::Arc;
use std::time::Duration;

pub use super::tx::Tx;

/// A connection to either database. Run queries on it with `on_backend!`.
pub enum Conn {
    Postgres(PgConnection),
    Sqlite(SqliteConnection),
}

/// What reading answers.
pub type Read<T> = Result<T, Fault>;

/// Why the database did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// Somebody else was faster: a guard found no row, a unique index refused, the database saw a deadlock. Nothing
    /// was changed; the same use case run again sees the new state and decides anew.
    #[error("somebody else was faster")]
    LostRace,
    /// No connection could be had in time.
    #[error("no connection to the database: {0}")]
    Unavailable(String),
    /// A statement took longer than it may.
    #[error("the database took too long")]
    TimedOut,
    /// What was remembered of a key does not hold any more.
    #[error("the key is not what it was")]
    Outdated,
    /// Anything else. The text is for the log, never for a client.
    #[error("{0}")]
    Database(String),
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        match &error {
            Error::DatabaseError(DatabaseErrorKind::UniqueViolation | DatabaseErrorKind::SerializationFailure, _) => {
                Fault::LostRace
            }
            Error::DatabaseError(DatabaseErrorKind::ClosedConnection, info) => {
                Fault::Unavailable(info.message().to_owned())
            }
            // Diesel has no kind of its own for these.
            Error::DatabaseError(_, info) if info.message().contains("statement timeout") => Fault::TimedOut,
            Error::DatabaseError(_, info) if info.message().contains("deadlock detected") => Fault::LostRace,
            Error::DatabaseError(_, info)
                if ["database is locked", "database or disk is full"].iter().any(|it| info.message().contains(it)) =>
            {
                Fault::Unavailable(info.message().to_owned())
            }
            _ => Fault::Database(error.to_string()),
        }
    }
}

/// Refuses with [`Fault::LostRace`] unless a guarded statement changed exactly as many rows as it should have.
pub fn changed(rows: usize, expected: usize) -> Result<(), Fault> {
    if rows == expected { Ok(()) } else { Err(Fault::LostRace) }
}

/// The errors of a use case, which [`Db::write`] asks whether running it again may help.
pub trait Failure: From<Fault> {
    fn fault(&self) -> Option<&Fault>;
}

impl Failure for Fault {
    fn fault(&self) -> Option<&Fault> {
        Some(self)
    }
}

/// How often a use case that lost a race is run again before it gives up.
const MOST_TRIES: u32 = 20;

/// The database behind a pool of connections. Everything here blocks: call it from a thread that may.
#[derive(Clone)]
pub struct Db {
    pub(super) pool: Watched<Manager>,
    /// SQLite has one writer at a time, so one connection writes: those who wait for it are served as soon as it is
    /// free, and what it has cached stays valid. With PostgreSQL this is the pool again.
    pub(super) writer: Watched<Manager>,
    /// What is counted of all that is done with it.
    pub metrics: Arc<Metrics>,
    pub(super) url: DatabaseUrl,
    /// Those who hear of events.
    pub ears: Ears,
    /// What is read by one statement for several levels.
    pub(super) trees: Trees,
}

impl Db {
    /// Opens the database and checks that it answers.
    pub fn open(url: &DatabaseUrl, pool_size: u32) -> Result<Db, OpenError> {
        Db::open_within(url, pool_size, Duration::ZERO)
    }

    /// The same, where a statement may take so long; zero sets no limit. SQLite cannot be told.
    pub fn open_within(url: &DatabaseUrl, pool_size: u32, statement: Duration) -> Result<Db, OpenError> {
        let failed = |cause: String| OpenError { url: url.clone(), cause: DatabaseUrl::hide(first_line(&cause)) };
        let kind = if matches!(url, DatabaseUrl::Sqlite(_)) { "sqlite" } else { "postgres" };
        let metrics = Arc::new(Metrics::new(kind).map_err(|error| failed(error.to_string()))?);
        let manager = || Manager { url: url.clone(), metrics: metrics.clone(), statement };
        // The pool tries for long and then says only that it timed out; a first connection says what is wrong.
        manager().connect().map_err(|error| failed(error.to_string()))?;
        let pool = |name, connections| {
            let pool = Pool::builder()
                .max_size(connections)
                .min_idle(Some(1))
                .connection_timeout(Duration::from_secs(10))
                // A trivial statement before each use would double the round trips of a small query. A connection that
                // breaks is dropped when it comes back.
                .test_on_check_out(false)
                .build(manager())
                .map_err(|error| failed(error.to_string()))?;
            Ok::<_, OpenError>(Watched::new(pool, metrics.database.pool(name)))
        };
        let all = pool("all", pool_size)?;
        let writer = if matches!(url, DatabaseUrl::Sqlite(_)) { pool("writer", 1)? } else { all.clone() };
        Ok(Db { pool: all, writer, metrics, url: url.clone(), ears: Ears::default(), trees: Trees::default() })
    }

    fn connection(&self) -> Result<PooledConnection<Manager>, Fault> {
        self.pool.get()
    }

    /// A connection on which `run` has succeeded. One that went stale in the pool, because the server was restarted or
    /// cut it off, is thrown away for another, so that nobody notices.
    fn connection_after<T, E: Failure>(
        pool: &Watched<Manager>,
        mut run: impl FnMut(&mut Conn) -> Result<T, E>,
    ) -> Result<(PooledConnection<Manager>, T), E> {
        for _ in 0..=pool.max_size() {
            let mut kept = pool.get()?;
            let error = match run(&mut kept.conn) {
                Ok(answer) => return Ok((kept, answer)),
                Err(error) => error,
            };
            let Some(fault) = error.fault().filter(|fault| !matches!(fault, Fault::Outdated) && !kept.is_alive())
            else {
                return Err(error);
            };
            tracing::warn!(%fault, "a connection broke and is replaced");
        }
        Err(Fault::Unavailable("every connection broke".to_owned()).into())
    }

    /// Runs `read` on one connection and one snapshot, so that all its statements see the same moment.
    pub fn read<T, E: Failure>(&self, read: impl FnOnce(&mut Conn) -> Result<T, E>) -> Result<T, E> {
        let _entered = tracing::debug_span!("transaction", kind = "read").entered();
        let begin = |conn: &mut Conn| conn.begin("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", "BEGIN");
        let read = Db::connection_after(&self.pool, begin).map_err(E::from).and_then(|(mut kept, ())| {
            let answer = read(&mut kept.conn);
            let ended = kept.end(&answer, false);
            kept.blamed(answer.and_then(|answer| ended.map(|()| answer).map_err(E::from)))
        });
        self.metrics.database.transaction("read", read.is_ok());
        self.note_failure(&read);
        read
    }

    /// Runs one statement, which needs no transaction to see one moment.
    pub fn read_once<T>(&self, read: impl FnMut(&mut Conn) -> Result<T, Fault>) -> Result<T, Fault> {
        let read = Db::connection_after(&self.pool, read).map(|(_, answer)| answer);
        self.note_failure(&read);
        read
    }

    /// Runs a use case in one transaction: all of it is stored, or, where it answers an error, nothing. One that lost
    /// a race is run again from its start, a bounded number of times.
    pub fn write<T, E: Failure>(&self, mut run: impl FnMut(&mut Tx<'_>) -> Result<T, E>) -> Result<T, E> {
        self.until_won(|| self.write_once(&mut run))
    }

    /// Runs a use case that decides before anything is written, without a transaction, and stores what it decided as one
    /// batch: all of it, or, where it answers an error, nothing. It must not rely on what it has read staying so: the
    /// guards of the batch see whether it has. One that lost a race is run again from its start.
    pub fn write_at_once<T, E: Failure>(
        &self,
        mut decide: impl FnMut(&mut Conn) -> Result<(T, Batch), E>,
    ) -> Result<T, E> {
        self.until_won(|| {
            let (mut kept, (answer, batch)) = Db::connection_after(&self.pool, &mut decide)?;
            match &mut kept.conn {
                Conn::Postgres(conn) if batch.is_one() => {
                    let _entered = tracing::debug_span!("transaction", kind = "write").entered();
                    let stored = batch.run_as_one(conn);
                    kept.look_after(&stored);
                    self.metrics.database.transaction("write", stored.is_ok());
                    kept.blamed(stored)?;
                    self.ears.tell(batch.told());
                }
                _ => {
                    drop(kept);
                    self.write_once(&mut |tx| batch.run(tx))?;
                }
            }
            Ok(answer)
        })
    }

    /// Runs a use case again from its start where it lost a race, a bounded number of times.
    fn until_won<T, E: Failure>(&self, mut run: impl FnMut() -> Result<T, E>) -> Result<T, E> {
        let mut tries = 0;
        loop {
            tries += 1;
            let answer = run();
            match &answer {
                Err(error) if matches!(error.fault(), Some(Fault::LostRace)) && tries < MOST_TRIES => {
                    self.metrics.database.lost_race();
                }
                _ => {
                    self.note_failure(&answer);
                    return answer;
                }
            }
        }
    }

    /// Runs a use case in one transaction, once.
    fn write_once<T, E: Failure>(&self, run: &mut impl FnMut(&mut Tx<'_>) -> Result<T, E>) -> Result<T, E> {
        let _entered = tracing::debug_span!("transaction", kind = "write").entered();
        let (mut kept, ()) = Db::connection_after(&self.writer, |conn| conn.begin("BEGIN", "BEGIN IMMEDIATE"))?;
        let mut tx = Tx::new(&mut kept.conn);
        let answer = run(&mut tx);
        let told = tx.into_told();
        let ended = kept.end(&answer, answer.is_ok());
        let answer = kept.blamed(answer.and_then(|answer| ended.map(|()| answer).map_err(E::from)));
        if answer.is_ok() {
            self.ears.tell(&told);
        }
        self.metrics.database.transaction("write", answer.is_ok());
        answer
    }

    /// Runs statements as they are, for tests and tools.
    pub fn execute_batch(&self, sql: &str) -> Result<(), Fault> {
        Ok(self.connection()?.conn.batch_execute(sql)?)
    }

    pub(super) fn with<T>(&self, run: impl FnOnce(&mut Conn) -> T) -> Result<T, Fault> {
        Ok(run(&mut self.connection()?.conn))
    }

    /// Whether this is PostgreSQL: a server, to which each statement takes a way.
    pub fn is_postgres(&self) -> bool {
        matches!(self.url, DatabaseUrl::Postgres(_))
    }
}

impl Conn {
    /// The connection behind whatever dereferences to one.
    pub(super) fn itself(&mut self) -> &mut Conn {
        self
    }

    pub(super) fn begin(&mut self, postgres: &str, sqlite: &str) -> Result<(), Fault> {
        match self {
            Conn::Postgres(conn) => AnsiTransactionManager::begin_transaction_sql(conn, postgres)?,
            Conn::Sqlite(conn) => AnsiTransactionManager::begin_transaction_sql(conn, sqlite)?,
        }
        Ok(())
    }

    pub(super) fn end(&mut self, commit: bool) -> Result<(), Fault> {
        super::on_backend!(self, |conn| if commit {
            AnsiTransactionManager::commit_transaction(conn)
        } else {
            AnsiTransactionManager::rollback_transaction(conn)
        })?;
        Ok(())
    }

    pub(super) fn batch_execute(&mut self, sql: &str) -> Result<(), Error> {
        super::on_backend!(self, |conn| conn.batch_execute(sql))
    }
}

/// A connection as the pool keeps it. Diesel does not see that a server has gone away, so that is noted here.
pub(super) struct Kept {
    pub conn: Conn,
    broken: bool,
}

impl Kept {
    /// Ends a transaction. Where its use failed in a way that was not foreseen, the connection is looked at before
    /// anybody else gets it.
    fn end<T, E: Failure>(&mut self, answer: &Result<T, E>, commit: bool) -> Result<(), Fault> {
        let ended = self.conn.end(commit);
        self.look_after(answer);
        self.look_after(&ended);
        ended
    }

    /// Looks at the connection after a use that failed in a way that was not foreseen.
    fn look_after<T, E: Failure>(&mut self, answer: &Result<T, E>) {
        let failed = |fault: &Fault| matches!(fault, Fault::Unavailable(_) | Fault::Database(_));
        if !self.broken && answer.as_ref().is_err_and(|error| error.fault().is_some_and(failed)) {
            self.is_alive();
        }
    }

    /// What failed because the server went away says so: it is worth being tried again.
    fn blamed<T, E: Failure>(&self, answer: Result<T, E>) -> Result<T, E> {
        answer.map_err(|error| match error.fault() {
            Some(Fault::Database(cause)) if self.broken => Fault::Unavailable(cause.clone()).into(),
            _ => error,
        })
    }

    /// Asks the server for a sign of life, and notes where there is none.
    pub fn is_alive(&mut self) -> bool {
        self.broken = super::on_backend!(self.conn, |conn| conn.ping()).is_err();
        !self.broken
    }
}

/// Makes connections by the URL's scheme, and sets them up.
pub(super) struct Manager {
    url: DatabaseUrl,
    metrics: Arc<Metrics>,
    statement: Duration,
}

impl ManageConnection for Manager {
    type Connection = Kept;
    type Error = diesel::r2d2::Error;

    fn connect(&self) -> Result<Kept, Self::Error> {
        let mut conn = match &self.url {
            DatabaseUrl::Postgres(url) => {
                let mut conn = PgConnection::establish(url).map_err(diesel::r2d2::Error::ConnectionError)?;
                // A statement with a LIMIT parameter would be planned anew at each run; ours are look-ups by index,
                // whatever their parameters. Compiling a plan takes longer than any of them.
                let setup = format!(
                    "SET plan_cache_mode = force_generic_plan; SET jit = off; SET TIME ZONE 'UTC'; SET statement_timeout = {}",
                    self.statement.as_millis()
                );
                conn.batch_execute(&setup).map_err(diesel::r2d2::Error::QueryError)?;
                Conn::Postgres(conn)
            }
            DatabaseUrl::Sqlite(file) => {
                let mut conn = SqliteConnection::establish(file).map_err(diesel::r2d2::Error::ConnectionError)?;
                super::sqlite::set_up(&mut conn).map_err(diesel::r2d2::Error::QueryError)?;
                conn.set_prepared_statement_cache_size(CacheSize::Unbounded);
                Conn::Sqlite(conn)
            }
        };
        let statements = Statements::new(self.metrics.clone());
        super::on_backend!(conn, |conn| conn.set_instrumentation(statements));
        Ok(Kept { conn, broken: false })
    }

    fn is_valid(&self, kept: &mut Kept) -> Result<(), Self::Error> {
        super::on_backend!(kept.conn, |conn| conn.ping()).map_err(diesel::r2d2::Error::QueryError)
    }

    fn has_broken(&self, kept: &mut Kept) -> bool {
        kept.broken || std::thread::panicking() || super::on_backend!(kept.conn, |conn| conn.is_broken())
    }
}

/// A database that could not be opened: one line for a person.
#[derive(Debug, thiserror::Error)]
#[error("cannot open {url}: {cause}")]
pub struct OpenError {
    url: DatabaseUrl,
    cause: String,
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or("no reason given").trim()
}
