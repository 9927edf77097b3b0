//! The port to a payment gateway: what the use cases ask of whoever moves the money.

use crate::domain::payment::{Charge, ChargeOutcome, Reversal};
use crate::domain::received::{RefundOrder, RefundOutcome};

/// A payment gateway. Its calls are outside effects: they are made outside of transactions, between one that reserves
/// the attempt and one that stores its outcome. Both block until the gateway answers, or up to the adapter's deadline,
/// which is well below [`super::payment::LONGEST_ATTEMPT`]; and both may be repeated: the attempt's id is the idempotency
/// key.
pub trait PaymentGateway: Send + Sync {
    /// Charges a customer. The same attempt is charged once at most: a repetition answers what came of the first call.
    /// Whether a charge that failed was made may be unknown, as after a timeout: reverse it.
    fn charge(&self, charge: &Charge) -> ChargeOutcome;

    /// Takes a charge back. To reverse what was never charged, or was reversed before, is no mistake; and an attempt
    /// that was reversed is not charged any more, also where the charge arrives later.
    fn reverse(&self, charge: &Charge) -> Reversal;

    /// Gives a part of a charge back, once, however often it is asked for.
    fn refund(&self, refund: &RefundOrder) -> RefundOutcome;
}
