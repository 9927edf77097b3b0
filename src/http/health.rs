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

/// `/readyz`: the database answers, so requests can be sent here.
pub async fn readyz(request: HttpRequest, context: web::Data<Context>) -> HttpResponse {
    if !is_read(&request) {
        return answer(&request, Ok("ready"));
    }
    let app = context.app.clone();
    match tokio::time::timeout(PATIENCE, tokio::task::spawn_blocking(move || app.ready())).await {
        Ok(Ok(Ok(()))) => answer(&request, Ok("ready")),
        Ok(Ok(Err(cause))) => {
            tracing::warn!(%cause, "not ready");
            answer(&request, Err(Rejection::unavailable()))
        }
        Ok(Err(_)) | Err(_) => {
            tracing::warn!("not ready: no answer within {PATIENCE:?}");
            answer(&request, Err(Rejection::unavailable()))
        }
    }
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
