//! Invoices and their lines.

use super::engine::{Object, Type};
use crate::domain::invoice::{Invoice, InvoiceLine, InvoiceSum, Totals};
use crate::domain::period::Proration;
use crate::repository::{credit, credit_note, invoice, payment, received};

impl Object for Invoice {
    fn declare() -> Type<Self> {
        Type::new("Invoice", "What a customer is asked to pay, and why.")
            .node(|invoice: &Invoice| invoice.id)
            .column("number", "Without gaps in the tenant; null for a draft.", |invoice| &invoice.number)
            .column("status", "Where it stands.", |invoice| &invoice.status)
            .column("reason", "Why it was made.", |invoice| &invoice.reason)
            .one("customer", "Who gets it.", |invoice| invoice.customer_id)
            .maybe(
                "subscription",
                "What it bills; null where that is several subscriptions, which its lines name, or none.",
                |invoice| invoice.subscription_id,
            )
            .maybe("billingGroup", "The group whose subscriptions it bills together; null for others.", |invoice| {
                invoice.billing_group_id
            })
            .column("currency", "Its currency.", |invoice| &invoice.currency)
            .maybe_value("period", "The period that it bills; null where it bills none.", |invoice| {
                invoice.period.as_ref()
            })
            .column("periodNumber", "The number of that period, from 1; null where it bills none.", |invoice| {
                &invoice.period_number
            })
            .many("lines", "Its lines, in their order.", invoice::lines_of, |line| line.invoice_id)
            .value("totals", "What the lines come to.", |invoice| &invoice.totals)
            .many("creditApplications", "What it took of credits, oldest first.", credit::taken_by, |application| {
                application.invoice_id
            })
            .many("creditNotes", "What was taken back of it, oldest first.", credit_note::of_invoices, |note| {
                note.invoice_id
            })
            .value("creditApplied", "What the customer's credits took off the total.", |invoice| {
                &invoice.balance.credit_applied
            })
            .value("amountCredited", "What credit notes took off the total.", |invoice| &invoice.balance.credited)
            .value("amountPaid", "What is paid of it.", |invoice| &invoice.balance.paid)
            .value("amountDue", "What is still to be paid.", |invoice| &invoice.balance.due)
            .value("amountRefunded", "What of the payments went back.", |invoice| &invoice.balance.refunded)
            .many("payments", "What came in for it, oldest first.", received::of_invoices, |payment| payment.invoice_id)
            .many("attempts", "The attempts to charge it, oldest first.", payment::of_invoices, |attempt| {
                attempt.invoice_id
            })
            .column("collectionMethod", "How it is paid.", |invoice| &invoice.collection.method)
            .maybe(
                "paymentMethod",
                "What is charged; null where nothing is known, or the customer pays by itself.",
                |invoice| invoice.collection.payment_method_id,
            )
            .column(
                "nextAttemptAt",
                "When it is charged, or reminded of, next; null where nothing is done by itself.",
                |invoice| &invoice.collection.collect_at,
            )
            .column(
                "dunningStartedAt",
                "Since when its customer is reminded of it; null where nobody is, or it is paid.",
                |invoice| &invoice.collection.dunning_started_at,
            )
            .column("dunningStep", "How many reminders were sent.", |invoice| &invoice.collection.dunning_step)
            .column("rounding", "How its amounts were rounded.", |invoice| &invoice.rounding)
            .column(
                "issueDate",
                "The day on which it was issued, in the zone of its subscription, else of its customer.",
                |invoice| &invoice.issue_date,
            )
            .column("dueDate", "The day on which it is due.", |invoice| &invoice.due_date)
            .column("paidAt", "When it was paid in full; null before.", |invoice| &invoice.paid_at)
            .column("voidedAt", "When it was withdrawn; null where it was not.", |invoice| &invoice.voided_at)
            .column("test", "Whether it is a test.", |invoice| &invoice.test)
            .column("version", "Counts its changes: for `expectedVersion`.", |invoice| &invoice.version)
            .column("createdAt", "When it was created.", |invoice| &invoice.created_at)
            .column("updatedAt", "When it was last changed.", |invoice| &invoice.updated_at)
    }
}

