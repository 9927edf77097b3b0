//! What the billing run reads and writes: who is due, what was billed of whom, and who was set aside.

use super::change::change;
use super::db::{Read, Tx, changed};
use super::given::{self, Column, UpdateEach};
use super::list::{Bind, List, listed};
use super::query::{Comparison, Condition, Query, stored};
use super::schema::{
    billing_groups, billing_holds, customers, invoice_lines, scheduled_payments, subscriptions, tenants,
};
use super::sql_types::{At, hex, sqlite_text};
use super::{Conn, on_backend};
use crate::domain::billing::{BilledPeriod, BillingHold, HoldCode};
use crate::domain::billing_group::BillingGroup;
use crate::domain::pricing::LineKind;
use crate::domain::subscription::parts::{AdditionalCost, SubscriptionDiscount};
use crate::domain::subscription::{ScheduledPayment, ScheduledPaymentStatus, Subscription};
use crate::domain::tenant::Tenant;
use crate::domain::{Choice, Id, Instant};
use diesel::dsl::exists;
use diesel::prelude::*;
use serde_json::json;
use std::collections::BTreeMap;

stored!(BillingHold, billing_holds(id, subscription_id, code, message, attempts, since, retry_at) => {
    let (At(since), At(retry_at)) = (since, retry_at);
    BillingHold { id, subscription_id, code, message, attempts, since, retry_at }
});

listed!(BillingHold: List::new()
    .choice::<HoldCode>(billing_holds::code)
    .id::<Subscription>(billing_holds::subscription_id)
    .instant(billing_holds::since).sorted(|hold: &BillingHold| hold.since.into())
    .instant(billing_holds::retry_at).sorted(|hold| hold.retry_at.into()));

/// Everything that is set aside.
pub fn holds(tenant: Id<Tenant>) -> Query<BillingHold> {
    Query::new(tenant)
}

/// What is noted of these subscriptions.
pub fn holds_of(tenant: Id<Tenant>, subscriptions: &[Id<Subscription>]) -> Query<BillingHold> {
    Query::new(tenant).of_each("subscription_id", subscriptions)
}

diesel::allow_tables_to_appear_in_same_query!(subscriptions, tenants);

/// The tenants that have a subscription due, each by its own clock, or by the machine's where it has none. For the run: no
/// request looks beyond its own tenant.
pub fn due_tenants(conn: &mut Conn, machine_now: Instant) -> Read<Vec<Id<Tenant>>> {
    Ok(on_backend!(conn, |conn| {
        let by_clock = tenants::clock.is_not_null().and(subscriptions::due_at.le(tenants::clock));
        let by_machine = tenants::clock.is_null().and(subscriptions::due_at.le(At(machine_now)));
        let of_tenant = subscriptions::table.filter(subscriptions::tenant_id.eq(tenants::tenant_id));
        let due = of_tenant.filter(subscriptions::due_at.is_not_null()).filter(by_clock.or(by_machine));
        tenants::table.filter(exists(due)).select(tenants::tenant_id).order(tenants::tenant_id).load(conn)
    })?)
}

/// When the next subscription of a tenant falls due.
pub fn next_at(conn: &mut Conn, tenant: Id<Tenant>) -> Read<Option<Instant>> {
    let next: Option<Option<At>> = on_backend!(conn, |conn| subscriptions::table
        .filter(subscriptions::tenant_id.eq(tenant))
        .filter(subscriptions::due_at.is_not_null())
        .select(subscriptions::due_at)
        .order(subscriptions::due_at)
        .first(conn)
        .optional())?;
    Ok(next.flatten().map(|At(next)| next))
}

/// How many subscriptions of a tenant are due.
pub fn count_due(conn: &mut Conn, tenant: Id<Tenant>, until: Instant) -> Read<i64> {
    Ok(on_backend!(conn, |conn| subscriptions::table
        .filter(subscriptions::tenant_id.eq(tenant))
        .filter(subscriptions::due_at.le(At(until)))
        .count()
        .get_result(conn))?)
}

/// The subscriptions of a tenant that fall due until a moment, in the order in which they do.
fn due(tenant: Id<Tenant>, until: Instant) -> Query<Subscription> {
    Query::new(tenant).filter(Condition::Is("due_at", Comparison::AtMost, until.into())).order("due_at").order("id")
}

