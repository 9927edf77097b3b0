//! Cursors: the values of the sort keys and the id at one row, opaque to clients. A cursor knows for which list and
//! which order it was made, so that it cannot lead astray in another.

use crate::domain::{Date, Id, Instant};
use crate::repository::list::Kind;
use crate::repository::{Bind, Direction, Listed, Slice};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use uuid::Uuid;

/// The cursor of a row in a list.
pub fn encode<U: Listed>(slice: &Slice, row: &U) -> String {
    let mut parts = vec![Value::from(signature::<U>(slice))];
    parts.extend(slice.place_of(row).iter().map(written));
    URL_SAFE_NO_PAD.encode(Value::Array(parts).to_string())
}

/// The values of a cursor for this order; none where it is not one.
pub fn decode<U: Listed>(slice: &Slice, cursor: &str) -> Option<Vec<Bind>> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
    let parts: Vec<Value> = serde_json::from_slice(&bytes).ok()?;
    let (made_for, values) = parts.split_first()?;
    if made_for.as_str()? != signature::<U>(slice) || values.len() != slice.keys.len() + 1 {
        return None;
    }
    let kinds = slice.keys.iter().map(|key| U::list().columns.iter().find(|column| column.column == key.column));
    let mut binds = kinds.zip(values).map(|(column, value)| read(column?.kind, value)).collect::<Option<Vec<_>>>()?;
    binds.push(id(values.last()?)?);
    Some(binds)
}

/// The list and the order for which a cursor is made: the table, the keys and their directions.
fn signature<U: Listed>(slice: &Slice) -> String {
    let sign = |direction| if direction == Direction::Asc { '+' } else { '-' };
    let mut text = U::TABLE.to_owned();
    for key in &slice.keys {
        text.push(sign(key.direction));
        text.push_str(key.column);
    }
    text.push(sign(slice.id));
    text
}

fn written(bind: &Bind) -> Value {
    match bind {
        Bind::Id(id) => id.uuid().simple().to_string().into(),
        Bind::Text(text) => text.clone().into(),
        Bind::Instant(at) => at.0.timestamp_micros().into(),
        Bind::Day(day) => day.to_string().into(),
        Bind::Int(number) => (*number).into(),
        Bind::Bool(yes) => (*yes).into(),
    }
}

fn read(kind: Kind, value: &Value) -> Option<Bind> {
    match kind {
        Kind::Text | Kind::Choice(_) => {
            value.as_str().filter(|text| !text.contains('\0')).map(|text| Bind::Text(text.to_owned()))
        }
        Kind::Int | Kind::Money { .. } => value.as_i64().map(Bind::Int),
        Kind::Instant => value.as_i64().and_then(Instant::from_timestamp_micros).filter(in_calendar).map(Bind::from),
        Kind::Day => value.as_str().and_then(|day| day.parse::<Date>().ok()).map(Bind::from),
        Kind::Id(_) => id(value),
    }
}

/// Whether both databases can hold the instant.
fn in_calendar(instant: &Instant) -> bool {
    use chrono::Datelike;
    (0..=9999).contains(&instant.year())
}

fn id(value: &Value) -> Option<Bind> {
    value.as_str().and_then(|text| Uuid::try_parse(text).ok()).map(|uuid| Bind::Id(Id::new(uuid)))
}
