//! The engine: from a start and a rhythm to half-open periods that follow one another without a gap.

use super::grid::Grid;
use super::settings::Interval;
use crate::domain::calendar::day_of;
use crate::domain::period::{Period, Proration, ProrationUnit};
use crate::domain::{Date, Instant, Zone};
use chrono::{Datelike, Month, TimeDelta};

/// The boundaries at which periods may begin and end, and how many steps a period has. It knows no start.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rhythm {
    pub grid: Grid,
    /// The steps of a period.
    pub count: Interval,
    pub first: FirstBoundary,
    /// When a start is on a boundary: anywhere on its day, or at its very moment.
    pub unit: ProrationUnit,
}

/// Where the first period ends. A start on a boundary begins a full period.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FirstBoundary {
    /// At the next boundary, however many steps a period has. Only a boundary in one of these months begins a period.
    NextAnchor(MonthSet),
    /// A full period after the last boundary: a start between two boundaries cuts the beginning of a full period off.
    Natural,
}

/// Some months of the year, at least one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MonthSet(u16);

impl MonthSet {
    pub const ALL: MonthSet = MonthSet(0xfff);

    /// The months that are reached from `base` within a year, every `interval` months (`billwerk.md` §3.1). Where the
    /// interval divides the year, these are the same months whichever of them is the base.
    pub fn every(interval: Interval, base: Month) -> Self {
        let base = base.number_from_month();
        let reached = (0..12).step_by(interval.into()).map(|months: u32| (base - 1 + months) % 12);
        MonthSet(reached.fold(0, |all, month| all | (1 << month)))
    }

    pub fn contains(self, day: Date) -> bool {
        self.0 & (1 << day.month0()) != 0
    }
}

/// When a schedule is over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum End {
    /// At this moment, which cuts the period that is running then.
    At(Instant),
    /// With the period that is running then, or that ends just then: it is the last, and a full one.
    WithPeriod(Instant),
}

/// Periods from a start on, perhaps without an end.
///
/// Periods are numbered from 1. Where a zone skipped a whole day, the period of that day would be empty: there is none,
/// and its number is passed over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Schedule {
    start: Instant,
    zone: Zone,
    grid: Grid,
    count: i64,
    /// The boundary at which the first period ends.
    first_end: i64,
    starts_with_stub: bool,
    end: Option<End>,
    most: Option<u32>,
    /// The number of the last period, 0 where there is none at all. Follows from `end` and `most`.
    last: Option<u32>,
}

/// One period of a schedule.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ScheduledPeriod {
    /// The place in the schedule, from 1.
    pub number: u32,
    pub period: Period,
    /// The full period that it is, or is a part of.
    pub natural: Period,
    /// Whether it is the first, and shorter because the start is on no boundary.
    pub is_stub: bool,
    /// Whether the end of the schedule cuts it.
    pub is_cut: bool,
}

impl ScheduledPeriod {
    /// Whether it is a full period. A full period is billed as a whole, however long its days were.
    pub fn is_full(&self) -> bool {
        !self.is_stub && !self.is_cut
    }
}

impl Schedule {
    /// The schedule of a rhythm from a start on, without an end.
    pub fn new(start: Instant, zone: Zone, rhythm: Rhythm) -> Self {
        let Rhythm { grid, count, first, unit } = rhythm;
        let (count, today, by_day) = (i64::from(count), day_of(start, zone), unit == ProrationUnit::Day);
        // The last boundary before the start, or on it. By days, that of today has passed whatever its time.
        let passed = grid.last_by_moment(start, zone);
        let passed = if by_day { passed.max(grid.last_by_day(today)) } else { passed };
        let on_boundary = grid.moment(passed, zone) == Some(start) || by_day && grid.day(passed) == Some(today);
        let (first_end, starts_with_stub) = match first {
            FirstBoundary::Natural => (passed + count, !on_boundary),
            FirstBoundary::NextAnchor(months) => {
                let begins = |boundary: &i64| grid.day(*boundary).is_none_or(|day| months.contains(day));
                if on_boundary && begins(&passed) {
                    (passed + count, false)
                } else {
                    ((passed + 1..=passed + 12).find(begins).unwrap_or(passed + 1), true)
                }
            }
        };
        Schedule { start, zone, grid, count, first_end, starts_with_stub, end: None, most: None, last: None }
    }

    /// The same schedule with an end.
    pub fn ending(self, end: Option<End>) -> Self {
        Schedule { end, ..self }.find_last()
    }

    /// The same schedule with at most so many periods, a partial first one counted.
    pub fn at_most(self, most: Option<u32>) -> Self {
        Schedule { most, ..self }.find_last()
    }

