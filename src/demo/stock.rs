//! The devices of the plan that no order has got yet.

use std::collections::{BTreeMap, VecDeque};

/// The free devices of each product, by their places in the plan.
#[derive(Default)]
pub struct Stock(BTreeMap<usize, VecDeque<usize>>);

impl Stock {
    pub fn put(&mut self, product: usize, asset: usize) {
        self.0.entry(product).or_default().push_back(asset);
    }

    /// How many are left of a product.
    pub fn left(&self, product: usize) -> usize {
        self.0.get(&product).map_or(0, VecDeque::len)
    }

    /// Takes the oldest ones out: as many as there are, at most `count`.
    pub fn take(&mut self, product: usize, count: usize) -> Vec<usize> {
        let free = self.0.entry(product).or_default();
        free.drain(..count.min(free.len())).collect()
    }

    /// Leaves the oldest ones to nobody.
    pub fn keep_back(&mut self, product: usize, count: usize) {
        self.take(product, count);
    }

    /// All that is left.
    pub fn rest(self) -> impl Iterator<Item = usize> {
        self.0.into_values().flatten()
    }
}
