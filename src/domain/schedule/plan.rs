//! A plan's schedule: the six types of `billwerk.md` §3.1, and the billing periods and cycles of `flexprice.md` §1.4.

use super::engine::{End, FirstBoundary, MonthSet, Rhythm, Schedule};
use super::grid::Grid;
use super::settings::{BillingCycle, Interval, ScheduleSettings, ScheduleType};
use crate::domain::billing_group::BillingDay;
use crate::domain::calendar::local;
use crate::domain::period::{BillingPeriod, ProrationUnit};
use crate::domain::{Instant, Zone};
use chrono::{Month, Weekday};

/// A plan's schedule. Without a start, a zone and an end, which each subscription has for itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PlanSchedule {
    /// No periods at all.
    Manual,
    Daily {
        interval: Interval,
    },
    WeeklyFixedDay {
        interval: Interval,
        weekday: Weekday,
    },
    MonthStartDate {
        interval: Interval,
    },
    /// Where there is a base month, a subscription's first full period begins in that month, or whole intervals away
    /// from it.
    MonthFixedDay {
        interval: Interval,
        day: BillingDay,
        base_month: Option<Month>,
    },
    MonthLastDay {
        interval: Interval,
        base_month: Option<Month>,
    },
    Cycle {
        period: BillingPeriod,
        count: Interval,
        cycle: BillingCycle,
    },
}

impl PlanSchedule {
    /// The periods of a subscription; none where nothing is scheduled.
    ///
    /// `start` is where billing starts: the end of the trial where there is one. Schedules along fixed days or the
    /// calendar keep their boundaries (`decisions.md` 22); the others count from `anchor`, before or after the start,
    /// or from the start where there is none. An anchor has a day and a time, and a start on its day is on it.
    ///
    /// Where partial periods are counted in days, a start anywhere on a fixed day is on it; where they are counted in
    /// seconds, only a start at its first moment.
    pub fn schedule(
        &self,
        start: Instant,
        zone: Zone,
        anchor: Option<Instant>,
        unit: ProrationUnit,
        end: Option<End>,
        most: Option<u32>,
    ) -> Option<Schedule> {
        let (period, count) = self.billing_period()?;
        let fixed = |grid, base: Option<Month>| {
            let months = base.map_or(MonthSet::ALL, |base| MonthSet::every(count, base));
            Rhythm { grid, count, first: FirstBoundary::NextAnchor(months), unit }
        };
        let rhythm = match *self {
            PlanSchedule::WeeklyFixedDay { weekday, .. } => fixed(Grid::weekly(weekday), None),
            PlanSchedule::MonthFixedDay { day, base_month, .. } => fixed(Grid::monthly(day), base_month),
            PlanSchedule::MonthLastDay { base_month, .. } => fixed(Grid::month_ends(), base_month),
            PlanSchedule::Cycle { cycle: BillingCycle::Calendar, .. } => {
                Rhythm { grid: Grid::calendar(period), count, first: FirstBoundary::Natural, unit }
            }
            _ => {
                let grid = Grid::new(local(anchor.unwrap_or(start), zone), period);
                Rhythm { unit: ProrationUnit::Day, ..fixed(grid, None) }
            }
        };
        Some(Schedule::new(start, zone, rhythm).ending(end).at_most(most))
    }

    /// What a full period is, as a price names it; none where nothing is scheduled.
    pub fn billing_period(&self) -> Option<(BillingPeriod, Interval)> {
        match *self {
            PlanSchedule::Manual => None,
            PlanSchedule::Daily { interval } => Some((BillingPeriod::Day, interval)),
            PlanSchedule::WeeklyFixedDay { interval, .. } => Some((BillingPeriod::Week, interval)),
            PlanSchedule::MonthStartDate { interval }
            | PlanSchedule::MonthFixedDay { interval, .. }
            | PlanSchedule::MonthLastDay { interval, .. } => Some((BillingPeriod::Month, interval)),
            PlanSchedule::Cycle { period, count, .. } => Some((period, count)),
        }
    }

    /// Whether periods are counted from an anchor. The others begin on fixed days, or along the calendar.
    pub fn takes_anchor(&self) -> bool {
        use PlanSchedule::{Cycle, Daily, MonthStartDate};
        matches!(self, Daily { .. } | MonthStartDate { .. } | Cycle { cycle: BillingCycle::Anniversary, .. })
    }

    /// The moment one full period after a start, which must not have passed when a subscription is made (error 37,
    /// `billwerk.md` §4.3). A month, where nothing is scheduled.
    pub fn one_period_after(&self, start: Instant, zone: Zone) -> Instant {
        let (period, count) = self.billing_period().unwrap_or((BillingPeriod::Month, Interval::ONE));
        Grid::new(local(start, zone), period).moment(count.into(), zone).unwrap_or(Instant::MAX_UTC)
    }

    /// The settings that describe this schedule, as they are stored.
    pub fn settings(&self) -> ScheduleSettings {
        let settings = |schedule_type, interval: Interval| ScheduleSettings {
            interval: Some(interval.into()),
            ..ScheduleSettings::of(schedule_type)
        };
        match *self {
            PlanSchedule::Manual => ScheduleSettings::of(ScheduleType::Manual),
            PlanSchedule::Daily { interval } => settings(ScheduleType::Daily, interval),
            PlanSchedule::WeeklyFixedDay { interval, weekday } => ScheduleSettings {
                fixed_day: i32::try_from(weekday.number_from_monday()).ok(),
                ..settings(ScheduleType::WeeklyFixedDay, interval)
            },
            PlanSchedule::MonthStartDate { interval } => settings(ScheduleType::MonthStartDate, interval),
            PlanSchedule::MonthFixedDay { interval, day, base_month } => ScheduleSettings {
                fixed_day: Some(day.number().into()),
                base_month: base_month.and_then(number),
                ..settings(ScheduleType::MonthFixedDay, interval)
            },
            PlanSchedule::MonthLastDay { interval, base_month } => ScheduleSettings {
                base_month: base_month.and_then(number),
                ..settings(ScheduleType::MonthLastDay, interval)
            },
            PlanSchedule::Cycle { period, count, cycle } => ScheduleSettings {
                billing_period: Some(period),
                billing_cycle: Some(cycle),
                ..settings(ScheduleType::Period, count)
            },
        }
    }
}

fn number(month: Month) -> Option<i32> {
    i32::try_from(month.number_from_month()).ok()
}
