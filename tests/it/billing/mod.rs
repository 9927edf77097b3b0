//! The billing run: what it bills, once, and what becomes of subscriptions.

mod clock;
mod previews;
mod renewals;
mod rentals;
mod simulation;
mod usage;
mod vectors;

use crate::support::{Backend, TestApp};
use perennial::app::billing::{self, Billed};
use perennial::domain::Instant;
use serde_json::{Value, json};

/// A program whose own tenant is one for trying out.
pub fn sandbox(backend: Backend) -> TestApp {
    let mut app = TestApp::new(backend);
    (app.tenant, app.key) = app.test_tenant();
    app
}

/// Advances the clock of the tenant, which is one for trying out.
pub fn advance(app: &TestApp, to: &str) {
    app.mutate("advanceClock", json!({"to": to}), "tenant { now }");
}

/// Moves the clock, and bills what fell due until then.
pub fn bill_until(app: &TestApp, now: &str) -> Billed {
    app.set_clock(now);
    let now: Instant = now.parse().unwrap();
    billing::run(&app.app, app.tenant, now, &|_| {}).unwrap()
}

/// The invoices of a subscription, oldest first: what each is for, its period, and its total.
pub fn invoices(app: &TestApp, subscription: &str) -> Vec<String> {
    let found = app.data(&format!(
        "{{ subscription(id: {subscription:?}) {{ invoices(first: 100, orderBy: [{{field: CREATED_AT, direction: ASC}}]) {{
            nodes {{ reason period {{ start end }} status totals {{ total {{ amount }} }} }} }} }} }}"
    ));
    let line = |invoice: &Value| {
        let text = |value: &Value| value.as_str().unwrap_or("-").chars().take(10).collect::<String>();
        format!(
            "{} {}..{} {} {}",
            invoice["reason"].as_str().unwrap(),
            text(&invoice["period"]["start"]),
            text(&invoice["period"]["end"]),
            invoice["totals"]["total"]["amount"].as_str().unwrap(),
            invoice["status"].as_str().unwrap(),
        )
    };
    found["subscription"]["invoices"]["nodes"].as_array().unwrap().iter().map(line).collect()
}

/// The lines of the newest invoice of a subscription: kind, description, amount, and their period.
pub fn newest_lines(app: &TestApp, subscription: &str) -> Vec<String> {
    let found = app.data(&format!(
        "{{ subscription(id: {subscription:?}) {{ invoices(first: 1, orderBy: [{{field: CREATED_AT, direction: DESC}}]) {{
            nodes {{ lines {{ kind description amount {{ amount }} period {{ start end }} }} }} }} }} }}"
    ));
    let line = |line: &Value| {
        let day = |value: &Value| value.as_str().unwrap_or("-").chars().take(10).collect::<String>();
        let text = |name: &str| line[name].as_str().unwrap().to_owned();
        let (start, end) = (day(&line["period"]["start"]), day(&line["period"]["end"]));
        format!(
            "{} {} {} {start}..{end}",
            text("kind"),
            text("description"),
            line["amount"]["amount"].as_str().unwrap()
        )
    };
    found["subscription"]["invoices"]["nodes"][0]["lines"].as_array().unwrap().iter().map(line).collect()
}
