//! Whatever is sent, the answer says what is wrong with it: it is never an internal error, and nothing changes.

use super::{monthly, plan, request, subscribe};
use crate::support::{TestApp, both, mutation};
use serde_json::{Value, json};

/// What is wrong: the codes at the top level, or those of the user errors with their paths.
fn said(app: &TestApp, input: &Value) -> Vec<String> {
    let (document, variables) = mutation("previewSubscription", input.clone(), "preview { status }");
    let answer = app.send_as(&app.key, &[], &document, variables);
    let answer = answer.json();
    match answer["errors"].as_array() {
        Some(errors) => {
            errors.iter().map(|error| error["extensions"]["code"].as_str().unwrap_or("none").to_owned()).collect()
        }
        None => super::blamed(&answer["data"]["previewSubscription"]["userErrors"]),
    }
}

#[track_caller]
fn says(app: &TestApp, changes: &Value, expected: &str) {
    let input = request("cus_00000000000000000000000000", "M30", changes.clone());
    let shown: String = changes.to_string().chars().take(300).collect();
    assert_eq!(said(app, &input), [expected], "{shown}");
}

fn many(row: Value) -> Value {
    Value::Array(vec![row; 101])
}

both! {
    /// Currencies, zones, moments and choices that there are not.
    what_there_is_not(app) {
        monthly(app);
        let before = app.database.dump();
        for currency in ["EURO", "XYZ", "", "E", "ЕUR", "EU\u{0}"] {
            says(app, &json!({"currency": currency}), "VALIDATION_ERROR input.currency");
        }
        for zone in ["Mars/Base", "", "UTC+25", "Europe/berlin ", "../etc/passwd", "\u{0}"] {
            says(app, &json!({"timezone": zone}), "VALIDATION_ERROR input.timezone");
        }
        for field in ["startDate", "endDate", "billingAnchor"] {
            for moment in ["soon", "", "2025-02-30T00:00:00Z", "2025-01-01", "2025-01-01T25:00:00Z", "1969-12-31T23:59:59Z",
                "2200-01-01T00:00:00Z", "+10000-01-01T00:00:00Z"] {
                says(app, &json!({field: moment}), &format!("VALIDATION_ERROR input.{field}"));
            }
        }
        for (field, value) in [
            ("status", json!("PAUSED")), ("billingPeriod", json!("FORTNIGHT")), ("billingCycle", json!("LUNAR")),
            ("collectionMethod", json!("BARTER")), ("paymentTerms", json!("15_NET")), ("signupMethod", json!(1)),
            ("quantity", json!(1.5)), ("quantity", json!("1")), ("quantity", json!(3_000_000_000_u64)), ("test", json!("yes")),
            ("amount", json!(1.5)), ("amount", json!(true)), ("couponCodes", json!([null])), ("phases", json!([{}])),
            ("metadata", json!(1.5)), ("nonsense", json!(1)), ("customer", json!({})), ("customer", json!(null)),
            ("customer", json!({"id": "x", "externalId": "y"})), ("plan", json!({"id": null})),
            ("addOns", json!([{"addOn": {"code": "A", "id": "B"}}])), ("startDate", json!(0)),
        ] {
            if field != "metadata" {
                says(app, &json!({field: value}), "BAD_USER_INPUT");
            }
        }
        app.database.assert_unchanged(&before);
    }

    numbers_out_of_their_range(app) {
        monthly(app);
        let before = app.database.dump();
        for (field, values, code) in [
            ("quantity", [0, -1, 1_000_001, i32::MIN].as_slice(), "VALIDATION_ERROR"),
            ("planVersion", &[0, -1], "VALIDATION_ERROR"),
            ("graceDurationSeconds", &[-1, i32::MAX], "VALIDATION_ERROR"),
            ("billingPeriodCount", &[-1, 367, i32::MAX, i32::MIN], "INVALID_BILLING_PERIOD_COUNT"),
            ("trialDays", &[-1, 3661, i32::MAX], "INVALID_TRIAL"),
        ] {
            for value in values {
                says(app, &json!({field: value}), &format!("{code} input.{field}"));
            }
        }
        let absurd = [
            "1e400", "1e-400", "NaN", "Infinity", "-", "", " ", "1,5", "1.", ".5", "0x10", "--1", "1_000", "½", "1\u{0}",
            &"9".repeat(5000), &format!("0.{}1", "0".repeat(5000)),
        ].map(str::to_owned);
        let negative = ["-1".to_owned(), "-0.000001".to_owned()];
        let row = |field: &str, row: Value| json!({field: [row]});
        for text in absurd.iter().chain(&negative) {
            says(app, &json!({"amount": text}), "VALIDATION_ERROR input.amount");
            let over = |more: Value| super::with(json!({"priceId": "price_00000000000000000000000000"}), more);
            says(app, &row("priceOverrides", over(json!({"amount": text}))), "VALIDATION_ERROR input.priceOverrides.0.amount");
            let tiers = over(json!({"tiers": [{"unitAmount": text}]}));
            says(app, &row("priceOverrides", tiers), "VALIDATION_ERROR input.priceOverrides.0.tiers.0.unitAmount");
            let item = json!({"price": {"amount": text}});
            says(app, &row("additionalItems", item), "VALIDATION_ERROR input.additionalItems.0.price.amount");
            let add_on = json!({"addOn": {"code": "A"}, "amount": text});
            says(app, &row("addOns", add_on), "VALIDATION_ERROR input.addOns.0.amount");
            let cost = json!({"handle": "c", "text": "C", "amount": text});
            says(app, &row("additionalCosts", cost), "VALIDATION_ERROR input.additionalCosts.0.amount");
            let taxed = json!({"handle": "c", "text": "C", "amount": "1", "taxRate": text});
            says(app, &row("additionalCosts", taxed), "VALIDATION_ERROR input.additionalCosts.0.taxRate");
            for field in ["percentage", "amount"] {
                let discount = json!({"discount": {"code": "D"}, field: text});
                says(app, &row("discounts", discount), &format!("VALIDATION_ERROR input.discounts.0.{field}"));
            }
        }
        for text in &absurd {
            says(app, &json!({"commitmentAmount": text}), "VALIDATION_ERROR input.commitmentAmount");
            says(app, &json!({"overageFactor": text}), "VALIDATION_ERROR input.overageFactor");
        }
        for text in ["0", "0.999999", "-1", "1001"] {
            says(app, &json!({"overageFactor": text}), "INVALID_OVERAGE_FACTOR input.overageFactor");
        }
        app.database.assert_unchanged(&before);
    }

    lists_are_not_longer_than_they_may_be(app) {
        monthly(app);
        let before = app.database.dump();
        let over = json!({"priceId": "price_00000000000000000000000000", "quantity": 1});
        let item = json!({"price": {"amount": "1"}});
        let discount = json!({"discount": {"code": "D"}});
        for (field, row) in [
            ("addOns", json!({"addOn": {"code": "A"}})), ("priceOverrides", over.clone()), ("additionalItems", item.clone()),
            ("additionalCosts", json!({"handle": "c", "text": "C", "amount": "1"})), ("discounts", discount.clone()),
            ("couponCodes", json!("C")), ("entitlements", json!("sso")), ("phases", json!({"startDate": "2025-02-01T00:00:00Z"})),
        ] {
            says(app, &json!({field: many(row)}), &format!("VALIDATION_ERROR input.{field}"));
        }
        for (field, row) in
            [("priceOverrides", over), ("additionalItems", item), ("discounts", discount), ("couponCodes", json!("C"))]
        {
            let phase = json!({"startDate": "2025-02-01T00:00:00Z", field: many(row)});
            says(app, &json!({"phases": [phase]}), &format!("VALIDATION_ERROR input.phases.0.{field}"));
        }
        let tiers = many(json!({"unitAmount": "1"}));
        let over = json!({"priceId": "price_00000000000000000000000000", "tiers": tiers});
        says(app, &json!({"priceOverrides": [over]}), "VALIDATION_ERROR input.priceOverrides.0.tiers");
        app.database.assert_unchanged(&before);
    }

    texts_and_metadata_that_cannot_be_kept(app) {
        monthly(app);
        let before = app.database.dump();
        let long = "x".repeat(300);
        for text in ["a\u{0}b", &long, ""] {
            for (changes, path) in [
                (json!({"handle": text}), "handle"), (json!({"plan": {"code": text}}), "plan.code"),
                (json!({"customer": {"create": {"name": text}}}), "customer.create.name"),
                (json!({"couponCodes": [text]}), "couponCodes.0"), (json!({"entitlements": [text]}), "entitlements.0"),
                (json!({"additionalCosts": [{"handle": text, "text": "C", "amount": "1"}]}), "additionalCosts.0.handle"),
                (json!({"additionalCosts": [{"handle": "c", "text": text, "amount": "1"}]}), "additionalCosts.0.text"),
                (json!({"additionalItems": [{"price": {"amount": "1"}, "name": text}]}), "additionalItems.0.name"),
                (json!({"additionalItems": [{"price": {"amount": "1", "name": text}}]}), "additionalItems.0.price.name"),
                (json!({"discounts": [{"discount": {"code": text}}]}), "discounts.0.discount.code"),
                (json!({"discounts": [{"discount": {"code": "D"}, "handle": text}]}), "discounts.0.handle"),
                (json!({"discounts": [{"discount": {"code": "D"}, "name": text}]}), "discounts.0.name"),
                (json!({"addOns": [{"addOn": {"code": text}}]}), "addOns.0.addOn.code"),
                (json!({"addOns": [{"addOn": {"code": "A"}, "handle": text}]}), "addOns.0.handle"),
                (json!({"addOns": [{"addOn": {"code": "A"}, "name": text}]}), "addOns.0.name"),
            ] {
                says(app, &changes, &format!("VALIDATION_ERROR input.{path}"));
            }
        }
        for text in ["a\u{0}b", &long] {
            let customer = json!({"customer": {"externalId": text}});
            says(app, &customer, "VALIDATION_ERROR input.customer.externalId");
        }
        for metadata in [json!([1]), json!("x"), json!(null), json!({"a": "\u{0}"}), json!({"a": "x".repeat(17_000)})] {
            if metadata.is_null() {
                continue;
            }
            says(app, &json!({"metadata": metadata}), "VALIDATION_ERROR input.metadata");
            let item = json!({"price": {"amount": "1"}, "metadata": metadata});
            says(app, &json!({"additionalItems": [item]}), "VALIDATION_ERROR input.additionalItems.0.metadata");
            let phase = json!({"startDate": "2025-02-01T00:00:00Z", "metadata": metadata});
            says(app, &json!({"phases": [phase]}), "VALIDATION_ERROR input.phases.0.metadata");
        }
        for (id, path) in [
            (json!({"customer": {"id": "nonsense"}}), "customer.id"), (json!({"customer": {"id": "plan_00000000000000000000000000"}}), "customer.id"),
            (json!({"plan": {"id": "\u{0}"}}), "plan.id"), (json!({"parentSubscriptionId": "cus_00000000000000000000000000"}), "parentSubscriptionId"),
            (json!({"priceOverrides": [{"priceId": "x"}]}), "priceOverrides.0.priceId"),
            (json!({"additionalItems": [{"priceId": "x"}]}), "additionalItems.0.priceId"),
            (json!({"discounts": [{"discount": {"id": "x"}}]}), "discounts.0.discount.id"),
            (json!({"discounts": [{"discount": {"code": "D"}, "priceId": "x"}]}), "discounts.0.priceId"),
            (json!({"addOns": [{"addOn": {"id": "x"}}]}), "addOns.0.addOn.id"),
        ] {
            says(app, &id, &format!("VALIDATION_ERROR input.{path}"));
        }
        app.database.assert_unchanged(&before);
    }

    rows_that_contradict_themselves(app) {
        monthly(app);
        let before = app.database.dump();
        let discount = |more: Value| json!({"discounts": [super::with(json!({"discount": {"code": "D"}}), more)]});
        let item = |price: Value| json!({"additionalItems": [{"price": price}]});
        for (changes, path) in [
            (discount(json!({"percentage": "1", "amount": "1"})), "discounts.0.amount"), (discount(json!({"currency": "EUR"})), "discounts.0.currency"),
            (discount(json!({"appliesTo": []})), "discounts.0.appliesTo"), (discount(json!({"fixedCount": 0})), "discounts.0.fixedCount"),
            (discount(json!({"fixedPeriod": 1})), "discounts.0.fixedPeriodUnit"), (discount(json!({"fixedPeriodUnit": "DAYS"})), "discounts.0.fixedPeriod"),
            (json!({"addOns": [{"addOn": {"code": "A"}, "amount": "1", "fixedAmount": false}]}), "addOns.0.fixedAmount"),
            (item(json!({"type": "USAGE", "amount": "1", "cadence": "IN_ADVANCE"})), "additionalItems.0.price.cadence"),
            (item(json!({"type": "ONE_TIME", "amount": "1", "cadence": "IN_ARREARS"})), "additionalItems.0.price.cadence"),
            (item(json!({"billingModel": "TIERED", "tierMode": "SLAB", "tiers": []})), "additionalItems.0.price.tiers"),
            (item(json!({"billingModel": "PACKAGE", "amount": "1", "packageSize": 0})), "additionalItems.0.price.packageSize"),
            (item(json!({"amount": "1", "billingPeriodCount": 2})), "additionalItems.0.price.billingPeriodCount"),
        ] {
            says(app, &changes, &format!("VALIDATION_ERROR input.{path}"));
        }
        let tiers = |tiers: Value| item(json!({"billingModel": "TIERED", "tierMode": "SLAB", "tiers": tiers}));
        let not_upwards = json!([{"upTo": "5", "unitAmount": "1"}, {"upTo": "5", "unitAmount": "1"}, {"unitAmount": "1"}]);
        for wrong in [not_upwards, json!([{"upTo": "5", "unitAmount": "1"}]), json!([{"unitAmount": "1"}, {"unitAmount": "1"}])] {
            let input = request("cus_00000000000000000000000000", "M30", tiers(wrong.clone()));
            let found = said(app, &input);
            let blamed = "VALIDATION_ERROR input.additionalItems.0.price.tiers";
            assert!(!found.is_empty() && found.iter().all(|wrong| wrong.starts_with(blamed)), "{wrong} {found:?}");
        }
        app.database.assert_unchanged(&before);
    }

    /// What is far out, but within its bounds, is worked out.
    the_outermost_is_worked_out(app) {
        let customer = app.customer("Jane Doe");
        plan(app, json!({
            "code": "FAR", "schedule": {"type": "PERIOD", "billingPeriod": "YEAR"}, "amount": "1",
            "trial": {"length": 10_000, "unit": "MONTHS"}, "fixedLifeTime": {"length": 10_000, "unit": "MONTHS"},
            "fixedCount": 10_000,
        }));
        monthly(app);
        for (plan, changes) in [
            ("FAR", json!({})), ("FAR", json!({"startDate": "2199-12-31T23:59:59.999999Z"})),
            ("FAR", json!({"noTrial": true, "billingPeriodCount": 366, "startDate": "2199-12-31T00:00:00Z"})),
            ("FAR", json!({"trialDays": 3660, "billingPeriod": "DAY", "billingAnchor": "2199-12-31T00:00:00Z"})),
            ("FAR", json!({"noTrial": true, "billingPeriod": "DAY", "billingAnchor": "1970-01-01T00:00:00Z", "endDate": "2199-12-31T00:00:00Z"})),
            ("M30", json!({"quantity": 1_000_000, "amount": "9999.99"})),
            ("M30", json!({"graceDurationSeconds": 315_360_000, "overageFactor": "1000", "commitmentAmount": "10000000000"})),
            ("M30", json!({"startDate": "2025-01-31T12:00:00.000001Z", "timezone": "Pacific/Kiritimati"})),
        ] {
            subscribe(app, request(&customer, plan, changes), "id upcomingPeriods { start }");
        }
        for changes in [
            json!({"quantity": 1_000_000, "amount": "10000000000"}),
            json!({"additionalCosts": [{"handle": "c", "text": "C", "amount": "10000000000", "quantity": 1_000_000}]}),
            json!({"additionalItems": [{"price": {"amount": "10000000000"}, "quantity": 1_000_000}]}),
        ] {
            let errors = super::refused(app, &request(&customer, "M30", changes), &["VALIDATION_ERROR"]);
            assert_eq!(errors[0]["message"], "This comes to more than can be billed at once.");
        }
    }
}
