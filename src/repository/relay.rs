//! Tells other programs on the same PostgreSQL that there is something to hear, and hears from them.
//!
//! That is done after the commit and not in the transaction: PostgreSQL lets those that notify commit one after the other,
//! however many tenants they are of. What is not told because a program died is found when others look by themselves.

use super::db::{Db, Fault, Read};
use super::url::DatabaseUrl;
use crate::domain::Id;
use crate::domain::tenant::Tenant;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Array, Integer, Text};

/// A connection that is kept for this alone.
pub struct Relay {
    conn: PgConnection,
    /// The number of this connection: what it tells itself is known.
    own: i32,
}

impl Relay {
    /// Connects; none on SQLite, where others have no way to be told.
    pub fn open(db: &Db) -> Read<Option<Relay>> {
        let DatabaseUrl::Postgres(url) = &db.url else { return Ok(None) };
        let mut conn = PgConnection::establish(url).map_err(|error| Fault::Unavailable(error.to_string()))?;
        diesel::sql_query("LISTEN perennial_events").execute(&mut conn)?;
        let own = diesel::select(sql::<Integer>("pg_backend_pid()")).get_result(&mut conn)?;
        Ok(Some(Relay { conn, own }))
    }

    /// Tells that there is something to hear of these tenants.
    pub fn tell(&mut self, tenants: impl Iterator<Item = Id<Tenant>>) -> Read<()> {
        let tenants: Vec<String> = tenants.map(|tenant| tenant.to_string()).collect();
        diesel::sql_query("SELECT pg_notify('perennial_events', told) FROM unnest($1) AS told")
            .bind::<Array<Text>, _>(tenants)
            .execute(&mut self.conn)?;
        Ok(())
    }

    /// Of whom there is something to hear, by what others told since this was asked last. It waits for nothing.
    pub fn heard(&mut self) -> Read<Vec<Id<Tenant>>> {
        let mut heard = Vec::new();
        for told in self.conn.notifications_iter() {
            let told = told?;
            if told.process_id != self.own
                && let Ok(tenant) = told.payload.parse()
            {
                heard.push(tenant);
            }
        }
        Ok(heard)
    }
}
