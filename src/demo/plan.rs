//! What the demo tenant is to have, made from the lists by dice that always fall the same way. No ids and no dates:
//! customers, devices and groups are named by their places in the plan, days are counted from the day of the filling.

use super::customers;
use super::dice::Dice;
use super::lists::{CANCEL_REASONS, DAMAGES, KINDS, Kind, LENGTHS, ORDER_NOTES, WAREHOUSES};
use super::stock::Stock;
use crate::app::asset::CreateAsset;
use crate::app::customer::CreateCustomer;
use crate::app::product::CreateProduct;
use crate::domain::asset::UnavailableReason;
use crate::domain::subscription::ContractLength;
use crate::domain::text::Metadata;
use bigdecimal::BigDecimal;

/// Everything that the demo tenant is to have.
#[derive(Debug, Default)]
pub struct Plan {
    pub products: Vec<CreateProduct>,
    pub customers: Vec<PlannedCustomer>,
    pub groups: Vec<PlannedGroup>,
    pub assets: Vec<PlannedAsset>,
    /// The first is the well-known one, which stays open; the second is well known as well, and fulfilled.
    pub orders: Vec<PlannedOrder>,
}

#[derive(Debug)]
pub struct PlannedCustomer {
    pub new: CreateCustomer,
    /// The place of the customer above it, which comes before it.
    pub parent: Option<usize>,
}

#[derive(Debug)]
pub struct PlannedGroup {
    pub customer: usize,
    pub name: &'static str,
    pub billing_day: i32,
}

#[derive(Debug)]
pub struct PlannedAsset {
    pub new: CreateAsset,
    pub fate: AssetFate,
}

/// What becomes of a device by hand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AssetFate {
    /// Nothing: it is rented out, kept for an order, or free.
    Stays,
    Unavailable(UnavailableReason, &'static str),
    Retired,
}

#[derive(Debug)]
pub struct PlannedOrder {
    pub customer: usize,
    pub group: Option<usize>,
    pub months: i32,
    pub items: Vec<PlannedItem>,
    pub notes: Option<&'static str>,
    pub confirmed: bool,
    pub cancelled: Option<&'static str>,
    /// How many days after the filling the rentals start; before it where it is negative.
    pub start: i64,
    /// The devices that are handed over.
    pub scans: Vec<usize>,
    /// The devices that are kept for it.
    pub reserved: Vec<usize>,
}

/// Some units of a product, which is named by its place in the plan.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PlannedItem {
    pub product: usize,
    pub quantity: usize,
}

/// What becomes of an order.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Fate {
    #[default]
    Pending,
    Confirmed,
    Partial,
    Fulfilled,
    Cancelled,
}

const ORDERS: usize = 300;
/// How many units the well-known order has of each of its two products.
const WELL_KNOWN_UNITS: usize = 3;
/// How many of the first devices of these products no other order gets, so that there is something to scan.
const KEPT_BACK: usize = 10;

/// Makes the plan: the same one each time.
pub fn plan() -> Plan {
    let mut dice = Dice::new(2_024);
    let mut plan = Plan { products: KINDS.iter().map(product).collect(), ..Plan::default() };
    let companies = customers::add(&mut plan, &mut dice);
    let mut stock = assets(&mut plan, &mut dice);
    let first: [usize; 2] = [0, 1];
    first.into_iter().for_each(|product| stock.keep_back(product, KEPT_BACK));
    let items = |quantity| first.into_iter().map(|product| PlannedItem { product, quantity }).collect();
    plan.orders
        .push(PlannedOrder { notes: Some("Three desks for the new office."), ..order(0, 24, items(WELL_KNOWN_UNITS)) });
    let scans = first.into_iter().flat_map(|product| stock.take(product, 2)).collect();
    plan.orders.push(PlannedOrder { confirmed: true, start: -150, scans, ..order(1, 12, items(2)) });
    while plan.orders.len() < ORDERS {
        let next = any_order(&plan, &mut dice, &mut stock, companies);
        plan.orders.push(next);
    }
    for asset in stock.rest() {
        let fate = hand(&mut dice);
        plan.assets.get_mut(asset).into_iter().for_each(|asset| asset.fate = fate);
    }
    plan
}

