//! Subscriptions: a stream of rows. Each is read like the answer of a query, on a snapshot of its own.

use super::declare::Object;
use super::document::{QueryEnv, operation};
use super::events::{position, wanted};
use super::json::{Out, Step};
use super::mutate::Mutations;
use super::reading::Reading;
use super::registry::{Argument, meta_field, object, subscription_object};
use super::run::{Request, State, coded, internal};
use super::select::{Selected, select};
use crate::domain::event::Position;
use crate::repository::event::Wanted;
use crate::repository::{Fault, Read};
use async_graphql::indexmap::IndexMap;
use async_graphql::parser::types::{
    ExecutableDocument, Field, FragmentDefinition, OperationType, Selection, SelectionSet,
};
use async_graphql::registry::Registry;
use async_graphql::{Context, InputType, Name, Positioned, Response, ServerError, SubscriptionType, Value};
use bytes::Bytes;
use futures_util::stream::{self, BoxStream, Stream, StreamExt};
use std::borrow::Cow;
use std::collections::HashMap;
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// The name of the subscription root: a subscription to a plan has the plain one.
pub const NAME: &str = "SubscriptionRoot";

/// Marks the first item of a stream, which says that it is open and is not for clients.
const OPEN: &str = "open";

/// A request that can listen.
pub trait Subscriptions: Mutations {
    /// Everything that can be listened to.
    fn sources() -> &'static [Source<Self>]
    where
        Self: Sized;
}

/// What there is to hear, each row as it comes. It ends with an error, or does not end.
pub type Rows<P> = BoxStream<'static, Result<P, ServerError>>;

/// A subscription that is about to be opened: its arguments.
pub struct Opening<'q> {
    env: &'q QueryEnv,
    selected: &'q Selected<'q>,
}

impl Opening<'_> {
    pub fn argument<V: InputType>(&self, name: &str) -> Result<V, ServerError> {
        self.selected.argument(self.env, name)
    }

    pub fn position(&self, name: &str) -> Result<Option<Position>, ServerError> {
        position(self.env, self.selected, name)
    }

    /// Which events are wanted, by the arguments that the list of events has.
    pub fn wanted(&self) -> Result<Wanted, ServerError> {
        wanted(self.env, self.selected)
    }
}

/// A field of the subscription root: its name, its description, and where its rows come from.
pub struct Source<R> {
    name: &'static str,
    about: &'static str,
    register: fn(&mut Registry) -> String,
    arguments: fn(&mut Registry) -> Vec<Argument>,
    open: Box<Open<R>>,
}

type Open<R> = dyn Fn(&Arc<State<R>>) -> Result<BoxStream<'static, Response>, ServerError> + Send + Sync;

impl<R: Request> Source<R> {
    /// Declares a subscription: `open` reads its arguments and answers its rows. It may wait for the database.
    pub fn new<P: Object>(
        name: &'static str,
        about: &'static str,
        arguments: fn(&mut Registry) -> Vec<Argument>,
        open: fn(&R, &Opening<'_>) -> Result<Rows<P>, ServerError>,
    ) -> Self {
        let open = move |state: &Arc<State<R>>| {
            let fields = fields(&state.env);
            let Some(selected) = fields.first() else { return Ok(stream::empty().boxed()) };
            let rows = open(&state.request, &Opening { env: &state.env, selected })?;
            let state = state.clone();
            Ok(rows.then(move |row| answer(state.clone(), row)).boxed())
        };
        Source { name, about, register: |registry| object::<P>(registry) + "!", arguments, open: Box::new(open) }
    }
}

/// The only field of the operation, with all that is selected of it.
fn fields(env: &QueryEnv) -> Vec<Selected<'_>> {
    select(env, &[env.selection()], NAME, false)
}

/// Reads and writes what is selected of a row.
async fn answer<R: Request, P: Object>(state: Arc<State<R>>, row: Result<P, ServerError>) -> Response {
    let row = match row {
        Ok(row) => row,
        Err(error) => return Response::from_errors(vec![error]),
    };
    let span = tracing::Span::current();
    let read = tokio::task::spawn_blocking(move || span.in_scope(|| write(&state.request, &state.env, &row)));
    match read.await {
        Ok(Ok(response)) => response,
        Ok(Err(fault)) => Response::from_errors(vec![failed(&fault)]),
        Err(panic) => {
            tracing::error!(%panic, "an event could not be answered");
            Response::from_errors(vec![internal()])
        }
    }
}

/// What a client is told where the database failed, and the subscription ends with it.
pub fn failed(fault: &Fault) -> ServerError {
    tracing::error!(cause = %fault, "the database failed");
    match fault {
        Fault::Unavailable(_) => {
            let message = "The database is not available. Subscribe again in a few seconds, after the last position.";
            coded(message, "SERVICE_UNAVAILABLE")
        }
        _ => internal(),
    }
}

fn write<R: Request, P: Object>(request: &R, env: &QueryEnv, row: &P) -> Read<Response> {
    let fields = fields(env);
    let Some(selected) = fields.first() else { return Ok(Response::default()) };
    let (written, out) = request.db().read(|conn| {
        let now = request.now_of(conn)?;
        let reading = Reading { tenant: request.tenant(), now, scope: request.scope(), env, until: None };
        let view = reading.load_by(conn, &[row], &selected.sets)?;
        let mut out = Out::new(request.bounds().answer);
        let written = out.at(Step::Key(selected.key), false, |out| view.write(row, 0, out));
        let overflow = out.overflow();
        let written = written.is_ok() && overflow.is_none();
        out.errors.extend(overflow);
        Ok::<_, Fault>((written, out))
    })?;
    let json = if written { Bytes::from(out.bytes) } else { Bytes::new() };
    let data = Value::Object(IndexMap::from_iter([(Name::new(selected.key), Value::Binary(json))]));
    let mut response = Response::new(data);
    response.errors = out.errors;
    Ok(response)
}

