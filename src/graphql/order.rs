//! Orders and their items.

use super::check::{self, Check};
use super::engine::{Object, Type};
use super::mutations::{Mutation, payload, run};
use super::scalars::{CurrencyCode, Decimal};
use crate::app::order::{
    CreateOrder, NewItem, OrderChanged, UpdateOrder, cancel_order, confirm_order, create_order, update_order,
};
use crate::domain::Refusal;
use crate::domain::api_key::Scope;
use crate::domain::order::{MOST_ITEMS, Order, OrderItem, Quantity};
use crate::domain::subscription::ContractLength;
use crate::repository::{asset, order, subscription};
use async_graphql::{ID, InputObject, MaybeUndefined};

impl Object for Order {
    fn declare() -> Type<Self> {
        Type::new("Order", "What a customer ordered, and how far it is delivered.")
            .node(|order: &Order| order.id)
            .column("number", "The number that the customer knows: unique in the tenant.", |order| &order.number)
            .column("status", "Where it stands.", |order| &order.status)
            .one("customer", "Who ordered.", |order| order.customer_id)
            .column("currency", "The currency of its prices.", |order| &order.currency)
            .many("items", "What was ordered, in the order of the order.", order::items_of, |item| item.order_id)
            .column("totalDevices", "How many units all items have together.", |order| &order.total_devices)
            .column("rentedDevices", "How many units became subscriptions.", |order| &order.rented_devices)
            .connection("subscriptions", "What became of it.", subscription::of_orders, |subscription| {
                subscription.order_id
            })
            .maybe(
                "billingGroup",
                "The group that its subscriptions join, unless a fulfilment names another; null where there is none.",
                |order| order.billing_group_id,
            )
            .many("reservedAssets", "The devices that are kept for it.", asset::reserved_for, |asset| {
                asset.reserved_order_id
            })
            .column("notes", "Internal notes; null where there are none.", |order| &order.notes)
            .column("cancelReason", "Why it was cancelled; null where it was not, or nobody said.", |order| {
                &order.cancel_reason
            })
            .column("version", "Counts its changes: for `expectedVersion`.", |order| &order.version)
            .column("createdAt", "When it was placed.", |order| &order.created_at)
            .column("updatedAt", "When it was last changed.", |order| &order.updated_at)
            .column("confirmedAt", "When it was confirmed; null where it was not.", |order| &order.confirmed_at)
            .column("fulfilledAt", "When its last unit was delivered; null before that.", |order| &order.fulfilled_at)
            .column("cancelledAt", "When it was cancelled; null where it was not.", |order| &order.cancelled_at)
    }
}

impl Object for OrderItem {
    fn declare() -> Type<Self> {
        Type::new("OrderItem", "A line of an order: some units of one product, for one contract length, at one price.")
            .node(|item: &OrderItem| item.id)
            .one("order", "The order.", |item| item.order_id)
            .one("product", "What was ordered.", |item| item.product_id)
            .column("sku", "The SKU of the product.", |item| &item.sku)
            .column("quantity", "How many units were ordered.", |item| &item.quantity)
            .column("fulfilledQuantity", "How many units became subscriptions.", |item| &item.fulfilled_quantity)
            .value("unitPrice", "What one unit costs a month, frozen when the order was placed.", |item| {
                &item.unit_price
            })
            .column("contractLength", "For how many months each unit is rented.", |item| &item.contract_length)
            .many("subscriptions", "What its units became, oldest first.", subscription::of_items, |subscription| {
                subscription.order_item_id
            })
    }
}

/// A new order. It starts PENDING.
#[derive(InputObject)]
pub struct CreateOrderInput {
    /// The number that the customer knows, unique in the tenant; the next of the tenant's own where there is none.
    number: Option<String>,
    /// Who orders.
    customer_id: ID,
    /// The currency of its prices; that of the first item's product where there is none.
    currency: Option<CurrencyCode>,
    /// What is ordered: 1 to 100 items.
    items: Vec<OrderItemInput>,
    /// The group that its subscriptions join, unless a fulfilment names another.
    billing_group_id: Option<ID>,
    /// Internal notes: at most 1,000 characters.
    notes: Option<String>,
}

/// A line of a new order.
#[derive(InputObject)]
pub struct OrderItemInput {
    /// The SKU of the product.
    sku: String,
    /// How many units: 1 to 10,000.
    quantity: i32,
    /// For how many months each unit is rented: 1 to 120.
    contract_length: i32,
    /// Monthly price of one unit; the product's rental price for that length when absent.
    unit_price: Option<Decimal>,
}

impl CreateOrderInput {
    fn read(self) -> Result<CreateOrder, Vec<Refusal>> {
        Check::input(|check| {
            let number = check.maybe("number", self.number, check::code);
            let customer_id = check.take("customerId", check::id(self.customer_id));
            let currency = check.maybe("currency", self.currency, check::currency);
            let items = check.rows("items", self.items, (1, MOST_ITEMS), |check, row| {
                let sku = check.take("sku", check::code(row.sku));
                let quantity = check.take("quantity", Quantity::try_new(row.quantity));
                let length = check.take("contractLength", ContractLength::try_new(row.contract_length));
                let unit_price = check.maybe("unitPrice", row.unit_price, check::price);
                Some(NewItem { sku: sku?, quantity: quantity?, contract_length: length?, unit_price: unit_price? })
            });
            let group = check.maybe("billingGroupId", self.billing_group_id, check::id);
            let notes = check.maybe("notes", self.notes, check::notes);
            Some(CreateOrder {
                number: number?,
                customer_id: customer_id?,
                currency: currency?,
                items: items?,
                billing_group_id: group?,
                notes: notes?,
            })
        })
    }
}

