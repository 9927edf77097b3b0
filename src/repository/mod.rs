//! The SQL. The only layer that names Diesel.
//!
//! A file a noun: what is read ([`query::Query`] values, which the reading engine runs, and a few look-ups for the use
//! cases) and what is written (functions that take `&mut Tx`, which only [`Db::write`] can make). To add a noun: its
//! tables in `migrations/` (both folders) and `schema.rs`, then a file here with `stored!` and its queries.

pub mod add_on;
pub mod api_key;
pub mod asset;
pub mod batch;
pub mod billing;
pub mod billing_group;
mod change;
pub mod collecting;
pub mod counter;
pub mod coupon;
pub mod credit;
pub mod credit_note;
pub mod customer;
pub mod db;
pub mod discount;
mod ears;
pub mod entitlement;
pub mod event;
pub mod feature;
pub mod fulfilment;
pub mod gateway_notice;
mod given;
pub mod invoice;
pub mod journal;
pub mod list;
pub mod meter;
pub mod migrations;
pub mod order;
mod partly;
pub mod payment;
pub mod payment_method;
pub mod plan;
pub mod price;
pub mod product;
pub mod query;
mod query_sql;
pub mod received;
pub mod relay;
mod row;
mod rows;
pub mod scan;
mod schema;
mod sql_types;
mod sqlite;
mod statement;
pub mod subscription;
pub mod subscription_parts;
pub mod tax;
pub mod tenant;
pub mod terms;
pub mod tree;
pub mod trusted_document;
mod tx;
pub mod url;
pub mod usage;
mod views;
mod watched;

pub use batch::Batch;
pub use db::{Conn, Db, Fault, OpenError, Read, Tx};
pub use list::{Bind, Direction, List, Listed, Slice, SortKey};
pub use migrations::{MigrateError, NotReady, VersionError};
pub use query::{Condition, Query, Stored};
pub use tree::Tree;
pub use url::DatabaseUrl;

/// Runs one expression on whichever database the connection leads to. The expression is compiled for each of the two,
/// so that everything that Diesel can say for one of them can be said here.
macro_rules! on_backend {
    ($conn:expr, |$inner:ident| $run:expr) => {
        match $conn.itself() {
            $crate::repository::db::Conn::Postgres($inner) => $run,
            $crate::repository::db::Conn::Sqlite($inner) => $run,
        }
    };
}
pub(crate) use on_backend;
