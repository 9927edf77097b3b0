//! A rental, from one due date to the next (`rental.md` §4 and §8, `decisions.md` 26).

use super::charges::unbillable;
use super::{Due, InvoiceTerms};
use crate::domain::billing_group::BillingDay;
use crate::domain::calendar::{day_of, start_of_day};
use crate::domain::invoice::{Invoice, InvoiceReason};
use crate::domain::payment_method::PaymentMethod;
use crate::domain::price::PriceModel;
use crate::domain::pricing::{Charge, Charges, LineKind, Stacking, Tax, TaxRate, bill};
use crate::domain::schedule::RentalTerms;
use crate::domain::subscription::{
    CollectionMethod, ContractLength, ScheduledPayment, ScheduledPaymentStatus, Subscription, SubscriptionStatus,
};
use crate::domain::tenant::{BillingStart, Settings, TenantMode};
use crate::domain::{ErrorCode, Id, Instant, Refusal};

/// A rental with what its billing needs.
#[derive(Clone, Debug)]
pub struct Rental {
    pub subscription: Subscription,
    /// What is SCHEDULED of its payments, in their order.
    pub open: Vec<ScheduledPayment>,
    /// Payments that an invoice asks for now.
    pub invoiced: Vec<ScheduledPayment>,
    /// How many payments it has.
    pub payments: i32,
    /// Payments that were added, since it goes on by the month.
    pub added: Vec<ScheduledPayment>,
    /// The day of its billing group.
    pub billing_day: Option<BillingDay>,
    /// What its device is called on an invoice.
    pub device: String,
    /// What is charged, where its customer has anything.
    pub payment_method: Option<Id<PaymentMethod>>,
    pub settings: Settings,
    /// The tax of its customer's country, which goes before the tenant's own.
    pub country_tax: Option<TaxRate>,
}

impl Rental {
    /// Bills what falls due at the next moment, and goes on to the one after. None where nothing is to come.
    ///
    /// Once its contract is over and its device is still out, it stays as it is: it is billed on by the month, where the
    /// tenant does that, and else only noted as overdue.
    pub fn fall_due(&mut self) -> Result<Option<Due>, Refusal> {
        let Some(at) = self.subscription.billing.next_at else { return Ok(None) };
        let zone = self.subscription.timezone;
        let contract = self.contract()?;
        let over = self.subscription.end_date.is_some_and(|end| end <= at);
        let goes_on = over && self.settings.month_to_month;
        if goes_on && self.open.is_empty() {
            self.add_month(contract);
        } else if over && !goes_on && self.subscription.billing.return_overdue_since.is_none() {
            self.subscription.billing.return_overdue_since = self.subscription.end_date;
        }
        let (due, open): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.open).into_iter().partition(|payment| start_of_day(payment.due_date, zone) <= at);
        self.open = open;
        if goes_on && self.open.is_empty() {
            self.add_month(contract);
        }
        let bill = self.bill(&due, contract)?;
        let last = due.last().map(|payment| payment.sequence);
        let period = last.and_then(|sequence| Some((contract.month(sequence)?, sequence)));
        self.invoiced = due;
        let (start, end) = contract.period_at(at);
        self.subscription.current_period_start = Some(start);
        self.subscription.current_period_end = Some(end);
        let next = self.moment_after(at);
        let runs = self.subscription.status == SubscriptionStatus::Active;
        self.subscription.billing.next_at = next;
        self.subscription.billing.due_at = next.filter(|_| runs);
        self.subscription.next_billing_date = self.open.first().map(|payment| payment.due_date);
        let terms = self.invoice_terms();
        Ok(Some(Due { subscription_id: self.subscription.id, at, reason: InvoiceReason::Rental, bill, period, terms }))
    }

    /// Adds the payment for the month after the last one.
    fn add_month(&mut self, contract: RentalTerms) {
        // Its contract has a payment for each month; how many were added since is only known where it is over.
        let sequence = self.payments.max(contract.length.into()) + 1;
        let (Some(due_date), Some(amount)) = (contract.due_date(sequence), self.subscription.monthly_amount) else {
            return;
        };
        let subscription_id = self.subscription.id;
        let status = ScheduledPaymentStatus::Scheduled;
        let added = ScheduledPayment { subscription_id, sequence, due_date, amount, status, invoice_id: None };
        self.payments = sequence;
        self.open.push(added.clone());
        self.added.push(added);
    }

    /// Notes which invoice asks for what fell due.
    pub fn payments_invoiced(&mut self, invoice: Id<Invoice>) {
        for payment in &mut self.invoiced {
            (payment.status, payment.invoice_id) = (ScheduledPaymentStatus::Invoiced, Some(invoice));
        }
    }

    fn moment_after(&self, at: Instant) -> Option<Instant> {
        let due = self.open.first().map(|payment| start_of_day(payment.due_date, self.subscription.timezone));
        let end = self.subscription.end_date.filter(|end| at < *end);
        due.into_iter().chain(end).min()
    }

    fn bill(
        &self,
        due: &[ScheduledPayment],
        contract: RentalTerms,
    ) -> Result<Option<crate::domain::pricing::Bill>, Refusal> {
        if due.is_empty() {
            return Ok(None);
        }
        let charge = |payment: &ScheduledPayment| Charge {
            kind: LineKind::Rental,
            description: self.device.clone(),
            price_id: None,
            plan_version: None,
            reference: Some(self.subscription.id.untyped()),
            model: PriceModel::FlatFee { amount: payment.amount.decimal() },
            quantity: 1.into(),
            proration: None,
            portion: None,
            minimum_prorated_amount: None,
            period: contract.month(payment.sequence),
            tax: Tax {
                rate: self.country_tax.unwrap_or(self.settings.tax_rate),
                included: self.settings.amounts_include_tax,
            },
            credit: false,
        };
        let made = bill(Charges {
            currency: self.subscription.currency,
            zone: self.subscription.timezone,
            charges: due.iter().map(charge).collect(),
            discounts: Vec::new(),
            stacking: Stacking::default(),
        });
        Ok(Some(made.map_err(unbillable)?))
    }

    fn invoice_terms(&self) -> InvoiceTerms {
        InvoiceTerms {
            customer_id: self.subscription.customer_id,
            billing_group_id: None,
            currency: self.subscription.currency,
            zone: self.subscription.timezone,
            payment_terms: self.settings.default_payment_terms,
            collection_method: match self.payment_method {
                Some(_) => CollectionMethod::ChargeAutomatically,
                None => CollectionMethod::SendInvoice,
            },
            payment_method_id: self.payment_method,
            test: self.settings.mode == TenantMode::Test,
        }
    }

    /// The contract as it was made. A rental that lacks a part of it is refused.
    fn contract(&self) -> Result<RentalTerms, Refusal> {
        let subscription = &self.subscription;
        let length: Option<ContractLength> = subscription.contract_length;
        let length =
            length.ok_or_else(|| Refusal::new(ErrorCode::ValidationError, "The rental has no contract length."))?;
        Ok(RentalTerms {
            start: day_of(subscription.start_date, subscription.timezone),
            length,
            billing_start: subscription.billing_start.unwrap_or(BillingStart::Immediate),
            billing_day: self.billing_day,
            zone: subscription.timezone,
        })
    }
}
