//! One object: by its id, as any object, by a natural key.

use crate::support::builders::text;
use crate::support::{START, TestApp, both};
use serde_json::{Value, json};

/// An id of each type that there is, and the query field that finds it; some are found as a node only.
fn everything(app: &TestApp) -> Vec<(&'static str, Option<&'static str>, String)> {
    let warehouse = app.warehouse();
    let group = app.billing_group(&warehouse.customer, 15);
    let subscription = app.fulfil(&warehouse.order, &warehouse.customer, "L1");
    let plan = app.plan("gold", "29");
    let [feature, add_on] = [app.feature("sso", "BOOLEAN"), app.add_on("storage", "QUANTITY")];
    let [discount, coupon] = [app.discount("HALF", "50"), app.coupon("WELCOME", "HALF")];
    let found = app.data(
        r#"{ productBySku(sku: "LAP") { id } assetBySerialNumber(serialNumber: "L1") { id }
             orderByNumber(number: "O-000001") { items { id } } planByCode(code: "gold") { prices { id } } }"#,
    );
    let request = json!({
        "customer": {"id": warehouse.customer}, "plan": {"code": "gold"}, "startDate": START,
        "addOns": [{"addOn": {"code": "storage"}, "quantity": 2}], "discounts": [{"discount": {"code": "HALF"}}],
        "additionalCosts": [{"handle": "cost", "text": "C", "amount": "3"}], "phases": [{"startDate": START}],
    });
    let parts = "items { id } addOns { id } discounts { id } additionalCosts { id } phases { id }";
    let selection = format!("subscription {{ {parts} }} invoice {{ id }}");
    let subscribed = app.mutate("createSubscription", request, &selection);
    let part = |list: &str| text(&subscribed["subscription"][list][0]["id"]);
    let (token, method) = (app.token("SUCCEEDS"), app.payment_method(&warehouse.customer, "SUCCEEDS"));
    let attempt = app.reserve_payment(app.tenant, (&warehouse.customer, &subscription), &method, None);
    vec![
        ("AddOn", Some("addOn"), add_on),
        ("AdditionalCost", None, part("additionalCosts")),
        ("Asset", Some("asset"), text(&found["assetBySerialNumber"]["id"])),
        ("BillingGroup", Some("billingGroup"), group),
        ("Coupon", Some("coupon"), coupon),
        ("Customer", Some("customer"), warehouse.customer),
        ("Discount", Some("discount"), discount),
        ("Feature", Some("feature"), feature),
        ("Invoice", Some("invoice"), text(&subscribed["invoice"]["id"])),
        ("Order", Some("order"), warehouse.order),
        ("OrderItem", None, text(&found["orderByNumber"]["items"][0]["id"])),
        ("PaymentAttempt", None, attempt.id.to_string()),
        ("PaymentMethod", Some("paymentMethod"), method),
        ("PaymentToken", None, token),
        ("Plan", Some("plan"), plan),
        ("Price", None, text(&found["planByCode"]["prices"][0]["id"])),
        ("Product", Some("product"), text(&found["productBySku"]["id"])),
        ("Subscription", Some("subscription"), subscription),
        ("SubscriptionAddOn", None, part("addOns")),
        ("SubscriptionDiscount", None, part("discounts")),
        ("SubscriptionItem", None, part("items")),
        ("SubscriptionPhase", None, part("phases")),
        ("Tenant", None, app.tenant.to_string()),
    ]
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
                let field = field.unwrap();
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
        let warehouse = app.warehouse();
        app.mutate("updateCustomer", json!({"customerId": warehouse.customer, "externalId": "crm-7"}), "__typename");
        app.feature("sso", "BOOLEAN");
        app.add_on("storage", "QUANTITY");
        app.discount("HALF", "50");
        for (field, argument, key) in [
            ("productBySku", "sku", "LAP"),
            ("customerByExternalId", "externalId", "crm-7"),
            ("orderByNumber", "number", "O-000001"),
            ("assetBySerialNumber", "serialNumber", "L1"),
            ("featureByCode", "code", "sso"),
            ("addOnByCode", "code", "storage"),
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
