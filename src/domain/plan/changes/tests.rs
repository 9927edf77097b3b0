use super::*;
use crate::domain::feature::{CatalogueState, FeatureType};
use crate::domain::{Id, Instant};

use crate::domain::period::{BillingPeriod, DurationUnit};
use crate::domain::plan::{NewPlan, PlanState};
use crate::domain::price::{BillingCadence, PriceModel, PriceType};
use crate::domain::schedule::{BillingCycle, Interval};
use uuid::Uuid;

const NOW: Instant = Instant::UNIX_EPOCH;
const DAILY: PlanSchedule = PlanSchedule::Daily { interval: Interval::ONE };
const MONTHLY: PlanSchedule = PlanSchedule::MonthStartDate { interval: Interval::ONE };
const CYCLE: PlanSchedule =
    PlanSchedule::Cycle { period: BillingPeriod::Month, count: Interval::ONE, cycle: BillingCycle::Anniversary };

fn usd() -> Currency {
    "USD".parse().unwrap()
}

fn blank(schedule: PlanSchedule) -> Plan {
    let new = NewPlan {
        id: crate::domain::Id::new(Uuid::from_u128(1)),
        code: "gold".to_owned(),
        name: "Gold".to_owned(),
        currency: Currency::EUR,
        schedule,
        proration_unit: None,
    };
    Plan::new(new, NOW)
}

fn amount(amount: &str) -> PlanChanges {
    PlanChanges { prices: Some(NewPrices::Amount(amount.parse().unwrap())), ..PlanChanges::default() }
}

fn flat(amount: &str, currency: Option<Currency>) -> NewPrice {
    let model = ModelSettings { amount: amount.parse().ok(), ..ModelSettings::of(BillingModel::FlatFee) };
    NewPrice { currency, ..NewPrice::recurring(model) }
}

fn listed(prices: Vec<NewPrice>) -> PlanChanges {
    PlanChanges { prices: Some(NewPrices::Listed(prices)), ..PlanChanges::default() }
}

fn fee(amount: &str) -> NewSetupFee {
    let handling = SetupFeeHandling::First;
    NewSetupFee { amount: amount.parse().unwrap(), text: None, handling }
}

/// A plan with a price of 10, a setup fee and a minimum.
fn made() -> (Plan, Vec<PriceTerms>) {
    let minimum_prorated_amount = Some("1".parse().ok());
    PlanChanges { setup_fee: Some(Some(fee("5"))), minimum_prorated_amount, ..amount("10") }
        .apply(&blank(MONTHLY), &[], &[])
        .unwrap()
}

fn paths(refused: Result<(Plan, Vec<PriceTerms>), Vec<Refusal>>) -> Vec<String> {
    let path = |refusal: Refusal| refusal.field.unwrap_or_default().join(".");
    refused.err().into_iter().flatten().map(path).collect()
}

#[test]
fn a_plan_has_defaults() {
    let plan = blank(MONTHLY);
    assert_eq!((plan.version, plan.revision, plan.state, plan.quantity), (1, 1, PlanState::Active, 1));
    assert_eq!(plan.partial_periods.handling, PartialPeriodHandling::BillProrated);
    let interval = Interval::ONE;
    for schedule in [PlanSchedule::Manual, DAILY, MONTHLY, PlanSchedule::MonthLastDay { interval, base_month: None }] {
        let plan = blank(schedule);
        assert_eq!((plan.partial_periods.unit, plan.fixed_trial_days), (ProrationUnit::Day, true), "{schedule:?}");
    }
    let plan = blank(CYCLE);
    assert_eq!((plan.partial_periods.unit, plan.fixed_trial_days), (ProrationUnit::Second, false));
    assert_eq!(plan.partial_periods.handling, PartialPeriodHandling::BillFull);
}

#[test]
fn an_amount_is_one_recurring_flat_fee_in_the_plans_currency() {
    let (plan, prices) = made();
    let [price] = prices.as_slice() else { panic!("{prices:?}") };
    assert_eq!((price.name.as_str(), price.price_type, price.currency), ("Gold", PriceType::Recurring, plan.currency));
    assert_eq!(price.model, PriceModel::FlatFee { amount: 10.into() });
    assert_eq!((price.cadence, price.billing_period, price.feature_id), (None, None, None));
}

