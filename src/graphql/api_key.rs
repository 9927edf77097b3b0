//! API keys. Their secrets are shown by the mutations that make them, once.

use super::check::{self, Check};
use super::engine::{Object, Payload, Type};
use super::mutations::{Mutation, USER_ERRORS, Wire, payload, run};
use super::scalars::DateTime;
use crate::app::api_key::{
    CreateApiKey, KeyMade, KeyRevoked, RotateApiKey, create_api_key, revoke_api_key, rotate_api_key,
};
use crate::app::mutation::Answer;
use crate::domain::Refusal;
use crate::domain::api_key::{ApiKey, ApiKeyRotation, Grant, LONGEST_OVERLAP, Scope};
use crate::repository::api_key;
use async_graphql::{ID, InputObject};

impl Object for ApiKey {
    fn declare() -> Type<Self> {
        Type::new("ApiKey", "How a program proves for which tenant it speaks. Its secret is not stored.")
            .node(|key: &ApiKey| key.id)
            .column("name", "What it is for.", |key| &key.name)
            .column("scope", "What it may do.", |key| &key.scope)
            .column("trustedDocumentsOnly", "Whether it takes registered documents only.", |key| {
                &key.trusted_documents_only
            })
            .column("createdAt", "When it was made.", |key| &key.created_at)
            .column("lastUsedAt", "When it was last used, to the minute; null where it was not yet.", |key| {
                &key.last_used_at
            })
            .column("expiresAt", "From when on it opens nothing; null where it does not expire.", |key| &key.expires_at)
            .column("revokedAt", "When it was revoked; null where it was not.", |key| &key.revoked_at)
            .single("rotation", "How another key took its place; null where none did.", api_key::rotations_of, |done| {
                done.api_key_id
            })
    }
}

impl Object for ApiKeyRotation {
    fn declare() -> Type<Self> {
        Type::new("ApiKeyRotation", "How one key took the place of another.")
            .one("replacedBy", "The key that took its place.", |done: &ApiKeyRotation| done.replaced_by_id)
            .column("rotatedAt", "When.", |done| &done.rotated_at)
    }
}

/// A new API key.
#[derive(InputObject)]
pub struct CreateApiKeyInput {
    /// What it is for, such as the program that will use it.
    name: String,
    /// What it may do: no more than the key that asks.
    scope: Wire<Scope>,
    /// From when on it opens nothing: at most 3,650 days ahead. Never where there is none.
    expires_at: Option<DateTime>,
    /// Whether it takes registered documents only (`registerDocuments`): it does not where this is left out.
    trusted_documents_only: Option<bool>,
}

impl CreateApiKeyInput {
    fn read(self) -> Result<CreateApiKey, Vec<Refusal>> {
        Check::input(|check| {
            let name = check.take("name", check::name(self.name));
            let expires_at = check.maybe("expiresAt", self.expires_at, check::instant);
            let trusted_documents_only = self.trusted_documents_only.unwrap_or_default();
            let grant = Grant { scope: self.scope.0, trusted_documents_only };
            Some(CreateApiKey { name: name?, grant, expires_at: expires_at? })
        })
    }
}

/// Which API key to replace, and how.
#[derive(InputObject)]
pub struct RotateApiKeyInput {
    /// Which key: the new one has its name, its scope and its restriction.
    api_key_id: ID,
    /// For how many hours the old one may still be used, from 0 to 720: 24 where there is none.
    overlap_hours: Option<i32>,
    /// From when on the new one opens nothing. Where there is none, it lives as long as the old one was to live.
    expires_at: Option<DateTime>,
}

impl RotateApiKeyInput {
    fn read(self) -> Result<RotateApiKey, Vec<Refusal>> {
        Check::input(|check| {
            let api_key_id = check.take("apiKeyId", check::id(self.api_key_id));
            let hours = |given| check::number(given, 0..=LONGEST_OVERLAP);
            let overlap_hours = check.maybe("overlapHours", self.overlap_hours, hours);
            let expires_at = check.maybe("expiresAt", self.expires_at, check::instant);
            Some(RotateApiKey { api_key_id: api_key_id?, overlap_hours: overlap_hours?, expires_at: expires_at? })
        })
    }
}

