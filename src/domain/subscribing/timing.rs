//! When the subscription runs, in which rhythm it is billed, in which currency and how it is taxed.

use super::Cx;
use super::request::TrialRequest;
use super::shape::anchor_on_calendar;
use super::start::not_too_early;
use crate::domain::calendar::day_of;
use crate::domain::period::ProrationUnit;
use crate::domain::plan::PartialPeriods;
use crate::domain::pricing::{Tax, TaxRate};
use crate::domain::schedule::{BillingCycle, Interval, PartialPeriodHandling, PlanSchedule};
use crate::domain::subscription::{Commitment, ProrationBehavior};
use crate::domain::{Currency, ErrorCode, Instant, Money, Refusal, Zone};
use bigdecimal::BigDecimal;

/// What follows from the request, the plan, the customer and the tenant together.
pub(super) struct Timing {
    pub start: Instant,
    /// The end that is asked for: where phases say all that happens, that of the last one.
    pub end: Option<Instant>,
    pub zone: Zone,
    pub currency: Currency,
    pub quantity: i32,
    pub schedule: PlanSchedule,
    pub partial_periods: PartialPeriods,
    pub tax: Tax,
}

pub(super) fn decide(cx: &Cx<'_>) -> Result<Timing, Refusal> {
    let (request, situation) = (cx.request, cx.situation);
    let asked = &request.timing;
    let plan = &situation.plan;
    let zone = asked.timezone.or(situation.customer.timezone).unwrap_or(situation.settings.timezone);
    let start = asked.start_date.or(request.phases.first().map(|phase| phase.start_date)).unwrap_or(cx.now);
    let schedule = schedule(cx)?;
    not_too_early(schedule, start, zone, cx.now)?;
    let end = end(cx, start)?;
    if asked.proration == Some(ProrationBehavior::CreateProrations) && day_of(start, zone) < day_of(cx.now, zone) {
        let message = "A start in the past cannot be prorated: start today, or leave prorationBehavior out.";
        return Err(Refusal::new(ErrorCode::ProrationWithPastStart, message).at(&["startDate"]));
    }
    trial_around(request.trial, start)?;
    let currency = request.currency.unwrap_or(plan.currency);
    Ok(Timing {
        start,
        end,
        zone,
        currency,
        quantity: request.quantity.unwrap_or(plan.quantity),
        schedule,
        partial_periods: partial_periods(cx, schedule, currency),
        tax: Tax {
            rate: tax_rate(plan.tax.rate, situation.settings.tax_rate),
            included: request
                .amount_includes_tax
                .or(plan.tax.amount_includes_tax)
                .unwrap_or(situation.settings.amounts_include_tax),
        },
    })
}

/// The end, which lies in the future and after the start.
fn end(cx: &Cx<'_>, start: Instant) -> Result<Option<Instant>, Refusal> {
    let phases = &cx.request.phases;
    let last = phases.len().saturating_sub(1).to_string();
    let (end, path) = match (cx.request.timing.end_date, phases.last().and_then(|last| last.end_date)) {
        (Some(end), _) => (end, vec!["endDate"]),
        (None, Some(end)) => (end, vec!["phases", last.as_str(), "endDate"]),
        (None, None) => return Ok(None),
    };
    if end <= cx.now {
        let message = "The end must lie in the future.";
        return Err(Refusal::new(ErrorCode::EndDateNotInFuture, message).at(&path));
    }
    // Where no start was given it is now, or that of the first phase.
    if end <= start {
        let message = "The end must lie after the start.";
        return Err(Refusal::new(ErrorCode::EndDateBeforeStart, message).at(&path));
    }
    Ok(Some(end))
}

/// Refuses a trial that starts after the subscription or ends before it, where no start was given to say so earlier.
fn trial_around(trial: TrialRequest, start: Instant) -> Result<(), Refusal> {
    let refused = |field, message| Err(Refusal::new(ErrorCode::InvalidTrial, message).at(&[field]));
    match trial {
        TrialRequest::Between(begin, _) if begin > start => {
            refused("trialStart", "A trial starts with the subscription or before it.")
        }
        TrialRequest::Between(_, end) if end < start => {
            refused("trialEnd", "A trial does not end before the subscription starts.")
        }
        _ => Ok(()),
    }
}

