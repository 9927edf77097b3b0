//! Usage: single events here, what they come to in `totals.rs`.

mod totals;

use super::db::{Fault, Read, Tx, changed};
use super::list::{List, listed};
use super::query::{Condition, Query, Values, stored};
use super::rows::rows;
use super::schema::usage_events;
use super::sql_types::At;
use crate::domain::Id;
use crate::domain::meter::{Meter, Reading, UsageValue};
use crate::domain::subscription::Subscription;
use crate::domain::tenant::Tenant;
use crate::domain::usage::UsageEvent;
pub use totals::{running, totals};

stored!(UsageEvent, usage_events(
    id, event_id, meter_id, subscription_id, occurred_at, properties, counted, value_millionths, unique_key, created_at
) => {
    let (At(occurred_at), At(created_at)) = (occurred_at, created_at);
    let value_millionths: Option<i64> = value_millionths;
    let value = value_millionths.map(|value| UsageValue::from_millionths(value).ok_or_else(senseless)).transpose()?;
    let reading = Reading { counted, value, unique_key };
    UsageEvent { id, event_id, meter_id, subscription_id, occurred_at, properties, reading, created_at }
});

fn senseless() -> Fault {
    Fault::Database("a stored quantity makes no sense".to_owned())
}

listed!(UsageEvent: List::new()
    .text(usage_events::event_id)
    .id::<Meter>(usage_events::meter_id)
    .id::<Subscription>(usage_events::subscription_id)
    .instant(usage_events::occurred_at).sorted(|event: &UsageEvent| event.occurred_at.into()));

pub fn all(tenant: Id<Tenant>) -> Query<UsageEvent> {
    Query::new(tenant)
}

pub fn of_subscriptions(tenant: Id<Tenant>, subscriptions: &[Id<Subscription>]) -> Query<UsageEvent> {
    Query::new(tenant).of_each("subscription_id", subscriptions)
}

/// What was recorded with this identifier of the client.
pub fn by_event_id(tenant: Id<Tenant>, event_id: &str) -> Query<UsageEvent> {
    Query::by_text(tenant, "event_id", event_id)
}

/// What was recorded with these identifiers of the client.
pub fn by_event_ids(tenant: Id<Tenant>, event_ids: Vec<String>) -> Query<UsageEvent> {
    Query::new(tenant).filter(Condition::Among("event_id", Values::Texts(event_ids)))
}

/// Records events. Where somebody else has recorded one of them meanwhile, the race is lost.
pub fn insert(tx: &mut Tx<'_>, tenant: Id<Tenant>, events: &[UsageEvent]) -> Read<()> {
    // Everybody takes them in the same order, so that two batches that overlap do not wait for each other.
    let mut sorted: Vec<&UsageEvent> = events.iter().collect();
    sorted.sort_unstable_by_key(|event| &event.event_id);
    let rows = rows!(usage_events, sorted, |event| {
        tenant_id: tenant,
        id: event.id,
        event_id: event.event_id.clone(),
        meter_id: event.meter_id,
        subscription_id: event.subscription_id,
        occurred_at: At(event.occurred_at),
        properties: event.properties.clone(),
        counted: event.reading.counted,
        value_millionths: event.reading.value.map(UsageValue::millionths),
        unique_key: event.reading.unique_key.clone(),
        created_at: At(event.created_at),
    });
    changed(rows.only_new().run(tx)?, events.len())
}
