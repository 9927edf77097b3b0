//! The mutations of subscriptions to plans.

use super::input::CreateSubscriptionInput;
use super::preview::PreviewSubscriptionPayload;
use crate::app::subscription::{
    ActivateSubscription, PaymentMethodSet, SubscriptionCreated, UpdateSubscriptionPaymentMethod,
    activate_subscription, create_subscription, preview_subscription, update_subscription_payment_method,
};
use crate::domain::Refusal;
use crate::domain::api_key::Scope;
use crate::domain::customer::Customer;
use crate::domain::invoice::Invoice;
use crate::domain::subscription::Subscription;
use crate::graphql::check::{self, Check};
use crate::graphql::mutations::{Mutation, payload, preview, run};
use crate::graphql::scalars::DateTime;
use async_graphql::{ID, InputObject};

/// Which draft to start.
#[derive(InputObject)]
pub struct ActivateSubscriptionInput {
    /// Which draft.
    subscription_id: ID,
    /// Its first moment, at most one billing period back. Default: now.
    start_date: Option<DateTime>,
    /// What is charged: a payment method (`ca_…`) of the customer, or a one-time token (`ct_…`). Default: what the draft
    /// has, else the customer's own; nothing, where the draft says that the customer is asked.
    source: Option<String>,
    /// Refuse with CONFLICT unless the subscription is at this version.
    expected_version: Option<i32>,
}

impl ActivateSubscriptionInput {
    fn read(self) -> Result<ActivateSubscription, Vec<Refusal>> {
        Check::input(|check| {
            let subscription_id = check.take("subscriptionId", check::id(self.subscription_id));
            let start_date = check.maybe("startDate", self.start_date, check::instant);
            Some(ActivateSubscription {
                subscription_id: subscription_id?,
                start_date: start_date?,
                source: self.source,
                expected_version: self.expected_version,
            })
        })
    }
}

/// What a subscription is to be paid by.
#[derive(InputObject)]
pub struct UpdateSubscriptionPaymentMethodInput {
    /// Which subscription.
    subscription_id: ID,
    /// What is charged from now on: a payment method (`ca_…`) of the customer, or a one-time token (`ct_…`).
    source: String,
    /// Refuse with CONFLICT unless the subscription is at this version.
    expected_version: Option<i32>,
}

impl UpdateSubscriptionPaymentMethodInput {
    fn read(self) -> Result<UpdateSubscriptionPaymentMethod, Vec<Refusal>> {
        Check::input(|check| {
            let subscription_id = check.take("subscriptionId", check::id(self.subscription_id));
            Some(UpdateSubscriptionPaymentMethod {
                subscription_id: subscription_id?,
                source: self.source,
                expected_version: self.expected_version,
            })
        })
    }
}

payload! {
    /// What `updateSubscriptionPaymentMethod` answers.
    UpdateSubscriptionPaymentMethodPayload of PaymentMethodSet {
        /// The subscription as it is now.
        "subscription": Subscription => |set| Some(set.subscription),
    }
}
payload! {
    /// What `createSubscription` answers.
    CreateSubscriptionPayload of SubscriptionCreated {
        /// The new subscription.
        "subscription": Subscription => |created| Some(created.subscription),
        /// Its customer, who may be new, too.
        "customer": Customer => |created| Some(created.customer),
        /// The invoice that was made right away; null where nothing is invoiced yet.
        "invoice": Invoice => |created| created.invoice,
    }
}
payload! {
    /// What `activateSubscription` answers.
    ActivateSubscriptionPayload of SubscriptionCreated {
        /// The subscription as it is now.
        "subscription": Subscription => |created| Some(created.subscription),
        /// The invoice that was made right away; null where nothing is invoiced yet.
        "invoice": Invoice => |created| created.invoice,
    }
}

