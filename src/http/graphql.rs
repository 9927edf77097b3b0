//! `/graphql`: GraphQL over HTTP, one request at a time.

use super::negotiation::{self, MediaType};
use super::rejection::Rejection;
use super::trace::RequestId;
use super::{Context, body, credentials, request, sse, websocket};
use crate::app::{App, Viewer};
use crate::domain::Id;
use crate::domain::tenant::Tenant;
use crate::graphql::{Answer, Caller, TELL_COST, seconds, to_json};
use actix_web::http::header::{self, HeaderMap};
use actix_web::http::{Method, StatusCode};
use actix_web::web::{self, Bytes, Payload};
use actix_web::{HttpRequest, HttpResponse};
use async_graphql::{Response, Value};
use std::future::Future;
use std::time::Duration;
use tokio::runtime::Handle;
use tracing::Span;

/// Headers that a page of another site cannot send without being asked for leave first. A GET needs one of them,
/// because a browser would otherwise send it from anywhere.
const PREFLIGHT: [&str; 4] =
    ["graphql-preflight", "graphql-require-preflight", "apollo-require-preflight", "x-requested-with"];
/// With this header set to 1, an answer tells what it cost.
const COST: &str = "graphql-cost";

/// Answers every method; those that are not allowed are told so in the same shape.
pub async fn graphql(request: HttpRequest, payload: Payload, context: web::Data<Context>) -> HttpResponse {
    let request_id = RequestId::of(&request);
    if websocket::is_upgrade(request.headers()) {
        return stream_or_refusal(websocket::accept(&request, payload, context, &request_id), &request_id);
    }
    if *request.method() == Method::POST && negotiation::wants_events(request.headers()) {
        let mut response = stream_or_refusal(sse::answer(&request, payload, context, &request_id).await, &request_id);
        response.headers_mut().insert(header::VARY, header::HeaderValue::from_static("Accept"));
        return response;
    }
    let accepted = negotiation::accepted(request.headers());
    let media_type = accepted.unwrap_or(MediaType::Json);
    let answered = match accepted {
        Some(_) => answer(&request, payload, &context, &request_id).await,
        None => Err(Rejection::not_acceptable()),
    };
    let mut response = match answered {
        Ok(Answer { response, retry_after, .. }) => {
            let mut answer = HttpResponse::build(status(&response, media_type, retry_after));
            if let Some(wait) = retry_after {
                Span::current().record("refused", "THROTTLED");
                answer.insert_header((header::RETRY_AFTER, seconds(wait)));
            }
            answer.content_type(media_type.content_type()).body(to_json(&response))
        }
        Err(rejection) => {
            Span::current().record("refused", rejection.code);
            rejection.respond(media_type, &request_id.0)
        }
    };
    response.headers_mut().insert(header::VARY, header::HeaderValue::from_static("Accept"));
    response
}

/// An answer that goes on, or why there is none.
fn stream_or_refusal(answered: Result<HttpResponse, Rejection>, request_id: &RequestId) -> HttpResponse {
    answered.unwrap_or_else(|rejection| {
        Span::current().record("refused", rejection.code);
        rejection.respond(MediaType::Json, &request_id.0)
    })
}

