//! Orders: what a customer ordered, and how far it is delivered (`rental.md` §2).

use super::billing_group::BillingGroup;
use super::choice::choice;
use super::customer::Customer;
use super::product::Product;
use super::subscription::ContractLength;
use super::{Currency, Entity, ErrorCode, Id, Instant, Money, Refusal};

/// What a customer ordered.
#[derive(Clone, Debug)]
pub struct Order {
    pub id: Id<Order>,
    /// The number that the customer knows, unique in the tenant.
    pub number: String,
    pub status: OrderStatus,
    pub customer_id: Id<Customer>,
    /// The group that the subscriptions of this order join, unless a fulfilment names another.
    pub billing_group_id: Option<Id<BillingGroup>>,
    pub currency: Currency,
    /// How many units all items have together.
    pub total_devices: i32,
    /// How many units became subscriptions. Ending one later does not lower it.
    pub rented_devices: i32,
    pub notes: Option<String>,
    pub cancel_reason: Option<String>,
    pub version: i32,
    pub created_at: Instant,
    pub updated_at: Instant,
    pub confirmed_at: Option<Instant>,
    pub fulfilled_at: Option<Instant>,
    pub cancelled_at: Option<Instant>,
}

impl Entity for Order {
    const NAME: &'static str = "Order";
    const PREFIX: &'static str = "ord";
}

/// A line of an order: some units of one product, for one contract length, at one price.
#[derive(Clone, Debug)]
pub struct OrderItem {
    pub id: Id<OrderItem>,
    pub order_id: Id<Order>,
    /// The place in the order, from 0.
    pub position: i32,
    pub product_id: Id<Product>,
    pub sku: String,
    pub quantity: i32,
    /// How many units became subscriptions.
    pub fulfilled_quantity: i32,
    /// What one unit costs a month, frozen when the order was placed.
    pub unit_price: Money,
    pub contract_length: ContractLength,
}

impl Entity for OrderItem {
    const NAME: &'static str = "OrderItem";
    const PREFIX: &'static str = "itm";
}

choice! {
    /// Where an order stands.
    pub enum OrderStatus {
        /// Created, waiting to be reviewed.
        Pending = "PENDING",
        /// Reviewed: devices can be delivered.
        Confirmed = "CONFIRMED",
        /// Some of its units have subscriptions.
        Partial = "PARTIAL",
        /// All of its units have subscriptions.
        Fulfilled = "FULFILLED",
        /// Cancelled before anything was delivered.
        Cancelled = "CANCELLED",
    }
}

/// The most units of one item, the most items of one order.
pub const MOST_UNITS: i32 = 10_000;
pub const MOST_ITEMS: usize = 100;

/// How many units an item has: 1 to 10,000.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Quantity(i32);

/// A number of units that cannot be ordered.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("A quantity lies between 1 and {MOST_UNITS}.")]
pub struct NotAQuantity;

impl Quantity {
    pub fn try_new(units: i32) -> Result<Self, NotAQuantity> {
        if (1..=MOST_UNITS).contains(&units) { Ok(Quantity(units)) } else { Err(NotAQuantity) }
    }

    pub fn units(self) -> i32 {
        self.0
    }
}

impl Order {
    /// Confirms a pending order.
    pub fn confirm(&self) -> Result<OrderStatus, Refusal> {
        match self.status {
            OrderStatus::Pending => Ok(OrderStatus::Confirmed),
            OrderStatus::Cancelled => Err(Refusal::new(ErrorCode::AlreadyCancelled, "The order is cancelled.")),
            _ => Err(Refusal::new(ErrorCode::OrderNotPending, "The order is confirmed already.")),
        }
    }

    /// Cancels an order of which nothing is delivered.
    pub fn cancel(&self) -> Result<OrderStatus, Refusal> {
        match self.status {
            OrderStatus::Pending | OrderStatus::Confirmed => Ok(OrderStatus::Cancelled),
            OrderStatus::Cancelled => Err(Refusal::new(ErrorCode::AlreadyCancelled, "The order is cancelled already.")),
            OrderStatus::Partial | OrderStatus::Fulfilled => Err(Refusal::new(
                ErrorCode::OrderNotCancellable,
                format!(
                    "{} devices of this order are rented out: end their subscriptions instead.",
                    self.rented_devices
                ),
            )),
        }
    }

    /// Refuses where devices of this order cannot be delivered (`decisions.md` 1).
    pub fn fulfillable(&self) -> Result<(), Refusal> {
        match self.status {
            OrderStatus::Confirmed | OrderStatus::Partial => Ok(()),
            OrderStatus::Pending => Err(Refusal::new(
                ErrorCode::OrderNotConfirmed,
                format!("Order {} is not confirmed: confirm it first.", self.number),
            )
            .at(&["orderId"])),
            OrderStatus::Cancelled => {
                let message = format!("Order {} is cancelled.", self.number);
                Err(Refusal::new(ErrorCode::OrderNotConfirmed, message).at(&["orderId"]))
            }
            OrderStatus::Fulfilled => {
                Err(fully_fulfilled(format!("Order {} is fulfilled.", self.number)).at(&["orderId"]))
            }
        }
    }
}

