//! Subscriptions to plans, period after period.

use super::{bill_until, invoices, newest_lines};
use crate::api::subscription::{monthly, plan, request, subscribe};
use crate::support::builders::text;
use crate::support::consistency::assert_consistent;
use crate::support::{TestApp, both};
use perennial::app::billing::Billed;
use serde_json::{Value, json};

/// A subscription to a plan, and its id.
fn made(app: &TestApp, customer: &str, plan: &str, changes: Value) -> String {
    text(&subscribe(app, request(customer, plan, changes), "id")["id"])
}

fn state(app: &TestApp, subscription: &str) -> Value {
    app.data(&format!(
        "{{ subscription(id: {subscription:?}) {{ status currentPeriodStart currentPeriodEnd nextBillingDate }} }}"
    ))["subscription"]
        .clone()
}

both! {
    a_period_is_billed_once_as_it_begins(app) {
        let customer = app.customer("Jane Doe");
        monthly(app);
        let id = made(app, &customer, "M30", json!({}));
        assert_eq!(bill_until(app, "2025-02-28T11:59:59Z"), Billed::default(), "nothing is due yet");
        assert_eq!(bill_until(app, "2025-02-28T12:00:00Z"), Billed { moments: 1, invoices: 1, held: 0 });
        assert_eq!(bill_until(app, "2025-02-28T12:00:00Z"), Billed::default(), "and not again");
        assert_eq!(invoices(app, &id), [
            "SUBSCRIPTION_CREATE 2025-01-31..2025-02-28 300.00 OPEN",
            "SUBSCRIPTION_CYCLE 2025-02-28..2025-03-31 300.00 OPEN",
        ]);
        assert_eq!(state(app, &id), json!({
            "status": "ACTIVE", "currentPeriodStart": "2025-02-28T12:00:00Z",
            "currentPeriodEnd": "2025-03-31T12:00:00Z", "nextBillingDate": "2025-03-31",
        }));
        // Missed periods are billed in their order.
        assert_eq!(bill_until(app, "2025-06-01T00:00:00Z").invoices, 3);
        assert_eq!(invoices(app, &id)[2..], [
            "SUBSCRIPTION_CYCLE 2025-03-31..2025-04-30 300.00 OPEN",
            "SUBSCRIPTION_CYCLE 2025-04-30..2025-05-31 300.00 OPEN",
            "SUBSCRIPTION_CYCLE 2025-05-31..2025-06-30 300.00 OPEN",
        ]);
        assert_consistent(app);
    }

    /// `billwerk.md` §11.9.
    a_subscription_ends_with_the_period_that_holds_its_end(app) {
        let customer = app.customer("Jane Doe");
        monthly(app);
        app.set_clock("2025-01-10T00:00:00Z");
        let id = made(app, &customer, "M30", json!({"endDate": "2025-03-20T00:00:00Z"}));
        assert_eq!(bill_until(app, "2026-01-01T00:00:00Z"), Billed { moments: 3, invoices: 2, held: 0 });
        assert_eq!(invoices(app, &id), [
            "SUBSCRIPTION_CREATE 2025-01-10..2025-02-10 300.00 OPEN",
            "SUBSCRIPTION_CYCLE 2025-02-10..2025-03-10 300.00 OPEN",
            "SUBSCRIPTION_CYCLE 2025-03-10..2025-04-10 300.00 OPEN",
        ]);
        assert_eq!((state(app, &id)["status"].clone(), state(app, &id)["nextBillingDate"].clone()), (json!("ENDED"), Value::Null));
        assert_consistent(app);
    }

    a_trial_is_followed_by_the_first_period(app) {
        let customer = app.customer("Jane Doe");
        monthly(app);
        app.set_clock("2026-01-01T00:00:00Z");
        let id = made(app, &customer, "M30", json!({"trialDays": 13}));
        assert_eq!(state(app, &id)["status"], "TRIALING");
        bill_until(app, "2026-01-14T00:00:00Z");
        assert_eq!(invoices(app, &id), ["SUBSCRIPTION_TRIAL_END 2026-01-14..2026-02-14 300.00 OPEN"]);
        assert_eq!(state(app, &id), json!({
            "status": "ACTIVE", "currentPeriodStart": "2026-01-14T00:00:00Z",
            "currentPeriodEnd": "2026-02-14T00:00:00Z", "nextBillingDate": "2026-02-14",
        }));
    }

    what_is_in_arrears_is_billed_with_the_next_period(app) {
        let customer = app.customer("Jane Doe");
        plan(app, json!({"code": "mix", "schedule": {"type": "MONTH_STARTDATE", "interval": 1}, "prices": [
            {"name": "Base", "amount": "10"},
            {"name": "Support", "amount": "5", "cadence": "IN_ARREARS"},
        ]}));
        app.set_clock("2025-01-10T00:00:00Z");
        let id = made(app, &customer, "mix", json!({"endDate": "2025-02-20T00:00:00Z"}));
        bill_until(app, "2025-02-10T00:00:00Z");
        assert_eq!(newest_lines(app, &id), [
            "PLAN Support 5.00 2025-01-10..2025-02-10",
            "PLAN Base 10.00 2025-02-10..2025-03-10",
        ]);
        bill_until(app, "2025-03-10T00:00:00Z");
        assert_eq!(newest_lines(app, &id), ["PLAN Support 5.00 2025-02-10..2025-03-10"]);
        assert_eq!(state(app, &id)["status"], "ENDED");
        assert_consistent(app);
    }

    discounts_run_out_and_costs_are_billed_once(app) {
        let customer = app.customer("Jane Doe");
        monthly(app);
        app.discount("half", "50");
        app.set_clock("2025-01-10T00:00:00Z");
        let discounts = json!([{"discount": {"code": "half"}, "fixedCount": 2}]);
        let id = made(app, &customer, "M30", json!({"discounts": discounts}));
        bill_until(app, "2025-03-10T00:00:00Z");
        let totals: Vec<_> = invoices(app, &id).iter().map(|line| line.split(' ').nth(2).unwrap().to_owned()).collect();
        assert_eq!(totals, ["150.00", "150.00", "300.00"]);
        assert_consistent(app);
    }

    /// `billwerk.md` §3.
    a_setup_fee_is_on_one_invoice_however_many_follow(app) {
        let customer = app.customer("Jane Doe");
        app.set_clock("2025-01-10T00:00:00Z");
        for (code, cadence, first) in [("advance", "IN_ADVANCE", "110.00"), ("arrears", "IN_ARREARS", "110.00")] {
            plan(app, json!({
                "code": code, "amount": "10", "schedule": {"type": "MONTH_STARTDATE"},
                "setupFee": {"amount": "100", "handling": "FIRST"},
            }));
            let id = made(app, &customer, code, json!({"billingCadence": cadence}));
            let trial = made(app, &customer, code, json!({"billingCadence": cadence, "trialDays": 50}));
            bill_until(app, "2025-08-20T00:00:00Z");
            for id in [id, trial] {
                let totals: Vec<_> = invoices(app, &id).iter().map(|line| line.split(' ').nth(2).unwrap().to_owned()).collect();
                assert_eq!((totals[0].as_str(), totals.len() > 4), (first, true), "{code} {totals:?}");
                assert!(totals[1..].iter().all(|total| total == "10.00"), "{code} {totals:?}");
            }
            app.set_clock("2025-01-10T00:00:00Z");
        }
        assert_consistent(app);
    }

    what_is_charged_once_is_billed_also_where_nothing_follows_or_it_is_over(app) {
        let customer = app.customer("Jane Doe");
        monthly(app);
        app.set_clock("2025-01-10T00:00:00Z");
        let once = |end: Value| json!([{
            "price": {"name": "Visit", "type": "ONE_TIME", "amount": "7"}, "startDate": "2025-01-20T00:00:00Z", "endDate": end,
        }]);
        let last = made(app, &customer, "M30", json!({
            "endDate": "2025-02-10T00:00:00Z", "additionalItems": once(Value::Null),
        }));
        let over = made(app, &customer, "M30", json!({"additionalItems": once(json!("2025-01-21T00:00:00Z"))}));
        bill_until(app, "2025-02-10T00:00:00Z");
        assert_eq!(newest_lines(app, &last), ["ITEM Visit 7.00 -..-"]);
        assert_eq!(newest_lines(app, &over), ["ITEM Visit 7.00 -..-", "PLAN Gold 300.00 2025-02-10..2025-03-10"]);
        bill_until(app, "2025-03-10T00:00:00Z");
        assert_eq!(newest_lines(app, &over), ["PLAN Gold 300.00 2025-03-10..2025-04-10"]);
        assert_consistent(app);
    }

    a_card_that_came_later_is_charged_on_time(app) {
        let customer = app.customer("Jane Doe");
        monthly(app);
        let id = made(app, &customer, "M30", json!({}));
        app.payment_method(&customer, "SUCCEEDS");
        bill_until(app, "2025-02-28T12:00:00Z");
        let found = app.data(&format!(
            "{{ subscription(id: {id:?}) {{ invoices {{ nodes {{ reason nextAttemptAt paymentMethod {{ label }} }} }} }} }}"
        ));
        assert_eq!(found["subscription"]["invoices"]["nodes"][0], json!({
            "reason": "SUBSCRIPTION_CYCLE", "nextAttemptAt": "2025-02-28T12:00:00Z",
            "paymentMethod": {"label": "Test card 0001"},
        }));
    }
}
