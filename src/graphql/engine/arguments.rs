//! The arguments of a list: how long the page is, where it lies, what is left out and how it is sorted. The types of
//! the filter and of the order follow from the list's own declaration ([`crate::repository::List`]).

use super::cursor;
use super::declare::{Object, of};
use super::registry::{Argument, Input, argument, choice_type, enum_type, input_type, scalar_type};
use super::run::bad_input;
use super::select::Selected;
use crate::domain::{Date, Instant};
use crate::repository::list::{Column, Kind};
use crate::repository::query::{Comparison, Values};
use crate::repository::{Bind, Condition, Direction, Listed, Slice, SortKey};
use async_graphql::registry::Registry;
use async_graphql::{InputType, Name, QueryEnv, ServerError, Value, indexmap::IndexMap};

/// How many objects a page has when nothing is said, and at most.
pub const PAGE: usize = 25;
pub const LONGEST_PAGE: usize = 100;
/// The most values of one `in`, the most conditions of one filter, and how deep they may nest.
const MOST_VALUES: usize = 500;
const MOST_CONDITIONS: usize = 50;
const DEEPEST_FILTER: usize = 6;
/// The most sort keys.
const MOST_KEYS: usize = 4;

// ---------------------------------------------------------------- registration

/// Registers the arguments of a list of `U`.
pub fn slice_arguments<U: Object + Listed>(registry: &mut Registry) -> Vec<Argument> {
    let mut arguments = vec![
        argument::<Option<i32>>(
            registry,
            "first",
            "How many objects from the start of the list: at most 100, 25 when left out.",
        ),
        argument::<Option<String>>(registry, "after", "Only objects after this cursor."),
        argument::<Option<i32>>(registry, "last", "How many objects from the end of the list: at most 100."),
        argument::<Option<String>>(registry, "before", "Only objects before this cursor."),
    ];
    let name = &of::<U>().name;
    let list = U::list();
    if !list.columns.is_empty() {
        arguments.push(Argument::new(
            "filter",
            "Only objects that meet these conditions.",
            filter_type::<U>(registry, name),
        ));
    }
    if list.columns.iter().any(|column| column.sort.is_some()) {
        let ty = order_type::<U>(registry, name);
        arguments.push(Argument::new(
            "orderBy",
            "How the list is sorted: the first key counts most. Newest first when left out.",
            format!("[{ty}!]"),
        ));
    }
    arguments
}

/// `OrderFilter`: a condition for each column, and how conditions are combined.
fn filter_type<U: Listed>(registry: &mut Registry, name: &str) -> String {
    let own = format!("{name}Filter");
    let mut fields: Vec<Argument> = Vec::new();
    for column in &U::list().columns {
        let about = format!("What must hold of `{}`.", camel(column.column));
        fields.push(Argument::new(camel(column.column), about, condition_type(registry, column.kind)));
    }
    fields.push(Argument::new("and", "All of these must hold.", format!("[{own}!]")));
    fields.push(Argument::new("or", "At least one of these must hold.", format!("[{own}!]")));
    fields.push(Argument::new("not", "This must not hold.", own.clone()));
    let about = format!("Which {name} objects a list contains: all conditions that are given must hold.");
    input_type(registry, Input { name: own, about, fields })
}

/// `OrderOrder` and `OrderOrderField`.
fn order_type<U: Listed>(registry: &mut Registry, name: &str) -> String {
    let sortable = U::list().columns.iter().filter(|column| column.sort.is_some());
    let values = sortable.map(|column| (column.column.to_uppercase(), format!("By `{}`.", camel(column.column))));
    let field = enum_type(
        registry,
        format!("{name}OrderField"),
        format!("What {name} objects can be sorted by."),
        values.collect(),
    );
    let direction = enum_type(
        registry,
        "OrderDirection".to_owned(),
        "In which direction a list is sorted.".to_owned(),
        vec![("ASC".to_owned(), "From low to high.".to_owned()), ("DESC".to_owned(), "From high to low.".to_owned())],
    );
    let fields = vec![
        Argument::new("field", "What to sort by.", field + "!"),
        Argument {
            default: Some("ASC".to_owned()),
            ..Argument::new("direction", "In which direction.", direction + "!")
        },
    ];
    let about = format!("One key of the order of {name} objects.");
    input_type(registry, Input { name: format!("{name}Order"), about, fields })
}

