//! One object: by its id, as any object, by a natural key.

use super::own::Own;
use crate::support::builders::text;
use crate::support::{TestApp, both};
use serde_json::{Value, json};

/// Those that no field of their own finds: only as a node.
const NODES: [&str; 10] = [
    "AdditionalCost",
    "OrderItem",
    "PaymentAttempt",
    "PaymentToken",
    "Price",
    "SubscriptionAddOn",
    "SubscriptionDiscount",
    "SubscriptionItem",
    "SubscriptionPhase",
    "Tenant",
];

/// An id of each type that there is, and the query field that finds it.
fn everything(app: &TestApp) -> Vec<(&'static str, Option<String>, String)> {
    let field = |ty: &str| ty[..1].to_lowercase() + &ty[1..];
    let own = Own::make(app, &app.key).ids.into_iter();
    own.map(|(ty, id)| (ty, (!NODES.contains(&ty)).then(|| field(ty)), id)).collect()
}

/// The bare UUID of an id.
fn bare(id: &str) -> String {
    let (_, suffix) = id.split_once('_').unwrap();
    let digit = |letter| u128::try_from("0123456789abcdefghjkmnpqrstvwxyz".find(letter).unwrap()).unwrap();
    uuid::Uuid::from_u128(suffix.chars().fold(0, |bits, letter| bits << 5 | digit(letter))).to_string()
}

