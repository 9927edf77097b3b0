//! What is billed: the plan's prices, what the request changes of them, what it adds, and the setup fee.

use super::{bill, lines, monthly, plan, prices_of, request, subscribe};
use crate::support::{TestApp, both};
use serde_json::{Value, json};

/// A plan with a recurring price, one that is charged once and one of usage; the ids of its prices.
fn three(app: &TestApp) -> Vec<String> {
    let plan = plan(
        app,
        json!({
            "code": "THREE", "schedule": {"type": "MONTH_STARTDATE"}, "prices": [
                {"name": "Seat", "amount": "10", "billingModel": "PER_UNIT"},
                {"name": "Start", "amount": "7", "type": "ONE_TIME"},
                {"name": "Calls", "amount": "0.01", "type": "USAGE", "billingModel": "PER_UNIT"},
            ],
        }),
    );
    prices_of(app, &plan)
}

const ITEMS: &str = "items { name quantity additional startDate endDate price {
    name type billingModel amount packageSize packageRounding tierMode tiers { upTo unitAmount flatAmount } currency
    plan { code } parent { name } subscription { handle }
} }";

both! {
    /// `billwerk.md` §2: per unit of the quantity, for every period.
    an_amount_stands_for_the_only_recurring_price(app) {
        let customer = app.customer("Jane Doe");
        monthly(app);
        three(app);
        for (plan, changes, expected) in [
            ("M30", json!({"amount": "250.50"}), vec!["PLAN 250.50", "250.50"]),
            ("M30", json!({"amount": "250.50", "quantity": 3}), vec!["PLAN 751.50", "751.50"]),
            ("M30", json!({"amount": 0}), vec!["PLAN 0.00", "0.00"]),
            ("THREE", json!({"amount": "0.005", "quantity": 3}), vec!["PLAN 0.02", "PLAN 7.00", "7.02"]),
        ] {
            assert_eq!(bill(app, request(&customer, plan, changes.clone())), expected, "{plan} {changes}");
        }
        let made = subscribe(app, request(&customer, "M30", json!({"amount": "250.50", "handle": "h"})), ITEMS);
        assert_eq!(made["items"][0]["price"], json!({
            "name": "Gold", "type": "RECURRING", "billingModel": "PER_UNIT", "amount": "250.5", "packageSize": null,
            "packageRounding": null, "tierMode": null, "tiers": [], "currency": "EUR", "plan": null,
            "parent": {"name": "Gold"}, "subscription": {"handle": "h"},
        }));
        let untouched = app.data(r#"{ planByCode(code: "M30") { version prices { amount } } }"#);
        assert_eq!(untouched["planByCode"], json!({"version": 1, "prices": [{"amount": "300"}]}), "`decisions.md` 25");
    }

    an_amount_stands_for_nothing_where_there_are_several(app) {
        let customer = app.customer("Jane Doe");
        let prices = json!([{"amount": "1"}, {"amount": "2"}]);
        plan(app, json!({"code": "TWO", "schedule": {"type": "MONTH_STARTDATE"}, "prices": prices}));
        let once = json!([{"amount": "1", "type": "ONE_TIME"}]);
        plan(app, json!({"code": "ONCE", "schedule": {"type": "MONTH_STARTDATE"}, "prices": once}));
        for code in ["TWO", "ONCE"] {
            super::refused(app, &request(&customer, code, json!({"amount": "5"})), &["VALIDATION_ERROR input.amount"]);
        }
    }

    /// `decisions.md` 23: the request, else the plan, else the tenant.
    whether_amounts_include_tax_is_said_by_the_request_the_plan_or_the_tenant(app) {
        let customer = app.customer("Jane Doe");
        app.mutate("updateTenantSettings", json!({"taxRate": "0.25"}), "__typename");
        let schedule = json!({"type": "MONTH_STARTDATE"});
        for (code, terms) in [
            ("NONE", json!({})), ("WITH", json!({"amountIncludesTax": true})), ("OWN", json!({"taxRate": "0.1"})),
            ("WITHOUT", json!({"amountIncludesTax": false})),
        ] {
            plan(app, super::with(json!({"code": code, "schedule": schedule, "amount": "100"}), terms));
        }
        let totals = |code: &str, changes: Value| {
            let input = request(&customer, code, changes);
            let made = app.mutate("createSubscription", input, "subscription { terms { taxRate amountIncludesTax } } invoice {
                totals { netTotal { amount } taxTotal { amount } total { amount } } lines { taxRate amountIncludesTax } }");
            assert_eq!(made["invoice"]["lines"][0], made["subscription"]["terms"]);
            let terms = &made["subscription"]["terms"];
            let totals = ["netTotal", "taxTotal", "total"].map(|name| &made["invoice"]["totals"][name]["amount"]);
            json!([terms["taxRate"], terms["amountIncludesTax"], totals])
        };
        let (with, without) = (json!(["80.00", "20.00", "100.00"]), json!(["100.00", "25.00", "125.00"]));
        let asked = |included| json!({"amountIncludesTax": included});
        assert_eq!(totals("NONE", json!({})), json!(["0.25", false, without]));
        assert_eq!(totals("NONE", asked(true)), json!(["0.25", true, with]));
        assert_eq!(totals("WITH", json!({})), json!(["0.25", true, with]));
        assert_eq!(totals("WITH", asked(false)), json!(["0.25", false, without]));
        assert_eq!(totals("OWN", json!({})), json!(["0.1", false, ["100.00", "10.00", "110.00"]]));
        app.mutate("updateTenantSettings", json!({"amountsIncludeTax": true}), "__typename");
        assert_eq!(totals("NONE", json!({})), json!(["0.25", true, with]));
        assert_eq!(totals("WITHOUT", json!({})), json!(["0.25", false, without]));
    }

    /// `flexprice.md` §1.6: an override of the quantity alone keeps the price.
    a_price_of_the_plan_can_be_overridden(app) {
        let customer = app.customer("Jane Doe");
        let prices = three(app);
        let made = |overrides: Value| {
            let input = request(&customer, "THREE", json!({"priceOverrides": overrides}));
            let expected = bill(app, input.clone());
            let selection = format!(
                "subscription {{ {ITEMS} }} invoice {{ lines {{ kind amount {{ amount }} }} totals {{ total {{ amount }} }} }}"
            );
            let made = app.mutate("createSubscription", input, &selection);
            assert_eq!(lines(&made["invoice"]), expected, "a preview bills the same");
            (expected, made["subscription"]["items"].clone())
        };
        let (billed, items) = made(json!([{"priceId": prices[0], "quantity": 4}]));
        assert_eq!(billed, ["PLAN 40.00", "PLAN 7.00", "47.00"]);
        let price = &items[0]["price"];
        assert_eq!((&items[0]["quantity"], &price["plan"]["code"]), (&json!(4), &json!("THREE")), "the price is the plan's");

        let (billed, items) = made(json!([{"priceId": prices[0], "quantity": 0}, {"priceId": prices[1], "quantity": 2}]));
        assert_eq!((billed, &items[1]["quantity"]), (vec!["PLAN 14.00".to_owned(), "14.00".to_owned()], &json!(2)));

        let (billed, items) = made(json!([{"priceId": prices[0], "amount": "9.995", "quantity": 3}]));
        assert_eq!(billed, ["PLAN 29.99", "PLAN 7.00", "36.99"]);
        let price = &items[0]["price"];
        assert_eq!((&price["amount"], &price["parent"]["name"], &price["plan"]), (&json!("9.995"), &json!("Seat"), &json!(null)));
        assert_eq!(price["billingModel"], "PER_UNIT", "the model stays");

        let tiers = json!([{"upTo": "10", "unitAmount": "5"}, {"upTo": "50", "unitAmount": "3"}, {"unitAmount": "1"}]);
        for (tier_mode, billed) in [("SLAB", "PLAN 80.00"), ("VOLUME", "PLAN 60.00")] {
            let tiered = json!({
                "priceId": prices[0], "quantity": 20, "billingModel": "TIERED", "tierMode": tier_mode, "tiers": tiers,
            });
            let (found, items) = made(json!([tiered]));
            assert_eq!(found[0], billed, "`flexprice.md` V23");
            assert_eq!(items[0]["price"]["tierMode"], tier_mode);
            assert_eq!(items[0]["price"]["tiers"][2], json!({"upTo": null, "unitAmount": "1", "flatAmount": "0"}));
        }
        let package = |rounding: Option<&str>| {
            let mut package = json!({
                "priceId": prices[0], "quantity": 25, "billingModel": "PACKAGE", "amount": "30", "packageSize": 10,
            });
            if let Some(rounding) = rounding {
                package["packageRounding"] = json!(rounding);
            }
            made(json!([package])).0[0].clone()
        };
        assert_eq!([package(None), package(Some("DOWN"))], ["PLAN 90.00", "PLAN 60.00"]);
        let (billed, _) = made(json!([{"priceId": prices[0], "quantity": 3, "billingModel": "FLAT_FEE", "amount": "100"}]));
        assert_eq!(billed[0], "PLAN 300.00", "`flexprice.md` V23");

        let (billed, items) = made(json!([{"priceId": prices[2], "amount": "0.02"}, {"priceId": prices[1], "amount": "1"}]));
        assert_eq!(billed, ["PLAN 10.00", "PLAN 1.00", "11.00"]);
        assert_eq!((&items[2]["quantity"], &items[2]["price"]["amount"]), (&json!(null), &json!("0.02")));
        let (billed, items) = made(json!([{"priceId": prices[2], "quantity": 0}]));
        assert_eq!((billed.len(), &items[2]["quantity"]), (3, &json!(null)), "usage is measured");
    }

    an_override_and_an_amount_go_together_where_they_mean_other_prices(app) {
        let customer = app.customer("Jane Doe");
        let prices = three(app);
        let input = json!({"amount": "5", "quantity": 2, "priceOverrides": [{"priceId": prices[1], "amount": "1"}]});
        assert_eq!(bill(app, request(&customer, "THREE", input)), ["PLAN 10.00", "PLAN 1.00", "11.00"]);
    }

    something_can_be_billed_beside_the_plan(app) {
        let customer = app.customer("Jane Doe");
        let prices = three(app);
        let items = json!([
            {"priceId": prices[0], "quantity": 2, "name": "More seats", "metadata": {"a": 1}},
            {"price": {"name": "Desk", "amount": "3.50"}},
            {"price": {"amount": "2", "type": "ONE_TIME"}, "quantity": 3},
            {"price": {"name": "Traffic", "amount": "0.1", "type": "USAGE"}},
            {"price": {"name": "Later", "amount": "1", "cadence": "IN_ARREARS"}},
            {"price": {"name": "Soon", "amount": "1"}, "startDate": "2025-02-10T00:00:00Z", "endDate": "2025-02-20T00:00:00Z"},
            {"price": {"name": "Before", "amount": "1"}, "startDate": "2025-01-01T00:00:00Z", "quantity": 0},
        ]);
        let input = request(&customer, "THREE", json!({"additionalItems": items, "handle": "h", "endDate": "2025-06-30T00:00:00Z"}));
        assert_eq!(bill(app, input.clone()), [
            "PLAN 10.00", "PLAN 7.00", "ITEM 20.00", "ITEM 3.50", "ITEM 6.00", "ITEM 0.00", "46.50",
        ]);
        let made = subscribe(app, input, ITEMS);
        let item = |index: usize| {
            let item = &made["items"][3 + index];
            json!([
                item["name"], item["quantity"], item["additional"], item["startDate"], item["endDate"],
                item["price"]["type"], item["price"]["subscription"]["handle"],
            ])
        };
        let (start, end) = ("2025-01-31T12:00:00Z", "2025-06-30T00:00:00Z");
        assert_eq!(item(0), json!(["More seats", 2, true, start, end, "RECURRING", null]));
        assert_eq!(item(1), json!(["Desk", 1, true, start, end, "RECURRING", "h"]));
        assert_eq!(item(2), json!(["Gold", 3, true, start, end, "ONE_TIME", "h"]), "the name is the plan's by default");
        assert_eq!(item(3), json!(["Traffic", null, true, start, end, "USAGE", "h"]));
        assert_eq!(item(5), json!(["Soon", 1, true, "2025-02-10T00:00:00Z", "2025-02-20T00:00:00Z", "RECURRING", "h"]));
        assert_eq!(item(6), json!(["Before", 0, true, "2025-01-01T00:00:00Z", end, "RECURRING", "h"]));
        let metadata = app.data(r#"{ subscriptionByHandle(handle: "h") { items { metadata } } }"#);
        assert_eq!(metadata["subscriptionByHandle"]["items"][3]["metadata"], json!({"a": 1}));
    }

    /// `billwerk.md` §3: on the first scheduled invoice, on one of its own, or on one of its own where there is no other.
    a_setup_fee_is_on_the_first_invoice_or_on_its_own(app) {
        let customer = app.customer("Jane Doe");
        for handling in ["FIRST", "SEPARATE", "SEPARATE_CONDITIONAL"] {
            plan(app, json!({
                "code": handling, "schedule": {"type": "MONTH_STARTDATE"}, "amount": "300",
                "setupFee": {"amount": "99.90", "text": "Installation", "handling": handling},
            }));
        }
        let invoices = |code: &str, changes: Value| {
            let input = request(&customer, code, changes);
            let selection = "invoices(last: 5) { nodes { reason number period { start } periodNumber lines {
                kind description quantity unitAmount priceId planVersion amount { amount } } totals { total { amount } } } }";
            let made = subscribe(app, input.clone(), selection);
            let previewed = super::preview(app, input, super::LINES);
            let made = made["invoices"]["nodes"].as_array().unwrap().clone();
            let shown = previewed["invoices"].as_array().unwrap().iter().map(lines).collect::<Vec<_>>();
            let mut stored = made.iter().map(lines).collect::<Vec<_>>();
            stored.sort();
            let mut sorted = shown.clone();
            sorted.sort();
            assert_eq!(stored, sorted, "a preview bills the same");
            shown
        };
        let (plan_only, shared) = (vec!["PLAN 300.00", "300.00"], vec!["PLAN 300.00", "SETUP_FEE 99.90", "399.90"]);
        let fee = vec!["SETUP_FEE 99.90", "99.90"];
        for (code, changes, expected) in [
            ("FIRST", json!({}), vec![shared.clone()]),
            ("FIRST", json!({"noSetupFee": false}), vec![shared.clone()]),
            ("FIRST", json!({"trialDays": 7}), vec![]),
            ("FIRST", json!({"startDate": "2025-03-01T00:00:00Z"}), vec![]),
            ("SEPARATE", json!({}), vec![fee.clone(), plan_only.clone()]),
            ("SEPARATE", json!({"trialDays": 7}), vec![fee.clone()]),
            ("SEPARATE", json!({"startDate": "2025-03-01T00:00:00Z"}), vec![fee.clone()]),
            ("SEPARATE_CONDITIONAL", json!({}), vec![shared]),
            ("SEPARATE_CONDITIONAL", json!({"trialDays": 7}), vec![fee]),
            ("FIRST", json!({"noSetupFee": true}), vec![plan_only.clone()]),
            ("SEPARATE", json!({"noSetupFee": true}), vec![plan_only.clone()]),
            ("SEPARATE_CONDITIONAL", json!({"noSetupFee": true, "trialDays": 7}), vec![]),
        ] {
            assert_eq!(invoices(code, changes.clone()), expected, "{code} {changes}");
        }
        let made = app.mutate("createSubscription", request(&customer, "SEPARATE", json!({})), "invoice { reason }
            subscription { terms { setupFee } invoices(last: 2) { nodes {
                reason number period { start } periodNumber lines { kind description priceId planVersion } } } }");
        assert_eq!(made["invoice"]["reason"], "SUBSCRIPTION_CREATE");
        assert_eq!(made["subscription"]["terms"]["setupFee"], true);
        let found = made["subscription"]["invoices"]["nodes"].as_array().unwrap();
        let fee = found.iter().find(|invoice| invoice["reason"] == "SETUP_FEE").unwrap();
        assert_eq!((&fee["period"], &fee["periodNumber"]), (&json!(null), &json!(null)));
        assert_eq!(fee["lines"], json!([
            {"kind": "SETUP_FEE", "description": "Installation", "priceId": null, "planVersion": 1},
        ]));
        let only_fee = app.mutate("createSubscription", request(&customer, "SEPARATE", json!({"trialDays": 7})), "invoice { reason }");
        assert_eq!(only_fee["invoice"]["reason"], "SETUP_FEE", "it is the only one");
    }
}
