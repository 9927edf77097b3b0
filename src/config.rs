//! Every setting: its flag, its environment variable, its default. Nothing else reads the environment.

mod keys;
mod live;
mod telemetry;

pub use keys::{DocumentsCommand, KeyCommand, TenantCommand};
pub use live::LiveArgs;
pub use telemetry::TelemetryArgs;

use crate::domain::gateway::Gateway;
use crate::domain::tenant::Tenant;
use crate::domain::{Choice, Id, Instant};
use crate::http::playground::Playground;
use crate::http::{Draining, HttpSettings, Introspection, QueryLimits};
use clap::builder::FalseyValueParser;
use clap::{Args, Parser, Subcommand, ValueEnum};
use limits::LimitArgs;
use std::net::{SocketAddr, ToSocketAddrs};
use std::num::NonZeroUsize;
use std::time::Duration;
use uuid::Uuid;

/// The database of every command but `demo`.
const DATABASE: &str = "sqlite://perennial.db";
/// The database of `demo`, apart from the real one.
const DEMO_DATABASE: &str = "sqlite://perennial-demo.db";
/// What is logged unless something else is asked for: every request, and what goes wrong.
const LOG: &str = "info,actix_server=warn";
/// `demo` shows its address and its key on the same terminal, so it logs trouble only.
const DEMO_LOG: &str = "warn";

const EXAMPLES: &str = "\
Examples:
  perennial demo                                  look around, with data to look at
  perennial migrate                               make the tables, or bring them up to date
  perennial tenant create \"Lease & Co\"            the first tenant, with its first API key
  perennial serve --listen 0.0.0.0:8080           serve the API at /graphql
  perennial bill                                  bill everything that fell due
  perennial schema > schema.graphql               the schema, for code generators

PostgreSQL:
  export DATABASE_URL='postgres://perennial:secret@db.internal/perennial?sslmode=require'
  perennial migrate && perennial serve";

/// A GraphQL backend for companies that sell or rent on subscription.
///
/// Orders, assets, subscriptions, invoices and the payments that keep them going, for many tenants, in one program
/// with one database: SQLite out of the box, PostgreSQL for production. Every flag that names an environment variable
/// can be set there instead; the flag wins.
#[derive(Parser)]
#[command(name = "perennial", version, after_help = EXAMPLES, propagate_version = true, max_term_width = 100)]
pub struct Config {
    /// The database: sqlite://FILE or postgres://USER:PASSWORD@HOST:PORT/NAME?sslmode=MODE
    ///
    /// Default: sqlite://perennial.db, and for `demo` sqlite://perennial-demo.db. `sslmode` is one of disable, prefer,
    /// require, verify-ca and verify-full.
    #[arg(long, env = "DATABASE_URL", value_name = "URL", global = true, hide_env_values = true)]
    #[arg(help_heading = "Options for every command")]
    database_url: Option<String>,

    /// What to log to standard error: a level, or a list such as info,perennial::http=debug
    ///
    /// The levels are error, warn, info, debug, trace and off. Default: info, and for `demo` warn.
    #[arg(long, env = "RUST_LOG", value_name = "FILTER", global = true, hide_env_values = true)]
    #[arg(help_heading = "Options for every command")]
    log: Option<String>,

    /// How to write the log: for people or for machines
    #[arg(long, env = "PERENNIAL_LOG_FORMAT", value_name = "FORMAT", global = true, default_value = "pretty")]
    #[arg(help_heading = "Options for every command", value_enum, hide_env_values = true)]
    pub log_format: LogFormat,

    /// Where to send traces: the address of a collector that speaks OTLP over HTTP, such as http://localhost:4318
    ///
    /// Left out unless set. OTEL_TRACES_SAMPLER, OTEL_RESOURCE_ATTRIBUTES and OTEL_EXPORTER_OTLP_HEADERS count as usual.
    #[arg(long, env = "OTEL_EXPORTER_OTLP_ENDPOINT", value_name = "URL", global = true, value_parser = public_url)]
    #[arg(help_heading = "Options for every command", hide_env_values = true)]
    otlp_endpoint: Option<String>,

    #[command(subcommand)]
    pub command: Command,
}

impl Config {
    /// The address of the database, not yet read: it may hold a password, so it belongs into no message.
    pub fn database_url(&self) -> &str {
        let default = if self.is_demo() { DEMO_DATABASE } else { DATABASE };
        self.database_url.as_deref().unwrap_or(default)
    }

    /// What to log.
    pub fn log(&self) -> &str {
        let default = if self.is_demo() { DEMO_LOG } else { LOG };
        self.log.as_deref().filter(|filter| !filter.is_empty()).unwrap_or(default)
    }

