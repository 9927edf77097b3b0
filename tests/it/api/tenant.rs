//! The tenant's settings, and who is asking.

use super::{conflicts, refuses_at};
use crate::support::both;
use perennial::domain::api_key::Scope;
use serde_json::json;

const WHOLE: &str = "tenant { __typename id name billingStart timezone defaultCurrency version createdAt updatedAt }";

both! {
    a_tenant_starts_with_the_default_settings_and_keeps_what_is_left_out(app) {
        let id = app.tenant.to_string();
        let settings = |start: &str, zone: &str, currency: &str, version: i32, updated: &str| {
            json!({
                "__typename": "Tenant", "id": id, "name": "Acme", "billingStart": start, "timezone": zone,
                "defaultCurrency": currency, "version": version, "createdAt": "2025-01-31T12:00:00Z",
                "updatedAt": updated,
            })
        };
        let (then, now) = ("2025-01-31T12:00:00Z", "2025-02-01T12:00:00Z");
        assert_eq!(app.data(&format!("{{ {WHOLE} }}"))["tenant"], settings("IMMEDIATE", "UTC", "EUR", 1, then));
        app.set_clock(now);
        for (change, expected) in [
            (json!({}), settings("IMMEDIATE", "UTC", "EUR", 2, now)),
            (json!({"timezone": "Europe/Berlin"}), settings("IMMEDIATE", "Europe/Berlin", "EUR", 3, now)),
            (
                json!({"billingStart": "FIRST_OF_NEXT_MONTH"}),
                settings("FIRST_OF_NEXT_MONTH", "Europe/Berlin", "EUR", 4, now),
            ),
            (
                json!({"defaultCurrency": "jpy"}),
                settings("FIRST_OF_NEXT_MONTH", "Europe/Berlin", "JPY", 5, now),
            ),
        ] {
            assert_eq!(app.mutate("updateTenantSettings", change, WHOLE)["tenant"], expected);
        }
        assert_eq!(app.data(&format!("{{ {WHOLE} }}"))["tenant"]["defaultCurrency"], "JPY");
    }

    all_that_is_wrong_with_the_settings_is_said_at_once(app) {
        let wrong = json!({"timezone": "europe/atlantis", "defaultCurrency": "XAU"});
        let expected = ["VALIDATION_ERROR input.timezone", "VALIDATION_ERROR input.defaultCurrency"];
        refuses_at(app, "updateTenantSettings", wrong, &expected);
        let nulls = json!({"billingStart": null, "timezone": null, "defaultCurrency": null});
        let expected = ["billingStart", "timezone", "defaultCurrency"].map(|name| format!("VALIDATION_ERROR input.{name}"));
        refuses_at(app, "updateTenantSettings", nulls, &expected.each_ref().map(String::as_str));
    }

    a_stale_version_is_a_conflict(app) {
        conflicts(app, "updateTenantSettings", &json!({}), "tenant", 1);
    }

    a_key_sees_itself_and_its_tenant(app) {
        for (scope, name) in [(Scope::Read, "READ"), (Scope::Write, "WRITE"), (Scope::Admin, "ADMIN")] {
            let key = app.key_with(scope);
            let answer = app.send_as(&key, &[], "{ viewer { keyName scope tenant { name } } }", json!({})).json();
            let expected = json!({"keyName": "test", "scope": name, "tenant": {"name": "Acme"}});
            assert_eq!(answer["data"]["viewer"], expected);
        }
    }

    a_scope_bounds_what_a_key_may_do(app) {
        let customer = r#"mutation { createCustomer(input: {name: "A"}) { customer { name } userErrors { code } } }"#;
        let settings = "mutation { updateTenantSettings(input: {}) { tenant { name } userErrors { code } } }";
        let before = app.database.number("SELECT COUNT(*) FROM customers");
        for (scope, may_write, may_set) in
            [(Scope::Read, false, false), (Scope::Write, true, false), (Scope::Admin, true, true)]
        {
            let key = app.key_with(scope);
            for (document, may, field) in
                [(customer, may_write, "createCustomer"), (settings, may_set, "updateTenantSettings")]
            {
                let dump = app.database.dump();
                let answer = app.send_as(&key, &[], document, json!({})).json();
                if may {
                    assert_eq!(answer["data"][field]["userErrors"], json!([]), "{answer}");
                } else {
                    let error = &answer["errors"][0];
                    assert_eq!((&error["extensions"]["code"], &error["path"]), (&json!("FORBIDDEN"), &json!([field])));
                    assert_eq!(answer["data"], json!(null));
                    app.database.assert_unchanged(&dump);
                }
            }
            let read = app.send_as(&key, &[], "{ customers { totalCount } }", json!({})).json();
            assert!(read["data"]["customers"]["totalCount"].is_i64(), "{read}");
        }
        assert_eq!(app.database.number("SELECT COUNT(*) FROM customers"), before + 2);
    }
}
