//! What is owed to customers who paid for nothing: it is taken back, however often that fails.

use super::super::blamed;
use crate::support::builders::to_m30;
use crate::support::payments::assert_settled;
use crate::support::{TestApp, both};
use perennial::app::payment::take_back_dead;
use serde_json::{Value, json};

fn create(app: &TestApp, name: &str, changes: Value) -> Value {
    app.attempt(
        "createSubscription",
        to_m30(&json!({"create": {"name": name}}), changes),
        "subscription { status }
        invoice { status }",
    )
}

fn statuses(app: &TestApp) -> Vec<String> {
    app.database.texts("SELECT status AS line FROM payment_attempts ORDER BY created_at, id")
}

both! {
    a_charge_for_nothing_that_could_not_be_taken_back_is_owed(app) {
        app.shop(json!({}));
        let token = app.token("SUCCEEDS");
        app.gate.reversals_fail(true);
        let refused = app.while_paying(
            || create(app, "Jane", json!({"handle": "gold", "source": token})),
            || assert_eq!(create(app, "Joe", json!({"handle": "gold"}))["userErrors"], json!([])),
        );
        assert_eq!(blamed(&refused["userErrors"]), ["DUPLICATE_HANDLE input.handle"]);
        assert_eq!((statuses(app), app.gateway.charged().len()), (vec!["REVERSING".to_owned()], 1));
        let log = app.data("{ paymentAttempts { nodes { status finishedAt } } }");
        assert_eq!(log["paymentAttempts"]["nodes"], json!([{"status": "REVERSING", "finishedAt": null}]));
        // The token may be used, and what is owed is not asked for at once.
        assert_eq!(create(app, "Jane", json!({"source": token}))["userErrors"], json!([]));
        app.gate.reversals_fail(false);
        app.set_clock("2025-01-31T12:01:59Z");
        assert_eq!(take_back_dead(&app.app).unwrap(), 0);
        app.set_clock("2025-01-31T12:02:00Z");
        app.gate.reversals_fail(true);
        assert_eq!((take_back_dead(&app.app).unwrap(), statuses(app).remove(0)), (1, "REVERSING".to_owned()));
        app.gate.reversals_fail(false);
        assert_eq!(take_back_dead(&app.app).unwrap(), 1);
        assert_eq!(statuses(app), ["REVERSED", "SUCCEEDED"]);
        assert_eq!(take_back_dead(&app.app).unwrap(), 0, "and that is all");
        assert_settled(app);
    }

    a_charge_of_which_nothing_is_known_is_owed_whatever_was_created(app) {
        app.shop(json!({}));
        app.gate.reversals_fail(true);
        let created = create(app, "Jane", json!({"source": app.token("HANGS")}));
        assert_eq!(created["subscription"]["status"], "ACTIVE", "{created:#}");
        assert_eq!((&created["invoice"]["status"], statuses(app)), (&json!("OPEN"), vec!["REVERSING".to_owned()]));
        let refused = create(app, "Joe", json!({"source": app.token("HANGS"), "conditionalCreate": true}));
        assert_eq!(blamed(&refused["userErrors"]), ["PAYMENT_PROCESSING_ERROR"]);
        app.gate.reversals_fail(false);
        app.set_clock("2025-01-31T12:02:00Z");
        assert_eq!(take_back_dead(&app.app).unwrap(), 2);
        assert_eq!(statuses(app), ["REVERSED", "REVERSED"]);
        assert_settled(app);
    }

    a_request_may_be_made_again_while_its_charge_is_owed(app) {
        app.shop(json!({}));
        let input = to_m30(&json!({"create": {"name": "Jane"}}), json!({"handle": "gold", "source": app.token("SUCCEEDS")}));
        let send = || app.attempt_once("k", "createSubscription", input.clone(), "__typename");
        app.gate.reversals_fail(true);
        let joe = to_m30(&json!({"create": {"name": "Joe"}}), json!({"handle": "gold", "status": "DRAFT"}));
        let refused = app.while_paying(send, || drop(app.mutate("createSubscription", joe, "__typename")));
        assert_eq!(blamed(&refused["userErrors"]), ["DUPLICATE_HANDLE input.handle"]);
        assert_eq!(blamed(&send()["userErrors"]), ["DUPLICATE_HANDLE input.handle"], "and not: in progress");
        app.gate.reversals_fail(false);
        app.set_clock("2025-01-31T13:00:00Z");
        assert_eq!(take_back_dead(&app.app).unwrap(), 1);
        assert_settled(app);
    }

    who_is_taken_for_dead_pays_for_nothing(app) {
        app.shop(json!({}));
        let token = app.token("SUCCEEDS");
        let late = app.while_paying(|| create(app, "Jane", json!({"source": token})), || {
            assert_eq!(take_back_dead(&app.app).unwrap(), 0, "it is alive");
            app.set_clock("2025-01-31T12:02:00Z");
            assert_eq!(take_back_dead(&app.app).unwrap(), 1);
            assert_eq!(statuses(app), ["REVERSED"]);
        });
        assert_eq!(blamed(&late["userErrors"]), ["PAYMENT_PROCESSING_ERROR"]);
        assert_eq!(app.database.number("SELECT count(*) FROM customers"), 0);
        assert_settled(app);
        assert_eq!(create(app, "Jane", json!({"source": token}))["userErrors"], json!([]));
        assert_settled(app);
    }

    the_dead_of_all_tenants_are_looked_for(app) {
        let nobody = ("cus_00000000000000000000000000", "sub_00000000000000000000000000");
        let token = app.token("SUCCEEDS");
        app.reserve_payment(app.tenant, nobody, &token, Some("k"));
        let (other, key) = app.another_tenant("Other");
        let made = app.attempt_as(&key, "createTestToken", json!({"card": "HANGS"}), "paymentToken { id }");
        app.reserve_payment(other, nobody, made["paymentToken"]["id"].as_str().unwrap(), None);
        app.set_clock("2025-01-31T12:02:00Z");
        assert_eq!(take_back_dead(&app.app).unwrap(), 2);
        assert_eq!((statuses(app), app.gateway.reversed().len()), (vec!["REVERSED".to_owned(); 2], 2));
        assert_settled(app);
    }
}
