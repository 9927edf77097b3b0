//! What runs without a request. Each job calls a use case, as a mutation does, and may be run by several programs at
//! once.

use crate::app::{App, payment};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::MissedTickBehavior;

/// How often dead payments are looked for. The first time is at the start: the program may have died with some.
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
