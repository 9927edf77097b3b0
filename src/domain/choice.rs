//! Closed sets of names: every status and setting. One list says the Rust variant, the name that the database and
//! the API use, and the description that the API shows.

/// A closed set of named values. Made by [`choice!`].
pub trait Choice: Copy + Eq + Send + Sync + 'static {
    /// The name of the set, as the API knows it.
    const NAME: &'static str;
    /// What the set is about.
    const ABOUT: &'static str;
    /// Every value with its name and its description, in the order of their declaration.
    const ALL: &'static [(Self, &'static str, &'static str)];

    /// The name of this value, for the database and the API.
    fn name(self) -> &'static str;

    /// The name of this value as the API spells it, where that is another one.
    fn api_name(self) -> &'static str {
        self.name()
    }

    /// The value that the API spells like this, if there is one.
    fn from_api_name(name: &str) -> Option<Self> {
        Self::ALL.iter().map(|(value, _, _)| *value).find(|value| value.api_name() == name)
    }

    /// The value with this name, if there is one.
    fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known, _)| *known == name).map(|(value, _, _)| *value)
    }
}

/// Declares an enum as a [`Choice`]. Doc comments become the API's descriptions. Where the API uses the enum's name for
/// something else, `as "Name"` says what it calls the enum; behind the name of a value it says how the API spells that.
macro_rules! choice {
    (@name $name:ident) => { stringify!($name) };
    (@name $name:ident $api_name:literal) => { $api_name };
    (@text $text:literal) => { $text };
    (@text $text:literal $api_text:literal) => { $api_text };
    (
        $(#[doc = $about:literal])+
        pub enum $name:ident $(as $api_name:literal)? {
            $( $(#[doc = $value_about:literal])+ $value:ident = $text:literal $(as $api_text:literal)?, )+
        }
    ) => {
        $(#[doc = $about])+
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum $name { $( $(#[doc = $value_about])+ $value, )+ }

        impl $crate::domain::Choice for $name {
            const NAME: &'static str = $crate::domain::choice::choice!(@name $name $($api_name)?);
            const ABOUT: &'static str = concat!($($about),+);
            const ALL: &'static [(Self, &'static str, &'static str)] =
                &[$(($name::$value, $text, concat!($($value_about),+))),+];

            fn name(self) -> &'static str {
                match self { $($name::$value => $text,)+ }
            }

            fn api_name(self) -> &'static str {
                match self { $($name::$value => $crate::domain::choice::choice!(@text $text $($api_text)?),)+ }
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_str($crate::domain::Choice::name(*self))
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let name = String::deserialize(from)?;
                $crate::domain::Choice::from_name(&name)
                    .ok_or_else(|| serde::de::Error::custom(concat!("not a ", stringify!($name))))
            }
        }
    };
}
pub(crate) use choice;
