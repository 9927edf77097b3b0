//! What the database itself refuses of credits and credit notes.

use super::refusals::{Check, Foreign, OURS, THEIRS, Unique, allows, copy, new_id, refuses};
use crate::support::{TestApp, both};
use serde_json::{Value, json};

/// A credit that one invoice has taken in part, and a note over each of two lines, of one tenant.
fn full(app: &TestApp, key: &str) {
    let make = |field: &str, input: Value, selection: &str| {
        let payload = app.attempt_as(key, field, input, selection);
        assert_eq!(payload["userErrors"], json!([]), "{field}");
        payload
    };
    let customer = make("createCustomer", json!({"name": "Jane"}), "customer { id }")["customer"]["id"].take();
    make("createCredit", json!({"customerId": customer, "amount": "50", "text": "Sorry"}), "__typename");
    let line = json!({"description": "Work", "unitAmount": "20"});
    let input = json!({"customerId": customer, "collectionMethod": "SEND_INVOICE", "lines": [line, line]});
    let invoice = make("createInvoice", input, "invoice { id }")["invoice"]["id"].take();
    let lines = json!([{"position": 0, "amount": "1"}]);
    let note = json!({"invoiceId": invoice, "lines": lines, "reason": "R", "disposition": "CREDIT"});
    make("createCreditNote", note, "__typename");
}

both! {
    a_credit_and_a_note_make_sense_by_themselves(app) {
        full(app, &app.key);
        for (why, table, change) in [
            (Check("handle"), "credits", "handle = ''"),
            (Check("text"), "credits", "text = ''"),
            (Check("currency"), "credits", "currency = 'EURO'"),
            (Check("amount"), "credits", "amount = 0, remaining = 0"),
            (Check("what_remains_is_part_of_it"), "credits", "remaining = -1"),
            (Check("what_remains_is_part_of_it"), "credits", "remaining = amount + 1"),
            (Check("state"), "credits", "state = 'LOST'"),
            (Check("used_up_means_nothing_remains"), "credits", "remaining = 0"),
            (Check("used_up_means_nothing_remains"), "credits", "state = 'TRANSFERRED'"),
            (Check("amount"), "credit_applications", "amount = 0"),
            (Check("number"), "credit_notes", "number = ''"),
            (Check("reason"), "credit_notes", "reason = ''"),
            (Check("disposition"), "credit_notes", "disposition = 'REFUND', credit_id = NULL"),
            (Check("amount"), "credit_notes", "amount = 0, net_amount = 0, tax_amount = 0"),
            (Check("a_note_adds_up"), "credit_notes", "net_amount = net_amount - 1"),
            (Check("a_note_gives_the_credit_it_says"), "credit_notes", "credit_id = NULL"),
            (Check("a_note_gives_the_credit_it_says"), "credit_notes", "disposition = 'ADJUSTMENT'"),
            (Check("position"), "credit_note_lines", "position = -1"),
            (Check("amount"), "credit_note_lines", "amount = 0"),
        ] {
            refuses(app, why, &format!("UPDATE {table} SET {change}"));
        }
        allows(app, "UPDATE credits SET remaining = 0, state = 'TRANSFERRED'");
        allows(app, "UPDATE credit_notes SET disposition = 'ADJUSTMENT', credit_id = NULL");
    }

    a_number_a_handle_and_a_use_are_there_once(app) {
        full(app, &app.key);
        let id = [("id", new_id(app, 1))];
        refuses(app, Unique, &(copy(app, "credits", "1 = 1", &id) + " LIMIT 1"));
        refuses(app, Unique, &copy(app, "credit_notes", "1 = 1", &id));
        let other = [("id", new_id(app, 1)), ("number", "'other'".to_owned())];
        refuses(app, Unique, &copy(app, "credit_notes", "1 = 1", &other));
        refuses(app, Unique, &copy(app, "credit_applications", "1 = 1", &[]));
        refuses(app, Unique, &copy(app, "credit_note_lines", "1 = 1", &[]));
    }

    nothing_of_a_credit_is_anothers(app) {
        full(app, &app.key);
        full(app, &app.another_tenant("Other").1);
        let theirs = |table: &str| format!("(SELECT id FROM {table} WHERE {THEIRS} LIMIT 1)");
        for (table, column, of) in [
            ("credits", "customer_id", "customers"),
            ("credits", "subscription_id", "customers"),
            ("credit_applications", "credit_id", "credits"),
            ("credit_applications", "invoice_id", "invoices"),
            ("credit_notes", "invoice_id", "invoices"),
            ("credit_notes", "customer_id", "customers"),
            ("credit_notes", "credit_id", "credits"),
            ("credit_note_lines", "credit_note_id", "credit_notes"),
        ] {
            refuses(app, Foreign, &format!("UPDATE {table} SET {column} = {} WHERE {OURS}", theirs(of)));
        }
    }
}
