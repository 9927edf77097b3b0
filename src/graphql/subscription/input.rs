//! The input of `createSubscription` and `previewSubscription`: the union of what Flexprice and Billwerk+ Optimize accept
//! (`mapping.md`).

use super::parts_input::{
    AdditionalCostInput, PriceOverrideInput, SubscriptionAddOnInput, SubscriptionDiscountInput, SubscriptionItemInput,
    SubscriptionPhaseInput,
};
use crate::app::subscription::{CreateSubscription, CustomerReference};
use crate::domain::payment_terms::PaymentTerms;
use crate::domain::period::BillingPeriod;
use crate::domain::plan::Plan;
use crate::domain::price::BillingCadence;
use crate::domain::schedule::BillingCycle;
use crate::domain::subscribing::Request;
use crate::domain::subscribing::request::{
    InitialStatus, NewCommitment, PaymentRequest, Reference, Timing, TrialRequest,
};
use crate::domain::subscribing::shape::{self, Shape};
use crate::domain::subscription::{CollectionMethod, InvoiceBilling, PaymentBehavior, ProrationBehavior, SignupMethod};
use crate::domain::{Instant, Refusal};
use crate::graphql::check::{self, Check};
use crate::graphql::customer::CreateCustomerInput;
use crate::graphql::mutations::Wire;
use crate::graphql::scalars::{CurrencyCode, DateTime, Decimal, Json, TimeZone};
use async_graphql::{ID, InputObject, OneofObject};

/// Who a subscription is for: exactly one of these.
#[derive(OneofObject)]
pub enum CustomerReferenceInput {
    /// A customer by its id.
    Id(ID),
    /// A customer by its identifier in your other systems.
    ExternalId(String),
    /// A new customer, made in the same transaction: without the subscription there is no customer either.
    Create(Box<CreateCustomerInput>),
}

/// A plan: exactly one of these.
#[derive(OneofObject)]
pub enum PlanReferenceInput {
    /// The id of any of its versions.
    Id(ID),
    /// Its code.
    Code(String),
}

/// A new subscription to a plan. What is left out follows from the plan, the customer or the tenant.
#[derive(InputObject)]
pub struct CreateSubscriptionInput {
    /// Who it is for.
    customer: CustomerReferenceInput,
    /// Which plan.
    plan: PlanReferenceInput,
    /// Which version of it; the newest where there is none.
    plan_version: Option<i32>,
    /// A name of its own, unique in the tenant: letters, digits and `_ . - @`, at most 255.
    handle: Option<String>,
    /// Whether a handle is made up: `sub-` and a number.
    generate_handle: Option<bool>,
    /// How many units: at least 1. Default: the plan's.
    quantity: Option<i32>,
    /// The currency of its prices. Default: the plan's.
    currency: Option<CurrencyCode>,
    /// What it is to be. Default: ACTIVE.
    status: Option<Wire<InitialStatus>>,
    /// Whether this is a test: refused where the tenant is not for tests, and the other way round.
    test: Option<bool>,
    /// Whatever you keep with it: an object of at most 16 kB.
    metadata: Option<Json>,

    /// Its first moment, at most one billing period back. Default: now.
    start_date: Option<DateTime>,
    /// The moment at which it is over. A schedule of fixed days or whole months runs to the end of its last period.
    /// Default: the end of the last phase, if it has one.
    end_date: Option<DateTime>,
    /// When prices are billed that do not say so themselves. Default: IN_ADVANCE.
    billing_cadence: Option<Wire<BillingCadence>>,
    /// Bills in this rhythm instead of the plan's. Prices without a billing period of their own cost the same in each.
    billing_period: Option<Wire<BillingPeriod>>,
    /// How many billing periods are billed together: 1 to 366; 0 counts as 1.
    billing_period_count: Option<i32>,
    /// What periods are aligned to. Default: the plan's, else ANNIVERSARY.
    billing_cycle: Option<Wire<BillingCycle>>,
    /// The moment from which periods are counted, instead of the start. Not with CALENDAR.
    billing_anchor: Option<DateTime>,
    /// The zone in which its days begin and end. Default: the customer's, else the tenant's.
    timezone: Option<TimeZone>,
    /// The start of a trial, with `trialEnd`.
    trial_start: Option<DateTime>,
    /// The end of a trial: billing begins then.
    trial_end: Option<DateTime>,
    /// How many days a trial takes: 0 is none. Default: the plan's trial.
    trial_days: Option<i32>,
    /// No trial, whatever the plan says.
    no_trial: Option<bool>,
    /// Stretches with prices of their own: at most 100, each starting where the one before it ends.
    phases: Option<Vec<SubscriptionPhaseInput>>,

