//! One socket, from its first message to its end.

use super::super::Context;
use super::super::credentials;
use super::super::live::{Credentials, Part, run};
use super::super::places::Place;
use super::super::rejection::Rejection;
use super::super::sse::every;
use super::super::trace::operation_span;
use super::messages::{Close, Message, Sent, next, plain, read};
use crate::domain::Id;
use crate::domain::tenant::Tenant;
use actix_web::web;
use actix_ws::{AggregatedMessage, CloseCode, CloseReason, MessageStream, ProtocolError, Session};
use async_graphql::{Request, ServerError, Value};
use futures_util::stream::{self, AbortHandle, BoxStream, SelectAll, StreamExt, abortable};
use std::collections::HashMap;
use tokio::time::error::Elapsed;
use tokio::time::{Instant, timeout};
use tracing::Instrument;

/// A socket that is served.
pub struct Socket {
    context: web::Data<Context>,
    session: Session,
    /// Who asks: what the header says, until the first message says something else.
    credentials: Option<Credentials>,
    tenant: Option<Id<Tenant>>,
    request_id: String,
    stage: Stage,
    /// What runs, by the ids that the client gave.
    operations: HashMap<String, Running>,
    /// How many operations were begun.
    begun: u64,
    heard: Instant,
    _place: Place,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Nothing was said yet.
    New,
    /// The first message came.
    Initialised,
    /// It was let in.
    Acknowledged,
}

/// An operation that runs: its number, as its id may be used again, and how it is stopped.
struct Running {
    number: u64,
    stop: AbortHandle,
}

/// What comes of an operation, by its id and its number. None is its end.
type Heard = (String, u64, Result<Option<Part>, Rejection>);

/// How a socket ends.
enum End {
    /// The server closes it, and says why.
    Close(Close),
    /// The client closed it.
    Closed(Option<CloseReason>),
    /// It is gone.
    Gone,
}

impl From<Close> for End {
    fn from(close: Close) -> Self {
        End::Close(close)
    }
}

impl Socket {
    pub fn new(
        context: web::Data<Context>,
        session: Session,
        place: Place,
        credentials: Option<Credentials>,
        tenant: Option<Id<Tenant>>,
        request_id: String,
    ) -> Self {
        let (stage, operations, begun, heard) = (Stage::New, HashMap::new(), 0, Instant::now());
        Socket { context, session, credentials, tenant, request_id, stage, operations, begun, heard, _place: place }
    }

    /// Serves the socket until it ends. `spoken` says whether the client speaks the protocol.
    pub async fn serve(mut self, messages: MessageStream, spoken: bool) {
        let end = match spoken {
            true => self.run(messages).await,
            false => End::Close(Close::new(4406, "Subprotocol not acceptable")),
        };
        let patience = self.context.live.settings.send;
        let reason = match end {
            End::Close(Close { code, reason }) => {
                tracing::info!(code, reason, "a socket is closed");
                let code = match code {
                    1001 => CloseCode::Away,
                    1002 => CloseCode::Protocol,
                    1008 => CloseCode::Policy,
                    1009 => CloseCode::Size,
                    other => CloseCode::Other(other),
                };
                Some(CloseReason { code, description: Some(reason) })
            }
            End::Closed(reason) => reason,
            End::Gone => return tracing::debug!("a socket is gone"),
        };
        // Whoever takes nothing any more does not hear why either.
        drop(timeout(patience, self.session.close(reason)).await);
    }

