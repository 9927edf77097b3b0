//! Coupons and their redemptions.

use super::change::change;
use super::db::{Read, Tx, changed};
use super::list::{List, listed};
use super::query::{Comparison, Condition, Query, Values, stored};
use super::schema::{coupon_redemptions, coupons};
use super::sql_types::{At, Several, instant};
use super::{Bind, Conn, on_backend};
use crate::domain::coupon::{Coupon, CouponRedemption, CouponState, ExpireReason, fold};
use crate::domain::discount::Discount;
use crate::domain::eligible_plans::EligiblePlans;
use crate::domain::tenant::Tenant;
use crate::domain::{Id, Instant};
use diesel::dsl::case_when;
use diesel::prelude::*;

stored!(Coupon, coupons(
    id, code, name, discount_id, eligible_plans, max_redemptions, redemptions, valid_from, valid_until, strategy, state,
    expire_reason, version, created_at, updated_at
) => {
    let (Several(plans), At(created_at), At(updated_at)) = (eligible_plans, created_at, updated_at);
    Coupon {
        id, code, name, discount_id, eligible_plans: EligiblePlans::stored(plans), max_redemptions, redemptions,
        valid_from: instant(valid_from), valid_until: instant(valid_until), strategy, state, expire_reason, version,
        created_at, updated_at,
    }
});

listed!(Coupon: List::new()
    .text(coupons::code).sorted(|coupon: &Coupon| (&coupon.code).into())
    .text(coupons::name).sorted(|coupon| (&coupon.name).into())
    .id::<Discount>(coupons::discount_id)
    .choice::<CouponState>(coupons::state)
    .instant(coupons::valid_until)
    .instant(coupons::created_at).sorted(|coupon| coupon.created_at.into())
    .instant(coupons::updated_at).sorted(|coupon| coupon.updated_at.into()));

stored!(CouponRedemption, coupon_redemptions(
    id, coupon_id, subscription_id, customer_id, plan_id, once_key, redeemed_at
) => {
    let At(redeemed_at) = redeemed_at;
    CouponRedemption { id, coupon_id, subscription_id, customer_id, plan_id, once_key, redeemed_at }
});

pub fn all(tenant: Id<Tenant>) -> Query<Coupon> {
    Query::new(tenant)
}

/// The coupon with this code, in any case.
pub fn by_code(tenant: Id<Tenant>, code: &str) -> Query<Coupon> {
    Query::by_text(tenant, "folded_code", &fold(code))
}

/// The coupons with these codes, in any case; those that are not active, too.
pub fn by_codes(tenant: Id<Tenant>, codes: Vec<String>) -> Query<Coupon> {
    let folded = codes.iter().map(|code| fold(code)).collect();
    Query::new(tenant).filter(Condition::Among("folded_code", Values::Texts(folded)))
}

/// The coupons that give these discounts.
pub fn of_discounts(tenant: Id<Tenant>, discounts: &[Id<Discount>]) -> Query<Coupon> {
    Query::new(tenant).of_each("discount_id", discounts)
}

/// Whether a coupon was redeemed with this key, which its strategy allows once.
pub fn redeemed(conn: &mut Conn, tenant: Id<Tenant>, coupon: Id<Coupon>, once_key: &str) -> Read<bool> {
    let of_coupon = Query::<CouponRedemption>::by_text(tenant, "once_key", once_key).filter(Condition::Is(
        "coupon_id",
        Comparison::Equal,
        Bind::from(coupon),
    ));
    Ok(of_coupon.first(conn)?.is_some())
}

/// The columns that may change, with their values. How often it was redeemed is not among them.
macro_rules! changeable {
    ($coupon:ident) => {
        (
            coupons::name.eq(&$coupon.name),
            coupons::all_plans.eq($coupon.eligible_plans.is_all()),
            coupons::eligible_plans.eq(Several($coupon.eligible_plans.codes().to_vec())),
            coupons::max_redemptions.eq($coupon.max_redemptions),
            coupons::valid_from.eq($coupon.valid_from.map(At)),
            coupons::valid_until.eq($coupon.valid_until.map(At)),
            coupons::state.eq($coupon.state),
            coupons::expire_reason.eq($coupon.expire_reason),
            coupons::version.eq($coupon.version),
            coupons::updated_at.eq(At($coupon.updated_at)),
        )
    };
}

