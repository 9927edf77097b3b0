//! Which fields a query means for one object type: aliases, fragments, merging, `@skip` and `@include`, arguments.

use super::document::QueryEnv;
use super::run::bad_input;
use async_graphql::parser::types::{Directive, Field, Selection, SelectionSet};
use async_graphql::{InputType, Name, Positioned, ServerError, ServerResult, Value};

/// One key of the answer. Several fields with this key are one field with several selection sets.
pub struct Selected<'q> {
    pub key: &'q str,
    pub field: &'q Positioned<Field>,
    /// What is selected below it: none where it is a scalar.
    pub sets: Vec<&'q SelectionSet>,
}

/// The fields that `sets` select on an object of the type `name`, which may also be a `Node`.
pub fn select<'q>(env: &'q QueryEnv, sets: &[&'q SelectionSet], name: &str, is_node: bool) -> Vec<Selected<'q>> {
    let mut selected = Vec::with_capacity(sets.iter().map(|set| set.items.len()).sum());
    for set in sets {
        add(env, set, name, is_node, &mut selected);
    }
    selected
}

fn add<'q>(env: &'q QueryEnv, set: &'q SelectionSet, name: &str, is_node: bool, selected: &mut Vec<Selected<'q>>) {
    let applies = |condition: &str| condition == name || (is_node && condition == "Node");
    for selection in set.items.iter().filter(|selection| !is_left_out(env, selection.node.directives())) {
        match &selection.node {
            Selection::Field(field) => {
                let key = field.node.response_key().node.as_str();
                let set = &field.node.selection_set.node;
                let below = (!set.items.is_empty()).then_some(set);
                match selected.iter_mut().find(|known| known.key == key) {
                    Some(known) => known.sets.extend(below),
                    None => selected.push(Selected { key, field, sets: below.into_iter().collect() }),
                }
            }
            Selection::InlineFragment(fragment) => {
                if fragment.node.type_condition.as_ref().is_none_or(|condition| applies(&condition.node.on.node)) {
                    add(env, &fragment.node.selection_set.node, name, is_node, selected);
                }
            }
            Selection::FragmentSpread(spread) => {
                if let Some(fragment) = env.fragment(&spread.node.fragment_name.node)
                    && applies(&fragment.type_condition.node.on.node)
                {
                    add(env, &fragment.selection_set.node, name, is_node, selected);
                }
            }
        }
    }
}

/// Whether `@skip` or `@include` says that something is not to be answered.
fn is_left_out(env: &QueryEnv, directives: &[Positioned<Directive>]) -> bool {
    directives.iter().any(|directive| {
        let when = match directive.node.name.node.as_str() {
            "skip" => true,
            "include" => false,
            _ => return false,
        };
        let condition = directive.node.get_argument("if");
        condition.is_some_and(|given| (resolve(env, &given.node) == Some(Value::Boolean(true))) == when)
    })
}

impl<'q> Selected<'q> {
    pub fn name(&self) -> &'q str {
        self.field.node.name.node.as_str()
    }

    /// An argument's value, with its variables filled in; none where it is left out.
    pub fn raw_argument(&self, env: &QueryEnv, name: &str) -> Option<Value> {
        self.field.node.get_argument(name).and_then(|given| resolve(env, &given.node))
    }

    /// An argument; one that is left out reads as null.
    pub fn argument<V: InputType>(&self, env: &QueryEnv, name: &str) -> ServerResult<V> {
        V::parse(self.raw_argument(env, name)).map_err(|error| {
            let error = error.into_server_error(self.field.pos);
            // What follows names the Rust types on the way to the value.
            let said = error.message.split(" (occurred while parsing").next().unwrap_or_default();
            ServerError { locations: error.locations, ..bad_input(said.to_owned(), &[name]) }
        })
    }
}

/// A value of the document with its variables filled in. A variable that has no value is as if it were not written; in a
/// list, which does not get shorter by it, it is null.
pub fn resolve(env: &QueryEnv, given: &async_graphql_value::Value) -> Option<Value> {
    use async_graphql_value::Value as Given;
    match given {
        Given::Variable(name) => env.variables.get(name).cloned(),
        Given::List(items) => {
            Some(Value::List(items.iter().map(|item| resolve(env, item).unwrap_or_default()).collect()))
        }
        Given::Object(fields) => {
            let field = |(name, value): (&Name, _)| resolve(env, value).map(|value| (name.clone(), value));
            Some(Value::Object(fields.iter().filter_map(field).collect()))
        }
        plain => plain.clone().into_const(),
    }
}
