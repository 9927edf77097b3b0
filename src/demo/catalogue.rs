//! What the demo tenant sells beside its rentals: services by subscription, and who has subscribed to them.

use super::plan::{cents, metadata};
use crate::app::add_on::CreateAddOn;
use crate::app::coupon::CreateCoupon;
use crate::app::discount::CreateDiscount;
use crate::app::feature::CreateFeature;
use crate::app::plan::CreatePlan;
use crate::domain::add_on::AddOnType;
use crate::domain::billing_group::BillingDay;
use crate::domain::coupon::RedemptionStrategy;
use crate::domain::discount::NewDiscountValue;
use crate::domain::eligible_plans::EligiblePlans;
use crate::domain::feature::{EntitlementTerms, FeatureType, Grant};
use crate::domain::period::{BillingPeriod, Duration, DurationUnit};
use crate::domain::plan::{NewPrices, NewSetupFee, PlanChanges, SetupFeeHandling};
use crate::domain::price::{BillingModel, ModelSettings, NewPrice, PriceType};
use crate::domain::pricing::{DiscountTarget, Percentage};
use crate::domain::schedule::{BillingCycle, Interval, PlanSchedule};
use crate::domain::subscribing::request::InitialStatus;
use bigdecimal::BigDecimal;

/// The catalogue of services.
#[derive(Default, Debug)]
pub struct Catalogue {
    pub features: Vec<CreateFeature>,
    /// Plans with what they entitle to.
    pub plans: Vec<(CreatePlan, Vec<Grant>)>,
    pub add_ons: Vec<CreateAddOn>,
    pub discounts: Vec<CreateDiscount>,
    pub coupons: Vec<CreateCoupon>,
    /// Who has a card of the test gateway, by places in the plan.
    pub payers: Vec<usize>,
    pub subscriptions: Vec<PlannedSubscription>,
}

impl Catalogue {
    /// How many steps it takes to store.
    pub fn steps(&self) -> u64 {
        let twice = 2 * (self.plans.len() + self.payers.len());
        let once = self.features.len() + self.add_ons.len() + self.discounts.len() + self.coupons.len();
        u64::try_from(twice + once + self.subscriptions.len()).unwrap_or(u64::MAX)
    }
}

