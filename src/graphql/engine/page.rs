//! Lists that are paged through: a connection, its page, its edges.

use super::arguments::slice_arguments;
use super::cursor;
use super::declare::{Object, Type, of};
use super::document::QueryEnv;
use super::json::{Out, Written};
use super::many::distinct_ids;
use super::reading::{By, Cx};
use super::reads::columns;
use super::registry::{Argument, object};
use super::select::{Selected, select};
use super::slice::slice;
use super::view::{Fetched, Loaded, Relation, View};
use crate::domain::Id;
use crate::domain::tenant::Tenant;
use crate::repository::{Listed, Query, Read, Slice};
use async_graphql::parser::types::SelectionSet;
use async_graphql::registry::Registry;
use std::collections::HashMap;
use std::sync::Arc;

/// A list of objects: all of a type, or those that name a parent.
pub enum Connection<T, U, K> {
    All { query: fn(Id<Tenant>) -> Query<U> },
    Below { query: fn(Id<Tenant>, &[Id<T>]) -> Query<U>, parent: fn(&U) -> K },
}

/// One page of a list.
pub struct Page<U> {
    edges: Vec<Edge<U>>,
    info: PageInfo,
    /// How many objects the whole list has; counted only where it is selected.
    total: i64,
}

/// One object in a page.
pub struct Edge<U> {
    row: U,
    /// The page's slice, which knows the keys that make a cursor.
    slice: Arc<Slice>,
}

/// Where a page lies in its list.
pub struct PageInfo {
    has_next: bool,
    has_previous: bool,
    start: Option<String>,
    end: Option<String>,
}

impl<T: Object, U: Object + Listed, K: Into<Option<Id<T>>> + 'static> Relation<T> for Connection<T, U, K> {
    fn type_name(&self, registry: &mut Registry) -> String {
        object::<Page<U>>(registry) + "!"
    }
    fn nullable(&self) -> bool {
        false
    }
    fn arguments(&self, registry: &mut Registry) -> Vec<Argument> {
        slice_arguments::<U>(registry)
    }
    fn load<'q>(&'static self, cx: &mut Cx<'_, 'q>, parents: &[&T], selected: &Selected<'q>) -> Read<Fetched<'q, T>> {
        let slice = match slice::<U>(cx.env, selected) {
            Ok(slice) => Arc::new(slice),
            Err(error) => return Ok(Err(error)),
        };
        let wanted = Wanted::of::<U>(cx.env, selected);
        let columns = columns::<U>(cx.env, &rows::<U>(cx.env, selected));
        let (pages, places) = match self {
            Connection::All { query } => {
                let tenant = cx.tenant;
                let query = || query(tenant);
                let page = || query().slice(&slice).only(columns.as_deref());
                let total = match wanted.total.then(|| query().filtered(slice.filter.as_ref())) {
                    Some(query) => cx.total(query)?,
                    None => 0,
                };
                let rows = if wanted.rows { cx.all(page())? } else { Vec::new() };
                (vec![Page::new(rows, &slice, &wanted, total)], vec![0; parents.len()])
            }
            Connection::Below { query, parent } => {
                let ids = distinct_ids(parents);
                let tenant = cx.tenant;
                let list = |ids: &[Id<T>]| query(tenant, ids).filtered(slice.filter.as_ref());
                let page = |ids: &[Id<T>]| query(tenant, ids).slice(&slice).only(columns.as_deref());
                let counts = if wanted.total { cx.counts::<T, U, T>(By::Parent, &ids, list)? } else { Vec::new() };
                let rows = if wanted.rows { cx.rows::<T, U, T>(By::Parent, &ids, page)? } else { Vec::new() };
                let pages = group(&ids, rows, *parent, &slice, &wanted, counts.into_iter().collect());
                let place = |row: &&T| ids.binary_search(&of::<T>().id(row)).unwrap_or_default();
                (pages, parents.iter().map(place).collect())
            }
        };
        let view = View::load(cx, &pages.iter().collect::<Vec<_>>(), &selected.sets)?;
        Ok(Ok(Box::new(PagesLoaded { pages, places, view })))
    }
}

/// What is selected of the rows of a page.
fn rows<'q, U: Object + Listed>(env: &'q QueryEnv, selected: &Selected<'q>) -> Vec<&'q SelectionSet> {
    let mut sets = Vec::new();
    for field in select(env, &selected.sets, &of::<Page<U>>().name, false) {
        match field.name() {
            "nodes" => sets.extend(field.sets),
            "edges" => {
                let edge = select(env, &field.sets, &of::<Edge<U>>().name, false);
                sets.extend(edge.into_iter().filter(|field| field.name() == "node").flat_map(|field| field.sets));
            }
            _ => {}
        }
    }
    sets
}

/// What is selected of a page: it is neither read nor computed otherwise.
pub(super) struct Wanted {
    pub rows: bool,
    pub total: bool,
    info: bool,
}

