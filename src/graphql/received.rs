//! Payments that came in, and what goes back of them.

use super::check::{self, Check};
use super::engine::{Object, Type};
use super::mutations::{Mutation, Wire, payload, run};
use super::scalars::{DateTime, Decimal};
use crate::app::received::{
    InvoicePayment, PayInvoice, RecordPayment, RefundPayment, RefundRequested, pay_invoice, record_payment,
    refund_payment,
};
use crate::domain::Refusal;
use crate::domain::api_key::Scope;
use crate::domain::invoice::Invoice;
use crate::domain::received::{Payment, PaymentKind, Refund};
use crate::repository::received;
use async_graphql::{ID, InputObject};

impl Object for Payment {
    fn declare() -> Type<Self> {
        Type::new("Payment", "Money that came in for an invoice.")
            .node(|payment: &Payment| payment.id)
            .one("invoice", "The invoice that it pays, or a part of.", |payment| payment.invoice_id)
            .one("customer", "Who gets the invoice.", |payment| payment.customer_id)
            .column("kind", "How it came in.", |payment| &payment.kind)
            .maybe("attempt", "The charge that brought it; null where it was noted by hand.", |payment| {
                payment.attempt_id
            })
            .value("amount", "How much it is.", |payment| &payment.amount)
            .value("amountRefunded", "What went back of it, or is on its way.", |payment| &payment.refunded)
            .many("refunds", "What goes back of it, oldest first.", received::refunds_of, |refund| refund.payment_id)
            .column("reference", "What others know it by, such as the text of a bank transfer.", |payment| {
                &payment.reference
            })
            .column("notes", "Notes.", |payment| &payment.notes)
            .column("receivedAt", "When it came in.", |payment| &payment.received_at)
            .column("createdAt", "When it was noted.", |payment| &payment.created_at)
    }
}

impl Object for Refund {
    fn declare() -> Type<Self> {
        Type::new("Refund", "Money of a payment that goes back.")
            .node(|refund: &Refund| refund.id)
            .one("payment", "The payment of which it is a part.", |refund| refund.payment_id)
            .value("amount", "How much it is.", |refund| &refund.amount)
            .column("reason", "Why.", |refund| &refund.reason)
            .column("status", "What came of it.", |refund| &refund.status)
            .column(
                "errorCode",
                "The gateway's own word for why it failed, such as \"charge_disputed\"; null unless FAILED.",
                |refund| &refund.error_code,
            )
            .column("createdAt", "When it was asked for.", |refund| &refund.created_at)
            .column("finishedAt", "When it came to its outcome; null while PENDING.", |refund| &refund.finished_at)
    }
}

/// A payment that came in by itself.
#[derive(InputObject)]
pub struct RecordPaymentInput {
    /// The invoice that it pays.
    invoice_id: ID,
    /// How much it is, in the invoice's currency. Default: what is due.
    amount: Option<Decimal>,
    /// How it came in: not CARD, which is charged by `payInvoice`. Default: BANK_TRANSFER.
    #[graphql(default_with = "Wire(PaymentKind::BankTransfer)")]
    kind: Wire<PaymentKind>,
    /// What others know it by, such as the text of a bank transfer.
    reference: Option<String>,
    /// Notes.
    notes: Option<String>,
    /// When it came in, at the latest now. Default: now.
    received_at: Option<DateTime>,
    /// Refuse with CONFLICT unless the invoice is at this version.
    expected_version: Option<i32>,
}

impl RecordPaymentInput {
    fn read(self) -> Result<RecordPayment, Vec<Refusal>> {
        Check::input(|check| {
            let invoice_id = check.take("invoiceId", check::id(self.invoice_id));
            let amount = check.maybe("amount", self.amount, check::price);
            let kind = check.take("kind", self.kind.0.noted());
            let reference = check.maybe("reference", self.reference, check::name);
            let notes = check.maybe("notes", self.notes, check::notes);
            let received_at = check.maybe("receivedAt", self.received_at, check::instant);
            Some(RecordPayment {
                invoice_id: invoice_id?,
                amount: amount?,
                kind: kind?,
                reference: reference?,
                notes: notes?.filter(|notes| !notes.is_empty()),
                received_at: received_at?,
                expected_version: self.expected_version,
            })
        })
    }
}

