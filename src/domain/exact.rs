//! Exact fractions: nothing is rounded before it has to be, and then once.

use bigdecimal::BigDecimal;
use bigdecimal::num_bigint::{BigInt, Sign};

/// A fraction, never reduced. However large it grows, it stays exact.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ratio {
    numerator: BigInt,
    /// Always above zero.
    denominator: BigInt,
}

/// The powers of ten that are worked with: far beyond any amount, and no work for a machine.
const MOST_DIGITS: u32 = 400;

impl Ratio {
    /// A denominator of zero counts as one.
    pub fn new(numerator: impl Into<BigInt>, denominator: u32) -> Self {
        Ratio { numerator: numerator.into(), denominator: denominator.max(1).into() }
    }

    /// `value` in units of `10^-digits`: 1.5 with two digits is 150. None where it has absurdly many digits.
    pub fn scaled(value: &BigDecimal, digits: u8) -> Option<Self> {
        let (whole, scale) = value.as_bigint_and_scale();
        let shift = i64::from(digits).checked_sub(scale)?;
        let power = u32::try_from(shift.unsigned_abs()).ok().filter(|power| *power <= MOST_DIGITS)?;
        let power = BigInt::from(10u8).pow(power);
        Some(match shift {
            ..=0 => Ratio { numerator: whole.into_owned(), denominator: power },
            _ => Ratio { numerator: whole.as_ref() * power, denominator: 1.into() },
        })
    }

    /// `numerator / denominator` of it. None where the denominator is not above zero.
    pub fn part(self, numerator: i64, denominator: i64) -> Option<Self> {
        (denominator > 0)
            .then(|| Ratio { numerator: self.numerator * numerator, denominator: self.denominator * denominator })
    }

    pub fn plus(self, other: Ratio) -> Self {
        if self.denominator == other.denominator {
            return Ratio { numerator: self.numerator + other.numerator, denominator: self.denominator };
        }
        Ratio {
            numerator: self.numerator * &other.denominator + other.numerator * &self.denominator,
            denominator: self.denominator * other.denominator,
        }
    }

    pub fn minus(self, other: Ratio) -> Self {
        self.plus(Ratio { numerator: -other.numerator, denominator: other.denominator })
    }

    pub fn times(&self, other: &Ratio) -> Self {
        Ratio { numerator: &self.numerator * &other.numerator, denominator: &self.denominator * &other.denominator }
    }

    /// How often `other` goes into it. None where that is not above zero.
    pub fn over(&self, other: &Ratio) -> Option<Self> {
        other.is_positive().then(|| Ratio {
            numerator: &self.numerator * &other.denominator,
            denominator: &self.denominator * &other.numerator,
        })
    }

    /// Whether it is above zero.
    pub fn is_positive(&self) -> bool {
        self.numerator.sign() == Sign::Plus
    }

    /// The smaller of the two.
    pub fn at_most(self, other: &Ratio) -> Self {
        if self.clone().minus(other.clone()).is_positive() { other.clone() } else { self }
    }

    /// The nearest whole number; a half goes away from zero.
    pub fn half_away_from_zero(&self) -> BigInt {
        let doubled: BigInt = &self.numerator * 2;
        let twice: BigInt = &self.denominator * 2;
        match doubled.sign() {
            Sign::Minus => (doubled - &self.denominator) / twice,
            _ => (doubled + &self.denominator) / twice,
        }
    }

    /// The smallest whole number that is not below it.
    pub fn up(&self) -> BigInt {
        match self.numerator.sign() {
            Sign::Plus => (&self.numerator + &self.denominator - 1) / &self.denominator,
            _ => &self.numerator / &self.denominator,
        }
    }

    /// The largest whole number that is not above it.
    pub fn down(&self) -> BigInt {
        -Ratio { numerator: -&self.numerator, denominator: self.denominator.clone() }.up()
    }

    /// The whole number that it is, if it is one.
    pub fn whole(&self) -> Option<BigInt> {
        let whole = &self.numerator / &self.denominator;
        (&whole * &self.denominator == self.numerator).then_some(whole)
    }

