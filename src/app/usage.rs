//! Recording usage: many events at once, each of which may be one that is known already.

use super::mutation::{Answer, Call, OnError, Stop, Work};
use crate::domain::meter::Meter;
use crate::domain::subscription::Subscription;
use crate::domain::usage::{NewUsageEvent, Recorded, RecordingStatus, Situation, UsageEvent};
use crate::domain::{Id, Instant, Refusal};
use crate::repository::{Fault, Query, meter, usage};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// Events that are to be recorded.
#[derive(Clone, Debug)]
pub struct RecordUsage {
    pub events: Vec<NewUsageEvent>,
    pub on_error: OnError,
}

/// What became of each event, in their order.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct UsageRecorded {
    pub rows: Vec<RowRecorded>,
}

/// What became of one event: it was recorded, now or before, or it was refused. Neither where other events kept it from
/// being recorded.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RowRecorded {
    pub event_id: String,
    pub status: Option<RecordingStatus>,
    pub event: Option<Id<UsageEvent>>,
    pub refusal: Option<Refusal>,
}

pub fn record_usage(call: &Call<'_>, request: &RecordUsage) -> Result<Answer<UsageRecorded>, Fault> {
    call.run(|work| {
        let known = load(work, &request.events)?;
        let mut new: Vec<UsageEvent> = Vec::new();
        // Where each identifier of this request is among the new events.
        let mut places: HashMap<&str, usize> = HashMap::new();
        let mut rows = Vec::with_capacity(request.events.len());
        for (index, event) in request.events.iter().enumerate() {
            let place = places.get(event.event_id.as_str()).and_then(|place| new.get(*place));
            let before = known.recorded.get(&event.event_id).or(place);
            let decided = event.record(&known.situation(event, before, work.now), work.id());
            let (status, id, refusal) = match decided {
                Ok(Recorded::New(made)) => {
                    let id = made.id;
                    places.insert(&event.event_id, new.len());
                    new.push(made);
                    (Some(RecordingStatus::Recorded), Some(id), None)
                }
                Ok(Recorded::Before(id)) => (Some(RecordingStatus::Duplicate), Some(id), None),
                Err(refusal) => (None, None, Some(refusal.below(&["events", &index.to_string()]))),
            };
            rows.push(RowRecorded { event_id: event.event_id.clone(), status, event: id, refusal });
        }
        let failed: Vec<Refusal> = rows.iter().filter_map(|row| row.refusal.clone()).collect();
        let reject_all = request.on_error == OnError::RejectAll && !failed.is_empty();
        if reject_all || failed.len() == rows.len() {
            rows.iter_mut().for_each(|row| (row.status, row.event) = (None, None));
            return Err(Stop::showing(failed, &UsageRecorded { rows }));
        }
        usage::insert(work.tx, work.tenant, &new)?;
        Ok(UsageRecorded { rows })
    })
}

/// What the events name, and what is recorded of them already.
struct Known {
    meters: HashMap<String, Meter>,
    subscriptions: HashMap<Id<Subscription>, Subscription>,
    recorded: HashMap<String, UsageEvent>,
}

impl Known {
    fn situation<'s>(&'s self, event: &NewUsageEvent, before: Option<&'s UsageEvent>, now: Instant) -> Situation<'s> {
        let subscription = self.subscriptions.get(&event.subscription_id);
        Situation {
            meter: self.meters.get(&event.meter),
            subscription,
            before,
            billed_until: subscription.and_then(|subscription| subscription.billing.usage_until),
            now,
        }
    }
}

fn load(work: &mut Work<'_, '_>, events: &[NewUsageEvent]) -> Result<Known, Stop> {
    let tenant = work.tenant;
    let mut codes: Vec<_> = events.iter().map(|event| event.meter.clone()).collect();
    codes.sort_unstable();
    codes.dedup();
    let meters = meter::by_codes(tenant, codes).load(work.conn())?;
    let mut subscriptions: Vec<_> = events.iter().map(|event| event.subscription_id).collect();
    subscriptions.sort_unstable();
    subscriptions.dedup();
    // Kept until the events are stored: whoever bills a period meanwhile waits, and finds them.
    let subscriptions = Query::by_ids(tenant, &subscriptions).order("id").keep(work.tx)?;
    let event_ids = events.iter().map(|event| event.event_id.clone()).collect();
    let recorded = usage::by_event_ids(tenant, event_ids).load(work.conn())?;
    Ok(Known {
        meters: meters.into_iter().map(|meter| (meter.code.clone(), meter)).collect(),
        subscriptions: subscriptions
            .into_iter()
            .map(|subscription: Subscription| (subscription.id, subscription))
            .collect(),
        recorded: recorded.into_iter().map(|event| (event.event_id.clone(), event)).collect(),
    })
}
