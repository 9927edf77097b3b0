//! Invoices by hand: made, drafted, finalised, deleted, withdrawn.

use super::{conflicts, refuses_at, with};
use crate::support::builders::text;
use crate::support::consistency::assert_consistent;
use crate::support::{TestApp, both};
use serde_json::{Value, json};

const WHOLE: &str = "invoice {
    id number status reason currency subscription { id } period { start } totals {
        subtotal { amount } discountTotal { amount } netTotal { amount } taxTotal { amount } total { amount }
    }
    amountDue { amount } collectionMethod paymentMethod { id } nextAttemptAt issueDate dueDate test version
    lines { position kind description quantity unitAmount amount { amount } taxRate amountIncludesTax }
}";

fn line(amount: &str) -> Value {
    json!({"description": "Work", "unitAmount": amount})
}

/// What asks for an invoice over some lines, which the customer pays by itself.
fn over(customer: &str, amounts: &[&str]) -> Value {
    let lines: Vec<Value> = amounts.iter().map(|amount| line(amount)).collect();
    json!({"customerId": customer, "collectionMethod": "SEND_INVOICE", "lines": lines})
}

fn create(app: &TestApp, input: Value) -> Value {
    app.mutate("createInvoice", input, WHOLE)["invoice"].take()
}

fn draft(app: &TestApp, customer: &str, amounts: &[&str]) -> String {
    text(&create(app, with(over(customer, amounts), json!({"draft": true})))["id"])
}

