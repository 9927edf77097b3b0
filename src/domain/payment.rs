//! Payment attempts: what was asked of the payment gateway, and what came of it (decision 11, `billwerk.md` §4.4, §7).
//!
//! A charge is an outside effect. Before it an attempt is RESERVED and stored; after it the attempt gets its outcome,
//! once. What was to be created with the money may be taken back, the attempt never is. To take a charge back is an
//! outside effect, too: the attempt is REVERSING first, so that it cannot pay for anything any more, and REVERSED when
//! the gateway has said so.

use super::choice::choice;
use super::customer::Customer;
use super::payment_method::{PaymentMethod, PaymentToken};
use super::subscription::Subscription;
use super::tenant::Tenant;
use super::{Entity, ErrorCode, Id, Instant, Money, Refusal};

/// One attempt to charge a customer.
#[derive(Clone, PartialEq, Debug)]
pub struct PaymentAttempt {
    /// The gateway's idempotency key, too.
    pub id: Id<PaymentAttempt>,
    /// What was to be paid for. It does not exist where the payment failed, and nor may the customer.
    pub subscription_id: Id<Subscription>,
    pub customer_id: Id<Customer>,
    /// What was charged: one of the two.
    pub payment_method_id: Option<Id<PaymentMethod>>,
    pub payment_token_id: Option<Id<PaymentToken>>,
    /// More than nothing.
    pub amount: Money,
    /// That of the request: unique among those that are RESERVED.
    pub idempotency_key: Option<String>,
    pub status: PaymentAttemptStatus,
    /// Why there is no money; none unless DECLINED or FAILED.
    pub error_state: Option<PaymentErrorState>,
    /// The gateway's own word for it, such as `insufficient_funds`.
    pub error_code: Option<String>,
    /// What the gateway calls the charge, such as `pi_…`; none where it was not made, or has no name.
    pub gateway_reference: Option<String>,
    pub created_at: Instant,
    /// When it came to its outcome; none while RESERVED or REVERSING.
    pub finished_at: Option<Instant>,
}

impl Entity for PaymentAttempt {
    const NAME: &'static str = "PaymentAttempt";
    const PREFIX: &'static str = "pat";
}

choice! {
    /// What came of a payment attempt.
    pub enum PaymentAttemptStatus {
        /// Nothing is known yet: the request is being processed, or it died.
        Reserved = "RESERVED",
        /// The customer was charged.
        Succeeded = "SUCCEEDED",
        /// The customer's bank refused, or the gateway did on its behalf.
        Declined = "DECLINED",
        /// It could not be processed.
        Failed = "FAILED",
        /// It is being taken back: nothing came of it, or whether the customer was charged is not known.
        Reversing = "REVERSING",
        /// It was taken back: the customer has its money.
        Reversed = "REVERSED",
    }
}

choice! {
    /// Why a payment attempt brought no money.
    pub enum PaymentErrorState {
        /// Declined for now: another attempt may succeed.
        SoftDeclined = "SOFT_DECLINED",
        /// Declined for good: another payment method is needed.
        HardDeclined = "HARD_DECLINED",
        /// A technical failure on the way.
        ProcessingError = "PROCESSING_ERROR",
    }
}

/// What is asked of the gateway.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Charge {
    pub tenant: Id<Tenant>,
    /// The idempotency key: one attempt is charged once at most.
    pub attempt: Id<PaymentAttempt>,
    /// When the attempt was made: a gateway forgets what it was asked long ago.
    pub reserved_at: Instant,
    pub amount: Money,
    /// What the gateway knows the card by.
    pub gateway_reference: String,
}

/// What the gateway says of a charge. Codes are its own words, such as `insufficient_funds`; never empty.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ChargeOutcome {
    /// The customer was charged.
    Succeeded {
        /// What the gateway calls the charge.
        reference: Option<String>,
    },
    /// The bank has not answered yet, as with a direct debit: a notice will tell. To ask again does no harm.
    Pending {
        reference: Option<String>,
    },
    Declined {
        state: Decline,
        code: String,
    },
    /// It could not be processed. Whether the customer was charged may be unknown, as after a timeout.
    Failed {
        code: String,
    },
    /// It failed, and it is not known yet whether the customer has its money: the reversal failed, too. Never said by
    /// a gateway of a charge.
    Unclear {
        code: String,
    },
}

/// How firmly a charge is declined.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Decline {
    /// Another attempt may succeed.
    Soft,
    /// No attempt with this card will.
    Hard,
}

/// What the gateway says of a reversal.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Reversal {
    /// The customer has its money, or never paid.
    Done,
    /// Whether it has is unknown: ask again.
    Failed { code: String },
}

