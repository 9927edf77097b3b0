//! Credit notes.

use super::invoicing::{self, being_charged};
use super::mutation::{Answer, Call, Stop, Work};
use super::payment::settled;
use super::product::bad_price;
use super::{collect, credit, customer};
use crate::domain::calendar::day_of;
use crate::domain::credit::{Credit, CreditState};
use crate::domain::credit_note::{CreditDisposition, CreditNote, CreditNoteLine, Creditable, note};
use crate::domain::event::EventType;
use crate::domain::invoice::Invoice;
use crate::domain::invoicing::zone_of;
use crate::domain::{Id, Money, Refusal};
use crate::repository::{self, Fault, counter};
use bigdecimal::BigDecimal;
use serde::{Deserialize, Serialize};

/// The series of the numbers of credit notes.
const SERIES: &str = "credit_notes";

/// What a client says of a new credit note.
#[derive(Clone, Debug)]
pub struct CreateCreditNote {
    pub invoice_id: Id<Invoice>,
    pub expected_version: Option<i32>,
    pub asked: Asked,
    pub reason: String,
    pub disposition: CreditDisposition,
}

/// How much is to be taken back, in the invoice's currency.
#[derive(Clone, Debug)]
pub enum Asked {
    Amount(BigDecimal),
    /// Places of lines, each once.
    Lines(Vec<(i32, BigDecimal)>),
}

/// The note, its invoice, and the credit that the customer got. After CONFLICT there is the invoice only.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct CreditNoteCreated {
    pub credit_note: Option<Id<CreditNote>>,
    pub invoice: Id<Invoice>,
    pub credit: Option<Id<Credit>>,
}

pub fn create_credit_note(call: &Call<'_>, new: &CreateCreditNote) -> Result<Answer<CreditNoteCreated>, Fault> {
    call.run(|work| {
        let tenant = work.tenant;
        let shown = CreditNoteCreated { credit_note: None, invoice: new.invoice_id, credit: None };
        let mut invoice = invoicing::held(work, new.invoice_id, new.expected_version, &shown)?;
        let asked = amounts(&new.asked, &invoice)?;
        let before = repository::credit_note::credited(work.conn(), tenant, invoice.id)?;
        let lines = repository::invoice::lines_of(tenant, &[invoice.id]).load(work.conn())?;
        let noted = note(&invoice, &lines, &before, &asked, new.disposition)?;
        let id = work.id();
        let credit = match new.disposition {
            CreditDisposition::Adjustment => {
                adjust(work, &mut invoice, noted.amount)?;
                None
            }
            CreditDisposition::Credit => Some(give(work, &invoice, noted.amount, &new.reason)?),
        };
        collect::store(work, &mut invoice)?;
        let customer = customer::existing(work, invoice.customer_id)?;
        let zone = zone_of(&customer, &repository::tenant::own(work.conn(), tenant)?.settings);
        let made = CreditNote {
            id,
            number: format!("CN-{:06}", counter::next(work.tx, tenant, SERIES)?),
            invoice_id: invoice.id,
            customer_id: invoice.customer_id,
            disposition: new.disposition,
            reason: new.reason.clone(),
            amount: noted.amount,
            net_amount: noted.net_amount,
            tax_amount: noted.tax_amount,
            credit_id: credit,
            issue_date: day_of(work.now, zone),
            created_at: work.now,
        };
        let line =
            |(position, description, amount)| CreditNoteLine { credit_note_id: id, position, description, amount };
        let lines: Vec<_> = noted.lines.into_iter().map(line).collect();
        repository::credit_note::insert(work.tx, tenant, &made, &lines)?;
        let data = serde_json::json!({"invoiceId": invoice.id, "customerId": invoice.customer_id});
        work.event(EventType::CreditNoteCreated, id, data);
        Ok(CreditNoteCreated { credit_note: Some(id), invoice: invoice.id, credit })
    })
}

/// What is asked for, in the invoice's currency.
fn amounts(asked: &Asked, invoice: &Invoice) -> Result<Creditable, Refusal> {
    let money = |amount: &BigDecimal, path: &[&str]| {
        Money::try_positive(amount, invoice.currency).map_err(|error| bad_price(&error).at(path))
    };
    Ok(match asked {
        Asked::Amount(amount) => Creditable::Amount(money(amount, &["amount"])?),
        Asked::Lines(lines) => {
            let line = |(index, (position, amount)): (usize, &(i32, BigDecimal))| {
                Ok((*position, money(amount, &["lines", &index.to_string(), "amount"])?))
            };
            Creditable::Lines(lines.iter().enumerate().map(line).collect::<Result<_, Refusal>>()?)
        }
    })
}

/// Lowers what is due, unless the invoice is being charged.
fn adjust(work: &mut Work<'_, '_>, invoice: &mut Invoice, amount: Money) -> Result<(), Stop> {
    being_charged(work, invoice.id)?;
    invoice.adjust(amount, work.now);
    settled(work, invoice)
}

/// Gives the customer a credit, which pays any of its invoices.
fn give(work: &mut Work<'_, '_>, invoice: &Invoice, amount: Money, reason: &str) -> Result<Id<Credit>, Stop> {
    let made = Credit {
        id: work.id(),
        customer_id: invoice.customer_id,
        subscription_id: None,
        handle: credit::next_handle(work)?,
        amount,
        remaining: amount,
        text: reason.to_owned(),
        valid_from: work.now,
        state: CreditState::Pending,
        version: 1,
        created_at: work.now,
        updated_at: work.now,
    };
    credit::store(work, &made)?;
    Ok(made.id)
}
