//! Scalars and enums that follow from a row and the time at which it is asked for.

use super::column::Leaf;
use super::declare::Object;
use super::json::{Out, Written};
use super::reading::Cx;
use super::select::Selected;
use super::view::{Fetched, Loaded, Relation};
use crate::domain::Instant;
use crate::repository::Read;
use async_graphql::registry::Registry;

pub struct Timed<T, V>(pub fn(&T, Instant) -> V);

impl<T: Object, V: Leaf> Relation<T> for Timed<T, V> {
    fn type_name(&self, registry: &mut Registry) -> String {
        V::type_name(registry)
    }
    fn nullable(&self) -> bool {
        V::NULLABLE
    }
    fn load<'q>(&'static self, cx: &mut Cx<'_, 'q>, _: &[&T], _: &Selected<'q>) -> Read<Fetched<'q, T>> {
        Ok(Ok(Box::new(TimedLoaded { get: self.0, now: cx.now })))
    }
}

struct TimedLoaded<T, V> {
    get: fn(&T, Instant) -> V,
    now: Instant,
}

impl<'q, T, V: Leaf> Loaded<'q, T> for TimedLoaded<T, V> {
    fn write(&self, parent: &T, _: usize, out: &mut Out<'q>) -> Written {
        (self.get)(parent, self.now).write(&mut out.bytes);
        Ok(())
    }
}
