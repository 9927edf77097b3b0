//! What is said of a new plan, or changed of one; and whether a change makes a new version (`billwerk.md` §3).

use super::{Plan, SetupFee, SetupFeeHandling};
use crate::domain::feature::{self, Feature};
use crate::domain::period::{Duration, ProrationUnit};
use crate::domain::price::{BillingModel, ModelSettings, NewPrice, PriceTerms, WrongPart};
use crate::domain::pricing::TaxRate;
use crate::domain::schedule::{PartialPeriodHandling, PlanSchedule};
use crate::domain::text::Metadata;
use crate::domain::{Currency, ErrorCode, Money, Refusal};
use bigdecimal::BigDecimal;
use std::borrow::Cow;

/// What is none stays as it is; what is `Some(None)` is cleared. Amounts are decimals in the plan's currency.
#[derive(Clone, Default, Debug)]
pub struct PlanChanges {
    pub name: Option<String>,
    pub description: Option<Option<String>>,
    pub currency: Option<Currency>,
    pub schedule: Option<PlanSchedule>,
    /// All prices: they replace those before.
    pub prices: Option<NewPrices>,
    pub partial_period_handling: Option<PartialPeriodHandling>,
    pub proration_unit: Option<ProrationUnit>,
    pub minimum_prorated_amount: Option<Option<BigDecimal>>,
    pub quantity: Option<i32>,
    pub amount_includes_tax: Option<Option<bool>>,
    pub tax_rate: Option<Option<TaxRate>>,
    pub trial: Option<Option<Duration>>,
    pub fixed_trial_days: Option<bool>,
    pub setup_fee: Option<Option<NewSetupFee>>,
    pub include_zero_amount: Option<bool>,
    pub fixed_count: Option<Option<i32>>,
    pub fixed_life_time: Option<Option<Duration>>,
    pub notice_periods: Option<i32>,
    pub notice_periods_after_current: Option<bool>,
    pub fixation_periods: Option<i32>,
    pub fixation_periods_full: Option<bool>,
    pub renewal_reminder_days: Option<Option<i32>>,
    pub trial_reminder_days: Option<Option<i32>>,
    pub metadata: Option<Metadata>,
}

/// The prices of a plan, as they are typed in.
#[derive(Clone, Debug)]
pub enum NewPrices {
    /// One recurring flat fee for all billing periods, in the plan's currency.
    Amount(BigDecimal),
    Listed(Vec<NewPrice>),
}

/// A setup fee, as it is typed in.
#[derive(Clone, Debug)]
pub struct NewSetupFee {
    pub amount: BigDecimal,
    pub text: Option<String>,
    pub handling: SetupFeeHandling,
}

/// What a change comes to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PlanChange {
    /// Everything is as before.
    Nothing,
    /// It holds for the version as it is.
    InPlace,
    /// Subscriptions that run keep the version that they have.
    NewVersion,
}

impl Plan {
    /// What it comes to that this version becomes `new`. Prices, the schedule and what amounts and trials depend on are
    /// never changed in a version.
    pub fn change_to(&self, new: &Plan, prices_differ: bool) -> PlanChange {
        let fixed = |plan: &Plan| (plan.currency, plan.schedule, plan.partial_periods.unit, plan.quantity, plan.trial);
        if prices_differ || fixed(self) != fixed(new) {
            PlanChange::NewVersion
        } else if self == new {
            PlanChange::Nothing
        } else {
            PlanChange::InPlace
        }
    }
}

impl NewPrices {
    /// Each price, as it would be listed.
    pub fn listed(&self) -> Vec<NewPrice> {
        match self {
            NewPrices::Listed(prices) => prices.clone(),
            NewPrices::Amount(amount) => {
                let flat = ModelSettings::of(BillingModel::FlatFee);
                vec![NewPrice::recurring(ModelSettings { amount: Some(amount.clone()), ..flat })]
            }
        }
    }

    /// The refusal of a part of the price at `index`.
    fn refusal(&self, index: usize, wrong: WrongPart) -> Refusal {
        let refusal = invalid(wrong.message);
        match self {
            NewPrices::Amount(_) => refusal.at(&["amount"]),
            NewPrices::Listed(_) => {
                let (index, part) = (index.to_string(), wrong.part.path());
                let path = ["prices", index.as_str()].into_iter().chain(part.iter().map(AsRef::as_ref));
                refusal.at(&path.collect::<Vec<_>>())
            }
        }
    }
}

impl PlanChanges {
    /// The codes of the features that prices are to measure.
    pub fn features(&self) -> Vec<String> {
        self.prices.iter().flat_map(NewPrices::listed).filter_map(|price| price.feature).collect()
    }

    /// The plan and the terms of its prices after these changes, or everything that is wrong with them. A price that has
    /// no name keeps that of the price in its place; where there was none, it is named as the plan is. `features` are
    /// those that [`PlanChanges::features`] asks for, as far as there are any: where nothing else is wrong, the first that
    /// is missing is refused.
    pub fn apply(
        &self,
        plan: &Plan,
        prices: &[PriceTerms],
        features: &[Feature],
    ) -> Result<(Plan, Vec<PriceTerms>), Vec<Refusal>> {
        let mut applying =
            Applying { plan: self.plain(plan.clone()), features, refusals: Vec::new(), missing: Vec::new() };
        let fee = applying.plan.setup_fee.take();
        applying.plan.setup_fee = match &self.setup_fee {
            None => applying.kept("setupFee", fee, |fee| fee.amount),
            Some(new) => new.as_ref().and_then(|new| {
                let amount = applying.money(&["setupFee", "amount"], &new.amount)?;
                Some(SetupFee { amount, text: new.text.clone(), handling: new.handling })
            }),
        };
        let minimum = applying.plan.partial_periods.minimum_amount;
        applying.plan.partial_periods.minimum_amount = match &self.minimum_prorated_amount {
            None => applying.kept("minimumProratedAmount", minimum, |minimum| *minimum),
            Some(new) => new.as_ref().and_then(|new| applying.money(&["minimumProratedAmount"], new)),
        };
        let prices = match &self.prices {
            None => prices.to_vec(),
            Some(new) => applying.terms(new, prices),
        };
        applying.trial_days();
        applying.enough(&prices);
        match applying.missing.into_iter().next() {
            _ if !applying.refusals.is_empty() => Err(applying.refusals),
            Some(missing) => Err(vec![missing]),
            None => Ok((applying.plan, prices)),
        }
    }

