//! What the domain gets as arguments: the time, new identifiers, secrets. Tests bring their own.

use crate::domain::{Id, Instant};
use chrono::SubsecRound;
use std::sync::Arc;
use uuid::{ContextV7, Timestamp, Uuid};

/// Where the time and new identifiers come from.
#[derive(Clone)]
pub struct Ambient {
    clock: Arc<dyn Fn() -> Instant + Send + Sync>,
    ids: Arc<dyn Fn(Instant) -> Uuid + Send + Sync>,
}

impl Ambient {
    /// The machine's clock, and UUIDs of version 7, which sort by the time at which they are made.
    pub fn real() -> Self {
        let context = std::sync::Mutex::new(ContextV7::new());
        #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
        let clock = chrono::Utc::now;
        Ambient::new(clock, move |now| {
            let seconds = u64::try_from(now.timestamp()).unwrap_or_default();
            Uuid::new_v7(Timestamp::from_unix(&context, seconds, now.timestamp_subsec_nanos()))
        })
    }

    pub fn new(
        clock: impl Fn() -> Instant + Send + Sync + 'static,
        ids: impl Fn(Instant) -> Uuid + Send + Sync + 'static,
    ) -> Self {
        Ambient { clock: Arc::new(clock), ids: Arc::new(ids) }
    }

    /// The time, to the microsecond, which is what the databases keep.
    pub fn now(&self) -> Instant {
        (self.clock)().trunc_subsecs(6)
    }

    /// A new identifier, made at `now`.
    pub fn id<E>(&self, now: Instant) -> Id<E> {
        Id::new((self.ids)(now))
    }
}
