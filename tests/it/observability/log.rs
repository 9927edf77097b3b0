//! One line a request, and what was slow. Nothing that a client sent as a value.

use crate::live::client::Socket;
use crate::support::database::TestDatabase;
use crate::support::program::{Program, tenant};
use crate::support::{Backend, on_both};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const QUERY: &str = "query Shop($name: String!) { productBySku(sku: $name) { sku } tenant { name } }";
/// What `sha256sum` makes of it.
const SHA256: &str = "151c8b2f1f8eba90d0671724be10035b523d1ef7ea307458282c024928a3f471";

/// The next line of the log that says this about the operation `Shop`.
fn line(program: &Program, message: &str) -> Value {
    loop {
        let line = program.await_log(message);
        let line: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
        if line["operation"] == "Shop" || line["operation"] == "Wrong" {
            return line;
        }
    }
}

/// How many statements [`QUERY`] takes: PostgreSQL is asked once for all.
fn statements(database: &TestDatabase) -> u32 {
    match database.backend {
        Backend::Postgres => 1,
        Backend::Sqlite => 2,
    }
}

on_both! {
    a_request_is_one_line_that_says_what_it_did(database) {
        let program = Program::serve(&database.url);
        let (tenant_id, key) = tenant(&database.url);
        let answer = program.send(&key, None, QUERY, &json!({"name": "a secret"})).unwrap();
        let line = line(&program, "\"answered\"");
        let fields: BTreeSet<&str> = line.as_object().unwrap().keys().map(String::as_str).collect();
        let expected = [
            "bytes", "cost", "database_us", "duration_us", "key", "kind", "level", "message", "method", "operation", "path",
            "request_id", "rows_read", "statements", "status", "target", "tenant", "timestamp",
        ];
        assert_eq!(fields, BTreeSet::from(expected));
        for (field, expected) in [
            ("tenant", json!(tenant_id)),
            ("kind", json!("query")),
            ("statements", json!(statements(database))),
            ("rows_read", json!(1)),
            ("status", json!(200)),
            ("method", json!("POST")),
            ("path", json!("/graphql")),
            ("bytes", json!(answer.text.len())),
            ("request_id", json!(answer.header("x-request-id").unwrap())),
        ] {
            assert_eq!(line[field], expected, "{field}");
        }
        assert!(line["key"].as_str().unwrap().starts_with("key_"));
        assert!(line["duration_us"].as_u64() >= line["database_us"].as_u64(), "{line}");
        assert!(!line.to_string().contains("a secret") && !line.to_string().contains(&key));

        program.send(&key, None, "query Wrong { nothing }", &json!({})).unwrap();
        let wrong = self::line(&program, "\"answered\"");
        assert_eq!((&wrong["codes"], &wrong["statements"]), (&json!("GRAPHQL_VALIDATION_FAILED"), &json!(0)));
        let refused = "mutation Wrong { createCustomer(input: {name: \"\"}) { userErrors { code } } }";
        let answer = program.send(&key, None, refused, &json!({})).unwrap().json();
        let refused = self::line(&program, "\"answered\"");
        assert_eq!(refused["codes"], answer["data"]["createCustomer"]["userErrors"][0]["code"]);
        assert_eq!(refused["kind"], "mutation");
    }

    who_asks_is_said_once(database) {
        let program = Program::serve(&database.url);
        let (_, key) = tenant(&database.url);
        // The key is looked up, then remembered, and looked up all the same for a mutation.
        for document in [QUERY, QUERY, "mutation Shop { createCustomer(input: {name: \"Jane\"}) { userErrors { code } } }"] {
            program.send(&key, None, document, &json!({"name": "a"})).unwrap();
            let line = program.await_log("\"answered\"");
            for field in ["\"key\":", "\"tenant\":"] {
                assert_eq!(line.matches(field).count(), 1, "{line}");
            }
        }
    }

    an_operation_on_a_socket_is_a_line_too(database) {
        let program = Program::serve(&database.url);
        let (tenant_id, key) = tenant(&database.url);
        let mut socket = Socket::begun(program.address, &key);
        socket.subscribe("1", QUERY, json!({"name": "a secret"}));
        socket.field("1", "tenant");
        let line = line(&program, "answered on a socket");
        for (field, expected) in
            [("tenant", json!(tenant_id)), ("kind", json!("query")), ("statements", json!(statements(database))), ("rows_read", json!(1))]
        {
            assert_eq!(line[field], expected, "{field}");
        }
        assert!(line["request_id"].is_string() && line["duration_us"].is_u64() && line["cost"].is_u64(), "{line}");
        assert!(!line.to_string().contains("a secret"));
    }

    what_is_slow_is_named_by_its_hash(database) {
        let program = Program::try_serve(&database.url, &["--slow-operation-ms", "0"]).unwrap();
        let (tenant_id, key) = tenant(&database.url);
        program.send(&key, None, QUERY, &json!({"name": "a secret", "more": "of it"})).unwrap();
        let line = line(&program, "a slow operation");
        assert_eq!((&line["level"], &line["sha256"]), (&json!("WARN"), &json!(SHA256)));
        assert_eq!((&line["variables"], &line["statements"]), (&json!("name"), &json!(statements(database))));
        assert_eq!(line["tenant"], json!(tenant_id));
        assert!(line["operation_us"].is_u64() && line["request_id"].is_string(), "{line}");
        assert!(!line.to_string().contains("secret"));
    }
}