    /// What one unit costs each period, instead of the plan's only recurring price.
    amount: Option<Decimal>,
    /// Whether amounts of the plan include tax. Default: the plan's setting, else the tenant's.
    amount_includes_tax: Option<bool>,
    /// No setup fee, whatever the plan says.
    no_setup_fee: Option<bool>,
    /// Other quantities or amounts for the plan's prices: at most 100.
    price_overrides: Option<Vec<PriceOverrideInput>>,
    /// What is billed beside the plan's prices: at most 100.
    additional_items: Option<Vec<SubscriptionItemInput>>,
    /// Add-ons: at most 100.
    add_ons: Option<Vec<SubscriptionAddOnInput>>,
    /// What is charged once, with the next invoice: at most 100.
    additional_costs: Option<Vec<AdditionalCostInput>>,
    /// Discounts: at most 100.
    discounts: Option<Vec<SubscriptionDiscountInput>>,
    /// The codes of coupons to redeem: at most 100.
    coupon_codes: Option<Vec<String>>,
    /// The codes of features that it entitles to, beside the plan's and the add-ons': at most 100.
    entitlements: Option<Vec<String>>,

    /// The least that is billed for usage.
    commitment_amount: Option<Decimal>,
    /// For how long the commitment is. Default: a billing period.
    commitment_duration: Option<Wire<BillingPeriod>>,
    /// What usage beyond the commitment costs, as a multiple: at least 1. Default: 1.
    overage_factor: Option<Decimal>,
    /// Whether the rest of the commitment is billed where less was used.
    enable_true_up: Option<bool>,
    /// What is billed of a first period that is not a whole one. Default: what the plan says.
    proration_behavior: Option<Wire<ProrationBehavior>>,

    /// How invoices are collected. Default: CHARGE_AUTOMATICALLY.
    collection_method: Option<Wire<CollectionMethod>>,
    /// What becomes of it where the first invoice is not paid. Default: DEFAULT_ACTIVE.
    payment_behavior: Option<Wire<PaymentBehavior>>,
    /// How long customers have to pay an invoice. Default: it is due at once.
    payment_terms: Option<Wire<PaymentTerms>>,
    /// For how many seconds from now a failing invoice starts no dunning.
    grace_duration_seconds: Option<i32>,
    /// How the payment method is obtained. Default: SOURCE where there is a source.
    signup_method: Option<Wire<SignupMethod>>,
    /// What is charged: a payment method (`ca_…`) of the customer, or a one-time token (`ct_…`).
    source: Option<String>,
    /// Whether nothing is created unless the first invoice is paid, which must be made right away.
    conditional_create: Option<bool>,

    /// The running subscription that it is a part of.
    parent_subscription_id: Option<ID>,
    /// Who gets the invoices. Default: INVOICE_TO_SELF.
    invoice_billing: Option<Wire<InvoiceBilling>>,
}

/// The most rows of each list.
pub(super) const MOST_ROWS: usize = 100;