fn order(customer: usize, months: i32, items: Vec<PlannedItem>) -> PlannedOrder {
    PlannedOrder {
        customer,
        group: None,
        months,
        items,
        notes: None,
        confirmed: false,
        cancelled: None,
        start: 0,
        scans: Vec::new(),
        reserved: Vec::new(),
    }
}

fn product(kind: &Kind) -> CreateProduct {
    let price = |(months, thousandths): &(i32, i64)| {
        // Whole euros and 90 cents.
        let monthly = kind.list_price * thousandths / 1_000 * 100 + 90;
        Some((ContractLength::try_new(*months).ok()?, cents(monthly)))
    };
    CreateProduct {
        sku: kind.sku.to_owned(),
        name: kind.name.to_owned(),
        list_price: Some(cents(kind.list_price * 100)),
        currency: None,
        rental_prices: LENGTHS.iter().filter_map(price).collect(),
        metadata: metadata(&serde_json::json!({"serialPrefix": kind.serial})),
    }
}

fn cents(amount: i64) -> BigDecimal {
    BigDecimal::new(amount.into(), 2)
}

pub fn metadata(value: &serde_json::Value) -> Metadata {
    Metadata::try_new(value).unwrap_or_else(|_| Metadata::empty())
}

/// Adds the devices; answers those that are free.
fn assets(plan: &mut Plan, dice: &mut Dice) -> Stock {
    let mut stock = Stock::default();
    for (product, kind) in KINDS.iter().enumerate() {
        for number in 1..=kind.devices {
            stock.put(product, plan.assets.len());
            let shelf = dice.pick(&['A', 'B', 'C', 'D']);
            let location = format!("{}, shelf {shelf}-{:02}", dice.pick(WAREHOUSES), dice.between(1, 24));
            // Bought at 12 to 25 per cent below the list price.
            let discount = i64::try_from(dice.between(12, 25)).unwrap_or_default();
            let new = CreateAsset {
                serial_number: format!("{}-{number:05}", kind.serial),
                sku: kind.sku.to_owned(),
                acquisition_cost: Some(cents(kind.list_price * (100 - discount))),
                location: Some(location),
                notes: None,
            };
            plan.assets.push(PlannedAsset { new, fate: AssetFate::Stays });
        }
    }
    stock
}

