//! Tells async-graphql what was declared: SDL, validation and introspection come from here. Its `registry` is a hidden
//! module, made for its derive macros; every struct of it is spelled out in one function here and nowhere else.

use super::declare::{Field, Kind, Object, of};
use crate::graphql::scalars;
use crate::repository::list::ChoiceKind;
use async_graphql::indexmap::IndexMap;
use async_graphql::parser::types::{Field as QueryField, VariableDefinition};
use async_graphql::registry::{Deprecation, MetaEnumValue, MetaField, MetaInputValue, MetaType, Registry};
use async_graphql::{ID, InputType, Positioned, ServerResult, VisitorContext};

type Cost = fn(&VisitorContext<'_>, &[Positioned<VariableDefinition>], &QueryField, usize) -> ServerResult<usize>;

/// An argument of a field, or a field of an input object.
pub struct Argument {
    pub name: String,
    pub about: String,
    pub ty: String,
    pub default: Option<String>,
}

impl Argument {
    pub fn new(name: impl Into<String>, about: impl Into<String>, ty: impl Into<String>) -> Self {
        Argument { name: name.into(), about: about.into(), ty: ty.into(), default: None }
    }
}

/// An argument of a type that async-graphql knows.
pub fn argument<V: InputType>(registry: &mut Registry, name: &str, about: &str) -> Argument {
    Argument::new(name, about, V::create_type_info(registry))
}

/// Registers `T` and everything that it leads to; answers its name.
pub fn object<T: Object>(registry: &mut Registry) -> String {
    let ty = of::<T>();
    let rust_name = std::any::type_name::<T>();
    match registry.types.get(&*ty.name) {
        Some(MetaType::Object { rust_typename, .. }) => {
            assert_eq!(*rust_typename, Some(rust_name), "two types are declared as {}", ty.name);
        }
        Some(_) => unreachable!("{} is not declared as an object only", ty.name),
        None => {
            // A placeholder first: types lead back to themselves.
            registry.types.insert(ty.name.to_string(), object_type(&ty.name, &ty.about, rust_name, IndexMap::new()));
            let fields = ty.fields.iter().map(|known| (known.name.to_owned(), field(registry, known))).collect();
            registry.types.insert(ty.name.to_string(), object_type(&ty.name, &ty.about, rust_name, fields));
            if ty.id.is_some() {
                registry.add_implements(&ty.name, "Node");
            }
        }
    }
    ty.name.to_string()
}

fn field<T>(registry: &mut Registry, field: &Field<T>) -> MetaField {
    let (ty, arguments, cost): (_, _, Option<Cost>) = match &field.kind {
        Kind::Column(column) => (column.type_name(registry), Vec::new(), None),
        Kind::Relation(relation) => {
            let cost: Option<Cost> = if relation.is_worked_out() { Some(worked_out) } else { None };
            (relation.type_name(registry), relation.arguments(registry), cost)
        }
    };
    let meta = meta_field(field.name, &field.about, ty, arguments, cost);
    match field.deprecated {
        Some(reason) => MetaField { deprecation: Deprecation::Deprecated { reason: Some(reason.to_owned()) }, ..meta },
        None => meta,
    }
}

/// async-graphql's own reckoning of costs is not asked for an answer: that a field has one is how it is told that a use case
/// works its objects out (`limits/prices.rs`).
#[expect(clippy::unnecessary_wraps, reason = "the type that async-graphql asks for")]
fn worked_out(
    _: &VisitorContext<'_>,
    _: &[Positioned<VariableDefinition>],
    _: &QueryField,
    below: usize,
) -> ServerResult<usize> {
    Ok(below.saturating_add(1))
}

/// Registers the interface that every object with an id has; answers its name.
pub fn node_interface<'a>(registry: &mut Registry, types: impl Iterator<Item = &'a str>) -> String {
    let id = <ID as InputType>::create_type_info(registry);
    let id = meta_field("id", "The identifier, unique among all objects.", id, Vec::new(), None);
    let node = MetaType::Interface {
        name: "Node".to_owned(),
        description: Some("An object with an identifier that is unique among all objects.".to_owned()),
        fields: IndexMap::from_iter([("id".to_owned(), id)]),
        possible_types: types.map(str::to_owned).collect(),
        rust_typename: None,
        extends: false,
        inaccessible: false,
        keys: None,
        visible: None,
        tags: Vec::new(),
        directive_invocations: Vec::new(),
        requires_scopes: Vec::new(),
    };
    registry.types.insert("Node".to_owned(), node);
    "Node".to_owned()
}

/// Registers one of our scalars; answers its name, with `!`.
pub fn scalar_type(registry: &mut Registry, name: &str) -> String {
    let Some(scalar) = scalars::ALL.iter().find(|scalar| scalar.name == name) else {
        unreachable!("{name} is not among the scalars")
    };
    let is_valid = scalar.is_valid;
    let meta = || MetaType::Scalar {
        name: name.to_owned(),
        description: Some(scalar.about.to_owned()),
        is_valid: Some(std::sync::Arc::new(is_valid)),
        visible: None,
        inaccessible: false,
        tags: Vec::new(),
        specified_by_url: scalar.specified_by.map(str::to_owned),
        directive_invocations: Vec::new(),
        requires_scopes: Vec::new(),
    };
    registry.types.entry(name.to_owned()).or_insert_with(meta);
    format!("{name}!")
}

