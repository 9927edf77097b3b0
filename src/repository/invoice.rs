//! Invoices and their lines.

use super::change::change;
use super::db::{Conn, Read, Tx, changed};
use super::list::{List, listed};
use super::on_backend;
use super::query::{Condition, Query, stored};
use super::query_sql::grouped;
use super::rows::rows;
use super::schema::{invoice_lines, invoices, scheduled_payments};
use super::sql_types::{At, Decimal, In, instant};
use crate::domain::billing_group::BillingGroup;
use crate::domain::customer::Customer;
use crate::domain::invoice::{
    Balance, Collection, Invoice, InvoiceLine, InvoiceReason, InvoiceStatus, InvoiceSum, Totals,
};
use crate::domain::period::{Period, Proration};
use crate::domain::pricing::{Line, Reduction, Tax};
use crate::domain::subscription::{ScheduledPaymentStatus, Subscription};
use crate::domain::tenant::Tenant;
use crate::domain::{Currency, Id, Instant, Money};
use diesel::prelude::*;

stored!(Invoice, invoices(
    id, number, status, reason, customer_id, subscription_id, billing_group_id, currency, billed_at, period_start,
    period_end, period_number, subtotal, discount_total, net_total, tax_total, total, credit_applied, amount_credited, amount_paid,
    amount_due, amount_refunded, collection_method, payment_method_id, collect_at, dunning_started_at, dunning_step, rounding,
    issue_date, due_date, paid_at, voided_at, test, version, created_at, updated_at
) => {
    let (At(created_at), At(updated_at)) = (created_at, updated_at);
    let money = |minor| Money::new(minor, currency);
    Invoice {
        id, number, status, reason, customer_id, subscription_id, billing_group_id, currency, billed_at: instant(billed_at),
        period: period(instant(period_start), instant(period_end)), period_number,
        totals: Totals {
            subtotal: money(subtotal), discount_total: money(discount_total), net_total: money(net_total),
            tax_total: money(tax_total), total: money(total),
        },
        balance: Balance {
            credit_applied: money(credit_applied), credited: money(amount_credited), paid: money(amount_paid),
            refunded: money(amount_refunded), due: money(amount_due),
        },
        collection: Collection {
            method: collection_method, payment_method_id, collect_at: instant(collect_at),
            dunning_started_at: instant(dunning_started_at), dunning_step,
        },
        rounding, issue_date, due_date, paid_at: instant(paid_at), voided_at: instant(voided_at), test, version,
        created_at, updated_at,
    }
});

listed!(Invoice: List::new()
    .text(invoices::number)
    .choice::<InvoiceStatus>(invoices::status)
    .choice::<InvoiceReason>(invoices::reason)
    .id::<Customer>(invoices::customer_id)
    .id::<Subscription>(invoices::subscription_id)
    .id::<BillingGroup>(invoices::billing_group_id)
    .text(invoices::currency)
    .money(invoices::total, invoices::currency)
    .money(invoices::amount_due, invoices::currency)
    .day(invoices::issue_date).sorted(|invoice: &Invoice| invoice.issue_date.into())
    .day(invoices::due_date).sorted(|invoice| invoice.due_date.into())
    .instant(invoices::created_at).sorted(|invoice| invoice.created_at.into())
    .instant(invoices::updated_at).sorted(|invoice| invoice.updated_at.into()));

