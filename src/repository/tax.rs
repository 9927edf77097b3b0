//! Tax rates of countries.

use super::change::change;
use super::db::{Read, Tx, changed};
use super::list::{Bind, List, listed};
use super::on_backend;
use super::query::{Comparison, Condition, Query, stored};
use super::schema::tax_rates;
use super::sql_types::At;
use crate::domain::tax::CountryTaxRate;
use crate::domain::tenant::Tenant;
use crate::domain::{Country, Date, Id};
use diesel::prelude::*;

stored!(CountryTaxRate, tax_rates(id, country, name, rate, valid_from, created_at, updated_at) => {
    let (At(created_at), At(updated_at)) = (created_at, updated_at);
    CountryTaxRate { id, country, name, rate, valid_from, created_at, updated_at }
});

listed!(CountryTaxRate: List::new()
    .text(tax_rates::country)
    .day(tax_rates::valid_from).sorted(|rate: &CountryTaxRate| rate.valid_from.into())
    .instant(tax_rates::created_at).sorted(|rate| rate.created_at.into()));

pub fn all(tenant: Id<Tenant>) -> Query<CountryTaxRate> {
    Query::new(tenant)
}

/// The rates of a country, from the first to the last.
pub fn of_country(tenant: Id<Tenant>, country: Country) -> Query<CountryTaxRate> {
    Query::by_text(tenant, "country", country.code()).order("valid_from")
}

/// The rate of a country that begins on this day.
pub fn from_day(tenant: Id<Tenant>, country: Country, day: Date) -> Query<CountryTaxRate> {
    of_country(tenant, country).filter(Condition::Is("valid_from", Comparison::Equal, Bind::Day(day)))
}

pub fn insert(tx: &mut Tx<'_>, tenant: Id<Tenant>, rate: &CountryTaxRate) -> Read<()> {
    on_backend!(tx, |conn| diesel::insert_into(tax_rates::table)
        .values((
            tax_rates::tenant_id.eq(tenant),
            tax_rates::id.eq(rate.id),
            tax_rates::country.eq(rate.country),
            tax_rates::name.eq(&rate.name),
            tax_rates::rate.eq(rate.rate),
            tax_rates::valid_from.eq(rate.valid_from),
            tax_rates::created_at.eq(At(rate.created_at)),
            tax_rates::updated_at.eq(At(rate.updated_at)),
        ))
        .execute(conn))?;
    Ok(())
}

/// Stores the name and the rate. Whoever finds it removed loses the race.
pub fn update(tx: &mut Tx<'_>, tenant: Id<Tenant>, rate: &CountryTaxRate) -> Read<()> {
    let rows = on_backend!(tx, |conn| change(tax_rates::table)
        .filter(tax_rates::tenant_id.eq(tenant))
        .filter(tax_rates::id.eq(rate.id))
        .set((
            tax_rates::name.eq(&rate.name),
            tax_rates::rate.eq(rate.rate),
            tax_rates::updated_at.eq(At(rate.updated_at)),
        ))
        .execute(conn))?;
    changed(rows, 1)
}

/// Removes a rate. Whoever finds it removed loses the race.
pub fn remove(tx: &mut Tx<'_>, tenant: Id<Tenant>, rate: Id<CountryTaxRate>) -> Read<()> {
    let rows = on_backend!(tx, |conn| diesel::delete(tax_rates::table)
        .filter(tax_rates::tenant_id.eq(tenant))
        .filter(tax_rates::id.eq(rate))
        .execute(conn))?;
    changed(rows, 1)
}
