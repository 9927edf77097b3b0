//! What subscriptions to plans consist of: items, add-ons, additional costs, discounts, phases.

use super::change::change;
use super::db::{Read, Tx, changed};
use super::on_backend;
use super::query::{Condition, Query, Values, stored};
use super::rows::rows;
use super::schema::{
    additional_costs, subscription_add_ons, subscription_discounts, subscription_items, subscription_phases,
};
use super::sql_types::{At, Decimal, Several, duration, instant};
use crate::domain::discount::{DiscountTerms, DiscountValue};
use crate::domain::pricing::{Percentage, Tax};
use crate::domain::subscription::Subscription;
use crate::domain::subscription::parts::{
    AdditionalCost, SubscriptionAddOn, SubscriptionDiscount, SubscriptionItem, SubscriptionPhase,
};
use crate::domain::tenant::Tenant;
use crate::domain::{Currency, Id, Money};
use diesel::prelude::*;

stored!(SubscriptionItem, subscription_items(
    id, subscription_id, position, price_id, quantity, name, additional, start_date, end_date, metadata
) => {
    let At(start_date) = start_date;
    SubscriptionItem {
        id, subscription_id, position, price_id, quantity, name, additional, start_date, end_date: instant(end_date),
        metadata,
    }
});

stored!(SubscriptionAddOn, subscription_add_ons(
    id, subscription_id, position, add_on_id, handle, quantity, fixed_amount, tax_rate, amount_includes_tax, name,
    description, start_date, end_date
) => {
    let At(start_date) = start_date;
    let fixed_amount: Option<Decimal> = fixed_amount;
    SubscriptionAddOn {
        id, subscription_id, position, add_on_id, handle, quantity,
        fixed_amount: fixed_amount.map(|Decimal(amount)| amount),
        tax: Tax { rate: tax_rate, included: amount_includes_tax },
        name, description, start_date, end_date: instant(end_date),
    }
});

stored!(AdditionalCost, additional_costs(
    id, subscription_id, position, handle, text, currency, amount, quantity, tax_rate, amount_includes_tax, state,
    invoice_id
) => AdditionalCost {
    id, subscription_id, position, handle, text, amount: Money::new(amount, currency), quantity,
    tax: Tax { rate: tax_rate, included: amount_includes_tax }, state, invoice_id,
});

stored!(SubscriptionDiscount, subscription_discounts(
    id, subscription_id, position, discount_id, coupon_id, handle, name, percentage, amount, currency, applies_to,
    fixed_count, fixed_period_length, fixed_period_unit, price_id, start_date, end_date, uses
) => {
    let At(start_date) = start_date;
    let Several(applies_to) = applies_to;
    let terms = DiscountTerms {
        value: discount_value(percentage, amount, currency),
        applies_to,
        fixed_count,
        fixed_period: duration(fixed_period_length, fixed_period_unit),
    };
    SubscriptionDiscount {
        id, subscription_id, position, discount_id, coupon_id, handle, name, terms, price_id, start_date,
        end_date: instant(end_date), uses,
    }
});

/// What a discount takes off: the table holds it to exactly one of the two.
fn discount_value(percentage: Option<Percentage>, amount: Option<i64>, currency: Option<Currency>) -> DiscountValue {
    match percentage {
        Some(percentage) => DiscountValue::Percentage(percentage),
        None => DiscountValue::Amount(Money::new(amount.unwrap_or_default(), currency.unwrap_or(Currency::EUR))),
    }
}

stored!(SubscriptionPhase, subscription_phases(id, subscription_id, position, start_date, end_date, metadata) => {
    let At(start_date) = start_date;
    SubscriptionPhase { id, subscription_id, position, start_date, end_date: instant(end_date), metadata }
});

/// The items of these subscriptions, in their order.
pub fn items_of(tenant: Id<Tenant>, subscriptions: &[Id<Subscription>]) -> Query<SubscriptionItem> {
    Query::new(tenant).of_each("subscription_id", subscriptions).order("position")
}

/// The add-ons of these subscriptions, in their order.
pub fn add_ons_of(tenant: Id<Tenant>, subscriptions: &[Id<Subscription>]) -> Query<SubscriptionAddOn> {
    Query::new(tenant).of_each("subscription_id", subscriptions).order("position")
}

/// The additional costs of these subscriptions, in their order.
pub fn costs_of(tenant: Id<Tenant>, subscriptions: &[Id<Subscription>]) -> Query<AdditionalCost> {
    Query::new(tenant).of_each("subscription_id", subscriptions).order("position")
}

/// The additional costs with these handles.
pub fn costs_by_handles(tenant: Id<Tenant>, handles: Vec<String>) -> Query<AdditionalCost> {
    Query::new(tenant).filter(Condition::Among("handle", Values::Texts(handles)))
}

/// The discounts of these subscriptions, in their order.
pub fn discounts_of(tenant: Id<Tenant>, subscriptions: &[Id<Subscription>]) -> Query<SubscriptionDiscount> {
    Query::new(tenant).of_each("subscription_id", subscriptions).order("position")
}

/// The phases of these subscriptions, in their order.
pub fn phases_of(tenant: Id<Tenant>, subscriptions: &[Id<Subscription>]) -> Query<SubscriptionPhase> {
    Query::new(tenant).of_each("subscription_id", subscriptions).order("position")
}

