//! What one may ask for: the cost of queries, the buckets of keys, long answers, and those who wait.

use crate::support::builders::text;
use crate::support::program::PATIENCE;
use crate::support::{Backend, Setup, TestApp, both, each_database, mutation};
use perennial::http::{Limits, QueryLimits};
use serde_json::{Value, json};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

fn with_query(backend: Backend, limits: QueryLimits) -> TestApp {
    TestApp::served(backend, Setup { query: limits, ..Setup::default() })
}

fn first_error(answer: &Value) -> &Value {
    &answer["errors"][0]
}

fn error_code(answer: &Value) -> String {
    text(&first_error(answer)["extensions"]["code"])
}

both! {
    a_query_that_costs_too_much_is_told_what_would_fit(app) {
        let document = |first: u64| {
            format!("query ($first: Int = {first}) {{ customers(first: 100) {{ nodes {{ theirs: orders(first: $first) {{
                edges {{ node {{ subscriptions(first: 40) {{ nodes {{ asset {{ id }} }} }} }} }} }} }} }} }}")
        };
        let answer = app.send(&document(50), json!({}));
        let cost = 1 + 100 * (2 + 50 * (3 + 40 * 2));
        let expected = json!({
            "code": "QUERY_TOO_COMPLEX", "cost": cost, "limit": 100_000,
            "path": "customers.nodes.theirs.edges.node.subscriptions", "fits": 8,
        });
        assert_eq!(first_error(&answer)["extensions"], expected, "{answer:#}");
        let message = text(&first_error(&answer)["message"]);
        assert!(message.contains("415,201 objects") && message.contains("`first: 8`"), "{message}");
        assert_eq!(answer.get("data"), None);
        // The default of the variable counts, and its value more.
        assert_eq!(app.send(&document(50), json!({"first": 5})).get("errors"), None);
        assert_eq!(error_code(&app.send(&document(1), json!({"first": 50}))), "QUERY_TOO_COMPLEX");
        for (accept, status) in [("application/json", 200), ("application/graphql-response+json", 400)] {
            assert_eq!(app.send_as(&app.key, &[("accept", accept)], &document(50), json!({})).status, status);
        }
    }

    what_a_query_cost_is_told_to_those_who_ask(app) {
        for _ in 0..3 {
            app.customer("Jane Doe");
        }
        let document = "{ customers(first: 10) { nodes { id billingGroups { id } } pageInfo { endCursor } } }";
        let cost = json!({"requested": 2 + 10 * 6, "actual": 2 + 3, "available": 999_995, "restoreRate": 100_000});
        let settled = |answer: &Value| {
            let mut cost = answer["extensions"]["cost"].clone();
            // Some of it may have come back already.
            let available = cost["available"].as_u64().unwrap();
            assert!((999_000..=1_000_000).contains(&available), "{available}");
            cost["available"] = json!(999_995);
            cost
        };
        let told = app.send_as(&app.key, &[("graphql-cost", "1")], document, json!({})).json();
        assert_eq!(settled(&told), cost, "{told:#}");
        let body = json!({"query": document, "extensions": {"cost": true}});
        let request = app.agent().post(app.url("/graphql")).header("authorization", format!("Bearer {}", app.key));
        let told = crate::support::Answer::of(request.send_json(body).unwrap()).json();
        assert_eq!(settled(&told), cost);
        assert_eq!(app.send(document, json!({})).get("extensions"), None, "nobody else is told");
        let (document, variables) = mutation("createCustomer", json!({"name": "A"}), "customer { id }");
        let told = app.send_as(&app.key, &[("graphql-cost", "1")], &document, variables).json();
        let cost = &told["extensions"]["cost"];
        assert_eq!((&cost["requested"], &cost["actual"]), (&json!(100 + 1 + 5), &json!(100 + 2)), "{told:#}");
        // What is not run costs nothing.
        let told = app.send_as(&app.key, &[("graphql-cost", "1")], "{ nothing }", json!({})).json();
        assert_eq!(told["extensions"]["cost"]["actual"], json!(0));
    }

    /// Each limit at a quarter of its default, or less, and yet nothing of ours meets one.
    what_we_show_is_far_from_every_limit(app) {
        let quarter = QueryLimits {
            tokens: 1_250,
            selections: 100,
            aliases: 7,
            directives: 10,
            depth: 12,
            root_fields: 5,
            mutations: 4,
            cost: 2_500,
            bucket: 250_000,
            ..QueryLimits::default()
        };
        let app = with_query(app.database.backend, quarter);
        let mut asked = 0;
        let examples = std::fs::read_dir("playground/examples").unwrap().map(|file| file.unwrap().path());
        for file in examples.filter(|file| file.extension().is_some_and(|ending| ending == "graphql")) {
            let variables = std::fs::read_to_string(file.with_extension("json")).unwrap_or("{}".to_owned());
            let variables = serde_json::from_str(&variables).unwrap();
            let answer = app.send(&std::fs::read_to_string(&file).unwrap(), variables);
            assert!(answer.get("errors").is_none_or(|_| error_code(&answer) != "QUERY_TOO_COMPLEX"), "{file:?} {answer:#}");
            asked += 1;
        }
        let readme = std::fs::read_to_string("README.md").unwrap();
        let bodies = readme.split("<<'END'\n").skip(1).map(|rest| rest.split("\nEND").next().unwrap());
        for body in bodies {
            let body: Value = serde_json::from_str(&body.replace('\n', " ")).unwrap_or_else(|error| panic!("{error}: {body}"));
            let variables = body.get("variables").cloned().unwrap_or(json!({}));
            let answer = app.send(body["query"].as_str().unwrap(), variables);
            assert!(answer.get("errors").is_none_or(|_| error_code(&answer) != "QUERY_TOO_COMPLEX"), "{body} {answer:#}");
            asked += 1;
        }
        assert!(asked >= 15, "{asked}");
    }

    an_answer_is_only_so_long(app) {
        let app = with_query(app.database.backend, QueryLimits { answer: 2_000, ..QueryLimits::default() });
        for number in 0..30 {
            app.customer(&format!("Customer {number} {}", "x".repeat(100)));
        }
        let document = |first: u32| format!("{{ tenant {{ name }} customers(first: {first}) {{ nodes {{ id name parent {{ id }} }} }} }}");
        assert_eq!(app.send(&document(5), json!({})).get("errors"), None);
        let answer = app.send(&document(30), json!({}));
        assert_eq!(error_code(&answer), "RESPONSE_TOO_LARGE", "{answer:#}");
        assert_eq!((&answer["data"], answer["errors"].as_array().unwrap().len()), (&json!(null), 1));
        assert!(text(&first_error(&answer)["message"]).contains("2000 bytes"), "{answer:#}");
        assert_eq!(first_error(&answer)["path"][0], json!("customers"));
        // A mutation whose answer is too long was done.
        let selection = "customer { a: name b: name c: name d: name e: name f: name g: name }";
        let (document, variables) = mutation("createCustomer", json!({"name": "x".repeat(190)}), selection);
        let document = document.replace("customer {", "customer { h: name i: name j: name k: name l: name ");
        let answer = app.send(&document, variables);
        assert_eq!(error_code(&answer), "RESPONSE_TOO_LARGE", "{answer:#}");
        assert!(text(&first_error(&answer)["message"]).contains("was done"), "{answer:#}");
        assert_eq!((&answer["data"], &first_error(&answer)["path"]), (&json!(null), &json!(["createCustomer"])));
        assert_eq!(app.database.number("SELECT count(*) FROM customers"), 31);
    }

    reading_ends_when_it_is_too_late(app) {
        let app = with_query(app.database.backend, QueryLimits { reading: Duration::ZERO, ..QueryLimits::default() });
        let answer = app.send("{ customers { nodes { id } } }", json!({}));
        assert_eq!(error_code(&answer), "TIMEOUT", "{answer:#}");
        assert_eq!(answer["data"], json!(null));
        // What a mutation has done is shown in any case.
        app.customer("Jane Doe");
    }
}

