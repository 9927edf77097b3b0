//! Dunning: what follows when an invoice is not paid (`billwerk.md` §9).
//!
//! A charge that fails is first tried again in the grace, once a day. When that is over, or a charge is declined for
//! good, dunning begins: a notice at once, and another after each interval but the last. With each notice after the first
//! the charge is tried again. After the last interval the invoice has failed, and the final action follows.

use super::calendar::later;
use super::choice::choice;
use super::period::{Duration, DurationUnit};
use super::{Instant, Zone};
use chrono::TimeDelta;

/// How a tenant goes about invoices that are not paid.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Policy {
    pub schedule: Schedule,
    /// What becomes of the subscription when the last interval is over.
    pub final_action: DunningFinalAction,
    /// For so long after the first failure no dunning begins.
    pub grace_seconds: i32,
    /// Whether dunning begins at once when a charge is declined for good.
    pub no_grace_on_hard_decline: bool,
}

impl Default for Policy {
    /// What a new tenant starts with.
    fn default() -> Self {
        Policy {
            schedule: Schedule::DEFAULT,
            final_action: DunningFinalAction::None,
            grace_seconds: 0,
            no_grace_on_hard_decline: true,
        }
    }
}

choice! {
    /// What becomes of a subscription when an invoice is still not paid after the last interval of dunning.
    pub enum DunningFinalAction {
        /// It ends.
        End = "END",
        /// It is paused.
        Pause = "PAUSE",
        /// It goes on.
        None = "NONE",
    }
}

/// The most intervals, and the most days of each.
const MOST_INTERVALS: usize = 10;
const MOST_DAYS: i32 = 60;

/// The days between the steps of dunning: 1 to 10 intervals of 1 to 60 days.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Schedule {
    /// 0 behind the last one.
    days: [u8; MOST_INTERVALS],
}

/// Numbers that are no schedule.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("A schedule has between 1 and {MOST_INTERVALS} intervals, each of 1 to {MOST_DAYS} days.")]
pub struct NotASchedule;

impl Schedule {
    pub const DEFAULT: Schedule = Schedule { days: [3, 5, 7, 0, 0, 0, 0, 0, 0, 0] };

    pub fn try_new(days: &[i32]) -> Result<Schedule, NotASchedule> {
        let mut kept = [0; MOST_INTERVALS];
        if days.is_empty() || days.len() > kept.len() {
            return Err(NotASchedule);
        }
        for (place, given) in kept.iter_mut().zip(days) {
            let known = Some(*given).filter(|days| (1..=MOST_DAYS).contains(days));
            *place = known.and_then(|days| u8::try_from(days).ok()).ok_or(NotASchedule)?;
        }
        Ok(Schedule { days: kept })
    }

    /// The days of each interval.
    pub fn days(self) -> Vec<i32> {
        self.intervals().collect()
    }

    fn intervals(self) -> impl Iterator<Item = i32> {
        self.days.into_iter().take_while(|days| *days > 0).map(i32::from)
    }

    /// The moment at which so many intervals are over that began at `since`, at the same time of day in the zone.
    fn after(self, intervals: usize, since: Instant, zone: Zone) -> Instant {
        let length = self.intervals().take(intervals).sum();
        later(since, Duration { length, unit: DurationUnit::Days }, zone)
    }
}

/// Where an invoice stands that is not paid.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct State {
    /// When it could not be charged for the first time; where it is not charged, when dunning was to begin.
    pub failed_at: Instant,
    /// When the first notice was sent; none before.
    pub started_at: Option<Instant>,
    /// How many notices were sent.
    pub step: usize,
}

impl State {
    /// It has just failed for the first time.
    pub fn failed(now: Instant) -> State {
        State { failed_at: now, started_at: None, step: 0 }
    }

    /// The next notice has been sent.
    pub fn noticed(self, now: Instant) -> State {
        State { started_at: self.started_at.or(Some(now)), step: self.step + 1, ..self }
    }
}

/// What comes next. A moment that is over is due at once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Next {
    /// Charge again, before any notice.
    Retry { at: Instant },
    /// Send the notice with this number, from 1; those after the first only where charging again fails, too.
    Notice { number: usize, at: Instant },
    /// The invoice fails, and the final action is done.
    Final { at: Instant },
}