pub fn insert_items(tx: &mut Tx<'_>, tenant: Id<Tenant>, rows: &[SubscriptionItem]) -> Read<()> {
    rows!(subscription_items, rows, |row| {
        tenant_id: tenant,
        id: row.id,
        subscription_id: row.subscription_id,
        position: row.position,
        price_id: row.price_id,
        quantity: row.quantity,
        name: row.name.clone(),
        additional: row.additional,
        start_date: At(row.start_date),
        end_date: row.end_date.map(At),
        metadata: row.metadata.clone(),
    })
    .insert(tx)
}

pub fn insert_add_ons(tx: &mut Tx<'_>, tenant: Id<Tenant>, rows: &[SubscriptionAddOn]) -> Read<()> {
    rows!(subscription_add_ons, rows, |row| {
        tenant_id: tenant,
        id: row.id,
        subscription_id: row.subscription_id,
        position: row.position,
        add_on_id: row.add_on_id,
        handle: row.handle.clone(),
        quantity: row.quantity,
        fixed_amount: row.fixed_amount.clone().map(Decimal),
        tax_rate: row.tax.rate,
        amount_includes_tax: row.tax.included,
        name: row.name.clone(),
        description: row.description.clone(),
        start_date: At(row.start_date),
        end_date: row.end_date.map(At),
    })
    .insert(tx)
}

pub fn insert_costs(tx: &mut Tx<'_>, tenant: Id<Tenant>, rows: &[AdditionalCost]) -> Read<()> {
    rows!(additional_costs, rows, |row| {
        tenant_id: tenant,
        id: row.id,
        subscription_id: row.subscription_id,
        position: row.position,
        handle: row.handle.clone(),
        text: row.text.clone(),
        currency: row.amount.currency,
        amount: row.amount.minor,
        quantity: row.quantity,
        tax_rate: row.tax.rate,
        amount_includes_tax: row.tax.included,
        state: row.state,
        invoice_id: row.invoice_id,
    })
    .insert(tx)
}

pub fn insert_discounts(tx: &mut Tx<'_>, tenant: Id<Tenant>, rows: &[SubscriptionDiscount]) -> Read<()> {
    rows!(subscription_discounts, rows, |row| {
        tenant_id: tenant,
        id: row.id,
        subscription_id: row.subscription_id,
        position: row.position,
        discount_id: row.discount_id,
        coupon_id: row.coupon_id,
        handle: row.handle.clone(),
        name: row.name.clone(),
        percentage: worth(row.terms.value).0,
        amount: worth(row.terms.value).1.map(|amount| amount.minor),
        currency: worth(row.terms.value).1.map(|amount| amount.currency),
        applies_to: Several(row.terms.applies_to.clone()),
        fixed_count: row.terms.fixed_count,
        fixed_period_length: row.terms.fixed_period.map(|period| period.length),
        fixed_period_unit: row.terms.fixed_period.map(|period| period.unit),
        price_id: row.price_id,
        start_date: At(row.start_date),
        end_date: row.end_date.map(At),
        uses: row.uses,
    })
    .insert(tx)
}

/// A discount is either.
fn worth(value: DiscountValue) -> (Option<Percentage>, Option<Money>) {
    match value {
        DiscountValue::Percentage(percentage) => (Some(percentage), None),
        DiscountValue::Amount(amount) => (None, Some(amount)),
    }
}

pub fn insert_phases(tx: &mut Tx<'_>, tenant: Id<Tenant>, rows: &[SubscriptionPhase]) -> Read<()> {
    rows!(subscription_phases, rows, |row| {
        tenant_id: tenant,
        id: row.id,
        subscription_id: row.subscription_id,
        position: row.position,
        start_date: At(row.start_date),
        end_date: row.end_date.map(At),
        metadata: row.metadata.clone(),
    })
    .insert(tx)
}

/// Stores what the activation of a draft changes of its parts: when they start, and what its invoices took.
pub fn activate(
    tx: &mut Tx<'_>,
    tenant: Id<Tenant>,
    items: &[SubscriptionItem],
    add_ons: &[SubscriptionAddOn],
    costs: &[AdditionalCost],
    discounts: &[SubscriptionDiscount],
) -> Read<()> {
    for item in items {
        let rows = on_backend!(tx, |conn| change(subscription_items::table)
            .filter(subscription_items::tenant_id.eq(tenant))
            .filter(subscription_items::id.eq(item.id))
            .set(subscription_items::start_date.eq(At(item.start_date)))
            .execute(conn))?;
        changed(rows, 1)?;
    }
    for add_on in add_ons {
        let rows = on_backend!(tx, |conn| change(subscription_add_ons::table)
            .filter(subscription_add_ons::tenant_id.eq(tenant))
            .filter(subscription_add_ons::id.eq(add_on.id))
            .set(subscription_add_ons::start_date.eq(At(add_on.start_date)))
            .execute(conn))?;
        changed(rows, 1)?;
    }
    for cost in costs {
        let rows = on_backend!(tx, |conn| change(additional_costs::table)
            .filter(additional_costs::tenant_id.eq(tenant))
            .filter(additional_costs::id.eq(cost.id))
            .set((additional_costs::state.eq(cost.state), additional_costs::invoice_id.eq(cost.invoice_id)))
            .execute(conn))?;
        changed(rows, 1)?;
    }
    for discount in discounts {
        let rows = on_backend!(tx, |conn| change(subscription_discounts::table)
            .filter(subscription_discounts::tenant_id.eq(tenant))
            .filter(subscription_discounts::id.eq(discount.id))
            .set((
                subscription_discounts::start_date.eq(At(discount.start_date)),
                subscription_discounts::uses.eq(discount.uses),
            ))
            .execute(conn))?;
        changed(rows, 1)?;
    }
    Ok(())
}
