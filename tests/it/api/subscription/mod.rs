//! Subscriptions to plans: `createSubscription`, `previewSubscription`, `activateSubscription`.

mod creation;
mod idempotency;
mod payments;
mod taking_back;

use crate::support::TestApp;
use crate::support::builders::text;
use serde_json::{Value, json};

/// A plan over 300.00 a month from the start of each subscription ("M30").
pub fn monthly(app: &TestApp) -> String {
    plan(app, json!({"code": "M30", "schedule": {"type": "MONTH_STARTDATE"}, "amount": "300.00"}))
}

/// A plan with a name and what else is said of it.
pub fn plan(app: &TestApp, input: Value) -> String {
    let input = super::with(json!({"name": "Gold"}), input);
    text(&app.mutate("createPlan", input, "plan { id }")["plan"]["id"])
}

/// What is asked for, of an existing customer.
pub fn request(customer: &str, plan: &str, changes: Value) -> Value {
    super::with(json!({"customer": {"id": customer}, "plan": {"code": plan}}), changes)
}