/// An invoice that is to be charged now.
#[derive(InputObject)]
pub struct PayInvoiceInput {
    /// Which invoice.
    invoice_id: ID,
    /// What is charged: a payment method (`ca_…`) of who gets the invoice, or a one-time token (`ct_…`), which becomes one.
    /// Default: what the invoice is paid by, else the customer's newest payment method.
    source: Option<String>,
    /// Refuse with CONFLICT unless the invoice is at this version.
    expected_version: Option<i32>,
}

impl PayInvoiceInput {
    fn read(self) -> Result<PayInvoice, Vec<Refusal>> {
        Check::input(|check| {
            let invoice_id = check.take("invoiceId", check::id(self.invoice_id));
            Some(PayInvoice { invoice_id: invoice_id?, source: self.source, expected_version: self.expected_version })
        })
    }
}

/// Money that is to go back.
#[derive(InputObject)]
pub struct RefundPaymentInput {
    /// Of which payment.
    payment_id: ID,
    /// How much, in the payment's currency. Default: what is left of it.
    amount: Option<Decimal>,
    /// Why.
    reason: Option<String>,
}

impl RefundPaymentInput {
    fn read(self) -> Result<RefundPayment, Vec<Refusal>> {
        Check::input(|check| {
            let payment_id = check.take("paymentId", check::id(self.payment_id));
            let amount = check.maybe("amount", self.amount, check::price);
            let reason = check.maybe("reason", self.reason, check::notes);
            Some(RefundPayment {
                payment_id: payment_id?,
                amount: amount?,
                reason: reason?.filter(|reason| !reason.is_empty()),
            })
        })
    }
}

payload! {
    /// What `recordPayment` answers.
    RecordPaymentPayload of InvoicePayment {
        /// The payment.
        "payment": Payment => |made| made.payment,
        /// The invoice as it is now.
        "invoice": Invoice => |made| Some(made.invoice),
    }
}
payload! {
    /// What `payInvoice` answers.
    PayInvoicePayload of InvoicePayment {
        /// The payment.
        "payment": Payment => |made| made.payment,
        /// The invoice as it is now.
        "invoice": Invoice => |made| Some(made.invoice),
    }
}
payload! {
    /// What `refundPayment` answers.
    RefundPaymentPayload of RefundRequested {
        /// The refund. It is PENDING where the gateway has not said yet what comes of it.
        "refund": Refund => |made| Some(made.refund),
        /// The payment as it is now.
        "payment": Payment => |made| Some(made.payment),
    }
}

pub fn mutations() -> Vec<Mutation> {
    vec![
        Mutation::new(
            "recordPayment",
            "Notes a payment that came in by itself: the invoice is PAID where nothing more is due. A subscription that \
             waited for it runs then; one that is over stays so. Errors: VALIDATION_ERROR, INVOICE_NOT_FOUND, CONFLICT \
             (also while the invoice is being charged), INVOICE_NOT_PAYABLE (it is paid, void or a draft), \
             PAYMENT_TOO_HIGH.",
            Scope::Write,
            |on, running, input: RecordPaymentInput| {
                run::<_, _, RecordPaymentPayload>(on, running, input.read(), record_payment)
            },
        ),
        Mutation::new(
            "payInvoice",
            "Charges what is due of an invoice now. Errors: VALIDATION_ERROR, IDEMPOTENCY_IN_PROGRESS, INVOICE_NOT_FOUND, \
             CONFLICT (also while it is being charged), INVOICE_NOT_PAYABLE (it is paid, void or a draft), \
             SOURCE_REQUIRED, PAYMENT_METHOD_NOT_FOUND, PAYMENT_METHOD_NOT_ACTIVE, PAYMENT_METHOD_FAILED, INVALID_TOKEN, \
             TOKEN_ALREADY_USED, TOKEN_EXPIRED, PAYMENT_DECLINED, PAYMENT_PROCESSING_ERROR.",
            Scope::Write,
            |on, running, input: PayInvoiceInput| {
                run::<_, _, PayInvoicePayload>(on, running, input.read(), pay_invoice)
            },
        ),
        Mutation::new(
            "refundPayment",
            "Gives money of a payment back: by the gateway, where it was charged; what came in otherwise is only noted. \
             What was paid is not due again. Errors: VALIDATION_ERROR, IDEMPOTENCY_IN_PROGRESS, PAYMENT_NOT_FOUND, \
             REFUND_TOO_HIGH, PAYMENT_PROCESSING_ERROR (the gateway refuses: the payment is as it was).",
            Scope::Write,
            |on, running, input: RefundPaymentInput| {
                run::<_, _, RefundPaymentPayload>(on, running, input.read(), refund_payment)
            },
        ),
    ]
}
