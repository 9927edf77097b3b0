use super::*;
use crate::domain::Currency;
use crate::domain::invoice::{Balance, Collection, InvoiceReason, Totals};
use crate::domain::pricing::Rounding;
use crate::domain::subscription::CollectionMethod;
use proptest::prelude::*;
use uuid::Uuid;

fn at(day: u32) -> Instant {
    format!("2025-01-{day:02}T12:00:00Z").parse().unwrap()
}

fn id<E>(number: u128) -> Id<E> {
    Id::new(Uuid::from_u128(number))
}

fn euros(minor: i64) -> Money {
    Money::new(minor, Currency::EUR)
}

fn credit(number: u128, minor: i64, valid_from: u32) -> Credit {
    Credit {
        id: id(number),
        customer_id: id(1),
        subscription_id: None,
        handle: number.to_string(),
        amount: euros(minor),
        remaining: euros(minor),
        text: "Sorry".to_owned(),
        valid_from: at(valid_from),
        state: CreditState::Pending,
        version: 1,
        created_at: at(1),
        updated_at: at(1),
    }
}

/// A draft over so much.
fn draft(minor: i64) -> Invoice {
    let total = euros(minor);
    let zero = euros(0);
    Invoice {
        id: id(100),
        number: None,
        status: InvoiceStatus::Draft,
        reason: InvoiceReason::OneOff,
        customer_id: id(1),
        subscription_id: None,
        billing_group_id: None,
        currency: Currency::EUR,
        billed_at: None,
        period: None,
        period_number: None,
        totals: Totals { subtotal: total, discount_total: zero, net_total: total, tax_total: zero, total },
        balance: Balance::of(total),
        collection: Collection::new(CollectionMethod::SendInvoice, None),
        rounding: Rounding::HalfAwayFromZero,
        issue_date: "2025-01-31".parse().unwrap(),
        due_date: "2025-01-31".parse().unwrap(),
        paid_at: None,
        voided_at: None,
        test: false,
        version: 1,
        created_at: at(1),
        updated_at: at(1),
    }
}

fn taken(credits: &mut [Credit], invoice: &mut Invoice, day: u32) -> Vec<(u128, i64)> {
    let applications = apply(credits, invoice, at(day));
    applications.iter().map(|made| (made.credit_id.uuid().as_u128(), made.amount.minor)).collect()
}

/// `billwerk.md` §11.14: a credit of 1,000.00 pays an invoice over 872.40, and 127.60 of it remain.
#[test]
fn what_an_invoice_does_not_take_remains() {
    let mut credits = [credit(2, 100_000, 1)];
    let mut invoice = draft(87_240);
    assert_eq!(taken(&mut credits, &mut invoice, 2), [(2, 87_240)]);
    assert_eq!((credits[0].remaining, credits[0].state), (euros(12_760), CreditState::Pending));
    invoice.issue(at(2), crate::domain::Zone::UTC);
    assert_eq!(
        (invoice.status, invoice.balance.due, invoice.balance.credit_applied),
        (InvoiceStatus::Paid, euros(0), euros(87_240))
    );
    let mut next = draft(20_000);
    assert_eq!(taken(&mut credits, &mut next, 2), [(2, 12_760)]);
    assert_eq!((credits[0].remaining, credits[0].state), (euros(0), CreditState::Transferred));
    assert_eq!(next.balance.due, euros(7_240));
}

#[test]
fn the_oldest_credit_goes_first_whatever_the_order() {
    let mut credits = [credit(4, 100, 3), credit(3, 100, 2), credit(2, 100, 3), credit(5, 100, 1)];
    assert_eq!(taken(&mut credits, &mut draft(350), 5), [(5, 100), (3, 100), (2, 100), (4, 50)]);
}

