//! The API over real HTTP, a file a noun.

mod add_on;
mod api_key;
mod asset;
mod bad_input;
mod billing_group;
mod bulk;
mod clock;
mod collecting;
mod coupon;
mod credit;
mod credit_note;
mod customer;
mod discount;
mod documents;
mod entitlements;
mod feature;
mod fulfilment;
mod fulfilment_refusals;
mod fuzz;
mod http;
mod idempotency;
mod invoice;
mod invoicing;
mod isolation;
mod known;
mod limits;
mod lists;
mod lookups;
mod meter;
mod nested_pages;
mod new_method;
mod order;
mod own;
mod payment;
mod payment_method;
mod plan;
mod plan_refusals;
mod plan_versions;
mod product;
mod received;
mod remembered;
mod schedules;
mod slow;
pub mod subscription;
mod tax;
mod tenant;
mod usage;
mod usage_totals;
mod written;

use crate::support::TestApp;
use serde_json::{Value, json};

/// What user errors say, each as `CODE path.of.the.argument`, or as the code alone where no argument is to blame.
fn blamed(errors: &Value) -> Vec<String> {
    let one = |error: &Value| {
        let path = error["field"].as_array().map(|path| joined(path));
        [error["code"].as_str(), path.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(" ")
    };
    errors.as_array().unwrap().iter().map(one).collect()
}

fn joined(path: &[Value]) -> String {
    let step = |step: &Value| step.as_str().map_or_else(|| step.to_string(), str::to_owned);
    path.iter().map(step).collect::<Vec<_>>().join(".")
}

/// Asserts that a mutation refuses with exactly these codes and paths, and changes nothing in any table.
#[track_caller]
pub fn refuses_at(app: &TestApp, field: &str, input: Value, expected: &[&str]) {
    let before = app.database.dump();
    let payload = app.attempt(field, input.clone(), "__typename");
    assert_eq!(blamed(&payload["userErrors"]), expected, "{field} {input}\n{payload:#}");
    app.database.assert_unchanged(&before);
}

/// An object with some fields changed or added.
pub fn with(mut object: Value, changes: Value) -> Value {
    object.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    object
}

/// Confirms that a stale `expectedVersion` is a conflict that shows the object as it is, and that the right one is not.
#[track_caller]
fn conflicts(app: &TestApp, mutation: &str, input: &Value, object: &str, version: i32) {
    let before = app.database.dump();
    for stale in [version - 1, version + 1, 0, -1, i32::MAX] {
        let selection = format!("{object} {{ version }}");
        let payload = app.attempt(mutation, with(input.clone(), json!({"expectedVersion": stale})), &selection);
        assert_eq!(blamed(&payload["userErrors"]), ["CONFLICT input.expectedVersion"], "{mutation} {stale}");
        assert_eq!(payload[object], json!({"version": version}), "{mutation} shows the object as it is");
    }
    app.database.assert_unchanged(&before);
    let selection = format!("{object} {{ version }}");
    let payload = app.mutate(mutation, with(input.clone(), json!({"expectedVersion": version})), &selection);
    assert_eq!(payload[object], json!({"version": version + 1}));
}
