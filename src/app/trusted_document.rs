//! Trusted documents: registering them, removing them, and finding one by its name.

use super::mutation::{Answer, Call, Stop, Work};
use super::{App, Viewer};
use crate::domain::api_key::Grant;
use crate::domain::event::EventType;
use crate::domain::tenant::Tenant;
use crate::domain::trusted_document::{Sha256, TrustedDocument, not_found};
use crate::domain::{Id, Refusal};
use crate::repository::{Fault, Query, trusted_document};
use serde::{Deserialize, Serialize};
use sha2::Digest;

/// The documents that were registered, in the order in which they were given.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DocumentsRegistered {
    pub documents: Vec<Id<TrustedDocument>>,
}

/// The documents that were removed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DocumentsRemoved {
    pub documents: Vec<Id<TrustedDocument>>,
}

/// The name of a document: the SHA-256 of its text, to the byte.
pub fn sha256_of(text: &str) -> Sha256 {
    Sha256::of_digest(sha2::Sha256::digest(text.as_bytes()).into())
}

/// Registers documents. One that is registered stays as it is. A key that takes registered documents only cannot add to
/// them, or it would not be kept to anything.
pub fn register_documents(call: &Call<'_>, texts: &[String]) -> Result<Answer<DocumentsRegistered>, Fault> {
    call.run(|work| {
        may_change(call.viewer)?;
        register(work, texts)
    })
}

/// Removes documents: from now on nobody is answered who names them, and keys that are kept to registered documents
/// cannot send them.
pub fn remove_documents(call: &Call<'_>, ids: &[Id<TrustedDocument>]) -> Result<Answer<DocumentsRemoved>, Fault> {
    call.run(|work| {
        may_change(call.viewer)?;
        let tenant = work.tenant;
        let mut removed: Vec<Id<TrustedDocument>> = Vec::new();
        for (index, id) in ids.iter().enumerate() {
            if removed.contains(id) {
                continue;
            }
            let found = Query::by_id(tenant, *id).first(work.conn())?;
            let found = found.ok_or_else(|| not_found().at(&["documentIds", &index.to_string()]))?;
            trusted_document::remove(work.tx, tenant, found.id)?;
            let data = serde_json::json!({"sha256": found.sha256.as_str()});
            work.event(EventType::TrustedDocumentRemoved, found.id, data);
            removed.push(*id);
        }
        Ok(DocumentsRemoved { documents: removed })
    })
}

fn may_change(viewer: &Viewer) -> Result<(), Refusal> {
    viewer.grant.may_give(Grant { trusted_documents_only: false, ..viewer.grant })
}

pub(super) fn register(work: &mut Work<'_, '_>, texts: &[String]) -> Result<DocumentsRegistered, Stop> {
    let tenant = work.tenant;
    let mut documents = Vec::with_capacity(texts.len());
    for text in texts {
        let sha256 = sha256_of(text);
        if let Some(known) = trusted_document::by_sha256(tenant, &sha256).first(work.conn())? {
            documents.push(known.id);
            continue;
        }
        let document = TrustedDocument { id: work.id(), sha256, text: text.clone(), created_at: work.now };
        trusted_document::insert(work.tx, tenant, &document)?;
        let data = serde_json::json!({"sha256": document.sha256.as_str()});
        work.event(EventType::TrustedDocumentRegistered, document.id, data);
        documents.push(document.id);
    }
    Ok(DocumentsRegistered { documents })
}

impl App {
    /// The text of a document that a tenant registered.
    pub fn trusted_document(&self, tenant: Id<Tenant>, sha256: &Sha256) -> Result<Option<String>, Fault> {
        let found = self.db.read_once(|conn| trusted_document::by_sha256(tenant, sha256).load(conn))?;
        Ok(found.into_iter().next().map(|document| document.text))
    }
}
