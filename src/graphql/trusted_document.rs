//! Trusted documents: what may be named by its hash, and what keys may be kept to.

use super::check::{self, Check};
use super::documents::check_text;
use super::engine::{Object, Payload, Type};
use super::mutations::{Mutation, USER_ERRORS, run};
use crate::app::mutation::Answer;
use crate::app::trusted_document::{DocumentsRegistered, DocumentsRemoved, register_documents, remove_documents};
use crate::domain::api_key::Scope;
use crate::domain::trusted_document::TrustedDocument;
use crate::domain::{Id, Refusal};
use async_graphql::{ID, InputObject};

impl Object for TrustedDocument {
    fn declare() -> Type<Self> {
        Type::new(
            "TrustedDocument",
            "A GraphQL document that was registered: requests may name it by its hash instead of sending it, and keys may \
             be kept to such documents.",
        )
        .node(|document: &TrustedDocument| document.id)
        .computed("sha256", "Its name: the SHA-256 of the text, in hexadecimal digits.", |document| {
            document.sha256.as_str().to_owned()
        })
        .column("text", "Its text, to the byte.", |document| &document.text)
        .column("createdAt", "When it was registered.", |document| &document.created_at)
    }
}

/// Documents to register.
#[derive(InputObject)]
pub struct RegisterDocumentsInput {
    /// Their texts, 1 to 100 of them, each of at most 64 kB. The hash of a text is its name, so each byte counts.
    documents: Vec<String>,
}

/// The most documents of one request.
const MOST: usize = 100;

/// Which documents to remove.
#[derive(InputObject)]
pub struct RemoveDocumentsInput {
    /// Which documents: 1 to 100 of them.
    document_ids: Vec<ID>,
}

/// What `registerDocuments` answers.
pub struct RegisterDocumentsPayload(Answer<DocumentsRegistered>);

impl From<Answer<DocumentsRegistered>> for RegisterDocumentsPayload {
    fn from(answer: Answer<DocumentsRegistered>) -> Self {
        RegisterDocumentsPayload(answer)
    }
}

impl Payload for RegisterDocumentsPayload {
    fn refusal(&self) -> Option<&Refusal> {
        self.0.refusals.first()
    }
}

impl Object for RegisterDocumentsPayload {
    fn declare() -> Type<Self> {
        Type::new("RegisterDocumentsPayload", "What `registerDocuments` answers.")
            .values(
                "rows",
                "A row for each text, in their order; none where the request was refused.",
                |payload: &RegisterDocumentsPayload| {
                    payload.0.outcome.iter().flat_map(|done| &done.documents).collect()
                },
            )
            .values("userErrors", USER_ERRORS, |payload| payload.0.refusals.iter().collect())
    }
}

impl Object for Id<TrustedDocument> {
    fn declare() -> Type<Self> {
        Type::new("RegisterDocumentsRow", "What became of one text.").remembered::<TrustedDocument>(
            "document",
            "The document, which may have been registered before; null where it is removed by now.",
            |id| Some(*id),
        )
    }
}

/// What `removeDocuments` answers.
pub struct RemoveDocumentsPayload(Answer<DocumentsRemoved>);

impl From<Answer<DocumentsRemoved>> for RemoveDocumentsPayload {
    fn from(answer: Answer<DocumentsRemoved>) -> Self {
        RemoveDocumentsPayload(answer)
    }
}

impl Payload for RemoveDocumentsPayload {
    fn refusal(&self) -> Option<&Refusal> {
        self.0.refusals.first()
    }
}

impl Object for RemoveDocumentsPayload {
    fn declare() -> Type<Self> {
        Type::new("RemoveDocumentsPayload", "What `removeDocuments` answers.")
            .computed(
                "documentIds",
                "The documents that were removed; null where the request was refused.",
                |payload: &RemoveDocumentsPayload| payload.0.outcome.as_ref().map(|done| done.documents.clone()),
            )
            .values("userErrors", USER_ERRORS, |payload| payload.0.refusals.iter().collect())
    }
}

pub fn mutations() -> Vec<Mutation> {
    vec![
        Mutation::new(
            "registerDocuments",
            "Registers GraphQL documents: all of them or none. One that is registered already stays as it is. Errors: \
             VALIDATION_ERROR, API_KEY_GRANTS_TOO_MUCH (the key that asks takes registered documents only).",
            Scope::Admin,
            |on, running, input: RegisterDocumentsInput| {
                let texts = Check::input(|check| check.texts("documents", input.documents, (1, MOST), check_text));
                run::<_, _, RegisterDocumentsPayload>(on, running, texts, |call, texts| register_documents(call, texts))
            },
        ),
        Mutation::new(
            "removeDocuments",
            "Removes registered documents: all of them or none. Errors: VALIDATION_ERROR, API_KEY_GRANTS_TOO_MUCH (the key \
             that asks takes registered documents only), NOT_FOUND.",
            Scope::Admin,
            |on, running, input: RemoveDocumentsInput| {
                let ids = Check::input(|check| {
                    let given = input.document_ids.into_iter().map(|id| id.0).collect();
                    check.texts("documentIds", given, (1, MOST), |id| check::id(ID(id)))
                });
                run::<_, _, RemoveDocumentsPayload>(on, running, ids, |call, ids| remove_documents(call, ids))
            },
        ),
    ]
}
