//! One statement a relation, whatever the number of rows.

use super::{Subject, on};
use crate::support::Backend;
use async_graphql::Variables;
use diesel::connection::{InstrumentationEvent, set_default_instrumentation};
use perennial::repository::Db;
use serde_json::json;
use std::cell::RefCell;

thread_local! {
    /// What this thread runs, while somebody wants to know.
    static STATEMENTS: RefCell<Option<Vec<String>>> = const { RefCell::new(None) };
}

/// Lets [`run_by`] see the statements of each connection that is opened from now on.
pub fn watch_statements() {
    fn note(event: InstrumentationEvent<'_>) {
        if let InstrumentationEvent::StartQuery { query, .. } = event {
            STATEMENTS.with_borrow_mut(|seen| {
                if let Some(seen) = seen {
                    let text = query.to_string();
                    seen.push(text.split(" -- binds: ").next().unwrap_or_default().to_owned());
                }
            });
        }
    }
    set_default_instrumentation(|| Some(Box::new(note))).unwrap();
}

/// The statements that something runs on this thread, on connections that were opened after [`watch_statements`].
pub fn run_by(run: impl FnOnce()) -> Vec<String> {
    STATEMENTS.set(Some(Vec::new()));
    run();
    STATEMENTS.take().unwrap_or_default()
}

/// Queries for so many objects, each with the number of its statements, and whether PostgreSQL is asked
/// once for all of them: where they are known beforehand, and their rows are not wide.
pub const QUERIES: &[(&str, usize, bool)] = &[
    ("query ($n: Int!) { orders(first: $n) { nodes { number } } }", 1, true),
    ("query ($n: Int!) { orders(first: $n) { nodes { number } totalCount } }", 2, true),
    ("query ($n: Int!) { orders(first: $n) { totalCount } }", 1, true),
    (
        "query ($n: Int!) { orders(first: $n) { nodes { customer { name } billingGroup { name } \
             items { product { name rentalPrices { contractLength } } subscriptions { id asset { id } } } } } }",
        8,
        true,
    ),
    (
        "query ($n: Int!) { orders(first: $n) { nodes { subscriptions(first: 9) { totalCount nodes { asset { \
             assignments(last: 3) { edges { node { customer { id } } } } } } } } } }",
        6,
        true,
    ),
    // An alias is another relation; what merges is not.
    ("query ($n: Int!) { orders(first: $n) { nodes { a: customer { id } b: customer { id } } } }", 3, true),
    (
        "query ($n: Int!) { orders(first: $n) { nodes { customer { id } customer { name } } edges { node { id } } } }",
        2,
        true,
    ),
    // Those that have a key in common with a row.
    ("query ($n: Int!) { plans(first: $n) { nodes { versions { state prices { name } } } } }", 3, false),
    (
        "query ($n: Int!) { subscriptions(first: $n) { nodes { status plan { code prices { name } } customer { name } \
             items { quantity price { amount } } addOns { handle addOn { code } } entitlements { source feature { code } } \
             invoices(first: 3) { nodes { number lines { description } } } } } }",
        12,
        false,
    ),
    (
        "query ($n: Int!) { subscriptions(first: $n) { nodes { terms { taxRate invoicedCustomer { id } } \
             upcomingPeriods { start } additionalCosts { text invoice { id } } phases { id } children { totalCount } \
             discounts { handle discount { code } } parent { id } } } }",
        11,
        false,
    ),
    (
        "query ($n: Int!) { customers(first: $n) { nodes { entitlements { usageLimit feature { code } } \
             invoices(last: 2) { totalCount nodes { subscription { id plan { subscriptions { totalCount } } } } } } } }",
        8,
        false,
    ),
    ("query ($n: Int!) { invoices(first: $n) { nodes { lines { amount { amount } } customer { id } } } }", 3, false),
    // What was used: the items, their prices, the meters, and all sums together; then the meters as they are selected.
    (
        "query ($n: Int!) { planByCode(code: \"to \\\"quoted\\\" 1\") { subscriptions(first: $n) { nodes { \
             usage { quantity period { start } meter { code } } \
             usageEvents(first: 3) { nodes { eventId meter { feature { meter { id } } } } } } } } }",
        11,
        false,
    ),
    // What is part of the row costs nothing.
    ("query ($n: Int!) { products(first: $n) { nodes { listPrice { amount } } pageInfo { endCursor } } }", 1, true),
    ("query ($n: Int!) { plans(first: $n) { nodes { schedule { type } setupFee { amount { amount } } } } }", 1, true),
    ("query ($n: Int!) { invoices(first: $n) { nodes { totals { total { amount } } period { start } } } }", 1, true),
];

impl Subject {
    /// How many statements a query takes, without those that begin and end its transaction.
    fn statements(&self, query: &str, variables: &serde_json::Value) -> usize {
        let all = run_by(|| self.answer(query, variables));
        let (ends, statements): (Vec<_>, Vec<_>) =
            all.iter().partition(|text| text.starts_with("BEGIN") || text.starts_with("ROLLBACK"));
        // A statement by itself sees one moment; several need a transaction for it.
        assert!(statements.len() < 2 || ends.len() == 2, "{query}: {ends:?} around {}", statements.len());
        statements.len()
    }

    /// Asks what must have an answer without errors.
    pub fn answer(&self, query: &str, variables: &serde_json::Value) {
        let answer = self.ask(&self.oracles[0], query, Variables::from_json(variables.clone()));
        assert!(answer.get("errors").is_none(), "{query}\n{answer}");
    }
}

/// The number of statements of a query follows from the query alone, on this database.
pub fn statements_do_not_depend_on_rows(open: &dyn Fn() -> Db) {
    watch_statements();
    let db = open();
    let is_postgres = db.is_postgres();
    let subject = Subject::new(db);
    for (query, each, at_once) in QUERIES {
        let expected = if is_postgres && *at_once { &1 } else { each };
        if *expected == 1 {
            let all = run_by(|| subject.answer(query, &json!({"n": 10})));
            assert_eq!(all.len(), 1, "{query}: {all:?}");
        }
        // A single order may have nothing below it; then a statement is saved.
        assert!(subject.statements(query, &json!({"n": 1})) <= *expected, "{query}");
        for rows in [10, 50] {
            assert_eq!(subject.statements(query, &json!({"n": rows})), *expected, "{rows}: {query}");
        }
    }
    let store = &subject.oracles[0].world.store;
    let ids: Vec<&str> =
        ["Order", "Customer"].iter().flat_map(|ty| store.of(ty).take(20)).map(|row| row.id()).collect();
    let nodes = "query ($ids: [ID!]!) { nodes(ids: $ids) { id ... on Order { customer { id } } } }";
    let expected = if is_postgres { 1 } else { 3 };
    assert_eq!(subject.statements(nodes, &json!({"ids": ids})), expected, "two types, and the customers of the orders");
}

#[test]
fn statements_on_sqlite() {
    on(Backend::Sqlite, statements_do_not_depend_on_rows);
}

#[test]
#[cfg_attr(without_postgres, ignore = "no PostgreSQL: set TEST_POSTGRES_URL or install its server")]
fn statements_on_postgres() {
    on(Backend::Postgres, statements_do_not_depend_on_rows);
}
