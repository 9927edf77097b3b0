//! Stripe's signature of a notice: `t=1690000000,v1=…`, where `v1` is HMAC-SHA256 over the time, a point and the body
//! (<https://docs.stripe.com/webhooks#verify-manually>).

use crate::app::payment_gateway::Letter;
use chrono::TimeDelta;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// How far a notice may be from the clock, either way: one that was overheard is of no use for longer.
const TOLERANCE: TimeDelta = TimeDelta::minutes(5);

/// Whether whoever knows the secret wrote this body, and lately. While a secret is being changed there are several
/// signatures, of which one must be right.
pub fn verify(letter: &Letter<'_>, secret: &str) -> Result<(), &'static str> {
    let parts = || letter.signature.split(',').filter_map(|part| part.trim().split_once('='));
    let (_, time) = parts().find(|(name, _)| *name == "t").ok_or("it says no time")?;
    let seconds: i64 = time.parse().map_err(|_| "it says no time")?;
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).map_err(|_| "the secret is of no use")?;
    mac.update(time.as_bytes());
    mac.update(b".");
    mac.update(letter.body);
    let signatures = parts().filter(|(name, _)| *name == "v1").filter_map(|(_, signature)| bytes(signature));
    // Compared in constant time.
    if !signatures.into_iter().any(|signature| mac.clone().verify_slice(&signature).is_ok()) {
        return Err("it is of another secret or another body");
    }
    let age = letter.now.timestamp().checked_sub(seconds).ok_or("it is of another time")?;
    if age.unsigned_abs() > TOLERANCE.num_seconds().unsigned_abs() {
        return Err("it is too old, or of a clock that goes wrong");
    }
    Ok(())
}

/// Reads hexadecimal digits.
fn bytes(text: &str) -> Option<Vec<u8>> {
    let digit = |letter: &u8| char::from(*letter).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pairs = text.as_bytes().chunks(2).map(|pair| match pair {
        [high, low] => Some(digit(high)? << 4 | digit(low)?),
        _ => None,
    });
    pairs.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Instant;

    const SECRET: &str = "whsec_test";
    const BODY: &[u8] = br#"{"id":"evt_1"}"#;
    /// `printf '1700000000.{"id":"evt_1"}' | openssl dgst -sha256 -hmac whsec_test`
    const SIGNATURE: &str = "c89214b5b5da833daed6f0b8c5bb6bd58cea9022bd80ccc78230f3942d632925";

    fn verified(signature: &str, body: &[u8], secret: &str, seconds: i64) -> Result<(), &'static str> {
        let now = Instant::from_timestamp(seconds, 0).unwrap();
        verify(&Letter { body, signature, now }, secret)
    }

    #[test]
    fn a_notice_is_signed_by_its_secret_for_five_minutes() {
        let good = format!("t=1700000000,v1={SIGNATURE}");
        for seconds in [1_700_000_000, 1_700_000_300, 1_699_999_700] {
            assert_eq!(verified(&good, BODY, SECRET, seconds), Ok(()), "{seconds}");
        }
        for seconds in [1_700_000_301, 1_699_999_699, 0] {
            assert!(verified(&good, BODY, SECRET, seconds).is_err(), "{seconds}");
        }
        assert!(verified(&good, br#"{"id":"evt_2"}"#, SECRET, 1_700_000_000).is_err());
        assert!(verified(&good, BODY, "whsec_other", 1_700_000_000).is_err());
        assert!(verified(&good, BODY, "", 1_700_000_000).is_err());
    }

    #[test]
    fn one_of_several_signatures_is_enough_and_none_is_not() {
        let zeros = "0".repeat(64);
        for (signature, expected) in [
            (format!("t=1700000000,v1={zeros},v1={SIGNATURE}"), true),
            (format!("t=1700000000, v1={SIGNATURE}, v0={zeros}"), true),
            (format!("v1={SIGNATURE},t=1700000000"), true),
            (format!("t=1700000001,v1={SIGNATURE}"), false),
            (format!("t=1700000000,v0={SIGNATURE}"), false),
            (format!("t=1700000000,v1={zeros}"), false),
            (format!("t=1700000000,v1={}", &SIGNATURE[..62]), false),
            (format!("t=1700000000,v1={}", &SIGNATURE[..63]), false),
            (format!("t=,v1={SIGNATURE}"), false),
            (format!("v1={SIGNATURE}"), false),
            ("t=1700000000,v1=".to_owned(), false),
            ("t=1700000000".to_owned(), false),
            (String::new(), false),
        ] {
            assert_eq!(verified(&signature, BODY, SECRET, 1_700_000_000).is_ok(), expected, "{signature}");
        }
    }
}
