//! Who is asking: API keys, and what stands behind one.

use super::App;
use crate::domain::api_key::{ApiKey, Grant, Scope};
use crate::domain::tenant::{Tenant, TenantMode};
use crate::domain::{Id, Instant};
use crate::repository::api_key::KnownKey;
use crate::repository::{Db, Fault, api_key};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use sha2::{Digest, Sha256};
use std::fmt;
use subtle::ConstantTimeEq;

/// Who is asking: the tenant comes from the key, never from an argument.
#[derive(Clone, Debug)]
pub struct Viewer {
    pub tenant_id: Id<Tenant>,
    pub key_id: Id<ApiKey>,
    pub key_name: String,
    pub grant: Grant,
    /// From when on the key opens nothing. Whoever goes on for longer than a request has to ask anew by then.
    pub expires_at: Option<Instant>,
    /// Whether the tenant is for trying out.
    pub mode: TenantMode,
    /// The tenant's own time, as it was when the request came.
    pub clock: Option<Instant>,
}

impl Viewer {
    /// Somebody without a key, who sees nothing of any tenant.
    pub fn nobody() -> Self {
        let nil = uuid::Uuid::nil();
        Viewer {
            tenant_id: Id::new(nil),
            key_id: Id::new(nil),
            key_name: String::new(),
            grant: Grant { scope: Scope::Read, trusted_documents_only: false },
            expires_at: None,
            mode: TenantMode::Live,
            clock: None,
        }
    }

    pub fn scope(&self) -> Scope {
        self.grant.scope
    }
}

/// The database did not answer. The text is for the log.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Unavailable(String);

impl From<Fault> for Unavailable {
    fn from(fault: Fault) -> Self {
        Unavailable(fault.to_string())
    }
}

/// What every key begins with, so that a leaked one is recognised.
const PREFIX: &str = "prn_";

/// What opens a tenant. It is shown where it is meant to be and nowhere else: no log and no message can hold it by
/// accident.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// A new one: 256 random bits.
    pub fn new() -> Result<Self, getrandom::Error> {
        Ok(Secret(format!("{PREFIX}{}", unguessable()?)))
    }

    /// The text, for whoever is to have it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("prn_…")
    }
}

/// 256 random bits that can stand in an address.
pub fn unguessable() -> Result<String, getrandom::Error> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// What is stored of a secret. It is as random as its hash is long, so that nothing is gained by a slow hash. A look-up
/// by the hash may tell by its time how far the hash of a guess agrees with a stored one, which is no way to a better
/// guess; what was found is compared in constant time all the same.
pub fn hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

impl App {
    /// Who the owner of this key is; none where it is unknown, revoked or expired.
    pub fn authenticate(&self, secret: &str) -> Result<Option<Viewer>, Unavailable> {
        if !secret.starts_with(PREFIX) {
            return Ok(None);
        }
        let hash = hash(secret);
        let Some(key) = self.db.read_once(|conn| api_key::by_hash(conn, &hash))? else { return Ok(None) };
        // A key is used, and expires, when the machine says so, whatever the tenant's clock shows.
        let now = self.ambient.now();
        if !bool::from(key.hash.ct_eq(&hash)) || key.expires_at.is_some_and(|at| at <= now) {
            return Ok(None);
        }
        if key.last_used_at.is_none_or(|last| now - last >= TimeDelta::minutes(1)) {
            note_use(&self.db, key.tenant_id, key.id, now);
        }
        let KnownKey { tenant_id, id: key_id, name: key_name, grant, expires_at, mode, clock, .. } = key;
        Ok(Some(Viewer { tenant_id, key_id, key_name, grant, expires_at, mode, clock }))
    }
}

/// Notes at most once a minute that a key is used. A request is not held up by it: where it fails it is only logged.
fn note_use(db: &Db, tenant: Id<Tenant>, key: Id<ApiKey>, now: Instant) {
    if let Err(fault) = db.write(|tx| api_key::used(tx, tenant, key, now)) {
        tracing::warn!(%fault, "the use of a key could not be noted");
    }
}
