//! Subscribing: from a request to a subscription to a plan with all its parts (`decisions.md` 8 to 25).
//!
//! - `request.rs` is what is asked for; `shape.rs` says which arguments contradict each other.
//! - [`prepare`] decides everything that does not depend on when it starts, and refuses in the documented order
//!   (`decisions.md` 9): `timing.rs`, `source.rs`, `extras.rs`, `items.rs`, `phases.rs`.
//! - `start.rs` starts the subscription: trial, periods, opening invoices (`opening.rs`). An activation does it again.
//! - `payment.rs` says whether something must be charged, and what becomes of the subscription when it was, or was not.
//!
//! Nothing is stored here, and nothing is read: the [`Situation`] says what there is.

mod extras;
mod items;
mod model;
mod opening;
mod payment;
mod phases;
pub mod request;
pub mod shape;
mod source;
mod start;
mod timing;

pub use opening::Opening;
pub use payment::{Outcome, Settlement};
pub use request::Request;
pub use source::{SourceFound, choose as choose_source};

use super::add_on::AddOn;
use super::calendar::day_of;
use super::coupon::{Coupon, CouponRedemption};
use super::customer::Customer;
use super::discount::Discount;
use super::feature::{Entitlement, EntitlementTerms, Feature, FeatureType};
use super::plan::Plan;
use super::price::{BillingCadence, Price};
use super::pricing::TaxRate;
use super::subscription::parts::{
    AdditionalCost, SubscriptionAddOn, SubscriptionDiscount, SubscriptionItem, SubscriptionPhase,
};
use super::subscription::{BillingState, InvoiceBilling, Subscription, SubscriptionStatus, Terms};
use super::tax::CountryTaxRate;
use super::tenant::{Settings, TenantMode};
use super::{Country, ErrorCode, Id, Instant, Refusal, feature, tax};
use uuid::Uuid;

/// What the database holds about a request, read once. The customer is the existing one, or the one to be made with it.
#[derive(Clone, Debug)]
pub struct Situation {
    pub settings: Settings,
    pub customer: Customer,
    pub plan: Plan,
    /// All prices of the plan, in their order.
    pub prices: Vec<Price>,
    /// What the request's source names.
    pub source: SourceFound,
    /// Those that the request names, as far as there are any.
    pub add_ons: Vec<AddOn>,
    pub discounts: Vec<Discount>,
    pub coupons: Vec<Coupon>,
    /// The once-keys under which coupons were redeemed already.
    pub redeemed: Vec<(Id<Coupon>, String)>,
    pub features: Vec<Feature>,
    /// The handles of additional costs that are taken.
    pub taken_cost_handles: Vec<String>,
    /// The parent that the request names, if it exists.
    pub parent: Option<Subscription>,
    /// The country of the customer that is invoiced, and its rates.
    pub country: Option<Country>,
    pub tax_rates: Vec<CountryTaxRate>,
    /// The id that the subscription gets.
    pub subscription_id: Id<Subscription>,
}

/// A subscription to a plan with everything that belongs to it.
#[derive(Clone, Debug)]
pub struct Agreement {
    pub subscription: Subscription,
    pub terms: Terms,
    pub plan: Plan,
    /// Every price that an item has: the plan's, and its own.
    pub prices: Vec<Price>,
    pub items: Vec<SubscriptionItem>,
    pub add_ons: Vec<SubscriptionAddOn>,
    /// What the add-ons are in the catalogue.
    pub catalogue_add_ons: Vec<AddOn>,
    pub costs: Vec<AdditionalCost>,
    pub discounts: Vec<SubscriptionDiscount>,
    pub redemptions: Vec<CouponRedemption>,
    pub entitlements: Vec<Entitlement>,
    pub phases: Vec<SubscriptionPhase>,
    pub settings: Settings,
    /// The tax of what is invoiced now, where the country of the customer that is invoiced has one.
    pub country_tax: Option<TaxRate>,
}

/// Where new identifiers come from, in the order of their making.
pub type Ids<'a> = &'a dyn Fn() -> Uuid;

/// What is the same while one request is decided.
struct Cx<'a> {
    request: &'a Request,
    situation: &'a Situation,
    now: Instant,
    ids: Ids<'a>,
}

impl Cx<'_> {
    fn id<E>(&self) -> Id<E> {
        Id::new((self.ids)())
    }
}

/// Refuses a request that is a test for a live tenant, or the other way round (`billwerk.md` §2).
pub fn check_test(test: Option<bool>, mode: TenantMode) -> Result<(), Refusal> {
    match (test, mode) {
        (Some(true), TenantMode::Live) => {
            let message = "This is a test, and the tenant is live: leave `test` out, or use a test tenant.";
            Err(Refusal::new(ErrorCode::TestOnLiveTenant, message).at(&["test"]))
        }
        (Some(false), TenantMode::Test) => {
            let message = "This is no test, and the tenant is for tests: leave `test` out, or use a live tenant.";
            Err(Refusal::new(ErrorCode::LiveOnTestTenant, message).at(&["test"]))
        }
        _ => Ok(()),
    }
}