fn any_order(plan: &Plan, dice: &mut Dice, stock: &mut Stock, companies: usize) -> PlannedOrder {
    let is_company = !dice.one_in(3);
    let customer =
        if is_company { dice.below(companies) } else { companies + dice.below(plan.customers.len() - companies) };
    let months = dice.weighted(&[(1, 3), (3, 6), (6, 10), (12, 30), (24, 30), (36, 20)]);
    let mut items: Vec<PlannedItem> = Vec::new();
    for _ in 0..dice.weighted(&[(1, 40), (2, 30), (3, 20), (4, 10)]) {
        let product = dice.below(KINDS.len());
        let quantity = if is_company { dice.between(1, 4) } else { 1 };
        // Only what can be delivered is ordered, so that every fate is open.
        let quantity = quantity.min(stock.left(product));
        if quantity > 0 && items.iter().all(|item| item.product != product) {
            items.push(PlannedItem { product, quantity });
        }
    }
    if items.is_empty() {
        items.push(PlannedItem { product: 0, quantity: 1 });
    }
    let units: usize = items.iter().map(|item| item.quantity).sum();
    let fates = &[
        (Fate::Pending, 12),
        (Fate::Confirmed, 16),
        (Fate::Partial, 17),
        (Fate::Fulfilled, 44),
        (Fate::Cancelled, 11),
    ];
    let fate = match dice.weighted(fates) {
        Fate::Partial if units == 1 => Fate::Confirmed,
        fate => fate,
    };
    let (mut scans, mut reserved) = (Vec::new(), Vec::new());
    if matches!(fate, Fate::Partial | Fate::Fulfilled) {
        scans = items.iter().flat_map(|item| stock.take(item.product, item.quantity)).collect();
    }
    if fate == Fate::Partial {
        let open = scans.split_off(dice.between(1, units - 1));
        // Some of what is not delivered yet is kept on the shelf.
        let kept = dice.below(open.len() + 1);
        reserved = open.into_iter().take(kept).collect();
    } else if fate == Fate::Confirmed && dice.one_in(3) {
        reserved = items.first().map(|item| stock.take(item.product, 1)).unwrap_or_default();
    }
    PlannedOrder {
        group: plan.groups.iter().position(|group| group.customer == customer),
        notes: dice.one_in(5).then(|| dice.pick(ORDER_NOTES)),
        confirmed: !matches!(fate, Fate::Pending) && (fate != Fate::Cancelled || dice.one_in(2)),
        cancelled: (fate == Fate::Cancelled).then(|| dice.pick(CANCEL_REASONS)),
        start: start(dice, months),
        scans,
        reserved,
        ..order(customer, months, items)
    }
}

/// A first day so that the contract still runs: in the past two years, or in the next weeks.
fn start(dice: &mut Dice, months: i32) -> i64 {
    if dice.one_in(12) {
        return i64::try_from(dice.between(1, 28)).unwrap_or_default();
    }
    let longest = usize::try_from(months).unwrap_or(1).min(24) * 30;
    -i64::try_from(dice.below(longest - 2)).unwrap_or_default()
}

