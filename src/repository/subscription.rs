//! Subscriptions and their payment schedules.

use super::list::{List, listed};
use super::query::{Condition, Query, Values, stored};
use super::schema::subscriptions;
use super::sql_types::{At, In, amount, instant};
use crate::domain::asset::Asset;
use crate::domain::billing_group::BillingGroup;
use crate::domain::customer::Customer;
use crate::domain::order::{Order, OrderItem};
use crate::domain::subscription::{ScheduledPayment, Subscription, SubscriptionStatus};
use crate::domain::tenant::Tenant;
use crate::domain::{Choice, Id, Money};

stored!(Subscription, subscriptions(
    id, handle, status, customer_id, order_id, order_item_id, asset_id, billing_group_id, parent_subscription_id,
    currency, timezone, monthly_amount, contract_length, billing_start, start_date, end_date, trial_start, trial_end,
    billing_anchor, current_period_start, current_period_end, next_billing_date, notes, metadata, version, created_at,
    updated_at
) => {
    let (In(timezone), At(start_date), At(created_at), At(updated_at)) = (timezone, start_date, created_at, updated_at);
    Subscription {
        id, handle, status, customer_id, order_id, order_item_id, asset_id, billing_group_id, parent_subscription_id,
        currency, timezone, monthly_amount: amount(monthly_amount, Some(currency)), contract_length, billing_start,
        start_date, end_date: instant(end_date), trial_start: instant(trial_start), trial_end: instant(trial_end),
        billing_anchor: instant(billing_anchor), current_period_start: instant(current_period_start),
        current_period_end: instant(current_period_end), next_billing_date, notes, metadata, version, created_at,
        updated_at,
    }
});

listed!(Subscription: List::new()
    .choice::<SubscriptionStatus>(subscriptions::status)
    .text(subscriptions::handle)
    .id::<Customer>(subscriptions::customer_id)
    .id::<Order>(subscriptions::order_id)
    .id::<Asset>(subscriptions::asset_id)
    .id::<BillingGroup>(subscriptions::billing_group_id)
    .instant(subscriptions::start_date).sorted(|subscription: &Subscription| subscription.start_date.into())
    .instant(subscriptions::end_date)
    .day(subscriptions::next_billing_date)
    .instant(subscriptions::created_at).sorted(|subscription| subscription.created_at.into())
    .instant(subscriptions::updated_at).sorted(|subscription| subscription.updated_at.into()));

stored!(ScheduledPayment, scheduled_payments(subscription_id, sequence, due_date, currency, amount, status) => {
    ScheduledPayment { subscription_id, sequence, due_date, amount: Money::new(amount, currency), status }
}, key: subscription_id);

pub fn all(tenant: Id<Tenant>) -> Query<Subscription> {
    Query::new(tenant)
}

pub fn by_handle(tenant: Id<Tenant>, handle: &str) -> Query<Subscription> {
    Query::by_text(tenant, "handle", handle)
}

pub fn of_customers(tenant: Id<Tenant>, customers: &[Id<Customer>]) -> Query<Subscription> {
    Query::new(tenant).of_each("customer_id", customers)
}

/// The live subscriptions of a customer.
pub fn live_of(tenant: Id<Tenant>, customer: Id<Customer>) -> Query<Subscription> {
    let over = SubscriptionStatus::OVER.map(|status| status.name().to_owned()).to_vec();
    let is_over = Condition::Among("status", Values::Texts(over));
    Query::new(tenant).among("customer_id", &[customer]).filter(Condition::Not(Box::new(is_over)))
}

pub fn of_orders(tenant: Id<Tenant>, orders: &[Id<Order>]) -> Query<Subscription> {
    Query::new(tenant).of_each("order_id", orders)
}

/// The subscriptions that fulfil these items, oldest first.
pub fn of_items(tenant: Id<Tenant>, items: &[Id<OrderItem>]) -> Query<Subscription> {
    Query::new(tenant).of_each("order_item_id", items).order("id")
}

pub fn of_billing_groups(tenant: Id<Tenant>, groups: &[Id<BillingGroup>]) -> Query<Subscription> {
    Query::new(tenant).of_each("billing_group_id", groups)
}

/// The payment schedules of these subscriptions, in order.
pub fn payments_of(tenant: Id<Tenant>, subscriptions: &[Id<Subscription>]) -> Query<ScheduledPayment> {
    Query::new(tenant).of_each("subscription_id", subscriptions).order("sequence")
}
