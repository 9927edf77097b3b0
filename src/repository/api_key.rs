//! API keys. Only the hash of a secret is stored.

use super::change::change;
use super::db::{Read, Tx, changed};
use super::list::{Bind, List, listed};
use super::query::{Comparison, Condition, Query, stored};
use super::schema::{api_key_rotations, api_keys, tenants};
use super::sql_types::{At, instant};
use super::{Conn, on_backend};
use crate::domain::api_key::{ApiKey, ApiKeyRotation, Grant, Scope};
use crate::domain::tenant::{Tenant, TenantMode};
use crate::domain::{Choice, Id, Instant};
use diesel::prelude::*;

stored!(ApiKey, api_keys(
    id, name, scope, trusted_documents_only, created_at, last_used_at, expires_at, revoked_at
) => {
    let At(created_at) = created_at;
    let (last_used_at, expires_at, revoked_at) = (instant(last_used_at), instant(expires_at), instant(revoked_at));
    ApiKey { id, name, scope, trusted_documents_only, created_at, last_used_at, expires_at, revoked_at }
});

listed!(ApiKey: List::new()
    .choice::<Scope>(api_keys::scope)
    .instant(api_keys::created_at).sorted(|key: &ApiKey| key.created_at.into()));

stored!(ApiKeyRotation, api_key_rotations(api_key_id, replaced_by_id, rotated_at) => {
    let At(rotated_at) = rotated_at;
    ApiKeyRotation { api_key_id, replaced_by_id, rotated_at }
}, key: api_key_id);

/// What a request needs to know of its key.
#[derive(Clone)]
pub struct KnownKey {
    pub tenant_id: Id<Tenant>,
    pub id: Id<ApiKey>,
    pub name: String,
    pub grant: Grant,
    pub hash: Vec<u8>,
    pub last_used_at: Option<Instant>,
    pub expires_at: Option<Instant>,
    /// Of its tenant.
    pub mode: TenantMode,
    pub clock: Option<Instant>,
}

diesel::allow_tables_to_appear_in_same_query!(api_keys, tenants);

/// The key whose secret has this hash, unless it is revoked.
pub fn by_hash(conn: &mut Conn, hash: &[u8]) -> Read<Option<KnownKey>> {
    type Key = (Id<Tenant>, Id<ApiKey>, String, Scope, bool, Vec<u8>, Option<At>, Option<At>);
    type Row = (Key, TenantMode, Option<At>);
    let found: Option<Row> = on_backend!(conn, |conn| api_keys::table
        .inner_join(tenants::table.on(tenants::tenant_id.eq(api_keys::tenant_id)))
        .filter(api_keys::hash.eq(hash))
        .filter(api_keys::revoked_at.is_null())
        .select((
            (
                api_keys::tenant_id,
                api_keys::id,
                api_keys::name,
                api_keys::scope,
                api_keys::trusted_documents_only,
                api_keys::hash,
                api_keys::last_used_at,
                api_keys::expires_at,
            ),
            tenants::mode,
            tenants::clock,
        ))
        .first(conn)
        .optional())?;
    Ok(found.map(|(key, mode, clock)| {
        let (tenant_id, id, name, scope, trusted_documents_only, hash, last_used_at, expires_at) = key;
        KnownKey {
            tenant_id,
            id,
            name,
            grant: Grant { scope, trusted_documents_only },
            hash,
            last_used_at: instant(last_used_at),
            expires_at: instant(expires_at),
            mode,
            clock: instant(clock),
        }
    }))
}

/// What has to hold for a key to open what it opened when it was looked up.
pub struct Standing {
    pub(super) key: Query<ApiKey>,
    pub(super) tenant: Query<Tenant>,
}

