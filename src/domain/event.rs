//! Events: what happened, for those who listen. An event is stored in the transaction of its effect.

use super::choice::choice;
use super::text::Metadata;
use super::{Entity, Id, Instant};
use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

choice! {
    /// What happened.
    pub enum EventType {
        /// A tenant changed its settings.
        TenantUpdated = "tenant.updated" as "TENANT_UPDATED",
        /// The clock of a tenant for trying out was advanced.
        TenantClockAdvanced = "tenant.clock_advanced" as "TENANT_CLOCK_ADVANCED",
        /// An API key was made.
        ApiKeyCreated = "api_key.created" as "API_KEY_CREATED",
        /// An API key got a successor, and stops opening anything soon.
        ApiKeyRotated = "api_key.rotated" as "API_KEY_ROTATED",
        /// An API key was revoked.
        ApiKeyRevoked = "api_key.revoked" as "API_KEY_REVOKED",
        /// A document was registered.
        TrustedDocumentRegistered = "trusted_document.registered" as "TRUSTED_DOCUMENT_REGISTERED",
        /// A document is registered no longer.
        TrustedDocumentRemoved = "trusted_document.removed" as "TRUSTED_DOCUMENT_REMOVED",
        /// A tax rate of a country was made or changed.
        TaxRateSet = "tax_rate.set" as "TAX_RATE_SET",
        /// A tax rate of a country was removed.
        TaxRateRemoved = "tax_rate.removed" as "TAX_RATE_REMOVED",
        /// A customer was created.
        CustomerCreated = "customer.created" as "CUSTOMER_CREATED",
        /// A customer was changed.
        CustomerUpdated = "customer.updated" as "CUSTOMER_UPDATED",
        /// A product was created.
        ProductCreated = "product.created" as "PRODUCT_CREATED",
        /// A product was changed.
        ProductUpdated = "product.updated" as "PRODUCT_UPDATED",
        /// An asset was taken in.
        AssetCreated = "asset.created" as "ASSET_CREATED",
        /// An asset was changed.
        AssetUpdated = "asset.updated" as "ASSET_UPDATED",
        /// An asset was handed to a customer.
        AssetAssigned = "asset.assigned" as "ASSET_ASSIGNED",
        /// An asset is no longer kept for an order.
        AssetReleased = "asset.released" as "ASSET_RELEASED",
        /// A billing group was created.
        BillingGroupCreated = "billing_group.created" as "BILLING_GROUP_CREATED",
        /// A billing group was changed.
        BillingGroupUpdated = "billing_group.updated" as "BILLING_GROUP_UPDATED",
        /// An order was placed.
        OrderCreated = "order.created" as "ORDER_CREATED",
        /// An order was changed: by hand, or by a unit that became a subscription.
        OrderUpdated = "order.updated" as "ORDER_UPDATED",
        /// An order was confirmed.
        OrderConfirmed = "order.confirmed" as "ORDER_CONFIRMED",
        /// An order was cancelled.
        OrderCancelled = "order.cancelled" as "ORDER_CANCELLED",
        /// The last unit of an order got its subscription. Happens once for an order.
        OrderFulfilled = "order.fulfilled" as "ORDER_FULFILLED",
        /// A subscription was created.
        SubscriptionCreated = "subscription.created" as "SUBSCRIPTION_CREATED",
        /// A draft of a subscription was created.
        SubscriptionDraftCreated = "subscription.draft_created" as "SUBSCRIPTION_DRAFT_CREATED",
        /// A draft became a running subscription.
        SubscriptionActivated = "subscription.activated" as "SUBSCRIPTION_ACTIVATED",
        /// The trial of a subscription is over.
        SubscriptionTrialEnded = "subscription.trial_ended" as "SUBSCRIPTION_TRIAL_ENDED",
        /// A period of a subscription is over, and the next one began.
        SubscriptionRenewed = "subscription.renewed" as "SUBSCRIPTION_RENEWED",
        /// A subscription was changed in another way, such as by what was billed of it.
        SubscriptionUpdated = "subscription.updated" as "SUBSCRIPTION_UPDATED",
        /// A subscription came to its end.
        SubscriptionEnded = "subscription.ended" as "SUBSCRIPTION_ENDED",
        /// A device should have come back.
        SubscriptionReturnOverdue = "subscription.return_overdue" as "SUBSCRIPTION_RETURN_OVERDUE",
        /// A subscription could not be billed: it is tried again.
        SubscriptionBillingHeld = "subscription.billing_held" as "SUBSCRIPTION_BILLING_HELD",
        /// An incomplete subscription was paid for, and runs.
        SubscriptionCompleted = "subscription.completed" as "SUBSCRIPTION_COMPLETED",
        /// Nothing more is billed of a subscription for now.
        SubscriptionPaused = "subscription.paused" as "SUBSCRIPTION_PAUSED",
        /// A subscription is paid by another payment method from now on.
        SubscriptionPaymentMethodUpdated = "subscription.payment_method_updated" as "SUBSCRIPTION_PAYMENT_METHOD_UPDATED",
        /// A customer is to get a mail with the link to pay for its subscription.
        SubscriptionSignupRequested = "subscription.signup_requested" as "SUBSCRIPTION_SIGNUP_REQUESTED",
        /// An invoice was made.
        InvoiceCreated = "invoice.created" as "INVOICE_CREATED",
        /// An invoice was paid.
        InvoicePaid = "invoice.paid" as "INVOICE_PAID",
        /// A charge of an invoice brought no money.
        InvoicePaymentFailed = "invoice.payment_failed" as "INVOICE_PAYMENT_FAILED",
        /// An invoice was not paid in time: its customer is reminded from now on.
        InvoiceDunningStarted = "invoice.dunning_started" as "INVOICE_DUNNING_STARTED",
        /// A customer is to be reminded of an invoice.
        InvoiceDunningNotice = "invoice.dunning_notice" as "INVOICE_DUNNING_NOTICE",
        /// An invoice was not paid at all.
        InvoiceFailed = "invoice.failed" as "INVOICE_FAILED",
        /// Money came in.
        PaymentReceived = "payment.received" as "PAYMENT_RECEIVED",
        /// Money of a payment went back.
        PaymentRefunded = "payment.refunded" as "PAYMENT_REFUNDED",
        /// Money of a payment was to go back, and did not.
        PaymentRefundFailed = "payment.refund_failed" as "PAYMENT_REFUND_FAILED",
        /// An invoice was changed: a draft by hand, or any by a payment, a refund, a credit note or a reminder.
        InvoiceUpdated = "invoice.updated" as "INVOICE_UPDATED",
        /// A draft of an invoice was deleted.
        InvoiceDeleted = "invoice.deleted" as "INVOICE_DELETED",
        /// A draft of an invoice was issued.
        InvoiceFinalised = "invoice.finalised" as "INVOICE_FINALISED",
        /// An invoice was withdrawn.
        InvoiceVoided = "invoice.voided" as "INVOICE_VOIDED",
        /// A customer got a credit.
        CreditCreated = "credit.created" as "CREDIT_CREATED",
        /// A credit was cancelled.
        CreditCancelled = "credit.cancelled" as "CREDIT_CANCELLED",
        /// Something of an invoice was taken back.
        CreditNoteCreated = "credit_note.created" as "CREDIT_NOTE_CREATED",
        /// A customer was archived.
        CustomerArchived = "customer.archived" as "CUSTOMER_ARCHIVED",
        /// A plan was created.
        PlanCreated = "plan.created" as "PLAN_CREATED",
        /// A plan was changed; a change of its prices or its schedule made a new version.
        PlanUpdated = "plan.updated" as "PLAN_UPDATED",
        /// A plan was archived.
        PlanArchived = "plan.archived" as "PLAN_ARCHIVED",
        /// A feature was created.
        FeatureCreated = "feature.created" as "FEATURE_CREATED",
        /// A feature was changed.
        FeatureUpdated = "feature.updated" as "FEATURE_UPDATED",
        /// A feature was archived.
        FeatureArchived = "feature.archived" as "FEATURE_ARCHIVED",
        /// A meter was created.
        MeterCreated = "meter.created" as "METER_CREATED",
        /// A meter was changed.
        MeterUpdated = "meter.updated" as "METER_UPDATED",
        /// A meter was archived.
        MeterArchived = "meter.archived" as "METER_ARCHIVED",
        /// An add-on was created.
        AddOnCreated = "add_on.created" as "ADD_ON_CREATED",
        /// An add-on was changed.
        AddOnUpdated = "add_on.updated" as "ADD_ON_UPDATED",
        /// An add-on was archived.
        AddOnArchived = "add_on.archived" as "ADD_ON_ARCHIVED",
        /// A discount was created.
        DiscountCreated = "discount.created" as "DISCOUNT_CREATED",
        /// A discount was changed.
        DiscountUpdated = "discount.updated" as "DISCOUNT_UPDATED",
        /// A discount was archived.
        DiscountArchived = "discount.archived" as "DISCOUNT_ARCHIVED",
        /// A coupon was created.
        CouponCreated = "coupon.created" as "COUPON_CREATED",
        /// A coupon was changed.
        CouponUpdated = "coupon.updated" as "COUPON_UPDATED",
        /// A coupon was archived.
        CouponArchived = "coupon.archived" as "COUPON_ARCHIVED",
        /// A coupon was redeemed.
        CouponRedeemed = "coupon.redeemed" as "COUPON_REDEEMED",
        /// A payment method was added to a customer.
        PaymentMethodCreated = "payment_method.created" as "PAYMENT_METHOD_CREATED",
        /// The gateway refuses a payment method for good.
        PaymentMethodFailed = "payment_method.failed" as "PAYMENT_METHOD_FAILED",
        /// A payment method was taken out of use.
        PaymentMethodArchived = "payment_method.archived" as "PAYMENT_METHOD_ARCHIVED",
        /// The gateway told that a part of a payment, or all of it, has gone back.
        PaymentRefundNoticed = "payment_attempt.refund_noticed" as "PAYMENT_ATTEMPT_REFUND_NOTICED",
        /// The gateway told that a customer asks its bank for a payment.
        PaymentDisputed = "payment_attempt.disputed" as "PAYMENT_ATTEMPT_DISPUTED",
    }
}

