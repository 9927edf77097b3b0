//! What random queries reach seldom, with the answers written down.

use super::alone::each_field_alone_says_the_same as alone;
use super::data::CODES;
use super::store::{Row, text};
use super::{Subject, errors, on};
use crate::support::Backend;
use async_graphql::{Value, Variables};
use perennial::repository::Db;
use serde_json::{Value as Json, json};
use std::sync::Arc;

/// Asks, and wants these data and these errors: their paths and codes.
#[track_caller]
fn check(subject: &Subject, query: &str, variables: Json, data: Json, expected: &[&str]) {
    let answer = subject.ask(&subject.oracles[0], query, Variables::from_json(variables));
    assert_eq!(answer["data"], data, "{query}\n{answer}");
    assert_eq!(errors(&answer), expected, "{query}\n{answer}");
}

fn id(row: &Row) -> String {
    row.id().to_owned()
}

/// Two orders of one customer who has more, and that customer.
fn orders(subject: &Subject) -> (String, String, String) {
    let store = &subject.oracles[0].world.store;
    let of = |customer: &Row| store.of("Order").filter(|row| row.cell("customer") == customer.cell("id")).count();
    let customer = store.of("Customer").max_by_key(|customer| of(customer)).expect("a customer");
    let mut own = store.of("Order").filter(|row| row.cell("customer") == customer.cell("id"));
    (id(own.next().expect("an order")), id(own.next().expect("another")), id(customer))
}

