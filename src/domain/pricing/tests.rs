use super::*;
use crate::domain::Id;
use crate::domain::exact::Ratio;
use crate::domain::money::decimal;
use crate::domain::period::{Proration, ProrationUnit};
use crate::domain::price::{PackageRounding, PriceModel, Tier, TierMode};
use bigdecimal::BigDecimal;
use proptest::prelude::*;
use proptest::sample::select;
use uuid::Uuid;

fn currency(code: &str) -> Currency {
    code.parse().unwrap()
}

fn tax(rate: &str, included: bool) -> Tax {
    Tax { rate: TaxRate::try_new(&decimal(rate).unwrap()).unwrap(), included }
}

fn charge(kind: LineKind, amount: &str) -> Charge {
    Charge {
        kind,
        description: String::new(),
        price_id: None,
        plan_version: None,
        reference: None,
        model: PriceModel::FlatFee { amount: decimal(amount).unwrap() },
        quantity: 1.into(),
        proration: None,
        portion: None,
        minimum_prorated_amount: None,
        period: None,
        tax: tax("0", false),
        credit: false,
    }
}

fn discount(value: DiscountValue, applies_to: &[DiscountTarget]) -> AppliedDiscount {
    let reference = Id::new(Uuid::from_u128(1));
    AppliedDiscount { reference, name: String::new(), value, applies_to: applies_to.to_vec(), price_id: None }
}

fn percent(text: &str) -> DiscountValue {
    DiscountValue::Percentage(Percentage::try_new(&decimal(text).unwrap()).unwrap())
}

fn days(numerator: i64, denominator: i64) -> Proration {
    Proration { numerator, denominator, unit: ProrationUnit::Day }
}

fn charges(currency: Currency, charges: Vec<Charge>, discounts: Vec<AppliedDiscount>) -> Charges {
    Charges { currency, zone: Zone::UTC, charges, discounts, stacking: Stacking::default() }
}

fn euros(list: Vec<Charge>, discounts: Vec<AppliedDiscount>) -> Result<Bill, NotABill> {
    bill(charges(Currency::EUR, list, discounts))
}

#[test]
fn a_percentage_is_above_0_and_at_most_100() {
    for text in ["0.000001", "33.333333", "100", "20.00000000000"] {
        let taken = decimal(text).unwrap();
        assert_eq!(Percentage::try_new(&taken).map(Percentage::decimal), Ok(taken));
    }
    for text in ["0", "-1", "100.000001", "0.0000001", "99999999999999999999"] {
        assert_eq!(Percentage::try_new(&decimal(text).unwrap()), Err(NotAPercentage), "{text}");
    }
}

#[test]
fn a_discount_lowers_what_it_is_meant_for() {
    use DiscountTarget as To;
    use LineKind as Kind;
    let kinds = [
        Kind::Plan,
        Kind::Item,
        Kind::AddOn,
        Kind::SetupFee,
        Kind::AdditionalCost,
        Kind::Usage,
        Kind::Overage,
        Kind::TrueUp,
        Kind::OnDemand,
    ];
    let lowered = |targets: &[To]| {
        let list = kinds.iter().map(|kind| charge(*kind, "10")).collect();
        let bill = euros(list, vec![discount(percent("50"), targets)]).unwrap();
        let charges = bill.lines.into_iter().take(kinds.len());
        charges.filter(|line| line.discount_amount.minor == 500).map(|line| line.kind).collect::<Vec<_>>()
    };
    assert_eq!(lowered(&[To::All]), kinds);
    assert_eq!(lowered(&[To::SetupFee]), [Kind::SetupFee]);
    assert_eq!(lowered(&[To::Plan]), [Kind::Plan]);
    assert_eq!(lowered(&[To::AdditionalCost]), [Kind::AdditionalCost]);
    assert_eq!(lowered(&[To::AddOn]), [Kind::AddOn]);
    assert_eq!(lowered(&[To::OnDemand]), [Kind::OnDemand]);
    assert_eq!(lowered(&[To::AddOn, To::Plan, To::Plan]), [Kind::Plan, Kind::AddOn]);
    assert_eq!(lowered(&[]), []);
}

#[test]
fn a_discount_may_be_meant_for_one_price() {
    let priced = |kind, price| Charge { price_id: Some(Id::new(Uuid::from_u128(price))), ..charge(kind, "10") };
    let list = || vec![priced(LineKind::Plan, 1), priced(LineKind::Plan, 2), priced(LineKind::AddOn, 2)];
    let of_price = |targets: &[DiscountTarget]| {
        let price_id = Some(Id::new(Uuid::from_u128(2)));
        let bill = euros(list(), vec![AppliedDiscount { price_id, ..discount(percent("50"), targets) }]).unwrap();
        bill.lines.iter().filter_map(|line| line.reduces.map(|reduction| reduction.position)).collect::<Vec<_>>()
    };
    assert_eq!(of_price(&[DiscountTarget::All]), [1, 2]);
    assert_eq!(of_price(&[DiscountTarget::Plan]), [1]);
}

