//! Features, and what entitles to them.

use super::check::{self, Check};
use super::engine::{Object, Type};
use super::mutations::{Mutation, Wire, payload, run};
use super::scalars::Json;
use crate::app::feature::{
    CreateFeature, FeatureChanged, SetPlanEntitlements, UpdateFeature, archive_feature, create_feature,
    set_plan_entitlements, update_feature,
};
use crate::app::plan::PlanChanged;
use crate::domain::Refusal;
use crate::domain::api_key::Scope;
use crate::domain::feature::{Entitlement, EntitlementTerms, Feature, FeatureType, Grant};
use crate::domain::period::BillingPeriod;
use crate::domain::plan::Plan;
use crate::repository::meter;
use async_graphql::{ID, InputObject, MaybeUndefined};

impl Object for Feature {
    fn declare() -> Type<Self> {
        Type::new(
            "Feature",
            "Something that a customer may use where a plan, an add-on or a subscription entitles to it.",
        )
        .node(|feature: &Feature| feature.id)
        .column("code", "Its code: unique in the tenant, and never changed.", |feature| &feature.code)
        .column("name", "The name.", |feature| &feature.name)
        .column("description", "What it is; null where it is not said.", |feature| &feature.description)
        .column("featureType", "What kind of feature it is.", |feature| &feature.feature_type)
        .column("state", "Whether it is offered.", |feature| &feature.state)
        .single("meter", "What measures its use; null where nothing does.", meter::of_features, |meter| {
            meter.feature_id
        })
        .column("metadata", "Whatever you keep with it.", |feature| &feature.metadata)
        .column("version", "Counts its changes: for `expectedVersion`.", |feature| &feature.version)
        .column("createdAt", "When it was created.", |feature| &feature.created_at)
        .column("updatedAt", "When it was last changed.", |feature| &feature.updated_at)
    }
}

impl Object for Entitlement {
    fn declare() -> Type<Self> {
        Type::new("Entitlement", "That a feature may be used, and how far.")
            .one("feature", "What may be used.", |entitlement: &Entitlement| entitlement.feature_id)
            .column(
                "usageLimit",
                "How much of a metered feature may be used in a reset period; null where it is not limited.",
                |entitlement| &entitlement.terms.usage_limit,
            )
            .column("softLimit", "Whether use beyond the limit is possible, and billed.", |entitlement| {
                &entitlement.terms.soft_limit
            })
            .column("resetPeriod", "When the use is counted anew; null where it never is.", |entitlement| {
                &entitlement.terms.reset_period
            })
            .column("staticValue", "The value of a static feature; null for others.", |entitlement| {
                &entitlement.terms.static_value
            })
    }
}

/// A feature that something entitles to, and how far.
#[derive(InputObject)]
pub struct EntitlementInput {
    /// The feature's code.
    feature: String,
    /// How much of a metered feature may be used in a reset period; it is not limited where this is left out.
    usage_limit: Option<i32>,
    /// Whether use beyond the limit is possible, and billed; false where this is left out.
    soft_limit: Option<bool>,
    /// When the use of a metered feature is counted anew; never where this is left out.
    reset_period: Option<Wire<BillingPeriod>>,
    /// The value of a static feature, which always has one.
    static_value: Option<String>,
}

/// The most features that one thing entitles to.
const MOST_ENTITLEMENTS: usize = 100;

/// Reads the argument `entitlements`.
pub fn grants(check: &mut Check, given: Vec<EntitlementInput>) -> Option<Vec<Grant>> {
    check.rows("entitlements", given, (0, MOST_ENTITLEMENTS), |check, row| {
        let feature = check.take("feature", check::code(row.feature));
        let usage_limit = check.maybe("usageLimit", row.usage_limit, |limit| match limit {
            0.. => Ok(i64::from(limit)),
            ..0 => Err("A limit must not be negative."),
        });
        let static_value = check.maybe("staticValue", row.static_value, check::name);
        let terms = EntitlementTerms {
            usage_limit: usage_limit?,
            soft_limit: row.soft_limit.unwrap_or(false),
            reset_period: row.reset_period.map(|wire| wire.0),
            static_value: static_value?,
        };
        Some(Grant { feature: feature?, terms })
    })
}

/// A new feature.
#[derive(InputObject)]
pub struct CreateFeatureInput {
    /// Its code: unique in the tenant, and never changed.
    code: String,
    /// The name.
    name: String,
    /// What it is: at most 1,000 characters.
    description: Option<String>,
    /// What kind of feature it is; never changed.
    feature_type: Wire<FeatureType>,
    /// Whatever you keep with it: an object of at most 16 kB.
    metadata: Option<Json>,
}

impl CreateFeatureInput {
    fn read(self) -> Result<CreateFeature, Vec<Refusal>> {
        Check::input(|check| {
            let code = check.take("code", check::code(self.code));
            let name = check.take("name", check::name(self.name));
            let description = check.maybe("description", self.description, check::notes);
            let metadata = check.maybe("metadata", self.metadata, check::metadata);
            Some(CreateFeature {
                code: code?,
                name: name?,
                description: description?,
                feature_type: self.feature_type.0,
                metadata: check::new_metadata(metadata?),
            })
        })
    }
}

