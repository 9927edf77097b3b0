//! All rows of one tenant in memory, as the schema shows them: what the oracle looks things up in. Nothing here is
//! clever, and nothing is shared with the engine but the repository's own reading of whole tables.

mod catalogue;
mod credits;
mod invoices;
mod keys;
mod payments;
mod plans;
pub mod subscriptions;
mod usage;

use async_graphql::Value;
use perennial::app::Viewer;
use perennial::domain::{Choice, Date, Entity, Id, Instant, Money};
use perennial::repository::{Db, Fault, Query, asset, billing_group, customer, order, product};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// One row: its type, and a value for each field that is no list of other rows. A field that leads to one other row
/// holds its id.
pub struct Row {
    pub ty: &'static str,
    pub cells: BTreeMap<&'static str, Value>,
}

impl Row {
    pub fn cell(&self, name: &str) -> &Value {
        self.cells.get(name).unwrap_or(&Value::Null)
    }

    pub fn id(&self) -> &str {
        text(self.cell("id"))
    }
}

/// The text of a value; empty where it is none.
pub fn text(value: &Value) -> &str {
    match value {
        Value::String(text) => text,
        Value::Enum(name) => name,
        _ => "",
    }
}

/// Which list of other rows a field is: the field of the other type, and the field of this one that must be the same. The
/// lists that are not paged come in the order in which [`Store::load`] reads them.
pub fn list_of(ty: &str, field: &str) -> Option<(&'static str, &'static str)> {
    let link = match (ty, field) {
        ("Plan", "versions") => return Some(("code", "code")),
        ("Plan", "prices" | "entitlements" | "subscriptions") => "plan",
        ("AddOn", "entitlements") => "addOn",
        ("Discount", "coupons") => "discount",
        ("Order", "items" | "subscriptions") => "order",
        ("Order", "reservedAssets") => "reservedFor",
        ("OrderItem", "subscriptions") => "orderItem",
        ("Customer" | "Subscription", "children") => "parent",
        (
            "Customer",
            "monthlyRevenue" | "billingGroups" | "paymentMethods" | "entitlements" | "invoices" | "orders"
            | "subscriptions" | "assets" | "credits" | "payments",
        ) => "customer",
        ("Product", "rentalPrices" | "assets") => "product",
        (
            "Subscription",
            "paymentSchedule" | "items" | "addOns" | "additionalCosts" | "discounts" | "phases" | "entitlements"
            | "invoices" | "usageEvents",
        ) => "subscription",
        ("Invoice", "lines" | "creditApplications" | "creditNotes" | "payments" | "attempts") => "invoice",
        ("Payment", "refunds") => "payment",
        ("Credit", "applications") => "credit",
        ("CreditNote", "lines") => "creditNote",
        ("BillingGroup", "subscriptions") => "billingGroup",
        ("Asset", "assignments") => "asset",
        _ => return None,
    };
    Some((link, "id"))
}

#[derive(Default)]
pub struct Store {
    pub rows: Vec<Arc<Row>>,
    by_id: HashMap<String, Arc<Row>>,
}

impl Store {
    pub fn of<'s>(&'s self, ty: &'s str) -> impl Iterator<Item = &'s Arc<Row>> {
        self.rows.iter().filter(move |row| row.ty == ty)
    }

    /// The row of this type with this id.
    pub fn find(&self, ty: &str, id: &str) -> Option<&Arc<Row>> {
        self.by_id.get(id).filter(|row| row.ty == ty)
    }

