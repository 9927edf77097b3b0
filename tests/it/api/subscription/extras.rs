//! Additional costs, entitlements and commitments.

use super::{bill, monthly, request, subscribe};
use crate::support::{TestApp, both};
use serde_json::{Value, json};

/// What a customer may use: the codes of the features and their limits.
fn entitled(app: &TestApp, customer: &str) -> Value {
    let found = app
        .data(&format!(r#"{{ customer(id: "{customer}") {{ entitlements {{ feature {{ code }} usageLimit }} }} }}"#));
    let entitlements = found["customer"]["entitlements"].as_array().unwrap();
    entitlements.iter().map(|granted| json!([granted["feature"]["code"], granted["usageLimit"]])).collect()
}

both! {
    /// `billwerk.md` §5: collected by the next invoice.
    an_additional_cost_is_on_the_first_invoice(app) {
        let customer = app.customer("Jane Doe");
        app.mutate("updateTenantSettings", json!({"taxRate": "0.25"}), "__typename");
        monthly(app);
        let costs = json!([
            {"handle": "cable", "text": "Cable", "amount": "4.50"},
            {"handle": "visit", "text": "Visit", "amount": "80", "quantity": 2, "amountIncludesTax": true, "taxRate": "0.6"},
        ]);
        let input = request(&customer, "M30", json!({"additionalCosts": costs}));
        assert_eq!(bill(app, input.clone()), ["PLAN 300.00", "ADDITIONAL_COST 4.50", "ADDITIONAL_COST 160.00", "540.63"]);
        let made = app.mutate("createSubscription", input, "subscription {
            additionalCosts { handle text amount { amount currency } quantity taxRate amountIncludesTax state invoice { id } }
        } invoice { id lines { kind description quantity unitAmount taxRate amountIncludesTax period { start } priceId }
            totals { netTotal { amount } taxTotal { amount } total { amount } } }");
        let id = json!({"id": made["invoice"]["id"]});
        assert_eq!(made["subscription"]["additionalCosts"], json!([
            {
                "handle": "cable", "text": "Cable", "amount": {"amount": "4.50", "currency": "EUR"}, "quantity": 1,
                "taxRate": "0.25", "amountIncludesTax": false, "state": "TRANSFERRED", "invoice": id,
            },
            {
                "handle": "visit", "text": "Visit", "amount": {"amount": "80.00", "currency": "EUR"}, "quantity": 2,
                "taxRate": "0.6", "amountIncludesTax": true, "state": "TRANSFERRED", "invoice": id,
            },
        ]));
        assert_eq!(made["invoice"]["lines"][2], json!({
            "kind": "ADDITIONAL_COST", "description": "Visit", "quantity": "2", "unitAmount": "80", "taxRate": "0.6",
            "amountIncludesTax": true, "period": null, "priceId": null,
        }));
        // 304.50 and their tax of 76.125, and 60 of 160: 136.125 in all, rounded once.
        assert_eq!(made["invoice"]["totals"], json!({
            "netTotal": {"amount": "404.50"}, "taxTotal": {"amount": "136.13"}, "total": {"amount": "540.63"},
        }));
    }

    an_additional_cost_waits_where_nothing_is_invoiced_yet(app) {
        let customer = app.customer("Jane Doe");
        monthly(app);
        for (place, changes) in
            [json!({"trialDays": 7}), json!({"startDate": "2025-03-01T00:00:00Z"}), json!({"status": "DRAFT"})]
                .into_iter().enumerate()
        {
            let cost = json!([{"handle": format!("c{place}"), "text": "Cable", "amount": "4.50"}]);
            let input = super::with(request(&customer, "M30", changes), json!({"additionalCosts": cost}));
            assert_eq!(bill(app, input.clone()), [""; 0]);
            let made = subscribe(app, input, "additionalCosts { state invoice { id } }");
            assert_eq!(made["additionalCosts"], json!([{"state": "PENDING", "invoice": null}]));
        }
    }

    /// `billwerk.md` §6: the union over what runs.
    a_subscription_entitles_by_its_plan_its_add_ons_and_itself(app) {
        let customer = app.customer("Jane Doe");
        for (code, feature_type) in [("sso", "BOOLEAN"), ("seats", "METERED"), ("calls", "METERED"), ("tier", "STATIC")] {
            app.feature(code, feature_type);
        }
        let entitlements = json!([
            {"feature": "seats", "usageLimit": 5, "resetPeriod": "MONTH"}, {"feature": "tier", "staticValue": "gold"},
        ]);
        let plan = super::plan(app, json!({"code": "E", "schedule": {"type": "MONTH_STARTDATE"}, "amount": "1"}));
        app.mutate("setPlanEntitlements", json!({"planId": plan, "entitlements": entitlements}), "__typename");
        app.mutate("createAddOn", json!({
            "code": "SEATS", "name": "Seats", "addOnType": "ON_OFF", "unitAmount": "1",
            "entitlements": [{"feature": "seats", "usageLimit": 10, "resetPeriod": "MONTH"}],
        }), "__typename");
        let changes = json!({"entitlements": ["sso", "calls", "sso"], "addOns": [{"addOn": {"code": "SEATS"}}]});
        let selection = "entitlements { feature { code } source usageLimit softLimit resetPeriod staticValue }";
        let made = subscribe(app, request(&customer, "E", changes), selection);
        let granted = |code: &str, source: &str, rest: Value| super::with(
            json!({
                "feature": {"code": code}, "source": source, "usageLimit": null, "softLimit": false, "resetPeriod": null,
                "staticValue": null,
            }),
            rest,
        );
        let (five, ten) =
            (json!({"usageLimit": 5, "resetPeriod": "MONTH"}), json!({"usageLimit": 10, "resetPeriod": "MONTH"}));
        assert_eq!(made["entitlements"], json!([
            granted("sso", "SUBSCRIPTION", json!({})), granted("seats", "ADD_ON", ten), granted("seats", "PLAN", five),
            granted("calls", "SUBSCRIPTION", json!({})), granted("tier", "PLAN", json!({"staticValue": "gold"})),
        ]), "named twice, it is had once");
        let all = json!([["sso", null], ["seats", 15], ["calls", null], ["tier", null]]);
        assert_eq!(entitled(app, &customer), all);
        subscribe(app, request(&customer, "E", json!({})), "id");
        assert_eq!(entitled(app, &customer)[1], json!(["seats", 20]), "limits add up");
        subscribe(app, request(&customer, "E", json!({"entitlements": ["seats"]})), "id");
        assert_eq!(entitled(app, &customer)[1], json!(["seats", null]), "without a limit, nothing is limited");
    }

    what_does_not_run_entitles_its_customer_to_nothing(app) {
        let customer = app.customer("Jane Doe");
        app.feature("sso", "BOOLEAN");
        monthly(app);
        let incomplete = json!({"status": "INCOMPLETE"});
        for (changes, running) in [(json!({"status": "DRAFT"}), false), (incomplete, false), (json!({"trialDays": 7}), true)] {
            let input = super::with(request(&customer, "M30", changes.clone()), json!({"entitlements": ["sso"]}));
            let made = subscribe(app, input, "entitlements { feature { code } }");
            assert_eq!(made["entitlements"], json!([{"feature": {"code": "sso"}}]));
            let expected = if running { json!([["sso", null]]) } else { json!([]) };
            assert_eq!(entitled(app, &customer), expected, "{changes}");
        }
    }

    a_commitment_is_kept_with_its_factor(app) {
        let customer = app.customer("Jane Doe");
        monthly(app);
        let selection = "terms { commitment { amount { amount currency } duration overageFactor enableTrueUp } }";
        for (changes, expected) in [
            (
                json!({
                    "commitmentAmount": "1000.50", "commitmentDuration": "YEAR", "overageFactor": "1.25", "enableTrueUp": true,
                }),
                json!({
                    "amount": {"amount": "1000.50", "currency": "EUR"}, "duration": "YEAR", "overageFactor": "1.25",
                    "enableTrueUp": true,
                }),
            ),
            // `decisions.md` 16: a factor of 1 is one, too.
            (
                json!({"commitmentAmount": 20, "overageFactor": 1}),
                json!({
                    "amount": {"amount": "20.00", "currency": "EUR"}, "duration": null, "overageFactor": "1",
                    "enableTrueUp": false,
                }),
            ),
            (
                json!({"commitmentAmount": 0, "enableTrueUp": false}),
                json!({
                    "amount": {"amount": "0.00", "currency": "EUR"}, "duration": null, "overageFactor": "1",
                    "enableTrueUp": false,
                }),
            ),
        ] {
            let made = subscribe(app, request(&customer, "M30", changes), selection);
            assert_eq!(made["terms"]["commitment"], expected);
        }
        let fine = request(&customer, "M30", json!({"commitmentAmount": "0.005"}));
        super::refused(app, &fine, &["INVALID_COMMITMENT input.commitmentAmount"]);
    }
}
