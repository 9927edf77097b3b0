//! Billing groups: subscriptions of one customer that are billed together, on one day of the month.

use super::choice::choice;
use super::customer::Customer;
use super::{Currency, Entity, ErrorCode, Id, Instant, Refusal};

/// Subscriptions of one customer that are billed together.
#[derive(Clone, Debug)]
pub struct BillingGroup {
    pub id: Id<BillingGroup>,
    pub customer_id: Id<Customer>,
    pub name: String,
    pub billing_day: BillingDay,
    pub status: BillingGroupStatus,
    /// The currency of its subscriptions; none before the first one joins.
    pub currency: Option<Currency>,
    pub version: i32,
    pub created_at: Instant,
    pub updated_at: Instant,
}

impl Entity for BillingGroup {
    const NAME: &'static str = "BillingGroup";
    const PREFIX: &'static str = "bgr";
}

choice! {
    /// Whether a billing group takes part in billing.
    pub enum BillingGroupStatus {
        /// Its subscriptions are billed together.
        Active = "ACTIVE",
        /// Its subscriptions are billed one by one, and no new ones join.
        Inactive = "INACTIVE",
    }
}

/// A day that every month has: 1 to 28.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BillingDay(u8);

impl BillingDay {
    pub fn try_new(day: i32) -> Result<Self, Refusal> {
        match u8::try_from(day) {
            Ok(day @ 1..=28) => Ok(BillingDay(day)),
            _ => Err(Refusal::new(
                ErrorCode::InvalidBillingDay,
                "A billing day lies between 1 and 28, so that every month has it.",
            )),
        }
    }

    pub fn number(self) -> u8 {
        self.0
    }
}

impl BillingGroup {
    /// Whether a subscription of `customer` in `currency` may join. A group of somebody else, or an inactive one, is
    /// answered like one that does not exist.
    pub fn admits(&self, customer: Id<Customer>, currency: Currency) -> Result<(), Refusal> {
        if self.customer_id != customer || self.status != BillingGroupStatus::Active {
            return Err(not_found());
        }
        match self.currency {
            Some(own) if own != currency => Err(Refusal::new(
                ErrorCode::CurrencyMismatch,
                format!("This billing group bills in {own}, the subscription is in {currency}."),
            )
            .at(&["billingGroupId"])),
            _ => Ok(()),
        }
    }
}

/// The refusal for a group that a customer does not have.
pub fn not_found() -> Refusal {
    Refusal::new(ErrorCode::BillingGroupNotFound, "The customer has no such active billing group.")
        .at(&["billingGroupId"])
}
