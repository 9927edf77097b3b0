//! Features: what a customer may use, and what plans, add-ons and subscriptions entitle to (`billwerk.md` §6,
//! `flexprice.md` §3.9).

use super::add_on::AddOn;
use super::choice::choice;
use super::customer::Customer;
use super::period::BillingPeriod;
use super::plan::Plan;
use super::subscription::Subscription;
use super::text::Metadata;
use super::{Entity, ErrorCode, Id, Instant, Refusal};

/// Something that a customer may use where it is entitled to it.
#[derive(Clone, Debug)]
pub struct Feature {
    pub id: Id<Feature>,
    /// Unique in the tenant, and never changed.
    pub code: String,
    pub name: String,
    pub description: Option<String>,
    pub feature_type: FeatureType,
    pub state: CatalogueState,
    pub metadata: Metadata,
    pub version: i32,
    pub created_at: Instant,
    pub updated_at: Instant,
}

impl Entity for Feature {
    const NAME: &'static str = "Feature";
    const PREFIX: &'static str = "fea";
}

choice! {
    /// What kind of feature it is.
    pub enum FeatureType {
        /// It may be used, or not.
        Boolean = "BOOLEAN",
        /// Its use is measured, and may be limited.
        Metered = "METERED",
        /// It has a value, such as the name of a support level.
        Static = "STATIC",
    }
}

choice! {
    /// Whether something of the catalogue is offered.
    pub enum CatalogueState {
        /// It can be used for new subscriptions.
        Active = "ACTIVE",
        /// It is archived: running subscriptions keep it, new ones do not get it.
        Deleted = "DELETED",
    }
}

/// What a plan, an add-on or one subscription entitles to. Exactly one of the three owns it.
#[derive(Clone, Debug)]
pub struct Entitlement {
    pub id: Id<Entitlement>,
    pub plan_id: Option<Id<Plan>>,
    pub add_on_id: Option<Id<AddOn>>,
    pub subscription_id: Option<Id<Subscription>>,
    pub feature_id: Id<Feature>,
    pub terms: EntitlementTerms,
}

/// How far an entitlement goes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EntitlementTerms {
    /// How much of a metered feature may be used in a reset period; none where it is not limited.
    pub usage_limit: Option<i64>,
    /// Whether use beyond the limit is possible, and billed.
    pub soft_limit: bool,
    /// When the use is counted anew; none where it never is.
    pub reset_period: Option<BillingPeriod>,
    /// The value of a static feature.
    pub static_value: Option<String>,
}

impl Entity for Entitlement {
    const NAME: &'static str = "Entitlement";
    const PREFIX: &'static str = "ent";
}

/// What a customer is entitled to, over all of its live subscriptions: the limits of a metered feature add up.
#[derive(Clone, Debug)]
pub struct CustomerEntitlement {
    pub customer_id: Id<Customer>,
    pub feature_id: Id<Feature>,
    /// None where it is not limited.
    pub usage_limit: Option<i64>,
}

/// The refusal for a feature that the tenant does not offer.
pub fn not_found(code: &str) -> Refusal {
    Refusal::new(ErrorCode::EntitlementNotFound, format!("There is no active feature with the code {code:?}."))
}
