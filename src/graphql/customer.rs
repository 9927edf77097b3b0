//! Customers.

use super::check::{self, Check};
use super::engine::{Object, Type};
use super::mutations::{Mutation, payload, run};
use super::scalars::{CountryCode, Json, TimeZone};
use crate::app::customer::{
    CreateCustomer, CustomerChanged, UpdateCustomer, archive_customer, create_customer, update_customer,
};
use crate::domain::Refusal;
use crate::domain::api_key::Scope;
use crate::domain::customer::{Customer, CustomerRevenue};
use crate::repository::{
    asset, billing_group, credit, customer, entitlement, invoice, order, payment_method, received, subscription,
};
use async_graphql::{ID, InputObject, MaybeUndefined};

impl Object for Customer {
    fn declare() -> Type<Self> {
        Type::new("Customer", "Who orders and rents.")
            .node(|customer: &Customer| customer.id)
            .column("externalId", "Its identifier in your other systems; null where it has none.", |customer| {
                &customer.external_id
            })
            .column("name", "The name.", |customer| &customer.name)
            .column("email", "Where mail goes; null where it is not known.", |customer| &customer.email)
            .column("phone", "The telephone number; null where it is not known.", |customer| &customer.phone)
            .column("timezone", "Its own time zone; null where it is the tenant's.", |customer| &customer.timezone)
            .column("country", "The country whose tax its invoices have; null where it is not known.", |customer| {
                &customer.country
            })
            .maybe("parent", "The customer above it; null where there is none.", |customer| customer.parent_customer_id)
            .connection("children", "The customers below it.", customer::children_of, |child| child.parent_customer_id)
            .column("deviceCount", "How many devices it has on live subscriptions.", |customer| &customer.device_count)
            .many(
                "monthlyRevenue",
                "What its live rentals bring in a month: an amount for each currency.",
                customer::revenues_of,
                |revenue| revenue.customer_id,
            )
            .many("billingGroups", "Its billing groups, oldest first.", billing_group::of_customers, |group| {
                group.customer_id
            })
            .many("paymentMethods", "Its payment methods, oldest first.", payment_method::of_customers, |method| {
                method.customer_id
            })
            .many(
                "entitlements",
                "What it may use, by all of its running subscriptions.",
                entitlement::of_customers,
                |entitlement| entitlement.customer_id,
            )
            .connection("invoices", "The invoices that it gets.", invoice::of_customers, |invoice| invoice.customer_id)
            .connection("payments", "What it paid.", received::of_customers, |payment| payment.customer_id)
            .connection("credits", "What it has in its favour.", credit::of_customers, |credit| credit.customer_id)
            .connection("orders", "Its orders.", order::of_customers, |order| order.customer_id)
            .connection("subscriptions", "Its subscriptions.", subscription::of_customers, |subscription| {
                subscription.customer_id
            })
            .connection("assets", "The devices that it has.", asset::of_customers, |asset| asset.customer_id)
            .column("metadata", "Whatever you keep with it.", |customer| &customer.metadata)
            .column("version", "Counts its changes: for `expectedVersion`.", |customer| &customer.version)
            .column("createdAt", "When it was created.", |customer| &customer.created_at)
            .column("updatedAt", "When it was last changed.", |customer| &customer.updated_at)
            .column("archivedAt", "Since when nothing new begins for it; null while it is not archived.", |customer| {
                &customer.archived_at
            })
    }
}

impl Object for CustomerRevenue {
    fn declare() -> Type<Self> {
        Type::new("MonthlyRevenue", "What a customer's live rentals bring in a month, in one currency.")
            .computed("amount", "The amount, such as \"129.00\".", |revenue: &CustomerRevenue| revenue.monthly)
            .computed("currency", "The currency.", |revenue| revenue.monthly.currency)
    }
}

/// A new customer.
#[derive(InputObject)]
pub struct CreateCustomerInput {
    /// Its identifier in your other systems, unique in the tenant.
    external_id: Option<String>,
    /// Where mail goes.
    email: Option<String>,
    /// The name.
    name: String,
    /// The telephone number.
    phone: Option<String>,
    /// Its own time zone; the tenant's where there is none.
    timezone: Option<TimeZone>,
    /// The country whose tax its invoices have.
    country: Option<CountryCode>,
    /// The customer above it.
    parent_customer_id: Option<ID>,
    /// Whatever you keep with it: an object of at most 16 kB.
    metadata: Option<Json>,
}

impl CreateCustomerInput {
    fn read(self) -> Result<CreateCustomer, Vec<Refusal>> {
        Check::input(|check| self.read_in(check))
    }

