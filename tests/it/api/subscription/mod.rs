//! Subscriptions to plans: `createSubscription`, `previewSubscription`, `activateSubscription`.

mod add_ons;
mod bad_input;
mod collection;
mod creation;
mod customers;
mod dates;
mod discounts;
mod drafts;
mod extras;
mod idempotency;
mod items;
mod order;
mod payments;
mod phases;
mod previews;
mod random;
mod refusals;
mod rules;
mod taking_back;
mod trials;

use super::{blamed, with};
use crate::support::TestApp;
use crate::support::builders::text;
use serde_json::{Value, json};

/// A plan over 300.00 a month from the start of each subscription ("M30").
pub fn monthly(app: &TestApp) -> String {
    plan(app, json!({"code": "M30", "schedule": {"type": "MONTH_STARTDATE"}, "amount": "300.00"}))
}

/// A plan over 300.00 a month from the first on, of which the part before is prorated by days ("F1").
pub fn on_the_first(app: &TestApp) -> String {
    plan(app, json!({"code": "F1", "schedule": {"type": "MONTH_FIXEDDAY", "fixedDay": 1}, "amount": "300.00"}))
}

/// A plan with a name and what else is said of it.
pub fn plan(app: &TestApp, input: Value) -> String {
    let input = with(json!({"name": "Gold"}), input);
    text(&app.mutate("createPlan", input, "plan { id }")["plan"]["id"])
}

/// The ids of a plan's prices, in their order.
pub fn prices_of(app: &TestApp, plan: &str) -> Vec<String> {
    let found = app.data(&format!(r#"{{ plan(id: "{plan}") {{ prices {{ id }} }} }}"#));
    found["plan"]["prices"].as_array().unwrap().iter().map(|price| text(&price["id"])).collect()
}

/// What is asked for, of an existing customer.
pub fn request(customer: &str, plan: &str, changes: Value) -> Value {
    with(json!({"customer": {"id": customer}, "plan": {"code": plan}}), changes)
}

/// Creates a subscription, which must succeed; answers it as it is selected.
pub fn subscribe(app: &TestApp, input: Value, selection: &str) -> Value {
    let selection = format!("subscription {{ {selection} }}");
    app.mutate("createSubscription", input, &selection)["subscription"].take()
}

/// What a subscription would be, which must be possible.
pub fn preview(app: &TestApp, input: Value, selection: &str) -> Value {
    let selection = format!("preview {{ {selection} }}");
    app.mutate("previewSubscription", input, &selection)["preview"].take()
}

/// The lines of the first invoice of a preview, each as `KIND amount`, and the total last.
pub fn bill(app: &TestApp, input: Value) -> Vec<String> {
    let found = preview(app, input, LINES);
    let invoices = found["invoices"].as_array().unwrap();
    assert!(invoices.len() < 2, "{invoices:#?}");
    invoices.first().map_or(Vec::new(), lines)
}

pub const LINES: &str = "invoices { lines { kind amount { amount } } totals { total { amount } } }";

/// The lines of an invoice, each as `KIND amount`, and the total last.
pub fn lines(invoice: &Value) -> Vec<String> {
    let line = |line: &Value| format!("{} {}", text(&line["kind"]), text(&line["amount"]["amount"]));
    let lines = invoice["lines"].as_array().unwrap().iter().map(line);
    lines.chain([text(&invoice["totals"]["total"]["amount"])]).collect()
}

/// Asserts that a request is refused with exactly these codes and paths, by the creation and by its preview, and that
/// nothing in any table changes.
#[track_caller]
pub fn refused(app: &TestApp, input: &Value, expected: &[&str]) -> Value {
    let before = app.database.dump();
    let mut errors = Value::Null;
    for field in ["previewSubscription", "createSubscription"] {
        let payload = app.attempt(field, input.clone(), "__typename");
        assert_eq!(blamed(&payload["userErrors"]), expected, "{field} {input:#}\n{payload:#}");
        errors = payload["userErrors"].clone();
    }
    app.database.assert_unchanged(&before);
    errors
}

/// The same of one refusal, with the number that Billwerk+ gives it.
#[track_caller]
pub fn refused_with(app: &TestApp, input: &Value, number: i32, expected: &str) {
    let errors = refused(app, input, &[expected]);
    assert_eq!(errors[0]["number"], number, "{expected}");
}
