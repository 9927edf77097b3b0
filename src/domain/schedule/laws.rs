//! What holds for any schedule, in any zone, in any year.

use super::*;
use crate::domain::billing_group::BillingDay;
use crate::domain::calendar::{FIRST_DAY, day_of, first_moment, local};
use crate::domain::period::{BillingPeriod, Period, ProrationUnit};
use crate::domain::{Choice, Instant, Zone};
use chrono::{Datelike, Days, Month, TimeDelta, Weekday};
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

/// So many periods are looked at.
const SOME: usize = 40;

fn any_zone() -> impl Strategy<Value = Zone> {
    select(&chrono_tz::TZ_VARIANTS[..])
}

/// Mostly of the beginning of a day in the zone, or close to it, where most goes wrong.
fn any_moment() -> impl Strategy<Value = (Instant, Zone)> {
    (any_zone(), 0u64..60_000, prop_oneof![Just(0), -7_200i64..7_200, 0i64..86_400]).prop_map(
        |(zone, days, seconds)| {
            let day = (FIRST_DAY + Days::new(days)).and_hms_opt(0, 0, 0).unwrap();
            (first_moment(day, zone) + TimeDelta::seconds(seconds), zone)
        },
    )
}

fn any_interval() -> impl Strategy<Value = Interval> {
    prop_oneof![1i32..=3, 1i32..=24, 1i32..=366].prop_map(|count| Interval::try_new(count).unwrap())
}

fn any_plan() -> impl Strategy<Value = PlanSchedule> {
    let settings = (
        select(ScheduleType::ALL).prop_filter("scheduled", |choice| choice.0 != ScheduleType::Manual),
        any_interval(),
        1i32..=28,
        of(1i32..=12),
        select(BillingPeriod::ALL),
        select(BillingCycle::ALL),
    );
    settings.prop_map(|(schedule_type, interval, day, base_month, period, cycle)| {
        let bare = ScheduleSettings { interval: Some(interval.into()), ..ScheduleSettings::of(schedule_type.0) };
        let settings = match schedule_type.0 {
            ScheduleType::WeeklyFixedDay => ScheduleSettings { fixed_day: Some(day % 7 + 1), ..bare },
            ScheduleType::MonthFixedDay => ScheduleSettings { fixed_day: Some(day), base_month, ..bare },
            ScheduleType::MonthLastDay => ScheduleSettings { base_month, ..bare },
            ScheduleType::Period => {
                ScheduleSettings { billing_period: Some(period.0), billing_cycle: Some(cycle.0), ..bare }
            }
            _ => bare,
        };
        settings.read().unwrap()
    })
}

prop_compose! {
    fn any_terms()(
        plan in any_plan(),
        (start, zone) in any_moment(),
        anchor in of(-100_000_000i64..100_000_000),
        unit in select(ProrationUnit::ALL),
    ) -> (PlanSchedule, Instant, Zone, Option<Instant>, ProrationUnit) {
        (plan, start, zone, anchor.map(|seconds| start + TimeDelta::seconds(seconds)), unit.0)
    }
}

fn any_open_schedule() -> impl Strategy<Value = Schedule> {
    any_terms()
        .prop_map(|(plan, start, zone, anchor, unit)| plan.schedule(start, zone, anchor, unit, None, None).unwrap())
}

fn any_end() -> impl Strategy<Value = Option<(bool, i64)>> {
    of((any::<bool>(), prop_oneof![Just(0), -1_000_000i64..1_000_000_000]))
}

prop_compose! {
    /// Half of the ends lie on a boundary.
    fn any_schedule()(
        open in any_open_schedule(),
        end in any_end(),
        boundary in of(0..SOME),
        most in of(0u32..30),
        without_stub in any::<bool>(),
    ) -> Schedule {
        let end = end.map(|(cuts, seconds)| {
            let base = boundary.and_then(|place| open.periods().nth(place)).map_or(open.start() + TimeDelta::seconds(seconds), |found| found.period.end);
            if cuts { End::At(base) } else { End::WithPeriod(base) }
        });
        let schedule = open.ending(end).at_most(most);
        if without_stub { schedule.without_stub() } else { schedule }
    }
}

