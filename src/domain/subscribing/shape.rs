//! Which arguments contradict each other, whatever the database holds (`flexprice.md` §1.2). All of it is said at once.
//! What could not be read is left out here: it was refused already.

use super::request::InitialStatus;
use crate::domain::schedule::{BillingCycle, Interval};
use crate::domain::subscription::{CollectionMethod, PaymentBehavior, ProrationBehavior};
use crate::domain::{ErrorCode, Id, Instant, Refusal, price::Price};
use bigdecimal::BigDecimal;
use bigdecimal::num_bigint::Sign;

/// The arguments that can contradict each other.
#[derive(Default)]
pub struct Shape {
    pub start_date: Option<Instant>,
    pub end_date: Option<Instant>,
    pub billing_cycle: Option<BillingCycle>,
    pub billing_anchor: Option<Instant>,
    pub trial_start: Option<Instant>,
    pub trial_end: Option<Instant>,
    pub trial_days: Option<i32>,
    pub no_trial: bool,
    pub handle: bool,
    pub generate_handle: bool,
    pub status: Option<InitialStatus>,
    pub collection_method: Option<CollectionMethod>,
    pub payment_behavior: Option<PaymentBehavior>,
    pub conditional_create: bool,
    pub proration: Option<ProrationBehavior>,
    pub entitlements: bool,
    /// The prices that are overridden, in their order.
    pub overridden: Vec<Id<Price>>,
    /// Where each phase starts and ends, in their order.
    pub phases: Vec<(Instant, Option<Instant>)>,
}

impl Shape {
    pub fn contradictions(&self) -> Vec<Refusal> {
        let mut found = Vec::new();
        found.extend(self.handles());
        found.extend(self.ends());
        found.extend(self.anchor());
        found.extend(self.trial());
        found.extend(self.prorations());
        found.extend(self.payment());
        found.extend(duplicates(&self.overridden, &["priceOverrides"]));
        found.extend(self.phases());
        found
    }

    fn handles(&self) -> Option<Refusal> {
        let both = self.handle && self.generate_handle;
        both.then(|| invalid("Give a handle, or have one generated, not both.").at(&["generateHandle"]))
    }

    /// The end lies after the start: a subscription that is over when it starts is none.
    fn ends(&self) -> Option<Refusal> {
        let (start, end) = self.start_date.zip(self.end_date)?;
        let message = format!("The end must lie after the start, which is {}.", rfc3339(start));
        (end <= start).then(|| Refusal::new(ErrorCode::EndDateBeforeStart, message).at(&["endDate"]))
    }

    fn anchor(&self) -> Option<Refusal> {
        let calendar = self.billing_cycle == Some(BillingCycle::Calendar) && self.billing_anchor.is_some();
        calendar.then(anchor_on_calendar)
    }

    fn trial(&self) -> Option<Refusal> {
        let wrong = |field, message: &'static str| Some(Refusal::new(ErrorCode::InvalidTrial, message).at(&[field]));
        let dated = self.trial_start.is_some() || self.trial_end.is_some();
        if self.no_trial && (dated || self.trial_days.is_some_and(|days| days > 0)) {
            return wrong("noTrial", "This asks for a trial and for none: leave one of them out.");
        }
        match (self.trial_start, self.trial_end) {
            (None, None) => None,
            (Some(_), None) => wrong("trialEnd", "A trial that has a start has an end, too."),
            (None, Some(_)) => wrong("trialStart", "A trial that has an end has a start, too."),
            _ if self.trial_days.is_some_and(|days| days > 0) => {
                wrong("trialDays", "Say when the trial is, or how many days it takes, not both.")
            }
            (Some(start), Some(end)) if end <= start => wrong("trialEnd", "A trial ends after it starts."),
            (Some(start), _) if self.start_date.is_some_and(|begin| start > begin) => {
                wrong("trialStart", "A trial starts with the subscription or before it.")
            }
            (_, Some(end)) if self.start_date.is_some_and(|begin| end < begin) => {
                wrong("trialEnd", "A trial does not end before the subscription starts.")
            }
            _ => None,
        }
    }

    fn prorations(&self) -> Option<Refusal> {
        let both = self.proration == Some(ProrationBehavior::CreateProrations) && self.entitlements;
        both.then(|| {
            let message = "A subscription with entitlements of its own cannot be prorated.";
            Refusal::new(ErrorCode::ProrationWithEntitlements, message).at(&["prorationBehavior"])
        })
    }

    fn payment(&self) -> Option<Refusal> {
        use CollectionMethod::{ChargeAutomatically, SendInvoice};
        let refused =
            |field, message: &'static str| Some(Refusal::new(ErrorCode::InvalidPaymentBehavior, message).at(&[field]));
        let method = self.collection_method.unwrap_or(ChargeAutomatically);
        let behavior = self.payment_behavior.unwrap_or(PaymentBehavior::DefaultActive);
        if !method.takes(behavior) {
            return refused(
                "paymentBehavior",
                match method {
                    ChargeAutomatically => {
                        "CHARGE_AUTOMATICALLY takes DEFAULT_ACTIVE, ALLOW_INCOMPLETE or ERROR_IF_INCOMPLETE."
                    }
                    SendInvoice => "SEND_INVOICE takes DEFAULT_ACTIVE or DEFAULT_INCOMPLETE.",
                },
            );
        }
        if self.conditional_create && method == SendInvoice {
            return refused("conditionalCreate", "A payment is a condition only where it is charged automatically.");
        }
        None
    }

