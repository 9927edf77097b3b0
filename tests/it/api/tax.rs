//! Tax by country: the rates, and which invoices have them.

use super::subscription::{plan, request};
use super::{refuses_at, with};
use crate::support::builders::text;
use crate::support::{START, TestApp, both};
use serde_json::{Value, json};

const RATE: &str = "taxRate { __typename id country name rate validFrom createdAt updatedAt }";

fn rate(country: &str, rate: &str, valid_from: &str) -> Value {
    json!({"country": country, "name": "VAT", "rate": rate, "validFrom": valid_from})
}

fn set(app: &TestApp, input: Value) -> Value {
    app.mutate("setTaxRate", input, RATE)["taxRate"].take()
}

fn customer(app: &TestApp, changes: Value) -> String {
    let input = with(json!({"name": "Jane"}), changes);
    text(&app.mutate("createCustomer", input, "customer { id }")["customer"]["id"])
}

/// What the invoice of a new subscription to the plan P comes to: its net total, its tax and its total, and each line's
/// rate and whether its amount includes the tax. A preview says the same.
fn invoiced(app: &TestApp, customer: &str, changes: Value) -> Value {
    let input = request(customer, "P", changes);
    let selection =
        "totals { netTotal { amount } taxTotal { amount } total { amount } } lines { taxRate amountIncludesTax }";
    let previewed =
        app.mutate("previewSubscription", input.clone(), &format!("preview {{ invoices {{ {selection} }} }}"));
    let made = app.mutate("createSubscription", input, &format!("invoice {{ {selection} }}"));
    assert_eq!(previewed["preview"]["invoices"][0], made["invoice"]);
    shown(&made["invoice"])
}

fn shown(invoice: &Value) -> Value {
    let totals = ["netTotal", "taxTotal", "total"].map(|name| text(&invoice["totals"][name]["amount"]));
    let lines = invoice["lines"].as_array().unwrap().iter();
    let lines: Vec<_> = lines.map(|line| json!([line["taxRate"], line["amountIncludesTax"]])).collect();
    json!([totals.join(" "), lines])
}

