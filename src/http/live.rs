//! What the two ways to listen have in common: how many may listen, how long silence may last, and one operation.

use super::places::{Place, Places};
use super::rejection::Rejection;
use super::{Context, graphql};
use crate::app::{App, Viewer};
use crate::domain::Id;
use crate::domain::tenant::Tenant;
use crate::graphql::{Answers, Caller, not_executed, to_json};
use actix_web::http::StatusCode;
use actix_web::rt::net::TcpStream;
use async_graphql::{Request, Response};
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use std::any::Any;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tracing::Span;

/// Bounds of those who listen.
#[derive(Clone, Copy, Debug)]
pub struct LiveSettings {
    /// The most streams and sockets that are open at once.
    pub connections: usize,
    /// The most operations that run at once on one socket.
    pub operations: usize,
    /// How long a socket may take to say who it is.
    pub init: Duration,
    /// How often the server gives a sign of life.
    pub ping: Duration,
    /// After how long without one from the other end a socket is given up.
    pub silence: Duration,
    /// How long the other end may take nothing of what it is sent.
    pub send: Duration,
    /// How often it is looked whether the key is still valid.
    pub recheck: Duration,
}

impl Default for LiveSettings {
    fn default() -> Self {
        LiveSettings {
            connections: 1_000,
            operations: 50,
            init: Duration::from_secs(5),
            ping: Duration::from_secs(15),
            silence: Duration::from_secs(45),
            send: Duration::from_secs(20),
            recheck: Duration::from_secs(15),
        }
    }
}

/// All who listen to this program.
pub struct Live {
    pub settings: LiveSettings,
    places: Places,
    ending: watch::Sender<bool>,
}

impl Live {
    pub fn new(settings: LiveSettings) -> Live {
        Live { settings, places: Places::new(settings.connections), ending: watch::Sender::new(false) }
    }

    /// A place for one more, if there is one.
    pub fn enter(&self) -> Result<Place, Rejection> {
        self.places.take().ok_or_else(|| {
            tracing::warn!(most = self.settings.connections, "as many listen as may: another one was refused");
            let message = "Too many listen to this server at the moment. Try again later, or poll the list of events.";
            Rejection::new(StatusCode::SERVICE_UNAVAILABLE, "TOO_MANY_CONNECTIONS", message).retry_after("10")
        })
    }

    /// How many listen.
    pub fn open(&self) -> usize {
        self.places.taken()
    }

    /// Tells all sockets that the program is about to end. Streams end with the feed.
    pub fn end(&self) {
        self.ending.send_replace(true);
    }

    /// Waits until the program is about to end.
    pub async fn ended(&self) {
        let mut ending = self.ending.subscribe();
        // The sender is here for as long as anybody waits.
        let _ = ending.wait_for(|ending| *ending).await;
    }
}

/// With which credentials operations are run.
#[derive(Clone)]
pub struct Credentials {
    pub api_key: String,
    /// The tenant that `X-Tenant-Id` names.
    pub tenant: Option<Id<Tenant>>,
}

impl Credentials {
    /// Who that is. It may wait for the database.
    pub fn viewer(&self, app: &App) -> Result<Viewer, Rejection> {
        graphql::authenticate(app, &self.api_key, self.tenant)
    }

    /// The same on a thread that may wait.
    pub async fn check(&self, app: Arc<App>) -> Result<(), Rejection> {
        let credentials = self.clone();
        let checked = tokio::task::spawn_blocking(move || credentials.viewer(&app).map(drop)).await;
        checked.unwrap_or_else(|_| Err(Rejection::unavailable()))
    }
}

/// What becomes of an operation.
pub enum Part {
    /// One answer of it.
    Next(Vec<u8>),
    /// It was not run, or cannot go on: nothing comes after it.
    Failed(Box<Response>),
}

/// Runs an operation of any kind. Its key is looked up for each, so that one that was revoked opens nothing more.
pub async fn run(
    context: &Context,
    credentials: Credentials,
    request: Request,
    request_id: String,
    idempotency_key: Option<String>,
) -> Result<BoxStream<'static, Part>, Rejection> {
    let (app, api, span, runtime) = (context.app.clone(), context.api.clone(), Span::current(), Handle::current());
    let place = context.wait()?;
    let begun = tokio::task::spawn_blocking(move || {
        let (_entered, _place) = (span.enter(), place);
        let viewer = credentials.viewer(&app)?;
        let asked = match api.ask(request, Caller { viewer, request_id, idempotency_key }) {
            Ok(asked) => asked,
            Err(refused) => return Ok(Err(refused)),
        };
        if asked.is_subscription() {
            return Ok(runtime.block_on(api.listen(asked)));
        }
        let response = runtime.block_on(api.run(asked)).response;
        Ok(Ok(stream::once(std::future::ready(response)).boxed()))
    });
    let begun: Result<Answers, Box<Response>> = match tokio::time::timeout(context.limits.timeout, begun).await {
        Ok(Ok(begun)) => begun?,
        Ok(Err(panic)) => {
            tracing::error!(%panic, "an operation could not be run");
            return Err(Rejection::internal());
        }
        Err(_) => return Err(Rejection::timeout()),
    };
    Ok(match begun {
        Ok(answers) => answers.map(part).boxed(),
        Err(refused) => stream::once(std::future::ready(Part::Failed(refused))).boxed(),
    })
}

fn part(response: Response) -> Part {
    if not_executed(&response) { Part::Failed(Box::new(response)) } else { Part::Next(to_json(&response)) }
}

/// Has the kernel give a connection up whose other end takes nothing for so long: what waits in its buffers would wait for
/// ever, and with it whoever fills them.
pub fn cut_off_after(connection: &dyn Any, patience: Duration) {
    let Some(stream) = connection.downcast_ref::<TcpStream>() else { return };
    #[cfg(any(target_os = "linux", target_os = "android"))]
    if let Err(cause) = socket2::SockRef::from(stream).set_tcp_user_timeout(Some(patience)) {
        tracing::debug!(%cause, "the patience of a connection could not be set");
    }
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let _ = (stream, patience);
}
