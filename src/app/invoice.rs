//! Invoices: storing what was made, and giving it its numbers.

use super::mutation::{Stop, Work};
use crate::domain::Id;
use crate::domain::billing::billed_periods;
use crate::domain::event::EventType;
use crate::domain::invoice::{Invoice, InvoiceLine, InvoiceStatus};
use crate::domain::subscription::Subscription;
use crate::repository::{self, Fault, counter};

/// The series of the numbers of invoices.
const SERIES: &str = "invoices";

/// Stores new invoices. Those that are no drafts get the next numbers, in their order. That is done as late as possible:
/// whoever else wants a number of the tenant waits until the transaction ends.
pub(super) fn store(work: &mut Work<'_, '_>, made: &mut [(Invoice, Vec<InvoiceLine>)]) -> Result<(), Stop> {
    number(work, made.iter_mut().map(|(invoice, _)| invoice))?;
    repository::invoice::insert(work.tx, work.tenant, made)?;
    let billed = billed_periods(made.iter().flat_map(|(_, lines)| lines));
    repository::billing::insert_billed(work.tx, work.tenant, &billed)?;
    for (invoice, _) in made.iter() {
        let data = serde_json::json!({"subscriptionId": invoice.subscription_id});
        work.event(EventType::InvoiceCreated, invoice.id, data.clone());
        if invoice.status == InvoiceStatus::Paid {
            work.event(EventType::InvoicePaid, invoice.id, data);
        }
    }
    Ok(())
}

/// Gives the next numbers to those that are no drafts and have none.
pub(super) fn number<'i>(
    work: &mut Work<'_, '_>,
    invoices: impl Iterator<Item = &'i mut Invoice>,
) -> Result<(), Fault> {
    let without: Vec<_> =
        invoices.filter(|invoice| invoice.status != InvoiceStatus::Draft && invoice.number.is_none()).collect();
    let Some(count) = i64::try_from(without.len()).ok().filter(|count| *count > 0) else { return Ok(()) };
    let last = counter::take(work.tx, work.tenant, SERIES, count)?;
    for (invoice, number) in without.into_iter().zip(last - count + 1..) {
        invoice.number = Some(format!("INV-{number:06}"));
    }
    Ok(())
}

/// The subscriptions that an invoice bills, each once.
pub(super) fn subscriptions_of(work: &mut Work<'_, '_>, invoice: &Invoice) -> Result<Vec<Id<Subscription>>, Fault> {
    if let Some(only) = invoice.subscription_id {
        return Ok(vec![only]);
    }
    let lines = repository::invoice::lines_of(work.tenant, &[invoice.id]).load(work.conn())?;
    let mut subscriptions: Vec<_> = lines.iter().filter_map(|line| line.subscription_id).collect();
    subscriptions.sort_unstable();
    subscriptions.dedup();
    Ok(subscriptions)
}
