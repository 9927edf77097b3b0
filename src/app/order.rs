//! Orders: placing, changing, confirming and cancelling them. Delivering them is `fulfilment.rs`.

use super::customer;
use super::mutation::{Answer, Call, Stop, Work, expect_version};
use super::product::bad_price;
use crate::domain::billing_group::{self, BillingGroup};
use crate::domain::customer::Customer;
use crate::domain::event::EventType;
use crate::domain::order::{self, Order, OrderItem, OrderStatus, Quantity};
use crate::domain::product::{self, Product, RentalPrice, monthly_price};
use crate::domain::subscription::ContractLength;
use crate::domain::{Currency, ErrorCode, Id, Money, Refusal};
use crate::repository::{self, Fault, Query};
use bigdecimal::BigDecimal;
use serde::{Deserialize, Serialize};

/// What a client says of a new order.
#[derive(Clone, Debug)]
pub struct CreateOrder {
    /// The next number of the tenant where there is none.
    pub number: Option<String>,
    pub customer_id: Id<Customer>,
    /// That of the first item's product where there is none.
    pub currency: Option<Currency>,
    pub items: Vec<NewItem>,
    pub billing_group_id: Option<Id<BillingGroup>>,
    pub notes: Option<String>,
}

/// What a client says of an item.
#[derive(Clone, Debug)]
pub struct NewItem {
    pub sku: String,
    pub quantity: Quantity,
    pub contract_length: ContractLength,
    /// What one unit costs a month; the product's rental price for this length where there is none.
    pub unit_price: Option<BigDecimal>,
}

/// What a client changes of an order: what is none stays, what is `Some(None)` is cleared.
#[derive(Clone, Debug)]
pub struct UpdateOrder {
    pub order_id: Id<Order>,
    pub expected_version: Option<i32>,
    pub billing_group_id: Option<Option<Id<BillingGroup>>>,
    pub notes: Option<Option<String>>,
}

/// The order that was placed or changed.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct OrderChanged {
    pub order: Id<Order>,
}

pub fn create_order(call: &Call<'_>, new: &CreateOrder) -> Result<Answer<OrderChanged>, Fault> {
    call.run(|work| {
        let customer = customer::active(work, new.customer_id)?;
        let (products, prices) = catalogue(work, new)?;
        let currency = match (new.currency, products.first()) {
            (Some(currency), _) => currency,
            (None, Some(product)) => product.currency,
            (None, None) => {
                return Err(Refusal::new(ErrorCode::ValidationError, "An order has items.").at(&["items"]).into());
            }
        };
        check_group(work, new.billing_group_id, customer.id, currency)?;
        let number = number(work, new.number.as_deref())?;
        let id = work.id();
        let mut items = Vec::new();
        for (index, (item, product)) in new.items.iter().zip(&products).enumerate() {
            let unit_price = unit_price(index, item, product, &prices, currency)?;
            items.push(OrderItem {
                id: work.id(),
                order_id: id,
                position: i32::try_from(index).unwrap_or(i32::MAX),
                product_id: product.id,
                sku: product.sku.clone(),
                quantity: item.quantity.units(),
                fulfilled_quantity: 0,
                unit_price,
                contract_length: item.contract_length,
            });
        }
        let made = Order {
            id,
            number,
            status: OrderStatus::Pending,
            customer_id: customer.id,
            billing_group_id: new.billing_group_id,
            currency,
            total_devices: items.iter().map(|item| item.quantity).sum(),
            rented_devices: 0,
            notes: new.notes.clone(),
            cancel_reason: None,
            version: 1,
            created_at: work.now,
            updated_at: work.now,
            confirmed_at: None,
            fulfilled_at: None,
            cancelled_at: None,
        };
        repository::order::add(&mut work.last, work.tenant, &made, &items);
        work.event(EventType::OrderCreated, id, serde_json::json!({"number": made.number, "customerId": customer.id}));
        Ok(OrderChanged { order: id })
    })
}

/// The product of each item, and the rental prices of all of them.
fn catalogue(work: &mut Work<'_, '_>, new: &CreateOrder) -> Result<(Vec<Product>, Vec<RentalPrice>), Stop> {
    let tenant = work.tenant;
    let skus = new.items.iter().map(|item| item.sku.clone()).collect();
    let found = repository::product::by_skus(tenant, skus).load(work.conn())?;
    let product = |(index, item): (usize, &NewItem)| {
        let known = found.iter().find(|product| product.sku == item.sku);
        let product = known.ok_or_else(|| product::not_found(&item.sku));
        let product = product.and_then(|product| product.offered().map(|()| product.clone()));
        product.map_err(|refusal| refusal.at(&["items", &index.to_string(), "sku"]))
    };
    let products: Vec<Product> = new.items.iter().enumerate().map(product).collect::<Result<_, _>>()?;
    let ids: Vec<_> = found.iter().map(|product| product.id).collect();
    let prices = repository::product::prices_of(tenant, &ids).load(work.conn())?;
    Ok((products, prices))
}

