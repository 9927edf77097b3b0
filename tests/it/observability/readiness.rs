//! `/readyz` says whether requests can be answered, and names what is missing.

use crate::support::program::{Program, tenant};
use crate::support::{TestApp, both, on_both};
use perennial::repository::Fault;
use serde_json::{Value, json};
use std::sync::Barrier;

/// The status of `/readyz`, and what it says.
fn ready(app: &TestApp) -> (u16, String) {
    let mut answer = app.agent().get(app.url("/readyz")).call().unwrap();
    (answer.status().as_u16(), answer.body_mut().read_to_string().unwrap())
}

#[track_caller]
fn assert_not_ready((status, text): (u16, String), what: &str) {
    let body: Value = serde_json::from_str(&text).unwrap();
    let id = "00000000-0000-0000-0000-000000000007";
    let error = json!({"message": format!("Not ready: {what}."), "extensions": {"code": "SERVICE_UNAVAILABLE", "requestId": id}});
    assert_eq!((status, body), (503, json!({"errors": [error]})));
}

both! {
    tables_of_another_program_are_not_served(app) {
        assert_eq!(ready(app), (200, "ready".to_owned()));
        let add = "INSERT INTO __diesel_schema_migrations (version) VALUES ('99991231000000')";
        app.app.db.execute_batch(add).unwrap();
        assert_not_ready(ready(app), "schema");
        app.app.db.execute_batch("DELETE FROM __diesel_schema_migrations WHERE version = '99991231000000'").unwrap();
        assert_eq!(ready(app).0, 200);
        app.app.db.execute_batch("DROP TABLE __diesel_schema_migrations").unwrap();
        assert_not_ready(ready(app), "database");
    }

    a_pool_that_has_no_connection_left_is_not_ready(app) {
        let connections = 16;
        let (taken, over) = (Barrier::new(connections + 1), Barrier::new(connections + 1));
        std::thread::scope(|scope| {
            for _ in 0..connections {
                scope.spawn(|| {
                    app.app.db.read(|_| {
                        taken.wait();
                        over.wait();
                        Ok::<_, Fault>(())
                    })
                });
            }
            taken.wait();
            let answer = ready(app);
            over.wait();
            assert_not_ready(answer, "pool");
        });
        assert_eq!(ready(app).0, 200);
    }
}

on_both! {
    a_server_that_is_about_to_stop_serves_on_and_says_so(database) {
        let mut program = Program::try_serve(&database.url, &["--shutdown-delay", "600"]).unwrap();
        let (_, key) = tenant(&database.url);
        assert_eq!(program.get("/readyz").status, 200);
        program.signal("TERM");
        program.await_log("stopping");
        let answer = program.get("/readyz");
        assert_eq!((answer.status, answer.json()["errors"][0]["message"].clone()), (503, json!("Not ready: stopping.")));
        assert_eq!(program.get("/healthz").status, 200);
        assert_eq!(program.send(&key, None, "{ tenant { name } }", &json!({})).unwrap().status, 200);
        program.signal("TERM");
        assert_eq!(program.wait().code(), Some(0));
    }
}
