//! The API: the schema, and one operation at a time on somebody's behalf.

use super::engine::{Engine, Mutations, Request};
use super::query::Query;
use super::{errors, limits, mutations};
use crate::app::{App, Viewer};
use crate::domain::api_key::Scope;
use crate::domain::tenant::Tenant;
use crate::domain::{Id, Instant};
use crate::repository::Db;
use async_graphql::{CustomDirective, Directive, Response};
use std::sync::Arc;

/// The schema and what runs it. Shared by all requests.
pub struct Api {
    app: Arc<App>,
    engine: Engine<OnBehalf>,
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

impl Api {
    pub fn new(app: Arc<App>) -> Self {
        Api { app, engine: engine() }
    }

    /// Runs one operation.
    pub async fn execute(&self, request: async_graphql::Request, caller: Caller) -> Response {
        let on_behalf = OnBehalf {
            app: self.app.clone(),
            query: Query { viewer: caller.viewer },
            request_id: caller.request_id,
            idempotency_key: caller.idempotency_key,
        };
        let request_id = on_behalf.request_id.clone();
        let mut response = self.engine.execute(request, limits::check, on_behalf).await;
        errors::finish(&mut response, &request_id);
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

impl Request for OnBehalf {
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
        self.query.viewer.scope
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
