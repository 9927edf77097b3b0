//! Tax rates of countries.

use super::check::{self, Check};
use super::engine::{Object, Type};
use super::mutations::{Mutation, payload, run};
use super::scalars::{CountryCode, Date, Decimal};
use crate::app::tax::{SetTaxRate, TaxRateSet, remove_tax_rate, set_tax_rate};
use crate::app::tenant::TenantChanged;
use crate::domain::Refusal;
use crate::domain::api_key::Scope;
use crate::domain::tax::CountryTaxRate;
use crate::domain::tenant::Tenant;
use async_graphql::{ID, InputObject};

impl Object for CountryTaxRate {
    fn declare() -> Type<Self> {
        Type::new("TaxRate", "What is charged as tax in a country, from a day on until another rate of it begins.")
            .node(|rate: &CountryTaxRate| rate.id)
            .column("country", "The country of the customer that is invoiced.", |rate| &rate.country)
            .column("name", "What it is called, such as VAT.", |rate| &rate.name)
            .column("rate", "A fraction: 0.25 is 25 %. With 0 nothing is charged.", |rate| &rate.rate)
            .column("validFrom", "The first day of issue of the invoices that have it.", |rate| &rate.valid_from)
            .column("createdAt", "When it was created.", |rate| &rate.created_at)
            .column("updatedAt", "When it was last changed.", |rate| &rate.updated_at)
    }
}

/// The tax in a country from a day on.
#[derive(InputObject)]
pub struct SetTaxRateInput {
    /// The country of the customer that is invoiced.
    country: CountryCode,
    /// What it is called, such as VAT.
    name: String,
    /// A fraction from 0 to 1, with at most 6 digits after the point. With 0 nothing is charged.
    rate: Decimal,
    /// The first day of issue of the invoices that have it.
    valid_from: Date,
}

impl SetTaxRateInput {
    fn read(self) -> Result<SetTaxRate, Vec<Refusal>> {
        Check::input(|check| {
            let country = check.take("country", check::country(self.country));
            let name = check.take("name", check::name(self.name));
            let rate = check.take("rate", check::tax_rate(self.rate));
            let valid_from = check.take("validFrom", check::date(self.valid_from));
            Some(SetTaxRate { country: country?, name: name?, rate: rate?, valid_from: valid_from? })
        })
    }
}

/// Which rate to remove.
#[derive(InputObject)]
pub struct RemoveTaxRateInput {
    /// Which rate.
    tax_rate_id: ID,
}

payload! {
    /// What `setTaxRate` answers.
    SetTaxRatePayload of TaxRateSet {
        /// The rate as it is now.
        "taxRate": CountryTaxRate => |set| Some(set.tax_rate),
    }
}

payload! {
    /// What `removeTaxRate` answers.
    RemoveTaxRatePayload of TenantChanged {
        /// Whose rate it was.
        "tenant": Tenant => |changed| Some(changed.tenant),
    }
}

pub fn mutations() -> Vec<Mutation> {
    vec![
        Mutation::new(
            "setTaxRate",
            "Sets the tax in a country from a day on: makes a rate, or changes that of the same day. It goes before what \
             plans and requests say, on invoices that are made from now on. Errors: VALIDATION_ERROR.",
            Scope::Admin,
            |on, running, input: SetTaxRateInput| {
                run::<_, _, SetTaxRatePayload>(on, running, input.read(), set_tax_rate)
            },
        ),
        Mutation::new(
            "removeTaxRate",
            "Removes a tax rate of a country: the one before it holds on. Errors: VALIDATION_ERROR, NOT_FOUND.",
            Scope::Admin,
            |on, running, input: RemoveTaxRateInput| {
                let rate = Check::input(|check| check.take("taxRateId", check::id(input.tax_rate_id)));
                run::<_, _, RemoveTaxRatePayload>(on, running, rate, |call, rate| remove_tax_rate(call, *rate))
            },
        ),
    ]
}
