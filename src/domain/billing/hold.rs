//! Subscriptions that could not be billed: set aside with the reason, and tried again later and later.

use crate::domain::choice::choice;
use crate::domain::subscription::Subscription;
use crate::domain::{Entity, Id, Instant};
use chrono::TimeDelta;

/// Why a subscription was not billed, and when it is tried again.
#[derive(Clone, Debug)]
pub struct BillingHold {
    pub id: Id<BillingHold>,
    pub subscription_id: Id<Subscription>,
    pub code: HoldCode,
    pub message: String,
    /// How often it was tried, from 1.
    pub attempts: i32,
    pub since: Instant,
    pub retry_at: Instant,
}

impl Entity for BillingHold {
    const NAME: &'static str = "BillingHold";
    const PREFIX: &'static str = "hld";
}

choice! {
    /// Why a subscription could not be billed. More values may be added.
    pub enum HoldCode {
        /// What it comes to cannot be billed, such as an amount that is too large.
        NotBillable = "NOT_BILLABLE",
        /// Something of it is missing or contradicts itself.
        Inconsistent = "INCONSISTENT",
        /// The program failed; its log says how.
        Internal = "INTERNAL",
    }
}

impl BillingHold {
    /// The first attempt is repeated after this time; each further one takes twice as long to come.
    const FIRST_RETRY: TimeDelta = TimeDelta::minutes(5);
    /// The longest time between two attempts.
    const LONGEST_RETRY: TimeDelta = TimeDelta::days(1);

    /// What is noted of a subscription that failed at `now`; `before` is what was noted already.
    pub fn after_failure(
        before: Option<&BillingHold>,
        id: Id<BillingHold>,
        subscription_id: Id<Subscription>,
        (code, message): (HoldCode, String),
        now: Instant,
    ) -> Self {
        let attempts = before.map_or(0, |hold| hold.attempts).saturating_add(1);
        let doublings = u32::try_from(attempts - 1).unwrap_or(u32::MAX).min(20);
        let wait = (Self::FIRST_RETRY * 2i32.saturating_pow(doublings)).min(Self::LONGEST_RETRY);
        BillingHold {
            id: before.map_or(id, |hold| hold.id),
            subscription_id,
            code,
            message,
            attempts,
            since: before.map_or(now, |hold| hold.since),
            retry_at: now + wait,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn attempts_come_later_and_later_but_at_least_once_a_day() {
        let now = Instant::UNIX_EPOCH;
        let id = Id::new(Uuid::from_u128(1));
        let mut hold: Option<BillingHold> = None;
        let mut waits = Vec::new();
        for _ in 0..40 {
            let failed = (HoldCode::NotBillable, "too large".to_owned());
            let next = BillingHold::after_failure(hold.as_ref(), id, Id::new(Uuid::from_u128(2)), failed, now);
            waits.push((next.retry_at - now).num_minutes());
            hold = Some(next);
        }
        assert_eq!(waits[..4], [5, 10, 20, 40]);
        assert_eq!(waits[10..], [24 * 60; 30]);
        assert_eq!(hold.map(|hold| hold.attempts), Some(40));
    }
}
