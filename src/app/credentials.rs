//! Who is asking: API keys, and what stands behind one.

use super::App;
use crate::domain::api_key::{ApiKey, Scope};
use crate::domain::tenant::{Tenant, TenantMode};
use crate::domain::{Id, Instant};
use crate::repository::api_key::KnownKey;
use crate::repository::{Db, Fault, api_key};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use sha2::{Digest, Sha256};

/// Who is asking: the tenant comes from the key, never from an argument.
#[derive(Clone, Debug)]
pub struct Viewer {
    pub tenant_id: Id<Tenant>,
    pub key_id: Id<ApiKey>,
    pub key_name: String,
    pub scope: Scope,
    /// Whether the tenant is for trying out.
    pub mode: TenantMode,
    /// The tenant's own time, as it was when the request came.
    pub clock: Option<Instant>,
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

/// A new secret: 256 random bits.
pub fn new_secret() -> Result<String, getrandom::Error> {
    Ok(format!("{PREFIX}{}", unguessable()?))
}

/// 256 random bits that can stand in an address.
pub fn unguessable() -> Result<String, getrandom::Error> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// What is stored of a secret. It is as random as its hash is long, so that nothing is gained by a slow hash; and a
/// look-up by the hash tells nothing about the secret by the time that it takes.
pub fn hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

impl App {
    /// Who the owner of this key is; none where it is unknown or revoked.
    pub fn authenticate(&self, secret: &str) -> Result<Option<Viewer>, Unavailable> {
        if !secret.starts_with(PREFIX) {
            return Ok(None);
        }
        let Some(key) = self.db.read_once(|conn| api_key::by_hash(conn, &hash(secret)))? else { return Ok(None) };
        // A key is used when the machine says so, whatever the tenant's clock shows.
        let now = self.ambient.now();
        if key.last_used_at.is_none_or(|last| now - last >= TimeDelta::minutes(1)) {
            note_use(&self.db, key.tenant_id, key.id, now);
        }
        let KnownKey { tenant_id, id: key_id, name: key_name, scope, mode, clock, .. } = key;
        Ok(Some(Viewer { tenant_id, key_id, key_name, scope, mode, clock }))
    }

    /// Whether the database answers.
    pub fn ready(&self) -> Result<(), Unavailable> {
        self.db.read_once(|conn| api_key::by_hash(conn, &[0; 32]))?;
        Ok(())
    }
}

/// Notes at most once a minute that a key is used. A request is not held up by it: where it fails it is only logged.
fn note_use(db: &Db, tenant: Id<Tenant>, key: Id<ApiKey>, now: Instant) {
    if let Err(fault) = db.write(|tx| api_key::used(tx, tenant, key, now)) {
        tracing::warn!(%fault, "the use of a key could not be noted");
    }
}
