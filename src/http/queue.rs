//! How many requests may wait for the database. A thread that may wait is given to a request at a time; those that find
//! none wait in a queue without an end, and each waits longer than the one before. So whoever would have to wait behind too
//! many is told at once to come again.

use super::rejection::Rejection;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Requests that work with the database, or wait for it.
#[derive(Clone)]
pub struct Queue {
    places: Arc<AtomicUsize>,
}

/// A place in the queue, which is free again when this is dropped.
pub struct Place(Arc<AtomicUsize>);

impl Queue {
    /// A queue of so many places, those included that are served.
    pub fn new(places: usize) -> Queue {
        Queue { places: Arc::new(AtomicUsize::new(places)) }
    }

    /// Takes a place. Keep it until the work is done, also where nobody waits for its answer any more.
    pub fn enter(&self) -> Result<Place, Rejection> {
        let one_less = |places: usize| places.checked_sub(1);
        match self.places.fetch_update(Ordering::AcqRel, Ordering::Acquire, one_less) {
            Ok(_) => Ok(Place(self.places.clone())),
            Err(_) => Err(Rejection::busy()),
        }
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
        let queue = Queue::new(2);
        let (first, _second) = (queue.enter().unwrap(), queue.enter().unwrap());
        let refusal = queue.clone().enter().err().unwrap();
        assert_eq!((refusal.status.as_u16(), refusal.code), (503, "SERVICE_UNAVAILABLE"));
        drop(first);
        assert!(queue.enter().is_ok());
    }
}
