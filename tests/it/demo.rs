//! The demo, and what the playground offers to try with it.

use crate::support::on_both;
use crate::support::program::Program;
use perennial::app::App;
use perennial::demo;
use serde_json::{Value, json};
use std::cell::Cell;

/// Fails where an answer is an error, a refusal, or shows nothing.
#[track_caller]
fn shows_something(name: &str, answer: &Value) {
    assert!(answer.get("errors").is_none(), "{name}: {answer:#}");
    for shown in answer["data"].as_object().unwrap().values() {
        assert!(shown.is_object(), "{name}: {answer:#}");
        assert!(shown.get("userErrors").is_none_or(|errors| *errors == json!([])), "{name}: {answer:#}");
        let nothing = |(field, value): (&String, &Value)| field != "invoice" && value.is_null();
        assert!(!shown.as_object().unwrap().iter().any(nothing), "{name}: {answer:#}");
        assert_ne!(shown["nodes"], json!([]), "{name}: {answer:#}");
    }
}

/// What the demo's plans are subscribed to by, and the rest of its catalogue.
#[track_caller]
fn shows_its_catalogue(program: &Program, key: &str) {
    let query = "{ plans { nodes { code subscriptions { nodes { handle status addOns { name } phases { metadata }
        discounts { coupon { code } } invoices { nodes { status totals { total { amount } } } } } } } }
        features(orderBy: [{field: CODE}]) { nodes { featureType } }
        addOns { totalCount } discounts { totalCount } coupons { totalCount } }";
    let answer = program.send(key, None, query, &json!({})).unwrap().json();
    let data = &answer["data"];
    let invoices = |status, amount| json!({"nodes": [{"status": status, "totals": {"total": {"amount": amount}}}]});
    let bare = |handle, status, invoices| json!({"handle": handle, "status": status, "addOns": [], "phases": [], "discounts": [], "invoices": invoices});
    let none = json!({"nodes": []});
    // Of 12 devices 10 cost 4.00 and 2 cost 3.00; with 80.00 and 25.00, less 20 per cent, and with 19 per cent of tax.
    let everything = json!({
        "handle": "fleet-with-everything", "status": "ACTIVE", "addOns": [{"name": "Priority support"}],
        "phases": [{"metadata": {"name": "Roll-out"}}, {"metadata": {"name": "Afterwards"}}],
        "discounts": [{"coupon": {"code": "WELCOME20"}}], "invoices": invoices("OPEN", "143.75"),
    });
    // Of 25 devices 10 cost 4.00 and 15 cost 3.00.
    let paid = bare("fleet-paid", "ACTIVE", invoices("PAID", "101.15"));
    let plans = json!([
        {"code": "help-desk", "subscriptions": {"nodes": [bare("help-desk-draft", "DRAFT", none.clone())]}},
        {"code": "fleet", "subscriptions": {"nodes": [everything, paid]}},
        {"code": "device-care", "subscriptions": {"nodes": [bare("care-on-trial", "TRIALING", none)]}},
    ]);
    assert_eq!(data["plans"]["nodes"], plans, "{answer:#}");
    let types = ["BOOLEAN", "STATIC", "METERED"].map(|name| json!({"featureType": name}));
    assert_eq!(data["features"]["nodes"], json!(types));
    for list in ["addOns", "discounts", "coupons"] {
        assert_eq!(data[list]["totalCount"], json!(1), "{list}");
    }
}

on_both! {
    every_example_of_the_playground_works_on_the_demo(database) {
        let db = database.open();
        db.migrate().unwrap();
        let app = App::new(db, String::new());
        let seen = Cell::new((0, 1));
        demo::fill(&app, &|done, of| seen.set((done, of))).unwrap();
        let (done, of) = seen.get();
        assert_eq!(done, of, "the progress ends at its end");
        demo::fill(&app, &|_, _| panic!("what is filled is not filled again")).unwrap();

        let program = Program::demo(&database.url);
        let setup = program.get("/playground.json").json();
        let key = setup["apiKey"].as_str().unwrap();
        shows_its_catalogue(&program, key);
        // Tools that have no key learn the schema, and nothing else.
        let nobody = |document: &str| program.post("/graphql", &json!({"query": document}).to_string()).status;
        assert_eq!((nobody("{ __schema { queryType { name } } }"), nobody("{ tenant { name } }")), (200, 401));
        let examples = setup["examples"].as_array().unwrap();
        assert_eq!(examples.len(), 11);
        for example in examples {
            let (name, query) = (example["name"].as_str().unwrap(), example["query"].as_str().unwrap());
            if query.contains("\nsubscription ") {
                continue; // it has no single answer
            }
            let variables = serde_json::from_str(example["variables"].as_str().unwrap_or("{}")).unwrap();
            let send = || program.send(key, None, query, &variables).unwrap().json();
            let first = send();
            shows_something(name, &first);
            let again = send();
            shows_something(name, &again);
            if query.contains("@idempotent") {
                assert_eq!(first["data"], again["data"], "{name}");
                assert_eq!(again["extensions"]["idempotency"]["replayed"], json!(true), "{name}");
            }
        }
    }
}
