//! Traces reach a collector, and are part of the caller's own.

use crate::support::program::{PATIENCE, Program, tenant};
use crate::support::{Backend, on_both};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::mpsc::{Receiver, channel};

/// A collector that takes everything: its address, and the bodies that it gets.
fn collector() -> (SocketAddr, Receiver<(String, Value)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for connection in listener.incoming().map_while(Result::ok) {
            let sender = sender.clone();
            std::thread::spawn(move || {
                let mut reader = BufReader::new(connection.try_clone().unwrap());
                let mut writer = connection;
                loop {
                    let (mut head, mut length) = (String::new(), 0);
                    loop {
                        let mut line = String::new();
                        if reader.read_line(&mut line).unwrap_or_default() == 0 {
                            return;
                        }
                        if let Some(given) = line.to_lowercase().strip_prefix("content-length:") {
                            length = given.trim().parse().unwrap();
                        }
                        if line == "\r\n" {
                            break;
                        }
                        head += &line;
                    }
                    let mut body = vec![0; length];
                    reader.read_exact(&mut body).unwrap();
                    let _ = sender.send((head, serde_json::from_slice(&body).unwrap()));
                    let answer = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";
                    writer.write_all(answer.as_bytes()).unwrap();
                }
            });
        }
    });
    (address, receiver)
}

/// Every span of a body.
fn spans(body: &Value) -> Vec<Value> {
    let list = |value: &Value, name: &str| value[name].as_array().cloned().unwrap_or_default();
    let scopes = list(body, "resourceSpans").into_iter().flat_map(move |resource| list(&resource, "scopeSpans"));
    scopes.flat_map(move |scope| list(&scope, "spans")).collect()
}

/// An attribute of a span, as text.
fn attribute(span: &Value, key: &str) -> String {
    let attributes = span["attributes"].as_array().unwrap();
    let found = attributes.iter().find(|attribute| attribute["key"] == key).map(|found| &found["value"]);
    let value = found.and_then(|value| value.as_object()?.values().next().cloned());
    value.map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned)).unwrap_or_default()
}

on_both! {
    a_request_is_a_trace_with_its_relations_mutations_and_transactions(database) {
        let (address, received) = collector();
        let program =
            Program::try_serve(&database.url, &["--no-billing", "--otlp-endpoint", &format!("http://{address}/")]).unwrap();
        let (_, key) = tenant(&database.url);
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        let parent = "00f067aa0ba902b7";
        let send = |document: &str| {
            let request = ureq::post(format!("http://{}/graphql", program.address));
            let request = request.header("authorization", format!("Bearer {key}"));
            let request = request.header("traceparent", format!("00-{trace}-{parent}-01"));
            let mut answer = request.send_json(json!({"query": document})).unwrap();
            let answer: Value = answer.body_mut().read_json().unwrap();
            assert_eq!(answer.get("errors"), None, "{answer}");
        };
        send("mutation Make { createCustomer(input: {name: \"a secret\"}) { customer { name } } }");
        send("query Shop { customers(first: 3) { nodes { name billingGroups { name } } } }");

        let mut seen: Vec<Value> = Vec::new();
        let is_over = |seen: &[Value]| {
            ["mutation Make", "query Shop"].iter().all(|name| seen.iter().any(|span| span["name"] == *name))
        };
        while !is_over(&seen) {
            let (head, body) = received.recv_timeout(PATIENCE).unwrap();
            assert!(head.starts_with("POST /v1/traces ") && head.to_lowercase().contains("application/json"), "{head}");
            assert!(body.to_string().contains("\"perennial\"") && !body.to_string().contains("a secret"), "{body}");
            seen.extend(spans(&body));
        }
        seen.retain(|span| span["traceId"] == trace);
        let named = |name: &str| seen.iter().filter(|span| span["name"] == name).collect::<Vec<_>>();
        for name in ["mutation Make", "query Shop"] {
            let [request] = named(name)[..] else { panic!("{name}: {seen:#?}") };
            assert_eq!((&request["parentSpanId"], &request["kind"]), (&json!(parent), &json!(2)));
            assert_eq!(attribute(request, "status"), "200");
        }
        let [mutation] = named("mutation")[..] else { panic!("{seen:#?}") };
        assert_eq!(attribute(mutation, "mutation"), "createCustomer");
        let [request] = named("mutation Make")[..] else { panic!("{seen:#?}") };
        assert_eq!(mutation["parentSpanId"], request["spanId"]);
        let transactions = named("transaction");
        let kinds = |kind: &str| transactions.iter().filter(|span| attribute(span, "kind") == kind).count();
        assert!(kinds("write") >= 1, "{transactions:#?}");
        // Several statements are one transaction; PostgreSQL gets one statement for all.
        let reads = usize::from(database.backend == Backend::Sqlite);
        assert_eq!(kinds("read"), reads, "{transactions:#?}");
        let loads = named("load");
        let page = loads.iter().find(|span| attribute(span, "field") == "customers").unwrap();
        assert_eq!([attribute(page, "on"), attribute(page, "parents"), attribute(page, "rows")], ["Query", "1", "1"]);
        assert!(loads.iter().any(|span| attribute(span, "field") == "billingGroups" && attribute(span, "on") == "Customer"));
    }

    a_collector_that_is_not_there_holds_nobody_up(database) {
        let program = Program::try_serve(&database.url, &["--otlp-endpoint", "http://127.0.0.1:9"]).unwrap();
        let (_, key) = tenant(&database.url);
        assert_eq!(program.send(&key, None, "{ tenant { name } }", &json!({})).unwrap().status, 200);
        program.await_log("traces could not be sent");
    }
}
