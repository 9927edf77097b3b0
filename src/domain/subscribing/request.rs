//! What a client asks for. Every argument is well-formed here; whether they go together is asked by [`super::shape`],
//! whether they fit what there is by the rest.

use crate::domain::add_on::AddOn;
use crate::domain::discount::{Discount, DiscountTarget, NewDiscountValue};
use crate::domain::payment_terms::PaymentTerms;
use crate::domain::period::{BillingPeriod, Duration};
use crate::domain::price::{BillingCadence, BillingModel, NewPrice, PackageRounding, Price, Tier, TierMode};
use crate::domain::pricing::TaxRate;
use crate::domain::schedule::{BillingCycle, Interval};
use crate::domain::subscription::{
    CollectionMethod, InvoiceBilling, PaymentBehavior, ProrationBehavior, SignupMethod, Subscription,
};
use crate::domain::text::Metadata;
use crate::domain::{Currency, Id, Instant, Zone, choice::choice};
use bigdecimal::BigDecimal;

/// A request for a subscription to a plan (`mapping.md`). What is none follows from the plan, the customer or the tenant.
#[derive(Clone, Debug)]
pub struct Request {
    pub handle: Option<String>,
    pub quantity: Option<i32>,
    pub currency: Option<Currency>,
    pub status: InitialStatus,
    pub test: Option<bool>,
    pub metadata: Metadata,
    pub timing: Timing,
    pub trial: TrialRequest,
    pub phases: Vec<NewPhase>,
    /// What one of the quantity costs each period, instead of the plan's price.
    pub amount: Option<BigDecimal>,
    pub amount_includes_tax: Option<bool>,
    pub no_setup_fee: bool,
    pub price_overrides: Vec<PriceOverride>,
    pub additional_items: Vec<NewItem>,
    pub add_ons: Vec<NewAddOn>,
    pub additional_costs: Vec<NewCost>,
    pub discounts: Vec<NewDiscount>,
    pub coupon_codes: Vec<String>,
    /// The codes of features.
    pub entitlements: Vec<String>,
    pub commitment: NewCommitment,
    pub payment: PaymentRequest,
    pub parent_subscription_id: Option<Id<Subscription>>,
    pub invoice_billing: InvoiceBilling,
}

impl Request {
    /// The codes of all features that it names: those that it entitles to, and those that its new prices measure.
    pub fn features(&self) -> Vec<String> {
        let items = self.additional_items.iter().chain(self.phases.iter().flat_map(|phase| &phase.additional_items));
        let measured = items.filter_map(|item| match &item.price {
            ItemPrice::New(price) => price.feature.clone(),
            ItemPrice::Existing(_) => None,
        });
        measured.chain(self.entitlements.iter().cloned()).collect()
    }
}

/// When it runs and when it is billed.
#[derive(Clone, Debug)]
pub struct Timing {
    pub start_date: Option<Instant>,
    pub end_date: Option<Instant>,
    pub cadence: Option<BillingCadence>,
    pub billing_period: Option<BillingPeriod>,
    pub billing_period_count: Option<Interval>,
    pub billing_cycle: Option<BillingCycle>,
    pub billing_anchor: Option<Instant>,
    pub timezone: Option<Zone>,
    pub proration: Option<ProrationBehavior>,
}

/// Which trial is asked for: one of these at most.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TrialRequest {
    /// The plan's.
    OfThePlan,
    /// None, whatever the plan says.
    Never,
    Days(i32),
    /// `[start, end)`.
    Between(Instant, Instant),
}

/// How its invoices are paid.
#[derive(Clone, Debug)]
pub struct PaymentRequest {
    pub collection_method: CollectionMethod,
    pub behavior: PaymentBehavior,
    pub terms: Option<PaymentTerms>,
    pub grace_seconds: Option<i32>,
    pub signup_method: Option<SignupMethod>,
    /// What names the payment method: as it was written.
    pub source: Option<String>,
    /// Whether nothing is created unless the first invoice is paid.
    pub conditional_create: bool,
}

/// A minimum that the customer commits to, in the subscription's currency.
#[derive(Clone, Debug)]
pub struct NewCommitment {
    pub amount: Option<BigDecimal>,
    pub duration: Option<BillingPeriod>,
    pub overage_factor: Option<BigDecimal>,
    pub true_up: bool,
}

/// A change of one of the plan's prices, for this subscription alone.
#[derive(Clone, Debug)]
pub struct PriceOverride {
    pub price_id: Id<Price>,
    pub quantity: Option<i32>,
    pub model: ModelRequest,
}

