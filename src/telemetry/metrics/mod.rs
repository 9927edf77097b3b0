//! Counters for Prometheus. One set belongs to one database, and goes wherever that goes.

mod database;
mod events;
mod http;
mod jobs;
mod names;
mod operations;

pub use database::{Database, Failed, Pool};
pub use events::Events;
pub use http::Http;
pub use jobs::{Billing, Collecting, Jobs};
pub use operations::{Operation, Operations};

use prometheus::core::Collector;
use prometheus::{
    Counter, Error, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts,
    Registry, TextEncoder,
};

/// The media type of what [`Metrics::text`] answers.
pub const MEDIA_TYPE: &str = prometheus::TEXT_FORMAT;

/// Everything that is counted.
pub struct Metrics {
    registry: Registry,
    pub operations: Operations,
    pub http: Http,
    pub database: Database,
    pub jobs: Jobs,
    pub billing: Billing,
    pub collecting: Collecting,
    pub events: Events,
}

impl Metrics {
    /// `database` is the kind of database.
    pub fn new(database: &str) -> Result<Metrics, Error> {
        let registry = Registry::new();
        let make = Make(&registry);
        let about = "Always 1: the version of the program, and its database.";
        make.gauges("perennial_build_info", about, &["version", "database"])?
            .with_label_values(&[env!("CARGO_PKG_VERSION"), database])
            .set(1);
        #[cfg(target_os = "linux")]
        registry.register(Box::new(prometheus::process_collector::ProcessCollector::for_self()))?;
        Ok(Metrics {
            operations: Operations::new(&make)?,
            http: Http::new(&make)?,
            database: Database::new(&make)?,
            jobs: Jobs::new(&make)?,
            billing: Billing::new(&make)?,
            collecting: Collecting::new(&make)?,
            events: Events::new(&make)?,
            registry,
        })
    }

    /// All of it, in Prometheus' text format.
    pub fn text(&self) -> Result<String, Error> {
        TextEncoder::new().encode_to_string(&self.registry.gather())
    }
}

/// Makes metrics and registers them.
struct Make<'r>(&'r Registry);

impl Make<'_> {
    fn registered<C: Collector + Clone + 'static>(&self, metric: C) -> Result<C, Error> {
        self.0.register(Box::new(metric.clone()))?;
        Ok(metric)
    }

    fn counter(&self, name: &str, about: &str) -> Result<IntCounter, Error> {
        self.registered(IntCounter::new(name, about)?)
    }

    fn seconds(&self, name: &str, about: &str) -> Result<Counter, Error> {
        self.registered(Counter::new(name, about)?)
    }

    fn counters(&self, name: &str, about: &str, labels: &[&str]) -> Result<IntCounterVec, Error> {
        self.registered(IntCounterVec::new(Opts::new(name, about), labels)?)
    }

    fn gauge(&self, name: &str, about: &str) -> Result<IntGauge, Error> {
        self.registered(IntGauge::new(name, about)?)
    }

    fn gauges(&self, name: &str, about: &str, labels: &[&str]) -> Result<IntGaugeVec, Error> {
        self.registered(IntGaugeVec::new(Opts::new(name, about), labels)?)
    }

    fn histogram(&self, name: &str, about: &str, buckets: &[f64]) -> Result<Histogram, Error> {
        self.registered(Histogram::with_opts(HistogramOpts::new(name, about).buckets(buckets.to_vec()))?)
    }

    fn histograms(&self, name: &str, about: &str, labels: &[&str], buckets: &[f64]) -> Result<HistogramVec, Error> {
        self.registered(HistogramVec::new(HistogramOpts::new(name, about).buckets(buckets.to_vec()), labels)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn labels_are_escaped() {
        let metrics = Metrics::new("sqlite").unwrap();
        metrics.operations.deprecated("a\"b\\c\nd", "key_1");
        let text = metrics.text().unwrap();
        let line = r#"perennial_deprecated_field_uses_total{field="a\"b\\c\nd",key="key_1"} 1"#;
        assert!(text.lines().any(|found| found == line), "{text}");
    }

    #[test]
    fn names_do_not_grow_without_end() {
        let metrics = Metrics::new("sqlite").unwrap();
        for number in 0..10_000 {
            let name = format!("Name{number}");
            let operation = Operation { kind: "query", name: &name, outcome: "OK", took: Duration::ZERO };
            metrics.operations.count(&operation, 1, 0);
            metrics.operations.deprecated("Order.old", &format!("key_{number}"));
        }
        let text = metrics.text().unwrap();
        assert!(text.len() < 2_000_000, "{} bytes", text.len());
        let other = r#"perennial_operations_total{kind="query",name="other",outcome="OK"} 9800"#;
        assert!(text.lines().any(|line| line == other));
        assert!(text.contains(r#"{field="Order.old",key="other"} 9000"#));
    }
}
