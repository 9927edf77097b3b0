//! What Flexprice refuses (`flexprice.md` §1.2, V30, V31), each with its code and its path. Nothing changes by it.

use super::{monthly, plan, prices_of, refused, request, subscribe};
use crate::support::builders::text;
use crate::support::{TestApp, both};
use serde_json::{Value, json};

/// A customer, and a plan with a schedule of Flexprice's kind; the ids of its prices.
fn jane(app: &TestApp) -> (String, Vec<String>) {
    let schedule = json!({"type": "PERIOD", "billingPeriod": "MONTH"});
    let plan = plan(
        app,
        json!({"code": "P", "schedule": schedule, "prices": [
            {"name": "Seat", "amount": "10"}, {"name": "Calls", "type": "USAGE", "amount": "1"},
            {"name": "Yearly", "amount": "99", "billingPeriod": "YEAR"}, {"name": "Dollars", "amount": "11", "currency": "USD"},
            {"name": "Quarterly dollars", "amount": "30", "currency": "USD", "billingPeriod": "QUARTER"},
            {"name": "Yearly yen", "amount": "3000", "currency": "JPY", "billingPeriod": "YEAR"},
        ]}),
    );
    (app.customer("Jane Doe"), prices_of(app, &plan))
}

const SOON: &str = "2025-02-10T00:00:00Z";
const LATER: &str = "2025-03-10T00:00:00Z";

