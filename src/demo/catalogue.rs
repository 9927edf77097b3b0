//! What the demo tenant offers beside its devices: plans with features, an add-on, a discount and a coupon.

use super::DemoError;
use super::fill::{Steps, mistake};
use crate::app::add_on::{CreateAddOn, create_add_on};
use crate::app::coupon::{CreateCoupon, create_coupon};
use crate::app::discount::{CreateDiscount, create_discount};
use crate::app::feature::{CreateFeature, SetPlanEntitlements, create_feature, set_plan_entitlements};
use crate::app::plan::{CreatePlan, create_plan};
use crate::domain::add_on::AddOnType;
use crate::domain::billing_group::BillingDay;
use crate::domain::coupon::RedemptionStrategy;
use crate::domain::discount::NewDiscountValue;
use crate::domain::eligible_plans::EligiblePlans;
use crate::domain::feature::{EntitlementTerms, FeatureType, Grant};
use crate::domain::period::{BillingPeriod, Duration, DurationUnit};
use crate::domain::plan::{NewPrices, NewSetupFee, PlanChanges, SetupFeeHandling};
use crate::domain::price::{BillingModel, ModelSettings, NewPrice, PriceType, Tier, TierMode};
use crate::domain::pricing::{DiscountTarget, Percentage};
use crate::domain::schedule::{BillingCycle, Interval, PlanSchedule};
use crate::domain::text::Metadata;
use bigdecimal::BigDecimal;

/// A plan that is billed monthly from the start of each subscription, after a trial.
pub const CARE: &str = "device-care";
/// A plan whose price falls with the number of devices.
pub const FLEET: &str = "fleet";
/// A plan that is billed on the first of each month, with a setup fee and with usage.
pub const HELP_DESK: &str = "help-desk";
pub const PRIORITY: &str = "priority-support";
pub const COUPON: &str = "WELCOME20";
const REMOTE_WIPE: &str = "remote-wipe";
const TICKETS: &str = "tickets";
const SUPPORT_LEVEL: &str = "support-level";
const WELCOME: &str = "welcome";

/// How many steps [`store`] takes.
pub const STEPS: usize = 12;

/// Stores the catalogue.
pub fn store(steps: &mut Steps<'_>) -> Result<(), DemoError> {
    for feature in [
        feature(REMOTE_WIPE, "Remote wipe", "Lost devices can be erased from afar.", FeatureType::Boolean),
        feature(TICKETS, "Support tickets", "Questions to the help desk.", FeatureType::Metered),
        feature(SUPPORT_LEVEL, "Support level", "How soon somebody answers.", FeatureType::Static),
    ] {
        steps.run("createFeature", &feature, create_feature)?;
    }
    for (plan, entitlements) in [care()?, fleet(), help_desk()?] {
        let plan_id = steps.run("createPlan", &plan, create_plan)?.plan;
        let set = SetPlanEntitlements { plan_id, expected_revision: None, entitlements };
        steps.run("setPlanEntitlements", &set, set_plan_entitlements)?;
    }
    steps.run("createAddOn", &add_on(), create_add_on)?;
    steps.run("createDiscount", &discount()?, create_discount)?;
    steps.run("createCoupon", &coupon(), create_coupon)?;
    Ok(())
}

/// A plan, and what it entitles to.
type Offered = (CreatePlan, Vec<Grant>);

fn care() -> Result<Offered, DemoError> {
    let trial = Duration::try_new(14, DurationUnit::Days).map_err(mistake)?;
    let changes = PlanChanges {
        description: Some(Some("One device is repaired or replaced, whatever happens to it.".to_owned())),
        prices: Some(NewPrices::Amount(cents(9_90))),
        trial: Some(Some(trial)),
        ..PlanChanges::default()
    };
    let grants = vec![included(REMOTE_WIPE), level("Standard")];
    Ok((plan(CARE, "Device care", monthly(), changes), grants))
}

fn fleet() -> Offered {
    let tier = |up_to: Option<u32>, unit_amount| Tier {
        up_to: up_to.map(BigDecimal::from),
        unit_amount,
        flat_amount: BigDecimal::default(),
    };
    let model = ModelSettings {
        tier_mode: Some(TierMode::Slab),
        tiers: Some(vec![tier(Some(10), cents(4_00)), tier(Some(100), cents(3_00)), tier(None, cents(2_00))]),
        ..ModelSettings::of(BillingModel::Tiered)
    };
    let price = NewPrice { name: Some("Managed devices".to_owned()), ..NewPrice::recurring(model) };
    let changes = PlanChanges {
        description: Some(Some(
            "All devices of a company in one place: the more of them, the less each one costs.".to_owned(),
        )),
        prices: Some(NewPrices::Listed(vec![price])),
        quantity: Some(10),
        ..PlanChanges::default()
    };
    let grants = vec![included(REMOTE_WIPE), tickets(20, false), level("Standard")];
    (plan(FLEET, "Fleet management", monthly(), changes), grants)
}

