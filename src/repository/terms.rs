//! The terms of subscriptions to plans.

use super::change::change;
use super::db::{Read, Tx, changed};
use super::on_backend;
use super::plan::schedule;
use super::query::{Query, stored};
use super::schema::subscription_terms;
use super::sql_types::{At, Decimal, amount, duration, instant};
use crate::domain::payment_method::PaymentMethod;
use crate::domain::period::DurationUnit;
use crate::domain::plan::{PartialPeriods, Plan};
use crate::domain::pricing::Tax;
use crate::domain::schedule::{ScheduleSettings, ScheduleType};
use crate::domain::subscription::{Commitment, CommittedUse, Subscription, Terms};
use crate::domain::tenant::Tenant;
use crate::domain::{Id, Instant};
use diesel::prelude::*;

stored!(Terms, subscription_terms(
    subscription_id, quantity, schedule_type, schedule_interval, fixed_day, base_month, billing_period, billing_cycle,
    billed_from, anchor, requested_end, fixed_count, draft_trial_length, draft_trial_unit, partial_handling,
    proration_unit, minimum_prorated_amount, currency, cadence, tax_rate, amounts_include_tax, setup_fee,
    proration_behavior, commitment_amount, commitment_duration, overage_factor, true_up, committed_from,
    committed_used, collection_method,
    payment_behavior, payment_terms, grace_seconds, signup_method, payment_method_id, invoice_billing,
    invoiced_customer_id, test
) => {
    let Decimal(overage_factor) = overage_factor;
    let schedule_type: ScheduleType = schedule_type;
    let settings = ScheduleSettings {
        schedule_type, interval: schedule_interval, fixed_day, base_month, billing_period, billing_cycle,
    };
    Terms {
        subscription_id,
        quantity,
        schedule: schedule(settings)?,
        billed_from: instant(billed_from),
        anchor: instant(anchor),
        requested_end: instant(requested_end),
        fixed_count,
        draft_trial: duration(draft_trial_length, draft_trial_unit),
        partial_periods: PartialPeriods {
            handling: partial_handling,
            unit: proration_unit,
            minimum_amount: amount(minimum_prorated_amount, Some(currency)),
        },
        cadence,
        tax: Tax { rate: tax_rate, included: amounts_include_tax },
        setup_fee,
        proration_behavior,
        commitment: Commitment {
            amount: amount(commitment_amount, Some(currency)), duration: commitment_duration, overage_factor, true_up,
        },
        committed: committed(instant(committed_from), committed_used),
        collection_method,
        payment_behavior,
        payment_terms,
        grace_seconds,
        signup_method,
        payment_method_id,
        invoice_billing,
        invoiced_customer_id,
        test,
    }
}, key: subscription_id);

fn committed(window_start: Option<Instant>, used: Option<Decimal>) -> Option<CommittedUse> {
    window_start.zip(used).map(|(window_start, Decimal(used))| CommittedUse { window_start, used })
}

/// Stores what was used against the commitment in the window that was billed last.
pub fn committed_use(tx: &mut Tx<'_>, tenant: Id<Tenant>, terms: &Terms) -> Read<()> {
    let committed = terms.committed.as_ref();
    let rows = on_backend!(tx, |conn| change(subscription_terms::table)
        .filter(subscription_terms::tenant_id.eq(tenant))
        .filter(subscription_terms::subscription_id.eq(terms.subscription_id))
        .set((
            subscription_terms::committed_from.eq(committed.map(|it| At(it.window_start))),
            subscription_terms::committed_used.eq(committed.map(|it| Decimal(it.used.clone()))),
        ))
        .execute(conn))?;
    changed(rows, 1)
}

pub fn of_subscriptions(tenant: Id<Tenant>, subscriptions: &[Id<Subscription>]) -> Query<Terms> {
    Query::new(tenant).of_each("subscription_id", subscriptions)
}

