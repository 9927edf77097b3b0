//! Invoices by hand: drafting, issuing and withdrawing them.

use super::credit::{self, Taken};
use super::mutation::{Answer, Call, Stop, Work, expect_version};
use super::payment::settled;
use super::{customer, invoice, payment_method, tax};
use crate::domain::calendar::day_of;
use crate::domain::customer::Customer;
use crate::domain::event::EventType;
use crate::domain::invoice::Invoice;
use crate::domain::invoicing::{self, DraftChange, NewLine, Terms, draft, zone_of};
use crate::domain::payment_terms::PaymentTerms;
use crate::domain::pricing::TaxRate;
use crate::domain::subscription::CollectionMethod;
use crate::domain::tax::rate_for;
use crate::domain::tenant::Settings;
use crate::domain::{Currency, ErrorCode, Id, Refusal, Zone};
use crate::repository::{self, Fault, Query};
use serde::{Deserialize, Serialize};

/// What a client says of a new invoice.
#[derive(Clone, Debug)]
pub struct CreateInvoice {
    pub customer_id: Id<Customer>,
    /// The tenant's default where there is none.
    pub currency: Option<Currency>,
    pub lines: Vec<NewLine>,
    pub method: CollectionMethod,
    pub payment_terms: Option<PaymentTerms>,
    /// Whether it is issued later.
    pub draft: bool,
}

/// What a client changes of a draft.
#[derive(Clone, Debug)]
pub struct UpdateInvoiceDraft {
    pub invoice_id: Id<Invoice>,
    pub expected_version: Option<i32>,
    pub change: DraftChange,
}

/// The invoice that was created or changed.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct InvoiceChanged {
    pub invoice: Id<Invoice>,
}

/// The draft that was deleted; after CONFLICT, the draft that is still there.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct InvoiceDeleted {
    pub deleted: Option<Id<Invoice>>,
    pub invoice: Option<Id<Invoice>>,
}

pub fn create_invoice(call: &Call<'_>, new: &CreateInvoice) -> Result<Answer<InvoiceChanged>, Fault> {
    call.run(|work| {
        let customer = customer::active(work, new.customer_id)?;
        let (settings, country_tax) = settings_for(work, &customer)?;
        let terms = Terms {
            currency: new.currency.unwrap_or(settings.default_currency),
            method: new.method,
            payment_terms: new.payment_terms,
        };
        let (mut made, lines) = {
            let ids = || work.id::<()>().uuid();
            draft(&customer, terms, &new.lines, (&settings, country_tax), work.now, &ids)?
        };
        let taken = match new.draft {
            true => Taken::default(),
            false => issue(work, &mut made, zone_of(&customer, &settings))?,
        };
        let outcome = InvoiceChanged { invoice: made.id };
        invoice::store(work, &mut [(made, lines)])?;
        credit::spend(work, &taken)?;
        Ok(outcome)
    })
}

pub fn update_invoice_draft(call: &Call<'_>, update: &UpdateInvoiceDraft) -> Result<Answer<InvoiceChanged>, Fault> {
    call.run(|work| {
        let outcome = InvoiceChanged { invoice: update.invoice_id };
        let mut found = held(work, update.invoice_id, update.expected_version, &outcome)?;
        let (customer, settings, country_tax) = customer_of(work, &found)?;
        let lines = {
            let ids = || work.id::<()>().uuid();
            found.redraft(update.change.clone(), &customer, (&settings, country_tax), &ids)?
        };
        found.version += 1;
        found.updated_at = work.now;
        repository::invoice::redraft(work.tx, work.tenant, &found, lines.as_deref())?;
        tell(work, EventType::InvoiceUpdated, &found);
        Ok(outcome)
    })
}

/// Issues a draft today: it gets its number, its customer's credits, and asks for its money.
pub fn finalise_invoice(
    call: &Call<'_>,
    id: Id<Invoice>,
    expected_version: Option<i32>,
) -> Result<Answer<InvoiceChanged>, Fault> {
    call.run(|work| {
        let outcome = InvoiceChanged { invoice: id };
        let mut found = held(work, id, expected_version, &outcome)?;
        let (customer, settings, _) = customer_of(work, &found)?;
        let zone = zone_of(&customer, &settings);
        found.date(work.now, zone)?;
        let taken = issue(work, &mut found, zone)?;
        found.version += 1;
        found.updated_at = work.now;
        invoice::number(work, std::iter::once(&mut found))?;
        repository::invoice::update(work.tx, work.tenant, &found)?;
        credit::spend(work, &taken)?;
        tell(work, EventType::InvoiceFinalised, &found);
        settled(work, &found)?;
        Ok(outcome)
    })
}

