//! A whole program for one test: a fresh database, a real server on a free port, a tenant with a key, a clock that
//! stands still and identifiers that count.

pub mod builders;
pub mod collecting;
pub mod consistency;
pub mod database;
pub mod gate;
pub mod payments;
pub mod postgres;
pub mod program;
pub mod stripe_server;
pub mod together;

use database::TestDatabase;
use gate::Gate;
use perennial::app::{Ambient, App, Gateways, PaymentGateway, Remembered, TestGateway, operator};
use perennial::domain::api_key::Scope;
use perennial::domain::{Id, Instant, tenant::Tenant};
use perennial::graphql::Api;
use perennial::http::cors::Origins;
use perennial::http::live::{Live, LiveSettings};
use perennial::http::{self, HttpSettings, Limits, QueryLimits};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;
use uuid::{Timestamp, Uuid};

pub use database::Backend;

/// Runs one test on each database: `both!(name(app) { … })` makes `name::sqlite` and `name::postgres`, each with a whole
/// program of its own.
macro_rules! both {
    ($($(#[$meta:meta])* $name:ident($app:ident) $body:block)*) => { $(
        $(#[$meta])*
        fn $name($app: &$crate::support::TestApp) $body
        $crate::support::each_database!($name, $crate::support::TestApp::new);
    )* };
}
pub(crate) use both;

/// Runs one test on each database: `on_both!(name(database) { … })` makes `name::sqlite` and `name::postgres`, each with
/// a new database that has no tables.
macro_rules! on_both {
    ($($name:ident($database:ident) $body:block)*) => { $(
        fn $name($database: &$crate::support::database::TestDatabase) $body
        $crate::support::each_database!($name, $crate::support::database::TestDatabase::empty);
    )* };
}
pub(crate) use on_both;

/// Two tests of a function, with what is made for each database.
macro_rules! each_database {
    ($name:ident, $made:expr) => {
        mod $name {
            use $crate::support::Backend;

            #[test]
            fn sqlite() {
                super::$name(&$made(Backend::Sqlite));
            }

            #[test]
            #[cfg_attr(without_postgres, ignore = "no PostgreSQL: set TEST_POSTGRES_URL or install its server")]
            fn postgres() {
                super::$name(&$made(Backend::Postgres));
            }
        }
    };
}
pub(crate) use each_database;

/// The moment at which every test begins: 31 January 2025, noon, in UTC.
pub const START: &str = "2025-01-31T12:00:00Z";

/// Where customers reach the server of a test.
const PUBLIC_URL: &str = "https://perennial.example.com";

pub struct TestApp {
    pub app: Arc<App>,
    pub database: TestDatabase,
    pub tenant: Id<Tenant>,
    /// A key of the ADMIN scope.
    pub key: String,
    /// Its charges do not hang, unless a deadline is set.
    pub gateway: Arc<TestGateway>,
    /// What the program asks instead, which asks the gateway.
    pub gate: Arc<Gate>,
    clock: Arc<Mutex<Instant>>,
    address: SocketAddr,
    server: Option<Served>,
    agent: ureq::Agent,
}

/// How a test's server is set up.
#[derive(Clone, Copy)]
pub struct Setup {
    pub query: QueryLimits,
    pub http: Limits,
    pub workers: usize,
    /// Threads of each worker that may wait for the database.
    pub blocking_threads: usize,
}

impl Default for Setup {
    fn default() -> Self {
        let http = Limits { timeout: Duration::from_mins(1), ..Limits::default() };
        // The machine may be busy with other tests.
        let query = QueryLimits { reading: Duration::from_mins(1), ..QueryLimits::default() };
        Setup { query, http, workers: 2, blocking_threads: 16 }
    }
}

/// What the server answered.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: ureq::http::HeaderMap,
    pub text: String,
}

impl TestApp {
    pub fn new(backend: Backend) -> Self {
        TestApp::on(TestDatabase::fresh(backend))
    }

    /// On a database that is there already.
    pub fn on(database: TestDatabase) -> Self {
        TestApp::charged_by(database, |_| None)
    }

    /// With another gateway for live tenants, which is made with the clock that the program has.
    pub fn charged_by(database: TestDatabase, live: impl FnOnce(&Ambient) -> Option<Arc<dyn PaymentGateway>>) -> Self {
        TestApp::started(database, live, Setup::default())
    }

    /// On a server of another size, or with other limits.
    pub fn served(backend: Backend, setup: Setup) -> Self {
        TestApp::started(TestDatabase::fresh(backend), |_| None, setup)
    }

    fn started(
        database: TestDatabase,
        live: impl FnOnce(&Ambient) -> Option<Arc<dyn PaymentGateway>>,
        setup: Setup,
    ) -> Self {
        let clock = Arc::new(Mutex::new(START.parse().unwrap()));
        let ambient = Ambient::new(
            {
                let clock = clock.clone();
                move || *clock.lock().unwrap()
            },
            counting_ids(),
        );
        let gateway = Arc::new(TestGateway::new(Duration::ZERO));
        let gate = Arc::new(Gate::new(gateway.clone()));
        let gateways = Gateways { live: live(&ambient).unwrap_or_else(|| gate.clone()), test: gate.clone() };
        let public_url = PUBLIC_URL.to_owned();
        let db = database.open_within(setup.query.reading);
        let app = Arc::new(App { db, ambient, gateways, public_url, remembered: Remembered::default() });
        let (tenant, key) = operator::create_tenant(&app, "Acme").unwrap();
        let api = Arc::new(Api::within(app.clone(), setup.query));
        let (workers, blocking_threads, limits) = (setup.workers, setup.blocking_threads, setup.http);
        let settings = HttpSettings { workers, blocking_threads, limits, ..settings() };
        let (address, server) = serve(api, app.clone(), settings);
        let config = ureq::Agent::config_builder().http_status_as_error(false).max_idle_connections_per_host(64);
        let agent = config.timeout_global(Some(Duration::from_mins(1))).build().into();
        TestApp { app, database, tenant, key, gateway, gate, clock, address, server: Some(server), agent }
    }

    /// Another tenant on the same server: its id and a key of the ADMIN scope.
    pub fn another_tenant(&self, name: &str) -> (Id<Tenant>, String) {
        operator::create_tenant(&self.app, name).unwrap()
    }

    /// A tenant for trying out on the same server: its id and a key of the ADMIN scope.
    pub fn test_tenant(&self) -> (Id<Tenant>, String) {
        operator::create_test_tenant(&self.app, "Sandbox").unwrap()
    }

    /// A key of this tenant with some scope.
    pub fn key_with(&self, scope: Scope) -> String {
        operator::create_key(&self.app, self.tenant, "test", scope).unwrap().1
    }

    /// From now on it is a panic to ask for the time, until the clock is set.
    pub fn break_clock(&self) {
        let clock = self.clock.clone();
        let broken = std::thread::spawn(move || {
            let _held = clock.lock().unwrap();
            panic!("a test breaks the clock");
        });
        assert!(broken.join().is_err());
    }

    pub fn set_clock(&self, now: &str) {
        self.clock.clear_poison();
        *self.clock.lock().unwrap() = now.parse().unwrap();
    }

    /// Waits until everything that has happened can be read among the events: on PostgreSQL, until no transaction of the
    /// whole server, so of no other test either, is older.
    pub fn settle(&self) {
        let open =
            "SELECT count(*) FROM events WHERE transaction_id >= pg_snapshot_xmin(pg_current_snapshot())::text::bigint";
        while self.database.backend == Backend::Postgres && self.database.number(open) > 0 {
            std::thread::yield_now();
        }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn agent(&self) -> &ureq::Agent {
        &self.agent
    }

    /// Sends a document with this test's key; answers the whole response.
    pub fn send(&self, document: &str, variables: Value) -> Value {
        self.send_as(&self.key, &[], document, variables).json()
    }

    pub fn send_as(&self, key: &str, headers: &[(&str, &str)], document: &str, variables: Value) -> Answer {
        let mut request = self.agent.post(self.url("/graphql")).header("authorization", format!("Bearer {key}"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Answer::of(request.send_json(json!({"query": document, "variables": variables})).unwrap())
    }

    /// The `data` of a document that must not have errors.
    pub fn data(&self, document: &str) -> Value {
        self.data_with(document, json!({}))
    }

    pub fn data_with(&self, document: &str, variables: Value) -> Value {
        let mut response = self.send(document, variables);
        assert_eq!(response.get("errors"), None, "{document}\n{response:#}");
        response["data"].take()
    }

    /// The payload of a mutation that must succeed: `field` is its name, `selection` what is selected beside
    /// `userErrors`.
    pub fn mutate(&self, field: &str, input: Value, selection: &str) -> Value {
        let payload = self.attempt(field, input, selection);
        assert_eq!(payload["userErrors"], json!([]), "{field}: {payload:#}");
        payload
    }

    /// The payload of a mutation that may refuse.
    pub fn attempt(&self, field: &str, input: Value, selection: &str) -> Value {
        self.attempt_as(&self.key, field, input, selection)
    }

    pub fn attempt_as(&self, key: &str, field: &str, input: Value, selection: &str) -> Value {
        let (document, variables) = mutation(field, input, selection);
        let mut response = self.send_as(key, &[], &document, variables).json();
        assert_eq!(response.get("errors"), None, "{document}\n{response:#}");
        response["data"][field].take()
    }

    /// The payload of a mutation under an idempotency key.
    pub fn attempt_once(&self, key: &str, field: &str, input: Value, selection: &str) -> Value {
        let (document, variables) = mutation(field, input, selection);
        let mut response = self.send_as(&self.key, &[("idempotency-key", key)], &document, variables).json();
        assert_eq!(response.get("errors"), None, "{response:#}");
        response["data"][field].take()
    }

    /// Asserts that a mutation refuses with these codes and changes nothing in any table.
    #[track_caller]
    pub fn refuses(&self, field: &str, input: Value, codes: &[&str]) -> Value {
        let before = self.database.dump();
        let payload = self.attempt(field, input.clone(), "__typename");
        let found: Vec<&str> = payload["userErrors"].as_array().unwrap().iter().map(code).collect();
        assert_eq!(found, codes, "{field} {input}\n{payload:#}");
        self.database.assert_unchanged(&before);
        payload["userErrors"].clone()
    }
}

fn code(error: &Value) -> &str {
    error["code"].as_str().unwrap()
}

/// The document of one mutation with its variables.
pub fn mutation(field: &str, input: Value, selection: &str) -> (String, Value) {
    // A preview takes what the creation takes.
    let of = if field == "previewSubscription" { "createSubscription" } else { field };
    let mut initial = of.chars();
    let ty = initial.next().unwrap().to_uppercase().collect::<String>() + initial.as_str();
    let document = format!(
        "mutation ($input: {ty}Input!) {{ {field}(input: $input) {{ {selection} userErrors {{ code message field number }} }} }}"
    );
    (document, json!({"input": input}))
}

impl Drop for TestApp {
    fn drop(&mut self) {
        if let Some((handle, thread)) = self.server.take() {
            drop(handle.stop(false));
            let _ = thread.join();
        }
    }
}

impl Answer {
    pub fn of(mut response: ureq::http::Response<ureq::Body>) -> Self {
        let text = response.body_mut().read_to_string().unwrap();
        Answer { status: response.status().as_u16(), headers: response.headers().clone(), text }
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

/// How a server of a test is set up.
pub fn settings() -> HttpSettings {
    HttpSettings {
        listen: "127.0.0.1:0".parse().unwrap(),
        workers: 2,
        blocking_threads: 16,
        limits: Setup::default().http,
        shutdown_timeout: Duration::from_secs(5),
        playground: Some(http::playground::Playground::default()),
        new_request_id: || Uuid::from_u128(7),
        draining: http::Draining::default(),
        live: Arc::new(Live::new(LiveSettings::default())),
        origins: Origins::new(&[], PUBLIC_URL),
    }
}

/// A server that runs: how it is stopped, and its thread.
pub type Served = (actix_web::dev::ServerHandle, JoinHandle<()>);

/// A real server in a thread of its own, on a free port.
pub fn serve(api: Arc<Api>, app: Arc<App>, settings: HttpSettings) -> (SocketAddr, Served) {
    let (sender, receiver) = mpsc::channel();
    let thread = std::thread::spawn(move || {
        actix_web::rt::System::new().block_on(async {
            let (server, address) = http::start(app, api, &settings).unwrap();
            sender.send((address, server.handle())).unwrap();
            server.await.unwrap();
        });
    });
    let (address, handle) = receiver.recv().unwrap();
    (address, (handle, thread))
}

/// Identifiers that are the same in each run: the time, then a counter.
fn counting_ids() -> impl Fn(Instant) -> Uuid {
    let counter = AtomicU64::new(0);
    move |now| {
        let seconds = u64::try_from(now.timestamp()).unwrap();
        let count = counter.fetch_add(1, Ordering::Relaxed);
        let timestamp = Timestamp::from_unix_time(seconds, 0, u128::from(count), 42);
        let time = timestamp.to_unix().0 * 1000;
        let mut bytes = [0; 16];
        bytes[..6].copy_from_slice(&time.to_be_bytes()[2..]);
        bytes[6] = 0x70;
        bytes[8] = 0x80;
        bytes[9..].copy_from_slice(&count.to_be_bytes()[1..]);
        Uuid::from_bytes(bytes)
    }
}
