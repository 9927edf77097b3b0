use super::*;
use crate::domain::{Currency, Instant, Money};
use uuid::Uuid;

fn charge(attempt: u128, card: TestCard) -> Charge {
    Charge {
        tenant: Id::new(Uuid::from_u128(77)),
        attempt: Id::new(Uuid::from_u128(attempt)),
        reserved_at: Instant::UNIX_EPOCH,
        amount: Money::new(12900, Currency::EUR),
        gateway_reference: card.reference(),
    }
}

fn gateway() -> TestGateway {
    TestGateway::new(Duration::ZERO)
}

fn failed(code: &str) -> ChargeOutcome {
    ChargeOutcome::Failed { code: code.to_owned() }
}

fn succeeded(attempt: u128) -> ChargeOutcome {
    ChargeOutcome::Succeeded { reference: Some(format!("test_{}", charge(attempt, TestCard::Succeeds).attempt)) }
}

#[test]
fn the_card_says_what_comes_of_a_charge() {
    let gateway = gateway();
    let declined = |state, code: &str| ChargeOutcome::Declined { state, code: code.to_owned() };
    for (attempt, (card, expected)) in (1..).zip([
        (TestCard::Succeeds, succeeded(1)),
        (TestCard::InsufficientFunds, declined(Decline::Soft, "insufficient_funds")),
        (TestCard::LostOrStolen, declined(Decline::Hard, "credit_card_lost_or_stolen")),
        (TestCard::ProcessingError, failed("acquirer_error")),
        (TestCard::Hangs, failed("timeout")),
        (
            TestCard::Pends,
            ChargeOutcome::Pending { reference: Some(format!("test_{}", charge(6, TestCard::Pends).attempt)) },
        ),
    ]) {
        assert_eq!(gateway.charge(&charge(attempt, card)), expected, "{card:?}");
    }
    for reference in ["", "test_", "SUCCEEDS", "test_succeeds", "tok_visa"] {
        let unknown = Charge { gateway_reference: reference.to_owned(), ..charge(9, TestCard::Succeeds) };
        assert_eq!(gateway.charge(&unknown), failed("acquirer_integration_error"), "{reference:?}");
    }
    assert_eq!(gateway.charged(), [charge(1, TestCard::Succeeds)], "and only success is charged");
}

#[test]
fn every_card_has_a_name_of_its_own() {
    for (card, _, _) in TestCard::ALL {
        assert_eq!(TestCard::of_reference(&card.reference()), Some(*card));
        assert_eq!(TestCard::ALL.iter().filter(|(other, _, _)| other.label() == card.label()).count(), 1);
    }
}

#[test]
fn an_attempt_is_charged_once_and_keeps_its_outcome() {
    let gateway = gateway();
    for card in [TestCard::Succeeds, TestCard::InsufficientFunds] {
        assert_eq!(gateway.charge(&charge(1, card)), succeeded(1), "{card:?}");
    }
    assert_eq!(gateway.charged(), [charge(1, TestCard::Succeeds)]);
    gateway.charge(&charge(2, TestCard::Succeeds));
    assert_eq!(gateway.charged(), [charge(1, TestCard::Succeeds), charge(2, TestCard::Succeeds)]);
}

#[test]
fn a_charge_is_taken_back() {
    let gateway = gateway();
    let [one, two] = [charge(1, TestCard::Succeeds), charge(2, TestCard::Succeeds)];
    gateway.charge(&one);
    gateway.charge(&two);
    for _ in 0..2 {
        assert_eq!(gateway.reverse(&one), Reversal::Done);
        assert_eq!((gateway.charged(), gateway.reversed()), (vec![two.clone()], vec![one.clone()]));
    }
    gateway.charge(&one);
    assert_eq!(gateway.charged(), [two], "it is not charged again");
}

