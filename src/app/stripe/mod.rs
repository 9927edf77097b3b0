//! Stripe, over its HTTP API. What becomes of cards, charges and notices there, and how each call may be repeated, is
//! in `docs/payments.md` and `docs/adr/0015-the-gateways-port-and-stripe.md`.

mod amount;
mod card;
mod http;
mod intent;
mod notice;
mod outcome;
mod signature;

use super::ambient::Ambient;
use super::payment_gateway::{Letter, PaymentGateway, Unread};
use crate::domain::Id;
use crate::domain::gateway::{Attachment, Gateway, NewCard, Notice, Refund, RefundOutcome};
use crate::domain::payment::{Charge, ChargeOutcome, Reversal};
use crate::domain::tenant::Tenant;
use http::{Budget, Http};
use std::fmt;

/// What is needed to speak with Stripe. Both secrets are never shown.
pub struct Settings {
    /// Where Stripe is, without a slash at the end.
    pub url: String,
    /// `sk_…`, or a restricted key, `rk_…`.
    pub secret_key: String,
    /// `whsec_…`: what Stripe signs its notices with.
    pub webhook_secret: String,
}

/// Why these settings are of no use.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Unusable {
    #[error("STRIPE_SECRET_KEY must hold a secret key of Stripe: it begins with sk_ or rk_")]
    SecretKey,
    #[error("STRIPE_WEBHOOK_SECRET must hold the signing secret of the webhook: it begins with whsec_")]
    WebhookSecret,
}

/// The adapter.
pub struct Stripe {
    http: Http,
    webhook_secret: String,
    ambient: Ambient,
}

impl fmt::Debug for Stripe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stripe").field("url", &self.http.base()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings").field("url", &self.url).finish_non_exhaustive()
    }
}

impl Stripe {
    pub fn new(settings: Settings, ambient: Ambient) -> Result<Stripe, Unusable> {
        let Settings { url, secret_key, webhook_secret } = settings;
        let is_secret = |text: &str, prefixes: &[&str]| {
            let rest = prefixes.iter().find_map(|prefix| text.strip_prefix(prefix));
            rest.is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_graphic()))
        };
        if !is_secret(&secret_key, &["sk_", "rk_"]) {
            return Err(Unusable::SecretKey);
        }
        if !is_secret(&webhook_secret, &["whsec_"]) {
            return Err(Unusable::WebhookSecret);
        }
        Ok(Stripe { http: Http::new(url, &secret_key), webhook_secret, ambient })
    }
}

impl PaymentGateway for Stripe {
    fn name(&self) -> Gateway {
        Gateway::Stripe
    }

    fn charge(&self, charge: &Charge) -> ChargeOutcome {
        self.charged(&Budget::of_a_call(), charge)
            .unwrap_or_else(|trouble| ChargeOutcome::Failed { code: trouble.code() })
    }

    fn reverse(&self, charge: &Charge) -> Reversal {
        self.reversed(&Budget::of_a_call(), charge).unwrap_or_else(|trouble| Reversal::Failed { code: trouble.code() })
    }

    fn refund(&self, refund: &Refund) -> RefundOutcome {
        self.refunded(&Budget::of_a_call(), refund).unwrap_or_else(|trouble| trouble.of_refund())
    }

    fn attach(&self, card: &NewCard) -> Attachment {
        self.attached(&Budget::of_a_call(), card).unwrap_or_else(|trouble| trouble.of_attachment())
    }

    fn read_notice(&self, letter: &Letter<'_>) -> Result<Option<(Id<Tenant>, Notice)>, Unread> {
        signature::verify(letter, &self.webhook_secret).map_err(Unread::Unsigned)?;
        self.noticed(&Budget::of_a_call(), letter.body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(secret_key: &str, webhook_secret: &str) -> Settings {
        Settings {
            url: "https://stripe.example".to_owned(),
            secret_key: secret_key.to_owned(),
            webhook_secret: webhook_secret.to_owned(),
        }
    }

    #[test]
    fn the_secrets_are_never_shown() {
        let settings = settings("sk_test_hidden", "whsec_hidden");
        let shown = format!("{settings:?} {settings:#?}");
        let stripe = Stripe::new(settings, Ambient::real()).unwrap();
        let shown = format!("{shown} {stripe:?} {stripe:#?}");
        assert!(shown.contains("https://stripe.example") && !shown.contains("hidden"), "{shown}");
    }

    #[test]
    fn what_is_no_secret_is_refused_without_showing_it() {
        for (key, webhook, expected) in [
            ("", "whsec_1", Unusable::SecretKey),
            ("sk_", "whsec_1", Unusable::SecretKey),
            ("pk_test_1", "whsec_1", Unusable::SecretKey),
            ("sk_test_1\r\nX: y", "whsec_1", Unusable::SecretKey),
            ("sk_test_1", "", Unusable::WebhookSecret),
            ("sk_test_1", "sk_test_1", Unusable::WebhookSecret),
            ("rk_test_1", "whsec_", Unusable::WebhookSecret),
        ] {
            assert_eq!(Stripe::new(settings(key, webhook), Ambient::real()).err(), Some(expected), "{key} {webhook}");
        }
    }
}
