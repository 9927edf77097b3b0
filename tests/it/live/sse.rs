//! Subscriptions by server-sent events: what is heard, and when.

use super::client::Events;
use super::{REVOKED_SOON, Server};
use crate::support::builders::text;
use crate::support::collecting::Billed;
use crate::support::{Backend, TestApp, both};
use perennial::app::feed::Pace;
use perennial::domain::api_key::Scope;
use perennial::http::live::LiveSettings;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

const EVENTS: &str = "subscription ($types: [EventType!], $subject: ID, $after: String) {
    events(types: $types, subject: $subject, after: $after) { position type subject object { ... on Customer { name } } }
}";

fn types(heard: &[Value]) -> Vec<String> {
    heard.iter().map(|event| text(&event["type"])).collect()
}

both! {
    what_happens_is_heard_as_it_happens(app) {
        let before = app.customer("Before");
        let mut all = Events::open(app, EVENTS, json!({}));
        let mut updates = Events::open(app, EVENTS, json!({"types": ["CUSTOMER_UPDATED", "ORDER_CREATED"]}));
        let mut one = Events::open(app, EVENTS, json!({"subject": before}));
        let after = app.customer("After");
        app.mutate("updateCustomer", json!({"customerId": after, "name": "Later"}), "__typename");
        app.mutate("updateCustomer", json!({"customerId": before, "name": "Now"}), "__typename");
        let heard: Vec<Value> = (0..3).map(|_| all.field("events")).collect();
        assert_eq!(types(&heard), ["CUSTOMER_CREATED", "CUSTOMER_UPDATED", "CUSTOMER_UPDATED"]);
        assert_eq!([&heard[0]["subject"], &heard[2]["subject"]], [&json!(after), &json!(before)]);
        assert_eq!([updates.field("events"), updates.field("events")], [heard[1].clone(), heard[2].clone()]);
        assert_eq!((one.field("events"), &heard[2]["object"]), (heard[2].clone(), &json!({"name": "Now"})));
    }

    who_comes_back_with_its_last_position_misses_nothing(app) {
        let mut first = Events::open(app, EVENTS, json!({}));
        let made: Vec<String> = (0..3).map(|n| app.customer(&format!("{n}"))).collect();
        assert_eq!(text(&first.field("events")["subject"]), made[0]);
        let last = first.field("events");
        drop(first);
        let more: Vec<String> = (0..150).map(|n| app.customer(&format!("more {n}"))).collect();
        let mut again = Events::open(app, EVENTS, json!({"after": last["position"]}));
        let newest = app.customer("newest");
        let expected: Vec<&String> = [&made[2]].into_iter().chain(&more).chain([&newest]).collect();
        let heard: Vec<String> = expected.iter().map(|_| text(&again.field("events")["subject"])).collect();
        assert_eq!(heard.iter().collect::<Vec<_>>(), expected);
        let mut from_the_beginning = Events::open(app, EVENTS, json!({"after": "0", "types": ["CUSTOMER_CREATED"]}));
        assert_eq!(text(&from_the_beginning.field("events")["subject"]), made[0]);
    }

    an_order_is_heard_of_with_each_of_its_changes(app) {
        let warehouse = app.warehouse();
        let watch = "subscription ($id: ID!) {
            orderUpdated(id: $id) { position event { type } order { status rentedDevices } }
        }";
        let mut order = Events::open(app, watch, json!({"id": warehouse.order}));
        let mut next = || {
            let update = order.field("orderUpdated");
            (text(&update["event"]["type"]), update["order"].clone())
        };
        for (serial_number, rented) in [("L1", 1), ("L2", 2), ("L3", 3)] {
            app.fulfil(&warehouse.order, &warehouse.customer, serial_number);
            assert_eq!(next(), ("ORDER_UPDATED".into(), json!({"status": "PARTIAL", "rentedDevices": rented})));
        }
        app.fulfil(&warehouse.order, &warehouse.customer, "M1");
        assert_eq!(next(), ("ORDER_FULFILLED".into(), json!({"status": "FULFILLED", "rentedDevices": 4})));
    }

    an_invoice_is_heard_of_when_money_comes_in(app) {
        app.shop(json!({}));
        let one: Billed = app.billed(json!({}));
        let watch = "subscription ($id: ID!, $after: String) {
            invoiceUpdated(id: $id, after: $after) { position event { type } invoice { status amountPaid { amount } } }
        }";
        let mut invoice = Events::open(app, watch, json!({"id": one.invoice}));
        app.mutate("recordPayment", json!({"invoiceId": one.invoice, "amount": "100.00"}), "__typename");
        let update = invoice.field("invoiceUpdated");
        assert_eq!(update["event"]["type"], json!("INVOICE_UPDATED"));
        assert_eq!(update["invoice"], json!({"status": "OPEN", "amountPaid": {"amount": "100.00"}}));
        app.mutate("recordPayment", json!({"invoiceId": one.invoice}), "__typename");
        let paid = [invoice.field("invoiceUpdated"), invoice.field("invoiceUpdated")];
        assert_eq!(paid.iter().map(|update| text(&update["event"]["type"])).collect::<BTreeSet<_>>(),
            BTreeSet::from(["INVOICE_PAID".to_owned(), "INVOICE_UPDATED".to_owned()]));
        assert!(paid.iter().all(|update| update["invoice"]["status"] == json!("PAID")));
        let mut again = Events::open(app, watch, json!({"id": one.invoice, "after": update["position"]}));
        assert_eq!(again.field("invoiceUpdated")["position"], paid[0]["position"]);
    }

    what_was_deleted_is_still_heard_of(app) {
        let customer = app.customer("Jane");
        let draft = json!({"customerId": customer, "draft": true, "lines": [{"description": "Work", "unitAmount": "10.00"}]});
        let draft = app.mutate("createInvoice", draft, "invoice { id }");
        let id = text(&draft["invoice"]["id"]);
        app.mutate("deleteInvoiceDraft", json!({"invoiceId": id}), "__typename");
        let watch = "subscription ($id: ID!) {
            invoiceUpdated(id: $id, after: \"0\") { event { type object { id } } invoice { id } }
        }";
        let mut invoice = Events::open(app, watch, json!({"id": id}));
        for event_type in ["INVOICE_CREATED", "INVOICE_DELETED"] {
            let expected = json!({"event": {"type": event_type, "object": null}, "invoice": null});
            assert_eq!(invoice.field("invoiceUpdated"), expected);
        }
    }

    another_tenant_hears_nothing(app) {
        let warehouse = app.warehouse();
        let (_, other) = app.another_tenant("Other");
        let url = app.url("/graphql");
        let watch = "subscription ($id: ID!) { orderUpdated(id: $id) { position } }";
        let mut refused = Events::at(app, &url, &other, watch, json!({"id": warehouse.order}));
        assert_eq!(refused.answer()["errors"][0]["extensions"]["code"], json!("NOT_FOUND"));
        refused.ends();
        let mut theirs = Events::at(app, &url, &other, EVENTS, json!({"after": "0"}));
        app.fulfil(&warehouse.order, &warehouse.customer, "L1");
        let made = app.attempt_as(&other, "createCustomer", json!({"name": "Theirs"}), "customer { id }");
        assert_eq!(theirs.field("events")["subject"], made["customer"]["id"], "the first that they hear is their own");
    }

    what_is_no_subscription_is_answered_once(app) {
        let mut query = Events::open(app, "{ viewer { scope } }", json!({}));
        assert_eq!(query.field("viewer"), json!({"scope": "ADMIN"}));
        query.ends();
        let create = "mutation { createCustomer(input: {name: \"Jane\"}) { customer { name } } }";
        let mut mutation = Events::open(app, create, json!({}));
        assert_eq!(mutation.field("createCustomer"), json!({"customer": {"name": "Jane"}}));
        mutation.ends();
        assert_eq!(app.database.number("SELECT count(*) FROM customers"), 1);
    }

    what_cannot_be_run_says_why_and_ends(app) {
        for (document, code) in [
            ("subscription { nothing }", "GRAPHQL_VALIDATION_FAILED"),
            ("subscription { events { position } other: events { position } }", "GRAPHQL_VALIDATION_FAILED"),
            ("subscription { __typename }", "GRAPHQL_VALIDATION_FAILED"),
            ("subscription { ...A ...B } fragment A on SubscriptionRoot { events { id } }
              fragment B on SubscriptionRoot { b: events { id } }", "GRAPHQL_VALIDATION_FAILED"),
            ("subscription {", "GRAPHQL_PARSE_FAILED"),
            ("subscription { events(after: \"x\") { id } }", "BAD_USER_INPUT"),
            ("subscription { events(subject: \"x\") { id } }", "BAD_USER_INPUT"),
            ("subscription { orderUpdated(id: \"cus_00000000000000000000000001\") { position } }", "BAD_USER_INPUT"),
            ("subscription { orderUpdated(id: \"ord_00000000000000000000000001\") { position } }", "NOT_FOUND"),
            ("subscription { orderUpdated { position } }", "GRAPHQL_VALIDATION_FAILED"),
        ] {
            let mut refused = Events::open(app, document, json!({}));
            let answer = refused.answer();
            assert_eq!(answer["errors"][0]["extensions"]["code"], json!(code), "{document}: {answer}");
            assert_eq!(answer.get("data"), None, "{document}: {answer}");
            refused.ends();
        }
        let skipped = "subscription ($yes: Boolean!) { events @skip(if: $yes) { id } }";
        Events::open(app, skipped, json!({"yes": true})).ends();
    }

    fields_of_fragments_are_heard_together(app) {
        let document = "subscription {
            ... on SubscriptionRoot { events { type } } ...Rest events { position }
        } fragment Rest on SubscriptionRoot { events { subject } }";
        let only_a_fragment = "subscription { ...Rest } fragment Rest on SubscriptionRoot { events { subject } }";
        let mut heard = Events::open(app, document, json!({}));
        let mut other = Events::open(app, only_a_fragment, json!({}));
        let customer = app.customer("Jane");
        let event = heard.field("events");
        assert_eq!((&event["type"], &event["subject"]), (&json!("CUSTOMER_CREATED"), &json!(customer)));
        assert!(event["position"].is_string(), "{event}");
        assert_eq!(other.field("events"), json!({"subject": customer}));
    }

    who_may_not_ask_is_told_so_by_the_status(app) {
        let url = app.url("/graphql");
        let refused = |key: &str| match Events::try_at(app, &url, key, EVENTS, json!({})) {
            Ok(_) => panic!("let in"),
            Err(answer) => (answer.status, answer.json()["errors"][0]["extensions"]["code"].clone()),
        };
        assert_eq!(refused("prn_nobody"), (401, json!("UNAUTHENTICATED")));
        let read = app.key_with(Scope::Read);
        let mut may_read = Events::at(app, &url, &read, EVENTS, json!({}));
        app.customer("Jane");
        assert_eq!(may_read.field("events")["type"], json!("CUSTOMER_CREATED"));
        // Without events there is no place for more than one answer.
        let plain = app.send(EVENTS, json!({}));
        assert_eq!(plain["errors"][0]["extensions"]["code"], json!("SUBSCRIPTION_NEEDS_STREAM"), "{plain}");
    }

    who_listens_beside_many_writers_hears_of_everything_once(app) {
        let (writers, each) = (6, 25);
        let mut listener = Events::open(app, EVENTS, json!({"types": ["CUSTOMER_CREATED"]}));
        let heard: Vec<Value> = std::thread::scope(|scope| {
            for writer in 0..writers {
                scope.spawn(move || (0..each).for_each(|n| drop(app.customer(&format!("{writer} {n}")))));
            }
            (0..writers * each).map(|_| listener.field("events")).collect()
        });
        let subjects: BTreeSet<String> = heard.iter().map(|event| text(&event["subject"])).collect();
        assert_eq!(subjects.len(), writers * each);
        let listed = app.database.number("SELECT count(*) FROM events WHERE event_type = 'customer.created'");
        assert_eq!(usize::try_from(listed).unwrap(), heard.len());
        let order = |event: &Value| {
            let position = text(&event["position"]);
            let (transaction, place) = position.split_once('-').unwrap();
            (transaction.parse::<i64>().unwrap(), place.parse::<i64>().unwrap())
        };
        assert!(heard.iter().map(order).is_sorted_by(|one, next| one < next));
    }

    a_key_that_is_revoked_hears_nothing_more(app) {
        let server = Server::new(app, LiveSettings { recheck: REVOKED_SOON, ..LiveSettings::default() }, None);
        let (id, key) = perennial::app::operator::create_key(&app.app, app.tenant, "gone", Scope::Read).unwrap();
        let mut listener = Events::at(app, &server.url(), &key, EVENTS, json!({}));
        // It hears of its own end, but may not look at keys.
        perennial::app::operator::revoke_key(&app.app, app.tenant, id).unwrap();
        let last = loop {
            let answer = listener.answer();
            if answer["data"]["events"]["type"] != json!("API_KEY_REVOKED") {
                break answer;
            }
            assert_eq!(answer["data"]["events"]["object"], Value::Null);
        };
        assert_eq!(last["errors"][0]["extensions"]["code"], json!("UNAUTHENTICATED"), "{last}");
        listener.ends();
    }

    streams_end_with_the_program(app) {
        let server = Server::new(app, LiveSettings::default(), None);
        let mut listener = Events::at(app, &server.url(), &app.key, EVENTS, json!({}));
        server.end();
        assert_eq!(listener.answer()["errors"][0]["extensions"]["code"], json!("SERVICE_UNAVAILABLE"));
        listener.ends();
    }

    a_silent_stream_gives_signs_of_life(app) {
        let settings = LiveSettings { ping: Duration::from_millis(50), ..LiveSettings::default() };
        let server = Server::new(app, settings, None);
        let mut listener = Events::at(app, &server.url(), &app.key, EVENTS, json!({}));
        for _ in 0..3 {
            assert_eq!([listener.line(), listener.line()], ["", ":"]);
        }
    }
}