#[test]
fn what_is_billed_makes_a_new_version_and_what_is_not_changes_in_place() {
    let (plan, prices) = made();
    let nothing = PlanChanges::default;
    let trial = Duration { length: 7, unit: DurationUnit::Days };
    let named = NewPrice { name: Some("Seat".to_owned()), ..flat("10", None) };
    let later = NewPrice { cadence: Some(BillingCadence::InArrears), ..flat("10", None) };
    for (changes, expected) in [
        (nothing(), PlanChange::Nothing),
        (amount("10"), PlanChange::Nothing),
        (amount("10.00"), PlanChange::Nothing),
        (listed(vec![flat("10", Some(Currency::EUR))]), PlanChange::Nothing),
        (PlanChanges { schedule: Some(MONTHLY), quantity: Some(1), ..amount("10") }, PlanChange::Nothing),
        (
            PlanChanges { setup_fee: Some(Some(fee("5.0"))), name: Some("Gold".to_owned()), ..nothing() },
            PlanChange::Nothing,
        ),
        (PlanChanges { name: Some("Silver".to_owned()), ..nothing() }, PlanChange::InPlace),
        // A price that is not named again keeps its name.
        (PlanChanges { name: Some("Silver".to_owned()), ..amount("10") }, PlanChange::InPlace),
        (PlanChanges { description: Some(Some("Best".to_owned())), ..nothing() }, PlanChange::InPlace),
        (PlanChanges { setup_fee: Some(Some(fee("6"))), ..nothing() }, PlanChange::InPlace),
        (PlanChanges { setup_fee: Some(None), ..nothing() }, PlanChange::InPlace),
        (PlanChanges { minimum_prorated_amount: Some(None), ..nothing() }, PlanChange::InPlace),
        (PlanChanges { tax_rate: Some(Some(TaxRate::ZERO)), ..nothing() }, PlanChange::InPlace),
        (PlanChanges { amount_includes_tax: Some(Some(true)), ..nothing() }, PlanChange::InPlace),
        (PlanChanges { fixed_trial_days: Some(false), ..nothing() }, PlanChange::InPlace),
        (
            PlanChanges { partial_period_handling: Some(PartialPeriodHandling::NoBill), ..nothing() },
            PlanChange::InPlace,
        ),
        (PlanChanges { include_zero_amount: Some(true), ..nothing() }, PlanChange::InPlace),
        (PlanChanges { fixed_count: Some(Some(12)), ..nothing() }, PlanChange::InPlace),
        (PlanChanges { fixed_life_time: Some(Some(trial)), ..nothing() }, PlanChange::InPlace),
        (PlanChanges { notice_periods: Some(1), ..nothing() }, PlanChange::InPlace),
        (PlanChanges { notice_periods_after_current: Some(false), ..nothing() }, PlanChange::InPlace),
        (PlanChanges { fixation_periods: Some(3), ..nothing() }, PlanChange::InPlace),
        (PlanChanges { fixation_periods_full: Some(true), ..nothing() }, PlanChange::InPlace),
        (PlanChanges { renewal_reminder_days: Some(Some(3)), ..nothing() }, PlanChange::InPlace),
        (PlanChanges { trial_reminder_days: Some(Some(3)), ..nothing() }, PlanChange::InPlace),
        (PlanChanges { metadata: Some(Metadata::stored("{\"a\":1}".to_owned())), ..nothing() }, PlanChange::InPlace),
        (amount("10.01"), PlanChange::NewVersion),
        (listed(vec![named]), PlanChange::NewVersion),
        (listed(vec![later]), PlanChange::NewVersion),
        (listed(vec![flat("10", None), flat("10", None)]), PlanChange::NewVersion),
        (PlanChanges { schedule: Some(DAILY), ..nothing() }, PlanChange::NewVersion),
        (PlanChanges { quantity: Some(2), ..nothing() }, PlanChange::NewVersion),
        (PlanChanges { trial: Some(Some(trial)), ..nothing() }, PlanChange::NewVersion),
        (
            PlanChanges { proration_unit: Some(ProrationUnit::Second), fixed_trial_days: Some(false), ..nothing() },
            PlanChange::NewVersion,
        ),
        (
            PlanChanges {
                currency: Some(usd()),
                setup_fee: Some(None),
                minimum_prorated_amount: Some(None),
                ..amount("10")
            },
            PlanChange::NewVersion,
        ),
    ] {
        let (new, terms) = changes.apply(&plan, &prices, &[]).unwrap();
        assert_eq!(plan.change_to(&new, prices != terms), expected, "{changes:?}");
    }
}

#[test]
fn all_amounts_are_held_against_the_plans_currency_at_once() {
    let wrong = PlanChanges {
        currency: "JPY".parse().ok(),
        setup_fee: Some(Some(fee("0.5"))),
        minimum_prorated_amount: Some("0.1".parse().ok()),
        ..listed(vec![flat("9.5", None), flat("9.5", Some(Currency::EUR)), flat("1000000000000.1", None)])
    };
    let expected =
        ["input.setupFee.amount", "input.minimumProratedAmount", "input.prices.0.amount", "input.prices.2.amount"];
    assert_eq!(paths(wrong.apply(&blank(MONTHLY), &[], &[])), expected);
    assert_eq!(paths(amount("9.999").apply(&blank(MONTHLY), &[], &[])), ["input.amount"]);
}

