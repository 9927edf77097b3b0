//! What the database itself refuses of features, add-ons, discounts and coupons, that amounts come back to the last
//! digit, and how a coupon is redeemed.

use super::refusals::{Why, allows, copy, new_id, refuses};
use crate::support::{TestApp, both};
use Why::{Check, Foreign, Unique};
use perennial::domain::coupon::{CouponRedemption, CouponState, ExpireReason};
use perennial::domain::{Id, Instant};
use perennial::repository::{Fault, coupon, plan, subscription};
use serde_json::json;
use uuid::Uuid;

/// One of everything, with all that it can have, beside a plan and a subscription of a rental.
fn catalogue(app: &TestApp) {
    let warehouse = app.warehouse();
    app.fulfil(&warehouse.order, &warehouse.customer, "L1");
    let plan = app.plan("gold", "29");
    for (code, feature_type) in [("sso", "BOOLEAN"), ("seats", "METERED"), ("support", "STATIC")] {
        app.feature(code, feature_type);
    }
    let entitlements = json!([
        {"feature": "sso"}, {"feature": "seats", "usageLimit": 5, "softLimit": true, "resetPeriod": "MONTH"},
        {"feature": "support", "staticValue": "phone"},
    ]);
    app.mutate("setPlanEntitlements", json!({"planId": plan, "entitlements": entitlements}), "__typename");
    let add_on = json!({
        "code": "storage", "name": "S", "addOnType": "QUANTITY", "unitAmount": "0.000000000001", "taxRate": "0.25",
        "amountIncludesTax": true, "eligiblePlans": ["gold"], "entitlements": entitlements,
    });
    app.mutate("createAddOn", add_on, "__typename");
    app.discount("HALF", "33.333333");
    let fixed = json!({
        "code": "FIVE", "name": "F", "amount": "5", "fixedCount": 1, "fixedPeriod": 1, "fixedPeriodUnit": "DAYS",
    });
    app.mutate("createDiscount", fixed, "__typename");
    let coupon = json!({
        "code": "Welcome", "name": "W", "discount": "HALF", "maxRedemptions": 2, "eligiblePlans": ["gold"],
        "validFrom": "2025-02-01T00:00:00Z", "validUntil": "2025-03-01T00:00:00Z",
    });
    app.mutate("createCoupon", coupon, "__typename");
}

/// A redemption of the coupon for the rental.
fn redemption(app: &TestApp, number: u128, once_key: &str) -> CouponRedemption {
    let tenant = app.tenant;
    let read = |conn: &mut _| {
        let subscription = subscription::all(tenant).first(conn)?.unwrap();
        Ok::<_, Fault>(CouponRedemption {
            id: Id::new(Uuid::from_u128(number)),
            coupon_id: coupon::all(tenant).first(conn)?.unwrap().id,
            subscription_id: subscription.id,
            customer_id: subscription.customer_id,
            plan_id: plan::all(tenant).first(conn)?.unwrap().id,
            once_key: once_key.to_owned(),
            redeemed_at: now(),
        })
    };
    app.app.db.read(read).unwrap()
}

fn now() -> Instant {
    "2025-02-10T00:00:00Z".parse().unwrap()
}

