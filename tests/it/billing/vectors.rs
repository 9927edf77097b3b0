//! Scenarios of the two models, with their renewals (`flexprice.md` §7, `billwerk.md` §11).

use super::{bill_until, invoices, newest_lines};
use crate::api::subscription::{monthly, on_the_first, plan, request, subscribe};
use crate::support::builders::text;
use crate::support::{TestApp, both};
use serde_json::{Value, json};

/// A subscription as of a moment to a plan that is made for it; its id.
fn begin(app: &TestApp, now: &str, of_plan: Value, changes: Value) -> String {
    app.set_clock(now);
    let customer = app.customer("Jane Doe");
    let code = text(&of_plan["code"]);
    plan(app, of_plan);
    text(&subscribe(app, request(&customer, &code, changes), "id")["id"])
}

/// The start, the end and the total of each invoice.
fn billed(app: &TestApp, id: &str) -> Vec<String> {
    let words = |line: String| line.split(' ').skip(1).take(2).collect::<Vec<_>>().join(" ");
    invoices(app, id).into_iter().map(words).collect()
}

/// A plan whose use is billed at 1 a unit.
fn used(app: &TestApp, currency: &str, commitment: &str, count: &str) -> String {
    app.feature("calls", "METERED");
    let meter =
        json!({"code": "calls", "name": "Calls", "featureCode": "calls", "aggregation": "SUM", "property": "count"});
    app.mutate("createMeter", meter, "meter { id }");
    let prices = json!([{
        "name": "Calls", "type": "USAGE", "billingModel": "PER_UNIT", "amount": "1", "featureCode": "calls", "currency": currency,
    }]);
    let schedule = json!({"type": "MONTH_STARTDATE"});
    let of_plan = json!({"code": "U", "currency": currency, "schedule": schedule, "prices": prices});
    let changes = json!({"commitmentAmount": commitment, "overageFactor": "1.5", "enableTrueUp": true});
    let id = begin(app, "2025-01-01T00:00:00Z", of_plan, changes);
    app.set_clock("2025-01-20T00:00:00Z");
    let event = json!({"eventId": "e", "meter": "calls", "subscriptionId": id, "properties": {"count": count}});
    app.mutate("recordUsage", json!({"events": [event]}), "__typename");
    bill_until(app, "2025-02-01T00:00:00Z");
    id
}

