//! API keys and registered documents.

use super::{Store, choice, id, instant, maybe};
use perennial::domain::Id;
use perennial::domain::tenant::Tenant;
use perennial::repository::{Conn, Fault, api_key, trusted_document};

impl Store {
    pub(super) fn keys(&mut self, conn: &mut Conn, tenant: Id<Tenant>) -> Result<(), Fault> {
        let keys = api_key::all(tenant).order("id").load(conn)?;
        let ids: Vec<_> = keys.iter().map(|key| key.id).collect();
        let rotations = api_key::rotations_of(tenant, &ids).load(conn)?;
        for row in keys {
            let rotation = rotations.iter().find(|done| done.api_key_id == row.id);
            let rotation = maybe(rotation, |done| {
                let replaced_by = done.replaced_by_id.to_string();
                async_graphql::value!({"replacedBy": replaced_by, "rotatedAt": instant(done.rotated_at)})
            });
            let cells = [
                ("id", id(row.id)),
                ("name", row.name.into()),
                ("scope", choice(row.scope)),
                ("trustedDocumentsOnly", row.trusted_documents_only.into()),
                ("createdAt", instant(row.created_at)),
                ("lastUsedAt", maybe(row.last_used_at, instant)),
                ("expiresAt", maybe(row.expires_at, instant)),
                ("revokedAt", maybe(row.revoked_at, instant)),
                ("rotation", rotation),
            ];
            self.add("ApiKey", cells);
        }
        for row in trusted_document::all(tenant).order("id").load(conn)? {
            let cells = [
                ("id", id(row.id)),
                ("sha256", row.sha256.as_str().into()),
                ("text", row.text.into()),
                ("createdAt", instant(row.created_at)),
            ];
            self.add("TrustedDocument", cells);
        }
        Ok(())
    }
}
