//! Payment attempts: from the reservation to the outcome, and how the log of them is read.

use super::refuses_at;
use crate::support::builders::text;
use crate::support::consistency::assert_consistent;
use crate::support::{TestApp, both};
use chrono::TimeDelta;
use perennial::app::PaymentGateway;
use perennial::domain::payment::{Charge, ChargeOutcome, PaymentAttempt, Reversal};
use perennial::domain::payment_method::PaymentToken;
use perennial::repository::{Fault, Query, payment, payment_method};
use serde_json::{Value, json};
use std::time::Duration;

const SUBSCRIPTION: &str = "sub_00000000000000000000000000";

/// An attempt that is reserved and holds its token for a minute, and the charge that follows.
fn reserve(app: &TestApp, customer: &str, token: &str) -> (PaymentAttempt, Charge) {
    let attempt = app.reserve_payment(app.tenant, (customer, SUBSCRIPTION), token, Some(token));
    let (id, now) = (token.parse().unwrap(), app.app.ambient.now());
    let until = now + TimeDelta::seconds(60);
    let token: PaymentToken = app
        .app
        .db
        .write(|tx| {
            payment_method::hold_token(tx, app.tenant, id, attempt.id, now, until)?;
            Ok::<_, Fault>(Query::by_id(app.tenant, id).first(tx)?.unwrap())
        })
        .unwrap();
    let charge = attempt.charge(app.tenant, token.gateway_reference);
    (attempt, charge)
}

/// Stores what came of a charge: the token is used where it succeeded, and free again where it did not.
fn conclude(app: &TestApp, attempt: &PaymentAttempt, outcome: &ChargeOutcome) {
    let (token, now) = (attempt.payment_token_id.unwrap(), app.app.ambient.now());
    let stored = app.app.db.write(|tx| {
        payment::finish(tx, app.tenant, &attempt.finished(outcome, now).unwrap())?;
        match outcome.accepted() {
            Ok(()) => payment_method::use_token(tx, app.tenant, token, Some(attempt.id), (now, now)),
            Err(_) => payment_method::release_token(tx, app.tenant, token, attempt.id),
        }
    });
    stored.unwrap();
}

fn only_attempt(app: &TestApp) -> Value {
    let found = app.data(
        "{ paymentAttempts { totalCount nodes {
            __typename customerId subscriptionId paymentMethod { id } paymentToken { id usedAt }
            amount { amount currency } status errorState errorCode gatewayReference createdAt finishedAt
        } } }",
    );
    assert_eq!(found["paymentAttempts"]["totalCount"], 1);
    found["paymentAttempts"]["nodes"][0].clone()
}

