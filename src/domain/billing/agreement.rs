//! A subscription to a plan, from one moment of its life to the next.

use super::charges::{Usage, unbillable};
use super::{Due, InvoiceTerms};
use crate::domain::calendar::day_of;
use crate::domain::exact::Ratio;
use crate::domain::invoice::{Invoice, InvoiceReason};
use crate::domain::period::Period;
use crate::domain::plan::{SetupFee, SetupFeeHandling};
use crate::domain::pricing::{Bill, Charge, Line, LineKind, TrueUp, hold_to};
use crate::domain::schedule::ScheduledPeriod;
use crate::domain::subscribing::Agreement;
use crate::domain::subscription::parts::AdditionalCostState;
use crate::domain::subscription::{CommittedUse, SubscriptionStatus};
use crate::domain::{Id, Instant, Refusal};
use chrono::TimeDelta;

/// What is used comes to at most so many digits after a minor unit: those of a price and of a quantity.
const USED_PLACES: u8 = 24;

/// What of a subscription's past its next bill depends on.
#[derive(Clone, Debug, Default)]
pub struct Past {
    /// What was used in the period that is over.
    pub usage: Usage,
    /// Whether its setup fee was invoiced.
    pub setup_fee_billed: bool,
}

impl Past {
    /// Goes on from a moment whose bill is made, as where several are foreseen: what was used is billed.
    pub fn billed(&mut self, bill: Option<&Bill>) {
        self.usage = Usage::default();
        let fee = |line: &Line| line.kind == LineKind::SetupFee;
        self.setup_fee_billed |= bill.is_some_and(|bill| bill.lines.iter().any(fee));
    }
}

impl Agreement {
    /// The period that is over at the next moment: what was used in it is to be known.
    pub fn closing(&self) -> Option<Period> {
        self.over_at(self.subscription.billing.next_at?).map(|over| over.period)
    }

    fn over_at(&self, at: Instant) -> Option<ScheduledPeriod> {
        let last = at - TimeDelta::microseconds(1);
        self.schedule()?.period_at(last).filter(|over| over.period.end == at)
    }

    fn beginning_at(&self, at: Instant) -> Option<ScheduledPeriod> {
        self.schedule()?.period_at(at).filter(|begins| begins.period.start == at)
    }

    /// Bills what falls due at the next moment, and goes on to the one after. None where nothing is to come.
    ///
    /// An invoice has what is in arrears of the period that is over, and what was used in it, then what is in advance of
    /// the period that begins, a setup fee that waits for the first invoice, and additional costs that wait
    /// (`flexprice.md` §3.6). A renewal over nothing at all makes no invoice.
    pub fn fall_due(&mut self, past: &Past) -> Result<Option<Due>, Refusal> {
        let Some(at) = self.subscription.billing.next_at else { return Ok(None) };
        let (over, begins) = (self.over_at(at), self.beginning_at(at));
        let since = over.map(|over| over.period.start);
        let trial_over =
            self.subscription.status == SubscriptionStatus::Trialing && self.subscription.trial_end == Some(at);
        let mut charges = over.map(|over| self.charges_in_arrears(&over, &past.usage)).unwrap_or_default();
        if let Some(over) = over {
            charges = self.hold_to_commitment(charges, over.period, begins.is_none())?;
        }
        let mut ahead = over.or(begins).map(|_| self.charges_ahead(at, since, begins.as_ref())).unwrap_or_default();
        let in_advance = ahead.iter().any(|charge| charge.period.is_some());
        // What is billed once began within the period that is over, so it stands before what is to come.
        ahead.sort_by_key(|charge| charge.period.is_some());
        let discounted_at = since.filter(|_| !in_advance).unwrap_or(at);
        charges.extend(ahead);
        charges.extend(self.waiting_setup_fee(past).filter(|_| !charges.is_empty()));
        charges.extend(self.cost_charges());
        let bill = match charges.is_empty() {
            true => None,
            false => Some(self.bill_without_zeros(charges, discounted_at)?),
        };
        let bill = bill.filter(|bill| bill.lines.iter().any(|line| line.amount.minor != 0));
        if let Some(bill) = &bill {
            self.count_discounts(bill);
        }
        let reason = match (trial_over, over) {
            (true, _) => InvoiceReason::SubscriptionTrialEnd,
            (false, Some(_)) => InvoiceReason::SubscriptionCycle,
            (false, None) => InvoiceReason::SubscriptionCreate,
        };
        self.go_on(at, begins);
        self.subscription.billing.usage_until =
            over.map(|over| over.period.end).or(self.subscription.billing.usage_until);
        let period = begins.or(over).and_then(|of| Some((of.period, i32::try_from(of.number).ok()?)));
        let terms = self.invoice_terms();
        Ok(Some(Due { subscription_id: self.subscription.id, at, reason, bill, period, terms }))
    }

