//! Typed identifiers. Inside, a UUIDv7 that knows at compile time what it names; outside, a TypeID: `ord_01k…`.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::str::FromStr;
use uuid::Uuid;

/// Something that has an identity of its own.
pub trait Entity: 'static {
    /// The name of the thing, as the API knows it.
    const NAME: &'static str;
    /// What its identifiers begin with.
    const PREFIX: &'static str;
}

/// The identifier of one `E`.
pub struct Id<E> {
    uuid: Uuid,
    of: PhantomData<fn() -> E>,
}

impl<E> Id<E> {
    pub const fn new(uuid: Uuid) -> Self {
        Id { uuid, of: PhantomData }
    }

    pub const fn uuid(self) -> Uuid {
        self.uuid
    }

    /// The same identifier without its type, for what treats all of them alike.
    pub const fn untyped(self) -> Id<()> {
        Id::new(self.uuid)
    }
}

/// A text that is not the identifier of what was asked for.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NotAnId {
    #[error("This is not the id of a {expected}: one begins with {prefix}_.")]
    OfAnotherType { expected: &'static str, prefix: &'static str },
    #[error("This is not the id of a {expected}: one is {prefix}_ and 26 characters, or a UUID.")]
    Malformed { expected: &'static str, prefix: &'static str },
}

impl<E: Entity> FromStr for Id<E> {
    type Err = NotAnId;

    /// Reads a TypeID of this type, or a bare UUID.
    fn from_str(text: &str) -> Result<Self, NotAnId> {
        let malformed = NotAnId::Malformed { expected: E::NAME, prefix: E::PREFIX };
        match text.split_once('_') {
            Some((prefix, suffix)) if prefix == E::PREFIX => decode(suffix).map(Id::new).ok_or(malformed),
            Some((_, suffix)) if decode(suffix).is_some() => {
                Err(NotAnId::OfAnotherType { expected: E::NAME, prefix: E::PREFIX })
            }
            Some(_) => Err(malformed),
            None => Uuid::try_parse(text).map(Id::new).map_err(|_| malformed),
        }
    }
}

/// Reads a TypeID of whatever type: the caller knows what its prefix means.
pub fn parse_any(text: &str) -> Option<Id<()>> {
    let (_, suffix) = text.split_once('_')?;
    decode(suffix).map(Id::new)
}

impl<E: Entity> fmt::Display for Id<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(E::PREFIX)?;
        f.write_str("_")?;
        f.write_str(std::str::from_utf8(&encode(self.uuid)).map_err(|_| fmt::Error)?)
    }
}

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// The 26 characters of a TypeID's suffix: the 128 bits in Crockford's base 32, most significant first.
pub fn encode(uuid: Uuid) -> [u8; 26] {
    let mut bits = uuid.as_u128();
    let mut text = [0; 26];
    // Twelve digits at a time, from the end: they fit into a register, and answers are full of identifiers.
    for letters in text.rchunks_mut(12) {
        let mut part = u64::try_from(bits & ((1 << 60) - 1)).unwrap_or(0);
        bits >>= 60;
        for letter in letters.iter_mut().rev() {
            *letter = ALPHABET.get(usize::try_from(part & 31).unwrap_or(0)).copied().unwrap_or(b'0');
            part >>= 5;
        }
    }
    text
}

fn decode(text: &str) -> Option<Uuid> {
    // 26 characters carry 130 bits; the first may only use the lowest three of its five.
    if text.len() != 26 || text.as_bytes().first().is_none_or(|first| *first > b'7') {
        return None;
    }
    let digit = |letter: u8| ALPHABET.iter().position(|known| *known == letter).and_then(|at| u128::try_from(at).ok());
    let bits = text.bytes().try_fold(0u128, |bits, letter| Some(bits << 5 | digit(letter)?))?;
    Some(Uuid::from_u128(bits))
}

// Derives would ask that `E` be Copy, Eq and so on; an identifier is, whatever it names.
impl<E> Clone for Id<E> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<E> Copy for Id<E> {}
impl<E> PartialEq for Id<E> {
    fn eq(&self, other: &Self) -> bool {
        self.uuid == other.uuid
    }
}
impl<E> Eq for Id<E> {}
impl<E> PartialOrd for Id<E> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl<E> Ord for Id<E> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.uuid.cmp(&other.uuid)
    }
}
impl<E> Hash for Id<E> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.uuid.hash(state);
    }
}
impl<E> fmt::Debug for Id<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.uuid, f)
    }
}
impl<E: Entity> serde::Serialize for Id<E> {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}
impl<'de, E: Entity> serde::Deserialize<'de> for Id<E> {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Thing;
    impl Entity for Thing {
        const NAME: &'static str = "Thing";
        const PREFIX: &'static str = "thg";
    }

    /// The valid examples of the TypeID specification.
    #[test]
    fn the_text_form_is_that_of_typeid() {
        for (uuid, suffix) in [
            ("00000000-0000-0000-0000-000000000000", "00000000000000000000000000"),
            ("00000000-0000-0000-0000-00000000000a", "0000000000000000000000000a"),
            ("00000000-0000-0000-0000-000000000020", "00000000000000000000000010"),
            ("ffffffff-ffff-ffff-ffff-ffffffffffff", "7zzzzzzzzzzzzzzzzzzzzzzzzz"),
            ("0110c853-1d09-52d8-d73e-1194e95b5f19", "0123456789abcdefghjkmnpqrs"),
            ("01890a5d-ac96-774b-bcce-b302099a8057", "01h455vb4pex5vsknk084sn02q"),
        ] {
            let id = Id::<Thing>::new(Uuid::try_parse(uuid).unwrap());
            assert_eq!(id.to_string(), format!("thg_{suffix}"));
            assert_eq!(format!("thg_{suffix}").parse(), Ok(id));
            assert_eq!(uuid.parse(), Ok(id), "a bare UUID is taken as well");
        }
    }

    #[test]
    fn what_is_no_id_of_this_type_is_refused_with_the_type_that_was_expected() {
        let of_another = "ord_01h455vb4pex5vsknk084sn02q".parse::<Id<Thing>>().unwrap_err();
        assert_eq!(of_another.to_string(), "This is not the id of a Thing: one begins with thg_.");
        for text in [
            "",
            "thg_",
            "thg",
            "_01h455vb4pex5vsknk084sn02",
            "thg_01H455VB4PEX5VSKNK084SN02Q",
            "thg_8zzzzzzzzzzzzzzzzzzzzzzzzz",
            "thg_01h455vb4pex5vsknk084sn02l",
            "thg_01h455vb4pex5vsknk084sn02\u{e9}",
        ] {
            let error = text.parse::<Id<Thing>>().unwrap_err();
            assert!(matches!(error, NotAnId::Malformed { .. }), "{text}: {error}");
        }
    }
}
