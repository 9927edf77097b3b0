//! The tenant's settings.

use super::mutation::{Answer, Call, expect_version};
use crate::domain::dunning::{DunningFinalAction, Policy, Schedule};
use crate::domain::event::EventType;
use crate::domain::payment_terms::PaymentTerms;
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
    pub dunning: Option<ChangeDunning>,
    pub usage_grace_seconds: Option<i32>,
    pub month_to_month: Option<bool>,
    /// `Some(None)` clears them.
    pub default_payment_terms: Option<Option<PaymentTerms>>,
}

/// What a tenant changes of its dunning: what is none stays.
#[derive(Clone, Copy, Debug)]
pub struct ChangeDunning {
    pub schedule: Option<Schedule>,
    pub final_action: Option<DunningFinalAction>,
    pub grace_seconds: Option<i32>,
    pub no_grace_on_hard_decline: Option<bool>,
}

impl ChangeDunning {
    fn applied_to(self, policy: Policy) -> Policy {
        Policy {
            schedule: self.schedule.unwrap_or(policy.schedule),
            final_action: self.final_action.unwrap_or(policy.final_action),
            grace_seconds: self.grace_seconds.unwrap_or(policy.grace_seconds),
            no_grace_on_hard_decline: self.no_grace_on_hard_decline.unwrap_or(policy.no_grace_on_hard_decline),
        }
    }
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
            dunning: self.dunning.map_or(settings.dunning, |change| change.applied_to(settings.dunning)),
            usage_grace_seconds: self.usage_grace_seconds.unwrap_or(settings.usage_grace_seconds),
            month_to_month: self.month_to_month.unwrap_or(settings.month_to_month),
            default_payment_terms: self.default_payment_terms.unwrap_or(settings.default_payment_terms),
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