    /// As a decimal that is rounded to so many places, half away from zero: for reading, not for reckoning.
    pub fn rounded(&self, places: u8) -> BigDecimal {
        let scaled = Ratio {
            numerator: &self.numerator * BigInt::from(10u8).pow(u32::from(places)),
            denominator: self.denominator.clone(),
        };
        BigDecimal::new(scaled.half_away_from_zero(), i64::from(places))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::money::decimal;
    use bigdecimal::num_bigint::BigInt;
    use proptest::prelude::*;

    fn ratio(numerator: i64, denominator: u32) -> Ratio {
        Ratio::new(numerator, denominator)
    }

    #[test]
    fn a_half_goes_away_from_zero() {
        for (numerator, denominator, rounded) in [
            (5, 2, 3),
            (-5, 2, -3),
            (7, 3, 2),
            (-7, 3, -2),
            (8, 3, 3),
            (-8, 3, -3),
            (1, 2, 1),
            (-1, 2, -1),
            (0, 7, 0),
            (6, 3, 2),
        ] {
            let found = ratio(numerator, denominator).half_away_from_zero();
            assert_eq!(found, BigInt::from(rounded), "{numerator}/{denominator}");
        }
    }

    #[test]
    fn a_decimal_is_taken_in_minor_units() {
        for (text, digits, whole) in
            [("1.5", 2, Some(150)), ("1.505", 2, None), ("-0.01", 2, Some(-1)), ("7", 0, Some(7))]
        {
            let found = Ratio::scaled(&decimal(text).unwrap(), digits).unwrap().whole();
            assert_eq!(found, whole.map(BigInt::from), "{text}");
        }
        assert_eq!(Ratio::scaled(&BigDecimal::new(1.into(), 1_000_000_000), 2), None);
        assert_eq!(Ratio::scaled(&BigDecimal::new(1.into(), -1_000_000_000), 2), None);
        assert_eq!(Ratio::scaled(&BigDecimal::new(1.into(), i64::MIN), 2), None);
    }

    #[test]
    fn a_part_needs_a_denominator() {
        assert_eq!(ratio(1, 1).part(1, 0), None);
        assert_eq!(ratio(1, 1).part(1, -1), None);
        assert_eq!(ratio(30000, 1).part(17, 30).map(|part| part.half_away_from_zero()), Some(17000.into()));
    }

    #[test]
    fn nothing_is_divided_by_what_is_not_above_zero() {
        assert_eq!(ratio(1, 1).over(&ratio(0, 5)), None);
        assert_eq!(ratio(1, 1).over(&ratio(-1, 5)), None);
        assert!(!ratio(0, 1).is_positive() && ratio(1, 9).is_positive() && !ratio(-1, 9).is_positive());
    }

    #[test]
    fn a_ratio_can_be_read_as_a_decimal() {
        assert_eq!(ratio(1998, 10).rounded(2).to_string(), "199.80");
        assert_eq!(ratio(-2, 3).rounded(4).to_string(), "-0.6667");
    }

    proptest! {
        #[test]
        fn whole_numbers_around_it(numerator in -1_000_000i64..1_000_000, denominator in 1u32..1_000) {
            let ratio = ratio(numerator, denominator);
            let by = BigInt::from(denominator);
            prop_assert!(ratio.down() * &by <= numerator.into() && (ratio.down() + 1) * &by > numerator.into());
            prop_assert!(ratio.up() * &by >= numerator.into() && (ratio.up() - 1) * &by < numerator.into());
            let away: BigInt = (ratio.half_away_from_zero() * &by - numerator) * 2;
            prop_assert!(away <= by && -away <= by);
        }

        #[test]
        fn what_is_added_or_multiplied_can_be_taken_back(
            one in -1_000i64..1_000, by in 1u32..50, other in 1i64..1_000, and in 1u32..50,
        ) {
            let (one, other) = (ratio(one, by), ratio(other, and));
            let same = |found: Ratio| found.numerator * &one.denominator == &one.numerator * found.denominator;
            prop_assert!(same(one.clone().plus(other.clone()).minus(other.clone())));
            prop_assert!(same(one.times(&other).over(&other).unwrap()));
            let [smaller, larger] = [one.clone().at_most(&other), one.clone().plus(other.clone()).minus(one.clone().at_most(&other))];
            prop_assert!(!smaller.minus(larger).is_positive());
        }

        #[test]
        fn sums_are_exact(one in -1_000i64..1_000, other in -1_000i64..1_000, by in 1u32..50, and in 1u32..50) {
            let sum = ratio(one, by).plus(ratio(other, and));
            let expected = ratio(one * i64::from(and) + other * i64::from(by), by * and);
            prop_assert_eq!(sum.numerator * expected.denominator, expected.numerator * sum.denominator);
        }
    }
}
