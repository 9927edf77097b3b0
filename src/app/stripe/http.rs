//! Requests to Stripe: form-encoded, authorised, with a deadline.

use crate::domain::gateway::{Attachment, RefundOutcome};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::time::{Duration, Instant};
use ureq::Agent;
use ureq::tls::{RootCerts, TlsConfig, TlsProvider};

/// The version of the API that answers are written for, so that a change of the account's own changes nothing here.
const VERSION: &str = "2024-06-20";
/// How long one call of the port may take in all. A charge and its reversal take two.
const LONGEST_CALL: Duration = Duration::from_secs(30);
/// How long one request may take.
const LONGEST_REQUEST: Duration = Duration::from_secs(20);
/// The longest answer that is read, in bytes.
const LONGEST_ANSWER: u64 = 4 * 1024 * 1024;

pub struct Http {
    agent: Agent,
    base: String,
    authorization: String,
}

/// The time that is left to one call of the port.
pub struct Budget {
    until: Instant,
}

impl Budget {
    pub fn of_a_call() -> Self {
        Budget { until: Instant::now() + LONGEST_CALL }
    }

    fn of_a_request(&self) -> Duration {
        self.until.saturating_duration_since(Instant::now()).min(LONGEST_REQUEST)
    }
}

/// What is asked for.
pub enum Request<'a> {
    /// A path, perhaps with a query.
    Get(&'a str),
    Post {
        path: &'a str,
        /// The idempotency key; none where a repetition does no harm.
        key: Option<&'a str>,
        fields: &'a [(&'a str, &'a str)],
    },
}

/// Why there is no answer to go on with.
#[derive(Debug)]
pub enum Trouble {
    /// Stripe understood, and refuses.
    Refused(ApiError),
    /// Whether anything was done is unknown. A word of our own for it.
    Unknown(String),
}

/// What Stripe says of a refusal.
#[derive(Clone, Default, Deserialize, Debug)]
pub struct ApiError {
    #[serde(rename = "type")]
    pub kind: Option<String>,
    pub code: Option<String>,
    /// The bank's reason.
    pub decline_code: Option<String>,
}

#[derive(Deserialize)]
struct Wrapped {
    error: ApiError,
}

impl ApiError {
    /// The most exact word for it.
    pub fn word(&self) -> &str {
        let words = [&self.decline_code, &self.code, &self.kind];
        words.into_iter().flatten().find(|word| !word.is_empty()).map_or("refused", String::as_str)
    }
}

impl Trouble {
    pub fn unknown(word: &str) -> Self {
        Trouble::Unknown(word.to_owned())
    }

    pub fn code(&self) -> String {
        match self {
            Trouble::Refused(error) => error.word().to_owned(),
            Trouble::Unknown(word) => word.clone(),
        }
    }

    pub fn of_refund(&self) -> RefundOutcome {
        match self {
            Trouble::Refused(error) => RefundOutcome::Refused { code: error.word().to_owned() },
            Trouble::Unknown(word) => RefundOutcome::Failed { code: word.clone() },
        }
    }

    pub fn of_attachment(&self) -> Attachment {
        match self {
            Trouble::Refused(error) => Attachment::Refused { code: error.word().to_owned() },
            Trouble::Unknown(word) => Attachment::Failed { code: word.clone() },
        }
    }
}

impl Http {
    pub fn new(base: String, secret_key: &str) -> Self {
        // The certificates that the machine trusts, by the OpenSSL that is built in for PostgreSQL.
        let tls = TlsConfig::builder().provider(TlsProvider::NativeTls).root_certs(RootCerts::PlatformVerifier).build();
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .user_agent(concat!("perennial/", env!("CARGO_PKG_VERSION")))
            .tls_config(tls);
        Http { agent: config.build().into(), base, authorization: format!("Bearer {secret_key}") }
    }

    pub fn base(&self) -> &str {
        &self.base
    }

    /// Asks, and once more where the connection breaks: the idempotency key makes that harmless.
    pub fn ask<T: DeserializeOwned>(&self, budget: &Budget, request: &Request<'_>) -> Result<T, Trouble> {
        let answer = match self.send(budget, request) {
            Err(ureq::Error::Io(_) | ureq::Error::ConnectionFailed | ureq::Error::Protocol(_)) => {
                self.send(budget, request)
            }
            answer => answer,
        };
        let (status, body) = answer.map_err(|cause| Trouble::unknown(word(&cause)))?;
        match status {
            200..=299 => serde_json::from_slice(&body).map_err(|_| Trouble::unknown("answer_not_understood")),
            400 | 402 | 404 => match serde_json::from_slice::<Wrapped>(&body) {
                // The key was used with other fields: the first request is what counts, and what it did is unknown.
                Ok(Wrapped { error }) if error.kind.as_deref() == Some("idempotency_error") => {
                    Err(Trouble::unknown("idempotency_error"))
                }
                Ok(Wrapped { error }) => Err(Trouble::Refused(error)),
                Err(_) => Err(Trouble::unknown("answer_not_understood")),
            },
            _ => Err(Trouble::Unknown(format!("http_{status}"))),
        }
    }

    fn send(&self, budget: &Budget, request: &Request<'_>) -> Result<(u16, Vec<u8>), ureq::Error> {
        let timeout = Some(budget.of_a_request());
        let url = |path: &str| format!("{}{path}", self.base);
        let mut answer = match request {
            Request::Get(path) => {
                let request = self.agent.get(url(path)).config().timeout_global(timeout).build();
                request.header("authorization", &self.authorization).header("stripe-version", VERSION).call()?
            }
            Request::Post { path, key, fields } => {
                let request = self.agent.post(url(path)).config().timeout_global(timeout).build();
                let request = request.header("authorization", &self.authorization).header("stripe-version", VERSION);
                let request = match key {
                    Some(key) => request.header("idempotency-key", *key),
                    None => request,
                };
                request.send_form(fields.iter().copied())?
            }
        };
        let body = answer.body_mut().with_config().limit(LONGEST_ANSWER).read_to_vec()?;
        Ok((answer.status().as_u16(), body))
    }
}

/// A word for what went wrong. Never the library's own text, which may name more than is to be kept.
fn word(cause: &ureq::Error) -> &'static str {
    match cause {
        ureq::Error::Timeout(_) => "timeout",
        ureq::Error::Tls(_) | ureq::Error::NativeTls(_) => "tls_failed",
        ureq::Error::Io(_) | ureq::Error::ConnectionFailed | ureq::Error::HostNotFound => "connection_failed",
        _ => "request_failed",
    }
}
