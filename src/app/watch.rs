//! What those who run the program ask it.

use super::App;
use crate::repository::NotReady;
use crate::telemetry::Metrics;
use std::time::{Duration, Instant};

impl App {
    /// What is counted.
    pub fn metrics(&self) -> &Metrics {
        &self.db.metrics
    }

    /// Everything that is counted, in Prometheus' text format; none where it cannot be written.
    pub fn metrics_text(&self) -> Option<String> {
        self.db.note_connections();
        self.metrics().text().inspect_err(|cause| tracing::error!(%cause, "the metrics could not be written")).ok()
    }

    /// Whether requests can be answered; where they cannot, the name of what is missing.
    pub fn ready(&self, patience: Duration) -> Result<(), &'static str> {
        self.db.ready(patience).map_err(|cause: NotReady| {
            tracing::warn!(%cause, "not ready");
            cause.name()
        })
    }

    /// Runs a job and counts that it was run.
    pub fn job<T, E>(&self, name: &str, job: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        let began = Instant::now();
        let done = job();
        self.metrics().jobs.ran(name, done.is_ok(), began.elapsed(), self.ambient.now().timestamp_millis());
        done
    }
}
