//! Amounts as Stripe counts them: in minor units, but for a few currencies
//! (<https://docs.stripe.com/currencies>, "Zero-decimal", "Three-decimal" and "Special cases").

use crate::domain::{Currency, Money};

/// How many of our minor units go on one of Stripe's, or the other way round.
enum Scale {
    Same,
    /// Stripe counts finer.
    Finer(i64),
    /// Stripe counts coarser.
    Coarser(i64),
}

fn scale(currency: Currency) -> Scale {
    match currency.code() {
        // Without minor units here, and with two digits there, of which both must be zero.
        "ISK" | "UGX" if currency.digits() == 0 => Scale::Finer(100),
        // The other way round.
        "MGA" if currency.digits() == 2 => Scale::Coarser(100),
        _ => Scale::Same,
    }
}

/// What Stripe calls this amount; none where it cannot charge it. Of three digits the last must be zero.
pub fn to_stripe(amount: Money) -> Option<i64> {
    let minor = amount.minor;
    match scale(amount.currency) {
        _ if amount.currency.digits() == 3 && minor % 10 != 0 => None,
        Scale::Same => Some(minor),
        Scale::Finer(factor) => minor.checked_mul(factor),
        Scale::Coarser(factor) => (minor % factor == 0).then_some(minor / factor),
    }
}

/// What is meant by an amount of Stripe's; none where it is none of ours.
pub fn from_stripe(amount: i64, currency: &str) -> Option<Money> {
    let currency: Currency = currency.parse().ok()?;
    let minor = match scale(currency) {
        Scale::Same => amount,
        Scale::Finer(factor) => (amount % factor == 0).then_some(amount / factor)?,
        Scale::Coarser(factor) => amount.checked_mul(factor)?,
    };
    Some(Money::new(minor, currency))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_what_stripe_means_by_it() {
        for (code, minor, stripe) in [
            ("EUR", 12900, Some(12900)),
            ("JPY", 129, Some(129)),
            ("KWD", 12340, Some(12340)),
            ("KWD", 12345, None),
            ("ISK", 129, Some(12900)),
            ("UGX", 5, Some(500)),
            ("UGX", i64::MAX, None),
            ("MGA", 500, Some(5)),
            ("MGA", 501, None),
        ] {
            let amount = Money::new(minor, code.parse().unwrap());
            assert_eq!(to_stripe(amount), stripe, "{amount:?}");
            if let Some(stripe) = stripe {
                assert_eq!(from_stripe(stripe, &code.to_lowercase()), Some(amount));
            }
        }
        assert_eq!((from_stripe(501, "ugx"), from_stripe(1, "usdc")), (None, None));
    }
}