impl Order {
    /// Whether one more device of this SKU may be kept for the order, beside `kept` that are. A pending order may have
    /// its devices kept already.
    pub fn may_keep(&self, items: &[OrderItem], sku: &str, kept: usize) -> Result<(), Refusal> {
        if self.status != OrderStatus::Pending {
            self.fulfillable()?;
        }
        let mut open = items.iter().filter(|item| item.sku == sku).map(OrderItem::open_units).peekable();
        if open.peek().is_none() {
            let message = format!("Order {} does not contain a {sku}.", self.number);
            return Err(Refusal::new(ErrorCode::SkuMismatch, message).at(&["orderId"]));
        }
        let open: i32 = open.sum();
        if usize::try_from(open).is_ok_and(|open| kept < open) {
            return Ok(());
        }
        let message = format!("Order {} needs no more of {sku}: {open} open, {kept} kept for it.", self.number);
        Err(fully_fulfilled(message).at(&["orderId"]))
    }
}

impl OrderItem {
    pub fn open_units(&self) -> i32 {
        self.quantity - self.fulfilled_quantity
    }
}

/// The refusal for an order that the tenant does not have.
pub fn not_found() -> Refusal {
    Refusal::new(ErrorCode::OrderNotFound, "There is no such order.").at(&["orderId"])
}

/// The refusal where no unit is open.
pub fn fully_fulfilled(message: String) -> Refusal {
    Refusal::new(ErrorCode::ItemFullyFulfilled, message)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use uuid::Uuid;

    pub fn order(status: OrderStatus) -> Order {
        Order {
            id: Id::new(Uuid::from_u128(1)),
            number: "O-1".into(),
            status,
            customer_id: Id::new(Uuid::from_u128(2)),
            billing_group_id: None,
            currency: Currency::EUR,
            total_devices: 4,
            rented_devices: 0,
            notes: None,
            cancel_reason: None,
            version: 1,
            created_at: Instant::UNIX_EPOCH,
            updated_at: Instant::UNIX_EPOCH,
            confirmed_at: None,
            fulfilled_at: None,
            cancelled_at: None,
        }
    }

    #[test]
    fn an_order_moves_as_the_table_says() {
        use ErrorCode::{
            AlreadyCancelled, ItemFullyFulfilled, OrderNotCancellable, OrderNotConfirmed, OrderNotPending,
        };
        let table = [
            (OrderStatus::Pending, None, None, Some(OrderNotConfirmed)),
            (OrderStatus::Confirmed, Some(OrderNotPending), None, None),
            (OrderStatus::Partial, Some(OrderNotPending), Some(OrderNotCancellable), None),
            (OrderStatus::Fulfilled, Some(OrderNotPending), Some(OrderNotCancellable), Some(ItemFullyFulfilled)),
            (OrderStatus::Cancelled, Some(AlreadyCancelled), Some(AlreadyCancelled), Some(OrderNotConfirmed)),
        ];
        for (status, confirm, cancel, fulfil) in table {
            let order = order(status);
            assert_eq!(order.confirm().err().map(|refusal| refusal.code), confirm, "confirm {status:?}");
            assert_eq!(order.cancel().err().map(|refusal| refusal.code), cancel, "cancel {status:?}");
            assert_eq!(order.fulfillable().err().map(|refusal| refusal.code), fulfil, "fulfil {status:?}");
        }
    }

    #[test]
    fn no_more_is_kept_for_an_order_than_it_needs() {
        let item = |sku: &str, quantity, fulfilled_quantity| OrderItem {
            id: Id::new(Uuid::from_u128(1)),
            order_id: Id::new(Uuid::from_u128(1)),
            position: 0,
            product_id: Id::new(Uuid::from_u128(3)),
            sku: sku.into(),
            quantity,
            fulfilled_quantity,
            unit_price: Money::new(100, Currency::EUR),
            contract_length: ContractLength::try_new(12).unwrap(),
        };
        let items = [item("LAP", 3, 2), item("LAP", 1, 0), item("MON", 1, 1)];
        let keep = |status, sku, kept| order(status).may_keep(&items, sku, kept).map_err(|refusal| refusal.code);
        assert_eq!(keep(OrderStatus::Pending, "LAP", 0), Ok(()));
        assert_eq!(keep(OrderStatus::Partial, "LAP", 1), Ok(()));
        assert_eq!(keep(OrderStatus::Partial, "LAP", 2), Err(ErrorCode::ItemFullyFulfilled));
        assert_eq!(keep(OrderStatus::Partial, "MON", 0), Err(ErrorCode::ItemFullyFulfilled));
        assert_eq!(keep(OrderStatus::Partial, "TAB", 0), Err(ErrorCode::SkuMismatch));
        assert_eq!(keep(OrderStatus::Cancelled, "LAP", 0), Err(ErrorCode::OrderNotConfirmed));
        assert_eq!(keep(OrderStatus::Fulfilled, "LAP", 0), Err(ErrorCode::ItemFullyFulfilled));
    }

    #[test]
    fn a_quantity_is_at_least_one_and_bounded() {
        assert_eq!(Quantity::try_new(1).map(Quantity::units), Ok(1));
        assert_eq!(Quantity::try_new(MOST_UNITS).map(Quantity::units), Ok(MOST_UNITS));
        for units in [0, -1, MOST_UNITS + 1, i32::MAX, i32::MIN] {
            assert!(Quantity::try_new(units).is_err());
        }
    }
}
