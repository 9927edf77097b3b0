//! What every mutation leaves beside its effect, in the same transaction: its idempotency record, its audit record and
//! its events.

use super::batch::Batch;
use super::change::change;
use super::db::{Conn, Read, Tx};
use super::on_backend;
use super::rows::rows;
use super::schema::{audit_records, events, idempotency_keys};
use super::sql_types::{At, Json};
use crate::domain::event::{AuditRecord, NewEvent};
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

/// Notes under a claimed key what the mutation answers, as a part of a batch.
pub fn record(batch: &mut Batch, tenant: Id<Tenant>, key: &str, outcome: String) {
    batch.change(
        change(idempotency_keys::table)
            .filter(idempotency_keys::tenant_id.eq(tenant))
            .filter(idempotency_keys::key.eq(key.to_owned()))
            .set(idempotency_keys::outcome.eq(Json(outcome))),
    );
}

/// Takes an idempotency key together with what the mutation answers, as a part of a batch. Where it is taken, the batch
/// loses the race.
pub fn take(batch: &mut Batch, tenant: Id<Tenant>, key: &str, fingerprint: &[u8], outcome: &str, now: Instant) {
    batch.insert(rows!(idempotency_keys, [()], |_once| {
        tenant_id: tenant,
        key: key.to_owned(),
        fingerprint: fingerprint.to_vec(),
        outcome: Json(outcome.to_owned()),
        created_at: At(now),
    }));
}

/// The audit record and the events of one mutation.
pub fn leave(batch: &mut Batch, tenant: Id<Tenant>, record: &AuditRecord, happened: &[NewEvent]) {
    publish(batch, tenant, happened);
    audit(batch, tenant, record);
}

pub fn audit(batch: &mut Batch, tenant: Id<Tenant>, record: &AuditRecord) {
    batch.insert(rows!(audit_records, [record], |record| {
        tenant_id: tenant,
        id: Id::<()>::new(record.id),
        operation: record.operation.to_owned(),
        actor: record.actor.clone(),
        request_id: record.request_id.clone(),
        outcome: Json(record.outcome.to_string()),
        created_at: At(record.created_at),
    }));
}

/// Tells of what happened, in the order in which it did. Whoever listens hears of it once it is committed.
pub fn publish(batch: &mut Batch, tenant: Id<Tenant>, happened: &[NewEvent]) {
    if !happened.is_empty() {
        batch.tell(tenant);
    }
    batch.insert(rows!(events, happened, |event| {
        tenant_id: tenant,
        id: event.id,
        event_type: event.event_type,
        subject: event.subject.clone(),
        data: Json(event.data.to_string()),
        created_at: At(event.created_at),
    }));
}
