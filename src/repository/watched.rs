//! Statements and pools of connections, as they are counted.

use super::db::{Conn, Db, Failure, Fault};
use super::migrations::NotReady;
use crate::telemetry::metrics::Failed;
use crate::telemetry::{Metrics, metrics, tally};
use diesel::connection::{Instrumentation, InstrumentationEvent, get_default_instrumentation};
use diesel::r2d2::{ManageConnection, Pool, PooledConnection};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Sees each statement of one connection.
pub(super) struct Statements {
    metrics: Arc<Metrics>,
    began: Option<Instant>,
    /// Whether the statement at hand begins or ends a transaction.
    is_frame: bool,
    /// Whoever else wants to see them.
    also: Option<Box<dyn Instrumentation>>,
}

impl Statements {
    pub fn new(metrics: Arc<Metrics>) -> Self {
        Statements { metrics, began: None, is_frame: false, also: get_default_instrumentation() }
    }
}

impl Instrumentation for Statements {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        match &event {
            InstrumentationEvent::StartQuery { .. } => self.began = Some(Instant::now()),
            InstrumentationEvent::FinishQuery { .. } => {
                let took = self.began.take().map(|began| began.elapsed());
                if !std::mem::take(&mut self.is_frame)
                    && let Some(took) = took
                {
                    tally::statement(took);
                    self.metrics.database.statement(took);
                }
            }
            InstrumentationEvent::BeginTransaction { .. }
            | InstrumentationEvent::CommitTransaction { .. }
            | InstrumentationEvent::RollbackTransaction { .. } => self.is_frame = true,
            _ => {}
        }
        if let Some(also) = &mut self.also {
            also.on_connection_event(event);
        }
    }
}

/// A pool whose use is counted.
pub(super) struct Watched<M: ManageConnection> {
    pool: Pool<M>,
    seen: metrics::Pool,
}

impl<M: ManageConnection> Clone for Watched<M> {
    fn clone(&self) -> Self {
        Watched { pool: self.pool.clone(), seen: self.seen.clone() }
    }
}

impl<M: ManageConnection> Watched<M> {
    pub fn new(pool: Pool<M>, seen: metrics::Pool) -> Self {
        Watched { pool, seen }
    }

    pub fn max_size(&self) -> u32 {
        self.pool.max_size()
    }

    /// A connection, as soon as one is free.
    pub fn get(&self) -> Result<PooledConnection<M>, Fault> {
        self.get_within(self.pool.connection_timeout())
    }

    /// A connection, if one is free soon.
    pub fn get_within(&self, patience: Duration) -> Result<PooledConnection<M>, Fault> {
        let got = self.seen.wait(|| self.pool.get_timeout(patience));
        got.map_err(|error| Fault::Unavailable(error.to_string()))
    }

    /// Notes how many connections there are now.
    pub fn note_connections(&self) {
        let state = self.pool.state();
        self.seen.connections(state.connections, state.idle_connections);
    }
}

impl Db {
    /// Runs one statement for whoever does not wait for long, and says which part of that failed.
    pub(super) fn read_within<T>(
        &self,
        patience: Duration,
        mut read: impl FnMut(&mut Conn) -> Result<T, Fault>,
    ) -> Result<T, NotReady> {
        for _ in 0..=self.pool.max_size() {
            let mut kept = self.pool.get_within(patience).map_err(NotReady::Pool)?;
            match read(&mut kept.conn) {
                Ok(answer) => return Ok(answer),
                Err(fault) if kept.is_alive() => return Err(NotReady::Database(fault)),
                // It is thrown away; where there is no other one, the pool says so.
                Err(_) => {}
            }
        }
        Err(NotReady::Database(Fault::Unavailable("every connection broke".to_owned())))
    }

    /// Counts what the database did not do; a use case that refuses is no failure.
    pub(super) fn note_failure<T, E: Failure>(&self, answer: &Result<T, E>) {
        let Err(error) = answer else { return };
        match error.fault() {
            Some(Fault::LostRace) => self.metrics.database.failed(Failed::LostRaces),
            Some(Fault::Unavailable(_)) => self.metrics.database.failed(Failed::Unavailable),
            Some(Fault::Database(_) | Fault::TimedOut) => self.metrics.database.failed(Failed::Statement),
            Some(Fault::Outdated) | None => {}
        }
    }

    /// Notes how many connections there are now, for whoever is about to look at what is counted.
    pub fn note_connections(&self) {
        self.pool.note_connections();
        if self.writer.max_size() == 1 {
            self.writer.note_connections();
        }
    }
}
