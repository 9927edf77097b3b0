//! What `previewSubscription` answers: values only, of which nothing is stored.

use crate::app::subscription::{Preview, PreviewedInvoice};
use crate::domain::Refusal;
use crate::graphql::engine::{Object, Payload, Type};
use crate::graphql::mutations::USER_ERRORS;

/// What `previewSubscription` answers.
pub struct PreviewSubscriptionPayload {
    preview: Option<Preview>,
    refusals: Vec<Refusal>,
}

impl From<Result<Preview, Vec<Refusal>>> for PreviewSubscriptionPayload {
    fn from(previewed: Result<Preview, Vec<Refusal>>) -> Self {
        match previewed {
            Ok(preview) => PreviewSubscriptionPayload { preview: Some(preview), refusals: Vec::new() },
            Err(refusals) => PreviewSubscriptionPayload { preview: None, refusals },
        }
    }
}

impl Payload for PreviewSubscriptionPayload {
    fn refusal(&self) -> Option<&Refusal> {
        self.refusals.first()
    }
}

impl Object for PreviewSubscriptionPayload {
    fn declare() -> Type<Self> {
        Type::new("PreviewSubscriptionPayload", "What `previewSubscription` answers.")
            .maybe_value(
                "preview",
                "What would be created; null where it would be refused.",
                |payload: &PreviewSubscriptionPayload| payload.preview.as_ref(),
            )
            .values("userErrors", USER_ERRORS, |payload| payload.refusals.iter().collect())
    }
}

impl Object for Preview {
    fn declare() -> Type<Self> {
        Type::new("SubscriptionPreview", "What a request for a subscription would create.")
            .column("status", "Where it would stand; a charge is taken to succeed.", |preview: &Preview| {
                &preview.subscription.status
            })
            .one("plan", "The version of the plan that it would be to.", |preview| preview.plan_id)
            .column("currency", "The currency of its prices.", |preview| &preview.subscription.currency)
            .column("timezone", "The zone in which its days begin and end.", |preview| &preview.subscription.timezone)
            .column("startDate", "Its first moment.", |preview| &preview.subscription.start_date)
            .column("endDate", "The moment at which it would be over; null where no end is agreed.", |preview| {
                &preview.subscription.end_date
            })
            .column("trialStart", "The start of its trial; null where it has none.", |preview| {
                &preview.subscription.trial_start
            })
            .column("trialEnd", "The end of its trial; null where it has none.", |preview| {
                &preview.subscription.trial_end
            })
            .column(
                "billingAnchor",
                "The moment from which its periods are counted; null where there are none.",
                |preview| &preview.subscription.billing_anchor,
            )
            .column("currentPeriodStart", "The start of its first period, or of its trial.", |preview| {
                &preview.subscription.current_period_start
            })
            .column("currentPeriodEnd", "The end of its first period, or of its trial.", |preview| {
                &preview.subscription.current_period_end
            })
            .values("periods", "Its billing periods from the first on, ten at most.", |preview| {
                preview.periods.iter().collect()
            })
            .column("billingDates", "The next days on which something is billed, ten at most.", |preview| {
                &preview.billing_dates
            })
            .values("invoices", "The invoices that would be made right away.", |preview| {
                preview.invoices.iter().collect()
            })
    }
}

impl Object for PreviewedInvoice {
    fn declare() -> Type<Self> {
        Type::new("InvoicePreview", "An invoice that would be made.")
            .column("reason", "Why it would be made.", |previewed: &PreviewedInvoice| &previewed.invoice.reason)
            .column("currency", "Its currency.", |previewed| &previewed.invoice.currency)
            .maybe_value("period", "The period that it would bill; null for a setup fee by itself.", |previewed| {
                previewed.invoice.period.as_ref()
            })
            .values("lines", "Its lines, in their order.", |previewed| previewed.lines.iter().collect())
            .value("totals", "What the lines come to.", |previewed| &previewed.invoice.totals)
            .value("creditApplied", "What the customer's credits would take off the total.", |previewed| {
                &previewed.invoice.balance.credit_applied
            })
            .column("issueDate", "The day on which it would be issued.", |previewed| &previewed.invoice.issue_date)
            .column("dueDate", "The day on which it would be due.", |previewed| &previewed.invoice.due_date)
    }
}
