//! From bills to an invoice: of one subscription, or of several together.

use super::charges::unbillable;
use crate::domain::billing_group::BillingGroup;
use crate::domain::calendar::day_of;
use crate::domain::customer::Customer;
use crate::domain::invoice::{Balance, Collection, Invoice, InvoiceLine, InvoiceReason, InvoiceStatus, Totals};
use crate::domain::payment_method::PaymentMethod;
use crate::domain::payment_terms::{PaymentTerms, due_date};
use crate::domain::period::Period;
use crate::domain::pricing::{Bill, Rounding, together};
use crate::domain::subscribing::Ids;
use crate::domain::subscription::{CollectionMethod, Subscription};
use crate::domain::{Currency, Id, Instant, Refusal, Zone};

/// To whom an invoice goes, and how it is paid.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct InvoiceTerms {
    pub customer_id: Id<Customer>,
    /// The group whose subscriptions are billed together.
    pub billing_group_id: Option<Id<BillingGroup>>,
    pub currency: Currency,
    /// The zone in which it is issued.
    pub zone: Zone,
    pub payment_terms: Option<PaymentTerms>,
    pub collection_method: CollectionMethod,
    pub payment_method_id: Option<Id<PaymentMethod>>,
    pub test: bool,
}

/// What an invoice is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Occasion {
    pub reason: InvoiceReason,
    /// The moment of its subscription's life at which it is billed; none where there is none.
    pub at: Option<Instant>,
    pub period: Option<(Period, i32)>,
}

/// Makes a draft of an invoice over these bills, each with whose it is.
pub fn invoice(
    occasion: Occasion,
    terms: InvoiceTerms,
    bills: &[(Id<Subscription>, &Bill)],
    now: Instant,
    ids: Ids<'_>,
) -> Result<(Invoice, Vec<InvoiceLine>), Refusal> {
    let owners = bills.iter().flat_map(|(owner, bill)| std::iter::repeat_n(*owner, bill.lines.len()));
    let all: Vec<&Bill> = bills.iter().map(|(_, bill)| *bill).collect();
    let bill = together(&all, terms.currency).map_err(unbillable)?;
    let issue_date = day_of(now, terms.zone);
    let only = match bills {
        [(owner, _)] if terms.billing_group_id.is_none() => Some(*owner),
        _ => None,
    };
    let invoice = Invoice {
        id: Id::new(ids()),
        number: None,
        status: InvoiceStatus::Draft,
        reason: occasion.reason,
        customer_id: terms.customer_id,
        subscription_id: only,
        billing_group_id: terms.billing_group_id,
        currency: terms.currency,
        billed_at: occasion.at.filter(|_| only.is_some()),
        period: occasion.period.map(|(period, _)| period),
        period_number: occasion.period.map(|(_, number)| number),
        totals: Totals::from(&bill),
        balance: Balance::of(bill.total),
        collection: Collection::new(terms.collection_method, terms.payment_method_id),
        rounding: Rounding::HalfAwayFromZero,
        issue_date,
        due_date: due_date(issue_date, terms.payment_terms),
        paid_at: None,
        voided_at: None,
        test: terms.test,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    let lines = bill.lines.into_iter().zip(owners).zip(0..).map(|((line, owner), position)| InvoiceLine {
        id: Id::new(ids()),
        invoice_id: invoice.id,
        position,
        subscription_id: Some(owner),
        line,
    });
    let lines = lines.collect();
    Ok((invoice, lines))
}
