//! Requests and answers.

use super::Make;
use prometheus::{Error, Histogram, IntCounterVec, IntGauge};

const BYTES: &[f64] = &[256.0, 1_024.0, 4_096.0, 16_384.0, 65_536.0, 262_144.0, 1_048_576.0, 4_194_304.0];

pub struct Http {
    requests: IntCounterVec,
    in_flight: IntGauge,
    bytes: Histogram,
}

impl Http {
    pub(super) fn new(make: &Make<'_>) -> Result<Self, Error> {
        Ok(Http {
            requests: make.counters(
                "perennial_http_requests_total",
                "Requests that were answered, by route, method and status.",
                &["route", "method", "status"],
            )?,
            in_flight: make.gauge("perennial_http_requests_in_flight", "Requests that are being answered.")?,
            bytes: make.histogram("perennial_http_response_bytes", "How long the bodies of answers are.", BYTES)?,
        })
    }

    /// A request is being answered, until what this answers is dropped.
    pub fn begun(&self) -> InFlight {
        self.in_flight.inc();
        InFlight(self.in_flight.clone())
    }

    /// Counts an answer; `bytes` is the length of its body, where that is known before it is sent. The route is one of
    /// ours, never what a client wrote.
    pub fn answered(&self, route: &str, method: &'static str, status: u16, bytes: Option<u64>) {
        let mut digits = itoa::Buffer::new();
        self.requests.with_label_values(&[route, method, digits.format(status)]).inc();
        if let Some(bytes) = bytes {
            self.bytes.observe(u32::try_from(bytes).unwrap_or(u32::MAX).into());
        }
    }
}

/// A request that is being answered.
pub struct InFlight(IntGauge);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.dec();
    }
}
