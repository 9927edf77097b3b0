//! Payment methods of customers, and the tokens that they are made from.

use super::mutation::{Answer, Call, Stop, Work, expect_version};
use super::payment_gateway::PaymentGateway;
use super::test_gateway::TestCard;
use crate::domain::customer::Customer;
use crate::domain::event::EventType;
use crate::domain::gateway::{Gateway, NewCard};
use crate::domain::payment::PaymentAttempt;
use crate::domain::payment_method::{
    PaymentMethod, PaymentMethodState, PaymentToken, invalid_token, method_not_found, token_used,
};
use crate::domain::{ErrorCode, Id, Refusal};
use crate::repository::{Fault, Query, payment_method};
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

/// A card that is to become a payment method of a customer.
#[derive(Clone, Debug)]
pub struct AddPaymentMethod {
    pub customer_id: Id<Customer>,
    pub card: CardGiven,
}

/// How a card is named.
#[derive(Clone, Debug)]
pub enum CardGiven {
    /// By a token of this program, which is used up.
    Token(Id<PaymentToken>),
    /// By what the gateway's own page answered, such as `pm_…`.
    ByGateway(String),
}

/// A payment method that is to be taken out of use.
#[derive(Clone, Copy, Debug)]
pub struct ArchivePaymentMethod {
    pub payment_method_id: Id<PaymentMethod>,
    pub expected_version: Option<i32>,
}

/// What a client says of a new token of the test gateway.
#[derive(Clone, Copy, Debug)]
pub struct CreateTestToken {
    pub card: TestCard,
    /// The only customer that may use it; anybody where there is none.
    pub customer_id: Option<Id<Customer>>,
    pub life: TimeDelta,
}

/// The payment method that was added or changed.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct PaymentMethodChanged {
    pub payment_method: Id<PaymentMethod>,
}

/// The token that was made.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct TokenCreated {
    pub payment_token: Id<PaymentToken>,
}

pub fn add_payment_method(call: &Call<'_>, new: &AddPaymentMethod) -> Result<Answer<PaymentMethodChanged>, Fault> {
    match &new.card {
        CardGiven::Token(token) => call.run(|work| {
            let customer = super::customer::existing(work, new.customer_id)?;
            let token = usable_token(work, *token, Some(customer.id), "token")?;
            Ok(PaymentMethodChanged { payment_method: keep(work, &token, None, customer.id)? })
        }),
        CardGiven::ByGateway(token) => add_by_gateway(call, new.customer_id, token),
    }
}

/// Stores a card that the gateway knows. It is asked to keep it between two transactions: one that refuses what would be
/// refused anyway, and one that stores what it answers.
fn add_by_gateway(call: &Call<'_>, customer: Id<Customer>, token: &str) -> Result<Answer<PaymentMethodChanged>, Fault> {
    let tenant = call.viewer.tenant_id;
    let gateway = call.app.gateway_of(tenant)?;
    let mut beside = None;
    let begun = call.run_or_reserve(|work| {
        super::customer::existing(work, customer)?;
        takes(Gateway::Stripe, gateway).map_err(|refusal| refusal.at(&["gatewayToken"]))?;
        let others = payment_method::of_customers(work.tenant, &[customer]).load(work.conn())?;
        beside = others.last().map(|method| method.gateway_reference.clone());
        Ok(None)
    })?;
    if let Some(answer) = begun {
        return Ok(answer);
    }
    let attachment = gateway.attach(&NewCard { tenant, customer, token: token.to_owned(), beside });
    call.run(|work| {
        super::customer::existing(work, customer)?;
        let kept = attachment.clone().accepted();
        let (reference, label) = kept.map_err(|refusal| refusal.at(&["gatewayToken"]))?;
        let others = payment_method::of_customers(work.tenant, &[customer]).load(work.conn())?;
        if others.iter().any(|method| method.gateway_reference == reference) {
            return Err(token_used().at(&["gatewayToken"]).into());
        }
        Ok(PaymentMethodChanged {
            payment_method: store(work, PaymentMethod::new(work.id(), customer, (reference, label), work.now))?,
        })
    })
}

/// Refuses unless this is the gateway that a tenant is charged by: each has tokens of its own.
fn takes(asked: Gateway, gateway: &dyn PaymentGateway) -> Result<(), Refusal> {
    if gateway.name() == asked {
        return Ok(());
    }
    let message = match gateway.name() {
        Gateway::Test => "This tenant is charged by the test gateway: make a token with createTestToken.",
        Gateway::Stripe => "This tenant is charged by Stripe: give what Stripe.js answers to addPaymentMethod.",
    };
    Err(Refusal::new(ErrorCode::ValidationError, message))
}

