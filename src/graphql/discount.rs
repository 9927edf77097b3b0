//! Discounts: the templates.

use super::check::{self, Check};
use super::engine::{Object, Type};
use super::mutations::{Mutation, Wire, payload, run};
use super::scalars::{CurrencyCode, Decimal, Json};
use crate::app::discount::{
    CreateDiscount, DiscountChanged, UpdateDiscount, archive_discount, create_discount, update_discount,
};
use crate::domain::Refusal;
use crate::domain::api_key::Scope;
use crate::domain::discount::{self, Discount, DiscountTarget, DiscountValue, NewDiscountValue};
use crate::domain::period::DurationUnit;
use crate::repository::coupon;
use async_graphql::{ID, InputObject, MaybeUndefined};

impl Object for Discount {
    fn declare() -> Type<Self> {
        Type::new(
            "Discount",
            "A template of what is taken off, for subscriptions to take by themselves or by a coupon.",
        )
        .node(|discount: &Discount| discount.id)
        .column("code", "Its code: unique in the tenant, and never changed.", |discount| &discount.code)
        .column("name", "The name, which invoices show.", |discount| &discount.name)
        .computed("percentage", "How much of a hundred is taken off; null where an amount is.", |discount| {
            match discount.terms.value {
                DiscountValue::Percentage(percentage) => Some(percentage.decimal()),
                DiscountValue::Amount(_) => None,
            }
        })
        .maybe_value("amount", "How much is taken off each invoice; null where a percentage is.", |discount| {
            match &discount.terms.value {
                DiscountValue::Percentage(_) => None,
                DiscountValue::Amount(amount) => Some(amount),
            }
        })
        .column("appliesTo", "What it is taken off.", |discount| &discount.terms.applies_to)
        .column(
            "fixedCount",
            "For how many invoices; null where they are not counted. With a period, whichever ends first.",
            |discount| &discount.terms.fixed_count,
        )
        .computed("fixedPeriod", "For how long after it was taken; null where that has no end.", |discount| {
            discount.terms.fixed_period.map(|period| period.length)
        })
        .computed("fixedPeriodUnit", "What the period is counted in; null where there is none.", |discount| {
            discount.terms.fixed_period.map(|period| period.unit)
        })
        .column("state", "Whether it is offered.", |discount| &discount.state)
        .connection("coupons", "The coupons that give it.", coupon::of_discounts, |coupon| coupon.discount_id)
        .column("metadata", "Whatever you keep with it.", |discount| &discount.metadata)
        .column("version", "Counts its changes: for `expectedVersion`.", |discount| &discount.version)
        .column("createdAt", "When it was created.", |discount| &discount.created_at)
        .column("updatedAt", "When it was last changed.", |discount| &discount.updated_at)
    }
}

/// A new discount: a percentage, or an amount.
#[derive(InputObject)]
pub struct CreateDiscountInput {
    /// Its code: unique in the tenant, and never changed.
    code: String,
    /// The name, which invoices show.
    name: String,
    /// How much of a hundred is taken off: above 0, up to 100, with at most 6 digits after the point.
    percentage: Option<Decimal>,
    /// How much is taken off each invoice: above 0.
    amount: Option<Decimal>,
    /// The currency of the amount; the tenant's default where there is none.
    currency: Option<CurrencyCode>,
    /// What it is taken off; everything where this is left out.
    applies_to: Option<Vec<Wire<DiscountTarget>>>,
    /// For how many invoices: 1 to 10,000. They are not counted where this is left out.
    fixed_count: Option<i32>,
    /// For how many days or months after it was taken: 1 to 10,000. There is no end where this is left out.
    fixed_period: Option<i32>,
    /// What the period is counted in, where there is one.
    fixed_period_unit: Option<Wire<DurationUnit>>,
    /// Whatever you keep with it: an object of at most 16 kB.
    metadata: Option<Json>,
}

impl CreateDiscountInput {
    fn read(self) -> Result<CreateDiscount, Vec<Refusal>> {
        Check::input(|check| {
            let code = check.take("code", check::code(self.code));
            let name = check.take("name", check::name(self.name));
            let percentage = check.maybe("percentage", self.percentage, check::percentage);
            let amount = check.maybe("amount", self.amount, check::price);
            let currency = check.maybe("currency", self.currency, check::currency);
            let value = match (percentage, amount, currency) {
                (Some(percentage), Some(amount), Some(currency)) => {
                    check.together(NewDiscountValue::try_new(percentage, amount, currency))
                }
                _ => None,
            };
            let value = value.and_then(|value| check.required("percentage", value, "Give a percentage or an amount."));
            let applies_to = check.maybe("appliesTo", self.applies_to, targets);
            let fixed_count = check.maybe("fixedCount", self.fixed_count, discount::count);
            let unit = self.fixed_period_unit.map(|wire| wire.0);
            let fixed_period = check.together(discount::period(self.fixed_period, unit));
            let metadata = check.maybe("metadata", self.metadata, check::metadata);
            Some(CreateDiscount {
                code: code?,
                name: name?,
                value: value?,
                applies_to: applies_to?.unwrap_or_else(|| vec![DiscountTarget::All]),
                fixed_count: fixed_count?,
                fixed_period: fixed_period?,
                metadata: check::new_metadata(metadata?),
            })
        })
    }
}

