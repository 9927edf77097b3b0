//! Subscriptions: what a customer pays for, period by period. A rental holds a device; a subscription to a plan has
//! [`Terms`] and [parts](parts).

pub mod parts;
mod terms;

use super::asset::Asset;
use super::billing_group::BillingGroup;
use super::choice::choice;
use super::customer::Customer;
use super::invoice::Invoice;
use super::order::{Order, OrderItem};
use super::period::Period;
use super::plan::Plan;
use super::tenant::BillingStart;
use super::text::Metadata;
use super::{Currency, Date, Entity, Id, Instant, Money, Zone};
pub use terms::{
    CollectionMethod, Commitment, CommittedUse, InvoiceBilling, PaymentBehavior, ProrationBehavior, SignupMethod, Terms,
};

/// What a customer pays for. A rental is made by fulfilling one unit of an order item; it holds one asset.
#[derive(Clone, Debug)]
pub struct Subscription {
    pub id: Id<Subscription>,
    /// A name of its own, unique in the tenant; rentals have none.
    pub handle: Option<String>,
    pub status: SubscriptionStatus,
    pub customer_id: Id<Customer>,
    /// The version of the plan that it is to; none for a rental.
    pub plan_id: Option<Id<Plan>>,
    pub order_id: Option<Id<Order>>,
    pub order_item_id: Option<Id<OrderItem>>,
    pub asset_id: Option<Id<Asset>>,
    pub billing_group_id: Option<Id<BillingGroup>>,
    /// The subscription that it is a part of.
    pub parent_subscription_id: Option<Id<Subscription>>,
    pub currency: Currency,
    pub timezone: Zone,
    /// What a rental costs a month.
    pub monthly_amount: Option<Money>,
    /// How many months a rental runs.
    pub contract_length: Option<ContractLength>,
    /// The rule by which a rental's first payment is due.
    pub billing_start: Option<BillingStart>,
    pub start_date: Instant,
    pub end_date: Option<Instant>,
    /// The trial: [start, end). Rentals have none.
    pub trial_start: Option<Instant>,
    pub trial_end: Option<Instant>,
    pub billing_anchor: Option<Instant>,
    pub current_period_start: Option<Instant>,
    pub current_period_end: Option<Instant>,
    pub next_billing_date: Option<Date>,
    pub billing: BillingState,
    /// Where its customer can pay for it. Whoever knows the link can.
    pub hosted_payment_link: Option<String>,
    pub notes: Option<String>,
    pub metadata: Metadata,
    pub version: i32,
    pub created_at: Instant,
    pub updated_at: Instant,
}

/// Where the billing of a subscription stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct BillingState {
    /// The exact moment at which something is billed, or ends, next. None where nothing is to come.
    pub next_at: Option<Instant>,
    /// When the run looks at it: later than that where it was set aside, or its usage is waited for. None while it does
    /// not run.
    pub due_at: Option<Instant>,
    /// Usage before this moment is billed, and takes nothing more.
    pub usage_until: Option<Instant>,
    /// Since when its device should have come back.
    pub return_overdue_since: Option<Instant>,
    /// Who gets one invoice for all that falls due on a day: a billing group, or a parent customer.
    pub consolidated_by: Option<Id<()>>,
}

impl Entity for Subscription {
    const NAME: &'static str = "Subscription";
    const PREFIX: &'static str = "sub";
}

impl Subscription {
    /// The trial, where there is one.
    pub fn trial(&self) -> Option<Period> {
        self.trial_start.zip(self.trial_end).map(|(start, end)| Period { start, end })
    }
}

/// One due date of a rental's payment schedule.
#[derive(Clone, Debug)]
pub struct ScheduledPayment {
    pub subscription_id: Id<Subscription>,
    /// The place in the schedule, from 1.
    pub sequence: i32,
    pub due_date: Date,
    pub amount: Money,
    pub status: ScheduledPaymentStatus,
    /// The invoice that asks for it.
    pub invoice_id: Option<Id<Invoice>>,
}

choice! {
    /// Where a subscription stands.
    pub enum SubscriptionStatus {
        /// Prepared, not yet started.
        Draft = "DRAFT",
        /// Waiting for its first payment.
        Incomplete = "INCOMPLETE",
        /// In its trial.
        Trialing = "TRIALING",
        /// Running.
        Active = "ACTIVE",
        /// On hold: nothing is billed.
        Paused = "PAUSED",
        /// Ended as agreed.
        Ended = "ENDED",
        /// Cancelled.
        Cancelled = "CANCELLED",
    }
}

impl SubscriptionStatus {
    /// Of a subscription that is over. In any other status it is live.
    pub const OVER: [SubscriptionStatus; 2] = [SubscriptionStatus::Ended, SubscriptionStatus::Cancelled];
}

impl SubscriptionStatus {
    /// While it has one of these, it entitles its customer to something, and others can be placed below it.
    pub const RUNNING: [SubscriptionStatus; 2] = [SubscriptionStatus::Trialing, SubscriptionStatus::Active];
}

choice! {
    /// Where one payment of a rental's schedule stands.
    pub enum ScheduledPaymentStatus {
        /// To be invoiced on its due date.
        Scheduled = "SCHEDULED",
        /// An invoice asks for it.
        Invoiced = "INVOICED",
        /// Paid.
        Paid = "PAID",
        /// The payment was refused.
        Failed = "FAILED",
        /// Never to be invoiced.
        Cancelled = "CANCELLED",
        /// Due before the rental was brought here: settled in another system, never charged.
        SettledElsewhere = "SETTLED_ELSEWHERE",
    }
}

/// How many months a rental runs: 1 to 120.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ContractLength(u8);

/// A number of months for which nothing is rented.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("A contract runs for 1 to 120 months.")]
pub struct NotAContractLength;

impl ContractLength {
    pub fn try_new(months: i32) -> Result<Self, NotAContractLength> {
        match u8::try_from(months) {
            Ok(months @ 1..=120) => Ok(ContractLength(months)),
            _ => Err(NotAContractLength),
        }
    }

    pub fn months(self) -> u32 {
        u32::from(self.0)
    }
}

impl From<ContractLength> for i32 {
    fn from(length: ContractLength) -> Self {
        i32::from(length.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contract_runs_for_1_to_120_months() {
        for months in [1, 12, 120] {
            assert_eq!(ContractLength::try_new(months).map(i32::from), Ok(months));
        }
        for months in [0, -1, 121, 256 + 12, i32::MAX, i32::MIN] {
            assert!(ContractLength::try_new(months).is_err(), "{months}");
        }
    }
}
