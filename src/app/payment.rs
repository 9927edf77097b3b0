//! What becomes of payment attempts beside their making: what was charged for nothing goes back, and what the gateway
//! tells by itself is taken down.
//!
//! An attempt is first marked as being taken back, in a transaction of its own, so that it cannot pay for anything any
//! more; then the gateway is asked, outside of any transaction; then its answer is stored. Whoever dies meanwhile leaves
//! a row that says what is owed, and to ask the gateway twice does no harm.

use super::App;
use super::payment_gateway::{Letter, Unread};
use crate::domain::event::{Event, EventType};
use crate::domain::gateway::{News, Notice};
use crate::domain::payment::{ChargeOutcome, PaymentAttempt, Reversal};
use crate::domain::tenant::Tenant;
use crate::domain::{Id, Money, Refusal};
use crate::repository::{Fault, Query, gateway_notice, journal, payment, payment_method};
use chrono::TimeDelta;
use serde_json::json;

/// How long an attempt may take. One that takes longer has died: whoever comes next takes its charge back.
pub const LONGEST_ATTEMPT: TimeDelta = TimeDelta::minutes(2);

/// What is assumed of an attempt that died: the customer may have been charged.
pub const DEAD: ChargeOutcome = ChargeOutcome::Succeeded { reference: None };

/// Gives an attempt up for which nothing was created: lets its token go, and takes back what may have been charged. One
/// that has its outcome is left alone: its creation was stored, whatever was heard of it.
pub fn give_up(
    app: &App,
    tenant: Id<Tenant>,
    attempt: Id<PaymentAttempt>,
    outcome: &ChargeOutcome,
) -> Result<(), Fault> {
    let now = app.ambient.now();
    let attempt = advance(app, tenant, attempt, |attempt| attempt.given_up(outcome, now))?;
    attempt.map_or(Ok(()), |attempt| take_back(app, tenant, &attempt))
}

/// Takes back what died, of all tenants: attempts that were never heard of again, and those whose reversal was not
/// heard of. Answers how many there were.
pub fn take_back_dead(app: &App) -> Result<usize, Fault> {
    let until = app.ambient.now() - LONGEST_ATTEMPT;
    let dead = app.db.read_once(|conn| payment::open_since(conn, until))?;
    for (tenant, attempt) in &dead {
        give_up(app, *tenant, *attempt, &DEAD)?;
    }
    Ok(dead.len())
}

/// Asks the gateway to take a charge back, where the attempt waits for that.
fn take_back(app: &App, tenant: Id<Tenant>, attempt: &PaymentAttempt) -> Result<(), Fault> {
    if attempt.reversed(app.ambient.now()).is_err() {
        return Ok(());
    }
    let Some(reference) = gateway_reference(app, tenant, attempt)? else { return Ok(()) };
    match app.gateway_of(tenant)?.reverse(&attempt.charge(tenant, reference)) {
        Reversal::Done => {
            let now = app.ambient.now();
            advance(app, tenant, attempt.id, |attempt| attempt.reversed(now))?;
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
    next: impl Fn(&PaymentAttempt) -> Result<PaymentAttempt, Refusal>,
) -> Result<Option<PaymentAttempt>, Fault> {
    app.db.write(|tx| {
        let Some(attempt) = Query::by_id(tenant, id).hold(tx)? else { return Ok(None) };
        let Ok(next) = next(&attempt) else { return Ok(Some(attempt)) };
        if let Some(token) = next.payment_token_id {
            payment_method::release_token(tx, tenant, token, id)?;
        }
        payment::finish(tx, tenant, &next)?;
        Ok(Some(next))
    })
}

/// What the gateway knows the card by that an attempt charges.
fn gateway_reference(app: &App, tenant: Id<Tenant>, attempt: &PaymentAttempt) -> Result<Option<String>, Fault> {
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
pub fn apply_notice(app: &App, tenant: Id<Tenant>, notice: &Notice) -> Result<Received, Fault> {
    app.db.write(|tx| {
        let now = app.ambient.now();
        let Some(attempt) = Query::by_id(tenant, notice.attempt).hold(tx)? else { return Ok(Received::Ignored) };
        if !gateway_notice::take_down(tx, tenant, notice, now)? {
            return Ok(Received::Replayed);
        }
        if let Some((event_type, data)) = what_follows(&notice.news) {
            let (id, subject) = (app.ambient.id(now), attempt.id.to_string());
            journal::publish(tx, tenant, &[Event { id, event_type, subject, data, created_at: now }])?;
        }
        Ok(Received::Applied)
    })
}

/// The event that follows from a notice, with its data. None follows from the outcome of a charge: every attempt belongs
/// to a creation, which asks the gateway itself and stores what was paid for together with the outcome; and one that
/// died is taken back. An outcome that was stored from here would leave a charge for nothing.
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
