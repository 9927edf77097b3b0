//! Two tenants with the same natural keys: what belongs to the other one is not there, whatever asks for it. Which
//! arguments there are is read from the schema, so that a new one is covered by itself.

use super::{blamed, with};
use crate::support::builders::text;
use crate::support::{TestApp, both, mutation};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// One tenant's objects: an id of each type, by the name of the type.
struct Own {
    key: String,
    ids: BTreeMap<&'static str, String>,
}

impl Own {
    /// Makes one object of each type. Every tenant's have the same natural keys.
    fn make(app: &TestApp, key: &str) -> Own {
        let run = |field: &str, input: Value, selection: &str| {
            let payload = app.attempt_as(key, field, input, selection);
            assert_eq!(payload["userErrors"], json!([]), "{field}");
            payload
        };
        let customer = run("createCustomer", json!({"name": "Jane", "externalId": "crm-1"}), "customer { id }");
        let customer = text(&customer["customer"]["id"]);
        let prices = json!([{"contractLength": 12, "monthlyPrice": "129.00"}]);
        let product =
            run("createProduct", json!({"sku": "LAP", "name": "L", "rentalPrices": prices}), "product { id }");
        let group = run(
            "createBillingGroup",
            json!({"customerId": customer, "name": "G", "billingDay": 1}),
            "billingGroup { id }",
        );
        let mut assets =
            ["L1", "L2"].map(|serial_number| {
                text(
                    &run("createAsset", json!({"sku": "LAP", "serialNumber": serial_number}), "asset { id }")["asset"]
                        ["id"],
                )
            });
        let items = json!([{"sku": "LAP", "quantity": 5, "contractLength": 12}]);
        let order = run("createOrder", json!({"customerId": customer, "items": items}), "order { id items { id } }");
        let id = &order["order"]["id"];
        run("confirmOrder", json!({"orderId": id}), "__typename");
        let scan = json!({"orderId": id, "customerId": customer, "assetSerialNumber": "L1"});
        let made = run("fulfilOrderItem", scan, "subscription { id }");
        let plan = json!({"code": "gold", "name": "G", "schedule": {"type": "DAILY"}, "amount": "1"});
        let plan = run("createPlan", plan, "plan { id prices { id } }")["plan"].take();
        let tenant = app.send_as(key, &[], "{ tenant { id } }", json!({})).json();
        let tenant = text(&tenant["data"]["tenant"]["id"]);
        let subscription = text(&made["subscription"]["id"]);
        let [token, used] = [(); 2].map(|()| {
            let made =
                run("createTestToken", json!({"card": "SUCCEEDS", "customerId": customer}), "paymentToken { id }");
            text(&made["paymentToken"]["id"])
        });
        let method = run("addPaymentMethod", json!({"customerId": customer, "token": used}), "paymentMethod { id }");
        let method = text(&method["paymentMethod"]["id"]);
        let attempt = app.reserve_payment(tenant.parse().unwrap(), (&customer, &subscription), &method, None);
        let feature =
            run("createFeature", json!({"code": "sso", "name": "F", "featureType": "BOOLEAN"}), "feature { id }");
        let add_on = json!({
            "code": "support", "name": "S", "addOnType": "ON_OFF", "unitAmount": "5", "eligiblePlans": ["gold"],
            "entitlements": [{"feature": "sso"}],
        });
        let add_on = run("createAddOn", add_on, "addOn { id }");
        let discount =
            run("createDiscount", json!({"code": "HALF", "name": "H", "percentage": "50"}), "discount { id }");
        let coupon = run("createCoupon", json!({"code": "WELCOME", "name": "W", "discount": "HALF"}), "coupon { id }");
        let entitlements = json!({"planId": plan["id"], "entitlements": [{"feature": "sso"}]});
        run("setPlanEntitlements", entitlements, "__typename");
        let ids = BTreeMap::from([
            ("AddOn", text(&add_on["addOn"]["id"])),
            ("Asset", std::mem::take(&mut assets[1])),
            ("BillingGroup", text(&group["billingGroup"]["id"])),
            ("Coupon", text(&coupon["coupon"]["id"])),
            ("Customer", customer),
            ("Discount", text(&discount["discount"]["id"])),
            ("Feature", text(&feature["feature"]["id"])),
            ("Order", text(id)),
            ("OrderItem", text(&order["order"]["items"][0]["id"])),
            ("PaymentAttempt", attempt.id.to_string()),
            ("PaymentMethod", method),
            ("PaymentToken", token),
            ("Plan", text(&plan["id"])),
            ("Price", text(&plan["prices"][0]["id"])),
            ("Product", text(&product["product"]["id"])),
            ("Subscription", subscription),
            ("Tenant", tenant),
        ]);
        Own { key: key.to_owned(), ids }
    }
}

