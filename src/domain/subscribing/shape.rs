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
pub struct Shape<'a> {
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
    pub phases: &'a [(Instant, Option<Instant>)],
}

impl Shape<'_> {
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
mod tests {
    use super::*;
    use crate::domain::ErrorCode::{
        DuplicatePriceOverride, EndDateBeforeStart, InvalidBillingAnchor, InvalidBillingPeriodCount, InvalidCommitment,
        InvalidOverageFactor, InvalidPaymentBehavior, InvalidTrial, PhaseEndBeforeStart, PhaseEndRequired,
        PhasesNotAligned, PhasesNotAllowedForDraft, PhasesNotContinuous, ProrationWithEntitlements, ValidationError,
    };
    use crate::domain::{Choice, money};
    use uuid::Uuid;

    fn day(text: &str) -> Instant {
        format!("{text}T00:00:00Z").parse().unwrap()
    }

    /// What is refused, as `CODE path`.
    fn found(shape: &Shape<'_>) -> Vec<(ErrorCode, String)> {
        let path = |refusal: &Refusal| refusal.field.iter().flatten().skip(1).cloned().collect::<Vec<_>>().join(".");
        shape.contradictions().iter().map(|refusal| (refusal.code, path(refusal))).collect()
    }

    #[track_caller]
    fn refuses(shape: &Shape<'_>, code: ErrorCode, path: &str) {
        assert_eq!(found(shape), [(code, path.to_owned())]);
    }

    /// `flexprice.md` §1.2, rule 15: which behaviour goes with which collection method.
    #[test]
    fn each_collection_method_takes_its_behaviours() {
        use CollectionMethod::{ChargeAutomatically, SendInvoice};
        use PaymentBehavior::{AllowIncomplete, DefaultActive, DefaultIncomplete, ErrorIfIncomplete};
        for (method, taken) in [
            (ChargeAutomatically, [DefaultActive, AllowIncomplete, ErrorIfIncomplete].as_slice()),
            (SendInvoice, [DefaultActive, DefaultIncomplete].as_slice()),
        ] {
            for (behavior, _, _) in PaymentBehavior::ALL {
                let shape =
                    Shape { collection_method: Some(method), payment_behavior: Some(*behavior), ..Shape::default() };
                match taken.contains(behavior) {
                    true => assert_eq!(found(&shape), []),
                    false => refuses(&shape, InvalidPaymentBehavior, "paymentBehavior"),
                }
            }
        }
        let default = Shape { payment_behavior: Some(DefaultIncomplete), ..Shape::default() };
        refuses(&default, InvalidPaymentBehavior, "paymentBehavior");
        let invoice = Shape { collection_method: Some(SendInvoice), conditional_create: true, ..Shape::default() };
        refuses(&invoice, InvalidPaymentBehavior, "conditionalCreate");
    }

    /// `flexprice.md` V30.
    #[test]
    fn single_arguments_have_their_bounds() {
        let decimal = |text| money::decimal(text).unwrap();
        assert_eq!(billing_period_count(-1).unwrap_err().code, InvalidBillingPeriodCount);
        assert_eq!(billing_period_count(367).unwrap_err().code, InvalidBillingPeriodCount);
        assert_eq!(billing_period_count(0).map(i32::from), Ok(1));
        assert_eq!(billing_period_count(3).map(i32::from), Ok(3));
        assert_eq!(overage_factor(decimal("0.9")).unwrap_err().code, InvalidOverageFactor);
        assert!(overage_factor(decimal("1")).is_ok() && overage_factor(decimal("1.5")).is_ok());
        assert_eq!(commitment_amount(decimal("-0.01")).unwrap_err().code, InvalidCommitment);
        assert!(commitment_amount(decimal("0")).is_ok());
        assert_eq!(trial_days(-1).unwrap_err().code, InvalidTrial);
        assert_eq!(trial_days(0), Ok(0));
    }

