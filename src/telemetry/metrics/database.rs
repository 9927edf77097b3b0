//! Connections, transactions and statements.

use super::Make;
use prometheus::{Counter, Error, Histogram, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec};
use std::time::{Duration, Instant};

const WAITS: &[f64] = &[0.0001, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0];

pub struct Database {
    statements: IntCounter,
    statement_seconds: Counter,
    transactions: IntCounterVec,
    failures: IntCounterVec,
    lost_races: IntCounter,
    connections: IntGaugeVec,
    waiting: IntGaugeVec,
    waits: HistogramVec,
    timeouts: IntCounterVec,
}

/// What failed in the database.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Failed {
    /// There was no connection, or it broke.
    Unavailable,
    /// A statement failed for a reason that was not foreseen.
    Statement,
    /// Somebody else was faster, however often it was tried.
    LostRaces,
}

/// One pool of connections.
#[derive(Clone)]
pub struct Pool {
    waiting: IntGauge,
    waits: Histogram,
    timeouts: IntCounter,
    idle: IntGauge,
    busy: IntGauge,
}

impl Database {
    pub(super) fn new(make: &Make<'_>) -> Result<Self, Error> {
        Ok(Database {
            statements: make.counter(
                "perennial_database_statements_total",
                "SQL statements, without those that begin and end transactions.",
            )?,
            statement_seconds: make.seconds("perennial_database_statement_seconds_total", "Time in SQL statements.")?,
            transactions: make.counters(
                "perennial_database_transactions_total",
                "Transactions that were read or write, and were committed or rolled back.",
                &["kind", "outcome"],
            )?,
            failures: make.counters(
                "perennial_database_failures_total",
                "What the database did not do, by cause: unavailable, statement or lost_races.",
                &["cause"],
            )?,
            lost_races: make.counter(
                "perennial_database_lost_races_total",
                "Transactions that were run again because somebody else was faster.",
            )?,
            connections: make.gauges(
                "perennial_database_connections",
                "Connections to the database, idle or busy.",
                &["pool", "state"],
            )?,
            waiting: make.gauges(
                "perennial_database_pool_waiting",
                "Who waits for a connection to the database.",
                &["pool"],
            )?,
            waits: make.histograms(
                "perennial_database_pool_wait_seconds",
                "How long a connection to the database was waited for.",
                &["pool"],
                WAITS,
            )?,
            timeouts: make.counters(
                "perennial_database_pool_timeouts_total",
                "Who waited for a connection to the database in vain.",
                &["pool"],
            )?,
        })
    }

    /// The metrics of a pool.
    pub fn pool(&self, name: &'static str) -> Pool {
        Pool {
            waiting: self.waiting.with_label_values(&[name]),
            waits: self.waits.with_label_values(&[name]),
            timeouts: self.timeouts.with_label_values(&[name]),
            idle: self.connections.with_label_values(&[name, "idle"]),
            busy: self.connections.with_label_values(&[name, "busy"]),
        }
    }

    pub fn statement(&self, took: Duration) {
        self.statements.inc();
        self.statement_seconds.inc_by(took.as_secs_f64());
    }

    /// A transaction is run again because somebody else was faster.
    pub fn lost_race(&self) {
        self.lost_races.inc();
    }

    pub fn transaction(&self, kind: &'static str, committed: bool) {
        let outcome = if committed { "committed" } else { "rolled_back" };
        self.transactions.with_label_values(&[kind, outcome]).inc();
    }

    pub fn failed(&self, failed: Failed) {
        let cause = match failed {
            Failed::Unavailable => "unavailable",
            Failed::Statement => "statement",
            Failed::LostRaces => "lost_races",
        };
        self.failures.with_label_values(&[cause]).inc();
    }
}

impl Pool {
    /// Waits for a connection, and counts how long that takes and whether it is in vain.
    pub fn wait<T, E>(&self, get: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        self.waiting.inc();
        let began = Instant::now();
        let got = get();
        self.waiting.dec();
        self.waits.observe(began.elapsed().as_secs_f64());
        if got.is_err() {
            self.timeouts.inc();
        }
        got
    }

    /// How many connections there are now.
    pub fn connections(&self, all: u32, idle: u32) {
        self.idle.set(idle.into());
        self.busy.set(all.saturating_sub(idle).into());
    }
}
