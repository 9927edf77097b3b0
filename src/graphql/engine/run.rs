//! How an operation is run, and where async-graphql calls in.

use super::declare::{Object, of};
use super::document::{Document, QueryEnv, operation};
use super::json::{Out, Step};
use super::mutate::Mutations;
use super::reading::Reading;
use super::registry::object;
use super::select::{Selected, select};
use super::stream::{SubscriptionRoot, Subscriptions, ask_for_one, opened};
use super::view::What;
use crate::repository::api_key::Standing;
use crate::repository::{Db, Fault};
use async_graphql::indexmap::IndexMap;
use async_graphql::parser::types::{Field, OperationType};
use async_graphql::registry::Registry;
use async_graphql::{
    ContainerType, Context, ContextSelectionSet, Name, ObjectType, OutputType, PathSegment, Positioned, Response,
    Schema, ServerError, ServerResult, SubscriptionType, Value,
};
use bytes::Bytes;
use futures_util::stream::BoxStream;
use std::borrow::Cow;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

/// One request, as the roots see it.
pub trait Request: Send + Sync + 'static {
    /// The query root.
    type Query: Object;
    fn query(&self) -> &Self::Query;
    fn db(&self) -> &Db;
    fn tenant(&self) -> crate::domain::Id<crate::domain::tenant::Tenant>;
    fn now(&self) -> crate::domain::Instant;
    /// The tenant's time, as it is by now: a subscription may be older than that.
    fn now_of(&self, conn: &mut crate::repository::Conn) -> crate::repository::Read<crate::domain::Instant> {
        let _ = conn;
        Ok(self.now())
    }
    fn scope(&self) -> crate::domain::api_key::Scope;
    /// What has to hold of the key when a query is read; none where it was looked up for this request.
    fn standing(&self) -> Option<Standing> {
        None
    }
    fn bounds(&self) -> Bounds;
}

/// How far the reading of an answer may go.
#[derive(Clone, Copy)]
pub struct Bounds {
    /// Bytes of the answer.
    pub answer: usize,
    /// When it is too late to read on.
    pub until: Instant,
}

/// A request and its answers.
pub(super) struct State<R> {
    pub request: R,
    /// What is asked for.
    pub env: QueryEnv,
    /// None when the database failed. Whichever root field async-graphql asks for first fills it.
    answers: OnceLock<Option<Answers>>,
    /// Whether a mutation answered what it had answered before; or a subscription was opened before.
    pub replayed: AtomicBool,
    /// Whether what was read has seen that the key is what it was, or could not be read.
    confirmed: AtomicBool,
    /// Objects that were written.
    pub objects: AtomicU64,
    /// Mutations that were run.
    pub mutations: AtomicU64,
}

impl<R> State<R> {
    /// Takes the variables out of what was asked.
    fn new(request: R, asked: &mut async_graphql::Request, document: &Arc<Document>) -> Self {
        let variables = std::mem::take(&mut asked.variables);
        let env = QueryEnv::new(document.clone(), asked.operation_name.clone(), variables);
        let (objects, mutations) = (0.into(), 0.into());
        let (replayed, confirmed) = (false.into(), false.into());
        State { request, env, answers: OnceLock::new(), replayed, confirmed, objects, mutations }
    }
}

/// Each root field's JSON by its response key, in the order of the query: empty where a field failed that must not be
/// null, none where async-graphql answers the field itself.
pub(super) type Answers = IndexMap<String, Option<Bytes>>;

/// An operation's answers and errors.
pub(super) type Answered = Result<(Answers, Vec<ServerError>), Fault>;

/// An error of a field, with its code.
pub fn coded(message: impl Into<String>, code: &str) -> ServerError {
    let mut error = ServerError::new(message, None);
    error.extensions.get_or_insert_default().set("code", code);
    error
}

/// The error of a bad argument: `path` leads to it, from the field's arguments down.
pub fn bad_input(message: String, path: &[&str]) -> ServerError {
    let mut error = coded(message, "BAD_USER_INPUT");
    let path = path.iter().map(|part| Value::from(*part)).collect();
    error.extensions.get_or_insert_default().set("argument", Value::List(path));
    error
}

