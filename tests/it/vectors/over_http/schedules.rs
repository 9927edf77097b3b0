//! `tests/vectors/schedules.json` over HTTP.

use super::{Asked, given, moment, written};
use crate::support::{TestApp, both};
use perennial::domain::Instant;
use serde_json::{Value, json};

/// The plan and the request of a case. All of them can be said.
fn asked(place: usize, vector: &Value) -> Asked {
    let (input, expected) = (&vector["input"], &vector["expected"]);
    let schedule = given([
        ("type", or(&input["scheduleType"], "PERIOD")),
        ("interval", first(&input["interval"], &input["billingPeriodCount"])),
        ("fixedDay", input["fixedDay"].clone()),
        ("baseMonth", input["baseMonth"].clone()),
        ("billingPeriod", input["billingPeriod"].clone()),
        ("billingCycle", input["billingCycle"].clone()),
    ]);
    let minor = expected["amount"].as_i64().unwrap_or(10_000);
    let plan = given([
        ("code", json!(format!("V{place}"))),
        ("name", vector["name"].clone()),
        ("schedule", schedule),
        ("amount", json!(euros(minor))),
        ("includeZeroAmount", json!(true)),
        ("prorationUnit", or(&input["prorationUnit"], "SECOND")),
        ("partialPeriodHandling", or(&input["partialPeriodHandling"], "BILL_PRORATED")),
        ("fixedCount", input["fixedCount"].clone()),
    ]);
    let trial_start = if input["trialEnd"].is_null() { &Value::Null } else { &input["startDate"] };
    let request = given([
        ("startDate", input["startDate"].clone()),
        ("trialStart", trial_start.clone()),
        ("trialEnd", input["trialEnd"].clone()),
        ("endDate", input["endDate"].clone()),
        ("timezone", input["timezone"].clone()),
        ("billingAnchor", input["billingAnchor"].clone()),
    ]);
    Asked { plan, request }
}

fn or(value: &Value, default: &str) -> Value {
    first(value, &json!(default))
}

fn first(value: &Value, other: &Value) -> Value {
    if value.is_null() { other.clone() } else { value.clone() }
}

fn euros(minor: i64) -> String {
    format!("{}.{:02}", minor / 100, minor % 100)
}

/// Start and end of each.
fn bounds(periods: &[Value]) -> Vec<(Instant, Instant)> {
    periods.iter().map(|period| (moment(&period["start"]), moment(&period["end"]))).collect()
}

/// Asserts that periods are those of the case, and that there are no more where it is over then.
fn assert_periods(found: &[(Instant, Instant)], expected: &Value, case: &str) {
    let told = expected["periods"].as_array().unwrap();
    let told: Vec<_> = told.iter().map(|period| (moment(&period[0]), moment(&period[1]))).collect();
    let most = if expected["isOver"] == true { found.len() } else { told.len().min(found.len()) };
    assert_eq!(found[..most], told, "{case}");
}

/// Asserts what the first period costs.
fn assert_invoice(invoice: &Value, expected: &Value, case: &str) {
    let line = &invoice["lines"][0];
    if let Some(ratio) = expected["firstRatio"].as_str() {
        let (numerator, denominator) = ratio.split_once('/').unwrap();
        let [numerator, denominator] = [numerator, denominator].map(|number| number.parse::<i64>().unwrap());
        let found = &line["proration"];
        if numerator == denominator {
            assert_eq!(found, &Value::Null, "{case}");
        } else {
            let found = ["numerator", "denominator"].map(|part| found[part].as_i64().unwrap());
            assert_eq!(found[0] * denominator, found[1] * numerator, "{case}: {found:?}");
        }
    }
    if let Some(charges) = expected["charges"].as_array() {
        let charge = euros(charges[0].as_i64().unwrap());
        assert_eq!(
            (&line["amount"]["amount"], &invoice["totals"]["total"]["amount"]),
            (&json!(charge), &json!(charge))
        );
    }
}

fn run(app: &TestApp, customer: &str, place: usize, vector: &Value) {
    let case = format!("{} ({})", vector["name"], vector["source"]);
    let (asked, expected) = (asked(place, vector), &vector["expected"]);
    app.mutate("createPlan", asked.plan.clone(), "__typename");
    let start = moment(&vector["input"]["startDate"]);
    app.set_clock(&written(start));
    let preview = asked.preview(app, customer);
    assert_periods(&bounds(preview["periods"].as_array().unwrap()), expected, &case);

    // The first period is billed when it has begun.
    let billed = expected["periods"].get(0).map_or(start, |first| start.max(moment(&first[0])));
    app.set_clock(&written(billed));
    let preview = asked.preview(app, customer);
    assert_periods(&bounds(preview["periods"].as_array().unwrap()), expected, &case);
    let made = asked.create(app, customer);
    let subscription = &made["subscription"];
    match &preview["invoices"].as_array().unwrap()[..] {
        [] => assert_eq!((&made["invoice"], &expected["periods"]), (&Value::Null, &json!([])), "{case}"),
        [invoice] => {
            assert_invoice(invoice, expected, &case);
            assert_eq!(&made["invoice"], invoice, "{case}");
            let current = json!({"start": subscription["currentPeriodStart"], "end": subscription["currentPeriodEnd"]});
            let periods: Vec<Value> = [&[current], &subscription["upcomingPeriods"].as_array().unwrap()[..]].concat();
            assert_periods(&bounds(&periods), expected, &case);
            if expected["isOver"] == true {
                assert_eq!(subscription["endDate"], periods.last().unwrap()["end"], "{case}");
            }
        }
        several => panic!("{case}: {several:?}"),
    }
    if let Some(too_early) = expected["isTooEarly"].as_bool() {
        app.set_clock(vector["input"]["now"].as_str().unwrap());
        let payload = app.attempt("previewSubscription", asked.input(customer), "__typename");
        let codes: Vec<_> = payload["userErrors"].as_array().unwrap().iter().map(|error| &error["code"]).collect();
        let told: &[&str] = if too_early { &["START_DATE_TOO_EARLY"] } else { &[] };
        assert_eq!(codes, told, "{case}");
    }
}

both! {
    every_schedule_is_as_its_source_says(app) {
        let vectors: Vec<Value> = serde_json::from_str(include_str!("../../../vectors/schedules.json")).unwrap();
        let customer = app.customer("Jane Doe");
        for (place, vector) in vectors.iter().enumerate() {
            assert_eq!(vector["notOverHttp"], Value::Null, "every schedule can be said");
            run(app, &customer, place, vector);
        }
    }
}
