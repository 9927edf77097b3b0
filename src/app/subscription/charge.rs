//! Charging the opening invoice: reserve, ask the gateway, store with the outcome (`decisions.md` 11).

use crate::app::App;
use crate::app::mutation::{Answer, Call, Stop, Work};
use crate::app::payment::{self, ChargedSource, DEAD, Reservation, Reserved, give_up};
use crate::app::payment_method;
use crate::app::received;
use crate::domain::collecting::Unpaid;
use crate::domain::customer::Customer;
use crate::domain::payment::{Charge, ChargeOutcome, PaymentAttempt, Reversal};
use crate::domain::payment_method::PaymentMethod;
use crate::domain::subscribing::request::InitialStatus;
use crate::domain::subscribing::{Agreement, Opening, Outcome, Settlement, SourceFound};
use crate::domain::{ErrorCode, Id, Instant, Money, Refusal};
use crate::repository::{self, Fault, Query};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// How often it is charged anew where prices changed while the gateway was asked.
const MOST_CHARGES: u32 = 3;

/// What a use case comes to: it is done, or this must be charged first.
pub(super) enum Step<T> {
    Done(T),
    Charge(Box<Reservation>),
}

/// A charge with its outcome.
pub(super) struct Charged {
    pub attempt: PaymentAttempt,
    /// The moment at which it was decided: the subscription is created as of then.
    pub now: Instant,
    outcome: ChargeOutcome,
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
            payment::refuse_twin(work, call)?;
            match decide(work, None)? {
                Step::Done(done) => Ok(Some(done)),
                Step::Charge(reservation) => {
                    let key = call.idempotency.as_ref().map(|idempotency| idempotency.key.clone());
                    reserved = Some(payment::reserve(work, *reservation, key)?);
                    Ok(None)
                }
            }
        })?;
        let (None, Some(Reserved { attempt, charge })) = (&begun, reserved) else {
            return Ok(begun.unwrap_or_else(|| Answer::refused(vec![changed()])));
        };
        let charged = Charged { now: attempt.created_at, attempt, outcome: ask(call.app, &charge)? };
        let answer = call.run(|work| {
            let finished = charged.finished(work)?;
            match decide(work, Some(&charged))? {
                Step::Done(done) => {
                    repository::payment::finish(work.tx, work.tenant, &finished)?;
                    Ok(done)
                }
                Step::Charge(_) => Err(changed().into()),
            }
        });
        // A conflict shows an outcome, too, that is not of its making.
        let created = |answer: &Answer<T>| answer.outcome.is_some() && answer.refusals.is_empty() && !answer.replayed;
        if !answer.as_ref().is_ok_and(created) {
            give_up(call.app, call.viewer.tenant_id, charged.attempt.id, &charged.outcome)?;
        }
        let answer = answer?;
        if answer.refusals.first() != Some(&changed()) {
            return Ok(answer);
        }
    }
    Ok(Answer::refused(vec![changed()]))
}

/// Asks the gateway for a charge. Where it fails, whether money moved is unknown: if it did, it goes back. So does what
/// the bank has not answered yet, as nothing is created on its word.
fn ask(app: &App, charge: &Charge) -> Result<ChargeOutcome, Fault> {
    let gateway = app.gateway_of(charge.tenant)?;
    let code = match gateway.charge(charge) {
        ChargeOutcome::Failed { code } => code,
        ChargeOutcome::Pending { .. } => "pending".to_owned(),
        outcome => return Ok(outcome),
    };
    Ok(match gateway.reverse(charge) {
        Reversal::Done => ChargeOutcome::Failed { code },
        Reversal::Failed { code: why } => {
            tracing::error!(attempt = %charge.attempt, code, why, "whether a charge was made is not known");
            ChargeOutcome::Unclear { code }
        }
    })
}

impl Charged {
    /// The attempt with what came of it, held until that is stored. Refuses where it is being taken back, as somebody
    /// took it for dead.
    fn finished(&self, work: &mut Work<'_, '_>) -> Result<PaymentAttempt, Stop> {
        let held = Query::by_id(work.tenant, self.attempt.id).hold(work.tx)?;
        let finished = held.and_then(|attempt| attempt.finished(&self.outcome, work.now).ok());
        finished.ok_or_else(|| {
            let message = "The payment took too long: it was taken back, and nothing was created. Try again.";
            Refusal::new(ErrorCode::PaymentProcessingError, message).into()
        })
    }

