//! The tenant's settings, and who is asking.

use super::{conflicts, refuses_at, with};
use crate::support::both;
use perennial::domain::api_key::Scope;
use serde_json::{Map, Value, json};

const WHOLE: &str = "tenant {
    __typename id name billingStart timezone defaultCurrency mode amountsIncludeTax taxRate multipleDiscountsAllowed
    discountOrder percentageBase dunning { schedule finalAction graceSeconds noGraceOnHardDecline } usageGraceSeconds
    monthToMonth defaultPaymentTerms clock now version createdAt updatedAt
}";

both! {
    a_tenant_starts_with_the_default_settings_and_keeps_what_is_left_out(app) {
        let mut expected = json!({
            "__typename": "Tenant", "id": app.tenant.to_string(), "name": "Acme", "billingStart": "IMMEDIATE",
            "timezone": "UTC", "defaultCurrency": "EUR", "mode": "LIVE", "amountsIncludeTax": false, "taxRate": "0",
            "multipleDiscountsAllowed": true, "discountOrder": "PERCENTAGE_FIRST", "percentageBase": "FULL",
            "dunning": {"schedule": [3, 5, 7], "finalAction": "NONE", "graceSeconds": 0, "noGraceOnHardDecline": true},
            "usageGraceSeconds": 0, "monthToMonth": false, "defaultPaymentTerms": null, "clock": null, "now": "2025-01-31T12:00:00Z", "version": 1, "createdAt": "2025-01-31T12:00:00Z",
            "updatedAt": "2025-01-31T12:00:00Z",
        });
        assert_eq!(app.data(&format!("{{ {WHOLE} }}"))["tenant"], expected);
        let now = "2025-02-01T12:00:00Z";
        app.set_clock(now);
        for (place, (change, shown)) in [
            (json!({}), json!({})),
            (json!({"timezone": "Europe/Berlin"}), json!({"timezone": "Europe/Berlin"})),
            (json!({"billingStart": "FIRST_OF_NEXT_MONTH"}), json!({"billingStart": "FIRST_OF_NEXT_MONTH"})),
            (json!({"defaultCurrency": "jpy"}), json!({"defaultCurrency": "JPY"})),
            (json!({"amountsIncludeTax": true}), json!({"amountsIncludeTax": true})),
            (json!({"taxRate": "0.190"}), json!({"taxRate": "0.19"})),
            (json!({"multipleDiscountsAllowed": false}), json!({"multipleDiscountsAllowed": false})),
            (json!({"discountOrder": "AMOUNT_FIRST"}), json!({"discountOrder": "AMOUNT_FIRST"})),
            (json!({"percentageBase": "COMPOUND"}), json!({"percentageBase": "COMPOUND"})),
            (json!({"dunning": {}}), json!({})),
            (
                json!({"dunning": {"schedule": [3, 7, 7], "finalAction": "PAUSE", "graceSeconds": 60}}),
                json!({"dunning": {
                    "schedule": [3, 7, 7], "finalAction": "PAUSE", "graceSeconds": 60, "noGraceOnHardDecline": true,
                }}),
            ),
            (
                json!({"dunning": {"finalAction": "END", "noGraceOnHardDecline": false}}),
                json!({"dunning": {
                    "schedule": [3, 7, 7], "finalAction": "END", "graceSeconds": 60, "noGraceOnHardDecline": false,
                }}),
            ),
            (json!({"usageGraceSeconds": 604_800}), json!({"usageGraceSeconds": 604_800})),
            (json!({"monthToMonth": true}), json!({"monthToMonth": true})),
            (json!({"defaultPaymentTerms": "NET_30"}), json!({"defaultPaymentTerms": "NET_30"})),
            (json!({"monthToMonth": false, "defaultPaymentTerms": null}), json!({"monthToMonth": false, "defaultPaymentTerms": null})),
            (
                json!({"amountsIncludeTax": false, "taxRate": 0, "multipleDiscountsAllowed": true}),
                json!({"amountsIncludeTax": false, "taxRate": "0", "multipleDiscountsAllowed": true}),
            ),
        ]
        .into_iter()
        .enumerate()
        {
            expected = with(with(expected, shown), json!({"version": place + 2, "now": now, "updatedAt": now}));
            assert_eq!(app.mutate("updateTenantSettings", change.clone(), WHOLE)["tenant"], expected, "{change}");
        }
        assert_eq!(app.data(&format!("{{ {WHOLE} }}"))["tenant"], expected);
    }

    a_tax_rate_is_an_exact_fraction(app) {
        for (given, shown) in [
            (json!("0.25"), "0.25"),
            (json!("0.08875"), "0.08875"),
            (json!("0.000001"), "0.000001"),
            (json!("0.2500000000"), "0.25"),
            (json!(1), "1"),
            (json!("0.0"), "0"),
        ] {
            let changed = app.mutate("updateTenantSettings", json!({"taxRate": given}), "tenant { taxRate }");
            assert_eq!(changed["tenant"]["taxRate"], shown, "{given}");
            assert_eq!(app.database.texts("SELECT CAST(tax_rate AS TEXT) AS line FROM tenants"), [shown]);
        }
        for wrong in ["-0.01", "1.000001", "25", "0.0000001", "a fifth", ""] {
            let wrong = json!({"taxRate": wrong});
            refuses_at(app, "updateTenantSettings", wrong, &["VALIDATION_ERROR input.taxRate"]);
        }
    }

    a_test_tenant_stays_one(app) {
        let (id, key) = app.test_tenant();
        let seen = app.send_as(&key, &[], "{ tenant { id mode } }", json!({})).json();
        assert_eq!(seen["data"]["tenant"], json!({"id": id.to_string(), "mode": "TEST"}));
        let changed = app.attempt_as(&key, "updateTenantSettings", json!({"taxRate": "0.25"}), "tenant { mode taxRate }");
        assert_eq!(changed["tenant"], json!({"mode": "TEST", "taxRate": "0.25"}));
        let before = app.database.dump();
        let document = "mutation { updateTenantSettings(input: {mode: LIVE}) { tenant { mode } userErrors { code } } }";
        let answer = app.send_as(&key, &[], document, json!({})).json();
        assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{answer}");
        app.database.assert_unchanged(&before);
        assert_eq!(app.data("{ tenant { mode taxRate } }")["tenant"], json!({"mode": "LIVE", "taxRate": "0"}));
    }

    all_that_is_wrong_with_the_settings_is_said_at_once(app) {
        let wrong = json!({"timezone": "europe/atlantis", "defaultCurrency": "XAU", "taxRate": "19"});
        let expected = ["timezone", "defaultCurrency", "taxRate"].map(|name| format!("VALIDATION_ERROR input.{name}"));
        refuses_at(app, "updateTenantSettings", wrong, &expected.each_ref().map(String::as_str));
        for (schedule, grace, usage) in [(json!([]), -1, -1), (json!([3, 61]), i32::MAX, 604_801), (json!(vec![1; 11]), -1, -1)] {
            let wrong = json!({"dunning": {"schedule": schedule, "graceSeconds": grace}, "usageGraceSeconds": usage});
            let expected = ["dunning.schedule", "dunning.graceSeconds", "usageGraceSeconds"];
            let expected = expected.map(|path| format!("VALIDATION_ERROR input.{path}"));
            refuses_at(app, "updateTenantSettings", wrong, &expected.each_ref().map(String::as_str));
        }
        let nulls = json!({"dunning": {"schedule": null, "finalAction": null, "graceSeconds": null, "noGraceOnHardDecline": null}});
        let expected = ["schedule", "finalAction", "graceSeconds", "noGraceOnHardDecline"]
            .map(|name| format!("VALIDATION_ERROR input.dunning.{name}"));
        refuses_at(app, "updateTenantSettings", nulls, &expected.each_ref().map(String::as_str));
        let names = [
            "billingStart", "timezone", "defaultCurrency", "amountsIncludeTax", "taxRate", "multipleDiscountsAllowed",
            "discountOrder", "percentageBase", "dunning", "usageGraceSeconds", "monthToMonth",
        ];
        let nulls: Value = names.iter().map(|name| ((*name).to_owned(), Value::Null)).collect::<Map<_, _>>().into();
        let expected = names.map(|name| format!("VALIDATION_ERROR input.{name}"));
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
