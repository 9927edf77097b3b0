//! Payment methods, tokens and attempts.

use super::{Store, choice, id, instant, maybe, money};
use async_graphql::Value;
use perennial::domain::customer::Customer;
use perennial::domain::payment::PaymentAttempt;
use perennial::domain::payment_method::{PaymentMethod, PaymentToken};
use perennial::domain::received::{Payment, Refund};
use perennial::domain::tenant::Tenant;
use perennial::domain::{Entity, Id};
use perennial::repository::{Conn, Query, Read, payment, payment_method, received};

impl Store {
    pub(super) fn payments(&mut self, conn: &mut Conn, tenant: Id<Tenant>, customers: &[Id<Customer>]) -> Read<()> {
        for row in payment_method::of_customers(tenant, customers).load(conn)? {
            self.payment_method(&row);
        }
        for row in Query::<PaymentToken>::new(tenant).order("id").load(conn)? {
            self.payment_token(&row);
        }
        for row in payment::all(tenant).order("id").load(conn)? {
            self.payment_attempt(&row);
        }
        for row in received::all(tenant).order("id").load(conn)? {
            self.payment(&row);
        }
        for row in Query::<Refund>::new(tenant).order("id").load(conn)? {
            self.refund(&row);
        }
        Ok(())
    }

    fn payment_method(&mut self, row: &PaymentMethod) {
        self.add(
            PaymentMethod::NAME,
            [
                ("id", id(row.id)),
                ("customer", id(row.customer_id)),
                ("state", choice(row.state)),
                ("label", row.label.clone().into()),
                ("version", row.version.into()),
                ("createdAt", instant(row.created_at)),
                ("updatedAt", instant(row.updated_at)),
            ],
        );
    }

    fn payment_token(&mut self, row: &PaymentToken) {
        self.add(
            PaymentToken::NAME,
            [
                ("id", id(row.id)),
                ("customer", maybe(row.customer_id, id)),
                ("label", row.label.clone().into()),
                ("expiresAt", instant(row.expires_at)),
                ("usedAt", maybe(row.used_at, instant)),
                ("createdAt", instant(row.created_at)),
            ],
        );
    }

    fn payment_attempt(&mut self, row: &PaymentAttempt) {
        self.add(
            PaymentAttempt::NAME,
            [
                ("id", id(row.id)),
                ("subscriptionId", maybe(row.subscription_id, id)),
                ("invoice", maybe(row.invoice_id, id)),
                ("customerId", id(row.customer_id)),
                ("paymentMethod", maybe(row.payment_method_id, id)),
                ("paymentToken", maybe(row.payment_token_id, id)),
                ("amount", money(row.amount)),
                ("status", choice(row.status)),
                ("errorState", maybe(row.error_state, choice)),
                ("errorCode", maybe(row.error_code.as_deref(), Value::from)),
                ("gatewayReference", maybe(row.gateway_reference.as_deref(), Value::from)),
                ("createdAt", instant(row.created_at)),
                ("finishedAt", maybe(row.finished_at, instant)),
            ],
        );
    }

    fn payment(&mut self, row: &Payment) {
        self.add(
            Payment::NAME,
            [
                ("id", id(row.id)),
                ("invoice", id(row.invoice_id)),
                ("customer", id(row.customer_id)),
                ("kind", choice(row.kind)),
                ("attempt", maybe(row.attempt_id, id)),
                ("amount", money(row.amount)),
                ("amountRefunded", money(row.refunded)),
                ("reference", maybe(row.reference.as_deref(), Value::from)),
                ("notes", maybe(row.notes.as_deref(), Value::from)),
                ("receivedAt", instant(row.received_at)),
                ("createdAt", instant(row.created_at)),
            ],
        );
    }

    fn refund(&mut self, row: &Refund) {
        self.add(
            Refund::NAME,
            [
                ("id", id(row.id)),
                ("payment", id(row.payment_id)),
                ("amount", money(row.amount)),
                ("reason", maybe(row.reason.as_deref(), Value::from)),
                ("status", choice(row.status)),
                ("errorCode", maybe(row.error_code.as_deref(), Value::from)),
                ("createdAt", instant(row.created_at)),
                ("finishedAt", maybe(row.finished_at, instant)),
            ],
        );
    }
}