async fn answer(
    http: &HttpRequest,
    payload: Payload,
    context: &Context,
    request_id: &RequestId,
) -> Result<Answer, Rejection> {
    let timeout = context.limits.timeout;
    let by_get = match *http.method() {
        Method::POST => false,
        Method::GET => true,
        _ => return Err(Rejection::method("GET, POST", "Use POST, or GET for queries.")),
    };
    let api_key = match credentials::api_key(http.headers()) {
        Ok(key) => Some(key.to_owned()),
        // What is to be had without a key is looked at further down.
        Err(_) if context.api.is_open() && !http.headers().contains_key(header::AUTHORIZATION) => None,
        Err(refused) => return Err(refused),
    };
    let tenant = credentials::tenant(http.headers())?;
    let idempotency_key = credentials::idempotency_key(http.headers())?;
    let mut request = if by_get {
        check_preflight(http.headers())?;
        request::from_query_string(http.query_string(), &context.limits)?
    } else {
        request::from_body(&json(http.headers(), payload, context).await?, &context.limits)?
    };
    if http.headers().get(COST).is_some_and(|value| value == "1") {
        request.extensions.insert(TELL_COST.to_owned(), Value::Boolean(true));
    }
    let place = context.wait()?;
    // One hop to a thread that may wait for the database, for all that the request needs of it.
    let (app, api, span) = (context.app.clone(), context.api.clone(), Span::current());
    let (runtime, request_id) = (Handle::current(), request_id.0.to_string());
    let work = tokio::task::spawn_blocking(move || {
        let (_entered, _place) = (span.enter(), place);
        let Some(api_key) = api_key else {
            return runtime.block_on(api.introspect(request, request_id)).ok_or_else(Rejection::unauthenticated);
        };
        let recalled = app.recall(&api_key).filter(|viewer| tenant.is_none_or(|id| id == viewer.tenant_id));
        let is_noted = recalled.is_some();
        if let Some(viewer) = recalled {
            note(&viewer);
            let caller = Caller { viewer, request_id: request_id.clone(), idempotency_key: None };
            if let Some(answer) = runtime.block_on(api.recall(&request, caller)) {
                return Ok(answer);
            }
        }
        let viewer = look_up(&app, &api_key)?;
        // A span keeps all that is recorded in it, also what it was told before.
        if !is_noted {
            note(&viewer);
        }
        check_tenant(&viewer, tenant)?;
        let asked = match api.ask(request, Caller { viewer, request_id, idempotency_key }) {
            Ok(asked) => asked,
            Err(refused) => return Ok((*refused).into()),
        };
        if by_get && asked.is_mutation() {
            return Err(Rejection::method("POST", "A mutation changes something. Send it by POST."));
        }
        Ok(runtime.block_on(api.run(asked)))
    });
    within(timeout, work).await?.unwrap_or_else(|broken| match broken.try_into_panic() {
        // Whoever waits for it sees the panic too, where it becomes an answer.
        Ok(panic) => std::panic::resume_unwind(panic),
        Err(_) => Err(Rejection::unavailable()),
    })
}

/// Who is asking, by a key that is looked up now.
pub(super) fn authenticate(app: &App, api_key: &str, tenant: Option<Id<Tenant>>) -> Result<Viewer, Rejection> {
    let viewer = look_up(app, api_key)?;
    note(&viewer);
    check_tenant(&viewer, tenant)?;
    Ok(viewer)
}

fn look_up(app: &App, api_key: &str) -> Result<Viewer, Rejection> {
    let viewer = app.authenticate(api_key).map_err(|cause| {
        tracing::error!(%cause, "credentials could not be checked");
        Rejection::unavailable()
    })?;
    viewer.ok_or_else(Rejection::unauthenticated)
}

/// Whether the key is of the tenant that the request names, where it names one.
fn check_tenant(viewer: &Viewer, tenant: Option<Id<Tenant>>) -> Result<(), Rejection> {
    if tenant.is_some_and(|tenant| tenant != viewer.tenant_id) { Err(Rejection::other_tenant()) } else { Ok(()) }
}

/// Notes who is asking.
fn note(viewer: &Viewer) {
    tracing::record_all!(Span::current(), key = %viewer.key_id, tenant = %viewer.tenant_id);
}

fn check_preflight(headers: &HeaderMap) -> Result<(), Rejection> {
    if PREFLIGHT.iter().any(|name| headers.contains_key(*name)) {
        return Ok(());
    }
    Err(Rejection::bad_request("A GET needs the header `GraphQL-Preflight: 1`, so that no other site can send it."))
}

/// The whole body, if it is of a type that is read and not too long.
pub(super) async fn json(headers: &HeaderMap, payload: Payload, context: &Context) -> Result<Bytes, Rejection> {
    if !negotiation::is_json(headers) {
        return Err(Rejection::unsupported("Send the request as `Content-Type: application/json` in UTF-8."));
    }
    if headers.get(header::CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity") {
        return Err(Rejection::unsupported("Compressed bodies are not read. Leave `Content-Encoding` out."));
    }
    body::read(payload, context.limits).await
}

/// The time limit ends the waiting. What the database does already has limits of its own, and may take effect.
async fn within<F: Future>(timeout: Duration, work: F) -> Result<F::Output, Rejection> {
    tokio::time::timeout(timeout, work).await.map_err(|_| Rejection::timeout())
}

/// Under the older media type the status says nothing about the document; under the newer one it tells a document
/// that was not executed from one that was, however that ended. A key that asks for too much is told so by either.
fn status(response: &Response, media_type: MediaType, retry_after: Option<Duration>) -> StatusCode {
    if retry_after.is_some() {
        StatusCode::TOO_MANY_REQUESTS
    } else if media_type == MediaType::GraphqlResponse && is_request_error(response) {
        StatusCode::BAD_REQUEST
    } else {
        StatusCode::OK
    }
}

/// Whether nothing was executed: no data, and no error that has a place in it.
fn is_request_error(response: &Response) -> bool {
    response.data == Value::Null
        && !response.errors.is_empty()
        && response.errors.iter().all(|error| error.path.is_empty())
}
