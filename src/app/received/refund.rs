//! Giving money of a payment back. What was charged goes back by the gateway, in three steps; what was noted by hand went
//! back by hand, and that is noted.

use crate::app::App;
use crate::app::collect::{self, unrefused};
use crate::app::mutation::{Answer, Call, Stop, Work};
use crate::app::payment::{LONGEST_ATTEMPT, gateway_reference, in_progress};
use crate::app::unless_unavailable;
use crate::domain::event::EventType;
use crate::domain::gateway::{self, RefundOutcome};
use crate::domain::invoice::Invoice;
use crate::domain::payment::PaymentAttempt;
use crate::domain::received::{Payment, Refund, RefundStatus, payment_not_found};
use crate::domain::tenant::Tenant;
use crate::domain::{ErrorCode, Id, Instant, Money, Refusal};
use crate::repository::{self, Fault, Query, credit_note, received};
use bigdecimal::BigDecimal;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// How often the gateway is asked for a refund in one request. After that it is asked now and then.
const MOST_ASKED: u32 = 3;

/// Money that is to go back.
#[derive(Clone, Debug)]
pub struct RefundPayment {
    pub payment_id: Id<Payment>,
    /// What is left of the payment, where there is none.
    pub amount: Option<BigDecimal>,
    pub reason: Option<String>,
}

/// The refund, and the payment of which it is a part.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct RefundRequested {
    pub payment: Id<Payment>,
    pub refund: Id<Refund>,
}

pub fn refund_payment(call: &Call<'_>, asked: &RefundPayment) -> Result<Answer<RefundRequested>, Fault> {
    let (app, tenant) = (call.app, call.viewer.tenant_id);
    resume_twin(call)?;
    let mut reserved = None;
    let begun = call.run_or_reserve(|work| {
        let (outcome, by_gateway) = begin(work, call, asked)?;
        reserved = by_gateway.then_some(outcome);
        Ok(reserved.is_none().then_some(outcome))
    })?;
    let (None, Some(requested)) = (&begun, reserved) else {
        return Ok(begun.unwrap_or_else(|| Answer::refused(vec![in_progress()])));
    };
    let outcome = ask(app, tenant, requested.refund)?;
    if let RefundOutcome::Refused { code } = &outcome {
        app.work_for(tenant, Instant::UNIX_EPOCH, |work| record(work, requested.refund, &outcome))
            .map_err(unrefused)?;
        let message = format!("The gateway does not give the money back: {code}.");
        return Ok(Answer::refused(vec![Refusal::new(ErrorCode::PaymentProcessingError, message)]));
    }
    call.run(|work| {
        record(work, requested.refund, &outcome)?;
        Ok(requested)
    })
}

/// Reserves a refund of what was charged; does it where it was noted by hand. Answers whether the gateway is to be asked.
fn begin(work: &mut Work<'_, '_>, call: &Call<'_>, asked: &RefundPayment) -> Result<(RefundRequested, bool), Stop> {
    let tenant = work.tenant;
    let found = Query::by_id(tenant, asked.payment_id).hold(work.tx)?;
    let payment: Payment = found.ok_or_else(payment_not_found)?;
    let key = call.idempotency.as_ref().map(|idempotency| idempotency.key.clone());
    if let Some(key) = &key {
        if received::pending_by_key(tenant, key).first(work.conn())?.is_some() {
            return Err(in_progress().into());
        }
        // The same request died before it could say what it did.
        let refunds = received::refunds_of(tenant, &[payment.id]).load(work.conn())?;
        let done =
            |refund: &&Refund| refund.idempotency_key.as_ref() == Some(key) && refund.status == RefundStatus::Succeeded;
        if let Some(done) = refunds.iter().find(done) {
            return Ok((RefundRequested { payment: payment.id, refund: done.id }, false));
        }
    }
    let amount = match &asked.amount {
        None => None,
        Some(amount) => Some(
            Money::try_price(amount, payment.amount.currency)
                .map_err(|error| Refusal::new(ErrorCode::ValidationError, error.to_string()).at(&["amount"]))?,
        ),
    };
    let invoice = Query::by_id(tenant, payment.invoice_id).hold(work.tx)?.ok_or(Fault::LostRace)?;
    let credited = credit_note::credited(work.conn(), tenant, invoice.id)?.by_credits();
    let amount = payment.refundable(amount, invoice.balance.refundable(credited))?;
    let refund = Refund {
        id: work.id(),
        payment_id: payment.id,
        amount,
        reason: asked.reason.clone(),
        status: RefundStatus::Pending,
        error_code: None,
        idempotency_key: key,
        created_at: work.now,
        finished_at: None,
        reserved_until: work.machine_now + LONGEST_ATTEMPT,
    };
    received::take(work.tx, tenant, payment.id, amount)?;
    received::insert_refund(work.tx, tenant, &refund)?;
    let by_gateway = payment.attempt_id.is_some();
    if !by_gateway {
        record(work, refund.id, &RefundOutcome::Succeeded { reference: None })?;
    }
    Ok((RefundRequested { payment: payment.id, refund: refund.id }, by_gateway))
}

