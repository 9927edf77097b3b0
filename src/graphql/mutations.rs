//! What the mutations share: how one is run on somebody's behalf, how its payload is declared, and the list of all.

use super::api::OnBehalf;
use super::engine::{self, Payload, Ran, Running, choice_type, coded};
use crate::app::mutation::{Answer, Call, Idempotency, OnError};
use crate::domain::{Choice, Refusal};
use crate::repository::Fault;
use crate::repository::list::ChoiceKind;
use async_graphql::registry::Registry;
use async_graphql::{Enum, InputType, InputValueError, InputValueResult, Value};
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::sync::OnceLock;

pub type Mutation = engine::Mutation<OnBehalf>;
pub type Stopped = engine::Stopped;

/// Every mutation.
pub fn all() -> &'static [Mutation] {
    static ALL: OnceLock<Vec<Mutation>> = OnceLock::new();
    ALL.get_or_init(|| {
        let nouns = [
            super::tenant::mutations,
            super::api_key::mutations,
            super::trusted_document::mutations,
            super::tax::mutations,
            super::customer::mutations,
            super::billing_group::mutations,
            super::product::mutations,
            super::plan::mutations,
            super::feature::mutations,
            super::meter::mutations,
            super::add_on::mutations,
            super::discount::mutations,
            super::coupon::mutations,
            super::asset::mutations,
            super::order::mutations,
            super::fulfilment::mutations,
            super::subscription::mutations,
            super::payment_method::mutations,
            super::usage::mutations,
            super::received::mutations,
            super::invoicing::mutations,
            super::credit::mutations,
            super::credit_note::mutations,
        ];
        nouns.iter().flat_map(|mutations| mutations()).collect()
    })
}

