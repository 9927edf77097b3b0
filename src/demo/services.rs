//! Storing the services that the demo tenant sells, and the subscriptions to them.

use super::DemoError;
use super::catalogue::{Catalogue, PlannedSubscription};
use super::fill::{Ids, Steps, at};
use super::plan::{cents, metadata};
use crate::app::add_on::create_add_on;
use crate::app::coupon::create_coupon;
use crate::app::discount::create_discount;
use crate::app::feature::{SetPlanEntitlements, create_feature, set_plan_entitlements};
use crate::app::payment_method::{AddPaymentMethod, CreateTestToken, add_payment_method, create_test_token};
use crate::app::plan::create_plan;
use crate::app::subscription::{CreateSubscription, CustomerReference, create_subscription};
use crate::app::test_gateway::TestCard;
use crate::domain::Id;
use crate::domain::customer::Customer;
use crate::domain::subscribing::request::{
    NewAddOn, NewCommitment, PaymentRequest, Reference, Request, Timing, TrialRequest,
};
use crate::domain::subscription::{CollectionMethod, InvoiceBilling, PaymentBehavior};
use chrono::TimeDelta;

/// Stores the catalogue, and has its customers subscribe.
pub fn store(steps: &mut Steps<'_>, ids: &Ids, catalogue: &Catalogue) -> Result<(), DemoError> {
    for feature in &catalogue.features {
        steps.run("createFeature", feature, create_feature)?;
    }
    for (plan, grants) in &catalogue.plans {
        let plan_id = steps.run("createPlan", plan, create_plan)?.plan;
        let all = SetPlanEntitlements { plan_id, expected_revision: None, entitlements: grants.clone() };
        steps.run("setPlanEntitlements", &all, set_plan_entitlements)?;
    }
    for add_on in &catalogue.add_ons {
        steps.run("createAddOn", add_on, create_add_on)?;
    }
    for discount in &catalogue.discounts {
        steps.run("createDiscount", discount, create_discount)?;
    }
    for coupon in &catalogue.coupons {
        steps.run("createCoupon", coupon, create_coupon)?;
    }
    for payer in &catalogue.payers {
        let customer_id = at(&ids.customers, *payer)?;
        let life = TimeDelta::days(1);
        let new = CreateTestToken { card: TestCard::Succeeds, customer_id: Some(customer_id), life };
        let token = steps.run("createTestToken", &new, create_test_token)?.payment_token;
        steps.run("addPaymentMethod", &AddPaymentMethod { customer_id, token }, add_payment_method)?;
    }
    for planned in &catalogue.subscriptions {
        let new = subscription(*planned, at(&ids.customers, planned.customer)?);
        steps.run("createSubscription", &new, create_subscription)?;
    }
    Ok(())
}

fn subscription(planned: PlannedSubscription, customer: Id<Customer>) -> CreateSubscription {
    let add_on = planned.add_on.map(|(code, quantity)| NewAddOn {
        add_on: Reference::Code(code.to_owned()),
        handle: None,
        quantity: Some(quantity),
        amount: None,
        fixed_amount: true,
        amount_includes_tax: None,
        name: None,
        description: None,
        start_date: None,
        end_date: None,
    });
    let request = Request {
        handle: Some(planned.handle.to_owned()),
        quantity: Some(planned.quantity),
        currency: None,
        status: planned.status,
        test: None,
        metadata: metadata(&serde_json::json!({})),
        timing: Timing {
            start_date: None,
            end_date: None,
            cadence: None,
            billing_period: planned.billing_period,
            billing_period_count: None,
            billing_cycle: None,
            billing_anchor: None,
            timezone: None,
            proration: None,
        },
        trial: if planned.trial { TrialRequest::OfThePlan } else { TrialRequest::Never },
        phases: Vec::new(),
        amount: None,
        amount_includes_tax: None,
        no_setup_fee: false,
        price_overrides: Vec::new(),
        additional_items: Vec::new(),
        add_ons: add_on.into_iter().collect(),
        additional_costs: Vec::new(),
        discounts: Vec::new(),
        coupon_codes: planned.coupon.map(str::to_owned).into_iter().collect(),
        entitlements: Vec::new(),
        commitment: NewCommitment {
            amount: planned.commitment.map(|euros| cents(euros * 100)),
            duration: None,
            overage_factor: None,
            true_up: false,
        },
        payment: PaymentRequest {
            collection_method: CollectionMethod::ChargeAutomatically,
            behavior: PaymentBehavior::DefaultActive,
            terms: None,
            grace_seconds: None,
            signup_method: None,
            source: None,
            conditional_create: false,
        },
        parent_subscription_id: None,
        invoice_billing: InvoiceBilling::InvoiceToSelf,
    };
    CreateSubscription {
        customer: CustomerReference::Id(customer),
        plan: Reference::Code(planned.plan.to_owned()),
        plan_version: None,
        generate_handle: false,
        request,
    }
}
