//! What was read of one tenant, as long as somebody listens to it.

use crate::domain::event::{Event, Position};
use crate::repository::event::{News, Wanted};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::task::Waker;
use std::time::{Duration, Instant};

/// How many events are kept: whoever is farther behind reads for itself.
const KEPT: usize = 1_000;
/// How soon somebody looks again at what waits for transactions that are not over: first, and at last.
const SOONEST: Duration = Duration::from_millis(5);
const LATEST: Duration = Duration::from_millis(250);

pub struct Channel {
    pub listeners: usize,
    /// Whom to wake when there is something new, by their numbers.
    pub wakers: HashMap<u64, Waker>,
    /// When to look for something new; at once, where there is none.
    pub look_at: Option<Instant>,
    /// Since when there is something new that was not read yet, as far as it was told.
    told_at: Option<Instant>,
    /// What was read last, oldest first.
    recent: VecDeque<Arc<Event>>,
    /// Behind this position, everything up to `head` is among that.
    from: Position,
    head: Position,
    /// How long ago it was looked for what is not settled.
    patience: Duration,
}

/// What there is behind a position.
pub enum Found {
    Event(Arc<Event>),
    Nothing {
        upto: Position,
    },
    /// It is not kept any more.
    Behind,
}

impl Channel {
    /// One that begins behind a position.
    pub fn new(head: Position) -> Self {
        let (wakers, recent, look_at) = (HashMap::new(), VecDeque::new(), None);
        Channel { listeners: 0, wakers, look_at, told_at: None, recent, from: head, head, patience: SOONEST }
    }

    pub fn head(&self) -> Position {
        self.head
    }

    /// The first event behind a position that is wanted.
    pub fn find(&self, at: Position, wanted: &Wanted) -> Found {
        if at < self.from {
            return Found::Behind;
        }
        let first = self.recent.partition_point(|event| event.position <= at);
        match self.recent.range(first..).find(|event| wanted.holds_of(event)) {
            Some(event) => Found::Event(event.clone()),
            None => Found::Nothing { upto: at.max(self.head) },
        }
    }

    /// There is something new.
    pub fn told(&mut self, now: Instant) {
        self.look_at = None;
        self.told_at.get_or_insert(now);
    }

    /// Takes in what was read behind `after`, and says when to look again. Answers how long that had waited, where it was
    /// told of.
    pub fn take(&mut self, after: Position, news: News, now: Instant, pace: Duration) -> Option<Duration> {
        // A channel that was left and begun anew meanwhile has nothing to do with it.
        if after != self.head {
            return None;
        }
        let (heard, waits) = (!news.events.is_empty(), news.unsettled);
        self.recent.extend(news.events.into_iter().map(Arc::new));
        self.head = news.upto;
        while self.recent.len() > KEPT
            && let Some(oldest) = self.recent.pop_front()
        {
            self.from = oldest.position;
        }
        let wait = match (news.more, news.unsettled) {
            (true, _) => Duration::ZERO,
            (false, true) => self.patience,
            (false, false) => pace,
        };
        self.patience = if news.unsettled && !heard { (self.patience * 2).min(LATEST) } else { SOONEST };
        // Whoever stored something since this was read has set it to none: it stays so.
        if let Some(look_at) = &mut self.look_at {
            *look_at = now + wait;
        }
        if !heard {
            // Somebody looked before it was told: then nothing has waited.
            self.told_at = self.told_at.filter(|_| waits);
            return None;
        }
        self.wake_listeners();
        self.told_at.take().map(|told_at| now.duration_since(told_at))
    }

    pub fn wake_listeners(&mut self) {
        self.wakers.drain().for_each(|(_, waker)| waker.wake());
    }
}
