//! The headers with which a client says who it is and which attempt this is.

use super::rejection::Rejection;
use crate::domain::Id;
use crate::domain::tenant::Tenant;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap};

/// The longest idempotency key.
const IDEMPOTENCY_KEY: usize = 255;
/// Longer than any key that was ever handed out: what exceeds it need not be looked up.
const API_KEY: usize = 255;

/// The API key of `Authorization: Bearer <key>`.
pub fn api_key(headers: &HeaderMap) -> Result<&str, Rejection> {
    let value = single(headers, header::AUTHORIZATION.as_str()).map_err(|_| Rejection::unauthenticated())?;
    value.and_then(bearer).ok_or_else(Rejection::unauthenticated)
}

/// The API key of `Bearer <key>`.
pub fn bearer(value: &str) -> Option<&str> {
    let (scheme, key) = value.split_once(' ')?;
    let key = key.trim_matches(' ');
    (scheme.eq_ignore_ascii_case("bearer") && is_token(key, API_KEY)).then_some(key)
}

/// The tenant that `X-Tenant-Id` names, which some clients send: it is held against that of the key.
pub fn tenant(headers: &HeaderMap) -> Result<Option<Id<Tenant>>, Rejection> {
    match single(headers, "x-tenant-id") {
        Ok(None) => Ok(None),
        Ok(Some(text)) => text.parse().map(Some).map_err(|_| Rejection::other_tenant()),
        Err(NotOneText) => Err(Rejection::other_tenant()),
    }
}

/// The `Idempotency-Key`, if there is one.
pub fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Rejection> {
    match single(headers, "idempotency-key") {
        Ok(None) => Ok(None),
        Ok(Some(key)) if is_token(key, IDEMPOTENCY_KEY) => Ok(Some(key.to_owned())),
        Ok(Some(_)) | Err(NotOneText) => {
            let message = format!(
                "The header `Idempotency-Key` must be given once, with 1 to {IDEMPOTENCY_KEY} visible ASCII characters."
            );
            Err(Rejection::new(StatusCode::BAD_REQUEST, "BAD_USER_INPUT", message))
        }
    }
}

/// Whether a text is visible ASCII throughout, not empty and not longer than `longest`.
pub fn is_token(text: &str, longest: usize) -> bool {
    !text.is_empty() && text.len() <= longest && text.bytes().all(|byte| byte.is_ascii_graphic())
}

struct NotOneText;

/// A header that may be given once. Two of a kind are refused, because two readers could take different ones.
fn single<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, NotOneText> {
    let mut all = headers.get_all(name);
    match (all.next(), all.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => value.to_str().map(Some).map_err(|_| NotOneText),
        (Some(_), Some(_)) => Err(NotOneText),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::{HeaderName, HeaderValue};
    use uuid::Uuid;

    fn with(name: &'static str, values: &[&'static str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn a_bearer_token_is_taken_and_all_else_is_refused_alike() {
        for value in ["Bearer abc", "bearer abc", "BEARER   abc"] {
            assert_eq!(api_key(&with("authorization", &[value])).unwrap(), "abc");
        }
        let refused: Vec<_> = [&[][..], &["Bearer"], &["Bearer "], &["Basic abc"], &["abc"], &["Bearer a b"]]
            .into_iter()
            .chain([&["Bearer a", "Bearer b"][..]])
            .map(|values| api_key(&with("authorization", values)).unwrap_err())
            .collect();
        assert!(refused.iter().all(|one| one.status == 401 && one.message == refused[0].message));
    }

    #[test]
    fn a_tenant_is_named_by_its_id_or_not_at_all() {
        let named = Some(Id::new(Uuid::from_u128(1)));
        assert_eq!(tenant(&HeaderMap::new()).unwrap(), None);
        assert_eq!(tenant(&with("x-tenant-id", &["ten_00000000000000000000000001"])).unwrap(), named);
        assert_eq!(tenant(&with("x-tenant-id", &["00000000-0000-0000-0000-000000000001"])).unwrap(), named);
        for values in [&[""][..], &["1"], &["key_00000000000000000000000001"], &["a", "a"]] {
            assert_eq!(tenant(&with("x-tenant-id", values)).unwrap_err().status, 403);
        }
    }

    #[test]
    fn an_idempotency_key_is_visible_ascii() {
        assert_eq!(idempotency_key(&HeaderMap::new()).unwrap(), None);
        assert_eq!(idempotency_key(&with("idempotency-key", &["a-1"])).unwrap().as_deref(), Some("a-1"));
        for values in [&[""][..], &["a b"], &["a", "a"]] {
            let refusal = idempotency_key(&with("idempotency-key", values)).unwrap_err();
            assert_eq!((refusal.status.as_u16(), refusal.code), (400, "BAD_USER_INPUT"));
        }
        assert!(is_token(&"x".repeat(255), IDEMPOTENCY_KEY));
        assert!(!is_token(&"x".repeat(256), IDEMPOTENCY_KEY));
    }
}
