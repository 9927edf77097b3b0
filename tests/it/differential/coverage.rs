//! What the data show: a field that is null in every row, or in none though it may be, proves nothing when it is compared.

use super::oracle::World;
use super::types::{Types, named};
use async_graphql::Value;
use std::collections::{BTreeMap, BTreeSet};

/// For each field, by its type and its name, whether it was seen with a value and whether it was seen null.
type Seen = BTreeMap<(String, String), BTreeSet<bool>>;

/// Every field that may be null is null in some row, and has a value in another.
pub fn fields_are_null_and_are_not(world: &World) {
    let mut seen = Seen::new();
    for row in &world.store.rows {
        for (name, value) in &row.cells {
            look(&world.types, row.ty, name, value, &mut seen);
        }
    }
    // A world has one tenant, whose fields have a value or none; and what is foreseen always bills a period.
    let varies = |ty: &str, name: &str| ty != "Tenant" && (ty, name) != ("InvoicePreview", "period");
    let may_be_null = |ty: &str, name: &str| {
        varies(ty, name) && world.types.field(ty, name).is_some_and(|field| field.ty.node.nullable)
    };
    let poor: Vec<_> = seen.iter().filter(|((ty, name), seen)| may_be_null(ty, name) && seen.len() < 2).collect();
    assert!(poor.is_empty(), "(type, field), and whether it has values: {poor:#?}");
    let used = world.store.of("Subscription").flat_map(|row| match row.cell("usage") {
        Value::List(used) => used.iter().filter_map(|one| one.clone().into_json().ok()).collect(),
        _ => Vec::new(),
    });
    let quantities: BTreeSet<String> = used.map(|one| one["quantity"].to_string()).collect();
    assert!(quantities.len() > 4, "hardly anything was used: {quantities:?}");
}

fn look(types: &Types, ty: &str, name: &str, value: &Value, seen: &mut Seen) {
    // Some cells only lead to the parent.
    let Some(field) = types.field(ty, name) else { return };
    seen.entry((ty.to_owned(), name.to_owned())).or_default().insert(*value != Value::Null);
    let to = named(&field.ty.node);
    let parts = if let Value::List(parts) = value { parts.as_slice() } else { std::slice::from_ref(value) };
    for part in parts {
        if let Value::Object(fields) = part {
            fields.iter().for_each(|(name, value)| look(types, to, name, value, seen));
        }
    }
}
