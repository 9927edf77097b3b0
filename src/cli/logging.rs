//! Starts the log, on standard error, and the traces, where they are asked for.

use super::Failure;
use super::json_log::{Fields, Line};
use crate::config::LogFormat;
use crate::telemetry::traces::{self, Traces};
use std::io::{IsTerminal, stderr};
use std::panic::PanicHookInfo;
use tracing::Subscriber;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, fmt, registry};

/// Starts the log for the rest of the program's life. Panics go there as well, as one event with the span of the
/// request that they ended. Traces are sent to `collector`, until what this answers is dropped.
pub fn start(filter: &str, format: LogFormat, collector: Option<&str>) -> Result<Option<Traces>, Failure> {
    let filter = EnvFilter::try_new(filter).map_err(|cause| Failure::LogFilter(cause.to_string()))?;
    let traces = match collector {
        // Whatever the log leaves out is not even looked at.
        None => {
            registry().with(filter).with(log(format)).init();
            None
        }
        Some(collector) => {
            let (layer, traces) = traces::start(collector).map_err(Failure::Traces)?;
            registry().with(log(format).with_filter(filter)).with(layer).init();
            Some(traces)
        }
    };
    std::panic::set_hook(Box::new(log_panic));
    Ok(traces)
}

fn log<S: Subscriber + for<'s> LookupSpan<'s>>(format: LogFormat) -> Box<dyn Layer<S> + Send + Sync> {
    match format {
        LogFormat::Pretty => {
            fmt::layer().compact().with_target(false).with_ansi(stderr().is_terminal()).with_writer(stderr).boxed()
        }
        LogFormat::Json => fmt::layer().fmt_fields(Fields).event_format(Line).with_writer(stderr).boxed(),
    }
}

fn log_panic(panic: &PanicHookInfo<'_>) {
    let message = panic.payload_as_str().unwrap_or("no message");
    let location = panic.location().map(ToString::to_string).unwrap_or_default();
    tracing::error!(panic = message, location, "a defect in the program");
}
