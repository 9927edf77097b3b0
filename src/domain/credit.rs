//! Credits: what a customer has in its favour, and how invoices use it up (`billwerk.md` §5).

use super::choice::choice;
use super::customer::Customer;
use super::invoice::{Invoice, InvoiceStatus};
use super::subscription::Subscription;
use super::{Entity, ErrorCode, Id, Instant, Money, Refusal};

/// An amount in a customer's favour. It takes something off invoices until nothing of it remains.
#[derive(Clone, PartialEq, Debug)]
pub struct Credit {
    pub id: Id<Credit>,
    pub customer_id: Id<Customer>,
    /// The only subscription whose invoices it pays; all of the customer's where there is none.
    pub subscription_id: Option<Id<Subscription>>,
    /// Unique in the tenant, and never changed.
    pub handle: String,
    /// More than nothing.
    pub amount: Money,
    /// What no invoice has taken yet.
    pub remaining: Money,
    /// What it is for.
    pub text: String,
    /// It pays no invoice that is issued before.
    pub valid_from: Instant,
    pub state: CreditState,
    pub version: i32,
    pub created_at: Instant,
    pub updated_at: Instant,
}

impl Entity for Credit {
    const NAME: &'static str = "Credit";
    const PREFIX: &'static str = "crd";
}

choice! {
    /// Where a credit stands. More values may be added.
    pub enum CreditState {
        /// Something of it remains, for the next invoices.
        Pending = "PENDING",
        /// It is used up.
        Transferred = "TRANSFERRED",
        /// What remained of it was cancelled.
        Cancelled = "CANCELLED",
    }
}

/// What one invoice took of one credit. An invoice takes of a credit once.
#[derive(Clone, PartialEq, Debug)]
pub struct CreditApplication {
    pub credit_id: Id<Credit>,
    pub invoice_id: Id<Invoice>,
    /// More than nothing.
    pub amount: Money,
    pub created_at: Instant,
    /// When it went back, as the invoice was withdrawn.
    pub returned_at: Option<Instant>,
}

/// Takes credits off an invoice that is about to be issued: the oldest first, as far as they go, and never more than is
/// due. Credits of other customers, other subscriptions and other currencies, and those that are not valid yet, stay as
/// they are. An invoice that is no draft takes none.
pub fn apply(credits: &mut [Credit], invoice: &mut Invoice, now: Instant) -> Vec<CreditApplication> {
    let mut fitting: Vec<&mut Credit> = credits.iter_mut().filter(|credit| credit.pays(invoice, now)).collect();
    fitting.sort_unstable_by_key(|credit| (credit.valid_from, credit.id));
    let mut applications = Vec::new();
    for credit in fitting {
        let minor = credit.remaining.minor.min(invoice.balance.due.minor);
        if minor <= 0 {
            break;
        }
        credit.remaining.minor -= minor;
        if credit.remaining.minor == 0 {
            credit.state = CreditState::Transferred;
        }
        credit.updated_at = now;
        let amount = Money::new(minor, invoice.currency);
        invoice.take_credit(amount);
        applications.push(CreditApplication {
            credit_id: credit.id,
            invoice_id: invoice.id,
            amount,
            created_at: now,
            returned_at: None,
        });
    }
    applications
}

impl Credit {
    /// Whether an invoice that is issued now takes of it.
    fn pays(&self, invoice: &Invoice, now: Instant) -> bool {
        self.state == CreditState::Pending
            && invoice.status == InvoiceStatus::Draft
            && self.customer_id == invoice.customer_id
            && self.amount.currency == invoice.currency
            && self.valid_from <= now
            && self.subscription_id.is_none_or(|own| invoice.subscription_id == Some(own))
    }

    /// The credit after what remains of it was cancelled.
    pub fn cancelled(self) -> Result<Self, Refusal> {
        let why = match self.state {
            CreditState::Pending => return Ok(Credit { state: CreditState::Cancelled, ..self }),
            CreditState::Transferred => "The credit is used up.",
            CreditState::Cancelled => "The credit is cancelled already.",
        };
        Err(Refusal::new(ErrorCode::CreditNotPending, why).at(&["creditId"]))
    }

    /// Takes back what a withdrawn invoice had taken. It pays invoices again, unless it was cancelled.
    pub fn take_back(&mut self, application: &mut CreditApplication, now: Instant) {
        application.returned_at = Some(now);
        self.remaining.minor += application.amount.minor;
        if self.state == CreditState::Transferred {
            self.state = CreditState::Pending;
        }
        self.updated_at = now;
    }
}

/// The refusal for a credit that does not exist.
pub fn not_found() -> Refusal {
    Refusal::new(ErrorCode::CreditNotFound, "There is no such credit.").at(&["creditId"])
}

#[cfg(test)]
mod tests;
