//! The reading engine: reads what a query selects, a level at a time, and writes the answer as JSON.
//!
//! An object type is declared once ([`Object`], `declare.rs`): its description, its columns, its relations. Everything
//! else follows from the declaration:
//!
//! - `registry.rs` tells async-graphql, which parses, validates and introspects.
//! - `run.rs` runs an operation: one blocking hop, one connection, one snapshot for a whole query. async-graphql calls in there
//!   where it has to validate or to introspect; what it found valid before (`document.rs`, `valid.rs`) goes past it.
//! - `select.rs` asks which fields are meant for a type. `view.rs` loads a level: each relation of all its rows in one
//!   statement (`one.rs`, `many.rs`, `single.rs`, `page.rs`; `value.rs` for what is part of the row, `timed.rs`
//!   for what follows from the time, `summary.rs` for sums, `foreseen.rs` for what a use case works out), then the level below.
//! - `reading.rs` says how those statements reach the database: as one, where all of them are known beforehand.
//! - `arguments.rs` declares the arguments of a list; `slice.rs`, `filter.rs` and `cursor.rs` read what clients give.
//! - `events.rs` is the list of events, and the object that an event is about.
//! - `json.rs` writes the rows into one buffer. Nothing is written before everything is loaded.
//! - `stream.rs` does the same for each event of a subscription.
//! - `mutate.rs` does the same for mutations: run one, then read what is selected of its payload.
//!
//! The number of statements depends on the shape of the query, never on the number of rows.

mod arguments;
mod column;
mod cursor;
mod declare;
mod document;
mod events;
mod filter;
mod foreseen;
mod json;
mod many;
mod mutate;
mod one;
mod page;
mod reading;
mod reads;
mod registry;
mod run;
mod select;
mod single;
mod slice;
mod stream;
mod summary;
mod timed;
mod valid;
mod value;
mod view;

#[cfg(test)]
mod tests;

pub use column::AnyId;
pub use declare::{Object, Type};
pub use document::{Document, complete_variables};
pub use events::wanted_arguments;
pub use json::{not_executed, to_json};
pub use mutate::{Mutation, Mutations, Payload, Ran, Running, Stopped};
pub use one::AnyNode;
pub use registry::{Argument, argument, choice_type, scalar_type};
pub use run::{Bounds, Engine, Request, bad_input, coded, internal};
pub use slice::{LONGEST_PAGE, PAGE};
pub use stream::{Opening, Rows, Source, Subscriptions, failed};
