//! Fulfilment: one scan, or many.

use super::check::{self, Check};
use super::engine::{Object, Payload, Type};
use super::mutations::{Mutation, OnErrorInput, USER_ERRORS, Wire, payload, run};
use super::scalars::Date;
use crate::app::fulfilment::{
    BulkFulfilled, FulfilOrderItem, FulfilOrderItems, Fulfilled, RowFulfilled, Scan, fulfil_order_item,
    fulfil_order_items,
};
use crate::app::mutation::Answer;
use crate::domain::Refusal;
use crate::domain::api_key::Scope;
use crate::domain::asset::Asset;
use crate::domain::fulfilment::Terms;
use crate::domain::order::Order;
use crate::domain::subscription::{ContractLength, Subscription};
use crate::domain::tenant::BillingStart;
use async_graphql::{ID, InputObject};

/// Assigns one device to one unit of an order item, which becomes an active subscription.
#[derive(InputObject)]
pub struct FulfilOrderItemInput {
    /// Which order: CONFIRMED or PARTIAL.
    order_id: ID,
    /// The serial number that was scanned.
    asset_serial_number: String,
    /// The order's customer.
    customer_id: ID,
    /// Addresses one item; otherwise the first open item with the asset's SKU.
    order_item_id: Option<ID>,
    /// A billing group of the customer; the order's where there is none.
    billing_group_id: Option<ID>,
    /// The first day of the rental. Default: today in the tenant's time zone. Payments that were due before today are
    /// SETTLED_ELSEWHERE and never charged.
    start_date: Option<Date>,
    /// Months, 1-120. Default: the order item's. The price stays, unless the product has one for this length.
    contract_length: Option<i32>,
    /// When the first payment is due. Default: the tenant's setting.
    billing_start: Option<Wire<BillingStart>>,
    /// Internal notes of the subscription: at most 1,000 characters.
    notes: Option<String>,
}

impl FulfilOrderItemInput {
    fn read(self) -> Result<FulfilOrderItem, Vec<Refusal>> {
        Check::input(|check| {
            let order_id = check.take("orderId", check::id(self.order_id));
            let serial_number = check.take("assetSerialNumber", check::code(self.asset_serial_number));
            let customer_id = check.take("customerId", check::id(self.customer_id));
            let order_item_id = check.maybe("orderItemId", self.order_item_id, check::id);
            let group = check.maybe("billingGroupId", self.billing_group_id, check::id);
            let start_date = check.maybe("startDate", self.start_date, check::date);
            let length = check.maybe("contractLength", self.contract_length, ContractLength::try_new);
            let notes = check.maybe("notes", self.notes, check::notes);
            let scan = Scan { serial_number: serial_number?, order_item_id: order_item_id?, notes: notes? };
            let terms = Terms {
                customer_id: customer_id?,
                billing_group_id: group?,
                start_date: start_date?,
                contract_length: length?,
                billing_start: self.billing_start.map(|wire| wire.0),
            };
            Some(FulfilOrderItem { order_id: order_id?, scan, terms })
        })
    }
}

/// Assigns up to 500 devices to units of one order, in one transaction.
#[derive(InputObject)]
pub struct FulfilOrderItemsInput {
    /// Which order: CONFIRMED or PARTIAL.
    order_id: ID,
    /// The order's customer.
    customer_id: ID,
    /// The devices: 1 to 500.
    scans: Vec<ScanInput>,
    /// What becomes of the other rows when one is refused.
    #[graphql(default_with = "OnErrorInput::RejectAll")]
    on_error: OnErrorInput,
    /// A billing group of the customer; the order's where there is none.
    billing_group_id: Option<ID>,
    /// The first day of the rentals. Default: today in the tenant's time zone.
    start_date: Option<Date>,
    /// Months, 1-120. Default: each order item's.
    contract_length: Option<i32>,
    /// When the first payments are due. Default: the tenant's setting.
    billing_start: Option<Wire<BillingStart>>,
}

/// One device of a bulk fulfilment.
#[derive(InputObject)]
pub struct ScanInput {
    /// The serial number that was scanned.
    asset_serial_number: String,
    /// Addresses one item; otherwise the first open item with the asset's SKU.
    order_item_id: Option<ID>,
    /// Internal notes of the subscription: at most 1,000 characters.
    notes: Option<String>,
}

/// The most devices of one request.
const MOST_SCANS: usize = 500;

