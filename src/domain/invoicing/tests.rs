use super::*;
use crate::domain::text::Metadata;

fn now() -> Instant {
    "2025-01-31T23:30:00Z".parse().unwrap()
}

fn decimal(text: &str) -> BigDecimal {
    text.parse().unwrap()
}

/// Somebody in Berlin, where it is the first of February already.
fn jane() -> Customer {
    Customer {
        id: Id::new(Uuid::from_u128(1)),
        external_id: None,
        name: "Jane".to_owned(),
        email: None,
        phone: None,
        country: None,
        timezone: Some(Zone::Europe__Berlin),
        parent_customer_id: None,
        metadata: Metadata::empty(),
        device_count: 0,
        version: 1,
        created_at: now(),
        updated_at: now(),
        archived_at: None,
    }
}

fn line(quantity: &str, unit_amount: &str) -> NewLine {
    NewLine {
        description: "Work".to_owned(),
        quantity: decimal(quantity),
        unit_amount: decimal(unit_amount),
        tax_rate: TaxRate::try_new(&decimal("0.25")).ok(),
        amount_includes_tax: Some(true),
    }
}

fn made(lines: &[NewLine]) -> Invoice {
    let terms = Terms {
        currency: "DKK".parse().unwrap(),
        method: CollectionMethod::SendInvoice,
        payment_terms: Some(PaymentTerms::Net30),
    };
    draft(&jane(), terms, lines, (&Settings::default(), None), now(), &|| Uuid::from_u128(2)).unwrap().0
}

/// `billwerk.md` §11.15.
#[test]
fn tax_is_rounded_once_for_all_lines() {
    let totals = made(&[line("1", "3.33"), line("1", "3.33"), line("1", "3.33")]).totals;
    assert_eq!((totals.total.minor, totals.tax_total.minor, totals.net_total.minor), (999, 200, 799));
}

#[test]
fn a_line_without_a_tax_of_its_own_has_the_tenants() {
    let settings = Settings {
        tax_rate: TaxRate::try_new(&decimal("0.19")).unwrap(),
        amounts_include_tax: true,
        ..Settings::default()
    };
    let bare = NewLine { tax_rate: None, amount_includes_tax: None, ..line("1", "1") };
    assert_eq!(tax_of(&bare, (&settings, None)), Tax { rate: settings.tax_rate, included: true });
    let own = NewLine { amount_includes_tax: Some(false), ..line("1", "1") };
    let rate = |rate: &str| TaxRate::try_new(&decimal(rate)).unwrap();
    assert_eq!(tax_of(&own, (&settings, None)), Tax { rate: rate("0.25"), included: false });
    // `billwerk.md` §7: the customer's country goes before both.
    for line in [bare, own] {
        assert_eq!(tax_of(&line, (&settings, Some(rate("0.07")))).rate, rate("0.07"));
    }
}

#[test]
fn a_draft_is_dated_again_when_it_is_issued() {
    let mut invoice = made(&[line("1", "1")]);
    let days = |invoice: &Invoice| (invoice.issue_date.to_string(), invoice.due_date.to_string());
    assert_eq!(days(&invoice), ("2025-02-01".to_owned(), "2025-03-03".to_owned()));
    invoice.date("2025-02-10T12:00:00Z".parse().unwrap(), Zone::UTC).unwrap();
    assert_eq!(days(&invoice), ("2025-02-10".to_owned(), "2025-03-12".to_owned()));
    invoice.issue(now(), Zone::UTC);
    assert_eq!(invoice.date(now(), Zone::UTC).map_err(|refusal| refusal.code), Err(ErrorCode::InvoiceWrongState));
    assert!(invoice.changeable().is_err());
}

#[test]
fn units_are_more_than_none() {
    for text in ["1", "0.000001", "1000000", "1.5000000000"] {
        assert!(quantity(decimal(text)).is_ok(), "{text}");
    }
    for text in ["0", "-1", "0.0000001", "1000000.000001"] {
        assert!(quantity(decimal(text)).is_err(), "{text}");
    }
}

#[test]
fn an_invoice_of_which_nothing_was_paid_is_withdrawn() {
    let issued = || {
        let mut invoice = made(&[line("1", "10")]);
        invoice.issue(now(), Zone::UTC);
        invoice
    };
    let code = |void: Result<(), Refusal>| void.map_err(|refusal| refusal.code);
    for status in [InvoiceStatus::Open, InvoiceStatus::PastDue, InvoiceStatus::Failed] {
        let mut invoice = Invoice { status, ..issued() };
        assert_eq!(code(invoice.void(true, false, now())), Err(ErrorCode::InvoiceHasPayments));
        assert_eq!(code(invoice.void(false, true, now())), Err(ErrorCode::InvoiceWrongState));
        assert_eq!(invoice.void(false, false, now()), Ok(()));
        assert_eq!((invoice.status, invoice.voided_at), (InvoiceStatus::Void, Some(now())));
        assert_eq!((invoice.balance.due.minor, invoice.collection.collect_at), (0, None));
        assert_eq!(code(invoice.void(false, false, now())), Err(ErrorCode::InvoiceWrongState));
    }
    // Paid by a credit alone.
    let mut invoice = made(&[line("1", "10")]);
    invoice.take_credit(invoice.totals.total);
    invoice.issue(now(), Zone::UTC);
    assert_eq!((invoice.status, invoice.paid_at), (InvoiceStatus::Paid, Some(now())));
    assert_eq!(invoice.void(false, false, now()), Ok(()));
    assert_eq!((invoice.balance.credit_applied.minor, invoice.paid_at), (0, None));
    let mut paid = issued();
    paid.pay(Money::new(1, paid.currency), now()).unwrap();
    assert_eq!(code(paid.void(false, false, now())), Err(ErrorCode::InvoiceHasPayments));
    let mut drafted = made(&[line("1", "10")]);
    assert_eq!(code(drafted.void(false, false, now())), Err(ErrorCode::InvoiceWrongState));
}
