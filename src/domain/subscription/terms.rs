//! The terms of a subscription to a plan: how it is billed and how its invoices are paid. They are settled when it is
//! created; what the plan or the tenant says later changes nothing of them.

use super::Subscription;
use crate::domain::choice::choice;
use crate::domain::customer::Customer;
use crate::domain::payment_method::PaymentMethod;
use crate::domain::payment_terms::PaymentTerms;
use crate::domain::period::{BillingPeriod, Duration};
use crate::domain::plan::PartialPeriods;
use crate::domain::price::BillingCadence;
use crate::domain::pricing::Tax;
use crate::domain::schedule::PlanSchedule;
use crate::domain::{Id, Instant, Money};
use bigdecimal::BigDecimal;

/// How a subscription to a plan is billed and paid.
#[derive(Clone, Debug)]
pub struct Terms {
    pub subscription_id: Id<Subscription>,
    pub quantity: i32,
    pub schedule: PlanSchedule,
    /// The first moment that is billed: the start, or the end of the trial. None before it is known, in a draft.
    pub billed_from: Option<Instant>,
    /// The moment from which periods are counted, where it is not the first that is billed.
    pub anchor: Option<Instant>,
    /// The end that was asked for. A schedule of whole periods ends with the one that holds it.
    pub requested_end: Option<Instant>,
    /// After how many periods it ends by itself.
    pub fixed_count: Option<i32>,
    /// How long a trial the activation of a draft begins with.
    pub draft_trial: Option<Duration>,
    pub partial_periods: PartialPeriods,
    /// Of prices that do not say themselves whether they are billed in advance.
    pub cadence: BillingCadence,
    pub tax: Tax,
    pub setup_fee: bool,
    pub proration_behavior: Option<ProrationBehavior>,
    pub commitment: Commitment,
    /// What was used against the commitment in the window that was billed last.
    pub committed: Option<CommittedUse>,
    pub collection_method: CollectionMethod,
    pub payment_behavior: PaymentBehavior,
    pub payment_terms: Option<PaymentTerms>,
    /// For how many seconds from the creation a failing invoice starts no dunning.
    pub grace_seconds: Option<i32>,
    pub signup_method: Option<SignupMethod>,
    /// What is charged; none where nothing is known yet.
    pub payment_method_id: Option<Id<PaymentMethod>>,
    pub invoice_billing: InvoiceBilling,
    /// Who gets the invoices: the customer, or the one above it.
    pub invoiced_customer_id: Id<Customer>,
    pub test: bool,
}

/// A minimum that the customer commits to for its usage (`flexprice.md` §1.5). Held to where usage is billed.
#[derive(Clone, PartialEq, Debug)]
pub struct Commitment {
    pub amount: Option<Money>,
    /// For how long; a billing period where there is none.
    pub duration: Option<BillingPeriod>,
    /// What usage beyond it costs, as a multiple: at least 1.
    pub overage_factor: BigDecimal,
    /// Whether the rest is billed where less was used.
    pub true_up: bool,
}

/// What was used against a commitment in a window of several periods, so far.
#[derive(Clone, PartialEq, Debug)]
pub struct CommittedUse {
    pub window_start: Instant,
    /// In minor units, exact, without the factor of what lies beyond the commitment.
    pub used: BigDecimal,
}

choice! {
    /// How invoices are collected.
    pub enum CollectionMethod {
        /// The customer's payment method is charged.
        ChargeAutomatically = "CHARGE_AUTOMATICALLY",
        /// The customer gets the invoice and pays it.
        SendInvoice = "SEND_INVOICE",
    }
}

choice! {
    /// What becomes of a new subscription whose first invoice is not paid.
    pub enum PaymentBehavior {
        /// It is active all the same.
        DefaultActive = "DEFAULT_ACTIVE",
        /// It is incomplete until the invoice is paid. With SEND_INVOICE only.
        DefaultIncomplete = "DEFAULT_INCOMPLETE",
        /// It is incomplete until the invoice is paid. With CHARGE_AUTOMATICALLY only.
        AllowIncomplete = "ALLOW_INCOMPLETE",
        /// It is not created. With CHARGE_AUTOMATICALLY only.
        ErrorIfIncomplete = "ERROR_IF_INCOMPLETE",
    }
}

choice! {
    /// What is billed of a first period that is not a whole one.
    pub enum ProrationBehavior {
        /// Its part of a whole period.
        CreateProrations = "CREATE_PRORATIONS",
        /// As much as a whole period.
        None = "NONE",
    }
}

choice! {
    /// How the customer's payment method is obtained.
    pub enum SignupMethod {
        /// The request names it.
        Source = "SOURCE",
        /// The customer gets a mail with a link to pay.
        Email = "EMAIL",
        /// The caller hands the link on by itself.
        Link = "LINK",
    }
}

choice! {
    /// Who gets the invoices.
    pub enum InvoiceBilling {
        /// The customer above the subscription's customer.
        InvoiceToParent = "INVOICE_TO_PARENT",
        /// The subscription's customer.
        InvoiceToSelf = "INVOICE_TO_SELF",
    }
}
