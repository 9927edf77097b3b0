//! Tax by country: a customer's country goes before what plans and requests say, and that before what the tenant says
//! (`billwerk.md` §7).

use super::country::Country;
use super::pricing::TaxRate;
use super::{Date, Entity, ErrorCode, Id, Instant, Refusal};

/// What is charged as tax in a country, from a day on until another rate of the same country begins.
#[derive(Clone, Debug)]
pub struct CountryTaxRate {
    pub id: Id<CountryTaxRate>,
    pub country: Country,
    /// What it is called, such as "VAT".
    pub name: String,
    /// 0 is a rate, too: nothing is charged.
    pub rate: TaxRate,
    /// The first day of issue of the invoices that have it. With the country unique in the tenant.
    pub valid_from: Date,
    pub created_at: Instant,
    pub updated_at: Instant,
}

impl Entity for CountryTaxRate {
    const NAME: &'static str = "TaxRate";
    const PREFIX: &'static str = "txr";
}

/// The refusal for a rate that does not exist.
pub fn not_found() -> Refusal {
    Refusal::new(ErrorCode::NotFound, "There is no such tax rate.")
}

/// The rate of what is invoiced on this day to a customer of this country; none where nothing is known of the country,
/// or it has no rate yet. It goes before every other rate.
pub fn rate_for(rates: &[CountryTaxRate], country: Option<Country>, day: Date) -> Option<TaxRate> {
    let begun = rates.iter().filter(|rate| Some(rate.country) == country && rate.valid_from <= day);
    begun.max_by_key(|rate| rate.valid_from).map(|rate| rate.rate)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::money::decimal;
    use uuid::Uuid;

    fn tax(rate: &str) -> TaxRate {
        TaxRate::try_new(&decimal(rate).unwrap()).unwrap()
    }

    fn rate(country: &str, valid_from: &str, rate: &str) -> CountryTaxRate {
        CountryTaxRate {
            id: Id::new(Uuid::nil()),
            country: country.parse().unwrap(),
            name: "VAT".to_owned(),
            rate: tax(rate),
            valid_from: valid_from.parse().unwrap(),
            created_at: Instant::UNIX_EPOCH,
            updated_at: Instant::UNIX_EPOCH,
        }
    }

    #[test]
    fn a_rate_holds_from_its_day_until_the_next_of_its_country_begins() {
        // Germany lowered its rate for half a year. The order of the rows says nothing.
        let rates = [
            rate("DE", "2021-01-01", "0.19"),
            rate("DE", "2007-01-01", "0.19"),
            rate("DE", "2020-07-01", "0.16"),
            rate("DK", "1992-01-01", "0.25"),
            rate("CH", "2024-01-01", "0"),
        ];
        for (country, day, expected) in [
            (Some("DE"), "2006-12-31", None),
            (Some("DE"), "2007-01-01", Some("0.19")),
            (Some("DE"), "2020-06-30", Some("0.19")),
            (Some("DE"), "2020-07-01", Some("0.16")),
            (Some("DE"), "2020-12-31", Some("0.16")),
            (Some("DE"), "2021-01-01", Some("0.19")),
            (Some("DE"), "2199-12-31", Some("0.19")),
            (Some("DK"), "2020-07-01", Some("0.25")),
            (Some("CH"), "2024-01-01", Some("0")),
            (Some("SE"), "2024-01-01", None),
            (None, "2024-01-01", None),
        ] {
            let country = country.map(|country| country.parse().unwrap());
            assert_eq!(rate_for(&rates, country, day.parse().unwrap()), expected.map(tax), "{country:?} {day}");
        }
    }
}
