//! Credits, and what invoices took of them.

use super::change::change;
use super::db::{Conn, Read, Tx, changed};
use super::list::{Bind, List, listed};
use super::on_backend;
use super::query::{Comparison, Condition, Query, stored};
use super::rows::rows;
use super::schema::{credit_applications, credits};
use super::sql_types::{At, instant};
use crate::domain::credit::{Credit, CreditApplication, CreditState};
use crate::domain::customer::Customer;
use crate::domain::invoice::Invoice;
use crate::domain::subscription::Subscription;
use crate::domain::tenant::Tenant;
use crate::domain::{Choice, Id, Money};
use diesel::prelude::*;

stored!(Credit, credits(
    id, customer_id, subscription_id, handle, text, currency, amount, remaining, valid_from, state, version, created_at,
    updated_at
) => {
    let (At(valid_from), At(created_at), At(updated_at)) = (valid_from, created_at, updated_at);
    Credit {
        id, customer_id, subscription_id, handle, text, amount: Money::new(amount, currency),
        remaining: Money::new(remaining, currency), valid_from, state, version, created_at, updated_at,
    }
});

listed!(Credit: List::new()
    .text(credits::handle)
    .id::<Customer>(credits::customer_id)
    .id::<Subscription>(credits::subscription_id)
    .text(credits::currency)
    .choice::<CreditState>(credits::state)
    .instant(credits::valid_from).sorted(|credit: &Credit| credit.valid_from.into())
    .instant(credits::created_at).sorted(|credit| credit.created_at.into()));

stored!(CreditApplication, credit_applications(
    credit_id, invoice_id, currency, amount, created_at, returned_at
) => {
    let At(created_at) = created_at;
    CreditApplication {
        credit_id, invoice_id, amount: Money::new(amount, currency), created_at, returned_at: instant(returned_at),
    }
}, key: credit_id);

pub fn all(tenant: Id<Tenant>) -> Query<Credit> {
    Query::new(tenant)
}

pub fn by_handle(tenant: Id<Tenant>, handle: &str) -> Query<Credit> {
    Query::by_text(tenant, "handle", handle)
}

pub fn of_customers(tenant: Id<Tenant>, customers: &[Id<Customer>]) -> Query<Credit> {
    Query::new(tenant).of_each("customer_id", customers)
}

/// What invoices took of these credits, in the order in which they did.
pub fn applications_of(tenant: Id<Tenant>, credits: &[Id<Credit>]) -> Query<CreditApplication> {
    Query::new(tenant).of_each("credit_id", credits).order("created_at").order("invoice_id")
}

/// What these invoices took of credits, in the order in which they did.
pub fn taken_by(tenant: Id<Tenant>, invoices: &[Id<Invoice>]) -> Query<CreditApplication> {
    Query::new(tenant).of_each("invoice_id", invoices).order("created_at").order("credit_id")
}

/// The credits of these customers of which something remains, in the order in which they are stored again: two who do that
/// at once wait for each other, and never each for the other.
pub fn open_of(conn: &mut Conn, tenant: Id<Tenant>, customers: &[Id<Customer>]) -> Read<Vec<Credit>> {
    let pending = Bind::Text(CreditState::Pending.name().to_owned());
    let open = Query::new(tenant).of_each("customer_id", customers).order("id");
    open.filter(Condition::Is("state", Comparison::Equal, pending)).load(conn)
}

pub fn insert(tx: &mut Tx<'_>, tenant: Id<Tenant>, credit: &Credit) -> Read<()> {
    on_backend!(tx, |conn| diesel::insert_into(credits::table)
        .values((
            credits::tenant_id.eq(tenant),
            credits::id.eq(credit.id),
            credits::customer_id.eq(credit.customer_id),
            credits::subscription_id.eq(credit.subscription_id),
            credits::handle.eq(&credit.handle),
            credits::text.eq(&credit.text),
            credits::currency.eq(credit.amount.currency),
            credits::amount.eq(credit.amount.minor),
            credits::remaining.eq(credit.remaining.minor),
            credits::valid_from.eq(At(credit.valid_from)),
            credits::state.eq(credit.state),
            credits::version.eq(credit.version),
            credits::created_at.eq(At(credit.created_at)),
            credits::updated_at.eq(At(credit.updated_at)),
        ))
        .execute(conn))?;
    Ok(())
}

/// Stores how far a credit is used, over the version before. Whoever comes second loses the race.
pub fn update(tx: &mut Tx<'_>, tenant: Id<Tenant>, credit: &Credit) -> Read<()> {
    let rows = on_backend!(tx, |conn| change(credits::table)
        .filter(credits::tenant_id.eq(tenant))
        .filter(credits::id.eq(credit.id))
        .filter(credits::version.eq(credit.version - 1))
        .set((
            credits::remaining.eq(credit.remaining.minor),
            credits::state.eq(credit.state),
            credits::version.eq(credit.version),
            credits::updated_at.eq(At(credit.updated_at)),
        ))
        .execute(conn))?;
    changed(rows, 1)
}

/// Notes what invoices, which are stored already, took of credits.
pub fn insert_applications(tx: &mut Tx<'_>, tenant: Id<Tenant>, applications: &[CreditApplication]) -> Read<()> {
    rows!(credit_applications, applications, |application| {
        tenant_id: tenant,
        credit_id: application.credit_id,
        invoice_id: application.invoice_id,
        currency: application.amount.currency,
        amount: application.amount.minor,
        created_at: At(application.created_at),
        returned_at: application.returned_at.map(At),
    })
    .insert(tx)
}

/// Notes that what an invoice took of a credit went back, once.
pub fn return_application(tx: &mut Tx<'_>, tenant: Id<Tenant>, application: &CreditApplication) -> Read<()> {
    let rows = on_backend!(tx, |conn| change(credit_applications::table)
        .filter(credit_applications::tenant_id.eq(tenant))
        .filter(credit_applications::credit_id.eq(application.credit_id))
        .filter(credit_applications::invoice_id.eq(application.invoice_id))
        .filter(credit_applications::returned_at.is_null())
        .set(credit_applications::returned_at.eq(application.returned_at.map(At)))
        .execute(conn))?;
    changed(rows, 1)
}