/// Registers a choice as an enum; answers its name.
pub fn choice_type(registry: &mut Registry, choice: ChoiceKind) -> String {
    let values = (choice.values)().into_iter().map(|(name, about)| (name.to_owned(), about.trim().to_owned()));
    enum_type(registry, choice.name.to_owned(), choice.about.trim().to_owned(), values.collect())
}

/// Registers an enum; answers its name.
pub fn enum_type(registry: &mut Registry, name: String, about: String, values: Vec<(String, String)>) -> String {
    let value = |(name, about): (String, String)| {
        let value = MetaEnumValue {
            name: name.clone(),
            description: Some(about),
            deprecation: Default::default(),
            visible: None,
            inaccessible: false,
            tags: Vec::new(),
            directive_invocations: Vec::new(),
        };
        (name, value)
    };
    let meta = || MetaType::Enum {
        name: name.clone(),
        description: Some(about),
        enum_values: values.into_iter().map(value).collect(),
        visible: None,
        inaccessible: false,
        tags: Vec::new(),
        rust_typename: None,
        directive_invocations: Vec::new(),
        requires_scopes: Vec::new(),
    };
    let known = registry.types.entry(name.clone()).or_insert_with(meta);
    assert!(matches!(known, MetaType::Enum { .. }), "{name} is not declared as an enum only");
    name
}

/// An input object.
pub struct Input {
    pub name: String,
    pub about: String,
    pub fields: Vec<Argument>,
}

/// Registers an input object; answers its name.
pub fn input_type(registry: &mut Registry, input: Input) -> String {
    let name = input.name.clone();
    let meta = || MetaType::InputObject {
        name: input.name,
        description: Some(input.about),
        input_fields: arguments(input.fields),
        visible: None,
        inaccessible: false,
        tags: Vec::new(),
        rust_typename: None,
        oneof: false,
        directive_invocations: Vec::new(),
    };
    let known = registry.types.entry(name.clone()).or_insert_with(meta);
    assert!(matches!(known, MetaType::InputObject { .. }), "{name} is not declared as an input object only");
    name
}

/// Registers an object whose fields are given.
pub fn plain_object(registry: &mut Registry, name: &str, about: &str, rust_name: &'static str, fields: Vec<MetaField>) {
    let fields = fields.into_iter().map(|field| (field.name.clone(), field)).collect();
    registry.types.insert(name.to_owned(), object_type(name, about, rust_name, fields));
}

/// Registers the root of subscriptions.
pub fn subscription_object(
    registry: &mut Registry,
    name: &str,
    about: &str,
    rust_name: &'static str,
    fields: Vec<MetaField>,
) {
    plain_object(registry, name, about, rust_name, fields);
    if let Some(MetaType::Object { is_subscription, .. }) = registry.types.get_mut(name) {
        *is_subscription = true;
    }
}

fn object_type(name: &str, about: &str, rust_name: &'static str, fields: IndexMap<String, MetaField>) -> MetaType {
    MetaType::Object {
        name: name.to_owned(),
        description: Some(about.to_owned()),
        fields,
        rust_typename: Some(rust_name),
        resolvable: true,
        cache_control: Default::default(),
        extends: false,
        shareable: false,
        inaccessible: false,
        interface_object: false,
        is_subscription: false,
        keys: None,
        visible: None,
        tags: Vec::new(),
        directive_invocations: Vec::new(),
        requires_scopes: Vec::new(),
    }
}

pub fn meta_field(name: &str, about: &str, ty: String, args: Vec<Argument>, cost: Option<Cost>) -> MetaField {
    MetaField {
        name: name.to_owned(),
        description: Some(about.to_owned()),
        args: arguments(args),
        ty,
        compute_complexity: cost,
        deprecation: Default::default(),
        cache_control: Default::default(),
        external: false,
        requires: None,
        provides: None,
        visible: None,
        shareable: false,
        inaccessible: false,
        tags: Vec::new(),
        override_from: None,
        directive_invocations: Vec::new(),
        requires_scopes: Vec::new(),
    }
}

fn arguments(arguments: Vec<Argument>) -> IndexMap<String, MetaInputValue> {
    let meta = |argument: Argument| {
        let value = MetaInputValue {
            name: argument.name.clone(),
            description: Some(argument.about),
            ty: argument.ty,
            default_value: argument.default,
            deprecation: Default::default(),
            visible: None,
            inaccessible: false,
            tags: Vec::new(),
            is_secret: false,
            directive_invocations: Vec::new(),
        };
        (argument.name, value)
    };
    arguments.into_iter().map(meta).collect()
}