/// Decides what the subscription consists of. It is not started yet: [`Agreement::start`] does that.
pub fn prepare(request: &Request, situation: &Situation, now: Instant, ids: Ids<'_>) -> Result<Agreement, Refusal> {
    let cx = Cx { request, situation, now, ids };
    let timing = timing::decide(&cx)?;
    let payment_method_id = source::decide(&cx)?;
    let mut discounts = extras::discounts(&cx, &timing)?;
    let redemptions = extras::coupons(&cx, timing.start, &mut discounts)?;
    let add_ons = extras::add_ons(&cx, &timing)?;
    let costs = extras::costs(&cx, &timing)?;
    let entitlements = entitlements(&cx)?;
    let invoiced_customer_id = invoiced_customer(&cx)?;
    let phases = phases::decide(&cx);
    let parts = items::decide(&cx, &timing, &phases)?;
    discounts.targeted_at(&parts, timing.currency)?;
    let commitment = timing::commitment(&cx, timing.currency)?;
    let consolidated_by =
        (request.invoice_billing == InvoiceBilling::InvoiceToParent).then(|| invoiced_customer_id.untyped());
    let subscription = Subscription {
        id: situation.subscription_id,
        handle: request.handle.clone(),
        status: SubscriptionStatus::Draft,
        customer_id: situation.customer.id,
        plan_id: Some(situation.plan.id),
        order_id: None,
        order_item_id: None,
        asset_id: None,
        billing_group_id: None,
        parent_subscription_id: request.parent_subscription_id,
        currency: timing.currency,
        timezone: timing.zone,
        monthly_amount: None,
        contract_length: None,
        billing_start: None,
        start_date: timing.start,
        end_date: timing.end,
        trial_start: None,
        trial_end: None,
        billing_anchor: request.timing.billing_anchor,
        current_period_start: None,
        current_period_end: None,
        next_billing_date: None,
        billing: BillingState { consolidated_by, ..BillingState::default() },
        hosted_payment_link: None,
        notes: None,
        metadata: request.metadata.clone(),
        version: 1,
        created_at: now,
        updated_at: now,
    };
    let terms = Terms {
        subscription_id: subscription.id,
        quantity: timing.quantity,
        schedule: timing.schedule,
        billed_from: None,
        anchor: request.timing.billing_anchor,
        requested_end: timing.end,
        fixed_count: situation.plan.fixed_count,
        draft_trial: None,
        partial_periods: timing.partial_periods.clone(),
        cadence: request.timing.cadence.unwrap_or(BillingCadence::InAdvance),
        tax: timing.tax,
        setup_fee: !request.no_setup_fee,
        proration_behavior: request.timing.proration,
        commitment,
        collection_method: request.payment.collection_method,
        payment_behavior: request.payment.behavior,
        payment_terms: request.payment.terms.or(situation.settings.default_payment_terms),
        grace_seconds: request.payment.grace_seconds,
        signup_method: source::signup_method(request),
        payment_method_id,
        invoice_billing: request.invoice_billing,
        invoiced_customer_id,
        test: situation.settings.mode == TenantMode::Test,
    };
    Ok(Agreement {
        subscription,
        terms,
        plan: situation.plan.clone(),
        prices: parts.prices,
        items: parts.items,
        add_ons,
        catalogue_add_ons: situation.add_ons.clone(),
        costs,
        discounts: discounts.taken,
        redemptions,
        entitlements,
        phases: phases.rows,
        settings: situation.settings,
        country_tax: tax::rate_for(&situation.tax_rates, situation.country, day_of(now, timing.zone)),
    })
}

/// What the subscription entitles to beside its plan and its add-ons.
fn entitlements(cx: &Cx<'_>) -> Result<Vec<Entitlement>, Refusal> {
    let mut made: Vec<Entitlement> = Vec::new();
    for (index, code) in cx.request.entitlements.iter().enumerate() {
        let found = cx.situation.features.iter().find(|feature| feature.code == *code);
        let found = found.filter(|feature| feature.state == feature::CatalogueState::Active);
        let feature = found.ok_or_else(|| feature::not_found(code).at(&["entitlements", &index.to_string()]))?;
        if feature.feature_type == FeatureType::Static {
            let message = format!("{code} has a value: a plan or an add-on entitles to it.");
            let path = ["entitlements", &index.to_string()];
            return Err(Refusal::new(ErrorCode::ValidationError, message).at(&path));
        }
        // Named twice, it is had once.
        if made.iter().any(|known| known.feature_id == feature.id) {
            continue;
        }
        made.push(Entitlement {
            id: cx.id(),
            plan_id: None,
            add_on_id: None,
            subscription_id: Some(cx.situation.subscription_id),
            feature_id: feature.id,
            feature_type: feature.feature_type,
            terms: EntitlementTerms { usage_limit: None, soft_limit: false, reset_period: None, static_value: None },
        });
    }
    Ok(made)
}

/// Who gets the invoices, after the parent was looked for.
fn invoiced_customer(cx: &Cx<'_>) -> Result<Id<Customer>, Refusal> {
    if cx.request.parent_subscription_id.is_some() {
        let parent = cx.situation.parent.as_ref().ok_or_else(|| {
            let message = "There is no such subscription to be the parent.";
            Refusal::new(ErrorCode::SubscriptionNotFound, message).at(&["parentSubscriptionId"])
        })?;
        if !SubscriptionStatus::RUNNING.contains(&parent.status) {
            let message = "The parent is not running: a subscription is placed below an active one.";
            return Err(Refusal::new(ErrorCode::ParentNotActive, message).at(&["parentSubscriptionId"]));
        }
    }
    let customer = &cx.situation.customer;
    match cx.request.invoice_billing {
        InvoiceBilling::InvoiceToSelf => Ok(customer.id),
        InvoiceBilling::InvoiceToParent => customer.parent_customer_id.ok_or_else(|| {
            let message = "The customer has no parent customer that the invoices could go to.";
            Refusal::new(ErrorCode::CustomerHasNoParent, message).at(&["invoiceBilling"])
        }),
    }
}

impl Agreement {
    pub fn is_draft(&self) -> bool {
        self.subscription.status == SubscriptionStatus::Draft
    }
}
