//! The billing run, from the command line.

use super::{Failure, print};
use crate::app::billing::{self, Billed};
use crate::app::collect::{self, Collected};
use crate::app::operator::{self, OperatorError};
use crate::app::{App, received};
use crate::domain::tenant::Tenant;
use crate::domain::{Id, Instant};
use indicatif::{ProgressBar, ProgressStyle};

/// Bills everything that fell due until a moment, under a progress bar, which shows on a terminal only.
pub fn bill(app: &App, until: Option<Instant>, only: Option<Id<Tenant>>) -> Result<(), Failure> {
    if until.is_some_and(|until| app.ambient.now() < until) {
        return Err(Failure::BillingAhead);
    }
    let tenants = match only {
        Some(tenant) if operator::find_tenant(app, tenant)?.is_none() => {
            return Err(OperatorError::NoTenant(tenant).into());
        }
        Some(tenant) => vec![tenant],
        None => billing::due_tenants(app)?,
    };
    let mut due = 0;
    for tenant in tenants {
        due += billing::due(app, tenant, app.until_of(tenant, until)?)?;
    }
    let style = ProgressStyle::with_template("Billing {bar:40} {pos} of {len}, {per_sec}, {eta} left");
    let bar = ProgressBar::new(due).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    let told = |done: Billed| bar.inc(u64::try_from(done.moments + done.held).unwrap_or_default());
    let Billed { moments, invoices, held } = match only {
        Some(tenant) => billing::run(app, tenant, app.until_of(tenant, until)?, &told)?,
        None => billing::run_of_all(app, until, &told)?,
    };
    bar.finish_and_clear();
    print(&format!("{invoices} invoices for {moments} periods and ends; {held} subscriptions set aside"))?;
    collect::resume_dead(app)?;
    received::resume_dead_refunds(app)?;
    let collected = match only {
        Some(tenant) => collect::collect_due(app, tenant, app.until_of(tenant, until)?)?,
        None => collect::collect_due_of_all(app, until)?,
    };
    let Collected { paid, unpaid, reminded, .. } = collected;
    print(&format!("{paid} invoices paid, {unpaid} charged in vain, {reminded} reminded of"))
}
