//! Several who collect, pay or give back the same at once.

use crate::support::builders::text;
use crate::support::consistency::assert_consistent;
use crate::support::payments::assert_settled;
use crate::support::together::{tally, together};
use crate::support::{TestApp, both};
use serde_json::{Value, json};

/// How many invoices are due.
const INVOICES: usize = 12;

fn count(app: &TestApp, what: &str) -> usize {
    usize::try_from(app.database.number(&format!("SELECT count(*) FROM {what}"))).unwrap()
}

both! {
    of_4_who_collect_each_invoice_is_charged_by_one(app) {
        app.shop(json!({}));
        for n in 0..INVOICES {
            let one = app.billed(json!({}));
            app.payment_method(&one.customer, if n % 3 == 2 { "INSUFFICIENT_FUNDS" } else { "SUCCEEDS" });
        }
        app.set_clock("2025-02-01T00:00:00Z");
        let collected = together(4, |_| app.collect());
        let paid: usize = collected.iter().map(|collected| collected.paid).sum();
        let unpaid: usize = collected.iter().map(|collected| collected.unpaid).sum();
        assert_eq!((paid, unpaid), (INVOICES - INVOICES / 3, INVOICES / 3), "{collected:?}");
        assert_eq!(app.gateway.charged().len(), paid);
        assert_eq!(count(app, "payment_attempts"), INVOICES);
        assert_eq!(count(app, "invoices WHERE status = 'PAST_DUE' AND dunning_step = 1"), unpaid);
        assert_settled(app);
    }

    of_8_who_pay_an_invoice_and_collect_it_one_charges(app) {
        app.shop(json!({}));
        let one = app.billed(json!({}));
        app.payment_method(&one.customer, "SUCCEEDS");
        app.set_clock("2025-02-01T00:00:00Z");
        let input = json!({"invoiceId": one.invoice});
        together(8, |index| match index % 2 {
            0 => drop(app.attempt("payInvoice", input.clone(), "__typename")),
            _ => drop(app.collect()),
        });
        assert_eq!((app.gateway.charged().len(), count(app, "payments")), (1, 1));
        assert_eq!(app.invoice(&one.invoice, "status")["status"], "PAID");
        assert_settled(app);
    }

    of_8_payments_that_are_noted_no_more_is_taken_than_is_due(app) {
        app.shop(json!({}));
        let one = app.billed(json!({}));
        let input = json!({"invoiceId": one.invoice, "amount": "100"});
        let done = together(8, |_| app.attempt("recordPayment", input.clone(), "__typename"));
        assert_eq!(tally(&done), json!({"DONE": 3, "INVOICE_NOT_PAYABLE": 5}));
        assert_consistent(app);
    }

    of_8_refunds_no_more_goes_back_than_came_in(app) {
        app.shop(json!({}));
        let one = app.billed(json!({}));
        app.payment_method(&one.customer, "SUCCEEDS");
        let paid = app.mutate("payInvoice", json!({"invoiceId": one.invoice}), "payment { id }");
        let input = json!({"paymentId": text(&paid["payment"]["id"]), "amount": "100"});
        let done: Vec<Value> = together(8, |_| app.attempt("refundPayment", input.clone(), "__typename"));
        assert_eq!(tally(&done), json!({"DONE": 3, "REFUND_TOO_HIGH": 5}));
        let back: i64 = app.gateway.refunded().iter().map(|refund| refund.amount.minor).sum();
        assert_eq!(back, 30000);
        assert_consistent(app);
    }

    two_first_invoices_that_are_paid_at_once_complete_a_subscription(app) {
        let fee = json!({"amount": "5", "handling": "SEPARATE"});
        let schedule = json!({"type": "MONTH_STARTDATE"});
        let plan = json!({"code": "FEE", "name": "Fee", "schedule": schedule, "amount": "10", "setupFee": fee});
        app.mutate("createPlan", plan, "__typename");
        for _ in 0..8 {
            let waits = json!({"collectionMethod": "SEND_INVOICE", "paymentBehavior": "DEFAULT_INCOMPLETE"});
            let mut asked = json!({"plan": {"code": "FEE"}});
            asked.as_object_mut().unwrap().extend(waits.as_object().unwrap().clone());
            let one = app.billed(asked);
            let found = app.data(&format!(
                "{{ subscription(id: \"{}\") {{ invoices {{ nodes {{ id }} }} }} }}", one.subscription
            ));
            let invoices = found["subscription"]["invoices"]["nodes"].as_array().unwrap();
            assert_eq!(invoices.len(), 2);
            let done = together(2, |index| {
                app.attempt("recordPayment", json!({"invoiceId": invoices[index]["id"]}), "__typename")
            });
            assert_eq!(tally(&done), json!({"DONE": 2}));
            assert_eq!(app.subscription_status(&one.subscription), "ACTIVE");
        }
        assert_consistent(app);
    }
}
