//! API keys: making, replacing and revoking them. The operator of a server does the same from the command line
//! (`operator.rs`). What concerns a key goes by the machine's time, also in a tenant that owns a clock.

use super::credentials::{Secret, hash};
use super::mutation::{Answer, Call, Stop, Work};
use crate::domain::api_key::{ApiKey, ApiKeyRotation, Grant, OVERLAP, Scope, may_expire, not_found};
use crate::domain::event::EventType;
use crate::domain::{Choice, ErrorCode, Id, Instant, Refusal};
use crate::repository::{Fault, Query, api_key};
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// What is said of a new key.
#[derive(Clone, Debug)]
pub struct CreateApiKey {
    pub name: String,
    pub grant: Grant,
    /// Never where there is none.
    pub expires_at: Option<Instant>,
}

/// Which key to replace, and how.
#[derive(Clone, Copy, Debug)]
pub struct RotateApiKey {
    pub api_key_id: Id<ApiKey>,
    /// For how many hours the old one may still be used; [`OVERLAP`] where there is none.
    pub overlap_hours: Option<i32>,
    /// When the new one expires: it lives as long as the old one was to live where there is none.
    pub expires_at: Option<Instant>,
}

/// The key that was made, and the one whose place it took. Its secret is in the first answer only: what is stored under
/// an idempotency key, and in the audit record, are the ids.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct KeyMade {
    pub api_key: Id<ApiKey>,
    pub previous: Option<Id<ApiKey>>,
    #[serde(skip)]
    pub secret: Option<Secret>,
}

/// The key that was revoked.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct KeyRevoked {
    pub api_key: Id<ApiKey>,
}

pub fn create_api_key(call: &Call<'_>, new: &CreateApiKey) -> Result<Answer<KeyMade>, Fault> {
    call.run(|work| create(work, call.viewer.grant, new))
}

pub fn rotate_api_key(call: &Call<'_>, change: &RotateApiKey) -> Result<Answer<KeyMade>, Fault> {
    call.run(|work| rotate(work, call.viewer.grant, *change))
}

pub fn revoke_api_key(call: &Call<'_>, id: Id<ApiKey>) -> Result<Answer<KeyRevoked>, Fault> {
    call.run(|work| {
        let key = existing(work, id)?;
        keep_a_governor(work, &key)?;
        revoke(work, id)
    })
}

pub(super) fn create(work: &mut Work<'_, '_>, by: Grant, new: &CreateApiKey) -> Result<KeyMade, Stop> {
    by.may_give(new.grant)?;
    may_expire(work.machine_now, new.expires_at).map_err(|refusal| refusal.at(&["expiresAt"]))?;
    let (key, secret) = insert(work, new.name.clone(), new.grant, new.expires_at)?;
    // Events are for everybody who reads: they name no key but by its id.
    work.event(EventType::ApiKeyCreated, key.id, json!({"scope": key.scope.name()}));
    Ok(KeyMade { api_key: key.id, previous: None, secret: Some(secret) })
}

pub(super) fn rotate(work: &mut Work<'_, '_>, by: Grant, change: RotateApiKey) -> Result<KeyMade, Stop> {
    let (tenant, now) = (work.tenant, work.machine_now);
    let old = existing(work, change.api_key_id)?;
    let replaced = !api_key::rotations_of(tenant, &[old.id]).load(work.conn())?.is_empty();
    old.may_be_replaced(now, replaced).map_err(|refusal| refusal.at(&["apiKeyId"]))?;
    // The successor's secret opens what the old one does.
    by.may_give(old.grant()).map_err(|refusal| refusal.at(&["apiKeyId"]))?;
    may_expire(now, change.expires_at).map_err(|refusal| refusal.at(&["expiresAt"]))?;
    let expires_at = change.expires_at.or_else(|| old.end_of_successor(now));
    let (new, secret) = insert(work, old.name.clone(), old.grant(), expires_at)?;
    let end = old.ending_after(now, TimeDelta::hours(change.overlap_hours.unwrap_or(OVERLAP).into()));
    let rotation = ApiKeyRotation { api_key_id: old.id, replaced_by_id: new.id, rotated_at: now };
    api_key::replace(work.tx, tenant, &rotation, end)?;
    let data = json!({"replacedBy": new.id.to_string(), "expiresAt": end.to_rfc3339()});
    work.event(EventType::ApiKeyRotated, old.id, data);
    Ok(KeyMade { api_key: new.id, previous: Some(old.id), secret: Some(secret) })
}

pub(super) fn revoke(work: &mut Work<'_, '_>, id: Id<ApiKey>) -> Result<KeyRevoked, Stop> {
    let key = existing(work, id)?;
    if key.revoked_at.is_some() {
        let refusal = Refusal::new(ErrorCode::ApiKeyNotActive, "The key is revoked already.");
        return Err(refusal.at(&["apiKeyId"]).into());
    }
    api_key::revoke(work.tx, work.tenant, id, work.machine_now)?;
    work.event(EventType::ApiKeyRevoked, id, json!({}));
    Ok(KeyRevoked { api_key: id })
}

/// Refuses to take away the last key that can make others: the tenant would be locked out. Whoever else revokes one waits.
fn keep_a_governor(work: &mut Work<'_, '_>, key: &ApiKey) -> Result<(), Stop> {
    let (id, now) = (work.tenant, work.machine_now);
    Query::by_id(id, id).hold(work.tx)?;
    let keys = api_key::of_scope(id, Scope::Admin).load(work.conn())?;
    let ids: Vec<_> = keys.iter().map(|key| key.id).collect();
    let rotations = if ids.is_empty() { Vec::new() } else { api_key::rotations_of(id, &ids).load(work.conn())? };
    let replaced = |key: &ApiKey| rotations.iter().any(|rotation| rotation.api_key_id == key.id);
    let mut governors = keys.iter().filter(|key| key.governs(now, replaced(key)));
    match (governors.next(), governors.next()) {
        (Some(only), None) if only.id == key.id => {
            let message = "This is the last key of the scope ADMIN: make another one first.";
            Err(Refusal::new(ErrorCode::LastAdminKey, message).at(&["apiKeyId"]).into())
        }
        _ => Ok(()),
    }
}

fn existing(work: &mut Work<'_, '_>, id: Id<ApiKey>) -> Result<ApiKey, Stop> {
    let found = Query::by_id(work.tenant, id).first(work.conn())?;
    found.ok_or_else(|| not_found().at(&["apiKeyId"]).into())
}

fn insert(
    work: &mut Work<'_, '_>,
    name: String,
    grant: Grant,
    expires_at: Option<Instant>,
) -> Result<(ApiKey, Secret), Stop> {
    let secret = Secret::new().map_err(|cause| Fault::Database(cause.to_string()))?;
    let created_at = work.machine_now;
    let key = ApiKey {
        id: work.app().ambient.id(created_at),
        name,
        scope: grant.scope,
        trusted_documents_only: grant.trusted_documents_only,
        created_at,
        last_used_at: None,
        expires_at,
        revoked_at: None,
    };
    api_key::insert(work.tx, work.tenant, &key, &hash(secret.reveal()))?;
    Ok((key, secret))
}
