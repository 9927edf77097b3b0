//! The arguments `allPlans` and `eligiblePlans`, which belong together.

use super::check::{self, Check};
use crate::domain::eligible_plans::EligiblePlans;
use async_graphql::MaybeUndefined;

/// The most plans that are named.
const MOST_PLANS: usize = 500;

/// Reads them: all plans where neither is given.
pub fn new(check: &mut Check, all: Option<bool>, named: Option<Vec<String>>) -> Option<EligiblePlans> {
    let named = match named {
        None => None,
        Some(codes) => Some(check.texts("eligiblePlans", codes, (0, MOST_PLANS), check::code)?),
    };
    check.take("eligiblePlans", EligiblePlans::try_new(all, named))
}

/// Reads a change of them: none where neither is given.
pub fn change(
    check: &mut Check,
    all: MaybeUndefined<bool>,
    named: MaybeUndefined<Vec<String>>,
) -> Option<Option<EligiblePlans>> {
    match (all, named) {
        (MaybeUndefined::Undefined, MaybeUndefined::Undefined) => Some(None),
        (all, named) => new(check, all.take(), named.take()).map(Some),
    }
}
