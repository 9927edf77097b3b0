//! Prices and their tiers.

use super::check::{self, Check};
use super::engine::{Object, Type};
use super::mutations::Wire;
use super::scalars::{CurrencyCode, Decimal};
use crate::domain::Currency;
use crate::domain::period::BillingPeriod;
use crate::domain::price::{
    BillingCadence, BillingModel, MOST_TIERS, ModelSettings, NewPrice, PackageRounding, Price, PriceModel, PriceType,
    Tier, TierMode,
};
use crate::domain::schedule::Interval;
use async_graphql::InputObject;
use bigdecimal::BigDecimal;
use bigdecimal::num_traits::Zero;

impl Object for Price {
    fn declare() -> Type<Self> {
        Type::new("Price", "What is charged, when, and by which model. A price never changes; another takes its place.")
            .node(|price: &Price| price.id)
            .column("name", "What invoices call it.", |price| &price.name)
            .column("type", "What it is for.", |price| &price.price_type)
            .column("currency", "The currency of its amounts.", |price| &price.currency)
            .computed("billingModel", "How its amount follows from the quantity.", |price| price.model.billing_model())
            .computed(
                "amount",
                "What one costs, or one package, in the currency's major unit: exact, perhaps finer than its digits. Null \
                 for TIERED.",
                |price| price.model.unit_amount().cloned(),
            )
            .computed("packageSize", "How many units a package has; null where there are none.", |price| {
                price.model.settings().package_size
            })
            .computed(
                "packageRounding",
                "What becomes of a package that is not full; null where there are none.",
                |price| price.model.settings().package_rounding,
            )
            .computed("tierMode", "How its tiers are applied; null where there are none.", |price| {
                price.model.settings().tier_mode
            })
            .values("tiers", "Its tiers, upwards; empty where there are none.", |price| match &price.model {
                PriceModel::Tiered { tiers, .. } => tiers.iter().collect(),
                _ => Vec::new(),
            })
            .column(
                "cadence",
                "Whether it is billed at the start of a period or at its end; null where the subscription says so.",
                |price| &price.cadence,
            )
            .computed(
                "billingPeriod",
                "It is for subscriptions with this billing period only; null where it is for all.",
                |price| price.billing_period.map(|(period, _)| period),
            )
            .computed(
                "billingPeriodCount",
                "How many of these periods are billed together; null where it is for all.",
                |price| price.billing_period.map(|(_, count)| i32::from(count)),
            )
            .maybe("feature", "The feature whose use it measures; null where it measures none.", |price| price.feature_id)
            .maybe("plan", "The version of the plan that it belongs to; null for that of one subscription.", |price| {
                price.plan_id
            })
            .maybe("subscription", "The only subscription that it is for; null for that of a plan.", |price| {
                price.subscription_id
            })
            .maybe("parent", "The plan's price that it stands for; null where it stands for none.", |price| {
                price.parent_price_id
            })
            .column("createdAt", "When it was created.", |price| &price.created_at)
    }
}

impl Object for Tier {
    fn declare() -> Type<Self> {
        Type::new("PriceTier", "One tier of a price: the units above the tier before.")
            .column("upTo", "The last quantity of the tier; null in the last tier, which has no end.", |tier: &Tier| {
                &tier.up_to
            })
            .column("unitAmount", "What each unit costs.", |tier| &tier.unit_amount)
            .column("flatAmount", "What is charged once, where any unit falls into the tier.", |tier| &tier.flat_amount)
    }
}

