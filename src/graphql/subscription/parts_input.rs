//! The rows of a new subscription's input: overrides, items, add-ons, costs, discounts, phases.

use super::input::MOST_ROWS;
use crate::domain::add_on::AddOn;
use crate::domain::discount::{self, Discount, DiscountTarget, NewDiscountValue};
use crate::domain::period::DurationUnit;
use crate::domain::price::{BillingModel, MOST_TIERS, PackageRounding, TierMode};
use crate::domain::subscribing::request::{
    ItemPrice, ModelRequest, NewAddOn, NewCost, NewDiscount, NewItem, NewPhase, PriceOverride, Reference,
};
use crate::domain::subscribing::shape;
use crate::domain::{ErrorCode, Refusal};
use crate::graphql::check::{self, Check};
use crate::graphql::mutations::Wire;
use crate::graphql::price::{PriceInput, PriceTierInput};
use crate::graphql::scalars::{CurrencyCode, DateTime, Decimal, Json};
use async_graphql::{ID, InputObject, OneofObject};

/// Another quantity or another amount for one of the plan's prices, for this subscription alone.
#[derive(InputObject)]
pub struct PriceOverrideInput {
    /// One of the plan's prices.
    price_id: ID,
    /// How many units: not for usage.
    quantity: Option<i32>,
    /// Another model; the price's own where there is none.
    billing_model: Option<Wire<BillingModel>>,
    /// What one unit, or one package, costs.
    amount: Option<Decimal>,
    /// How many units a package has.
    package_size: Option<i32>,
    /// What becomes of a package that is not full.
    package_rounding: Option<Wire<PackageRounding>>,
    /// How tiers are applied.
    tier_mode: Option<Wire<TierMode>>,
    /// Tiers, from the lowest on.
    tiers: Option<Vec<PriceTierInput>>,
}

impl PriceOverrideInput {
    pub(super) fn read(check: &mut Check, row: Self) -> Option<PriceOverride> {
        let price_id = check.take("priceId", check::id(row.price_id));
        let quantity = check.maybe("quantity", row.quantity, check::none_or_more);
        let amount = check.maybe("amount", row.amount, check::price);
        let tiers = match row.tiers {
            Some(tiers) => check.rows("tiers", tiers, (1, MOST_TIERS), |check, tier| tier.read(check)).map(Some),
            None => Some(None),
        };
        let model = ModelRequest {
            model: row.billing_model.map(|wire| wire.0),
            amount: amount?,
            package_size: row.package_size.map(i64::from),
            package_rounding: row.package_rounding.map(|wire| wire.0),
            tier_mode: row.tier_mode.map(|wire| wire.0),
            tiers: tiers?,
        };
        Some(PriceOverride { price_id: price_id?, quantity: quantity?, model })
    }
}

/// Something that is billed beside the plan's prices: one of the plan's, or a price of its own.
#[derive(InputObject)]
pub struct SubscriptionItemInput {
    /// One of the plan's prices.
    price_id: Option<ID>,
    /// A price of this subscription alone.
    price: Option<PriceInput>,
    /// How many units: not for usage. Default: 1.
    quantity: Option<i32>,
    /// What invoices call it. Default: the price's name.
    name: Option<String>,
    /// Its first moment. Default: that of the subscription or of the phase.
    start_date: Option<DateTime>,
    /// The moment at which it is over. Default: that of the subscription or of the phase.
    end_date: Option<DateTime>,
    /// Whatever you keep with it: an object of at most 16 kB.
    metadata: Option<Json>,
}

impl SubscriptionItemInput {
    pub(super) fn read(check: &mut Check, row: Self) -> Option<NewItem> {
        let price = match (row.price_id, row.price) {
            (Some(id), None) => check.take("priceId", check::id(id)).map(ItemPrice::Existing),
            (None, Some(new)) => {
                let new = check.below("price", |check| new.read(check, None));
                new.map(|new| ItemPrice::New(Box::new(new)))
            }
            _ => {
                let message = "Give either priceId or price.";
                check.take("priceId", Err(Refusal::new(ErrorCode::InvalidItem, message)))
            }
        };
        let quantity = check.maybe("quantity", row.quantity, check::none_or_more);
        let name = check.maybe("name", row.name, check::name);
        let start_date = check.maybe("startDate", row.start_date, check::instant);
        let end_date = check.maybe("endDate", row.end_date, check::instant);
        let metadata = check.maybe("metadata", row.metadata, check::metadata);
        Some(NewItem {
            price: price?,
            quantity: quantity?,
            name: name?,
            start_date: start_date?,
            end_date: end_date?,
            metadata: check::new_metadata(metadata?),
        })
    }
}

/// An add-on: exactly one of these.
#[derive(OneofObject)]
pub enum AddOnReferenceInput {
    /// Its id.
    Id(ID),
    /// Its code.
    Code(String),
}

