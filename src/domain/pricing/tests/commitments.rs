//! Commitments: the vectors of `flexprice.md` §7, and what holds for any.

use super::*;
use crate::domain::Instant;
use crate::domain::period::{BillingPeriod, Period};
use crate::domain::schedule::{BillingCycle, Interval, PlanSchedule, Schedule};
use crate::domain::subscription::Commitment;

fn commitment(amount: i64, code: &str, factor: &str, true_up: bool) -> Commitment {
    let amount = Some(Money::new(amount, currency(code)));
    Commitment { amount, duration: None, overage_factor: decimal(factor).unwrap(), true_up }
}

fn at(text: &str) -> Instant {
    text.parse().unwrap()
}

fn period(start: &str, end: &str) -> Period {
    let midnight = |day: &str| at(&format!("{day}T00:00:00Z"));
    Period { start: midnight(start), end: midnight(end) }
}

/// Usage of so many units at so much each.
fn usage(quantity: &str, unit_amount: &str) -> Charge {
    let model = PriceModel::PerUnit { unit_amount: decimal(unit_amount).unwrap() };
    Charge { model, quantity: decimal(quantity).unwrap(), ..charge(LineKind::Usage, "0") }
}

fn true_up() -> TrueUp {
    TrueUp { description: "Gold True Up".into(), plan_version: Some(2), period: None, tax: tax("0", false) }
}

/// A year, and the first month or the last of it.
fn in_a_year(closes: bool) -> CommitmentWindow {
    let year = Commitment { duration: Some(BillingPeriod::Year), ..commitment(1, "EUR", "1", false) };
    let month = if closes { period("2025-12-01", "2026-01-01") } else { period("2025-01-01", "2025-02-01") };
    year.window(at("2025-01-01T00:00:00Z"), Zone::UTC, Some((BillingPeriod::Month, Interval::ONE)), month)
}

fn month() -> CommitmentWindow {
    CommitmentWindow::own(period("2025-01-01", "2025-02-01"))
}

/// The lines that are billed, each as `KIND amount`, and the total last.
fn billed(commitment: &Commitment, window: &CommitmentWindow, used: i64, list: Vec<Charge>) -> Vec<String> {
    let currency = commitment.amount.unwrap().currency;
    let held = hold_to(commitment, window, Ratio::new(used, 1), list, true_up(), currency).unwrap();
    let bill = bill(charges(currency, held.charges, vec![])).unwrap();
    let line = |line: &Line| format!("{:?} {}", line.kind, line.amount);
    bill.lines.iter().map(line).chain([bill.total.to_string()]).collect()
}

#[test]
fn what_lies_beyond_a_commitment_costs_more() {
    let twenty = commitment(2000, "EUR", "1.5", true);
    assert_eq!(billed(&twenty, &month(), 0, vec![usage("600", "0.05")]), ["Usage 20.00", "Overage 15.00", "35.00"]);
    // The first items have the commitment; what comes after them is overage as a whole.
    let list = vec![usage("100", "0.05"), usage("400", "0.05"), usage("1", "2")];
    assert_eq!(
        billed(&twenty, &month(), 0, list),
        ["Usage 5.00", "Usage 15.00", "Overage 7.50", "Overage 3.00", "30.50"]
    );
    assert_eq!(billed(&twenty, &month(), 0, vec![usage("400", "0.05")]), ["Usage 20.00", "20.00"], "just used up");
}

#[test]
fn the_split_is_exact() {
    let thousand = commitment(100_000, "EUR", "2", true);
    let lines = billed(&thousand, &month(), 0, vec![usage("400", "3")]);
    assert_eq!(lines, ["Usage 1000.00", "Overage 400.00", "1400.00"]);
}

