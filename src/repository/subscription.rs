//! Subscriptions and their payment schedules.

use super::change::change;
use super::db::{Read, Tx, changed};
use super::list::{List, listed};
use super::on_backend;
use super::query::{Condition, Query, Values, partly_stored, stored};
use super::rows::{Rows, rows};
use super::schema::{scheduled_payments, subscriptions};
use super::sql_types::{At, In, amount, instant};
use crate::domain::asset::Asset;
use crate::domain::billing_group::BillingGroup;
use crate::domain::customer::Customer;
use crate::domain::invoice::Invoice;
use crate::domain::order::{Order, OrderItem};
use crate::domain::plan::Plan;
use crate::domain::subscription::{
    BillingState, ScheduledPayment, ScheduledPaymentStatus, Subscription, SubscriptionStatus,
};
use crate::domain::tenant::Tenant;
use crate::domain::{Choice, Id, Instant, Money};
use diesel::prelude::*;

partly_stored!(Subscription, subscriptions(
    id, handle, status, customer_id, plan_id, order_id, order_item_id, asset_id, billing_group_id, parent_subscription_id,
    currency, timezone, monthly_amount, contract_length, billing_start, start_date, end_date, trial_start, trial_end,
    billing_anchor, current_period_start, current_period_end, next_billing_date, next_billing_at, due_at,
    usage_billed_until, return_overdue_since, consolidated_by, hosted_payment_link, notes, metadata, version, created_at,
    updated_at
) => {
    let (In(timezone), At(start_date), At(created_at), At(updated_at)) = (timezone, start_date, created_at, updated_at);
    Subscription {
        id, handle, status, customer_id, plan_id, order_id, order_item_id, asset_id, billing_group_id, parent_subscription_id,
        currency, timezone, monthly_amount: amount(monthly_amount, Some(currency)), contract_length, billing_start,
        start_date, end_date: instant(end_date), trial_start: instant(trial_start), trial_end: instant(trial_end),
        billing_anchor: instant(billing_anchor), current_period_start: instant(current_period_start),
        current_period_end: instant(current_period_end), next_billing_date,
        billing: BillingState {
            next_at: instant(next_billing_at), due_at: instant(due_at), usage_until: instant(usage_billed_until),
            return_overdue_since: instant(return_overdue_since), consolidated_by,
        },
        hosted_payment_link, notes, metadata, version, created_at, updated_at,
    }
}, along: version);

listed!(Subscription: List::new()
    .choice::<SubscriptionStatus>(subscriptions::status)
    .text(subscriptions::handle)
    .id::<Customer>(subscriptions::customer_id)
    .id::<Plan>(subscriptions::plan_id)
    .id::<Order>(subscriptions::order_id)
    .id::<Asset>(subscriptions::asset_id)
    .id::<BillingGroup>(subscriptions::billing_group_id)
    .instant(subscriptions::start_date).sorted(|subscription: &Subscription| subscription.start_date.into())
    .instant(subscriptions::end_date)
    .day(subscriptions::next_billing_date)
    .instant(subscriptions::created_at).sorted(|subscription| subscription.created_at.into())
    .instant(subscriptions::updated_at).sorted(|subscription| subscription.updated_at.into()));