stored!(InvoiceLine, invoice_lines(
    id, invoice_id, position, subscription_id, kind, description, price_id, plan_version, reference_id, billing_model, quantity,
    unit_amount, proration_numerator, proration_denominator, proration_unit, base_amount, factor, period_start, period_end, timezone,
    rounding, currency, amount, discount_amount, tax_rate, amount_includes_tax, reduced_position, discount_id, discount_percentage
) => {
    let (Decimal(quantity), In(zone)) = (quantity, timezone);
    let (unit_amount, base_amount, factor): (Option<Decimal>, Option<Decimal>, Option<Decimal>) =
        (unit_amount, base_amount, factor);
    let number = |decimal: Option<Decimal>| decimal.map(|Decimal(number)| number);
    let (numerator, denominator): (Option<i64>, Option<i64>) = (proration_numerator, proration_denominator);
    let parts = numerator.zip(denominator).zip(proration_unit);
    let reduced: Option<i32> = reduced_position;
    let position_reduced = reduced.and_then(|position| usize::try_from(position).ok());
    let line = Line {
        kind, description, price_id, plan_version, reference: reference_id, billing_model, quantity,
        unit_amount: number(unit_amount), base_amount: number(base_amount), factor: number(factor),
        proration: parts.map(|((numerator, denominator), unit)| Proration { numerator, denominator, unit }),
        period: period(instant(period_start), instant(period_end)), zone, rounding,
        amount: Money::new(amount, currency),
        tax: Tax { rate: tax_rate, included: amount_includes_tax },
        discount_amount: Money::new(discount_amount, currency),
        reduces: position_reduced.zip(discount_id).map(|(position, discount)| Reduction {
            position, discount, percentage: discount_percentage,
        }),
    };
    InvoiceLine { id, invoice_id, position, subscription_id, line }
});

/// The period that two columns may hold.
fn period(start: Option<Instant>, end: Option<Instant>) -> Option<Period> {
    start.zip(end).map(|(start, end)| Period { start, end })
}

pub fn all(tenant: Id<Tenant>) -> Query<Invoice> {
    Query::new(tenant)
}

pub fn by_number(tenant: Id<Tenant>, number: &str) -> Query<Invoice> {
    Query::by_text(tenant, "number", number)
}

pub fn of_subscriptions(tenant: Id<Tenant>, subscriptions: &[Id<Subscription>]) -> Query<Invoice> {
    Query::new(tenant).of_each("subscription_id", subscriptions)
}

/// The invoices that these customers get.
pub fn of_customers(tenant: Id<Tenant>, customers: &[Id<Customer>]) -> Query<Invoice> {
    Query::new(tenant).of_each("customer_id", customers)
}

/// The lines of these invoices, in their order.
pub fn lines_of(tenant: Id<Tenant>, invoices: &[Id<Invoice>]) -> Query<InvoiceLine> {
    Query::new(tenant).of_each("invoice_id", invoices).order("position")
}

/// What invoices come to, for each currency and status, in that order: all of them, or those that meet a condition.
pub fn sums(conn: &mut Conn, tenant: Id<Tenant>, condition: Option<&Condition>) -> Read<Vec<InvoiceSum>> {
    use diesel::sql_types::{BigInt, Text};
    type Columns = (Text, Text, BigInt, BigInt, BigInt, BigInt);
    type Row = (Currency, InvoiceStatus, i64, i64, i64, i64);
    // PostgreSQL sums up to a decimal.
    let columns = "currency, status, count(*), CAST(sum(total) AS BIGINT), CAST(sum(amount_due) AS BIGINT), \
                   CAST(sum(amount_paid) AS BIGINT)";
    let which = all(tenant).filtered(condition);
    let rows: Vec<Row> = grouped::<Columns, _, _>(conn, columns, "currency, status", &which)?;
    let sum = |(currency, status, count, total, due, paid)| {
        let money = |minor| Money::new(minor, currency);
        InvoiceSum { currency, status, count, total: money(total), due: money(due), paid: money(paid) }
    };
    Ok(rows.into_iter().map(sum).collect())
}

