//! What holds for any bill.

use super::*;

fn any_model(digits: u8) -> impl Strategy<Value = PriceModel> {
    let amount =
        move |places: u8| (0u32..5_000_000).prop_map(move |minor| BigDecimal::new(minor.into(), places.into()));
    let rounding = select(vec![PackageRounding::Up, PackageRounding::Down]);
    let tier = (amount(digits), amount(digits));
    let tiers = (tier.clone(), tier.clone(), tier, select(vec![TierMode::Volume, TierMode::Slab]));
    prop_oneof![
        3 => amount(digits).prop_map(|amount| PriceModel::FlatFee { amount }),
        2 => amount(digits + 4).prop_map(|unit_amount| PriceModel::PerUnit { unit_amount }),
        1 => (amount(digits), 1i64..20, rounding)
            .prop_map(|(amount, size, rounding)| PriceModel::Package { amount, size, rounding }),
        1 => tiers.prop_map(|(one, two, three, mode)| {
            let ends = [Some(5.into()), Some(12.into()), None];
            let tiers = ends.into_iter().zip([one, two, three]);
            let tiers = tiers.map(|(up_to, (unit_amount, flat_amount))| Tier { up_to, unit_amount, flat_amount });
            PriceModel::Tiered { mode, tiers: tiers.collect() }
        }),
    ]
}

fn any_tax() -> impl Strategy<Value = Tax> {
    let rate = select(vec!["0", "0.07", "0.19", "0.25", "0.077", "0.08875", "0.333333", "1"]);
    (rate, any::<bool>()).prop_map(|(rate, included)| tax(rate, included))
}

fn any_charge(digits: u8) -> impl Strategy<Value = Charge> {
    let kinds = vec![LineKind::Plan, LineKind::AddOn, LineKind::SetupFee, LineKind::Usage];
    let quantity = (0u32..2500).prop_map(|hundredths| BigDecimal::new(hundredths.into(), 2));
    let proration = proptest::option::of((0i64..=31, 28i64..=31).prop_map(|(part, whole)| Proration {
        numerator: part.min(whole),
        denominator: whole,
        unit: ProrationUnit::Day,
    }));
    (select(kinds), any_model(digits), quantity, proration, any_tax(), proptest::bool::weighted(0.2)).prop_map(
        |(kind, model, quantity, proration, tax, credit)| Charge {
            model,
            quantity,
            proration,
            tax,
            credit,
            ..charge(kind, "0")
        },
    )
}

fn any_discount(currency: Currency) -> impl Strategy<Value = AppliedDiscount> {
    let percentage = (1i64..=100_000_000).prop_map(|millionths| {
        DiscountValue::Percentage(Percentage::try_new(&BigDecimal::new(millionths.into(), 6)).unwrap())
    });
    let amount = (0i64..20_000_000).prop_map(move |minor| DiscountValue::Amount(Money::new(minor, currency)));
    let targets = select(vec![DiscountTarget::All, DiscountTarget::Plan, DiscountTarget::AddOn]);
    (prop_oneof![percentage, amount], targets).prop_map(|(value, target)| discount(value, &[target]))
}

fn any_charges() -> impl Strategy<Value = Charges> {
    let orders = select(vec![DiscountOrder::PercentageFirst, DiscountOrder::AmountFirst]);
    let bases = select(vec![PercentageBase::Full, PercentageBase::Compound]);
    let stacking = (orders, bases).prop_map(|(order, base)| Stacking { order, base });
    (select(vec!["EUR", "JPY", "KWD"]), stacking).prop_flat_map(|(code, stacking)| {
        let currency = currency(code);
        let list = proptest::collection::vec(any_charge(currency.digits()), 0..6);
        let discounts = proptest::collection::vec(any_discount(currency), 0..5);
        (list, discounts).prop_map(move |(list, discounts)| Charges { stacking, ..charges(currency, list, discounts) })
    })
}

fn minor(lines: &[Line], which: impl Fn(&&Line) -> bool) -> i64 {
    lines.iter().filter(which).map(|line| line.amount.minor).sum()
}

/// Whether an exact amount is rounded to the nearest whole one: it is at most a half away.
fn nearest(exact: Ratio, whole: i64) -> bool {
    let away = exact.plus(Ratio::new(-whole, 1)).part(2, 1).unwrap();
    away.up() <= 1.into() && away.down() >= (-1).into()
}

fn exact_tax<'a>(lines: impl Iterator<Item = &'a Line>) -> Ratio {
    lines.fold(Ratio::new(0, 1), |sum, line| sum.plus(line.exact_tax()))
}

/// A bill without its lines.
fn totals(bill: &Bill) -> [i64; 5] {
    [bill.subtotal, bill.discount_total, bill.tax_total, bill.net_total, bill.total].map(|money| money.minor)
}

