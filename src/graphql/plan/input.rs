//! What clients say of plans.

use crate::app::plan::{CreatePlan, UpdatePlan};
use crate::domain::period::{BillingPeriod, Duration, DurationUnit, ProrationUnit};
use crate::domain::plan::{
    MOST_PERIODS, MOST_PRICES, MOST_QUANTITY, MOST_REMINDER_DAYS, NewPrices, NewSetupFee, PlanChanges, SetupFeeHandling,
};
use crate::domain::schedule::{BillingCycle, PartialPeriodHandling, PlanSchedule, ScheduleSettings, ScheduleType};
use crate::domain::{Currency, Refusal};
use crate::graphql::check::{self, Check};
use crate::graphql::mutations::Wire;
use crate::graphql::price::PriceInput;
use crate::graphql::scalars::{CurrencyCode, Decimal, Json};
use async_graphql::{ID, InputObject, MaybeUndefined};

/// A new plan. Beside its code, its name and its schedule, everything can be left out but what it costs.
#[derive(InputObject)]
pub struct CreatePlanInput {
    /// What all versions of the plan have in common: unique in the tenant, and never changed.
    code: String,
    /// The name.
    name: String,
    /// When it is billed.
    schedule: PlanScheduleInput,
    #[graphql(flatten)]
    terms: PlanTermsInput,
}

/// What to change of a plan. What is left out stays; null clears.
#[derive(InputObject)]
pub struct UpdatePlanInput {
    /// Which plan: the id of any of its versions. The newest one is changed, or gets a successor.
    plan_id: ID,
    /// Refuse with CONFLICT unless this version is the newest, at this revision.
    expected_revision: Option<i32>,
    /// The name.
    name: MaybeUndefined<String>,
    /// When it is billed.
    schedule: MaybeUndefined<PlanScheduleInput>,
    #[graphql(flatten)]
    terms: PlanTermsInput,
}

/// When a plan is billed: each type of schedule has settings of its own.
#[derive(InputObject)]
pub struct PlanScheduleInput {
    /// How the billing periods are laid out.
    #[graphql(name = "type")]
    schedule_type: Wire<ScheduleType>,
    /// How many days, weeks, months or billing periods a period has, 1 to 366: 1 where there is none. Not for MANUAL.
    interval: Option<i32>,
    /// The weekday of WEEKLY_FIXEDDAY, 1 to 7, where 1 is Monday; the day of the month of MONTH_FIXEDDAY, 1 to 28.
    fixed_day: Option<i32>,
    /// A month, 1 to 12, in which a period may begin; any month where there is none. For MONTH_FIXEDDAY and MONTH_LASTDAY.
    base_month: Option<i32>,
    /// What is counted. For PERIOD.
    billing_period: Option<Wire<BillingPeriod>>,
    /// What periods are aligned to: ANNIVERSARY where there is none. For PERIOD.
    billing_cycle: Option<Wire<BillingCycle>>,
}

/// A length of calendar time.
#[derive(InputObject)]
pub struct DurationInput {
    /// How many days or months: 1 to 10,000.
    length: i32,
    /// What is counted.
    unit: Wire<DurationUnit>,
}

/// What the start of a subscription costs.
#[derive(InputObject)]
pub struct SetupFeeInput {
    /// The amount, in the currency of the plan.
    amount: Decimal,
    /// What invoices call it: at most 200 characters.
    text: Option<String>,
    /// Which invoice it is on: FIRST where there is none.
    handling: Option<Wire<SetupFeeHandling>>,
}

