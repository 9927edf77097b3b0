//! What the run will invoice: the very functions that it calls, of which nothing is stored.

use super::batch::made;
use super::load::{Account, accounts};
use crate::app::subscription::PreviewedInvoice;
use crate::domain::credit::apply;
use crate::domain::subscription::Subscription;
use crate::domain::tenant::Tenant;
use crate::domain::{Id, Instant};
use crate::repository::{self, Conn, Query, Read};
use uuid::Uuid;

/// How many moments of a subscription's life are looked at. A day's schedule reaches more than a year ahead.
const MOST_MOMENTS: usize = 500;

/// The next invoice of each of these subscriptions, or the first from `since` on, as the run will make it if it comes
/// in time. None where nothing is to come. What will be used until then is not known, and left out.
pub fn upcoming(
    conn: &mut Conn,
    tenant: Id<Tenant>,
    subscriptions: &[Id<Subscription>],
    since: Option<Instant>,
) -> Read<Vec<(Id<Subscription>, PreviewedInvoice)>> {
    let found = Query::by_ids(tenant, subscriptions).load(conn)?;
    let running = found.into_iter().filter(|subscription| subscription.billing.due_at.is_some()).collect();
    let accounts = accounts(conn, tenant, running)?;
    let customers: Vec<_> = accounts.iter().map(Account::invoiced_customer).collect();
    let credits = repository::credit::open_of(conn, tenant, &customers)?;
    let next = |mut account: Account| {
        let (at, mut foreseen) = first_from(&mut account, since)?;
        // Each is foreseen as if it were the next to take of the credits.
        apply(&mut credits.clone(), &mut foreseen.invoice, at);
        Some((account.id(), foreseen))
    };
    Ok(accounts.into_iter().filter_map(next).collect())
}

/// The first invoice from `since` on, and its moment.
fn first_from(account: &mut Account, since: Option<Instant>) -> Option<(Instant, PreviewedInvoice)> {
    for _ in 0..MOST_MOMENTS {
        let due = account.fall_due(None).ok()??;
        let Some((invoice, lines)) = made(&due, due.at, &Uuid::nil).ok()? else { continue };
        if since.is_none_or(|since| since <= due.at) {
            return Some((due.at, PreviewedInvoice { invoice, lines }));
        }
        account.invoiced(invoice.id);
    }
    None
}
