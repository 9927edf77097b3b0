//! Usage: events, and what they come to.

use super::check::{self, Check};
use super::engine::{Object, Payload, Type};
use super::mutations::{Mutation, OnErrorInput, USER_ERRORS, run};
use super::scalars::{DateTime, Json};
use crate::app::mutation::Answer;
use crate::app::usage::{RecordUsage, RowRecorded, UsageRecorded, record_usage};
use crate::domain::Refusal;
use crate::domain::api_key::Scope;
use crate::domain::usage::{NewUsageEvent, Usage, UsageEvent};
use async_graphql::{ID, InputObject};

impl Object for UsageEvent {
    fn declare() -> Type<Self> {
        Type::new("UsageEvent", "One use of a feature, as it was recorded. It is never changed.")
            .node(|event: &UsageEvent| event.id)
            .column("eventId", "The client's own identifier: unique in the tenant.", |event| &event.event_id)
            .one("meter", "What it was recorded by.", |event| event.meter_id)
            .one("subscription", "Who used it.", |event| event.subscription_id)
            .column("occurredAt", "When it was used.", |event| &event.occurred_at)
            .column("properties", "What the client said of it.", |event| &event.properties)
            .column("counted", "Whether it met the filters of its meter. If not, it counts for nothing.", |event| {
                &event.reading.counted
            })
            .computed(
                "value",
                "The value of the property that its meter sums up or compares; null where there is none.",
                |event| event.reading.value.map(crate::domain::meter::UsageValue::decimal),
            )
            .column(
                "uniqueKey",
                "The value of the property that its meter counts once; null where there is none.",
                |event| &event.reading.unique_key,
            )
            .column("createdAt", "When it was recorded.", |event| &event.created_at)
    }
}

impl Object for Usage {
    fn declare() -> Type<Self> {
        Type::new("Usage", "What a subscription used of one meter in a period.")
            .one("meter", "What was measured.", |usage: &Usage| usage.meter_id)
            .value("period", "When.", |usage| &usage.period)
            .column("quantity", "How much.", |usage| &usage.quantity)
    }
}

/// Records up to 500 events, in one transaction.
#[derive(InputObject)]
pub struct RecordUsageInput {
    /// The events: 1 to 500, of any meters and subscriptions.
    events: Vec<UsageEventInput>,
    /// What becomes of the other events when one is refused.
    #[graphql(default_with = "OnErrorInput::RejectAll")]
    on_error: OnErrorInput,
}

/// One use of a feature.
#[derive(InputObject)]
pub struct UsageEventInput {
    /// Your own identifier: 1 to 255 characters, unique in the tenant. An event that comes again is recorded once.
    event_id: String,
    /// The meter's code.
    meter: String,
    /// Who used it.
    subscription_id: ID,
    /// When it was used: at most a minute in the future, in a period that is not billed yet. Default: now.
    occurred_at: Option<DateTime>,
    /// What the meter's filters and its property are looked up in: an object of at most 16 kB. A quantity is a whole
    /// number, or a decimal as a text such as "1.5".
    properties: Option<Json>,
}

/// The most events of one request.
const MOST_EVENTS: usize = 500;

impl RecordUsageInput {
    fn read(self) -> Result<RecordUsage, Vec<Refusal>> {
        Check::input(|check| {
            let events = check.rows("events", self.events, (1, MOST_EVENTS), |check, row| {
                let event_id = check.take("eventId", check::event_id(row.event_id));
                let meter = check.take("meter", check::code(row.meter));
                let subscription_id = check.take("subscriptionId", check::id(row.subscription_id));
                let occurred_at = check.maybe("occurredAt", row.occurred_at, check::instant);
                let properties = check.maybe("properties", row.properties, check::metadata);
                Some(NewUsageEvent {
                    event_id: event_id?,
                    meter: meter?,
                    subscription_id: subscription_id?,
                    occurred_at: occurred_at?,
                    properties: check::new_metadata(properties?),
                })
            });
            Some(RecordUsage { events: events?, on_error: self.on_error.into() })
        })
    }
}

/// What `recordUsage` answers.
pub struct RecordUsagePayload(Answer<UsageRecorded>);

impl From<Answer<UsageRecorded>> for RecordUsagePayload {
    fn from(answer: Answer<UsageRecorded>) -> Self {
        RecordUsagePayload(answer)
    }
}

impl Payload for RecordUsagePayload {
    fn refusal(&self) -> Option<&Refusal> {
        self.0.refusals.first()
    }
}

impl Object for RecordUsagePayload {
    fn declare() -> Type<Self> {
        Type::new("RecordUsagePayload", "What `recordUsage` answers.")
            .values(
                "rows",
                "What became of each event, in the order of the events; empty where the request as a whole was refused.",
                |payload: &RecordUsagePayload| payload.0.outcome.iter().flat_map(|made| &made.rows).collect(),
            )
            .values("userErrors", USER_ERRORS, |payload| payload.0.refusals.iter().collect())
    }
}

impl Object for RowRecorded {
    fn declare() -> Type<Self> {
        Type::new("RecordUsageRow", "What became of one event.")
            .column("eventId", "The identifier of the event.", |row: &RowRecorded| &row.event_id)
            .column("status", "What was done; null where it was not recorded.", |row| &row.status)
            .maybe::<UsageEvent>("event", "The event as it is recorded; null where it is not.", |row| row.event)
            .maybe_value(
                "userError",
                "Why the event was refused; null where it was not. Where other events kept it from being recorded, there \
                 is neither an error nor a status.",
                |row| row.refusal.as_ref(),
            )
    }
}

pub fn mutations() -> Vec<Mutation> {
    vec![Mutation::new(
        "recordUsage",
        "Records what subscriptions used, up to 500 events at once. An event that was recorded before is answered as a \
         DUPLICATE and changes nothing, whenever it comes again. Errors, each with the path of its event, in the order in \
         which they are looked for: VALIDATION_ERROR, DUPLICATE_USAGE_EVENT, METER_NOT_FOUND, SUBSCRIPTION_NOT_FOUND, \
         USAGE_IN_FUTURE, USAGE_OUTSIDE_SUBSCRIPTION, USAGE_PERIOD_BILLED, VALIDATION_ERROR (the property that the meter \
         needs is not there, or no quantity).",
        Scope::Write,
        |on, running, input: RecordUsageInput| run::<_, _, RecordUsagePayload>(on, running, input.read(), record_usage),
    )]
}
