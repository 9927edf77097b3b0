//! What async-graphql 7.0.19's dynamic executor gets wrong about errors, put right from outside, by the rules of the
//! specification:
//!
//! - It gives up the whole answer at the first error, wherever it was. Here an error stops at the nearest field or list
//!   item that may be null, and what has an error at several root fields reports each of them.
//! - It forgets the path of a resolver's error.
//! - It cannot write null in a list of an interface: it takes the null for an object.
//! - Where a key is selected twice, it resolves it twice: an error of either makes the one answer null.

use async_graphql::extensions::{Extension, ExtensionContext, ExtensionFactory, NextExecute, NextResolve, ResolveInfo};
use async_graphql::{
    PathSegment, QueryPathNode, QueryPathSegment, Response, ServerError, ServerResult, Value, async_trait,
};
use std::sync::{Arc, Mutex};

pub struct Nulls;

impl ExtensionFactory for Nulls {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Request::default())
    }
}

/// The errors of one request, and what became null because of them.
#[derive(Default)]
struct Request {
    errors: Mutex<Vec<ServerError>>,
    nulls: Mutex<Vec<Vec<PathSegment>>>,
}

#[async_trait::async_trait]
impl Extension for Request {
    async fn resolve(
        &self,
        cx: &ExtensionContext<'_>,
        info: ResolveInfo<'_>,
        next: NextResolve<'_>,
    ) -> ServerResult<Option<Value>> {
        let (path, nullable) = (path(info.path_node), !info.return_type.ends_with('!'));
        let is_root = info.path_node.parent.is_none();
        let mut error = match next.run(cx, info).await {
            Ok(value) => return Ok(value),
            Err(error) => error,
        };
        if error.message.starts_with("internal: invalid value for interface") {
            return Ok(None);
        }
        if error.path.is_empty() {
            error.path = path.clone();
        }
        if nullable || is_root {
            self.nulls.lock().expect("nobody panicked").push(if nullable { path } else { Vec::new() });
            self.errors.lock().expect("nobody panicked").push(error);
            return Ok(None);
        }
        Err(error)
    }

    async fn execute(&self, cx: &ExtensionContext<'_>, name: Option<&str>, next: NextExecute<'_>) -> Response {
        let mut response = next.run(cx, name).await;
        response.errors.append(&mut self.errors.lock().expect("nobody panicked"));
        for path in self.nulls.lock().expect("nobody panicked").iter() {
            make_null(&mut response.data, path);
        }
        response
    }
}

fn path(node: &QueryPathNode<'_>) -> Vec<PathSegment> {
    let mut path = node.parent.map(path).unwrap_or_default();
    path.push(match node.segment {
        QueryPathSegment::Index(index) => PathSegment::Index(index),
        QueryPathSegment::Name(name) => PathSegment::Field(name.to_owned()),
    });
    path
}

fn make_null(value: &mut Value, path: &[PathSegment]) {
    match (path.split_first(), value) {
        (None, value) => *value = Value::Null,
        (Some((PathSegment::Field(key), rest)), Value::Object(fields)) => {
            fields.get_mut(key.as_str()).into_iter().for_each(|value| make_null(value, rest));
        }
        (Some((PathSegment::Index(index), rest)), Value::List(values)) => {
            values.get_mut(*index).into_iter().for_each(|value| make_null(value, rest));
        }
        _ => {}
    }
}
