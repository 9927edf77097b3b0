//! API keys: how a program proves for which tenant it speaks, and what it may do.

use super::choice::choice;
use super::{Entity, Id, Instant};

/// A key of a tenant. The secret itself is shown once, when the key is made, and never stored.
#[derive(Clone, Debug)]
pub struct ApiKey {
    pub id: Id<ApiKey>,
    pub name: String,
    pub scope: Scope,
    pub created_at: Instant,
    /// When it was last seen, to the minute; none before its first use.
    pub last_used_at: Option<Instant>,
    pub revoked_at: Option<Instant>,
}

impl Entity for ApiKey {
    const NAME: &'static str = "ApiKey";
    const PREFIX: &'static str = "key";
}

choice! {
    /// What an API key may do. Each scope includes those before it.
    pub enum Scope {
        /// Read everything of the tenant.
        Read = "READ",
        /// Also change customers, products, assets, orders and subscriptions.
        Write = "WRITE",
        /// Also change the tenant's settings and bring retired assets back.
        Admin = "ADMIN",
    }
}

impl Scope {
    /// Whether a key of this scope may do what needs `needed`.
    pub fn includes(self, needed: Scope) -> bool {
        self >= needed
    }
}
