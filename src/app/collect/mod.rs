//! Collecting: what is due of invoices is charged, its customers are reminded, and what is not paid at all fails
//! (`billwerk.md` §7 and §9, `decisions.md` 11).
//!
//! Each invoice is worked off by itself, in three steps, since a charge is an outside effect:
//!
//! 1. A first transaction claims the invoice and reserves the payment attempt; where there is nothing to charge, it
//!    reminds instead, and that is all.
//! 2. The gateway is asked, outside of any transaction, with the attempt's id as its idempotency key (`charge.rs`).
//! 3. A last one stores the outcome with all that follows from it (`record.rs`).
//!
//! Whoever dies between them leaves the attempt RESERVED. The gateway is asked for it again, which charges nobody twice
//! ([`resume_dead`]). Any number of programs may collect at once.

mod charge;
mod record;

use charge::chargeable;
pub(super) use charge::{ask, own_method, resume};
pub(super) use record::{Recorded, conclude, follow, record, store};

use super::mutation::{Stop, Work};
use super::payment::{self, ChargedSource, Reservation, Reserved};
use super::{App, invoice as invoices, unless_unavailable};
use crate::domain::collecting::{Reaction, Unpaid};
use crate::domain::invoice::Invoice;
use crate::domain::invoicing::zone_of;
use crate::domain::tenant::Tenant;
use crate::domain::{Id, Instant, Zone};
use crate::repository::{self, Fault, Query, collecting, payment as attempts};

/// What a collection came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Collected {
    /// Invoices that were charged, and are paid.
    pub paid: usize,
    /// Invoices that were charged, and are not.
    pub unpaid: usize,
    /// Invoices with nothing to charge whose customers were reminded, or will be.
    pub reminded: usize,
    /// Invoices with nothing to charge that failed.
    pub failed: usize,
    /// Invoices of which nothing is known yet, or that could not be worked off: they are tried again.
    pub left: usize,
}

/// How an invoice that is due is gone on with.
enum Begun {
    /// Somebody else is at work on it, or it is not due any more.
    Elsewhere,
    Charge(Box<Reserved>),
    /// It was seen to without a charge.
    Done(Reaction),
}

/// Collects what is due of a tenant until a moment: everything at the moment at which it fell due, or now where that is
/// past. An invoice that falls due again before the end is collected again.
pub fn collect_due(app: &App, tenant: Id<Tenant>, until: Instant) -> Result<Collected, Fault> {
    let mut collected = Collected::default();
    let mut after = None;
    while let Some(due) = app.db.read_once(|conn| collecting::next(conn, tenant, until, after))? {
        match collect_one(app, tenant, due, until) {
            Ok(None) => after = Some(due),
            Ok(Some(what)) => {
                app.metrics().collecting.count(what.name());
                if collected.count(what) {
                    after = Some(due);
                }
            }
            Err(fault @ Fault::Unavailable(_)) => return Err(fault),
            Err(fault) => {
                let (_, invoice) = due;
                tracing::error!(%fault, %invoice, "an invoice could not be collected: it is tried again");
                app.metrics().collecting.count("left");
                collected.left += 1;
                after = Some(due);
            }
        }
    }
    Ok(collected)
}

/// Collects what is due of all tenants, each by its own clock, or until an earlier moment. Answers what it came to.
pub fn collect_due_of_all(app: &App, until: Option<Instant>) -> Result<Collected, Fault> {
    let machine_now = app.ambient.now();
    let mut all = Collected::default();
    for tenant in app.db.read_once(|conn| collecting::due_tenants(conn, machine_now))? {
        let collected = app.until_of(tenant, until).and_then(|until| collect_due(app, tenant, until));
        all.add(unless_unavailable(tenant, collected)?);
    }
    Ok(all)
}

/// When the next invoice of a tenant falls due; none where there is none.
pub fn next_at(app: &App, tenant: Id<Tenant>) -> Result<Option<Instant>, Fault> {
    app.db.read_once(|conn| collecting::next_at(conn, tenant))
}

/// Collects these invoices, as far as they are due. Answers when all of them were tried.
pub(super) fn collect(app: &App, tenant: Id<Tenant>, invoices: &[Id<Invoice>], now: Instant) -> Result<(), Fault> {
    for invoice in invoices {
        collect_one(app, tenant, (now, *invoice), now)?;
    }
    Ok(())
}

/// Asks again for the charges of invoices of which nothing was heard any more, of all tenants. Answers how many there
/// were.
pub fn resume_dead(app: &App) -> Result<usize, Fault> {
    let machine_now = app.ambient.now();
    let dead = app.db.read_once(|conn| attempts::dead_of_invoices(conn, machine_now))?;
    for (tenant, attempt) in &dead {
        unless_unavailable(attempt, charge::resume(app, *tenant, *attempt))?;
    }
    Ok(dead.len())
}

