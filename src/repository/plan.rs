//! Plans: a row is one version.

use super::change::change;
use super::db::{Fault, Read, Tx, changed};
use super::list::{Bind, List, listed};
use super::on_backend;
use super::query::{Comparison, Condition, Query, Values, partly_stored};
use super::schema::plans;
use super::sql_types::{At, amount, duration};
use crate::domain::plan::{Contract, PartialPeriods, Plan, PlanState, PlanTax, Reminders, SetupFee};
use crate::domain::schedule::{PlanSchedule, ScheduleSettings};
use crate::domain::tenant::Tenant;
use crate::domain::{Choice, Id, Instant};
use diesel::prelude::*;

partly_stored!(Plan, plans(
    id, code, version, state, name, description, currency, schedule_type, schedule_interval, fixed_day, base_month,
    billing_period, billing_cycle, partial_handling, proration_unit, minimum_prorated_amount, quantity,
    amount_includes_tax, tax_rate, trial_length, trial_unit, fixed_trial_days, setup_fee, setup_fee_text,
    setup_fee_handling, include_zero_amount, fixed_count, life_time_length, life_time_unit, notice_periods,
    notice_periods_after_current, fixation_periods, fixation_periods_full, renewal_reminder_days, trial_reminder_days,
    metadata, revision, created_at, updated_at
) => {
    let (At(created_at), At(updated_at)) = (created_at, updated_at);
    let settings = ScheduleSettings {
        schedule_type, interval: schedule_interval, fixed_day, base_month, billing_period, billing_cycle,
    };
    let setup_fee = amount(setup_fee, Some(currency)).zip(setup_fee_handling);
    Plan {
        id, code, version, state, name, description, currency, schedule: schedule(settings)?,
        partial_periods: PartialPeriods {
            handling: partial_handling,
            unit: proration_unit,
            minimum_amount: amount(minimum_prorated_amount, Some(currency)),
        },
        quantity, tax: PlanTax { amount_includes_tax, rate: tax_rate }, trial: duration(trial_length, trial_unit),
        fixed_trial_days,
        setup_fee: setup_fee.map(|(amount, handling)| SetupFee { amount, text: setup_fee_text, handling }),
        include_zero_amount, fixed_count, fixed_life_time: duration(life_time_length, life_time_unit),
        contract: Contract { notice_periods, notice_periods_after_current, fixation_periods, fixation_periods_full },
        reminders: Reminders { renewal_days: renewal_reminder_days, trial_days: trial_reminder_days }, metadata,
        revision, created_at, updated_at,
    }
}, along: revision);

listed!(Plan: List::new()
    .text(plans::code).sorted(|plan: &Plan| (&plan.code).into())
    .int(plans::version).sorted(|plan| plan.version.into())
    .choice::<PlanState>(plans::state)
    .text(plans::name).sorted(|plan| (&plan.name).into())
    .text(plans::currency)
    .instant(plans::created_at).sorted(|plan| plan.created_at.into())
    .instant(plans::updated_at).sorted(|plan| plan.updated_at.into()));

/// The schedule that columns describe.
pub(super) fn schedule(settings: ScheduleSettings) -> Read<PlanSchedule> {
    settings.read().map_err(|wrong| Fault::Database(format!("a stored schedule makes no sense: {wrong:?}")))
}

/// All versions of all plans.
pub fn all(tenant: Id<Tenant>) -> Query<Plan> {
    Query::new(tenant)
}

/// A version of a plan; where none is said, the one that new subscriptions get.
pub fn by_code(tenant: Id<Tenant>, code: &str, version: Option<i32>) -> Query<Plan> {
    let which = match version {
        Some(version) => ("version", version.into()),
        None => ("state", Bind::Text(PlanState::Active.name().to_owned())),
    };
    Query::by_text(tenant, "code", code).filter(Condition::Is(which.0, Comparison::Equal, which.1))
}

/// All versions of the plans with these codes, oldest first.
pub fn versions_of(tenant: Id<Tenant>, codes: &[String]) -> Query<Plan> {
    Query::new(tenant).filter(Condition::Among("code", Values::Texts(codes.to_vec()))).order("version")
}

/// The versions that new subscriptions get of the plans with these codes.
pub fn offered(tenant: Id<Tenant>, codes: &[String]) -> Query<Plan> {
    let active = Bind::Text(PlanState::Active.name().to_owned());
    Query::new(tenant).filter(Condition::Among("code", Values::Texts(codes.to_vec()))).filter(Condition::Is(
        "state",
        Comparison::Equal,
        active,
    ))
}

