//! Stripe's adapter, against localstripe.

mod api;
mod charges;
mod connection;
mod webhooks;

use crate::support::stripe_server::{KEY, server};
use crate::support::{Backend, TestApp, database::TestDatabase};
use perennial::app::Ambient;
use perennial::app::stripe::{Settings, Stripe};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// What notices are signed with.
const WEBHOOK_SECRET: &str = "whsec_perennial";

/// The adapter to the Stripe at this address.
fn stripe_at(url: &str, ambient: Ambient) -> Stripe {
    stripe_of(url, KEY, ambient)
}

/// The same, for the account that a key is of.
fn stripe_of(url: &str, key: &str, ambient: Ambient) -> Stripe {
    let (secret_key, webhook_secret) = (key.to_owned(), WEBHOOK_SECRET.to_owned());
    Stripe::new(Settings { url: url.to_owned(), secret_key, webhook_secret }, ambient).unwrap()
}

/// A program whose live tenants are charged by localstripe. It has an account of its own there, as the ids of all
/// programs are the same.
fn program(backend: Backend) -> TestApp {
    static ACCOUNT: AtomicU32 = AtomicU32::new(0);
    let key = format!("{KEY}_{}", ACCOUNT.fetch_add(1, Ordering::Relaxed));
    TestApp::charged_by(TestDatabase::fresh(backend), |ambient| {
        Some(Arc::new(stripe_of(&server().url, &key, ambient.clone())))
    })
}

/// As `both!`, with a program that is charged by localstripe.
macro_rules! stripe {
    ($($name:ident($app:ident) $body:block)*) => { $(
        fn $name($app: &$crate::support::TestApp) $body
        mod $name {
            use $crate::support::Backend;

            #[test]
            #[cfg_attr(without_localstripe, ignore = "no localstripe: see tests/it/support/stripe_server.rs")]
            fn sqlite() {
                super::$name(&$crate::stripe::program(Backend::Sqlite));
            }

            #[test]
            #[cfg_attr(
                any(without_localstripe, without_postgres),
                ignore = "no localstripe or no PostgreSQL: see tests/it/support"
            )]
            fn postgres() {
                super::$name(&$crate::stripe::program(Backend::Postgres));
            }
        }
    )* };
}
use stripe;
