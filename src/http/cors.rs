//! Pages of other sites: only those that the operator lists may ask, and none of them gets a cookie or a password along.

use actix_web::body::BoxBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{Error, HttpResponse};
use std::sync::Arc;

/// Whose pages may ask.
#[derive(Clone, Debug, Default)]
pub struct Origins {
    /// Such as `https://app.example.com`, in lower case.
    listed: Arc<[String]>,
    /// Where customers reach this server.
    own: String,
}

/// What a page may send beside what every page may.
const ALLOWED_HEADERS: &str = "authorization, content-type, accept, idempotency-key, x-tenant-id, x-request-id, traceparent, \
     tracestate, graphql-preflight, graphql-require-preflight, apollo-require-preflight, x-requested-with, graphql-cost";
/// What a page may read of the headers of an answer.
const EXPOSED_HEADERS: &str = "x-request-id, retry-after, traceparent";
/// For how many seconds a browser need not ask again.
const MAX_AGE: &str = "7200";

impl Origins {
    pub fn new(listed: &[String], public_url: &str) -> Origins {
        let origin = |url: &str| match url.split_once("://") {
            Some((scheme, rest)) => format!("{scheme}://{}", rest.split('/').next().unwrap_or_default()),
            None => url.to_owned(),
        };
        let listed = listed.iter().map(|listed| listed.to_ascii_lowercase()).collect();
        Origins { listed, own: origin(public_url).to_ascii_lowercase() }
    }

    /// Whether an origin is listed.
    pub fn hold(&self, origin: &str) -> bool {
        self.listed.iter().any(|listed| listed.eq_ignore_ascii_case(origin))
    }

    /// Whether an origin is this server itself: by its public address, or by the one that the client has asked.
    pub fn are_own(&self, origin: &str, host: Option<&str>) -> bool {
        let authority = origin.split_once("://").map(|(_, authority)| authority);
        self.own.eq_ignore_ascii_case(origin)
            || host.zip(authority).is_some_and(|(host, authority)| host.eq_ignore_ascii_case(authority))
    }
}

/// Answers preflights, and tells browsers whose pages may read an answer.
pub async fn cors(
    request: ServiceRequest,
    next: Next<BoxBody>,
    origins: Origins,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let origin = request.headers().get(header::ORIGIN).cloned();
    let allowed = origin.filter(|origin| origin.to_str().is_ok_and(|origin| origins.hold(origin)));
    let is_preflight = *request.method() == Method::OPTIONS
        && request.headers().contains_key(header::ORIGIN)
        && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let mut response = if is_preflight {
        // The browser refuses by itself where nothing is allowed.
        request.into_response(HttpResponse::new(StatusCode::NO_CONTENT))
    } else {
        next.call(request).await?
    };
    let headers = response.headers_mut();
    if !origins.listed.is_empty() {
        append_vary(headers, "Origin");
    }
    if let Some(origin) = allowed {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        let mut set = |name: HeaderName, value: &'static str| headers.insert(name, HeaderValue::from_static(value));
        if is_preflight {
            set(header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST");
            set(header::ACCESS_CONTROL_ALLOW_HEADERS, ALLOWED_HEADERS);
            set(header::ACCESS_CONTROL_MAX_AGE, MAX_AGE);
        } else {
            set(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED_HEADERS);
        }
    }
    Ok(response)
}

/// Adds a name to `Vary`, which says on what an answer depends.
pub fn append_vary(headers: &mut HeaderMap, name: &str) {
    let vary = match headers.get(header::VARY).and_then(|vary| vary.to_str().ok()) {
        Some(vary) => format!("{vary}, {name}"),
        None => name.to_owned(),
    };
    if let Ok(vary) = HeaderValue::from_str(&vary) {
        headers.insert(header::VARY, vary);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_listed_origins_are_held_and_ones_own_is_known() {
        let origins = Origins::new(&["https://App.example.com".to_owned()], "https://api.example.com/billing");
        assert!(origins.hold("https://app.example.com"));
        for other in ["https://app.example.com.evil.org", "http://app.example.com", "null", "", "https://example.com"] {
            assert!(!origins.hold(other), "{other}");
        }
        assert!(origins.are_own("https://api.example.com", None));
        assert!(origins.are_own("http://127.0.0.1:8080", Some("127.0.0.1:8080")));
        assert!(!origins.are_own("http://evil.example", Some("127.0.0.1:8080")));
        assert!(!origins.are_own("null", Some("null.example")));
        assert!(!Origins::default().hold(""));
    }
}
