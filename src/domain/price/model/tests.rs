use super::*;
use crate::domain::money::decimal;
use proptest::prelude::*;

fn d(text: &str) -> BigDecimal {
    decimal(text).unwrap()
}

fn tier(up_to: Option<&str>, unit: &str, flat: &str) -> Tier {
    Tier { up_to: up_to.map(d), unit_amount: d(unit), flat_amount: d(flat) }
}

fn tiered(mode: TierMode, tiers: Vec<Tier>) -> Result<PriceModel, Vec<WrongPart>> {
    PriceModel::try_tiered(mode, tiers, Currency::EUR)
}

/// `flexprice.md` §3.9 and V23, and what stands at the edges of tiers and packages.
#[test]
fn what_a_quantity_costs() {
    let flat = PriceModel::try_flat_fee(d("100"), Currency::EUR).unwrap();
    let unit = PriceModel::try_per_unit(d("0.0001"), Currency::EUR).unwrap();
    let package = |rounding| PriceModel::try_package(d("7.50"), 100, rounding, Currency::EUR).unwrap();
    let (up, down) = (package(PackageRounding::Up), package(PackageRounding::Down));
    let plain = || vec![tier(Some("10"), "5", "0"), tier(Some("50"), "3", "0"), tier(None, "1", "0")];
    let fees = || vec![tier(Some("10"), "5", "20"), tier(None, "3", "2.50")];
    let of = |mode, tiers| tiered(mode, tiers).unwrap();
    let (volume, slab) = (of(TierMode::Volume, plain()), of(TierMode::Slab, plain()));
    let (volume_fees, slab_fees) = (of(TierMode::Volume, fees()), of(TierMode::Slab, fees()));
    for (model, quantity, amount) in [
        (&flat, "3", "300"),
        (&flat, "0", "0"),
        (&unit, "12345", "1.2345"),
        (&up, "1", "7.50"),
        (&up, "100", "7.50"),
        (&up, "100.001", "15"),
        (&down, "99.999", "0"),
        (&down, "250", "15"),
        (&up, "0", "0"),
        (&volume, "10", "50"),
        (&volume, "20", "60"),
        (&volume, "51", "51"),
        (&slab, "10", "50"),
        (&slab, "20", "80"),
        (&slab, "10.5", "51.5"),
        (&slab, "51", "171"),
        (&volume_fees, "10", "70"),
        (&volume_fees, "20", "62.5"),
        (&slab_fees, "10", "70"),
        (&slab_fees, "10.1", "72.8"),
        (&slab_fees, "0", "0"),
        (&volume_fees, "0", "0"),
        (&slab_fees, "-1", "0"),
    ] {
        assert_eq!(model.amount(&d(quantity)), d(amount), "{quantity} of {model:?}");
    }
}

fn wrong(found: Result<PriceModel, Vec<WrongPart>>) -> Vec<(String, String)> {
    let parts = found.err().unwrap_or_default();
    parts.into_iter().map(|wrong| (wrong.part.path().join("."), wrong.to_string())).collect()
}

fn one(path: &str, message: &str) -> Vec<(String, String)> {
    vec![(path.to_owned(), message.to_owned())]
}

#[test]
fn a_flat_fee_has_the_currencys_own_digits() {
    let (eur, jpy): (Currency, Currency) = (Currency::EUR, "JPY".parse().unwrap());
    assert!(PriceModel::try_flat_fee(d("0"), eur).is_ok());
    assert!(PriceModel::try_flat_fee(d("9.99"), eur).is_ok());
    assert_eq!(
        wrong(PriceModel::try_flat_fee(d("9.999"), eur)),
        one("amount", "This amount is finer than EUR allows: at most 2 digits after the point.")
    );
    assert_eq!(
        wrong(PriceModel::try_flat_fee(d("0.5"), jpy)),
        one("amount", "This amount is finer than JPY allows: at most 0 digits after the point.")
    );
    assert_eq!(wrong(PriceModel::try_flat_fee(d("-1"), eur)), one("amount", "This amount must not be negative."));
    assert_eq!(wrong(PriceModel::try_flat_fee(d("10000000000.01"), eur)), one("amount", "This amount is too large."));
}

#[test]
fn a_unit_may_be_cheaper_than_a_cent() {
    let per_unit = |text| PriceModel::try_per_unit(d(text), Currency::EUR);
    for text in ["0", "0.000000000001", "0.00000000000100", "10000000000"] {
        assert!(per_unit(text).is_ok(), "{text}");
    }
    assert_eq!(
        wrong(per_unit("0.0000000000001")),
        one("amount", "This amount is too fine: at most 12 digits after the point.")
    );
    assert_eq!(wrong(per_unit("-0.1")), one("amount", "This amount must not be negative."));
    assert_eq!(wrong(per_unit("10000000000.01")), one("amount", "This amount is too large."));
}

