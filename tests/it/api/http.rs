//! What surrounds GraphQL: methods, headers, media types, statuses, limits, keys, and the other addresses.

use crate::support::{Answer, TestApp, both};
use perennial::app::operator;
use perennial::domain::api_key::Scope;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;

const QUERY: &str = "{ tenant { name } }";

/// Sends a raw request and reads the whole answer: (status, headers in lower case, body).
fn raw(app: &TestApp, head: &str, body: &[u8]) -> (u16, String, String) {
    let url = app.url("");
    let mut stream = TcpStream::connect(url.trim_start_matches("http://")).unwrap();
    let length = body.len();
    write!(stream, "{head}\r\nhost: test\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n").unwrap();
    // The server may answer, and hang up, before it has read all of it.
    let _ = stream.write_all(body);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    let text = String::from_utf8(answer).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {text}"));
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, head.to_lowercase(), body.to_owned())
}

/// POSTs a body with these headers, the key among them.
fn post(app: &TestApp, headers: &[(&str, &str)], body: &[u8]) -> (u16, String, String) {
    let lines = headers.iter().fold(String::new(), |lines, (name, value)| format!("{lines}\r\n{name}: {value}"));
    raw(app, &format!("POST /graphql HTTP/1.1\r\nauthorization: Bearer {}{lines}", app.key), body)
}

fn get(app: &TestApp, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = app.agent().get(app.url(path));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    Answer::of(request.call().unwrap())
}

fn code(body: &str) -> String {
    let body: Value = serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {body}"));
    let code = body["errors"][0]["extensions"]["code"].as_str().unwrap_or_default();
    code.to_owned()
}

fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |text, byte| format!("{text}%{byte:02X}"))
}

