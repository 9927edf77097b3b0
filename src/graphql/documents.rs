//! Which document a request means. It brings the text, or names it by its SHA-256, or brings both so that the text is kept
//! and need not be sent again (Apollo's automatic persisted queries). What a tenant registered is found by every program;
//! what was only sent once is kept in the memory of this one.
//!
//! A key may be kept to registered documents: it has its way past here, too, so nothing runs that did not come through
//! [`Documents::find`].

use super::engine::coded;
use super::limits::{QueryLimits, check_shape, check_text as check_tokens};
use crate::app::trusted_document::sha256_of;
use crate::app::{App, Viewer};
use crate::domain::Id;
use crate::domain::tenant::Tenant;
use crate::domain::trusted_document::{LONGEST, Sha256};
use crate::repository::Fault;
use async_graphql::parser::parse_query;
use async_graphql::{Extensions, Request, ServerError, Value};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The hash by which the extension `persistedQuery` of a request names its document.
pub fn named_by(extensions: &Extensions) -> Result<Option<Sha256>, &'static str> {
    let fields = match extensions.get("persistedQuery") {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Object(fields)) => fields,
        Some(_) => return Err("`extensions.persistedQuery` must be an object with `version` and `sha256Hash`."),
    };
    match fields.get("version") {
        Some(Value::Number(version)) if version.as_i64() == Some(1) => {}
        _ => return Err("`extensions.persistedQuery.version` must be 1."),
    }
    let hash = match fields.get("sha256Hash") {
        Some(Value::String(hash)) => Sha256::try_new(hash).ok(),
        _ => None,
    };
    let message = "`extensions.persistedQuery.sha256Hash` must be the SHA-256 of the text: 64 hexadecimal digits.";
    hash.map(Some).ok_or(message)
}

/// Looks a text over that is to be registered: whatever is wrong with it by itself is said now and not with each request.
pub fn check_text(text: String) -> Result<String, String> {
    if text.len() > LONGEST {
        return Err(format!("This is too long: at most {LONGEST} bytes are allowed."));
    }
    if text.contains('\0') {
        return Err("This contains a character that cannot be stored (NUL).".to_owned());
    }
    let limits = QueryLimits::default();
    check_tokens(&text, &limits).map_err(|error| error.message)?;
    let document = parse_query(&text).map_err(|error| {
        let place = error.positions().next();
        let place = place.map_or(String::new(), |pos| format!(": look at line {}, column {}", pos.line, pos.column));
        format!("This is not a GraphQL document{place}.")
    })?;
    check_shape(&document, &limits).map_err(|error| error.message)?;
    Ok(text)
}

/// What was sent with its hash.
#[derive(Default)]
pub struct Documents(Mutex<Kept>);

