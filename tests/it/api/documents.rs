//! Documents that are named instead of sent: those that were sent before, and those that the tenant registered; and keys
//! that are kept to the latter.

use super::refuses_at;
use crate::support::builders::text;
use crate::support::{Answer, TestApp, both, mutation};
use perennial::app::trusted_document::sha256_of;
use perennial::domain::api_key::Scope;
use serde_json::{Value, json};

const QUERY: &str = "{ tenant { name } }";

fn hash(text: &str) -> String {
    sha256_of(text).as_str().to_owned()
}

fn persisted(hash: &str) -> Value {
    json!({"persistedQuery": {"version": 1, "sha256Hash": hash}})
}

/// Sends a body as it is.
fn post(app: &TestApp, key: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
    let mut request = app.agent().post(app.url("/graphql")).header("authorization", format!("Bearer {key}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    Answer::of(request.send_json(body).unwrap())
}

fn get(app: &TestApp, parameters: &[(&str, &str)]) -> Answer {
    let encode = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    let parameters: Vec<_> = parameters.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
    let request = app.agent().get(app.url(&format!("/graphql?{}", parameters.join("&"))));
    let request = request.header("authorization", format!("Bearer {}", app.key)).header("graphql-preflight", "1");
    Answer::of(request.call().unwrap())
}

/// The code of the only error of an answer without data.
#[track_caller]
fn code(answer: &Answer) -> String {
    let json = answer.json();
    assert_eq!((json.get("data"), json["errors"].as_array().map(Vec::len)), (None, Some(1)), "{json}");
    text(&json["errors"][0]["extensions"]["code"])
}

fn register(app: &TestApp, texts: &[&str]) -> Vec<String> {
    let done = app.mutate("registerDocuments", json!({"documents": texts}), "rows { document { id sha256 text } }");
    let rows = done["rows"].as_array().unwrap();
    for (row, text) in rows.iter().zip(texts) {
        assert_eq!((&row["document"]["sha256"], &row["document"]["text"]), (&json!(hash(text)), &json!(text)));
    }
    rows.iter().map(|row| text(&row["document"]["id"])).collect()
}

/// A key that is kept to registered documents.
fn restricted(app: &TestApp, scope: &str) -> String {
    let input = json!({"name": "app", "scope": scope, "trustedDocumentsOnly": true});
    text(&app.mutate("createApiKey", input, "secret")["secret"])
}

both! {
    a_text_that_was_sent_with_its_hash_need_not_be_sent_again(app) {
        let expected = json!({"data": {"tenant": {"name": "Acme"}}});
        let name = hash(QUERY);
        let by_hash = || post(app, &app.key, &[], &json!({"extensions": persisted(&name)}));
        assert_eq!(by_hash().status, 200);
        assert_eq!(by_hash().json()["errors"][0]["message"], "PersistedQueryNotFound");
        assert_eq!(code(&by_hash()), "PERSISTED_QUERY_NOT_FOUND");
        let newer = [("accept", "application/graphql-response+json")];
        assert_eq!(post(app, &app.key, &newer, &json!({"extensions": persisted(&name)})).status, 400);
        // A text without a hash is not kept, nor is one under a hash that is not its own.
        assert_eq!(app.send(QUERY, json!({})), expected);
        let wrong = post(app, &app.key, &[], &json!({"query": "{ viewer { scope } }", "extensions": persisted(&name)}));
        assert_eq!(code(&wrong), "PERSISTED_QUERY_HASH_MISMATCH");
        assert_eq!(code(&by_hash()), "PERSISTED_QUERY_NOT_FOUND");
        let sent = post(app, &app.key, &[], &json!({"query": QUERY, "extensions": persisted(&name)}));
        assert_eq!(sent.json(), expected);
        assert_eq!(by_hash().json(), expected);
        assert_eq!(post(app, &app.key, &[], &json!({"extensions": persisted(&name.to_uppercase())})).json(), expected);
        assert_eq!(post(app, &app.key, &[], &json!({"documentId": format!("sha256:{name}")})).json(), expected);
        assert_eq!(post(app, &app.key, &[], &json!({"documentId": name})).json(), expected);
        // It is another tenant's business what this one sends.
        let (_, theirs) = app.another_tenant("Other");
        let answer = post(app, &theirs, &[], &json!({"extensions": persisted(&name)}));
        assert_eq!(code(&answer), "PERSISTED_QUERY_NOT_FOUND");
    }

    by_get_too_and_for_queries_only(app) {
        let extensions = persisted(&hash(QUERY)).to_string();
        assert_eq!(code(&get(app, &[("extensions", &extensions)])), "PERSISTED_QUERY_NOT_FOUND");
        let expected = json!({"data": {"tenant": {"name": "Acme"}}});
        assert_eq!(get(app, &[("query", QUERY), ("extensions", &extensions)]).json(), expected);
        assert_eq!(get(app, &[("extensions", &extensions)]).json(), expected);
        assert_eq!(get(app, &[("documentId", &format!("sha256:{}", hash(QUERY)))]).json(), expected);
        let (document, variables) = mutation("createCustomer", json!({"name": "Jane"}), "__typename");
        let named = json!({"variables": variables, "extensions": persisted(&hash(&document))});
        let sent = json!({"query": document, "variables": variables, "extensions": persisted(&hash(&document))});
        assert_eq!(post(app, &app.key, &[], &sent).status, 200);
        assert_eq!(post(app, &app.key, &[], &named).status, 200);
        let before = app.database.dump();
        let (variables, extensions) = (variables.to_string(), persisted(&hash(&document)).to_string());
        let answer = get(app, &[("variables", &variables), ("extensions", &extensions)]);
        assert_eq!((answer.status, answer.header("allow")), (405, Some("POST")));
        app.database.assert_unchanged(&before);
    }

    a_registered_document_is_found_by_everybody_of_the_tenant_until_it_is_removed(app) {
        let ids = register(app, &[QUERY, "query Named { viewer { scope } }"]);
        assert_eq!(register(app, &["query Named { viewer { scope } }", QUERY]), [ids[1].clone(), ids[0].clone()]);
        assert_eq!(app.database.number("SELECT count(*) FROM trusted_documents"), 2);
        let read = app.key_with(Scope::Read);
        let by_id = |key: &str| post(app, key, &[], &json!({"documentId": format!("sha256:{}", hash(QUERY))}));
        assert_eq!(by_id(&read).json()["data"]["tenant"]["name"], "Acme");
        let (_, theirs) = app.another_tenant("Other");
        assert_eq!(code(&by_id(&theirs)), "PERSISTED_QUERY_NOT_FOUND");
        let listed = app.data("{ trustedDocuments(orderBy: {field: CREATED_AT, direction: ASC}) { totalCount nodes { sha256 } } }");
        assert_eq!(listed["trustedDocuments"]["totalCount"], 2);
        let one = app.data_with("query ($id: ID!) { trustedDocument(id: $id) { text } }", json!({"id": ids[0]}));
        assert_eq!(one["trustedDocument"]["text"], QUERY);
        let gone = app.mutate("removeDocuments", json!({"documentIds": [ids[0], ids[0]]}), "documentIds");
        assert_eq!(gone["documentIds"], json!([ids[0]]));
        assert_eq!(code(&by_id(&read)), "PERSISTED_QUERY_NOT_FOUND");
        let both = json!({"documentIds": [ids[1], ids[0]]});
        refuses_at(app, "removeDocuments", both, &["NOT_FOUND input.documentIds.1"]);
        let events = "SELECT event_type AS line FROM events WHERE event_type LIKE 'trusted_document%' ORDER BY id";
        let [registered, removed] = ["trusted_document.registered", "trusted_document.removed"];
        assert_eq!(app.database.texts(events), [registered, registered, removed]);
    }

    a_repeated_registration_shows_what_is_left_of_it(app) {
        let input = json!({"documents": [QUERY]});
        let selection = "rows { document { id } }";
        let first = app.attempt_once("k", "registerDocuments", input.clone(), selection);
        app.mutate("removeDocuments", json!({"documentIds": [first["rows"][0]["document"]["id"]]}), "__typename");
        let again = app.attempt_once("k", "registerDocuments", input, selection);
        assert_eq!(again["rows"], json!([{"document": null}]));
    }

    a_restricted_key_sends_registered_documents_and_nothing_else(app) {
        let (document, variables) = mutation("createCustomer", json!({"name": "Jane"}), "__typename");
        let introspection = "{ __schema { queryType { name } } }";
        register(app, &[QUERY, &document]);
        let key = restricted(app, "WRITE");
        let by_text = |text: &str| app.send_as(&key, &[], text, json!({}));
        assert_eq!(by_text(QUERY).json()["data"]["tenant"]["name"], "Acme");
        let named = json!({"documentId": hash(&document), "variables": variables});
        assert_eq!(post(app, &key, &[], &named).json()["data"]["createCustomer"]["userErrors"], json!([]));
        let before = app.database.dump();
        for text in [&format!("{QUERY} "), "{ viewer { scope } }", introspection, "{", ""] {
            assert_eq!(code(&by_text(text)), "DOCUMENT_NOT_TRUSTED", "{text:?}");
            // To send the hash along teaches the server nothing, and neither does another key.
            let whole = json!({"query": text, "extensions": persisted(&hash(text))});
            for key in [&key, &app.key, &key] {
                let answer = post(app, key, &[], &whole);
                assert!(*key == app.key || code(&answer) == "DOCUMENT_NOT_TRUSTED", "{text:?}");
            }
            let answer = post(app, &key, &[], &json!({"extensions": persisted(&hash(text))}));
            assert_eq!(code(&answer), "DOCUMENT_NOT_TRUSTED", "{text:?}");
        }
        app.database.assert_unchanged(&before);
    }

    a_restricted_key_cannot_get_rid_of_its_restriction(app) {
        let make = "mutation M($input: CreateApiKeyInput!) { createApiKey(input: $input) { secret userErrors { code } } }";
        let rotate = "mutation M($input: RotateApiKeyInput!) { rotateApiKey(input: $input) { secret userErrors { code } } }";
        let add = "mutation M($input: RegisterDocumentsInput!) { registerDocuments(input: $input) { userErrors { code } } }";
        let remove = "mutation M($input: RemoveDocumentsInput!) { removeDocuments(input: $input) { userErrors { code } } }";
        let ids = register(app, &[make, rotate, add, remove]);
        let key = restricted(app, "ADMIN");
        let own = text(&app.data("{ viewer { keyId } }")["viewer"]["keyId"]);
        let before = app.database.dump();
        for (document, input) in [
            (make, json!({"name": "free", "scope": "READ"})),
            (rotate, json!({"apiKeyId": own})),
            (add, json!({"documents": ["{ viewer { keyId } }"]})),
            (remove, json!({"documentIds": [ids[0]]})),
        ] {
            let answer = app.send_as(&key, &[], document, json!({"input": input})).json();
            let payload = answer["data"].as_object().unwrap().values().next().unwrap();
            assert_eq!(payload["userErrors"], json!([{"code": "API_KEY_GRANTS_TOO_MUCH"}]), "{document}");
            assert_eq!(payload.get("secret").unwrap_or(&json!(null)), &json!(null));
        }
        let mut after = app.database.dump();
        after.insert("api_keys".to_owned(), before["api_keys"].clone());
        assert_eq!(after, before);
        let like = json!({"input": {"name": "like", "scope": "ADMIN", "trustedDocumentsOnly": true}});
        assert_eq!(app.send_as(&key, &[], make, like).json()["data"]["createApiKey"]["userErrors"], json!([]));
    }

    what_is_no_document_is_not_registered(app) {
        let bomb = "{ ...a } fragment a on Query { ...a }";
        let long = format!("{{ a }} # {}", "x".repeat(64 * 1024));
        for text in ["", "{", "type A { a: Int }", "{ a }\0", bomb, &long] {
            let input = json!({"documents": [QUERY, text]});
            refuses_at(app, "registerDocuments", input, &["VALIDATION_ERROR input.documents.1"]);
        }
        for documents in [json!([]), json!(vec![QUERY; 101])] {
            refuses_at(app, "registerDocuments", json!({"documents": documents}), &["VALIDATION_ERROR input.documents"]);
        }
        let [mine, nobody] = ["cus_00000000000000000000000000", "doc_00000000000000000000000000"];
        refuses_at(app, "removeDocuments", json!({"documentIds": [mine]}), &["VALIDATION_ERROR input.documentIds.0"]);
        refuses_at(app, "removeDocuments", json!({"documentIds": [nobody]}), &["NOT_FOUND input.documentIds.0"]);
    }
}
