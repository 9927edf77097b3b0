//! Tax: a rate for each line, rounded once for all (`decisions.md` 15 and 23).

use super::super::exact::Ratio;
use bigdecimal::BigDecimal;
use bigdecimal::num_traits::ToPrimitive;

/// A tax rate as a fraction: 0.25 is 25 %. From 0 to 1, exact, at most [`TaxRate::PLACES`] digits after the point.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct TaxRate {
    millionths: u32,
}

/// A decimal that is no tax rate.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("A tax rate lies between 0 and 1, with at most {} digits after the point: 0.25 is 25 %.", TaxRate::PLACES)]
pub struct NotATaxRate;

impl TaxRate {
    pub const PLACES: u8 = 6;
    /// The rate 1 in millionths.
    const WHOLE: u32 = 1_000_000;
    pub const ZERO: TaxRate = TaxRate { millionths: 0 };

    pub fn try_new(rate: &BigDecimal) -> Result<Self, NotATaxRate> {
        let millionths = Ratio::scaled(rate, Self::PLACES).and_then(|rate| rate.whole()?.to_u32());
        let millionths = millionths.filter(|millionths| *millionths <= Self::WHOLE).ok_or(NotATaxRate)?;
        Ok(TaxRate { millionths })
    }

    pub fn decimal(self) -> BigDecimal {
        BigDecimal::new(self.millionths.into(), Self::PLACES.into()).normalized()
    }
}

/// How a line is taxed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Tax {
    pub rate: TaxRate,
    /// Whether the line's amount includes the tax.
    pub included: bool,
}

impl Tax {
    /// The exact tax of an amount in minor units (`billwerk.md` §7): `amount × r / (1 + r)` where it is included, else
    /// `amount × r`.
    pub fn of(self, minor: impl Into<i128>) -> Ratio {
        let rate = self.rate.millionths;
        let denominator = if self.included { TaxRate::WHOLE + rate } else { TaxRate::WHOLE };
        Ratio::new(minor.into() * i128::from(rate), denominator)
    }
}

/// The exact taxes of many lines. Amounts are added up for each way of taxing first, which keeps the fractions short.
#[derive(Default)]
pub(super) struct Taxes(Vec<(Tax, i128)>);

impl Taxes {
    pub fn add(&mut self, tax: Tax, minor: i64) {
        match self.0.iter_mut().find(|(known, _)| *known == tax) {
            Some((_, sum)) => *sum += i128::from(minor),
            None => self.0.push((tax, minor.into())),
        }
    }

    /// The exact tax that comes on top of the amounts, and that which they include.
    pub fn sums(&self) -> (Ratio, Ratio) {
        let sum = |included| {
            let parts = self.0.iter().filter(|(tax, _)| tax.included == included);
            parts.fold(Ratio::new(0, 1), |sum, (tax, minor)| sum.plus(tax.of(*minor)))
        };
        (sum(false), sum(true))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::money::decimal;

    fn rate(text: &str) -> Result<TaxRate, NotATaxRate> {
        TaxRate::try_new(&decimal(text).unwrap())
    }

    #[test]
    fn a_rate_is_an_exact_fraction() {
        for text in ["0", "0.25", "0.2500000000", "0.077", "0.08875", "0.000001", "1"] {
            assert_eq!(rate(text).map(TaxRate::decimal), Ok(decimal(text).unwrap()), "{text}");
        }
        for text in ["-0.01", "1.000001", "25", "0.0000001", "99999999999999999999"] {
            assert_eq!(rate(text), Err(NotATaxRate), "{text}");
        }
        let message = "A tax rate lies between 0 and 1, with at most 6 digits after the point: 0.25 is 25 %.";
        assert_eq!(NotATaxRate.to_string(), message);
    }

    #[test]
    fn the_tax_of_an_amount_is_exact() {
        let tax = |text, included, minor: i64| {
            Tax { rate: rate(text).unwrap(), included }.of(minor).rounded(4).normalized().to_string()
        };
        assert_eq!(tax("0.25", true, 333), "66.6");
        assert_eq!(tax("0.25", false, 333), "83.25");
        assert_eq!(tax("0.19", true, 119), "19");
        assert_eq!(tax("0.19", true, 100), "15.9664");
        assert_eq!(tax("0.25", true, -333), "-66.6");
        assert_eq!(tax("0", true, 333), "0");
    }
}
