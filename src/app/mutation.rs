//! What every mutation has in common: one transaction that holds its effect, its idempotency record, its audit record
//! and its events; or, where it refuses, nothing.

use super::clock::Time;
use super::{App, Viewer};
use crate::domain::api_key::Scope;
use crate::domain::event::{AuditRecord, EventType, NewEvent};
use crate::domain::tenant::{Tenant, TenantMode};
use crate::domain::{Entity, ErrorCode, Id, Instant, Refusal};
use crate::repository::db::Failure;
use crate::repository::{Batch, Conn, Fault, Tx, journal};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// One mutation that somebody asks for.
pub struct Call<'a> {
    pub app: &'a App,
    pub viewer: &'a Viewer,
    pub request_id: &'a str,
    /// The mutation's name.
    pub operation: &'static str,
    pub idempotency: Option<Idempotency>,
}

/// The key under which a mutation has its effect once, however often it is asked for.
#[derive(Clone, Debug)]
pub struct Idempotency {
    pub key: String,
    /// SHA-256 of the mutation's name and its arguments.
    pub fingerprint: [u8; 32],
}

/// What a mutation answers: `T` holds the ids of what it made or changed.
#[derive(Clone, Debug)]
pub struct Answer<T> {
    /// None where it refused. After CONFLICT, the object as it is now.
    pub outcome: Option<T>,
    pub refusals: Vec<Refusal>,
    /// Whether it was answered before, under the same idempotency key, and nothing was done now.
    pub replayed: bool,
}

impl<T> Answer<T> {
    pub fn refused(refusals: Vec<Refusal>) -> Self {
        Answer { outcome: None, refusals, replayed: false }
    }
}

/// What becomes of the other rows of a bulk mutation when one is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OnError {
    RejectAll,
    RejectFailed,
}

/// Why a use case ends without an effect.
#[derive(Debug)]
pub enum Stop {
    Refused {
        refusals: Vec<Refusal>,
        /// The outcome all the same, as JSON: what the client should look at.
        outcome: Option<serde_json::Value>,
    },
    /// The same key was answered before: the outcome then, as JSON.
    Replay(String),
    Failed(Fault),
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Stop::Failed(fault)
    }
}
impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        vec![refusal].into()
    }
}
impl From<Vec<Refusal>> for Stop {
    fn from(refusals: Vec<Refusal>) -> Self {
        Stop::Refused { refusals, outcome: None }
    }
}
impl From<serde_json::Error> for Stop {
    fn from(error: serde_json::Error) -> Self {
        Stop::Failed(Fault::Database(error.to_string()))
    }
}
impl Failure for Stop {
    fn fault(&self) -> Option<&Fault> {
        match self {
            Stop::Failed(fault) => Some(fault),
            Stop::Refused { .. } | Stop::Replay(_) => None,
        }
    }
}

impl Stop {
    /// The same, with what is blamed standing below another argument.
    pub fn below(self, path: &[&str]) -> Self {
        match self {
            Stop::Refused { refusals, outcome } => {
                let refusals = refusals.into_iter().map(|refusal| refusal.below(path)).collect();
                Stop::Refused { refusals, outcome }
            }
            stop => stop,
        }
    }

    /// A refusal that shows an outcome all the same.
    pub fn showing(refusals: Vec<Refusal>, outcome: &impl Serialize) -> Self {
        Stop::Refused { refusals, outcome: serde_json::to_value(outcome).ok() }
    }
}

/// What came of trying a use case out: always an error, so that nothing of it is stored.
enum Tried<T> {
    Answered(T),
    Stopped(Stop),
}

impl<T> From<Fault> for Tried<T> {
    fn from(fault: Fault) -> Self {
        Tried::Stopped(Stop::Failed(fault))
    }
}
impl<T> Failure for Tried<T> {
    fn fault(&self) -> Option<&Fault> {
        match self {
            Tried::Answered(_) => None,
            Tried::Stopped(stop) => stop.fault(),
        }
    }
}

/// A use case in the middle of its transaction.
pub struct Work<'w, 'c> {
    pub tx: &'w mut Tx<'c>,
    pub tenant: Id<Tenant>,
    /// What who asks may do; everything, where the program itself does it.
    pub scope: Scope,
    /// One moment for all that the use case does: the tenant's time.
    pub now: Instant,
    /// The machine's time, for what concerns the program and not the tenant's business: how long something may take.
    pub machine_now: Instant,
    /// What is stored last, together with the events and the audit record: nothing in the use case reads it.
    pub last: Batch,
    time: Time,
    app: &'w App,
    events: Vec<NewEvent>,
}

