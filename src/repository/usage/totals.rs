//! What the events of periods come to: one statement, however many meters, subscriptions and periods are asked for.
//! Sums are taken of whole numbers, units and millionths apart, so that both databases are exact and neither runs over
//! before nine million events of the largest value came together.

use super::super::db::{Conn, Read};
use super::super::query::Query;
use super::super::sql_types::{At, Identifier, Moment, hex, sqlite_text};
use super::super::{meter, subscription_parts};
use crate::domain::meter::{Aggregation, Meter, quantity};
use crate::domain::period::Period;
use crate::domain::price::Price;
use crate::domain::subscription::Subscription;
use crate::domain::tenant::Tenant;
use crate::domain::usage::{Usage, measured};
use crate::domain::{Choice, Id};
use bigdecimal::BigDecimal;
use diesel::pg::{Pg, PgConnection};
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Array, BigInt, Text};
use diesel::sqlite::{Sqlite, SqliteConnection};

/// What is asked for: the usage of one meter, by one subscription, in one period.
#[derive(Clone, Copy)]
struct Asked<'m> {
    meter: &'m Meter,
    subscription: Id<Subscription>,
    period: Period,
}

/// What one meter counted for each of these subscriptions in its period, in their order. Periods are half-open; without
/// an event it is 0.
pub fn totals(
    conn: &mut Conn,
    tenant: Id<Tenant>,
    meter: &Meter,
    of: &[(Id<Subscription>, Period)],
) -> Read<Vec<(Id<Subscription>, Period, BigDecimal)>> {
    let asked: Vec<_> =
        of.iter().map(|(subscription, period)| Asked { meter, subscription: *subscription, period: *period }).collect();
    let quantities = reckon(conn, tenant, &asked)?;
    Ok(of.iter().zip(quantities).map(|((subscription, period), quantity)| (*subscription, *period, quantity)).collect())
}

/// What each of these subscriptions has used in its running period so far, meter by meter.
pub fn running(conn: &mut Conn, tenant: Id<Tenant>, subscriptions: &[&Subscription]) -> Read<Vec<Vec<Usage>>> {
    let ids: Vec<_> = subscriptions.iter().map(|subscription| subscription.id).collect();
    let items = subscription_parts::items_of(tenant, &ids).load(conn)?;
    let mut prices: Vec<_> = items.iter().map(|item| item.price_id).collect();
    prices.sort_unstable();
    prices.dedup();
    let prices: Vec<Price> = Query::by_ids(tenant, &prices).load(conn)?;
    let mut features: Vec<_> = prices.iter().filter_map(|price| price.feature_id).collect();
    features.sort_unstable();
    features.dedup();
    let meters = meter::of_features(tenant, &features).load(conn)?;
    let mut asked = Vec::new();
    let mut counts = Vec::with_capacity(subscriptions.len());
    for subscription in subscriptions {
        let before = asked.len();
        if let Some((period, meters)) = measured(subscription, &items, &prices, &meters) {
            asked.extend(meters.into_iter().map(|meter| Asked { meter, subscription: subscription.id, period }));
        }
        counts.push(asked.len() - before);
    }
    let quantities = reckon(conn, tenant, &asked)?;
    let mut usage = asked.iter().zip(quantities).map(|(asked, quantity)| Usage {
        meter_id: asked.meter.id,
        period: asked.period,
        quantity,
    });
    Ok(counts.into_iter().map(|count| usage.by_ref().take(count).collect()).collect())
}

/// One row of the answer: the place of what was asked for, and its quantity.
#[derive(QueryableByName)]
struct Total {
    #[diesel(sql_type = BigInt)]
    place: i64,
    #[diesel(sql_type = BigInt)]
    units: i64,
    #[diesel(sql_type = BigInt)]
    millionths: i64,
}

