//! What the billing run tells of itself.

use super::engine::{Object, Type};
use crate::domain::billing::BillingHold;

impl Object for BillingHold {
    fn declare() -> Type<Self> {
        Type::new("BillingHold", "A subscription that could not be billed: it is tried again, later and later.")
            .node(|hold: &BillingHold| hold.id)
            .one("subscription", "Which subscription.", |hold| hold.subscription_id)
            .column("code", "Why, for programs.", |hold| &hold.code)
            .column("message", "Why, for people.", |hold| &hold.message)
            .column("attempts", "How often it was tried, from 1.", |hold| &hold.attempts)
            .column("since", "When it failed first.", |hold| &hold.since)
            .column("retryAt", "When it is tried again.", |hold| &hold.retry_at)
    }
}