/// The columns that may change in a version, with their values.
macro_rules! changeable {
    ($plan:ident) => {
        (
            plans::state.eq($plan.state),
            plans::name.eq(&$plan.name),
            plans::description.eq(&$plan.description),
            plans::partial_handling.eq($plan.partial_periods.handling),
            plans::minimum_prorated_amount.eq($plan.partial_periods.minimum_amount.map(|minimum| minimum.minor)),
            plans::amount_includes_tax.eq($plan.tax.amount_includes_tax),
            plans::tax_rate.eq($plan.tax.rate),
            plans::fixed_trial_days.eq($plan.fixed_trial_days),
            plans::setup_fee.eq($plan.setup_fee.as_ref().map(|fee| fee.amount.minor)),
            plans::setup_fee_text.eq($plan.setup_fee.as_ref().and_then(|fee| fee.text.as_deref())),
            plans::setup_fee_handling.eq($plan.setup_fee.as_ref().map(|fee| fee.handling)),
            plans::include_zero_amount.eq($plan.include_zero_amount),
            plans::fixed_count.eq($plan.fixed_count),
            plans::life_time_length.eq($plan.fixed_life_time.map(|time| time.length)),
            plans::life_time_unit.eq($plan.fixed_life_time.map(|time| time.unit)),
            plans::notice_periods.eq($plan.contract.notice_periods),
            plans::notice_periods_after_current.eq($plan.contract.notice_periods_after_current),
            plans::fixation_periods.eq($plan.contract.fixation_periods),
            plans::fixation_periods_full.eq($plan.contract.fixation_periods_full),
            plans::renewal_reminder_days.eq($plan.reminders.renewal_days),
            plans::trial_reminder_days.eq($plan.reminders.trial_days),
            plans::metadata.eq(&$plan.metadata),
            plans::revision.eq($plan.revision),
            plans::updated_at.eq(At($plan.updated_at)),
        )
    };
}

pub fn insert(tx: &mut Tx<'_>, tenant: Id<Tenant>, plan: &Plan) -> Read<()> {
    let settings = plan.schedule.settings();
    on_backend!(tx, |conn| diesel::insert_into(plans::table)
        .values((
            plans::tenant_id.eq(tenant),
            plans::id.eq(plan.id),
            plans::code.eq(&plan.code),
            plans::version.eq(plan.version),
            plans::currency.eq(plan.currency),
            plans::schedule_type.eq(settings.schedule_type),
            plans::schedule_interval.eq(settings.interval),
            plans::fixed_day.eq(settings.fixed_day),
            plans::base_month.eq(settings.base_month),
            plans::billing_period.eq(settings.billing_period),
            plans::billing_cycle.eq(settings.billing_cycle),
            plans::proration_unit.eq(plan.partial_periods.unit),
            plans::quantity.eq(plan.quantity),
            plans::trial_length.eq(plan.trial.map(|trial| trial.length)),
            plans::trial_unit.eq(plan.trial.map(|trial| trial.unit)),
            plans::created_at.eq(At(plan.created_at)),
            changeable!(plan),
        ))
        .execute(conn))?;
    Ok(())
}

/// Stores a changed version over the revision before it: its state, and what may change in a version.
pub fn update(tx: &mut Tx<'_>, tenant: Id<Tenant>, plan: &Plan) -> Read<()> {
    let rows = on_backend!(tx, |conn| change(plans::table)
        .filter(plans::tenant_id.eq(tenant))
        .filter(plans::id.eq(plan.id))
        .filter(plans::revision.eq(plan.revision - 1))
        .set(changeable!(plan))
        .execute(conn))?;
    changed(rows, 1)
}

/// Archives all versions of a plan.
pub fn archive(tx: &mut Tx<'_>, tenant: Id<Tenant>, code: &str, now: Instant) -> Read<()> {
    on_backend!(tx, |conn| change(plans::table)
        .filter(plans::tenant_id.eq(tenant))
        .filter(plans::code.eq(code))
        .set((
            plans::state.eq(PlanState::Deleted),
            plans::revision.eq(plans::revision + 1),
            plans::updated_at.eq(At(now)),
        ))
        .execute(conn))?;
    Ok(())
}