/// Which API key to revoke.
#[derive(InputObject)]
pub struct RevokeApiKeyInput {
    /// Which key.
    api_key_id: ID,
}

/// Declares the payload of a mutation that makes a key.
macro_rules! made {
    ($(#[doc = $about:literal])+ $payload:ident, |$ty:ident| $more:expr) => {
        $(#[doc = $about])+
        pub struct $payload(Answer<KeyMade>);

        impl From<Answer<KeyMade>> for $payload {
            fn from(answer: Answer<KeyMade>) -> Self {
                $payload(answer)
            }
        }

        impl Payload for $payload {
            fn refusal(&self) -> Option<&Refusal> {
                self.0.refusals.first()
            }
        }

        impl Object for $payload {
            fn declare() -> Type<Self> {
                let $ty = Type::new(stringify!($payload), concat!($($about),+).trim())
                    .maybe::<ApiKey>("apiKey", "The new key.", |payload: &$payload| {
                        payload.0.outcome.as_ref().map(|made| made.api_key)
                    })
                    .computed("secret", SECRET, |payload| {
                        let made = payload.0.outcome.as_ref();
                        made.and_then(|made| made.secret.as_ref()).map(|secret| secret.reveal().to_owned())
                    });
                $more.values("userErrors", USER_ERRORS, |payload| payload.0.refusals.iter().collect())
            }
        }
    };
}

const SECRET: &str = "What the new key is used by: `Authorization: Bearer …`. It is not stored, so it is in this one answer; \
                      null where the answer is repeated under its idempotency key. Who has lost it rotates or revokes the \
                      key.";

made! {
    /// What `createApiKey` answers.
    CreateApiKeyPayload, |ty| ty
}
made! {
    /// What `rotateApiKey` answers.
    RotateApiKeyPayload, |ty| ty.maybe::<ApiKey>("previousApiKey", "The old key, with its end.", |payload| {
        payload.0.outcome.as_ref().and_then(|made| made.previous)
    })
}
payload! {
    /// What `revokeApiKey` answers.
    RevokeApiKeyPayload of KeyRevoked {
        /// The key as it is now.
        "apiKey": ApiKey => |revoked| Some(revoked.api_key),
    }
}

pub fn mutations() -> Vec<Mutation> {
    vec![
        Mutation::new(
            "createApiKey",
            "Makes an API key. Its secret is shown once. Errors: VALIDATION_ERROR, API_KEY_GRANTS_TOO_MUCH.",
            Scope::Admin,
            |on, running, input: CreateApiKeyInput| {
                run::<_, _, CreateApiKeyPayload>(on, running, input.read(), create_api_key)
            },
        ),
        Mutation::new(
            "rotateApiKey",
            "Makes a new API key of the same kind, and lets the old one end after an overlap. The new secret is shown once. \
             Errors: VALIDATION_ERROR, NOT_FOUND, API_KEY_NOT_ACTIVE, API_KEY_ROTATED_ALREADY, API_KEY_GRANTS_TOO_MUCH.",
            Scope::Admin,
            |on, running, input: RotateApiKeyInput| {
                run::<_, _, RotateApiKeyPayload>(on, running, input.read(), rotate_api_key)
            },
        ),
        Mutation::new(
            "revokeApiKey",
            "Revokes an API key for good: from now on it opens nothing. Errors: VALIDATION_ERROR, NOT_FOUND, LAST_ADMIN_KEY \
             (no other key could make new ones: neither one that expired or was replaced, nor one that takes registered \
             documents only), API_KEY_NOT_ACTIVE (it is revoked already).",
            Scope::Admin,
            |on, running, input: RevokeApiKeyInput| {
                let key = Check::input(|check| check.take("apiKeyId", check::id(input.api_key_id)));
                run::<_, _, RevokeApiKeyPayload>(on, running, key, |call, key| revoke_api_key(call, *key))
            },
        ),
    ]
}
