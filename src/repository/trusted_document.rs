//! Documents that a tenant registered.

use super::db::{Read, Tx, changed};
use super::list::{List, listed};
use super::on_backend;
use super::query::{Query, stored};
use super::schema::trusted_documents;
use super::sql_types::At;
use crate::domain::Id;
use crate::domain::tenant::Tenant;
use crate::domain::trusted_document::{Sha256, TrustedDocument};
use diesel::prelude::*;

stored!(TrustedDocument, trusted_documents(id, sha256, text, created_at) => {
    let (At(created_at), sha256): (At, String) = (created_at, sha256);
    let sha256 = Sha256::try_new(&sha256).map_err(|wrong| super::Fault::Database(wrong.to_string()))?;
    TrustedDocument { id, sha256, text, created_at }
});

listed!(TrustedDocument: List::new()
    .text(trusted_documents::sha256)
    .instant(trusted_documents::created_at).sorted(|document: &TrustedDocument| document.created_at.into()));

pub fn all(tenant: Id<Tenant>) -> Query<TrustedDocument> {
    Query::new(tenant)
}

pub fn by_sha256(tenant: Id<Tenant>, sha256: &Sha256) -> Query<TrustedDocument> {
    Query::by_text(tenant, "sha256", sha256.as_str())
}

pub fn insert(tx: &mut Tx<'_>, tenant: Id<Tenant>, document: &TrustedDocument) -> Read<()> {
    on_backend!(tx, |conn| diesel::insert_into(trusted_documents::table)
        .values((
            trusted_documents::tenant_id.eq(tenant),
            trusted_documents::id.eq(document.id),
            trusted_documents::sha256.eq(document.sha256.as_str()),
            trusted_documents::text.eq(&document.text),
            trusted_documents::created_at.eq(At(document.created_at)),
        ))
        .execute(conn))?;
    Ok(())
}

/// Removes a document. Whoever finds it removed loses the race.
pub fn remove(tx: &mut Tx<'_>, tenant: Id<Tenant>, document: Id<TrustedDocument>) -> Read<()> {
    let rows = on_backend!(tx, |conn| diesel::delete(trusted_documents::table)
        .filter(trusted_documents::tenant_id.eq(tenant))
        .filter(trusted_documents::id.eq(document))
        .execute(conn))?;
    changed(rows, 1)
}