/// Claims subscriptions that are billed by themselves: nobody else bills them until the transaction ends.
pub fn claim(tx: &mut Tx<'_>, tenant: Id<Tenant>, until: Instant, most: i64) -> Read<Vec<Subscription>> {
    due(tenant, until).filter(Condition::Null("consolidated_by", true)).claim(tx, most)
}

/// One subscription, if it is due and nobody else bills it.
pub fn claim_one(tx: &mut Tx<'_>, tenant: Id<Tenant>, id: Id<Subscription>, until: Instant) -> Read<Vec<Subscription>> {
    due(tenant, until).among("id", &[id]).claim(tx, 1)
}

/// Who gets one invoice for several subscriptions of which some are due.
pub fn due_groups(conn: &mut Conn, tenant: Id<Tenant>, until: Instant, most: i64) -> Read<Vec<Id<()>>> {
    let found: Vec<Option<Id<()>>> = on_backend!(conn, |conn| subscriptions::table
        .filter(subscriptions::tenant_id.eq(tenant))
        .filter(subscriptions::due_at.le(At(until)))
        .filter(subscriptions::consolidated_by.is_not_null())
        .select(subscriptions::consolidated_by)
        .distinct()
        .order(subscriptions::consolidated_by)
        .limit(most)
        .load(conn))?;
    Ok(found.into_iter().flatten().collect())
}

/// Claims everything that is due of a group: none where somebody else bills it. The group's own row is what is held.
pub fn claim_group(tx: &mut Tx<'_>, tenant: Id<Tenant>, group: Id<()>, until: Instant) -> Read<Vec<Subscription>> {
    let held: Option<Id<()>> = match &mut **tx {
        Conn::Sqlite(_) => Some(group),
        Conn::Postgres(conn) => {
            let of_group = billing_groups::table
                .filter(billing_groups::tenant_id.eq(tenant))
                .filter(billing_groups::id.eq(group))
                .select(billing_groups::id);
            let of_customer = customers::table
                .filter(customers::tenant_id.eq(tenant))
                .filter(customers::id.eq(group))
                .select(customers::id);
            match of_group.for_no_key_update().skip_locked().get_result(conn).optional()? {
                Some(held) => Some(held),
                None => of_customer.for_no_key_update().skip_locked().get_result(conn).optional()?,
            }
        }
    };
    match held {
        None => Ok(Vec::new()),
        Some(_) => {
            due(tenant, until).filter(Condition::Is("consolidated_by", Comparison::Equal, group.into())).load(tx)
        }
    }
}

/// Bills the subscriptions of a group together from now on, or one by one.
pub fn consolidate(tx: &mut Tx<'_>, tenant: Id<Tenant>, group: Id<BillingGroup>, together: bool) -> Read<()> {
    let by = together.then(|| group.untyped());
    on_backend!(tx, |conn| change(subscriptions::table)
        .filter(subscriptions::tenant_id.eq(tenant))
        .filter(subscriptions::billing_group_id.eq(group))
        .set(subscriptions::consolidated_by.eq(by))
        .execute(conn))?;
    Ok(())
}

/// Stores how far the billing of subscriptions has come, each over the version before.
pub fn roll(tx: &mut Tx<'_>, tenant: Id<Tenant>, rolled: &[Subscription]) -> Read<()> {
    const UPDATE: UpdateEach = UpdateEach {
        table: "subscriptions",
        keys: &[("id", "uuid")],
        set: &[
            ("status", "text"),
            ("current_period_start", "timestamptz"),
            ("current_period_end", "timestamptz"),
            ("next_billing_date", "date"),
            ("next_billing_at", "timestamptz"),
            ("due_at", "timestamptz"),
            ("usage_billed_until", "timestamptz"),
            ("return_overdue_since", "timestamptz"),
            ("version", "integer"),
            ("updated_at", "timestamptz"),
        ],
        guard: "subscriptions.version = given.version - 1",
    };
    let row = |subscription: &Subscription| {
        let billing = subscription.billing;
        json!({
            "id": hex(subscription.id),
            "status": subscription.status.name(),
            "current_period_start": subscription.current_period_start.map(sqlite_text),
            "current_period_end": subscription.current_period_end.map(sqlite_text),
            "next_billing_date": subscription.next_billing_date.map(|day| day.to_string()),
            "next_billing_at": billing.next_at.map(sqlite_text),
            "due_at": billing.due_at.map(sqlite_text),
            "usage_billed_until": billing.usage_until.map(sqlite_text),
            "return_overdue_since": billing.return_overdue_since.map(sqlite_text),
            "version": subscription.version,
            "updated_at": sqlite_text(subscription.updated_at),
        })
    };
    UPDATE.run(tx, tenant, rolled.iter().map(row).collect())
}

