//! Fields that lead to objects which are part of the row.

use super::declare::Object;
use super::json::{Out, Written};
use super::reading::Cx;
use super::registry::object;
use super::select::Selected;
use super::view::{Fetched, Loaded, Relation, View};
use crate::repository::Read;
use async_graphql::registry::Registry;

/// One object that is part of the row.
pub struct Value<T, U>(pub fn(&T) -> &U);
/// One object that may be part of the row.
pub struct MaybeValue<T, U>(pub fn(&T) -> Option<&U>);
/// Objects that are part of the row.
pub struct Values<T, U>(pub fn(&T) -> Vec<&U>);

impl<T: Object, U: Object> Relation<T> for Value<T, U> {
    fn type_name(&self, registry: &mut Registry) -> String {
        object::<U>(registry) + "!"
    }
    fn nullable(&self) -> bool {
        false
    }
    fn load<'q>(&'static self, cx: &mut Cx<'_, 'q>, parents: &[&T], selected: &Selected<'q>) -> Read<Fetched<'q, T>> {
        let parts: Vec<&U> = parents.iter().map(|parent| (self.0)(parent)).collect();
        Ok(Ok(Box::new(ValueLoaded { get: self.0, view: View::load(cx, &parts, &selected.sets)? })))
    }
}

struct ValueLoaded<'q, T, U: 'static> {
    get: fn(&T) -> &U,
    view: View<'q, U>,
}

impl<'q, T, U: Object> Loaded<'q, T> for ValueLoaded<'q, T, U> {
    fn write(&self, parent: &T, index: usize, out: &mut Out<'q>) -> Written {
        self.view.write((self.get)(parent), index, out)
    }
}

impl<T: Object, U: Object> Relation<T> for MaybeValue<T, U> {
    fn type_name(&self, registry: &mut Registry) -> String {
        object::<U>(registry)
    }
    fn nullable(&self) -> bool {
        true
    }
    fn load<'q>(&'static self, cx: &mut Cx<'_, 'q>, parents: &[&T], selected: &Selected<'q>) -> Read<Fetched<'q, T>> {
        let mut parts = Vec::new();
        let places = starts(parents, &mut parts, |parent| (self.0)(parent).into_iter().collect());
        Ok(Ok(Box::new(MaybeValueLoaded { get: self.0, places, view: View::load(cx, &parts, &selected.sets)? })))
    }
}

/// Lays the parts of all parents one behind the other; answers where those of each parent start.
fn starts<'p, T, U>(parents: &[&'p T], parts: &mut Vec<&'p U>, get: impl Fn(&'p T) -> Vec<&'p U>) -> Vec<usize> {
    let start = |parent: &&'p T| {
        let start = parts.len();
        parts.extend(get(parent));
        start
    };
    parents.iter().map(start).collect()
}

struct MaybeValueLoaded<'q, T, U: 'static> {
    get: fn(&T) -> Option<&U>,
    places: Vec<usize>,
    view: View<'q, U>,
}

impl<'q, T, U: Object> Loaded<'q, T> for MaybeValueLoaded<'q, T, U> {
    fn write(&self, parent: &T, index: usize, out: &mut Out<'q>) -> Written {
        match (self.get)(parent).zip(self.places.get(index)) {
            Some((part, place)) => self.view.write(part, *place, out),
            None => {
                out.raw("null");
                Ok(())
            }
        }
    }
}

impl<T: Object, U: Object> Relation<T> for Values<T, U> {
    fn type_name(&self, registry: &mut Registry) -> String {
        format!("[{}!]!", object::<U>(registry))
    }
    fn nullable(&self) -> bool {
        false
    }
    fn load<'q>(&'static self, cx: &mut Cx<'_, 'q>, parents: &[&T], selected: &Selected<'q>) -> Read<Fetched<'q, T>> {
        let mut parts = Vec::new();
        let starts = starts(parents, &mut parts, |parent| (self.0)(parent));
        Ok(Ok(Box::new(ValuesLoaded { get: self.0, starts, view: View::load(cx, &parts, &selected.sets)? })))
    }
}

struct ValuesLoaded<'q, T, U: 'static> {
    get: fn(&T) -> Vec<&U>,
    starts: Vec<usize>,
    view: View<'q, U>,
}

impl<'q, T, U: Object> Loaded<'q, T> for ValuesLoaded<'q, T, U> {
    fn write(&self, parent: &T, index: usize, out: &mut Out<'q>) -> Written {
        let parts = (self.get)(parent);
        let start = self.starts.get(index).copied().unwrap_or_default();
        out.list(parts.len(), false, |out, place| match parts.get(place) {
            Some(part) => self.view.write(part, start + place, out),
            None => Ok(()),
        })
    }
}
