//! Keys that several admins change at once, and keys that end in the middle of their use.

use crate::support::both;
use crate::support::builders::text;
use crate::support::together::{outcome, tally, together};
use perennial::app::operator;
use perennial::domain::api_key::Scope;
use serde_json::json;
use std::sync::atomic::{AtomicBool, Ordering};

both! {
    of_two_rotations_at_once_one_is_made(app) {
        for _ in 0..5 {
            let made = app.mutate("createApiKey", json!({"name": "till", "scope": "READ"}), "apiKey { id }");
            let input = json!({"apiKeyId": made["apiKey"]["id"]});
            let done = together(8, |_| app.attempt("rotateApiKey", input.clone(), "secret"));
            assert_eq!(tally(&done), json!({"DONE": 1, "API_KEY_ROTATED_ALREADY": 7}));
            for payload in &done {
                assert_eq!(payload["secret"].is_string(), outcome(payload) == "DONE");
            }
        }
        assert_eq!(app.database.number("SELECT count(*) FROM api_keys"), 11, "no key is left over");
    }

    a_rotation_and_a_revocation_at_once_leave_no_key_that_nobody_knows_of(app) {
        for _ in 0..10 {
            let made = app.mutate("createApiKey", json!({"name": "till", "scope": "READ"}), "apiKey { id }");
            let input = json!({"apiKeyId": made["apiKey"]["id"]});
            let names = ["rotateApiKey", "revokeApiKey"];
            let done = together(2, |index| app.attempt(names[index], input.clone(), "apiKey { id }"));
            match (outcome(&done[0]), outcome(&done[1])) {
                ("DONE" | "API_KEY_NOT_ACTIVE", "DONE") => {}
                other => panic!("{other:?}"),
            }
        }
    }

    two_admins_who_revoke_each_other_do_not_lock_the_tenant_out(app) {
        for _ in 0..5 {
            let [one, two] = [(); 2].map(|()| operator::create_key(&app.app, app.tenant, "admin", Scope::Admin).unwrap());
            // Only these two govern.
            let own = app.send_as(&one.1, &[], "{ apiKeys(first: 100) { nodes { id revokedAt } } }", json!({})).json();
            for key in own["data"]["apiKeys"]["nodes"].as_array().unwrap() {
                if key["revokedAt"].is_null() && ![one.0.to_string(), two.0.to_string()].contains(&text(&key["id"])) {
                    operator::revoke_key(&app.app, app.tenant, text(&key["id"]).parse().unwrap()).unwrap();
                }
            }
            let pairs = [(&one.1, two.0.to_string()), (&two.1, one.0.to_string())];
            let done = together(2, |index| {
                let document = "mutation ($id: ID!) { revokeApiKey(input: {apiKeyId: $id}) { userErrors { code } } }";
                app.send_as(pairs[index].0, &[], document, json!({"id": pairs[index].1})).text
            });
            let revoked = done.iter().filter(|text| text.contains("\"userErrors\":[]")).count();
            assert_eq!(revoked, 1, "{done:?}");
            let left = "SELECT count(*) FROM api_keys WHERE scope = 'ADMIN' AND revoked_at IS NULL";
            assert_eq!(app.database.number(left), 1);
        }
    }

    a_key_that_is_revoked_in_the_middle_of_its_use_opens_nothing_from_then_on(app) {
        for _ in 0..5 {
            let (id, key) = operator::create_key(&app.app, app.tenant, "till", Scope::Write).unwrap();
            let revoked = AtomicBool::new(false);
            together(8, |index| {
                if index == 0 {
                    let input = json!({"apiKeyId": id.to_string()});
                    app.mutate("revokeApiKey", input, "__typename");
                    revoked.store(true, Ordering::SeqCst);
                    return;
                }
                for n in 0..20 {
                    let known = revoked.load(Ordering::SeqCst);
                    let document = "mutation ($name: String!) { createCustomer(input: {name: $name}) { userErrors { code } } }";
                    let answer = app.send_as(&key, &[], document, json!({"name": format!("{index} {n}")}));
                    match answer.status {
                        200 if !known => assert_eq!(answer.json()["data"]["createCustomer"]["userErrors"], json!([])),
                        status => assert_eq!(status, 401, "{}", answer.text),
                    }
                }
            });
        }
    }

    a_document_that_many_register_at_once_is_registered_once(app) {
        let documents: Vec<String> = (0..5).map(|n| format!("query Q{n} {{ viewer {{ scope }} }}")).collect();
        let done = together(8, |_| {
            app.attempt("registerDocuments", json!({"documents": documents}), "rows { document { id } }")
        });
        assert_eq!(tally(&done), json!({"DONE": 8}));
        assert!(done.iter().all(|payload| payload["rows"] == done[0]["rows"]), "everybody gets the same answer");
        assert_eq!(app.database.number("SELECT count(*) FROM trusted_documents"), 5);
    }
}
