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