/// The price that the client gives, or the product's for this length.
fn unit_price(
    index: usize,
    item: &NewItem,
    product: &Product,
    prices: &[RentalPrice],
    currency: Currency,
) -> Result<Money, Refusal> {
    let place = index.to_string();
    if let Some(price) = &item.unit_price {
        let price = Money::try_price(price, currency);
        return price.map_err(|error| bad_price(&error).at(&["items", &place, "unitPrice"]));
    }
    let own: Vec<_> = prices.iter().filter(|price| price.product_id == product.id).cloned().collect();
    monthly_price(&own, item.contract_length, currency).ok_or_else(|| {
        let months = item.contract_length.months();
        let message = format!(
            "{} has no price for {months} months in {currency}: give a unitPrice, or another contractLength.",
            product.sku
        );
        Refusal::new(ErrorCode::InvalidContractLength, message).at(&["items", &place, "contractLength"])
    })
}

fn check_group(
    work: &mut Work<'_, '_>,
    group: Option<Id<BillingGroup>>,
    customer: Id<Customer>,
    currency: Currency,
) -> Result<(), Stop> {
    let Some(group) = group else { return Ok(()) };
    let found = Query::by_id(work.tenant, group).first(work.conn())?;
    Ok(found.ok_or_else(billing_group::not_found)?.admits(customer, currency)?)
}

/// The number that the client gives, or the next of the tenant that nobody has given yet.
fn number(work: &mut Work<'_, '_>, given: Option<&str>) -> Result<String, Stop> {
    let tenant = work.tenant;
    if let Some(number) = given {
        if repository::order::by_number(tenant, number).first(work.conn())?.is_some() {
            let message = format!("There is an order with the number {number:?} already.");
            return Err(Refusal::new(ErrorCode::DuplicateOrderNumber, message).at(&["number"]).into());
        }
        return Ok(number.to_owned());
    }
    const SERIES: &str = "orders";
    loop {
        let number = format!("O-{:06}", repository::counter::next(work.tx, tenant, SERIES)?);
        if repository::order::by_number(tenant, &number).first(work.conn())?.is_none() {
            return Ok(number);
        }
    }
}

pub fn update_order(call: &Call<'_>, change: &UpdateOrder) -> Result<Answer<OrderChanged>, Fault> {
    call.run(|work| {
        let mut order = existing(work, change.order_id, change.expected_version)?;
        if let Some(group) = change.billing_group_id {
            check_group(work, group, order.customer_id, order.currency)?;
            order.billing_group_id = group;
        }
        order.notes = change.notes.clone().unwrap_or(order.notes);
        store(work, order, EventType::OrderUpdated)
    })
}

pub fn confirm_order(
    call: &Call<'_>,
    id: Id<Order>,
    expected_version: Option<i32>,
) -> Result<Answer<OrderChanged>, Fault> {
    call.run(|work| {
        let mut order = existing(work, id, expected_version)?;
        order.status = order.confirm().map_err(|refusal| refusal.at(&["orderId"]))?;
        order.confirmed_at = Some(work.now);
        store(work, order, EventType::OrderConfirmed)
    })
}

/// Cancels an order of which nothing is delivered, and releases the assets that are kept for it.
pub fn cancel_order(
    call: &Call<'_>,
    id: Id<Order>,
    reason: Option<&str>,
    expected_version: Option<i32>,
) -> Result<Answer<OrderChanged>, Fault> {
    call.run(|work| {
        let mut order = existing(work, id, expected_version)?;
        order.status = order.cancel().map_err(|refusal| refusal.at(&["orderId"]))?;
        order.cancel_reason = reason.map(str::to_owned);
        order.cancelled_at = Some(work.now);
        let outcome = store(work, order, EventType::OrderCancelled)?;
        super::asset::release_kept(work, id)?;
        Ok(outcome)
    })
}

fn existing(work: &mut Work<'_, '_>, id: Id<Order>, expected_version: Option<i32>) -> Result<Order, Stop> {
    let found = Query::by_id(work.tenant, id).hold(work.tx)?.ok_or_else(order::not_found)?;
    expect_version(expected_version, found.version, &OrderChanged { order: id })?;
    Ok(found)
}

fn store(work: &mut Work<'_, '_>, mut order: Order, event: EventType) -> Result<OrderChanged, Stop> {
    order.version += 1;
    order.updated_at = work.now;
    repository::order::update(work.tx, work.tenant, &order)?;
    work.event(event, order.id, serde_json::json!({"number": order.number}));
    Ok(OrderChanged { order: order.id })
}
