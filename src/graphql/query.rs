//! The query root.

use super::engine::{AnyNode, Object, Type};
use super::subscription::UPCOMING_AT;
use crate::app::Viewer;
use crate::app::billing::upcoming;
use crate::domain::add_on::AddOn;
use crate::domain::api_key::{ApiKey, Scope};
use crate::domain::asset::Asset;
use crate::domain::billing::BillingHold;
use crate::domain::billing_group::BillingGroup;
use crate::domain::coupon::Coupon;
use crate::domain::credit::Credit;
use crate::domain::credit_note::CreditNote;
use crate::domain::customer::Customer;
use crate::domain::discount::Discount;
use crate::domain::event::Event;
use crate::domain::feature::Feature;
use crate::domain::invoice::Invoice;
use crate::domain::meter::Meter;
use crate::domain::order::{Order, OrderItem};
use crate::domain::payment::PaymentAttempt;
use crate::domain::payment_method::{PaymentMethod, PaymentToken};
use crate::domain::plan::Plan;
use crate::domain::price::Price;
use crate::domain::product::Product;
use crate::domain::received::{Payment, Refund};
use crate::domain::subscription::Subscription;
use crate::domain::subscription::parts::{
    AdditionalCost, SubscriptionAddOn, SubscriptionDiscount, SubscriptionItem, SubscriptionPhase,
};
use crate::domain::tax::CountryTaxRate;
use crate::domain::tenant::Tenant;
use crate::domain::trusted_document::TrustedDocument;
use crate::domain::usage::UsageEvent;
use crate::repository::{
    add_on, api_key, asset, billing, coupon, credit, credit_note, customer, discount, feature, invoice, meter, order,
    payment, plan, product, received, subscription, tax, trusted_document, usage,
};

/// The query root: everything is seen by somebody.
pub struct Query {
    pub viewer: Viewer,
}

/// Every type that has an identifier.
pub(super) fn nodes<T: Object>() -> Vec<AnyNode<T>> {
    vec![
        AnyNode::of::<AdditionalCost>(),
        AnyNode::of::<AddOn>(),
        AnyNode::of::<ApiKey>().needs(Scope::Admin),
        AnyNode::of::<Asset>(),
        AnyNode::of::<BillingGroup>(),
        AnyNode::of::<BillingHold>(),
        AnyNode::of::<Coupon>(),
        AnyNode::of::<Credit>(),
        AnyNode::of::<CreditNote>(),
        AnyNode::of::<Customer>(),
        AnyNode::of::<Discount>(),
        AnyNode::of::<Event>(),
        AnyNode::of::<Feature>(),
        AnyNode::of::<Invoice>(),
        AnyNode::of::<Meter>(),
        AnyNode::of::<Order>(),
        AnyNode::of::<OrderItem>(),
        AnyNode::of::<Payment>(),
        AnyNode::of::<PaymentAttempt>(),
        AnyNode::of::<PaymentMethod>(),
        AnyNode::of::<PaymentToken>(),
        AnyNode::of::<Plan>(),
        AnyNode::of::<Price>(),
        AnyNode::of::<Product>(),
        AnyNode::of::<Refund>(),
        AnyNode::of::<Subscription>(),
        AnyNode::of::<SubscriptionAddOn>(),
        AnyNode::of::<SubscriptionDiscount>(),
        AnyNode::of::<SubscriptionItem>(),
        AnyNode::of::<SubscriptionPhase>(),
        AnyNode::of::<CountryTaxRate>(),
        AnyNode::of::<Tenant>(),
        AnyNode::of::<TrustedDocument>().needs(Scope::Admin),
        AnyNode::of::<UsageEvent>(),
    ]
}