/// Stores the terms of a new subscription.
pub fn insert(
    tx: &mut Tx<'_>,
    tenant: Id<Tenant>,
    subscription: &Subscription,
    plan: Id<Plan>,
    terms: &Terms,
) -> Read<()> {
    let settings = terms.schedule.settings();
    on_backend!(tx, |conn| diesel::insert_into(subscription_terms::table)
        .values((
            (
                subscription_terms::tenant_id.eq(tenant),
                subscription_terms::subscription_id.eq(subscription.id),
                subscription_terms::plan_id.eq(plan),
                subscription_terms::quantity.eq(terms.quantity),
                subscription_terms::currency.eq(subscription.currency),
                subscription_terms::schedule_type.eq(settings.schedule_type),
                subscription_terms::schedule_interval.eq(settings.interval),
                subscription_terms::fixed_day.eq(settings.fixed_day),
                subscription_terms::base_month.eq(settings.base_month),
                subscription_terms::billing_period.eq(settings.billing_period),
                subscription_terms::billing_cycle.eq(settings.billing_cycle),
                subscription_terms::billed_from.eq(terms.billed_from.map(At)),
                subscription_terms::anchor.eq(terms.anchor.map(At)),
                subscription_terms::requested_end.eq(terms.requested_end.map(At)),
                subscription_terms::fixed_count.eq(terms.fixed_count),
                subscription_terms::draft_trial_length.eq(terms.draft_trial.map(|trial| trial.length)),
                subscription_terms::draft_trial_unit.eq(terms.draft_trial.map(|trial| trial.unit)),
                subscription_terms::partial_handling.eq(terms.partial_periods.handling),
                subscription_terms::proration_unit.eq(terms.partial_periods.unit),
                subscription_terms::minimum_prorated_amount
                    .eq(terms.partial_periods.minimum_amount.map(|amount| amount.minor)),
            ),
            (
                subscription_terms::cadence.eq(terms.cadence),
                subscription_terms::tax_rate.eq(terms.tax.rate),
                subscription_terms::amounts_include_tax.eq(terms.tax.included),
                subscription_terms::setup_fee.eq(terms.setup_fee),
                subscription_terms::proration_behavior.eq(terms.proration_behavior),
                subscription_terms::commitment_amount.eq(terms.commitment.amount.map(|amount| amount.minor)),
                subscription_terms::commitment_duration.eq(terms.commitment.duration),
                subscription_terms::overage_factor.eq(Decimal(terms.commitment.overage_factor.clone())),
                subscription_terms::true_up.eq(terms.commitment.true_up),
                subscription_terms::collection_method.eq(terms.collection_method),
                subscription_terms::payment_behavior.eq(terms.payment_behavior),
                subscription_terms::payment_terms.eq(terms.payment_terms),
                subscription_terms::grace_seconds.eq(terms.grace_seconds),
                subscription_terms::signup_method.eq(terms.signup_method),
                subscription_terms::payment_method_id.eq(terms.payment_method_id),
                subscription_terms::invoice_billing.eq(terms.invoice_billing),
                subscription_terms::invoiced_customer_id.eq(terms.invoiced_customer_id),
                subscription_terms::test.eq(terms.test),
            ),
        ))
        .execute(conn))?;
    Ok(())
}

/// Stores what the activation of a draft settles.
pub fn activate(tx: &mut Tx<'_>, tenant: Id<Tenant>, terms: &Terms) -> Read<()> {
    let rows = on_backend!(tx, |conn| change(subscription_terms::table)
        .filter(subscription_terms::tenant_id.eq(tenant))
        .filter(subscription_terms::subscription_id.eq(terms.subscription_id))
        .set((
            subscription_terms::billed_from.eq(terms.billed_from.map(At)),
            subscription_terms::draft_trial_length.eq(None::<i32>),
            subscription_terms::draft_trial_unit.eq(None::<DurationUnit>),
            subscription_terms::signup_method.eq(terms.signup_method),
            subscription_terms::payment_method_id.eq(terms.payment_method_id),
        ))
        .execute(conn))?;
    changed(rows, 1)
}

/// Stores what a subscription is paid by from now on.
pub fn set_method(
    tx: &mut Tx<'_>,
    tenant: Id<Tenant>,
    subscription: Id<Subscription>,
    method: Id<PaymentMethod>,
) -> Read<()> {
    on_backend!(tx, |conn| change(subscription_terms::table)
        .filter(subscription_terms::tenant_id.eq(tenant))
        .filter(subscription_terms::subscription_id.eq(subscription))
        .set(subscription_terms::payment_method_id.eq(method))
        .execute(conn))?;
    Ok(())
}