/// What to change of a feature. What is left out stays; null clears.
#[derive(InputObject)]
pub struct UpdateFeatureInput {
    /// Which feature.
    feature_id: ID,
    /// Refuse with CONFLICT unless the feature is at this version.
    expected_version: Option<i32>,
    /// The name.
    name: MaybeUndefined<String>,
    /// What it is: at most 1,000 characters.
    description: MaybeUndefined<String>,
    /// Whatever you keep with it: replaces what was kept.
    metadata: MaybeUndefined<Json>,
}

impl UpdateFeatureInput {
    fn read(self) -> Result<UpdateFeature, Vec<Refusal>> {
        Check::input(|check| {
            let feature_id = check.take("featureId", check::id(self.feature_id));
            let name = check.set("name", self.name, check::name);
            let description = check.change("description", self.description, check::notes);
            let metadata = check.set("metadata", self.metadata, check::metadata);
            Some(UpdateFeature {
                feature_id: feature_id?,
                expected_version: self.expected_version,
                name: name?,
                description: description?,
                metadata: metadata?,
            })
        })
    }
}

/// Which feature to archive.
#[derive(InputObject)]
pub struct ArchiveFeatureInput {
    /// Which feature.
    feature_id: ID,
    /// Refuse with CONFLICT unless the feature is at this version.
    expected_version: Option<i32>,
}

/// What a plan is to entitle to.
#[derive(InputObject)]
pub struct SetPlanEntitlementsInput {
    /// Which plan: the id of any of its versions. The newest one is changed.
    plan_id: ID,
    /// Refuse with CONFLICT unless this version is the newest, at this revision.
    expected_revision: Option<i32>,
    /// All that it entitles to, at most 100 features: it replaces what was there before.
    entitlements: Vec<EntitlementInput>,
}

impl SetPlanEntitlementsInput {
    fn read(self) -> Result<SetPlanEntitlements, Vec<Refusal>> {
        Check::input(|check| {
            let plan_id = check.take("planId", check::id(self.plan_id));
            let entitlements = grants(check, self.entitlements);
            Some(SetPlanEntitlements {
                plan_id: plan_id?,
                expected_revision: self.expected_revision,
                entitlements: entitlements?,
            })
        })
    }
}

payload! {
    /// What `setPlanEntitlements` answers.
    SetPlanEntitlementsPayload of PlanChanged {
        /// The newest version of the plan.
        "plan": Plan => |changed| Some(changed.plan),
    }
}
payload! {
    /// What `createFeature` answers.
    CreateFeaturePayload of FeatureChanged {
        /// The new feature.
        "feature": Feature => |changed| Some(changed.feature),
    }
}
payload! {
    /// What `updateFeature` answers.
    UpdateFeaturePayload of FeatureChanged {
        /// The feature as it is now.
        "feature": Feature => |changed| Some(changed.feature),
    }
}
payload! {
    /// What `archiveFeature` answers.
    ArchiveFeaturePayload of FeatureChanged {
        /// The feature as it is now.
        "feature": Feature => |changed| Some(changed.feature),
    }
}

pub fn mutations() -> Vec<Mutation> {
    vec![
        Mutation::new(
            "createFeature",
            "Creates a feature. Errors: VALIDATION_ERROR, DUPLICATE_HANDLE (the code is taken).",
            Scope::Write,
            |on, running, input: CreateFeatureInput| {
                run::<_, _, CreateFeaturePayload>(on, running, input.read(), create_feature)
            },
        ),
        Mutation::new(
            "updateFeature",
            "Changes a feature. Errors: VALIDATION_ERROR, ENTITLEMENT_NOT_FOUND, CONFLICT.",
            Scope::Write,
            |on, running, input: UpdateFeatureInput| {
                run::<_, _, UpdateFeaturePayload>(on, running, input.read(), update_feature)
            },
        ),
        Mutation::new(
            "setPlanEntitlements",
            "Says what the newest version of a plan entitles to. Subscriptions that run on that version are entitled to \
             it from now on; later versions inherit it. Errors: VALIDATION_ERROR, PLAN_NOT_FOUND, CONFLICT, \
             ENTITLEMENT_NOT_FOUND (there is no such feature, or it is archived).",
            Scope::Write,
            |on, running, input: SetPlanEntitlementsInput| {
                run::<_, _, SetPlanEntitlementsPayload>(on, running, input.read(), set_plan_entitlements)
            },
        ),
        Mutation::new(
            "archiveFeature",
            "Archives a feature: nothing new entitles to it, what does goes on. One that is archived stays as it is. \
             Errors: VALIDATION_ERROR, ENTITLEMENT_NOT_FOUND, CONFLICT.",
            Scope::Write,
            |on, running, input: ArchiveFeatureInput| {
                let version = input.expected_version;
                let feature = Check::input(|check| check.take("featureId", check::id(input.feature_id)));
                run::<_, _, ArchiveFeaturePayload>(on, running, feature, |call, feature| {
                    archive_feature(call, *feature, version)
                })
            },
        ),
    ]
}
