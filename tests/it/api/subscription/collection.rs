//! How the first invoice is paid, and what becomes of the subscription (`flexprice.md` §1.13, `billwerk.md` §2.1).

use super::{monthly, plan, request, subscribe};
use crate::support::builders::text;
use crate::support::consistency::assert_consistent;
use crate::support::{TestApp, both};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const OUTCOME: &str = "subscription { status } invoice { status number amountPaid { amount } }";

/// What becomes of a subscription and its invoice, or the code of the refusal.
fn outcome(app: &TestApp, input: Value) -> [String; 2] {
    let made = app.attempt("createSubscription", input, OUTCOME);
    match made["userErrors"].get(0) {
        Some(error) => [text(&error["code"]), error["number"].to_string()],
        None => {
            let (status, paid) = (&made["invoice"]["status"], text(&made["invoice"]["amountPaid"]["amount"]));
            assert_eq!(status == "PAID", paid != "0.00", "{made}");
            [text(&made["subscription"]["status"]), text(status)]
        }
    }
}

/// The tables that differ, and by how many rows each.
fn changes(app: &TestApp, before: &BTreeMap<String, Vec<String>>) -> Vec<(String, usize)> {
    let after = app.database.dump();
    let changed = after.iter().filter(|(table, rows)| before[*table] != **rows);
    changed.map(|(table, rows)| (table.clone(), rows.len() - before[table].len())).collect()
}

fn attempts(app: &TestApp) -> Value {
    let found = app.data(
        "{ paymentAttempts(orderBy: [{field: CREATED_AT, direction: ASC}]) { nodes {
        status errorCode amount { amount currency } paymentMethod { id } paymentToken { id } } } }",
    );
    found["paymentAttempts"]["nodes"].clone()
}

const CARDS: [(&str, &str); 4] = [
    ("INSUFFICIENT_FUNDS", "PAYMENT_DECLINED"),
    ("LOST_OR_STOLEN", "PAYMENT_DECLINED"),
    ("PROCESSING_ERROR", "PAYMENT_PROCESSING_ERROR"),
    ("HANGS", "PAYMENT_PROCESSING_ERROR"),
];