#[test]
fn what_was_reversed_before_it_was_charged_is_not_charged() {
    let gateway = gateway();
    let late = charge(1, TestCard::Succeeds);
    assert_eq!(gateway.reverse(&late), Reversal::Done);
    assert_eq!(gateway.charge(&late), failed("reversed"));
    assert_eq!((gateway.charged(), gateway.reversed()), (vec![], vec![late]));
}

fn refund(id: u128, attempt: u128, minor: i64, currency: Currency) -> Refund {
    let charge = charge(attempt, TestCard::Succeeds);
    Refund { id: Id::new(Uuid::from_u128(id)), charge, charge_reference: None, amount: Money::new(minor, currency) }
}

#[test]
fn what_was_charged_goes_back_in_parts_and_no_more_of_it() {
    let gateway = gateway();
    for attempt in [1, 2] {
        gateway.charge(&charge(attempt, TestCard::Succeeds));
    }
    gateway.charge(&charge(3, TestCard::InsufficientFunds));
    gateway.reverse(&charge(2, TestCard::Succeeds));
    let refused = |code: &str| RefundOutcome::Refused { code: code.to_owned() };
    let eur = |id, attempt, minor| refund(id, attempt, minor, Currency::EUR);
    let parts = [eur(1, 1, 10000), eur(2, 1, 2900)];
    for (refund, expected) in [
        (eur(9, 1, 12901), Some("refund_amount_too_high")),
        (parts[0].clone(), None),
        (eur(3, 1, 2901), Some("refund_amount_too_high")),
        (parts[1].clone(), None),
        (eur(4, 1, 1), Some("refund_amount_too_high")),
        (parts[0].clone(), None),
        (refund(5, 1, 1, "JPY".parse().unwrap()), Some("refund_amount_too_high")),
        (eur(6, 2, 1), Some("transaction_not_found")),
        (eur(7, 3, 1), Some("transaction_not_found")),
        // Another program made this charge, or this one before it was started anew.
        (eur(8, 4, 12900), None),
        (eur(10, 4, 1), Some("refund_amount_too_high")),
    ] {
        let made = RefundOutcome::Succeeded { reference: Some(format!("test_{}", refund.id)) };
        assert_eq!(gateway.refund(&refund), expected.map_or(made, refused), "{refund:?}");
    }
    assert_eq!(gateway.refunded(), [&parts[..], &[eur(8, 4, 12900)]].concat());
}

#[test]
fn a_charge_hangs_until_it_is_released() {
    let gateway = TestGateway::new(Duration::from_mins(10));
    std::thread::scope(|scope| {
        let hanging = [1, 2].map(|attempt| {
            let gateway = &gateway;
            scope.spawn(move || gateway.charge(&charge(attempt, TestCard::Hangs)))
        });
        gateway.wait_until_hanging(2);
        // Others are served meanwhile.
        assert_eq!(gateway.charge(&charge(3, TestCard::Succeeds)), succeeded(3));
        gateway.reverse(&charge(2, TestCard::Hangs));
        assert!(hanging.iter().all(|thread| !thread.is_finished()));
        gateway.release();
        let outcomes = hanging.map(|thread| thread.join().unwrap());
        assert_eq!(outcomes, [failed("timeout"), failed("reversed")]);
    });
    // Who comes later hangs anew, for as long as is said now.
    gateway.set_deadline(Duration::ZERO);
    assert_eq!(gateway.charge(&charge(4, TestCard::Hangs)), failed("timeout"));
}

#[test]
fn the_oldest_attempts_are_forgotten() {
    let gateway = gateway();
    for attempt in 0..=MOST_ENTRIES {
        gateway.reverse(&charge(u128::try_from(attempt).unwrap(), TestCard::Succeeds));
    }
    let kept = gateway.reversed();
    assert_eq!((kept.len(), &kept[0]), (MOST_ENTRIES, &charge(1, TestCard::Succeeds)));
    gateway.reverse(&kept[0]);
    assert_eq!(gateway.reversed().len(), MOST_ENTRIES);
}
