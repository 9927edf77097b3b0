//! What holds for any schedule, in any zone, in any year.

use super::*;
use crate::domain::calendar::{FIRST_DAY, day_of, first_moment, local};
use crate::domain::period::{BillingPeriod, Period, ProrationUnit};
use crate::domain::{Choice, Date, Instant, Zone};
use chrono::{Datelike, Days, TimeDelta};
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

/// So many periods are looked at.
const SOME: usize = 40;

/// Days and zones with a midnight that is skipped, or comes twice, or with the day itself skipped; else any.
fn any_day() -> impl Strategy<Value = (Date, Zone)> {
    let days = (0u64..60_000).prop_map(|days| FIRST_DAY + Days::new(days));
    let odd = [
        ("2011-12-30", "Pacific/Apia"),
        ("1993-08-21", "Pacific/Kwajalein"),
        ("1995-01-01", "Pacific/Kiritimati"),
        ("2018-11-04", "America/Sao_Paulo"),
        ("2006-10-29", "America/St_Johns"),
        ("2024-11-03", "America/Havana"),
    ];
    let odd = odd.map(|(day, zone)| (day.parse::<Date>().unwrap(), zone.parse().unwrap()));
    let near_odd = (select(odd.to_vec()), 0u64..400).prop_map(|((day, zone), days)| (day - Days::new(days), zone));
    prop_oneof![3 => (days, select(&chrono_tz::TZ_VARIANTS[..])), 1 => near_odd]
}

/// Mostly the beginning of a day or close to it, where most can go wrong.
fn any_moment() -> impl Strategy<Value = (Instant, Zone)> {
    let seconds = prop_oneof![Just(0), -7_200i64..7_200, 0i64..86_400];
    (any_day(), seconds).prop_map(|((day, zone), seconds)| {
        (first_moment(day.and_hms_opt(0, 0, 0).unwrap(), zone) + TimeDelta::seconds(seconds), zone)
    })
}

