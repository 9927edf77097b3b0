//! What runs without a request. Each job calls a use case, as a mutation does, and may be run by several programs at
//! once.

use crate::app::collect::{self, Collected};
use crate::app::{App, payment, received};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::MissedTickBehavior;

/// How often each job runs. The first time is at the start: the program may have died in the middle of something.
const EVERY: Duration = Duration::from_mins(1);

/// Takes back what died of payments, now and then, for as long as the program runs.
pub async fn take_back_dead_payments(app: Arc<App>) {
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let app = app.clone();
        match tokio::task::spawn_blocking(move || payment::take_back_dead(&app)).await {
            Ok(Ok(0)) => {}
            Ok(Ok(attempts)) => tracing::warn!(attempts, "payments died, and were taken back"),
            Ok(Err(fault)) => tracing::error!(%fault, "dead payments could not be taken back: it is tried again"),
            Err(panic) => tracing::error!(%panic, "dead payments could not be taken back: it is tried again"),
        }
    }
}

/// Collects what is due of the invoices of all tenants, and asks again for charges and refunds that died, for as long as
/// the program runs.
pub async fn collect_what_is_due(app: Arc<App>) {
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let app = app.clone();
        let collected = tokio::task::spawn_blocking(move || {
            let died = collect::resume_dead(&app)? + received::resume_dead_refunds(&app)?;
            collect::collect_due_of_all(&app).map(|collected| (died, collected))
        });
        match collected.await {
            Ok(Ok((died, collected))) => {
                if died > 0 {
                    tracing::warn!(died, "charges or refunds died, and were asked for again");
                }
                if collected != Collected::default() {
                    tracing::info!(?collected, "invoices were collected");
                }
            }
            Ok(Err(fault)) => tracing::error!(%fault, "what is due could not be collected: it is tried again"),
            Err(panic) => tracing::error!(%panic, "what is due could not be collected: it is tried again"),
        }
    }
}