both! {
    what_becomes_of_it_where_a_card_is_charged(app) {
        monthly(app);
        for (behavior, declined, unpaid) in [
            (json!(null), Some("ACTIVE"), Some("ACTIVE")), (json!("DEFAULT_ACTIVE"), Some("ACTIVE"), Some("ACTIVE")),
            (json!("ALLOW_INCOMPLETE"), Some("INCOMPLETE"), Some("INCOMPLETE")), (json!("ERROR_IF_INCOMPLETE"), None, None),
        ] {
            let input = |customer: &str| request(customer, "M30", json!({"paymentBehavior": behavior}));
            let without = app.customer("Without");
            let found = outcome(app, input(&without));
            match unpaid {
                Some(status) => assert_eq!(found, [status, "OPEN"], "{behavior}"),
                None => assert_eq!(found, ["PAYMENT_DECLINED", "77"], "{behavior}"),
            }
            let good = app.customer("Good");
            app.payment_method(&good, "SUCCEEDS");
            assert_eq!(outcome(app, input(&good)), ["ACTIVE", "PAID"], "{behavior}");
            for (card, code) in CARDS {
                let bad = app.customer(card);
                app.payment_method(&bad, card);
                let before = app.database.dump();
                let found = outcome(app, input(&bad));
                match declined {
                    Some(status) => assert_eq!(found, [status, "OPEN"], "{behavior} {card}"),
                    None => {
                        let number = if code == "PAYMENT_DECLINED" { "77" } else { "78" };
                        assert_eq!(found, [code, number], "{behavior} {card}");
                        assert_eq!(changes(app, &before), [("payment_attempts".to_owned(), 1)], "only the attempt's log");
                    }
                }
            }
        }
        assert_consistent(app);
    }

    what_becomes_of_it_where_an_invoice_is_sent(app) {
        monthly(app);
        for (behavior, status) in
            [(json!(null), "ACTIVE"), (json!("DEFAULT_ACTIVE"), "ACTIVE"), (json!("DEFAULT_INCOMPLETE"), "INCOMPLETE")]
        {
            for card in ["SUCCEEDS", "LOST_OR_STOLEN"] {
                let customer = app.customer(card);
                app.payment_method(&customer, card);
                let asked = json!({"collectionMethod": "SEND_INVOICE", "paymentBehavior": behavior});
                assert_eq!(outcome(app, request(&customer, "M30", asked)), [status, "OPEN"], "{behavior} {card}");
            }
        }
        assert_eq!(attempts(app), json!([]), "nobody is charged");
    }

    nothing_to_pay_is_paid(app) {
        plan(app, json!({"code": "FREE", "schedule": {"type": "MONTH_STARTDATE"}, "amount": "0"}));
        let customer = app.customer("Jane Doe");
        for (method, behavior) in [
            ("CHARGE_AUTOMATICALLY", "ALLOW_INCOMPLETE"), ("CHARGE_AUTOMATICALLY", "ERROR_IF_INCOMPLETE"),
            ("SEND_INVOICE", "DEFAULT_INCOMPLETE"),
        ] {
            let asked = json!({"collectionMethod": method, "paymentBehavior": behavior});
            let made = app.mutate("createSubscription", request(&customer, "FREE", asked), OUTCOME);
            assert_eq!((&made["subscription"]["status"], &made["invoice"]["status"]), (&json!("ACTIVE"), &json!("PAID")));
        }
        assert_eq!(attempts(app), json!([]));
    }

    /// Incomplete until the first invoice is paid, whatever the behaviour says.
    an_incomplete_one_can_be_asked_for(app) {
        monthly(app);
        let (poor, rich) = (app.customer("Poor"), app.customer("Rich"));
        app.payment_method(&rich, "SUCCEEDS");
        let input = |customer: &str| request(customer, "M30", json!({"status": "INCOMPLETE"}));
        assert_eq!(outcome(app, input(&poor)), ["INCOMPLETE", "OPEN"]);
        assert_eq!(outcome(app, input(&rich)), ["ACTIVE", "PAID"]);
        assert_eq!(outcome(app, request(&poor, "M30", json!({"status": "ACTIVE"}))), ["ACTIVE", "OPEN"]);
    }

    a_source_is_a_stored_method_or_a_token(app) {
        monthly(app);
        let customer = app.customer("Jane Doe");
        let [first, second] = [(); 2].map(|()| app.payment_method(&customer, "SUCCEEDS"));
        let token = app.token("SUCCEEDS");
        let selection = "subscription { terms { signupMethod paymentMethod { id } } hostedPaymentLink } invoice { status }";
        let made = |changes: Value| app.mutate("createSubscription", request(&customer, "M30", changes), selection);
        for (changes, signup, method) in [
            (json!({}), json!(null), &second),
            (json!({"source": first}), json!("SOURCE"), &first),
            (json!({"source": format!(" {first} "), "signupMethod": "SOURCE"}), json!("SOURCE"), &first),
        ] {
            assert_eq!(made(changes), json!({
                "subscription": {"terms": {"signupMethod": signup, "paymentMethod": {"id": method}}, "hostedPaymentLink": null},
                "invoice": {"status": "PAID"}, "userErrors": [],
            }));
        }
        let made = made(json!({"source": token}));
        let kept = text(&made["subscription"]["terms"]["paymentMethod"]["id"]);
        assert!(kept != first && kept != second, "a token becomes a method of the customer");
        let found = app.data(&format!(r#"{{ customer(id: "{customer}") {{ paymentMethods {{ id }} }} }}"#));
        assert_eq!(found["customer"]["paymentMethods"].as_array().unwrap().len(), 3);
        let log = attempts(app);
        let amount = json!({"amount": "300.00", "currency": "EUR"});
        let attempt = |method: Value, token: Value| json!({
            "status": "SUCCEEDED", "errorCode": null, "amount": amount, "paymentMethod": method, "paymentToken": token,
        });
        assert_eq!(log.as_array().unwrap().len(), 4);
        assert_eq!(log[0], attempt(json!({"id": second}), json!(null)));
        assert_eq!(log[3], attempt(json!(null), json!({"id": token})));
        assert_consistent(app);
    }

    /// `billwerk.md` §2.1: the customer is asked, by mail or by whoever gets the link, and nobody is charged.
    a_customer_can_be_asked_for_its_payment(app) {
        monthly(app);
        let customer = app.customer("Jane Doe");
        app.payment_method(&customer, "SUCCEEDS");
        let mut links = Vec::new();
        for (method, asked) in [("EMAIL", 1), ("LINK", 1), ("EMAIL", 2)] {
            let input = request(&customer, "M30", json!({"signupMethod": method, "graceDurationSeconds": 86_400}));
            let made = app.mutate("createSubscription", input, "subscription {
                status hostedPaymentLink terms { signupMethod paymentMethod { id } graceDurationSeconds }
            } invoice { status number }");
            let subscription = &made["subscription"];
            let terms = json!({"signupMethod": method, "paymentMethod": null, "graceDurationSeconds": 86_400});
            assert_eq!((&subscription["status"], &subscription["terms"]), (&json!("ACTIVE"), &terms));
            assert_eq!(made["invoice"]["status"], "OPEN", "it stays unpaid");
            links.push(text(&subscription["hostedPaymentLink"]));
            let mails = "SELECT count(*) FROM events WHERE event_type = 'subscription.signup_requested'";
            assert_eq!(app.database.number(mails), asked, "{method}");
        }
        assert!(links.iter().all(|link| link.starts_with("https://perennial.example.com/pay/") && link.len() > 60));
        links.dedup();
        assert_eq!(links.len(), 3, "nobody guesses a link");
        let events = app.database.texts("SELECT CAST(data AS TEXT) AS line FROM events");
        assert!(events.iter().all(|data| !data.contains("/pay/")), "a link is a secret");
        assert_eq!(attempts(app), json!([]));
        let behavior = json!({"signupMethod": "LINK", "paymentBehavior": "ALLOW_INCOMPLETE"});
        assert_eq!(outcome(app, request(&customer, "M30", behavior)), ["INCOMPLETE", "OPEN"]);
    }

    /// `flexprice.md` V28, `decisions.md` 18.
    payment_terms_say_when_an_invoice_is_due(app) {
        monthly(app);
        let customer = app.customer("Jane Doe");
        app.set_clock("2025-02-01T00:00:00Z");
        for (terms, due) in [
            (json!(null), "2025-02-01"), (json!("NET_15"), "2025-02-16"), (json!("NET_30"), "2025-03-03"),
            (json!("NET_45"), "2025-03-18"), (json!("NET_60"), "2025-04-02"), (json!("NET_75"), "2025-04-17"),
            (json!("NET_90"), "2025-05-02"),
        ] {
            // The day of issue counts, whatever period is billed.
            let input = json!({"paymentTerms": terms, "startDate": "2025-01-20T00:00:00Z"});
            let made = app.mutate("createSubscription", request(&customer, "M30", input),
                "invoice { issueDate dueDate } subscription { terms { paymentTerms } }");
            assert_eq!(made["invoice"], json!({"issueDate": "2025-02-01", "dueDate": due}));
            assert_eq!(made["subscription"]["terms"]["paymentTerms"], terms);
        }
    }

    terms_are_those_of_the_tenant_where_a_request_names_none(app) {
        monthly(app);
        let customer = app.customer("Jane");
        let made = |changes: Value| {
            let selection = "invoice { dueDate } subscription { terms { paymentTerms } }";
            let made = app.mutate("createSubscription", request(&customer, "M30", changes), selection);
            json!([made["subscription"]["terms"]["paymentTerms"], made["invoice"]["dueDate"]])
        };
        assert_eq!(made(json!({})), json!([null, "2025-01-31"]));
        app.mutate("updateTenantSettings", json!({"defaultPaymentTerms": "NET_30"}), "__typename");
        assert_eq!(made(json!({})), json!(["NET_30", "2025-03-02"]));
        assert_eq!(made(json!({"paymentTerms": "NET_15"})), json!(["NET_15", "2025-02-15"]));
    }

    /// `billwerk.md` §11.11: nothing remains of a creation whose payment is refused, and it can be made anew.
    nothing_remains_of_a_creation_that_depended_on_its_payment(app) {
        monthly(app);
        app.discount("D", "10");
        app.mutate("createCoupon", json!({"code": "C", "name": "C", "discount": "D", "maxRedemptions": 1}), "__typename");
        let input = |source: &str| json!({
            "customer": {"create": {"name": "New", "externalId": "new"}}, "plan": {"code": "M30"}, "handle": "h",
            "couponCodes": ["C"], "additionalCosts": [{"handle": "c", "text": "Cable", "amount": "30"}],
            "signupMethod": "SOURCE", "source": source, "conditionalCreate": true,
        });
        for (card, code) in CARDS {
            let token = app.token(card);
            for _ in 0..2 {
                let before = app.database.dump();
                let payload = app.attempt("createSubscription", input(&token), "subscription { id } customer { id }");
                assert_eq!(super::blamed(&payload["userErrors"]), [code], "{card}");
                assert_eq!((&payload["subscription"], &payload["customer"]), (&json!(null), &json!(null)));
                assert_eq!(changes(app, &before), [("payment_attempts".to_owned(), 1)], "the token is not used up");
            }
        }
        assert_eq!(outcome(app, input(&app.token("SUCCEEDS"))), ["ACTIVE", "PAID"], "neither 11 nor 87");
        assert_consistent(app);
    }

    /// A charge is made once, and the log says of what.
    what_was_charged_stands_in_the_log(app) {
        monthly(app);
        let customer = app.customer("Jane Doe");
        let card = app.payment_method(&customer, "INSUFFICIENT_FUNDS");
        subscribe(app, request(&customer, "M30", json!({"quantity": 2})), "id");
        let attempt = json!({
            "status": "DECLINED", "errorCode": "insufficient_funds", "amount": {"amount": "600.00", "currency": "EUR"},
            "paymentMethod": {"id": card}, "paymentToken": null,
        });
        assert_eq!(attempts(app), json!([attempt]));
        assert!(app.gateway.charged().is_empty());
    }
}