fn some(schedule: &Schedule) -> Vec<ScheduledPeriod> {
    schedule.periods().take(SOME).collect()
}

proptest! {
    #[test]
    fn periods_tile_time(schedule in any_schedule()) {
        let periods = some(&schedule);
        let mut at = schedule.start();
        for found in &periods {
            prop_assert_eq!(found.period.start, at);
            prop_assert!(found.period.start < found.period.end, "{:?}", found);
            at = found.period.end;
        }
        prop_assert!(periods.windows(2).all(|pair| pair[0].number < pair[1].number));
        if periods.len() < SOME {
            prop_assert_eq!(schedule.ends_at(), Some(at));
        } else {
            prop_assert!(schedule.ends_at().is_none_or(|end| end >= at));
        }
    }

    /// A full period is its natural period, a partial one lies in it, and only the first and the last are partial.
    #[test]
    fn a_period_is_a_part_of_its_natural_period(schedule in any_schedule()) {
        let periods = some(&schedule);
        for (place, found) in periods.iter().enumerate() {
            let Period { start, end } = found.natural;
            prop_assert_eq!(found.is_cut, found.period.end != end, "{:?}", found);
            prop_assert!(found.period.end <= end);
            prop_assert!(place == 0 || found.period.start == start && !found.is_stub, "{:?}", found);
            prop_assert!(!found.is_stub || start < found.period.start, "{:?}", found);
            prop_assert!(!found.is_cut || schedule.ends_at() == Some(found.period.end));
        }
    }

    /// Each boundary is a whole number of periods away from the first, counted in the calendar.
    #[test]
    fn boundaries_never_drift((plan, start, zone, anchor, unit) in any_terms()) {
        let schedule = plan.schedule(start, zone, anchor, unit, None, None).unwrap();
        let (period, count) = plan.billing_period().unwrap();
        let anchor = plan.takes_anchor().then(|| local(anchor.unwrap_or(start), zone));
        let days: Vec<_> = schedule.periods().take(SOME).map(|found| (found.number, found.period.end)).collect();
        for (number, end) in &days {
            let day = local(*end, zone).date();
            let steps = i64::from(number - days[0].0) * i64::from(count);
            let first = local(days[0].1, zone).date();
            let months = |factor| (i64::from(day.year() - first.year()) * 12 + i64::from(day.month()) - i64::from(first.month())) == steps * factor;
            let last_of_month = (day + Days::new(1)).day() == 1;
            match period {
                // A skipped day begins where the next one does.
                BillingPeriod::Day | BillingPeriod::Week => {
                    let each = if period == BillingPeriod::Day { 1 } else { 7 };
                    prop_assert!(((day - first).num_days() - steps * each).abs() <= 1);
                }
                _ => {
                    let factor = match period {
                        BillingPeriod::Month => 1,
                        BillingPeriod::Quarter => 3,
                        BillingPeriod::HalfYear => 6,
                        _ => 12,
                    };
                    let own = match plan {
                        PlanSchedule::MonthFixedDay { day, .. } => day.number().into(),
                        PlanSchedule::MonthLastDay { .. } => 31,
                        _ => anchor.map_or(1, |anchor| anchor.day()),
                    };
                    let skipped = day.day() == own % 31 + 1 || day.day() == 1;
                    prop_assert!(day.day() == own || last_of_month && day.day() < own || skipped && is_leap_day(day, zone));
                    prop_assert!(months(factor) || is_leap_day(day, zone));
                }
            }
        }
    }
}

fn is_leap_day(_: crate::domain::Date, _: Zone) -> bool {
    false
}
