//! The same request again, and others under its idempotency key, while it is paid for and after that.

use super::super::blamed;
use crate::support::builders::to_m30;
use crate::support::payments::assert_settled;
use crate::support::{TestApp, both, mutation};
use chrono::TimeDelta;
use perennial::domain::payment_method::PaymentToken;
use perennial::domain::{Id, payment::PaymentAttempt};
use perennial::repository::payment_method;
use serde_json::{Value, json};

const WHAT: &str = "subscription { id status } customer { id } invoice { number status }";

fn create(app: &TestApp, key: &str, input: &Value) -> Value {
    app.attempt_once(key, "createSubscription", input.clone(), WHAT)
}

fn statuses(app: &TestApp) -> Vec<String> {
    app.database.texts("SELECT status AS line FROM payment_attempts ORDER BY created_at, id")
}

fn subscriptions(app: &TestApp) -> i64 {
    app.database.number("SELECT count(*) FROM subscriptions")
}

/// A customer with a good card, and what asks for a subscription that is charged to it.
fn buyer(app: &TestApp) -> (String, Value) {
    app.shop(json!({}));
    let customer = app.customer("Jane Doe");
    app.payment_method(&customer, "SUCCEEDS");
    let input = to_m30(&json!({"id": customer}), json!({"paymentBehavior": "ERROR_IF_INCOMPLETE"}));
    (customer, input)
}

/// What a request leaves that died after it had reserved its attempt.
fn dead(app: &TestApp, customer: &str, token: &str, key: Option<&str>) -> PaymentAttempt {
    let attempt = app.reserve_payment(app.tenant, (customer, "sub_00000000000000000000000000"), token, key);
    let id: Id<PaymentToken> = token.parse().unwrap();
    let (now, until) = (attempt.created_at, attempt.created_at + TimeDelta::minutes(2));
    app.app.db.write(|tx| payment_method::hold_token(tx, app.tenant, id, attempt.id, now, until)).unwrap();
    attempt
}

