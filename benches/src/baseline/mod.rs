//! The same reading written the obvious way: async-graphql's resolvers and DataLoader over the program's own queries,
//! pool and HTTP framework.

mod loaders;
mod scalars;
mod schema;

use crate::{Failure, generate};
use actix_web::http::header::AUTHORIZATION;
use actix_web::rt::System;
use actix_web::web::{Bytes, Data};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use async_graphql::{Request, Response};
use perennial::app::Viewer;
use schema::Plain;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// The server's parts.
pub struct Baseline {
    app: Arc<perennial::app::App>,
    schema: Plain,
    /// How long a batch gathers; DataLoader's own default where none is said.
    delay: Option<Duration>,
}

impl Baseline {
    pub fn new(app: Arc<perennial::app::App>, delay: Option<Duration>) -> Self {
        Baseline { app, schema: schema::schema(), delay }
    }

    pub async fn execute(&self, request: Request, viewer: &Viewer) -> Response {
        let loader = loaders::loader(self.app.db.clone(), viewer.tenant_id, self.delay);
        self.schema.execute(request.data(loader)).await
    }
}

/// As many connections and threads as the program has by default.
const CONNECTIONS: u32 = 16;

pub fn serve(url: &str, listen: SocketAddr, delay: Option<Duration>) -> Result<(), Failure> {
    let app = Arc::new(generate::open(url, CONNECTIONS)?);
    let baseline = Data::new(Baseline::new(app, delay));
    System::new().block_on(async {
        HttpServer::new(move || App::new().app_data(baseline.clone()).route("/graphql", web::post().to(graphql)))
            .workers(std::thread::available_parallelism()?.get())
            .worker_max_blocking_threads(CONNECTIONS as usize)
            .bind(listen)?
            .run()
            .await
    })?;
    Ok(())
}

async fn graphql(http: HttpRequest, body: Bytes, baseline: Data<Baseline>) -> HttpResponse {
    let key = http.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    let (app, key) = (baseline.app.clone(), key.unwrap_or_default().to_owned());
    let viewer = match web::block(move || app.authenticate(&key)).await {
        Ok(Ok(Some(viewer))) => viewer,
        Ok(Ok(None)) => return HttpResponse::Unauthorized().finish(),
        _ => return HttpResponse::ServiceUnavailable().finish(),
    };
    match serde_json::from_slice::<Request>(&body) {
        Ok(request) => HttpResponse::Ok().json(baseline.execute(request, &viewer).await),
        Err(error) => HttpResponse::BadRequest().body(error.to_string()),
    }
}