impl Work<'_, '_> {
    /// The connection, for reading.
    pub fn conn(&mut self) -> &mut Conn {
        self.tx
    }

    /// The program, for what it is set up with.
    pub fn app(&self) -> &App {
        self.app
    }

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

/// Refuses with CONFLICT, showing the object as it is, where the client expected another version of it.
pub fn expect_version(expected: Option<i32>, current: i32, outcome: &impl Serialize) -> Result<(), Stop> {
    match expected {
        Some(expected) if expected != current => {
            let message = format!("The object is at version {current}, not {expected}: look at it and try again.");
            let refusal = Refusal::new(ErrorCode::Conflict, message).at(&["expectedVersion"]);
            Err(Stop::showing(vec![refusal], outcome))
        }
        _ => Ok(()),
    }
}

impl Call<'_> {
    /// Runs a use case. It may run more than once, where somebody else was faster, but has one effect at most.
    pub fn run<T: Serialize + DeserializeOwned>(
        &self,
        mut decide: impl FnMut(&mut Work<'_, '_>) -> Result<T, Stop>,
    ) -> Result<Answer<T>, Fault> {
        let answer = self.run_or_reserve(|work| decide(work).map(Some))?;
        answer.ok_or_else(|| Fault::Database("a use case that reserves nothing has no answer".to_owned()))
    }

    /// Runs a use case, or the beginning of one that must do something outside of the database first. That answers
    /// none: what it wrote is stored, and nothing is said of it yet.
    pub fn run_or_reserve<T: Serialize + DeserializeOwned>(
        &self,
        mut decide: impl FnMut(&mut Work<'_, '_>) -> Result<Option<T>, Stop>,
    ) -> Result<Option<Answer<T>>, Fault> {
        let mut published = 0;
        let stored = self.app.db.write(|tx| {
            // Who asked when, and how long a key is kept, is the machine's time: the tenant's may stand still.
            let (tenant, machine_now) = (self.viewer.tenant_id, self.app.ambient.now());
            self.claim(tx, machine_now)?;
            let mut work = self.work(tx, machine_now)?;
            let Some(outcome) = decide(&mut work)? else {
                work.last.run(work.tx)?;
                if let Some(idempotency) = &self.idempotency {
                    journal::release(tx, tenant, &idempotency.key)?;
                }
                return Ok(None);
            };
            let (mut batch, events) = (work.last, work.events);
            published = events.len();
            let written = serde_json::to_value(&outcome)?;
            if let Some(idempotency) = &self.idempotency {
                journal::record(&mut batch, tenant, &idempotency.key, written.to_string());
            }
            journal::leave(&mut batch, tenant, &self.audit_record(written, machine_now), &events);
            batch.run(tx)?;
            Ok(Some(outcome))
        });
        if stored.is_ok() {
            self.app.metrics().events.stored(published);
        }
        match stored {
            Ok(None) => Ok(None),
            Ok(Some(outcome)) => answer(Ok(outcome)).map(Some),
            Err(stop) => answer(Err(stop)).map(Some),
        }
    }

    pub(super) fn audit_record(&self, outcome: serde_json::Value, now: Instant) -> AuditRecord {
        AuditRecord {
            id: self.app.ambient.id::<()>(now).uuid(),
            operation: self.operation,
            actor: self.viewer.key_id.to_string(),
            request_id: self.request_id.to_owned(),
            outcome,
            created_at: now,
        }
    }

    fn work<'w, 'c>(&'w self, tx: &'w mut Tx<'c>, machine_now: Instant) -> Result<Work<'w, 'c>, Fault> {
        let (app, scope, tenant) = (self.app, self.viewer.scope(), self.viewer.tenant_id);
        let time = self.time(tx, machine_now)?;
        Ok(Work {
            tx,
            tenant,
            scope,
            now: time.now,
            machine_now,
            last: Batch::default(),
            time,
            app,
            events: Vec::new(),
        })
    }

    /// The tenant's time. Another request may have advanced the clock since this one came. A live tenant has none to read.
    pub(super) fn time(&self, conn: &mut Conn, machine_now: Instant) -> Result<Time, Fault> {
        match self.viewer.mode {
            TenantMode::Live => Ok(Time::running(machine_now)),
            TenantMode::Test => self.app.time_of(conn, self.viewer.tenant_id),
        }
    }

