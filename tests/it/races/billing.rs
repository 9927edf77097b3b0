//! The billing run, by several at once, while usage comes in, and over subscriptions that cannot be billed.

use crate::api::subscription::plan;
use crate::api::with;
use crate::support::builders::{text, to_m30};
use crate::support::consistency::assert_consistent;
use crate::support::together::{outcome, together};
use crate::support::{Backend, TestApp, both};
use perennial::app::billing::{self, Billed};
use perennial::domain::subscription::Subscription;
use perennial::domain::usage::UsageEvent;
use perennial::domain::{Id, Instant};
use perennial::repository::{Fault, Query, usage};
use serde_json::{Value, json};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// Bills what fell due until a moment, which is now.
fn bill(app: &TestApp, until: &str) -> Billed {
    app.set_clock(until);
    let until: Instant = until.parse().unwrap();
    billing::run(&app.app, app.tenant, until, &|_| {}).unwrap()
}

fn subscribe(app: &TestApp, customer: &str, handle: &str, changes: Value) -> String {
    let input = with(to_m30(&json!({"id": customer}), json!({"handle": handle})), changes);
    text(&app.mutate("createSubscription", input, "subscription { id }")["subscription"]["id"])
}

/// A plan over 10.00 a month and 0.05 for each call ("API").
fn calls(app: &TestApp) {
    app.feature("calls", "METERED");
    let meter =
        json!({"code": "calls", "name": "Calls", "featureCode": "calls", "aggregation": "SUM", "property": "count"});
    app.mutate("createMeter", meter, "meter { id }");
    plan(
        app,
        json!({"code": "API", "schedule": {"type": "MONTH_STARTDATE"}, "prices": [
            {"name": "Base", "amount": "10"},
            {"name": "Calls", "type": "USAGE", "billingModel": "PER_UNIT", "amount": "0.05", "featureCode": "calls"},
        ]}),
    );
}

fn used(app: &TestApp, subscription: &str, id: &str, at: &str, count: &Value) -> Value {
    let event = json!({
        "eventId": id, "meter": "calls", "subscriptionId": subscription, "occurredAt": at, "properties": {"count": count},
    });
    app.attempt("recordUsage", json!({"events": [event]}), "rows { status }")
}

/// What is set aside: code, attempts, and when it is tried again, by the handle of its subscription.
fn holds(app: &TestApp) -> Vec<String> {
    let found =
        app.data("{ billingHolds { nodes { code attempts retryAt subscription { handle billingHold { code } } } } }");
    let line = |hold: &Value| {
        assert_eq!(hold["subscription"]["billingHold"]["code"], hold["code"]);
        let of = |value: &Value| value.as_str().unwrap().to_owned();
        let (handle, retry_at) = (of(&hold["subscription"]["handle"]), of(&hold["retryAt"]));
        format!("{handle} {} {} {retry_at}", of(&hold["code"]), hold["attempts"])
    };
    let mut lines: Vec<String> = found["billingHolds"]["nodes"].as_array().unwrap().iter().map(line).collect();
    lines.sort();
    lines
}

/// How many invoices a subscription has.
fn invoices(app: &TestApp, handle: &str) -> i64 {
    app.database.number(&format!(
        "SELECT count(*) FROM invoices i JOIN subscriptions s ON (s.tenant_id, s.id) = (i.tenant_id, i.subscription_id)
         WHERE s.handle = '{handle}'"
    ))
}

/// One that is billed with others, and its next period, which somebody has noted as billed already.
const BILLED_ALREADY: &str = "INSERT INTO billed_periods
    (tenant_id, subscription_id, source_id, period_start, period_end, previous_end, invoice_id)
    SELECT b.tenant_id, b.subscription_id, b.source_id, b.period_end, s.later, b.period_end, b.invoice_id
    FROM billed_periods b JOIN (SELECT tenant_id, id, next_billing_at AS later FROM subscriptions WHERE handle = 'later') s
        ON s.tenant_id = b.tenant_id
    WHERE b.subscription_id = (SELECT id FROM subscriptions WHERE handle = 'broken')";
const TAKEN_BACK: &str = "DELETE FROM billed_periods WHERE previous_end IS NOT NULL
    AND subscription_id = (SELECT id FROM subscriptions WHERE handle = 'broken')";

