//! Price models that a request describes, whole or in part (`flexprice.md` §1.6).

use super::request::ModelRequest;
use crate::domain::price::{BillingModel, PackageRounding, PriceModel, TierMode, WrongPart};
use crate::domain::{Currency, ErrorCode, Refusal};
use std::borrow::Cow;

impl ModelRequest {
    /// Whether nothing is described.
    pub fn is_empty(&self) -> bool {
        *self == ModelRequest::default()
    }

    /// The model that is described; what is left out is as in `base`, where that is a model of the same kind. Answers what
    /// is wrong, each with the path of its argument.
    pub fn model(&self, base: Option<&PriceModel>, currency: Currency) -> Result<PriceModel, Vec<Refusal>> {
        let kind = self.model.or(base.map(PriceModel::billing_model)).unwrap_or(self.likely());
        let base = base.filter(|base| base.billing_model() == kind);
        let amount = || {
            let own = self.amount.clone().or_else(|| base.and_then(PriceModel::unit_amount).cloned());
            own.ok_or_else(|| missing("amount", kind))
        };
        let made = match kind {
            BillingModel::FlatFee => PriceModel::try_flat_fee(amount()?, currency),
            BillingModel::PerUnit => PriceModel::try_per_unit(amount()?, currency),
            BillingModel::Package => {
                let (size, rounding) = match base {
                    Some(PriceModel::Package { size, rounding, .. }) => (Some(*size), *rounding),
                    _ => (None, PackageRounding::Up),
                };
                let size = self.package_size.or(size).ok_or_else(|| missing("packageSize", kind))?;
                PriceModel::try_package(amount()?, size, self.package_rounding.unwrap_or(rounding), currency)
            }
            BillingModel::Tiered => {
                let (mode, tiers) = match base {
                    Some(PriceModel::Tiered { mode, tiers }) => (*mode, Some(tiers)),
                    _ => (TierMode::Volume, None),
                };
                let tiers = self.tiers.as_ref().or(tiers).ok_or_else(|| missing("tiers", kind))?;
                PriceModel::try_tiered(self.tier_mode.unwrap_or(mode), tiers.clone(), currency)
            }
        };
        made.map_err(|wrong| wrong.into_iter().map(refusal).collect())
    }

    /// The kind of model that what is described belongs to.
    fn likely(&self) -> BillingModel {
        match (&self.tiers, self.package_size) {
            (Some(_), _) => BillingModel::Tiered,
            (None, Some(_)) => BillingModel::Package,
            (None, None) => BillingModel::FlatFee,
        }
    }
}

fn missing(argument: &str, kind: BillingModel) -> Vec<Refusal> {
    use crate::domain::Choice;
    let message = format!("A price of the model {} needs this.", kind.name());
    vec![Refusal::new(ErrorCode::ValidationError, message).at(&[argument])]
}

fn refusal(wrong: WrongPart) -> Refusal {
    let path = wrong.part.path();
    // One unit's price is called an amount on the wire, whatever the model.
    let named = |step: &Cow<'static, str>| {
        if path.len() == 1 && *step == "unitAmount" { "amount".into() } else { step.clone() }
    };
    let path: Vec<_> = path.iter().map(named).collect();
    let path: Vec<&str> = path.iter().map(AsRef::as_ref).collect();
    Refusal::new(ErrorCode::ValidationError, wrong.message.clone()).at(&path)
}