impl Object for Query {
    fn declare() -> Type<Self> {
        Type::new("Query", "Everything that can be read. A query sees one moment of the data.")
            .any("node", "Any object by its id; null where there is none.", nodes)
            .any_of("nodes", "Objects by their ids, in that order; null for each that does not exist.", nodes)
            .value("viewer", "Who is asking.", |query: &Query| &query.viewer)
            .one("tenant", "The company whose data this is.", |query| query.viewer.tenant_id)
            .find::<ApiKey>("apiKey", "An API key by its id; null where there is none.")
            .needs(Scope::Admin)
            .list("apiKeys", "All API keys, those that open nothing any more, too.", api_key::all)
            .needs(Scope::Admin)
            .find::<TrustedDocument>("trustedDocument", "A registered document by its id; null where there is none.")
            .needs(Scope::Admin)
            .list("trustedDocuments", "All registered documents.", trusted_document::all)
            .needs(Scope::Admin)
            .find::<Product>("product", "A product by its id; null where there is none.")
            .find_by(
                "productBySku",
                "A product by its SKU; null where there is none.",
                ("sku", "The SKU."),
                product::by_sku,
            )
            .list("products", "All products.", product::all)
            .find::<Plan>("plan", "A version of a plan by its id; null where there is none.")
            .find_numbered(
                "planByCode",
                "A version of a plan by the plan's code; null where there is none.",
                [("code", "The code."), ("version", "Which version: the ACTIVE one where there is none.")],
                plan::by_code,
            )
            .list("plans", "All versions of all plans: those of the state ACTIVE are offered.", plan::all)
            .find::<Customer>("customer", "A customer by its id; null where there is none.")
            .find_by(
                "customerByExternalId",
                "A customer by its identifier in other systems; null where there is none.",
                ("externalId", "The identifier."),
                customer::by_external_id,
            )
            .list("customers", "All customers.", customer::all)
            .find::<Order>("order", "An order by its id; null where there is none.")
            .find_by(
                "orderByNumber",
                "An order by its number; null where there is none.",
                ("number", "The number."),
                order::by_number,
            )
            .list("orders", "All orders.", order::all)
            .find::<Asset>("asset", "An asset by its id; null where there is none.")
            .find_by(
                "assetBySerialNumber",
                "An asset by its serial number; null where there is none.",
                ("serialNumber", "The serial number, to the letter."),
                asset::by_serial_number,
            )
            .list("assets", "All assets.", asset::all)
            .find::<BillingGroup>("billingGroup", "A billing group by its id; null where there is none.")
            .find::<Subscription>("subscription", "A subscription by its id; null where there is none.")
            .find_by(
                "subscriptionByHandle",
                "A subscription by its handle; null where there is none.",
                ("handle", "The handle."),
                subscription::by_handle,
            )
            .list("subscriptions", "All subscriptions.", subscription::all)
            .find::<Invoice>("invoice", "An invoice by its id; null where there is none.")
            .find_by(
                "invoiceByNumber",
                "An invoice by its number; null where there is none.",
                ("number", "The number, to the letter."),
                invoice::by_number,
            )
            .list("invoices", "All invoices.", invoice::all)
            .foreseen_of(
                "previewInvoice",
                "The invoice that the billing run will make of a subscription, as things stand: what will be used until \
                 then is left out. Null where none is to come, and while it does not run.",
                ("subscriptionId", "Which subscription."),
                UPCOMING_AT,
                upcoming,
            )
            .find::<BillingHold>("billingHold", "A subscription that was set aside, by the id of its hold; null where there is none.")
            .list("billingHolds", "The subscriptions that could not be billed, and why.", billing::holds)
            .summary::<Invoice, _>(
                "invoiceTotals",
                "What invoices come to, for each currency and status: all of them, or those that meet a filter.",
                invoice::sums,
            )
            .find::<Credit>("credit", "A credit by its id; null where there is none.")
            .find_by(
                "creditByHandle",
                "A credit by its handle; null where there is none.",
                ("handle", "The handle."),
                credit::by_handle,
            )
            .list("credits", "All credits, those that are used up or cancelled, too.", credit::all)
            .find::<CreditNote>("creditNote", "A credit note by its id; null where there is none.")
            .find_by(
                "creditNoteByNumber",
                "A credit note by its number; null where there is none.",
                ("number", "The number, to the letter."),
                credit_note::by_number,
            )
            .list("creditNotes", "All credit notes.", credit_note::all)
            .find::<PaymentMethod>("paymentMethod", "A payment method by its id; null where there is none.")
            .find::<Payment>("payment", "A payment by its id; null where there is none.")
            .find::<Refund>("refund", "A refund by its id; null where there is none.")
            .list("payments", "All payments.", received::all)
            .list("paymentAttempts", "All payment attempts.", payment::all)
            .find::<Feature>("feature", "A feature by its id; null where there is none.")
            .find_by(
                "featureByCode",
                "A feature by its code; null where there is none.",
                ("code", "The code, to the letter."),
                feature::by_code,
            )
            .list("features", "All features, the archived ones too.", feature::all)
            .find::<Meter>("meter", "A meter by its id; null where there is none.")
            .find_by(
                "meterByCode",
                "A meter by its code; null where there is none.",
                ("code", "The code, to the letter."),
                meter::by_code,
            )
            .list("meters", "All meters, the archived ones too.", meter::all)
            .find::<UsageEvent>("usageEvent", "A recorded use by its id; null where there is none.")
            .find_by(
                "usageEventByEventId",
                "A recorded use by the identifier that the client gave it; null where there is none.",
                ("eventId", "The identifier, to the letter."),
                usage::by_event_id,
            )
            .list("usageEvents", "All recorded use, whatever it counts for.", usage::all)
            .find::<AddOn>("addOn", "An add-on by its id; null where there is none.")
            .find_by(
                "addOnByCode",
                "An add-on by its code; null where there is none.",
                ("code", "The code, to the letter."),
                add_on::by_code,
            )
            .list("addOns", "All add-ons, the archived ones too.", add_on::all)
            .find::<Discount>("discount", "A discount by its id; null where there is none.")
            .find_by(
                "discountByCode",
                "A discount by its code; null where there is none.",
                ("code", "The code, to the letter."),
                discount::by_code,
            )
            .list("discounts", "All discounts, the archived ones too.", discount::all)
            .find::<Coupon>("coupon", "A coupon by its id; null where there is none.")
            .find_by(
                "couponByCode",
                "A coupon by its code; null where there is none.",
                ("code", "The code, in any case."),
                coupon::by_code,
            )
            .list("coupons", "All coupons, those that are not active, too.", coupon::all)
            .find::<CountryTaxRate>("taxRate", "A tax rate of a country by its id; null where there is none.")
            .find::<Event>("event", "An event by its id; null where there is none.")
            .events(
                "events",
                "What happened, oldest first. To hear of everything once, ask for what is after the last position seen; \
                 the subscription of the same name goes on from there, too.",
            )
            .list("taxRates", "All tax rates of countries.", tax::all)
    }
}
