//! What becomes of payment attempts beside their making: what was charged for nothing goes back, and what the gateway
//! tells by itself is taken down.
//!
//! An attempt is first marked as being taken back, in a transaction of its own, so that it cannot pay for anything any
//! more; then the gateway is asked, outside of any transaction; then its answer is stored. Whoever dies meanwhile leaves
//! a row that says what is owed, and to ask the gateway twice does no harm.

use super::collect::{follow, record, unrefused};
use super::mutation::{Call, Stop, Work};
use super::payment_gateway::{Letter, Unread};
use super::{App, invoice, unless_unavailable};
use crate::domain::customer::Customer;
use crate::domain::event::EventType;
use crate::domain::gateway::{News, Notice};
use crate::domain::invoice::{Invoice, InvoiceStatus};
use crate::domain::payment::{Charge, ChargeOutcome, PaymentAttempt, PaymentAttemptStatus, Reversal};
use crate::domain::payment_method::{PaymentMethod, PaymentToken};
use crate::domain::subscription::{ScheduledPaymentStatus, Subscription};
use crate::domain::tenant::Tenant;
use crate::domain::{ErrorCode, Id, Instant, Money, Refusal};
use crate::repository::{Fault, Query, collecting, gateway_notice, payment, payment_method, subscription};
use chrono::TimeDelta;
use serde_json::json;

/// How long an attempt may take, by the machine's clock, also where the tenant's stands still. One that takes longer has
/// died: whoever comes next takes its charge back, or, where it pays an invoice, asks for it again.
pub const LONGEST_ATTEMPT: TimeDelta = TimeDelta::minutes(2);

/// What is assumed of an attempt that died: the customer may have been charged.
pub const DEAD: ChargeOutcome = ChargeOutcome::Succeeded { reference: None };

/// What is charged.
pub enum ChargedSource {
    Method(PaymentMethod),
    Token(PaymentToken),
}

/// What is to be charged, by what, and what for.
pub struct Reservation {
    /// What is created with the money.
    pub subscription: Option<Id<Subscription>>,
    /// What is paid with it.
    pub invoice: Option<Id<Invoice>>,
    pub customer: Id<Customer>,
    pub amount: Money,
    pub source: ChargedSource,
}

/// An attempt that is stored, and what the gateway is to be asked.
pub struct Reserved {
    pub attempt: PaymentAttempt,
    pub charge: Charge,
}

/// Stores an attempt, and holds its token for it.
pub(super) fn reserve(
    work: &mut Work<'_, '_>,
    reservation: Reservation,
    idempotency_key: Option<String>,
) -> Result<Reserved, Stop> {
    let (method, token, reference) = match reservation.source {
        ChargedSource::Method(method) => (Some(method.id), None, method.gateway_reference),
        ChargedSource::Token(token) => (None, Some(token.id), token.gateway_reference),
    };
    // The program's own time-outs must run out, also where the tenant's clock stands still.
    let (machine, reserved_until) = (work.machine_now, work.machine_now + LONGEST_ATTEMPT);
    let attempt = PaymentAttempt {
        id: work.id(),
        subscription_id: reservation.subscription,
        invoice_id: reservation.invoice,
        customer_id: reservation.customer,
        payment_method_id: method,
        payment_token_id: token,
        amount: reservation.amount,
        idempotency_key,
        status: PaymentAttemptStatus::Reserved,
        error_state: None,
        error_code: None,
        gateway_reference: None,
        created_at: work.now,
        finished_at: None,
        reserved_until,
    };
    payment::reserve(work.tx, work.tenant, &attempt)?;
    if let Some(token) = token {
        payment_method::hold_token(work.tx, work.tenant, token, attempt.id, machine, reserved_until)?;
    }
    Ok(Reserved { charge: attempt.charge(work.tenant, reference), attempt })
}

/// Refuses a request whose twin, with the same idempotency key, is being charged.
pub(super) fn refuse_twin(work: &mut Work<'_, '_>, call: &Call<'_>) -> Result<(), Stop> {
    let Some(idempotency) = &call.idempotency else { return Ok(()) };
    match payment::reserved_by_key(work.tenant, &idempotency.key).first(work.conn())? {
        None => Ok(()),
        Some(_) => Err(in_progress().into()),
    }
}

/// The refusal for a request whose twin is being processed.
pub(super) fn in_progress() -> Refusal {
    let message = "The same request is being processed: send it again in a moment.";
    Refusal::new(ErrorCode::IdempotencyInProgress, message)
}

