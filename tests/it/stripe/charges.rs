//! Charges, reversals and refunds of one attempt each.

use super::stripe_at;
use crate::support::stripe_server::server;
use chrono::TimeDelta;
use perennial::app::stripe::Stripe;
use perennial::app::{Ambient, PaymentGateway};
use perennial::domain::gateway::{Attachment, NewCard, Refund, RefundOutcome};
use perennial::domain::payment::{Charge, ChargeOutcome, Decline, Reversal};
use perennial::domain::tenant::Tenant;
use perennial::domain::{Currency, Id, Money};

const GOOD: &str = "4242424242424242";
/// It can be kept, and not be charged.
const DECLINED: &str = "4000000000000341";
/// Its bank wants to see the customer.
const AUTHENTICATED: &str = "4000002500003155";
/// It cannot be kept.
const LOST: &str = "4000000000000002";

/// A customer with a card at Stripe.
struct Payer {
    stripe: Stripe,
    ambient: Ambient,
    tenant: Id<Tenant>,
    reference: String,
    /// Stripe's own name of the customer.
    customer: String,
}

impl Payer {
    fn with_card(number: &str) -> Payer {
        Payer::with(server().card(number))
    }

    fn with(token: String) -> Payer {
        let ambient = Ambient::real();
        let (stripe, now) = (stripe_at(&server().url, ambient.clone()), ambient.now());
        let tenant = ambient.id(now);
        let card = NewCard { tenant, customer: ambient.id(now), token, beside: None };
        let Attachment::Done { reference, .. } = stripe.attach(&card) else { panic!("the card is not kept") };
        let customer = reference.split('/').next().unwrap().to_owned();
        Payer { stripe, ambient, tenant, reference, customer }
    }

    fn attempt(&self) -> Charge {
        let now = self.ambient.now();
        Charge {
            tenant: self.tenant,
            attempt: self.ambient.id(now),
            reserved_at: now,
            amount: Money::new(12900, Currency::EUR),
            gateway_reference: self.reference.clone(),
        }
    }

    fn refund(&self, charge: &Charge, minor: i64, charge_reference: Option<String>) -> Refund {
        let id = self.ambient.id(self.ambient.now());
        Refund { id, charge: charge.clone(), charge_reference, amount: Money::new(minor, Currency::EUR) }
    }

    /// What Stripe has charged, and given back of it.
    fn charges(&self) -> Vec<(i64, i64)> {
        server().charges(&self.customer)
    }
}

/// What Stripe calls a charge that succeeded.
#[track_caller]
fn reference(outcome: ChargeOutcome) -> String {
    let ChargeOutcome::Succeeded { reference: Some(reference) } = outcome else { panic!("{outcome:?}") };
    assert!(reference.starts_with("pi_"), "{reference}");
    reference
}

fn declined(state: Decline, code: &str) -> ChargeOutcome {
    ChargeOutcome::Declined { state, code: code.to_owned() }
}

macro_rules! with_localstripe {
    ($($name:ident() $body:block)*) => { $(
        #[test]
        #[cfg_attr(without_localstripe, ignore = "no localstripe: see tests/it/support/stripe_server.rs")]
        fn $name() $body
    )* };
}

