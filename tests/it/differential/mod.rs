//! The reading engine against an oracle: random queries, and chosen ones whose answers are written down, must be
//! answered as async-graphql's own executor answers them over the same data in memory.
//!
//! - `data.rs` fills two tenants through the use cases, `store.rs` reads all rows of one into memory.
//!   `coverage.rs` asks that they show what a field can be.
//! - `oracle.rs` answers from there, with `lists.rs` for what is filtered, sorted and cut; `nulls.rs` puts right what the
//!   executor gets wrong. `types.rs` is the schema, read from its own text: a new field is compared as soon as `store.rs`
//!   has it, and fails the test until then.
//! - `alone.rs` asks for each field by itself.
//! - `generator.rs` makes the queries and `arguments.rs` their arguments, from a seed that a failure names.
//!
//! The tests that take a database run on any; call them on a [`deep`] stack, each on an empty database.

mod alone;
mod arguments;
pub mod chosen;
mod coverage;
mod data;
mod generator;
mod indexes;
mod lists;
mod nulls;
mod oracle;
pub mod random;
mod schema;
pub mod statements;
mod store;
mod types;

use crate::support::Backend;
use crate::support::database::TestDatabase;
use arguments::Arguments;
use async_graphql::{Request, Value, Variables};
use data::Amounts;
use generator::{Made, literal, make};
use lists::{Cursors, Sorting};
use oracle::{Oracle, World};
use perennial::app::Viewer;
use perennial::graphql::{Api, Caller, to_json};
use perennial::repository::Db;
use random::Random;
use serde_json::Value as Json;
use std::collections::BTreeSet;
use std::sync::{Arc, RwLock};
use store::Store;
use types::Types;

/// How many random queries a run makes. `DIFFERENTIAL_QUERIES` asks for more, `DIFFERENTIAL_SEED` for others.
const QUERIES: u64 = 400;

/// A database, filled, with an engine over it and an oracle for each of the two tenants.
struct Subject {
    api: Api,
    oracles: Vec<Oracle>,
}

impl Subject {
    fn new(db: Db) -> Subject {
        db.migrate().expect("the migrations run");
        let app = Arc::new(data::app(db));
        let large = Amounts { customers: 30, products: 9, orders: 45, assets: 90, plans: 12, subscriptions: 120 };
        let small = Amounts { customers: 3, products: 2, orders: 4, assets: 7, plans: 2, subscriptions: 9 };
        let viewers = [data::tenant(&app, "Large \"GmbH\"", &large), data::tenant(&app, "Small", &small)];
        let types = Arc::new(Types::compared());
        let oracle = |viewer: Viewer| {
            let store = Store::load(&app.db, &viewer);
            Oracle::new(World { types: types.clone(), store, viewer, cursors: RwLock::new(Cursors::default()) })
        };
        Subject { oracles: viewers.map(oracle).into(), api: Api::new(app) }
    }

    fn ask(&self, oracle: &Oracle, text: &str, variables: Variables) -> Json {
        let answer = self.text(oracle, text, variables);
        serde_json::from_str(&answer).unwrap_or_else(|error| panic!("{error}\n{text}\n{answer}"))
    }

    fn text(&self, oracle: &Oracle, text: &str, variables: Variables) -> String {
        let viewer = oracle.world.viewer.clone();
        let caller = Caller { viewer, request_id: "differential".to_owned(), idempotency_key: None };
        let response = wait(self.api.execute(Request::new(text).variables(variables), caller)).response;
        String::from_utf8(to_json(&response)).expect("UTF-8")
    }

