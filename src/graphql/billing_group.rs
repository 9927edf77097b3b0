//! Billing groups.

use super::check::{self, Check};
use super::engine::{Object, Type};
use super::mutations::{Mutation, Wire, payload, run};
use crate::app::billing_group::{
    BillingGroupChanged, CreateBillingGroup, UpdateBillingGroup, create_billing_group, update_billing_group,
};
use crate::domain::Refusal;
use crate::domain::api_key::Scope;
use crate::domain::billing_group::{BillingDay, BillingGroup, BillingGroupStatus};
use crate::repository::subscription;
use async_graphql::{ID, InputObject, MaybeUndefined};

impl Object for BillingGroup {
    fn declare() -> Type<Self> {
        Type::new("BillingGroup", "Subscriptions of one customer that are billed together, on one day of the month.")
            .node(|group: &BillingGroup| group.id)
            .column("name", "The name.", |group| &group.name)
            .column("billingDay", "The day of the month on which it is billed: 1 to 28.", |group| &group.billing_day)
            .column("status", "Whether it takes part in billing.", |group| &group.status)
            .column("currency", "The currency of its subscriptions; null before the first one joins.", |group| {
                &group.currency
            })
            .one("customer", "Whose group it is.", |group| group.customer_id)
            .connection("subscriptions", "Its subscriptions.", subscription::of_billing_groups, |subscription| {
                subscription.billing_group_id
            })
            .column("version", "Counts its changes: for `expectedVersion`.", |group| &group.version)
            .column("createdAt", "When it was created.", |group| &group.created_at)
            .column("updatedAt", "When it was last changed.", |group| &group.updated_at)
    }
}

/// A new billing group.
#[derive(InputObject)]
pub struct CreateBillingGroupInput {
    /// Whose group it is.
    customer_id: ID,
    /// The name.
    name: String,
    /// The day of the month on which it is billed: 1 to 28.
    billing_day: i32,
}

impl CreateBillingGroupInput {
    fn read(self) -> Result<CreateBillingGroup, Vec<Refusal>> {
        Check::input(|check| {
            let customer_id = check.take("customerId", check::id(self.customer_id));
            let name = check.take("name", check::name(self.name));
            let billing_day = check.take("billingDay", BillingDay::try_new(self.billing_day));
            Some(CreateBillingGroup { customer_id: customer_id?, name: name?, billing_day: billing_day? })
        })
    }
}

/// What to change of a billing group. What is left out stays; due dates that are scheduled stay as they are.
#[derive(InputObject)]
pub struct UpdateBillingGroupInput {
    /// Which group.
    billing_group_id: ID,
    /// Refuse with CONFLICT unless the group is at this version.
    expected_version: Option<i32>,
    /// The name.
    name: MaybeUndefined<String>,
    /// The day of the month on which it is billed: 1 to 28.
    billing_day: MaybeUndefined<i32>,
    /// Whether it takes part in billing.
    status: MaybeUndefined<Wire<BillingGroupStatus>>,
}

impl UpdateBillingGroupInput {
    fn read(self) -> Result<UpdateBillingGroup, Vec<Refusal>> {
        Check::input(|check| {
            let group = check.take("billingGroupId", check::id(self.billing_group_id));
            let name = check.set("name", self.name, check::name);
            let billing_day = check.set("billingDay", self.billing_day, BillingDay::try_new);
            let status = check.set("status", self.status, |wire| Ok::<_, String>(wire.0));
            Some(UpdateBillingGroup {
                billing_group_id: group?,
                expected_version: self.expected_version,
                name: name?,
                billing_day: billing_day?,
                status: status?,
            })
        })
    }
}

payload! {
    /// What `createBillingGroup` answers.
    CreateBillingGroupPayload of BillingGroupChanged {
        /// The new group.
        "billingGroup": BillingGroup => |changed| Some(changed.billing_group),
    }
}
payload! {
    /// What `updateBillingGroup` answers.
    UpdateBillingGroupPayload of BillingGroupChanged {
        /// The group as it is now.
        "billingGroup": BillingGroup => |changed| Some(changed.billing_group),
    }
}

pub fn mutations() -> Vec<Mutation> {
    vec![
        Mutation::new(
            "createBillingGroup",
            "Creates a billing group. Errors: VALIDATION_ERROR, INVALID_BILLING_DAY, CUSTOMER_NOT_FOUND, CUSTOMER_DELETED.",
            Scope::Write,
            |on, running, input: CreateBillingGroupInput| {
                run::<_, _, CreateBillingGroupPayload>(on, running, input.read(), create_billing_group)
            },
        ),
        Mutation::new(
            "updateBillingGroup",
            "Changes a billing group. Errors: VALIDATION_ERROR, INVALID_BILLING_DAY, BILLING_GROUP_NOT_FOUND, CONFLICT.",
            Scope::Write,
            |on, running, input: UpdateBillingGroupInput| {
                run::<_, _, UpdateBillingGroupPayload>(on, running, input.read(), update_billing_group)
            },
        ),
    ]
}
