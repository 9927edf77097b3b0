//! The clock of a tenant for trying out.

use super::{blamed, refuses_at};
use crate::support::builders::{text, to_m30};
use crate::support::{START, TestApp, both, mutation};
use serde_json::{Value, json};

/// A tenant for trying out, with its key.
struct Sandbox<'a> {
    app: &'a TestApp,
    key: String,
}

impl Sandbox<'_> {
    fn new(app: &TestApp) -> Sandbox<'_> {
        Sandbox { app, key: app.test_tenant().1 }
    }

    #[track_caller]
    fn mutate(&self, field: &str, input: Value, selection: &str) -> Value {
        let payload = self.app.attempt_as(&self.key, field, input, selection);
        assert_eq!(payload["userErrors"], json!([]), "{field}: {payload:#}");
        payload
    }

    fn advance(&self, to: &str) -> Value {
        self.mutate("advanceClock", json!({"to": to}), "tenant { clock now version updatedAt }")["tenant"].take()
    }

    #[track_caller]
    fn refuses(&self, field: &str, input: Value, expected: &[&str]) {
        let before = self.app.database.dump();
        let payload = self.app.attempt_as(&self.key, field, input, "__typename");
        assert_eq!(blamed(&payload["userErrors"]), expected, "{payload:#}");
        self.app.database.assert_unchanged(&before);
    }

    fn tenant(&self) -> Value {
        self.app.send_as(&self.key, &[], "{ tenant { clock now } }", json!({})).json()["data"]["tenant"].take()
    }

    fn customer(&self) -> Value {
        self.mutate("createCustomer", json!({"name": "Jane"}), "customer { id createdAt updatedAt }")["customer"].take()
    }

    fn token(&self) -> Value {
        self.mutate("createTestToken", json!({"card": "SUCCEEDS"}), "paymentToken { id expiresAt }")["paymentToken"]
            .take()
    }

    /// A customer with a good card, and what asks for a subscription that is charged to it.
    fn buyer(&self) -> Value {
        let plan = json!({
            "code": "M30", "name": "M30", "schedule": {"type": "MONTH_STARTDATE"}, "amount": "300.00",
        });
        self.mutate("createPlan", plan, "__typename");
        let customer = self.customer();
        let input = json!({"customerId": customer["id"], "token": self.token()["id"]});
        self.mutate("addPaymentMethod", input, "__typename");
        to_m30(&json!({"id": customer["id"]}), json!({"test": true, "paymentBehavior": "ERROR_IF_INCOMPLETE"}))
    }
}

