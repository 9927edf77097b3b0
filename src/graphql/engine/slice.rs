//! Reading where a page of a list lies, how long it is and how the list is sorted.

use super::document::QueryEnv;
use super::run::bad_input;
use super::select::Selected;
use super::{cursor, filter};
use crate::repository::list::Column;
use crate::repository::{Condition, Direction, Listed, Slice, SortKey};
use async_graphql::{ServerError, Value};

/// How many objects a page has when nothing is said, and at most.
pub const PAGE: usize = 25;
pub const LONGEST_PAGE: usize = 100;
/// The most sort keys.
const MOST_KEYS: usize = 4;

/// How long a page is, and whether it lies at the end of its list.
pub fn length(env: &QueryEnv, selected: &Selected<'_>) -> Result<(usize, bool), ServerError> {
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
    Ok((first.or(last).unwrap_or(PAGE), last.is_some()))
}

/// Reads the arguments of a list.
pub fn slice<U: Listed>(env: &QueryEnv, selected: &Selected<'_>) -> Result<Slice, ServerError> {
    let (size, backward) = length(env, selected)?;
    let (keys, id) = match selected.raw_argument(env, "orderBy") {
        None | Some(Value::Null) => (Vec::new(), Direction::Desc),
        Some(given) => order::<U>(&given)?,
    };
    let filter = filter::<U>(env, selected)?;
    let mut slice = Slice { filter, keys, id, size, backward, after: None, before: None };
    let cursor = |name: &str| match selected.argument::<Option<String>>(env, name)? {
        None => Ok(None),
        Some(text) => cursor::decode::<U>(&slice, &text)
            .map(Some)
            .ok_or_else(|| bad_input(format!("`{name}` is not a cursor of this list in this order."), &[name])),
    };
    (slice.after, slice.before) = (cursor("after")?, cursor("before")?);
    Ok(slice)
}

/// Reads the filter of a list.
pub fn filter<U: Listed>(env: &QueryEnv, selected: &Selected<'_>) -> Result<Option<Condition>, ServerError> {
    match selected.raw_argument(env, "filter") {
        None | Some(Value::Null) => Ok(None),
        Some(given) => filter::read(&U::list().columns, &given).map(Some),
    }
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