#[test]
fn what_is_missing_of_a_commitment_is_billed() {
    let held = |commitment, list| billed(&commitment, &month(), 0, list);
    let lines = held(commitment(100_000, "EUR", "1.5", true), vec![usage("750", "1")]);
    assert_eq!(lines, ["Usage 750.00", "TrueUp 250.00", "1000.00"]);
    let lines = held(commitment(10_000, "JPY", "1.5", true), vec![usage("8501", "1")]);
    assert_eq!(lines, ["Usage 8501", "TrueUp 1499", "10000"]);
    // For one item, and at a factor that makes nothing dearer.
    let lines = held(commitment(1000, "EUR", "1", true), vec![usage("4", "1")]);
    assert_eq!(lines, ["Usage 4.00", "TrueUp 6.00", "10.00"]);
    assert_eq!(held(commitment(1000, "EUR", "1", true), vec![]), ["TrueUp 10.00", "10.00"], "nothing was used");
    assert_eq!(held(commitment(1000, "EUR", "2", false), vec![usage("4", "1")]), ["Usage 4.00", "4.00"]);
    assert_eq!(held(commitment(0, "EUR", "2", true), vec![usage("4", "1")]), ["Usage 4.00", "4.00"], "no commitment");
}

#[test]
fn a_commitment_holds_over_several_periods() {
    let year = commitment(6000, "EUR", "2", true);
    let held = |used, list| billed(&year, &in_a_year(false), used, list);
    assert_eq!(held(5000, vec![usage("12", "1")]), ["Usage 10.00", "Overage 4.00", "14.00"]);
    assert_eq!(held(7000, vec![usage("12", "1")]), ["Overage 24.00", "24.00"]);
    assert_eq!(held(0, vec![usage("12", "1")]), ["Usage 12.00", "12.00"], "the year is not over");
    // Each item has its part of what is left.
    assert_eq!(
        held(5000, vec![usage("5", "1"), usage("7", "1")]),
        ["Usage 4.17", "Overage 1.67", "Usage 5.83", "Overage 2.33", "14.00"]
    );
    let last = |used| billed(&year, &in_a_year(true), used, vec![usage("12", "1")]);
    assert_eq!(last(4000), ["Usage 12.00", "TrueUp 8.00", "20.00"]);
    assert_eq!(last(4800), ["Usage 12.00", "12.00"], "all of it was used");
}

#[test]
fn a_line_says_what_a_commitment_made_of_it() {
    let window = month();
    let list = vec![Charge { price_id: Some(Id::new(Uuid::from_u128(5))), ..usage("3", "0.0015") }];
    let held = hold_to(
        &Commitment { amount: Some(Money::new(0, Currency::EUR)), ..commitment(0, "EUR", "2", true) },
        &window,
        Ratio::new(0, 1),
        list.clone(),
        true_up(),
        Currency::EUR,
    );
    assert_eq!(held.unwrap().charges, list, "as it was");
    let one = commitment(1, "KWD", "2.5", true);
    let kwd = currency("KWD");
    let held = hold_to(&one, &window, Ratio::new(0, 1), list, true_up(), kwd).unwrap();
    assert_eq!(held.used, Ratio::scaled(&decimal("4.5").unwrap(), 0).unwrap());
    let lines = bill(charges(kwd, held.charges, vec![])).unwrap().lines;
    let said = |line: &Line| {
        let text = |number: &Option<BigDecimal>| number.as_ref().unwrap().normalized().to_string();
        (line.amount.to_string(), text(&line.base_amount), text(&line.factor), line.quantity.to_string())
    };
    let said: Vec<_> = lines.iter().map(said).collect();
    let expected = [("0.001", "0.001", "1", "3"), ("0.009", "0.0035", "2.5", "3")];
    assert_eq!(said, expected.map(|(a, b, c, d)| (a.into(), b.into(), c.into(), d.into())));
    assert!(lines.iter().all(|line| line.unit_amount == decimal("0.0015").ok() && line.price_id.is_some()));

    let missing = commitment(10, "KWD", "2", true);
    let held = hold_to(&missing, &window, Ratio::new(0, 1), vec![usage("3", "0.0015")], true_up(), kwd).unwrap();
    let lines = bill(charges(kwd, held.charges, vec![])).unwrap().lines;
    let [used, rest] = &lines[..] else { panic!("{lines:#?}") };
    assert_eq!((&used.base_amount, &used.factor), (&None, &None), "all of it lies within");
    assert_eq!((rest.kind, rest.description.as_str(), rest.plan_version), (LineKind::TrueUp, "Gold True Up", Some(2)));
    assert_eq!((&rest.unit_amount, &rest.base_amount), (&decimal("0.010").ok(), &decimal("0.0055").ok()));
}

