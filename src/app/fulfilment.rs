//! Fulfilment: from a scan to an active subscription. Everything is read first without locks, the domain decides, and
//! what it decided is stored at once by guarded statements; where somebody was faster, all of it starts anew.

use super::at_once::Deciding;
use super::mutation::{Answer, Call, OnError, Stop};
use crate::domain::asset::{Asset, AssetAssignment};
use crate::domain::billing_group::BillingGroup;
use crate::domain::event::EventType;
use crate::domain::fulfilment::{Fulfilling, Situation, Terms, Unit};
use crate::domain::order::{self, Order, OrderItem, OrderStatus};
use crate::domain::subscription::{ScheduledPayment, Subscription, SubscriptionStatus};
use crate::domain::text::Metadata;
use crate::domain::{Date, Id, Refusal};
use crate::repository::fulfilment::{Fulfilment, store};
use crate::repository::scan::Scanned;
use crate::repository::{self, Batch, Fault, Query};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// One scan of one device.
#[derive(Clone, Debug)]
pub struct FulfilOrderItem {
    pub order_id: Id<Order>,
    pub scan: Scan,
    pub terms: Terms,
}

/// Several scans for one order.
#[derive(Clone, Debug)]
pub struct FulfilOrderItems {
    pub order_id: Id<Order>,
    pub scans: Vec<Scan>,
    pub terms: Terms,
    pub on_error: OnError,
}

/// A device, and perhaps the item that it is meant for.
#[derive(Clone, Debug)]
pub struct Scan {
    pub serial_number: String,
    pub order_item_id: Option<Id<OrderItem>>,
    pub notes: Option<String>,
}

/// One subscription, and what it was made of.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Fulfilled {
    pub subscription: Id<Subscription>,
    pub order: Id<Order>,
    pub asset: Id<Asset>,
}

/// What became of each row.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BulkFulfilled {
    pub order: Option<Id<Order>>,
    pub rows: Vec<RowFulfilled>,
}

/// What became of one row: a subscription, or a refusal. Neither where other rows kept it from happening.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RowFulfilled {
    pub serial_number: String,
    pub fulfilled: Option<Fulfilled>,
    pub refusal: Option<Refusal>,
}

pub fn fulfil_order_item(call: &Call<'_>, request: &FulfilOrderItem) -> Result<Answer<Fulfilled>, Fault> {
    call.run_at_once(|deciding| {
        let serial_number = &request.scan.serial_number;
        let (mut fulfilling, asset, keeps) = begin(deciding, request.order_id, serial_number, &request.terms)?;
        fulfilling.scan(serial_number, asset.as_ref(), request.scan.order_item_id)?;
        let notes = [request.scan.notes.clone()];
        let (made, batch) = finish(deciding, fulfilling, keeps, &notes)?;
        Ok((made.into_iter().next().ok_or(Fault::LostRace)?, batch))
    })
}

pub fn fulfil_order_items(call: &Call<'_>, request: &FulfilOrderItems) -> Result<Answer<BulkFulfilled>, Fault> {
    call.run_at_once(|deciding| {
        let (mut fulfilling, _, keeps) = begin(deciding, request.order_id, "", &request.terms)?;
        let serial_numbers = request.scans.iter().map(|scan| scan.serial_number.clone()).collect();
        let assets = repository::asset::by_serial_numbers(deciding.tenant, serial_numbers).load(deciding.conn)?;
        let mut refusals = Vec::new();
        let mut notes = Vec::new();
        for (index, scan) in request.scans.iter().enumerate() {
            let asset = assets.iter().find(|asset| asset.serial_number == scan.serial_number);
            let decided = fulfilling.scan(&scan.serial_number, asset, scan.order_item_id);
            let refusal = decided.err().map(|refusal| at_row(refusal, index));
            if refusal.is_none() {
                notes.push(scan.notes.clone());
            }
            refusals.push(refusal);
        }
        let failed: Vec<Refusal> = refusals.iter().flatten().cloned().collect();
        let reject_all = request.on_error == OnError::RejectAll && !failed.is_empty();
        // Where no row is left there is nothing to store, and nothing is changed.
        if reject_all || failed.len() == request.scans.len() {
            let rows = rows(request, refusals, Vec::new());
            return Err(Stop::showing(failed, &BulkFulfilled { order: None, rows }));
        }
        let (made, batch) = finish(deciding, fulfilling, keeps, &notes)?;
        Ok((BulkFulfilled { order: Some(request.order_id), rows: rows(request, refusals, made) }, batch))
    })
}

/// Brings the refusals and the subscriptions, which are in the order of the rows, back to their rows.
fn rows(request: &FulfilOrderItems, refusals: Vec<Option<Refusal>>, made: Vec<Fulfilled>) -> Vec<RowFulfilled> {
    let mut made = made.into_iter();
    let row = |(scan, refusal): (&Scan, Option<Refusal>)| RowFulfilled {
        serial_number: scan.serial_number.clone(),
        fulfilled: if refusal.is_none() { made.next() } else { None },
        refusal,
    };
    request.scans.iter().zip(refusals).map(row).collect()
}

/// Blames the argument of the row, where an argument of the row is to blame.
fn at_row(refusal: Refusal, index: usize) -> Refusal {
    let blamed = refusal.field.as_deref().and_then(<[String]>::last).cloned();
    match blamed.as_deref() {
        Some(name @ ("assetSerialNumber" | "orderItemId")) => refusal.at(&["scans", &index.to_string(), name]),
        // That nothing of the order is open any more is the row's own trouble: others may have taken what there was.
        Some("orderId") | None => refusal.at(&["scans", &index.to_string()]),
        Some(_) => refusal,
    }
}

