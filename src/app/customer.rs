//! Customers.

use super::mutation::{Answer, Call, Stop, Work, expect_version};
use crate::domain::customer::{Customer, place_below};
use crate::domain::event::EventType;
use crate::domain::tenant::Tenant;
use crate::domain::text::Metadata;
use crate::domain::{Country, ErrorCode, Id, Instant, Refusal, Zone};
use crate::repository::{Batch, Conn, Fault, Query, customer, subscription};
use serde::{Deserialize, Serialize};

/// What a client says of a new customer.
#[derive(Clone, Debug)]
pub struct CreateCustomer {
    pub external_id: Option<String>,
    pub name: String,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub timezone: Option<Zone>,
    pub country: Option<Country>,
    pub parent_customer_id: Option<Id<Customer>>,
    pub metadata: Metadata,
}

/// What a client changes of a customer: what is none stays, what is `Some(None)` is cleared.
#[derive(Clone, Debug)]
pub struct UpdateCustomer {
    pub customer_id: Id<Customer>,
    pub expected_version: Option<i32>,
    pub external_id: Option<Option<String>>,
    pub name: Option<String>,
    pub email: Option<Option<String>>,
    pub phone: Option<Option<String>>,
    pub timezone: Option<Option<Zone>>,
    pub country: Option<Option<Country>>,
    pub parent_customer_id: Option<Option<Id<Customer>>>,
    pub metadata: Option<Metadata>,
}

/// The customer that was created or changed.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct CustomerChanged {
    pub customer: Id<Customer>,
}

pub fn create_customer(call: &Call<'_>, new: &CreateCustomer) -> Result<Answer<CustomerChanged>, Fault> {
    call.run_at_once(|deciding| {
        let (id, mut batch) = (deciding.id(), Batch::default());
        let customer = prepare(deciding.conn, deciding.tenant, deciding.now, id, new)?;
        customer::add(&mut batch, deciding.tenant, &customer);
        deciding.event(EventType::CustomerCreated, id, serde_json::json!({}));
        Ok((CustomerChanged { customer: id }, batch))
    })
}

/// A new customer with this id, which is not stored yet.
pub fn prepare(
    conn: &mut Conn,
    tenant: Id<Tenant>,
    now: Instant,
    id: Id<Customer>,
    new: &CreateCustomer,
) -> Result<Customer, Stop> {
    check_external_id(conn, tenant, id, new.external_id.as_deref())?;
    check_parent(conn, tenant, id, new.parent_customer_id)?;
    let new = new.clone();
    Ok(Customer {
        id,
        external_id: new.external_id,
        name: new.name,
        email: new.email,
        phone: new.phone,
        timezone: new.timezone,
        country: new.country,
        parent_customer_id: new.parent_customer_id,
        metadata: new.metadata,
        device_count: 0,
        version: 1,
        created_at: now,
        updated_at: now,
        archived_at: None,
    })
}

/// Stores a new customer.
pub fn store(work: &mut Work<'_, '_>, customer: &Customer) -> Result<(), Stop> {
    customer::insert(work.tx, work.tenant, customer)?;
    work.event(EventType::CustomerCreated, customer.id, serde_json::json!({}));
    Ok(())
}

pub fn update_customer(call: &Call<'_>, change: &UpdateCustomer) -> Result<Answer<CustomerChanged>, Fault> {
    call.run(|work| {
        let (id, tenant) = (change.customer_id, work.tenant);
        let mut customer = held(work, id, change.expected_version)?;
        let change = change.clone();
        if let Some(external_id) = change.external_id {
            check_external_id(work.conn(), tenant, id, external_id.as_deref())?;
            customer.external_id = external_id;
        }
        if let Some(parent) = change.parent_customer_id {
            // Two that are placed below each other at once would each find nothing wrong.
            Query::by_id(work.tenant, work.tenant).hold(work.tx)?;
            check_parent(work.conn(), tenant, id, parent)?;
            customer.parent_customer_id = parent;
        }
        customer.name = change.name.unwrap_or(customer.name);
        customer.email = change.email.unwrap_or(customer.email);
        customer.phone = change.phone.unwrap_or(customer.phone);
        customer.timezone = change.timezone.unwrap_or(customer.timezone);
        customer.country = change.country.unwrap_or(customer.country);
        customer.metadata = change.metadata.unwrap_or(customer.metadata);
        store_change(work, customer, EventType::CustomerUpdated)
    })
}

