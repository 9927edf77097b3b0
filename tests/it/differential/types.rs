//! The schema, as its own text says it.

use async_graphql::Positioned;
use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{
    BaseType, FieldDefinition, InputValueDefinition, Type, TypeDefinition, TypeKind, TypeSystemDefinition,
};
use std::collections::BTreeMap;

pub struct Types(pub BTreeMap<String, TypeDefinition>);

/// What subscriptions to one object answer.
const UPDATES: [&str; 3] = ["InvoiceUpdate", "OrderUpdate", "SubscriptionUpdate"];

impl Types {
    pub fn read() -> Types {
        let document = parse_schema(perennial::graphql::schema_sdl()).expect("our own SDL parses");
        let types = document.definitions.into_iter().filter_map(|definition| match definition {
            TypeSystemDefinition::Type(ty) => Some((ty.node.name.node.to_string(), ty.node)),
            _ => None,
        });
        Types(types.collect())
    }

    /// Without events, whose list is like no other, and without subscriptions: they have tests of their own.
    pub fn compared() -> Types {
        let Types(mut types) = Types::read();
        types.retain(|name, _| {
            !(name.starts_with("Event") || name == "SubscriptionRoot" || UPDATES.contains(&name.as_str()))
        });
        if let Some(TypeKind::Object(query)) = types.get_mut("Query").map(|query| &mut query.kind) {
            query.fields.retain(|field| !matches!(field.node.name.node.as_str(), "event" | "events"));
        }
        Types(types)
    }

    pub fn kind(&self, name: &str) -> Option<&TypeKind> {
        self.0.get(name).map(|ty| &ty.kind)
    }

    /// Whether a field of this type has a selection.
    pub fn is_object(&self, name: &str) -> bool {
        matches!(self.kind(name), Some(TypeKind::Object(_) | TypeKind::Interface(_)))
    }

    pub fn fields(&self, name: &str) -> &[Positioned<FieldDefinition>] {
        match self.kind(name) {
            Some(TypeKind::Object(object)) => &object.fields,
            Some(TypeKind::Interface(interface)) => &interface.fields,
            _ => &[],
        }
    }

    pub fn field(&self, ty: &str, name: &str) -> Option<&FieldDefinition> {
        self.fields(ty).iter().map(|field| &field.node).find(|field| field.name.node == name)
    }

    pub fn inputs(&self, name: &str) -> &[Positioned<InputValueDefinition>] {
        match self.kind(name) {
            Some(TypeKind::InputObject(input)) => &input.fields,
            _ => &[],
        }
    }

    /// The type of a field of an input object.
    pub fn input(&self, ty: &str, name: &str) -> Option<&Type> {
        self.inputs(ty).iter().find(|field| field.node.name.node == name).map(|field| &field.node.ty.node)
    }

    pub fn values(&self, name: &str) -> Vec<&str> {
        match self.kind(name) {
            Some(TypeKind::Enum(choice)) => choice.values.iter().map(|value| value.node.value.node.as_str()).collect(),
            _ => Vec::new(),
        }
    }

    pub fn implements(&self, name: &str, interface: &str) -> bool {
        matches!(self.kind(name), Some(TypeKind::Object(object))
            if object.implements.iter().any(|known| known.node == interface))
    }

    /// The objects that have an interface.
    pub fn members(&self, interface: &str) -> Vec<&str> {
        self.0.keys().map(String::as_str).filter(|name| self.implements(name, interface)).collect()
    }
}

/// The name at the bottom of a type.
pub fn named(ty: &Type) -> &str {
    match &ty.base {
        BaseType::Named(name) => name,
        BaseType::List(inner) => named(inner),
    }
}

/// `customerId` is `CUSTOMER_ID` among the keys of an order.
pub fn screaming(name: &str) -> String {
    name.chars().fold(String::new(), |text, c| {
        let text = if c.is_uppercase() { text + "_" } else { text };
        text + &c.to_uppercase().to_string()
    })
}
