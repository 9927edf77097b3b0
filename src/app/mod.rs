//! The use cases. One function a mutation: it loads, lets the domain decide, and persists, in one transaction together
//! with its idempotency record, its audit record and its events ([`mutation::Call::run`]).

pub mod ambient;
pub mod asset;
pub mod billing_group;
pub mod credentials;
pub mod customer;
pub mod fulfilment;
pub mod mutation;
pub mod operator;
pub mod order;
pub mod product;
pub mod tenant;

pub use ambient::Ambient;
pub use credentials::{Unavailable, Viewer};
pub use mutation::{Answer, Call, Stop, Work};

use crate::repository::Db;

/// The program without its wire: a database, a clock and a source of identifiers. Everything here blocks.
pub struct App {
    pub db: Db,
    pub ambient: Ambient,
    /// Where customers reach this program, without a slash at the end: links that are handed out begin with it.
    pub public_url: String,
}

impl App {
    /// With the machine's clock and random identifiers.
    pub fn new(db: Db, public_url: String) -> Self {
        App { db, ambient: Ambient::real(), public_url }
    }
}
