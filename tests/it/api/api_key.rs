//! API keys over the API: made, replaced, revoked, expired; who may see them, and that their secrets are nowhere else.

use super::{blamed, refuses_at};
use crate::support::builders::text;
use crate::support::{Answer, TestApp, both, mutation};
use perennial::domain::api_key::Scope;
use serde_json::{Value, json};

const WHO: &str = "{ viewer { keyName scope trustedDocumentsOnly expiresAt } }";

/// The status of a small query with a key.
fn status(app: &TestApp, key: &str) -> u16 {
    app.send_as(key, &[], WHO, json!({})).status
}

fn create(app: &TestApp, input: Value) -> (String, String) {
    let made = app.mutate("createApiKey", input, "apiKey { id } secret");
    (text(&made["apiKey"]["id"]), text(&made["secret"]))
}

fn rotate(app: &TestApp, input: Value) -> Value {
    app.mutate("rotateApiKey", input, "apiKey { id name scope expiresAt } previousApiKey { id expiresAt } secret")
}

fn code(answer: &Answer) -> String {
    text(&answer.json()["errors"][0]["extensions"]["code"])
}

/// The events of keys, in the order in which they happened.
fn events(app: &TestApp) -> Vec<String> {
    app.database.texts("SELECT event_type AS line FROM events WHERE event_type LIKE 'api_key.%' ORDER BY id")
}