    #[test]
    fn arguments_that_exclude_each_other() {
        let (start, end) = (Some(day("2025-01-01")), Some(day("2025-02-01")));
        refuses(
            &Shape { billing_cycle: Some(BillingCycle::Calendar), billing_anchor: start, ..Shape::default() },
            InvalidBillingAnchor,
            "billingAnchor",
        );
        refuses(&Shape { start_date: end, end_date: start, ..Shape::default() }, EndDateBeforeStart, "endDate");
        refuses(&Shape { start_date: start, end_date: start, ..Shape::default() }, EndDateBeforeStart, "endDate");
        refuses(&Shape { handle: true, generate_handle: true, ..Shape::default() }, ValidationError, "generateHandle");
        let prorated = Some(ProrationBehavior::CreateProrations);
        refuses(
            &Shape { proration: prorated, entitlements: true, ..Shape::default() },
            ProrationWithEntitlements,
            "prorationBehavior",
        );
        let [one, other] = [1, 2].map(|number| Id::new(Uuid::from_u128(number)));
        let twice = Shape { overridden: vec![one, other, one], ..Shape::default() };
        refuses(&twice, DuplicatePriceOverride, "priceOverrides.2.priceId");
    }

    #[test]
    fn a_trial_is_said_in_one_way() {
        let (start, end) = (Some(day("2025-01-01")), Some(day("2025-01-14")));
        for (path, shape) in [
            ("trialEnd", Shape { trial_start: start, ..Shape::default() }),
            ("trialStart", Shape { trial_end: end, ..Shape::default() }),
            ("trialEnd", Shape { trial_start: end, trial_end: start, ..Shape::default() }),
            ("trialEnd", Shape { trial_start: start, trial_end: start, ..Shape::default() }),
            ("trialDays", Shape { trial_start: start, trial_end: end, trial_days: Some(3), ..Shape::default() }),
            ("noTrial", Shape { no_trial: true, trial_days: Some(3), ..Shape::default() }),
            ("noTrial", Shape { no_trial: true, trial_start: start, trial_end: end, ..Shape::default() }),
            (
                "trialStart",
                Shape { start_date: start, trial_start: end, trial_end: Some(day("2025-02-01")), ..Shape::default() },
            ),
            (
                "trialEnd",
                Shape { start_date: Some(day("2025-02-01")), trial_start: start, trial_end: end, ..Shape::default() },
            ),
        ] {
            refuses(&shape, InvalidTrial, path);
        }
        for shape in [
            Shape { trial_start: start, trial_end: end, trial_days: Some(0), ..Shape::default() },
            Shape { no_trial: true, trial_days: Some(0), ..Shape::default() },
            Shape { start_date: start, trial_start: start, trial_end: end, ..Shape::default() },
        ] {
            assert_eq!(found(&shape), []);
        }
    }

    /// `flexprice.md` §1.2, rules 20 and 22, and V31.
    #[test]
    fn phases_follow_one_another() {
        let [january, april, july] = ["2025-01-01", "2025-04-01", "2025-07-01"].map(day);
        let shape = |phases| Shape { phases, ..Shape::default() };
        assert_eq!(found(&shape(&[(january, Some(april)), (april, None)])), []);
        refuses(
            &shape(&[(january, Some(day("2025-03-31"))), (april, None)]),
            PhasesNotContinuous,
            "phases.1.startDate",
        );
        refuses(
            &shape(&[(january, Some(day("2025-04-02"))), (april, None)]),
            PhasesNotContinuous,
            "phases.1.startDate",
        );
        refuses(&shape(&[(january, None), (april, None)]), PhaseEndRequired, "phases.0.endDate");
        refuses(&shape(&[(april, Some(january))]), PhaseEndBeforeStart, "phases.0.endDate");
        let draft = Shape { status: Some(InitialStatus::Draft), ..shape(&[(january, None)]) };
        refuses(&draft, PhasesNotAllowedForDraft, "phases");
        let aligned = [(january, Some(april)), (april, Some(july))];
        let with = |start_date, end_date| Shape { start_date, end_date, ..shape(&aligned) };
        assert_eq!(found(&with(Some(january), Some(july))), []);
        refuses(&with(Some(april), None), PhasesNotAligned, "phases.0.startDate");
        refuses(&with(Some(january), Some(day("2025-08-01"))), PhasesNotAligned, "phases.1.endDate");
    }

    #[test]
    fn everything_is_said_at_once() {
        let shape = Shape {
            start_date: Some(day("2025-02-01")),
            end_date: Some(day("2025-01-01")),
            billing_cycle: Some(BillingCycle::Calendar),
            billing_anchor: Some(day("2025-02-01")),
            trial_start: Some(day("2025-02-01")),
            payment_behavior: Some(PaymentBehavior::DefaultIncomplete),
            ..Shape::default()
        };
        let codes: Vec<ErrorCode> = found(&shape).into_iter().map(|(code, _)| code).collect();
        assert_eq!(codes, [EndDateBeforeStart, InvalidBillingAnchor, InvalidTrial, InvalidPaymentBehavior]);
    }
}
