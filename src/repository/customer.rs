//! Customers, and what they bring in each month.

use super::batch::Batch;
use super::change::change;
use super::db::{Read, Tx, changed};
use super::list::{List, listed};
use super::query::{Query, partly_stored, stored};
use super::rows::{Rows, rows};
use super::schema::{customer_revenues, customers};
use super::sql_types::{At, In, instant};
use super::{Conn, on_backend};
use crate::domain::customer::{Customer, CustomerRevenue, DEEPEST_FAMILY};
use crate::domain::tenant::Tenant;
use crate::domain::{Id, Instant, Money};
use diesel::prelude::*;

partly_stored!(Customer, customers(
    id, external_id, name, email, phone, timezone, parent_customer_id, metadata, device_count, version, created_at,
    updated_at, archived_at, country
) => {
    let (At(created_at), At(updated_at)) = (created_at, updated_at);
    let timezone: Option<In> = timezone;
    let timezone = timezone.map(|In(zone)| zone);
    Customer {
        id, external_id, name, email, phone, timezone, parent_customer_id, metadata, device_count, version, created_at,
        updated_at, archived_at: instant(archived_at), country,
    }
}, along: version);

listed!(Customer: List::new()
    .text(customers::name).sorted(|customer: &Customer| (&customer.name).into())
    .text(customers::email)
    .text(customers::external_id)
    .text(customers::country)
    .id::<Customer>(customers::parent_customer_id)
    .int(customers::device_count).sorted(|customer| customer.device_count.into())
    .instant(customers::created_at).sorted(|customer| customer.created_at.into())
    .instant(customers::updated_at).sorted(|customer| customer.updated_at.into())
    .instant(customers::archived_at));

stored!(CustomerRevenue, customer_revenues(customer_id, currency, monthly_amount) => {
    CustomerRevenue { customer_id, monthly: Money::new(monthly_amount, currency) }
}, key: customer_id);

pub fn all(tenant: Id<Tenant>) -> Query<Customer> {
    Query::new(tenant)
}

pub fn by_external_id(tenant: Id<Tenant>, external_id: &str) -> Query<Customer> {
    Query::by_text(tenant, "external_id", external_id)
}

/// The customers below these.
pub fn children_of(tenant: Id<Tenant>, parents: &[Id<Customer>]) -> Query<Customer> {
    Query::new(tenant).of_each("parent_customer_id", parents)
}

pub fn revenues_of(tenant: Id<Tenant>, customers: &[Id<Customer>]) -> Query<CustomerRevenue> {
    Query::new(tenant).of_each("customer_id", customers).order("currency")
}

/// The customer, its parent, and so on upwards, as far as a family may reach.
pub fn family_above(conn: &mut Conn, tenant: Id<Tenant>, customer: Id<Customer>) -> Read<Vec<Id<Customer>>> {
    let mut above = Vec::new();
    let mut next = Some(customer);
    while let Some(id) = next
        && above.len() <= DEEPEST_FAMILY
        && let Some(found) = Query::by_id(tenant, id).first(conn)?
    {
        above.push(id);
        next = found.parent_customer_id;
    }
    Ok(above)
}

pub fn insert(tx: &mut Tx<'_>, tenant: Id<Tenant>, customer: &Customer) -> Read<()> {
    new_row(tenant, customer).insert(tx)
}

/// Stores a new customer, as a part of a batch.
pub fn add(batch: &mut Batch, tenant: Id<Tenant>, customer: &Customer) {
    batch.insert(new_row(tenant, customer));
}

fn new_row(tenant: Id<Tenant>, customer: &Customer) -> Rows {
    rows!(customers, [customer], |customer| {
        tenant_id: tenant,
        id: customer.id,
        external_id: customer.external_id.clone(),
        name: customer.name.clone(),
        email: customer.email.clone(),
        phone: customer.phone.clone(),
        timezone: customer.timezone.map(In),
        country: customer.country,
        parent_customer_id: customer.parent_customer_id,
        metadata: customer.metadata.clone(),
        device_count: customer.device_count,
        version: customer.version,
        created_at: At(customer.created_at),
        updated_at: At(customer.updated_at),
        archived_at: customer.archived_at.map(At),
    })
}

/// Stores a changed customer over the version before it. The counters are not touched.
pub fn update(tx: &mut Tx<'_>, tenant: Id<Tenant>, customer: &Customer) -> Read<()> {
    let rows = on_backend!(tx, |conn| change(customers::table)
        .filter(customers::tenant_id.eq(tenant))
        .filter(customers::id.eq(customer.id))
        .filter(customers::version.eq(customer.version - 1))
        .set((
            customers::external_id.eq(&customer.external_id),
            customers::name.eq(&customer.name),
            customers::email.eq(&customer.email),
            customers::phone.eq(&customer.phone),
            customers::timezone.eq(customer.timezone.map(In)),
            customers::country.eq(customer.country),
            customers::parent_customer_id.eq(customer.parent_customer_id),
            customers::metadata.eq(&customer.metadata),
            customers::version.eq(customer.version),
            customers::updated_at.eq(At(customer.updated_at)),
            customers::archived_at.eq(customer.archived_at.map(At)),
        ))
        .execute(conn))?;
    changed(rows, 1)
}

/// Counts new devices and what they bring in each month.
pub fn gain(batch: &mut Batch, tenant: Id<Tenant>, customer: Id<Customer>, devices: i32, monthly: Money, now: Instant) {
    batch.change(
        change(customers::table).filter(customers::tenant_id.eq(tenant)).filter(customers::id.eq(customer)).set((
            customers::device_count.eq(customers::device_count + devices),
            customers::version.eq(customers::version + 1),
            customers::updated_at.eq(At(now)),
        )),
    );
    let revenue = rows!(customer_revenues, [()], |_once| {
        tenant_id: tenant,
        customer_id: customer,
        currency: monthly.currency,
        monthly_amount: monthly.minor,
    });
    batch.insert(revenue.on_conflict(
        " ON CONFLICT (tenant_id, customer_id, currency) DO UPDATE
         SET monthly_amount = customer_revenues.monthly_amount + EXCLUDED.monthly_amount",
    ));
}
