//! `/metrics`: it is not on the public port, it is well-formed, and its counters move.

use super::exposition::Samples;
use crate::live::client::Events;
use crate::support::program::{Program, tenant};
use crate::support::{TestApp, both, on_both};
use perennial::app::billing::{self, Billed};
use serde_json::json;

const QUERY: &str = "query Shop { tenant { name } customers(first: 3) { nodes { name } } }";

fn scrape(app: &TestApp) -> Samples {
    Samples::read(&app.app.metrics_text().unwrap())
}

/// How much larger a series, or the sum of those that begin so, has become.
fn more(before: &Samples, after: &Samples, begins: &str) -> f64 {
    after.sum(begins) - before.sum(begins)
}

fn assert_more(before: &Samples, after: &Samples, expected: &[(&str, f64)]) {
    for (begins, expected) in expected {
        let found = more(before, after, begins);
        assert!((found - expected).abs() < 0.5, "{begins}: {found} instead of {expected} more");
    }
}

on_both! {
    metrics_are_served_on_an_address_of_their_own(database) {
        let program = Program::try_serve(&database.url, &["--metrics-listen", "127.0.0.1:0"]).unwrap();
        let (_, key) = tenant(&database.url);
        assert_eq!(program.get("/metrics").status, 404, "strangers do not see them");
        let scrape = || {
            let answer = program.get_metrics("/metrics");
            assert_eq!((answer.status, answer.header("content-type")), (200, Some("text/plain; version=0.0.4")));
            Samples::read(&answer.text)
        };
        let is_postgres = kind(database) == "postgres";
        let before = scrape();
        let send = |document: &str| program.send(&key, None, document, &json!({})).unwrap();
        let body = send(QUERY).text;
        send(QUERY);
        send("mutation Refused { createCustomer(input: {name: \"\"}) { userErrors { code } } }");
        send("{ nothing }");
        let after = scrape();
        assert_more(&before, &after, &[
            (r#"perennial_operations_total{kind="query",name="Shop",outcome="OK"}"#, 2.0),
            (r#"perennial_operations_total{kind="mutation",name="Refused",outcome="USER_ERROR"}"#, 1.0),
            (r#"perennial_operations_total{kind="query",name="anonymous",outcome="GRAPHQL_VALIDATION_FAILED"}"#, 1.0),
            ("perennial_operations_total", 4.0),
            (r#"perennial_operation_duration_seconds_count{kind="query",name="Shop"}"#, 2.0),
            // The tenant, and a page of customers: PostgreSQL is asked once for both.
            (r#"perennial_operation_statements_sum{kind="query"}"#, if is_postgres { 2.0 } else { 4.0 }),
            (r#"perennial_operation_rows_total{kind="query"}"#, 2.0),
            (r#"perennial_http_requests_total{method="POST",route="/graphql",status="200"}"#, 4.0),
            ("perennial_http_response_bytes_count", 4.0),
            (r#"perennial_database_transactions_total{kind="read""#, if is_postgres { 0.0 } else { 2.0 }),
        ]);
        assert!(more(&before, &after, "perennial_http_response_bytes_sum") > 2.0 * f64::from(u32::try_from(body.len()).unwrap()));
        // At least one look at the key for each request, but for the second query, which PostgreSQL answers together with it.
        let least = if is_postgres { 5.0 } else { 8.0 };
        assert!(more(&before, &after, "perennial_database_statements_total") >= least);
        let build = format!("perennial_build_info{{database=\"{}\",version=\"0.1.0\"}}", kind(database));
        assert!((after.get(&build) - 1.0).abs() < f64::EPSILON, "{build}");
        assert!(after.get("perennial_http_requests_in_flight").abs() < f64::EPSILON);
        assert!(after.sum("perennial_database_connections") >= 1.0);
        for name in [
            "process_cpu_seconds_total",
            "process_resident_memory_bytes",
            "perennial_database_pool_wait_seconds_count",
            "perennial_database_pool_waiting",
            "perennial_job_runs_total",
            "perennial_job_last_success_timestamp_seconds",
        ] {
            assert!(after.has(name), "{name}");
        }
    }
}

fn kind(database: &crate::support::database::TestDatabase) -> &'static str {
    match database.backend {
        crate::support::Backend::Sqlite => "sqlite",
        crate::support::Backend::Postgres => "postgres",
    }
}

both! {
    what_clients_write_does_not_make_series_without_end(app) {
        let before = scrape(app).series().count();
        for number in 0..30 {
            let path = format!("/nowhere{number}");
            assert_eq!(app.agent().get(app.url(&path)).call().unwrap().status().as_u16(), 404);
        }
        app.data(&format!("query {} {{ tenant {{ name }} }}", "x".repeat(500)));
        let after = scrape(app);
        assert!(after.series().all(|series| !series.contains("xxx") && !series.contains("nowhere")));
        assert!(after.series().count() < before + 60, "{}", after.series().count());
    }

    events_are_counted_once_they_are_stored(app) {
        let before = scrape(app);
        app.customer("Jane");
        app.attempt("createCustomer", json!({"name": ""}), "__typename");
        let after = scrape(app);
        let stored = app.database.number("SELECT count(*) FROM events");
        assert_more(&before, &after, &[("perennial_events_total", f64::from(i32::try_from(stored).unwrap()))]);
    }

    how_long_events_wait_for_those_who_listen_is_counted(app) {
        let before = scrape(app);
        let mut heard = Events::open(app, "subscription { events { type } }", json!({}));
        app.customer("Jane");
        assert_eq!(heard.field("events"), json!({"type": "CUSTOMER_CREATED"}));
        assert_more(&before, &scrape(app), &[("perennial_event_lag_seconds_count", 1.0), ("perennial_listeners", 1.0)]);
        drop(heard);
        // The server sees that it is left when it says something next.
        app.customer("Joan");
        while scrape(app).get("perennial_listeners") > 0.5 {
            std::thread::yield_now();
        }
    }

    a_failed_statement_is_counted_and_refused_operations_are_not(app) {
        let before = scrape(app);
        app.attempt("createCustomer", json!({"name": ""}), "__typename");
        assert_more(&before, &scrape(app), &[("perennial_database_failures_total", 0.0)]);
        app.app.db.execute_batch("ALTER TABLE products RENAME TO gone").unwrap();
        let answer = app.send("query Gone { products { nodes { sku } } }", json!({}));
        assert_eq!(answer["errors"][0]["extensions"]["code"], "INTERNAL_SERVER_ERROR");
        assert_more(&before, &scrape(app), &[
            (r#"perennial_database_failures_total{cause="statement"}"#, 1.0),
            (r#"perennial_operations_total{kind="query",name="Gone",outcome="INTERNAL_SERVER_ERROR"}"#, 1.0),
        ]);
    }

    a_billing_run_and_jobs_are_counted(app) {
        let before = scrape(app);
        app.app.job("billing", || {
            let billed = billing::run_of_all(&app.app, None, &|_| {})?;
            assert_eq!(billed, Billed::default());
            Ok::<_, perennial::repository::Fault>(())
        }).unwrap();
        app.app.job("billing", || Err::<(), _>("no")).unwrap_err();
        assert_more(&before, &scrape(app), &[
            (r#"perennial_job_runs_total{job="billing",outcome="done"}"#, 1.0),
            (r#"perennial_job_runs_total{job="billing",outcome="failed"}"#, 1.0),
            (r#"perennial_job_duration_seconds_count{job="billing"}"#, 2.0),
            ("perennial_billing_invoices_total", 0.0),
        ]);
    }
}
