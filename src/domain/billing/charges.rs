//! What is charged of a subscription to a plan, for one period (`flexprice.md` §3.6, `billwerk.md` §3 to §5).

use crate::domain::Instant;
use crate::domain::feature::Feature;
use crate::domain::period::{Period, Proration};
use crate::domain::plan::SetupFee;
use crate::domain::price::{BillingCadence, Price, PriceModel, PriceType};
use crate::domain::pricing::{Charge, LineKind};
use crate::domain::schedule::{PartialPeriodHandling, ScheduledPeriod, proration};
use crate::domain::subscribing::Agreement;
use crate::domain::subscription::parts::{AdditionalCost, AdditionalCostState, SubscriptionAddOn, SubscriptionItem};
use crate::domain::{Id, Refusal};
use bigdecimal::BigDecimal;

/// What was used of each item in a period that is over.
#[derive(Clone, Debug, Default)]
pub struct Usage(pub Vec<(Id<SubscriptionItem>, BigDecimal)>);

impl Usage {
    fn of(&self, item: Id<SubscriptionItem>) -> BigDecimal {
        let found = self.0.iter().find(|(known, _)| *known == item);
        found.map(|(_, quantity)| quantity.clone()).unwrap_or_default()
    }
}

/// Something of a subscription whose use is measured for a stretch of time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Measured {
    pub item: Id<SubscriptionItem>,
    pub feature: Id<Feature>,
    pub period: Period,
}

impl Agreement {
    /// What is to be measured for a period that is over.
    pub fn measured(&self, period: Period) -> Vec<Measured> {
        let measured = |item: &SubscriptionItem| {
            let price = self.price_of(item).filter(|price| price.price_type == PriceType::Usage)?;
            let period = self.within(item.start_date, item.end_date, period)?;
            Some(Measured { item: item.id, feature: price.feature_id?, period })
        };
        self.items.iter().filter_map(measured).collect()
    }

    /// What is billed at a moment for what is to come, in the order of the items: in advance for the period that begins,
    /// and once what has begun since the period before began at `since`, whether it has ended or not.
    pub(in crate::domain) fn charges_ahead(
        &self,
        at: Instant,
        since: Option<Instant>,
        begins: Option<&ScheduledPeriod>,
    ) -> Vec<Charge> {
        let runs = |begin: Instant, end: Option<Instant>| begin <= at && end.is_none_or(|end| at < end);
        let advance = |charge: Charge| begins.map(|begins| self.over(charge, begins.period, self.part_of(begins)));
        let charge = |item: &SubscriptionItem| {
            let price = self.price_of(item)?;
            let of_item = self.of_item(item, price);
            let is_new = item.start_date <= at && since.is_none_or(|since| since < item.start_date);
            match price.price_type {
                PriceType::OneTime => is_new.then_some(of_item),
                PriceType::Recurring if self.cadence_of(price) == BillingCadence::InAdvance => {
                    advance(of_item).filter(|_| runs(item.start_date, item.end_date))
                }
                PriceType::Recurring | PriceType::Usage => None,
            }
        };
        let mut charges: Vec<Charge> = self.items.iter().filter_map(charge).collect();
        if self.terms.cadence == BillingCadence::InAdvance {
            let add_ons = self.add_ons.iter().filter(|add_on| runs(add_on.start_date, add_on.end_date));
            charges.extend(add_ons.filter_map(|add_on| advance(self.of_add_on(add_on))));
        }
        charges
    }

    /// What is billed when a period is over: in arrears for it, and what was used in it. What began or ended within the
    /// period is billed for its part.
    pub(in crate::domain) fn charges_in_arrears(&self, period: &ScheduledPeriod, usage: &Usage) -> Vec<Charge> {
        let charge = |item: &SubscriptionItem| {
            let price = self.price_of(item)?;
            let stretch = self.within(item.start_date, item.end_date, period.period)?;
            match price.price_type {
                PriceType::Usage => {
                    let of_item = self.of_item(item, price);
                    let kind = LineKind::Usage;
                    Some(Charge { kind, quantity: usage.of(item.id), period: Some(stretch), ..of_item })
                }
                PriceType::Recurring if self.cadence_of(price) == BillingCadence::InArrears => {
                    Some(self.over(self.of_item(item, price), stretch, self.part_within(period, stretch)))
                }
                PriceType::OneTime | PriceType::Recurring => None,
            }
        };
        let mut charges: Vec<Charge> = self.items.iter().filter_map(charge).collect();
        if self.terms.cadence == BillingCadence::InArrears {
            charges.extend(self.add_ons.iter().filter_map(|add_on| {
                let stretch = self.within(add_on.start_date, add_on.end_date, period.period)?;
                Some(self.over(self.of_add_on(add_on), stretch, self.part_within(period, stretch)))
            }));
        }
        charges
    }

