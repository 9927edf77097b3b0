//! `tests/vectors/schedules.json` against the schedule engine. The inputs are named as in the API.

use perennial::domain::period::{BillingPeriod, Proration, ProrationUnit};
use perennial::domain::schedule::{
    BillingCycle, End, PartialPeriodHandling, PlanSchedule, Schedule, ScheduleSettings, ScheduleType, ScheduledPeriod,
};
use perennial::domain::{Instant, Zone};
use serde::{Deserialize, Deserializer};

/// A moment as RFC 3339 writes it.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Moment(Instant);

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map(Moment).map_err(serde::de::Error::custom)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vector {
    name: String,
    /// The rule or the numbered example that it comes from.
    source: String,
    input: Input,
    expected: Expected,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Input {
    now: Option<Moment>,
    start_date: Moment,
    trial_end: Option<Moment>,
    end_date: Option<Moment>,
    timezone: Option<String>,
    billing_period: Option<BillingPeriod>,
    billing_period_count: Option<i32>,
    billing_cycle: Option<BillingCycle>,
    billing_anchor: Option<Moment>,
    schedule_type: Option<ScheduleType>,
    interval: Option<i32>,
    fixed_day: Option<i32>,
    base_month: Option<i32>,
    fixed_count: Option<u32>,
    proration_unit: Option<ProrationUnit>,
    partial_period_handling: Option<PartialPeriodHandling>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Expected {
    /// The first periods: start and end of each.
    periods: Vec<(Moment, Moment)>,
    /// There are no more of them.
    #[serde(default)]
    is_over: bool,
    is_too_early: Option<bool>,
    /// What part of a full period the first one is.
    first_ratio: Option<String>,
    /// What a full period costs, and what each of `periods` then does, in minor units.
    amount: Option<i64>,
    charges: Option<Vec<i64>>,
}

impl Input {
    fn plan(&self) -> PlanSchedule {
        let settings = ScheduleSettings {
            schedule_type: self.schedule_type.unwrap_or(ScheduleType::Period),
            interval: self.interval.or(self.billing_period_count),
            fixed_day: self.fixed_day,
            base_month: self.base_month,
            billing_period: self.billing_period,
            billing_cycle: self.billing_cycle,
        };
        settings.read().unwrap()
    }

    fn zone(&self) -> Zone {
        self.timezone.as_deref().unwrap_or("UTC").parse().unwrap()
    }

    fn unit(&self) -> ProrationUnit {
        self.proration_unit.unwrap_or(ProrationUnit::Second)
    }

    fn schedule(&self) -> Option<Schedule> {
        // An end cuts a billing period of Flexprice's; Billwerk's go on to theirs.
        let end = if self.billing_period.is_some() { End::At } else { End::WithPeriod };
        let schedule = self.plan().schedule(
            self.trial_end.unwrap_or(self.start_date).0,
            self.zone(),
            self.billing_anchor.map(|anchor| anchor.0),
            self.unit(),
            self.end_date.map(|moment| end(moment.0)),
            self.fixed_count,
        )?;
        let not_billed = self.partial_period_handling == Some(PartialPeriodHandling::NoBill);
        Some(if not_billed { schedule.without_stub() } else { schedule })
    }

    /// What one period costs: the nearest minor unit.
    fn charge(&self, amount: i64, period: &ScheduledPeriod, ratio: &Proration) -> i64 {
        match self.partial_period_handling.unwrap_or(PartialPeriodHandling::BillProrated) {
            PartialPeriodHandling::BillFull => amount,
            PartialPeriodHandling::BillZeroAmount if period.is_stub => 0,
            _ => (2 * amount * ratio.numerator + ratio.denominator) / (2 * ratio.denominator),
        }
    }
}

#[test]
fn every_schedule_is_as_its_source_says() {
    let vectors: Vec<Vector> = serde_json::from_str(include_str!("../../vectors/schedules.json")).unwrap();
    for Vector { name, source, input, expected } in vectors {
        let case = format!("{name} ({source})");
        let schedule = input.schedule();
        // One more, where there must be none.
        let most = expected.periods.len() + usize::from(expected.is_over);
        let periods: Vec<_> = schedule.iter().flat_map(Schedule::periods).take(most).collect();
        let found: Vec<_> =
            periods.iter().map(|found| (Moment(found.period.start), Moment(found.period.end))).collect();
        assert_eq!(found, expected.periods, "{case}");

        let ratio = |found| schedule.as_ref().unwrap().proration(found, input.unit());
        let ratios: Vec<_> = periods.iter().map(ratio).collect();
        if let Some(ratio) = expected.first_ratio {
            let (numerator, denominator) = ratio.split_once('/').unwrap();
            let [numerator, denominator] = [numerator, denominator].map(|number| number.parse::<i64>().unwrap());
            let found = ratios[0];
            assert_eq!(found.numerator * denominator, found.denominator * numerator, "{case}: {found:?}");
            assert_eq!(found.is_whole(), numerator == denominator, "{case}");
        }
        if let (Some(amount), Some(charges)) = (expected.amount, expected.charges) {
            let found: Vec<_> =
                periods.iter().zip(&ratios).map(|(found, ratio)| input.charge(amount, found, ratio)).collect();
            assert_eq!(found, charges, "{case}");
        }
        if let (Some(now), Some(is_too_early)) = (input.now, expected.is_too_early) {
            let latest = input.plan().one_period_after(input.start_date.0, input.zone());
            assert_eq!(latest < now.0, is_too_early, "{case}: {latest}");
        }
    }
}
