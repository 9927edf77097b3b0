//! A document that was found valid is not validated again, but for the values of its variables: what is wrong with them is
//! said in the same words, at the same places and with the same status as the first time.

use crate::support::{Answer, Backend, Setup, TestApp, both};
use perennial::graphql::QueryLimits;
use serde_json::{Value, json};
use std::time::Duration;

fn ask(app: &TestApp, document: &str, variables: &Value) -> (u16, String) {
    let headers = [("accept", "application/graphql-response+json"), ("x-request-id", "the-same")];
    let Answer { status, text, .. } = app.send_as(&app.key, &headers, document, variables.clone());
    (status, text)
}

/// Asks for a document with good variables and then with bad ones, and with these once more as a document that was never
/// seen: a comment behind it makes it one.
fn refused_alike(app: &TestApp, document: &str, good: &Value, bad: &[Value]) {
    for _ in 0..2 {
        let (status, text) = ask(app, document, good);
        assert!(status == 200 && !text.contains("\"errors\""), "{document} {good}: {text}");
    }
    for (number, bad) in bad.iter().enumerate() {
        let known = ask(app, document, bad);
        assert!(known.1.contains("\"errors\""), "{document} {bad}: {}", known.1);
        assert_eq!(known, ask(app, &format!("{document} # {number}"), bad), "{document} {bad}");
        assert_eq!(known, ask(app, document, bad), "{document} {bad}");
    }
    let (status, text) = ask(app, document, good);
    assert!(status == 200 && !text.contains("\"errors\""), "{document} {good}: {text}");
}

