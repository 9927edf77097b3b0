//! A tenant: one company that sells or rents, with its own data and settings.

use super::choice::choice;
use super::{Currency, Entity, Id, Instant, Zone};

/// A company that sells or rents. All data belongs to one tenant.
#[derive(Clone, Debug)]
pub struct Tenant {
    pub id: Id<Tenant>,
    pub name: String,
    pub settings: Settings,
    pub version: i32,
    pub created_at: Instant,
    pub updated_at: Instant,
}

impl Entity for Tenant {
    const NAME: &'static str = "Tenant";
    const PREFIX: &'static str = "ten";
}

/// What a tenant has decided for itself. A change affects only what is made later.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Settings {
    pub billing_start: BillingStart,
    /// The zone in which days begin and end.
    pub timezone: Zone,
    pub default_currency: Currency,
}

impl Default for Settings {
    /// What a new tenant starts with.
    fn default() -> Self {
        Settings { billing_start: BillingStart::Immediate, timezone: Zone::UTC, default_currency: Currency::EUR }
    }
}

choice! {
    /// When the first payment of a rental is due.
    pub enum BillingStart {
        /// On the day the rental starts.
        Immediate = "IMMEDIATE",
        /// On the first day of the month after the start's month.
        FirstOfNextMonth = "FIRST_OF_NEXT_MONTH",
        /// On the same day of the month after the start's month.
        SameDayNextMonth = "SAME_DAY_NEXT_MONTH",
    }
}