impl Object for Totals {
    fn declare() -> Type<Self> {
        Type::new("InvoiceTotals", "What the lines of an invoice come to.")
            .value("subtotal", "All lines before discounts.", |totals: &Totals| &totals.subtotal)
            .value("discountTotal", "What discounts take off.", |totals| &totals.discount_total)
            .value("netTotal", "What is to be paid, without tax.", |totals| &totals.net_total)
            .value("taxTotal", "The tax: rounded once, from the exact sum of the lines' taxes.", |totals| {
                &totals.tax_total
            })
            .value("total", "What is to be paid.", |totals| &totals.total)
    }
}

impl Object for InvoiceSum {
    fn declare() -> Type<Self> {
        Type::new("InvoiceSum", "What all invoices of one currency and status come to.")
            .column("currency", "Their currency.", |sum: &InvoiceSum| &sum.currency)
            .column("status", "Their status.", |sum| &sum.status)
            .column("count", "How many they are.", |sum| &sum.count)
            .value("total", "What was to be paid of them.", |sum| &sum.total)
            .value("amountDue", "What is still to be paid of them.", |sum| &sum.due)
            .value("amountPaid", "What is paid of them.", |sum| &sum.paid)
    }
}

impl Object for InvoiceLine {
    fn declare() -> Type<Self> {
        Type::new("InvoiceLine", "A line of an invoice: it says how its amount came about.")
            .column("position", "Its place, from 0.", |line: &InvoiceLine| &line.position)
            .maybe("subscription", "What it bills; null where it bills no subscription.", |line| line.subscription_id)
            .column("kind", "What it is for.", |line| &line.line.kind)
            .column("description", "What it is called.", |line| &line.line.description)
            .computed("priceId", "The price that was billed; null where there is none in the catalogue.", |line| {
                line.line.price_id
            })
            .column("planVersion", "The version of the plan; null where it has nothing to do with it.", |line| {
                &line.line.plan_version
            })
            .column("billingModel", "How the amount follows from the quantity; null for a discount.", |line| {
                &line.line.billing_model
            })
            .column("quantity", "How many units were billed.", |line| &line.line.quantity)
            .column("unitAmount", "What one unit, or one package, costs; null for tiers and discounts.", |line| {
                &line.line.unit_amount
            })
            .maybe_value("proration", "How much of a whole period was billed; null where all of it was.", |line| {
                line.line.proration.as_ref()
            })
            .column(
                "baseAmount",
                "What the whole quantity comes to, where the line bills a part of it; null for others.",
                |line| &line.line.base_amount,
            )
            .column(
                "factor",
                "What that part is multiplied by: above 1 beyond a commitment. Null for others.",
                |line| &line.line.factor,
            )
            .maybe_value("period", "The period that it covers; null where it covers none.", |line| {
                line.line.period.as_ref()
            })
            .column("timezone", "The zone of the days that were counted.", |line| &line.line.zone)
            .column("rounding", "How the amount was rounded.", |line| &line.line.rounding)
            .value("amount", "The amount before discounts; negative for what is taken off.", |line| &line.line.amount)
            .value("discountAmount", "What discounts take off this line, by lines of their own.", |line| {
                &line.line.discount_amount
            })
            .column("taxRate", "The tax on it, as a fraction.", |line| &line.line.tax.rate)
            .column("amountIncludesTax", "Whether the amount includes the tax.", |line| &line.line.tax.included)
            .computed("reducedPosition", "The place of the line that a discount reduces; null for others.", |line| {
                line.line.reduces.and_then(|reduced| i32::try_from(reduced.position).ok())
            })
            .computed("discountPercentage", "The percentage of a discount; null for others.", |line| {
                line.line.reduces.and_then(|reduced| reduced.percentage)
            })
    }
}

impl Object for Proration {
    fn declare() -> Type<Self> {
        Type::new("Proration", "How much of a whole period was billed: exactly `numerator / denominator`.")
            .column("numerator", "How much was billed.", |part: &Proration| &part.numerator)
            .column("denominator", "How much a whole period is.", |part| &part.denominator)
            .column("unit", "What both are counted in.", |part| &part.unit)
    }
}
