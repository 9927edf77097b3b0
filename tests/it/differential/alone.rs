//! A row is read in part: only the columns that the selected fields need. Each field asked for by itself says the same as
//! it says beside all others.

use super::Subject;
use super::types::{Types, named};
use async_graphql::Variables;
use async_graphql::parser::types::TypeKind;
use serde_json::Value as Json;

/// The lists whose rows are read in part, and where the rows are in their answers.
const LISTS: [(&str, &str, &str); 6] = [
    ("Order", "orders(first: 100) { nodes {", "} }"),
    ("OrderItem", "orders(first: 100) { nodes { items {", "} } }"),
    ("Customer", "customers(first: 100) { nodes {", "} }"),
    ("Product", "products(first: 100) { nodes {", "} }"),
    ("Asset", "assets(first: 100) { nodes {", "} }"),
    ("Subscription", "subscriptions(first: 100) { nodes {", "} }"),
];

/// The fields of a type that need no arguments, each with a short selection.
fn fields(types: &Types, name: &str) -> Vec<(String, String)> {
    let short = |of: &str| {
        let is_leaf = |name: &&&str| types.field(of, name).is_some_and(|field| !types.is_object(named(&field.ty.node)));
        let field = ["id", "amount", "version", "handle", "code", "name"].iter().find(is_leaf);
        field.map(|field| format!(" {{ {field} }}"))
    };
    let selection = |of: &str| match types.kind(of) {
        Some(TypeKind::Scalar | TypeKind::Enum(_)) => Some(String::new()),
        _ if of.ends_with("Connection") => Some(" { totalCount }".to_owned()),
        _ => short(of),
    };
    types
        .fields(name)
        .iter()
        .filter_map(|field| {
            let selected = selection(named(&field.node.ty.node))?;
            let name = field.node.name.node.to_string();
            Some((name.clone(), format!("{name}{selected}")))
        })
        .collect()
}

/// All values of a field, in the order of the answer.
fn values<'j>(answer: &'j Json, field: &str, found: &mut Vec<&'j Json>) {
    match answer {
        Json::Object(members) if members.contains_key(field) => found.push(&members[field]),
        Json::Object(members) => members.values().for_each(|value| values(value, field, found)),
        Json::Array(items) => items.iter().for_each(|item| values(item, field, found)),
        _ => {}
    }
}

pub fn each_field_alone_says_the_same(subject: &Subject) {
    let oracle = &subject.oracles[0];
    let mut compared = 0;
    for (name, before, after) in LISTS {
        let fields = fields(&oracle.world.types, name);
        for (field, selection) in &fields {
            // This field asks for whole rows.
            let whole = if name == "Asset" { "unavailableReason" } else { "id" };
            let ask = |text: String| subject.ask(oracle, &text, Variables::default());
            let alone = ask(format!("{{ {before} {selection} {after} }}"));
            let columns = fields.iter().filter(|(_, selection)| !selection.contains('{'));
            let beside = columns.filter(|(other, _)| other != field && other != whole).map(|(other, _)| other.as_str());
            let together =
                ask(format!("{{ {before} {whole} {} {selection} {after} }}", beside.collect::<Vec<_>>().join(" ")));
            let (mut one, mut all) = (Vec::new(), Vec::new());
            values(&alone["data"], field, &mut one);
            values(&together["data"], field, &mut all);
            assert!(!one.is_empty(), "{alone}");
            assert_eq!(one, all, "{name}.{field}");
            compared += 1;
        }
    }
    assert!(compared > 75, "{compared} fields were compared");
}
