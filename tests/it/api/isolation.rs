//! Two tenants with the same natural keys: what belongs to the other one is not there, whatever asks for it. Which
//! arguments there are is read from the schema, so that a new one is covered by itself. `isolation/below.rs` goes on with
//! what is not asked of the roots.

mod below;

use super::own::Own;
use super::{blamed, with};
use crate::support::builders::text;
use crate::support::{START, TestApp, both, mutation};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The id of the same type that no object has.
fn nobody(id: &str) -> String {
    format!("{}_00000000000000000000000000", id.split_once('_').unwrap().0)
}

/// The type of the object that an argument names: `customerId`, `parentCustomerId` and `customer(id:)` are Customers.
fn named_by(own: &Own, argument: &str) -> &'static str {
    let argument = argument.trim_end_matches('s').trim_end_matches("Id").to_lowercase();
    match argument.as_str() {
        "token" => return "PaymentToken",
        "source" => return "PaymentMethod",
        // What happened to any object.
        "subject" => return "Customer",
        "document" => return "TrustedDocument",
        _ => {}
    }
    let fits = |ty: &&&'static str| argument.ends_with(&ty.to_lowercase());
    let longest = own.ids.keys().filter(fits).max_by_key(|ty| ty.len());
    longest.unwrap_or_else(|| panic!("no type is named by {argument}: say which it is"))
}

/// Types of the schema by their names, each as introspection tells of it.
fn schema(app: &TestApp) -> BTreeMap<String, Value> {
    let types = app.data(
        "{ __schema { types {
            name kind fields { name args { name type { ...T } } type { name ofType { name } } }
            inputFields { name defaultValue type { ...T } } enumValues { name }
        } } }
        fragment T on __Type { kind name ofType { kind name ofType { kind name ofType { kind name } } } }",
    );
    let types = types["__schema"]["types"].as_array().unwrap();
    types.iter().map(|ty| (text(&ty["name"]), ty.clone())).collect()
}

/// The named type in the middle of `[T!]!`, whether it is required, whether it is a list.
fn unwrapped(ty: &Value) -> (String, bool, bool) {
    let (required, mut list, mut inner) = (ty["kind"] == "NON_NULL", false, ty);
    while inner["name"].is_null() {
        list |= inner["kind"] == "LIST";
        inner = &inner["ofType"];
    }
    (text(&inner["name"]), required, list)
}

/// Where ids stand in an input of a type. A source is one, too, though it may be of either of two types.
fn id_paths(types: &BTreeMap<String, Value>, ty: &str, path: &str) -> Vec<String> {
    let mut paths = Vec::new();
    for field in types[ty]["inputFields"].as_array().unwrap() {
        let name = field["name"].as_str().unwrap();
        let (inner, _, list) = unwrapped(&field["type"]);
        let here = if list { format!("{path}/{name}/0") } else { format!("{path}/{name}") };
        if inner == "ID" || name == "source" {
            paths.push(here);
        } else if types[&inner]["kind"] == "INPUT_OBJECT" {
            paths.extend(id_paths(types, &inner, &here));
        }
    }
    paths
}

/// An input of a type that is right as far as it can be, with own objects for all ids: what is required, and what leads
/// along a path.
fn example(own: &Own, types: &BTreeMap<String, Value>, ty: &str, along: &[&str]) -> Value {
    if let ([], Some(named)) = (along, ty.strip_suffix("ReferenceInput")) {
        return json!({"id": own.ids[named]});
    }
    let mut input = serde_json::Map::new();
    for field in types[ty]["inputFields"].as_array().unwrap() {
        let name = field["name"].as_str().unwrap();
        let (inner, required, list) = unwrapped(&field["type"]);
        let below = match along {
            [step, "0", below @ ..] | [step, below @ ..] if *step == name => Some(below),
            _ => None,
        };
        if !required && below.is_none() {
            continue;
        }
        let value = match (inner.as_str(), name) {
            ("ID", "id") => json!(own.ids[ty.trim_end_matches("ReferenceInput")]),
            ("ID", _) => json!(own.ids[named_by(own, name)]),
            ("String", "sku") => json!("LAP"),
            ("String", "assetSerialNumber") => json!("L2"),
            ("String", "meter") => json!("calls"),
            ("String", "source") => json!(own.ids["PaymentMethod"]),
            ("String", _) => json!("new"),
            ("Int", _) => json!(12),
            ("Decimal", _) => json!("1"),
            ("DateTime", _) => json!(START),
            ("AssetStatus", _) => json!("RESERVED"),
            // Each model of a price and each type of a schedule takes some of the settings only.
            ("PriceInput", _) => json!({"amount": "1"}),
            ("PlanScheduleInput", _) => json!({"type": "DAILY"}),
            (other, _) if types[other]["kind"] == "ENUM" => types[other]["enumValues"][0]["name"].clone(),
            (other, _) => example(own, types, other, below.unwrap_or_default()),
        };
        input.insert(name.to_owned(), if list { json!([value]) } else { value });
    }
    Value::Object(input)
}

