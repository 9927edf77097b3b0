//! The API: the schema, and one operation at a time on somebody's behalf.

use super::documents::Documents;
use super::engine::{self, Engine, Mutations, Source, Subscriptions};
use super::introspection::{self, Introspection};
use super::query::Query;
use super::watched::Watched;
use super::{errors, limits, live, mutations};
use crate::app::feed::{Feed, Pace};
use crate::app::{App, Viewer};
use crate::domain::api_key::Scope;
use crate::domain::tenant::{Tenant, TenantMode};
use crate::domain::{Id, Instant};
use crate::repository::{Conn, Db, Read};
use async_graphql::parser::types::{ExecutableDocument, OperationType};
use async_graphql::{CustomDirective, Directive, Request, Response};
use futures_util::stream::{BoxStream, StreamExt};
use std::sync::Arc;
use std::time::Duration;

/// The schema and what runs it. Shared by all requests.
pub struct Api {
    app: Arc<App>,
    engine: Engine<OnBehalf>,
    documents: Documents,
    slow: Duration,
    introspection: Introspection,
    feed: Arc<Feed>,
}

/// The answers of a subscription, as they come. One without data and with errors that have no place in it is the last.
pub type Answers = BoxStream<'static, Response>;

/// A request whose document is known, and that its key may send. Only [`Api::ask`] makes one, and nothing else is run.
pub struct Asked {
    request: Request,
    caller: Caller,
}

impl Asked {
    /// Whether the operation that would run is a mutation. What cannot be parsed runs nothing: execution says why.
    pub fn is_mutation(&mut self) -> bool {
        self.is_of(OperationType::Mutation)
    }

    /// Whether it is a subscription, which [`Api::listen`] opens.
    pub fn is_subscription(&mut self) -> bool {
        self.is_of(OperationType::Subscription)
    }

    fn is_of(&mut self, ty: OperationType) -> bool {
        let name = self.request.operation_name.clone();
        let Ok(document) = self.request.parsed_query() else { return false };
        engine::operation(document, name.as_deref()).is_some_and(|operation| operation.ty == ty)
    }
}

/// Who asks, and what came with the request beside the document.
pub struct Caller {
    pub viewer: Viewer,
    pub request_id: String,
    /// The header `Idempotency-Key`.
    pub idempotency_key: Option<String>,
}

/// What one query may cost: the number of values in the longest answer that it allows, roughly.
const MOST_COST: usize = 200_000;

/// What is slow, unless something else is said.
const SLOW: Duration = Duration::from_secs(1);

impl Api {
    pub fn new(app: Arc<App>) -> Self {
        let (documents, introspection) = (Documents::default(), Introspection::default());
        let feed = Arc::new(Feed::new(app.db.clone(), Pace::of(&app.db)));
        Api { app, engine: engine(), documents, slow: SLOW, introspection, feed }
    }

    /// The same, which logs operations that take this long.
    pub fn slow_after(self, slow: Duration) -> Self {
        Api { slow, ..self }
    }

    /// The same, whose schema others may ask for.
    pub fn introspected_by(self, introspection: Introspection) -> Self {
        Api { introspection, ..self }
    }

    /// The same, which looks for what happens more or less often.
    pub fn at_pace(self, pace: Pace) -> Self {
        Api { feed: Arc::new(Feed::new(self.app.db.clone(), pace)), ..self }
    }

    /// Ends all subscriptions, as the program is about to end.
    pub fn end(&self) {
        self.feed.end();
    }

    /// Whether there is anything to be had without a key.
    pub fn is_open(&self) -> bool {
        self.introspection == Introspection::Anybody
    }

    /// Answers somebody without a key, who asks for the schema and nothing else; none where that is not so.
    pub async fn introspect(&self, mut request: Request, request_id: String) -> Option<Response> {
        if !self.is_open() || !request.parsed_query().is_ok_and(introspection::alone) {
            return None;
        }
        let caller = Caller { viewer: Viewer::nobody(), request_id, idempotency_key: None };
        Some(self.run(Asked { request, caller }).await)
    }

