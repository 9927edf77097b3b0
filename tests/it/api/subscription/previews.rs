//! A preview says what the creation then does, and leaves everything as it was.

use super::{monthly, on_the_first, plan, prices_of, request};
use crate::support::builders::text;
use crate::support::{TestApp, both};
use serde_json::{Value, json};

macro_rules! subscription {
    () => {
        "status plan { id version } currency timezone startDate endDate trialStart trialEnd billingAnchor
         currentPeriodStart currentPeriodEnd"
    };
}
macro_rules! invoice {
    () => {
        "reason currency period { start end } issueDate dueDate totals {
             subtotal { amount } discountTotal { amount } netTotal { amount } taxTotal { amount } total { amount currency }
         } lines {
             position kind description planVersion billingModel quantity unitAmount proration { numerator denominator unit }
             period { start end } timezone rounding amount { amount } discountAmount { amount } taxRate amountIncludesTax
             reducedPosition discountPercentage
         }"
    };
}

/// All that a preview shows, and what becomes of it.
pub const SHOWN: &str =
    concat!("preview { ", subscription!(), " periods { start end } billingDates invoices { ", invoice!(), " } }");
const MADE: &str = concat!(
    "subscription { ",
    subscription!(),
    " nextBillingDate upcomingPeriods { start end } invoices(first: 5) { nodes { ",
    invoice!(),
    " } } }"
);

/// Asserts that a request makes what its preview shows; answers the preview.
#[track_caller]
pub fn assert_made_as_shown(app: &TestApp, input: &Value) -> Value {
    let before = app.database.dump();
    let shown = app.mutate("previewSubscription", input.clone(), SHOWN)["preview"].take();
    app.database.assert_unchanged(&before);
    assert_made_as(app, input, shown.clone());
    shown
}

/// Asserts that a request makes what was shown.
#[track_caller]
pub fn assert_made_as(app: &TestApp, input: &Value, mut shown: Value) {
    let mut made = app.mutate("createSubscription", input.clone(), MADE)["subscription"].take();
    let [periods, dates, mut invoices] = ["periods", "billingDates", "invoices"].map(|field| shown[field].take());
    let [upcoming, next, mut stored] =
        ["upcomingPeriods", "nextBillingDate", "invoices"].map(|field| made[field].take());
    let first_date = dates.get(0).unwrap_or(&Value::Null);
    assert_eq!(first_date, &next, "{input:#}");
    let current = json!({"start": made["currentPeriodStart"], "end": made["currentPeriodEnd"]});
    let running = if periods.get(0) == Some(&current) { vec![current] } else { Vec::new() };
    let all = [running, upcoming.as_array().unwrap().clone()].concat();
    let shown_periods = periods.as_array().unwrap();
    let most = shown_periods.len().min(10);
    assert_eq!(all[..most.min(all.len())], shown_periods[..most], "{input:#}");
    let reason = |invoice: &Value| text(&invoice["reason"]);
    invoices.as_array_mut().unwrap().sort_by_key(reason);
    stored["nodes"].as_array_mut().unwrap().sort_by_key(reason);
    assert_eq!(stored["nodes"], invoices, "{input:#}");
    for field in ["periods", "billingDates", "invoices"] {
        shown.as_object_mut().unwrap().remove(field);
    }
    for field in ["upcomingPeriods", "nextBillingDate", "invoices"] {
        made.as_object_mut().unwrap().remove(field);
    }
    assert_eq!(made, shown, "{input:#}");
}