/// One thing that happened to one object.
#[derive(Clone, Debug)]
pub struct Event {
    pub id: Id<Event>,
    pub position: Position,
    pub event_type: EventType,
    /// The object, in its text form.
    pub subject: String,
    /// What a listener needs to know beside it, as a JSON object.
    pub data: Metadata,
    pub created_at: Instant,
}

/// The place of an event among those of its tenant. Who has seen everything up to a position misses nothing by going on
/// behind it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Position {
    /// The transaction that told of it. Every transaction with a lower number is over when this one can be seen.
    pub transaction: i64,
    /// Its place among what the transaction told.
    pub place: i64,
}

impl Position {
    /// Before everything.
    pub const START: Position = Position { transaction: 0, place: 0 };
}

/// The form in which clients keep it.
impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.transaction, self.place)
    }
}

/// A text that is no position.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("This is not the position of an event: take it from `Event.position`, or give \"0\" for the beginning.")]
pub struct NotAPosition;

impl FromStr for Position {
    type Err = NotAPosition;

    fn from_str(text: &str) -> Result<Self, NotAPosition> {
        let number = |digits: &str| {
            let plain = digits.bytes().all(|digit| digit.is_ascii_digit());
            digits.parse().ok().filter(|_| plain).ok_or(NotAPosition)
        };
        if text == "0" {
            return Ok(Position::START);
        }
        let (transaction, place) = text.split_once('-').ok_or(NotAPosition)?;
        Ok(Position { transaction: number(transaction)?, place: number(place)? })
    }
}

