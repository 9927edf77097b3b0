//! Payment attempts: what was asked of the payment gateway, and what came of it (decision 11, `billwerk.md` §4.4, §7).
//!
//! A charge is an outside effect. Before it an attempt is RESERVED and stored; after it the attempt gets its outcome,
//! once. What was to be created with the money may be taken back, the attempt never is. To take a charge back is an
//! outside effect, too: the attempt is REVERSING first, so that it cannot pay for anything any more, and REVERSED when
//! the gateway has said so.

use super::choice::choice;
use super::customer::Customer;
use super::invoice::Invoice;
use super::payment_method::{PaymentMethod, PaymentToken};
use super::subscription::Subscription;
use super::tenant::Tenant;
use super::{Entity, ErrorCode, Id, Instant, Money, Refusal};

/// One attempt to charge a customer.
#[derive(Clone, PartialEq, Debug)]
pub struct PaymentAttempt {
    /// The gateway's idempotency key, too.
    pub id: Id<PaymentAttempt>,
    /// What was to be created with the money. It does not exist where the payment failed, and nor may the customer. None
    /// where an invoice is paid.
    pub subscription_id: Option<Id<Subscription>>,
    /// The invoice that is paid.
    pub invoice_id: Option<Id<Invoice>>,
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
    /// Until when the request may be at work, by the machine's clock: one without an outcome that is older has died.
    pub reserved_until: Instant,
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
mod tests {
    use super::*;
    use crate::domain::{Choice, Currency};
    use chrono::TimeDelta;
    use uuid::Uuid;

    fn attempt(status: PaymentAttemptStatus) -> PaymentAttempt {
        PaymentAttempt {
            id: Id::new(Uuid::from_u128(1)),
            subscription_id: Some(Id::new(Uuid::from_u128(2))),
            invoice_id: None,
            customer_id: Id::new(Uuid::from_u128(3)),
            payment_method_id: None,
            payment_token_id: Some(Id::new(Uuid::from_u128(4))),
            amount: Money::new(12900, Currency::EUR),
            idempotency_key: Some("key".into()),
            status,
            error_state: None,
            error_code: None,
            gateway_reference: None,
            created_at: Instant::UNIX_EPOCH,
            finished_at: None,
            reserved_until: Instant::UNIX_EPOCH + TimeDelta::seconds(120),
        }
    }

    fn later() -> Instant {
        Instant::UNIX_EPOCH + TimeDelta::seconds(3)
    }

    fn succeeded() -> ChargeOutcome {
        ChargeOutcome::Succeeded { reference: Some("pi_1".to_owned()) }
    }

    fn pending() -> ChargeOutcome {
        ChargeOutcome::Pending { reference: Some("pi_2".to_owned()) }
    }