impl Wanted {
    pub fn of<U: Object + Listed>(env: &QueryEnv, selected: &Selected<'_>) -> Self {
        let fields = select(env, &selected.sets, &of::<Page<U>>().name, false);
        let total = |field: &Selected<'_>| field.name() == "totalCount";
        let typename = |field: &Selected<'_>| field.name() == "__typename";
        Wanted {
            rows: fields.iter().any(|field| !total(field) && !typename(field)),
            total: fields.iter().any(total),
            info: fields.iter().any(|field| field.name() == "pageInfo"),
        }
    }
}

/// One page a parent, in the order of the parents' ids. The sort is stable and keeps the order of each list.
fn group<T, U: Listed, K: Into<Option<Id<T>>>>(
    ids: &[Id<T>],
    mut rows: Vec<U>,
    parent: fn(&U) -> K,
    slice: &Arc<Slice>,
    wanted: &Wanted,
    counts: HashMap<Option<Id<()>>, i64>,
) -> Vec<Page<U>> {
    rows.sort_by_key(|row| parent(row).into());
    let mut rows = rows.into_iter().peekable();
    let page = |id: &Id<T>| {
        // Those of a row beyond the page of the parents may be there, too.
        while rows.next_if(|row| parent(row).into() < Some(*id)).is_some() {}
        let own = std::iter::from_fn(|| rows.next_if(|row| parent(row).into() == Some(*id)));
        Page::new(own.collect(), slice, wanted, counts.get(&Some(id.untyped())).copied().unwrap_or_default())
    };
    ids.iter().map(page).collect()
}

impl<U: Listed> Page<U> {
    /// The database answers up to one row more than the page has; that row only says that there are more. A page from
    /// the end of the list was read backwards.
    pub(super) fn new(mut rows: Vec<U>, slice: &Arc<Slice>, wanted: &Wanted, total: i64) -> Self {
        let more = rows.len() > slice.size;
        rows.truncate(slice.size);
        if slice.backward {
            rows.reverse();
        }
        let edges: Vec<Edge<U>> = rows.into_iter().map(|row| Edge { row, slice: slice.clone() }).collect();
        let info = PageInfo {
            has_next: if slice.backward { slice.before.is_some() } else { more },
            has_previous: if slice.backward { more } else { slice.after.is_some() },
            start: edges.first().filter(|_| wanted.info).map(Edge::cursor),
            end: edges.last().filter(|_| wanted.info).map(Edge::cursor),
        };
        Page { edges, info, total }
    }
}

impl<U: Listed> Edge<U> {
    fn cursor(&self) -> String {
        self.row.place().unwrap_or_else(|| cursor::encode::<U>(&self.slice, &self.row))
    }
}

pub(super) struct PagesLoaded<'q, U: Object + Listed> {
    pub pages: Vec<Page<U>>,
    /// The page of each parent.
    pub places: Vec<usize>,
    pub view: View<'q, Page<U>>,
}

impl<'q, T, U: Object + Listed> Loaded<'q, T> for PagesLoaded<'q, U> {
    fn write(&self, _: &T, index: usize, out: &mut Out<'q>) -> Written {
        match self.places.get(index).and_then(|place| self.pages.get(*place).map(|page| (page, *place))) {
            Some((page, place)) => self.view.write(page, place, out),
            None => Err(super::json::Null),
        }
    }
}

// The declaration of a page is the same for every type.

impl<U: Object + Listed> Object for Page<U> {
    fn declare() -> Type<Self> {
        let name = &of::<U>().name;
        Type::new(format!("{name}Connection"), format!("A page of a list of {name} objects."))
            .values("edges", "The objects with their cursors.", |page: &Page<U>| page.edges.iter().collect())
            .values("nodes", "The objects.", |page| page.edges.iter().map(|edge| &edge.row).collect())
            .value("pageInfo", "Where this page lies in the list.", |page| &page.info)
            .column(
                "totalCount",
                "How many objects the whole list has under its filter. Counted only when it is selected.",
                |page| &page.total,
            )
    }
}

impl<U: Object + Listed> Object for Edge<U> {
    fn declare() -> Type<Self> {
        let name = &of::<U>().name;
        Type::new(format!("{name}Edge"), format!("One {name} object in a page."))
            .computed("cursor", "Where this object lies: an argument for `after` or `before`.", Edge::cursor)
            .value("node", "The object.", |edge| &edge.row)
    }
}

impl Object for PageInfo {
    fn declare() -> Type<Self> {
        Type::new("PageInfo", "Where a page lies in its list.")
            .column(
                "hasNextPage",
                "Whether there are objects after this page. Going backwards: whether `before` was given.",
                |info: &PageInfo| &info.has_next,
            )
            .column(
                "hasPreviousPage",
                "Whether there are objects before this page. Going forwards: whether `after` was given.",
                |info| &info.has_previous,
            )
            .column("startCursor", "The cursor of the first object; null on an empty page.", |info| &info.start)
            .column("endCursor", "The cursor of the last object; null on an empty page.", |info| &info.end)
    }
}
