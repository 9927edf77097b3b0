//! What plans entitle to.

use super::{blamed, refuses_at, with};
use crate::support::together::{tally, together};
use crate::support::{TestApp, both};
use serde_json::{Value, json};

const PLAN: &str = "plan { id version revision entitlements { feature { code } usageLimit resetPeriod } }";

/// Sets what a plan entitles to; answers the newest version.
fn set(app: &TestApp, plan: &str, entitlements: Value) -> Value {
    app.mutate("setPlanEntitlements", json!({"planId": plan, "entitlements": entitlements}), PLAN)["plan"].take()
}

fn metered(app: &TestApp, codes: &[&str]) {
    for code in codes {
        app.feature(code, "METERED");
    }
}

fn limits(plan: &Value) -> Vec<(String, Value)> {
    let limit = |row: &Value| (row["feature"]["code"].as_str().unwrap().to_owned(), row["usageLimit"].clone());
    plan["entitlements"].as_array().unwrap().iter().map(limit).collect()
}

fn expected(limits: &[(&str, Value)]) -> Vec<(String, Value)> {
    limits.iter().map(|(code, limit)| ((*code).to_owned(), limit.clone())).collect()
}

both! {
    a_plan_entitles_to_what_was_set_last(app) {
        metered(app, &["a", "b", "c"]);
        let plan = app.plan("gold", "10");
        assert_eq!(app.data(r#"{ planByCode(code: "gold") { entitlements { usageLimit } } }"#)["planByCode"]["entitlements"], json!([]));
        let made = set(app, &plan, json!([
            {"feature": "b", "usageLimit": 5, "resetPeriod": "MONTH"}, {"feature": "a"},
        ]));
        assert_eq!(made, json!({
            "id": plan, "version": 1, "revision": 2,
            "entitlements": [
                {"feature": {"code": "a"}, "usageLimit": null, "resetPeriod": null},
                {"feature": {"code": "b"}, "usageLimit": 5, "resetPeriod": "MONTH"},
            ],
        }));
        let next = set(app, &plan, json!([{"feature": "c", "usageLimit": 1}, {"feature": "b"}]));
        assert_eq!(limits(&next), expected(&[("b", json!(null)), ("c", json!(1))]));
        assert_eq!(limits(&set(app, &plan, json!([]))), expected(&[]));
        let told = app.database.texts(
            "SELECT event_type AS line FROM events WHERE event_type LIKE 'plan%' ORDER BY id",
        );
        assert_eq!(told, ["plan.created", "plan.updated", "plan.updated", "plan.updated"]);
    }

    a_new_version_inherits_what_the_one_before_entitles_to(app) {
        metered(app, &["a", "b"]);
        let first = app.plan("gold", "10");
        set(app, &first, json!([{"feature": "a", "usageLimit": 1}]));
        let selection = format!("{PLAN} userErrors {{ code }}");
        let second = app.mutate("updatePlan", json!({"planId": first, "amount": "12"}), &selection)["plan"].take();
        assert_eq!((&second["version"], limits(&second)), (&json!(2), expected(&[("a", json!(1))])));
        // The plan is named by any version; the newest is changed.
        let changed = set(app, &first, json!([{"feature": "b", "usageLimit": 2}]));
        assert_eq!((&changed["id"], limits(&changed)), (&second["id"], expected(&[("b", json!(2))])));
        let before = app.data(&format!(r#"{{ plan(id: "{first}") {{ entitlements {{ feature {{ code }} usageLimit }} }} }}"#));
        assert_eq!(limits(&before["plan"]), expected(&[("a", json!(1))]));
        // What is changed in place keeps them.
        let renamed = app.mutate("updatePlan", json!({"planId": first, "name": "Gold"}), &selection)["plan"].take();
        assert_eq!(limits(&renamed), expected(&[("b", json!(2))]));
    }

    what_is_wrong_with_entitlements_changes_nothing(app) {
        metered(app, &["a"]);
        app.feature("support", "STATIC");
        let plan = app.plan("gold", "10");
        set(app, &plan, json!([{"feature": "a", "usageLimit": 1}]));
        let input = |entitlements: Value| json!({"planId": plan, "entitlements": entitlements});
        for (entitlements, expected) in [
            (json!([{"feature": "a"}, {"feature": "x"}]), "ENTITLEMENT_NOT_FOUND input.entitlements.1.feature"),
            (json!([{"feature": "a"}, {"feature": "a"}]), "VALIDATION_ERROR input.entitlements.1.feature"),
            (json!([{"feature": "support"}]), "VALIDATION_ERROR input.entitlements.0.staticValue"),
            (json!([{"feature": "a", "usageLimit": -1}]), "VALIDATION_ERROR input.entitlements.0.usageLimit"),
        ] {
            refuses_at(app, "setPlanEntitlements", input(entitlements), &[expected]);
        }
        let many: Vec<Value> = (0..101).map(|n| json!({"feature": n.to_string()})).collect();
        refuses_at(app, "setPlanEntitlements", input(many.into()), &["VALIDATION_ERROR input.entitlements"]);
        let gone = json!({"planId": "plan_00000000000000000000000000", "entitlements": [{"feature": "x"}]});
        refuses_at(app, "setPlanEntitlements", gone, &["PLAN_NOT_FOUND input.planId"]);
        app.mutate("archivePlan", json!({"planId": plan}), "__typename");
        refuses_at(app, "setPlanEntitlements", input(json!([])), &["PLAN_NOT_FOUND input.planId"]);
    }

    a_stale_revision_is_a_conflict(app) {
        let plan = app.plan("gold", "10");
        let input = json!({"planId": plan, "entitlements": []});
        let before = app.database.dump();
        for stale in [0, 2] {
            let stale = with(input.clone(), json!({"expectedRevision": stale}));
            let payload = app.attempt("setPlanEntitlements", stale, "plan { revision }");
            assert_eq!(blamed(&payload["userErrors"]), ["CONFLICT input.expectedRevision"]);
            assert_eq!(payload["plan"]["revision"], 1, "the plan as it is");
        }
        app.database.assert_unchanged(&before);
        app.mutate("setPlanEntitlements", with(input, json!({"expectedRevision": 1})), "__typename");
    }

    the_entitlements_of_a_plan_are_those_of_one_writer(app) {
        metered(app, &["a", "b", "c"]);
        let plan = app.plan("gold", "10");
        let done = together(8, |index| {
            let limit = |code: &str| json!({"feature": code, "usageLimit": index});
            let entitlements: Vec<Value> = ["a", "b", "c"].into_iter().map(limit).collect();
            app.attempt("setPlanEntitlements", json!({"planId": plan, "entitlements": entitlements}), "__typename")
        });
        assert_eq!(tally(&done), json!({"DONE": 8}));
        assert_eq!(app.database.number("SELECT count(*) FROM entitlements"), 3);
        assert_eq!(app.database.number("SELECT count(DISTINCT usage_limit) FROM entitlements"), 1);
    }
}
