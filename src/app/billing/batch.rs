//! Billing subscriptions that get invoices of their own.

use super::Billed;
use super::load::{Unbillable, accounts};
use super::store::{self, Rolled};
use crate::app::mutation::{Stop, Work};
use crate::domain::Instant;
use crate::domain::billing::{Due, HoldCode, Occasion, invoice};
use crate::domain::invoice::{Invoice, InvoiceLine};
use crate::domain::subscribing::Ids;
use crate::domain::subscription::Subscription;

/// Bills the next moment of each of these subscriptions, which are claimed.
pub(super) fn bill(work: &mut Work<'_, '_>, claimed: Vec<Subscription>) -> Result<Billed, Stop> {
    let mut rolled = Rolled::default();
    for mut account in accounts(work.tx, work.tenant, claimed)? {
        let fallen = account.fall_due(Some(work.now));
        let ids = || work.id::<()>().uuid();
        match fallen.and_then(|due| due.map(|due| Ok((made(&due, work.now, &ids)?, due))).transpose()) {
            Ok(Some((made, due))) => rolled.invoiced(account, &due, made),
            Ok(None) => {}
            Err(unbillable) => rolled.refuse(unbillable),
        }
    }
    store::store(work, rolled)
}

/// Makes a draft of the invoice over what fell due, if anything is charged.
pub(super) fn made(due: &Due, now: Instant, ids: Ids<'_>) -> Result<Option<(Invoice, Vec<InvoiceLine>)>, Unbillable> {
    let Some(bill) = &due.bill else { return Ok(None) };
    let occasion = Occasion { reason: due.reason, at: Some(due.at), period: due.period };
    let made = invoice(occasion, due.terms, &[(due.subscription_id, bill)], now, ids);
    made.map(Some).map_err(|refusal| (due.subscription_id, HoldCode::NotBillable, refusal))
}
