//! Usage: what subscriptions used, event by event, and what the events of a period come to.

use super::choice::choice;
use super::feature::CatalogueState;
use super::meter::{self, Meter, Reading};
use super::period::Period;
use super::price::{Price, PriceType};
use super::subscription::parts::SubscriptionItem;
use super::subscription::{Subscription, SubscriptionStatus};
use super::text::Metadata;
use super::{Entity, ErrorCode, Id, Instant, Refusal};
use bigdecimal::BigDecimal;
use chrono::TimeDelta;

/// One use of a feature. It is recorded once and never changed.
#[derive(Clone, PartialEq, Debug)]
pub struct UsageEvent {
    pub id: Id<UsageEvent>,
    /// The client's own identifier: unique in the tenant.
    pub event_id: String,
    pub meter_id: Id<Meter>,
    pub subscription_id: Id<Subscription>,
    pub occurred_at: Instant,
    pub properties: Metadata,
    /// What its meter made of it when it was recorded.
    pub reading: Reading,
    pub created_at: Instant,
}

impl Entity for UsageEvent {
    const NAME: &'static str = "UsageEvent";
    const PREFIX: &'static str = "usg";
}

/// An event as a client sends it.
#[derive(Clone, PartialEq, Debug)]
pub struct NewUsageEvent {
    pub event_id: String,
    /// The meter's code.
    pub meter: String,
    pub subscription_id: Id<Subscription>,
    /// None where it occurs now.
    pub occurred_at: Option<Instant>,
    pub properties: Metadata,
}

/// What is known beside an event.
#[derive(Clone, Copy, Debug)]
pub struct Situation<'s> {
    /// The meter with its code, an archived one too.
    pub meter: Option<&'s Meter>,
    pub subscription: Option<&'s Subscription>,
    /// What was recorded with its identifier before.
    pub before: Option<&'s UsageEvent>,
    /// The moment until which the subscription's usage is billed.
    pub billed_until: Option<Instant>,
    pub now: Instant,
}

/// What becomes of an event that is not refused.
#[derive(Clone, PartialEq, Debug)]
pub enum Recorded {
    New(UsageEvent),
    /// It was recorded before.
    Before(Id<UsageEvent>),
}

choice! {
    /// What became of an event.
    pub enum RecordingStatus {
        /// It was recorded.
        Recorded = "RECORDED",
        /// It was recorded before, and nothing was done.
        Duplicate = "DUPLICATE",
    }
}

/// How far ahead of ours a client's clock may be.
const AHEAD: TimeDelta = TimeDelta::minutes(1);

impl NewUsageEvent {
    /// What is to be recorded, under this id if it is new. What was recorded before is answered before anything else is
    /// asked: a repeat is harmless, however late it comes. Blames the argument of the event.
    pub fn record(&self, known: &Situation<'_>, id: Id<UsageEvent>) -> Result<Recorded, Refusal> {
        let refuse = |code, message: String, argument: &str| Err(Refusal::new(code, message).at(&[argument]));
        if let Some(before) = known.before {
            if !self.repeats(before, known.meter) {
                let message = format!("{:?} was recorded before, and said something else.", self.event_id);
                return refuse(ErrorCode::DuplicateUsageEvent, message, "eventId");
            }
            return Ok(Recorded::Before(before.id));
        }
        let meter = known.meter.filter(|meter| meter.state == CatalogueState::Active);
        let meter = meter.ok_or_else(|| meter::not_found(&self.meter).at(&["meter"]))?;
        let missing = || Refusal::new(ErrorCode::SubscriptionNotFound, "There is no such subscription.");
        let subscription = known.subscription.ok_or_else(|| missing().at(&["subscriptionId"]))?;
        if subscription.status == SubscriptionStatus::Draft {
            let message = "The subscription is a draft: nothing of it is used yet.".to_owned();
            return refuse(ErrorCode::UsageOutsideSubscription, message, "subscriptionId");
        }
        let occurred_at = self.occurred_at.unwrap_or(known.now);
        if occurred_at > known.now + AHEAD {
            let message = "What is used in the future is recorded when it happens.".to_owned();
            return refuse(ErrorCode::UsageInFuture, message, "occurredAt");
        }
        let over = subscription.end_date.is_some_and(|end| end <= occurred_at);
        if occurred_at < subscription.start_date || over {
            let message = "The subscription did not run then.".to_owned();
            return refuse(ErrorCode::UsageOutsideSubscription, message, "occurredAt");
        }
        if known.billed_until.is_some_and(|until| occurred_at < until) {
            let message = "The period in which this was used is billed already.".to_owned();
            return refuse(ErrorCode::UsagePeriodBilled, message, "occurredAt");
        }
        let properties = serde_json::from_str(self.properties.as_str()).unwrap_or_default();
        let reading = meter
            .read(&properties)
            .map_err(|mistake| Refusal::new(ErrorCode::ValidationError, mistake.message).at(&[mistake.argument]))?;
        Ok(Recorded::New(UsageEvent {
            id,
            event_id: self.event_id.clone(),
            meter_id: meter.id,
            subscription_id: subscription.id,
            occurred_at,
            properties: self.properties.clone(),
            reading,
            created_at: known.now,
        }))
    }

    /// Whether it says what was recorded. Where it does not say when, that may be then.
    fn repeats(&self, before: &UsageEvent, meter: Option<&Meter>) -> bool {
        meter.is_some_and(|meter| meter.id == before.meter_id)
            && self.subscription_id == before.subscription_id
            && self.occurred_at.is_none_or(|occurred_at| occurred_at == before.occurred_at)
            && self.properties == before.properties
    }
}

/// What a subscription used of one meter in a period.
#[derive(Clone, PartialEq, Debug)]
pub struct Usage {
    pub meter_id: Id<Meter>,
    pub period: Period,
    pub quantity: BigDecimal,
}

/// The meters of the usage that a subscription is billed for in its running period, each once, in the order of its items:
/// those of its own items. None before its first period.
pub fn measured<'m>(
    subscription: &Subscription,
    items: &[SubscriptionItem],
    prices: &[Price],
    meters: &'m [Meter],
) -> Option<(Period, Vec<&'m Meter>)> {
    let (start, end) = subscription.current_period_start.zip(subscription.current_period_end)?;
    let runs = |item: &&SubscriptionItem| {
        item.subscription_id == subscription.id
            && item.start_date < end
            && item.end_date.is_none_or(|item_end| start < item_end)
    };
    let mut found: Vec<&Meter> = Vec::new();
    for item in items.iter().filter(runs) {
        let price = prices.iter().find(|price| price.id == item.price_id);
        let feature = price.filter(|price| price.price_type == PriceType::Usage).and_then(|price| price.feature_id);
        let meter = meters.iter().find(|meter| Some(meter.feature_id) == feature);
        if let Some(meter) = meter.filter(|meter| found.iter().all(|known| known.id != meter.id)) {
            found.push(meter);
        }
    }
    Some((Period { start, end }, found))
}

#[cfg(test)]
mod tests;