    /// Each outcome that is final, and the status, the error state, the error code and the refusal that follow from it.
    type Row =
        (ChargeOutcome, PaymentAttemptStatus, Option<PaymentErrorState>, Option<&'static str>, Option<ErrorCode>);

    fn outcomes() -> [Row; 5] {
        let declined = |state, code: &str| ChargeOutcome::Declined { state, code: code.to_owned() };
        [
            (succeeded(), PaymentAttemptStatus::Succeeded, None, None, None),
            (
                declined(Decline::Soft, "insufficient_funds"),
                PaymentAttemptStatus::Declined,
                Some(PaymentErrorState::SoftDeclined),
                Some("insufficient_funds"),
                Some(ErrorCode::PaymentDeclined),
            ),
            (
                declined(Decline::Hard, "credit_card_lost_or_stolen"),
                PaymentAttemptStatus::Declined,
                Some(PaymentErrorState::HardDeclined),
                Some("credit_card_lost_or_stolen"),
                Some(ErrorCode::PaymentDeclined),
            ),
            (
                ChargeOutcome::Failed { code: "acquirer_error".to_owned() },
                PaymentAttemptStatus::Failed,
                Some(PaymentErrorState::ProcessingError),
                Some("acquirer_error"),
                Some(ErrorCode::PaymentProcessingError),
            ),
            (
                ChargeOutcome::Unclear { code: "timeout".to_owned() },
                PaymentAttemptStatus::Reversing,
                None,
                None,
                Some(ErrorCode::PaymentProcessingError),
            ),
        ]
    }

    #[test]
    fn an_attempt_is_charged_by_its_own_id() {
        let charge = attempt(PaymentAttemptStatus::Reserved).charge(Id::new(Uuid::from_u128(9)), "card".to_owned());
        let expected = Charge {
            tenant: Id::new(Uuid::from_u128(9)),
            reserved_at: Instant::UNIX_EPOCH,
            attempt: Id::new(Uuid::from_u128(1)),
            amount: Money::new(12900, Currency::EUR),
            gateway_reference: "card".to_owned(),
        };
        assert_eq!(charge, expected);
    }

    #[test]
    fn an_outcome_is_kept_with_its_reason() {
        for (outcome, status, error_state, error_code, _) in outcomes() {
            let reserved = attempt(PaymentAttemptStatus::Reserved);
            let expected = PaymentAttempt {
                status,
                error_state,
                error_code: error_code.map(str::to_owned),
                gateway_reference: outcome.reference().cloned(),
                finished_at: (status != PaymentAttemptStatus::Reversing).then_some(later()),
                ..reserved.clone()
            };
            assert_eq!(reserved.finished(&outcome, later()), Ok(expected), "{outcome:?}");
        }
    }

    #[test]
    fn what_may_have_been_charged_for_nothing_is_taken_back() {
        for (outcome, status, ..) in outcomes() {
            let given_up = attempt(PaymentAttemptStatus::Reserved).given_up(&outcome, later()).unwrap();
            let expected = if outcome == succeeded() { PaymentAttemptStatus::Reversing } else { status };
            assert_eq!(given_up.status, expected, "{outcome:?}");
            assert_eq!(given_up.gateway_reference.as_ref(), outcome.reference());
        }
        let reversing = attempt(PaymentAttemptStatus::Reversing);
        let expected =
            PaymentAttempt { status: PaymentAttemptStatus::Reversed, finished_at: Some(later()), ..reversing.clone() };
        assert_eq!(reversing.reversed(later()), Ok(expected));
    }

    #[test]
    fn what_is_pending_has_no_outcome_and_can_be_given_up() {
        let reserved = attempt(PaymentAttemptStatus::Reserved);
        assert_eq!(reserved.finished(&pending(), later()).unwrap_err().code, ErrorCode::Conflict);
        let given_up = reserved.given_up(&pending(), later()).unwrap();
        assert_eq!((given_up.status, given_up.finished_at), (PaymentAttemptStatus::Reversing, None));
        assert_eq!(given_up.gateway_reference.as_deref(), Some("pi_2"));
        assert_eq!(pending().accepted().unwrap_err().code, ErrorCode::PaymentProcessingError);
    }

    #[test]
    fn an_outcome_is_final() {
        let conflict = |answer: Result<PaymentAttempt, Refusal>| answer.err().map(|refusal| refusal.code);
        for (status, _, _) in PaymentAttemptStatus::ALL {
            let known = attempt(*status);
            let free = (*status != PaymentAttemptStatus::Reserved).then_some(ErrorCode::Conflict);
            for (outcome, ..) in outcomes() {
                assert_eq!(conflict(known.finished(&outcome, later())), free, "{status:?} {outcome:?}");
                assert_eq!(conflict(known.given_up(&outcome, later())), free, "{status:?} {outcome:?}");
            }
            let taken_back = (*status != PaymentAttemptStatus::Reversing).then_some(ErrorCode::Conflict);
            assert_eq!(conflict(known.reversed(later())), taken_back, "{status:?}");
        }
    }

    #[test]
    fn what_was_not_charged_is_refused_by_its_kind_and_says_the_code() {
        for (outcome, .., refusal) in outcomes() {
            let refused = outcome.accepted().err();
            assert_eq!(refused.as_ref().map(|refused| refused.code), refusal);
            let (ChargeOutcome::Declined { code, .. }
            | ChargeOutcome::Failed { code }
            | ChargeOutcome::Unclear { code }) = &outcome
            else {
                continue;
            };
            assert!(refused.unwrap().message.contains(code), "{outcome:?}");
        }
    }
}