/// The conditions that there are for a column of some kind.
fn condition_type(registry: &mut Registry, kind: Kind) -> String {
    let (name, value) = match kind {
        Kind::Text => ("String".to_owned(), String::create_type_info(registry)),
        Kind::Int => ("Int".to_owned(), i32::create_type_info(registry)),
        Kind::Instant => ("DateTime".to_owned(), scalar_type(registry, "DateTime")),
        Kind::Day => ("Date".to_owned(), scalar_type(registry, "Date")),
        Kind::Id(_) => ("Id".to_owned(), async_graphql::ID::create_type_info(registry)),
        Kind::Choice(choice) => (choice.name.to_owned(), choice_type(registry, choice)),
    };
    let value = value.trim_end_matches('!').to_owned();
    let mut fields = vec![
        Argument::new("eq", "It is this value.", value.clone()),
        Argument::new("in", "It is one of these values: at most 500.", format!("[{value}!]")),
        Argument::new("isNull", "Whether it is null.", "Boolean"),
    ];
    if matches!(kind, Kind::Int | Kind::Instant | Kind::Day) {
        fields.push(Argument::new("lt", "It is less than this.", value.clone()));
        fields.push(Argument::new("lte", "It is at most this.", value.clone()));
        fields.push(Argument::new("gt", "It is greater than this.", value.clone()));
        fields.push(Argument::new("gte", "It is at least this.", value.clone()));
    }
    if matches!(kind, Kind::Text) {
        fields.push(Argument::new("startsWith", "It begins with this text, upper and lower case told apart.", value));
    }
    let about = "What must hold of a value: all conditions that are given.".to_owned();
    input_type(registry, Input { name: format!("{name}Condition"), about, fields })
}

/// The API's name of a column: `created_at` is `createdAt`.
fn camel(column: &str) -> String {
    let mut words = column.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |name, word| {
        let (initial, rest) = word.split_at(word.len().min(1));
        name + &initial.to_uppercase() + rest
    })
}

// ---------------------------------------------------------------- reading

/// Reads the arguments of a list.
pub fn slice<U: Listed>(env: &QueryEnv, selected: &Selected<'_>) -> Result<Slice, ServerError> {
    let length = |name: &str| match selected.argument::<Option<i32>>(env, name)? {
        None => Ok(None),
        Some(length) => match usize::try_from(length) {
            Ok(length) if length <= LONGEST_PAGE => Ok(Some(length)),
            _ => Err(bad_input(format!("`{name}` lies between 0 and {LONGEST_PAGE}."), &[name])),
        },
    };
    let (first, last) = (length("first")?, length("last")?);
    if first.is_some() && last.is_some() {
        return Err(bad_input("Give `first` or `last`, not both.".to_owned(), &["last"]));
    }
    let (keys, id) = match selected.raw_argument(env, "orderBy")? {
        None | Some(Value::Null) => (Vec::new(), Direction::Desc),
        Some(given) => order::<U>(&given)?,
    };
    let filter = match selected.raw_argument(env, "filter")? {
        None | Some(Value::Null) => None,
        Some(given) => {
            let mut reader = FilterReader { columns: &U::list().columns, left: MOST_CONDITIONS };
            Some(reader.filter(&given, &mut vec!["filter".to_owned()])?)
        }
    };
    let size = first.or(last).unwrap_or(PAGE);
    let mut slice = Slice { filter, keys, id, size, backward: last.is_some(), after: None, before: None };
    let cursor = |name: &str| match selected.argument::<Option<String>>(env, name)? {
        None => Ok(None),
        Some(text) => cursor::decode::<U>(&slice, &text)
            .map(Some)
            .ok_or_else(|| bad_input(format!("`{name}` is not a cursor of this list in this order."), &[name])),
    };
    (slice.after, slice.before) = (cursor("after")?, cursor("before")?);
    Ok(slice)
}