/// What objects are found by beside their ids, and what the objects of [`Own`] are called.
const KEYS: [(&str, &str); 15] = [
    ("productBySku", "LAP"),
    ("customerByExternalId", "crm-1"),
    ("orderByNumber", "O-000001"),
    ("planByCode", "gold"),
    ("assetBySerialNumber", "L2"),
    ("subscriptionByHandle", "jane-gold"),
    ("featureByCode", "sso"),
    ("meterByCode", "calls"),
    ("usageEventByEventId", "e-1"),
    ("addOnByCode", "support"),
    ("discountByCode", "HALF"),
    ("couponByCode", "welcome"),
    ("invoiceByNumber", "INV-000003"),
    ("creditByHandle", "sorry"),
    ("creditNoteByNumber", "CN-000001"),
];

both! {
    an_id_of_another_tenant_is_answered_like_one_that_nobody_has_by_every_query(app) {
        let own = Own::make(app, &app.key);
        let other = Own::make(app, &app.another_tenant("Other").1);
        let types = schema(app);
        let mut asked = 0;
        for field in types["Query"]["fields"].as_array().unwrap() {
            let name = field["name"].as_str().unwrap();
            for argument in field["args"].as_array().unwrap() {
                let (inner, _, list) = unwrapped(&argument["type"]);
                let argument = argument["name"].as_str().unwrap();
                if inner != "ID" {
                    continue;
                }
                let any = name.starts_with("node");
                let page = field["type"]["ofType"]["name"].as_str().is_some_and(|page| page.ends_with("Connection"));
                for (ty, theirs) in &other.ids {
                    let named = if argument == "id" { name } else { argument };
                    if !any && *ty != named_by(&own, named) {
                        continue;
                    }
                    let ask = |id: &str| {
                        let (kind, value) = if list { ("[ID!]!", json!([id])) } else { ("ID!", json!(id)) };
                        let selection = if page { "totalCount nodes { __typename }" } else { "__typename" };
                        let document = format!("query ($it: {kind}) {{ {name}({argument}: $it) {{ {selection} }} }}");
                        app.send(&document, json!({"it": value}))
                    };
                    let nothing = match (list, page) {
                        (true, _) => json!([null]),
                        (_, true) => json!({"totalCount": 0, "nodes": []}),
                        _ => json!(null),
                    };
                    assert_eq!(ask(theirs), json!({"data": {name: nothing}}), "{name} {ty}");
                    assert_eq!(ask(theirs), ask(&nobody(theirs)), "{name} {ty}");
                    let mine = ask(&own.ids[ty]);
                    // Of a draft nothing is foreseen.
                    let found = name == "previewInvoice" || page && mine["data"][name] != nothing || mine.to_string().contains(ty);
                    assert!(found, "and one's own is found: {name} {mine}");
                    asked += 1;
                }
            }
        }
        assert!(asked >= 14 + 2 * 25, "only {asked} were asked");
    }

    an_id_of_another_tenant_is_answered_like_one_that_nobody_has_by_every_filter(app) {
        let own = Own::make(app, &app.key);
        let other = Own::make(app, &app.another_tenant("Other").1);
        let types = schema(app);
        let mut asked = 0;
        for list in types["Query"]["fields"].as_array().unwrap() {
            let name = list["name"].as_str().unwrap();
            let filter = list["args"].as_array().unwrap().iter().find(|argument| argument["name"] == "filter");
            let Some(filter) = filter else { continue };
            let (filter, ..) = unwrapped(&filter["type"]);
            for field in types[&filter]["inputFields"].as_array().unwrap() {
                if unwrapped(&field["type"]).0 != "IdCondition" {
                    continue;
                }
                let field = field["name"].as_str().unwrap();
                let theirs = &other.ids[named_by(&own, field)];
                // What is not paged sums up.
                let (selection, nothing) = match list["type"]["ofType"]["name"].as_str() {
                    Some(_) => ("totalCount nodes { id }", json!({"totalCount": 0, "nodes": []})),
                    None => ("__typename", json!([])),
                };
                let document = format!("query ($f: {filter}) {{ {name}(filter: $f) {{ {selection} }} }}");
                for id in [theirs.clone(), nobody(theirs)] {
                    for condition in [json!({"eq": id}), json!({"in": [id]})] {
                        let found = app.data_with(&document, json!({"f": {field: condition}}));
                        assert_eq!(found[name], nothing, "{name} {field}");
                    }
                }
                asked += 1;
            }
        }
        assert!(asked >= 12, "only {asked} were asked");
    }

    an_id_of_another_tenant_is_answered_like_one_that_nobody_has_by_every_mutation(app) {
        let own = Own::make(app, &app.key);
        let other = Own::make(app, &app.another_tenant("Other").1);
        let types = schema(app);
        let mut asked = Vec::new();
        for field in types["Mutation"]["fields"].as_array().unwrap() {
            let name = field["name"].as_str().unwrap();
            let (input, ..) = unwrapped(&field["args"][0]["type"]);
            for path in id_paths(&types, &input, "") {
                let steps: Vec<&str> = path.split('/').skip(1).collect();
                let base = example(&own, &types, &input, &steps);
                // A scan that is addressed to nobody's order is about that order: all else must be right.
                let base = match name {
                    "changeAssetStatus" => with(base, json!({"orderId": own.ids["Order"]})),
                    // Over an amount, or over lines.
                    "createCreditNote" => with(base, json!({"amount": "1"})),
                    // By a token, or by a gateway's own.
                    "addPaymentMethod" => with(base, json!({"token": own.ids["PaymentToken"]})),
                    _ => base,
                };
                let argument = steps.iter().rfind(|step| !["0", "id"].contains(*step)).unwrap();
                let theirs = &other.ids[named_by(&own, argument)];
                let ask = |id: &str| {
                    let mut input = base.clone();
                    *input.pointer_mut(&path).unwrap() = json!(id);
                    let (document, variables) = mutation(name, input, "__typename");
                    app.send(&document, variables)
                };
                let before = app.database.dump();
                let answers = [ask(theirs), ask(&nobody(theirs))];
                app.database.assert_unchanged(&before);
                assert_eq!(answers[0], answers[1], "{name} {path}");
                let errors = blamed(&answers[0]["data"][name]["userErrors"]);
                // What is named by its id or otherwise is blamed as a whole.
                let place = steps.join(".");
                let place = place.trim_end_matches(".id");
                let code = match *argument {
                    "token" => "INVALID_TOKEN",
                    "priceId" => "PRICE_NOT_IN_PLAN",
                    _ => "NOT_FOUND",
                };
                assert!(
                    errors.len() == 1 && errors[0].contains(code) && errors[0].ends_with(place),
                    "{name} {path}: it is refused for another reason: {}",
                    answers[0]
                );
                asked.push(format!("{name}{path}"));
            }
        }
        assert!(asked.len() >= 60, "{asked:?}");
    }

    a_token_of_another_tenant_is_answered_like_one_that_nobody_has(app) {
        let own = Own::make(app, &app.key);
        let other = Own::make(app, &app.another_tenant("Other").1);
        let theirs = &other.ids["PaymentToken"];
        let plan = json!({"id": own.ids["Plan"]});
        for (name, input) in [
            ("createSubscription", json!({"customer": {"id": own.ids["Customer"]}, "plan": plan})),
            ("previewSubscription", json!({"customer": {"create": {"name": "New"}}, "plan": plan})),
        ] {
            let ask = |token: &str| app.refuses(name, with(input.clone(), json!({"source": token})), &["INVALID_TOKEN"]);
            assert_eq!(ask(theirs), ask(&nobody(theirs)), "{name}");
        }
    }

    both_tenants_may_have_the_same_natural_keys_and_each_finds_its_own(app) {
        let own = Own::make(app, &app.key);
        let other = Own::make(app, &app.another_tenant("Other").1);
        let types = schema(app);
        let keys = BTreeMap::from(KEYS);
        for field in types["Query"]["fields"].as_array().unwrap() {
            let name = field["name"].as_str().unwrap();
            let arguments = field["args"].as_array().unwrap();
            let required: Vec<&Value> = arguments.iter().filter(|argument| unwrapped(&argument["type"]).1).collect();
            let [argument] = required.as_slice() else { continue };
            if unwrapped(&argument["type"]).0 != "String" {
                continue;
            }
            let key = keys.get(name).unwrap_or_else(|| panic!("no key is known for {name}"));
            let document = format!("{{ {name}({}: {key:?}) {{ id }} }}", argument["name"].as_str().unwrap());
            for tenant in [&own, &other] {
                let found = app.send_as(&tenant.key, &[], &document, json!({})).json()["data"][name]["id"].take();
                assert!(tenant.ids.values().any(|id| found == *id), "{name}: {found}");
            }
        }
    }

    lists_and_objects_show_nothing_of_another_tenant(app) {
        let own = Own::make(app, &app.key);
        let other = Own::make(app, &app.another_tenant("Other").1);
        let everything = "{
            customers { totalCount nodes {
                id orders { nodes { id } } assets { nodes { id } } billingGroups { id } paymentMethods { id }
                entitlements { feature { id } } invoices { nodes { id } }
            } }
            products { totalCount nodes { id assets { totalCount nodes { id } } } }
            plans { totalCount nodes { id prices { id plan { id } } versions { id } subscriptions { nodes { id } } } }
            orders { totalCount nodes { id items { id } subscriptions { nodes { id } } reservedAssets { id } } }
            assets { totalCount nodes { id assignments { nodes { customer { id } } } } }
            subscriptions { totalCount nodes {
                id order { id } asset { id } terms { paymentMethod { id } invoicedCustomer { id } }
                items { id price { id } } addOns { id addOn { id } } additionalCosts { id } discounts { id } phases { id }
                entitlements { feature { id } } invoices { nodes { id } } usageEvents { nodes { id } }
            } }
            invoices { totalCount nodes { id customer { id } subscription { id } attempts { id } } }
            payments { totalCount nodes { id invoice { id } refunds { id } } }
            credits { totalCount nodes { id customer { id } applications { invoice { id } } } }
            creditNotes { totalCount nodes { id invoice { id } customer { id } credit { id } } }
            paymentAttempts { totalCount nodes { id customerId subscriptionId paymentMethod { id } } }
            features { totalCount nodes { id meter { id } } }
            meters { totalCount nodes { id feature { id } } }
            usageEvents { totalCount nodes { id meter { id } subscription { id } } }
            addOns { totalCount nodes { id entitlements { feature { id } } } }
            discounts { totalCount nodes { id coupons { totalCount nodes { id } } } }
            coupons { totalCount nodes { id discount { id } } }
            taxRates { totalCount nodes { id } }
            events(first: 1) { nodes { id } }
            apiKeys { totalCount nodes { id rotation { replacedBy { id } } } }
            trustedDocuments { totalCount nodes { id } }
            billingHolds { totalCount nodes { id subscription { id } } }
            tenant { id } viewer { tenant { id } }
        }";
        for (tenant, foreign) in [(&own, &other), (&other, &own)] {
            let seen = app.send_as(&tenant.key, &[], everything, json!({})).json();
            for (list, count) in [
                ("customers", 1),
                ("products", 1),
                ("plans", 1),
                ("orders", 1),
                ("assets", 2),
                ("subscriptions", 4),
                ("invoices", 3),
                ("payments", 2),
                ("credits", 1),
                ("creditNotes", 1),
                ("paymentAttempts", 2),
                ("features", 2),
                ("meters", 1),
                ("usageEvents", 1),
                ("addOns", 1),
                ("discounts", 1),
                ("coupons", 1),
                ("taxRates", 1),
                ("billingHolds", 1),
                ("apiKeys", 2),
                ("trustedDocuments", 1),
            ] {
                assert_eq!(seen["data"][list]["totalCount"], count, "{list}: {seen}");
            }
            let seen = seen.to_string();
            // No list shows a token.
            let unseen: Vec<_> = tenant.ids.iter().filter(|(_, id)| !seen.contains(id.as_str())).collect();
            assert_eq!(unseen, [(&"PaymentToken", &tenant.ids["PaymentToken"])]);
            for id in foreign.ids.values() {
                assert!(!seen.contains(id.as_str()), "{id} belongs to another tenant");
            }
        }
        assert_eq!(app.database.number("SELECT COUNT(*) FROM customers"), 2);
    }
}
