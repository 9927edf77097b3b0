//! A year by one advance of the clock, and by twelve.

use super::{advance, sandbox};
use crate::api::subscription::{monthly, request, subscribe};
use crate::support::consistency::assert_consistent;
use crate::support::{Backend, TestApp, each_database, mutation};
use serde_json::json;

/// A trial, a subscription with a good card, one with a card that declines, and one that pays by hand.
fn begin(app: &TestApp) {
    advance(app, "2025-01-31T12:00:00Z");
    let dunning = json!({"schedule": [3, 7, 7], "finalAction": "PAUSE"});
    app.mutate("updateTenantSettings", json!({"dunning": dunning}), "__typename");
    monthly(app);
    for (name, card, changes) in [
        ("good", Some("SUCCEEDS"), json!({})),
        ("trial", Some("SUCCEEDS"), json!({"trialDays": 20})),
        ("bad", Some("INSUFFICIENT_FUNDS"), json!({"trialDays": 40, "paymentBehavior": "DEFAULT_ACTIVE"})),
        ("hand", None, json!({"collectionMethod": "SEND_INVOICE", "paymentTerms": "NET_30"})),
    ] {
        let customer = app.customer(name);
        if let Some(card) = card {
            app.payment_method(&customer, card);
        }
        let mut input = request(&customer, "M30", changes);
        input["handle"] = json!(name);
        subscribe(app, input, "id");
    }
}

/// What happened, in its order: events, then invoices.
fn story(app: &TestApp) -> Vec<String> {
    let day = |column: &str| format!("substr(replace(CAST({column} AS TEXT), ' ', 'T'), 1, 16)");
    let events = app.database.texts(&format!(
        "SELECT event_type || ' ' || {} AS line FROM events WHERE event_type <> 'tenant.clock_advanced' ORDER BY id",
        day("created_at")
    ));
    let invoices = app.database.texts(&format!(
        "SELECT i.number || ' ' || s.handle || ' ' || i.reason || ' ' || i.status || ' ' || CAST(i.total AS TEXT) || ' '
             || {} || ' ' || {} || ' ' || CAST(i.issue_date AS TEXT) || ' ' || CAST(i.due_date AS TEXT) || ' '
             || coalesce({}, '-') AS line
         FROM invoices i JOIN subscriptions s ON (s.tenant_id, s.id) = (i.tenant_id, i.subscription_id) ORDER BY i.number",
        day("i.period_start"),
        day("i.created_at"),
        day("i.paid_at"),
    ));
    [events, invoices].concat()
}

fn a_year_at_once_is_twelve_months(app: &TestApp) {
    begin(app);
    advance(app, "2026-01-31T12:00:00Z");
    let monthly = sandbox(app.database.backend);
    begin(&monthly);
    for month in 2..=12 {
        advance(&monthly, &format!("2025-{month:02}-20T07:00:00Z"));
    }
    advance(&monthly, "2026-01-31T12:00:00Z");
    let at_once = story(app);
    assert_eq!(at_once, story(&monthly));
    for expected in [
        // The first day after 31 January and 20 days begins; then the end of February and so on.
        " trial SUBSCRIPTION_TRIAL_END PAID 30000 2025-02-20T00:00 2025-02-20T00:00 2025-02-20 2025-02-20 2025-02-20T00:00",
        " good SUBSCRIPTION_CYCLE PAID 30000 2025-02-28T12:00 2025-02-28T12:00 2025-02-28 2025-02-28 2025-02-28T12:00",
        " good SUBSCRIPTION_CYCLE PAID 30000 2026-01-31T12:00 2026-01-31T12:00 2026-01-31 2026-01-31 2026-01-31T12:00",
        " bad SUBSCRIPTION_TRIAL_END FAILED 30000 2025-03-12T00:00 2025-03-12T00:00 2025-03-12 2025-03-12 -",
    ] {
        assert!(at_once.iter().any(|line| line.ends_with(expected)), "{expected}\n{at_once:#?}");
    }
    assert_consistent(app);
    assert_consistent(&monthly);
}
each_database!(a_year_at_once_is_twelve_months, crate::billing::sandbox);

/// An invoice that cannot be collected stays due: the advance ends all the same, and goes on once that is mended.
fn what_stays_due_does_not_keep_the_clock_for_ever(app: &TestApp) {
    begin(app);
    let (broken, mended) = match app.database.backend {
        Backend::Sqlite => (
            "CREATE TRIGGER broken BEFORE INSERT ON payment_attempts BEGIN SELECT RAISE(ABORT, 'broken'); END",
            "DROP TRIGGER broken",
        ),
        Backend::Postgres => (
            "ALTER TABLE payment_attempts ADD CONSTRAINT broken CHECK (false) NOT VALID",
            "ALTER TABLE payment_attempts DROP CONSTRAINT broken",
        ),
    };
    app.app.db.execute_batch(broken).unwrap();
    let (document, variables) = mutation("advanceClock", json!({"to": "2025-03-01T00:00:00Z"}), "tenant { now }");
    let answer = app.send(&document, variables);
    assert_eq!(answer["data"], serde_json::Value::Null, "{answer:#}");
    let now = app.data("{ tenant { now } }");
    assert_eq!(now["tenant"]["now"], "2025-02-20T00:00:00Z", "it stands where something stays due");
    app.app.db.execute_batch(mended).unwrap();
    advance(app, "2025-03-01T00:00:00Z");
    assert_consistent(app);
}
each_database!(what_stays_due_does_not_keep_the_clock_for_ever, crate::billing::sandbox);
