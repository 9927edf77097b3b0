//! Mutations: each is run in a transaction of its own, then what is selected of its payload is read like any object,
//! on a snapshot taken after the commit.

use super::declare::Object;
use super::document::QueryEnv;
use super::json::{Out, Step};
use super::reading::Reading;
use super::registry::{Argument, meta_field, object, plain_object};
use super::run::{Answered, Request, State, coded};
use super::select::{Selected, select};
use super::view::refused;
use crate::domain::Choice;
use crate::domain::api_key::Scope;
use crate::repository::Fault;
use crate::telemetry::tally;
use async_graphql::indexmap::IndexMap;
use async_graphql::registry::Registry;
use async_graphql::{InputType, ServerError};
use bytes::Bytes;
use std::sync::atomic::Ordering;

/// The name of the mutation root.
pub const NAME: &str = "Mutation";

/// A request that can run mutations.
pub trait Mutations: Request {
    /// Every mutation there is.
    fn all() -> &'static [Mutation<Self>]
    where
        Self: Sized;
}

/// What a mutation answers: objects by their ids, and `userErrors`.
pub trait Payload: Object {
    /// Why it refused; none where it did what was asked. The code, the message and the refusal's place in `input`.
    fn refusal(&self) -> Option<&crate::domain::Refusal>;
}

/// A mutation that was run.
pub struct Ran<P> {
    pub payload: P,
    /// Whether this is what was answered before, under the same idempotency key.
    pub replayed: bool,
}

/// A mutation that is about to be run: what it may want to know beside its input.
pub struct Running<'q> {
    pub name: &'static str,
    pub env: &'q QueryEnv,
    selected: &'q Selected<'q>,
    /// How many mutations the document runs.
    pub mutations: usize,
}

impl Running<'_> {
    /// The argument of a directive on the field.
    pub fn directive(&self, directive: &str, argument: &str) -> Option<async_graphql::Value> {
        let directives = &self.selected.field.node.directives;
        let found = directives.iter().find(|known| known.node.name.node == directive)?;
        super::select::resolve(self.env, &found.node.get_argument(argument)?.node)
    }

    /// The field's `input` as JSON, with its variables filled in.
    pub fn input(&self) -> Result<serde_json::Value, ServerError> {
        let given = self.selected.raw_argument(self.env, "input");
        let json = given.map(async_graphql::Value::into_json);
        json.transpose().map(Option::unwrap_or_default).map_err(|error| coded(error.to_string(), "BAD_USER_INPUT"))
    }
}

/// A mutation: its name, its description, the scope that it needs, and how it is run.
pub struct Mutation<R> {
    name: &'static str,
    about: &'static str,
    needs: Scope,
    register: fn(&mut Registry) -> (String, String),
    /// Whether the input can be read at all.
    check: fn(&QueryEnv, &Selected<'_>) -> Result<(), ServerError>,
    answer: Box<Answer<R>>,
}

type Answer<R> = dyn for<'q> Fn(&R, &'q QueryEnv, &Running<'q>, &mut Out<'q>) -> Result<Done, Stopped> + Send + Sync;

struct Done {
    replayed: bool,
}

/// Why a mutation has no answer.
pub enum Stopped {
    /// An error of the field: what is wrong with the request.
    Field(ServerError),
    /// The database failed.
    Fault(Fault),
}

impl From<ServerError> for Stopped {
    fn from(error: ServerError) -> Self {
        Stopped::Field(error)
    }
}
impl From<Fault> for Stopped {
    fn from(fault: Fault) -> Self {
        Stopped::Fault(fault)
    }
}

impl<R: Request> Mutation<R> {
    /// Declares a mutation: `run` takes its input and answers its payload.
    pub fn new<I: InputType + 'static, P: Payload>(
        name: &'static str,
        about: &'static str,
        needs: Scope,
        run: fn(&R, &Running<'_>, I) -> Result<Ran<P>, Stopped>,
    ) -> Self {
        Mutation {
            name,
            about,
            needs,
            register: |registry| (I::create_type_info(registry), object::<P>(registry) + "!"),
            check: |env, selected| selected.argument::<I>(env, "input").map(drop),
            answer: Box::new(move |request, env, running, out| {
                let selected = running.selected;
                let ran = run(request, running, selected.argument::<I>(env, "input")?)?;
                if let Some(refusal) = ran.payload.refusal() {
                    tally::refused(refusal.code.name());
                }
                write(request, env, selected, &ran.payload, out)?;
                Ok(Done { replayed: ran.replayed })
            }),
        }
    }
}