with_localstripe! {
    an_attempt_is_charged_once() {
        let payer = Payer::with_card(GOOD);
        let charge = payer.attempt();
        let first = reference(payer.stripe.charge(&charge));
        assert_eq!(reference(payer.stripe.charge(&charge)), first);
        assert_eq!(payer.charges(), [(12900, 0)]);
        let intent = server().get(&format!("/v1/payment_intents/{first}"));
        assert_eq!(intent["metadata"]["attempt"], charge.attempt.to_string());
        assert_eq!(intent["metadata"]["tenant"], charge.tenant.to_string());
        assert_eq!((&intent["currency"], &intent["customer"]), (&"eur".into(), &payer.customer.as_str().into()));
        // Another attempt is another charge.
        assert_ne!(reference(payer.stripe.charge(&payer.attempt())), first);
        assert_eq!(payer.charges(), [(12900, 0), (12900, 0)]);
    }

    an_attempt_whose_key_is_forgotten_is_found_all_the_same() {
        let payer = Payer::with_card(GOOD);
        let charge = payer.attempt();
        let first = reference(payer.stripe.charge(&charge));
        // A day later. That localstripe keeps its keys is no help: to ask under the key for another amount would fail.
        let now = payer.ambient.now() + TimeDelta::hours(25);
        let later = Ambient::new(move || now, |_| panic!("it makes nothing"));
        let stripe = stripe_at(&server().url, later);
        let again = Charge { amount: Money::new(1, Currency::EUR), ..charge.clone() };
        assert_eq!(reference(stripe.charge(&again)), first);
        assert_eq!(stripe.reverse(&again), Reversal::Done);
        assert_eq!(payer.charges(), [(12900, 12900)]);
        // One that never reached Stripe is never charged: another attempt is.
        let late = payer.attempt();
        assert_eq!(stripe.charge(&late), ChargeOutcome::Failed { code: "never_reached_stripe".to_owned() });
        assert_eq!(stripe.reverse(&late), Reversal::Done);
        assert_eq!(payer.charges(), [(12900, 12900)]);
    }

    a_decline_is_as_firm_as_it_is_meant() {
        for (number, expected) in [
            (DECLINED, declined(Decline::Soft, "card_declined")),
            (AUTHENTICATED, declined(Decline::Hard, "authentication_required")),
        ] {
            let payer = Payer::with_card(number);
            let charge = payer.attempt();
            for _ in 0..2 {
                assert_eq!(payer.stripe.charge(&charge), expected, "{number}");
            }
            assert_eq!(payer.charges(), []);
        }
    }

    a_card_that_is_not_kept_is_refused() {
        let ambient = Ambient::real();
        let stripe = stripe_at(&server().url, ambient.clone());
        for (token, code) in [
            (server().card(LOST), "card_declined"),
            ("pm_unknown".to_owned(), "invalid_request_error"),
            ("tok_visa".to_owned(), "not_a_payment_method"),
            ("pm_1/../../customers".to_owned(), "not_a_payment_method"),
        ] {
            let now = ambient.now();
            let card = NewCard { tenant: ambient.id(now), customer: ambient.id(now), token, beside: None };
            assert_eq!(stripe.attach(&card), Attachment::Refused { code: code.to_owned() }, "{card:?}");
        }
    }

    another_card_goes_to_the_same_customer() {
        let payer = Payer::with_card(GOOD);
        let now = payer.ambient.now();
        let beside = Some(payer.reference.clone());
        let token = server().card(GOOD);
        let card = NewCard { tenant: payer.tenant, customer: payer.ambient.id(now), token: token.clone(), beside };
        let done = Attachment::Done { reference: format!("{}/{token}/card", payer.customer), label: "Visa 4242".to_owned() };
        for _ in 0..2 {
            assert_eq!(payer.stripe.attach(&card), done);
        }
    }

    what_the_bank_has_not_answered_is_pending_until_it_has() {
        let payer = Payer::with(server().account("DE62370400440532013001"));
        let charge = payer.attempt();
        for _ in 0..2 {
            let outcome = payer.stripe.charge(&charge);
            assert!(matches!(&outcome, ChargeOutcome::Pending { reference: Some(_) }), "{outcome:?}");
        }
        assert_eq!(payer.stripe.reverse(&charge), Reversal::Failed { code: "processing".to_owned() });
        server().banks_answer();
        let mut outcome = payer.stripe.charge(&charge);
        while matches!(outcome, ChargeOutcome::Pending { .. }) {
            outcome = payer.stripe.charge(&charge);
        }
        assert_eq!(outcome, declined(Decline::Soft, "card_declined"));
        assert_eq!(payer.stripe.reverse(&charge), Reversal::Done);
    }

    a_charge_is_taken_back_once_and_for_all() {
        let payer = Payer::with_card(GOOD);
        let charge = payer.attempt();
        reference(payer.stripe.charge(&charge));
        for _ in 0..2 {
            assert_eq!(payer.stripe.reverse(&charge), Reversal::Done);
            assert_eq!(payer.charges(), [(12900, 12900)]);
        }
        // What is left of it goes back.
        let part = payer.attempt();
        let name = reference(payer.stripe.charge(&part));
        payer.stripe.refund(&payer.refund(&part, 2900, Some(name)));
        assert_eq!(payer.stripe.reverse(&part), Reversal::Done);
        assert_eq!(payer.charges(), [(12900, 12900), (12900, 12900)]);
    }

    what_was_reversed_before_it_was_charged_is_not_charged() {
        let payer = Payer::with_card(GOOD);
        let charge = payer.attempt();
        for _ in 0..2 {
            assert_eq!(payer.stripe.reverse(&charge), Reversal::Done);
        }
        assert_eq!(payer.stripe.charge(&charge), ChargeOutcome::Failed { code: "canceled".to_owned() });
        let refund = payer.stripe.refund(&payer.refund(&charge, 1, None));
        assert!(matches!(refund, RefundOutcome::Refused { .. }), "{refund:?}");
        assert_eq!(payer.charges(), []);
    }

    a_charge_goes_back_in_parts_each_once_and_no_more_of_it() {
        let payer = Payer::with_card(GOOD);
        let charge = payer.attempt();
        let name = reference(payer.stripe.charge(&charge));
        let refused = |code: &str| RefundOutcome::Refused { code: code.to_owned() };
        let too_high = payer.refund(&charge, 12901, Some(name.clone()));
        assert_eq!(payer.stripe.refund(&too_high), refused("invalid_request_error"));
        // The charge is found by its name, or by its attempt.
        for (minor, charge_reference, total) in [(2900, Some(name.clone()), 2900), (10000, None, 12900)] {
            let part = payer.refund(&charge, minor, charge_reference);
            for _ in 0..2 {
                let made = payer.stripe.refund(&part);
                let RefundOutcome::Succeeded { reference: Some(reference) } = made else { panic!("{made:?}") };
                assert!(reference.starts_with("re_"), "{reference}");
                assert_eq!(payer.charges(), [(12900, total)]);
            }
        }
        let more = payer.refund(&charge, 1, Some(name));
        assert_eq!(payer.stripe.refund(&more), refused("charge_already_refunded"));
        assert_eq!(payer.charges(), [(12900, 12900)]);
    }

    what_stripe_cannot_charge_is_not_asked_of_it() {
        let payer = Payer::with_card(GOOD);
        let kwd = Charge { amount: Money::new(12345, "KWD".parse().unwrap()), ..payer.attempt() };
        let test_card = Charge { gateway_reference: "test_SUCCEEDS".to_owned(), ..payer.attempt() };
        for (charge, code) in [(kwd, "amount_not_chargeable"), (test_card, "not_a_card_of_stripe")] {
            assert_eq!(payer.stripe.charge(&charge), ChargeOutcome::Failed { code: code.to_owned() });
            assert_eq!(payer.stripe.reverse(&charge), Reversal::Done);
        }
        assert_eq!(payer.charges(), []);
    }
}
