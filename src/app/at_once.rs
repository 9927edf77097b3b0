//! Mutations that decide first and write then, at once. What they read is not locked, so that nobody waits for them while
//! they decide; what they decided is one batch of guarded statements, with the idempotency record, the audit record and
//! the events: on PostgreSQL one statement.

use super::App;
use super::clock::Time;
use super::mutation::{Answer, Call, Idempotency, Stop, answer};
use crate::domain::event::{EventType, NewEvent};
use crate::domain::tenant::Tenant;
use crate::domain::{Entity, Id, Instant};
use crate::repository::{Batch, Conn, Fault, journal};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A use case that decides, before anything is written and without a transaction.
pub struct Deciding<'d> {
    pub conn: &'d mut Conn,
    pub tenant: Id<Tenant>,
    /// One moment for all that the use case does: the tenant's time.
    pub now: Instant,
    time: Time,
    app: &'d App,
    events: Vec<NewEvent>,
}

impl Deciding<'_> {
    /// A new identifier.
    pub fn id<E>(&self) -> Id<E> {
        self.app.id(self.time)
    }

    /// Tells those who listen that something happened to an object.
    pub fn event<E: Entity>(&mut self, event_type: EventType, subject: Id<E>, data: serde_json::Value) {
        let (id, created_at) = (self.id(), self.now);
        self.events.push(NewEvent { id, event_type, subject: subject.to_string(), data, created_at });
    }
}

impl Call<'_> {
    /// Runs a use case that decides before anything is written, and whose effect is one batch. It may run more than once,
    /// where somebody else was faster, but has one effect at most.
    pub fn run_at_once<T: Serialize + DeserializeOwned>(
        &self,
        mut decide: impl FnMut(&mut Deciding<'_>) -> Result<(T, Batch), Stop>,
    ) -> Result<Answer<T>, Fault> {
        let (tenant, mut tries, mut published) = (self.viewer.tenant_id, 0, 0);
        let stored = self.app.db.write_at_once(|conn| {
            tries += 1;
            // Whoever lost a race may have lost it to a twin.
            if tries > 1 {
                self.replay(conn)?;
            }
            let machine_now = self.app.ambient.now();
            let time = self.time(conn, machine_now)?;
            let mut deciding = Deciding { conn, tenant, now: time.now, time, app: self.app, events: Vec::new() };
            let (outcome, effect) = match decide(&mut deciding) {
                // What keeps this from being done may be that it was done, under the same key.
                Err(stop @ Stop::Refused { .. }) => {
                    self.replay(conn)?;
                    return Err(stop);
                }
                decided => decided?,
            };
            let events = deciding.events;
            published = events.len();
            let written = serde_json::to_value(&outcome)?;
            let mut batch = Batch::default();
            if let Some(Idempotency { key, fingerprint }) = &self.idempotency {
                journal::take(&mut batch, tenant, key, fingerprint, &written.to_string(), machine_now);
            }
            // Nobody waits for these, so they come before what others wait for.
            journal::leave(&mut batch, tenant, &self.audit_record(written, machine_now), &events);
            batch.append(effect);
            Ok((outcome, batch))
        });
        if stored.is_ok() {
            self.app.metrics().events.stored(published);
        }
        answer(stored)
    }
}
