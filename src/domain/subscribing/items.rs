//! What is billed: the plan's prices in the subscription's currency and rhythm, with what the request changes of them,
//! and what it adds (`flexprice.md` §1.3, §1.6, §1.7).

use super::Cx;
use super::extras::{at, half_open, position};
use super::model::first_wrong;
use super::phases::{Phases, Span};
use super::request::{ItemPrice, ModelRequest, NewItem, PriceOverride};
use super::timing::Timing;
use crate::domain::feature;
use crate::domain::price::{BillingModel, NewPrice, Price, PriceType};
use crate::domain::schedule::PlanSchedule;
use crate::domain::subscription::parts::SubscriptionItem;
use crate::domain::text::Metadata;
use crate::domain::{ErrorCode, Id, Instant, Refusal};

/// The items, and every price that they have.
pub(super) struct Parts {
    pub items: Vec<SubscriptionItem>,
    pub prices: Vec<Price>,
}

pub(super) fn decide(cx: &Cx<'_>, timing: &Timing, phases: &Phases<'_>) -> Result<Parts, Refusal> {
    let billed: Vec<&Price> = billed(cx, timing)?;
    let mut deciding = Deciding { cx, timing, billed, parts: Parts { items: Vec::new(), prices: Vec::new() } };
    deciding.plan_items(phases)?;
    deciding.additional(&cx.request.additional_items, (timing.start, timing.end), &[])?;
    for span in &phases.spans {
        deciding.additional(span.items, (span.start, span.end), &span.path)?;
    }
    Ok(deciding.parts)
}

/// The plan's prices in the currency and for the billing period of the subscription.
fn billed<'a>(cx: &Cx<'a>, timing: &Timing) -> Result<Vec<&'a Price>, Refusal> {
    let refused = |message, field| Err(Refusal::new(ErrorCode::NoPriceInCurrency, message).at(&[field]));
    let plan = &cx.situation.plan;
    let currency = timing.currency;
    let mut prices: Vec<&Price> = cx.situation.prices.iter().filter(|price| price.currency == currency).collect();
    // A plan whose invoices are made by hand may have no prices at all.
    let priceless = cx.situation.prices.is_empty();
    if prices.is_empty() && !priceless {
        return refused(format!("The plan {} has no price in {currency}.", plan.code), "currency");
    }
    prices.retain(|price| price.fits(timing.schedule));
    if prices.is_empty() && !priceless {
        return refused(format!("The plan {} has no price for this billing period.", plan.code), "billingPeriod");
    }
    let foreign = plan.setup_fee.as_ref().filter(|fee| fee.amount.currency != currency);
    if let Some(fee) = foreign.filter(|_| !cx.request.no_setup_fee) {
        let message =
            format!("The plan's setup fee is in {}: set noSetupFee, or subscribe in it.", fee.amount.currency);
        return Err(Refusal::new(ErrorCode::CurrencyMismatch, message).at(&["currency"]));
    }
    Ok(prices)
}

impl Price {
    /// Whether it is for subscriptions with this schedule: every quarter is every three months.
    fn fits(&self, schedule: PlanSchedule) -> bool {
        let Some((period, count)) = self.billing_period else { return true };
        let Some((own, own_count)) = schedule.billing_period() else { return false };
        period.length(count.into()) == own.length(own_count.into())
    }
}

struct Deciding<'a, 'b> {
    cx: &'b Cx<'a>,
    timing: &'b Timing,
    billed: Vec<&'a Price>,
    parts: Parts,
}

/// What a price of the plan costs, and how many of it there are.
#[derive(Clone, PartialEq)]
struct Billed {
    price: Id<Price>,
    quantity: Option<i32>,
}