    async fn run(&mut self, messages: MessageStream) -> End {
        let (settings, longest) = (self.context.live.settings, self.context.limits.body);
        let messages = messages.max_frame_size(longest).aggregate_continuations().max_continuation_size(longest);
        let mut messages = std::pin::pin!(messages);
        let mut operations: SelectAll<BoxStream<'static, Heard>> = SelectAll::new();
        let (mut init, mut ping, mut recheck) = (every(settings.init), every(settings.ping), every(settings.recheck));
        let context = self.context.clone();
        let mut ended = std::pin::pin!(context.live.ended());
        loop {
            let step = tokio::select! {
                message = messages.next() => match message {
                    Some(Ok(message)) => {
                        self.heard = Instant::now();
                        self.take(message, &mut operations).await
                    }
                    Some(Err(error)) => Err(broken(&error)),
                    None => Err(End::Gone),
                },
                Some(heard) = operations.next(), if !operations.is_empty() => self.tell(heard).await,
                _ = init.tick(), if self.stage == Stage::New => {
                    Err(Close::new(4408, "Connection initialisation timeout").into())
                }
                _ = ping.tick() => match self.heard.elapsed() > settings.silence {
                    true => Err(End::Gone),
                    false => sent(timeout(settings.send, self.session.ping(b"")).await),
                },
                _ = recheck.tick(), if self.stage == Stage::Acknowledged => self.recheck().await,
                () = &mut ended => Err(Close::new(1001, "The server is about to stop").into()),
            };
            if let Err(end) = step {
                return end;
            }
        }
    }

    /// Takes what the client has sent.
    async fn take(
        &mut self,
        message: AggregatedMessage,
        operations: &mut SelectAll<BoxStream<'static, Heard>>,
    ) -> Result<(), End> {
        let text = match message {
            AggregatedMessage::Text(text) => text,
            AggregatedMessage::Binary(_) => return Err(Close::new(4400, "Messages are texts.").into()),
            AggregatedMessage::Ping(payload) => {
                let patience = self.context.live.settings.send;
                return sent(timeout(patience, self.session.pong(&payload)).await);
            }
            AggregatedMessage::Pong(_) => return Ok(()),
            AggregatedMessage::Close(reason) => return Err(End::Closed(reason)),
        };
        match read(text.as_bytes(), &self.context.limits)? {
            Message::Init { authorization } => self.begin(authorization).await,
            Message::Ping { payload } => {
                let pong = payload.map_or_else(
                    || plain("pong", None),
                    |payload| Sent { id: None, kind: "pong", payload: Some(payload) }.text(),
                );
                self.send(pong).await
            }
            Message::Pong => Ok(()),
            Message::Subscribe { id, request } => self.subscribe(id, *request, operations).await,
            Message::Complete { id } => {
                if let Some(running) = self.operations.remove(&id) {
                    running.stop.abort();
                }
                Ok(())
            }
        }
    }

    /// Lets the client in, if it has a key.
    async fn begin(&mut self, authorization: Option<String>) -> Result<(), End> {
        if self.stage != Stage::New {
            return Err(Close::new(4429, "Too many initialisation requests").into());
        }
        self.stage = Stage::Initialised;
        if let Some(authorization) = authorization {
            let api_key = credentials::bearer(&authorization).ok_or_else(Close::forbidden)?.to_owned();
            self.credentials = Some(Credentials { api_key, tenant: self.tenant });
        }
        self.check().await?;
        self.stage = Stage::Acknowledged;
        self.send(plain("connection_ack", None)).await
    }

    /// Whether the key is valid.
    async fn check(&self) -> Result<(), End> {
        let credentials = self.credentials.as_ref().ok_or_else(Close::forbidden)?;
        match credentials.check(self.context.app.clone()).await {
            Ok(()) => Ok(()),
            Err(rejection) if rejection.status.is_client_error() => Err(Close::forbidden().into()),
            Err(_) => Err(Close::new(1013, "Try again in a few seconds").into()),
        }
    }

    async fn recheck(&self) -> Result<(), End> {
        match self.check().await {
            // That it cannot be looked up says nothing against a key.
            Err(End::Close(close)) if close.code == 1013 => Ok(()),
            checked => checked,
        }
    }

