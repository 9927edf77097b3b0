//! What a price says, apart from where it belongs; and how it is read from what is typed in.

use super::model::{Part, PriceModel, WrongPart};
use super::settings::ModelSettings;
use super::{BillingCadence, Price, PriceType};
use crate::domain::feature::Feature;
use crate::domain::period::BillingPeriod;
use crate::domain::plan::Plan;
use crate::domain::schedule::Interval;
use crate::domain::subscription::Subscription;
use crate::domain::{Currency, Id, Instant};

/// What a price says. Two prices with the same terms charge the same.
#[derive(Clone, PartialEq, Debug)]
pub struct PriceTerms {
    pub name: String,
    pub price_type: PriceType,
    pub currency: Currency,
    pub model: PriceModel,
    pub cadence: Option<BillingCadence>,
    pub billing_period: Option<(BillingPeriod, Interval)>,
    pub feature_id: Option<Id<Feature>>,
}

/// A price as it is typed in. What is none follows from what it is a price of.
#[derive(Clone, PartialEq, Debug)]
pub struct NewPrice {
    pub name: Option<String>,
    pub price_type: PriceType,
    pub currency: Option<Currency>,
    pub model: ModelSettings,
    pub cadence: Option<BillingCadence>,
    pub billing_period: Option<(BillingPeriod, Interval)>,
    /// The code of the feature whose use is measured.
    pub feature: Option<String>,
}

impl NewPrice {
    /// A recurring price of this model for every billing period, with the name and the currency of its owner.
    pub fn recurring(model: ModelSettings) -> Self {
        NewPrice {
            name: None,
            price_type: PriceType::Recurring,
            currency: None,
            model,
            cadence: None,
            billing_period: None,
            feature: None,
        }
    }

    /// The terms, with this name and this currency where it says none itself, and with its feature; or everything that is
    /// wrong with it.
    pub fn terms(
        &self,
        name: &str,
        currency: Currency,
        feature_id: Option<Id<Feature>>,
    ) -> Result<PriceTerms, Vec<WrongPart>> {
        let currency = self.currency.unwrap_or(currency);
        let model = self.read(Some(currency))?;
        Ok(PriceTerms {
            name: self.name.clone().unwrap_or_else(|| name.to_owned()),
            price_type: self.price_type,
            currency,
            model,
            cadence: self.cadence,
            billing_period: self.billing_period,
            feature_id,
        })
    }

    /// What is wrong with it, as far as that can be said; `currency` is that of its owner, where it is known.
    pub fn mistakes(&self, currency: Option<Currency>) -> Vec<WrongPart> {
        self.read(self.currency.or(currency)).err().unwrap_or_default()
    }

    fn read(&self, currency: Option<Currency>) -> Result<PriceModel, Vec<WrongPart>> {
        let contradictions = self.contradictions();
        match self.model.read(currency) {
            Ok(model) if contradictions.is_empty() => Ok(model),
            Ok(_) => Err(contradictions),
            Err(wrong) => Err([wrong, contradictions].concat()),
        }
    }

    /// Usage is known when its period is over; what is charged once is charged before (`flexprice.md` §1.7), whatever the
    /// period.
    fn contradictions(&self) -> Vec<WrongPart> {
        let wrong = |part, message: &'static str| WrongPart { part, message: message.into() };
        let mut found = Vec::new();
        match (self.price_type, self.cadence) {
            (PriceType::Usage, Some(BillingCadence::InAdvance)) => {
                found.push(wrong(Part::Cadence, "Usage is billed in arrears: leave the cadence out."));
            }
            (PriceType::OneTime, Some(BillingCadence::InArrears)) => {
                found.push(wrong(Part::Cadence, "What is charged once is billed in advance: leave the cadence out."));
            }
            _ => {}
        }
        if self.price_type == PriceType::OneTime && self.billing_period.is_some() {
            found.push(wrong(Part::BillingPeriod, "What is charged once has no billing period: leave it out."));
        }
        if self.price_type != PriceType::Usage && self.feature.is_some() {
            found.push(wrong(Part::Feature, "Only the price of usage measures a feature: leave it out."));
        }
        found
    }
}

impl PriceTerms {
    /// A price of one subscription alone with these terms.
    pub fn of_subscription(self, id: Id<Price>, subscription: Id<Subscription>, position: i32, now: Instant) -> Price {
        Price {
            id,
            plan_id: None,
            subscription_id: Some(subscription),
            parent_price_id: None,
            position,
            name: self.name,
            price_type: self.price_type,
            currency: self.currency,
            model: self.model,
            cadence: self.cadence,
            billing_period: self.billing_period,
            feature_id: self.feature_id,
            created_at: now,
        }
    }