/// An add-on to take.
#[derive(InputObject)]
pub struct SubscriptionAddOnInput {
    /// Which one.
    add_on: AddOnReferenceInput,
    /// A name in the subscription, for each of several of the same add-on. Default: the add-on's code.
    handle: Option<String>,
    /// How many: at least 1. Not for an add-on that is on or off.
    quantity: Option<i32>,
    /// What one costs a period, in the subscription's currency, instead of the catalogue's amount.
    amount: Option<Decimal>,
    /// Whether the amount stays when the catalogue's changes. Default: true.
    fixed_amount: Option<bool>,
    /// Whether the amount includes tax. Default: the add-on's setting, else the tenant's.
    amount_includes_tax: Option<bool>,
    /// What invoices call it. Default: the add-on's name.
    name: Option<String>,
    /// What it is. Default: the add-on's description.
    description: Option<String>,
    /// Its first moment. Default: that of the subscription.
    start_date: Option<DateTime>,
    /// The moment at which it is over.
    end_date: Option<DateTime>,
}

impl SubscriptionAddOnInput {
    pub(super) fn read(check: &mut Check, row: Self) -> Option<NewAddOn> {
        let add_on: Option<Reference<AddOn>> = check.below("addOn", |check| match row.add_on {
            AddOnReferenceInput::Id(id) => check.take("id", check::id(id)).map(Reference::Id),
            AddOnReferenceInput::Code(code) => check.take("code", check::code(code)).map(Reference::Code),
        });
        let handle = check.maybe("handle", row.handle, check::handle);
        let quantity = check.maybe("quantity", row.quantity, check::quantity);
        let amount = check.maybe("amount", row.amount, check::price);
        if matches!(amount, Some(Some(_))) && row.fixed_amount == Some(false) {
            let message = "An amount of its own does not follow the catalogue: leave fixedAmount out.";
            check.take::<(), _>("fixedAmount", Err(message));
        }
        let name = check.maybe("name", row.name, check::name);
        let description = check.maybe("description", row.description, check::notes);
        let start_date = check.maybe("startDate", row.start_date, check::instant);
        let end_date = check.maybe("endDate", row.end_date, check::instant);
        Some(NewAddOn {
            add_on: add_on?,
            handle: handle?,
            quantity: quantity?,
            amount: amount?,
            fixed_amount: row.fixed_amount.unwrap_or(true),
            amount_includes_tax: row.amount_includes_tax,
            name: name?,
            description: description?,
            start_date: start_date?,
            end_date: end_date?,
        })
    }
}

/// Something that is charged once, on the next invoice.
#[derive(InputObject)]
pub struct AdditionalCostInput {
    /// A name of its own, unique in the tenant.
    handle: String,
    /// What the invoice calls it.
    text: String,
    /// What one of the quantity costs, in the subscription's currency.
    amount: Decimal,
    /// How many: at least 1. Default: 1.
    quantity: Option<i32>,
    /// Whether the amount includes tax. Default: as the subscription's amounts.
    amount_includes_tax: Option<bool>,
    /// A fraction, such as 0.25. Default: that of the subscription.
    tax_rate: Option<Decimal>,
}

impl AdditionalCostInput {
    pub(super) fn read(check: &mut Check, row: Self) -> Option<NewCost> {
        let handle = check.take("handle", check::handle(row.handle));
        let text = check.take("text", check::name(row.text));
        let amount = check.take("amount", check::price(row.amount));
        let quantity = check.maybe("quantity", row.quantity, check::quantity);
        let tax_rate = check.maybe("taxRate", row.tax_rate, check::tax_rate);
        Some(NewCost {
            handle: handle?,
            text: text?,
            amount: amount?,
            quantity: quantity?.unwrap_or(1),
            amount_includes_tax: row.amount_includes_tax,
            tax_rate: tax_rate?,
        })
    }
}

/// A discount: exactly one of these.
#[derive(OneofObject)]
pub enum DiscountReferenceInput {
    /// Its id.
    Id(ID),
    /// Its code.
    Code(String),
}

/// A discount to take. What is given stands instead of what the discount says.
#[derive(InputObject)]
pub struct SubscriptionDiscountInput {
    /// Which one.
    discount: DiscountReferenceInput,
    /// A name in the subscription. Default: the discount's code.
    handle: Option<String>,
    /// What invoices call it. Default: the discount's name.
    name: Option<String>,
    /// Above 0, up to 100. Not with an amount.
    percentage: Option<Decimal>,
    /// An amount each invoice, above 0. Not with a percentage.
    amount: Option<Decimal>,
    /// The currency of the amount. Default: the subscription's.
    currency: Option<CurrencyCode>,
    /// What it is taken off.
    applies_to: Option<Vec<Wire<DiscountTarget>>>,
    /// For how many invoices: at least 1.
    fixed_count: Option<i32>,
    /// For how long, in `fixedPeriodUnit`: at least 1.
    fixed_period: Option<i32>,
    /// What `fixedPeriod` is counted in.
    fixed_period_unit: Option<Wire<DurationUnit>>,
    /// The only price of the plan that it is taken off, or what stands for that.
    price_id: Option<ID>,
    /// Its first moment. Default: that of the subscription or of the phase.
    start_date: Option<DateTime>,
    /// The moment at which it is over. Default: that of the phase.
    end_date: Option<DateTime>,
}

