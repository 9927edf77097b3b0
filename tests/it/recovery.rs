//! What happens when the database goes away and comes back.

use crate::support::{Backend, TestApp, postgres};
use serde_json::{Value, json};
use std::thread;

/// Cuts all connections but its own, and says how many there were.
const CUT: &str = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                   WHERE datname = current_database() AND pid <> pg_backend_pid()";

/// A server that is restarted, or fails over, cuts all connections. Nobody who asks afterwards notices.
#[test]
#[cfg_attr(without_postgres, ignore = "no PostgreSQL: set TEST_POSTGRES_URL or install its server")]
fn connections_that_the_server_cut_are_replaced() {
    let app = &TestApp::new(Backend::Postgres);
    let ask = || app.send("{ tenant { name } }", json!({}));
    let many = || {
        thread::scope(|scope| {
            let asking: Vec<_> = (0..32).map(|_| scope.spawn(ask)).collect();
            asking.into_iter().map(|asking| asking.join().unwrap()).collect::<Vec<_>>()
        })
    };
    many();
    let connections: i64 = postgres::sql(&app.database.url, CUT).unwrap().parse().unwrap();
    assert!(connections > 0);
    for answer in many() {
        assert_eq!(answer, json!({"data": {"tenant": {"name": "Acme"}}}));
    }
    app.customer("Jane");
}

/// What is under way just then is not an error of ours, and may be tried again. A single statement that reads is tried
/// again at once.
#[test]
#[cfg_attr(without_postgres, ignore = "no PostgreSQL: set TEST_POSTGRES_URL or install its server")]
fn a_connection_that_is_cut_in_the_middle_is_said_to_be() {
    let app = &TestApp::new(Backend::Postgres);
    let id = app.customer("Jane");
    let read = format!("{{ customer(id: {id:?}) {{ name }} }}");
    let read_more = format!("{{ customer(id: {id:?}) {{ name parent {{ name }} orders {{ totalCount }} }} }}");
    let change = format!(
        "mutation {{ updateCustomer(input: {{customerId: {id:?}, name: \"Joan\"}}) {{ userErrors {{ code }} }} }}"
    );
    let cut_off = json!("SERVICE_UNAVAILABLE");
    for (document, code, name) in
        [(&read, &Value::Null, &json!("Jane")), (&read_more, &cut_off, &Value::Null), (&change, &cut_off, &Value::Null)]
    {
        thread::scope(|scope| {
            let locked = "BEGIN; LOCK TABLE customers; SELECT pg_sleep(600)";
            scope.spawn(|| postgres::sql(&app.database.url, locked));
            let has = |state: &str| {
                let count =
                    format!("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND {state}");
                app.database.number(&count) > 0
            };
            while !has("wait_event = 'PgSleep'") {
                thread::yield_now();
            }
            let asking = scope.spawn(|| app.send(document, json!({})));
            while !has("wait_event_type = 'Lock'") {
                thread::yield_now();
            }
            postgres::sql(&app.database.url, CUT).unwrap();
            let answer = asking.join().unwrap();
            assert_eq!(&answer["errors"][0]["extensions"]["code"], code, "{document}");
            assert_eq!(&answer["data"]["customer"]["name"], name, "{document}");
        });
    }
    assert_eq!(app.data(&read)["customer"]["name"], "Jane");
}
