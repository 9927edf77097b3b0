//! `tests/vectors/prices.json` over HTTP. What is used is billed when its period is over: here it is a quantity of
//! something that is charged once. A part of a period is a start between two boundaries.

use super::{Asked, given, written};
use crate::support::{TestApp, both};
use chrono::{Days, TimeDelta};
use perennial::domain::calendar::start_of_day;
use perennial::domain::{Date, Zone};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The order of the lines of an invoice.
const KINDS: [&[&str]; 5] = [&["PLAN"], &["ITEM", "USAGE"], &["ADD_ON"], &["SETUP_FEE"], &["ADDITIONAL_COST"]];

/// Full periods of a schedule: how many days there are in one, the schedule, and the boundary at the end of it.
const PERIODS: [(i64, &str, &str); 7] = [
    (30, r#"{"type": "MONTH_FIXEDDAY", "fixedDay": 1}"#, "2025-05-01"),
    (31, r#"{"type": "MONTH_FIXEDDAY", "fixedDay": 1}"#, "2025-02-01"),
    (28, r#"{"type": "MONTH_FIXEDDAY", "fixedDay": 1}"#, "2025-03-01"),
    (7, r#"{"type": "WEEKLY_FIXEDDAY", "fixedDay": 1}"#, "2025-07-14"),
    (90, r#"{"type": "MONTH_FIXEDDAY", "fixedDay": 1, "interval": 3, "baseMonth": 1}"#, "2025-04-01"),
    (91, r#"{"type": "MONTH_FIXEDDAY", "fixedDay": 1, "interval": 3, "baseMonth": 1}"#, "2025-07-01"),
    (365, r#"{"type": "MONTH_FIXEDDAY", "fixedDay": 1, "interval": 12, "baseMonth": 1}"#, "2026-01-01"),
];

fn kind(charge: &Value) -> &str {
    charge["kind"].as_str().unwrap()
}

fn charges<'v>(input: &'v Value, kinds: &[&str]) -> Vec<&'v Value> {
    input["charges"].as_array().unwrap().iter().filter(|charge| kinds.contains(&kind(charge))).collect()
}

/// What all of them say of something; none where they differ.
fn same<'v>(charges: &[&'v Value], field: &str) -> Option<&'v Value> {
    const NOTHING: &Value = &Value::Null;
    let first = charges.first().map_or(NOTHING, |charge| &charge[field]);
    charges.iter().all(|charge| &charge[field] == first).then_some(first)
}

/// What a case asks for, if it can be said at the start of a subscription.
fn asked(place: usize, vector: &Value) -> Option<Asked> {
    let input = &vector["input"];
    let all = input["charges"].as_array().unwrap();
    let rank = |charge: &Value| KINDS.iter().position(|kinds| kinds.contains(&kind(charge)));
    let in_order = all.iter().map(rank).is_sorted();
    if !in_order || all.iter().any(|charge| charge["credit"] == true) {
        return None;
    }
    let parts = same(&charges(input, &["PLAN", "ITEM", "ADD_ON"]), "proration")?;
    let taxed = charges(input, &["PLAN", "ITEM", "USAGE", "SETUP_FEE"]);
    let (rate, included) = (same(&taxed, "taxRate")?, same(&taxed, "amountIncludesTax")?);
    let minimum = same(&charges(input, &["PLAN"]), "minimumProratedAmount")?;
    let started = start(parts, &input["timezone"])?;
    let fee = charges(input, &["SETUP_FEE"]).first().map(|fee| json!({"amount": fee["price"]["amount"]}));
    let plan = given([
        ("code", json!(format!("V{place}"))),
        ("name", vector["name"].clone()),
        ("currency", input["currency"].clone()),
        ("schedule", started.schedule),
        ("prices", prices(input)),
        ("prorationUnit", json!(started.unit)),
        ("partialPeriodHandling", json!(started.handling)),
        ("minimumProratedAmount", minimum.clone()),
        ("taxRate", rate.clone()),
        ("amountIncludesTax", included.clone()),
        ("includeZeroAmount", json!(true)),
        ("setupFee", fee.unwrap_or_default()),
    ]);
    let request = given([
        ("startDate", json!(started.start)),
        ("timezone", input["timezone"].clone()),
        ("additionalItems", Value::Array(items(input))),
        ("additionalCosts", Value::Array(costs(place, input))),
    ]);
    Some(Asked { plan, request })
}

struct Started {
    schedule: Value,
    start: String,
    unit: &'static str,
    handling: &'static str,
}

/// A start with so much of a full period left.
fn start(part: &Value, zone: &Value) -> Option<Started> {
    let zone: Zone = zone.as_str().map_or(Zone::UTC, |zone| zone.parse().unwrap());
    let day = |text: &str| text.parse::<Date>().unwrap();
    let started = |schedule: &str, start, unit| Started {
        schedule: serde_json::from_str(schedule).unwrap(),
        start: written(start),
        unit,
        handling: "BILL_PRORATED",
    };
    if part.is_null() {
        return Some(started(r#"{"type": "MONTH_STARTDATE"}"#, start_of_day(day("2025-05-01"), zone), "DAY"));
    }
    let (numerator, denominator) = (part["numerator"].as_i64().unwrap(), part["denominator"].as_i64().unwrap());
    if numerator == 0 {
        let (_, schedule, _) = PERIODS[0];
        let free = started(schedule, start_of_day(day("2025-04-14"), zone), "DAY");
        return Some(Started { handling: "BILL_ZERO_AMOUNT", ..free });
    }
    let seconds = part["unit"] == "SECOND";
    let whole = if seconds { 86_400 } else { 1 };
    let found = PERIODS.iter().find(|(days, ..)| days * whole % denominator == 0);
    match found {
        Some((days, schedule, end)) => {
            let left = numerator * (days * whole / denominator);
            let end = day(end);
            let start = match seconds {
                true => start_of_day(end, zone) - TimeDelta::seconds(left),
                false => start_of_day(end - Days::new(left.try_into().unwrap()), zone),
            };
            Some(started(schedule, start, if seconds { "SECOND" } else { "DAY" }))
        }
        // A part of one day.
        None if 86_400 % denominator == 0 => {
            let start = start_of_day(day("2025-05-01"), zone) - TimeDelta::seconds(86_400 / denominator * numerator);
            let schedule = r#"{"type": "PERIOD", "billingPeriod": "DAY", "billingCycle": "CALENDAR"}"#;
            Some(started(schedule, start, "SECOND"))
        }
        None => None,
    }
}

/// A price as the API writes it: it has one name for an amount.
fn price(of: &Value, price_type: &str) -> Value {
    let price = &of["price"];
    let amount = if price["unitAmount"].is_null() { &price["amount"] } else { &price["unitAmount"] };
    let tiers = price["tiers"].as_array().map(|tiers| {
        let tier = |tier: &Value| {
            given([
                ("upTo", tier["upTo"].clone()),
                ("unitAmount", tier["unitAmount"].clone()),
                ("flatAmount", tier["flatAmount"].clone()),
            ])
        };
        tiers.iter().map(tier).collect::<Vec<_>>()
    });
    given([
        ("type", json!(price_type)),
        ("name", of["kind"].clone()),
        ("billingModel", price["billingModel"].clone()),
        ("amount", amount.clone()),
        ("packageSize", price["packageSize"].clone()),
        ("packageRounding", price["packageRounding"].clone()),
        ("tierMode", price["tierMode"].clone()),
        ("tiers", tiers.map_or(Value::Null, Value::from)),
    ])
}

/// The plan's prices; one of usage, which is not billed yet, where the case has none.
fn prices(input: &Value) -> Value {
    let prices: Vec<Value> = charges(input, &["PLAN"]).into_iter().map(|charge| price(charge, "RECURRING")).collect();
    match prices.is_empty() {
        true => json!([{"type": "USAGE", "billingModel": "PER_UNIT", "amount": "1"}]),
        false => Value::Array(prices),
    }
}

fn quantity(charge: &Value) -> i64 {
    charge["quantity"].as_str().map_or(1, |quantity| quantity.parse().unwrap())
}

fn items(input: &Value) -> Vec<Value> {
    let item = |charge: &Value| {
        let price_type = if kind(charge) == "USAGE" { "ONE_TIME" } else { "RECURRING" };
        json!({"price": price(charge, price_type), "quantity": quantity(charge)})
    };
    charges(input, &["ITEM", "USAGE"]).into_iter().map(item).collect()
}

fn costs(place: usize, input: &Value) -> Vec<Value> {
    let cost = |(index, charge): (usize, &Value)| {
        given([
            ("handle", json!(format!("cost-{place}-{index}"))),
            ("text", json!("A cost")),
            ("amount", charge["price"]["amount"].clone()),
            ("quantity", json!(quantity(charge))),
            ("taxRate", charge["taxRate"].clone()),
            ("amountIncludesTax", charge["amountIncludesTax"].clone()),
        ])
    };
    charges(input, &["ADDITIONAL_COST"]).into_iter().enumerate().map(cost).collect()
}

/// Makes the add-ons of a case; answers how the request takes them.
fn add_ons(app: &TestApp, place: usize, input: &Value) -> Vec<Value> {
    let add_on = |(index, charge): (usize, &Value)| {
        let (code, several) = (format!("V{place}-{index}"), !charge["quantity"].is_null());
        let new = given([
            ("code", json!(code)),
            ("name", json!("An add-on")),
            ("addOnType", json!(if several { "QUANTITY" } else { "ON_OFF" })),
            ("currency", input["currency"].clone()),
            ("unitAmount", charge["price"]["amount"].clone()),
            ("taxRate", charge["taxRate"].clone()),
            ("amountIncludesTax", charge["amountIncludesTax"].clone()),
        ]);
        app.mutate("createAddOn", new, "__typename");
        let quantity = if several { json!(quantity(charge)) } else { Value::Null };
        given([("addOn", json!({"code": code})), ("quantity", quantity)])
    };
    charges(input, &["ADD_ON"]).into_iter().enumerate().map(add_on).collect()
}

/// Makes the discounts of a case; answers how the request takes them.
fn discounts(app: &TestApp, place: usize, input: &Value) -> Vec<Value> {
    let discount = |(index, discount): (usize, &Value)| {
        let code = format!("V{place}-{index}");
        let currency = if discount["amount"].is_null() { Value::Null } else { input["currency"].clone() };
        let new = given([
            ("code", json!(code)),
            ("name", json!("A discount")),
            ("percentage", discount["percentage"].clone()),
            ("amount", discount["amount"].clone()),
            ("currency", currency),
            ("appliesTo", discount["applyTo"].clone()),
        ]);
        app.mutate("createDiscount", new, "__typename");
        json!({"discount": {"code": code}})
    };
    input["discounts"].as_array().into_iter().flatten().enumerate().map(discount).collect()
}

/// An invoice as the cases write it.
fn said(invoice: &Value) -> Value {
    let line = |line: &Value| {
        let mut said = json!({"amount": line["amount"]["amount"]});
        let taken = line["discountAmount"]["amount"].as_str().unwrap();
        if !taken.trim_start_matches(['0', '.']).is_empty() {
            said["discountAmount"] = json!(taken);
        }
        if !line["reducedPosition"].is_null() {
            said["kind"] = line["kind"].clone();
            said["reduces"] = line["reducedPosition"].clone();
        }
        said
    };
    let total = |name: &str| invoice["totals"][name]["amount"].clone();
    json!({
        "lines": invoice["lines"].as_array().unwrap().iter().map(line).collect::<Vec<_>>(),
        "subtotal": total("subtotal"), "discountTotal": total("discountTotal"), "taxTotal": total("taxTotal"),
        "netTotal": total("netTotal"), "total": total("total"),
    })
}

fn run(app: &TestApp, customer: &str, place: usize, vector: &Value, mut asked: Asked) {
    let (case, input) = (&vector["name"], &vector["input"]);
    app.set_clock(asked.request["startDate"].as_str().unwrap());
    let or = |value: &Value, default: &str| value.as_str().unwrap_or(default).to_owned();
    let settings = json!({
        "discountOrder": or(&input["discountOrder"], "PERCENTAGE_FIRST"),
        "percentageBase": or(&input["percentageBase"], "FULL"),
    });
    app.mutate("updateTenantSettings", settings, "__typename");
    let plan = app.mutate("createPlan", asked.plan.clone(), "plan { prices { id } }");
    let of_plan = charges(input, &["PLAN"]).into_iter().zip(plan["plan"]["prices"].as_array().unwrap());
    let overrides = of_plan.filter(|(charge, _)| !charge["quantity"].is_null());
    let overrides = overrides.map(|(charge, price)| json!({"priceId": price["id"], "quantity": quantity(charge)}));
    asked.request["priceOverrides"] = overrides.collect();
    asked.request["addOns"] = Value::Array(add_ons(app, place, input));
    asked.request["discounts"] = Value::Array(discounts(app, place, input));
    let preview = asked.preview(app, customer);
    assert_eq!(preview["invoices"].as_array().unwrap().len(), 1, "{case}");
    assert_eq!(said(&preview["invoices"][0]), vector["expected"], "{case}");
    assert_eq!(asked.create(app, customer)["invoice"], preview["invoices"][0], "{case}");
}

both! {
    every_vector_comes_to_what_it_says(app) {
        let vectors: Vec<Value> = serde_json::from_str(include_str!("../../../vectors/prices.json")).unwrap();
        let customer = app.customer("Jane Doe");
        let (mut unsaid, mut marked) = (BTreeSet::new(), BTreeSet::new());
        for (place, vector) in vectors.iter().enumerate() {
            let name = vector["name"].as_str().unwrap();
            if vector["notOverHttp"].is_string() {
                marked.insert(name);
            }
            match asked(place, vector) {
                Some(asked) => run(app, &customer, place, vector, asked),
                None => {
                    unsaid.insert(name);
                }
            }
        }
        assert_eq!(unsaid, marked, "only what cannot be said is left out");
    }
}