    /// Where to send traces.
    pub fn collector(&self) -> Option<&str> {
        self.otlp_endpoint.as_deref()
    }

    fn is_demo(&self) -> bool {
        matches!(self.command, Command::Demo(_))
    }
}

/// The form of the log.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum LogFormat {
    /// One line an event, in colour on a terminal
    Pretty,
    /// One JSON object an event
    Json,
}

#[derive(Subcommand)]
pub enum Command {
    /// Serve the API at /graphql, with /healthz and /readyz beside it
    ///
    /// Makes the tables of a database that is new. Refuses to start on one whose tables are older or newer than this
    /// program. SIGTERM and SIGINT let the requests under way finish; a second one ends at once.
    Serve {
        #[command(flatten)]
        server: ServerArgs,

        #[command(flatten)]
        gateway: GatewayArgs,

        /// Bring older tables up to date before serving
        #[arg(long, env = "PERENNIAL_MIGRATE", hide_env_values = true, value_parser = FalseyValueParser::new())]
        #[arg(help_heading = "Server")]
        migrate: bool,
    },
    /// Serve a database of its own that is filled with a demo tenant, and say how to try it
    ///
    /// Makes the tables, fills them once, and makes a new API key each time it is started.
    Demo(ServerArgs),
    /// Bill everything that fell due, and collect what is due of invoices
    ///
    /// Any number of these may run at once, also beside servers: nothing is billed twice, and what was interrupted is
    /// billed by the next run.
    Bill {
        /// Bill only what fell due until this moment. Default: now
        #[arg(long, value_name = "RFC3339")]
        until: Option<Instant>,

        /// Bill this tenant only
        #[arg(long, value_name = "TENANT_ID")]
        tenant: Option<Id<Tenant>>,

        #[command(flatten)]
        gateway: GatewayArgs,
    },
    /// Make the tables, or bring them up to date
    Migrate,
    /// Make tenants
    #[command(subcommand)]
    Tenant(TenantCommand),
    /// Make, replace, list and revoke the API keys of a tenant
    #[command(subcommand)]
    Key(KeyCommand),
    /// Register GraphQL documents of a tenant, so that requests can name them and keys can be kept to them
    #[command(subcommand)]
    Documents(DocumentsCommand),
    /// Print the GraphQL schema
    Schema,
}

#[derive(Args)]
pub struct ServerArgs {
    /// Where to listen
    #[arg(long, env = "PERENNIAL_LISTEN", value_name = "ADDR:PORT", default_value = "127.0.0.1:8080")]
    #[arg(help_heading = "Server", value_parser = address, hide_env_values = true)]
    pub listen: SocketAddr,

    /// Where customers reach this server: links that are handed out begin with it
    ///
    /// Default: http:// and the address to listen on. Set it where the server stands behind a proxy, or listens on every
    /// address.
    #[arg(long, env = "PERENNIAL_PUBLIC_URL", value_name = "URL", value_parser = public_url)]
    #[arg(help_heading = "Server", hide_env_values = true)]
    public_url: Option<String>,

    /// Threads that serve connections [default: one a core]
    #[arg(long, env = "PERENNIAL_WORKERS", value_name = "COUNT", value_parser = clap::value_parser!(u16).range(1..=1024))]
    #[arg(help_heading = "Server", hide_env_values = true)]
    workers: Option<u16>,

    /// The most connections to the database: a few for each core that either side has
    #[arg(long, env = "PERENNIAL_POOL_SIZE", value_name = "COUNT", value_parser = clap::value_parser!(u16).range(1..=1024))]
    #[arg(help_heading = "Server", default_value = "8", hide_env_values = true)]
    pool_size: u16,

    /// Leave out the page at / on which queries can be tried
    #[arg(long, env = "PERENNIAL_NO_PLAYGROUND", help_heading = "Server", hide_env_values = true)]
    #[arg(value_parser = FalseyValueParser::new())]
    no_playground: bool,

    /// Who may ask for the GraphQL schema: off for nobody, on for whoever has an API key, open for anybody
    ///
    /// Default: on, and for `demo` open.
    #[arg(long, env = "PERENNIAL_INTROSPECTION", value_name = "WHO", value_parser = introspection)]
    #[arg(help_heading = "Server", hide_env_values = true)]
    introspection: Option<Introspection>,

    /// Leave billing and collecting to `perennial bill`, or to other servers
    #[arg(long, env = "PERENNIAL_NO_BILLING", help_heading = "Server", hide_env_values = true)]
    #[arg(value_parser = FalseyValueParser::new())]
    pub no_billing: bool,