/// Reads and writes what is selected of a payload. A refusal whose `userErrors` nobody selected becomes an error of the
/// field, so that nobody misses it.
fn write<'q, R: Request, P: Payload>(
    request: &R,
    env: &'q QueryEnv,
    selected: &Selected<'q>,
    payload: &P,
    out: &mut Out<'q>,
) -> Result<(), Stopped> {
    let (tenant, now, scope) = (request.tenant(), request.now(), request.scope());
    let reading = Reading { tenant, now, scope, env, until: None };
    let view = reading.load(request.db(), || None, &[payload], &selected.sets)?;
    let seen = view.fields.iter().any(|(field, _)| field.name() == "userErrors");
    if let Some(refusal) = payload.refusal().filter(|_| !seen) {
        let mut error = coded(refusal.message.clone(), refusal.code.name());
        if let Some(path) = &refusal.field {
            let path = path.iter().map(|part| async_graphql::Value::from(part.as_str())).collect();
            error.extensions.get_or_insert_default().set("argument", async_graphql::Value::List(path));
        }
        return Err(Stopped::Field(error));
    }
    let written = view.write(payload, 0, out).is_ok();
    if let Some(mut error) = out.overflow() {
        error.message += " What was asked for was done.";
        return Err(Stopped::Field(error));
    }
    match written {
        true => Ok(()),
        // What went wrong below is noted among the errors already.
        false => Err(Stopped::Field(ServerError::new(String::new(), None))),
    }
}

/// Registers the mutation root; answers its name.
pub fn register<R: Mutations>(registry: &mut Registry) -> String {
    let fields = R::all().iter().map(|mutation| {
        let (input, payload) = (mutation.register)(registry);
        let argument = Argument::new("input", "What to do.", input);
        meta_field(mutation.name, mutation.about, payload, vec![argument], None)
    });
    let fields = fields.collect();
    let about = "Everything that can be changed. Each field is one transaction: all of it happens, or nothing.";
    plain_object(registry, NAME, about, std::any::type_name::<R>(), fields);
    NAME.to_owned()
}

/// Runs the mutations of an operation one after the other. The first that fails ends the operation, as the
/// specification says: what was run before it stays. So whatever can be seen to fail is looked for before the first one
/// is run.
pub(super) fn answer_mutations<R: Mutations>(state: &State<R>, env: &QueryEnv) -> Answered {
    let mut answers = IndexMap::new();
    let mut out = Out::new(state.request.bounds().answer);
    let fields = select(env, &[env.selection()], NAME, false);
    let known = |selected: &Selected<'_>| R::all().iter().find(|known| known.name == selected.name());
    for (selected, mutation) in fields.iter().filter_map(|selected| known(selected).map(|known| (selected, known))) {
        if let Err(error) = may_run(state, mutation, env, selected) {
            out.path.push(Step::Key(selected.key));
            out.fail(error, selected.field.pos);
            answers.insert(selected.key.to_owned(), Some(Bytes::new()));
            return Ok((answers, out.errors));
        }
    }
    let mutations = fields.iter().filter(|field| field.name() != "__typename").count();
    for selected in &fields {
        let Some(mutation) = known(selected) else {
            answers.insert(selected.key.to_owned(), None);
            continue;
        };
        let running = Running { name: mutation.name, env, selected, mutations };
        let span = tracing::info_span!("mutation", mutation = mutation.name);
        let done = span.in_scope(|| run(state, mutation, env, &running, &mut out));
        let bytes = Bytes::from(std::mem::take(&mut out.bytes));
        match done {
            Ok(()) => {
                answers.insert(selected.key.to_owned(), Some(bytes));
            }
            Err(Stopped::Field(error)) => {
                if !error.message.is_empty() {
                    out.path.push(Step::Key(selected.key));
                    out.fail(error, selected.field.pos);
                    out.path.pop();
                }
                answers.insert(selected.key.to_owned(), Some(Bytes::new()));
                break;
            }
            Err(Stopped::Fault(fault)) => return Err(fault),
        }
    }
    Ok((answers, out.errors))
}

/// Whether the key allows the mutation, and its input can be read.
fn may_run<R: Mutations>(
    state: &State<R>,
    mutation: &Mutation<R>,
    env: &QueryEnv,
    selected: &Selected<'_>,
) -> Result<(), ServerError> {
    if let Some(error) = refused(mutation.name, Some(mutation.needs), state.request.scope()) {
        return Err(error);
    }
    (mutation.check)(env, selected)
}

fn run<'q, R: Mutations>(
    state: &State<R>,
    mutation: &Mutation<R>,
    env: &'q QueryEnv,
    running: &Running<'q>,
    out: &mut Out<'q>,
) -> Result<(), Stopped> {
    out.path.push(Step::Key(running.selected.key));
    state.mutations.fetch_add(1, Ordering::Relaxed);
    let done = (mutation.answer)(&state.request, env, running, out);
    state.objects.store(out.objects, Ordering::Relaxed);
    out.path.pop();
    if done?.replayed {
        state.replayed.store(true, Ordering::Relaxed);
    }
    Ok(())
}