    /// The same schedule from its first full period on.
    pub fn without_stub(self) -> Self {
        match self.grid.moment(self.first_end, self.zone) {
            Some(start) if self.starts_with_stub => {
                let first_end = self.first_end + self.count;
                Schedule { start, first_end, starts_with_stub: false, ..self }.find_last()
            }
            _ => self,
        }
    }

    pub fn start(&self) -> Instant {
        self.start
    }

    /// All periods.
    pub fn periods(&self) -> Periods {
        self.periods_from(1)
    }

    /// The periods from a number on, without walking there.
    pub fn periods_from(&self, number: u32) -> Periods {
        let number = number.max(1);
        Periods { schedule: *self, number, start: self.end_of(number - 1) }
    }

    /// The periods from the one on that is running at `moment`; all where it lies before the start.
    pub fn periods_since(&self, moment: Instant) -> Periods {
        self.periods_from(self.number_at(moment))
    }

    /// The period with this number.
    pub fn period(&self, number: u32) -> Option<ScheduledPeriod> {
        self.periods_from(number).next().filter(|found| found.number == number)
    }

    /// The period that is running at `now`.
    pub fn period_at(&self, now: Instant) -> Option<ScheduledPeriod> {
        self.period(self.number_at(now)).filter(|found| found.period.contains(now))
    }

    /// When the last period is over: none where there is no last one, the start where there is no period at all.
    pub fn ends_at(&self) -> Option<Instant> {
        match self.last? {
            0 => Some(self.start),
            last => self.end_of(last).map(|end| self.cut(end)),
        }
    }

    /// How much of a full period a period is. Only a partial one is less than a whole.
    pub fn proration(&self, of: &ScheduledPeriod, unit: ProrationUnit) -> Proration {
        let part = if of.is_full() { of.natural } else { of.period };
        proration(part, of.natural, unit, self.zone)
    }

    fn find_last(self) -> Self {
        let by_end = self.end.map(|end| match end {
            End::At(end) | End::WithPeriod(end) if end <= self.start => 0,
            // What is running just before it.
            End::At(end) | End::WithPeriod(end) => self.number_at(end - TimeDelta::nanoseconds(1)),
        });
        Schedule { last: [by_end, self.most].into_iter().flatten().min(), ..self }
    }

    /// The number of the period that would be running at a moment, were there no end; the first before the start.
    fn number_at(&self, moment: Instant) -> u32 {
        let passed = self.grid.last_by_moment(moment.max(self.start), self.zone) - self.first_end;
        u32::try_from(passed.div_euclid(self.count) + 2).unwrap_or(1).max(1)
    }

    /// Where a period ends, unless it is cut; for number 0, where the first one starts.
    fn end_of(&self, number: u32) -> Option<Instant> {
        match number {
            0 => Some(self.start),
            _ => self.grid.moment(self.first_end + (i64::from(number) - 1) * self.count, self.zone),
        }
    }

    fn cut(&self, end: Instant) -> Instant {
        match self.end {
            Some(End::At(at)) => end.min(at),
            _ => end,
        }
    }

    fn between(&self, number: u32, start: Instant, end: Instant) -> ScheduledPeriod {
        let natural_start =
            if number == 1 { self.grid.moment(self.first_end - self.count, self.zone).unwrap_or(start) } else { start };
        let cut = self.cut(end);
        ScheduledPeriod {
            number,
            period: Period { start, end: cut },
            natural: Period { start: natural_start, end },
            is_stub: number == 1 && self.starts_with_stub,
            is_cut: cut < end,
        }
    }
}

/// The periods of a schedule, one after another.
#[derive(Clone, Debug)]
pub struct Periods {
    schedule: Schedule,
    number: u32,
    /// Where the next one starts; none when there is no next one.
    start: Option<Instant>,
}

impl Iterator for Periods {
    type Item = ScheduledPeriod;

    fn next(&mut self) -> Option<ScheduledPeriod> {
        loop {
            let (number, start) = (self.number, self.start?);
            if self.schedule.last.is_some_and(|last| last < number) {
                return None;
            }
            let end = self.schedule.end_of(number);
            self.start = end;
            self.number = number.checked_add(1)?;
            if start < end? {
                return Some(self.schedule.between(number, start, end?));
            }
        }
    }
}

