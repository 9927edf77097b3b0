//! How often PostgreSQL reads and plans a statement.

use crate::support::builders::text;
use crate::support::{Backend, TestApp, serve, settings};
use diesel::prelude::*;
use diesel::sql_types::Text;
use perennial::app::{App, Remembered};
use perennial::graphql::Api;
use perennial::repository::{Conn, Db};
use serde_json::json;
use std::sync::Arc;

#[derive(QueryableByName)]
struct Prepared {
    #[diesel(sql_type = Text)]
    statement: String,
}

/// What the only connection of a program keeps prepared, of what stores something.
fn kept(db: &Db) -> Vec<String> {
    let asked = "SELECT statement FROM pg_prepared_statements WHERE statement LIKE 'WITH p0%' ORDER BY prepare_time";
    let found: Vec<Prepared> = db
        .read_once(|conn| match conn {
            Conn::Postgres(conn) => Ok(diesel::sql_query(asked).load(conn)?),
            Conn::Sqlite(_) => unreachable!(),
        })
        .unwrap();
    found.into_iter().map(|prepared| prepared.statement).collect()
}

#[test]
#[cfg_attr(without_postgres, ignore = "no PostgreSQL: set TEST_POSTGRES_URL or install its server")]
fn what_a_scan_stores_is_prepared_once() {
    let app = TestApp::new(Backend::Postgres);
    let warehouse = app.warehouse();
    let db = Db::open(&app.database.url.parse().unwrap(), 1).unwrap();
    let (ambient, gateways, public_url) =
        (app.app.ambient.clone(), app.app.gateways.clone(), app.app.public_url.clone());
    let narrow = Arc::new(App { db, ambient, gateways, public_url, remembered: Remembered::default() });
    let (address, (handle, thread)) = serve(Arc::new(Api::new(narrow.clone())), narrow.clone(), settings());
    let mut known = Vec::new();
    for serial_number in ["L1", "L2", "L3"] {
        let mutation =
            "mutation ($input: FulfilOrderItemInput!) { fulfilOrderItem(input: $input) { order { status } } }";
        let body = json!({"query": mutation, "variables": {"input": warehouse.scan(serial_number)}});
        let request = app.agent().post(format!("http://{address}/graphql"));
        let mut answer = request.header("authorization", format!("Bearer {}", app.key)).send_json(body).unwrap();
        let answer: serde_json::Value = answer.body_mut().read_json().unwrap();
        assert_eq!(text(&answer["data"]["fulfilOrderItem"]["order"]["status"]), "PARTIAL", "{answer}");
        known.push(kept(&narrow.db));
    }
    drop(handle.stop(false));
    thread.join().unwrap();
    assert_eq!((known[0].len(), &known[1], &known[2]), (1, &known[0], &known[0]));
    assert!(known[0][0].contains("UPDATE \"orders\""), "{known:?}");
}