/// The quantities, in the order in which they are asked for.
fn reckon(conn: &mut Conn, tenant: Id<Tenant>, asked: &[Asked<'_>]) -> Read<Vec<BigDecimal>> {
    if asked.is_empty() {
        return Ok(Vec::new());
    }
    // The places of what is asked of each aggregation.
    let of = |aggregation: Aggregation| {
        let places = asked.iter().enumerate().filter(|(_, asked)| asked.meter.aggregation == aggregation);
        (aggregation, places.filter_map(|(place, asked)| Some((i64::try_from(place).ok()?, asked))).collect::<Vec<_>>())
    };
    let parts: Vec<_> = Aggregation::ALL
        .iter()
        .map(|(aggregation, ..)| of(*aggregation))
        .filter(|(_, asked)| !asked.is_empty())
        .collect();
    let mut totals: Vec<Total> = match conn {
        Conn::Postgres(conn) => on_postgres(conn, tenant, &parts)?,
        Conn::Sqlite(conn) => on_sqlite(conn, tenant, &parts)?,
    };
    totals.sort_unstable_by_key(|total| total.place);
    Ok(totals.iter().map(|total| quantity(total.units, total.millionths)).collect())
}

type Part<'a> = (Aggregation, Vec<(i64, &'a Asked<'a>)>);

fn on_postgres(conn: &mut PgConnection, tenant: Id<Tenant>, parts: &[Part<'_>]) -> QueryResult<Vec<Total>> {
    let mut texts = Vec::new();
    for (number, (aggregation, _)) in parts.iter().enumerate() {
        let lists: Vec<String> = (0..5).map(|list| format!("${}", number * 5 + list + 2)).collect();
        let from = format!("unnest({}) AS asked (place, meter_id, subscription_id, starts, ends)", lists.join(", "));
        let columns =
            ["place", "meter_id", "subscription_id", "starts", "ends"].map(|column| format!("asked.{column}"));
        texts.push(part(*aggregation, &from, "$1", &columns));
    }
    let mut query = sql_query(texts.join(" UNION ALL ")).into_boxed::<Pg>().bind::<Identifier, _>(tenant);
    for (_, asked) in parts {
        query = query
            .bind::<Array<BigInt>, _>(asked.iter().map(|(place, _)| *place).collect::<Vec<_>>())
            .bind::<Array<Identifier>, _>(asked.iter().map(|(_, asked)| asked.meter.id).collect::<Vec<_>>())
            .bind::<Array<Identifier>, _>(asked.iter().map(|(_, asked)| asked.subscription).collect::<Vec<_>>())
            .bind::<Array<Moment>, _>(asked.iter().map(|(_, asked)| At(asked.period.start)).collect::<Vec<_>>())
            .bind::<Array<Moment>, _>(asked.iter().map(|(_, asked)| At(asked.period.end)).collect::<Vec<_>>());
    }
    query.load(conn)
}

fn on_sqlite(conn: &mut SqliteConnection, tenant: Id<Tenant>, parts: &[Part<'_>]) -> QueryResult<Vec<Total>> {
    let columns = [
        "(json_each.value ->> 0)",
        "unhex(json_each.value ->> 1)",
        "unhex(json_each.value ->> 2)",
        "(json_each.value ->> 3)",
        "(json_each.value ->> 4)",
    ]
    .map(str::to_owned);
    let texts = parts
        .iter()
        .enumerate()
        .map(|(number, (aggregation, _))| part(*aggregation, &format!("json_each(?{})", number + 2), "?1", &columns));
    let text = texts.collect::<Vec<_>>().join(" UNION ALL ");
    let mut query = sql_query(text).into_boxed::<Sqlite>().bind::<Identifier, _>(tenant);
    for (_, asked) in parts {
        let row = |(place, asked): &(i64, &Asked<'_>)| {
            let (meter, subscription) = (hex(asked.meter.id), hex(asked.subscription));
            let (start, end) = (sqlite_text(asked.period.start), sqlite_text(asked.period.end));
            serde_json::json!([place, meter, subscription, start, end])
        };
        let rows: serde_json::Value = asked.iter().map(row).collect();
        query = query.bind::<Text, _>(rows.to_string());
    }
    query.load(conn)
}

/// The part of the statement for one aggregation: `from` lists what is asked for, `columns` are its columns.
fn part(aggregation: Aggregation, from: &str, tenant: &str, columns: &[String; 5]) -> String {
    let [place, meter, subscription, starts, ends] = columns;
    let counted = format!(
        "e.tenant_id = {tenant} AND e.meter_id = {meter} AND e.subscription_id = {subscription} \
         AND e.occurred_at >= {starts} AND e.occurred_at < {ends} AND e.counted"
    );
    let (units, millionths) = match aggregation {
        Aggregation::Count => ("count(e.id)", "0"),
        Aggregation::UniqueCount => ("count(DISTINCT e.unique_key)", "0"),
        Aggregation::Sum => ("sum(e.value_millionths / 1000000)", "sum(e.value_millionths % 1000000)"),
        Aggregation::Max => ("0", "max(e.value_millionths)"),
        Aggregation::Latest => {
            return format!(
                "SELECT CAST({place} AS BIGINT) AS place, CAST(0 AS BIGINT) AS units, CAST(coalesce(( \
                     SELECT e.value_millionths FROM usage_events e WHERE {counted} \
                     ORDER BY e.occurred_at DESC, e.id DESC LIMIT 1), 0) AS BIGINT) AS millionths FROM {from}"
            );
        }
    };
    format!(
        "SELECT CAST({place} AS BIGINT) AS place, CAST(coalesce({units}, 0) AS BIGINT) AS units, \
         CAST(coalesce({millionths}, 0) AS BIGINT) AS millionths \
         FROM {from} LEFT JOIN usage_events e ON {counted} GROUP BY {place}"
    )
}
