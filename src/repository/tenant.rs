//! Tenants and their settings.

use super::change::change;
use super::db::{Fault, Read, Tx, changed};
use super::query::{Query, stored};
use super::schema::tenants;
use super::sql_types::{At, In, Several, instant};
use super::{Conn, on_backend};
use crate::domain::dunning::{Policy, Schedule};
use crate::domain::tenant::{Settings, Tenant};
use crate::domain::{Id, Instant};
use diesel::prelude::*;

stored!(Tenant, tenants(
    tenant_id, name, billing_start, timezone, default_currency, mode, amounts_include_tax, tax_rate,
    multiple_discounts_allowed, discount_order, percentage_base, clock, dunning_schedule, dunning_final_action,
    dunning_grace_seconds, no_grace_on_hard_decline, usage_grace_seconds, month_to_month, default_payment_terms, version,
    created_at, updated_at
) => {
    let Several(days): Several<i32> = dunning_schedule;
    let dunning = Policy {
        schedule: Schedule::try_new(&days).map_err(|wrong| Fault::Database(wrong.to_string()))?,
        final_action: dunning_final_action,
        grace_seconds: dunning_grace_seconds,
        no_grace_on_hard_decline,
    };
    let (In(timezone), At(created_at), At(updated_at)) = (timezone, created_at, updated_at);
    let settings = Settings {
        billing_start, timezone, default_currency, mode, amounts_include_tax, tax_rate, multiple_discounts_allowed,
        discount_order, percentage_base, dunning, usage_grace_seconds, month_to_month, default_payment_terms,
    };
    Tenant { id: tenant_id, name, settings, clock: instant(clock), version, created_at, updated_at }
}, key: tenant_id);

/// The tenant, which its own key proves to exist.
pub fn own(conn: &mut Conn, tenant: Id<Tenant>) -> Read<Tenant> {
    Query::by_id(tenant, tenant).first(conn)?.ok_or_else(|| Fault::Database("the tenant is gone".to_owned()))
}

/// The tenant's own time, where it has one.
pub fn clock(conn: &mut Conn, tenant: Id<Tenant>) -> Read<Option<Instant>> {
    let clock: Option<At> = on_backend!(conn, |conn| tenants::table
        .filter(tenants::tenant_id.eq(tenant))
        .select(tenants::clock)
        .first(conn))?;
    Ok(instant(clock))
}

/// Whether there is any tenant. For the operator: no request looks beyond its own.
pub fn any(conn: &mut Conn) -> Read<bool> {
    Ok(on_backend!(conn, |conn| diesel::select(diesel::dsl::exists(tenants::table.select(tenants::tenant_id)))
        .get_result(conn))?)
}

/// The columns that may change, with their values.
macro_rules! changeable {
    ($tenant:ident) => {{
        let settings = &$tenant.settings;
        (
            tenants::billing_start.eq(settings.billing_start),
            tenants::timezone.eq(In(settings.timezone)),
            tenants::default_currency.eq(settings.default_currency),
            tenants::amounts_include_tax.eq(settings.amounts_include_tax),
            tenants::tax_rate.eq(settings.tax_rate),
            tenants::multiple_discounts_allowed.eq(settings.multiple_discounts_allowed),
            tenants::discount_order.eq(settings.discount_order),
            tenants::percentage_base.eq(settings.percentage_base),
            tenants::dunning_schedule.eq(Several(settings.dunning.schedule.days())),
            tenants::dunning_final_action.eq(settings.dunning.final_action),
            tenants::dunning_grace_seconds.eq(settings.dunning.grace_seconds),
            tenants::no_grace_on_hard_decline.eq(settings.dunning.no_grace_on_hard_decline),
            tenants::usage_grace_seconds.eq(settings.usage_grace_seconds),
            tenants::month_to_month.eq(settings.month_to_month),
            tenants::default_payment_terms.eq(settings.default_payment_terms),
            tenants::version.eq($tenant.version),
            tenants::updated_at.eq(At($tenant.updated_at)),
        )
    }};
}

pub fn insert(tx: &mut Tx<'_>, tenant: &Tenant) -> Read<()> {
    on_backend!(tx, |conn| diesel::insert_into(tenants::table)
        .values((
            tenants::tenant_id.eq(tenant.id),
            tenants::name.eq(&tenant.name),
            tenants::mode.eq(tenant.settings.mode),
            tenants::created_at.eq(At(tenant.created_at)),
            changeable!(tenant),
        ))
        .execute(conn))?;
    Ok(())
}

/// Stores the changed settings of a tenant over the version before it. Its mode never changes.
pub fn update(tx: &mut Tx<'_>, tenant: &Tenant) -> Read<()> {
    let rows = on_backend!(tx, |conn| change(tenants::table)
        .filter(tenants::tenant_id.eq(tenant.id))
        .filter(tenants::version.eq(tenant.version - 1))
        .set(changeable!(tenant))
        .execute(conn))?;
    changed(rows, 1)
}

/// Sets a tenant's clock, over the time that it had before. Whoever finds another one loses the race.
pub fn set_clock(tx: &mut Tx<'_>, tenant: Id<Tenant>, before: Option<Instant>, to: Instant) -> Read<()> {
    let rows = on_backend!(tx, |conn| change(tenants::table)
        .filter(tenants::tenant_id.eq(tenant))
        .filter(tenants::clock.is_null().eq(before.is_none()))
        .filter(tenants::clock.is_null().or(tenants::clock.eq(before.map(At))))
        .set(tenants::clock.eq(At(to)))
        .execute(conn))?;
    changed(rows, 1)
}
