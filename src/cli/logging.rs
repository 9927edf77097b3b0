//! Starts the log, on standard error.

use super::Failure;
use crate::config::LogFormat;
use std::io::{IsTerminal, stderr};
use std::panic::PanicHookInfo;
use tracing_subscriber::EnvFilter;

/// Starts the log for the rest of the program's life. Panics go there as well, as one event with the span of the
/// request that they ended.
pub fn start(filter: &str, format: LogFormat) -> Result<(), Failure> {
    let filter = EnvFilter::try_new(filter).map_err(|cause| Failure::LogFilter(cause.to_string()))?;
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(stderr);
    match format {
        LogFormat::Pretty => log.compact().with_target(false).with_ansi(stderr().is_terminal()).init(),
        LogFormat::Json => log.json().flatten_event(true).with_span_list(false).init(),
    }
    std::panic::set_hook(Box::new(log_panic));
    Ok(())
}

fn log_panic(panic: &PanicHookInfo<'_>) {
    let message = panic.payload_as_str().unwrap_or("no message");
    let location = panic.location().map(ToString::to_string).unwrap_or_default();
    tracing::error!(panic = message, location, "a defect in the program");
}
