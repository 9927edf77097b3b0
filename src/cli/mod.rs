//! The commands. Each opens what it needs, does its one thing, and says what it did. Results go to standard output,
//! everything else to standard error.

mod billing;
mod documents;
mod failure;
mod json_log;
mod keys;
mod logging;
mod server;

pub use failure::Failure;

use crate::app::App;
use crate::app::stripe::{Settings, Stripe};
use crate::config::{Command, Config, GatewayArgs, ServerArgs};
use crate::domain::gateway::Gateway;
use crate::graphql::schema_sdl;
use crate::repository::{DatabaseUrl, Db, event};
use std::io::Write;
use std::sync::Arc;

/// Connections that a command needs which does one thing after the other.
const FEW: u32 = 2;

/// Does what the command line asks for.
pub fn run(config: Config) -> Result<(), Failure> {
    // What is left of the traces is sent at the end.
    let _traces = logging::start(config.log(), config.log_format, config.collector())?;
    match &config.command {
        Command::Serve { server: args, gateway, migrate } => {
            // To bring tables up to date takes as long as it takes: the limits are for those who are served.
            server::make_ready(&open(&config, FEW)?, *migrate)?;
            server::serve(open_to_serve(&config, args)?, args, gateway)
        }
        Command::Demo(args) => server::demo(open_to_serve(&config, args)?, args),
        Command::Bill { until, tenant, gateway } => {
            billing::bill(&charging(open_current(&config)?, gateway)?, *until, *tenant)
        }
        Command::Migrate => {
            let applied = migrate(&open(&config, FEW)?)?;
            if applied.is_empty() {
                return print("The tables are up to date already.");
            }
            applied.iter().try_for_each(|name| print(&format!("Applied {name}")))
        }
        Command::Tenant(command) => keys::tenant(&open_current(&config)?, command),
        Command::Key(command) => keys::key(&open_current(&config)?, command),
        Command::Documents(command) => documents::documents(&open_current(&config)?, command),
        Command::Schema => print(schema_sdl().trim_end()),
    }
}

fn open(config: &Config, pool_size: u32) -> Result<Db, Failure> {
    Ok(Db::open(&url(config)?, pool_size)?)
}

/// Opens the database for those who may take only so much of it.
fn open_to_serve(config: &Config, args: &ServerArgs) -> Result<Db, Failure> {
    Ok(Db::open_within(&url(config)?, args.pool_size(), args.query_limits().reading)?)
}

fn url(config: &Config) -> Result<DatabaseUrl, Failure> {
    config.database_url().parse().map_err(|cause| Failure::url(&cause))
}

/// Opens a database whose tables are those of this program, for what hands out no links.
fn open_current(config: &Config) -> Result<App, Failure> {
    let db = open(config, FEW)?;
    prepare(&db)?;
    Ok(App::new(db, String::new()))
}

/// The program with the gateway that is asked for.
fn charging(app: App, args: &GatewayArgs) -> Result<App, Failure> {
    match args.name {
        Gateway::Test => Ok(app),
        Gateway::Stripe => {
            let [secret_key, webhook_secret] = args.stripe_secrets();
            let settings = Settings { url: args.stripe_url.clone(), secret_key, webhook_secret };
            let stripe = Stripe::new(settings, app.ambient.clone())?;
            Ok(app.charging_by(Arc::new(stripe)))
        }
    }
}

/// Makes the tables of a database that has none yet. Older ones are left to `perennial migrate`, which is to be run when
/// the time is right for it.
fn prepare(db: &Db) -> Result<(), Failure> {
    db.migrate_if_new()?;
    db.check_version()?;
    Ok(db.write(event::continue_positions)?)
}

/// Brings the tables up to date and answers what that took. Tables of a later program are left alone and refused.
fn migrate(db: &Db) -> Result<Vec<String>, Failure> {
    let applied = db.migrate()?;
    db.check_version()?;
    db.write(event::continue_positions)?;
    Ok(applied)
}

/// One line on standard output. A reader that has seen enough, such as `head`, is no failure.
fn print(line: &str) -> Result<(), Failure> {
    match writeln!(std::io::stdout().lock(), "{line}") {
        Err(cause) if cause.kind() != std::io::ErrorKind::BrokenPipe => Err(Failure::Output(cause)),
        _ => Ok(()),
    }
}