fn help_desk() -> Result<Offered, DemoError> {
    let amount = |model, amount| ModelSettings { amount: Some(amount), ..ModelSettings::of(model) };
    let prices = vec![
        NewPrice {
            name: Some("Help desk".to_owned()),
            ..NewPrice::recurring(amount(BillingModel::FlatFee, cents(12_000)))
        },
        NewPrice {
            name: Some("Ticket".to_owned()),
            price_type: PriceType::Usage,
            feature: Some(TICKETS.to_owned()),
            ..NewPrice::recurring(amount(BillingModel::PerUnit, cents(7_50)))
        },
    ];
    let setup_fee = NewSetupFee {
        amount: cents(90_00),
        text: Some("Introduction of the help desk".to_owned()),
        handling: SetupFeeHandling::First,
    };
    let changes = PlanChanges {
        description: Some(Some("Somebody answers the telephone, for a fee a month and for each ticket.".to_owned())),
        prices: Some(NewPrices::Listed(prices)),
        setup_fee: Some(Some(setup_fee)),
        ..PlanChanges::default()
    };
    let day = BillingDay::try_new(1).map_err(DemoError::Refused)?;
    let schedule = PlanSchedule::MonthFixedDay { interval: Interval::ONE, day, base_month: None };
    let grants = vec![tickets(50, true), level("Business hours")];
    Ok((plan(HELP_DESK, "Help desk", schedule, changes), grants))
}

fn plan(code: &str, name: &str, schedule: PlanSchedule, changes: PlanChanges) -> CreatePlan {
    CreatePlan { code: code.to_owned(), name: name.to_owned(), schedule, changes }
}

fn monthly() -> PlanSchedule {
    PlanSchedule::Cycle { period: BillingPeriod::Month, count: Interval::ONE, cycle: BillingCycle::Anniversary }
}

fn feature(code: &str, name: &str, description: &str, feature_type: FeatureType) -> CreateFeature {
    CreateFeature {
        code: code.to_owned(),
        name: name.to_owned(),
        description: Some(description.to_owned()),
        feature_type,
        metadata: Metadata::empty(),
    }
}

fn included(feature: &str) -> Grant {
    Grant { feature: feature.to_owned(), terms: EntitlementTerms::default() }
}

fn tickets(limit: i64, soft_limit: bool) -> Grant {
    let terms = EntitlementTerms {
        usage_limit: Some(limit),
        soft_limit,
        reset_period: Some(BillingPeriod::Month),
        static_value: None,
    };
    Grant { feature: TICKETS.to_owned(), terms }
}

fn level(value: &str) -> Grant {
    let terms = EntitlementTerms { static_value: Some(value.to_owned()), ..EntitlementTerms::default() };
    Grant { feature: SUPPORT_LEVEL.to_owned(), terms }
}

fn add_on() -> CreateAddOn {
    CreateAddOn {
        code: PRIORITY.to_owned(),
        name: "Priority support".to_owned(),
        description: Some("An answer within the hour.".to_owned()),
        add_on_type: AddOnType::OnOff,
        currency: None,
        unit_amount: cents(25_00),
        amount_includes_tax: None,
        tax_rate: None,
        eligible_plans: EligiblePlans::Only(vec![FLEET.to_owned(), HELP_DESK.to_owned()]),
        entitlements: vec![level("Priority")],
        metadata: Metadata::empty(),
    }
}

fn discount() -> Result<CreateDiscount, DemoError> {
    Ok(CreateDiscount {
        code: WELCOME.to_owned(),
        name: "Welcome".to_owned(),
        value: NewDiscountValue::Percentage(Percentage::try_new(&BigDecimal::from(20)).map_err(mistake)?),
        applies_to: vec![DiscountTarget::All],
        fixed_count: Some(3),
        fixed_period: None,
        metadata: Metadata::empty(),
    })
}

fn coupon() -> CreateCoupon {
    CreateCoupon {
        code: COUPON.to_owned(),
        name: "20% off the first three invoices".to_owned(),
        discount: WELCOME.to_owned(),
        eligible_plans: EligiblePlans::All,
        max_redemptions: None,
        valid_from: None,
        valid_until: None,
        // Whoever tries the examples redeems it time and again.
        strategy: RedemptionStrategy::OncePerSubscription,
    }
}

fn cents(amount: i64) -> BigDecimal {
    BigDecimal::new(amount.into(), 2)
}
