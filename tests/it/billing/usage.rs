//! What was used, billed when its period is over.

use super::{bill_until, newest_lines};
use crate::api::subscription::{plan, request, subscribe};
use crate::support::builders::text;
use crate::support::consistency::assert_consistent;
use crate::support::{TestApp, both};
use serde_json::{Value, json};

/// A plan over 10.00 a month and 0.05 for each call, and a subscription to it from 10 January on.
fn calls(app: &TestApp, changes: Value) -> String {
    let customer = app.customer("Jane Doe");
    app.feature("calls", "METERED");
    app.mutate(
        "createMeter",
        json!({"code": "calls", "name": "Calls", "featureCode": "calls", "aggregation": "SUM", "property": "count"}),
        "meter { id }",
    );
    plan(
        app,
        json!({"code": "api", "schedule": {"type": "MONTH_STARTDATE", "interval": 1}, "prices": [
            {"name": "Base", "amount": "10"},
            {"name": "Calls", "type": "USAGE", "billingModel": "PER_UNIT", "amount": "0.05", "featureCode": "calls"},
        ]}),
    );
    app.set_clock("2025-01-10T00:00:00Z");
    text(&subscribe(app, request(&customer, "api", changes), "id")["id"])
}

fn used(app: &TestApp, subscription: &str, id: &str, at: &str, count: i64) -> Value {
    let event = json!({
        "eventId": id, "meter": "calls", "subscriptionId": subscription, "occurredAt": at, "properties": {"count": count},
    });
    app.attempt("recordUsage", json!({"events": [event]}), "rows { status }")
}

both! {
    what_was_used_is_billed_with_the_next_period(app) {
        let id = calls(app, json!({}));
        app.set_clock("2025-02-10T00:00:00Z");
        used(app, &id, "first", "2025-01-10T00:00:00Z", 100);
        used(app, &id, "last", "2025-02-09T23:59:59Z", 20);
        used(app, &id, "next", "2025-02-10T00:00:00Z", 7);
        let foreseen = |at: &str| {
            let query = format!("{{ previewInvoice(subscriptionId: {id:?}, at: {at:?}) {{ lines {{ kind }} }} }}");
            app.data(&query)["previewInvoice"]["lines"].clone()
        };
        assert_eq!(foreseen("2025-02-10T00:00:00Z"), json!([{"kind": "USAGE"}, {"kind": "PLAN"}]));
        assert_eq!(foreseen("2025-03-01T00:00:00Z"), json!([{"kind": "PLAN"}]), "it is used once");
        bill_until(app, "2025-02-10T00:00:00Z");
        assert_eq!(newest_lines(app, &id), [
            "USAGE Calls 6.00 2025-01-10..2025-02-10",
            "PLAN Base 10.00 2025-02-10..2025-03-10",
        ]);
        let late = used(app, &id, "late", "2025-02-09T00:00:00Z", 1);
        assert_eq!(late["userErrors"][0]["code"], "USAGE_PERIOD_BILLED");
        bill_until(app, "2025-03-10T00:00:00Z");
        assert_eq!(newest_lines(app, &id)[0], "USAGE Calls 0.35 2025-02-10..2025-03-10");
        assert_consistent(app);
    }

    /// `flexprice.md` V19: 600 × 0.05 under a commitment of 20 with a factor of 1.5 are 35.
    what_lies_beyond_a_commitment_costs_more(app) {
        let id = calls(app, json!({"commitmentAmount": "20", "overageFactor": "1.5"}));
        app.set_clock("2025-02-10T00:00:00Z");
        used(app, &id, "all", "2025-01-20T00:00:00Z", 600);
        bill_until(app, "2025-02-10T00:00:00Z");
        assert_eq!(newest_lines(app, &id), [
            "USAGE Calls 20.00 2025-01-10..2025-02-10",
            "OVERAGE Calls 15.00 2025-01-10..2025-02-10",
            "PLAN Base 10.00 2025-02-10..2025-03-10",
        ]);
    }

    /// Within a quarter: 15, 10, 0 of 60, and what is missing with its last month.
    a_commitment_counts_over_several_periods(app) {
        let changes = json!({"commitmentAmount": "60", "commitmentDuration": "QUARTER", "enableTrueUp": true});
        let id = calls(app, changes);
        app.set_clock("2025-04-10T00:00:00Z");
        used(app, &id, "january", "2025-01-20T00:00:00Z", 300);
        used(app, &id, "february", "2025-02-20T00:00:00Z", 200);
        bill_until(app, "2025-02-10T00:00:00Z");
        assert_eq!(newest_lines(app, &id)[0], "USAGE Calls 15.00 2025-01-10..2025-02-10");
        bill_until(app, "2025-03-10T00:00:00Z");
        assert_eq!(newest_lines(app, &id)[0], "USAGE Calls 10.00 2025-02-10..2025-03-10");
        bill_until(app, "2025-04-10T00:00:00Z");
        assert_eq!(newest_lines(app, &id), [
            "TRUE_UP Gold true-up 35.00 2025-01-10..2025-04-10",
            "PLAN Base 10.00 2025-04-10..2025-05-10",
        ]);
        assert_consistent(app);
    }

    usage_is_waited_for(app) {
        app.mutate("updateTenantSettings", json!({"usageGraceSeconds": 3600}), "__typename");
        let id = calls(app, json!({}));
        assert_eq!(bill_until(app, "2025-02-10T00:59:59Z").moments, 0);
        used(app, &id, "late", "2025-02-09T00:00:00Z", 20);
        assert_eq!(bill_until(app, "2025-02-10T01:00:00Z").moments, 1);
        assert_eq!(newest_lines(app, &id)[0], "USAGE Calls 1.00 2025-01-10..2025-02-10");
    }
}
