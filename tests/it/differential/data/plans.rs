//! Plans in several versions, and prices of all models.

use super::{Making, awkward, but_every};
use bigdecimal::BigDecimal;
use perennial::app::plan::{self, CreatePlan, UpdatePlan};
use perennial::domain::Currency;
use perennial::domain::period::{BillingPeriod, Duration, DurationUnit};
use perennial::domain::plan::{NewPrices, NewSetupFee, PlanChanges, SetupFeeHandling};
use perennial::domain::price::{
    BillingCadence, BillingModel, ModelSettings, NewPrice, PackageRounding, PriceType, Tier, TierMode,
};
use perennial::domain::pricing::TaxRate;
use perennial::domain::schedule::{
    BillingCycle, Interval, PartialPeriodHandling, PlanSchedule, ScheduleSettings, ScheduleType,
};
use perennial::domain::text::Metadata;

/// The codes of the features that prices measure.
pub const METERED: [&str; 5] = ["measured \"feature\"", "users", "seats", "peak", "calls"];

pub fn exact(text: &str) -> BigDecimal {
    text.parse().expect("a decimal")
}

fn schedule(n: usize) -> PlanSchedule {
    let settings = |schedule_type| ScheduleSettings { interval: Some(3), ..ScheduleSettings::of(schedule_type) };
    let settings = match n % 7 {
        0 => ScheduleSettings::of(ScheduleType::Daily),
        1 => ScheduleSettings { fixed_day: Some(7), ..settings(ScheduleType::WeeklyFixedDay) },
        2 => settings(ScheduleType::MonthStartDate),
        3 => ScheduleSettings { fixed_day: Some(28), base_month: Some(2), ..settings(ScheduleType::MonthFixedDay) },
        4 => ScheduleSettings::of(ScheduleType::MonthLastDay),
        5 => ScheduleSettings {
            billing_period: Some(BillingPeriod::Quarter),
            billing_cycle: Some(BillingCycle::Calendar),
            ..settings(ScheduleType::Period)
        },
        _ => ScheduleSettings::of(ScheduleType::Manual),
    };
    settings.read().expect("a schedule")
}

fn new_price(n: usize) -> NewPrice {
    let amount = |model| ModelSettings { amount: Some(exact("1250")), ..ModelSettings::of(model) };
    let tier =
        |up_to: Option<&str>| Tier { up_to: up_to.map(exact), unit_amount: exact("0.0015"), flat_amount: exact("2") };
    let model = match n % 4 {
        0 => amount(BillingModel::FlatFee),
        1 => ModelSettings { amount: Some(exact("0.10")), ..ModelSettings::of(BillingModel::PerUnit) },
        2 => ModelSettings {
            package_size: Some(100),
            package_rounding: Some(PackageRounding::Down),
            ..amount(BillingModel::Package)
        },
        _ => ModelSettings {
            tier_mode: Some([TierMode::Slab, TierMode::Volume][n / 4 % 2]),
            tiers: Some(vec![tier(Some("10.5")), tier(Some("100")), tier(None)]),
            ..ModelSettings::of(BillingModel::Tiered)
        },
    };
    let is_usage = n / 2 % 2 == 1;
    NewPrice {
        name: but_every(3, n, awkward(n).to_owned()),
        price_type: if is_usage { PriceType::Usage } else { PriceType::Recurring },
        feature: but_every(3, n, METERED[0].to_owned()).filter(|_| is_usage),
        cadence: but_every(2, n, BillingCadence::InArrears),
        billing_period: but_every(3, n + 1, (BillingPeriod::Month, Interval::try_new(3).expect("an interval"))),
        ..NewPrice::recurring(model)
    }
}

impl Making<'_> {
    /// A plan, some of them in several versions, some archived.
    pub fn plan(&self, n: usize) {
        let prices = (0..=n % 4).map(|place| new_price(n + place)).collect();
        let fee = NewSetupFee {
            amount: exact("5"),
            text: but_every(2, n, awkward(n).to_owned()),
            handling: SetupFeeHandling::Separate,
        };
        let days = Duration { length: 14, unit: DurationUnit::Days };
        let changes = PlanChanges {
            description: Some(but_every(2, n, awkward(n + 5).to_owned())),
            currency: "JPY".parse::<Currency>().ok().filter(|_| n.is_multiple_of(3)),
            prices: Some(if n.is_multiple_of(5) { NewPrices::Amount(exact("29")) } else { NewPrices::Listed(prices) }),
            partial_period_handling: but_every(2, n, PartialPeriodHandling::BillFull),
            minimum_prorated_amount: Some(but_every(2, n + 1, exact("1"))),
            amount_includes_tax: Some(but_every(3, n, n.is_multiple_of(2))),
            tax_rate: Some(but_every(2, n, TaxRate::try_new(&exact("0.190")).expect("a rate"))),
            trial: Some(but_every(2, n, days)),
            setup_fee: Some(but_every(3, n + 1, fee)),
            fixed_count: Some(but_every(2, n, 12)),
            fixed_life_time: Some(but_every(2, n + 1, Duration { unit: DurationUnit::Months, ..days })),
            renewal_reminder_days: Some(but_every(2, n, 7)),
            trial_reminder_days: Some(but_every(3, n, 1)),
            metadata: Metadata::try_new(&serde_json::json!({awkward(n): n})).ok(),
            ..PlanChanges::default()
        };
        let new = CreatePlan {
            code: format!("{}-{n}", awkward(n)),
            name: awkward(n / 2).to_owned(),
            schedule: schedule(n),
            changes,
        };
        let plan = self.run(|call| plan::create_plan(call, &new)).plan;
        for version in 0..n % 4 {
            let changes = PlanChanges { quantity: i32::try_from(version + 2).ok(), ..PlanChanges::default() };
            let change = UpdatePlan { plan_id: plan, expected_revision: None, changes };
            self.run(|call| plan::update_plan(call, &change));
        }
        if n % 5 == 3 {
            self.run(|call| plan::archive_plan(call, plan, None));
        }
    }
}
