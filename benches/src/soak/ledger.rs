//! What the server acknowledged, what it refused, and what was wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// An order that was acknowledged.
#[derive(Clone, Default)]
pub struct Placed {
    pub id: String,
    pub customer: String,
    pub units: usize,
    /// The subscription of each device that was acknowledged.
    pub delivered: BTreeMap<String, String>,
}

#[derive(Default)]
pub struct Ledger {
    /// Answered as it should be.
    pub served: AtomicUsize,
    /// Refused for the time being, with a code that says so; or no answer at all.
    pub unavailable: AtomicUsize,
    /// Said to be an error of ours, although only the database had failed.
    pub internal: AtomicUsize,
    customers: Mutex<BTreeSet<String>>,
    orders: Mutex<Vec<Placed>>,
    complaints: Mutex<Vec<String>>,
    wrong: AtomicUsize,
}

/// More complaints are only counted.
const TOLD: usize = 30;

impl Ledger {
    pub fn customer(&self, id: &str) {
        let is_new = lock(&self.customers).insert(id.to_owned());
        if !is_new {
            self.complain(format!("two customers have the id {id}"));
        }
    }

    pub fn order(&self, placed: Placed) -> usize {
        let mut orders = lock(&self.orders);
        orders.push(placed);
        orders.len() - 1
    }

    pub fn delivered(&self, order: usize, serial: &str, subscription: &str) {
        let before = lock(&self.orders)[order].delivered.insert(serial.to_owned(), subscription.to_owned());
        if before.is_some() {
            self.complain(format!("{serial} was delivered twice"));
        }
    }

    pub fn customers(&self) -> BTreeSet<String> {
        lock(&self.customers).clone()
    }

    pub fn orders(&self) -> Vec<Placed> {
        lock(&self.orders).clone()
    }

    /// One of the orders, as it is known now.
    pub fn any_order(&self, choose: impl FnOnce(usize) -> usize) -> Option<Placed> {
        let orders = lock(&self.orders);
        (!orders.is_empty()).then(|| orders[choose(orders.len())].clone())
    }

    pub fn complain(&self, what: String) {
        self.wrong.fetch_add(1, Ordering::Relaxed);
        let mut complaints = lock(&self.complaints);
        if complaints.len() < TOLD {
            eprintln!("wrong: {what}");
            complaints.push(what);
        }
    }

    pub fn complaints(&self) -> Vec<String> {
        lock(&self.complaints).clone()
    }

    pub fn wrong(&self) -> usize {
        self.wrong.load(Ordering::Relaxed)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Display for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = |count: &AtomicUsize| count.load(Ordering::Relaxed);
        write!(
            f,
            "{} served, {} not available, {} internal errors, {} wrong; {} customers, {} orders",
            of(&self.served),
            of(&self.unavailable),
            of(&self.internal),
            of(&self.wrong),
            lock(&self.customers).len(),
            lock(&self.orders).len()
        )
    }
}
