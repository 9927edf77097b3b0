//! Subscriptions, what those to plans consist of, and what they and their customers are entitled to.

use super::invoices::invoice_preview;
use super::plans::{decimal, duration, schedule};
use super::usage::Used;
use super::{Store, choice, day, id, instant, json, maybe, money};
use async_graphql::{Value, value};
use perennial::app::billing::upcoming;
use perennial::domain::billing::BillingHold;
use perennial::domain::customer::Customer;
use perennial::domain::discount::DiscountValue;
use perennial::domain::feature::{Entitlement, Feature};
use perennial::domain::period::Period;
use perennial::domain::subscription::parts::{
    AdditionalCost, SubscriptionAddOn, SubscriptionDiscount, SubscriptionItem, SubscriptionPhase,
};
use perennial::domain::subscription::{Subscription, SubscriptionStatus, Terms};
use perennial::domain::tenant::Tenant;
use perennial::domain::{Id, Instant};
use perennial::repository::subscription_parts as parts;
use perennial::repository::{Conn, Fault, Read, billing, feature, subscription, terms};
use std::collections::BTreeMap;

/// The cell of the next invoice, and that of the first one from a later moment on.
pub const UPCOMING: &str = "upcomingInvoice";
pub const UPCOMING_LATER: &str = "upcomingInvoice later";

/// The moment from which later invoices are foreseen.
pub const LATER: &str = "2026-09-01T00:00:00Z";

/// What of subscriptions is worked out, or kept beside them.
struct Beside {
    upcoming: BTreeMap<Id<Subscription>, Value>,
    later: BTreeMap<Id<Subscription>, Value>,
    holds: Vec<BillingHold>,
}

impl Beside {
    fn load(conn: &mut Conn, tenant: Id<Tenant>, ids: &[Id<Subscription>]) -> Read<Beside> {
        let mut foreseen = |since: Option<Instant>| {
            let found = upcoming(conn, tenant, ids, since)?;
            Ok::<_, Fault>(found.iter().map(|(id, invoice)| (*id, invoice_preview(invoice))).collect())
        };
        let (upcoming, later) = (foreseen(None)?, foreseen(LATER.parse().ok())?);
        Ok(Beside { upcoming, later, holds: billing::holds(tenant).order("id").load(conn)? })
    }
}

