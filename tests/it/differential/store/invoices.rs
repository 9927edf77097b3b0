//! Invoices and their lines.

use super::plans::decimal;
use super::subscriptions::period;
use super::{Store, choice, day, id, instant, maybe, money};
use async_graphql::{Name, Value, value};
use perennial::app::subscription::PreviewedInvoice;
use perennial::domain::Id;
use perennial::domain::invoice::{Invoice, InvoiceLine, Totals};
use perennial::domain::period::Proration;
use perennial::domain::tenant::Tenant;
use perennial::repository::{Conn, Read, invoice};

impl Store {
    pub fn invoices(&mut self, conn: &mut Conn, tenant: Id<Tenant>) -> Read<()> {
        let rows = invoice::all(tenant).order("id").load(conn)?;
        let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
        rows.iter().for_each(|row| self.invoice(row));
        invoice::lines_of(tenant, &ids).load(conn)?.iter().for_each(|row| self.add("InvoiceLine", line(row)));
        Ok(())
    }

    fn invoice(&mut self, row: &Invoice) {
        self.add(
            "Invoice",
            [
                ("id", id(row.id)),
                ("number", maybe(row.number.as_deref(), Value::from)),
                ("status", choice(row.status)),
                ("reason", choice(row.reason)),
                ("customer", id(row.customer_id)),
                ("subscription", maybe(row.subscription_id, id)),
                ("billingGroup", maybe(row.billing_group_id, id)),
                ("currency", row.currency.code().into()),
                ("period", maybe(row.period, period)),
                ("periodNumber", maybe(row.period_number, Value::from)),
                ("totals", totals(&row.totals)),
                // What the filter calls so.
                ("total", money(row.totals.total)),
                ("creditApplied", money(row.balance.credit_applied)),
                ("amountCredited", money(row.balance.credited)),
                ("amountPaid", money(row.balance.paid)),
                ("amountDue", money(row.balance.due)),
                ("amountRefunded", money(row.balance.refunded)),
                ("collectionMethod", choice(row.collection.method)),
                ("paymentMethod", maybe(row.collection.payment_method_id, id)),
                ("nextAttemptAt", maybe(row.collection.collect_at, instant)),
                ("dunningStartedAt", maybe(row.collection.dunning_started_at, instant)),
                ("dunningStep", row.collection.dunning_step.into()),
                ("rounding", choice(row.rounding)),
                ("issueDate", day(row.issue_date)),
                ("dueDate", day(row.due_date)),
                ("paidAt", maybe(row.paid_at, instant)),
                ("voidedAt", maybe(row.voided_at, instant)),
                ("test", row.test.into()),
                ("version", row.version.into()),
                ("createdAt", instant(row.created_at)),
                ("updatedAt", instant(row.updated_at)),
            ],
        );
    }
}

/// The cells of a line.
fn line(InvoiceLine { invoice_id, position, subscription_id, line, .. }: &InvoiceLine) -> Vec<(&'static str, Value)> {
    let reduced = line.reduces.and_then(|reduced| i32::try_from(reduced.position).ok());
    let percentage = line.reduces.and_then(|reduced| reduced.percentage);
    vec![
        ("invoice", id(*invoice_id)),
        ("position", (*position).into()),
        ("subscription", maybe(*subscription_id, id)),
        ("kind", choice(line.kind)),
        ("description", line.description.clone().into()),
        ("priceId", maybe(line.price_id, id)),
        ("planVersion", maybe(line.plan_version, Value::from)),
        ("billingModel", maybe(line.billing_model, choice)),
        ("quantity", decimal(&line.quantity)),
        ("unitAmount", maybe(line.unit_amount.as_ref(), decimal)),
        ("proration", maybe(line.proration, proration)),
        ("baseAmount", maybe(line.base_amount.as_ref(), decimal)),
        ("factor", maybe(line.factor.as_ref(), decimal)),
        ("period", maybe(line.period, period)),
        ("timezone", line.zone.name().into()),
        ("rounding", choice(line.rounding)),
        ("amount", money(line.amount)),
        ("discountAmount", money(line.discount_amount)),
        ("taxRate", decimal(&line.tax.rate.decimal())),
        ("amountIncludesTax", line.tax.included.into()),
        ("reducedPosition", maybe(reduced, Value::from)),
        ("discountPercentage", maybe(percentage, |percentage| decimal(&percentage.decimal()))),
    ]
}

/// An invoice that is foreseen: a value.
pub fn invoice_preview(PreviewedInvoice { invoice, lines }: &PreviewedInvoice) -> Value {
    let object = |cells: Vec<(&'static str, Value)>| {
        Value::Object(cells.into_iter().map(|(name, value)| (Name::new(name), value)).collect())
    };
    object(vec![
        ("reason", choice(invoice.reason)),
        ("currency", invoice.currency.code().into()),
        ("period", maybe(invoice.period, period)),
        ("lines", Value::List(lines.iter().map(|row| object(line(row))).collect())),
        ("totals", totals(&invoice.totals)),
        ("creditApplied", money(invoice.balance.credit_applied)),
        ("amountDue", money(invoice.balance.due)),
        ("issueDate", day(invoice.issue_date)),
        ("dueDate", day(invoice.due_date)),
    ])
}

fn totals(totals: &Totals) -> Value {
    value!({
        "subtotal": money(totals.subtotal),
        "discountTotal": money(totals.discount_total),
        "netTotal": money(totals.net_total),
        "taxTotal": money(totals.tax_total),
        "total": money(totals.total),
    })
}

fn proration(part: Proration) -> Value {
    value!({"numerator": part.numerator, "denominator": part.denominator, "unit": choice(part.unit)})
}
