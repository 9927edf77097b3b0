//! Payment methods and one-time tokens.

use super::change::change;
use super::db::{Read, Tx, changed};
use super::on_backend;
use super::query::{Query, stored};
use super::schema::{payment_methods, payment_tokens};
use super::sql_types::{At, instant};
use crate::domain::customer::Customer;
use crate::domain::payment::PaymentAttempt;
use crate::domain::payment_method::{PaymentMethod, PaymentToken};
use crate::domain::tenant::Tenant;
use crate::domain::{Id, Instant};
use diesel::prelude::*;

stored!(PaymentMethod, payment_methods(
    id, customer_id, state, gateway_reference, label, version, created_at, updated_at
) => {
    let (At(created_at), At(updated_at)) = (created_at, updated_at);
    PaymentMethod { id, customer_id, state, gateway_reference, label, version, created_at, updated_at }
});

stored!(PaymentToken, payment_tokens(
    id, customer_id, gateway_reference, label, expires_at, used_at, reserved_by, reserved_until, created_at
) => {
    let (At(expires_at), At(created_at)) = (expires_at, created_at);
    PaymentToken {
        id, customer_id, gateway_reference, label, expires_at, used_at: instant(used_at), reserved_by,
        reserved_until: instant(reserved_until), created_at,
    }
});

/// The payment methods of these customers, oldest first.
pub fn of_customers(tenant: Id<Tenant>, customers: &[Id<Customer>]) -> Query<PaymentMethod> {
    Query::new(tenant).of_each("customer_id", customers).order("id")
}

pub fn insert(tx: &mut Tx<'_>, tenant: Id<Tenant>, method: &PaymentMethod) -> Read<()> {
    on_backend!(tx, |conn| diesel::insert_into(payment_methods::table)
        .values((
            payment_methods::tenant_id.eq(tenant),
            payment_methods::id.eq(method.id),
            payment_methods::customer_id.eq(method.customer_id),
            payment_methods::state.eq(method.state),
            payment_methods::gateway_reference.eq(&method.gateway_reference),
            payment_methods::label.eq(&method.label),
            payment_methods::version.eq(method.version),
            payment_methods::created_at.eq(At(method.created_at)),
            payment_methods::updated_at.eq(At(method.updated_at)),
        ))
        .execute(conn))?;
    Ok(())
}

/// Stores a changed payment method over the version before it. Only its state ever changes.
pub fn update(tx: &mut Tx<'_>, tenant: Id<Tenant>, method: &PaymentMethod) -> Read<()> {
    let rows = on_backend!(tx, |conn| change(payment_methods::table)
        .filter(payment_methods::tenant_id.eq(tenant))
        .filter(payment_methods::id.eq(method.id))
        .filter(payment_methods::version.eq(method.version - 1))
        .set((
            payment_methods::state.eq(method.state),
            payment_methods::version.eq(method.version),
            payment_methods::updated_at.eq(At(method.updated_at)),
        ))
        .execute(conn))?;
    changed(rows, 1)
}

/// Stores a new token, which nobody has used or holds.
pub fn insert_token(tx: &mut Tx<'_>, tenant: Id<Tenant>, token: &PaymentToken) -> Read<()> {
    on_backend!(tx, |conn| diesel::insert_into(payment_tokens::table)
        .values((
            payment_tokens::tenant_id.eq(tenant),
            payment_tokens::id.eq(token.id),
            payment_tokens::customer_id.eq(token.customer_id),
            payment_tokens::gateway_reference.eq(&token.gateway_reference),
            payment_tokens::label.eq(&token.label),
            payment_tokens::expires_at.eq(At(token.expires_at)),
            payment_tokens::created_at.eq(At(token.created_at)),
        ))
        .execute(conn))?;
    Ok(())
}

/// Holds a token for an attempt, which is stored already, from `now` to `until` by the machine's clock. Whoever finds it
/// used, or held by another attempt whose time has not run out, loses the race.
pub fn hold_token(
    tx: &mut Tx<'_>,
    tenant: Id<Tenant>,
    token: Id<PaymentToken>,
    attempt: Id<PaymentAttempt>,
    now: Instant,
    until: Instant,
) -> Read<()> {
    let rows = on_backend!(tx, |conn| change(payment_tokens::table)
        .filter(payment_tokens::tenant_id.eq(tenant))
        .filter(payment_tokens::id.eq(token))
        .filter(payment_tokens::used_at.is_null())
        .filter(payment_tokens::reserved_until.is_null().or(payment_tokens::reserved_until.le(At(now))))
        .set((payment_tokens::reserved_by.eq(attempt), payment_tokens::reserved_until.eq(At(until)),))
        .execute(conn))?;
    changed(rows, 1)
}

/// Holds a token for longer, where the attempt still holds it.
pub fn keep_hold(
    tx: &mut Tx<'_>,
    tenant: Id<Tenant>,
    token: Id<PaymentToken>,
    attempt: Id<PaymentAttempt>,
    until: Instant,
) -> Read<()> {
    on_backend!(tx, |conn| change(payment_tokens::table)
        .filter(payment_tokens::tenant_id.eq(tenant))
        .filter(payment_tokens::id.eq(token))
        .filter(payment_tokens::reserved_by.eq(attempt))
        .set(payment_tokens::reserved_until.eq(At(until)))
        .execute(conn))?;
    Ok(())
}

/// Lets go of a token, where the attempt still holds it.
pub fn release_token(
    tx: &mut Tx<'_>,
    tenant: Id<Tenant>,
    token: Id<PaymentToken>,
    attempt: Id<PaymentAttempt>,
) -> Read<()> {
    on_backend!(tx, |conn| change(payment_tokens::table)
        .filter(payment_tokens::tenant_id.eq(tenant))
        .filter(payment_tokens::id.eq(token))
        .filter(payment_tokens::reserved_by.eq(attempt))
        .set((
            payment_tokens::reserved_by.eq(None::<Id<PaymentAttempt>>),
            payment_tokens::reserved_until.eq(None::<At>),
        ))
        .execute(conn))?;
    Ok(())
}

/// Uses a token up at `now`, for an attempt that holds it or without one. Whoever finds it used, or held by another attempt
/// whose time has not run out by the machine's clock, loses the race.
pub fn use_token(
    tx: &mut Tx<'_>,
    tenant: Id<Tenant>,
    token: Id<PaymentToken>,
    attempt: Option<Id<PaymentAttempt>>,
    (now, machine_now): (Instant, Instant),
) -> Read<()> {
    let rows = on_backend!(tx, |conn| change(payment_tokens::table)
        .filter(payment_tokens::tenant_id.eq(tenant))
        .filter(payment_tokens::id.eq(token))
        .filter(payment_tokens::used_at.is_null())
        .filter(
            payment_tokens::reserved_until
                .is_null()
                .or(payment_tokens::reserved_until.le(At(machine_now)))
                .or(payment_tokens::reserved_by.eq(attempt)),
        )
        .set((
            payment_tokens::used_at.eq(At(now)),
            payment_tokens::reserved_by.eq(None::<Id<PaymentAttempt>>),
            payment_tokens::reserved_until.eq(None::<At>),
        ))
        .execute(conn))?;
    changed(rows, 1)
}
