use super::*;
use crate::domain::meter::{Aggregation, PropertyMatch, UsageValue};
use crate::domain::{Currency, Zone};
use serde_json::json;
use std::sync::LazyLock;
use uuid::Uuid;

fn at(text: &str) -> Instant {
    text.parse().unwrap()
}

fn id<E>(number: u128) -> Id<E> {
    Id::new(Uuid::from_u128(number))
}

fn meter() -> Meter {
    Meter {
        id: id(1),
        code: "traffic".to_owned(),
        name: "Traffic".to_owned(),
        aggregation: Aggregation::Sum,
        property: Some("gb".to_owned()),
        filters: vec![PropertyMatch { property: "region".to_owned(), values: vec!["eu".to_owned()] }],
        feature_id: id(2),
        state: CatalogueState::Active,
        version: 1,
        created_at: at("2025-01-01T00:00:00Z"),
        updated_at: at("2025-01-01T00:00:00Z"),
    }
}

fn subscription() -> Subscription {
    Subscription {
        id: id(3),
        handle: None,
        status: SubscriptionStatus::Active,
        customer_id: id(4),
        plan_id: Some(id(5)),
        order_id: None,
        order_item_id: None,
        asset_id: None,
        billing_group_id: None,
        parent_subscription_id: None,
        currency: Currency::EUR,
        timezone: Zone::UTC,
        monthly_amount: None,
        contract_length: None,
        billing_start: None,
        start_date: at("2025-01-15T00:00:00Z"),
        end_date: None,
        trial_start: None,
        trial_end: None,
        billing_anchor: None,
        current_period_start: Some(at("2025-01-15T00:00:00Z")),
        current_period_end: Some(at("2025-02-15T00:00:00Z")),
        next_billing_date: None,
        billing: crate::domain::subscription::BillingState::default(),
        hosted_payment_link: None,
        notes: None,
        metadata: Metadata::empty(),
        version: 1,
        created_at: at("2025-01-15T00:00:00Z"),
        updated_at: at("2025-01-15T00:00:00Z"),
    }
}

fn event(occurred_at: &str) -> NewUsageEvent {
    NewUsageEvent {
        event_id: "one".to_owned(),
        meter: "traffic".to_owned(),
        subscription_id: id(3),
        occurred_at: Some(at(occurred_at)),
        properties: Metadata::try_new(&json!({"region": "eu", "gb": "1.5"})).unwrap(),
    }
}

static METER: LazyLock<Meter> = LazyLock::new(meter);
static SUBSCRIPTION: LazyLock<Subscription> = LazyLock::new(subscription);

/// What becomes of an event at noon of 31 January, where something of what is known is changed: what was done, or the code
/// of its refusal.
fn outcome<'s>(event: &NewUsageEvent, change: impl FnOnce(&mut Situation<'s>)) -> Result<Recorded, ErrorCode> {
    let mut known = Situation {
        meter: Some(&*METER),
        subscription: Some(&*SUBSCRIPTION),
        before: None,
        billed_until: None,
        now: at("2025-01-31T12:00:00Z"),
    };
    change(&mut known);
    event.record(&known, id(9)).map_err(|refusal| refusal.code)
}

fn code(occurred_at: &str, billed_until: Option<&str>) -> Option<ErrorCode> {
    outcome(&event(occurred_at), |known| known.billed_until = billed_until.map(at)).err()
}

