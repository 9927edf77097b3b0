//! Invoices: what a customer is asked to pay, and why (`billwerk.md` §7).

use super::billing_group::BillingGroup;
use super::calendar::start_of_day;
use super::choice::choice;
use super::customer::Customer;
use super::payment_method::PaymentMethod;
use super::period::Period;
use super::pricing::{Bill, Line, Rounding};
use super::subscription::{CollectionMethod, Subscription};
use super::{Currency, Date, Entity, ErrorCode, Id, Instant, Money, Refusal, Zone};

/// What a customer is asked to pay.
#[derive(Clone, Debug)]
pub struct Invoice {
    pub id: Id<Invoice>,
    /// Given when it is no draft any more, without gaps in the tenant.
    pub number: Option<String>,
    pub status: InvoiceStatus,
    pub reason: InvoiceReason,
    /// Who gets it.
    pub customer_id: Id<Customer>,
    /// What it bills; none where that is several subscriptions, or none.
    pub subscription_id: Option<Id<Subscription>>,
    /// The group whose subscriptions it bills together.
    pub billing_group_id: Option<Id<BillingGroup>>,
    pub currency: Currency,
    /// The moment of the subscription's life at which it is billed: one invoice for each. None where it has no moment.
    pub billed_at: Option<Instant>,
    /// The period that it bills; none where there is none, as for a setup fee by itself.
    pub period: Option<Period>,
    /// The number of that period in the subscription's life, from 1.
    pub period_number: Option<i32>,
    pub totals: Totals,
    pub balance: Balance,
    pub collection: Collection,
    pub rounding: Rounding,
    /// In the subscription's zone.
    pub issue_date: Date,
    pub due_date: Date,
    pub paid_at: Option<Instant>,
    pub voided_at: Option<Instant>,
    pub test: bool,
    pub version: i32,
    pub created_at: Instant,
    pub updated_at: Instant,
}

impl Entity for Invoice {
    const NAME: &'static str = "Invoice";
    const PREFIX: &'static str = "inv";
}

/// What was taken off the total of an invoice, and what is left. None of it is negative.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Balance {
    /// By the customer's credits.
    pub credit_applied: Money,
    /// By credit notes.
    pub credited: Money,
    /// By payments.
    pub paid: Money,
    /// What of the payments went back: it is not due again.
    pub refunded: Money,
    /// What is still to be paid.
    pub due: Money,
}

impl Balance {
    /// That of an invoice over this total.
    pub fn of(total: Money) -> Self {
        let zero = Money::new(0, total.currency);
        Balance { credit_applied: zero, credited: zero, paid: zero, refunded: zero, due: total }
    }

    /// What can still be refunded of the payments, where so much went back as credits.
    pub fn refundable(&self, by_credits: i64) -> Money {
        Money::new((self.paid.minor - self.refunded.minor - by_credits).max(0), self.paid.currency)
    }
}

/// How an invoice gets its money.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Collection {
    pub method: CollectionMethod,
    /// What is charged; none where nothing is known, or the customer pays by itself.
    pub payment_method_id: Option<Id<PaymentMethod>>,
    /// When it is charged, or reminded of, next; none where nothing is to be done by itself.
    pub collect_at: Option<Instant>,
    /// Since when it is dunned.
    pub dunning_started_at: Option<Instant>,
    /// How many reminders were sent.
    pub dunning_step: i32,
}

impl Collection {
    /// That of an invoice nobody has asked for yet.
    pub fn new(method: CollectionMethod, payment_method_id: Option<Id<PaymentMethod>>) -> Self {
        Collection { method, payment_method_id, collect_at: None, dunning_started_at: None, dunning_step: 0 }
    }

    /// Nobody is asked for it, or reminded of it, any more.
    pub(super) fn stop(&mut self) {
        *self = Collection::new(self.method, self.payment_method_id);
    }
}

impl Invoice {
    /// Issues it: from here on nothing of its lines changes, and it asks for its money: what can be charged at once, the
    /// rest when it is past due. Where there is nothing to ask for, it is paid. It needs a number.
    pub fn issue(&mut self, now: Instant, zone: Zone) {
        self.status = InvoiceStatus::Open;
        self.collection.collect_at = match (self.collection.method, self.collection.payment_method_id) {
            (CollectionMethod::ChargeAutomatically, Some(_)) => Some(now),
            _ => Some(self.past_due_at(zone)),
        };
        self.settle(now);
    }

    /// When it is past due: as the day after its due date begins in a zone.
    pub fn past_due_at(&self, zone: Zone) -> Instant {
        start_of_day(self.due_date.succ_opt().unwrap_or(Date::MAX), zone)
    }

