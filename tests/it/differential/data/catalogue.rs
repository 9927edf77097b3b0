//! The catalogue beside plans: features and what entitles to them, add-ons, discounts, coupons.

use super::plans::exact;
use super::{Making, awkward, but_every};
use chrono::{Days, TimeDelta};
use perennial::app::add_on::{self, CreateAddOn};
use perennial::app::coupon::{self, CreateCoupon, UpdateCoupon};
use perennial::app::discount::{self, CreateDiscount};
use perennial::app::feature::{self, CreateFeature, SetPlanEntitlements};
use perennial::app::tax::{self, SetTaxRate};
use perennial::domain::add_on::AddOnType;
use perennial::domain::coupon::{Coupon, CouponChange, RedemptionStrategy};
use perennial::domain::discount::{DiscountTarget, NewDiscountValue, Percentage};
use perennial::domain::eligible_plans::EligiblePlans;
use perennial::domain::feature::{EntitlementTerms, FeatureType, Grant};
use perennial::domain::period::{BillingPeriod, Duration, DurationUnit};
use perennial::domain::plan::{Plan, PlanState};
use perennial::domain::pricing::TaxRate;
use perennial::domain::text::Metadata;
use perennial::domain::{Currency, Date, Id, Instant};

fn metadata(n: usize) -> Metadata {
    Metadata::try_new(&serde_json::json!({awkward(n): n})).expect("metadata")
}

const TYPES: [FeatureType; 3] = [FeatureType::Boolean, FeatureType::Metered, FeatureType::Static];

fn feature_code(n: usize) -> String {
    format!("{}-{n}", awkward(n + 1))
}

/// Entitlements to some features.
fn grants(n: usize, features: usize) -> Vec<Grant> {
    let grant = |n: usize| Grant {
        feature: feature_code(n),
        terms: match TYPES[n % 3] {
            FeatureType::Boolean => EntitlementTerms::default(),
            FeatureType::Metered => EntitlementTerms {
                usage_limit: but_every(2, n, i64::try_from(n).expect("a number")),
                soft_limit: n % 2 == 1 && n.is_multiple_of(4),
                reset_period: but_every(5, n, BillingPeriod::Quarter),
                static_value: None,
            },
            FeatureType::Static => {
                EntitlementTerms { static_value: Some(awkward(n).to_owned()), ..EntitlementTerms::default() }
            }
        },
    };
    (0..features).filter(|other| (other + n).is_multiple_of(3) || other % 3 == n % 5).map(grant).collect()
}

