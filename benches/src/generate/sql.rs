//! Rows on their way into either database, as INSERTs of many rows.

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use perennial::repository::{Db, Fault};
use std::fmt::Write;
use uuid::Uuid;

/// A value of a row. Only identifiers are written otherwise in SQLite than in PostgreSQL.
pub enum Value<'v> {
    Null,
    Id(Uuid),
    Text(&'v str),
    Int(i64),
    Bool(bool),
    At(DateTime<Utc>),
    Day(NaiveDate),
}

macro_rules! from {
    ($($type:ty => |$value:ident| $made:expr;)*) => { $(
        impl<'v> From<$type> for Value<'v> {
            fn from($value: $type) -> Self { $made }
        }
    )* };
}
from! {
    Uuid => |id| Value::Id(id);
    &'v str => |text| Value::Text(text);
    &'v String => |text| Value::Text(text);
    i32 => |number| Value::Int(number.into());
    i64 => |number| Value::Int(number);
    bool => |yes| Value::Bool(yes);
    DateTime<Utc> => |at| Value::At(at);
    NaiveDate => |day| Value::Day(day);
}
impl<'v, T: Into<Value<'v>>> From<Option<T>> for Value<'v> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Value::Null, Into::into)
    }
}

/// A table and the columns that are written.
pub struct Table {
    pub name: &'static str,
    pub columns: &'static str,
}

/// Collects rows, and writes them in the order of the tables, so that parents come first.
pub struct Sink<'d> {
    db: &'d Db,
    postgres: bool,
    tables: &'static [Table],
    /// The rows of each table, as `(…),(…)`: each text is one INSERT.
    rows: Vec<Vec<String>>,
}

/// The next INSERT begins beyond this. SQLite takes at most a million bytes.
const LONGEST: usize = 200_000;

impl<'d> Sink<'d> {
    pub fn new(db: &'d Db, tables: &'static [Table]) -> Result<Self, Fault> {
        Ok(Sink { db, postgres: db.is_postgres(), tables, rows: tables.iter().map(|_| Vec::new()).collect() })
    }

    pub fn add(&mut self, table: &str, values: &[Value<'_>]) {
        let place = self.tables.iter().position(|known| known.name == table).expect("a table of the list");
        let texts = &mut self.rows[place];
        if texts.last().is_none_or(|text| text.len() > LONGEST) {
            texts.push(String::with_capacity(LONGEST + 1_000));
        }
        let rows = texts.last_mut().expect("there is one now");
        rows.push_str(if rows.is_empty() { "(" } else { ",\n(" });
        for (index, value) in values.iter().enumerate() {
            if index > 0 {
                rows.push(',');
            }
            write_value(rows, value, self.postgres);
        }
        rows.push(')');
    }

    pub fn write(self) -> Result<(), Fault> {
        for (Table { name, columns }, texts) in self.tables.iter().zip(&self.rows) {
            for rows in texts {
                self.db.execute_batch(&format!("INSERT INTO {name} ({columns}) VALUES\n{rows}"))?;
            }
        }
        Ok(())
    }
}

fn write_value(out: &mut String, value: &Value<'_>, postgres: bool) {
    let written = match value {
        Value::Null => out.write_str("NULL"),
        Value::Id(id) if postgres => write!(out, "'{id}'"),
        Value::Id(id) => write!(out, "x'{}'", id.simple()),
        Value::Text(text) => write!(out, "'{}'", text.replace('\'', "''")),
        Value::Int(number) => write!(out, "{number}"),
        Value::Bool(yes) => write!(out, "{yes}"),
        Value::At(at) => write!(out, "'{}'", at.to_rfc3339_opts(SecondsFormat::Micros, true)),
        Value::Day(day) => write!(out, "'{day}'"),
    };
    written.expect("a String takes everything");
}
