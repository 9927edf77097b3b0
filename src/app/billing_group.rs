//! Billing groups.

use super::customer;
use super::mutation::{Answer, Call, expect_version};
use crate::domain::Id;
use crate::domain::billing_group::{BillingDay, BillingGroup, BillingGroupStatus, not_found};
use crate::domain::customer::Customer;
use crate::domain::event::EventType;
use crate::repository::{self, Fault, Query, billing_group};
use serde::{Deserialize, Serialize};

/// What a client says of a new billing group.
#[derive(Clone, Debug)]
pub struct CreateBillingGroup {
    pub customer_id: Id<Customer>,
    pub name: String,
    pub billing_day: BillingDay,
}

/// What a client changes of a billing group: what is none stays. Due dates that are scheduled stay as they are.
#[derive(Clone, Debug)]
pub struct UpdateBillingGroup {
    pub billing_group_id: Id<BillingGroup>,
    pub expected_version: Option<i32>,
    pub name: Option<String>,
    pub billing_day: Option<BillingDay>,
    pub status: Option<BillingGroupStatus>,
}

/// The billing group that was created or changed.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct BillingGroupChanged {
    pub billing_group: Id<BillingGroup>,
}

pub fn create_billing_group(call: &Call<'_>, new: &CreateBillingGroup) -> Result<Answer<BillingGroupChanged>, Fault> {
    call.run(|work| {
        let customer = customer::active(work, new.customer_id)?;
        let group = BillingGroup {
            id: work.id(),
            customer_id: customer.id,
            name: new.name.clone(),
            billing_day: new.billing_day,
            status: BillingGroupStatus::Active,
            currency: None,
            version: 1,
            created_at: work.now,
            updated_at: work.now,
        };
        billing_group::insert(work.tx, work.tenant, &group)?;
        work.event(EventType::BillingGroupCreated, group.id, serde_json::json!({"customerId": customer.id}));
        Ok(BillingGroupChanged { billing_group: group.id })
    })
}

pub fn update_billing_group(
    call: &Call<'_>,
    change: &UpdateBillingGroup,
) -> Result<Answer<BillingGroupChanged>, Fault> {
    call.run(|work| {
        let outcome = BillingGroupChanged { billing_group: change.billing_group_id };
        let found = Query::by_id(work.tenant, change.billing_group_id).hold(work.tx)?;
        let mut group = found.ok_or_else(not_found)?;
        expect_version(change.expected_version, group.version, &outcome)?;
        group.name = change.name.clone().unwrap_or(group.name);
        group.billing_day = change.billing_day.unwrap_or(group.billing_day);
        group.status = change.status.unwrap_or(group.status);
        group.version += 1;
        group.updated_at = work.now;
        billing_group::update(work.tx, work.tenant, &group)?;
        if change.status.is_some() {
            // Those of a group that is not active any more are billed one by one.
            let together = group.status == BillingGroupStatus::Active;
            repository::billing::consolidate(work.tx, work.tenant, group.id, together)?;
        }
        work.event(EventType::BillingGroupUpdated, group.id, serde_json::json!({}));
        Ok(outcome)
    })
}
