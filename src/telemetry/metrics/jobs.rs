//! What is done without a request.

use super::Make;
use prometheus::{Error, GaugeVec, HistogramVec, IntCounter, IntCounterVec, Opts};
use std::time::Duration;

/// From a hundredth of a second to three quarters of an hour.
const DURATIONS: &[f64] = &[0.01, 0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 2_700.0];

/// The jobs of the server, and what `perennial bill` does.
pub struct Jobs {
    runs: IntCounterVec,
    duration: HistogramVec,
    last_success: GaugeVec,
}

impl Jobs {
    pub(super) fn new(make: &Make<'_>) -> Result<Self, Error> {
        let last = "When a job was done last, in seconds since 1970.";
        Ok(Jobs {
            runs: make.counters(
                "perennial_job_runs_total",
                "How often a job was run, and whether it was done.",
                &["job", "outcome"],
            )?,
            duration: make.histograms(
                "perennial_job_duration_seconds",
                "How long a run of a job took.",
                &["job"],
                DURATIONS,
            )?,
            last_success: make.registered(GaugeVec::new(
                Opts::new("perennial_job_last_success_timestamp_seconds", last),
                &["job"],
            )?)?,
        })
    }

    /// Counts a run that is over; `now` is in milliseconds since 1970.
    pub fn ran(&self, job: &str, done: bool, took: Duration, now: i64) {
        self.runs.with_label_values(&[job, if done { "done" } else { "failed" }]).inc();
        self.duration.with_label_values(&[job]).observe(took.as_secs_f64());
        if done {
            let seconds = u64::try_from(now).map(Duration::from_millis).unwrap_or_default();
            self.last_success.with_label_values(&[job]).set(seconds.as_secs_f64());
        }
    }
}

/// The billing run.
pub struct Billing {
    moments: IntCounter,
    invoices: IntCounter,
    held: IntCounter,
    failures: IntCounter,
}

impl Billing {
    pub(super) fn new(make: &Make<'_>) -> Result<Self, Error> {
        let name = |what: &str| format!("perennial_billing_{what}_total");
        Ok(Billing {
            moments: make.counter(&name("moments"), "Periods and ends of subscriptions that were billed.")?,
            invoices: make.counter(&name("invoices"), "Invoices that the billing run made.")?,
            held: make.counter(&name("held"), "Subscriptions that could not be billed and were set aside.")?,
            failures: make.counter(&name("failures"), "Subscriptions that were set aside for a defect.")?,
        })
    }

    /// Periods and ends of subscriptions were billed, which made invoices, and subscriptions were set aside.
    pub fn billed(&self, moments: usize, invoices: usize, held: usize) {
        add(&self.moments, moments);
        add(&self.invoices, invoices);
        add(&self.held, held);
    }

    /// Of those that were set aside, so many were for a defect.
    pub fn failed(&self, held: usize) {
        add(&self.failures, held);
    }
}

fn add(counter: &IntCounter, more: usize) {
    counter.inc_by(u64::try_from(more).unwrap_or_default());
}

/// Collecting.
pub struct Collecting(IntCounterVec);

impl Collecting {
    pub(super) fn new(make: &Make<'_>) -> Result<Self, Error> {
        let about =
            "Invoices that were collected, by outcome: paid, unpaid (charged in vain), reminded, failed or left.";
        Ok(Collecting(make.counters("perennial_collected_invoices_total", about, &["outcome"])?))
    }

    pub fn count(&self, outcome: &'static str) {
        self.0.with_label_values(&[outcome]).inc();
    }
}
