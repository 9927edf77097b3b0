//! Charging an invoice: what is charged, and how the gateway is asked.

use super::record::conclude;
use super::unrefused;
use crate::app::App;
use crate::app::mutation::{Stop, Work};
use crate::app::payment::{LONGEST_ATTEMPT, gateway_reference};
use crate::domain::invoice::Invoice;
use crate::domain::payment::{Charge, ChargeOutcome, PaymentAttempt, PaymentAttemptStatus};
use crate::domain::payment_method::{PaymentMethod, PaymentMethodState};
use crate::domain::subscription::CollectionMethod;
use crate::domain::tenant::Tenant;
use crate::domain::{Id, Instant};
use crate::repository::{Fault, Query, payment, payment_method};

/// How often the gateway is asked for a charge that it cannot process, before that is taken back.
const MOST_ASKED: u32 = 3;

/// What is charged by itself for an invoice: what it names, where that is active; else the newest active method of
/// whoever gets it. None where its customer pays by itself, or has none.
pub(in crate::app) fn chargeable(work: &mut Work<'_, '_>, invoice: &Invoice) -> Result<Option<PaymentMethod>, Fault> {
    if invoice.collection.method == CollectionMethod::SendInvoice {
        return Ok(None);
    }
    own_method(work, invoice)
}

/// The payment method of an invoice, however it is collected.
pub(in crate::app) fn own_method(work: &mut Work<'_, '_>, invoice: &Invoice) -> Result<Option<PaymentMethod>, Fault> {
    let tenant = work.tenant;
    let active = |method: &PaymentMethod| method.state == PaymentMethodState::Active;
    if let Some(named) = invoice.collection.payment_method_id {
        let named = Query::by_id(tenant, named).first(work.conn())?;
        if let Some(named) = named.filter(active) {
            return Ok(Some(named));
        }
    }
    let methods = payment_method::of_customers(tenant, &[invoice.customer_id]).load(work.conn())?;
    Ok(methods.into_iter().rev().find(active))
}

/// Asks the gateway for a charge, again where it cannot process it: the same attempt is charged once at most.
pub(in crate::app) fn ask(app: &App, charge: &Charge) -> Result<ChargeOutcome, Fault> {
    let gateway = app.gateway_for(charge)?;
    let mut outcome = gateway.charge(charge);
    for _ in 1..MOST_ASKED {
        let ChargeOutcome::Failed { code } = &outcome else { break };
        tracing::warn!(attempt = %charge.attempt, code, "a charge could not be processed: the gateway is asked again");
        outcome = gateway.charge(charge);
    }
    Ok(outcome)
}

/// Takes an attempt over whose request died, asks the gateway for it again, and stores what it says.
pub(in crate::app) fn resume(app: &App, tenant: Id<Tenant>, id: Id<PaymentAttempt>) -> Result<(), Fault> {
    let taken = app.work_for(tenant, Instant::UNIX_EPOCH, |work| take_over(work, id)).map_err(unrefused)?;
    let Some(attempt) = taken else { return Ok(()) };
    let Some(reference) = gateway_reference(app, tenant, &attempt)? else { return Ok(()) };
    let outcome = ask(app, &attempt.charge(tenant, reference))?;
    conclude(app, tenant, &attempt, &outcome).map(drop)
}

fn take_over(work: &mut Work<'_, '_>, id: Id<PaymentAttempt>) -> Result<Option<PaymentAttempt>, Stop> {
    let (tenant, now) = (work.tenant, work.machine_now);
    let held = Query::by_id(tenant, id).hold(work.tx)?;
    let dead =
        |attempt: &PaymentAttempt| attempt.status == PaymentAttemptStatus::Reserved && attempt.reserved_until <= now;
    let Some(attempt) = held.filter(dead) else { return Ok(None) };
    let until = now + LONGEST_ATTEMPT;
    payment::take_over(work.tx, tenant, &attempt, until)?;
    if let Some(token) = attempt.payment_token_id {
        payment_method::keep_hold(work.tx, tenant, token, attempt.id, until)?;
    }
    Ok(Some(PaymentAttempt { reserved_until: until, ..attempt }))
}
