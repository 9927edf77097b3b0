//! Credits: giving them, cancelling them, and what invoices take of them.

use super::mutation::{Answer, Call, Stop, Work, expect_version};
use super::product::bad_price;
use crate::domain::credit::{Credit, CreditApplication, CreditState, apply, not_found};
use crate::domain::customer::Customer;
use crate::domain::event::EventType;
use crate::domain::invoice::Invoice;
use crate::domain::subscription::Subscription;
use crate::domain::{Currency, ErrorCode, Id, Instant, Money, Refusal};
use crate::repository::{self, Fault, Query, counter};
use bigdecimal::BigDecimal;
use serde::{Deserialize, Serialize};

/// What a client says of a new credit.
#[derive(Clone, Debug)]
pub struct CreateCredit {
    pub customer_id: Id<Customer>,
    /// The only subscription whose invoices it pays.
    pub subscription_id: Option<Id<Subscription>>,
    /// The next of the tenant's own where there is none.
    pub handle: Option<String>,
    /// That of the subscription, else the tenant's default, where there is none.
    pub currency: Option<Currency>,
    pub amount: BigDecimal,
    pub text: String,
    /// Now where there is none.
    pub valid_from: Option<Instant>,
}

/// The credit that was created or cancelled.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct CreditChanged {
    pub credit: Id<Credit>,
}

pub fn create_credit(call: &Call<'_>, new: &CreateCredit) -> Result<Answer<CreditChanged>, Fault> {
    call.run(|work| {
        let customer = super::customer::existing(work, new.customer_id)?;
        let subscription = match new.subscription_id {
            Some(id) => Some(paid_by(work, id, customer.id)?),
            None => None,
        };
        let currency = match (new.currency, &subscription) {
            (Some(currency), Some(subscription)) if currency != subscription.currency => {
                let message = format!("The subscription is in {}.", subscription.currency);
                return Err(Refusal::new(ErrorCode::CurrencyMismatch, message).at(&["currency"]).into());
            }
            (Some(currency), _) => currency,
            (None, Some(subscription)) => subscription.currency,
            (None, None) => {
                let tenant = work.tenant;
                repository::tenant::own(work.conn(), tenant)?.settings.default_currency
            }
        };
        let amount = Money::try_positive(&new.amount, currency);
        let amount = amount.map_err(|error| bad_price(&error).at(&["amount"]))?;
        let handle = match &new.handle {
            Some(handle) => free_handle(work, handle)?,
            None => next_handle(work)?,
        };
        let credit = Credit {
            id: work.id(),
            customer_id: customer.id,
            subscription_id: new.subscription_id,
            handle,
            amount,
            remaining: amount,
            text: new.text.clone(),
            valid_from: new.valid_from.unwrap_or(work.now),
            state: CreditState::Pending,
            version: 1,
            created_at: work.now,
            updated_at: work.now,
        };
        store(work, &credit)?;
        Ok(CreditChanged { credit: credit.id })
    })
}

/// Cancels what remains of a credit.
pub fn cancel_credit(
    call: &Call<'_>,
    id: Id<Credit>,
    expected_version: Option<i32>,
) -> Result<Answer<CreditChanged>, Fault> {
    call.run(|work| {
        let outcome = CreditChanged { credit: id };
        let found = Query::by_id(work.tenant, id).hold(work.tx)?.ok_or_else(not_found)?;
        expect_version(expected_version, found.version, &outcome)?;
        let mut cancelled = found.cancelled()?;
        cancelled.version += 1;
        cancelled.updated_at = work.now;
        repository::credit::update(work.tx, work.tenant, &cancelled)?;
        let data = serde_json::json!({"customerId": cancelled.customer_id});
        work.event(EventType::CreditCancelled, id, data);
        Ok(outcome)
    })
}

/// Stores a new credit.
pub(super) fn store(work: &mut Work<'_, '_>, credit: &Credit) -> Result<(), Stop> {
    repository::credit::insert(work.tx, work.tenant, credit)?;
    let data = serde_json::json!({"customerId": credit.customer_id});
    work.event(EventType::CreditCreated, credit.id, data);
    Ok(())
}

