//! The list of events, and the positions by which who listens goes on.

use crate::support::both;
use crate::support::builders::text;
use crate::support::{Backend, TestApp};
use perennial::domain::Id;
use perennial::domain::customer::Customer;
use perennial::domain::event::{EventType, NewEvent, Position};
use perennial::repository::{Batch, Fault, event, journal};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};
use uuid::Uuid;

const PAGE: &str = "query ($first: Int, $after: String, $types: [EventType!], $subject: ID) {
    events(first: $first, after: $after, types: $types, subject: $subject) {
        totalCount
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
        edges { cursor node { id position type subject createdAt object { id } data } }
    }
}";

/// A page of events.
fn page(app: &TestApp, variables: Value) -> Value {
    app.data_with(PAGE, variables)["events"].take()
}

/// Longer than any transaction of another test on the same server lasts.
const PATIENCE: Duration = Duration::from_mins(2);

/// The page with so many events: they are seen when every transaction that began before them is over, also those of others.
fn page_of(app: &TestApp, events: usize, variables: Value) -> Value {
    let began = Instant::now();
    loop {
        let found = page(app, variables.clone());
        if told(&found).len() >= events {
            return found;
        }
        assert!(began.elapsed() < PATIENCE, "{found:#}");
    }
}

/// What each event of a page says.
fn told(page: &Value) -> Vec<String> {
    let edges = page["edges"].as_array().unwrap().iter();
    edges.map(|edge| format!("{} {}", text(&edge["node"]["type"]), text(&edge["node"]["subject"]))).collect()
}

fn positions(page: &Value) -> Vec<Position> {
    page["edges"].as_array().unwrap().iter().map(|edge| text(&edge["cursor"]).parse().unwrap()).collect()
}

both! {
    events_are_listed_as_they_happened(app) {
        let first = app.customer("Jane");
        let second = app.customer("John");
        app.mutate("updateCustomer", json!({"customerId": first, "name": "Janet"}), "__typename");
        let all = page_of(app, 3, json!({}));
        let expected =
            [format!("CUSTOMER_CREATED {first}"), format!("CUSTOMER_CREATED {second}"), format!("CUSTOMER_UPDATED {first}")];
        assert_eq!((told(&all), &all["totalCount"]), (expected.to_vec(), &json!(3)));
        assert!(positions(&all).is_sorted_by(|one, next| one < next), "{all:#}");
        for edge in all["edges"].as_array().unwrap() {
            assert_eq!(edge["cursor"], edge["node"]["position"], "either can be given for `after`");
            assert_eq!(edge["node"]["object"]["id"], edge["node"]["subject"]);
        }

        let one = page(app, json!({"first": 1}));
        assert_eq!((told(&one), &one["pageInfo"]["hasNextPage"]), (expected[..1].to_vec(), &json!(true)));
        let rest = page(app, json!({"first": 2, "after": one["pageInfo"]["endCursor"]}));
        assert_eq!((told(&rest), &rest["pageInfo"]["hasNextPage"]), (expected[1..].to_vec(), &json!(false)));
        let nothing = page(app, json!({"after": rest["pageInfo"]["endCursor"]}));
        assert_eq!((told(&nothing), &nothing["pageInfo"]["endCursor"]), (Vec::new(), &Value::Null));
        assert_eq!(told(&page(app, json!({"after": "0"}))), expected, "from the beginning");

        assert_eq!(told(&page(app, json!({"subject": first}))), [&*expected[0], &*expected[2]]);
        assert_eq!(told(&page(app, json!({"types": ["CUSTOMER_CREATED"]}))), expected[..2]);
        let both = page(app, json!({"types": ["CUSTOMER_UPDATED", "ORDER_CREATED"], "subject": first}));
        assert_eq!((told(&both), &both["totalCount"]), (expected[2..].to_vec(), &json!(1)));

        let last = app.data("{ events(last: 2) { nodes { subject } pageInfo { hasPreviousPage } } }");
        assert_eq!(last["events"]["nodes"], json!([{"subject": second}, {"subject": first}]));
        assert_eq!(last["events"]["pageInfo"]["hasPreviousPage"], json!(true));
        let id = &all["edges"][0]["node"]["id"];
        let found = app.data_with("query ($id: ID!) { event(id: $id) { type } node(id: $id) { id } }", json!({"id": id}));
        assert_eq!(found, json!({"event": {"type": "CUSTOMER_CREATED"}, "node": {"id": id}}));
    }

    another_tenant_sees_events_of_its_own_only(app) {
        let customer = app.customer("Jane");
        let (_, other) = app.another_tenant("Other");
        let all = app.send_as(&other, &[], PAGE, json!({"after": "0"})).json();
        assert_eq!(all["data"]["events"]["edges"], json!([]));
        let about = app.send_as(&other, &[], PAGE, json!({"subject": customer})).json();
        assert_eq!(about["data"]["events"]["totalCount"], json!(0));
    }

    what_is_no_position_and_no_id_is_refused(app) {
        for (name, value) in [
            ("after", json!("")), ("after", json!("1")), ("after", json!("x-1")), ("after", json!("1-1-1")),
            ("first", json!(101)), ("first", json!(-1)), ("subject", json!("cus_1")), ("subject", json!("\0")),
        ] {
            let answer = app.send(PAGE, json!({name: value}));
            assert_eq!(answer["errors"][0]["extensions"]["code"], json!("BAD_USER_INPUT"), "{name} {value}: {answer}");
        }
        let unknown = app.send(PAGE, json!({"types": ["ORDER_EATEN"]}));
        assert_eq!(unknown["data"], Value::Null, "{unknown}");
        let far = page(app, json!({"after": format!("{}-{}", i64::MAX, i64::MAX)}));
        assert_eq!(told(&far), Vec::<String>::new());
    }

    who_polls_beside_many_writers_hears_of_everything_once(app) {
        let (writers, each) = (6, 15);
        let done = AtomicBool::new(false);
        let heard = std::thread::scope(|scope| {
            let poller = scope.spawn(|| {
                let (mut heard, mut after) = (Vec::new(), json!("0"));
                let began = Instant::now();
                loop {
                    let was_done = done.load(Ordering::SeqCst);
                    let found = page(app, json!({"first": 7, "after": after}));
                    heard.extend(found["edges"].as_array().unwrap().clone());
                    match &found["pageInfo"]["endCursor"] {
                        // Transactions of others on the same server are waited for, too.
                        Value::Null if was_done && heard.len() >= writers * each => return heard,
                        Value::Null => assert!(began.elapsed() < PATIENCE, "{} were heard", heard.len()),
                        end => after = end.clone(),
                    }
                }
            });
            let write = |writer| move || (0..each).for_each(|n| drop(app.customer(&format!("{writer} {n}"))));
            let writers: Vec<_> = (0..writers).map(|writer| scope.spawn(write(writer))).collect();
            writers.into_iter().for_each(|writer| writer.join().unwrap());
            done.store(true, Ordering::SeqCst);
            poller.join().unwrap()
        });
        let subjects: BTreeSet<String> = heard.iter().map(|edge| text(&edge["node"]["subject"])).collect();
        assert_eq!((heard.len(), subjects.len()), (writers * each, writers * each));
        let order: Vec<Position> = heard.iter().map(|edge| text(&edge["cursor"]).parse().unwrap()).collect();
        assert!(order.is_sorted_by(|one, next| one < next));
    }
}

