//! What the run will invoice, before it does.

use super::bill_until;
use crate::api::subscription::{monthly, on_the_first, request, subscribe};
use crate::support::builders::text;
use crate::support::{TestApp, both};
use serde_json::{Value, json};

const INVOICE: &str = "reason currency issueDate dueDate period { start end }
    totals { subtotal { amount } discountTotal { amount } taxTotal { amount } total { amount } }
    lines { kind description quantity amount { amount } period { start end } }";

/// What is foreseen of each subscription, by its id.
fn foreseen(app: &TestApp) -> Vec<(String, Value)> {
    let query = format!("{{ subscriptions {{ nodes {{ id upcomingInvoice {{ {INVOICE} }} }} }} }}");
    let found = app.data(&query);
    let nodes = found["subscriptions"]["nodes"].as_array().unwrap();
    nodes.iter().map(|node| (text(&node["id"]), node["upcomingInvoice"].clone())).collect()
}

/// The newest invoice of a subscription.
fn newest(app: &TestApp, subscription: &str) -> Value {
    let order = "orderBy: [{field: CREATED_AT, direction: DESC}]";
    let query = format!(
        "{{ subscription(id: {subscription:?}) {{ invoices(first: 1, {order}) {{ nodes {{ {INVOICE} }} }} }} }}"
    );
    app.data(&query)["subscription"]["invoices"]["nodes"][0].clone()
}

both! {
    the_run_makes_what_was_foreseen(app) {
        let customer = app.customer("Jane Doe");
        monthly(app);
        on_the_first(app);
        app.discount("half", "50");
        let discounts = json!([{"discount": {"code": "half"}, "fixedCount": 2}]);
        let mut made = Vec::new();
        for (plan, changes) in [
            ("M30", json!({})),
            ("M30", json!({"discounts": discounts})),
            ("F1", json!({})),
            ("M30", json!({"trialDays": 14})),
            ("M30", json!({"startDate": "2025-02-10T00:00:00Z", "paymentTerms": "NET_30"})),
        ] {
            made.push(text(&subscribe(app, request(&customer, plan, changes), "id")["id"]));
        }
        let mut compared = 0;
        for _ in 0..8 {
            let foreseen = foreseen(app);
            let day = foreseen.iter().map(|(_, invoice)| text(&invoice["issueDate"])).min().unwrap();
            bill_until(app, &format!("{day}T23:00:00Z"));
            for (id, expected) in foreseen.iter().filter(|(_, invoice)| invoice["issueDate"] == day.as_str()) {
                assert_eq!(newest(app, id), *expected, "{id} on {day}");
                compared += 1;
            }
        }
        assert!(compared > made.len(), "{compared}");
    }

    a_later_invoice_can_be_foreseen(app) {
        let customer = app.customer("Jane Doe");
        monthly(app);
        let id = text(&subscribe(app, request(&customer, "M30", json!({})), "id")["id"]);
        let foreseen = |at: &str| {
            let query = format!(
                "{{ previewInvoice(subscriptionId: {id:?}, at: {at:?}) {{ period {{ start }} issueDate }} }}"
            );
            app.data(&query)["previewInvoice"].clone()
        };
        let invoice = |start: &str, day: &str| json!({"period": {"start": start}, "issueDate": day});
        assert_eq!(foreseen("2025-02-01T00:00:00Z"), invoice("2025-02-28T12:00:00Z", "2025-02-28"));
        assert_eq!(foreseen("2025-02-28T12:00:00Z"), invoice("2025-02-28T12:00:00Z", "2025-02-28"));
        assert_eq!(foreseen("2025-12-01T00:00:00Z"), invoice("2025-12-31T12:00:00Z", "2025-12-31"));
        let nobody = "{ previewInvoice(subscriptionId: \"sub_01h455vb4pex5vsknk084sn02q\") { issueDate } }";
        assert_eq!(app.data(nobody), json!({"previewInvoice": null}));
    }
}
