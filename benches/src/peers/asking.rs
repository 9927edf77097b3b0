//! What the servers are asked: the same questions, in the words of each of them.

use super::normal::uuid_of;
use crate::Failure;
use crate::generate::tenant_id;
use crate::load::http::Client;
use crate::load::reading::{ASSETS, Edge, body, edges, order_query, page_query};
use crate::random::Random;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// One question with many different variables. Each list has its requests in the same order.
pub struct Question {
    pub name: &'static str,
    pub ours: Vec<String>,
    pub postgraphile: Vec<String>,
    pub yoga: Vec<String>,
    /// What stands for the placeholders of the SQL that is measured beside them.
    pub sql: Sql,
}

pub struct Sql {
    pub file: &'static str,
    pub literals: Vec<Vec<(&'static str, String)>>,
}

const CUSTOMERS: &str = "query Customers($after: String) { customers(first: 50, after: $after) { nodes { id name email \
    subscriptions(first: 5) { nodes { id status startDate monthlyAmount { amount currency } plan { id code name } } } } \
    pageInfo { hasNextPage endCursor } } }";

const PG_ORDER: &str = "id: rowId number status currency totalDevices rentedDevices createdAt \
    customer: customerByTenantIdAndCustomerId { id: rowId name email } \
    items(orderBy: POSITION_ASC) { id: rowId sku quantity fulfilledQuantity contractLength \
    unitPrice unitPriceCurrency: currency product: productByTenantIdAndProductIdAndSku { id: rowId sku name } } \
    subscriptions: contractsByTenantIdAndOrderId(first: 20, orderBy: ROW_ID_DESC) { nodes { id: rowId status startDate \
    endDate monthlyAmount monthlyAmountCurrency: currency asset: assetByTenantIdAndAssetId { id: rowId serialNumber \
    status } } }";

const PG_ASSETS: &str = "query Stock($tenant: UUID!, $status: String!, $sku: String!, $after: Cursor) { \
    assets: allAssets(first: 100, after: $after, orderBy: ROW_ID_DESC, \
    condition: {tenantId: $tenant, status: $status, sku: $sku}) { \
    nodes { id: rowId serialNumber sku status location createdAt } pageInfo { hasNextPage endCursor } } }";

const PG_CUSTOMERS: &str = "query Customers($tenant: UUID!, $after: Cursor) { \
    customers: allCustomers(first: 50, after: $after, orderBy: ROW_ID_DESC, condition: {tenantId: $tenant}) { \
    nodes { id: rowId name email subscriptions: contractsByTenantIdAndCustomerId(first: 5, orderBy: ROW_ID_DESC) { \
    nodes { id: rowId status startDate monthlyAmount monthlyAmountCurrency: currency plan { id: rowId code name } } } } \
    pageInfo { hasNextPage endCursor } } }";

fn pg_page() -> String {
    format!(
        "query Page($tenant: UUID!, $first: Int!, $after: Cursor) {{ \
         orders: allOrders(first: $first, after: $after, orderBy: ROW_ID_DESC, condition: {{tenantId: $tenant}}) {{ \
         nodes {{ {PG_ORDER} }} pageInfo {{ hasNextPage endCursor }} }} }}"
    )
}

fn pg_one() -> String {
    format!(
        "query One($tenant: UUID!, $id: UUID!) {{ order: orderByTenantIdAndRowId(tenantId: $tenant, rowId: $id) {{ \
         {PG_ORDER} }} }}"
    )
}

/// How many different requests there are of each question.
const REQUESTS: usize = 400;
/// How many different statements `pgbench` is given: each connection plans each of them before it is fast.
const STATEMENTS: usize = 10;

/// An object of a list in the eyes of both servers whose cursors cannot be made without them.
struct Place {
    id: String,
    ours: String,
    postgraphile: String,
}

/// Looks at the data through both APIs, and makes the requests.
pub fn questions(ours: &mut Client, postgraphile: &mut Client) -> Result<Vec<Question>, Failure> {
    let tenant = tenant_id(0).uuid().to_string();
    let tenant = tenant.as_str();
    let random = &mut Random::new(7);
    let orders = places(ours, postgraphile, "orders", "allOrders", &json!(null), &json!({"tenantId": tenant}))?;
    let customers =
        places(ours, postgraphile, "customers", "allCustomers", &json!(null), &json!({"tenantId": tenant}))?;
    let mut stock = Vec::new();
    for number in 1..=20 {
        for status in ["RENTED_OUT", "AVAILABLE"] {
            let sku = format!("SKU-{number:03}");
            let filter = json!({"status": {"eq": status}, "sku": {"eq": sku}});
            let condition = json!({"tenantId": tenant, "status": status, "sku": sku});
            let found = places(ours, postgraphile, "assets", "allAssets", &filter, &condition)?;
            // Of those behind the first hundred there may be less than a hundred.
            stock.extend(found.into_iter().take(100).map(|place| (status, sku.clone(), place)));
        }
    }
    let sql = |file, literals| Sql { file, literals };
    let literal = |text: &str| format!("'{text}'");
    let after = |place: &Place| vec![("tenant", literal(tenant)), ("after", literal(&place.id))];

    let pages = drawn(random, &orders, 60);
    let (ours, theirs) = (page_query(), pg_page());
    let page = Question {
        name: "page of 50 orders",
        ours: asked(&pages, |place| body(&ours, json!({"first": 50, "after": place.ours}))),
        postgraphile: asked(&pages, |place| {
            body(&theirs, json!({"tenant": tenant, "first": 50, "after": place.postgraphile}))
        }),
        yoga: asked(&pages, |place| body(&ours, json!({"first": 50, "after": yoga_cursor(&place.id)}))),
        sql: sql("page.sql", asked(&pages, |place| after(place))),
    };

    let single = drawn(random, &orders, 0);
    let (ours, theirs) = (order_query(), pg_one());
    let one = Question {
        name: "one order",
        ours: asked(&single, |place| body(&ours, json!({"id": place.id}))),
        postgraphile: asked(&single, |place| body(&theirs, json!({"tenant": tenant, "id": place.id}))),
        yoga: asked(&single, |place| body(&ours, json!({"id": place.id}))),
        sql: sql("order.sql", asked(&single, |place| vec![("tenant", literal(tenant)), ("id", literal(&place.id))])),
    };

    let shelves = drawn(random, &stock, 0);
    let filter = |status: &str, sku: &str| json!({"status": {"eq": status}, "sku": {"eq": sku}});
    let assets = Question {
        name: "100 assets",
        ours: asked(&shelves, |(status, sku, place)| {
            body(ASSETS, json!({"filter": filter(status, sku), "after": place.ours}))
        }),
        postgraphile: asked(&shelves, |(status, sku, place)| {
            let variables = json!({"tenant": tenant, "status": status, "sku": sku, "after": place.postgraphile});
            body(PG_ASSETS, variables)
        }),
        yoga: asked(&shelves, |(status, sku, place)| {
            body(ASSETS, json!({"filter": filter(status, sku), "after": yoga_cursor(&place.id)}))
        }),
        sql: sql(
            "assets.sql",
            asked(&shelves, |(status, sku, place)| {
                after(place).into_iter().chain([("status", literal(status)), ("sku", literal(sku))]).collect()
            }),
        ),
    };

    let lists = drawn(random, &customers, 60);
    let nested = Question {
        name: "50 customers",
        ours: asked(&lists, |place| body(CUSTOMERS, json!({"after": place.ours}))),
        postgraphile: asked(&lists, |place| body(PG_CUSTOMERS, json!({"tenant": tenant, "after": place.postgraphile}))),
        yoga: asked(&lists, |place| body(CUSTOMERS, json!({"after": yoga_cursor(&place.id)}))),
        sql: sql("customers.sql", asked(&lists, |place| after(place))),
    };
    Ok(vec![page, one, assets, nested])
}

/// Those that are asked for, without the last ones of the list, behind which a page would be short.
fn drawn<'p, P>(random: &mut Random, places: &'p [P], spare: usize) -> Vec<&'p P> {
    (0..REQUESTS).map(|_| &places[random.below(places.len() - spare)]).collect()
}

