//! Payment methods and one-time tokens: what a customer can be charged by (`billwerk.md` §2.1, §7).

use super::choice::choice;
use super::customer::Customer;
use super::{Entity, Id, Instant};

/// A stored way to charge a customer.
#[derive(Clone, Debug)]
pub struct PaymentMethod {
    pub id: Id<PaymentMethod>,
    pub customer_id: Id<Customer>,
    pub state: PaymentMethodState,
    /// What the gateway knows it by. Never shown.
    pub gateway_reference: String,
    /// What a person knows it by, such as "Visa 4242".
    pub label: String,
    pub version: i32,
    pub created_at: Instant,
    pub updated_at: Instant,
}

impl Entity for PaymentMethod {
    const NAME: &'static str = "PaymentMethod";
    const PREFIX: &'static str = "ca";
}

choice! {
    /// Whether a payment method can be charged.
    pub enum PaymentMethodState {
        /// It can be.
        Active = "ACTIVE",
        /// It was taken out of use.
        Inactive = "INACTIVE",
        /// The gateway refuses it for good.
        Failed = "FAILED",
    }
}

/// A token for one use: what a checkout page gets from the gateway for a card.
#[derive(Clone, Debug)]
pub struct PaymentToken {
    pub id: Id<PaymentToken>,
    /// The only customer that it is for; none where it was made before the customer.
    pub customer_id: Option<Id<Customer>>,
    pub gateway_reference: String,
    pub label: String,
    pub expires_at: Instant,
    /// When a subscription was created with it.
    pub used_at: Option<Instant>,
    /// Until when a request that is being processed holds it.
    pub reserved_until: Option<Instant>,
    pub created_at: Instant,
}

impl Entity for PaymentToken {
    const NAME: &'static str = "PaymentToken";
    const PREFIX: &'static str = "ct";
}

pub enum Source {
    Method(Id<PaymentMethod>),
    Token(Id<PaymentToken>),
}
impl Source {
    pub fn parse(_: &str) -> Result<Source, super::Refusal> {
        Err(PaymentMethod::not_found())
    }
}
impl PaymentMethod {
    pub fn not_found() -> super::Refusal {
        super::Refusal::new(super::ErrorCode::PaymentMethodNotFound, "none")
    }
    pub fn chargeable_for(&self, _: Id<Customer>) -> Result<(), super::Refusal> {
        Ok(())
    }
}
impl PaymentToken {
    pub fn invalid() -> super::Refusal {
        super::Refusal::new(super::ErrorCode::InvalidToken, "none")
    }
    pub fn usable_by(&self, _: Option<Id<Customer>>, _: Instant) -> Result<(), super::Refusal> {
        Ok(())
    }
}
