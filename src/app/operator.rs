//! What the operator of a server does from the command line: tenants and their keys.

use super::api_key::{self, CreateApiKey, KeyMade, RotateApiKey};
use super::credentials::{Secret, hash};
use super::{App, Stop, Work, trusted_document};
use crate::domain::Id;
use crate::domain::api_key::{ApiKey, Grant, Scope};
use crate::domain::event::AuditRecord;
use crate::domain::tenant::{Settings, Tenant, TenantMode};
use crate::domain::text::{self, NotAText};
use crate::domain::trusted_document::TrustedDocument;
use crate::repository::db::Failure;
use crate::repository::{self, Fault, Query, Tx, journal, tenant};
use serde::Serialize;

/// Why an operator's command did nothing. One line for a person.
#[derive(Debug, thiserror::Error)]
pub enum OperatorError {
    #[error("the name: {0}")]
    Name(#[from] NotAText),
    #[error("there is no tenant {0}")]
    NoTenant(Id<Tenant>),
    #[error("the tenant has no key {0} that could be revoked")]
    NoKey(Id<ApiKey>),
    #[error("{0}")]
    Refused(String),
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
    let secret = Secret::new()?;
    let now = app.ambient.now();
    let made = Tenant { id, name, settings, clock: None, version: 1, created_at: now, updated_at: now };
    let key = app.db.write(|tx| {
        tenant::insert(tx, &made)?;
        insert_key(app, tx, id, "first key", &secret)
    })?;
    Ok((key, secret.reveal().to_owned()))
}

/// The tenant with this id, if there is one.
pub fn find_tenant(app: &App, id: Id<Tenant>) -> Result<Option<Tenant>, OperatorError> {
    Ok(app.db.read_once(|conn| Query::by_id(id, id).first(conn))?)
}

/// Whether there is any tenant at all.
pub fn has_tenants(app: &App) -> Result<bool, OperatorError> {
    Ok(app.db.read_once(tenant::any)?)
}

/// Creates a key that never expires; answers its secret, which is not to be had again.
pub fn create_key(
    app: &App,
    tenant: Id<Tenant>,
    name: &str,
    scope: Scope,
) -> Result<(Id<ApiKey>, String), OperatorError> {
    let grant = Grant { scope, trusted_documents_only: false };
    create_key_with(app, tenant, CreateApiKey { name: name.to_owned(), grant, expires_at: None })
}

/// Creates a key; answers its secret, which is not to be had again.
pub fn create_key_with(
    app: &App,
    tenant: Id<Tenant>,
    new: CreateApiKey,
) -> Result<(Id<ApiKey>, String), OperatorError> {
    let new = CreateApiKey { name: text::required(&new.name, text::NAME)?, ..new };
    let made = work_for(app, tenant, "createApiKey", |work| api_key::create(work, Grant::ALL, &new))?;
    shown(made)
}

/// Replaces a key by a new one; answers that one's id and its secret. The old one is good for some hours more.
pub fn rotate_key(app: &App, tenant: Id<Tenant>, change: RotateApiKey) -> Result<(Id<ApiKey>, String), OperatorError> {
    let made = work_for(app, tenant, "rotateApiKey", |work| api_key::rotate(work, Grant::ALL, change))?;
    shown(made)
}

/// All keys of a tenant, the revoked ones too, oldest first.
pub fn list_keys(app: &App, tenant: Id<Tenant>) -> Result<Vec<ApiKey>, OperatorError> {
    app.db.read(|conn| {
        check_tenant(conn, tenant)?;
        Ok(repository::api_key::all(tenant).order("id").load(conn)?)
    })
}

/// Revokes a key: from now on it opens nothing.
pub fn revoke_key(app: &App, tenant: Id<Tenant>, key: Id<ApiKey>) -> Result<(), OperatorError> {
    work_for(app, tenant, "revokeApiKey", |work| api_key::revoke(work, key)).map(drop).map_err(|error| match error {
        OperatorError::Refused(_) => OperatorError::NoKey(key),
        other => other,
    })
}

/// Registers documents, each of which was looked at; answers their ids, in their order.
pub fn register_documents(
    app: &App,
    tenant: Id<Tenant>,
    texts: &[String],
) -> Result<Vec<Id<TrustedDocument>>, OperatorError> {
    let registered = work_for(app, tenant, "registerDocuments", |work| trusted_document::register(work, texts))?;
    Ok(registered.documents)
}

fn shown(made: KeyMade) -> Result<(Id<ApiKey>, String), OperatorError> {
    let secret = made.secret.ok_or_else(|| Fault::Database("a new key has no secret".to_owned()))?;
    Ok((made.api_key, secret.reveal().to_owned()))
}

/// Runs a use case on the operator's behalf: one transaction with its events and its audit record.
fn work_for<T: Serialize>(
    app: &App,
    tenant: Id<Tenant>,
    operation: &'static str,
    mut decide: impl FnMut(&mut Work<'_, '_>) -> Result<T, Stop>,
) -> Result<T, OperatorError> {
    app.db.read(|conn| check_tenant(conn, tenant))?;
    let done = app.work_for(tenant, app.ambient.now(), |work| {
        let done = decide(work)?;
        let record = AuditRecord {
            id: app.ambient.id::<()>(work.machine_now).uuid(),
            operation,
            actor: OPERATOR.to_owned(),
            request_id: OPERATOR.to_owned(),
            outcome: serde_json::to_value(&done)?,
            created_at: work.machine_now,
        };
        journal::audit(&mut work.last, tenant, &record);
        Ok(done)
    });
    done.map_err(|stop| match stop {
        Stop::Failed(fault) => OperatorError::Failed(fault),
        Stop::Refused { refusals, .. } => {
            let message = refusals.into_iter().next().map(|refusal| refusal.message.into_owned());
            OperatorError::Refused(message.unwrap_or_default())
        }
        Stop::Replay(_) => OperatorError::Refused(String::new()),
    })
}

/// Who did what is done from the command line, in the audit records.
const OPERATOR: &str = "operator";

fn check_tenant(conn: &mut crate::repository::Conn, tenant: Id<Tenant>) -> Result<(), OperatorError> {
    match Query::by_id(tenant, tenant).first(conn)? {
        Some(_) => Ok(()),
        None => Err(OperatorError::NoTenant(tenant)),
    }
}

/// The first key of a tenant, which may do everything.
fn insert_key(
    app: &App,
    tx: &mut Tx<'_>,
    tenant: Id<Tenant>,
    name: &str,
    secret: &Secret,
) -> Result<Id<ApiKey>, Fault> {
    let now = app.ambient.now();
    let id = app.ambient.id(now);
    let (name, grant) = (name.to_owned(), Grant::ALL);
    let key = ApiKey {
        id,
        name,
        scope: grant.scope,
        trusted_documents_only: grant.trusted_documents_only,
        created_at: now,
        last_used_at: None,
        expires_at: None,
        revoked_at: None,
    };
    repository::api_key::insert(tx, tenant, &key, &hash(secret.reveal()))?;
    Ok(id)
}
