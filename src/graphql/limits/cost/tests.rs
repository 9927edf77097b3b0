use super::*;
use crate::graphql::api::prices;
use async_graphql::parser::parse_query;
use serde_json::{Value as Json, json};
use std::sync::LazyLock;

static PRICES: LazyLock<Prices> = LazyLock::new(prices);

fn plan(document: &str) -> Plan {
    Plan::of(&parse_query(document).unwrap(), &PRICES)
}

fn within(limit: u64) -> QueryLimits {
    QueryLimits { cost: limit, ..QueryLimits::default() }
}

#[track_caller]
fn cost_with(document: &str, variables: Json) -> u64 {
    plan(document).cost(None, &Variables::from_json(variables), &within(u64::MAX)).unwrap().cost
}

#[track_caller]
fn cost(document: &str) -> u64 {
    cost_with(document, json!({}))
}

/// The message, and what programs are told beside it.
fn refusal(document: &str, limit: u64) -> (String, Json) {
    let error = plan(document).cost(None, &Variables::default(), &within(limit)).unwrap_err();
    (error.message, serde_json::to_value(error.extensions).unwrap())
}

/// The benchmark's page (benches/src/load/reading.rs).
const PAGE_OF_ORDERS: &str = "query Page($first: Int!, $after: String) { orders(first: $first, after: $after) { nodes {
    id number status currency totalDevices rentedDevices createdAt customer { id name email }
    items { id sku quantity fulfilledQuantity contractLength unitPrice { amount currency } product { id sku name } }
    subscriptions(first: 20) { nodes { id status startDate endDate monthlyAmount { amount currency }
    asset { id serialNumber status } } } } pageInfo { hasNextPage endCursor } } }";

#[test]
fn a_cost_is_the_objects_that_an_answer_may_hold() {
    for (document, expected) in [
        ("{ __typename }", 0),
        ("{ tenant { id name } }", 1),
        ("{ orders(first: 50) { totalCount } }", 1),
        ("{ orders(first: 50) { pageInfo { endCursor } nodes { id number } } }", 2 + 50),
        ("{ orders(first: 50) { edges { cursor node { id } } } }", 1 + 50 * 2),
        ("{ orders { nodes { id } } }", 1 + 25),
        ("{ orders(last: 7) { nodes { id } } }", 1 + 7),
        ("{ orders(first: null, last: 7) { nodes { id } } }", 1 + 7),
        ("{ orders(first: 0) { nodes { customer { id } } } }", 1),
        // What cannot be asked for is refused with a kinder answer, so it costs what the longest page costs.
        ("{ orders(first: 1000000) { nodes { id } } }", 1 + 100),
        ("{ orders(first: -1) { nodes { id } } }", 1 + 25),
        // A list that is not paged is taken to have five.
        ("{ orders(first: 10) { nodes { items { unitPrice { amount } } } } }", 1 + 10 * (1 + 5 * 2)),
        ("{ a: orders(first: 10) { nodes { id } } b: orders(first: 20) { nodes { id } } }", 1 + 10 + 1 + 20),
        ("{ nothing { nothing } orders { nothing { nothing } } }", 1),
    ] {
        assert_eq!(cost(document), expected, "{document}");
    }
    assert_eq!(cost_with(PAGE_OF_ORDERS, json!({"first": 50})), 2 + 50 * (1 + 1 + 5 * 3 + 1 + 20 * 3));
}

#[test]
fn page_sizes_come_from_variables() {
    let document = "query ($n: Int, $ids: [ID!]!) { orders(first: $n) { nodes { id } } nodes(ids: $ids) { id } }";
    for (variables, expected) in [
        (json!({"n": 3, "ids": ["a", "b"]}), 1 + 3 + 2),
        (json!({"n": null, "ids": []}), 1 + 25),
        (json!({"ids": vec!["a"; 1000]}), 1 + 25 + 100),
        (json!({"n": "3", "ids": "a"}), 1 + 25 + 1),
        (json!({"n": [1, 2], "ids": 7}), 1 + 25 + 1),
    ] {
        assert_eq!(cost_with(document, variables.clone()), expected, "{variables}");
    }
    assert_eq!(cost("{ nodes(ids: [\"a\", \"b\", \"c\"]) { id } }"), 3);
}

#[test]
fn fragments_interfaces_and_conditions_count() {
    let through = "{ node(id: \"x\") { id ... on Order { ...F } } }
        fragment F on Order { subscriptions(first: 100) { ... on SubscriptionConnection { nodes { asset { id } } } } }";
    assert_eq!(cost(through), 1 + 1 + 100 * 2);
    // Which type an object has is not known beforehand: all of them are added up.
    assert_eq!(cost("{ node(id: \"x\") { ... on Order { customer { id } } ... on Asset { product { id } } } }"), 3);
    let given = "query ($a: Boolean = true, $b: Boolean!) {
        orders(first: 10) @include(if: $a) { nodes { id customer @skip(if: $b) { id } } }
        customers(first: 10) @include(if: false) { nodes { id } }
        assets(first: 10) @skip(if: true) { nodes { id } }
        ... @include(if: $a) { products(first: 10) { nodes { id } } } }";
    for (a, b, expected) in [(true, true, 22), (true, false, 32), (false, false, 0)] {
        assert_eq!(cost_with(given, json!({"a": a, "b": b})), expected, "{a} {b}");
    }
}

