//! How an amount follows from a quantity (`flexprice.md` §3.9).

use super::choice::choice;
use super::feature::Feature;
use super::period::BillingPeriod;
use super::plan::Plan;
use super::subscription::Subscription;
use super::{Currency, Entity, Id, Instant};
use bigdecimal::BigDecimal;

choice! {
    /// How the amount of a price follows from the quantity.
    pub enum BillingModel {
        /// A fee for each of the quantity, in the currency's own digits.
        FlatFee = "FLAT_FEE",
        /// An exact price for each unit, which may be finer than the currency's own digits.
        PerUnit = "PER_UNIT",
        /// A price for each package of several units.
        Package = "PACKAGE",
        /// Prices that depend on how many units there are.
        Tiered = "TIERED",
    }
}

choice! {
    /// How tiers are applied.
    pub enum TierMode {
        /// The tier that the quantity reaches prices all units.
        Volume = "VOLUME",
        /// Each tier prices the units that fall into it (graduated).
        Slab = "SLAB",
    }
}

choice! {
    /// What becomes of a package that is not full.
    pub enum PackageRounding {
        /// It counts as a whole one.
        Up = "UP",
        /// It does not count.
        Down = "DOWN",
    }
}

/// A price model with its amounts: exact decimals in the currency's major unit, such as euros.
#[derive(Clone, PartialEq, Debug)]
pub enum PriceModel {
    FlatFee { amount: BigDecimal },
    PerUnit { unit_amount: BigDecimal },
    Package { amount: BigDecimal, size: i64, rounding: PackageRounding },
    Tiered { mode: TierMode, tiers: Vec<Tier> },
}

/// One tier: the units above the tier before, up to and including `up_to`.
#[derive(Clone, PartialEq, Debug)]
pub struct Tier {
    /// None in the last tier.
    pub up_to: Option<BigDecimal>,
    pub unit_amount: BigDecimal,
    /// Once, where any unit falls into the tier.
    pub flat_amount: BigDecimal,
}

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

/// A price: of one version of a plan, or of one subscription alone.
#[derive(Clone, Debug)]
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
    pub billing_period: Option<(BillingPeriod, i32)>,
    /// What a usage price measures.
    pub feature_id: Option<Id<Feature>>,
    pub created_at: Instant,
}

impl Entity for Price {
    const NAME: &'static str = "Price";
    const PREFIX: &'static str = "price";
}