pub fn insert(tx: &mut Tx<'_>, tenant: Id<Tenant>, coupon: &Coupon) -> Read<()> {
    on_backend!(tx, |conn| diesel::insert_into(coupons::table)
        .values((
            coupons::tenant_id.eq(tenant),
            coupons::id.eq(coupon.id),
            coupons::code.eq(&coupon.code),
            coupons::folded_code.eq(fold(&coupon.code)),
            coupons::discount_id.eq(coupon.discount_id),
            coupons::redemptions.eq(coupon.redemptions),
            coupons::strategy.eq(coupon.strategy),
            coupons::created_at.eq(At(coupon.created_at)),
            changeable!(coupon),
        ))
        .execute(conn))?;
    Ok(())
}

/// Stores a changed coupon over the version before it. A redemption makes a version, too, so that what was decided by the
/// number of redemptions still holds.
pub fn update(tx: &mut Tx<'_>, tenant: Id<Tenant>, coupon: &Coupon) -> Read<()> {
    let rows = on_backend!(tx, |conn| change(coupons::table)
        .filter(coupons::tenant_id.eq(tenant))
        .filter(coupons::id.eq(coupon.id))
        .filter(coupons::version.eq(coupon.version - 1))
        .set(changeable!(coupon))
        .execute(conn))?;
    changed(rows, 1)
}

/// Counts a redemption and keeps it. The last one that is possible ends the coupon. Whoever comes too late, or redeems
/// what the strategy allows once for a second time, has lost a race.
pub fn redeem(tx: &mut Tx<'_>, tenant: Id<Tenant>, redemption: &CouponRedemption, now: Instant) -> Read<()> {
    let rows = on_backend!(tx, |conn| change(coupons::table)
        .filter(coupons::tenant_id.eq(tenant))
        .filter(coupons::id.eq(redemption.coupon_id))
        .filter(coupons::state.eq(CouponState::Active))
        .filter(coupons::max_redemptions.is_null().or(coupons::max_redemptions.gt(coupons::redemptions.nullable())))
        .set((
            coupons::redemptions.eq(coupons::redemptions + 1),
            coupons::state.eq(case_when(
                coupons::max_redemptions.eq((coupons::redemptions + 1).nullable()),
                CouponState::Expired.into_sql::<diesel::sql_types::Text>(),
            )
            .otherwise(coupons::state)),
            coupons::expire_reason.eq(case_when(
                coupons::max_redemptions.eq((coupons::redemptions + 1).nullable()),
                ExpireReason::Max.into_sql::<diesel::sql_types::Nullable<diesel::sql_types::Text>>(),
            )
            .otherwise(coupons::expire_reason)),
            coupons::version.eq(coupons::version + 1),
            coupons::updated_at.eq(At(now)),
        ))
        .execute(conn))?;
    changed(rows, 1)?;
    on_backend!(tx, |conn| diesel::insert_into(coupon_redemptions::table)
        .values((
            coupon_redemptions::tenant_id.eq(tenant),
            coupon_redemptions::id.eq(redemption.id),
            coupon_redemptions::coupon_id.eq(redemption.coupon_id),
            coupon_redemptions::subscription_id.eq(redemption.subscription_id),
            coupon_redemptions::customer_id.eq(redemption.customer_id),
            coupon_redemptions::plan_id.eq(redemption.plan_id),
            coupon_redemptions::once_key.eq(&redemption.once_key),
            coupon_redemptions::redeemed_at.eq(At(redemption.redeemed_at)),
        ))
        .execute(conn))?;
    Ok(())
}