/// Refuses what would change what is due of an invoice while somebody is charged for it. The invoice must be held.
pub(super) fn refuse_while_charged(work: &mut Work<'_, '_>, invoice: Id<Invoice>) -> Result<(), Stop> {
    match payment::open_of(work.tenant, invoice).first(work.conn())? {
        None => Ok(()),
        Some(_) => {
            let message = "The invoice is being paid right now: look at it again in a moment.";
            Err(Refusal::new(ErrorCode::Conflict, message).at(&["invoiceId"]).into())
        }
    }
}

/// What follows where an invoice that was stored before is paid by now, whatever it was paid with. To be called once,
/// where it becomes so; the invoice itself is stored by the caller.
///
/// A subscription that waited for it runs; one that is over, or paused, stays so (`decisions.md` 19). The payments of
/// rentals that it asks for are paid.
pub(super) fn settled(work: &mut Work<'_, '_>, settled: &Invoice) -> Result<(), Stop> {
    if settled.status != InvoiceStatus::Paid {
        return Ok(());
    }
    let (tenant, now) = (work.tenant, work.now);
    work.event(EventType::InvoicePaid, settled.id, serde_json::json!({"subscriptionId": settled.subscription_id}));
    for id in invoice::subscriptions_of(work, settled)? {
        // Held, so that of two invoices that are paid at once the second one sees the first.
        if Query::by_id(tenant, id).hold(work.tx)?.is_none() {
            continue;
        }
        let others = collecting::unpaid(tenant, &[id]).load(work.conn())?;
        let waits = others.iter().any(|other| other.id != settled.id);
        if !waits && subscription::complete(work.tx, tenant, id, now)? {
            work.event(EventType::SubscriptionCompleted, id, serde_json::json!({"invoiceId": settled.id}));
        }
    }
    Ok(subscription::conclude_payments(work.tx, tenant, settled.id, ScheduledPaymentStatus::Paid)?)
}

/// Gives an attempt up for which nothing was created: lets its token go, and takes back what may have been charged. One
/// that has its outcome is left alone: its creation was stored, whatever was heard of it.
pub fn give_up(
    app: &App,
    tenant: Id<Tenant>,
    attempt: Id<PaymentAttempt>,
    outcome: &ChargeOutcome,
) -> Result<(), Fault> {
    let attempt = advance(app, tenant, attempt, |attempt, now| attempt.given_up(outcome, now))?;
    attempt.map_or(Ok(()), |attempt| take_back(app, tenant, &attempt))
}

/// Takes back what died, of all tenants: attempts that were never heard of again, and those whose reversal was not
/// heard of. Answers how many there were.
pub fn take_back_dead(app: &App) -> Result<usize, Fault> {
    let now = app.ambient.now();
    let dead = app.db.read_once(|conn| payment::dead(conn, now))?;
    for (tenant, attempt) in &dead {
        unless_unavailable(attempt, give_up(app, *tenant, *attempt, &DEAD))?;
    }
    Ok(dead.len())
}

/// Asks the gateway to take a charge back, where the attempt waits for that.
fn take_back(app: &App, tenant: Id<Tenant>, attempt: &PaymentAttempt) -> Result<(), Fault> {
    if attempt.status != PaymentAttemptStatus::Reversing {
        return Ok(());
    }
    let Some(reference) = gateway_reference(app, tenant, attempt)? else { return Ok(()) };
    let charge = attempt.charge(tenant, reference);
    match app.gateway_for(&charge)?.reverse(&charge) {
        Reversal::Done => {
            advance(app, tenant, attempt.id, PaymentAttempt::reversed)?;
        }
        Reversal::Failed { code } => {
            tracing::error!(attempt = %attempt.id, code, "a charge could not be taken back: it is tried again");
        }
    }
    Ok(())
}

/// Brings an attempt to what follows, where that follows still, and lets its token go. Answers the attempt as it is
/// then. It is held before it is looked at: a transaction that is about to give it its outcome is waited for.
fn advance(
    app: &App,
    tenant: Id<Tenant>,
    id: Id<PaymentAttempt>,
    next: impl Fn(&PaymentAttempt, Instant) -> Result<PaymentAttempt, Refusal>,
) -> Result<Option<PaymentAttempt>, Fault> {
    app.db.write(|tx| {
        let Some(attempt) = Query::by_id(tenant, id).hold(tx)? else { return Ok(None) };
        let now = app.time_of(tx, tenant)?.now;
        let Ok(next) = next(&attempt, now) else { return Ok(Some(attempt)) };
        if let Some(token) = next.payment_token_id {
            payment_method::release_token(tx, tenant, token, id)?;
        }
        payment::finish(tx, tenant, &next)?;
        Ok(Some(next))
    })
}

