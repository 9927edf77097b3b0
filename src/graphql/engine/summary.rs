//! Fields that sum up all objects of a list that meet a filter, in one statement.

use super::arguments::filter_argument;
use super::declare::Object;
use super::json::{Out, Written};
use super::reading::Cx;
use super::registry::{Argument, object};
use super::select::Selected;
use super::slice::filter;
use super::view::{Fetched, Loaded, Relation, View};
use crate::domain::Id;
use crate::domain::tenant::Tenant;
use crate::repository::{Condition, Conn, Listed, Read};
use async_graphql::registry::Registry;
use std::marker::PhantomData;

/// What sums up objects of the type `U`: values of the type `V`.
pub struct Summary<U, V> {
    pub sums: Sums<V>,
    pub of: PhantomData<fn() -> U>,
}

/// Reads what those that meet a condition come to.
pub type Sums<V> = fn(&mut Conn, Id<Tenant>, Option<&Condition>) -> Read<Vec<V>>;

impl<T: Object, U: Object + Listed, V: Object> Relation<T> for Summary<U, V> {
    fn type_name(&self, registry: &mut Registry) -> String {
        format!("[{}!]!", object::<V>(registry))
    }
    fn nullable(&self) -> bool {
        false
    }
    fn arguments(&self, registry: &mut Registry) -> Vec<Argument> {
        vec![filter_argument::<U>(registry)]
    }
    fn load<'q>(&'static self, cx: &mut Cx<'_, 'q>, _: &[&T], selected: &Selected<'q>) -> Read<Fetched<'q, T>> {
        let condition = match filter::<U>(cx.env, selected) {
            Ok(condition) => condition,
            Err(error) => return Ok(Err(error)),
        };
        let tenant = cx.tenant;
        let rows = (self.sums)(cx.conn()?, tenant, condition.as_ref())?;
        let view = View::load(cx, &rows.iter().collect::<Vec<_>>(), &selected.sets)?;
        Ok(Ok(Box::new(SummaryLoaded { rows, view })))
    }
}

struct SummaryLoaded<'q, V: 'static> {
    rows: Vec<V>,
    view: View<'q, V>,
}

impl<'q, T, V: Object> Loaded<'q, T> for SummaryLoaded<'q, V> {
    fn write(&self, _: &T, _: usize, out: &mut Out<'q>) -> Written {
        out.list(self.rows.len(), false, |out, place| match self.rows.get(place) {
            Some(row) => self.view.write(row, place, out),
            None => Ok(()),
        })
    }
}
