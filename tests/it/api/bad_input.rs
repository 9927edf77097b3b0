//! What nobody should send: a clear answer with a code and a path each, never an error of ours, and nothing changed.

use super::{blamed, joined, with};
use crate::support::builders::text;
use crate::support::{TestApp, both};
use serde_json::{Value, json};

/// What an answer says of the request, each as `CODE path.of.the.argument`. It must be an answer that is no failure of
/// ours, and one error at least.
#[track_caller]
fn said(answer: &Value) -> Vec<String> {
    let error = |error: &Value| {
        assert!(!text(&error["message"]).is_empty());
        let code = text(&error["extensions"]["code"]);
        assert!(!["INTERNAL_SERVER_ERROR", "SERVICE_UNAVAILABLE"].contains(&code.as_str()), "{answer:#}");
        match error["extensions"]["argument"].as_array() {
            Some(path) => format!("{code} {}", joined(path)),
            None => code,
        }
    };
    let mut all: Vec<String> = answer["errors"].as_array().into_iter().flatten().map(error).collect();
    for (_, payload) in answer["data"].as_object().into_iter().flatten() {
        if payload["userErrors"].is_array() {
            all.extend(blamed(&payload["userErrors"]));
        }
    }
    assert!(!all.is_empty(), "nothing was said against it: {answer:#}");
    all
}

/// Sends a mutation with its input as a variable.
fn mutate(app: &TestApp, field: &str, input: Value) -> Value {
    let (document, variables) = crate::support::mutation(field, input, "__typename");
    app.send(&document, variables)
}

