//! When a subscription runs, and in which rhythm it is billed.

use super::{bill, monthly, on_the_first, plan, preview, request, subscribe};
use crate::support::consistency::assert_consistent;
use crate::support::{TestApp, both};
use serde_json::{Value, json};

/// A plan over 310 a month with a schedule of Flexprice's kind.
fn cycle(app: &TestApp, cycle: &str) {
    let schedule = json!({"type": "PERIOD", "billingPeriod": "MONTH", "billingCycle": cycle});
    plan(app, json!({"code": cycle, "schedule": schedule, "amount": "310"}));
}

/// The billing periods that a preview shows: their starts, and the end of the last one.
fn boundaries(app: &TestApp, input: Value) -> Vec<Value> {
    let mut found = preview(app, input, "periods { start end }");
    let periods = found["periods"].as_array_mut().unwrap();
    assert!(periods.windows(2).all(|pair| pair[0]["end"] == pair[1]["start"]));
    let end = periods.last().map(|last| last["end"].clone());
    periods.iter_mut().map(|period| period["start"].take()).chain(end).collect()
}

both! {
    /// `billwerk.md` §11.8.
    a_start_lies_at_most_one_period_back(app) {
        let customer = app.customer("Jane Doe");
        monthly(app);
        plan(app, json!({"code": "Y", "schedule": {"type": "MONTH_STARTDATE", "interval": 12}, "amount": "1"}));
        app.set_clock("2025-06-15T10:00:00Z");
        let selection = "subscription { status startDate currentPeriodStart currentPeriodEnd nextBillingDate }
            invoice { period { start end } issueDate totals { total { amount } } }";
        let made = app.mutate(
            "createSubscription",
            request(&customer, "M30", json!({"startDate": "2025-05-16T00:00:00Z"})),
            selection,
        );
        assert_eq!(made, json!({
            "subscription": {
                "status": "ACTIVE", "startDate": "2025-05-16T00:00:00Z", "currentPeriodStart": "2025-05-16T00:00:00Z",
                "currentPeriodEnd": "2025-06-16T00:00:00Z", "nextBillingDate": "2025-06-16",
            },
            "invoice": {
                "period": {"start": "2025-05-16T00:00:00Z", "end": "2025-06-16T00:00:00Z"}, "issueDate": "2025-06-15",
                "totals": {"total": {"amount": "300.00"}},
            },
            "userErrors": [],
        }), "the past period is invoiced at once");
        for (plan, start) in [("M30", "2025-05-15T10:00:00Z"), ("Y", "2024-07-01T00:00:00Z"), ("Y", "2024-06-15T10:00:00Z")] {
            subscribe(app, request(&customer, plan, json!({"startDate": start})), "id");
        }
        for (plan, start) in [("M30", "2025-05-14T00:00:00Z"), ("M30", "2025-05-15T09:59:59Z"), ("Y", "2024-06-15T09:00:00Z")] {
            let input = request(&customer, plan, json!({"startDate": start}));
            super::refused_with(app, &input, 37, "START_DATE_TOO_EARLY input.startDate");
        }
    }

    what_starts_later_is_billed_later(app) {
        let customer = app.customer("Jane Doe");
        monthly(app);
        let input = request(&customer, "M30", json!({"startDate": "2025-03-31T09:30:00+02:00"}));
        let selection = "subscription { status startDate billingAnchor currentPeriodStart currentPeriodEnd nextBillingDate
            upcomingPeriods { start } } invoice { id }";
        let mut made = app.mutate("createSubscription", input, selection);
        let upcoming = made["subscription"]["upcomingPeriods"].take();
        assert_eq!(upcoming[0]["start"], "2025-04-30T07:30:00Z");
        assert_eq!(made, json!({
            "subscription": {
                "status": "ACTIVE", "startDate": "2025-03-31T07:30:00Z", "billingAnchor": "2025-03-31T07:30:00Z",
                "currentPeriodStart": "2025-03-31T07:30:00Z", "currentPeriodEnd": "2025-04-30T07:30:00Z",
                "nextBillingDate": "2025-03-31", "upcomingPeriods": null,
            },
            "invoice": null, "userErrors": [],
        }));
    }

    /// `billwerk.md` §11.9: a schedule of months runs to the end of its period; `flexprice.md` V13: a billing period is cut.
    an_end_cuts_a_billing_period_and_lets_a_scheduled_one_run_out(app) {
        let customer = app.customer("Jane Doe");
        monthly(app);
        cycle(app, "ANNIVERSARY");
        app.set_clock("2025-01-10T00:00:00Z");
        let selection = "endDate terms { requestedEnd } upcomingPeriods { start end }";
        let made = |code, end| subscribe(app, request(&customer, code, json!({"endDate": end})), selection);
        assert_eq!(made("M30", "2025-03-20T00:00:00Z"), json!({
            "endDate": "2025-04-10T00:00:00Z", "terms": {"requestedEnd": "2025-03-20T00:00:00Z"},
            "upcomingPeriods": [
                {"start": "2025-02-10T00:00:00Z", "end": "2025-03-10T00:00:00Z"},
                {"start": "2025-03-10T00:00:00Z", "end": "2025-04-10T00:00:00Z"},
            ],
        }));
        assert_eq!(made("ANNIVERSARY", "2025-03-20T00:00:00Z"), json!({
            "endDate": "2025-03-20T00:00:00Z", "terms": {"requestedEnd": "2025-03-20T00:00:00Z"},
            "upcomingPeriods": [
                {"start": "2025-02-10T00:00:00Z", "end": "2025-03-10T00:00:00Z"},
                {"start": "2025-03-10T00:00:00Z", "end": "2025-03-20T00:00:00Z"},
            ],
        }));
        for code in ["M30", "ANNIVERSARY"] {
            let found = made(code, "2025-02-10T00:00:00Z");
            assert_eq!((&found["endDate"], &found["upcomingPeriods"]), (&json!("2025-02-10T00:00:00Z"), &json!([])));
        }
        let input = request(&customer, "M30", json!({"endDate": "2025-02-10T00:00:00Z"}));
        assert_eq!(preview(app, input, "billingDates")["billingDates"], json!([]), "nothing is billed again");
    }

    /// `billwerk.md` §3: a plan can end its subscriptions by itself, after some periods or after some time.
    a_plan_ends_a_subscription_with_a_period(app) {
        let customer = app.customer("Jane Doe");
        let months = json!({"type": "MONTH_STARTDATE"});
        let cycle = json!({"type": "PERIOD", "billingPeriod": "MONTH", "billingCycle": "ANNIVERSARY"});
        let days = |length| json!({"length": length, "unit": "DAYS"});
        for (code, schedule, limit) in [
            ("A", &months, json!({"fixedCount": 2})), ("B", &cycle, json!({"fixedCount": 2})),
            ("C", &months, json!({"fixedLifeTime": days(40)})), ("D", &cycle, json!({"fixedLifeTime": days(40)})),
            ("E", &months, json!({"fixedCount": 9, "fixedLifeTime": {"length": 2, "unit": "MONTHS"}})),
            ("F", &cycle, json!({"fixedCount": 9, "fixedLifeTime": {"length": 2, "unit": "MONTHS"}})),
        ] {
            plan(app, super::with(json!({"code": code, "schedule": schedule, "amount": "9"}), limit));
        }
        app.set_clock("2025-01-10T00:00:00Z");
        let selection = "endDate upcomingPeriods { end }";
        for code in ["A", "B", "C", "D", "E", "F"] {
            let made = subscribe(app, request(&customer, code, json!({})), selection);
            let expected = json!({"endDate": "2025-03-10T00:00:00Z", "upcomingPeriods": [{"end": "2025-03-10T00:00:00Z"}]});
            assert_eq!(made, expected, "{code}");
        }
        // An end that was asked for comes first where it is earlier.
        for (code, end) in [("C", "2025-02-10T00:00:00Z"), ("D", "2025-02-01T00:00:00Z")] {
            let input = request(&customer, code, json!({"endDate": "2025-02-01T00:00:00Z"}));
            assert_eq!(subscribe(app, input, selection), json!({"endDate": end, "upcomingPeriods": []}), "{code}");
        }
        for code in ["C", "D"] {
            let input = request(&customer, code, json!({"endDate": "2025-09-01T00:00:00Z"}));
            assert_eq!(subscribe(app, input, "endDate"), json!({"endDate": "2025-03-10T00:00:00Z"}), "{code}");
        }
    }

    another_rhythm_than_the_plans_can_be_asked_for(app) {
        let customer = app.customer("Jane Doe");
        on_the_first(app);
        cycle(app, "CALENDAR");
        plan(app, json!({"code": "MANUAL", "schedule": {"type": "MANUAL"}, "amount": "300"}));
        app.set_clock("2025-01-15T00:00:00Z");
        for (code, changes, first_three) in [
            ("F1", json!({}), ["2025-01-15", "2025-02-01", "2025-03-01"]),
            ("F1", json!({"billingPeriod": "MONTH"}), ["2025-01-15", "2025-02-15", "2025-03-15"]),
            ("F1", json!({"billingPeriod": "WEEK", "billingPeriodCount": 2}), ["2025-01-15", "2025-01-29", "2025-02-12"]),
            ("F1", json!({"billingPeriod": "QUARTER", "billingCycle": "CALENDAR"}), ["2025-01-15", "2025-04-01", "2025-07-01"]),
            ("MANUAL", json!({"billingPeriod": "YEAR"}), ["2025-01-15", "2026-01-15", "2027-01-15"]),
            ("CALENDAR", json!({}), ["2025-01-15", "2025-02-01", "2025-03-01"]),
            ("CALENDAR", json!({"billingPeriod": "HALF_YEAR"}), ["2025-01-15", "2025-07-01", "2026-01-01"]),
            ("CALENDAR", json!({"billingPeriodCount": 2}), ["2025-01-15", "2025-03-01", "2025-05-01"]),
            // `flexprice.md` V30: none is one.
            ("CALENDAR", json!({"billingPeriodCount": 0}), ["2025-01-15", "2025-02-01", "2025-03-01"]),
            ("CALENDAR", json!({"billingCycle": "ANNIVERSARY"}), ["2025-01-15", "2025-02-15", "2025-03-15"]),
            (
                "CALENDAR", json!({"billingCycle": "ANNIVERSARY", "billingAnchor": "2020-07-20T00:00:00Z"}),
                ["2025-01-15", "2025-01-20", "2025-02-20"],
            ),
        ] {
            let found = boundaries(app, request(&customer, code, changes.clone()));
            let expected = first_three.map(|day| format!("{day}T00:00:00Z"));
            assert_eq!(found[..3], expected, "{code} {changes}");
        }
        let input = request(&customer, "CALENDAR", json!({"billingPeriod": "QUARTER", "billingPeriodCount": 2}));
        let schedule = subscribe(app, input, "terms { schedule { type interval billingPeriod billingCycle } }");
        assert_eq!(schedule["terms"]["schedule"], json!({
            "type": "PERIOD", "interval": 2, "billingPeriod": "QUARTER", "billingCycle": "CALENDAR",
        }));
        let anchored = json!({"billingCycle": "ANNIVERSARY", "billingAnchor": "2020-07-20T00:00:00Z"});
        let made = subscribe(app, request(&customer, "CALENDAR", anchored), "billingAnchor currentPeriodEnd");
        assert_eq!(made, json!({"billingAnchor": "2020-07-20T00:00:00Z", "currentPeriodEnd": "2025-01-20T00:00:00Z"}));
    }

    /// `flexprice.md` V24, P1, P2, and `decisions.md` 13: the part before a boundary is billed in full unless it is to be
    /// prorated; renewals never are.
    the_part_before_a_calendar_boundary_is_prorated_where_that_is_asked_for(app) {
        let customer = app.customer("Jane Doe");
        cycle(app, "CALENDAR");
        on_the_first(app);
        for (now, code, changes, total) in [
            ("2025-01-15T00:00:00Z", "CALENDAR", json!({}), "310.00"),
            ("2025-01-15T00:00:00Z", "CALENDAR", json!({"prorationBehavior": "NONE"}), "310.00"),
            ("2025-01-15T00:00:00Z", "CALENDAR", json!({"prorationBehavior": "CREATE_PRORATIONS"}), "170.00"),
            ("2025-12-26T00:00:00Z", "CALENDAR", json!({"prorationBehavior": "CREATE_PRORATIONS"}), "60.00"),
            ("2025-01-01T00:00:00Z", "CALENDAR", json!({"prorationBehavior": "CREATE_PRORATIONS"}), "310.00"),
            ("2025-04-14T00:00:00Z", "F1", json!({"prorationBehavior": "NONE"}), "300.00"),
            ("2025-04-14T00:00:00Z", "F1", json!({"billingPeriod": "MONTH", "billingCycle": "CALENDAR"}), "300.00"),
        ] {
            app.set_clock(now);
            let input = request(&customer, code, changes.clone());
            assert_eq!(bill(app, input.clone()), [format!("PLAN {total}"), total.to_owned()], "{now} {code} {changes}");
            let made = subscribe(app, input, "terms { prorationBehavior partialPeriodHandling }");
            let asked = changes.get("prorationBehavior").unwrap_or(&Value::Null);
            assert_eq!(&made["terms"]["prorationBehavior"], asked);
            let prorated = asked == "CREATE_PRORATIONS";
            let handling = if prorated { "BILL_PRORATED" } else { "BILL_FULL" };
            assert_eq!(made["terms"]["partialPeriodHandling"], handling);
        }
    }

    /// `flexprice.md` §0: the cadence is that of prices that name none; in arrears, nothing is invoiced now.
    a_cadence_says_when_prices_are_billed_that_say_nothing(app) {
        let customer = app.customer("Jane Doe");
        plan(app, json!({"code": "MIX", "schedule": {"type": "MONTH_STARTDATE"}, "prices": [
            {"name": "Any", "amount": "1"}, {"name": "Before", "amount": "2", "cadence": "IN_ADVANCE"},
            {"name": "After", "amount": "4", "cadence": "IN_ARREARS"},
        ]}));
        monthly(app);
        for (changes, expected) in [
            (json!({}), vec!["PLAN 1.00", "PLAN 2.00", "3.00"]),
            (json!({"billingCadence": "IN_ADVANCE"}), vec!["PLAN 1.00", "PLAN 2.00", "3.00"]),
            (json!({"billingCadence": "IN_ARREARS"}), vec!["PLAN 2.00", "2.00"]),
        ] {
            assert_eq!(bill(app, request(&customer, "MIX", changes)), expected);
        }
        let input = request(&customer, "M30", json!({"billingCadence": "IN_ARREARS"}));
        let made = app.mutate("createSubscription", input.clone(), "subscription {
            status currentPeriodEnd nextBillingDate terms { billingCadence } } invoice { id }");
        assert_eq!(made, json!({
            "subscription": {
                "status": "ACTIVE", "currentPeriodEnd": "2025-02-28T12:00:00Z", "nextBillingDate": "2025-02-28",
                "terms": {"billingCadence": "IN_ARREARS"},
            },
            "invoice": null, "userErrors": [],
        }));
        assert_eq!(preview(app, input, "billingDates")["billingDates"][1], "2025-03-31");
    }

    /// `billwerk.md` §3.1: nothing is scheduled, invoices are made on demand only.
    a_manual_plan_has_no_periods(app) {
        let customer = app.customer("Jane Doe");
        plan(app, json!({"code": "MANUAL", "schedule": {"type": "MANUAL"}, "amount": "300"}));
        let cost = json!([{"handle": "c", "text": "Cable", "amount": "4.50"}]);
        let input = request(&customer, "MANUAL", json!({"additionalCosts": cost}));
        let selection = "subscription {
            status billingAnchor currentPeriodStart currentPeriodEnd nextBillingDate upcomingPeriods { start }
            additionalCosts { state invoice { id } }
        } invoice { id }";
        let made = app.mutate("createSubscription", input, selection);
        assert_eq!(made, json!({
            "subscription": {
                "status": "ACTIVE", "billingAnchor": null, "currentPeriodStart": null, "currentPeriodEnd": null,
                "nextBillingDate": null, "upcomingPeriods": [], "additionalCosts": [{"state": "PENDING", "invoice": null}],
            },
            "invoice": null, "userErrors": [],
        }));
        plan(app, json!({"code": "EMPTY", "schedule": {"type": "MANUAL"}}));
        let dollars = request(&customer, "EMPTY", json!({"currency": "USD"}));
        let made = subscribe(app, dollars, "status currency items { name }");
        assert_eq!(made, json!({"status": "ACTIVE", "currency": "USD", "items": []}), "it may have no prices at all");
        assert_consistent(app);
    }

    /// Nothing is billed again of what is billed once, in whatever year one looks.
    what_is_billed_once_has_no_next_billing_date(app) {
        let customer = app.customer("Jane Doe");
        plan(app, json!({
            "code": "ONCE", "schedule": {"type": "DAILY"}, "prices": [{"type": "ONE_TIME", "amount": "5"}],
        }));
        let input = request(&customer, "ONCE", json!({}));
        assert_eq!(bill(app, input.clone()), ["PLAN 5.00", "5.00"]);
        let made = subscribe(app, input.clone(), "nextBillingDate currentPeriodEnd");
        assert_eq!(made, json!({"nextBillingDate": null, "currentPeriodEnd": "2025-02-01T12:00:00Z"}));
        assert_eq!(preview(app, input, "billingDates")["billingDates"], json!([]));
    }
}