both! {
    bad_variables_of_a_known_document_are_refused_as_those_of_a_new_one(app) {
        let warehouse = app.warehouse();
        let (order, customer) = (json!(warehouse.order), json!(warehouse.customer));
        refused_alike(
            app,
            "query ($id: ID!, $with: Boolean!) { order(id: $id) { id number @include(if: $with) } }",
            &json!({"id": order, "with": true}),
            &[
                json!({"id": {}, "with": true}),
                json!({"id": null, "with": true}),
                json!({"id": order, "with": "yes"}),
                json!({"id": order, "with": 1}),
                json!({"id": "nonsense", "with": false}),
            ],
        );
        refused_alike(
            app,
            "query ($filter: AssetFilter, $first: Int) { assets(first: $first, filter: $filter) { nodes { id } } }",
            &json!({"filter": {"status": {"in": ["AVAILABLE"]}, "sku": {"eq": "LAP"}}}),
            &[
                json!({"filter": {"status": {"in": ["AVAILABLE", "BROKEN"]}}}),
                json!({"filter": {"status": {"eq": 1}}}),
                json!({"filter": {"sku": {"eq": 1}}}),
                json!({"filter": {"colour": {"eq": "red"}}}),
                json!({"filter": {"not": {"and": [{"sku": "LAP"}]}}}),
                json!({"filter": "LAP"}),
                json!({"filter": [{"sku": {"eq": "LAP"}}]}),
                json!({"first": "1"}),
                json!({"first": 1.5}),
                json!({"first": 9_999_999_999_i64}),
                json!({"first": -1}),
            ],
        );
        refused_alike(
            app,
            "query ($by: CustomerOrderField!, $in: OrderDirection) { ...Names } fragment Names on Query \
             { customers(orderBy: {field: $by, direction: $in}) { nodes { ... on Customer { name } } } }",
            &json!({"by": "NAME", "in": "DESC"}),
            &[json!({"by": "AGE", "in": "DESC"}), json!({"by": "NAME", "in": "UP"}), json!({"by": 1})],
        );
        refused_alike(
            app,
            "query ($id: ID!) { nodes(ids: $id) { id } }",
            &json!({"id": customer}),
            &[json!({"id": {"id": customer}}), json!({"id": 1.5})],
        );
        refused_alike(
            app,
            "mutation ($input: CreateOrderInput!, $key: String!) \
             { createOrder(input: $input) @idempotent(key: $key) { order { status } userErrors { code } } }",
            &json!({"key": "a", "input": {"customerId": customer, "items": {"sku": "LAP", "quantity": 1, "contractLength": 12}}}),
            &[
                json!({"key": "b", "input": {"customerId": customer}}),
                json!({"key": "b", "input": {"customerId": customer, "items": [{"sku": "LAP", "quantity": "1"}]}}),
                json!({"key": "b", "input": {"customerId": customer, "items": [null]}}),
                json!({"key": "b", "input": 1}),
                json!({"key": 1, "input": {"customerId": customer, "items": []}}),
            ],
        );
    }

    what_is_wrong_beside_a_variable_without_a_value_is_said_once_it_has_one(app) {
        let document = "query ($sku: String) { assets(filter: {status: {eq: BROKEN}, sku: {eq: $sku}}) { nodes { id } } }";
        let without = ask(app, document, &json!({}));
        assert_eq!(without, ask(app, document, &json!({})));
        let with = ask(app, document, &json!({"sku": "LAP"}));
        assert!(with.1.contains("does not contain the value"), "{}", with.1);
        assert_eq!(with, ask(app, &format!("{document} # new"), &json!({"sku": "LAP"})));
    }

    what_is_left_out_by_a_variable_is_there_by_another(app) {
        app.customer("Jane Doe");
        let document = "query ($a: Boolean!, $b: Boolean = true) { customers @skip(if: $a) { nodes { name } } \
                        ... @include(if: $b) { tenant { name @skip(if: $a) id @include(if: false) __typename } } }";
        let customers = r#""customers":{"nodes":[{"name":"Jane Doe"}]}"#;
        for _ in 0..2 {
            for (variables, data) in [
                (json!({"a": true, "b": false}), String::new()),
                (json!({"a": false, "b": false}), customers.to_owned()),
                (json!({"a": true}), r#""tenant":{"__typename":"Tenant"}"#.to_owned()),
                (json!({"a": false}), format!(r#"{customers},"tenant":{{"name":"Acme","__typename":"Tenant"}}"#)),
            ] {
                assert_eq!(ask(app, document, &variables), (200, format!(r#"{{"data":{{{data}}}}}"#)), "{variables}");
            }
        }
    }

    which_operation_of_a_known_document_is_meant_must_be_clear(app) {
        let answer = |name: Value| {
            let body = json!({"query": "query A { tenant { name } } query B { t: tenant { name } }", "operationName": name});
            let request = app.agent().post(app.url("/graphql")).header("authorization", format!("Bearer {}", app.key));
            Answer::of(request.send_json(body).unwrap()).json()
        };
        for _ in 0..2 {
            assert_eq!(answer(json!("A"))["data"], json!({"tenant": {"name": "Acme"}}));
            assert_eq!(answer(json!("B"))["data"], json!({"t": {"name": "Acme"}}));
            for unclear in [json!(null), json!("C"), json!("")] {
                let code = answer(unclear)["errors"][0]["extensions"]["code"].clone();
                assert_eq!(code, "OPERATION_RESOLUTION_FAILURE");
            }
        }
    }

    a_failure_has_the_same_place_in_a_known_document(app) {
        let app = with_time(app.database.backend, Duration::ZERO);
        let document = "query {\n  ...F tenant { name }\n} fragment F on Query { all: customers { nodes { id } } }";
        let new = ask(&app, document, &json!({}));
        assert!(new.1.contains(r#""data":null"#) && new.1.contains("TIMEOUT"), "{}", new.1);
        assert_eq!(new, ask(&app, document, &json!({})));
    }
}

fn with_time(backend: Backend, reading: Duration) -> TestApp {
    let query = QueryLimits { reading, ..QueryLimits::default() };
    TestApp::served(backend, Setup { query, ..Setup::default() })
}
