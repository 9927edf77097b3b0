//! How many statements a mutation takes: on PostgreSQL each is a way to the server and back.

use crate::differential::statements::{run_by, watch_statements};
use crate::support::{Backend, TestApp, both};
use async_graphql::{Request, Variables};
use perennial::app::App;
use perennial::graphql::{Api, Caller, to_json};
use serde_json::{Value, json};
use std::sync::Arc;

/// What a mutation runs, as `INSERT events`. Nothing is read of its payload.
fn written(app: &TestApp, mutation: &str, input: Value) -> Vec<String> {
    watch_statements();
    let own = Arc::new(App::new(app.database.open(), "https://perennial.example.com".to_owned()));
    let viewer = own.authenticate(&app.key).unwrap().unwrap();
    let api = Api::new(own);
    let (first, rest) = mutation.split_at(1);
    let query = format!(
        "mutation ($input: {}{rest}Input!) {{ {mutation}(input: $input) {{ userErrors {{ code }} }} }}",
        first.to_uppercase()
    );
    let caller = Caller { viewer, request_id: "counted".to_owned(), idempotency_key: Some(format!("key-{input}")) };
    let request = Request::new(query).variables(Variables::from_json(json!({"input": input})));
    let mut answer = Value::Null;
    let seen = run_by(|| {
        let response = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap()
            .block_on(api.execute(request, caller))
            .response;
        answer = serde_json::from_slice(&to_json(&response)).unwrap();
    });
    assert_eq!(answer["data"][mutation]["userErrors"], json!([]), "{answer}");
    seen.iter().map(|statement| named(statement)).collect()
}

/// The first word of a statement, and the table that it changes.
fn named(statement: &str) -> String {
    let mut words = statement.split([' ', '"', '`', '(', ';', '\n']).filter(|word| !word.is_empty());
    let first = words.next().unwrap_or_default();
    let table = match first {
        "INSERT" => words.nth(1),
        "UPDATE" => words.next(),
        _ => None,
    };
    [Some(first), table].into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// The parts of a batch on SQLite: each row is a statement.
fn parts(parts: &[(&str, usize)]) -> Vec<String> {
    parts.iter().flat_map(|(part, times)| vec![(*part).to_owned(); *times]).collect()
}

both! {
    a_scan_is_read_and_stored_by_one_statement_each(app) {
        let customer = app.customer("Jane Doe");
        app.product("LAP", "129.00");
        app.asset("LAP", "L1");
        app.asset("LAP", "L2");
        let order = app.order(&customer, &[("LAP", 2, 12)]);
        let scan = |serial: &str| json!({"orderId": order, "customerId": customer, "assetSerialNumber": serial});
        let seen = written(app, "fulfilOrderItem", scan("L1"));
        let changed = |events| parts(&[
            ("INSERT idempotency_keys", 1),
            ("INSERT events", events),
            ("INSERT audit_records", 1),
            ("INSERT subscriptions", 1),
            ("INSERT scheduled_payments", 12),
            ("INSERT asset_assignments", 1),
            ("UPDATE orders", 1),
            ("UPDATE order_items", 1),
            ("UPDATE assets", 1),
            ("UPDATE customers", 1),
            ("INSERT customer_revenues", 1),
        ]);
        match app.database.backend {
            Backend::Postgres => assert_eq!(seen, ["SELECT", "WITH"]),
            Backend::Sqlite => {
                assert_eq!(seen, [parts(&[("SELECT", 1), ("BEGIN", 1)]), changed(3), parts(&[("COMMIT", 1)])].concat());
            }
        }
        // The last unit sets free what is kept for the order: it is known that nothing is.
        let seen = written(app, "fulfilOrderItem", scan("L2"));
        match app.database.backend {
            Backend::Postgres => assert_eq!(seen, ["SELECT", "WITH"]),
            Backend::Sqlite => {
                assert_eq!(seen, [parts(&[("SELECT", 1), ("BEGIN", 1)]), changed(3), parts(&[("COMMIT", 1)])].concat());
            }
        }
    }

    a_new_customer_is_stored_by_one_statement(app) {
        let seen = written(app, "createCustomer", json!({"name": "Jane Doe"}));
        match app.database.backend {
            Backend::Postgres => assert_eq!(seen, ["WITH"]),
            Backend::Sqlite => {
                let stored = ["idempotency_keys", "events", "audit_records", "customers"];
                let stored = stored.map(|table| format!("INSERT {table}"));
                assert_eq!(seen, [vec!["BEGIN".to_owned()], stored.to_vec(), vec!["COMMIT".to_owned()]].concat());
            }
        }
    }

    a_new_order_is_stored_by_the_last_statement(app) {
        let customer = app.customer("Jane Doe");
        app.product("LAP", "129.00");
        let items = json!([{"sku": "LAP", "quantity": 2, "contractLength": 12}, {"sku": "LAP", "quantity": 1, "contractLength": 12}]);
        let seen = written(app, "createOrder", json!({"customerId": customer, "items": items}));
        // The customer, the products, their prices; the next number, and whether somebody has chosen it.
        let read = ["BEGIN", "INSERT idempotency_keys", "SELECT", "SELECT", "SELECT", "INSERT counters", "SELECT"];
        let stored: &[&str] = match app.database.backend {
            Backend::Postgres => &["WITH", "COMMIT"],
            Backend::Sqlite => &[
                "INSERT orders",
                "INSERT order_items",
                "INSERT order_items",
                "UPDATE idempotency_keys",
                "INSERT events",
                "INSERT audit_records",
                "COMMIT",
            ],
        };
        assert_eq!(seen, [&read, stored].concat());
    }
}
