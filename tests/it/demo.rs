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

on_both! {
    every_example_of_the_playground_works_on_the_demo(database) {
        let app = App::new(database.open(), String::new());
        let seen = Cell::new((0, 1));
        demo::fill(&app, &|done, of| seen.set((done, of))).unwrap();
        let (done, of) = seen.get();
        assert_eq!(done, of, "the progress ends at its end");
        demo::fill(&app, &|_, _| panic!("what is filled is not filled again")).unwrap();

        let program = Program::demo(&database.url);
        let setup = program.get("/playground.json").json();
        let key = setup["apiKey"].as_str().unwrap();
        let examples = setup["examples"].as_array().unwrap();
        assert_eq!(examples.len(), 10);
        for example in examples {
            let (name, query) = (example["name"].as_str().unwrap(), example["query"].as_str().unwrap());
            let variables = serde_json::from_str(example["variables"].as_str().unwrap_or("{}")).unwrap();
            let send = || program.send(key, None, query, &variables).unwrap().json();
            let first = send();
            shows_something(name, &first);
            let again = send();
            shows_something(name, &again);
            if query.contains("@idempotent") {
                assert_eq!(first, again, "{name}");
            }
        }
    }

    the_demo_shows_a_catalogue_and_what_is_made_of_it(database) {
        let app = App::new(database.open(), String::new());
        let key = demo::fill(&app, &|_, _| ()).unwrap().api_key;
        let program = Program::serve(&database.url);
        let query = "{ plans { nodes { code subscriptions { nodes { handle status addOns { name } phases { endDate }
              discounts { coupon { code } } invoices { nodes { status totals { total { amount } } } } } } } }
            features { nodes { featureType } } addOns { totalCount } discounts { totalCount } coupons { totalCount } }";
        let answer = program.send(&key, None, query, &json!({})).unwrap().json();
        let data = &answer["data"];
        let invoice = |status, amount| json!({"nodes": [{"status": status, "totals": {"total": {"amount": amount}}}]});
        let none = json!([]);
        let bare = |handle, status, invoices| {
            let nothing = &none;
            json!({"handle": handle, "status": status, "addOns": nothing, "phases": nothing, "discounts": nothing,
                "invoices": invoices})
        };
        assert_eq!(data["plans"]["nodes"], json!([
            {"code": "help-desk", "subscriptions": {"nodes": [bare("help-desk-draft", "DRAFT", json!({"nodes": []}))]}},
            {"code": "fleet", "subscriptions": {"nodes": [
                {"handle": "fleet-with-everything", "status": "ACTIVE", "addOns": [{"name": "Priority support"}],
                    "phases": [{"endDate": data["plans"]["nodes"][1]["subscriptions"]["nodes"][0]["phases"][0]["endDate"]}, {"endDate": null}],
                    "discounts": [{"coupon": {"code": "WELCOME20"}}], "invoices": invoice("OPEN", "143.75")},
                bare("fleet-paid", "ACTIVE", invoice("PAID", "101.15")),
            ]}},
            {"code": "device-care", "subscriptions": {"nodes": [bare("care-on-trial", "TRIALING", json!({"nodes": []}))]}},
        ]));
        assert_eq!(data["features"]["nodes"].as_array().unwrap().len(), 3, "one of each type: {answer}");
        for count in ["addOns", "discounts", "coupons"] {
            assert_eq!(data[count]["totalCount"], json!(1), "{count}: {answer}");
        }
    }
}
