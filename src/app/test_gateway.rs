//! A payment gateway that moves no money: for trying out, and for tests. What comes of a charge is up to the card.

use super::payment_gateway::{Letter, PaymentGateway, Unread};
use crate::domain::Choice;
use crate::domain::Id;
use crate::domain::choice::choice;
use crate::domain::gateway::{Attachment, Gateway, NewCard, Notice, Refund, RefundOutcome};
use crate::domain::payment::{Charge, ChargeOutcome, Decline, PaymentAttempt, Reversal};
use crate::domain::received;
use crate::domain::tenant::Tenant;
use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

choice! {
    /// A card of the test gateway: what comes of its charges.
    pub enum TestCard {
        /// They succeed.
        Succeeds = "SUCCEEDS",
        /// They are declined for now: `insufficient_funds`.
        InsufficientFunds = "INSUFFICIENT_FUNDS",
        /// They are declined for good: `credit_card_lost_or_stolen`.
        LostOrStolen = "LOST_OR_STOLEN",
        /// They fail: `acquirer_error`.
        ProcessingError = "PROCESSING_ERROR",
        /// They are not answered: after some seconds they fail with `timeout`.
        Hangs = "HANGS",
        /// They are pending: the bank has not answered yet. It never does.
        Pends = "PENDS",
    }
}

/// What the test gateway's names of its cards begin with.
const PREFIX: &str = "test_";

impl TestCard {
    /// What the test gateway knows the card by.
    pub fn reference(self) -> String {
        format!("{PREFIX}{}", self.name())
    }

    fn of_reference(reference: &str) -> Option<TestCard> {
        reference.strip_prefix(PREFIX).and_then(TestCard::from_name)
    }

    /// What a person knows the card by.
    pub fn label(self) -> &'static str {
        match self {
            TestCard::Succeeds => "Test card 0001",
            TestCard::InsufficientFunds => "Test card 0002",
            TestCard::LostOrStolen => "Test card 0003",
            TestCard::ProcessingError => "Test card 0004",
            TestCard::Hangs => "Test card 0005",
            TestCard::Pends => "Test card 0006",
        }
    }
}

/// Whether the test gateway knows a card, or may: its names begin alike.
pub fn is_reference(reference: &str) -> bool {
    reference.starts_with(PREFIX)
}

/// The test gateway. It remembers what it did, so that the same attempt is charged once.
pub struct TestGateway {
    book: Mutex<Book>,
    /// Told whenever a charge begins to hang, and when those that hang are let go.
    changed: Condvar,
}

struct Book {
    /// How long a charge hangs.
    deadline: Duration,
    /// By attempt, oldest first, as ids sort by their age.
    entries: BTreeMap<Id<PaymentAttempt>, Entry>,
    /// What was asked to give back, oldest first, and what came of it.
    refunds: BTreeMap<Id<received::Refund>, (Refund, RefundOutcome)>,
    /// How many charges hang.
    hanging: usize,
    /// How often those that hang were let go.
    releases: u64,
}

struct Entry {
    charge: Charge,
    outcome: ChargeOutcome,
    reversed: bool,
}

/// How many attempts are remembered: far more than are under way at once.
const MOST_ENTRIES: usize = 100_000;

impl TestGateway {
    /// How long a charge of [`TestCard::Hangs`] takes, where nobody says otherwise.
    pub const DEADLINE: Duration = Duration::from_secs(5);

    /// A gateway whose unanswered charges fail after this time.
    pub fn new(deadline: Duration) -> Self {
        let book = Book { deadline, entries: BTreeMap::new(), refunds: BTreeMap::new(), hanging: 0, releases: 0 };
        TestGateway { book: Mutex::new(book), changed: Condvar::new() }
    }

    /// The charges that succeeded and were not reversed, oldest attempt first.
    pub fn charged(&self) -> Vec<Charge> {
        self.book().entries.values().filter(|entry| entry.is_kept()).map(|entry| entry.charge.clone()).collect()
    }

    /// The refunds that were made, oldest first.
    pub fn refunded(&self) -> Vec<Refund> {
        let made = |(_, outcome): &&(Refund, RefundOutcome)| matches!(outcome, RefundOutcome::Succeeded { .. });
        self.book().refunds.values().filter(made).map(|(refund, _)| refund.clone()).collect()
    }

    /// The charges that were reversed, oldest attempt first, whatever came of them before.
    pub fn reversed(&self) -> Vec<Charge> {
        self.book().entries.values().filter(|entry| entry.reversed).map(|entry| entry.charge.clone()).collect()
    }

    /// From now on a charge hangs for so long.
    pub fn set_deadline(&self, deadline: Duration) {
        self.book().deadline = deadline;
    }

    /// Waits until so many charges hang.
    pub fn wait_until_hanging(&self, count: usize) {
        let waited = self.changed.wait_while(self.book(), |book| book.hanging < count);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }

    /// Lets the charges that hang come to their deadline now.
    pub fn release(&self) {
        self.book().releases += 1;
        self.changed.notify_all();
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits as one does for a gateway that does not answer.
    fn hang(&self) {
        let mut book = self.book();
        book.hanging += 1;
        self.changed.notify_all();
        let (deadline, releases) = (book.deadline, book.releases);
        let waited = self.changed.wait_timeout_while(book, deadline, |book| book.releases == releases);
        let (mut book, _) = waited.unwrap_or_else(PoisonError::into_inner);
        book.hanging -= 1;
    }
}

impl Entry {
    /// Whether the gateway has the customer's money.
    fn is_kept(&self) -> bool {
        matches!(self.outcome, ChargeOutcome::Succeeded { .. }) && !self.reversed
    }
}

impl Book {
    /// What comes of a refund: of a charge no more goes back than was charged. What another program charged, or this one
    /// before it was started anew, is not in the book: its card says what came of it.
    fn judge(&self, refund: &Refund) -> RefundOutcome {
        let refused = |code: &str| RefundOutcome::Refused { code: code.to_owned() };
        let charge = &refund.charge;
        let charged = match self.entries.get(&charge.attempt) {
            Some(entry) => entry.is_kept().then_some(entry.charge.amount),
            None => TestCard::of_reference(&charge.gateway_reference)
                .filter(|card| *card == TestCard::Succeeds)
                .map(|_| charge.amount),
        };
        let Some(charged) = charged else { return refused("transaction_not_found") };
        let made = self.refunds.values().filter(|(other, outcome)| {
            other.charge.attempt == charge.attempt && matches!(outcome, RefundOutcome::Succeeded { .. })
        });
        let before: i64 = made.map(|(other, _)| other.amount.minor).sum();
        if refund.amount.currency != charged.currency || refund.amount.minor > charged.minor - before {
            return refused("refund_amount_too_high");
        }
        RefundOutcome::Succeeded { reference: Some(format!("{PREFIX}{}", refund.id)) }
    }

    fn entry(&mut self, charge: &Charge, outcome: ChargeOutcome) -> &mut Entry {
        if self.entries.len() >= MOST_ENTRIES && !self.entries.contains_key(&charge.attempt) {
            self.entries.pop_first();
        }
        let new = || Entry { charge: charge.clone(), outcome, reversed: false };
        self.entries.entry(charge.attempt).or_insert_with(new)
    }
}

impl PaymentGateway for TestGateway {
    fn name(&self) -> Gateway {
        Gateway::Test
    }

    fn charge(&self, charge: &Charge) -> ChargeOutcome {
        let declined = |state, code: &str| ChargeOutcome::Declined { state, code: code.to_owned() };
        let failed = |code: &str| ChargeOutcome::Failed { code: code.to_owned() };
        let reference = || Some(format!("{PREFIX}{}", charge.attempt));
        let card = TestCard::of_reference(&charge.gateway_reference);
        if card == Some(TestCard::Hangs) {
            self.hang();
        }
        let outcome = match card {
            Some(TestCard::Succeeds) => ChargeOutcome::Succeeded { reference: reference() },
            Some(TestCard::Pends) => ChargeOutcome::Pending { reference: reference() },
            Some(TestCard::InsufficientFunds) => declined(Decline::Soft, "insufficient_funds"),
            Some(TestCard::LostOrStolen) => declined(Decline::Hard, "credit_card_lost_or_stolen"),
            Some(TestCard::ProcessingError) => failed("acquirer_error"),
            Some(TestCard::Hangs) => failed("timeout"),
            None => failed("acquirer_integration_error"),
        };
        self.book().entry(charge, outcome).outcome.clone()
    }

    fn reverse(&self, charge: &Charge) -> Reversal {
        let never_charged = ChargeOutcome::Failed { code: "reversed".to_owned() };
        self.book().entry(charge, never_charged).reversed = true;
        Reversal::Done
    }

    fn refund(&self, refund: &Refund) -> RefundOutcome {
        let mut book = self.book();
        if let Some((_, outcome)) = book.refunds.get(&refund.id) {
            return outcome.clone();
        }
        let outcome = book.judge(refund);
        if book.refunds.len() >= MOST_ENTRIES {
            book.refunds.pop_first();
        }
        book.refunds.insert(refund.id, (refund.clone(), outcome.clone()));
        outcome
    }

    /// Its cards come as tokens, which need no gateway to be kept.
    fn attach(&self, _card: &NewCard) -> Attachment {
        Attachment::Refused { code: "test_cards_come_as_tokens".to_owned() }
    }

    fn read_notice(&self, _letter: &Letter<'_>) -> Result<Option<(Id<Tenant>, Notice)>, Unread> {
        Err(Unread::NoneExpected)
    }
}

#[cfg(test)]
mod tests;
