//! Reading what the decision needs. What must be there for anything else to be asked is refused here, in the documented
//! order: test flag, customer, plan, handle (`decisions.md` 9).

use super::charge::Charged;
use super::{CreateSubscription, CustomerReference};
use crate::app::mutation::{Stop, Work};
use crate::app::{customer, payment_method, tax};
use crate::domain::coupon::Coupon;
use crate::domain::customer::Customer;
use crate::domain::payment_method::{PaymentToken, Source};
use crate::domain::plan::{self, Plan, PlanState};
use crate::domain::subscribing::request::{NewDiscount, Reference};
use crate::domain::subscribing::{Request, Situation, SourceFound, check_test};
use crate::domain::subscription::{InvoiceBilling, SignupMethod};
use crate::domain::{ErrorCode, Id, Refusal};
use crate::repository::{self, Fault, Query};

/// What was read.
pub(super) struct Loaded {
    pub situation: Situation,
    /// Whether the customer is to be made.
    pub new_customer: bool,
}

/// Reads everything. After a charge the subscription has the id that was charged for, a new customer the one that was
/// charged, and the token may be used that is held for it.
pub(super) fn load(
    work: &mut Work<'_, '_>,
    new: &CreateSubscription,
    charged: Option<&Charged>,
) -> Result<Loaded, Stop> {
    let tenant = work.tenant;
    let request = &new.request;
    let settings = repository::tenant::own(work.conn(), tenant)?.settings;
    check_test(request.test, settings.mode)?;
    let (customer, new_customer) = find_customer(work, &new.customer, charged)?;
    customer.active().map_err(|refusal| refusal.at(&["customer"]))?;
    let plan = find_plan(work, &new.plan, new.plan_version)?;
    if let Some(handle) = &request.handle
        && repository::subscription::by_handle(tenant, handle).first(work.conn())?.is_some()
    {
        let message = format!("There is a subscription with the handle {handle:?} already.");
        return Err(Refusal::new(ErrorCode::DuplicateHandle, message).at(&["handle"]).into());
    }
    let subscription_id = charged.and_then(|charged| charged.attempt.subscription_id).unwrap_or_else(|| work.id());
    let payment = &request.payment;
    let owner = (!new_customer).then_some(customer.id);
    let mut source = find_source(work, payment.source.as_deref(), payment.signup_method, owner)?;
    own_hold(&mut source, charged);
    let conn = work.conn();
    let prices = repository::price::of_plans(tenant, &[plan.id]).load(conn)?;
    let (ids, codes) = split(request.add_ons.iter().map(|asked| &asked.add_on));
    let add_ons = repository::add_on::by_ids_or_codes(tenant, &ids, codes).load(conn)?;
    let coupons = repository::coupon::by_codes(tenant, coupon_codes(request)).load(conn)?;
    let (mut ids, codes) = split(discounts(request).map(|asked| &asked.discount));
    ids.extend(coupons.iter().map(|coupon| coupon.discount_id));
    let discounts = repository::discount::by_ids_or_codes(tenant, &ids, codes).load(conn)?;
    let once_key = |coupon: &Coupon| (coupon.id, coupon.once_key(customer.id, &plan.code, subscription_id));
    let once_keys: Vec<_> = coupons.iter().map(once_key).collect();
    let mut redeemed = Vec::new();
    for (coupon, key) in once_keys {
        if repository::coupon::redeemed(conn, tenant, coupon, &key)? {
            redeemed.push((coupon, key));
        }
    }
    let features = repository::feature::by_codes(tenant, request.features()).load(conn)?;
    let handles: Vec<String> = request.additional_costs.iter().map(|cost| cost.handle.clone()).collect();
    let taken = repository::subscription_parts::costs_by_handles(tenant, handles).load(conn)?;
    let parent = match request.parent_subscription_id {
        Some(parent) => Query::by_id(tenant, parent).first(conn)?,
        None => None,
    };
    let country = match request.invoice_billing {
        InvoiceBilling::InvoiceToParent => match customer.parent_customer_id {
            Some(parent) => Query::by_id(tenant, parent).first(conn)?.and_then(|parent: Customer| parent.country),
            None => None,
        },
        InvoiceBilling::InvoiceToSelf => customer.country,
    };
    let situation = Situation {
        settings,
        customer,
        plan,
        prices,
        source,
        add_ons,
        discounts,
        coupons,
        redeemed,
        features,
        taken_cost_handles: taken.into_iter().map(|cost| cost.handle).collect(),
        parent,
        country,
        tax_rates: tax::rates_of(conn, tenant, country)?,
        subscription_id,
    };
    Ok(Loaded { situation, new_customer })
}

