//! A clock that several clients advance at once.

use crate::support::both;
use crate::support::together::{outcome, together};
use serde_json::json;

both! {
    advances_at_once_come_in_one_order_and_none_goes_back(app) {
        let (_, key) = app.test_tenant();
        for round in 1..=5 {
            let to = |index: usize| format!("2025-0{}-{:02}T00:00:00Z", round + 1, index + 1);
            let done = together(8, |index| {
                let payload = app.attempt_as(&key, "advanceClock", json!({"to": to(index)}), "tenant { now }");
                let customer = app.attempt_as(&key, "createCustomer", json!({"name": "J"}), "customer { createdAt }");
                (payload, customer["customer"]["createdAt"].as_str().unwrap().to_owned())
            });
            for (index, (payload, made)) in done.iter().enumerate() {
                assert!(["DONE", "CLOCK_GOES_FORWARD_ONLY"].contains(&outcome(payload)), "{payload:#}");
                assert!(*made >= to(index), "{made} is before {}", to(index));
                if outcome(payload) == "DONE" {
                    assert!(payload["tenant"]["now"].as_str().unwrap() >= to(index).as_str(), "{payload:#}");
                }
            }
            assert_eq!(outcome(&done[7].0), "DONE", "nobody goes further");
            let now = app.send_as(&key, &[], "{ tenant { now } }", json!({})).json();
            assert_eq!(now["data"]["tenant"]["now"], to(7));
        }
    }
}
