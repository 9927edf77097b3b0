use super::*;
use crate::domain::dunning::Schedule;
use crate::domain::invoice::{Balance, Collection, InvoiceReason, Totals};
use crate::domain::pricing::Rounding;
use crate::domain::subscription::CollectionMethod;
use crate::domain::{Currency, Date, Id, Money};
use uuid::Uuid;

fn at(text: &str) -> Instant {
    text.parse().unwrap()
}

/// An open invoice over 300.00 EUR, made on 1 May 2025.
fn invoice() -> Invoice {
    let (total, zero, made) =
        (Money::new(30000, Currency::EUR), Money::new(0, Currency::EUR), at("2025-05-01T00:00:00Z"));
    Invoice {
        id: Id::new(Uuid::from_u128(1)),
        number: Some("INV-000001".into()),
        status: InvoiceStatus::Open,
        reason: InvoiceReason::SubscriptionCycle,
        customer_id: Id::new(Uuid::from_u128(2)),
        subscription_id: None,
        billing_group_id: None,
        currency: Currency::EUR,
        billed_at: None,
        period: None,
        period_number: None,
        totals: Totals { subtotal: total, discount_total: zero, net_total: total, tax_total: zero, total },
        balance: Balance::of(total),
        collection: Collection::new(CollectionMethod::ChargeAutomatically, None),
        rounding: Rounding::HalfAwayFromZero,
        issue_date: made.date_naive(),
        due_date: made.date_naive(),
        paid_at: None,
        voided_at: None,
        test: false,
        version: 1,
        created_at: made,
        updated_at: made,
    }
}

fn policy(intervals: &[i32]) -> Policy {
    Policy { schedule: Schedule::try_new(intervals).unwrap(), ..Policy::default() }
}

/// Every reaction with its moment, from the first failure on, until nothing more is done.
fn history(why: Unpaid, dunning: Dunning<'_>) -> Vec<String> {
    let (mut invoice, mut told) = (invoice(), Vec::new());
    let mut next = Some(dunning.first);
    while let Some(now) = next {
        let reaction = invoice.unpaid(why, dunning, now);
        told.push(format!("{reaction:?} {}", now.format("%m-%dT%H:%M")));
        next = invoice.collection.collect_at;
        assert!(next.is_none_or(|next| now < next), "it goes on");
    }
    assert_eq!(invoice.status, InvoiceStatus::Failed);
    told
}

/// `billwerk.md` §11, scenario 23.
#[test]
fn a_schedule_of_3_7_7_days_reminds_three_times_and_fails() {
    let policy = policy(&[3, 7, 7]);
    let dunning = Dunning { policy: &policy, first: at("2025-05-01T00:00:00Z"), grace_until: None, zone: Zone::UTC };
    let expected = ["DunningStarted 05-01T00:00", "Reminded 05-04T00:00", "Reminded 05-11T00:00", "Failed 05-18T00:00"];
    for why in [Unpaid::Hard, Unpaid::Soft, Unpaid::NothingToCharge] {
        assert_eq!(history(why, dunning), expected, "{why:?}");
    }
}

#[test]
fn days_are_counted_in_the_zone() {
    let policy = policy(&[1]);
    let zone = Zone::Europe__Copenhagen;
    let dunning = Dunning { policy: &policy, first: at("2025-03-29T10:00:00Z"), grace_until: None, zone };
    assert_eq!(history(Unpaid::Soft, dunning), ["DunningStarted 03-29T10:00", "Failed 03-30T09:00"]);
}

#[test]
fn nobody_is_reminded_in_the_grace_of_a_subscription() {
    let policy = policy(&[3]);
    let until = Some(at("2025-05-02T10:00:00Z"));
    let dunning = Dunning { policy: &policy, first: at("2025-05-01T10:00:00Z"), grace_until: until, zone: Zone::UTC };
    let expected = ["Waits 05-01T10:00", "DunningStarted 05-02T10:00", "Failed 05-05T10:00"];
    for why in [Unpaid::Hard, Unpaid::Soft] {
        assert_eq!(history(why, dunning), expected, "{why:?}");
    }
    let over = Dunning { first: at("2025-05-03T00:00:00Z"), ..dunning };
    assert_eq!(history(Unpaid::Soft, over), ["DunningStarted 05-03T00:00", "Failed 05-06T00:00"]);
}

