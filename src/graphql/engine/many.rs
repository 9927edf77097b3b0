//! Fields that lead to all objects that name this one.

use super::declare::{Object, of};
use super::json::{Out, Written};
use super::registry::object;
use super::select::Selected;
use super::view::{Cx, Factor, Fetched, Loaded, Relation, View};
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
    fn factor(&self) -> Factor {
        Factor::Some
    }
    fn load<'q>(&'static self, cx: &mut Cx<'_, 'q>, parents: &[&T], selected: &Selected<'q>) -> Read<Fetched<'q, T>> {
        let ids = distinct_ids(parents);
        let mut rows = if ids.is_empty() { Vec::new() } else { (self.query)(cx.tenant, &ids).load(cx.conn)? };
        // Brings the children of each parent together; the sort is stable and keeps the order among them.
        let parent = |row: &U| (self.parent)(row).into();
        rows.sort_by_key(parent);
        let start = |id: Id<T>| rows.partition_point(|row| parent(row) < Some(id));
        let end = |id: Id<T>| rows.partition_point(|row| parent(row) <= Some(id));
        let ranges = parents.iter().map(|row| of::<T>().id(row)).map(|id| start(id)..end(id)).collect();
        let view = View::load(cx, &rows.iter().collect::<Vec<_>>(), &selected.sets)?;
        Ok(Ok(Box::new(ManyLoaded { rows, ranges, view })))
    }
}

struct ManyLoaded<'q, U: 'static> {
    rows: Vec<U>,
    /// Where the children of each parent stand among the rows.
    ranges: Vec<Range<usize>>,
    view: View<'q, U>,
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