/// An event that is about to be stored.
#[derive(Clone, Debug)]
pub struct NewEvent {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Choice;

    #[test]
    fn a_position_is_read_as_it_is_written() {
        let position = Position { transaction: 734, place: 12 };
        assert_eq!(position.to_string(), "734-12");
        assert_eq!("734-12".parse(), Ok(position));
        assert_eq!("0".parse(), Ok(Position::START));
        let late = Position { transaction: i64::MAX, place: i64::MAX };
        assert_eq!(late.to_string().parse(), Ok(late));
        for text in [
            "",
            "-",
            "1",
            "1-",
            "-1",
            "+1-1",
            "1-+1",
            "1--1",
            "1-1-1",
            "1 -1",
            "9223372036854775808-1",
            "1-9223372036854775808",
        ] {
            assert_eq!(text.parse::<Position>(), Err(NotAPosition), "{text}");
        }
        assert!(Position { transaction: 1, place: 9 } < Position { transaction: 2, place: 1 });
    }

    #[test]
    fn the_api_spells_a_type_in_capitals() {
        for (event_type, name, _) in EventType::ALL {
            assert_eq!(event_type.api_name(), name.replace('.', "_").to_uppercase());
            assert_eq!(EventType::from_api_name(event_type.api_name()), Some(*event_type));
        }
    }
}
