//! Features: what a customer may use, and what plans, add-ons and subscriptions entitle to (`billwerk.md` §6,
//! `flexprice.md` §3.9).

use super::add_on::AddOn;
use super::choice::choice;
use super::customer::Customer;
use super::period::BillingPeriod;
use super::plan::Plan;
use super::refusal::Mistake;
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

/// What a plan, an add-on or one subscription entitles to. Exactly one of the three owns it, and has it once.
#[derive(Clone, Debug)]
pub struct Entitlement {
    pub id: Id<Entitlement>,
    pub plan_id: Option<Id<Plan>>,
    pub add_on_id: Option<Id<AddOn>>,
    pub subscription_id: Option<Id<Subscription>>,
    pub feature_id: Id<Feature>,
    /// The feature's: it says which terms there are.
    pub feature_type: FeatureType,
    pub terms: EntitlementTerms,
}

impl Entity for Entitlement {
    const NAME: &'static str = "Entitlement";
    const PREFIX: &'static str = "ent";
}

/// How far an entitlement goes.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
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

/// A feature that something is to entitle to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Grant {
    /// The feature's code.
    pub feature: String,
    pub terms: EntitlementTerms,
}

impl Feature {
    /// Refuses where the feature is archived, as if there were none.
    pub fn offered(&self) -> Result<(), Refusal> {
        match self.state {
            CatalogueState::Active => Ok(()),
            CatalogueState::Deleted => Err(not_found(&self.code)),
        }
    }

    /// Whether an entitlement to the feature may have these terms: only what is measured can be limited, and what is
    /// static has a value.
    pub fn takes(&self, terms: &EntitlementTerms) -> Result<(), Mistake> {
        let wrong = |argument, message: &'static str| Err(Mistake::new(argument, message));
        let is_metered = self.feature_type == FeatureType::Metered;
        match (self.feature_type == FeatureType::Static, &terms.static_value) {
            (true, None) => return wrong("staticValue", "The feature is static: say which value it has."),
            (false, Some(_)) => return wrong("staticValue", "Only a static feature has a value."),
            (true, Some(_)) | (false, None) => {}
        }
        if terms.usage_limit.is_some() && !is_metered {
            return wrong("usageLimit", "Only a metered feature is limited.");
        }
        if terms.soft_limit && terms.usage_limit.is_none() {
            return wrong("softLimit", "There is no limit that could be soft.");
        }
        if terms.reset_period.is_some() && !is_metered {
            return wrong("resetPeriod", "Only the use of a metered feature is counted.");
        }
        Ok(())
    }
}

/// The feature that a price measures by this code, which must be offered, and whose use must be counted.
pub fn measured(features: &[Feature], code: &str) -> Result<Id<Feature>, Refusal> {
    let feature = features.iter().find(|feature| feature.code == code).ok_or_else(|| not_found(code))?;
    feature.offered()?;
    match feature.feature_type {
        FeatureType::Metered => Ok(feature.id),
        _ => {
            let message = format!("The use of {code:?} is not counted: a price measures what is METERED.");
            Err(Refusal::new(ErrorCode::ValidationError, message))
        }
    }
}

/// The feature of each grant, in their order. Refuses the first one whose feature is not offered or was named before, or
/// whose terms are not for it, and blames it among the `entitlements`.
pub fn granted<'f>(grants: &[Grant], known: &'f [Feature]) -> Result<Vec<&'f Feature>, Refusal> {
    let mut features: Vec<&Feature> = Vec::with_capacity(grants.len());
    for (index, grant) in grants.iter().enumerate() {
        let at = |refusal: Refusal, argument| refusal.at(&["entitlements", &index.to_string(), argument]);
        let found = known.iter().find(|feature| feature.code == grant.feature);
        let feature = found.ok_or_else(|| at(not_found(&grant.feature), "feature"))?;
        feature.offered().map_err(|refusal| at(refusal, "feature"))?;
        if features.iter().any(|before| before.id == feature.id) {
            let message = format!("{:?} is named twice.", grant.feature);
            return Err(at(Refusal::new(ErrorCode::ValidationError, message), "feature"));
        }
        let invalid =
            |mistake: Mistake| at(Refusal::new(ErrorCode::ValidationError, mistake.message), mistake.argument);
        feature.takes(&grant.terms).map_err(invalid)?;
        features.push(feature);
    }
    Ok(features)
}

/// What a customer is entitled to, by one of its running subscriptions or by all of them.
#[derive(Clone, Debug)]
pub struct CustomerEntitlement {
    pub customer_id: Id<Customer>,
    pub feature_id: Id<Feature>,
    /// None where it is not limited.
    pub usage_limit: Option<i64>,
}

impl CustomerEntitlement {
    /// Adds up what several subscriptions entitle to, by customers and features. Without a limit in one of them nothing is
    /// limited.
    pub fn added_up(mut each: Vec<CustomerEntitlement>) -> Vec<CustomerEntitlement> {
        each.sort_unstable_by_key(|one| (one.customer_id, one.feature_id));
        let mut all: Vec<CustomerEntitlement> = Vec::with_capacity(each.len());
        for one in each {
            match all.last_mut() {
                Some(sum) if (sum.customer_id, sum.feature_id) == (one.customer_id, one.feature_id) => {
                    let limits = sum.usage_limit.zip(one.usage_limit);
                    sum.usage_limit = limits.map(|(sum, limit)| sum.saturating_add(limit));
                }
                _ => all.push(one),
            }
        }
        all
    }
}

/// What a subscription entitles to, from one of its sources.
#[derive(Clone, Debug)]
pub struct GrantedEntitlement {
    pub subscription_id: Id<Subscription>,
    pub source: EntitlementSource,
    pub feature_id: Id<Feature>,
    pub terms: EntitlementTerms,
}

