//! What is left to look at of a document that was found valid: the values of its variables. Of all rules of validation one
//! alone looks at them, that arguments have the types which they must have. Here it is said once more, without saying what
//! is wrong: a request that does not pass is validated anew, and refused in the words of async-graphql.

use async_graphql::indexmap::IndexMap;
use async_graphql::parser::types::{Directive, ExecutableDocument, OperationType, Selection, SelectionSet};
use async_graphql::registry::{MetaInputValue, MetaType, MetaTypeName, Registry};
use async_graphql::{Name, Positioned, SchemaEnv, Value, Variables};
use async_graphql_value::Value as Given;

/// What a valid document still asks of its variables.
pub(super) struct Valid {
    schema: SchemaEnv,
    /// The arguments that hold variables, each with its type.
    arguments: Vec<(Given, String)>,
}

impl Valid {
    pub fn of(document: &ExecutableDocument, schema: &SchemaEnv) -> Valid {
        let mut walk = Walk { registry: &schema.registry, found: Vec::new() };
        for fragment in document.fragments.values() {
            walk.directives(&fragment.node.directives);
            walk.set(walk.named(&fragment.node.type_condition.node.on.node), &fragment.node.selection_set.node);
        }
        for (_, operation) in document.operations.iter() {
            let root = match operation.node.ty {
                OperationType::Query => Some(&walk.registry.query_type),
                OperationType::Mutation => walk.registry.mutation_type.as_ref(),
                OperationType::Subscription => walk.registry.subscription_type.as_ref(),
            };
            walk.directives(&operation.node.directives);
            walk.set(root.and_then(|root| walk.named(root)), &operation.node.selection_set.node);
        }
        Valid { arguments: walk.found, schema: schema.clone() }
    }

    /// Whether the document is valid with these variables, too.
    pub fn with(&self, variables: &Variables) -> bool {
        let fits = |value: &Value, ty: &String| fits(&self.schema.registry, ty, value);
        self.arguments.iter().all(|(given, ty)| match given {
            Given::Variable(name) => variables.get(name).is_none_or(|value| fits(value, ty)),
            // What has a variable in it that has no value is not looked at.
            given => {
                let value = given.clone().into_const_with(|name| variables.get(&name).cloned().ok_or(()));
                value.map_or(true, |value| fits(&value, ty))
            }
        })
    }
}

/// A walk over a document with the types of the schema.
struct Walk<'s> {
    registry: &'s Registry,
    found: Vec<(Given, String)>,
}

impl<'s> Walk<'s> {
    fn named(&self, name: &str) -> Option<&'s MetaType> {
        self.registry.types.get(name)
    }

    fn set(&mut self, of: Option<&'s MetaType>, set: &SelectionSet) {
        for selection in &set.items {
            self.directives(selection.node.directives());
            match &selection.node {
                Selection::Field(field) => {
                    let Some(known) = of.and_then(|of| of.field_by_name(&field.node.name.node)) else { continue };
                    self.arguments(&field.node.arguments, &known.args);
                    self.set(self.registry.concrete_type_by_name(&known.ty), &field.node.selection_set.node);
                }
                Selection::InlineFragment(inline) => {
                    let condition = inline.node.type_condition.as_ref();
                    let of = condition.map_or(of, |condition| self.named(&condition.node.on.node));
                    self.set(of, &inline.node.selection_set.node);
                }
                Selection::FragmentSpread(_) => {}
            }
        }
    }

    fn directives(&mut self, directives: &[Positioned<Directive>]) {
        for directive in directives {
            if let Some(known) = self.registry.directives.get(directive.node.name.node.as_str()) {
                self.arguments(&directive.node.arguments, &known.args);
            }
        }
    }

    fn arguments(&mut self, given: &[(Positioned<Name>, Positioned<Given>)], known: &IndexMap<String, MetaInputValue>) {
        for (name, value) in given.iter().filter(|(_, value)| value.node.clone().into_const().is_none()) {
            if let Some(argument) = known.get(name.node.as_str()) {
                self.found.push((value.node.clone(), argument.ty.clone()));
            }
        }
    }
}

/// Whether a value surely has a type.
fn fits(registry: &Registry, ty: &str, value: &Value) -> bool {
    let name = match MetaTypeName::create(ty) {
        MetaTypeName::NonNull(ty) => return *value != Value::Null && fits(registry, ty, value),
        MetaTypeName::List(ty) => {
            return match value {
                Value::List(items) => items.iter().all(|item| fits(registry, ty, item)),
                Value::Null => true,
                alone => fits(registry, ty, alone),
            };
        }
        MetaTypeName::Named(name) => name,
    };
    match (registry.types.get(name), value) {
        (_, Value::Null) => true,
        (Some(MetaType::Scalar { is_valid, .. }), value) => is_valid.as_ref().is_none_or(|is_valid| is_valid(value)),
        (Some(MetaType::Enum { enum_values, .. }), Value::Enum(name)) => enum_values.contains_key(name.as_str()),
        (Some(MetaType::Enum { enum_values, .. }), Value::String(name)) => enum_values.contains_key(name),
        (Some(MetaType::InputObject { input_fields, oneof, .. }), Value::Object(fields)) => {
            let is_one = || fields.len() == 1 && fields.values().all(|value| *value != Value::Null);
            (!oneof || is_one())
                && fields.keys().all(|name| input_fields.contains_key(name.as_str()))
                && input_fields.values().all(|known| match fields.get(known.name.as_str()) {
                    Some(value) => fits(registry, &known.ty, value),
                    None => !known.ty.ends_with('!') || known.default_value.is_some(),
                })
        }
        _ => false,
    }
}
