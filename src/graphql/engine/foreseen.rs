//! Fields that lead to an object which a use case works out, for all parents of a level at once.

use super::declare::{Object, of};
use super::json::{Out, Written};
use super::many::distinct_ids;
use super::reading::Cx;
use super::registry::{Argument, argument, object};
use super::run::bad_input;
use super::select::Selected;
use super::view::{Fetched, Loaded, Relation, View};
use crate::domain::tenant::Tenant;
use crate::domain::{Entity, Id, Instant};
use crate::graphql::scalars::{DateTime, instant};
use crate::repository::{Conn, Read};
use async_graphql::registry::Registry;
use async_graphql::{ID, ServerError};

/// Works an object out of each of some subjects, as of a moment that the client may name.
pub type Foresee<U, V> = fn(&mut Conn, Id<Tenant>, &[Id<U>], Option<Instant>) -> Read<Vec<(Id<U>, V)>>;

/// Of the row itself.
pub struct OfRow<T, V> {
    pub at: &'static str,
    pub foresee: Foresee<T, V>,
}

/// Of an object that the client names.
pub struct OfNamed<U, V> {
    /// The argument that names it, and what it is about.
    pub named: (&'static str, &'static str),
    pub at: &'static str,
    pub foresee: Foresee<U, V>,
}

/// The moment that the client names.
fn moment(cx: &Cx<'_, '_>, selected: &Selected<'_>) -> Result<Option<Instant>, ServerError> {
    match selected.argument::<Option<DateTime>>(cx.env, "at")? {
        None => Ok(None),
        Some(given) => instant(&given.0).map(Some).map_err(|message| bad_input(message, &["at"])),
    }
}

impl<T: Object, V: Object> Relation<T> for OfRow<T, V> {
    fn type_name(&self, registry: &mut Registry) -> String {
        object::<V>(registry)
    }
    fn nullable(&self) -> bool {
        true
    }
    fn is_worked_out(&self) -> bool {
        true
    }
    fn arguments(&self, registry: &mut Registry) -> Vec<Argument> {
        vec![argument::<Option<DateTime>>(registry, "at", self.at)]
    }
    fn load<'q>(&'static self, cx: &mut Cx<'_, 'q>, parents: &[&T], selected: &Selected<'q>) -> Read<Fetched<'q, T>> {
        let at = match moment(cx, selected) {
            Ok(at) => at,
            Err(error) => return Ok(Err(error)),
        };
        let ids = distinct_ids(parents);
        let tenant = cx.tenant;
        let conn = cx.conn()?;
        let foreseen = if ids.is_empty() { Vec::new() } else { (self.foresee)(conn, tenant, &ids, at)? };
        let place = |row: &&T| foreseen.iter().position(|(id, _)| *id == of::<T>().id(row));
        let places = parents.iter().map(place).collect();
        Ok(Ok(Box::new(ForeseenLoaded::load(cx, foreseen, places, selected)?)))
    }
}

impl<T: Object, U: Entity, V: Object> Relation<T> for OfNamed<U, V> {
    fn type_name(&self, registry: &mut Registry) -> String {
        object::<V>(registry)
    }
    fn nullable(&self) -> bool {
        true
    }
    fn is_worked_out(&self) -> bool {
        true
    }
    fn arguments(&self, registry: &mut Registry) -> Vec<Argument> {
        let (name, about) = self.named;
        vec![argument::<ID>(registry, name, about), argument::<Option<DateTime>>(registry, "at", self.at)]
    }
    fn load<'q>(&'static self, cx: &mut Cx<'_, 'q>, parents: &[&T], selected: &Selected<'q>) -> Read<Fetched<'q, T>> {
        let (name, _) = self.named;
        let given = selected.argument::<ID>(cx.env, name).and_then(|given| {
            let id = given.parse::<Id<U>>().map_err(|error| bad_input(error.to_string(), &[name]))?;
            Ok((id, moment(cx, selected)?))
        });
        let (id, at) = match given {
            Ok(given) => given,
            Err(error) => return Ok(Err(error)),
        };
        let tenant = cx.tenant;
        let foreseen = (self.foresee)(cx.conn()?, tenant, &[id], at)?;
        let places = vec![(!foreseen.is_empty()).then_some(0); parents.len()];
        Ok(Ok(Box::new(ForeseenLoaded::load(cx, foreseen, places, selected)?)))
    }
}

struct ForeseenLoaded<'q, V: 'static> {
    values: Vec<V>,
    places: Vec<Option<usize>>,
    view: View<'q, V>,
}

impl<'q, V: Object> ForeseenLoaded<'q, V> {
    fn load<U>(
        cx: &mut Cx<'_, 'q>,
        foreseen: Vec<(Id<U>, V)>,
        places: Vec<Option<usize>>,
        selected: &Selected<'q>,
    ) -> Read<Self> {
        let values: Vec<V> = foreseen.into_iter().map(|(_, value)| value).collect();
        let view = View::load(cx, &values.iter().collect::<Vec<_>>(), &selected.sets)?;
        Ok(ForeseenLoaded { values, places, view })
    }
}

impl<'q, T, V: Object> Loaded<'q, T> for ForeseenLoaded<'q, V> {
    fn write(&self, _: &T, index: usize, out: &mut Out<'q>) -> Written {
        let place = self.places.get(index).copied().flatten();
        match place.and_then(|place| self.values.get(place).map(|value| (value, place))) {
            Some((value, place)) => self.view.write(value, place, out),
            None => {
                out.raw("null");
                Ok(())
            }
        }
    }
}