/// Stores invoices with their lines.
pub fn insert(tx: &mut Tx<'_>, tenant: Id<Tenant>, made: &[(Invoice, Vec<InvoiceLine>)]) -> Read<()> {
    rows!(invoices, made.iter().map(|(invoice, _)| invoice).collect::<Vec<_>>(), |invoice| {
        tenant_id: tenant,
        id: invoice.id,
        number: invoice.number.clone(),
        status: invoice.status,
        reason: invoice.reason,
        customer_id: invoice.customer_id,
        subscription_id: invoice.subscription_id,
        billing_group_id: invoice.billing_group_id,
        currency: invoice.currency,
        billed_at: invoice.billed_at.map(At),
        period_start: invoice.period.map(|period| At(period.start)),
        period_end: invoice.period.map(|period| At(period.end)),
        period_number: invoice.period_number,
        subtotal: invoice.totals.subtotal.minor,
        discount_total: invoice.totals.discount_total.minor,
        net_total: invoice.totals.net_total.minor,
        tax_total: invoice.totals.tax_total.minor,
        total: invoice.totals.total.minor,
        rounding: invoice.rounding,
        issue_date: invoice.issue_date,
        due_date: invoice.due_date,
        credit_applied: invoice.balance.credit_applied.minor,
        amount_credited: invoice.balance.credited.minor,
        amount_paid: invoice.balance.paid.minor,
        amount_due: invoice.balance.due.minor,
        amount_refunded: invoice.balance.refunded.minor,
        collection_method: invoice.collection.method,
        payment_method_id: invoice.collection.payment_method_id,
        collect_at: invoice.collection.collect_at.map(At),
        dunning_started_at: invoice.collection.dunning_started_at.map(At),
        dunning_step: invoice.collection.dunning_step,
        paid_at: invoice.paid_at.map(At),
        voided_at: invoice.voided_at.map(At),
        test: invoice.test,
        version: invoice.version,
        created_at: At(invoice.created_at),
        updated_at: At(invoice.updated_at),
    })
    .insert(tx)?;
    let lines: Vec<_> = made.iter().flat_map(|(_, lines)| lines).collect();
    insert_lines(tx, tenant, &lines)
}

fn insert_lines(tx: &mut Tx<'_>, tenant: Id<Tenant>, lines: &[&InvoiceLine]) -> Read<()> {
    rows!(invoice_lines, lines, |made| {
        tenant_id: tenant,
        id: made.id,
        invoice_id: made.invoice_id,
        position: made.position,
        subscription_id: made.subscription_id,
        kind: made.line.kind,
        description: made.line.description.clone(),
        price_id: made.line.price_id,
        plan_version: made.line.plan_version,
        reference_id: made.line.reference,
        billing_model: made.line.billing_model,
        quantity: Decimal(made.line.quantity.clone()),
        unit_amount: made.line.unit_amount.clone().map(Decimal),
        proration_numerator: made.line.proration.map(|part| part.numerator),
        proration_denominator: made.line.proration.map(|part| part.denominator),
        proration_unit: made.line.proration.map(|part| part.unit),
        base_amount: made.line.base_amount.clone().map(Decimal),
        factor: made.line.factor.clone().map(Decimal),
        period_start: made.line.period.map(|period| At(period.start)),
        period_end: made.line.period.map(|period| At(period.end)),
        timezone: In(made.line.zone),
        rounding: made.line.rounding,
        currency: made.line.amount.currency,
        amount: made.line.amount.minor,
        discount_amount: made.line.discount_amount.minor,
        tax_rate: made.line.tax.rate,
        amount_includes_tax: made.line.tax.included,
        reduced_position: made.line.reduces.as_ref().and_then(|reduced| i32::try_from(reduced.position).ok()),
        discount_id: made.line.reduces.as_ref().map(|reduced| reduced.discount),
        discount_percentage: made.line.reduces.as_ref().and_then(|reduced| reduced.percentage),
    })
    .insert(tx)
}

