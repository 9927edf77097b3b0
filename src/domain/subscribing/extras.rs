//! Add-ons, additional costs, discounts and coupons of a new subscription (`billwerk.md` §5 and §6).

use super::Cx;
use super::items::Parts;
use super::request::{NewDiscount, Reference};
use super::timing::Timing;
use crate::domain::billing::stands_for;
use crate::domain::coupon::{self, CouponRedemption};
use crate::domain::discount::{self, Discount, DiscountValue};
use crate::domain::pricing::Tax;
use crate::domain::subscription::parts::{
    AdditionalCost, AdditionalCostState, SubscriptionAddOn, SubscriptionDiscount,
};
use crate::domain::{Currency, ErrorCode, Instant, Money, Refusal, add_on};

/// The discounts that a subscription takes, in their order, and where in the request each of them stands.
pub(super) struct Discounts {
    pub taken: Vec<SubscriptionDiscount>,
    paths: Vec<Vec<String>>,
}

/// All discounts of the request, its phases' included.
pub(super) fn discounts(cx: &Cx<'_>, timing: &Timing) -> Result<Discounts, Refusal> {
    let mut discounts = Discounts { taken: Vec::new(), paths: Vec::new() };
    for (index, asked) in cx.request.discounts.iter().enumerate() {
        let path = vec!["discounts".to_owned(), index.to_string()];
        discounts.take(cx, timing, asked, (timing.start, None), path)?;
    }
    for (phase_index, phase) in cx.request.phases.iter().enumerate() {
        for (index, asked) in phase.discounts.iter().enumerate() {
            let path = ["phases", &phase_index.to_string(), "discounts", &index.to_string()].map(str::to_owned);
            discounts.take(cx, timing, asked, (phase.start_date, phase.end_date), path.to_vec())?;
        }
    }
    Ok(discounts)
}

impl Discounts {
    /// Takes one discount during `[start, end)`, unless the request gives it dates of its own.
    fn take(
        &mut self,
        cx: &Cx<'_>,
        timing: &Timing,
        asked: &NewDiscount,
        (start, end): (Instant, Option<Instant>),
        path: Vec<String>,
    ) -> Result<(), Refusal> {
        let found = cx.situation.discounts.iter().find(|known| asked.discount.names(known.id, &known.code));
        let template = found.ok_or_else(|| at(discount::not_found(), &path, &["discount"]))?;
        template.offered().map_err(|refusal| at(refusal, &path, &["discount"]))?;
        let handle = asked.handle.clone().unwrap_or_else(|| template.code.clone());
        self.unused(&handle).map_err(|refusal| at(refusal, &path, &["handle"]))?;
        self.allowed(cx).map_err(|refusal| at(refusal, &path, &[]))?;
        let value = asked.value.as_ref().map(|value| value.value(timing.currency)).transpose();
        let value = value
            .map_err(|wrong| at(Refusal::new(ErrorCode::ValidationError, wrong.to_string()), &path, &["amount"]))?;
        let terms = template
            .terms
            .overridden_by(value, asked.applies_to.clone(), asked.fixed_count, asked.fixed_period)
            .map_err(|refusal| {
                let path: Vec<&str> = path.iter().map(String::as_str).collect();
                refusal.below(&path)
            })?;
        let taken = SubscriptionDiscount {
            name: asked.name.clone().unwrap_or_else(|| template.name.clone()),
            terms,
            price_id: asked.price_id,
            start_date: asked.start_date.unwrap_or(start),
            end_date: asked.end_date.or(end),
            ..self.taken_from(cx, template, handle, start)
        };
        half_open(taken.start_date, taken.end_date).map_err(|refusal| at(refusal, &path, &["endDate"]))?;
        self.taken.push(taken);
        self.paths.push(path);
        Ok(())
    }

    fn taken_from(&self, cx: &Cx<'_>, template: &Discount, handle: String, start: Instant) -> SubscriptionDiscount {
        SubscriptionDiscount {
            id: cx.id(),
            subscription_id: cx.situation.subscription_id,
            position: position(self.taken.len()),
            discount_id: template.id,
            coupon_id: None,
            handle,
            name: template.name.clone(),
            terms: template.terms.clone(),
            price_id: None,
            start_date: start,
            end_date: None,
            uses: 0,
        }
    }

    fn unused(&self, handle: &str) -> Result<(), Refusal> {
        match self.taken.iter().any(|taken| taken.handle == handle) {
            true => Err(duplicate_handle(handle)),
            false => Ok(()),
        }
    }

    /// Refuses one discount more where the tenant allows one only.
    fn allowed(&self, cx: &Cx<'_>) -> Result<(), Refusal> {
        if self.taken.is_empty() || cx.situation.settings.multiple_discounts_allowed {
            return Ok(());
        }
        let message = "A subscription has one discount at a time here, coupons included.";
        Err(Refusal::new(ErrorCode::MultipleDiscountsNotAllowed, message))
    }

