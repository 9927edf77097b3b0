//! Why a command did not do what it was asked for: one line for whoever typed it.

use crate::app::operator::OperatorError;
use crate::app::stripe::Unusable;
use crate::demo::DemoError;
use crate::repository::{Fault, MigrateError, OpenError, VersionError};
use std::fmt::Display;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error("the database URL: {0}")]
    Url(String),
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error(transparent)]
    Migrate(#[from] MigrateError),
    #[error(transparent)]
    Version(#[from] VersionError),
    #[error(transparent)]
    Operator(#[from] OperatorError),
    #[error(transparent)]
    Demo(#[from] DemoError),
    #[error("the billing run stopped: {0}")]
    Billing(#[from] Fault),
    #[error("--until lies in the future: what is not due yet is not billed")]
    BillingAhead,
    #[error("{}: {cause}", file.display())]
    Document { file: PathBuf, cause: String },
    #[error("--gateway stripe: {0}.")]
    Stripe(#[from] Unusable),
    #[error("the log filter: {0}")]
    LogFilter(String),
    #[error("port {} of {} is taken. Stop the other program, or choose another port with --listen.", .0.port(), .0.ip())]
    PortTaken(SocketAddr),
    #[error("cannot listen on {address}: {cause}")]
    Listen { address: SocketAddr, cause: io::Error },
    #[error("--otlp-endpoint: {0}")]
    Traces(String),
    #[error("cannot serve metrics on {address}: {cause}")]
    Metrics { address: SocketAddr, cause: io::Error },
    #[error("the server stopped: {0}")]
    Server(io::Error),
    #[error("the result could not be written: {0}")]
    Output(io::Error),
}

impl Failure {
    pub fn url(cause: &impl Display) -> Self {
        Failure::Url(cause.to_string())
    }

    pub fn listen_for_metrics(address: SocketAddr, cause: io::Error) -> Self {
        Failure::Metrics { address, cause }
    }

    pub fn listen(address: SocketAddr, cause: io::Error) -> Self {
        match cause.kind() {
            io::ErrorKind::AddrInUse => Failure::PortTaken(address),
            _ => Failure::Listen { address, cause },
        }
    }
}