/// Runs a use case with what was read of the input; an input that is wrong never reaches it.
pub fn run<C, T, P: Payload + From<Answer<T>>>(
    on: &OnBehalf,
    running: &Running<'_>,
    command: Result<C, Vec<Refusal>>,
    use_case: impl Fn(&Call<'_>, &C) -> Result<Answer<T>, Fault>,
) -> Result<Ran<P>, Stopped> {
    let call = Call {
        app: &on.app,
        viewer: &on.query.viewer,
        request_id: &on.request_id,
        operation: running.name,
        idempotency: idempotency(on, running)?,
    };
    let answer = match command {
        Ok(command) => use_case(&call, &command)?,
        Err(refusals) => Answer::refused(refusals),
    };
    let replayed = answer.replayed;
    Ok(Ran { payload: answer.into(), replayed })
}

/// Runs a use case that only looks, with what was read of the input.
pub fn preview<C, T, P: Payload + From<Result<T, Vec<Refusal>>>>(
    on: &OnBehalf,
    running: &Running<'_>,
    command: Result<C, Vec<Refusal>>,
    use_case: impl Fn(&Call<'_>, &C) -> Result<Result<T, Vec<Refusal>>, Fault>,
) -> Result<Ran<P>, Stopped> {
    let call = Call {
        app: &on.app,
        viewer: &on.query.viewer,
        request_id: &on.request_id,
        operation: running.name,
        idempotency: None,
    };
    let previewed = match command {
        Ok(command) => use_case(&call, &command)?,
        Err(refusals) => Err(refusals),
    };
    Ok(Ran { payload: previewed.into(), replayed: false })
}

/// The longest idempotency key.
const LONGEST_KEY: usize = 255;

/// The key of the field's `@idempotent`, or of the request's header where the document has one mutation only.
fn idempotency(on: &OnBehalf, running: &Running<'_>) -> Result<Option<Idempotency>, Stopped> {
    let refused = |message: &str| Stopped::Field(coded(message, "BAD_USER_INPUT"));
    let key = match (running.directive("idempotent", "key"), &on.idempotency_key) {
        (Some(Value::String(key)), Some(header)) if key != *header => {
            return Err(refused("The header Idempotency-Key and the key of @idempotent differ: send one of them."));
        }
        (Some(Value::String(key)), _) => key,
        (Some(_), _) => return Err(refused("The key of @idempotent is a text.")),
        (None, Some(_)) if running.mutations > 1 => {
            return Err(refused(
                "The header Idempotency-Key is for a document with one mutation: give each of several its @idempotent.",
            ));
        }
        (None, Some(key)) => key.clone(),
        (None, None) => return Ok(None),
    };
    if key.is_empty() || key.len() > LONGEST_KEY || key.contains('\0') {
        return Err(refused("An idempotency key has between 1 and 255 bytes."));
    }
    let mut hash = Sha256::new();
    hash.update(running.name);
    hash.update([0]);
    hash.update(running.input()?.to_string());
    Ok(Some(Idempotency { key, fingerprint: hash.finalize().into() }))
}

/// Declares the payload of a mutation: objects by their ids, and `userErrors`.
macro_rules! payload {
    (
        $(#[doc = $about:literal])+
        $payload:ident of $outcome:ty {
            $( $(#[doc = $field_about:literal])+ $field:literal: $object:ty => $id:expr, )*
        }
    ) => {
        $(#[doc = $about])+
        pub struct $payload($crate::app::mutation::Answer<$outcome>);

        impl From<$crate::app::mutation::Answer<$outcome>> for $payload {
            fn from(answer: $crate::app::mutation::Answer<$outcome>) -> Self {
                $payload(answer)
            }
        }

        impl $crate::graphql::engine::Payload for $payload {
            fn refusal(&self) -> Option<&$crate::domain::Refusal> {
                self.0.refusals.first()
            }
        }

        impl $crate::graphql::engine::Object for $payload {
            fn declare() -> $crate::graphql::engine::Type<Self> {
                $crate::graphql::engine::Type::new(stringify!($payload), concat!($($about),+).trim())
                    $(.maybe::<$object>(
                        $field,
                        concat!($($field_about),+).trim(),
                        |payload: &$payload| {
                            let id: fn(&$outcome) -> Option<$crate::domain::Id<$object>> = $id;
                            payload.0.outcome.as_ref().and_then(id)
                        },
                    ))*
                    .values("userErrors", $crate::graphql::mutations::USER_ERRORS, |payload| {
                        payload.0.refusals.iter().collect()
                    })
            }
        }
    };
}
pub(super) use payload;

pub const USER_ERRORS: &str = "Why it refused; empty where it did what was asked. Where this is not selected, a refusal \
                               is an error at the top level.";

/// What becomes of the other rows of a bulk mutation when one is refused.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(name = "OnError")]
pub enum OnErrorInput {
    /// Nothing is done unless every row can be.
    RejectAll,
    /// What can be done is done; each refused row says why.
    RejectFailed,
}

impl From<OnErrorInput> for OnError {
    fn from(given: OnErrorInput) -> Self {
        match given {
            OnErrorInput::RejectAll => OnError::RejectAll,
            OnErrorInput::RejectFailed => OnError::RejectFailed,
        }
    }
}

/// A choice as an argument.
pub struct Wire<C>(pub C);

impl<C: Choice> InputType for Wire<C> {
    type RawValueType = Self;
    fn type_name() -> Cow<'static, str> {
        Cow::Borrowed(C::NAME)
    }
    fn create_type_info(registry: &mut Registry) -> String {
        choice_type(registry, ChoiceKind::of::<C>()) + "!"
    }
    fn parse(value: Option<Value>) -> InputValueResult<Self> {
        let name = match &value {
            Some(Value::Enum(name)) => Some(name.as_str()),
            Some(Value::String(name)) => Some(name.as_str()),
            _ => None,
        };
        match name.and_then(C::from_api_name) {
            Some(choice) => Ok(Wire(choice)),
            None => Err(InputValueError::expected_type(value.unwrap_or_default())),
        }
    }
    fn to_value(&self) -> Value {
        Value::Enum(async_graphql::Name::new(self.0.api_name()))
    }
    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }
}