both! {
    features_and_entitlements_make_sense_by_themselves(app) {
        catalogue(app);
        for (why, statement) in [
            (Check("code"), "UPDATE features SET code = ''"),
            (Check("name"), "UPDATE features SET name = ''"),
            (Check("feature_type"), "UPDATE features SET feature_type = 'MAGIC'"),
            (Check("state"), "UPDATE features SET state = 'GONE'"),
            (Check("usage_limit"), "UPDATE entitlements SET usage_limit = -1 WHERE feature_type = 'METERED'"),
            (Check("reset_period"), "UPDATE entitlements SET reset_period = 'DECADE' WHERE feature_type = 'METERED'"),
            (Check("static_value"), "UPDATE entitlements SET static_value = '' WHERE feature_type = 'STATIC'"),
            (Check("only_what_is_measured"), "UPDATE entitlements SET usage_limit = 1 WHERE feature_type = 'BOOLEAN'"),
            (
                Check("only_what_is_measured"),
                "UPDATE entitlements SET reset_period = 'DAY' WHERE feature_type = 'STATIC'",
            ),
            (Check("a_soft_limit_is_a_limit"), "UPDATE entitlements SET usage_limit = NULL WHERE feature_type = 'METERED'"),
            (Check("what_is_static"), "UPDATE entitlements SET static_value = 'x' WHERE feature_type = 'METERED'"),
            (Check("what_is_static"), "UPDATE entitlements SET static_value = NULL WHERE feature_type = 'STATIC'"),
            (Check("one_owner"), "UPDATE entitlements SET plan_id = NULL WHERE plan_id IS NOT NULL"),
            (
                Check("one_owner"),
                "UPDATE entitlements SET subscription_id = (SELECT id FROM subscriptions) WHERE add_on_id IS NOT NULL",
            ),
            (Foreign, "UPDATE entitlements SET feature_type = 'METERED' WHERE feature_type = 'BOOLEAN'"),
            (Foreign, "UPDATE features SET feature_type = 'BOOLEAN' WHERE feature_type = 'METERED'"),
        ] {
            refuses(app, why, statement);
        }
        for (owner, own) in [("plan_id", "plans"), ("add_on_id", "add_ons")] {
            let of = format!("{owner} IS NOT NULL AND feature_type = 'BOOLEAN'");
            refuses(app, Unique, &copy(app, "entitlements", &of, &[("id", new_id(app, 1))]));
            refuses(app, Foreign, &format!("DELETE FROM {own} WHERE id = (SELECT {owner} FROM entitlements WHERE {of})"));
        }
        let of_subscription = [
            ("id", new_id(app, 2)),
            ("plan_id", "NULL".to_owned()),
            ("subscription_id", "(SELECT id FROM subscriptions)".to_owned()),
        ];
        let of = "plan_id IS NOT NULL AND feature_type = 'METERED'";
        allows(app, &copy(app, "entitlements", of, &of_subscription));
        let again = [&of_subscription[1..], &[("id", new_id(app, 3))]].concat();
        refuses(app, Unique, &copy(app, "entitlements", of, &again));
    }

    add_ons_make_sense_by_themselves(app) {
        catalogue(app);
        for (why, change) in [
            (Check("code"), "code = ''"),
            (Check("name"), "name = ''"),
            (Check("add_on_type"), "add_on_type = 'SOMETIMES'"),
            (Check("currency"), "currency = 'EURO'"),
            (Check("unit_amount"), "unit_amount = '-1'"),
            (Check("tax_rate"), "tax_rate = '1.01'"),
            (Check("tax_rate"), "tax_rate = '-0.01'"),
            (Check("state"), "state = 'GONE'"),
            (Check("all_plans_or_those_that_are_named"), "all_plans = TRUE"),
            (Check("all_plans_or_those_that_are_named"), "eligible_plans = '[]'"),
        ] {
            refuses(app, why, &format!("UPDATE add_ons SET {change}"));
        }
        refuses(app, Unique, &copy(app, "add_ons", "1 = 1", &[("id", new_id(app, 1))]));
        let found = app.data(r#"{ addOnByCode(code: "storage") { unitAmount taxRate } }"#);
        assert_eq!(found["addOnByCode"], json!({"unitAmount": "0.000000000001", "taxRate": "0.25"}));
    }

    discounts_make_sense_by_themselves(app) {
        catalogue(app);
        for (why, change, of) in [
            (Check("code"), "code = ''", "HALF"),
            (Check("name"), "name = ''", "HALF"),
            (Check("state"), "state = 'GONE'", "HALF"),
            (Check("percentage"), "percentage = '0'", "HALF"),
            (Check("percentage"), "percentage = '100.000001'", "HALF"),
            (Check("amount"), "amount = 0", "FIVE"),
            (Check("currency"), "currency = 'EURO'", "FIVE"),
            (Check("applies_to"), "applies_to = '[]'", "HALF"),
            (Check("fixed_count"), "fixed_count = 0", "FIVE"),
            (Check("fixed_period"), "fixed_period = 0", "FIVE"),
            (Check("fixed_period_unit"), "fixed_period_unit = 'YEARS'", "FIVE"),
            (Check("a_percentage_or_an_amount"), "percentage = NULL", "HALF"),
            (Check("a_percentage_or_an_amount"), "percentage = '1'", "FIVE"),
            (Check("an_amount_has_a_currency"), "currency = NULL", "FIVE"),
            (Check("an_amount_has_a_currency"), "currency = 'EUR'", "HALF"),
            (Check("a_period_has_a_unit"), "fixed_period_unit = NULL", "FIVE"),
            (Check("a_period_has_a_unit"), "fixed_period = NULL", "FIVE"),
        ] {
            refuses(app, why, &format!("UPDATE discounts SET {change} WHERE code = '{of}'"));
        }
        refuses(app, Unique, &copy(app, "discounts", "code = 'HALF'", &[("id", new_id(app, 1))]));
        refuses(app, Foreign, "DELETE FROM discounts WHERE code = 'HALF'");
        let found = app.data(r#"{ discountByCode(code: "HALF") { percentage } }"#);
        assert_eq!(found["discountByCode"]["percentage"], "33.333333");
    }

    coupons_make_sense_by_themselves(app) {
        catalogue(app);
        for (why, change) in [
            (Check("code"), "code = ''"),
            (Check("folded_code"), "folded_code = 'Welcome'"),
            (Check("name"), "name = ''"),
            (Check("strategy"), "strategy = 'NEVER'"),
            (Check("state"), "state = 'GONE'"),
            (Check("max_redemptions"), "max_redemptions = 0, state = 'EXPIRED', expire_reason = 'EARLY'"),
            (Check("redemptions"), "redemptions = -1"),
            (Check("an_active_coupon_can_be_redeemed"), "redemptions = 2"),
            (Check("no_more_than_the_maximum"), "redemptions = 3, state = 'EXPIRED', expire_reason = 'MAX'"),
            (Check("what_has_expired_has_a_reason"), "state = 'EXPIRED'"),
            (Check("what_has_expired_has_a_reason"), "expire_reason = 'EARLY'"),
            (Check("expire_reason"), "state = 'EXPIRED', expire_reason = 'BOREDOM'"),
            (Check("what_was_redeemed_stays"), "state = 'DELETED', redemptions = 1"),
            (Check("a_validity_is_half_open"), "valid_from = valid_until"),
            (Check("all_plans_or_those_that_are_named"), "all_plans = TRUE"),
            (Check("all_plans_or_those_that_are_named"), "eligible_plans = '[]'"),
        ] {
            refuses(app, why, &format!("UPDATE coupons SET {change}"));
        }
        let another = [("id", new_id(app, 1)), ("code", "'WELCOME'".to_owned())];
        refuses(app, Unique, &copy(app, "coupons", "1 = 1", &another));
        allows(app, "UPDATE coupons SET redemptions = 2, state = 'EXPIRED', expire_reason = 'MAX'");
    }

    a_redemption_is_counted_once_and_the_last_one_ends_the_coupon(app) {
        catalogue(app);
        let (tenant, db) = (app.tenant, &app.app.db);
        let redeem = |redemption: &CouponRedemption| db.write(|tx| coupon::redeem(tx, tenant, redemption, now()));
        let found = || db.read(|conn| coupon::by_code(tenant, "WELCOME").first(conn)).unwrap().unwrap();
        let is_redeemed = |key: &str| db.read(|conn| coupon::redeemed(conn, tenant, found().id, key)).unwrap();
        assert!(!is_redeemed("jane"));
        redeem(&redemption(app, 1, "jane")).unwrap();
        assert!(is_redeemed("jane") && !is_redeemed("joe"));
        let once = found();
        assert_eq!((once.redemptions, once.state, once.expire_reason, once.version), (1, CouponState::Active, None, 2));
        assert_eq!(once.updated_at, now());
        let before = app.database.dump();
        assert!(matches!(redeem(&redemption(app, 2, "jane")), Err(Fault::LostRace)), "the strategy allows it once");
        app.database.assert_unchanged(&before);
        redeem(&redemption(app, 3, "joe")).unwrap();
        let twice = found();
        let expected = (2, CouponState::Expired, Some(ExpireReason::Max), 3);
        assert_eq!((twice.redemptions, twice.state, twice.expire_reason, twice.version), expected);
        let before = app.database.dump();
        assert!(matches!(redeem(&redemption(app, 4, "jim")), Err(Fault::LostRace)), "it is exhausted");
        app.database.assert_unchanged(&before);
    }

    a_redemption_names_what_exists(app) {
        catalogue(app);
        let (tenant, db) = (app.tenant, &app.app.db);
        let redemption = redemption(app, 1, "jane");
        db.write(|tx| coupon::redeem(tx, tenant, &redemption, now())).unwrap();
        for column in ["coupon_id", "subscription_id", "customer_id", "plan_id"] {
            refuses(app, Foreign, &format!("UPDATE coupon_redemptions SET {column} = {}", new_id(app, 1)));
        }
        refuses(app, Check("once_key"), "UPDATE coupon_redemptions SET once_key = ''");
        refuses(app, Unique, &copy(app, "coupon_redemptions", "1 = 1", &[("id", new_id(app, 2))]));
        // A coupon that is not limited goes on.
        allows(app, "UPDATE coupons SET max_redemptions = NULL");
        let next = CouponRedemption { id: Id::new(Uuid::from_u128(2)), once_key: "joe".to_owned(), ..redemption };
        db.write(|tx| coupon::redeem(tx, tenant, &next, now())).unwrap();
        assert_eq!(app.database.number("SELECT redemptions FROM coupons WHERE state = 'ACTIVE'"), 2);
        allows(app, "UPDATE coupons SET state = 'EXPIRED', expire_reason = 'EARLY'");
        let late = CouponRedemption { id: Id::new(Uuid::from_u128(3)), once_key: "jim".to_owned(), ..next };
        let redeemed = db.write(|tx| coupon::redeem(tx, tenant, &late, now()));
        assert!(matches!(redeemed, Err(Fault::LostRace)));
    }
}
