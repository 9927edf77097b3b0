//! Paying a subscription by another payment method from now on.

use super::load::find_source;
use crate::app::mutation::{Answer, Call, Stop, Work, expect_version};
use crate::app::{collect, payment_method};
use crate::domain::event::EventType;
use crate::domain::invoice::{Invoice, InvoiceStatus};
use crate::domain::payment_method::Source;
use crate::domain::subscribing::{SourceFound, choose_source};
use crate::domain::subscription::{CollectionMethod, SignupMethod, Subscription, SubscriptionStatus};
use crate::domain::{ErrorCode, Id, Refusal};
use crate::repository::{self, Fault, Query, collecting};
use serde::{Deserialize, Serialize};

/// What a client says of the payment method of a subscription.
#[derive(Clone, Debug)]
pub struct UpdateSubscriptionPaymentMethod {
    pub subscription_id: Id<Subscription>,
    pub source: String,
    pub expected_version: Option<i32>,
}

/// The subscription that was changed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PaymentMethodSet {
    pub subscription: Id<Subscription>,
    /// The invoices that are charged by it at once.
    invoices: Vec<Id<Invoice>>,
}

/// Sets what a subscription is charged by, and charges what is open of it at once: a payment method that works ends its
/// dunning (`billwerk.md` §9). What comes of the charges is seen on the invoices.
pub fn update_subscription_payment_method(
    call: &Call<'_>,
    change: &UpdateSubscriptionPaymentMethod,
) -> Result<Answer<PaymentMethodSet>, Fault> {
    let mut now = None;
    let answer = call.run(|work| {
        now = Some(work.now);
        set(work, change)
    })?;
    let set = answer.outcome.as_ref().filter(|_| answer.refusals.is_empty() && !answer.replayed);
    if let (Some(set), Some(now)) = (set, now) {
        collect::collect(call.app, call.viewer.tenant_id, &set.invoices, now)?;
    }
    Ok(answer)
}

fn set(work: &mut Work<'_, '_>, change: &UpdateSubscriptionPaymentMethod) -> Result<PaymentMethodSet, Stop> {
    let (tenant, now) = (work.tenant, work.now);
    let found = Query::by_id(tenant, change.subscription_id).hold(work.tx)?;
    let subscription = found.ok_or_else(Subscription::not_found)?;
    let shown = PaymentMethodSet { subscription: subscription.id, invoices: Vec::new() };
    expect_version(change.expected_version, subscription.version, &shown)?;
    if SubscriptionStatus::OVER.contains(&subscription.status) {
        let message = "The subscription is over: nothing more is charged for it.";
        return Err(Refusal::new(ErrorCode::SubscriptionOver, message).at(&["subscriptionId"]).into());
    }
    let method = {
        let source = Some(change.source.as_str());
        Source::parse(&change.source).map_err(|refusal| refusal.at(&["source"]))?;
        let customer = subscription.customer_id;
        let found = find_source(work, source, None, Some(customer))?;
        match (choose_source(Some(SignupMethod::Source), source, &found, customer, now)?, found) {
            (Some(method), _) => method,
            (None, SourceFound::Token(Some(token))) => payment_method::keep(work, &token, None, customer)?,
            (None, _) => return Err(crate::domain::payment_method::method_not_found().at(&["source"]).into()),
        }
    };
    repository::terms::set_method(work.tx, tenant, subscription.id, method)?;
    repository::subscription::touch(work.tx, tenant, &subscription, now)?;
    let mut invoices = Vec::new();
    for mut invoice in collecting::unpaid(tenant, &[subscription.id]).load(work.conn())? {
        invoice.collection.payment_method_id = Some(method);
        let charged = invoice.collection.method == CollectionMethod::ChargeAutomatically;
        if charged && invoice.status != InvoiceStatus::Failed {
            invoice.collection.collect_at = Some(now);
            invoices.push(invoice.id);
        }
        collect::store(work, &mut invoice)?;
    }
    let data = serde_json::json!({"paymentMethodId": method});
    work.event(EventType::SubscriptionPaymentMethodUpdated, subscription.id, data);
    Ok(PaymentMethodSet { subscription: subscription.id, invoices })
}
