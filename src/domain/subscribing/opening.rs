//! What a new subscription is invoiced right away (`flexprice.md` §1.13, `billwerk.md` §3 and §4).

use super::{Agreement, Ids};
use crate::domain::billing::{self, Occasion};
use crate::domain::invoice::{Invoice, InvoiceLine, InvoiceReason};
use crate::domain::plan::SetupFeeHandling;
use crate::domain::pricing::{Bill, Charge};
use crate::domain::schedule::ScheduledPeriod;
use crate::domain::{Instant, Refusal};

/// The invoices that are made right away, each with its lines.
#[derive(Clone, Debug, Default)]
pub struct Opening {
    pub invoices: Vec<(Invoice, Vec<InvoiceLine>)>,
}

/// Which invoice a setup fee is on.
enum SetupFeeInvoice {
    /// The one that is made anyway.
    Shared,
    Own,
}

impl Opening {
    /// What is to be paid of all of it, after credits, in minor units.
    pub fn due(&self) -> i64 {
        self.invoices.iter().map(|(invoice, _)| invoice.balance.due.minor).sum()
    }

    /// The invoices without their lines.
    pub fn invoices_mut(&mut self) -> impl Iterator<Item = &mut Invoice> {
        self.invoices.iter_mut().map(|(invoice, _)| invoice)
    }

    /// The invoice over the first period, else the only other one.
    pub fn main(&self) -> Option<&(Invoice, Vec<InvoiceLine>)> {
        self.of_period().or(self.invoices.first())
    }

    /// The invoice over the first period.
    pub(super) fn of_period(&self) -> Option<&(Invoice, Vec<InvoiceLine>)> {
        self.invoices.iter().find(|(invoice, _)| invoice.reason == InvoiceReason::SubscriptionCreate)
    }
}

impl Agreement {
    /// Makes the invoices that are due right away, and notes what they took: additional costs, discounts.
    pub fn open(&mut self, now: Instant, ids: Ids<'_>) -> Result<Opening, Refusal> {
        let mut opening = Opening::default();
        let first = self.billed_now(now);
        let mut charges =
            first.map(|first| self.charges_ahead(first.period.start, None, Some(&first))).unwrap_or_default();
        let costs = if first.is_some() { self.cost_charges() } else { Vec::new() };
        let invoiced = !charges.is_empty() || !costs.is_empty();
        match self.setup_fee(invoiced) {
            Some((fee, SetupFeeInvoice::Shared)) => charges.push(fee),
            Some((fee, SetupFeeInvoice::Own)) => {
                let bill = self.bill(vec![fee], self.subscription.start_date)?;
                opening.invoices.push(self.invoice(InvoiceReason::SetupFee, None, &bill, now, ids)?);
            }
            None => {}
        }
        charges.extend(costs);
        if let Some(period) = first.filter(|_| invoiced) {
            let bill = self.bill_without_zeros(charges, period.period.start)?;
            let made = self.invoice(InvoiceReason::SubscriptionCreate, Some(period), &bill, now, ids)?;
            self.costs_invoiced(made.0.id);
            opening.invoices.push(made);
        }
        self.schedule_next(self.moment_after(first.map_or(now, |first| first.period.start)));
        self.note_next_billing(now);
        Ok(opening)
    }

    /// The setup fee, if it is charged right away, and on which invoice; `invoiced` says whether there is another one.
    fn setup_fee(&self, invoiced: bool) -> Option<(Charge, SetupFeeInvoice)> {
        let fee = self.plan.setup_fee.as_ref().filter(|_| self.terms.setup_fee)?;
        let on = match fee.handling {
            SetupFeeHandling::First | SetupFeeHandling::SeparateConditional if invoiced => SetupFeeInvoice::Shared,
            // It waits for the first invoice.
            SetupFeeHandling::First => return None,
            SetupFeeHandling::Separate | SetupFeeHandling::SeparateConditional => SetupFeeInvoice::Own,
        };
        Some((self.setup_fee_charge(fee), on))
    }

    fn invoice(
        &mut self,
        reason: InvoiceReason,
        period: Option<ScheduledPeriod>,
        bill: &Bill,
        now: Instant,
        ids: Ids<'_>,
    ) -> Result<(Invoice, Vec<InvoiceLine>), Refusal> {
        let at = period.map(|period| period.period.start);
        let period = period.and_then(|of| Some((of.period, i32::try_from(of.number).ok()?)));
        self.count_discounts(bill);
        let bills = [(self.subscription.id, bill)];
        billing::invoice(Occasion { reason, at, period }, self.invoice_terms(), &bills, now, ids)
    }
}
