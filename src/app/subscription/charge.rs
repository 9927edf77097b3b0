//! Charging the opening invoice: reserve, ask the gateway, store with the outcome (`decisions.md` 11).

use crate::app::mutation::{Answer, Call, Stop, Work};
use crate::domain::customer::Customer;
use crate::domain::payment::{Charge, ChargeOutcome, PaymentAttempt, PaymentAttemptStatus, Reversal};
use crate::domain::payment_method::{PaymentMethod, PaymentToken};
use crate::domain::subscribing::request::InitialStatus;
use crate::domain::subscribing::{Agreement, Opening, Outcome, Settlement, SourceFound};
use crate::domain::subscription::Subscription;
use crate::domain::{ErrorCode, Id, Instant, Money, Refusal};
use crate::repository::{self, Fault, Query};
use chrono::TimeDelta;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// How long an attempt may take. One that takes longer has died: whoever comes next takes its charge back.
const LONGEST_ATTEMPT: TimeDelta = TimeDelta::minutes(2);

/// How often it is charged anew where prices changed while the gateway was asked.
const MOST_CHARGES: u32 = 3;

/// What a use case comes to: it is done, or this must be charged first.
pub(super) enum Step<T> {
    Done(T),
    Charge(Reservation),
}

/// What is to be charged, and by what.
pub(super) struct Reservation {
    subscription: Id<Subscription>,
    customer: Id<Customer>,
    amount: Money,
    source: ChargedSource,
}

/// What is charged.
pub(super) enum ChargedSource {
    Method(PaymentMethod),
    Token(PaymentToken),
}

/// A charge with its outcome.
pub(super) struct Charged {
    pub attempt: PaymentAttempt,
    /// The moment at which it was decided: the subscription is created as of then.
    pub now: Instant,
    outcome: ChargeOutcome,
}

/// An attempt that is stored, and what the gateway is to be asked.
struct Reserved {
    attempt: PaymentAttempt,
    charge: Charge,
}

/// Runs a use case that may have to charge somebody in its middle.
pub(super) fn in_steps<T: Serialize + DeserializeOwned>(
    call: &Call<'_>,
    decide: impl Fn(&mut Work<'_, '_>, Option<&Charged>) -> Result<Step<T>, Stop>,
) -> Result<Answer<T>, Fault> {
    for _ in 0..MOST_CHARGES {
        abandon(call)?;
        let mut reserved = None;
        let begun = call.run_or_reserve(|work| {
            refuse_twin(work, call)?;
            match decide(work, None)? {
                Step::Done(done) => Ok(Some(done)),
                Step::Charge(reservation) => {
                    reserved = Some(reserve(work, call, reservation)?);
                    Ok(None)
                }
            }
        })?;
        let (None, Some(Reserved { attempt, charge })) = (&begun, reserved) else {
            return Ok(begun.unwrap_or_else(|| Answer::refused(vec![changed()])));
        };
        let outcome = call.app.gateway.charge(&charge);
        if matches!(outcome, ChargeOutcome::Failed { .. }) {
            // Whether money moved is unknown. If it did, it goes back.
            reverse(call, &charge);
        }
        let charged = Charged { now: attempt.created_at, attempt, outcome };
        let answer = call.run(|work| match decide(work, Some(&charged))? {
            Step::Done(done) => {
                let finished = charged.attempt.finished(&charged.outcome, work.now)?;
                repository::payment::finish(work.tx, work.tenant, &finished)?;
                Ok(done)
            }
            Step::Charge(_) => Err(changed().into()),
        });
        let created = answer.as_ref().is_ok_and(|answer| answer.outcome.is_some() && !answer.replayed);
        if !created {
            give_up(call, &charged, &charge)?;
        }
        let answer = answer?;
        if answer.refusals.first() != Some(&changed()) {
            return Ok(answer);
        }
    }
    Ok(Answer::refused(vec![changed()]))
}

/// The refusal where prices changed while the gateway was asked.
fn changed() -> Refusal {
    Refusal::new(ErrorCode::Conflict, "Prices changed while this was being paid, and nothing was created. Try again.")
}

/// Refuses a request whose twin, with the same idempotency key, is being charged.
fn refuse_twin(work: &mut Work<'_, '_>, call: &Call<'_>) -> Result<(), Stop> {
    let Some(idempotency) = &call.idempotency else { return Ok(()) };
    match repository::payment::reserved_by_key(work.tenant, &idempotency.key).first(work.conn())? {
        None => Ok(()),
        Some(_) => {
            let message = "The same request is being processed: send it again in a moment.";
            Err(Refusal::new(ErrorCode::IdempotencyInProgress, message).into())
        }
    }
}

/// Stores the attempt, and holds the token for it.
fn reserve(work: &mut Work<'_, '_>, call: &Call<'_>, reservation: Reservation) -> Result<Reserved, Stop> {
    let (method, token, reference) = match reservation.source {
        ChargedSource::Method(method) => (Some(method.id), None, method.gateway_reference),
        ChargedSource::Token(token) => (None, Some(token.id), token.gateway_reference),
    };
    let attempt = PaymentAttempt {
        id: work.id(),
        subscription_id: reservation.subscription,
        customer_id: reservation.customer,
        payment_method_id: method,
        payment_token_id: token,
        amount: reservation.amount,
        idempotency_key: call.idempotency.as_ref().map(|idempotency| idempotency.key.clone()),
        status: PaymentAttemptStatus::Reserved,
        error_state: None,
        error_code: None,
        created_at: work.now,
        finished_at: None,
    };
    repository::payment::reserve(work.tx, work.tenant, &attempt)?;
    if let Some(token) = token {
        let until = work.now + LONGEST_ATTEMPT;
        repository::payment_method::hold_token(work.tx, work.tenant, token, attempt.id, work.now, until)?;
    }
    Ok(Reserved { charge: attempt.charge(reference), attempt })
}

