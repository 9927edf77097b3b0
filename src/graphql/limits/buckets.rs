//! What each key may still ask for. A bucket is full at first, runs empty as its key asks, and fills again with time. What
//! was asked for and not read is given back.

use crate::domain::Id;
use crate::domain::api_key::ApiKey;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Buckets that are looked through for full ones, at least, before there may be more.
const FEW: usize = 1_000;

/// The buckets of all keys, in the memory of this process. Those that are full again are forgotten.
pub struct Buckets {
    capacity: u64,
    /// What comes back within a second.
    rate: u64,
    kept: Mutex<Kept>,
}

struct Kept {
    buckets: HashMap<Id<ApiKey>, Bucket>,
    /// How many there may be before the full ones go.
    most: usize,
}

#[derive(Clone, Copy)]
struct Bucket {
    level: f64,
    at: Instant,
}

/// A bucket that does not hold what was asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Throttled {
    pub available: u64,
    /// Until it does.
    pub wait: Duration,
}

impl Buckets {
    pub fn new(capacity: u64, rate: u64) -> Buckets {
        Buckets { capacity, rate, kept: Mutex::new(Kept { buckets: HashMap::new(), most: FEW }) }
    }

    /// Whether keys are watched at all.
    pub fn watch(&self) -> bool {
        self.capacity > 0
    }

    /// What comes back within a second.
    pub fn rate(&self) -> u64 {
        self.rate
    }

    /// Takes what a request is expected to cost; answers what is left. What costs more than a bucket holds takes a full
    /// one.
    pub fn take(&self, key: Id<ApiKey>, cost: u64, now: Instant) -> Result<u64, Throttled> {
        let cost = number(cost.min(self.capacity));
        let mut kept = self.kept();
        let bucket = self.bucket(&mut kept, key, now);
        if bucket.level < cost {
            let wait = Duration::try_from_secs_f64((cost - bucket.level) / number(self.rate)).unwrap_or(Duration::MAX);
            return Err(Throttled { available: whole(bucket.level), wait });
        }
        bucket.level -= cost;
        Ok(whole(bucket.level))
    }

    /// Gives back what was taken and not needed, or takes what was needed beyond; answers what is left.
    pub fn settle(&self, key: Id<ApiKey>, requested: u64, actual: u64, now: Instant) -> u64 {
        let taken = number(requested.min(self.capacity));
        let mut kept = self.kept();
        let bucket = self.bucket(&mut kept, key, now);
        bucket.level = (bucket.level + taken - number(actual)).clamp(0.0, number(self.capacity));
        whole(bucket.level)
    }

    /// The bucket of a key, as it is by now.
    fn bucket<'k>(&self, kept: &'k mut Kept, key: Id<ApiKey>, now: Instant) -> &'k mut Bucket {
        if kept.buckets.len() >= kept.most && !kept.buckets.contains_key(&key) {
            kept.buckets.retain(|_, bucket| self.filled(*bucket, now).level < number(self.capacity));
            kept.most = kept.buckets.len().saturating_mul(2).max(FEW);
        }
        let full = Bucket { level: number(self.capacity), at: now };
        let bucket = kept.buckets.entry(key).or_insert(full);
        *bucket = self.filled(*bucket, now);
        bucket
    }

    fn filled(&self, bucket: Bucket, now: Instant) -> Bucket {
        let back = now.saturating_duration_since(bucket.at).as_secs_f64() * number(self.rate);
        Bucket { level: (bucket.level + back).min(number(self.capacity)), at: bucket.at.max(now) }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A cost as a level, which has fractions.
fn number(cost: u64) -> f64 {
    u32::try_from(cost).map_or(f64::from(u32::MAX), f64::from)
}

/// A level in whole units of cost.
fn whole(level: f64) -> u64 {
    Duration::try_from_secs_f64(level).map_or(0, |level| level.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn key(number: u128) -> Id<ApiKey> {
        Id::new(Uuid::from_u128(number))
    }

    #[test]
    fn a_bucket_runs_empty_and_fills_again() {
        let (buckets, began) = (Buckets::new(100, 10), Instant::now());
        let at = |seconds: u64| began + Duration::from_secs(seconds);
        assert_eq!(buckets.take(key(1), 60, at(0)), Ok(40));
        let refused = Throttled { available: 40, wait: Duration::from_secs(2) };
        assert_eq!(buckets.take(key(1), 60, at(0)), Err(refused), "nothing was taken by this");
        assert_eq!(buckets.take(key(2), 60, at(0)), Ok(40), "every key has its own");
        assert_eq!(buckets.take(key(1), 60, at(2)), Ok(0));
        assert_eq!(buckets.take(key(1), 100, at(11)), Err(Throttled { available: 90, wait: Duration::from_secs(1) }));
        assert_eq!(buckets.take(key(1), 100, at(1_000)), Ok(0), "it holds no more than it can");
        // A clock that another thread read earlier gives nothing, and takes nothing.
        assert_eq!(buckets.take(key(1), 0, at(900)), Ok(0));
        assert_eq!(buckets.take(key(1), 10, at(1_001)), Ok(0));
    }

    #[test]
    fn what_was_not_read_is_given_back() {
        let (buckets, now) = (Buckets::new(100, 10), Instant::now());
        assert_eq!(buckets.take(key(1), 80, now), Ok(20));
        assert_eq!(buckets.settle(key(1), 80, 30, now), 70);
        assert_eq!(buckets.settle(key(1), 0, 1_000, now), 0, "nobody is left in debt");
        assert_eq!(buckets.settle(key(1), 1_000, 0, now), 100);
        assert_eq!(buckets.take(key(1), 1_000_000, now), Ok(0), "a full one is enough for anything");
    }

    #[test]
    fn full_buckets_are_forgotten() {
        let (buckets, began) = (Buckets::new(100, 10), Instant::now());
        for number in 0..5_000 {
            // One a second: after ten of them the first is full again.
            let now = began + Duration::from_secs(number);
            buckets.take(key(u128::from(number)), 100, now).unwrap();
        }
        assert!(buckets.kept().buckets.len() <= FEW, "{}", buckets.kept().buckets.len());
        // Those that are in use are kept, however many they are.
        for number in 0..5_000 {
            buckets.take(key(number), 100, began + Duration::from_mins(150)).unwrap();
        }
        assert_eq!(buckets.kept().buckets.len(), 5_000);
    }
}
