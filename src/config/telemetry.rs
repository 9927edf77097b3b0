//! What those who run the server want to see of it.

use super::address;
use clap::Args;
use std::net::SocketAddr;
use std::time::Duration;

#[derive(Args)]
pub struct TelemetryArgs {
    /// Where to serve /metrics to Prometheus: an address that strangers do not reach. Left out unless set
    ///
    /// `demo` serves it on a free port of this machine and says where.
    #[arg(long, env = "PERENNIAL_METRICS_LISTEN", value_name = "ADDR:PORT")]
    #[arg(help_heading = "Watching", value_parser = address, hide_env_values = true)]
    pub metrics_listen: Option<SocketAddr>,

    /// Operations that take this long are logged as slow
    #[arg(long, env = "PERENNIAL_SLOW_OPERATION_MS", value_name = "MILLISECONDS", default_value = "1000")]
    #[arg(help_heading = "Watching", hide_env_values = true)]
    slow_operation_ms: u32,

    /// How long to go on serving on shutdown while /readyz says 503 already, so that balancers send no more
    #[arg(long, env = "PERENNIAL_SHUTDOWN_DELAY", value_name = "SECONDS", default_value = "0")]
    #[arg(help_heading = "Watching", value_parser = clap::value_parser!(u16).range(0..=600), hide_env_values = true)]
    shutdown_delay: u16,
}

impl TelemetryArgs {
    pub fn slow_operation(&self) -> Duration {
        Duration::from_millis(self.slow_operation_ms.into())
    }

    pub fn shutdown_delay(&self) -> Duration {
        Duration::from_secs(self.shutdown_delay.into())
    }
}
