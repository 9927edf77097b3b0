//! For those who watch over the server: whether it lives, and whether it can do its work.

use super::Context;
use super::negotiation::MediaType;
use super::rejection::Rejection;
use super::trace::RequestId;
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse, web};
use std::time::Duration;

/// A probe that waits longer has its answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// `/healthz`: the process runs. It asks nobody else, so that a database that is down gets no server restarted.
pub async fn healthz(request: HttpRequest) -> HttpResponse {
    answer(&request, Ok("ok"))
}

/// `/readyz`: a connection is to be had, the database answers on it, its tables are those of this program, and the server
/// is not about to stop; so requests can be sent here.
pub async fn readyz(request: HttpRequest, context: web::Data<Context>) -> HttpResponse {
    if !is_read(&request) {
        return answer(&request, Ok("ready"));
    }
    if context.draining.has_begun() {
        return answer(&request, Err(Rejection::not_ready("stopping")));
    }
    let app = context.app.clone();
    let ready = tokio::task::spawn_blocking(move || app.ready(PATIENCE));
    // The pool keeps to the patience by itself; what comes after it may not.
    let ready = match tokio::time::timeout(PATIENCE * 2, ready).await {
        Ok(Ok(ready)) => ready,
        Ok(Err(_)) | Err(_) => Err("database"),
    };
    answer(&request, ready.map(|()| "ready").map_err(Rejection::not_ready))
}

/// Every address that is nobody's.
pub async fn nothing_here(request: HttpRequest) -> HttpResponse {
    Rejection::of_status(StatusCode::NOT_FOUND).respond(MediaType::Json, &RequestId::of(&request).0)
}

fn is_read(request: &HttpRequest) -> bool {
    matches!(*request.method(), Method::GET | Method::HEAD)
}

fn answer(request: &HttpRequest, state: Result<&'static str, Rejection>) -> HttpResponse {
    let state = if is_read(request) { state } else { Err(Rejection::method("GET, HEAD", "Use GET.")) };
    match state {
        Ok(text) => HttpResponse::Ok().content_type("text/plain; charset=utf-8").body(text),
        Err(rejection) => rejection.respond(MediaType::Json, &RequestId::of(request).0),
    }
}
