//! The tenant's settings.

use super::mutation::{Answer, Call, expect_version};
use crate::domain::event::EventType;
use crate::domain::tenant::{BillingStart, Tenant};
use crate::domain::{Currency, Id, Zone};
use crate::repository::{Fault, Query, tenant};
use serde::{Deserialize, Serialize};

/// What a tenant changes of its settings: what is none stays.
#[derive(Clone, Copy, Debug)]
pub struct UpdateTenantSettings {
    pub expected_version: Option<i32>,
    pub billing_start: Option<BillingStart>,
    pub timezone: Option<Zone>,
    pub default_currency: Option<Currency>,
}

/// The tenant that was changed.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct TenantChanged {
    pub tenant: Id<Tenant>,
}

pub fn update_tenant_settings(call: &Call<'_>, change: UpdateTenantSettings) -> Result<Answer<TenantChanged>, Fault> {
    call.run(|work| {
        let outcome = TenantChanged { tenant: work.tenant };
        let id = work.tenant;
        Query::by_id(id, id).hold(work.tx)?;
        let mut own = tenant::own(work.conn(), id)?;
        expect_version(change.expected_version, own.version, &outcome)?;
        own.settings.billing_start = change.billing_start.unwrap_or(own.settings.billing_start);
        own.settings.timezone = change.timezone.unwrap_or(own.settings.timezone);
        own.settings.default_currency = change.default_currency.unwrap_or(own.settings.default_currency);
        own.version += 1;
        own.updated_at = work.now;
        tenant::update(work.tx, &own)?;
        work.event(EventType::TenantUpdated, id, serde_json::json!({}));
        Ok(outcome)
    })
}
