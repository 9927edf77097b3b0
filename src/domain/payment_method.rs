//! Payment methods and one-time tokens: what a customer can be charged by (`billwerk.md` §2.1, §7).

use super::choice::choice;
use super::customer::Customer;
use super::payment::PaymentAttempt;
use super::{Entity, ErrorCode, Id, Instant, Refusal};
use chrono::TimeDelta;

/// A stored way to charge a customer.
#[derive(Clone, Debug)]
pub struct PaymentMethod {
    pub id: Id<PaymentMethod>,
    pub customer_id: Id<Customer>,
    pub state: PaymentMethodState,
    /// What the gateway knows it by. Never shown.
    pub gateway_reference: String,
    /// What a person knows it by, such as "Visa 4242".
    pub label: String,
    pub version: i32,
    pub created_at: Instant,
    pub updated_at: Instant,
}

impl Entity for PaymentMethod {
    const NAME: &'static str = "PaymentMethod";
    const PREFIX: &'static str = "ca";
}

choice! {
    /// Whether a payment method can be charged.
    pub enum PaymentMethodState {
        /// It can be.
        Active = "ACTIVE",
        /// It was taken out of use.
        Inactive = "INACTIVE",
        /// The gateway refuses it for good.
        Failed = "FAILED",
    }
}

impl PaymentMethod {
    /// A new one, with what the gateway and what a person know it by.
    pub fn new(
        id: Id<PaymentMethod>,
        customer_id: Id<Customer>,
        (gateway_reference, label): (String, String),
        now: Instant,
    ) -> Self {
        PaymentMethod {
            id,
            customer_id,
            state: PaymentMethodState::Active,
            gateway_reference,
            label,
            version: 1,
            created_at: now,
            updated_at: now,
        }
    }

    /// Whether the customer can be charged by it (`billwerk.md` §2.1).
    pub fn chargeable_for(&self, customer: Id<Customer>) -> Result<(), Refusal> {
        if self.customer_id != customer {
            return Err(method_not_found());
        }
        match self.state {
            PaymentMethodState::Active => Ok(()),
            PaymentMethodState::Inactive => Err(not_active()),
            PaymentMethodState::Failed => {
                Err(Refusal::new(ErrorCode::PaymentMethodFailed, "The payment method failed before: use another one."))
            }
        }
    }

    /// Takes it out of use, also where the gateway refuses it already. Answers its new state.
    pub fn archive(&self) -> Result<PaymentMethodState, Refusal> {
        match self.state {
            PaymentMethodState::Active | PaymentMethodState::Failed => Ok(PaymentMethodState::Inactive),
            PaymentMethodState::Inactive => Err(not_active()),
        }
    }
}

/// The refusal for a payment method that does not exist, or belongs to another customer.
pub fn method_not_found() -> Refusal {
    Refusal::new(ErrorCode::PaymentMethodNotFound, "The customer has no such payment method.")
}

fn not_active() -> Refusal {
    Refusal::new(ErrorCode::PaymentMethodNotActive, "The payment method was taken out of use.")
}

/// A token for one use: what a checkout page gets from the gateway for a card.
#[derive(Clone, Debug)]
pub struct PaymentToken {
    pub id: Id<PaymentToken>,
    /// The only customer that it is for; none where it was made before the customer.
    pub customer_id: Option<Id<Customer>>,
    /// What the gateway knows the card by. Never shown.
    pub gateway_reference: String,
    pub label: String,
    /// The moment from which it cannot be used any more.
    pub expires_at: Instant,
    /// When something was made with it.
    pub used_at: Option<Instant>,
    /// The attempt for which a request that is being processed holds it, until `reserved_until` by the machine's clock.
    pub reserved_by: Option<Id<PaymentAttempt>>,
    pub reserved_until: Option<Instant>,
    pub created_at: Instant,
}

impl Entity for PaymentToken {
    const NAME: &'static str = "PaymentToken";
    const PREFIX: &'static str = "ct";
}

impl PaymentToken {
    /// Whether a new request may use it, for this customer or for one that does not exist yet (`billwerk.md` §2.1).
    pub fn usable_by(&self, customer: Option<Id<Customer>>, now: Instant) -> Result<(), Refusal> {
        if self.customer_id.is_some() && self.customer_id != customer {
            return Err(invalid_token());
        }
        if self.used_at.is_some() {
            return Err(token_used());
        }
        if self.reserved_by.is_some() {
            return Err(Refusal::new(ErrorCode::TokenAlreadyUsed, "Another request is using the token."));
        }
        if self.expires_at <= now {
            return Err(Refusal::new(ErrorCode::TokenExpired, "The token has expired: get a new one."));
        }
        Ok(())
    }

    /// The token without a hold that has run out by the machine's clock: that belongs to a request that died.
    pub fn without_dead_hold(self, machine_now: Instant) -> PaymentToken {
        match self.reserved_until {
            Some(until) if until <= machine_now => self.released(),
            _ => self,
        }
    }