fn poor(backend: Backend) -> TestApp {
    with_query(backend, QueryLimits { bucket: 320, restore_rate: 1, ..QueryLimits::default() })
}

fn a_key_that_asks_for_too_much_has_to_wait(app: &TestApp) {
    let create = |key: &str| {
        let (document, variables) = mutation("createCustomer", json!({"name": "A"}), "customer { id }");
        app.send_as(key, &[], &document, variables)
    };
    let granted = (0..5).take_while(|_| create(&app.key).status == 200).count();
    // 102 each, and 106 are asked for beforehand.
    assert_eq!(granted, 3);
    let before = app.database.dump();
    let refused = create(&app.key);
    let (answer, wait) = (refused.json(), refused.header("retry-after").unwrap().parse::<u64>().unwrap());
    assert_eq!((refused.status, error_code(&answer).as_str()), (429, "THROTTLED"), "{answer:#}");
    assert_eq!(first_error(&answer)["extensions"]["retryAfter"], json!(wait));
    let cost = &answer["extensions"]["cost"];
    assert_eq!((&cost["requested"], &cost["actual"], &cost["restoreRate"]), (&json!(106), &json!(null), &json!(1)));
    let available = cost["available"].as_u64().unwrap();
    assert!(available < 106 && wait <= 106 - available && wait > 0, "{answer:#}");
    assert_eq!(answer.get("data"), None);
    app.database.assert_unchanged(&before);
    for accept in ["application/json", "application/graphql-response+json"] {
        let body = mutation("createCustomer", json!({"name": "A"}), "customer { id }");
        assert_eq!(app.send_as(&app.key, &[("accept", accept)], &body.0, body.1).status, 429);
    }
    // What costs little is still answered, and others have buckets of their own, also those of the same tenant.
    assert_eq!(app.send_as(&app.key, &[], "{ tenant { id } }", json!({})).status, 200);
    let (_, other) = app.another_tenant("Other");
    let second = app.key_with(perennial::domain::api_key::Scope::Admin);
    for key in [&other, &second] {
        assert_eq!(create(key).status, 200);
    }
    // Nobody runs a bucket empty by what is refused anyway.
    for _ in 0..10 {
        assert_eq!(
            error_code(&app.send_as(&second, &[], "{ nothing { nothing } }", json!({})).json()),
            "GRAPHQL_VALIDATION_FAILED"
        );
    }
    assert_eq!(create(&second).status, 200);
}
each_database!(a_key_that_asks_for_too_much_has_to_wait, super::poor);

