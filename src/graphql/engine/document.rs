//! A document, and an operation of it that is run.

use super::run::bad_input;
use super::valid::Valid;
use async_graphql::parser::types::{ExecutableDocument, FragmentDefinition, OperationDefinition, SelectionSet};
use async_graphql::{Name, Positioned, SchemaEnv, ServerError, Value, Variables};
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

/// A document that was parsed. Once it was found valid, it is not validated again.
pub struct Document {
    parsed: ExecutableDocument,
    valid: OnceLock<Valid>,
}

impl Document {
    pub fn new(parsed: ExecutableDocument) -> Document {
        Document { parsed, valid: OnceLock::new() }
    }

    /// Notes that async-graphql found it valid.
    pub(super) fn found_valid(&self, schema: &SchemaEnv) {
        self.valid.get_or_init(|| Valid::of(&self.parsed, schema));
    }
}

impl Deref for Document {
    type Target = ExecutableDocument;
    fn deref(&self) -> &ExecutableDocument {
        &self.parsed
    }
}

/// Which operation of a document would be run; none where that is not clear.
pub fn operation<'d>(document: &'d ExecutableDocument, name: Option<&str>) -> Option<&'d OperationDefinition> {
    let mut operations = document.operations.iter();
    let found = match name {
        Some(name) => operations.find(|(known, _)| known.is_some_and(|known| known == name)),
        None => operations.next().filter(|_| document.operations.iter().count() == 1),
    };
    found.map(|(_, operation)| &operation.node)
}

/// What async-graphql forgets about variables: their defaults, when it looks at `@skip` and `@include`, and that those
/// which must not be null need a value. Without one, the field or the condition would be left out in silence.
pub fn complete_variables(
    document: &ExecutableDocument,
    request: &mut async_graphql::Request,
) -> Result<(), ServerError> {
    let named = |name: Option<&Name>| {
        request.operation_name.is_none() || name.map(Name::as_str) == request.operation_name.as_deref()
    };
    let operations: Vec<_> = document.operations.iter().filter(|(name, _)| named(*name)).collect();
    let [(_, operation)] = operations.as_slice() else { return Ok(()) };
    for definition in &operation.node.variable_definitions {
        let name = &definition.node.name.node;
        if let Some(default) = &definition.node.default_value
            && !request.variables.contains_key(name)
        {
            request.variables.insert(name.clone(), default.node.clone());
        }
        let ty = &definition.node.var_type.node;
        if !ty.nullable && matches!(request.variables.get(name), None | Some(Value::Null)) {
            let message = format!("The variable ${name} of the type {ty} needs a value.");
            let mut refused = bad_input(message, &[&format!("${name}")]);
            refused.locations = vec![definition.pos];
            return Err(refused);
        }
    }
    Ok(())
}

/// An operation that is run, with its variables, among which are the defaults.
pub struct QueryEnv {
    document: Arc<Document>,
    operation_name: Option<String>,
    pub variables: Variables,
}

/// What an operation selects that is not there.
static NOTHING: SelectionSet = SelectionSet { items: Vec::new() };

impl QueryEnv {
    pub fn new(document: Arc<Document>, operation_name: Option<String>, variables: Variables) -> QueryEnv {
        QueryEnv { document, operation_name, variables }
    }

    pub fn document(&self) -> &Document {
        &self.document
    }

    /// What is selected of the root.
    pub fn selection(&self) -> &SelectionSet {
        let operation = operation(&self.document, self.operation_name.as_deref());
        operation.map_or(&NOTHING, |operation| &operation.selection_set.node)
    }

    pub fn fragment(&self, name: &Name) -> Option<&FragmentDefinition> {
        self.document.fragments.get(name).map(|fragment: &Positioned<_>| &fragment.node)
    }

    /// Whether async-graphql is known to find nothing wrong with it.
    pub fn is_valid(&self) -> bool {
        self.document.valid.get().is_some_and(|valid| valid.with(&self.variables))
    }
}
