//! WebSockets by the protocol `graphql-transport-ws`: any number of operations on one connection.

mod messages;
mod socket;

use super::cors::Origins;
use super::live::Credentials;
use super::rejection::Rejection;
use super::trace::RequestId;
use super::{Context, credentials};
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap};
use actix_web::web::{self, Payload};
use actix_web::{HttpRequest, HttpResponse};
use socket::Socket;
use tracing::Instrument;

/// The name of the protocol.
const PROTOCOL: &str = "graphql-transport-ws";

/// Whether a request asks for a WebSocket.
pub fn is_upgrade(headers: &HeaderMap) -> bool {
    let upgrade = headers.get(header::UPGRADE).and_then(|value| value.to_str().ok());
    upgrade.is_some_and(|upgrade| upgrade.eq_ignore_ascii_case("websocket"))
}

/// Answers the handshake, and begins to serve the socket.
pub fn accept(
    http: &HttpRequest,
    payload: Payload,
    context: web::Data<Context>,
    request_id: &RequestId,
) -> Result<HttpResponse, Rejection> {
    check_origin(http, &context.origins)?;
    let tenant = credentials::tenant(http.headers())?;
    // Browsers cannot send this header: their key comes with the first message. A wrong one is refused then, too.
    let api_key = credentials::api_key(http.headers()).ok().map(str::to_owned);
    let place = context.live.enter()?;
    let (response, session, messages) = actix_ws::handle_with_protocols(http, payload, &[PROTOCOL])
        .map_err(|_| Rejection::bad_request("The handshake of the WebSocket is not complete."))?;
    let spoken = response.headers().contains_key(header::SEC_WEBSOCKET_PROTOCOL);
    let credentials = api_key.map(|api_key| Credentials { api_key, tenant });
    let socket = Socket::new(context, session, place, credentials, tenant, request_id.0.to_string());
    let span = tracing::info_span!("socket", request_id = &*request_id.0);
    actix_web::rt::spawn(socket.serve(messages, spoken).instrument(span));
    Ok(response)
}

/// A page of another site may open a socket without being asked for leave: only those that are listed may.
fn check_origin(http: &HttpRequest, origins: &Origins) -> Result<(), Rejection> {
    let headers = http.headers();
    let Some(origin) = headers.get(header::ORIGIN) else { return Ok(()) };
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    if origin.to_str().is_ok_and(|origin| origins.are_own(origin, host) || origins.hold(origin)) {
        return Ok(());
    }
    let message = "Pages of this origin may not open a socket here. The operator can list it: see --cors-origin.";
    Err(Rejection::new(StatusCode::FORBIDDEN, "FORBIDDEN", message))
}