/// A new price.
#[derive(InputObject)]
pub struct PriceInput {
    /// What invoices call it. Where there is none, the name of the price in its place before, or that of the plan.
    name: Option<String>,
    /// What it is for: RECURRING where there is none.
    #[graphql(name = "type")]
    price_type: Option<Wire<PriceType>>,
    /// The currency of its amounts: that of the plan where there is none.
    currency: Option<CurrencyCode>,
    /// How its amount follows from the quantity: FLAT_FEE where there is none.
    billing_model: Option<Wire<BillingModel>>,
    /// What one costs, or one package, in the currency's major unit. For all models but TIERED.
    amount: Option<Decimal>,
    /// How many units a package has: 1 to 1,000,000,000. For PACKAGE.
    package_size: Option<i32>,
    /// What becomes of a package that is not full: UP where there is none. For PACKAGE.
    package_rounding: Option<Wire<PackageRounding>>,
    /// How the tiers are applied. For TIERED.
    tier_mode: Option<Wire<TierMode>>,
    /// The tiers, upwards, 1 to 100 of them; the last one has no end. For TIERED.
    tiers: Option<Vec<PriceTierInput>>,
    /// Whether it is billed at the start of a period or at its end; as the subscription says where there is none. What is
    /// charged once is billed at the start, usage at the end.
    cadence: Option<Wire<BillingCadence>>,
    /// It is for subscriptions with this billing period only; for all where there is none.
    billing_period: Option<Wire<BillingPeriod>>,
    /// How many of these periods are billed together, 1 to 366: 1 where there is none.
    billing_period_count: Option<i32>,
    /// The code of the feature whose use is measured, which must be METERED. For USAGE.
    feature_code: Option<String>,
}

/// One tier of a price: the units above the tier before.
#[derive(InputObject)]
pub struct PriceTierInput {
    /// The last quantity of the tier. None in the last tier.
    up_to: Option<Decimal>,
    /// What each unit costs.
    unit_amount: Decimal,
    /// What is charged once, where any unit falls into the tier: 0 where there is none.
    flat_amount: Option<Decimal>,
}

impl PriceInput {
    /// Reads a price; `owners` is the currency of what it is a price of, where that is known.
    pub fn read(self, check: &mut Check, owners: Option<Currency>) -> Option<NewPrice> {
        let name = check.maybe("name", self.name, check::name);
        let currency = check.maybe("currency", self.currency, check::currency);
        let amount = check.maybe("amount", self.amount, check::price);
        let tiers = match self.tiers {
            Some(tiers) => check.rows("tiers", tiers, (1, MOST_TIERS), |check, tier| tier.read(check)).map(Some),
            None => Some(None),
        };
        let period = self.billing_period.map(|Wire(period)| period);
        let count = match (period, self.billing_period_count) {
            (None, Some(_)) => check.take("billingPeriodCount", Err("Say of which billingPeriod, or leave it out.")),
            (_, count) => check.take("billingPeriodCount", Interval::try_new(count.unwrap_or(1))),
        };
        let feature = check.maybe("featureCode", self.feature_code, check::code);
        // What is refused above stands as something harmless here, so that the rest is looked at all the same.
        let nothing = || Tier { up_to: None, unit_amount: BigDecimal::zero(), flat_amount: BigDecimal::zero() };
        let price = NewPrice {
            name: name.clone().flatten(),
            price_type: self.price_type.map_or(PriceType::Recurring, |Wire(own)| own),
            currency: currency.flatten(),
            model: ModelSettings {
                billing_model: self.billing_model.map_or(BillingModel::FlatFee, |Wire(model)| model),
                amount: amount.clone().unwrap_or_else(|| Some(BigDecimal::zero())),
                package_size: self.package_size.map(i64::from),
                package_rounding: self.package_rounding.map(|Wire(rounding)| rounding),
                tier_mode: self.tier_mode.map(|Wire(mode)| mode),
                tiers: tiers.clone().unwrap_or_else(|| Some(vec![nothing()])),
            },
            cadence: self.cadence.map(|Wire(cadence)| cadence),
            billing_period: period.zip(Some(count.unwrap_or(Interval::ONE))),
            feature: feature.clone().flatten(),
        };
        for wrong in price.mistakes(owners.filter(|_| currency.is_some())) {
            check.refuse(&wrong.part.path(), wrong.message);
        }
        (amount.is_some() && tiers.is_some() && count.is_some())
            .then(|| Some(NewPrice { name: name?, currency: currency?, feature: feature?, ..price }))?
    }
}

impl PriceTierInput {
    pub fn read(self, check: &mut Check) -> Option<Tier> {
        let up_to = check.maybe("upTo", self.up_to, check::price);
        let unit_amount = check.take("unitAmount", check::price(self.unit_amount));
        let flat_amount = check.maybe("flatAmount", self.flat_amount, check::price);
        let flat_amount = flat_amount?.unwrap_or_else(BigDecimal::zero);
        Some(Tier { up_to: up_to?, unit_amount: unit_amount?, flat_amount })
    }
}
