//! What Stripe's answers mean: declines and the states of an intent.

use super::http::ApiError;
use super::intent::Intent;
use crate::domain::payment::{ChargeOutcome, Decline};

/// Declines after which no attempt with the same card will succeed, or none may be made by the rules of the card
/// networks (<https://docs.stripe.com/declines/codes>). `authentication_required` is one: the customer would have to be
/// there, and is not. What is not listed may succeed later: the funds are short, the bank does not answer or gives no
/// reason; how often it is tried again is limited by whoever tries.
const HARD: &[&str] = &[
    "authentication_not_handled",
    "authentication_required",
    "bank_account_closed",
    "bank_account_restricted",
    "bank_account_unusable",
    "card_not_supported",
    "currency_not_supported",
    "debit_not_authorized",
    "expired_card",
    "fraudulent",
    "incorrect_address",
    "incorrect_cvc",
    "incorrect_number",
    "incorrect_zip",
    "invalid_account",
    "invalid_cvc",
    "invalid_expiry_month",
    "invalid_expiry_year",
    "invalid_number",
    "live_mode_test_card",
    "lost_card",
    "mandate_invalid",
    "merchant_blacklist",
    "new_account_information_available",
    "not_permitted",
    "offline_pin_required",
    "online_or_offline_pin_required",
    "payment_intent_authentication_failure",
    "pickup_card",
    "pin_try_exceeded",
    "restricted_card",
    "revocation_of_all_authorizations",
    "revocation_of_authorization",
    "security_violation",
    "service_not_allowed",
    "stolen_card",
    "stop_payment_order",
    "testmode_decline",
    "transaction_not_allowed",
];

/// What is said of a charge that the bank refused. The bank's own reason counts, else Stripe's.
pub fn declined(error: &ApiError) -> ChargeOutcome {
    let word = error.word();
    let hard = [&error.decline_code, &error.code].into_iter().flatten().any(|code| HARD.contains(&code.as_str()));
    let state = if hard { Decline::Hard } else { Decline::Soft };
    ChargeOutcome::Declined { state, code: word.to_owned() }
}

/// Whether a refusal is the bank's, and not Stripe's of a request that is wrong.
pub fn is_decline(error: &ApiError) -> bool {
    error.kind.as_deref() == Some("card_error")
        || error.decline_code.is_some()
        || matches!(error.code.as_deref(), Some("card_declined" | "authentication_required"))
}

/// What the state of an intent says of its charge.
pub fn of_intent(intent: &Intent) -> ChargeOutcome {
    let reference = Some(intent.id.clone());
    match intent.status.as_str() {
        "succeeded" => ChargeOutcome::Succeeded { reference },
        "processing" => ChargeOutcome::Pending { reference },
        "requires_payment_method" => {
            let nothing = ApiError { code: Some("card_declined".to_owned()), ..ApiError::default() };
            declined(intent.last_payment_error.as_ref().unwrap_or(&nothing))
        }
        // The bank wants to see the customer.
        "requires_action" => {
            ChargeOutcome::Declined { state: Decline::Hard, code: "authentication_required".to_owned() }
        }
        "canceled" => ChargeOutcome::Failed { code: "canceled".to_owned() },
        status => ChargeOutcome::Failed { code: status.to_owned() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(kind: &str, code: &str, decline_code: &str) -> ApiError {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        ApiError { kind: some(kind), code: some(code), decline_code: some(decline_code) }
    }

    #[test]
    fn a_decline_is_as_firm_as_the_banks_reason() {
        for (code, decline_code, hard, word) in [
            ("card_declined", "insufficient_funds", false, "insufficient_funds"),
            ("card_declined", "try_again_later", false, "try_again_later"),
            ("card_declined", "generic_decline", false, "generic_decline"),
            ("card_declined", "a_word_of_tomorrow", false, "a_word_of_tomorrow"),
            ("processing_error", "", false, "processing_error"),
            ("card_declined", "", false, "card_declined"),
            ("card_declined", "lost_card", true, "lost_card"),
            ("card_declined", "stolen_card", true, "stolen_card"),
            ("card_declined", "fraudulent", true, "fraudulent"),
            ("expired_card", "", true, "expired_card"),
            ("authentication_required", "authentication_required", true, "authentication_required"),
            ("expired_card", "generic_decline", true, "generic_decline"),
        ] {
            let error = error("card_error", code, decline_code);
            let state = if hard { Decline::Hard } else { Decline::Soft };
            assert_eq!(declined(&error), ChargeOutcome::Declined { state, code: word.to_owned() });
            assert!(is_decline(&error));
        }
        assert!(HARD.is_sorted());
    }

    #[test]
    fn a_wrong_request_is_no_decline() {
        assert!(!is_decline(&error("invalid_request_error", "resource_missing", "")));
        assert!(!is_decline(&error("invalid_request_error", "", "")));
        assert!(is_decline(&error("invalid_request_error", "card_declined", "")), "the bank's, whatever the type says");
        assert_eq!(error("", "", "").word(), "refused", "a code is never empty");
    }

    #[test]
    fn an_intent_says_what_became_of_its_charge() {
        let reference = || Some("pi_1".to_owned());
        let declined = |state, code: &str| ChargeOutcome::Declined { state, code: code.to_owned() };
        let failed = |code: &str| ChargeOutcome::Failed { code: code.to_owned() };
        let lost = error("card_error", "card_declined", "lost_card");
        for (status, last_payment_error, expected) in [
            ("succeeded", None, ChargeOutcome::Succeeded { reference: reference() }),
            ("processing", None, ChargeOutcome::Pending { reference: reference() }),
            ("requires_payment_method", Some(lost), declined(Decline::Hard, "lost_card")),
            ("requires_payment_method", None, declined(Decline::Soft, "card_declined")),
            ("requires_action", None, declined(Decline::Hard, "authentication_required")),
            ("canceled", None, failed("canceled")),
            ("requires_confirmation", None, failed("requires_confirmation")),
            ("a_state_of_tomorrow", None, failed("a_state_of_tomorrow")),
        ] {
            let intent =
                Intent { id: "pi_1".to_owned(), status: status.to_owned(), last_payment_error, ..Intent::default() };
            assert_eq!(of_intent(&intent), expected, "{status}");
        }
    }
}
