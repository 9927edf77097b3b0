//! `fulfilOrderItem`: orders and devices are made through the API first, so that each measurement has its own.

use super::http::Client;
use super::reading::body;
use crate::Failure;
use serde_json::{Value, json};
use std::time::{SystemTime, UNIX_EPOCH};

const FULFIL: &str = "mutation($input: FulfilOrderItemInput!) { fulfilOrderItem(input: $input) { \
    subscription { id status startDate endDate asset { id status } } order { id status rentedDevices totalDevices } \
    userErrors { code message } } }";

/// One unit that is to be delivered.
pub struct Unit {
    pub order: String,
    pub customer: String,
    pub serial_number: String,
}

pub fn request(unit: &Unit) -> String {
    let input = json!({
        "orderId": unit.order, "customerId": unit.customer, "assetSerialNumber": unit.serial_number,
    });
    body(FULFIL, json!({"input": input}))
}

/// Units that can be delivered: each of an order of its own, or all of them of one order.
pub fn units(client: &mut Client, count: usize, contended: bool) -> Result<Vec<Unit>, Failure> {
    let run = SystemTime::now().duration_since(UNIX_EPOCH)?.as_micros();
    let sku = "SKU-001";
    let customers = "{ customers(first: 100) { nodes { id } } }";
    let customers = client.ask(&body(customers, json!({})))?["data"]["customers"]["nodes"].take();
    let customers: Vec<&str> =
        customers.as_array().into_iter().flatten().filter_map(|node| node["id"].as_str()).collect();
    let mut orders = Vec::new();
    for place in 0..if contended { 1 } else { count } {
        let customer = customers[place % customers.len()];
        let quantity = if contended { count } else { 1 };
        let items = json!([{"sku": sku, "quantity": quantity, "contractLength": 12}]);
        let order = change(client, "createOrder", "order { id }", json!({"customerId": customer, "items": items}))?;
        let order = order["order"]["id"].as_str().unwrap_or_default().to_owned();
        change(client, "confirmOrder", "order { id }", json!({"orderId": order}))?;
        orders.push((order, customer));
    }
    let mut units = Vec::new();
    for place in 0..count {
        let serial_number = format!("BENCH-{run}-{place}");
        change(client, "createAsset", "asset { id }", json!({"serialNumber": serial_number, "sku": sku}))?;
        let (order, customer) = &orders[place % orders.len()];
        units.push(Unit { order: order.clone(), customer: (*customer).to_owned(), serial_number });
    }
    Ok(units)
}

/// Runs a mutation that must not be refused.
fn change(client: &mut Client, name: &str, select: &str, input: Value) -> Result<Value, Failure> {
    let mut type_name = name.to_owned();
    type_name[..1].make_ascii_uppercase();
    let query = format!(
        "mutation($input: {type_name}Input!) {{ {name}(input: $input) {{ {select} userErrors {{ code message }} }} }}"
    );
    let payload = client.ask(&body(&query, json!({"input": input})))?["data"][name].take();
    match payload["userErrors"].as_array() {
        Some(errors) if errors.is_empty() => Ok(payload),
        _ => Err(format!("{name}: {payload}").into()),
    }
}
