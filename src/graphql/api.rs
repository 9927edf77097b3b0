//! The API: the schema, and one operation at a time on somebody's behalf.

use super::documents::Documents;
use super::engine::{self, Bounds, Engine, Mutations, Source, Subscriptions, coded, complete_variables, internal};
use super::introspection::{self, Introspection};
use super::limits::{Buckets, Checked, Checks, Estimate, MUTATION, Prices, QueryLimits};
use super::query::Query;
use super::watched::Watched;
use super::{errors, live, mutations};
use crate::app::feed::{Feed, Pace};
use crate::app::{App, Viewer};
use crate::domain::api_key::{ApiKey, Scope};
use crate::domain::tenant::{Tenant, TenantMode};
use crate::domain::{Id, Instant};
use crate::repository::api_key::Standing;
use crate::repository::{Conn, Db, Read};
use async_graphql::parser::types::OperationType;
use async_graphql::{CustomDirective, Directive, Request, Response, ServerError, Value};
use futures_util::stream::{BoxStream, StreamExt};
use serde_json::json;
use std::sync::Arc;
use std::time::{Duration, Instant as Moment};

/// The schema and what runs it. Shared by all requests.
pub struct Api {
    app: Arc<App>,
    engine: Engine<OnBehalf>,
    documents: Documents,
    slow: Duration,
    introspection: Introspection,
    feed: Arc<Feed>,
    checks: Checks,
    buckets: Buckets,
    limits: QueryLimits,
}

/// The answers of a subscription, as they come. One without data and with errors that have no place in it is the last.
pub type Answers = BoxStream<'static, Response>;

/// A request whose document is known and asks for no more than it may, and that its key may send. Only [`Api::ask`] makes
/// one, and nothing else is run.
pub struct Asked {
    request: Request,
    caller: Caller,
    checked: Arc<Checked>,
    estimate: Estimate,
}

impl Asked {
    /// What kind of operation would run; none where none would: execution says why.
    pub fn operation_type(&self) -> Option<OperationType> {
        self.checked.operation_type(self.request.operation_name.as_deref())
    }

    pub fn is_mutation(&self) -> bool {
        self.operation_type() == Some(OperationType::Mutation)
    }

    /// Whether it is a subscription, which [`Api::listen`] opens.
    pub fn is_subscription(&self) -> bool {
        self.operation_type() == Some(OperationType::Subscription)
    }
}

/// Who asks, and what came with the request beside the document.
pub struct Caller {
    pub viewer: Viewer,
    pub request_id: String,
    /// The header `Idempotency-Key`.
    pub idempotency_key: Option<String>,
}

/// What was answered.
pub struct Answer {
    pub response: Response,
    /// Where the key has used up what it may ask for: when to ask again.
    pub retry_after: Option<Duration>,
}

impl From<Response> for Answer {
    fn from(response: Response) -> Self {
        Answer { response, retry_after: None }
    }
}

/// With this among the `extensions` of a request, what it cost is told in the answer.
pub const TELL_COST: &str = "cost";

/// What is slow, unless something else is said.
const SLOW: Duration = Duration::from_secs(1);

