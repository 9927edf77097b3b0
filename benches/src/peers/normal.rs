//! Answers in a form in which those of different servers can be compared.

use chrono::{DateTime, SecondsFormat, Utc};
use perennial::domain::id::parse_any;
use serde_json::{Map, Value};

/// The UUID behind an identifier.
pub fn uuid_of(id: &str) -> Option<String> {
    Some(parse_any(id)?.uuid().to_string())
}

/// An answer without what each server writes in its own way: identifiers become UUIDs, instants are in UTC, an amount
/// of money is its minor units beside its currency, and of cursors only remains whether there is one.
pub fn normal(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let mut normal = Map::new();
            for (key, value) in members {
                member(&mut normal, key, value);
            }
            Value::Object(normal)
        }
        Value::Array(values) => values.into_iter().map(self::normal).collect(),
        Value::String(text) => Value::String(text_of(text)),
        other => other,
    }
}

fn member(members: &mut Map<String, Value>, key: String, value: Value) {
    match (key.as_str(), &value) {
        ("endCursor", _) => {
            members.insert(key, Value::Bool(value.is_string()));
        }
        ("unitPrice" | "monthlyAmount", Value::Object(money)) => {
            let minor = money["amount"].as_str().unwrap_or_default().replace('.', "");
            members.insert(format!("{key}Currency"), money["currency"].clone());
            members.insert(key, minor.trim_start_matches('0').into());
        }
        // Of something without an amount the currency is not asked.
        ("monthlyAmount", Value::Null) => {
            members.insert(format!("{key}Currency"), Value::Null);
            members.insert(key, value);
        }
        ("monthlyAmountCurrency", _) if members.get("monthlyAmount").is_some_and(Value::is_null) => {}
        _ => {
            members.insert(key, normal(value));
        }
    }
}

fn text_of(text: String) -> String {
    if let Some(id) = uuid_of(&text) {
        return id;
    }
    match DateTime::parse_from_rfc3339(&text) {
        Ok(instant) => instant.with_timezone(&Utc).to_rfc3339_opts(SecondsFormat::Micros, true),
        Err(_) => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_differs_in_form_only_is_the_same() {
        let ours = json!({"id": "ord_00000000000000000000000001", "createdAt": "2026-01-31T00:00:00Z", "endCursor": "a",
            "unitPrice": {"amount": "9.00", "currency": "EUR"}, "monthlyAmount": null});
        let theirs = json!({"id": "00000000-0000-0000-0000-000000000001", "createdAt": "2026-01-31T01:00:00+01:00",
            "endCursor": "b", "unitPrice": "900", "unitPriceCurrency": "EUR", "monthlyAmount": null,
            "monthlyAmountCurrency": "EUR"});
        assert_eq!(normal(ours.clone()), normal(theirs.clone()));
        let mut other = theirs;
        other["unitPrice"] = "901".into();
        assert_ne!(normal(ours), normal(other));
    }
}
