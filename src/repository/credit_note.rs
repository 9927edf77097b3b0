//! Credit notes and their lines.

use super::db::{Conn, Read, Tx};
use super::list::{List, listed};
use super::on_backend;
use super::query::{Query, stored};
use super::rows::rows;
use super::schema::{credit_note_lines, credit_notes};
use super::sql_types::At;
use crate::domain::credit_note::{CreditDisposition, CreditNote, CreditNoteLine, Credited};
use crate::domain::customer::Customer;
use crate::domain::invoice::Invoice;
use crate::domain::tenant::Tenant;
use crate::domain::{Id, Money};
use diesel::prelude::*;

stored!(CreditNote, credit_notes(
    id, number, invoice_id, customer_id, disposition, reason, currency, amount, net_amount, tax_amount, credit_id,
    issue_date, created_at
) => {
    let At(created_at) = created_at;
    let money = |minor| Money::new(minor, currency);
    CreditNote {
        id, number, invoice_id, customer_id, disposition, reason, amount: money(amount), net_amount: money(net_amount),
        tax_amount: money(tax_amount), credit_id, issue_date, created_at,
    }
});

listed!(CreditNote: List::new()
    .text(credit_notes::number)
    .id::<Invoice>(credit_notes::invoice_id)
    .id::<Customer>(credit_notes::customer_id)
    .choice::<CreditDisposition>(credit_notes::disposition)
    .text(credit_notes::currency)
    .day(credit_notes::issue_date).sorted(|note: &CreditNote| note.issue_date.into())
    .instant(credit_notes::created_at).sorted(|note| note.created_at.into()));

stored!(CreditNoteLine, credit_note_lines(credit_note_id, position, description, currency, amount) => {
    CreditNoteLine { credit_note_id, position, description, amount: Money::new(amount, currency) }
}, key: credit_note_id);

pub fn all(tenant: Id<Tenant>) -> Query<CreditNote> {
    Query::new(tenant)
}

pub fn by_number(tenant: Id<Tenant>, number: &str) -> Query<CreditNote> {
    Query::by_text(tenant, "number", number)
}

/// The notes over these invoices, oldest first.
pub fn of_invoices(tenant: Id<Tenant>, invoices: &[Id<Invoice>]) -> Query<CreditNote> {
    Query::new(tenant).of_each("invoice_id", invoices).order("created_at").order("id")
}

/// The lines of these notes, in their order.
pub fn lines_of(tenant: Id<Tenant>, notes: &[Id<CreditNote>]) -> Query<CreditNoteLine> {
    Query::new(tenant).of_each("credit_note_id", notes).order("position")
}

/// What was taken back of an invoice so far.
pub fn credited(conn: &mut Conn, tenant: Id<Tenant>, invoice: Id<Invoice>) -> Read<Credited> {
    let notes = of_invoices(tenant, &[invoice]).load(conn)?;
    let ids: Vec<_> = notes.iter().map(|note| note.id).collect();
    let lines = if ids.is_empty() { Vec::new() } else { lines_of(tenant, &ids).load(conn)? };
    Ok(Credited { notes, lines })
}

/// Stores a new note, whose invoice is held, with its lines.
pub fn insert(tx: &mut Tx<'_>, tenant: Id<Tenant>, note: &CreditNote, lines: &[CreditNoteLine]) -> Read<()> {
    on_backend!(tx, |conn| diesel::insert_into(credit_notes::table)
        .values((
            credit_notes::tenant_id.eq(tenant),
            credit_notes::id.eq(note.id),
            credit_notes::number.eq(&note.number),
            credit_notes::invoice_id.eq(note.invoice_id),
            credit_notes::customer_id.eq(note.customer_id),
            credit_notes::disposition.eq(note.disposition),
            credit_notes::reason.eq(&note.reason),
            credit_notes::currency.eq(note.amount.currency),
            credit_notes::amount.eq(note.amount.minor),
            credit_notes::net_amount.eq(note.net_amount.minor),
            credit_notes::tax_amount.eq(note.tax_amount.minor),
            credit_notes::credit_id.eq(note.credit_id),
            credit_notes::issue_date.eq(note.issue_date),
            credit_notes::created_at.eq(At(note.created_at)),
        ))
        .execute(conn))?;
    rows!(credit_note_lines, lines, |line| {
        tenant_id: tenant,
        credit_note_id: line.credit_note_id,
        position: line.position,
        description: line.description.clone(),
        currency: line.amount.currency,
        amount: line.amount.minor,
    })
    .insert(tx)
}
