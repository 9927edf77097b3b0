//! Coupons.

use super::eligible_plans;
use super::mutation::{Answer, Call, Stop, Work, expect_version};
use crate::domain::coupon::{Coupon, CouponChange, CouponState, RedemptionStrategy, validity};
use crate::domain::discount::{self, Discount};
use crate::domain::eligible_plans::EligiblePlans;
use crate::domain::event::EventType;
use crate::domain::{ErrorCode, Id, Instant, Refusal};
use crate::repository::{self, Fault, Query, coupon};
use serde::{Deserialize, Serialize};

/// What a client says of a new coupon.
#[derive(Clone, Debug)]
pub struct CreateCoupon {
    pub code: String,
    pub name: String,
    /// The discount's code.
    pub discount: String,
    pub eligible_plans: EligiblePlans,
    pub max_redemptions: Option<i32>,
    pub valid_from: Option<Instant>,
    pub valid_until: Option<Instant>,
    pub strategy: RedemptionStrategy,
}

/// What a client changes of a coupon that is active.
#[derive(Clone, Debug)]
pub struct UpdateCoupon {
    pub coupon_id: Id<Coupon>,
    pub expected_version: Option<i32>,
    pub change: CouponChange,
}

/// The coupon that was created, changed or archived, or that has expired.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct CouponChanged {
    pub coupon: Id<Coupon>,
}

pub fn create_coupon(call: &Call<'_>, new: &CreateCoupon) -> Result<Answer<CouponChanged>, Fault> {
    call.run(|work| {
        let tenant = work.tenant;
        validity(new.valid_from, new.valid_until, work.now)
            .map_err(|mistake| Refusal::new(ErrorCode::ValidationError, mistake.message).at(&[mistake.argument]))?;
        let given = given(work, &new.discount)?;
        eligible_plans::check(work, &new.eligible_plans)?;
        if coupon::by_code(tenant, &new.code).first(work.conn())?.is_some() {
            let message = format!("There is a coupon with the code {:?} already, in whichever case.", new.code);
            return Err(Refusal::new(ErrorCode::DuplicateCouponCode, message).at(&["code"]).into());
        }
        let made = Coupon {
            id: work.id(),
            code: new.code.clone(),
            name: new.name.clone(),
            discount_id: given.id,
            eligible_plans: new.eligible_plans.clone(),
            max_redemptions: new.max_redemptions,
            redemptions: 0,
            valid_from: new.valid_from,
            valid_until: new.valid_until,
            strategy: new.strategy,
            state: CouponState::Active,
            expire_reason: None,
            version: 1,
            created_at: work.now,
            updated_at: work.now,
        };
        coupon::insert(work.tx, tenant, &made)?;
        work.event(EventType::CouponCreated, made.id, serde_json::json!({"code": made.code}));
        Ok(CouponChanged { coupon: made.id })
    })
}

pub fn update_coupon(call: &Call<'_>, update: &UpdateCoupon) -> Result<Answer<CouponChanged>, Fault> {
    call.run(|work| {
        let found = existing(work, update.coupon_id, update.expected_version)?;
        let changed = found.changed(update.change.clone(), work.now)?;
        if let Some(plans) = &update.change.eligible_plans {
            eligible_plans::check(work, plans)?;
        }
        store(work, changed, EventType::CouponUpdated)
    })
}

/// Ends a coupon. What was redeemed goes on.
pub fn expire_coupon(
    call: &Call<'_>,
    id: Id<Coupon>,
    expected_version: Option<i32>,
) -> Result<Answer<CouponChanged>, Fault> {
    call.run(|work| {
        let expired = existing(work, id, expected_version)?.expired(work.now)?;
        store(work, expired, EventType::CouponUpdated)
    })
}

pub fn archive_coupon(
    call: &Call<'_>,
    id: Id<Coupon>,
    expected_version: Option<i32>,
) -> Result<Answer<CouponChanged>, Fault> {
    call.run(|work| {
        let archived = existing(work, id, expected_version)?.archived(work.now)?;
        store(work, archived, EventType::CouponArchived)
    })
}

/// The discount that a new coupon gives.
fn given(work: &mut Work<'_, '_>, code: &str) -> Result<Discount, Stop> {
    let tenant = work.tenant;
    let found = repository::discount::by_code(tenant, code).first(work.conn())?;
    let given = found.ok_or_else(|| discount::not_found().at(&["discount"]))?;
    given.offered().map_err(|refusal| refusal.at(&["discount"]))?;
    Ok(given)
}

fn existing(work: &mut Work<'_, '_>, id: Id<Coupon>, expected_version: Option<i32>) -> Result<Coupon, Stop> {
    let missing = || Refusal::new(ErrorCode::CouponNotFound, "There is no such coupon.").at(&["couponId"]);
    let found = Query::by_id(work.tenant, id).hold(work.tx)?.ok_or_else(missing)?;
    expect_version(expected_version, found.version, &CouponChanged { coupon: id })?;
    Ok(found)
}

fn store(work: &mut Work<'_, '_>, mut coupon: Coupon, event: EventType) -> Result<CouponChanged, Stop> {
    coupon.version += 1;
    coupon.updated_at = work.now;
    coupon::update(work.tx, work.tenant, &coupon)?;
    work.event(event, coupon.id, serde_json::json!({"code": coupon.code}));
    Ok(CouponChanged { coupon: coupon.id })
}