/// The customer, and whether it is to be made.
fn find_customer(
    work: &mut Work<'_, '_>,
    reference: &CustomerReference,
    charged: Option<&Charged>,
) -> Result<(Customer, bool), Stop> {
    let tenant = work.tenant;
    let found = match reference {
        // Held, so that it is not archived meanwhile.
        CustomerReference::Id(id) => Query::by_id(tenant, *id).hold(work.tx)?,
        CustomerReference::ExternalId(external_id) if external_id.trim().is_empty() => {
            let message = "Name a customer: its external id is empty.";
            return Err(Refusal::new(ErrorCode::MissingCustomer, message).at(&["customer", "externalId"]).into());
        }
        CustomerReference::ExternalId(external_id) => {
            repository::customer::by_external_id(tenant, external_id.trim()).hold(work.tx)?
        }
        CustomerReference::New(new) => {
            let id = charged.map_or_else(|| work.id(), |charged| charged.attempt.customer_id);
            let (tenant, now) = (work.tenant, work.now);
            let made = customer::prepare(work.conn(), tenant, now, id, new);
            let made = made.map_err(|stop| stop.below(&["customer", "create"]))?;
            return Ok((made, true));
        }
    };
    let missing = || Refusal::new(ErrorCode::CustomerNotFound, "There is no such customer.").at(&["customer"]);
    Ok((found.ok_or_else(missing)?, false))
}

/// The version of the plan that is asked for; the newest where none is.
fn find_plan(work: &mut Work<'_, '_>, reference: &Reference<Plan>, version: Option<i32>) -> Result<Plan, Stop> {
    let tenant = work.tenant;
    let refused = |field| plan::not_found().at(&[field]);
    let code = match reference {
        Reference::Code(code) => code.clone(),
        Reference::Id(id) => Query::by_id(tenant, *id).first(work.conn())?.ok_or_else(|| refused("plan"))?.code,
    };
    let found = repository::plan::by_code(tenant, &code, version).first(work.conn())?;
    let offered = found.filter(|plan| plan.state != PlanState::Deleted);
    Ok(offered.ok_or_else(|| refused(if version.is_some() { "planVersion" } else { "plan" }))?)
}

/// What the source names; without one, the newest method of the customer that can be charged.
pub(in crate::app) fn find_source(
    work: &mut Work<'_, '_>,
    source: Option<&str>,
    method: Option<SignupMethod>,
    customer: Option<Id<Customer>>,
) -> Result<SourceFound, Fault> {
    let tenant = work.tenant;
    let asked = matches!(method, Some(SignupMethod::Email | SignupMethod::Link));
    Ok(match (source.filter(|_| !asked).map(Source::parse), customer) {
        (Some(Ok(Source::Method(id))), _) => SourceFound::Method(Query::by_id(tenant, id).first(work.conn())?),
        (Some(Ok(Source::Token(id))), _) => {
            let machine_now = work.machine_now;
            let found = Query::by_id(tenant, id).first(work.conn())?;
            SourceFound::Token(found.map(|token: PaymentToken| token.without_dead_hold(machine_now)))
        }
        (None, Some(customer)) => SourceFound::Own(payment_method::newest(work, customer)?),
        // What is no source is refused with the rest; who is new has nothing yet.
        (Some(Err(_)), _) | (None, None) => SourceFound::Own(None),
    })
}

/// Lets the attempt that was charged use the token that it holds.
pub(super) fn own_hold(source: &mut SourceFound, charged: Option<&Charged>) {
    if let (SourceFound::Token(found), Some(charged)) = (source, charged) {
        *found = found.take().map(|token| token.without_hold_of(charged.attempt.id));
    }
}

fn discounts(request: &Request) -> impl Iterator<Item = &NewDiscount> {
    request.discounts.iter().chain(request.phases.iter().flat_map(|phase| &phase.discounts))
}

fn coupon_codes(request: &Request) -> Vec<String> {
    let phases = request.phases.iter().flat_map(|phase| &phase.coupon_codes);
    request.coupon_codes.iter().chain(phases).cloned().collect()
}

/// The ids and the codes among some references.
fn split<'r, T: 'r>(references: impl Iterator<Item = &'r Reference<T>>) -> (Vec<Id<T>>, Vec<String>) {
    let (mut ids, mut codes) = (Vec::new(), Vec::new());
    for reference in references {
        match reference {
            Reference::Id(id) => ids.push(*id),
            Reference::Code(code) => codes.push(code.clone()),
        }
    }
    (ids, codes)
}
