//! Repetitions of a mutation under one key, by the directive and by the header; and refusals that nobody asked about.

use crate::support::builders::text;
use crate::support::{TestApp, both, mutation};
use perennial::domain::api_key::Scope;
use serde_json::{Value, json};

const CREATE: &str = "mutation ($key: String!, $name: String!) {
    createCustomer(input: {name: $name}) @idempotent(key: $key) { customer { id name } userErrors { code field } }
}";

/// Creates a customer under a key of the directive; answers the whole response.
fn create(app: &TestApp, key: &str, name: &str) -> Value {
    app.send(CREATE, json!({"key": key, "name": name}))
}

fn customers(app: &TestApp) -> i64 {
    app.database.number("SELECT COUNT(*) FROM customers")
}

/// The code of a response's only error, which must have no effect.
fn refused(answer: &Value) -> String {
    assert_eq!((answer["errors"].as_array().map(Vec::len), &answer["data"]), (Some(1), &Value::Null), "{answer:#}");
    text(&answer["errors"][0]["extensions"]["code"])
}

both! {
    a_repetition_has_the_stored_answer_and_no_effect(app) {
        let first = create(app, "k", "Jane");
        assert_eq!(first["extensions"]["idempotency"], json!(null));
        let before = app.database.dump();
        let again = create(app, "k", "Jane");
        assert_eq!((&again["data"], &again["extensions"]["idempotency"]), (&first["data"], &json!({"replayed": true})));
        app.database.assert_unchanged(&before);
        assert_eq!(customers(app), 1);
        assert_eq!(app.database.number("SELECT COUNT(*) FROM audit_records"), 1);
    }

    the_header_does_what_the_directive_does(app) {
        let (document, variables) = mutation("createCustomer", json!({"name": "Jane"}), "customer { id }");
        let send = || app.send_as(&app.key, &[("idempotency-key", "k")], &document, variables.clone()).json();
        let first = send();
        let again = send();
        assert_eq!((&again["data"], &again["extensions"]["idempotency"]), (&first["data"], &json!({"replayed": true})));
        let by_directive = create(app, "k", "Jane");
        assert_eq!(by_directive["extensions"]["idempotency"], json!({"replayed": true}), "they share their keys");
        assert_eq!(customers(app), 1);
        let both = app.send_as(&app.key, &[("idempotency-key", "k")], CREATE, json!({"key": "other", "name": "Jane"}));
        assert_eq!(refused(&both.json()), "BAD_USER_INPUT", "two keys that differ");
        assert_eq!(customers(app), 1);
    }

    what_changes_the_catalogue_has_its_effect_once(app) {
        let plan = app.plan("gold", "29");
        let entitlements = json!([{"feature": "sso"}]);
        let add_on = json!({
            "code": "a", "name": "A", "addOnType": "ON_OFF", "unitAmount": "1", "entitlements": entitlements,
        });
        for (field, input, object) in [
            ("createFeature", json!({"code": "sso", "name": "S", "featureType": "BOOLEAN"}), "feature"),
            ("createAddOn", add_on, "addOn"),
            ("createDiscount", json!({"code": "HALF", "name": "H", "percentage": "50"}), "discount"),
            ("createCoupon", json!({"code": "WELCOME", "name": "W", "discount": "HALF"}), "coupon"),
            ("setPlanEntitlements", json!({"planId": plan, "entitlements": entitlements}), "plan"),
        ] {
            let (document, variables) = mutation(field, input.clone(), &format!("{object} {{ id updatedAt }}"));
            let send = || app.send_as(&app.key, &[("idempotency-key", field)], &document, variables.clone()).json();
            let first = send();
            assert_eq!(first["data"][field]["userErrors"], json!([]), "{field}");
            let before = app.database.dump();
            let again = send();
            assert_eq!((&again["data"], &again["extensions"]["idempotency"]["replayed"]), (&first["data"], &json!(true)));
            app.database.assert_unchanged(&before);
        }
    }

    a_scan_that_is_repeated_counts_one_device(app) {
        let warehouse = app.warehouse();
        let document = "mutation ($input: FulfilOrderItemInput!) {
            fulfilOrderItem(input: $input) @idempotent(key: \"scan-1\") {
                subscription { id } order { rentedDevices customer { deviceCount } } userErrors { code }
            }
        }";
        let first = app.send(document, json!({"input": warehouse.scan("L1")}));
        app.fulfil(&warehouse.order, &warehouse.customer, "L2");
        let again = app.send(document, json!({"input": warehouse.scan("L1")}));
        let [one, two] = [&first, &again].map(|answer| &answer["data"]["fulfilOrderItem"]);
        assert_eq!(one["subscription"], two["subscription"]);
        assert_eq!(two["userErrors"], json!([]));
        // What is selected is read anew, so the order shows the other scan.
        assert_eq!(two["order"], json!({"rentedDevices": 2, "customer": {"deviceCount": 2}}));
        assert_eq!(app.database.number("SELECT COUNT(*) FROM subscriptions"), 2);
    }

    a_repeated_bulk_answers_its_rows_again(app) {
        let warehouse = app.warehouse();
        let document = "mutation ($input: FulfilOrderItemsInput!) {
            fulfilOrderItems(input: $input) @idempotent(key: \"bulk\") {
                rows { assetSerialNumber subscription { id } userError { code message field } } userErrors { code }
            }
        }";
        let scans = json!([{"assetSerialNumber": "L1"}, {"assetSerialNumber": "X"}]);
        let input = json!({
            "orderId": warehouse.order, "customerId": warehouse.customer, "scans": scans, "onError": "REJECT_FAILED",
        });
        let first = app.send(document, json!({"input": input}));
        assert_eq!(first["data"]["fulfilOrderItems"]["rows"][1]["userError"]["code"], "ASSET_NOT_FOUND", "{first}");
        let again = app.send(document, json!({"input": input}));
        assert_eq!((&again["data"], &again["extensions"]["idempotency"]), (&first["data"], &json!({"replayed": true})));
    }

    a_key_belongs_to_its_operation_and_its_arguments(app) {
        create(app, "k", "Jane");
        let before = app.database.dump();
        let other = create(app, "k", "John");
        let reused = json!({"customer": null, "userErrors": [{"code": "IDEMPOTENCY_KEY_REUSED", "field": null}]});
        assert_eq!(other["data"]["createCustomer"], reused);
        let product = r#"mutation {
            createProduct(input: {sku: "L", name: "Jane"}) @idempotent(key: "k") { product { id } userErrors { code } }
        }"#;
        let other = app.send(product, json!({}));
        assert_eq!(other["data"]["createProduct"]["userErrors"], json!([{"code": "IDEMPOTENCY_KEY_REUSED"}]));
        app.database.assert_unchanged(&before);
        create(app, "K", "John");
        assert_eq!(customers(app), 2, "keys are told apart to the letter");
    }

    how_the_arguments_are_written_does_not_matter(app) {
        let written = [
            r#"mutation { createCustomer(input: {name: "Jane", phone: "1"}) @idempotent(key: "k") { __typename } }"#,
            r#"mutation { a: createCustomer(input: {phone: "1", name: "Jane"}) @idempotent(key: "k") { __typename } }"#,
        ];
        app.data(written[0]);
        assert_eq!(app.send(written[1], json!({}))["extensions"]["idempotency"], json!({"replayed": true}));
        let variables = r#"mutation ($i: CreateCustomerInput!) {
            createCustomer(input: $i) @idempotent(key: "k") { customer { id } }
        }"#;
        let again = app.send(variables, json!({"i": {"phone": "1", "name": "Jane"}}));
        assert_eq!(again["extensions"]["idempotency"], json!({"replayed": true}));
        assert_eq!(customers(app), 1);
    }

    a_key_belongs_to_its_tenant(app) {
        create(app, "k", "Jane");
        let (_, other) = app.another_tenant("Other");
        let answer = app.send_as(&other, &[], CREATE, json!({"key": "k", "name": "John"})).json();
        assert_eq!(answer["data"]["createCustomer"]["customer"]["name"], "John", "{answer}");
        let another_key = app.key_with(Scope::Write);
        let answer = app.send_as(&another_key, &[], CREATE, json!({"key": "k", "name": "Jane"})).json();
        assert_eq!(answer["extensions"]["idempotency"], json!({"replayed": true}), "of all of a tenant's API keys");
    }

    a_refusal_is_not_remembered(app) {
        let warehouse = app.warehouse();
        let document = "mutation ($input: FulfilOrderItemInput!) {
            fulfilOrderItem(input: $input) @idempotent(key: \"k\") { subscription { status } userErrors { code } }
        }";
        let send = || app.send(document, json!({"input": warehouse.scan("late")}))["data"]["fulfilOrderItem"].take();
        let before = app.database.dump();
        assert_eq!(send(), json!({"subscription": null, "userErrors": [{"code": "ASSET_NOT_FOUND"}]}));
        app.database.assert_unchanged(&before);
        app.asset("LAP", "late");
        assert_eq!(send(), json!({"subscription": {"status": "ACTIVE"}, "userErrors": []}));
        let empty = create(app, "c", " ");
        assert_eq!(empty["data"]["createCustomer"]["userErrors"][0]["code"], "VALIDATION_ERROR");
        assert_eq!(create(app, "c", "Jane")["data"]["createCustomer"]["userErrors"], json!([]));
    }

    a_document_with_a_mutation_that_cannot_be_read_does_nothing(app) {
        let document = "mutation ($id: ID!, $days: Int!) {
            a: createCustomer(input: {name: \"Jane\"}) { customer { id } userErrors { code } }
            b: createBillingGroup(input: {customerId: $id, name: \"Group\", billingDay: $days}) { userErrors { code } }
        }";
        let before = app.database.dump();
        let answer = app.send(document, json!({"id": "cus_00000000000000000000000000", "days": 3_000_000_000_i64}));
        assert_eq!(refused(&answer), "BAD_USER_INPUT");
        let settings = "mutation {
            a: createCustomer(input: {name: \"Jane\"}) { customer { id } userErrors { code } }
            b: updateTenantSettings(input: {timezone: \"UTC\"}) { userErrors { code } }
        }";
        let key = app.key_with(Scope::Write);
        let before_keys = app.database.dump();
        assert_eq!(refused(&app.send_as(&key, &[], settings, json!({})).json()), "FORBIDDEN");
        app.database.assert_unchanged(&before_keys);
        assert_eq!(before["customers"], app.database.dump()["customers"]);
    }

    a_key_has_between_1_and_255_bytes(app) {
        for (key, taken) in [
            ("", false),
            ("x", true),
            (&"x".repeat(255), true),
            (&"x".repeat(256), false),
            (&"é".repeat(128), false),
            ("a\0b", false),
        ] {
            let before = app.database.dump();
            let answer = create(app, key, "Jane");
            if taken {
                assert_eq!(answer["data"]["createCustomer"]["userErrors"], json!([]));
            } else {
                assert_eq!(refused(&answer), "BAD_USER_INPUT", "{key:?}");
                app.database.assert_unchanged(&before);
            }
        }
        let forgotten = app.send(CREATE, json!({"name": "Jane"}));
        assert_eq!(refused(&forgotten), "BAD_USER_INPUT", "a key that is not given is not as good as none");
        let (document, variables) = mutation("createCustomer", json!({"name": "Jane"}), "__typename");
        for key in ["", "a b", &"x".repeat(256)] {
            let answer = app.send_as(&app.key, &[("idempotency-key", key)], &document, variables.clone());
            let code = answer.json()["errors"][0]["extensions"]["code"].take();
            assert_eq!((answer.status, code), (400, json!("BAD_USER_INPUT")), "{key}");
        }
        assert_eq!(customers(app), 2);
    }

    a_header_is_for_one_mutation_and_the_directive_for_any_of_several(app) {
        let two = r#"mutation {
            a: createCustomer(input: {name: "A"}) { customer { name } }
            b: createCustomer(input: {name: "B"}) { customer { name } }
        }"#;
        let answer = app.send_as(&app.key, &[("idempotency-key", "k")], two, json!({})).json();
        assert_eq!((refused(&answer), customers(app)), ("BAD_USER_INPUT".to_owned(), 0));
        let each = r#"mutation {
            a: createCustomer(input: {name: "A"}) @idempotent(key: "a") { customer { name } }
            b: createCustomer(input: {name: "B"}) @idempotent(key: "b") { customer { name } }
        }"#;
        for _ in 0..2 {
            app.data(each);
        }
        assert_eq!(customers(app), 2);
        let query = app.send_as(&app.key, &[("idempotency-key", "k")], "{ tenant { name } }", json!({})).json();
        assert_eq!(query, json!({"data": {"tenant": {"name": "Acme"}}}), "it says nothing of queries");
    }

    a_refusal_whose_user_errors_nobody_selected_is_an_error(app) {
        let before = app.database.dump();
        for (document, path, code, argument) in [
            (
                r#"mutation { createCustomer(input: {name: ""}) { customer { id } } }"#,
                json!(["createCustomer"]),
                "VALIDATION_ERROR",
                json!(["input", "name"]),
            ),
            (
                r#"mutation { it: confirmOrder(input: {orderId: "ord_00000000000000000000000000"}) { __typename } }"#,
                json!(["it"]),
                "ORDER_NOT_FOUND",
                json!(["input", "orderId"]),
            ),
            (
                r#"mutation { createCustomer(input: {name: ""}) { userErrors @skip(if: true) { code } __typename } }"#,
                json!(["createCustomer"]),
                "VALIDATION_ERROR",
                json!(["input", "name"]),
            ),
        ] {
            let answer = app.send(document, json!({}));
            let error = &answer["errors"][0];
            let found = (&error["path"], &error["extensions"]["code"], &error["extensions"]["argument"]);
            assert_eq!(found, (&path, &json!(code), &argument), "{answer:#}");
            assert_eq!(answer["data"], json!(null));
        }
        let seen = r#"mutation { createCustomer(input: {name: ""}) { ... { errors: userErrors { code } } } }"#;
        let answer = app.data(seen);
        assert_eq!(answer, json!({"createCustomer": {"errors": [{"code": "VALIDATION_ERROR"}]}}));
        app.database.assert_unchanged(&before);
    }

    the_first_mutation_that_fails_ends_the_document(app) {
        let document = r#"mutation {
            a: createCustomer(input: {name: "A"}) { customer { name } }
            b: createCustomer(input: {name: ""}) { customer { name } }
            c: createCustomer(input: {name: "C"}) { customer { name } }
        }"#;
        let answer = app.send(document, json!({}));
        assert_eq!((&answer["errors"][0]["path"], customers(app)), (&json!(["b"]), 1));
        let told = document.replace("customer { name }", "customer { name } userErrors { code }");
        let answer = app.data(&told);
        assert_eq!(
            answer["c"],
            json!({"customer": {"name": "C"}, "userErrors": []}),
            "a refusal that is told ends nothing"
        );
        assert_eq!(customers(app), 3);
    }
}