fn tax_rate(own: Option<TaxRate>, tenants: TaxRate) -> TaxRate {
    own.unwrap_or(tenants)
}

/// The plan's schedule, or the period × count that the request asks for instead.
fn schedule(cx: &Cx<'_>) -> Result<PlanSchedule, Refusal> {
    let asked = &cx.request.timing;
    let own = cx.situation.plan.schedule;
    let schedule = match (asked.billing_period, own) {
        (Some(period), own) => {
            let own_cycle = match own {
                PlanSchedule::Cycle { cycle, .. } => cycle,
                _ => BillingCycle::Anniversary,
            };
            let count = asked.billing_period_count.unwrap_or(Interval::ONE);
            PlanSchedule::Cycle { period, count, cycle: asked.billing_cycle.unwrap_or(own_cycle) }
        }
        (None, PlanSchedule::Cycle { period, count, cycle }) => PlanSchedule::Cycle {
            period,
            count: asked.billing_period_count.unwrap_or(count),
            cycle: asked.billing_cycle.unwrap_or(cycle),
        },
        (None, own) => {
            let field = match (asked.billing_cycle, asked.billing_period_count) {
                (Some(_), _) => Some("billingCycle"),
                (None, count) => count.map(|_| "billingPeriodCount"),
            };
            if let Some(field) = field {
                let message =
                    "The plan has a schedule of its own: give billingPeriod as well to bill in another rhythm.";
                return Err(Refusal::new(ErrorCode::InvalidBillingCycle, message).at(&[field]));
            }
            own
        }
    };
    if asked.billing_anchor.is_some() && !schedule.takes_anchor() {
        return Err(anchor_on_calendar());
    }
    Ok(schedule)
}

/// What is billed of a partial period: what the request says, else what the plan says. Where the request bills in another
/// rhythm than the plan's kind, the plan has said nothing about it, and a part is billed in full (`decisions.md` 13).
fn partial_periods(cx: &Cx<'_>, schedule: PlanSchedule, currency: Currency) -> PartialPeriods {
    let plan = &cx.situation.plan;
    let is_cycle = |schedule| matches!(schedule, PlanSchedule::Cycle { .. });
    let own = if is_cycle(schedule) == is_cycle(plan.schedule) {
        plan.partial_periods.clone()
    } else {
        PartialPeriods {
            handling: PartialPeriodHandling::BillFull,
            unit: ProrationUnit::Second,
            minimum_amount: plan.partial_periods.minimum_amount,
        }
    };
    let handling = match cx.request.timing.proration {
        Some(ProrationBehavior::CreateProrations) => PartialPeriodHandling::BillProrated,
        Some(ProrationBehavior::None) => PartialPeriodHandling::BillFull,
        None => own.handling,
    };
    // The plan's smallest amount says nothing about prices in another currency.
    let minimum_amount = own.minimum_amount.filter(|minimum| minimum.currency == currency);
    PartialPeriods { handling, minimum_amount, ..own }
}

/// The commitment, in the subscription's currency.
pub(super) fn commitment(cx: &Cx<'_>, currency: Currency) -> Result<Commitment, Refusal> {
    let asked = &cx.request.commitment;
    let amount = asked.amount.as_ref().map(|amount| Money::try_price(amount, currency)).transpose();
    let amount = amount
        .map_err(|wrong| Refusal::new(ErrorCode::InvalidCommitment, wrong.to_string()).at(&["commitmentAmount"]))?;
    Ok(Commitment {
        amount,
        duration: asked.duration,
        overage_factor: asked.overage_factor.clone().unwrap_or_else(|| BigDecimal::from(1)),
        true_up: asked.true_up,
    })
}