/// The parts of a price model that are given; the others stay as they are.
#[derive(Clone, PartialEq, Default, Debug)]
pub struct ModelRequest {
    pub model: Option<BillingModel>,
    pub amount: Option<BigDecimal>,
    pub package_size: Option<i64>,
    pub package_rounding: Option<PackageRounding>,
    pub tier_mode: Option<TierMode>,
    pub tiers: Option<Vec<Tier>>,
}

/// Something that is billed beside the plan's prices.
#[derive(Clone, Debug)]
pub struct NewItem {
    pub price: ItemPrice,
    pub quantity: Option<i32>,
    pub name: Option<String>,
    pub start_date: Option<Instant>,
    pub end_date: Option<Instant>,
    pub metadata: Metadata,
}

/// Which price an additional item has.
#[derive(Clone, Debug)]
pub enum ItemPrice {
    /// One of the plan's.
    Existing(Id<Price>),
    /// One of its own, which is in the subscription's currency.
    New(Box<NewPrice>),
}

/// Something of the catalogue, by its id or by its code.
#[derive(Clone, Debug)]
pub enum Reference<T> {
    Id(Id<T>),
    Code(String),
}

/// An add-on to take.
#[derive(Clone, Debug)]
pub struct NewAddOn {
    pub add_on: Reference<AddOn>,
    pub handle: Option<String>,
    pub quantity: Option<i32>,
    /// What one costs, instead of the catalogue's amount.
    pub amount: Option<BigDecimal>,
    /// Whether the amount stays as it is when the catalogue's changes.
    pub fixed_amount: bool,
    pub amount_includes_tax: Option<bool>,
    pub name: Option<String>,
    pub description: Option<String>,
    pub start_date: Option<Instant>,
    pub end_date: Option<Instant>,
}

/// Something that is charged once.
#[derive(Clone, Debug)]
pub struct NewCost {
    pub handle: String,
    pub text: String,
    /// What one of the quantity costs.
    pub amount: BigDecimal,
    pub quantity: i32,
    pub amount_includes_tax: Option<bool>,
    pub tax_rate: Option<TaxRate>,
}

/// A discount to take. What is given stands instead of what the template says.
#[derive(Clone, Debug)]
pub struct NewDiscount {
    pub discount: Reference<Discount>,
    pub handle: Option<String>,
    pub name: Option<String>,
    pub value: Option<NewDiscountValue>,
    pub applies_to: Option<Vec<DiscountTarget>>,
    pub fixed_count: Option<i32>,
    pub fixed_period: Option<Duration>,
    pub price_id: Option<Id<Price>>,
    pub start_date: Option<Instant>,
    pub end_date: Option<Instant>,
}

/// A stretch of the subscription's life with prices of its own.
#[derive(Clone, Debug)]
pub struct NewPhase {
    pub start_date: Instant,
    pub end_date: Option<Instant>,
    pub price_overrides: Vec<PriceOverride>,
    pub additional_items: Vec<NewItem>,
    pub discounts: Vec<NewDiscount>,
    pub coupon_codes: Vec<String>,
    pub metadata: Metadata,
}

choice! {
    /// What a new subscription is to be.
    pub enum InitialSubscriptionStatus {
        /// Running, as far as the payment behaviour allows.
        Active = "ACTIVE",
        /// A draft: nothing is billed before it is activated.
        Draft = "DRAFT",
        /// Incomplete until its first invoice is paid, whatever the payment behaviour says.
        Incomplete = "INCOMPLETE",
    }
}
pub use InitialSubscriptionStatus as InitialStatus;

impl TrialRequest {
    /// What these arguments ask for, which do not contradict each other.
    pub fn of(start: Option<Instant>, end: Option<Instant>, days: Option<i32>, never: bool) -> Self {
        match (start.zip(end), days) {
            _ if never => TrialRequest::Never,
            (Some((start, end)), _) => TrialRequest::Between(start, end),
            (None, Some(0)) => TrialRequest::Never,
            (None, Some(days)) => TrialRequest::Days(days),
            (None, None) => TrialRequest::OfThePlan,
        }
    }
}

impl<T> Reference<T> {
    /// Whether it names the object with this id and this code.
    pub fn names(&self, id: Id<T>, code: &str) -> bool {
        match self {
            Reference::Id(own) => *own == id,
            Reference::Code(own) => own == code,
        }
    }
}