impl Documents {
    /// Puts the text into the request that it means, where its key may send it.
    pub fn find(&self, app: &App, viewer: &Viewer, request: &mut Request) -> Result<(), ServerError> {
        let named = named_by(&request.extensions).map_err(|message| coded(message, "BAD_REQUEST"))?;
        let tenant = viewer.tenant_id;
        let restricted = viewer.grant.trusted_documents_only;
        match named {
            Some(hash) if request.query.is_empty() => {
                let kept = if restricted { None } else { self.kept().get(tenant, &hash) };
                request.query = match kept {
                    Some(text) => (*text).to_owned(),
                    None => match app.trusted_document(tenant, &hash).map_err(unread)? {
                        Some(text) => text,
                        None if restricted => return Err(untrusted()),
                        // What clients of the protocol wait for, to the letter.
                        None => return Err(coded("PersistedQueryNotFound", "PERSISTED_QUERY_NOT_FOUND")),
                    },
                };
                return Ok(());
            }
            Some(hash) if hash != sha256_of(&request.query) => {
                let message = "The hash is not that of the text: send the SHA-256 of `query`, to the byte.";
                return Err(coded(message, "PERSISTED_QUERY_HASH_MISMATCH"));
            }
            Some(hash) if !restricted => self.kept().keep(tenant, hash, &request.query),
            _ => {}
        }
        if restricted && app.trusted_document(tenant, &sha256_of(&request.query)).map_err(unread)?.is_none() {
            return Err(untrusted());
        }
        Ok(())
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn untrusted() -> ServerError {
    let message = "This API key takes registered documents only: register this one with `registerDocuments`, or \
                   `perennial documents add`, or use another key.";
    coded(message, "DOCUMENT_NOT_TRUSTED")
}

fn unread(fault: Fault) -> ServerError {
    tracing::error!(cause = %fault, "a registered document could not be looked up");
    coded("The database is not available. Try again in a few seconds.", "SERVICE_UNAVAILABLE")
}

/// The most bytes of texts that are kept of one tenant, and of all.
const MOST_OF_ONE: usize = 1 << 20;
const MOST_OF_ALL: usize = 32 << 20;
/// What an entry takes beside its text, roughly.
const ENTRY: usize = 256;

/// Texts by tenant and hash. Each tenant has its own, so that nobody learns by a hash what others send, and whoever sends
/// ever new ones drives out nothing but its own.
#[derive(Default)]
struct Kept {
    shelves: HashMap<Id<Tenant>, Shelf>,
    bytes: usize,
    /// Counts the uses, to know which text was used last.
    uses: u64,
}

#[derive(Default)]
struct Shelf {
    texts: HashMap<Sha256, (Arc<str>, u64)>,
    bytes: usize,
}

impl Kept {
    fn get(&mut self, tenant: Id<Tenant>, hash: &Sha256) -> Option<Arc<str>> {
        self.uses += 1;
        let (text, used) = self.shelves.get_mut(&tenant)?.texts.get_mut(hash)?;
        *used = self.uses;
        Some(text.clone())
    }

    fn keep(&mut self, tenant: Id<Tenant>, hash: Sha256, text: &str) {
        if text.len() > LONGEST || self.get(tenant, &hash).is_some() {
            return;
        }
        let size = text.len() + ENTRY;
        while self.shelves.get(&tenant).is_some_and(|shelf| shelf.bytes + size > MOST_OF_ONE) {
            self.drop_oldest(tenant);
        }
        if self.bytes + size > MOST_OF_ALL {
            self.make_room();
        }
        let shelf = self.shelves.entry(tenant).or_default();
        shelf.texts.insert(hash, (text.into(), self.uses));
        shelf.bytes += size;
        self.bytes += size;
    }

    /// Frees an eighth of it all: the tenants that have most give half, one after the other.
    fn make_room(&mut self) {
        let mut shelves: Vec<_> = self.shelves.iter().map(|(tenant, shelf)| (shelf.bytes, *tenant)).collect();
        shelves.sort_unstable_by_key(|(bytes, _)| std::cmp::Reverse(*bytes));
        for (bytes, tenant) in shelves {
            if self.bytes <= MOST_OF_ALL / 8 * 7 {
                return;
            }
            while self.shelves.get(&tenant).is_some_and(|shelf| shelf.bytes > bytes / 2) {
                self.drop_oldest(tenant);
            }
        }
    }

    /// Drops the text of a tenant whose last use is the longest ago.
    fn drop_oldest(&mut self, tenant: Id<Tenant>) {
        let Some(shelf) = self.shelves.get_mut(&tenant) else { return };
        let oldest = shelf.texts.iter().min_by_key(|(_, (_, used))| *used).map(|(hash, _)| hash.clone());
        if let Some((text, _)) = oldest.and_then(|hash| shelf.texts.remove(&hash)) {
            let size = text.len() + ENTRY;
            shelf.bytes -= size;
            self.bytes -= size;
        }
        if shelf.texts.is_empty() {
            self.shelves.remove(&tenant);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tenant(n: u128) -> Id<Tenant> {
        Id::new(uuid::Uuid::from_u128(n))
    }

    fn keep(kept: &mut Kept, n: u128, text: &str) -> Sha256 {
        let hash = sha256_of(text);
        kept.keep(tenant(n), hash.clone(), text);
        hash
    }

    #[test]
    fn a_text_is_kept_for_its_tenant_until_others_of_that_tenant_drive_it_out() {
        let mut kept = Kept::default();
        let (first, second) = (keep(&mut kept, 1, "{ first }"), keep(&mut kept, 1, "{ second }"));
        let theirs = keep(&mut kept, 2, "{ first }");
        assert_eq!(kept.get(tenant(2), &second), None, "each tenant has its own");
        let long = |n: usize| format!("{{ {n}{} }}", "x".repeat(16_000));
        for n in 0..1000 {
            keep(&mut kept, 1, &long(n));
            assert!(kept.get(tenant(1), &first).is_some(), "what is used stays");
            assert!(kept.bytes <= MOST_OF_ONE + 1000);
        }
        assert_eq!(kept.get(tenant(1), &second), None, "what is not used goes");
        assert!(kept.get(tenant(2), &theirs).is_some());
    }

    #[test]
    fn all_tenants_together_have_their_bound_and_the_largest_gives_way() {
        let mut kept = Kept::default();
        let small = keep(&mut kept, 0, "{ small }");
        for n in 1..100 {
            for place in 0..60 {
                keep(&mut kept, n, &format!("{{ a{place}{} }}", "x".repeat(16_000)));
            }
        }
        let counted: usize = kept.shelves.values().map(|shelf| shelf.bytes).sum();
        assert!(kept.bytes <= MOST_OF_ALL && kept.bytes == counted, "{} {counted}", kept.bytes);
        assert!(kept.get(tenant(0), &small).is_some(), "a small one is not driven out by large ones");
        keep(&mut kept, 0, &"x".repeat(LONGEST + 1));
        assert_eq!(kept.shelves[&tenant(0)].texts.len(), 1, "what is longer than anything is not kept");
    }

    #[test]
    fn a_hash_is_named_as_the_protocol_has_it_or_not_at_all() {
        let named = |json: serde_json::Value| {
            let value = Value::from_json(json).unwrap();
            named_by(&Extensions([("persistedQuery".to_owned(), value)].into()))
        };
        let hash = "A".repeat(64);
        let good = serde_json::json!({"version": 1, "sha256Hash": hash, "more": true});
        assert_eq!(named(good), Ok(Some(Sha256::try_new(&hash).unwrap())));
        assert_eq!((named_by(&Extensions::default()), named(serde_json::Value::Null)), (Ok(None), Ok(None)));
        for bad in [
            serde_json::json!({}),
            serde_json::json!([]),
            serde_json::json!(hash),
            serde_json::json!({"version": 2, "sha256Hash": hash}),
            serde_json::json!({"version": "1", "sha256Hash": hash}),
            serde_json::json!({"version": 1}),
            serde_json::json!({"version": 1, "sha256Hash": "ab"}),
            serde_json::json!({"version": 1, "sha256Hash": 7}),
        ] {
            assert!(named(bad.clone()).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_text_that_is_registered_is_a_document_within_the_limits() {
        assert!(check_text("query A { a } # as it is".to_owned()).is_ok());
        let bad = ["", "{", "type A { a: Int }", "{ a }\0", "{ ...a } fragment a on Q { ...a }"];
        for text in bad.map(str::to_owned).into_iter().chain([format!("{{ a }}#{}", "x".repeat(LONGEST))]) {
            assert!(check_text(text.clone()).is_err(), "{text}");
        }
        assert_eq!(
            check_text("{\n a b( }".to_owned()),
            Err("This is not a GraphQL document: look at line 2, column 7.".to_owned())
        );
    }
}
