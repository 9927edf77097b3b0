//! A price model as it is typed in and stored: one flat record of settings, of which each model takes some.

use super::model::{BillingModel, PackageRounding, Part, PriceModel, Tier, TierMode, WrongPart};
use crate::domain::{Choice, Currency};
use bigdecimal::BigDecimal;

/// A price model as it is typed in and stored.
#[derive(Clone, PartialEq, Debug)]
pub struct ModelSettings {
    pub billing_model: BillingModel,
    /// What one costs, or one package. For all but TIERED.
    pub amount: Option<BigDecimal>,
    /// For PACKAGE.
    pub package_size: Option<i64>,
    /// For PACKAGE; UP where there is none.
    pub package_rounding: Option<PackageRounding>,
    /// For TIERED.
    pub tier_mode: Option<TierMode>,
    /// For TIERED.
    pub tiers: Option<Vec<Tier>>,
}

impl ModelSettings {
    /// Settings of this model that say nothing more.
    pub fn of(billing_model: BillingModel) -> Self {
        ModelSettings {
            billing_model,
            amount: None,
            package_size: None,
            package_rounding: None,
            tier_mode: None,
            tiers: None,
        }
    }

    /// The model that these settings describe, or everything that is wrong with them. Where the currency is not known
    /// yet, only what holds in all of them is asked for.
    pub fn read(&self, currency: impl Into<Option<Currency>>) -> Result<PriceModel, Vec<WrongPart>> {
        let currency = currency.into();
        let mut wrong = self.superfluous();
        let made = match self.billing_model {
            BillingModel::FlatFee | BillingModel::PerUnit => {
                self.required(&mut wrong, Part::Amount, self.amount.clone()).map(|amount| match self.billing_model {
                    BillingModel::FlatFee => PriceModel::try_flat_fee(amount, currency),
                    _ => PriceModel::try_per_unit(amount, currency),
                })
            }
            BillingModel::Package => {
                let amount = self.required(&mut wrong, Part::Amount, self.amount.clone());
                let size = self.required(&mut wrong, Part::PackageSize, self.package_size);
                let rounding = self.package_rounding.unwrap_or(PackageRounding::Up);
                amount.zip(size).map(|(amount, size)| PriceModel::try_package(amount, size, rounding, currency))
            }
            BillingModel::Tiered => {
                let mode = self.required(&mut wrong, Part::TierMode, self.tier_mode);
                let tiers = self.required(&mut wrong, Part::Tiers, self.tiers.clone());
                mode.zip(tiers).map(|(mode, tiers)| PriceModel::try_tiered(mode, tiers, currency))
            }
        };
        match made {
            Some(Ok(model)) if wrong.is_empty() => Ok(model),
            Some(Err(more)) => Err([wrong, more].concat()),
            _ => Err(wrong),
        }
    }

    fn required<T>(&self, wrong: &mut Vec<WrongPart>, part: Part, given: Option<T>) -> Option<T> {
        if given.is_none() {
            let message = format!("A price of the model {} needs this.", self.billing_model.name());
            wrong.push(WrongPart { part, message: message.into() });
        }
        given
    }

    /// What is given although this model has no use for it.
    fn superfluous(&self) -> Vec<WrongPart> {
        let (package, tiered) =
            (self.billing_model == BillingModel::Package, self.billing_model == BillingModel::Tiered);
        let settings = [
            (Part::Amount, self.amount.is_some(), !tiered),
            (Part::PackageSize, self.package_size.is_some(), package),
            (Part::PackageRounding, self.package_rounding.is_some(), package),
            (Part::TierMode, self.tier_mode.is_some(), tiered),
            (Part::Tiers, self.tiers.is_some(), tiered),
        ];
        let superfluous = settings.into_iter().filter(|(_, given, taken)| *given && !taken);
        let message =
            format!("A price of the model {} takes no such setting: leave it out.", self.billing_model.name());
        superfluous.map(|(part, ..)| WrongPart { part, message: message.clone().into() }).collect()
    }
}

