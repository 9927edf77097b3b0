//! The schema as a whole: everything is described, and everything can be reached.

use super::types::{Types, named};
use async_graphql::Positioned;
use async_graphql::parser::types::{FieldDefinition, InputValueDefinition, TypeKind};
use std::collections::BTreeSet;

type About = Option<Positioned<String>>;

#[test]
fn everything_is_described() {
    let types = Types::read();
    let mut empty = Vec::new();
    let mut check = |place: String, about: &About| {
        let about = about.as_ref().map(|about| about.node.trim()).unwrap_or_default();
        // Two letters are no description, and what is said in a sentence ends like one.
        if about.len() < 3 || !about.ends_with(['.', ')']) {
            empty.push(format!("{place}: {about:?}"));
        }
    };
    let inputs = |place: &str, fields: &[Positioned<InputValueDefinition>], check: &mut dyn FnMut(String, &About)| {
        fields.iter().for_each(|field| check(format!("{place}.{}", field.node.name.node), &field.node.description));
    };
    for (name, ty) in &types.0 {
        check(name.clone(), &ty.description);
        let mut output = |fields: &[Positioned<FieldDefinition>]| {
            for field in fields {
                let place = format!("{name}.{}", field.node.name.node);
                check(place.clone(), &field.node.description);
                inputs(&place, &field.node.arguments, &mut check);
            }
        };
        match &ty.kind {
            TypeKind::Object(object) => output(&object.fields),
            TypeKind::Interface(interface) => output(&interface.fields),
            TypeKind::InputObject(input) => inputs(name, &input.fields, &mut check),
            TypeKind::Enum(choice) => {
                for value in &choice.values {
                    check(format!("{name}.{}", value.node.value.node), &value.node.description);
                }
            }
            TypeKind::Scalar | TypeKind::Union(_) => {}
        }
    }
    assert!(empty.is_empty(), "without a description:\n{}", empty.join("\n"));
}

#[test]
fn everything_can_be_reached() {
    let types = Types::read();
    let mut reached = BTreeSet::new();
    let mut next = vec!["Query".to_owned(), "Mutation".to_owned(), "SubscriptionRoot".to_owned()];
    while let Some(name) = next.pop() {
        if !reached.insert(name.clone()) {
            continue;
        }
        for field in types.fields(&name) {
            next.push(named(&field.node.ty.node).to_owned());
            next.extend(field.node.arguments.iter().map(|argument| named(&argument.node.ty.node).to_owned()));
        }
        next.extend(types.inputs(&name).iter().map(|field| named(&field.node.ty.node).to_owned()));
        if matches!(types.kind(&name), Some(TypeKind::Interface(_))) {
            next.extend(types.members(&name).into_iter().map(str::to_owned));
        }
    }
    let lost: Vec<_> = types.0.keys().filter(|name| !reached.contains(*name)).collect();
    assert!(lost.is_empty(), "nothing leads to {lost:?}");
    let built_in = ["Boolean", "Float", "ID", "Int", "String"];
    let unknown: Vec<_> =
        reached.iter().filter(|name| !types.0.contains_key(*name) && !built_in.contains(&name.as_str())).collect();
    assert!(unknown.is_empty(), "nothing declares {unknown:?}");
}
