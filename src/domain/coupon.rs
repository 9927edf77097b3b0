//! Coupons: codes that customers redeem for a discount (`billwerk.md` §6).

use super::choice::choice;
use super::customer::Customer;
use super::discount::Discount;
use super::eligible_plans::EligiblePlans;
use super::plan::Plan;
use super::refusal::Mistake;
use super::subscription::Subscription;
use super::{Entity, ErrorCode, Id, Instant, Refusal};

/// A code that gives a discount.
#[derive(Clone, Debug)]
pub struct Coupon {
    pub id: Id<Coupon>,
    /// As it is written; unique in the tenant without regard to case ([`fold`]).
    pub code: String,
    pub name: String,
    /// A discount that is archived goes on being given by its coupons.
    pub discount_id: Id<Discount>,
    /// The plans that it can be redeemed with.
    pub eligible_plans: EligiblePlans,
    /// How often it can be redeemed; none where that is not limited.
    pub max_redemptions: Option<i32>,
    /// How often it was.
    pub redemptions: i32,
    /// It can be redeemed in `[valid_from, valid_until)`, whether its state says that this is over or not.
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

/// What a client changes of a coupon: what is none stays, what is `Some(None)` is cleared.
#[derive(Clone, Default, Debug)]
pub struct CouponChange {
    pub name: Option<String>,
    pub eligible_plans: Option<EligiblePlans>,
    pub max_redemptions: Option<Option<i32>>,
    pub valid_from: Option<Option<Instant>>,
    pub valid_until: Option<Option<Instant>>,
}

/// The most redemptions that a coupon can be limited to.
pub const MOST_REDEMPTIONS: i32 = 1_000_000_000;

/// The form of a code in which two codes are the same: case makes no difference.
pub fn fold(code: &str) -> String {
    code.to_lowercase()
}

/// How often a coupon can be redeemed: 1 to [`MOST_REDEMPTIONS`].
pub fn max_redemptions(times: i32) -> Result<i32, String> {
    let message =
        || format!("A coupon can be redeemed between 1 and {MOST_REDEMPTIONS} times, or as often as you like.");
    (1..=MOST_REDEMPTIONS).contains(&times).then_some(times).ok_or_else(message)
}

/// Whether a coupon can be valid in `[from, until)`: not where that is over or never begins.
pub fn validity(from: Option<Instant>, until: Option<Instant>, now: Instant) -> Result<(), Mistake> {
    match (from, until) {
        (_, Some(until)) if until <= now => Err(Mistake::new("validUntil", "This lies in the past.")),
        (Some(from), Some(until)) if until <= from => {
            Err(Mistake::new("validUntil", "A coupon is valid until later than from when it is."))
        }
        _ => Ok(()),
    }
}

impl Coupon {
    /// Refuses, as if there were no such coupon, where it cannot be redeemed with this plan at this moment
    /// (`billwerk.md` §6). Whether it was redeemed before is asked of [`Coupon::once_key`].
    pub fn redeemable(&self, plan_code: &str, now: Instant) -> Result<(), Refusal> {
        let refused =
            |why: &str| Err(Refusal::new(ErrorCode::CouponNotFound, format!("The coupon {} {why}.", self.code)));
        match (self.state, self.expire_reason) {
            (CouponState::Active, _) => {}
            (CouponState::Expired, Some(ExpireReason::Max)) => return refused("was redeemed as often as it can be"),
            (CouponState::Expired, _) => return refused("has expired"),
            (CouponState::Deleted, _) => return Err(not_found(&self.code)),
        }
        if self.is_exhausted() {
            return refused("was redeemed as often as it can be");
        }
        if self.is_over(now) {
            return refused("has expired");
        }
        if self.valid_from.is_some_and(|from| now < from) {
            return refused("cannot be redeemed yet");
        }
        if !self.eligible_plans.include(plan_code) {
            return refused(&format!("cannot be redeemed with {plan_code}"));
        }
        Ok(())
    }

    /// What the strategy allows once: a redemption with the same key is refused with [`already_used`].
    pub fn once_key(&self, customer: Id<Customer>, plan_code: &str, subscription: Id<Subscription>) -> String {
        match self.strategy {
            RedemptionStrategy::OncePerCustomer => customer.to_string(),
            RedemptionStrategy::OncePerPlan => format!("{customer} {plan_code}"),
            RedemptionStrategy::OncePerSubscription => subscription.to_string(),
        }
    }

    /// The coupon after a change. What has expired or is archived is not changed any more.
    pub fn changed(self, change: CouponChange, now: Instant) -> Result<Self, Refusal> {
        self.active(now)?;
        let changed = Coupon {
            name: change.name.unwrap_or(self.name),
            eligible_plans: change.eligible_plans.unwrap_or(self.eligible_plans),
            max_redemptions: change.max_redemptions.unwrap_or(self.max_redemptions),
            valid_from: change.valid_from.unwrap_or(self.valid_from),
            valid_until: change.valid_until.unwrap_or(self.valid_until),
            ..self
        };
        let invalid =
            |mistake: Mistake| Refusal::new(ErrorCode::ValidationError, mistake.message).at(&[mistake.argument]);
        validity(changed.valid_from, changed.valid_until, now).map_err(invalid)?;
        if changed.max_redemptions.is_some_and(|most| most < changed.redemptions) {
            let message = format!("It was redeemed {} times already.", changed.redemptions);
            return Err(invalid(Mistake::new("maxRedemptions", message)));
        }
        Ok(if changed.is_exhausted() { changed.ended(ExpireReason::Max) } else { changed })
    }

    /// The coupon after its end, which somebody wants now. What was redeemed goes on.
    pub fn expired(self, now: Instant) -> Result<Self, Refusal> {
        if self.state != CouponState::Active {
            return Err(self.not_active());
        }
        let reason = if self.is_over(now) { ExpireReason::ValidUntil } else { ExpireReason::Early };
        Ok(self.ended(reason))
    }

    /// The coupon after it was archived. One that was redeemed stays, and so does one that has expired.
    pub fn archived(self, now: Instant) -> Result<Self, Refusal> {
        if self.redemptions > 0 {
            let message = format!("{} was redeemed: let it expire instead.", self.code);
            return Err(Refusal::new(ErrorCode::CouponInUse, message));
        }
        self.active(now)?;
        Ok(Coupon { state: CouponState::Deleted, ..self })
    }

    fn active(&self, now: Instant) -> Result<(), Refusal> {
        if self.state == CouponState::Active && !self.is_over(now) { Ok(()) } else { Err(self.not_active()) }
    }

    fn not_active(&self) -> Refusal {
        Refusal::new(ErrorCode::CouponNotActive, format!("{} is not active any more.", self.code))
    }

    fn is_over(&self, now: Instant) -> bool {
        self.valid_until.is_some_and(|until| until <= now)
    }

    fn is_exhausted(&self) -> bool {
        self.max_redemptions.is_some_and(|most| most <= self.redemptions)
    }

    fn ended(self, reason: ExpireReason) -> Self {
        Coupon { state: CouponState::Expired, expire_reason: Some(reason), ..self }
    }
}

/// The refusal for a code that no coupon has.
pub fn not_found(code: &str) -> Refusal {
    Refusal::new(ErrorCode::CouponNotFound, format!("There is no coupon with the code {code:?}."))
}

/// The refusal for a coupon whose strategy allows no further redemption.
pub fn already_used(code: &str) -> Refusal {
    Refusal::new(ErrorCode::CouponAlreadyUsed, format!("The coupon {code} was redeemed before."))
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

#[cfg(test)]
mod tests;
