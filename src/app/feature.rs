//! Features, and what entitles to them.

use super::mutation::{Answer, Call, Stop, Work, expect_version};
use super::plan::{self, PlanChanged};
use crate::domain::event::EventType;
use crate::domain::feature::{CatalogueState, Entitlement, Feature, FeatureType, Grant, granted};
use crate::domain::plan::Plan;
use crate::domain::text::Metadata;
use crate::domain::{ErrorCode, Id, Refusal};
use crate::repository::{self, Fault, Query, feature};
use serde::{Deserialize, Serialize};

/// What a client says of a new feature.
#[derive(Clone, Debug)]
pub struct CreateFeature {
    pub code: String,
    pub name: String,
    pub description: Option<String>,
    pub feature_type: FeatureType,
    pub metadata: Metadata,
}

/// What a client changes of a feature: what is none stays, what is `Some(None)` is cleared.
#[derive(Clone, Debug)]
pub struct UpdateFeature {
    pub feature_id: Id<Feature>,
    pub expected_version: Option<i32>,
    pub name: Option<String>,
    pub description: Option<Option<String>>,
    pub metadata: Option<Metadata>,
}

/// What a plan is to entitle to, which any of its versions names: all of it.
#[derive(Clone, Debug)]
pub struct SetPlanEntitlements {
    pub plan_id: Id<Plan>,
    pub expected_revision: Option<i32>,
    pub entitlements: Vec<Grant>,
}

/// The feature that was created, changed or archived.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct FeatureChanged {
    pub feature: Id<Feature>,
}

pub fn create_feature(call: &Call<'_>, new: &CreateFeature) -> Result<Answer<FeatureChanged>, Fault> {
    call.run(|work| {
        let tenant = work.tenant;
        if feature::by_code(tenant, &new.code).first(work.conn())?.is_some() {
            let message = format!("There is a feature with the code {:?} already.", new.code);
            return Err(Refusal::new(ErrorCode::DuplicateHandle, message).at(&["code"]).into());
        }
        let made = Feature {
            id: work.id(),
            code: new.code.clone(),
            name: new.name.clone(),
            description: new.description.clone(),
            feature_type: new.feature_type,
            state: CatalogueState::Active,
            metadata: new.metadata.clone(),
            version: 1,
            created_at: work.now,
            updated_at: work.now,
        };
        feature::insert(work.tx, tenant, &made)?;
        work.event(EventType::FeatureCreated, made.id, serde_json::json!({"code": made.code}));
        Ok(FeatureChanged { feature: made.id })
    })
}

pub fn update_feature(call: &Call<'_>, change: &UpdateFeature) -> Result<Answer<FeatureChanged>, Fault> {
    call.run(|work| {
        let mut feature = existing(work, change.feature_id, change.expected_version)?;
        let change = change.clone();
        feature.name = change.name.unwrap_or(feature.name);
        feature.description = change.description.unwrap_or(feature.description);
        feature.metadata = change.metadata.unwrap_or(feature.metadata);
        store(work, feature, EventType::FeatureUpdated)
    })
}

/// Archives a feature. What entitles to it goes on doing so. One that is archived already stays as it is.
pub fn archive_feature(
    call: &Call<'_>,
    id: Id<Feature>,
    expected_version: Option<i32>,
) -> Result<Answer<FeatureChanged>, Fault> {
    call.run(|work| {
        let mut feature = existing(work, id, expected_version)?;
        if feature.state == CatalogueState::Deleted {
            return Ok(FeatureChanged { feature: id });
        }
        feature.state = CatalogueState::Deleted;
        store(work, feature, EventType::FeatureArchived)
    })
}

/// Replaces what the newest version of a plan entitles to. Subscriptions that run on it are entitled to that from now on.
pub fn set_plan_entitlements(call: &Call<'_>, set: &SetPlanEntitlements) -> Result<Answer<PlanChanged>, Fault> {
    call.run(|work| {
        let plan = plan::newest(work, set.plan_id, set.expected_revision)?.revised(work.now);
        let mut entitlements = entitlements(work, &set.entitlements)?;
        entitlements.iter_mut().for_each(|entitlement| entitlement.plan_id = Some(plan.id));
        repository::plan::update(work.tx, work.tenant, &plan)?;
        feature::set_of_plan(work.tx, work.tenant, plan.id, &entitlements)?;
        let data = serde_json::json!({"code": plan.code, "version": plan.version});
        work.event(EventType::PlanUpdated, plan.id, data);
        Ok(PlanChanged { plan: plan.id })
    })
}

/// Lets a new version of a plan entitle to what the one before it does.
pub fn inherit(work: &mut Work<'_, '_>, from: Id<Plan>, to: Id<Plan>) -> Result<(), Stop> {
    let tenant = work.tenant;
    let mut entitlements = feature::of_plans(tenant, &[from]).load(work.conn())?;
    for entitlement in &mut entitlements {
        entitlement.id = work.id();
        entitlement.plan_id = Some(to);
    }
    Ok(feature::insert_entitlements(work.tx, tenant, &entitlements)?)
}

fn existing(work: &mut Work<'_, '_>, id: Id<Feature>, expected_version: Option<i32>) -> Result<Feature, Stop> {
    let missing = || Refusal::new(ErrorCode::EntitlementNotFound, "There is no such feature.").at(&["featureId"]);
    let found = Query::by_id(work.tenant, id).hold(work.tx)?.ok_or_else(missing)?;
    expect_version(expected_version, found.version, &FeatureChanged { feature: id })?;
    Ok(found)
}

fn store(work: &mut Work<'_, '_>, mut feature: Feature, event: EventType) -> Result<FeatureChanged, Stop> {
    feature.version += 1;
    feature.updated_at = work.now;
    feature::update(work.tx, work.tenant, &feature)?;
    work.event(event, feature.id, serde_json::json!({"code": feature.code}));
    Ok(FeatureChanged { feature: feature.id })
}

/// Entitlements to what the grants name, which nobody owns yet; refuses as [`granted`] does.
pub fn entitlements(work: &mut Work<'_, '_>, grants: &[Grant]) -> Result<Vec<Entitlement>, Stop> {
    let tenant = work.tenant;
    let codes = grants.iter().map(|grant| grant.feature.clone()).collect();
    let known = feature::by_codes(tenant, codes).load(work.conn())?;
    let features = granted(grants, &known)?;
    let entitlement = |(grant, feature): (&Grant, &Feature)| Entitlement {
        id: work.id(),
        plan_id: None,
        add_on_id: None,
        subscription_id: None,
        feature_id: feature.id,
        feature_type: feature.feature_type,
        terms: grant.terms.clone(),
    };
    Ok(grants.iter().zip(features).map(entitlement).collect())
}