impl Making<'_> {
    /// So much of everything. The plans are there already.
    pub fn catalogue(&self, amount: usize) {
        let tenant = self.viewer.tenant_id;
        let plans = self.app.db.read(|conn| perennial::repository::plan::all(tenant).order("id").load(conn));
        let plans: Vec<Plan> =
            plans.expect("it reads").into_iter().filter(|plan| plan.state == PlanState::Active).collect();
        (0..amount).for_each(|n| self.tax_rate(n));
        let features: Vec<_> = (0..amount).map(|n| self.feature(n)).collect();
        for (n, plan) in plans.iter().enumerate().filter(|(n, _)| n % 3 > 0) {
            let set =
                SetPlanEntitlements { plan_id: plan.id, expected_revision: None, entitlements: grants(n, amount) };
            self.run(|call| feature::set_plan_entitlements(call, &set));
        }
        (0..amount).for_each(|n| self.add_on(n, amount, &plans));
        for id in features.iter().step_by(4) {
            self.run(|call| feature::archive_feature(call, *id, None));
        }
        let discounts: Vec<_> = (0..amount).map(|n| self.discount(n)).collect();
        (0..amount * 2).for_each(|n| self.coupon(n, &discounts[n * n % amount], &plans));
        let archived = discounts.iter().step_by(3).map(|code| {
            let found = self.app.db.read(|conn| perennial::repository::discount::by_code(tenant, code).first(conn));
            found.expect("it reads").expect("it exists").id
        });
        for id in archived.collect::<Vec<_>>() {
            self.run(|call| discount::archive_discount(call, id, None));
        }
    }

    fn feature(&self, n: usize) -> Id<perennial::domain::feature::Feature> {
        let new = CreateFeature {
            code: feature_code(n),
            name: awkward(n / 2).to_owned(),
            description: but_every(3, n, awkward(n).to_owned()),
            feature_type: TYPES[n % 3],
            metadata: metadata(n),
        };
        self.run(|call| feature::create_feature(call, &new)).feature
    }

    fn add_on(&self, n: usize, features: usize, plans: &[Plan]) {
        let new = CreateAddOn {
            code: format!("{}-{n}", awkward(n + 2)),
            name: awkward(n / 3).to_owned(),
            description: but_every(2, n, awkward(n).to_owned()),
            add_on_type: [AddOnType::OnOff, AddOnType::Quantity][n % 2],
            currency: but_every(2, n, "JPY".parse::<Currency>().expect("a currency")),
            unit_amount: exact(["5", "0.0015", "0", "12.50"][n % 4]),
            amount_includes_tax: but_every(3, n, n.is_multiple_of(2)),
            tax_rate: but_every(2, n + 1, TaxRate::try_new(&exact("0.190")).expect("a rate")),
            eligible_plans: eligible(n, plans),
            entitlements: grants(n + 1, features),
            metadata: metadata(n),
        };
        let made = self.run(|call| add_on::create_add_on(call, &new)).add_on;
        if n % 4 == 3 {
            self.run(|call| add_on::archive_add_on(call, made, None));
        }
    }

    /// Answers the discount's code.
    fn discount(&self, n: usize) -> String {
        let percentage = |text| NewDiscountValue::Percentage(Percentage::try_new(&exact(text)).expect("a percentage"));
        let new = CreateDiscount {
            code: format!("{}-{n}", awkward(n + 4)),
            name: awkward(n / 2).to_owned(),
            value: match n % 3 {
                0 => percentage("12.50"),
                1 => NewDiscountValue::Amount(exact("5"), but_every(2, n, "KWD".parse().expect("a currency"))),
                _ => percentage("100"),
            },
            applies_to: [DiscountTarget::Plan, DiscountTarget::AddOn, DiscountTarget::OnDemand][..=n % 3].to_vec(),
            fixed_count: but_every(2, n, 3),
            fixed_period: but_every(3, n, Duration { length: 7, unit: DurationUnit::Days }),
            metadata: metadata(n),
        };
        self.run(|call| discount::create_discount(call, &new));
        new.code
    }

    /// A coupon, in one of its states.
    fn coupon(&self, n: usize, discount: &str, plans: &[Plan]) {
        let later: Instant = "2027-01-01T00:00:00Z".parse().expect("an instant");
        let later = later
            + Days::new(u64::try_from(n).expect("a number") / 2)
            + TimeDelta::microseconds(if n.is_multiple_of(4) { 120 } else { 0 });
        let new = CreateCoupon {
            code: format!("{}={n}", awkward(n)),
            name: awkward(n / 3).to_owned(),
            discount: discount.to_owned(),
            eligible_plans: eligible(n + 1, plans),
            max_redemptions: but_every(2, n, 5),
            valid_from: but_every(3, n, later - Days::new(30)),
            valid_until: but_every(2, n + 1, later),
            strategy: [RedemptionStrategy::OncePerCustomer, RedemptionStrategy::OncePerPlan][n % 2],
        };
        let made = self.run(|call| coupon::create_coupon(call, &new)).coupon;
        match n % 5 {
            1 => drop(self.run(|call| coupon::expire_coupon(call, made, None))),
            2 => drop(self.run(|call| coupon::archive_coupon(call, made, None))),
            3 => self.rename(made),
            _ => {}
        }
    }

    fn tax_rate(&self, n: usize) {
        let days = Days::new(u64::try_from(n / 2).expect("a number") * 40);
        let new = SetTaxRate {
            country: ["DE", "CH", "DK"][n % 3].parse().expect("a country"),
            name: awkward(n).to_owned(),
            rate: TaxRate::try_new(&exact("0.081")).expect("a rate"),
            valid_from: "2026-01-01".parse::<Date>().expect("a day") + days,
        };
        self.run(|call| tax::set_tax_rate(call, &new));
    }

    fn rename(&self, coupon_id: Id<Coupon>) {
        let change = CouponChange { name: Some("Same".to_owned()), ..CouponChange::default() };
        let update = UpdateCoupon { coupon_id, expected_version: None, change };
        self.run(|call| coupon::update_coupon(call, &update));
    }
}

/// All plans, or some of them.
fn eligible(n: usize, plans: &[Plan]) -> EligiblePlans {
    let some = plans.iter().skip(n % 3).step_by(2).map(|plan| plan.code.clone()).collect();
    if n.is_multiple_of(3) { EligiblePlans::All } else { EligiblePlans::stored(some) }
}
