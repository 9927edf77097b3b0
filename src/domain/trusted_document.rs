//! Trusted documents: the GraphQL documents that a tenant registered. A request may name one by its hash instead of
//! sending it, and a key may be kept to them.

use super::{Entity, ErrorCode, Id, Instant, Refusal};

/// A document that a tenant registered.
#[derive(Clone, Debug)]
pub struct TrustedDocument {
    pub id: Id<TrustedDocument>,
    pub sha256: Sha256,
    pub text: String,
    pub created_at: Instant,
}

impl Entity for TrustedDocument {
    const NAME: &'static str = "TrustedDocument";
    const PREFIX: &'static str = "doc";
}

/// The longest text, in bytes.
pub const LONGEST: usize = 64 * 1024;

/// The name of a document: the SHA-256 of its text, in lower-case hexadecimal digits.
#[derive(Clone, PartialEq, Eq, Hash, Debug, serde::Serialize, serde::Deserialize)]
pub struct Sha256(String);

/// A text that is no SHA-256.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("A SHA-256 has 64 hexadecimal digits.")]
pub struct NotASha256;

impl Sha256 {
    /// Takes the digits in either case.
    pub fn try_new(text: &str) -> Result<Self, NotASha256> {
        let fits = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if fits { Ok(Sha256(text.to_ascii_lowercase())) } else { Err(NotASha256) }
    }

    /// That of the text whose digest this is.
    pub fn of_digest(digest: [u8; 32]) -> Self {
        Sha256(digest.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The refusal for a document that does not exist.
pub fn not_found() -> Refusal {
    Refusal::new(ErrorCode::NotFound, "There is no such document.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_has_64_digits_in_either_case() {
        let digits = "0123456789abcdefABCDEF".repeat(3);
        assert_eq!(Sha256::try_new(&digits[..64]).unwrap().as_str(), digits[..64].to_ascii_lowercase());
        assert_eq!(Sha256::of_digest([0xa0; 32]), Sha256::try_new(&"a0".repeat(32)).unwrap());
        for text in ["", "ab", &digits[..63], &digits[..65], &"g".repeat(64), &"é".repeat(32)] {
            assert_eq!(Sha256::try_new(text), Err(NotASha256), "{text}");
        }
    }
}