both! {
    an_invoice_by_hand_is_issued_at_once(app) {
        let customer = app.customer("Jane");
        let lines = json!([
            {"description": " Three hours ", "quantity": "1.5", "unitAmount": "80", "taxRate": "0.25"},
            {"description": "A cable", "unitAmount": "4.995", "taxRate": "0.25", "amountIncludesTax": true},
        ]);
        let made = create(app, with(over(&customer, &[]), json!({"lines": lines, "paymentTerms": "NET_30"})));
        assert_eq!(made, json!({
            "id": made["id"], "number": "INV-000001", "status": "OPEN", "reason": "ONE_OFF", "currency": "EUR",
            "subscription": null, "period": null,
            "totals": {
                "subtotal": {"amount": "125.00"}, "discountTotal": {"amount": "0.00"}, "netTotal": {"amount": "124.00"},
                "taxTotal": {"amount": "31.00"}, "total": {"amount": "155.00"},
            },
            "amountDue": {"amount": "155.00"}, "collectionMethod": "SEND_INVOICE", "paymentMethod": null,
            "nextAttemptAt": "2025-03-03T00:00:00Z", "issueDate": "2025-01-31", "dueDate": "2025-03-02", "test": false,
            "version": 1,
            "lines": [
                {"position": 0, "kind": "ON_DEMAND", "description": "Three hours", "quantity": "1.5", "unitAmount": "80",
                 "amount": {"amount": "120.00"}, "taxRate": "0.25", "amountIncludesTax": false},
                {"position": 1, "kind": "ON_DEMAND", "description": "A cable", "quantity": "1", "unitAmount": "4.995",
                 "amount": {"amount": "5.00"}, "taxRate": "0.25", "amountIncludesTax": true},
            ],
        }));
        let found = app.data(r#"{ invoiceByNumber(number: "INV-000001") { id } none: invoiceByNumber(number: "1") { id } }"#);
        assert_eq!(found, json!({"invoiceByNumber": {"id": made["id"]}, "none": null}));
        let told = app.database.texts("SELECT event_type AS line FROM events ORDER BY id");
        assert_eq!(told, ["customer.created", "invoice.created"]);
        assert_consistent(app);
    }

    what_is_charged_automatically_waits_for_the_newest_method(app) {
        let customer = app.customer("Jane");
        app.payment_method(&customer, "SUCCEEDS");
        let newest = app.payment_method(&customer, "SUCCEEDS");
        let input = with(over(&customer, &["10"]), json!({"collectionMethod": "CHARGE_AUTOMATICALLY"}));
        let made = create(app, input.clone());
        assert_eq!((&made["status"], &made["paymentMethod"]["id"]), (&json!("OPEN"), &json!(newest)));
        assert_eq!(made["nextAttemptAt"], "2025-01-31T12:00:00Z");
        app.mutate("archivePaymentMethod", json!({"paymentMethodId": newest}), "__typename");
        assert_ne!(create(app, input)["paymentMethod"]["id"], json!(newest));
        let nobody = with(over(&app.customer("Joe"), &["10"]), json!({"collectionMethod": "CHARGE_AUTOMATICALLY"}));
        let made = create(app, nobody);
        assert_eq!((&made["paymentMethod"], &made["nextAttemptAt"]), (&json!(null), &json!("2025-02-01T00:00:00Z")));
        // Where there is nothing to pay, it is paid.
        assert_eq!(create(app, over(&customer, &["0"]))["status"], "PAID");
    }

    a_draft_changes_until_it_is_finalised(app) {
        let customer = app.customer("Jane");
        let id = draft(app, &customer, &["10", "20"]);
        let which = json!({"invoiceId": id});
        let update = with(which.clone(), json!({"lines": [line("7")], "paymentTerms": "NET_15"}));
        let changed = app.mutate("updateInvoiceDraft", update, WHOLE)["invoice"].take();
        assert_eq!((&changed["status"], &changed["number"], &changed["version"]), (&json!("DRAFT"), &json!(null), &json!(2)));
        assert_eq!((&changed["amountDue"]["amount"], &changed["dueDate"]), (&json!("7.00"), &json!("2025-02-15")));
        assert_eq!(changed["lines"].as_array().unwrap().len(), 1);
        let method = with(which.clone(), json!({"collectionMethod": "CHARGE_AUTOMATICALLY"}));
        assert_eq!(app.mutate("updateInvoiceDraft", method, WHOLE)["invoice"]["amountDue"]["amount"], "7.00");
        conflicts(app, "updateInvoiceDraft", &with(which.clone(), json!({"lines": [line("8")]})), "invoice", 3);
        app.set_clock("2025-02-10T12:00:00Z");
        app.mutate("createCredit", json!({"customerId": customer, "amount": "3", "text": "T"}), "__typename");
        conflicts(app, "finaliseInvoice", &which, "invoice", 4);
        let found = app.data(&format!(
            r#"{{ invoice(id: "{id}") {{ number status issueDate dueDate amountDue {{ amount }}
                  creditApplications {{ amount {{ amount }} }} }} }}"#
        ));
        assert_eq!(found["invoice"], json!({
            "number": "INV-000001", "status": "OPEN", "issueDate": "2025-02-10", "dueDate": "2025-02-25",
            "amountDue": {"amount": "5.00"}, "creditApplications": [{"amount": {"amount": "3.00"}}],
        }));
        for mutation in ["updateInvoiceDraft", "finaliseInvoice", "deleteInvoiceDraft"] {
            refuses_at(app, mutation, which.clone(), &["INVOICE_WRONG_STATE input.invoiceId"]);
        }
        assert_consistent(app);
    }

    a_draft_is_deleted_without_a_trace(app) {
        let customer = app.customer("Jane");
        let id = draft(app, &customer, &["10"]);
        let stale = json!({"invoiceId": id, "expectedVersion": 9});
        let payload = app.attempt("deleteInvoiceDraft", stale, "deletedInvoiceId invoice { version }");
        assert_eq!(payload["userErrors"][0]["code"], "CONFLICT");
        assert_eq!((&payload["deletedInvoiceId"], &payload["invoice"]["version"]), (&json!(null), &json!(1)));
        let payload = app.mutate("deleteInvoiceDraft", json!({"invoiceId": id}), "deletedInvoiceId invoice { id }");
        assert_eq!((&payload["deletedInvoiceId"], &payload["invoice"]), (&json!(id), &json!(null)));
        assert_eq!(app.database.number("SELECT count(*) FROM invoice_lines"), 0);
        refuses_at(app, "deleteInvoiceDraft", json!({"invoiceId": id}), &["INVOICE_NOT_FOUND input.invoiceId"]);
        // The number that it never had is the next one's.
        assert_eq!(create(app, over(&customer, &["1"]))["number"], "INV-000001");
    }

    a_void_invoice_gives_its_credits_back(app) {
        let customer = app.customer("Jane");
        let credit = json!({"customerId": customer, "amount": "10", "text": "T"});
        app.mutate("createCredit", credit, "__typename");
        for (amount, status) in [("10", "PAID"), ("30", "OPEN")] {
            let made = create(app, over(&customer, &[amount]));
            assert_eq!(made["status"], status);
            let which = json!({"invoiceId": made["id"]});
            conflicts(app, "voidInvoice", &which, "invoice", 1);
            let found = app.data(&format!(
                "{{ invoice(id: {}) {{ number status voidedAt nextAttemptAt amountDue {{ amount }}
                    creditApplied {{ amount }} creditApplications {{ returnedAt }} }} }}",
                made["id"]
            ));
            assert_eq!(found["invoice"], json!({
                "number": made["number"], "status": "VOID", "voidedAt": "2025-01-31T12:00:00Z", "nextAttemptAt": null,
                "amountDue": {"amount": "0.00"}, "creditApplied": {"amount": "0.00"},
                "creditApplications": [{"returnedAt": "2025-01-31T12:00:00Z"}],
            }));
            assert_eq!(app.database.number("SELECT remaining FROM credits WHERE state = 'PENDING'"), 1000);
            refuses_at(app, "voidInvoice", which, &["INVOICE_WRONG_STATE input.invoiceId"]);
        }
        assert_consistent(app);
    }

    what_was_paid_or_is_being_charged_is_not_withdrawn(app) {
        app.plan("M30", "300.00");
        let customer = app.customer("Jane");
        let method = app.payment_method(&customer, "SUCCEEDS");
        let input = json!({"customer": {"id": customer}, "plan": {"code": "M30"}});
        let paid = app.mutate("createSubscription", input, "subscription { id } invoice { id }");
        let errors = app.refuses("voidInvoice", json!({"invoiceId": paid["invoice"]["id"]}), &["INVOICE_HAS_PAYMENTS"]);
        assert_eq!(errors[0]["number"], 30);
        let made = create(app, over(&customer, &["10"]));
        let id = text(&made["id"]);
        let attempt = app.reserve_payment(app.tenant, (&customer, &text(&paid["subscription"]["id"])), &method, None);
        let bound = format!(
            "UPDATE payment_attempts SET subscription_id = NULL, invoice_id = (SELECT id FROM invoices WHERE number = '{}')
             WHERE status = 'RESERVED'",
            made["number"].as_str().unwrap()
        );
        app.app.db.execute_batch(&bound).unwrap();
        refuses_at(app, "voidInvoice", json!({"invoiceId": id}), &["INVOICE_HAS_PAYMENTS input.invoiceId"]);
        let note = json!({"invoiceId": id, "amount": "1", "reason": "R", "disposition": "ADJUSTMENT"});
        refuses_at(app, "createCreditNote", note, &["INVOICE_HAS_PAYMENTS input.invoiceId"]);
        drop(attempt);
        refuses_at(app, "voidInvoice", json!({"invoiceId": draft(app, &customer, &["1"])}), &["INVOICE_WRONG_STATE input.invoiceId"]);
    }

    an_invoice_is_refused_and_changes_nothing(app) {
        let customer = app.customer("Jane");
        let input = over(&customer, &["10"]);
        let lines = |lines: Value| with(input.clone(), json!({"lines": lines}));
        let many: Vec<Value> = (0..101).map(|_| line("1")).collect();
        let bad = json!([{
            "description": " ", "quantity": "0", "unitAmount": "-1", "taxRate": "2",
        }]);
        let places = ["description", "quantity", "unitAmount", "taxRate"];
        let expected = places.map(|place| format!("VALIDATION_ERROR input.lines.0.{place}"));
        refuses_at(app, "createInvoice", lines(bad.clone()), &expected.each_ref().map(String::as_str));
        let drafted = json!({"invoiceId": draft(app, &customer, &["10"])});
        let change = with(drafted.clone(), json!({"lines": bad}));
        refuses_at(app, "updateInvoiceDraft", change, &expected.each_ref().map(String::as_str));
        for (input, expected) in [
            (lines(json!([])), "VALIDATION_ERROR input.lines"),
            (lines(json!(many)), "VALIDATION_ERROR input.lines"),
            (lines(json!([{"description": "W", "unitAmount": "1", "quantity": "-1"}])), "VALIDATION_ERROR input.lines.0.quantity"),
            (lines(json!([line("9999999999"), line("9999999999")])), "VALIDATION_ERROR input.lines"),
            (with(input.clone(), json!({"currency": "XAU"})), "VALIDATION_ERROR input.currency"),
            (with(input.clone(), json!({"customerId": "cus_00000000000000000000000000"})), "CUSTOMER_NOT_FOUND input.customerId"),
        ] {
            refuses_at(app, "createInvoice", input, &[expected]);
        }
        let cleared = with(drafted, json!({"lines": null, "collectionMethod": null}));
        let expected = ["VALIDATION_ERROR input.lines", "VALIDATION_ERROR input.collectionMethod"];
        refuses_at(app, "updateInvoiceDraft", cleared, &expected);
        let gone = json!({"invoiceId": "inv_00000000000000000000000000"});
        for mutation in ["updateInvoiceDraft", "finaliseInvoice", "deleteInvoiceDraft", "voidInvoice"] {
            refuses_at(app, mutation, gone.clone(), &["INVOICE_NOT_FOUND input.invoiceId"]);
        }
        app.mutate("archiveCustomer", json!({"customerId": customer}), "__typename");
        refuses_at(app, "createInvoice", input, &["CUSTOMER_DELETED input.customerId"]);
    }

    invoices_are_found_and_summed_up_by_their_amounts(app) {
        let customer = app.customer("Jane");
        for (currency, amount) in [("EUR", "10"), ("EUR", "20.5"), ("EUR", "0"), ("JPY", "1000"), ("KWD", "0.005")] {
            create(app, with(over(&customer, &[amount]), json!({"currency": currency})));
        }
        for (filter, expected) in [
            (r#"total: {gte: {amount: "10", currency: "EUR"}}"#, &["10.00", "20.50"][..]),
            (r#"total: {gt: {amount: "10.00", currency: "EUR"}, lt: {amount: "20.51", currency: "eur"}}"#, &["20.50"]),
            (r#"total: {lte: {amount: "1000", currency: "JPY"}}"#, &["1000"]),
            (r#"amountDue: {eq: {amount: "0.005", currency: "KWD"}}"#, &["0.005"]),
            (r#"amountDue: {lt: {amount: "10", currency: "EUR"}}"#, &["0.00"]),
            (r#"amountDue: {gt: {amount: "-1", currency: "USD"}}"#, &[]),
            (r#"not: {total: {gte: {amount: "0", currency: "EUR"}}}"#, &["1000", "0.005"]),
        ] {
            let found = app.data(&format!(
                "{{ invoices(filter: {{{filter}}}, orderBy: {{field: CREATED_AT}}) {{ nodes {{ totals {{ total {{ amount }} }} }} }} }}"
            ));
            let nodes = found["invoices"]["nodes"].as_array().unwrap();
            let totals: Vec<&str> = nodes.iter().map(|node| node["totals"]["total"]["amount"].as_str().unwrap()).collect();
            assert_eq!(totals, expected, "{filter}");
        }
        let money = r#"{amount: "0.005", currency: "EUR"}"#;
        for wrong in [money, r#"{amount: "x", currency: "EUR"}"#, r#"{amount: "1", currency: "XAU"}"#] {
            let answer = app.send(&format!("{{ invoices(filter: {{total: {{eq: {wrong}}}}}) {{ totalCount }} }}"), json!({}));
            assert!(answer["errors"].is_array(), "{wrong}: {answer}");
        }
        let sums = app.data(
            r#"{ invoiceTotals { currency status count total { amount } amountDue { amount } amountPaid { currency } }
                 some: invoiceTotals(filter: {currency: {eq: "EUR"}, status: {eq: OPEN}}) { count total { amount } }
                 none: invoiceTotals(filter: {currency: {eq: "USD"}}) { count } }"#,
        );
        let sum = |currency: &str, status: &str, count: i32, total: &str| {
            json!({
                "currency": currency, "status": status, "count": count, "total": {"amount": total},
                "amountDue": {"amount": total}, "amountPaid": {"currency": currency},
            })
        };
        assert_eq!(sums, json!({
            "invoiceTotals": [
                sum("EUR", "OPEN", 2, "30.50"), sum("EUR", "PAID", 1, "0.00"), sum("JPY", "OPEN", 1, "1000"),
                sum("KWD", "OPEN", 1, "0.005"),
            ],
            "some": [{"count": 2, "total": {"amount": "30.50"}}], "none": [],
        }));
    }
}
