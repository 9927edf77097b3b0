//! What nobody would think of sending, drawn at random: every answer is one of GraphQL, with a code, and never an error of
//! ours. `PROPTEST_CASES` says how many are drawn of each kind.

use crate::support::builders::text;
use crate::support::{Answer, TestApp, both};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use serde_json::{Value, json};

/// Draws values and looks at what becomes of each.
fn each<S: Strategy>(strategy: S, test: impl Fn(S::Value) -> Result<(), TestCaseError>) {
    let config = Config { failure_persistence: None, ..Config::default() };
    // Unless more are asked for: each is a request.
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { config.cases } else { 150 };
    TestRunner::new(Config { cases, ..config }).run(&strategy, test).unwrap();
}

/// Whatever was sent: an answer of GraphQL's form, whose errors have codes and are none of ours.
fn answered(answer: &Answer) -> Result<Value, TestCaseError> {
    prop_assert!([200, 400, 413].contains(&answer.status), "{} {}", answer.status, answer.text);
    let body: Value =
        serde_json::from_str(&answer.text).map_err(|cause| TestCaseError::fail(format!("{cause}: {}", answer.text)))?;
    let errors = body["errors"].as_array().cloned().unwrap_or_default();
    prop_assert!(body.get("data").is_some() || !errors.is_empty(), "{body}");
    for error in &errors {
        let code = error["extensions"]["code"].as_str().unwrap_or_default();
        prop_assert!(!["", "INTERNAL_SERVER_ERROR", "SERVICE_UNAVAILABLE", "TIMEOUT"].contains(&code), "{body}");
    }
    Ok(body)
}

/// Sends a document with variables.
fn asked(app: &TestApp, document: &str, variables: Value) -> Result<Value, TestCaseError> {
    answered(&app.send_as(&app.key, &[], document, variables))
}

/// Sends bytes as the body.
fn posted(app: &TestApp, body: &[u8]) -> Result<Value, TestCaseError> {
    let request = app.agent().post(app.url("/graphql")).header("authorization", format!("Bearer {}", app.key));
    answered(&Answer::of(request.header("content-type", "application/json").send(body).unwrap()))
}

const DOCUMENT: &str = r#"query Q ( $first : Int = 3 , $id : ID ! ) { orders ( first : $first , filter : { and : [ { status :
    { in : [ PENDING , CONFIRMED ] } } , { not : { number : { startsWith : "O" } } } ] } , orderBy : [ { field : CREATED_AT ,
    direction : DESC } ] ) @include ( if : true ) { totalCount nodes { ... O items @skip ( if : false ) { a : sku quantity
    product { ... on Product { name } } } } } node ( id : $id ) { __typename id ... O } } fragment O on Order { id number
    customer { name } }"#;

/// Pieces of the language, some of which do not belong.
fn token() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => select(DOCUMENT.split_whitespace().collect::<Vec<_>>()).prop_map(str::to_owned),
        1 => select(vec!["\"\"\"", "\"", "\\u{110000}", "-", "1e999", "...", "&", "|", "\u{feff}", "\0", "#", "subscription",
            "mutation", "__schema", "{{{{{{{{", "[[[[[[[[", "9999999999999999999999", "0x1", "@deprecated", "é", "\u{202e}"])
            .prop_map(str::to_owned),
        1 => any::<String>(),
    ]
}

/// Anything that JSON can say, not too much of it.
fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        select(vec![
            "PENDING",
            "O-000001",
            "2025-01-31T12:00:00Z",
            "EUR",
            "NaN",
            "infinity",
            "+262143-01-01T00:00:00Z"
        ])
        .prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let names = select(vec![
            "and",
            "or",
            "not",
            "status",
            "number",
            "createdAt",
            "customerId",
            "eq",
            "in",
            "gte",
            "lt",
            "startsWith",
            "isNull",
        ]);
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((names, inner), 0..4).prop_map(|fields| Value::Object(
                fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
            )),
        ]
    })
}

/// A text with one place changed, cut out or put twice.
fn damaged(text: &str, place: Index, how: usize, with: &str) -> String {
    let at = text.char_indices().map(|(at, _)| at).collect::<Vec<_>>();
    let at = if at.is_empty() { 0 } else { *place.get(&at) };
    let (before, after) = text.split_at(at);
    let rest = after.chars().skip(1).collect::<String>();
    match how {
        0 => before.to_owned(),
        1 => format!("{before}{rest}"),
        2 => format!("{before}{with}{rest}"),
        _ => format!("{before}{after}{after}"),
    }
}

