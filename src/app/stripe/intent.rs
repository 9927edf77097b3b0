//! Payment intents: one for an attempt, made and confirmed in two steps.
//!
//! The intent is made unconfirmed, under the attempt's id as the idempotency key: whoever asks again, to charge or to
//! take back, gets the same one, and to ask moves no money. Only to confirm it charges the customer. So a reversal finds
//! what it is to take back, also where the charge never arrived: it then leaves a cancelled intent, which cannot be
//! confirmed any more.

use super::Stripe;
use super::amount;
use super::card::Card;
use super::http::{ApiError, Budget, Request, Trouble};
use super::outcome;
use crate::domain::gateway::{Refund, RefundOutcome};
use crate::domain::payment::{Charge, ChargeOutcome, Reversal};
use chrono::TimeDelta;
use serde::Deserialize;
use std::collections::BTreeMap;

/// How long an idempotency key is trusted. Stripe forgets it after a day at the earliest.
const KEYS_LIVE: TimeDelta = TimeDelta::hours(23);
/// How far Stripe's clock may be behind.
const CLOCKS_DIFFER: TimeDelta = TimeDelta::minutes(10);

const INTENTS: &str = "/v1/payment_intents";

#[derive(Clone, Default, Deserialize, Debug)]
pub struct Intent {
    pub id: String,
    pub status: String,
    #[serde(default)]
    pub metadata: BTreeMap<String, String>,
    #[serde(default)]
    pub last_payment_error: Option<ApiError>,
}

#[derive(Deserialize)]
struct Page {
    data: Vec<Intent>,
    has_more: bool,
}

/// What a refund came to.
#[derive(Deserialize)]
struct Refunded {
    id: String,
    status: Option<String>,
}

/// Why there is no intent to go on with.
enum Missing {
    /// It cannot exist: this is nothing that Stripe could charge.
    Impossible(&'static str),
    /// Stripe refused to make it.
    Refused(ApiError),
}

impl Stripe {
    pub(super) fn charged(&self, budget: &Budget, charge: &Charge) -> Result<ChargeOutcome, Trouble> {
        let intent = match self.intent(budget, charge)? {
            Ok(intent) => intent,
            Err(Missing::Impossible(code)) => return Ok(ChargeOutcome::Failed { code: code.to_owned() }),
            Err(Missing::Refused(error)) if outcome::is_decline(&error) => return Ok(outcome::declined(&error)),
            Err(Missing::Refused(error)) => return Ok(ChargeOutcome::Failed { code: error.word().to_owned() }),
        };
        if intent.status != "requires_confirmation" {
            return Ok(outcome::of_intent(&intent));
        }
        let (path, key) = (format!("{INTENTS}/{}/confirm", intent.id), format!("{}-confirm", charge.attempt));
        // The customer is not there to be asked.
        let fields = [("off_session", "true")];
        let confirmed = self.http.ask(budget, &Request::Post { path: &path, key: Some(&key), fields: &fields });
        match confirmed {
            // What is repeated under a key is what was said then: by now it may have come to its end.
            Ok(Intent { status, .. }) if status == "processing" => {
                Ok(outcome::of_intent(&self.look_up(budget, &intent.id)?))
            }
            Ok(intent) => Ok(outcome::of_intent(&intent)),
            Err(Trouble::Refused(error)) if outcome::is_decline(&error) => Ok(outcome::declined(&error)),
            // It was confirmed or cancelled before: its state says what became of it.
            Err(Trouble::Refused(_)) => Ok(outcome::of_intent(&self.look_up(budget, &intent.id)?)),
            Err(unknown) => Err(unknown),
        }
    }

    pub(super) fn reversed(&self, budget: &Budget, charge: &Charge) -> Result<Reversal, Trouble> {
        let intent = match self.intent(budget, charge)? {
            Ok(intent) => intent,
            // What cannot be made now was not made before.
            Err(Missing::Impossible(_) | Missing::Refused(_)) => return Ok(Reversal::Done),
        };
        let path = format!("{INTENTS}/{}/cancel", intent.id);
        match self.http.ask::<Intent>(budget, &Request::Post { path: &path, key: None, fields: &[] }) {
            Ok(_) => return Ok(Reversal::Done),
            Err(Trouble::Refused(_)) => {}
            Err(unknown) => return Err(unknown),
        }
        // It is past cancelling.
        match self.look_up(budget, &intent.id)?.status.as_str() {
            "canceled" => Ok(Reversal::Done),
            "succeeded" => {
                let key = format!("{}-reverse", charge.attempt);
                let (attempt, tenant) = (charge.attempt.to_string(), charge.tenant.to_string());
                let fields = [
                    ("payment_intent", intent.id.as_str()),
                    ("metadata[attempt]", attempt.as_str()),
                    ("metadata[tenant]", tenant.as_str()),
                ];
                match self.give_back(budget, &key, &fields) {
                    Ok(_) => Ok(Reversal::Done),
                    Err(Trouble::Refused(error)) if error.word() == "charge_already_refunded" => Ok(Reversal::Done),
                    Err(trouble) => Err(trouble),
                }
            }
            status => Ok(Reversal::Failed { code: status.to_owned() }),
        }
    }

