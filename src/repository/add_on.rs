//! Add-ons.

use super::change::change;
use super::db::{Read, Tx, changed};
use super::list::{List, listed};
use super::on_backend;
use super::query::{Condition, Query, Values, stored};
use super::schema::add_ons;
use super::sql_types::{At, Decimal, Several};
use crate::domain::Id;
use crate::domain::add_on::{AddOn, AddOnType};
use crate::domain::eligible_plans::EligiblePlans;
use crate::domain::feature::CatalogueState;
use crate::domain::tenant::Tenant;
use diesel::prelude::*;

stored!(AddOn, add_ons(
    id, code, name, description, add_on_type, currency, unit_amount, amount_includes_tax, tax_rate, eligible_plans,
    state, metadata, version, created_at, updated_at
) => {
    let (Decimal(unit_amount), Several(plans)) = (unit_amount, eligible_plans);
    let (At(created_at), At(updated_at)) = (created_at, updated_at);
    AddOn {
        id, code, name, description, add_on_type, currency, unit_amount, amount_includes_tax, tax_rate,
        eligible_plans: EligiblePlans::stored(plans), state, metadata, version, created_at, updated_at,
    }
});

listed!(AddOn: List::new()
    .text(add_ons::code).sorted(|add_on: &AddOn| (&add_on.code).into())
    .text(add_ons::name).sorted(|add_on| (&add_on.name).into())
    .choice::<AddOnType>(add_ons::add_on_type)
    .choice::<CatalogueState>(add_ons::state)
    .instant(add_ons::created_at).sorted(|add_on| add_on.created_at.into())
    .instant(add_ons::updated_at).sorted(|add_on| add_on.updated_at.into()));

pub fn all(tenant: Id<Tenant>) -> Query<AddOn> {
    Query::new(tenant)
}

pub fn by_code(tenant: Id<Tenant>, code: &str) -> Query<AddOn> {
    Query::by_text(tenant, "code", code)
}

/// The add-ons with these ids, and those with these codes; the archived ones too.
pub fn by_ids_or_codes(tenant: Id<Tenant>, ids: &[Id<AddOn>], codes: Vec<String>) -> Query<AddOn> {
    let ids = Condition::Among("id", Values::Ids(ids.iter().map(|id| id.untyped()).collect()));
    Query::new(tenant).filter(Condition::Any(vec![ids, Condition::Among("code", Values::Texts(codes))]))
}

/// The columns that may change, with their values.
macro_rules! changeable {
    ($add_on:ident) => {
        (
            add_ons::name.eq(&$add_on.name),
            add_ons::description.eq(&$add_on.description),
            add_ons::add_on_type.eq($add_on.add_on_type),
            add_ons::unit_amount.eq(Decimal($add_on.unit_amount.clone())),
            add_ons::amount_includes_tax.eq($add_on.amount_includes_tax),
            add_ons::tax_rate.eq($add_on.tax_rate),
            add_ons::all_plans.eq($add_on.eligible_plans.is_all()),
            add_ons::eligible_plans.eq(Several($add_on.eligible_plans.codes().to_vec())),
            add_ons::state.eq($add_on.state),
            add_ons::metadata.eq(&$add_on.metadata),
            add_ons::version.eq($add_on.version),
            add_ons::updated_at.eq(At($add_on.updated_at)),
        )
    };
}

pub fn insert(tx: &mut Tx<'_>, tenant: Id<Tenant>, add_on: &AddOn) -> Read<()> {
    on_backend!(tx, |conn| diesel::insert_into(add_ons::table)
        .values((
            add_ons::tenant_id.eq(tenant),
            add_ons::id.eq(add_on.id),
            add_ons::code.eq(&add_on.code),
            add_ons::currency.eq(add_on.currency),
            add_ons::created_at.eq(At(add_on.created_at)),
            changeable!(add_on),
        ))
        .execute(conn))?;
    Ok(())
}

/// Stores a changed add-on over the version before it. Its code and its currency never change.
pub fn update(tx: &mut Tx<'_>, tenant: Id<Tenant>, add_on: &AddOn) -> Read<()> {
    let rows = on_backend!(tx, |conn| change(add_ons::table)
        .filter(add_ons::tenant_id.eq(tenant))
        .filter(add_ons::id.eq(add_on.id))
        .filter(add_ons::version.eq(add_on.version - 1))
        .set(changeable!(add_on))
        .execute(conn))?;
    changed(rows, 1)
}