#[test]
fn what_is_worked_out_and_what_changes_something_costs_more() {
    let upcoming = "{ subscriptions(first: 10) { nodes { upcomingInvoice { currency } } } }";
    assert_eq!(cost(upcoming), 1 + 10 * (1 + 20));
    let create =
        "mutation ($i: CreateCustomerInput!) { createCustomer(input: $i) { customer { id } userErrors { code } } }";
    assert_eq!(cost(create), 100 + 1 + 5);
}

#[test]
fn introspection_costs_what_it_answers_and_does_not_go_around() {
    let tools = include_str!("introspection.graphql");
    let counted = plan(tools).cost(None, &Variables::default(), &QueryLimits::default()).unwrap();
    assert!((5_000..25_000).contains(&counted.cost) && counted.uncounted == counted.cost, "{counted:?}");
    for document in [
        "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }",
        "{ __type(name: \"Node\") { possibleTypes { interfaces { possibleTypes { name } } } } }",
    ] {
        let (message, extensions) = refusal(document, 50_000);
        assert!(extensions["cost"].as_u64().unwrap() >= AROUND_TOO_OFTEN, "{message}");
        let path = extensions["path"].as_str().unwrap();
        assert!(path.ends_with(".fields") || path.ends_with(".possibleTypes"), "{path}");
    }
}

#[test]
fn a_refusal_names_the_heaviest_list_and_the_page_that_would_fit() {
    for (document, limit, path, fits) in [
        ("{ orders(first: 50) { nodes { id } } }", 20, "orders", json!(19)),
        (
            "{ tenant { id } mine: orders(first: 50) { nodes { id subscriptions(first: 100) { nodes { asset { id } } } } } }",
            5_000,
            "mine.nodes.subscriptions",
            json!(48),
        ),
        // A single object of the inner page is too much: then the outer one is named.
        (
            "{ orders(first: 100) { nodes { id subscriptions(first: 2) { nodes { asset { id } } } } } }",
            150,
            "orders",
            json!(24),
        ),
        (
            "query { o: orders { edges { node { s: subscriptions(first: 90) { edges { node { id } } } } } } }",
            1_000,
            "o.edges.node.s",
            json!(18),
        ),
        ("{ nodes(ids: [\"a\", \"b\", \"c\", \"d\"]) { id } }", 2, "nodes", json!(null)),
        ("{ a: tenant { id } b: tenant { id } }", 1, "", json!(null)),
    ] {
        let (message, extensions) = refusal(document, limit);
        assert_eq!((&extensions["path"], &extensions["fits"]), (&json!(path), &fits), "{document}\n{message}");
        assert_eq!((&extensions["limit"], &extensions["code"]), (&json!(limit), &json!("QUERY_TOO_COMPLEX")));
        assert_eq!(extensions["cost"], json!(cost(document)), "{document}");
        if let Some(fits) = fits.as_u64() {
            assert!(message.contains(&format!("at `{path}`: with `first: {fits}`")), "{message}");
        }
    }
}

#[test]
fn the_page_that_would_fit_fits_and_one_more_does_not() {
    let document = |first: u64| {
        format!(
            "{{ customers(first: 3) {{ nodes {{ orders(first: {first}) {{ nodes {{ items {{ id }} }} }} }} }}
               assets(first: 10) {{ nodes {{ product {{ id }} }} }} }}"
        )
    };
    for limit in [60, 100, 250, 999, 1_500] {
        let fits = refusal(&document(100), limit).1["fits"].as_u64().unwrap();
        assert!(cost(&document(fits)) <= limit, "{limit}: {fits}");
        assert!(cost(&document(fits + 1)) > limit, "{limit}: {fits}");
    }
}

#[test]
fn the_operation_that_is_named_counts_alone() {
    let document = "query A { orders(first: 100) { nodes { id } } } query B { tenant { id } }";
    let counted = |name| plan(document).cost(name, &Variables::default(), &within(10)).map(|counted| counted.cost);
    assert!(counted(Some("A")).is_err());
    assert_eq!(counted(Some("B")).unwrap(), 1);
    assert_eq!(counted(Some("C")).unwrap(), 0);
}

#[test]
fn nothing_overflows() {
    let mut document = "assets(first: 100) { nodes { id } }".to_owned();
    for _ in 0..12 {
        document = format!("orders(first: 100) {{ nodes {{ customer {{ {document} }} }} }}");
    }
    let (message, extensions) = refusal(&format!("{{ {document} }}"), 50_000);
    assert!(extensions["cost"].as_u64().unwrap() >= 100_u64.pow(9), "{message}");
}

#[test]
fn a_page_is_reckoned_in_no_time() {
    let (plan, limits) = (plan(PAGE_OF_ORDERS), QueryLimits::default());
    let variables = Variables::from_json(json!({"first": 50, "after": "x"}));
    let began = std::time::Instant::now();
    for _ in 0..1_000 {
        plan.cost(Some("Page"), &variables, &limits).unwrap();
    }
    let each = began.elapsed() / 1_000;
    println!("a page of 50 orders is reckoned in {each:?}");
    assert!(each.as_micros() < 50, "{each:?}");
}
