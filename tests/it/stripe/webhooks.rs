//! `/webhooks/stripe`: which notices are believed, and what follows from them. The tests sign as Stripe does.

use super::api::{kept, subscribe};
use super::{WEBHOOK_SECRET, stripe};
use crate::support::builders::text;
use crate::support::consistency::assert_consistent;
use crate::support::{Answer, TestApp};
use hmac::{Hmac, KeyInit, Mac};
use perennial::domain::Instant;
use serde_json::{Value, json};

/// The header for a body at a time.
fn signed(secret: &str, at: &str, body: &str) -> String {
    let time = at.parse::<Instant>().unwrap().timestamp();
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(format!("{time}.{body}").as_bytes());
    let signature: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("t={time},v1={signature}")
}

fn send(app: &TestApp, body: &str, signature: Option<&str>) -> Answer {
    let request = app.agent().post(app.url("/webhooks/stripe")).header("content-type", "application/json");
    let request = match signature {
        Some(signature) => request.header("stripe-signature", signature),
        None => request,
    };
    Answer::of(request.send(body).unwrap())
}

/// Sends a notice as Stripe does, when every test begins.
fn deliver(app: &TestApp, notice: &Value) -> Answer {
    let body = notice.to_string();
    send(app, &body, Some(&signed(WEBHOOK_SECRET, crate::support::START, &body)))
}

fn event(id: &str, kind: &str, object: Value) -> Value {
    json!({"id": id, "object": "event", "type": kind, "data": {"object": object}})
}

/// The attempt that paid for a subscription, and what Stripe calls its charge.
fn paid(app: &TestApp) -> (String, String) {
    app.shop(json!({}));
    let customer = app.customer("Jane");
    subscribe(app, &customer, &kept(app, &customer, "4242424242424242"));
    let found = app.data("{ paymentAttempts { nodes { id gatewayReference } } }");
    let attempt = &found["paymentAttempts"]["nodes"][0];
    (text(&attempt["id"]), text(&attempt["gatewayReference"]))
}

fn told(app: &TestApp) -> Vec<String> {
    app.database.texts(
        "SELECT event_type || ' ' || subject || ' ' || CAST(data AS TEXT) AS line FROM events
         WHERE event_type LIKE 'payment_attempt.%' ORDER BY id",
    )
}

fn notices(app: &TestApp) -> Vec<String> {
    app.database.texts(
        "SELECT gateway || ' ' || notice_id || ' ' || notice_type AS line FROM gateway_notices ORDER BY notice_id",
    )
}