both! {
    arguments_of_the_wrong_kind(app) {
        let warehouse = app.warehouse();
        let item = json!({"sku": "LAP", "quantity": 1, "contractLength": 12});
        let order = |changes: Value| json!({"customerId": warehouse.customer, "items": [with(item.clone(), changes)]});
        let scan = |changes: Value| warehouse.scan_with("L1", changes);
        let huge = json!(9_999_999_999_i64);
        let before = app.database.dump();
        for (field, input, expected) in [
            // Ids: malformed, of another type, not a text.
            ("fulfilOrderItem", scan(json!({"orderId": "nonsense"})), "VALIDATION_ERROR input.orderId"),
            ("fulfilOrderItem", scan(json!({"orderId": warehouse.customer})), "VALIDATION_ERROR input.orderId"),
            ("fulfilOrderItem", scan(json!({"customerId": warehouse.order})), "VALIDATION_ERROR input.customerId"),
            ("fulfilOrderItem", scan(json!({"customerId": 7})), "VALIDATION_ERROR input.customerId"),
            ("fulfilOrderItem", scan(json!({"customerId": null})), "BAD_USER_INPUT input.customerId"),
            ("fulfilOrderItem", scan(json!({"customerId": {}})), "BAD_USER_INPUT input.customerId"),
            ("fulfilOrderItem", scan(json!({"customerId": 1.5})), "BAD_USER_INPUT input.customerId"),
            // Serial numbers.
            ("fulfilOrderItem", scan(json!({"assetSerialNumber": ""})), "VALIDATION_ERROR input.assetSerialNumber"),
            (
                "fulfilOrderItem",
                scan(json!({"assetSerialNumber": " \t\r\n"})),
                "VALIDATION_ERROR input.assetSerialNumber",
            ),
            ("fulfilOrderItem", scan(json!({"assetSerialNumber": "L1\0"})), "VALIDATION_ERROR input.assetSerialNumber"),
            (
                "fulfilOrderItem",
                scan(json!({"assetSerialNumber": "s".repeat(121)})),
                "VALIDATION_ERROR input.assetSerialNumber",
            ),
            ("fulfilOrderItem", scan(json!({"assetSerialNumber": 1})), "BAD_USER_INPUT input.assetSerialNumber"),
            (
                "fulfilOrderItem",
                scan(json!({"assetSerialNumber": "'; DROP TABLE assets; --"})),
                "ASSET_NOT_FOUND input.assetSerialNumber",
            ),
            // Numbers: out of range, not whole, too large for the wire.
            ("fulfilOrderItem", scan(json!({"contractLength": 0})), "VALIDATION_ERROR input.contractLength"),
            ("fulfilOrderItem", scan(json!({"contractLength": -12})), "VALIDATION_ERROR input.contractLength"),
            ("fulfilOrderItem", scan(json!({"contractLength": 121})), "VALIDATION_ERROR input.contractLength"),
            ("fulfilOrderItem", scan(json!({"contractLength": i32::MAX})), "VALIDATION_ERROR input.contractLength"),
            ("fulfilOrderItem", scan(json!({"contractLength": huge})), "BAD_USER_INPUT input"),
            ("fulfilOrderItem", scan(json!({"contractLength": 12.5})), "BAD_USER_INPUT input.contractLength"),
            ("fulfilOrderItem", scan(json!({"contractLength": "12"})), "BAD_USER_INPUT input.contractLength"),
            ("createOrder", order(json!({"quantity": -1})), "VALIDATION_ERROR input.items.0.quantity"),
            ("createOrder", order(json!({"quantity": 10001})), "VALIDATION_ERROR input.items.0.quantity"),
            ("createOrder", order(json!({"quantity": huge})), "BAD_USER_INPUT input"),
            ("createOrder", order(json!({"quantity": null})), "BAD_USER_INPUT input.items.0.quantity"),
            // Decimals are never floats.
            ("createOrder", order(json!({"unitPrice": 129.0})), "BAD_USER_INPUT input.items.0.unitPrice"),
            ("createOrder", order(json!({"unitPrice": 1e3})), "BAD_USER_INPUT input.items.0.unitPrice"),
            ("createOrder", order(json!({"unitPrice": true})), "BAD_USER_INPUT input.items.0.unitPrice"),
            ("createOrder", order(json!({"unitPrice": "1e3"})), "VALIDATION_ERROR input.items.0.unitPrice"),
            ("createOrder", order(json!({"unitPrice": "NaN"})), "VALIDATION_ERROR input.items.0.unitPrice"),
            ("createOrder", order(json!({"unitPrice": "1,5"})), "VALIDATION_ERROR input.items.0.unitPrice"),
            ("createOrder", order(json!({"unitPrice": "9".repeat(41)})), "VALIDATION_ERROR input.items.0.unitPrice"),
            ("createOrder", order(json!({"unitPrice": -1})), "VALIDATION_ERROR input.items.0.unitPrice"),
            // Choices, zones, currencies, dates.
            ("fulfilOrderItem", scan(json!({"billingStart": "SOMETIME"})), "BAD_USER_INPUT input.billingStart"),
            ("fulfilOrderItem", scan(json!({"billingStart": "immediate"})), "BAD_USER_INPUT input.billingStart"),
            ("fulfilOrderItem", scan(json!({"billingStart": 1})), "BAD_USER_INPUT input.billingStart"),
            ("updateTenantSettings", json!({"timezone": "Mars/Base"}), "VALIDATION_ERROR input.timezone"),
            ("updateTenantSettings", json!({"timezone": ""}), "VALIDATION_ERROR input.timezone"),
            ("updateTenantSettings", json!({"timezone": "+01:00"}), "VALIDATION_ERROR input.timezone"),
            ("updateTenantSettings", json!({"timezone": 1}), "BAD_USER_INPUT input.timezone"),
            ("updateTenantSettings", json!({"defaultCurrency": "ZZZ"}), "VALIDATION_ERROR input.defaultCurrency"),
            ("updateTenantSettings", json!({"defaultCurrency": "€"}), "VALIDATION_ERROR input.defaultCurrency"),
            ("updateTenantSettings", json!({"defaultCurrency": ["EUR"]}), "BAD_USER_INPUT input.defaultCurrency"),
            ("fulfilOrderItem", scan(json!({"startDate": "2025-02-29"})), "VALIDATION_ERROR input.startDate"),
            ("fulfilOrderItem", scan(json!({"startDate": "2025-1-1"})), "VALIDATION_ERROR input.startDate"),
            ("fulfilOrderItem", scan(json!({"startDate": "2025-01-31T00:00:00Z"})), "VALIDATION_ERROR input.startDate"),
            ("fulfilOrderItem", scan(json!({"startDate": "1969-12-31"})), "VALIDATION_ERROR input.startDate"),
            ("fulfilOrderItem", scan(json!({"startDate": "2200-01-01"})), "VALIDATION_ERROR input.startDate"),
            ("fulfilOrderItem", scan(json!({"startDate": "+262142-12-31"})), "VALIDATION_ERROR input.startDate"),
            ("fulfilOrderItem", scan(json!({"startDate": 20_250_131})), "BAD_USER_INPUT input.startDate"),
            // Texts and documents.
            ("createCustomer", json!({"name": "a\0b"}), "VALIDATION_ERROR input.name"),
            ("createCustomer", json!({"name": "\u{2003}"}), "VALIDATION_ERROR input.name"),
            ("createCustomer", json!({"name": "n".repeat(201)}), "VALIDATION_ERROR input.name"),
            ("createCustomer", json!({"name": "A", "metadata": {"a\0": 1}}), "VALIDATION_ERROR input.metadata"),
            ("createCustomer", json!({"name": "A", "metadata": [1]}), "VALIDATION_ERROR input.metadata"),
            ("createCustomer", json!({"name": "A", "email": "a@b@c.de"}), "VALIDATION_ERROR input.email"),
            // Shapes.
            ("createCustomer", json!({}), "BAD_USER_INPUT input.name"),
            ("createCustomer", json!({"name": "A", "surname": "B"}), "BAD_USER_INPUT input.surname"),
            ("createCustomer", json!("A"), "BAD_USER_INPUT input"),
            ("createCustomer", json!(null), "BAD_USER_INPUT $input"),
            ("createOrder", json!({"customerId": warehouse.customer, "items": [null]}), "BAD_USER_INPUT input.items.0"),
            ("createOrder", json!({"customerId": warehouse.customer, "items": []}), "VALIDATION_ERROR input.items"),
        ] {
            let answer = mutate(app, field, input.clone());
            assert_eq!(said(&answer), [expected], "{field} {input}\n{answer:#}");
        }
        app.database.assert_unchanged(&before);
    }

    documents_that_cannot_be_run(app) {
        let fields = |count: usize| (0..count).map(|_| "__typename ").collect::<String>();
        let nested = |levels: usize| {
            format!("{{ {} id {} }}", "customers { nodes { parent { ".repeat(levels), "} } }".repeat(levels))
        };
        let aliases = (0..31).fold(String::new(), |all, number| format!("{all} a{number}: __typename"));
        let spreads = (0..24).fold(String::new(), |all, n| {
            format!("{all} fragment f{n} on Query {{ ...f{next} ...f{next} }}", next = n + 1)
        });
        let bomb = format!("{{ ...f0 }} {spreads} fragment f24 on Query {{ tenant {{ id }} }}");
        let wide = "{ customers(first: 100) { nodes { orders(first: 100) { nodes {
            subscriptions(first: 100) { nodes { id } }
        } } } } }";
        let before = app.database.dump();
        for (document, expected) in [
            ("", "GRAPHQL_PARSE_FAILED"),
            ("{", "GRAPHQL_PARSE_FAILED"),
            ("# nothing", "GRAPHQL_PARSE_FAILED"),
            ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
            ("{ customers { nodes } }", "GRAPHQL_VALIDATION_FAILED"),
            ("{ customer { id } }", "GRAPHQL_VALIDATION_FAILED"),
            ("query ($x: Nothing) { tenant { id } }", "GRAPHQL_VALIDATION_FAILED"),
            ("mutation { nothing }", "GRAPHQL_VALIDATION_FAILED"),
            ("query A { tenant { id } } query B { tenant { id } }", "OPERATION_RESOLUTION_FAILURE"),
            (&format!("{{ {} }}", fields(401)), "QUERY_TOO_COMPLEX"),
            (&format!("{{ {aliases} }}"), "QUERY_TOO_COMPLEX"),
            (&nested(6), "QUERY_TOO_COMPLEX"),
            (wide, "QUERY_TOO_COMPLEX"),
            (&format!("{{ tenant {{ id {} }} }}", "@include(if: true) ".repeat(41)), "QUERY_TOO_COMPLEX"),
            ("{ ...a } fragment a on Query { ...a }", "GRAPHQL_VALIDATION_FAILED"),
            ("{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }", "GRAPHQL_VALIDATION_FAILED"),
            (&format!("{{ {}a{} }}", "a {".repeat(1000), "}".repeat(1000)), "QUERY_TOO_COMPLEX"),
            // What would take the parser down with it.
            (&"{".repeat(10_000), "QUERY_TOO_COMPLEX"),
            (&"[".repeat(10_000), "QUERY_TOO_COMPLEX"),
            (&format!("{{ node(id: {}", "[".repeat(10_000)), "QUERY_TOO_COMPLEX"),
            (&format!("{{ node(id: [\"\"\"x\"{}", "[".repeat(10_000)), "QUERY_TOO_COMPLEX"),
            (&format!("{{ node(id: {}", "{a:".repeat(5_000)), "QUERY_TOO_COMPLEX"),
            (&format!("query ($a: {}", "[".repeat(10_000)), "QUERY_TOO_COMPLEX"),
            (&format!("query ($a: [Int] = {}", "[".repeat(10_000)), "QUERY_TOO_COMPLEX"),
            (&format!("{{ tenant {{ id }} }} # {}", "a ".repeat(7_000)), "OK"),
            (&"a ".repeat(7_000), "QUERY_TOO_COMPLEX"),
            (&"\"\"\"".repeat(5_000), "GRAPHQL_PARSE_FAILED"),
            (&"query ".repeat(2_000), "GRAPHQL_PARSE_FAILED"),
            (&"(".repeat(10_000), "QUERY_TOO_COMPLEX"),
            (&bomb, "QUERY_TOO_COMPLEX"),
            (&format!("{{ {} }}", "tenant { id } ".repeat(31)), "QUERY_TOO_COMPLEX"),
            (&format!("mutation {{ {} }}", "createCustomer(input: {name: \"A\"}) { customer { id } } ".repeat(31)), "QUERY_TOO_COMPLEX"),
            ("{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }", "QUERY_TOO_COMPLEX"),
            ("{ __type(name: \"Node\") { possibleTypes { interfaces { possibleTypes { name } } } } }", "QUERY_TOO_COMPLEX"),
        ] {
            let answer = app.send(document, json!({}));
            if expected == "OK" {
                assert_eq!(answer.get("errors"), None, "{document}");
                continue;
            }
            assert_eq!(said(&answer)[0], expected, "{document}");
            assert_eq!(answer["data"], json!(null), "{document}");
        }
        app.database.assert_unchanged(&before);
    }

    arguments_of_queries(app) {
        for (document, variables, expected) in [
            ("query ($id: ID!) { order(id: $id) { id } }", json!({"id": "x"}), "BAD_USER_INPUT id"),
            (
                "query ($id: ID!) { order(id: $id) { id } }",
                json!({"id": "cus_00000000000000000000000000"}),
                "BAD_USER_INPUT id",
            ),
            ("query ($id: ID!) { order(id: $id) { id } }", json!({}), "BAD_USER_INPUT $id"),
            ("query ($id: ID!) { order(id: $id) { id } }", json!({"id": null}), "BAD_USER_INPUT $id"),
            ("query ($n: Int) { orders(first: $n) { totalCount } }", json!({"n": 101}), "BAD_USER_INPUT first"),
            ("query ($n: Int) { orders(first: $n) { totalCount } }", json!({"n": 1.5}), "BAD_USER_INPUT first"),
            (
                "query ($n: Int) { orders(first: $n) { totalCount } }",
                json!({"n": 3_000_000_000_i64}),
                "BAD_USER_INPUT first",
            ),
            (
                "query ($f: OrderFilter) { orders(filter: $f) { totalCount } }",
                json!({"f": {"status": {"eq": "DONE"}}}),
                "BAD_USER_INPUT filter.status.eq",
            ),
            (
                "query ($f: OrderFilter) { orders(filter: $f) { totalCount } }",
                json!({"f": {"status": {"like": "P"}}}),
                "BAD_USER_INPUT filter.status.like",
            ),
            (
                "query ($f: OrderFilter) { orders(filter: $f) { totalCount } }",
                json!({"f": {"customerId": {"eq": "x"}}}),
                "BAD_USER_INPUT filter.customerId.eq",
            ),
            (
                "query ($o: [OrderOrder!]) { orders(orderBy: $o) { totalCount } }",
                json!({"o": [{"field": "NOTES"}]}),
                "BAD_USER_INPUT orderBy.0.field",
            ),
        ] {
            let answer = app.send(document, variables.clone());
            assert_eq!(said(&answer), [expected], "{document} {variables}\n{answer:#}");
        }
    }

    what_belongs_to_another_tenant_is_not_there(app) {
        let warehouse = app.warehouse();
        let (_, other) = app.another_tenant("Other");
        app.attempt_as(&other, "createProduct", json!({"sku": "THEIRS", "name": "T"}), "__typename");
        app.attempt_as(&other, "createAsset", json!({"sku": "THEIRS", "serialNumber": "T1"}), "__typename");
        let item = json!({"sku": "THEIRS", "quantity": 1, "contractLength": 12});
        let order = json!({"customerId": warehouse.customer, "items": [item]});
        let before = app.database.dump();
        for (field, input, expected) in [
            ("fulfilOrderItem", warehouse.scan("T1"), "ASSET_NOT_FOUND input.assetSerialNumber"),
            ("createAsset", json!({"sku": "THEIRS", "serialNumber": "X"}), "VARIANT_NOT_FOUND input.sku"),
            ("createOrder", order, "VARIANT_NOT_FOUND input.items.0.sku"),
        ] {
            assert_eq!(said(&mutate(app, field, input)), [expected]);
        }
        app.database.assert_unchanged(&before);
        assert_eq!(
            app.data(r#"{ assetBySerialNumber(serialNumber: "T1") { id } }"#),
            json!({"assetBySerialNumber": null})
        );
    }
}