both! {
    every_answer_has_its_headers_and_echoes_the_request_id(app) {
        for (given, echoed) in [
            (Some("abc-1"), "abc-1"),
            (Some("with space"), "00000000-0000-0000-0000-000000000007"),
            (None, "00000000-0000-0000-0000-000000000007"),
        ] {
            let headers: Vec<_> = given.iter().map(|id| ("x-request-id", *id)).collect();
            for (key, document) in [(app.key.as_str(), QUERY), (&app.key, "{ nothing }"), ("prn_unknown", QUERY)] {
                let answer = app.send_as(key, &headers, document, json!({}));
                assert_eq!(answer.header("x-request-id"), Some(echoed));
                assert_eq!(answer.header("content-type"), Some("application/json; charset=utf-8"));
                assert_eq!(answer.header("cache-control"), Some("no-store"));
                assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
                assert_eq!((answer.header("vary"), answer.header("server")), (Some("Accept"), None));
            }
        }
        let answer = app.send_as(&app.key, &[("x-request-id", "abc")], "{ nothing }", json!({})).json();
        assert_eq!(answer["extensions"]["requestId"], "abc");
    }

    the_media_type_decides_about_the_status_of_a_request_error(app) {
        let refusal = r#"mutation { createCustomer(input: {name: ""}) { customer { id } } }"#;
        for (accept, content_type, invalid) in [
            ("application/json", "application/json; charset=utf-8", 200),
            ("*/*", "application/json; charset=utf-8", 200),
            ("application/graphql-response+json", "application/graphql-response+json; charset=utf-8", 400),
            (
                "application/graphql-response+json, application/json;q=0.9",
                "application/graphql-response+json; charset=utf-8",
                400,
            ),
        ] {
            for (document, status, data) in [
                (QUERY, 200, Some(json!({"tenant": {"name": "Acme"}}))),
                ("{ nothing }", invalid, None),
                ("{", invalid, None),
                ("{ customers(first: 101) { totalCount } }", 200, Some(json!(null))),
                (refusal, 200, Some(json!(null))),
            ] {
                let answer = app.send_as(&app.key, &[("accept", accept)], document, json!({}));
                assert_eq!((answer.status, answer.header("content-type")), (status, Some(content_type)), "{document}");
                assert_eq!(
                    answer.json().get("data"),
                    data.as_ref(),
                    "a document that was not run has no data: {document}"
                );
            }
        }
        let answer = app.send_as(&app.key, &[("accept", "text/html")], QUERY, json!({}));
        assert_eq!((answer.status, code(&answer.text).as_str()), (406, "NOT_ACCEPTABLE"));
    }

    only_get_and_post_are_answered(app) {
        for method in ["PUT", "PATCH", "DELETE", "OPTIONS", "BREW"] {
            let (status, head, body) =
                raw(app, &format!("{method} /graphql HTTP/1.1\r\nauthorization: Bearer {}", app.key), b"");
            assert_eq!((status, code(&body).as_str()), (405, "METHOD_NOT_ALLOWED"), "{method}");
            assert!(head.contains("allow: get, post"), "{head}");
        }
    }

    a_get_needs_a_preflight_header_and_cannot_change_anything(app) {
        let key = format!("Bearer {}", app.key);
        let path = |parameters: &str| format!("/graphql?{parameters}");
        let ask = |parameters: &str, preflight: bool| {
            let mut headers = vec![("authorization", key.as_str())];
            headers.extend(preflight.then_some(("graphql-preflight", "1")));
            get(app, &path(parameters), &headers)
        };
        let query = format!("query={}", encoded(QUERY));
        let answer = ask(&query, true);
        assert_eq!((answer.status, answer.json()), (200, json!({"data": {"tenant": {"name": "Acme"}}})));
        for name in ["graphql-require-preflight", "apollo-require-preflight", "x-requested-with"] {
            assert_eq!(get(app, &path(&query), &[("authorization", &key), (name, "x")]).status, 200, "{name}");
        }
        let found = r#"query A($s: String!) { productBySku(sku: $s) { id } }
            mutation B { createCustomer(input: {name: "A"}) { __typename } }"#;
        let both = format!("query={}&variables={}", encoded(found), encoded(r#"{"s": "x"}"#));
        assert_eq!(ask(&format!("{both}&operationName=A"), true).json(), json!({"data": {"productBySku": null}}));
        let before = app.database.dump();
        let mutation = encoded(r#"mutation { createCustomer(input: {name: "A"}) { __typename } }"#);
        for (parameters, preflight, status, expected) in [
            (query.clone(), false, 400, "BAD_REQUEST"),
            (format!("query={mutation}"), true, 405, "METHOD_NOT_ALLOWED"),
            (format!("{both}&operationName=B"), true, 405, "METHOD_NOT_ALLOWED"),
            (String::new(), true, 400, "BAD_REQUEST"),
            (format!("{query}&{query}"), true, 400, "BAD_REQUEST"),
            (format!("{query}&variables=1"), true, 400, "BAD_REQUEST"),
            (format!("{query}&variables=x"), true, 400, "BAD_REQUEST"),
        ] {
            let answer = ask(&parameters, preflight);
            assert_eq!(
                (answer.status, code(&answer.text).as_str()),
                (status, expected),
                "{parameters}: {}",
                answer.text
            );
            if status == 405 {
                assert_eq!(answer.header("allow"), Some("POST"));
            }
        }
        app.database.assert_unchanged(&before);
    }

    a_body_is_one_object_of_json_in_utf_8(app) {
        let json = [("content-type", "application/json")];
        let good = format!(r#"{{"query": "{QUERY}"}}"#);
        let nested = |open: &str, close: &str| {
            let (open, close) = (open.repeat(10_000), close.repeat(10_000));
            format!(r#"{{"query": "{QUERY}", "variables": {{"a": {open}1{close}}}}}"#)
        };
        let (deep, deep_objects) = (nested("[", "]"), nested(r#"{"a":"#, "}"));
        for (headers, body, status, expected) in [
            (&json[..], good.as_bytes(), 200, ""),
            (&[("content-type", "application/json; charset=UTF-8")], good.as_bytes(), 200, ""),
            (&[], good.as_bytes(), 415, "UNSUPPORTED_MEDIA_TYPE"),
            (&[("content-type", "text/plain")], good.as_bytes(), 415, "UNSUPPORTED_MEDIA_TYPE"),
            (&[("content-type", "application/x-www-form-urlencoded")], b"query={a}", 415, "UNSUPPORTED_MEDIA_TYPE"),
            (&[("content-type", "application/json; charset=latin1")], good.as_bytes(), 415, "UNSUPPORTED_MEDIA_TYPE"),
            (
                &[("content-type", "application/json"), ("content-encoding", "gzip")],
                good.as_bytes(),
                415,
                "UNSUPPORTED_MEDIA_TYPE",
            ),
            (&json, b"", 400, "BAD_REQUEST"),
            (&json, b"{", 400, "BAD_REQUEST"),
            (&json, b"\xff\xfe", 400, "BAD_REQUEST"),
            (&json, b"{\"query\": \"{ tenant { name } } # \xff\"}", 400, "BAD_REQUEST"),
            (&json, b"[{\"query\": \"{ tenant { name } }\"}]", 400, "BAD_REQUEST"),
            (&json, b"\"{ tenant { name } }\"", 400, "BAD_REQUEST"),
            (&json, b"{\"query\": 1}", 400, "BAD_REQUEST"),
            (&json, b"{\"query\": \"{ tenant { name } }\", \"variables\": []}", 400, "BAD_REQUEST"),
            (&json, b"{\"query\": \"{ tenant { name } }\", \"operationName\": 1}", 400, "BAD_REQUEST"),
            (&json, b"{\"extensions\": {\"persistedQuery\": {}}}", 400, "BAD_REQUEST"),
            (&json, deep.as_bytes(), 400, "BAD_REQUEST"),
            (&json, deep_objects.as_bytes(), 400, "BAD_REQUEST"),
        ] {
            let (found, head, body) = post(app, headers, body);
            assert_eq!((found, code(&body).as_str()), (status, expected), "{headers:?}\n{head}\n{body}");
        }
    }

    bodies_and_queries_are_only_so_long(app) {
        let json = [("content-type", "application/json")];
        // The limits of the tests' own server: 256 kB and 16 kB.
        for (body, status, expected) in [
            (format!(r#"{{"query": "{QUERY} {}"}}"#, " ".repeat(16 * 1024 - QUERY.len() - 1)), 200, ""),
            (format!(r#"{{"query": "{QUERY} {}"}}"#, " ".repeat(16 * 1024)), 413, "PAYLOAD_TOO_LARGE"),
            (format!(r#"{{"query": "{QUERY}"}}{}"#, " ".repeat(200 * 1024)), 200, ""),
            (format!(r#"{{"query": "{QUERY}"}}{}"#, " ".repeat(256 * 1024)), 413, "PAYLOAD_TOO_LARGE"),
            ("x".repeat(10 * 1024 * 1024), 413, "PAYLOAD_TOO_LARGE"),
        ] {
            let (found, _, answer) = post(app, &json, body.as_bytes());
            assert_eq!((found, code(&answer).as_str()), (status, expected), "{} bytes", body.len());
        }
        let variables = json!({"input": {"name": "A", "metadata": {"a": "x".repeat(300 * 1024)}}});
        let before = app.database.dump();
        let (document, _) = crate::support::mutation("createCustomer", json!(null), "__typename");
        let body = json!({"query": document, "variables": variables}).to_string();
        assert_eq!(post(app, &json, body.as_bytes()).0, 413);
        app.database.assert_unchanged(&before);
    }

    a_key_is_asked_for_and_an_unknown_or_revoked_one_opens_nothing(app) {
        let before = app.database.dump();
        let (id, revoked) = operator::create_key(&app.app, app.tenant, "old", Scope::Admin).unwrap();
        assert_eq!(app.send_as(&revoked, &[], QUERY, json!({})).status, 200);
        operator::revoke_key(&app.app, app.tenant, id).unwrap();
        let keys = [
            None,
            Some(String::new()),
            Some("Bearer".to_owned()),
            Some(format!("Basic {}", app.key)),
            Some(app.key.clone()),
            Some("Bearer prn_unknown".to_owned()),
            Some(format!("Bearer {revoked}")),
            Some(format!("Bearer {}x", app.key)),
        ];
        let mut bodies: Vec<Value> = Vec::new();
        for key in keys {
            let headers: Vec<_> = key.iter().map(|key| format!("\r\nauthorization: {key}")).collect();
            let head = format!("POST /graphql HTTP/1.1\r\ncontent-type: application/json{}", headers.concat());
            let body = r#"{"query": "mutation { createCustomer(input: {name: \"A\"}) { __typename } }"}"#;
            let (status, head, body) = raw(app, &head, body.as_bytes());
            assert_eq!((status, code(&body).as_str()), (401, "UNAUTHENTICATED"), "{key:?}");
            assert!(head.contains(r#"www-authenticate: bearer realm="perennial""#), "{head}");
            bodies.push(serde_json::from_str(&body).unwrap());
        }
        assert!(bodies.iter().all(|body| *body == bodies[0]), "all alike, so that nothing is learnt");
        assert_eq!(app.database.dump().get("customers"), before.get("customers"));
    }

    a_tenant_that_is_named_must_be_that_of_the_key(app) {
        let (other, _) = app.another_tenant("Other");
        let (own, bare) = (app.tenant.to_string(), app.tenant.uuid().to_string());
        for (tenant, status) in [
            (own.as_str(), 200),
            (&bare, 200),
            (&other.to_string(), 403),
            ("", 403),
            ("x", 403),
            ("ten_00000000000000000000000000", 403),
        ] {
            let answer = app.send_as(&app.key, &[("x-tenant-id", tenant)], QUERY, json!({}));
            let expected = if status == 200 { "" } else { "FORBIDDEN" };
            assert_eq!((answer.status, code(&answer.text).as_str()), (status, expected), "{tenant}");
        }
        // Whoever has no key does not learn which tenants there are.
        let answer = app.send_as("prn_unknown", &[("x-tenant-id", &own)], QUERY, json!({}));
        assert_eq!(answer.status, 401);
    }

    health_and_readiness_are_asked_without_a_key(app) {
        for (path, text) in [("/healthz", "ok"), ("/readyz", "ready")] {
            let answer = get(app, path, &[]);
            assert_eq!((answer.status, answer.text.as_str()), (200, text));
            assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));
            let (status, head, body) = raw(app, &format!("POST {path} HTTP/1.1"), b"");
            assert_eq!((status, code(&body).as_str()), (405, "METHOD_NOT_ALLOWED"));
            assert!(head.contains("allow: get, head"), "{head}");
            assert_eq!(raw(app, &format!("HEAD {path} HTTP/1.1"), b"").0, 200);
        }
        let answer = get(app, "/nowhere", &[]);
        assert_eq!((answer.status, code(&answer.text).as_str()), (404, "NOT_FOUND"));
    }

    the_playground_is_served_with_a_policy(app) {
        let page = get(app, "/", &[]);
        assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
        for path in ["/", "/playground.json"] {
            let answer = get(app, path, &[]);
            let policy = answer.header("content-security-policy").unwrap();
            assert!(policy.starts_with("default-src 'self'") && policy.contains("frame-ancestors 'none'"), "{policy}");
            assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        }
        let tag = page.header("etag").unwrap();
        assert_eq!(get(app, "/", &[("if-none-match", tag)]).status, 304);
        let setup = get(app, "/playground.json", &[]).json();
        assert_eq!(setup["apiKey"], json!(null), "no key is given away");
        for example in setup["examples"].as_array().unwrap() {
            assert!(example["query"].as_str().is_some_and(|query| !query.is_empty()), "{example}");
        }
        assert_eq!(get(app, "/playground/nothing.js", &[]).status, 404);
    }
}
