//! What is asked of a payment gateway beside charges, what it answers, and what it tells by itself. Charges are in
//! [`super::payment`].

use super::choice::choice;
use super::customer::Customer;
use super::payment::{Charge, ChargeOutcome, PaymentAttempt};
use super::received;
use super::tenant::Tenant;
use super::{ErrorCode, Id, Money, Refusal};

choice! {
    /// A payment gateway.
    pub enum Gateway {
        /// It moves no money: for trying out.
        Test = "TEST",
        /// Stripe.
        Stripe = "STRIPE",
    }
}

/// A part of a charge that is to go back to the customer, or all of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refund {
    /// The idempotency key: one refund is made once at most.
    pub id: Id<received::Refund>,
    pub charge: Charge,
    /// What the gateway calls the charge, where that is known.
    pub charge_reference: Option<String>,
    /// More than nothing, in the currency of the charge.
    pub amount: Money,
}

/// What the gateway says of a refund. Codes are its own words; never empty.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RefundOutcome {
    /// The money goes back; when it arrives is up to the bank.
    Succeeded {
        /// What the gateway calls the refund.
        reference: Option<String>,
    },
    /// It does not, and will not: there was no charge, or not as much is left of it.
    Refused { code: String },
    /// Whether it does is unknown: ask again.
    Failed { code: String },
}

/// A card that a customer gave to the gateway's own page, and that is to be charged again and again.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewCard {
    pub tenant: Id<Tenant>,
    pub customer: Id<Customer>,
    /// What the gateway's page answered, such as `pm_…`.
    pub token: String,
    /// The gateway's reference to another payment method that the customer has: the two belong together.
    pub beside: Option<String>,
}

/// What the gateway says of a card that is to be kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Attachment {
    /// It can be charged from now on.
    Done {
        /// What the gateway knows it by.
        reference: String,
        /// What a person knows it by, such as "Visa 4242".
        label: String,
    },
    /// There is no such card, or its bank refuses.
    Refused { code: String },
    /// Whether it can be charged is unknown: ask again.
    Failed { code: String },
}

impl Attachment {
    /// The reference and the label. Refuses unless the card was kept.
    pub fn accepted(self) -> Result<(String, String), Refusal> {
        match self {
            Attachment::Done { reference, label } => Ok((reference, label)),
            Attachment::Refused { code } => {
                Err(Refusal::new(ErrorCode::InvalidToken, format!("The gateway does not take this card: {code}.")))
            }
            Attachment::Failed { code } => Err(Refusal::new(
                ErrorCode::PaymentProcessingError,
                format!("The gateway did not answer: {code}. Try again in a moment."),
            )),
        }
    }
}

/// What a gateway tells by itself of one attempt. It may be told more than once, late, and in any order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Notice {
    pub gateway: Gateway,
    /// The gateway's own id of it.
    pub id: String,
    /// The gateway's own word for what happened, such as `payment_intent.succeeded`.
    pub kind: String,
    pub attempt: Id<PaymentAttempt>,
    pub news: News,
}

/// What happened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum News {
    /// The charge came to its outcome.
    Charged(ChargeOutcome),
    /// So much of the charge has gone back by now, whoever wanted it.
    Refunded(Money),
    /// The customer asks its bank for the money.
    Disputed { amount: Money, reason: String },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_that_is_not_kept_is_refused_and_says_the_code() {
        let done = Attachment::Done { reference: "cus_1/pm_1".to_owned(), label: "Visa 4242".to_owned() };
        assert_eq!(done.accepted(), Ok(("cus_1/pm_1".to_owned(), "Visa 4242".to_owned())));
        let code = "card_declined".to_owned();
        for (attachment, expected) in [
            (Attachment::Refused { code: code.clone() }, ErrorCode::InvalidToken),
            (Attachment::Failed { code: code.clone() }, ErrorCode::PaymentProcessingError),
        ] {
            let refusal = attachment.accepted().unwrap_err();
            assert_eq!(refusal.code, expected);
            assert!(refusal.message.contains(&code), "{refusal:?}");
        }
    }
}