    /// Whether this was charged, to this customer, by this source.
    fn is_for(&self, amount: Money, customer: Id<Customer>, source: &ChargedSource) -> bool {
        let attempt = &self.attempt;
        let own = match source {
            ChargedSource::Method(method) => attempt.payment_method_id == Some(method.id),
            ChargedSource::Token(token) => attempt.payment_token_id == Some(token.id),
        };
        own && attempt.amount == amount && attempt.customer_id == customer
    }
}

/// The refusal where prices changed while the gateway was asked.
fn changed() -> Refusal {
    Refusal::new(ErrorCode::Conflict, "Prices changed while this was being paid, and nothing was created. Try again.")
}

/// Gives an attempt up that died under the same idempotency key, so that the request can be made anew.
fn abandon(call: &Call<'_>) -> Result<(), Fault> {
    let Some(idempotency) = &call.idempotency else { return Ok(()) };
    let (tenant, now) = (call.viewer.tenant_id, call.app.ambient.now());
    let read = |conn: &mut repository::Conn| repository::payment::reserved_by_key(tenant, &idempotency.key).first(conn);
    match call.app.db.read_once(read)? {
        Some(attempt) if attempt.reserved_until <= now && attempt.invoice_id.is_none() => {
            give_up(call.app, tenant, attempt.id, &DEAD)
        }
        _ => Ok(()),
    }
}

/// Settles the opening invoices by the outcome of their charge; without one, says what must be charged.
pub(super) fn settle(
    agreement: &mut Agreement,
    opening: &mut Opening,
    source: &SourceFound,
    (conditional, initial): (bool, InitialStatus),
    charged: Option<&Charged>,
    now: Instant,
) -> Result<Option<Reservation>, Stop> {
    let source = chargeable(source);
    let (subscription, customer) = (agreement.subscription.id, agreement.subscription.customer_id);
    let outcome = match (agreement.settlement(opening, source.is_some()), charged, source) {
        (Settlement::NothingDue, None, _) => Outcome::NothingDue,
        (Settlement::Wait, None, _) => Outcome::Unpaid,
        (Settlement::Charge(amount), None, Some(source)) => {
            let subscription = Some(subscription);
            return Ok(Some(Reservation { subscription, invoice: None, customer, amount, source }));
        }
        (Settlement::Charge(amount), Some(charged), Some(source)) if charged.is_for(amount, customer, &source) => {
            match charged.outcome {
                ChargeOutcome::Succeeded { .. } => Outcome::Paid,
                ChargeOutcome::Declined { .. } => Outcome::Declined,
                ChargeOutcome::Failed { .. } | ChargeOutcome::Unclear { .. } | ChargeOutcome::Pending { .. } => {
                    Outcome::Failed
                }
            }
        }
        // What is due now is not what was charged.
        _ => return Err(changed().into()),
    };
    agreement.settle(opening, outcome, conditional, initial, now).map_err(|refusal| {
        // The gateway's own words say more.
        let told = charged.and_then(|charged| charged.outcome.accepted().err());
        told.unwrap_or(refusal)
    })?;
    Ok(None)
}

/// Notes what came in for the opening invoices, which are stored, and which payment method is refused for good.
pub(super) fn note(
    work: &mut Work<'_, '_>,
    opening: &Opening,
    method: Option<Id<PaymentMethod>>,
    charged: Option<&Charged>,
) -> Result<(), Stop> {
    let Some(charged) = charged else { return Ok(()) };
    if let (Some(Unpaid::Hard), Some(method)) = (Unpaid::of(&charged.outcome), method) {
        payment_method::fail(work, method)?;
    }
    let invoices = opening.invoices.iter().map(|(invoice, _)| invoice);
    let paid: Vec<_> = invoices
        .filter(|invoice| invoice.balance.paid.minor > 0)
        .map(|invoice| received::charged(work, invoice, &charged.attempt, invoice.balance.paid))
        .collect();
    Ok(received::store(work, &paid)?)
}

/// What can be charged.
fn chargeable(source: &SourceFound) -> Option<ChargedSource> {
    match source.clone() {
        SourceFound::Method(found) | SourceFound::Own(found) => found.map(ChargedSource::Method),
        SourceFound::Token(found) => found.map(ChargedSource::Token),
    }
}
