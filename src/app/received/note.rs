//! Noting a payment that came in by itself, such as by a bank transfer.

use super::{InvoicePayment, invoice_not_found};
use crate::app::collect;
use crate::app::mutation::{Answer, Call, Stop, expect_version};
use crate::app::payment::{refuse_while_charged, settled};
use crate::domain::invoice::Invoice;
use crate::domain::received::{Payment, PaymentKind};
use crate::domain::{ErrorCode, Id, Instant, Money, Refusal};
use crate::repository::{Fault, Query};
use bigdecimal::BigDecimal;

/// A payment that came in by itself.
#[derive(Clone, Debug)]
pub struct RecordPayment {
    pub invoice_id: Id<Invoice>,
    /// What is due, where there is none.
    pub amount: Option<BigDecimal>,
    pub kind: PaymentKind,
    pub reference: Option<String>,
    pub notes: Option<String>,
    /// Now where there is none.
    pub received_at: Option<Instant>,
    pub expected_version: Option<i32>,
}

pub fn record_payment(call: &Call<'_>, new: &RecordPayment) -> Result<Answer<InvoicePayment>, Fault> {
    call.run(|work| {
        let found = Query::by_id(work.tenant, new.invoice_id).hold(work.tx)?;
        let mut invoice: Invoice = found.ok_or_else(invoice_not_found)?;
        let shown = InvoicePayment { invoice: invoice.id, payment: None };
        expect_version(new.expected_version, invoice.version, &shown)?;
        invoice.payable()?;
        let received_at = new.received_at.unwrap_or(work.now);
        if received_at > work.now {
            let message = "The payment is said to come in later: note it then.";
            return Err(Refusal::new(ErrorCode::ValidationError, message).at(&["receivedAt"]).into());
        }
        let amount = match &new.amount {
            None => invoice.balance.due,
            Some(amount) => Money::try_price(amount, invoice.currency).map_err(|error| {
                Stop::from(Refusal::new(ErrorCode::ValidationError, error.to_string()).at(&["amount"]))
            })?,
        };
        invoice.pay(amount, work.now)?;
        refuse_while_charged(work, invoice.id)?;
        let payment = Payment {
            id: work.id(),
            invoice_id: invoice.id,
            customer_id: invoice.customer_id,
            kind: new.kind,
            attempt_id: None,
            amount,
            refunded: Money::new(0, amount.currency),
            reference: new.reference.clone(),
            notes: new.notes.clone(),
            received_at,
            recorded_by: Some(call.viewer.key_id),
            created_at: work.now,
        };
        super::store(work, std::slice::from_ref(&payment))?;
        collect::store(work, &mut invoice)?;
        settled(work, &invoice)?;
        Ok(InvoicePayment { invoice: invoice.id, payment: Some(payment.id) })
    })
}
