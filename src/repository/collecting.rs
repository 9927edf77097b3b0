//! What the collector reads: which invoices are to be charged, or reminded of.

use super::db::{Read, Tx};
use super::query::{Comparison, Condition, Query, Values};
use super::schema::{invoices, payment_attempts, tenants};
use super::sql_types::At;
use super::{Conn, on_backend};
use crate::domain::invoice::{Invoice, InvoiceStatus};
use crate::domain::subscription::Subscription;
use crate::domain::tenant::Tenant;
use crate::domain::{Choice, Id, Instant};
use diesel::dsl::{exists, not};
use diesel::prelude::*;
use uuid::Uuid;

/// An invoice that is due, and since when.
pub type Due = (Instant, Id<Invoice>);

/// The tenants that have an invoice due, each by its own clock, or by the machine's where it has none. For the collector:
/// no request looks beyond its own tenant.
pub fn due_tenants(conn: &mut Conn, machine_now: Instant) -> Read<Vec<Id<Tenant>>> {
    Ok(on_backend!(conn, |conn| {
        let by_clock = tenants::clock.is_not_null().and(invoices::collect_at.le(tenants::clock));
        let by_machine = tenants::clock.is_null().and(invoices::collect_at.le(At(machine_now)));
        let of_tenant = invoices::table.filter(invoices::tenant_id.eq(tenants::tenant_id));
        let due = of_tenant.filter(invoices::collect_at.is_not_null()).filter(by_clock.or(by_machine));
        tenants::table.filter(exists(due)).select(tenants::tenant_id).order(tenants::tenant_id).load(conn)
    })?)
}

/// The attempts to charge an invoice that have no outcome yet.
macro_rules! charged {
    ($tenant:expr) => {
        payment_attempts::table
            .filter(payment_attempts::tenant_id.eq($tenant))
            .filter(payment_attempts::invoice_id.eq(invoices::id.nullable()))
            .filter(payment_attempts::finished_at.is_null())
    };
}

/// The first invoice that is due until a moment and that nobody charges right now, after another one in their order.
pub fn next(conn: &mut Conn, tenant: Id<Tenant>, until: Instant, after: Option<Due>) -> Read<Option<Due>> {
    let (from, id) = after.unwrap_or((Instant::UNIX_EPOCH, Id::new(Uuid::nil())));
    let found: Option<(Option<At>, Id<Invoice>)> = on_backend!(conn, |conn| {
        let later = invoices::collect_at.eq(At(from)).and(invoices::id.gt(id)).or(invoices::collect_at.gt(At(from)));
        invoices::table
            .filter(invoices::tenant_id.eq(tenant))
            .filter(invoices::collect_at.le(At(until)))
            .filter(later)
            .filter(not(exists(charged!(tenant))))
            .order((invoices::collect_at, invoices::id))
            .select((invoices::collect_at, invoices::id))
            .first(conn)
            .optional()
    })?;
    Ok(found.and_then(|(at, id)| at.map(|At(at)| (at, id))))
}

/// When the next invoice that nobody charges right now is to be charged, or reminded of; none where there is none.
pub fn next_at(conn: &mut Conn, tenant: Id<Tenant>) -> Read<Option<Instant>> {
    let found: Option<Option<At>> = on_backend!(conn, |conn| invoices::table
        .filter(invoices::tenant_id.eq(tenant))
        .filter(invoices::collect_at.is_not_null())
        .filter(not(exists(charged!(tenant))))
        .order((invoices::collect_at, invoices::id))
        .select(invoices::collect_at)
        .first(conn)
        .optional())?;
    Ok(found.flatten().map(|At(at)| at))
}

/// One invoice, if it is still due and nobody else is at work on it: it is held until the transaction ends.
pub fn claim(tx: &mut Tx<'_>, tenant: Id<Tenant>, id: Id<Invoice>, until: Instant) -> Read<Option<Invoice>> {
    let due = Condition::Is("collect_at", Comparison::AtMost, until.into());
    Ok(Query::by_id(tenant, id).filter(due).claim(tx, 1)?.pop())
}

/// The invoices of these subscriptions of which something is to be paid.
pub fn unpaid(tenant: Id<Tenant>, subscriptions: &[Id<Subscription>]) -> Query<Invoice> {
    let unpaid = [InvoiceStatus::Open, InvoiceStatus::PastDue, InvoiceStatus::Failed];
    let unpaid = unpaid.map(|status| status.name().to_owned()).to_vec();
    Query::new(tenant)
        .among("subscription_id", subscriptions)
        .filter(Condition::Among("status", Values::Texts(unpaid)))
        .order("id")
}