/// The query root: all fields of an operation are answered in one go.
pub struct QueryRoot<R>(PhantomData<fn() -> R>);

/// The mutation root: the fields of an operation are run one after the other, each in a transaction of its own.
pub struct MutationRoot<R>(PhantomData<fn() -> R>);

impl<R: Request> ContainerType for QueryRoot<R> {
    async fn resolve_field(&self, cx: &Context<'_>) -> ServerResult<Option<Value>> {
        resolve(cx, &Root::<R>::query())
    }
}

impl<R: Request + Mutations> ContainerType for MutationRoot<R> {
    async fn resolve_field(&self, cx: &Context<'_>) -> ServerResult<Option<Value>> {
        resolve(cx, &Root::<R>::mutation())
    }
}

/// The root of an operation: its name, and how the operation is answered.
struct Root<R> {
    name: &'static str,
    answer: fn(&State<R>) -> Answered,
}

impl<R: Request> Root<R> {
    fn query() -> Self {
        Root { name: &of::<R::Query>().name, answer: answer_query }
    }

    fn mutation() -> Self
    where
        R: Mutations,
    {
        Root { name: super::mutate::NAME, answer: |state| super::mutate::answer_mutations(state, &state.env) }
    }

    /// Answers the whole operation. It blocks.
    fn run(&self, state: &State<R>) -> (Option<Answers>, Vec<ServerError>) {
        let fault = match (self.answer)(state) {
            Ok((answers, errors)) => return (Some(answers), errors),
            // The key is looked up now, and the query asked again.
            Err(Fault::Outdated) => return (None, Vec::new()),
            // Nothing is shown of what the key opens, whatever it is by now.
            Err(fault) => {
                state.confirmed.store(true, Ordering::Relaxed);
                fault
            }
        };
        tracing::error!(cause = %fault, "the database failed");
        let mut error = match fault {
            Fault::Unavailable(_) => {
                coded("The database is not available. Try again in a few seconds.", "SERVICE_UNAVAILABLE")
            }
            Fault::TimedOut => coded(
                "The database took too long. Select less, or ask for shorter pages; repeat a mutation only with the same \
                 idempotency key, since it may have been done.",
                "TIMEOUT",
            ),
            Fault::LostRace => coded("Too many others change the same. Try again.", "CONFLICT"),
            Fault::Database(_) | Fault::Outdated => internal(),
        };
        // It happened while the request was executed: it has a place.
        if let Some(first) = self.fields(&state.env).iter().find(|field| !is_foreign(field)) {
            error.path = vec![PathSegment::Field(first.key.to_owned())];
            error.locations = vec![first.field.pos];
        }
        (None, vec![error])
    }

    fn fields<'q>(&self, env: &'q QueryEnv) -> Vec<Selected<'q>> {
        select(env, &[env.selection()], self.name, false)
    }

    /// Whether the operation needs nothing of async-graphql any more.
    fn is_alone(&self, env: &QueryEnv) -> bool {
        let fields = self.fields(env);
        !fields.is_empty() && !fields.iter().any(is_foreign) && env.is_valid()
    }
}

/// Whether async-graphql answers a field of the root: what begins with two underscores is introspection.
fn is_foreign(field: &Selected<'_>) -> bool {
    field.name().starts_with("__")
}

/// Answers the whole operation when its first field is asked for. It blocks: [`Engine::execute`] is called on a thread
/// that may.
fn resolve<R: Request>(cx: &Context<'_>, root: &Root<R>) -> ServerResult<Option<Value>> {
    let state = cx.data::<Arc<State<R>>>().map_err(|error| error.into_server_error(cx.item.pos))?;
    let answers = state.answers.get_or_init(|| {
        state.env.document().found_valid(cx.schema_env);
        let (answers, errors) = root.run(state);
        errors.into_iter().for_each(|error| cx.add_error(error));
        answers
    });
    let key = cx.item.node.response_key().node.as_str();
    let json = answers.as_ref().map_or(Some(Bytes::new()), |answers| answers.get(key).cloned().flatten());
    Ok(json.map(Value::Binary))
}

