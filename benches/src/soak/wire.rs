//! A client that never gives up: what got no answer is sent again under the same idempotency key.

use super::ledger::Ledger;
use crate::load::{Client, body};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// Longer than any fault lasts.
const PATIENCE: Duration = Duration::from_secs(90);
/// What a server may answer while the database is away.
const FOR_NOW: [&str; 5] = ["SERVICE_UNAVAILABLE", "TIMEOUT", "CONFLICT", "IDEMPOTENCY_IN_PROGRESS", "THROTTLED"];

pub struct Wire<'a> {
    address: SocketAddr,
    key: &'a str,
    pub ledger: &'a Ledger,
    client: Option<Client>,
}

impl<'a> Wire<'a> {
    pub fn new(address: SocketAddr, key: &'a str, ledger: &'a Ledger) -> Self {
        Wire { address, key, ledger, client: None }
    }

    /// Asks once. None where there was no answer, or one that says to try again.
    pub fn ask(&mut self, query: &str, variables: &Value) -> Option<Value> {
        let sent = self.send(&body(query, variables.clone()));
        let Some((status, answer)) = sent else {
            self.client = None;
            self.ledger.unavailable.fetch_add(1, Ordering::Relaxed);
            return None;
        };
        let code = answer["errors"][0]["extensions"]["code"].as_str().unwrap_or_default().to_owned();
        let count = match (status, code.as_str()) {
            (200, "") => {
                self.ledger.served.fetch_add(1, Ordering::Relaxed);
                return Some(answer["data"].clone());
            }
            (_, "INTERNAL_SERVER_ERROR") => &self.ledger.internal,
            (_, code) if FOR_NOW.contains(&code) => &self.ledger.unavailable,
            _ => {
                self.ledger.complain(format!("{status} {answer}"));
                &self.ledger.unavailable
            }
        };
        count.fetch_add(1, Ordering::Relaxed);
        None
    }

    fn send(&mut self, json: &str) -> Option<(u16, Value)> {
        let client = match &mut self.client {
            Some(client) => client,
            None => self.client.insert(Client::connect(self.address, self.key).ok()?),
        };
        let status = client.send(json).ok()?;
        Some((status, serde_json::from_slice(&client.body).ok()?))
    }

    /// Runs a mutation until it is acknowledged, and answers its payload. None where it was refused, or for too long not
    /// acknowledged: both are wrong.
    pub fn change(&mut self, name: &str, select: &str, input: &Value) -> Option<Value> {
        let mut type_name = name.to_owned();
        type_name[..1].make_ascii_uppercase();
        let query = format!(
            "mutation($input: {type_name}Input!, $key: String!) {{ {name}(input: $input) @idempotent(key: $key) {{ \
             {select} userErrors {{ code message }} }} }}"
        );
        let variables = json!({"input": input, "key": Uuid::now_v7().to_string()});
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            match self.ask(&query, &variables) {
                Some(mut data) => {
                    let payload = data[name].take();
                    if payload["userErrors"].as_array().is_some_and(Vec::is_empty) {
                        return Some(payload);
                    }
                    self.ledger.complain(format!("{name} was refused: {payload}"));
                    return None;
                }
                None => std::thread::sleep(Duration::from_millis(100)),
            }
        }
        self.ledger.complain(format!("{name} was not acknowledged within {PATIENCE:?}"));
        None
    }
}