impl Standing {
    /// `now` is the mode of the tenant, and its clock.
    pub fn of(
        tenant: Id<Tenant>,
        key: Id<ApiKey>,
        grant: Grant,
        expires_at: Option<Instant>,
        (mode, clock): (TenantMode, Option<Instant>),
    ) -> Self {
        let is = |column, value: Bind| Condition::Is(column, Comparison::Equal, value);
        let text = |name: &str| Bind::Text(name.to_owned());
        let at = |column, instant: Option<Instant>| match instant {
            Some(instant) => is(column, instant.into()),
            None => Condition::Null(column, true),
        };
        let key = [
            is("id", key.into()),
            is("scope", text(grant.scope.name())),
            is("trusted_documents_only", Bind::Bool(grant.trusted_documents_only)),
            at("expires_at", expires_at),
            Condition::Null("revoked_at", true),
        ];
        let own = [is("mode", text(mode.name())), at("clock", clock)];
        let (key, own) = (Condition::All(key.into()), Condition::All(own.into()));
        Standing { key: Query::new(tenant).filter(key), tenant: Query::new(tenant).filter(own) }
    }
}

/// All keys of a tenant, the revoked ones too.
pub fn all(tenant: Id<Tenant>) -> Query<ApiKey> {
    Query::new(tenant)
}

/// Those of one scope.
pub fn of_scope(tenant: Id<Tenant>, scope: Scope) -> Query<ApiKey> {
    all(tenant).filter(Condition::Is("scope", Comparison::Equal, Bind::Text(scope.name().to_owned())))
}

/// How these keys were replaced.
pub fn rotations_of(tenant: Id<Tenant>, keys: &[Id<ApiKey>]) -> Query<ApiKeyRotation> {
    Query::new(tenant).of_each("api_key_id", keys)
}

pub fn insert(tx: &mut Tx<'_>, tenant: Id<Tenant>, key: &ApiKey, hash: &[u8]) -> Read<()> {
    on_backend!(tx, |conn| diesel::insert_into(api_keys::table)
        .values((
            api_keys::tenant_id.eq(tenant),
            api_keys::id.eq(key.id),
            api_keys::name.eq(&key.name),
            api_keys::scope.eq(key.scope),
            api_keys::trusted_documents_only.eq(key.trusted_documents_only),
            api_keys::hash.eq(hash),
            api_keys::created_at.eq(At(key.created_at)),
            api_keys::expires_at.eq(key.expires_at.map(At)),
        ))
        .execute(conn))?;
    Ok(())
}

pub fn used(tx: &mut Tx<'_>, tenant: Id<Tenant>, key: Id<ApiKey>, now: Instant) -> Read<()> {
    on_backend!(tx, |conn| change(api_keys::table)
        .filter(api_keys::tenant_id.eq(tenant))
        .filter(api_keys::id.eq(key))
        .set(api_keys::last_used_at.eq(At(now)))
        .execute(conn))?;
    Ok(())
}

/// Notes which key took the place of another, which expires now or soon. Where it is revoked, or has a successor by now,
/// the race is lost.
pub fn replace(tx: &mut Tx<'_>, tenant: Id<Tenant>, rotation: &ApiKeyRotation, expires_at: Instant) -> Read<()> {
    let rows = on_backend!(tx, |conn| change(api_keys::table)
        .filter(api_keys::tenant_id.eq(tenant))
        .filter(api_keys::id.eq(rotation.api_key_id))
        .filter(api_keys::revoked_at.is_null())
        .set(api_keys::expires_at.eq(At(expires_at)))
        .execute(conn))?;
    changed(rows, 1)?;
    on_backend!(tx, |conn| diesel::insert_into(api_key_rotations::table)
        .values((
            api_key_rotations::tenant_id.eq(tenant),
            api_key_rotations::api_key_id.eq(rotation.api_key_id),
            api_key_rotations::replaced_by_id.eq(rotation.replaced_by_id),
            api_key_rotations::rotated_at.eq(At(rotation.rotated_at)),
        ))
        .execute(conn))?;
    Ok(())
}

/// Revokes a key that is not revoked yet.
pub fn revoke(tx: &mut Tx<'_>, tenant: Id<Tenant>, key: Id<ApiKey>, now: Instant) -> Read<()> {
    let rows = on_backend!(tx, |conn| change(api_keys::table)
        .filter(api_keys::tenant_id.eq(tenant))
        .filter(api_keys::id.eq(key))
        .filter(api_keys::revoked_at.is_null())
        .set(api_keys::revoked_at.eq(At(now)))
        .execute(conn))?;
    changed(rows, 1)
}
