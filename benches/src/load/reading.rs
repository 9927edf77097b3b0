//! The queries that are measured, and the variables with which they are asked.

use super::http::Client;
use crate::Failure;
use crate::random::Random;
use serde_json::{Value, json};

/// One query with many different variables.
pub struct Reading {
    pub name: &'static str,
    pub bodies: Vec<String>,
}

const ORDER: &str = "id number status currency totalDevices rentedDevices createdAt \
    customer { id name email } \
    items { id sku quantity fulfilledQuantity contractLength unitPrice { amount currency } product { id sku name } } \
    subscriptions(first: 20) { nodes { id status startDate endDate monthlyAmount { amount currency } \
    asset { id serialNumber status } } }";

/// How many different requests there are of each query.
const BODIES: usize = 400;

/// A page of orders with all that belongs to them.
pub fn page_query() -> String {
    format!(
        "query Page($first: Int!, $after: String) {{ orders(first: $first, after: $after) {{ \
         nodes {{ {ORDER} }} pageInfo {{ hasNextPage endCursor }} }} }}"
    )
}

pub fn order_query() -> String {
    format!("query One($id: ID!) {{ order(id: $id) {{ {ORDER} }} }}")
}

pub const ASSETS: &str = "query Stock($filter: AssetFilter!, $after: String) { assets(first: 100, after: $after, filter: $filter) \
    { nodes { id serialNumber sku status location createdAt } pageInfo { hasNextPage endCursor } } }";

pub fn body(query: &str, variables: Value) -> String {
    json!({"query": query, "variables": variables}).to_string()
}

/// Looks at the data through the API, and makes the requests.
pub fn readings(client: &mut Client) -> Result<Vec<Reading>, Failure> {
    let mut random = Random::new(7);
    let orders = edges(client, "orders", &json!(null), 250)?;
    let mut stock = Vec::new();
    for number in 1..=20 {
        for status in ["RENTED_OUT", "AVAILABLE"] {
            let filter = json!({"status": {"eq": status}, "sku": {"eq": format!("SKU-{number:03}")}});
            let edges = edges(client, "assets", &filter, 2)?;
            stock.extend(edges.into_iter().map(|edge| (filter.clone(), edge)));
        }
    }
    if orders.len() < 100 || stock.is_empty() {
        return Err("the database has too little data".into());
    }
    let mut bodies = |make: &dyn Fn(&mut Random) -> String| (0..BODIES).map(|_| make(&mut random)).collect();
    // The last orders of the list would make short pages.
    let full = orders.len() - 60;
    let page = page_query();
    let one = order_query();
    Ok(vec![
        Reading {
            name: "page of 50 orders",
            bodies: bodies(&|random| body(&page, json!({"first": 50, "after": orders[random.below(full)].cursor}))),
        },
        Reading {
            name: "one order",
            bodies: bodies(&|random| body(&one, json!({"id": orders[random.below(orders.len())].id}))),
        },
        Reading {
            name: "100 assets",
            bodies: bodies(&|random| {
                let (filter, edge) = &stock[random.below(stock.len())];
                body(ASSETS, json!({"filter": filter, "after": edge.cursor}))
            }),
        },
    ])
}

pub struct Edge {
    pub cursor: String,
    pub id: String,
}

/// The cursors and ids of a list's first pages of 100.
pub fn edges(client: &mut Client, list: &str, filter: &Value, pages: usize) -> Result<Vec<Edge>, Failure> {
    let of = match list {
        "orders" => "OrderFilter",
        "customers" => "CustomerFilter",
        _ => "AssetFilter",
    };
    let query = format!(
        "query($filter: {of}, $after: String) {{ {list}(first: 100, after: $after, filter: $filter) {{ \
         edges {{ cursor node {{ id }} }} pageInfo {{ hasNextPage endCursor }} }} }}"
    );
    let mut edges = Vec::new();
    let mut after = Value::Null;
    for _ in 0..pages {
        let answer = client.ask(&body(&query, json!({"filter": filter, "after": after})))?;
        let page = &answer["data"][list];
        for edge in page["edges"].as_array().into_iter().flatten() {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            edges.push(Edge { cursor: text(&edge["cursor"]), id: text(&edge["node"]["id"]) });
        }
        after = page["pageInfo"]["endCursor"].clone();
        if page["pageInfo"]["hasNextPage"] != true {
            break;
        }
    }
    Ok(edges)
}

/// Asks both servers the same, and refuses unless they answer the same.
pub fn compare(readings: &[Reading], ours: &mut Client, baseline: &mut Client) -> Result<usize, Failure> {
    let mut compared = 0;
    for reading in readings {
        for body in reading.bodies.iter().take(40) {
            let (ours, theirs) = (ours.ask(body)?, baseline.ask(body)?);
            if ours != theirs {
                let (ours, theirs) = (ours.to_string(), theirs.to_string());
                let at = ours.bytes().zip(theirs.bytes()).take_while(|(a, b)| a == b).count().saturating_sub(40);
                let part = |text: &str| text.chars().skip(at).take(120).collect::<String>();
                let name = reading.name;
                return Err(format!("{name} is answered differently:\n…{}\n…{}", part(&ours), part(&theirs)).into());
            }
            compared += 1;
        }
    }
    Ok(compared)
}
