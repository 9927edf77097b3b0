//! Who listens hears of everything once, in order: by polling, by server-sent events and over a WebSocket.

pub mod client;
mod positions;
mod sse;
mod web;
mod websocket;

use crate::support::{Served, TestApp, serve, settings};
use perennial::app::feed::Pace;
use perennial::app::{App, Remembered};
use perennial::graphql::Api;
use perennial::http::cors::Origins;
use perennial::http::live::{Live, LiveSettings};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// How often it is looked for keys that were revoked, where a test waits for that.
const REVOKED_SOON: Duration = Duration::from_millis(50);

/// Another program on the database of a test, with settings of its own.
struct Server {
    address: SocketAddr,
    api: Arc<Api>,
    live: Arc<Live>,
    served: Option<Served>,
}

impl Server {
    fn new(app: &TestApp, settings: LiveSettings, pace: Option<Pace>) -> Server {
        Server::of(app, settings, pace, &[])
    }

    fn of(app: &TestApp, live: LiveSettings, pace: Option<Pace>, origins: &[&str]) -> Server {
        let own = Arc::new(App {
            db: app.database.open(),
            ambient: app.app.ambient.clone(),
            gateways: app.app.gateways.clone(),
            public_url: app.app.public_url.clone(),
            remembered: Remembered::default(),
        });
        let pace = pace.unwrap_or_else(|| Pace::of(&own.db));
        let api = Arc::new(Api::new(own.clone()).at_pace(pace));
        let live = Arc::new(Live::new(live));
        let origins: Vec<String> = origins.iter().map(|origin| (*origin).to_owned()).collect();
        let settings = perennial::http::HttpSettings {
            live: live.clone(),
            origins: Origins::new(&origins, &own.public_url),
            ..settings()
        };
        let (address, served) = serve(api.clone(), own, settings);
        Server { address, api, live, served: Some(served) }
    }

    fn url(&self) -> String {
        format!("http://{}/graphql", self.address)
    }

    /// Tells those who listen that it is about to end.
    fn end(&self) {
        self.live.end();
        self.api.end();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some((handle, thread)) = self.served.take() {
            drop(handle.stop(false));
            let _ = thread.join();
        }
    }
}
