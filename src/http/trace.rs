//! What ties an answer, the log and the caller's own traces together: the request id and the W3C trace context.

use super::credentials::is_token;
use actix_web::http::header::{HeaderMap, HeaderName};
use actix_web::{HttpMessage, HttpRequest};
use std::rc::Rc;

/// A span for an operation: with the fields of its own, and those that `graphql::watched` and whoever reads the credentials
/// fill in. Of the highest level, so that whatever is logged at all is logged with it.
macro_rules! operation_span {
    ($name:literal $(, $($own:tt)+)?) => {
        tracing::error_span!(
            $name,
            $($($own)+,)?
            tenant = tracing::field::Empty,
            key = tracing::field::Empty,
            kind = tracing::field::Empty,
            operation = tracing::field::Empty,
            cost = tracing::field::Empty,
            statements = tracing::field::Empty,
            database_us = tracing::field::Empty,
            rows_read = tracing::field::Empty,
            codes = tracing::field::Empty,
            duration_us = tracing::field::Empty,
            otel.name = tracing::field::Empty,
            otel.status_code = tracing::field::Empty,
        )
    };
}
pub(super) use operation_span;

/// The header that carries the request id both ways.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The longest id that is taken over.
const LONGEST_ID: usize = 128;

/// The id of the request under way.
#[derive(Clone)]
pub struct RequestId(pub Rc<str>);

impl RequestId {
    /// The id that [`observe`](super::observe::observe) has given the request.
    pub fn of(request: &HttpRequest) -> RequestId {
        request.extensions().get::<RequestId>().cloned().unwrap_or_else(|| RequestId(Rc::from("")))
    }
}

/// The id that the caller gave the request, if it is fit for a header and a log.
pub fn given_request_id(headers: &HeaderMap) -> Option<&str> {
    let id = headers.get(&REQUEST_ID)?.to_str().ok()?;
    is_token(id, LONGEST_ID).then_some(id)
}

/// The caller's trace and the span in it that made this request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TraceParent<'a> {
    pub trace_id: &'a str,
    pub parent_id: &'a str,
    /// Whether the caller keeps this trace.
    pub is_sampled: bool,
}

/// Reads `traceparent`. One that is malformed counts as absent, as the recommendation asks.
pub fn trace_parent(headers: &HeaderMap) -> Option<TraceParent<'_>> {
    let text = headers.get("traceparent")?.to_str().ok()?;
    let mut parts = text.split('-');
    let (version, trace_id, parent_id, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    // Later versions may add parts; this one has none.
    let whole = is_hex(version, 2) && version != "ff" && (version != "00" || parts.next().is_none());
    let valid = whole && is_id(trace_id, 32) && is_id(parent_id, 16) && is_hex(flags, 2);
    // The last bit of two hexadecimal digits.
    let is_sampled = flags.ends_with(|digit: char| digit.to_digit(16).is_some_and(|digit| digit % 2 == 1));
    valid.then_some(TraceParent { trace_id, parent_id, is_sampled })
}

fn is_hex(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// All zeros are no id.
fn is_id(text: &str, length: usize) -> bool {
    is_hex(text, length) && text.bytes().any(|byte| byte != b'0')
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::HeaderValue;

    fn with(name: &'static str, value: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        headers
    }

    #[test]
    fn a_request_id_is_taken_over_if_it_is_short_visible_ascii() {
        assert_eq!(given_request_id(&with("x-request-id", "abc-1")), Some("abc-1"));
        assert!(given_request_id(&with("x-request-id", &"x".repeat(128))).is_some());
        for id in ["", "a b", &"x".repeat(129)] {
            assert_eq!(given_request_id(&with("x-request-id", id)), None, "{id}");
        }
    }

    #[test]
    fn a_trace_parent_is_read_and_a_malformed_one_is_not() {
        let trace_id = "4bf92f3577b34da6a3ce929d0e0e4736";
        let parent_id = "00f067aa0ba902b7";
        let good = with("traceparent", &format!("00-{trace_id}-{parent_id}-01"));
        assert_eq!(trace_parent(&good), Some(TraceParent { trace_id, parent_id, is_sampled: true }));
        let later = with("traceparent", &format!("01-{trace_id}-{parent_id}-02-more"));
        assert_eq!(trace_parent(&later), Some(TraceParent { trace_id, parent_id, is_sampled: false }));
        for text in [
            "",
            "00",
            &format!("ff-{trace_id}-{parent_id}-01"),
            &format!("00-{trace_id}-{parent_id}-01-more"),
            &format!("00-{}-{parent_id}-01", "0".repeat(32)),
            &format!("00-{trace_id}-{}-01", "0".repeat(16)),
            &format!("00-{}-{parent_id}-01", trace_id.to_uppercase()),
        ] {
            assert_eq!(trace_parent(&with("traceparent", text)), None, "{text}");
        }
    }
}