    /// Reads it where it stands in another input.
    pub fn read_in(self, check: &mut Check) -> Option<CreateCustomer> {
        let external_id = check.maybe("externalId", self.external_id, check::code);
        let name = check.take("name", check::name(self.name));
        let email = check.maybe("email", self.email, check::email);
        let phone = check.maybe("phone", self.phone, check::code);
        let timezone = check.maybe("timezone", self.timezone, check::zone);
        let country = check.maybe("country", self.country, check::country);
        let parent = check.maybe("parentCustomerId", self.parent_customer_id, check::id);
        let metadata = check.maybe("metadata", self.metadata, check::metadata);
        Some(CreateCustomer {
            external_id: external_id?,
            name: name?,
            email: email?,
            phone: phone?,
            timezone: timezone?,
            country: country?,
            parent_customer_id: parent?,
            metadata: check::new_metadata(metadata?),
        })
    }
}

/// What to change of a customer. What is left out stays; null clears.
#[derive(InputObject)]
pub struct UpdateCustomerInput {
    /// Which customer.
    customer_id: ID,
    /// Refuse with CONFLICT unless the customer is at this version.
    expected_version: Option<i32>,
    /// Its identifier in your other systems, unique in the tenant.
    external_id: MaybeUndefined<String>,
    /// Where mail goes.
    email: MaybeUndefined<String>,
    /// The name.
    name: MaybeUndefined<String>,
    /// The telephone number.
    phone: MaybeUndefined<String>,
    /// Its own time zone.
    timezone: MaybeUndefined<TimeZone>,
    /// The country whose tax its invoices have, from the next one on.
    country: MaybeUndefined<CountryCode>,
    /// The customer above it.
    parent_customer_id: MaybeUndefined<ID>,
    /// Whatever you keep with it: replaces what was kept.
    metadata: MaybeUndefined<Json>,
}

impl UpdateCustomerInput {
    fn read(self) -> Result<UpdateCustomer, Vec<Refusal>> {
        Check::input(|check| {
            let customer_id = check.take("customerId", check::id(self.customer_id));
            let external_id = check.change("externalId", self.external_id, check::code);
            let name = check.set("name", self.name, check::name);
            let email = check.change("email", self.email, check::email);
            let phone = check.change("phone", self.phone, check::code);
            let timezone = check.change("timezone", self.timezone, check::zone);
            let country = check.change("country", self.country, check::country);
            let parent = check.change("parentCustomerId", self.parent_customer_id, check::id);
            let metadata = check.set("metadata", self.metadata, check::metadata);
            Some(UpdateCustomer {
                customer_id: customer_id?,
                expected_version: self.expected_version,
                external_id: external_id?,
                name: name?,
                email: email?,
                phone: phone?,
                timezone: timezone?,
                country: country?,
                parent_customer_id: parent?,
                metadata: metadata?,
            })
        })
    }
}

/// Which customer to archive.
#[derive(InputObject)]
pub struct ArchiveCustomerInput {
    /// Which customer.
    customer_id: ID,
    /// Refuse with CONFLICT unless the customer is at this version.
    expected_version: Option<i32>,
}

payload! {
    /// What `createCustomer` answers.
    CreateCustomerPayload of CustomerChanged {
        /// The new customer.
        "customer": Customer => |changed| Some(changed.customer),
    }
}
payload! {
    /// What `updateCustomer` answers.
    UpdateCustomerPayload of CustomerChanged {
        /// The customer as it is now.
        "customer": Customer => |changed| Some(changed.customer),
    }
}

payload! {
    /// What `archiveCustomer` answers.
    ArchiveCustomerPayload of CustomerChanged {
        /// The customer as it is now.
        "customer": Customer => |changed| Some(changed.customer),
    }
}

pub fn mutations() -> Vec<Mutation> {
    vec![
        Mutation::new(
            "createCustomer",
            "Creates a customer. Errors: VALIDATION_ERROR, DUPLICATE_HANDLE (the external id is taken), \
             CUSTOMER_NOT_FOUND (the parent).",
            Scope::Write,
            |on, running, input: CreateCustomerInput| {
                run::<_, _, CreateCustomerPayload>(on, running, input.read(), create_customer)
            },
        ),
        Mutation::new(
            "updateCustomer",
            "Changes a customer. Errors: VALIDATION_ERROR, CUSTOMER_NOT_FOUND, CONFLICT, DUPLICATE_HANDLE, PARENT_CYCLE.",
            Scope::Write,
            |on, running, input: UpdateCustomerInput| {
                run::<_, _, UpdateCustomerPayload>(on, running, input.read(), update_customer)
            },
        ),
        Mutation::new(
            "archiveCustomer",
            "Archives a customer: nothing new begins for it, what was ordered before is still delivered. One that is \
             archived stays as it is. Errors: VALIDATION_ERROR, CUSTOMER_NOT_FOUND, CONFLICT (another version, or there \
             are live subscriptions).",
            Scope::Write,
            |on, running, input: ArchiveCustomerInput| {
                let version = input.expected_version;
                let customer = Check::input(|check| check.take("customerId", check::id(input.customer_id)));
                run::<_, _, ArchiveCustomerPayload>(on, running, customer, |call, customer| {
                    archive_customer(call, *customer, version)
                })
            },
        ),
    ]
}
