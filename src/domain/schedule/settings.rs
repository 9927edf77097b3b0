//! A plan's schedule as it is typed in and stored: one flat record of settings, of which each type takes some.

use super::plan::PlanSchedule;
use crate::domain::Choice;
use crate::domain::billing_group::BillingDay;
use crate::domain::choice::choice;
use crate::domain::period::BillingPeriod;
use chrono::{Month, Weekday};

choice! {
    /// How a plan's billing periods are laid out.
    pub enum ScheduleType {
        /// Nothing is scheduled: invoices are made by hand.
        Manual = "MANUAL",
        /// Every `interval` days from the start on.
        Daily = "DAILY",
        /// Every `interval` weeks, on the weekday `fixedDay`: 1 is Monday, 7 is Sunday.
        WeeklyFixedDay = "WEEKLY_FIXEDDAY",
        /// Every `interval` months, on the day and at the time of the start.
        MonthStartDate = "MONTH_STARTDATE",
        /// Every `interval` months, on the day `fixedDay` of the month: 1 to 28.
        MonthFixedDay = "MONTH_FIXEDDAY",
        /// Every `interval` months, on the last day of the month.
        MonthLastDay = "MONTH_LASTDAY",
        /// Every `interval` of `billingPeriod`, from the start on or along the calendar, as `billingCycle` says.
        Period = "PERIOD",
    }
}

choice! {
    /// What billing periods are aligned to.
    pub enum BillingCycle {
        /// The start of the subscription, or its billing anchor.
        Anniversary = "ANNIVERSARY",
        /// The calendar: midnight, Monday, or the first day of a month, a quarter, a half-year or a year.
        Calendar = "CALENDAR",
    }
}

choice! {
    /// What is billed where a subscription starts between two fixed days, for the time until the next one.
    pub enum PartialPeriodHandling {
        /// The part of the amount that it is of a full period.
        BillProrated = "BILL_PRORATED",
        /// The whole amount.
        BillFull = "BILL_FULL",
        /// An invoice over nothing.
        BillZeroAmount = "BILL_ZERO_AMOUNT",
        /// Nothing: the first billing period begins on the next fixed day.
        NoBill = "NO_BILL",
    }
}

/// How many of its units a billing period has: 1 to 366.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Interval(u16);

/// A number of days, weeks, months or years that no billing period has.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("An interval lies between 1 and 366.")]
pub struct NotAnInterval;

impl Interval {
    pub const ONE: Interval = Interval(1);

    pub fn try_new(count: i32) -> Result<Self, NotAnInterval> {
        match u16::try_from(count) {
            Ok(count @ 1..=366) => Ok(Interval(count)),
            _ => Err(NotAnInterval),
        }
    }
}

impl From<Interval> for i32 {
    fn from(interval: Interval) -> Self {
        interval.0.into()
    }
}
impl From<Interval> for i64 {
    fn from(interval: Interval) -> Self {
        interval.0.into()
    }
}
impl From<Interval> for usize {
    fn from(interval: Interval) -> Self {
        interval.0.into()
    }
}

/// A schedule as it is typed in and stored.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ScheduleSettings {
    pub schedule_type: ScheduleType,
    /// 1 to 366, 1 where there is none. Not for MANUAL.
    pub interval: Option<i32>,
    /// The weekday of WEEKLY_FIXEDDAY (1 to 7, 1 is Monday), the day of the month of MONTH_FIXEDDAY (1 to 28).
    pub fixed_day: Option<i32>,
    /// A month, 1 to 12, in which a period may begin. For MONTH_FIXEDDAY and MONTH_LASTDAY; any month where there is none.
    pub base_month: Option<i32>,
    /// For PERIOD.
    pub billing_period: Option<BillingPeriod>,
    /// For PERIOD; ANNIVERSARY where there is none.
    pub billing_cycle: Option<BillingCycle>,
}

/// What is wrong with one of the settings.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ScheduleMistake {
    /// The setting's name on the wire.
    pub argument: &'static str,
    pub message: String,
}

impl ScheduleSettings {
    /// Settings of this type that say nothing more.
    pub fn of(schedule_type: ScheduleType) -> Self {
        ScheduleSettings {
            schedule_type,
            interval: None,
            fixed_day: None,
            base_month: None,
            billing_period: None,
            billing_cycle: None,
        }
    }

