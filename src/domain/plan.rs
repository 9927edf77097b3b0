//! Plans: what is offered on subscription. A row is one version of a plan; a change of its prices or its schedule makes
//! a new one, and running subscriptions keep theirs (`billwerk.md` §3).

use super::choice::choice;
use super::period::{Duration, ProrationUnit};
use super::pricing::TaxRate;
use super::schedule::{PartialPeriodHandling, PlanSchedule};
use super::text::Metadata;
use super::{Currency, Entity, ErrorCode, Id, Instant, Money, Refusal};

/// One version of a plan.
#[derive(Clone, Debug)]
pub struct Plan {
    pub id: Id<Plan>,
    /// The same in all versions, unique in the tenant, and never changed.
    pub code: String,
    /// From 1.
    pub version: i32,
    pub state: PlanState,
    pub name: String,
    pub description: Option<String>,
    /// The currency of subscriptions that name none, and of the setup fee and the minimum amount.
    pub currency: Currency,
    pub schedule: PlanSchedule,
    pub partial_periods: PartialPeriods,
    /// How many units a subscription has that names no quantity: at least 1.
    pub quantity: i32,
    pub tax: PlanTax,
    pub trial: Option<Duration>,
    /// Whether a trial ends at the start of a day. Only where partial periods are counted in days.
    pub fixed_trial_days: bool,
    pub setup_fee: Option<SetupFee>,
    /// Whether a line of zero stands on an invoice beside others.
    pub include_zero_amount: bool,
    /// How many periods are invoiced; none where there is no end.
    pub fixed_count: Option<i32>,
    /// After how long the subscription ends, with the period that is running then.
    pub fixed_life_time: Option<Duration>,
    pub contract: Contract,
    pub reminders: Reminders,
    pub metadata: Metadata,
    /// Counts the changes of this version.
    pub revision: i32,
    pub created_at: Instant,
    pub updated_at: Instant,
}

impl Entity for Plan {
    const NAME: &'static str = "Plan";
    const PREFIX: &'static str = "plan";
}

choice! {
    /// Where a version of a plan stands.
    pub enum PlanState {
        /// It is the newest, and new subscriptions get it.
        Active = "ACTIVE",
        /// A newer version took its place. It can still be asked for by its number.
        Superseded = "SUPERSEDED",
        /// The plan is archived.
        Deleted = "DELETED",
    }
}

/// What is billed of a part of a period.
#[derive(Clone, PartialEq, Debug)]
pub struct PartialPeriods {
    pub handling: PartialPeriodHandling,
    pub unit: ProrationUnit,
    /// A part that costs less is free.
    pub minimum_amount: Option<Money>,
}

/// How a plan's amounts are taxed; the tenant's settings where it says nothing.
#[derive(Clone, PartialEq, Debug)]
pub struct PlanTax {
    pub amount_includes_tax: Option<bool>,
    /// A fraction, such as 0.25.
    pub rate: Option<TaxRate>,
}

/// What the start of a subscription costs.
#[derive(Clone, PartialEq, Debug)]
pub struct SetupFee {
    pub amount: Money,
    pub text: Option<String>,
    pub handling: SetupFeeHandling,
}

choice! {
    /// Which invoice a setup fee is on.
    pub enum SetupFeeHandling {
        /// The first one of the schedule.
        First = "FIRST",
        /// One of its own, at once.
        Separate = "SEPARATE",
        /// One of its own, at once, where no other invoice is made at once; else that one.
        SeparateConditional = "SEPARATE_CONDITIONAL",
    }
}

/// How a subscription can be ended. Kept for cancellation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Contract {
    /// How many periods ahead it has to be cancelled.
    pub notice_periods: i32,
    /// Whether they are counted from the end of the running period, or from the cancellation.
    pub notice_periods_after_current: bool,
    /// How many periods it runs at least.
    pub fixation_periods: i32,
    /// Whether these are full periods only.
    pub fixation_periods_full: bool,
}

/// How many days ahead customers are reminded: at least 1.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Reminders {
    pub renewal_days: Option<i32>,
    pub trial_days: Option<i32>,
}

/// The refusal for a plan, or a version of one, that the tenant does not offer.
pub fn not_found() -> Refusal {
    Refusal::new(ErrorCode::PlanNotFound, "There is no such plan, or no such version of it.")
}
