//! Events: what happened, for those who listen.

use super::engine::{AnyId, Object, Type};
use super::query::nodes;
use crate::domain::event::Event;

impl Object for Event {
    fn declare() -> Type<Self> {
        Type::new("Event", "Something that happened to one object. It is stored together with its effect.")
            .node(|event: &Event| event.id)
            .column(
                "position",
                "Its place among all events, in the order in which they can be seen: for `after`. It says nothing else.",
                |event| &event.position,
            )
            .column("type", "What happened.", |event| &event.event_type)
            .computed("subject", "The id of the object to which it happened.", |event| AnyId(event.subject.clone()))
            .named(
                "object",
                "The object to which it happened, as it is now; null where it is gone, or the key may not see it.",
                |event| &event.subject,
                nodes,
            )
            .column("data", "What one may need to know beside it: a JSON object.", |event| &event.data)
            .column("createdAt", "When it happened, by the tenant's time.", |event| &event.created_at)
    }
}
