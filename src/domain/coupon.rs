//! Coupons: codes that customers redeem for a discount (`billwerk.md` §6).

use super::choice::choice;
use super::customer::Customer;
use super::discount::Discount;
use super::plan::Plan;
use super::subscription::Subscription;
use super::{Entity, Id, Instant};

/// A code that gives a discount.
#[derive(Clone, Debug)]
pub struct Coupon {
    pub id: Id<Coupon>,
    /// Unique in the tenant; compared without regard to case.
    pub code: String,
    pub name: String,
    pub discount_id: Id<Discount>,
    /// Whether it can be redeemed with every plan.
    pub all_plans: bool,
    /// The codes of the plans that it can be redeemed with, where that is not every one.
    pub eligible_plans: Vec<String>,
    /// How often it can be redeemed; none where that is not limited.
    pub max_redemptions: Option<i32>,
    /// How often it was.
    pub redemptions: i32,
    /// It can be redeemed in `[valid_from, valid_until)`.
    pub valid_from: Option<Instant>,
    pub valid_until: Option<Instant>,
    pub strategy: RedemptionStrategy,
    pub state: CouponState,
    /// Why it has expired; none in any other state.
    pub expire_reason: Option<ExpireReason>,
    pub version: i32,
    pub created_at: Instant,
    pub updated_at: Instant,
}

impl Entity for Coupon {
    const NAME: &'static str = "Coupon";
    const PREFIX: &'static str = "cpn";
}

choice! {
    /// How often one customer can redeem a coupon.
    pub enum RedemptionStrategy {
        /// Once.
        OncePerCustomer = "ONCE_PER_CUSTOMER",
        /// Once with each plan.
        OncePerPlan = "ONCE_PER_PLAN",
        /// Once for each subscription.
        OncePerSubscription = "ONCE_PER_SUBSCRIPTION",
    }
}

choice! {
    /// Whether a coupon can be redeemed.
    pub enum CouponState {
        /// It can be, within its bounds.
        Active = "ACTIVE",
        /// It cannot be any more. What was redeemed goes on.
        Expired = "EXPIRED",
        /// It is archived.
        Deleted = "DELETED",
    }
}

choice! {
    /// Why a coupon has expired.
    pub enum ExpireReason {
        /// Somebody ended it.
        Early = "EARLY",
        /// Its time is over.
        ValidUntil = "VALID_UNTIL",
        /// It was redeemed as often as it can be.
        Max = "MAX",
    }
}

/// One redemption of a coupon.
#[derive(Clone, Debug)]
pub struct CouponRedemption {
    pub id: Id<CouponRedemption>,
    pub coupon_id: Id<Coupon>,
    pub subscription_id: Id<Subscription>,
    pub customer_id: Id<Customer>,
    pub plan_id: Id<Plan>,
    /// What the strategy allows once: unique for each coupon.
    pub once_key: String,
    pub redeemed_at: Instant,
}

impl Entity for CouponRedemption {
    const NAME: &'static str = "CouponRedemption";
    const PREFIX: &'static str = "red";
}

pub fn not_found(code: &str) -> super::Refusal {
    super::Refusal::new(super::ErrorCode::CouponNotFound, format!("{code}"))
}
pub fn already_used(code: &str) -> super::Refusal {
    super::Refusal::new(super::ErrorCode::CouponAlreadyUsed, format!("{code}"))
}
impl Coupon {
    pub fn redeemable(&self, _: &str, _: Instant) -> Result<(), super::Refusal> {
        Ok(())
    }
    pub fn once_key(&self, customer: Id<Customer>, _: &str, _: Id<Subscription>) -> String {
        customer.to_string()
    }
}
