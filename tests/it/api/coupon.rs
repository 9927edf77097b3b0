//! Coupons: codes for a discount.

use super::{conflicts, refuses_at, with};
use crate::support::builders::text;
use crate::support::{TestApp, both};
use serde_json::{Value, json};

const WHOLE: &str = "coupon {
    __typename id code name discount { code } allPlans eligiblePlans maxRedemptions redemptions validFrom validUntil
    redemptionStrategy state expireReason version createdAt updatedAt
}";

fn create(app: &TestApp, input: Value) -> Value {
    app.mutate("createCoupon", input, WHOLE)["coupon"].take()
}

/// A coupon for the discount HALF, which is made where it is not there.
fn coupon(app: &TestApp, code: &str) -> Value {
    app.attempt("createDiscount", json!({"code": "HALF", "name": "Half", "percentage": 50}), "__typename");
    json!({"code": code, "name": "The coupon", "discount": "HALF"})
}

fn id(app: &TestApp, code: &str) -> String {
    text(&create(app, coupon(app, code))["id"])
}

both! {
    a_coupon_is_created_and_read_back(app) {
        for plan in ["basic", "pro"] {
            app.plan(plan, "10.00");
        }
        let made = create(app, with(coupon(app, " Welcome "), json!({
            "eligiblePlans": ["pro", " basic", "pro"], "maxRedemptions": 7, "validFrom": "2025-02-01T01:00:00+01:00",
            "validUntil": "2025-03-01T00:00:00Z", "redemptionStrategy": "ONCE_PER_PLAN",
        })));
        let expected = json!({
            "__typename": "Coupon", "id": made["id"], "code": "Welcome", "name": "The coupon",
            "discount": {"code": "HALF"}, "allPlans": false, "eligiblePlans": ["pro", "basic"], "maxRedemptions": 7,
            "redemptions": 0, "validFrom": "2025-02-01T00:00:00Z", "validUntil": "2025-03-01T00:00:00Z",
            "redemptionStrategy": "ONCE_PER_PLAN", "state": "ACTIVE", "expireReason": null, "version": 1,
            "createdAt": "2025-01-31T12:00:00Z", "updatedAt": "2025-01-31T12:00:00Z",
        });
        assert_eq!(made, expected);
        let least = create(app, coupon(app, "LEAST"));
        let expected = json!({
            "__typename": "Coupon", "id": least["id"], "code": "LEAST", "name": "The coupon",
            "discount": {"code": "HALF"}, "allPlans": true, "eligiblePlans": [], "maxRedemptions": null,
            "redemptions": 0, "validFrom": null, "validUntil": null, "redemptionStrategy": "ONCE_PER_CUSTOMER",
            "state": "ACTIVE", "expireReason": null, "version": 1, "createdAt": "2025-01-31T12:00:00Z",
            "updatedAt": "2025-01-31T12:00:00Z",
        });
        assert_eq!(least, expected);
        let found = app.data(&format!(
            r#"{{ coupon(id: {}) {{ code }}
                  discountByCode(code: "HALF") {{ coupons(orderBy: [{{field: CODE}}]) {{ nodes {{ code }} totalCount }} }}
                  coupons(orderBy: [{{field: NAME}}, {{field: CODE, direction: DESC}}]) {{ nodes {{ code }} }} }}"#,
            made["id"]
        ));
        assert_eq!(found, json!({
            "coupon": {"code": "Welcome"},
            "discountByCode": {"coupons": {"nodes": [{"code": "LEAST"}, {"code": "Welcome"}], "totalCount": 2}},
            "coupons": {"nodes": [{"code": "Welcome"}, {"code": "LEAST"}]},
        }));
    }

    a_code_is_taken_once_in_any_case(app) {
        let made = create(app, coupon(app, "Grüße-2025"));
        for code in ["Grüße-2025", "GRÜßE-2025", " grüße-2025 "] {
            refuses_at(app, "createCoupon", coupon(app, code), &["DUPLICATE_COUPON_CODE input.code"]);
            let found = app.data(&format!("{{ couponByCode(code: {code:?}) {{ id code }} }}"));
            assert_eq!(found["couponByCode"], json!({"id": made["id"], "code": "Grüße-2025"}), "{code}");
        }
        let errors = app.refuses("createCoupon", coupon(app, "grüße-2025"), &["DUPLICATE_COUPON_CODE"]);
        assert_eq!(errors[0]["number"], 88, "as Billwerk+ numbers it");
        app.mutate("archiveCoupon", json!({"couponId": made["id"]}), "__typename");
        refuses_at(app, "createCoupon", coupon(app, "GRÜßE-2025"), &["DUPLICATE_COUPON_CODE input.code"]);
        assert_eq!(app.data(r#"{ couponByCode(code: "gruesse-2025") { id } }"#), json!({"couponByCode": null}));
    }

    a_coupon_gives_a_discount_that_is_offered(app) {
        let input = coupon(app, "A");
        let other = with(input.clone(), json!({"discount": "half"}));
        refuses_at(app, "createCoupon", other, &["DISCOUNT_NOT_FOUND input.discount"]);
        create(app, input.clone());
        let discount = app.data(r#"{ discountByCode(code: "HALF") { id } }"#);
        let discount = json!({"discountId": discount["discountByCode"]["id"]});
        app.mutate("archiveDiscount", discount, "__typename");
        let next = with(input, json!({"code": "B"}));
        let errors = app.refuses("createCoupon", next.clone(), &["DISCOUNT_DELETED"]);
        assert_eq!((&errors[0]["number"], &errors[0]["field"]), (&json!(121), &json!(["input", "discount"])));
        // A coupon that was made before goes on.
        let found = app.data(r#"{ couponByCode(code: "A") { state discount { state } } }"#);
        assert_eq!(found["couponByCode"], json!({"state": "ACTIVE", "discount": {"state": "DELETED"}}));
    }

    plans_that_are_named_are_offered(app) {
        let plan = app.plan("basic", "10.00");
        let input = |plans: Value| with(coupon(app, "A"), json!({"eligiblePlans": plans}));
        refuses_at(app, "createCoupon", input(json!(["basic", "pro"])), &["PLAN_NOT_FOUND input.eligiblePlans.1"]);
        let made = create(app, input(json!(["basic"])));
        let change = |plans: Value| json!({"couponId": made["id"], "eligiblePlans": plans});
        refuses_at(app, "updateCoupon", change(json!(["pro"])), &["PLAN_NOT_FOUND input.eligiblePlans.0"]);
        app.mutate("archivePlan", json!({"planId": plan}), "__typename");
        refuses_at(app, "updateCoupon", change(json!(["basic"])), &["PLAN_NOT_FOUND input.eligiblePlans.0"]);
        // What was named before may go.
        let kept = app.mutate("updateCoupon", json!({"couponId": made["id"], "name": "B"}), WHOLE);
        assert_eq!(kept["coupon"]["eligiblePlans"], json!(["basic"]));
        let all = app.mutate("updateCoupon", json!({"couponId": made["id"], "allPlans": true}), WHOLE);
        assert_eq!((&all["coupon"]["allPlans"], &all["coupon"]["eligiblePlans"]), (&json!(true), &json!([])));
        app.plan("max", "1");
        let some = app.mutate("updateCoupon", change(json!(["max"])), WHOLE);
        assert_eq!((&some["coupon"]["allPlans"], &some["coupon"]["eligiblePlans"]), (&json!(false), &json!(["max"])));
        let cleared = app.mutate("updateCoupon", change(json!(null)), WHOLE);
        assert_eq!(cleared["coupon"]["allPlans"], true);
        for changes in [
            json!({"allPlans": true, "eligiblePlans": ["max"]}),
            json!({"allPlans": false}),
            json!({"eligiblePlans": []}),
        ] {
            let expected = ["VALIDATION_ERROR input.eligiblePlans"];
            refuses_at(app, "createCoupon", with(coupon(app, "B"), changes.clone()), &expected);
            refuses_at(app, "updateCoupon", with(json!({"couponId": made["id"]}), changes), &expected);
        }
    }

    a_coupon_is_valid_from_now_on_or_later(app) {
        let wrong = ["VALIDATION_ERROR input.validUntil"];
        let which = json!({"couponId": id(app, "OTHER")});
        for changes in [
            json!({"validUntil": "2025-01-31T12:00:00Z"}),
            json!({"validFrom": "2025-03-01T00:00:00Z", "validUntil": "2025-03-01T00:00:00Z"}),
            json!({"validFrom": "2025-03-01T00:00:00Z", "validUntil": "2025-02-01T00:00:00Z"}),
        ] {
            refuses_at(app, "createCoupon", with(coupon(app, "A"), changes.clone()), &wrong);
            refuses_at(app, "updateCoupon", with(which.clone(), changes), &wrong);
        }
        let past = json!({"validFrom": "2024-01-01T00:00:00Z", "validUntil": "2025-01-31T12:00:00.000001Z"});
        let made = create(app, with(coupon(app, "A"), past));
        assert_eq!(made["validUntil"], "2025-01-31T12:00:00.000001Z");
        let cleared = json!({"couponId": made["id"], "validFrom": null, "validUntil": null});
        let cleared = app.mutate("updateCoupon", cleared, WHOLE);
        assert_eq!(cleared["coupon"], with(made, json!({"validFrom": null, "validUntil": null, "version": 2})));
    }

    an_update_keeps_what_is_left_out(app) {
        let bounds = json!({"maxRedemptions": 3, "validUntil": "2025-03-01T00:00:00Z"});
        let made = create(app, with(coupon(app, "A"), bounds));
        app.set_clock("2025-02-01T12:00:00Z");
        let update = |changes: Value| {
            app.mutate("updateCoupon", with(json!({"couponId": made["id"]}), changes), WHOLE)["coupon"].take()
        };
        let same = with(made.clone(), json!({"version": 2, "updatedAt": "2025-02-01T12:00:00Z"}));
        assert_eq!(update(json!({})), same);
        let change = json!({"name": "B", "maxRedemptions": null, "validFrom": "2025-02-10T00:00:00Z"});
        assert_eq!(update(change.clone()), with(with(same, change), json!({"version": 3})));
        refuses_at(app, "updateCoupon", json!({"couponId": made["id"], "name": null}), &["VALIDATION_ERROR input.name"]);
    }

    what_was_redeemed_bounds_what_can_be_changed(app) {
        let coupon = id(app, "A");
        app.app.db.execute_batch("UPDATE coupons SET redemptions = 2").unwrap();
        let most = |most: i32| json!({"couponId": coupon, "maxRedemptions": most});
        refuses_at(app, "updateCoupon", most(1), &["VALIDATION_ERROR input.maxRedemptions"]);
        let errors = app.refuses("archiveCoupon", json!({"couponId": coupon}), &["COUPON_IN_USE"]);
        assert_eq!(errors[0]["number"], 89);
        let active = app.mutate("updateCoupon", most(3), WHOLE)["coupon"].take();
        assert_eq!((&active["state"], &active["redemptions"]), (&json!("ACTIVE"), &json!(2)));
        let exhausted = app.mutate("updateCoupon", most(2), WHOLE)["coupon"].take();
        assert_eq!(exhausted, with(active, json!({
            "maxRedemptions": 2, "state": "EXPIRED", "expireReason": "MAX", "version": 3,
        })));
        refuses_at(app, "updateCoupon", most(5), &["COUPON_NOT_ACTIVE"]);
        refuses_at(app, "archiveCoupon", json!({"couponId": coupon}), &["COUPON_IN_USE"]);
    }

    a_coupon_that_was_ended_is_over(app) {
        let which = json!({"couponId": id(app, "A")});
        app.set_clock("2025-02-01T12:00:00Z");
        let ended = app.mutate("expireCoupon", which.clone(), WHOLE)["coupon"].take();
        assert_eq!((&ended["state"], &ended["expireReason"], &ended["version"]), (&json!("EXPIRED"), &json!("EARLY"), &json!(2)));
        for mutation in ["expireCoupon", "archiveCoupon", "updateCoupon"] {
            let errors = app.refuses(mutation, which.clone(), &["COUPON_NOT_ACTIVE"]);
            assert_eq!(errors[0]["number"], 90, "{mutation}");
        }
    }

    a_coupon_whose_time_is_over_is_over_whatever_its_state(app) {
        let until = json!({"validUntil": "2025-02-01T00:00:00Z"});
        let which = json!({"couponId": create(app, with(coupon(app, "A"), until))["id"]});
        app.set_clock("2025-02-01T00:00:00Z");
        refuses_at(app, "updateCoupon", with(which.clone(), json!({"validUntil": null})), &["COUPON_NOT_ACTIVE"]);
        refuses_at(app, "archiveCoupon", which.clone(), &["COUPON_NOT_ACTIVE"]);
        let ended = app.mutate("expireCoupon", which, WHOLE)["coupon"].take();
        assert_eq!((&ended["state"], &ended["expireReason"]), (&json!("EXPIRED"), &json!("VALID_UNTIL")));
    }

    a_coupon_that_nobody_redeemed_is_archived(app) {
        let which = json!({"couponId": id(app, "A")});
        let archived = app.mutate("archiveCoupon", which.clone(), WHOLE)["coupon"].take();
        assert_eq!((&archived["state"], &archived["expireReason"]), (&json!("DELETED"), &json!(null)));
        refuses_at(app, "archiveCoupon", which.clone(), &["COUPON_NOT_ACTIVE"]);
        refuses_at(app, "expireCoupon", which, &["COUPON_NOT_ACTIVE"]);
        let told = app.database.texts("SELECT event_type AS line FROM events WHERE event_type LIKE 'coupon%' ORDER BY id");
        assert_eq!(told, ["coupon.created", "coupon.archived"]);
    }

    all_that_is_wrong_with_a_coupon_is_said_at_once(app) {
        let which = id(app, "OTHER");
        let wrong = json!({
            "code": " ", "name": "", "discount": "d".repeat(121), "eligiblePlans": ["a", ""], "maxRedemptions": 0,
            "validFrom": "soon", "validUntil": "2025-02-30T00:00:00Z",
        });
        let paths =
            ["code", "name", "discount", "eligiblePlans.1", "maxRedemptions", "validFrom", "validUntil"];
        let expected = paths.map(|path| format!("VALIDATION_ERROR input.{path}"));
        refuses_at(app, "createCoupon", wrong.clone(), &expected.each_ref().map(String::as_str));
        let mut change = with(wrong, json!({"couponId": which}));
        change.as_object_mut().unwrap().retain(|name, _| name != "code" && name != "discount");
        let expected: Vec<&str> =
            expected.iter().map(String::as_str).filter(|path| !path.ends_with("code") && !path.ends_with("discount")).collect();
        refuses_at(app, "updateCoupon", change, &expected);
        let gone = json!({"couponId": "cpn_00000000000000000000000000"});
        for mutation in ["updateCoupon", "expireCoupon", "archiveCoupon"] {
            refuses_at(app, mutation, gone.clone(), &["COUPON_NOT_FOUND input.couponId"]);
            refuses_at(app, mutation, json!({"couponId": "x"}), &["VALIDATION_ERROR input.couponId"]);
        }
    }

    a_stale_version_is_a_conflict(app) {
        let which = json!({"couponId": id(app, "A")});
        conflicts(app, "updateCoupon", &which, "coupon", 1);
        conflicts(app, "expireCoupon", &which, "coupon", 2);
        conflicts(app, "archiveCoupon", &json!({"couponId": id(app, "B")}), "coupon", 1);
    }
}
