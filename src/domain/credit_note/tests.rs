use super::*;
use crate::domain::invoicing::{NewLine, Terms, draft};
use crate::domain::pricing::TaxRate;
use crate::domain::subscription::CollectionMethod;
use crate::domain::tenant::Settings;
use crate::domain::text::Metadata;
use crate::domain::{Currency, Zone};
use proptest::prelude::*;
use uuid::Uuid;

fn now() -> Instant {
    "2025-01-31T12:00:00Z".parse().unwrap()
}

fn euros(minor: i64) -> Money {
    Money::new(minor, Currency::EUR)
}

/// An issued invoice of which so much is paid, with a line for each of these, taxed at a quarter on top.
fn issued(units: &[&str], paid: i64) -> (Invoice, Vec<InvoiceLine>) {
    let customer = Customer {
        id: Id::new(Uuid::from_u128(1)),
        external_id: None,
        name: "Jane".to_owned(),
        email: None,
        phone: None,
        country: None,
        timezone: None,
        parent_customer_id: None,
        metadata: Metadata::empty(),
        device_count: 0,
        version: 1,
        created_at: now(),
        updated_at: now(),
        archived_at: None,
    };
    let settings = Settings { tax_rate: TaxRate::try_new(&"0.25".parse().unwrap()).unwrap(), ..Settings::default() };
    let terms = Terms { currency: Currency::EUR, method: CollectionMethod::SendInvoice, payment_terms: None };
    let line = |amount: &&str| NewLine {
        description: "Work".to_owned(),
        quantity: 1.into(),
        unit_amount: amount.parse().unwrap(),
        tax_rate: None,
        amount_includes_tax: None,
    };
    let lines: Vec<NewLine> = units.iter().map(line).collect();
    let (mut invoice, lines) =
        draft(&customer, terms, &lines, (&settings, None), now(), &|| Uuid::from_u128(2)).unwrap();
    invoice.issue(now(), Zone::UTC);
    if paid > 0 {
        invoice.pay(euros(paid), now()).unwrap();
    }
    (invoice, lines)
}

fn noted(number: u128, disposition: CreditDisposition, note: &Noted) -> CreditNote {
    CreditNote {
        id: Id::new(Uuid::from_u128(number)),
        number: number.to_string(),
        invoice_id: Id::new(Uuid::from_u128(2)),
        customer_id: Id::new(Uuid::from_u128(1)),
        disposition,
        reason: "Broken".to_owned(),
        amount: note.amount,
        net_amount: note.net_amount,
        tax_amount: note.tax_amount,
        credit_id: None,
        issue_date: now().date_naive(),
        created_at: now(),
    }
}

use CreditDisposition::{Adjustment, Credit as GivesCredit};

#[test]
fn a_note_carries_its_share_of_the_tax() {
    // 9.99 and a tax of 2.50 come to 12.49.
    let (invoice, lines) = issued(&["9.99"], 0);
    let whole = note(&invoice, &lines, &Credited::default(), &Creditable::Amount(euros(1249)), Adjustment).unwrap();
    assert_eq!((whole.net_amount, whole.tax_amount), (euros(999), euros(250)));
    let half = note(&invoice, &lines, &Credited::default(), &Creditable::Amount(euros(625)), Adjustment).unwrap();
    assert_eq!((half.net_amount, half.tax_amount), (euros(500), euros(125)));
}

