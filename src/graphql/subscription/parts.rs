//! What a subscription to a plan consists of.

use crate::domain::subscription::parts::{
    AdditionalCost, SubscriptionAddOn, SubscriptionDiscount, SubscriptionItem, SubscriptionPhase,
};
use crate::graphql::engine::{Object, Type};

impl Object for SubscriptionItem {
    fn declare() -> Type<Self> {
        Type::new("SubscriptionItem", "A price that is billed to a subscription for some time.")
            .node(|item: &SubscriptionItem| item.id)
            .one("price", "What one unit costs.", |item| item.price_id)
            .column("quantity", "How many units there are; null of usage, which is measured.", |item| &item.quantity)
            .column("name", "What invoices call it.", |item| &item.name)
            .column("additional", "Whether it was added beside the plan's prices.", |item| &item.additional)
            .column("startDate", "Its first moment.", |item| &item.start_date)
            .column("endDate", "The moment at which it is over; null where there is none.", |item| &item.end_date)
            .column("metadata", "Whatever you keep with it.", |item| &item.metadata)
    }
}

impl Object for SubscriptionAddOn {
    fn declare() -> Type<Self> {
        Type::new("SubscriptionAddOn", "An add-on that a subscription has.")
            .node(|add_on: &SubscriptionAddOn| add_on.id)
            .one("addOn", "The add-on in the catalogue.", |add_on| add_on.add_on_id)
            .column("handle", "Its name in the subscription.", |add_on| &add_on.handle)
            .column("quantity", "How many there are.", |add_on| &add_on.quantity)
            .column(
                "fixedAmount",
                "What one costs a period, frozen when it was taken; null where it follows the catalogue.",
                |add_on| &add_on.fixed_amount,
            )
            .column("taxRate", "The tax on it, as a fraction.", |add_on| &add_on.tax.rate)
            .column("amountIncludesTax", "Whether its amount includes tax.", |add_on| &add_on.tax.included)
            .column("name", "What invoices call it.", |add_on| &add_on.name)
            .column("description", "What it is; null where nothing is said.", |add_on| &add_on.description)
            .column("startDate", "Its first moment.", |add_on| &add_on.start_date)
            .column("endDate", "The moment at which it is over; null where there is none.", |add_on| &add_on.end_date)
    }
}

impl Object for AdditionalCost {
    fn declare() -> Type<Self> {
        Type::new("AdditionalCost", "Something that is charged once, on the next invoice of a subscription.")
            .node(|cost: &AdditionalCost| cost.id)
            .column("handle", "Its name, unique in the tenant.", |cost| &cost.handle)
            .column("text", "What the invoice calls it.", |cost| &cost.text)
            .value("amount", "What one of the quantity costs.", |cost| &cost.amount)
            .column("quantity", "How many there are.", |cost| &cost.quantity)
            .column("taxRate", "The tax on it, as a fraction.", |cost| &cost.tax.rate)
            .column("amountIncludesTax", "Whether its amount includes tax.", |cost| &cost.tax.included)
            .column("state", "Whether it was invoiced.", |cost| &cost.state)
            .maybe("invoice", "The invoice that it is on; null before it is on one.", |cost| cost.invoice_id)
    }
}

impl Object for SubscriptionDiscount {
    fn declare() -> Type<Self> {
        Type::new("SubscriptionDiscount", "A discount that a subscription has, by itself or through a coupon.")
            .node(|discount: &SubscriptionDiscount| discount.id)
            .one("discount", "The discount in the catalogue.", |discount| discount.discount_id)
            .maybe("coupon", "The coupon that gave it; null where it was given by itself.", |discount| {
                discount.coupon_id
            })
            .column("handle", "Its name in the subscription.", |discount| &discount.handle)
            .column("name", "What invoices call it.", |discount| &discount.name)
            .computed("percentage", "What it takes off, above 0 and up to 100; null for an amount.", |discount| {
                discount.terms.percentage()
            })
            .maybe_value("amount", "What it takes off each invoice; null for a percentage.", |discount| {
                discount.terms.amount()
            })
            .column("appliesTo", "What it is taken off.", |discount| &discount.terms.applies_to)
            .column("fixedCount", "For how many invoices it is; null where they are not counted.", |discount| {
                &discount.terms.fixed_count
            })
            .maybe_value("fixedPeriod", "For how long it is; null where that is not limited.", |discount| {
                discount.terms.fixed_period.as_ref()
            })
            .maybe(
                "price",
                "The only price that it is taken off; null where it is what `appliesTo` says.",
                |discount| discount.price_id,
            )
            .column("startDate", "Its first moment.", |discount| &discount.start_date)
            .column("endDate", "The moment at which it is over; null where there is none.", |discount| {
                &discount.end_date
            })
            .column("uses", "On how many invoices it was.", |discount| &discount.uses)
    }
}

impl Object for SubscriptionPhase {
    fn declare() -> Type<Self> {
        Type::new("SubscriptionPhase", "A stretch of a subscription's life with prices of its own.")
            .node(|phase: &SubscriptionPhase| phase.id)
            .column("startDate", "Its first moment.", |phase| &phase.start_date)
            .column("endDate", "The moment at which it is over; null where it goes on.", |phase| &phase.end_date)
            .column("metadata", "Whatever you keep with it.", |phase| &phase.metadata)
    }
}