#[test]
fn a_commitment_is_in_the_currency_of_what_is_billed() {
    let held = hold_to(&commitment(1, "JPY", "1", true), &month(), Ratio::new(0, 1), vec![], true_up(), Currency::EUR);
    assert_eq!(held, Err(NotABill::CurrencyMismatch));
}

fn monthly(start: &str, zone: Zone, cycle: BillingCycle) -> Schedule {
    let cycle = PlanSchedule::Cycle { period: BillingPeriod::Month, count: Interval::ONE, cycle };
    cycle.schedule(at(start), zone, None, ProrationUnit::Day, None, None).unwrap()
}

/// For the first periods, the starts of their windows, and whether each closes its own.
fn windows(duration: BillingPeriod, schedule: &Schedule, zone: Zone, count: usize) -> Vec<(String, bool)> {
    let commitment = Commitment { duration: Some(duration), ..commitment(1, "EUR", "1", true) };
    let monthly = Some((BillingPeriod::Month, Interval::ONE));
    let windows = schedule.periods().take(count).map(|scheduled| {
        let window = commitment.window(schedule.start(), zone, monthly, scheduled.period);
        (window.period.start.to_rfc3339(), window.closes)
    });
    windows.collect()
}

#[test]
fn windows_renew_and_close_with_their_last_period() {
    let zone: Zone = "Europe/Berlin".parse().unwrap();
    let schedule = monthly("2025-01-30T23:00:00Z", zone, BillingCycle::Anniversary);
    let found = windows(BillingPeriod::Quarter, &schedule, zone, 7);
    // 31 January, 30 April, 31 July, at midnight in Berlin.
    let [first, second, third] = ["2025-01-30T23:00:00", "2025-04-29T22:00:00", "2025-07-30T22:00:00"];
    let starts = [first, first, first, second, second, second, third].map(|start| format!("{start}+00:00"));
    let closes = [false, false, true, false, false, true, false];
    assert_eq!(found, starts.into_iter().zip(closes).collect::<Vec<_>>());
    let years = windows(BillingPeriod::Year, &schedule, zone, 25);
    let closing: Vec<_> = years.iter().enumerate().filter(|(_, (_, closes))| *closes).map(|(n, _)| n).collect();
    assert_eq!(closing, [11, 23]);
}

#[test]
fn a_period_across_two_windows_is_counted_in_the_one_in_which_it_begins() {
    let schedule = monthly("2025-01-15T12:00:00Z", Zone::UTC, BillingCycle::Calendar);
    let found = windows(BillingPeriod::Quarter, &schedule, Zone::UTC, 7);
    let [first, second] = ["2025-01-15T12:00:00+00:00", "2025-04-15T12:00:00+00:00"].map(str::to_owned);
    let expected = [(&first, false), (&first, false), (&first, false), (&first, true)];
    // 15 January to 1 May by the calendar; then 1 May to 1 August.
    let expected = expected.into_iter().chain([(&second, false), (&second, false), (&second, true)]);
    assert_eq!(found, expected.map(|(start, closes)| (start.clone(), closes)).collect::<Vec<_>>());
}

#[test]
fn a_commitment_for_a_billing_period_is_counted_in_it() {
    let billing = |unit, count| Some((unit, Interval::try_new(count).unwrap()));
    let of = |duration, billing_period| {
        let commitment = Commitment { duration, ..commitment(1, "EUR", "1", true) };
        let period = period("2025-04-01", "2025-07-01");
        let window = commitment.window(at("2025-01-10T00:00:00Z"), Zone::UTC, billing_period, period);
        window == CommitmentWindow::own(period)
    };
    assert!(of(None, billing(BillingPeriod::Quarter, 1)));
    assert!(of(Some(BillingPeriod::Quarter), billing(BillingPeriod::Month, 3)), "as long, in other words");
    assert!(of(Some(BillingPeriod::Quarter), billing(BillingPeriod::Quarter, 1)), "whatever its boundaries");
    assert!(!of(Some(BillingPeriod::Year), billing(BillingPeriod::Quarter, 1)));
    // One that is shorter is held to with the period.
    let shorter = Commitment { duration: Some(BillingPeriod::Month), ..commitment(1, "EUR", "1", true) };
    let quarter = period("2025-01-10", "2025-04-10");
    let window = shorter.window(quarter.start, Zone::UTC, billing(BillingPeriod::Quarter, 1), quarter);
    assert_eq!(window, CommitmentWindow::own(quarter));
}

