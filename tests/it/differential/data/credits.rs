//! Invoices by hand, credits that they take, credit notes over them.

use super::{Making, awkward, but_every};
use perennial::app::credit::{CreateCredit, cancel_credit, create_credit};
use perennial::app::credit_note::{Asked, CreateCreditNote, create_credit_note};
use perennial::app::invoicing::{CreateInvoice, create_invoice, void_invoice};
use perennial::domain::credit_note::CreditDisposition;
use perennial::domain::customer::Customer;
use perennial::domain::invoicing::NewLine;
use perennial::domain::payment_terms::PaymentTerms;
use perennial::domain::subscription::CollectionMethod;
use perennial::domain::{Currency, Id};
use perennial::repository::{Fault, subscription};

impl Making<'_> {
    /// Every customer that is not archived gets a credit and some invoices; what they took goes back here and there.
    pub(super) fn credits(&self, customers: &[Id<Customer>]) {
        for (n, customer) in customers.iter().enumerate() {
            let currency: Currency = ["EUR", "JPY", "KWD"][n % 3].parse().expect("a currency");
            let tenant = self.viewer.tenant_id;
            let found = self.app.db.read(|conn| {
                let customer = perennial::repository::Query::by_id(tenant, *customer).first(conn)?.expect("a customer");
                let own = subscription::of_customers(tenant, &[customer.id]).load(conn)?;
                Ok::<_, Fault>((customer.archived_at, own.into_iter().find(|own| own.plan_id.is_none())))
            });
            let (archived, rental) = found.expect("it reads");
            if let Some(rental) = rental {
                let own = self.credit(n, *customer, "17", None, Some(rental.id));
                if n.is_multiple_of(2) {
                    self.run(|call| cancel_credit(call, own, None));
                }
            }
            self.credit(n, *customer, "77", Some(currency), None);
            if archived.is_some() {
                continue;
            }
            for (place, units) in ["50", "20", "100", "7"].into_iter().enumerate() {
                let invoice = CreateInvoice {
                    customer_id: *customer,
                    currency: Some(currency),
                    lines: vec![line(n, units), line(n + 1, "3")],
                    method: [CollectionMethod::SendInvoice, CollectionMethod::ChargeAutomatically][place % 2],
                    payment_terms: but_every(2, n, PaymentTerms::Net30),
                    draft: place == 3 && n.is_multiple_of(2),
                };
                let invoice = self.run(|call| create_invoice(call, &invoice)).invoice;
                let note = |asked, disposition| CreateCreditNote {
                    invoice_id: invoice,
                    expected_version: None,
                    asked,
                    reason: awkward(n).trim().to_owned(),
                    disposition,
                };
                match (place, n % 3) {
                    (1, 0) => {
                        self.run(|call| void_invoice(call, invoice, None));
                    }
                    (0, 1) => {
                        let asked = Asked::Amount("5".parse().expect("a decimal"));
                        self.run(|call| create_credit_note(call, &note(asked.clone(), CreditDisposition::Credit)));
                    }
                    (2, _) => {
                        let asked = Asked::Lines(vec![(1, "1".parse().expect("a decimal"))]);
                        self.run(|call| create_credit_note(call, &note(asked.clone(), CreditDisposition::Adjustment)));
                    }
                    _ => {}
                }
            }
        }
    }

    fn credit(
        &self,
        n: usize,
        customer_id: Id<Customer>,
        amount: &str,
        currency: Option<Currency>,
        subscription_id: Option<Id<perennial::domain::subscription::Subscription>>,
    ) -> Id<perennial::domain::credit::Credit> {
        let new = CreateCredit {
            customer_id,
            subscription_id,
            handle: but_every(2, n, format!("credit-{n}-{amount}")),
            currency,
            amount: amount.parse().expect("a decimal"),
            text: awkward(n + 2).trim().to_owned(),
            valid_from: "2026-01-01T00:00:00Z".parse().ok(),
        };
        self.run(|call| create_credit(call, &new)).credit
    }
}

fn line(n: usize, unit_amount: &str) -> NewLine {
    NewLine {
        description: awkward(n).trim().to_owned(),
        quantity: 1.into(),
        unit_amount: unit_amount.parse().expect("a decimal"),
        tax_rate: None,
        amount_includes_tax: but_every(2, n, true),
    }
}
