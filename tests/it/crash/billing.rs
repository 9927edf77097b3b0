//! `kill -9` of the billing run, again and again, and two of them at once.

use super::random;
use crate::support::builders::{text, to_m30};
use crate::support::database::TestDatabase;
use crate::support::program::{command, print};
use crate::support::{Backend, TestApp, each_database};
use serde_json::json;
use std::collections::BTreeMap;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

const KILLS: usize = 20;
const SUBSCRIPTIONS: usize = 150;
/// Until then each subscription has missed some periods.
const UNTIL: &str = "2025-06-15T00:00:00Z";

/// A portfolio in which much is due: plans, rentals, a group, and children whose parent gets one invoice.
fn portfolio(backend: Backend) -> TestApp {
    let app = TestApp::new(backend);
    app.plan("M30", "300.00");
    app.product("LAP", "129.00");
    let parent = app.customer("Parent");
    let child = json!({"name": "Child", "parentCustomerId": parent});
    let child = text(&app.mutate("createCustomer", child, "customer { id }")["customer"]["id"]);
    let renter = app.customer("Renter");
    let group = app.billing_group(&renter, 15);
    for place in 0..SUBSCRIPTIONS {
        let to_parent = json!({"invoiceBilling": "INVOICE_TO_PARENT", "collectionMethod": "SEND_INVOICE"});
        match place % 5 {
            0 => {
                let serial = format!("L{place}");
                app.asset("LAP", &serial);
                let order = app.order(&renter, &[("LAP", 1, 12)]);
                let mut scan = json!({"orderId": order, "customerId": renter, "assetSerialNumber": serial});
                if place % 2 == 0 {
                    scan["billingGroupId"] = json!(group);
                }
                app.mutate("fulfilOrderItem", scan, "__typename");
            }
            1 => drop(app.mutate("createSubscription", to_m30(&json!({"id": child}), to_parent), "__typename")),
            _ => drop(app.mutate("createSubscription", to_m30(&json!({"id": renter}), json!({})), "__typename")),
        }
    }
    app
}

/// Starts to bill what fell due.
fn start(app: &TestApp) -> Child {
    let tenant = app.tenant.to_string();
    let mut bill = command(&["bill", "--until", UNTIL, "--tenant", &tenant]);
    bill.env("DATABASE_URL", &app.database.url).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// The lines of each invoice with its totals, each invoice as one text, without what differs from run to run: identifiers
/// and numbers, and when they were made.
fn invoices(database: &TestDatabase) -> Vec<String> {
    let lines = database.texts(
        "SELECT CAST(i.number AS TEXT) || '|' || i.reason || ' ' || coalesce(CAST(i.period_start AS TEXT), '-') || ' '
             || coalesce(CAST(i.period_end AS TEXT), '-') || ' ' || CAST(i.total AS TEXT) || ' ' || c.name || '|' || l.kind
             || ' ' || l.description || ' ' || CAST(l.amount AS TEXT) || ' ' || coalesce(CAST(l.period_start AS TEXT), '-')
             || ' ' || coalesce(CAST(l.period_end AS TEXT), '-') AS line
         FROM invoices i JOIN invoice_lines l ON (l.tenant_id, l.invoice_id) = (i.tenant_id, i.id)
         JOIN customers c ON (c.tenant_id, c.id) = (i.tenant_id, i.customer_id)",
    );
    let mut invoices: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for line in &lines {
        let (number, rest) = line.split_once('|').unwrap();
        invoices.entry(number).or_default().push(rest);
    }
    let mut texts: Vec<String> = invoices
        .into_values()
        .map(|mut lines| {
            lines.sort_unstable();
            lines.join("\n")
        })
        .collect();
    texts.sort();
    texts
}

/// How many subscriptions are still due.
fn due(database: &TestDatabase) -> i64 {
    database.number(&format!("SELECT count(*) FROM subscriptions WHERE due_at <= '{}'", stored(database)))
}

fn stored(database: &TestDatabase) -> String {
    match database.backend {
        Backend::Sqlite => UNTIL.replace('Z', ".000000Z"),
        Backend::Postgres => UNTIL.to_owned(),
    }
}

/// The same portfolio, billed in one go; and how long that takes.
fn billed_at_once(backend: Backend) -> (Vec<String>, Duration) {
    let app = portfolio(backend);
    let begun = Instant::now();
    print(&app.database.url, &["bill", "--until", UNTIL, "--tenant", &app.tenant.to_string()]);
    let takes = begun.elapsed();
    assert_eq!(due(&app.database), 0);
    app.database.assert_consistent();
    (invoices(&app.database), takes)
}

fn killed_again_and_again(app: &TestApp) {
    let (expected, takes) = billed_at_once(app.database.backend);
    assert!(expected.len() > SUBSCRIPTIONS, "{}", expected.len());
    let mut seed = 0xB111;
    let mut unfinished = 0;
    for round in 0..KILLS {
        let mut bill = start(app);
        let begun = Instant::now();
        // Most die early: whoever comes to the end leaves nothing for those who come later.
        let most = if round % 5 == 4 { takes } else { takes / 3 };
        let wait = most.mul_f64(f64::from(u32::try_from(random(&mut seed) % 1_000).unwrap()) / 1_000.0);
        while begun.elapsed() < wait {
            std::thread::yield_now();
        }
        bill.kill().unwrap();
        bill.wait().unwrap();
        app.database.assert_consistent();
        unfinished += usize::from(due(&app.database) > 0);
        let so_far = invoices(&app.database);
        assert!(so_far.iter().all(|invoice| expected.contains(invoice)), "half an invoice");
    }
    assert!(unfinished > 0, "everything was billed before the first kill");
    // Two at once bring it to its end.
    let both = [start(app), start(app)];
    for mut bill in both {
        assert!(bill.wait().unwrap().success());
    }
    assert!(start(app).wait().unwrap().success());
    assert_eq!(due(&app.database), 0);
    assert_eq!(invoices(&app.database), expected);
    app.database.assert_consistent();
}
each_database!(killed_again_and_again, super::portfolio);

fn two_at_once(app: &TestApp) {
    let (expected, _) = billed_at_once(app.database.backend);
    for mut bill in [start(app), start(app)] {
        assert!(bill.wait().unwrap().success());
    }
    assert_eq!(due(&app.database), 0);
    assert_eq!(invoices(&app.database), expected);
    app.database.assert_consistent();
}
each_database!(two_at_once, super::portfolio);
