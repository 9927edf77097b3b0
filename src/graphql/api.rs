//! The API: the schema, and one operation at a time on somebody's behalf.

use super::documents::Documents;
use super::engine::{self, Engine, Mutations};
use super::introspection::{self, Introspection};
use super::query::Query;
use super::watched::Watched;
use super::{errors, limits, mutations};
use crate::app::{App, Viewer};
use crate::domain::api_key::Scope;
use crate::domain::tenant::Tenant;
use crate::domain::{Id, Instant};
use crate::repository::Db;
use async_graphql::parser::types::{DocumentOperations, ExecutableDocument, OperationType};
use async_graphql::{CustomDirective, Directive, Request, Response};
use std::sync::Arc;
use std::time::Duration;

/// The schema and what runs it. Shared by all requests.
pub struct Api {
    app: Arc<App>,
    engine: Engine<OnBehalf>,
    documents: Documents,
    slow: Duration,
    introspection: Introspection,
}

/// A request whose document is known, and that its key may send. Only [`Api::ask`] makes one, and nothing else is run.
pub struct Asked {
    request: Request,
    caller: Caller,
}

impl Asked {
    /// Whether the operation that would run is a mutation. What cannot be parsed runs nothing: execution says why.
    pub fn is_mutation(&mut self) -> bool {
        let name = self.request.operation_name.clone();
        let Ok(document) = self.request.parsed_query() else { return false };
        let operation = match &document.operations {
            DocumentOperations::Single(operation) => Some(operation),
            DocumentOperations::Multiple(operations) => match name {
                Some(name) => operations.get(name.as_str()),
                None => operations.values().next().filter(|_| operations.len() == 1),
            },
        };
        operation.is_some_and(|operation| operation.node.ty == OperationType::Mutation)
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
        Api { app, engine: engine(), documents, slow: SLOW, introspection }
    }

    /// The same, which logs operations that take this long.
    pub fn slow_after(self, slow: Duration) -> Self {
        Api { slow, ..self }
    }

    /// The same, whose schema others may ask for.
    pub fn introspected_by(self, introspection: Introspection) -> Self {
        Api { introspection, ..self }
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
        let on_behalf = OnBehalf {
            app: self.app.clone(),
            query: Query { viewer: caller.viewer },
            request_id: caller.request_id,
            idempotency_key: caller.idempotency_key,
        };
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
    fn scope(&self) -> Scope {
        self.query.viewer.scope()
    }
}

impl Mutations for OnBehalf {
    fn all() -> &'static [mutations::Mutation] {
        mutations::all()
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
