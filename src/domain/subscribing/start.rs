//! Starting a subscription: its trial, its periods, when it is billed next. A draft is started when it is activated.

use super::request::TrialRequest;
use super::{Agreement, Request};
use crate::domain::calendar::{day_of, later, start_of_day};
use crate::domain::period::{Duration, DurationUnit, Period};
use crate::domain::price::{BillingCadence, PriceType};
use crate::domain::schedule::{End, PartialPeriodHandling, PlanSchedule, Schedule, ScheduledPeriod};
use crate::domain::subscription::{Subscription, SubscriptionStatus, Terms};
use crate::domain::{Date, ErrorCode, Instant, Refusal, Zone};
use chrono::TimeDelta;

impl Agreement {
    /// Keeps the trial that a draft begins with when it is activated.
    pub fn keep_trial(&mut self, request: &Request) {
        self.terms.draft_trial = match request.trial {
            TrialRequest::OfThePlan => self.plan.trial,
            TrialRequest::Never => None,
            TrialRequest::Days(days) => days_long(days),
            TrialRequest::Between(start, end) => {
                days_long(i32::try_from((end - start).num_days()).unwrap_or(i32::MAX).max(1))
            }
        };
    }

    /// Starts the subscription with the trial that the request asks for.
    pub fn start(&mut self, request: &Request, now: Instant) {
        let start = self.subscription.start_date;
        let trial = match request.trial {
            TrialRequest::Never => None,
            TrialRequest::Between(start, end) => Some(Period { start, end }),
            TrialRequest::Days(days) => days_long(days).map(|length| self.trial(start, length)),
            TrialRequest::OfThePlan => self.plan.trial.map(|length| self.trial(start, length)),
        };
        self.start_with(trial, now);
    }

    /// Starts a draft at a moment: everything in it that began with the draft begins then.
    pub fn activate(&mut self, start: Instant, now: Instant) {
        let before = self.subscription.start_date;
        // What is over by then has never begun, and stays as it was.
        let moved = |begins: &mut Instant, end: Option<Instant>| {
            if *begins == before && end.is_none_or(|end| start < end) {
                *begins = start;
            }
        };
        self.items.iter_mut().for_each(|item| moved(&mut item.start_date, item.end_date));
        self.add_ons.iter_mut().for_each(|add_on| moved(&mut add_on.start_date, add_on.end_date));
        self.discounts.iter_mut().for_each(|discount| moved(&mut discount.start_date, discount.end_date));
        self.subscription.start_date = start;
        let trial = self.terms.draft_trial.take().map(|length| self.trial(start, length));
        self.start_with(trial, now);
    }

    /// `[start, end)` of a trial: to the same time of day, or where the plan counts whole days, to the start of a day.
    fn trial(&self, start: Instant, length: Duration) -> Period {
        let zone = self.subscription.timezone;
        let end = later(start, length, zone);
        let end = if self.plan.fixed_trial_days { start_of_day(day_of(end, zone), zone) } else { end };
        Period { start, end: end.max(start + TimeDelta::seconds(1)) }
    }

    fn start_with(&mut self, trial: Option<Period>, now: Instant) {
        let start = self.subscription.start_date;
        let billed_from = trial.map_or(start, |trial| trial.end);
        self.terms.billed_from = Some(billed_from);
        let schedule = self.terms.periods(self.subscription.timezone, self.plan_end());
        let first = schedule.and_then(|schedule| schedule.periods().next());
        let subscription = &mut self.subscription;
        (subscription.trial_start, subscription.trial_end) =
            (trial.map(|trial| trial.start), trial.map(|trial| trial.end));
        subscription.billing_anchor = self.terms.anchor.or(first.map(|_| billed_from));
        subscription.end_date = schedule.and_then(|schedule| schedule.ends_at()).or(self.terms.requested_end);
        // A trial may be over where the start lies in the past.
        let running = trial.filter(|trial| now < trial.end);
        let current = running.or(first.map(|first| first.period));
        subscription.current_period_start = current.map(|period| period.start);
        subscription.current_period_end = current.map(|period| period.end);
        subscription.status = if running.is_some() { SubscriptionStatus::Trialing } else { SubscriptionStatus::Active };
    }

    /// When the plan ends the subscription by itself.
    fn plan_end(&self) -> Option<Instant> {
        let zone = self.subscription.timezone;
        self.plan.fixed_life_time.map(|length| later(self.subscription.start_date, length, zone))
    }

    /// The periods that are billed; none where nothing is scheduled, or it was not started.
    pub fn schedule(&self) -> Option<Schedule> {
        self.terms.periods(self.subscription.timezone, self.plan_end())
    }

    /// The period that an invoice is made for right away: the first one, if it has begun.
    pub(super) fn billed_now(&self, now: Instant) -> Option<ScheduledPeriod> {
        self.schedule()?.periods().next().filter(|first| first.period.start <= now)
    }

    /// Whether anything is billed at the start of a period, and whether anything is billed at its end.
    pub(in crate::domain) fn cadences(&self) -> (bool, bool) {
        let billed = |item: &crate::domain::subscription::parts::SubscriptionItem| {
            let price = self.prices.iter().find(|price| price.id == item.price_id)?;
            match price.price_type {
                PriceType::OneTime => None,
                PriceType::Usage => Some(BillingCadence::InArrears),
                PriceType::Recurring => Some(price.cadence.unwrap_or(self.terms.cadence)),
            }
        };
        let of_add_ons = (!self.add_ons.is_empty()).then_some(self.terms.cadence);
        let all: Vec<_> = self.items.iter().filter_map(billed).chain(of_add_ons).collect();
        (all.contains(&BillingCadence::InAdvance), all.contains(&BillingCadence::InArrears))
    }

