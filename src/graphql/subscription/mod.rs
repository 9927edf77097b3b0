//! Subscriptions: their object types here and in `parts.rs`, their mutations in `mutations.rs`.

mod input;
mod mutations;
mod parts;
mod parts_input;
mod preview;
mod terms;

pub use mutations::mutations;

use super::engine::{Object, Type};
use crate::app::billing::upcoming;
use crate::domain::subscription::{ScheduledPayment, Subscription};
use crate::repository::{
    billing, entitlement, invoice, subscription, subscription_parts, terms as stored_terms, usage,
};

/// The argument of what looks ahead.
pub const UPCOMING_AT: &str = "The first invoice from this moment on. Default: the very next.";

/// How many periods are shown ahead.
const UPCOMING: usize = 10;

impl Object for Subscription {
    fn declare() -> Type<Self> {
        Type::new("Subscription", "What a customer pays for, period by period. A rental holds one device.")
            .node(|subscription: &Subscription| subscription.id)
            .column(
                "handle",
                "A name of its own, unique in the tenant; null where it has none, as rentals do.",
                |subscription| &subscription.handle,
            )
            .column("status", "Where it stands.", |subscription| &subscription.status)
            .one("customer", "Who pays.", |subscription| subscription.customer_id)
            .maybe("plan", "The version of the plan that it is to; null for a rental.", |subscription| {
                subscription.plan_id
            })
            .maybe("order", "The order that it fulfils; null where there is none.", |subscription| {
                subscription.order_id
            })
            .maybe("orderItem", "The item of which it fulfils one unit; null where there is none.", |subscription| {
                subscription.order_item_id
            })
            .maybe("asset", "The device; null where there is none.", |subscription| subscription.asset_id)
            .maybe(
                "billingGroup",
                "The group with which it is billed; null where it is billed by itself.",
                |subscription| subscription.billing_group_id,
            )
            .maybe("parent", "The subscription that it is a part of; null where there is none.", |subscription| {
                subscription.parent_subscription_id
            })
            .connection("children", "The subscriptions that are parts of it.", subscription::children_of, |child| {
                child.parent_subscription_id
            })
            .single("terms", "How it is billed and paid; null for a rental.", stored_terms::of_subscriptions, |terms| {
                terms.subscription_id
            })
            .many("items", "The prices that are billed to it.", subscription_parts::items_of, |item| {
                item.subscription_id
            })
            .many("addOns", "Its add-ons.", subscription_parts::add_ons_of, |add_on| add_on.subscription_id)
            .many("additionalCosts", "What is charged once, or was.", subscription_parts::costs_of, |cost| {
                cost.subscription_id
            })
            .many(
                "discounts",
                "Its discounts, by themselves or through coupons.",
                subscription_parts::discounts_of,
                |discount| discount.subscription_id,
            )
            .many(
                "phases",
                "The stretches of its life with prices of their own.",
                subscription_parts::phases_of,
                |phase| phase.subscription_id,
            )
            .many(
                "entitlements",
                "What it entitles to, by its plan, its add-ons and by itself.",
                entitlement::of_subscriptions,
                |granted| granted.subscription_id,
            )
            .connection(
                "invoices",
                "The invoices that bill it alone. One that bills several together names them in its lines.",
                invoice::of_subscriptions,
                |invoice| invoice.subscription_id,
            )
            .reckoned(
                "usage",
                "What was used in the running period so far: one for each meter whose feature its items bill; empty before \
                 the first period.",
                usage::running,
            )
            .connection("usageEvents", "The recorded use of it.", usage::of_subscriptions, |event| event.subscription_id)
            .derived(
                "upcomingPeriods",
                "The billing periods after the running one, ten at most; empty for a rental.",
                stored_terms::of_subscriptions,
                |terms| terms.subscription_id,
                |subscription, terms| terms.upcoming(subscription, UPCOMING),
            )
            .foreseen(
                "upcomingInvoice",
                "The invoice that the billing run will make next, as things stand: what will be used until then is left \
                 out. Null where none is to come, and while it does not run.",
                UPCOMING_AT,
                upcoming,
            )
            .column("currency", "The currency of its prices.", |subscription| &subscription.currency)
            .column("timezone", "The zone in which its days begin and end.", |subscription| &subscription.timezone)
            .maybe_value("monthlyAmount", "What a rental costs a month; null for others.", |subscription| {
                subscription.monthly_amount.as_ref()
            })
            .column("contractLength", "For how many months a rental runs; null for others.", |subscription| {
                &subscription.contract_length
            })
            .column(
                "billingStart",
                "The rule by which a rental's first payment is due; null for others.",
                |subscription| &subscription.billing_start,
            )
            .column("startDate", "Its first moment.", |subscription| &subscription.start_date)
            .column("endDate", "The moment at which it is over; null where no end is agreed.", |subscription| {
                &subscription.end_date
            })
            .column("trialStart", "The start of its trial; null where it has none, as rentals do.", |subscription| {
                &subscription.trial_start
            })
            .column("trialEnd", "The end of its trial; null where it has none, as rentals do.", |subscription| {
                &subscription.trial_end
            })
            .column(
                "billingAnchor",
                "The moment from which its billing periods are counted; null before it is set.",
                |subscription| &subscription.billing_anchor,
            )
            .column(
                "currentPeriodStart",
                "The start of the running period; null before the first one.",
                |subscription| &subscription.current_period_start,
            )
            .column(
                "currentPeriodEnd",
                "The end of the running period, which is the start of the next; null before the first one.",
                |subscription| &subscription.current_period_end,
            )
            .column("nextBillingDate", "The first due date that is open; null where there is none.", |subscription| {
                &subscription.next_billing_date
            })
            .column(
                "returnOverdueSince",
                "Since when its device should have come back: the contract is over. Null before, and where it holds none.",
                |subscription| &subscription.billing.return_overdue_since,
            )
            .single(
                "billingHold",
                "Why it could not be billed, and when it is tried again; null where nothing is wrong.",
                billing::holds_of,
                |hold| hold.subscription_id,
            )
            .many(
                "paymentSchedule",
                "The due dates of a rental, in order; empty for others.",
                subscription::payments_of,
                |payment| payment.subscription_id,
            )
            .column(
                "hostedPaymentLink",
                "Where its customer is to pay for it: an address below the public URL that nobody can guess. \
                 Perennial serves no page there yet. Null where none was asked for.",
                |subscription| &subscription.hosted_payment_link,
            )
            .column("metadata", "Whatever you keep with it.", |subscription| &subscription.metadata)
            .column("notes", "Internal notes; null where there are none.", |subscription| &subscription.notes)
            .column("version", "Counts its changes: for `expectedVersion`.", |subscription| &subscription.version)
            .column("createdAt", "When it was created.", |subscription| &subscription.created_at)
            .column("updatedAt", "When it was last changed.", |subscription| &subscription.updated_at)
    }
}

impl Object for ScheduledPayment {
    fn declare() -> Type<Self> {
        Type::new("ScheduledPayment", "One due date of a rental's payment schedule.")
            .column("sequence", "Its place in the schedule, from 1.", |payment: &ScheduledPayment| &payment.sequence)
            .column("dueDate", "The day on which it is due.", |payment| &payment.due_date)
            .value("amount", "What is due.", |payment| &payment.amount)
            .column("status", "Where it stands.", |payment| &payment.status)
            .maybe("invoice", "The invoice that asks for it; null before there is one.", |payment| payment.invoice_id)
    }
}