    /// The schedule that these settings describe, or everything that is wrong with them.
    pub fn read(&self) -> Result<PlanSchedule, Vec<ScheduleMistake>> {
        let mut reading = Reading { schedule_type: self.schedule_type, mistakes: self.superfluous() };
        let interval =
            reading.take("interval", Interval::try_new(self.interval.unwrap_or(1)).map_err(|error| error.to_string()));
        let schedule = match self.schedule_type {
            ScheduleType::Manual => Some(PlanSchedule::Manual),
            ScheduleType::Daily => interval.map(|interval| PlanSchedule::Daily { interval }),
            ScheduleType::MonthStartDate => interval.map(|interval| PlanSchedule::MonthStartDate { interval }),
            ScheduleType::WeeklyFixedDay => {
                let weekday = reading.required("fixedDay", self.fixed_day, weekday);
                interval.zip(weekday).map(|(interval, weekday)| PlanSchedule::WeeklyFixedDay { interval, weekday })
            }
            ScheduleType::MonthFixedDay => {
                let day = reading.required("fixedDay", self.fixed_day, fixed_day);
                let base_month = reading.maybe("baseMonth", self.base_month, month);
                interval.zip(day).zip(base_month).map(|((interval, day), base_month)| PlanSchedule::MonthFixedDay {
                    interval,
                    day,
                    base_month,
                })
            }
            ScheduleType::MonthLastDay => {
                let base_month = reading.maybe("baseMonth", self.base_month, month);
                interval
                    .zip(base_month)
                    .map(|(interval, base_month)| PlanSchedule::MonthLastDay { interval, base_month })
            }
            ScheduleType::Period => {
                let period = reading.required("billingPeriod", self.billing_period, Ok);
                let cycle = self.billing_cycle.unwrap_or(BillingCycle::Anniversary);
                interval.zip(period).map(|(count, period)| PlanSchedule::Cycle { period, count, cycle })
            }
        };
        match schedule {
            Some(schedule) if reading.mistakes.is_empty() => Ok(schedule),
            _ => Err(reading.mistakes),
        }
    }

    /// What is given although this type has no use for it.
    fn superfluous(&self) -> Vec<ScheduleMistake> {
        use ScheduleType::{Manual, MonthFixedDay, MonthLastDay, Period, WeeklyFixedDay};
        let own = self.schedule_type;
        let settings = [
            ("interval", self.interval.is_some(), own != Manual),
            ("fixedDay", self.fixed_day.is_some(), matches!(own, WeeklyFixedDay | MonthFixedDay)),
            ("baseMonth", self.base_month.is_some(), matches!(own, MonthFixedDay | MonthLastDay)),
            ("billingPeriod", self.billing_period.is_some(), own == Period),
            ("billingCycle", self.billing_cycle.is_some(), own == Period),
        ];
        let superfluous = settings.into_iter().filter(|(_, given, taken)| *given && !taken);
        superfluous
            .map(|(argument, ..)| ScheduleMistake {
                argument,
                message: format!("A schedule of the type {} takes no such setting: leave it out.", own.name()),
            })
            .collect()
    }
}

/// Settings that are being read.
struct Reading {
    schedule_type: ScheduleType,
    mistakes: Vec<ScheduleMistake>,
}

impl Reading {
    fn take<T>(&mut self, argument: &'static str, read: Result<T, String>) -> Option<T> {
        read.map_err(|message| self.mistakes.push(ScheduleMistake { argument, message })).ok()
    }

    fn maybe<G, T>(
        &mut self,
        argument: &'static str,
        given: Option<G>,
        read: impl FnOnce(G) -> Result<T, String>,
    ) -> Option<Option<T>> {
        match given {
            None => Some(None),
            Some(given) => self.take(argument, read(given)).map(Some),
        }
    }

    fn required<G, T>(
        &mut self,
        argument: &'static str,
        given: Option<G>,
        read: impl FnOnce(G) -> Result<T, String>,
    ) -> Option<T> {
        let missing = || format!("A schedule of the type {} needs this setting.", self.schedule_type.name());
        let read = given.ok_or_else(missing).and_then(read);
        self.take(argument, read)
    }
}

