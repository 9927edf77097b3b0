//! Starting a draft.

use super::charge::{self, Charged, Step};
use super::{SubscriptionCreated, load, outcome};
use crate::app::mutation::{Answer, Call, Stop, Work, expect_version};
use crate::app::{credit, invoice, payment_method, tax};
use crate::domain::calendar::day_of;
use crate::domain::customer::Customer;
use crate::domain::event::EventType;
use crate::domain::subscribing::request::InitialStatus;
use crate::domain::subscribing::{Agreement, SourceFound, choose_source};
use crate::domain::subscription::Subscription;
use crate::domain::tax::rate_for;
use crate::domain::{Id, Instant};
use crate::repository::{self, Fault, Query};

/// What a client says of the start of a draft.
#[derive(Clone, Debug)]
pub struct ActivateSubscription {
    pub subscription_id: Id<Subscription>,
    /// Now where there is none.
    pub start_date: Option<Instant>,
    /// What is charged; what the draft names, or the customer's own, where there is none.
    pub source: Option<String>,
    pub expected_version: Option<i32>,
}

pub fn activate_subscription(
    call: &Call<'_>,
    activation: &ActivateSubscription,
) -> Result<Answer<SubscriptionCreated>, Fault> {
    charge::in_steps(call, |work, charged| activate(work, activation, charged))
}

fn activate(
    work: &mut Work<'_, '_>,
    activation: &ActivateSubscription,
    charged: Option<&Charged>,
) -> Result<Step<SubscriptionCreated>, Stop> {
    let now = charged.map_or(work.now, |charged| charged.now);
    let mut agreement = draft(work, activation, now)?;
    let customer = agreement.subscription.customer_id;
    let source = activation.source.as_deref();
    let mut found = match (source, agreement.terms.payment_method_id) {
        (None, Some(own)) => SourceFound::Method(Query::by_id(work.tenant, own).first(work.conn())?),
        _ => load::find_source(work, source, None, Some(customer))?,
    };
    load::own_hold(&mut found, charged);
    let method = agreement.terms.sign_up(source);
    agreement.terms.payment_method_id = choose_source(method, source, &found, customer, now)?;
    agreement.activate(activation.start_date.unwrap_or(now), now);
    let mut opening = {
        let ids = || work.id::<()>().uuid();
        agreement.open(now, &ids)?
    };
    let taken = credit::take(work, opening.invoices_mut(), now)?;
    let initial = (false, InitialStatus::Active);
    if let Some(reservation) = charge::settle(&mut agreement, &mut opening, &found, initial, charged, now)? {
        return Ok(Step::Charge(Box::new(reservation)));
    }
    if let SourceFound::Token(Some(token)) = &found {
        let attempt = charged.map(|charged| charged.attempt.id);
        agreement.terms.payment_method_id = Some(payment_method::keep(work, token, attempt, customer)?);
    }
    agreement.subscription.version += 1;
    agreement.subscription.updated_at = now;
    let tenant = work.tenant;
    repository::subscription::activate(work.tx, tenant, &agreement.subscription)?;
    repository::terms::activate(work.tx, tenant, &agreement.terms)?;
    invoice::store(work, &mut opening.invoices)?;
    charge::note(work, &opening, agreement.terms.payment_method_id, charged)?;
    credit::spend(work, &taken)?;
    let Agreement { items, add_ons, costs, discounts, .. } = &agreement;
    repository::subscription_parts::activate(work.tx, tenant, items, add_ons, costs, discounts)?;
    work.event(
        EventType::SubscriptionActivated,
        agreement.subscription.id,
        serde_json::json!({"customerId": customer}),
    );
    Ok(Step::Done(outcome(&agreement, &opening)))
}

/// The draft with everything that belongs to it.
fn draft(work: &mut Work<'_, '_>, activation: &ActivateSubscription, now: Instant) -> Result<Agreement, Stop> {
    use repository::subscription_parts as parts;
    let (tenant, id) = (work.tenant, activation.subscription_id);
    let found = Query::by_id(tenant, id).hold(work.tx)?;
    let subscription = found.ok_or_else(Subscription::not_found)?;
    let shown = SubscriptionCreated { subscription: id, customer: subscription.customer_id, invoice: None };
    expect_version(activation.expected_version, subscription.version, &shown)?;
    subscription.activatable(activation.start_date.unwrap_or(now), now)?;
    let conn = work.conn();
    let terms = repository::terms::of_subscriptions(tenant, &[id]).first(conn)?;
    let plan = match subscription.plan_id {
        Some(plan) => Query::by_id(tenant, plan).first(conn)?,
        None => None,
    };
    // A rental is never a draft.
    let (terms, plan) = terms.zip(plan).ok_or_else(Subscription::not_draft)?;
    terms.startable(activation.start_date.unwrap_or(now), subscription.timezone, now)?;
    let mut prices = repository::price::of_plans(tenant, &[plan.id]).load(conn)?;
    prices.extend(repository::price::of_subscriptions(tenant, &[id]).load(conn)?);
    let invoiced: Option<Customer> = Query::by_id(tenant, terms.invoiced_customer_id).first(conn)?;
    let country = invoiced.and_then(|customer| customer.country);
    let rates = tax::rates_of(conn, tenant, country)?;
    let add_ons = parts::add_ons_of(tenant, &[id]).load(conn)?;
    let catalogue: Vec<_> = add_ons.iter().map(|add_on| add_on.add_on_id).collect();
    Ok(Agreement {
        terms,
        plan,
        prices,
        items: parts::items_of(tenant, &[id]).load(conn)?,
        add_ons,
        catalogue_add_ons: Query::by_ids(tenant, &catalogue).load(conn)?,
        costs: parts::costs_of(tenant, &[id]).load(conn)?,
        discounts: parts::discounts_of(tenant, &[id]).load(conn)?,
        redemptions: Vec::new(),
        entitlements: Vec::new(),
        phases: Vec::new(),
        settings: repository::tenant::own(conn, tenant)?.settings,
        country_tax: rate_for(&rates, country, day_of(now, subscription.timezone)),
        subscription,
    })
}
