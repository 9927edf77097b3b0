//! What the domain gets as arguments: the time, new identifiers, secrets. Tests bring their own.

use crate::domain::{Id, Instant};
use chrono::SubsecRound;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use uuid::{ContextV7, Timestamp, Uuid, Variant, Version};

/// Where the time and new identifiers come from.
#[derive(Clone)]
pub struct Ambient {
    clock: Arc<dyn Fn() -> Instant + Send + Sync>,
    ids: Arc<dyn Fn(Instant) -> Uuid + Send + Sync>,
    /// The last tick of [`Ambient::id_at_rest`].
    ticks: Arc<AtomicU64>,
}

impl Ambient {
    /// The machine's clock, and UUIDs of version 7, which sort by the time at which they are made.
    pub fn real() -> Self {
        let context = std::sync::Mutex::new(ContextV7::new());
        #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
        let clock = chrono::Utc::now;
        Ambient::new(clock, move |now| {
            let seconds = u64::try_from(now.timestamp()).unwrap_or_default();
            Uuid::new_v7(Timestamp::from_unix(&context, seconds, now.timestamp_subsec_nanos()))
        })
    }

    pub fn new(
        clock: impl Fn() -> Instant + Send + Sync + 'static,
        ids: impl Fn(Instant) -> Uuid + Send + Sync + 'static,
    ) -> Self {
        Ambient { clock: Arc::new(clock), ids: Arc::new(ids), ticks: Arc::default() }
    }

    /// The time, to the microsecond, which is what the databases keep.
    pub fn now(&self) -> Instant {
        (self.clock)().trunc_subsecs(6)
    }

    /// A new identifier, made at `now`.
    pub fn id<E>(&self, now: Instant) -> Id<E> {
        Id::new((self.ids)(now))
    }

    /// A new identifier, made at a time that stands still for days of the machine's, and may lie years ahead of it. It has
    /// the time to the millisecond, as any other; behind it the machine's to the microsecond, so that what is made later
    /// sorts later, whichever program makes it; and then what makes it unique.
    ///
    /// One source for both kinds would not do: it never goes back, so that all identifiers of the live tenants would have
    /// the time of the farthest clock.
    pub fn id_at_rest<E>(&self, at: Instant) -> Id<E> {
        let machine_now = self.now();
        let micros = u64::try_from(machine_now.timestamp_micros()).unwrap_or_default();
        let next = |last: u64| Some(micros.max(last + 1));
        let last = self.ticks.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next).unwrap_or_else(|last| last);
        let tick = u128::from(micros.max(last + 1)) & LOW_52;
        let millis = u128::try_from(at.timestamp_millis()).unwrap_or_default() & LOW_48;
        let unique = (self.ids)(machine_now).as_u128() & LOW_22;
        // Of the tick 12 bits stand before the variant, and 40 behind it.
        let bits = millis << 80 | tick >> 40 << 64 | (tick & LOW_40) << 22 | unique;
        Id::new(
            uuid::Builder::from_u128(bits).with_version(Version::SortRand).with_variant(Variant::RFC4122).into_uuid(),
        )
    }
}

const LOW_52: u128 = (1 << 52) - 1;
const LOW_48: u128 = (1 << 48) - 1;
const LOW_40: u128 = (1 << 40) - 1;
const LOW_22: u128 = (1 << 22) - 1;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::tenant::Tenant;
    use chrono::TimeDelta;
    use std::collections::BTreeSet;

    fn millis(id: Id<Tenant>) -> i64 {
        i64::try_from(id.uuid().as_u128() >> 80).unwrap()
    }

    #[test]
    fn identifiers_at_rest_sort_by_their_making() {
        let at: Instant = "2031-07-01T08:00:00.123456Z".parse().unwrap();
        let ambient = Ambient::real();
        let made: Vec<Id<Tenant>> = (0..10_000).map(|_| ambient.id_at_rest(at)).collect();
        assert!(made.is_sorted_by(|one, next| one.uuid() < next.uuid()));
        let last = made.last().unwrap().uuid();
        assert_eq!((last.get_version_num(), last.get_variant()), (7, Variant::RFC4122));
        assert!(made.iter().all(|id| millis(*id) == at.timestamp_millis()));
        let next: Id<Tenant> = ambient.id_at_rest(at + TimeDelta::milliseconds(1));
        assert!(last < next.uuid());
        // What a clock of a tenant shows is not the machine's time.
        let now = ambient.now();
        assert!((millis(ambient.id(now)) - now.timestamp_millis()).abs() < 1_000);
    }

    #[test]
    fn identifiers_at_rest_sort_by_their_making_whichever_program_makes_them() {
        let at: Instant = "2031-07-01T08:00:00Z".parse().unwrap();
        let machine = |micros| {
            let now = "2025-01-31T12:00:00Z".parse::<Instant>().unwrap() + TimeDelta::microseconds(micros);
            Ambient::new(move || now, |_| Uuid::max())
        };
        let one = machine(0);
        let first: Vec<Id<Tenant>> = (0..3).map(|_| one.id_at_rest(at)).collect();
        let second: Id<Tenant> = machine(3).id_at_rest(at);
        assert!(first.iter().all(|id| id.uuid() < second.uuid()), "{first:?} {second:?}");
    }

    #[test]
    fn identifiers_at_rest_are_never_the_same() {
        let at: Instant = "2031-07-01T08:00:00Z".parse().unwrap();
        let ambient = Ambient::real();
        let made = std::thread::scope(|scope| {
            let make = || (0..1_000).map(|_| ambient.id_at_rest::<Tenant>(at).uuid()).collect::<Vec<_>>();
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(make)).collect();
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect::<BTreeSet<_>>()
        });
        assert_eq!(made.len(), 4_000);
    }
}
