//! Customers: creating, changing and archiving them, and who stands above whom.

use super::{conflicts, refuses_at, with};
use crate::support::builders::text;
use crate::support::consistency::assert_consistent;
use crate::support::{START, both};
use serde_json::json;

const WHOLE: &str = "customer {
    __typename externalId name email phone timezone country metadata deviceCount monthlyRevenue { amount currency } version
    createdAt updatedAt archivedAt parent { name } children { nodes { name } } billingGroups { name } orders { totalCount }
    subscriptions { totalCount } assets { totalCount }
}";

both! {
    a_customer_is_kept_with_all_that_is_said_of_it(app) {
        let parent = app.customer("Holding");
        let input = json!({
            "externalId": " crm-7 ", "name": " Jane Doe ", "email": " jane@example.com ", "phone": "+49 30 1",
            "timezone": "Europe/Berlin", "country": "de", "parentCustomerId": parent, "metadata": {"vip": true, "tags": ["a", 1, null]},
        });
        let made = app.mutate("createCustomer", input, WHOLE);
        let expected = json!({
            "__typename": "Customer", "externalId": "crm-7", "name": "Jane Doe", "email": "jane@example.com",
            "phone": "+49 30 1", "timezone": "Europe/Berlin", "country": "DE", "metadata": {"vip": true, "tags": ["a", 1, null]},
            "deviceCount": 0, "monthlyRevenue": [], "version": 1, "createdAt": "2025-01-31T12:00:00Z",
            "updatedAt": "2025-01-31T12:00:00Z", "archivedAt": null, "parent": {"name": "Holding"}, "children": {"nodes": []},
            "billingGroups": [], "orders": {"totalCount": 0}, "subscriptions": {"totalCount": 0},
            "assets": {"totalCount": 0},
        });
        assert_eq!(made["customer"], expected);
        let bare = app.mutate("createCustomer", json!({"name": "J", "email": null, "metadata": null}), WHOLE);
        let nothing = json!({
            "externalId": null, "name": "J", "email": null, "phone": null, "timezone": null, "country": null, "metadata": {},
            "parent": null,
        });
        assert_eq!(bare["customer"], with(expected, nothing));
    }

    an_update_keeps_what_is_left_out_and_clears_what_is_null(app) {
        let parent = app.customer("Holding");
        let full = json!({
            "externalId": "crm-7", "name": "Jane", "email": "jane@example.com", "phone": "1",
            "timezone": "Europe/Berlin", "country": "DE",
            "parentCustomerId": parent, "metadata": {"a": 1},
        });
        let made = app.mutate("createCustomer", full, "customer { id }");
        let input = json!({"customerId": made["customer"]["id"]});
        let selection = "customer { externalId name email phone timezone country parent { name } metadata version updatedAt }";
        app.set_clock("2025-02-01T12:00:00Z");
        let same = app.mutate("updateCustomer", input.clone(), selection);
        let expected = json!({
            "externalId": "crm-7", "name": "Jane", "email": "jane@example.com", "phone": "1",
            "timezone": "Europe/Berlin", "country": "DE",
            "parent": {"name": "Holding"}, "metadata": {"a": 1}, "version": 2, "updatedAt": "2025-02-01T12:00:00Z",
        });
        assert_eq!(same["customer"], expected);
        let nulls = json!({
            "externalId": null, "email": null, "phone": null, "timezone": null, "country": null,
            "parentCustomerId": null,
        });
        let cleared = app.mutate("updateCustomer", with(input.clone(), nulls), selection);
        let gone = json!({
            "externalId": null, "email": null, "phone": null, "timezone": null, "country": null, "parent": null,
            "version": 3,
        });
        assert_eq!(cleared["customer"], with(expected.clone(), gone));
        let always = with(input.clone(), json!({"name": null, "metadata": null}));
        refuses_at(
            app,
            "updateCustomer",
            always,
            &["VALIDATION_ERROR input.name", "VALIDATION_ERROR input.metadata"],
        );
        let again = json!({
            "externalId": "crm-8", "name": "J.", "email": "j@example.com", "phone": "2", "timezone": "UTC", "country": "CH",
            "parentCustomerId": parent, "metadata": {"b": [2]},
        });
        let changed = app.mutate("updateCustomer", with(input, again.clone()), selection);
        let mut expected = with(with(expected, again), json!({"version": 4}));
        expected.as_object_mut().unwrap().remove("parentCustomerId");
        assert_eq!(changed["customer"], expected);
    }

    a_variable_that_is_not_given_leaves_its_field_out(app) {
        let customer = app.mutate("createCustomer", json!({"name": "Jane", "phone": "1"}), "customer { id }");
        let document = "mutation ($id: ID!, $name: String, $phone: String, $metadata: JSON) {
            updateCustomer(input: {
                customerId: $id, name: $name, phone: $phone, metadata: {a: [$phone], b: $metadata}
            }) {
                customer { name phone metadata } userErrors { code }
            }
        }";
        let id = &customer["customer"]["id"];
        let kept = app.data_with(document, json!({"id": id, "name": "J."}))["updateCustomer"].take();
        assert_eq!(kept["customer"], json!({"name": "J.", "phone": "1", "metadata": {"a": [null]}}));
        let cleared = app.data_with(document, json!({"id": id, "phone": null, "metadata": 1}))["updateCustomer"].take();
        assert_eq!(cleared["customer"], json!({"name": "J.", "phone": null, "metadata": {"a": [null], "b": 1}}));
    }

    an_external_id_is_taken_once(app) {
        let made = app.mutate("createCustomer", json!({"name": "A", "externalId": "x"}), "customer { id }");
        let first = text(&made["customer"]["id"]);
        let taken = ["DUPLICATE_HANDLE input.externalId"];
        refuses_at(app, "createCustomer", json!({"name": "B", "externalId": " x"}), &taken);
        let errors = app.refuses("createCustomer", json!({"name": "B", "externalId": "x"}), &["DUPLICATE_HANDLE"]);
        assert_eq!(errors[0]["number"], 11, "as Billwerk+ numbers it");
        let other = app.customer("B");
        refuses_at(app, "updateCustomer", json!({"customerId": other, "externalId": "x"}), &taken);
        app.mutate("createCustomer", json!({"name": "C", "externalId": "X"}), "__typename");
        app.mutate("updateCustomer", json!({"customerId": first, "externalId": "x"}), "__typename");
        app.mutate("updateCustomer", json!({"customerId": first, "externalId": null}), "__typename");
        app.mutate("updateCustomer", json!({"customerId": other, "externalId": "x"}), "__typename");
    }

    nobody_stands_above_themselves(app) {
        let none = "cus_00000000000000000000000000";
        let missing = ["CUSTOMER_NOT_FOUND input.parentCustomerId"];
        refuses_at(app, "createCustomer", json!({"name": "A", "parentCustomerId": none}), &missing);
        let [first, second, third] = ["A", "B", "C"].map(|name| app.customer(name));
        let below = |customer: &str, parent: &str| json!({"customerId": customer, "parentCustomerId": parent});
        refuses_at(app, "updateCustomer", below(&first, none), &missing);
        app.mutate("updateCustomer", below(&second, &first), "__typename");
        app.mutate("updateCustomer", below(&third, &second), "__typename");
        for parent in [&first, &second, &third] {
            refuses_at(app, "updateCustomer", below(&first, parent), &["PARENT_CYCLE input.parentCustomerId"]);
        }
        let family = app.data(&format!(
            r#"{{ customer(id: "{first}") {{
                children {{ nodes {{ name children {{ nodes {{ name parent {{ name }} }} }} }} }}
            }} }}"#
        ));
        let third = json!({"name": "C", "parent": {"name": "B"}});
        let expected = json!({"nodes": [{"name": "B", "children": {"nodes": [third]}}]});
        assert_eq!(family["customer"]["children"], expected);
    }

    at_most_ten_stand_above_one_another(app) {
        let mut parent = app.customer("1");
        for name in 2..=10 {
            let input = json!({"name": name.to_string(), "parentCustomerId": parent});
            parent = text(&app.mutate("createCustomer", input, "customer { id }")["customer"]["id"]);
        }
        let input = json!({"name": "11", "parentCustomerId": parent});
        refuses_at(app, "createCustomer", input, &["VALIDATION_ERROR input.parentCustomerId"]);
    }

    all_that_is_wrong_with_a_customer_is_said_at_once(app) {
        let customer = app.customer("A");
        let wrong = json!({
            "externalId": "", "name": " ", "email": "jane@localhost", "phone": "p".repeat(121), "timezone": "Mars/Base",
            "parentCustomerId": "x", "metadata": [],
        });
        let paths = ["externalId", "name", "email", "phone", "timezone", "parentCustomerId", "metadata"];
        let expected = paths.map(|path| format!("VALIDATION_ERROR input.{path}"));
        let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
        refuses_at(app, "createCustomer", wrong.clone(), &expected);
        refuses_at(app, "updateCustomer", with(wrong, json!({"customerId": customer})), &expected);
        let gone = json!({"customerId": "cus_00000000000000000000000000"});
        for mutation in ["updateCustomer", "archiveCustomer"] {
            refuses_at(app, mutation, gone.clone(), &["CUSTOMER_NOT_FOUND input.customerId"]);
            refuses_at(app, mutation, json!({"customerId": "x"}), &["VALIDATION_ERROR input.customerId"]);
        }
    }

    nothing_new_begins_for_an_archived_customer(app) {
        let customer = app.customer("Jane");
        app.product("LAP", "129.00");
        let archive = || {
            let selection = "customer { archivedAt updatedAt version }";
            app.mutate("archiveCustomer", json!({"customerId": customer}), selection)["customer"].take()
        };
        let moment = "2025-02-01T12:00:00Z";
        app.set_clock(moment);
        let archived = json!({"archivedAt": moment, "updatedAt": moment, "version": 2});
        assert_eq!(archive(), archived);
        let deleted = ["CUSTOMER_DELETED input.customerId"];
        let items = json!([{"sku": "LAP", "quantity": 1, "contractLength": 12}]);
        let order = json!({"customerId": customer, "items": items});
        refuses_at(app, "createOrder", order.clone(), &deleted);
        let errors = app.refuses("createOrder", order, &["CUSTOMER_DELETED"]);
        assert_eq!(errors[0]["number"], 71, "as Billwerk+ numbers it");
        let group = json!({"customerId": customer, "name": "G", "billingDay": 1});
        refuses_at(app, "createBillingGroup", group, &deleted);

        app.set_clock("2025-02-02T12:00:00Z");
        assert_eq!(archive(), archived, "one that is archived stays as it is");
        let events = "SELECT count(*) FROM events WHERE event_type = 'customer.archived'";
        assert_eq!(app.database.number(events), 1);
        let stale = json!({"customerId": customer, "expectedVersion": 1});
        refuses_at(app, "archiveCustomer", stale, &["CONFLICT input.expectedVersion"]);
        // What is known of it can still be put right.
        let input = json!({"customerId": customer, "name": "J."});
        let changed = app.mutate("updateCustomer", input, "customer { name archivedAt }");
        assert_eq!(changed["customer"], json!({"name": "J.", "archivedAt": moment}));
        assert_consistent(app);
    }

    what_an_archived_customer_has_ordered_is_still_delivered(app) {
        let warehouse = app.warehouse();
        let input = json!({"customerId": warehouse.customer});
        app.mutate("archiveCustomer", input.clone(), "__typename");
        app.fulfil(&warehouse.order, &warehouse.customer, "L1");
        app.mutate("fulfilOrderItems", json!({
            "orderId": warehouse.order, "customerId": warehouse.customer, "scans": [{"assetSerialNumber": "M1"}],
        }), "__typename");
        let same = app.mutate("archiveCustomer", input, "customer { archivedAt deviceCount }");
        assert_eq!(same["customer"], json!({"archivedAt": START, "deviceCount": 2}));
        assert_consistent(app);
    }

    a_customer_with_live_subscriptions_is_not_archived(app) {
        let warehouse = app.warehouse();
        app.fulfil(&warehouse.order, &warehouse.customer, "L1");
        app.fulfil(&warehouse.order, &warehouse.customer, "L2");
        let input = json!({"customerId": warehouse.customer});
        let set = |status: &str, serial_number: &str| {
            let asset = format!("(SELECT id FROM assets WHERE serial_number = '{serial_number}')");
            let statement = format!("UPDATE subscriptions SET status = '{status}' WHERE asset_id = {asset}");
            app.app.db.execute_batch(&statement).unwrap();
        };
        let refused = |live: i32| {
            refuses_at(app, "archiveCustomer", input.clone(), &["CONFLICT input.customerId"]);
            let payload = app.attempt("archiveCustomer", input.clone(), "customer { archivedAt }");
            assert_eq!(payload["customer"], json!({"archivedAt": null}), "it shows the customer as it is");
            let message = text(&payload["userErrors"][0]["message"]);
            assert!(message.contains(&format!("live subscriptions ({live})")), "{message}");
        };
        refused(2);
        for live in ["DRAFT", "INCOMPLETE", "TRIALING", "ACTIVE", "PAUSED"] {
            set(live, "L1");
            refused(2);
        }
        set("ENDED", "L1");
        refused(1);
        // Those of others are no hindrance.
        app.mutate("archiveCustomer", json!({"customerId": app.customer("Joe")}), "__typename");
        set("CANCELLED", "L2");
        let archived = app.mutate("archiveCustomer", input, "customer { archivedAt }");
        assert_eq!(archived["customer"], json!({"archivedAt": START}));
    }

    metadata_of_more_than_16_kb_is_refused(app) {
        let text = |length: usize| json!({"name": "A", "metadata": {"a": "x".repeat(length)}});
        // {"a":"…"} is eight characters longer than what it holds.
        refuses_at(app, "createCustomer", text(16 * 1024 - 7), &["VALIDATION_ERROR input.metadata"]);
        app.mutate("createCustomer", text(16 * 1024 - 8), "__typename");
    }

    a_stale_version_is_a_conflict(app) {
        conflicts(app, "updateCustomer", &json!({"customerId": app.customer("A")}), "customer", 1);
        conflicts(app, "archiveCustomer", &json!({"customerId": app.customer("B")}), "customer", 1);
    }
}