/// What becomes by hand of a device that no order got.
fn hand(dice: &mut Dice) -> AssetFate {
    match dice.below(20) {
        0 => AssetFate::Unavailable(UnavailableReason::Damaged, dice.pick(DAMAGES)),
        1 => AssetFate::Unavailable(UnavailableReason::Lost, "Missing at the stocktaking."),
        2 => AssetFate::Unavailable(UnavailableReason::Stolen, "Reported to the police."),
        3 | 4 => AssetFate::Retired,
        _ => AssetFate::Stays,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::{FREE_SERIAL, OPEN_ORDER};
    use std::collections::BTreeSet;

    /// How many different ones there are; all of them, where nothing stands twice.
    fn distinct<T: Ord>(values: impl IntoIterator<Item = T>) -> usize {
        values.into_iter().collect::<BTreeSet<_>>().len()
    }

    #[test]
    fn the_plan_is_the_same_each_time() {
        assert_eq!(format!("{:?}", plan()), format!("{:?}", plan()));
    }

    #[test]
    fn nothing_that_is_unique_stands_twice() {
        let plan = plan();
        assert_eq!(distinct(plan.products.iter().map(|product| &product.sku)), plan.products.len());
        assert_eq!(distinct(plan.assets.iter().map(|asset| &asset.new.serial_number)), plan.assets.len());
        assert_eq!(distinct(plan.customers.iter().map(|customer| &customer.new.name)), plan.customers.len());
        assert_eq!(distinct(plan.customers.iter().map(|customer| &customer.new.email)), plan.customers.len());
        let external: Vec<_> = plan.customers.iter().filter_map(|customer| customer.new.external_id.as_ref()).collect();
        assert_eq!(distinct(&external), external.len());
        let used: Vec<_> = plan.orders.iter().flat_map(|order| order.scans.iter().chain(&order.reserved)).collect();
        assert_eq!(distinct(&used), used.len());
        assert!(used.iter().all(|asset| plan.assets[**asset].fate == AssetFate::Stays));
    }

    #[test]
    fn prices_fall_as_contracts_grow_and_addresses_belong_to_nobody() {
        let plan = plan();
        for product in &plan.products {
            let falls = |pair: &[(ContractLength, BigDecimal)]| pair[0].0 < pair[1].0 && pair[0].1 > pair[1].1;
            assert!(product.rental_prices.windows(2).all(falls), "{}", product.sku);
            assert_eq!(product.rental_prices.len(), LENGTHS.len());
            let most = product.rental_prices.first().map(|(_, price)| price.clone());
            assert!(product.list_price > most, "{}", product.sku);
        }
        for (place, customer) in plan.customers.iter().enumerate() {
            let address = customer.new.email.as_deref().unwrap();
            assert_eq!(crate::domain::customer::email(address).as_deref(), Ok(address));
            assert!(address.is_ascii(), "{address}");
            let host = address.split_once('@').unwrap().1;
            assert!(host == "example.org" || host.ends_with(".example.com"), "{address}");
            assert!(customer.parent.is_none_or(|parent| parent < place));
        }
    }

    #[test]
    fn there_is_some_of_everything() {
        let plan = plan();
        let orders = |is: fn(&&PlannedOrder) -> bool| plan.orders.iter().filter(is).count();
        let units = |order: &PlannedOrder| order.items.iter().map(|item| item.quantity).sum::<usize>();
        assert_eq!((plan.customers.len(), plan.orders.len()), (120, ORDERS));
        assert!((850..=950).contains(&plan.assets.len()), "{}", plan.assets.len());
        assert!(orders(|order| !order.confirmed && order.cancelled.is_none()) > 20);
        assert!(orders(|order| order.confirmed && order.scans.is_empty() && order.cancelled.is_none()) > 20);
        assert!(orders(|order| order.cancelled.is_some()) > 20);
        assert!(orders(|order| !order.scans.is_empty() && order.start > 0) > 5);
        assert!(orders(|order| !order.scans.is_empty() && order.start < -365) > 20);
        let part = |order: &&PlannedOrder| (1..units(order)).contains(&order.scans.len());
        assert!(plan.orders.iter().filter(part).count() > 20);
        assert!(plan.orders.iter().filter(|order| order.scans.len() == units(order)).count() > 100);
        assert!(plan.orders.iter().all(|order| order.scans.len() + order.reserved.len() <= units(order)));
        let reserved: usize = plan.orders.iter().map(|order| order.reserved.len()).sum();
        assert!(reserved > 20);
        let fates = |is: fn(AssetFate) -> bool| plan.assets.iter().filter(|asset| is(asset.fate)).count();
        assert!(fates(|fate| fate == AssetFate::Retired) > 10);
        assert!(fates(|fate| matches!(fate, AssetFate::Unavailable(..))) > 10);
    }

    #[test]
    fn the_open_order_can_be_fulfilled_twice_over() {
        let plan = plan();
        let used: BTreeSet<_> =
            plan.orders.iter().flat_map(|order| order.scans.iter().chain(&order.reserved)).collect();
        let free = |sku: &str| {
            let is_free = |(place, asset): &(usize, &PlannedAsset)| {
                asset.new.sku == sku && asset.fate == AssetFate::Stays && !used.contains(place)
            };
            plan.assets.iter().enumerate().filter(is_free).map(|(_, asset)| asset).collect::<Vec<_>>()
        };
        let open = &plan.orders[0];
        assert_eq!(OPEN_ORDER, "O-000001");
        assert!(!open.confirmed && open.scans.is_empty() && open.items.len() == 2);
        for item in &open.items {
            assert!(free(&plan.products[item.product].sku).len() >= 2 * item.quantity);
        }
        let first = free(&plan.products[open.items[0].product].sku)[0];
        assert_eq!(first.new.serial_number, FREE_SERIAL);
        assert_eq!(plan.orders[1].scans.len(), units(&plan.orders[1]));

        fn units(order: &PlannedOrder) -> usize {
            order.items.iter().map(|item| item.quantity).sum()
        }
    }
}