/// An error whose cause is in the log and not for the client.
pub fn internal() -> ServerError {
    coded("Something went wrong on our side. The request id helps us find out what.", "INTERNAL_SERVER_ERROR")
}

fn answer_query<R: Request>(state: &State<R>) -> Answered {
    let (request, env) = (&state.request, &state.env);
    let (tenant, now, scope, bounds) = (request.tenant(), request.now(), request.scope(), request.bounds());
    let mut out = Out::new(bounds.answer);
    let reading = Reading { tenant, now, scope, env, until: Some(bounds.until) };
    let answers = write(reading, request, &mut out)?;
    state.confirmed.store(true, Ordering::Relaxed);
    state.objects.store(out.objects, Ordering::Relaxed);
    Ok((answers, out.errors))
}

fn write<'q, R: Request>(reading: Reading<'q>, request: &R, out: &mut Out<'q>) -> Result<Answers, Fault> {
    let root = request.query();
    let view = reading.load(request.db(), || request.standing(), &[root], &[reading.env.selection()])?;
    let mut ranges = Vec::with_capacity(view.fields.len());
    for (selected, what) in &view.fields {
        let start = out.bytes.len();
        let range = if matches!(what, What::Introspection | What::Typename) {
            None
        } else {
            let value = |out: &mut Out<'q>| view.value(selected, what, root, 0, out);
            let written = out.at(Step::Key(selected.key), what.nullable(), value);
            Some(if written.is_ok() { start..out.bytes.len() } else { start..start })
        };
        ranges.push((selected.key.to_owned(), range));
    }
    if let Some(error) = out.overflow() {
        out.errors.push(error);
        ranges.iter_mut().for_each(|(_, range)| *range = range.as_ref().map(|_| 0..0));
    }
    let bytes = Bytes::from(std::mem::take(&mut out.bytes));
    Ok(ranges.into_iter().map(|(key, range)| (key, range.map(|range| bytes.slice(range)))).collect())
}

impl<R: Request> OutputType for QueryRoot<R> {
    fn type_name() -> Cow<'static, str> {
        Cow::Borrowed(&of::<R::Query>().name)
    }
    fn create_type_info(registry: &mut Registry) -> String {
        object::<R::Query>(registry)
    }
    async fn resolve(&self, _: &ContextSelectionSet<'_>, _: &Positioned<Field>) -> ServerResult<Value> {
        Err(internal()) // a root is never a field
    }
}
impl<R: Request> ObjectType for QueryRoot<R> {}

impl<R: Request + Mutations> OutputType for MutationRoot<R> {
    fn type_name() -> Cow<'static, str> {
        Cow::Borrowed(super::mutate::NAME)
    }
    fn create_type_info(registry: &mut Registry) -> String {
        super::mutate::register::<R>(registry)
    }
    async fn resolve(&self, _: &ContextSelectionSet<'_>, _: &Positioned<Field>) -> ServerResult<Value> {
        Err(internal())
    }
}
impl<R: Request + Mutations> ObjectType for MutationRoot<R> {}

/// A schema that is read by the engine.
pub struct Engine<R: Subscriptions> {
    schema: Schema<QueryRoot<R>, MutationRoot<R>, SubscriptionRoot<R>>,
}

impl<R: Subscriptions> Engine<R> {
    /// `extend` adds what does not come from declarations, such as directives.
    pub fn new(extend: impl FnOnce(Builder<R>) -> Builder<R>) -> Self {
        let (query, mutation, subscription) = (PhantomData, PhantomData, PhantomData);
        let builder = Schema::build(QueryRoot(query), MutationRoot(mutation), SubscriptionRoot(subscription));
        Engine { schema: extend(builder).finish() }
    }

    pub fn sdl(&self) -> String {
        self.schema.sdl()
    }