stored!(ScheduledPayment, scheduled_payments(
    subscription_id, sequence, due_date, currency, amount, status, invoice_id
) => {
    ScheduledPayment { subscription_id, sequence, due_date, amount: Money::new(amount, currency), status, invoice_id }
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

/// The subscriptions to these versions of plans.
pub fn of_plans(tenant: Id<Tenant>, plans: &[Id<Plan>]) -> Query<Subscription> {
    Query::new(tenant).of_each("plan_id", plans)
}

/// The subscriptions that are parts of these.
pub fn children_of(tenant: Id<Tenant>, parents: &[Id<Subscription>]) -> Query<Subscription> {
    Query::new(tenant).of_each("parent_subscription_id", parents)
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

pub fn insert(tx: &mut Tx<'_>, tenant: Id<Tenant>, rows: &[Subscription]) -> Read<()> {
    new_rows(tenant, &rows.iter().collect::<Vec<_>>()).insert(tx)
}

pub(super) fn new_rows(tenant: Id<Tenant>, rows: &[&Subscription]) -> Rows {
    rows!(subscriptions, rows, |row| {
        tenant_id: tenant,
        id: row.id,
        handle: row.handle.clone(),
        status: row.status,
        customer_id: row.customer_id,
        plan_id: row.plan_id,
        order_id: row.order_id,
        order_item_id: row.order_item_id,
        asset_id: row.asset_id,
        billing_group_id: row.billing_group_id,
        parent_subscription_id: row.parent_subscription_id,
        currency: row.currency,
        timezone: In(row.timezone),
        monthly_amount: row.monthly_amount.map(|amount| amount.minor),
        contract_length: row.contract_length,
        billing_start: row.billing_start,
        start_date: At(row.start_date),
        end_date: row.end_date.map(At),
        trial_start: row.trial_start.map(At),
        trial_end: row.trial_end.map(At),
        billing_anchor: row.billing_anchor.map(At),
        current_period_start: row.current_period_start.map(At),
        current_period_end: row.current_period_end.map(At),
        next_billing_date: row.next_billing_date,
        next_billing_at: row.billing.next_at.map(At),
        due_at: row.billing.due_at.map(At),
        usage_billed_until: row.billing.usage_until.map(At),
        return_overdue_since: row.billing.return_overdue_since.map(At),
        consolidated_by: row.billing.consolidated_by,
        hosted_payment_link: row.hosted_payment_link.clone(),
        notes: row.notes.clone(),
        metadata: row.metadata.clone(),
        version: row.version,
        created_at: At(row.created_at),
        updated_at: At(row.updated_at),
    })
}

/// Stores what the activation of a draft settles, over the version before it.
pub fn activate(tx: &mut Tx<'_>, tenant: Id<Tenant>, subscription: &Subscription) -> Read<()> {
    let rows = on_backend!(tx, |conn| change(subscriptions::table)
        .filter(subscriptions::tenant_id.eq(tenant))
        .filter(subscriptions::id.eq(subscription.id))
        .filter(subscriptions::version.eq(subscription.version - 1))
        .set((
            subscriptions::status.eq(subscription.status),
            subscriptions::start_date.eq(At(subscription.start_date)),
            subscriptions::end_date.eq(subscription.end_date.map(At)),
            subscriptions::trial_start.eq(subscription.trial_start.map(At)),
            subscriptions::trial_end.eq(subscription.trial_end.map(At)),
            subscriptions::billing_anchor.eq(subscription.billing_anchor.map(At)),
            subscriptions::current_period_start.eq(subscription.current_period_start.map(At)),
            subscriptions::current_period_end.eq(subscription.current_period_end.map(At)),
            subscriptions::next_billing_date.eq(subscription.next_billing_date),
            subscriptions::next_billing_at.eq(subscription.billing.next_at.map(At)),
            subscriptions::due_at.eq(subscription.billing.due_at.map(At)),
            subscriptions::version.eq(subscription.version),
            subscriptions::updated_at.eq(At(subscription.updated_at)),
        ))
        .execute(conn))?;
    changed(rows, 1)
}

/// Lets a subscription run that waited for its first payment, and its billing go on. Answers whether it did wait: one
/// that is over, or paused, stays so (`decisions.md` 19).
pub fn complete(tx: &mut Tx<'_>, tenant: Id<Tenant>, subscription: Id<Subscription>, now: Instant) -> Read<bool> {
    let rows = on_backend!(tx, |conn| change(subscriptions::table)
        .filter(subscriptions::tenant_id.eq(tenant))
        .filter(subscriptions::id.eq(subscription))
        .filter(subscriptions::status.eq(SubscriptionStatus::Incomplete))
        .set((
            subscriptions::status.eq(SubscriptionStatus::Active),
            subscriptions::due_at.eq(subscriptions::next_billing_at),
            subscriptions::version.eq(subscriptions::version + 1),
            subscriptions::updated_at.eq(At(now)),
        ))
        .execute(conn))?;
    Ok(rows == 1)
}

/// Stops a subscription, held as it is given: nothing of it falls due any more.
pub fn stop(
    tx: &mut Tx<'_>,
    tenant: Id<Tenant>,
    held: &Subscription,
    to: SubscriptionStatus,
    now: Instant,
) -> Read<()> {
    let over = SubscriptionStatus::OVER.contains(&to);
    let next = held.billing.next_at.filter(|_| !over);
    let rows = on_backend!(tx, |conn| change(subscriptions::table)
        .filter(subscriptions::tenant_id.eq(tenant))
        .filter(subscriptions::id.eq(held.id))
        .filter(subscriptions::version.eq(held.version))
        .set((
            subscriptions::status.eq(to),
            subscriptions::next_billing_at.eq(next.map(At)),
            subscriptions::next_billing_date.eq(held.next_billing_date.filter(|_| !over)),
            subscriptions::due_at.eq(None::<At>),
            subscriptions::version.eq(held.version + 1),
            subscriptions::updated_at.eq(At(now)),
        ))
        .execute(conn))?;
    changed(rows, 1)
}

/// Notes that a subscription was changed in what is kept elsewhere, over the version that it had.
pub fn touch(tx: &mut Tx<'_>, tenant: Id<Tenant>, held: &Subscription, now: Instant) -> Read<()> {
    let rows = on_backend!(tx, |conn| change(subscriptions::table)
        .filter(subscriptions::tenant_id.eq(tenant))
        .filter(subscriptions::id.eq(held.id))
        .filter(subscriptions::version.eq(held.version))
        .set((subscriptions::version.eq(held.version + 1), subscriptions::updated_at.eq(At(now))))
        .execute(conn))?;
    changed(rows, 1)
}

/// What becomes of the payments of rentals that an invoice asks for.
pub fn conclude_payments(
    tx: &mut Tx<'_>,
    tenant: Id<Tenant>,
    invoice: Id<Invoice>,
    to: ScheduledPaymentStatus,
) -> Read<()> {
    on_backend!(tx, |conn| change(scheduled_payments::table)
        .filter(scheduled_payments::tenant_id.eq(tenant))
        .filter(scheduled_payments::invoice_id.eq(invoice))
        .set(scheduled_payments::status.eq(to))
        .execute(conn))?;
    Ok(())
}
