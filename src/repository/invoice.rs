//! Invoices and their lines.

use super::db::{Conn, Read, Tx, changed};
use super::list::{List, listed};
use super::on_backend;
use super::query::{Condition, Query, stored};
use super::query_sql::grouped;
use super::schema::{invoice_lines, invoices, scheduled_payments};
use super::sql_types::{At, Decimal, In, instant};
use super::subscription::ROWS;
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
    for made in made.chunks(ROWS) {
        let rows: Vec<_> = made
            .iter()
            .map(|(invoice, _)| {
                let (period, totals) = (invoice.period, invoice.totals);
                let (balance, collection) = (invoice.balance, invoice.collection);
                (
                    (
                        invoices::tenant_id.eq(tenant),
                        invoices::id.eq(invoice.id),
                        invoices::number.eq(&invoice.number),
                        invoices::status.eq(invoice.status),
                        invoices::reason.eq(invoice.reason),
                        invoices::customer_id.eq(invoice.customer_id),
                        invoices::subscription_id.eq(invoice.subscription_id),
                        invoices::billing_group_id.eq(invoice.billing_group_id),
                        invoices::currency.eq(invoice.currency),
                        invoices::billed_at.eq(invoice.billed_at.map(At)),
                        invoices::period_start.eq(period.map(|period| At(period.start))),
                        invoices::period_end.eq(period.map(|period| At(period.end))),
                        invoices::period_number.eq(invoice.period_number),
                        invoices::subtotal.eq(totals.subtotal.minor),
                        invoices::discount_total.eq(totals.discount_total.minor),
                        invoices::net_total.eq(totals.net_total.minor),
                        invoices::tax_total.eq(totals.tax_total.minor),
                        invoices::total.eq(totals.total.minor),
                        invoices::rounding.eq(invoice.rounding),
                        invoices::issue_date.eq(invoice.issue_date),
                        invoices::due_date.eq(invoice.due_date),
                    ),
                    (
                        invoices::credit_applied.eq(balance.credit_applied.minor),
                        invoices::amount_credited.eq(balance.credited.minor),
                        invoices::amount_paid.eq(balance.paid.minor),
                        invoices::amount_due.eq(balance.due.minor),
                        invoices::amount_refunded.eq(balance.refunded.minor),
                        invoices::collection_method.eq(collection.method),
                        invoices::payment_method_id.eq(collection.payment_method_id),
                        invoices::collect_at.eq(collection.collect_at.map(At)),
                        invoices::dunning_started_at.eq(collection.dunning_started_at.map(At)),
                        invoices::dunning_step.eq(collection.dunning_step),
                        invoices::paid_at.eq(invoice.paid_at.map(At)),
                        invoices::voided_at.eq(invoice.voided_at.map(At)),
                        invoices::test.eq(invoice.test),
                        invoices::version.eq(invoice.version),
                        invoices::created_at.eq(At(invoice.created_at)),
                        invoices::updated_at.eq(At(invoice.updated_at)),
                    ),
                )
            })
            .collect();
        on_backend!(tx, |conn| diesel::insert_into(invoices::table).values(&rows).execute(conn))?;
    }
    let lines: Vec<_> = made.iter().flat_map(|(_, lines)| lines).collect();
    insert_lines(tx, tenant, &lines)
}

fn insert_lines(tx: &mut Tx<'_>, tenant: Id<Tenant>, lines: &[&InvoiceLine]) -> Read<()> {
    for lines in lines.chunks(ROWS) {
        let rows: Vec<_> = lines
            .iter()
            .map(|InvoiceLine { id, invoice_id, position, subscription_id, line }| {
                let reduces = line.reduces.as_ref();
                (
                    invoice_lines::tenant_id.eq(tenant),
                    invoice_lines::id.eq(*id),
                    invoice_lines::invoice_id.eq(*invoice_id),
                    invoice_lines::position.eq(*position),
                    invoice_lines::subscription_id.eq(*subscription_id),
                    invoice_lines::kind.eq(line.kind),
                    invoice_lines::description.eq(&line.description),
                    invoice_lines::price_id.eq(line.price_id),
                    invoice_lines::plan_version.eq(line.plan_version),
                    invoice_lines::reference_id.eq(line.reference),
                    invoice_lines::billing_model.eq(line.billing_model),
                    invoice_lines::quantity.eq(Decimal(line.quantity.clone())),
                    invoice_lines::unit_amount.eq(line.unit_amount.clone().map(Decimal)),
                    invoice_lines::proration_numerator.eq(line.proration.map(|part| part.numerator)),
                    invoice_lines::proration_denominator.eq(line.proration.map(|part| part.denominator)),
                    invoice_lines::proration_unit.eq(line.proration.map(|part| part.unit)),
                    invoice_lines::base_amount.eq(line.base_amount.clone().map(Decimal)),
                    invoice_lines::factor.eq(line.factor.clone().map(Decimal)),
                    invoice_lines::period_start.eq(line.period.map(|period| At(period.start))),
                    invoice_lines::period_end.eq(line.period.map(|period| At(period.end))),
                    invoice_lines::timezone.eq(In(line.zone)),
                    invoice_lines::rounding.eq(line.rounding),
                    invoice_lines::currency.eq(line.amount.currency),
                    invoice_lines::amount.eq(line.amount.minor),
                    invoice_lines::discount_amount.eq(line.discount_amount.minor),
                    invoice_lines::tax_rate.eq(line.tax.rate),
                    invoice_lines::amount_includes_tax.eq(line.tax.included),
                    invoice_lines::reduced_position
                        .eq(reduces.and_then(|reduced| i32::try_from(reduced.position).ok())),
                    invoice_lines::discount_id.eq(reduces.map(|reduced| reduced.discount)),
                    invoice_lines::discount_percentage.eq(reduces.and_then(|reduced| reduced.percentage)),
                )
            })
            .collect();
        on_backend!(tx, |conn| diesel::insert_into(invoice_lines::table).values(&rows).execute(conn))?;
    }
    Ok(())
}

/// Stores how far an invoice has come, over the version before.
pub fn update(tx: &mut Tx<'_>, tenant: Id<Tenant>, invoice: &Invoice) -> Read<()> {
    let (balance, collection) = (invoice.balance, invoice.collection);
    let rows = on_backend!(tx, |conn| diesel::update(invoices::table)
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
    let rows = on_backend!(tx, |conn| diesel::update(invoices::table)
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
    on_backend!(tx, |conn| diesel::update(scheduled_payments::table)
        .filter(scheduled_payments::tenant_id.eq(tenant))
        .filter(scheduled_payments::invoice_id.eq(invoice))
        .set((
            scheduled_payments::status.eq(ScheduledPaymentStatus::Cancelled),
            scheduled_payments::invoice_id.eq(None::<Id<Invoice>>),
        ))
        .execute(conn))?;
    Ok(())
}
