//! Features, and who entitles to them.

use super::change::change;
use super::db::{Read, Tx, changed};
use super::list::{List, listed};
use super::on_backend;
use super::query::{Condition, Query, Values, stored};
use super::rows::rows;
use super::schema::{entitlements, features};
use super::sql_types::At;
use crate::domain::Id;
use crate::domain::add_on::AddOn;
use crate::domain::feature::{CatalogueState, Entitlement, EntitlementTerms, Feature, FeatureType};
use crate::domain::plan::Plan;
use crate::domain::subscription::Subscription;
use crate::domain::tenant::Tenant;
use diesel::prelude::*;

stored!(Feature, features(
    id, code, name, description, feature_type, state, metadata, version, created_at, updated_at
) => {
    let (At(created_at), At(updated_at)) = (created_at, updated_at);
    Feature { id, code, name, description, feature_type, state, metadata, version, created_at, updated_at }
});

listed!(Feature: List::new()
    .text(features::code).sorted(|feature: &Feature| (&feature.code).into())
    .text(features::name).sorted(|feature| (&feature.name).into())
    .choice::<FeatureType>(features::feature_type)
    .choice::<CatalogueState>(features::state)
    .instant(features::created_at).sorted(|feature| feature.created_at.into())
    .instant(features::updated_at).sorted(|feature| feature.updated_at.into()));

stored!(Entitlement, entitlements(
    id, plan_id, add_on_id, subscription_id, feature_id, feature_type, usage_limit, soft_limit, reset_period,
    static_value
) => {
    let terms = EntitlementTerms { usage_limit, soft_limit, reset_period, static_value };
    Entitlement { id, plan_id, add_on_id, subscription_id, feature_id, feature_type, terms }
});

pub fn all(tenant: Id<Tenant>) -> Query<Feature> {
    Query::new(tenant)
}

pub fn by_code(tenant: Id<Tenant>, code: &str) -> Query<Feature> {
    Query::by_text(tenant, "code", code)
}

/// The features with these codes, the archived ones too.
pub fn by_codes(tenant: Id<Tenant>, codes: Vec<String>) -> Query<Feature> {
    Query::new(tenant).filter(Condition::Among("code", Values::Texts(codes)))
}

/// What these versions of plans entitle to, by the age of the features.
pub fn of_plans(tenant: Id<Tenant>, plans: &[Id<Plan>]) -> Query<Entitlement> {
    Query::new(tenant).of_each("plan_id", plans).order("feature_id")
}

/// What these add-ons entitle to, by the age of the features.
pub fn of_add_ons(tenant: Id<Tenant>, add_ons: &[Id<AddOn>]) -> Query<Entitlement> {
    Query::new(tenant).of_each("add_on_id", add_ons).order("feature_id")
}

/// What these subscriptions entitle to beside their plans and add-ons, by the age of the features.
pub fn of_subscriptions(tenant: Id<Tenant>, subscriptions: &[Id<Subscription>]) -> Query<Entitlement> {
    Query::new(tenant).of_each("subscription_id", subscriptions).order("feature_id")
}

pub fn insert(tx: &mut Tx<'_>, tenant: Id<Tenant>, feature: &Feature) -> Read<()> {
    on_backend!(tx, |conn| diesel::insert_into(features::table)
        .values((
            features::tenant_id.eq(tenant),
            features::id.eq(feature.id),
            features::code.eq(&feature.code),
            features::name.eq(&feature.name),
            features::description.eq(&feature.description),
            features::feature_type.eq(feature.feature_type),
            features::state.eq(feature.state),
            features::metadata.eq(&feature.metadata),
            features::version.eq(feature.version),
            features::created_at.eq(At(feature.created_at)),
            features::updated_at.eq(At(feature.updated_at)),
        ))
        .execute(conn))?;
    Ok(())
}

/// Stores a changed feature over the version before it. Its code and its type never change.
pub fn update(tx: &mut Tx<'_>, tenant: Id<Tenant>, feature: &Feature) -> Read<()> {
    let rows = on_backend!(tx, |conn| change(features::table)
        .filter(features::tenant_id.eq(tenant))
        .filter(features::id.eq(feature.id))
        .filter(features::version.eq(feature.version - 1))
        .set((
            features::name.eq(&feature.name),
            features::description.eq(&feature.description),
            features::state.eq(feature.state),
            features::metadata.eq(&feature.metadata),
            features::version.eq(feature.version),
            features::updated_at.eq(At(feature.updated_at)),
        ))
        .execute(conn))?;
    changed(rows, 1)
}

/// Replaces all that an add-on entitles to.
pub fn set_of_add_on(tx: &mut Tx<'_>, tenant: Id<Tenant>, add_on: Id<AddOn>, entitlements: &[Entitlement]) -> Read<()> {
    on_backend!(tx, |conn| diesel::delete(entitlements::table)
        .filter(entitlements::tenant_id.eq(tenant))
        .filter(entitlements::add_on_id.eq(add_on))
        .execute(conn))?;
    insert_entitlements(tx, tenant, entitlements)
}

/// Replaces all that a version of a plan entitles to.
pub fn set_of_plan(tx: &mut Tx<'_>, tenant: Id<Tenant>, plan: Id<Plan>, entitlements: &[Entitlement]) -> Read<()> {
    on_backend!(tx, |conn| diesel::delete(entitlements::table)
        .filter(entitlements::tenant_id.eq(tenant))
        .filter(entitlements::plan_id.eq(plan))
        .execute(conn))?;
    insert_entitlements(tx, tenant, entitlements)
}

pub fn insert_entitlements(tx: &mut Tx<'_>, tenant: Id<Tenant>, entitlements: &[Entitlement]) -> Read<()> {
    rows!(entitlements, entitlements, |entitlement| {
        tenant_id: tenant,
        id: entitlement.id,
        plan_id: entitlement.plan_id,
        add_on_id: entitlement.add_on_id,
        subscription_id: entitlement.subscription_id,
        feature_id: entitlement.feature_id,
        feature_type: entitlement.feature_type,
        usage_limit: entitlement.terms.usage_limit,
        soft_limit: entitlement.terms.soft_limit,
        reset_period: entitlement.terms.reset_period,
        static_value: entitlement.terms.static_value.clone(),
    })
    .insert(tx)
}
