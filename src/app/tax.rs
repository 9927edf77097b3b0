//! Tax rates of countries.

use super::mutation::{Answer, Call, Stop};
use super::tenant::TenantChanged;
use crate::domain::event::EventType;
use crate::domain::pricing::TaxRate;
use crate::domain::tax::{CountryTaxRate, not_found};
use crate::domain::tenant::Tenant;
use crate::domain::{Country, Date, Id};
use crate::repository::{Conn, Fault, Query, Read, tax};
use serde::{Deserialize, Serialize};

/// What a client says of the tax in a country from a day on.
#[derive(Clone, Debug)]
pub struct SetTaxRate {
    pub country: Country,
    pub name: String,
    pub rate: TaxRate,
    pub valid_from: Date,
}

/// The rate that was made or changed.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct TaxRateSet {
    pub tax_rate: Id<CountryTaxRate>,
}

/// Makes a rate, or changes the one of the same country that begins on the same day.
pub fn set_tax_rate(call: &Call<'_>, new: &SetTaxRate) -> Result<Answer<TaxRateSet>, Fault> {
    call.run(|work| {
        let tenant = work.tenant;
        let found = tax::from_day(tenant, new.country, new.valid_from).first(work.conn())?;
        let new = new.clone();
        let (name, rate, updated_at) = (new.name, new.rate, work.now);
        let id = if let Some(found) = found {
            tax::update(work.tx, tenant, &CountryTaxRate { name, rate, updated_at, ..found })?;
            found.id
        } else {
            let (id, country, valid_from) = (work.id(), new.country, new.valid_from);
            let made = CountryTaxRate { id, country, name, rate, valid_from, created_at: updated_at, updated_at };
            tax::insert(work.tx, tenant, &made)?;
            id
        };
        work.event(EventType::TaxRateSet, id, serde_json::json!({"country": new.country.code()}));
        Ok(TaxRateSet { tax_rate: id })
    })
}

/// Removes a rate: the one of the same country that begins before it holds on.
pub fn remove_tax_rate(call: &Call<'_>, id: Id<CountryTaxRate>) -> Result<Answer<TenantChanged>, Fault> {
    call.run(|work| {
        let tenant = work.tenant;
        let found = Query::by_id(tenant, id).first(work.conn())?;
        let found = found.ok_or_else(|| Stop::from(not_found().at(&["taxRateId"])))?;
        tax::remove(work.tx, tenant, id)?;
        work.event(EventType::TaxRateRemoved, id, serde_json::json!({"country": found.country.code()}));
        Ok(TenantChanged { tenant })
    })
}

/// The rates of what is invoiced to a customer of this country.
pub fn rates_of(conn: &mut Conn, tenant: Id<Tenant>, country: Option<Country>) -> Read<Vec<CountryTaxRate>> {
    country.map_or_else(|| Ok(Vec::new()), |country| tax::of_country(tenant, country).load(conn))
}