pub fn delete_invoice_draft(
    call: &Call<'_>,
    id: Id<Invoice>,
    expected_version: Option<i32>,
) -> Result<Answer<InvoiceDeleted>, Fault> {
    call.run(|work| {
        let found = held(work, id, expected_version, &InvoiceDeleted { deleted: None, invoice: Some(id) })?;
        found.changeable()?;
        repository::invoice::delete_draft(work.tx, work.tenant, &found)?;
        tell(work, EventType::InvoiceDeleted, &found);
        Ok(InvoiceDeleted { deleted: Some(id), invoice: None })
    })
}

/// Withdraws an invoice: its credits go back, and the payments of rentals on it are cancelled (`rental.md` §8). What it
/// billed is never billed again.
pub fn void_invoice(
    call: &Call<'_>,
    id: Id<Invoice>,
    expected_version: Option<i32>,
) -> Result<Answer<InvoiceChanged>, Fault> {
    call.run(|work| {
        let (tenant, outcome) = (work.tenant, InvoiceChanged { invoice: id });
        let mut found = held(work, id, expected_version, &outcome)?;
        let charged = repository::payment::open_of(tenant, id).first(work.conn())?.is_some();
        let noted = repository::credit_note::of_invoices(tenant, &[id]).first(work.conn())?.is_some();
        found.void(charged, noted, work.now)?;
        found.version += 1;
        found.updated_at = work.now;
        repository::invoice::update(work.tx, tenant, &found)?;
        repository::invoice::cancel_payments(work.tx, tenant, id)?;
        credit::give_back(work, id)?;
        tell(work, EventType::InvoiceVoided, &found);
        Ok(outcome)
    })
}

/// The invoice, which is about to be changed; `shown` is what a conflict shows.
pub(super) fn held(
    work: &mut Work<'_, '_>,
    id: Id<Invoice>,
    expected_version: Option<i32>,
    shown: &impl Serialize,
) -> Result<Invoice, Stop> {
    let missing = || Refusal::new(ErrorCode::InvoiceNotFound, "There is no such invoice.").at(&["invoiceId"]);
    let found = Query::by_id(work.tenant, id).hold(work.tx)?.ok_or_else(missing)?;
    expect_version(expected_version, found.version, shown)?;
    Ok(found)
}

/// Refuses where an invoice that is held is being charged.
pub(super) fn being_charged(work: &mut Work<'_, '_>, id: Id<Invoice>) -> Result<(), Stop> {
    let tenant = work.tenant;
    match repository::payment::open_of(tenant, id).first(work.conn())? {
        None => Ok(()),
        Some(_) => Err(invoicing::being_charged().into()),
    }
}

fn customer_of(work: &mut Work<'_, '_>, invoice: &Invoice) -> Result<(Customer, Settings, Option<TaxRate>), Stop> {
    let customer = customer::existing(work, invoice.customer_id)?;
    let (settings, country_tax) = settings_for(work, &customer)?;
    Ok((customer, settings, country_tax))
}

/// The tenant's settings, and the tax of the customer's country.
fn settings_for(work: &mut Work<'_, '_>, customer: &Customer) -> Result<(Settings, Option<TaxRate>), Fault> {
    let (tenant, now) = (work.tenant, work.now);
    let settings = repository::tenant::own(work.conn(), tenant)?.settings;
    let rates = tax::rates_of(work.conn(), tenant, customer.country)?;
    let rate = rate_for(&rates, customer.country, day_of(now, zone_of(customer, &settings)));
    Ok((settings, rate))
}

/// Issues an invoice after its customer's credits were taken off. What is charged automatically is charged by the newest
/// method of the customer.
fn issue(work: &mut Work<'_, '_>, invoice: &mut Invoice, zone: Zone) -> Result<Taken, Fault> {
    let taken = {
        let now = work.now;
        credit::take(work, std::iter::once(&mut *invoice), now)?
    };
    if invoice.collection.method == CollectionMethod::ChargeAutomatically {
        let newest = payment_method::newest(work, invoice.customer_id)?;
        invoice.collection.payment_method_id = newest.map(|method| method.id);
    }
    invoice.issue(work.now, zone);
    Ok(taken)
}

fn tell(work: &mut Work<'_, '_>, event: EventType, invoice: &Invoice) {
    let data = serde_json::json!({"customerId": invoice.customer_id, "subscriptionId": invoice.subscription_id});
    work.event(event, invoice.id, data);
}
