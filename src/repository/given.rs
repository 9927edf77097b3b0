//! Statements about many rows that are given to them as one parameter, so that they are as long for a thousand rows as
//! for one.

use super::db::{Conn, Read, Tx, changed};
use super::sql_types::Identifier;
use crate::domain::Id;
use crate::domain::tenant::Tenant;
use diesel::sql_types::Text;
use diesel::{RunQueryDsl, sql_query};
use serde_json::Value;

/// The name of a column, and its type in PostgreSQL. Identifiers are of the type `uuid`.
pub(super) type Column = (&'static str, &'static str);

/// Runs a statement about these rows, which are JSON objects with a member for each column. `text` writes it down, from
/// what makes a table `given` of them, and from what stands for the tenant beside it. Answers how many rows it changed.
pub(super) fn execute(
    tx: &mut Tx<'_>,
    tenant: Id<Tenant>,
    columns: &[&[Column]],
    rows: Vec<Value>,
    text: impl Fn(&str, &str) -> String,
) -> Read<usize> {
    if rows.is_empty() {
        return Ok(0);
    }
    let rows = Value::from(rows).to_string();
    let listed = |write: fn(&Column) -> String| columns.concat().iter().map(write).collect::<Vec<_>>().join(", ");
    Ok(match &mut **tx {
        Conn::Postgres(conn) => {
            let columns = listed(|(column, sql_type)| format!("{column} {sql_type}"));
            let given = format!("jsonb_to_recordset(CAST($2 AS jsonb)) AS given ({columns})");
            sql_query(text(&given, "$1")).bind::<Identifier, _>(tenant).bind::<Text, _>(rows).execute(conn)?
        }
        Conn::Sqlite(conn) => {
            let columns = listed(|(column, sql_type)| match *sql_type {
                "uuid" => format!("unhex(value ->> '{column}') AS {column}"),
                _ => format!("value ->> '{column}' AS {column}"),
            });
            // SQLite would look through all rows of the tenant, and for each of them through those that are given. It
            // cannot where it takes the tenant for a part of these.
            let given = format!("(SELECT coalesce(?1, key) AS tenant_id, {columns} FROM json_each(?2)) AS given");
            sql_query(text(&given, "given.tenant_id"))
                .bind::<Identifier, _>(tenant)
                .bind::<Text, _>(rows)
                .execute(conn)?
        }
    })
}

/// How a table is updated, each row with values of its own.
pub(super) struct UpdateEach {
    pub table: &'static str,
    /// The columns that say which row is meant, beside the tenant.
    pub keys: &'static [Column],
    /// The columns that get a value.
    pub set: &'static [Column],
    /// What must hold of a row as well. Its values to come are those of `given`.
    pub guard: &'static str,
}

impl UpdateEach {
    /// Updates a row for each of `rows`. Each must find its row.
    pub fn run(&self, tx: &mut Tx<'_>, tenant: Id<Tenant>, rows: Vec<Value>) -> Read<()> {
        let UpdateEach { table, keys, set, guard } = self;
        let expected = rows.len();
        let updated = execute(tx, tenant, &[keys, set], rows, |given, tenant| {
            let set: Vec<_> = set.iter().map(|(column, _)| format!("{column} = given.{column}")).collect();
            let keys: String =
                keys.iter().map(|(column, _)| format!("{table}.{column} = given.{column} AND ")).collect();
            let set = set.join(", ");
            format!("UPDATE {table} SET {set} FROM {given} WHERE {table}.tenant_id = {tenant} AND {keys}{guard}")
        })?;
        changed(updated, expected)
    }
}
