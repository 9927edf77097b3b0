//! What happens, handed to those who listen, as it happens.
//!
//! For each tenant that somebody listens to there is one reader, however many listen: it reads what is new as soon as this
//! program has stored something, or another one has told that it did, and now and then in any case. What it has read is kept
//! for a while. Whoever is behind that, because it goes on where it was or because it is slow, reads for itself until it
//! has caught up, so that nothing is kept for anybody.

mod channel;
mod threads;

use crate::domain::Id;
use crate::domain::event::{Event, Position};
use crate::domain::tenant::Tenant;
use crate::repository::event::{Wanted, news, now};
use crate::repository::{Db, Read};
use channel::{Channel, Found};
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

/// How many events are read at once by whoever catches up.
const PAGE: usize = 100;

/// How often somebody looks who was told nothing.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// For what other programs have stored without telling, and for what was told to nobody.
    pub look: Duration,
    /// For what others tell. More often than that it is told to nobody: what happens meanwhile is told together.
    pub hear: Duration,
}

impl Pace {
    /// Other programs on the same PostgreSQL tell. Those on the same file do not.
    pub fn of(db: &Db) -> Self {
        let look = if db.is_postgres() { Duration::from_secs(5) } else { Duration::from_secs(1) };
        Pace { look, hear: Duration::from_millis(20) }
    }
}

/// The feed of one program.
pub struct Feed(Arc<Shared>);

struct Shared {
    db: Db,
    pace: Pace,
    state: Mutex<State>,
    /// Wakes the thread that reads.
    look: Condvar,
    /// Wakes the thread that tells others.
    tell: Condvar,
}

#[derive(Default)]
struct State {
    channels: HashMap<Id<Tenant>, Channel>,
    /// Whose listeners other programs are to be told of.
    told: BTreeSet<Id<Tenant>>,
    /// The number of the last listener.
    listeners: u64,
    started: bool,
    ended: bool,
}

impl Feed {
    /// For a database. Its threads begin once something is to be told or heard.
    pub fn new(db: Db, pace: Pace) -> Feed {
        let (state, look, tell) = (Mutex::default(), Condvar::new(), Condvar::new());
        let shared = Arc::new(Shared { db: db.clone(), pace, state, look, tell });
        let ears = Arc::downgrade(&shared);
        db.ears.add(Box::new(move |tenant| {
            if let Some(shared) = ears.upgrade() {
                shared.stored(tenant);
            }
        }));
        Feed(shared)
    }

    /// Listens to a tenant: from a position on, or from now. It may wait for the database.
    pub fn listen(&self, tenant: Id<Tenant>, wanted: Wanted, after: Option<Position>) -> Read<Listener> {
        let (now, seen) = self.0.db.read_once(|conn| now(conn, tenant))?;
        let mut state = self.0.state();
        self.0.start(&mut state);
        state.listeners += 1;
        let number = state.listeners;
        let channel = state.channels.entry(tenant).or_insert_with(|| Channel::new(now));
        channel.listeners += 1;
        self.0.db.metrics.events.listeners.inc();
        drop(state);
        self.0.look.notify_one();
        self.0.tell.notify_one();
        let (shared, at, caught) = (self.0.clone(), after.unwrap_or(now), VecDeque::new());
        // Whoever goes on after a position has not heard of it.
        let passed = if after.is_none() { seen.into_iter().collect() } else { BTreeSet::new() };
        Ok(Listener { shared, tenant, wanted, at, number, caught, passed })
    }

    /// Ends what everybody hears, as the program is about to end.
    pub fn end(&self) {
        self.0.end();
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.end();
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that this program has stored something.
    fn stored(self: &Arc<Self>, tenant: Id<Tenant>) {
        let mut state = self.state();
        self.start(&mut state);
        let first = state.told.is_empty();
        state.told.insert(tenant);
        let listened = state.wake(tenant);
        drop(state);
        if first {
            self.tell.notify_one();
        }
        if listened {
            self.look.notify_one();
        }
    }

    fn end(&self) {
        let mut state = self.state();
        state.ended = true;
        state.channels.values_mut().for_each(Channel::wake_listeners);
        drop(state);
        self.look.notify_one();
        self.tell.notify_one();
    }
}

impl State {
    /// Has a tenant looked at, if anybody listens to it.
    fn wake(&mut self, tenant: Id<Tenant>) -> bool {
        let channel = self.channels.get_mut(&tenant);
        channel.map(|channel| channel.told(Instant::now())).is_some()
    }

    fn wake_all(&mut self) {
        self.channels.values_mut().for_each(|channel| channel.look_at = None);
    }
}

/// Somebody who listens. Nothing is lost while it does something else.
pub struct Listener {
    shared: Arc<Shared>,
    tenant: Id<Tenant>,
    wanted: Wanted,
    /// Everything up to here was heard, or not wanted.
    at: Position,
    number: u64,
    /// What was read to catch up, and not heard yet.
    caught: VecDeque<Event>,
    /// What happened before it listened, and comes all the same.
    passed: BTreeSet<Position>,
}

/// What a listener comes upon.
pub enum Step {
    Event(Arc<Event>),
    /// It is behind: [`Listener::catch_up`] comes next.
    Behind,
    /// The program is about to end.
    Ended,
}

impl Listener {
    /// The next step. Where there is none yet, the waker is called once there is. It waits for nothing.
    pub fn poll(&mut self, waker: &Waker) -> Poll<Step> {
        let mut state = self.shared.state();
        if state.ended {
            return Poll::Ready(Step::Ended);
        }
        while let Some(event) = self.caught.pop_front() {
            if !self.passed.remove(&event.position) {
                return Poll::Ready(Step::Event(Arc::new(event)));
            }
        }
        // It is there for as long as anybody listens.
        let Some(channel) = state.channels.get_mut(&self.tenant) else { return Poll::Ready(Step::Ended) };
        loop {
            match channel.find(self.at, &self.wanted) {
                Found::Event(event) => {
                    self.at = event.position;
                    if !self.passed.remove(&event.position) {
                        return Poll::Ready(Step::Event(event));
                    }
                }
                Found::Nothing { upto } => {
                    self.at = upto;
                    channel.wakers.insert(self.number, waker.clone());
                    return Poll::Pending;
                }
                Found::Behind => return Poll::Ready(Step::Behind),
            }
        }
    }

    /// Reads what it is behind with, or a part of that. It waits for the database.
    pub fn catch_up(&mut self) -> Read<()> {
        let (tenant, at, wanted) = (self.tenant, self.at, &self.wanted);
        let found = self.shared.db.read_once(|conn| news(conn, tenant, at, wanted, PAGE))?;
        self.at = found.upto;
        self.caught.extend(found.events);
        Ok(())
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.shared.db.metrics.events.listeners.dec();
        let mut state = self.shared.state();
        let left = state.channels.get_mut(&self.tenant).map(|channel| {
            channel.wakers.remove(&self.number);
            channel.listeners -= 1;
            channel.listeners
        });
        if left == Some(0) {
            state.channels.remove(&self.tenant);
        }
    }
}
