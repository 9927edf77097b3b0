//! Credit notes.

use super::{conflicts, refuses_at, with};
use crate::support::builders::text;
use crate::support::consistency::assert_consistent;
use crate::support::{TestApp, both};
use serde_json::{Value, json};

const MADE: &str = "creditNote {
    number disposition reason amount { amount } netAmount { amount } taxAmount { amount } issueDate
    lines { position description amount { amount } }
} invoice { status amountDue { amount } amountCredited { amount } } credit { amount { amount } state text }";

/// An issued invoice over 100.00 and 20.00 and a tax of a quarter on top: 150.00. What the customer has in its favour is
/// taken off.
fn issued(app: &TestApp, customer: &str) -> String {
    let line = |amount: &str| json!({"description": format!("For {amount}"), "unitAmount": amount, "taxRate": "0.25"});
    let input = json!({
        "customerId": customer, "collectionMethod": "SEND_INVOICE", "lines": [line("100"), line("20")],
    });
    text(&app.mutate("createInvoice", input, "invoice { id }")["invoice"]["id"])
}

fn note(invoice: &str, amount: &str, disposition: &str) -> Value {
    json!({"invoiceId": invoice, "amount": amount, "reason": "Broken", "disposition": disposition})
}

both! {
    an_adjustment_lowers_what_is_due_until_nothing_is(app) {
        let invoice = issued(app, &app.customer("Jane"));
        let made = app.mutate("createCreditNote", note(&invoice, "50", "ADJUSTMENT"), MADE);
        assert_eq!(made, json!({
            "creditNote": {
                "number": "CN-000001", "disposition": "ADJUSTMENT", "reason": "Broken", "amount": {"amount": "50.00"},
                "netAmount": {"amount": "40.00"}, "taxAmount": {"amount": "10.00"}, "issueDate": "2025-01-31", "lines": [],
            },
            "invoice": {"status": "OPEN", "amountDue": {"amount": "100.00"}, "amountCredited": {"amount": "50.00"}},
            "credit": null, "userErrors": [],
        }));
        let lines = json!([{"position": 1, "amount": "20"}, {"position": 0, "amount": "80"}]);
        let rest = json!({"invoiceId": invoice, "lines": lines, "reason": "R", "disposition": "ADJUSTMENT"});
        refuses_at(
            app,
            "createCreditNote",
            with(rest.clone(), json!({"lines": [{"position": 1, "amount": "25.01"}]})),
            &["CREDIT_TOO_HIGH input.lines.0.amount"],
        );
        let made = app.mutate("createCreditNote", rest, MADE);
        assert_eq!(made["creditNote"]["lines"], json!([
            {"position": 0, "description": "For 100", "amount": {"amount": "80.00"}},
            {"position": 1, "description": "For 20", "amount": {"amount": "20.00"}},
        ]));
        assert_eq!(made["invoice"]["status"], "PAID");
        let found = app.data(&format!(
            r#"{{ invoice(id: "{invoice}") {{ creditNotes {{ number }} paidAt nextAttemptAt }}
                  creditNoteByNumber(number: "CN-000002") {{ invoice {{ id }} }}
                  creditNotes(filter: {{disposition: {{eq: ADJUSTMENT}}}}) {{ totalCount }} }}"#
        ));
        assert_eq!(found, json!({
            "invoice": {
                "creditNotes": [{"number": "CN-000001"}, {"number": "CN-000002"}], "paidAt": "2025-01-31T12:00:00Z",
                "nextAttemptAt": null,
            },
            "creditNoteByNumber": {"invoice": {"id": invoice}}, "creditNotes": {"totalCount": 2},
        }));
        refuses_at(
            app,
            "createCreditNote",
            note(&invoice, "1", "ADJUSTMENT"),
            &["INVOICE_WRONG_STATE input.invoiceId"],
        );
        assert_consistent(app);
    }

    a_credit_note_gives_back_what_was_paid_as_a_credit(app) {
        let customer = app.customer("Jane");
        app.mutate("createCredit", json!({"customerId": customer, "amount": "60", "text": "T"}), "__typename");
        let invoice = issued(app, &customer);
        let made = app.mutate("createCreditNote", note(&invoice, "50", "CREDIT"), MADE);
        assert_eq!(made["credit"], json!({"amount": {"amount": "50.00"}, "state": "PENDING", "text": "Broken"}));
        // Nothing more is due for it, and nothing less.
        assert_eq!(made["invoice"]["amountDue"]["amount"], "90.00");
        let errors = app.refuses("createCreditNote", note(&invoice, "10.01", "CREDIT"), &["CREDIT_TOO_HIGH"]);
        assert_eq!(errors[0]["number"], 120);
        app.mutate("createCreditNote", note(&invoice, "10", "CREDIT"), MADE);
        app.mutate("createCreditNote", note(&invoice, "90", "ADJUSTMENT"), MADE);
        assert_eq!(app.database.number("SELECT sum(tax_amount) FROM credit_notes"), 3000);
        assert_eq!(app.database.number("SELECT sum(remaining) FROM credits"), 6000);
        assert_consistent(app);
    }

    a_note_is_refused_and_changes_nothing(app) {
        let customer = app.customer("Jane");
        let invoice = issued(app, &customer);
        let input = note(&invoice, "1", "ADJUSTMENT");
        let bare = json!({"invoiceId": invoice, "reason": "R", "disposition": "ADJUSTMENT"});
        for (input, expected) in [
            (bare.clone(), "VALIDATION_ERROR input.amount"),
            (with(input.clone(), json!({"lines": [{"position": 0, "amount": "1"}]})), "VALIDATION_ERROR input.lines"),
            (with(bare.clone(), json!({"lines": []})), "VALIDATION_ERROR input.lines"),
            (with(bare.clone(), json!({"lines": [{"position": 2, "amount": "1"}]})), "VALIDATION_ERROR input.lines.0.position"),
            (with(bare.clone(), json!({"lines": [{"position": 0, "amount": "0"}]})), "VALIDATION_ERROR input.lines.0.amount"),
            (
                with(bare, json!({"lines": [{"position": 0, "amount": "1"}, {"position": 0, "amount": "1"}]})),
                "VALIDATION_ERROR input.lines.1.position",
            ),
            (with(input.clone(), json!({"amount": "0"})), "VALIDATION_ERROR input.amount"),
            (with(input.clone(), json!({"amount": "-1"})), "VALIDATION_ERROR input.amount"),
            (with(input.clone(), json!({"amount": "0.001"})), "VALIDATION_ERROR input.amount"),
            (with(input.clone(), json!({"reason": " "})), "VALIDATION_ERROR input.reason"),
            (with(input.clone(), json!({"amount": "150.01"})), "CREDIT_TOO_HIGH input.amount"),
            (with(input.clone(), json!({"disposition": "CREDIT"})), "CREDIT_TOO_HIGH input.amount"),
            (with(input.clone(), json!({"invoiceId": "inv_00000000000000000000000000"})), "INVOICE_NOT_FOUND input.invoiceId"),
        ] {
            refuses_at(app, "createCreditNote", input, &[expected]);
        }
        conflicts(app, "createCreditNote", &input, "invoice", 1);
        app.mutate("createCreditNote", note(&invoice, "149", "ADJUSTMENT"), "__typename");
        assert_consistent(app);
    }
}
