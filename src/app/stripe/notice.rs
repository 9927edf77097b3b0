//! Notices: Stripe's events. Only those about charges of this program count, which their metadata tell.

use super::Stripe;
use super::amount;
use super::card::is_name;
use super::http::{Budget, Trouble};
use super::intent::Intent;
use super::outcome;
use crate::app::payment_gateway::Unread;
use crate::domain::Id;
use crate::domain::gateway::{Gateway, News, Notice};
use crate::domain::payment::PaymentAttempt;
use crate::domain::tenant::Tenant;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct Event {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    object: Value,
}

#[derive(Deserialize)]
struct Charge {
    amount_refunded: i64,
    currency: String,
    payment_intent: Option<String>,
}

#[derive(Deserialize)]
struct Dispute {
    amount: i64,
    currency: String,
    reason: String,
    payment_intent: Option<String>,
}

/// Whose charge something is about.
type Owner = (Id<Tenant>, Id<PaymentAttempt>);

impl Stripe {
    /// Reads the body of a notice that is genuine.
    pub(super) fn noticed(&self, budget: &Budget, body: &[u8]) -> Result<Option<(Id<Tenant>, Notice)>, Unread> {
        let event: Event = serde_json::from_slice(body).map_err(malformed)?;
        let object = event.data.object;
        let (owner, news) = match event.kind.as_str() {
            "payment_intent.succeeded" | "payment_intent.payment_failed" => {
                let intent: Intent = read(object)?;
                (owner(&intent.metadata), News::Charged(outcome::of_intent(&intent)))
            }
            "charge.refunded" => {
                let charge: Charge = read(object)?;
                let Some(owner) = self.owner_of(budget, charge.payment_intent.as_deref())? else { return Ok(None) };
                (Some(owner), News::Refunded(money(charge.amount_refunded, &charge.currency)?))
            }
            "charge.dispute.created" => {
                let dispute: Dispute = read(object)?;
                let Some(owner) = self.owner_of(budget, dispute.payment_intent.as_deref())? else { return Ok(None) };
                let amount = money(dispute.amount, &dispute.currency)?;
                (Some(owner), News::Disputed { amount, reason: dispute.reason })
            }
            _ => return Ok(None),
        };
        Ok(owner.map(|(tenant, attempt)| {
            (tenant, Notice { gateway: Gateway::Stripe, id: event.id, kind: event.kind, attempt, news })
        }))
    }

    /// Whose intent it is. What is about a charge does not say so itself: Stripe is asked.
    fn owner_of(&self, budget: &Budget, intent: Option<&str>) -> Result<Option<Owner>, Unread> {
        let Some(intent) = intent.filter(|intent| is_name(intent, "pi_")) else { return Ok(None) };
        match self.look_up(budget, intent) {
            Ok(intent) => Ok(owner(&intent.metadata)),
            Err(Trouble::Refused(_)) => Ok(None),
            Err(Trouble::Unknown(code)) => Err(Unread::Unavailable(code)),
        }
    }
}

/// Whose it is, by the metadata that every intent of this program has.
fn owner(metadata: &BTreeMap<String, String>) -> Option<Owner> {
    Some((metadata.get("tenant")?.parse().ok()?, metadata.get("attempt")?.parse().ok()?))
}

fn read<T: DeserializeOwned>(object: Value) -> Result<T, Unread> {
    serde_json::from_value(object).map_err(malformed)
}

fn money(amount: i64, currency: &str) -> Result<crate::domain::Money, Unread> {
    amount::from_stripe(amount, currency).ok_or_else(|| Unread::Malformed("an amount of no currency".to_owned()))
}

fn malformed(cause: serde_json::Error) -> Unread {
    Unread::Malformed(cause.to_string())
}