fn collect_one(
    app: &App,
    tenant: Id<Tenant>,
    (at, invoice): collecting::Due,
    until: Instant,
) -> Result<Option<Outcome>, Fault> {
    let begun = app.work_for(tenant, at, |work| begin(work, invoice, until)).map_err(unrefused)?;
    Ok(match begun {
        Begun::Elsewhere => None,
        Begun::Done(reaction) => Some(Outcome::Seen(reaction)),
        Begun::Charge(reserved) => {
            let outcome = ask(app, &reserved.charge)?;
            Some(Outcome::Charged(conclude(app, tenant, &reserved.attempt, &outcome)?))
        }
    })
}

/// What came of one invoice.
enum Outcome {
    Seen(Reaction),
    Charged(Recorded),
}

/// Claims an invoice and reserves what is to be charged; or goes on with it where there is nothing to charge.
fn begin(work: &mut Work<'_, '_>, invoice: Id<Invoice>, until: Instant) -> Result<Begun, Stop> {
    let claimed = collecting::claim(work.tx, work.tenant, invoice, until)?;
    let Some(mut invoice) = claimed else { return Ok(Begun::Elsewhere) };
    if attempts::open_of(work.tenant, invoice.id).first(work.conn())?.is_some() {
        return Ok(Begun::Elsewhere);
    }
    if let Some(method) = chargeable(work, &invoice)? {
        let reservation = Reservation {
            subscription: None,
            invoice: Some(invoice.id),
            customer: method.customer_id,
            amount: invoice.balance.due,
            source: ChargedSource::Method(method),
        };
        return Ok(Begun::Charge(Box::new(payment::reserve(work, reservation, None)?)));
    }
    let past_due_at = invoice.past_due_at(zone(work, &invoice)?);
    if work.now < past_due_at {
        invoice.collection.collect_at = Some(past_due_at);
        record::store(work, &mut invoice)?;
        return Ok(Begun::Done(Reaction::Waits));
    }
    Ok(Begun::Done(record::unpaid(work, &mut invoice, Unpaid::NothingToCharge)?))
}

/// The zone in which the days of an invoice are counted, as when it was issued: its subscription's, or its customer's.
fn zone(work: &mut Work<'_, '_>, invoice: &Invoice) -> Result<Zone, Fault> {
    let tenant = work.tenant;
    if let Some(first) = invoices::subscriptions_of(work, invoice)?.first()
        && let Some(subscription) = Query::by_id(tenant, *first).first(work.conn())?
    {
        return Ok(subscription.timezone);
    }
    let settings = repository::tenant::own(work.conn(), tenant)?.settings;
    let customer = Query::by_id(tenant, invoice.customer_id).first(work.conn())?;
    Ok(customer.map_or(settings.timezone, |customer| zone_of(&customer, &settings)))
}

/// The fault of what nobody asked for, and that refused all the same.
pub(super) fn unrefused(stop: Stop) -> Fault {
    match stop {
        Stop::Failed(fault) => fault,
        Stop::Refused { refusals, .. } => {
            let why = refusals.first().map(|refusal| refusal.message.as_ref()).unwrap_or_default();
            Fault::Database(format!("what nobody asked for was refused: {why}"))
        }
        Stop::Replay(_) => Fault::Database("what nobody asked for was asked before".to_owned()),
    }
}

impl Outcome {
    /// For those who count.
    fn name(&self) -> &'static str {
        match self {
            Outcome::Seen(Reaction::Failed) => "failed",
            Outcome::Seen(_) => "reminded",
            Outcome::Charged(Recorded::Paid(_)) => "paid",
            Outcome::Charged(Recorded::Unpaid) => "unpaid",
            Outcome::Charged(Recorded::Open | Recorded::Known | Recorded::NotDue) => "left",
        }
    }
}

impl Collected {
    /// Counts one invoice. Answers whether it may still be due.
    fn count(&mut self, what: Outcome) -> bool {
        let (counter, still) = match what {
            Outcome::Seen(Reaction::Failed) => (&mut self.failed, false),
            Outcome::Seen(_) => (&mut self.reminded, false),
            Outcome::Charged(Recorded::Paid(_)) => (&mut self.paid, false),
            Outcome::Charged(Recorded::Unpaid) => (&mut self.unpaid, false),
            Outcome::Charged(Recorded::Open | Recorded::Known | Recorded::NotDue) => (&mut self.left, true),
        };
        *counter += 1;
        still
    }

    fn add(&mut self, other: Collected) {
        self.paid += other.paid;
        self.unpaid += other.unpaid;
        self.reminded += other.reminded;
        self.failed += other.failed;
        self.left += other.left;
    }
}