    /// Checks what could not be checked before the items were known: that a discount is in the subscription's currency,
    /// and that the price that it is taken off is billed.
    pub fn targeted_at(&self, parts: &Parts, currency: Currency) -> Result<(), Refusal> {
        for (taken, path) in self.taken.iter().zip(&self.paths) {
            if let DiscountValue::Amount(amount) = taken.terms.value
                && amount.currency != currency
            {
                let message =
                    format!("This discount takes off {}, the subscription is in {currency}.", amount.currency);
                return Err(at(Refusal::new(ErrorCode::CurrencyMismatch, message), path, &[]));
            }
            let billed = |price| parts.items.iter().any(|item| stands_for(&parts.prices, item.price_id, price));
            if taken.price_id.is_some_and(|price| !billed(price)) {
                let message = "The subscription has no item with this price.";
                return Err(at(Refusal::new(ErrorCode::PriceNotInPlan, message), path, &["priceId"]));
            }
        }
        Ok(())
    }
}

/// Redeems the coupons of the request, its phases' included: each gives a discount.
pub(super) fn coupons(
    cx: &Cx<'_>,
    start: Instant,
    discounts: &mut Discounts,
) -> Result<Vec<CouponRedemption>, Refusal> {
    let mut redemptions: Vec<CouponRedemption> = Vec::new();
    let own = cx
        .request
        .coupon_codes
        .iter()
        .enumerate()
        .map(|(index, code)| (code, (start, None), vec!["couponCodes".to_owned(), index.to_string()]));
    let of_phases = cx.request.phases.iter().enumerate().flat_map(|(phase_index, phase)| {
        phase.coupon_codes.iter().enumerate().map(move |(index, code)| {
            let path = ["phases", &phase_index.to_string(), "couponCodes", &index.to_string()].map(str::to_owned);
            (code, (phase.start_date, phase.end_date), path.to_vec())
        })
    });
    let situation = cx.situation;
    for (code, (start, end), path) in own.chain(of_phases) {
        let blamed = |refusal| at(refusal, &path, &[]);
        let found = situation.coupons.iter().find(|coupon| coupon.code.to_lowercase() == code.to_lowercase());
        let coupon = found.ok_or_else(|| blamed(coupon::not_found(code)))?;
        coupon.redeemable(&situation.plan.code, cx.now).map_err(blamed)?;
        let template = situation.discounts.iter().find(|known| known.id == coupon.discount_id);
        let template = template.ok_or_else(|| blamed(coupon::not_found(code)))?;
        let once_key = coupon.once_key(situation.customer.id, &situation.plan.code, situation.subscription_id);
        let before = situation.redeemed.iter().any(|(id, key)| *id == coupon.id && *key == once_key);
        if before {
            return Err(blamed(coupon::already_used(code)));
        }
        if redemptions.iter().any(|known| known.coupon_id == coupon.id) {
            let message = format!("The coupon {code} is named twice.");
            return Err(blamed(Refusal::new(ErrorCode::CouponAlreadyUsed, message)));
        }
        discounts.allowed(cx).map_err(blamed)?;
        discounts.unused(&coupon.code).map_err(blamed)?;
        let taken = SubscriptionDiscount {
            coupon_id: Some(coupon.id),
            name: coupon.name.clone(),
            start_date: start,
            end_date: end,
            ..discounts.taken_from(cx, template, coupon.code.clone(), start)
        };
        discounts.taken.push(taken);
        discounts.paths.push(path);
        redemptions.push(CouponRedemption {
            id: cx.id(),
            coupon_id: coupon.id,
            subscription_id: situation.subscription_id,
            customer_id: situation.customer.id,
            plan_id: situation.plan.id,
            once_key,
            redeemed_at: cx.now,
        });
    }
    Ok(redemptions)
}