impl PriceModel {
    /// The settings that describe this model, as they are stored.
    pub fn settings(&self) -> ModelSettings {
        let settings = ModelSettings { amount: self.unit_amount().cloned(), ..ModelSettings::of(self.billing_model()) };
        match self {
            PriceModel::FlatFee { .. } | PriceModel::PerUnit { .. } => settings,
            PriceModel::Package { size, rounding, .. } => {
                ModelSettings { package_size: Some(*size), package_rounding: Some(*rounding), ..settings }
            }
            PriceModel::Tiered { mode, tiers } => {
                ModelSettings { tier_mode: Some(*mode), tiers: Some(tiers.clone()), ..settings }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use BillingModel::{FlatFee, Package, PerUnit, Tiered};

    fn paths(read: Result<PriceModel, Vec<WrongPart>>) -> Vec<String> {
        read.err().into_iter().flatten().map(|wrong| wrong.part.path().join(".")).collect()
    }

    fn tier(up_to: Option<i64>) -> Tier {
        Tier { up_to: up_to.map(BigDecimal::from), unit_amount: 5.into(), flat_amount: 0.into() }
    }

    /// Everything that any model takes.
    fn all(billing_model: BillingModel) -> ModelSettings {
        ModelSettings {
            billing_model,
            amount: Some(9.into()),
            package_size: Some(100),
            package_rounding: Some(PackageRounding::Down),
            tier_mode: Some(TierMode::Slab),
            tiers: Some(vec![tier(Some(10)), tier(None)]),
        }
    }

    #[test]
    fn what_is_missing_or_superfluous_is_said_at_once() {
        for (model, bare, full) in [
            (FlatFee, vec!["amount"], vec!["packageSize", "packageRounding", "tierMode", "tiers"]),
            (PerUnit, vec!["amount"], vec!["packageSize", "packageRounding", "tierMode", "tiers"]),
            (Package, vec!["amount", "packageSize"], vec!["tierMode", "tiers"]),
            (Tiered, vec!["tierMode", "tiers"], vec!["amount", "packageSize", "packageRounding"]),
        ] {
            assert_eq!(paths(ModelSettings::of(model).read(Currency::EUR)), bare, "{model:?}");
            assert_eq!(paths(all(model).read(Currency::EUR)), full, "{model:?}");
        }
        let wrong = ModelSettings { amount: Some((-1).into()), tiers: None, ..all(Package) };
        assert_eq!(paths(wrong.read(Currency::EUR)), ["tierMode", "amount"]);
    }

    #[test]
    fn settings_are_read_as_the_model_that_they_describe() {
        let flat = ModelSettings { amount: Some(9.into()), ..ModelSettings::of(FlatFee) };
        let unit = ModelSettings { amount: Some("0.0015".parse().unwrap()), ..ModelSettings::of(PerUnit) };
        let package = ModelSettings { tier_mode: None, tiers: None, ..all(Package) };
        let tiered = ModelSettings { amount: None, package_size: None, package_rounding: None, ..all(Tiered) };
        for settings in [flat, unit, package.clone(), tiered] {
            assert_eq!(settings.read(Currency::EUR).unwrap().settings(), settings);
        }
        let rounded_up = ModelSettings { package_rounding: None, ..package }.read(Currency::EUR).unwrap();
        assert_eq!(rounded_up.settings().package_rounding, Some(PackageRounding::Up));
    }

    /// An amount is held against its currency when that is known, and against all else before.
    #[test]
    fn what_needs_no_currency_is_asked_without_one() {
        let amount = |model, amount: &str| ModelSettings { amount: amount.parse().ok(), ..ModelSettings::of(model) };
        for (settings, without, with) in [
            (amount(FlatFee, "9.999"), true, false),
            (amount(FlatFee, "10000000000.01"), true, false),
            (amount(PerUnit, "10000000000.01"), true, false),
            (amount(FlatFee, "-1"), false, false),
            (amount(PerUnit, "-1"), false, false),
            (amount(PerUnit, "0.0000000000001"), false, false),
            (amount(FlatFee, "9.99"), true, true),
        ] {
            assert_eq!(settings.read(None).is_ok(), without, "{settings:?}");
            assert_eq!(settings.read(Currency::EUR).is_ok(), with, "{settings:?}");
        }
        let tiers = Some(vec![tier(Some(10)), tier(Some(5)), tier(None)]);
        let tiered = ModelSettings { tier_mode: Some(TierMode::Volume), tiers, ..ModelSettings::of(Tiered) };
        assert_eq!(paths(tiered.read(None)), ["tiers.1.upTo"]);
    }
}