/// Three places: two requests that work with the database, and one that waits for it.
fn crowded(backend: Backend) -> TestApp {
    let http = Limits { waiting: 1, ..Setup::default().http };
    TestApp::served(backend, Setup { http, workers: 1, blocking_threads: 2, ..Setup::default() })
}

fn who_would_have_to_wait_behind_too_many_is_told_so_at_once(app: &TestApp) {
    let kept = app.database.keep_customers();
    let (document, variables) = mutation("createCustomer", json!({"name": "A"}), "customer { id }");
    std::thread::scope(|scope| {
        let (sender, answers) = channel();
        for _ in 0..4 {
            let (sender, document, variables) = (sender.clone(), &document, variables.clone());
            scope.spawn(move || sender.send(app.send_as(&app.key, &[], document, variables)).unwrap());
        }
        let refused = answers.recv_timeout(PATIENCE).unwrap();
        assert_eq!((refused.status, error_code(&refused.json()).as_str()), (503, "SERVICE_UNAVAILABLE"), "{refused:?}");
        assert_eq!(refused.header("retry-after"), Some("2"));
        // Those who ask for nothing of the database are answered meanwhile.
        assert_eq!(app.agent().get(app.url("/healthz")).call().unwrap().status(), 200);
        drop(kept);
        for _ in 0..3 {
            let answer = answers.recv_timeout(PATIENCE).unwrap();
            assert_eq!((answer.status, answer.json().get("errors")), (200, None), "{answer:?}");
        }
    });
    assert_eq!(app.database.number("SELECT count(*) FROM customers"), 3);
    // The places are free again.
    for _ in 0..5 {
        app.customer("Jane Doe");
    }
}
each_database!(who_would_have_to_wait_behind_too_many_is_told_so_at_once, super::crowded);

#[test]
#[cfg_attr(without_postgres, ignore = "no PostgreSQL: set TEST_POSTGRES_URL or install its server")]
fn a_statement_that_takes_too_long_is_ended_and_its_connection_goes_on() {
    let query = QueryLimits { reading: Duration::from_millis(300), ..QueryLimits::default() };
    let app = &with_query(Backend::Postgres, query);
    app.customer("Jane Doe");
    let kept = app.database.keep_customers();
    let began = Instant::now();
    for _ in 0..20 {
        // More than there are connections.
        let answer = app.send("{ customers { nodes { id } } }", json!({}));
        assert_eq!((error_code(&answer).as_str(), &answer["data"]), ("TIMEOUT", &json!(null)), "{answer:#}");
        assert_eq!(first_error(&answer)["path"], json!(["customers"]));
    }
    assert!(began.elapsed() > Duration::from_secs(6), "each waited for the lock");
    let (document, variables) = mutation("createCustomer", json!({"name": "A"}), "customer { id }");
    let answer = app.send(&document, variables.clone());
    assert_eq!((error_code(&answer).as_str(), &answer["data"]), ("TIMEOUT", &json!(null)), "{answer:#}");
    drop(kept);
    assert_eq!(app.database.number("SELECT count(*) FROM customers"), 1, "nothing was changed");
    for _ in 0..20 {
        assert_eq!(app.data("{ customers { totalCount } }"), json!({"customers": {"totalCount": 1}}));
    }
    assert_eq!(app.send(&document, variables).get("errors"), None);
}
