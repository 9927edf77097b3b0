//! The log of payment attempts.

use super::db::{Read, Tx, changed};
use super::list::{Bind, List, listed};
use super::query::{Comparison, Condition, Query, stored};
use super::schema::payment_attempts;
use super::sql_types::{At, instant};
use super::{Conn, on_backend};
use crate::domain::customer::Customer;
use crate::domain::invoice::Invoice;
use crate::domain::payment::{PaymentAttempt, PaymentAttemptStatus};
use crate::domain::subscription::Subscription;
use crate::domain::tenant::Tenant;
use crate::domain::{Choice, Id, Instant, Money};
use diesel::prelude::*;

stored!(PaymentAttempt, payment_attempts(
    id, subscription_id, invoice_id, customer_id, payment_method_id, payment_token_id, currency, amount, idempotency_key,
    status, error_state, error_code, created_at, finished_at
) => {
    let At(created_at) = created_at;
    PaymentAttempt {
        id, subscription_id, invoice_id, customer_id, payment_method_id, payment_token_id,
        amount: Money::new(amount, currency), idempotency_key, status, error_state, error_code, created_at, finished_at: instant(finished_at),
    }
});

listed!(PaymentAttempt: List::new()
    .choice::<PaymentAttemptStatus>(payment_attempts::status)
    .id::<Subscription>(payment_attempts::subscription_id)
    .id::<Invoice>(payment_attempts::invoice_id)
    .id::<Customer>(payment_attempts::customer_id)
    .instant(payment_attempts::created_at).sorted(|attempt: &PaymentAttempt| attempt.created_at.into()));

pub fn all(tenant: Id<Tenant>) -> Query<PaymentAttempt> {
    Query::new(tenant)
}

/// The attempt under an idempotency key that has no outcome yet.
pub fn reserved_by_key(tenant: Id<Tenant>, key: &str) -> Query<PaymentAttempt> {
    let reserved = Bind::Text(PaymentAttemptStatus::Reserved.name().to_owned());
    Query::by_text(tenant, "idempotency_key", key).filter(Condition::Is("status", Comparison::Equal, reserved))
}

/// The attempt at an invoice that has no outcome yet.
pub fn open_for(tenant: Id<Tenant>, invoice: Id<Invoice>) -> Query<PaymentAttempt> {
    Query::new(tenant).among("invoice_id", &[invoice]).filter(Condition::Null("finished_at", true))
}

/// The attempts of all tenants that began until `until` and have no outcome yet, oldest first. For taking back what
/// died: no request looks beyond its own tenant.
pub fn open_since(conn: &mut Conn, until: Instant) -> Read<Vec<(Id<Tenant>, Id<PaymentAttempt>)>> {
    Ok(on_backend!(conn, |conn| payment_attempts::table
        .filter(payment_attempts::finished_at.is_null())
        .filter(payment_attempts::created_at.le(At(until)))
        .order((payment_attempts::created_at, payment_attempts::id))
        .select((payment_attempts::tenant_id, payment_attempts::id))
        .load(conn))?)
}

/// Stores an attempt before the gateway is asked. Where another one is reserved under the same idempotency key, it
/// loses the race.
pub fn reserve(tx: &mut Tx<'_>, tenant: Id<Tenant>, attempt: &PaymentAttempt) -> Read<()> {
    on_backend!(tx, |conn| diesel::insert_into(payment_attempts::table)
        .values((
            payment_attempts::tenant_id.eq(tenant),
            payment_attempts::id.eq(attempt.id),
            payment_attempts::subscription_id.eq(attempt.subscription_id),
            payment_attempts::invoice_id.eq(attempt.invoice_id),
            payment_attempts::customer_id.eq(attempt.customer_id),
            payment_attempts::payment_method_id.eq(attempt.payment_method_id),
            payment_attempts::payment_token_id.eq(attempt.payment_token_id),
            payment_attempts::currency.eq(attempt.amount.currency),
            payment_attempts::amount.eq(attempt.amount.minor),
            payment_attempts::idempotency_key.eq(&attempt.idempotency_key),
            payment_attempts::status.eq(attempt.status),
            payment_attempts::created_at.eq(At(attempt.created_at)),
        ))
        .execute(conn))?;
    Ok(())
}

/// Stores what came of an attempt, over the status that it had before. Whoever comes second loses the race.
pub fn finish(tx: &mut Tx<'_>, tenant: Id<Tenant>, attempt: &PaymentAttempt) -> Read<()> {
    let rows = on_backend!(tx, |conn| diesel::update(payment_attempts::table)
        .filter(payment_attempts::tenant_id.eq(tenant))
        .filter(payment_attempts::id.eq(attempt.id))
        .filter(payment_attempts::status.nullable().eq(attempt.status.previous()))
        .set((
            payment_attempts::status.eq(attempt.status),
            payment_attempts::error_state.eq(attempt.error_state),
            payment_attempts::error_code.eq(&attempt.error_code),
            payment_attempts::finished_at.eq(attempt.finished_at.map(At)),
        ))
        .execute(conn))?;
    changed(rows, 1)
}
