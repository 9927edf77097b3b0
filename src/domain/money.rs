//! Money: whole minor units and a currency. No float anywhere.

use bigdecimal::{BigDecimal, RoundingMode, ToPrimitive};
use std::fmt;
use std::str::FromStr;

/// A currency of ISO 4217 that has minor units, or none: gold and test codes are refused.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Currency {
    iso: iso_currency::Currency,
    digits: u8,
}

/// A text that names no currency.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("This is not a currency of ISO 4217, such as EUR.")]
pub struct NotACurrency;

impl Currency {
    pub const EUR: Currency = Currency { iso: iso_currency::Currency::EUR, digits: 2 };

    /// The three letters, upper case.
    pub fn code(self) -> &'static str {
        self.iso.code()
    }

    /// How many digits follow the point: JPY 0, EUR 2, KWD 3.
    pub fn digits(self) -> u8 {
        self.digits
    }
}

impl FromStr for Currency {
    type Err = NotACurrency;

    /// Reads a code in upper or lower case.
    fn from_str(code: &str) -> Result<Self, NotACurrency> {
        let known = iso_currency::Currency::from_code(&code.to_ascii_uppercase()).ok_or(NotACurrency)?;
        let digits = known.exponent().and_then(|digits| u8::try_from(digits).ok()).ok_or(NotACurrency)?;
        Ok(Currency { iso: known, digits })
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}
impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// An exact amount in one currency.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Money {
    /// Whole minor units: cents for EUR, yen for JPY.
    pub minor: i64,
    pub currency: Currency,
}

/// Why a decimal is not an amount.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NotAnAmount {
    #[error("This amount is finer than {currency} allows: at most {digits} digits after the point.")]
    TooFine { currency: Currency, digits: u8 },
    #[error("This amount is too large.")]
    TooLarge,
    #[error("This amount must not be negative.")]
    Negative,
    #[error("This amount must be more than nothing.")]
    Zero,
}

/// A text that is not a plain decimal number.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("This is not a decimal number, such as \"129.00\".")]
pub struct NotADecimal;

/// Reads a plain decimal: digits with at most one point, perhaps a sign, no exponent, at most 40 characters. (An
/// exponent would let ten characters stand for a billion digits.)
pub fn decimal(text: &str) -> Result<BigDecimal, NotADecimal> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let plain = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if text.len() > 40 || !plain(whole) || !plain(fraction) {
        return Err(NotADecimal);
    }
    text.parse().map_err(|_| NotADecimal)
}

/// The largest amount that is taken, in minor units. A thousand devices for ten years still add up within 64 bits.
pub const LARGEST: i64 = 1_000_000_000_000;

impl Money {
    pub const fn new(minor: i64, currency: Currency) -> Self {
        Money { minor, currency }
    }

    /// Takes a price: a decimal of at most the currency's digits, not negative, at most [`LARGEST`].
    pub fn try_price(amount: &BigDecimal, currency: Currency) -> Result<Self, NotAnAmount> {
        let price = Money::try_new(amount, currency)?;
        if price.minor < 0 { Err(NotAnAmount::Negative) } else { Ok(price) }
    }

    /// Takes an amount that is more than nothing, as [`Money::try_price`] does.
    pub fn try_positive(amount: &BigDecimal, currency: Currency) -> Result<Self, NotAnAmount> {
        let price = Money::try_price(amount, currency)?;
        if price.minor == 0 { Err(NotAnAmount::Zero) } else { Ok(price) }
    }

    /// Takes any amount: a decimal of at most the currency's digits, at most [`LARGEST`] either way.
    pub fn try_new(amount: &BigDecimal, currency: Currency) -> Result<Self, NotAnAmount> {
        let scaled = amount.clone() * BigDecimal::from(10u64.pow(u32::from(currency.digits)));
        let whole = scaled.with_scale_round(0, RoundingMode::Down);
        if whole != scaled {
            return Err(NotAnAmount::TooFine { currency, digits: currency.digits });
        }
        let minor = whole.to_i64().ok_or(NotAnAmount::TooLarge)?;
        let fits = (-LARGEST..=LARGEST).contains(&minor);
        if fits { Ok(Money { minor, currency }) } else { Err(NotAnAmount::TooLarge) }
    }
}

impl Money {
    /// The amount in the major unit, exactly.
    pub fn decimal(&self) -> BigDecimal {
        BigDecimal::new(self.minor.into(), self.currency.digits.into())
    }
}

impl fmt::Display for Money {
    /// The amount alone, with the currency's own number of digits: `1000.00`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = usize::from(self.currency.digits);
        if digits == 0 {
            return write!(f, "{}", self.minor);
        }
        let unit = 10u64.pow(u32::from(self.currency.digits));
        let (major, minor) = (self.minor.unsigned_abs() / unit, self.minor.unsigned_abs() % unit);
        let sign = if self.minor < 0 { "-" } else { "" };
        write!(f, "{sign}{major}.{minor:0digits$}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn price(amount: &str, currency: &str) -> Result<i64, NotAnAmount> {
        Money::try_price(&decimal(amount).unwrap(), currency.parse().unwrap()).map(|money| money.minor)
    }

    #[test]
    fn amounts_have_the_digits_of_their_currency() {
        for (minor, currency, text) in [
            (12900, "EUR", "129.00"),
            (5, "EUR", "0.05"),
            (-5, "EUR", "-0.05"),
            (1290, "JPY", "1290"),
            (1, "KWD", "0.001"),
        ] {
            assert_eq!(Money::new(minor, currency.parse().unwrap()).to_string(), text);
        }
    }

    #[test]
    fn a_price_is_taken_exactly_or_not_at_all() {
        assert_eq!(price("129", "EUR"), Ok(12900));
        assert_eq!(price("129.900", "EUR"), Ok(12990));
        assert!(matches!(price("0.005", "EUR"), Err(NotAnAmount::TooFine { digits: 2, .. })));
        assert!(matches!(price("0.5", "JPY"), Err(NotAnAmount::TooFine { digits: 0, .. })));
        assert_eq!(price("0.005", "KWD"), Ok(5));
        assert_eq!(price("-0.01", "EUR"), Err(NotAnAmount::Negative));
        assert_eq!(price("99999999999999999999999999", "EUR"), Err(NotAnAmount::TooLarge));
        assert_eq!(price("10000000000.01", "EUR"), Err(NotAnAmount::TooLarge));
    }

    #[test]
    fn a_decimal_is_plain_digits() {
        for text in ["0", "-1.5", "129.00", "007"] {
            assert!(decimal(text).is_ok(), "{text}");
        }
        for text in ["", "-", ".", "1.", ".5", "1e9", "+1", "1,5", " 1", "NaN", "0x10", &"9".repeat(41)] {
            assert_eq!(decimal(text), Err(NotADecimal), "{text}");
        }
    }

    #[test]
    fn only_currencies_with_minor_units_are_known() {
        assert_eq!("eur".parse(), Ok(Currency::EUR));
        for code in ["", "EURO", "XXX", "XAU", "ZZZ", "€"] {
            assert_eq!(code.parse::<Currency>(), Err(NotACurrency), "{code}");
        }
    }
}
