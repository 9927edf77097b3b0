//! Add-ons of a new subscription (`billwerk.md` §5).

use super::{bill, monthly, on_the_first, plan, request, subscribe};
use crate::support::{TestApp, both};
use serde_json::{Value, json};

const ADD_ONS: &str = "addOns {
    handle quantity fixedAmount taxRate amountIncludesTax name description startDate endDate addOn { code }
}";

fn add_on(app: &TestApp, input: Value) {
    let input = super::with(json!({"name": "Backup", "addOnType": "QUANTITY", "unitAmount": "5"}), input);
    app.mutate("createAddOn", input, "__typename");
}

fn taking(customer: &str, plan: &str, add_ons: Value) -> Value {
    request(customer, plan, json!({"addOns": add_ons}))
}

both! {
    an_add_on_is_taken_as_the_catalogue_has_it(app) {
        let customer = app.customer("Jane Doe");
        app.mutate("updateTenantSettings", json!({"taxRate": "0.25"}), "__typename");
        monthly(app);
        add_on(app, json!({"code": "BACKUP", "description": "Each night"}));
        add_on(app, json!({"code": "SSO", "addOnType": "ON_OFF", "taxRate": "0.1", "amountIncludesTax": true}));
        let id = app.data(r#"{ addOnByCode(code: "SSO") { id } }"#)["addOnByCode"]["id"].clone();
        let input = taking(&customer, "M30", json!([{"addOn": {"code": "BACKUP"}}, {"addOn": {"id": id}}]));
        let selection = format!("subscription {{ {ADD_ONS} }} invoice {{
            lines {{ kind description quantity unitAmount amount {{ amount }} taxRate amountIncludesTax priceId }} }}");
        let made = app.mutate("createSubscription", input, &selection);
        let start = "2025-01-31T12:00:00Z";
        assert_eq!(made["subscription"]["addOns"], json!([
            {
                "handle": "BACKUP", "quantity": 1, "fixedAmount": "5", "taxRate": "0.25", "amountIncludesTax": false,
                "name": "Backup", "description": "Each night", "startDate": start, "endDate": null,
                "addOn": {"code": "BACKUP"},
            },
            {
                "handle": "SSO", "quantity": 1, "fixedAmount": "5", "taxRate": "0.1", "amountIncludesTax": true,
                "name": "Backup", "description": null, "startDate": start, "endDate": null, "addOn": {"code": "SSO"},
            },
        ]));
        assert_eq!(made["invoice"]["lines"][1], json!({
            "kind": "ADD_ON", "description": "Backup", "quantity": "1", "unitAmount": "5", "amount": {"amount": "5.00"},
            "taxRate": "0.25", "amountIncludesTax": false, "priceId": null,
        }));
    }

    every_setting_of_an_add_on_can_be_overridden(app) {
        let customer = app.customer("Jane Doe");
        monthly(app);
        add_on(app, json!({"code": "BACKUP", "description": "Each night", "amountIncludesTax": false}));
        let input = taking(&customer, "M30", json!([
            {
                "addOn": {"code": "BACKUP"}, "handle": "own", "quantity": 3, "amount": "7.005", "amountIncludesTax": true,
                "name": "Copies", "description": "Twice a night", "startDate": "2025-01-01T00:00:00Z",
                "endDate": "2026-01-01T00:00:00Z",
            },
            {"addOn": {"code": "BACKUP"}, "handle": "later", "quantity": 2, "startDate": "2025-02-01T00:00:00Z"},
            {"addOn": {"code": "BACKUP"}, "handle": "follows", "fixedAmount": false},
        ]));
        assert_eq!(bill(app, input.clone()), ["PLAN 300.00", "ADD_ON 21.02", "ADD_ON 5.00", "326.02"]);
        let made = subscribe(app, input, ADD_ONS);
        assert_eq!(made["addOns"][0], json!({
            "handle": "own", "quantity": 3, "fixedAmount": "7.005", "taxRate": "0", "amountIncludesTax": true,
            "name": "Copies", "description": "Twice a night", "startDate": "2025-01-01T00:00:00Z",
            "endDate": "2026-01-01T00:00:00Z", "addOn": {"code": "BACKUP"},
        }));
        assert_eq!(made["addOns"][1]["startDate"], "2025-02-01T00:00:00Z");
        let fixed: Vec<&Value> = made["addOns"].as_array().unwrap().iter().map(|taken| &taken["fixedAmount"]).collect();
        assert_eq!(fixed, [&json!("7.005"), &json!("5"), &json!(null)], "frozen, unless it follows the catalogue");
    }

    /// `billwerk.md` §4.1: a part of a period is a part for add-ons, too; not for a setup fee or for what is charged once.
    an_add_on_is_prorated_with_the_plan(app) {
        let customer = app.customer("Jane Doe");
        on_the_first(app);
        add_on(app, json!({"code": "BACKUP", "unitAmount": "30"}));
        app.set_clock("2025-04-14T00:00:00Z");
        let input = super::with(
            taking(&customer, "F1", json!([{"addOn": {"code": "BACKUP"}, "quantity": 2}])),
            json!({"additionalCosts": [{"handle": "c", "text": "Cable", "amount": "30"}]}),
        );
        assert_eq!(bill(app, input), ["PLAN 170.00", "ADD_ON 34.00", "ADDITIONAL_COST 30.00", "234.00"]);
    }

    add_ons_are_billed_in_advance_or_in_arrears_with_the_subscription(app) {
        let customer = app.customer("Jane Doe");
        monthly(app);
        add_on(app, json!({"code": "BACKUP"}));
        let input = super::with(
            taking(&customer, "M30", json!([{"addOn": {"code": "BACKUP"}}])), json!({"billingCadence": "IN_ARREARS"}),
        );
        assert_eq!(bill(app, input), [""; 0]);
    }

    /// `billwerk.md` §11.14.
    a_first_invoice_has_all_kinds_of_lines(app) {
        let customer = app.customer("Jane Doe");
        app.mutate("updateTenantSettings", json!({"taxRate": "0.25", "amountsIncludeTax": true}), "__typename");
        plan(app, json!({
            "code": "ALL", "schedule": {"type": "MONTH_STARTDATE"}, "currency": "DKK", "amount": "299",
            "setupFee": {"amount": "100"},
        }));
        add_on(app, json!({"code": "MANY", "unitAmount": "50", "currency": "DKK"}));
        add_on(app, json!({"code": "ONE", "unitAmount": "99", "currency": "DKK", "addOnType": "ON_OFF"}));
        let off = json!({"code": "P20", "name": "Off", "percentage": "20", "appliesTo": ["PLAN"]});
        app.mutate("createDiscount", off, "__typename");
        let input = request(&customer, "ALL", json!({
            "quantity": 2, "addOns": [{"addOn": {"code": "MANY"}, "quantity": 3}, {"addOn": {"code": "ONE"}}],
            "additionalCosts": [{"handle": "c", "text": "Cable", "amount": "45"}], "discounts": [{"discount": {"code": "P20"}}],
        }));
        let selection = "invoice { lines { kind amount { amount } } totals {
            subtotal { amount } discountTotal { amount } netTotal { amount } taxTotal { amount } total { amount } } }";
        let made = app.mutate("createSubscription", input, selection);
        assert_eq!(super::lines(&made["invoice"]), [
            "PLAN 598.00", "ADD_ON 150.00", "ADD_ON 99.00", "SETUP_FEE 100.00", "ADDITIONAL_COST 45.00",
            "DISCOUNT -119.60", "872.40",
        ]);
        assert_eq!(made["invoice"]["totals"], json!({
            "subtotal": {"amount": "992.00"}, "discountTotal": {"amount": "119.60"}, "netTotal": {"amount": "697.92"},
            "taxTotal": {"amount": "174.48"}, "total": {"amount": "872.40"},
        }));
    }

    /// `billwerk.md` §11.18.
    the_same_add_on_can_be_taken_twice_under_handles_of_its_own(app) {
        let customer = app.customer("Jane Doe");
        monthly(app);
        add_on(app, json!({"code": "BACKUP"}));
        let twice = |first: Value, second: Value| {
            let row = |more| super::with(json!({"addOn": {"code": "BACKUP"}}), more);
            taking(&customer, "M30", json!([row(first), row(second)]))
        };
        let made = subscribe(app, twice(json!({"handle": "a"}), json!({"handle": "b"})), "addOns { handle }");
        assert_eq!(made["addOns"], json!([{"handle": "a"}, {"handle": "b"}]));
        let made = subscribe(app, twice(json!({}), json!({"handle": "b"})), "addOns { handle }");
        assert_eq!(made["addOns"], json!([{"handle": "BACKUP"}, {"handle": "b"}]));
        let again = twice(json!({}), json!({}));
        super::refused_with(app, &again, 114, "ADD_ON_ALREADY_ADDED input.addOns.1.addOn");
        let same = twice(json!({"handle": "a"}), json!({"handle": "a"}));
        super::refused_with(app, &same, 11, "DUPLICATE_HANDLE input.addOns.1.handle");
    }
}
