//! Days, months and zones. Calendar work is done on local dates and times; an instant is where a zone puts them.

use super::period::{Duration, DurationUnit};
use super::{Date, Instant, Zone};
use chrono::{Days, Months, NaiveDateTime, NaiveTime, Offset, TimeDelta, TimeZone, Utc};
use chrono_tz::GapInfo;

/// The first and the last day that clients may name. Far enough for any contract, near enough for any calendar.
pub const FIRST_DAY: Date = Date::from_ymd_opt(1970, 1, 1).expect("a day");
pub const LAST_DAY: Date = Date::from_ymd_opt(2199, 12, 31).expect("a day");

/// The day `months` later: the same day of the month, or the month's last where it has no such day.
/// Counted from the original day each time, so that 31 January leads to 28 February and on to 31 March.
pub fn months_later(day: Date, months: u32) -> Date {
    day.checked_add_months(Months::new(months)).unwrap_or(Date::MAX)
}

/// The moment `by` later, at the same time of day in the zone.
pub fn later(start: Instant, by: Duration, zone: Zone) -> Instant {
    let local = local(start, zone);
    let length = by.length.unsigned_abs();
    let day = match by.unit {
        DurationUnit::Days => local.date().checked_add_days(Days::new(length.into())).unwrap_or(Date::MAX),
        DurationUnit::Months => months_later(local.date(), length),
    };
    first_moment(day.and_time(local.time()), zone)
}

/// What the clocks of a zone show at a moment.
pub fn local(moment: Instant, zone: Zone) -> NaiveDateTime {
    moment.with_timezone(&zone).naive_local()
}

/// The day on which `now` falls in a zone.
pub fn day_of(now: Instant, zone: Zone) -> Date {
    local(now, zone).date()
}

/// The first moment of a day in a zone: midnight, or where the clocks leap over midnight, the moment of the leap.
/// Where midnight happens twice, the first one.
pub fn start_of_day(day: Date, zone: Zone) -> Instant {
    first_moment(day.and_time(NaiveTime::MIN), zone)
}

/// The first moment at which the clocks of a zone show this time or a later one: the first of two where it happens
/// twice, and where the clocks leap over it, the moment of the leap. A later local time is never an earlier moment.
pub fn first_moment(local: NaiveDateTime, zone: Zone) -> Instant {
    if let Some(moment) = zone.from_local_datetime(&local).earliest() {
        return moment.with_timezone(&Utc);
    }
    // The leap begins where the offset before it ends.
    match GapInfo::new(&local, &zone).and_then(|gap| gap.begin) {
        Some((begin, before)) => begin.and_utc() - TimeDelta::seconds(before.fix().local_minus_utc().into()),
        None => local.and_utc(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn date(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn a_day_begins_at_local_midnight() {
        for (day, zone, start) in [
            ("2025-01-31", "UTC", "2025-01-31T00:00:00Z"),
            ("2025-01-31", "Europe/Berlin", "2025-01-30T23:00:00Z"),
            ("2025-07-01", "Europe/Berlin", "2025-06-30T22:00:00Z"),
            ("2025-07-01", "America/Los_Angeles", "2025-07-01T07:00:00Z"),
            // The clocks leapt from 00:00 to 01:00: the day began at 01:00 (UTC-2).
            ("2018-11-04", "America/Sao_Paulo", "2018-11-04T03:00:00Z"),
            // Midnight happened twice: the first one counts.
            ("2024-11-03", "America/Havana", "2024-11-03T04:00:00Z"),
            // Samoa skipped 30 December 2011: its first moment is that of the 31st.
            ("2011-12-30", "Pacific/Apia", "2011-12-30T10:00:00Z"),
            ("2011-12-31", "Pacific/Apia", "2011-12-30T10:00:00Z"),
        ] {
            let zone: Zone = zone.parse().unwrap();
            assert_eq!(start_of_day(date(day), zone), start.parse::<Instant>().unwrap(), "{day} in {zone}");
        }
    }

    #[test]
    fn a_length_of_time_keeps_the_time_of_day() {
        for (start, length, unit, zone, end) in [
            ("2025-04-14T15:30:00Z", 7, DurationUnit::Days, "UTC", "2025-04-21T15:30:00Z"),
            ("2025-03-29T10:00:00Z", 2, DurationUnit::Days, "Europe/Berlin", "2025-03-31T09:00:00Z"),
            ("2025-01-30T23:00:00Z", 1, DurationUnit::Months, "Europe/Berlin", "2025-02-27T23:00:00Z"),
            // 02:30 does not happen on the day of the leap.
            ("2025-03-29T01:30:00Z", 1, DurationUnit::Days, "Europe/Berlin", "2025-03-30T01:00:00Z"),
            // It happens twice half a year later.
            ("2025-10-25T00:30:00Z", 1, DurationUnit::Days, "Europe/Berlin", "2025-10-26T00:30:00Z"),
        ] {
            let later = later(start.parse().unwrap(), Duration { length, unit }, zone.parse().unwrap());
            assert_eq!(later, end.parse::<Instant>().unwrap(), "{length} {unit:?} from {start} in {zone}");
        }
    }

    proptest! {
        /// In any zone, at any time of day: the clocks have reached it then, and had not the moment before. So it is the
        /// first such moment of that day.
        #[test]
        fn the_first_moment_of_a_local_time(
            days in 0u64..60_000,
            seconds in 0u32..86_400,
            zone in 0..chrono_tz::TZ_VARIANTS.len(),
        ) {
            let zone = chrono_tz::TZ_VARIANTS[zone];
            let time = NaiveTime::from_num_seconds_from_midnight_opt(seconds, 0).unwrap();
            let wanted = (FIRST_DAY + Days::new(days)).and_time(time);
            let moment = first_moment(wanted, zone);
            prop_assert!(local(moment, zone) >= wanted);
            prop_assert!(local(moment - TimeDelta::seconds(1), zone) < wanted);
        }

        /// In any zone, a day's start belongs to the day (or, where the day was skipped, to the next), and the moment
        /// before it does not.
        #[test]
        fn the_start_of_a_day_is_its_first_moment(days in 0u64..60_000, zone in 0..chrono_tz::TZ_VARIANTS.len()) {
            let (day, zone) = (FIRST_DAY + Days::new(days), chrono_tz::TZ_VARIANTS[zone]);
            let start = start_of_day(day, zone);
            prop_assert!(day_of(start, zone) >= day);
            prop_assert!(day_of(start - TimeDelta::seconds(1), zone) < day);
        }

        #[test]
        fn months_clamp_to_the_end_of_the_month_and_never_drift(days in 0u64..60_000, months in 0u32..240) {
            use chrono::Datelike;
            let day = FIRST_DAY + Days::new(days);
            let later = months_later(day, months);
            let count = |date: Date| u32::try_from(date.year()).unwrap() * 12 + date.month0();
            prop_assert_eq!(count(later), count(day) + months);
            let last = months_later(later.with_day(1).unwrap(), 1) - Days::new(1);
            prop_assert_eq!(later.day(), day.day().min(last.day()));
        }
    }
}
