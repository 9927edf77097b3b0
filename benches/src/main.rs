//! Measures Perennial: makes data, serves it in two ways, loads both, and writes down what that took.

mod baseline;
mod billing;
mod generate;
mod load;
mod peers;
mod random;
mod report;
mod soak;
mod statements;

use clap::{Args, Parser, Subcommand};
use load::Plan;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

// The program's own allocator, so that both servers have the same one.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

pub type Failure = Box<dyn std::error::Error + Send + Sync>;

#[derive(Parser)]
#[command(version, about = "Measures Perennial against the same API written the obvious way.")]
struct Config {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Fill a new database with five tenants, and print a key of each
    Generate {
        #[arg(long, env = "DATABASE_URL")]
        database_url: String,
        /// The share of the whole data to make
        #[arg(long, default_value_t = 1.0)]
        scale: f64,
    },
    /// Serve the measured queries written the obvious way
    Baseline {
        #[arg(long, env = "DATABASE_URL")]
        database_url: String,
        #[arg(long, default_value = "127.0.0.1:8081")]
        listen: SocketAddr,
        /// Let DataLoader gather for a millisecond, as it does by default; otherwise for as short as it can
        #[arg(long)]
        default_delay: bool,
    },
    /// Serve as `perennial serve` does
    Ours {
        #[arg(long, env = "DATABASE_URL")]
        database_url: String,
        #[arg(long, default_value = "127.0.0.1:8080")]
        listen: SocketAddr,
    },
    /// Bill as `perennial bill` does
    Bill {
        #[arg(long, env = "DATABASE_URL")]
        database_url: String,
        #[arg(long)]
        tenant: String,
    },
    /// Measure the billing run, on tenants that are made for it
    Billing {
        #[arg(long, env = "DATABASE_URL")]
        database_url: String,
        /// How many subscriptions are due
        #[arg(long, default_value_t = 100_000)]
        count: u64,
    },
    /// Read and write for long while the database breaks in every way, and check that nothing is wrong or lost
    Soak {
        /// The database, of its own and thrown away: postgres (its programs must be installed) or sqlite
        #[arg(value_enum)]
        database: soak::Kind,
        #[arg(long, default_value_t = 10.0)]
        minutes: f64,
        /// How many write, and as many read
        #[arg(long, default_value_t = 6)]
        clients: usize,
    },
    /// Measure both on a database that is filled
    Load(LoadArgs),
    /// Fill the database if it is empty, measure both, and count statements
    All(LoadArgs),
    /// Measure beside PostGraphile and a server for Node, over one PostgreSQL database, which is filled if it is empty
    Peers(PeersArgs),
}

#[derive(Args)]
struct PeersArgs {
    #[arg(long, env = "DATABASE_URL")]
    database_url: String,
    /// A SQLite database with which Perennial is measured as well; it is filled if it is empty
    #[arg(long)]
    sqlite_url: Option<String>,
    /// How long each run lasts
    #[arg(long, default_value_t = 2.0)]
    seconds: f64,
    /// How often the servers take turns
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    #[arg(long, value_delimiter = ',', default_value = "1,8")]
    connections: Vec<usize>,
    /// How many mutations each run has; 0 leaves them out
    #[arg(long, default_value_t = 200)]
    mutations: usize,
}

impl PeersArgs {
    fn plan(self) -> peers::Plan {
        peers::Plan {
            url: self.database_url,
            sqlite: self.sqlite_url,
            seconds: self.seconds,
            rounds: self.rounds.max(1),
            connections: self.connections,
            mutations: self.mutations,
        }
    }
}

#[derive(Args)]
struct LoadArgs {
    #[arg(long, env = "DATABASE_URL")]
    database_url: String,
    /// How long each run lasts
    #[arg(long, default_value_t = 3.0)]
    seconds: f64,
    /// How often the two servers take turns
    #[arg(long, default_value_t = 2)]
    rounds: usize,
    #[arg(long, value_delimiter = ',', default_value = "1,8,32")]
    connections: Vec<usize>,
    /// How many mutations each run has; 0 leaves them out
    #[arg(long, default_value_t = 1_000)]
    mutations: usize,
    /// Let the baseline's DataLoader gather for a millisecond, as it does by default
    #[arg(long)]
    default_delay: bool,
}

impl LoadArgs {
    fn plan(self) -> Plan {
        Plan {
            url: self.database_url,
            seconds: self.seconds,
            rounds: self.rounds.max(1),
            connections: self.connections,
            mutations: self.mutations,
            default_delay: self.default_delay,
        }
    }
}

fn main() -> ExitCode {
    match run(Config::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Generate { database_url, scale } => generate::generate(&database_url, scale),
        Command::Baseline { database_url, listen, default_delay } => {
            baseline::serve(&database_url, listen, (!default_delay).then_some(Duration::ZERO))
        }
        Command::Ours { database_url, listen } => {
            let listen = listen.to_string();
            let arguments = ["perennial", "serve", "--database-url", &database_url, "--listen", &listen];
            // One key asks for as much as it can.
            let arguments = arguments.iter().chain(&["--cost-bucket", "0"]);
            Ok(perennial::cli::run(perennial::config::Config::try_parse_from(arguments)?)?)
        }
        Command::Bill { database_url, tenant } => {
            let arguments = ["perennial", "bill", "--database-url", &database_url, "--tenant", &tenant];
            Ok(perennial::cli::run(perennial::config::Config::try_parse_from(arguments)?)?)
        }
        Command::Billing { database_url, count } => billing::measure(&database_url, count),
        Command::Soak { database, minutes, clients } => {
            soak::soak(database, Duration::from_secs_f64(minutes * 60.0), clients)
        }
        Command::Load(args) => {
            println!("{}", load::load(&args.plan())?);
            Ok(())
        }
        Command::Peers(args) => {
            println!("{}", peers::compare(&args.plan())?);
            Ok(())
        }
        Command::All(args) => {
            let plan = args.plan();
            if !generate::is_filled(&generate::open(&plan.url, 1)?) {
                generate::generate(&plan.url, 1.0)?;
            }
            let mut report = load::load(&plan)?;
            statements::count(&plan.url, &mut report)?;
            println!("{report}");
            Ok(())
        }
    }
}
