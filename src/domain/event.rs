//! Events: what happened, for those who listen. An event is stored in the transaction of its effect.

use super::choice::choice;
use super::{Entity, Id, Instant};
use uuid::Uuid;

choice! {
    /// What happened.
    pub enum EventType {
        /// A tenant changed its settings.
        TenantUpdated = "tenant.updated",
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
        /// A customer is to get a mail with the link to pay for its subscription.
        SubscriptionSignupRequested = "subscription.signup_requested",
        /// An invoice was made.
        InvoiceCreated = "invoice.created",
        /// An invoice was paid.
        InvoicePaid = "invoice.paid",
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
        /// A payment method was taken out of use.
        PaymentMethodArchived = "payment_method.archived",
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