#[test]
fn no_more_is_taken_back_than_is_there() {
    let refused = |invoice: &(Invoice, Vec<InvoiceLine>), before: &Credited, asked, disposition| {
        note(&invoice.0, &invoice.1, before, &asked, disposition).map_err(|refusal| refusal.code).err()
    };
    let none = Credited::default();
    // 12.50 of which 5.00 are paid.
    let partly = issued(&["10.00"], 500);
    let too_high = Some(ErrorCode::CreditTooHigh);
    assert_eq!(refused(&partly, &none, Creditable::Amount(euros(750)), Adjustment), None);
    assert_eq!(refused(&partly, &none, Creditable::Amount(euros(751)), Adjustment), too_high);
    assert_eq!(refused(&partly, &none, Creditable::Amount(euros(500)), GivesCredit), None);
    assert_eq!(refused(&partly, &none, Creditable::Amount(euros(501)), GivesCredit), too_high);
    let mut refunded = partly.clone();
    refunded.0.balance.refunded = euros(200);
    assert_eq!(refused(&refunded, &none, Creditable::Amount(euros(300)), GivesCredit), None);
    assert_eq!(refused(&refunded, &none, Creditable::Amount(euros(301)), GivesCredit), too_high);
    let first = note(&partly.0, &partly.1, &none, &Creditable::Amount(euros(200)), GivesCredit).unwrap();
    let before = Credited { notes: vec![noted(3, GivesCredit, &first)], lines: Vec::new() };
    assert_eq!(before.by_credits(), 200);
    assert_eq!(refused(&partly, &before, Creditable::Amount(euros(300)), GivesCredit), None);
    assert_eq!(refused(&partly, &before, Creditable::Amount(euros(301)), GivesCredit), too_high);
    let paid = issued(&["10.00"], 1250);
    let wrong = Some(ErrorCode::InvoiceWrongState);
    assert_eq!(refused(&paid, &none, Creditable::Amount(euros(1)), Adjustment), wrong);
    for status in [InvoiceStatus::Draft, InvoiceStatus::Void] {
        let mut other = issued(&["10.00"], 0);
        other.0.status = status;
        for disposition in [Adjustment, GivesCredit] {
            assert_eq!(refused(&other, &none, Creditable::Amount(euros(1)), disposition), wrong, "{status:?}");
        }
    }
}

#[test]
fn a_line_is_taken_back_once() {
    let (invoice, lines) = issued(&["10.00", "20.00"], 0);
    let ask = |before: &Credited, asked: &[(i32, i64)]| {
        let asked = asked.iter().map(|(position, minor)| (*position, euros(*minor))).collect();
        note(&invoice, &lines, before, &Creditable::Lines(asked), Adjustment)
    };
    let both = ask(&Credited::default(), &[(1, 2500), (0, 250)]).unwrap();
    assert_eq!((both.amount, both.tax_amount), (euros(2750), euros(550)));
    let kept = both.lines.iter().map(|(position, description, amount)| CreditNoteLine {
        credit_note_id: Id::new(Uuid::from_u128(3)),
        position: *position,
        description: description.clone(),
        amount: *amount,
    });
    let before = Credited { lines: kept.collect(), notes: vec![noted(3, Adjustment, &both)] };
    let blamed = |asked: &[(i32, i64)], before: &Credited| {
        let refusal = ask(before, asked).unwrap_err();
        (refusal.code, refusal.field.unwrap().join("."))
    };
    let none = Credited::default();
    assert_eq!(blamed(&[(0, 1251)], &none), (ErrorCode::CreditTooHigh, "input.lines.0.amount".to_owned()));
    assert_eq!(blamed(&[(0, 1), (1, 1)], &before), (ErrorCode::CreditTooHigh, "input.lines.1.amount".to_owned()));
    assert_eq!(blamed(&[(2, 1)], &none), (ErrorCode::ValidationError, "input.lines.0.position".to_owned()));
}

proptest! {
    #[test]
    fn notes_over_the_whole_total_carry_exactly_the_whole_tax(
        units in prop::collection::vec(1u32..99999, 1..5),
        cuts in prop::collection::vec(1i64..5000, 0..8),
    ) {
        let units: Vec<String> = units.iter().map(|minor| format!("{}.{:02}", minor / 100, minor % 100)).collect();
        let (invoice, lines) = issued(&units.iter().map(String::as_str).collect::<Vec<_>>(), 0);
        let (mut left, mut before, mut invoice_now) = (invoice.totals.total.minor, Credited::default(), invoice.clone());
        let mut cuts = cuts.into_iter();
        while left > 0 {
            let amount = cuts.next().unwrap_or(left).min(left);
            let made = note(&invoice_now, &lines, &before, &Creditable::Amount(euros(amount)), Adjustment).unwrap();
            prop_assert_eq!(made.net_amount.minor + made.tax_amount.minor, amount);
            prop_assert!(made.tax_amount.minor >= 0 && made.net_amount.minor >= 0);
            invoice_now.adjust(made.amount, now());
            before.notes.push(noted(9, Adjustment, &made));
            left -= amount;
            prop_assert_eq!(invoice_now.balance.due.minor, left);
        }
        prop_assert_eq!(invoice_now.status, InvoiceStatus::Paid);
        prop_assert_eq!(before.notes.iter().map(|note| note.tax_amount.minor).sum::<i64>(), invoice.totals.tax_total.minor);
    }
}
