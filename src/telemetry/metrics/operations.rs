//! Operations of GraphQL, whatever carries them.

use super::Make;
use super::names::{Known, OTHER};
use prometheus::{Error, HistogramVec, IntCounter, IntCounterVec};
use std::time::Duration;

/// How many names of operations are told apart: each is a histogram.
const NAMES: usize = 200;
/// A longer name is not told apart.
const LONGEST_NAME: usize = 80;
/// How many pairs of a deprecated field and a key are told apart.
const DEPRECATED: usize = 1_000;

/// From half a millisecond to half a minute.
const DURATIONS: &[f64] = &[0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];
const STATEMENTS: &[f64] = &[0.0, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0];

pub struct Operations {
    total: IntCounterVec,
    duration: HistogramVec,
    statements: HistogramVec,
    rows: IntCounterVec,
    slow: IntCounter,
    deprecated: IntCounterVec,
    names: Known,
    uses: Known,
}

/// One operation that is over.
pub struct Operation<'o> {
    /// query, mutation, subscription, or unknown where it could not be read.
    pub kind: &'static str,
    pub name: &'o str,
    /// OK, USER_ERROR where a mutation refused, or the code of its first error.
    pub outcome: &'o str,
    pub took: Duration,
}

impl Operations {
    pub(super) fn new(make: &Make<'_>) -> Result<Self, Error> {
        Ok(Operations {
            total: make.counters(
                "perennial_operations_total",
                "GraphQL operations by kind, name, and outcome: OK, USER_ERROR, or the code of the first error.",
                &["kind", "name", "outcome"],
            )?,
            duration: make.histograms(
                "perennial_operation_duration_seconds",
                "How long GraphQL operations took, without reading the request and sending the answer.",
                &["kind", "name"],
                DURATIONS,
            )?,
            statements: make.histograms(
                "perennial_operation_statements",
                "SQL statements of a GraphQL operation.",
                &["kind"],
                STATEMENTS,
            )?,
            rows: make.counters("perennial_operation_rows_total", "Rows that GraphQL operations read.", &["kind"])?,
            slow: make.counter("perennial_slow_operations_total", "GraphQL operations that the log calls slow.")?,
            deprecated: make.counters(
                "perennial_deprecated_field_uses_total",
                "Operations that selected a deprecated field, by field and API key.",
                &["field", "key"],
            )?,
            names: Known::new(NAMES),
            uses: Known::new(DEPRECATED),
        })
    }

    /// Counts one that is over.
    pub fn count(&self, operation: &Operation<'_>, statements: u64, rows: u64) {
        let name = if operation.name.len() <= LONGEST_NAME { self.names.or_other(operation.name) } else { OTHER };
        self.total.with_label_values(&[operation.kind, name, operation.outcome]).inc();
        self.duration.with_label_values(&[operation.kind, name]).observe(operation.took.as_secs_f64());
        let statements = u32::try_from(statements).unwrap_or(u32::MAX);
        self.statements.with_label_values(&[operation.kind]).observe(statements.into());
        self.rows.with_label_values(&[operation.kind]).inc_by(rows);
    }

    /// Counts one that was slow.
    pub fn slow(&self) {
        self.slow.inc();
    }

    /// Counts an operation that selected a deprecated field.
    pub fn deprecated(&self, field: &str, key: &str) {
        let key = if self.uses.has(&format!("{field} {key}")) { key } else { OTHER };
        self.deprecated.with_label_values(&[field, key]).inc();
    }
}
