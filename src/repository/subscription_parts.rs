//! What subscriptions to plans consist of: items, add-ons, additional costs, discounts, phases.

use super::db::{Read, Tx, changed};
use super::on_backend;
use super::query::{Condition, Query, Values, stored};
use super::schema::{
    additional_costs, subscription_add_ons, subscription_discounts, subscription_items, subscription_phases,
};
use super::sql_types::{At, Decimal, Several, duration, instant};
use super::subscription::ROWS;
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
    for rows in rows.chunks(ROWS) {
        let rows: Vec<_> = rows
            .iter()
            .map(|row| {
                (
                    subscription_items::tenant_id.eq(tenant),
                    subscription_items::id.eq(row.id),
                    subscription_items::subscription_id.eq(row.subscription_id),
                    subscription_items::position.eq(row.position),
                    subscription_items::price_id.eq(row.price_id),
                    subscription_items::quantity.eq(row.quantity),
                    subscription_items::name.eq(&row.name),
                    subscription_items::additional.eq(row.additional),
                    subscription_items::start_date.eq(At(row.start_date)),
                    subscription_items::end_date.eq(row.end_date.map(At)),
                    subscription_items::metadata.eq(&row.metadata),
                )
            })
            .collect();
        on_backend!(tx, |conn| diesel::insert_into(subscription_items::table).values(&rows).execute(conn))?;
    }
    Ok(())
}

pub fn insert_add_ons(tx: &mut Tx<'_>, tenant: Id<Tenant>, rows: &[SubscriptionAddOn]) -> Read<()> {
    for rows in rows.chunks(ROWS) {
        let rows: Vec<_> = rows
            .iter()
            .map(|row| {
                (
                    subscription_add_ons::tenant_id.eq(tenant),
                    subscription_add_ons::id.eq(row.id),
                    subscription_add_ons::subscription_id.eq(row.subscription_id),
                    subscription_add_ons::position.eq(row.position),
                    subscription_add_ons::add_on_id.eq(row.add_on_id),
                    subscription_add_ons::handle.eq(&row.handle),
                    subscription_add_ons::quantity.eq(row.quantity),
                    subscription_add_ons::fixed_amount.eq(row.fixed_amount.clone().map(Decimal)),
                    subscription_add_ons::tax_rate.eq(row.tax.rate),
                    subscription_add_ons::amount_includes_tax.eq(row.tax.included),
                    subscription_add_ons::name.eq(&row.name),
                    subscription_add_ons::description.eq(&row.description),
                    subscription_add_ons::start_date.eq(At(row.start_date)),
                    subscription_add_ons::end_date.eq(row.end_date.map(At)),
                )
            })
            .collect();
        on_backend!(tx, |conn| diesel::insert_into(subscription_add_ons::table).values(&rows).execute(conn))?;
    }
    Ok(())
}

pub fn insert_costs(tx: &mut Tx<'_>, tenant: Id<Tenant>, rows: &[AdditionalCost]) -> Read<()> {
    for rows in rows.chunks(ROWS) {
        let rows: Vec<_> = rows
            .iter()
            .map(|row| {
                (
                    additional_costs::tenant_id.eq(tenant),
                    additional_costs::id.eq(row.id),
                    additional_costs::subscription_id.eq(row.subscription_id),
                    additional_costs::position.eq(row.position),
                    additional_costs::handle.eq(&row.handle),
                    additional_costs::text.eq(&row.text),
                    additional_costs::currency.eq(row.amount.currency),
                    additional_costs::amount.eq(row.amount.minor),
                    additional_costs::quantity.eq(row.quantity),
                    additional_costs::tax_rate.eq(row.tax.rate),
                    additional_costs::amount_includes_tax.eq(row.tax.included),
                    additional_costs::state.eq(row.state),
                    additional_costs::invoice_id.eq(row.invoice_id),
                )
            })
            .collect();
        on_backend!(tx, |conn| diesel::insert_into(additional_costs::table).values(&rows).execute(conn))?;
    }
    Ok(())
}