    /// The changes that go with any plan.
    fn plain(&self, mut plan: Plan) -> Plan {
        fn set<T: Clone>(value: &mut T, change: Option<&T>) {
            if let Some(change) = change {
                value.clone_from(change);
            }
        }
        set(&mut plan.name, self.name.as_ref());
        set(&mut plan.description, self.description.as_ref());
        set(&mut plan.currency, self.currency.as_ref());
        set(&mut plan.schedule, self.schedule.as_ref());
        set(&mut plan.partial_periods.handling, self.partial_period_handling.as_ref());
        set(&mut plan.partial_periods.unit, self.proration_unit.as_ref());
        set(&mut plan.quantity, self.quantity.as_ref());
        set(&mut plan.tax.amount_includes_tax, self.amount_includes_tax.as_ref());
        set(&mut plan.tax.rate, self.tax_rate.as_ref());
        set(&mut plan.trial, self.trial.as_ref());
        set(&mut plan.fixed_trial_days, self.fixed_trial_days.as_ref());
        set(&mut plan.include_zero_amount, self.include_zero_amount.as_ref());
        set(&mut plan.fixed_count, self.fixed_count.as_ref());
        set(&mut plan.fixed_life_time, self.fixed_life_time.as_ref());
        set(&mut plan.contract.notice_periods, self.notice_periods.as_ref());
        set(&mut plan.contract.notice_periods_after_current, self.notice_periods_after_current.as_ref());
        set(&mut plan.contract.fixation_periods, self.fixation_periods.as_ref());
        set(&mut plan.contract.fixation_periods_full, self.fixation_periods_full.as_ref());
        set(&mut plan.reminders.renewal_days, self.renewal_reminder_days.as_ref());
        set(&mut plan.reminders.trial_days, self.trial_reminder_days.as_ref());
        set(&mut plan.metadata, self.metadata.as_ref());
        plan
    }
}

/// A plan that is being changed, and what is wrong with it so far.
struct Applying<'f> {
    plan: Plan,
    features: &'f [Feature],
    refusals: Vec<Refusal>,
    /// The features that prices cannot measure.
    missing: Vec<Refusal>,
}

impl Applying<'_> {
    fn refuse(&mut self, path: &[&str], message: impl Into<Cow<'static, str>>) {
        self.refusals.push(invalid(message).at(path));
    }

    fn money(&mut self, path: &[&str], amount: &BigDecimal) -> Option<Money> {
        let money = Money::try_price(amount, self.plan.currency);
        money.map_err(|error| self.refuse(path, error.to_string())).ok()
    }

    /// What is not changed stays, but an amount does not become one of another currency by itself.
    fn kept<T>(&mut self, field: &str, value: Option<T>, amount: impl FnOnce(&T) -> Money) -> Option<T> {
        let value = value?;
        let (own, currency) = (amount(&value).currency, self.plan.currency);
        if own != currency {
            self.refuse(&[field], format!("This is in {own}: say it in {currency}, or clear it with null."));
        }
        Some(value)
    }

    fn terms(&mut self, new: &NewPrices, before: &[PriceTerms]) -> Vec<PriceTerms> {
        let mut all = Vec::new();
        for (index, price) in new.listed().iter().enumerate() {
            let feature = price.feature.as_ref().and_then(|code| {
                let path = ["prices", &index.to_string(), "featureCode"];
                feature::measured(self.features, code).map_err(|refusal| self.missing.push(refusal.at(&path))).ok()
            });
            let name = before.get(index).map_or(&self.plan.name, |before| &before.name);
            match price.terms(name, self.plan.currency, feature) {
                Ok(terms) => all.push(terms),
                Err(wrong) => self.refusals.extend(wrong.into_iter().map(|wrong| new.refusal(index, wrong))),
            }
        }
        all
    }

    fn trial_days(&mut self) {
        if self.plan.fixed_trial_days && self.plan.partial_periods.unit != ProrationUnit::Day {
            self.refuse(
                &["fixedTrialDays"],
                "A trial ends at the start of a day only where prorationUnit is DAY: set one of the two.",
            );
        }
    }

    /// Whoever subscribes must have something to pay, if only 0, in the plan's own currency, too.
    fn enough(&mut self, prices: &[PriceTerms]) {
        if !self.refusals.is_empty() || (prices.is_empty() && self.plan.schedule == PlanSchedule::Manual) {
            return;
        }
        let currency = self.plan.currency;
        if prices.is_empty() {
            self.refuse(&["prices"], "Give an amount, or a price at least; it may be 0. Only MANUAL plans need none.");
        } else if prices.iter().all(|price| price.currency != currency) {
            self.refuse(&["currency"], format!("None of the prices is in {currency}, the currency of the plan."));
        }
    }
}

fn invalid(message: impl Into<Cow<'static, str>>) -> Refusal {
    Refusal::new(ErrorCode::ValidationError, message)
}

#[cfg(test)]
mod tests;