    /// Walks through whole lists in each of some orders. Every walk must find all rows in their order; the cursors that
    /// it meets are the oracle's from now on.
    fn walk(&self, oracle: &Oracle, orders: &[(String, Value)]) {
        let world = &oracle.world;
        for (ty, order) in orders {
            if ty == "AssetAssignment" {
                self.walk_assignments(oracle);
                continue;
            }
            let sorting = Sorting::read(&world.types, ty, order);
            let roots = world.types.fields("Query").iter().map(|field| &field.node);
            let mut lists = roots.filter(|field| types::named(&field.ty.node) == format!("{ty}Connection"));
            let list = lists.next().expect("each listed type has a list").name.node.as_str();
            let query = format!(
                "query ($after: String) {{ {list}(first: 17, after: $after, orderBy: {}) {{ edges {{ cursor node {{ id }} }} \
                 pageInfo {{ endCursor hasNextPage }} }} }}",
                literal(order)
            );
            let mut expected: Vec<_> = world.store.of(ty).cloned().collect();
            sorting.sort(&mut expected);
            let mut found = Vec::new();
            let mut after = Json::Null;
            loop {
                let variables = Variables::from_json(serde_json::json!({"after": after}));
                let answer = self.ask(oracle, &query, variables);
                let page = &answer["data"][list];
                for edge in page["edges"].as_array().unwrap_or_else(|| panic!("{answer}")) {
                    let row = world.store.find(ty, edge["node"]["id"].as_str().expect("an id")).expect("a row");
                    let cursor = edge["cursor"].as_str().expect("a cursor");
                    world.cursors.write().expect("nobody panicked").add(&sorting.name(), row, cursor);
                    found.push(row.id());
                }
                if page["pageInfo"]["hasNextPage"] == false {
                    break;
                }
                after = page["pageInfo"]["endCursor"].clone();
            }
            assert_eq!(found, expected.iter().map(|row| row.id()).collect::<Vec<_>>(), "{ty} by {}", sorting.name());
        }
    }

    /// Assignments have no list of their own and no id to be seen: the subscription says which one it is.
    fn walk_assignments(&self, oracle: &Oracle) {
        let world = &oracle.world;
        let query =
            "{ assets(first: 100) { nodes { assignments { edges { cursor node { subscription { id } } } } } } }";
        let answer = self.ask(oracle, query, Variables::default());
        let name = Sorting::read(&world.types, "AssetAssignment", &Value::Null).name();
        for asset in answer["data"]["assets"]["nodes"].as_array().unwrap_or_else(|| panic!("{answer}")) {
            for edge in asset["assignments"]["edges"].as_array().expect("edges") {
                let subscription = &edge["node"]["subscription"]["id"];
                let mut rows = world.store.of("AssetAssignment");
                let row = rows.find(|row| Some(store::text(row.cell("subscription"))) == subscription.as_str());
                let cursor = edge["cursor"].as_str().expect("a cursor");
                world.cursors.write().expect("nobody panicked").add(&name, row.expect("a row"), cursor);
            }
        }
    }

    fn compare(&self, oracle: &Oracle, made: &Made) -> Result<Json, String> {
        let ours = self.ask(oracle, &made.text, made.given.clone());
        // The second time the document is known, and not validated again.
        let again = self.ask(oracle, &made.text, made.given.clone());
        if ours != again {
            return Err(format!("{}\n\nnew: {ours}\n\nknown: {again}", made.text));
        }
        let theirs = wait(oracle.execute(Request::new(&made.text).variables(made.filled.clone())));
        let theirs = serde_json::to_value(&theirs).expect("plain data");
        let (own, other) = (errors(&ours), errors(&theirs));
        let same_errors = match ours["errors"].as_array().map_or(0, Vec::len) {
            // The API says no more than that of any number of errors.
            20.. => own.iter().all(|error| other.contains(error)),
            _ if made.repeats => nulls(&ours) == nulls(&theirs),
            _ => own == other,
        };
        if ours["data"] == theirs["data"] && same_errors {
            return Ok(ours);
        }
        let at = difference(&ours["data"], &theirs["data"], &mut String::new());
        Err(format!(
            "variables {}\n{}\n\nfirst difference {at}\n\nengine: {ours}\n\noracle: {theirs}",
            serde_json::to_string(&made.given).unwrap_or_default(),
            made.text
        ))
    }
}

/// The paths and the codes of the errors.
fn errors(answer: &Json) -> Vec<String> {
    let errors = answer["errors"].as_array().into_iter().flatten();
    let mut errors: Vec<_> = errors.map(|error| format!("{} {}", error["path"], error["extensions"]["code"])).collect();
    errors.sort();
    errors.dedup();
    errors
}

