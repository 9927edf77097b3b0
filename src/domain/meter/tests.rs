use super::*;
use crate::domain::money::decimal;
use serde_json::json;
use uuid::Uuid;

fn meter(aggregation: Aggregation, property: Option<&str>, filters: &[(&str, &[&str])]) -> Meter {
    let at = "2025-01-31T12:00:00Z".parse().unwrap();
    let filter = |(property, values): &(&str, &[&str])| PropertyMatch {
        property: (*property).to_owned(),
        values: values.iter().map(|value| (*value).to_owned()).collect(),
    };
    Meter {
        id: Id::new(Uuid::from_u128(1)),
        code: "calls".to_owned(),
        name: "Calls".to_owned(),
        aggregation,
        property: property.map(str::to_owned),
        filters: filters.iter().map(filter).collect(),
        feature_id: Id::new(Uuid::from_u128(2)),
        state: CatalogueState::Active,
        version: 1,
        created_at: at,
        updated_at: at,
    }
}

fn value(text: &str) -> UsageValue {
    UsageValue::try_new(&decimal(text).unwrap()).unwrap()
}

#[test]
fn a_quantity_is_exact_and_bounded() {
    for text in ["0", "0.000001", "12.50", "1000000000000", "999999999999.999999"] {
        let taken = UsageValue::try_new(&decimal(text).unwrap()).unwrap();
        assert_eq!(taken.decimal(), decimal(text).unwrap());
        assert_eq!(UsageValue::from_millionths(taken.millionths()), Some(taken));
    }
    for text in ["-1", "-0.000001", "0.0000001", "1000000000000.000001", "99999999999999999999999999"] {
        assert_eq!(UsageValue::try_new(&decimal(text).unwrap()), Err(NotAUsageValue), "{text}");
    }
    assert_eq!(UsageValue::from_millionths(-1), None);
    assert_eq!(
        quantity(i64::MAX, i64::MAX),
        decimal("9223381260226812661.775807").unwrap(),
        "beyond what fits into 64 bits"
    );
}

#[test]
fn an_event_counts_where_it_meets_every_filter() {
    let meter = meter(Aggregation::Count, None, &[("region", &["eu", "us"]), ("tier", &["2", "true", "1.5"])]);
    for (properties, counted) in [
        (json!({"region": "eu", "tier": "2"}), true),
        (json!({"region": "us", "tier": 2}), true),
        (json!({"region": "us", "tier": true, "other": null}), true),
        (json!({"region": "us", "tier": 1.5}), true),
        (json!({"region": "EU", "tier": "2"}), false),
        (json!({"region": "eu", "tier": "3"}), false),
        (json!({"region": "eu"}), false),
        (json!({"region": ["eu"], "tier": 2}), false),
        (json!({"region": null, "tier": 2}), false),
        (json!({}), false),
    ] {
        assert_eq!(meter.read(&properties), Ok(Reading { counted, ..Reading::default() }), "{properties}");
    }
}

#[test]
fn a_value_is_a_whole_number_or_a_decimal_as_text() {
    for aggregation in [Aggregation::Sum, Aggregation::Max, Aggregation::Latest] {
        let meter = meter(aggregation, Some("gb"), &[]);
        for (given, expected) in [
            (json!(5), "5"),
            (json!("5"), "5"),
            (json!("0.1"), "0.1"),
            (json!(0), "0"),
            (json!(1_000_000_000_000_i64), "1000000000000"),
        ] {
            let reading = meter.read(&json!({"gb": given})).unwrap();
            assert_eq!(reading, Reading { counted: true, value: Some(value(expected)), unique_key: None }, "{given}");
        }
        for given in [
            json!(0.1),
            json!("1e3"),
            json!("much"),
            json!(""),
            json!("0.0000001"),
            json!(-1),
            json!(u64::MAX),
            json!(true),
            json!(null),
            json!([1]),
        ] {
            let mistake = meter.read(&json!({"gb": given})).unwrap_err();
            assert_eq!(mistake.argument, "properties", "{given}");
        }
        assert!(meter.read(&json!({})).is_err());
    }
}

#[test]
fn a_key_is_any_plain_value() {
    let meter = meter(Aggregation::UniqueCount, Some("user"), &[]);
    for (given, key) in [(json!("jane"), "jane"), (json!(""), ""), (json!(5), "5"), (json!(true), "true")] {
        let expected = Reading { counted: true, value: None, unique_key: Some(key.to_owned()) };
        assert_eq!(meter.read(&json!({"user": given})), Ok(expected));
    }
    for given in [json!(null), json!({"id": 1}), json!([]), json!("u".repeat(256))] {
        assert!(meter.read(&json!({"user": given})).is_err(), "{given}");
    }
    assert!(meter.read(&json!({})).is_err());
}

#[test]
fn what_does_not_count_needs_no_property() {
    let meter = meter(Aggregation::Sum, Some("gb"), &[("region", &["eu"])]);
    assert_eq!(meter.read(&json!({"region": "us", "gb": "much"})), Ok(Reading::default()));
    assert!(meter.read(&json!({"region": "eu", "gb": "much"})).is_err());
}

#[test]
fn all_but_counting_needs_a_property() {
    let property = Some("gb".to_owned());
    for (aggregation, ..) in <Aggregation as crate::domain::Choice>::ALL {
        let counts = *aggregation == Aggregation::Count;
        assert_eq!(property_fits(*aggregation, None).is_ok(), counts);
        assert_eq!(property_fits(*aggregation, property.as_ref()).is_ok(), !counts);
    }
}
