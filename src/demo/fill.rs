//! Storing the plan, one use case after the other. Each has an idempotency key of its own, its place in the row: a
//! filling that was broken off is completed by running all of it again, and what was done then is answered, not done.

use super::plan::{AssetFate, Plan, PlannedOrder, plan};
use super::{DemoError, catalogue, subscriptions};
use crate::app::asset::{ChangeAssetStatus, change_asset_status, create_asset};
use crate::app::billing_group::{CreateBillingGroup, create_billing_group};
use crate::app::customer::{CreateCustomer, create_customer};
use crate::app::fulfilment::{FulfilOrderItem, FulfilOrderItems, Scan, fulfil_order_item, fulfil_order_items};
use crate::app::mutation::{Idempotency, OnError};
use crate::app::order::{CreateOrder, NewItem, cancel_order, confirm_order, create_order};
use crate::app::product::create_product;
use crate::app::{Answer, App, Call, Viewer};
use crate::domain::asset::{Asset, StatusChange};
use crate::domain::billing_group::{BillingDay, BillingGroup};
use crate::domain::calendar::day_of;
use crate::domain::customer::Customer;
use crate::domain::fulfilment::Terms;
use crate::domain::order::{Order, Quantity};
use crate::domain::subscription::ContractLength;
use crate::domain::tenant::Tenant;
use crate::domain::{Date, Id};
use crate::repository::Fault;
use chrono::TimeDelta;
use sha2::{Digest, Sha256};
use std::fmt::{Debug, Display};

/// Stores the whole plan for a tenant; what is stored already stays.
pub fn store(app: &App, viewer: &Viewer, tenant: &Tenant, progress: &dyn Fn(u64, u64)) -> Result<(), DemoError> {
    let plan = plan();
    // Days are counted from the one on which the filling began, so that completing it later asks for the same.
    let today = day_of(tenant.created_at, tenant.settings.timezone);
    let mut steps = Steps { app, viewer, progress, done: 0, of: count(&plan) };
    (steps.progress)(0, steps.of);
    for product in &plan.products {
        steps.run("createProduct", product, create_product)?;
    }
    let mut ids = Ids::default();
    for customer in &plan.customers {
        let parent = customer.parent.map(|place| at(&ids.customers, place)).transpose()?;
        let new = CreateCustomer { parent_customer_id: parent, ..customer.new.clone() };
        ids.customers.push(steps.run("createCustomer", &new, create_customer)?.customer);
    }
    for group in &plan.groups {
        let customer_id = at(&ids.customers, group.customer)?;
        let billing_day = BillingDay::try_new(group.billing_day).map_err(DemoError::Refused)?;
        let new = CreateBillingGroup { customer_id, name: group.name.to_owned(), billing_day };
        ids.groups.push(steps.run("createBillingGroup", &new, create_billing_group)?.billing_group);
    }
    for asset in &plan.assets {
        let id = steps.run("createAsset", &asset.new, create_asset)?.asset;
        ids.assets.push(id);
        let (change, notes) = match asset.fate {
            AssetFate::Stays => continue,
            AssetFate::Unavailable(reason, notes) => (StatusChange::Unavailable(reason), notes),
            AssetFate::Retired => (StatusChange::Retired, "Too old to be rented out."),
        };
        steps.change(id, change, Some(notes))?;
    }
    let mut first = None;
    for order in &plan.orders {
        let id = steps.order(&plan, &ids, order, today)?;
        first = first.or(Some(id));
    }
    catalogue::store(&mut steps)?;
    subscriptions::store(&mut steps, &ids.customers, tenant.created_at)?;
    // The last step: see `is_complete`.
    if let Some(order) = first {
        steps.confirm(order)?;
    }
    Ok(())
}

/// The ids of what is stored, in the order of the plan.
#[derive(Default)]
struct Ids {
    customers: Vec<Id<Customer>>,
    groups: Vec<Id<BillingGroup>>,
    assets: Vec<Id<Asset>>,
}

/// How many steps the plan takes.
fn count(plan: &Plan) -> u64 {
    let by_hand = plan.assets.iter().filter(|asset| asset.fate != AssetFate::Stays).count();
    let flag = |is: bool| usize::from(is);
    let order = |order: &PlannedOrder| {
        1 + flag(order.confirmed)
            + flag(order.cancelled.is_some())
            + flag(!order.scans.is_empty())
            + order.reserved.len()
    };
    let orders: usize = plan.orders.iter().map(order).sum();
    let devices = plan.products.len() + plan.assets.len() + by_hand;
    let steps = plan.customers.len() + plan.groups.len() + devices + orders + catalogue::STEPS + subscriptions::STEPS;
    u64::try_from(steps + 1).unwrap_or(u64::MAX)
}

