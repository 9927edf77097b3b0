//! Discounts: the templates.

use super::change::change;
use super::db::{Fault, Read, Tx, changed};
use super::list::{List, listed};
use super::on_backend;
use super::query::{Condition, Query, Values, stored};
use super::schema::discounts;
use super::sql_types::{At, Several, amount as money, duration};
use crate::domain::discount::{Discount, DiscountTerms, DiscountValue, Percentage};
use crate::domain::feature::CatalogueState;
use crate::domain::tenant::Tenant;
use crate::domain::{Id, Money};
use diesel::prelude::*;

stored!(Discount, discounts(
    id, code, name, percentage, currency, amount, applies_to, fixed_count, fixed_period, fixed_period_unit, state,
    metadata, version, created_at, updated_at
) => {
    let (Several(applies_to), At(created_at), At(updated_at)) = (applies_to, created_at, updated_at);
    let terms = DiscountTerms {
        value: value(percentage, money(amount, currency))?,
        applies_to,
        fixed_count,
        fixed_period: duration(fixed_period, fixed_period_unit),
    };
    Discount { id, code, name, terms, state, metadata, version, created_at, updated_at }
});

listed!(Discount: List::new()
    .text(discounts::code).sorted(|discount: &Discount| (&discount.code).into())
    .text(discounts::name).sorted(|discount| (&discount.name).into())
    .choice::<CatalogueState>(discounts::state)
    .instant(discounts::created_at).sorted(|discount| discount.created_at.into())
    .instant(discounts::updated_at).sorted(|discount| discount.updated_at.into()));

/// What the columns of a discount hold: one of the two.
pub(super) fn value(percentage: Option<Percentage>, amount: Option<Money>) -> Read<DiscountValue> {
    match (percentage, amount) {
        (Some(percentage), None) => Ok(DiscountValue::Percentage(percentage)),
        (None, Some(amount)) => Ok(DiscountValue::Amount(amount)),
        _ => Err(Fault::Database("a stored discount is not a percentage or an amount".to_owned())),
    }
}

/// The columns of a value: a percentage, or an amount with its currency.
pub(super) fn columns(value: DiscountValue) -> (Option<Percentage>, Option<Money>) {
    match value {
        DiscountValue::Percentage(percentage) => (Some(percentage), None),
        DiscountValue::Amount(amount) => (None, Some(amount)),
    }
}

pub fn all(tenant: Id<Tenant>) -> Query<Discount> {
    Query::new(tenant)
}

pub fn by_code(tenant: Id<Tenant>, code: &str) -> Query<Discount> {
    Query::by_text(tenant, "code", code)
}

/// The discounts with these ids, and those with these codes; the archived ones too.
pub fn by_ids_or_codes(tenant: Id<Tenant>, ids: &[Id<Discount>], codes: Vec<String>) -> Query<Discount> {
    let ids = Condition::Among("id", Values::Ids(ids.iter().map(|id| id.untyped()).collect()));
    Query::new(tenant).filter(Condition::Any(vec![ids, Condition::Among("code", Values::Texts(codes))]))
}

/// The columns that may change, with their values.
macro_rules! changeable {
    ($discount:ident) => {{
        let (percentage, amount) = columns($discount.terms.value);
        (
            discounts::name.eq(&$discount.name),
            discounts::percentage.eq(percentage),
            discounts::currency.eq(amount.map(|amount| amount.currency)),
            discounts::amount.eq(amount.map(|amount| amount.minor)),
            discounts::applies_to.eq(Several($discount.terms.applies_to.clone())),
            discounts::fixed_count.eq($discount.terms.fixed_count),
            discounts::fixed_period.eq($discount.terms.fixed_period.map(|period| period.length)),
            discounts::fixed_period_unit.eq($discount.terms.fixed_period.map(|period| period.unit)),
            discounts::state.eq($discount.state),
            discounts::metadata.eq(&$discount.metadata),
            discounts::version.eq($discount.version),
            discounts::updated_at.eq(At($discount.updated_at)),
        )
    }};
}

pub fn insert(tx: &mut Tx<'_>, tenant: Id<Tenant>, discount: &Discount) -> Read<()> {
    on_backend!(tx, |conn| diesel::insert_into(discounts::table)
        .values((
            discounts::tenant_id.eq(tenant),
            discounts::id.eq(discount.id),
            discounts::code.eq(&discount.code),
            discounts::created_at.eq(At(discount.created_at)),
            changeable!(discount),
        ))
        .execute(conn))?;
    Ok(())
}

/// Stores a changed discount over the version before it. Its code never changes.
pub fn update(tx: &mut Tx<'_>, tenant: Id<Tenant>, discount: &Discount) -> Read<()> {
    let rows = on_backend!(tx, |conn| change(discounts::table)
        .filter(discounts::tenant_id.eq(tenant))
        .filter(discounts::id.eq(discount.id))
        .filter(discounts::version.eq(discount.version - 1))
        .set(changeable!(discount))
        .execute(conn))?;
    changed(rows, 1)
}