/// Stores how far an invoice has come, over the version before.
pub fn update(tx: &mut Tx<'_>, tenant: Id<Tenant>, invoice: &Invoice) -> Read<()> {
    let (balance, collection) = (invoice.balance, invoice.collection);
    let rows = on_backend!(tx, |conn| change(invoices::table)
        .filter(invoices::tenant_id.eq(tenant))
        .filter(invoices::id.eq(invoice.id))
        .filter(invoices::version.eq(invoice.version - 1))
        .set((
            invoices::number.eq(&invoice.number),
            invoices::status.eq(invoice.status),
            invoices::credit_applied.eq(balance.credit_applied.minor),
            invoices::amount_credited.eq(balance.credited.minor),
            invoices::amount_paid.eq(balance.paid.minor),
            invoices::amount_due.eq(balance.due.minor),
            invoices::amount_refunded.eq(balance.refunded.minor),
            invoices::payment_method_id.eq(collection.payment_method_id),
            invoices::collect_at.eq(collection.collect_at.map(At)),
            invoices::dunning_started_at.eq(collection.dunning_started_at.map(At)),
            invoices::dunning_step.eq(collection.dunning_step),
            invoices::issue_date.eq(invoice.issue_date),
            invoices::due_date.eq(invoice.due_date),
            invoices::paid_at.eq(invoice.paid_at.map(At)),
            invoices::voided_at.eq(invoice.voided_at.map(At)),
            invoices::version.eq(invoice.version),
            invoices::updated_at.eq(At(invoice.updated_at)),
        ))
        .execute(conn))?;
    changed(rows, 1)
}

/// Stores a changed draft over the version before, and its new lines in place of those before where there are any.
pub fn redraft(tx: &mut Tx<'_>, tenant: Id<Tenant>, invoice: &Invoice, lines: Option<&[InvoiceLine]>) -> Read<()> {
    let totals = invoice.totals;
    let rows = on_backend!(tx, |conn| change(invoices::table)
        .filter(invoices::tenant_id.eq(tenant))
        .filter(invoices::id.eq(invoice.id))
        .filter(invoices::version.eq(invoice.version - 1))
        .filter(invoices::status.eq(InvoiceStatus::Draft))
        .set((
            invoices::subtotal.eq(totals.subtotal.minor),
            invoices::discount_total.eq(totals.discount_total.minor),
            invoices::net_total.eq(totals.net_total.minor),
            invoices::tax_total.eq(totals.tax_total.minor),
            invoices::total.eq(totals.total.minor),
            invoices::amount_due.eq(invoice.balance.due.minor),
            invoices::collection_method.eq(invoice.collection.method),
            invoices::due_date.eq(invoice.due_date),
            invoices::version.eq(invoice.version),
            invoices::updated_at.eq(At(invoice.updated_at)),
        ))
        .execute(conn))?;
    changed(rows, 1)?;
    let Some(lines) = lines else { return Ok(()) };
    delete_lines(tx, tenant, invoice.id)?;
    insert_lines(tx, tenant, &lines.iter().collect::<Vec<_>>())
}

/// Deletes a draft at this version, with its lines.
pub fn delete_draft(tx: &mut Tx<'_>, tenant: Id<Tenant>, invoice: &Invoice) -> Read<()> {
    delete_lines(tx, tenant, invoice.id)?;
    let rows = on_backend!(tx, |conn| diesel::delete(invoices::table)
        .filter(invoices::tenant_id.eq(tenant))
        .filter(invoices::id.eq(invoice.id))
        .filter(invoices::version.eq(invoice.version))
        .filter(invoices::status.eq(InvoiceStatus::Draft))
        .execute(conn))?;
    changed(rows, 1)
}

fn delete_lines(tx: &mut Tx<'_>, tenant: Id<Tenant>, invoice: Id<Invoice>) -> Read<()> {
    on_backend!(tx, |conn| diesel::delete(invoice_lines::table)
        .filter(invoice_lines::tenant_id.eq(tenant))
        .filter(invoice_lines::invoice_id.eq(invoice))
        .execute(conn))?;
    Ok(())
}

/// Cancels the payments of rentals that an invoice asked for, as it was withdrawn: nobody asks for them again.
pub fn cancel_payments(tx: &mut Tx<'_>, tenant: Id<Tenant>, invoice: Id<Invoice>) -> Read<()> {
    on_backend!(tx, |conn| change(scheduled_payments::table)
        .filter(scheduled_payments::tenant_id.eq(tenant))
        .filter(scheduled_payments::invoice_id.eq(invoice))
        .set((
            scheduled_payments::status.eq(ScheduledPaymentStatus::Cancelled),
            scheduled_payments::invoice_id.eq(None::<Id<Invoice>>),
        ))
        .execute(conn))?;
    Ok(())
}
