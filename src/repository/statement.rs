//! Queries written down. Both databases get the same statement but for two things: how a list of values is bound, and
//! how each parent gets a page of its own.

use super::api_key::Standing;
use super::list::{Bind, Direction};
use super::query::{Comparison, Condition, Hold, Parents, Query, Stored, Values};
use super::sql_types::{At, Identifier, Moment, hex};
use crate::domain::{Date, Id};
use diesel::RunQueryDsl;
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt, Bool, Nullable, Text};
use diesel::sqlite::Sqlite;
use std::marker::PhantomData;

/// Identifiers as SQLite gets a list of them.
fn json(ids: &[Id<()>]) -> String {
    let mut json = String::with_capacity(2 + 35 * ids.len());
    for id in ids {
        json.push_str(if json.is_empty() { "[\"" } else { ",\"" });
        json.push_str(&hex(*id));
        json.push('"');
    }
    json.push_str(if json.is_empty() { "[]" } else { "]" });
    json
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    Postgres,
    Sqlite,
}

/// A statement: its text, and which parameter stands after how much of it. `Columns` are the SQL types of its columns.
pub(super) struct Statement<'q, Columns> {
    dialect: Dialect,
    pub text: String,
    parameters: Vec<(usize, Parameter<'q>)>,
    /// Whether it is worth keeping prepared.
    kept: bool,
    columns: PhantomData<Columns>,
}

