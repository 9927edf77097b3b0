//! Trials in all their spellings (`billwerk.md` §4.2, `flexprice.md` §1.4, `decisions.md` 22).

use super::{monthly, plan, preview, request, subscribe};
use crate::support::{TestApp, both};
use serde_json::{Value, json};

/// M30 with a trial of its own.
fn tried(app: &TestApp, code: &str, days: i32, fixed: bool) {
    plan(
        app,
        json!({
            "code": code, "schedule": {"type": "MONTH_STARTDATE"}, "amount": "300", "fixedTrialDays": fixed,
            "trial": {"length": days, "unit": "DAYS"},
        }),
    );
}

fn trial(app: &TestApp, input: Value) -> Value {
    subscribe(app, input, "trialStart trialEnd")
}

both! {
    a_trial_comes_before_the_first_invoice(app) {
        let customer = app.customer("Jane Doe");
        tried(app, "T7", 7, false);
        let selection = "subscription {
            status startDate trialStart trialEnd billingAnchor currentPeriodStart currentPeriodEnd nextBillingDate
            terms { billedFrom } upcomingPeriods { start end } items { startDate }
        } invoice { id }";
        let mut made = app.mutate("createSubscription", request(&customer, "T7", json!({})), selection);
        let upcoming = made["subscription"]["upcomingPeriods"].take();
        assert_eq!(upcoming[0], json!({"start": "2025-02-07T12:00:00Z", "end": "2025-03-07T12:00:00Z"}));
        assert_eq!(made, json!({
            "subscription": {
                "status": "TRIALING", "startDate": "2025-01-31T12:00:00Z", "trialStart": "2025-01-31T12:00:00Z",
                "trialEnd": "2025-02-07T12:00:00Z", "billingAnchor": "2025-02-07T12:00:00Z",
                "currentPeriodStart": "2025-01-31T12:00:00Z", "currentPeriodEnd": "2025-02-07T12:00:00Z",
                "nextBillingDate": "2025-02-07", "terms": {"billedFrom": "2025-02-07T12:00:00Z"},
                "upcomingPeriods": null, "items": [{"startDate": "2025-01-31T12:00:00Z"}],
            },
            "invoice": null, "userErrors": [],
        }));
    }

    a_trial_is_said_in_days_or_in_dates_or_by_the_plan(app) {
        let customer = app.customer("Jane Doe");
        monthly(app);
        tried(app, "T7", 7, false);
        let (start, none) = ("2025-01-31T12:00:00Z", json!({"trialStart": null, "trialEnd": null}));
        let until = |end: &str| json!({"trialStart": start, "trialEnd": end});
        for (code, changes, expected) in [
            ("M30", json!({}), none.clone()),
            ("M30", json!({"trialDays": 0}), none.clone()),
            ("M30", json!({"trialDays": 14}), until("2025-02-14T00:00:00Z")),
            ("M30", json!({"noTrial": true}), none.clone()),
            ("M30", json!({"noTrial": false, "trialDays": 1}), until("2025-02-01T00:00:00Z")),
            ("T7", json!({}), until("2025-02-07T12:00:00Z")),
            ("T7", json!({"trialDays": 1}), until("2025-02-01T12:00:00Z")),
            ("T7", json!({"trialDays": 0}), none.clone()),
            ("T7", json!({"noTrial": true}), none.clone()),
            ("T7", json!({"noTrial": true, "trialDays": 0}), none.clone()),
            ("T7", json!({"noTrial": false}), until("2025-02-07T12:00:00Z")),
            ("T7", json!({"trialStart": start, "trialEnd": "2025-02-03T04:05:06Z"}), until("2025-02-03T04:05:06Z")),
            (
                "T7", json!({"trialStart": start, "trialEnd": "2025-02-03T04:05:06Z", "trialDays": 0}),
                until("2025-02-03T04:05:06Z"),
            ),
            (
                "M30", json!({"trialStart": "2025-01-20T00:00:00Z", "trialEnd": "2025-02-03T00:00:00Z"}),
                json!({"trialStart": "2025-01-20T00:00:00Z", "trialEnd": "2025-02-03T00:00:00Z"}),
            ),
        ] {
            let found = trial(app, request(&customer, code, changes.clone()));
            assert_eq!(found, expected, "{code} {changes}");
            let previewed = preview(app, request(&customer, code, changes.clone()), "trialStart trialEnd");
            assert_eq!(previewed, expected, "{code} {changes}");
        }
    }

    /// `billwerk.md` §11.4: to the start of a day, or to the minute; the months go on from the first.
    a_trial_ends_at_the_start_of_a_day_or_at_the_same_time_of_day(app) {
        let customer = app.customer("Jane Doe");
        let first = json!({"type": "MONTH_FIXEDDAY", "fixedDay": 1});
        let week = json!({"length": 7, "unit": "DAYS"});
        plan(app, json!({"code": "DAY", "schedule": first, "amount": "100", "trial": week}));
        plan(app, json!({
            "code": "MINUTE", "schedule": first, "amount": "100", "trial": week, "prorationUnit": "SECOND",
            "fixedTrialDays": false,
        }));
        for (code, end, total) in [("DAY", "2025-04-21T00:00:00Z", "33.33"), ("MINUTE", "2025-04-21T15:30:00Z", "31.18")] {
            app.set_clock("2025-04-14T15:30:00Z");
            let input = request(&customer, code, json!({"startDate": "2025-04-14T15:30:00Z"}));
            let during = preview(app, input.clone(), "status trialEnd periods { start end } invoices { reason } billingDates");
            assert_eq!((&during["status"], &during["trialEnd"]), (&json!("TRIALING"), &json!(end)));
            assert_eq!(during["periods"][0], json!({"start": end, "end": "2025-05-01T00:00:00Z"}));
            assert_eq!((&during["invoices"], &during["billingDates"][0]), (&json!([]), &json!("2025-04-21")));
            app.set_clock(end);
            let after = app.mutate("createSubscription", input, "subscription {
                status trialEnd currentPeriodStart } invoice { period { start end } totals { total { amount } } }");
            assert_eq!(after, json!({
                "subscription": {"status": "ACTIVE", "trialEnd": end, "currentPeriodStart": end},
                "invoice": {
                    "period": {"start": end, "end": "2025-05-01T00:00:00Z"}, "totals": {"total": {"amount": total}},
                },
                "userErrors": [],
            }), "the trial of a start in the past is over");
        }
    }

    /// A trial in months keeps the day, and a day is one of the subscription's zone.
    a_trial_can_last_months(app) {
        let customer = app.customer("Jane Doe");
        for (code, fixed) in [("MONTH", false), ("FIXED", true)] {
            plan(app, json!({
                "code": code, "schedule": {"type": "MONTH_STARTDATE"}, "amount": "300", "fixedTrialDays": fixed,
                "trial": {"length": 1, "unit": "MONTHS"},
            }));
        }
        let zoned = json!({"timezone": "Asia/Kolkata"});
        for (code, changes, end) in [
            ("MONTH", json!({}), "2025-02-28T12:00:00Z"), ("FIXED", json!({}), "2025-02-28T00:00:00Z"),
            ("MONTH", zoned.clone(), "2025-02-28T12:00:00Z"), ("FIXED", zoned, "2025-02-27T18:30:00Z"),
        ] {
            assert_eq!(trial(app, request(&customer, code, changes))["trialEnd"], end, "{code}");
        }
    }

    a_trial_is_running_before_a_start_in_the_future_too(app) {
        let customer = app.customer("Jane Doe");
        tried(app, "T7", 7, false);
        let input = request(&customer, "T7", json!({"startDate": "2025-03-01T00:00:00Z"}));
        let made = subscribe(app, input, "status trialStart trialEnd currentPeriodStart currentPeriodEnd nextBillingDate");
        assert_eq!(made, json!({
            "status": "TRIALING", "trialStart": "2025-03-01T00:00:00Z", "trialEnd": "2025-03-08T00:00:00Z",
            "currentPeriodStart": "2025-03-01T00:00:00Z", "currentPeriodEnd": "2025-03-08T00:00:00Z",
            "nextBillingDate": "2025-03-08",
        }));
    }

    /// An end during the trial ends the subscription with it: nothing is ever billed.
    an_end_during_the_trial_is_the_end_of_the_trial(app) {
        let customer = app.customer("Jane Doe");
        tried(app, "T7", 7, false);
        let schedule = json!({"type": "PERIOD", "billingPeriod": "MONTH"});
        plan(app, json!({"code": "P7", "schedule": schedule, "amount": "300", "trial": {"length": 7, "unit": "DAYS"}}));
        for code in ["T7", "P7"] {
            let input = request(&customer, code, json!({"endDate": "2025-02-03T00:00:00Z"}));
            let made = subscribe(app, input, "status endDate trialEnd nextBillingDate upcomingPeriods { start }");
            assert_eq!(made, json!({
                "status": "TRIALING", "endDate": "2025-02-07T12:00:00Z", "trialEnd": "2025-02-07T12:00:00Z",
                "nextBillingDate": null, "upcomingPeriods": [],
            }), "{code}");
        }
    }

    /// `flexprice.md` V17, and `decisions.md` 22: a calendar keeps its own boundaries after a trial.
    after_a_trial_the_calendar_goes_on(app) {
        let customer = app.customer("Jane Doe");
        plan(app, json!({
            "code": "C", "schedule": {"type": "PERIOD", "billingPeriod": "MONTH", "billingCycle": "CALENDAR"}, "amount": "310",
        }));
        app.set_clock("2026-01-01T00:00:00Z");
        let dates = json!({"trialStart": "2026-01-01T00:00:00Z", "trialEnd": "2026-01-14T00:00:00Z"});
        for (changes, end) in [(json!({}), "2026-02-01T00:00:00Z"), (json!({"billingCycle": "ANNIVERSARY"}), "2026-02-14T00:00:00Z")] {
            let input = request(&customer, "C", super::with(changes, dates.clone()));
            let found = preview(app, input, "periods { start end }");
            assert_eq!(found["periods"][0], json!({"start": "2026-01-14T00:00:00Z", "end": end}));
        }
    }

    /// A trial that lies before the subscription is a trial that is over.
    a_trial_that_ends_with_the_start_is_over(app) {
        let customer = app.customer("Jane Doe");
        monthly(app);
        let dates = json!({"trialStart": "2025-01-17T00:00:00Z", "trialEnd": "2025-01-31T12:00:00Z"});
        let made = app.mutate("createSubscription", request(&customer, "M30", dates), "subscription {
            status trialStart trialEnd currentPeriodStart } invoice { totals { total { amount } } }");
        assert_eq!(made, json!({
            "subscription": {
                "status": "ACTIVE", "trialStart": "2025-01-17T00:00:00Z", "trialEnd": "2025-01-31T12:00:00Z",
                "currentPeriodStart": "2025-01-31T12:00:00Z",
            },
            "invoice": {"totals": {"total": {"amount": "300.00"}}}, "userErrors": [],
        }));
    }
}
