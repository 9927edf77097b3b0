//! The port to a payment gateway: what the use cases ask of whoever moves the money.

use crate::domain::gateway::{Attachment, Gateway, NewCard, Notice, Refund, RefundOutcome};
use crate::domain::payment::{Charge, ChargeOutcome, Reversal};
use crate::domain::tenant::Tenant;
use crate::domain::{Id, Instant};

/// A payment gateway. Its calls are outside effects: they are made outside of transactions, between one that reserves
/// what is to be done and one that stores its outcome. All block until the gateway answers, or up to the adapter's
/// deadline, which is well below [`super::payment::LONGEST_ATTEMPT`]; and all may be repeated: what is asked for has an
/// id, which is the idempotency key.
pub trait PaymentGateway: Send + Sync {
    /// Which one it is.
    fn name(&self) -> Gateway;

    /// Charges a customer. The same attempt is charged once at most: a repetition answers what came of the first call.
    /// Whether a charge that failed was made may be unknown, as after a timeout: reverse it, or ask again.
    fn charge(&self, charge: &Charge) -> ChargeOutcome;

    /// Takes a charge back. To reverse what was never charged, or was reversed before, is no mistake; and an attempt
    /// that was reversed is not charged any more, also where the charge arrives later.
    fn reverse(&self, charge: &Charge) -> Reversal;

    /// Gives a part of a charge back, once, however often it is asked for.
    fn refund(&self, refund: &Refund) -> RefundOutcome;

    /// Makes a card that a customer gave to the gateway's own page one that can be charged again and again. A gateway
    /// whose cards come as tokens of this program refuses.
    fn attach(&self, card: &NewCard) -> Attachment;

    /// Reads a notice that arrived by itself. None where it is genuine and of no interest, such as one about what this
    /// program did not ask for.
    fn read_notice(&self, letter: &Letter<'_>) -> Result<Option<(Id<Tenant>, Notice)>, Unread>;
}

/// A notice as it arrived: anybody may have sent it.
#[derive(Clone, Copy, Debug)]
pub struct Letter<'a> {
    pub body: &'a [u8],
    /// What is to prove that the gateway wrote it.
    pub signature: &'a str,
    /// When it arrived.
    pub now: Instant,
}

/// Why a notice was not read.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Unread {
    /// The gateway sends none.
    #[error("this gateway sends no notices")]
    NoneExpected,
    /// The gateway did not write it, or long ago.
    #[error("the signature is wrong: {0}")]
    Unsigned(&'static str),
    /// It is signed, and cannot be understood.
    #[error("the notice cannot be understood: {0}")]
    Malformed(String),
    /// What it is about could not be asked of the gateway: it is to be sent again.
    #[error("the gateway did not say what the notice is about: {0}")]
    Unavailable(String),
}