    fn add(&mut self, ty: &'static str, cells: impl IntoIterator<Item = (&'static str, Value)>) {
        let row = Arc::new(Row { ty, cells: cells.into_iter().collect() });
        if !row.id().is_empty() {
            self.by_id.insert(row.id().to_owned(), row.clone());
        }
        self.rows.push(row);
    }

    /// Reads everything that the viewer's tenant has.
    pub fn load(db: &Db, viewer: &Viewer) -> Store {
        db.read(|conn| {
            let mut store = Store::default();
            let tenant = viewer.tenant_id;
            for row in Query::by_id(tenant, tenant).load(conn)? {
                store.tenant(&row);
            }
            let customers = customer::all(tenant).order("id").load(conn)?;
            let customer_ids: Vec<_> = customers.iter().map(|row| row.id).collect();
            customers.iter().for_each(|row| store.customer(row));
            for row in customer::revenues_of(tenant, &customer_ids).load(conn)? {
                let (amount, currency) = (row.monthly.to_string().into(), row.monthly.currency.code().into());
                let cells = [("customer", id(row.customer_id)), ("amount", amount), ("currency", currency)];
                store.add("MonthlyRevenue", cells);
            }
            for row in billing_group::of_customers(tenant, &customer_ids).load(conn)? {
                store.billing_group(&row);
            }
            store.payments(conn, tenant, &customer_ids)?;
            let products = product::all(tenant).order("id").load(conn)?;
            let product_ids: Vec<_> = products.iter().map(|row| row.id).collect();
            products.iter().for_each(|row| store.product(row));
            for row in product::prices_of(tenant, &product_ids).load(conn)? {
                let length = i32::from(row.contract_length).into();
                let cells = [
                    ("product", id(row.product_id)),
                    ("contractLength", length),
                    ("monthlyPrice", money(row.monthly_price)),
                ];
                store.add("RentalPrice", cells);
            }
            let orders = order::all(tenant).order("id").load(conn)?;
            let order_ids: Vec<_> = orders.iter().map(|row| row.id).collect();
            orders.iter().for_each(|row| store.order(row));
            order::items_of(tenant, &order_ids).load(conn)?.iter().for_each(|row| store.order_item(row));
            let assets = asset::all(tenant).order("id").load(conn)?;
            let asset_ids: Vec<_> = assets.iter().map(|row| row.id).collect();
            assets.iter().for_each(|row| store.asset(row));
            for row in asset::assignments_of(tenant, &asset_ids).load(conn)? {
                store.add(
                    "AssetAssignment",
                    [
                        ("id", id(row.id)),
                        ("asset", id(row.asset_id)),
                        ("customer", id(row.customer_id)),
                        ("subscription", id(row.subscription_id)),
                        ("assignedAt", instant(row.assigned_at)),
                        ("returnedAt", maybe(row.returned_at, instant)),
                    ],
                );
            }
            let (subscription_ids, used) = store.subscriptions(conn, tenant)?;
            store.usage(&used);
            store.invoices(conn, tenant)?;
            store.catalogue(conn, tenant, &used)?;
            store.credits(conn, tenant)?;
            store.keys(conn, tenant)?;
            store.plans(conn, tenant, &subscription_ids)?;
            Ok::<_, Fault>(store)
        })
        .expect("the database answers")
    }

    fn tenant(&mut self, row: &perennial::domain::tenant::Tenant) {
        self.add(
            "Tenant",
            [
                ("id", id(row.id)),
                ("name", row.name.clone().into()),
                ("billingStart", choice(row.settings.billing_start)),
                ("timezone", row.settings.timezone.name().into()),
                ("defaultCurrency", row.settings.default_currency.code().into()),
                ("mode", choice(row.settings.mode)),
                ("amountsIncludeTax", row.settings.amounts_include_tax.into()),
                ("taxRate", row.settings.tax_rate.decimal().to_plain_string().into()),
                ("multipleDiscountsAllowed", row.settings.multiple_discounts_allowed.into()),
                ("discountOrder", choice(row.settings.discount_order)),
                ("percentageBase", choice(row.settings.percentage_base)),
                (
                    "dunning",
                    async_graphql::value!({
                        "schedule": row.settings.dunning.schedule.days(),
                        "finalAction": choice(row.settings.dunning.final_action),
                        "graceSeconds": row.settings.dunning.grace_seconds,
                        "noGraceOnHardDecline": row.settings.dunning.no_grace_on_hard_decline,
                    }),
                ),
                ("usageGraceSeconds", row.settings.usage_grace_seconds.into()),
                ("monthToMonth", row.settings.month_to_month.into()),
                ("defaultPaymentTerms", maybe(row.settings.default_payment_terms, choice)),
                ("clock", maybe(row.clock, instant)),
                ("now", maybe(row.clock, instant)),
                ("version", row.version.into()),
                ("createdAt", instant(row.created_at)),
                ("updatedAt", instant(row.updated_at)),
            ],
        );
    }

    fn customer(&mut self, row: &perennial::domain::customer::Customer) {
        self.add(
            "Customer",
            [
                ("id", id(row.id)),
                ("externalId", maybe(row.external_id.as_deref(), Value::from)),
                ("name", row.name.clone().into()),
                ("email", maybe(row.email.as_deref(), Value::from)),
                ("phone", maybe(row.phone.as_deref(), Value::from)),
                ("timezone", maybe(row.timezone, |zone| zone.name().into())),
                ("country", maybe(row.country, |country| country.code().into())),
                ("parent", maybe(row.parent_customer_id, id)),
                ("deviceCount", row.device_count.into()),
                ("metadata", json(row.metadata.as_str())),
                ("version", row.version.into()),
                ("createdAt", instant(row.created_at)),
                ("updatedAt", instant(row.updated_at)),
                ("archivedAt", maybe(row.archived_at, instant)),
            ],
        );
    }

    fn billing_group(&mut self, row: &perennial::domain::billing_group::BillingGroup) {
        self.add(
            "BillingGroup",
            [
                ("id", id(row.id)),
                ("name", row.name.clone().into()),
                ("billingDay", i32::from(row.billing_day.number()).into()),
                ("status", choice(row.status)),
                ("currency", maybe(row.currency, |currency| currency.code().into())),
                ("customer", id(row.customer_id)),
                ("version", row.version.into()),
                ("createdAt", instant(row.created_at)),
                ("updatedAt", instant(row.updated_at)),
            ],
        );
    }

    fn product(&mut self, row: &perennial::domain::product::Product) {
        self.add(
            "Product",
            [
                ("id", id(row.id)),
                ("sku", row.sku.clone().into()),
                ("name", row.name.clone().into()),
                ("status", choice(row.status)),
                ("currency", row.currency.code().into()),
                ("listPrice", maybe(row.list_price, money)),
                ("metadata", json(row.metadata.as_str())),
                ("version", row.version.into()),
                ("createdAt", instant(row.created_at)),
                ("updatedAt", instant(row.updated_at)),
            ],
        );
    }

    fn order(&mut self, row: &perennial::domain::order::Order) {
        self.add(
            "Order",
            [
                ("id", id(row.id)),
                ("number", row.number.clone().into()),
                ("status", choice(row.status)),
                ("customer", id(row.customer_id)),
                ("currency", row.currency.code().into()),
                ("totalDevices", row.total_devices.into()),
                ("rentedDevices", row.rented_devices.into()),
                ("billingGroup", maybe(row.billing_group_id, id)),
                ("notes", maybe(row.notes.as_deref(), Value::from)),
                ("cancelReason", maybe(row.cancel_reason.as_deref(), Value::from)),
                ("version", row.version.into()),
                ("createdAt", instant(row.created_at)),
                ("updatedAt", instant(row.updated_at)),
                ("confirmedAt", maybe(row.confirmed_at, instant)),
                ("fulfilledAt", maybe(row.fulfilled_at, instant)),
                ("cancelledAt", maybe(row.cancelled_at, instant)),
            ],
        );
    }

    fn order_item(&mut self, row: &perennial::domain::order::OrderItem) {
        self.add(
            "OrderItem",
            [
                ("id", id(row.id)),
                ("order", id(row.order_id)),
                ("product", id(row.product_id)),
                ("sku", row.sku.clone().into()),
                ("quantity", row.quantity.into()),
                ("fulfilledQuantity", row.fulfilled_quantity.into()),
                ("unitPrice", money(row.unit_price)),
                ("contractLength", i32::from(row.contract_length).into()),
            ],
        );
    }

    fn asset(&mut self, row: &perennial::domain::asset::Asset) {
        self.add(
            "Asset",
            [
                ("id", id(row.id)),
                ("serialNumber", row.serial_number.clone().into()),
                ("sku", row.sku.clone().into()),
                ("product", id(row.product_id)),
                ("status", choice(row.status)),
                ("unavailableReason", maybe(row.reason, choice)),
                ("reservedFor", maybe(row.reserved_order_id, id)),
                ("customer", maybe(row.customer_id, id)),
                ("subscription", maybe(row.subscription_id, id)),
                ("acquisitionCost", maybe(row.acquisition_cost, money)),
                ("location", maybe(row.location.as_deref(), Value::from)),
                ("notes", maybe(row.notes.as_deref(), Value::from)),
                ("version", row.version.into()),
                ("createdAt", instant(row.created_at)),
                ("updatedAt", instant(row.updated_at)),
            ],
        );
    }
}

fn maybe<T>(value: Option<T>, write: impl FnOnce(T) -> Value) -> Value {
    value.map_or(Value::Null, write)
}

fn id<E: Entity>(id: Id<E>) -> Value {
    id.to_string().into()
}

fn choice<C: Choice>(choice: C) -> Value {
    choice.name().into()
}

fn day(day: Date) -> Value {
    day.to_string().into()
}

fn instant(instant: Instant) -> Value {
    let form = if instant.timestamp_subsec_micros() == 0 { "%Y-%m-%dT%H:%M:%SZ" } else { "%Y-%m-%dT%H:%M:%S%.6fZ" };
    instant.format(form).to_string().into()
}

fn money(money: Money) -> Value {
    async_graphql::value!({"amount": money.to_string(), "currency": money.currency.code()})
}

fn json(text: &str) -> Value {
    serde_json::from_str::<Value>(text).expect("metadata is JSON")
}
