//! Tenants and their keys.

use super::{Failure, print};
use crate::app::api_key::{CreateApiKey, RotateApiKey};
use crate::app::{App, operator};
use crate::config::{KeyCommand, TenantCommand};
use crate::domain::api_key::{ApiKey, Grant};
use crate::domain::{Choice, Id, Instant};
use serde::Serialize;

/// Does one of the commands about tenants.
pub fn tenant(app: &App, command: &TenantCommand) -> Result<(), Failure> {
    match command {
        TenantCommand::Create { name, test, json } => {
            let create = if *test { operator::create_test_tenant } else { operator::create_tenant };
            let (tenant_id, api_key) = create(app, name)?;
            let tenant_id = tenant_id.to_string();
            if *json {
                return print_json(&NewTenant { tenant_id, api_key });
            }
            print(&format!("Tenant   {tenant_id}"))?;
            print_key(&api_key)
        }
    }
}

/// Does one of the commands about keys.
pub fn key(app: &App, command: &KeyCommand) -> Result<(), Failure> {
    match command {
        KeyCommand::Create { name, tenant, scope, expires, trusted_documents_only, json } => {
            let grant = Grant { scope: *scope, trusted_documents_only: *trusted_documents_only };
            let new = CreateApiKey { name: name.clone(), grant, expires_at: *expires };
            show_key(operator::create_key_with(app, *tenant, new)?, *json)
        }
        KeyCommand::Rotate { key, tenant, overlap, expires, json } => {
            let change = RotateApiKey { api_key_id: *key, overlap_hours: Some(*overlap), expires_at: *expires };
            show_key(operator::rotate_key(app, *tenant, change)?, *json)
        }
        KeyCommand::List { tenant } => list(&operator::list_keys(app, *tenant)?),
        KeyCommand::Revoke { key, tenant } => {
            operator::revoke_key(app, *tenant, *key)?;
            print(&format!("Revoked {key}"))
        }
    }
}

/// Says what the new key is, once.
fn show_key((key_id, api_key): (Id<ApiKey>, String), json: bool) -> Result<(), Failure> {
    let key_id = key_id.to_string();
    if json {
        return print_json(&NewKey { key_id, api_key });
    }
    print(&format!("Key id   {key_id}"))?;
    print_key(&api_key)
}

fn list(keys: &[ApiKey]) -> Result<(), Failure> {
    let line = |id: &str, scope: &str, times: [&str; 4], name: &str| {
        let times = times.map(|time| format!("{time:<16}")).join("  ");
        print(&format!("{id:<30}  {scope:<5}  {times}  {name}"))
    };
    line("ID", "SCOPE", ["CREATED (UTC)", "LAST USED (UTC)", "EXPIRES (UTC)", "REVOKED (UTC)"], "NAME")?;
    for key in keys {
        let times = [Some(key.created_at), key.last_used_at, key.expires_at, key.revoked_at];
        let times = times.map(|time| time.map_or_else(|| "-".to_owned(), to_the_minute));
        let restricted = if key.trusted_documents_only { " (trusted documents only)" } else { "" };
        let name = format!("{}{restricted}", key.name);
        line(&key.id.to_string(), &key.scope.name().to_lowercase(), times.each_ref().map(String::as_str), &name)?;
    }
    Ok(())
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NewTenant {
    tenant_id: String,
    api_key: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NewKey {
    key_id: String,
    api_key: String,
}

fn print_json(value: &impl Serialize) -> Result<(), Failure> {
    print(&serde_json::to_string(value).map_err(|cause| Failure::Output(cause.into()))?)
}

fn print_key(api_key: &str) -> Result<(), Failure> {
    print(&format!("API key  {api_key}"))?;
    print("Keep the key safe: it is not stored and cannot be shown again.")
}

fn to_the_minute(instant: Instant) -> String {
    instant.format("%Y-%m-%d %H:%M").to_string()
}