fn event(number: u128) -> NewEvent {
    NewEvent {
        id: Id::new(Uuid::from_u128(number)),
        event_type: EventType::CustomerUpdated,
        subject: Id::<Customer>::new(Uuid::from_u128(number)).to_string(),
        data: json!({}),
        created_at: crate::support::START.parse().unwrap(),
    }
}

/// The first one to begin is the last one to commit.
#[test]
#[cfg_attr(without_postgres, ignore = "no PostgreSQL: set TEST_POSTGRES_URL or install its server")]
fn a_transaction_that_commits_late_is_waited_for() {
    let app = &TestApp::new(Backend::Postgres);
    let (told_early, early) = mpsc::channel();
    let (commit, may_commit) = mpsc::channel();
    std::thread::scope(|scope| {
        let late = scope.spawn(move || {
            app.app.db.write(|tx| {
                let mut batch = Batch::default();
                journal::publish(&mut batch, app.tenant, &[event(1), event(2)]);
                batch.run(tx)?;
                told_early.send(()).unwrap();
                may_commit.recv().unwrap();
                Ok::<_, Fault>(())
            })
        });
        early.recv().unwrap();
        let after = app.customer("Jane");
        let unsettled = app.database.texts("SELECT subject AS line FROM events");
        assert_eq!(unsettled, [after.as_str()], "it is stored");
        assert_eq!(told(&page(app, json!({"after": "0"}))), Vec::<String>::new(), "but what comes before it is not");
        let from_now = app.app.db.read(|conn| event::end(conn, app.tenant)).unwrap();
        commit.send(()).unwrap();
        late.join().unwrap().unwrap();
        let settled = page_of(app, 3, json!({"after": "0"}));
        assert_eq!(told(&settled).len(), 3);
        assert_eq!(text(&settled["edges"][2]["node"]["subject"]), after);
        assert!(positions(&settled).into_iter().all(|position| from_now < position), "all of it was still to come");
    });
}

/// As after a restore into a new server, whose transactions are numbered from the beginning.
#[test]
#[cfg_attr(without_postgres, ignore = "no PostgreSQL: set TEST_POSTGRES_URL or install its server")]
fn positions_go_on_where_the_tables_came_from_another_server() {
    let app = &TestApp::new(Backend::Postgres);
    let before = app.customer("Jane");
    app.app.db.execute_batch("UPDATE events SET transaction_id = transaction_id + 1000000000000").unwrap();
    for _ in 0..2 {
        app.app.db.write(event::continue_positions).unwrap();
    }
    let after = app.customer("John");
    let all = page_of(app, 2, json!({"after": "0"}));
    assert_eq!(told(&all), [format!("CUSTOMER_CREATED {before}"), format!("CUSTOMER_CREATED {after}")]);
    let base = || app.database.number("SELECT last_value FROM event_base");
    assert_eq!(base(), positions(&all)[0].transaction, "it was raised once");
    app.app.db.write(event::continue_positions).unwrap();
    assert_eq!(base(), positions(&all)[0].transaction, "what is lower stays");
}