    /// Runs one operation of a document that was looked at. Its future never waits for anything but the database, and
    /// blocks for that: poll it on a thread that may.
    pub async fn execute(
        &self,
        mut request: async_graphql::Request,
        document: &Arc<Document>,
        on_behalf_of: R,
    ) -> Executed {
        let kind = operation(document, request.operation_name.as_deref()).map(|operation| operation.ty);
        let state = Arc::new(State::new(on_behalf_of, &mut request, document));
        let root = match kind {
            Some(OperationType::Query) => Some(Root::query()),
            Some(OperationType::Mutation) => Some(Root::mutation()),
            Some(OperationType::Subscription) => {
                let message = "A subscription is answered bit by bit: send it with `Accept: text/event-stream`, or over a WebSocket.";
                let response = Response::from_errors(vec![coded(message, "SUBSCRIPTION_NEEDS_STREAM")]);
                return Executed { response, confirmed: false, objects: 0, mutations: 0 };
            }
            None => None,
        };
        let mut response = match root.filter(|root| root.is_alone(&state.env)) {
            Some(root) => answered(root.run(&state)),
            None => self.validated(request, &state).await,
        };
        if state.replayed.load(Ordering::Relaxed) {
            let replayed = IndexMap::from_iter([(Name::new("replayed"), Value::Boolean(true))]);
            response.extensions.insert("idempotency".to_owned(), Value::Object(replayed));
        }
        let [objects, mutations] = [&state.objects, &state.mutations].map(|count| count.load(Ordering::Relaxed));
        Executed { response, confirmed: state.confirmed.load(Ordering::Relaxed), objects, mutations }
    }

    /// Has an operation validated and executed by async-graphql, which asks the roots for what they have.
    async fn validated(&self, mut request: async_graphql::Request, state: &Arc<State<R>>) -> Response {
        request.variables = state.env.variables.clone();
        request.set_parsed_query((**state.env.document()).clone());
        let mut response = self.schema.execute(request.data(state.clone())).await;
        // async-graphql lists root fields as they finish; the specification, as they were asked for.
        if let (Value::Object(fields), Some(Some(answers))) = (&mut response.data, state.answers.get()) {
            fields.sort_by_key(|key, _| answers.get_index_of(key.as_str()));
        }
        response
    }

    /// Opens a subscription: its answers, as they come, or why it has none. Its future waits for the database, and blocks
    /// for that; the stream does not.
    pub async fn listen(
        &self,
        mut request: async_graphql::Request,
        document: &Arc<Document>,
        on_behalf_of: R,
    ) -> Result<BoxStream<'static, Response>, Response> {
        let mut parsed = (***document).clone();
        ask_for_one(&mut parsed, request.operation_name.as_deref())
            .map_err(|error| Response::from_errors(vec![error]))?;
        let state = State::new(on_behalf_of, &mut request, document);
        request.variables = state.env.variables.clone();
        request.set_parsed_query(parsed);
        opened(self.schema.execute_stream(request.data(Arc::new(state)))).await
    }

    /// The declared types.
    pub fn registry() -> Registry {
        let mut registry = Registry {
            query_type: QueryRoot::<R>::type_name().into_owned(),
            mutation_type: Some(MutationRoot::<R>::type_name().into_owned()),
            subscription_type: Some(<SubscriptionRoot<R> as SubscriptionType>::type_name().into_owned()),
            ..Registry::default()
        };
        QueryRoot::<R>::create_type_info(&mut registry);
        MutationRoot::<R>::create_type_info(&mut registry);
        <SubscriptionRoot<R> as SubscriptionType>::create_type_info(&mut registry);
        registry
    }
}

/// The response of an operation that needed nothing of async-graphql.
fn answered((answers, errors): (Option<Answers>, Vec<ServerError>)) -> Response {
    let field = |(key, json): (String, Option<Bytes>)| (Name::new(key), Value::Binary(json.unwrap_or_default()));
    let data = answers.map(|answers| Value::Object(answers.into_iter().map(field).collect()));
    let mut response = Response::new(data.unwrap_or_default());
    response.errors = errors;
    response
}

/// An operation that was run.
pub struct Executed {
    pub response: Response,
    /// Whether what was read has seen that the key is what it was, or could not be read.
    pub confirmed: bool,
    /// Objects that were written.
    pub objects: u64,
    /// Mutations that were run, whatever became of them.
    pub mutations: u64,
}

type Builder<R> = async_graphql::SchemaBuilder<QueryRoot<R>, MutationRoot<R>, SubscriptionRoot<R>>;
