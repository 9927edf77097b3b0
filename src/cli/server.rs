//! The commands that serve.

use super::{Failure, charging, migrate, prepare, print};
use crate::app::App;
use crate::config::{GatewayArgs, ServerArgs};
use crate::demo::{self, Demo};
use crate::graphql::{Api, Introspection};
use crate::http::playground::Playground;
use crate::http::{self, Draining, HttpSettings};
use crate::jobs;
use crate::repository::Db;
use actix_web::dev::ServerHandle;
use actix_web::rt::System;
use indicatif::{ProgressBar, ProgressStyle};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// What the demo asks for first.
const FIRST_QUERY: &str =
    "{ orders(first: 5) { nodes { number status customer { name } items { sku quantity fulfilledQuantity } } } }";

/// Makes the tables of a database that has none, or brings them up to date where that is asked for.
pub fn make_ready(db: &Db, migrate_first: bool) -> Result<(), Failure> {
    if !migrate_first {
        return prepare(db);
    }
    for name in migrate(db)? {
        tracing::info!(name, "migrated");
    }
    Ok(())
}

/// Serves until a signal comes.
pub fn serve(db: Db, args: &ServerArgs, gateway: &GatewayArgs) -> Result<(), Failure> {
    let app = charging(App::new(db, args.public_url()), gateway)?;
    let introspection = args.introspection(Introspection::Keys);
    let settings = args.http(Playground::default(), new_request_id);
    run(app.into(), args, introspection, &settings, args.telemetry.metrics_listen, |at| {
        if let Some(address) = at.metrics {
            tracing::info!(%address, "metrics");
        }
        let address = at.api;
        tracing::info!(%address, "listening");
        Ok(())
    })
}

/// Fills the demo database and serves it.
pub fn demo(db: Db, args: &ServerArgs) -> Result<(), Failure> {
    // To fill the database takes a while: a port that is taken should be heard of before that.
    TcpListener::bind(args.listen).map_err(|cause| Failure::listen(args.listen, cause))?;
    migrate(&db)?;
    let app = Arc::new(App::new(db, args.public_url()));
    let demo = fill(&app)?;
    let settings = args.http(playground(&demo), new_request_id);
    let has_playground = settings.playground.is_some();
    let metrics = args.telemetry.metrics_listen.unwrap_or(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
    let introspection = args.introspection(Introspection::Anybody);
    run(app, args, introspection, &settings, Some(metrics), |at| introduce(&demo, &at, has_playground))
}

/// What the page knows of the demo: its key, and what to try the examples with.
fn playground(demo: &Demo) -> Playground {
    let values = vec![
        ("orderId", demo.order.to_string()),
        ("customerId", demo.customer.to_string()),
        ("serialNumber", demo::FREE_SERIAL.to_owned()),
        ("fulfilledOrder", demo::FULFILLED_ORDER.to_owned()),
    ];
    Playground { api_key: Some(demo.api_key.clone()), values }
}

/// Fills the database under a progress bar, which shows on a terminal only.
fn fill(app: &App) -> Result<Demo, Failure> {
    let style = ProgressStyle::with_template("Filling the demo database {bar:40} {percent}%, {eta} left");
    let bar = ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    let demo = demo::fill(app, &|done, of| {
        bar.set_length(of);
        bar.set_position(done);
    });
    bar.finish_and_clear();
    Ok(demo?)
}

/// Says how to try the demo.
fn introduce(demo: &Demo, at: &Listening, has_playground: bool) -> Result<(), Failure> {
    let address = reachable(at.api);
    if has_playground {
        print(&format!("Playground  http://{address}/"))?;
    }
    print(&format!("GraphQL     http://{address}/graphql"))?;
    if let Some(metrics) = at.metrics {
        print(&format!("Metrics     http://{}/metrics", reachable(metrics)))?;
    }
    print(&format!("API key     {}", demo.api_key))?;
    print(&format!(
        "\nTry it:\n  curl -s http://{address}/graphql -H 'Authorization: Bearer {}' \
         -H 'Content-Type: application/json' -d '{{\"query\":\"{FIRST_QUERY}\"}}'\n\nCtrl-C stops the server.",
        demo.api_key
    ))
}

/// An address to type: a server that listens everywhere is reached here.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

/// Where a server listens.
struct Listening {
    api: SocketAddr,
    metrics: Option<SocketAddr>,
}

/// Runs the server on this thread, with /metrics where that is asked for. `started` is told where it listens once it does.
fn run(
    app: Arc<App>,
    args: &ServerArgs,
    introspection: Introspection,
    settings: &HttpSettings,
    metrics: Option<SocketAddr>,
    started: impl FnOnce(Listening) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let slow = args.telemetry.slow_operation();
    let api = Arc::new(Api::within(app.clone(), args.query_limits()).slow_after(slow).introspected_by(introspection));
    let (listeners, live) = (api.clone(), settings.live.clone());
    let system = System::new();
    let at_once = system.block_on(async {
        let (server, address) =
            http::start(app.clone(), api, settings).map_err(|cause| Failure::listen(settings.listen, cause))?;
        let handle = server.handle();
        let metrics = match metrics {
            Some(listen) => {
                let started = http::metrics::start(app.clone(), listen);
                let (server, address) = started.map_err(|cause| Failure::listen_for_metrics(listen, cause))?;
                actix_web::rt::spawn(server);
                Some(address)
            }
            None => None,
        };
        started(Listening { api: address, metrics })?;
        if !args.no_billing {
            actix_web::rt::spawn(jobs::bill(app.clone()));
            actix_web::rt::spawn(jobs::collect(app.clone()));
        }
        actix_web::rt::spawn(jobs::take_back_dead_payments(app));
        tokio::select! {
            ended = server => ended.map(|()| false).map_err(Failure::Server),
            ended = stop_on_signals(handle, &settings.draining, args.telemetry.shutdown_delay(), || {
                live.end();
                listeners.end();
            }) => ended.map(|()| true).map_err(Failure::Server),
        }
    })?;
    if at_once {
        // To drop it would be to wait for the jobs. They may be killed at any moment, and go on with the next start.
        std::mem::forget(system);
    }
    Ok(())
}

/// The first signal lets requests and jobs under way finish, which ends the server; new ones are served for a while before
/// that, where balancers need the time to hear of it. The second signal ends this, and the program with it.
async fn stop_on_signals(
    server: ServerHandle,
    draining: &Draining,
    delay: Duration,
    end_listeners: impl FnOnce(),
) -> io::Result<()> {
    signal().await?;
    draining.begin();
    tracing::info!(delay_s = delay.as_secs(), "stopping: requests under way may finish");
    if delay.is_zero() || tokio::time::timeout(delay, signal()).await.is_err() {
        // They would go on for ever. They come back elsewhere, and miss nothing.
        end_listeners();
        actix_web::rt::spawn(server.stop(true));
        signal().await?;
    }
    tracing::warn!("stopping at once");
    Ok(())
}

/// Waits for SIGINT or SIGTERM.
#[cfg(unix)]
async fn signal() -> io::Result<()> {
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted,
        _ = terminate.recv() => Ok(()),
    }
}

#[cfg(not(unix))]
async fn signal() -> io::Result<()> {
    tokio::signal::ctrl_c().await
}

/// The ids of requests order by time and name nothing that is stored.
#[expect(clippy::disallowed_methods, reason = "the outermost place: from here on it is handed in")]
fn new_request_id() -> Uuid {
    Uuid::now_v7()
}