/// Takes an attempt back that died under the same idempotency key, so that the request can be made anew.
fn abandon(call: &Call<'_>) -> Result<(), Fault> {
    let Some(idempotency) = &call.idempotency else { return Ok(()) };
    let (tenant, now) = (call.viewer.tenant_id, call.app.ambient.now());
    let read = |conn: &mut repository::Conn| repository::payment::reserved_by_key(tenant, &idempotency.key).first(conn);
    let Some(attempt) = call.app.db.read_once(read)? else { return Ok(()) };
    if now - attempt.created_at < LONGEST_ATTEMPT {
        return Ok(());
    }
    let Some(reference) = gateway_reference(call, &attempt)? else { return Ok(()) };
    let charge = attempt.charge(reference);
    give_up(call, &Charged { now, attempt, outcome: ChargeOutcome::Succeeded }, &charge)
}

fn gateway_reference(call: &Call<'_>, attempt: &PaymentAttempt) -> Result<Option<String>, Fault> {
    let tenant = call.viewer.tenant_id;
    call.app.db.read(|conn| match (attempt.payment_method_id, attempt.payment_token_id) {
        (Some(method), _) => Ok(Query::by_id(tenant, method).first(conn)?.map(|method| method.gateway_reference)),
        (None, Some(token)) => Ok(Query::by_id(tenant, token).first(conn)?.map(|token| token.gateway_reference)),
        (None, None) => Ok(None),
    })
}

/// Takes back a charge for which nothing was created, lets the token go and logs what came of the attempt. An attempt that
/// has its outcome already is left alone: its creation was stored, whatever was heard of it.
fn give_up(call: &Call<'_>, charged: &Charged, charge: &Charge) -> Result<(), Fault> {
    let (tenant, now) = (call.viewer.tenant_id, call.app.ambient.now());
    let attempt = call.app.db.read_once(|conn| Query::by_id(tenant, charged.attempt.id).first(conn))?;
    let Some(attempt) = attempt.filter(|attempt| attempt.status == PaymentAttemptStatus::Reserved) else {
        return Ok(());
    };
    // A crash after this reverses once more, which does no harm.
    let finished = match charged.outcome {
        ChargeOutcome::Succeeded => {
            reverse(call, charge);
            attempt.reversed(now)
        }
        ChargeOutcome::Declined { .. } | ChargeOutcome::Failed { .. } => attempt.finished(&charged.outcome, now),
    };
    let Ok(finished) = finished else { return Ok(()) };
    call.app.db.write(|tx| {
        if let Some(token) = finished.payment_token_id {
            repository::payment_method::release_token(tx, tenant, token, finished.id)?;
        }
        repository::payment::finish(tx, tenant, &finished)
    })
}

fn reverse(call: &Call<'_>, charge: &Charge) {
    if let Reversal::Failed { code } = call.app.gateway.reverse(charge) {
        tracing::error!(attempt = %charge.attempt, code, "a charge could not be reversed: look at the gateway");
    }
}

/// Settles the opening invoices by the outcome of their charge; without one, says what must be charged.
pub(super) fn settle(
    agreement: &mut Agreement,
    opening: &mut Opening,
    source: &SourceFound,
    (conditional, initial): (bool, InitialStatus),
    charged: Option<&Charged>,
) -> Result<Option<Reservation>, Stop> {
    let source = chargeable(source);
    let outcome = match (agreement.settlement(opening, source.is_some()), charged, source) {
        (Settlement::NothingDue, None, _) => Outcome::NothingDue,
        (Settlement::Wait, None, _) => Outcome::Unpaid,
        (Settlement::Charge(amount), None, Some(source)) => {
            let (subscription, customer) = (agreement.subscription.id, agreement.subscription.customer_id);
            return Ok(Some(Reservation { subscription, customer, amount, source }));
        }
        (Settlement::Charge(amount), Some(charged), _) if amount == charged.attempt.amount => match charged.outcome {
            ChargeOutcome::Succeeded => Outcome::Paid,
            ChargeOutcome::Declined { .. } => Outcome::Declined,
            ChargeOutcome::Failed { .. } => Outcome::Failed,
        },
        // What is due is not what was charged.
        _ => return Err(changed().into()),
    };
    agreement.settle(opening, outcome, conditional, initial).map_err(|refusal| {
        // The gateway's own words say more.
        let told = charged.and_then(|charged| charged.outcome.accepted().err());
        told.unwrap_or(refusal)
    })?;
    Ok(None)
}

/// What can be charged.
fn chargeable(source: &SourceFound) -> Option<ChargedSource> {
    match source.clone() {
        SourceFound::Method(found) | SourceFound::Own(found) => found.map(ChargedSource::Method),
        SourceFound::Token(found) => found.map(ChargedSource::Token),
    }
}