both! {
    /// `flexprice.md` V17.
    v17_a_trial_that_is_paid_for(app) {
        app.set_clock("2026-01-01T00:00:00Z");
        let customer = app.customer("Jane Doe");
        app.payment_method(&customer, "SUCCEEDS");
        monthly(app);
        let id = text(&subscribe(app, request(&customer, "M30", json!({"trialDays": 13})), "id")["id"]);
        bill_until(app, "2026-01-14T00:00:00Z");
        app.collect();
        assert_eq!(invoices(app, &id), ["SUBSCRIPTION_TRIAL_END 2026-01-14..2026-02-14 300.00 PAID"]);
        let found = app.data(&format!("{{ subscription(id: {id:?}) {{ status currentPeriodStart currentPeriodEnd billingAnchor }} }}"));
        assert_eq!(found["subscription"], json!({
            "status": "ACTIVE", "currentPeriodStart": "2026-01-14T00:00:00Z", "currentPeriodEnd": "2026-02-14T00:00:00Z",
            "billingAnchor": "2026-01-14T00:00:00Z",
        }));
    }

    /// `flexprice.md` V20.
    v20_what_is_missing_of_a_commitment(app) {
        let id = used(app, "EUR", "1000", "750");
        assert_eq!(newest_lines(app, &id), [
            "USAGE Calls 750.00 2025-01-01..2025-02-01", "TRUE_UP Gold true-up 250.00 2025-01-01..2025-02-01",
        ]);
    }

    /// `flexprice.md` V20.
    v20_what_is_missing_of_a_commitment_in_yen(app) {
        let id = used(app, "JPY", "10000", "8501");
        assert_eq!(newest_lines(app, &id), [
            "USAGE Calls 8501 2025-01-01..2025-02-01", "TRUE_UP Gold true-up 1499 2025-01-01..2025-02-01",
        ]);
    }

    /// `flexprice.md` V24.
    v24_a_renewal_after_a_part_of_a_month_is_whole(app) {
        let schedule = json!({"type": "PERIOD", "billingPeriod": "MONTH", "billingCycle": "CALENDAR"});
        let of_plan = json!({"code": "C", "schedule": schedule, "amount": "310"});
        let id = begin(app, "2025-01-15T00:00:00Z", of_plan, json!({"prorationBehavior": "CREATE_PRORATIONS"}));
        bill_until(app, "2025-02-01T00:00:00Z");
        assert_eq!(billed(app, &id), ["2025-01-15..2025-02-01 170.00", "2025-02-01..2025-03-01 310.00"]);
    }

    /// `flexprice.md` V28.
    v28_thirty_days_after_the_end_of_the_period(app) {
        let of_plan = json!({"code": "A", "schedule": {"type": "MONTH_STARTDATE"}, "amount": "10"});
        let changes = json!({"billingCadence": "IN_ARREARS", "paymentTerms": "NET_30"});
        let id = begin(app, "2025-01-01T00:00:00Z", of_plan, changes);
        bill_until(app, "2025-02-01T00:00:00Z");
        let found = app.data(&format!("{{ subscription(id: {id:?}) {{ invoices {{ nodes {{ dueDate }} }} }} }}"));
        assert_eq!(found["subscription"]["invoices"]["nodes"], json!([{"dueDate": "2025-03-03"}]));
    }

    /// `flexprice.md` V29.
    v29_a_month_in_india(app) {
        let schedule = json!({"type": "PERIOD", "billingPeriod": "MONTH", "billingCycle": "CALENDAR"});
        let of_plan = json!({"code": "C", "currency": "USD", "schedule": schedule, "amount": "280"});
        let changes = json!({"timezone": "Asia/Kolkata", "prorationBehavior": "CREATE_PRORATIONS"});
        let id = begin(app, "2025-02-09T18:30:00Z", of_plan, changes);
        assert_eq!(bill_until(app, "2025-02-28T18:29:59Z").moments, 0);
        bill_until(app, "2025-02-28T18:30:00Z");
        assert_eq!(billed(app, &id), ["2025-02-09..2025-02-28 190.00", "2025-02-28..2025-03-31 280.00"]);
    }

    /// `billwerk.md` §11.1, in a leap year.
    b1_the_end_of_each_month(app) {
        app.set_clock("2024-01-31T00:00:00Z");
        let customer = app.customer("Jane Doe");
        monthly(app);
        let id = text(&subscribe(app, request(&customer, "M30", json!({})), "id")["id"]);
        bill_until(app, "2024-04-30T00:00:00Z");
        assert_eq!(billed(app, &id), [
            "2024-01-31..2024-02-29 300.00", "2024-02-29..2024-03-31 300.00", "2024-03-31..2024-04-30 300.00",
            "2024-04-30..2024-05-31 300.00",
        ]);
    }

    /// `billwerk.md` §11.2.
    b2_a_part_of_a_month_and_whole_ones(app) {
        app.set_clock("2025-04-14T00:00:00Z");
        let customer = app.customer("Jane Doe");
        on_the_first(app);
        let id = text(&subscribe(app, request(&customer, "F1", json!({})), "id")["id"]);
        bill_until(app, "2025-06-01T00:00:00Z");
        assert_eq!(billed(app, &id), [
            "2025-04-14..2025-05-01 170.00", "2025-05-01..2025-06-01 300.00", "2025-06-01..2025-07-01 300.00",
        ]);
    }

    /// `billwerk.md` §11.2: without a bill for the part.
    b2_the_first_whole_month_comes_first(app) {
        let schedule = json!({"type": "MONTH_FIXEDDAY", "fixedDay": 1});
        let of_plan = json!({"code": "N", "schedule": schedule, "amount": "300", "partialPeriodHandling": "NO_BILL"});
        let id = begin(app, "2025-04-14T00:00:00Z", of_plan, json!({}));
        assert_eq!(billed(app, &id), Vec::<String>::new());
        bill_until(app, "2025-05-01T00:00:00Z");
        assert_eq!(billed(app, &id), ["2025-05-01..2025-06-01 300.00"]);
    }

    /// `billwerk.md` §11.5.
    b5_quarters(app) {
        let schedule = json!({"type": "MONTH_FIXEDDAY", "fixedDay": 1, "interval": 3, "baseMonth": 1});
        let id = begin(app, "2025-02-20T00:00:00Z", json!({"code": "Q", "schedule": schedule, "amount": "299"}), json!({}));
        bill_until(app, "2025-10-01T00:00:00Z");
        assert_eq!(billed(app, &id), [
            "2025-02-20..2025-04-01 132.89", "2025-04-01..2025-07-01 299.00", "2025-07-01..2025-10-01 299.00",
            "2025-10-01..2026-01-01 299.00",
        ]);
    }

    /// `billwerk.md` §11.6.
    b6_the_last_day_of_each_month(app) {
        let of_plan = json!({"code": "L", "schedule": {"type": "MONTH_LASTDAY"}, "amount": "200"});
        let id = begin(app, "2025-01-15T00:00:00Z", of_plan, json!({}));
        bill_until(app, "2025-03-31T00:00:00Z");
        assert_eq!(billed(app, &id), [
            "2025-01-15..2025-01-31 103.23", "2025-01-31..2025-02-28 200.00", "2025-02-28..2025-03-31 200.00",
            "2025-03-31..2025-04-30 200.00",
        ]);
    }

    /// `billwerk.md` §11.7.
    b7_mondays(app) {
        let of_plan = json!({"code": "W", "schedule": {"type": "WEEKLY_FIXEDDAY", "fixedDay": 1}, "amount": "70"});
        let id = begin(app, "2025-07-09T00:00:00Z", of_plan, json!({}));
        bill_until(app, "2025-07-21T00:00:00Z");
        assert_eq!(billed(app, &id), [
            "2025-07-09..2025-07-14 50.00", "2025-07-14..2025-07-21 70.00", "2025-07-21..2025-07-28 70.00",
        ]);
    }

    /// `billwerk.md` §11.15, of a renewal.
    b15_the_tax_is_rounded_once(app) {
        let prices: Vec<Value> = ["A", "B", "C"].iter().map(|name| json!({"name": name, "amount": "3.33"})).collect();
        let of_plan = json!({
            "code": "T", "schedule": {"type": "MONTH_STARTDATE"}, "prices": prices, "taxRate": "0.25", "amountIncludesTax": true,
        });
        let id = begin(app, "2025-01-10T00:00:00Z", of_plan, json!({}));
        bill_until(app, "2025-02-10T00:00:00Z");
        let totals = "totals { total { amount } taxTotal { amount } netTotal { amount } }";
        let found = app.data(&format!("{{ subscription(id: {id:?}) {{ invoices {{ nodes {{ {totals} }} }} }} }}"));
        let each = json!({"total": {"amount": "9.99"}, "taxTotal": {"amount": "2.00"}, "netTotal": {"amount": "7.99"}});
        let nodes = found["subscription"]["invoices"]["nodes"].as_array().unwrap();
        assert_eq!(nodes.iter().map(|node| &node["totals"]).collect::<Vec<_>>(), [&each, &each]);
    }

    /// `billwerk.md` §11.23, of the period that begins with the subscription.
    b23_a_period_that_is_declined_for_good(app) {
        let dunning = json!({"schedule": [3, 7, 7], "finalAction": "PAUSE", "noGraceOnHardDecline": true});
        app.mutate("updateTenantSettings", json!({"dunning": dunning}), "__typename");
        app.set_clock("2025-04-01T00:00:00Z");
        let customer = app.customer("Jane Doe");
        app.payment_method(&customer, "LOST_OR_STOLEN");
        monthly(app);
        let changes = json!({"startDate": "2025-05-01T00:00:00Z", "paymentBehavior": "DEFAULT_ACTIVE"});
        let id = text(&subscribe(app, request(&customer, "M30", changes), "id")["id"]);
        let before = app.told().len();
        for day in 1..=20 {
            bill_until(app, &format!("2025-05-{day:02}T00:00:00Z"));
            app.collect();
        }
        let told: Vec<String> = app.told().into_iter().skip(before).collect();
        let of = |kind: &str| told.iter().filter(|line| line.starts_with(kind)).cloned().collect::<Vec<_>>();
        assert_eq!(of("invoice.dunning_notice"), ["invoice.dunning_notice 05-01", "invoice.dunning_notice 05-04", "invoice.dunning_notice 05-11"], "{told:#?}");
        assert_eq!(of("invoice.failed"), ["invoice.failed 05-18"]);
        assert_eq!(of("subscription.paused"), ["subscription.paused 05-18"]);
        assert_eq!(invoices(app, &id)[0], "SUBSCRIPTION_CREATE 2025-05-01..2025-06-01 300.00 FAILED");
        assert_eq!(bill_until(app, "2025-08-01T00:00:00Z").moments, 0, "it is paused");
    }
}
