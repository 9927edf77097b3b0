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
fn found(shape: &Shape) -> Vec<(ErrorCode, String)> {
    let path = |refusal: &Refusal| refusal.field.iter().flatten().skip(1).cloned().collect::<Vec<_>>().join(".");
    shape.contradictions().iter().map(|refusal| (refusal.code, path(refusal))).collect()
}

#[track_caller]
fn refuses(shape: &Shape, code: ErrorCode, path: &str) {
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
    let shape = |phases: &[_]| Shape { phases: phases.to_vec(), ..Shape::default() };
    assert_eq!(found(&shape(&[(january, Some(april)), (april, None)])), []);
    refuses(&shape(&[(january, Some(day("2025-03-31"))), (april, None)]), PhasesNotContinuous, "phases.1.startDate");
    refuses(&shape(&[(january, Some(day("2025-04-02"))), (april, None)]), PhasesNotContinuous, "phases.1.startDate");
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
