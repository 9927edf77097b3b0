//! Tokens, payment methods and attempts that several clients want at once.

use crate::support::consistency::assert_consistent;
use crate::support::together::{outcome, tally, together};
use crate::support::{TestApp, both, mutation};
use chrono::TimeDelta;
use perennial::domain::payment::{ChargeOutcome, PaymentAttempt};
use perennial::repository::{Fault, Read, payment, payment_method};
use serde_json::{Value, json};

const SUBSCRIPTION: &str = "sub_00000000000000000000000000";

/// How many had their way; the others have lost the race, and not failed.
fn winners(answers: &[Read<()>]) -> usize {
    assert!(answers.iter().all(|answer| matches!(answer, Ok(()) | Err(Fault::LostRace))), "{answers:?}");
    answers.iter().filter(|answer| answer.is_ok()).count()
}

/// Attempts that are reserved, each by the same token.
fn attempts(app: &TestApp, count: usize) -> (String, Vec<PaymentAttempt>) {
    let (customer, token) = (app.customer("Jane"), app.token("SUCCEEDS"));
    let reserve = |_| app.reserve_payment(app.tenant, (&customer, SUBSCRIPTION), &token, None);
    let reserved = (0..count).map(reserve).collect();
    (token, reserved)
}

both! {
    of_16_payment_methods_of_one_token_one_is_added(app) {
        let (customer, token) = (app.customer("Jane"), app.token("SUCCEEDS"));
        let done = together(16, |_| {
            app.attempt("addPaymentMethod", json!({"customerId": customer, "token": token}), "paymentMethod { id }")
        });
        assert_eq!(tally(&done), json!({"DONE": 1, "TOKEN_ALREADY_USED": 15}));
        assert_eq!(app.database.number("SELECT count(*) FROM payment_methods"), 1);
        assert_eq!(app.database.number("SELECT count(*) FROM payment_tokens WHERE used_at IS NOT NULL"), 1);
        assert_consistent(app);
    }

    customers_who_share_a_token_do_not_share_a_card(app) {
        let (customers, token) = ([app.customer("Jane"), app.customer("Joe")], app.token("SUCCEEDS"));
        let done = together(2, |index| {
            app.attempt("addPaymentMethod", json!({"customerId": customers[index], "token": token}), "__typename")
        });
        assert_eq!(tally(&done), json!({"DONE": 1, "TOKEN_ALREADY_USED": 1}));
        assert_consistent(app);
    }

    a_token_is_used_once_under_one_idempotency_key_and_everybody_hears_of_it(app) {
        let (customer, token) = (app.customer("Jane"), app.token("SUCCEEDS"));
        let input = json!({"customerId": customer, "token": token});
        let (document, variables) = mutation("addPaymentMethod", input, "paymentMethod { id }");
        let add = |_| -> Value {
            let headers = [("idempotency-key", "card-1")];
            app.send_as(&app.key, &headers, &document, variables.clone()).json()["data"]["addPaymentMethod"].take()
        };
        let done = together(8, add);
        assert_eq!(outcome(&done[0]), "DONE");
        assert!(done.iter().all(|payload| payload == &done[0]), "{done:#?}");
        assert_consistent(app);
    }

    of_8_who_take_a_payment_method_out_of_use_one_does(app) {
        let method = app.payment_method(&app.customer("Jane"), "SUCCEEDS");
        let done = together(8, |_| {
            app.attempt("archivePaymentMethod", json!({"paymentMethodId": method}), "paymentMethod { state version }")
        });
        assert_eq!(tally(&done), json!({"DONE": 1, "PAYMENT_METHOD_NOT_ACTIVE": 7}));
        assert_eq!(app.database.number("SELECT version FROM payment_methods"), 2);
        assert_consistent(app);
    }

    of_16_attempts_one_holds_the_token(app) {
        let (token, reserved) = attempts(app, 16);
        let (token, now) = (token.parse().unwrap(), app.app.ambient.now());
        let until = now + TimeDelta::seconds(60);
        let done = together(16, |index| {
            let attempt = reserved[index].id;
            app.app.db.write(|tx| payment_method::hold_token(tx, app.tenant, token, attempt, now, until))
        });
        assert_eq!(winners(&done), 1);
        let winner = reserved[done.iter().position(Result::is_ok).unwrap()].id;
        let done = together(16, |index| {
            let attempt = Some(reserved[index].id);
            app.app.db.write(|tx| payment_method::use_token(tx, app.tenant, token, attempt, (now, now)))
        });
        assert_eq!(winners(&done), 1);
        assert_eq!(reserved[done.iter().position(Result::is_ok).unwrap()].id, winner, "who holds it uses it");
    }

    a_token_is_either_held_or_made_a_payment_method(app) {
        let customer = app.customer("Jane");
        for _ in 0..10 {
            let token = app.token("SUCCEEDS");
            let attempt = app.reserve_payment(app.tenant, (&customer, SUBSCRIPTION), &token, None).id;
            let (id, now) = (token.parse().unwrap(), app.app.ambient.now());
            let done = together(2, |index| match index {
                0 => {
                    let input = json!({"customerId": customer, "token": token});
                    outcome(&app.attempt("addPaymentMethod", input, "__typename")) == "DONE"
                }
                _ => {
                    let until = now + TimeDelta::seconds(60);
                    app.app.db.write(|tx| payment_method::hold_token(tx, app.tenant, id, attempt, now, until)).is_ok()
                }
            });
            assert_ne!(done[0], done[1], "exactly one of them has it");
        }
        assert_consistent(app);
    }

    of_16_outcomes_an_attempt_keeps_one(app) {
        let (_, reserved) = attempts(app, 1);
        let done = together(16, |index| {
            let (attempt, now) = (&reserved[0], app.app.ambient.now());
            let ended = match index % 2 {
                0 => attempt.finished(&ChargeOutcome::Succeeded { reference: None }, now),
                _ => attempt.given_up(&ChargeOutcome::Succeeded { reference: None }, now),
            };
            app.app.db.write(|tx| payment::finish(tx, app.tenant, ended.as_ref().unwrap()))
        });
        assert_eq!(winners(&done), 1);
        let winner = done.iter().position(Result::is_ok).unwrap();
        let status = app.database.texts("SELECT status AS line FROM payment_attempts");
        assert_eq!(status, [["SUCCEEDED", "REVERSING"][winner % 2]]);
    }

    of_16_attempts_under_one_key_one_is_reserved(app) {
        let (_, reserved) = attempts(app, 1);
        let done = together(16, |_| {
            let id = app.app.ambient.id(app.app.ambient.now());
            let twin = PaymentAttempt { id, idempotency_key: Some("key".to_owned()), ..reserved[0].clone() };
            app.app.db.write(|tx| payment::reserve(tx, app.tenant, &twin))
        });
        assert_eq!(winners(&done), 1);
        assert_eq!(app.database.number("SELECT count(*) FROM payment_attempts WHERE idempotency_key = 'key'"), 1);
    }
}