both! {
    what_is_shown_is_what_is_made(app) {
        let customer = app.customer("Jane Doe");
        monthly(app);
        let first = on_the_first(app);
        let price = prices_of(app, &first).remove(0);
        app.mutate("updateTenantSettings", json!({"taxRate": "0.19"}), "__typename");
        app.add_on("A", "QUANTITY");
        app.discount("D", "12.5");
        app.coupon("C", "D");
        plan(app, json!({
            "code": "CAL", "schedule": {"type": "PERIOD", "billingPeriod": "QUARTER", "billingCycle": "CALENDAR"},
            "prices": [{"amount": "30"}, {"amount": "5", "type": "ONE_TIME"}, {"amount": "1", "type": "USAGE"}],
            "setupFee": {"amount": "20", "handling": "SEPARATE"}, "trial": {"length": 10, "unit": "DAYS"},
            "partialPeriodHandling": "BILL_PRORATED",
        }));
        plan(app, json!({"code": "MANUAL", "schedule": {"type": "MANUAL"}, "amount": "300"}));
        let card = app.payment_method(&app.customer("Card"), "SUCCEEDS");
        let owner = app.data(&format!(r#"{{ paymentMethod(id: "{card}") {{ customer {{ id }} }} }}"#));
        let owner = text(&owner["paymentMethod"]["customer"]["id"]);
        let all = json!({
            "priceOverrides": [{"priceId": price, "amount": "29.99", "quantity": 3}], "quantity": 2,
            "additionalItems": [{"price": {"name": "Desk", "amount": "3.50"}}, {"price": {"amount": "1", "type": "ONE_TIME"}}],
            "addOns": [{"addOn": {"code": "A"}, "quantity": 2}], "couponCodes": ["C"],
            "additionalCosts": [{"handle": "c", "text": "Cable", "amount": "4.50", "amountIncludesTax": true}],
            "discounts": [{"discount": {"code": "D"}, "amount": "2"}], "timezone": "America/St_Johns", "paymentTerms": "NET_45",
        });
        for (customer, plan, changes) in [
            (&customer, "M30", json!({})),
            (&customer, "M30", json!({"handle": "h", "quantity": 7, "amount": "12.345"})),
            (&customer, "M30", json!({"trialDays": 30})),
            (&customer, "M30", json!({"startDate": "2025-01-15T00:00:00Z", "endDate": "2025-04-01T00:00:00Z"})),
            (&customer, "M30", json!({"startDate": "2025-06-15T00:00:00Z"})),
            (&customer, "M30", json!({"status": "DRAFT", "trialDays": 30})),
            (&customer, "M30", json!({"status": "INCOMPLETE"})),
            (&customer, "M30", json!({"paymentBehavior": "ALLOW_INCOMPLETE"})),
            (&owner, "M30", json!({"paymentBehavior": "ERROR_IF_INCOMPLETE"})),
            (&owner, "M30", json!({"source": card, "conditionalCreate": true})),
            (&customer, "M30", json!({"collectionMethod": "SEND_INVOICE", "paymentBehavior": "DEFAULT_INCOMPLETE"})),
            (&customer, "M30", json!({"signupMethod": "EMAIL"})),
            (&customer, "F1", all),
            (&customer, "CAL", json!({})),
            (&customer, "CAL", json!({"noTrial": true, "currency": "eur"})),
            (&customer, "CAL", json!({"noTrial": true, "billingCadence": "IN_ARREARS", "noSetupFee": true})),
            (&customer, "CAL", json!({"noTrial": true, "billingCycle": "ANNIVERSARY", "billingAnchor": "2024-02-29T23:00:00Z"})),
            (&customer, "CAL", json!({"noTrial": true, "endDate": "2025-05-05T05:05:05Z", "billingPeriod": "WEEK"})),
            (&customer, "MANUAL", json!({})),
        ] {
            assert_made_as_shown(app, &request(customer, plan, changes));
        }
    }

    /// A preview takes a charge to succeed, and asks nobody.
    a_preview_charges_nobody(app) {
        let customer = app.customer("Jane Doe");
        monthly(app);
        let token = app.token("LOST_OR_STOLEN");
        let input = request(&customer, "M30", json!({"source": token, "conditionalCreate": true, "generateHandle": true}));
        let before = app.database.dump();
        for _ in 0..2 {
            assert_eq!(super::preview(app, input.clone(), "status")["status"], "ACTIVE");
        }
        app.database.assert_unchanged(&before);
        assert!(app.gateway.charged().is_empty() && app.gateway.reversed().is_empty());
    }

    /// A key that may only read may look at what would be.
    a_preview_needs_no_right_to_write(app) {
        let customer = app.customer("Jane Doe");
        monthly(app);
        let key = app.key_with(perennial::domain::api_key::Scope::Read);
        let input = request(&customer, "M30", json!({}));
        let shown = app.attempt_as(&key, "previewSubscription", input.clone(), "preview { status }");
        assert_eq!(shown["preview"]["status"], "ACTIVE");
        let (document, variables) = crate::support::mutation("createSubscription", input, "__typename");
        let refused = app.send_as(&key, &[], &document, variables).json();
        assert_eq!(refused["errors"][0]["extensions"]["code"], "FORBIDDEN");
        let new = json!({"customer": {"create": {"name": "N", "externalId": "n"}}, "plan": {"code": "M30"}});
        app.attempt_as(&key, "previewSubscription", new, "preview { status }");
        assert_eq!(app.data(r#"{ customerByExternalId(externalId: "n") { id } }"#)["customerByExternalId"], json!(null));
    }
}
