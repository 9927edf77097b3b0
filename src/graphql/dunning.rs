//! What a tenant has decided about invoices that are not paid.

use super::check::{self, Check};
use super::engine::{Object, Type};
use super::mutations::Wire;
use crate::app::tenant::ChangeDunning;
use crate::domain::dunning::{DunningFinalAction, Policy, Schedule};
use async_graphql::{InputObject, MaybeUndefined};

impl Object for Policy {
    fn declare() -> Type<Self> {
        Type::new("Dunning", "What follows when an invoice is not paid.")
            .computed(
                "schedule",
                "The days between the steps: a notice at once, another after each interval but the last, then the final \
                 action. With each notice after the first the charge is tried again.",
                |policy: &Policy| policy.schedule.days(),
            )
            .column("finalAction", "What becomes of the subscription after the last interval.", |policy| {
                &policy.final_action
            })
            .column(
                "graceSeconds",
                "For so many seconds after the first failure no dunning begins, and what was declined is tried again.",
                |policy| &policy.grace_seconds,
            )
            .column(
                "noGraceOnHardDecline",
                "Whether dunning begins at once where a charge is declined for good.",
                |policy| &policy.no_grace_on_hard_decline,
            )
    }
}

/// What to change of dunning. What is left out stays; a change affects only what falls due later.
#[derive(InputObject)]
pub struct DunningInput {
    /// The days between the steps: 1 to 10 intervals of 1 to 60 days.
    schedule: MaybeUndefined<Vec<i32>>,
    /// What becomes of the subscription after the last interval.
    final_action: MaybeUndefined<Wire<DunningFinalAction>>,
    /// For so many seconds after the first failure no dunning begins: at most ten years.
    grace_seconds: MaybeUndefined<i32>,
    /// Whether dunning begins at once where a charge is declined for good.
    no_grace_on_hard_decline: MaybeUndefined<bool>,
}

impl DunningInput {
    pub fn read_in(self, check: &mut Check) -> Option<ChangeDunning> {
        let schedule = check.set("schedule", self.schedule, |days| Schedule::try_new(&days));
        let final_action = check.set("finalAction", self.final_action, |wire| Ok::<_, String>(wire.0));
        let grace_seconds = check.set("graceSeconds", self.grace_seconds, check::seconds);
        let no_grace = check.set("noGraceOnHardDecline", self.no_grace_on_hard_decline, Ok::<_, String>);
        Some(ChangeDunning {
            schedule: schedule?,
            final_action: final_action?,
            grace_seconds: grace_seconds?,
            no_grace_on_hard_decline: no_grace?,
        })
    }
}