proptest! {
    #[test]
    fn lines_add_up_to_the_totals(charges in any_charges()) {
        let count = charges.charges.len();
        let bill = bill(charges).unwrap();
        let all = minor(&bill.lines, |_| true);
        prop_assert_eq!(minor(&bill.lines, |line| line.reduces.is_none()), bill.subtotal.minor);
        prop_assert_eq!(minor(&bill.lines, |line| line.reduces.is_some()), -bill.discount_total.minor);
        prop_assert_eq!(bill.net_total.minor + bill.tax_total.minor, bill.total.minor);
        if bill.lines.iter().all(|line| line.tax.included) {
            prop_assert_eq!(bill.total.minor, all);
        }
        if bill.lines.iter().all(|line| !line.tax.included) {
            prop_assert_eq!(bill.net_total.minor, all);
        }
        for (position, line) in bill.lines.iter().enumerate() {
            prop_assert_eq!(line.reduces.is_some(), position >= count);
            prop_assert_eq!(line.reduces.is_some(), line.kind == LineKind::Discount);
            let off = |other: &&Line| other.reduces.is_some_and(|reduction| reduction.position == position);
            prop_assert_eq!(minor(&bill.lines, off), -line.discount_amount.minor);
        }
    }

    #[test]
    fn tax_is_the_exact_sum_rounded_once(charges in any_charges()) {
        let bill = bill(charges).unwrap();
        prop_assert!(nearest(exact_tax(bill.lines.iter()), bill.tax_total.minor));
        let on_top = exact_tax(bill.lines.iter().filter(|line| !line.tax.included));
        prop_assert!(nearest(on_top, bill.total.minor - minor(&bill.lines, |_| true)));
    }

    /// Whatever the discounts: percentages and fixed amounts together take at most what there is.
    #[test]
    fn discounts_take_nothing_below_zero(charges in any_charges()) {
        let credits = charges.charges.iter().any(|charge| charge.credit);
        let bill = bill(charges).unwrap();
        for line in bill.lines.iter().filter(|line| line.reduces.is_none()) {
            prop_assert!((0..=line.amount.minor.max(0)).contains(&line.discount_amount.minor));
        }
        prop_assert!(bill.lines.iter().filter(|line| line.reduces.is_some()).all(|line| line.amount.minor < 0));
        if !credits {
            prop_assert!(totals(&bill).iter().all(|minor| *minor >= 0));
        }
    }

    #[test]
    fn a_whole_period_costs_the_whole_amount(charges in any_charges(), length in 1i64..3_000_000) {
        let mut plain = charges.clone();
        plain.charges.iter_mut().for_each(|charge| charge.proration = None);
        let mut whole = charges;
        whole.charges.iter_mut().for_each(|charge| charge.proration = Some(days(length, length)));
        prop_assert_eq!(totals(&bill(plain).unwrap()), totals(&bill(whole).unwrap()));
    }

    /// Two parts that make a period cost what it costs, but for the rounding of two lines instead of one.
    #[test]
    fn parts_make_a_whole(charge in any_charge(2), part in 0i64..=31) {
        let cost = |proration| {
            let list = vec![Charge { proration, credit: false, ..charge.clone() }];
            euros(list, vec![]).unwrap().subtotal.minor
        };
        let parts = cost(Some(days(part, 31))) + cost(Some(days(31 - part, 31)));
        prop_assert!((parts - cost(None)).abs() <= 1);
    }

    #[test]
    fn a_credit_is_its_charge_given_back(charge in any_charge(2)) {
        let both = |credit| Charge { credit, ..charge.clone() };
        let bill = euros(vec![both(false), both(true)], vec![]).unwrap();
        prop_assert_eq!(bill.lines[0].amount.minor, -bill.lines[1].amount.minor);
        prop_assert!(bill.lines[0].amount.minor >= 0);
        prop_assert_eq!(totals(&bill), [0; 5]);
    }

    /// Percentages fall on each line by itself, so that it does not matter where it stands.
    #[test]
    fn the_order_of_the_lines_does_not_matter(charges in any_charges(), turn in 0usize..6) {
        let mut charges = charges;
        charges.discounts.retain(|discount| matches!(discount.value, DiscountValue::Percentage(_)));
        let mut turned = charges.clone();
        turned.charges.rotate_left(turn.min(charges.charges.len()));
        turned.charges.reverse();
        prop_assert_eq!(totals(&bill(charges).unwrap()), totals(&bill(turned).unwrap()));
    }

    /// A fixed amount falls on other lines then, but it takes off as much.
    #[test]
    fn a_fixed_discount_takes_off_the_same_in_any_order(charges in any_charges(), tax in any_tax()) {
        let mut charges = charges;
        let is_fixed = |discount: &AppliedDiscount| matches!(discount.value, DiscountValue::Amount(_));
        let fixed = charges.discounts.iter().find(|discount| is_fixed(discount)).cloned();
        charges.discounts.retain(|discount| !is_fixed(discount));
        charges.discounts.extend(fixed);
        charges.stacking.order = DiscountOrder::PercentageFirst;
        charges.charges.iter_mut().for_each(|charge| charge.tax = tax);
        let mut turned = charges.clone();
        turned.charges.reverse();
        prop_assert_eq!(totals(&bill(charges).unwrap()), totals(&bill(turned).unwrap()));
    }

    /// A fixed discount takes all of itself, or all that there is.
    #[test]
    fn a_fixed_discount_is_used_up(charges in any_charges(), off in 0i64..50_000_000) {
        let mut charges = charges;
        let amount = DiscountValue::Amount(Money::new(off, charges.currency));
        charges.discounts = vec![discount(amount, &[DiscountTarget::All])];
        let bill = bill(charges).unwrap();
        let there_is = minor(&bill.lines, |line| line.amount.minor > 0);
        prop_assert_eq!(bill.discount_total.minor, off.min(there_is));
    }
}
