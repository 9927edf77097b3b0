//! The same below the roots, by cursors, and by the names that others use.

use super::super::blamed;
use super::super::own::Own;
use super::{KEYS, named_by, nobody, schema, unwrapped};
use crate::live::client::Events;
use crate::support::both;
use crate::support::builders::text;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Whether a type lies below the roots, which are asked by themselves.
fn below_the_roots(ty: &str) -> bool {
    !["Query", "Mutation", "SubscriptionRoot"].contains(&ty) && !ty.starts_with("__")
}

/// The arguments of a field that take ids, each with the place of the id in it: none for an id itself, the field of a
/// filter otherwise.
fn id_arguments<'f>(types: &BTreeMap<String, Value>, field: &'f Value) -> Vec<(&'f Value, String)> {
    let mut found = Vec::new();
    for argument in field["args"].as_array().into_iter().flatten() {
        let (inner, ..) = unwrapped(&argument["type"]);
        if inner == "ID" {
            found.push((argument, String::new()));
        }
        for input in types[&inner]["inputFields"].as_array().into_iter().flatten() {
            if ["ID", "IdCondition"].contains(&unwrapped(&input["type"]).0.as_str()) {
                found.push((argument, format!("/{}", input["name"].as_str().unwrap())));
            }
        }
    }
    found
}

