//! Payments: noted by hand, charged on demand, given back; and what they do for subscriptions.

use super::{blamed, conflicts, refuses_at, with};
use crate::support::builders::{text, to_m30};
use crate::support::collecting::Billed;
use crate::support::consistency::assert_consistent;
use crate::support::payments::assert_settled;
use crate::support::{TestApp, both};
use perennial::app::collect::resume_dead;
use serde_json::{Value, json};

const NOBODY: &str = "inv_00000000000000000000000000";

fn shop(app: &TestApp) -> Billed {
    app.shop(json!({}));
    app.billed(json!({}))
}

/// A payment of 300.00 EUR by a card, and its invoice.
fn charged(app: &TestApp) -> (Billed, String) {
    let one = shop(app);
    app.payment_method(&one.customer, "SUCCEEDS");
    let paid = app.mutate("payInvoice", json!({"invoiceId": one.invoice}), "payment { id }");
    (one, text(&paid["payment"]["id"]))
}

both! {
    a_payment_is_noted(app) {
        let one = shop(app);
        app.set_clock("2025-02-05T09:00:00Z");
        let input = json!({
            "invoiceId": one.invoice, "kind": "CASH", "reference": "Receipt 7", "notes": "At the counter",
            "receivedAt": "2025-02-04T17:00:00Z", "amount": "100.00",
        });
        let selection = "payment {
            kind amount { amount currency } amountRefunded { amount } reference notes receivedAt createdAt
            attempt { id } customer { id } invoice { id } refunds { id }
        } invoice { status amountPaid { amount } amountDue { amount } version paidAt }";
        let noted = app.mutate("recordPayment", input, selection);
        let expected = json!({
            "kind": "CASH", "amount": {"amount": "100.00", "currency": "EUR"}, "amountRefunded": {"amount": "0.00"},
            "reference": "Receipt 7", "notes": "At the counter", "receivedAt": "2025-02-04T17:00:00Z",
            "createdAt": "2025-02-05T09:00:00Z", "attempt": null, "customer": {"id": one.customer},
            "invoice": {"id": one.invoice}, "refunds": [],
        });
        assert_eq!(noted["payment"], expected);
        let open = json!({
            "status": "OPEN", "amountPaid": {"amount": "100.00"}, "amountDue": {"amount": "200.00"}, "version": 2,
            "paidAt": null,
        });
        assert_eq!(noted["invoice"], open);
        // What is due, by a bank transfer, now.
        let noted = app.mutate("recordPayment", json!({"invoiceId": one.invoice}), "payment { kind amount { amount } receivedAt } invoice { status paidAt }");
        let rest = json!({"kind": "BANK_TRANSFER", "amount": {"amount": "200.00"}, "receivedAt": "2025-02-05T09:00:00Z"});
        assert_eq!(noted["payment"], rest);
        assert_eq!(noted["invoice"], json!({"status": "PAID", "paidAt": "2025-02-05T09:00:00Z"}));
        assert_consistent(app);
    }

    a_payment_that_cannot_be_noted(app) {
        let one = shop(app);
        let input = |changes: Value| with(json!({"invoiceId": one.invoice}), changes);
        let long = "x".repeat(1001);
        for (changes, expected) in [
            (json!({"invoiceId": NOBODY}), &["INVOICE_NOT_FOUND input.invoiceId"][..]),
            (json!({"invoiceId": "7"}), &["VALIDATION_ERROR input.invoiceId"]),
            (json!({"amount": "300.01"}), &["PAYMENT_TOO_HIGH input.amount"]),
            (json!({"amount": "0"}), &["VALIDATION_ERROR input.amount"]),
            (json!({"amount": "-1"}), &["VALIDATION_ERROR input.amount"]),
            (json!({"amount": "1.001"}), &["VALIDATION_ERROR input.amount"]),
            (json!({"kind": "CARD"}), &["VALIDATION_ERROR input.kind"]),
            (json!({"receivedAt": "2025-01-31T12:00:00.000001Z"}), &["VALIDATION_ERROR input.receivedAt"]),
            (json!({"receivedAt": "yesterday"}), &["VALIDATION_ERROR input.receivedAt"]),
            (json!({"reference": " "}), &["VALIDATION_ERROR input.reference"]),
            (
                json!({"kind": "CARD", "amount": "x", "notes": long}),
                &["VALIDATION_ERROR input.amount", "VALIDATION_ERROR input.kind", "VALIDATION_ERROR input.notes"],
            ),
        ] {
            refuses_at(app, "recordPayment", input(changes), expected);
        }
        conflicts(app, "recordPayment", &input(json!({"amount": "1"})), "invoice", 1);
        app.mutate("recordPayment", input(json!({})), "__typename");
        refuses_at(app, "recordPayment", input(json!({})), &["INVOICE_NOT_PAYABLE input.invoiceId"]);
    }

    an_invoice_is_charged_on_demand(app) {
        let one = shop(app);
        let pay = |source: Option<&str>| {
            let input = json!({"invoiceId": one.invoice, "source": source});
            app.attempt("payInvoice", input, "payment { kind attempt { status paymentMethod { id } } } invoice { status }")
        };
        assert_eq!(blamed(&pay(None)["userErrors"]), ["SOURCE_REQUIRED input.source"]);
        // What is declined changes nothing of the invoice; the attempt is logged.
        let before = app.invoice(&one.invoice, "status version nextAttemptAt");
        let declined = pay(Some(&app.token("INSUFFICIENT_FUNDS")));
        assert_eq!((blamed(&declined["userErrors"]), &declined["userErrors"][0]["number"]), (vec!["PAYMENT_DECLINED".to_owned()], &json!(77)));
        let failed = pay(Some(&app.token("PROCESSING_ERROR")));
        assert_eq!((blamed(&failed["userErrors"]), &failed["userErrors"][0]["number"]), (vec!["PAYMENT_PROCESSING_ERROR".to_owned()], &json!(78)));
        assert_eq!(app.invoice(&one.invoice, "status version nextAttemptAt"), before);
        let log = app.invoice(&one.invoice, "attempts { status errorCode }");
        assert_eq!(log["attempts"], json!([
            {"status": "DECLINED", "errorCode": "insufficient_funds"}, {"status": "REVERSED", "errorCode": null},
        ]));
        let lost = app.payment_method(&one.customer, "LOST_OR_STOLEN");
        assert_eq!(blamed(&pay(Some(&lost))["userErrors"]), ["PAYMENT_DECLINED"]);
        assert_eq!(blamed(&pay(Some(&lost))["userErrors"]), ["PAYMENT_METHOD_FAILED input.source"]);
        // A token becomes a payment method of the customer.
        let token = app.token("SUCCEEDS");
        let paid = pay(Some(&token));
        assert_eq!((&paid["userErrors"], &paid["invoice"]["status"]), (&json!([]), &json!("PAID")));
        assert_eq!(paid["payment"], json!({"kind": "CARD", "attempt": {"status": "SUCCEEDED", "paymentMethod": null}}));
        let methods = app.data(&format!("{{ customer(id: \"{}\") {{ paymentMethods {{ state }} }} }}", one.customer));
        assert_eq!(methods["customer"]["paymentMethods"], json!([{"state": "FAILED"}, {"state": "ACTIVE"}]));
        assert_eq!(blamed(&pay(None)["userErrors"]), ["INVOICE_NOT_PAYABLE input.invoiceId"]);
        assert_settled(app);
    }

    an_invoice_that_cannot_be_charged(app) {
        let one = shop(app);
        app.payment_method(&one.customer, "SUCCEEDS");
        let other = app.payment_method(&app.customer("Joe"), "SUCCEEDS");
        let input = |changes: Value| with(json!({"invoiceId": one.invoice}), changes);
        for (changes, expected) in [
            (json!({"invoiceId": NOBODY}), "INVOICE_NOT_FOUND input.invoiceId"),
            (json!({"invoiceId": "inv"}), "VALIDATION_ERROR input.invoiceId"),
            (json!({"source": ""}), "SOURCE_REQUIRED input.source"),
            (json!({"source": other}), "PAYMENT_METHOD_NOT_FOUND input.source"),
            (json!({"source": "ct_00000000000000000000000000"}), "INVALID_TOKEN input.source"),
        ] {
            refuses_at(app, "payInvoice", input(changes), &[expected]);
        }
        conflicts(app, "payInvoice", &input(json!({})), "invoice", 1);
    }

    a_charge_under_a_key_is_made_once(app) {
        let one = shop(app);
        app.payment_method(&one.customer, "SUCCEEDS");
        let pay = |key: &str| app.attempt_once(key, "payInvoice", json!({"invoiceId": one.invoice}), "payment { id } invoice { status }");
        let first = app.while_paying(|| pay("k"), || {
            assert_eq!(blamed(&pay("k")["userErrors"]), ["IDEMPOTENCY_IN_PROGRESS"]);
            assert_eq!(blamed(&pay("other")["userErrors"]), ["CONFLICT input.invoiceId"]);
        });
        assert_eq!(first["userErrors"], json!([]), "{first:#}");
        assert_eq!(pay("k"), first);
        assert_eq!(blamed(&pay("other")["userErrors"]), ["INVOICE_NOT_PAYABLE input.invoiceId"]);
        assert_settled(app);
    }

    a_request_that_died_after_it_charged_is_answered(app) {
        let one = shop(app);
        app.payment_method(&one.customer, "SUCCEEDS");
        let pay = || app.attempt_once("k", "payInvoice", json!({"invoiceId": one.invoice}), "payment { id } invoice { status }");
        // While the first one is taken for dead, the second one asks again, and answers for both.
        let slow = app.while_paying(pay, || {
            app.set_clock("2025-01-31T12:02:00Z");
            let again = pay();
            assert_eq!((&again["userErrors"], &again["invoice"]["status"]), (&json!([]), &json!("PAID")), "{again:#}");
        });
        assert_eq!((&slow["userErrors"], &slow["invoice"]["status"]), (&json!([]), &json!("PAID")), "{slow:#}");
        assert_eq!((app.gateway.charged().len(), app.database.number("SELECT count(*) FROM payments")), (1, 1));
        assert_eq!(resume_dead(&app.app).unwrap(), 0);
        assert_settled(app);
    }

    a_payment_completes_a_subscription(app) {
        app.shop(json!({}));
        for (method, behavior) in [("SEND_INVOICE", "DEFAULT_INCOMPLETE"), ("CHARGE_AUTOMATICALLY", "ALLOW_INCOMPLETE")] {
            let one = app.billed(json!({"collectionMethod": method, "paymentBehavior": behavior}));
            assert_eq!(app.subscription_status(&one.subscription), "INCOMPLETE");
            let input = json!({"invoiceId": one.invoice, "amount": "1"});
            app.mutate("recordPayment", input, "__typename");
            assert_eq!(app.subscription_status(&one.subscription), "INCOMPLETE", "a part is not enough");
            app.mutate("recordPayment", json!({"invoiceId": one.invoice}), "__typename");
            assert_eq!(app.subscription_status(&one.subscription), "ACTIVE");
        }
        let completed = "SELECT count(*) FROM events WHERE event_type = 'subscription.completed'";
        assert_eq!(app.database.number(completed), 2);
        assert_consistent(app);
    }

    a_subscription_waits_for_all_of_its_first_invoices(app) {
        let fee = json!({"amount": "5", "handling": "SEPARATE"});
        let plan = json!({"code": "FEE", "name": "Fee", "schedule": {"type": "MONTH_STARTDATE"}, "amount": "10", "setupFee": fee});
        app.mutate("createPlan", plan, "__typename");
        let asked = json!({"plan": {"code": "FEE"}, "collectionMethod": "SEND_INVOICE", "paymentBehavior": "DEFAULT_INCOMPLETE"});
        let one = app.billed(asked);
        let found = app.data("{ invoices(orderBy: [{field: CREATED_AT}]) { nodes { id } } }");
        let invoices = found["invoices"]["nodes"].as_array().unwrap();
        for (invoice, status) in invoices.iter().zip(["INCOMPLETE", "ACTIVE"]) {
            app.mutate("recordPayment", json!({"invoiceId": invoice["id"]}), "__typename");
            assert_eq!(app.subscription_status(&one.subscription), status);
        }
    }

    /// `decisions.md` 19.
    a_late_payment_revives_nothing(app) {
        app.shop(json!({}));
        for status in ["ENDED", "CANCELLED", "PAUSED"] {
            let one = app.billed(json!({}));
            app.app.db.execute_batch(&format!("UPDATE subscriptions SET status = '{status}' WHERE status = 'ACTIVE'")).unwrap();
            app.mutate("recordPayment", json!({"invoiceId": one.invoice}), "__typename");
            assert_eq!(app.subscription_status(&one.subscription), status);
        }
        assert_consistent(app);
    }

    an_invoice_that_failed_can_still_be_paid(app) {
        app.shop(json!({}));
        let dunning = json!({"schedule": [1], "finalAction": "END"});
        app.mutate("updateTenantSettings", json!({"dunning": dunning}), "__typename");
        let one = app.billed(json!({"paymentBehavior": "ALLOW_INCOMPLETE"}));
        for moment in ["2025-02-01T00:00:00Z", "2025-02-02T00:00:00Z"] {
            app.set_clock(moment);
            app.collect();
        }
        let stands = || (text(&app.invoice(&one.invoice, "status")["status"]), app.subscription_status(&one.subscription));
        assert_eq!(stands(), ("FAILED".to_owned(), "ENDED".to_owned()));
        app.mutate("recordPayment", json!({"invoiceId": one.invoice}), "__typename");
        assert_eq!(stands(), ("PAID".to_owned(), "ENDED".to_owned()));
    }

    money_of_a_charge_goes_back(app) {
        let (one, payment) = charged(app);
        let refund = |changes: Value| {
            let input = with(json!({"paymentId": payment}), changes);
            let selection = "refund { status amount { amount } reason errorCode finishedAt payment { id } }
                payment { amountRefunded { amount } refunds { status } }";
            app.attempt("refundPayment", input, selection)
        };
        let part = refund(json!({"amount": "100.00", "reason": "Broken"}));
        assert_eq!(part["userErrors"], json!([]), "{part:#}");
        let expected = json!({
            "status": "SUCCEEDED", "amount": {"amount": "100.00"}, "reason": "Broken", "errorCode": null,
            "finishedAt": "2025-01-31T12:00:00Z", "payment": {"id": payment},
        });
        assert_eq!(part["refund"], expected);
        assert_eq!(part["payment"], json!({"amountRefunded": {"amount": "100.00"}, "refunds": [{"status": "SUCCEEDED"}]}));
        let too_high = refund(json!({"amount": "200.01"}));
        assert_eq!((blamed(&too_high["userErrors"]), &too_high["userErrors"][0]["number"]), (vec!["REFUND_TOO_HIGH input.amount".to_owned()], &json!(65)));
        let rest = refund(json!({}));
        assert_eq!((&rest["refund"]["amount"]["amount"], &rest["payment"]["amountRefunded"]["amount"]), (&json!("200.00"), &json!("300.00")));
        assert_eq!(blamed(&refund(json!({}))["userErrors"]), ["REFUND_TOO_HIGH input.amount"]);
        // It is not due again.
        let invoice = app.invoice(&one.invoice, "status amountPaid { amount } amountRefunded { amount } amountDue { amount }");
        let paid = json!({
            "status": "PAID", "amountPaid": {"amount": "300.00"}, "amountRefunded": {"amount": "300.00"},
            "amountDue": {"amount": "0.00"},
        });
        assert_eq!(invoice, paid);
        let back: i64 = app.gateway.refunded().iter().map(|refund| refund.amount.minor).sum();
        assert_eq!(back, 30000);
        assert_settled(app);
    }

    money_that_came_in_by_hand_goes_back_by_hand(app) {
        let one = shop(app);
        let noted = app.mutate("recordPayment", json!({"invoiceId": one.invoice}), "payment { id }");
        let input = json!({"paymentId": noted["payment"]["id"], "amount": "50"});
        let made = app.mutate("refundPayment", input, "refund { status } payment { amountRefunded { amount } }");
        assert_eq!(made["refund"]["status"], "SUCCEEDED");
        assert_eq!((app.gateway.refunded().len(), app.gateway.charged().len()), (0, 0));
        assert_consistent(app);
    }

    money_that_cannot_go_back(app) {
        let (_, payment) = charged(app);
        let input = |changes: Value| with(json!({"paymentId": payment}), changes);
        for (changes, expected) in [
            (json!({"paymentId": "pay_00000000000000000000000000"}), "PAYMENT_NOT_FOUND input.paymentId"),
            (json!({"paymentId": NOBODY}), "VALIDATION_ERROR input.paymentId"),
            (json!({"amount": "300.01"}), "REFUND_TOO_HIGH input.amount"),
            (json!({"amount": "0"}), "VALIDATION_ERROR input.amount"),
            (json!({"amount": "-5"}), "VALIDATION_ERROR input.amount"),
            (json!({"amount": "0.001"}), "VALIDATION_ERROR input.amount"),
            (json!({"reason": "x".repeat(1001)}), "VALIDATION_ERROR input.reason"),
        ] {
            refuses_at(app, "refundPayment", input(changes), &[expected]);
        }
    }

    a_refund_that_the_gateway_refuses_leaves_the_payment_as_it_was(app) {
        let (_, payment) = charged(app);
        // The gateway has forgotten the charge: it was taken back there.
        let charge = app.gateway.charged().remove(0);
        perennial::app::PaymentGateway::reverse(&*app.gateway, &charge);
        let input = json!({"paymentId": payment, "amount": "10"});
        let refused = app.attempt("refundPayment", input, "refund { id }");
        assert_eq!(blamed(&refused["userErrors"]), ["PAYMENT_PROCESSING_ERROR"]);
        let found = app.data(&format!("{{ payment(id: \"{payment}\") {{ amountRefunded {{ amount }} refunds {{ status errorCode }} }} }}"));
        assert_eq!(found["payment"]["amountRefunded"]["amount"], "0.00");
        let refunds = &found["payment"]["refunds"];
        assert_eq!(refunds[0]["status"], "FAILED", "{refunds}");
        assert_consistent(app);
    }

    a_refund_under_a_key_is_made_once(app) {
        let (_, payment) = charged(app);
        let refund = |amount: &str| {
            let input = json!({"paymentId": payment, "amount": amount});
            app.attempt_once("k", "refundPayment", input, "refund { id status }")
        };
        let first = refund("10");
        assert_eq!(first["userErrors"], json!([]), "{first:#}");
        assert_eq!(refund("10"), first);
        assert_eq!(blamed(&refund("20")["userErrors"]), ["IDEMPOTENCY_KEY_REUSED"]);
        assert_eq!(app.gateway.refunded().len(), 1);
        assert_consistent(app);
    }

    payments_are_found_by_what_they_are(app) {
        app.shop(json!({}));
        let mut made = Vec::new();
        for (day, kind) in [("01", "CASH"), ("02", "OTHER"), ("03", "CASH")] {
            app.set_clock(&format!("2025-02-{day}T12:00:00Z"));
            let one = app.billed(json!({}));
            let input = json!({"invoiceId": one.invoice, "kind": kind});
            let id = text(&app.mutate("recordPayment", input, "payment { id }")["payment"]["id"]);
            made.push((id, one));
        }
        for (filter, expected) in [
            ("{kind: {eq: CASH}}".to_owned(), &[2, 0][..]),
            (format!("{{customerId: {{eq: \"{}\"}}}}", made[1].1.customer), &[1]),
            (format!("{{invoiceId: {{in: [\"{}\"]}}}}", made[0].1.invoice), &[0]),
            ("{receivedAt: {gte: \"2025-02-02T12:00:00Z\"}}".to_owned(), &[2, 1]),
        ] {
            let found = app.data(&format!("{{ payments(filter: {filter}) {{ totalCount nodes {{ id }} }} }}"));
            let ids: Vec<String> = found["payments"]["nodes"].as_array().unwrap().iter().map(|node| text(&node["id"])).collect();
            let expected: Vec<&String> = expected.iter().map(|place: &usize| &made[*place].0).collect();
            assert_eq!(ids.iter().collect::<Vec<_>>(), expected, "{filter}");
        }
        let customer = &made[2].1.customer;
        let own = app.data(&format!("{{ customer(id: \"{customer}\") {{ payments {{ nodes {{ id }} }} }} }}"));
        assert_eq!(own["customer"]["payments"]["nodes"], json!([{"id": made[2].0}]));
    }

    a_paid_opening_has_its_payment(app) {
        app.shop(json!({}));
        let input = to_m30(&json!({"create": {"name": "Jane"}}), json!({"source": app.token("SUCCEEDS")}));
        let made = app.mutate("createSubscription", input, "invoice { payments { kind amount { amount } attempt { status } } }");
        let expected = json!([{"kind": "CARD", "amount": {"amount": "300.00"}, "attempt": {"status": "SUCCEEDED"}}]);
        assert_eq!(made["invoice"]["payments"], expected);
        assert_settled(app);
    }
}
