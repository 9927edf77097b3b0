//! Stretches of time that are billed, and how much of a whole one is.

use super::Instant;
use super::choice::choice;

/// A stretch of time, half-open: `[start, end)`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Period {
    pub start: Instant,
    pub end: Instant,
}

impl Period {
    pub fn contains(&self, moment: Instant) -> bool {
        self.start <= moment && moment < self.end
    }
}

choice! {
    /// What a part of a period is counted in.
    pub enum ProrationUnit {
        /// Whole days in the subscription's zone. The day of the start counts in full.
        Day = "DAY",
        /// Seconds, so that the time of day counts, too.
        Second = "SECOND",
    }
}

/// How much of a whole period is billed: exactly `numerator / denominator`, never reduced, so that it can be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Proration {
    pub numerator: i64,
    /// Never zero.
    pub denominator: i64,
    pub unit: ProrationUnit,
}

impl Proration {
    /// Whether the period is billed as a whole.
    pub fn is_whole(&self) -> bool {
        self.numerator == self.denominator
    }
}

choice! {
    /// What billing periods are counted in.
    pub enum BillingPeriod {
        /// A day.
        Day = "DAY",
        /// A week.
        Week = "WEEK",
        /// A month.
        Month = "MONTH",
        /// Three months.
        Quarter = "QUARTER",
        /// Six months.
        HalfYear = "HALF_YEAR",
        /// A year.
        Year = "YEAR",
    }
}

choice! {
    /// What a length of time is counted in.
    pub enum DurationUnit {
        /// Calendar days.
        Days = "DAYS",
        /// Calendar months.
        Months = "MONTHS",
    }
}

/// A length of calendar time: some days, or some months.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Duration {
    /// At least 1.
    pub length: i32,
    pub unit: DurationUnit,
}

/// A number of days or months that is no length of time, or too long a one.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("This lasts between 1 and {} days or months.", Duration::LONGEST)]
pub struct NotADuration;

impl Duration {
    /// The most days, or months.
    pub const LONGEST: i32 = 10_000;

    pub fn try_new(length: i32, unit: DurationUnit) -> Result<Self, NotADuration> {
        if (1..=Self::LONGEST).contains(&length) { Ok(Duration { length, unit }) } else { Err(NotADuration) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_of_time_is_not_nothing() {
        for length in [1, Duration::LONGEST] {
            assert!(Duration::try_new(length, DurationUnit::Days).is_ok(), "{length}");
        }
        for length in [i32::MIN, -1, 0, Duration::LONGEST + 1, i32::MAX] {
            assert_eq!(Duration::try_new(length, DurationUnit::Months), Err(NotADuration), "{length}");
        }
    }
}
