//! New plans and their prices, as they come back.

use super::with;
use crate::support::builders::text;
use crate::support::{TestApp, both};
use serde_json::{Value, json};

pub const WHOLE: &str = "plan {
    __typename code version state name description currency
    schedule { type interval fixedDay baseMonth billingPeriod billingCycle }
    prices {
        __typename name type currency billingModel amount packageSize packageRounding tierMode
        tiers { upTo unitAmount flatAmount } cadence billingPeriod billingPeriodCount
        feature { code } plan { version } subscription { id } parent { id } createdAt
    }
    partialPeriodHandling prorationUnit minimumProratedAmount { amount currency } quantity amountIncludesTax taxRate
    trial { length unit } fixedTrialDays setupFee { amount { amount currency } text handling } includeZeroAmount
    fixedCount fixedLifeTime { length unit } noticePeriods noticePeriodsAfterCurrent fixationPeriods fixationPeriodsFull
    renewalReminderDays trialReminderDays versions { version } metadata revision createdAt updatedAt
}";

/// What a plan is that says nothing but what it must.
fn bare() -> Value {
    json!({"code": "gold", "name": "Gold", "schedule": {"type": "MONTH_STARTDATE"}, "amount": "29"})
}

/// The price of a plan, as it is answered where nothing is said but an amount.
fn price(amount: &str) -> Value {
    json!({
        "__typename": "Price", "name": "Gold", "type": "RECURRING", "currency": "EUR", "billingModel": "FLAT_FEE",
        "amount": amount, "packageSize": null, "packageRounding": null, "tierMode": null, "tiers": [], "cadence": null,
        "billingPeriod": null, "billingPeriodCount": null, "feature": null, "plan": {"version": 1}, "subscription": null, "parent": null,
        "createdAt": "2025-01-31T12:00:00Z",
    })
}

fn schedule(ty: &str, settings: Value) -> Value {
    let none = json!({
        "type": ty, "interval": null, "fixedDay": null, "baseMonth": null, "billingPeriod": null, "billingCycle": null,
    });
    with(none, settings)
}

/// What is answered of the bare plan.
fn answered() -> Value {
    json!({
        "__typename": "Plan", "code": "gold", "version": 1, "state": "ACTIVE", "name": "Gold", "description": null,
        "currency": "EUR", "schedule": schedule("MONTH_STARTDATE", json!({"interval": 1})), "prices": [price("29")],
        "partialPeriodHandling": "BILL_PRORATED", "prorationUnit": "DAY", "minimumProratedAmount": null, "quantity": 1,
        "amountIncludesTax": null, "taxRate": null, "trial": null, "fixedTrialDays": true, "setupFee": null,
        "includeZeroAmount": false, "fixedCount": null, "fixedLifeTime": null, "noticePeriods": 0,
        "noticePeriodsAfterCurrent": true, "fixationPeriods": 0, "fixationPeriodsFull": false,
        "renewalReminderDays": null, "trialReminderDays": null, "versions": [{"version": 1}], "metadata": {},
        "revision": 1, "createdAt": "2025-01-31T12:00:00Z", "updatedAt": "2025-01-31T12:00:00Z",
    })
}

fn create(app: &TestApp, input: Value) -> Value {
    app.mutate("createPlan", input, WHOLE)["plan"].take()
}