both! {
    an_id_of_another_tenant_is_answered_like_one_that_nobody_has_below_every_object(app) {
        let own = Own::make(app, &app.key);
        let other = Own::make(app, &app.another_tenant("Other").1);
        let types = schema(app);
        let mut asked = 0;
        for (ty, described) in &types {
            for field in described["fields"].as_array().into_iter().flatten().filter(|_| below_the_roots(ty)) {
                let name = field["name"].as_str().unwrap();
                for (argument, path) in id_arguments(&types, field) {
                    let id = own.ids.get(ty.as_str()).unwrap_or_else(|| panic!("{ty}.{name}({path}) is asked by nobody"));
                    let of = unwrapped(&argument["type"]).0;
                    let named = path.rsplit('/').next().unwrap();
                    let ask = |id_below: &str| {
                        let selection = match field["type"]["ofType"]["name"].as_str() {
                            Some(page) if page.ends_with("Connection") => "totalCount nodes { __typename }",
                            _ => "__typename",
                        };
                        let argument = argument["name"].as_str().unwrap();
                        let document = format!(
                            "query ($id: ID!, $it: {of}) {{ node(id: $id) {{ ... on {ty} {{ {name}({argument}: $it) {{ {selection} }} }} }} }}"
                        );
                        let it = if path.is_empty() { json!(id_below) } else { json!({named: {"eq": id_below}}) };
                        app.data_with(&document, json!({"id": id, "it": it}))["node"][name].take()
                    };
                    let theirs = &other.ids[named_by(&own, if path.is_empty() { name } else { named })];
                    let nothing = json!({"totalCount": 0, "nodes": []});
                    for id in [theirs.clone(), nobody(theirs)] {
                        let found = ask(&id);
                        assert!(found.is_null() || found == nothing || found == json!([]), "{ty}.{name} {path}: {found}");
                    }
                    asked += 1;
                }
            }
        }
        assert!(asked >= 20, "only {asked} were asked");
    }

    a_cursor_of_another_tenant_leads_to_nothing_of_it(app) {
        let own = Own::make(app, &app.key);
        let other = Own::make(app, &app.another_tenant("Other").1);
        let types = schema(app);
        let mut asked = 0;
        for list in types["Query"]["fields"].as_array().unwrap() {
            let name = list["name"].as_str().unwrap();
            if !list["type"]["ofType"]["name"].as_str().is_some_and(|page| page.ends_with("Connection")) {
                continue;
            }
            let first = format!("{{ {name}(first: 1) {{ nodes {{ id }} pageInfo {{ endCursor }} }} }}");
            let first = app.send_as(&other.key, &[], &first, json!({})).json();
            let cursor = text(&first["data"][name]["pageInfo"]["endCursor"]);
            for (size, side) in [("first", "after"), ("last", "before")] {
                let document = format!("query ($c: String) {{ {name}({size}: 100, {side}: $c) {{ totalCount nodes {{ id }} }} }}");
                let seen = app.data_with(&document, json!({"c": cursor}))[name].take().to_string();
                assert!(other.ids.values().all(|id| !seen.contains(id.as_str())), "{name}: {seen}");
                assert!(!seen.contains(first["data"][name]["nodes"][0]["id"].as_str().unwrap()), "{name}: {seen}");
            }
            asked += 1;
        }
        assert!(asked >= 20 && own.ids.len() == other.ids.len(), "only {asked} were asked");
    }

    a_tenant_that_has_nothing_finds_nothing_by_the_names_that_others_use(app) {
        let own = Own::make(app, &app.key);
        let (_, empty) = app.another_tenant("Empty");
        let types = schema(app);
        let lists: BTreeMap<&str, usize> = BTreeMap::from([("apiKeys", 1)]);
        for field in types["Query"]["fields"].as_array().unwrap() {
            let name = field["name"].as_str().unwrap();
            let page = field["type"]["ofType"]["name"].as_str().is_some_and(|page| page.ends_with("Connection"));
            if page {
                let found = app.send_as(&empty, &[], &format!("{{ {name} {{ totalCount }} }}"), json!({})).json();
                let expected = lists.get(name).copied().unwrap_or_default();
                assert_eq!(found["data"][name]["totalCount"], expected, "{name}: {found}");
            }
            if let Some(key) = KEYS.iter().find_map(|(known, key)| (*known == name).then_some(key)) {
                let argument = field["args"].as_array().unwrap().iter().find(|argument| unwrapped(&argument["type"]).1);
                let argument = argument.unwrap()["name"].as_str().unwrap();
                let document = format!("{{ {name}({argument}: {key:?}) {{ __typename }} }}");
                let found = app.send_as(&empty, &[], &document, json!({})).json();
                assert_eq!(found, json!({"data": {name: null}}), "{name}");
            }
        }
        let customer = app.attempt_as(&empty, "createCustomer", json!({"name": "Own"}), "customer { id }");
        let customer = &customer["customer"]["id"];
        let before = app.database.dump();
        let gold = json!({"code": "gold"});
        for (name, input, code) in [
            ("createAsset", json!({"sku": "LAP", "serialNumber": "L9"}), "VARIANT_NOT_FOUND"),
            ("createMeter", json!({"code": "m", "name": "M", "aggregation": "COUNT", "featureCode": "calls"}), "ENTITLEMENT_NOT_FOUND"),
            ("createCoupon", json!({"code": "C", "name": "C", "discount": "HALF"}), "DISCOUNT_NOT_FOUND"),
            ("createSubscription", json!({"customer": {"externalId": "crm-1"}, "plan": gold}), "CUSTOMER_NOT_FOUND"),
            ("createSubscription", json!({"customer": {"id": customer}, "plan": gold}), "PLAN_NOT_FOUND"),
            ("createOrder", json!({"customerId": customer, "items": [{"sku": "LAP", "quantity": 1, "contractLength": 12}]}), "VARIANT_NOT_FOUND"),
        ] {
            let payload = app.attempt_as(&empty, name, input, "__typename");
            let errors = blamed(&payload["userErrors"]);
            assert!(errors.len() == 1 && errors[0].starts_with(code), "{name}: {errors:?}");
        }
        let mut after = app.database.dump();
        after.insert("api_keys".to_owned(), before["api_keys"].clone());
        assert_eq!(after, before);
        assert!(own.ids.len() > 30);
    }

    /// (What is heard of everything at once is covered by the list of events, which reads the same.)
    nobody_listens_to_an_object_of_another_tenant(app) {
        let own = Own::make(app, &app.key);
        let other = Own::make(app, &app.another_tenant("Other").1);
        let types = schema(app);
        let streams = types["SubscriptionRoot"]["fields"].as_array().unwrap();
        for field in streams.iter().filter(|field| field["name"] != "events") {
            let name = field["name"].as_str().unwrap();
            let (argument, _) = id_arguments(&types, field)[0];
            assert_eq!(argument["name"], "id", "{name}: say how it is asked");
            let ask = |id: &str| {
                let document = format!("subscription ($id: ID!) {{ {name}(id: $id) {{ position }} }}");
                let mut heard = Events::open(app, &document, json!({"id": id}));
                let answer = heard.answer();
                heard.ends();
                answer.to_string().replace(id, "ID")
            };
            let theirs = &other.ids[named_by(&own, name.trim_end_matches("Updated"))];
            let answer = ask(theirs);
            assert!(answer.contains("NOT_FOUND"), "{name}: {answer}");
            assert_eq!(answer, ask(&nobody(theirs)), "{name}");
        }
    }
}