/// What can be said of a new plan and changed of any.
#[derive(InputObject)]
struct PlanTermsInput {
    /// What customers are told about it: at most 1,000 characters.
    description: MaybeUndefined<String>,
    /// The currency of subscriptions that name none, and of the plan's own amounts. The tenant's default for a new plan.
    currency: MaybeUndefined<CurrencyCode>,
    /// What one costs a period: one recurring FLAT_FEE instead of `prices`.
    amount: MaybeUndefined<Decimal>,
    /// All prices, in the order of invoices: at most 100. They replace those before.
    prices: MaybeUndefined<Vec<PriceInput>>,
    /// What is billed where a subscription starts between two fixed days, or two boundaries of the calendar. For a new plan
    /// BILL_FULL where the schedule is a PERIOD, else BILL_PRORATED.
    partial_period_handling: MaybeUndefined<Wire<PartialPeriodHandling>>,
    /// What a part of a period is counted in. For a new plan SECOND where the schedule is a PERIOD, else DAY.
    proration_unit: MaybeUndefined<Wire<ProrationUnit>>,
    /// What a part of a period must come to at least, or it is free.
    minimum_prorated_amount: MaybeUndefined<Decimal>,
    /// How many units a subscription has that names no quantity: 1 to 1,000,000. 1 for a new plan.
    quantity: MaybeUndefined<i32>,
    /// Whether its amounts include the tax. The tenant's setting where there is none.
    amount_includes_tax: MaybeUndefined<bool>,
    /// Its tax as a fraction, such as 0.25. The tenant's setting where there is none.
    tax_rate: MaybeUndefined<Decimal>,
    /// For how long a subscription is free at first.
    trial: MaybeUndefined<DurationInput>,
    /// Whether a trial ends at the start of a day. Only where the proration unit is DAY, and then so for a new plan.
    fixed_trial_days: MaybeUndefined<bool>,
    /// What the start of a subscription costs.
    setup_fee: MaybeUndefined<SetupFeeInput>,
    /// Whether a line of zero stands on an invoice beside others. It does not for a new plan.
    include_zero_amount: MaybeUndefined<bool>,
    /// How many periods are invoiced: 1 to 10,000. There is no end where there is none.
    fixed_count: MaybeUndefined<i32>,
    /// After how long a subscription ends, with the period that is running then. There is no end where there is none.
    fixed_life_time: MaybeUndefined<DurationInput>,
    /// How many periods ahead a subscription has to be cancelled: at most 10,000. 0 for a new plan.
    notice_periods: MaybeUndefined<i32>,
    /// Whether they are counted from the end of the running period, as for a new plan, or from the cancellation.
    notice_periods_after_current: MaybeUndefined<bool>,
    /// How many periods a subscription runs at least: at most 10,000. 0 for a new plan.
    fixation_periods: MaybeUndefined<i32>,
    /// Whether these are full periods only. They are not for a new plan.
    fixation_periods_full: MaybeUndefined<bool>,
    /// How many days before a renewal its customer is reminded: 1 to 365. Nobody is where there is none.
    renewal_reminder_days: MaybeUndefined<i32>,
    /// How many days before the end of a trial its customer is reminded: 1 to 365. Nobody is where there is none.
    trial_reminder_days: MaybeUndefined<i32>,
    /// Whatever you keep with it: an object of at most 16 kB. Replaces what was kept.
    metadata: MaybeUndefined<Json>,
}

impl CreatePlanInput {
    pub fn read(self) -> Result<CreatePlan, Vec<Refusal>> {
        Check::new_input(|check| {
            let code = check.take("code", check::code(self.code));
            let name = check.take("name", check::name(self.name));
            let schedule = self.schedule.read(check);
            let changes = self.terms.read(check);
            Some(CreatePlan { code: code?, name: name?, schedule: schedule?, changes: changes? })
        })
    }
}

impl UpdatePlanInput {
    pub fn read(self) -> Result<UpdatePlan, Vec<Refusal>> {
        Check::input(|check| {
            let plan_id = check.take("planId", check::id(self.plan_id));
            let name = check.set("name", self.name, check::name);
            let schedule = check.set_with("schedule", self.schedule, |check, schedule| schedule.read(check));
            let terms = self.terms.read(check);
            let changes = PlanChanges { name: name?, schedule: schedule?, ..terms? };
            Some(UpdatePlan { plan_id: plan_id?, expected_revision: self.expected_revision, changes })
        })
    }
}

impl PlanScheduleInput {
    fn read(self, check: &mut Check) -> Option<PlanSchedule> {
        let settings = ScheduleSettings {
            schedule_type: self.schedule_type.0,
            interval: self.interval,
            fixed_day: self.fixed_day,
            base_month: self.base_month,
            billing_period: self.billing_period.map(|Wire(period)| period),
            billing_cycle: self.billing_cycle.map(|Wire(cycle)| cycle),
        };
        let mistakes = match settings.read() {
            Ok(schedule) => return Some(schedule),
            Err(mistakes) => mistakes,
        };
        for mistake in mistakes {
            check.refuse(&["schedule", mistake.argument], mistake.message);
        }
        None
    }
}

impl DurationInput {
    fn read(self, check: &mut Check, name: &str) -> Option<Duration> {
        check.below(name, |check| check.take("length", Duration::try_new(self.length, self.unit.0)))
    }
}

