//! Add-ons, and what they entitle to.

use super::mutation::{Answer, Call, Stop, Work, expect_version};
use super::{eligible_plans, feature};
use crate::domain::add_on::{AddOn, AddOnType, not_found, unit_amount};
use crate::domain::eligible_plans::EligiblePlans;
use crate::domain::event::EventType;
use crate::domain::feature::{CatalogueState, Entitlement, Grant};
use crate::domain::pricing::TaxRate;
use crate::domain::text::Metadata;
use crate::domain::{Currency, ErrorCode, Id, Refusal};
use crate::repository::{self, Fault, Query, add_on, tenant};
use bigdecimal::BigDecimal;
use serde::{Deserialize, Serialize};

/// What a client says of a new add-on.
#[derive(Clone, Debug)]
pub struct CreateAddOn {
    pub code: String,
    pub name: String,
    pub description: Option<String>,
    pub add_on_type: AddOnType,
    /// The tenant's default where there is none.
    pub currency: Option<Currency>,
    pub unit_amount: BigDecimal,
    pub amount_includes_tax: Option<bool>,
    pub tax_rate: Option<TaxRate>,
    pub eligible_plans: EligiblePlans,
    pub entitlements: Vec<Grant>,
    pub metadata: Metadata,
}

/// What a client changes of an add-on: what is none stays, what is `Some(None)` is cleared.
#[derive(Clone, Debug)]
pub struct UpdateAddOn {
    pub add_on_id: Id<AddOn>,
    pub expected_version: Option<i32>,
    pub name: Option<String>,
    pub description: Option<Option<String>>,
    pub add_on_type: Option<AddOnType>,
    pub unit_amount: Option<BigDecimal>,
    pub amount_includes_tax: Option<Option<bool>>,
    pub tax_rate: Option<Option<TaxRate>>,
    pub eligible_plans: Option<EligiblePlans>,
    /// All of them: they replace those before.
    pub entitlements: Option<Vec<Grant>>,
    pub metadata: Option<Metadata>,
}

/// The add-on that was created, changed or archived.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct AddOnChanged {
    pub add_on: Id<AddOn>,
}

pub fn create_add_on(call: &Call<'_>, new: &CreateAddOn) -> Result<Answer<AddOnChanged>, Fault> {
    call.run(|work| {
        let tenant = work.tenant;
        let currency = match new.currency {
            Some(currency) => currency,
            None => tenant::own(work.conn(), tenant)?.settings.default_currency,
        };
        let unit_amount = amount(&new.unit_amount, currency)?;
        if add_on::by_code(tenant, &new.code).first(work.conn())?.is_some() {
            let message = format!("There is an add-on with the code {:?} already.", new.code);
            return Err(Refusal::new(ErrorCode::DuplicateHandle, message).at(&["code"]).into());
        }
        eligible_plans::check(work, &new.eligible_plans)?;
        let made = AddOn {
            id: work.id(),
            code: new.code.clone(),
            name: new.name.clone(),
            description: new.description.clone(),
            add_on_type: new.add_on_type,
            currency,
            unit_amount,
            amount_includes_tax: new.amount_includes_tax,
            tax_rate: new.tax_rate,
            eligible_plans: new.eligible_plans.clone(),
            state: CatalogueState::Active,
            metadata: new.metadata.clone(),
            version: 1,
            created_at: work.now,
            updated_at: work.now,
        };
        let entitlements = entitlements(work, made.id, &new.entitlements)?;
        add_on::insert(work.tx, tenant, &made)?;
        repository::feature::insert_entitlements(work.tx, tenant, &entitlements)?;
        work.event(EventType::AddOnCreated, made.id, serde_json::json!({"code": made.code}));
        Ok(AddOnChanged { add_on: made.id })
    })
}

pub fn update_add_on(call: &Call<'_>, change: &UpdateAddOn) -> Result<Answer<AddOnChanged>, Fault> {
    call.run(|work| {
        let tenant = work.tenant;
        let mut add_on = existing(work, change.add_on_id, change.expected_version)?;
        let change = change.clone();
        if let Some(add_on_type) = change.add_on_type {
            add_on.add_on_type.may_become(add_on_type)?;
            add_on.add_on_type = add_on_type;
        }
        if let Some(unit_amount) = &change.unit_amount {
            add_on.unit_amount = amount(unit_amount, add_on.currency)?;
        }
        if let Some(plans) = change.eligible_plans {
            eligible_plans::check(work, &plans)?;
            add_on.eligible_plans = plans;
        }
        if let Some(grants) = &change.entitlements {
            let entitlements = entitlements(work, add_on.id, grants)?;
            repository::feature::set_of_add_on(work.tx, tenant, add_on.id, &entitlements)?;
        }
        add_on.name = change.name.unwrap_or(add_on.name);
        add_on.description = change.description.unwrap_or(add_on.description);
        add_on.amount_includes_tax = change.amount_includes_tax.unwrap_or(add_on.amount_includes_tax);
        add_on.tax_rate = change.tax_rate.unwrap_or(add_on.tax_rate);
        add_on.metadata = change.metadata.unwrap_or(add_on.metadata);
        store(work, add_on, EventType::AddOnUpdated)
    })
}

/// Archives an add-on. Subscriptions that have it keep it. One that is archived already stays as it is.
pub fn archive_add_on(
    call: &Call<'_>,
    id: Id<AddOn>,
    expected_version: Option<i32>,
) -> Result<Answer<AddOnChanged>, Fault> {
    call.run(|work| {
        let mut add_on = existing(work, id, expected_version)?;
        if add_on.state == CatalogueState::Deleted {
            return Ok(AddOnChanged { add_on: id });
        }
        add_on.state = CatalogueState::Deleted;
        store(work, add_on, EventType::AddOnArchived)
    })
}

fn amount(given: &BigDecimal, currency: Currency) -> Result<BigDecimal, Refusal> {
    unit_amount(given.clone(), Some(currency))
        .map_err(|message| Refusal::new(ErrorCode::ValidationError, message).at(&["unitAmount"]))
}

fn entitlements(work: &mut Work<'_, '_>, owner: Id<AddOn>, grants: &[Grant]) -> Result<Vec<Entitlement>, Stop> {
    let mut entitlements = feature::entitlements(work, grants)?;
    entitlements.iter_mut().for_each(|entitlement| entitlement.add_on_id = Some(owner));
    Ok(entitlements)
}

fn existing(work: &mut Work<'_, '_>, id: Id<AddOn>, expected_version: Option<i32>) -> Result<AddOn, Stop> {
    let found = Query::by_id(work.tenant, id).hold(work.tx)?.ok_or_else(|| not_found().at(&["addOnId"]))?;
    expect_version(expected_version, found.version, &AddOnChanged { add_on: id })?;
    Ok(found)
}

fn store(work: &mut Work<'_, '_>, mut add_on: AddOn, event: EventType) -> Result<AddOnChanged, Stop> {
    add_on.version += 1;
    add_on.updated_at = work.now;
    add_on::update(work.tx, work.tenant, &add_on)?;
    work.event(event, add_on.id, serde_json::json!({"code": add_on.code}));
    Ok(AddOnChanged { add_on: add_on.id })
}
