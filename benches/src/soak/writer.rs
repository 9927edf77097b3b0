//! Those who write: orders that are delivered one device at a time.

use super::ledger::Placed;
use super::wire::Wire;
use crate::Failure;
use crate::random::Random;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const SKU: &str = "SOAK";
/// Between two orders of one writer: the soak is about faults, not about speed.
const PAUSE: Duration = Duration::from_millis(20);

/// Makes what all orders need.
pub fn prepare(wire: &mut Wire<'_>) -> Result<(), Failure> {
    let prices = json!([{"contractLength": 12, "monthlyPrice": "19.90"}]);
    let product = json!({"sku": SKU, "name": "Soaked", "rentalPrices": prices});
    wire.change("createProduct", "product { id }", &product).ok_or("there is no product")?;
    Ok(())
}

/// Whether something can be written and read right now.
pub fn probe(wire: &mut Wire<'_>) -> bool {
    let query = "mutation { createCustomer(input: {name: \"Probe\"}) { customer { id } userErrors { code } } }";
    let made = wire.ask(query, &json!(null));
    made.as_ref().and_then(|data| data["createCustomer"]["customer"]["id"].as_str()).is_some()
}

pub fn write(wire: &mut Wire<'_>, place: u64, stop: &AtomicBool) {
    let mut random = Random::new(place + 1);
    while !stop.load(Ordering::Relaxed) {
        if order(wire, 1 + random.below(3)).is_none() {
            // It was said why.
            std::thread::sleep(Duration::from_secs(1));
        }
        std::thread::sleep(PAUSE);
    }
}

/// A customer, its order, and all devices of it, two at a time from two connections.
fn order(wire: &mut Wire<'_>, units: usize) -> Option<()> {
    let name = format!("Customer of {units}");
    let customer = id(&wire.change("createCustomer", "customer { id name }", &json!({"name": name}))?["customer"]);
    wire.ledger.customer(&customer);
    let items = json!([{"sku": SKU, "quantity": units, "contractLength": 12}]);
    let order = wire.change("createOrder", "order { id }", &json!({"customerId": customer, "items": items}))?;
    let order = id(&order["order"]);
    wire.change("confirmOrder", "order { status }", &json!({"orderId": order}))?;
    let placed = Placed { id: order.clone(), customer: customer.clone(), units, ..Placed::default() };
    let entry = wire.ledger.order(placed);
    for unit in 0..units {
        let serial = format!("S-{order}-{unit}");
        wire.change("createAsset", "asset { id }", &json!({"serialNumber": serial, "sku": SKU}))?;
        let input = json!({"orderId": order, "customerId": customer, "assetSerialNumber": serial});
        let payload = wire.change("fulfilOrderItem", "subscription { id asset { serialNumber } }", &input)?;
        let subscription = &payload["subscription"];
        if subscription["asset"]["serialNumber"] != json!(serial) {
            wire.ledger.complain(format!("{serial} was scanned, and {subscription} was made"));
        }
        wire.ledger.delivered(entry, &serial, &id(subscription));
    }
    Some(())
}

fn id(object: &Value) -> String {
    object["id"].as_str().unwrap_or_default().to_owned()
}
