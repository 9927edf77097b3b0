//! Boundaries in local time, equally far apart, without a beginning or an end.

use crate::domain::billing_group::BillingDay;
use crate::domain::calendar::{FIRST_DAY, day_of, first_moment};
use crate::domain::period::BillingPeriod;
use crate::domain::{Date, Instant, Zone};
use chrono::{Datelike, Days, Months, NaiveDateTime, NaiveTime, Weekday};

/// Boundaries in local time: an anchor, and every whole number of steps before and after it. Each is counted from the
/// anchor, the day clamped to the month's last, so that 31 January is followed by 28 February and 31 March.
///
/// Boundaries are named by their number of steps from the anchor, which has 0. There is none where the calendar has no
/// more years.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Grid {
    anchor: NaiveDateTime,
    step: Step,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Step {
    Days(u8),
    Months(u8),
}

impl From<BillingPeriod> for Step {
    fn from(period: BillingPeriod) -> Self {
        match period {
            BillingPeriod::Day => Step::Days(1),
            BillingPeriod::Week => Step::Days(7),
            BillingPeriod::Month => Step::Months(1),
            BillingPeriod::Quarter => Step::Months(3),
            BillingPeriod::HalfYear => Step::Months(6),
            BillingPeriod::Year => Step::Months(12),
        }
    }
}

impl Grid {
    pub fn new(anchor: NaiveDateTime, step: BillingPeriod) -> Self {
        Grid { anchor, step: step.into() }
    }

    /// The starts of days, of weeks (Monday), of months, of quarters, half-years and years in the calendar.
    pub fn calendar(step: BillingPeriod) -> Self {
        match step {
            BillingPeriod::Week => Grid::weekly(Weekday::Mon),
            _ => Grid::from_day(FIRST_DAY, step),
        }
    }

    /// The start of one day of each week.
    pub fn weekly(weekday: Weekday) -> Self {
        Grid::from_day(FIRST_DAY.week(weekday).first_day(), BillingPeriod::Week)
    }

    /// The start of one day of each month.
    pub fn monthly(day: BillingDay) -> Self {
        Grid::on_day_of_month(day.number())
    }

    /// The start of the last day of each month.
    pub fn month_ends() -> Self {
        Grid::on_day_of_month(31)
    }

    /// The start of a day, and what follows from it.
    pub fn from_day(day: Date, step: BillingPeriod) -> Self {
        Grid::new(day.and_time(NaiveTime::MIN), step)
    }

    fn on_day_of_month(day: u8) -> Self {
        // Of a month with 31 days, so that any day can be remembered.
        Grid::from_day(FIRST_DAY.with_day(day.into()).unwrap_or(FIRST_DAY), BillingPeriod::Month)
    }

    /// The local day of a boundary.
    pub fn day(&self, boundary: i64) -> Option<Date> {
        let anchor = self.anchor.date();
        match self.step {
            Step::Days(step) => {
                let days = boundary.checked_mul(step.into())?;
                let by = Days::new(days.unsigned_abs());
                if days < 0 { anchor.checked_sub_days(by) } else { anchor.checked_add_days(by) }
            }
            Step::Months(step) => {
                let months = boundary.checked_mul(step.into())?;
                let by = Months::new(months.unsigned_abs().try_into().ok()?);
                if months < 0 { anchor.checked_sub_months(by) } else { anchor.checked_add_months(by) }
            }
        }
    }

    /// The moment of a boundary in a zone.
    pub fn moment(&self, boundary: i64, zone: Zone) -> Option<Instant> {
        Some(first_moment(self.day(boundary)?.and_time(self.anchor.time()), zone))
    }

    /// The last boundary on or before a day, at whatever time of that day.
    pub fn last_by_day(&self, day: Date) -> i64 {
        let anchor = self.anchor.date();
        match self.step {
            Step::Days(step) => (day - anchor).num_days().div_euclid(step.into()),
            Step::Months(step) => {
                let boundary = (month_number(day) - month_number(anchor)).div_euclid(step.into());
                let later = self.day(boundary).is_some_and(|found| found > day);
                if later { boundary - 1 } else { boundary }
            }
        }
    }

    /// The first boundary on or after a day.
    pub fn first_from_day(&self, day: Date) -> i64 {
        let last = self.last_by_day(day);
        if self.day(last) == Some(day) { last } else { last + 1 }
    }

    /// The last boundary at or before a moment.
    pub fn last_by_moment(&self, moment: Instant, zone: Zone) -> i64 {
        let mut last = self.last_by_day(day_of(moment, zone));
        if self.moment(last, zone).is_some_and(|found| found > moment) {
            // It comes later on that day.
            last -= 1;
        }
        // Where the clocks went back over midnight, or a day was skipped, the next one may have passed as well.
        while self.moment(last + 1, zone).is_some_and(|found| found <= moment) {
            last += 1;
        }
        last
    }
}

/// Counts the months of all years.
fn month_number(day: Date) -> i64 {
    i64::from(day.year()) * 12 + i64::from(day.month0())
}