enum Parameter<'q> {
    One(&'q Bind),
    Id(Id<()>),
    Limit(&'q i64),
    /// PostgreSQL binds a list as an array.
    Ids(&'q Vec<Id<()>>),
    Texts(&'q Vec<String>),
    /// SQLite binds it as a JSON document.
    Json(String),
}

/// How many conditions a statement may have and still be kept prepared. Clients compose filters freely: keeping each of
/// them would fill the memory with statements that never come again.
const MOST_KEPT: usize = 3;

impl<T> Query<T> {
    /// Whether its statement is worth keeping prepared.
    pub(super) fn is_kept(&self) -> bool {
        self.condition.size() <= MOST_KEPT && self.order.len() <= 2
    }
}

impl Parents {
    /// The ids that are given.
    fn these(&self) -> &[Id<()>] {
        match self {
            Parents::These(ids) => ids,
            Parents::Level(..) => &[],
        }
    }
}

impl<'q, Columns> Statement<'q, Columns> {
    /// One without a text yet.
    pub(super) fn new(dialect: Dialect) -> Self {
        Statement {
            dialect,
            text: String::with_capacity(400),
            parameters: Vec::new(),
            kept: true,
            columns: PhantomData,
        }
    }

    pub(super) fn select<T: Stored>(dialect: Dialect, columns: &str, query: &'q Query<T>) -> Self {
        let mut statement = Statement::new(dialect);
        statement.kept = query.is_kept();
        statement.query(columns, query);
        statement
    }

    /// Writes a SELECT down.
    pub(super) fn query<T: Stored>(&mut self, columns: &str, query: &'q Query<T>) {
        match (&query.parents, &query.limit) {
            (Some((column, parents)), Some(limit)) => self.pages(columns, query, column, parents, limit),
            (_, limit) => {
                self.push(&["SELECT ", columns, " FROM ", T::TABLE]);
                self.chosen(query);
                self.children(query);
                self.ordered(query);
                if let Some(limit) = limit {
                    self.push(&[" LIMIT "]);
                    self.bind(Parameter::Limit(limit));
                }
                if self.dialect == Dialect::Postgres {
                    self.push(&[match query.held {
                        Some(Hold::Change) => " FOR NO KEY UPDATE",
                        Some(Hold::Keep) => " FOR SHARE",
                        Some(Hold::Claim) => " FOR NO KEY UPDATE SKIP LOCKED",
                        None => "",
                    }]);
                }
            }
        }
    }

    /// A page for each parent, looked up by itself, so that a parent with a million children costs no more than one with
    /// ten. SQLite has no lateral join: there each parent's page is a list of keys.
    fn pages<T: Stored>(
        &mut self,
        columns: &str,
        query: &'q Query<T>,
        column: &str,
        parents: &'q Parents,
        limit: &'q i64,
    ) {
        match self.dialect {
            Dialect::Postgres => {
                let key = match parents {
                    Parents::These(parents) => {
                        self.push(&["SELECT page.* FROM unnest("]);
                        self.bind(Parameter::Ids(parents));
                        self.push(&[") AS parent (id)"]);
                        "id"
                    }
                    Parents::Level(level, key) => {
                        self.push(&["SELECT page.* FROM l", &level.to_string(), " AS parent"]);
                        key
                    }
                };
                self.push(&[", LATERAL (SELECT ", columns, " FROM ", T::TABLE]);
                self.chosen(query);
                self.push(&[" AND ", column, " = parent.", key]);
                self.ordered(query);
                self.push(&[" LIMIT "]);
                self.bind(Parameter::Limit(limit));
                self.push(&[") AS page"]);
            }
            Dialect::Sqlite => {
                self.push(&["SELECT ", columns, " FROM (SELECT unhex(value) AS of_parent FROM json_each("]);
                self.bind(Parameter::Json(json(parents.these())));
                self.push(&[")) CROSS JOIN ", T::TABLE, " WHERE tenant_id = "]);
                self.bind(Parameter::Id(query.tenant.untyped()));
                self.push(&[" AND ", T::KEY, " IN (SELECT ", T::KEY, " FROM ", T::TABLE]);
                self.chosen(query);
                self.push(&[" AND ", column, " = of_parent"]);
                self.ordered(query);
                self.push(&[" LIMIT "]);
                self.bind(Parameter::Limit(limit));
                self.push(&[")"]);
            }
        }
        self.ordered(query);
    }

    fn chosen<T>(&mut self, query: &'q Query<T>) {
        self.push(&[" WHERE tenant_id = "]);
        self.bind(Parameter::Id(query.tenant.untyped()));
        if query.condition.size() > 0 {
            self.push(&[" AND "]);
            self.condition(&query.condition);
        }
        if let Some(standing) = &query.standing {
            self.push(&[" AND EXISTS ("]);
            self.standing(standing);
            self.push(&[")"]);
        }
    }

    /// Writes down the question whether a key is what it was: one row, or none.
    pub(super) fn standing(&mut self, standing: &'q Standing) {
        self.query("id", &standing.key);
        self.push(&[" AND EXISTS ("]);
        self.query("tenant_id", &standing.tenant);
        self.push(&[")"]);
    }

    fn children<T>(&mut self, query: &'q Query<T>) {
        if let Some((column, parents)) = &query.parents {
            self.push(&[" AND ", column]);
            match parents {
                Parents::These(parents) => self.ids(parents),
                Parents::Level(level, key) => {
                    self.push(&[" = ANY(ARRAY(SELECT ", key, " FROM l", &level.to_string(), "))"]);
                }
            }
        }
    }

    /// Writes a count down: of the rows of each parent, or of all.
    pub(super) fn counted<T: Stored>(&mut self, query: &'q Query<T>) {
        let parent = query.parents.as_ref().map_or("NULL::uuid", |(column, _)| *column);
        let parent = if self.dialect == Dialect::Sqlite { parent.trim_end_matches("::uuid") } else { parent };
        self.push(&["SELECT ", parent, " AS parent, count(*) AS total FROM ", T::TABLE]);
        self.chosen(query);
        self.children(query);
        if query.parents.is_some() {
            self.push(&[" GROUP BY ", parent]);
        }
    }

    fn ordered<T>(&mut self, query: &Query<T>) {
        // A whole list is found first and sorted then: SQLite would go through an index in this order, and pass over
        // all rows that were not asked for. The sign keeps it from that.
        let sign = if self.dialect == Dialect::Sqlite && query.limit.is_none() { "+" } else { "" };
        for (index, (column, direction)) in query.order.iter().enumerate() {
            let word = if index == 0 { " ORDER BY " } else { ", " };
            self.push(&[word, sign, column, if *direction == Direction::Desc { " DESC" } else { "" }]);
        }
    }

    fn condition(&mut self, condition: &'q Condition) {
        match condition {
            Condition::All(parts) => self.joined(parts, " AND ", "1 = 1"),
            Condition::Any(parts) => self.joined(parts, " OR ", "1 = 0"),
            Condition::Not(part) => {
                // A comparison with null is neither true nor false; its negation holds all the same.
                self.push(&["(CASE WHEN "]);
                self.condition(part);
                self.push(&[" THEN 1 ELSE 0 END) = 0"]);
            }
            Condition::Null(column, true) => self.push(&[column, " IS NULL"]),
            Condition::Null(column, false) => self.push(&[column, " IS NOT NULL"]),
            Condition::Is(column, comparison, bind) => {
                self.push(&[column, comparison.sign()]);
                self.bind(Parameter::One(bind));
            }
            Condition::Among(column, Values::Ids(ids)) => {
                self.push(&[column]);
                self.ids(ids);
            }
            Condition::Among(column, Values::Texts(texts)) => {
                self.push(&[column]);
                match self.dialect {
                    Dialect::Postgres => self.list(" = ANY(", Parameter::Texts(texts), ")"),
                    Dialect::Sqlite => {
                        let json = serde_json::Value::from(texts.as_slice()).to_string();
                        self.list(" IN (SELECT value FROM json_each(", Parameter::Json(json), "))");
                    }
                }
            }
        }
    }

    fn joined(&mut self, parts: &'q [Condition], word: &str, none: &str) {
        if parts.is_empty() {
            return self.push(&[none]);
        }
        for (index, part) in parts.iter().enumerate() {
            self.push(&[if index == 0 { "(" } else { word }]);
            self.condition(part);
        }
        self.push(&[")"]);
    }

    fn ids(&mut self, ids: &'q Vec<Id<()>>) {
        match self.dialect {
            Dialect::Postgres => self.list(" = ANY(", Parameter::Ids(ids), ")"),
            // One parameter and one text for any number of ids, where `IN (?, ?, …)` would be prepared each time.
            Dialect::Sqlite => {
                self.list(" IN (SELECT unhex(value) FROM json_each(", Parameter::Json(json(ids)), "))");
            }
        }
    }

    fn list(&mut self, before: &str, values: Parameter<'q>, after: &str) {
        self.push(&[before]);
        self.bind(values);
        self.push(&[after]);
    }

    pub(super) fn push(&mut self, parts: &[&str]) {
        parts.iter().for_each(|part| self.text.push_str(part));
    }

    fn bind(&mut self, parameter: Parameter<'q>) {
        self.parameters.push((self.text.len(), parameter));
    }
}

impl<'q> Statement<'q, (Nullable<Identifier>, BigInt)> {
    pub(super) fn count<T: Stored>(dialect: Dialect, query: &'q Query<T>) -> Self {
        let mut statement = Statement::new(dialect);
        statement.kept = query.is_kept();
        statement.counted(query);
        statement
    }
}

impl Condition {
    fn size(&self) -> usize {
        match self {
            Condition::All(parts) | Condition::Any(parts) => parts.iter().map(|part| part.size().max(1)).sum(),
            Condition::Not(part) => part.size() + 1,
            Condition::Is(..) | Condition::Among(..) | Condition::Null(..) => 1,
        }
    }
}

impl Comparison {
    fn sign(self) -> &'static str {
        match self {
            Comparison::Equal => " = ",
            Comparison::Less => " < ",
            Comparison::AtMost => " <= ",
            Comparison::Greater => " > ",
            Comparison::AtLeast => " >= ",
        }
    }
}

// The text depends on the value; Diesel then keeps prepared statements by their text.
impl<Columns> QueryId for Statement<'_, Columns> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}
impl<Columns> diesel::query_builder::Query for Statement<'_, Columns> {
    type SqlType = Columns;
}
impl<Columns, C> RunQueryDsl<C> for Statement<'_, Columns> {}

/// The text with its parameters, and how the parameters of one database are bound.
macro_rules! written_for {
    ($backend:ty, |$out:ident, $list:ident| $bind_list:expr) => {
        impl<Columns> QueryFragment<$backend> for Statement<'_, Columns> {
            fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, $backend>) -> diesel::QueryResult<()> {
                if !self.kept {
                    out.unsafe_to_cache_prepared();
                }
                let mut written = 0;
                for (place, parameter) in &self.parameters {
                    out.push_sql(self.text.get(written..*place).unwrap_or_default());
                    written = *place;
                    match parameter {
                        Parameter::One(Bind::Id(id)) | Parameter::Id(id) => out.push_bind_param::<Identifier, _>(id)?,
                        Parameter::One(Bind::Text(text)) => out.push_bind_param::<Text, _>(text)?,
                        Parameter::One(Bind::Instant(instant)) => out.push_bind_param::<Moment, At>(instant)?,
                        Parameter::One(Bind::Day(day)) => out.push_bind_param::<diesel::sql_types::Date, Date>(day)?,
                        Parameter::One(Bind::Int(number)) => out.push_bind_param::<BigInt, _>(number)?,
                        Parameter::One(Bind::Bool(yes)) => out.push_bind_param::<Bool, _>(yes)?,
                        Parameter::Limit(limit) => out.push_bind_param::<BigInt, i64>(limit)?,
                        $list => {
                            let $out = &mut out;
                            $bind_list
                        }
                    }
                }
                out.push_sql(self.text.get(written..).unwrap_or_default());
                Ok(())
            }
        }
    };
}
written_for!(Pg, |out, list| match list {
    Parameter::Ids(ids) => out.push_bind_param::<Array<Identifier>, Vec<Id<()>>>(ids)?,
    Parameter::Texts(texts) => out.push_bind_param::<Array<Text>, Vec<String>>(texts)?,
    _ => return Err(diesel::result::Error::QueryBuilderError("a parameter of SQLite".into())),
});
written_for!(Sqlite, |out, list| match list {
    Parameter::Json(json) => out.push_bind_param::<Text, String>(json)?,
    _ => return Err(diesel::result::Error::QueryBuilderError("a parameter of PostgreSQL".into())),
});
