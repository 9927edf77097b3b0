//! Charging an invoice on demand, in the same three steps as the collector does.

use super::{InvoicePayment, invoice_not_found};
use crate::app::collect::{self, Recorded};
use crate::app::mutation::{Answer, Call, Stop, Work, expect_version};
use crate::app::payment::{self, ChargedSource, Reservation, Reserved, refuse_twin, refuse_while_charged};
use crate::app::subscription::find_source;
use crate::domain::invoice::Invoice;
use crate::domain::payment::{PaymentAttempt, PaymentAttemptStatus};
use crate::domain::payment_method::Source;
use crate::domain::received::Payment;
use crate::domain::subscribing::{SourceFound, choose_source};
use crate::domain::subscription::SignupMethod;
use crate::domain::{ErrorCode, Id, Refusal};
use crate::repository::{self, Fault, Query};

/// An invoice that is to be charged now.
#[derive(Clone, Debug)]
pub struct PayInvoice {
    pub invoice_id: Id<Invoice>,
    /// What is charged; what the invoice itself is paid by, where there is none.
    pub source: Option<String>,
    pub expected_version: Option<i32>,
}

pub fn pay_invoice(call: &Call<'_>, pay: &PayInvoice) -> Result<Answer<InvoicePayment>, Fault> {
    let (app, tenant) = (call.app, call.viewer.tenant_id);
    resume_twin(call)?;
    let mut reserved = None;
    let begun = call.run_or_reserve(|work| {
        refuse_twin(work, call)?;
        let begun = begin(work, call, pay)?;
        Ok(match begun {
            Begun::Paid(outcome) => Some(outcome),
            Begun::Charge(next) => {
                reserved = Some(*next);
                None
            }
        })
    })?;
    let (None, Some(Reserved { attempt, charge })) = (&begun, reserved) else {
        return Ok(begun.unwrap_or_else(|| Answer::refused(vec![payment::in_progress()])));
    };
    let outcome = collect::ask(app, &charge)?;
    if let Err(refusal) = outcome.accepted() {
        let recorded = collect::conclude(app, tenant, &attempt, &outcome)?;
        return Ok(match recorded {
            // Whoever took it for dead heard another answer.
            Recorded::Known => Answer::refused(vec![payment::in_progress()]),
            _ => Answer::refused(vec![refusal]),
        });
    }
    let answer = call.run(|work| match collect::record(work, attempt.id, &outcome)? {
        Recorded::Paid(payment) => Ok(InvoicePayment { invoice: pay.invoice_id, payment: Some(payment) }),
        Recorded::Known => paid_by(work, &attempt)?.ok_or_else(|| payment::in_progress().into()),
        Recorded::NotDue => Err(not_due().into()),
        Recorded::Unpaid | Recorded::Open => Err(payment::in_progress().into()),
    })?;
    if answer.refusals.first().is_some_and(|refusal| refusal.code == ErrorCode::InvoiceNotPayable) {
        collect::follow(app, tenant, &attempt, Recorded::NotDue, &outcome)?;
    }
    Ok(answer)
}

enum Begun {
    /// The same request paid it before, and died before it could say so.
    Paid(InvoicePayment),
    Charge(Box<Reserved>),
}

/// Reserves the attempt.
fn begin(work: &mut Work<'_, '_>, call: &Call<'_>, pay: &PayInvoice) -> Result<Begun, Stop> {
    let tenant = work.tenant;
    let found = Query::by_id(tenant, pay.invoice_id).hold(work.tx)?;
    let invoice: Invoice = found.ok_or_else(invoice_not_found)?;
    let key = call.idempotency.as_ref().map(|idempotency| idempotency.key.clone());
    if let Some(key) = &key {
        for attempt in repository::payment::of_invoice_by_key(tenant, invoice.id, key).load(work.conn())? {
            if let Some(paid) = paid_by(work, &attempt)? {
                return Ok(Begun::Paid(paid));
            }
        }
    }
    let shown = InvoicePayment { invoice: invoice.id, payment: None };
    expect_version(pay.expected_version, invoice.version, &shown)?;
    invoice.payable()?;
    refuse_while_charged(work, invoice.id)?;
    let source = source(work, pay, &invoice)?;
    let customer = match &source {
        ChargedSource::Method(method) => method.customer_id,
        ChargedSource::Token(_) => invoice.customer_id,
    };
    let (invoice, amount) = (Some(invoice.id), invoice.balance.due);
    let reservation = Reservation { subscription: None, invoice, customer, amount, source };
    Ok(Begun::Charge(Box::new(payment::reserve(work, reservation, key)?)))
}

/// What is charged: what the request names, or what the invoice is paid by.
fn source(work: &mut Work<'_, '_>, pay: &PayInvoice, invoice: &Invoice) -> Result<ChargedSource, Stop> {
    let named = match pay.source.as_deref() {
        None => collect::own_method(work, invoice)?.map(ChargedSource::Method),
        Some(source) => {
            Source::parse(source).map_err(|refusal| refusal.at(&["source"]))?;
            let (customer, now) = (invoice.customer_id, work.now);
            let found = find_source(work, Some(source), None, Some(customer))?;
            choose_source(Some(SignupMethod::Source), Some(source), &found, customer, now)?;
            match found {
                SourceFound::Method(found) | SourceFound::Own(found) => found.map(ChargedSource::Method),
                SourceFound::Token(found) => found.map(ChargedSource::Token),
            }
        }
    };
    Ok(named.ok_or_else(|| {
        let message = "The customer has no payment method that can be charged: name one (ca_…), or a token (ct_…).";
        Refusal::new(ErrorCode::SourceRequired, message).at(&["source"])
    })?)
}

/// What an attempt paid, where it did.
fn paid_by(work: &mut Work<'_, '_>, attempt: &PaymentAttempt) -> Result<Option<InvoicePayment>, Fault> {
    let attempt: Option<PaymentAttempt> = Query::by_id(work.tenant, attempt.id).first(work.conn())?;
    let succeeded = attempt.filter(|attempt| attempt.status == PaymentAttemptStatus::Succeeded);
    let Some((id, invoice)) = succeeded.and_then(|attempt| Some((attempt.id, attempt.invoice_id?))) else {
        return Ok(None);
    };
    let payments: Vec<Payment> = repository::received::of_invoices(work.tenant, &[invoice]).load(work.conn())?;
    let payment = payments.into_iter().find(|payment| payment.attempt_id == Some(id));
    Ok(payment.map(|payment| InvoicePayment { invoice, payment: Some(payment.id) }))
}

/// Asks again for what the same request began, and died with.
fn resume_twin(call: &Call<'_>) -> Result<(), Fault> {
    let Some(idempotency) = &call.idempotency else { return Ok(()) };
    let (tenant, now) = (call.viewer.tenant_id, call.app.ambient.now());
    let read = |conn: &mut repository::Conn| repository::payment::reserved_by_key(tenant, &idempotency.key).first(conn);
    match call.app.db.read_once(read)? {
        Some(attempt) if attempt.invoice_id.is_some() && attempt.reserved_until <= now => {
            collect::resume(call.app, tenant, attempt.id)
        }
        _ => Ok(()),
    }
}

/// The refusal where the invoice was paid, or withdrawn, while the gateway was asked.
fn not_due() -> Refusal {
    let message = "As much is not due of the invoice any more: what was charged goes back.";
    Refusal::new(ErrorCode::InvoiceNotPayable, message).at(&["invoiceId"])
}