both! {
    an_attempt_is_reserved_then_charged_then_has_its_outcome(app) {
        for (place, (card, status, error_state, error_code)) in [
            ("SUCCEEDS", "SUCCEEDED", json!(null), json!(null)),
            ("INSUFFICIENT_FUNDS", "DECLINED", json!("SOFT_DECLINED"), json!("insufficient_funds")),
            ("LOST_OR_STOLEN", "DECLINED", json!("HARD_DECLINED"), json!("credit_card_lost_or_stolen")),
            ("PROCESSING_ERROR", "FAILED", json!("PROCESSING_ERROR"), json!("acquirer_error")),
            ("HANGS", "FAILED", json!("PROCESSING_ERROR"), json!("timeout")),
        ].into_iter().enumerate() {
            app.set_clock(&format!("2025-02-0{}T12:00:00Z", place + 1));
            let (customer, token) = (app.customer("Jane"), app.token(card));
            let (attempt, charge) = reserve(app, &customer, &token);
            let selection =
                "customerId status errorState errorCode gatewayReference createdAt finishedAt paymentMethod { id } paymentToken { usedAt }";
            let document = format!(
                r#"{{ node(id: "{}") {{ ... on PaymentAttempt {{ {selection} }} }} }}"#, attempt.id
            );
            let began = format!("2025-02-0{}T12:00:00Z", place + 1);
            let expected = json!({
                "customerId": customer, "status": "RESERVED", "errorState": null, "errorCode": null, "gatewayReference": null,
                "createdAt": began, "finishedAt": null, "paymentMethod": null, "paymentToken": {"usedAt": null},
            });
            assert_eq!(app.data(&document)["node"], expected, "{card}");
            let input = json!({"customerId": customer, "token": token});
            refuses_at(app, "addPaymentMethod", input.clone(), &["TOKEN_ALREADY_USED input.token"]);

            let outcome = app.gate.charge(&charge);
            let ended = format!("2025-02-0{}T12:00:05Z", place + 1);
            app.set_clock(&ended);
            conclude(app, &attempt, &outcome);
            let paid = card == "SUCCEEDS";
            let used = if paid { json!(ended) } else { json!(null) };
            let expected = json!({
                "customerId": customer, "status": status, "errorState": error_state, "errorCode": error_code,
                "gatewayReference": paid.then(|| format!("test_{}", attempt.id)),
                "createdAt": began, "finishedAt": ended, "paymentMethod": null, "paymentToken": {"usedAt": used},
            });
            assert_eq!(app.data(&document)["node"], expected, "{card}");
            assert_eq!(app.gateway.charged().contains(&charge), paid, "{card}");
            if !paid {
                app.mutate("addPaymentMethod", input, "__typename");
            }
        }
    }

    a_charge_that_is_taken_back_leaves_its_log(app) {
        let (customer, token) = (app.customer("Jane"), app.token("SUCCEEDS"));
        let (attempt, charge) = reserve(app, &customer, &token);
        let charged = app.gate.charge(&charge);
        assert!(matches!(charged, ChargeOutcome::Succeeded { .. }), "{charged:?}");
        assert_eq!(app.gate.reverse(&charge), Reversal::Done);
        let id = attempt.payment_token_id.unwrap();
        app.set_clock("2025-01-31T12:00:05Z");
        let now = app.app.ambient.now();
        let stored = app.app.db.write(|tx| {
            let reversing = attempt.given_up(&charged, now).unwrap();
            payment::finish(tx, app.tenant, &reversing)?;
            payment::finish(tx, app.tenant, &reversing.reversed(now).unwrap())?;
            payment_method::release_token(tx, app.tenant, id, attempt.id)
        });
        stored.unwrap();
        let expected = json!({
            "__typename": "PaymentAttempt", "customerId": customer, "subscriptionId": SUBSCRIPTION,
            "paymentMethod": null, "paymentToken": {"id": token, "usedAt": null},
            "amount": {"amount": "129.00", "currency": "EUR"}, "status": "REVERSED", "errorState": null,
            "errorCode": null, "gatewayReference": format!("test_{}", attempt.id),
            "createdAt": "2025-01-31T12:00:00Z", "finishedAt": "2025-01-31T12:00:05Z",
        });
        assert_eq!(only_attempt(app), expected);
        assert_eq!((app.gateway.charged(), app.gateway.reversed()), (vec![], vec![charge]));
        assert_consistent(app);
    }

    others_are_served_while_a_charge_hangs(app) {
        let (customer, token) = (app.customer("Jane"), app.token("HANGS"));
        let (attempt, charge) = reserve(app, &customer, &token);
        app.gateway.set_deadline(Duration::from_mins(10));
        std::thread::scope(|scope| {
            let hanging = scope.spawn(|| app.gateway.charge(&charge));
            app.gateway.wait_until_hanging(1);
            // No transaction is open meanwhile: others write, and see the attempt as it stands.
            app.customer("Joe");
            assert_eq!(only_attempt(app)["status"], "RESERVED");
            let found = app.app.db.read_once(|conn| payment::reserved_by_key(app.tenant, &token).first(conn)).unwrap();
            assert_eq!(found.as_ref(), Some(&attempt), "a twin of the request finds it");
            app.gateway.release();
            conclude(app, &attempt, &hanging.join().unwrap());
        });
        assert_eq!(only_attempt(app)["errorCode"], "timeout");
        assert_consistent(app);
    }

    an_attempt_by_a_payment_method_names_it(app) {
        let customer = app.customer("Jane");
        let method = app.payment_method(&customer, "SUCCEEDS");
        app.reserve_payment(app.tenant, (&customer, SUBSCRIPTION), &method, None);
        let attempt = only_attempt(app);
        let source = (&attempt["paymentMethod"], &attempt["paymentToken"]);
        assert_eq!(source, (&json!({"id": method}), &Value::Null));
    }

    attempts_are_found_by_what_they_were_for(app) {
        let nobody = "cus_00000000000000000000000000";
        let other = "sub_00000000000000000000000001";
        let (customer, token) = (app.customer("Jane"), app.token("SUCCEEDS"));
        let mut ids = Vec::new();
        for (day, payer, subscription) in [(1, customer.as_str(), SUBSCRIPTION), (2, nobody, SUBSCRIPTION), (3, nobody, other)] {
            app.set_clock(&format!("2025-02-0{day}T12:00:00Z"));
            let made = app.reserve_payment(app.tenant, (payer, subscription), &token, None);
            ids.push(made.id.to_string());
            if day == 2 {
                conclude_alone(app, &made);
            }
        }
        for (arguments, expected) in [
            (String::new(), &[2, 1, 0][..]),
            ("orderBy: [{field: CREATED_AT}]".to_owned(), &[0, 1, 2]),
            ("filter: {status: {eq: RESERVED}}".to_owned(), &[2, 0]),
            ("filter: {status: {in: [DECLINED, FAILED]}}".to_owned(), &[1]),
            (format!(r#"filter: {{customerId: {{eq: "{customer}"}}}}"#), &[0]),
            (format!(r#"filter: {{customerId: {{in: ["{nobody}"]}}}}"#), &[2, 1]),
            (format!(r#"filter: {{subscriptionId: {{eq: "{SUBSCRIPTION}"}}}}"#), &[1, 0]),
            (format!(r#"filter: {{not: {{subscriptionId: {{eq: "{SUBSCRIPTION}"}}}}}}"#), &[2]),
            (r#"filter: {createdAt: {gte: "2025-02-02T12:00:00Z", lt: "2025-02-03T12:00:00Z"}}"#.to_owned(), &[1]),
        ] {
            let arguments = if arguments.is_empty() { "first: 9" } else { &arguments };
            let found = app.data(&format!("{{ paymentAttempts({arguments}) {{ totalCount nodes {{ id }} }} }}"));
            let nodes = found["paymentAttempts"]["nodes"].as_array().unwrap();
            let expected: Vec<&String> = expected.iter().map(|place: &usize| &ids[*place]).collect();
            let found_ids: Vec<String> = nodes.iter().map(|node| text(&node["id"])).collect();
            assert_eq!(found_ids.iter().collect::<Vec<_>>(), expected, "{arguments}");
            assert_eq!(found["paymentAttempts"]["totalCount"], expected.len(), "{arguments}");
        }
        let wrong = format!(r#"{{ paymentAttempts(filter: {{customerId: {{eq: "{SUBSCRIPTION}"}}}}) {{ totalCount }} }}"#);
        let answer = app.send(&wrong, json!({}));
        assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{answer}");
    }
}

/// Stores that an attempt failed.
fn conclude_alone(app: &TestApp, attempt: &PaymentAttempt) {
    let failed = ChargeOutcome::Failed { code: "acquirer_error".to_owned() };
    let ended = attempt.finished(&failed, app.app.ambient.now()).unwrap();
    app.app.db.write(|tx| payment::finish(tx, app.tenant, &ended)).unwrap();
}
