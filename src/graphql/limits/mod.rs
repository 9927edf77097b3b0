//! What a request may ask for. Everything here happens before anything is read, in the order of what it takes:
//!
//! - `text.rs` counts the tokens and the open brackets of a document before it is parsed.
//! - `shape.rs` walks over the document: how much it selects, how deep, with how many aliases and directives.
//! - `cost.rs` reckons how many objects the answer may hold.
//! - `buckets.rs` keeps what each key may still ask for.
//!
//! `checks.rs` is the one way through the first two, and keeps documents that have passed them.

mod buckets;
mod checks;
mod cost;
mod prices;
mod shape;
mod text;

pub use buckets::Buckets;
pub use checks::{Checked, Checks};
pub use cost::Estimate;
pub use prices::{MUTATION, Prices};
pub use shape::check as check_shape;
pub use text::check as check_text;

use super::engine::coded;
use async_graphql::{Pos, ServerError, Value};
use std::time::Duration;

/// What requests may ask for. docs/limits.md says why each has its default.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct QueryLimits {
    /// Tokens of a document.
    pub tokens: usize,
    /// Fields, spreads and inline fragments of a document, with every spread replaced by what it stands for.
    pub selections: usize,
    /// Aliases of a document, as written.
    pub aliases: usize,
    /// Directives of a document, as written: on operations, variables, fragments and selections together.
    pub directives: usize,
    /// How deep fields may nest.
    pub depth: usize,
    /// Fields of one operation's root, with every spread replaced by what it stands for.
    pub root_fields: usize,
    /// The same of a mutation, whose fields are a transaction each.
    pub mutations: usize,
    /// Objects that one answer may be expected to hold.
    pub cost: u64,
    /// Cost that a key may run up at once; 0 where keys are not watched.
    pub bucket: u64,
    /// Cost that comes back to a key within a second.
    pub restore_rate: u64,
    /// Bytes of an answer.
    pub answer: usize,
    /// How long the reading of one answer may take.
    pub reading: Duration,
}

impl Default for QueryLimits {
    fn default() -> Self {
        QueryLimits {
            tokens: 5_000,
            selections: 400,
            aliases: 30,
            directives: 40,
            depth: 15,
            root_fields: 30,
            mutations: 30,
            cost: 100_000,
            bucket: 1_000_000,
            restore_rate: 100_000,
            answer: 8 * 1024 * 1024,
            reading: Duration::from_secs(10),
        }
    }
}

/// The code of whatever asks for too much.
const TOO_COMPLEX: &str = "QUERY_TOO_COMPLEX";

fn too_complex(message: String, at: Pos) -> ServerError {
    refused(message, at, TOO_COMPLEX)
}

fn refused(message: String, at: Pos, code: &str) -> ServerError {
    ServerError { locations: vec![at], ..coded(message, code) }
}

/// The same error with more for programs.
fn with<const N: usize>(mut error: ServerError, extensions: [(&str, Value); N]) -> ServerError {
    let all = error.extensions.get_or_insert_default();
    extensions.into_iter().for_each(|(name, value)| all.set(name, value));
    error
}

/// A number with its thousands apart, as people read it.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
