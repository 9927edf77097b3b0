//! Whether something must be charged, and what becomes of the subscription then (`flexprice.md` §1.13, `decisions.md`
//! 10 and 11).

use super::request::InitialStatus;
use super::{Agreement, Opening, Request};
use crate::domain::invoice::InvoiceStatus;
use crate::domain::schedule::PlanSchedule;
use crate::domain::subscription::{CollectionMethod, PaymentBehavior, SignupMethod, SubscriptionStatus};
use crate::domain::{ErrorCode, Instant, Money, Refusal};

/// What is to be done about the opening invoices.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Settlement {
    /// There is nothing to pay.
    NothingDue,
    /// This is to be charged.
    Charge(Money),
    /// The customer pays by itself, or it is not known yet what to charge.
    Wait,
}

/// What came of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    NothingDue,
    Paid,
    /// Nobody was charged.
    Unpaid,
    /// The gateway refused, with this text.
    Declined,
    /// The gateway could not say.
    Failed,
}

impl Agreement {
    /// Refuses a creation that depends on a payment where nothing is invoiced right away (`decisions.md` 10).
    pub fn check_condition(&self, request: &Request, opening: &Opening, now: Instant) -> Result<(), Refusal> {
        if !request.payment.conditional_create {
            return Ok(());
        }
        let fixed_day = matches!(
            self.terms.schedule,
            PlanSchedule::WeeklyFixedDay { .. }
                | PlanSchedule::MonthFixedDay { .. }
                | PlanSchedule::MonthLastDay { .. }
        );
        let why = if request.status == InitialStatus::Draft {
            "a draft is not billed"
        } else if self.terms.schedule == PlanSchedule::Manual {
            "the plan schedules no invoices"
        } else if fixed_day {
            "the plan bills on fixed days"
        } else if self.subscription.status == SubscriptionStatus::Trialing {
            "a trial comes first"
        } else if self.subscription.start_date > now {
            "it starts in the future"
        } else if opening.of_period().is_none() {
            "nothing is billed in advance"
        } else {
            return Ok(());
        };
        let message = format!("A creation can depend on a payment only where it is invoiced right away, but {why}.");
        Err(Refusal::new(ErrorCode::NotEligibleForInvoice, message).at(&["conditionalCreate"]))
    }

    /// What is to be done about the opening invoices; `source` says whether there is something to charge.
    pub fn settlement(&self, opening: &Opening, source: bool) -> Settlement {
        let due = opening.due();
        let asked = matches!(self.terms.signup_method, Some(SignupMethod::Email | SignupMethod::Link));
        if due <= 0 {
            Settlement::NothingDue
        } else if self.terms.collection_method == CollectionMethod::SendInvoice || asked || !source {
            Settlement::Wait
        } else {
            Settlement::Charge(Money::new(due, self.subscription.currency))
        }
    }

    /// Settles the statuses of the subscription and its opening invoices, or refuses: then nothing is created. Invoices
    /// that are no drafts any more still need their numbers.
    pub fn settle(
        &mut self,
        opening: &mut Opening,
        outcome: Outcome,
        conditional: bool,
        initial: InitialStatus,
        now: Instant,
    ) -> Result<(), Refusal> {
        let paid = matches!(outcome, Outcome::NothingDue | Outcome::Paid);
        for (invoice, _) in &mut opening.invoices {
            invoice.issue(now, self.subscription.timezone);
            if paid && invoice.status == InvoiceStatus::Open {
                invoice.pay(invoice.balance.due, now)?;
            }
        }
        if paid {
            return Ok(());
        }
        if matches!(outcome, Outcome::Declined | Outcome::Failed) {
            opening.invoices.iter_mut().for_each(|(invoice, _)| invoice.unpaid_at_first(now));
        }
        let behavior = self.terms.payment_behavior;
        if conditional || behavior == PaymentBehavior::ErrorIfIncomplete {
            return Err(refused(outcome));
        }
        let incomplete = initial == InitialStatus::Incomplete || behavior.waits();
        if incomplete && self.subscription.status == SubscriptionStatus::Active {
            self.subscription.status = SubscriptionStatus::Incomplete;
            // Nothing more is billed until it is paid.
            self.subscription.billing.due_at = None;
        }
        Ok(())
    }
}

fn refused(outcome: Outcome) -> Refusal {
    match outcome {
        Outcome::Failed => Refusal::new(
            ErrorCode::PaymentProcessingError,
            "The payment could not be processed, and nothing was created. Try again.",
        ),
        Outcome::Unpaid => Refusal::new(
            ErrorCode::PaymentDeclined,
            "There is no payment method to charge, and nothing was created. Give a source.",
        ),
        _ => Refusal::new(
            ErrorCode::PaymentDeclined,
            "The payment was declined, and nothing was created. Try another payment method.",
        ),
    }
}

#[cfg(test)]
mod tests;