both! {
    a_key_that_was_made_opens_what_it_says(app) {
        let (id, secret) = create(app, json!({"name": " till ", "scope": "READ", "expiresAt": "2025-02-01T00:00:00Z"}));
        let who = app.send_as(&secret, &[], WHO, json!({})).json();
        let expected = json!({
            "keyName": "till", "scope": "READ", "trustedDocumentsOnly": false, "expiresAt": "2025-02-01T00:00:00Z",
        });
        assert_eq!(who["data"]["viewer"], expected);
        let fields = "id name scope trustedDocumentsOnly createdAt lastUsedAt expiresAt revokedAt rotation { rotatedAt }";
        let seen = app.data_with(&format!("query ($id: ID!) {{ apiKey(id: $id) {{ {fields} }} }}"), json!({"id": id}));
        let now = "2025-01-31T12:00:00Z";
        let expected = json!({
            "id": id, "name": "till", "scope": "READ", "trustedDocumentsOnly": false, "createdAt": now,
            "lastUsedAt": now, "expiresAt": "2025-02-01T00:00:00Z", "revokedAt": null, "rotation": null,
        });
        assert_eq!(seen["apiKey"], expected);
        let listed = app.data("{ apiKeys(filter: {scope: {eq: READ}}) { totalCount nodes { name } } }");
        assert_eq!(listed["apiKeys"], json!({"totalCount": 1, "nodes": [{"name": "till"}]}));
        assert_eq!(events(app), ["api_key.created"]);
        let told = app.database.texts("SELECT CAST(data AS TEXT) AS line FROM events WHERE event_type = 'api_key.created'");
        assert!(told[0].contains("READ") && !told[0].contains("till"), "who may read events may not see keys: {told:?}");
        assert_eq!(app.database.number("SELECT count(*) FROM audit_records WHERE operation = 'createApiKey'"), 1);
    }

    an_expired_key_opens_nothing_and_is_told_like_an_unknown_one(app) {
        let (id, secret) = create(app, json!({"name": "till", "scope": "WRITE", "expiresAt": "2025-02-01T00:00:00Z"}));
        app.set_clock("2025-01-31T23:59:59.999999Z");
        assert_eq!(status(app, &secret), 200);
        app.set_clock("2025-02-01T00:00:00Z");
        let (expired, unknown) = (app.send_as(&secret, &[], WHO, json!({})), app.send_as("prn_x", &[], WHO, json!({})));
        assert_eq!((expired.status, expired.json()), (401, unknown.json()));
        assert_eq!(expired.json()["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
        refuses_at(app, "rotateApiKey", json!({"apiKeyId": id}), &["API_KEY_NOT_ACTIVE input.apiKeyId"]);
        for at in ["2025-02-01T00:00:00Z", "2024-01-01T00:00:00Z", "2036-01-01T00:00:00Z", "9999-01-01T00:00:00Z"] {
            let input = json!({"name": "late", "scope": "READ", "expiresAt": at});
            refuses_at(app, "createApiKey", input, &["VALIDATION_ERROR input.expiresAt"]);
        }
        app.mutate("revokeApiKey", json!({"apiKeyId": id}), "__typename");
    }

    a_replaced_key_is_good_for_the_overlap_and_no_longer(app) {
        let (id, old) = create(app, json!({"name": "till", "scope": "WRITE", "expiresAt": "2025-03-02T12:00:00Z"}));
        app.set_clock("2025-02-01T12:00:00Z");
        let done = rotate(app, json!({"apiKeyId": id}));
        let new = text(&done["secret"]);
        // It was to live for thirty days, so its successor is, too; and the overlap is a day.
        let key = json!({"id": done["apiKey"]["id"], "name": "till", "scope": "WRITE", "expiresAt": "2025-03-03T12:00:00Z"});
        assert_eq!(done["apiKey"], key);
        assert_eq!(done["previousApiKey"], json!({"id": id, "expiresAt": "2025-02-02T12:00:00Z"}));
        assert!(new != old && status(app, &new) == 200 && status(app, &old) == 200);
        refuses_at(app, "rotateApiKey", json!({"apiKeyId": id}), &["API_KEY_ROTATED_ALREADY input.apiKeyId"]);
        let seen = app.data_with("query ($id: ID!) { apiKey(id: $id) { rotation { rotatedAt replacedBy { id } } } }", json!({"id": id}));
        let rotation = json!({"rotatedAt": "2025-02-01T12:00:00Z", "replacedBy": {"id": done["apiKey"]["id"]}});
        assert_eq!(seen["apiKey"]["rotation"], rotation);
        app.set_clock("2025-02-02T12:00:00Z");
        assert_eq!((status(app, &old), status(app, &new)), (401, 200));
        assert_eq!(events(app), ["api_key.created", "api_key.rotated"]);
        // Without an overlap the old one is gone at once.
        let second = rotate(app, json!({"apiKeyId": done["apiKey"]["id"], "overlapHours": 0}));
        assert_eq!((status(app, &new), status(app, &text(&second["secret"]))), (401, 200));
        for hours in [-1, 721] {
            let input = json!({"apiKeyId": second["apiKey"]["id"], "overlapHours": hours});
            refuses_at(app, "rotateApiKey", input, &["VALIDATION_ERROR input.overlapHours"]);
        }
        let input = json!({"apiKeyId": second["apiKey"]["id"], "expiresAt": "2025-01-01T00:00:00Z"});
        refuses_at(app, "rotateApiKey", input, &["VALIDATION_ERROR input.expiresAt"]);
    }

    an_overlap_never_prolongs_a_key(app) {
        let (id, old) = create(app, json!({"name": "till", "scope": "WRITE", "expiresAt": "2025-01-31T13:00:00Z"}));
        let done = rotate(app, json!({"apiKeyId": id, "overlapHours": 720, "expiresAt": "2026-01-01T00:00:00Z"}));
        assert_eq!(done["previousApiKey"]["expiresAt"], "2025-01-31T13:00:00Z");
        assert_eq!(done["apiKey"]["expiresAt"], "2026-01-01T00:00:00Z");
        app.set_clock("2025-01-31T13:00:00Z");
        assert_eq!((status(app, &old), status(app, &text(&done["secret"]))), (401, 200));
    }

    the_secret_is_in_the_first_answer_and_nowhere_else(app) {
        let ask = |mutation_name: &str, input: Value| {
            let (document, variables) = mutation(mutation_name, input, "apiKey { id } secret");
            let key = format!("once-{mutation_name}");
            app.send_as(&app.key, &[("idempotency-key", &key)], &document, variables).json()
        };
        let first = ask("createApiKey", json!({"name": "till", "scope": "READ"}));
        let id = first["data"]["createApiKey"]["apiKey"]["id"].clone();
        let rotated = ask("rotateApiKey", json!({"apiKeyId": id}));
        for (name, input, first) in [
            ("createApiKey", json!({"name": "till", "scope": "READ"}), first),
            ("rotateApiKey", json!({"apiKeyId": id}), rotated),
        ] {
            let secret = text(&first["data"][name]["secret"]);
            assert!(secret.starts_with("prn_") && status(app, &secret) == 200);
            let again = ask(name, input);
            assert_eq!(again["extensions"]["idempotency"], json!({"replayed": true}));
            assert_eq!(again["data"][name]["apiKey"], first["data"][name]["apiKey"]);
            assert_eq!(again["data"][name]["secret"], json!(null), "a repetition has no secret");
            for (table, rows) in app.database.dump() {
                assert!(!format!("{rows:?}").contains(&secret[4..]), "{table} holds a secret");
            }
        }
    }

    a_revoked_key_is_revoked_once_and_the_last_one_that_governs_stays(app) {
        let own = text(&app.data("{ viewer { keyId } }")["viewer"]["keyId"]);
        refuses_at(app, "revokeApiKey", json!({"apiKeyId": own}), &["LAST_ADMIN_KEY input.apiKeyId"]);
        // None of these could make another key for long: one that reads, one that expired, one with fixed documents.
        let (read, secret) = create(app, json!({"name": "r", "scope": "READ"}));
        create(app, json!({"name": "short", "scope": "ADMIN", "expiresAt": "2025-01-31T13:00:00Z"}));
        create(app, json!({"name": "fixed", "scope": "ADMIN", "trustedDocumentsOnly": true}));
        app.set_clock("2025-01-31T13:00:00Z");
        refuses_at(app, "revokeApiKey", json!({"apiKeyId": own}), &["LAST_ADMIN_KEY input.apiKeyId"]);
        let revoked = app.mutate("revokeApiKey", json!({"apiKeyId": read}), "apiKey { revokedAt }");
        assert_eq!(revoked["apiKey"]["revokedAt"], "2025-01-31T13:00:00Z");
        assert_eq!(status(app, &secret), 401);
        refuses_at(app, "revokeApiKey", json!({"apiKeyId": read}), &["API_KEY_NOT_ACTIVE input.apiKeyId"]);
        refuses_at(app, "rotateApiKey", json!({"apiKeyId": read}), &["API_KEY_NOT_ACTIVE input.apiKeyId"]);
        assert_eq!(events(app).last().map(String::as_str), Some("api_key.revoked"));
        // A successor governs in its stead, so that the old one may go before its time.
        let done = rotate(app, json!({"apiKeyId": own}));
        let new = text(&done["secret"]);
        let payload = app.attempt_as(&new, "revokeApiKey", json!({"apiKeyId": own}), "__typename");
        assert_eq!((payload["userErrors"].clone(), status(app, &app.key)), (json!([]), 401));
        let payload = app.attempt_as(&new, "revokeApiKey", json!({"apiKeyId": done["apiKey"]["id"]}), "__typename");
        assert_eq!(blamed(&payload["userErrors"]), ["LAST_ADMIN_KEY input.apiKeyId"]);
    }

    only_an_admin_sees_keys_and_no_other_part_of_an_answer_is_lost(app) {
        let (id, _) = create(app, json!({"name": "till", "scope": "READ"}));
        let [read, write] = [Scope::Read, Scope::Write].map(|scope| app.key_with(scope));
        let before = app.database.dump();
        let document = "query ($id: ID!, $ids: [ID!]!) {
            viewer { scope } mine: apiKey(id: $id) { name } node(id: $id) { id } nodes(ids: $ids) { id }
        }";
        let tenant = app.tenant.to_string();
        let variables = json!({"id": id, "ids": [tenant, id]});
        for (key, scope) in [(&read, "READ"), (&write, "WRITE")] {
            let answer = app.send_as(key, &[], document, variables.clone()).json();
            let expected = json!({"viewer": {"scope": scope}, "mine": null, "node": null, "nodes": [{"id": tenant}, null]});
            assert_eq!(answer["data"], expected);
            let errors = answer["errors"].as_array().unwrap();
            let paths: Vec<_> = errors.iter().map(|error| error["path"].clone()).collect();
            assert_eq!(paths, [json!(["mine"]), json!(["node"]), json!(["nodes", 1])]);
            assert!(errors.iter().all(|error| error["extensions"]["code"] == "FORBIDDEN"), "{errors:?}");
            // What is never null takes the whole answer with it.
            let answer = app.send_as(key, &[], "{ viewer { scope } apiKeys { totalCount } }", json!({})).json();
            assert_eq!(answer["data"], json!(null));
            assert_eq!((&answer["errors"][0]["path"], &answer["errors"][0]["extensions"]["code"]), (&json!(["apiKeys"]), &json!("FORBIDDEN")));
            // Whether there is such a key is not told either.
            let nobody = json!({"id": "key_00000000000000000000000000", "ids": [tenant, "key_00000000000000000000000000"]});
            let other = app.send_as(key, &[], document, nobody).json();
            assert_eq!((&other["data"], other["errors"].as_array().map(Vec::len)), (&expected, Some(3)));
            let (document, variables) = mutation("createApiKey", json!({"name": "more", "scope": "ADMIN"}), "secret");
            assert_eq!(code(&app.send_as(key, &[], &document, variables)), "FORBIDDEN");
        }
        let mut after = app.database.dump();
        // That they were used is noted.
        after.insert("api_keys".to_owned(), before["api_keys"].clone());
        assert_eq!(after, before);
        let answer = app.send(document, variables);
        assert_eq!(answer["data"], json!({
            "viewer": {"scope": "ADMIN"}, "mine": {"name": "till"}, "node": {"id": id}, "nodes": [{"id": tenant}, {"id": id}],
        }));
    }

    what_is_wrong_with_a_new_key_is_said_at_once(app) {
        let input = json!({"name": " ", "scope": "READ", "expiresAt": "soon"});
        refuses_at(app, "createApiKey", input, &["VALIDATION_ERROR input.name", "VALIDATION_ERROR input.expiresAt"]);
        for name in ["rotateApiKey", "revokeApiKey"] {
            refuses_at(app, name, json!({"apiKeyId": "cus_1"}), &["VALIDATION_ERROR input.apiKeyId"]);
            let nobody = json!({"apiKeyId": "key_00000000000000000000000000"});
            refuses_at(app, name, nobody, &["NOT_FOUND input.apiKeyId"]);
        }
    }
}
