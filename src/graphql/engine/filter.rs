//! Reading a filter: a tree of conditions on the columns that a list declares.

use super::arguments::camel;
use super::run::bad_input;
use crate::domain::money::NotACurrency;
use crate::domain::{Currency, Date, Instant, Money};
use crate::graphql::money::MoneyInput;
use crate::graphql::scalars;
use crate::repository::list::{Column, Kind};
use crate::repository::query::{Comparison, Values};
use crate::repository::{Bind, Condition};
use async_graphql::indexmap::IndexMap;
use async_graphql::{InputType, Name, ServerError, Value};

/// The most values of one `in`, the most conditions of one filter, and how deep they may nest.
const MOST_VALUES: usize = 500;
const MOST_CONDITIONS: usize = 50;
const DEEPEST_FILTER: usize = 6;

/// Reads a filter of a list with these columns.
pub fn read<U>(columns: &[Column<U>], given: &Value) -> Result<Condition, ServerError> {
    let mut reader = FilterReader { columns, left: MOST_CONDITIONS };
    reader.filter(given, &mut vec!["filter".to_owned()])
}

struct FilterReader<'l, U> {
    columns: &'l [Column<U>],
    /// How many conditions may still come.
    left: usize,
}

type Fields = IndexMap<Name, Value>;

impl<U> FilterReader<'_, U> {
    /// `path` says where the reader is, for errors.
    fn filter(&mut self, given: &Value, path: &mut Vec<String>) -> Result<Condition, ServerError> {
        let fields = object(given, path)?;
        if path.len() > DEEPEST_FILTER * 2 {
            return Err(bad(path, format!("A filter nests at most {DEEPEST_FILTER} levels.")));
        }
        let mut all = Vec::new();
        for (name, value) in fields {
            path.push(name.to_string());
            match name.as_str() {
                "and" => all.push(Condition::All(self.filters(value, path)?)),
                "or" => all.push(Condition::Any(self.filters(value, path)?)),
                "not" => all.push(Condition::Not(Box::new(self.filter(value, path)?))),
                _ => match self.columns.iter().find(|column| camel(column.column) == name.as_str()) {
                    Some(column) => self.conditions(column, value, path, &mut all)?,
                    None => return Err(bad(path, "There is no such condition.".to_owned())),
                },
            }
            path.pop();
        }
        Ok(Condition::All(all))
    }

    fn filters(&mut self, given: &Value, path: &mut Vec<String>) -> Result<Vec<Condition>, ServerError> {
        let given = match given {
            Value::List(list) => list.as_slice(),
            one => std::slice::from_ref(one),
        };
        let mut all = Vec::new();
        for (index, one) in given.iter().enumerate() {
            path.push(index.to_string());
            all.push(self.filter(one, path)?);
            path.pop();
        }
        Ok(all)
    }

    /// The conditions on one column.
    fn conditions(
        &mut self,
        column: &Column<U>,
        given: &Value,
        path: &mut Vec<String>,
        all: &mut Vec<Condition>,
    ) -> Result<(), ServerError> {
        for (name, value) in object(given, path)? {
            path.push(name.to_string());
            self.left = match self.left.checked_sub(1) {
                Some(left) => left,
                None => return Err(bad(path, format!("A filter has at most {MOST_CONDITIONS} conditions."))),
            };
            all.push(condition(column.column, column.kind, name, value).map_err(|message| bad(path, message))?);
            path.pop();
        }
        Ok(())
    }
}

fn object<'v>(given: &'v Value, path: &[String]) -> Result<&'v Fields, ServerError> {
    match given {
        Value::Object(fields) => Ok(fields),
        Value::Null => Err(bad(path, "Leave it out, or give conditions: null is none.".to_owned())),
        _ => Err(bad(path, "Conditions were expected, such as {eq: …}.".to_owned())),
    }
}

fn bad(path: &[String], message: String) -> ServerError {
    bad_input(message, &path.iter().map(String::as_str).collect::<Vec<_>>())
}

/// One condition on a column, or what is wrong with it.
fn condition(column: &'static str, kind: Kind, name: &str, value: &Value) -> Result<Condition, String> {
    if *value == Value::Null {
        return Err("null equals nothing: ask with isNull.".to_owned());
    }
    if let Kind::Money { currency } = kind {
        return money_condition(column, currency, name, value);
    }
    let is = |comparison| Ok(Condition::Is(column, comparison, bind(kind, value)?));
    match name {
        "eq" => is(Comparison::Equal),
        "lt" => is(Comparison::Less),
        "lte" => is(Comparison::AtMost),
        "gt" => is(Comparison::Greater),
        "gte" => is(Comparison::AtLeast),
        "isNull" => match value {
            Value::Boolean(yes) => Ok(Condition::Null(column, *yes)),
            _ => Err("true or false was expected.".to_owned()),
        },
        "startsWith" => match bind(kind, value)? {
            Bind::Text(prefix) => Ok(starts_with(column, prefix)),
            _ => Err("A text was expected.".to_owned()),
        },
        "in" => {
            let values = match value {
                Value::List(values) => values.as_slice(),
                one => std::slice::from_ref(one),
            };
            if values.len() > MOST_VALUES {
                return Err(format!("At most {MOST_VALUES} values are taken."));
            }
            Ok(among(column, values.iter().map(|value| bind(kind, value)).collect::<Result<_, _>>()?))
        }
        _ => Err("There is no such condition.".to_owned()),
    }
}

