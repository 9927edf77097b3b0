//! Dunning: how a customer is reminded of an invoice that was not paid in time (`billwerk.md` §9).

use super::Instant;
use super::choice::choice;
use chrono::TimeDelta;

/// How a tenant reminds its customers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Policy {
    /// After how many days each reminder follows the one before; after the last of them the invoice fails.
    pub intervals: Vec<u32>,
    pub final_action: FinalAction,
    /// For how long after the first failure nobody is reminded.
    pub grace: TimeDelta,
    /// Whether a payment method that is declined for good leaves no grace.
    pub no_grace_on_hard_decline: bool,
}

impl Default for Policy {
    fn default() -> Self {
        let grace = TimeDelta::zero();
        Policy { intervals: vec![3, 7, 7], final_action: FinalAction::Pause, grace, no_grace_on_hard_decline: true }
    }
}

choice! {
    /// What becomes of a subscription whose invoice was not paid at all.
    pub enum FinalAction {
        /// It ends.
        End = "END",
        /// It is paused.
        Pause = "PAUSE",
        /// It goes on.
        None = "NONE",
    }
}

impl Policy {
    /// Until when nobody is reminded of an invoice that failed first at `first`.
    pub fn grace_until(&self, first: Instant, hard: bool) -> Instant {
        if hard && self.no_grace_on_hard_decline { first } else { first + self.grace }
    }
}
