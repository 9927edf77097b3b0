//! Payments that came in, what goes back of them, and attempts to charge invoices.

use super::{Making, awkward, but_every};
use perennial::app::received::{RecordPayment, RefundPayment, record_payment, refund_payment};
use perennial::domain::Choice;
use perennial::domain::gateway::RefundOutcome;
use perennial::domain::invoice::{Invoice, InvoiceStatus};
use perennial::domain::payment::{ChargeOutcome, PaymentAttempt, PaymentAttemptStatus};
use perennial::domain::payment_method::PaymentMethod;
use perennial::domain::received::{Payment, PaymentKind, Refund, RefundStatus};
use perennial::repository::{Fault, Query, invoice, payment, received};

impl Making<'_> {
    /// Some of what is open is paid, in full or in part, and some invoices were charged in vain. Of some payments money
    /// goes back.
    pub(super) fn received(&self) {
        let tenant = self.viewer.tenant_id;
        let (invoices, methods) = self
            .app
            .db
            .read(|conn| {
                let invoices = invoice::all(tenant).order("id").load(conn)?;
                Ok::<_, Fault>((invoices, Query::<PaymentMethod>::new(tenant).order("id").load(conn)?))
            })
            .expect("they are read");
        for (n, open) in invoices.iter().filter(|invoice| invoice.status == InvoiceStatus::Open).enumerate() {
            self.charged_in_vain(n, open, &methods[n % methods.len()]);
            if n % 3 < 2 {
                let (kind, _, _) = PaymentKind::ALL[1 + n % 3];
                let half = open.balance.due.minor / 2;
                let part = perennial::domain::Money::new(half.max(1), open.currency).decimal();
                let new = RecordPayment {
                    invoice_id: open.id,
                    amount: but_every(2, n, part),
                    kind,
                    reference: but_every(3, n, format!("R-{n} {}", awkward(n).trim())),
                    notes: but_every(4, n, "by hand".to_owned()),
                    received_at: but_every(2, n, open.created_at),
                    expected_version: None,
                };
                self.run(|call| record_payment(call, &new));
            } else {
                self.dunned(open);
            }
        }
        let payments = self.app.db.read(|conn| received::all(tenant).order("id").load(conn)).expect("they are read");
        for (n, payment) in payments.iter().enumerate().filter(|(n, _)| n % 2 == 0) {
            self.refunds(n, payment);
        }
    }

    fn dunned(&self, open: &Invoice) {
        let mut dunned = open.clone();
        dunned.status = InvoiceStatus::PastDue;
        dunned.collection.dunning_started_at = Some(open.created_at);
        dunned.collection.dunning_step = 1;
        dunned.version += 1;
        let tenant = self.viewer.tenant_id;
        self.app.db.write(|tx| invoice::update(tx, tenant, &dunned)).expect("it is stored");
    }

    fn charged_in_vain(&self, n: usize, open: &Invoice, method: &PaymentMethod) {
        let now = self.app.ambient.now();
        let reserved = PaymentAttempt {
            id: self.app.ambient.id(now),
            subscription_id: None,
            invoice_id: Some(open.id),
            customer_id: method.customer_id,
            payment_method_id: Some(method.id),
            payment_token_id: None,
            amount: open.balance.due,
            idempotency_key: None,
            status: PaymentAttemptStatus::Reserved,
            error_state: None,
            error_code: None,
            gateway_reference: None,
            created_at: now,
            finished_at: None,
            reserved_until: now,
        };
        let failed = ChargeOutcome::Failed { code: format!("error_{n}") };
        let finished = reserved.finished(&failed, self.app.ambient.now()).expect("it was reserved");
        let tenant = self.viewer.tenant_id;
        let stored = self.app.db.write(|tx| {
            payment::reserve(tx, tenant, &reserved)?;
            payment::finish(tx, tenant, &finished)
        });
        stored.expect("it is stored");
    }

    fn refunds(&self, n: usize, payment: &Payment) {
        let part = perennial::domain::Money::new(1, payment.amount.currency);
        let asked = RefundPayment {
            payment_id: payment.id,
            amount: Some(part.decimal()),
            reason: but_every(4, n, awkward(n).to_owned()),
        };
        self.run(|call| refund_payment(call, &asked));
        // What the test gateway never says.
        let now = self.app.ambient.now();
        let pending = Refund {
            id: self.app.ambient.id(now),
            payment_id: payment.id,
            amount: part,
            reason: None,
            status: RefundStatus::Pending,
            error_code: None,
            idempotency_key: None,
            created_at: now,
            finished_at: None,
            reserved_until: now,
        };
        let refused = RefundOutcome::Refused { code: "charge_disputed".to_owned() };
        let tenant = self.viewer.tenant_id;
        let stored = self.app.db.write(|tx| {
            received::insert_refund(tx, tenant, &pending)?;
            match pending.finished(&refused, now).filter(|_| n.is_multiple_of(4)) {
                Some(failed) => received::finish_refund(tx, tenant, &failed),
                None => Ok::<_, Fault>(()),
            }
        });
        stored.expect("it is stored");
    }
}
