//! Keys that the server remembers: what another program does to one holds from that moment on.

use crate::differential::statements::{run_by, watch_statements};
use crate::support::{TestApp, both};
use async_graphql::Request;
use perennial::app::App;
use perennial::domain::api_key::Scope;
use perennial::graphql::{Api, Caller};
use serde_json::json;
use std::sync::Arc;

/// Queries that read by one statement, by one after the other, and nothing at all.
const QUERIES: [&str; 4] = [
    "{ customers(first: 5) { nodes { name } } }",
    "{ orders(first: 5) { totalCount nodes { customer { name } items { sku } } } }",
    "{ plans(first: 5) { nodes { versions { state } } } }",
    "{ viewer { keyName } }",
];

/// What the queries are answered with a key, each twice.
fn statuses(app: &TestApp, key: &str) -> Vec<u16> {
    let asked = QUERIES.iter().chain(&QUERIES);
    asked.map(|query| app.send_as(key, &[], query, json!({})).status).collect()
}

both! {
    a_key_that_another_program_revokes_opens_nothing_from_then_on(app) {
        for change in ["revoked_at = created_at", "expires_at = '2025-01-31T12:00:00.000000Z'"] {
            let key = app.key_with(Scope::Admin);
            assert_eq!(statuses(app, &key), [200; 8]);
            let last = "(SELECT id FROM api_keys ORDER BY created_at DESC, id DESC LIMIT 1)";
            app.app.db.execute_batch(&format!("UPDATE api_keys SET {change} WHERE id = {last}")).unwrap();
            assert_eq!(statuses(app, &key), [401; 8], "{change}");
        }
    }

    a_key_that_may_less_by_now_sees_less(app) {
        let key = app.key_with(Scope::Admin);
        let keys = || app.send_as(&key, &[], "{ apiKeys(first: 1) { nodes { name } } }", json!({})).json();
        assert_eq!((keys()["errors"].clone(), keys()["errors"].clone()), (json!(null), json!(null)));
        app.app.db.execute_batch("UPDATE api_keys SET scope = 'READ'").unwrap();
        assert_eq!(keys()["errors"][0]["extensions"]["code"], "FORBIDDEN");
    }

    a_query_of_a_remembered_key_is_one_statement(app) {
        app.customer("Jane");
        watch_statements();
        let own = Arc::new(App::new(app.database.open(), String::new()));
        own.authenticate(&app.key).unwrap().unwrap();
        let viewer = own.recall(&app.key);
        assert_eq!(viewer.is_some(), own.db.is_postgres(), "SQLite answers as fast as a memory");
        let Some(viewer) = viewer else { return };
        assert!(own.recall("prn_x").is_none());
        let api = Api::new(own);
        let seen = |query: &str| {
            let caller = Caller { viewer: viewer.clone(), request_id: "counted".to_owned(), idempotency_key: None };
            let mut is_answered = false;
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let seen = run_by(|| {
                is_answered = runtime.block_on(api.recall(&Request::new(query), caller)).is_some();
            });
            (is_answered, seen.iter().filter(|text| !text.starts_with("BEGIN") && *text != "ROLLBACK").count())
        };
        // Where it is known only later what is read, the key is looked at first. (There is no plan to have versions.)
        assert_eq!(QUERIES.map(seen), [(true, 1), (true, 1), (true, 2), (false, 0)]);
        assert_eq!(seen("mutation { createCustomer(input: {name: \"Jane\"}) { userErrors { code } } }"), (false, 0));
        assert_eq!(seen("{ nothing }"), (false, 0));
        assert_eq!(seen("{ orders(first: 5) { nodes { number } } }"), (false, 1), "no rows may mean either");
        for (change, back) in [
            ("api_keys SET revoked_at = created_at", "api_keys SET revoked_at = NULL"),
            ("api_keys SET trusted_documents_only = TRUE", "api_keys SET trusted_documents_only = FALSE"),
            ("tenants SET mode = 'TEST'", "tenants SET mode = 'LIVE'"),
        ] {
            app.app.db.execute_batch(&format!("UPDATE {change}")).unwrap();
            assert_eq!(QUERIES.map(seen), [(false, 1), (false, 1), (false, 1), (false, 0)], "{change}");
            app.app.db.execute_batch(&format!("UPDATE {back}")).unwrap();
            assert_eq!(QUERIES.map(seen), [(true, 1), (true, 1), (true, 2), (false, 0)], "{back}");
        }
    }
}