impl ChargeOutcome {
    /// Refuses unless the customer was charged (`billwerk.md` §4.4).
    pub fn accepted(&self) -> Result<(), Refusal> {
        match self {
            ChargeOutcome::Succeeded { .. } => Ok(()),
            ChargeOutcome::Declined { code, .. } => {
                Err(Refusal::new(ErrorCode::PaymentDeclined, format!("The payment was declined: {code}.")))
            }
            ChargeOutcome::Failed { code } | ChargeOutcome::Unclear { code } => Err(not_processed(code)),
            ChargeOutcome::Pending { .. } => Err(not_processed("pending")),
        }
    }

    /// What the gateway calls the charge.
    pub fn reference(&self) -> Option<&String> {
        match self {
            ChargeOutcome::Succeeded { reference } | ChargeOutcome::Pending { reference } => reference.as_ref(),
            ChargeOutcome::Declined { .. } | ChargeOutcome::Failed { .. } | ChargeOutcome::Unclear { .. } => None,
        }
    }
}

fn not_processed(code: &str) -> Refusal {
    Refusal::new(
        ErrorCode::PaymentProcessingError,
        format!("The payment could not be processed: {code}. Try again in a moment."),
    )
}

impl PaymentAttempt {
    /// What to ask the gateway for, by the card that it knows by this reference.
    pub fn charge(&self, tenant: Id<Tenant>, gateway_reference: String) -> Charge {
        Charge { tenant, attempt: self.id, reserved_at: self.created_at, amount: self.amount, gateway_reference }
    }

    /// The attempt with what came of its charge. Refuses while that is pending.
    pub fn finished(&self, outcome: &ChargeOutcome, now: Instant) -> Result<PaymentAttempt, Refusal> {
        let (status, error) = match outcome {
            ChargeOutcome::Succeeded { .. } => (PaymentAttemptStatus::Succeeded, None),
            ChargeOutcome::Pending { .. } => return Err(pending()),
            ChargeOutcome::Declined { state: Decline::Soft, code } => {
                (PaymentAttemptStatus::Declined, Some((PaymentErrorState::SoftDeclined, code)))
            }
            ChargeOutcome::Declined { state: Decline::Hard, code } => {
                (PaymentAttemptStatus::Declined, Some((PaymentErrorState::HardDeclined, code)))
            }
            ChargeOutcome::Failed { code } => {
                (PaymentAttemptStatus::Failed, Some((PaymentErrorState::ProcessingError, code)))
            }
            ChargeOutcome::Unclear { .. } => (PaymentAttemptStatus::Reversing, None),
        };
        let next = self.next(status, now)?;
        let (error_state, error_code) = error.map(|(state, code)| (state, code.clone())).unzip();
        Ok(PaymentAttempt { error_state, error_code, gateway_reference: outcome.reference().cloned(), ..next })
    }

    /// The attempt for which nothing was created: a charge that may have been made is to be taken back.
    pub fn given_up(&self, outcome: &ChargeOutcome, now: Instant) -> Result<PaymentAttempt, Refusal> {
        match outcome {
            ChargeOutcome::Succeeded { reference } | ChargeOutcome::Pending { reference } => {
                let next = self.next(PaymentAttemptStatus::Reversing, now)?;
                Ok(PaymentAttempt { gateway_reference: reference.clone(), ..next })
            }
            ChargeOutcome::Declined { .. } | ChargeOutcome::Failed { .. } | ChargeOutcome::Unclear { .. } => {
                self.finished(outcome, now)
            }
        }
    }

    /// The attempt whose charge was taken back, or never made.
    pub fn reversed(&self, now: Instant) -> Result<PaymentAttempt, Refusal> {
        self.next(PaymentAttemptStatus::Reversed, now)
    }

    /// Only an attempt that is RESERVED comes to an outcome, and only one that is REVERSING is REVERSED: whoever finds
    /// another one was too slow.
    fn next(&self, status: PaymentAttemptStatus, now: Instant) -> Result<PaymentAttempt, Refusal> {
        if status.previous() != Some(self.status) {
            return Err(Refusal::new(ErrorCode::Conflict, "The payment attempt has its outcome already."));
        }
        let finished_at = (status != PaymentAttemptStatus::Reversing).then_some(now);
        Ok(PaymentAttempt { status, finished_at, ..self.clone() })
    }
}

fn pending() -> Refusal {
    Refusal::new(ErrorCode::Conflict, "The bank has not answered yet.")
}

impl PaymentAttemptStatus {
    /// The status that an attempt had before this one; none where it begins with it.
    pub fn previous(self) -> Option<PaymentAttemptStatus> {
        match self {
            PaymentAttemptStatus::Reserved => None,
            PaymentAttemptStatus::Succeeded
            | PaymentAttemptStatus::Declined
            | PaymentAttemptStatus::Failed
            | PaymentAttemptStatus::Reversing => Some(PaymentAttemptStatus::Reserved),
            PaymentAttemptStatus::Reversed => Some(PaymentAttemptStatus::Reversing),
        }
    }
}

#[cfg(test)]
mod tests;