/// What the plan has at this place.
pub fn at<T: Copy>(list: &[T], place: usize) -> Result<T, DemoError> {
    Ok(list.get(place).copied().ok_or_else(|| Fault::Database(format!("the plan has no {place}")))?)
}

/// What the plan says is wrong, which is a mistake of the plan.
pub fn mistake(error: impl Display) -> DemoError {
    DemoError::Failed(Fault::Database(error.to_string()))
}

pub struct Steps<'s> {
    app: &'s App,
    viewer: &'s Viewer,
    progress: &'s dyn Fn(u64, u64),
    done: u64,
    of: u64,
}

impl Steps<'_> {
    /// Runs one use case, or answers what it did when it was run before.
    pub fn run<C: Debug, T>(
        &mut self,
        operation: &'static str,
        command: &C,
        use_case: impl FnOnce(&Call<'_>, &C) -> Result<Answer<T>, Fault>,
    ) -> Result<T, DemoError> {
        let fingerprint = Sha256::digest(format!("{operation} {command:?}")).into();
        let idempotency = Some(Idempotency { key: format!("demo/{}", self.done), fingerprint });
        let call = Call { app: self.app, viewer: self.viewer, request_id: "demo", operation, idempotency };
        let answer = use_case(&call, command)?;
        self.done += 1;
        (self.progress)(self.done, self.of);
        match (answer.refusals.into_iter().next(), answer.outcome) {
            (Some(refusal), _) => Err(DemoError::Refused(refusal)),
            (None, Some(outcome)) => Ok(outcome),
            (None, None) => Err(Fault::Database(format!("{operation} answered nothing")).into()),
        }
    }

    fn change(&mut self, asset_id: Id<Asset>, change: StatusChange, notes: Option<&str>) -> Result<(), DemoError> {
        let change = ChangeAssetStatus { asset_id, expected_version: None, change, notes: notes.map(str::to_owned) };
        self.run("changeAssetStatus", &change, change_asset_status)?;
        Ok(())
    }

    fn confirm(&mut self, order: Id<Order>) -> Result<(), DemoError> {
        self.run("confirmOrder", &order, |call, order| confirm_order(call, *order, None))?;
        Ok(())
    }

    /// Places one order and does with it all that the plan says.
    fn order(&mut self, plan: &Plan, ids: &Ids, planned: &PlannedOrder, today: Date) -> Result<Id<Order>, DemoError> {
        let customer_id = at(&ids.customers, planned.customer)?;
        let order = self.run("createOrder", &new_order(plan, ids, planned)?, create_order)?.order;
        if planned.confirmed {
            self.confirm(order)?;
        }
        if let Some(reason) = planned.cancelled {
            self.run("cancelOrder", &(order, reason), |call, (order, reason)| {
                cancel_order(call, *order, Some(reason), None)
            })?;
        }
        for asset in &planned.reserved {
            self.change(at(&ids.assets, *asset)?, StatusChange::Reserved(order), None)?;
        }
        let terms = Terms {
            customer_id,
            billing_group_id: None,
            start_date: today.checked_add_signed(TimeDelta::days(planned.start)),
            contract_length: None,
            billing_start: None,
        };
        let scan = |place: &usize| {
            let planned = plan.assets.get(*place)?;
            let serial_number = planned.new.serial_number.clone();
            Some(Scan { serial_number, order_item_id: None, notes: None })
        };
        let mut scans: Vec<Scan> = planned.scans.iter().filter_map(scan).collect();
        match (scans.pop(), scans.is_empty()) {
            (None, _) => {}
            (Some(scan), true) => {
                let request = FulfilOrderItem { order_id: order, scan, terms };
                self.run("fulfilOrderItem", &request, fulfil_order_item)?;
            }
            (Some(last), false) => {
                scans.push(last);
                let request = FulfilOrderItems { order_id: order, scans, terms, on_error: OnError::RejectAll };
                self.run("fulfilOrderItems", &request, fulfil_order_items)?;
            }
        }
        Ok(order)
    }
}

fn new_order(plan: &Plan, ids: &Ids, planned: &PlannedOrder) -> Result<CreateOrder, DemoError> {
    let length = ContractLength::try_new(planned.months).map_err(mistake)?;
    let mut items = Vec::new();
    for item in &planned.items {
        let units = i32::try_from(item.quantity).unwrap_or(i32::MAX);
        let product = plan.products.get(item.product).ok_or_else(|| mistake("no such product"))?;
        items.push(NewItem {
            sku: product.sku.clone(),
            quantity: Quantity::try_new(units).map_err(mistake)?,
            contract_length: length,
            unit_price: None,
        });
    }
    Ok(CreateOrder {
        number: None,
        customer_id: at(&ids.customers, planned.customer)?,
        currency: None,
        items,
        billing_group_id: planned.group.map(|group| at(&ids.groups, group)).transpose()?,
        notes: planned.notes.map(str::to_owned),
    })
}