impl FulfilOrderItemsInput {
    fn read(self) -> Result<FulfilOrderItems, Vec<Refusal>> {
        Check::input(|check| {
            let order_id = check.take("orderId", check::id(self.order_id));
            let customer_id = check.take("customerId", check::id(self.customer_id));
            let scans = check.rows("scans", self.scans, (1, MOST_SCANS), |check, row| {
                let serial_number = check.take("assetSerialNumber", check::code(row.asset_serial_number));
                let order_item_id = check.maybe("orderItemId", row.order_item_id, check::id);
                let notes = check.maybe("notes", row.notes, check::notes);
                Some(Scan { serial_number: serial_number?, order_item_id: order_item_id?, notes: notes? })
            });
            let group = check.maybe("billingGroupId", self.billing_group_id, check::id);
            let start_date = check.maybe("startDate", self.start_date, check::date);
            let length = check.maybe("contractLength", self.contract_length, ContractLength::try_new);
            let terms = Terms {
                customer_id: customer_id?,
                billing_group_id: group?,
                start_date: start_date?,
                contract_length: length?,
                billing_start: self.billing_start.map(|wire| wire.0),
            };
            Some(FulfilOrderItems { order_id: order_id?, scans: scans?, terms, on_error: self.on_error.into() })
        })
    }
}

payload! {
    /// What `fulfilOrderItem` answers.
    FulfilOrderItemPayload of Fulfilled {
        /// The new subscription.
        "subscription": Subscription => |made| Some(made.subscription),
        /// The order, with its progress.
        "order": Order => |made| Some(made.order),
        /// The device, which is rented out now.
        "asset": Asset => |made| Some(made.asset),
    }
}

/// What `fulfilOrderItems` answers.
pub struct FulfilOrderItemsPayload(Answer<BulkFulfilled>);

impl From<Answer<BulkFulfilled>> for FulfilOrderItemsPayload {
    fn from(answer: Answer<BulkFulfilled>) -> Self {
        FulfilOrderItemsPayload(answer)
    }
}

impl Payload for FulfilOrderItemsPayload {
    fn refusal(&self) -> Option<&Refusal> {
        self.0.refusals.first()
    }
}

impl Object for FulfilOrderItemsPayload {
    fn declare() -> Type<Self> {
        Type::new("FulfilOrderItemsPayload", "What `fulfilOrderItems` answers.")
            .maybe::<Order>(
                "order",
                "The order, with its progress; null where nothing was done.",
                |payload: &FulfilOrderItemsPayload| payload.0.outcome.as_ref().and_then(|made| made.order),
            )
            .values(
                "rows",
                "What became of each row, in the order of the rows; empty where the request as a whole was refused.",
                |payload| payload.0.outcome.iter().flat_map(|made| &made.rows).collect(),
            )
            .values("userErrors", USER_ERRORS, |payload| payload.0.refusals.iter().collect())
    }
}

impl Object for RowFulfilled {
    fn declare() -> Type<Self> {
        Type::new("FulfilOrderItemsRow", "What became of one row of a bulk fulfilment.")
            .column("assetSerialNumber", "The serial number of the row.", |row: &RowFulfilled| &row.serial_number)
            .maybe::<Subscription>("subscription", "The new subscription; null where there is none.", |row| {
                row.fulfilled.map(|made| made.subscription)
            })
            .maybe::<Asset>("asset", "The device, which is rented out now; null where it is not.", |row| {
                row.fulfilled.map(|made| made.asset)
            })
            .maybe_value(
                "userError",
                "Why the row was refused; null where it was not. Where other rows kept it from being done, there is \
                 neither an error nor a subscription.",
                |row| row.refusal.as_ref(),
            )
    }
}

pub fn mutations() -> Vec<Mutation> {
    vec![
        Mutation::new(
            "fulfilOrderItem",
            "FlexPortal's \"create subscription\": assigns one physical asset to one unit of an order item. The unit \
             becomes an active subscription with its payment schedule, the asset is rented out, the order and the customer \
             count one device more: all of it, or nothing. Errors, in the order in which they are looked for: \
             VALIDATION_ERROR, ORDER_NOT_FOUND, ORDER_NOT_CONFIRMED, ORDER_ITEM_NOT_FOUND, ITEM_FULLY_FULFILLED, \
             ASSET_NOT_FOUND, ASSET_NOT_AVAILABLE, SKU_MISMATCH, ITEM_FULLY_FULFILLED, CUSTOMER_NOT_FOUND, \
             CUSTOMER_MISMATCH, BILLING_GROUP_NOT_FOUND, CURRENCY_MISMATCH.",
            Scope::Write,
            |on, running, input: FulfilOrderItemInput| {
                run::<_, _, FulfilOrderItemPayload>(on, running, input.read(), fulfil_order_item)
            },
        ),
        Mutation::new(
            "fulfilOrderItems",
            "Does for up to 500 devices of one order what `fulfilOrderItem` does for one, in one transaction. Errors: those \
             of `fulfilOrderItem`, each with the path of its row.",
            Scope::Write,
            |on, running, input: FulfilOrderItemsInput| {
                run::<_, _, FulfilOrderItemsPayload>(on, running, input.read(), fulfil_order_items)
            },
        ),
    ]
}
