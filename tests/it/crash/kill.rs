//! `kill -9` in the middle of fulfilments, again and again.

use super::random;
use crate::support::builders::text;
use crate::support::program::{Program, tenant};
use crate::support::{mutation, on_both};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

const KILLS: u64 = 10;
const SCANNERS: usize = 6;
/// More devices than are scanned between all the kills.
const DEVICES: usize = 250;

/// Runs a mutation that must succeed; answers its payload.
fn done(program: &Program, key: &str, once: Option<&str>, field: &str, input: Value, selection: &str) -> Value {
    let (document, variables) = mutation(field, input, selection);
    let answer = program.send(key, once, &document, &variables).unwrap().json();
    assert_eq!(answer.get("errors"), None, "{answer:#}");
    let payload = answer["data"][field].clone();
    assert_eq!(payload["userErrors"], json!([]), "{payload:#}");
    payload
}

struct Ground {
    key: String,
    customer: String,
    order: String,
}

impl Ground {
    fn make(program: &Program, key: String) -> Ground {
        let made = |field, input, selection| done(program, &key, None, field, input, selection);
        let customer = made("createCustomer", json!({"name": "Jane Doe"}), "customer { id }");
        let customer = text(&customer["customer"]["id"]);
        made("createProduct", json!({"sku": "LAP", "name": "Laptop"}), "__typename");
        for chunk in (0..DEVICES).collect::<Vec<_>>().chunks(25) {
            let create = |index: &usize| {
                format!("a{index}: createAsset(input: {{sku: \"LAP\", serialNumber: \"S{index}\"}}) {{ __typename }}")
            };
            let document = format!("mutation {{ {} }}", chunk.iter().map(create).collect::<Vec<_>>().join(" "));
            let answer = program.send(&key, None, &document, &json!({})).unwrap().json();
            assert_eq!(answer.get("errors"), None, "{answer:#}");
        }
        let item = json!({"sku": "LAP", "quantity": DEVICES, "contractLength": 12, "unitPrice": "129.00"});
        let order = made("createOrder", json!({"customerId": customer, "items": [item]}), "order { id }");
        let order = text(&order["order"]["id"]);
        made("confirmOrder", json!({"orderId": order}), "__typename");
        Ground { key, customer, order }
    }

    fn scan(&self, device: usize) -> Value {
        json!({"orderId": self.order, "customerId": self.customer, "assetSerialNumber": format!("S{device}")})
    }

    /// The subscription of a scan, again and again the same under the scan's key. None where nobody answers any more.
    fn fulfil(&self, program: &Program, device: usize) -> Option<String> {
        let (document, variables) = mutation("fulfilOrderItem", self.scan(device), "subscription { id }");
        let answer = program.send(&self.key, Some(&format!("scan-{device}")), &document, &variables).ok()?;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let answer = answer.json();
        assert_eq!(answer["data"]["fulfilOrderItem"]["userErrors"], json!([]), "{answer:#}");
        Some(text(&answer["data"]["fulfilOrderItem"]["subscription"]["id"]))
    }
}

on_both! {
    what_was_acknowledged_survives_a_kill_and_what_is_tried_again_happens_once(database) {
        let mut program = Program::serve(&database.url);
        let (_, key) = tenant(&database.url);
        let ground = Ground::make(&program, key);
        let next = AtomicUsize::new(0);
        let acknowledged = Mutex::new(BTreeMap::new());
        let mut seed = 0x5EED;
        for _ in 0..KILLS {
            // So many are acknowledged, then it takes a moment that differs each time until the program is dead.
            let enough = acknowledged.lock().unwrap().len() + usize::try_from(random(&mut seed) % 9).unwrap();
            let spins = random(&mut seed) % 200_000;
            std::thread::scope(|scope| {
                for _ in 0..SCANNERS {
                    scope.spawn(|| {
                        loop {
                            let device = next.fetch_add(1, Ordering::Relaxed);
                            let Some(subscription) = ground.fulfil(&program, device) else { break };
                            acknowledged.lock().unwrap().insert(device, subscription);
                        }
                    });
                }
                while acknowledged.lock().unwrap().len() <= enough {
                    std::thread::yield_now();
                }
                (0..spins).for_each(|_| std::hint::spin_loop());
                program.signal("KILL");
            });
            program.wait();
            program = Program::serve(&database.url);
            database.assert_consistent();
        }

        let acknowledged = acknowledged.into_inner().unwrap();
        let tried = next.into_inner();
        assert!(tried <= DEVICES, "{tried} devices were not enough");
        let rented = database.texts("SELECT serial_number AS line FROM assets WHERE status = 'RENTED_OUT'");
        for device in acknowledged.keys() {
            assert!(rented.contains(&format!("S{device}")), "S{device} was acknowledged and is lost");
        }
        // Everybody tries everything again, twice.
        for _ in 0..2 {
            for device in 0..tried {
                let subscription = ground.fulfil(&program, device).unwrap();
                if let Some(before) = acknowledged.get(&device) {
                    assert_eq!(&subscription, before, "S{device} was fulfilled twice");
                }
            }
        }
        let subscriptions = database.number("SELECT count(*) FROM subscriptions");
        assert_eq!(usize::try_from(subscriptions).unwrap(), tried);
        database.assert_consistent();
    }
}