/// What became null by errors, and their codes.
fn nulls(answer: &Json) -> BTreeSet<String> {
    let null = |error: &Json| {
        let (mut value, mut at) = (&answer["data"], String::new());
        for step in error["path"].as_array().into_iter().flatten() {
            if value.is_null() {
                break;
            }
            value = match step {
                Json::String(key) => &value[key.as_str()],
                index => &value[index.as_u64().and_then(|index| usize::try_from(index).ok()).expect("an index")],
            };
            at += &format!(".{step}");
        }
        format!("{at} {}", error["extensions"]["code"])
    };
    answer["errors"].as_array().into_iter().flatten().map(null).collect()
}

/// Where two answers first differ.
fn difference(a: &Json, b: &Json, path: &mut String) -> String {
    let start = path.len();
    let pairs: Vec<(String, &Json, &Json)> = match (a, b) {
        (Json::Object(x), Json::Object(y)) => {
            x.keys().chain(y.keys()).map(|key| (format!(".{key}"), &a[key.as_str()], &b[key.as_str()])).collect()
        }
        (Json::Array(x), Json::Array(y)) if x.len() == y.len() => {
            x.iter().zip(y).enumerate().map(|(index, (x, y))| (format!(".{index}"), x, y)).collect()
        }
        _ => return format!("{path}: {a} and {b}"),
    };
    for (step, x, y) in pairs {
        if x != y {
            path.push_str(&step);
            return difference(x, y, path);
        }
    }
    path.truncate(start);
    format!("{path}: keys")
}

fn wait<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().expect("a runtime").block_on(future)
}

/// The queries that random numbers make are answered the same by the engine and by the oracle, on this database.
pub fn random_queries_have_the_same_answer(db: Db) {
    let subject = Subject::new(db);
    coverage::fields_are_null_and_are_not(&subject.oracles[0].world);
    let number = |name: &str, default| std::env::var(name).ok().and_then(|n| n.parse().ok()).unwrap_or(default);
    let (first, count) = (number("DIFFERENTIAL_SEED", 1), number("DIFFERENTIAL_QUERIES", QUERIES));
    let orders: Vec<_> =
        subject.oracles.iter().map(|oracle| Arguments::orders(&oracle.world, &mut Random(first))).collect();
    let (mut refused, mut with_errors, mut empty) = (0, 0, 0);
    for (oracle, orders) in subject.oracles.iter().zip(&orders) {
        subject.walk(oracle, orders);
    }
    for seed in first..first + count {
        // The small tenant is asked now and then.
        let place = usize::from(seed % 8 == 0);
        let (oracle, other) = (&subject.oracles[place], &subject.oracles[1 - place]);
        let foreign: Vec<String> =
            other.world.store.rows.iter().map(|row| row.id().to_owned()).filter(|id| !id.is_empty()).collect();
        let arguments = Arguments { world: &oracle.world, foreign: &foreign, orders: &orders[place] };
        let made = make(&arguments, seed);
        match subject.compare(oracle, &made) {
            Ok(answer) if answer["data"].is_null() => empty += 1,
            Ok(answer) => with_errors += usize::from(answer.get("errors").is_some()),
            Err(difference) if difference.contains("QUERY_TOO_COMPLEX") => refused += 1,
            Err(difference) => panic!("seed {seed}: {difference}"),
        }
    }
    println!("{count} queries: {refused} too complex, {empty} without data, {with_errors} with errors");
    assert!(refused * 20 <= count, "{refused} of {count} queries were too complex to be compared");
    assert!(empty * 4 <= count, "{empty} of {count} queries had no data to compare");
}

/// Runs a test on an SQLite file of its own; it may open the database more than once.
fn on(backend: Backend, test: impl FnOnce(&dyn Fn() -> Db) + Send + 'static) {
    deep(move || {
        let database = TestDatabase::empty(backend);
        test(&|| database.open());
    });
}

/// Runs a test on a thread whose stack is deep enough for an executor without optimisation.
pub fn deep(test: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(64 << 20).spawn(test).expect("a thread");
    if let Err(panic) = thread.join() {
        std::panic::resume_unwind(panic);
    }
}

#[test]
fn random_queries_on_sqlite() {
    on(Backend::Sqlite, |open| random_queries_have_the_same_answer(open()));
}

#[test]
#[cfg_attr(without_postgres, ignore = "no PostgreSQL: set TEST_POSTGRES_URL or install its server")]
fn random_queries_on_postgres() {
    on(Backend::Postgres, |open| random_queries_have_the_same_answer(open()));
}
