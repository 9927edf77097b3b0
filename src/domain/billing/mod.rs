//! Billing: what falls due of a subscription at a moment, and the invoices that come of it.
//!
//! A subscription's life has moments at which something is billed or ends ([`BillingState::next_at`]): the start of its
//! first period, the end of its trial, each boundary between two periods, its end; the due dates of a rental. At each of
//! them [`Agreement::fall_due`] or [`Rental::fall_due`] says what is charged, and brings the subscription to the moment
//! after. Creating a subscription, the run and every preview ask here, so that they cannot differ.
//!
//! - `charges.rs` says what is charged for a period; `discounted.rs` takes discounts off and leaves out lines of nothing.
//! - `agreement.rs` and `rental.rs` bring the two kinds of subscriptions from one moment to the next.
//! - `invoice.rs` makes an invoice of what fell due of one subscription, or of several together.
//!
//! [`BillingState::next_at`]: super::subscription::BillingState::next_at
//! [`Agreement::fall_due`]: super::subscribing::Agreement::fall_due

mod agreement;
mod charges;
mod discounted;
mod hold;
mod invoice;
mod rental;

pub use agreement::Past;
pub use charges::{Measured, Usage};
pub(in crate::domain) use discounted::stands_for;
pub use hold::{BillingHold, HoldCode};
pub use invoice::{InvoiceTerms, Occasion, invoice};
pub use rental::Rental;

use super::invoice::{Invoice, InvoiceLine, InvoiceReason};
use super::period::Period;
use super::pricing::Bill;
use super::subscription::Subscription;
use super::{Id, Instant};

/// What fell due of one subscription at one moment. The subscription itself has gone on to the moment after.
#[derive(Clone, Debug)]
pub struct Due {
    pub subscription_id: Id<Subscription>,
    pub at: Instant,
    pub reason: InvoiceReason,
    /// What is charged; none where nothing is.
    pub bill: Option<Bill>,
    /// The period that the invoice is for, and its number.
    pub period: Option<(Period, i32)>,
    pub terms: InvoiceTerms,
}

/// A stretch of time for which an item, an add-on or a rental is billed: never twice.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BilledPeriod {
    pub subscription_id: Id<Subscription>,
    pub invoice_id: Id<Invoice>,
    pub source: Id<()>,
    pub period: Period,
}

/// What lines of invoices bill of whom: each stretch once, though usage may have several lines for one.
pub fn billed_periods<'l>(lines: impl Iterator<Item = &'l InvoiceLine>) -> Vec<BilledPeriod> {
    let of_line = |line: &InvoiceLine| {
        let (subscription_id, invoice_id) = (line.subscription_id?, line.invoice_id);
        let (source, period) = line.line.reference.zip(line.line.period)?;
        line.line.reduces.is_none().then_some(BilledPeriod { subscription_id, invoice_id, source, period })
    };
    let mut found: Vec<BilledPeriod> = Vec::new();
    for billed in lines.filter_map(of_line) {
        if !found.iter().rev().take_while(|known| known.invoice_id == billed.invoice_id).any(|known| *known == billed) {
            found.push(billed);
        }
    }
    found
}