impl<'a> Deciding<'a, '_> {
    /// An item for each of the plan's prices; where phases change it, one for each stretch in which it stays the same.
    fn plan_items(&mut self, phases: &Phases<'a>) -> Result<(), Refusal> {
        let request = self.cx.request;
        self.known(&request.price_overrides, &[])?;
        for span in &phases.spans {
            self.known(span.overrides, &span.path)?;
        }
        let amount = self.amount()?;
        for price in self.billed.clone() {
            let whole = match (&amount, find(&request.price_overrides, price.id)) {
                (_, Some((index, asked))) => self.overridden(price, asked, &step(&[], "priceOverrides", index))?,
                (Some((changed, model)), None) if *changed == price.id => {
                    let made = self.own_price(price, model)?; // its refusal blames `amount`, as it should
                    Billed { price: made, quantity: self.quantity(price) }
                }
                _ => {
                    self.keep(price);
                    Billed { price: price.id, quantity: self.quantity(price) }
                }
            };
            let mut stretches: Vec<(Instant, Option<Instant>, Billed)> = Vec::new();
            for Span { start, end, overrides, path, .. } in &phases.spans {
                let billed = match find(overrides, price.id) {
                    Some((index, asked)) => self.overridden(price, asked, &step(path, "priceOverrides", index))?,
                    None => whole.clone(),
                };
                match stretches.last_mut() {
                    Some((_, before, same)) if *same == billed => *before = *end,
                    _ => stretches.push((*start, *end, billed)),
                }
            }
            if stretches.is_empty() {
                stretches.push((self.timing.start, self.timing.end, whole));
            }
            for (start, end, Billed { price: price_id, quantity }) in stretches {
                let item = self.item(price_id, quantity, price.name.clone(), (start, end));
                self.parts.items.push(SubscriptionItem { additional: false, ..item });
            }
        }
        Ok(())
    }

    /// Refuses overrides of what is none of the billed prices, and such as usage does not take.
    fn known(&self, overrides: &[PriceOverride], path: &[String]) -> Result<(), Refusal> {
        for (index, asked) in overrides.iter().enumerate() {
            let path = step(path, "priceOverrides", index);
            let Some(price) = self.billed.iter().find(|price| price.id == asked.price_id) else {
                let message = "The plan bills no such price in this currency and billing period.";
                return Err(at(Refusal::new(ErrorCode::PriceNotInPlan, message), &path, &["priceId"]));
            };
            if asked.quantity.is_none() && asked.model.is_empty() {
                let message = "This override changes nothing: give a quantity, an amount or another model.";
                return Err(at(Refusal::new(ErrorCode::EmptyPriceOverride, message), &path, &[]));
            }
            if price.price_type == PriceType::Usage && asked.quantity.is_some_and(|quantity| quantity > 0) {
                let message = "Usage is measured: it has no quantity.";
                return Err(at(Refusal::new(ErrorCode::QuantityNotAllowed, message), &path, &["quantity"]));
            }
        }
        Ok(())
    }

    /// The price that the request's `amount` stands instead of, which must be the only recurring one.
    fn amount(&self) -> Result<Option<(Id<Price>, ModelRequest)>, Refusal> {
        let Some(amount) = &self.cx.request.amount else { return Ok(None) };
        let mut recurring = self.billed.iter().filter(|price| price.price_type == PriceType::Recurring);
        match (recurring.next(), recurring.next()) {
            (Some(price), None) => {
                let model = Some(BillingModel::PerUnit);
                Ok(Some((price.id, ModelRequest { model, amount: Some(amount.clone()), ..ModelRequest::default() })))
            }
            _ => {
                let message = "An amount stands instead of the plan's only recurring price: use priceOverrides here.";
                Err(Refusal::new(ErrorCode::ValidationError, message).at(&["amount"]))
            }
        }
    }

    /// How many of a price there are: the subscription's quantity, or one of what is charged once.
    fn quantity(&self, price: &Price) -> Option<i32> {
        match price.price_type {
            PriceType::Recurring => Some(self.timing.quantity),
            PriceType::OneTime => Some(1),
            PriceType::Usage => None,
        }
    }

    fn overridden(&mut self, price: &Price, asked: &PriceOverride, path: &[String]) -> Result<Billed, Refusal> {
        let quantity = match price.price_type {
            PriceType::Usage => None,
            _ => asked.quantity.or(self.quantity(price)),
        };
        if asked.model.is_empty() {
            self.keep(price);
            return Ok(Billed { price: price.id, quantity });
        }
        let made = self.own_price(price, &asked.model);
        let made = made.map_err(|refusal| below(refusal, path))?;
        Ok(Billed { price: made, quantity })
    }

    /// A price of this subscription alone, which stands for one of the plan's.
    fn own_price(&mut self, parent: &Price, asked: &ModelRequest) -> Result<Id<Price>, Refusal> {
        let model = asked.applied_to(&parent.model, self.timing.currency)?;
        let own = Price {
            id: self.cx.id(),
            plan_id: None,
            subscription_id: Some(self.cx.situation.subscription_id),
            parent_price_id: Some(parent.id),
            position: position(self.parts.prices.len()),
            model,
            created_at: self.cx.now,
            ..parent.clone()
        };
        let id = own.id;
        self.parts.prices.push(own);
        Ok(id)
    }

    /// Keeps a price of the plan as it is.
    fn keep(&mut self, price: &Price) {
        if self.parts.prices.iter().all(|known| known.id != price.id) {
            self.parts.prices.push(price.clone());
        }
    }

    /// What is billed beside the plan's prices, during `[start, end)` where it names no dates of its own.
    fn additional(
        &mut self,
        items: &[NewItem],
        (start, end): (Instant, Option<Instant>),
        path: &[String],
    ) -> Result<(), Refusal> {
        for (index, asked) in items.iter().enumerate() {
            let path = step(path, "additionalItems", index);
            let price = match &asked.price {
                ItemPrice::Existing(id) => {
                    let found = self.cx.situation.prices.iter().find(|price| price.id == *id);
                    let message = "The plan has no such price.";
                    let found = found
                        .ok_or_else(|| at(Refusal::new(ErrorCode::PriceNotInPlan, message), &path, &["priceId"]))?;
                    if found.currency != self.timing.currency {
                        let message = format!("This price is in {}.", found.currency);
                        return Err(at(Refusal::new(ErrorCode::CurrencyMismatch, message), &path, &["priceId"]));
                    }
                    self.keep(found);
                    found.clone()
                }
                ItemPrice::New(new) => self.new_price(new, &step_in(&path, "price"))?,
            };
            if price.price_type == PriceType::Usage && asked.quantity.is_some_and(|quantity| quantity > 0) {
                let message = "Usage is measured: it has no quantity.";
                return Err(at(Refusal::new(ErrorCode::QuantityNotAllowed, message), &path, &["quantity"]));
            }
            let (start, end) = (asked.start_date.unwrap_or(start), asked.end_date.or(end));
            half_open(start, end).map_err(|refusal| at(refusal, &path, &["endDate"]))?;
            let quantity = match price.price_type {
                PriceType::Usage => None,
                _ => asked.quantity.or(Some(1)),
            };
            let name = asked.name.clone().unwrap_or_else(|| price.name.clone());
            let item = self.item(price.id, quantity, name, (start, end));
            self.parts.items.push(SubscriptionItem { additional: true, metadata: asked.metadata.clone(), ..item });
        }
        Ok(())
    }

    fn new_price(&mut self, new: &NewPrice, path: &[String]) -> Result<Price, Refusal> {
        let currency = self.timing.currency;
        if let Some(own) = new.currency.filter(|own| *own != currency) {
            let message = format!("This price is in {own}, the subscription in {currency}.");
            return Err(at(Refusal::new(ErrorCode::CurrencyMismatch, message), path, &["currency"]));
        }
        let situation = self.cx.situation;
        let feature = new.feature.as_ref().map(|code| feature::measured(&situation.features, code)).transpose();
        let feature = feature.map_err(|refusal| at(refusal, path, &["featureCode"]))?;
        let terms = new.terms(&situation.plan.name, currency, feature);
        let terms = terms.map_err(|wrong| below(first_wrong(wrong), path))?;
        let subscription = situation.subscription_id;
        let place = position(self.parts.prices.len());
        let price = terms.of_subscription(self.cx.id(), subscription, place, self.cx.now);
        self.parts.prices.push(price.clone());
        Ok(price)
    }

    fn item(
        &self,
        price_id: Id<Price>,
        quantity: Option<i32>,
        name: String,
        (start_date, end_date): (Instant, Option<Instant>),
    ) -> SubscriptionItem {
        SubscriptionItem {
            id: self.cx.id(),
            subscription_id: self.cx.situation.subscription_id,
            position: position(self.parts.items.len()),
            price_id,
            quantity,
            name,
            additional: false,
            start_date,
            end_date,
            metadata: Metadata::empty(),
        }
    }
}

fn find(overrides: &[PriceOverride], price: Id<Price>) -> Option<(usize, &PriceOverride)> {
    overrides.iter().enumerate().find(|(_, asked)| asked.price_id == price)
}

/// The path of a row of a list.
fn step(path: &[String], list: &str, index: usize) -> Vec<String> {
    path.iter().cloned().chain([list.to_owned(), index.to_string()]).collect()
}

fn step_in(path: &[String], field: &str) -> Vec<String> {
    path.iter().cloned().chain([field.to_owned()]).collect()
}

/// Puts the path of a refusal below another one.
fn below(refusal: Refusal, path: &[String]) -> Refusal {
    refusal.below(&path.iter().map(String::as_str).collect::<Vec<_>>())
}
