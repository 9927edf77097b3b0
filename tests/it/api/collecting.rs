//! Collecting: what is due is charged once, its customers are reminded to the day, and what is not paid at all fails.

use super::{refuses_at, with};
use crate::support::builders::{text, to_m30};
use crate::support::collecting::Billed;
use crate::support::payments::assert_settled;
use crate::support::{TestApp, both};
use perennial::app::billing;
use perennial::app::collect::{Collected, collect_due_of_all, next_at, resume_dead};
use perennial::app::payment::take_back_dead;
use perennial::domain::Instant;
use serde_json::{Value, json};

const STANDS: &str = "status amountDue { amount } nextAttemptAt dunningStartedAt dunningStep";

/// A shop whose dunning has these intervals and this end.
pub fn shop(app: &TestApp, intervals: &[i32], action: &str, changes: Value) {
    app.shop(json!({}));
    let dunning = with(json!({"schedule": intervals, "finalAction": action}), changes);
    app.mutate("updateTenantSettings", json!({"dunning": dunning}), "__typename");
}

/// A subscription that was billed on 30 April at ten, and whose invoice is past due on 1 May.
pub fn billed(app: &TestApp, changes: Value) -> Billed {
    app.set_clock("2025-04-30T10:00:00Z");
    app.billed(changes)
}

/// Collects at each of these moments, of May 2025.
pub fn collect_in_may(app: &TestApp, moments: &[&str]) -> Vec<Collected> {
    let at = |moment: &&str| {
        app.set_clock(&format!("2025-05-{moment}:00Z"));
        app.collect()
    };
    moments.iter().map(at).collect()
}

pub fn stands(app: &TestApp, invoice: &str) -> Value {
    app.invoice(invoice, STANDS)
}

const NONE: Collected = Collected { paid: 0, unpaid: 0, reminded: 0, failed: 0, left: 0 };