#[test]
fn a_discount_has_lines_of_its_own() {
    let period = None;
    let plan = Charge {
        reference: Some(Id::new(Uuid::from_u128(7))),
        tax: tax("0.25", true),
        period,
        ..charge(LineKind::Plan, "20")
    };
    let mut one = discount(percent("12.5"), &[DiscountTarget::Plan]);
    one.name = "Spring".into();
    let two = discount(DiscountValue::Amount(Money::new(100, Currency::EUR)), &[DiscountTarget::All]);
    let bill = euros(vec![charge(LineKind::AddOn, "0.40"), plan], vec![one, two]).unwrap();
    let [add_on, plan, spring, first, second] = &bill.lines[..] else { panic!("{:#?}", bill.lines) };
    assert_eq!((add_on.discount_amount.minor, plan.discount_amount.minor), (40, 250 + 60));
    assert_eq!((spring.description.as_str(), spring.amount.minor), ("Spring", -250));
    assert_eq!((spring.kind, spring.reference, spring.tax), (LineKind::Discount, plan.reference, plan.tax));
    let reduction = spring.reduces.unwrap();
    assert_eq!((reduction.position, reduction.percentage.map(Percentage::decimal)), (1, decimal("12.5").ok()));
    assert_eq!((first.amount.minor, first.reduces.map(|reduction| reduction.position)), (-40, Some(0)));
    assert_eq!((second.amount.minor, second.reduces.map(|reduction| reduction.position)), (-60, Some(1)));
    assert_eq!(second.reduces.unwrap().percentage, None);
    assert_eq!((bill.subtotal.minor, bill.discount_total.minor, bill.total.minor), (2040, 350, 1690));
}

#[test]
fn a_line_says_how_its_amount_came_about() {
    let model = PriceModel::Package { amount: decimal("1.25").unwrap(), size: 10, rounding: PackageRounding::Up };
    let list = vec![Charge {
        model,
        quantity: 25.into(),
        proration: Some(days(1, 2)),
        plan_version: Some(3),
        ..charge(LineKind::Usage, "0")
    }];
    let zone = "Asia/Kolkata".parse().unwrap();
    let bill = bill(Charges { zone, ..charges(Currency::EUR, list, vec![]) }).unwrap();
    let line = &bill.lines[0];
    // 3 packages of 1.25, half of a period: 1.875.
    assert_eq!(line.amount.to_string(), "1.88");
    assert_eq!(line.unit_amount, decimal("1.25").ok());
    assert_eq!((line.quantity.clone(), line.proration, line.plan_version), (25.into(), Some(days(1, 2)), Some(3)));
    assert_eq!(
        (line.zone, line.rounding, bill.rounding),
        (zone, Rounding::HalfAwayFromZero, Rounding::HalfAwayFromZero)
    );
}

#[test]
fn a_small_part_of_a_period_costs_nothing() {
    let minor = |proration, minimum, credit| {
        let minimum_prorated_amount = Some(Money::new(minimum, Currency::EUR));
        let plan = Charge { proration, minimum_prorated_amount, credit, ..charge(LineKind::Plan, "70") };
        euros(vec![plan], vec![]).unwrap().total.minor
    };
    assert_eq!(minor(Some(days(5, 7)), 5000, false), 5000);
    assert_eq!(minor(Some(days(5, 7)), 5001, false), 0);
    assert_eq!(minor(Some(days(5, 7)), 5001, true), 0);
    assert_eq!(minor(Some(days(5, 7)), 5000, true), -5000);
    // A whole period is not asked.
    assert_eq!(minor(Some(days(7, 7)), 7001, false), 7000);
    assert_eq!(minor(None, 7001, false), 7000);
}

#[test]
fn what_cannot_be_billed_is_said() {
    let at_most = decimal("10000000000").unwrap();
    let most = |quantity: i64| Charge { quantity: quantity.into(), ..charge(LineKind::Plan, "10000000000") };
    assert_eq!(euros(vec![most(1)], vec![]).unwrap().total.minor, LARGEST);
    let too_large = |list| assert_eq!(euros(list, vec![]), Err(NotABill::TooLarge));
    too_large(vec![most(2)]);
    too_large(vec![most(1), charge(LineKind::Plan, "0.01")]);
    too_large(vec![Charge { credit: true, ..most(2) }]);
    too_large(vec![Charge { tax: tax("0.000001", false), ..most(1) }]);
    let endless = BigDecimal::new(1.into(), i64::MIN);
    too_large(vec![Charge { quantity: endless, ..charge(LineKind::Plan, "1") }]);
    let vast = BigDecimal::from(u128::MAX) * BigDecimal::from(u128::MAX);
    too_large(vec![Charge { quantity: vast, ..charge(LineKind::Plan, "1") }]);
    too_large(vec![Charge { proration: Some(days(i64::MAX, 1)), ..most(1) }]);
    too_large(vec![Charge { proration: Some(days(1, 0)), ..charge(LineKind::Plan, "1") }]);
    too_large(vec![Charge { model: PriceModel::PerUnit { unit_amount: at_most }, ..most(i64::MAX) }]);

    let foreign = Money::new(1, currency("USD"));
    let of = discount(DiscountValue::Amount(foreign), &[DiscountTarget::All]);
    assert_eq!(euros(vec![], vec![of]), Err(NotABill::CurrencyMismatch));
    let list = vec![Charge { minimum_prorated_amount: Some(foreign), ..charge(LineKind::Plan, "1") }];
    assert_eq!(euros(list, vec![]), Err(NotABill::CurrencyMismatch));
}

#[test]
fn nothing_comes_to_nothing() {
    let bill = euros(vec![], vec![discount(percent("100"), &[DiscountTarget::All])]).unwrap();
    assert_eq!((bill.lines.len(), bill.subtotal.minor, bill.tax_total.minor, bill.total.minor), (0, 0, 0, 0));
}

mod commitments;
mod properties;