impl Api {
    pub fn new(app: Arc<App>) -> Self {
        Api::within(app, QueryLimits::default())
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
    pub async fn introspect(&self, mut request: Request, request_id: String) -> Option<Answer> {
        if !self.is_open() {
            return None;
        }
        let checked = self.checks.check(&request.query).ok().filter(|known| introspection::alone(&known.document))?;
        let estimate = self.expected(&checked, &mut request).ok()?;
        let caller = Caller { viewer: Viewer::nobody(), request_id, idempotency_key: None };
        Some(self.run(Asked { request, caller, checked, estimate }).await)
    }

    /// With other limits.
    pub fn within(app: Arc<App>, limits: QueryLimits) -> Self {
        Api {
            feed: Arc::new(Feed::new(app.db.clone(), Pace::of(&app.db))),
            app,
            engine: engine(),
            documents: Documents::default(),
            checks: Checks::new(limits, prices()),
            buckets: Buckets::new(limits.bucket, limits.restore_rate),
            limits,
            slow: SLOW,
            introspection: Introspection::default(),
        }
    }

    /// Finds the document that a request means, which it may name instead of bringing it, and makes all checks that come
    /// before anything is read; or answers why it is not run. It may wait for the database. Fills in the defaults of
    /// variables.
    pub fn ask(&self, mut request: Request, caller: Caller) -> Result<Asked, Box<Response>> {
        let found = self.documents.find(&self.app, &caller.viewer, &mut request);
        let (checked, error) = match found.and_then(|()| self.checks.check(&request.query)) {
            Ok(checked) => match self.expected(&checked, &mut request) {
                Ok(estimate) => return Ok(Asked { request, caller, checked, estimate }),
                Err(error) => (Some(checked), error),
            },
            Err(error) => (None, error),
        };
        let mut watched = Watched::begin(self.app.metrics(), self.slow, &request, &caller.viewer);
        if let Some(checked) = &checked {
            watched.saw(&checked.document);
        }
        let mut response = Response::from_errors(vec![error]);
        errors::finish(&mut response, &caller.request_id);
        watched.end(&response);
        Err(Box::new(response))
    }

    /// What an operation is expected to cost; refuses what costs too much, or is not to be had here. Fills in the defaults
    /// of variables.
    fn expected(&self, checked: &Checked, request: &mut Request) -> Result<Estimate, ServerError> {
        if self.introspection == Introspection::Off
            && let Some(error) = introspection::refused(&checked.document)
        {
            return Err(error);
        }
        complete_variables(&checked.document, request)?;
        self.checks.cost(checked, request.operation_name.as_deref(), &request.variables)
    }

    /// Finds the document of a request and runs it.
    pub async fn execute(&self, request: Request, caller: Caller) -> Answer {
        match self.ask(request, caller) {
            Ok(asked) => self.run(asked).await,
            Err(refused) => (*refused).into(),
        }
    }

    /// Answers a query of somebody whose key is remembered and was not looked up: what is read sees at the same moment
    /// whether the key is what it was. None where that cannot be said without looking it up, and for all that is no query.
    pub async fn recall(&self, request: &Request, caller: Caller) -> Option<Answer> {
        let mut copy = Request::new(request.query.as_str()).variables(request.variables.clone());
        copy.operation_name.clone_from(&request.operation_name);
        copy.extensions = request.extensions.clone();
        self.documents.find(&self.app, &caller.viewer, &mut copy).ok()?;
        let checked = self.checks.check(&copy.query).ok()?;
        let estimate = self.expected(&checked, &mut copy).ok()?;
        let asked = Asked { request: copy, caller, checked, estimate };
        if asked.operation_type() == Some(OperationType::Query) { self.try_run(asked).await } else { None }
    }

    /// Runs one operation of somebody whose key was looked up, if the bucket of the key holds what it may cost.
    pub async fn run(&self, asked: Asked) -> Answer {
        let answer = self.try_run(asked).await;
        // There is always one where the key was looked up.
        answer.unwrap_or_else(|| Response::from_errors(vec![internal()]).into())
    }

    /// The same for anybody. None where the key is only remembered, and it is not known whether it is what it was.
    async fn try_run(&self, Asked { request, caller, checked, estimate }: Asked) -> Option<Answer> {
        let (key, request_id, is_remembered) =
            (caller.viewer.key_id, caller.request_id.clone(), caller.viewer.is_remembered);
        let mut watched = Watched::begin(self.app.metrics(), self.slow, &request, &caller.viewer);
        watched.saw(&checked.document);
        let requested = estimate.cost;
        let available = match self.take(key, requested) {
            Ok(available) => available,
            Err(_) if is_remembered => {
                watched.forget();
                return None;
            }
            Err(mut throttled) => {
                errors::finish(&mut throttled.response, &request_id);
                watched.end(&throttled.response);
                return Some(*throttled);
            }
        };
        let tell = request.extensions.get(TELL_COST) == Some(&Value::Boolean(true));
        let on_behalf = self.on_behalf(caller);
        let done = self.engine.execute(request, &checked.document, on_behalf).await;
        if is_remembered && !done.confirmed {
            self.settle(key, requested, 0);
            watched.forget();
            return None;
        }
        let run = done.mutations.saturating_mul(MUTATION);
        let actual = done.objects.saturating_add(run).saturating_add(estimate.uncounted);
        let available = self.settle(key, requested, actual).unwrap_or(available);
        let mut response = done.response;
        if tell {
            self.tell_cost(&mut response, requested, Some(actual), available);
        }
        errors::finish(&mut response, &request_id);
        tracing::Span::current().record("cost", actual);
        watched.end(&response);
        Some(response.into())
    }

    /// Opens a subscription, or answers why not. Its key pays for one answer, when it is opened.
    pub async fn listen(&self, Asked { request, caller, checked, estimate }: Asked) -> Result<Answers, Box<Response>> {
        let key = caller.viewer.key_id;
        let on_behalf = self.on_behalf(caller);
        let request_id = on_behalf.request_id.clone();
        let finished = move |mut response: Response| {
            errors::finish(&mut response, &request_id);
            response
        };
        if let Err(throttled) = self.take(key, estimate.cost) {
            return Err(Box::new(finished(throttled.response)));
        }
        match self.engine.listen(request, &checked.document, on_behalf).await {
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
            bounds: Bounds { answer: self.limits.answer, until: Moment::now() + self.limits.reading },
        }
    }

    /// Takes what a request may cost from the bucket of its key; answers what is left, or what to say where that is not
    /// enough.
    fn take(&self, key: Id<ApiKey>, cost: u64) -> Result<u64, Box<Answer>> {
        if !self.buckets.watch() {
            return Ok(0);
        }
        self.buckets.take(key, cost, Moment::now()).map_err(|throttled| {
            let wait = seconds(throttled.wait);
            let message =
                format!("This key has used up what it may ask for at the moment. Ask again in {wait} s, or for less.");
            let mut error = coded(message, "THROTTLED");
            error.extensions.get_or_insert_default().set("retryAfter", wait);
            let mut response = Response::from_errors(vec![error]);
            self.tell_cost(&mut response, cost, None, throttled.available);
            Box::new(Answer { retry_after: Some(throttled.wait), ..response.into() })
        })
    }

    /// Gives back to a key what was expected and not read; answers what is left where that is another number now.
    fn settle(&self, key: Id<ApiKey>, requested: u64, actual: u64) -> Option<u64> {
        let changes = self.buckets.watch() && actual != requested;
        changes.then(|| self.buckets.settle(key, requested, actual, Moment::now()))
    }

    fn tell_cost(&self, response: &mut Response, requested: u64, actual: Option<u64>, available: u64) {
        let mut cost = json!({"requested": requested, "actual": actual});
        if let (Some(cost), true) = (cost.as_object_mut(), self.buckets.watch()) {
            cost.insert("available".to_owned(), available.into());
            cost.insert("restoreRate".to_owned(), self.buckets.rate().into());
        }
        // Numbers under names: it is a value in any case.
        response.extensions.insert("cost".to_owned(), Value::from_json(cost).unwrap_or_default());
    }
}

/// Seconds to wait, as a header says them.
pub fn seconds(wait: Duration) -> u64 {
    wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0)).max(1)
}

/// The schema in the schema definition language.
pub fn schema_sdl() -> String {
    engine().sdl()
}

/// What the fields of the schema cost.
pub(super) fn prices() -> Prices {
    Prices::of(&Engine::<OnBehalf>::registry())
}

fn engine() -> Engine<OnBehalf> {
    Engine::new(|builder| builder.directive(idempotent).disable_suggestions().with_sorted_fields().with_sorted_enums())
}

/// One request, with all that it needs.
pub struct OnBehalf {
    pub app: Arc<App>,
    pub feed: Arc<Feed>,
    pub query: Query,
    pub request_id: String,
    pub idempotency_key: Option<String>,
    pub bounds: Bounds,
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
    fn standing(&self) -> Option<Standing> {
        self.query.viewer.standing()
    }
    fn bounds(&self) -> Bounds {
        self.bounds
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
