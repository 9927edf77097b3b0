//! Reads the body of a request: whole, in time, and not too long.

use super::Limits;
use super::rejection::Rejection;
use actix_web::web::{Bytes, Payload};

pub async fn read(payload: Payload, limits: Limits) -> Result<Bytes, Rejection> {
    match tokio::time::timeout(limits.arrival, payload.to_bytes_limited(limits.body)).await {
        Ok(Ok(Ok(body))) => Ok(body),
        Ok(Ok(Err(_))) => Err(Rejection::bad_request("The body broke off. Send it again.")),
        Ok(Err(_)) => Err(Rejection::too_large("body", limits.body)),
        Err(_) => Err(Rejection::slow_body()),
    }
}
