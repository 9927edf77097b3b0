//! What happens, and who hears of it.

use super::Make;
use prometheus::{Error, Histogram, IntCounter, IntGauge};
use std::time::Duration;

/// From a millisecond to ten seconds.
const DURATIONS: &[f64] = &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

pub struct Events {
    stored: IntCounter,
    lag: Histogram,
    /// Those who listen right now.
    pub listeners: IntGauge,
}

impl Events {
    pub(super) fn new(make: &Make<'_>) -> Result<Self, Error> {
        let lag =
            "From when an event was stored, or another server told of it, until it was there for those who listen.";
        Ok(Events {
            stored: make.counter("perennial_events_total", "Events that were stored for those who listen.")?,
            lag: make.histogram("perennial_event_lag_seconds", lag, DURATIONS)?,
            listeners: make.gauge("perennial_listeners", "Streams of events that are heard right now.")?,
        })
    }

    /// Events were stored.
    pub fn stored(&self, events: usize) {
        self.stored.inc_by(u64::try_from(events).unwrap_or_default());
    }

    /// What was new has been read, after so long.
    pub fn read(&self, waited: Duration) {
        self.lag.observe(waited.as_secs_f64());
    }
}
