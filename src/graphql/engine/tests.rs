//! What no object type of the program shows yet.

use super::{Bounds, Document, Engine, Mutation, Mutations, Object, Request, Source, Subscriptions, Type};
use crate::domain::api_key::Scope;
use crate::domain::tenant::Tenant;
use crate::domain::{Id, Instant};
use crate::repository::Db;
use crate::telemetry::tally;
use async_graphql::parser::parse_query;
use std::sync::Arc;
use uuid::Uuid;

struct Root;

impl Object for Root {
    fn declare() -> Type<Self> {
        Type::new("Root", "For a test.")
            .computed("old", "An old number.", |_: &Root| 1)
            .deprecated("Use `new`.")
            .computed("new", "A number.", |_: &Root| 2)
    }
}

struct Asking(Root, Db);

impl Request for Asking {
    type Query = Root;
    fn query(&self) -> &Root {
        &self.0
    }
    fn db(&self) -> &Db {
        &self.1
    }
    fn tenant(&self) -> Id<Tenant> {
        Id::new(Uuid::nil())
    }
    fn now(&self) -> Instant {
        "2025-01-31T12:00:00Z".parse().unwrap()
    }
    fn scope(&self) -> Scope {
        Scope::Read
    }
    fn bounds(&self) -> Bounds {
        Bounds { answer: 1_000, until: std::time::Instant::now() + std::time::Duration::from_mins(1) }
    }
}

impl Mutations for Asking {
    fn all() -> &'static [Mutation<Self>] {
        &[]
    }
}

impl Subscriptions for Asking {
    fn sources() -> &'static [Source<Self>] {
        &[]
    }
}

fn ask(query: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("test.db").display());
    let db = Db::open(&url.parse().unwrap(), 1).unwrap();
    let engine = Engine::<Asking>::new(|builder| builder);
    let document = Arc::new(Document::new(parse_query(query).unwrap()));
    let answer = engine.execute(async_graphql::Request::new(query), &document, Asking(Root, db));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    String::from_utf8(super::to_json(&runtime.block_on(answer).response)).unwrap()
}

#[test]
fn a_deprecated_field_says_so_and_is_noted_when_it_is_read() {
    let sdl = Engine::<Asking>::new(|builder| builder).sdl();
    assert!(sdl.contains("old: Int! @deprecated(reason: \"Use `new`.\")"), "{sdl}");
    assert!(sdl.contains("new: Int!\n"), "{sdl}");

    tally::take();
    assert_eq!(ask("{ new }"), r#"{"data":{"new":2}}"#);
    assert!(tally::take().1.is_empty());
    assert_eq!(ask("{ old other: old new }"), r#"{"data":{"old":1,"other":1,"new":2}}"#);
    let noted = tally::take().1;
    assert_eq!(noted.iter().map(|noted| (noted.on.as_str(), noted.field)).collect::<Vec<_>>(), [("Root", "old"); 2]);
}
