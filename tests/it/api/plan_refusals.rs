//! What is refused of plans, and why.

use super::{refuses_at, with};
use crate::support::both;
use serde_json::{Value, json};

fn bare() -> Value {
    json!({"code": "gold", "name": "Gold", "schedule": {"type": "MONTH_STARTDATE"}, "amount": "29"})
}

/// The same with prices instead of an amount.
fn priced(prices: Value) -> Value {
    with(bare(), json!({"amount": null, "prices": prices}))
}

fn invalid(paths: &[&str]) -> Vec<String> {
    paths.iter().map(|path| format!("VALIDATION_ERROR input.{path}")).collect()
}

/// Everything of these arguments is wrong; what is wrong is said of a new plan and of a change alike.
fn wrong() -> (Value, Vec<String>) {
    let wrong = json!({
        "name": " ", "schedule": {"type": "MONTH_FIXEDDAY", "interval": 0, "fixedDay": 29, "baseMonth": 13},
        "description": "d".repeat(1001), "currency": "EURO",
        "prices": [
            {"name": "", "currency": "XXX", "amount": "-1", "billingPeriodCount": 2, "packageSize": 0},
            {"billingModel": "PACKAGE", "amount": "1e3", "packageSize": 0, "billingPeriod": "MONTH", "billingPeriodCount": 0},
            {"billingModel": "TIERED", "type": "USAGE", "cadence": "IN_ADVANCE"},
            {"billingModel": "TIERED", "tierMode": "SLAB", "tiers": [
                {"upTo": "10", "unitAmount": "x"}, {"unitAmount": "1"},
            ], "amount": "1"},
            {"billingModel": "TIERED", "tierMode": "SLAB", "tiers": [
                {"upTo": "10", "unitAmount": "1"}, {"upTo": "10", "unitAmount": "1"}, {"upTo": "11", "unitAmount": "1"},
            ]},
            {"billingModel": "TIERED", "tierMode": "VOLUME", "tiers": []},
            {"type": "ONE_TIME", "cadence": "IN_ARREARS", "billingPeriod": "MONTH", "amount": "1"},
            {"billingModel": "PER_UNIT", "amount": "0.0000000000001"},
            {"tiers": [{"unitAmount": "1"}]},
            {"amount": "1", "featureCode": "calls"},
            {"type": "USAGE", "amount": "1", "featureCode": ""},
        ],
        "minimumProratedAmount": "-0.01", "quantity": 0, "taxRate": "25", "trial": {"length": 0, "unit": "DAYS"},
        "setupFee": {"amount": "free", "text": ""}, "fixedCount": 0, "fixedLifeTime": {"length": -1, "unit": "MONTHS"},
        "noticePeriods": -1, "fixationPeriods": 10_001, "renewalReminderDays": 0, "trialReminderDays": 366,
        "metadata": [],
    });
    let paths = [
        "name",
        "schedule.interval",
        "schedule.fixedDay",
        "schedule.baseMonth",
        "description",
        "currency",
        "prices.0.name",
        "prices.0.currency",
        "prices.0.amount",
        "prices.0.billingPeriodCount",
        "prices.0.packageSize",
        "prices.1.amount",
        "prices.1.billingPeriodCount",
        "prices.1.packageSize",
        "prices.2.tierMode",
        "prices.2.tiers",
        "prices.2.cadence",
        "prices.3.tiers.0.unitAmount",
        "prices.3.amount",
        "prices.4.tiers.1.upTo",
        "prices.4.tiers.2.upTo",
        "prices.5.tiers",
        "prices.6.cadence",
        "prices.6.billingPeriod",
        "prices.7.amount",
        "prices.8.tiers",
        "prices.8.amount",
        "prices.9.featureCode",
        "prices.10.featureCode",
        "minimumProratedAmount",
        "quantity",
        "taxRate",
        "trial.length",
        "setupFee.amount",
        "setupFee.text",
        "fixedCount",
        "fixedLifeTime.length",
        "noticePeriods",
        "fixationPeriods",
        "renewalReminderDays",
        "trialReminderDays",
        "metadata",
    ];
    (wrong, invalid(&paths))
}