#[test]
fn a_credit_pays_only_what_it_is_for() {
    let fits = |change: fn(&mut Credit), invoiced: fn(&mut Invoice)| {
        let (mut credit, mut invoice) = (credit(2, 100, 2), draft(100));
        change(&mut credit);
        invoiced(&mut invoice);
        let before = (credit.clone(), invoice.balance);
        let taken = taken(std::slice::from_mut(&mut credit), &mut invoice, 2);
        assert_eq!(taken.is_empty(), (credit, invoice.balance) == before);
        !taken.is_empty()
    };
    assert!(fits(|_| (), |_| ()));
    assert!(!fits(|credit| credit.valid_from = at(3), |_| ()));
    assert!(!fits(|credit| credit.customer_id = id(9), |_| ()));
    assert!(!fits(|credit| credit.state = CreditState::Cancelled, |_| ()));
    assert!(!fits(|_| (), |invoice| invoice.status = InvoiceStatus::Open));
    assert!(!fits(
        |_| (),
        |invoice| {
            invoice.currency = "USD".parse().unwrap();
        }
    ));
    assert!(fits(|_| (), |invoice| invoice.subscription_id = Some(id(7))));
    assert!(!fits(|credit| credit.subscription_id = Some(id(7)), |_| ()));
    assert!(!fits(|credit| credit.subscription_id = Some(id(7)), |invoice| invoice.subscription_id = Some(id(8))));
    assert!(fits(|credit| credit.subscription_id = Some(id(7)), |invoice| invoice.subscription_id = Some(id(7))));
}

#[test]
fn what_remains_is_cancelled_once() {
    let cancelled = credit(2, 100, 1).cancelled().unwrap();
    assert_eq!((cancelled.state, cancelled.remaining), (CreditState::Cancelled, euros(100)));
    let used = Credit { state: CreditState::Transferred, remaining: euros(0), ..credit(2, 100, 1) };
    for credit in [cancelled, used] {
        assert_eq!(credit.cancelled().map_err(|refusal| refusal.code).err(), Some(ErrorCode::CreditNotPending));
    }
}

proptest! {
    #[test]
    fn a_credit_is_spent_once_and_an_invoice_is_paid_once(
        amounts in prop::collection::vec((1i64..1000, 1u32..9), 0..6),
        totals in prop::collection::vec(0i64..1500, 0..6),
    ) {
        let made = |(number, (minor, day)): (u128, (i64, u32))| credit(number, minor, day);
        let mut credits: Vec<Credit> = (2..).zip(amounts).map(made).collect();
        let mut all = Vec::new();
        for total in totals {
            let mut invoice = draft(total);
            let mut applications = apply(&mut credits, &mut invoice, at(5));
            let took: i64 = applications.iter().map(|made| made.amount.minor).sum();
            prop_assert!(applications.iter().all(|made| made.amount.minor > 0));
            prop_assert_eq!(invoice.balance.credit_applied.minor, took);
            prop_assert_eq!(invoice.balance.due.minor, total - took);
            prop_assert!(invoice.balance.due.minor >= 0);
            // Oldest first: what was taken last is no newer than anything that is left and valid.
            let age = |of: Id<Credit>| credits.iter().find(|known| known.id == of).map(|known| (known.valid_from, known.id));
            let ages: Vec<_> = applications.iter().map(|made| age(made.credit_id)).collect();
            prop_assert!(ages.is_sorted());
            let left = credits.iter().filter(|credit| credit.remaining.minor > 0 && credit.valid_from <= at(5));
            let oldest = left.map(|credit| (credit.valid_from, credit.id)).min();
            if let (Some(last), Some(oldest)) = (ages.last(), oldest) {
                prop_assert!(*last <= Some(oldest));
            }
            prop_assert!(invoice.balance.due.minor == 0 || oldest.is_none());
            all.append(&mut applications);
        }
        for credit in &credits {
            let taken = all.iter().filter(|made| made.credit_id == credit.id).map(|made| made.amount.minor).sum::<i64>();
            prop_assert_eq!(taken, credit.amount.minor - credit.remaining.minor);
            prop_assert!(credit.remaining.minor >= 0);
            prop_assert_eq!(credit.state == CreditState::Transferred, credit.remaining.minor == 0);
        }
        // What goes back is all there again.
        for made in &mut all {
            let credit = credits.iter_mut().find(|known| known.id == made.credit_id).unwrap();
            credit.take_back(made, at(9));
        }
        prop_assert!(credits.iter().all(|known| known.remaining == known.amount && known.state == CreditState::Pending));
    }
}