/// What to change of an order. What is left out stays; null clears.
#[derive(InputObject)]
pub struct UpdateOrderInput {
    /// Which order.
    order_id: ID,
    /// Refuse with CONFLICT unless the order is at this version.
    expected_version: Option<i32>,
    /// The group that its subscriptions join from now on.
    billing_group_id: MaybeUndefined<ID>,
    /// Internal notes: at most 1,000 characters.
    notes: MaybeUndefined<String>,
}

impl UpdateOrderInput {
    fn read(self) -> Result<UpdateOrder, Vec<Refusal>> {
        Check::input(|check| {
            let order_id = check.take("orderId", check::id(self.order_id));
            let group = check.change("billingGroupId", self.billing_group_id, check::id);
            let notes = check.change("notes", self.notes, check::notes);
            Some(UpdateOrder {
                order_id: order_id?,
                expected_version: self.expected_version,
                billing_group_id: group?,
                notes: notes?,
            })
        })
    }
}

/// Which order to confirm.
#[derive(InputObject)]
pub struct ConfirmOrderInput {
    /// Which order.
    order_id: ID,
    /// Refuse with CONFLICT unless the order is at this version.
    expected_version: Option<i32>,
}

/// Which order to cancel.
#[derive(InputObject)]
pub struct CancelOrderInput {
    /// Which order.
    order_id: ID,
    /// Why: at most 1,000 characters.
    reason: Option<String>,
    /// Refuse with CONFLICT unless the order is at this version.
    expected_version: Option<i32>,
}

payload! {
    /// What `createOrder` answers.
    CreateOrderPayload of OrderChanged {
        /// The new order.
        "order": Order => |changed| Some(changed.order),
    }
}
payload! {
    /// What `updateOrder` answers.
    UpdateOrderPayload of OrderChanged {
        /// The order as it is now.
        "order": Order => |changed| Some(changed.order),
    }
}
payload! {
    /// What `confirmOrder` answers.
    ConfirmOrderPayload of OrderChanged {
        /// The order as it is now.
        "order": Order => |changed| Some(changed.order),
    }
}
payload! {
    /// What `cancelOrder` answers.
    CancelOrderPayload of OrderChanged {
        /// The order as it is now.
        "order": Order => |changed| Some(changed.order),
    }
}

pub fn mutations() -> Vec<Mutation> {
    vec![
        Mutation::new(
            "createOrder",
            "Places an order with all its items; it starts PENDING. Errors: VALIDATION_ERROR, CUSTOMER_NOT_FOUND, \
             CUSTOMER_DELETED, VARIANT_NOT_FOUND, VARIANT_INACTIVE, BILLING_GROUP_NOT_FOUND, CURRENCY_MISMATCH, \
             DUPLICATE_ORDER_NUMBER, INVALID_CONTRACT_LENGTH (the product has no price for it).",
            Scope::Write,
            |on, running, input: CreateOrderInput| {
                run::<_, _, CreateOrderPayload>(on, running, input.read(), create_order)
            },
        ),
        Mutation::new(
            "updateOrder",
            "Changes an order; its items stay. Errors: VALIDATION_ERROR, ORDER_NOT_FOUND, CONFLICT, \
             BILLING_GROUP_NOT_FOUND, CURRENCY_MISMATCH.",
            Scope::Write,
            |on, running, input: UpdateOrderInput| {
                run::<_, _, UpdateOrderPayload>(on, running, input.read(), update_order)
            },
        ),
        Mutation::new(
            "confirmOrder",
            "Confirms a PENDING order, so that devices can be delivered. Errors: VALIDATION_ERROR, ORDER_NOT_FOUND, \
             CONFLICT, ALREADY_CANCELLED, ORDER_NOT_PENDING (it is confirmed already).",
            Scope::Write,
            |on, running, input: ConfirmOrderInput| {
                let version = input.expected_version;
                let order = Check::input(|check| check.take("orderId", check::id(input.order_id)));
                run::<_, _, ConfirmOrderPayload>(on, running, order, |call, order| confirm_order(call, *order, version))
            },
        ),
        Mutation::new(
            "cancelOrder",
            "Cancels an order of which nothing is delivered, and releases the assets that are kept for it. Errors: \
             VALIDATION_ERROR, ORDER_NOT_FOUND, CONFLICT, ALREADY_CANCELLED, ORDER_NOT_CANCELLABLE.",
            Scope::Write,
            |on, running, input: CancelOrderInput| {
                let version = input.expected_version;
                let command = Check::input(|check| {
                    let order = check.take("orderId", check::id(input.order_id));
                    let reason = check.maybe("reason", input.reason, check::notes);
                    Some((order?, reason?))
                });
                run::<_, _, CancelOrderPayload>(on, running, command, |call, (order, reason)| {
                    cancel_order(call, *order, reason.as_deref(), version)
                })
            },
        ),
    ]
}
