//! Fulfilment: one scan binds one device to one unit of an order item and makes it a subscription (`rental.md` §3).
//!
//! [`Fulfilling`] is an order in the middle of its fulfilment. Each scan is decided against what the scans before it
//! left open, so that one scan and five hundred follow the same rules. Nothing is stored here: at the end
//! [`Fulfilling::finish`] says what is to be.

use super::asset::{self, Asset};
use super::billing_group::BillingGroup;
use super::calendar::{day_of, start_of_day};
use super::customer::Customer;
use super::order::{self, Order, OrderItem, OrderStatus};
use super::product::{RentalPrice, monthly_price};
use super::schedule::RentalTerms;
use super::subscription::{BillingState, ContractLength};
use super::tenant::BillingStart;
use super::{Date, ErrorCode, Id, Instant, Money, Refusal, Zone};

/// What is the same for all scans of one request.
#[derive(Clone, Debug)]
pub struct Terms {
    pub customer_id: Id<Customer>,
    /// The billing group that the request names.
    pub billing_group_id: Option<Id<BillingGroup>>,
    /// The first day of the rental; today in the tenant's zone where there is none.
    pub start_date: Option<Date>,
    /// The order item's where there is none.
    pub contract_length: Option<ContractLength>,
    /// The tenant's setting where there is none.
    pub billing_start: Option<BillingStart>,
}

/// What the database holds about a request, read once.
#[derive(Clone, Debug)]
pub struct Situation {
    /// The tenant's zone, and when its rentals are due first.
    pub zone: Zone,
    pub billing_start: BillingStart,
    pub order: Order,
    /// In the order of the order.
    pub items: Vec<OrderItem>,
    /// Whether the tenant has the customer that the request names. Asked only if it is not the order's.
    pub customer_exists: bool,
    /// The group that the request names, else the order's, if it exists.
    pub billing_group: Option<BillingGroup>,
    /// The rental prices of the order's products. Read only if the request names a contract length.
    pub prices: Vec<RentalPrice>,
}

/// One unit that becomes a subscription.
#[derive(Clone, Debug)]
pub struct Unit {
    pub asset: Asset,
    pub item: Id<OrderItem>,
    pub billing_group: Option<Id<BillingGroup>>,
    pub monthly_amount: Money,
    pub terms: RentalTerms,
}

impl Unit {
    /// When the run looks at it first: on its first open due date, and when that has passed its contract's end.
    pub fn billing(&self, today: Date) -> BillingState {
        let terms = &self.terms;
        let due = terms.next_billing_date(today).map(|day| start_of_day(day, terms.zone));
        let next_at = Some(due.map_or(terms.end_instant(), |due| due.min(terms.end_instant())));
        let consolidated_by = self.billing_group.map(Id::untyped);
        BillingState { next_at, due_at: next_at, consolidated_by, ..BillingState::default() }
    }
}

/// What a fulfilment leaves behind.
#[derive(Clone, Debug)]
pub struct Fulfilled {
    pub units: Vec<Unit>,
    /// How many units each item gained, in the order of their ids, so that locks are taken in one order.
    pub items: Vec<(Id<OrderItem>, i32)>,
    pub rented_devices: i32,
    pub status: OrderStatus,
}

/// An order in the middle of its fulfilment.
pub struct Fulfilling {
    situation: Situation,
    terms: Terms,
    today: Date,
    units: Vec<Unit>,
}

impl Fulfilling {
    /// Begins with an order, or refuses where it is not confirmed. That an order is fulfilled is said of each scan,
    /// after the item that it addresses was looked for.
    pub fn begin(situation: Situation, terms: Terms, now: Instant) -> Result<Self, Refusal> {
        if situation.order.status != OrderStatus::Fulfilled {
            situation.order.fulfillable()?;
        }
        let today = day_of(now, situation.zone);
        Ok(Fulfilling { situation, terms, today, units: Vec::new() })
    }

    /// Decides one scan: `asset` is what the serial number names, `addressed` the item that the client chose. Refuses
    /// in the order of `decisions.md` 2; a refused scan leaves everything as it was.
    pub fn scan(
        &mut self,
        serial_number: &str,
        asset: Option<&Asset>,
        addressed: Option<Id<OrderItem>>,
    ) -> Result<&Unit, Refusal> {
        let order = &self.situation.order;
        let addressed = addressed.map(|id| self.item(id)).transpose()?;
        if let Some(item) = addressed
            && item.open_units() == 0
        {
            return Err(
                order::fully_fulfilled(format!("Every unit of {} has a subscription.", item.sku)).at(&["orderItemId"])
            );
        }
        if self.open_units() == 0 {
            return Err(order::fully_fulfilled(format!("Every unit of order {} has a subscription.", order.number))
                .at(&["orderId"]));
        }
        let asset = asset.ok_or_else(|| asset::not_found(serial_number))?;
        asset.takeable_for(order.id)?;
        if self.units.iter().any(|unit| unit.asset.id == asset.id) {
            return Err(asset::unavailable(format!("{serial_number} stands twice in this request.")));
        }
        let item = self.matching(asset, addressed)?;
        self.check_customer()?;
        let unit = self.unit(asset, item)?;
        let item = item.id;
        self.situation
            .items
            .iter_mut()
            .filter(|known| known.id == item)
            .for_each(|known| known.fulfilled_quantity += 1);
        self.units.push(unit);
        self.units.last().ok_or_else(order::not_found)
    }