fn nulls(subject: &Subject) {
    let (order, _, customer) = orders(subject);
    let bad = "$bad: Int = 101";
    // Next to good fields: the nearest object that may be null is, and nothing else.
    check(
        subject,
        &format!(
            "query ($id: ID!, {bad}) {{ a: order(id: $id) {{ id subscriptions(first: $bad) {{ totalCount }} }} b: order(id: $id) {{ id }} }}"
        ),
        json!({"id": order}),
        json!({"a": null, "b": {"id": order}}),
        &[r#"["a","subscriptions"] "BAD_USER_INPUT""#],
    );
    // At the root there is nothing above it.
    check(
        subject,
        "{ orders(first: -1) { totalCount } tenant { name } }",
        json!({}),
        json!(null),
        &[r#"["orders"] "BAD_USER_INPUT""#],
    );
    check(
        subject,
        "{ a: orders(first: -1) { totalCount } b: orders(last: -1) { totalCount } c: order(id: \"?\") { id } }",
        json!({}),
        json!(null),
        &[r#"["a"] "BAD_USER_INPUT""#, r#"["b"] "BAD_USER_INPUT""#, r#"["c"] "BAD_USER_INPUT""#],
    );
    // The items of `nodes` may be null.
    check(
        subject,
        "query ($ids: [ID!]!) { nodes(ids: $ids) { id ... on Customer { orders(first: 1, last: 1) { totalCount } } } }",
        json!({"ids": [order, customer, order]}),
        json!({"nodes": [{"id": order}, null, {"id": order}]}),
        &[r#"["nodes",1,"orders"] "BAD_USER_INPUT""#],
    );
    // Those of a page may not. One error is said, not one for each of them.
    check(
        subject,
        "query ($id: ID!) { customer(id: $id) { id orders { nodes { id subscriptions(after: \"x\") { totalCount } } } } }",
        json!({"id": customer}),
        json!({"customer": null}),
        &[r#"["customer","orders","nodes",0,"subscriptions"] "BAD_USER_INPUT""#],
    );
    // The only object of another may be null; a rental has none.
    let store = &subject.oracles[0].world.store;
    let to_plan = |row: &&Arc<Row>| *row.cell("plan") != Value::Null;
    let [of_plan, rental] = [true, false]
        .map(|wanted| id(store.of("Subscription").find(|row| to_plan(row) == wanted).expect("a subscription")));
    check(
        subject,
        "query ($a: ID!, $b: ID!) { a: subscription(id: $a) { ...S } b: subscription(id: $b) { ...S } } \
         fragment S on Subscription { id terms { invoicedCustomer { orders(first: 101) { totalCount } } } }",
        json!({"a": of_plan, "b": rental}),
        json!({"a": {"id": of_plan, "terms": null}, "b": {"id": rental, "terms": null}}),
        &[r#"["a","terms","invoicedCustomer","orders"] "BAD_USER_INPUT""#],
    );
    // Where there is no object, no field of it fails.
    check(
        subject,
        "{ orders(first: 0) { nodes { subscriptions(first: 101) { totalCount } } } \
         order(id: \"01890a5d-ac96-774b-bcce-b302099a8057\") { subscriptions(first: 101) { totalCount } } }",
        json!({}),
        json!({"orders": {"nodes": []}, "order": null}),
        &[],
    );
}

fn pages(subject: &Subject) {
    let count = subject.oracles[0].world.store.of("Order").count();
    let info = "pageInfo { hasNextPage hasPreviousPage startCursor endCursor }";
    let empty = |next, previous| json!({"hasNextPage": next, "hasPreviousPage": previous, "startCursor": null, "endCursor": null});
    check(
        subject,
        &format!("{{ orders(first: 0) {{ totalCount edges {{ cursor }} {info} }} }}"),
        json!({}),
        json!({"orders": {"totalCount": count, "edges": [], "pageInfo": empty(true, false)}}),
        &[],
    );
    check(
        subject,
        &format!("{{ orders(last: 0, filter: {{number: {{in: []}}}}) {{ totalCount nodes {{ id }} {info} }} }}"),
        json!({}),
        json!({"orders": {"totalCount": 0, "nodes": [], "pageInfo": empty(false, false)}}),
        &[],
    );
    // From the end to the start finds what there is from the start to the end, the other way round.
    let forward = subject.ask(
        &subject.oracles[0],
        "{ orders(first: 100, orderBy: {field: UPDATED_AT}) { nodes { id } } }",
        Variables::default(),
    );
    let mut backward = Vec::new();
    let mut before = Json::Null;
    loop {
        let query = format!(
            "query ($before: String) {{ orders(last: 7, before: $before, orderBy: [{{field: UPDATED_AT, direction: ASC}}]) \
             {{ nodes {{ id }} {info} }} }}"
        );
        let page = subject.ask(&subject.oracles[0], &query, Variables::from_json(json!({"before": before})));
        let page = &page["data"]["orders"];
        assert_eq!(page["pageInfo"]["hasNextPage"], !before.is_null());
        backward.extend(page["nodes"].as_array().expect("nodes").iter().rev().cloned());
        if page["pageInfo"]["hasPreviousPage"] == false {
            break;
        }
        before = page["pageInfo"]["startCursor"].clone();
    }
    backward.reverse();
    assert_eq!(forward["data"]["orders"]["nodes"], Json::Array(backward));
    // A cursor belongs to the order for which it was made.
    check(
        subject,
        "query ($c: String) { tenant { name } order: node(id: \"ord_01h455vb4pex5vsknk084sn02q\") { id } \
         orders(after: $c, orderBy: {field: NUMBER}) { totalCount } }",
        json!({"c": before}),
        json!(null),
        &[r#"["orders"] "BAD_USER_INPUT""#],
    );
}

fn nodes(subject: &Subject) {
    let store = &subject.oracles[0].world.store;
    let first = |ty: &str| id(store.of(ty).next().expect("a row"));
    let (tenant, asset, item, group) = (first("Tenant"), first("Asset"), first("OrderItem"), first("BillingGroup"));
    let foreign = id(subject.oracles[1].world.store.of("Order").next().expect("an order"));
    let serial_number = text(store.find("Asset", &asset).expect("an asset").cell("serialNumber"));
    let tenant_name = text(store.find("Tenant", &tenant).expect("a tenant").cell("name"));
    check(
        subject,
        "query ($ids: [ID!]!) { nodes(ids: $ids) { __typename ... on Asset { serialNumber } ... on Node { id } \
         ... on Tenant { name } } }",
        json!({"ids": [item, asset, foreign, tenant, asset, "cus_01h455vb4pex5vsknk084sn02q", group]}),
        json!({"nodes": [
            {"__typename": "OrderItem", "id": item},
            {"__typename": "Asset", "serialNumber": serial_number, "id": asset},
            null,
            {"__typename": "Tenant", "id": tenant, "name": tenant_name},
            {"__typename": "Asset", "serialNumber": serial_number, "id": asset},
            null,
            {"__typename": "BillingGroup", "id": group},
        ]}),
        &[],
    );
    let many: Vec<&str> = vec![&asset; 101];
    check(
        subject,
        "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }",
        json!({"ids": many}),
        json!(null),
        &[r#"["nodes"] "BAD_USER_INPUT""#],
    );
}

fn documents(subject: &Subject) {
    let store = &subject.oracles[0].world.store;
    let tenant = store.of("Tenant").next().expect("a tenant");
    let name = text(tenant.cell("name"));
    check(
        subject,
        "{ ...A ... on Query { tenant { name } } ... { t: tenant { name: id id: name } } } fragment A on Query { tenant { id } }",
        json!({}),
        json!({"tenant": {"id": tenant.id(), "name": name}, "t": {"name": tenant.id(), "id": name}}),
        &[],
    );
    check(
        subject,
        "query ($no: Boolean = false, $yes: Boolean! = true) { tenant { name @skip(if: $yes) id @include(if: $no) } \
         a: __typename b: tenant @include(if: $yes) { __typename } c: tenant @skip(if: $yes) { id } }",
        json!({}),
        json!({"tenant": {}, "a": "Query", "b": {"__typename": "Tenant"}}),
        &[],
    );
    // Refused before anything is read: there are no data at all.
    for (query, code) in [
        ("{ orders(first: \"x\") { totalCount } tenant { name } }", "BAD_USER_INPUT"),
        ("{ tenant { nme } }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ tenant { name }", "GRAPHQL_PARSE_FAILED"),
        (
            "{ orders(first: 100) { nodes { subscriptions(first: 100) { nodes { customer { assets(first: 100) { nodes { id } } } } } } } }",
            "QUERY_TOO_COMPLEX",
        ),
    ] {
        let answer = subject.ask(&subject.oracles[0], query, Variables::default());
        assert!(answer.get("data").is_none(), "{query}\n{answer}");
        assert_eq!(answer["errors"][0]["extensions"]["code"], code, "{query}\n{answer}");
    }
    // Filters and orders end somewhere.
    let deep = "{not: ".repeat(12) + "{}" + &"}".repeat(12);
    let long = vec!["{number: {isNull: true}}"; 51].join(", ");
    let keys = ["{field: NUMBER}"; 5].join(", ");
    for arguments in [format!("filter: {deep}"), format!("filter: {{or: [{long}]}}"), format!("orderBy: [{keys}]")] {
        let query = format!("{{ orders({arguments}) {{ totalCount }} }}");
        check(subject, &query, json!({}), json!(null), &[r#"["orders"] "BAD_USER_INPUT""#]);
    }
}

/// Keys come in the order of the query, which only the text shows.
fn keys(subject: &Subject) {
    let (order, other, _) = orders(subject);
    let query = format!(
        "{{ z: tenant {{ version id }} ...F t: __typename y: order(id: \"{other}\") {{ version ... on Node {{ id }} totalDevices }} \
         x: __type(name: \"Money\") {{ name }} a: tenant {{ id }} }} fragment F on Query {{ f: order(id: \"{order}\") {{ id }} z: tenant {{ __typename }} }}"
    );
    let answer = subject.text(&subject.oracles[0], &query, Variables::default());
    let store = &subject.oracles[0].world.store;
    let tenant = id(store.of("Tenant").next().expect("a tenant"));
    let row = store.find("Order", &other).expect("an order");
    let (version, devices) = (row.cell("version"), row.cell("totalDevices"));
    assert_eq!(
        answer,
        format!(
            "{{\"data\":{{\"z\":{{\"version\":1,\"id\":\"{tenant}\",\"__typename\":\"Tenant\"}},\"f\":{{\"id\":\"{order}\"}},\
             \"t\":\"Query\",\"y\":{{\"version\":{version},\"id\":\"{other}\",\"totalDevices\":{devices}}},\
             \"x\":{{\"name\":\"Money\"}},\"a\":{{\"id\":\"{tenant}\"}}}}}}"
        )
    );
}

/// A variable without a value and without a default is as if its field were not written.
fn left_out(subject: &Subject) {
    let (order, other, _) = orders(subject);
    let count = subject.oracles[0].world.store.of("Order").count();
    check(
        subject,
        "query ($prefix: String, $first: Int, $filter: OrderFilter, $or: [OrderFilter!], $field: OrderDirection! = DESC) { \
         a: orders(first: $first, filter: {number: {startsWith: $prefix}, or: $or}) { totalCount } \
         b: orders(filter: $filter, orderBy: [{field: NUMBER, direction: $field}]) { totalCount } }",
        json!({}),
        json!({"a": {"totalCount": count}, "b": {"totalCount": count}}),
        &[],
    );
    // What is left out stays; null clears.
    let set = "mutation ($id: ID!, $notes: String) { updateOrder(input: {orderId: $id, notes: $notes}) { order { notes } userErrors { code } } }";
    let answered = |notes: Json| json!({"updateOrder": {"order": {"notes": notes}, "userErrors": []}});
    check(subject, set, json!({"id": order, "notes": "kept"}), answered(json!("kept")), &[]);
    check(subject, set, json!({"id": order}), answered(json!("kept")), &[]);
    check(subject, set, json!({"id": order, "notes": null}), answered(json!(null)), &[]);
    // In a list it is null: a list does not get shorter.
    let ids = "query ($a: ID!, $b: ID) { nodes(ids: [$a, $b]) { id } }";
    check(subject, ids, json!({"a": other}), json!(null), &[r#"["nodes"] "BAD_USER_INPUT""#]);
    // One that must not be null has no such freedom.
    for (variables, query) in [
        (json!({}), "query ($x: OrderFilter!) { orders(filter: $x) { totalCount } }"),
        (json!({}), "query ($x: String!) { orders(filter: {number: {eq: $x}}) { totalCount } }"),
        (json!({"x": null}), "query ($x: Boolean!) { tenant { id @skip(if: $x) } }"),
    ] {
        check(subject, query, variables, json!(null), &[r#"null "BAD_USER_INPUT""#]);
    }
}

fn mutations(subject: &Subject) {
    let customers = |external_id: &str| {
        let query = "query ($x: String!) { customers(filter: {externalId: {startsWith: $x}}) { totalCount } }";
        let answer = subject.ask(&subject.oracles[0], query, Variables::from_json(json!({"x": external_id})));
        answer["data"]["customers"]["totalCount"].clone()
    };
    // Fragments on the payload and on the root, merged: it runs once.
    check(
        subject,
        "mutation ($in: CreateCustomerInput!) { ...M createCustomer(input: $in) { customer { name orders { totalCount } } } } \
         fragment M on Mutation { t: __typename createCustomer(input: $in) { ...P userErrors { code } } } \
         fragment P on CreateCustomerPayload { __typename customer { ...C } } fragment C on Customer { externalId }",
        json!({"in": {"name": "n\"\\\u{1}", "externalId": "once"}}),
        json!({"t": "Mutation", "createCustomer": {
            "__typename": "CreateCustomerPayload",
            "customer": {"externalId": "once", "name": "n\"\\\u{1}", "orders": {"totalCount": 0}},
            "userErrors": [],
        }}),
        &[],
    );
    assert_eq!(customers("once"), 1);
    // A refusal that nobody asks for is an error, and ends the operation; what was done before it stays.
    check(
        subject,
        "mutation { a: createCustomer(input: {name: \"a\", externalId: \"two\"}) { customer { name } } \
         b: createCustomer(input: {name: \"b\", externalId: \"two\"}) { customer { name } } \
         c: createCustomer(input: {name: \"c\", externalId: \"two-c\"}) { customer { name } } }",
        json!({}),
        json!(null),
        &[r#"["b"] "DUPLICATE_HANDLE""#],
    );
    assert_eq!(customers("two"), 1);
    // A bad argument below the payload: the object that may be null is.
    check(
        subject,
        "mutation { createCustomer(input: {name: \"d\"}) { userErrors { code } customer { name orders(first: 101) { totalCount } } } }",
        json!({}),
        json!({"createCustomer": {"userErrors": [], "customer": null}}),
        &[r#"["createCustomer","customer","orders"] "BAD_USER_INPUT""#],
    );
    let text = subject.text(
        &subject.oracles[0],
        "mutation { z: createCustomer(input: {name: \"z\"}) { userErrors { code } } t: __typename a: createCustomer(input: {name: \"a\"}) { customer { name } userErrors { code } } }",
        Variables::default(),
    );
    assert_eq!(
        text,
        r#"{"data":{"z":{"userErrors":[]},"t":"Mutation","a":{"customer":{"name":"a"},"userErrors":[]}}}"#
    );
}

/// What is tried out is what is then made: both say the same of the same request.
fn previews(subject: &Subject) {
    let store = &subject.oracles[0].world.store;
    let plan = store.of("Plan").find(|row| text(row.cell("code")).starts_with(CODES)).expect("a plan");
    let customer = store.of("Customer").find(|row| *row.cell("archivedAt") == Value::Null).expect("a customer");
    let input = json!({
        "customer": {"id": customer.id()}, "plan": {"id": plan.id()}, "noTrial": true, "collectionMethod": "SEND_INVOICE",
        "additionalCosts": [{"handle": "tried-out", "text": "\"cost\" \\ ß", "amount": "3"}],
    });
    let query = "mutation ($in: CreateSubscriptionInput!) { \
         a: previewSubscription(input: $in) { preview { ...P plan { id versions { version } } periods { __typename } \
         invoices { reason ...I } } userErrors { code field } } \
         b: createSubscription(input: $in) { subscription { status currency timezone plan { id versions { version } } } \
         invoice { reason subscription { upcomingPeriods { __typename } } ...J } userErrors { code } } } \
         fragment P on SubscriptionPreview { status currency timezone } \
         fragment I on InvoicePreview { lines { ...L } totals { ...T } } \
         fragment J on Invoice { lines { ...L } totals { ...T } } \
         fragment T on InvoiceTotals { total { amount currency } taxTotal { amount } } \
         fragment L on InvoiceLine { kind description quantity unitAmount priceId amount { amount } reducedPosition }";
    let answer = subject.ask(&subject.oracles[0], query, Variables::from_json(json!({"in": input})));
    assert_eq!(errors(&answer), [""; 0], "{answer}");
    let [tried, made] = ["a", "b"].map(|key| &answer["data"][key]);
    assert_eq!([&tried["userErrors"], &made["userErrors"]], [&json!([]); 2], "{answer}");
    for field in ["status", "currency", "timezone", "plan"] {
        assert_eq!(tried["preview"][field], made["subscription"][field], "{field}");
    }
    let invoices = tried["preview"]["invoices"].as_array().expect("invoices");
    let same = invoices.iter().find(|invoice| invoice["reason"] == made["invoice"]["reason"]).expect("the same one");
    for field in ["lines", "totals"] {
        assert_eq!(same[field], made["invoice"][field], "{field}");
    }
    assert!(same["lines"].as_array().is_some_and(|lines| lines.len() > 1), "{answer}");
    // The first period is running; the upcoming ones come after it.
    let lengths = [&tried["preview"]["periods"], &made["invoice"]["subscription"]["upcomingPeriods"]];
    assert_eq!(lengths.map(|list| list.as_array().map(Vec::len)), [Some(10), Some(10)]);
}

/// The chosen queries have the answers that are written down, on this database.
pub fn chosen_queries_have_their_answers(db: Db) {
    let subject = Subject::new(db);
    for test in [nulls, pages, nodes, documents, keys, left_out, alone, mutations, previews] {
        test(&subject);
    }
}

#[test]
fn chosen_queries_on_sqlite() {
    on(Backend::Sqlite, |open| chosen_queries_have_their_answers(open()));
}

#[test]
#[cfg_attr(without_postgres, ignore = "no PostgreSQL: set TEST_POSTGRES_URL or install its server")]
fn chosen_queries_on_postgres() {
    on(Backend::Postgres, |open| chosen_queries_have_their_answers(open()));
}
