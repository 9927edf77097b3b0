//! What the server refuses before, or instead of, executing anything. The body is always that of a GraphQL error, so
//! that a client needs to understand one shape only.

use super::negotiation::MediaType;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName};
use serde::Serialize;
use std::borrow::Cow;

/// A refused request: the status, the code for programs and the message for people, which says what to do.
#[derive(Debug)]
pub struct Rejection {
    pub status: StatusCode,
    pub code: &'static str,
    pub message: Cow<'static, str>,
    /// A header that belongs to the status.
    header: Option<(HeaderName, &'static str)>,
}

impl Rejection {
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Rejection { status, code, message: message.into(), header: None }
    }

    /// The same, with the seconds after which to try again.
    pub fn retry_after(self, seconds: &'static str) -> Self {
        self.with(header::RETRY_AFTER, seconds)
    }

    /// The error alone, where there is no answer with a status to put it into.
    pub fn json(&self) -> Vec<u8> {
        let extensions = Extensions { code: self.code, request_id: "" };
        serde_json::to_vec(&Body { errors: [Error { message: &self.message, extensions }] }).unwrap_or_default()
    }

    fn with(self, name: HeaderName, value: &'static str) -> Self {
        Rejection { header: Some((name, value)), ..self }
    }

    /// 400: the request is not what this server reads.
    pub fn bad_request(message: impl Into<Cow<'static, str>>) -> Self {
        Rejection::new(StatusCode::BAD_REQUEST, "BAD_REQUEST", message)
    }

    /// 401. The message is the same whatever is wrong with the key, so that nothing can be learned from it.
    pub fn unauthenticated() -> Self {
        let message = "A valid API key is needed. Send it in the header `Authorization: Bearer <key>`.";
        Rejection::new(StatusCode::UNAUTHORIZED, "UNAUTHENTICATED", message)
            .with(header::WWW_AUTHENTICATE, "Bearer realm=\"perennial\"")
    }

    /// 403. The same for a tenant that does not exist, one of somebody else and a text that is no id.
    pub fn other_tenant() -> Self {
        let message = "The API key does not belong to the tenant that the header `X-Tenant-Id` names. \
                       Leave the header out: the key alone says which tenant is meant.";
        Rejection::new(StatusCode::FORBIDDEN, "FORBIDDEN", message)
    }

    /// 405.
    pub fn method(allowed: &'static str, message: &'static str) -> Self {
        Rejection::new(StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED", message).with(header::ALLOW, allowed)
    }

    /// 406.
    pub fn not_acceptable() -> Self {
        let message = "The answer is application/graphql-response+json or application/json. \
                       Name one of them in the header `Accept`, or leave it out.";
        Rejection::new(StatusCode::NOT_ACCEPTABLE, "NOT_ACCEPTABLE", message)
    }

    /// 408.
    pub fn slow_body() -> Self {
        let message = "The body of the request did not arrive in time. Send it again.";
        Rejection::new(StatusCode::REQUEST_TIMEOUT, "REQUEST_TIMEOUT", message)
    }

    /// 413.
    pub fn too_large(what: &str, limit: usize) -> Self {
        let message = format!("The {what} is longer than the {limit} bytes that are allowed. Split the request.");
        Rejection::new(StatusCode::PAYLOAD_TOO_LARGE, "PAYLOAD_TOO_LARGE", message)
    }

    /// 415.
    pub fn unsupported(message: &'static str) -> Self {
        Rejection::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "UNSUPPORTED_MEDIA_TYPE", message)
            .with(header::ACCEPT, "application/json")
    }

    /// 500. Says nothing of the cause, which is in the log under the same request id.
    pub fn internal() -> Self {
        let message = "Internal server error";
        Rejection::new(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL_SERVER_ERROR", message)
    }

    /// 503: the database does not answer.
    pub fn unavailable() -> Self {
        let message = "The service is not available at the moment. Try again in a few seconds.";
        Rejection::new(StatusCode::SERVICE_UNAVAILABLE, "SERVICE_UNAVAILABLE", message).with(header::RETRY_AFTER, "1")
    }

    /// 503: the server cannot do its work. `what` names what is missing.
    pub fn not_ready(what: &'static str) -> Self {
        Rejection { message: format!("Not ready: {what}.").into(), ..Rejection::unavailable() }
    }

    /// 503: too many wait already.
    pub fn busy() -> Self {
        let message = "Too many requests wait for the database at the moment. Try again in a few seconds.";
        Rejection::new(StatusCode::SERVICE_UNAVAILABLE, "SERVICE_UNAVAILABLE", message).with(header::RETRY_AFTER, "2")
    }

    /// 504.
    pub fn timeout() -> Self {
        let message = "The request took too long. Select less; repeat a mutation only with the same idempotency key, \
                       since it may have been done.";
        Rejection::new(StatusCode::GATEWAY_TIMEOUT, "TIMEOUT", message)
    }

    /// What an error of the server's own framework becomes.
    pub fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::NOT_FOUND => {
                let message = "There is nothing at this address. The API is at /graphql.";
                Rejection::new(status, "NOT_FOUND", message)
            }
            status if status.is_client_error() => {
                let message =
                    format!("The request was refused: {}.", status.canonical_reason().unwrap_or("bad request"));
                Rejection::new(status, "BAD_REQUEST", message)
            }
            _ => Rejection::internal(),
        }
    }

    /// The answer. `request_id` goes into the body as well, because people copy bodies and not headers.
    pub fn respond(&self, media_type: MediaType, request_id: &str) -> HttpResponse {
        let extensions = Extensions { code: self.code, request_id };
        let body = Body { errors: [Error { message: &self.message, extensions }] };
        let mut response = HttpResponse::build(self.status);
        response.content_type(media_type.content_type());
        if let Some((name, value)) = &self.header {
            response.insert_header((name.clone(), *value));
        }
        // Three texts always serialize; an empty body would be the lesser evil if they did not.
        response.body(serde_json::to_vec(&body).unwrap_or_default())
    }
}

#[derive(Serialize)]
struct Body<'a> {
    errors: [Error<'a>; 1],
}

#[derive(Serialize)]
struct Error<'a> {
    message: &'a str,
    extensions: Extensions<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Extensions<'a> {
    code: &'static str,
    request_id: &'a str,
}
