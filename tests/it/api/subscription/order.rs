//! Of several things that are wrong at once, the first in the documented order is said (`decisions.md` 9).

use super::{monthly, refused, request, subscribe};
use crate::support::{TestApp, both};
use serde_json::{Value, json};

/// Everything that can be wrong, in the order in which it is said: what to ask for, and what is answered.
fn everything(app: &TestApp) -> Vec<(Value, &'static str)> {
    let jane = app.customer("Jane Doe");
    monthly(app);
    super::on_the_first(app);
    subscribe(app, request(&jane, "M30", json!({"handle": "taken"})), "id");
    let gone = app.discount("GONE", "10");
    app.mutate("archiveDiscount", json!({"discountId": gone}), "__typename");
    app.discount("D", "10");
    app.coupon("USED", "D");
    subscribe(app, request(&jane, "M30", json!({"couponCodes": ["USED"]})), "id");
    app.coupon("SECOND", "D");
    app.add_on("A", "ON_OFF");
    app.add_on("B", "QUANTITY");
    let other = json!({"code": "O", "name": "O", "addOnType": "ON_OFF", "unitAmount": "1", "eligiblePlans": ["F1"]});
    app.mutate("createAddOn", other, "__typename");
    let used = app.token("SUCCEEDS");
    subscribe(app, request(&jane, "M30", json!({"source": used, "additionalCosts": [cost("taken")]})), "id");
    app.mutate("updateTenantSettings", json!({"multipleDiscountsAllowed": false}), "__typename");
    let none = "00000000000000000000000000";
    let declined = app.token("LOST_OR_STOLEN");
    let good = json!({
        "customer": {"id": jane}, "plan": {"code": "M30"}, "source": declined, "conditionalCreate": true,
    });
    let wrong = vec![
        (json!({"test": true}), "TEST_ON_LIVE_TENANT input.test"),
        (json!({"customer": {"id": format!("cus_{none}")}}), "CUSTOMER_NOT_FOUND input.customer"),
        (json!({"plan": {"code": "NONE"}}), "PLAN_NOT_FOUND input.plan"),
        (json!({"handle": "taken"}), "DUPLICATE_HANDLE input.handle"),
        (json!({"startDate": "2020-01-01T00:00:00Z"}), "START_DATE_TOO_EARLY input.startDate"),
        (json!({"endDate": "2025-01-01T00:00:00Z"}), "END_DATE_NOT_IN_FUTURE input.endDate"),
        (json!({"source": used}), "TOKEN_ALREADY_USED input.source"),
        (json!({"discounts": [{"discount": {"code": "NONE"}}]}), "DISCOUNT_NOT_FOUND input.discounts.0.discount"),
        (json!({"couponCodes": ["NONE"]}), "COUPON_NOT_FOUND input.couponCodes.0"),
        (json!({"addOns": [{"addOn": {"code": "NONE"}}]}), "ADD_ON_NOT_FOUND input.addOns.0.addOn"),
        (json!({"additionalCosts": [cost("taken")]}), "DUPLICATE_HANDLE input.additionalCosts.0.handle"),
        (json!({"entitlements": ["none"]}), "ENTITLEMENT_NOT_FOUND input.entitlements.0"),
        (json!({"parentSubscriptionId": format!("sub_{none}")}), "SUBSCRIPTION_NOT_FOUND input.parentSubscriptionId"),
        (json!({"invoiceBilling": "INVOICE_TO_PARENT"}), "CUSTOMER_HAS_NO_PARENT input.invoiceBilling"),
        (
            json!({"priceOverrides": [{"priceId": format!("price_{none}"), "quantity": 1}]}),
            "PRICE_NOT_IN_PLAN input.priceOverrides.0.priceId",
        ),
        (json!({"commitmentAmount": "0.001"}), "INVALID_COMMITMENT input.commitmentAmount"),
        (json!({"trialDays": 3}), "NOT_ELIGIBLE_FOR_INVOICE input.conditionalCreate"),
    ];
    [(good, "PAYMENT_DECLINED")].into_iter().chain(wrong).collect()
}

fn cost(handle: &str) -> Value {
    json!({"handle": handle, "text": "Cable", "amount": "1"})
}

