//! What the operator of a server does from the command line: tenants and their keys.

use super::App;
use super::credentials::{hash, new_secret};
use crate::domain::Id;
use crate::domain::api_key::{ApiKey, Scope};
use crate::domain::tenant::{Settings, Tenant, TenantMode};
use crate::domain::text::{self, NotAText};
use crate::repository::db::Failure;
use crate::repository::{Fault, Query, Tx, api_key, tenant};

/// Why an operator's command did nothing. One line for a person.
#[derive(Debug, thiserror::Error)]
pub enum OperatorError {
    #[error("the name: {0}")]
    Name(#[from] NotAText),
    #[error("there is no tenant {0}")]
    NoTenant(Id<Tenant>),
    #[error("the tenant has no key {0} that could be revoked")]
    NoKey(Id<ApiKey>),
    #[error("no random numbers are to be had: {0}")]
    NoRandomness(#[from] getrandom::Error),
    #[error("{0}")]
    Failed(#[from] Fault),
}

impl Failure for OperatorError {
    fn fault(&self) -> Option<&Fault> {
        match self {
            OperatorError::Failed(fault) => Some(fault),
            _ => None,
        }
    }
}

/// Creates a live tenant with the default settings and a key of the ADMIN scope; answers the key's secret.
pub fn create_tenant(app: &App, name: &str) -> Result<(Id<Tenant>, String), OperatorError> {
    create_tenant_with(app, name, Settings::default())
}

/// Creates a tenant for trying out, otherwise as [`create_tenant`] does.
pub fn create_test_tenant(app: &App, name: &str) -> Result<(Id<Tenant>, String), OperatorError> {
    create_tenant_with(app, name, Settings { mode: TenantMode::Test, ..Settings::default() })
}

fn create_tenant_with(app: &App, name: &str, settings: Settings) -> Result<(Id<Tenant>, String), OperatorError> {
    let id = app.ambient.id(app.ambient.now());
    let (_, secret) = create_tenant_as(app, id, name, settings)?;
    Ok((id, secret))
}

/// Creates a tenant with this id and these settings, and a key of the ADMIN scope; answers the key and its secret.
pub fn create_tenant_as(
    app: &App,
    id: Id<Tenant>,
    name: &str,
    settings: Settings,
) -> Result<(Id<ApiKey>, String), OperatorError> {
    let name = text::required(name, text::NAME)?;
    let secret = new_secret()?;
    let now = app.ambient.now();
    let made = Tenant { id, name, settings, clock: None, version: 1, created_at: now, updated_at: now };
    let key = app.db.write(|tx| {
        tenant::insert(tx, &made)?;
        insert_key(app, tx, id, "first key", Scope::Admin, &secret)
    })?;
    Ok((key, secret))
}

/// The tenant with this id, if there is one.
pub fn find_tenant(app: &App, id: Id<Tenant>) -> Result<Option<Tenant>, OperatorError> {
    Ok(app.db.read_once(|conn| Query::by_id(id, id).first(conn))?)
}

/// Whether there is any tenant at all.
pub fn has_tenants(app: &App) -> Result<bool, OperatorError> {
    Ok(app.db.read_once(tenant::any)?)
}

/// Creates a key; answers its secret, which is not to be had again.
pub fn create_key(
    app: &App,
    tenant: Id<Tenant>,
    name: &str,
    scope: Scope,
) -> Result<(Id<ApiKey>, String), OperatorError> {
    let name = text::required(name, text::NAME)?;
    let secret = new_secret()?;
    let id = app.db.write(|tx| {
        check_tenant(tx, tenant)?;
        Ok::<_, OperatorError>(insert_key(app, tx, tenant, &name, scope, &secret)?)
    })?;
    Ok((id, secret))
}

/// All keys of a tenant, the revoked ones too.
pub fn list_keys(app: &App, tenant: Id<Tenant>) -> Result<Vec<ApiKey>, OperatorError> {
    app.db.read(|conn| {
        check_tenant(conn, tenant)?;
        Ok(api_key::all(tenant).load(conn)?)
    })
}

/// Revokes a key: from now on it opens nothing.
pub fn revoke_key(app: &App, tenant: Id<Tenant>, key: Id<ApiKey>) -> Result<(), OperatorError> {
    let now = app.ambient.now();
    app.db.write(|tx| {
        check_tenant(tx, tenant)?;
        let found = Query::by_id(tenant, key).first(tx)?;
        if found.is_none_or(|found| found.revoked_at.is_some()) {
            return Err(OperatorError::NoKey(key));
        }
        Ok(api_key::revoke(tx, tenant, key, now)?)
    })
}

fn check_tenant(conn: &mut crate::repository::Conn, tenant: Id<Tenant>) -> Result<(), OperatorError> {
    match Query::by_id(tenant, tenant).first(conn)? {
        Some(_) => Ok(()),
        None => Err(OperatorError::NoTenant(tenant)),
    }
}

fn insert_key(
    app: &App,
    tx: &mut Tx<'_>,
    tenant: Id<Tenant>,
    name: &str,
    scope: Scope,
    secret: &str,
) -> Result<Id<ApiKey>, Fault> {
    let now = app.ambient.now();
    let id = app.ambient.id(now);
    let key = ApiKey { id, name: name.to_owned(), scope, created_at: now, last_used_at: None, revoked_at: None };
    api_key::insert(tx, tenant, &key, &hash(secret))?;
    Ok(id)
}