both! {
    documents(app) {
        app.warehouse();
        let tokens: Vec<&str> = DOCUMENT.split_whitespace().collect();
        let changes = vec((any::<Index>(), 0..3usize, token()), 1..4);
        each(changes, |changes| {
            let mut tokens: Vec<String> = tokens.iter().map(|token| (*token).to_owned()).collect();
            for (place, how, token) in changes {
                let at = place.index(tokens.len());
                match how {
                    0 => drop(tokens.remove(at)),
                    1 => tokens.insert(at, token),
                    _ => tokens[at] = token,
                }
            }
            asked(app, &tokens.join(" "), json!({"id": "ord_00000000000000000000000000"})).map(drop)
        });
        each(vec(token(), 0..60), |tokens| asked(app, &tokens.join(" "), json!({})).map(drop));
    }

    bodies(app) {
        let body = json!({
            "query": "query ($a: Int, $f: OrderFilter) { orders(first: $a, filter: $f) { nodes { id } } }",
            "variables": {"a": 5, "f": {"number": {"eq": "O-1"}}}, "operationName": null, "extensions": {"a": [1, {}]},
        });
        let body = body.to_string();
        each((any::<Index>(), 0..4usize, any::<String>()), |(place, how, with)| {
            posted(app, damaged(&body, place, how, &with).as_bytes()).map(drop)
        });
        each(vec(any::<u8>(), 0..200), |bytes| posted(app, &bytes).map(drop));
        each(anything(), |value| posted(app, value.to_string().as_bytes()).map(drop));
        each((anything(), anything(), anything()), |(variables, name, extensions)| {
            let body = json!({"query": "{ tenant { name } }", "variables": variables, "operationName": name, "extensions": extensions});
            posted(app, body.to_string().as_bytes()).map(drop)
        });
    }

    cursors(app) {
        let customer = app.customer("Jane Doe");
        app.product("LAP", "10.00");
        for _ in 0..4 {
            app.order(&customer, &[("LAP", 1, 12)]);
        }
        let page = "query ($after: String, $before: String, $by: [OrderOrder!]) { \
            orders(first: 2, after: $after, orderBy: $by) { edges { cursor } } back: orders(last: 2, before: $before) { edges { cursor } } }";
        let by = |field: &str| json!([{"field": field, "direction": "ASC"}]);
        let orders = ["CREATED_AT", "NUMBER"].map(by);
        let cursors: Vec<Vec<String>> = orders.iter().map(|by| {
            let found = app.data_with(page, json!({"by": by}));
            found["orders"]["edges"].as_array().unwrap().iter().map(|edge| text(&edge["cursor"])).collect()
        }).collect();
        each((any::<Index>(), 0..4usize, any::<String>(), any::<bool>(), any::<bool>()), |(place, how, with, swap, other)| {
            let cursor = damaged(&cursors[usize::from(other)][0], place, how, &with);
            asked(app, page, json!({"after": cursor, "before": cursor, "by": orders[usize::from(swap)]})).map(drop)
        });
        each(any::<String>(), |cursor| asked(app, page, json!({"after": cursor, "before": cursor})).map(drop));
    }

    ids(app) {
        let warehouse = app.warehouse();
        let find = "query ($id: ID!) { node(id: $id) { id } order(id: $id) { id } nodes(ids: [$id]) { id } }";
        each((any::<Index>(), 0..4usize, any::<String>()), |(place, how, with)| {
            let id = damaged(&warehouse.order, place, how, &with);
            let found = asked(app, find, json!({"id": id}))?;
            let other = id != warehouse.order && found["data"]["order"]["id"] == json!(warehouse.order);
            prop_assert!(!other || id.eq_ignore_ascii_case(&warehouse.order), "{id} found another one");
            Ok(())
        });
        each(any::<String>(), |id| asked(app, find, json!({"id": id})).map(drop));
        each(any::<u128>(), |id| {
            let found = asked(app, find, json!({"id": uuid::Uuid::from_u128(id).to_string()}))?;
            prop_assert_eq!(&found["data"]["order"], &Value::Null);
            Ok(())
        });
    }

    /// What is taken is kept to the last digit; all else is refused.
    decimals(app) {
        let make = "mutation ($input: CreateProductInput!) { createProduct(input: $input) { product { listPrice { amount } } userErrors { code } } }";
        let number = std::cell::Cell::new(0);
        let made = |price: &str| {
            number.set(number.get() + 1);
            let input = json!({"sku": format!("SKU-{}", number.get()), "name": "Laptop", "listPrice": price});
            asked(app, make, json!({"input": input}))
        };
        each("[-+]?[0-9]{0,24}([.][0-9]{0,5})?([eE][-+]?[0-9]{1,3})?", |price| {
            let found = made(&price)?;
            if let Some(kept) = found["data"]["createProduct"]["product"]["listPrice"]["amount"].as_str() {
                let as_number = |text: &str| text.parse::<bigdecimal::BigDecimal>().unwrap();
                prop_assert_eq!(as_number(kept), as_number(&price));
            }
            Ok(())
        });
        each(any::<String>(), |price| made(&price).map(drop));
    }

    filters(app) {
        app.warehouse();
        let list = "query ($filter: OrderFilter) { orders(filter: $filter) { totalCount nodes { id } } }";
        each(anything(), |filter| asked(app, list, json!({"filter": filter})).map(drop));
    }
}