both! {
    v30(app) {
        let (jane, _) = jane(app);
        for (changes, expected) in [
            (json!({"collectionMethod": "CHARGE_AUTOMATICALLY", "paymentBehavior": "DEFAULT_INCOMPLETE"}), "INVALID_PAYMENT_BEHAVIOR input.paymentBehavior"),
            (json!({"paymentBehavior": "DEFAULT_INCOMPLETE"}), "INVALID_PAYMENT_BEHAVIOR input.paymentBehavior"),
            (json!({"collectionMethod": "SEND_INVOICE", "paymentBehavior": "ALLOW_INCOMPLETE"}), "INVALID_PAYMENT_BEHAVIOR input.paymentBehavior"),
            (json!({"collectionMethod": "SEND_INVOICE", "paymentBehavior": "ERROR_IF_INCOMPLETE"}), "INVALID_PAYMENT_BEHAVIOR input.paymentBehavior"),
            (json!({"billingCycle": "CALENDAR", "billingAnchor": SOON}), "INVALID_BILLING_ANCHOR input.billingAnchor"),
            (json!({"startDate": LATER, "endDate": SOON}), "END_DATE_BEFORE_START input.endDate"),
            (json!({"startDate": LATER, "endDate": LATER}), "END_DATE_BEFORE_START input.endDate"),
            (json!({"overageFactor": "0.9"}), "INVALID_OVERAGE_FACTOR input.overageFactor"),
            (json!({"billingPeriodCount": -1}), "INVALID_BILLING_PERIOD_COUNT input.billingPeriodCount"),
            (json!({"billingPeriodCount": 367}), "INVALID_BILLING_PERIOD_COUNT input.billingPeriodCount"),
            (json!({"commitmentAmount": "-0.01"}), "INVALID_COMMITMENT input.commitmentAmount"),
        ] {
            refused(app, &request(&jane, "P", changes), &[expected]);
        }
        let none = request(&jane, "P", json!({"billingPeriodCount": 0}));
        let made = subscribe(app, none, "terms { schedule { interval } }");
        assert_eq!(made["terms"]["schedule"]["interval"], 1, "none counts as one");
    }

    v31(app) {
        let (jane, _) = jane(app);
        let (january, april) = ("2025-01-31T12:00:00Z", "2025-04-01T00:00:00Z");
        let two = |first_end: Value, second_start: &str| json!({"phases": [
            {"startDate": january, "endDate": first_end}, {"startDate": second_start},
        ]});
        subscribe(app, request(&jane, "P", two(json!(april), april)), "id");
        let one = json!([{"startDate": january, "endDate": april}]);
        for (changes, expected) in [
            (two(json!("2025-03-31T00:00:00Z"), april), "PHASES_NOT_CONTINUOUS input.phases.1.startDate"),
            (two(json!("2025-04-02T00:00:00Z"), april), "PHASES_NOT_CONTINUOUS input.phases.1.startDate"),
            (two(json!(null), april), "PHASE_END_REQUIRED input.phases.0.endDate"),
            (json!({"status": "DRAFT", "phases": [{"startDate": january}]}), "PHASES_NOT_ALLOWED_FOR_DRAFT input.phases"),
            (json!({"phases": [{"startDate": april, "endDate": january}]}), "PHASE_END_BEFORE_START input.phases.0.endDate"),
            (json!({"phases": [{"startDate": april, "endDate": april}]}), "PHASE_END_BEFORE_START input.phases.0.endDate"),
            (json!({"startDate": SOON, "phases": [{"startDate": april}]}), "PHASES_NOT_ALIGNED input.phases.0.startDate"),
            (json!({"endDate": LATER, "phases": one}), "PHASES_NOT_ALIGNED input.phases.0.endDate"),
        ] {
            refused(app, &request(&jane, "P", changes), &[expected]);
        }
    }

    trials(app) {
        let (jane, _) = jane(app);
        for (changes, path) in [
            (json!({"trialDays": -1}), "trialDays"), (json!({"trialDays": 3661}), "trialDays"),
            (json!({"trialStart": SOON}), "trialEnd"), (json!({"trialEnd": SOON}), "trialStart"),
            (json!({"trialStart": LATER, "trialEnd": SOON}), "trialEnd"), (json!({"trialStart": SOON, "trialEnd": SOON}), "trialEnd"),
            (json!({"trialStart": SOON, "trialEnd": LATER, "trialDays": 3}), "trialDays"),
            (json!({"noTrial": true, "trialDays": 3}), "noTrial"), (json!({"noTrial": true, "trialStart": SOON, "trialEnd": LATER}), "noTrial"),
            (json!({"startDate": SOON, "trialStart": "2025-02-11T00:00:00Z", "trialEnd": LATER}), "trialStart"),
            (json!({"startDate": LATER, "trialStart": "2025-02-01T00:00:00Z", "trialEnd": SOON}), "trialEnd"),
            // The start is now, or that of the first phase.
            (json!({"trialStart": SOON, "trialEnd": LATER}), "trialStart"),
            (json!({"trialStart": "2025-01-01T00:00:00Z", "trialEnd": "2025-01-30T00:00:00Z"}), "trialEnd"),
            (
                json!({"phases": [{"startDate": LATER}], "trialStart": "2025-02-01T00:00:00Z", "trialEnd": SOON}),
                "trialEnd",
            ),
        ] {
            refused(app, &request(&jane, "P", changes), &[&format!("INVALID_TRIAL input.{path}")]);
        }
    }

    rhythms(app) {
        let (jane, _) = jane(app);
        monthly(app);
        let calendar = json!({"type": "PERIOD", "billingPeriod": "MONTH", "billingCycle": "CALENDAR"});
        plan(app, json!({"code": "C", "schedule": calendar, "amount": "1"}));
        for (plan, changes, expected) in [
            ("M30", json!({"billingCycle": "CALENDAR"}), "INVALID_BILLING_CYCLE input.billingCycle"),
            ("M30", json!({"billingCycle": "ANNIVERSARY"}), "INVALID_BILLING_CYCLE input.billingCycle"),
            ("M30", json!({"billingPeriodCount": 2}), "INVALID_BILLING_CYCLE input.billingPeriodCount"),
            ("C", json!({"billingAnchor": SOON}), "INVALID_BILLING_ANCHOR input.billingAnchor"),
            ("P", json!({"currency": "CHF"}), "NO_PRICE_IN_CURRENCY input.currency"),
            ("P", json!({"currency": "JPY"}), "NO_PRICE_IN_CURRENCY input.billingPeriod"),
            (
                "P", json!({"startDate": "2025-01-30T12:00:00Z", "prorationBehavior": "CREATE_PRORATIONS"}),
                "PRORATION_WITH_PAST_START input.startDate",
            ),
            (
                "P", json!({"entitlements": ["sso"], "prorationBehavior": "CREATE_PRORATIONS"}),
                "PRORATION_WITH_ENTITLEMENTS input.prorationBehavior",
            ),
        ] {
            refused(app, &request(&jane, plan, changes), &[expected]);
        }
        // Earlier today is no past start.
        let today = json!({"startDate": "2025-01-31T00:00:00Z", "prorationBehavior": "CREATE_PRORATIONS"});
        subscribe(app, request(&jane, "P", today), "id");
        // Every quarter is every three months.
        let quarter = json!({"currency": "USD", "billingPeriod": "MONTH", "billingPeriodCount": 3});
        let made = subscribe(app, request(&jane, "P", quarter), "items { name }");
        assert_eq!(made["items"], json!([{"name": "Dollars"}, {"name": "Quarterly dollars"}]));
    }

    /// `flexprice.md` §1.6 and §1.7.
    overrides_and_items(app) {
        let (jane, prices) = jane(app);
        monthly(app);
        let other = app.data(r#"{ planByCode(code: "M30") { prices { id } } }"#);
        let other = text(&other["planByCode"]["prices"][0]["id"]);
        let over = |row: Value| json!({"priceOverrides": [row]});
        let item = |row: Value| json!({"additionalItems": [row]});
        let seat = |more: Value| super::with(json!({"priceId": prices[0]}), more);
        for (changes, expected) in [
            (over(json!({"priceId": other, "quantity": 1})), "PRICE_NOT_IN_PLAN input.priceOverrides.0.priceId"),
            // In another currency, or for another billing period, it is not billed.
            (over(json!({"priceId": prices[3], "quantity": 1})), "PRICE_NOT_IN_PLAN input.priceOverrides.0.priceId"),
            (over(json!({"priceId": prices[2], "quantity": 1})), "PRICE_NOT_IN_PLAN input.priceOverrides.0.priceId"),
            (over(seat(json!({}))), "EMPTY_PRICE_OVERRIDE input.priceOverrides.0"),
            (over(json!({"priceId": prices[1], "quantity": 1})), "QUANTITY_NOT_ALLOWED input.priceOverrides.0.quantity"),
            (
                json!({"priceOverrides": [seat(json!({"quantity": 1})), seat(json!({"quantity": 2}))]}),
                "DUPLICATE_PRICE_OVERRIDE input.priceOverrides.1.priceId",
            ),
            (over(seat(json!({"billingModel": "TIERED", "tierMode": "SLAB"}))), "VALIDATION_ERROR input.priceOverrides.0.tiers"),
            (over(seat(json!({"billingModel": "PACKAGE", "amount": "1"}))), "VALIDATION_ERROR input.priceOverrides.0.packageSize"),
            (over(seat(json!({"billingModel": "PACKAGE", "packageSize": 1}))), "VALIDATION_ERROR input.priceOverrides.0.amount"),
            (over(seat(json!({"billingModel": "PER_UNIT"}))), "VALIDATION_ERROR input.priceOverrides.0.amount"),
            (over(seat(json!({"amount": "0.005"}))), "VALIDATION_ERROR input.priceOverrides.0.amount"),
            (
                json!({"phases": [{"startDate": SOON, "priceOverrides": [{"priceId": other, "quantity": 1}]}]}),
                "PRICE_NOT_IN_PLAN input.phases.0.priceOverrides.0.priceId",
            ),
            (
                json!({"phases": [{"startDate": SOON, "priceOverrides": [seat(json!({"quantity": 1})), seat(json!({"quantity": 1}))]}]}),
                "DUPLICATE_PRICE_OVERRIDE input.phases.0.priceOverrides.1.priceId",
            ),
            (item(json!({})), "INVALID_ITEM input.additionalItems.0.priceId"),
            (item(json!({"priceId": prices[0], "price": {"amount": "1"}})), "INVALID_ITEM input.additionalItems.0.priceId"),
            (item(json!({"priceId": other})), "PRICE_NOT_IN_PLAN input.additionalItems.0.priceId"),
            (item(json!({"priceId": prices[3]})), "CURRENCY_MISMATCH input.additionalItems.0.priceId"),
            (item(json!({"price": {"amount": "1", "currency": "USD"}})), "CURRENCY_MISMATCH input.additionalItems.0.price.currency"),
            (item(json!({"price": {"amount": "0.005"}})), "VALIDATION_ERROR input.additionalItems.0.price.amount"),
            (item(json!({"priceId": prices[1], "quantity": 1})), "QUANTITY_NOT_ALLOWED input.additionalItems.0.quantity"),
            (item(json!({"priceId": prices[0], "startDate": LATER, "endDate": SOON})), "END_DATE_BEFORE_START input.additionalItems.0.endDate"),
            (
                json!({"endDate": SOON, "additionalItems": [{"priceId": prices[0], "startDate": LATER}]}),
                "END_DATE_BEFORE_START input.additionalItems.0.endDate",
            ),
            (
                json!({"phases": [{"startDate": SOON, "additionalItems": [{"priceId": other}]}]}),
                "PRICE_NOT_IN_PLAN input.phases.0.additionalItems.0.priceId",
            ),
        ] {
            refused(app, &request(&jane, "P", changes), &[expected]);
        }
    }

    /// `flexprice.md` §1.9.
    parents(app) {
        let (jane, _) = jane(app);
        let draft = subscribe(app, request(&jane, "P", json!({"status": "DRAFT"})), "id");
        let incomplete = subscribe(app, request(&jane, "P", json!({"status": "INCOMPLETE"})), "id");
        let none = json!("sub_00000000000000000000000000");
        let below = |parent: &Value| request(&jane, "P", json!({"parentSubscriptionId": parent}));
        super::refused_with(app, &below(&none), 12, "SUBSCRIPTION_NOT_FOUND input.parentSubscriptionId");
        for parent in [draft, incomplete] {
            refused(app, &below(&parent["id"]), &["PARENT_NOT_ACTIVE input.parentSubscriptionId"]);
        }
        let trialing = subscribe(app, request(&jane, "P", json!({"trialDays": 3})), "id");
        subscribe(app, below(&trialing["id"]), "id");
        let upwards = request(&jane, "P", json!({"invoiceBilling": "INVOICE_TO_PARENT"}));
        refused(app, &upwards, &["CUSTOMER_HAS_NO_PARENT input.invoiceBilling"]);
    }

    a_payment_is_no_condition_where_an_invoice_is_sent(app) {
        let (jane, _) = jane(app);
        let asked = json!({"collectionMethod": "SEND_INVOICE", "conditionalCreate": true, "source": app.token("SUCCEEDS")});
        refused(app, &request(&jane, "P", asked), &["INVALID_PAYMENT_BEHAVIOR input.conditionalCreate"]);
    }

    a_setup_fee_is_in_the_currency_of_the_plan(app) {
        let (jane, _) = jane(app);
        plan(app, json!({
            "code": "FEE", "schedule": {"type": "MONTH_STARTDATE"}, "setupFee": {"amount": "5"},
            "prices": [{"amount": "1"}, {"amount": "2", "currency": "USD"}],
        }));
        let dollars = json!({"currency": "USD"});
        super::refused_with(app, &request(&jane, "FEE", dollars.clone()), 154, "CURRENCY_MISMATCH input.currency");
        subscribe(app, request(&jane, "FEE", super::with(dollars, json!({"noSetupFee": true}))), "id");
    }
}
