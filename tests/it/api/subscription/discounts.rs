//! Discounts and coupons of a new subscription (`billwerk.md` §6, `decisions.md` 24).

use super::{bill, monthly, on_the_first, plan, prices_of, request, subscribe};
use crate::support::builders::text;
use crate::support::consistency::assert_consistent;
use crate::support::{TestApp, both};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const DISCOUNTS: &str = "discounts {
    handle name percentage amount { amount currency } appliesTo fixedCount fixedPeriod { length unit } startDate endDate uses
    discount { code } coupon { code } price { name }
}";

fn discount(app: &TestApp, input: Value) {
    app.mutate("createDiscount", super::with(json!({"name": "Off"}), input), "__typename");
}

/// A request for M30 with these discounts.
fn taking(customer: &str, discounts: Value) -> Value {
    request(customer, "M30", json!({"discounts": discounts}))
}

fn named(codes: &[&str]) -> Value {
    codes.iter().map(|code| json!({"discount": {"code": code}})).collect()
}

both! {
    a_discount_is_taken_as_the_catalogue_has_it(app) {
        let customer = app.customer("Jane Doe");
        monthly(app);
        discount(app, json!({"code": "PERCENT", "percentage": "12.5", "appliesTo": ["PLAN"], "fixedCount": 3}));
        discount(app, json!({"code": "AMOUNT", "amount": "20", "fixedPeriod": 2, "fixedPeriodUnit": "MONTHS"}));
        let input = taking(&customer, named(&["PERCENT", "AMOUNT"]));
        let selection = format!("subscription {{ {DISCOUNTS} }} invoice {{
            lines {{ kind description amount {{ amount }} discountAmount {{ amount }} reducedPosition discountPercentage }}
            totals {{ subtotal {{ amount }} discountTotal {{ amount }} total {{ amount }} }} }}");
        let made = app.mutate("createSubscription", input, &selection);
        let start = "2025-01-31T12:00:00Z";
        assert_eq!(made["subscription"]["discounts"], json!([
            {
                "handle": "PERCENT", "name": "Off", "percentage": "12.5", "amount": null, "appliesTo": ["PLAN"],
                "fixedCount": 3, "fixedPeriod": null, "startDate": start, "endDate": null, "uses": 1,
                "discount": {"code": "PERCENT"}, "coupon": null, "price": null,
            },
            {
                "handle": "AMOUNT", "name": "Off", "percentage": null, "amount": {"amount": "20.00", "currency": "EUR"},
                "appliesTo": ["ALL"], "fixedCount": null, "fixedPeriod": {"length": 2, "unit": "MONTHS"},
                "startDate": start, "endDate": null, "uses": 1, "discount": {"code": "AMOUNT"}, "coupon": null, "price": null,
            },
        ]));
        assert_eq!(made["invoice"], json!({
            "lines": [
                {
                    "kind": "PLAN", "description": "Gold", "amount": {"amount": "300.00"},
                    "discountAmount": {"amount": "57.50"}, "reducedPosition": null, "discountPercentage": null,
                },
                {
                    "kind": "DISCOUNT", "description": "Off", "amount": {"amount": "-37.50"},
                    "discountAmount": {"amount": "0.00"}, "reducedPosition": 0, "discountPercentage": "12.5",
                },
                {
                    "kind": "DISCOUNT", "description": "Off", "amount": {"amount": "-20.00"},
                    "discountAmount": {"amount": "0.00"}, "reducedPosition": 0, "discountPercentage": null,
                },
            ],
            "totals": {"subtotal": {"amount": "300.00"}, "discountTotal": {"amount": "57.50"}, "total": {"amount": "242.50"}},
        }));
        assert_consistent(app);
    }

    every_setting_of_a_discount_can_be_overridden(app) {
        let customer = app.customer("Jane Doe");
        monthly(app);
        discount(app, json!({
            "code": "D", "percentage": "50", "appliesTo": ["SETUP_FEE"], "fixedCount": 3, "fixedPeriod": 2,
            "fixedPeriodUnit": "MONTHS",
        }));
        let id = text(&app.data(r#"{ discountByCode(code: "D") { id } }"#)["discountByCode"]["id"]);
        let asked = json!([
            {
                "discount": {"id": id}, "handle": "one", "name": "One", "percentage": "10", "appliesTo": ["ALL", "PLAN"],
                "fixedCount": 7, "fixedPeriod": 30, "fixedPeriodUnit": "DAYS", "startDate": "2025-01-01T00:00:00Z",
                "endDate": "2025-12-31T00:00:00Z",
            },
            {"discount": {"code": "D"}, "handle": "two", "amount": "5", "appliesTo": ["PLAN"]},
        ]);
        let made = subscribe(app, taking(&customer, asked.clone()), DISCOUNTS);
        assert_eq!(made["discounts"], json!([
            {
                "handle": "one", "name": "One", "percentage": "10", "amount": null, "appliesTo": ["ALL", "PLAN"],
                "fixedCount": 7, "fixedPeriod": {"length": 30, "unit": "DAYS"}, "startDate": "2025-01-01T00:00:00Z",
                "endDate": "2025-12-31T00:00:00Z", "uses": 0, "discount": {"code": "D"}, "coupon": null, "price": null,
            },
            {
                "handle": "two", "name": "Off", "percentage": null, "amount": {"amount": "5.00", "currency": "EUR"},
                "appliesTo": ["PLAN"], "fixedCount": 3, "fixedPeriod": {"length": 2, "unit": "MONTHS"},
                "startDate": "2025-01-31T12:00:00Z", "endDate": null, "uses": 1, "discount": {"code": "D"},
                "coupon": null, "price": null,
            },
        ]));
        assert_eq!(
            bill(app, taking(&customer, asked)), ["PLAN 300.00", "DISCOUNT -5.00", "295.00"],
            "the period of 30 days is over"
        );
        let template = app.data(r#"{ discountByCode(code: "D") { percentage appliesTo fixedCount version } }"#);
        let untouched = json!({"percentage": "50", "appliesTo": ["SETUP_FEE"], "fixedCount": 3, "version": 1});
        assert_eq!(template["discountByCode"], untouched);
    }

    /// `billwerk.md` §6: what a discount is taken off.
    a_discount_is_taken_off_what_it_is_for(app) {
        let customer = app.customer("Jane Doe");
        plan(app, json!({
            "code": "M30", "schedule": {"type": "MONTH_STARTDATE"}, "amount": "300",
            "setupFee": {"amount": "100", "handling": "SEPARATE_CONDITIONAL"},
        }));
        app.add_on("A", "ON_OFF");
        for (target, lines) in [
            ("ALL", vec!["-150.00", "-2.50", "-50.00", "-20.00", "-4.00"]), ("PLAN", vec!["-150.00"]),
            ("ADD_ON", vec!["-2.50"]), ("SETUP_FEE", vec!["-50.00"]), ("ADDITIONAL_COST", vec!["-20.00"]),
            ("ON_DEMAND", vec![]),
        ] {
            discount(app, json!({"code": target, "percentage": "50", "appliesTo": [target]}));
            let input = request(&customer, "M30", json!({
                "discounts": named(&[target]), "addOns": [{"addOn": {"code": "A"}}],
                "additionalCosts": [{"handle": "c", "text": "Cable", "amount": "40"}],
                "additionalItems": [{"price": {"amount": "8"}}],
            }));
            let found = bill(app, input);
            let off: BTreeSet<&str> = found.iter().filter_map(|line| line.strip_prefix("DISCOUNT ")).collect();
            assert_eq!(off, lines.into_iter().collect(), "{target}");
        }
    }

    a_discount_can_be_for_one_price_alone(app) {
        let customer = app.customer("Jane Doe");
        discount(app, json!({"code": "HALF", "percentage": "50"}));
        let prices = json!([{"name": "Seat", "amount": "10"}, {"name": "Support", "amount": "4"}]);
        let plan = plan(app, json!({"code": "TWO", "schedule": {"type": "MONTH_STARTDATE"}, "prices": prices}));
        let prices = prices_of(app, &plan);
        let half = |price: &String| json!([{"discount": {"code": "HALF"}, "priceId": price}]);
        for (changes, expected) in [
            (json!({"discounts": half(&prices[0])}), ["PLAN 10.00", "PLAN 4.00", "DISCOUNT -5.00", "9.00"]),
            (json!({"discounts": half(&prices[1])}), ["PLAN 10.00", "PLAN 4.00", "DISCOUNT -2.00", "12.00"]),
            // The price that stands for it counts as well.
            (
                json!({"discounts": half(&prices[1]), "priceOverrides": [{"priceId": prices[1], "amount": "6"}]}),
                ["PLAN 10.00", "PLAN 6.00", "DISCOUNT -3.00", "13.00"],
            ),
        ] {
            let input = request(&customer, "TWO", changes);
            assert_eq!(bill(app, input.clone()), expected);
            let made = subscribe(app, input, "discounts { price { name } uses }");
            assert_eq!(made["discounts"][0]["uses"], 1);
        }
        monthly(app);
        let other = request(&customer, "M30", json!({"discounts": half(&prices[0])}));
        super::refused(app, &other, &["PRICE_NOT_IN_PLAN input.discounts.0.priceId"]);
    }

    /// `billwerk.md` §11.16, and `decisions.md` 24.
    the_tenant_says_how_discounts_stack(app) {
        let customer = app.customer("Jane Doe");
        plan(app, json!({"code": "M30", "schedule": {"type": "MONTH_STARTDATE"}, "amount": "200"}));
        discount(app, json!({"code": "P10", "percentage": "10"}));
        discount(app, json!({"code": "P20", "percentage": "20"}));
        discount(app, json!({"code": "A50", "amount": "50"}));
        let total = |codes: &[&str]| bill(app, taking(&customer, named(codes))).pop().unwrap();
        assert_eq!([total(&["A50", "P20"]), total(&["P10", "P20"])], ["110.00", "140.00"], "by default");
        app.mutate("updateTenantSettings", json!({"discountOrder": "AMOUNT_FIRST"}), "__typename");
        assert_eq!(total(&["P20", "A50"]), "120.00");
        app.mutate("updateTenantSettings", json!({"percentageBase": "COMPOUND"}), "__typename");
        assert_eq!(total(&["P10", "P20"]), "144.00");
        app.mutate("updateTenantSettings", json!({"multipleDiscountsAllowed": false}), "__typename");
        app.coupon("C10", "P10");
        let both = [
            (taking(&customer, named(&["P10", "P20"])), "discounts.1"),
            (request(&customer, "M30", json!({"discounts": named(&["P10"]), "couponCodes": ["C10"]})), "couponCodes.0"),
        ];
        for (input, path) in both {
            super::refused_with(app, &input, 85, &format!("MULTIPLE_DISCOUNTS_NOT_ALLOWED input.{path}"));
        }
        assert_eq!(total(&["P20"]), "160.00");
    }

    a_discount_lowers_nothing_below_zero(app) {
        let customer = app.customer("Jane Doe");
        monthly(app);
        discount(app, json!({"code": "P100", "percentage": "100"}));
        discount(app, json!({"code": "A999", "amount": "999"}));
        let input = taking(&customer, named(&["A999", "P100"]));
        let found = app.mutate("createSubscription", input, "invoice { status lines { amount { amount } }
            totals { discountTotal { amount } total { amount } } } subscription { status discounts { uses } }");
        assert_eq!(found, json!({
            "invoice": {
                "status": "PAID", "lines": [{"amount": {"amount": "300.00"}}, {"amount": {"amount": "-300.00"}}],
                "totals": {"discountTotal": {"amount": "300.00"}, "total": {"amount": "0.00"}},
            },
            "subscription": {"status": "ACTIVE", "discounts": [{"uses": 0}, {"uses": 1}]}, "userErrors": [],
        }), "what takes nothing off was not used");
    }

    a_discount_runs_from_its_own_start_to_its_own_end(app) {
        let customer = app.customer("Jane Doe");
        monthly(app);
        discount(app, json!({"code": "P10", "percentage": "10"}));
        let total = |changes: Value, start: &str| {
            let asked = super::with(json!({"discount": {"code": "P10"}}), changes);
            let input = super::with(taking(&customer, json!([asked])), json!({"startDate": start}));
            bill(app, input).pop().unwrap()
        };
        let (now, before) = ("2025-01-31T12:00:00Z", "2025-01-10T00:00:00Z");
        for (changes, start, expected) in [
            (json!({}), now, "270.00"),
            (json!({"startDate": now}), now, "270.00"),
            (json!({"startDate": "2025-01-31T12:00:01Z"}), now, "300.00"),
            (json!({"startDate": before, "endDate": now}), now, "300.00"),
            (json!({"endDate": "2025-01-31T12:00:01Z"}), now, "270.00"),
            (json!({"startDate": "2025-01-01T00:00:00Z", "fixedPeriod": 30, "fixedPeriodUnit": "DAYS"}), now, "300.00"),
            (json!({"startDate": "2025-01-01T00:00:00Z", "fixedPeriod": 31, "fixedPeriodUnit": "DAYS"}), now, "270.00"),
            // What is billed began before: that moment counts.
            (json!({}), before, "270.00"),
            (json!({"endDate": "2025-01-20T00:00:00Z"}), before, "270.00"),
            (json!({"startDate": "2025-01-20T00:00:00Z"}), before, "300.00"),
            (json!({"fixedPeriod": 10, "fixedPeriodUnit": "DAYS"}), before, "270.00"),
        ] {
            assert_eq!(total(changes.clone(), start), expected, "{changes} {start}");
        }
    }

    /// A discount that is counted is on as many invoices as it says, that of a setup fee counted.
    a_counted_discount_is_used_up(app) {
        let customer = app.customer("Jane Doe");
        plan(app, json!({
            "code": "M30", "schedule": {"type": "MONTH_STARTDATE"}, "amount": "300",
            "setupFee": {"amount": "100", "handling": "SEPARATE"},
        }));
        discount(app, json!({"code": "ONCE", "percentage": "10", "fixedCount": 1}));
        discount(app, json!({"code": "TWICE", "percentage": "10", "fixedCount": 2}));
        for (code, uses, totals) in [("ONCE", 1, ["300.00", "90.00"]), ("TWICE", 2, ["270.00", "90.00"])] {
            let selection = "discounts { uses } invoices { nodes { totals { total { amount } } } }";
            let made = subscribe(app, taking(&customer, named(&[code])), selection);
            let expected = totals.map(|total| json!({"totals": {"total": {"amount": total}}}));
            assert_eq!(made, json!({"discounts": [{"uses": uses}], "invoices": {"nodes": expected}}), "{code}");
        }
    }

    /// `billwerk.md` §6: a redemption makes a discount that refers to the coupon.
    a_coupon_is_redeemed_for_its_discount(app) {
        let customer = app.customer("Jane Doe");
        monthly(app);
        discount(app, json!({"code": "P10", "percentage": "10"}));
        app.coupon("Summer", "P10");
        let made = subscribe(app, request(&customer, "M30", json!({"couponCodes": [" sUMMER"]})), DISCOUNTS);
        assert_eq!(made["discounts"], json!([{
            "handle": "Summer", "name": "The Summer", "percentage": "10", "amount": null, "appliesTo": ["ALL"],
            "fixedCount": null, "fixedPeriod": null, "startDate": "2025-01-31T12:00:00Z", "endDate": null, "uses": 1,
            "discount": {"code": "P10"}, "coupon": {"code": "Summer"}, "price": null,
        }]));
        let coupon = app.data(r#"{ couponByCode(code: "SUMMER") { redemptions state version } }"#);
        assert_eq!(coupon["couponByCode"], json!({"redemptions": 1, "state": "ACTIVE", "version": 2}));
        assert_eq!(app.database.number("SELECT count(*) FROM events WHERE event_type = 'coupon.redeemed'"), 1);
        // A discount that is archived goes on being given by its coupons.
        let id = text(&app.data(r#"{ discountByCode(code: "P10") { id } }"#)["discountByCode"]["id"]);
        app.mutate("archiveDiscount", json!({"discountId": id}), "__typename");
        let other = app.customer("John Doe");
        assert_eq!(bill(app, request(&other, "M30", json!({"couponCodes": ["SUMMER"]}))).pop().unwrap(), "270.00");
    }

    /// `billwerk.md` §11.17 and §6: once a customer, once a plan, once a subscription; and as often as it may be.
    a_coupon_is_redeemed_as_often_as_its_strategy_allows(app) {
        let [jane, john] = ["Jane", "John"].map(|name| app.customer(name));
        monthly(app);
        on_the_first(app);
        discount(app, json!({"code": "P10", "percentage": "10"}));
        for strategy in ["ONCE_PER_CUSTOMER", "ONCE_PER_PLAN", "ONCE_PER_SUBSCRIPTION"] {
            let coupon = json!({"code": strategy, "name": "C", "discount": "P10", "redemptionStrategy": strategy});
            app.mutate("createCoupon", coupon, "__typename");
        }
        let asked = |customer: &str, plan: &str, code: &str| request(customer, plan, json!({"couponCodes": [code]}));
        let taken = |customer: &str, plan: &str, code: &str| {
            subscribe(app, asked(customer, plan, code), "id");
        };
        let used = |customer: &str, plan: &str, code: &str| {
            super::refused_with(app, &asked(customer, plan, code), 87, "COUPON_ALREADY_USED input.couponCodes.0");
        };
        let (customers, plans, subscriptions) = ("ONCE_PER_CUSTOMER", "ONCE_PER_PLAN", "ONCE_PER_SUBSCRIPTION");
        taken(&jane, "M30", customers);
        used(&jane, "M30", customers);
        used(&jane, "F1", customers);
        taken(&john, "M30", customers);
        taken(&jane, "M30", plans);
        used(&jane, "M30", plans);
        taken(&jane, "F1", plans);
        taken(&john, "M30", plans);
        taken(&jane, "M30", subscriptions);
        taken(&jane, "M30", subscriptions);
        let twice = request(&jane, "M30", json!({"couponCodes": [subscriptions, subscriptions.to_lowercase()]}));
        super::refused_with(app, &twice, 87, "COUPON_ALREADY_USED input.couponCodes.1");
        let coupon = json!({"code": "ONE", "name": "C", "discount": "P10", "maxRedemptions": 1});
        app.mutate("createCoupon", coupon, "__typename");
        taken(&jane, "M30", "ONE");
        super::refused_with(app, &asked(&john, "M30", "ONE"), 86, "COUPON_NOT_FOUND input.couponCodes.0");
        let coupon = app.data(r#"{ couponByCode(code: "ONE") { redemptions state expireReason } }"#);
        assert_eq!(coupon["couponByCode"], json!({"redemptions": 1, "state": "EXPIRED", "expireReason": "MAX"}));
    }
}