/// The token, where a new request may use it; blames `field` where it may not.
pub fn usable_token(
    work: &mut Work<'_, '_>,
    token: Id<PaymentToken>,
    customer: Option<Id<Customer>>,
    field: &str,
) -> Result<PaymentToken, Stop> {
    let found = Query::by_id(work.tenant, token).first(work.conn())?;
    let token = found.ok_or_else(|| invalid_token().at(&[field]))?.without_dead_hold(work.machine_now);
    token.usable_by(customer, work.now).map_err(|refusal| refusal.at(&[field]))?;
    Ok(token)
}

/// Uses a token up, which `attempt` holds or nobody, and stores it as a payment method of the customer.
pub fn keep(
    work: &mut Work<'_, '_>,
    token: &PaymentToken,
    attempt: Option<Id<PaymentAttempt>>,
    customer: Id<Customer>,
) -> Result<Id<PaymentMethod>, Stop> {
    payment_method::use_token(work.tx, work.tenant, token.id, attempt, (work.now, work.machine_now))?;
    store(work, token.method(work.id(), customer, work.now))
}

fn store(work: &mut Work<'_, '_>, method: PaymentMethod) -> Result<Id<PaymentMethod>, Stop> {
    payment_method::insert(work.tx, work.tenant, &method)?;
    work.event(EventType::PaymentMethodCreated, method.id, serde_json::json!({"customerId": method.customer_id}));
    Ok(method.id)
}

/// Notes that the gateway refuses a payment method for good, where it was not noted before.
pub(super) fn fail(work: &mut Work<'_, '_>, method: Id<PaymentMethod>) -> Result<(), Stop> {
    let Some(mut method) = Query::by_id(work.tenant, method).hold(work.tx)? else { return Ok(()) };
    if method.state != PaymentMethodState::Active {
        return Ok(());
    }
    method.state = PaymentMethodState::Failed;
    method.version += 1;
    method.updated_at = work.now;
    payment_method::update(work.tx, work.tenant, &method)?;
    let data = serde_json::json!({"customerId": method.customer_id});
    work.event(EventType::PaymentMethodFailed, method.id, data);
    Ok(())
}

/// The newest method of a customer that can be charged.
pub(super) fn newest(work: &mut Work<'_, '_>, customer: Id<Customer>) -> Result<Option<PaymentMethod>, Fault> {
    let tenant = work.tenant;
    let methods = payment_method::of_customers(tenant, &[customer]).load(work.conn())?;
    Ok(methods.into_iter().rev().find(|known| known.chargeable_for(customer).is_ok()))
}

pub fn archive_payment_method(
    call: &Call<'_>,
    change: &ArchivePaymentMethod,
) -> Result<Answer<PaymentMethodChanged>, Fault> {
    call.run(|work| {
        let outcome = PaymentMethodChanged { payment_method: change.payment_method_id };
        let found = Query::by_id(work.tenant, change.payment_method_id).hold(work.tx)?;
        let mut method = found.ok_or_else(|| method_not_found().at(&["paymentMethodId"]))?;
        expect_version(change.expected_version, method.version, &outcome)?;
        method.state = method.archive().map_err(|refusal| refusal.at(&["paymentMethodId"]))?;
        method.version += 1;
        method.updated_at = work.now;
        payment_method::update(work.tx, work.tenant, &method)?;
        let data = serde_json::json!({"customerId": method.customer_id});
        work.event(EventType::PaymentMethodArchived, method.id, data);
        Ok(outcome)
    })
}

/// Makes a token as the checkout page of a real gateway would.
pub fn create_test_token(call: &Call<'_>, new: &CreateTestToken) -> Result<Answer<TokenCreated>, Fault> {
    let gateway = call.app.gateway_of(call.viewer.tenant_id)?;
    call.run(|work| {
        takes(Gateway::Test, gateway).map_err(|refusal| refusal.at(&["card"]))?;
        if let Some(customer) = new.customer_id {
            super::customer::existing(work, customer)?;
        }
        let made = PaymentToken {
            id: work.id(),
            customer_id: new.customer_id,
            gateway_reference: new.card.reference(),
            label: new.card.label().to_owned(),
            expires_at: work.now + new.life,
            used_at: None,
            reserved_by: None,
            reserved_until: None,
            created_at: work.now,
        };
        payment_method::insert_token(work.tx, work.tenant, &made)?;
        Ok(TokenCreated { payment_token: made.id })
    })
}
