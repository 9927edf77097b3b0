//! What those who run the program see of it. Every layer may count here, and nothing here knows any of them.

pub mod metrics;
pub mod tally;
pub mod traces;

pub use metrics::Metrics;

/// Bytes as hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