both! {
    /// One thing after the other is put right, and the next one is said.
    the_first_of_all_that_is_wrong_is_said(app) {
        let mut all = everything(app);
        let (good, declined) = all.remove(0);
        for first in 0..all.len() {
            let input = all[first..].iter().fold(good.clone(), |input, (changes, _)| super::with(input, changes.clone()));
            refused(app, &input, &[all[first].1]);
        }
        let payload = app.attempt("createSubscription", good, "__typename");
        assert_eq!(super::blamed(&payload["userErrors"]), [declined]);
    }

    /// The same of each pair, in whatever order the arguments stand.
    the_first_of_two_things_that_are_wrong_is_said(app) {
        let all = everything(app);
        let (good, _) = &all[0];
        for (place, (first, expected)) in all.iter().enumerate().skip(1) {
            for (second, _) in &all[place + 1..] {
                let input = super::with(super::with(good.clone(), second.clone()), first.clone());
                let payload = app.attempt("previewSubscription", input.clone(), "__typename");
                assert_eq!(super::blamed(&payload["userErrors"]), [*expected], "{input:#}");
            }
        }
    }

    /// Arguments that are wrong by themselves are said before all others, all at once.
    all_arguments_that_are_wrong_are_said_at_once(app) {
        let input = json!({
            "customer": {"create": {"name": " ", "email": "no", "timezone": "Mars"}}, "plan": {"code": ""}, "planVersion": 0,
            "handle": "a b", "generateHandle": true, "quantity": 0, "currency": "EURO", "test": true, "metadata": [1],
            "startDate": "2025-02-10T00:00:00Z", "endDate": "2025-02-01T00:00:00Z", "billingPeriodCount": -1,
            "billingCycle": "CALENDAR", "billingAnchor": "2025-02-10T00:00:00Z", "timezone": "Mars/Base", "trialDays": -1,
            "amount": "-1", "couponCodes": ["", "ok"], "overageFactor": "0", "commitmentAmount": -1, "graceDurationSeconds": -1,
            "paymentBehavior": "DEFAULT_INCOMPLETE", "parentSubscriptionId": "x",
            "addOns": [{"addOn": {"code": "A"}, "quantity": 0}], "additionalCosts": [{"handle": "", "text": "", "amount": "-1"}],
            "discounts": [{"discount": {"code": "D"}, "percentage": "101"}],
        });
        refused(app, &input, &[
            "VALIDATION_ERROR input.customer.create.name", "VALIDATION_ERROR input.customer.create.email",
            "VALIDATION_ERROR input.customer.create.timezone", "VALIDATION_ERROR input.plan.code",
            "VALIDATION_ERROR input.planVersion", "VALIDATION_ERROR input.handle", "VALIDATION_ERROR input.quantity",
            "VALIDATION_ERROR input.currency", "VALIDATION_ERROR input.metadata",
            "INVALID_BILLING_PERIOD_COUNT input.billingPeriodCount", "VALIDATION_ERROR input.timezone",
            "INVALID_TRIAL input.trialDays", "VALIDATION_ERROR input.amount", "VALIDATION_ERROR input.addOns.0.quantity",
            "VALIDATION_ERROR input.additionalCosts.0.handle", "VALIDATION_ERROR input.additionalCosts.0.text",
            "VALIDATION_ERROR input.additionalCosts.0.amount", "VALIDATION_ERROR input.discounts.0.percentage",
            "VALIDATION_ERROR input.couponCodes.0", "INVALID_COMMITMENT input.commitmentAmount",
            "INVALID_OVERAGE_FACTOR input.overageFactor", "VALIDATION_ERROR input.graceDurationSeconds",
            "VALIDATION_ERROR input.parentSubscriptionId", "END_DATE_BEFORE_START input.endDate",
            "INVALID_BILLING_ANCHOR input.billingAnchor", "INVALID_PAYMENT_BEHAVIOR input.paymentBehavior",
        ]);
    }

    /// Within one concern, too: discounts, coupons and each add-on have an order of their own.
    the_reasons_of_one_concern_have_an_order(app) {
        let (good, _) = everything(app).remove(0);
        let two = |first: &str, second: &str| json!([{"discount": {"code": first}}, {"discount": {"code": second}}]);
        let add_on = |code: &str, more: Value| json!({"addOns": [super::with(json!({"addOn": {"code": code}}), more)]});
        for (changes, expected) in [
            // 83, 121, 85.
            (json!({"discounts": two("NONE", "D")}), "DISCOUNT_NOT_FOUND input.discounts.0.discount"),
            (json!({"discounts": two("D", "NONE")}), "DISCOUNT_NOT_FOUND input.discounts.1.discount"),
            (json!({"discounts": two("D", "GONE")}), "DISCOUNT_DELETED input.discounts.1.discount"),
            (
                json!({"discounts": [{"discount": {"code": "D"}}, {"discount": {"code": "D"}, "handle": "x"}]}),
                "MULTIPLE_DISCOUNTS_NOT_ALLOWED input.discounts.1",
            ),
            // 86, 87, 85.
            (json!({"couponCodes": ["SECOND", "NONE"]}), "COUPON_NOT_FOUND input.couponCodes.1"),
            (json!({"couponCodes": ["SECOND", "USED"]}), "COUPON_ALREADY_USED input.couponCodes.1"),
            (json!({"couponCodes": ["SECOND", "second"]}), "COUPON_ALREADY_USED input.couponCodes.1"),
            (
                json!({"discounts": [{"discount": {"code": "D"}}], "couponCodes": ["SECOND"]}),
                "MULTIPLE_DISCOUNTS_NOT_ALLOWED input.couponCodes.0",
            ),
            // 113, 116, 115, 114, 11.
            (add_on("NONE", json!({"quantity": 2})), "ADD_ON_NOT_FOUND input.addOns.0.addOn"),
            (add_on("O", json!({"quantity": 2})), "ADD_ON_NOT_ELIGIBLE input.addOns.0.addOn"),
            (
                json!({"addOns": [{"addOn": {"code": "A"}}, {"addOn": {"code": "A"}, "quantity": 2}]}),
                "ADD_ON_QUANTITY_NOT_ALLOWED input.addOns.1.quantity",
            ),
            (
                json!({"addOns": [{"addOn": {"code": "B"}}, {"addOn": {"code": "B"}}, {"addOn": {"code": "NONE"}}]}),
                "ADD_ON_ALREADY_ADDED input.addOns.1.addOn",
            ),
            // 111, 110 before what the source names.
            (json!({"signupMethod": "EMAIL", "conditionalCreate": false}), "SOURCE_NOT_ALLOWED input.source"),
            (json!({"signupMethod": "LINK"}), "SOURCE_NOT_ALLOWED input.conditionalCreate"),
        ] {
            refused(app, &super::with(good.clone(), changes), &[expected]);
        }
    }
}
