//! Add-ons, and what they entitle to.

use super::{conflicts, refuses_at, with};
use crate::support::{TestApp, both};
use serde_json::{Value, json};

const WHOLE: &str = "addOn {
    __typename id code name description addOnType currency unitAmount amountIncludesTax taxRate allPlans eligiblePlans
    entitlements { feature { code } usageLimit softLimit resetPeriod staticValue } state metadata version createdAt
    updatedAt
}";

fn create(app: &TestApp, input: Value) -> Value {
    app.mutate("createAddOn", input, WHOLE)["addOn"].take()
}

fn bare(code: &str) -> Value {
    json!({"code": code, "name": code, "addOnType": "ON_OFF", "unitAmount": "5"})
}

/// An entitlement as it is answered.
fn entitled(feature: &str, changes: Value) -> Value {
    let plain = json!({"usageLimit": null, "softLimit": false, "resetPeriod": null, "staticValue": null});
    with(with(plain, json!({"feature": {"code": feature}})), changes)
}

both! {
    an_add_on_is_created_and_read_back(app) {
        app.plan("basic", "10");
        for (code, feature_type) in [("seats", "METERED"), ("sso", "BOOLEAN"), ("support", "STATIC")] {
            app.feature(code, feature_type);
        }
        let limit = json!({"usageLimit": 10, "softLimit": true, "resetPeriod": "MONTH"});
        let value = json!({"staticValue": "gold"});
        let made = create(app, json!({
            "code": " storage ", "name": " Storage ", "description": "More of it", "addOnType": "QUANTITY",
            "currency": "jpy", "unitAmount": "0.000000000001", "amountIncludesTax": true, "taxRate": "0.250",
            "eligiblePlans": ["basic"], "metadata": {"a": 1},
            "entitlements": [
                with(value.clone(), json!({"feature": "support"})), with(limit.clone(), json!({"feature": "seats"})),
                {"feature": " sso "},
            ],
        }));
        let entitlements =
            [entitled("seats", limit), entitled("sso", json!({})), entitled("support", value)];
        let expected = json!({
            "__typename": "AddOn", "id": made["id"], "code": "storage", "name": "Storage", "description": "More of it",
            "addOnType": "QUANTITY", "currency": "JPY", "unitAmount": "0.000000000001", "amountIncludesTax": true,
            "taxRate": "0.25", "allPlans": false, "eligiblePlans": ["basic"], "entitlements": entitlements,
            "state": "ACTIVE", "metadata": {"a": 1}, "version": 1, "createdAt": "2025-01-31T12:00:00Z",
            "updatedAt": "2025-01-31T12:00:00Z",
        });
        assert_eq!(made, expected);
        let least = create(app, bare("least"));
        let expected = json!({
            "__typename": "AddOn", "id": least["id"], "code": "least", "name": "least", "description": null,
            "addOnType": "ON_OFF", "currency": "EUR", "unitAmount": "5", "amountIncludesTax": null, "taxRate": null,
            "allPlans": true, "eligiblePlans": [], "entitlements": [], "state": "ACTIVE", "metadata": {}, "version": 1,
            "createdAt": "2025-01-31T12:00:00Z", "updatedAt": "2025-01-31T12:00:00Z",
        });
        assert_eq!(least, expected);
        let found = app.data(&format!(
            r#"{{ addOn(id: {}) {{ code }} addOnByCode(code: "least") {{ id }}
                  addOns(orderBy: [{{field: CODE}}]) {{ nodes {{ code }} totalCount }} }}"#,
            made["id"]
        ));
        assert_eq!(found, json!({
            "addOn": {"code": "storage"}, "addOnByCode": {"id": least["id"]},
            "addOns": {"nodes": [{"code": "least"}, {"code": "storage"}], "totalCount": 2},
        }));
    }

    a_code_is_taken_once_and_stays_taken(app) {
        let made = create(app, bare("x"));
        refuses_at(app, "createAddOn", bare(" x"), &["DUPLICATE_HANDLE input.code"]);
        app.mutate("archiveAddOn", json!({"addOnId": made["id"]}), "__typename");
        refuses_at(app, "createAddOn", bare("x"), &["DUPLICATE_HANDLE input.code"]);
        create(app, bare("X"));
    }

    an_update_keeps_what_is_left_out_and_clears_what_is_null(app) {
        app.plan("basic", "10");
        app.feature("sso", "BOOLEAN");
        let made = create(app, with(bare("x"), json!({
            "description": "D", "amountIncludesTax": false, "taxRate": "0.1", "eligiblePlans": ["basic"],
            "entitlements": [{"feature": "sso"}], "metadata": {"a": 1},
        })));
        app.set_clock("2025-02-01T12:00:00Z");
        let update = |changes: Value| {
            app.mutate("updateAddOn", with(json!({"addOnId": made["id"]}), changes), WHOLE)["addOn"].take()
        };
        let same = with(made.clone(), json!({"version": 2, "updatedAt": "2025-02-01T12:00:00Z"}));
        assert_eq!(update(json!({})), same);
        let cleared = json!({"description": null, "amountIncludesTax": null, "taxRate": null});
        let expected = with(with(same.clone(), cleared.clone()), json!({"version": 3}));
        assert_eq!(update(cleared), expected);
        let all = update(json!({"eligiblePlans": null, "entitlements": []}));
        let expected = json!({"allPlans": true, "eligiblePlans": [], "entitlements": [], "version": 4});
        assert_eq!(all, with(expected_of(&same), expected));
        let change = json!({
            "name": "Y", "description": "E", "addOnType": "QUANTITY", "unitAmount": "0.5", "amountIncludesTax": true,
            "taxRate": "1", "metadata": {},
        });
        assert_eq!(update(change.clone()), with(with(all, change), json!({"version": 5})));
        let nulls = json!({
            "addOnId": made["id"], "name": null, "addOnType": null, "unitAmount": null, "entitlements": null,
            "metadata": null,
        });
        let expected = ["name", "addOnType", "unitAmount", "entitlements", "metadata"]
            .map(|path| format!("VALIDATION_ERROR input.{path}"));
        refuses_at(app, "updateAddOn", nulls, &expected.each_ref().map(String::as_str));
    }

    an_add_on_gets_a_quantity_and_never_loses_it(app) {
        let which = json!({"addOnId": create(app, bare("x"))["id"]});
        let become_type = |add_on_type: &str| with(which.clone(), json!({"addOnType": add_on_type}));
        for add_on_type in ["ON_OFF", "QUANTITY", "QUANTITY"] {
            let changed = app.mutate("updateAddOn", become_type(add_on_type), WHOLE);
            assert_eq!(changed["addOn"]["addOnType"], add_on_type);
        }
        let errors = app.refuses("updateAddOn", become_type("ON_OFF"), &["ADD_ON_TYPE_NOT_CHANGEABLE"]);
        assert_eq!((&errors[0]["number"], &errors[0]["field"]), (&json!(153), &json!(["input", "addOnType"])));
    }

    plans_that_are_named_are_offered(app) {
        let plan = app.plan("basic", "10");
        let some = |plans: Value| json!({"eligiblePlans": plans});
        let create_with = |changes: Value| with(bare("x"), changes);
        let unknown = ["PLAN_NOT_FOUND input.eligiblePlans.1"];
        refuses_at(app, "createAddOn", create_with(some(json!(["basic", "pro", "max"]))), &unknown);
        let which = json!({"addOnId": create(app, create_with(some(json!(["basic"]))))["id"]});
        refuses_at(app, "updateAddOn", with(which.clone(), some(json!(["basic", "Basic"]))), &unknown);
        app.mutate("archivePlan", json!({"planId": plan}), "__typename");
        let gone = ["PLAN_NOT_FOUND input.eligiblePlans.0"];
        refuses_at(app, "updateAddOn", with(which.clone(), some(json!(["basic"]))), &gone);
        let kept = app.mutate("updateAddOn", with(which.clone(), json!({"name": "Y"})), WHOLE);
        assert_eq!(kept["addOn"]["eligiblePlans"], json!(["basic"]));
        for changes in [
            json!({"allPlans": true, "eligiblePlans": ["basic"]}),
            json!({"allPlans": false}),
            json!({"eligiblePlans": []}),
        ] {
            let expected = ["VALIDATION_ERROR input.eligiblePlans"];
            refuses_at(app, "createAddOn", with(bare("y"), changes.clone()), &expected);
            refuses_at(app, "updateAddOn", with(which.clone(), changes), &expected);
        }
    }

    features_that_are_named_are_offered_and_take_the_terms(app) {
        let gone = app.feature("gone", "BOOLEAN");
        app.mutate("archiveFeature", json!({"featureId": gone}), "__typename");
        for (code, feature_type) in [("seats", "METERED"), ("sso", "BOOLEAN"), ("support", "STATIC")] {
            app.feature(code, feature_type);
        }
        let which = json!({"addOnId": create(app, bare("x"))["id"]});
        for (entitlements, expected) in [
            (json!([{"feature": "sso"}, {"feature": "SSO"}]), "ENTITLEMENT_NOT_FOUND input.entitlements.1.feature"),
            (json!([{"feature": "gone"}]), "ENTITLEMENT_NOT_FOUND input.entitlements.0.feature"),
            (json!([{"feature": "sso"}, {"feature": "sso"}]), "VALIDATION_ERROR input.entitlements.1.feature"),
            (json!([{"feature": "sso", "usageLimit": 1}]), "VALIDATION_ERROR input.entitlements.0.usageLimit"),
            (json!([{"feature": "sso", "resetPeriod": "DAY"}]), "VALIDATION_ERROR input.entitlements.0.resetPeriod"),
            (json!([{"feature": "seats", "softLimit": true}]), "VALIDATION_ERROR input.entitlements.0.softLimit"),
            (json!([{"feature": "seats", "staticValue": "x"}]), "VALIDATION_ERROR input.entitlements.0.staticValue"),
            (json!([{"feature": "support"}]), "VALIDATION_ERROR input.entitlements.0.staticValue"),
        ] {
            let change = json!({"entitlements": entitlements});
            refuses_at(app, "createAddOn", with(bare("y"), change.clone()), &[expected]);
            refuses_at(app, "updateAddOn", with(which.clone(), change), &[expected]);
        }
        let unknown = with(bare("y"), json!({"entitlements": [{"feature": "none"}]}));
        assert_eq!(app.refuses("createAddOn", unknown, &["ENTITLEMENT_NOT_FOUND"])[0]["number"], 169);
    }

    all_entitlements_are_replaced(app) {
        for code in ["a", "b", "c"] {
            app.feature(code, "METERED");
        }
        let limit = |feature: &str, limit: i32| json!({"feature": feature, "usageLimit": limit});
        let made = create(app, with(bare("x"), json!({"entitlements": [limit("a", 1), limit("b", 2)]})));
        let change = json!({"addOnId": made["id"], "entitlements": [limit("c", 3), limit("b", 0)]});
        let changed = app.mutate("updateAddOn", change, WHOLE);
        let expected =
            json!([entitled("b", json!({"usageLimit": 0})), entitled("c", json!({"usageLimit": 3}))]);
        assert_eq!(changed["addOn"]["entitlements"], expected);
        let kept = app.mutate("updateAddOn", json!({"addOnId": made["id"], "name": "Y"}), WHOLE);
        assert_eq!(kept["addOn"]["entitlements"], expected);
    }

    an_archived_add_on_stays_archived(app) {
        let made = create(app, bare("x"));
        for _ in 0..2 {
            let found = app.mutate("archiveAddOn", json!({"addOnId": made["id"]}), WHOLE);
            assert_eq!(found["addOn"], with(made.clone(), json!({"state": "DELETED", "version": 2})));
        }
        app.mutate("updateAddOn", json!({"addOnId": made["id"], "unitAmount": "6"}), "__typename");
        let told = app.database.texts("SELECT event_type AS line FROM events ORDER BY id");
        assert_eq!(told, ["add_on.created", "add_on.archived", "add_on.updated"]);
    }

    all_that_is_wrong_with_an_add_on_is_said_at_once(app) {
        let which = json!({"addOnId": create(app, bare("x"))["id"]});
        let wrong = json!({
            "code": " ", "name": "", "description": "d".repeat(1001), "addOnType": "ON_OFF", "currency": "EURO",
            "unitAmount": "-1", "taxRate": "1.01", "eligiblePlans": ["", "a"],
            "entitlements": [{"feature": "", "usageLimit": -1}, {"feature": "a", "staticValue": " "}], "metadata": 1,
        });
        let paths = [
            "code", "name", "description", "currency", "unitAmount", "taxRate", "eligiblePlans.0",
            "entitlements.0.feature", "entitlements.0.usageLimit", "entitlements.1.staticValue", "metadata",
        ];
        let expected = paths.map(|path| format!("VALIDATION_ERROR input.{path}"));
        refuses_at(app, "createAddOn", wrong.clone(), &expected.each_ref().map(String::as_str));
        let mut change = with(wrong, which.clone());
        change.as_object_mut().unwrap().retain(|name, _| name != "code" && name != "currency");
        let expected: Vec<&str> = expected
            .iter()
            .map(String::as_str)
            .filter(|path| !path.ends_with("code") && !path.ends_with("currency"))
            .collect();
        refuses_at(app, "updateAddOn", change, &expected);
        for (amount, currency) in [("0.0000000000001", "EUR"), ("10000000000.01", "EUR"), ("x", "EUR"), ("1e3", "EUR")] {
            let input = with(bare("y"), json!({"unitAmount": amount, "currency": currency}));
            refuses_at(app, "createAddOn", input, &["VALIDATION_ERROR input.unitAmount"]);
            let change = with(which.clone(), json!({"unitAmount": amount}));
            refuses_at(app, "updateAddOn", change, &["VALIDATION_ERROR input.unitAmount"]);
        }
        let gone = json!({"addOnId": "add_00000000000000000000000000"});
        for mutation in ["updateAddOn", "archiveAddOn"] {
            refuses_at(app, mutation, gone.clone(), &["ADD_ON_NOT_FOUND input.addOnId"]);
            refuses_at(app, mutation, json!({"addOnId": "x"}), &["VALIDATION_ERROR input.addOnId"]);
        }
    }

    a_stale_version_is_a_conflict(app) {
        let which = json!({"addOnId": create(app, bare("x"))["id"]});
        conflicts(app, "updateAddOn", &which, "addOn", 1);
        conflicts(app, "archiveAddOn", &which, "addOn", 2);
    }
}

/// The add-on after what is optional was cleared.
fn expected_of(same: &Value) -> Value {
    with(same.clone(), json!({"description": null, "amountIncludesTax": null, "taxRate": null}))
}