both! {
    a_rate_is_kept_and_that_of_the_same_day_is_changed(app) {
        let made = set(app, json!({"country": "de", "name": " USt ", "rate": "0.190", "validFrom": "2025-01-01"}));
        let expected = json!({
            "__typename": "TaxRate", "id": made["id"], "country": "DE", "name": "USt", "rate": "0.19",
            "validFrom": "2025-01-01", "createdAt": START, "updatedAt": START,
        });
        assert_eq!(made, expected);
        let now = "2025-02-01T12:00:00Z";
        app.set_clock(now);
        let changed = set(app, json!({"country": "DE", "name": "VAT", "rate": "0", "validFrom": "2025-01-01"}));
        assert_eq!(changed, with(expected, json!({"name": "VAT", "rate": "0", "updatedAt": now})));
        set(app, rate("DE", "0.2", "2026-01-01"));
        set(app, rate("CH", "0.081", "2024-01-01"));
        let list = |arguments: &str| {
            let found = app.data(&format!("{{ taxRates{arguments} {{ nodes {{ country rate validFrom }} }} }}"));
            let nodes = found["taxRates"]["nodes"].as_array().unwrap().clone();
            nodes.iter().map(|node| format!("{} {}", text(&node["country"]), text(&node["validFrom"]))).collect::<Vec<_>>()
        };
        let by_day = "(orderBy: [{field: VALID_FROM, direction: ASC}])";
        assert_eq!(list(by_day), ["CH 2024-01-01", "DE 2025-01-01", "DE 2026-01-01"]);
        assert_eq!(list(r#"(filter: {country: {eq: "DE"}, validFrom: {gt: "2025-01-01"}})"#), ["DE 2026-01-01"]);
        let rate_id = text(&made["id"]);
        app.mutate("removeTaxRate", json!({"taxRateId": rate_id}), "tenant { id }");
        assert_eq!(list(by_day), ["CH 2024-01-01", "DE 2026-01-01"]);
        refuses_at(app, "removeTaxRate", json!({"taxRateId": rate_id}), &["NOT_FOUND input.taxRateId"]);
    }

    all_that_is_wrong_with_a_rate_is_said_at_once(app) {
        let wrong = json!({"country": "UK", "name": " ", "rate": "19", "validFrom": "2025-02-30"});
        let expected = ["country", "name", "rate", "validFrom"].map(|name| format!("VALIDATION_ERROR input.{name}"));
        refuses_at(app, "setTaxRate", wrong, &expected.each_ref().map(String::as_str));
        refuses_at(app, "removeTaxRate", json!({"taxRateId": "DE"}), &["VALIDATION_ERROR input.taxRateId"]);
        for country in ["", "D", "DEU", "XX", "EU"] {
            let input = json!({"name": "Jane", "country": country});
            refuses_at(app, "createCustomer", input, &["VALIDATION_ERROR input.country"]);
        }
    }

    customers_are_found_by_their_country(app) {
        for (name, country) in [("A", json!("DE")), ("B", json!("CH")), ("C", json!(null)), ("D", json!("DE"))] {
            customer(app, json!({"name": name, "country": country}));
        }
        let found = app.data(r#"{ customers(filter: {country: {eq: "DE"}}, orderBy: [{field: NAME}]) { nodes { name } } }"#);
        assert_eq!(found["customers"]["nodes"], json!([{"name": "A"}, {"name": "D"}]));
    }

    the_country_goes_before_the_plan_and_the_plan_before_the_tenant(app) {
        app.mutate("updateTenantSettings", json!({"taxRate": "0.1"}), "__typename");
        plan(app, json!({"code": "P", "schedule": {"type": "MONTH_STARTDATE"}, "amount": "100.00", "taxRate": "0.25"}));
        let costs = json!({"additionalCosts": [
            {"handle": "a", "text": "A", "amount": "10", "taxRate": "0.5", "amountIncludesTax": true},
        ]});
        set(app, rate("DE", "0.19", "2025-01-31"));
        set(app, rate("DE", "0.2", "2025-02-01"));
        set(app, rate("CH", "0", "2025-01-01"));
        set(app, rate("DK", "0.25", "2025-02-01"));
        let [nowhere, german, swiss, danish] =
            [json!(null), json!("DE"), json!("CH"), json!("DK")].map(|country| customer(app, json!({"country": country})));
        let own = json!(["106.67 28.33 135.00", [["0.25", false], ["0.5", true]]]);
        let with_handle = |handle: &str| {
            let cost = json!({"handle": handle, "text": "A", "amount": "10", "taxRate": "0.5", "amountIncludesTax": true});
            with(costs.clone(), json!({"additionalCosts": [cost]}))
        };
        assert_eq!(invoiced(app, &nowhere, with_handle("a")), own);
        // 10 / 1.19 = 8.4034 and 100 on top: 19 + 1.5966 = 20.60 of tax.
        let german_tax = json!(["108.40 20.60 129.00", [["0.19", false], ["0.19", true]]]);
        assert_eq!(invoiced(app, &german, with_handle("b")), german_tax);
        let swiss_tax = json!(["110.00 0.00 110.00", [["0", false], ["0", true]]]);
        assert_eq!(invoiced(app, &swiss, with_handle("c")), swiss_tax, "0 is a rate, too");
        assert_eq!(invoiced(app, &danish, with_handle("d")), own, "it has no rate yet");
        // The day is that of the issue, in the subscription's zone: it is February there already.
        let kiritimati = with(with_handle("e"), json!({"timezone": "Pacific/Kiritimati"}));
        let next = json!(["108.33 21.67 130.00", [["0.2", false], ["0.2", true]]]);
        assert_eq!(invoiced(app, &german, kiritimati), next);
        app.set_clock("2025-02-01T00:00:00Z");
        assert_eq!(invoiced(app, &german, with_handle("f")), next);
    }

    the_tax_is_that_of_who_is_invoiced(app) {
        plan(app, json!({"code": "P", "schedule": {"type": "MONTH_STARTDATE"}, "amount": "100.00"}));
        set(app, rate("DE", "0.19", "2025-01-01"));
        set(app, rate("DK", "0.25", "2025-01-01"));
        let parent = customer(app, json!({"country": "DK"}));
        let child = customer(app, json!({"country": "DE", "parentCustomerId": parent}));
        let upwards = json!({"invoiceBilling": "INVOICE_TO_PARENT"});
        assert_eq!(invoiced(app, &child, json!({})), json!(["100.00 19.00 119.00", [["0.19", false]]]));
        assert_eq!(invoiced(app, &child, upwards.clone()), json!(["100.00 25.00 125.00", [["0.25", false]]]));
        let new = json!({"create": {"name": "Joe", "country": "DK"}});
        assert_eq!(invoiced(app, &child, json!({"customer": new})), json!(["100.00 25.00 125.00", [["0.25", false]]]));
        let drafted = request(&child, "P", with(upwards, json!({"status": "DRAFT"})));
        let draft = app.mutate("createSubscription", drafted, "subscription { id }");
        let selection = "invoice { totals { netTotal { amount } taxTotal { amount } total { amount } } lines { taxRate amountIncludesTax } }";
        let started = app.mutate("activateSubscription", json!({"subscriptionId": draft["subscription"]["id"]}), selection);
        assert_eq!(shown(&started["invoice"]), json!(["100.00 25.00 125.00", [["0.25", false]]]));
    }
}
