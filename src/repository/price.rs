//! Prices: of a version of a plan, or of one subscription alone. They are never changed.

use super::db::{Fault, Read, Tx};
use super::query::{Query, stored};
use super::rows::rows;
use super::schema::prices;
use super::sql_types::{At, Decimal, Json};
use crate::domain::Id;
use crate::domain::period::BillingPeriod;
use crate::domain::plan::Plan;
use crate::domain::price::{ModelSettings, Price, Tier};
use crate::domain::schedule::Interval;
use crate::domain::subscription::Subscription;
use crate::domain::tenant::Tenant;
use bigdecimal::BigDecimal;
use serde::{Deserialize, Serialize};
use std::fmt::Debug;

stored!(Price, prices(
    id, plan_id, subscription_id, parent_price_id, position, name, price_type, currency, billing_model, amount,
    package_size, package_rounding, tier_mode, tiers, cadence, billing_period, billing_period_count, feature_id,
    created_at
) => {
    let At(created_at) = created_at;
    let (amount, tiers): (Option<Decimal>, Option<Json>) = (amount, tiers);
    let (billing_period, count): (Option<BillingPeriod>, Option<i32>) = (billing_period, billing_period_count);
    let settings = ModelSettings {
        billing_model,
        amount: amount.map(|Decimal(amount)| amount),
        package_size,
        package_rounding,
        tier_mode,
        tiers: tiers.map(|Json(tiers)| read_tiers(&tiers)).transpose()?,
    };
    let count = count.map(Interval::try_new).transpose().map_err(senseless)?;
    Price {
        id, plan_id, subscription_id, parent_price_id, position, name, price_type, currency,
        model: settings.read(currency).map_err(senseless)?, cadence, billing_period: billing_period.zip(count),
        feature_id, created_at,
    }
});

fn senseless(wrong: impl Debug) -> Fault {
    Fault::Database(format!("a stored price makes no sense: {wrong:?}"))
}

/// A tier as it is kept in a document: decimals as texts, so that they stay exact.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct StoredTier {
    #[serde(skip_serializing_if = "Option::is_none")]
    up_to: Option<String>,
    unit_amount: String,
    flat_amount: String,
}

fn read_tiers(document: &str) -> Read<Vec<Tier>> {
    let tier = |tier: StoredTier| {
        Ok(Tier {
            up_to: tier.up_to.map(|up_to| up_to.parse()).transpose().map_err(senseless)?,
            unit_amount: tier.unit_amount.parse().map_err(senseless)?,
            flat_amount: tier.flat_amount.parse().map_err(senseless)?,
        })
    };
    let tiers: Vec<StoredTier> = serde_json::from_str(document).map_err(senseless)?;
    tiers.into_iter().map(tier).collect()
}

fn written_tiers(tiers: &[Tier]) -> Read<Json> {
    let tier = |tier: &Tier| StoredTier {
        up_to: tier.up_to.as_ref().map(BigDecimal::to_plain_string),
        unit_amount: tier.unit_amount.to_plain_string(),
        flat_amount: tier.flat_amount.to_plain_string(),
    };
    let tiers: Vec<StoredTier> = tiers.iter().map(tier).collect();
    serde_json::to_string(&tiers).map(Json).map_err(senseless)
}

/// The prices of these versions of plans, in their order.
pub fn of_plans(tenant: Id<Tenant>, plans: &[Id<Plan>]) -> Query<Price> {
    Query::new(tenant).of_each("plan_id", plans).order("position")
}

/// The prices that these subscriptions have for themselves, in their order.
pub fn of_subscriptions(tenant: Id<Tenant>, subscriptions: &[Id<Subscription>]) -> Query<Price> {
    Query::new(tenant).of_each("subscription_id", subscriptions).order("position")
}

pub fn insert(tx: &mut Tx<'_>, tenant: Id<Tenant>, prices: &[Price]) -> Read<()> {
    let tiers = |price: &Price| price.model.settings().tiers.as_deref().map(written_tiers).transpose();
    let tiers: Vec<_> = prices.iter().map(tiers).collect::<Read<_>>()?;
    let rows = prices.iter().zip(tiers).map(|(price, tiers)| (price, price.model.settings(), tiers));
    rows!(prices, rows.collect::<Vec<_>>(), |row| {
        tenant_id: tenant,
        id: row.0.id,
        plan_id: row.0.plan_id,
        subscription_id: row.0.subscription_id,
        parent_price_id: row.0.parent_price_id,
        position: row.0.position,
        name: row.0.name.clone(),
        price_type: row.0.price_type,
        currency: row.0.currency,
        billing_model: row.1.billing_model,
        amount: row.1.amount.clone().map(Decimal),
        package_size: row.1.package_size,
        package_rounding: row.1.package_rounding,
        tier_mode: row.1.tier_mode,
        tiers: row.2.clone(),
        cadence: row.0.cadence,
        billing_period: row.0.billing_period.map(|(period, _)| period),
        billing_period_count: row.0.billing_period.map(|(_, count)| i32::from(count)),
        feature_id: row.0.feature_id,
        created_at: At(row.0.created_at),
    })
    .insert(tx)
}
