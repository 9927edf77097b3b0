//! The billing run: whatever falls due of a tenant's subscriptions is invoiced, once.
//!
//! Subscriptions are claimed in batches that no other program has, and each batch is one transaction: its invoices with
//! their lines, the subscriptions brought to their next moments, and the events. A program that dies leaves nothing half
//! done, and any number of programs share the work. What cannot be billed is set aside with its reason, tried again later
//! and later, and holds up nobody else. A subscription that has missed several moments comes again in the next batch, so
//! that it is billed in their order.

mod batch;
mod consolidate;
mod load;
mod preview;
mod store;

pub use preview::upcoming;

use super::mutation::Stop;
use super::{App, unless_unavailable};
use crate::domain::billing::HoldCode;
use crate::domain::subscription::Subscription;
use crate::domain::tenant::Tenant;
use crate::domain::{Id, Instant};
use crate::repository::{Fault, billing};
use std::ops::AddAssign;

/// How many subscriptions one transaction bills.
const BATCH: i64 = 100;

/// What a run did.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Billed {
    /// How many moments of subscriptions were brought behind them.
    pub moments: usize,
    pub invoices: usize,
    /// How many subscriptions were set aside.
    pub held: usize,
}

impl AddAssign for Billed {
    fn add_assign(&mut self, more: Billed) {
        self.moments += more.moments;
        self.invoices += more.invoices;
        self.held += more.held;
    }
}

/// Bills everything that fell due of all tenants, each by its own clock, or until an earlier moment. `told` hears of each
/// batch.
pub fn run_of_all(app: &App, until: Option<Instant>, told: &dyn Fn(Billed)) -> Result<Billed, Fault> {
    let mut all = Billed::default();
    for tenant in due_tenants(app)? {
        let billed = app.until_of(tenant, until).and_then(|until| run(app, tenant, until, told));
        all += unless_unavailable(tenant, billed)?;
    }
    Ok(all)
}

/// The tenants of which something is due by their own clocks.
pub fn due_tenants(app: &App) -> Result<Vec<Id<Tenant>>, Fault> {
    let machine_now = app.ambient.now();
    app.db.read_once(|conn| billing::due_tenants(conn, machine_now))
}

/// When the next subscription of a tenant falls due; none where there is none.
pub fn next_at(app: &App, tenant: Id<Tenant>) -> Result<Option<Instant>, Fault> {
    app.db.read_once(|conn| billing::next_at(conn, tenant))
}

/// How many subscriptions of a tenant are due.
pub fn due(app: &App, tenant: Id<Tenant>, until: Instant) -> Result<u64, Fault> {
    let count = app.db.read_once(|conn| billing::count_due(conn, tenant, until))?;
    Ok(u64::try_from(count).unwrap_or_default())
}

/// Bills everything that fell due of a tenant until a moment. `told` hears of each batch.
pub fn run(app: &App, tenant: Id<Tenant>, until: Instant, told: &dyn Fn(Billed)) -> Result<Billed, Fault> {
    let mut all = Billed::default();
    loop {
        let done = next(app, tenant, until)?;
        app.metrics().billing.billed(done.moments, done.invoices, done.held);
        all += done;
        told(done);
        if done == Billed::default() {
            return Ok(all);
        }
    }
}

/// Bills the next subscriptions that are due: a batch of those that are billed by themselves, and each group once.
fn next(app: &App, tenant: Id<Tenant>, until: Instant) -> Result<Billed, Fault> {
    let mut done = alone(app, tenant, until)?;
    for group in app.db.read_once(|conn| billing::due_groups(conn, tenant, until, BATCH))? {
        done += match app.work_for(tenant, until, |work| consolidate::group(work, group, until)) {
            Ok(billed) => billed,
            Err(stop) => consolidate::hold(app, tenant, until, group, &fault(stop)?)?,
        };
    }
    Ok(done)
}

/// Bills a batch together, and where that fails, each of it by itself, so that one holds up nobody else.
fn alone(app: &App, tenant: Id<Tenant>, until: Instant) -> Result<Billed, Fault> {
    let mut claimed = Vec::new();
    let together = app.work_for(tenant, until, |work| {
        let batch = billing::claim(work.tx, tenant, until, BATCH)?;
        claimed = batch.iter().map(|subscription| subscription.id).collect();
        batch::bill(work, batch)
    });
    let Err(stop) = together else { return Ok(together.unwrap_or_default()) };
    let why = fault(stop)?;
    if claimed.is_empty() {
        return Err(Fault::Database(why));
    }
    tracing::warn!(why, "a batch could not be billed together: it is billed one by one");
    let mut done = Billed::default();
    for id in claimed {
        done += one(app, tenant, until, id)?;
    }
    Ok(done)
}

/// Bills one subscription, or sets it aside.
fn one(app: &App, tenant: Id<Tenant>, until: Instant, id: Id<Subscription>) -> Result<Billed, Fault> {
    let billed = app.work_for(tenant, until, |work| {
        let batch = billing::claim_one(work.tx, tenant, id, until)?;
        batch::bill(work, batch)
    });
    match billed {
        Ok(billed) => Ok(billed),
        Err(stop) => set_aside(app, tenant, until, id, &fault(stop)?),
    }
}

/// Sets a subscription aside for which the program failed. Its log says more than anybody else is told.
fn set_aside(app: &App, tenant: Id<Tenant>, until: Instant, id: Id<Subscription>, why: &str) -> Result<Billed, Fault> {
    tracing::error!(subscription = %id, why, "a subscription could not be billed");
    let held = app.work_for(tenant, until, |work| {
        let due = billing::claim_one(work.tx, tenant, id, until)?;
        for subscription in &due {
            store::hold(work, subscription.id, (HoldCode::Internal, store::FAILED.to_owned()))?;
        }
        Ok(Billed { held: due.len(), ..Billed::default() })
    });
    failed(app, held)
}

/// Counts what was set aside for a defect.
fn failed(app: &App, held: Result<Billed, Stop>) -> Result<Billed, Fault> {
    let held = held.map_err(|stop| Fault::Database(fault(stop).unwrap_or_else(|fault| fault.to_string())))?;
    app.metrics().billing.failed(held.held);
    Ok(held)
}

/// What went wrong with one subscription; a database that does not answer is nobody's fault, and ends the run.
fn fault(stop: Stop) -> Result<String, Fault> {
    match stop {
        Stop::Failed(fault @ Fault::Unavailable(_)) => Err(fault),
        Stop::Failed(fault) => Ok(fault.to_string()),
        Stop::Refused { refusals, .. } => Ok(refusals.into_iter().map(|refusal| refusal.message).collect()),
        Stop::Replay(_) => Ok("a replay".to_owned()),
    }
}