/// Where an entitlement stands in its subscription: by feature, source and the place of the add-on.
type Place = (Id<Feature>, &'static str, i32);

/// What each subscription and each customer is entitled to, found without the database's view.
#[derive(Default)]
struct Granted {
    /// To what, and how much, where that is limited.
    rows: Vec<(Id<Subscription>, Place, Option<i64>, Entitlement)>,
    sums: BTreeMap<(Id<Customer>, Id<Feature>), Option<i64>>,
}

impl Store {
    /// Answers the ids of the subscriptions, and what is known of their usage.
    pub fn subscriptions(&mut self, conn: &mut Conn, tenant: Id<Tenant>) -> Read<(Vec<Id<Subscription>>, Used)> {
        let rows = subscription::all(tenant).order("id").load(conn)?;
        let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
        let all_terms = terms::of_subscriptions(tenant, &ids).load(conn)?;
        let used = Used::load(conn, tenant, &ids)?;
        let beside = Beside::load(conn, tenant, &ids)?;
        for row in &rows {
            self.subscription(row, all_terms.iter().find(|terms| terms.subscription_id == row.id), &used, &beside);
        }
        for row in &beside.holds {
            self.add(
                "BillingHold",
                [
                    ("id", id(row.id)),
                    ("subscription", id(row.subscription_id)),
                    ("code", choice(row.code)),
                    ("message", row.message.clone().into()),
                    ("attempts", row.attempts.into()),
                    ("since", instant(row.since)),
                    ("retryAt", instant(row.retry_at)),
                ],
            );
        }
        for row in subscription::payments_of(tenant, &ids).load(conn)? {
            self.add(
                "ScheduledPayment",
                [
                    ("subscription", id(row.subscription_id)),
                    ("sequence", row.sequence.into()),
                    ("dueDate", day(row.due_date)),
                    ("amount", money(row.amount)),
                    ("status", choice(row.status)),
                    ("invoice", maybe(row.invoice_id, id)),
                ],
            );
        }
        parts::items_of(tenant, &ids).load(conn)?.iter().for_each(|row| self.item(row));
        let add_ons = parts::add_ons_of(tenant, &ids).load(conn)?;
        add_ons.iter().for_each(|row| self.taken_add_on(row));
        parts::costs_of(tenant, &ids).load(conn)?.iter().for_each(|row| self.cost(row));
        parts::discounts_of(tenant, &ids).load(conn)?.iter().for_each(|row| self.taken_discount(row));
        parts::phases_of(tenant, &ids).load(conn)?.iter().for_each(|row| self.phase(row));
        self.granted(conn, tenant, &rows, &add_ons)?;
        Ok((ids, used))
    }

    fn subscription(&mut self, row: &Subscription, terms: Option<&Terms>, used: &Used, beside: &Beside) {
        let upcoming = terms.map(|terms| terms.upcoming(row, 10)).unwrap_or_default();
        self.add(
            "Subscription",
            [
                ("id", id(row.id)),
                ("handle", maybe(row.handle.as_deref(), Value::from)),
                ("status", choice(row.status)),
                ("customer", id(row.customer_id)),
                ("plan", maybe(row.plan_id, id)),
                ("order", maybe(row.order_id, id)),
                ("orderItem", maybe(row.order_item_id, id)),
                ("asset", maybe(row.asset_id, id)),
                ("billingGroup", maybe(row.billing_group_id, id)),
                ("parent", maybe(row.parent_subscription_id, id)),
                ("terms", maybe(terms, of_terms)),
                ("usage", used.of(row)),
                ("upcomingPeriods", Value::List(upcoming.into_iter().map(period).collect())),
                (UPCOMING, beside.upcoming.get(&row.id).cloned().unwrap_or_default()),
                (UPCOMING_LATER, beside.later.get(&row.id).cloned().unwrap_or_default()),
                (
                    "billingHold",
                    maybe(beside.holds.iter().find(|hold| hold.subscription_id == row.id), |hold| id(hold.id)),
                ),
                ("returnOverdueSince", maybe(row.billing.return_overdue_since, instant)),
                ("currency", row.currency.code().into()),
                ("timezone", row.timezone.name().into()),
                ("monthlyAmount", maybe(row.monthly_amount, money)),
                ("contractLength", maybe(row.contract_length, |length| i32::from(length).into())),
                ("billingStart", maybe(row.billing_start, choice)),
                ("startDate", instant(row.start_date)),
                ("endDate", maybe(row.end_date, instant)),
                ("trialStart", maybe(row.trial_start, instant)),
                ("trialEnd", maybe(row.trial_end, instant)),
                ("billingAnchor", maybe(row.billing_anchor, instant)),
                ("currentPeriodStart", maybe(row.current_period_start, instant)),
                ("currentPeriodEnd", maybe(row.current_period_end, instant)),
                ("nextBillingDate", maybe(row.next_billing_date, day)),
                ("hostedPaymentLink", maybe(row.hosted_payment_link.as_deref(), Value::from)),
                ("metadata", json(row.metadata.as_str())),
                ("notes", maybe(row.notes.as_deref(), Value::from)),
                ("version", row.version.into()),
                ("createdAt", instant(row.created_at)),
                ("updatedAt", instant(row.updated_at)),
            ],
        );
    }

    fn item(&mut self, row: &SubscriptionItem) {
        self.add(
            "SubscriptionItem",
            [
                ("id", id(row.id)),
                ("subscription", id(row.subscription_id)),
                ("price", id(row.price_id)),
                ("quantity", maybe(row.quantity, Value::from)),
                ("name", row.name.clone().into()),
                ("additional", row.additional.into()),
                ("startDate", instant(row.start_date)),
                ("endDate", maybe(row.end_date, instant)),
                ("metadata", json(row.metadata.as_str())),
            ],
        );
    }

    fn taken_add_on(&mut self, row: &SubscriptionAddOn) {
        self.add(
            "SubscriptionAddOn",
            [
                ("id", id(row.id)),
                ("subscription", id(row.subscription_id)),
                ("addOn", id(row.add_on_id)),
                ("handle", row.handle.clone().into()),
                ("quantity", row.quantity.into()),
                ("fixedAmount", maybe(row.fixed_amount.as_ref(), decimal)),
                ("taxRate", decimal(&row.tax.rate.decimal())),
                ("amountIncludesTax", row.tax.included.into()),
                ("name", row.name.clone().into()),
                ("description", maybe(row.description.as_deref(), Value::from)),
                ("startDate", instant(row.start_date)),
                ("endDate", maybe(row.end_date, instant)),
            ],
        );
    }

    fn cost(&mut self, row: &AdditionalCost) {
        self.add(
            "AdditionalCost",
            [
                ("id", id(row.id)),
                ("subscription", id(row.subscription_id)),
                ("handle", row.handle.clone().into()),
                ("text", row.text.clone().into()),
                ("amount", money(row.amount)),
                ("quantity", row.quantity.into()),
                ("taxRate", decimal(&row.tax.rate.decimal())),
                ("amountIncludesTax", row.tax.included.into()),
                ("state", choice(row.state)),
                ("invoice", maybe(row.invoice_id, id)),
            ],
        );
    }

    fn taken_discount(&mut self, row: &SubscriptionDiscount) {
        let (percentage, amount) = match row.terms.value {
            DiscountValue::Percentage(percentage) => (decimal(&percentage.decimal()), Value::Null),
            DiscountValue::Amount(amount) => (Value::Null, money(amount)),
        };
        self.add(
            "SubscriptionDiscount",
            [
                ("id", id(row.id)),
                ("subscription", id(row.subscription_id)),
                ("discount", id(row.discount_id)),
                ("coupon", maybe(row.coupon_id, id)),
                ("handle", row.handle.clone().into()),
                ("name", row.name.clone().into()),
                ("percentage", percentage),
                ("amount", amount),
                ("appliesTo", Value::List(row.terms.applies_to.iter().map(|target| choice(*target)).collect())),
                ("fixedCount", maybe(row.terms.fixed_count, Value::from)),
                ("fixedPeriod", maybe(row.terms.fixed_period, duration)),
                ("price", maybe(row.price_id, id)),
                ("startDate", instant(row.start_date)),
                ("endDate", maybe(row.end_date, instant)),
                ("uses", row.uses.into()),
            ],
        );
    }

    fn phase(&mut self, row: &SubscriptionPhase) {
        self.add(
            "SubscriptionPhase",
            [
                ("id", id(row.id)),
                ("subscription", id(row.subscription_id)),
                ("startDate", instant(row.start_date)),
                ("endDate", maybe(row.end_date, instant)),
                ("metadata", json(row.metadata.as_str())),
            ],
        );
    }

    fn granted(
        &mut self,
        conn: &mut Conn,
        tenant: Id<Tenant>,
        subscriptions: &[Subscription],
        add_ons: &[SubscriptionAddOn],
    ) -> Read<()> {
        let plan_ids: Vec<_> = subscriptions.iter().filter_map(|row| row.plan_id).collect();
        let add_on_ids: Vec<_> = add_ons.iter().map(|row| row.add_on_id).collect();
        let ids: Vec<_> = subscriptions.iter().map(|row| row.id).collect();
        let of_plans = feature::of_plans(tenant, &plan_ids).load(conn)?;
        let of_add_ons = feature::of_add_ons(tenant, &add_on_ids).load(conn)?;
        let own = feature::of_subscriptions(tenant, &ids).load(conn)?;
        let mut granted = Granted::default();
        for row in subscriptions {
            for entitlement in of_plans.iter().filter(|one| row.plan_id.is_some() && one.plan_id == row.plan_id) {
                granted.add(row, "PLAN", 0, 1, entitlement);
            }
            for taken in add_ons.iter().filter(|taken| taken.subscription_id == row.id) {
                for entitlement in of_add_ons.iter().filter(|one| one.add_on_id == Some(taken.add_on_id)) {
                    granted.add(row, "ADD_ON", taken.position, taken.quantity, entitlement);
                }
            }
            for entitlement in own.iter().filter(|one| one.subscription_id == Some(row.id)) {
                granted.add(row, "SUBSCRIPTION", 0, 1, entitlement);
            }
        }
        granted.rows.sort_by_key(|(subscription, key, ..)| (*subscription, *key));
        for (subscription, (feature, source, _), limit, entitlement) in granted.rows {
            self.add(
                "SubscriptionEntitlement",
                [
                    ("subscription", id(subscription)),
                    ("feature", id(feature)),
                    ("source", source.into()),
                    ("usageLimit", maybe(limit, Value::from)),
                    ("softLimit", entitlement.terms.soft_limit.into()),
                    ("resetPeriod", maybe(entitlement.terms.reset_period, choice)),
                    ("staticValue", maybe(entitlement.terms.static_value.as_deref(), Value::from)),
                ],
            );
        }
        for ((customer, feature), limit) in granted.sums {
            let cells =
                [("customer", id(customer)), ("feature", id(feature)), ("usageLimit", maybe(limit, Value::from))];
            self.add("CustomerEntitlement", cells);
        }
        Ok(())
    }
}

impl Granted {
    fn add(&mut self, row: &Subscription, source: &'static str, place: i32, times: i32, entitlement: &Entitlement) {
        let feature = entitlement.feature_id;
        let limit = entitlement.terms.usage_limit.map(|limit| limit * i64::from(times));
        self.rows.push((row.id, (feature, source, place), limit, entitlement.clone()));
        if matches!(row.status, SubscriptionStatus::Active | SubscriptionStatus::Trialing) {
            let sum = self.sums.entry((row.customer_id, feature)).or_insert(Some(0));
            *sum = match (*sum, limit) {
                (Some(sum), Some(limit)) => Some(sum + limit),
                _ => None,
            };
        }
    }
}

fn of_terms(row: &Terms) -> Value {
    let commitment = value!({
        "amount": maybe(row.commitment.amount, money),
        "duration": maybe(row.commitment.duration, choice),
        "overageFactor": decimal(&row.commitment.overage_factor),
        "enableTrueUp": row.commitment.true_up,
    });
    value!({
        "quantity": row.quantity,
        "schedule": schedule(row.schedule),
        "billedFrom": maybe(row.billed_from, instant),
        "requestedEnd": maybe(row.requested_end, instant),
        "partialPeriodHandling": choice(row.partial_periods.handling),
        "prorationUnit": choice(row.partial_periods.unit),
        "billingCadence": choice(row.cadence),
        "taxRate": decimal(&row.tax.rate.decimal()),
        "amountIncludesTax": row.tax.included,
        "setupFee": row.setup_fee,
        "prorationBehavior": maybe(row.proration_behavior, choice),
        "commitment": commitment,
        "collectionMethod": choice(row.collection_method),
        "paymentBehavior": choice(row.payment_behavior),
        "paymentTerms": maybe(row.payment_terms, choice),
        "graceDurationSeconds": maybe(row.grace_seconds, Value::from),
        "signupMethod": maybe(row.signup_method, choice),
        "paymentMethod": maybe(row.payment_method_id, id),
        "invoiceBilling": choice(row.invoice_billing),
        "invoicedCustomer": id(row.invoiced_customer_id),
        "test": row.test,
    })
}

pub fn period(period: Period) -> Value {
    value!({"start": instant(period.start), "end": instant(period.end)})
}
