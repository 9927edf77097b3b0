//! What surrounds every request: its id, its span in the log, the headers of every answer, and the net under panics.

use super::negotiation::MediaType;
use super::rejection::Rejection;
use super::trace::{self, REQUEST_ID, RequestId, operation_span};
use crate::telemetry::{Metrics, traces};
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpResponse};
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;
use std::time::Instant;
use tracing::field::Empty;
use tracing::{Instrument, Span};
use uuid::Uuid;

/// Paths are logged up to here; nothing of ours is longer.
const LOGGED_PATH: usize = 200;

/// The outermost middleware.
pub async fn observe(
    request: ServiceRequest,
    next: Next<BoxBody>,
    metrics: &Metrics,
    new_request_id: fn() -> Uuid,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let began = Instant::now();
    let in_flight = metrics.http.begun();
    let id: Rc<str> = match trace::given_request_id(request.headers()) {
        Some(given) => given.into(),
        None => new_request_id().to_string().into(),
    };
    request.extensions_mut().insert(RequestId(id.clone()));
    let span = span(&request, &id);
    let quiet = matches!(request.path(), "/healthz" | "/readyz");
    let (route, method) = (route(request.path()), method(request.method()));

    let outcome = caught(next.call(request)).instrument(span.clone()).await;
    let answered = span.in_scope(|| match outcome {
        Ok(Ok(response)) => Ok(in_our_words(response, &id)),
        Ok(Err(error)) => Err(Rejection::of_status(error.as_response_error().status_code())),
        Err(Panicked) => Err(Rejection::internal()),
    });
    let status = match &answered {
        Ok(response) => response.status(),
        Err(rejection) => rejection.status,
    };
    let bytes = answered.as_ref().ok().and_then(|response| match response.response().body().size() {
        BodySize::Sized(bytes) => Some(bytes),
        BodySize::None => Some(0),
        BodySize::Stream => None,
    });
    metrics.http.answered(route, method, status.as_u16(), bytes);
    drop(in_flight);
    let duration_us = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
    tracing::record_all!(span, status = status.as_u16(), bytes = bytes.unwrap_or_default(), duration_us = duration_us);
    if status.is_server_error() && traces::are_sent() {
        span.record("otel.status_code", "ERROR");
    }
    span.in_scope(|| match (status.is_server_error(), quiet) {
        (true, _) => tracing::error!("failed"),
        (false, false) => tracing::info!("answered"),
        (false, true) => tracing::debug!("answered"),
    });

    match answered {
        Ok(mut response) => {
            finish(response.headers_mut(), &id);
            Ok(response)
        }
        // The request itself is gone by now, so the answer travels as an error that brings its response along.
        Err(rejection) => {
            let mut response: HttpResponse = rejection.respond(MediaType::Json, &id);
            finish(response.headers_mut(), &id);
            Err(InternalError::from_response(rejection.code, response).into())
        }
    }
}

/// One span a request. Who reads the credentials and who runs the operation add what they find.
fn span(request: &ServiceRequest, id: &str) -> Span {
    let path: String = request.path().chars().take(LOGGED_PATH).collect();
    let span = operation_span!(
        "request",
        request_id = id,
        method = request.method().as_str(),
        path,
        trace_id = Empty,
        parent_id = Empty,
        refused = Empty,
        status = Empty,
        bytes = Empty,
        otel.kind = Empty
    );
    let parent = trace::trace_parent(request.headers());
    if let Some(parent) = parent {
        tracing::record_all!(span, trace_id = parent.trace_id, parent_id = parent.parent_id);
    }
    if traces::are_sent() {
        if let Some(parent) = parent {
            traces::go_on(&span, parent.trace_id, parent.parent_id, parent.is_sampled);
        }
        let name = format!("{} {}", method(request.method()), route(request.path()));
        tracing::record_all!(span, otel.name = name, otel.kind = "server");
    }
    span
}

/// The route that a path leads to: one of few, whatever clients ask for.
fn route(path: &str) -> &'static str {
    const ROUTES: [&str; 6] = ["/", "/graphql", "/graphql/stream", "/webhooks/stripe", "/healthz", "/readyz"];
    ROUTES.into_iter().find(|route| *route == path).unwrap_or("other")
}

fn method(method: &Method) -> &'static str {
    const METHODS: [&str; 7] = ["GET", "POST", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"];
    METHODS.into_iter().find(|known| *known == method.as_str()).unwrap_or("other")
}

/// Replaces what the framework says about its own errors: plain text, and more than a stranger need know.
fn in_our_words(response: ServiceResponse<BoxBody>, id: &str) -> ServiceResponse<BoxBody> {
    match response.response().error() {
        Some(cause) => {
            tracing::debug!(%cause, "refused by the framework");
            let rejection = Rejection::of_status(response.status());
            response.into_response(rejection.respond(MediaType::Json, id))
        }
        None => response,
    }
}

/// The headers that every answer carries.
fn finish(headers: &mut HeaderMap, id: &str) {
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    let cache_control: HeaderName = header::CACHE_CONTROL;
    if !headers.contains_key(&cache_control) {
        headers.insert(cache_control, HeaderValue::from_static("no-store"));
    }
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert(REQUEST_ID, id);
    }
}

struct Panicked;

/// Runs a future to its end or to its panic. The hook set at the start of the program has logged what happened.
async fn caught<F: Future>(future: F) -> Result<F::Output, Panicked> {
    let mut future = pin!(future);
    // After a panic the future is never polled again, and what it held belongs to this request alone.
    poll_fn(move |context| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
        Ok(Poll::Pending) => Poll::Pending,
        Ok(Poll::Ready(output)) => Poll::Ready(Ok(output)),
        Err(_) => Poll::Ready(Err(Panicked)),
    })
    .await
}
