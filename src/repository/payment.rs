//! The log of payment attempts.

use super::change::change;
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
    status, error_state, error_code, gateway_reference, created_at, finished_at,
    reserved_until
) => {
    let (At(created_at), At(reserved_until)) = (created_at, reserved_until);
    PaymentAttempt {
        id, subscription_id, invoice_id, customer_id, payment_method_id, payment_token_id,
        amount: Money::new(amount, currency), idempotency_key, status, error_state, error_code, gateway_reference, created_at,
        finished_at: instant(finished_at), reserved_until,
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

/// The attempts to charge these invoices, oldest first.
pub fn of_invoices(tenant: Id<Tenant>, invoices: &[Id<Invoice>]) -> Query<PaymentAttempt> {
    Query::new(tenant).of_each("invoice_id", invoices).order("id")
}

/// The attempt to charge an invoice that has no outcome yet: there is one at most.
pub fn open_of(tenant: Id<Tenant>, invoice: Id<Invoice>) -> Query<PaymentAttempt> {
    Query::new(tenant).among("invoice_id", &[invoice]).filter(Condition::Null("finished_at", true))
}

/// The attempts to charge an invoice that were asked for under an idempotency key.
pub fn of_invoice_by_key(tenant: Id<Tenant>, invoice: Id<Invoice>, key: &str) -> Query<PaymentAttempt> {
    Query::by_text(tenant, "idempotency_key", key).among("invoice_id", &[invoice])
}

/// The attempt under an idempotency key that has no outcome yet.
pub fn reserved_by_key(tenant: Id<Tenant>, key: &str) -> Query<PaymentAttempt> {
    let reserved = Bind::Text(PaymentAttemptStatus::Reserved.name().to_owned());
    Query::by_text(tenant, "idempotency_key", key).filter(Condition::Is("status", Comparison::Equal, reserved))
}

/// The attempts of all tenants that have no outcome yet and whose time has run out by the machine's clock, oldest first,
/// where they are to be taken back: no request looks beyond its own tenant. Whoever pays an invoice is asked again instead,
/// as long as nothing is known of that.
pub fn dead(conn: &mut Conn, now: Instant) -> Read<Vec<(Id<Tenant>, Id<PaymentAttempt>)>> {
    Ok(on_backend!(conn, |conn| {
        payment_attempts::table
            .filter(payment_attempts::finished_at.is_null())
            .filter(payment_attempts::reserved_until.le(At(now)))
            .filter(
                payment_attempts::invoice_id.is_null().or(payment_attempts::status.eq(PaymentAttemptStatus::Reversing)),
            )
            .order((payment_attempts::created_at, payment_attempts::id))
            .select((payment_attempts::tenant_id, payment_attempts::id))
            .load(conn)
    })?)
}

/// The attempts of all tenants to charge an invoice whose requests died, oldest first: the gateway is asked for them
/// again.
pub fn dead_of_invoices(conn: &mut Conn, now: Instant) -> Read<Vec<(Id<Tenant>, Id<PaymentAttempt>)>> {
    Ok(on_backend!(conn, |conn| payment_attempts::table
        .filter(payment_attempts::finished_at.is_null())
        .filter(payment_attempts::reserved_until.le(At(now)))
        .filter(payment_attempts::invoice_id.is_not_null())
        .filter(payment_attempts::status.eq(PaymentAttemptStatus::Reserved))
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
            payment_attempts::reserved_until.eq(At(attempt.reserved_until)),
        ))
        .execute(conn))?;
    Ok(())
}

/// Takes an attempt over whose request died, until a moment. Whoever comes second loses the race.
pub fn take_over(tx: &mut Tx<'_>, tenant: Id<Tenant>, attempt: &PaymentAttempt, until: Instant) -> Read<()> {
    let rows = on_backend!(tx, |conn| change(payment_attempts::table)
        .filter(payment_attempts::tenant_id.eq(tenant))
        .filter(payment_attempts::id.eq(attempt.id))
        .filter(payment_attempts::status.eq(PaymentAttemptStatus::Reserved))
        .filter(payment_attempts::reserved_until.eq(At(attempt.reserved_until)))
        .set(payment_attempts::reserved_until.eq(At(until)))
        .execute(conn))?;
    changed(rows, 1)
}

/// Stores what came of an attempt, over the status that it had before. Whoever comes second loses the race.
pub fn finish(tx: &mut Tx<'_>, tenant: Id<Tenant>, attempt: &PaymentAttempt) -> Read<()> {
    let rows = on_backend!(tx, |conn| change(payment_attempts::table)
        .filter(payment_attempts::tenant_id.eq(tenant))
        .filter(payment_attempts::id.eq(attempt.id))
        .filter(payment_attempts::status.nullable().eq(attempt.status.previous()))
        .set((
            payment_attempts::status.eq(attempt.status),
            payment_attempts::error_state.eq(attempt.error_state),
            payment_attempts::error_code.eq(&attempt.error_code),
            payment_attempts::gateway_reference.eq(&attempt.gateway_reference),
            payment_attempts::finished_at.eq(attempt.finished_at.map(At)),
        ))
        .execute(conn))?;
    changed(rows, 1)
}
