//! Meters: how the use of a feature is measured.

use super::{conflicts, refuses_at, with};
use crate::support::builders::text;
use crate::support::{TestApp, both};
use serde_json::{Value, json};

const WHOLE: &str = "meter {
    __typename id code name aggregation property filters { property values } feature { code meter { id } } state version
    createdAt updatedAt
}";

fn create(app: &TestApp, input: Value) -> Value {
    app.mutate("createMeter", input, WHOLE)["meter"].take()
}

fn counting(code: &str, feature: &str) -> Value {
    json!({"code": code, "name": "N", "aggregation": "COUNT", "featureCode": feature})
}

both! {
    a_meter_is_created_and_read_back(app) {
        for code in ["calls", "traffic"] {
            app.feature(code, "METERED");
        }
        let filters = json!([{"property": "region", "values": ["eu", " us", ""]}, {"property": "tier", "values": ["2"]}]);
        let made = create(app, json!({
            "code": " traffic ", "name": " Traffic ", "aggregation": "SUM", "property": "gb", "filters": filters,
            "featureCode": "traffic",
        }));
        assert_eq!(made, json!({
            "__typename": "Meter", "id": made["id"], "code": "traffic", "name": "Traffic", "aggregation": "SUM",
            "property": "gb", "filters": filters, "feature": {"code": "traffic", "meter": {"id": made["id"]}},
            "state": "ACTIVE", "version": 1, "createdAt": "2025-01-31T12:00:00Z", "updatedAt": "2025-01-31T12:00:00Z",
        }));
        let least = create(app, counting("calls", "calls"));
        assert_eq!((&least["property"], &least["filters"]), (&json!(null), &json!([])));
        app.feature("sso", "BOOLEAN");
        let found = app.data(&format!(
            r#"{{ meter(id: {}) {{ code }} meterByCode(code: "calls") {{ id }} featureByCode(code: "sso") {{ meter {{ id }} }}
                  meters(orderBy: [{{field: CODE}}]) {{ nodes {{ code }} totalCount }}
                  sums: meters(filter: {{aggregation: {{in: [SUM, MAX]}}}}) {{ nodes {{ code }} }} }}"#,
            made["id"]
        ));
        assert_eq!(found, json!({
            "meter": {"code": "traffic"}, "meterByCode": {"id": least["id"]}, "featureByCode": {"meter": null},
            "meters": {"nodes": [{"code": "calls"}, {"code": "traffic"}], "totalCount": 2},
            "sums": {"nodes": [{"code": "traffic"}]},
        }));
    }

    a_meter_measures_a_feature_that_is_counted_and_has_no_other(app) {
        for (code, feature_type) in [("calls", "METERED"), ("gone", "METERED"), ("sso", "BOOLEAN"), ("tier", "STATIC")] {
            let feature = app.feature(code, feature_type);
            if code == "gone" {
                app.mutate("archiveFeature", json!({"featureId": feature}), "__typename");
            }
        }
        for (feature, code) in [
            ("none", "ENTITLEMENT_NOT_FOUND"),
            ("gone", "ENTITLEMENT_NOT_FOUND"),
            ("sso", "VALIDATION_ERROR"),
            ("tier", "VALIDATION_ERROR"),
        ] {
            refuses_at(app, "createMeter", counting("m", feature), &[&format!("{code} input.featureCode")]);
        }
        let made = create(app, counting("m", "calls"));
        refuses_at(app, "createMeter", counting("other", "calls"), &["FEATURE_ALREADY_METERED input.featureCode"]);
        refuses_at(app, "createMeter", counting(" m", "none"), &["DUPLICATE_HANDLE input.code"]);
        app.mutate("archiveMeter", json!({"meterId": made["id"]}), "__typename");
        refuses_at(app, "createMeter", counting("other", "calls"), &["FEATURE_ALREADY_METERED input.featureCode"]);
    }

    a_meter_is_renamed_and_archived(app) {
        app.feature("calls", "METERED");
        let made = create(app, counting("calls", "calls"));
        app.set_clock("2025-02-01T12:00:00Z");
        let changed = with(made.clone(), json!({"name": "B", "version": 2, "updatedAt": "2025-02-01T12:00:00Z"}));
        let update = app.mutate("updateMeter", json!({"meterId": made["id"], "name": " B "}), WHOLE);
        assert_eq!(update["meter"], changed);
        let archived = with(changed, json!({"state": "DELETED", "version": 3}));
        for _ in 0..2 {
            assert_eq!(app.mutate("archiveMeter", json!({"meterId": made["id"]}), WHOLE)["meter"], archived);
        }
        let told = app.database.texts("SELECT event_type AS line FROM events WHERE event_type LIKE 'meter%' ORDER BY id");
        assert_eq!(told, ["meter.created", "meter.updated", "meter.archived"]);
    }

    all_that_is_wrong_with_a_meter_is_said_at_once(app) {
        let filters = json!([{"property": "", "values": []}, {"property": "p", "values": ["ok", "a\u{0}b"]}]);
        let wrong = json!({
            "code": " ", "name": "n".repeat(201), "aggregation": "COUNT", "property": "gb", "filters": filters,
            "featureCode": "",
        });
        let expected = [
            "code", "name", "property", "filters.0.property", "filters.0.values", "filters.1.values.1", "featureCode",
        ];
        let expected = expected.map(|path| format!("VALIDATION_ERROR input.{path}"));
        refuses_at(app, "createMeter", wrong, &expected.each_ref().map(String::as_str));
        for aggregation in ["SUM", "MAX", "LATEST", "UNIQUE_COUNT"] {
            let wrong = with(counting("m", "calls"), json!({"aggregation": aggregation}));
            refuses_at(app, "createMeter", wrong, &["VALIDATION_ERROR input.property"]);
        }
        let filter = json!({"property": "p", "values": ["v"]});
        let wrong = with(counting("m", "calls"), json!({"filters": vec![filter; 21]}));
        refuses_at(app, "createMeter", wrong, &["VALIDATION_ERROR input.filters"]);
        let wrong = json!({"meterId": "x", "name": null});
        refuses_at(app, "updateMeter", wrong, &["VALIDATION_ERROR input.meterId", "VALIDATION_ERROR input.name"]);
        refuses_at(app, "archiveMeter", json!({"meterId": "x"}), &["VALIDATION_ERROR input.meterId"]);
        for mutation in ["updateMeter", "archiveMeter"] {
            let gone = json!({"meterId": "mtr_00000000000000000000000000"});
            refuses_at(app, mutation, gone, &["METER_NOT_FOUND input.meterId"]);
        }
    }

    a_stale_version_is_a_conflict(app) {
        app.feature("calls", "METERED");
        let which = json!({"meterId": text(&create(app, counting("calls", "calls"))["id"])});
        conflicts(app, "updateMeter", &which, "meter", 1);
        conflicts(app, "archiveMeter", &which, "meter", 2);
    }
}