    /// What is to be stored. None where no scan was taken.
    pub fn finish(self) -> Option<Fulfilled> {
        if self.units.is_empty() {
            return None;
        }
        let mut gained: Vec<Id<OrderItem>> = self.units.iter().map(|unit| unit.item).collect();
        gained.sort_unstable();
        let items = gained
            .chunk_by(|a, b| a == b)
            .filter_map(|units| Some((*units.first()?, i32::try_from(units.len()).ok()?)))
            .collect();
        let open = self.open_units();
        Some(Fulfilled {
            items,
            rented_devices: self.situation.order.total_devices - open,
            status: if open == 0 { OrderStatus::Fulfilled } else { OrderStatus::Partial },
            units: self.units,
        })
    }

    fn open_units(&self) -> i32 {
        self.situation.items.iter().map(OrderItem::open_units).sum()
    }

    fn item(&self, id: Id<OrderItem>) -> Result<&OrderItem, Refusal> {
        self.situation.items.iter().find(|item| item.id == id).ok_or_else(|| {
            Refusal::new(ErrorCode::OrderItemNotFound, "The order has no such item.").at(&["orderItemId"])
        })
    }

    /// The item that the asset is a unit of: the addressed one, or the first with its SKU that has a unit open.
    fn matching(&self, asset: &Asset, addressed: Option<&OrderItem>) -> Result<&OrderItem, Refusal> {
        let mismatch = |message: String| Refusal::new(ErrorCode::SkuMismatch, message).at(&["assetSerialNumber"]);
        let item = match addressed {
            Some(item) if item.sku == asset.sku => self.item(item.id)?,
            Some(item) => {
                return Err(mismatch(format!(
                    "{} is a {}, the item is a {}.",
                    asset.serial_number, asset.sku, item.sku
                )));
            }
            None => {
                let mut fitting = self.situation.items.iter().filter(|item| item.sku == asset.sku).peekable();
                if fitting.peek().is_none() {
                    let order = &self.situation.order.number;
                    return Err(mismatch(format!(
                        "{} is a {}, which order {order} does not contain.",
                        asset.serial_number, asset.sku
                    )));
                }
                fitting.find(|item| item.open_units() > 0).ok_or_else(|| {
                    order::fully_fulfilled(format!("Every unit of {} has a subscription.", asset.sku))
                        .at(&["assetSerialNumber"])
                })?
            }
        };
        Ok(item)
    }

    fn check_customer(&self) -> Result<(), Refusal> {
        if self.terms.customer_id == self.situation.order.customer_id {
            return Ok(());
        }
        Err(if self.situation.customer_exists {
            Refusal::new(ErrorCode::CustomerMismatch, "The order belongs to another customer.").at(&["customerId"])
        } else {
            Refusal::new(ErrorCode::CustomerNotFound, "There is no such customer.").at(&["customerId"])
        })
    }

    fn unit(&self, asset: &Asset, item: &OrderItem) -> Result<Unit, Refusal> {
        let Situation { zone, billing_start, order, prices, .. } = &self.situation;
        let group = self.billing_group()?;
        let length = self.terms.contract_length.unwrap_or(item.contract_length);
        // Another length costs what the order agreed on, unless the product has a price for just that length.
        let prices: Vec<_> = prices.iter().filter(|price| price.product_id == item.product_id).cloned().collect();
        let priced = if length == item.contract_length { None } else { monthly_price(&prices, length, order.currency) };
        Ok(Unit {
            asset: asset.clone(),
            item: item.id,
            billing_group: group.map(|group| group.id),
            monthly_amount: priced.unwrap_or(item.unit_price),
            terms: RentalTerms {
                start: self.terms.start_date.unwrap_or(self.today),
                length,
                billing_start: self.terms.billing_start.unwrap_or(*billing_start),
                billing_day: group.map(|group| group.billing_day),
                zone: *zone,
            },
        })
    }

    /// The group that the subscription joins. One that the request names must admit it; the order's own group is
    /// passed over where it has become inactive since.
    fn billing_group(&self) -> Result<Option<&BillingGroup>, Refusal> {
        let order = &self.situation.order;
        let admitted = |group: &BillingGroup| group.admits(order.customer_id, order.currency);
        match (self.terms.billing_group_id, &self.situation.billing_group) {
            (Some(_), None) => Err(super::billing_group::not_found()),
            (Some(_), Some(group)) => admitted(group).map(|()| Some(group)),
            (None, Some(group)) => Ok(admitted(group).is_ok().then_some(group)),
            (None, None) => Ok(None),
        }
    }

    /// The order as it was read.
    pub fn order(&self) -> &Order {
        &self.situation.order
    }

    /// The day on which the request is made, in the tenant's zone.
    pub fn today(&self) -> Date {
        self.today
    }
}
