//! The two threads of a feed: one reads, the other tells other programs and hears from them.

use super::{Shared, State};
use crate::domain::Id;
use crate::domain::event::Position;
use crate::domain::tenant::Tenant;
use crate::repository::event::{Wanted, news};
use crate::repository::relay::Relay;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How many events are read at once, and how long to wait after the database has failed.
const PAGE: usize = 500;
const AFTER_FAILURE: Duration = Duration::from_secs(1);
/// How long to wait where nobody listens.
const IDLE: Duration = Duration::from_mins(1);

/// What one of them does.
type Thread = fn(&Shared);

impl Shared {
    /// Begins the threads, once.
    pub(super) fn start(self: &Arc<Self>, state: &mut State) {
        if state.started {
            return;
        }
        state.started = true;
        let threads: [(_, Thread); 2] = [("feed", Shared::read), ("feed-relay", Shared::relay)];
        for (name, run) in threads {
            let shared = self.clone();
            let begun = std::thread::Builder::new().name(name.to_owned()).spawn(move || run(&shared));
            if let Err(cause) = begun {
                tracing::error!(%cause, name, "a thread could not be begun: nobody hears of anything");
            }
        }
    }

    fn read(&self) {
        let mut state = self.state();
        while !state.ended {
            let now = Instant::now();
            match due(&mut state, now, self.pace.look) {
                Ok((tenant, after)) => {
                    drop(state);
                    let read = self.db.read_once(|conn| news(conn, tenant, after, &Wanted::default(), PAGE));
                    state = self.state();
                    let channel = state.channels.get_mut(&tenant);
                    match (channel, read) {
                        (Some(channel), Ok(news)) => {
                            if let Some(waited) = channel.take(after, news, Instant::now(), self.pace.look) {
                                self.db.metrics.events.read(waited);
                            }
                        }
                        (Some(channel), Err(fault)) => {
                            tracing::warn!(%fault, %tenant, "what happened could not be read: it is tried again");
                            channel.look_at = Some(Instant::now() + AFTER_FAILURE);
                        }
                        (None, _) => {}
                    }
                }
                Err(wait) => state = wait_for(&self.look, state, wait),
            }
        }
    }

    fn relay(&self) {
        let (mut relay, mut told_at) = (None, None::<Instant>);
        loop {
            let mut state = self.state();
            if state.told.is_empty() && !state.ended {
                let wait = if state.channels.is_empty() { IDLE } else { self.pace.hear };
                state = wait_for(&self.tell, state, wait);
            }
            if let Some(rest) = told_at.and_then(|at| self.pace.hear.checked_sub(at.elapsed())) {
                let waited = self.tell.wait_timeout_while(state, rest, |state| !state.ended);
                state = waited.unwrap_or_else(PoisonError::into_inner).0;
            }
            if state.ended {
                return;
            }
            let told = std::mem::take(&mut state.told);
            drop(state);
            if relay.is_none() {
                relay = match Relay::open(&self.db) {
                    Ok(Some(relay)) => {
                        // What was told meanwhile was not heard.
                        self.wake(None);
                        Some(relay)
                    }
                    Ok(None) => return,
                    Err(fault) => {
                        tracing::warn!(%fault, "other programs cannot be heard: it is tried again");
                        let state = self.state();
                        drop(wait_for(&self.tell, state, AFTER_FAILURE));
                        continue;
                    }
                };
            }
            let Some(open) = &mut relay else { continue };
            if !told.is_empty() {
                told_at = Some(Instant::now());
            }
            let told = if told.is_empty() { Ok(()) } else { open.tell(told.into_iter()) };
            // Also where nobody listens here: what is not taken from the connection stays in it.
            match told.and_then(|()| open.heard()) {
                Ok(heard) if heard.is_empty() => {}
                Ok(heard) => self.wake(Some(&heard)),
                Err(fault) => {
                    tracing::warn!(%fault, "the connection to other programs broke, and is made anew");
                    relay = None;
                }
            }
        }
    }

    /// Has these tenants looked at, or all.
    fn wake(&self, tenants: Option<&[Id<Tenant>]>) {
        let mut state = self.state();
        match tenants {
            Some(tenants) => {
                for tenant in tenants {
                    state.wake(*tenant);
                }
            }
            None => state.wake_all(),
        }
        drop(state);
        self.look.notify_one();
    }
}

/// The next tenant to look at, and from where; or how long to wait for one. It counts as looked at from now on.
fn due(state: &mut State, now: Instant, pace: Duration) -> Result<(Id<Tenant>, Position), Duration> {
    let next = state.channels.iter_mut().min_by_key(|(_, channel)| channel.look_at);
    let Some((tenant, channel)) = next else { return Err(IDLE) };
    match channel.look_at {
        Some(look_at) if look_at > now => Err(look_at - now),
        _ => {
            channel.look_at = Some(now + pace);
            Ok((*tenant, channel.head()))
        }
    }
}

fn wait_for<'s>(on: &std::sync::Condvar, state: MutexGuard<'s, State>, wait: Duration) -> MutexGuard<'s, State> {
    on.wait_timeout(state, wait).unwrap_or_else(PoisonError::into_inner).0
}
