//! Meters of each aggregation, and what was recorded by them.

use super::plans::METERED;
use super::{Making, awkward, but_every};
use chrono::TimeDelta;
use perennial::app::feature::{self, CreateFeature};
use perennial::app::meter::{self, CreateMeter, UpdateMeter};
use perennial::app::mutation::OnError;
use perennial::app::usage::{self, RecordUsage};
use perennial::domain::feature::FeatureType;
use perennial::domain::meter::{Aggregation, Meter, PropertyMatch};
use perennial::domain::subscription::{Subscription, SubscriptionStatus};
use perennial::domain::text::Metadata;
use perennial::domain::usage::NewUsageEvent;

const AGGREGATIONS: [Aggregation; 5] =
    [Aggregation::Sum, Aggregation::UniqueCount, Aggregation::Latest, Aggregation::Max, Aggregation::Count];

impl Making<'_> {
    /// The features that prices measure, each with its meter.
    pub fn metered(&self) {
        for (n, code) in METERED.iter().enumerate() {
            let new = CreateFeature {
                code: (*code).to_owned(),
                name: awkward(n + 1).to_owned(),
                description: None,
                feature_type: FeatureType::Metered,
                metadata: Metadata::empty(),
            };
            self.run(|call| feature::create_feature(call, &new));
            let filter =
                PropertyMatch { property: awkward(n).to_owned(), values: vec![awkward(n).to_owned(), "1".to_owned()] };
            let new = CreateMeter {
                code: format!("{}-{n}", awkward(n + 3)),
                name: awkward(n / 2).to_owned(),
                aggregation: AGGREGATIONS[n],
                property: Some("value".to_owned()).filter(|_| AGGREGATIONS[n] != Aggregation::Count),
                filters: if n.is_multiple_of(2) { vec![filter] } else { Vec::new() },
                feature: (*code).to_owned(),
            };
            let meter_id = self.run(|call| meter::create_meter(call, &new)).meter;
            let update = UpdateMeter { meter_id, expected_version: None, name: Some("Same".to_owned()) };
            if n == 3 {
                self.run(|call| meter::update_meter(call, &update));
            }
        }
    }

    /// Some events of each meter and most subscriptions; then one of the meters is archived.
    pub fn usage(&self) {
        let tenant = self.viewer.tenant_id;
        let read = |conn: &mut _| {
            let meters = perennial::repository::meter::all(tenant).order("id").load(conn)?;
            let subscriptions = perennial::repository::subscription::all(tenant).order("id").load(conn)?;
            Ok::<_, perennial::repository::Fault>((meters, subscriptions))
        };
        let (meters, subscriptions) = self.app.db.read(read).expect("it reads");
        let now = self.app.ambient.now();
        let runs = |subscription: &&Subscription| {
            subscription.status != SubscriptionStatus::Draft
                && subscription.start_date <= now
                && subscription.end_date.is_none_or(|end| now + TimeDelta::days(1) < end)
        };
        for (n, subscription) in subscriptions.iter().filter(runs).enumerate().filter(|(n, _)| n % 4 > 0) {
            let event = |(number, (place, meter)): (usize, (usize, &Meter))| {
                let properties = serde_json::json!({
                    awkward(place): but_every(5, number + n, 1),
                    "value": format!("{}.{:06}", (number + n) % 7, number % 3),
                    awkward(n): null,
                });
                NewUsageEvent {
                    event_id: format!("{}-{n}-{number}", awkward(number)),
                    meter: meter.code.clone(),
                    subscription_id: subscription.id,
                    occurred_at: but_every(4, number, [now, subscription.start_date][number % 2]),
                    properties: Metadata::try_new(&properties).expect("properties"),
                }
            };
            let all = (0..=n % 3).flat_map(|_| meters.iter().enumerate());
            let events = all.enumerate().map(event);
            let record = RecordUsage { events: events.collect(), on_error: OnError::RejectAll };
            self.run(|call| usage::record_usage(call, &record));
        }
        if let Some(last) = meters.last() {
            self.run(|call| meter::archive_meter(call, last.id, None));
        }
    }
}
