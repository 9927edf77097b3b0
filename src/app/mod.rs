//! The use cases. One function a mutation: it loads, lets the domain decide, and persists, in one transaction together
//! with its idempotency record, its audit record and its events ([`mutation::Call::run`]).

pub mod add_on;
pub mod ambient;
pub mod asset;
pub mod billing_group;
pub mod coupon;
pub mod credentials;
pub mod credit;
pub mod credit_note;
pub mod customer;
pub mod discount;
mod eligible_plans;
pub mod feature;
pub mod fulfilment;
pub mod invoice;
pub mod invoicing;
pub mod mutation;
pub mod operator;
pub mod order;
pub mod payment;
pub mod payment_gateway;
pub mod payment_method;
pub mod plan;
pub mod product;
pub mod subscription;
pub mod tenant;
pub mod test_gateway;

pub use ambient::Ambient;
pub use credentials::{Unavailable, Viewer};
pub use mutation::{Answer, Call, Stop, Work};
pub use payment_gateway::PaymentGateway;
pub use test_gateway::TestGateway;

use crate::repository::Db;
use std::sync::Arc;

/// The program without its wire: a database, a clock, a source of identifiers and a payment gateway. Everything here
/// blocks.
pub struct App {
    pub db: Db,
    pub ambient: Ambient,
    pub gateway: Arc<dyn PaymentGateway>,
    /// Where customers reach this program, without a slash at the end: links that are handed out begin with it.
    pub public_url: String,
}

impl App {
    /// With the machine's clock, random identifiers and the test gateway.
    pub fn new(db: Db, public_url: String) -> Self {
        let gateway = Arc::new(TestGateway::new(TestGateway::DEADLINE));
        App { db, ambient: Ambient::real(), gateway, public_url }
    }
}