both! {
    all_that_is_wrong_with_a_plan_is_said_at_once(app) {
        let (wrong, expected) = wrong();
        let all: Vec<&str> = std::iter::once("VALIDATION_ERROR input.code").chain(expected.iter().map(String::as_str)).collect();
        refuses_at(app, "createPlan", with(wrong.clone(), json!({"code": "\u{a0}"})), &all);
        let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
        refuses_at(app, "updatePlan", with(wrong, json!({"planId": app.plan("gold", "29")})), &expected);
    }

    a_schedule_is_of_one_type(app) {
        for (schedule, paths) in [
            (json!({"type": "MANUAL", "interval": 1}), &["schedule.interval"][..]),
            (json!({"type": "DAILY", "fixedDay": 1}), &["schedule.fixedDay"]),
            (json!({"type": "DAILY", "interval": 367}), &["schedule.interval"]),
            (json!({"type": "MONTH_STARTDATE", "billingPeriod": "MONTH"}), &["schedule.billingPeriod"]),
            (json!({"type": "MONTH_FIXEDDAY"}), &["schedule.fixedDay"]),
            (json!({"type": "WEEKLY_FIXEDDAY", "fixedDay": 8}), &["schedule.fixedDay"]),
            (json!({"type": "MONTH_LASTDAY", "baseMonth": 0}), &["schedule.baseMonth"]),
            (json!({"type": "PERIOD"}), &["schedule.billingPeriod"]),
            (
                json!({"type": "PERIOD", "billingPeriod": "YEAR", "fixedDay": 1, "baseMonth": 1}),
                &["schedule.fixedDay", "schedule.baseMonth"],
            ),
        ] {
            let expected = invalid(paths);
            let input = with(bare(), json!({"schedule": schedule}));
            refuses_at(app, "createPlan", input, &expected.iter().map(String::as_str).collect::<Vec<_>>());
        }
    }

    amounts_are_held_against_their_currency_at_once(app) {
        let prices = json!([{"amount": "9.5"}, {"amount": "9.5", "currency": "EUR"}, {"amount": "9.505", "currency": "EUR"}]);
        let input = with(priced(prices), json!({"setupFee": {"amount": "0.5"}, "minimumProratedAmount": "0.1"}));
        let all = [
            "VALIDATION_ERROR input.setupFee.amount",
            "VALIDATION_ERROR input.minimumProratedAmount",
            "VALIDATION_ERROR input.prices.0.amount",
            "VALIDATION_ERROR input.prices.2.amount",
        ];
        app.mutate("updateTenantSettings", json!({"defaultCurrency": "JPY"}), "__typename");
        // The third is wrong in any currency that the plan may have; the others follow from the tenant's.
        refuses_at(app, "createPlan", input, &all[3..]);
        let prices = json!([{"amount": "9.5"}, {"amount": "9.5", "currency": "EUR"}]);
        let input = with(priced(prices), json!({"setupFee": {"amount": "0.5"}, "minimumProratedAmount": "0.1"}));
        refuses_at(app, "createPlan", input, &all[..3]);
        refuses_at(app, "createPlan", with(bare(), json!({"amount": "0.5"})), &["VALIDATION_ERROR input.amount"]);
        let foreign = priced(json!([{"amount": "9.5", "currency": "EUR"}]));
        refuses_at(app, "createPlan", foreign, &["VALIDATION_ERROR input.currency"]);
    }

    usage_is_measured_of_a_feature_that_is_offered_and_counted(app) {
        app.feature("calls", "METERED");
        app.feature("sso", "BOOLEAN");
        let old = app.feature("old", "METERED");
        app.mutate("archiveFeature", json!({"featureId": old}), "__typename");
        let measuring = |code: &str| json!({"type": "USAGE", "amount": "1", "featureCode": code});
        let id = app.plan("silver", "19");
        for (code, expected) in [
            ("none", "ENTITLEMENT_NOT_FOUND"),
            ("Calls", "ENTITLEMENT_NOT_FOUND"),
            ("old", "ENTITLEMENT_NOT_FOUND"),
            ("sso", "VALIDATION_ERROR"),
        ] {
            let prices = json!([{"amount": "1"}, measuring("calls"), measuring(code), measuring("none")]);
            let expected = [&*format!("{expected} input.prices.2.featureCode")];
            refuses_at(app, "createPlan", priced(prices.clone()), &expected);
            refuses_at(app, "updatePlan", json!({"planId": id, "prices": prices}), &expected);
        }
        let foreign = app.another_tenant("Other").1;
        let theirs = json!({"code": "theirs", "name": "T", "featureType": "METERED"});
        app.attempt_as(&foreign, "createFeature", theirs, "__typename");
        refuses_at(
            app,
            "createPlan",
            priced(json!([measuring("theirs")])),
            &["ENTITLEMENT_NOT_FOUND input.prices.0.featureCode"],
        );
        // What is invalid is said before what does not exist.
        let prices = json!([measuring("none"), {"amount": "0.001"}]);
        refuses_at(app, "createPlan", priced(prices), &["VALIDATION_ERROR input.prices.1.amount"]);
    }

    an_amount_or_prices_are_given(app) {
        let both = with(bare(), json!({"prices": [{"amount": "1"}]}));
        refuses_at(app, "createPlan", both, &["VALIDATION_ERROR input.amount"]);
        refuses_at(app, "createPlan", priced(json!(null)), &["VALIDATION_ERROR input.prices"]);
        refuses_at(app, "createPlan", priced(json!([])), &["VALIDATION_ERROR input.prices"]);
        let id = app.plan("gold", "29");
        refuses_at(app, "updatePlan", json!({"planId": id, "prices": []}), &["VALIDATION_ERROR input.prices"]);
        let many = vec![json!({"amount": "1"}); 101];
        refuses_at(app, "createPlan", priced(json!(many)), &["VALIDATION_ERROR input.prices"]);
        app.mutate("createPlan", with(priced(json!(&many[..100])), json!({"code": "many"})), "__typename");
    }

    trials_end_at_the_start_of_a_day_where_days_are_counted(app) {
        let input = with(bare(), json!({"prorationUnit": "SECOND", "fixedTrialDays": true}));
        refuses_at(app, "createPlan", input, &["VALIDATION_ERROR input.fixedTrialDays"]);
        let id = app.plan("gold", "29");
        let input = json!({"planId": id, "prorationUnit": "SECOND"});
        refuses_at(app, "updatePlan", input.clone(), &["VALIDATION_ERROR input.fixedTrialDays"]);
        app.mutate("updatePlan", with(input, json!({"fixedTrialDays": false})), "__typename");
    }

    a_code_is_taken_once_and_for_good(app) {
        let id = app.plan("gold", "29");
        refuses_at(app, "createPlan", with(bare(), json!({"code": " gold"})), &["DUPLICATE_HANDLE input.code"]);
        app.mutate("createPlan", with(bare(), json!({"code": "Gold"})), "__typename");
        app.mutate("archivePlan", json!({"planId": id}), "__typename");
        let errors = app.refuses("createPlan", bare(), &["DUPLICATE_HANDLE"]);
        assert_eq!(errors[0]["number"], 11);
    }

    what_cannot_be_cleared_is_not(app) {
        let id = app.plan("gold", "29");
        let names = [
            "name", "schedule", "currency", "amount", "prices", "partialPeriodHandling", "prorationUnit", "quantity",
            "fixedTrialDays", "includeZeroAmount", "noticePeriods", "noticePeriodsAfterCurrent", "fixationPeriods",
            "fixationPeriodsFull", "metadata",
        ];
        let nulls = names.iter().map(|name| ((*name).to_owned(), Value::Null)).collect();
        let expected = invalid(&names);
        let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
        refuses_at(app, "updatePlan", with(Value::Object(nulls), json!({"planId": id})), &expected);
    }

    an_archived_plan_and_one_that_never_was_are_not_found(app) {
        let id = app.plan("gold", "29");
        app.mutate("archivePlan", json!({"planId": id}), "__typename");
        for id in [id.as_str(), "plan_00000000000000000000000000"] {
            for (mutation, input) in [
                ("updatePlan", json!({"planId": id, "name": "Silver"})),
                ("updatePlan", json!({"planId": id})),
                ("archivePlan", json!({"planId": id})),
            ] {
                let errors = app.refuses(mutation, input, &["PLAN_NOT_FOUND"]);
                assert_eq!((&errors[0]["number"], &errors[0]["field"]), (&json!(10), &json!(["input", "planId"])));
            }
        }
        refuses_at(app, "archivePlan", json!({"planId": "gold"}), &["VALIDATION_ERROR input.planId"]);
    }
}