/// Another program writes, and this one is not to look by itself.
#[test]
#[cfg_attr(without_postgres, ignore = "no PostgreSQL: set TEST_POSTGRES_URL or install its server")]
fn other_programs_tell_on_postgres() {
    let app = &TestApp::new(Backend::Postgres);
    let pace = Pace { look: Duration::from_hours(1), hear: Duration::from_millis(20) };
    let other = Server::new(app, LiveSettings::default(), Some(pace));
    let mut listener = Events::at(app, &other.url(), &app.key, EVENTS, json!({}));
    let first = app.customer("Jane");
    assert_eq!(text(&listener.field("events")["subject"]), first);
    // The connection breaks, and is made anew by itself. What is told meanwhile is not lost.
    let broken = "SELECT CAST(pg_terminate_backend(pid) AS TEXT) AS line FROM pg_stat_activity
                  WHERE datname = current_database() AND pid <> pg_backend_pid()
                      AND (query LIKE 'LISTEN%' OR query LIKE '%pg_backend_pid()' OR query LIKE '%pg_notify%')";
    assert!(!app.database.texts(broken).is_empty());
    let second = app.customer("John");
    assert_eq!(text(&listener.field("events")["subject"]), second);
}

#[test]
fn other_programs_are_found_on_sqlite() {
    let app = &TestApp::new(Backend::Sqlite);
    let other = Server::new(app, LiveSettings::default(), None);
    let mut listener = Events::at(app, &other.url(), &app.key, EVENTS, json!({}));
    let made = app.customer("Jane");
    assert_eq!(text(&listener.field("events")["subject"]), made);
}