    /// Begins an operation.
    async fn subscribe(
        &mut self,
        id: String,
        request: Result<Request, Rejection>,
        operations: &mut SelectAll<BoxStream<'static, Heard>>,
    ) -> Result<(), End> {
        let Some(credentials) = self.credentials.clone().filter(|_| self.stage == Stage::Acknowledged) else {
            return Err(Close::unauthorized().into());
        };
        if self.operations.contains_key(&id) {
            let id: String = id.chars().take(40).collect();
            return Err(Close::new(4409, format!("Subscriber for {id} already exists")).into());
        }
        let most = self.context.live.settings.operations;
        let request = match request {
            Ok(_) if self.operations.len() >= most => {
                let message =
                    format!("At most {most} operations run at once on one socket: complete some, or open another.");
                return self.refuse(&id, "TOO_MANY_OPERATIONS", &message).await;
            }
            Ok(request) => request,
            Err(rejection) => return self.refuse(&id, rejection.code, &rejection.message).await,
        };
        let (context, request_id) = (self.context.clone(), self.request_id.clone());
        let begun = noted(async move { run(&context, credentials, request, request_id, None).await });
        let parts = stream::once(begun).flat_map(|begun| match begun {
            Ok(parts) => parts.map(Some).map(Ok).left_stream(),
            Err(rejection) => stream::once(std::future::ready(Err(rejection))).right_stream(),
        });
        let (parts, stop) = abortable(parts);
        let ended = stream::once(std::future::ready(Ok(None)));
        self.begun += 1;
        let (named, number) = (id.clone(), self.begun);
        operations.push(parts.chain(ended).map(move |part| (named.clone(), number, part)).boxed());
        self.operations.insert(id, Running { number, stop });
        Ok(())
    }

    /// Sends what came of an operation, unless the client has heard enough.
    async fn tell(&mut self, (id, number, heard): Heard) -> Result<(), End> {
        if self.operations.get(&id).is_none_or(|running| running.number != number) {
            return Ok(());
        }
        match heard {
            Ok(Some(Part::Next(answer))) => self.send(next(&id, &answer)).await,
            Ok(Some(Part::Failed(response))) => {
                self.operations.remove(&id);
                self.send(Sent { id: Some(&id), kind: "error", payload: Some(&response.errors) }.text()).await
            }
            Ok(None) => {
                self.operations.remove(&id);
                self.send(plain("complete", Some(&id))).await
            }
            Err(rejection) if matches!(rejection.status.as_u16(), 401 | 403) => Err(Close::forbidden().into()),
            Err(rejection) => {
                self.operations.remove(&id);
                self.refuse(&id, rejection.code, &rejection.message).await
            }
        }
    }

    async fn refuse(&mut self, id: &str, code: &str, message: &str) -> Result<(), End> {
        let mut error = ServerError::new(message, None);
        error.extensions.get_or_insert_default().set("code", Value::from(code));
        self.send(Sent { id: Some(id), kind: "error", payload: Some([error]) }.text()).await
    }

    async fn send(&mut self, text: String) -> Result<(), End> {
        sent(timeout(self.context.live.settings.send, self.session.text(text)).await)
    }
}

/// Whoever takes nothing for too long is cut off: nothing is kept for it without end.
fn sent(sent: Result<Result<(), actix_ws::Closed>, Elapsed>) -> Result<(), End> {
    match sent {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) => Err(End::Gone),
        Err(_) => {
            tracing::warn!("a client takes nothing of what it is sent, and is cut off");
            Err(Close::new(1008, "Nothing was taken for too long: go on after the last position").into())
        }
    }
}

/// What the socket is closed with where the client does not keep to the protocol below.
fn broken(error: &ProtocolError) -> End {
    match error {
        ProtocolError::Overflow => Close::new(1009, "The message is too long").into(),
        ProtocolError::Io(_) => End::Gone,
        _ => Close::new(1002, "The frame cannot be read").into(),
    }
}

/// Runs an operation in a span of its own, and notes it in the log as other requests are noted.
async fn noted<T>(operation: impl Future<Output = T>) -> T {
    let began = Instant::now();
    let span = operation_span!("operation");
    let answer = operation.instrument(span.clone()).await;
    span.record("duration_us", u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX));
    span.in_scope(|| tracing::info!("answered on a socket"));
    answer
}
