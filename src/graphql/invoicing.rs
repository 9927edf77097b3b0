//! Invoices by hand: their inputs and their mutations.

use super::check::{self, Check};
use super::engine::{Object, Payload, Type};
use super::mutations::{Mutation, USER_ERRORS, Wire, payload, run};
use super::scalars::{CurrencyCode, Decimal};
use crate::app::invoicing::{
    CreateInvoice, InvoiceChanged, InvoiceDeleted, UpdateInvoiceDraft, create_invoice, delete_invoice_draft,
    finalise_invoice, update_invoice_draft, void_invoice,
};
use crate::app::mutation::Answer;
use crate::domain::Refusal;
use crate::domain::api_key::Scope;
use crate::domain::invoice::Invoice;
use crate::domain::invoicing::{DraftChange, MOST_LINES, NewLine, quantity};
use crate::domain::payment_terms::PaymentTerms;
use crate::domain::subscription::CollectionMethod;
use async_graphql::{ID, InputObject, MaybeUndefined};

/// A new invoice.
#[derive(InputObject)]
pub struct CreateInvoiceInput {
    /// Who gets it.
    customer_id: ID,
    /// Its currency; the tenant's default where there is none.
    currency: Option<CurrencyCode>,
    /// What it bills: 1 to 100 lines.
    lines: Vec<InvoiceLineInput>,
    /// How it is paid. Default: CHARGE_AUTOMATICALLY, by the newest active payment method of the customer.
    collection_method: Option<Wire<CollectionMethod>>,
    /// How long the customer has to pay it. Default: it is due at once.
    payment_terms: Option<Wire<PaymentTerms>>,
    /// Whether it is a DRAFT, which is issued by `finaliseInvoice`. Default: it is issued at once.
    draft: Option<bool>,
}

/// A line of an invoice.
#[derive(InputObject)]
pub struct InvoiceLineInput {
    /// What it is called: at most 1,000 characters.
    description: String,
    /// How many units: more than 0 and at most 1,000,000, with at most six digits after the point. Default: 1.
    quantity: Option<Decimal>,
    /// What one unit costs, not negative; it may be finer than the currency.
    unit_amount: Decimal,
    /// The tax on it, as a fraction: 0.25 is 25 %. Default: the tenant's. The tax of the customer's country goes before both.
    tax_rate: Option<Decimal>,
    /// Whether the amount includes the tax. Default: the tenant's setting.
    amount_includes_tax: Option<bool>,
}

fn lines(check: &mut Check, rows: Vec<InvoiceLineInput>) -> Option<Vec<NewLine>> {
    check.rows("lines", rows, (1, MOST_LINES), |check, row| {
        let description = check.take("description", check::text(row.description));
        let units = check.maybe("quantity", row.quantity, |given| quantity(check::decimal(given)?));
        let unit_amount = check.take("unitAmount", check::unit_amount(row.unit_amount));
        let tax_rate = check.maybe("taxRate", row.tax_rate, check::tax_rate);
        Some(NewLine {
            description: description?,
            quantity: units?.unwrap_or_else(|| 1.into()),
            unit_amount: unit_amount?,
            tax_rate: tax_rate?,
            amount_includes_tax: row.amount_includes_tax,
        })
    })
}

impl CreateInvoiceInput {
    fn read(self) -> Result<CreateInvoice, Vec<Refusal>> {
        Check::input(|check| {
            let customer_id = check.take("customerId", check::id(self.customer_id));
            let currency = check.maybe("currency", self.currency, check::currency);
            let lines = lines(check, self.lines);
            Some(CreateInvoice {
                customer_id: customer_id?,
                currency: currency?,
                lines: lines?,
                method: self.collection_method.map_or(CollectionMethod::ChargeAutomatically, |wire| wire.0),
                payment_terms: self.payment_terms.map(|wire| wire.0),
                draft: self.draft == Some(true),
            })
        })
    }
}

/// What to change of a draft. What is left out stays.
#[derive(InputObject)]
pub struct UpdateInvoiceDraftInput {
    /// Which draft.
    invoice_id: ID,
    /// Refuse with CONFLICT unless the invoice is at this version.
    expected_version: Option<i32>,
    /// What it bills: 1 to 100 lines, which replace those before.
    lines: MaybeUndefined<Vec<InvoiceLineInput>>,
    /// How it is paid.
    collection_method: MaybeUndefined<Wire<CollectionMethod>>,
    /// How long the customer has to pay it; null where it is due at once.
    payment_terms: MaybeUndefined<Wire<PaymentTerms>>,
}

impl UpdateInvoiceDraftInput {
    fn read(self) -> Result<UpdateInvoiceDraft, Vec<Refusal>> {
        Check::input(|check| {
            let invoice_id = check.take("invoiceId", check::id(self.invoice_id));
            let lines = check.set_with("lines", self.lines, lines);
            let method = check.set_with("collectionMethod", self.collection_method, |_, wire| Some(wire.0));
            let terms = check.change_with(self.payment_terms, |_, wire| Some(wire.0));
            let change = DraftChange { lines: lines?, method: method?, payment_terms: terms? };
            Some(UpdateInvoiceDraft { invoice_id: invoice_id?, expected_version: self.expected_version, change })
        })
    }
}

/// Which draft to issue.
#[derive(InputObject)]
pub struct FinaliseInvoiceInput {
    /// Which draft.
    invoice_id: ID,
    /// Refuse with CONFLICT unless the invoice is at this version.
    expected_version: Option<i32>,
}

/// Which draft to delete.
#[derive(InputObject)]
pub struct DeleteInvoiceDraftInput {
    /// Which draft.
    invoice_id: ID,
    /// Refuse with CONFLICT unless the invoice is at this version.
    expected_version: Option<i32>,
}

