//! Prices: what is charged for, when, and by which model.

mod model;
mod settings;
mod terms;

use super::choice::choice;
use super::feature::Feature;
use super::period::BillingPeriod;
use super::plan::Plan;
use super::schedule::Interval;
use super::subscription::Subscription;
use super::{Currency, Entity, Id, Instant};
pub use model::{
    BillingModel, MOST_PACKAGE, MOST_PLACES, MOST_TIERS, PackageRounding, Part, PriceModel, Tier, TierMode, WrongPart,
};
pub use settings::ModelSettings;
pub use terms::{NewPrice, PriceTerms};

choice! {
    /// What a price is for.
    pub enum PriceType {
        /// Billed every period.
        Recurring = "RECURRING",
        /// Billed once, with the first invoice.
        OneTime = "ONE_TIME",
        /// Billed by what was used in the period, after it.
        Usage = "USAGE",
    }
}

choice! {
    /// Whether a period is billed at its start or at its end.
    pub enum BillingCadence {
        /// At its start.
        InAdvance = "IN_ADVANCE",
        /// At its end.
        InArrears = "IN_ARREARS",
    }
}

/// A price: of one version of a plan, or of one subscription alone. It is never changed.
#[derive(Clone, PartialEq, Debug)]
pub struct Price {
    pub id: Id<Price>,
    /// The plan's version that it belongs to; none for a price of one subscription.
    pub plan_id: Option<Id<Plan>>,
    /// The only subscription that it is for; none for a price of a plan.
    pub subscription_id: Option<Id<Subscription>>,
    /// The plan's price that it stands for; none where it overrides nothing.
    pub parent_price_id: Option<Id<Price>>,
    /// The place among the prices of its owner, from 0.
    pub position: i32,
    pub name: String,
    pub price_type: PriceType,
    pub currency: Currency,
    pub model: PriceModel,
    /// When it is billed; the subscription's where there is none. Usage is billed in arrears always.
    pub cadence: Option<BillingCadence>,
    /// It is for subscriptions with this billing period only; for all where there is none.
    pub billing_period: Option<(BillingPeriod, Interval)>,
    /// What a usage price measures.
    pub feature_id: Option<Id<Feature>>,
    pub created_at: Instant,
}

impl Entity for Price {
    const NAME: &'static str = "Price";
    const PREFIX: &'static str = "price";
}
