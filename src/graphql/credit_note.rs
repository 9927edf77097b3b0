//! Credit notes.

use super::check::{self, Check};
use super::engine::{Object, Type};
use super::mutations::{Mutation, Wire, payload, run};
use super::scalars::Decimal;
use crate::app::credit_note::{Asked, CreateCreditNote, CreditNoteCreated, create_credit_note};
use crate::domain::Refusal;
use crate::domain::api_key::Scope;
use crate::domain::credit::Credit;
use crate::domain::credit_note::{CreditDisposition, CreditNote, CreditNoteLine};
use crate::domain::invoice::Invoice;
use crate::domain::invoicing::MOST_LINES;
use crate::repository::credit_note;
use async_graphql::{ID, InputObject};
use std::collections::BTreeSet;

impl Object for CreditNote {
    fn declare() -> Type<Self> {
        Type::new("CreditNote", "What was taken back of an invoice after it was issued.")
            .node(|note: &CreditNote| note.id)
            .column("number", "Without gaps in the tenant.", |note| &note.number)
            .one("invoice", "The invoice.", |note| note.invoice_id)
            .one("customer", "Who got the invoice.", |note| note.customer_id)
            .column("disposition", "What became of the amount.", |note| &note.disposition)
            .column("reason", "Why.", |note| &note.reason)
            .value("amount", "What is taken back, tax included.", |note| &note.amount)
            .value("netAmount", "The amount without tax.", |note| &note.net_amount)
            .value("taxAmount", "The share of the invoice's tax in it.", |note| &note.tax_amount)
            .maybe("credit", "What the customer got for it; null where it lowered what is due.", |note| note.credit_id)
            .many(
                "lines",
                "Which lines it takes back; empty where it is over an amount.",
                credit_note::lines_of,
                |line| line.credit_note_id,
            )
            .column("issueDate", "The day on which it was made, in the customer's zone.", |note| &note.issue_date)
            .column("createdAt", "When it was made.", |note| &note.created_at)
    }
}

impl Object for CreditNoteLine {
    fn declare() -> Type<Self> {
        Type::new("CreditNoteLine", "How much of one line of an invoice a credit note takes back.")
            .column("position", "The place of the line in the invoice, from 0.", |line: &CreditNoteLine| &line.position)
            .column("description", "What the line is called.", |line| &line.description)
            .value("amount", "How much, tax included.", |line| &line.amount)
    }
}

/// A new credit note: over an amount, or over some lines.
#[derive(InputObject)]
pub struct CreateCreditNoteInput {
    /// The invoice.
    invoice_id: ID,
    /// Refuse with CONFLICT unless the invoice is at this version.
    expected_version: Option<i32>,
    /// What is taken back, tax included, in the invoice's currency.
    amount: Option<Decimal>,
    /// Which lines are taken back instead, each once: 1 to 100.
    lines: Option<Vec<CreditNoteLineInput>>,
    /// Why: at most 1,000 characters.
    reason: String,
    /// What becomes of the amount.
    disposition: Wire<CreditDisposition>,
}

/// How much of a line is taken back.
#[derive(InputObject)]
pub struct CreditNoteLineInput {
    /// The place of the line in the invoice, from 0. A discount's own line cannot be named: it belongs to the line that it
    /// reduces.
    position: i32,
    /// How much, tax included: at most what the line came to.
    amount: Decimal,
}

impl CreateCreditNoteInput {
    fn read(self) -> Result<CreateCreditNote, Vec<Refusal>> {
        Check::input(|check| {
            let invoice_id = check.take("invoiceId", check::id(self.invoice_id));
            let amount = check.maybe("amount", self.amount, check::price);
            let mut seen = BTreeSet::new();
            let lines = self.lines.map(|lines| {
                check.rows("lines", lines, (1, MOST_LINES), |check, row| {
                    let position = check.take("position", check::none_or_more(row.position));
                    let amount = check.take("amount", check::price(row.amount));
                    if !seen.insert(row.position) {
                        check.refuse(&["position"], "This line is named twice.");
                    }
                    Some((position?, amount?))
                })
            });
            let asked = match (amount, lines) {
                (Some(Some(amount)), None) => Some(Asked::Amount(amount)),
                (Some(None), Some(lines)) => lines.map(Asked::Lines),
                (Some(None), None) => check.required("amount", None, "Name an amount, or lines."),
                (Some(Some(_)), Some(_)) => check.required("lines", None, "Name an amount or lines, not both."),
                (None, _) => None,
            };
            let reason = check.take("reason", check::text(self.reason));
            Some(CreateCreditNote {
                invoice_id: invoice_id?,
                expected_version: self.expected_version,
                asked: asked?,
                reason: reason?,
                disposition: self.disposition.0,
            })
        })
    }
}

payload! {
    /// What `createCreditNote` answers.
    CreateCreditNotePayload of CreditNoteCreated {
        /// The new credit note.
        "creditNote": CreditNote => |created| created.credit_note,
        /// The invoice as it is now.
        "invoice": Invoice => |created| Some(created.invoice),
        /// The credit that the customer got; null where what is due was lowered.
        "credit": Credit => |created| created.credit,
    }
}

pub fn mutations() -> Vec<Mutation> {
    vec![Mutation::new(
        "createCreditNote",
        "Takes something of an invoice back: lowers what is due of it, or gives the customer a credit for what it has paid. \
         The invoice keeps its lines. Errors: VALIDATION_ERROR, INVOICE_NOT_FOUND, CONFLICT, INVOICE_WRONG_STATE (a draft, \
         void, or nothing is due that could be lowered), CREDIT_TOO_HIGH (more than is due, or than was paid and did not go \
         back yet, or than the line came to), INVOICE_HAS_PAYMENTS (it is being charged).",
        Scope::Write,
        |on, running, input: CreateCreditNoteInput| {
            run::<_, _, CreateCreditNotePayload>(on, running, input.read(), create_credit_note)
        },
    )]
}