/// Stores what an invoice bills of whom. Each stretch follows the last one of its source; what overlaps another one, or
/// was billed already, loses the race.
pub fn insert_billed(tx: &mut Tx<'_>, tenant: Id<Tenant>, billed: &[BilledPeriod]) -> Read<()> {
    const COLUMNS: &[Column] = &[
        ("subscription_id", "uuid"),
        ("source_id", "uuid"),
        ("period_start", "timestamptz"),
        ("period_end", "timestamptz"),
        ("invoice_id", "uuid"),
    ];
    let row = |BilledPeriod { subscription_id, invoice_id, source, period }: &BilledPeriod| {
        json!({
            "subscription_id": hex(*subscription_id),
            "source_id": hex(*source),
            "period_start": sqlite_text(period.start),
            "period_end": sqlite_text(period.end),
            "invoice_id": hex(*invoice_id),
        })
    };
    let rows = billed.iter().map(row).collect();
    given::execute(tx, tenant, &[COLUMNS], rows, |given, tenant| {
        format!(
            "INSERT INTO billed_periods
                 (tenant_id, subscription_id, source_id, period_start, period_end, invoice_id, previous_end)
             SELECT {tenant}, subscription_id, source_id, period_start, period_end, invoice_id,
                 (SELECT max(before.period_end) FROM billed_periods AS before
                  WHERE before.tenant_id = {tenant} AND before.source_id = given.source_id)
             FROM {given}"
        )
    })?;
    Ok(())
}

/// Those of these subscriptions whose setup fee was invoiced.
pub fn setup_fee_billed(conn: &mut Conn, tenant: Id<Tenant>, of: &[Id<Subscription>]) -> Read<Vec<Id<Subscription>>> {
    let found: Vec<Option<Id<Subscription>>> = on_backend!(conn, |conn| invoice_lines::table
        .filter(invoice_lines::tenant_id.eq(tenant))
        .filter(invoice_lines::subscription_id.eq_any(of))
        .filter(invoice_lines::kind.eq(LineKind::SetupFee))
        .select(invoice_lines::subscription_id)
        .distinct()
        .load(conn))?;
    Ok(found.into_iter().flatten().collect())
}

/// Stores on how many invoices discounts were, over one less.
pub fn count_discounts(tx: &mut Tx<'_>, tenant: Id<Tenant>, discounts: &[&SubscriptionDiscount]) -> Read<()> {
    const UPDATE: UpdateEach = UpdateEach {
        table: "subscription_discounts",
        keys: &[("id", "uuid")],
        set: &[("uses", "integer")],
        guard: "subscription_discounts.uses = given.uses - 1",
    };
    let row = |discount: &&SubscriptionDiscount| json!({"id": hex(discount.id), "uses": discount.uses});
    UPDATE.run(tx, tenant, discounts.iter().map(row).collect())
}

/// Stores that additional costs are on an invoice, which waited for one.
pub fn transfer_costs(tx: &mut Tx<'_>, tenant: Id<Tenant>, costs: &[&AdditionalCost]) -> Read<()> {
    const UPDATE: UpdateEach = UpdateEach {
        table: "additional_costs",
        keys: &[("id", "uuid")],
        set: &[("state", "text"), ("invoice_id", "uuid")],
        guard: "additional_costs.state = 'PENDING'",
    };
    let row = |cost: &&AdditionalCost| json!({"id": hex(cost.id), "state": cost.state.name(), "invoice_id": cost.invoice_id.map(hex)});
    UPDATE.run(tx, tenant, costs.iter().map(row).collect())
}

