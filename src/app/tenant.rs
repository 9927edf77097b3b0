//! The tenant's settings.

use super::mutation::{Answer, Call, expect_version};
use crate::domain::event::EventType;
use crate::domain::pricing::{DiscountOrder, PercentageBase, TaxRate};
use crate::domain::tenant::{BillingStart, Settings, Tenant};
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
    pub amounts_include_tax: Option<bool>,
    pub tax_rate: Option<TaxRate>,
    pub multiple_discounts_allowed: Option<bool>,
    pub discount_order: Option<DiscountOrder>,
    pub percentage_base: Option<PercentageBase>,
}

impl UpdateTenantSettings {
    fn applied_to(self, settings: Settings) -> Settings {
        Settings {
            billing_start: self.billing_start.unwrap_or(settings.billing_start),
            timezone: self.timezone.unwrap_or(settings.timezone),
            default_currency: self.default_currency.unwrap_or(settings.default_currency),
            mode: settings.mode,
            amounts_include_tax: self.amounts_include_tax.unwrap_or(settings.amounts_include_tax),
            tax_rate: self.tax_rate.unwrap_or(settings.tax_rate),
            multiple_discounts_allowed: self.multiple_discounts_allowed.unwrap_or(settings.multiple_discounts_allowed),
            discount_order: self.discount_order.unwrap_or(settings.discount_order),
            percentage_base: self.percentage_base.unwrap_or(settings.percentage_base),
        }
    }
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
        own.settings = change.applied_to(own.settings);
        own.version += 1;
        own.updated_at = work.now;
        tenant::update(work.tx, &own)?;
        work.event(EventType::TenantUpdated, id, serde_json::json!({}));
        Ok(outcome)
    })
}