both! {
    sixteen_runs_at_once_bill_each_period_once(app) {
        const COUNT: usize = 200;
        let customer = app.customer("Jane Doe");
        app.plan("M30", "300.00");
        for place in 0..COUNT {
            subscribe(app, &customer, &format!("s{place}"), json!({}));
        }
        // Three periods were missed.
        app.set_clock("2025-05-01T00:00:00Z");
        let until: Instant = "2025-05-01T00:00:00Z".parse().unwrap();
        let done = together(16, |_| billing::run(&app.app, app.tenant, until, &|_| {}).unwrap());
        let mut all = Billed::default();
        done.iter().for_each(|done| all += *done);
        assert_eq!(all, Billed { moments: 3 * COUNT, invoices: 3 * COUNT, held: 0 }, "{done:?}");
        let each = "SELECT CAST(count(*) AS TEXT) AS line FROM invoices GROUP BY subscription_id";
        assert_eq!(app.database.texts(each), vec!["4"; COUNT]);
        assert_consistent(app);
    }

    what_is_used_while_the_run_works_is_billed_or_refused(app) {
        calls(app);
        let parent = app.customer("Parent");
        let child = json!({"name": "Child", "parentCustomerId": parent});
        let child = text(&app.mutate("createCustomer", child, "customer { id }")["customer"]["id"]);
        let api = json!({"plan": {"code": "API"}, "collectionMethod": "SEND_INVOICE"});
        let to_parent = with(api.clone(), json!({"invoiceBilling": "INVOICE_TO_PARENT"}));
        let ids: Vec<String> = (0..20)
            .map(|place| {
                let changes = if place % 2 == 0 { &api } else { &to_parent };
                subscribe(app, &child, &format!("s{place}"), changes.clone())
            })
            .collect();
        let until = "2025-02-28T12:00:00Z";
        app.set_clock(until);
        let (taken, refused) = (Mutex::new(Vec::new()), AtomicU64::new(0));
        let moment: Instant = until.parse().unwrap();
        together(8, |thread| {
            if thread == 0 {
                // Somebody must have begun to record.
                while taken.lock().unwrap().len() < 5 {
                    std::thread::yield_now();
                }
                billing::run(&app.app, app.tenant, moment, &|_| {}).unwrap();
                return;
            }
            for round in 0..4 {
                for place in 0..ids.len() {
                    let of = (place * 7 + thread * 3 + round) % ids.len();
                    let id = format!("{thread}-{round}-{place}");
                    match outcome(&used(app, &ids[of], &id, "2025-02-28T11:59:59Z", &json!(1))) {
                        "DONE" => taken.lock().unwrap().push(of),
                        "USAGE_PERIOD_BILLED" => drop(refused.fetch_add(1, Ordering::Relaxed)),
                        other => panic!("{other}"),
                    }
                }
            }
        });
        let taken = taken.into_inner().unwrap();
        assert!(!taken.is_empty() && refused.into_inner() > 0, "the run came too early, or too late");
        for of in 0..ids.len() {
            let billed = app.database.number(&format!(
                "SELECT coalesce(sum(CAST(l.quantity AS DECIMAL)), 0) FROM invoice_lines l
                 JOIN subscriptions s ON (s.tenant_id, s.id) = (l.tenant_id, l.subscription_id)
                 WHERE l.kind = 'USAGE' AND s.handle = 's{of}'"
            ));
            let recorded = taken.iter().filter(|known| **known == of).count();
            assert_eq!(usize::try_from(billed).unwrap(), recorded, "s{of}");
        }
        assert_consistent(app);
    }

    /// The children of a customer are billed together: what is being recorded of one of them is waited for.
    what_is_recorded_as_the_children_are_billed_is_billed(app) {
        calls(app);
        let parent = app.customer("Parent");
        let child = json!({"name": "Child", "parentCustomerId": parent});
        let child = text(&app.mutate("createCustomer", child, "customer { id }")["customer"]["id"]);
        let to_parent = json!({
            "plan": {"code": "API"}, "collectionMethod": "SEND_INVOICE", "invoiceBilling": "INVOICE_TO_PARENT",
        });
        let id = subscribe(app, &child, "child", to_parent);
        app.set_clock("2025-02-28T12:00:00Z");
        let until: Instant = "2025-02-28T12:00:00Z".parse().unwrap();
        assert_eq!(outcome(&used(app, &id, "first", "2025-02-28T11:00:00Z", &json!(1))), "DONE");
        let run = || billing::run(&app.app, app.tenant, until, &|_| {}).unwrap();
        // SQLite has one writer at a time: there the run begins, and waits.
        let waits = || {
            let waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()";
            app.database.backend == Backend::Sqlite || app.database.number(waits) > 0
        };
        std::thread::scope(|scope| {
            let running = app.app.db.write(|tx| {
                let of: Id<Subscription> = id.parse().unwrap();
                assert_eq!(Query::by_id(app.tenant, of).order("id").keep(tx)?.len(), 1);
                let first = usage::by_event_id(app.tenant, "first").first(tx)?.unwrap();
                let second = UsageEvent { id: app.app.ambient.id(until), event_id: "second".to_owned(), ..first };
                usage::insert(tx, app.tenant, &[second])?;
                let running = scope.spawn(run);
                while !running.is_finished() && !waits() {
                    std::thread::yield_now();
                }
                Ok::<_, Fault>(running)
            });
            running.unwrap().join().unwrap();
        });
        run();
        let billed = "SELECT sum(CAST(quantity AS DECIMAL)) FROM invoice_lines WHERE kind = 'USAGE'";
        assert_eq!(app.database.number(billed), 2);
        assert_consistent(app);
    }

    what_cannot_be_billed_is_set_aside_and_tried_again(app) {
        calls(app);
        app.plan("M30", "300.00");
        let customer = app.customer("Jane Doe");
        let big = subscribe(app, &customer, "big", json!({"plan": {"code": "API"}}));
        subscribe(app, &customer, "good", json!({}));
        app.set_clock("2025-02-27T00:00:00Z");
        let most = json!(1_000_000_000_000_i64);
        assert_eq!(outcome(&used(app, &big, "vast", "2025-02-20T00:00:00Z", &most)), "DONE");
        assert_eq!(bill(app, "2025-02-28T12:00:00Z"), Billed { moments: 1, invoices: 1, held: 1 });
        assert_eq!(holds(app), ["big NOT_BILLABLE 1 2025-02-28T12:05:00Z"]);
        assert_eq!((invoices(app, "big"), invoices(app, "good")), (1, 2));
        assert_eq!(bill(app, "2025-02-28T12:04:59Z"), Billed::default(), "it is not its turn");
        assert_eq!(bill(app, "2025-02-28T12:05:00Z"), Billed { moments: 0, invoices: 0, held: 1 });
        assert_eq!(holds(app), ["big NOT_BILLABLE 2 2025-02-28T12:15:00Z"]);
        app.app.db.execute_batch("DELETE FROM usage_events").unwrap();
        assert_eq!(bill(app, "2025-02-28T12:15:00Z"), Billed { moments: 1, invoices: 1, held: 0 });
        assert_eq!(holds(app), Vec::<String>::new());
        assert_eq!(invoices(app, "big"), 2);
        assert_consistent(app);
    }

    what_lacks_its_terms_is_set_aside(app) {
        app.plan("M30", "300.00");
        let customer = app.customer("Jane Doe");
        subscribe(app, &customer, "broken", json!({}));
        subscribe(app, &customer, "good", json!({}));
        let broken = "DELETE FROM subscription_terms WHERE subscription_id =
            (SELECT id FROM subscriptions WHERE handle = 'broken')";
        app.app.db.execute_batch(broken).unwrap();
        assert_eq!(bill(app, "2025-02-28T12:00:00Z"), Billed { moments: 1, invoices: 1, held: 1 });
        assert_eq!(holds(app), ["broken INCONSISTENT 1 2025-02-28T12:05:00Z"]);
        assert_eq!((invoices(app, "broken"), invoices(app, "good")), (1, 2));
    }

    a_batch_that_fails_is_billed_one_by_one(app) {
        app.plan("M30", "300.00");
        let customer = app.customer("Jane Doe");
        for handle in ["broken", "good", "better"] {
            subscribe(app, &customer, handle, json!({}));
        }
        // Its first period ends when the second one of the others does.
        subscribe(app, &customer, "later", json!({"startDate": "2025-03-31T12:00:00Z"}));
        app.app.db.execute_batch(BILLED_ALREADY).unwrap();
        assert_eq!(bill(app, "2025-02-28T12:00:00Z"), Billed { moments: 2, invoices: 2, held: 1 });
        assert_eq!(holds(app), ["broken INTERNAL 1 2025-02-28T12:05:00Z"]);
        assert_eq!((invoices(app, "broken"), invoices(app, "good"), invoices(app, "better")), (1, 2, 2));
        app.app.db.execute_batch(TAKEN_BACK).unwrap();
        assert_eq!(bill(app, "2025-02-28T12:05:00Z"), Billed { moments: 1, invoices: 1, held: 0 });
        assert_eq!(holds(app), Vec::<String>::new());
        assert_consistent(app);
    }
}