/// The id of the same type that no object has.
fn nobody(id: &str) -> String {
    format!("{}_00000000000000000000000000", id.split_once('_').unwrap().0)
}

/// The type of the object that an argument names: `customerId`, `parentCustomerId` and `customer(id:)` are Customers.
fn named_by(own: &Own, argument: &str) -> &'static str {
    let argument = argument.trim_end_matches("Id").to_lowercase();
    if argument == "token" {
        return "PaymentToken";
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

/// An input of a type that is right as far as it can be, with own objects for all ids; `paths` collects where ids are.
fn example(
    own: &Own,
    types: &BTreeMap<String, Value>,
    ty: &str,
    path: &str,
    all: bool,
    paths: &mut Vec<String>,
) -> Value {
    let mut input = serde_json::Map::new();
    for field in types[ty]["inputFields"].as_array().unwrap() {
        let name = field["name"].as_str().unwrap();
        let (inner, required, list) = unwrapped(&field["type"]);
        let here = if list { format!("{path}/{name}/0") } else { format!("{path}/{name}") };
        if inner == "ID" {
            paths.push(here.clone());
        }
        if !(required || all && types[&inner]["kind"] == "INPUT_OBJECT") {
            continue;
        }
        let value = match (inner.as_str(), name) {
            ("ID", _) => json!(own.ids[named_by(own, name)]),
            ("String", "sku") => json!("LAP"),
            ("String", "assetSerialNumber") => json!("L2"),
            ("String", _) => json!("new"),
            ("Int", _) => json!(12),
            ("Decimal", _) => json!("1"),
            ("AssetStatus", _) => json!("RESERVED"),
            // Each model of a price and each type of a schedule takes some of the settings only.
            ("PriceInput", _) => json!({"amount": "1"}),
            ("PlanScheduleInput", _) => json!({"type": "DAILY"}),
            (other, _) if types[other]["kind"] == "ENUM" => types[other]["enumValues"][0]["name"].clone(),
            (other, _) => example(own, types, other, &here, all, paths),
        };
        input.insert(name.to_owned(), if list { json!([value]) } else { value });
    }
    Value::Object(input)
}

/// Puts a value where a pointer leads, making what is missing on the way.
fn put(input: &mut Value, pointer: &str, value: Value) {
    let (above, name) = pointer.rsplit_once('/').unwrap();
    let above = input.pointer_mut(above).unwrap();
    match above {
        Value::Array(list) => list[0] = value,
        object => drop(object.as_object_mut().unwrap().insert(name.to_owned(), value)),
    }
}

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
                for (ty, theirs) in &other.ids {
                    if !any && *ty != named_by(&own, name) {
                        continue;
                    }
                    let ask = |id: &str| {
                        let (kind, value) = if list { ("[ID!]!", json!([id])) } else { ("ID!", json!(id)) };
                        let document = format!("query ($it: {kind}) {{ {name}({argument}: $it) {{ __typename }} }}");
                        app.send(&document, json!({"it": value}))
                    };
                    let nothing = if list { json!([null]) } else { json!(null) };
                    assert_eq!(ask(theirs), json!({"data": {name: nothing}}), "{name} {ty}");
                    assert_eq!(ask(theirs), ask(&nobody(theirs)), "{name} {ty}");
                    let mine = ask(&own.ids[ty]);
                    assert!(mine.to_string().contains(ty), "and one's own is found: {name} {mine}");
                    asked += 1;
                }
            }
        }
        assert!(asked >= 7 + 2 * 11, "only {asked} were asked");
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
                let document = format!("query ($f: {filter}) {{ {name}(filter: $f) {{ totalCount nodes {{ id }} }} }}");
                for id in [theirs.clone(), nobody(theirs)] {
                    for condition in [json!({"eq": id}), json!({"in": [id]})] {
                        let found = app.data_with(&document, json!({"f": {field: condition}}));
                        assert_eq!(found[name], json!({"totalCount": 0, "nodes": []}), "{name} {field}");
                    }
                }
                asked += 1;
            }
        }
        assert!(asked >= 9, "only {asked} were asked");
    }

    an_id_of_another_tenant_is_answered_like_one_that_nobody_has_by_every_mutation(app) {
        let own = Own::make(app, &app.key);
        let other = Own::make(app, &app.another_tenant("Other").1);
        let types = schema(app);
        let mut asked = Vec::new();
        for field in types["Mutation"]["fields"].as_array().unwrap() {
            let name = field["name"].as_str().unwrap();
            let (input, ..) = unwrapped(&field["args"][0]["type"]);
            let mut paths = Vec::new();
            let base = example(&own, &types, &input, "", true, &mut paths);
            // A scan that is addressed to nobody's order is about that order: all else must be right.
            let base =
                if name == "changeAssetStatus" { with(base, json!({"orderId": own.ids["Order"]})) } else { base };
            for path in paths {
                let argument = path.rsplit('/').find(|step| step.parse::<usize>().is_err()).unwrap();
                let theirs = &other.ids[named_by(&own, argument)];
                let ask = |id: &str| {
                    let mut input = base.clone();
                    put(&mut input, &path, json!(id));
                    let (document, variables) = mutation(name, input, "__typename");
                    app.send(&document, variables)
                };
                let before = app.database.dump();
                let answers = [ask(theirs), ask(&nobody(theirs))];
                app.database.assert_unchanged(&before);
                assert_eq!(answers[0], answers[1], "{name} {path}");
                let errors = blamed(&answers[0]["data"][name]["userErrors"]);
                let place = path.replace('/', ".");
                let code = if argument == "token" { "INVALID_TOKEN" } else { "NOT_FOUND" };
                assert!(
                    errors.len() == 1 && errors[0].contains(code) && errors[0].ends_with(&place),
                    "{name} {path}: it is refused for another reason: {}",
                    answers[0]
                );
                asked.push(format!("{name}{path}"));
            }
        }
        assert!(asked.len() >= 24, "{asked:?}");
    }

    both_tenants_may_have_the_same_natural_keys_and_each_finds_its_own(app) {
        let own = Own::make(app, &app.key);
        let other = Own::make(app, &app.another_tenant("Other").1);
        let types = schema(app);
        let keys = BTreeMap::from([
            ("productBySku", "LAP"),
            ("customerByExternalId", "crm-1"),
            ("orderByNumber", "O-000001"),
            ("planByCode", "gold"),
            ("assetBySerialNumber", "L2"),
            ("subscriptionByHandle", "nothing has a handle yet"),
            ("featureByCode", "sso"),
            ("addOnByCode", "support"),
            ("discountByCode", "HALF"),
            ("couponByCode", "welcome"),
        ]);
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
                let nobody_has_one = name == "subscriptionByHandle" && found.is_null();
                assert!(nobody_has_one || tenant.ids.values().any(|id| found == *id), "{name}: {found}");
            }
        }
    }

    lists_and_objects_show_nothing_of_another_tenant(app) {
        let own = Own::make(app, &app.key);
        let other = Own::make(app, &app.another_tenant("Other").1);
        let everything = "{
            customers { totalCount nodes {
                id orders { nodes { id } } assets { nodes { id } } billingGroups { id } paymentMethods { id }
            } }
            products { totalCount nodes { id assets { totalCount nodes { id } } } }
            plans { totalCount nodes { id prices { id plan { id } } versions { id } } }
            orders { totalCount nodes { id items { id } subscriptions { nodes { id } } reservedAssets { id } } }
            assets { totalCount nodes { id assignments { nodes { customer { id } } } } }
            subscriptions { totalCount nodes { id order { id } asset { id } } }
            paymentAttempts { totalCount nodes { id customerId subscriptionId paymentMethod { id } } }
            features { totalCount nodes { id } }
            addOns { totalCount nodes { id entitlements { feature { id } } } }
            discounts { totalCount nodes { id coupons { totalCount nodes { id } } } }
            coupons { totalCount nodes { id discount { id } } }
            tenant { id } viewer { tenant { id } }
        }";
        for (tenant, foreign) in [(&own, &other), (&other, &own)] {
            let seen = app.send_as(&tenant.key, &[], everything, json!({})).json();
            assert_eq!(seen["data"]["assets"]["totalCount"], 2, "{seen}");
            let lists = [
                "discounts", "coupons",
            ];
            for list in lists {
                assert_eq!(seen["data"][list]["totalCount"], 1, "{list}");
            }
            let seen = seen.to_string();
            assert!(tenant.ids.values().filter(|id| seen.contains(id.as_str())).count() >= 9);
            for id in foreign.ids.values() {
                assert!(!seen.contains(id.as_str()), "{id} belongs to another tenant");
            }
        }
        assert_eq!(app.database.number("SELECT COUNT(*) FROM customers"), 2);
    }
}