#[test]
fn an_amount_never_becomes_one_of_another_currency_by_itself() {
    let (plan, prices) = made();
    let only = PlanChanges { currency: Some(usd()), ..PlanChanges::default() };
    assert_eq!(paths(only.apply(&plan, &prices, &[])), ["input.setupFee", "input.minimumProratedAmount"]);
    let fees = PlanChanges { setup_fee: Some(Some(fee("5"))), minimum_prorated_amount: Some(None), ..only };
    assert_eq!(paths(fees.apply(&plan, &prices, &[])), ["input.currency"], "no price is in the plan's currency");
    let all = PlanChanges { prices: amount("11").prices, ..fees };
    let (changed, terms) = all.apply(&plan, &prices, &[]).unwrap();
    assert_eq!(changed.setup_fee.map(|fee| fee.amount), Some(Money::new(500, usd())));
    assert_eq!(terms.first().map(|price| price.currency), Some(usd()));
}

#[test]
fn only_a_plan_without_a_schedule_does_without_a_price() {
    let nothing = PlanChanges::default();
    assert_eq!(paths(nothing.apply(&blank(MONTHLY), &[], &[])), ["input.prices"]);
    assert!(nothing.apply(&blank(PlanSchedule::Manual), &[], &[]).is_ok());
    assert!(amount("0").apply(&blank(MONTHLY), &[], &[]).is_ok());
    let (plan, prices) = made();
    assert_eq!(paths(listed(vec![]).apply(&plan, &prices, &[])), ["input.prices"]);
    // What is wrong with prices is said, and not that there are none.
    assert_eq!(paths(listed(vec![flat("0.001", None)]).apply(&plan, &prices, &[])), ["input.prices.0.amount"]);
}

#[test]
fn a_trial_ends_at_the_start_of_a_day_where_days_are_counted() {
    let (plan, prices) = made();
    let seconds = PlanChanges { proration_unit: Some(ProrationUnit::Second), ..PlanChanges::default() };
    assert_eq!(paths(seconds.apply(&plan, &prices, &[])), ["input.fixedTrialDays"]);
    assert!(PlanChanges { fixed_trial_days: Some(false), ..seconds }.apply(&plan, &prices, &[]).is_ok());
    let fixed = PlanChanges { fixed_trial_days: Some(true), ..amount("1") };
    assert_eq!(paths(fixed.apply(&blank(CYCLE), &[], &[])), ["input.fixedTrialDays"]);
}

#[test]
fn a_new_version_counts_on_and_a_change_is_counted() {
    let (plan, _) = made();
    let later = NOW + chrono::TimeDelta::days(1);
    let revised = plan.clone().revised(later);
    assert_eq!((revised.revision, revised.version, revised.created_at, revised.updated_at), (2, 1, NOW, later));
    let id = crate::domain::Id::new(Uuid::from_u128(2));
    let next = revised.next_version(id, later);
    assert_eq!((next.id, next.version, next.revision, next.created_at), (id, 2, 1, later));
    assert_eq!((next.code, next.setup_fee), (plan.code, plan.setup_fee));
}

#[test]
fn usage_is_measured_of_a_feature_that_is_offered_and_counted() {
    let feature = |code: &str, feature_type, state| Feature {
        id: Id::new(Uuid::from_u128(code.bytes().map(u128::from).sum())),
        code: code.to_owned(),
        name: code.to_owned(),
        description: None,
        feature_type,
        state,
        metadata: Metadata::empty(),
        version: 1,
        created_at: NOW,
        updated_at: NOW,
    };
    let known = [
        feature("calls", FeatureType::Metered, CatalogueState::Active),
        feature("old", FeatureType::Metered, CatalogueState::Deleted),
        feature("sso", FeatureType::Boolean, CatalogueState::Active),
    ];
    let measuring =
        |code: &str| NewPrice { price_type: PriceType::Usage, feature: Some(code.to_owned()), ..flat("1", None) };
    let changes = listed(vec![flat("1", None), measuring("calls")]);
    assert_eq!(changes.features(), ["calls"]);
    let (_, prices) = changes.apply(&blank(MONTHLY), &[], &known).unwrap();
    assert_eq!(prices.iter().map(|price| price.feature_id).collect::<Vec<_>>(), [None, Some(known[0].id)]);
    for (code, expected) in [
        ("old", ErrorCode::EntitlementNotFound),
        ("none", ErrorCode::EntitlementNotFound),
        ("sso", ErrorCode::ValidationError),
    ] {
        let refused = listed(vec![measuring("calls"), measuring(code), measuring("none")]);
        let refused = refused.apply(&blank(MONTHLY), &[], &known).unwrap_err();
        assert_eq!(refused.iter().map(|refusal| refusal.code).collect::<Vec<_>>(), [expected], "{code}");
        assert_eq!(paths(Err(refused)), ["input.prices.1.featureCode"], "the first is said");
    }
    let both = listed(vec![measuring("none"), flat("0.001", None)]);
    assert_eq!(
        paths(both.apply(&blank(MONTHLY), &[], &known)),
        ["input.prices.1.amount"],
        "what is invalid is said first"
    );
}