pub fn mutations() -> Vec<Mutation> {
    vec![
        Mutation::new(
            "createSubscription",
            "Creates a subscription to a plan, and its customer where that is new: all of it, or nothing. Where the first \
             invoice is charged and the payment is refused, the payment behaviour says what becomes of it. Errors, in the \
             order in which they are looked for. What contradicts itself, all at once: VALIDATION_ERROR, \
             END_DATE_BEFORE_START, INVALID_BILLING_PERIOD_COUNT, INVALID_BILLING_ANCHOR, INVALID_TRIAL, \
             PRORATION_WITH_ENTITLEMENTS, INVALID_PAYMENT_BEHAVIOR, DUPLICATE_PRICE_OVERRIDE, INVALID_ITEM, \
             PHASES_NOT_ALLOWED_FOR_DRAFT, PHASE_END_BEFORE_START, PHASE_END_REQUIRED, PHASES_NOT_CONTINUOUS, \
             PHASES_NOT_ALIGNED, INVALID_COMMITMENT, INVALID_OVERAGE_FACTOR. Then the first of: IDEMPOTENCY_IN_PROGRESS, \
             TEST_ON_LIVE_TENANT, LIVE_ON_TEST_TENANT, MISSING_CUSTOMER, CUSTOMER_NOT_FOUND, CUSTOMER_DELETED, \
             DUPLICATE_HANDLE, PLAN_NOT_FOUND, INVALID_BILLING_CYCLE, START_DATE_TOO_EARLY, END_DATE_NOT_IN_FUTURE, \
             PRORATION_WITH_PAST_START, SOURCE_NOT_ALLOWED, SOURCE_REQUIRED, PAYMENT_METHOD_NOT_FOUND, \
             PAYMENT_METHOD_NOT_ACTIVE, PAYMENT_METHOD_FAILED, INVALID_TOKEN, TOKEN_ALREADY_USED, TOKEN_EXPIRED, \
             DISCOUNT_NOT_FOUND, DISCOUNT_DELETED, MULTIPLE_DISCOUNTS_NOT_ALLOWED, COUPON_NOT_FOUND, COUPON_ALREADY_USED, \
             ADD_ON_NOT_FOUND, ADD_ON_NOT_ELIGIBLE, ADD_ON_QUANTITY_NOT_ALLOWED, ADD_ON_ALREADY_ADDED, \
             CURRENCY_MISMATCH, ENTITLEMENT_NOT_FOUND, SUBSCRIPTION_NOT_FOUND (the parent), PARENT_NOT_ACTIVE, \
             CUSTOMER_HAS_NO_PARENT, NO_PRICE_IN_CURRENCY, PRICE_NOT_IN_PLAN, EMPTY_PRICE_OVERRIDE, QUANTITY_NOT_ALLOWED, \
             NOT_ELIGIBLE_FOR_INVOICE, PAYMENT_DECLINED, PAYMENT_PROCESSING_ERROR; CONFLICT where prices changed while it \
             was being paid.",
            Scope::Write,
            |on, running, input: CreateSubscriptionInput| {
                run::<_, _, CreateSubscriptionPayload>(on, running, input.read(), create_subscription)
            },
        ),
        Mutation::new(
            "previewSubscription",
            "Says what `createSubscription` would do with the same input, and changes nothing: no payment is made and no \
             coupon redeemed. Errors: those of `createSubscription`.",
            Scope::Read,
            |on, running, input: CreateSubscriptionInput| {
                preview::<_, _, PreviewSubscriptionPayload>(on, running, input.read(), preview_subscription)
            },
        ),
        Mutation::new(
            "activateSubscription",
            "Starts a draft: its periods begin, and its first invoice is made and paid as with `createSubscription`. Errors: \
             VALIDATION_ERROR, IDEMPOTENCY_IN_PROGRESS, SUBSCRIPTION_NOT_FOUND, CONFLICT, SUBSCRIPTION_NOT_DRAFT, \
             END_DATE_NOT_IN_FUTURE, END_DATE_BEFORE_START, START_DATE_TOO_EARLY, SOURCE_REQUIRED, \
             PAYMENT_METHOD_NOT_FOUND, PAYMENT_METHOD_NOT_ACTIVE, PAYMENT_METHOD_FAILED, INVALID_TOKEN, \
             TOKEN_ALREADY_USED, TOKEN_EXPIRED, PAYMENT_DECLINED, PAYMENT_PROCESSING_ERROR.",
            Scope::Write,
            |on, running, input: ActivateSubscriptionInput| {
                run::<_, _, ActivateSubscriptionPayload>(on, running, input.read(), activate_subscription)
            },
        ),
        Mutation::new(
            "updateSubscriptionPaymentMethod",
            "Sets what a subscription is charged by, and charges its open invoices by it at once: where that succeeds, \
             nobody is reminded of them any more. What comes of the charges is seen on the invoices. Errors: \
             VALIDATION_ERROR, SUBSCRIPTION_NOT_FOUND, CONFLICT, SUBSCRIPTION_OVER, SOURCE_REQUIRED, \
             PAYMENT_METHOD_NOT_FOUND, PAYMENT_METHOD_NOT_ACTIVE, PAYMENT_METHOD_FAILED, INVALID_TOKEN, \
             TOKEN_ALREADY_USED, TOKEN_EXPIRED.",
            Scope::Write,
            |on, running, input: UpdateSubscriptionPaymentMethodInput| {
                let payload = run::<_, _, UpdateSubscriptionPaymentMethodPayload>;
                payload(on, running, input.read(), update_subscription_payment_method)
            },
        ),
    ]
}