/// A subscription to a plan.
#[derive(Clone, Copy, Debug)]
pub struct PlannedSubscription {
    /// By its place in the plan.
    pub customer: usize,
    pub handle: &'static str,
    pub plan: &'static str,
    pub status: InitialStatus,
    pub quantity: i32,
    pub trial: bool,
    /// Where it is not billed every month.
    pub billing_period: Option<BillingPeriod>,
    /// An add-on, and how many of it.
    pub add_on: Option<(&'static str, i32)>,
    pub coupon: Option<&'static str>,
    /// Whole euros a month.
    pub commitment: Option<i64>,
}

/// The catalogue: the same one each time.
pub fn catalogue() -> Catalogue {
    let feature = |code: &str, name: &str, feature_type| CreateFeature {
        code: code.to_owned(),
        name: name.to_owned(),
        description: None,
        feature_type,
        metadata: metadata(&serde_json::json!({})),
    };
    Catalogue {
        features: vec![
            feature("remote-wipe", "Remote wipe", FeatureType::Boolean),
            feature("remote-sessions", "Remote sessions", FeatureType::Metered),
            feature("response-time", "Response time", FeatureType::Static),
        ],
        plans: [service_desk(), device_manager(), device_cover()].into_iter().flatten().collect(),
        add_ons: vec![CreateAddOn {
            code: "on-site".to_owned(),
            name: "On-site visit".to_owned(),
            description: Some("A technician comes to your desk.".to_owned()),
            add_on_type: AddOnType::Quantity,
            currency: None,
            unit_amount: cents(39_00),
            amount_includes_tax: None,
            tax_rate: None,
            eligible_plans: EligiblePlans::Only(vec!["service-desk".to_owned(), "device-manager".to_owned()]),
            entitlements: vec![sessions(5, false)],
            metadata: metadata(&serde_json::json!({})),
        }],
        discounts: Percentage::try_new(&BigDecimal::from(20)).map(discount).into_iter().collect(),
        coupons: vec![CreateCoupon {
            code: "WELCOME20".to_owned(),
            name: "20 % off to begin with".to_owned(),
            discount: "welcome".to_owned(),
            eligible_plans: EligiblePlans::All,
            max_redemptions: None,
            valid_from: None,
            valid_until: None,
            strategy: RedemptionStrategy::OncePerPlan,
        }],
        payers: vec![0, 1, 2, 3],
        subscriptions: subscriptions(),
    }
}

/// Billed every month or every year, and free for two weeks.
fn service_desk() -> Option<(CreatePlan, Vec<Grant>)> {
    let every = |period, amount| NewPrice {
        billing_period: Some((period, Interval::ONE)),
        ..NewPrice::recurring(costing(BillingModel::FlatFee, amount))
    };
    let changes = PlanChanges {
        description: Some(Some("Help by telephone and remote control.".to_owned())),
        prices: Some(NewPrices::Listed(vec![every(BillingPeriod::Month, 49_00), every(BillingPeriod::Year, 490_00)])),
        trial: Some(Some(Duration { length: 14, unit: DurationUnit::Days })),
        trial_reminder_days: Some(Some(3)),
        ..PlanChanges::default()
    };
    let grants = vec![sessions(20, true), grant("response-time", Some("8 hours"))];
    Some((plan("service-desk", "Service desk", MONTHLY, changes), grants))
}

/// Billed by device, and by what is used.
fn device_manager() -> Option<(CreatePlan, Vec<Grant>)> {
    let devices = NewPrice {
        name: Some("Managed device".to_owned()),
        ..NewPrice::recurring(costing(BillingModel::PerUnit, 4_50))
    };
    let used = NewPrice {
        name: Some("Remote session".to_owned()),
        price_type: PriceType::Usage,
        feature: Some("remote-sessions".to_owned()),
        ..NewPrice::recurring(costing(BillingModel::PerUnit, 2_20))
    };
    let changes = PlanChanges {
        prices: Some(NewPrices::Listed(vec![devices, used])),
        quantity: Some(5),
        ..PlanChanges::default()
    };
    let grants = vec![grant("remote-wipe", None), grant("remote-sessions", None)];
    Some((plan("device-manager", "Device manager", MONTHLY, changes), grants))
}

/// Billed on the first of each month, with a setup fee and a minimum of a year.
fn device_cover() -> Option<(CreatePlan, Vec<Grant>)> {
    let day = BillingDay::try_new(1).ok()?;
    let schedule = PlanSchedule::MonthFixedDay { interval: Interval::ONE, day, base_month: None };
    let fee = NewSetupFee { amount: cents(15_00), text: None, handling: SetupFeeHandling::First };
    let changes = PlanChanges {
        prices: Some(NewPrices::Amount(cents(29_00))),
        setup_fee: Some(Some(fee)),
        fixation_periods: Some(12),
        notice_periods: Some(1),
        ..PlanChanges::default()
    };
    Some((plan("device-cover", "Device cover", schedule, changes), vec![grant("response-time", Some("24 hours"))]))
}

const MONTHLY: PlanSchedule =
    PlanSchedule::Cycle { period: BillingPeriod::Month, count: Interval::ONE, cycle: BillingCycle::Anniversary };

fn plan(code: &str, name: &str, schedule: PlanSchedule, changes: PlanChanges) -> CreatePlan {
    CreatePlan { code: code.to_owned(), name: name.to_owned(), schedule, changes }
}

fn costing(model: BillingModel, amount: i64) -> ModelSettings {
    ModelSettings { amount: Some(cents(amount)), ..ModelSettings::of(model) }
}

fn grant(feature: &str, value: Option<&str>) -> Grant {
    let terms = EntitlementTerms { static_value: value.map(str::to_owned), ..EntitlementTerms::default() };
    Grant { feature: feature.to_owned(), terms }
}

fn sessions(limit: i64, soft_limit: bool) -> Grant {
    let reset_period = Some(BillingPeriod::Month);
    let terms = EntitlementTerms { usage_limit: Some(limit), soft_limit, reset_period, static_value: None };
    Grant { feature: "remote-sessions".to_owned(), terms }
}

fn discount(percentage: Percentage) -> CreateDiscount {
    CreateDiscount {
        code: "welcome".to_owned(),
        name: "Welcome".to_owned(),
        value: NewDiscountValue::Percentage(percentage),
        applies_to: vec![DiscountTarget::All],
        fixed_count: Some(3),
        fixed_period: None,
        metadata: metadata(&serde_json::json!({})),
    }
}

/// One on trial, one that is paid for, one with an add-on and a coupon, one that waits for its payment, and a draft.
fn subscriptions() -> Vec<PlannedSubscription> {
    let to = |plan, customer, handle| PlannedSubscription {
        customer,
        handle,
        plan,
        status: InitialStatus::Active,
        quantity: 1,
        trial: false,
        billing_period: None,
        add_on: None,
        coupon: None,
        commitment: None,
    };
    let year = Some(BillingPeriod::Year);
    vec![
        PlannedSubscription { trial: true, billing_period: year, ..to("service-desk", 1, "desk-on-trial") },
        PlannedSubscription { quantity: 25, commitment: Some(50), ..to("device-manager", 2, "managed-devices") },
        PlannedSubscription {
            add_on: Some(("on-site", 2)),
            coupon: Some("WELCOME20"),
            ..to("service-desk", 3, "desk-with-visits")
        },
        PlannedSubscription { status: InitialStatus::Incomplete, ..to("device-cover", 4, "cover-to-be-paid") },
        PlannedSubscription { status: InitialStatus::Draft, ..to("device-cover", 5, "cover-draft") },
    ]
}
