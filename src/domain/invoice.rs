//! Invoices: what a customer is asked to pay, and why (`billwerk.md` §7).

use super::choice::choice;
use super::customer::Customer;
use super::period::Period;
use super::pricing::{Bill, Line, Rounding};
use super::subscription::Subscription;
use super::{Currency, Date, Entity, Id, Instant, Money};

/// What a customer is asked to pay.
#[derive(Clone, Debug)]
pub struct Invoice {
    pub id: Id<Invoice>,
    /// Given when it is no draft any more, without gaps in the tenant.
    pub number: Option<String>,
    pub status: InvoiceStatus,
    pub reason: InvoiceReason,
    /// Who gets it.
    pub customer_id: Id<Customer>,
    pub subscription_id: Id<Subscription>,
    pub currency: Currency,
    /// The period that it bills; none for a setup fee by itself.
    pub period: Option<Period>,
    /// The number of that period in the subscription's life, from 1.
    pub period_number: Option<i32>,
    pub totals: Totals,
    pub amount_paid: Money,
    pub rounding: Rounding,
    /// In the subscription's zone.
    pub issue_date: Date,
    pub due_date: Date,
    pub test: bool,
    pub version: i32,
    pub created_at: Instant,
    pub updated_at: Instant,
}

impl Entity for Invoice {
    const NAME: &'static str = "Invoice";
    const PREFIX: &'static str = "inv";
}

/// What the lines of an invoice come to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Totals {
    /// All lines before discounts, with tax where their amounts include it.
    pub subtotal: Money,
    pub discount_total: Money,
    /// Without tax.
    pub net_total: Money,
    /// Rounded once, from the exact sum of the lines' taxes.
    pub tax_total: Money,
    /// What is to be paid.
    pub total: Money,
}

impl From<&Bill> for Totals {
    fn from(bill: &Bill) -> Self {
        Totals {
            subtotal: bill.subtotal,
            discount_total: bill.discount_total,
            net_total: bill.net_total,
            tax_total: bill.tax_total,
            total: bill.total,
        }
    }
}

/// One line of an invoice, as it is kept.
#[derive(Clone, Debug)]
pub struct InvoiceLine {
    pub id: Id<InvoiceLine>,
    pub invoice_id: Id<Invoice>,
    /// The place in the invoice, from 0.
    pub position: i32,
    pub line: Line,
}

impl Entity for InvoiceLine {
    const NAME: &'static str = "InvoiceLine";
    const PREFIX: &'static str = "inl";
}

choice! {
    /// Where an invoice stands. More values may be added.
    pub enum InvoiceStatus {
        /// It can still change, and has no number.
        Draft = "DRAFT",
        /// It waits for its payment.
        Open = "OPEN",
        /// It is paid, or there was nothing to pay.
        Paid = "PAID",
    }
}

choice! {
    /// Why an invoice was made. More values may be added.
    pub enum InvoiceReason {
        /// A subscription was created or activated.
        SubscriptionCreate = "SUBSCRIPTION_CREATE",
        /// A setup fee is asked for by itself.
        SetupFee = "SETUP_FEE",
    }
}