/// What invoices took of credits, before it is stored.
#[derive(Default)]
pub(super) struct Taken {
    credits: Vec<Credit>,
    applications: Vec<CreditApplication>,
}

/// Takes the credits of their customers off invoices that are about to be issued at this moment, in their order.
pub(super) fn take<'i>(
    work: &mut Work<'_, '_>,
    invoices: impl Iterator<Item = &'i mut Invoice>,
    now: Instant,
) -> Result<Taken, Fault> {
    let tenant = work.tenant;
    let invoices: Vec<&mut Invoice> = invoices.collect();
    let mut customers: Vec<_> = invoices.iter().map(|invoice| invoice.customer_id).collect();
    customers.sort_unstable();
    customers.dedup();
    if customers.is_empty() {
        return Ok(Taken::default());
    }
    let mut credits = repository::credit::open_of(work.conn(), tenant, &customers)?;
    let applications = invoices.into_iter().flat_map(|invoice| apply(&mut credits, invoice, now)).collect();
    Ok(Taken { credits, applications })
}

/// Stores what invoices, which are stored already, took of credits.
pub(super) fn spend(work: &mut Work<'_, '_>, taken: &Taken) -> Result<(), Fault> {
    let Taken { credits, applications } = taken;
    let touched = |credit: &&Credit| applications.iter().any(|application| application.credit_id == credit.id);
    for credit in credits.iter().filter(touched) {
        let used = Credit { version: credit.version + 1, ..credit.clone() };
        repository::credit::update(work.tx, work.tenant, &used)?;
    }
    repository::credit::insert_applications(work.tx, work.tenant, applications)
}

/// Gives back what an invoice that is withdrawn had taken of credits.
pub(super) fn give_back(work: &mut Work<'_, '_>, invoice: Id<Invoice>) -> Result<(), Fault> {
    let (tenant, now) = (work.tenant, work.now);
    let mut taken = repository::credit::taken_by(tenant, &[invoice]).load(work.conn())?;
    let ids: Vec<_> = taken.iter().map(|application| application.credit_id).collect();
    if ids.is_empty() {
        return Ok(());
    }
    for mut credit in Query::by_ids(tenant, &ids).order("id").load(work.conn())? {
        let own = credit.id;
        for application in taken.iter_mut().filter(|application| application.credit_id == own) {
            credit.take_back(application, now);
            repository::credit::return_application(work.tx, tenant, application)?;
        }
        credit.version += 1;
        repository::credit::update(work.tx, tenant, &credit)?;
    }
    Ok(())
}

/// The next handle that nobody has given yet.
pub(super) fn next_handle(work: &mut Work<'_, '_>) -> Result<String, Fault> {
    const SERIES: &str = "credit_handles";
    loop {
        let handle = format!("crd-{:06}", counter::next(work.tx, work.tenant, SERIES)?);
        if repository::credit::by_handle(work.tenant, &handle).first(work.conn())?.is_none() {
            return Ok(handle);
        }
    }
}

fn free_handle(work: &mut Work<'_, '_>, handle: &str) -> Result<String, Stop> {
    let tenant = work.tenant;
    match repository::credit::by_handle(tenant, handle).first(work.conn())? {
        None => Ok(handle.to_owned()),
        Some(_) => {
            let message = format!("There is a credit with the handle {handle:?} already.");
            Err(Refusal::new(ErrorCode::DuplicateHandle, message).at(&["handle"]).into())
        }
    }
}

/// The subscription, whose invoices this customer gets: a credit of another would never pay them.
fn paid_by(work: &mut Work<'_, '_>, id: Id<Subscription>, customer: Id<Customer>) -> Result<Subscription, Stop> {
    let tenant = work.tenant;
    let missing = || Subscription::not_found().at(&["subscriptionId"]);
    let subscription = Query::by_id(tenant, id).first(work.conn())?.ok_or_else(missing)?;
    let terms = repository::terms::of_subscriptions(tenant, &[id]).first(work.conn())?;
    let payer = terms.map_or(subscription.customer_id, |terms| terms.invoiced_customer_id);
    if payer != customer {
        let message = "The invoices of this subscription go to another customer.";
        return Err(Refusal::new(ErrorCode::CustomerMismatch, message).at(&["subscriptionId"]).into());
    }
    Ok(subscription)
}
