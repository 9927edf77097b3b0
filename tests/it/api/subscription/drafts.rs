//! Drafts, and what their activation makes of them (`flexprice.md` §1.12, `billwerk.md` §2.2).

use super::{monthly, on_the_first, plan, request, subscribe, with};
use crate::api::{blamed, conflicts, refuses_at};
use crate::support::builders::text;
use crate::support::consistency::assert_consistent;
use crate::support::{TestApp, both};
use serde_json::{Value, json};

/// A draft; answers its id.
fn draft(app: &TestApp, customer: &str, plan: &str, changes: Value) -> String {
    let input = with(request(customer, plan, changes), json!({"status": "DRAFT"}));
    text(&subscribe(app, input, "id")["id"])
}

fn activate(app: &TestApp, draft: &str, changes: Value, selection: &str) -> Value {
    app.mutate("activateSubscription", with(json!({"subscriptionId": draft}), changes), selection)
}

const DATES: &str = "subscription {
    status startDate endDate trialStart trialEnd billingAnchor currentPeriodStart currentPeriodEnd nextBillingDate
} invoice { status number period { start end } totals { total { amount } } }";

both! {
    a_draft_waits_for_its_activation(app) {
        let customer = app.customer("Jane Doe");
        monthly(app);
        app.payment_method(&customer, "SUCCEEDS");
        app.feature("sso", "BOOLEAN");
        let input = request(&customer, "M30", json!({
            "status": "DRAFT", "trialDays": 7, "handle": "d", "quantity": 2, "entitlements": ["sso"],
            "endDate": "2025-12-31T00:00:00Z",
        }));
        let selection = "subscription {
            status startDate endDate trialStart trialEnd billingAnchor currentPeriodStart currentPeriodEnd nextBillingDate
            upcomingPeriods { start } items { quantity } terms { billedFrom quantity } entitlements { source }
        } invoice { id }";
        let made = app.mutate("createSubscription", input.clone(), selection);
        assert_eq!(made, json!({
            "subscription": {
                "status": "DRAFT", "startDate": "2025-01-31T12:00:00Z", "endDate": "2025-12-31T00:00:00Z",
                "trialStart": null, "trialEnd": null, "billingAnchor": null, "currentPeriodStart": null,
                "currentPeriodEnd": null, "nextBillingDate": null, "upcomingPeriods": [], "items": [{"quantity": 2}],
                "terms": {"billedFrom": null, "quantity": 2}, "entitlements": [{"source": "SUBSCRIPTION"}],
            },
            "invoice": null, "userErrors": [],
        }));
        let shown = super::preview(
            app, with(input, json!({"handle": "e"})), "status periods { start } invoices { reason } billingDates",
        );
        assert_eq!(shown, json!({"status": "DRAFT", "periods": [], "invoices": [], "billingDates": []}));
        let told = app.database.texts("SELECT event_type AS line FROM events WHERE event_type LIKE 'subscription%'");
        assert_eq!(told, ["subscription.draft_created"]);
        assert_eq!(app.database.number("SELECT count(*) FROM payment_attempts"), 0);
    }

    an_activation_starts_a_draft_now(app) {
        let customer = app.customer("Jane Doe");
        monthly(app);
        app.payment_method(&customer, "SUCCEEDS");
        let draft = draft(app, &customer, "M30", json!({}));
        app.set_clock("2025-03-10T08:00:00Z");
        let made = activate(app, &draft, json!({}), DATES);
        assert_eq!(made, json!({
            "subscription": {
                "status": "ACTIVE", "startDate": "2025-03-10T08:00:00Z", "endDate": null, "trialStart": null,
                "trialEnd": null, "billingAnchor": "2025-03-10T08:00:00Z", "currentPeriodStart": "2025-03-10T08:00:00Z",
                "currentPeriodEnd": "2025-04-10T08:00:00Z", "nextBillingDate": "2025-04-10",
            },
            "invoice": {
                "status": "PAID", "number": "INV-000001", "totals": {"total": {"amount": "300.00"}},
                "period": {"start": "2025-03-10T08:00:00Z", "end": "2025-04-10T08:00:00Z"},
            },
            "userErrors": [],
        }));
        let kept = app.data(&format!(
            r#"{{ subscription(id: "{draft}") {{ version updatedAt createdAt items {{ startDate }} }} }}"#
        ));
        assert_eq!(kept["subscription"], json!({
            "version": 2, "updatedAt": "2025-03-10T08:00:00Z", "createdAt": "2025-01-31T12:00:00Z",
            "items": [{"startDate": "2025-03-10T08:00:00Z"}],
        }));
        let told = app.database.texts("SELECT event_type AS line FROM events WHERE event_type LIKE 'subscription%' ORDER BY id");
        assert_eq!(told, ["subscription.draft_created", "subscription.activated"]);
        assert_consistent(app);
    }

    /// In Flexprice the trial survives only by chance, and an anchor is lost.
    a_draft_keeps_its_trial_its_anchor_and_its_end(app) {
        let customer = app.customer("Jane Doe");
        plan(app, json!({
            "code": "P", "schedule": {"type": "PERIOD", "billingPeriod": "MONTH"}, "amount": "10",
            "trial": {"length": 7, "unit": "DAYS"},
        }));
        let dated = json!({"trialStart": "2025-01-31T12:00:00Z", "trialEnd": "2025-02-10T12:00:00Z"});
        for (changes, trial_end) in [
            (json!({}), json!("2025-03-08T00:00:00Z")), (json!({"trialDays": 14}), json!("2025-03-15T00:00:00Z")),
            (dated, json!("2025-03-11T00:00:00Z")), (json!({"noTrial": true}), json!(null)),
            (json!({"trialDays": 0}), json!(null)),
        ] {
            let changes = with(changes, json!({"billingAnchor": "2020-05-20T00:00:00Z", "endDate": "2025-06-30T00:00:00Z"}));
            let draft = draft(app, &customer, "P", changes.clone());
            let made = activate(app, &draft, json!({"startDate": "2025-03-01T00:00:00Z"}), DATES);
            let subscription = &made["subscription"];
            assert_eq!(subscription["trialEnd"], trial_end, "{changes}");
            assert_eq!(subscription["billingAnchor"], "2020-05-20T00:00:00Z");
            assert_eq!(subscription["endDate"], "2025-06-30T00:00:00Z");
            let status = if trial_end == json!(null) { "ACTIVE" } else { "TRIALING" };
            assert_eq!(subscription["status"], status);
            let periods = app.data("{ subscriptions(first: 1) { nodes { upcomingPeriods { start end } } } }");
            let periods = &periods["subscriptions"]["nodes"][0]["upcomingPeriods"];
            if trial_end == json!(null) {
                assert_eq!(subscription["currentPeriodEnd"], "2025-03-20T00:00:00Z");
            } else {
                assert_eq!(periods[0], json!({"start": trial_end, "end": "2025-03-20T00:00:00Z"}));
            }
            assert_eq!(periods[periods.as_array().unwrap().len() - 1]["end"], "2025-06-30T00:00:00Z");
        }
    }

    an_activation_bills_what_the_draft_holds(app) {
        let customer = app.customer("Jane Doe");
        let first = on_the_first(app);
        app.add_on("A", "QUANTITY");
        app.discount("D", "10");
        app.coupon("C", "D");
        let price = super::prices_of(app, &first).remove(0);
        let draft = draft(app, &customer, "F1", json!({
            "quantity": 2, "addOns": [{"addOn": {"code": "A"}, "quantity": 3}], "couponCodes": ["C"],
            "additionalCosts": [{"handle": "c", "text": "Cable", "amount": "4.50"}],
            "priceOverrides": [{"priceId": price, "amount": "30"}],
            "additionalItems": [
                {"price": {"amount": "6"}}, {"price": {"amount": "9"}, "startDate": "2025-02-01T00:00:00Z"},
                {"price": {"amount": "12"}, "endDate": "2025-03-01T00:00:00Z"},
            ],
            "discounts": [
                {"discount": {"code": "D"}, "amount": "1", "endDate": "2025-03-01T00:00:00Z"},
                {"discount": {"code": "D"}, "handle": "later", "startDate": "2025-05-01T00:00:00Z"},
            ],
            "paymentTerms": "NET_30",
        }));
        let redeemed = app.data(r#"{ couponByCode(code: "C") { redemptions } }"#);
        assert_eq!(redeemed["couponByCode"]["redemptions"], 1, "a draft holds its coupon");
        app.set_clock("2025-04-14T00:00:00Z");
        let made = activate(app, &draft, json!({}), "subscription {
            items { startDate endDate } addOns { startDate } discounts { handle startDate endDate uses }
            additionalCosts { state invoice { number } }
        } invoice { number issueDate dueDate lines { kind amount { amount } } totals { total { amount } } }");
        // 17 of 30 days of 60, of 15, of 6 and of 9; the rest is over, or is charged once.
        assert_eq!(super::lines(&made["invoice"]), [
            "PLAN 34.00", "ITEM 3.40", "ITEM 5.10", "ADD_ON 8.50", "ADDITIONAL_COST 4.50", "DISCOUNT -3.40",
            "DISCOUNT -0.34", "DISCOUNT -0.51", "DISCOUNT -0.85", "DISCOUNT -0.45", "49.95",
        ]);
        assert_eq!((&made["invoice"]["issueDate"], &made["invoice"]["dueDate"]), (&json!("2025-04-14"), &json!("2025-05-14")));
        let (before, now, over) = ("2025-01-31T12:00:00Z", "2025-04-14T00:00:00Z", "2025-03-01T00:00:00Z");
        assert_eq!(made["subscription"], json!({
            "items": [
                {"startDate": now, "endDate": null}, {"startDate": now, "endDate": null},
                {"startDate": "2025-02-01T00:00:00Z", "endDate": null}, {"startDate": before, "endDate": over},
            ],
            "addOns": [{"startDate": now}],
            "discounts": [
                {"handle": "D", "startDate": before, "endDate": over, "uses": 0},
                {"handle": "later", "startDate": "2025-05-01T00:00:00Z", "endDate": null, "uses": 0},
                {"handle": "C", "startDate": now, "endDate": null, "uses": 1},
            ],
            "additionalCosts": [{"state": "TRANSFERRED", "invoice": {"number": "INV-000001"}}],
        }));
        assert_consistent(app);
    }

    an_activation_is_paid_as_the_draft_says(app) {
        monthly(app);
        for (behavior, card, expected) in [
            ("DEFAULT_ACTIVE", Some("SUCCEEDS"), ["ACTIVE", "PAID"]), ("DEFAULT_ACTIVE", Some("LOST_OR_STOLEN"), ["ACTIVE", "OPEN"]),
            ("DEFAULT_ACTIVE", None, ["ACTIVE", "OPEN"]), ("ALLOW_INCOMPLETE", Some("LOST_OR_STOLEN"), ["INCOMPLETE", "OPEN"]),
            ("ALLOW_INCOMPLETE", None, ["INCOMPLETE", "OPEN"]), ("ERROR_IF_INCOMPLETE", Some("SUCCEEDS"), ["ACTIVE", "PAID"]),
        ] {
            let customer = app.customer("Jane Doe");
            let draft = draft(app, &customer, "M30", json!({"paymentBehavior": behavior}));
            // Found when it is activated.
            card.map(|card| app.payment_method(&customer, card));
            let made = activate(app, &draft, json!({}), DATES);
            let found = [&made["subscription"]["status"], &made["invoice"]["status"]];
            assert_eq!(found, expected, "{behavior} {card:?}");
        }
        let customer = app.customer("Jane Doe");
        let draft = draft(app, &customer, "M30", json!({"paymentBehavior": "ERROR_IF_INCOMPLETE"}));
        let before = app.database.dump();
        let token = app.token("INSUFFICIENT_FUNDS");
        let input = json!({"subscriptionId": draft, "source": token});
        let refused = app.attempt("activateSubscription", input, "subscription { id } invoice { id }");
        assert_eq!((blamed(&refused["userErrors"]), &refused["subscription"]), (vec!["PAYMENT_DECLINED".to_owned()], &json!(null)));
        let after = app.database.dump();
        for table in ["subscriptions", "subscription_terms", "invoices", "payment_methods", "events"] {
            assert_eq!(before[table], after[table], "{table}");
        }
        assert_eq!(after["payment_attempts"].len(), before["payment_attempts"].len() + 1, "its log stays");
        let good = app.token("SUCCEEDS");
        assert_eq!(activate(app, &draft, json!({"source": good}), DATES)["subscription"]["status"], "ACTIVE");
    }

    /// Whoever asked the customer for a method, and then names one, has it charged.
    a_source_at_the_activation_is_charged(app) {
        let customer = app.customer("Jane Doe");
        monthly(app);
        let selection = "subscription { status terms { signupMethod paymentMethod { id } } } invoice { status }";
        for signup in [json!(null), json!("EMAIL"), json!("LINK")] {
            let draft = draft(app, &customer, "M30", json!({"signupMethod": signup}));
            let method = app.payment_method(&customer, "SUCCEEDS");
            let made = activate(app, &draft, json!({"source": method}), selection);
            assert_eq!(made, json!({
                "subscription": {"status": "ACTIVE", "terms": {"signupMethod": "SOURCE", "paymentMethod": {"id": method}}},
                "invoice": {"status": "PAID"}, "userErrors": [],
            }), "{signup}");
            let read = app.data(&format!(r#"{{ subscription(id: "{draft}") {{ terms {{ signupMethod }} }} }}"#));
            assert_eq!(read["subscription"]["terms"]["signupMethod"], "SOURCE");
        }
        for signup in ["EMAIL", "LINK"] {
            let draft = draft(app, &customer, "M30", json!({"signupMethod": signup}));
            let made = activate(app, &draft, json!({}), selection);
            assert_eq!(made, json!({
                "subscription": {"status": "ACTIVE", "terms": {"signupMethod": signup, "paymentMethod": null}},
                "invoice": {"status": "OPEN"}, "userErrors": [],
            }), "the customer is asked, whatever methods there are");
        }
        let named = app.payment_method(&customer, "SUCCEEDS");
        let draft = draft(app, &customer, "M30", json!({"source": named, "signupMethod": "SOURCE"}));
        app.payment_method(&customer, "LOST_OR_STOLEN");
        let made = activate(app, &draft, json!({}), selection);
        assert_eq!(made["subscription"]["terms"]["paymentMethod"]["id"], named, "what the draft named");
        assert_eq!(made["invoice"]["status"], "PAID");
    }

    a_draft_is_activated_once_and_in_time(app) {
        let customer = app.customer("Jane Doe");
        monthly(app);
        let activate = |draft: &str, changes: Value| with(json!({"subscriptionId": draft}), changes);
        let refused = |input: Value, expected: &str| refuses_at(app, "activateSubscription", input, &[expected]);
        let running = text(&subscribe(app, request(&customer, "M30", json!({})), "id")["id"]);
        refused(activate(&running, json!({})), "SUBSCRIPTION_NOT_DRAFT input.subscriptionId");
        refused(activate("sub_00000000000000000000000000", json!({})), "SUBSCRIPTION_NOT_FOUND input.subscriptionId");
        refused(activate(&customer, json!({})), "VALIDATION_ERROR input.subscriptionId");
        let ending = draft(app, &customer, "M30", json!({"endDate": "2025-03-31T00:00:00Z"}));
        refused(activate(&ending, json!({"startDate": "2025-03-31T00:00:00Z"})), "END_DATE_BEFORE_START input.startDate");
        refused(activate(&ending, json!({"startDate": "2024-12-31T00:00:00Z"})), "START_DATE_TOO_EARLY input.startDate");
        refused(activate(&ending, json!({"startDate": "soon"})), "VALIDATION_ERROR input.startDate");
        refused(activate(&ending, json!({"source": "x"})), "SOURCE_REQUIRED input.source");
        refused(activate(&ending, json!({"source": "ca_00000000000000000000000000"})), "PAYMENT_METHOD_NOT_FOUND input.source");
        refused(activate(&ending, json!({"source": "ct_00000000000000000000000000"})), "INVALID_TOKEN input.source");
        app.set_clock("2025-04-01T00:00:00Z");
        refused(activate(&ending, json!({})), "END_DATE_NOT_IN_FUTURE input.subscriptionId");
        let order = app.warehouse();
        let rental = app.fulfil(&order.order, &order.customer, "L1");
        refused(activate(&rental, json!({})), "SUBSCRIPTION_NOT_DRAFT input.subscriptionId");
        let other = draft(app, &customer, "M30", json!({}));
        let (_, key) = app.another_tenant("Other");
        let foreign = app.attempt_as(&key, "activateSubscription", activate(&other, json!({})), "__typename");
        assert_eq!(blamed(&foreign["userErrors"]), ["SUBSCRIPTION_NOT_FOUND input.subscriptionId"]);
        conflicts(app, "activateSubscription", &json!({"subscriptionId": other}), "subscription", 1);
    }
}
