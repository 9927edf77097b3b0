use super::*;
use uuid::Uuid;

fn at(text: &str) -> Instant {
    text.parse().unwrap()
}

/// A coupon without bounds.
fn coupon() -> Coupon {
    let now = at("2025-01-01T00:00:00Z");
    Coupon {
        id: Id::new(Uuid::from_u128(1)),
        code: "Welcome".to_owned(),
        name: "Welcome".to_owned(),
        discount_id: Id::new(Uuid::from_u128(2)),
        eligible_plans: EligiblePlans::All,
        max_redemptions: None,
        redemptions: 0,
        valid_from: None,
        valid_until: None,
        strategy: RedemptionStrategy::OncePerCustomer,
        state: CouponState::Active,
        expire_reason: None,
        version: 1,
        created_at: now,
        updated_at: now,
    }
}

fn expired(reason: ExpireReason) -> Coupon {
    Coupon { state: CouponState::Expired, expire_reason: Some(reason), ..coupon() }
}

const NOW: &str = "2025-06-15T10:00:00Z";

/// The code of a refusal and the argument that it blames.
fn refused(result: Result<Coupon, Refusal>) -> (ErrorCode, Option<String>) {
    let refusal = result.unwrap_err();
    (refusal.code, refusal.field.map(|field| field.join(".")))
}

#[test]
fn a_coupon_is_redeemed_within_its_bounds() {
    let now = at(NOW);
    let before = Some(at("2025-06-15T09:59:59Z"));
    let after = Some(at("2025-06-15T10:00:01Z"));
    let pro = EligiblePlans::Only(vec!["pro".to_owned()]);
    for (coupon, redeemable) in [
        (coupon(), true),
        (Coupon { valid_from: before, valid_until: after, ..coupon() }, true),
        (Coupon { valid_from: Some(now), ..coupon() }, true),
        (Coupon { valid_until: Some(now), ..coupon() }, false),
        (Coupon { valid_from: after, ..coupon() }, false),
        (Coupon { valid_until: before, ..coupon() }, false),
        (Coupon { max_redemptions: Some(2), redemptions: 1, ..coupon() }, true),
        (Coupon { max_redemptions: Some(2), redemptions: 2, ..coupon() }, false),
        (expired(ExpireReason::Early), false),
        (expired(ExpireReason::Max), false),
        (Coupon { state: CouponState::Deleted, ..coupon() }, false),
        (Coupon { eligible_plans: pro.clone(), ..coupon() }, false),
    ] {
        let found = coupon.redeemable("basic", now).map_err(|refusal| (refusal.code, refusal.code.number()));
        let expected = if redeemable { Ok(()) } else { Err((ErrorCode::CouponNotFound, Some(86))) };
        assert_eq!(found, expected, "{coupon:?}");
    }
    assert_eq!(Coupon { eligible_plans: pro, ..coupon() }.redeemable("pro", now), Ok(()));
}

#[test]
fn a_strategy_says_what_is_allowed_once() {
    let [jane, joe] = [1, 2].map(|n| Id::new(Uuid::from_u128(n)));
    let [first, second] = [3, 4].map(|n| Id::new(Uuid::from_u128(n)));
    let tries = [
        (jane, "basic", first),
        (jane, "basic", second),
        (jane, "pro", second),
        (joe, "basic", second),
        (joe, "pro", first),
    ];
    for (strategy, distinct) in [
        (RedemptionStrategy::OncePerCustomer, [0, 0, 0, 3, 3]),
        (RedemptionStrategy::OncePerPlan, [0, 0, 2, 3, 4]),
        (RedemptionStrategy::OncePerSubscription, [0, 1, 1, 1, 0]),
    ] {
        let coupon = Coupon { strategy, ..coupon() };
        let keys = tries.map(|(customer, plan, subscription)| coupon.once_key(customer, plan, subscription));
        let first_with = keys.each_ref().map(|key| keys.iter().position(|known| known == key).unwrap());
        assert_eq!(first_with, distinct, "{strategy:?}: {keys:?}");
    }
    assert_eq!(already_used("A").code.number(), Some(87));
}

#[test]
fn a_code_is_the_same_in_any_case() {
    assert_eq!(fold("Grüße-2025"), fold("GRÜßE-2025"));
    assert_ne!(fold("A"), fold("B"));
}

#[test]
fn a_validity_lies_in_the_future_and_has_an_end_after_its_start() {
    let now = at(NOW);
    let [past, soon, later] = ["2025-06-01T00:00:00Z", "2025-07-01T00:00:00Z", "2025-08-01T00:00:00Z"].map(at);
    for (from, until) in
        [(None, None), (Some(past), None), (Some(past), Some(soon)), (Some(soon), Some(later)), (None, Some(soon))]
    {
        assert_eq!(validity(from, until, now), Ok(()));
    }
    for (from, until) in [(None, past), (None, now), (Some(soon), soon), (Some(later), soon)] {
        assert_eq!(validity(from, Some(until), now).unwrap_err().argument, "validUntil");
    }
}

#[test]
fn a_change_keeps_to_what_was_redeemed() {
    let now = at(NOW);
    let used = || Coupon { redemptions: 3, max_redemptions: Some(5), ..coupon() };
    let most = |most| CouponChange { max_redemptions: Some(most), ..CouponChange::default() };
    assert_eq!(used().changed(most(Some(4)), now).unwrap().state, CouponState::Active);
    assert_eq!(used().changed(most(None), now).unwrap().max_redemptions, None);
    let exhausted = used().changed(most(Some(3)), now).unwrap();
    assert_eq!((exhausted.state, exhausted.expire_reason), (CouponState::Expired, Some(ExpireReason::Max)));
    let at_most = |path: &str| (ErrorCode::ValidationError, Some(format!("input.{path}")));
    assert_eq!(refused(used().changed(most(Some(2)), now)), at_most("maxRedemptions"));
    let past = CouponChange { valid_until: Some(Some(now)), ..CouponChange::default() };
    assert_eq!(refused(used().changed(past, now)), at_most("validUntil"));
    let same = used().changed(CouponChange::default(), now).unwrap();
    assert_eq!((same.redemptions, same.max_redemptions, same.name.as_str()), (3, Some(5), "Welcome"));
}

#[test]
fn what_is_not_active_any_more_stays_as_it_is() {
    let now = at(NOW);
    let over = || Coupon { valid_until: Some(now), ..coupon() };
    let deleted = || Coupon { state: CouponState::Deleted, ..coupon() };
    let not_active = (ErrorCode::CouponNotActive, None);
    for coupon in [expired(ExpireReason::Early), deleted(), over()] {
        assert_eq!(refused(coupon.clone().changed(CouponChange::default(), now)), not_active, "{coupon:?}");
        assert_eq!(refused(coupon.clone().archived(now)), not_active, "{coupon:?}");
    }
    assert_eq!(refused(expired(ExpireReason::Early).expired(now)), not_active);
    assert_eq!(refused(deleted().expired(now)), not_active);
    let used = Coupon { redemptions: 1, ..expired(ExpireReason::Early) };
    assert_eq!(refused(used.archived(now)), (ErrorCode::CouponInUse, None));
    assert_eq!(coupon().archived(now).unwrap().state, CouponState::Deleted);
    assert_eq!(coupon().expired(now).unwrap().expire_reason, Some(ExpireReason::Early));
    assert_eq!(over().expired(now).unwrap().expire_reason, Some(ExpireReason::ValidUntil));
}
