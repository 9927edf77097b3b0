//! Phases: stretches with prices, items, discounts and coupons of their own (`flexprice.md` §1.8, V31).

use super::{bill, plan, prices_of, request, subscribe};
use crate::support::{TestApp, both};
use serde_json::json;

/// A plan of two prices with a monthly period; the ids of its prices.
fn two(app: &TestApp) -> Vec<String> {
    let schedule = json!({"type": "PERIOD", "billingPeriod": "MONTH"});
    let prices = json!([{"name": "Seat", "amount": "10"}, {"name": "Support", "amount": "3"}]);
    let plan = plan(app, json!({"code": "TWO", "schedule": schedule, "prices": prices}));
    prices_of(app, &plan)
}

const JANUARY: &str = "2025-01-01T00:00:00Z";
const APRIL: &str = "2025-04-01T00:00:00Z";
const JULY: &str = "2025-07-01T00:00:00Z";

both! {
    phases_follow_one_another_each_with_its_own(app) {
        app.set_clock(JANUARY);
        let customer = app.customer("Jane Doe");
        let prices = two(app);
        app.discount("SPRING", "50");
        app.discount("FALL", "10");
        app.coupon("LATER", "FALL");
        let phases = json!([
            {
                "startDate": JANUARY, "endDate": APRIL, "metadata": {"phase": 1},
                "priceOverrides": [{"priceId": prices[0], "amount": "6"}],
                "additionalItems": [{"price": {"name": "Start", "amount": "5", "type": "ONE_TIME"}}],
                "discounts": [{"discount": {"code": "SPRING"}}],
            },
            {
                "startDate": APRIL, "priceOverrides": [{"priceId": prices[0], "quantity": 2}],
                "additionalItems": [{"priceId": prices[1], "name": "More"}], "couponCodes": ["LATER"],
            },
        ]);
        let input = request(&customer, "TWO", json!({"phases": phases}));
        assert_eq!(bill(app, input.clone()), [
            "PLAN 6.00", "PLAN 3.00", "ITEM 5.00", "DISCOUNT -3.00", "DISCOUNT -1.50", "DISCOUNT -2.50", "7.00",
        ], "only the first phase is billed now");
        let made = subscribe(app, input, "startDate endDate phases { startDate endDate metadata }
            items { name quantity additional startDate endDate price { amount } }
            discounts { handle startDate endDate coupon { code } uses }");
        assert_eq!(made, json!({
            "startDate": JANUARY, "endDate": null,
            "phases": [
                {"startDate": JANUARY, "endDate": APRIL, "metadata": {"phase": 1}},
                {"startDate": APRIL, "endDate": null, "metadata": {}},
            ],
            "items": [
                {"name": "Seat", "quantity": 1, "additional": false, "startDate": JANUARY, "endDate": APRIL, "price": {"amount": "6"}},
                {"name": "Seat", "quantity": 2, "additional": false, "startDate": APRIL, "endDate": null, "price": {"amount": "10"}},
                {"name": "Support", "quantity": 1, "additional": false, "startDate": JANUARY, "endDate": null, "price": {"amount": "3"}},
                {"name": "Start", "quantity": 1, "additional": true, "startDate": JANUARY, "endDate": APRIL, "price": {"amount": "5"}},
                {"name": "More", "quantity": 1, "additional": true, "startDate": APRIL, "endDate": null, "price": {"amount": "3"}},
            ],
            "discounts": [
                {"handle": "SPRING", "startDate": JANUARY, "endDate": APRIL, "coupon": null, "uses": 1},
                {"handle": "LATER", "startDate": APRIL, "endDate": null, "coupon": {"code": "LATER"}, "uses": 0},
            ],
        }));
    }

    /// An override of the request holds in every phase that has none of its own.
    a_phase_goes_before_the_request(app) {
        app.set_clock(JANUARY);
        let customer = app.customer("Jane Doe");
        let prices = two(app);
        let input = request(&customer, "TWO", json!({
            "priceOverrides": [{"priceId": prices[0], "amount": "8"}, {"priceId": prices[1], "quantity": 4}],
            "phases": [
                {"startDate": JANUARY, "endDate": APRIL, "priceOverrides": [{"priceId": prices[0], "amount": "1"}]},
                {"startDate": APRIL},
            ],
        }));
        assert_eq!(bill(app, input.clone()), ["PLAN 1.00", "PLAN 12.00", "13.00"]);
        let made = subscribe(app, input, "items { startDate endDate quantity price { amount } }");
        assert_eq!(made["items"], json!([
            {"startDate": JANUARY, "endDate": APRIL, "quantity": 1, "price": {"amount": "1"}},
            {"startDate": APRIL, "endDate": null, "quantity": 1, "price": {"amount": "8"}},
            {"startDate": JANUARY, "endDate": null, "quantity": 4, "price": {"amount": "3"}},
        ]));
    }

    /// The subscription begins with its first phase, and ends with its last.
    the_phases_say_when_a_subscription_starts_and_ends(app) {
        app.set_clock("2024-12-15T00:00:00Z");
        let customer = app.customer("Jane Doe");
        two(app);
        let open = json!([{"startDate": JANUARY, "endDate": APRIL}, {"startDate": APRIL}]);
        let closed = json!([{"startDate": JANUARY, "endDate": APRIL}, {"startDate": APRIL, "endDate": JULY}]);
        for (changes, end) in [
            (json!({"phases": open}), json!(null)),
            (json!({"phases": open, "startDate": JANUARY}), json!(null)),
            (json!({"phases": open, "endDate": JULY}), json!(JULY)),
            (json!({"phases": closed}), json!(JULY)),
            (json!({"phases": closed, "startDate": JANUARY, "endDate": JULY}), json!(JULY)),
        ] {
            let made = subscribe(app, request(&customer, "TWO", changes.clone()), "startDate endDate items { endDate }");
            let last = if changes["phases"] == closed { &json!(JULY) } else { &json!(null) };
            assert_eq!((&made["startDate"], &made["endDate"]), (&json!(JANUARY), &end), "{changes}");
            assert_eq!(&made["items"][0]["endDate"], last, "{changes}");
        }
        app.set_clock("2025-07-01T00:00:00Z");
        let late = json!([{"startDate": "2025-06-15T00:00:00Z", "endDate": JULY}]);
        let input = request(&customer, "TWO", json!({"phases": late}));
        super::refused_with(app, &input, 14, "END_DATE_NOT_IN_FUTURE input.phases.0.endDate");
    }

    /// What is billed of a period is what runs at its start.
    a_phase_in_the_middle_of_a_period_begins_with_the_next(app) {
        app.set_clock(JANUARY);
        let customer = app.customer("Jane Doe");
        let prices = two(app);
        app.discount("SPRING", "50");
        let phases = json!([
            {"startDate": JANUARY, "endDate": "2025-01-10T00:00:00Z", "discounts": [{"discount": {"code": "SPRING"}}]},
            {"startDate": "2025-01-10T00:00:00Z", "priceOverrides": [{"priceId": prices[0], "amount": "1"}]},
        ]);
        let input = request(&customer, "TWO", json!({"phases": phases}));
        let expected = ["PLAN 10.00", "PLAN 3.00", "DISCOUNT -5.00", "DISCOUNT -1.50", "6.50"];
        for now in [JANUARY, "2025-01-20T00:00:00Z"] {
            app.set_clock(now);
            assert_eq!(bill(app, input.clone()), expected, "{now}");
        }
    }
}
