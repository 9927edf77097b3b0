//! One invoice for several subscriptions: of a billing group, or of the children of one customer (`rental.md` §7).

use super::batch::made;
use super::load::{Account, accounts};
use super::store::{self, Rolled};
use super::{Billed, failed};
use crate::app::App;
use crate::app::mutation::{Stop, Work};
use crate::domain::billing::{Due, HoldCode, InvoiceTerms, Occasion, invoice};
use crate::domain::invoice::InvoiceReason;
use crate::domain::subscription::Subscription;
use crate::domain::tenant::Tenant;
use crate::domain::{Id, Instant};
use crate::repository::{Fault, Query, billing};

/// Bills what falls due of a group first: everything that falls due at that moment, in one currency, is one invoice.
pub(super) fn group(work: &mut Work<'_, '_>, group: Id<()>, until: Instant) -> Result<Billed, Stop> {
    let claimed = claim(work, group, until)?;
    let key = |subscription: &Subscription| (subscription.billing.next_at, subscription.currency.code());
    let Some(first) = claimed.iter().map(key).min() else { return Ok(Billed::default()) };
    let claimed = claimed.into_iter().filter(|subscription| key(subscription) == first).collect();
    let mut rolled = Rolled::default();
    let mut fallen: Vec<(Account, Due)> = Vec::new();
    for mut account in accounts(work.tx, work.tenant, claimed)? {
        match account.fall_due(Some(work.now)) {
            Ok(due) => fallen.extend(due.map(|due| (account, due))),
            Err(unbillable) => rolled.refuse(unbillable),
        }
    }
    let charged = fallen.iter().filter(|(_, due)| due.bill.is_some()).count();
    let in_group = fallen.first().and_then(|(account, _)| account.subscription().billing_group_id);
    let ids = || work.id::<()>().uuid();
    if charged <= 1 && in_group.is_none() {
        for (account, due) in fallen {
            match made(&due, work.now, &ids) {
                Ok(made) => rolled.invoiced(account, &due, made),
                Err(unbillable) => rolled.refuse(unbillable),
            }
        }
        return store::store(work, rolled);
    }
    let bills: Vec<_> = fallen.iter().filter_map(|(_, due)| Some((due.subscription_id, due.bill.as_ref()?))).collect();
    let made = fallen.iter().find(|(_, due)| due.bill.is_some()).map(|(_, due)| {
        let terms = InvoiceTerms { billing_group_id: in_group, ..due.terms };
        let occasion = Occasion { reason: InvoiceReason::Consolidated, at: None, period: due.period };
        invoice(occasion, terms, &bills, work.now, &ids)
    });
    match made.transpose() {
        Ok(made) => rolled.invoiced_together(fallen, made),
        Err(refusal) => {
            let unbillable = |(_, due): (Account, Due)| (due.subscription_id, HoldCode::NotBillable, refusal.clone());
            fallen.into_iter().map(unbillable).for_each(|unbillable| rolled.refuse(unbillable));
        }
    }
    store::store(work, rolled)
}

/// Claims everything that is due of a group, and waits for whoever records usage of it: what comes later is refused, since
/// its period is billed. Everybody takes subscriptions in the order of their identifiers, so that nobody waits in a circle.
fn claim(work: &mut Work<'_, '_>, group: Id<()>, until: Instant) -> Result<Vec<Subscription>, Stop> {
    let due = billing::claim_group(work.tx, work.tenant, group, until)?;
    let mut ids: Vec<_> = due.iter().map(|subscription| subscription.id).collect();
    ids.sort_unstable();
    let mut claimed = Vec::with_capacity(ids.len());
    for id in ids {
        claimed.extend(Query::by_id(work.tenant, id).hold(work.tx)?);
    }
    // Whoever was waited for may have changed it.
    let due_at = |subscription: &Subscription| subscription.billing.due_at.filter(|due| *due <= until);
    claimed.retain(|subscription| due_at(subscription).is_some());
    claimed.sort_by_key(|subscription| (due_at(subscription), subscription.id));
    Ok(claimed)
}

/// Sets everything aside that is due of a group for which billing failed.
pub(super) fn hold(app: &App, tenant: Id<Tenant>, now: Instant, group: Id<()>, why: &str) -> Result<Billed, Fault> {
    tracing::error!(group = %group.uuid(), why, "subscriptions could not be billed together");
    let held = app.work_for(tenant, now, |work| {
        let due = claim(work, group, now)?;
        for subscription in &due {
            store::hold(work, subscription.id, (HoldCode::Internal, store::FAILED.to_owned()))?;
        }
        Ok(Billed { held: due.len(), ..Billed::default() })
    });
    failed(app, held)
}
