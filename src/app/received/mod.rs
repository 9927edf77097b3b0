//! Payments that come in: noted by hand, or charged on demand; and what goes back of them.

mod note;
mod pay;
mod refund;

pub use note::{RecordPayment, record_payment};
pub use pay::{PayInvoice, pay_invoice};
pub use refund::{RefundPayment, RefundRequested, refund_payment, resume_dead_refunds};

use super::mutation::Work;
use crate::domain::event::EventType;
use crate::domain::invoice::Invoice;
use crate::domain::payment::PaymentAttempt;
use crate::domain::received::{Payment, PaymentKind};
use crate::domain::{ErrorCode, Id, Money, Refusal};
use crate::repository::{Fault, received};
use serde::{Deserialize, Serialize};

/// The invoice that was paid, and what with.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct InvoicePayment {
    pub invoice: Id<Invoice>,
    /// None where only the invoice is shown.
    pub payment: Option<Id<Payment>>,
}

/// What a charge brought for an invoice.
pub(super) fn charged(work: &Work<'_, '_>, invoice: &Invoice, attempt: &PaymentAttempt, amount: Money) -> Payment {
    Payment {
        id: work.id(),
        invoice_id: invoice.id,
        customer_id: invoice.customer_id,
        kind: PaymentKind::Card,
        attempt_id: Some(attempt.id),
        amount,
        refunded: Money::new(0, amount.currency),
        reference: None,
        notes: None,
        received_at: work.now,
        recorded_by: None,
        created_at: work.now,
    }
}

/// Stores payments, and tells of them.
pub(super) fn store(work: &mut Work<'_, '_>, made: &[Payment]) -> Result<(), Fault> {
    received::insert(work.tx, work.tenant, made)?;
    for payment in made {
        let data = serde_json::json!({"invoiceId": payment.invoice_id, "customerId": payment.customer_id});
        work.event(EventType::PaymentReceived, payment.id, data);
    }
    Ok(())
}

/// The refusal for an invoice that does not exist.
fn invoice_not_found() -> Refusal {
    Refusal::new(ErrorCode::InvoiceNotFound, "There is no such invoice.").at(&["invoiceId"])
}
