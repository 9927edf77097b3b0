//! Credits.

use super::check::{self, Check};
use super::engine::{Object, Type};
use super::mutations::{Mutation, payload, run};
use super::scalars::{CurrencyCode, DateTime, Decimal};
use crate::app::credit::{CreateCredit, CreditChanged, cancel_credit, create_credit};
use crate::domain::Refusal;
use crate::domain::api_key::Scope;
use crate::domain::credit::{Credit, CreditApplication};
use crate::repository::credit;
use async_graphql::{ID, InputObject};

impl Object for Credit {
    fn declare() -> Type<Self> {
        Type::new(
            "Credit",
            "An amount in a customer's favour: invoices take it, oldest credit first, until it is used up.",
        )
        .node(|credit: &Credit| credit.id)
        .one("customer", "Whose it is.", |credit| credit.customer_id)
        .maybe(
            "subscription",
            "The only subscription whose invoices take of it; null where all of the customer's do.",
            |credit| credit.subscription_id,
        )
        .column("handle", "What a program names it by: unique in the tenant, and never changed.", |credit| {
            &credit.handle
        })
        .value("amount", "The amount.", |credit| &credit.amount)
        .value("remaining", "What no invoice has taken yet.", |credit| &credit.remaining)
        .column("text", "What it is for.", |credit| &credit.text)
        .column("validFrom", "The moment from which invoices that are issued take of it.", |credit| &credit.valid_from)
        .column("state", "Where it stands.", |credit| &credit.state)
        .many("applications", "What invoices took of it, oldest first.", credit::applications_of, |application| {
            application.credit_id
        })
        .column("version", "Counts its changes: for `expectedVersion`.", |credit| &credit.version)
        .column("createdAt", "When it was created.", |credit| &credit.created_at)
        .column("updatedAt", "When it was last changed.", |credit| &credit.updated_at)
    }
}

impl Object for CreditApplication {
    fn declare() -> Type<Self> {
        Type::new("CreditApplication", "What one invoice took of one credit.")
            .one("credit", "The credit.", |application: &CreditApplication| application.credit_id)
            .one("invoice", "The invoice.", |application| application.invoice_id)
            .value("amount", "How much.", |application| &application.amount)
            .column("createdAt", "When.", |application| &application.created_at)
            .column(
                "returnedAt",
                "When it went back, as the invoice was voided; null where it did not.",
                |application| &application.returned_at,
            )
    }
}

/// A new credit.
#[derive(InputObject)]
pub struct CreateCreditInput {
    /// Whose it is.
    customer_id: ID,
    /// The only subscription whose invoices take of it; all of the customer's where there is none.
    subscription_id: Option<ID>,
    /// What a program names it by, unique in the tenant; the next of the tenant's own where there is none.
    handle: Option<String>,
    /// The amount: more than nothing.
    amount: Decimal,
    /// Its currency; that of the subscription, else the tenant's default, where there is none.
    currency: Option<CurrencyCode>,
    /// What it is for: at most 1,000 characters.
    text: String,
    /// The moment from which invoices that are issued take of it; now where there is none.
    valid_from: Option<DateTime>,
}

impl CreateCreditInput {
    fn read(self) -> Result<CreateCredit, Vec<Refusal>> {
        Check::input(|check| {
            let customer_id = check.take("customerId", check::id(self.customer_id));
            let subscription_id = check.maybe("subscriptionId", self.subscription_id, check::id);
            let handle = check.maybe("handle", self.handle, check::handle);
            let amount = check.take("amount", check::price(self.amount));
            let currency = check.maybe("currency", self.currency, check::currency);
            let text = check.take("text", check::text(self.text));
            let valid_from = check.maybe("validFrom", self.valid_from, check::instant);
            Some(CreateCredit {
                customer_id: customer_id?,
                subscription_id: subscription_id?,
                handle: handle?,
                currency: currency?,
                amount: amount?,
                text: text?,
                valid_from: valid_from?,
            })
        })
    }
}

/// Which credit to cancel.
#[derive(InputObject)]
pub struct CancelCreditInput {
    /// Which credit.
    credit_id: ID,
    /// Refuse with CONFLICT unless the credit is at this version.
    expected_version: Option<i32>,
}

payload! {
    /// What `createCredit` answers.
    CreateCreditPayload of CreditChanged {
        /// The new credit.
        "credit": Credit => |changed| Some(changed.credit),
    }
}
payload! {
    /// What `cancelCredit` answers.
    CancelCreditPayload of CreditChanged {
        /// The credit as it is now.
        "credit": Credit => |changed| Some(changed.credit),
    }
}

pub fn mutations() -> Vec<Mutation> {
    vec![
        Mutation::new(
            "createCredit",
            "Gives a customer a credit, which the next invoices take. Those that are issued already do not. Errors: \
             VALIDATION_ERROR, CUSTOMER_NOT_FOUND, SUBSCRIPTION_NOT_FOUND, CUSTOMER_MISMATCH (the subscription's invoices go \
             to another customer), CURRENCY_MISMATCH (the subscription is in another currency), DUPLICATE_HANDLE.",
            Scope::Write,
            |on, running, input: CreateCreditInput| {
                run::<_, _, CreateCreditPayload>(on, running, input.read(), create_credit)
            },
        ),
        Mutation::new(
            "cancelCredit",
            "Cancels what remains of a credit; what invoices took of it stays with them. Errors: VALIDATION_ERROR, \
             CREDIT_NOT_FOUND, CONFLICT, CREDIT_NOT_PENDING (it is used up, or cancelled already).",
            Scope::Write,
            |on, running, input: CancelCreditInput| {
                let version = input.expected_version;
                let credit = Check::input(|check| check.take("creditId", check::id(input.credit_id)));
                run::<_, _, CancelCreditPayload>(on, running, credit, |call, credit| {
                    cancel_credit(call, *credit, version)
                })
            },
        ),
    ]
}
