//! The tenant, its settings, and who is asking.

use super::check::{self, Check};
use super::engine::{Object, Type};
use super::mutations::{Mutation, Wire, payload, run};
use crate::app::Viewer;
use crate::app::tenant::{TenantChanged, UpdateTenantSettings, update_tenant_settings};
use crate::domain::Refusal;
use crate::domain::api_key::Scope;
use crate::domain::tenant::{BillingStart, Tenant};
use crate::graphql::scalars::{CurrencyCode, TimeZone};
use async_graphql::{InputObject, MaybeUndefined};

impl Object for Viewer {
    fn declare() -> Type<Self> {
        Type::new("Viewer", "Who is asking: the API key of this request.")
            .computed("keyId", "The key's identifier.", |viewer: &Viewer| viewer.key_id.to_string())
            .column("keyName", "The name that the key was given.", |viewer| &viewer.key_name)
            .column("scope", "What the key may do.", |viewer| &viewer.scope)
            .one("tenant", "Whose data the key opens.", |viewer| viewer.tenant_id)
    }
}

impl Object for Tenant {
    fn declare() -> Type<Self> {
        Type::new("Tenant", "The company whose data this is.")
            .node(|tenant: &Tenant| tenant.id)
            .column("name", "Its name.", |tenant| &tenant.name)
            .column("billingStart", "When the first payment of a rental is due.", |tenant| {
                &tenant.settings.billing_start
            })
            .column("timezone", "The zone in which its days begin and end.", |tenant| &tenant.settings.timezone)
            .column("defaultCurrency", "The currency of prices that name none.", |tenant| {
                &tenant.settings.default_currency
            })
            .column("version", "Counts its changes: for `expectedVersion`.", |tenant| &tenant.version)
            .column("createdAt", "When it was created.", |tenant| &tenant.created_at)
            .column("updatedAt", "When it was last changed.", |tenant| &tenant.updated_at)
    }
}

/// What to change of the tenant's settings. What is left out stays; a change affects only what is made later.
#[derive(InputObject)]
pub struct UpdateTenantSettingsInput {
    /// When the first payment of a rental is due.
    billing_start: MaybeUndefined<Wire<BillingStart>>,
    /// The zone in which days begin and end.
    timezone: MaybeUndefined<TimeZone>,
    /// The currency of prices that name none.
    default_currency: MaybeUndefined<CurrencyCode>,
    /// Refuse with CONFLICT unless the tenant is at this version.
    expected_version: Option<i32>,
}

impl UpdateTenantSettingsInput {
    fn read(self) -> Result<UpdateTenantSettings, Vec<Refusal>> {
        Check::input(|check| {
            let billing_start = check.set("billingStart", self.billing_start, |wire| Ok::<_, String>(wire.0));
            let timezone = check.set("timezone", self.timezone, check::zone);
            let default_currency = check.set("defaultCurrency", self.default_currency, check::currency);
            Some(UpdateTenantSettings {
                expected_version: self.expected_version,
                billing_start: billing_start?,
                timezone: timezone?,
                default_currency: default_currency?,
            })
        })
    }
}

payload! {
    /// What `updateTenantSettings` answers.
    UpdateTenantSettingsPayload of TenantChanged {
        /// The tenant, with its new settings.
        "tenant": Tenant => |changed| Some(changed.tenant),
    }
}

pub fn mutations() -> Vec<Mutation> {
    vec![Mutation::new(
        "updateTenantSettings",
        "Changes the tenant's settings. Errors: VALIDATION_ERROR, CONFLICT.",
        Scope::Admin,
        |on, running, input: UpdateTenantSettingsInput| {
            run::<_, _, UpdateTenantSettingsPayload>(on, running, input.read(), |call, change| {
                update_tenant_settings(call, *change)
            })
        },
    )]
}