/// One condition on an amount: it compares amounts of one currency, at that currency's own digits, and holds of none in
/// another.
fn money_condition(
    column: &'static str,
    currency_column: &'static str,
    name: &str,
    value: &Value,
) -> Result<Condition, String> {
    let comparison = match name {
        "eq" => Comparison::Equal,
        "lt" => Comparison::Less,
        "lte" => Comparison::AtMost,
        "gt" => Comparison::Greater,
        "gte" => Comparison::AtLeast,
        _ => return Err("There is no such condition.".to_owned()),
    };
    let MoneyInput { amount, currency } = MoneyInput::parse(Some(value.clone()))
        .map_err(|_| "An amount was expected, such as {amount: \"129.00\", currency: \"EUR\"}.".to_owned())?;
    let currency: Currency = currency.0.parse().map_err(|error: NotACurrency| error.to_string())?;
    let amount = scalars::decimal(&amount.0)?;
    let minor = Money::try_new(&amount, currency).map_err(|error| error.to_string())?.minor;
    Ok(Condition::All(vec![
        Condition::Is(currency_column, Comparison::Equal, Bind::Text(currency.code().to_owned())),
        Condition::Is(column, comparison, Bind::Int(minor)),
    ]))
}

/// Texts and ids are bound as one list; the few lists of other kinds as single comparisons.
fn among(column: &'static str, mut binds: Vec<Bind>) -> Condition {
    // A list of one is a comparison, for which an index answers in the order of the list's own sort keys.
    if binds.len() == 1
        && let Some(only) = binds.pop()
    {
        return Condition::Is(column, Comparison::Equal, only);
    }
    if binds.is_empty() {
        return Condition::Any(Vec::new());
    }
    let ids: Option<Vec<_>> = binds.iter().map(|bind| if let Bind::Id(id) = bind { Some(*id) } else { None }).collect();
    if let Some(ids) = ids {
        return Condition::Among(column, Values::Ids(ids));
    }
    let text = |bind: &Bind| if let Bind::Text(text) = bind { Some(text.clone()) } else { None };
    if let Some(texts) = binds.iter().map(text).collect::<Option<Vec<_>>>() {
        return Condition::Among(column, Values::Texts(texts));
    }
    Condition::Any(binds.into_iter().map(|bind| Condition::Is(column, Comparison::Equal, bind)).collect())
}

/// A range, which an index can seek, and not a pattern: from the prefix to the first text behind all that begin so.
fn starts_with(column: &'static str, prefix: String) -> Condition {
    let mut bounds = Vec::new();
    // The next text counts up the last character that can be counted up.
    let mut above: Vec<char> = prefix.chars().collect();
    while let Some(last) = above.pop() {
        let next = (u32::from(last) + 1..=u32::from(char::MAX)).find_map(char::from_u32);
        if let Some(next) = next {
            above.push(next);
            let above: String = above.iter().collect();
            bounds.push(Condition::Is(column, Comparison::Less, Bind::Text(above)));
            break;
        }
    }
    bounds.insert(0, Condition::Is(column, Comparison::AtLeast, Bind::Text(prefix)));
    Condition::All(bounds)
}

/// A value as the database compares it, or what is wrong with it.
fn bind(kind: Kind, value: &Value) -> Result<Bind, String> {
    let text = || match value {
        Value::String(text) if text.contains('\0') => {
            Err("This contains a character that cannot be stored (NUL).".to_owned())
        }
        Value::String(text) => Ok(text.as_str()),
        Value::Enum(name) => Ok(name.as_str()),
        _ => Err("A text was expected.".to_owned()),
    };
    match kind {
        Kind::Text => text().map(|text| Bind::Text(text.to_owned())),
        Kind::Choice(choice) => {
            let name = text()?;
            if (choice.values)().iter().any(|(known, _)| *known == name) {
                Ok(Bind::Text(name.to_owned()))
            } else {
                Err(format!("{name} is no value of {}.", choice.name))
            }
        }
        Kind::Int => match value {
            Value::Number(number) => {
                let int = number.as_i64().filter(|number| i32::try_from(*number).is_ok());
                int.map(Bind::Int).ok_or("A whole number of at most 32 bits was expected.".to_owned())
            }
            _ => Err("A whole number was expected.".to_owned()),
        },
        Kind::Instant => scalars::instant(text()?).map(|instant: Instant| instant.into()),
        Kind::Day => scalars::date(text()?).map(|day: Date| day.into()),
        Kind::Id(id) => (id.read)(text()?).map(Bind::Id).map_err(|error| error.to_string()),
        Kind::Money { .. } => Err("An amount is compared by itself.".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_a_range() {
        let above = |prefix: &str| match starts_with("c", prefix.to_owned()) {
            Condition::All(bounds) => match bounds.get(1) {
                Some(Condition::Is(_, Comparison::Less, Bind::Text(above))) => Some(above.clone()),
                _ => None,
            },
            _ => None,
        };
        assert_eq!(above("SN-"), Some("SN.".to_owned()));
        assert_eq!(above("a\u{10ffff}"), Some("b".to_owned()));
        assert_eq!(above("\u{d7ff}"), Some("\u{e000}".to_owned()), "there is no character between");
        assert_eq!(above("\u{10ffff}"), None);
        assert_eq!(above(""), None);
    }
}
