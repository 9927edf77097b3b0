//! What came of a charge of an invoice, and all that follows from it.

use super::{unrefused, zone};
use crate::app::mutation::{Stop, Work};
use crate::app::payment::{give_up, settled};
use crate::app::{App, invoice as invoices, payment_method, received};
use crate::domain::collecting::{Dunning, Reaction, Unpaid};
use crate::domain::dunning::Policy;
use crate::domain::event::EventType;
use crate::domain::invoice::Invoice;
use crate::domain::payment::{ChargeOutcome, PaymentAttempt, PaymentAttemptStatus};
use crate::domain::payment_method::PaymentToken;
use crate::domain::received::Payment;
use crate::domain::subscription::{ScheduledPaymentStatus, SubscriptionStatus};
use crate::domain::tenant::Tenant;
use crate::domain::{Id, Instant};
use crate::repository::{self, Fault, Query, payment};
use chrono::TimeDelta;
use serde_json::json;

/// What a charge came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::app) enum Recorded {
    /// The invoice got the money.
    Paid(Id<Payment>),
    /// It did not.
    Unpaid,
    /// Nothing is known yet: the attempt stays as it is, and the gateway is asked again.
    Open,
    /// Somebody else stored the outcome.
    Known,
    /// As much is not due any more: nothing is stored, and the money is to go back.
    NotDue,
}

/// Stores what the gateway said of a charge of an invoice, and does what follows outside of the database.
pub(in crate::app) fn conclude(
    app: &App,
    tenant: Id<Tenant>,
    attempt: &PaymentAttempt,
    outcome: &ChargeOutcome,
) -> Result<Recorded, Fault> {
    let recorded = app.work_for(tenant, attempt.created_at, |work| record(work, attempt.id, outcome));
    let recorded = recorded.map_err(unrefused)?;
    follow(app, tenant, attempt, recorded, outcome)?;
    Ok(recorded)
}

/// Sends money back that is not wanted, or of which nobody knows where it is. Whoever dies before that leaves an attempt
/// that says so.
pub(in crate::app) fn follow(
    app: &App,
    tenant: Id<Tenant>,
    attempt: &PaymentAttempt,
    recorded: Recorded,
    outcome: &ChargeOutcome,
) -> Result<(), Fault> {
    let unclear = matches!(outcome, ChargeOutcome::Failed { .. } | ChargeOutcome::Unclear { .. });
    match recorded {
        Recorded::NotDue => give_up(app, tenant, attempt.id, outcome),
        Recorded::Unpaid if unclear => give_up(app, tenant, attempt.id, outcome),
        _ => Ok(()),
    }
}

/// Stores what came of a charge of an invoice. Where it could not be processed, the attempt is REVERSING then, so that it
/// pays for nothing whatever is heard of it later.
pub(in crate::app) fn record(
    work: &mut Work<'_, '_>,
    attempt: Id<PaymentAttempt>,
    outcome: &ChargeOutcome,
) -> Result<Recorded, Stop> {
    let tenant = work.tenant;
    let held = Query::by_id(tenant, attempt).hold(work.tx)?;
    let Some(attempt) = held.filter(|attempt| attempt.status == PaymentAttemptStatus::Reserved) else {
        return Ok(Recorded::Known);
    };
    let invoice = match attempt.invoice_id {
        Some(invoice) => Query::by_id(tenant, invoice).hold(work.tx)?,
        None => None,
    };
    let Some(mut invoice) = invoice else { return Ok(Recorded::Known) };
    if let ChargeOutcome::Pending { .. } = outcome {
        return Ok(Recorded::Open);
    }
    let Some(why) = Unpaid::of(outcome) else { return paid(work, &attempt, &mut invoice, outcome) };
    let unclear = match outcome {
        ChargeOutcome::Failed { code } => &ChargeOutcome::Unclear { code: code.clone() },
        outcome => outcome,
    };
    let finished = attempt.finished(unclear, work.now)?;
    payment::finish(work.tx, tenant, &finished)?;
    if let Some(token) = attempt.payment_token_id {
        repository::payment_method::release_token(work.tx, tenant, token, attempt.id)?;
    }
    if let (Unpaid::Hard, Some(method)) = (why, attempt.payment_method_id) {
        payment_method::fail(work, method)?;
    }
    let code = outcome.accepted().err().map(|refusal| refusal.message);
    let data = json!({"attemptId": attempt.id, "subscriptionId": invoice.subscription_id, "message": code});
    work.event(EventType::InvoicePaymentFailed, invoice.id, data);
    // Who pays an invoice that is not due to be charged by itself may fail as often as it likes.
    if invoice.collection.collect_at.is_some_and(|due| due <= attempt.created_at) {
        unpaid(work, &mut invoice, why)?;
    }
    Ok(Recorded::Unpaid)
}

