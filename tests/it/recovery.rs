//! What happens when the database goes away and comes back.

use crate::support::{Backend, TestApp, postgres};
use serde_json::json;
use std::thread;

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
    let cut = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
               WHERE datname = current_database() AND pid <> pg_backend_pid()";
    let connections: i64 = postgres::sql(&app.database.url, cut).unwrap().parse().unwrap();
    assert!(connections > 0);
    for answer in many() {
        assert_eq!(answer, json!({"data": {"tenant": {"name": "Acme"}}}));
    }
    app.customer("Jane");
}