#[test]
fn a_package_has_at_least_one_unit() {
    let package = |amount, size| PriceModel::try_package(d(amount), size, PackageRounding::Up, Currency::EUR);
    assert!(package("0.001", 1).is_ok());
    assert!(package("1", MOST_PACKAGE).is_ok());
    let message = "A package has between 1 and 1000000000 units.";
    for size in [0, -1, MOST_PACKAGE + 1, i64::MIN, i64::MAX] {
        assert_eq!(wrong(package("1", size)), one("packageSize", message), "{size}");
    }
    let both = wrong(package("-1", 0));
    assert_eq!(both.iter().map(|(path, _)| path.as_str()).collect::<Vec<_>>(), ["amount", "packageSize"]);
}

#[test]
fn tiers_go_upwards_and_the_last_is_open() {
    let slab = |tiers| wrong(tiered(TierMode::Slab, tiers));
    assert_eq!(slab(vec![tier(None, "1", "0")]), []);
    assert_eq!(slab(vec![]), one("tiers", "Between 1 and 100 tiers are taken, not 0."));
    let many = |count: usize| {
        let ends = (1..count).map(|end| tier(Some(&end.to_string()), "1", "0"));
        ends.chain([tier(None, "1", "0")]).collect::<Vec<_>>()
    };
    assert_eq!(slab(many(100)), []);
    assert_eq!(slab(many(101)), one("tiers", "Between 1 and 100 tiers are taken, not 101."));
    assert_eq!(
        slab(vec![tier(Some("10"), "1", "0")]),
        one("tiers.0.upTo", "The last tier is open: leave out where it ends.")
    );
    assert_eq!(
        slab(vec![tier(None, "1", "0"), tier(None, "1", "0")]),
        one("tiers.0.upTo", "Only the last tier is open: say where this one ends.")
    );
    for (first, second, message) in [
        ("0", "5", "Tiers go upwards: this one must end above 0."),
        ("-1", "5", "Tiers go upwards: this one must end above 0."),
    ] {
        let found = slab(vec![tier(Some(first), "1", "0"), tier(Some(second), "1", "0"), tier(None, "1", "0")]);
        assert_eq!(found, one("tiers.0.upTo", message));
    }
    for (end, message) in [
        ("10", "Tiers go upwards: this one must end above 10."),
        ("9", "Tiers go upwards: this one must end above 10."),
        ("1000000000001", "This quantity is too large."),
        ("10.0000000000001", "This quantity is too fine: at most 12 digits after the point."),
    ] {
        let found = slab(vec![tier(Some("10.0"), "1", "0"), tier(Some(end), "1", "0"), tier(None, "1", "0")]);
        assert_eq!(found, one("tiers.1.upTo", message), "{end}");
    }
    assert_eq!(
        slab(vec![tier(Some("1"), "-1", "0"), tier(None, "1", "-1")])
            .into_iter()
            .map(|(path, _)| path)
            .collect::<Vec<_>>(),
        ["tiers.0.unitAmount", "tiers.1.flatAmount"]
    );
}

proptest! {
    /// Units are neither lost nor counted twice: what the units cost one by one is what they cost together.
    #[test]
    fn slabs_add_up(ends in proptest::collection::btree_set(1u32..60, 0..5), units in 0u32..80, price in 0u32..100) {
        let mut tiers: Vec<_> = ends.iter().enumerate().map(|(at, end)| Tier {
            up_to: Some(BigDecimal::from(*end)),
            unit_amount: BigDecimal::from(price + u32::try_from(at).unwrap()),
            flat_amount: BigDecimal::from(7),
        }).collect();
        tiers.push(Tier { up_to: None, unit_amount: BigDecimal::from(1), flat_amount: BigDecimal::from(7) });
        let unit_price = |unit: u32| tiers.iter().find(|tier| {
            tier.up_to.as_ref().is_none_or(|end| *end >= unit)
        }).unwrap();
        let entered = tiers.iter().filter(|tier| (1..=units).any(|unit| unit_price(unit) == *tier)).count();
        let expected = (1..=units).map(|unit| unit_price(unit).unit_amount.clone()).sum::<BigDecimal>()
            + BigDecimal::from(7 * u32::try_from(entered).unwrap());
        let quantity = BigDecimal::from(units);
        let whole = |mode| tiered(mode, tiers.clone()).unwrap().amount(&quantity);
        prop_assert_eq!(whole(TierMode::Slab), expected);
        if units > 0 {
            let reached = unit_price(units);
            prop_assert_eq!(whole(TierMode::Volume), &quantity * &reached.unit_amount + &reached.flat_amount);
        }
    }

    #[test]
    fn packages_hold_the_quantity(quantity in 0u32..100_000, size in 1i64..1_000) {
        let packages = |rounding| {
            PriceModel::try_package(1.into(), size, rounding, Currency::EUR).unwrap().amount(&quantity.into())
        };
        prop_assert_eq!(packages(PackageRounding::Up), BigDecimal::from(u64::from(quantity).div_ceil(u64::try_from(size).unwrap())));
        prop_assert_eq!(packages(PackageRounding::Down), BigDecimal::from(i64::from(quantity) / size));
    }
}
