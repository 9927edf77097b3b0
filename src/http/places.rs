//! Places for so many at once, such as requests that wait for the database, or sockets. Whoever finds none is told at once to
//! come again, and not left waiting.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

#[derive(Clone)]
pub struct Places {
    free: Arc<AtomicUsize>,
    all: usize,
}

/// A place, which is free again when this is dropped.
pub struct Place(Arc<AtomicUsize>);

impl Places {
    pub fn new(all: usize) -> Places {
        Places { free: Arc::new(AtomicUsize::new(all)), all }
    }

    /// Takes a place, if one is free. Keep it until the work is done, also where nobody waits for its answer any more.
    pub fn take(&self) -> Option<Place> {
        let one_less = |free: usize| free.checked_sub(1);
        let taken = self.free.fetch_update(Ordering::AcqRel, Ordering::Acquire, one_less);
        taken.is_ok().then(|| Place(self.free.clone()))
    }

    /// How many are taken.
    pub fn taken(&self) -> usize {
        self.all - self.free.load(Ordering::Acquire)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_free_again_when_the_work_is_done() {
        let places = Places::new(2);
        let (first, _second) = (places.take().unwrap(), places.clone().take().unwrap());
        assert!(places.take().is_none());
        assert_eq!(places.taken(), 2);
        drop(first);
        assert!(places.take().is_some());
    }
}