    /// Finds the document that a request means, which it may name instead of bringing it; or answers why it is not run.
    /// It may wait for the database.
    pub fn ask(&self, mut request: Request, caller: Caller) -> Result<Asked, Box<Response>> {
        let found = self.documents.find(&self.app, &caller.viewer, &mut request);
        let hidden = || introspection::refused(&request.query).filter(|_| self.introspection == Introspection::Off);
        match found.and_then(|()| hidden().map_or(Ok(()), Err)) {
            Ok(()) => Ok(Asked { request, caller }),
            Err(error) => {
                let mut response = Response::from_errors(vec![error]);
                errors::finish(&mut response, &caller.request_id);
                Watched::begin(self.app.metrics(), self.slow, &request, &caller.viewer).end(&response);
                Err(Box::new(response))
            }
        }
    }

    /// Finds the document of a request and runs it.
    pub async fn execute(&self, request: Request, caller: Caller) -> Response {
        match self.ask(request, caller) {
            Ok(asked) => self.run(asked).await,
            Err(refused) => *refused,
        }
    }

    /// Runs one operation.
    pub async fn run(&self, Asked { request, caller }: Asked) -> Response {
        let mut watched = Watched::begin(self.app.metrics(), self.slow, &request, &caller.viewer);
        let on_behalf = self.on_behalf(caller);
        let request_id = on_behalf.request_id.clone();
        let check = |document: &ExecutableDocument| {
            watched.saw(document);
            limits::check(document)
        };
        let mut response = self.engine.execute(request, check, on_behalf).await;
        errors::finish(&mut response, &request_id);
        watched.end(&response);
        response
    }

    /// Opens a subscription, or answers why not.
    pub async fn listen(&self, Asked { request, caller }: Asked) -> Result<Answers, Box<Response>> {
        let on_behalf = self.on_behalf(caller);
        let request_id = on_behalf.request_id.clone();
        let finished = move |mut response: Response| {
            errors::finish(&mut response, &request_id);
            response
        };
        match self.engine.listen(request, limits::check, on_behalf).await {
            Ok(answers) => Ok(answers.map(finished).boxed()),
            Err(refused) => Err(Box::new(finished(refused))),
        }
    }

    fn on_behalf(&self, caller: Caller) -> OnBehalf {
        OnBehalf {
            app: self.app.clone(),
            feed: self.feed.clone(),
            query: Query { viewer: caller.viewer },
            request_id: caller.request_id,
            idempotency_key: caller.idempotency_key,
        }
    }
}

/// The schema in the schema definition language.
pub fn schema_sdl() -> String {
    engine().sdl()
}

fn engine() -> Engine<OnBehalf> {
    Engine::new(|builder| {
        builder
            .directive(idempotent)
            .limit_complexity(MOST_COST)
            .disable_suggestions()
            .with_sorted_fields()
            .with_sorted_enums()
    })
}

/// One request, with all that it needs.
pub struct OnBehalf {
    pub app: Arc<App>,
    pub feed: Arc<Feed>,
    pub query: Query,
    pub request_id: String,
    pub idempotency_key: Option<String>,
}

impl engine::Request for OnBehalf {
    type Query = Query;
    fn query(&self) -> &Query {
        &self.query
    }
    fn db(&self) -> &Db {
        &self.app.db
    }
    fn tenant(&self) -> Id<Tenant> {
        self.query.viewer.tenant_id
    }
    fn now(&self) -> Instant {
        self.app.now(&self.query.viewer)
    }
    fn now_of(&self, conn: &mut Conn) -> Read<Instant> {
        match self.query.viewer.mode {
            TenantMode::Live => Ok(self.now()),
            TenantMode::Test => Ok(self.app.time_of(conn, self.tenant())?.now),
        }
    }
    fn scope(&self) -> Scope {
        self.query.viewer.scope()
    }
}

impl Mutations for OnBehalf {
    fn all() -> &'static [mutations::Mutation] {
        mutations::all()
    }
}

impl Subscriptions for OnBehalf {
    fn sources() -> &'static [Source<OnBehalf>] {
        live::all()
    }
}

/// Gives a mutation its effect once, however often the document is sent: a repetition with the same key and the same
/// arguments gets the stored answer. Keys are kept for seven days at least. On fields of queries it says nothing.
#[Directive(location = "Field")]
pub fn idempotent(#[graphql(desc = "1 to 255 bytes, best a random UUID.")] key: String) -> impl CustomDirective {
    let _ = key; // read where the mutation is run
    Idempotent
}

struct Idempotent;
impl CustomDirective for Idempotent {}
