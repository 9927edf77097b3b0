//! Meters.

use super::change::change;
use super::db::{Read, Tx, changed};
use super::list::{List, listed};
use super::on_backend;
use super::query::{Condition, Query, Values, stored};
use super::schema::meters;
use super::sql_types::{At, Several};
use crate::domain::Id;
use crate::domain::feature::{CatalogueState, Feature};
use crate::domain::meter::{Aggregation, Meter};
use crate::domain::tenant::Tenant;
use diesel::prelude::*;

stored!(Meter, meters(
    id, code, name, aggregation, property, filters, feature_id, state, version, created_at, updated_at
) => {
    let (Several(filters), At(created_at), At(updated_at)) = (filters, created_at, updated_at);
    Meter { id, code, name, aggregation, property, filters, feature_id, state, version, created_at, updated_at }
});

listed!(Meter: List::new()
    .text(meters::code).sorted(|meter: &Meter| (&meter.code).into())
    .text(meters::name).sorted(|meter| (&meter.name).into())
    .choice::<Aggregation>(meters::aggregation)
    .id::<Feature>(meters::feature_id)
    .choice::<CatalogueState>(meters::state)
    .instant(meters::created_at).sorted(|meter| meter.created_at.into())
    .instant(meters::updated_at).sorted(|meter| meter.updated_at.into()));

pub fn all(tenant: Id<Tenant>) -> Query<Meter> {
    Query::new(tenant)
}

pub fn by_code(tenant: Id<Tenant>, code: &str) -> Query<Meter> {
    Query::by_text(tenant, "code", code)
}

/// The meters with these codes, the archived ones too.
pub fn by_codes(tenant: Id<Tenant>, codes: Vec<String>) -> Query<Meter> {
    Query::new(tenant).filter(Condition::Among("code", Values::Texts(codes)))
}

/// The meters that measure these features: at most one each.
pub fn of_features(tenant: Id<Tenant>, features: &[Id<Feature>]) -> Query<Meter> {
    Query::new(tenant).of_each("feature_id", features)
}

pub fn insert(tx: &mut Tx<'_>, tenant: Id<Tenant>, meter: &Meter) -> Read<()> {
    on_backend!(tx, |conn| diesel::insert_into(meters::table)
        .values((
            meters::tenant_id.eq(tenant),
            meters::id.eq(meter.id),
            meters::code.eq(&meter.code),
            meters::name.eq(&meter.name),
            meters::aggregation.eq(meter.aggregation),
            meters::property.eq(&meter.property),
            meters::filters.eq(Several(meter.filters.clone())),
            meters::feature_id.eq(meter.feature_id),
            meters::state.eq(meter.state),
            meters::version.eq(meter.version),
            meters::created_at.eq(At(meter.created_at)),
            meters::updated_at.eq(At(meter.updated_at)),
        ))
        .execute(conn))?;
    Ok(())
}

/// Stores a changed meter over the version before it. What it counts never changes.
pub fn update(tx: &mut Tx<'_>, tenant: Id<Tenant>, meter: &Meter) -> Read<()> {
    let rows = on_backend!(tx, |conn| change(meters::table)
        .filter(meters::tenant_id.eq(tenant))
        .filter(meters::id.eq(meter.id))
        .filter(meters::version.eq(meter.version - 1))
        .set((
            meters::name.eq(&meter.name),
            meters::state.eq(meter.state),
            meters::version.eq(meter.version),
            meters::updated_at.eq(At(meter.updated_at)),
        ))
        .execute(conn))?;
    changed(rows, 1)
}
