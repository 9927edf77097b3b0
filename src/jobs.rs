//! What runs without a request. Each job calls a use case, as a mutation does, and may be run by several programs at
//! once.

use crate::app::billing::{self, Billed};
use crate::app::{App, payment};
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::MissedTickBehavior;

/// Why a job was not done.
type Failed = Box<dyn Error + Send + Sync>;

/// How often a job looks for work. The first time is at the start: the program may have died with some.
const EVERY: Duration = Duration::from_mins(1);

/// Takes back what died of payments, now and then, for as long as the program runs.
pub async fn take_back_dead_payments(app: Arc<App>) {
    every_minute(app, "dead payments could not be taken back", |app| {
        let attempts = payment::take_back_dead(app)?;
        if attempts > 0 {
            tracing::warn!(attempts, "payments died, and were taken back");
        }
        Ok(())
    })
    .await;
}

/// Bills what fell due, now and then, for as long as the program runs.
pub async fn bill(app: Arc<App>) {
    every_minute(app, "the billing run stopped", |app| {
        let Billed { moments, invoices, held } = billing::run_of_all(app, app.ambient.now(), &|_| {})?;
        if moments + held > 0 {
            tracing::info!(moments, invoices, held, "billed");
        }
        Ok(())
    })
    .await;
}

/// Does a job every minute. What fails is logged as `failed`, and tried again the next time.
async fn every_minute(app: Arc<App>, failed: &'static str, job: fn(&App) -> Result<(), Failed>) {
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let app = app.clone();
        match tokio::task::spawn_blocking(move || job(&app)).await {
            Ok(Ok(())) => {}
            Ok(Err(fault)) => tracing::error!(%fault, "{failed}: it is tried again"),
            Err(panic) => tracing::error!(%panic, "{failed}: it is tried again"),
        }
    }
}