/// The add-ons that are taken, each refused in the order of `decisions.md` 9.
pub(super) fn add_ons(cx: &Cx<'_>, timing: &Timing) -> Result<Vec<SubscriptionAddOn>, Refusal> {
    let mut taken: Vec<SubscriptionAddOn> = Vec::new();
    for (index, asked) in cx.request.add_ons.iter().enumerate() {
        let path = ["addOns".to_owned(), index.to_string()];
        let found = cx.situation.add_ons.iter().find(|known| asked.add_on.names(known.id, &known.code));
        let add_on = found.ok_or_else(|| at(add_on::not_found(), &path, &["addOn"]))?;
        add_on.offered().map_err(|refusal| at(refusal, &path, &["addOn"]))?;
        add_on.goes_with(&cx.situation.plan.code).map_err(|refusal| at(refusal, &path, &["addOn"]))?;
        let quantity = add_on.quantity(asked.quantity).map_err(|refusal| at(refusal, &path, &["quantity"]))?;
        if asked.handle.is_none() && taken.iter().any(|known| known.add_on_id == add_on.id) {
            let message = format!("{} is there already: give each of several a handle of its own.", add_on.code);
            return Err(at(Refusal::new(ErrorCode::AddOnAlreadyAdded, message), &path, &["addOn"]));
        }
        let handle = asked.handle.clone().unwrap_or_else(|| add_on.code.clone());
        if taken.iter().any(|known| known.handle == handle) {
            return Err(at(duplicate_handle(&handle), &path, &["handle"]));
        }
        if asked.amount.is_none() && add_on.currency != timing.currency {
            let message = format!(
                "{} is priced in {}, the subscription is in {}.",
                add_on.code, add_on.currency, timing.currency
            );
            return Err(at(Refusal::new(ErrorCode::CurrencyMismatch, message), &path, &["addOn"]));
        }
        if let Some(amount) = &asked.amount {
            add_on::unit_amount(amount.clone(), Some(timing.currency))
                .map_err(|wrong| at(Refusal::new(ErrorCode::ValidationError, wrong), &path, &["amount"]))?;
        }
        let (start_date, end_date) = (asked.start_date.unwrap_or(timing.start), asked.end_date);
        half_open(start_date, end_date).map_err(|refusal| at(refusal, &path, &["endDate"]))?;
        let settings = &cx.situation.settings;
        let own_tax = asked.amount_includes_tax.or(add_on.amount_includes_tax);
        taken.push(SubscriptionAddOn {
            id: cx.id(),
            subscription_id: cx.situation.subscription_id,
            position: position(index),
            add_on_id: add_on.id,
            handle,
            quantity,
            fixed_amount: match (&asked.amount, asked.fixed_amount) {
                (Some(amount), _) => Some(amount.clone()),
                (None, true) => Some(add_on.unit_amount.clone()),
                (None, false) => None,
            },
            tax: Tax {
                rate: add_on.tax_rate.unwrap_or(settings.tax_rate),
                included: own_tax.unwrap_or(settings.amounts_include_tax),
            },
            name: asked.name.clone().unwrap_or_else(|| add_on.name.clone()),
            description: asked.description.clone().or_else(|| add_on.description.clone()),
            start_date,
            end_date,
        });
    }
    Ok(taken)
}

/// The additional costs, which wait for the next invoice.
pub(super) fn costs(cx: &Cx<'_>, timing: &Timing) -> Result<Vec<AdditionalCost>, Refusal> {
    let mut made: Vec<AdditionalCost> = Vec::new();
    for (index, asked) in cx.request.additional_costs.iter().enumerate() {
        let path = ["additionalCosts".to_owned(), index.to_string()];
        let known = made.iter().any(|known| known.handle == asked.handle);
        if known || cx.situation.taken_cost_handles.contains(&asked.handle) {
            return Err(at(duplicate_handle(&asked.handle), &path, &["handle"]));
        }
        let amount = Money::try_price(&asked.amount, timing.currency)
            .map_err(|wrong| at(Refusal::new(ErrorCode::ValidationError, wrong.to_string()), &path, &["amount"]))?;
        made.push(AdditionalCost {
            id: cx.id(),
            subscription_id: cx.situation.subscription_id,
            position: position(index),
            handle: asked.handle.clone(),
            text: asked.text.clone(),
            amount,
            quantity: asked.quantity,
            tax: Tax {
                rate: asked.tax_rate.unwrap_or(timing.tax.rate),
                included: asked.amount_includes_tax.unwrap_or(timing.tax.included),
            },
            state: AdditionalCostState::Pending,
            invoice_id: None,
        });
    }
    Ok(made)
}

/// Blames the argument at a path.
pub(super) fn at(refusal: Refusal, path: &[String], further: &[&str]) -> Refusal {
    let path: Vec<&str> = path.iter().map(String::as_str).chain(further.iter().copied()).collect();
    refusal.at(&path)
}

/// A place in a list.
pub(super) fn position(index: usize) -> i32 {
    i32::try_from(index).unwrap_or(i32::MAX)
}

fn duplicate_handle(handle: &str) -> Refusal {
    Refusal::new(ErrorCode::DuplicateHandle, format!("The handle {handle:?} is taken."))
}

/// Refuses a stretch of time that ends before it starts.
pub(super) fn half_open(start: Instant, end: Option<Instant>) -> Result<(), Refusal> {
    match end {
        Some(end) if end <= start => Err(Refusal::new(ErrorCode::EndDateBeforeStart, "This ends before it starts.")),
        _ => Ok(()),
    }
}

impl<T> Reference<T> {
    /// The code, where it is named by one.
    pub fn code(&self) -> Option<&str> {
        match self {
            Reference::Code(code) => Some(code),
            Reference::Id(_) => None,
        }
    }
}
