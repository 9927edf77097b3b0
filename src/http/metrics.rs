//! `/metrics`, on an address of its own: what is counted is for those who run the server, and strangers ask the other one.

use crate::app::App;
use crate::telemetry::metrics::MEDIA_TYPE;
use actix_web::dev::Server;
use actix_web::{HttpResponse, HttpServer, web};
use std::net::SocketAddr;
use std::sync::Arc;

/// Binds the address, as [`start`](super::start) does.
pub fn start(app: Arc<App>, listen: SocketAddr) -> std::io::Result<(Server, SocketAddr)> {
    let app = web::Data::from(app);
    let server =
        HttpServer::new(move || actix_web::App::new().app_data(app.clone()).route("/metrics", web::get().to(metrics)))
            .workers(1)
            .disable_signals()
            .bind(listen)?;
    let address = server.addrs().first().copied().unwrap_or(listen);
    Ok((server.run(), address))
}

async fn metrics(app: web::Data<App>) -> HttpResponse {
    match app.metrics_text() {
        Some(text) => HttpResponse::Ok().content_type(MEDIA_TYPE).body(text),
        None => HttpResponse::InternalServerError().finish(),
    }
}
