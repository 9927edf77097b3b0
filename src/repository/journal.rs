//! What every mutation leaves beside its effect, in the same transaction: its idempotency record, its audit record and
//! its events.

use super::db::{Conn, Read, Tx};
use super::on_backend;
use super::schema::{audit_records, events, idempotency_keys};
use super::sql_types::{At, Json};
use crate::domain::event::{AuditRecord, Event};
use crate::domain::tenant::Tenant;
use crate::domain::{Id, Instant};
use diesel::prelude::*;

/// What a mutation answered under an idempotency key.
pub struct Recorded {
    pub fingerprint: Vec<u8>,
    /// The ids that it answered, as JSON.
    pub outcome: String,
}

/// What is known of an idempotency key.
pub fn recorded(conn: &mut Conn, tenant: Id<Tenant>, key: &str) -> Read<Option<Recorded>> {
    let found: Option<(Vec<u8>, Json)> = on_backend!(conn, |conn| idempotency_keys::table
        .filter(idempotency_keys::tenant_id.eq(tenant))
        .filter(idempotency_keys::key.eq(key))
        .select((idempotency_keys::fingerprint, idempotency_keys::outcome))
        .first(conn)
        .optional())?;
    Ok(found.map(|(fingerprint, outcome)| Recorded { fingerprint, outcome: outcome.0 }))
}

/// Takes an idempotency key, before anything else is done. A twin that has taken it and is still at work is waited for:
/// the answer is then false, and [`recorded`] says what it did.
pub fn claim(tx: &mut Tx<'_>, tenant: Id<Tenant>, key: &str, fingerprint: &[u8], now: Instant) -> Read<bool> {
    let rows = on_backend!(tx, |conn| diesel::insert_into(idempotency_keys::table)
        .values((
            idempotency_keys::tenant_id.eq(tenant),
            idempotency_keys::key.eq(key),
            idempotency_keys::fingerprint.eq(fingerprint),
            idempotency_keys::outcome.eq(Json("null".to_owned())),
            idempotency_keys::created_at.eq(At(now)),
        ))
        .on_conflict_do_nothing()
        .execute(conn))?;
    Ok(rows == 1)
}

/// Lets go of a claimed key, under which nothing is answered yet.
pub fn release(tx: &mut Tx<'_>, tenant: Id<Tenant>, key: &str) -> Read<()> {
    on_backend!(tx, |conn| diesel::delete(idempotency_keys::table)
        .filter(idempotency_keys::tenant_id.eq(tenant))
        .filter(idempotency_keys::key.eq(key))
        .execute(conn))?;
    Ok(())
}

/// Notes under a claimed key what the mutation answers.
pub fn record(tx: &mut Tx<'_>, tenant: Id<Tenant>, key: &str, outcome: String) -> Read<()> {
    on_backend!(tx, |conn| diesel::update(idempotency_keys::table)
        .filter(idempotency_keys::tenant_id.eq(tenant))
        .filter(idempotency_keys::key.eq(key))
        .set(idempotency_keys::outcome.eq(Json(outcome)))
        .execute(conn))?;
    Ok(())
}

pub fn audit(tx: &mut Tx<'_>, tenant: Id<Tenant>, record: &AuditRecord) -> Read<()> {
    on_backend!(tx, |conn| diesel::insert_into(audit_records::table)
        .values((
            audit_records::tenant_id.eq(tenant),
            audit_records::id.eq(Id::<()>::new(record.id)),
            audit_records::operation.eq(record.operation),
            audit_records::actor.eq(&record.actor),
            audit_records::request_id.eq(&record.request_id),
            audit_records::outcome.eq(Json(record.outcome.to_string())),
            audit_records::created_at.eq(At(record.created_at)),
        ))
        .execute(conn))?;
    Ok(())
}

pub fn publish(tx: &mut Tx<'_>, tenant: Id<Tenant>, happened: &[Event]) -> Read<()> {
    for happened in happened.chunks(2_000) {
        let rows: Vec<_> = happened
            .iter()
            .map(|event| {
                (
                    events::tenant_id.eq(tenant),
                    events::id.eq(event.id),
                    events::event_type.eq(event.event_type),
                    events::subject.eq(&event.subject),
                    events::data.eq(Json(event.data.to_string())),
                    events::created_at.eq(At(event.created_at)),
                )
            })
            .collect();
        on_backend!(tx, |conn| diesel::insert_into(events::table).values(&rows).execute(conn))?;
    }
    Ok(())
}