/// What the gateway knows the card by that an attempt charges.
pub(super) fn gateway_reference(
    app: &App,
    tenant: Id<Tenant>,
    attempt: &PaymentAttempt,
) -> Result<Option<String>, Fault> {
    app.db.read_once(|conn| match (attempt.payment_method_id, attempt.payment_token_id) {
        (Some(method), _) => Ok(Query::by_id(tenant, method).first(conn)?.map(|method| method.gateway_reference)),
        (None, Some(token)) => Ok(Query::by_id(tenant, token).first(conn)?.map(|token| token.gateway_reference)),
        (None, None) => Ok(None),
    })
}

/// What became of a notice.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Received {
    /// It was taken down, with all that follows from it.
    Applied,
    /// It was before.
    Replayed,
    /// It is about nothing of this program.
    Ignored,
}

/// Why a notice was not taken down.
#[derive(Debug, thiserror::Error)]
pub enum NotReceived {
    #[error(transparent)]
    Unread(#[from] Unread),
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// Takes a letter in that arrived by itself, from whoever sent it.
pub fn receive_notice(app: &App, body: &[u8], signature: &str) -> Result<Received, NotReceived> {
    let letter = Letter { body, signature, now: app.ambient.now() };
    match app.gateways.live.read_notice(&letter)? {
        Some((tenant, notice)) => Ok(apply_notice(app, tenant, &notice)?),
        None => Ok(Received::Ignored),
    }
}

/// Takes down what a gateway tells of an attempt, and does what follows from it, once: the notice and its effect are one
/// transaction. The attempt is held: whoever is about to give it its outcome is waited for.
///
/// Where an invoice is charged, the outcome is stored like one that was asked for. That of a creation is not: whoever
/// creates asks the gateway itself, stores what was paid for together with the outcome, and takes back what died. An
/// outcome that was stored from here would leave a charge for nothing.
pub fn apply_notice(app: &App, tenant: Id<Tenant>, notice: &Notice) -> Result<Received, Fault> {
    // Whoever sends it may name a tenant that is none of this program's.
    let known = app.db.read_once(|conn| Query::by_id(tenant, notice.attempt).first(conn))?;
    if known.is_none() {
        return Ok(Received::Ignored);
    }
    let applied = app.work_for(tenant, Instant::UNIX_EPOCH, |work| {
        let Some(attempt) = Query::by_id(tenant, notice.attempt).hold(work.tx)? else { return Ok(None) };
        if !gateway_notice::take_down(work.tx, tenant, notice, work.machine_now)? {
            return Ok(Some((attempt, None)));
        }
        if let Some((event_type, data)) = what_follows(&notice.news) {
            work.event(event_type, attempt.id, data);
        }
        let recorded = match &notice.news {
            News::Charged(outcome) if attempt.invoice_id.is_some() => Some(record(work, attempt.id, outcome)?),
            _ => None,
        };
        Ok(Some((attempt, Some(recorded))))
    });
    match applied.map_err(unrefused)? {
        None => Ok(Received::Ignored),
        Some((_, None)) => Ok(Received::Replayed),
        Some((attempt, Some(recorded))) => {
            if let (Some(recorded), News::Charged(outcome)) = (recorded, &notice.news) {
                follow(app, tenant, &attempt, recorded, outcome)?;
            }
            Ok(Received::Applied)
        }
    }
}

/// The event that follows from a notice, with its data.
fn what_follows(news: &News) -> Option<(EventType, serde_json::Value)> {
    let code = |amount: &Money| amount.currency.code();
    match news {
        News::Charged(_) => None,
        News::Refunded(amount) => {
            Some((EventType::PaymentRefundNoticed, json!({"amountMinor": amount.minor, "currency": code(amount)})))
        }
        News::Disputed { amount, reason } => Some((
            EventType::PaymentDisputed,
            json!({"amountMinor": amount.minor, "currency": code(amount), "reason": reason}),
        )),
    }
}
