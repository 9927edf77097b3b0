//! Storing a new subscription with everything that belongs to it. Coupons are counted last,
//! so that others wait for them briefly.

use super::charge::{self, Charged};
use super::load::Loaded;
use crate::app::credentials::unguessable;
use crate::app::mutation::{Stop, Work};
use crate::app::{customer, invoice, payment_method};
use crate::domain::event::EventType;
use crate::domain::subscribing::{Agreement, Opening, SourceFound};
use crate::domain::subscription::SignupMethod;
use crate::repository::{self, Fault};

pub(super) fn store(
    work: &mut Work<'_, '_>,
    agreement: &mut Agreement,
    opening: &mut Opening,
    loaded: &Loaded,
    charged: Option<&Charged>,
    generate_handle: bool,
) -> Result<(), Stop> {
    if loaded.new_customer {
        customer::store(work, &loaded.situation.customer)?;
    }
    if let SourceFound::Token(Some(token)) = &loaded.situation.source {
        let attempt = charged.map(|charged| charged.attempt.id);
        let method = payment_method::keep(work, token, attempt, loaded.situation.customer.id)?;
        agreement.terms.payment_method_id = Some(method);
    }
    if generate_handle {
        agreement.subscription.handle = Some(handle(work)?);
    }
    if matches!(agreement.terms.signup_method, Some(SignupMethod::Email | SignupMethod::Link)) {
        let secret = unguessable().map_err(|error| Fault::Database(error.to_string()))?;
        agreement.subscription.hosted_payment_link = Some(format!("{}/pay/{secret}", work.app().public_url));
    }
    insert(work, agreement, opening)?;
    charge::note(work, opening, agreement.terms.payment_method_id, charged)?;
    announce(work, agreement);
    Ok(())
}

fn insert(work: &mut Work<'_, '_>, agreement: &Agreement, opening: &mut Opening) -> Result<(), Stop> {
    use repository::subscription_parts as parts;
    let tenant = work.tenant;
    let Agreement { subscription, terms, plan, .. } = agreement;
    repository::subscription::insert(work.tx, tenant, std::slice::from_ref(subscription))?;
    repository::terms::insert(work.tx, tenant, subscription, plan.id, terms)?;
    let own: Vec<_> = agreement.prices.iter().filter(|price| price.subscription_id.is_some()).cloned().collect();
    repository::price::insert(work.tx, tenant, &own)?;
    parts::insert_phases(work.tx, tenant, &agreement.phases)?;
    parts::insert_items(work.tx, tenant, &agreement.items)?;
    parts::insert_add_ons(work.tx, tenant, &agreement.add_ons)?;
    parts::insert_discounts(work.tx, tenant, &agreement.discounts)?;
    repository::feature::insert_entitlements(work.tx, tenant, &agreement.entitlements)?;
    // Two that redeem the same coupons wait for each other in one order.
    let mut redemptions: Vec<_> = agreement.redemptions.iter().collect();
    redemptions.sort_unstable_by_key(|redemption| redemption.coupon_id);
    for redemption in redemptions {
        repository::coupon::redeem(work.tx, tenant, redemption, redemption.redeemed_at)?;
    }
    invoice::store(work, &mut opening.invoices)?;
    parts::insert_costs(work.tx, tenant, &agreement.costs)?;
    Ok(())
}

fn announce(work: &mut Work<'_, '_>, agreement: &Agreement) {
    let id = agreement.subscription.id;
    let created = match agreement.is_draft() {
        true => EventType::SubscriptionDraftCreated,
        false => EventType::SubscriptionCreated,
    };
    work.event(
        created,
        id,
        serde_json::json!({"customerId": agreement.subscription.customer_id, "planId": agreement.plan.id}),
    );
    if agreement.terms.signup_method == Some(SignupMethod::Email) {
        // The link is a secret: whoever sends the mail reads it from the subscription.
        let data = serde_json::json!({"customerId": agreement.subscription.customer_id});
        work.event(EventType::SubscriptionSignupRequested, id, data);
    }
    for redemption in &agreement.redemptions {
        work.event(EventType::CouponRedeemed, redemption.coupon_id, serde_json::json!({"subscriptionId": id}));
    }
}

/// The next handle that nobody has given yet.
fn handle(work: &mut Work<'_, '_>) -> Result<String, Stop> {
    const SERIES: &str = "subscription_handles";
    loop {
        let handle = format!("sub-{:06}", repository::counter::next(work.tx, work.tenant, SERIES)?);
        if repository::subscription::by_handle(work.tenant, &handle).first(work.conn())?.is_none() {
            return Ok(handle);
        }
    }
}
