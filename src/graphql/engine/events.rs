//! The list of events: the only one that is read in the order in which things happened, and whose cursors are those that a
//! subscription goes on from.

use super::declare::Object;
use super::document::QueryEnv;
use super::one::{AnyLoaded, AnyNode};
use super::page::{Page, PagesLoaded, Wanted as Selection};
use super::reading::Cx;
use super::registry::{Argument, argument, node_interface, object};
use super::run::bad_input;
use super::select::Selected;
use super::slice::length;
use super::view::{Fetched, Relation, View, refused};
use crate::domain::Id;
use crate::domain::event::{Event, EventType, Position};
use crate::graphql::mutations::Wire;
use crate::repository::event::{Stretch, Wanted};
use crate::repository::{Direction, Read, Slice};
use async_graphql::registry::Registry;
use async_graphql::{ID, ServerError};
use std::sync::{Arc, OnceLock};

/// The longest id of an object, and the most types that are asked for at once.
const LONGEST_SUBJECT: usize = 60;
const MOST_TYPES: usize = 100;

/// All events of the tenant.
pub struct Events;

impl<T: Object> Relation<T> for Events {
    fn type_name(&self, registry: &mut Registry) -> String {
        object::<Page<Event>>(registry) + "!"
    }
    fn nullable(&self) -> bool {
        false
    }
    fn arguments(&self, registry: &mut Registry) -> Vec<Argument> {
        let mut arguments = vec![
            argument::<Option<i32>>(registry, "first", "How many events, oldest first: at most 100, 25 when left out."),
            argument::<Option<String>>(
                registry,
                "after",
                "Only events after this position, or cursor: both are the same.",
            ),
            argument::<Option<i32>>(registry, "last", "How many events from the end of the list: at most 100."),
            argument::<Option<String>>(registry, "before", "Only events before this position."),
        ];
        arguments.extend(wanted_arguments(registry));
        arguments
    }
    fn load<'q>(&'static self, cx: &mut Cx<'_, 'q>, parents: &[&T], selected: &Selected<'q>) -> Read<Fetched<'q, T>> {
        let (stretch, slice) = match stretch(cx.env, selected) {
            Ok((stretch, slice)) => (stretch, Arc::new(slice)),
            Err(error) => return Ok(Err(error)),
        };
        let selection = Selection::of::<Event>(cx.env, selected);
        let most = i64::try_from(slice.size).unwrap_or(i64::MAX).saturating_add(1);
        let tenant = cx.tenant;
        let conn = cx.conn()?;
        let rows = match selection.rows {
            true => stretch.read(conn, tenant, most, slice.backward)?,
            false => Vec::new(),
        };
        let total = if selection.total { stretch.count(conn, tenant)? } else { 0 };
        let pages = vec![Page::new(rows, &slice, &selection, total)];
        let view = View::load(cx, &pages.iter().collect::<Vec<_>>(), &selected.sets)?;
        Ok(Ok(Box::new(PagesLoaded { pages, places: vec![0; parents.len()], view })))
    }
}

/// The arguments by which events are chosen.
pub fn wanted_arguments(registry: &mut Registry) -> Vec<Argument> {
    vec![
        argument::<Option<Vec<Wire<EventType>>>>(registry, "types", "Only events of these types; all when left out."),
        argument::<Option<ID>>(registry, "subject", "Only events about this object: its id."),
    ]
}

/// Reads which events are wanted.
pub fn wanted(env: &QueryEnv, selected: &Selected<'_>) -> Result<Wanted, ServerError> {
    let types = selected.argument::<Option<Vec<Wire<EventType>>>>(env, "types")?.unwrap_or_default();
    if types.len() > MOST_TYPES {
        return Err(bad_input(format!("At most {MOST_TYPES} types are taken at once."), &["types"]));
    }
    let subject = selected.argument::<Option<ID>>(env, "subject")?.map(|id| id.0);
    let is_wrong =
        |subject: &String| subject.len() > LONGEST_SUBJECT || crate::domain::id::parse_any(subject).is_none();
    if subject.as_ref().is_some_and(is_wrong) {
        return Err(bad_input("This is not the id of any object.".to_owned(), &["subject"]));
    }
    Ok(Wanted { types: types.into_iter().map(|Wire(event_type)| event_type).collect(), subject })
}

/// Reads an argument that is a position.
pub fn position(env: &QueryEnv, selected: &Selected<'_>, name: &str) -> Result<Option<Position>, ServerError> {
    let given = selected.argument::<Option<String>>(env, name)?;
    given.map(|text| text.parse().map_err(|error| bad_input(format!("{error}"), &[name]))).transpose()
}

fn stretch(env: &QueryEnv, selected: &Selected<'_>) -> Result<(Stretch, Slice), ServerError> {
    let (size, backward) = length(env, selected)?;
    let (after, before) = (position(env, selected, "after")?, position(env, selected, "before")?);
    let wanted = wanted(env, selected)?;
    // The page asks only where it lies; the cursors are the events' own.
    let given = |position: Option<Position>| position.map(|_| Vec::new());
    let (filter, keys, id) = (None, Vec::new(), Direction::Asc);
    let slice = Slice { filter, keys, id, size, backward, after: given(after), before: given(before) };
    Ok((Stretch { wanted, after, before }, slice))
}

/// The object whose id a row holds as a text, whichever of these types it has; null where it is gone, or the key may not see
/// it.
pub struct Named<T> {
    /// Made when they are first asked for: the declarations of some of them lead back here.
    types: OnceLock<Vec<AnyNode<T>>>,
    make: fn() -> Vec<AnyNode<T>>,
    id: fn(&T) -> &str,
}

impl<T> Named<T> {
    pub fn new(id: fn(&T) -> &str, make: fn() -> Vec<AnyNode<T>>) -> Self {
        Named { types: OnceLock::new(), make, id }
    }

    fn types(&self) -> &[AnyNode<T>] {
        self.types.get_or_init(self.make)
    }
}

impl<T: Object> Relation<T> for Named<T> {
    fn type_name(&self, registry: &mut Registry) -> String {
        for known in self.types() {
            (known.register)(registry);
        }
        node_interface(registry, self.types().iter().map(|known| known.name))
    }
    fn nullable(&self) -> bool {
        true
    }
    fn load<'q>(&'static self, cx: &mut Cx<'_, 'q>, parents: &[&T], selected: &Selected<'q>) -> Read<Fetched<'q, T>> {
        // Only the rows say which types there are.
        cx.conn()?;
        let named = |parent: &&T| {
            let id = (self.id)(parent);
            let (prefix, _) = id.split_once('_')?;
            let place = self.types().iter().position(|known| known.prefix == prefix)?;
            crate::domain::id::parse_any(id).map(|id| (place, id))
        };
        let ids: Vec<Option<(usize, Id<()>)>> = parents.iter().map(named).collect();
        let mut groups = Vec::new();
        for (place, known) in self.types().iter().enumerate() {
            let own: Vec<_> = ids.iter().map(|id| id.filter(|(of, _)| *of == place).map(|(_, id)| id)).collect();
            let hidden = refused(known.name, known.needs, cx.scope).is_some();
            let wanted = !hidden && own.iter().any(Option::is_some);
            groups.push(if wanted { Some(Ok((known.load)(cx, &own, selected)?)) } else { None });
        }
        let types = ids.into_iter().map(|id| id.map(|(place, _)| place)).collect();
        Ok(Ok(Box::new(AnyLoaded { groups, types, many: false, pos: selected.field.pos })))
    }
}
