//! `fulfilOrderItem`, in the words of each of the servers; and whether each leaves the same behind.

use super::normal::{normal, uuid_of};
use super::{Peer, Peers};
use crate::Failure;
use crate::generate::tenant_id;
use crate::load::fulfilling::{Unit, request, units};
use crate::load::reading::body;
use diesel::sql_types::Text;
use diesel::{QueryableByName, RunQueryDsl};
use perennial::repository::{Conn, Db};
use serde_json::{Value, json};

/// The place of the tenant that rents out; the other questions are about another one.
pub const TENANT: u128 = 1;

const PG_FULFIL: &str = "mutation($input: FulfilOrderItemInput!) { fulfilOrderItem(input: $input) { subscription { \
    id: rowId status startDate endDate asset: assetByTenantIdAndAssetId { id: rowId status } \
    order: orderByTenantIdAndOrderId { id: rowId status rentedDevices totalDevices } } } }";

pub fn requests(peer: Peer, units: &[Unit]) -> Vec<String> {
    units.iter().map(|unit| one(peer, unit)).collect()
}

fn one(peer: Peer, unit: &Unit) -> String {
    let id = |id: &str| uuid_of(id).unwrap_or_default();
    let (order, customer) = (id(&unit.order), id(&unit.customer));
    match peer {
        Peer::Ours | Peer::OursOnSqlite => request(unit),
        Peer::PostGraphile => {
            let tenant = tenant_id(TENANT).uuid().to_string();
            let serial = &unit.serial_number;
            let input = json!({"tenant": tenant, "order": order, "customer": customer, "serialNumber": serial});
            body(PG_FULFIL, json!({"input": input}))
        }
        Peer::Yoga => request(&Unit { order, customer, serial_number: unit.serial_number.clone() }),
    }
}

/// Lets each server rent out one unit of an order of two, and refuses unless all answer and store the same.
pub fn compare(peers: &Peers, db: &Db) -> Result<(), Failure> {
    let mut first: Option<(Value, String)> = None;
    for peer in peers.on_postgres() {
        let units = units(&mut peers.client(Peer::Ours, TENANT)?, 2, true)?;
        let before = stored(db)?;
        let answer = peers.client(peer, TENANT)?.ask(&one(peer, &units[0]))?;
        let after = stored(db)?;
        let left = before.split(' ').zip(after.split(' ')).map(|(before, after)| difference(before, after));
        let left = left.collect::<Result<Vec<_>, _>>()?.join(" ");
        let same = (outcome(answer), left);
        match &first {
            Some(expected) if *expected != same => {
                return Err(format!("{} fulfils differently: {same:?} instead of {expected:?}", peer.name()).into());
            }
            Some(_) => {}
            None => first = Some(same),
        }
    }
    Ok(())
}

fn difference(before: &str, after: &str) -> Result<String, Failure> {
    Ok((after.parse::<i64>()? - before.parse::<i64>()?).to_string())
}

/// The answer without what is new each time.
fn outcome(answer: Value) -> Value {
    let mut payload = normal(answer)["data"]["fulfilOrderItem"].take();
    let order = payload["order"].take();
    let mut subscription = payload["subscription"].take();
    if order.is_object() {
        subscription["order"] = order;
    }
    for path in ["/id", "/asset/id", "/order/id"] {
        if let Some(id) = subscription.pointer_mut(path) {
            *id = Value::Null;
        }
    }
    json!({"subscription": subscription, "refused": payload["userErrors"].as_array().is_some_and(|all| !all.is_empty())})
}

#[derive(QueryableByName)]
struct Stored {
    #[diesel(sql_type = Text)]
    counts: String,
}

/// How much of everything the tenant has.
fn stored(db: &Db) -> Result<String, Failure> {
    let tenant = tenant_id(TENANT).uuid();
    let count = |what: &str, table: &str| format!("(SELECT {what} FROM {table} WHERE tenant_id = '{tenant}')");
    // The keys that are made for the benchmark leave events and records, too.
    let counts = [
        count("count(*)", "subscriptions"),
        count("coalesce(sum(monthly_amount), 0)", "subscriptions"),
        count("coalesce(sum(extract(epoch FROM next_billing_at)), 0)::BIGINT", "subscriptions"),
        count("coalesce(sum(extract(epoch FROM current_period_end)), 0)::BIGINT", "subscriptions"),
        count("count(*)", "scheduled_payments"),
        count("sum(amount * sequence)", "scheduled_payments"),
        count("sum(due_date - DATE '2000-01-01')", "scheduled_payments"),
        count("count(*)", "asset_assignments"),
        count("count(*) FILTER (WHERE event_type NOT LIKE 'api_key.%')", "events"),
        count("coalesce(sum(length(event_type)) FILTER (WHERE event_type NOT LIKE 'api_key.%'), 0)", "events"),
        count("count(*) FILTER (WHERE operation = 'fulfilOrderItem')", "audit_records"),
        count("sum(rented_devices)", "orders"),
        count("sum(version)", "orders"),
        count("sum(fulfilled_quantity)", "order_items"),
        count("count(*) FILTER (WHERE status = 'RENTED_OUT')", "assets"),
        count("sum(version)", "assets"),
        count("sum(device_count)", "customers"),
        count("sum(version)", "customers"),
        count("sum(monthly_amount)", "customer_revenues"),
    ];
    let sql = format!("SELECT concat_ws(' ', {}) AS counts", counts.join(", "));
    let stored: Stored = db.read_once(|conn| {
        Ok(match conn {
            Conn::Postgres(conn) => diesel::sql_query(&sql).get_result(conn)?,
            Conn::Sqlite(conn) => diesel::sql_query(&sql).get_result(conn)?,
        })
    })?;
    Ok(stored.counts)
}