#[test]
fn usage_lies_in_the_life_of_a_subscription_and_not_in_the_future() {
    assert_eq!(code("2025-01-31T12:01:00Z", None), None);
    assert_eq!(code("2025-01-31T12:01:00.000001Z", None), Some(ErrorCode::UsageInFuture));
    assert_eq!(code("2025-01-15T00:00:00Z", None), None);
    assert_eq!(code("2025-01-14T23:59:59.999999Z", None), Some(ErrorCode::UsageOutsideSubscription));
    let ended = Subscription { end_date: Some(at("2025-01-20T00:00:00Z")), ..subscription() };
    let until = |occurred_at| outcome(&event(occurred_at), |known| known.subscription = Some(&ended)).err();
    assert_eq!(until("2025-01-19T23:59:59.999999Z"), None);
    assert_eq!(until("2025-01-20T00:00:00Z"), Some(ErrorCode::UsageOutsideSubscription));
    let draft = Subscription { status: SubscriptionStatus::Draft, ..subscription() };
    let of_draft = outcome(&event("2025-01-20T00:00:00Z"), |known| known.subscription = Some(&draft));
    assert_eq!(of_draft, Err(ErrorCode::UsageOutsideSubscription));
}

#[test]
fn what_is_billed_gets_no_more_usage() {
    let until = Some("2025-01-20T00:00:00Z");
    assert_eq!(code("2025-01-19T23:59:59.999999Z", until), Some(ErrorCode::UsagePeriodBilled));
    assert_eq!(code("2025-01-20T00:00:00Z", until), None);
}

#[test]
fn an_event_needs_a_meter_a_subscription_and_a_property() {
    let early = event("2025-01-20T00:00:00Z");
    let archived = Meter { state: CatalogueState::Deleted, ..meter() };
    assert_eq!(outcome(&early, |known| known.meter = None), Err(ErrorCode::MeterNotFound));
    assert_eq!(outcome(&early, |known| known.meter = Some(&archived)), Err(ErrorCode::MeterNotFound));
    assert_eq!(outcome(&early, |known| known.subscription = None), Err(ErrorCode::SubscriptionNotFound));
    let properties = Metadata::try_new(&json!({"region": "eu"})).unwrap();
    let without = NewUsageEvent { properties, ..early };
    assert_eq!(outcome(&without, |_| {}), Err(ErrorCode::ValidationError));
    let now = NewUsageEvent { occurred_at: None, ..event("2025-01-20T00:00:00Z") };
    let Ok(Recorded::New(made)) = outcome(&now, |_| {}) else { panic!("it is recorded") };
    assert_eq!((made.id, made.occurred_at), (id(9), at("2025-01-31T12:00:00Z")));
    let value = UsageValue::from_millionths(1_500_000);
    assert_eq!(made.reading, Reading { counted: true, value, unique_key: None });
}

#[test]
fn a_repeat_says_the_same_and_is_harmless() {
    let first = event("2025-01-20T00:00:00Z");
    let Ok(Recorded::New(before)) = outcome(&first, |_| {}) else { panic!("it is recorded") };
    let again = |event: &NewUsageEvent| {
        outcome(event, |known| {
            known.before = Some(&before);
            // All that would be refused of a new event.
            (known.subscription, known.billed_until) = (None, Some(known.now));
        })
    };
    assert_eq!(again(&first), Ok(Recorded::Before(id(9))));
    assert_eq!(again(&NewUsageEvent { occurred_at: None, ..first.clone() }), Ok(Recorded::Before(id(9))));
    let reordered = Metadata::stored(r#"{"gb": "1.5",  "region": "eu"}"#.to_owned());
    assert_eq!(again(&NewUsageEvent { properties: reordered, ..first.clone() }), Ok(Recorded::Before(id(9))));
    let others = [
        NewUsageEvent { subscription_id: id(7), ..first.clone() },
        NewUsageEvent { occurred_at: Some(at("2025-01-20T00:00:00.000001Z")), ..first.clone() },
        NewUsageEvent { properties: Metadata::empty(), ..first.clone() },
    ];
    for other in others {
        assert_eq!(again(&other), Err(ErrorCode::DuplicateUsageEvent), "{other:?}");
    }
    let other_meter = Meter { id: id(8), ..meter() };
    for meter in [None, Some(&other_meter)] {
        let found = outcome(&first, |known| (known.before, known.meter) = (Some(&before), meter));
        assert_eq!(found, Err(ErrorCode::DuplicateUsageEvent));
    }
}