    /// Holds what was used in a period to the commitment, and notes how far that is used up (`flexprice.md` §1.5). With the
    /// last period its window is over, too.
    fn hold_to_commitment(
        &mut self,
        charges: Vec<Charge>,
        period: Period,
        is_last: bool,
    ) -> Result<Vec<Charge>, Refusal> {
        let commitment = &self.terms.commitment;
        // What is missing is billed also where nothing that is measured runs any more.
        if commitment.amount.is_none() || !self.has_usage() {
            return Ok(charges);
        }
        let (used, others): (Vec<_>, Vec<_>) = charges.into_iter().partition(|charge| charge.kind == LineKind::Usage);
        let zone = self.subscription.timezone;
        let start = self.subscription.start_date;
        let mut window = commitment.window(start, zone, self.terms.schedule.billing_period(), period);
        window.closes |= is_last;
        let before = self.terms.committed.as_ref().filter(|it| it.window_start == window.period.start);
        let before = before.and_then(|it| Ratio::scaled(&it.used, 0)).unwrap_or(Ratio::new(0, 1));
        let true_up = TrueUp {
            description: format!("{} true-up", self.plan.name),
            plan_version: Some(self.plan.version),
            period: Some(window.period),
            tax: self.terms.tax,
        };
        let held = hold_to(commitment, &window, before, used, true_up, self.subscription.currency);
        let held = held.map_err(unbillable)?;
        self.terms.committed =
            Some(CommittedUse { window_start: window.period.start, used: held.used.rounded(USED_PLACES) });
        Ok([others, held.charges].concat())
    }

    /// A setup fee that stands on the first invoice, if there was none yet (`billwerk.md` §3).
    fn waiting_setup_fee(&self, past: &Past) -> Option<Charge> {
        self.first_setup_fee().filter(|_| !past.setup_fee_billed).map(|fee| self.setup_fee_charge(fee))
    }

    fn first_setup_fee(&self) -> Option<&SetupFee> {
        let first = |fee: &&SetupFee| self.terms.setup_fee && fee.handling == SetupFeeHandling::First;
        self.plan.setup_fee.as_ref().filter(first)
    }

    /// Whether a setup fee may wait for the next invoice: then it must be known whether it was invoiced.
    pub fn may_owe_setup_fee(&self) -> bool {
        self.first_setup_fee().is_some()
    }

    /// Goes on from a moment to the next: its period, when it is billed, and where it stands.
    fn go_on(&mut self, at: Instant, begins: Option<ScheduledPeriod>) {
        if let Some(begins) = begins {
            self.subscription.current_period_start = Some(begins.period.start);
            self.subscription.current_period_end = Some(begins.period.end);
        }
        let next = self.moment_after(at);
        self.subscription.status = match next {
            None if self.is_over(at) => SubscriptionStatus::Ended,
            _ if self.subscription.status == SubscriptionStatus::Trialing => SubscriptionStatus::Active,
            _ => self.subscription.status,
        };
        self.schedule_next(next);
        let zone = self.subscription.timezone;
        self.subscription.next_billing_date =
            next.and_then(|_| self.billed_after(at)).map(|moment| day_of(moment, zone));
    }

    /// Whether nothing more is to come at a moment, since the subscription has an end.
    fn is_over(&self, at: Instant) -> bool {
        self.subscription.end_date.is_some_and(|end| end <= at)
    }

    /// Sets when something of it falls due next.
    pub(in crate::domain) fn schedule_next(&mut self, next: Option<Instant>) {
        let runs = SubscriptionStatus::RUNNING.contains(&self.subscription.status);
        self.subscription.billing.next_at = next;
        self.subscription.billing.due_at = next.filter(|_| runs).map(|next| next + self.usage_grace());
    }

    /// How long is waited for usage after a period is over.
    fn usage_grace(&self) -> TimeDelta {
        match self.has_usage() {
            true => TimeDelta::seconds(self.settings.usage_grace_seconds.into()),
            false => TimeDelta::zero(),
        }
    }

    /// The first moment after another one at which something is billed or ends.
    pub(in crate::domain) fn moment_after(&self, at: Instant) -> Option<Instant> {
        let trial = self.subscription.trial_end.filter(|end| at < *end);
        let scheduled = self.schedule().map(|schedule| {
            let next = schedule.periods_since(at).next()?;
            Some(if at < next.period.start { next.period.start } else { next.period.end }).filter(|next| at < *next)
        });
        trial.or(scheduled.unwrap_or(self.subscription.end_date.filter(|end| at < *end)))
    }

    /// The first moment after another one at which something is billed.
    fn billed_after(&self, at: Instant) -> Option<Instant> {
        let (advance, arrears) = self.cadences();
        let schedule = self.schedule().filter(|_| advance || arrears)?;
        let mut moments = schedule.periods_since(at).flat_map(|period| {
            let start = advance.then_some(period.period.start);
            start.into_iter().chain(arrears.then_some(period.period.end))
        });
        moments.find(|moment| at < *moment)
    }

    pub(in crate::domain) fn invoice_terms(&self) -> InvoiceTerms {
        InvoiceTerms {
            customer_id: self.terms.invoiced_customer_id,
            billing_group_id: None,
            currency: self.subscription.currency,
            zone: self.subscription.timezone,
            payment_terms: self.terms.payment_terms,
            collection_method: self.terms.collection_method,
            payment_method_id: self.terms.payment_method_id,
            test: self.terms.test,
        }
    }

    /// Notes on which invoice the additional costs are that waited for one.
    pub fn costs_invoiced(&mut self, invoice: Id<Invoice>) {
        for cost in self.costs.iter_mut().filter(|cost| cost.state == AdditionalCostState::Pending) {
            (cost.state, cost.invoice_id) = (AdditionalCostState::Transferred, Some(invoice));
        }
    }

    /// Notes that the first invoice after the trial is not paid yet: the subscription waits for that, unless it is to be
    /// active all the same (`flexprice.md` §1.13 and V18).
    pub fn wait_for_payment(&mut self) {
        if self.terms.payment_behavior.waits() {
            self.subscription.status = SubscriptionStatus::Incomplete;
            self.subscription.billing.due_at = None;
        }
    }
}
