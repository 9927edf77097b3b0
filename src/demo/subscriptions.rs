//! The demo tenant's subscriptions to plans: on trial, paid, a draft, and one with everything.

use super::DemoError;
use super::catalogue::{CARE, COUPON, FLEET, HELP_DESK, PRIORITY};
use super::fill::{Steps, at};
use super::plan::metadata;
use crate::app::payment_method::{AddPaymentMethod, CardGiven, CreateTestToken, add_payment_method, create_test_token};
use crate::app::subscription::{CreateSubscription, CustomerReference, create_subscription};
use crate::app::test_gateway::TestCard;
use crate::domain::customer::Customer;
use crate::domain::payment_terms::PaymentTerms;
use crate::domain::price::{BillingModel, ModelSettings, NewPrice};
use crate::domain::subscribing::Request;
use crate::domain::subscribing::request::{
    InitialStatus, ItemPrice, NewAddOn, NewCommitment, NewItem, NewPhase, PaymentRequest, Reference, Timing,
    TrialRequest,
};
use crate::domain::subscription::{CollectionMethod, InvoiceBilling, PaymentBehavior};
use crate::domain::text::Metadata;
use crate::domain::{Id, Instant};
use bigdecimal::BigDecimal;
use chrono::{Months, TimeDelta};

/// How many steps [`store`] takes.
pub const STEPS: usize = 6;

/// For how long the token of the payment method lives: a filling that is broken off may be completed until then.
const TOKEN_LIFE: TimeDelta = TimeDelta::hours(24);

/// Stores them for some of the customers; `filled` is when the filling began.
pub fn store(steps: &mut Steps<'_>, customers: &[Id<Customer>], filled: Instant) -> Result<(), DemoError> {
    let payer = at(customers, 1)?;
    let token = CreateTestToken { card: TestCard::Succeeds, customer_id: Some(payer), life: TOKEN_LIFE };
    let token = steps.run("createTestToken", &token, create_test_token)?.payment_token;
    let method = AddPaymentMethod { customer_id: payer, card: CardGiven::Token(token) };
    steps.run("addPaymentMethod", &method, add_payment_method)?;
    for (place, plan, request) in [
        (0, CARE, request("care-on-trial", filled)),
        (1, FLEET, Request { quantity: Some(25), ..request("fleet-paid", filled - TimeDelta::days(10)) }),
        (2, HELP_DESK, Request { status: InitialStatus::Draft, ..request("help-desk-draft", filled) }),
        (3, FLEET, with_everything(filled)),
    ] {
        let new = CreateSubscription {
            customer: CustomerReference::Id(at(customers, place)?),
            plan: Reference::Code(plan.to_owned()),
            plan_version: None,
            generate_handle: false,
            request,
        };
        steps.run("createSubscription", &new, create_subscription)?;
    }
    Ok(())
}

/// With an add-on, a coupon, a phase, and an invoice that its customer has yet to pay.
fn with_everything(start: Instant) -> Request {
    let add_on = NewAddOn {
        add_on: Reference::Code(PRIORITY.to_owned()),
        handle: None,
        quantity: None,
        amount: None,
        fixed_amount: false,
        amount_includes_tax: None,
        name: None,
        description: None,
        start_date: None,
        end_date: None,
    };
    let model = ModelSettings { amount: Some(BigDecimal::from(80)), ..ModelSettings::of(BillingModel::FlatFee) };
    let roll_out = NewItem {
        price: ItemPrice::New(Box::new(NewPrice::recurring(model))),
        quantity: None,
        name: Some("Help with the roll-out".to_owned()),
        start_date: None,
        end_date: None,
        metadata: Metadata::empty(),
    };
    let rolled_out = start + Months::new(3);
    let phases = vec![
        NewPhase { end_date: Some(rolled_out), additional_items: vec![roll_out], ..phase("Roll-out", start) },
        phase("Afterwards", rolled_out),
    ];
    let plain = request("fleet-with-everything", start);
    let payment = PaymentRequest {
        collection_method: CollectionMethod::SendInvoice,
        terms: Some(PaymentTerms::Net30),
        ..plain.payment
    };
    Request {
        quantity: Some(12),
        phases,
        add_ons: vec![add_on],
        coupon_codes: vec![COUPON.to_owned()],
        payment,
        ..plain
    }
}

/// A phase without an end, and with the plan's prices only.
fn phase(name: &str, start: Instant) -> NewPhase {
    NewPhase {
        start_date: start,
        end_date: None,
        price_overrides: Vec::new(),
        additional_items: Vec::new(),
        discounts: Vec::new(),
        coupon_codes: Vec::new(),
        metadata: metadata(&serde_json::json!({"name": name})),
    }
}

/// A request that leaves to the plan what it can.
fn request(handle: &str, start: Instant) -> Request {
    Request {
        handle: Some(handle.to_owned()),
        quantity: None,
        currency: None,
        status: InitialStatus::Active,
        test: None,
        metadata: Metadata::empty(),
        timing: Timing {
            start_date: Some(start),
            end_date: None,
            cadence: None,
            billing_period: None,
            billing_period_count: None,
            billing_cycle: None,
            billing_anchor: None,
            timezone: None,
            proration: None,
        },
        trial: TrialRequest::OfThePlan,
        phases: Vec::new(),
        amount: None,
        amount_includes_tax: None,
        no_setup_fee: false,
        price_overrides: Vec::new(),
        additional_items: Vec::new(),
        add_ons: Vec::new(),
        additional_costs: Vec::new(),
        discounts: Vec::new(),
        coupon_codes: Vec::new(),
        entitlements: Vec::new(),
        commitment: NewCommitment { amount: None, duration: None, overage_factor: None, true_up: false },
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
    }
}
