//! Payments that came in for invoices, and what goes back of them (`billwerk.md` §7, `rental.md` §8).
//!
//! A payment is what an invoice was paid with: by a charge, whose attempt it names, or noted by hand. A refund of a charge
//! is an outside effect: it is PENDING and takes its part of the payment before the gateway is asked, so that no more
//! can go back than came in; where it fails, the payment has that part again.

use super::api_key::ApiKey;
use super::choice::choice;
use super::customer::Customer;
use super::gateway::RefundOutcome;
use super::invoice::Invoice;
use super::payment::PaymentAttempt;
use super::{Entity, ErrorCode, Id, Instant, Money, Refusal};

/// Money that came in for an invoice.
#[derive(Clone, PartialEq, Debug)]
pub struct Payment {
    pub id: Id<Payment>,
    pub invoice_id: Id<Invoice>,
    /// Who gets the invoice.
    pub customer_id: Id<Customer>,
    pub kind: PaymentKind,
    /// The charge that brought it; none where it was noted by hand.
    pub attempt_id: Option<Id<PaymentAttempt>>,
    /// More than nothing.
    pub amount: Money,
    /// What went back of it, or is on its way.
    pub refunded: Money,
    /// What others know it by, such as the text of a bank transfer.
    pub reference: Option<String>,
    pub notes: Option<String>,
    pub received_at: Instant,
    /// The key by which it was noted; none where it was charged.
    pub recorded_by: Option<Id<ApiKey>>,
    pub created_at: Instant,
}

impl Entity for Payment {
    const NAME: &'static str = "Payment";
    const PREFIX: &'static str = "pay";
}

choice! {
    /// How money came in. More values may be added.
    pub enum PaymentKind {
        /// A payment method was charged.
        Card = "CARD",
        /// By a bank transfer.
        BankTransfer = "BANK_TRANSFER",
        /// In cash.
        Cash = "CASH",
        /// In another way.
        Other = "OTHER",
    }
}

impl PaymentKind {
    /// Of a payment that is noted by hand. Only a charge is one by CARD.
    pub fn noted(self) -> Result<PaymentKind, &'static str> {
        match self {
            PaymentKind::Card => Err("A card is charged by payInvoice. Note BANK_TRANSFER, CASH or OTHER."),
            kind => Ok(kind),
        }
    }
}

impl Payment {
    /// What can still go back.
    pub fn left(&self) -> Money {
        Money::new(self.amount.minor - self.refunded.minor, self.amount.currency)
    }

    /// How much is refunded: what is asked for, else all that is left. Never more than what is left of the payment, nor of
    /// the invoice, of which a part may have gone back as a credit.
    pub fn refundable(&self, amount: Option<Money>, of_invoice: Money) -> Result<Money, Refusal> {
        let left = Money::new(self.left().minor.min(of_invoice.minor), of_invoice.currency);
        let amount = amount.unwrap_or(left);
        if amount.minor <= 0 && left.minor > 0 {
            return Err(Refusal::new(ErrorCode::ValidationError, "A refund is more than nothing.").at(&["amount"]));
        }
        if amount.minor > left.minor || left.minor == 0 {
            let message = format!("Only {left} {} of the payment are left.", left.currency);
            return Err(Refusal::new(ErrorCode::RefundTooHigh, message).at(&["amount"]));
        }
        Ok(amount)
    }
}

/// The refusal for a payment that does not exist.
pub fn payment_not_found() -> Refusal {
    Refusal::new(ErrorCode::PaymentNotFound, "There is no such payment.").at(&["paymentId"])
}

/// Money of a payment that goes back.
#[derive(Clone, PartialEq, Debug)]
pub struct Refund {
    /// The gateway's idempotency key, too.
    pub id: Id<Refund>,
    pub payment_id: Id<Payment>,
    /// More than nothing.
    pub amount: Money,
    pub reason: Option<String>,
    pub status: RefundStatus,
    /// The gateway's own word for why it failed.
    pub error_code: Option<String>,
    /// That of the request: unique among those that are PENDING.
    pub idempotency_key: Option<String>,
    pub created_at: Instant,
    /// When it came to its outcome; none while PENDING.
    pub finished_at: Option<Instant>,
    /// Until when the request that reserved it may be at work, by the machine's clock.
    pub reserved_until: Instant,
}

impl Entity for Refund {
    const NAME: &'static str = "Refund";
    const PREFIX: &'static str = "rfd";
}