/// The sort keys, and the direction of the id behind them: that of the last key.
fn order<U: Listed>(given: &Value) -> Result<(Vec<SortKey>, Direction), ServerError> {
    let given = match given {
        Value::List(keys) => keys.as_slice(),
        one => std::slice::from_ref(one),
    };
    if given.len() > MOST_KEYS {
        return Err(bad_input(format!("A list is sorted by at most {MOST_KEYS} keys."), &["orderBy"]));
    }
    let mut keys: Vec<SortKey> = Vec::new();
    for key in given {
        let Value::Object(key) = key else { return Err(bad_input("This is no key.".to_owned(), &["orderBy"])) };
        let field = key.get("field").and_then(name_of).unwrap_or_default();
        let direction = match key.get("direction").and_then(name_of) {
            Some("DESC") => Direction::Desc,
            _ => Direction::Asc,
        };
        let sortable = |column: &&Column<U>| column.sort.is_some() && column.column.eq_ignore_ascii_case(field);
        let Some(column) = U::list().columns.iter().find(sortable) else {
            return Err(bad_input(format!("This list cannot be sorted by {field}."), &["orderBy"]));
        };
        // A key that was named before has nothing left to say.
        if keys.iter().all(|known| known.column != column.column) {
            keys.push(SortKey { column: column.column, direction });
        }
    }
    let id = keys.last().map_or(Direction::Desc, |key| key.direction);
    Ok((keys, id))
}

fn name_of(value: &Value) -> Option<&str> {
    match value {
        Value::Enum(name) => Some(name),
        Value::String(name) => Some(name),
        _ => None,
    }
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
        let fields = self.object(given, path)?;
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
        for (name, value) in self.object(given, path)? {
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

    fn object<'v>(&self, given: &'v Value, path: &[String]) -> Result<&'v Fields, ServerError> {
        match given {
            Value::Object(fields) => Ok(fields),
            Value::Null => Err(bad(path, "Leave it out, or give conditions: null is none.".to_owned())),
            _ => Err(bad(path, "Conditions were expected, such as {eq: …}.".to_owned())),
        }
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
            among(column, values.iter().map(|value| bind(kind, value)).collect::<Result<_, _>>()?)
        }
        _ => Err("There is no such condition.".to_owned()),
    }
}

/// Texts and ids are bound as one list; the few lists of other kinds as single comparisons.
fn among(column: &'static str, binds: Vec<Bind>) -> Result<Condition, String> {
    let ids: Option<Vec<_>> = binds.iter().map(|bind| if let Bind::Id(id) = bind { Some(*id) } else { None }).collect();
    if let Some(ids) = ids {
        return Ok(Condition::Among(column, Values::Ids(ids)));
    }
    let text = |bind: &Bind| if let Bind::Text(text) = bind { Some(text.clone()) } else { None };
    if let Some(texts) = binds.iter().map(text).collect::<Option<Vec<_>>>() {
        return Ok(Condition::Among(column, Values::Texts(texts)));
    }
    Ok(Condition::Any(binds.into_iter().map(|bind| Condition::Is(column, Comparison::Equal, bind)).collect()))
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
        Value::String(text) if text.contains('\0') => Err("NUL is stored nowhere.".to_owned()),
        Value::String(text) => Ok(text.as_str()),
        Value::Enum(name) => Ok(name.as_str()),
        _ => Err("A text was expected.".to_owned()),
    };
    match kind {
        Kind::Text => text().map(|text| Bind::Text(text.to_owned())),
        Kind::Choice(choice) => {
            let name = text()?;
            match (choice.values)().iter().any(|(known, _)| *known == name) {
                true => Ok(Bind::Text(name.to_owned())),
                false => Err(format!("{name} is no value of {}.", choice.name)),
            }
        }
        Kind::Int => match value {
            Value::Number(number) => number.as_i64().map(Bind::Int).ok_or("A whole number was expected.".to_owned()),
            _ => Err("A whole number was expected.".to_owned()),
        },
        Kind::Instant => super::super::scalars::instant(text()?).map(|instant: Instant| instant.into()),
        Kind::Day => super::super::scalars::date(text()?).map(|day: Date| day.into()),
        Kind::Id(id) => (id.read)(text()?).map(Bind::Id).map_err(|error| error.to_string()),
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

    #[test]
    fn columns_have_the_names_of_fields() {
        assert_eq!(camel("created_at"), "createdAt");
        assert_eq!(camel("next_billing_date"), "nextBillingDate");
        assert_eq!(camel("sku"), "sku");
    }
}
