//! A failure shows a code, a message and a request id. Nothing of how the program is made, and nothing of its database.

use crate::support::{Answer, TestApp, both};
use perennial::domain::api_key::Scope;
use serde_json::{Value, json};

/// What would tell a stranger how the program is made.
const INSIDE: &[&str] = &[
    "::",
    "perennial/",
    "src/",
    ".rs",
    "diesel",
    "async_graphql",
    "async-graphql",
    "serde",
    "actix",
    "tokio",
    "panick",
    "unwrap",
    "SELECT",
    "INSERT",
    "sqlite",
    "SQLite",
    "postgres",
    "relation \\\"",
    "no such table",
    "no such column",
    "libpq",
    "backtrace",
    "Did you mean",
    "did you mean",
    "occurred while parsing",
    "i32",
    "i64",
    "usize",
    "Vec<",
];

#[track_caller]
fn assert_says_nothing(answer: &Answer) {
    let headers: String = answer.headers.iter().map(|(name, value)| format!("{name}: {value:?}\n")).collect();
    for inside in INSIDE {
        assert!(!answer.text.contains(inside) && !headers.contains(inside), "{inside}: {headers}{}", answer.text);
    }
    assert!(answer.header("server").is_none() && answer.header("x-powered-by").is_none(), "{headers}");
}

/// The only error of an answer holds these and nothing else.
#[track_caller]
fn assert_only(answer: &Answer, code: &str) {
    assert_says_nothing(answer);
    let body = answer.json();
    let [error] = body["errors"].as_array().unwrap().as_slice() else { panic!("{body}") };
    let extensions = error["extensions"].as_object().unwrap();
    assert_eq!(extensions["code"], code, "{body}");
    assert_eq!(extensions["requestId"], answer.header("x-request-id").unwrap(), "{body}");
    assert_eq!(extensions.len(), 2, "{body}");
    let known = ["message", "locations", "path", "extensions"];
    assert!(error.as_object().unwrap().keys().all(|key| known.contains(&key.as_str())), "{body}");
}

fn send(app: &TestApp, document: &str) -> Answer {
    app.send_as(&app.key, &[], document, json!({}))
}

both! {
    a_database_error_is_not_shown(app) {
        app.app.db.execute_batch("ALTER TABLE products RENAME TO gone").unwrap();
        for document in [
            "{ products { nodes { sku } } }",
            "{ productBySku(sku: \"x\") { name } }",
            "mutation { createProduct(input: {sku: \"a\", name: \"A\"}) { product { id } userErrors { message } } }",
        ] {
            let answer = send(app, document);
            assert_only(&answer, "INTERNAL_SERVER_ERROR");
            assert_eq!(answer.json().get("data"), Some(&Value::Null));
        }
        // A key that is not remembered cannot be looked up.
        let key = app.key_with(Scope::Read);
        app.app.db.execute_batch("ALTER TABLE api_keys RENAME TO no_keys").unwrap();
        let answer = app.send_as(&key, &[], "{ tenant { name } }", json!({}));
        assert_eq!(answer.status, 503);
        assert_only(&answer, "SERVICE_UNAVAILABLE");
    }

    what_is_wrong_with_a_document_is_said_in_words_of_graphql(app) {
        for (document, variables) in [
            ("{ tenan { name } }", json!({})),
            ("{ tenant { nam } }", json!({})),
            ("{ customers(firs: 1) { totalCount } }", json!({})),
            ("{ customers(first: \"x\") { totalCount } }", json!({})),
            ("{ customers(first: 99999999999999999999) { totalCount } }", json!({})),
            ("{ customers(after: \"x\") { totalCount } }", json!({})),
            ("{ customer(id: 1.5) { name } }", json!({})),
            ("{ node(id: \"x\") { ... on Nothing { id } } }", json!({})),
            ("query ($a: Int!) { customers(first: $a) { totalCount } }", json!({"a": "x"})),
            ("query ($a: Int!) { customers(first: $a) { totalCount } }", json!({"a": 1e99})),
            ("query ($a: Nothing!) { customers(first: $a) { totalCount } }", json!({})),
            ("mutation { createCustomer(input: {name: 1}) { customer { id } } }", json!({})),
            ("mutation { createCustomer(input: {nam: \"x\"}) { customer { id } } }", json!({})),
            ("mutation ($i: CreateCustomerInput!) { createCustomer(input: $i) { customer { id } } }", json!({"i": []})),
            (
                "mutation ($i: CreateOrderInput!) { createOrder(input: $i) { order { id } } }",
                json!({"i": {"customerId": 7, "items": [{"sku": {}, "quantity": "x", "contractLength": 1e30}]}}),
            ),
            ("subscription { x }", json!({})),
            ("{", json!({})),
            ("", json!({})),
        ] {
            let answer = app.send_as(&app.key, &[], document, variables);
            assert!(answer.json()["errors"][0]["extensions"]["code"].is_string(), "{document}: {}", answer.text);
            assert_says_nothing(&answer);
        }
    }

    what_is_wrong_with_a_request_is_said_without_the_framework(app) {
        let post = |body: &str, content_type: &str| {
            let request = app.agent().post(app.url("/graphql")).header("authorization", format!("Bearer {}", app.key));
            Answer::of(request.header("content-type", content_type).send(body).unwrap())
        };
        for (body, content_type) in [
            ("", "application/json"),
            ("{", "application/json"),
            ("{\"query\": 1e999}", "application/json"),
            ("{\"query\": \"{a}\", \"variables\": {\"a\": }}", "application/json"),
            ("[]", "application/json"),
            ("x", "text/plain"),
            ("x", "multipart/form-data; boundary=x"),
        ] {
            let answer = post(body, content_type);
            assert!(answer.status >= 400 && answer.status < 500, "{body}");
            assert_says_nothing(&answer);
        }
        for path in ["/nowhere", "/graphql?query=%FF", "/playground/..%2f..%2fCargo.toml", "/webhooks/stripe", "/%00"] {
            assert_says_nothing(&Answer::of(app.agent().get(app.url(path)).call().unwrap()));
        }
    }

    a_panic_is_not_shown(app) {
        app.customer("Jane");
        app.break_clock();
        let answer = send(app, "query Panics { customers { nodes { name } } }");
        assert_eq!(answer.status, 500);
        assert_only(&answer, "INTERNAL_SERVER_ERROR");
        app.set_clock(crate::support::START);
        let answer = send(app, "{ customers { nodes { name } } }");
        assert_eq!(answer.json(), json!({"data": {"customers": {"nodes": [{"name": "Jane"}]}}}));
    }

    a_database_that_cannot_be_reached_is_not_shown(app) {
        // Everybody who is to wait for a connection waits in vain.
        let connections = 16;
        let (taken, over) = (std::sync::Barrier::new(connections + 1), std::sync::Barrier::new(connections + 1));
        std::thread::scope(|scope| {
            for _ in 0..connections {
                scope.spawn(|| {
                    app.app.db.read(|_| {
                        taken.wait();
                        over.wait();
                        Ok::<_, perennial::repository::Fault>(())
                    })
                });
            }
            taken.wait();
            let answer = send(app, "{ tenant { name } }");
            over.wait();
            assert_eq!((answer.status, answer.header("retry-after")), (503, Some("1")));
            assert_only(&answer, "SERVICE_UNAVAILABLE");
        });
    }
}