    /// Takes the key, if there is one, or stops as [`Self::replay`] does.
    fn claim(&self, tx: &mut Tx<'_>, now: Instant) -> Result<(), Stop> {
        let Some(Idempotency { key, fingerprint }) = &self.idempotency else { return Ok(()) };
        if journal::claim(tx, self.viewer.tenant_id, key, fingerprint, now)? {
            return Ok(());
        }
        self.replay(tx)?;
        Err(Fault::LostRace.into())
    }

    /// Stops where the key was used: with what was answered under it, or with a refusal where the arguments were others.
    pub(super) fn replay(&self, conn: &mut Conn) -> Result<(), Stop> {
        let Some(Idempotency { key, fingerprint }) = &self.idempotency else { return Ok(()) };
        match journal::recorded(conn, self.viewer.tenant_id, key)? {
            None => Ok(()),
            Some(recorded) if recorded.fingerprint == fingerprint => Err(Stop::Replay(recorded.outcome)),
            Some(_) => {
                let message =
                    "This idempotency key was used for another mutation or with other arguments: use a new key.";
                Err(Refusal::new(ErrorCode::IdempotencyKeyReused, message).into())
            }
        }
    }

    /// Runs a use case to see what it would answer: whatever it does is taken back.
    pub fn try_out<T>(
        &self,
        mut decide: impl FnMut(&mut Work<'_, '_>) -> Result<T, Stop>,
    ) -> Result<Result<T, Vec<Refusal>>, Fault> {
        let tried = self.app.db.write(|tx| {
            let mut work = self.work(tx, self.app.ambient.now())?;
            Err::<(), _>(match decide(&mut work) {
                Ok(answer) => Tried::Answered(answer),
                Err(stop) => Tried::Stopped(stop),
            })
        });
        match tried {
            Err(Tried::Answered(answer)) => Ok(Ok(answer)),
            Err(Tried::Stopped(Stop::Refused { refusals, .. })) => Ok(Err(refusals)),
            Err(Tried::Stopped(Stop::Failed(fault))) => Err(fault),
            Err(Tried::Stopped(Stop::Replay(_))) | Ok(()) => Ok(Err(Vec::new())),
        }
    }
}

impl App {
    /// Runs a use case that nobody asked for, such as a part of the billing run: one transaction with its events. It may
    /// run more than once, where somebody else was faster. It happens at `now`, which is never before the tenant's own
    /// time.
    pub(super) fn work_for<T>(
        &self,
        tenant: Id<Tenant>,
        now: Instant,
        mut decide: impl FnMut(&mut Work<'_, '_>) -> Result<T, Stop>,
    ) -> Result<T, Stop> {
        let mut published = 0;
        let done = self.db.write(|tx| {
            let time = self.time_of(tx, tenant)?.not_before(now);
            let (scope, machine_now) = (Scope::Admin, self.ambient.now());
            let last = Batch::default();
            let mut work =
                Work { tx, tenant, scope, now: time.now, machine_now, last, time, app: self, events: Vec::new() };
            let done = decide(&mut work)?;
            let (mut batch, events) = (work.last, work.events);
            journal::publish(&mut batch, tenant, &events);
            batch.run(tx)?;
            published = events.len();
            Ok::<_, Stop>(done)
        })?;
        self.metrics().events.stored(published);
        Ok(done)
    }
}

/// What a use case answers that ended so.
pub(super) fn answer<T: DeserializeOwned>(stored: Result<T, Stop>) -> Result<Answer<T>, Fault> {
    match stored {
        Ok(outcome) => Ok(Answer { outcome: Some(outcome), refusals: Vec::new(), replayed: false }),
        Err(Stop::Refused { refusals, outcome }) => {
            let outcome = outcome.and_then(|json| serde_json::from_value(json).ok());
            Ok(Answer { outcome, refusals, replayed: false })
        }
        Err(Stop::Replay(outcome)) => {
            let outcome = serde_json::from_str(&outcome).map_err(|error| Fault::Database(error.to_string()))?;
            Ok(Answer { outcome: Some(outcome), refusals: Vec::new(), replayed: true })
        }
        Err(Stop::Failed(fault)) => Err(fault),
    }
}
