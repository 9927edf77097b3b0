//! Payments and refunds: what the database refuses, and what the guards of the repository let through.

use super::refusals::{Check, Foreign, OURS, Unique, copy, new_id, refuses};
use crate::support::builders::text;
use crate::support::{TestApp, both};
use perennial::domain::received::Payment;
use perennial::domain::{Currency, Id, Money};
use perennial::repository::{Fault, received};
use serde_json::json;

/// A payment of 300.00 EUR by a card, of which 100.00 went back.
fn paid(app: &TestApp) -> Id<Payment> {
    app.shop(json!({}));
    let one = app.billed(json!({}));
    app.payment_method(&one.customer, "SUCCEEDS");
    let paid = app.mutate("payInvoice", json!({"invoiceId": one.invoice}), "payment { id }");
    let payment = text(&paid["payment"]["id"]);
    app.mutate("refundPayment", json!({"paymentId": payment, "amount": "100"}), "__typename");
    payment.parse().unwrap()
}

both! {
    a_row_says_what_its_status_says(app) {
        paid(app);
        for (why, statement) in [
            (Check("kind"), "UPDATE payments SET kind = 'GIFT', attempt_id = NULL, recorded_by = (SELECT id FROM api_keys)"),
            (Check("what_is_charged_is_not_noted"), "UPDATE payments SET recorded_by = (SELECT id FROM api_keys)"),
            (Check("amount"), "UPDATE payments SET amount = 0, amount_refunded = 0"),
            (Check("currency"), "UPDATE payments SET currency = 'EURO'"),
            (Check("reference"), "UPDATE payments SET reference = ''"),
            (Check("notes"), "UPDATE payments SET notes = ''"),
            (Check("a_card_is_charged"), "UPDATE payments SET kind = 'CASH'"),
            (Check("no_more_goes_back_than_came_in"), "UPDATE payments SET amount_refunded = 30001"),
            (Check("no_more_goes_back_than_came_in"), "UPDATE payments SET amount_refunded = -1"),
            (Check("amount"), "UPDATE refunds SET amount = 0"),
            (Check("currency"), "UPDATE refunds SET currency = 'EURO'"),
            (Check("reason"), "UPDATE refunds SET reason = ''"),
            (Check("status"), "UPDATE refunds SET status = 'LOST'"),
            (Check("idempotency_key"), "UPDATE refunds SET idempotency_key = ''"),
            (Check("a_refund_is_finished_with_its_outcome"), "UPDATE refunds SET status = 'PENDING'"),
            (Check("a_refund_is_finished_with_its_outcome"), "UPDATE refunds SET finished_at = NULL"),
            (Check("a_failed_refund_has_a_code"), "UPDATE refunds SET status = 'FAILED'"),
            (Check("a_failed_refund_has_a_code"), "UPDATE refunds SET error_code = 'x'"),
        ] {
            refuses(app, why, statement);
        }
        for (table, column) in [
            ("payments", "invoice_id"), ("payments", "customer_id"), ("payments", "attempt_id"), ("refunds", "payment_id"),
        ] {
            refuses(app, Foreign, &format!("UPDATE {table} SET {column} = {} WHERE {OURS}", new_id(app, 1)));
        }
    }

    a_charge_pays_an_invoice_once(app) {
        paid(app);
        refuses(app, Unique, &copy(app, "payments", OURS, &[("id", new_id(app, 1))]));
        let key = "UPDATE refunds SET status = 'PENDING', finished_at = NULL, idempotency_key = 'k'";
        app.app.db.execute_batch(key).unwrap();
        refuses(app, Unique, &copy(app, "refunds", OURS, &[("id", new_id(app, 1))]));
    }

    no_more_is_taken_of_a_payment_than_is_left(app) {
        let payment = paid(app);
        let euros = |minor| Money::new(minor, Currency::EUR);
        let take = |minor| app.app.db.write(|tx| received::take(tx, app.tenant, payment, euros(minor)));
        let give_back = |minor| app.app.db.write(|tx| received::give_back(tx, app.tenant, payment, euros(minor)));
        let lost = |answer: Result<(), Fault>| matches!(answer, Err(Fault::LostRace));
        assert!(lost(take(20_001)));
        take(20_000).unwrap();
        assert!(lost(take(1)));
        give_back(30_000).unwrap();
        assert!(lost(give_back(1)));
        assert_eq!(app.database.number("SELECT amount_refunded FROM payments"), 0);
        let (other, _) = app.another_tenant("Other");
        assert!(lost(app.app.db.write(|tx| received::take(tx, other, payment, euros(1)))));
    }
}
