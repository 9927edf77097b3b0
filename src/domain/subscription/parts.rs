//! What a subscription to a plan consists of: items with their prices, add-ons, additional costs, discounts, phases.
//! All of them belong to this subscription alone; the catalogue never changes by them (`decisions.md` 25).

use super::Subscription;
use crate::domain::add_on::AddOn;
use crate::domain::choice::choice;
use crate::domain::coupon::Coupon;
use crate::domain::discount::{Discount, DiscountTerms};
use crate::domain::invoice::Invoice;
use crate::domain::price::Price;
use crate::domain::pricing::Tax;
use crate::domain::text::Metadata;
use crate::domain::{Entity, Id, Instant, Money};
use bigdecimal::BigDecimal;

/// A price that is billed to a subscription, during `[start, end)`.
#[derive(Clone, Debug)]
pub struct SubscriptionItem {
    pub id: Id<SubscriptionItem>,
    pub subscription_id: Id<Subscription>,
    /// The place among the subscription's items, from 0.
    pub position: i32,
    pub price_id: Id<Price>,
    /// None of a usage price, whose quantity is measured.
    pub quantity: Option<i32>,
    pub name: String,
    /// Whether it was added beside the plan's prices.
    pub additional: bool,
    pub start_date: Instant,
    pub end_date: Option<Instant>,
    pub metadata: Metadata,
}

impl Entity for SubscriptionItem {
    const NAME: &'static str = "SubscriptionItem";
    const PREFIX: &'static str = "sit";
}

/// An add-on that a subscription has, during `[start, end)`.
#[derive(Clone, Debug)]
pub struct SubscriptionAddOn {
    pub id: Id<SubscriptionAddOn>,
    pub subscription_id: Id<Subscription>,
    pub position: i32,
    pub add_on_id: Id<AddOn>,
    /// Unique in the subscription.
    pub handle: String,
    pub quantity: i32,
    /// What one costs a period, frozen when it was taken; none where it follows the catalogue.
    pub fixed_amount: Option<BigDecimal>,
    pub tax: Tax,
    pub name: String,
    pub description: Option<String>,
    pub start_date: Instant,
    pub end_date: Option<Instant>,
}

impl Entity for SubscriptionAddOn {
    const NAME: &'static str = "SubscriptionAddOn";
    const PREFIX: &'static str = "sad";
}

/// Something that is charged once, on the next invoice.
#[derive(Clone, Debug)]
pub struct AdditionalCost {
    pub id: Id<AdditionalCost>,
    pub subscription_id: Id<Subscription>,
    pub position: i32,
    /// Unique in the tenant.
    pub handle: String,
    pub text: String,
    /// What one of the quantity costs.
    pub amount: Money,
    pub quantity: i32,
    pub tax: Tax,
    pub state: AdditionalCostState,
    /// The invoice that it is on, when it is transferred.
    pub invoice_id: Option<Id<Invoice>>,
}

impl Entity for AdditionalCost {
    const NAME: &'static str = "AdditionalCost";
    const PREFIX: &'static str = "adc";
}

choice! {
    /// Whether an additional cost was invoiced.
    pub enum AdditionalCostState {
        /// It waits for the next invoice.
        Pending = "PENDING",
        /// It is on an invoice.
        Transferred = "TRANSFERRED",
        /// It will never be invoiced.
        Cancelled = "CANCELLED",
    }
}

/// A discount that a subscription has, during `[start, end)` and within its own bounds.
#[derive(Clone, Debug)]
pub struct SubscriptionDiscount {
    pub id: Id<SubscriptionDiscount>,
    pub subscription_id: Id<Subscription>,
    pub position: i32,
    pub discount_id: Id<Discount>,
    /// The coupon that gave it; none where it was given by itself.
    pub coupon_id: Option<Id<Coupon>>,
    /// Unique in the subscription.
    pub handle: String,
    pub name: String,
    pub terms: DiscountTerms,
    /// The only price that it is taken off; none where it is what its terms say.
    pub price_id: Option<Id<Price>>,
    pub start_date: Instant,
    pub end_date: Option<Instant>,
    /// On how many invoices it was.
    pub uses: i32,
}

impl Entity for SubscriptionDiscount {
    const NAME: &'static str = "SubscriptionDiscount";
    const PREFIX: &'static str = "sdc";
}

/// A stretch of a subscription's life with prices of its own: `[start, end)`.
#[derive(Clone, Debug)]
pub struct SubscriptionPhase {
    pub id: Id<SubscriptionPhase>,
    pub subscription_id: Id<Subscription>,
    pub position: i32,
    pub start_date: Instant,
    /// None of the last phase, where it goes on without an end.
    pub end_date: Option<Instant>,
    pub metadata: Metadata,
}

impl Entity for SubscriptionPhase {
    const NAME: &'static str = "SubscriptionPhase";
    const PREFIX: &'static str = "pha";
}
