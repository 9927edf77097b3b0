//! Tokens, payment methods and attempts, for the tests that begin with one.

use super::TestApp;
use super::builders::text;
use chrono::TimeDelta;
use perennial::domain::billing::{BillingHold, HoldCode};
use perennial::domain::payment::{PaymentAttempt, PaymentAttemptStatus};
use perennial::domain::payment_method::Source;
use perennial::domain::subscription::Subscription;
use perennial::domain::tenant::Tenant;
use perennial::domain::{Currency, Id, Money};
use perennial::repository::{billing, payment};
use serde_json::json;

impl TestApp {
    /// Sets a subscription aside that falls due, as if it could not be billed; answers the id of the hold.
    pub fn hold(&self, tenant: Id<Tenant>, subscription: Id<Subscription>) -> String {
        let now = self.app.ambient.now();
        let failed = (HoldCode::NotBillable, "It is too much.".to_owned());
        let hold = BillingHold::after_failure(None, self.app.ambient.id(now), subscription, failed, now);
        self.app.db.write(|tx| billing::hold(tx, tenant, &hold)).unwrap();
        hold.id.to_string()
    }

    /// A token of the test gateway that anybody may use for an hour.
    pub fn token(&self, card: &str) -> String {
        let made = self.mutate("createTestToken", json!({"card": card}), "paymentToken { id }");
        text(&made["paymentToken"]["id"])
    }

    /// A payment method that was made from a test card.
    pub fn payment_method(&self, customer: &str, card: &str) -> String {
        let input = json!({"customerId": customer, "token": self.token(card)});
        text(&self.mutate("addPaymentMethod", input, "paymentMethod { id }")["paymentMethod"]["id"])
    }

    /// A stored attempt to charge a customer 129.00 EUR for a subscription; neither need exist. The source does.
    pub fn reserve_payment(
        &self,
        tenant: Id<Tenant>,
        (customer, subscription): (&str, &str),
        source: &str,
        idempotency_key: Option<&str>,
    ) -> PaymentAttempt {
        let source = Source::parse(source).unwrap();
        let now = self.app.ambient.now();
        let attempt = PaymentAttempt {
            id: self.app.ambient.id(now),
            subscription_id: Some(subscription.parse().unwrap()),
            invoice_id: None,
            customer_id: customer.parse().unwrap(),
            payment_method_id: source.method(),
            payment_token_id: source.token(),
            amount: Money::new(12900, Currency::EUR),
            idempotency_key: idempotency_key.map(str::to_owned),
            status: PaymentAttemptStatus::Reserved,
            error_state: None,
            error_code: None,
            gateway_reference: None,
            created_at: now,
            finished_at: None,
            reserved_until: now + TimeDelta::minutes(2),
        };
        self.app.db.write(|tx| payment::reserve(tx, tenant, &attempt)).unwrap();
        attempt
    }
}

/// Asserts that every payment has come to its end, that the gateway has kept what the log says and nothing else, and that
/// the database is consistent.
#[track_caller]
pub fn assert_settled(app: &TestApp) {
    let log = app.app.db.read_once(|conn| payment::all(app.tenant).order("id").load(conn)).unwrap();
    let with = |status| log.iter().filter(move |attempt| attempt.status == status);
    let open: Vec<_> = log.iter().filter(|attempt| attempt.finished_at.is_none()).collect();
    assert!(open.is_empty(), "{open:#?}");
    let kept: Vec<_> = with(PaymentAttemptStatus::Succeeded).map(|attempt| (attempt.id, attempt.amount)).collect();
    let charged: Vec<_> = app.gateway.charged().iter().map(|charge| (charge.attempt, charge.amount)).collect();
    assert_eq!(charged, kept, "what the gateway has kept, and what the log says that it has\n{log:#?}");
    let reversed: Vec<_> = app.gateway.reversed().iter().map(|charge| charge.attempt).collect();
    for attempt in with(PaymentAttemptStatus::Reversed).chain(with(PaymentAttemptStatus::Failed)) {
        assert!(reversed.contains(&attempt.id), "{attempt:#?}");
    }
    app.database.assert_consistent();
}
