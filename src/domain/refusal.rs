//! Why something is refused: a code that programs read, a message that people read, and the argument to blame.

use super::choice::choice;
use std::borrow::Cow;

choice! {
    /// Why a mutation refused. More codes may be added: treat an unknown one like VALIDATION_ERROR.
    pub enum ErrorCode {
        /// An argument is malformed or out of its range; `field` says which.
        ValidationError = "VALIDATION_ERROR",
        /// The object that an argument names does not exist.
        NotFound = "NOT_FOUND",
        /// The object was changed since the version that was expected.
        Conflict = "CONFLICT",
        /// The idempotency key was used before, with other arguments.
        IdempotencyKeyReused = "IDEMPOTENCY_KEY_REUSED",

        /// There is no such order.
        OrderNotFound = "ORDER_NOT_FOUND",
        /// The order is pending or cancelled, so nothing of it can be delivered.
        OrderNotConfirmed = "ORDER_NOT_CONFIRMED",
        /// Only a pending order can be confirmed.
        OrderNotPending = "ORDER_NOT_PENDING",
        /// Devices of this order are rented out already, so it cannot be cancelled.
        OrderNotCancellable = "ORDER_NOT_CANCELLABLE",
        /// It is cancelled already.
        AlreadyCancelled = "ALREADY_CANCELLED",
        /// The order's number is taken.
        DuplicateOrderNumber = "DUPLICATE_ORDER_NUMBER",
        /// Every unit of the item, or of all items that fit, has a subscription already.
        ItemFullyFulfilled = "ITEM_FULLY_FULFILLED",
        /// The order has no such item.
        OrderItemNotFound = "ORDER_ITEM_NOT_FOUND",
        /// There is no price for this contract length.
        InvalidContractLength = "INVALID_CONTRACT_LENGTH",

        /// No asset has this serial number.
        AssetNotFound = "ASSET_NOT_FOUND",
        /// The asset is not free to be rented out.
        AssetNotAvailable = "ASSET_NOT_AVAILABLE",
        /// The asset is no device of the kind that was ordered.
        SkuMismatch = "SKU_MISMATCH",
        /// The asset is rented out, so its status cannot be changed by hand.
        AssetInUse = "ASSET_IN_USE",
        /// The asset cannot go from its status to this one by hand.
        InvalidStatus = "INVALID_STATUS",
        /// The serial number is taken.
        DuplicateSerial = "DUPLICATE_SERIAL",

        /// No product has this SKU.
        VariantNotFound = "VARIANT_NOT_FOUND",
        /// The product is no longer offered.
        VariantInactive = "VARIANT_INACTIVE",
        /// The SKU is taken.
        DuplicateSku = "DUPLICATE_SKU",
        /// The prices contradict each other.
        InvalidPricing = "INVALID_PRICING",

        /// There is no such customer.
        CustomerNotFound = "CUSTOMER_NOT_FOUND",
        /// The order belongs to another customer.
        CustomerMismatch = "CUSTOMER_MISMATCH",
        /// The external id, or another handle, is taken.
        DuplicateHandle = "DUPLICATE_HANDLE",
        /// A customer cannot stand above itself.
        ParentCycle = "PARENT_CYCLE",

        /// There is no such active billing group of this customer.
        BillingGroupNotFound = "BILLING_GROUP_NOT_FOUND",
        /// A billing day lies between 1 and 28.
        InvalidBillingDay = "INVALID_BILLING_DAY",
        /// A billing group bills in one currency.
        CurrencyMismatch = "CURRENCY_MISMATCH",
    }
}

impl ErrorCode {
    /// The number that Billwerk+ Optimize documents for this refusal (`domain/billwerk.md` §10.1).
    pub fn number(self) -> Option<i32> {
        match self {
            ErrorCode::CustomerNotFound => Some(9),
            ErrorCode::DuplicateHandle => Some(11),
            _ => None,
        }
    }
}

/// A refusal of one request. Nothing was changed.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub struct Refusal {
    pub code: ErrorCode,
    /// What is wrong and what to do, for a person.
    pub message: Cow<'static, str>,
    /// The path of the argument to blame, from the field's arguments down; none when no single one is.
    pub field: Option<Vec<String>>,
}

impl Refusal {
    pub fn new(code: ErrorCode, message: impl Into<Cow<'static, str>>) -> Self {
        Refusal { code, message: message.into(), field: None }
    }

    /// Blames the argument at `path` below `input`.
    pub fn at(mut self, path: &[&str]) -> Self {
        self.field = Some(std::iter::once("input").chain(path.iter().copied()).map(str::to_owned).collect());
        self
    }
}
