//! Plans that can be subscribed to.

use super::plans::{METERED, exact};
use super::{Making, awkward};
use perennial::app::plan::{self, CreatePlan};
use perennial::domain::Currency;
use perennial::domain::period::{BillingPeriod, Duration, DurationUnit};
use perennial::domain::plan::{NewPrices, NewSetupFee, PlanChanges, SetupFeeHandling};
use perennial::domain::price::{BillingCadence, BillingModel, ModelSettings, NewPrice, PriceType, Tier, TierMode};
use perennial::domain::pricing::TaxRate;
use perennial::domain::schedule::{BillingCycle, PartialPeriodHandling, ScheduleSettings, ScheduleType};

/// How many kinds there are.
const KINDS: usize = 7;

/// What the codes of these plans begin with.
pub const CODES: &str = "to ";

pub fn currency(code: &str) -> Currency {
    code.parse().expect("a currency")
}

pub fn flat(amount: &str) -> NewPrice {
    NewPrice::recurring(ModelSettings { amount: Some(exact(amount)), ..ModelSettings::of(BillingModel::FlatFee) })
}

fn of_type(price_type: PriceType, model: BillingModel, amount: &str) -> NewPrice {
    let model = ModelSettings { amount: Some(exact(amount)), ..ModelSettings::of(model) };
    NewPrice { price_type, ..NewPrice::recurring(model) }
}

/// The price of what a meter measures.
fn metered(n: usize) -> NewPrice {
    NewPrice { feature: Some(METERED[n].to_owned()), ..of_type(PriceType::Usage, BillingModel::PerUnit, "0.001") }
}

fn tiered() -> NewPrice {
    let tier = |up_to: Option<&str>, amount| Tier {
        up_to: up_to.map(exact),
        unit_amount: exact(amount),
        flat_amount: exact("0.5"),
    };
    NewPrice::recurring(ModelSettings {
        tier_mode: Some(TierMode::Slab),
        tiers: Some(vec![tier(Some("3"), "1.255"), tier(None, "0.0333")]),
        ..ModelSettings::of(BillingModel::Tiered)
    })
}

impl Making<'_> {
    /// A plan that can be subscribed to, of each kind one.
    pub fn subscribed_plans(&self) {
        (0..KINDS).for_each(|kind| self.subscribed_plan(kind));
    }

    fn subscribed_plan(&self, kind: usize) {
        let fee = |handling, text: Option<&str>| {
            Some(Some(NewSetupFee { amount: exact("9"), text: text.map(str::to_owned), handling }))
        };
        let months = |length| Some(Some(Duration { length, unit: DurationUnit::Months }));
        let days = |length| Some(Some(Duration { length, unit: DurationUnit::Days }));
        let settings = ScheduleSettings::of;
        let prices = |prices| Some(NewPrices::Listed(prices));
        let unchanged = PlanChanges::default;
        let (schedule, changes) = match kind {
            0 => (
                settings(ScheduleType::MonthStartDate),
                PlanChanges {
                    prices: Some(NewPrices::Amount(exact("300"))),
                    trial: days(14),
                    setup_fee: fee(SetupFeeHandling::Separate, Some("set \"up\"")),
                    ..unchanged()
                },
            ),
            1 => (
                ScheduleSettings {
                    billing_period: Some(BillingPeriod::Month),
                    billing_cycle: Some(BillingCycle::Calendar),
                    ..settings(ScheduleType::Period)
                },
                PlanChanges {
                    prices: prices(vec![
                        NewPrice { name: Some(awkward(3).to_owned()), ..flat("29.99") },
                        metered(2),
                        metered(0),
                        metered(4),
                        metered(1),
                        metered(2),
                        metered(3),
                        of_type(PriceType::OneTime, BillingModel::PerUnit, "10"),
                        NewPrice { currency: Some(currency("JPY")), ..flat("3000") },
                    ]),
                    tax_rate: Some(Some(TaxRate::try_new(&exact("0.19")).expect("a rate"))),
                    ..unchanged()
                },
            ),
            2 => (
                ScheduleSettings { fixed_day: Some(15), ..settings(ScheduleType::MonthFixedDay) },
                PlanChanges {
                    currency: Some(currency("KWD")),
                    prices: prices(vec![
                        tiered(),
                        NewPrice { cadence: Some(BillingCadence::InArrears), ..flat("0.125") },
                    ]),
                    partial_period_handling: Some(PartialPeriodHandling::BillProrated),
                    minimum_prorated_amount: Some(Some(exact("0.001"))),
                    fixed_count: Some(Some(4)),
                    amount_includes_tax: Some(Some(true)),
                    tax_rate: Some(Some(TaxRate::try_new(&exact("0.055")).expect("a rate"))),
                    quantity: Some(3),
                    setup_fee: fee(SetupFeeHandling::First, None),
                    ..unchanged()
                },
            ),
            3 => (
                settings(ScheduleType::Manual),
                PlanChanges { setup_fee: fee(SetupFeeHandling::SeparateConditional, None), ..unchanged() },
            ),
            4 => (
                ScheduleSettings { fixed_day: Some(7), ..settings(ScheduleType::WeeklyFixedDay) },
                PlanChanges {
                    currency: Some(currency("JPY")),
                    prices: prices(vec![NewPrice::recurring(ModelSettings {
                        amount: Some(exact("1250")),
                        package_size: Some(2),
                        ..ModelSettings::of(BillingModel::Package)
                    })]),
                    partial_period_handling: Some(PartialPeriodHandling::BillZeroAmount),
                    fixed_life_time: months(3),
                    trial: months(1),
                    fixed_trial_days: Some(true),
                    ..unchanged()
                },
            ),
            5 => (
                settings(ScheduleType::MonthLastDay),
                PlanChanges {
                    prices: prices(vec![flat("12")]),
                    partial_period_handling: Some(PartialPeriodHandling::NoBill),
                    ..unchanged()
                },
            ),
            _ => (
                settings(ScheduleType::Daily),
                PlanChanges { prices: prices(vec![flat("0")]), include_zero_amount: Some(true), ..unchanged() },
            ),
        };
        let schedule = schedule.read().expect("a schedule");
        // Manual plans have prices, too: whatever is subscribed to is priced in some currency.
        let changes = PlanChanges { prices: changes.prices.or_else(|| prices(vec![flat("1")])), ..changes };
        let new = CreatePlan {
            code: format!("{CODES}{} {kind}", awkward(kind)),
            name: awkward(kind + 4).to_owned(),
            schedule,
            changes,
        };
        self.run(|call| plan::create_plan(call, &new));
    }
}
