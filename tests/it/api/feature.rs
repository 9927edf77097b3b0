//! Features: what plans, add-ons and subscriptions entitle to.

use super::{conflicts, refuses_at, with};
use crate::support::builders::text;
use crate::support::{TestApp, both};
use serde_json::{Value, json};

const WHOLE: &str =
    "feature { __typename id code name description featureType state metadata version createdAt updatedAt }";

fn create(app: &TestApp, input: Value) -> Value {
    app.mutate("createFeature", input, WHOLE)["feature"].take()
}

both! {
    a_feature_is_created_and_read_back(app) {
        let metadata = json!({"unit": "seats", "list": [1, null]});
        let made = create(app, json!({
            "code": " seats ", "name": " Seats ", "description": "Who may log in", "featureType": "METERED",
            "metadata": metadata,
        }));
        let expected = json!({
            "__typename": "Feature", "id": made["id"], "code": "seats", "name": "Seats",
            "description": "Who may log in", "featureType": "METERED", "state": "ACTIVE", "metadata": metadata,
            "version": 1, "createdAt": "2025-01-31T12:00:00Z", "updatedAt": "2025-01-31T12:00:00Z",
        });
        assert_eq!(made, expected);
        let least = create(app, json!({"code": "sso", "name": "Single sign-on", "featureType": "BOOLEAN"}));
        assert_eq!((&least["description"], &least["metadata"]), (&json!(null), &json!({})));
        create(app, json!({"code": "support", "name": "Support", "featureType": "STATIC"}));
        let found = app.data(&format!(
            r#"{{ feature(id: {}) {{ code }} featureByCode(code: "sso") {{ id }}
                  features(orderBy: [{{field: CODE}}]) {{ nodes {{ code }} totalCount }} }}"#,
            made["id"]
        ));
        assert_eq!(found, json!({
            "feature": {"code": "seats"}, "featureByCode": {"id": least["id"]},
            "features": {"nodes": [{"code": "seats"}, {"code": "sso"}, {"code": "support"}], "totalCount": 3},
        }));
    }

    a_code_is_taken_once_and_stays_taken(app) {
        let first = text(&create(app, json!({"code": "sso", "name": "A", "featureType": "BOOLEAN"}))["id"]);
        let again = json!({"code": " sso", "name": "B", "featureType": "STATIC"});
        refuses_at(app, "createFeature", again.clone(), &["DUPLICATE_HANDLE input.code"]);
        app.mutate("archiveFeature", json!({"featureId": first}), "__typename");
        let errors = app.refuses("createFeature", again, &["DUPLICATE_HANDLE"]);
        assert_eq!(errors[0]["number"], 11, "as Billwerk+ numbers it");
        create(app, json!({"code": "SSO", "name": "B", "featureType": "BOOLEAN"}));
    }

    an_update_keeps_what_is_left_out_and_clears_what_is_null(app) {
        let made = create(app, json!({
            "code": "sso", "name": "A", "description": "What", "featureType": "BOOLEAN", "metadata": {"a": 1},
        }));
        app.set_clock("2025-02-01T12:00:00Z");
        let update = |changes: Value| {
            app.mutate("updateFeature", with(json!({"featureId": made["id"]}), changes), WHOLE)["feature"].take()
        };
        let same = with(made.clone(), json!({"version": 2, "updatedAt": "2025-02-01T12:00:00Z"}));
        assert_eq!(update(json!({})), same);
        let cleared = with(same.clone(), json!({"description": null, "version": 3}));
        assert_eq!(update(json!({"description": null})), cleared);
        let change = json!({"name": "B", "description": "D", "metadata": {"b": [2]}});
        assert_eq!(update(change.clone()), with(with(same, change), json!({"version": 4})));
        let nulls = json!({"featureId": made["id"], "name": null, "metadata": null});
        refuses_at(app, "updateFeature", nulls, &["VALIDATION_ERROR input.name", "VALIDATION_ERROR input.metadata"]);
    }

    an_archived_feature_stays_archived(app) {
        let made = create(app, json!({"code": "sso", "name": "A", "featureType": "BOOLEAN"}));
        app.set_clock("2025-02-01T12:00:00Z");
        let archived = with(
            made.clone(),
            json!({"state": "DELETED", "version": 2, "updatedAt": "2025-02-01T12:00:00Z"}),
        );
        for _ in 0..2 {
            let found = app.mutate("archiveFeature", json!({"featureId": made["id"]}), WHOLE);
            assert_eq!(found["feature"], archived);
        }
        assert_eq!(app.database.number("SELECT count(*) FROM events WHERE event_type = 'feature.archived'"), 1);
        let renamed = app.mutate("updateFeature", json!({"featureId": made["id"], "name": "B"}), WHOLE);
        assert_eq!(renamed["feature"], with(archived, json!({"name": "B", "version": 3})));
    }

    what_happens_to_a_feature_is_told(app) {
        let made = create(app, json!({"code": "sso", "name": "A", "featureType": "BOOLEAN"}));
        app.mutate("updateFeature", json!({"featureId": made["id"], "name": "B"}), "__typename");
        app.mutate("archiveFeature", json!({"featureId": made["id"]}), "__typename");
        let told = app.database.texts("SELECT event_type AS line FROM events ORDER BY id");
        assert_eq!(told, ["feature.created", "feature.updated", "feature.archived"]);
    }

    all_that_is_wrong_with_a_feature_is_said_at_once(app) {
        let wrong = json!({
            "code": " ", "name": "n".repeat(201), "description": "d".repeat(1001), "featureType": "BOOLEAN",
            "metadata": [],
        });
        let expected = ["code", "name", "description", "metadata"].map(|path| format!("VALIDATION_ERROR input.{path}"));
        refuses_at(app, "createFeature", wrong, &expected.each_ref().map(String::as_str));
        let wrong = json!({"featureId": "x", "name": "", "description": "a\u{0}b", "metadata": 1});
        let expected =
            ["featureId", "name", "description", "metadata"].map(|path| format!("VALIDATION_ERROR input.{path}"));
        refuses_at(app, "updateFeature", wrong, &expected.each_ref().map(String::as_str));
        refuses_at(app, "archiveFeature", json!({"featureId": "x"}), &["VALIDATION_ERROR input.featureId"]);
        let gone = json!({"featureId": "fea_00000000000000000000000000"});
        for mutation in ["updateFeature", "archiveFeature"] {
            refuses_at(app, mutation, gone.clone(), &["ENTITLEMENT_NOT_FOUND input.featureId"]);
        }
    }

    a_stale_version_is_a_conflict(app) {
        let made = create(app, json!({"code": "sso", "name": "A", "featureType": "BOOLEAN"}));
        let which = json!({"featureId": made["id"]});
        conflicts(app, "updateFeature", &which, "feature", 1);
        conflicts(app, "archiveFeature", &which, "feature", 2);
    }
}
