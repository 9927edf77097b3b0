//! Events: what happened, for those who listen. An event is stored in the transaction of its effect.

use super::choice::choice;
use super::{Entity, Id, Instant};
use uuid::Uuid;

choice! {
    /// What happened.
    pub enum EventType {
        /// A tenant changed its settings.
        TenantUpdated = "tenant.updated",
        /// The clock of a tenant for trying out was advanced.
        TenantClockAdvanced = "tenant.clock_advanced",
        /// An API key was made.
        ApiKeyCreated = "api_key.created",
        /// An API key got a successor, and stops opening anything soon.
        ApiKeyRotated = "api_key.rotated",
        /// An API key was revoked.
        ApiKeyRevoked = "api_key.revoked",
        /// A document was registered.
        TrustedDocumentRegistered = "trusted_document.registered",
        /// A document is registered no longer.
        TrustedDocumentRemoved = "trusted_document.removed",
        /// A tax rate of a country was made or changed.
        TaxRateSet = "tax_rate.set",
        /// A tax rate of a country was removed.
        TaxRateRemoved = "tax_rate.removed",
        /// A customer was created.
        CustomerCreated = "customer.created",
        /// A customer was changed.
        CustomerUpdated = "customer.updated",
        /// A product was created.
        ProductCreated = "product.created",
        /// A product was changed.
        ProductUpdated = "product.updated",
        /// An asset was taken in.
        AssetCreated = "asset.created",
        /// An asset was changed.
        AssetUpdated = "asset.updated",
        /// An asset was handed to a customer.
        AssetAssigned = "asset.assigned",
        /// An asset is no longer kept for an order.
        AssetReleased = "asset.released",
        /// A billing group was created.
        BillingGroupCreated = "billing_group.created",
        /// A billing group was changed.
        BillingGroupUpdated = "billing_group.updated",
        /// An order was placed.
        OrderCreated = "order.created",
        /// An order was changed.
        OrderUpdated = "order.updated",
        /// An order was confirmed.
        OrderConfirmed = "order.confirmed",
        /// An order was cancelled.
        OrderCancelled = "order.cancelled",
        /// The last unit of an order got its subscription. Happens once for an order.
        OrderFulfilled = "order.fulfilled",
        /// A subscription was created.
        SubscriptionCreated = "subscription.created",
        /// A draft of a subscription was created.
        SubscriptionDraftCreated = "subscription.draft_created",
        /// A draft became a running subscription.
        SubscriptionActivated = "subscription.activated",
        /// The trial of a subscription is over.
        SubscriptionTrialEnded = "subscription.trial_ended",
        /// A period of a subscription is over, and the next one began.
        SubscriptionRenewed = "subscription.renewed",
        /// A subscription came to its end.
        SubscriptionEnded = "subscription.ended",
        /// A device should have come back.
        SubscriptionReturnOverdue = "subscription.return_overdue",
        /// A subscription could not be billed: it is tried again.
        SubscriptionBillingHeld = "subscription.billing_held",
        /// An incomplete subscription was paid for, and runs.
        SubscriptionCompleted = "subscription.completed",
        /// Nothing more is billed of a subscription for now.
        SubscriptionPaused = "subscription.paused",
        /// A subscription is paid by another payment method from now on.
        SubscriptionPaymentMethodUpdated = "subscription.payment_method_updated",
        /// A customer is to get a mail with the link to pay for its subscription.
        SubscriptionSignupRequested = "subscription.signup_requested",
        /// An invoice was made.
        InvoiceCreated = "invoice.created",
        /// An invoice was paid.
        InvoicePaid = "invoice.paid",
        /// A charge of an invoice brought no money.
        InvoicePaymentFailed = "invoice.payment_failed",
        /// An invoice was not paid in time: its customer is reminded from now on.
        InvoiceDunningStarted = "invoice.dunning_started",
        /// A customer is to be reminded of an invoice.
        InvoiceDunningNotice = "invoice.dunning_notice",
        /// An invoice was not paid at all.
        InvoiceFailed = "invoice.failed",
        /// Money came in.
        PaymentReceived = "payment.received",
        /// Money of a payment went back.
        PaymentRefunded = "payment.refunded",
        /// Money of a payment was to go back, and did not.
        PaymentRefundFailed = "payment.refund_failed",
        /// A draft of an invoice was changed.
        InvoiceUpdated = "invoice.updated",
        /// A draft of an invoice was deleted.
        InvoiceDeleted = "invoice.deleted",
        /// A draft of an invoice was issued.
        InvoiceFinalised = "invoice.finalised",
        /// An invoice was withdrawn.
        InvoiceVoided = "invoice.voided",
        /// A customer got a credit.
        CreditCreated = "credit.created",
        /// A credit was cancelled.
        CreditCancelled = "credit.cancelled",
        /// Something of an invoice was taken back.
        CreditNoteCreated = "credit_note.created",
        /// A customer was archived.
        CustomerArchived = "customer.archived",
        /// A plan was created.
        PlanCreated = "plan.created",
        /// A plan was changed; a change of its prices or its schedule made a new version.
        PlanUpdated = "plan.updated",
        /// A plan was archived.
        PlanArchived = "plan.archived",
        /// A feature was created.
        FeatureCreated = "feature.created",
        /// A feature was changed.
        FeatureUpdated = "feature.updated",
        /// A feature was archived.
        FeatureArchived = "feature.archived",
        /// A meter was created.
        MeterCreated = "meter.created",
        /// A meter was changed.
        MeterUpdated = "meter.updated",
        /// A meter was archived.
        MeterArchived = "meter.archived",
        /// An add-on was created.
        AddOnCreated = "add_on.created",
        /// An add-on was changed.
        AddOnUpdated = "add_on.updated",
        /// An add-on was archived.
        AddOnArchived = "add_on.archived",
        /// A discount was created.
        DiscountCreated = "discount.created",
        /// A discount was changed.
        DiscountUpdated = "discount.updated",
        /// A discount was archived.
        DiscountArchived = "discount.archived",
        /// A coupon was created.
        CouponCreated = "coupon.created",
        /// A coupon was changed.
        CouponUpdated = "coupon.updated",
        /// A coupon was archived.
        CouponArchived = "coupon.archived",
        /// A coupon was redeemed.
        CouponRedeemed = "coupon.redeemed",
        /// A payment method was added to a customer.
        PaymentMethodCreated = "payment_method.created",
        /// The gateway refuses a payment method for good.
        PaymentMethodFailed = "payment_method.failed",
        /// A payment method was taken out of use.
        PaymentMethodArchived = "payment_method.archived",
        /// The gateway told that a part of a payment, or all of it, has gone back.
        PaymentRefundNoticed = "payment_attempt.refund_noticed",
        /// The gateway told that a customer asks its bank for a payment.
        PaymentDisputed = "payment_attempt.disputed",
    }
}

/// One thing that happened to one object.
#[derive(Clone, Debug)]
pub struct Event {
    pub id: Id<Event>,
    pub event_type: EventType,
    /// The object, in its text form.
    pub subject: String,
    /// What a listener needs to know beside it, as a JSON object.
    pub data: serde_json::Value,
    pub created_at: Instant,
}

impl Entity for Event {
    const NAME: &'static str = "Event";
    const PREFIX: &'static str = "evt";
}

/// Who did what: one record for each change, kept for the tenant's auditors.
#[derive(Clone, Debug)]
pub struct AuditRecord {
    pub id: Uuid,
    /// The mutation's name.
    pub operation: &'static str,
    /// The key that was used.
    pub actor: String,
    pub request_id: String,
    /// The ids of the objects that it made or changed, as a JSON object.
    pub outcome: serde_json::Value,
    pub created_at: Instant,
}
