//! Fields that lead to the only object that names this one, and to values that follow from the two, or are reckoned.

use super::declare::{Object, of};
use super::json::{Out, Written};
use super::many::distinct_ids;
use super::reading::{By, Cx};
use super::registry::object;
use super::select::Selected;
use super::view::{Fetched, Loaded, Relation, View};
use crate::domain::Id;
use crate::domain::tenant::Tenant;
use crate::repository::{Conn, Query, Read, Stored};
use async_graphql::registry::Registry;
use std::ops::Range;

/// The only object that names a parent.
pub struct Single<T, U> {
    pub query: fn(Id<Tenant>, &[Id<T>]) -> Query<U>,
    pub parent: fn(&U) -> Id<T>,
}

/// Values that follow from a parent and the only object that names it.
pub struct Derived<T, U, V> {
    pub query: fn(Id<Tenant>, &[Id<T>]) -> Query<U>,
    pub parent: fn(&U) -> Id<T>,
    pub derive: fn(&T, &U) -> Vec<V>,
}

/// Values that the repository reckons for all parents at once: those of each parent, in the order of the parents.
pub struct Reckoned<T, V>(pub Reckon<T, V>);

pub type Reckon<T, V> = fn(&mut Conn, Id<Tenant>, &[&T]) -> Read<Vec<Vec<V>>>;

/// The rows that name these parents, and where each parent's is.
fn children<T: Object, U: Stored>(
    cx: &mut Cx<'_, '_>,
    query: fn(Id<Tenant>, &[Id<T>]) -> Query<U>,
    parent: fn(&U) -> Id<T>,
    parents: &[&T],
) -> Read<(Vec<U>, Vec<Option<usize>>)> {
    let ids = distinct_ids(parents);
    let tenant = cx.tenant;
    let mut rows = cx.rows::<T, U, T>(By::Parent, &ids, |ids| query(tenant, ids))?;
    rows.sort_by_key(parent);
    let place = |row: &&T| rows.binary_search_by_key(&of::<T>().id(row), parent).ok();
    let places = parents.iter().map(place).collect();
    Ok((rows, places))
}

impl<T: Object, U: Object + Stored> Relation<T> for Single<T, U> {
    fn type_name(&self, registry: &mut Registry) -> String {
        object::<U>(registry)
    }
    fn nullable(&self) -> bool {
        true
    }
    fn load<'q>(&'static self, cx: &mut Cx<'_, 'q>, parents: &[&T], selected: &Selected<'q>) -> Read<Fetched<'q, T>> {
        let (rows, places) = children(cx, self.query, self.parent, parents)?;
        let view = View::load(cx, &rows.iter().collect::<Vec<_>>(), &selected.sets)?;
        Ok(Ok(Box::new(SingleLoaded { rows, places, view })))
    }
}

struct SingleLoaded<'q, U: 'static> {
    rows: Vec<U>,
    places: Vec<Option<usize>>,
    view: View<'q, U>,
}

impl<'q, T, U: Object> Loaded<'q, T> for SingleLoaded<'q, U> {
    fn write(&self, _: &T, index: usize, out: &mut Out<'q>) -> Written {
        let place = self.places.get(index).copied().flatten();
        match place.and_then(|place| self.rows.get(place).map(|row| (row, place))) {
            Some((row, place)) => self.view.write(row, place, out),
            None => {
                out.raw("null");
                Ok(())
            }
        }
    }
}

impl<T: Object, U: Stored, V: Object> Relation<T> for Derived<T, U, V> {
    fn type_name(&self, registry: &mut Registry) -> String {
        format!("[{}!]!", object::<V>(registry))
    }
    fn nullable(&self) -> bool {
        false
    }
    fn load<'q>(&'static self, cx: &mut Cx<'_, 'q>, parents: &[&T], selected: &Selected<'q>) -> Read<Fetched<'q, T>> {
        let (rows, places) = children(cx, self.query, self.parent, parents)?;
        let mut values = Vec::new();
        let range = |(parent, place): (&&T, &Option<usize>)| {
            let start = values.len();
            if let Some(row) = place.and_then(|place| rows.get(place)) {
                values.extend((self.derive)(parent, row));
            }
            start..values.len()
        };
        let ranges = parents.iter().zip(&places).map(range).collect();
        let view = View::load(cx, &values.iter().collect::<Vec<_>>(), &selected.sets)?;
        Ok(Ok(Box::new(DerivedLoaded { values, ranges, view })))
    }
}

impl<T: Object, V: Object> Relation<T> for Reckoned<T, V> {
    fn type_name(&self, registry: &mut Registry) -> String {
        format!("[{}!]!", object::<V>(registry))
    }
    fn nullable(&self) -> bool {
        false
    }
    fn load<'q>(&'static self, cx: &mut Cx<'_, 'q>, parents: &[&T], selected: &Selected<'q>) -> Read<Fetched<'q, T>> {
        let tenant = cx.tenant;
        let conn = cx.conn()?;
        let reckoned = if parents.is_empty() { Vec::new() } else { (self.0)(conn, tenant, parents)? };
        let mut values = Vec::new();
        let range = |own: Vec<V>| {
            let start = values.len();
            values.extend(own);
            start..values.len()
        };
        let ranges = reckoned.into_iter().map(range).collect();
        let view = View::load(cx, &values.iter().collect::<Vec<_>>(), &selected.sets)?;
        Ok(Ok(Box::new(DerivedLoaded { values, ranges, view })))
    }
}

struct DerivedLoaded<'q, V: 'static> {
    values: Vec<V>,
    ranges: Vec<Range<usize>>,
    view: View<'q, V>,
}

impl<'q, T, V: Object> Loaded<'q, T> for DerivedLoaded<'q, V> {
    fn write(&self, _: &T, index: usize, out: &mut Out<'q>) -> Written {
        let range = self.ranges.get(index).cloned().unwrap_or_default();
        let values = self.values.get(range.clone()).unwrap_or_default();
        out.list(values.len(), false, |out, place| match values.get(place) {
            Some(value) => self.view.write(value, range.start + place, out),
            None => Ok(()),
        })
    }
}
