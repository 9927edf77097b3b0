//! API keys. Only the hash of a secret is stored.

use super::db::{Read, Tx, changed};
use super::query::{Query, stored};
use super::schema::{api_keys, tenants};
use super::sql_types::{At, instant};
use super::{Conn, on_backend};
use crate::domain::api_key::{ApiKey, Scope};
use crate::domain::tenant::{Tenant, TenantMode};
use crate::domain::{Id, Instant};
use diesel::prelude::*;

stored!(ApiKey, api_keys(id, name, scope, created_at, last_used_at, revoked_at) => {
    let At(created_at) = created_at;
    ApiKey { id, name, scope, created_at, last_used_at: instant(last_used_at), revoked_at: instant(revoked_at) }
});

/// What a request needs to know of its key.
pub struct KnownKey {
    pub tenant_id: Id<Tenant>,
    pub id: Id<ApiKey>,
    pub name: String,
    pub scope: Scope,
    pub last_used_at: Option<Instant>,
    /// Of its tenant.
    pub mode: TenantMode,
    pub clock: Option<Instant>,
}

diesel::allow_tables_to_appear_in_same_query!(api_keys, tenants);

/// The key whose secret has this hash, unless it is revoked.
pub fn by_hash(conn: &mut Conn, hash: &[u8]) -> Read<Option<KnownKey>> {
    type Key = (Id<Tenant>, Id<ApiKey>, String, Scope, Option<At>);
    type Row = (Key, TenantMode, Option<At>);
    let found: Option<Row> = on_backend!(conn, |conn| api_keys::table
        .inner_join(tenants::table.on(tenants::tenant_id.eq(api_keys::tenant_id)))
        .filter(api_keys::hash.eq(hash))
        .filter(api_keys::revoked_at.is_null())
        .select((
            (api_keys::tenant_id, api_keys::id, api_keys::name, api_keys::scope, api_keys::last_used_at),
            tenants::mode,
            tenants::clock,
        ))
        .first(conn)
        .optional())?;
    Ok(found.map(|((tenant_id, id, name, scope, last_used_at), mode, clock)| KnownKey {
        tenant_id,
        id,
        name,
        scope,
        last_used_at: instant(last_used_at),
        mode,
        clock: instant(clock),
    }))
}

/// All keys of a tenant, the revoked ones too, oldest first.
pub fn all(tenant: Id<Tenant>) -> Query<ApiKey> {
    Query::new(tenant).order("id")
}

pub fn insert(tx: &mut Tx<'_>, tenant: Id<Tenant>, key: &ApiKey, hash: &[u8]) -> Read<()> {
    on_backend!(tx, |conn| diesel::insert_into(api_keys::table)
        .values((
            api_keys::tenant_id.eq(tenant),
            api_keys::id.eq(key.id),
            api_keys::name.eq(&key.name),
            api_keys::scope.eq(key.scope),
            api_keys::hash.eq(hash),
            api_keys::created_at.eq(At(key.created_at)),
        ))
        .execute(conn))?;
    Ok(())
}

pub fn used(tx: &mut Tx<'_>, tenant: Id<Tenant>, key: Id<ApiKey>, now: Instant) -> Read<()> {
    on_backend!(tx, |conn| diesel::update(api_keys::table)
        .filter(api_keys::tenant_id.eq(tenant))
        .filter(api_keys::id.eq(key))
        .set(api_keys::last_used_at.eq(At(now)))
        .execute(conn))?;
    Ok(())
}

/// Revokes a key that is not revoked yet.
pub fn revoke(tx: &mut Tx<'_>, tenant: Id<Tenant>, key: Id<ApiKey>, now: Instant) -> Read<()> {
    let rows = on_backend!(tx, |conn| diesel::update(api_keys::table)
        .filter(api_keys::tenant_id.eq(tenant))
        .filter(api_keys::id.eq(key))
        .filter(api_keys::revoked_at.is_null())
        .set(api_keys::revoked_at.eq(At(now)))
        .execute(conn))?;
    changed(rows, 1)
}
