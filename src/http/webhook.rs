//! `/webhooks/stripe`: what Stripe tells by itself. Its signature takes the place of an API key.

use super::negotiation::MediaType;
use super::rejection::Rejection;
use super::trace::RequestId;
use super::{Context, body};
use crate::app::payment::{NotReceived, Received, receive_notice};
use crate::app::payment_gateway::Unread;
use actix_web::http::{Method, StatusCode};
use actix_web::web::{self, Payload};
use actix_web::{HttpRequest, HttpResponse};
use tracing::Span;

/// Stripe sends again what is not answered with 200, for three days.
pub async fn stripe(request: HttpRequest, payload: Payload, context: web::Data<Context>) -> HttpResponse {
    match receive(&request, payload, &context).await {
        Ok(received) => {
            let received = match received {
                Received::Applied => "applied",
                Received::Replayed => "replayed",
                Received::Ignored => "ignored",
            };
            HttpResponse::Ok().json(serde_json::json!({"received": received}))
        }
        Err(rejection) => {
            Span::current().record("refused", rejection.code);
            rejection.respond(MediaType::Json, &RequestId::of(&request).0)
        }
    }
}

async fn receive(request: &HttpRequest, payload: Payload, context: &Context) -> Result<Received, Rejection> {
    if *request.method() != Method::POST {
        return Err(Rejection::method("POST", "Use POST."));
    }
    let signature = request.headers().get("stripe-signature").and_then(|value| value.to_str().ok());
    let signature = signature.unwrap_or_default().to_owned();
    let body = body::read(payload, context.limits).await?;
    let place = context.wait()?;
    let (app, span) = (context.app.clone(), Span::current());
    let work = tokio::task::spawn_blocking(move || {
        let (_entered, _place) = (span.enter(), place);
        receive_notice(&app, &body, &signature)
    });
    match work.await {
        Ok(received) => received.map_err(|cause| refused(&cause)),
        Err(broken) => match broken.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Err(Rejection::unavailable()),
        },
    }
}

fn refused(cause: &NotReceived) -> Rejection {
    match cause {
        NotReceived::Unread(Unread::NoneExpected) => Rejection::of_status(StatusCode::NOT_FOUND),
        NotReceived::Unread(unread @ Unread::Unsigned(_)) => {
            tracing::warn!(%unread, "a notice was refused");
            let message = "The header `Stripe-Signature` does not prove that Stripe has sent this, and lately.";
            Rejection::new(StatusCode::BAD_REQUEST, "INVALID_SIGNATURE", message)
        }
        NotReceived::Unread(unread @ Unread::Malformed(_)) => {
            tracing::error!(%unread, "a notice was refused");
            Rejection::bad_request("The body is no event that this server understands.")
        }
        NotReceived::Unread(Unread::Unavailable(_)) | NotReceived::Fault(_) => {
            tracing::error!(%cause, "a notice could not be taken down: it will be sent again");
            Rejection::unavailable()
        }
    }
}