/// Usage of so many ten-thousandths of the major unit, in some items.
fn any_usage() -> impl Strategy<Value = Vec<i64>> {
    proptest::collection::vec(0i64..3_000_000, 0..6)
}

fn items(amounts: &[i64]) -> Vec<Charge> {
    amounts.iter().map(|amount| usage(&amount.to_string(), "0.0001")).collect()
}

/// Whether two exact amounts are the same.
fn same(one: &Ratio, other: &Ratio) -> bool {
    one.clone().minus(other.clone()).whole() == Some(0.into())
}

proptest! {
    /// What is billed is what lies within the commitment, the rest with its factor, and the true-up: exactly, however the
    /// usage is spread over items. Each line is rounded once.
    #[test]
    fn what_is_billed_does_not_depend_on_the_items(
        amounts in any_usage(),
        used in 0i64..60_000,
        least in 1i64..60_000,
        factor in select(vec!["1", "1.5", "2", "3.333"]),
        renews in any::<bool>(),
        closes in any::<bool>(),
        fills in any::<bool>(),
    ) {
        let window = if renews { in_a_year(closes) } else { month() };
        let commitment = commitment(least, "EUR", factor, fills);
        let hold = |list: Vec<Charge>| {
            hold_to(&commitment, &window, Ratio::new(used, 1), list, true_up(), Currency::EUR).unwrap()
        };
        let exact = |held: &[Charge]| {
            let amounts = held.iter().map(|charge| charge.exact(Currency::EUR).unwrap());
            amounts.fold(Ratio::new(0, 1), Ratio::plus)
        };
        let total: i64 = amounts.iter().sum();
        let (held, whole) = (hold(items(&amounts)), hold(items(&[total])));
        prop_assert!(same(&exact(&held.charges), &exact(&whole.charges)));

        // In hundredths of a minor unit.
        let (current, left) = (total, (least - used).max(0) * 100);
        let (within, beyond) = (current.min(left), (current - left).max(0));
        let missing = if window.closes && fills { (least * 100 - used * 100 - current).max(0) } else { 0 };
        let overage = Ratio::new(beyond, 100).times(&Ratio::scaled(&decimal(factor).unwrap(), 0).unwrap());
        let expected = Ratio::new(within + missing, 100).plus(overage);
        prop_assert!(same(&exact(&held.charges), &expected), "{:?}", held);
        prop_assert!(same(&held.used, &Ratio::new(used * 100 + current, 100)));

        let count = held.charges.len();
        let rounded = bill(charges(Currency::EUR, held.charges, vec![])).unwrap().total.minor;
        let away = expected.minus(Ratio::new(rounded, 1)).part(2, 1).unwrap();
        let most = i64::try_from(count).unwrap();
        prop_assert!(away.up() <= most.into() && away.down() >= (-most).into(), "each line is at most a half away");
    }

    /// A commitment is used up window by window: what several periods come to is what one long period would.
    #[test]
    fn periods_of_one_window_add_up(amounts in any_usage(), least in 1i64..60_000) {
        let commitment = commitment(least, "EUR", "1.5", true);
        let mut used = Ratio::new(0, 1);
        let mut billed = Ratio::new(0, 1);
        for (place, amount) in amounts.iter().enumerate() {
            let window = in_a_year(place + 1 == amounts.len());
            let held = hold_to(&commitment, &window, used, items(&[*amount]), true_up(), Currency::EUR).unwrap();
            used = held.used;
            billed = held.charges.iter().map(|charge| charge.exact(Currency::EUR).unwrap()).fold(billed, Ratio::plus);
        }
        if !amounts.is_empty() {
            let at_once = hold_to(&commitment, &month(), Ratio::new(0, 1), items(&[amounts.iter().sum()]), true_up(), Currency::EUR);
            let at_once = at_once.unwrap().charges;
            let at_once = at_once.iter().map(|charge| charge.exact(Currency::EUR).unwrap()).fold(Ratio::new(0, 1), Ratio::plus);
            prop_assert!(same(&billed, &at_once));
        }
    }
}
