//! Who is asking: API keys, and what stands behind one.

use super::App;
use crate::domain::api_key::{ApiKey, Grant, Scope};
use crate::domain::tenant::{Tenant, TenantMode};
use crate::domain::{Id, Instant};
use crate::repository::api_key::{KnownKey, Standing};
use crate::repository::{Db, Fault, api_key};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
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
    /// Whether the key was not looked up for this request: all of this is as it was a moment ago ([`App::recall`]).
    pub is_remembered: bool,
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
            is_remembered: false,
        }
    }

    fn of(key: KnownKey) -> Self {
        let KnownKey { tenant_id, id: key_id, name: key_name, grant, expires_at, mode, clock, .. } = key;
        Viewer { tenant_id, key_id, key_name, grant, expires_at, mode, clock, is_remembered: false }
    }

    /// What has to hold of the key when something is read; none where it was looked up.
    pub fn standing(&self) -> Option<Standing> {
        let now = (self.mode, self.clock);
        let standing = || Standing::of(self.tenant_id, self.key_id, self.grant, self.expires_at, now);
        self.is_remembered.then(standing)
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
        let found = self.db.read_once(|conn| api_key::by_hash(conn, &hash))?;
        // A key is used, and expires, when the machine says so, whatever the tenant's clock shows.
        let now = self.ambient.now();
        let is_valid = |key: &KnownKey| bool::from(key.hash.ct_eq(&hash)) && key.expires_at.is_none_or(|at| at > now);
        let Some(mut key) = found.filter(is_valid) else {
            self.remembered.forget(&hash);
            return Ok(None);
        };
        if is_to_be_noted(key.last_used_at, now) {
            note_use(&self.db, key.tenant_id, key.id, now);
            key.last_used_at = Some(now);
        }
        if self.db.is_postgres() {
            self.remembered.keep(hash, key.clone());
        }
        Ok(Some(Viewer::of(key)))
    }

    /// Who the owner of this key was when it was last looked up. It may be nobody by now: whoever acts on it has to see
    /// whether the key is what it was, at the moment for which it answers ([`Viewer::standing`]). None where nothing is
    /// known of it, where it has to be looked up in any case, and with SQLite, which answers as fast as a memory.
    pub fn recall(&self, secret: &str) -> Option<Viewer> {
        let key = self.remembered.get(&hash(secret))?;
        let now = self.ambient.now();
        let is_over = key.expires_at.is_some_and(|at| at <= now) || is_to_be_noted(key.last_used_at, now);
        (!is_over).then(|| Viewer { is_remembered: true, ..Viewer::of(key) })
    }
}

/// Whether it is to be noted that a key is used.
fn is_to_be_noted(last: Option<Instant>, now: Instant) -> bool {
    last.is_none_or(|last| now - last >= TimeDelta::minutes(1))
}

/// Keys that were looked up, by the hashes of their secrets. What is known of them is only ever taken as a guess.
#[derive(Default)]
pub struct Remembered(Mutex<HashMap<[u8; 32], KnownKey>>);

/// Of how many keys something is remembered.
const MOST_REMEMBERED: usize = 10_000;

impl Remembered {
    fn keys(&self) -> MutexGuard<'_, HashMap<[u8; 32], KnownKey>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn get(&self, hash: &[u8; 32]) -> Option<KnownKey> {
        self.keys().get(hash).cloned()
    }

    fn keep(&self, hash: [u8; 32], key: KnownKey) {
        let mut keys = self.keys();
        if keys.len() >= MOST_REMEMBERED {
            keys.clear();
        }
        keys.insert(hash, key);
    }

    fn forget(&self, hash: &[u8; 32]) {
        self.keys().remove(hash);
    }
}

/// Notes at most once a minute that a key is used. A request is not held up by it: where it fails it is only logged.
fn note_use(db: &Db, tenant: Id<Tenant>, key: Id<ApiKey>, now: Instant) {
    if let Err(fault) = db.write(|tx| api_key::used(tx, tenant, key, now)) {
        tracing::warn!(%fault, "the use of a key could not be noted");
    }
}
