//! Errors as clients see them: `UserError` in the payloads of mutations, and the last look over errors at the top level.

use super::engine::{Object, Type};
use crate::domain::Refusal;
use async_graphql::{Response, ServerError, Value};

impl Object for Refusal {
    fn declare() -> Type<Self> {
        Type::new("UserError", "Why a mutation refused. Nothing was changed.")
            .column("code", "The reason, for programs.", |refusal: &Refusal| &refusal.code)
            .computed("message", "What is wrong and what to do, for people.", |refusal| {
                refusal.message.clone().into_owned()
            })
            .column(
                "field",
                "The path of the argument to blame, such as [\"input\", \"items\", \"0\", \"quantity\"]; null when no \
                 single argument is to blame.",
                |refusal| &refusal.field,
            )
            .computed(
                "number",
                "The error number that Billwerk+ Optimize documents for this refusal; null where it has none.",
                |refusal| refusal.code.number(),
            )
    }
}

/// The most errors of one answer.
const MOST_ERRORS: usize = 20;

/// Gives every error its code and hides what is not for clients.
pub fn finish(response: &mut Response, request_id: &str) {
    if response.errors.is_empty() {
        return;
    }
    response.errors.truncate(MOST_ERRORS);
    for error in &mut response.errors {
        if code(error).is_none() {
            finish_foreign(error);
        }
        if matches!(code(error), Some("INTERNAL_SERVER_ERROR" | "SERVICE_UNAVAILABLE")) {
            error.extensions.get_or_insert_default().set("requestId", request_id);
        }
    }
    response.extensions.insert("requestId".to_owned(), Value::from(request_id));
}

fn code(error: &ServerError) -> Option<&str> {
    match error.extensions.as_ref()?.get("code")? {
        Value::String(code) => Some(code),
        _ => None,
    }
}

/// An error that async-graphql made.
fn finish_foreign(error: &mut ServerError) {
    let (code, argument) = match &error.source {
        Some(cause) => {
            let cause = cause.downcast_ref::<String>();
            tracing::error!(message = %error.message, ?cause, "an error without a code");
            "Something went wrong on our side.".clone_into(&mut error.message);
            ("INTERNAL_SERVER_ERROR", None)
        }
        None if error.message.starts_with("Unknown operation named")
            || error.message.starts_with("Operation name required") =>
        {
            ("OPERATION_RESOLUTION_FAILURE", None)
        }
        None => match argument(&error.message) {
            Some(path) => {
                explain(&mut error.message);
                ("BAD_USER_INPUT", Some(path))
            }
            None if error.path.is_empty() => ("GRAPHQL_VALIDATION_FAILED", None),
            None => ("BAD_USER_INPUT", None),
        },
    };
    error.source = None;
    let extensions = error.extensions.get_or_insert_default();
    extensions.set("code", code);
    if let Some(path) = argument {
        extensions.set("argument", Value::List(path));
    }
}

/// Says what is right where validation only says that something is wrong.
fn explain(message: &mut String) {
    for (said, instead) in [
        ("Oneof input objects requires have exactly one field", "exactly one of its fields must be given"),
        ("expected type \"Decimal\"", "expected a decimal in a string, such as \"9.99\""),
    ] {
        if let Some(start) = message.strip_suffix(said) {
            *message = format!("{start}{instead}");
            return;
        }
    }
}

/// The path of the argument that validation blames, which it says in its message only.
fn argument(message: &str) -> Option<Vec<Value>> {
    let rest = message.strip_prefix("Invalid value for argument \"")?;
    let (path, rest) = rest.split_once('"')?;
    // A field that is missing or unknown is named behind the object that it is a field of.
    let field = rest.strip_prefix(", field \"").or_else(|| rest.strip_prefix(", unknown field \""));
    let field = field.and_then(|rest| rest.split_once('"')).map(|(field, _)| field);
    Some(path.split('.').chain(field).map(Value::from).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_validation_leaves_open_is_said() {
        for (message, expected) in [
            (
                "Invalid value for argument \"input.plan\", Oneof input objects requires have exactly one field",
                "Invalid value for argument \"input.plan\", exactly one of its fields must be given",
            ),
            (
                "Invalid value for argument \"input.amount\", expected type \"Decimal\"",
                "Invalid value for argument \"input.amount\", expected a decimal in a string, such as \"9.99\"",
            ),
        ] {
            let mut response = Response::from_errors(vec![ServerError::new(message, None)]);
            finish(&mut response, "request");
            assert_eq!(response.errors.first().map(|error| error.message.as_str()), Some(expected));
            assert_eq!(response.errors.first().and_then(code), Some("BAD_USER_INPUT"));
        }
    }

    #[test]
    fn the_argument_that_validation_blames_is_found() {
        let path = argument("Invalid value for argument \"input.items.0.quantity\", expected type \"Int\"");
        let path: Vec<String> = path.unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(path, ["\"input\"", "\"items\"", "\"0\"", "\"quantity\""]);
        let missing = "Invalid value for argument \"input\", field \"name\" of type \"A\" is required but not provided";
        assert_eq!(argument(missing), Some(vec![Value::from("input"), Value::from("name")]));
        let unknown = "Invalid value for argument \"input\", unknown field \"surname\" of type \"A\"";
        assert_eq!(argument(unknown), Some(vec![Value::from("input"), Value::from("surname")]));
        assert_eq!(argument("Unknown field"), None);
    }
}
