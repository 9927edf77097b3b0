//! Several clients at once.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Barrier;

/// Runs `act` in so many threads, which all begin at the same moment; answers what each of them did.
pub fn together<T: Send>(count: usize, act: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let barrier = Barrier::new(count);
    std::thread::scope(|scope| {
        let (barrier, act) = (&barrier, &act);
        let threads: Vec<_> = (0..count)
            .map(|index| {
                scope.spawn(move || {
                    barrier.wait();
                    act(index)
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

/// What came of a mutation: `DONE`, or the code of its first refusal.
pub fn outcome(payload: &Value) -> &str {
    match payload["userErrors"].as_array().unwrap().first() {
        None => "DONE",
        Some(error) => error["code"].as_str().unwrap(),
    }
}

/// How often each outcome came, as JSON.
pub fn tally(payloads: &[Value]) -> Value {
    let mut counts = BTreeMap::new();
    for payload in payloads {
        *counts.entry(outcome(payload)).or_insert(0) += 1;
    }
    json!(counts)
}

/// The outcomes in alphabetical order.
pub fn outcomes(payloads: &[Value]) -> Vec<&str> {
    let mut outcomes: Vec<_> = payloads.iter().map(outcome).collect();
    outcomes.sort_unstable();
    outcomes
}