    /// How long requests under way may still take on shutdown
    #[arg(long, env = "PERENNIAL_SHUTDOWN_TIMEOUT", value_name = "SECONDS", default_value = "30")]
    #[arg(help_heading = "Server", value_parser = clap::value_parser!(u16).range(1..=3600), hide_env_values = true)]
    shutdown_timeout: u16,

    #[command(flatten)]
    limits: LimitArgs,

    #[command(flatten)]
    pub telemetry: TelemetryArgs,

    #[command(flatten)]
    listeners: LiveArgs,
}

#[derive(Args)]
pub struct GatewayArgs {
    /// Who moves the money of live tenants: test or stripe. Test moves none
    ///
    /// For stripe the environment must hold STRIPE_SECRET_KEY and STRIPE_WEBHOOK_SECRET. They have no flags, as others on
    /// the same machine could read those. The money of tenants for trying out is never moved.
    #[arg(long = "gateway", env = "PERENNIAL_GATEWAY", value_name = "GATEWAY", value_parser = gateway)]
    #[arg(help_heading = "Payments", default_value = "test", hide_env_values = true)]
    pub name: Gateway,

    /// Where Stripe is
    #[arg(long, env = "PERENNIAL_STRIPE_URL", value_name = "URL", value_parser = public_url)]
    #[arg(help_heading = "Payments", default_value = "https://api.stripe.com", hide_env_values = true)]
    pub stripe_url: String,
}

impl GatewayArgs {
    /// What only the environment says. Empty where it does not.
    pub fn stripe_secrets(&self) -> [String; 2] {
        ["STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET"].map(|name| std::env::var(name).unwrap_or_default())
    }
}

impl ServerArgs {
    /// Where customers reach this server, without a slash at the end.
    pub fn public_url(&self) -> String {
        self.public_url.clone().unwrap_or_else(|| format!("http://{}", self.listen))
    }

    /// Who may ask for the schema, where `default` may unless something else is said.
    pub fn introspection(&self, default: Introspection) -> Introspection {
        self.introspection.unwrap_or(default)
    }

    /// The most connections to the database.
    pub fn pool_size(&self) -> u32 {
        self.pool_size.into()
    }

    /// What requests may ask for.
    pub fn query_limits(&self) -> QueryLimits {
        self.limits.query()
    }

    /// The settings of the server. `playground` is what the page at / knows, if there is to be one.
    pub fn http(&self, playground: Playground, new_request_id: fn() -> Uuid) -> HttpSettings {
        let cores = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        HttpSettings {
            listen: self.listen,
            workers: self.workers.map_or(cores.get(), usize::from),
            blocking_threads: self.pool_size.into(),
            limits: self.limits.http(),
            shutdown_timeout: Duration::from_secs(self.shutdown_timeout.into()),
            playground: (!self.no_playground).then_some(playground),
            new_request_id,
            draining: Draining::default(),
            live: self.listeners.live(),
            origins: self.listeners.origins(&self.public_url()),
        }
    }
}

/// An address with a port; a name is looked up.
fn address(text: &str) -> Result<SocketAddr, String> {
    if let Ok(address) = text.parse() {
        return Ok(address);
    }
    let mut found = text.to_socket_addrs().map_err(|_| "an address and a port are needed, such as 0.0.0.0:8080")?;
    found.next().ok_or_else(|| "this name has no address".to_owned())
}

/// The address of a site, or of a folder of one, without slashes at its end.
fn public_url(text: &str) -> Result<String, &'static str> {
    const MESSAGE: &str = "an address such as https://billing.example.com is needed";
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).ok_or(MESSAGE)?;
    let host = rest.split('/').next().unwrap_or_default();
    let is_wrong = |letter: char| !letter.is_ascii_graphic() || "?#@\\\"<>".contains(letter);
    if host.is_empty() || host.starts_with(':') || rest.contains(is_wrong) {
        return Err(MESSAGE);
    }
    Ok(text.trim_end_matches('/').to_owned())
}

fn introspection(text: &str) -> Result<Introspection, &'static str> {
    match text.to_ascii_lowercase().as_str() {
        "off" => Ok(Introspection::Off),
        "on" => Ok(Introspection::Keys),
        "open" => Ok(Introspection::Anybody),
        _ => Err("it is one of off, on and open"),
    }
}

fn gateway(text: &str) -> Result<Gateway, String> {
    Gateway::from_name(&text.to_ascii_uppercase()).ok_or_else(|| "it is one of test and stripe".to_owned())
}

mod limits;
#[cfg(test)]
mod tests;