fn targets(given: Vec<Wire<DiscountTarget>>) -> Result<Vec<DiscountTarget>, &'static str> {
    discount::targets(given.into_iter().map(|wire| wire.0).collect())
}

/// What to change of a discount. What is left out stays; null clears. Subscriptions that took it keep what they took.
#[derive(InputObject)]
pub struct UpdateDiscountInput {
    /// Which discount.
    discount_id: ID,
    /// Refuse with CONFLICT unless the discount is at this version.
    expected_version: Option<i32>,
    /// The name, which invoices show.
    name: MaybeUndefined<String>,
    /// How much of a hundred is taken off: above 0, up to 100. It takes the place of an amount.
    percentage: MaybeUndefined<Decimal>,
    /// How much is taken off each invoice: above 0. It takes the place of a percentage.
    amount: MaybeUndefined<Decimal>,
    /// The currency of the amount; that of the amount before, or the tenant's default, where this is left out.
    currency: MaybeUndefined<CurrencyCode>,
    /// What it is taken off.
    applies_to: MaybeUndefined<Vec<Wire<DiscountTarget>>>,
    /// For how many invoices: 1 to 10,000.
    fixed_count: MaybeUndefined<i32>,
    /// For how many days or months after it was taken: 1 to 10,000. Always together with `fixedPeriodUnit`.
    fixed_period: MaybeUndefined<i32>,
    /// What the period is counted in.
    fixed_period_unit: MaybeUndefined<Wire<DurationUnit>>,
    /// Whatever you keep with it: replaces what was kept.
    metadata: MaybeUndefined<Json>,
}

impl UpdateDiscountInput {
    fn read(self) -> Result<UpdateDiscount, Vec<Refusal>> {
        Check::input(|check| {
            let discount_id = check.take("discountId", check::id(self.discount_id));
            let name = check.set("name", self.name, check::name);
            let percentage = check.set("percentage", self.percentage, check::percentage);
            let amount = check.set("amount", self.amount, check::price);
            let currency = check.set("currency", self.currency, check::currency);
            let value = match (percentage, amount, currency) {
                (Some(percentage), Some(amount), Some(currency)) => {
                    check.together(NewDiscountValue::try_new(percentage, amount, currency))
                }
                _ => None,
            };
            let applies_to = check.set("appliesTo", self.applies_to, targets);
            let fixed_count = check.change("fixedCount", self.fixed_count, discount::count);
            let fixed_period = match (self.fixed_period, self.fixed_period_unit) {
                (MaybeUndefined::Undefined, MaybeUndefined::Undefined) => Some(None),
                (length, unit) => {
                    let unit = unit.take().map(|wire| wire.0);
                    check.together(discount::period(length.take(), unit)).map(Some)
                }
            };
            let metadata = check.set("metadata", self.metadata, check::metadata);
            Some(UpdateDiscount {
                discount_id: discount_id?,
                expected_version: self.expected_version,
                name: name?,
                value: value?,
                applies_to: applies_to?,
                fixed_count: fixed_count?,
                fixed_period: fixed_period?,
                metadata: metadata?,
            })
        })
    }
}

/// Which discount to archive.
#[derive(InputObject)]
pub struct ArchiveDiscountInput {
    /// Which discount.
    discount_id: ID,
    /// Refuse with CONFLICT unless the discount is at this version.
    expected_version: Option<i32>,
}

payload! {
    /// What `createDiscount` answers.
    CreateDiscountPayload of DiscountChanged {
        /// The new discount.
        "discount": Discount => |changed| Some(changed.discount),
    }
}
payload! {
    /// What `updateDiscount` answers.
    UpdateDiscountPayload of DiscountChanged {
        /// The discount as it is now.
        "discount": Discount => |changed| Some(changed.discount),
    }
}
payload! {
    /// What `archiveDiscount` answers.
    ArchiveDiscountPayload of DiscountChanged {
        /// The discount as it is now.
        "discount": Discount => |changed| Some(changed.discount),
    }
}

pub fn mutations() -> Vec<Mutation> {
    vec![
        Mutation::new(
            "createDiscount",
            "Creates a discount. Errors: VALIDATION_ERROR, DUPLICATE_HANDLE (the code is taken).",
            Scope::Write,
            |on, running, input: CreateDiscountInput| {
                run::<_, _, CreateDiscountPayload>(on, running, input.read(), create_discount)
            },
        ),
        Mutation::new(
            "updateDiscount",
            "Changes a discount. Errors: VALIDATION_ERROR, DISCOUNT_NOT_FOUND, CONFLICT.",
            Scope::Write,
            |on, running, input: UpdateDiscountInput| {
                run::<_, _, UpdateDiscountPayload>(on, running, input.read(), update_discount)
            },
        ),
        Mutation::new(
            "archiveDiscount",
            "Archives a discount: no subscription and no new coupon takes it any more; coupons that give it go on. One \
             that is archived stays as it is. Errors: VALIDATION_ERROR, DISCOUNT_NOT_FOUND, CONFLICT.",
            Scope::Write,
            |on, running, input: ArchiveDiscountInput| {
                let version = input.expected_version;
                let discount = Check::input(|check| check.take("discountId", check::id(input.discount_id)));
                run::<_, _, ArchiveDiscountPayload>(on, running, discount, |call, discount| {
                    archive_discount(call, *discount, version)
                })
            },
        ),
    ]
}
