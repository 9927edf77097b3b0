//! Server-sent events: one operation a request, by the protocol of `graphql-sse` ("distinct connections mode").

use super::graphql::json;
use super::live::{Credentials, Part, run};
use super::places::Place;
use super::rejection::Rejection;
use super::trace::RequestId;
use super::{Context, credentials, request};
use crate::graphql::to_json;
use actix_web::http::header;
use actix_web::web::{self, Bytes, Payload};
use actix_web::{HttpRequest, HttpResponse};
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream, Stream};
use std::convert::Infallible;
use std::time::Duration;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

/// The media type of the answer.
pub const MEDIA_TYPE: &str = "text/event-stream";

/// Answers a POST whose client wants events.
pub async fn answer(
    http: &HttpRequest,
    payload: Payload,
    context: web::Data<Context>,
    request_id: &RequestId,
) -> Result<HttpResponse, Rejection> {
    let api_key = credentials::api_key(http.headers())?.to_owned();
    let tenant = credentials::tenant(http.headers())?;
    let idempotency_key = credentials::idempotency_key(http.headers())?;
    let request = request::from_body(&json(http.headers(), payload, &context).await?, &context.limits)?;
    let place = context.live.enter()?;
    let credentials = Credentials { api_key, tenant };
    let id = request_id.0.to_string();
    let parts = run(&context, credentials.clone(), request, id, idempotency_key).await?;
    let settings = context.live.settings;
    let events = Events {
        parts,
        alive: every(settings.ping),
        recheck: every(settings.recheck),
        context,
        credentials,
        _place: place,
    };
    let mut response = HttpResponse::Ok();
    response.content_type(MEDIA_TYPE);
    // Proxies that would keep events back are asked not to.
    response.insert_header(("x-accel-buffering", "no"));
    response.insert_header((header::CACHE_CONTROL, "no-store"));
    Ok(response.streaming(events.into_stream()))
}

/// Ticks from one interval on.
pub fn every(interval: Duration) -> Interval {
    let mut ticks = interval_at(Instant::now() + interval, interval);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

/// The events of one answer. The server asks for the next one when the last one is on its way.
struct Events {
    parts: BoxStream<'static, Part>,
    alive: Interval,
    recheck: Interval,
    context: web::Data<Context>,
    credentials: Credentials,
    _place: Place,
}

/// Clients wait for the second line, too.
const COMPLETE: &[u8] = b"event: complete\ndata:\n\n";
/// A comment, which clients pass over.
const ALIVE: &[u8] = b":\n\n";

impl Events {
    /// Begins with a comment, so that the client has its answer as soon as it is listened.
    fn into_stream(self) -> impl Stream<Item = Result<Bytes, Infallible>> {
        let begun = stream::once(std::future::ready(Ok(Bytes::from_static(ALIVE))));
        let events = stream::unfold(Some(self), |events| async {
            let mut events = events?;
            let (bytes, ended) = events.next().await;
            Some((Ok(bytes), (!ended).then_some(events)))
        });
        begun.chain(events)
    }

    /// What to send next, and whether it is the last.
    async fn next(&mut self) -> (Bytes, bool) {
        loop {
            tokio::select! {
                part = self.parts.next() => return match part {
                    Some(Part::Next(json)) => (event(&json), false),
                    Some(Part::Failed(response)) => (last(&to_json(&response)), true),
                    None => (Bytes::from_static(COMPLETE), true),
                },
                _ = self.alive.tick() => return (Bytes::from_static(ALIVE), false),
                _ = self.recheck.tick() => {
                    if let Err(rejection) = self.credentials.check(self.context.app.clone()).await
                        && rejection.status.is_client_error()
                    {
                        return (last(&rejection.json()), true);
                    }
                }
            }
        }
    }
}

fn event(json: &[u8]) -> Bytes {
    Bytes::from([b"event: next\ndata: ", json, b"\n\n"].concat())
}

fn last(json: &[u8]) -> Bytes {
    Bytes::from([&event(json)[..], COMPLETE].concat())
}
