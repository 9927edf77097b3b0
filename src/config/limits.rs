//! What requests may take. docs/limits.md says why each has its default.

use crate::http::{Limits, QueryLimits};
use clap::Args;
use std::num::{NonZeroU16, NonZeroU32, NonZeroUsize};
use std::time::Duration;

#[derive(Args)]
#[command(next_help_heading = "Limits")]
pub struct LimitArgs {
    /// The longest body of a request
    #[arg(
        long,
        env = "PERENNIAL_MAX_BODY_BYTES",
        value_name = "BYTES",
        default_value = "262144",
        hide_env_values = true
    )]
    max_body_bytes: NonZeroUsize,

    /// The longest text of a query
    #[arg(
        long,
        env = "PERENNIAL_MAX_QUERY_BYTES",
        value_name = "BYTES",
        default_value = "16384",
        hide_env_values = true
    )]
    max_query_bytes: NonZeroUsize,

    /// The most tokens of a document: names, numbers, texts and signs
    #[arg(long, env = "PERENNIAL_MAX_TOKENS", value_name = "COUNT", default_value = "5000", hide_env_values = true)]
    max_tokens: NonZeroUsize,

    /// The most fields and fragments that a document selects, with every fragment counted wherever it is used
    #[arg(long, env = "PERENNIAL_MAX_SELECTIONS", value_name = "COUNT", default_value = "400", hide_env_values = true)]
    max_selections: NonZeroUsize,

    /// The most aliases of a document
    #[arg(long, env = "PERENNIAL_MAX_ALIASES", value_name = "COUNT", default_value = "30", hide_env_values = true)]
    max_aliases: usize,

    /// The most directives of a document, such as @include
    #[arg(long, env = "PERENNIAL_MAX_DIRECTIVES", value_name = "COUNT", default_value = "40", hide_env_values = true)]
    max_directives: usize,

    /// How deep a document may nest fields
    #[arg(long, env = "PERENNIAL_MAX_DEPTH", value_name = "LEVELS", default_value = "15", hide_env_values = true)]
    max_depth: NonZeroUsize,

    /// The most fields that a query asks for at its root
    #[arg(long, env = "PERENNIAL_MAX_ROOT_FIELDS", value_name = "COUNT", default_value = "30", hide_env_values = true)]
    max_root_fields: NonZeroUsize,

    /// The most mutations of a document, each of which is a transaction
    #[arg(long, env = "PERENNIAL_MAX_MUTATIONS", value_name = "COUNT", default_value = "30", hide_env_values = true)]
    max_mutations: NonZeroUsize,

    /// The most objects that one answer may be expected to hold
    #[arg(long, env = "PERENNIAL_MAX_COST", value_name = "COST", default_value = "100000", hide_env_values = true)]
    max_cost: NonZeroU32,

    /// The cost that a key may run up at once; 0 lets every key ask for as much as it likes
    #[arg(long, env = "PERENNIAL_COST_BUCKET", value_name = "COST", default_value = "1000000", hide_env_values = true)]
    cost_bucket: u32,

    /// The cost that comes back to a key within a second
    #[arg(long, env = "PERENNIAL_COST_RESTORE_RATE", value_name = "COST", default_value = "100000")]
    #[arg(hide_env_values = true)]
    cost_restore_rate: NonZeroU32,

    /// The longest answer
    #[arg(long, env = "PERENNIAL_MAX_ANSWER_BYTES", value_name = "BYTES", default_value = "8388608")]
    #[arg(hide_env_values = true)]
    max_answer_bytes: NonZeroUsize,

    /// How long the reading of an answer may take, and with PostgreSQL any one statement
    #[arg(long, env = "PERENNIAL_DATABASE_TIMEOUT", value_name = "SECONDS", default_value = "10")]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=3600), hide_env_values = true)]
    database_timeout: u16,

    /// How long a request may take to be answered
    #[arg(long, env = "PERENNIAL_TIMEOUT", value_name = "SECONDS", default_value = "30")]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=3600), hide_env_values = true)]
    timeout: u16,

    /// How long the head of a request may take to arrive, counted from when the connection is opened
    #[arg(long, env = "PERENNIAL_HEAD_TIMEOUT", value_name = "SECONDS", default_value = "5", hide_env_values = true)]
    head_timeout: NonZeroU16,

    /// How long the body of a request may take to arrive
    #[arg(long, env = "PERENNIAL_BODY_TIMEOUT", value_name = "SECONDS", default_value = "10", hide_env_values = true)]
    body_timeout: NonZeroU16,

    /// The most connections at once: others wait until one is closed
    #[arg(
        long,
        env = "PERENNIAL_MAX_CONNECTIONS",
        value_name = "COUNT",
        default_value = "10000",
        hide_env_values = true
    )]
    max_connections: NonZeroUsize,

    /// The most requests that wait for the database: others are told to come again
    #[arg(long, env = "PERENNIAL_MAX_WAITING", value_name = "COUNT", default_value = "1000", hide_env_values = true)]
    max_waiting: usize,
}

impl LimitArgs {
    pub fn http(&self) -> Limits {
        Limits {
            body: self.max_body_bytes.get(),
            query: self.max_query_bytes.get(),
            timeout: Duration::from_secs(self.timeout.into()),
            head: Duration::from_secs(self.head_timeout.get().into()),
            arrival: Duration::from_secs(self.body_timeout.get().into()),
            connections: self.max_connections.get(),
            waiting: self.max_waiting,
        }
    }

    pub fn query(&self) -> QueryLimits {
        QueryLimits {
            tokens: self.max_tokens.get(),
            selections: self.max_selections.get(),
            aliases: self.max_aliases,
            directives: self.max_directives,
            depth: self.max_depth.get(),
            root_fields: self.max_root_fields.get(),
            mutations: self.max_mutations.get(),
            cost: self.max_cost.get().into(),
            bucket: self.cost_bucket.into(),
            restore_rate: self.cost_restore_rate.get().into(),
            answer: self.max_answer_bytes.get(),
            reading: Duration::from_secs(self.database_timeout.into()),
        }
    }
}
