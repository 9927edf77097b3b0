//! A coupon that many redeem at once.

use crate::support::together::together;
use crate::support::{TestApp, both};
use perennial::domain::Id;
use perennial::domain::coupon::{CouponRedemption, CouponState};
use perennial::repository::{Fault, coupon, plan, subscription};
use serde_json::json;
use uuid::Uuid;

/// A redemption of the only coupon, for the only subscription.
fn redemption(app: &TestApp, number: usize, once_key: String) -> CouponRedemption {
    let tenant = app.tenant;
    let read = |conn: &mut _| {
        let subscription = subscription::all(tenant).first(conn)?.unwrap();
        Ok::<_, Fault>(CouponRedemption {
            id: Id::new(Uuid::from_u128(u128::try_from(number).unwrap())),
            coupon_id: coupon::all(tenant).first(conn)?.unwrap().id,
            subscription_id: subscription.id,
            customer_id: subscription.customer_id,
            plan_id: plan::all(tenant).first(conn)?.unwrap().id,
            once_key,
            redeemed_at: subscription.created_at,
        })
    };
    app.app.db.read(read).unwrap()
}

/// How many of 32 that redeem a coupon at once succeed; `key` says what the strategy allows once for each of them.
fn redeemed(app: &TestApp, most: Option<i32>, key: impl Fn(usize) -> String + Sync) -> usize {
    let warehouse = app.warehouse();
    app.fulfil(&warehouse.order, &warehouse.customer, "L1");
    app.plan("gold", "29");
    app.discount("HALF", "50");
    let input = json!({"code": "A", "name": "A", "discount": "HALF", "maxRedemptions": most});
    app.mutate("createCoupon", input, "__typename");
    let redemptions: Vec<_> = (0..32).map(|index| redemption(app, index, key(index))).collect();
    let done = together(32, |index| {
        let redemption = &redemptions[index];
        let db = &app.app.db;
        db.write(|tx| coupon::redeem(tx, app.tenant, redemption, redemption.redeemed_at)).is_ok()
    });
    let succeeded = done.into_iter().filter(|done| *done).count();
    let kept = app.database.number("SELECT count(*) FROM coupon_redemptions");
    assert_eq!(kept, i64::try_from(succeeded).unwrap());
    // These redemptions are of no subscription to a plan, so only the counter is compared: whole ones race elsewhere.
    assert_eq!(app.database.number("SELECT redemptions FROM coupons"), kept);
    succeeded
}

fn state(app: &TestApp) -> CouponState {
    app.app.db.read(|conn| coupon::by_code(app.tenant, "a").first(conn)).unwrap().unwrap().state
}

both! {
    a_coupon_for_one_is_redeemed_by_one(app) {
        assert_eq!(redeemed(app, Some(1), |index| index.to_string()), 1);
        assert_eq!(state(app), CouponState::Expired);
    }

    a_coupon_for_ten_is_redeemed_by_ten(app) {
        assert_eq!(redeemed(app, Some(10), |index| index.to_string()), 10);
        assert_eq!(state(app), CouponState::Expired);
    }

    a_coupon_without_a_maximum_is_redeemed_by_everybody(app) {
        assert_eq!(redeemed(app, None, |index| index.to_string()), 32);
        assert_eq!(state(app), CouponState::Active);
    }

    what_a_strategy_allows_once_is_redeemed_once(app) {
        assert_eq!(redeemed(app, Some(10), |index| (index % 3).to_string()), 3);
        assert_eq!(state(app), CouponState::Active);
    }
}
