//! The billing run, from the command line.

use super::{Failure, print};
use crate::app::billing::{self, Billed};
use crate::app::collect::{self, Collected};
use crate::app::{App, received};
use crate::domain::tenant::Tenant;
use crate::domain::{Id, Instant};
use indicatif::{ProgressBar, ProgressStyle};
use std::cell::Cell;

/// Bills everything that fell due until a moment, under a progress bar, which shows on a terminal only.
pub fn bill(app: &App, until: Option<Instant>, only: Option<Id<Tenant>>) -> Result<(), Failure> {
    let now = app.ambient.now();
    let until = until.unwrap_or(now);
    if now < until {
        return Err(Failure::BillingAhead);
    }
    let style = ProgressStyle::with_template("Billing {bar:40} {pos} of {len}, {per_sec}, {eta} left");
    let bar = ProgressBar::new(billing::due(app, until, only)?)
        .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    let all = Cell::new(Billed::default());
    let told = |done: Billed| {
        let mut sum = all.get();
        sum += done;
        all.set(sum);
        bar.inc(u64::try_from(done.moments + done.held).unwrap_or_default());
    };
    match only {
        Some(tenant) => billing::run(app, tenant, until, &told)?,
        None => billing::run_of_all(app, until, &told)?,
    };
    bar.finish_and_clear();
    let Billed { moments, invoices, held } = all.get();
    print(&format!("{invoices} invoices for {moments} periods and ends; {held} subscriptions set aside"))?;
    collect::resume_dead(app)?;
    received::resume_dead_refunds(app)?;
    let collected = match only {
        Some(tenant) => collect::collect_due(app, tenant, until)?,
        None => collect::collect_due_of_all(app)?,
    };
    let Collected { paid, unpaid, reminded, .. } = collected;
    print(&format!("{paid} invoices paid, {unpaid} charged in vain, {reminded} reminded of"))
}
