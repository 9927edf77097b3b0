//! The test gateway behind a gate: its answers can be held back, and its reversals can be made to fail.

use super::TestApp;
use super::program::PATIENCE;
use perennial::app::payment_gateway::{Letter, Unread};
use perennial::app::{PaymentGateway, TestGateway};
use perennial::domain::Id;
use perennial::domain::gateway::{Attachment, Gateway, NewCard, Notice, Refund, RefundOutcome};
use perennial::domain::payment::{Charge, ChargeOutcome, Reversal};
use perennial::domain::tenant::Tenant;
use std::collections::BTreeSet;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};

pub struct Gate {
    gateway: Arc<TestGateway>,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// Those who want to hold a charge back, and have none yet.
    wanted: BTreeSet<usize>,
    /// Those who hold one back.
    held: BTreeSet<usize>,
    /// How many there were.
    count: usize,
    reversals_fail: bool,
}

impl Gate {
    pub fn new(gateway: Arc<TestGateway>) -> Self {
        Gate { gateway, state: Mutex::default(), changed: Condvar::new() }
    }

    /// From now on reversals fail, or do not.
    pub fn reversals_fail(&self, fail: bool) {
        self.state().reversals_fail = fail;
    }

    /// Holds the answer to the next charge back, until this value is dropped.
    pub fn hold(&self) -> Hold<'_> {
        let mut state = self.state();
        state.count += 1;
        let number = state.count;
        state.wanted.insert(number);
        Hold { gate: self, number }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

/// A charge whose answer is held back.
pub struct Hold<'g> {
    gate: &'g Gate,
    number: usize,
}

impl Hold<'_> {
    /// Waits until the charge was made.
    #[track_caller]
    pub fn wait(&self) {
        let made = |state: &mut State| !state.held.contains(&self.number);
        let (state, waited) = self.gate.changed.wait_timeout_while(self.gate.state(), PATIENCE, made).unwrap();
        drop(state);
        assert!(!waited.timed_out(), "nothing was charged");
    }
}

impl Drop for Hold<'_> {
    fn drop(&mut self) {
        let mut state = self.gate.state();
        state.wanted.remove(&self.number);
        state.held.remove(&self.number);
        self.gate.changed.notify_all();
    }
}

impl PaymentGateway for Gate {
    fn name(&self) -> Gateway {
        self.gateway.name()
    }

    /// What is held back was charged already: the answer is late.
    fn charge(&self, charge: &Charge) -> ChargeOutcome {
        let outcome = self.gateway.charge(charge);
        let mut state = self.state();
        if let Some(number) = state.wanted.pop_first() {
            state.held.insert(number);
            self.changed.notify_all();
            drop(self.changed.wait_while(state, |state| state.held.contains(&number)).unwrap());
        }
        outcome
    }

    fn reverse(&self, charge: &Charge) -> Reversal {
        if self.state().reversals_fail {
            return Reversal::Failed { code: "connection_lost".to_owned() };
        }
        self.gateway.reverse(charge)
    }

    fn refund(&self, refund: &Refund) -> RefundOutcome {
        self.gateway.refund(refund)
    }

    fn attach(&self, card: &NewCard) -> Attachment {
        self.gateway.attach(card)
    }

    fn read_notice(&self, letter: &Letter<'_>) -> Result<Option<(Id<Tenant>, Notice)>, Unread> {
        self.gateway.read_notice(letter)
    }
}

impl TestApp {
    /// Runs `pay` in so many threads, each of which charges somebody: all are charged before the first one hears of it.
    pub fn paying_together<T: Send>(&self, count: usize, pay: impl Fn(usize) -> T + Sync) -> Vec<T> {
        std::thread::scope(|scope| {
            let (holds, pay): (Vec<_>, _) = ((0..count).map(|_| self.gate.hold()).collect(), &pay);
            let paying: Vec<_> = (0..count).map(|index| scope.spawn(move || pay(index))).collect();
            holds.iter().for_each(Hold::wait);
            drop(holds);
            paying.into_iter().map(|thread| thread.join().unwrap()).collect()
        })
    }

    /// Runs `pay`, and `act` when its charge was made and before it hears of that; answers what `pay` did.
    pub fn while_paying<T: Send>(&self, pay: impl FnOnce() -> T + Send, act: impl FnOnce()) -> T {
        std::thread::scope(|scope| {
            let hold = self.gate.hold();
            let paying = scope.spawn(pay);
            hold.wait();
            act();
            drop(hold);
            paying.join().unwrap()
        })
    }
}
