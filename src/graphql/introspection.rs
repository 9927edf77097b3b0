//! Who may ask for the schema, and whether a document does.

use super::engine::coded;
use async_graphql::parser::types::{ExecutableDocument, OperationType, Selection, SelectionSet};
use async_graphql::{Pos, ServerError};
use std::collections::HashSet;

/// Who may ask for the schema (`__schema`, `__type`).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Introspection {
    /// Nobody.
    Off,
    /// Whoever has a key.
    #[default]
    Keys,
    /// Also those who have none. They are answered nothing else.
    Anybody,
}

/// The error of a document that asks for the schema, where nobody may; none where it does not.
pub fn refused(document: &ExecutableDocument) -> Option<ServerError> {
    let at = place(document)?;
    let message = "This server does not tell its schema. It is the one that `perennial schema` prints.";
    let mut error = coded(message, "INTROSPECTION_DISABLED");
    error.locations = vec![at];
    Some(error)
}

/// Where a document asks for the schema.
fn place(document: &ExecutableDocument) -> Option<Pos> {
    let operations = document.operations.iter().map(|(_, operation)| &operation.node.selection_set.node);
    let fragments = document.fragments.values().map(|fragment| &fragment.node.selection_set.node);
    let mut open: Vec<&SelectionSet> = operations.chain(fragments).collect();
    while let Some(set) = open.pop() {
        for selection in &set.items {
            match &selection.node {
                Selection::Field(field) if matches!(field.node.name.node.as_str(), "__schema" | "__type") => {
                    return Some(field.pos);
                }
                Selection::Field(field) => open.push(&field.node.selection_set.node),
                Selection::InlineFragment(inline) => open.push(&inline.node.selection_set.node),
                Selection::FragmentSpread(_) => {}
            }
        }
    }
    None
}

/// Whether all that a document asks for is the schema, whichever of its operations is run.
pub fn alone(document: &ExecutableDocument) -> bool {
    if document.operations.iter().any(|(_, operation)| operation.node.ty != OperationType::Query) {
        return false;
    }
    let mut open: Vec<&SelectionSet> =
        document.operations.iter().map(|(_, operation)| &operation.node.selection_set.node).collect();
    let mut spread = HashSet::new();
    while let Some(set) = open.pop() {
        for selection in &set.items {
            match &selection.node {
                Selection::Field(field) => {
                    if !matches!(field.node.name.node.as_str(), "__schema" | "__type" | "__typename") {
                        return false;
                    }
                }
                Selection::InlineFragment(inline) => open.push(&inline.node.selection_set.node),
                Selection::FragmentSpread(named) => match document.fragments.get(&named.node.fragment_name.node) {
                    Some(fragment) if spread.insert(&named.node.fragment_name.node) => {
                        open.push(&fragment.node.selection_set.node);
                    }
                    Some(_) => {}
                    None => return false,
                },
            }
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_graphql::parser::parse_query;

    #[test]
    fn what_asks_for_the_schema_is_seen_wherever_it_does() {
        for document in [
            "{ __schema { types { name } } }",
            "{ a { b } t: __type(name: \"A\") { name } }",
            "{ ... { ... on Query { __schema { types { name } } } } }",
            "query A { a } query B { __type (name: \"A\") { name } }",
            "{ ...F } fragment F on Query { __schema { types { name } } }",
        ] {
            let error = refused(&parse_query(document).unwrap()).unwrap_or_else(|| panic!("{document}"));
            assert!(!error.locations.is_empty());
        }
        for document in ["{ a }", "{ __typename a { __typename } }", "{ a(b: \"__schema\") }", "# __type\n{ a }"] {
            assert!(refused(&parse_query(document).unwrap()).is_none(), "{document}");
        }
        let deep = format!("{}__schema{}", "{ a ".repeat(60), "}".repeat(60));
        assert!(refused(&parse_query(deep).unwrap()).is_some());
    }

    #[test]
    fn the_schema_alone_is_that_and_nothing_beside_it() {
        for (document, expected) in [
            ("{ __schema { types { name } } }", true),
            ("query A { __typename t: __type(name: \"A\") { name } } query B { __schema { types { name } } }", true),
            ("{ ...F ...F } fragment F on Query { ... { __schema { types { name } } } }", true),
            ("{ ...F } fragment F on Query { ...F __schema { types { name } } }", true),
            ("{ __schema { types { name } } tenant { name } }", false),
            ("{ __schema { types { name } } ... { tenant { name } } }", false),
            ("{ ...F } fragment F on Query { tenant { name } }", false),
            ("query A { __schema { types { name } } } query B { tenant { name } }", false),
            ("query A { __schema { types { name } } } mutation B { __typename }", false),
            ("subscription { __typename }", false),
            ("{ ...Nowhere }", false),
        ] {
            assert_eq!(alone(&parse_query(document).unwrap()), expected, "{document}");
        }
    }
}
