//! `tests/vectors/prices.json`: what is charged, and what it comes to.

use perennial::domain::money::decimal;
use perennial::domain::period::{Proration, ProrationUnit};
use perennial::domain::price::{BillingModel, PackageRounding, PriceModel, Tier, TierMode};
use perennial::domain::pricing::{
    self, AppliedDiscount, Bill, Charge, Charges, DiscountOrder, DiscountTarget, DiscountValue, LineKind, Percentage,
    PercentageBase, Stacking, Tax, TaxRate,
};
use perennial::domain::{Choice, Currency, Id, Money, Zone};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use uuid::Uuid;

const VECTORS: &str = include_str!("../../vectors/prices.json");

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Vector {
    name: String,
    #[serde(rename = "source")]
    _source: String,
    /// Why it cannot be asked for over HTTP.
    #[serde(rename = "notOverHttp")]
    _not_over_http: Option<String>,
    input: Input,
    expected: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Input {
    currency: String,
    timezone: Option<String>,
    charges: Vec<ChargeInput>,
    #[serde(default)]
    discounts: Vec<DiscountInput>,
    discount_order: Option<DiscountOrder>,
    percentage_base: Option<PercentageBase>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ChargeInput {
    kind: LineKind,
    price: PriceInput,
    quantity: Option<String>,
    proration: Option<ProrationInput>,
    minimum_prorated_amount: Option<String>,
    tax_rate: Option<String>,
    #[serde(default)]
    amount_includes_tax: bool,
    #[serde(default)]
    credit: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PriceInput {
    billing_model: BillingModel,
    amount: Option<String>,
    unit_amount: Option<String>,
    package_size: Option<i64>,
    package_rounding: Option<PackageRounding>,
    tier_mode: Option<TierMode>,
    tiers: Option<Vec<TierInput>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct TierInput {
    up_to: Option<String>,
    unit_amount: String,
    flat_amount: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ProrationInput {
    numerator: i64,
    denominator: i64,
    unit: ProrationUnit,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct DiscountInput {
    percentage: Option<String>,
    amount: Option<String>,
    apply_to: Vec<DiscountTarget>,
}

#[test]
fn every_vector_comes_to_what_it_says() {
    let vectors: Vec<Vector> = serde_json::from_str(VECTORS).unwrap();
    let names: BTreeSet<_> = vectors.iter().map(|vector| vector.name.as_str()).collect();
    assert_eq!(names.len(), vectors.len(), "each vector has a name of its own");
    let mut wrong = Vec::new();
    for Vector { name, input, expected, .. } in vectors {
        let found = said(&pricing::bill(input.charges()).unwrap());
        if found != expected {
            wrong.push(format!("{name}\n  expected {expected}\n  found    {found}"));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// A bill as the vectors write it.
fn said(bill: &Bill) -> Value {
    let lines = bill.lines.iter().map(|line| {
        let mut said = json!({"amount": line.amount.to_string()});
        if line.discount_amount.minor != 0 {
            said["discountAmount"] = json!(line.discount_amount.to_string());
        }
        if let Some(reduction) = line.reduces {
            said["kind"] = json!(line.kind.name());
            said["reduces"] = json!(reduction.position);
        }
        said
    });
    json!({
        "lines": lines.collect::<Vec<_>>(),
        "subtotal": bill.subtotal.to_string(),
        "discountTotal": bill.discount_total.to_string(),
        "taxTotal": bill.tax_total.to_string(),
        "netTotal": bill.net_total.to_string(),
        "total": bill.total.to_string(),
    })
}

impl Input {
    fn charges(self) -> Charges {
        let currency = self.currency.parse().unwrap();
        let Stacking { order, base } = Stacking::default();
        Charges {
            currency,
            zone: self.timezone.map_or(Zone::UTC, |zone| zone.parse().unwrap()),
            charges: self.charges.into_iter().map(|charge| charge.charge(currency)).collect(),
            discounts: self.discounts.into_iter().map(|discount| discount.discount(currency)).collect(),
            stacking: Stacking {
                order: self.discount_order.unwrap_or(order),
                base: self.percentage_base.unwrap_or(base),
            },
        }
    }
}

impl ChargeInput {
    fn charge(self, currency: Currency) -> Charge {
        let rate = decimal(self.tax_rate.as_deref().unwrap_or("0")).unwrap();
        Charge {
            kind: self.kind,
            description: String::new(),
            price_id: None,
            plan_version: None,
            reference: None,
            model: self.price.model(currency),
            quantity: decimal(self.quantity.as_deref().unwrap_or("1")).unwrap(),
            proration: self.proration.map(|ProrationInput { numerator, denominator, unit }| Proration {
                numerator,
                denominator,
                unit,
            }),
            portion: None,
            minimum_prorated_amount: self.minimum_prorated_amount.map(|amount| money(&amount, currency)),
            period: None,
            tax: Tax { rate: TaxRate::try_new(&rate).unwrap(), included: self.amount_includes_tax },
            credit: self.credit,
        }
    }
}

impl PriceInput {
    fn model(self, currency: Currency) -> PriceModel {
        let amount = self.amount.map(|amount| decimal(&amount).unwrap());
        let made = match self.billing_model {
            BillingModel::FlatFee => PriceModel::try_flat_fee(amount.unwrap(), currency),
            BillingModel::PerUnit => PriceModel::try_per_unit(decimal(&self.unit_amount.unwrap()).unwrap(), currency),
            BillingModel::Package => {
                let (size, rounding) = (self.package_size.unwrap(), self.package_rounding.unwrap());
                PriceModel::try_package(amount.unwrap(), size, rounding, currency)
            }
            BillingModel::Tiered => {
                let tiers = self.tiers.unwrap().into_iter().map(|tier| Tier {
                    up_to: tier.up_to.map(|up_to| decimal(&up_to).unwrap()),
                    unit_amount: decimal(&tier.unit_amount).unwrap(),
                    flat_amount: decimal(tier.flat_amount.as_deref().unwrap_or("0")).unwrap(),
                });
                PriceModel::try_tiered(self.tier_mode.unwrap(), tiers.collect(), currency)
            }
        };
        made.unwrap()
    }
}

impl DiscountInput {
    fn discount(self, currency: Currency) -> AppliedDiscount {
        let percentage = |text: String| Percentage::try_new(&decimal(&text).unwrap()).unwrap();
        let value = match (self.percentage, self.amount) {
            (Some(text), None) => DiscountValue::Percentage(percentage(text)),
            (None, Some(amount)) => DiscountValue::Amount(money(&amount, currency)),
            _ => panic!("a discount has a percentage or an amount"),
        };
        AppliedDiscount {
            reference: Id::new(Uuid::nil()),
            name: String::new(),
            value,
            applies_to: self.apply_to,
            price_id: None,
        }
    }
}

fn money(amount: &str, currency: Currency) -> Money {
    Money::try_price(&decimal(amount).unwrap(), currency).unwrap()
}
