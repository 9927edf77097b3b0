//! Text that a person or a machine types in: trimmed, never empty, never longer than it may be, without NUL.

use std::fmt;

/// The longest of each kind, in characters.
pub const NAME: usize = 200;
pub const CODE: usize = 120;
pub const NOTES: usize = 1000;
pub const HANDLE: usize = 255;
/// The most bytes that a metadata document may have.
pub const METADATA: usize = 16 * 1024;

/// Why a text was not taken.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NotAText {
    #[error("This must not be empty.")]
    Empty,
    #[error("This is too long: at most {0} characters are allowed.")]
    TooLong(usize),
    #[error("This contains a character that cannot be stored (NUL).")]
    Nul,
}

/// Trims a required text and checks it.
pub fn required(text: &str, longest: usize) -> Result<String, NotAText> {
    let text = text.trim();
    if text.is_empty() {
        return Err(NotAText::Empty);
    }
    free(text, longest)
}

/// Checks a text that may be empty, such as notes.
pub fn free(text: &str, longest: usize) -> Result<String, NotAText> {
    if text.contains('\0') {
        return Err(NotAText::Nul);
    }
    if text.chars().count() > longest {
        return Err(NotAText::TooLong(longest));
    }
    Ok(text.to_owned())
}

/// A text that is no handle.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("A handle has 1 to {HANDLE} letters, digits or characters of `_ . - @`.")]
pub struct NotAHandle;

/// What a program names something by (`billwerk.md` §0).
pub fn handle(text: &str) -> Result<String, NotAHandle> {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "_.-@".contains(letter);
    let text = text.trim();
    let fits = (1..=HANDLE).contains(&text.len()) && text.chars().all(plain);
    if fits { Ok(text.to_owned()) } else { Err(NotAHandle) }
}

/// Any JSON object that a client keeps with one of our objects. We store it and give it back.
#[derive(Clone)]
pub struct Metadata(String);

/// Why a document was not taken as metadata.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NotMetadata {
    #[error("This must be a JSON object.")]
    NotAnObject,
    #[error("This is too large: at most {METADATA} bytes are allowed.")]
    TooLarge,
    #[error("This contains a character that cannot be stored (NUL).")]
    Nul,
}

impl Metadata {
    pub fn empty() -> Self {
        Metadata("{}".to_owned())
    }

    /// Takes a JSON object of at most 16 kB.
    pub fn try_new(value: &serde_json::Value) -> Result<Self, NotMetadata> {
        if !value.is_object() {
            return Err(NotMetadata::NotAnObject);
        }
        let text = value.to_string();
        if text.len() > METADATA {
            return Err(NotMetadata::TooLarge);
        }
        if text.contains("\\u0000") {
            return Err(NotMetadata::Nul);
        }
        Ok(Metadata(text))
    }

    /// What the database holds. It was checked when it was written.
    pub fn stored(text: String) -> Self {
        Metadata(text)
    }

    /// The JSON text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Two are the same if they say the same: a database may have put the keys in another order.
impl PartialEq for Metadata {
    fn eq(&self, other: &Self) -> bool {
        let json = |metadata: &Self| serde_json::from_str::<serde_json::Value>(&metadata.0).ok();
        self.0 == other.0 || json(self).zip(json(other)).is_some_and(|(own, other)| own == other)
    }
}
impl Eq for Metadata {}

impl fmt::Debug for Metadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn required_text_is_trimmed_and_never_empty() {
        assert_eq!(required("  SN-1 ", CODE), Ok("SN-1".to_owned()));
        assert_eq!(required(" \t\n", CODE), Err(NotAText::Empty));
        assert_eq!(required("a\0b", CODE), Err(NotAText::Nul));
        assert_eq!(required(&"ä".repeat(CODE), CODE).map(|text| text.chars().count()), Ok(CODE));
        assert_eq!(required(&"ä".repeat(CODE + 1), CODE), Err(NotAText::TooLong(CODE)));
    }

    #[test]
    fn a_handle_is_plain() {
        assert_eq!(handle(" sub_1.a-B@x "), Ok("sub_1.a-B@x".to_owned()));
        assert_eq!(handle(&"a".repeat(HANDLE)).map(|text| text.len()), Ok(HANDLE));
        for text in ["", " ", "a b", "ä", "a/b", &"a".repeat(HANDLE + 1)] {
            assert_eq!(handle(text), Err(NotAHandle), "{text}");
        }
    }

    #[test]
    fn metadata_is_what_it_says_however_it_is_written() {
        let [one, other] = [r#"{"a":1,"b":{"c":[2,3]}}"#, r#"{ "b": {"c": [2, 3]}, "a": 1 }"#]
            .map(|text| Metadata::stored(text.to_owned()));
        assert_eq!(one, other);
        for text in [r#"{"a":1,"b":{"c":[3,2]}}"#, r#"{"a":1}"#, r#"{"a":"1","b":{"c":[2,3]}}"#, "{}"] {
            assert_ne!(one, Metadata::stored(text.to_owned()), "{text}");
        }
    }

    #[test]
    fn metadata_is_an_object_of_bounded_size() {
        let of = |text: &str| Metadata::try_new(&serde_json::from_str(text).unwrap());
        assert_eq!(of(r#"{"a": [1, "x"]}"#).unwrap().as_str(), r#"{"a":[1,"x"]}"#);
        assert_eq!(of("[]"), Err(NotMetadata::NotAnObject));
        assert_eq!(of(r#"{"a": "\u0000"}"#), Err(NotMetadata::Nul));
        assert_eq!(of(&format!(r#"{{"a": "{}"}}"#, "x".repeat(METADATA))), Err(NotMetadata::TooLarge));
    }
}