pub fn insert_discounts(tx: &mut Tx<'_>, tenant: Id<Tenant>, rows: &[SubscriptionDiscount]) -> Read<()> {
    for rows in rows.chunks(ROWS) {
        let rows: Vec<_> = rows
            .iter()
            .map(|row| {
                let (percentage, amount) = match row.terms.value {
                    DiscountValue::Percentage(percentage) => (Some(percentage), None),
                    DiscountValue::Amount(amount) => (None, Some(amount)),
                };
                (
                    subscription_discounts::tenant_id.eq(tenant),
                    subscription_discounts::id.eq(row.id),
                    subscription_discounts::subscription_id.eq(row.subscription_id),
                    subscription_discounts::position.eq(row.position),
                    subscription_discounts::discount_id.eq(row.discount_id),
                    subscription_discounts::coupon_id.eq(row.coupon_id),
                    subscription_discounts::handle.eq(&row.handle),
                    subscription_discounts::name.eq(&row.name),
                    subscription_discounts::percentage.eq(percentage),
                    subscription_discounts::amount.eq(amount.map(|amount| amount.minor)),
                    subscription_discounts::currency.eq(amount.map(|amount| amount.currency)),
                    subscription_discounts::applies_to.eq(Several(row.terms.applies_to.clone())),
                    subscription_discounts::fixed_count.eq(row.terms.fixed_count),
                    subscription_discounts::fixed_period_length.eq(row.terms.fixed_period.map(|period| period.length)),
                    subscription_discounts::fixed_period_unit.eq(row.terms.fixed_period.map(|period| period.unit)),
                    subscription_discounts::price_id.eq(row.price_id),
                    subscription_discounts::start_date.eq(At(row.start_date)),
                    subscription_discounts::end_date.eq(row.end_date.map(At)),
                    subscription_discounts::uses.eq(row.uses),
                )
            })
            .collect();
        on_backend!(tx, |conn| diesel::insert_into(subscription_discounts::table).values(&rows).execute(conn))?;
    }
    Ok(())
}

pub fn insert_phases(tx: &mut Tx<'_>, tenant: Id<Tenant>, rows: &[SubscriptionPhase]) -> Read<()> {
    for rows in rows.chunks(ROWS) {
        let rows: Vec<_> = rows
            .iter()
            .map(|row| {
                (
                    subscription_phases::tenant_id.eq(tenant),
                    subscription_phases::id.eq(row.id),
                    subscription_phases::subscription_id.eq(row.subscription_id),
                    subscription_phases::position.eq(row.position),
                    subscription_phases::start_date.eq(At(row.start_date)),
                    subscription_phases::end_date.eq(row.end_date.map(At)),
                    subscription_phases::metadata.eq(&row.metadata),
                )
            })
            .collect();
        on_backend!(tx, |conn| diesel::insert_into(subscription_phases::table).values(&rows).execute(conn))?;
    }
    Ok(())
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
        let rows = on_backend!(tx, |conn| diesel::update(subscription_items::table)
            .filter(subscription_items::tenant_id.eq(tenant))
            .filter(subscription_items::id.eq(item.id))
            .set(subscription_items::start_date.eq(At(item.start_date)))
            .execute(conn))?;
        changed(rows, 1)?;
    }
    for add_on in add_ons {
        let rows = on_backend!(tx, |conn| diesel::update(subscription_add_ons::table)
            .filter(subscription_add_ons::tenant_id.eq(tenant))
            .filter(subscription_add_ons::id.eq(add_on.id))
            .set(subscription_add_ons::start_date.eq(At(add_on.start_date)))
            .execute(conn))?;
        changed(rows, 1)?;
    }
    for cost in costs {
        let rows = on_backend!(tx, |conn| diesel::update(additional_costs::table)
            .filter(additional_costs::tenant_id.eq(tenant))
            .filter(additional_costs::id.eq(cost.id))
            .set((additional_costs::state.eq(cost.state), additional_costs::invoice_id.eq(cost.invoice_id)))
            .execute(conn))?;
        changed(rows, 1)?;
    }
    for discount in discounts {
        let rows = on_backend!(tx, |conn| diesel::update(subscription_discounts::table)
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