impl SubscriptionDiscountInput {
    pub(super) fn read(check: &mut Check, row: Self) -> Option<NewDiscount> {
        let discount: Option<Reference<Discount>> = check.below("discount", |check| match row.discount {
            DiscountReferenceInput::Id(id) => check.take("id", check::id(id)).map(Reference::Id),
            DiscountReferenceInput::Code(code) => check.take("code", check::code(code)).map(Reference::Code),
        });
        let handle = check.maybe("handle", row.handle, check::handle);
        let name = check.maybe("name", row.name, check::name);
        let percentage = check.maybe("percentage", row.percentage, check::percentage);
        let amount = check.maybe("amount", row.amount, check::price);
        let currency = check.maybe("currency", row.currency, check::currency);
        let value = match (percentage, amount, currency) {
            (Some(percentage), Some(amount), Some(currency)) => {
                check.together(NewDiscountValue::try_new(percentage, amount, currency))
            }
            _ => None,
        };
        let applies_to = check.maybe("appliesTo", row.applies_to, |targets| {
            discount::targets(targets.into_iter().map(|wire| wire.0).collect())
        });
        let fixed_count = check.maybe("fixedCount", row.fixed_count, discount::count);
        let unit = row.fixed_period_unit.map(|wire| wire.0);
        let fixed_period = check.together(discount::period(row.fixed_period, unit));
        let price_id = check.maybe("priceId", row.price_id, check::id);
        let start_date = check.maybe("startDate", row.start_date, check::instant);
        let end_date = check.maybe("endDate", row.end_date, check::instant);
        Some(NewDiscount {
            discount: discount?,
            handle: handle?,
            name: name?,
            value: value?,
            applies_to: applies_to?,
            fixed_count: fixed_count?,
            fixed_period: fixed_period?,
            price_id: price_id?,
            start_date: start_date?,
            end_date: end_date?,
        })
    }
}

/// A stretch of a subscription's life with prices of its own.
#[derive(InputObject)]
pub struct SubscriptionPhaseInput {
    /// Its first moment.
    start_date: DateTime,
    /// The moment at which it is over, and the next one starts, or with the last one the subscription is over. Only the
    /// last phase may have none.
    end_date: Option<DateTime>,
    /// Other quantities or amounts for the plan's prices.
    price_overrides: Option<Vec<PriceOverrideInput>>,
    /// What is billed beside the plan's prices.
    additional_items: Option<Vec<SubscriptionItemInput>>,
    /// Discounts of this phase.
    discounts: Option<Vec<SubscriptionDiscountInput>>,
    /// The codes of coupons whose discounts are for this phase.
    coupon_codes: Option<Vec<String>>,
    /// Whatever you keep with it: an object of at most 16 kB.
    metadata: Option<Json>,
}

impl SubscriptionPhaseInput {
    pub(super) fn read(check: &mut Check, row: Self) -> Option<NewPhase> {
        let rows = (0, MOST_ROWS);
        let start_date = check.take("startDate", check::instant(row.start_date));
        let end_date = check.maybe("endDate", row.end_date, check::instant);
        let overrides = row.price_overrides.unwrap_or_default();
        let overrides = check.rows("priceOverrides", overrides, rows, PriceOverrideInput::read);
        let overridden: Vec<_> = overrides.iter().flatten().map(|asked| asked.price_id).collect();
        check.hold(shape::duplicates(&overridden, &["priceOverrides"]));
        let items = row.additional_items.unwrap_or_default();
        let items = check.rows("additionalItems", items, rows, SubscriptionItemInput::read);
        let discounts = row.discounts.unwrap_or_default();
        let discounts = check.rows("discounts", discounts, rows, SubscriptionDiscountInput::read);
        let coupon_codes = check.texts("couponCodes", row.coupon_codes.unwrap_or_default(), rows, check::code);
        let metadata = check.maybe("metadata", row.metadata, check::metadata);
        Some(NewPhase {
            start_date: start_date?,
            end_date: end_date?,
            price_overrides: overrides?,
            additional_items: items?,
            discounts: discounts?,
            coupon_codes: coupon_codes?,
            metadata: check::new_metadata(metadata?),
        })
    }
}