    /// The moments at which something is billed, in order, without what is billed right away.
    pub(super) fn billing_moments(&self, now: Instant) -> impl Iterator<Item = Instant> + use<> {
        let (advance, arrears) = self.cadences();
        let billed_now = self.billed_now(now).map(|first| first.period.start);
        // Where nothing is billed a second time, no period has to be looked at.
        let schedule = self.schedule().filter(|_| advance || arrears);
        let periods = schedule.into_iter().flat_map(|schedule| schedule.periods());
        let mut last = None;
        periods
            .flat_map(move |period| {
                let start = advance.then_some(period.period.start);
                let end = arrears.then_some(period.period.end);
                start.into_iter().chain(end)
            })
            .filter(move |moment| Some(*moment) != billed_now && last.replace(*moment) != Some(*moment))
    }

    /// Notes when something is billed next.
    pub(super) fn note_next_billing(&mut self, now: Instant) {
        let zone = self.subscription.timezone;
        self.subscription.next_billing_date = self.billing_moments(now).next().map(|moment| day_of(moment, zone));
    }

    /// The next days on which something is billed: `count` at most.
    pub fn billing_dates(&self, now: Instant, count: usize) -> Vec<Date> {
        let zone = self.subscription.timezone;
        self.billing_moments(now).take(count).map(|moment| day_of(moment, zone)).collect()
    }
}

impl Terms {
    /// The periods that are billed in a zone; `plan_end` is when the plan ends the subscription.
    pub fn periods(&self, zone: Zone, plan_end: Option<Instant>) -> Option<Schedule> {
        let most = self.fixed_count.and_then(|count| u32::try_from(count).ok());
        let unit = self.partial_periods.unit;
        let schedule = self.schedule.schedule(self.billed_from?, zone, self.anchor, unit, None, most)?;
        let first = |ends: [Option<Instant>; 2]| ends.into_iter().flatten().min();
        let end = match self.schedule {
            // The end that was asked for cuts a period × count (`flexprice.md` V13); the plan ends it with a period.
            PlanSchedule::Cycle { .. } => {
                let whole = |end| schedule.ending(Some(End::WithPeriod(end))).ends_at();
                first([self.requested_end, plan_end.and_then(whole)]).map(End::At)
            }
            // The others run to the end of their period (`billwerk.md` §2).
            _ => first([self.requested_end, plan_end]).map(End::WithPeriod),
        };
        let schedule = schedule.ending(end);
        Some(match self.partial_periods.handling {
            PartialPeriodHandling::NoBill => schedule.without_stub(),
            _ => schedule,
        })
    }

    /// The periods after the running one: `count` at most.
    pub fn upcoming(&self, subscription: &Subscription, count: usize) -> Vec<Period> {
        let Some(schedule) = self.periods(subscription.timezone, subscription.end_date) else { return Vec::new() };
        let since = subscription.current_period_end.unwrap_or(subscription.start_date);
        let later = |period: &Period| since <= period.start;
        schedule.periods_since(since).map(|period| period.period).filter(later).take(count).collect()
    }
}

impl Subscription {
    /// The refusal for a subscription that the tenant does not have.
    pub fn not_found() -> Refusal {
        Refusal::new(ErrorCode::SubscriptionNotFound, "There is no such subscription.").at(&["subscriptionId"])
    }

    /// The refusal for a subscription that was started already.
    pub fn not_draft() -> Refusal {
        let message = "Only a draft can be activated, and this subscription is none.";
        Refusal::new(ErrorCode::SubscriptionNotDraft, message).at(&["subscriptionId"])
    }

    /// Whether it can be started at this moment.
    pub fn activatable(&self, start: Instant, now: Instant) -> Result<(), Refusal> {
        if self.status != SubscriptionStatus::Draft {
            return Err(Subscription::not_draft());
        }
        match self.end_date {
            Some(end) if end <= now => {
                let message = "The draft's end has passed: create another subscription.";
                Err(Refusal::new(ErrorCode::EndDateNotInFuture, message).at(&["subscriptionId"]))
            }
            Some(end) if end <= start => {
                let message = "The draft would end before it starts.";
                Err(Refusal::new(ErrorCode::EndDateBeforeStart, message).at(&["startDate"]))
            }
            _ => Ok(()),
        }
    }
}

impl Terms {
    /// Refuses a start that lies more than one billing period back (`billwerk.md` §4.3).
    pub fn startable(&self, start: Instant, zone: Zone, now: Instant) -> Result<(), Refusal> {
        not_too_early(self.schedule, start, zone, now)
    }
}

pub(super) fn not_too_early(schedule: PlanSchedule, start: Instant, zone: Zone, now: Instant) -> Result<(), Refusal> {
    if schedule.one_period_after(start, zone) < now {
        let message = "The start lies more than one billing period back.";
        return Err(Refusal::new(ErrorCode::StartDateTooEarly, message).at(&["startDate"]));
    }
    Ok(())
}

fn days_long(days: i32) -> Option<Duration> {
    (days > 0).then_some(Duration { length: days, unit: DurationUnit::Days })
}