/// Reads what the decision needs, the device that was scanned, and whether any are kept for the order.
fn begin(
    deciding: &mut Deciding<'_>,
    order: Id<Order>,
    serial_number: &str,
    terms: &Terms,
) -> Result<(Fulfilling, Option<Asset>, bool), Stop> {
    let Deciding { tenant, now, ref mut conn, .. } = *deciding;
    let scanned = repository::scan::scanned(conn, tenant, order, serial_number)?;
    let Scanned { order, items, zone, billing_start, asset, keeps } = scanned.ok_or_else(order::not_found)?;
    let customer_exists =
        terms.customer_id != order.customer_id && Query::by_id(tenant, terms.customer_id).first(conn)?.is_some();
    let billing_group: Option<BillingGroup> = match terms.billing_group_id.or(order.billing_group_id) {
        Some(group) => Query::by_id(tenant, group).first(conn)?,
        None => None,
    };
    let prices = match terms.contract_length {
        Some(_) => {
            let products: Vec<_> = items.iter().map(|item| item.product_id).collect();
            repository::product::prices_of(tenant, &products).load(conn)?
        }
        None => Vec::new(),
    };
    let situation = Situation { zone, billing_start, order, items, customer_exists, billing_group, prices };
    Ok((Fulfilling::begin(situation, terms.clone(), now)?, asset, keeps))
}

/// What is to be stored of what was decided; `notes` are those of each unit, and the order `keeps` devices that may have
/// to be released. (Keeping one more makes a new version of the order, so that the batch would lose the race.) Answers the
/// subscriptions in the order of the scans.
fn finish(
    deciding: &mut Deciding<'_>,
    fulfilling: Fulfilling,
    keeps: bool,
    notes: &[Option<String>],
) -> Result<(Vec<Fulfilled>, Batch), Stop> {
    let (today, order, mut batch) = (fulfilling.today(), fulfilling.order().clone(), Batch::default());
    let Some(decided) = fulfilling.finish() else { return Ok((Vec::new(), batch)) };
    let (now, mut made) = (deciding.now, Vec::new());
    let (mut subscriptions, mut payments, mut assignments) = (Vec::new(), Vec::new(), Vec::new());
    for (index, unit) in decided.units.iter().enumerate() {
        let subscription = subscription(deciding, &order, unit, today, notes.get(index).cloned().flatten());
        let (id, asset, customer) = (subscription.id, unit.asset.id, order.customer_id);
        payments.extend(unit.terms.payments(today).enumerate().map(|(place, (due_date, status))| ScheduledPayment {
            subscription_id: id,
            sequence: i32::try_from(place + 1).unwrap_or(i32::MAX),
            due_date,
            amount: unit.monthly_amount,
            status,
            invoice_id: None,
        }));
        assignments.push(AssetAssignment {
            id: deciding.id(),
            asset_id: asset,
            subscription_id: id,
            customer_id: customer,
            assigned_at: now,
            returned_at: None,
        });
        subscriptions.push(subscription);
        deciding.event(EventType::SubscriptionCreated, id, json!({"orderId": order.id, "assetId": asset}));
        deciding.event(EventType::AssetAssigned, asset, json!({"subscriptionId": id, "customerId": customer}));
        made.push(Fulfilled { subscription: id, order: order.id, asset });
    }
    let mut released = Vec::new();
    if keeps && decided.status == OrderStatus::Fulfilled {
        released = repository::asset::reserved_for(deciding.tenant, &[order.id]).load(deciding.conn)?;
        released.retain(|kept| assignments.iter().all(|assignment| assignment.asset_id != kept.id));
        for kept in &released {
            deciding.event(EventType::AssetReleased, kept.id, json!({"orderId": order.id}));
        }
    }
    let event = match decided.status {
        OrderStatus::Fulfilled => EventType::OrderFulfilled,
        _ => EventType::OrderUpdated,
    };
    deciding.event(event, order.id, json!({"number": order.number}));
    let fulfilment = Fulfilment {
        order: &order,
        status: decided.status,
        items: &decided.items,
        subscriptions: &subscriptions,
        payments: &payments,
        assignments: &assignments,
        released: &released,
        now,
    };
    store(&mut batch, deciding.tenant, &fulfilment);
    Ok((made, batch))
}

fn subscription(
    deciding: &Deciding<'_>,
    order: &Order,
    unit: &Unit,
    today: Date,
    notes: Option<String>,
) -> Subscription {
    let (period_start, period_end) = unit.terms.period_at(deciding.now);
    Subscription {
        id: deciding.id(),
        handle: None,
        status: SubscriptionStatus::Active,
        customer_id: order.customer_id,
        plan_id: None,
        order_id: Some(order.id),
        order_item_id: Some(unit.item),
        asset_id: Some(unit.asset.id),
        billing_group_id: unit.billing_group,
        parent_subscription_id: None,
        currency: unit.monthly_amount.currency,
        timezone: unit.terms.zone,
        monthly_amount: Some(unit.monthly_amount),
        contract_length: Some(unit.terms.length),
        billing_start: Some(unit.terms.billing_start),
        start_date: unit.terms.start_instant(),
        end_date: Some(unit.terms.end_instant()),
        trial_start: None,
        trial_end: None,
        billing_anchor: Some(unit.terms.billing_anchor()),
        current_period_start: Some(period_start),
        current_period_end: Some(period_end),
        next_billing_date: unit.terms.next_billing_date(today),
        billing: unit.billing(today),
        hosted_payment_link: None,
        notes,
        metadata: Metadata::empty(),
        version: 1,
        created_at: deciding.now,
        updated_at: deciding.now,
    }
}