/// How much of a full period a part of it is (`decisions.md` 14): days in the zone, the day of its start counted in full
/// and that of its end not at all; or seconds. Parts that follow one another add up.
pub fn proration(part: Period, natural: Period, unit: ProrationUnit, zone: Zone) -> Proration {
    let length = |of: Period| match unit {
        ProrationUnit::Day => (day_of(of.end, zone) - day_of(of.start, zone)).num_days(),
        ProrationUnit::Second => of.end.timestamp() - of.start.timestamp(),
    };
    let denominator = length(natural).max(1);
    Proration { numerator: length(part).clamp(0, denominator), denominator, unit }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::billing_group::BillingDay;
    use crate::domain::period::BillingPeriod;

    fn moment(text: &str) -> Instant {
        text.parse().unwrap()
    }

    fn schedule(start: &str, zone: &str, grid: Grid, unit: ProrationUnit) -> Schedule {
        let first = FirstBoundary::NextAnchor(MonthSet::ALL);
        Schedule::new(moment(start), zone.parse().unwrap(), Rhythm { grid, count: Interval::ONE, first, unit })
    }

    /// Samoa skipped 30 December 2011.
    #[test]
    fn a_skipped_day_has_a_number_and_no_period() {
        let days =
            schedule("2011-12-28T10:00:00Z", "Pacific/Apia", Grid::calendar(BillingPeriod::Day), ProrationUnit::Second);
        assert_eq!(days.periods().take(4).map(|found| found.number).collect::<Vec<_>>(), [1, 2, 4, 5]);
        assert_eq!(days.period(3), None);
        assert_eq!(days.period_at(moment("2011-12-30T10:00:00Z")), days.period(4));
        assert_eq!(days.at_most(Some(3)).periods().count(), 2);
        assert_eq!(days.at_most(Some(3)).ends_at(), Some(moment("2011-12-30T10:00:00Z")));
    }

    /// In Newfoundland the clocks went back from 00:01 to 23:01 of the day before: midnight had passed already when
    /// they showed 23:30 for the second time.
    #[test]
    fn a_midnight_that_has_passed_does_not_come_again() {
        let (zone, late) = ("America/St_Johns", "2006-10-29T03:00:00Z");
        let days = schedule("2006-10-28T02:30:00Z", zone, Grid::calendar(BillingPeriod::Day), ProrationUnit::Day);
        let midnights = [moment("2006-10-29T02:30:00Z"), moment("2006-10-30T03:30:00Z")];
        let found = days.period_at(moment(late)).unwrap();
        assert_eq!((found.number, [found.period.start, found.period.end]), (2, midnights));

        let months = Grid::monthly(BillingDay::try_new(28).unwrap());
        let from_28th = schedule(late, zone, months, ProrationUnit::Day);
        assert!(!from_28th.period(1).unwrap().is_stub, "the clocks show the 28th");
        let from_29th = schedule(
            late,
            zone,
            Grid::from_day("2006-09-29".parse().unwrap(), BillingPeriod::Month),
            ProrationUnit::Day,
        );
        let first = from_29th.period(1).unwrap();
        assert_eq!(first.period, Period { start: moment(late), end: moment("2006-11-29T03:30:00Z") });
        assert_eq!(first.natural.start, midnights[0]);
        assert!(from_29th.proration(&first, ProrationUnit::Day).is_whole(), "no more than a whole");
    }

    #[test]
    fn what_ends_before_it_starts_has_no_period() {
        let months = schedule("2025-01-10T00:00:00Z", "UTC", Grid::calendar(BillingPeriod::Month), ProrationUnit::Day);
        for moment in [moment("2024-12-31T00:00:00Z"), months.start()] {
            for end in [End::At(moment), End::WithPeriod(moment)] {
                let over = months.ending(Some(end));
                assert_eq!((over.periods().next(), over.ends_at()), (None, Some(months.start())), "{end:?}");
            }
        }
        assert_eq!(months.at_most(Some(0)).ends_at(), Some(months.start()));
        assert_eq!(months.ends_at(), None);
    }

    #[test]
    fn months_in_which_a_period_begins() {
        for (interval, base, months) in [
            (1, Month::May, vec![1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]),
            (3, Month::January, vec![1, 4, 7, 10]),
            (3, Month::December, vec![3, 6, 9, 12]),
            (5, Month::January, vec![1, 6, 11]),
            (6, Month::February, vec![2, 8]),
            (12, Month::April, vec![4]),
            (24, Month::April, vec![4]),
        ] {
            let found = MonthSet::every(Interval::try_new(interval).unwrap(), base);
            let first = |month: &u32| found.contains(Date::from_ymd_opt(2025, *month, 1).unwrap());
            assert_eq!((1..=12).filter(first).collect::<Vec<_>>(), months, "every {interval} from {base:?}");
        }
    }
}