stripe! {
    a_notice_that_is_not_signed_or_too_old_is_refused_and_changes_nothing(app) {
        let (_, intent) = paid(app);
        let refund = json!({"amount_refunded": 1, "currency": "eur", "payment_intent": intent});
        let body = event("evt_1", "charge.refunded", refund).to_string();
        let good = signed(WEBHOOK_SECRET, crate::support::START, &body);
        let before = app.database.dump();
        for (signature, what) in [
            (None, "none"),
            (Some(String::new()), "an empty one"),
            (Some("t=1,v1=00".to_owned()), "another"),
            (Some(signed("whsec_other", crate::support::START, &body)), "one by another secret"),
            (Some(signed(WEBHOOK_SECRET, crate::support::START, "{}")), "one of another body"),
            (Some(signed(WEBHOOK_SECRET, "2025-01-31T11:54:59Z", &body)), "an old one"),
            (Some(signed(WEBHOOK_SECRET, "2025-01-31T12:05:01Z", &body)), "one of the future"),
            (Some(good.replace("v1=", "v0=")), "one of another kind"),
        ] {
            let answer = send(app, &body, signature.as_deref());
            let code = answer.json()["errors"][0]["extensions"]["code"].clone();
            assert_eq!((answer.status, code), (400, json!("INVALID_SIGNATURE")), "{what}");
        }
        for (body, what) in [("", "nothing"), ("{}", "no event"), ("[1]", "a list")] {
            let answer = send(app, body, Some(&signed(WEBHOOK_SECRET, crate::support::START, body)));
            assert_eq!(answer.status, 400, "{what}");
        }
        let get = app.agent().get(app.url("/webhooks/stripe")).call().unwrap();
        assert_eq!(get.status().as_u16(), 405);
        app.database.assert_unchanged(&before);
        // The same notice, signed, is taken down.
        assert_eq!(send(app, &body, Some(&format!("{good},v1=00"))).status, 200);
        assert_eq!(notices(app), ["STRIPE evt_1 charge.refunded"]);
    }

    a_notice_is_taken_down_once(app) {
        let (attempt, intent) = paid(app);
        let refund = json!({"amount_refunded": 2900, "currency": "eur", "payment_intent": intent});
        let refunded = event("evt_1", "charge.refunded", refund);
        assert_eq!(deliver(app, &refunded).json(), json!({"received": "applied"}));
        let before = app.database.dump();
        for _ in 0..2 {
            let answer = deliver(app, &refunded);
            assert_eq!((answer.status, answer.json()), (200, json!({"received": "replayed"})));
        }
        app.database.assert_unchanged(&before);
        let dispute = json!({"amount": 30000, "currency": "eur", "payment_intent": intent, "reason": "fraudulent"});
        let disputed = event("evt_2", "charge.dispute.created", dispute);
        assert_eq!(deliver(app, &disputed).json(), json!({"received": "applied"}));
        assert_eq!(notices(app), ["STRIPE evt_1 charge.refunded", "STRIPE evt_2 charge.dispute.created"]);
        let told = told(app);
        let expected = [
            ("payment_attempt.refund_noticed", json!({"amountMinor": 2900, "currency": "EUR"})),
            ("payment_attempt.disputed", json!({"amountMinor": 30000, "currency": "EUR", "reason": "fraudulent"})),
        ];
        assert_eq!(told.len(), expected.len());
        for (line, (kind, data)) in told.iter().zip(expected) {
            let rest = line.strip_prefix(&format!("{kind} {attempt} ")).unwrap_or_else(|| panic!("{line}"));
            assert_eq!(serde_json::from_str::<Value>(rest).unwrap(), data);
        }
        assert_consistent(app);
    }

    a_notice_sent_twice_at_once_is_taken_down_once(app) {
        let (_, intent) = paid(app);
        let refund = json!({"amount_refunded": 1, "currency": "eur", "payment_intent": intent});
        let refunded = event("evt_1", "charge.refunded", refund);
        let mut answers: Vec<String> = crate::support::together::together(8, |_| deliver(app, &refunded).text);
        answers.sort();
        let replayed = r#"{"received":"replayed"}"#;
        assert_eq!(answers, [&[r#"{"received":"applied"}"#][..], &[replayed; 7]].concat());
        assert_eq!(told(app).len(), 1);
    }

    the_outcome_of_a_charge_is_left_to_whoever_asked_for_it(app) {
        let (attempt, intent) = paid(app);
        let log = || app.database.dump()["payment_attempts"].clone();
        let before = log();
        let tenant = app.tenant.to_string();
        let object = |status: &str| json!({
            "id": intent, "status": status, "metadata": {"tenant": tenant, "attempt": attempt},
            "last_payment_error": {"type": "card_error", "code": "card_declined", "decline_code": "lost_card"},
        });
        for (id, kind, status) in [
            ("evt_1", "payment_intent.succeeded", "succeeded"),
            ("evt_2", "payment_intent.payment_failed", "requires_payment_method"),
        ] {
            assert_eq!(deliver(app, &event(id, kind, object(status))).json(), json!({"received": "applied"}));
        }
        assert_eq!((log(), told(app).len(), notices(app).len()), (before, 0, 2));
        // One that is under way is not finished under the feet of the creation that waits for the gateway's answer.
        let source = app.data("{ customers { nodes { id paymentMethods { id } } } }")["customers"]["nodes"][0].clone();
        let (customer, method) = (text(&source["id"]), text(&source["paymentMethods"][0]["id"]));
        let made = app.reserve_payment(app.tenant, (&customer, "sub_00000000000000000000000000"), &method, None);
        let own = json!({"id": "pi_2", "status": "succeeded", "metadata": {"tenant": tenant, "attempt": made.id.to_string()}});
        assert_eq!(deliver(app, &event("evt_3", "payment_intent.succeeded", own)).json(), json!({"received": "applied"}));
        let reserved = "SELECT count(*) FROM payment_attempts WHERE status = 'RESERVED'";
        assert_eq!((app.database.number(reserved), notices(app).len()), (1, 3));
    }

    what_is_about_something_else_is_ignored(app) {
        let (attempt, _) = paid(app);
        let (other, _) = app.another_tenant("Other");
        let before = app.database.dump();
        let intent = |metadata: Value| json!({"id": "pi_1", "status": "succeeded", "metadata": metadata});
        let charge = |intent: Value| json!({"amount_refunded": 1, "currency": "eur", "payment_intent": intent});
        for (kind, object) in [
            ("customer.created", json!({"id": "cus_1"})),
            ("payment_intent.succeeded", intent(json!({}))),
            ("payment_intent.succeeded", intent(json!({"tenant": "x", "attempt": "y"}))),
            ("payment_intent.succeeded", intent(json!({"tenant": other.to_string(), "attempt": attempt}))),
            ("payment_intent.succeeded", intent(json!({
                "tenant": "ten_00000000000000000000000000", "attempt": "pat_00000000000000000000000000",
            }))),
            ("charge.refunded", charge(json!(null))),
            ("charge.refunded", charge(json!("pi_unknown"))),
            ("charge.refunded", charge(json!("../customers"))),
        ] {
            let answer = deliver(app, &event("evt_1", kind, object.clone()));
            assert_eq!((answer.status, answer.json()), (200, json!({"received": "ignored"})), "{kind} {object}");
        }
        app.database.assert_unchanged(&before);
    }
}