both! {
    every_object_is_found_by_its_id(app) {
        let everything = everything(app);
        let ids: Vec<&String> = everything.iter().map(|(_, _, id)| id).collect();
        for (ty, field, id) in &everything {
            let node =
                app.data(&format!(r#"{{ node(id: "{id}") {{ __typename id ... on {ty} {{ createdOrSo: id }} }} }}"#));
            assert_eq!(node["node"], json!({"__typename": ty, "id": id, "createdOrSo": id}));
            for id in
                field.iter().flat_map(|_| [id.clone(), bare(id), bare(id).replace('-', ""), bare(id).to_uppercase()])
            {
                let field = field.as_ref().unwrap();
                let found = app.data(&format!(r#"{{ {field}(id: "{id}") {{ __typename }} }}"#));
                assert_eq!(found[field], json!({"__typename": ty}), "{id}");
            }
        }
        let nodes = app.data_with("query ($ids: [ID!]!) { nodes(ids: $ids) { id __typename } }", json!({"ids": ids}));
        let expected: Vec<Value> = everything.iter().map(|(ty, _, id)| json!({"id": id, "__typename": ty})).collect();
        assert_eq!(nodes["nodes"], Value::from(expected), "in the order in which they were asked for");
    }

    every_type_with_an_id_is_a_node_and_every_node_is_looked_up_here(app) {
        let schema = app.data(r#"{ __type(name: "Node") { possibleTypes { name } } }"#);
        let names: Vec<&Value> =
            schema["__type"]["possibleTypes"].as_array().unwrap().iter().map(|ty| &ty["name"]).collect();
        let mut names: Vec<&str> = names.into_iter().map(|name| name.as_str().unwrap()).collect();
        names.sort_unstable();
        assert_eq!(names, everything(app).iter().map(|(ty, ..)| *ty).collect::<Vec<_>>());
    }

    what_does_not_exist_is_null(app) {
        for (field, prefix) in [
            ("addOn", "add"),
            ("asset", "ast"),
            ("billingGroup", "bgr"),
            ("coupon", "cpn"),
            ("customer", "cus"),
            ("discount", "dsc"),
            ("feature", "fea"),
            ("invoice", "inv"),
            ("order", "ord"),
            ("paymentMethod", "ca"),
            ("plan", "plan"),
            ("product", "prd"),
            ("subscription", "sub"),
            ("node", "itm"),
            ("node", "price"),
            ("node", "ten"),
            ("node", "pat"),
            ("node", "ct"),
            ("node", "adc"),
            ("node", "pha"),
            ("node", "sad"),
            ("node", "sdc"),
            ("node", "sit"),
            ("node", "cus"),
        ] {
            let found = app.data(&format!(r#"{{ {field}(id: "{prefix}_00000000000000000000000000") {{ id }} }}"#));
            assert_eq!(found, json!({field: null}));
        }
        for (field, argument) in [
            ("productBySku", "sku"),
            ("customerByExternalId", "externalId"),
            ("orderByNumber", "number"),
            ("planByCode", "code"),
            ("assetBySerialNumber", "serialNumber"),
            ("subscriptionByHandle", "handle"),
            ("featureByCode", "code"),
            ("addOnByCode", "code"),
            ("discountByCode", "code"),
            ("couponByCode", "code"),
        ] {
            for key in ["nothing", "", " ", "a\\u0000b", "\u{1f600}"] {
                let found = app.data(&format!(r#"{{ {field}({argument}: "{key}") {{ id }} }}"#));
                assert_eq!(found, json!({field: null}), "{key}");
            }
        }
        let customer = app.customer("Jane");
        let ids =
            json!({"ids": ["cus_00000000000000000000000000", customer, customer, "prd_00000000000000000000000000"]});
        let found = app.data_with("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids);
        assert_eq!(found["nodes"], json!([null, {"id": customer}, {"id": customer}, null]));
        let none = app.data_with("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", json!({"ids": []}));
        assert_eq!(none["nodes"], json!([]));
    }

    a_malformed_id_and_one_of_another_type_are_refused(app) {
        let order = "ord_00000000000000000000000000";
        for (document, ids) in [
            (
                "query ($id: ID!) { customer(id: $id) { id } }",
                &[order, "", "cus_", "cus_1", "CUS_00000000000000000000000000", "1"][..],
            ),
            (
                "query ($id: ID!) { node(id: $id) { id } }",
                &["", "x", "usr_00000000000000000000000000", "00000000-0000-0000-0000-000000000000"],
            ),
        ] {
            for id in ids {
                let answer = app.send(document, json!({"id": id}));
                let extensions = &answer["errors"][0]["extensions"];
                assert_eq!(
                    (&extensions["code"], &extensions["argument"]),
                    (&json!("BAD_USER_INPUT"), &json!(["id"])),
                    "{id}"
                );
            }
        }
        let answer = app.send("query ($id: ID!) { customer(id: $id) { id } }", json!({"id": order}));
        let message = text(&answer["errors"][0]["message"]);
        assert_eq!(message, "This is not the id of a Customer: one begins with cus_.");
        let some = app.customer("Jane");
        let many = vec![some.as_str(); 101];
        for (ids, blamed) in [(json!([some, "x"]), json!(["ids", "1"])), (json!(many), json!(["ids"]))] {
            let answer = app.send("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", json!({"ids": ids}));
            let extensions = &answer["errors"][0]["extensions"];
            assert_eq!((&extensions["code"], &extensions["argument"]), (&json!("BAD_USER_INPUT"), &blamed));
        }
    }

    natural_keys_are_compared_to_the_letter_and_trimmed(app) {
        Own::make(app, &app.key);
        for (field, argument, key) in [
            ("productBySku", "sku", "LAP"),
            ("customerByExternalId", "externalId", "crm-1"),
            ("orderByNumber", "number", "O-000001"),
            ("assetBySerialNumber", "serialNumber", "L1"),
            ("planByCode", "code", "gold"),
            ("subscriptionByHandle", "handle", "jane-gold"),
            ("featureByCode", "code", "sso"),
            ("addOnByCode", "code", "support"),
            ("discountByCode", "code", "HALF"),
        ] {
            for (given, found) in [(key.to_owned(), true), (format!(" {key}\\t"), true), (flipped(key), false)] {
                let answer = app.data(&format!(r#"{{ {field}({argument}: "{given}") {{ id }} }}"#));
                assert_eq!(!answer[field].is_null(), found, "{field} {given}");
            }
        }
    }
}

/// The same with upper and lower case changed round.
fn flipped(text: &str) -> String {
    let flip =
        |letter: char| if letter.is_uppercase() { letter.to_ascii_lowercase() } else { letter.to_ascii_uppercase() };
    text.chars().map(flip).collect()
}
