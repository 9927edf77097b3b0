//! Tenants and their keys.

use super::{Failure, print};
use crate::app::{App, operator};
use crate::config::{KeyCommand, TenantCommand};
use crate::domain::{Choice, Instant};
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
        KeyCommand::Create { name, tenant, scope, json } => {
            let (key_id, api_key) = operator::create_key(app, *tenant, name, *scope)?;
            let key_id = key_id.to_string();
            if *json {
                return print_json(&NewKey { key_id, api_key });
            }
            print(&format!("Key id   {key_id}"))?;
            print_key(&api_key)
        }
        KeyCommand::List { tenant } => {
            let keys = operator::list_keys(app, *tenant)?;
            let line = |id: &str, scope: &str, created: &str, used: &str, revoked: &str, name: &str| {
                print(&format!("{id:<30}  {scope:<5}  {created:<16}  {used:<16}  {revoked:<16}  {name}"))
            };
            line("ID", "SCOPE", "CREATED (UTC)", "LAST USED (UTC)", "REVOKED (UTC)", "NAME")?;
            for key in keys {
                let (used, revoked) = (key.last_used_at.map(to_the_minute), key.revoked_at.map(to_the_minute));
                let (used, revoked) = (used.as_deref().unwrap_or("-"), revoked.as_deref().unwrap_or("-"));
                let created = to_the_minute(key.created_at);
                line(&key.id.to_string(), &key.scope.name().to_lowercase(), &created, used, revoked, &key.name)?;
            }
            Ok(())
        }
        KeyCommand::Revoke { key, tenant } => {
            operator::revoke_key(app, *tenant, *key)?;
            print(&format!("Revoked {key}"))
        }
    }
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
