use super::*;
use crate::domain::{Choice, Currency};
use chrono::TimeDelta;
use uuid::Uuid;

fn attempt(status: PaymentAttemptStatus) -> PaymentAttempt {
    PaymentAttempt {
        id: Id::new(Uuid::from_u128(1)),
        subscription_id: Id::new(Uuid::from_u128(2)),
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
type Row = (ChargeOutcome, PaymentAttemptStatus, Option<PaymentErrorState>, Option<&'static str>, Option<ErrorCode>);

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
        let (ChargeOutcome::Declined { code, .. } | ChargeOutcome::Failed { code } | ChargeOutcome::Unclear { code }) =
            &outcome
        else {
            continue;
        };
        assert!(refused.unwrap().message.contains(code), "{outcome:?}");
    }
}
