//! Price models of which a request changes a part (`flexprice.md` §1.6).

use super::request::ModelRequest;
use crate::domain::price::{ModelSettings, PriceModel, WrongPart};
use crate::domain::{Currency, ErrorCode, Refusal};

impl ModelRequest {
    /// Whether nothing is changed.
    pub fn is_empty(&self) -> bool {
        *self == ModelRequest::default()
    }

    /// The changed model. Where it stays of the same kind, what is left out stays as it is. Refuses the first thing that
    /// is wrong, with the path of its argument.
    pub fn applied_to(&self, base: &PriceModel, currency: Currency) -> Result<PriceModel, Refusal> {
        let kind = self.model.unwrap_or(base.billing_model());
        let own = if kind == base.billing_model() { base.settings() } else { ModelSettings::of(kind) };
        let settings = ModelSettings {
            billing_model: kind,
            amount: self.amount.clone().or(own.amount),
            package_size: self.package_size.or(own.package_size),
            package_rounding: self.package_rounding.or(own.package_rounding),
            tier_mode: self.tier_mode.or(own.tier_mode),
            tiers: self.tiers.clone().or(own.tiers),
        };
        settings.read(currency).map_err(first_wrong)
    }
}

/// The refusal for the first of several wrong parts: rules that need the database answer one refusal.
pub(super) fn first_wrong(wrong: Vec<WrongPart>) -> Refusal {
    match wrong.into_iter().next() {
        Some(wrong) => {
            let path = wrong.part.path();
            let path: Vec<&str> = path.iter().map(AsRef::as_ref).collect();
            Refusal::new(ErrorCode::ValidationError, wrong.message).at(&path)
        }
        None => Refusal::new(ErrorCode::ValidationError, "This price is not complete."),
    }
}
