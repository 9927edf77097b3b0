//! Rentals, due date after due date.

use super::{bill_until, invoices};
use crate::support::builders::text;
use crate::support::consistency::assert_consistent;
use crate::support::{TestApp, both};
use perennial::app::billing::Billed;
use serde_json::{Value, json};

fn schedule(app: &TestApp, subscription: &str) -> Vec<String> {
    let found = app.data(&format!(
        "{{ subscription(id: {subscription:?}) {{ paymentSchedule {{ dueDate status invoice {{ number }} }} }} }}"
    ));
    let line = |payment: &Value| {
        let number = payment["invoice"]["number"].as_str().unwrap_or("-");
        format!("{} {} {number}", payment["dueDate"].as_str().unwrap(), payment["status"].as_str().unwrap())
    };
    found["subscription"]["paymentSchedule"].as_array().unwrap().iter().map(line).collect()
}

both! {
    each_payment_is_invoiced_on_its_due_date(app) {
        let customer = app.customer("Jane Doe");
        app.product("LAP", "129.00");
        app.asset("LAP", "L1");
        let items = json!([{"sku": "LAP", "quantity": 1, "contractLength": 3, "unitPrice": "129.00"}]);
        let order = json!({"customerId": customer, "items": items});
        let order = text(&app.mutate("createOrder", order, "order { id }")["order"]["id"]);
        app.mutate("confirmOrder", json!({"orderId": order}), "__typename");
        let id = text(&app.mutate(
            "fulfilOrderItem",
            json!({"orderId": order, "customerId": customer, "assetSerialNumber": "L1"}),
            "subscription { id }",
        )["subscription"]["id"]);
        assert_eq!(bill_until(app, "2025-01-31T12:00:00Z"), Billed { moments: 1, invoices: 1, held: 0 });
        assert_eq!(bill_until(app, "2025-02-27T23:59:59Z"), Billed::default());
        assert_eq!(bill_until(app, "2025-04-15T00:00:00Z").invoices, 2);
        assert_eq!(invoices(app, &id), [
            "RENTAL 2025-01-31..2025-02-28 129.00 OPEN",
            "RENTAL 2025-02-28..2025-03-31 129.00 OPEN",
            "RENTAL 2025-03-31..2025-04-30 129.00 OPEN",
        ]);
        assert_eq!(schedule(app, &id), [
            "2025-01-31 INVOICED INV-000001", "2025-02-28 INVOICED INV-000002", "2025-03-31 INVOICED INV-000003",
        ]);
        // Its contract is over, and the device is still out: it stays active, and bills nothing more.
        assert_eq!(bill_until(app, "2026-01-01T00:00:00Z"), Billed { moments: 1, invoices: 0, held: 0 });
        let found = app.data(&format!("{{ subscription(id: {id:?}) {{ status nextBillingDate returnOverdueSince }} }}"));
        assert_eq!(found["subscription"], json!({
            "status": "ACTIVE", "nextBillingDate": null, "returnOverdueSince": "2025-04-30T00:00:00Z",
        }));
        assert_consistent(app);
    }

    /// `rental.md` §12, item 19.
    a_billing_group_gets_one_invoice_with_a_line_for_each_rental(app) {
        let customer = app.customer("Jane Doe");
        let group = app.billing_group(&customer, 15);
        for (sku, price) in [("A", "129.00"), ("B", "89.00"), ("C", "159.00")] {
            app.product(sku, price);
            app.asset(sku, &format!("{sku}1"));
        }
        let order = app.order(&customer, &[("A", 1, 12), ("B", 1, 12), ("C", 1, 12)]);
        for serial in ["A1", "B1", "C1"] {
            app.mutate(
                "fulfilOrderItem",
                json!({
                    "orderId": order, "customerId": customer, "assetSerialNumber": serial, "billingGroupId": group,
                }),
                "subscription { id }",
            );
        }
        assert_eq!(bill_until(app, "2025-02-15T00:00:00Z"), Billed { moments: 3, invoices: 1, held: 0 });
        assert_eq!(bill_until(app, "2025-02-15T00:00:00Z"), Billed::default(), "once");
        let found = app.data(
            "{ invoices { nodes { reason billingGroup { name } subscription { id } totals { total { amount } }
                lines { kind description amount { amount } subscription { asset { serialNumber } } } } } }",
        );
        let nodes = found["invoices"]["nodes"].as_array().unwrap();
        assert_eq!(nodes.len(), 1);
        assert_eq!(nodes[0]["reason"], "CONSOLIDATED");
        assert_eq!((&nodes[0]["subscription"], &nodes[0]["totals"]["total"]["amount"]), (&Value::Null, &json!("377.00")));
        let line = |line: &Value| {
            let serial = line["subscription"]["asset"]["serialNumber"].as_str().unwrap();
            format!("{} {serial} {}", line["description"].as_str().unwrap(), line["amount"]["amount"].as_str().unwrap())
        };
        let mut lines: Vec<_> = nodes[0]["lines"].as_array().unwrap().iter().map(line).collect();
        lines.sort();
        assert_eq!(lines, ["The A (A1) A1 129.00", "The B (B1) B1 89.00", "The C (C1) C1 159.00"]);
        assert_consistent(app);
    }

    a_rental_may_go_on_by_the_month(app) {
        app.mutate("updateTenantSettings", json!({"monthToMonth": true}), "__typename");
        let customer = app.customer("Jane Doe");
        app.product("LAP", "129.00");
        app.asset("LAP", "L1");
        let items = json!([{"sku": "LAP", "quantity": 1, "contractLength": 1, "unitPrice": "129.00"}]);
        let order = json!({"customerId": customer, "items": items});
        let order = text(&app.mutate("createOrder", order, "order { id }")["order"]["id"]);
        app.mutate("confirmOrder", json!({"orderId": order}), "__typename");
        let id = app.fulfil(&order, &customer, "L1");
        let beyond = format!("{{ previewInvoice(subscriptionId: {id:?}, at: \"2025-03-15T00:00:00Z\") {{ issueDate }} }}");
        assert_eq!(app.data(&beyond)["previewInvoice"], json!({"issueDate": "2025-03-31"}), "beyond its contract");
        bill_until(app, "2025-04-01T00:00:00Z");
        assert_eq!(invoices(app, &id), [
            "RENTAL 2025-01-31..2025-02-28 129.00 OPEN",
            "RENTAL 2025-02-28..2025-03-31 129.00 OPEN",
            "RENTAL 2025-03-31..2025-04-30 129.00 OPEN",
        ]);
        assert_eq!(schedule(app, &id)[2..], ["2025-03-31 INVOICED INV-000003", "2025-04-30 SCHEDULED -"]);
        let found = app.data(&format!("{{ subscription(id: {id:?}) {{ nextBillingDate returnOverdueSince }} }}"));
        assert_eq!(found["subscription"], json!({"nextBillingDate": "2025-04-30", "returnOverdueSince": null}));
        assert_consistent(app);
    }
}
