//! Invoices, credits and credit notes that are made at once.

use crate::support::builders::text;
use crate::support::consistency::assert_consistent;
use crate::support::together::{outcome, tally, together};
use crate::support::{TestApp, both};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// What asks for an invoice over so much, which the customer pays by itself.
fn over(customer: &str, amount: &str) -> Value {
    json!({
        "customerId": customer, "collectionMethod": "SEND_INVOICE",
        "lines": [{"description": "Work", "unitAmount": amount}],
    })
}

fn issued(app: &TestApp, customer: &str, amount: &str) -> String {
    text(&app.mutate("createInvoice", over(customer, amount), "invoice { id }")["invoice"]["id"])
}

both! {
    invoices_at_once_have_numbers_without_a_gap(app) {
        let customer = app.customer("Jane");
        let done = together(16, |_| app.attempt("createInvoice", over(&customer, "10"), "invoice { number }"));
        let numbers: BTreeSet<String> = done.iter().map(|payload| text(&payload["invoice"]["number"])).collect();
        assert_eq!(numbers, (1..=16).map(|number| format!("INV-{number:06}")).collect());
        assert_consistent(app);
    }

    a_credit_is_spent_once_by_invoices_at_once(app) {
        let customer = app.customer("Jane");
        for amount in ["25", "10"] {
            let credit = json!({"customerId": customer, "amount": amount, "text": "Sorry"});
            app.mutate("createCredit", credit, "__typename");
        }
        let done = together(8, |_| app.attempt("createInvoice", over(&customer, "10"), "invoice { status }"));
        assert_eq!(tally(&done), json!({"DONE": 8}));
        assert_eq!(app.database.number("SELECT count(*) FROM invoices WHERE status = 'PAID'"), 3);
        assert_eq!(app.database.number("SELECT count(*) FROM invoices WHERE amount_due = 500"), 1);
        assert_eq!(app.database.number("SELECT count(*) FROM credits WHERE state = 'TRANSFERRED'"), 2);
        assert_consistent(app);
    }

    credit_notes_at_once_never_exceed_what_is_due(app) {
        let customer = app.customer("Jane");
        let invoice = issued(app, &customer, "100");
        let note = json!({"invoiceId": invoice, "amount": "30", "reason": "Broken", "disposition": "ADJUSTMENT"});
        let done = together(8, |_| app.attempt("createCreditNote", note.clone(), "__typename"));
        assert_eq!(tally(&done), json!({"DONE": 3, "CREDIT_TOO_HIGH": 5}));
        assert_eq!(app.database.number("SELECT amount_due FROM invoices"), 1000);
        assert_consistent(app);
    }

    an_invoice_is_either_voided_or_credited(app) {
        let customer = app.customer("Jane");
        for _ in 0..10 {
            let credit = json!({"customerId": customer, "amount": "4", "text": "Sorry"});
            app.mutate("createCredit", credit, "__typename");
            let invoice = issued(app, &customer, "100");
            let done = together(2, |index| match index {
                0 => app.attempt("voidInvoice", json!({"invoiceId": invoice}), "__typename"),
                _ => {
                    let note = json!({"invoiceId": invoice, "amount": "1", "reason": "R", "disposition": "ADJUSTMENT"});
                    app.attempt("createCreditNote", note, "__typename")
                }
            });
            let outcomes = [outcome(&done[0]), outcome(&done[1])];
            assert!([["DONE", "INVOICE_WRONG_STATE"], ["INVOICE_WRONG_STATE", "DONE"]].contains(&outcomes), "{outcomes:?}");
        }
        assert_consistent(app);
    }

    a_draft_is_finalised_or_deleted_once(app) {
        let customer = app.customer("Jane");
        for _ in 0..10 {
            let mut input = over(&customer, "10");
            input["draft"] = json!(true);
            let draft = text(&app.mutate("createInvoice", input, "invoice { id }")["invoice"]["id"]);
            let which = json!({"invoiceId": draft});
            let mutations = ["finaliseInvoice", "deleteInvoiceDraft", "finaliseInvoice", "voidInvoice"];
            let done = together(3, |index| app.attempt(mutations[index], which.clone(), "__typename"));
            let succeeded = done.iter().filter(|payload| outcome(payload) == "DONE").count();
            assert_eq!(succeeded, 1, "{done:?}");
        }
        assert_consistent(app);
    }
}