/// Which invoice to withdraw.
#[derive(InputObject)]
pub struct VoidInvoiceInput {
    /// Which invoice.
    invoice_id: ID,
    /// Refuse with CONFLICT unless the invoice is at this version.
    expected_version: Option<i32>,
}

payload! {
    /// What `createInvoice` answers.
    CreateInvoicePayload of InvoiceChanged {
        /// The new invoice.
        "invoice": Invoice => |changed| Some(changed.invoice),
    }
}
payload! {
    /// What `updateInvoiceDraft` answers.
    UpdateInvoiceDraftPayload of InvoiceChanged {
        /// The draft as it is now.
        "invoice": Invoice => |changed| Some(changed.invoice),
    }
}
payload! {
    /// What `finaliseInvoice` answers.
    FinaliseInvoicePayload of InvoiceChanged {
        /// The invoice as it is now.
        "invoice": Invoice => |changed| Some(changed.invoice),
    }
}
payload! {
    /// What `voidInvoice` answers.
    VoidInvoicePayload of InvoiceChanged {
        /// The invoice as it is now.
        "invoice": Invoice => |changed| Some(changed.invoice),
    }
}

/// What `deleteInvoiceDraft` answers: not an object, which is gone, but its id.
pub struct DeleteInvoiceDraftPayload(Answer<InvoiceDeleted>);

impl From<Answer<InvoiceDeleted>> for DeleteInvoiceDraftPayload {
    fn from(answer: Answer<InvoiceDeleted>) -> Self {
        DeleteInvoiceDraftPayload(answer)
    }
}

impl Payload for DeleteInvoiceDraftPayload {
    fn refusal(&self) -> Option<&Refusal> {
        self.0.refusals.first()
    }
}

impl Object for DeleteInvoiceDraftPayload {
    fn declare() -> Type<Self> {
        Type::new("DeleteInvoiceDraftPayload", "What `deleteInvoiceDraft` answers.")
            .computed("deletedInvoiceId", "The draft that is gone.", |payload: &DeleteInvoiceDraftPayload| {
                payload.0.outcome.and_then(|outcome| outcome.deleted)
            })
            .maybe::<Invoice>("invoice", "The draft that is still there after CONFLICT; null otherwise.", |payload| {
                payload.0.outcome.and_then(|outcome| outcome.invoice)
            })
            .values("userErrors", USER_ERRORS, |payload| payload.0.refusals.iter().collect())
    }
}

pub fn mutations() -> Vec<Mutation> {
    vec![
        Mutation::new(
            "createInvoice",
            "Invoices a customer for what it subscribed to nowhere, at once or as a draft. Its credits are taken when it is \
             issued. Errors: VALIDATION_ERROR, CUSTOMER_NOT_FOUND, CUSTOMER_DELETED.",
            Scope::Write,
            |on, running, input: CreateInvoiceInput| {
                run::<_, _, CreateInvoicePayload>(on, running, input.read(), create_invoice)
            },
        ),
        Mutation::new(
            "updateInvoiceDraft",
            "Changes a draft that was made by hand. Errors: VALIDATION_ERROR, INVOICE_NOT_FOUND, CONFLICT, \
             INVOICE_WRONG_STATE (it is issued already, or was not made by hand).",
            Scope::Write,
            |on, running, input: UpdateInvoiceDraftInput| {
                run::<_, _, UpdateInvoiceDraftPayload>(on, running, input.read(), update_invoice_draft)
            },
        ),
        Mutation::new(
            "finaliseInvoice",
            "Issues a draft today: gives it its number and its due date, takes the customer's credits off it, and asks for \
             the rest. Errors: VALIDATION_ERROR, INVOICE_NOT_FOUND, CONFLICT, INVOICE_WRONG_STATE (it is no draft).",
            Scope::Write,
            |on, running, input: FinaliseInvoiceInput| {
                let version = input.expected_version;
                let invoice = Check::input(|check| check.take("invoiceId", check::id(input.invoice_id)));
                run::<_, _, FinaliseInvoicePayload>(on, running, invoice, |call, invoice| {
                    finalise_invoice(call, *invoice, version)
                })
            },
        ),
        Mutation::new(
            "deleteInvoiceDraft",
            "Deletes a draft that was made by hand. Errors: VALIDATION_ERROR, INVOICE_NOT_FOUND, CONFLICT, \
             INVOICE_WRONG_STATE (it is issued already, or was not made by hand).",
            Scope::Write,
            |on, running, input: DeleteInvoiceDraftInput| {
                let version = input.expected_version;
                let invoice = Check::input(|check| check.take("invoiceId", check::id(input.invoice_id)));
                run::<_, _, DeleteInvoiceDraftPayload>(on, running, invoice, |call, invoice| {
                    delete_invoice_draft(call, *invoice, version)
                })
            },
        ),
        Mutation::new(
            "voidInvoice",
            "Withdraws an invoice of which no money was paid. It keeps its number, its credits go back, the payments of \
             rentals on it are cancelled, and what it billed is never billed again. Errors: VALIDATION_ERROR, \
             INVOICE_NOT_FOUND, CONFLICT, INVOICE_WRONG_STATE (a draft, void already, or credited by notes), \
             INVOICE_HAS_PAYMENTS (something is paid, or it is being charged).",
            Scope::Write,
            |on, running, input: VoidInvoiceInput| {
                let version = input.expected_version;
                let invoice = Check::input(|check| check.take("invoiceId", check::id(input.invoice_id)));
                run::<_, _, VoidInvoicePayload>(on, running, invoice, |call, invoice| {
                    void_invoice(call, *invoice, version)
                })
            },
        ),
    ]
}
