//! What runs without a request. Each job calls a use case, as a mutation does, and may be run by several programs at
//! once.

use crate::app::billing::{self, Billed};
use crate::app::collect::{self, Collected};
use crate::app::{App, payment, received};
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::MissedTickBehavior;

/// Why a job was not done.
type Failed = Box<dyn Error + Send + Sync>;

/// How often each job runs. The first time is at the start: the program may have died in the middle of something.
const EVERY: Duration = Duration::from_mins(1);

/// Takes back what died of payments, now and then, for as long as the program runs.
pub async fn take_back_dead_payments(app: Arc<App>) {
    every_minute(app, "dead_payments", "dead payments could not be taken back", |app| {
        let attempts = payment::take_back_dead(app)?;
        if attempts > 0 {
            tracing::warn!(attempts, "payments died, and were taken back");
        }
        Ok(())
    })
    .await;
}

/// Bills what fell due, for as long as the program runs.
pub async fn bill(app: Arc<App>) {
    every_minute(app, "billing", "the billing run stopped", |app| {
        let billed = billing::run_of_all(app, None, &|_| {})?;
        if billed != Billed::default() {
            tracing::info!(?billed, "subscriptions were billed");
        }
        Ok(())
    })
    .await;
}

/// Collects what is due of invoices, and asks again for charges and refunds that died, for as long as the program runs. By
/// itself, since a gateway may take its time: billing does not wait for it.
pub async fn collect(app: Arc<App>) {
    every_minute(app, "collecting", "collecting stopped", |app| {
        let died = collect::resume_dead(app)? + received::resume_dead_refunds(app)?;
        if died > 0 {
            tracing::warn!(died, "charges or refunds died, and were asked for again");
        }
        let collected = collect::collect_due_of_all(app, None)?;
        if collected != Collected::default() {
            tracing::info!(?collected, "invoices were collected");
        }
        Ok(())
    })
    .await;
}

/// Does a job every minute and counts it under its name. What fails is logged as `failed`, and tried again the next time.
async fn every_minute(app: Arc<App>, name: &'static str, failed: &'static str, job: fn(&App) -> Result<(), Failed>) {
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let app = app.clone();
        match tokio::task::spawn_blocking(move || app.job(name, || job(&app))).await {
            Ok(Ok(())) => {}
            Ok(Err(fault)) => tracing::error!(%fault, "{failed}: it is tried again"),
            Err(panic) => tracing::error!(%panic, "{failed}: it is tried again"),
        }
    }
}
