//! Collecting: what becomes of an invoice that got no money when it was asked for (`billwerk.md` §7 and §9), and of its
//! subscription (`flexprice.md` §1.13, V18).
//!
//! An invoice that can be charged is charged as it is issued, again in its grace, and again with each reminder. The first reminder begins its
//! dunning, each further one follows after the next of the policy's intervals. After the last interval it has failed.

use super::dunning::{DunningFinalAction, Next, Policy, State};
use super::invoice::{Invoice, InvoiceStatus};
use super::payment::{ChargeOutcome, Decline};
use super::subscription::{PaymentBehavior, Subscription, SubscriptionStatus};
use super::{Instant, Zone};
use chrono::TimeDelta;

/// How long after a charge that was declined as an invoice was made it is charged again.
const RETRY: TimeDelta = TimeDelta::days(1);

/// Why an invoice got no money.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unpaid {
    /// Another attempt may succeed: it was declined for now, or could not be processed.
    Soft,
    /// The payment method will never be charged.
    Hard,
    /// There is nothing to charge: the customer pays by itself.
    NothingToCharge,
}

impl Unpaid {
    /// Why a charge brought nothing; none where it did, or may still do.
    pub fn of(outcome: &ChargeOutcome) -> Option<Unpaid> {
        match outcome {
            ChargeOutcome::Succeeded { .. } | ChargeOutcome::Pending { .. } => None,
            ChargeOutcome::Declined { state: Decline::Hard, .. } => Some(Unpaid::Hard),
            ChargeOutcome::Declined { state: Decline::Soft, .. }
            | ChargeOutcome::Failed { .. }
            | ChargeOutcome::Unclear { .. } => Some(Unpaid::Soft),
        }
    }
}

/// By what rule an unpaid invoice goes on.
#[derive(Clone, Copy, Debug)]
pub struct Dunning<'p> {
    pub policy: &'p Policy,
    /// When it first got no money; where nothing was charged, when it was past due.
    pub first: Instant,
    /// Until when the subscription itself starts no dunning.
    pub grace_until: Option<Instant>,
    /// The zone in which days are counted.
    pub zone: Zone,
}

/// What happens to an invoice that got no money.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reaction {
    /// It waits for the next charge.
    Waits,
    /// Its dunning begins, with the first reminder.
    DunningStarted,
    /// The next reminder is sent.
    Reminded,
    /// It has failed: nothing more is done by itself.
    Failed,
}

impl Invoice {
    /// What follows where it got no money: its status, its reminders, and when it is asked for next.
    ///
    /// The grace of a subscription holds for every charge that fails; that of the policy only where it says so.
    pub fn unpaid(&mut self, why: Unpaid, dunning: Dunning<'_>, now: Instant) -> Reaction {
        let Dunning { policy, first, grace_until, zone } = dunning;
        let own_grace = grace_until.is_some_and(|until| now < until);
        let state = State {
            failed_at: first,
            started_at: self.collection.dunning_started_at,
            step: usize::try_from(self.collection.dunning_step).unwrap_or_default(),
        };
        let hard = why == Unpaid::Hard && !own_grace;
        match policy.after_failure(state, hard, now, grace_until, zone) {
            Next::Retry { at } | Next::Notice { at, .. } | Next::Final { at } if now < at => {
                self.collection.collect_at = Some(at);
                Reaction::Waits
            }
            Next::Final { .. } => {
                self.status = InvoiceStatus::Failed;
                self.collection.collect_at = None;
                Reaction::Failed
            }
            Next::Retry { .. } | Next::Notice { .. } => {
                let noticed = state.noticed(now);
                let (Next::Retry { at } | Next::Notice { at, .. } | Next::Final { at }) =
                    policy.after_failure(noticed, hard, now, grace_until, zone);
                self.status = InvoiceStatus::PastDue;
                self.collection.dunning_started_at = noticed.started_at;
                self.collection.dunning_step += 1;
                self.collection.collect_at = Some(at);
                if state.started_at.is_none() { Reaction::DunningStarted } else { Reaction::Reminded }
            }
        }
    }

    /// The same for an invoice that was charged as it was made: it stays open, and is charged again a day later.
    pub fn unpaid_at_first(&mut self, now: Instant) {
        if self.status == InvoiceStatus::Open {
            self.collection.collect_at = Some(now + RETRY);
        }
    }
}

impl PaymentBehavior {
    /// Whether a subscription waits for its first invoice, at its start or after its trial, where that is not paid as it is
    /// made (`flexprice.md` §1.13, V18). One that must not be created without its payment is refused before.
    pub fn waits(self) -> bool {
        self != PaymentBehavior::DefaultActive
    }
}

impl DunningFinalAction {
    /// What becomes of a subscription whose invoice failed; none where it stays as it is. A rental whose device is still
    /// out does not end by itself (`decisions.md` 26): it is paused.
    pub fn status(self, subscription: &Subscription) -> Option<SubscriptionStatus> {
        use SubscriptionStatus::{Active, Ended, Incomplete, Paused, Trialing};
        if ![Active, Incomplete, Trialing].contains(&subscription.status) {
            return None;
        }
        match self {
            DunningFinalAction::End if subscription.asset_id.is_none() => Some(Ended),
            DunningFinalAction::End | DunningFinalAction::Pause => Some(Paused),
            DunningFinalAction::None => None,
        }
    }
}

#[cfg(test)]
mod tests;
