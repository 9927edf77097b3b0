//! Plans and their prices.

use super::feature;
use super::mutation::{Answer, Call, Stop, Work};
use crate::domain::event::EventType;
use crate::domain::feature::Feature;
use crate::domain::plan::{NewPlan, Plan, PlanChange, PlanChanges, PlanState, not_found};
use crate::domain::price::{Price, PriceTerms};
use crate::domain::schedule::PlanSchedule;
use crate::domain::{ErrorCode, Id, Refusal};
use crate::repository::{self, Fault, Query, plan, price, tenant};
use serde::{Deserialize, Serialize};

/// What a client says of a new plan. The currency is the tenant's default where there is none.
#[derive(Clone, Debug)]
pub struct CreatePlan {
    pub code: String,
    pub name: String,
    pub schedule: PlanSchedule,
    pub changes: PlanChanges,
}

/// What a client changes of a plan, which any of its versions names. The newest one is changed, or followed by another.
#[derive(Clone, Debug)]
pub struct UpdatePlan {
    pub plan_id: Id<Plan>,
    pub expected_revision: Option<i32>,
    pub changes: PlanChanges,
}

/// The version of a plan that was created or changed.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct PlanChanged {
    pub plan: Id<Plan>,
}

pub fn create_plan(call: &Call<'_>, new: &CreatePlan) -> Result<Answer<PlanChanged>, Fault> {
    call.run(|work| {
        let tenant = work.tenant;
        let currency = match new.changes.currency {
            Some(currency) => currency,
            None => tenant::own(work.conn(), tenant)?.settings.default_currency,
        };
        let blank = NewPlan {
            id: work.id(),
            code: new.code.clone(),
            name: new.name.clone(),
            currency,
            schedule: new.schedule,
            proration_unit: new.changes.proration_unit,
        };
        let (made, prices) = new.changes.apply(&Plan::new(blank, work.now), &[], &measured(work, &new.changes)?)?;
        if plan::by_code(tenant, &new.code, Some(1)).first(work.conn())?.is_some() {
            let message = format!("There is a plan with the code {:?} already, or there was one.", new.code);
            return Err(Refusal::new(ErrorCode::DuplicateHandle, message).at(&["code"]).into());
        }
        insert(work, &made, prices)?;
        work.event(EventType::PlanCreated, made.id, serde_json::json!({"code": made.code}));
        Ok(PlanChanged { plan: made.id })
    })
}

pub fn update_plan(call: &Call<'_>, change: &UpdatePlan) -> Result<Answer<PlanChanged>, Fault> {
    call.run(|work| {
        let (tenant, now) = (work.tenant, work.now);
        let current = newest(work, change.plan_id, change.expected_revision)?;
        let before = price::of_plans(tenant, &[current.id]).load(work.conn())?;
        let before: Vec<PriceTerms> = before.iter().map(Price::terms).collect();
        let (changed, prices) = change.changes.apply(&current, &before, &measured(work, &change.changes)?)?;
        let plan = match current.change_to(&changed, prices != before) {
            PlanChange::Nothing => return Ok(PlanChanged { plan: current.id }),
            PlanChange::InPlace => {
                let plan = changed.revised(now);
                plan::update(work.tx, tenant, &plan)?;
                plan
            }
            PlanChange::NewVersion => {
                let superseded = Plan { state: PlanState::Superseded, ..current.clone() }.revised(now);
                plan::update(work.tx, tenant, &superseded)?;
                let plan = changed.next_version(work.id(), now);
                insert(work, &plan, prices)?;
                feature::inherit(work, current.id, plan.id)?;
                plan
            }
        };
        let data = serde_json::json!({"code": plan.code, "version": plan.version});
        work.event(EventType::PlanUpdated, plan.id, data);
        Ok(PlanChanged { plan: plan.id })
    })
}

/// Archives all versions of a plan: nobody can subscribe to it any more.
pub fn archive_plan(
    call: &Call<'_>,
    plan_id: Id<Plan>,
    expected_revision: Option<i32>,
) -> Result<Answer<PlanChanged>, Fault> {
    call.run(|work| {
        let (tenant, now) = (work.tenant, work.now);
        let current = newest(work, plan_id, expected_revision)?;
        plan::archive(work.tx, tenant, &current.code, now)?;
        work.event(EventType::PlanArchived, current.id, serde_json::json!({"code": current.code}));
        Ok(PlanChanged { plan: current.id })
    })
}

/// The features that prices are to measure, as far as there are any.
fn measured(work: &mut Work<'_, '_>, changes: &PlanChanges) -> Result<Vec<Feature>, Stop> {
    let (tenant, codes) = (work.tenant, changes.features());
    Ok(if codes.is_empty() { Vec::new() } else { repository::feature::by_codes(tenant, codes).load(work.conn())? })
}

fn insert(work: &mut Work<'_, '_>, plan: &Plan, prices: Vec<PriceTerms>) -> Result<(), Stop> {
    let price = |(position, terms): (i32, PriceTerms)| terms.of_plan(work.id(), plan.id, position, work.now);
    let prices: Vec<Price> = (0..).zip(prices).map(price).collect();
    plan::insert(work.tx, work.tenant, plan)?;
    Ok(price::insert(work.tx, work.tenant, &prices)?)
}

/// The newest version of the plan of which `id` is any version. Refuses an archived one, and with CONFLICT where another
/// version, or another revision of it, was expected.
pub(super) fn newest(work: &mut Work<'_, '_>, id: Id<Plan>, expected_revision: Option<i32>) -> Result<Plan, Stop> {
    let tenant = work.tenant;
    let not_found = || not_found().at(&["planId"]);
    let named = Query::by_id(tenant, id).first(work.conn())?.ok_or_else(not_found)?;
    // Whoever changes a plan holds its first version: a newer one may be superseded while it is waited for.
    plan::by_code(tenant, &named.code, Some(1)).hold(work.tx)?;
    let newest = plan::by_code(tenant, &named.code, None).first(work.conn())?.ok_or_else(not_found)?;
    match expected_revision {
        Some(expected) if named.id != newest.id || expected != newest.revision => {
            let (version, revision) = (newest.version, newest.revision);
            let message = format!("The plan is at version {version}, revision {revision}: look at it and try again.");
            let refusal = Refusal::new(ErrorCode::Conflict, message).at(&["expectedRevision"]);
            Err(Stop::showing(vec![refusal], &PlanChanged { plan: newest.id }))
        }
        _ => Ok(newest),
    }
}
