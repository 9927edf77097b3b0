//! A tenant: one company that sells or rents, with its own data and settings.

use super::choice::choice;
use super::payment_terms::PaymentTerms;
use super::pricing::{DiscountOrder, PercentageBase, TaxRate};
use super::{Currency, Entity, ErrorCode, Id, Instant, Refusal, Zone, dunning};
use chrono::TimeDelta;

/// A company that sells or rents. All data belongs to one tenant.
#[derive(Clone, Debug)]
pub struct Tenant {
    pub id: Id<Tenant>,
    pub name: String,
    pub settings: Settings,
    /// Its own time, which stands still until it is advanced; none where time runs by itself. Only one for trying out
    /// has it.
    pub clock: Option<Instant>,
    pub version: i32,
    pub created_at: Instant,
    pub updated_at: Instant,
}

impl Entity for Tenant {
    const NAME: &'static str = "Tenant";
    const PREFIX: &'static str = "ten";
}

/// How far a clock is advanced at once: two years, of which one may be a leap year.
const FARTHEST_ADVANCE: TimeDelta = TimeDelta::days(731);

impl Tenant {
    /// Whether its clock may be advanced to this time, where it is `now` for it.
    pub fn may_advance(&self, now: Instant, to: Instant) -> Result<(), Refusal> {
        if self.settings.mode == TenantMode::Live {
            let message = "Time runs by itself for a live tenant: only one for trying out has a clock to advance.";
            return Err(Refusal::new(ErrorCode::ClockOfLiveTenant, message));
        }
        if to < now {
            let message = format!("It is {} already, and a clock is never set back.", now.to_rfc3339());
            return Err(Refusal::new(ErrorCode::ClockGoesForwardOnly, message).at(&["to"]));
        }
        if to - now > FARTHEST_ADVANCE {
            let message = format!("A clock is advanced by {} days at most at once.", FARTHEST_ADVANCE.num_days());
            return Err(Refusal::new(ErrorCode::ValidationError, message).at(&["to"]));
        }
        Ok(())
    }
}

/// What a tenant has decided for itself. A change affects only what is made later.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Settings {
    pub billing_start: BillingStart,
    /// The zone in which days begin and end.
    pub timezone: Zone,
    pub default_currency: Currency,
    /// Whether the tenant is for trying out. Never changed.
    pub mode: TenantMode,
    /// Whether amounts include tax, where neither the plan nor the request says so (`decisions.md` 23).
    pub amounts_include_tax: bool,
    /// The tax of what has no rate of its own.
    pub tax_rate: TaxRate,
    /// Whether a subscription may have more than one discount at a time (`decisions.md` 24).
    pub multiple_discounts_allowed: bool,
    pub discount_order: DiscountOrder,
    pub percentage_base: PercentageBase,
    /// What follows when an invoice is not paid.
    pub dunning: dunning::Policy,
    /// For so long after its end a period with usage waits for usage that comes late, in seconds.
    pub usage_grace_seconds: i32,
    /// Whether a rental goes on by the month after its contract, while the device is out (`decisions.md` 26).
    pub month_to_month: bool,
    /// How long customers have to pay, where a request does not say so.
    pub default_payment_terms: Option<PaymentTerms>,
}

impl Default for Settings {
    /// What a new tenant starts with.
    fn default() -> Self {
        Settings {
            billing_start: BillingStart::Immediate,
            timezone: Zone::UTC,
            default_currency: Currency::EUR,
            mode: TenantMode::Live,
            amounts_include_tax: false,
            tax_rate: TaxRate::ZERO,
            multiple_discounts_allowed: true,
            discount_order: DiscountOrder::PercentageFirst,
            percentage_base: PercentageBase::Full,
            dunning: dunning::Policy::default(),
            usage_grace_seconds: 0,
            month_to_month: false,
            default_payment_terms: None,
        }
    }
}

choice! {
    /// Whether a tenant's business is real.
    pub enum TenantMode {
        /// It is real.
        Live = "LIVE",
        /// It is for trying out: nobody owes anything.
        Test = "TEST",
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