fn weekday(number: i32) -> Result<Weekday, String> {
    let weekday = u8::try_from(number)
        .ok()
        .and_then(|number| number.checked_sub(1))
        .and_then(|days| Weekday::try_from(days).ok());
    weekday.ok_or_else(|| "A weekday lies between 1 (Monday) and 7 (Sunday).".to_owned())
}

fn fixed_day(number: i32) -> Result<BillingDay, String> {
    BillingDay::try_new(number).map_err(|_| "A fixed day lies between 1 and 28, so that every month has it.".to_owned())
}

fn month(number: i32) -> Result<Month, String> {
    let month = u8::try_from(number).ok().and_then(|number| Month::try_from(number).ok());
    month.ok_or_else(|| "A month lies between 1 and 12.".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mistakes(settings: ScheduleSettings) -> Vec<&'static str> {
        settings.read().err().into_iter().flatten().map(|mistake| mistake.argument).collect()
    }

    #[test]
    fn what_is_wrong_is_said_at_once() {
        use ScheduleType::{Daily, Manual, MonthFixedDay, MonthLastDay, MonthStartDate, Period, WeeklyFixedDay};
        let all = |schedule_type| ScheduleSettings {
            interval: Some(367),
            fixed_day: Some(29),
            base_month: Some(13),
            billing_period: Some(BillingPeriod::Month),
            billing_cycle: Some(BillingCycle::Calendar),
            ..ScheduleSettings::of(schedule_type)
        };
        for (schedule_type, bare, full) in [
            (Manual, vec![], vec!["interval", "fixedDay", "baseMonth", "billingPeriod", "billingCycle", "interval"]),
            (Daily, vec![], vec!["fixedDay", "baseMonth", "billingPeriod", "billingCycle", "interval"]),
            (MonthStartDate, vec![], vec!["fixedDay", "baseMonth", "billingPeriod", "billingCycle", "interval"]),
            (
                WeeklyFixedDay,
                vec!["fixedDay"],
                vec!["baseMonth", "billingPeriod", "billingCycle", "interval", "fixedDay"],
            ),
            (
                MonthFixedDay,
                vec!["fixedDay"],
                vec!["billingPeriod", "billingCycle", "interval", "fixedDay", "baseMonth"],
            ),
            (MonthLastDay, vec![], vec!["fixedDay", "billingPeriod", "billingCycle", "interval", "baseMonth"]),
            (Period, vec!["billingPeriod"], vec!["fixedDay", "baseMonth", "interval"]),
        ] {
            assert_eq!(mistakes(ScheduleSettings::of(schedule_type)), bare, "{schedule_type:?}");
            assert_eq!(mistakes(all(schedule_type)), full, "{schedule_type:?}");
        }
    }

    #[test]
    fn numbers_have_bounds() {
        let weekly = ScheduleSettings { fixed_day: Some(1), ..ScheduleSettings::of(ScheduleType::WeeklyFixedDay) };
        let monthly = ScheduleSettings { fixed_day: Some(1), ..ScheduleSettings::of(ScheduleType::MonthFixedDay) };
        type With<'a> = &'a dyn Fn(Option<i32>) -> ScheduleSettings;
        let cases: [(i32, i32, With); 4] = [
            (1, 366, &|interval| ScheduleSettings { interval, ..weekly }),
            (1, 7, &|fixed_day| ScheduleSettings { fixed_day, ..weekly }),
            (1, 28, &|fixed_day| ScheduleSettings { fixed_day, ..monthly }),
            (1, 12, &|base_month| ScheduleSettings { base_month, ..monthly }),
        ];
        for (least, most, with) in cases {
            let with = |number| with(Some(number));
            for number in [least, most] {
                assert!(with(number).read().is_ok(), "{:?}", with(number));
            }
            for number in [i32::MIN, -1, least - 1, most + 1, 512 + least, 65_536 + least, i32::MAX] {
                assert_eq!(with(number).read().map_err(|mistakes| mistakes.len()), Err(1), "{:?}", with(number));
            }
        }
    }
}