    /// The token without the hold of this attempt.
    pub fn without_hold_of(self, attempt: Id<PaymentAttempt>) -> PaymentToken {
        if self.reserved_by == Some(attempt) { self.released() } else { self }
    }

    fn released(self) -> PaymentToken {
        PaymentToken { reserved_by: None, reserved_until: None, ..self }
    }

    /// The stored payment method that it becomes.
    pub fn method(&self, id: Id<PaymentMethod>, customer_id: Id<Customer>, now: Instant) -> PaymentMethod {
        PaymentMethod::new(id, customer_id, (self.gateway_reference.clone(), self.label.clone()), now)
    }
}

/// The refusal for a token that does not exist, or is for another customer.
pub fn invalid_token() -> Refusal {
    Refusal::new(ErrorCode::InvalidToken, "There is no such token for this customer.")
}

/// The refusal for a token of which something was made.
pub fn token_used() -> Refusal {
    Refusal::new(ErrorCode::TokenAlreadyUsed, "The token was used before: get a new one.")
}

/// Reads the id of a token.
pub fn token_id(text: &str) -> Result<Id<PaymentToken>, Refusal> {
    text.parse().map_err(|_| invalid_token())
}

/// The longest that a token lives, in seconds: a day.
const LONGEST_LIFE: i32 = 86_400;

/// How long a token lives, from a number of seconds.
pub fn token_life(seconds: i32) -> Result<TimeDelta, &'static str> {
    match seconds {
        1..=LONGEST_LIFE => Ok(TimeDelta::seconds(i64::from(seconds))),
        _ => Err("A token lives between 1 and 86400 seconds."),
    }
}

/// What a customer is charged by.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Source {
    Method(Id<PaymentMethod>),
    Token(Id<PaymentToken>),
}

impl Source {
    /// Reads what a client names as the source: a payment method (`ca_…`) or a token (`ct_…`). The prefix says which,
    /// so a bare UUID is none. A text that is empty counts as missing.
    pub fn parse(text: &str) -> Result<Source, Refusal> {
        let text = text.trim();
        match text.split_once('_').map(|(prefix, _)| prefix) {
            Some(PaymentMethod::PREFIX) => text.parse().map(Source::Method).map_err(|_| method_not_found()),
            Some(PaymentToken::PREFIX) => token_id(text).map(Source::Token),
            _ => Err(Refusal::new(
                ErrorCode::SourceRequired,
                "Name the payment method (ca_…) or the token (ct_…) that is to be charged.",
            )),
        }
    }

    /// The payment method, where it is one.
    pub fn method(self) -> Option<Id<PaymentMethod>> {
        match self {
            Source::Method(method) => Some(method),
            Source::Token(_) => None,
        }
    }