    /// A price of a version of a plan with these terms.
    pub fn of_plan(self, id: Id<Price>, plan: Id<Plan>, position: i32, now: Instant) -> Price {
        Price {
            id,
            plan_id: Some(plan),
            subscription_id: None,
            parent_price_id: None,
            position,
            name: self.name,
            price_type: self.price_type,
            currency: self.currency,
            model: self.model,
            cadence: self.cadence,
            billing_period: self.billing_period,
            feature_id: self.feature_id,
            created_at: now,
        }
    }
}

impl Price {
    pub fn terms(&self) -> PriceTerms {
        PriceTerms {
            name: self.name.clone(),
            price_type: self.price_type,
            currency: self.currency,
            model: self.model.clone(),
            cadence: self.cadence,
            billing_period: self.billing_period,
            feature_id: self.feature_id,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::price::BillingModel;
    use BillingCadence::{InAdvance, InArrears};
    use PriceType::{OneTime, Recurring, Usage};

    fn new(price_type: PriceType) -> NewPrice {
        let model = ModelSettings { amount: Some(9.into()), ..ModelSettings::of(BillingModel::FlatFee) };
        NewPrice { price_type, ..NewPrice::recurring(model) }
    }

    fn paths(wrong: Vec<WrongPart>) -> Vec<String> {
        wrong.into_iter().map(|wrong| wrong.part.path().join(".")).collect()
    }

    #[test]
    fn when_a_price_is_billed_follows_from_its_type() {
        let month = Some((BillingPeriod::Month, Interval::ONE));
        for (price_type, cadence, billing_period, expected) in [
            (Recurring, Some(InAdvance), month, vec![]),
            (Recurring, Some(InArrears), None, vec![]),
            (Usage, None, month, vec![]),
            (Usage, Some(InArrears), month, vec![]),
            (Usage, Some(InAdvance), month, vec!["cadence"]),
            (OneTime, None, None, vec![]),
            (OneTime, Some(InAdvance), None, vec![]),
            (OneTime, Some(InArrears), month, vec!["cadence", "billingPeriod"]),
        ] {
            let price = NewPrice { cadence, billing_period, ..new(price_type) };
            assert_eq!(paths(price.mistakes(None)), expected, "{price:?}");
            assert_eq!(price.terms("Gold", Currency::EUR, None).is_ok(), expected.is_empty(), "{price:?}");
        }
        let price =
            NewPrice { model: ModelSettings::of(BillingModel::FlatFee), cadence: Some(InAdvance), ..new(Usage) };
        assert_eq!(paths(price.mistakes(None)), ["amount", "cadence"], "all of it is said at once");
    }

    #[test]
    fn only_usage_is_measured() {
        let feature = Some("calls".to_owned());
        for (price_type, expected) in
            [(Usage, vec![]), (Recurring, vec!["featureCode"]), (OneTime, vec!["featureCode"])]
        {
            let price = NewPrice { feature: feature.clone(), ..new(price_type) };
            assert_eq!(paths(price.mistakes(None)), expected, "{price_type:?}");
        }
    }

    #[test]
    fn a_price_has_the_name_and_the_currency_of_its_owner_unless_it_says_others() {
        let terms = new(Recurring).terms("Gold", Currency::EUR, None).unwrap();
        assert_eq!((terms.name.as_str(), terms.currency), ("Gold", Currency::EUR));
        let jpy: Currency = "JPY".parse().unwrap();
        let own = NewPrice { name: Some("Seat".to_owned()), currency: Some(jpy), ..new(Recurring) };
        let terms = own.terms("Gold", Currency::EUR, None).unwrap();
        assert_eq!((terms.name.as_str(), terms.currency), ("Seat", jpy));
        let fine = ModelSettings { amount: "9.5".parse().ok(), ..ModelSettings::of(BillingModel::FlatFee) };
        let fine = NewPrice { model: fine, ..own };
        assert_eq!(paths(fine.mistakes(Some(Currency::EUR))), ["amount"], "its own currency counts");
    }

    #[test]
    fn a_price_of_a_plan_keeps_its_terms() {
        let terms = NewPrice { cadence: Some(InArrears), ..new(Recurring) }.terms("Gold", Currency::EUR, None).unwrap();
        let (id, plan) = (Id::new(uuid::Uuid::from_u128(1)), Id::new(uuid::Uuid::from_u128(2)));
        let price = terms.clone().of_plan(id, plan, 3, Instant::UNIX_EPOCH);
        assert_eq!((price.id, price.plan_id, price.position), (id, Some(plan), 3));
        assert_eq!(price.terms(), terms);
    }
}