    /// Whether something is to be paid of it.
    pub fn payable(&self) -> Result<(), Refusal> {
        let payable = [InvoiceStatus::Open, InvoiceStatus::PastDue, InvoiceStatus::Failed].contains(&self.status);
        if !payable {
            let message = match self.status {
                InvoiceStatus::Paid => "The invoice is paid already.",
                InvoiceStatus::Void => "The invoice is void: nothing is to be paid.",
                _ => "The invoice is a draft: finalise it first.",
            };
            return Err(Refusal::new(ErrorCode::InvoiceNotPayable, message).at(&["invoiceId"]));
        }
        Ok(())
    }

    /// Takes a payment. Refuses more than is due, nothing, and any payment where nothing is due.
    pub fn pay(&mut self, amount: Money, now: Instant) -> Result<(), Refusal> {
        self.payable()?;
        let due = self.balance.due;
        if amount.currency != self.currency {
            let message = format!("The invoice is in {}.", self.currency);
            return Err(Refusal::new(ErrorCode::CurrencyMismatch, message).at(&["amount"]));
        }
        if amount.minor <= 0 {
            return Err(Refusal::new(ErrorCode::ValidationError, "A payment is more than nothing.").at(&["amount"]));
        }
        if amount.minor > due.minor {
            let message = format!("Only {due} {} are due.", self.currency);
            return Err(Refusal::new(ErrorCode::PaymentTooHigh, message).at(&["amount"]));
        }
        self.balance.paid.minor += amount.minor;
        self.settle(now);
        Ok(())
    }

    /// Reckons what is due after something was taken off. Where that is nothing, it is paid, and nobody is asked for it.
    pub(super) fn settle(&mut self, now: Instant) {
        let Balance { credit_applied, credited, paid, .. } = self.balance;
        self.balance.due.minor = self.totals.total.minor - credit_applied.minor - credited.minor - paid.minor;
        if self.balance.due.minor == 0 {
            self.status = InvoiceStatus::Paid;
            self.paid_at = Some(now);
            self.collection.stop();
        }
    }
}

/// What the lines of an invoice come to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Totals {
    /// All lines before discounts, with tax where their amounts include it.
    pub subtotal: Money,
    pub discount_total: Money,
    /// Without tax.
    pub net_total: Money,
    /// Rounded once, from the exact sum of the lines' taxes.
    pub tax_total: Money,
    /// What is to be paid.
    pub total: Money,
}

impl From<&Bill> for Totals {
    fn from(bill: &Bill) -> Self {
        Totals {
            subtotal: bill.subtotal,
            discount_total: bill.discount_total,
            net_total: bill.net_total,
            tax_total: bill.tax_total,
            total: bill.total,
        }
    }
}

/// What all invoices of one currency and status come to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct InvoiceSum {
    pub currency: Currency,
    pub status: InvoiceStatus,
    pub count: i64,
    pub total: Money,
    pub due: Money,
    pub paid: Money,
}

/// One line of an invoice, as it is kept.
#[derive(Clone, Debug)]
pub struct InvoiceLine {
    pub id: Id<InvoiceLine>,
    pub invoice_id: Id<Invoice>,
    /// The place in the invoice, from 0.
    pub position: i32,
    /// What it bills; none where it bills no subscription.
    pub subscription_id: Option<Id<Subscription>>,
    pub line: Line,
}

impl Entity for InvoiceLine {
    const NAME: &'static str = "InvoiceLine";
    const PREFIX: &'static str = "inl";
}

choice! {
    /// Where an invoice stands. More values may be added.
    pub enum InvoiceStatus {
        /// It can still change, and has no number.
        Draft = "DRAFT",
        /// It waits for its payment.
        Open = "OPEN",
        /// It is paid, or there was nothing to pay.
        Paid = "PAID",
        /// It was not paid in time: its customer is reminded, or charged again.
        PastDue = "PAST_DUE",
        /// It was not paid at all, and nothing more is done by itself.
        Failed = "FAILED",
        /// It was withdrawn: nothing is to be paid.
        Void = "VOID",
    }
}

choice! {
    /// Why an invoice was made. More values may be added.
    pub enum InvoiceReason {
        /// A subscription was created or activated.
        SubscriptionCreate = "SUBSCRIPTION_CREATE",
        /// A trial came to its end.
        SubscriptionTrialEnd = "SUBSCRIPTION_TRIAL_END",
        /// A period came to its end, and the next one began.
        SubscriptionCycle = "SUBSCRIPTION_CYCLE",
        /// A setup fee is asked for by itself.
        SetupFee = "SETUP_FEE",
        /// A rental's payment is due.
        Rental = "RENTAL",
        /// Several subscriptions are billed together.
        Consolidated = "CONSOLIDATED",
        /// It was made by hand.
        OneOff = "ONE_OFF",
    }
}
