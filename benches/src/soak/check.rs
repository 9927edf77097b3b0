//! At the end: all that was acknowledged is there, and there is nothing else.

use super::ledger::Ledger;
use super::reader;
use super::wire::Wire;
use serde_json::json;

pub fn everything(wire: &mut Wire<'_>, ledger: &Ledger) {
    let orders = ledger.orders();
    for known in &orders {
        if (0..50).all(|_| reader::one(wire, known).is_none()) {
            ledger.complain(format!("{} cannot be read", known.id));
        }
    }
    let units: usize = orders.iter().map(|order| order.delivered.len()).sum();
    // Writers only stop between orders, so nothing is under way. The probes are no part of the ledger.
    let counts = "{ customers(filter: {name: {startsWith: \"Customer of\"}}) { totalCount } orders { totalCount } \
                  subscriptions { totalCount } assets(filter: {status: {eq: RENTED_OUT}}) { totalCount } }";
    let found = wire.ask(counts, &json!(null)).unwrap_or_default();
    let expected = [
        ("customers", ledger.customers().len()),
        ("orders", orders.len()),
        ("subscriptions", units),
        ("assets", units),
    ];
    for (what, count) in expected {
        if found[what]["totalCount"] != json!(count) {
            ledger.complain(format!("{count} {what} were acknowledged, and there are {}", found[what]["totalCount"]));
        }
    }
}
