//! Fields that lead to all objects that name this one, or that have a key in common with it.

use super::declare::{Object, of};
use super::json::{Out, Written};
use super::reading::{By, Cx};
use super::reads::columns;
use super::registry::object;
use super::select::Selected;
use super::view::{Fetched, Loaded, Relation, View};
use crate::domain::Id;
use crate::domain::tenant::Tenant;
use crate::repository::{Query, Read, Stored};
use async_graphql::registry::Registry;
use std::ops::Range;

/// All objects that name a parent.
pub struct Many<T, U, K> {
    pub query: fn(Id<Tenant>, &[Id<T>]) -> Query<U>,
    pub parent: fn(&U) -> K,
}

/// All objects that have the key of a parent.
pub struct Alike<T, U, K> {
    pub query: fn(Id<Tenant>, &[K]) -> Query<U>,
    pub own: fn(&T) -> K,
    pub other: fn(&U) -> K,
}

/// The ids of some rows, each once.
pub fn distinct_ids<T: Object>(rows: &[&T]) -> Vec<Id<T>> {
    let mut ids: Vec<Id<T>> = rows.iter().map(|row| of::<T>().id(row)).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

impl<T: Object, U: Object + Stored, K: Into<Option<Id<T>>> + 'static> Relation<T> for Many<T, U, K> {
    fn type_name(&self, registry: &mut Registry) -> String {
        format!("[{}!]!", object::<U>(registry))
    }
    fn nullable(&self) -> bool {
        false
    }
    fn load<'q>(&'static self, cx: &mut Cx<'_, 'q>, parents: &[&T], selected: &Selected<'q>) -> Read<Fetched<'q, T>> {
        let ids = distinct_ids(parents);
        let columns = columns::<U>(cx.env, &selected.sets);
        let tenant = cx.tenant;
        let query = |ids: &[Id<T>]| (self.query)(tenant, ids).only(columns.as_deref());
        let rows = cx.rows::<T, U, T>(By::Parent, &ids, query)?;
        let keys = parents.iter().map(|parent| Some(of::<T>().id(parent)));
        Ok(Ok(Box::new(ManyLoaded::new(cx, rows, keys, |row| (self.parent)(row).into(), selected)?)))
    }
}

impl<T: Object, U: Object + Stored, K: Ord + Clone + 'static> Relation<T> for Alike<T, U, K> {
    fn type_name(&self, registry: &mut Registry) -> String {
        format!("[{}!]!", object::<U>(registry))
    }
    fn nullable(&self) -> bool {
        false
    }
    fn load<'q>(&'static self, cx: &mut Cx<'_, 'q>, parents: &[&T], selected: &Selected<'q>) -> Read<Fetched<'q, T>> {
        let keys: Vec<K> = parents.iter().map(|parent| (self.own)(parent)).collect();
        let mut distinct = keys.clone();
        distinct.sort_unstable();
        distinct.dedup();
        let tenant = cx.tenant;
        let conn = cx.conn()?;
        let rows = if keys.is_empty() { Vec::new() } else { (self.query)(tenant, &distinct).load(conn)? };
        Ok(Ok(Box::new(ManyLoaded::new(cx, rows, keys.into_iter(), self.other, selected)?)))
    }
}

struct ManyLoaded<'q, U: 'static> {
    rows: Vec<U>,
    /// Where the children of each parent stand among the rows.
    ranges: Vec<Range<usize>>,
    view: View<'q, U>,
}

impl<'q, U: Object> ManyLoaded<'q, U> {
    /// `keys` are those of the parents, `key` is that of a row.
    fn new<K: Ord>(
        cx: &mut Cx<'_, 'q>,
        mut rows: Vec<U>,
        keys: impl Iterator<Item = K>,
        key: impl Fn(&U) -> K,
        selected: &Selected<'q>,
    ) -> Read<Self> {
        // Brings the children of each parent together; the sort is stable and keeps the order among them.
        rows.sort_by_key(&key);
        let start = |own: &K| rows.partition_point(|row| key(row) < *own);
        let end = |own: &K| rows.partition_point(|row| key(row) <= *own);
        let ranges = keys.map(|own| start(&own)..end(&own)).collect();
        let view = View::load(cx, &rows.iter().collect::<Vec<_>>(), &selected.sets)?;
        Ok(ManyLoaded { rows, ranges, view })
    }
}

impl<'q, T, U: Object> Loaded<'q, T> for ManyLoaded<'q, U> {
    fn write(&self, _: &T, index: usize, out: &mut Out<'q>) -> Written {
        let range = self.ranges.get(index).cloned().unwrap_or_default();
        let rows = self.rows.get(range.clone()).unwrap_or_default();
        out.list(rows.len(), false, |out, place| match rows.get(place) {
            Some(row) => self.view.write(row, range.start + place, out),
            None => Ok(()),
        })
    }
}
