//! What can be listened to: everything that happens, or what changes one object.

use super::api::OnBehalf;
use super::engine::{
    Argument, Object, Opening, Rows, Source, Type, argument, bad_input, coded, failed, wanted_arguments,
};
use crate::app::feed::{Listener, Step};
use crate::domain::event::Event;
use crate::domain::invoice::Invoice;
use crate::domain::order::Order;
use crate::domain::subscription::Subscription;
use crate::domain::{Entity, Id};
use crate::repository::event::{Wanted, is_known};
use crate::repository::{Fault, Query, Stored};
use async_graphql::registry::Registry;
use async_graphql::{ID, ServerError};
use futures_util::stream::{self, StreamExt};
use std::future::poll_fn;
use std::sync::OnceLock;

/// Everything that can be listened to.
pub fn all() -> &'static [Source<OnBehalf>] {
    static ALL: OnceLock<Vec<Source<OnBehalf>>> = OnceLock::new();
    ALL.get_or_init(|| {
        vec![
            Source::new(
                "events",
                "What happens, in the order in which it does: from now on, or after a position.",
                |registry| {
                    let mut arguments = wanted_arguments(registry);
                    arguments.push(after(registry));
                    arguments
                },
                |request: &OnBehalf, opening| {
                    let (wanted, after) = (opening.wanted()?, opening.position("after")?);
                    let listener = request.feed.listen(request.query.viewer.tenant_id, wanted, after);
                    Ok(heard(listener.map_err(|fault| failed(&fault))?, |event| event))
                },
            ),
            updates::<Order>("orderUpdated", "An order, each time when something of it has changed."),
            updates::<Subscription>("subscriptionUpdated", "A subscription, each time when something of it has changed."),
            updates::<Invoice>(
                "invoiceUpdated",
                "An invoice, each time when something of it has changed: a payment that came in, a reminder, its status.",
            ),
        ]
    })
}

fn after(registry: &mut Registry) -> Argument {
    let about = "Only what happened after this position, also what did already: that of the last event that was seen, or \
                 \"0\" for the beginning. Only what happens from now on when left out.";
    argument::<Option<String>>(registry, "after", about)
}

/// An object together with what has happened to it.
pub struct Update<U> {
    event: Event,
    object: Id<U>,
}

/// The object of an update: what its field is called.
trait Updated: Object + Stored + Entity {
    const UPDATE: &'static str;
    const FIELD: &'static str;
}
impl Updated for Order {
    const UPDATE: &'static str = "OrderUpdate";
    const FIELD: &'static str = "order";
}
impl Updated for Subscription {
    const UPDATE: &'static str = "SubscriptionUpdate";
    const FIELD: &'static str = "subscription";
}
impl Updated for Invoice {
    const UPDATE: &'static str = "InvoiceUpdate";
    const FIELD: &'static str = "invoice";
}

impl<U: Updated> Object for Update<U> {
    fn declare() -> Type<Self> {
        Type::new(U::UPDATE, format!("Something that happened to an object, and the {} as it is now.", U::FIELD))
            .computed("position", "Where to go on: for `after`.", |update: &Update<U>| update.event.position)
            .value("event", "What happened.", |update| &update.event)
            .remembered(U::FIELD, "The object as it is now; null where it was deleted.", |update| Some(update.object))
    }
}

fn updates<U: Updated>(name: &'static str, about: &'static str) -> Source<OnBehalf> {
    let arguments = |registry: &mut Registry| {
        vec![argument::<ID>(registry, "id", "Which object: its id, or its bare UUID."), after(registry)]
    };
    Source::new(name, about, arguments, listen_to::<U>)
}

fn listen_to<U: Updated>(request: &OnBehalf, opening: &Opening<'_>) -> Result<Rows<Update<U>>, ServerError> {
    let id: Id<U> = opening
        .argument::<ID>("id")?
        .parse()
        .map_err(|error: crate::domain::id::NotAnId| bad_input(error.to_string(), &["id"]))?;
    let after = opening.position("after")?;
    let (tenant, subject) = (request.query.viewer.tenant_id, id.to_string());
    let exists = request.app.db.read(|conn| {
        // What was deleted can still be heard of.
        Ok::<_, Fault>(Query::<U>::by_id(tenant, id).first(conn)?.is_some() || is_known(conn, tenant, &subject)?)
    });
    if !exists.map_err(|fault| failed(&fault))? {
        return Err(coded(format!("There is no {} with this id.", U::NAME), "NOT_FOUND"));
    }
    let wanted = Wanted { types: Vec::new(), subject: Some(subject) };
    let listener = request.feed.listen(tenant, wanted, after).map_err(|fault| failed(&fault))?;
    Ok(heard(listener, move |event| Update { event, object: id }))
}

/// What a listener hears, as rows.
fn heard<P: Send + 'static>(listener: Listener, row: impl Fn(Event) -> P + Send + 'static) -> Rows<P> {
    let events = stream::unfold(Some(listener), |listener| async move {
        let mut listener = listener?;
        loop {
            match poll_fn(|cx| listener.poll(cx.waker())).await {
                Step::Event(event) => return Some((Ok(Event::clone(&event)), Some(listener))),
                Step::Ended => {
                    let message = "The server is about to stop. Subscribe again, after the last position.";
                    return Some((Err(coded(message, "SERVICE_UNAVAILABLE")), None));
                }
                Step::Behind => {
                    let caught_up = tokio::task::spawn_blocking(move || {
                        let caught_up = listener.catch_up();
                        (listener, caught_up)
                    });
                    match caught_up.await {
                        Ok((behind, Ok(()))) => listener = behind,
                        Ok((_, Err(fault))) => return Some((Err(failed(&fault)), None)),
                        Err(panic) => {
                            tracing::error!(%panic, "events could not be read");
                            return Some((Err(super::engine::internal()), None));
                        }
                    }
                }
            }
        }
    });
    events.map(move |event| event.map(&row)).boxed()
}
