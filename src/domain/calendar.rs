//! Days, months and zones. Calendar work is done on dates; an instant is a date's first moment in a zone.

use super::{Date, Instant, Zone};
use chrono::{Days, Months, NaiveTime, Offset, TimeDelta, TimeZone, Utc};

/// The first and the last day that clients may name. Far enough for any contract, near enough for any calendar.
pub const FIRST_DAY: Date = Date::from_ymd_opt(1970, 1, 1).expect("a day");
pub const LAST_DAY: Date = Date::from_ymd_opt(2199, 12, 31).expect("a day");

/// The day `months` later: the same day of the month, or the month's last where it has no such day.
/// Counted from the original day each time, so that 31 January leads to 28 February and on to 31 March.
pub fn months_later(day: Date, months: u32) -> Date {
    day.checked_add_months(Months::new(months)).unwrap_or(Date::MAX)
}

/// The day on which `now` falls in a zone.
pub fn day_of(now: Instant, zone: Zone) -> Date {
    now.with_timezone(&zone).date_naive()
}

/// The first moment of a day in a zone: midnight, or where the clocks leap over midnight, the moment of the leap.
/// Where midnight happens twice, the first one.
pub fn start_of_day(day: Date, zone: Zone) -> Instant {
    let midnight = day.and_time(NaiveTime::MIN);
    if let Some(start) = zone.from_local_datetime(&midnight).earliest() {
        return start.with_timezone(&Utc);
    }
    // Midnight is skipped. The offset before the leap places midnight at the leap itself, wherever the clocks leap
    // at midnight; where they leap earlier (a whole day was once skipped), the day after has a start of its own.
    let before = day.checked_sub_days(Days::new(1)).unwrap_or(day).and_time(NaiveTime::MIN);
    let offset = zone.offset_from_utc_datetime(&before).fix();
    let leap = Utc.from_utc_datetime(&midnight) - TimeDelta::seconds(i64::from(offset.local_minus_utc()));
    (0..=26)
        .map(|hours| leap - TimeDelta::hours(26 - hours))
        .find(|moment| day_of(*moment, zone) >= day)
        .map_or(leap, |found| first_moment(found, day, zone))
}

/// The earliest second at or before `found` that already belongs to `day`.
fn first_moment(found: Instant, day: Date, zone: Zone) -> Instant {
    let (mut before, mut after) = (found - TimeDelta::hours(26), found);
    while after - before > TimeDelta::seconds(1) {
        let middle = before + (after - before) / 2;
        let middle = middle - TimeDelta::nanoseconds(i64::from(middle.timestamp_subsec_nanos()));
        if middle <= before {
            break;
        }
        if day_of(middle, zone) >= day { after = middle } else { before = middle }
    }
    after
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

    proptest! {
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