fn asked<P, R>(places: &[&P], request: impl Fn(&P) -> R) -> Vec<R> {
    places.iter().map(|place| request(place)).collect()
}

fn yoga_cursor(id: &str) -> String {
    URL_SAFE_NO_PAD.encode(id)
}

/// The whole list, which both must sort alike.
fn places(
    ours: &mut Client,
    postgraphile: &mut Client,
    list: &str,
    theirs: &str,
    filter: &Value,
    condition: &Value,
) -> Result<Vec<Place>, Failure> {
    let pages = if list == "assets" { 2 } else { usize::MAX };
    let ours = edges(ours, list, filter, pages)?;
    let theirs = their_edges(postgraphile, theirs, condition, pages)?;
    if ours.len() != theirs.len() || ours.len() < 61 {
        return Err(format!("{} and {} {list}: too few, or not as many", ours.len(), theirs.len()).into());
    }
    ours.into_iter()
        .zip(theirs)
        .map(|(ours, theirs)| match uuid_of(&ours.id) {
            Some(id) if id == theirs.id => Ok(Place { id, ours: ours.cursor, postgraphile: theirs.cursor }),
            _ => Err(format!("the {list} are not sorted alike: {} and {}", ours.id, theirs.id).into()),
        })
        .collect()
}

fn their_edges(client: &mut Client, list: &str, condition: &Value, pages: usize) -> Result<Vec<Edge>, Failure> {
    let of = list.trim_start_matches("all").trim_end_matches('s');
    let query = format!(
        "query($condition: {of}Condition, $after: Cursor) {{ list: {list}(first: 100, after: $after, \
         orderBy: ROW_ID_DESC, condition: $condition) {{ edges {{ cursor node {{ rowId }} }} \
         pageInfo {{ hasNextPage endCursor }} }} }}"
    );
    let mut edges = Vec::new();
    let mut after = Value::Null;
    for _ in 0..pages {
        let answer = client.ask(&body(&query, json!({"condition": condition, "after": after})))?;
        let page = &answer["data"]["list"];
        for edge in page["edges"].as_array().into_iter().flatten() {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            edges.push(Edge { cursor: text(&edge["cursor"]), id: text(&edge["node"]["rowId"]) });
        }
        after = page["pageInfo"]["endCursor"].clone();
        if page["pageInfo"]["hasNextPage"] != true {
            break;
        }
    }
    Ok(edges)
}

/// The literals of the statements that are given to `pgbench`.
impl Sql {
    pub fn statements(&self) -> impl Iterator<Item = &Vec<(&'static str, String)>> {
        self.literals.iter().take(STATEMENTS)
    }
}
