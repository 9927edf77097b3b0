//! The demo tenant: a company that rents out devices, with two years of customers, orders and rentals, and with plans
//! that go with them.
//!
//! [`plan`] makes the data up, the same each time; [`fill`] stores it through the use cases, so that counters, events
//! and audit records are those of real requests.

mod catalogue;
mod customers;
mod dice;
mod fill;
mod lists;
mod plan;
mod stock;
mod subscriptions;

use crate::app::operator::{self, OperatorError};
use crate::app::{App, Viewer};
use crate::domain::api_key::{Grant, Scope};
use crate::domain::customer::Customer;
use crate::domain::order::{Order, OrderStatus};
use crate::domain::pricing::TaxRate;
use crate::domain::tenant::{BillingStart, Settings, Tenant, TenantMode};
use crate::domain::{Currency, Id, Refusal};
use crate::repository::{self, Fault};
use bigdecimal::BigDecimal;
use chrono_tz::Europe;
use uuid::Uuid;

/// The demo tenant. Its id is always the same, so that it is found again.
const TENANT: Id<Tenant> = Id::new(Uuid::from_u128(0x018c_c251_f400_7000_8000_0000_6465_6d6f));
const NAME: &str = "Brindlewick Device Rental";

/// An order that waits for devices, of which [`FREE_SERIAL`] is one: for a first try.
pub const OPEN_ORDER: &str = "O-000001";
/// An order that is fulfilled.
pub const FULFILLED_ORDER: &str = "O-000002";
/// A free device of the kind that [`OPEN_ORDER`] waits for.
pub const FREE_SERIAL: &str = "NB14-00001";

/// What `perennial demo` says of its tenant.
pub struct Demo {
    /// The secret of a new key of the ADMIN scope.
    pub api_key: String,
    /// [`OPEN_ORDER`].
    pub order: Id<Order>,
    /// Whose order it is.
    pub customer: Id<Customer>,
}

/// Why there is no demo. One line for a person.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    #[error("this database belongs to others: the demo wants one of its own, which --database-url names")]
    Taken,
    #[error("the demo data cannot be completed: delete the demo database and start again ({})", .0.message)]
    Refused(Refusal),
    #[error(transparent)]
    Operator(#[from] OperatorError),
    #[error("{0}")]
    Failed(#[from] Fault),
}

/// Fills an empty database with the demo tenant, or finds the one that is there; makes it a new key either way. A
/// filling that was broken off is completed. `progress` is told how many steps are done, and of how many.
pub fn fill(app: &App, progress: &dyn Fn(u64, u64)) -> Result<Demo, DemoError> {
    let (tenant, (key_id, api_key)) = match operator::find_tenant(app, TENANT)? {
        Some(tenant) => (tenant, operator::create_key(app, TENANT, "demo", Scope::Admin)?),
        None if operator::has_tenants(app)? => return Err(DemoError::Taken),
        None => {
            let settings = Settings {
                // No money moves in the demo.
                mode: TenantMode::Test,
                billing_start: BillingStart::Immediate,
                timezone: Europe::Berlin,
                default_currency: Currency::EUR,
                tax_rate: TaxRate::try_new(&BigDecimal::new(19.into(), 2)).map_err(fill::mistake)?,
                ..Settings::default()
            };
            let key = operator::create_tenant_as(app, TENANT, NAME, settings)?;
            (operator::find_tenant(app, TENANT)?.ok_or(Fault::LostRace)?, key)
        }
    };
    if !is_complete(app)? {
        let viewer = Viewer {
            tenant_id: TENANT,
            key_id,
            key_name: "demo".to_owned(),
            grant: Grant::ALL,
            expires_at: None,
            mode: tenant.settings.mode,
            clock: tenant.clock,
            is_remembered: false,
        };
        fill::store(app, &viewer, &tenant, progress)?;
    }
    let order = open_order(app)?.ok_or(Fault::LostRace)?;
    Ok(Demo { api_key, order: order.id, customer: order.customer_id })
}

/// Whether the tenant has all of its data: [`OPEN_ORDER`] is the first order that is placed, and to confirm it is the
/// last step of all. (Idempotency keys could not tell, for they are not kept for ever.)
fn is_complete(app: &App) -> Result<bool, Fault> {
    Ok(open_order(app)?.is_some_and(|order| order.status != OrderStatus::Pending))
}

fn open_order(app: &App) -> Result<Option<Order>, Fault> {
    app.db.read_once(|conn| repository::order::by_number(TENANT, OPEN_ORDER).first(conn))
}
