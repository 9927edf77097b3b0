//! Payments that came in, and what goes back of them.

use super::change::change;
use super::db::{Read, Tx, changed};
use super::list::{Bind, List, listed};
use super::query::{Comparison, Condition, Query, stored};
use super::rows::rows;
use super::schema::{payments, refunds};
use super::sql_types::{At, instant};
use super::{Conn, on_backend};
use crate::domain::customer::Customer;
use crate::domain::invoice::Invoice;
use crate::domain::received::{Payment, PaymentKind, Refund, RefundStatus};
use crate::domain::tenant::Tenant;
use crate::domain::{Choice, Id, Instant, Money};
use diesel::prelude::*;

stored!(Payment, payments(
    id, invoice_id, customer_id, kind, attempt_id, currency, amount, amount_refunded, reference, notes, received_at,
    recorded_by, created_at
) => {
    let (At(received_at), At(created_at)) = (received_at, created_at);
    Payment {
        id, invoice_id, customer_id, kind, attempt_id, amount: Money::new(amount, currency),
        refunded: Money::new(amount_refunded, currency), reference, notes, received_at, recorded_by, created_at,
    }
});

listed!(Payment: List::new()
    .choice::<PaymentKind>(payments::kind)
    .id::<Invoice>(payments::invoice_id)
    .id::<Customer>(payments::customer_id)
    .instant(payments::received_at).sorted(|payment: &Payment| payment.received_at.into())
    .instant(payments::created_at).sorted(|payment| payment.created_at.into()));

stored!(Refund, refunds(
    id, payment_id, currency, amount, reason, status, error_code, idempotency_key, created_at, finished_at, reserved_until
) => {
    let (At(created_at), At(reserved_until)) = (created_at, reserved_until);
    Refund {
        id, payment_id, amount: Money::new(amount, currency), reason, status, error_code, idempotency_key, created_at,
        finished_at: instant(finished_at), reserved_until,
    }
});

pub fn all(tenant: Id<Tenant>) -> Query<Payment> {
    Query::new(tenant)
}

/// The payments of these invoices, oldest first.
pub fn of_invoices(tenant: Id<Tenant>, invoices: &[Id<Invoice>]) -> Query<Payment> {
    Query::new(tenant).of_each("invoice_id", invoices).order("id")
}

pub fn of_customers(tenant: Id<Tenant>, customers: &[Id<Customer>]) -> Query<Payment> {
    Query::new(tenant).of_each("customer_id", customers)
}

/// The refunds of these payments, oldest first.
pub fn refunds_of(tenant: Id<Tenant>, payments: &[Id<Payment>]) -> Query<Refund> {
    Query::new(tenant).of_each("payment_id", payments).order("id")
}

/// The refund under an idempotency key that has no outcome yet.
pub fn pending_by_key(tenant: Id<Tenant>, key: &str) -> Query<Refund> {
    let pending = Bind::Text(RefundStatus::Pending.name().to_owned());
    Query::by_text(tenant, "idempotency_key", key).filter(Condition::Is("status", Comparison::Equal, pending))
}

/// The refunds of all tenants that have no outcome yet and whose time has run out by the machine's clock, oldest first.
/// For asking again: no request looks beyond its own tenant.
pub fn dead(conn: &mut Conn, now: Instant) -> Read<Vec<(Id<Tenant>, Id<Refund>)>> {
    Ok(on_backend!(conn, |conn| refunds::table
        .filter(refunds::finished_at.is_null())
        .filter(refunds::reserved_until.le(At(now)))
        .order((refunds::created_at, refunds::id))
        .select((refunds::tenant_id, refunds::id))
        .load(conn))?)
}

/// Stores payments. A charge pays an invoice once: whoever stores it again loses the race.
pub fn insert(tx: &mut Tx<'_>, tenant: Id<Tenant>, made: &[Payment]) -> Read<()> {
    rows!(payments, made, |payment| {
        tenant_id: tenant,
        id: payment.id,
        invoice_id: payment.invoice_id,
        customer_id: payment.customer_id,
        kind: payment.kind,
        attempt_id: payment.attempt_id,
        currency: payment.amount.currency,
        amount: payment.amount.minor,
        amount_refunded: payment.refunded.minor,
        reference: payment.reference.clone(),
        notes: payment.notes.clone(),
        received_at: At(payment.received_at),
        recorded_by: payment.recorded_by,
        created_at: At(payment.created_at),
    })
    .insert(tx)
}

/// Takes so much of a payment for a refund. Where less is left by now, it loses the race.
pub fn take(tx: &mut Tx<'_>, tenant: Id<Tenant>, payment: Id<Payment>, amount: Money) -> Read<()> {
    let rows = on_backend!(tx, |conn| change(payments::table)
        .filter(payments::tenant_id.eq(tenant))
        .filter(payments::id.eq(payment))
        .filter((payments::amount - payments::amount_refunded).ge(amount.minor))
        .set(payments::amount_refunded.eq(payments::amount_refunded + amount.minor))
        .execute(conn))?;
    changed(rows, 1)
}

/// Gives back what a refund took that failed.
pub fn give_back(tx: &mut Tx<'_>, tenant: Id<Tenant>, payment: Id<Payment>, amount: Money) -> Read<()> {
    let rows = on_backend!(tx, |conn| change(payments::table)
        .filter(payments::tenant_id.eq(tenant))
        .filter(payments::id.eq(payment))
        .filter(payments::amount_refunded.ge(amount.minor))
        .set(payments::amount_refunded.eq(payments::amount_refunded - amount.minor))
        .execute(conn))?;
    changed(rows, 1)
}

/// Stores a refund. Where another one is pending under the same idempotency key, it loses the race.
pub fn insert_refund(tx: &mut Tx<'_>, tenant: Id<Tenant>, refund: &Refund) -> Read<()> {
    on_backend!(tx, |conn| diesel::insert_into(refunds::table)
        .values((
            refunds::tenant_id.eq(tenant),
            refunds::id.eq(refund.id),
            refunds::payment_id.eq(refund.payment_id),
            refunds::currency.eq(refund.amount.currency),
            refunds::amount.eq(refund.amount.minor),
            refunds::reason.eq(&refund.reason),
            refunds::status.eq(refund.status),
            refunds::error_code.eq(&refund.error_code),
            refunds::idempotency_key.eq(&refund.idempotency_key),
            refunds::created_at.eq(At(refund.created_at)),
            refunds::finished_at.eq(refund.finished_at.map(At)),
            refunds::reserved_until.eq(At(refund.reserved_until)),
        ))
        .execute(conn))?;
    Ok(())
}

/// Stores what came of a refund that was pending. Whoever comes second loses the race.
pub fn finish_refund(tx: &mut Tx<'_>, tenant: Id<Tenant>, refund: &Refund) -> Read<()> {
    let rows = on_backend!(tx, |conn| change(refunds::table)
        .filter(refunds::tenant_id.eq(tenant))
        .filter(refunds::id.eq(refund.id))
        .filter(refunds::status.eq(RefundStatus::Pending))
        .set((
            refunds::status.eq(refund.status),
            refunds::error_code.eq(&refund.error_code),
            refunds::finished_at.eq(refund.finished_at.map(At)),
        ))
        .execute(conn))?;
    changed(rows, 1)
}