choice! {
    /// Where a subscription's entitlement comes from.
    pub enum EntitlementSource {
        /// Its plan.
        Plan = "PLAN",
        /// One of its add-ons.
        AddOn = "ADD_ON",
        /// The subscription itself.
        Subscription = "SUBSCRIPTION",
    }
}

/// The refusal for a feature that the tenant does not offer.
pub fn not_found(code: &str) -> Refusal {
    Refusal::new(ErrorCode::EntitlementNotFound, format!("There is no active feature with the code {code:?}."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn feature(code: &str, feature_type: FeatureType, state: CatalogueState) -> Feature {
        let at = "2025-01-31T12:00:00Z".parse().unwrap();
        Feature {
            id: Id::new(Uuid::from_u128(code.bytes().fold(0, |sum, byte| sum << 8 | u128::from(byte)))),
            code: code.to_owned(),
            name: code.to_owned(),
            description: None,
            feature_type,
            state,
            metadata: Metadata::empty(),
            version: 1,
            created_at: at,
            updated_at: at,
        }
    }

    fn terms(usage_limit: Option<i64>, soft_limit: bool, period: bool, value: Option<&str>) -> EntitlementTerms {
        EntitlementTerms {
            usage_limit,
            soft_limit,
            reset_period: period.then_some(BillingPeriod::Month),
            static_value: value.map(str::to_owned),
        }
    }

    #[test]
    fn terms_are_for_one_type_of_feature() {
        use FeatureType::{Boolean, Metered, Static};
        let (value, limit) = (Some("gold"), Some(10));
        for (feature_type, terms, wrong) in [
            (Boolean, terms(None, false, false, None), None),
            (Boolean, terms(None, false, false, value), Some("staticValue")),
            (Boolean, terms(limit, false, false, None), Some("usageLimit")),
            (Boolean, terms(None, true, false, None), Some("softLimit")),
            (Boolean, terms(None, false, true, None), Some("resetPeriod")),
            (Metered, terms(None, false, false, None), None),
            (Metered, terms(Some(0), false, false, None), None),
            (Metered, terms(limit, true, true, None), None),
            (Metered, terms(None, false, true, None), None),
            (Metered, terms(None, true, true, None), Some("softLimit")),
            (Metered, terms(limit, false, false, value), Some("staticValue")),
            (Static, terms(None, false, false, value), None),
            (Static, terms(None, false, false, None), Some("staticValue")),
            (Static, terms(limit, false, false, value), Some("usageLimit")),
            (Static, terms(None, false, true, value), Some("resetPeriod")),
        ] {
            let found = feature("a", feature_type, CatalogueState::Active).takes(&terms);
            assert_eq!(found.err().map(|wrong| wrong.argument), wrong, "{feature_type:?} {terms:?}");
        }
    }

    #[test]
    fn limits_add_up_and_nothing_is_limited_where_one_is_not() {
        let entitlement = |customer, feature, usage_limit| CustomerEntitlement {
            customer_id: Id::new(Uuid::from_u128(customer)),
            feature_id: Id::new(Uuid::from_u128(feature)),
            usage_limit,
        };
        let each = [(2, 1, Some(7)), (1, 2, Some(3)), (1, 1, Some(1)), (1, 2, None), (1, 1, Some(4)), (1, 2, Some(5))];
        let sums = CustomerEntitlement::added_up(each.map(|(c, f, limit)| entitlement(c, f, limit)).to_vec());
        let found: Vec<_> = sums.iter().map(|sum| (sum.customer_id, sum.feature_id, sum.usage_limit)).collect();
        let expected = [entitlement(1, 1, Some(5)), entitlement(1, 2, None), entitlement(2, 1, Some(7))];
        assert_eq!(found, expected.map(|sum| (sum.customer_id, sum.feature_id, sum.usage_limit)));
    }

    #[test]
    fn the_first_grant_that_is_wrong_is_blamed() {
        let known = [
            feature("seats", FeatureType::Metered, CatalogueState::Active),
            feature("sso", FeatureType::Boolean, CatalogueState::Active),
            feature("gone", FeatureType::Boolean, CatalogueState::Deleted),
        ];
        let grant = |code: &str, usage_limit| Grant {
            feature: code.to_owned(),
            terms: EntitlementTerms { usage_limit, ..EntitlementTerms::default() },
        };
        let codes = |grants: &[Grant]| {
            let features = granted(grants, &known)?;
            Ok::<_, Refusal>(features.into_iter().map(|feature| feature.code.clone()).collect::<Vec<_>>())
        };
        assert_eq!(codes(&[grant("sso", None), grant("seats", Some(5))]), Ok(vec!["sso".into(), "seats".into()]));
        assert_eq!(codes(&[]), Ok(vec![]));
        for (grants, code, path) in [
            (["sso", "none", "gone"], ErrorCode::EntitlementNotFound, ["1", "feature"]),
            (["gone", "none", "sso"], ErrorCode::EntitlementNotFound, ["0", "feature"]),
            (["SSO", "sso", "sso"], ErrorCode::EntitlementNotFound, ["0", "feature"]),
            (["sso", "seats", "sso"], ErrorCode::ValidationError, ["2", "feature"]),
        ] {
            let refusal = codes(&grants.map(|code| grant(code, None))).unwrap_err();
            let expected = ["input", "entitlements"].into_iter().chain(path).map(str::to_owned).collect();
            assert_eq!((refusal.code, refusal.field), (code, Some(expected)), "{grants:?}");
        }
        let refusal = codes(&[grant("seats", None), grant("sso", Some(1))]).unwrap_err();
        assert_eq!(refusal.field.unwrap().join("."), "input.entitlements.1.usageLimit");
    }
}
