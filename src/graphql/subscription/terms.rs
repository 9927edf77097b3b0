//! The terms of a subscription to a plan.

use crate::domain::period::Period;
use crate::domain::subscription::{Commitment, Terms};
use crate::graphql::engine::{Object, Type};

impl Object for Terms {
    fn declare() -> Type<Self> {
        Type::new("SubscriptionTerms", "How a subscription to a plan is billed and paid.")
            .column("quantity", "How many units of the plan there are.", |terms: &Terms| &terms.quantity)
            .value("schedule", "The rhythm in which it is billed.", |terms| &terms.schedule)
            .column("billedFrom", "The first moment that is billed; null in a draft.", |terms| &terms.billed_from)
            .column("requestedEnd", "The end that was asked for; null where none was.", |terms| &terms.requested_end)
            .column("partialPeriodHandling", "What is billed of a period that is not a whole one.", |terms| {
                &terms.partial_periods.handling
            })
            .column("prorationUnit", "What a part of a period is counted in.", |terms| &terms.partial_periods.unit)
            .column("billingCadence", "When prices are billed that do not say so themselves.", |terms| &terms.cadence)
            .column("taxRate", "The tax on the plan's amounts, as a fraction.", |terms| &terms.tax.rate)
            .column("amountIncludesTax", "Whether amounts of the plan include tax.", |terms| &terms.tax.included)
            .column("setupFee", "Whether the plan's setup fee is charged, if it has one.", |terms| &terms.setup_fee)
            .column("prorationBehavior", "What the request said of prorations; null where it said nothing.", |terms| {
                &terms.proration_behavior
            })
            .value("commitment", "What the customer commits to for its usage.", |terms| &terms.commitment)
            .column("collectionMethod", "How its invoices are collected.", |terms| &terms.collection_method)
            .column("paymentBehavior", "What becomes of it where its first invoice is not paid.", |terms| {
                &terms.payment_behavior
            })
            .column("paymentTerms", "How long the customer has to pay; null where invoices are due at once.", |terms| {
                &terms.payment_terms
            })
            .column(
                "graceDurationSeconds",
                "For how many seconds from its creation a failing invoice starts no dunning; null where none is given.",
                |terms| &terms.grace_seconds,
            )
            .column("signupMethod", "How the payment method was obtained; null where nothing was said.", |terms| {
                &terms.signup_method
            })
            .maybe("paymentMethod", "What is charged; null where that is not known.", |terms| terms.payment_method_id)
            .column("invoiceBilling", "Who gets its invoices.", |terms| &terms.invoice_billing)
            .one("invoicedCustomer", "The customer that gets its invoices.", |terms| terms.invoiced_customer_id)
            .column("test", "Whether it is a test.", |terms| &terms.test)
    }
}

impl Object for Commitment {
    fn declare() -> Type<Self> {
        Type::new("Commitment", "What a customer commits to for its usage.")
            .maybe_value("amount", "The least that is billed; null where there is none.", |commitment: &Commitment| {
                commitment.amount.as_ref()
            })
            .column("duration", "For how long it is; null where it is for each billing period.", |commitment| {
                &commitment.duration
            })
            .column("overageFactor", "What usage beyond it costs, as a multiple.", |commitment| {
                &commitment.overage_factor
            })
            .column("enableTrueUp", "Whether the rest is billed where less was used.", |commitment| &commitment.true_up)
    }
}

impl Object for Period {
    fn declare() -> Type<Self> {
        Type::new("Period", "A stretch of time: its start belongs to it, its end does not.")
            .column("start", "Its first moment.", |period: &Period| &period.start)
            .column("end", "The moment at which it is over.", |period| &period.end)
    }
}
