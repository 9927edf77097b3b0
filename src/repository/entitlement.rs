//! What subscriptions and customers are entitled to, from wherever it comes.

use super::query::{Condition, Query, Values, stored};
use crate::domain::customer::Customer;
use crate::domain::feature::{CustomerEntitlement, EntitlementTerms, GrantedEntitlement};
use crate::domain::subscription::{Subscription, SubscriptionStatus};
use crate::domain::tenant::Tenant;
use crate::domain::{Choice, Id};

stored!(GrantedEntitlement, subscription_entitlements(
    subscription_id, source, feature_id, usage_limit, soft_limit, reset_period, static_value
) => {
    let terms = EntitlementTerms { usage_limit, soft_limit, reset_period, static_value };
    GrantedEntitlement { subscription_id, source, feature_id, terms }
}, key: subscription_id);

stored!(CustomerEntitlement, subscription_entitlements(customer_id, feature_id, usage_limit) => {
    CustomerEntitlement { customer_id, feature_id, usage_limit }
}, key: customer_id, together: CustomerEntitlement::added_up);

/// What these subscriptions entitle to, by the age of the features.
pub fn of_subscriptions(tenant: Id<Tenant>, subscriptions: &[Id<Subscription>]) -> Query<GrantedEntitlement> {
    Query::new(tenant).of_each("subscription_id", subscriptions).order("feature_id").order("source").order("position")
}

/// What these customers are entitled to by their running subscriptions, by the age of the features.
pub fn of_customers(tenant: Id<Tenant>, customers: &[Id<Customer>]) -> Query<CustomerEntitlement> {
    let running = SubscriptionStatus::RUNNING.map(|status| status.name().to_owned());
    let running = Condition::Among("subscription_status", Values::Texts(running.to_vec()));
    Query::new(tenant).filter(running).of_each("customer_id", customers)
}