choice! {
    /// What came of a refund.
    pub enum RefundStatus {
        /// The gateway was asked, or is about to be.
        Pending = "PENDING",
        /// The customer has its money.
        Succeeded = "SUCCEEDED",
        /// It did not go back: the payment is as it was.
        Failed = "FAILED",
    }
}

impl Refund {
    /// The refund with what came of it. None where it has its outcome already, or nothing is known yet.
    pub fn finished(&self, outcome: &RefundOutcome, now: Instant) -> Option<Refund> {
        let (status, error_code) = match outcome {
            _ if self.status != RefundStatus::Pending => return None,
            RefundOutcome::Succeeded { .. } => (RefundStatus::Succeeded, None),
            RefundOutcome::Refused { code } => (RefundStatus::Failed, Some(code.clone())),
            RefundOutcome::Failed { .. } => return None,
        };
        Some(Refund { status, error_code, finished_at: Some(now), ..self.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Choice, Currency};
    use uuid::Uuid;

    fn euros(minor: i64) -> Money {
        Money::new(minor, Currency::EUR)
    }

    fn payment(amount: i64, refunded: i64) -> Payment {
        Payment {
            id: Id::new(Uuid::from_u128(1)),
            invoice_id: Id::new(Uuid::from_u128(2)),
            customer_id: Id::new(Uuid::from_u128(3)),
            kind: PaymentKind::Card,
            attempt_id: Some(Id::new(Uuid::from_u128(4))),
            amount: euros(amount),
            refunded: euros(refunded),
            reference: None,
            notes: None,
            received_at: Instant::UNIX_EPOCH,
            recorded_by: None,
            created_at: Instant::UNIX_EPOCH,
        }
    }

    #[test]
    fn no_more_goes_back_than_came_in() {
        for (amount, refunded, asked, expected) in [
            (100, 0, None, Ok(100)),
            (100, 30, None, Ok(70)),
            (100, 0, Some(100), Ok(100)),
            (100, 30, Some(70), Ok(70)),
            (100, 30, Some(1), Ok(1)),
            (100, 0, Some(101), Err(ErrorCode::RefundTooHigh)),
            (100, 30, Some(71), Err(ErrorCode::RefundTooHigh)),
            (100, 100, None, Err(ErrorCode::RefundTooHigh)),
            (100, 100, Some(1), Err(ErrorCode::RefundTooHigh)),
            (100, 0, Some(0), Err(ErrorCode::ValidationError)),
        ] {
            let answer = payment(amount, refunded).refundable(asked.map(euros), euros(1_000_000));
            let answer = answer.map(|money| money.minor).map_err(|refusal| refusal.code);
            assert_eq!(answer, expected, "{asked:?} of {amount}, of which {refunded} went back");
        }
    }

    #[test]
    fn only_a_charge_is_by_card() {
        for (kind, ..) in PaymentKind::ALL {
            assert_eq!(kind.noted().is_ok(), *kind != PaymentKind::Card, "{kind:?}");
        }
    }

    #[test]
    fn a_refund_comes_to_one_outcome() {
        let pending = Refund {
            id: Id::new(Uuid::from_u128(1)),
            payment_id: Id::new(Uuid::from_u128(2)),
            amount: euros(100),
            reason: None,
            status: RefundStatus::Pending,
            error_code: None,
            idempotency_key: None,
            created_at: Instant::UNIX_EPOCH,
            finished_at: None,
            reserved_until: Instant::UNIX_EPOCH,
        };
        let refused = RefundOutcome::Refused { code: "charge_disputed".into() };
        let went = RefundOutcome::Succeeded { reference: None };
        let unknown = RefundOutcome::Failed { code: "timeout".into() };
        let done = pending.finished(&went, Instant::UNIX_EPOCH).unwrap();
        assert_eq!(
            (done.status, done.error_code.as_deref(), done.finished_at.is_some()),
            (RefundStatus::Succeeded, None, true)
        );
        let failed = pending.finished(&refused, Instant::UNIX_EPOCH).unwrap();
        assert_eq!((failed.status, failed.error_code.as_deref()), (RefundStatus::Failed, Some("charge_disputed")));
        assert_eq!(
            pending.finished(&unknown, Instant::UNIX_EPOCH),
            None,
            "it stays as it is, until something is known"
        );
        for finished in [done, failed] {
            for outcome in [&went, &refused, &unknown] {
                assert_eq!(finished.finished(outcome, Instant::UNIX_EPOCH), None);
            }
        }
    }
}
