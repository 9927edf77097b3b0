//! API keys in every state, and registered documents.

use super::{AWKWARD, Making};
use chrono::TimeDelta;
use perennial::app::api_key::{CreateApiKey, RotateApiKey};
use perennial::app::operator;
use perennial::domain::api_key::{Grant, Scope};

impl Making<'_> {
    pub(super) fn keys(&self) {
        let tenant = self.viewer.tenant_id;
        for (n, scope) in [Scope::Read, Scope::Write, Scope::Admin].into_iter().cycle().take(12).enumerate() {
            let expires_at = n.is_multiple_of(2).then(|| self.app.ambient.now() + TimeDelta::days(90));
            let grant = Grant { scope, trusted_documents_only: n.is_multiple_of(5) };
            let new = CreateApiKey { name: AWKWARD[n].to_owned(), grant, expires_at };
            let (key, _) = operator::create_key_with(self.app, tenant, new).expect("a key");
            if n % 4 == 1 {
                operator::revoke_key(self.app, tenant, key).expect("it is revoked");
            } else if n % 4 == 2 {
                let change = RotateApiKey { api_key_id: key, overlap_hours: None, expires_at: None };
                operator::rotate_key(self.app, tenant, change).expect("it is rotated");
            }
        }
        let texts: Vec<String> = (0..7).map(|n| format!("query Q{n} {{ viewer {{ keyName }} }}")).collect();
        operator::register_documents(self.app, tenant, &texts).expect("they are registered");
    }
}