/// The subscription root.
pub struct SubscriptionRoot<R>(pub PhantomData<fn() -> R>);

impl<R: Subscriptions> SubscriptionType for SubscriptionRoot<R> {
    fn type_name() -> Cow<'static, str> {
        Cow::Borrowed(NAME)
    }

    fn create_type_info(registry: &mut Registry) -> String {
        let fields = R::sources().iter().map(|source| {
            let (payload, arguments) = ((source.register)(registry), (source.arguments)(registry));
            meta_field(source.name, source.about, payload, arguments, None)
        });
        let fields = fields.collect();
        let about = "Everything that can be listened to. Whoever comes back with the last position that it has seen \
                     misses nothing, and hears nothing twice.";
        subscription_object(registry, NAME, about, std::any::type_name::<R>(), fields);
        NAME.to_owned()
    }

    fn create_field_stream<'a>(
        &'a self,
        cx: &'a Context<'_>,
    ) -> Option<std::pin::Pin<Box<dyn Stream<Item = Response> + Send + 'a>>> {
        let source = R::sources().iter().find(|source| source.name == cx.item.node.name.node.as_str())?;
        let Ok(state) = cx.data::<Arc<State<R>>>() else { return Some(refused(internal())) };
        // A field that stands there twice is one field: what is selected of it is taken together.
        if state.replayed.swap(true, Ordering::Relaxed) {
            return Some(stream::empty().boxed());
        }
        Some(match (source.open)(state) {
            Ok(answers) => stream::once(std::future::ready(open())).chain(answers).boxed(),
            Err(mut error) => {
                error.locations = vec![cx.item.pos];
                error.path = Vec::new();
                refused(error)
            }
        })
    }
}

/// It was refused before anything was executed, so the error has no path.
fn refused(error: ServerError) -> BoxStream<'static, Response> {
    stream::once(std::future::ready(Response::from_errors(vec![error]))).boxed()
}

fn open() -> Response {
    let mut open = Response::default();
    open.extensions.insert(OPEN.to_owned(), Value::Boolean(true));
    open
}

/// The answers of a stream that is open; or why it is not.
pub(super) async fn opened(
    mut answers: BoxStream<'static, Response>,
) -> Result<BoxStream<'static, Response>, Response> {
    match answers.next().await {
        Some(first) if first.extensions.contains_key(OPEN) => Ok(answers),
        Some(refused) => Err(refused),
        // Its only field is skipped.
        None => Ok(answers),
    }
}

/// Refuses a subscription to more than one thing, as the specification asks. async-graphql sees only fields that stand in
/// the operation itself: one that a fragment brings is put there.
pub(super) fn ask_for_one(document: &mut ExecutableDocument, name: Option<&str>) -> Result<(), ServerError> {
    let Some(found) = operation(document, name).filter(|found| found.ty == OperationType::Subscription) else {
        return Ok(());
    };
    let mut fields = Vec::new();
    collect(&found.selection_set.node, &document.fragments, &mut fields);
    let Some(first) = fields.first() else { return Ok(()) };
    let key = |field: &Positioned<Field>| field.node.response_key().node.clone();
    let other = fields.iter().find(|field| key(field) != key(first) || field.node.name.node.starts_with("__"));
    if let Some(other) = other {
        let message = "A subscription asks for exactly one field of the root: send several subscriptions instead.";
        let mut error = coded(message, "GRAPHQL_VALIDATION_FAILED");
        error.locations = vec![other.pos];
        return Err(error);
    }
    let stands_there = found.selection_set.node.items.iter().any(|item| matches!(item.node, Selection::Field(_)));
    if !stands_there {
        let (field, name) = ((*first).clone(), name.map(Name::new));
        let operation = match &mut document.operations {
            async_graphql::parser::types::DocumentOperations::Single(operation) => Some(operation),
            async_graphql::parser::types::DocumentOperations::Multiple(all) => match name {
                Some(name) => all.get_mut(&name),
                None => all.values_mut().next(),
            },
        };
        if let Some(operation) = operation {
            let pos = field.pos;
            operation.node.selection_set.node.items.push(Positioned::new(Selection::Field(field), pos));
        }
    }
    Ok(())
}

/// All fields of a selection, with fragments expanded. That no fragment spreads itself was looked at before.
fn collect<'d>(
    set: &'d SelectionSet,
    fragments: &'d HashMap<Name, Positioned<FragmentDefinition>>,
    fields: &mut Vec<&'d Positioned<Field>>,
) {
    for selection in &set.items {
        match &selection.node {
            Selection::Field(field) => fields.push(field),
            Selection::InlineFragment(inline) => collect(&inline.node.selection_set.node, fragments, fields),
            Selection::FragmentSpread(spread) => {
                if let Some(fragment) = fragments.get(&spread.node.fragment_name.node) {
                    collect(&fragment.node.selection_set.node, fragments, fields);
                }
            }
        }
    }
}
