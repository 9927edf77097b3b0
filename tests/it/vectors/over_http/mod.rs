//! The same tables over HTTP, as a client would ask: a plan as the case says it, the clock at its start, a preview, and a
//! subscription. What cannot be said like that is marked in the table, with the reason: `notOverHttp`.

mod prices;
mod schedules;

use crate::support::TestApp;
use perennial::domain::Instant;
use serde_json::{Map, Value, json};

/// What is asked for of a case: the plan, and what the request says beside the customer and the plan.
struct Asked {
    plan: Value,
    request: Value,
}

/// What a preview, and then the subscription, say.
const PREVIEWED: &str = "preview { periods { start end } invoices {
    lines { kind amount { amount } discountAmount { amount } reducedPosition proration { numerator denominator } }
    totals { subtotal { amount } discountTotal { amount } netTotal { amount } taxTotal { amount } total { amount } }
} }";
const CREATED: &str =
    "subscription { currentPeriodStart currentPeriodEnd endDate upcomingPeriods { start end } } invoice {
    lines { kind amount { amount } discountAmount { amount } reducedPosition proration { numerator denominator } }
    totals { subtotal { amount } discountTotal { amount } netTotal { amount } taxTotal { amount } total { amount } }
}";

impl Asked {
    fn input(&self, customer: &str) -> Value {
        let mut input = json!({"customer": {"id": customer}, "plan": {"code": self.plan["code"]}});
        input.as_object_mut().unwrap().extend(self.request.as_object().unwrap().clone());
        input
    }

    fn preview(&self, app: &TestApp, customer: &str) -> Value {
        app.mutate("previewSubscription", self.input(customer), PREVIEWED)["preview"].take()
    }

    fn create(&self, app: &TestApp, customer: &str) -> Value {
        app.mutate("createSubscription", self.input(customer), CREATED)
    }
}

fn moment(text: &Value) -> Instant {
    text.as_str().unwrap_or_else(|| panic!("no moment: {text}")).parse().unwrap()
}

fn written(moment: Instant) -> String {
    moment.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true)
}

/// The fields that have a value.
fn given<const N: usize>(fields: [(&str, Value); N]) -> Value {
    let given = fields.into_iter().filter(|(_, value)| !value.is_null());
    Value::Object(given.map(|(name, value)| (name.to_owned(), value)).collect::<Map<_, _>>())
}