fn paid(
    work: &mut Work<'_, '_>,
    attempt: &PaymentAttempt,
    invoice: &mut Invoice,
    outcome: &ChargeOutcome,
) -> Result<Recorded, Stop> {
    if invoice.pay(attempt.amount, work.now).is_err() {
        return Ok(Recorded::NotDue);
    }
    payment::finish(work.tx, work.tenant, &attempt.finished(outcome, work.now)?)?;
    if let Some(token) = attempt.payment_token_id {
        let token: Option<PaymentToken> = Query::by_id(work.tenant, token).first(work.conn())?;
        // A hold that ran out while nobody was there may be somebody else's by now.
        if let Some(token) = token.filter(|token| token.used_at.is_none() && token.reserved_by == Some(attempt.id)) {
            let method = payment_method::keep(work, &token, Some(attempt.id), attempt.customer_id)?;
            invoice.collection.payment_method_id = Some(method);
        }
    }
    let payment = received::charged(work, invoice, attempt, attempt.amount);
    received::store(work, std::slice::from_ref(&payment))?;
    store(work, invoice)?;
    settled(work, invoice)?;
    Ok(Recorded::Paid(payment.id))
}

/// Goes on with an invoice that got no money when it was due: it waits, its customer is reminded, or it fails.
pub(super) fn unpaid(work: &mut Work<'_, '_>, invoice: &mut Invoice, why: Unpaid) -> Result<Reaction, Stop> {
    let policy = policy(work)?;
    let dunning = dunning(work, invoice, &policy)?;
    let reaction = invoice.unpaid(why, dunning, work.now);
    store(work, invoice)?;
    let mut data = json!({"subscriptionId": invoice.subscription_id, "step": invoice.collection.dunning_step});
    match reaction {
        Reaction::Waits => {}
        Reaction::DunningStarted => {
            work.event(EventType::InvoiceDunningStarted, invoice.id, data.clone());
            work.event(EventType::InvoiceDunningNotice, invoice.id, data);
        }
        Reaction::Reminded => work.event(EventType::InvoiceDunningNotice, invoice.id, data),
        Reaction::Failed => {
            if let Some(data) = data.as_object_mut() {
                data.remove("step");
            }
            work.event(EventType::InvoiceFailed, invoice.id, data);
            fail(work, invoice, &policy)?;
        }
    }
    Ok(reaction)
}

/// What becomes of the subscriptions of an invoice that failed, and of the payments of rentals that it asks for.
fn fail(work: &mut Work<'_, '_>, invoice: &Invoice, policy: &Policy) -> Result<(), Stop> {
    let (tenant, now) = (work.tenant, work.now);
    for id in invoices::subscriptions_of(work, invoice)? {
        let Some(subscription) = Query::by_id(tenant, id).hold(work.tx)? else { continue };
        let Some(status) = policy.final_action.status(&subscription) else { continue };
        repository::subscription::stop(work.tx, tenant, &subscription, status, now)?;
        let event = match status {
            SubscriptionStatus::Ended => EventType::SubscriptionEnded,
            _ => EventType::SubscriptionPaused,
        };
        work.event(event, id, json!({"invoiceId": invoice.id, "reason": "DUNNING"}));
    }
    let failed = ScheduledPaymentStatus::Failed;
    Ok(repository::subscription::conclude_payments(work.tx, tenant, invoice.id, failed)?)
}

/// By what rule an invoice is dunned: its grace counts from its first charge on, or from when it was past due.
fn dunning<'p>(work: &mut Work<'_, '_>, invoice: &Invoice, policy: &'p Policy) -> Result<Dunning<'p>, Fault> {
    let (tenant, now) = (work.tenant, work.now);
    let attempts = payment::of_invoices(tenant, &[invoice.id]).load(work.conn())?;
    let zone = zone(work, invoice)?;
    let charged = attempts.iter().map(|attempt| attempt.created_at).min();
    let first = charged.unwrap_or_else(|| invoice.past_due_at(zone).min(now));
    Ok(Dunning { policy, first, grace_until: grace_until(work, invoice)?, zone })
}

/// Until when the subscription of an invoice starts no dunning.
fn grace_until(work: &mut Work<'_, '_>, invoice: &Invoice) -> Result<Option<Instant>, Fault> {
    let (tenant, Some(id)) = (work.tenant, invoice.subscription_id) else { return Ok(None) };
    let terms = repository::terms::of_subscriptions(tenant, &[id]).first(work.conn())?;
    let Some(seconds) = terms.and_then(|terms| terms.grace_seconds) else { return Ok(None) };
    let subscription = Query::by_id(tenant, id).first(work.conn())?;
    Ok(subscription.map(|subscription| subscription.created_at + TimeDelta::seconds(seconds.into())))
}

/// How the tenant reminds its customers.
fn policy(work: &mut Work<'_, '_>) -> Result<Policy, Fault> {
    let tenant = work.tenant;
    Ok(repository::tenant::own(work.conn(), tenant)?.settings.dunning)
}

/// Stores an invoice that changed, and tells of it.
pub(in crate::app) fn store(work: &mut Work<'_, '_>, invoice: &mut Invoice) -> Result<(), Fault> {
    invoice.version += 1;
    invoice.updated_at = work.now;
    repository::invoice::update(work.tx, work.tenant, invoice)?;
    work.event(EventType::InvoiceUpdated, invoice.id, json!({"subscriptionId": invoice.subscription_id}));
    Ok(())
}