impl Policy {
    /// What follows when a charge has failed at `now`, for good or not; also asked after each notice, and where nothing
    /// can be charged. A subscription may have a grace of its own, which ends the later of the two.
    pub fn after_failure(
        &self,
        state: State,
        hard: bool,
        now: Instant,
        subscription_grace_until: Option<Instant>,
        zone: Zone,
    ) -> Next {
        if let Some(started_at) = state.started_at {
            let at = self.schedule.after(state.step, started_at, zone);
            return if state.step < self.schedule.intervals().count() {
                Next::Notice { number: state.step + 1, at }
            } else {
                Next::Final { at }
            };
        }
        let own = state.failed_at + TimeDelta::seconds(self.grace_seconds.into());
        let grace_until = subscription_grace_until.map_or(own, |until| own.max(until));
        if now >= grace_until || hard && self.no_grace_on_hard_decline {
            return Next::Notice { number: 1, at: now };
        }
        // What is declined for good is not tried again.
        if hard {
            return Next::Notice { number: 1, at: grace_until };
        }
        let tomorrow = later(now, Duration { length: 1, unit: DurationUnit::Days }, zone);
        Next::Retry { at: tomorrow.min(grace_until) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UTC: Zone = Zone::UTC;

    fn at(text: &str) -> Instant {
        text.parse().unwrap()
    }

    fn may(day: u32) -> Instant {
        at(&format!("2025-05-{day:02}T09:00:00Z"))
    }

    fn policy(schedule: &[i32], grace_days: i32, no_grace_on_hard_decline: bool) -> Policy {
        Policy {
            schedule: Schedule::try_new(schedule).unwrap(),
            grace_seconds: grace_days * 86_400,
            no_grace_on_hard_decline,
            ..Policy::default()
        }
    }

    /// Everything that follows a charge which fails each time, softly or for good.
    fn course(policy: &Policy, first: Instant, hard: bool, until: Option<Instant>, zone: Zone) -> Vec<Next> {
        let (mut state, mut now, mut steps) = (State::failed(first), first, Vec::new());
        loop {
            let next = policy.after_failure(state, hard, now, until, zone);
            steps.push(next);
            match next {
                Next::Retry { at } => now = at,
                Next::Notice { at, .. } => (now, state) = (at, state.noticed(at)),
                Next::Final { .. } => return steps,
            }
        }
    }

    fn notice(number: usize, at: Instant) -> Next {
        Next::Notice { number, at }
    }

    /// Dunning with the schedule [3, 7, 7] that begins on a day of May.
    fn dunning_from(day: u32) -> Vec<Next> {
        let (second, third, last) = (may(day + 3), may(day + 10), may(day + 17));
        vec![notice(1, may(day)), notice(2, second), notice(3, third), Next::Final { at: last }]
    }

    /// The documented scenario: dunning and notice 1 on 1 May, notices on 4 and 11 May, the final action on 18 May.
    #[test]
    fn a_notice_at_once_then_after_each_interval_then_the_final_action() {
        let expected = vec![notice(1, may(1)), notice(2, may(4)), notice(3, may(11)), Next::Final { at: may(18) }];
        for hard in [false, true] {
            assert_eq!(course(&policy(&[3, 7, 7], 0, true), may(1), hard, None, UTC), expected, "{hard}");
        }
        assert_eq!(dunning_from(1), expected);
    }

    /// Soft and hard declines, with and without grace, and with a policy that spares hard declines none or some of it.
    #[test]
    fn soft_declines_are_tried_again_in_the_grace_and_hard_ones_are_not() {
        let retries = |days: &[u32]| days.iter().map(|day| Next::Retry { at: may(*day) }).collect::<Vec<_>>();
        for (hard, grace_days, no_grace, before, from) in [
            (false, 0, true, retries(&[]), 1),
            (false, 0, false, retries(&[]), 1),
            (true, 0, true, retries(&[]), 1),
            (true, 0, false, retries(&[]), 1),
            (false, 2, true, retries(&[2, 3]), 3),
            (false, 2, false, retries(&[2, 3]), 3),
            (true, 2, true, retries(&[]), 1),
        ] {
            let course = course(&policy(&[3, 7, 7], grace_days, no_grace), may(1), hard, None, UTC);
            assert_eq!(course, [before, dunning_from(from)].concat(), "{hard} {grace_days} {no_grace}");
        }
        // Without the rule for hard declines the notice waits until the grace is over.
        let course = course(&policy(&[3, 7, 7], 2, false), may(1), true, None, UTC);
        assert_eq!(course, dunning_from(3));
    }

    #[test]
    fn a_decline_for_good_in_the_middle_of_the_grace_ends_it() {
        let state = State::failed(may(1));
        let next = |hard| policy(&[3], 5, true).after_failure(state, hard, may(2), None, UTC);
        assert_eq!((next(false), next(true)), (Next::Retry { at: may(3) }, notice(1, may(2))));
    }

    #[test]
    fn a_grace_ends_with_a_last_try_also_within_a_day() {
        let day = Policy { grace_seconds: 3600, ..policy(&[1], 0, true) };
        let ten = at("2025-05-01T10:00:00Z");
        let expected = [Next::Retry { at: ten }, notice(1, ten), Next::Final { at: at("2025-05-02T10:00:00Z") }];
        assert_eq!(course(&day, may(1), false, None, UTC), expected);
    }

    #[test]
    fn the_later_grace_counts() {
        let until = |day| course(&policy(&[3, 7, 7], 2, true), may(1), false, Some(may(day)), UTC);
        let retries = |days: &[u32]| days.iter().map(|day| Next::Retry { at: may(*day) }).collect::<Vec<_>>();
        assert_eq!(until(2), [retries(&[2, 3]), dunning_from(3)].concat());
        assert_eq!(until(4), [retries(&[2, 3, 4]), dunning_from(4)].concat());
    }

    #[test]
    fn days_are_those_of_the_zone() {
        let berlin = Zone::Europe__Berlin;
        let course = course(&policy(&[2], 0, true), at("2025-03-29T10:00:00Z"), false, None, berlin);
        assert_eq!(course.last(), Some(&Next::Final { at: at("2025-03-31T09:00:00Z") }), "the clocks leapt");
    }

    #[test]
    fn a_schedule_has_some_intervals_of_some_days() {
        assert_eq!(Schedule::DEFAULT.days(), [3, 5, 7]);
        for days in [&[1][..], &[60; 10], &[1, 60]] {
            assert_eq!(Schedule::try_new(days).map(Schedule::days), Ok(days.to_vec()));
        }
        for days in [&[][..], &[0], &[61], &[-1], &[3, 0, 3], &[1; 11], &[i32::MAX]] {
            assert_eq!(Schedule::try_new(days), Err(NotASchedule), "{days:?}");
        }
    }
}