/// Asks the gateway for a refund, again where it is unknown what came of it: the same refund is made once at most.
fn ask(app: &App, tenant: Id<Tenant>, refund: Id<Refund>) -> Result<RefundOutcome, Fault> {
    let Some(order) = order(app, tenant, refund)? else {
        return Ok(RefundOutcome::Failed { code: "no_charge".to_owned() });
    };
    let gateway = app.gateway_for(&order.charge)?;
    let mut outcome = gateway.refund(&order);
    for _ in 1..MOST_ASKED {
        let RefundOutcome::Failed { code } = &outcome else { break };
        tracing::warn!(%refund, code, "a refund could not be processed: the gateway is asked again");
        outcome = gateway.refund(&order);
    }
    Ok(outcome)
}

/// What the gateway is to be asked.
fn order(app: &App, tenant: Id<Tenant>, refund: Id<Refund>) -> Result<Option<gateway::Refund>, Fault> {
    let read = |conn: &mut repository::Conn| -> Result<Option<(Refund, PaymentAttempt)>, Fault> {
        let Some(refund) = Query::by_id(tenant, refund).first(conn)? else { return Ok(None) };
        let payment: Option<Payment> = Query::by_id(tenant, refund.payment_id).first(conn)?;
        let Some(attempt) = payment.and_then(|payment| payment.attempt_id) else { return Ok(None) };
        Ok(Query::by_id(tenant, attempt).first(conn)?.map(|attempt| (refund, attempt)))
    };
    let Some((refund, attempt)) = app.db.read(read)? else { return Ok(None) };
    let reference = gateway_reference(app, tenant, &attempt)?;
    Ok(reference.map(|reference| gateway::Refund {
        id: refund.id,
        charge_reference: attempt.gateway_reference.clone(),
        charge: attempt.charge(tenant, reference),
        amount: refund.amount,
    }))
}

/// Stores what came of a refund, where something is known and was not stored before.
fn record(work: &mut Work<'_, '_>, refund: Id<Refund>, outcome: &RefundOutcome) -> Result<(), Stop> {
    let tenant = work.tenant;
    let held: Option<Refund> = Query::by_id(tenant, refund).hold(work.tx)?;
    let Some(refund) = held.and_then(|refund| refund.finished(outcome, work.now)) else { return Ok(()) };
    received::finish_refund(work.tx, tenant, &refund)?;
    let data = json!({"refundId": refund.id});
    if refund.status == RefundStatus::Failed {
        received::give_back(work.tx, tenant, refund.payment_id, refund.amount)?;
        work.event(EventType::PaymentRefundFailed, refund.payment_id, data);
        return Ok(());
    }
    let payment: Option<Payment> = Query::by_id(tenant, refund.payment_id).first(work.conn())?;
    let invoice: Option<Invoice> = match payment {
        Some(payment) => Query::by_id(tenant, payment.invoice_id).hold(work.tx)?,
        None => None,
    };
    if let Some(mut invoice) = invoice {
        invoice.balance.refunded.minor += refund.amount.minor;
        collect::store(work, &mut invoice)?;
    }
    work.event(EventType::PaymentRefunded, refund.payment_id, data);
    Ok(())
}

/// Asks again for what the same request began, and died with.
fn resume_twin(call: &Call<'_>) -> Result<(), Fault> {
    let Some(idempotency) = &call.idempotency else { return Ok(()) };
    let (tenant, now) = (call.viewer.tenant_id, call.app.ambient.now());
    let read = |conn: &mut repository::Conn| received::pending_by_key(tenant, &idempotency.key).first(conn);
    match call.app.db.read_once(read)? {
        Some(refund) if refund.reserved_until <= now => resume(call.app, tenant, refund.id),
        _ => Ok(()),
    }
}

/// Asks again for the refunds of which nothing was heard any more, of all tenants. Answers how many there were.
pub fn resume_dead_refunds(app: &App) -> Result<usize, Fault> {
    let machine_now = app.ambient.now();
    let dead = app.db.read_once(|conn| received::dead(conn, machine_now))?;
    for (tenant, refund) in &dead {
        unless_unavailable(refund, resume(app, *tenant, *refund))?;
    }
    Ok(dead.len())
}

fn resume(app: &App, tenant: Id<Tenant>, refund: Id<Refund>) -> Result<(), Fault> {
    let outcome = ask(app, tenant, refund)?;
    app.work_for(tenant, Instant::UNIX_EPOCH, |work| record(work, refund, &outcome)).map_err(unrefused)
}
