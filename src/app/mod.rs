//! The use cases. One function a mutation: it loads, lets the domain decide, and persists, in one transaction together
//! with its idempotency record, its audit record and its events ([`mutation::Call::run`]).

pub mod add_on;
pub mod ambient;
pub mod api_key;
pub mod asset;
pub mod at_once;
pub mod billing;
pub mod billing_group;
pub mod clock;
pub mod collect;
pub mod coupon;
pub mod credentials;
pub mod credit;
pub mod credit_note;
pub mod customer;
pub mod discount;
mod eligible_plans;
pub mod feature;
pub mod feed;
pub mod fulfilment;
pub mod invoice;
pub mod invoicing;
pub mod meter;
pub mod mutation;
pub mod operator;
pub mod order;
pub mod payment;
pub mod payment_gateway;
pub mod payment_method;
pub mod plan;
pub mod product;
pub mod received;
pub mod stripe;
pub mod subscription;
pub mod tax;
pub mod tenant;
pub mod test_gateway;
pub mod trusted_document;
pub mod usage;
mod watch;

pub use ambient::Ambient;
pub use credentials::{Remembered, Unavailable, Viewer};
pub use mutation::{Answer, Call, Stop, Work};
pub use payment_gateway::PaymentGateway;
pub use test_gateway::TestGateway;

use crate::domain::Id;
use crate::domain::gateway::Gateway;
use crate::domain::payment::Charge;
use crate::domain::tenant::{Tenant, TenantMode};
use crate::repository::{Db, Fault, tenant as tenants};
use std::fmt::Display;
use std::sync::Arc;

/// The program without its wire: a database, a clock, a source of identifiers and payment gateways. Everything here
/// blocks.
pub struct App {
    pub db: Db,
    pub ambient: Ambient,
    pub gateways: Gateways,
    /// Where customers reach this program, without a slash at the end: links that are handed out begin with it.
    pub public_url: String,
    /// What is remembered of keys.
    pub remembered: Remembered,
}

/// Who moves the money.
#[derive(Clone)]
pub struct Gateways {
    /// That of live tenants.
    pub live: Arc<dyn PaymentGateway>,
    /// That of tenants for trying out.
    pub test: Arc<dyn PaymentGateway>,
}

impl Gateways {
    /// One for all tenants.
    pub fn only(gateway: Arc<dyn PaymentGateway>) -> Self {
        Gateways { live: gateway.clone(), test: gateway }
    }

    /// That of tenants of this mode.
    pub fn of(&self, mode: TenantMode) -> &dyn PaymentGateway {
        match mode {
            TenantMode::Live => &*self.live,
            TenantMode::Test => &*self.test,
        }
    }
}

impl App {
    /// With the machine's clock, random identifiers and the test gateway.
    pub fn new(db: Db, public_url: String) -> Self {
        let gateways = Gateways::only(Arc::new(TestGateway::new(TestGateway::DEADLINE)));
        App { db, ambient: Ambient::real(), gateways, public_url, remembered: Remembered::default() }
    }

    /// The same, which asks this gateway for the money of live tenants.
    pub fn charging_by(self, live: Arc<dyn PaymentGateway>) -> Self {
        App { gateways: Gateways { live, test: self.gateways.test }, ..self }
    }

    /// Whom to ask about a charge. Where this program only has the test gateway and the card is of another one, nobody: what
    /// a gateway is not asked stays as it is, until a program comes that has it.
    pub fn gateway_for(&self, charge: &Charge) -> Result<&dyn PaymentGateway, Fault> {
        let gateway = self.gateway_of(charge.tenant)?;
        if gateway.name() == Gateway::Test && !test_gateway::is_reference(&charge.gateway_reference) {
            let why = "the card is of a gateway with which this program was not started: see --gateway";
            return Err(Fault::Database(why.to_owned()));
        }
        Ok(gateway)
    }

    /// Who moves a tenant's money: that of a tenant for trying out is never moved.
    pub fn gateway_of(&self, tenant: Id<Tenant>) -> Result<&dyn PaymentGateway, Fault> {
        let tenant = self.db.read_once(|conn| tenants::own(conn, tenant))?;
        Ok(self.gateways.of(tenant.settings.mode))
    }
}

/// Goes on after what failed of one of many, unless the database does not answer at all.
fn unless_unavailable<T: Default>(of: impl Display, done: Result<T, Fault>) -> Result<T, Fault> {
    match done {
        Err(fault) if !matches!(fault, Fault::Unavailable(_)) => {
            tracing::error!(%fault, %of, "this failed, and is tried again");
            Ok(T::default())
        }
        done => done,
    }
}