both! {
    what_is_due_is_charged_once(app) {
        shop(app, &[3], "NONE", json!({}));
        let one = billed(app, json!({}));
        app.payment_method(&one.customer, "SUCCEEDS");
        assert_eq!(collect_in_may(app, &["01T00:00"]), [Collected { paid: 1, ..NONE }]);
        let selection = "status paidAt amountPaid { amount } amountDue { amount } nextAttemptAt
            payments { kind amount { amount } receivedAt attempt { status } } attempts { status amount { amount } }";
        let paid = json!({
            "status": "PAID", "paidAt": "2025-05-01T00:00:00Z", "amountPaid": {"amount": "300.00"},
            "amountDue": {"amount": "0.00"}, "nextAttemptAt": null,
            "payments": [{
                "kind": "CARD", "amount": {"amount": "300.00"}, "receivedAt": "2025-05-01T00:00:00Z",
                "attempt": {"status": "SUCCEEDED"},
            }],
            "attempts": [{"status": "SUCCEEDED", "amount": {"amount": "300.00"}}],
        });
        assert_eq!(app.invoice(&one.invoice, selection), paid);
        assert_eq!(collect_in_may(app, &["01T00:00", "31T00:00"]), [NONE, NONE]);
        assert_eq!(app.gateway.charged().len(), 1);
        assert_settled(app);
    }

    nothing_is_collected_before_it_is_due(app) {
        shop(app, &[3], "NONE", json!({}));
        let one = billed(app, json!({}));
        app.payment_method(&one.customer, "SUCCEEDS");
        app.set_clock("2025-04-30T23:59:59Z");
        let before = app.database.dump();
        assert_eq!(app.collect(), NONE);
        app.database.assert_unchanged(&before);
        let next: Instant = "2025-05-01T00:00:00Z".parse().unwrap();
        assert_eq!(next_at(&app.app, app.tenant).unwrap(), Some(next));
    }

    /// `billwerk.md` §11, scenario 23.
    an_invoice_is_dunned_to_the_day(app) {
        shop(app, &[3, 7, 7], "PAUSE", json!({}));
        let one = billed(app, json!({}));
        app.payment_method(&one.customer, "LOST_OR_STOLEN");
        let days = ["01T00:00", "03T23:59", "04T00:00", "10T23:59", "11T00:00", "17T23:59", "18T00:00", "31T00:00"];
        let (unpaid, reminded) = (Collected { unpaid: 1, ..NONE }, Collected { reminded: 1, ..NONE });
        let failed = Collected { failed: 1, ..NONE };
        assert_eq!(collect_in_may(app, &days), [unpaid, NONE, reminded, NONE, reminded, NONE, failed, NONE]);
        assert_eq!(app.told()[2..], [
            "payment_method.failed 05-01",
            "invoice.payment_failed 05-01",
            "invoice.dunning_started 05-01",
            "invoice.dunning_notice 05-01",
            "invoice.dunning_notice 05-04",
            "invoice.dunning_notice 05-11",
            "invoice.failed 05-18",
            "subscription.paused 05-18",
        ]);
        let expected = json!({
            "status": "FAILED", "amountDue": {"amount": "300.00"}, "nextAttemptAt": null,
            "dunningStartedAt": "2025-05-01T00:00:00Z", "dunningStep": 3,
        });
        assert_eq!(stands(app, &one.invoice), expected);
        assert_eq!(app.subscription_status(&one.subscription), "PAUSED");
        assert_settled(app);
    }

    a_grace_of_the_subscription_holds_reminders_back(app) {
        shop(app, &[3, 7, 7], "PAUSE", json!({}));
        // Until ten o'clock on 2 May.
        let one = billed(app, json!({"graceDurationSeconds": 2 * 86_400}));
        app.payment_method(&one.customer, "LOST_OR_STOLEN");
        collect_in_may(app, &["01T00:00", "02T00:00", "02T09:59"]);
        assert_eq!(app.told()[2..], ["payment_method.failed 05-01", "invoice.payment_failed 05-01"]);
        assert_eq!(stands(app, &one.invoice)["status"], "OPEN");
        collect_in_may(app, &["02T10:00"]);
        assert_eq!(app.told()[4..], ["invoice.dunning_started 05-02", "invoice.dunning_notice 05-02"]);
        let next = "2025-05-05T10:00:00Z";
        assert_eq!(stands(app, &one.invoice)["nextAttemptAt"], next);
    }

    what_is_declined_for_now_is_charged_again_with_each_reminder(app) {
        shop(app, &[3, 7], "END", json!({}));
        let one = billed(app, json!({}));
        app.payment_method(&one.customer, "INSUFFICIENT_FUNDS");
        let unpaid = Collected { unpaid: 1, ..NONE };
        assert_eq!(collect_in_may(app, &["01T00:00", "04T00:00", "11T00:00", "31T00:00"]), [unpaid, unpaid, unpaid, NONE]);
        let attempts = app.invoice(&one.invoice, "status attempts { status errorState createdAt }");
        let declined = |day: &str| {
            json!({"status": "DECLINED", "errorState": "SOFT_DECLINED", "createdAt": format!("2025-05-{day}T00:00:00Z")})
        };
        let expected = json!({"status": "FAILED", "attempts": [declined("01"), declined("04"), declined("11")]});
        assert_eq!(attempts, expected);
        assert_eq!(app.subscription_status(&one.subscription), "ENDED");
        assert_eq!(app.database.number("SELECT count(*) FROM subscriptions WHERE due_at IS NOT NULL"), 0);
    }

    an_action_of_none_leaves_the_subscription_alone(app) {
        shop(app, &[3], "NONE", json!({}));
        let one = billed(app, json!({}));
        collect_in_may(app, &["01T00:00", "04T00:00"]);
        assert_eq!((stands(app, &one.invoice)["status"].as_str(), app.subscription_status(&one.subscription).as_str()),
            (Some("FAILED"), "ACTIVE"));
    }

    /// One call does all that falls due while a clock is advanced, each at its moment.
    a_long_time_is_collected_at_once(app) {
        shop(app, &[3, 7, 7], "PAUSE", json!({}));
        billed(app, json!({}));
        let until = "2025-06-01T00:00:00Z".parse().unwrap();
        let all = perennial::app::collect::collect_due(&app.app, app.tenant, until).unwrap();
        assert_eq!(all, Collected { reminded: 3, failed: 1, ..NONE });
        assert_eq!(app.told()[1..], [
            "invoice.dunning_started 05-01",
            "invoice.dunning_notice 05-01",
            "invoice.dunning_notice 05-04",
            "invoice.dunning_notice 05-11",
            "invoice.failed 05-18",
            "subscription.paused 05-18",
        ]);
    }

    an_invoice_that_is_sent_is_reminded_of_and_never_charged(app) {
        shop(app, &[3], "PAUSE", json!({}));
        let one = billed(app, json!({"collectionMethod": "SEND_INVOICE", "paymentTerms": "NET_15"}));
        app.payment_method(&one.customer, "SUCCEEDS");
        assert_eq!(stands(app, &one.invoice)["nextAttemptAt"], "2025-05-16T00:00:00Z");
        let reminded = Collected { reminded: 1, ..NONE };
        assert_eq!(collect_in_may(app, &["15T23:59", "16T00:00"]), [NONE, reminded]);
        let expected = json!({
            "status": "PAST_DUE", "amountDue": {"amount": "300.00"}, "nextAttemptAt": "2025-05-19T00:00:00Z",
            "dunningStartedAt": "2025-05-16T00:00:00Z", "dunningStep": 1,
        });
        assert_eq!(stands(app, &one.invoice), expected);
        assert_eq!(collect_in_may(app, &["19T00:00"]), [Collected { failed: 1, ..NONE }]);
        assert_eq!((app.gateway.charged().len(), app.subscription_status(&one.subscription).as_str()), (0, "PAUSED"));
    }

    what_was_declined_as_it_was_made_is_charged_again_a_day_later(app) {
        shop(app, &[3], "PAUSE", json!({}));
        app.set_clock("2025-04-30T10:00:00Z");
        let made = app.mutate(
            "createSubscription",
            to_m30(&json!({"create": {"name": "Jane"}}), json!({"source": app.token("INSUFFICIENT_FUNDS")})),
            "invoice { id }",
        );
        let invoice = text(&made["invoice"]["id"]);
        let expected = json!({
            "status": "OPEN", "amountDue": {"amount": "300.00"}, "nextAttemptAt": "2025-05-01T10:00:00Z",
            "dunningStartedAt": null, "dunningStep": 0,
        });
        assert_eq!((app.collect(), stands(app, &invoice)), (NONE, expected));
        assert_eq!(collect_in_may(app, &["01T10:00"]), [Collected { unpaid: 1, ..NONE }]);
        assert_eq!(stands(app, &invoice)["status"], "PAST_DUE");
    }

    the_newest_active_method_is_charged_where_the_named_one_is_not(app) {
        shop(app, &[3], "PAUSE", json!({}));
        let one = billed(app, json!({}));
        let [_, good, gone] = ["LOST_OR_STOLEN", "SUCCEEDS", "SUCCEEDS"].map(|card| app.payment_method(&one.customer, card));
        app.mutate("archivePaymentMethod", json!({"paymentMethodId": gone}), "__typename");
        collect_in_may(app, &["01T00:00"]);
        let attempts = app.invoice(&one.invoice, "status attempts { paymentMethod { id } }");
        assert_eq!(attempts, json!({"status": "PAID", "attempts": [{"paymentMethod": {"id": good}}]}));
    }

    a_charge_that_cannot_be_processed_is_taken_back_and_made_again_later(app) {
        shop(app, &[3], "PAUSE", json!({}));
        let one = billed(app, json!({}));
        let bad = app.payment_method(&one.customer, "PROCESSING_ERROR");
        assert_eq!(collect_in_may(app, &["01T00:00"]), [Collected { unpaid: 1, ..NONE }]);
        let found = app.invoice(&one.invoice, "status dunningStep attempts { status finishedAt }");
        let reversed = json!({"status": "REVERSED", "finishedAt": "2025-05-01T00:00:00Z"});
        assert_eq!(found, json!({"status": "PAST_DUE", "dunningStep": 1, "attempts": [reversed]}));
        app.mutate("archivePaymentMethod", json!({"paymentMethodId": bad}), "__typename");
        app.payment_method(&one.customer, "SUCCEEDS");
        assert_eq!(collect_in_may(app, &["04T00:00"]), [Collected { paid: 1, ..NONE }]);
        let expected = json!({
            "status": "PAID", "amountDue": {"amount": "0.00"}, "nextAttemptAt": null, "dunningStartedAt": null,
            "dunningStep": 0,
        });
        assert_eq!(stands(app, &one.invoice), expected);
        assert_settled(app);
    }

    nothing_is_charged_anew_while_it_is_not_known_where_the_money_is(app) {
        shop(app, &[3], "PAUSE", json!({}));
        let one = billed(app, json!({}));
        app.payment_method(&one.customer, "HANGS");
        app.gate.reversals_fail(true);
        collect_in_may(app, &["01T00:00"]);
        assert_eq!(app.invoice(&one.invoice, "attempts { status }")["attempts"], json!([{"status": "REVERSING"}]));
        assert_eq!(collect_in_may(app, &["04T00:00"]), [NONE]);
        app.gate.reversals_fail(false);
        assert_eq!(take_back_dead(&app.app).unwrap(), 1);
        assert_eq!(collect_in_may(app, &["04T00:00"]), [Collected { unpaid: 1, ..NONE }]);
        assert_settled(app);
    }

    an_attempt_that_died_is_asked_for_again_and_charges_nobody_twice(app) {
        shop(app, &[3], "PAUSE", json!({}));
        let one = billed(app, json!({}));
        app.payment_method(&one.customer, "SUCCEEDS");
        app.set_clock("2025-05-01T00:00:00Z");
        // One collector charges, and is not heard of any more: another one finds its attempt.
        let slow = app.while_paying(|| app.collect(), || {
            assert_eq!(app.invoice(&one.invoice, "attempts { status }")["attempts"], json!([{"status": "RESERVED"}]));
            app.set_clock("2025-05-01T00:01:59Z");
            assert_eq!((resume_dead(&app.app).unwrap(), app.collect()), (0, NONE));
            app.set_clock("2025-05-01T00:02:00Z");
            assert_eq!((take_back_dead(&app.app).unwrap(), resume_dead(&app.app).unwrap()), (0, 1));
            assert_eq!(stands(app, &one.invoice)["status"], "PAID");
        });
        assert_eq!(slow, Collected { left: 1, ..NONE }, "the outcome was stored already");
        assert_eq!(app.gateway.charged().len(), 1);
        assert_eq!(app.database.number("SELECT count(*) FROM payments"), 1);
        assert_settled(app);
    }

    what_is_paid_while_it_is_charged_goes_back(app) {
        shop(app, &[3], "PAUSE", json!({}));
        let one = billed(app, json!({}));
        app.payment_method(&one.customer, "SUCCEEDS");
        app.set_clock("2025-05-01T00:00:00Z");
        let paid = json!({"invoiceId": one.invoice});
        let collected = app.while_paying(|| app.collect(), || {
            refuses_at(app, "recordPayment", paid.clone(), &["CONFLICT input.invoiceId"]);
            refuses_at(app, "payInvoice", paid.clone(), &["CONFLICT input.invoiceId"]);
            // Whatever comes in between all the same.
            let sql = "UPDATE invoices SET status = 'PAID', amount_credited = total, amount_due = 0, collect_at = NULL,
                paid_at = created_at, version = version + 1";
            app.app.db.execute_batch(sql).unwrap();
        });
        assert_eq!(collected, Collected { left: 1, ..NONE });
        assert_eq!((app.gateway.charged().len(), app.gateway.reversed().len()), (0, 1));
    }

    a_card_of_a_gateway_that_is_not_there_is_left_alone(app) {
        shop(app, &[3], "NONE", json!({}));
        let one = billed(app, json!({}));
        app.payment_method(&one.customer, "SUCCEEDS");
        app.app.db.execute_batch("UPDATE payment_methods SET gateway_reference = 'cus_1/pm_1/card'").unwrap();
        assert_eq!(collect_in_may(app, &["01T00:00"]), [Collected { left: 1, ..NONE }]);
        assert_eq!(resume_dead(&app.app).unwrap(), 0);
        app.set_clock("2025-05-01T01:00:00Z");
        assert_eq!(resume_dead(&app.app).unwrap(), 1);
        let attempts = app.invoice(&one.invoice, "status attempts { status }");
        assert_eq!(attempts, json!({"status": "OPEN", "attempts": [{"status": "RESERVED"}]}));
        assert_eq!((app.gateway.charged().len(), app.gateway.reversed().len()), (0, 0));
    }

    what_a_bank_does_not_answer_does_not_stop_the_clock(app) {
        shop(app, &[3], "NONE", json!({}));
        let one = billed(app, json!({}));
        app.payment_method(&one.customer, "PENDS");
        assert_eq!(collect_in_may(app, &["01T00:00", "02T00:00"]), [Collected { left: 1, ..NONE }, NONE]);
        assert_eq!(next_at(&app.app, app.tenant).unwrap(), None, "nobody does anything about it until the bank answers");
        assert_eq!(stands(app, &one.invoice)["status"], "OPEN");
    }

    the_days_of_an_invoice_by_hand_are_its_customers(app) {
        shop(app, &[3], "NONE", json!({}));
        app.set_clock("2025-04-30T10:00:00Z");
        let customer = json!({"name": "Jane", "timezone": "Asia/Tokyo"});
        let customer = text(&app.mutate("createCustomer", customer, "customer { id }")["customer"]["id"]);
        let lines = json!([{"description": "Work", "unitAmount": "80"}]);
        let made = app.mutate("createInvoice", json!({"customerId": customer, "lines": lines}), "invoice { id nextAttemptAt }");
        assert_eq!(made["invoice"]["nextAttemptAt"], "2025-04-30T15:00:00Z");
        app.set_clock("2025-04-30T15:00:00Z");
        assert_eq!(app.collect(), Collected { reminded: 1, ..NONE });
        let dunned = stands(app, &text(&made["invoice"]["id"]));
        assert_eq!((&dunned["status"], &dunned["dunningStartedAt"]), (&json!("PAST_DUE"), &json!("2025-04-30T15:00:00Z")));
    }

    each_tenant_is_collected_by_its_own_clock(app) {
        shop(app, &[3], "PAUSE", json!({}));
        billed(app, json!({}));
        let (tenant, key) = app.test_tenant();
        let make = |field: &str, input: Value, selection: &str| {
            let payload = app.attempt_as(&key, field, input, selection);
            assert_eq!(payload["userErrors"], json!([]), "{field}: {payload:#}");
            payload
        };
        make("createPlan", json!({"code": "M30", "name": "G", "schedule": {"type": "MONTH_STARTDATE"}, "amount": "300"}), "__typename");
        make("createSubscription", to_m30(&json!({"create": {"name": "J"}}), json!({})), "__typename");
        make("advanceClock", json!({"to": "2025-05-02T00:00:00Z"}), "__typename");
        let past_due = |of: &str| {
            let literal = tenant_literal(app, tenant);
            app.database.number(&format!("SELECT count(*) FROM invoices WHERE status = 'PAST_DUE' AND tenant_id {of} {literal}"))
        };
        assert_eq!((past_due("="), past_due("<>")), (1, 0), "the advance of its clock saw to it");
        assert_eq!(collect_due_of_all(&app.app, None).unwrap(), NONE, "for the other one it is not May yet");
        // Its clock is ahead of the machine's, and what it missed is due by it.
        let late = json!({"startDate": "2025-04-02T00:00:00Z"});
        make("createSubscription", to_m30(&json!({"create": {"name": "K"}}), late), "__typename");
        let april: Instant = "2025-04-30T10:00:00Z".parse().unwrap();
        assert_eq!(billing::run_of_all(&app.app, Some(april), &|_| {}).unwrap().moments, 0);
        assert_eq!(billing::run_of_all(&app.app, None, &|_| {}).unwrap().moments, 1);
        app.set_clock("2025-05-01T00:00:00Z");
        assert_eq!(collect_due_of_all(&app.app, None).unwrap(), Collected { reminded: 1, ..NONE });
        assert_eq!(past_due("<>"), 1);
    }
}

/// A tenant's id as a literal of the database.
fn tenant_literal(app: &TestApp, tenant: perennial::domain::Id<perennial::domain::tenant::Tenant>) -> String {
    let uuid = tenant.uuid();
    match app.app.db.is_postgres() {
        true => format!("'{uuid}'"),
        false => format!("x'{}'", uuid.simple()),
    }
}
