//! HTTP: the server, its routes, and what stands between a request and the schema. Translation and limits only.

pub mod body;
pub mod compress;
pub mod cors;
pub mod credentials;
pub mod graphql;
pub mod health;
pub mod live;
pub mod metrics;
pub mod negotiation;
pub mod observe;
pub mod places;
pub mod playground;
pub mod rejection;
pub mod request;
pub mod sse;
pub mod trace;
pub mod webhook;
pub mod websocket;

use crate::app::App;
use crate::graphql::Api;
pub use crate::graphql::{Introspection, QueryLimits};
use actix_web::body::BoxBody;
use actix_web::dev::Server;
use actix_web::middleware::{Next, from_fn};
use actix_web::{HttpServer, web};
use cors::Origins;
use live::Live;
use places::{Place, Places};
use playground::Playground;
use rejection::Rejection;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use uuid::Uuid;

/// How the server is to run.
#[derive(Clone)]
pub struct HttpSettings {
    /// Where to listen. Port 0 takes a free one.
    pub listen: SocketAddr,
    /// Threads that serve connections.
    pub workers: usize,
    /// Threads of each worker that may wait for the database: more than there are connections would only queue.
    pub blocking_threads: usize,
    pub limits: Limits,
    /// How long requests under way may still take once the server is told to stop.
    pub shutdown_timeout: Duration,
    /// The page to try queries on, at `/`.
    pub playground: Option<Playground>,
    /// Makes the ids of requests that bring none.
    pub new_request_id: fn() -> Uuid,
    /// Whether the server is about to stop.
    pub draining: Draining,
    /// Those who listen. Whoever stops the server ends them first.
    pub live: Arc<Live>,
    /// Pages of which other sites may ask.
    pub origins: Origins,
}

/// Whether a server is about to stop: it still answers, but says that it is not ready.
#[derive(Clone, Default)]
pub struct Draining(Arc<AtomicBool>);

impl Draining {
    pub fn begin(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    pub fn has_begun(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// What one request may take.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Bytes of a body.
    pub body: usize,
    /// Bytes of the text of a query.
    pub query: usize,
    /// Time for the answer to be made.
    pub timeout: Duration,
    /// Time for the head of a request to arrive, the first byte included.
    pub head: Duration,
    /// Time for the body to arrive once the head is there.
    pub arrival: Duration,
    /// Connections at once, those included that send nothing.
    pub connections: usize,
    /// Requests that may wait for the database, beside those that work with it.
    pub waiting: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            body: 256 * 1024,
            query: 16 * 1024,
            timeout: Duration::from_secs(30),
            head: Duration::from_secs(5),
            arrival: Duration::from_secs(10),
            connections: 10_000,
            waiting: 1_000,
        }
    }
}

/// What the handlers share.
pub struct Context {
    pub app: Arc<App>,
    pub api: Arc<Api>,
    pub limits: Limits,
    pub draining: Draining,
    pub live: Arc<Live>,
    pub origins: Origins,
    /// For requests that work with the database, or wait for it. Those that find no thread wait in a queue without an end,
    /// each longer than the one before.
    waiting: Places,
}

impl Context {
    /// A place among those that may wait for the database.
    pub fn wait(&self) -> Result<Place, Rejection> {
        self.waiting.take().ok_or_else(Rejection::busy)
    }
}

/// Longer than the minute after which most load balancers drop an idle connection, so that they do it first.
const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// Binds the address and answers the server, which runs when it is awaited, and the address that it has got.
/// It handles no signals: whoever starts it stops it through [`Server::handle`].
/// Call it where an actix or Tokio runtime runs.
pub fn start(app: Arc<App>, api: Arc<Api>, settings: &HttpSettings) -> std::io::Result<(Server, SocketAddr)> {
    let limits = settings.limits;
    let served = settings.workers.saturating_mul(settings.blocking_threads);
    let context = web::Data::new(Context {
        app,
        api,
        limits,
        draining: settings.draining.clone(),
        live: settings.live.clone(),
        origins: settings.origins.clone(),
        waiting: Places::new(served.saturating_add(limits.waiting)),
    });
    let playground = playground::routes(settings.playground.clone());
    let new_request_id = settings.new_request_id;
    let (origins, patience) = (settings.origins.clone(), settings.live.settings.send);
    let server = HttpServer::new(move || {
        let app = context.app.clone();
        let origins = origins.clone();
        actix_web::App::new()
            .app_data(context.clone())
            .configure(configure)
            .configure(playground.clone())
            .wrap(from_fn(compress::compress))
            .wrap(from_fn(move |request, next: Next<BoxBody>| cors::cors(request, next, origins.clone())))
            // Wrapped last, so outermost: it sees every answer, and gives each its headers.
            .wrap(from_fn(move |request, next: Next<BoxBody>| {
                let app = app.clone();
                async move { observe::observe(request, next, app.metrics(), new_request_id).await }
            }))
    })
    .workers(settings.workers)
    .worker_max_blocking_threads(settings.blocking_threads)
    .max_connections(limits.connections.div_ceil(settings.workers.max(1)))
    .keep_alive(KEEP_ALIVE)
    .on_connect(move |connection, _| live::cut_off_after(connection, patience))
    .client_request_timeout(limits.head)
    .shutdown_timeout(settings.shutdown_timeout.as_secs())
    .disable_signals()
    .bind(settings.listen)?;
    let address = server.addrs().first().copied().unwrap_or(settings.listen);
    Ok((server.run(), address))
}

/// Every route but those of the playground.
fn configure(routes: &mut web::ServiceConfig) {
    routes
        .service(web::resource("/graphql").to(graphql::graphql))
        .service(web::resource("/webhooks/stripe").to(webhook::stripe))
        .service(web::resource("/healthz").to(health::healthz))
        .service(web::resource("/readyz").to(health::readyz))
        .default_service(web::to(health::nothing_here));
}
