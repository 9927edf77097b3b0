//! What subscriptions and customers are entitled to.

use super::engine::{Object, Type};
use crate::domain::feature::{CustomerEntitlement, GrantedEntitlement};

impl Object for GrantedEntitlement {
    fn declare() -> Type<Self> {
        Type::new("SubscriptionEntitlement", "A feature that a subscription entitles to, from one of its sources.")
            .one("feature", "What may be used.", |granted: &GrantedEntitlement| granted.feature_id)
            .column("source", "Where it comes from.", |granted| &granted.source)
            .column(
                "usageLimit",
                "How much of a metered feature may be used in a reset period; null where it is not limited.",
                |granted| &granted.terms.usage_limit,
            )
            .column("softLimit", "Whether use beyond the limit is possible, and billed.", |granted| {
                &granted.terms.soft_limit
            })
            .column("resetPeriod", "When the use is counted anew; null where it never is.", |granted| {
                &granted.terms.reset_period
            })
            .column("staticValue", "The value of a static feature; null for others.", |granted| {
                &granted.terms.static_value
            })
    }
}

impl Object for CustomerEntitlement {
    fn declare() -> Type<Self> {
        Type::new("CustomerEntitlement", "A feature that a customer may use, by all of its running subscriptions.")
            .one("feature", "What may be used.", |entitlement: &CustomerEntitlement| entitlement.feature_id)
            .column(
                "usageLimit",
                "How much of a metered feature may be used: the limits of all subscriptions together; null where one of \
                 them sets no limit.",
                |entitlement| &entitlement.usage_limit,
            )
    }
}