impl CreateSubscriptionInput {
    pub fn read(self) -> Result<CreateSubscription, Vec<Refusal>> {
        Check::input(|check| {
            let customer = read_customer(check, self.customer);
            let plan = read_plan(check, self.plan);
            let plan_version =
                check.maybe("planVersion", self.plan_version, |version| check::number(version, 1..=i32::MAX));
            let handle = check.maybe("handle", self.handle, check::handle);
            let quantity = check.maybe("quantity", self.quantity, check::quantity);
            let currency = check.maybe("currency", self.currency, check::currency);
            let metadata = check.maybe("metadata", self.metadata, check::metadata);

            let start_date = check.maybe("startDate", self.start_date, check::instant);
            let end_date = check.maybe("endDate", self.end_date, check::instant);
            let count = check.maybe("billingPeriodCount", self.billing_period_count, shape::billing_period_count);
            let anchor = check.maybe("billingAnchor", self.billing_anchor, check::instant);
            let timezone = check.maybe("timezone", self.timezone, check::zone);
            let trial_start = check.maybe("trialStart", self.trial_start, check::instant);
            let trial_end = check.maybe("trialEnd", self.trial_end, check::instant);
            let trial_days = check.maybe("trialDays", self.trial_days, shape::trial_days);
            let rows = (0, MOST_ROWS);
            let phases = check.rows("phases", self.phases.unwrap_or_default(), rows, SubscriptionPhaseInput::read);

            let amount = check.maybe("amount", self.amount, check::price);
            let overrides =
                check.rows("priceOverrides", self.price_overrides.unwrap_or_default(), rows, PriceOverrideInput::read);
            let items = self.additional_items.unwrap_or_default();
            let items = check.rows("additionalItems", items, rows, SubscriptionItemInput::read);
            let add_ons = check.rows("addOns", self.add_ons.unwrap_or_default(), rows, SubscriptionAddOnInput::read);
            let costs = self.additional_costs.unwrap_or_default();
            let costs = check.rows("additionalCosts", costs, rows, AdditionalCostInput::read);
            let discounts = self.discounts.unwrap_or_default();
            let discounts = check.rows("discounts", discounts, rows, SubscriptionDiscountInput::read);
            let coupon_codes = check.texts("couponCodes", self.coupon_codes.unwrap_or_default(), rows, check::code);
            let entitlements = self.entitlements.unwrap_or_default();
            let has_entitlements = !entitlements.is_empty();
            let entitlements = check.texts("entitlements", entitlements, rows, check::code);

            let commitment = check.maybe("commitmentAmount", self.commitment_amount, |amount| {
                shape::commitment_amount(check::decimal(amount)?).map_err(check::Wrong::from)
            });
            let overage = check.maybe("overageFactor", self.overage_factor, |factor| {
                shape::overage_factor(check::decimal(factor)?).map_err(check::Wrong::from)
            });
            let grace = check.maybe("graceDurationSeconds", self.grace_duration_seconds, check::seconds);
            let parent = check.maybe("parentSubscriptionId", self.parent_subscription_id, check::id);

            let wire = Wires {
                status: unwrap(self.status),
                cycle: unwrap(self.billing_cycle),
                method: unwrap(self.collection_method),
                behavior: unwrap(self.payment_behavior),
                proration: unwrap(self.proration_behavior),
            };
            let bounds: Vec<(Instant, Option<Instant>)> =
                phases.iter().flatten().map(|phase| (phase.start_date, phase.end_date)).collect();
            check.hold(
                Shape {
                    start_date: start_date.flatten(),
                    end_date: end_date.flatten(),
                    billing_cycle: wire.cycle,
                    billing_anchor: anchor.flatten(),
                    trial_start: trial_start.flatten(),
                    trial_end: trial_end.flatten(),
                    trial_days: trial_days.flatten(),
                    no_trial: self.no_trial == Some(true),
                    handle: matches!(handle, Some(Some(_))),
                    generate_handle: self.generate_handle == Some(true),
                    status: wire.status,
                    collection_method: wire.method,
                    payment_behavior: wire.behavior,
                    conditional_create: self.conditional_create == Some(true),
                    proration: wire.proration,
                    entitlements: has_entitlements,
                    overridden: overrides.iter().flatten().map(|asked| asked.price_id).collect(),
                    phases: bounds,
                }
                .contradictions(),
            );
            let request = Request {
                handle: handle?,
                quantity: quantity?,
                currency: currency?,
                status: wire.status.unwrap_or(InitialStatus::Active),
                test: self.test,
                metadata: check::new_metadata(metadata?),
                timing: Timing {
                    start_date: start_date?,
                    end_date: end_date?,
                    cadence: unwrap(self.billing_cadence),
                    billing_period: unwrap(self.billing_period),
                    billing_period_count: count?,
                    billing_cycle: wire.cycle,
                    billing_anchor: anchor?,
                    timezone: timezone?,
                    proration: wire.proration,
                },
                trial: TrialRequest::of(trial_start?, trial_end?, trial_days?, self.no_trial == Some(true)),
                phases: phases?,
                amount: amount?,
                amount_includes_tax: self.amount_includes_tax,
                no_setup_fee: self.no_setup_fee == Some(true),
                price_overrides: overrides?,
                additional_items: items?,
                add_ons: add_ons?,
                additional_costs: costs?,
                discounts: discounts?,
                coupon_codes: coupon_codes?,
                entitlements: entitlements?,
                commitment: NewCommitment {
                    amount: commitment?,
                    duration: unwrap(self.commitment_duration),
                    overage_factor: overage?,
                    true_up: self.enable_true_up == Some(true),
                },
                payment: PaymentRequest {
                    collection_method: wire.method.unwrap_or(CollectionMethod::ChargeAutomatically),
                    behavior: wire.behavior.unwrap_or(PaymentBehavior::DefaultActive),
                    terms: unwrap(self.payment_terms),
                    grace_seconds: grace?,
                    signup_method: unwrap(self.signup_method),
                    source: self.source,
                    conditional_create: self.conditional_create == Some(true),
                },
                parent_subscription_id: parent?,
                invoice_billing: unwrap(self.invoice_billing).unwrap_or(InvoiceBilling::InvoiceToSelf),
            };
            Some(CreateSubscription {
                customer: customer?,
                plan: plan?,
                plan_version: plan_version?,
                generate_handle: self.generate_handle == Some(true),
                request,
            })
        })
    }
}