fn any_plan() -> impl Strategy<Value = PlanSchedule> {
    let settings = (
        select(ScheduleType::ALL).prop_filter("scheduled", |choice| choice.0 != ScheduleType::Manual),
        prop_oneof![1i32..=3, 1i32..=24, 1i32..=366],
        1i32..=28,
        of(1i32..=12),
        select(BillingPeriod::ALL),
        select(BillingCycle::ALL),
    );
    settings.prop_map(|(schedule_type, interval, day, base_month, period, cycle)| {
        let bare = ScheduleSettings { interval: Some(interval), ..ScheduleSettings::of(schedule_type.0) };
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

/// A plan, and a subscription to it.
#[derive(Clone, Copy, Debug)]
struct Terms {
    plan: PlanSchedule,
    start: Instant,
    zone: Zone,
    anchor: Option<Instant>,
    unit: ProrationUnit,
}

impl Terms {
    fn schedule(&self, end: Option<End>, most: Option<u32>) -> Schedule {
        self.plan.schedule(self.start, self.zone, self.anchor, self.unit, end, most).unwrap()
    }
}

prop_compose! {
    fn any_terms()(
        plan in any_plan(),
        (start, zone) in any_moment(),
        anchor in of(-100_000_000i64..100_000_000),
        unit in select(ProrationUnit::ALL),
    ) -> Terms {
        let anchor = anchor.map(|seconds| start + TimeDelta::seconds(seconds));
        Terms { plan, start, zone, anchor, unit: unit.0 }
    }
}

/// An end of this schedule: often on a boundary, sometimes before the start.
fn end_of(open: &Schedule, (cuts, place, seconds): (bool, usize, i64)) -> End {
    let base = open.periods().nth(place).map_or(open.start(), |found| found.period.start);
    let end = base + TimeDelta::seconds(seconds);
    if cuts { End::At(end) } else { End::WithPeriod(end) }
}

fn any_end() -> impl Strategy<Value = (bool, usize, i64)> {
    (any::<bool>(), 0..SOME, prop_oneof![Just(0), -10_000_000i64..10_000_000])
}

prop_compose! {
    fn any_schedule()(
        terms in any_terms(),
        end in of(any_end()),
        most in of(0u32..30),
        without_stub in any::<bool>(),
    ) -> Schedule {
        let end = end.map(|end| end_of(&terms.schedule(None, None), end));
        let schedule = terms.schedule(end, most);
        if without_stub { schedule.without_stub() } else { schedule }
    }
}

fn some(schedule: &Schedule) -> Vec<ScheduledPeriod> {
    schedule.periods().take(SOME).collect()
}

/// The same day of the month so many months later, in another way than the engine's.
fn month_later(from: Date, own_day: u32, months: i64) -> Date {
    let months = i64::from(from.year()) * 12 + i64::from(from.month0()) + months;
    let (year, month) =
        (i32::try_from(months.div_euclid(12)).unwrap(), u32::try_from(months.rem_euclid(12) + 1).unwrap());
    (1..=own_day).rev().find_map(|day| Date::from_ymd_opt(year, month, day)).unwrap()
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

    /// A full period is its natural period, a partial one lies in it; only the first and the last may be partial.
    #[test]
    fn a_period_is_a_part_of_its_natural_period(terms in any_terms(), end in of(any_end())) {
        let end = end.map(|end| end_of(&terms.schedule(None, None), end));
        let schedule = terms.schedule(end, None);
        for (place, found) in some(&schedule).iter().enumerate() {
            let (period, natural) = (found.period, found.natural);
            prop_assert!(period.end <= natural.end);
            prop_assert_eq!(found.is_cut, period.end < natural.end);
            prop_assert!(!found.is_cut || schedule.ends_at() == Some(period.end));
            if place > 0 {
                prop_assert!(!found.is_stub && period.start == natural.start, "{:?}", found);
            } else if found.is_stub {
                prop_assert!(natural.start < period.start, "{:?}", found);
            } else if period.start != natural.start {
                // On the boundary's day, at another time.
                prop_assert_eq!(day_of(period.start, terms.zone), day_of(natural.start, terms.zone));
                prop_assert!(terms.unit == ProrationUnit::Day || terms.plan.takes_anchor());
            }
        }
    }

    /// Each boundary lies a whole number of steps from the first one, counted in the calendar at once.
    #[test]
    fn boundaries_never_drift(terms in any_terms()) {
        let Terms { plan, start, zone, .. } = terms;
        let (step, count) = plan.billing_period().unwrap();
        let anchor = terms.anchor.filter(|_| plan.takes_anchor()).unwrap_or(start);
        let anchor = if plan.takes_anchor() { local(anchor, zone) } else { FIRST_DAY.and_hms_opt(0, 0, 0).unwrap() };
        let own_day = match plan {
            PlanSchedule::MonthFixedDay { day, .. } => day.number().into(),
            PlanSchedule::MonthLastDay { .. } => 31,
            _ => anchor.day(),
        };
        let periods = some(&terms.schedule(None, None));
        let first = day_of(periods[0].period.end, zone);
        // Where the first boundary's day was skipped, the zone shows the day after.
        let fits = |shift: i64| periods.iter().all(|found| {
            let steps = i64::from(found.number - periods[0].number) * i64::from(count);
            let months = match step {
                BillingPeriod::Day | BillingPeriod::Week => None,
                BillingPeriod::Month => Some(steps),
                BillingPeriod::Quarter => Some(steps * 3),
                BillingPeriod::HalfYear => Some(steps * 6),
                BillingPeriod::Year => Some(steps * 12),
            };
            let day = match months {
                Some(months) => month_later(first, own_day, shift + months),
                None => first + TimeDelta::days(shift + if step == BillingPeriod::Week { steps * 7 } else { steps }),
            };
            first_moment(day.and_time(anchor.time()), zone) == found.period.end
        });
        prop_assert!(fits(0) || fits(-1), "{:?}", periods);
    }

    /// The first period ends at the first boundary after the start, or after all steps of a full period.
    #[test]
    fn nothing_is_passed_over(terms in any_terms()) {
        let (plan, one_step) = match terms.plan {
            PlanSchedule::Cycle { cycle: BillingCycle::Calendar, .. } => return Ok(()),
            PlanSchedule::Cycle { period, cycle, .. } => (terms.plan, PlanSchedule::Cycle { period, count: Interval::ONE, cycle }),
            plan => {
                let settings = ScheduleSettings { base_month: None, ..plan.settings() };
                (settings.read().unwrap(), ScheduleSettings { interval: Some(1), ..settings }.read().unwrap())
            }
        };
        let first = some(&Terms { plan, ..terms }.schedule(None, None))[0];
        let steps = Terms { plan: one_step, ..terms }.schedule(None, None);
        let count = if first.is_stub { 1 } else { i64::from(plan.billing_period().unwrap().1) };
        let last = steps.periods().take_while(|step| i64::from(step.number) <= count).last().unwrap();
        prop_assert_eq!(first.period.end, last.period.end);
        prop_assert_eq!(first.is_stub, some(&steps)[0].is_stub);
    }

    #[test]
    fn a_jump_is_a_walk(schedule in any_schedule(), number in 0u32..40) {
        let walked: Vec<_> = some(&schedule).into_iter().filter(|found| found.number >= number).collect();
        let jumped: Vec<_> = schedule.periods_from(number).take(walked.len()).collect();
        prop_assert_eq!(&jumped, &walked);
        prop_assert_eq!(schedule.period(number), some(&schedule).into_iter().find(|found| found.number == number));
    }

    #[test]
    fn any_moment_is_in_the_period_that_a_walk_finds(schedule in any_schedule(), place in 0..SOME, part in 0i64..1000) {
        let periods = some(&schedule);
        prop_assert_eq!(schedule.period_at(schedule.start() - TimeDelta::microseconds(1)), None);
        prop_assert_eq!(schedule.ends_at().and_then(|end| schedule.period_at(end)), None);
        if let Some(found) = periods.get(place) {
            let Period { start, end } = found.period;
            let micros = (end - start).num_microseconds().unwrap();
            let within = start + TimeDelta::microseconds(micros / 1000 * part);
            for moment in [start, within, end - TimeDelta::microseconds(1)] {
                prop_assert_eq!(schedule.period_at(moment), Some(*found));
                let since: Vec<_> = schedule.periods_since(moment).take(periods.len() - place).collect();
                prop_assert_eq!(&since[..], &periods[place..]);
            }
        }
        prop_assert_eq!(some(&schedule), schedule.periods_since(Instant::UNIX_EPOCH).take(SOME).collect::<Vec<_>>());
    }

    #[test]
    fn an_end_leaves_out_what_comes_after(terms in any_terms(), end in any_end(), most in 0u32..50) {
        let open = terms.schedule(None, None);
        let end = end_of(&open, end);
        let (End::At(moment) | End::WithPeriod(moment)) = end;
        let before = some(&open).into_iter().filter(|found| found.period.start < moment);
        let expected: Vec<_> = before.map(|mut found| {
            if matches!(end, End::At(_)) && moment < found.period.end {
                found.period.end = moment;
                found.is_cut = true;
            }
            found
        }).collect();
        prop_assert_eq!(some(&open.ending(Some(end))), expected.clone());
        let expected: Vec<_> = expected.into_iter().filter(|found| found.number <= most).collect();
        prop_assert_eq!(some(&terms.schedule(Some(end), Some(most))), expected.clone());
        prop_assert_eq!(some(&open.at_most(Some(most)).ending(Some(end))), expected);
    }

    #[test]
    fn without_the_stub_the_second_period_is_the_first(terms in any_terms()) {
        let schedule = terms.schedule(None, None);
        let stubs = u32::from(some(&schedule)[0].is_stub);
        let expected = some(&schedule).into_iter().filter(|found| !found.is_stub);
        let expected: Vec<_> = expected.map(|found| ScheduledPeriod { number: found.number - stubs, ..found }).collect();
        let found: Vec<_> = schedule.without_stub().periods().take(expected.len()).collect();
        prop_assert_eq!(found, expected);
    }

    /// A full period is a whole. What a moment divides adds up to a whole again, by days and by seconds.
    #[test]
    fn parts_add_up(terms in any_terms(), place in 0..SOME, part in 0i64..1000, unit in select(ProrationUnit::ALL)) {
        let (schedule, unit) = (terms.schedule(None, None), unit.0);
        let found = schedule.periods().nth(place).unwrap();
        let whole = schedule.proration(&found, unit);
        prop_assert!(whole.is_whole() || found.is_stub);
        prop_assert!(!whole.is_whole() || !found.is_stub || unit == ProrationUnit::Day);
        prop_assert!(0 <= whole.numerator && whole.numerator <= whole.denominator);

        let Period { start, end } = found.natural;
        let micros = (end - start).num_microseconds().unwrap();
        let middle = start + TimeDelta::microseconds(micros / 1000 * part);
        let [early, late] = [Period { start, end: middle }, Period { start: middle, end }]
            .map(|part| proration(part, found.natural, unit, terms.zone));
        prop_assert_eq!(early.denominator, late.denominator);
        prop_assert_eq!(early.numerator + late.numerator, early.denominator);
        let full = proration(found.natural, found.natural, unit, terms.zone);
        prop_assert!(full.is_whole());
    }

    #[test]
    fn settings_describe_the_schedule(plan in any_plan()) {
        prop_assert_eq!(plan.settings().read(), Ok(plan));
    }
}