both! {
    what_happens_after_an_advance_happens_at_its_time(app) {
        let sandbox = Sandbox::new(app);
        assert_eq!(sandbox.tenant(), json!({"clock": null, "now": START}));
        app.set_clock("2025-02-01T12:00:00Z");
        assert_eq!(sandbox.tenant(), json!({"clock": null, "now": "2025-02-01T12:00:00Z"}), "time runs by itself");
        let to = "2025-06-30T23:59:59.123456Z";
        let advanced = json!({"clock": to, "now": to, "version": 1, "updatedAt": START});
        assert_eq!(sandbox.advance(to), advanced);
        app.set_clock("2025-02-02T12:00:00Z");
        assert_eq!(sandbox.tenant(), json!({"clock": to, "now": to}), "it stands still");
        let made = sandbox.customer();
        assert_eq!((&made["createdAt"], &made["updatedAt"]), (&json!(to), &json!(to)));
        let events = app.database.texts(
            "SELECT event_type || ' ' || substr(CAST(created_at AS TEXT), 1, 10) AS line FROM events ORDER BY id",
        );
        assert_eq!(events, ["tenant.clock_advanced 2025-06-30", "customer.created 2025-06-30"]);
        let audit = "SELECT operation || ' ' || substr(CAST(created_at AS TEXT), 1, 10) AS line FROM audit_records ORDER BY id";
        let asked = ["advanceClock 2025-02-01", "createCustomer 2025-02-02"];
        assert_eq!(app.database.texts(audit), asked, "who asked when is the machine's time");
        app.customer("Joe");
        let found = app.data("{ customers { nodes { createdAt } } tenant { clock now } }");
        let elsewhere = json!({
            "customers": {"nodes": [{"createdAt": "2025-02-02T12:00:00Z"}]},
            "tenant": {"clock": null, "now": "2025-02-02T12:00:00Z"},
        });
        assert_eq!(found, elsewhere, "other tenants have other times");
    }

    objects_of_one_moment_are_listed_by_their_making(app) {
        let sandbox = Sandbox::new(app);
        sandbox.advance("2026-01-01T00:00:00Z");
        let mut made: Vec<String> = (0..5).map(|_| text(&sandbox.customer()["id"])).collect();
        sandbox.advance("2026-01-01T00:00:00.001Z");
        made.extend((0..3).map(|_| text(&sandbox.customer()["id"])));
        made.reverse();
        let found = app.send_as(&sandbox.key, &[], "{ customers { nodes { id } } }", json!({})).json();
        let found: Vec<String> =
            found["data"]["customers"]["nodes"].as_array().unwrap().iter().map(|node| text(&node["id"])).collect();
        assert_eq!(found, made, "the newest first");
    }

    a_live_tenant_has_no_clock(app) {
        for to in [START, "2026-01-01T00:00:00Z", "2024-01-01T00:00:00Z", "2199-01-01T00:00:00Z"] {
            refuses_at(app, "advanceClock", json!({"to": to}), &["CLOCK_OF_LIVE_TENANT"]);
        }
        let statement = "UPDATE tenants SET clock = '2026-01-01T00:00:00.000000Z' WHERE mode = 'LIVE'";
        assert!(app.app.db.execute_batch(statement).is_err(), "the database says so, too");
    }

    a_clock_is_never_set_back(app) {
        let sandbox = Sandbox::new(app);
        sandbox.refuses("advanceClock", json!({"to": "2025-01-31T11:59:59.999999Z"}), &["CLOCK_GOES_FORWARD_ONLY input.to"]);
        sandbox.advance(START);
        let to = "2025-03-01T00:00:00Z";
        sandbox.advance(to);
        sandbox.advance(to);
        for earlier in ["2025-02-28T23:59:59.999999Z", START, "1970-01-01T00:00:00Z"] {
            sandbox.refuses("advanceClock", json!({"to": earlier}), &["CLOCK_GOES_FORWARD_ONLY input.to"]);
        }
        assert_eq!(sandbox.tenant()["now"], to);
    }

    a_clock_is_advanced_by_two_years_at_most_at_once(app) {
        let sandbox = Sandbox::new(app);
        for far in ["2027-02-01T12:00:00.000001Z", "2199-12-31T23:59:59Z"] {
            sandbox.refuses("advanceClock", json!({"to": far}), &["VALIDATION_ERROR input.to"]);
        }
        for to in ["2027-02-01T12:00:00Z", "2029-01-31T12:00:00Z"] {
            assert_eq!(sandbox.advance(to)["now"], to);
        }
        for wrong in ["2999-01-01T00:00:00Z", "tomorrow", "2029-02-01", ""] {
            sandbox.refuses("advanceClock", json!({"to": wrong}), &["VALIDATION_ERROR input.to"]);
        }
    }

    an_advance_under_a_key_is_answered_again(app) {
        let sandbox = Sandbox::new(app);
        let to = json!({"to": "2025-03-01T00:00:00Z"});
        let (document, variables) = mutation("advanceClock", to, "tenant { now }");
        let send = || app.send_as(&sandbox.key, &[("idempotency-key", "march")], &document, variables.clone()).json();
        let first = send();
        assert_eq!(first["data"]["advanceClock"]["tenant"]["now"], "2025-03-01T00:00:00Z", "{first}");
        sandbox.advance("2025-04-01T00:00:00Z");
        let before = app.database.dump();
        let again = send();
        assert_eq!(again["extensions"]["idempotency"], json!({"replayed": true}), "{again}");
        let shown = json!({"tenant": {"now": "2025-04-01T00:00:00Z"}, "userErrors": []});
        assert_eq!(again["data"]["advanceClock"], shown, "the tenant as it is now");
        app.database.assert_unchanged(&before);
    }

    a_token_expires_by_the_clock(app) {
        let sandbox = Sandbox::new(app);
        sandbox.advance("2025-03-01T00:00:00Z");
        let (customer, [one, two]) = (sandbox.customer(), [(); 2].map(|()| sandbox.token()));
        assert_eq!(one["expiresAt"], "2025-03-01T01:00:00Z");
        let add = |token: &Value| json!({"customerId": customer["id"], "token": token["id"]});
        app.set_clock("2025-12-31T00:00:00Z");
        sandbox.mutate("addPaymentMethod", add(&one), "__typename");
        sandbox.advance("2025-03-01T01:00:00Z");
        sandbox.refuses("addPaymentMethod", add(&two), &["TOKEN_EXPIRED input.token"]);
    }

    a_subscription_and_its_payment_have_the_time_of_the_clock(app) {
        let sandbox = Sandbox::new(app);
        let to = "2025-03-15T10:00:00Z";
        sandbox.advance(to);
        let input = sandbox.buyer();
        let selection = "subscription { createdAt startDate currentPeriodEnd } invoice { issueDate status createdAt }";
        let made = sandbox.mutate("createSubscription", input.clone(), selection);
        let expected = json!({"createdAt": to, "startDate": to, "currentPeriodEnd": "2025-04-15T10:00:00Z"});
        assert_eq!(made["subscription"], expected);
        assert_eq!(made["invoice"], json!({"issueDate": "2025-03-15", "status": "PAID", "createdAt": to}));
        let attempts = app.send_as(&sandbox.key, &[], "{ paymentAttempts { nodes { createdAt finishedAt } } }", json!({}));
        assert_eq!(attempts.json()["data"]["paymentAttempts"]["nodes"], json!([{"createdAt": to, "finishedAt": to}]));
        sandbox.advance("2025-03-16T10:00:00Z");
        let previewed = sandbox.mutate("previewSubscription", input, "preview { startDate }");
        assert_eq!(previewed["preview"]["startDate"], "2025-03-16T10:00:00Z");
    }

    a_clock_that_stands_still_keeps_no_dead_payment_alive(app) {
        for machine in ["2025-02-01T12:00:00Z", "2027-06-01T12:00:00Z"] {
            app.set_clock(machine);
            let sandbox = Sandbox::new(app);
            // Once years ahead of the machine, once behind it.
            sandbox.advance("2026-06-01T12:00:00Z".max(machine));
            let mut input = sandbox.buyer();
            input["source"] = sandbox.token()["id"].clone();
            let pay = || app.attempt_as(&sandbox.key, "createSubscription", input.clone(), "subscription { id }");
            std::thread::scope(|scope| {
                let hold = app.gate.hold();
                let slow = scope.spawn(pay);
                hold.wait();
                app.set_clock(&machine.replace("12:00:00", "12:01:59"));
                assert_eq!(perennial::app::payment::take_back_dead(&app.app).unwrap(), 0);
                assert_eq!(blamed(&pay()["userErrors"]), ["TOKEN_ALREADY_USED input.source"]);
                app.set_clock(&machine.replace("12:00:00", "12:02:00"));
                assert_eq!(perennial::app::payment::take_back_dead(&app.app).unwrap(), 1);
                assert_eq!(pay()["userErrors"], json!([]), "the token is free again");
                drop(hold);
                assert_eq!(blamed(&slow.join().unwrap()["userErrors"]), ["PAYMENT_PROCESSING_ERROR"]);
            });
        }
        app.database.assert_consistent();
    }
}