impl SetupFeeInput {
    fn read(self, check: &mut Check) -> Option<NewSetupFee> {
        check.below("setupFee", |check| {
            let amount = check.take("amount", check::price(self.amount));
            let text = check.maybe("text", self.text, check::name);
            let handling = self.handling.map_or(SetupFeeHandling::First, |Wire(handling)| handling);
            Some(NewSetupFee { amount: amount?, text: text?, handling })
        })
    }
}

impl PlanTermsInput {
    fn read(self, check: &mut Check) -> Option<PlanChanges> {
        let periods = |given| check::number(given, 0..=MOST_PERIODS);
        let days = |given| check::number(given, 1..=MOST_REMINDER_DAYS);
        let description = check.change("description", self.description, check::notes);
        let currency = check.set("currency", self.currency, check::currency);
        let prices = prices(check, self.amount, self.prices, currency.flatten());
        let handling =
            check.set("partialPeriodHandling", self.partial_period_handling, |Wire(own)| Ok::<_, String>(own));
        let unit = check.set("prorationUnit", self.proration_unit, |Wire(own)| Ok::<_, String>(own));
        let minimum = check.change("minimumProratedAmount", self.minimum_prorated_amount, check::price);
        let quantity = check.set("quantity", self.quantity, |given| check::number(given, 1..=MOST_QUANTITY));
        let includes_tax = check.change("amountIncludesTax", self.amount_includes_tax, Ok::<_, String>);
        let tax_rate = check.change("taxRate", self.tax_rate, check::tax_rate);
        let trial = check.change_with(self.trial, |check, trial| trial.read(check, "trial"));
        let fixed_trial_days = check.set("fixedTrialDays", self.fixed_trial_days, Ok::<_, String>);
        let setup_fee = check.change_with(self.setup_fee, |check, fee| fee.read(check));
        let zero = check.set("includeZeroAmount", self.include_zero_amount, Ok::<_, String>);
        let fixed_count = check.change("fixedCount", self.fixed_count, |given| check::number(given, 1..=MOST_PERIODS));
        let life_time = check.change_with(self.fixed_life_time, |check, time| time.read(check, "fixedLifeTime"));
        let notice = check.set("noticePeriods", self.notice_periods, periods);
        let after = check.set("noticePeriodsAfterCurrent", self.notice_periods_after_current, Ok::<_, String>);
        let fixation = check.set("fixationPeriods", self.fixation_periods, periods);
        let full = check.set("fixationPeriodsFull", self.fixation_periods_full, Ok::<_, String>);
        let renewal_days = check.change("renewalReminderDays", self.renewal_reminder_days, days);
        let trial_days = check.change("trialReminderDays", self.trial_reminder_days, days);
        let metadata = check.set("metadata", self.metadata, check::metadata);
        Some(PlanChanges {
            name: None,
            description: description?,
            currency: currency?,
            schedule: None,
            prices: prices?,
            partial_period_handling: handling?,
            proration_unit: unit?,
            minimum_prorated_amount: minimum?,
            quantity: quantity?,
            amount_includes_tax: includes_tax?,
            tax_rate: tax_rate?,
            trial: trial?,
            fixed_trial_days: fixed_trial_days?,
            setup_fee: setup_fee?,
            include_zero_amount: zero?,
            fixed_count: fixed_count?,
            fixed_life_time: life_time?,
            notice_periods: notice?,
            notice_periods_after_current: after?,
            fixation_periods: fixation?,
            fixation_periods_full: full?,
            renewal_reminder_days: renewal_days?,
            trial_reminder_days: trial_days?,
            metadata: metadata?,
        })
    }
}

/// The prices, in either way of saying them.
fn prices(
    check: &mut Check,
    amount: MaybeUndefined<Decimal>,
    listed: MaybeUndefined<Vec<PriceInput>>,
    currency: Option<Currency>,
) -> Option<Option<NewPrices>> {
    if amount.is_value() && listed.is_value() {
        check.refuse(&["amount"], "Give an amount, or prices, not both.");
    }
    let amount = check.set("amount", amount, check::price);
    let listed = check.set_with("prices", listed, |check, prices| {
        check.rows("prices", prices, (0, MOST_PRICES), |check, price| price.read(check, currency))
    });
    Some(amount?.map(NewPrices::Amount).or(listed?.map(NewPrices::Listed)))
}