#[test]
fn only_what_is_declined_for_good_skips_the_grace_of_the_policy() {
    let policy = Policy { grace_seconds: 30 * 3600, ..policy(&[3]) };
    let dunning = Dunning { policy: &policy, first: at("2025-05-01T00:00:00Z"), grace_until: None, zone: Zone::UTC };
    let waits = ["Waits 05-01T00:00", "Waits 05-02T00:00", "DunningStarted 05-02T06:00", "Failed 05-05T06:00"];
    assert_eq!(history(Unpaid::Soft, dunning), waits);
    assert_eq!(history(Unpaid::Hard, dunning), ["DunningStarted 05-01T00:00", "Failed 05-04T00:00"]);
    let patient = Policy { no_grace_on_hard_decline: false, ..policy };
    // What is declined for good is not tried again meanwhile.
    let patiently = ["Waits 05-01T00:00", "DunningStarted 05-02T06:00", "Failed 05-05T06:00"];
    assert_eq!(history(Unpaid::Hard, Dunning { policy: &patient, ..dunning }), patiently);
}

#[test]
fn what_is_charged_between_two_reminders_changes_nothing_of_them() {
    let policy = policy(&[3, 7]);
    let dunning = Dunning { policy: &policy, first: at("2025-05-01T00:00:00Z"), grace_until: None, zone: Zone::UTC };
    let mut invoice = invoice();
    assert_eq!(invoice.unpaid(Unpaid::Soft, dunning, at("2025-05-01T00:00:00Z")), Reaction::DunningStarted);
    let before = invoice.collection;
    assert_eq!(invoice.unpaid(Unpaid::Soft, dunning, at("2025-05-02T09:00:00Z")), Reaction::Waits);
    assert_eq!((invoice.collection, invoice.status), (before, InvoiceStatus::PastDue));
    // Who is late stays in the schedule.
    assert_eq!(invoice.unpaid(Unpaid::Soft, dunning, at("2025-05-06T00:00:00Z")), Reaction::Reminded);
    assert_eq!(invoice.collection.collect_at, Some(at("2025-05-11T00:00:00Z")));
}

#[test]
fn what_was_declined_as_it_was_made_is_charged_again_a_day_later() {
    let mut open = invoice();
    open.unpaid_at_first(at("2025-05-01T12:00:00Z"));
    assert_eq!((open.status, open.collection.collect_at), (InvoiceStatus::Open, Some(at("2025-05-02T12:00:00Z"))));
    assert_eq!((open.collection.dunning_started_at, open.collection.dunning_step), (None, 0));
    let mut paid = invoice();
    paid.pay(paid.balance.due, at("2025-05-01T12:00:00Z")).unwrap();
    paid.unpaid_at_first(at("2025-05-01T12:00:00Z"));
    assert_eq!(paid.collection.collect_at, None);
}

/// `flexprice.md` V18: the collection method makes no difference.
#[test]
fn a_subscription_waits_for_its_first_invoice_unless_it_is_to_be_active_all_the_same() {
    use PaymentBehavior::{AllowIncomplete, DefaultActive, DefaultIncomplete, ErrorIfIncomplete};
    let waits = [AllowIncomplete, DefaultActive, ErrorIfIncomplete, DefaultIncomplete].map(PaymentBehavior::waits);
    assert_eq!(waits, [true, false, true, true]);
}

#[test]
fn an_invoice_is_past_due_as_the_day_after_its_due_date_begins_in_the_zone() {
    let past_due = |day: Date| Invoice { due_date: day, ..invoice() }.past_due_at(Zone::Europe__Berlin);
    let expected: Instant = "2025-03-31T22:00:00Z".parse().unwrap();
    assert_eq!(past_due("2025-03-31".parse().unwrap()), expected);
    assert!(expected < past_due(Date::MAX));
}