/// Archives a customer: nothing new begins for it, what was ordered before is still delivered. One that is archived
/// already stays as it is.
pub fn archive_customer(
    call: &Call<'_>,
    id: Id<Customer>,
    expected_version: Option<i32>,
) -> Result<Answer<CustomerChanged>, Fault> {
    call.run(|work| {
        let mut customer = held(work, id, expected_version)?;
        let outcome = CustomerChanged { customer: id };
        if customer.archived_at.is_some() {
            return Ok(outcome);
        }
        // Counted while the customer is held: a rental that begins meanwhile counts itself on the customer, and waits.
        let live = subscription::live_of(work.tenant, id).count(work.conn())?;
        let live = live.first().map_or(0, |(_, count)| *count);
        if let Err(refusal) = customer.archivable(live) {
            return Err(Stop::showing(vec![refusal.at(&["customerId"])], &outcome));
        }
        customer.archived_at = Some(work.now);
        store_change(work, customer, EventType::CustomerArchived)
    })
}

/// The customer, or CUSTOMER_NOT_FOUND at `customerId`.
pub fn existing(work: &mut Work<'_, '_>, id: Id<Customer>) -> Result<Customer, Stop> {
    let found = Query::by_id(work.tenant, id).first(work.conn())?;
    Ok(found.ok_or_else(|| not_found("customerId"))?)
}

/// The customer, for which something new is to begin; or CUSTOMER_NOT_FOUND or CUSTOMER_DELETED at `customerId`.
pub fn active(work: &mut Work<'_, '_>, id: Id<Customer>) -> Result<Customer, Stop> {
    let customer = existing(work, id)?;
    customer.active().map_err(|refusal| refusal.at(&["customerId"]))?;
    Ok(customer)
}

/// The customer, which is about to be changed.
fn held(work: &mut Work<'_, '_>, id: Id<Customer>, expected_version: Option<i32>) -> Result<Customer, Stop> {
    let found = Query::by_id(work.tenant, id).hold(work.tx)?;
    let customer = found.ok_or_else(|| not_found("customerId"))?;
    expect_version(expected_version, customer.version, &CustomerChanged { customer: id })?;
    Ok(customer)
}

fn store_change(work: &mut Work<'_, '_>, mut customer: Customer, event: EventType) -> Result<CustomerChanged, Stop> {
    customer.version += 1;
    customer.updated_at = work.now;
    customer::update(work.tx, work.tenant, &customer)?;
    work.event(event, customer.id, serde_json::json!({}));
    Ok(CustomerChanged { customer: customer.id })
}

fn not_found(field: &str) -> Refusal {
    Refusal::new(ErrorCode::CustomerNotFound, "There is no such customer.").at(&[field])
}

fn check_external_id(
    conn: &mut Conn,
    tenant: Id<Tenant>,
    own: Id<Customer>,
    external_id: Option<&str>,
) -> Result<(), Stop> {
    let Some(external_id) = external_id else { return Ok(()) };
    match customer::by_external_id(tenant, external_id).first(conn)? {
        Some(other) if other.id != own => {
            let message = format!("The external id {external_id:?} belongs to {}.", other.id);
            Err(Refusal::new(ErrorCode::DuplicateHandle, message).at(&["externalId"]).into())
        }
        _ => Ok(()),
    }
}

fn check_parent(
    conn: &mut Conn,
    tenant: Id<Tenant>,
    own: Id<Customer>,
    parent: Option<Id<Customer>>,
) -> Result<(), Stop> {
    let Some(parent) = parent else { return Ok(()) };
    let family = customer::family_above(conn, tenant, parent)?;
    if family.is_empty() {
        return Err(not_found("parentCustomerId").into());
    }
    Ok(place_below(own, &family).map_err(|refusal| refusal.at(&["parentCustomerId"]))?)
}
