//! Discounts: the templates.

use super::mutation::{Answer, Call, Stop, Work, expect_version};
use super::product::bad_price;
use crate::domain::discount::{Discount, DiscountTarget, DiscountTerms, DiscountValue, NewDiscountValue, not_found};
use crate::domain::event::EventType;
use crate::domain::feature::CatalogueState;
use crate::domain::period::Duration;
use crate::domain::text::Metadata;
use crate::domain::{Currency, ErrorCode, Id, Refusal};
use crate::repository::{Fault, Query, discount, tenant};
use serde::{Deserialize, Serialize};

/// What a client says of a new discount. An amount is in the tenant's default currency where it names none.
#[derive(Clone, Debug)]
pub struct CreateDiscount {
    pub code: String,
    pub name: String,
    pub value: NewDiscountValue,
    pub applies_to: Vec<DiscountTarget>,
    pub fixed_count: Option<i32>,
    pub fixed_period: Option<Duration>,
    pub metadata: Metadata,
}

/// What a client changes of a discount: what is none stays, what is `Some(None)` is cleared. Subscriptions that took it
/// keep its terms.
#[derive(Clone, Debug)]
pub struct UpdateDiscount {
    pub discount_id: Id<Discount>,
    pub expected_version: Option<i32>,
    pub name: Option<String>,
    /// An amount is in the currency of the amount before where it names none.
    pub value: Option<NewDiscountValue>,
    pub applies_to: Option<Vec<DiscountTarget>>,
    pub fixed_count: Option<Option<i32>>,
    pub fixed_period: Option<Option<Duration>>,
    pub metadata: Option<Metadata>,
}

/// The discount that was created, changed or archived.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct DiscountChanged {
    pub discount: Id<Discount>,
}

pub fn create_discount(call: &Call<'_>, new: &CreateDiscount) -> Result<Answer<DiscountChanged>, Fault> {
    call.run(|work| {
        let tenant = work.tenant;
        let currency = tenant::own(work.conn(), tenant)?.settings.default_currency;
        let value = value(&new.value, currency)?;
        let terms = DiscountTerms::try_new(value, new.applies_to.clone(), new.fixed_count, new.fixed_period)?;
        if discount::by_code(tenant, &new.code).first(work.conn())?.is_some() {
            let message = format!("There is a discount with the code {:?} already.", new.code);
            return Err(Refusal::new(ErrorCode::DuplicateHandle, message).at(&["code"]).into());
        }
        let made = Discount {
            id: work.id(),
            code: new.code.clone(),
            name: new.name.clone(),
            terms,
            state: CatalogueState::Active,
            metadata: new.metadata.clone(),
            version: 1,
            created_at: work.now,
            updated_at: work.now,
        };
        discount::insert(work.tx, tenant, &made)?;
        work.event(EventType::DiscountCreated, made.id, serde_json::json!({"code": made.code}));
        Ok(DiscountChanged { discount: made.id })
    })
}

pub fn update_discount(call: &Call<'_>, change: &UpdateDiscount) -> Result<Answer<DiscountChanged>, Fault> {
    call.run(|work| {
        let mut discount = existing(work, change.discount_id, change.expected_version)?;
        let change = change.clone();
        let terms = discount.terms;
        let value = match &change.value {
            None => terms.value,
            Some(new) => value(new, currency_of(work, terms.value)?)?,
        };
        discount.terms = DiscountTerms::try_new(
            value,
            change.applies_to.unwrap_or(terms.applies_to),
            change.fixed_count.unwrap_or(terms.fixed_count),
            change.fixed_period.unwrap_or(terms.fixed_period),
        )?;
        discount.name = change.name.unwrap_or(discount.name);
        discount.metadata = change.metadata.unwrap_or(discount.metadata);
        store(work, discount, EventType::DiscountUpdated)
    })
}

/// Archives a discount. Whoever has it keeps it, and coupons go on giving it. One that is archived already stays as it
/// is.
pub fn archive_discount(
    call: &Call<'_>,
    id: Id<Discount>,
    expected_version: Option<i32>,
) -> Result<Answer<DiscountChanged>, Fault> {
    call.run(|work| {
        let mut discount = existing(work, id, expected_version)?;
        if discount.state == CatalogueState::Deleted {
            return Ok(DiscountChanged { discount: id });
        }
        discount.state = CatalogueState::Deleted;
        store(work, discount, EventType::DiscountArchived)
    })
}

fn value(new: &NewDiscountValue, currency: Currency) -> Result<DiscountValue, Refusal> {
    new.value(currency).map_err(|error| bad_price(&error).at(&["amount"]))
}

/// The currency of the amount, or the tenant's default where it is none.
fn currency_of(work: &mut Work<'_, '_>, value: DiscountValue) -> Result<Currency, Stop> {
    let tenant = work.tenant;
    match value {
        DiscountValue::Amount(amount) => Ok(amount.currency),
        DiscountValue::Percentage(_) => Ok(tenant::own(work.conn(), tenant)?.settings.default_currency),
    }
}

fn existing(work: &mut Work<'_, '_>, id: Id<Discount>, expected_version: Option<i32>) -> Result<Discount, Stop> {
    let found = Query::by_id(work.tenant, id).hold(work.tx)?.ok_or_else(|| not_found().at(&["discountId"]))?;
    expect_version(expected_version, found.version, &DiscountChanged { discount: id })?;
    Ok(found)
}

fn store(work: &mut Work<'_, '_>, mut discount: Discount, event: EventType) -> Result<DiscountChanged, Stop> {
    discount.version += 1;
    discount.updated_at = work.now;
    discount::update(work.tx, work.tenant, &discount)?;
    work.event(event, discount.id, serde_json::json!({"code": discount.code}));
    Ok(DiscountChanged { discount: discount.id })
}
