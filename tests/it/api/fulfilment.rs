//! `fulfilOrderItem`: the scenarios of the domain's own list, and what a fulfilment leaves in the tables.

use crate::support::builders::text;
use crate::support::{TestApp, both};
use serde_json::{Value, json};

/// (order status, its progress, the units of its items, the customer's devices, what they bring in).
fn state(app: &TestApp, order: &str) -> Value {
    let document = format!(
        r#"{{ order(id: "{order}") {{
            status rentedDevices items {{ fulfilledQuantity }} customer {{ deviceCount monthlyRevenue {{ amount }} }}
        }} }}"#
    );
    let order = app.data(&document)["order"].take();
    let units: Vec<&Value> = order["items"].as_array().unwrap().iter().map(|item| &item["fulfilledQuantity"]).collect();
    json!([
        order["status"],
        order["rentedDevices"],
        units,
        order["customer"]["deviceCount"],
        order["customer"]["monthlyRevenue"][0]["amount"],
    ])
}

fn status_of(app: &TestApp, serial_number: &str) -> String {
    let document = format!(r#"{{ assetBySerialNumber(serialNumber: "{serial_number}") {{ status }} }}"#);
    text(&app.data(&document)["assetBySerialNumber"]["status"])
}

both! {
    a_scan_makes_an_active_subscription(app) {
        let warehouse = app.warehouse();
        let input = warehouse.scan_with("L1", json!({"notes": "at the desk"}));
        let made = app.mutate(
            "fulfilOrderItem",
            input,
            "subscription {
                status handle startDate endDate contractLength billingStart nextBillingDate billingAnchor timezone
                currentPeriodStart currentPeriodEnd currency monthlyAmount { amount currency } notes metadata version
                customer { name } order { id } orderItem { sku } asset { serialNumber } billingGroup { id }
                paymentSchedule { sequence }
             }
             asset {
                status customer { id } subscription { status }
                assignments { nodes { assignedAt returnedAt customer { id } } }
             }
             order {
                status rentedDevices totalDevices items { fulfilledQuantity subscriptions { status } }
                customer { deviceCount monthlyRevenue { amount currency } }
             }",
        );
        let payments: Vec<Value> = (1..=12).map(|sequence| json!({"sequence": sequence})).collect();
        assert_eq!(
            made,
            json!({
                "subscription": {
                    "status": "ACTIVE", "handle": null, "startDate": "2025-01-31T00:00:00Z",
                    "endDate": "2026-01-31T00:00:00Z", "contractLength": 12, "billingStart": "IMMEDIATE",
                    "nextBillingDate": "2025-01-31", "billingAnchor": "2025-01-31T00:00:00Z", "timezone": "UTC",
                    "currentPeriodStart": "2025-01-31T00:00:00Z", "currentPeriodEnd": "2025-02-28T00:00:00Z",
                    "currency": "EUR", "monthlyAmount": {"amount": "129.00", "currency": "EUR"},
                    "notes": "at the desk", "metadata": {}, "version": 1, "customer": {"name": "Jane Doe"},
                    "order": {"id": warehouse.order}, "orderItem": {"sku": "LAP"}, "asset": {"serialNumber": "L1"},
                    "billingGroup": null, "paymentSchedule": payments,
                },
                "asset": {
                    "status": "RENTED_OUT", "customer": {"id": warehouse.customer},
                    "subscription": {"status": "ACTIVE"},
                    "assignments": {"nodes": [{
                        "assignedAt": "2025-01-31T12:00:00Z", "returnedAt": null,
                        "customer": {"id": warehouse.customer},
                    }]},
                },
                "order": {
                    "status": "PARTIAL", "rentedDevices": 1, "totalDevices": 4,
                    "items": [
                        {"fulfilledQuantity": 1, "subscriptions": [{"status": "ACTIVE"}]},
                        {"fulfilledQuantity": 0, "subscriptions": []},
                    ],
                    "customer": {"deviceCount": 1, "monthlyRevenue": [{"amount": "129.00", "currency": "EUR"}]},
                },
                "userErrors": [],
            })
        );
    }

    an_order_is_fulfilled_with_its_last_unit_and_says_so_once(app) {
        let warehouse = app.warehouse();
        assert_eq!(state(app, &warehouse.order), json!(["CONFIRMED", 0, [0, 0], 0, null]));
        for (serial_number, status, rented, units, revenue) in [
            ("L1", "PARTIAL", 1, [1, 0], "129.00"),
            ("L2", "PARTIAL", 2, [2, 0], "258.00"),
            ("L3", "PARTIAL", 3, [3, 0], "387.00"),
            ("M1", "FULFILLED", 4, [3, 1], "436.00"),
        ] {
            app.set_clock("2025-02-01T08:00:00Z");
            app.fulfil(&warehouse.order, &warehouse.customer, serial_number);
            assert_eq!(
                state(app, &warehouse.order),
                json!([status, rented, units, rented, revenue]),
                "{serial_number}"
            );
            let done = i64::from(status == "FULFILLED");
            let fulfilled = "SELECT COUNT(*) FROM events WHERE event_type = 'order.fulfilled'";
            assert_eq!(app.database.number(fulfilled), done, "{serial_number}");
        }
        let order = app.data(&format!(r#"{{ order(id: "{}") {{ fulfilledAt version }} }}"#, warehouse.order));
        // Placed and confirmed before the four scans.
        assert_eq!(order["order"], json!({"fulfilledAt": "2025-02-01T08:00:00Z", "version": 6}));
        app.refuses("fulfilOrderItem", warehouse.scan("L4"), &["ITEM_FULLY_FULFILLED"]);
        assert_eq!(status_of(app, "L4"), "AVAILABLE");
    }

    every_scan_leaves_one_audit_record_and_one_event_for_each_thing_that_happened(app) {
        let warehouse = app.warehouse();
        let records = "SELECT COUNT(*) FROM audit_records";
        let (before, key) = (app.database.number(records), app.data("{ viewer { keyId } }"));
        let subscription = app.fulfil(&warehouse.order, &warehouse.customer, "L1");
        assert_eq!(app.database.number(records), before + 1);
        let made = "SELECT operation || ' ' || actor || ' ' || request_id AS line FROM audit_records \
                    WHERE operation = 'fulfilOrderItem'";
        let (actor, request) = (text(&key["viewer"]["keyId"]), "00000000-0000-0000-0000-000000000007");
        assert_eq!(app.database.texts(made), [format!("fulfilOrderItem {actor} {request}")]);
        let happened = "SELECT event_type || ' ' || subject AS line FROM events \
                        WHERE event_type IN ('subscription.created', 'asset.assigned', 'order.fulfilled') ORDER BY 1";
        let asset = app.data(r#"{ assetBySerialNumber(serialNumber: "L1") { id } }"#);
        let asset = text(&asset["assetBySerialNumber"]["id"]);
        let expected = [format!("asset.assigned {asset}"), format!("subscription.created {subscription}")];
        assert_eq!(app.database.texts(happened), expected);
        app.refuses("fulfilOrderItem", warehouse.scan("L1"), &["ASSET_NOT_AVAILABLE"]);
        assert_eq!(app.database.number(records), before + 1, "a refusal is no change");
    }

    a_unit_of_the_first_item_with_its_sku_that_is_open(app) {
        let customer = app.customer("Jane");
        app.product("LAP", "129.00");
        for serial_number in ["L1", "L2", "L3"] {
            app.asset("LAP", serial_number);
        }
        let order = app.order(&customer, &[("LAP", 1, 12), ("LAP", 1, 24)]);
        let scan =
            |serial_number: &str| json!({"orderId": order, "customerId": customer, "assetSerialNumber": serial_number});
        for (serial_number, length, units) in [("L1", 12, [1, 0]), ("L2", 24, [1, 1])] {
            let made = app.mutate(
                "fulfilOrderItem",
                scan(serial_number),
                "subscription { contractLength orderItem { contractLength } }",
            );
            let expected = json!({"contractLength": length, "orderItem": {"contractLength": length}});
            assert_eq!(made["subscription"], expected);
            assert_eq!(state(app, &order)[2], json!(units));
        }
        app.refuses("fulfilOrderItem", scan("L3"), &["ITEM_FULLY_FULFILLED"]);
    }

    an_addressed_item_is_taken_whatever_its_place(app) {
        let customer = app.customer("Jane");
        app.product("LAP", "129.00");
        app.asset("LAP", "L1");
        let order = app.order(&customer, &[("LAP", 1, 12), ("LAP", 1, 24)]);
        let items = app.data(&format!(r#"{{ order(id: "{order}") {{ items {{ id }} }} }}"#));
        let second = &items["order"]["items"][1]["id"];
        let input = json!({
            "orderId": order, "customerId": customer, "assetSerialNumber": " L1\t", "orderItemId": second,
        });
        let made = app.mutate("fulfilOrderItem", input, "subscription { contractLength }");
        assert_eq!(made["subscription"]["contractLength"], 24, "and a serial number is trimmed");
        assert_eq!(state(app, &order)[2], json!([0, 1]));
    }

    a_rented_asset_names_who_holds_it(app) {
        let warehouse = app.warehouse();
        let holder = app.fulfil(&warehouse.order, &warehouse.customer, "L1");
        let other = app.order(&warehouse.customer, &[("LAP", 1, 12)]);
        let errors = app.refuses(
            "fulfilOrderItem",
            warehouse.scan_with("L1", json!({"orderId": other})),
            &["ASSET_NOT_AVAILABLE"],
        );
        assert!(text(&errors[0]["message"]).contains(&holder), "{errors}");
    }

    a_reserved_asset_goes_to_its_order_only(app) {
        let warehouse = app.warehouse();
        let other = app.order(&warehouse.customer, &[("LAP", 1, 12)]);
        let asset = app.data(r#"{ assetBySerialNumber(serialNumber: "L1") { id } }"#);
        let reserve = json!({
            "assetId": asset["assetBySerialNumber"]["id"], "status": "RESERVED", "orderId": warehouse.order,
        });
        app.mutate("changeAssetStatus", reserve, "__typename");
        let errors = app.refuses(
            "fulfilOrderItem",
            warehouse.scan_with("L1", json!({"orderId": other})),
            &["ASSET_NOT_AVAILABLE"],
        );
        assert!(text(&errors[0]["message"]).contains("another order"), "{errors}");
        let made = app.mutate(
            "fulfilOrderItem",
            warehouse.scan("L1"),
            "asset { status reservedFor { id } } order { reservedAssets { id } }",
        );
        assert_eq!(made["asset"], json!({"status": "RENTED_OUT", "reservedFor": null}));
        assert_eq!(made["order"]["reservedAssets"], json!([]));
    }

    the_contract_length_of_a_scan_counts_before_that_of_the_item(app) {
        let customer = app.customer("Jane");
        let prices = json!([
            {"contractLength": 12, "monthlyPrice": "129.00"},
            {"contractLength": 24, "monthlyPrice": "99.00"},
        ]);
        app.mutate("createProduct", json!({"sku": "LAP", "name": "L", "rentalPrices": prices}), "__typename");
        let items = json!([{"sku": "LAP", "quantity": 6, "contractLength": 12, "unitPrice": "120.00"}]);
        let made = app.mutate("createOrder", json!({"customerId": customer, "items": items}), "order { id }");
        let order = text(&made["order"]["id"]);
        app.mutate("confirmOrder", json!({"orderId": order}), "__typename");
        for (serial_number, length, expected, amount, end) in [
            ("L1", None, 12, "120.00", "2026-01-31T00:00:00Z"),
            // The item's own length keeps the price that was agreed on, whatever the catalogue says.
            ("L2", Some(12), 12, "120.00", "2026-01-31T00:00:00Z"),
            ("L3", Some(24), 24, "99.00", "2027-01-31T00:00:00Z"),
            ("L4", Some(36), 36, "120.00", "2028-01-31T00:00:00Z"),
            ("L5", Some(1), 1, "120.00", "2025-02-28T00:00:00Z"),
            ("L6", Some(120), 120, "120.00", "2035-01-31T00:00:00Z"),
        ] {
            app.asset("LAP", serial_number);
            let input = json!({
                "orderId": order, "customerId": customer, "assetSerialNumber": serial_number, "contractLength": length,
            });
            let selection = "subscription {
                contractLength monthlyAmount { amount } endDate paymentSchedule { amount { amount } }
            }";
            let made = app.mutate("fulfilOrderItem", input, selection);
            let payment = json!({"amount": {"amount": amount}});
            assert_eq!(
                made["subscription"],
                json!({
                    "contractLength": expected, "monthlyAmount": {"amount": amount}, "endDate": end,
                    "paymentSchedule": vec![payment; expected],
                }),
                "{serial_number}"
            );
        }
    }

    a_later_change_of_the_catalogue_leaves_an_order_as_it_was_agreed(app) {
        let warehouse = app.warehouse();
        let product = app.data(r#"{ productBySku(sku: "LAP") { id } }"#);
        let prices = json!([{"contractLength": 12, "monthlyPrice": "999.00"}]);
        let change = json!({"productId": product["productBySku"]["id"], "rentalPrices": prices, "status": "INACTIVE"});
        app.mutate("updateProduct", change, "__typename");
        let made = app.mutate("fulfilOrderItem", warehouse.scan("L1"), "subscription { monthlyAmount { amount } }");
        assert_eq!(made["subscription"]["monthlyAmount"]["amount"], "129.00", "and it is still delivered");
    }
}