    pub(super) fn refunded(&self, budget: &Budget, refund: &Refund) -> Result<RefundOutcome, Trouble> {
        let refused = |code: &str| Ok(RefundOutcome::Refused { code: code.to_owned() });
        let Some(amount) = amount::to_stripe(refund.amount) else { return refused("amount_not_refundable") };
        let intent = match &refund.charge_reference {
            Some(reference) => reference.clone(),
            None => match self.intent(budget, &refund.charge)? {
                Ok(intent) => intent.id,
                Err(Missing::Impossible(code)) => return refused(code),
                Err(Missing::Refused(error)) => return refused(error.word()),
            },
        };
        let (amount, key) = (amount.to_string(), refund.id.to_string());
        let (attempt, tenant) = (refund.charge.attempt.to_string(), refund.charge.tenant.to_string());
        let fields = [
            ("payment_intent", intent.as_str()),
            ("amount", amount.as_str()),
            ("metadata[refund]", key.as_str()),
            ("metadata[attempt]", attempt.as_str()),
            ("metadata[tenant]", tenant.as_str()),
        ];
        let made = self.give_back(budget, &key, &fields)?;
        match made.status.as_deref() {
            Some(status @ ("failed" | "canceled")) => refused(status),
            _ => Ok(RefundOutcome::Succeeded { reference: Some(made.id) }),
        }
    }

    fn give_back(&self, budget: &Budget, key: &str, fields: &[(&str, &str)]) -> Result<Refunded, Trouble> {
        self.http.ask(budget, &Request::Post { path: "/v1/refunds", key: Some(key), fields })
    }

    /// An intent as it is now.
    pub(super) fn look_up(&self, budget: &Budget, id: &str) -> Result<Intent, Trouble> {
        self.http.ask(budget, &Request::Get(&format!("{INTENTS}/{id}")))
    }

    /// The intent of an attempt, made where there is none yet.
    fn intent(&self, budget: &Budget, charge: &Charge) -> Result<Result<Intent, Missing>, Trouble> {
        let impossible = |code| Ok(Err(Missing::Impossible(code)));
        let Some(card) = Card::of_reference(&charge.gateway_reference) else {
            return impossible("not_a_card_of_stripe");
        };
        let Some(amount) = amount::to_stripe(charge.amount) else { return impossible("amount_not_chargeable") };
        // Under a key that may be forgotten nothing is made: another intent might be made beside it.
        if self.ambient.now() - charge.reserved_at >= KEYS_LIVE {
            return Ok(self.old_intent(budget, charge, card)?.ok_or(Missing::Impossible("never_reached_stripe")));
        }
        let (amount, currency) = (amount.to_string(), charge.amount.currency.code().to_ascii_lowercase());
        let (attempt, tenant) = (charge.attempt.to_string(), charge.tenant.to_string());
        let fields = [
            ("amount", amount.as_str()),
            ("currency", currency.as_str()),
            ("customer", card.customer),
            ("payment_method", card.method),
            ("payment_method_types[]", card.kind),
            ("metadata[attempt]", attempt.as_str()),
            ("metadata[tenant]", tenant.as_str()),
        ];
        match self.http.ask(budget, &Request::Post { path: INTENTS, key: Some(&attempt), fields: &fields }) {
            Ok(intent) => Ok(Ok(intent)),
            Err(Trouble::Refused(error)) => Ok(Err(Missing::Refused(error))),
            Err(unknown) => Err(unknown),
        }
    }

    /// The intent of an attempt whose key Stripe may have forgotten: it was made within a day of the attempt.
    fn old_intent(&self, budget: &Budget, charge: &Charge, card: Card<'_>) -> Result<Option<Intent>, Trouble> {
        let from = (charge.reserved_at - CLOCKS_DIFFER).timestamp();
        let until = (charge.reserved_at + KEYS_LIVE + CLOCKS_DIFFER).timestamp();
        let customer = card.customer;
        let path = format!("{INTENTS}?customer={customer}&created%5Bgte%5D={from}&created%5Blte%5D={until}&limit=100");
        let page: Page = self.http.ask(budget, &Request::Get(&path))?;
        let attempt = charge.attempt.to_string();
        let found = page.data.into_iter().find(|intent| intent.metadata.get("attempt") == Some(&attempt));
        if found.is_none() && page.has_more {
            return Err(Trouble::unknown("too_many_intents"));
        }
        Ok(found)
    }
}
