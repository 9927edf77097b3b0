//! localstripe, which speaks Stripe's API: one server for a test process, started by itself. It is that of the Python
//! interpreter `TEST_LOCALSTRIPE`, or of the one in `target/localstripe`, which `.ci/run` makes. Tests that need it say
//! `#[cfg_attr(without_localstripe, ignore = "no localstripe: see tests/it/support/stripe_server.rs")]`.

#[path = "stripe_python.rs"]
mod stripe_python;

use super::program::PATIENCE;
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

/// The key that the tests ask with.
pub const KEY: &str = "sk_test_perennial";

pub struct Server {
    pub url: String,
    agent: ureq::Agent,
    /// It ends when its input closes, and this holds it open.
    _program: Child,
}

/// The server of this process. Panics where there is none.
pub fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(Server::start)
}

impl Server {
    fn start() -> Server {
        let python = stripe_python::interpreter().expect("no localstripe: set TEST_LOCALSTRIPE or run .ci/run");
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/support/stripe_server.py");
        let mut command = Command::new(python);
        command.arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        let mut program = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(program.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let port = line.trim().strip_prefix("ready ").unwrap_or_else(|| panic!("cannot start localstripe: {line}"));
        let agent = ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(PATIENCE)).build();
        Server { url: format!("http://127.0.0.1:{port}"), agent: agent.into(), _program: program }
    }

    /// What Stripe says of something.
    pub fn get(&self, path: &str) -> Value {
        let answer = self.agent.get(self.url(path)).header("authorization", authorization()).call();
        answer.unwrap().body_mut().read_json().unwrap()
    }

    /// What Stripe says when it is asked to make or do something.
    pub fn post(&self, path: &str, fields: &[(&str, &str)]) -> Value {
        let request = self.agent.post(self.url(path)).header("authorization", authorization());
        request.send_form(fields.iter().copied()).unwrap().body_mut().read_json().unwrap()
    }

    /// A payment method as Stripe.js makes one of a card.
    pub fn card(&self, number: &str) -> String {
        let fields = [
            ("type", "card"),
            ("card[number]", number),
            ("card[exp_month]", "12"),
            ("card[exp_year]", "2030"),
            ("card[cvc]", "123"),
        ];
        self.post("/v1/payment_methods", &fields)["id"].as_str().unwrap().to_owned()
    }

    /// The same of a bank account.
    pub fn account(&self, iban: &str) -> String {
        let fields = [("type", "sepa_debit"), ("sepa_debit[iban]", iban)];
        self.post("/v1/payment_methods", &fields)["id"].as_str().unwrap().to_owned()
    }

    /// The charges of a customer: what was charged of it, and what of that went back.
    pub fn charges(&self, customer: &str) -> Vec<(i64, i64)> {
        let found = self.get(&format!("/v1/charges?customer={customer}&limit=100"));
        let charges = found["data"].as_array().unwrap().iter().filter(|charge| charge["status"] == "succeeded");
        charges
            .map(|charge| (charge["amount"].as_i64().unwrap(), charge["amount_refunded"].as_i64().unwrap()))
            .collect()
    }

    /// Lets the banks answer that take their time.
    pub fn banks_answer(&self) {
        self.agent.post(self.url("/_config/banks")).send_empty().unwrap();
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }
}

fn authorization() -> String {
    format!("Bearer {KEY}")
}
