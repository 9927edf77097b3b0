//! Three years of many subscriptions of every kind, from one seed: whoever bills them, and however often, each period of
//! each is billed once.

mod proof;
mod world;

use super::{advance, sandbox};
use crate::support::builders::text;
use crate::support::consistency::assert_consistent;
use crate::support::together::together;
use crate::support::{Backend, START, TestApp, each_database};
use chrono::TimeDelta;
use perennial::app::{billing, collect};
use perennial::domain::subscription::{Subscription, SubscriptionStatus};
use perennial::domain::{Id, Instant};
use perennial::repository::subscription;
use proof::{assert_billed_once, assert_money_adds_up};
use serde_json::{Value, json};
use world::{World, written};

const WEEKS: i64 = 3 * 52;
/// How many weeks a step has.
const STEP: usize = 6;
const THREADS: usize = 4;
/// How many subscriptions there are.
const COUNT: usize = 100;

/// Something that was used.
#[derive(Debug)]
pub struct Used {
    of: Id<Subscription>,
    at: Instant,
    count: i64,
}

/// Records usage of some subscriptions, somewhere in their running periods.
fn record(app: &TestApp, world: &mut World, now: Instant, used: &mut Vec<Used>) {
    let all = app.app.db.read_once(|conn| subscription::all(app.tenant).order("id").load(conn)).unwrap();
    let mut events: Vec<Value> = Vec::new();
    for of in all.iter().filter(|of| of.plan_id.is_some() && of.status == SubscriptionStatus::Active) {
        let Some(start) = of.current_period_start.filter(|start| *start < now) else { continue };
        for _ in 0..world.random.below(3) {
            let seconds = usize::try_from((now - start).num_seconds() + 1).unwrap();
            let at = start + TimeDelta::seconds(i64::try_from(world.random.below(seconds)).unwrap());
            let count = i64::try_from(1 + world.random.below(30)).unwrap();
            let id = format!("e{}", used.len());
            events.push(json!({
                "eventId": id, "meter": "calls", "subscriptionId": of.id.to_string(), "occurredAt": written(at),
                "properties": {"count": count},
            }));
            used.push(Used { of: of.id, at, count });
        }
    }
    for chunk in events.chunks(500) {
        app.mutate("recordUsage", json!({"events": chunk}), "rows { status }");
    }
}

/// Several at once bill and collect what fell due.
fn bill_together(app: &TestApp, until: Instant) {
    together(THREADS, |_| {
        billing::run(&app.app, app.tenant, until, &|_| {}).unwrap();
        collect::collect_due(&app.app, app.tenant, until).unwrap();
    });
}

fn simulated(app: &TestApp) {
    let mut now: Instant = START.parse().unwrap();
    let end = now + TimeDelta::weeks(WEEKS);
    advance(app, &written(now));
    let mut world = World::new(app, 20_250_131);
    let mut used = Vec::new();
    let mut step = 0;
    while now < end {
        if step < 4 {
            world.subscribe(app, now, COUNT / 4);
        }
        if step == 9 {
            app.mutate("updateTenantSettings", json!({"monthToMonth": true}), "__typename");
        }
        if step == 16 {
            app.mutate("updateTenantSettings", json!({"dunning": {"finalAction": "PAUSE"}}), "__typename");
        }
        record(app, &mut world, now, &mut used);
        let hours = i64::try_from(1 + world.random.below(STEP * 2 * 7 * 24)).unwrap();
        now = end.min(now + TimeDelta::hours(hours));
        if step % 3 > 0 {
            bill_together(app, now);
        }
        advance(app, &written(now));
        step += 1;
    }
    assert_billed_once(app, now, &used);
    assert_money_adds_up(app);
    assert_consistent(app);
    let shown = app.data("{ invoices(first: 1) { nodes { number } } tenant { now } }");
    assert_eq!(text(&shown["tenant"]["now"]), written(end));
}
each_database!(simulated, crate::billing::sandbox);

/// Every row of the invoices and their lines, after some months in which the clock was advanced.
fn told(backend: Backend) -> Vec<String> {
    let app = sandbox(backend);
    let mut now: Instant = START.parse().unwrap();
    advance(&app, &written(now));
    let (mut world, mut used) = (World::new(&app, 7), Vec::new());
    for _ in 0..4 {
        world.subscribe(&app, now, 20);
        record(&app, &mut world, now, &mut used);
        now += TimeDelta::days(47);
        advance(&app, &written(now));
    }
    let mut dump = app.database.dump();
    let tables = ["invoices", "invoice_lines"].map(|table| dump.remove(table).unwrap());
    assert!(tables[0].len() > 100, "{}", tables[0].len());
    tables.concat()
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "a test on each database takes what it is made on by reference")]
fn the_same_again(backend: &Backend) {
    assert!(told(*backend) == told(*backend), "the invoices of two runs differ");
}
each_database!(the_same_again, std::convert::identity);
