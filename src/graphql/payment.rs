//! Payment attempts.

use super::engine::{Object, Type};
use crate::domain::payment::PaymentAttempt;

impl Object for PaymentAttempt {
    fn declare() -> Type<Self> {
        Type::new(
            "PaymentAttempt",
            "One attempt to charge a customer. The log of them outlives what a failed payment takes back.",
        )
        .node(|attempt: &PaymentAttempt| attempt.id)
        .column(
            "subscriptionId",
            "The subscription that was to be created with the money: it does not exist where the payment failed. Null where \
             an invoice is paid.",
            |attempt| &attempt.subscription_id,
        )
        .maybe("invoice", "The invoice that is paid; null where a subscription was to be created.", |attempt| {
            attempt.invoice_id
        })
        .column(
            "customerId",
            "Who was to pay. Where the payment failed, a customer that was new with the subscription does not exist.",
            |attempt| &attempt.customer_id,
        )
        .maybe("paymentMethod", "The payment method that was charged; null where it was a token.", |attempt| {
            attempt.payment_method_id
        })
        .maybe("paymentToken", "The token that was charged; null where it was a payment method.", |attempt| {
            attempt.payment_token_id
        })
        .value("amount", "What was to be paid.", |attempt| &attempt.amount)
        .column("status", "What came of it.", |attempt| &attempt.status)
        .column("errorState", "Why it brought no money; null unless DECLINED or FAILED.", |attempt| {
            &attempt.error_state
        })
        .column(
            "errorCode",
            "The gateway's own word for the reason, such as \"insufficient_funds\"; null unless DECLINED or FAILED.",
            |attempt| &attempt.error_code,
        )
        .column(
            "gatewayReference",
            "What the gateway calls the charge, such as \"pi_…\"; null where none was made, or where it has no name.",
            |attempt| &attempt.gateway_reference,
        )
        .column("createdAt", "When it began.", |attempt| &attempt.created_at)
        .column("finishedAt", "When it came to its outcome; null while RESERVED or REVERSING.", |attempt| {
            &attempt.finished_at
        })
    }
}