    /// The additional costs that wait for an invoice.
    pub(in crate::domain) fn cost_charges(&self) -> Vec<Charge> {
        let charge = |cost: &AdditionalCost| Charge {
            reference: Some(cost.id.untyped()),
            quantity: cost.quantity.into(),
            tax: cost.tax,
            ..self.once(LineKind::AdditionalCost, cost.text.clone(), cost.amount.decimal())
        };
        self.costs.iter().filter(|cost| cost.state == AdditionalCostState::Pending).map(charge).collect()
    }

    pub(in crate::domain) fn setup_fee_charge(&self, fee: &SetupFee) -> Charge {
        let text = fee.text.clone().unwrap_or_else(|| "Setup fee".to_owned());
        let charge = self.once(LineKind::SetupFee, text, fee.amount.decimal());
        Charge { plan_version: Some(self.plan.version), ..charge }
    }

    /// Whether anything is measured that is billed by its use.
    pub fn has_usage(&self) -> bool {
        self.items.iter().any(|item| self.price_of(item).is_some_and(|price| price.price_type == PriceType::Usage))
    }

    pub(in crate::domain) fn price_of(&self, item: &SubscriptionItem) -> Option<&Price> {
        self.prices.iter().find(|price| price.id == item.price_id)
    }

    fn cadence_of(&self, price: &Price) -> BillingCadence {
        price.cadence.unwrap_or(self.terms.cadence)
    }

    /// A charge of one unit of something without a price of its own, taxed like the plan.
    fn once(&self, kind: LineKind, description: String, unit_amount: BigDecimal) -> Charge {
        Charge {
            kind,
            description,
            price_id: None,
            plan_version: None,
            reference: None,
            model: PriceModel::PerUnit { unit_amount },
            quantity: 1.into(),
            proration: None,
            portion: None,
            minimum_prorated_amount: None,
            period: None,
            tax: self.terms.tax,
            credit: false,
        }
    }

    fn of_item(&self, item: &SubscriptionItem, price: &Price) -> Charge {
        Charge {
            kind: if item.additional { LineKind::Item } else { LineKind::Plan },
            description: item.name.clone(),
            price_id: Some(price.id),
            plan_version: Some(self.plan.version),
            reference: Some(item.id.untyped()),
            model: price.model.clone(),
            quantity: item.quantity.unwrap_or_default().into(),
            ..self.once(LineKind::Plan, String::new(), BigDecimal::default())
        }
    }

    fn of_add_on(&self, add_on: &SubscriptionAddOn) -> Charge {
        let catalogue = self.catalogue_add_ons.iter().find(|known| known.id == add_on.add_on_id);
        let unit_amount = add_on.fixed_amount.clone().or(catalogue.map(|known| known.unit_amount.clone()));
        Charge {
            reference: Some(add_on.id.untyped()),
            quantity: add_on.quantity.into(),
            tax: add_on.tax,
            ..self.once(LineKind::AddOn, add_on.name.clone(), unit_amount.unwrap_or_default())
        }
    }

    /// The charge for a stretch of time, of which a part may be billed.
    fn over(&self, charge: Charge, stretch: Period, part: Option<Proration>) -> Charge {
        let minimum_prorated_amount = self.terms.partial_periods.minimum_amount;
        Charge { proration: part, minimum_prorated_amount, period: Some(stretch), ..charge }
    }

    /// How much of a partial period is billed; none where it is billed in full (`billwerk.md` §4.1). A first period may
    /// be cut at its beginning, the last one at its end.
    fn part_of(&self, period: &ScheduledPeriod) -> Option<Proration> {
        let part = self.schedule()?.proration(period, self.terms.partial_periods.unit);
        match self.terms.partial_periods.handling {
            _ if period.is_full() => None,
            PartialPeriodHandling::BillProrated => Some(part),
            PartialPeriodHandling::BillZeroAmount if period.is_stub => Some(Proration { numerator: 0, ..part }),
            PartialPeriodHandling::BillZeroAmount | PartialPeriodHandling::BillFull | PartialPeriodHandling::NoBill => {
                None
            }
        }
    }

    /// What of `[start, end)` lies within a period. What ends as was asked of the whole subscription runs as long as that.
    fn within(&self, start: Instant, end: Option<Instant>, period: Period) -> Option<Period> {
        let end =
            end.filter(|end| self.terms.requested_end != Some(*end)).map_or(period.end, |end| end.min(period.end));
        let stretch = Period { start: start.max(period.start), end };
        (stretch.start < stretch.end).then_some(stretch)
    }

    /// How much of a period is billed for a stretch of it.
    fn part_within(&self, period: &ScheduledPeriod, stretch: Period) -> Option<Proration> {
        let whole = self.part_of(period);
        let nothing = whole.is_some_and(|part| part.numerator == 0);
        if nothing || stretch == period.period {
            return whole;
        }
        let unit = self.terms.partial_periods.unit;
        Some(proration(stretch, period.natural, unit, self.subscription.timezone))
    }
}

/// Why nothing can be charged, as a refusal of the whole.
pub(super) fn unbillable(wrong: crate::domain::pricing::NotABill) -> Refusal {
    Refusal::new(crate::domain::ErrorCode::ValidationError, wrong.to_string())
}
