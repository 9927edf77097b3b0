//! Payment methods, tokens and attempts.

use super::{Making, awkward, but_every};
use chrono::TimeDelta;
use perennial::app::payment_method::{
    AddPaymentMethod, ArchivePaymentMethod, CardGiven, CreateTestToken, add_payment_method, archive_payment_method,
    create_test_token,
};
use perennial::app::test_gateway::TestCard;
use perennial::domain::customer::Customer;
use perennial::domain::payment::{ChargeOutcome, PaymentAttempt, PaymentAttemptStatus};
use perennial::domain::payment_method::{PaymentToken, Source};
use perennial::domain::{Choice, Currency, Id, Money};
use perennial::repository::{Fault, payment};

impl Making<'_> {
    /// Every second customer has up to three payment methods and a token; attempts are made with each, in every status.
    pub(super) fn payments(&self, customers: &[Id<Customer>]) {
        let mut made = 0;
        for (n, customer) in customers.iter().enumerate().step_by(2) {
            for place in 0..n % 4 {
                let token = self.token(n + place, Some(*customer));
                let new = AddPaymentMethod { customer_id: *customer, card: CardGiven::Token(token) };
                let method = self.run(|call| add_payment_method(call, &new)).payment_method;
                if place == 1 {
                    let change = ArchivePaymentMethod { payment_method_id: method, expected_version: None };
                    self.run(|call| archive_payment_method(call, &change));
                }
                self.attempts(&mut made, *customer, Source::Method(method));
            }
            let token = self.token(n, but_every(4, n, *customer));
            self.attempts(&mut made, *customer, Source::Token(token));
        }
    }

    pub(super) fn token(&self, n: usize, customer_id: Option<Id<Customer>>) -> Id<PaymentToken> {
        let (card, _, _) = TestCard::ALL[n % TestCard::ALL.len()];
        let new = CreateTestToken { card, customer_id, life: TimeDelta::days(1) };
        self.run(|call| create_test_token(call, &new)).payment_token
    }

    /// Two attempts. Those of failed payments are for subscriptions and customers that do not exist.
    fn attempts(&self, made: &mut usize, customer: Id<Customer>, source: Source) {
        for _ in 0..2 {
            let (now, n) = (self.app.ambient.now(), *made);
            *made += 1;
            let currency = ["EUR", "JPY", "KWD"][n % 3].parse::<Currency>().expect("a currency");
            let reserved = PaymentAttempt {
                id: self.app.ambient.id(now),
                subscription_id: Some(self.app.ambient.id(now)),
                invoice_id: None,
                customer_id: if n.is_multiple_of(3) { self.app.ambient.id(now) } else { customer },
                payment_method_id: source.method(),
                payment_token_id: source.token(),
                amount: Money::new(i64::try_from(n).expect("a number") * 77 + 1, currency),
                idempotency_key: but_every(2, n, format!("{} {n}", awkward(n))),
                status: PaymentAttemptStatus::Reserved,
                error_state: None,
                error_code: None,
                gateway_reference: None,
                created_at: now,
                finished_at: None,
                reserved_until: now + TimeDelta::minutes(2),
            };
            // What is pending has no outcome to store.
            let cards = TestCard::ALL.len() - 1;
            let (card, _, _) = TestCard::ALL[n % cards];
            let outcome = self.app.gateways.test.charge(&reserved.charge(self.viewer.tenant_id, card.reference()));
            let now = || self.app.ambient.now();
            let given_up =
                || reserved.given_up(&ChargeOutcome::Succeeded { reference: None }, now()).expect("it was reserved");
            let steps = match n % 7 {
                0 => Vec::new(),
                1 => vec![given_up()],
                2 => vec![given_up(), given_up().reversed(now()).expect("it was given up")],
                _ => vec![reserved.finished(&outcome, now()).expect("it was reserved")],
            };
            let tenant = self.viewer.tenant_id;
            let stored = self.app.db.write(|tx| {
                payment::reserve(tx, tenant, &reserved)?;
                for step in &steps {
                    payment::finish(tx, tenant, step)?;
                }
                Ok::<_, Fault>(())
            });
            stored.expect("it is stored");
        }
    }
}
