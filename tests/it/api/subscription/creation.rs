//! What a subscription is made of, and what is invoiced right away.

use super::{monthly, request};
use crate::support::both;
use serde_json::json;

const WHOLE: &str = "subscription {
    handle status plan { code version } currency timezone startDate endDate billingAnchor currentPeriodStart currentPeriodEnd
    trialStart trialEnd nextBillingDate hostedPaymentLink metadata
    items { name quantity price { amount billingModel } }
    terms { quantity schedule { type interval } collectionMethod paymentBehavior taxRate amountIncludesTax }
    upcomingPeriods { start end }
    invoices { nodes { number status } }
} customer { name } invoice {
    number status reason period { start end } periodNumber issueDate dueDate
    totals { subtotal { amount } discountTotal { amount } netTotal { amount } taxTotal { amount } total { amount currency } }
    lines { kind description quantity unitAmount amount { amount } proration { numerator denominator unit } period { start } planVersion }
}";

both! {
    a_subscription_begins_with_its_first_invoice(app) {
        let customer = app.customer("Jane Doe");
        monthly(app);
        let made = app.mutate("createSubscription", request(&customer, "M30", json!({"handle": "jane-gold"})), WHOLE);
        assert_eq!(made["subscription"]["status"], "ACTIVE");
        assert_eq!(made["invoice"]["totals"]["total"], json!({"amount": "300.00", "currency": "EUR"}));
    }
}
