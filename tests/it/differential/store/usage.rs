//! Meters, what was recorded by them, and what that comes to, added up without the database.

use super::plans::decimal;
use super::subscriptions::period;
use super::{Store, choice, id, instant, json, maybe};
use async_graphql::{Value, value};
use bigdecimal::BigDecimal;
use perennial::domain::Id;
use perennial::domain::meter::{Aggregation, Meter, UsageValue};
use perennial::domain::period::Period;
use perennial::domain::price::Price;
use perennial::domain::subscription::Subscription;
use perennial::domain::subscription::parts::SubscriptionItem;
use perennial::domain::tenant::Tenant;
use perennial::domain::usage::UsageEvent;
use perennial::repository::{Conn, Query, Read, meter, subscription_parts, usage};
use std::collections::BTreeSet;

/// All that usage follows from.
#[derive(Default)]
pub struct Used {
    meters: Vec<Meter>,
    events: Vec<UsageEvent>,
    items: Vec<SubscriptionItem>,
    prices: Vec<Price>,
}

impl Used {
    pub fn load(conn: &mut Conn, tenant: Id<Tenant>, subscriptions: &[Id<Subscription>]) -> Read<Used> {
        let items = subscription_parts::items_of(tenant, subscriptions).load(conn)?;
        let prices: Vec<_> = items.iter().map(|item| item.price_id).collect();
        Ok(Used {
            meters: meter::all(tenant).order("id").load(conn)?,
            events: usage::all(tenant).order("id").load(conn)?,
            items,
            prices: Query::by_ids(tenant, &prices).load(conn)?,
        })
    }

    /// What a subscription used in its running period, by the place of its items.
    pub fn of(&self, subscription: &Subscription) -> Value {
        let running = subscription.current_period_start.zip(subscription.current_period_end);
        let Some((start, end)) = running else { return Value::List(Vec::new()) };
        let mut seen = BTreeSet::new();
        let mut all = Vec::new();
        let mut items: Vec<_> = self.items.iter().filter(|item| item.subscription_id == subscription.id).collect();
        items.sort_by_key(|item| item.position);
        for item in items {
            let price = self.prices.iter().find(|price| price.id == item.price_id).expect("a price");
            let meter = self.meters.iter().find(|meter| price.feature_id == Some(meter.feature_id));
            let Some(meter) = meter.filter(|meter| seen.insert(meter.id)) else { continue };
            assert!(item.start_date < end && item.end_date.is_none_or(|end| end > start), "no item is over here");
            let of_meter = |event: &&UsageEvent| event.meter_id == meter.id && event.subscription_id == subscription.id;
            let in_period = |event: &&UsageEvent| start <= event.occurred_at && event.occurred_at < end;
            let counted = self.events.iter().filter(of_meter).filter(in_period).filter(|event| event.reading.counted);
            let quantity = decimal(&quantity(meter.aggregation, counted.collect()));
            all.push(value!({"meter": id(meter.id), "period": period(Period { start, end }), "quantity": quantity}));
        }
        Value::List(all)
    }

    /// What measures a feature.
    pub fn meter_of(&self, feature: Id<perennial::domain::feature::Feature>) -> Value {
        maybe(self.meters.iter().find(|meter| meter.feature_id == feature), |meter| id(meter.id))
    }
}

fn quantity(aggregation: Aggregation, mut events: Vec<&UsageEvent>) -> BigDecimal {
    events.sort_by_key(|event| (event.occurred_at, event.id));
    let mut values = events.iter().filter_map(|event| event.reading.value.map(UsageValue::decimal));
    match aggregation {
        Aggregation::Count => u64::try_from(events.len()).expect("a number").into(),
        Aggregation::Sum => values.sum(),
        Aggregation::Max => values.max().unwrap_or_default(),
        Aggregation::Latest => values.next_back().unwrap_or_default(),
        Aggregation::UniqueCount => {
            let keys: BTreeSet<_> = events.iter().map(|event| &event.reading.unique_key).collect();
            u64::try_from(keys.len()).expect("a number").into()
        }
    }
}

impl Store {
    pub fn usage(&mut self, used: &Used) {
        for row in &used.meters {
            let filters = row
                .filters
                .iter()
                .map(|filter| value!({"property": filter.property.clone(), "values": filter.values.clone()}));
            self.add(
                "Meter",
                [
                    ("id", id(row.id)),
                    ("code", row.code.clone().into()),
                    ("name", row.name.clone().into()),
                    ("aggregation", choice(row.aggregation)),
                    ("property", maybe(row.property.as_deref(), Value::from)),
                    ("filters", Value::List(filters.collect())),
                    ("feature", id(row.feature_id)),
                    ("state", choice(row.state)),
                    ("version", row.version.into()),
                    ("createdAt", instant(row.created_at)),
                    ("updatedAt", instant(row.updated_at)),
                ],
            );
        }
        for row in &used.events {
            self.add(
                "UsageEvent",
                [
                    ("id", id(row.id)),
                    ("eventId", row.event_id.clone().into()),
                    ("meter", id(row.meter_id)),
                    ("subscription", id(row.subscription_id)),
                    ("occurredAt", instant(row.occurred_at)),
                    ("properties", json(row.properties.as_str())),
                    ("counted", row.reading.counted.into()),
                    ("value", maybe(row.reading.value, |value| decimal(&value.decimal()))),
                    ("uniqueKey", maybe(row.reading.unique_key.as_deref(), Value::from)),
                    ("createdAt", instant(row.created_at)),
                ],
            );
        }
    }
}