/// What is still to be invoiced of the payments of these rentals, in order.
pub fn open_payments_of(tenant: Id<Tenant>, subscriptions: &[Id<Subscription>]) -> Query<ScheduledPayment> {
    let scheduled = Bind::Text(ScheduledPaymentStatus::Scheduled.name().to_owned());
    super::subscription::payments_of(tenant, subscriptions).filter(Condition::Is(
        "status",
        Comparison::Equal,
        scheduled,
    ))
}

/// The place of the last payment of each of these rentals.
pub fn last_sequences(
    conn: &mut Conn,
    tenant: Id<Tenant>,
    of: &[Id<Subscription>],
) -> Read<BTreeMap<Id<Subscription>, i32>> {
    let found: Vec<(Id<Subscription>, Option<i32>)> = on_backend!(conn, |conn| scheduled_payments::table
        .filter(scheduled_payments::tenant_id.eq(tenant))
        .filter(scheduled_payments::subscription_id.eq_any(of))
        .group_by(scheduled_payments::subscription_id)
        .select((scheduled_payments::subscription_id, diesel::dsl::max(scheduled_payments::sequence)))
        .load(conn))?;
    Ok(found.into_iter().filter_map(|(id, last)| Some((id, last?))).collect())
}

/// Stores which invoice asks for payments that were scheduled.
pub fn invoice_payments(tx: &mut Tx<'_>, tenant: Id<Tenant>, payments: &[&ScheduledPayment]) -> Read<()> {
    const UPDATE: UpdateEach = UpdateEach {
        table: "scheduled_payments",
        keys: &[("subscription_id", "uuid"), ("sequence", "integer")],
        set: &[("status", "text"), ("invoice_id", "uuid")],
        guard: "scheduled_payments.status = 'SCHEDULED'",
    };
    let row = |payment: &&ScheduledPayment| {
        json!({
            "subscription_id": hex(payment.subscription_id),
            "sequence": payment.sequence,
            "status": payment.status.name(),
            "invoice_id": payment.invoice_id.map(hex),
        })
    };
    UPDATE.run(tx, tenant, payments.iter().map(row).collect())
}

/// Notes why a subscription was set aside, and lets it fall due again when it is to be tried.
pub fn hold(tx: &mut Tx<'_>, tenant: Id<Tenant>, hold: &BillingHold) -> Read<()> {
    on_backend!(tx, |conn| diesel::insert_into(billing_holds::table)
        .values((
            billing_holds::tenant_id.eq(tenant),
            billing_holds::id.eq(hold.id),
            billing_holds::subscription_id.eq(hold.subscription_id),
            billing_holds::code.eq(hold.code),
            billing_holds::message.eq(&hold.message),
            billing_holds::attempts.eq(hold.attempts),
            billing_holds::since.eq(At(hold.since)),
            billing_holds::retry_at.eq(At(hold.retry_at)),
        ))
        .on_conflict((billing_holds::tenant_id, billing_holds::subscription_id))
        .do_update()
        .set((
            billing_holds::code.eq(hold.code),
            billing_holds::message.eq(&hold.message),
            billing_holds::attempts.eq(hold.attempts),
            billing_holds::retry_at.eq(At(hold.retry_at)),
        ))
        .execute(conn))?;
    let rows = on_backend!(tx, |conn| change(subscriptions::table)
        .filter(subscriptions::tenant_id.eq(tenant))
        .filter(subscriptions::id.eq(hold.subscription_id))
        .filter(subscriptions::due_at.is_not_null())
        .set(subscriptions::due_at.eq(At(hold.retry_at)))
        .execute(conn))?;
    changed(rows, 1)
}

/// Forgets what was noted of subscriptions that were billed after all.
pub fn release(tx: &mut Tx<'_>, tenant: Id<Tenant>, holds: &[Id<BillingHold>]) -> Read<()> {
    if holds.is_empty() {
        return Ok(());
    }
    on_backend!(tx, |conn| diesel::delete(billing_holds::table)
        .filter(billing_holds::tenant_id.eq(tenant))
        .filter(billing_holds::id.eq_any(holds))
        .execute(conn))?;
    Ok(())
}
