//! Plans: what is offered on subscription. A row is one version of a plan; a change of its prices or its schedule makes
//! a new one, and running subscriptions keep theirs (`billwerk.md` §3).

mod changes;

use super::choice::choice;
use super::period::{Duration, ProrationUnit};
use super::pricing::TaxRate;
use super::schedule::{PartialPeriodHandling, PlanSchedule};
use super::text::Metadata;
use super::{Currency, Entity, ErrorCode, Id, Instant, Money, Refusal};
pub use changes::{NewPrices, NewSetupFee, PlanChange, PlanChanges};

/// The most prices of a plan, the most units that a subscription to it has by itself, and the most periods that a plan
/// counts.
pub const MOST_PRICES: usize = 100;
pub const MOST_QUANTITY: i32 = 1_000_000;
pub const MOST_PERIODS: i32 = 10_000;
/// The most days that a reminder is sent ahead.
pub const MOST_REMINDER_DAYS: i32 = 365;

/// One version of a plan.
#[derive(Clone, PartialEq, Debug)]
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

/// What a plan begins with, before anything else is said of it.
#[derive(Clone, Debug)]
pub struct NewPlan {
    pub id: Id<Plan>,
    pub code: String,
    pub name: String,
    pub currency: Currency,
    pub schedule: PlanSchedule,
    /// What the schedule suggests where there is none.
    pub proration_unit: Option<ProrationUnit>,
}

impl Plan {
    /// The first version of a plan, with what holds where nothing else is said (`billwerk.md` §3, `decisions.md` 14).
    pub fn new(new: NewPlan, now: Instant) -> Self {
        let unit = new.proration_unit.unwrap_or(natural_unit(new.schedule));
        Plan {
            id: new.id,
            code: new.code,
            version: 1,
            state: PlanState::Active,
            name: new.name,
            description: None,
            currency: new.currency,
            schedule: new.schedule,
            partial_periods: PartialPeriods { handling: natural_handling(new.schedule), unit, minimum_amount: None },
            quantity: 1,
            tax: PlanTax { amount_includes_tax: None, rate: None },
            trial: None,
            fixed_trial_days: unit == ProrationUnit::Day,
            setup_fee: None,
            include_zero_amount: false,
            fixed_count: None,
            fixed_life_time: None,
            contract: Contract {
                notice_periods: 0,
                notice_periods_after_current: true,
                fixation_periods: 0,
                fixation_periods_full: false,
            },
            reminders: Reminders { renewal_days: None, trial_days: None },
            metadata: Metadata::empty(),
            revision: 1,
            created_at: now,
            updated_at: now,
        }
    }

    /// The version that takes this one's place.
    pub fn next_version(self, id: Id<Plan>, now: Instant) -> Self {
        Plan { id, version: self.version + 1, revision: 1, created_at: now, updated_at: now, ..self }
    }

    /// The same version after a change.
    pub fn revised(self, now: Instant) -> Self {
        Plan { revision: self.revision + 1, updated_at: now, ..self }
    }
}

/// A part of a period between fixed days is prorated; the part before a calendar boundary is billed in full
/// (`decisions.md` 13).
fn natural_handling(schedule: PlanSchedule) -> PartialPeriodHandling {
    match schedule {
        PlanSchedule::Cycle { .. } => PartialPeriodHandling::BillFull,
        _ => PartialPeriodHandling::BillProrated,
    }
}

/// Schedules of whole days are prorated by days; billing periods by seconds.
fn natural_unit(schedule: PlanSchedule) -> ProrationUnit {
    match schedule {
        PlanSchedule::Cycle { .. } => ProrationUnit::Second,
        _ => ProrationUnit::Day,
    }
}

/// The refusal for a plan, or a version of one, that the tenant does not offer.
pub fn not_found() -> Refusal {
    Refusal::new(ErrorCode::PlanNotFound, "There is no such plan, or no such version of it.")
}