    fn phases(&self) -> Vec<Refusal> {
        let mut found = Vec::new();
        let (Some((first, _)), Some((_, end))) = (self.phases.first(), self.phases.last()) else { return found };
        let at = |code, message: &'static str, index: usize, field| {
            Refusal::new(code, message).at(&["phases", &index.to_string(), field])
        };
        if self.status == Some(InitialStatus::Draft) {
            let message = "A draft has no phases: create it without them, or not as a draft.";
            found.push(Refusal::new(ErrorCode::PhasesNotAllowedForDraft, message).at(&["phases"]));
        }
        if self.start_date.is_some_and(|start| start != *first) {
            let message = "The first phase starts with the subscription.";
            found.push(at(ErrorCode::PhasesNotAligned, message, 0, "startDate"));
        }
        let last = self.phases.len() - 1;
        for (index, (start, end)) in self.phases.iter().enumerate() {
            match end {
                Some(end) if end <= start => {
                    let message = "A phase ends after it starts.";
                    found.push(at(ErrorCode::PhaseEndBeforeStart, message, index, "endDate"));
                }
                None if index < last => {
                    let message = "Only the last phase may go on without an end.";
                    found.push(at(ErrorCode::PhaseEndRequired, message, index, "endDate"));
                }
                _ => {}
            }
        }
        for (index, pair) in self.phases.windows(2).enumerate() {
            if let [(_, Some(end)), (next, _)] = pair
                && end != next
            {
                let message = "Phases must be continuous: each starts where the one before it ends.";
                found.push(at(ErrorCode::PhasesNotContinuous, message, index + 1, "startDate"));
            }
        }
        if self.end_date.zip(*end).is_some_and(|(whole, phase)| whole != phase) {
            found.push(at(ErrorCode::PhasesNotAligned, "The last phase ends with the subscription.", last, "endDate"));
        }
        found
    }
}

impl CollectionMethod {
    /// Whether this behaviour goes with it (`flexprice.md` §1.2, rule 15).
    pub fn takes(self, behavior: PaymentBehavior) -> bool {
        use PaymentBehavior::{AllowIncomplete, DefaultActive, DefaultIncomplete, ErrorIfIncomplete};
        match self {
            CollectionMethod::ChargeAutomatically => {
                matches!(behavior, DefaultActive | AllowIncomplete | ErrorIfIncomplete)
            }
            CollectionMethod::SendInvoice => matches!(behavior, DefaultActive | DefaultIncomplete),
        }
    }
}

/// The refusal for an anchor where the calendar or fixed days say when periods begin.
pub(super) fn anchor_on_calendar() -> Refusal {
    let message = "This schedule says by itself when periods begin: leave the anchor out, or bill by ANNIVERSARY.";
    Refusal::new(ErrorCode::InvalidBillingAnchor, message).at(&["billingAnchor"])
}

/// Refuses each price that was overridden before in the same list.
pub fn duplicates(overridden: &[Id<Price>], path: &[&str]) -> Vec<Refusal> {
    let again = |(index, price): (usize, &Id<Price>)| {
        let before = overridden.iter().take(index).any(|known| known == price);
        let index = index.to_string();
        let path: Vec<&str> = path.iter().copied().chain([index.as_str(), "priceId"]).collect();
        before.then(|| Refusal::new(ErrorCode::DuplicatePriceOverride, "This price is overridden twice.").at(&path))
    };
    overridden.iter().enumerate().filter_map(again).collect()
}

// ---------------------------------------------------------------- single arguments

/// How many periods are billed together: 0 counts as 1 (`flexprice.md` V30).
pub fn billing_period_count(count: i32) -> Result<Interval, Refusal> {
    let count = Interval::try_new(if count == 0 { 1 } else { count });
    count.map_err(|wrong| Refusal::new(ErrorCode::InvalidBillingPeriodCount, wrong.to_string()))
}

/// How many days a trial takes: 0 is none.
pub fn trial_days(days: i32) -> Result<i32, Refusal> {
    const MOST: i32 = 3660;
    let message = format!("A trial takes between 0 and {MOST} days.");
    if (0..=MOST).contains(&days) { Ok(days) } else { Err(Refusal::new(ErrorCode::InvalidTrial, message)) }
}

/// What a customer commits to.
pub fn commitment_amount(amount: BigDecimal) -> Result<BigDecimal, Refusal> {
    match amount.sign() {
        Sign::Minus => Err(Refusal::new(ErrorCode::InvalidCommitment, "A commitment must not be negative.")),
        _ => Ok(amount),
    }
}

/// What usage beyond a commitment costs, as a multiple: 1 to 1,000.
pub fn overage_factor(factor: BigDecimal) -> Result<BigDecimal, Refusal> {
    if (BigDecimal::from(1)..=BigDecimal::from(1000)).contains(&factor) {
        Ok(factor)
    } else {
        Err(Refusal::new(ErrorCode::InvalidOverageFactor, "An overage factor lies between 1 and 1000."))
    }
}

fn invalid(message: &'static str) -> Refusal {
    Refusal::new(ErrorCode::ValidationError, message)
}

fn rfc3339(instant: Instant) -> String {
    instant.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true)
}

#[cfg(test)]
mod tests;