both! {
    a_request_that_was_paid_for_is_answered_again(app) {
        app.shop(json!({}));
        let create_new = json!({"create": {"name": "Jane Doe", "externalId": "crm-1"}});
        let input = to_m30(&create_new, json!({"source": app.token("SUCCEEDS"), "handle": "jane"}));
        let (document, variables) = mutation("createSubscription", input.clone(), WHAT);
        let send = || app.send_as(&app.key, &[("idempotency-key", "k")], &document, variables.clone()).json();
        let first = send();
        assert_eq!(first["data"]["createSubscription"]["userErrors"], json!([]), "{first:#}");
        let before = app.database.dump();
        let again = send();
        assert_eq!((&again["data"], &again["extensions"]["idempotency"]), (&first["data"], &json!({"replayed": true})));
        let other = to_m30(&create_new, json!({"source": app.token("SUCCEEDS"), "handle": "joe"}));
        assert_eq!(blamed(&create(app, "k", &other)["userErrors"]), ["IDEMPOTENCY_KEY_REUSED"]);
        assert_eq!(app.database.dump()["payment_attempts"], before["payment_attempts"]);
        assert_eq!((app.gateway.charged().len(), subscriptions(app)), (1, 1));
        assert_settled(app);
    }

    a_refused_payment_is_not_remembered(app) {
        app.shop(json!({}));
        let customer = app.customer("Jane Doe");
        app.payment_method(&customer, "INSUFFICIENT_FUNDS");
        let input = to_m30(&json!({"id": customer}), json!({"paymentBehavior": "ERROR_IF_INCOMPLETE"}));
        for _ in 0..2 {
            assert_eq!(blamed(&create(app, "k", &input)["userErrors"]), ["PAYMENT_DECLINED"]);
        }
        app.payment_method(&customer, "SUCCEEDS");
        let created = create(app, "k", &input);
        assert_eq!((&created["userErrors"], &created["invoice"]["status"]), (&json!([]), &json!("PAID")));
        assert_eq!(create(app, "k", &input), created);
        assert_eq!(statuses(app), ["DECLINED", "DECLINED", "SUCCEEDED"]);
        assert_settled(app);
    }

    a_twin_that_comes_while_it_is_paid_for_is_told_to_wait(app) {
        app.shop(json!({}));
        let input = to_m30(&json!({"create": {"name": "Jane"}}), json!({"source": app.token("SUCCEEDS")}));
        let created = app.while_paying(|| create(app, "k", &input), || {
            let before = app.database.dump();
            for twin in [&input, &to_m30(&json!({"create": {"name": "Joe"}}), json!({}))] {
                assert_eq!(blamed(&create(app, "k", twin)["userErrors"]), ["IDEMPOTENCY_IN_PROGRESS"]);
            }
            app.database.assert_unchanged(&before);
        });
        assert_eq!(created["userErrors"], json!([]));
        assert_eq!(create(app, "k", &input), created);
        assert_eq!(statuses(app), ["SUCCEEDED"]);
        assert_settled(app);
    }

    a_twin_that_comes_while_the_gateway_hangs_may_try_again_after_that(app) {
        app.shop(json!({}));
        let customer = app.customer("Jane Doe");
        let hanging = app.payment_method(&customer, "HANGS");
        let input = to_m30(&json!({"id": customer}), json!({"paymentBehavior": "ERROR_IF_INCOMPLETE"}));
        app.gateway.set_deadline(std::time::Duration::from_mins(10));
        std::thread::scope(|scope| {
            let paying = scope.spawn(|| create(app, "k", &input));
            app.gateway.wait_until_hanging(1);
            assert_eq!(blamed(&create(app, "k", &input)["userErrors"]), ["IDEMPOTENCY_IN_PROGRESS"]);
            // Others are served meanwhile.
            let other = to_m30(&json!({"create": {"name": "Joe"}}), json!({"source": app.token("SUCCEEDS")}));
            assert_eq!(create(app, "other", &other)["userErrors"], json!([]));
            app.gateway.release();
            assert_eq!(blamed(&paying.join().unwrap()["userErrors"]), ["PAYMENT_PROCESSING_ERROR"]);
        });
        app.mutate("archivePaymentMethod", json!({"paymentMethodId": hanging}), "__typename");
        app.payment_method(&customer, "SUCCEEDS");
        assert_eq!(create(app, "k", &input)["userErrors"], json!([]));
        assert_eq!(statuses(app), ["FAILED", "SUCCEEDED", "SUCCEEDED"]);
        assert_settled(app);
    }

    another_mutation_that_takes_the_key_meanwhile_has_it(app) {
        app.shop(json!({}));
        let token = app.token("SUCCEEDS");
        let input = to_m30(&json!({"create": {"name": "Jane"}}), json!({"source": token}));
        let late = app.while_paying(|| create(app, "k", &input), || {
            let made = app.attempt_once("k", "createCustomer", json!({"name": "Joe"}), "__typename");
            assert_eq!(made["userErrors"], json!([]));
        });
        assert_eq!(blamed(&late["userErrors"]), ["IDEMPOTENCY_KEY_REUSED"]);
        assert_eq!((statuses(app), subscriptions(app)), (vec!["REVERSED".to_owned()], 0));
        assert_settled(app);
        assert_eq!(create(app, "another", &input)["userErrors"], json!([]), "the token was let go");
        assert_settled(app);
    }

    a_request_that_died_is_made_anew_when_its_time_has_run_out(app) {
        app.shop(json!({}));
        let (customer, token) = (app.customer("Jane Doe"), app.token("SUCCEEDS"));
        let input = to_m30(&json!({"id": customer}), json!({"source": token}));
        let attempt = dead(app, &customer, &token, Some("k"));
        for now in ["2025-01-31T12:00:00Z", "2025-01-31T12:01:59.999999Z"] {
            app.set_clock(now);
            let before = app.database.dump();
            assert_eq!(blamed(&create(app, "k", &input)["userErrors"]), ["IDEMPOTENCY_IN_PROGRESS"]);
            let other = create(app, "another", &input);
            assert_eq!(blamed(&other["userErrors"]), ["TOKEN_ALREADY_USED input.source"], "the token is held");
            app.database.assert_unchanged(&before);
        }
        app.set_clock("2025-01-31T12:02:00Z");
        let created = create(app, "k", &input);
        assert_eq!(created["userErrors"], json!([]), "{created:#}");
        assert_eq!(statuses(app), ["REVERSED", "SUCCEEDED"]);
        assert_eq!(app.gateway.reversed().iter().map(|charge| charge.attempt).collect::<Vec<_>>(), [attempt.id]);
        assert_settled(app);
    }

    a_token_is_free_when_the_hold_of_a_request_that_died_has_run_out(app) {
        app.shop(json!({}));
        let (customer, token) = (app.customer("Jane Doe"), app.token("SUCCEEDS"));
        let input = to_m30(&json!({"id": customer}), json!({"source": token}));
        let attempt = dead(app, &customer, &token, None);
        let refused = app.attempt("createSubscription", input.clone(), "__typename");
        assert_eq!(blamed(&refused["userErrors"]), ["TOKEN_ALREADY_USED input.source"]);
        app.set_clock("2025-01-31T12:02:00Z");
        app.mutate("createSubscription", input, "__typename");
        // Nobody comes again under a key: the dead one is taken back by whoever looks for such.
        assert_eq!(statuses(app), ["RESERVED", "SUCCEEDED"]);
        assert_eq!(perennial::app::payment::take_back_dead(&app.app).unwrap(), 1);
        assert_eq!(app.gateway.reversed().iter().map(|charge| charge.attempt).collect::<Vec<_>>(), [attempt.id]);
        assert_settled(app);
    }

    a_token_whose_hold_has_run_out_is_whose_it_is_next(app) {
        app.shop(json!({}));
        for next_is_done in [false, true] {
            let now = app.app.ambient.now();
            let input = to_m30(&json!({"create": {"name": "Jane"}}), json!({"source": app.token("SUCCEEDS")}));
            let pay = || app.attempt("createSubscription", input.clone(), WHAT);
            std::thread::scope(|scope| {
                let slow_hold = app.gate.hold();
                let slow = scope.spawn(pay);
                slow_hold.wait();
                app.set_clock(&(now + TimeDelta::minutes(2)).to_rfc3339());
                let next_hold = app.gate.hold();
                let next = scope.spawn(pay);
                next_hold.wait();
                let (slow, next) = if next_is_done {
                    drop(next_hold);
                    let next = next.join().unwrap();
                    drop(slow_hold);
                    (slow.join().unwrap(), next)
                } else {
                    drop(slow_hold);
                    let slow = slow.join().unwrap();
                    drop(next_hold);
                    (slow, next.join().unwrap())
                };
                assert_eq!(blamed(&slow["userErrors"]), ["TOKEN_ALREADY_USED input.source"], "{next_is_done}");
                assert_eq!(next["userErrors"], json!([]));
            });
            assert_settled(app);
        }
        assert_eq!(statuses(app), ["REVERSED", "SUCCEEDED", "REVERSED", "SUCCEEDED"]);
    }

    who_is_slow_finds_that_a_twin_has_done_it(app) {
        let (_, input) = buyer(app);
        let mut twin = Value::Null;
        let late = app.while_paying(|| create(app, "k", &input), || {
            app.set_clock("2025-01-31T12:02:00Z");
            twin = create(app, "k", &input);
        });
        assert_eq!(twin["userErrors"], json!([]), "{twin:#}");
        assert_eq!(late, twin, "both hear of the same subscription");
        assert_eq!((statuses(app), subscriptions(app)), (vec!["REVERSED".to_owned(), "SUCCEEDED".to_owned()], 1));
        assert_settled(app);
    }

    who_is_slow_pays_for_nothing_while_a_twin_does_it(app) {
        let (_, input) = buyer(app);
        std::thread::scope(|scope| {
            let slow_hold = app.gate.hold();
            let slow = scope.spawn(|| create(app, "k", &input));
            slow_hold.wait();
            app.set_clock("2025-01-31T12:02:00Z");
            let twin_hold = app.gate.hold();
            let twin = scope.spawn(|| create(app, "k", &input));
            twin_hold.wait();
            drop(slow_hold);
            assert_eq!(blamed(&slow.join().unwrap()["userErrors"]), ["PAYMENT_PROCESSING_ERROR"]);
            drop(twin_hold);
            assert_eq!(twin.join().unwrap()["userErrors"], json!([]));
        });
        assert_eq!((statuses(app), subscriptions(app)), (vec!["REVERSED".to_owned(), "SUCCEEDED".to_owned()], 1));
        assert_settled(app);
    }
}
