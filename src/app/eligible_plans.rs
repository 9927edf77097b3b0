//! Which plans something of the catalogue goes with.

use super::mutation::{Stop, Work};
use crate::domain::eligible_plans::EligiblePlans;
use crate::domain::plan;
use crate::repository;

/// Refuses plans that are not offered; blames the first of them among the `eligiblePlans`.
pub fn check(work: &mut Work<'_, '_>, plans: &EligiblePlans) -> Result<(), Stop> {
    let tenant = work.tenant;
    let offered = repository::plan::offered(tenant, plans.codes()).load(work.conn())?;
    let unknown = plans.codes().iter().position(|code| offered.iter().all(|plan| plan.code != *code));
    match unknown {
        Some(index) => Err(plan::not_found().at(&["eligiblePlans", &index.to_string()]).into()),
        None => Ok(()),
    }
}