both! {
    a_plan_needs_no_more_than_a_code_a_name_a_schedule_and_an_amount(app) {
        assert_eq!(create(app, bare()), answered());
        let nulls: serde_json::Map<String, Value> = [
            "description", "currency", "prices", "partialPeriodHandling", "prorationUnit", "minimumProratedAmount",
            "quantity", "amountIncludesTax", "taxRate", "trial", "fixedTrialDays", "setupFee", "includeZeroAmount",
            "fixedCount", "fixedLifeTime", "noticePeriods", "noticePeriodsAfterCurrent", "fixationPeriods",
            "fixationPeriodsFull", "renewalReminderDays", "trialReminderDays", "metadata",
        ]
        .map(|name| (name.to_owned(), Value::Null))
        .into_iter()
        .collect();
        let input = with(with(bare(), Value::Object(nulls)), json!({"code": "nulls"}));
        assert_eq!(create(app, input), with(answered(), json!({"code": "nulls"})), "null says nothing of a new plan");
        app.mutate("updateTenantSettings", json!({"defaultCurrency": "JPY"}), "__typename");
        let made = create(app, with(bare(), json!({"code": "yen"})));
        assert_eq!((&made["currency"], &made["prices"][0]["currency"]), (&json!("JPY"), &json!("JPY")));
    }

    everything_that_is_said_of_a_plan_is_kept(app) {
        app.feature("calls", "METERED");
        let input = json!({
            "code": " gold ", "name": " Gold ", "description": "The best.", "currency": "usd",
            "schedule": {"type": "MONTH_FIXEDDAY", "interval": 3, "fixedDay": 28, "baseMonth": 12},
            "prices": [
                {"amount": "9.99"},
                {"name": "Seat", "billingModel": "PER_UNIT", "amount": "0.000000000001", "cadence": "IN_ARREARS",
                 "billingPeriod": "QUARTER"},
                {"name": "Setup", "type": "ONE_TIME", "currency": "jpy", "amount": 1500, "cadence": "IN_ADVANCE"},
                {"name": "Calls", "type": "USAGE", "billingModel": "PACKAGE", "amount": "7.505", "packageSize": 1_000_000_000,
                 "featureCode": " calls "},
                {"name": "Data", "type": "USAGE", "billingModel": "PACKAGE", "amount": "1", "packageSize": 1,
                 "packageRounding": "DOWN", "cadence": "IN_ARREARS"},
                {"name": "Users", "billingModel": "TIERED", "tierMode": "SLAB", "billingPeriod": "YEAR",
                 "billingPeriodCount": 366, "tiers": [
                    {"upTo": "10", "unitAmount": "5"},
                    {"upTo": "50.5", "unitAmount": "3.1415", "flatAmount": "2.50"},
                    {"unitAmount": "0", "flatAmount": 7},
                ]},
                {"name": "Volume", "billingModel": "TIERED", "tierMode": "VOLUME", "tiers": [{"unitAmount": "1"}]},
            ],
            "partialPeriodHandling": "BILL_FULL", "prorationUnit": "SECOND", "minimumProratedAmount": "0.5",
            "quantity": 1_000_000, "amountIncludesTax": false, "taxRate": "0.07", "trial": {"length": 14, "unit": "DAYS"},
            "fixedTrialDays": false, "setupFee": {"amount": "99", "text": "Setting up", "handling": "SEPARATE_CONDITIONAL"},
            "includeZeroAmount": true, "fixedCount": 12, "fixedLifeTime": {"length": 2, "unit": "MONTHS"},
            "noticePeriods": 1, "noticePeriodsAfterCurrent": false, "fixationPeriods": 3, "fixationPeriodsFull": true,
            "renewalReminderDays": 7, "trialReminderDays": 1, "metadata": {"tier": ["gold"]},
        });
        let price = |changes: Value| with(with(price("1"), json!({"currency": "USD"})), changes);
        let tier = |up_to: Value, unit: &str, flat: &str| json!({"upTo": up_to, "unitAmount": unit, "flatAmount": flat});
        let expected = json!({
            "description": "The best.", "currency": "USD",
            "schedule": schedule("MONTH_FIXEDDAY", json!({"interval": 3, "fixedDay": 28, "baseMonth": 12})),
            "prices": [
                price(json!({"amount": "9.99"})),
                price(json!({"name": "Seat", "billingModel": "PER_UNIT", "amount": "0.000000000001",
                    "cadence": "IN_ARREARS", "billingPeriod": "QUARTER", "billingPeriodCount": 1})),
                price(json!({"name": "Setup", "type": "ONE_TIME", "currency": "JPY", "amount": "1500",
                    "cadence": "IN_ADVANCE"})),
                price(json!({"name": "Calls", "type": "USAGE", "billingModel": "PACKAGE", "amount": "7.505",
                    "packageSize": 1_000_000_000, "packageRounding": "UP", "feature": {"code": "calls"}})),
                price(json!({"name": "Data", "type": "USAGE", "billingModel": "PACKAGE", "amount": "1", "packageSize": 1,
                    "packageRounding": "DOWN", "cadence": "IN_ARREARS"})),
                price(json!({"name": "Users", "billingModel": "TIERED", "amount": null, "tierMode": "SLAB",
                    "billingPeriod": "YEAR", "billingPeriodCount": 366, "tiers": [
                        tier(json!("10"), "5", "0"), tier(json!("50.5"), "3.1415", "2.5"), tier(json!(null), "0", "7"),
                    ]})),
                price(json!({"name": "Volume", "billingModel": "TIERED", "amount": null, "tierMode": "VOLUME",
                    "tiers": [tier(json!(null), "1", "0")]})),
            ],
            "partialPeriodHandling": "BILL_FULL", "prorationUnit": "SECOND",
            "minimumProratedAmount": {"amount": "0.50", "currency": "USD"}, "quantity": 1_000_000,
            "amountIncludesTax": false, "taxRate": "0.07", "trial": {"length": 14, "unit": "DAYS"}, "fixedTrialDays": false,
            "setupFee": {"amount": {"amount": "99.00", "currency": "USD"}, "text": "Setting up",
                "handling": "SEPARATE_CONDITIONAL"},
            "includeZeroAmount": true, "fixedCount": 12, "fixedLifeTime": {"length": 2, "unit": "MONTHS"},
            "noticePeriods": 1, "noticePeriodsAfterCurrent": false, "fixationPeriods": 3, "fixationPeriodsFull": true,
            "renewalReminderDays": 7, "trialReminderDays": 1, "metadata": {"tier": ["gold"]},
        });
        assert_eq!(create(app, input), with(answered(), expected));
    }

    each_type_of_schedule_has_its_own_settings(app) {
        let day = json!({"prorationUnit": "DAY", "fixedTrialDays": true});
        let second = json!({"prorationUnit": "SECOND", "partialPeriodHandling": "BILL_FULL", "fixedTrialDays": false});
        for (index, (ty, given, answered, defaults)) in [
            ("MANUAL", json!({}), json!({}), &day),
            ("DAILY", json!({}), json!({"interval": 1}), &day),
            ("DAILY", json!({"interval": 366}), json!({"interval": 366}), &day),
            ("WEEKLY_FIXEDDAY", json!({"fixedDay": 7, "interval": 2}), json!({"fixedDay": 7, "interval": 2}), &day),
            ("MONTH_STARTDATE", json!({"interval": 12}), json!({"interval": 12}), &day),
            ("MONTH_FIXEDDAY", json!({"fixedDay": 1}), json!({"fixedDay": 1, "interval": 1}), &day),
            ("MONTH_LASTDAY", json!({"baseMonth": 3}), json!({"baseMonth": 3, "interval": 1}), &day),
            (
                "PERIOD",
                json!({"billingPeriod": "HALF_YEAR"}),
                json!({"billingPeriod": "HALF_YEAR", "billingCycle": "ANNIVERSARY", "interval": 1}),
                &second,
            ),
            (
                "PERIOD",
                json!({"billingPeriod": "WEEK", "billingCycle": "CALENDAR", "interval": 6}),
                json!({"billingPeriod": "WEEK", "billingCycle": "CALENDAR", "interval": 6}),
                &second,
            ),
        ]
        .into_iter()
        .enumerate()
        {
            let code = format!("plan-{index}");
            let input = json!({"code": code, "schedule": with(json!({"type": ty}), given)});
            let made = create(app, with(bare(), input));
            let expected = with(json!({"code": code, "schedule": schedule(ty, answered)}), defaults.clone());
            assert_eq!(made, with(self::answered(), expected));
        }
        let by_days = json!({"code": "days", "schedule": {"type": "PERIOD", "billingPeriod": "MONTH"}, "prorationUnit": "DAY"});
        assert_eq!(create(app, with(bare(), by_days))["fixedTrialDays"], true, "it follows the unit");
        let by_seconds = json!({"code": "seconds", "prorationUnit": "SECOND"});
        assert_eq!(create(app, with(bare(), by_seconds))["fixedTrialDays"], false);
    }

    only_a_manual_plan_does_without_a_price(app) {
        let manual = json!({"code": "a", "name": "A", "schedule": {"type": "MANUAL"}});
        assert_eq!(create(app, manual.clone())["prices"], json!([]));
        assert_eq!(create(app, with(manual, json!({"code": "b", "prices": []})))["prices"], json!([]));
        let free = create(app, with(bare(), json!({"code": "c", "amount": 0})));
        assert_eq!(free["prices"][0]["amount"], "0");
    }

    a_price_is_a_node_of_its_own(app) {
        app.plan("gold", "29");
        let found = app.data(r#"{ planByCode(code: "gold") { id prices { id } } }"#)["planByCode"].take();
        let price = text(&found["prices"][0]["id"]);
        assert!(price.starts_with("price_") && text(&found["id"]).starts_with("plan_"), "{found}");
        let node = app.data(&format!(r#"{{ node(id: "{price}") {{ ... on Price {{ amount plan {{ id }} }} }} }}"#));
        assert_eq!(node["node"], json!({"amount": "29", "plan": {"id": found["id"]}}));
    }
}
