//! Those who read: every answer must fit together, and show at least what was acknowledged before it was asked for.

use super::ledger::Placed;
use super::wire::Wire;
use crate::random::Random;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

pub const ORDER: &str = "id status totalDevices rentedDevices customer { id } items { quantity fulfilledQuantity } \
    subscriptions(first: 20) { totalCount nodes { id status asset { serialNumber status } } }";

const PAUSE: Duration = Duration::from_millis(10);

pub fn read(wire: &mut Wire<'_>, place: u64, stop: &AtomicBool) {
    let mut random = Random::new(place + 1_000);
    while !stop.load(Ordering::Relaxed) {
        match random.below(3) {
            0 => {
                let page = format!("{{ orders(first: 20) {{ nodes {{ {ORDER} }} }} }}");
                if let Some(data) = wire.ask(&page, &json!(null)) {
                    let nodes = data["orders"]["nodes"].as_array().cloned().unwrap_or_default();
                    nodes.iter().for_each(|order| fits_together(wire, order));
                }
            }
            _ => {
                if let Some(known) = wire.ledger.any_order(|count| random.below(count)) {
                    one(wire, &known);
                }
            }
        }
        std::thread::sleep(PAUSE);
    }
}

/// Reads an order that was acknowledged. None where there was no answer.
pub fn one(wire: &mut Wire<'_>, known: &Placed) -> Option<()> {
    let query = format!("query($id: ID!) {{ order(id: $id) {{ {ORDER} }} }}");
    let data = wire.ask(&query, &json!({"id": known.id}))?;
    let order = &data["order"];
    fits_together(wire, order);
    let shown = order["subscriptions"]["nodes"].as_array().cloned().unwrap_or_default();
    let shows = |serial: &str, id: &str| {
        shown.iter().any(|found| found["id"] == json!(id) && found["asset"]["serialNumber"] == json!(serial))
    };
    let lost: Vec<&String> = known.delivered.iter().filter(|(serial, id)| !shows(serial, id)).map(|it| it.0).collect();
    let right = order["id"] == json!(known.id)
        && order["totalDevices"] == json!(known.units)
        && order["customer"]["id"] == json!(known.customer);
    if !right || !lost.is_empty() {
        wire.ledger.complain(format!("{} lost {lost:?}: {data}", known.id));
    }
    Some(())
}

/// Whether the numbers of an order are of one moment.
fn fits_together(wire: &Wire<'_>, order: &Value) {
    let sum = |field: &str| {
        order["items"].as_array().into_iter().flatten().filter_map(|item| item[field].as_u64()).sum::<u64>()
    };
    let subscriptions = order["subscriptions"]["nodes"].as_array().cloned().unwrap_or_default();
    let rented = subscriptions.iter().all(|found| found["asset"]["status"] == json!("RENTED_OUT"));
    let delivered = sum("fulfilledQuantity");
    let status = match delivered {
        0 => order["status"] == json!("CONFIRMED") || order["status"] == json!("PENDING"),
        _ if delivered == sum("quantity") => order["status"] == json!("FULFILLED"),
        _ => order["status"] == json!("PARTIAL"),
    };
    let fits = json!(delivered) == order["rentedDevices"]
        && json!(delivered) == order["subscriptions"]["totalCount"]
        && json!(sum("quantity")) == order["totalDevices"];
    if !(rented && status && fits) {
        wire.ledger.complain(format!("does not fit together: {order}"));
    }
}