    /// The token, where it is one.
    pub fn token(self) -> Option<Id<PaymentToken>> {
        match self {
            Source::Method(_) => None,
            Source::Token(token) => Some(token),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn id<E>(n: u128) -> Id<E> {
        Id::new(Uuid::from_u128(n))
    }

    fn at(second: i64) -> Instant {
        Instant::UNIX_EPOCH + TimeDelta::seconds(second)
    }

    fn code<T>(answer: Result<T, Refusal>) -> Option<ErrorCode> {
        answer.err().map(|refusal| refusal.code)
    }

    /// A token that lives in [0, 100).
    fn token() -> PaymentToken {
        PaymentToken {
            id: id(1),
            customer_id: None,
            gateway_reference: "card".into(),
            label: "Visa 4242".into(),
            expires_at: at(100),
            used_at: None,
            reserved_by: None,
            reserved_until: None,
            created_at: at(0),
        }
    }

    #[test]
    fn a_source_says_by_its_prefix_what_it_is() {
        let (method, token) = (id::<PaymentMethod>(7), id::<PaymentToken>(8));
        assert_eq!(Source::parse(&method.to_string()), Ok(Source::Method(method)));
        assert_eq!(Source::parse(&format!(" {token}\n")), Ok(Source::Token(token)));
        for (text, expected) in [
            ("", ErrorCode::SourceRequired),
            ("  ", ErrorCode::SourceRequired),
            ("card", ErrorCode::SourceRequired),
            ("ca", ErrorCode::SourceRequired),
            ("CA_00000000000000000000000007", ErrorCode::SourceRequired),
            ("cus_00000000000000000000000007", ErrorCode::SourceRequired),
            ("00000000-0000-0000-0000-000000000007", ErrorCode::SourceRequired),
            ("ca_", ErrorCode::PaymentMethodNotFound),
            ("ca_7", ErrorCode::PaymentMethodNotFound),
            ("ca_ct_0000000000000000000000000", ErrorCode::PaymentMethodNotFound),
            ("ct_", ErrorCode::InvalidToken),
            ("ct_0000000000000000000000000l", ErrorCode::InvalidToken),
        ] {
            assert_eq!(code(Source::parse(text)), Some(expected), "{text:?}");
        }
    }

    #[test]
    fn a_source_is_a_method_or_a_token() {
        assert_eq!((Source::Method(id(7)).method(), Source::Method(id(7)).token()), (Some(id(7)), None));
        assert_eq!((Source::Token(id(8)).method(), Source::Token(id(8)).token()), (None, Some(id(8))));
    }

    #[test]
    fn an_active_method_charges_its_own_customer_only() {
        let mut method = token().method(id(2), id(5), at(10));
        for (state, own) in [
            (PaymentMethodState::Active, None),
            (PaymentMethodState::Inactive, Some(ErrorCode::PaymentMethodNotActive)),
            (PaymentMethodState::Failed, Some(ErrorCode::PaymentMethodFailed)),
        ] {
            method.state = state;
            assert_eq!(code(method.chargeable_for(id(5))), own, "{state:?}");
            assert_eq!(code(method.chargeable_for(id(6))), Some(ErrorCode::PaymentMethodNotFound), "{state:?}");
        }
    }

    #[test]
    fn a_method_is_taken_out_of_use_once() {
        let mut method = token().method(id(2), id(5), at(10));
        for (state, expected) in [
            (PaymentMethodState::Active, Ok(PaymentMethodState::Inactive)),
            (PaymentMethodState::Failed, Ok(PaymentMethodState::Inactive)),
            (PaymentMethodState::Inactive, Err(ErrorCode::PaymentMethodNotActive)),
        ] {
            method.state = state;
            assert_eq!(method.archive().map_err(|refusal| refusal.code), expected, "{state:?}");
        }
    }

    #[test]
    fn a_token_lives_until_it_expires() {
        assert_eq!(code(token().usable_by(None, at(0))), None);
        assert_eq!(code(token().usable_by(Some(id(5)), at(99))), None);
        assert_eq!(code(token().usable_by(None, at(100))), Some(ErrorCode::TokenExpired));
    }

    #[test]
    fn a_token_is_for_its_customer_only() {
        let own = PaymentToken { customer_id: Some(id(5)), ..token() };
        assert_eq!(code(own.usable_by(Some(id(5)), at(0))), None);
        assert_eq!(code(own.usable_by(Some(id(6)), at(0))), Some(ErrorCode::InvalidToken));
        assert_eq!(code(own.usable_by(None, at(0))), Some(ErrorCode::InvalidToken), "a new customer is another one");
    }

    #[test]
    fn a_token_that_is_used_or_held_is_not_to_be_had() {
        let used = PaymentToken { used_at: Some(at(10)), ..token() };
        assert_eq!(code(used.usable_by(None, at(50))), Some(ErrorCode::TokenAlreadyUsed));
        let held = PaymentToken { reserved_by: Some(id(9)), reserved_until: Some(at(60)), ..token() };
        let later = |machine| held.clone().without_dead_hold(at(machine)).usable_by(None, at(50));
        assert_eq!(code(later(59)), Some(ErrorCode::TokenAlreadyUsed));
        assert_eq!(code(later(60)), None, "the hold has run out, and the tenant's clock stands still");
        let of = |attempt| held.clone().without_hold_of(id(attempt)).usable_by(None, at(50));
        assert_eq!((code(of(8)), code(of(9))), (Some(ErrorCode::TokenAlreadyUsed), None));
    }

    /// Of several reasons the first is said: not this customer's, used, expired (decision 9).
    #[test]
    fn the_reasons_against_a_token_have_an_order() {
        let mut worst = PaymentToken { customer_id: Some(id(5)), used_at: Some(at(10)), ..token() };
        assert_eq!(code(worst.usable_by(None, at(100))), Some(ErrorCode::InvalidToken));
        worst.customer_id = None;
        assert_eq!(code(worst.usable_by(None, at(100))), Some(ErrorCode::TokenAlreadyUsed));
        worst.used_at = None;
        (worst.reserved_by, worst.reserved_until) = (Some(id(9)), Some(at(200)));
        assert_eq!(code(worst.usable_by(None, at(100))), Some(ErrorCode::TokenAlreadyUsed));
    }

    #[test]
    fn a_token_becomes_a_method_of_the_same_card() {
        let method = token().method(id(2), id(5), at(10));
        assert_eq!((method.id, method.customer_id, method.state), (id(2), id(5), PaymentMethodState::Active));
        assert_eq!((method.gateway_reference.as_str(), method.label.as_str()), ("card", "Visa 4242"));
        assert_eq!((method.version, method.created_at, method.updated_at), (1, at(10), at(10)));
    }

    #[test]
    fn a_token_lives_for_a_day_at_most() {
        assert_eq!(token_life(1), Ok(TimeDelta::seconds(1)));
        assert_eq!(token_life(86_400), Ok(TimeDelta::days(1)));
        for seconds in [0, -1, 86_401, i32::MIN, i32::MAX] {
            assert!(token_life(seconds).is_err(), "{seconds}");
        }
    }
}
