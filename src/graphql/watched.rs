//! What an operation was, for those who run the server: counted, and noted in the span that it runs in. Whatever carries
//! operations gives them a span with the fields that are recorded here, as far as it wants to have them.

use crate::app::Viewer;
use crate::telemetry::metrics::Operation;
use crate::telemetry::tally::{self, Tally};
use crate::telemetry::{Metrics, hex, traces};
use async_graphql::parser::parse_query;
use async_graphql::parser::types::{ExecutableDocument, OperationDefinition, OperationType};
use async_graphql::{Name, Response, Value};
use sha2::{Digest, Sha256};
use std::collections::HashSet;
use std::time::{Duration, Instant};
use tracing::Span;

/// Names are logged up to here.
const LOGGED_NAME: usize = 100;

/// An operation under way.
pub struct Watched<'m> {
    metrics: &'m Metrics,
    slow: Duration,
    key: String,
    began: Instant,
    before: Tally,
    text: String,
    asked_for: Option<String>,
    kind: &'static str,
    name: String,
    ended: bool,
}

impl<'m> Watched<'m> {
    /// One that begins on this thread, and will end on it. What takes longer than `slow` is logged.
    pub fn begin(metrics: &'m Metrics, slow: Duration, request: &async_graphql::Request, viewer: &Viewer) -> Self {
        // What was left behind by whoever panicked on this thread.
        tally::take();
        Watched {
            metrics,
            slow,
            key: viewer.key_id.to_string(),
            began: Instant::now(),
            before: Tally::so_far(),
            text: request.query.clone(),
            asked_for: request.operation_name.clone(),
            kind: "unknown",
            name: String::new(),
            ended: false,
        }
    }

    /// What stands in the document.
    pub fn saw(&mut self, document: &ExecutableDocument) {
        let Some((name, operation)) = chosen(document, self.asked_for.as_deref()) else { return };
        self.kind = match operation.ty {
            OperationType::Query => "query",
            OperationType::Mutation => "mutation",
            OperationType::Subscription => "subscription",
        };
        self.name = name.unwrap_or_default().chars().take(LOGGED_NAME).collect();
        if traces::are_sent() {
            traces::rename(&Span::current(), format!("{} {}", self.kind, self.name).trim_end().to_owned());
        }
    }

    /// It was no operation after all: nothing is counted.
    pub fn forget(mut self) {
        self.ended = true;
    }

    /// It is over.
    pub fn end(mut self, response: &Response) {
        let (refusals, _) = self.finish(response.errors.first().map(|error| code(error).to_owned()));
        let mut codes: Vec<&str> = response.errors.iter().map(code).chain(refusals).collect();
        codes.sort_unstable();
        codes.dedup();
        if !codes.is_empty() {
            Span::current().record("codes", codes.join(","));
        }
        if !response.errors.is_empty() && traces::are_sent() {
            Span::current().record("otel.status_code", "ERROR");
        }
    }

    fn finish(&mut self, error: Option<String>) -> (Vec<&'static str>, Tally) {
        self.ended = true;
        let (took, tally) = (self.began.elapsed(), Tally::so_far() - self.before);
        let (refusals, deprecated) = tally::take();
        let outcome = match &error {
            Some(code) => code,
            None if refusals.is_empty() => "OK",
            None => "USER_ERROR",
        };
        let name = if self.name.is_empty() { "anonymous" } else { &self.name };
        let operation = Operation { kind: self.kind, name, outcome, took };
        self.metrics.operations.count(&operation, tally.statements, tally.rows);
        // An operation that selects a field in several places uses it once.
        for used in deprecated.into_iter().collect::<HashSet<_>>() {
            self.metrics.operations.deprecated(&format!("{}.{}", used.on, used.field), &self.key);
        }
        // Before that is recorded, so that it is not said twice.
        if took >= self.slow {
            self.metrics.operations.slow();
            tracing::warn!(
                kind = self.kind,
                operation = &*self.name,
                sha256 = hex(&Sha256::digest(self.text.as_bytes())),
                variables = self.variables().join(","),
                statements = tally.statements,
                operation_us = micros(took),
                "a slow operation"
            );
        }
        tracing::record_all!(
            Span::current(),
            kind = self.kind,
            operation = &*self.name,
            statements = tally.statements,
            database_us = micros(tally.database),
            rows_read = tally.rows,
        );
        (refusals, tally)
    }

    /// The names of the operation's variables. Their values may be anything.
    fn variables(&self) -> Vec<String> {
        let Ok(document) = parse_query(&self.text) else { return Vec::new() };
        let Some((_, operation)) = chosen(&document, self.asked_for.as_deref()) else { return Vec::new() };
        operation.variable_definitions.iter().map(|definition| definition.node.name.node.to_string()).collect()
    }
}

impl Drop for Watched<'_> {
    /// It panicked.
    fn drop(&mut self) {
        if !self.ended {
            self.finish(Some("INTERNAL_SERVER_ERROR".to_owned()));
        }
    }
}

/// The operation that is meant, with its name.
fn chosen<'d>(
    document: &'d ExecutableDocument,
    asked_for: Option<&str>,
) -> Option<(Option<&'d str>, &'d OperationDefinition)> {
    let mut operations = document
        .operations
        .iter()
        .filter(|(name, _)| asked_for.is_none_or(|asked_for| name.is_some_and(|name| name == asked_for)));
    let (name, operation) = operations.next()?;
    operations.next().is_none().then_some((name.map(Name::as_str), &operation.node))
}

fn code(error: &async_graphql::ServerError) -> &str {
    match error.extensions.as_ref().and_then(|extensions| extensions.get("code")) {
        Some(Value::String(code)) => code,
        _ => "UNKNOWN",
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