/// Choices that are read more than once.
struct Wires {
    status: Option<InitialStatus>,
    cycle: Option<BillingCycle>,
    method: Option<CollectionMethod>,
    behavior: Option<PaymentBehavior>,
    proration: Option<ProrationBehavior>,
}

fn unwrap<C>(wire: Option<Wire<C>>) -> Option<C> {
    wire.map(|wire| wire.0)
}

fn read_customer(check: &mut Check, given: CustomerReferenceInput) -> Option<CustomerReference> {
    check.below("customer", |check| match given {
        CustomerReferenceInput::Id(id) => check.take("id", check::id(id)).map(CustomerReference::Id),
        // That it is empty has a refusal of its own.
        CustomerReferenceInput::ExternalId(text) if text.trim().is_empty() => {
            Some(CustomerReference::ExternalId(String::new()))
        }
        CustomerReferenceInput::ExternalId(text) => {
            check.take("externalId", check::code(text)).map(CustomerReference::ExternalId)
        }
        CustomerReferenceInput::Create(new) => {
            let new = check.below("create", |check| new.read_in(check));
            new.map(|new| CustomerReference::New(Box::new(new)))
        }
    })
}

fn read_plan(check: &mut Check, given: PlanReferenceInput) -> Option<Reference<Plan>> {
    check.below("plan", |check| match given {
        PlanReferenceInput::Id(id) => check.take("id", check::id(id)).map(Reference::Id),
        PlanReferenceInput::Code(code) => check.take("code", check::code(code)).map(Reference::Code),
    })
}
