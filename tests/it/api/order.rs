//! Orders: placing, changing, confirming and cancelling them.

use super::{conflicts, refuses_at, with};
use crate::support::builders::text;
use crate::support::{TestApp, both};
use serde_json::{Value, json};

fn order(app: &TestApp, input: Value, selection: &str) -> Value {
    app.mutate("createOrder", input, &format!("order {{ {selection} }}"))["order"].take()
}

/// A customer and the products LAP (12 and 24 months at 129.00) and YEN (12 months at 1500).
fn shop(app: &TestApp) -> String {
    app.product("LAP", "129.00");
    let prices = json!([{"contractLength": 12, "monthlyPrice": "1500"}]);
    let yen = json!({"sku": "YEN", "name": "Yen", "currency": "JPY", "rentalPrices": prices});
    app.mutate("createProduct", yen, "__typename");
    app.customer("Jane")
}

/// An order in each status, in the order of the life cycle.
fn in_every_status(app: &TestApp, customer: &str) -> [(&'static str, String); 5] {
    for serial_number in ["L1", "L2"] {
        app.asset("LAP", serial_number);
    }
    let partial = app.order(customer, &[("LAP", 2, 12)]);
    app.fulfil(&partial, customer, "L1");
    let fulfilled = app.order(customer, &[("LAP", 1, 12)]);
    app.fulfil(&fulfilled, customer, "L2");
    let cancelled = app.pending_order(customer, &[("LAP", 1, 12)]);
    app.mutate("cancelOrder", json!({"orderId": cancelled}), "__typename");
    [
        ("PENDING", app.pending_order(customer, &[("LAP", 1, 12)])),
        ("CONFIRMED", app.order(customer, &[("LAP", 1, 12)])),
        ("PARTIAL", partial),
        ("FULFILLED", fulfilled),
        ("CANCELLED", cancelled),
    ]
}

both! {
    an_order_is_placed_with_all_that_is_said_of_it(app) {
        let customer = shop(app);
        let group = app.billing_group(&customer, 15);
        let input = json!({
            "number": " SO-1 ", "customerId": customer, "currency": "eur", "billingGroupId": group, "notes": "by phone",
            "items": [
                {"sku": "LAP", "quantity": 3, "contractLength": 24},
                {"sku": "LAP", "quantity": 10000, "contractLength": 1, "unitPrice": "99.5"},
                {"sku": "YEN", "quantity": 1, "contractLength": 120, "unitPrice": 0},
            ],
        });
        let made = order(
            app,
            input,
            "
            __typename number status currency totalDevices rentedDevices notes cancelReason version createdAt updatedAt
            confirmedAt fulfilledAt cancelledAt customer { id } billingGroup { id } reservedAssets { id }
            subscriptions { totalCount }
            items {
                sku quantity fulfilledQuantity contractLength unitPrice { amount currency } product { name }
                order { number } subscriptions { id }
            }
        ",
        );
        let item = |sku: &str, quantity: i32, months: i32, price: &str, name: &str| {
            json!({
                "sku": sku, "quantity": quantity, "fulfilledQuantity": 0, "contractLength": months,
                "unitPrice": {"amount": price, "currency": "EUR"}, "product": {"name": name},
                "order": {"number": "SO-1"}, "subscriptions": [],
            })
        };
        assert_eq!(
            made,
            json!({
                "__typename": "Order", "number": "SO-1", "status": "PENDING", "currency": "EUR", "totalDevices": 10004,
                "rentedDevices": 0, "notes": "by phone", "cancelReason": null, "version": 1,
                "createdAt": "2025-01-31T12:00:00Z", "updatedAt": "2025-01-31T12:00:00Z", "confirmedAt": null,
                "fulfilledAt": null, "cancelledAt": null, "customer": {"id": customer}, "billingGroup": {"id": group},
                "reservedAssets": [], "subscriptions": {"totalCount": 0},
                "items": [
                    item("LAP", 3, 24, "129.00", "The LAP"), item("LAP", 10000, 1, "99.50", "The LAP"),
                    item("YEN", 1, 120, "0.00", "Yen"),
                ],
            })
        );
    }

    prices_are_in_the_currency_of_the_first_product_unless_another_is_named(app) {
        let customer = shop(app);
        let items = json!([{"sku": "YEN", "quantity": 1, "contractLength": 12}]);
        let input = json!({"customerId": customer, "items": items});
        let made = order(app, input.clone(), "currency items { unitPrice { amount currency } }");
        assert_eq!(made, json!({"currency": "JPY", "items": [{"unitPrice": {"amount": "1500", "currency": "JPY"}}]}));
        refuses_at(
            app,
            "createOrder",
            with(input, json!({"currency": "EUR"})),
            &["INVALID_CONTRACT_LENGTH input.items.0.contractLength"],
        );
    }

    numbers_count_up_for_each_tenant_and_pass_over_those_that_were_given(app) {
        let customer = shop(app);
        let items = json!([{"sku": "LAP", "quantity": 1, "contractLength": 12}]);
        let next = || text(&order(app, json!({"customerId": customer, "items": items}), "number")["number"]);
        assert_eq!(next(), "O-000001");
        order(app, json!({"customerId": customer, "items": items, "number": "O-000002"}), "number");
        let unpriced = json!([{"sku": "LAP", "quantity": 1, "contractLength": 13}]);
        app.refuses("createOrder", json!({"customerId": customer, "items": unpriced}), &["INVALID_CONTRACT_LENGTH"]);
        assert_eq!(next(), "O-000003", "a refusal uses no number up");
        let (_, other) = app.another_tenant("Other");
        let made = app.attempt_as(&other, "createCustomer", json!({"name": "Jane"}), "customer { id }");
        let product = json!({"sku": "LAP", "name": "L"});
        app.attempt_as(&other, "createProduct", product, "__typename");
        let items = json!([{"sku": "LAP", "quantity": 1, "contractLength": 12, "unitPrice": "1"}]);
        let input = json!({"customerId": made["customer"]["id"], "items": items});
        let made = app.attempt_as(&other, "createOrder", input, "order { number }");
        assert_eq!(made["order"]["number"], "O-000001", "{made}");
    }

    an_order_is_refused_with_the_argument_to_blame(app) {
        let customer = shop(app);
        let john = app.customer("John");
        let johns = app.billing_group(&john, 1);
        let inactive = app.billing_group(&customer, 1);
        app.mutate("updateBillingGroup", json!({"billingGroupId": inactive, "status": "INACTIVE"}), "__typename");
        let euros = app.billing_group(&customer, 1);
        let first = app.order(&customer, &[("LAP", 1, 12)]);
        app.asset("LAP", "L1");
        let scan =
            json!({"orderId": first, "customerId": customer, "assetSerialNumber": "L1", "billingGroupId": euros});
        app.mutate("fulfilOrderItem", scan, "__typename");
        let old = app.product("OLD", "1.00");
        app.mutate("updateProduct", json!({"productId": old, "status": "INACTIVE"}), "__typename");
        let item = json!({"sku": "LAP", "quantity": 1, "contractLength": 12});
        let input = json!({"customerId": customer, "items": [item]});
        let second = |changes: Value| json!({"items": [item, with(item.clone(), changes)]});
        for (changes, expected) in [
            (json!({"customerId": "cus_00000000000000000000000000"}), "CUSTOMER_NOT_FOUND input.customerId"),
            (second(json!({"sku": "NONE"})), "VARIANT_NOT_FOUND input.items.1.sku"),
            (second(json!({"sku": "lap"})), "VARIANT_NOT_FOUND input.items.1.sku"),
            (second(json!({"sku": "OLD"})), "VARIANT_INACTIVE input.items.1.sku"),
            (
                json!({"billingGroupId": "bgr_00000000000000000000000000"}),
                "BILLING_GROUP_NOT_FOUND input.billingGroupId",
            ),
            (json!({"billingGroupId": johns}), "BILLING_GROUP_NOT_FOUND input.billingGroupId"),
            (json!({"billingGroupId": inactive}), "BILLING_GROUP_NOT_FOUND input.billingGroupId"),
            (json!({"billingGroupId": euros, "currency": "USD"}), "CURRENCY_MISMATCH input.billingGroupId"),
            (json!({"number": "O-000001"}), "DUPLICATE_ORDER_NUMBER input.number"),
            (second(json!({"contractLength": 36})), "INVALID_CONTRACT_LENGTH input.items.1.contractLength"),
            (second(json!({"unitPrice": "0.001"})), "VALIDATION_ERROR input.items.1.unitPrice"),
            (second(json!({"unitPrice": "99999999999999"})), "VALIDATION_ERROR input.items.1.unitPrice"),
            (json!({"items": []}), "VALIDATION_ERROR input.items"),
            (json!({"items": vec![item.clone(); 101]}), "VALIDATION_ERROR input.items"),
        ] {
            refuses_at(app, "createOrder", with(input.clone(), changes), &[expected]);
        }
        let most = vec![item.clone(); 100];
        assert_eq!(order(app, with(input, json!({"items": most})), "totalDevices")["totalDevices"], 100);
    }

    all_that_is_wrong_with_an_order_is_said_at_once(app) {
        let input = json!({
            "number": "", "customerId": "x", "currency": "XXX", "billingGroupId": "y", "notes": "n".repeat(1001),
            "items": [
                {"sku": " ", "quantity": 0, "contractLength": 0, "unitPrice": "-1"},
                {"sku": "s".repeat(121), "quantity": 10001, "contractLength": 121, "unitPrice": "1e3"},
            ],
        });
        refuses_at(
            app,
            "createOrder",
            input,
            &[
                "VALIDATION_ERROR input.number",
                "VALIDATION_ERROR input.customerId",
                "VALIDATION_ERROR input.currency",
                "VALIDATION_ERROR input.items.0.sku",
                "VALIDATION_ERROR input.items.0.quantity",
                "VALIDATION_ERROR input.items.0.contractLength",
                "VALIDATION_ERROR input.items.0.unitPrice",
                "VALIDATION_ERROR input.items.1.sku",
                "VALIDATION_ERROR input.items.1.quantity",
                "VALIDATION_ERROR input.items.1.contractLength",
                "VALIDATION_ERROR input.items.1.unitPrice",
                "VALIDATION_ERROR input.billingGroupId",
                "VALIDATION_ERROR input.notes",
            ],
        );
        let reason = json!({"orderId": "x", "reason": "r".repeat(1001)});
        let expected = ["VALIDATION_ERROR input.orderId", "VALIDATION_ERROR input.reason"];
        refuses_at(app, "cancelOrder", reason, &expected);
        refuses_at(app, "confirmOrder", json!({"orderId": ""}), &["VALIDATION_ERROR input.orderId"]);
    }

    an_order_moves_as_its_life_cycle_says(app) {
        let customer = shop(app);
        let orders = in_every_status(app, &customer);
        // (status, what confirming answers, what cancelling answers)
        for ((status, order), (confirm, cancel)) in orders.iter().zip([
            (None, None),
            (Some("ORDER_NOT_PENDING"), None),
            (Some("ORDER_NOT_PENDING"), Some("ORDER_NOT_CANCELLABLE")),
            (Some("ORDER_NOT_PENDING"), Some("ORDER_NOT_CANCELLABLE")),
            (Some("ALREADY_CANCELLED"), Some("ALREADY_CANCELLED")),
        ]) {
            let found = app.data(&format!(r#"{{ order(id: "{order}") {{ status }} }}"#));
            assert_eq!(found["order"]["status"], *status);
            for (mutation, refusal) in [("confirmOrder", confirm), ("cancelOrder", cancel)] {
                match refusal {
                    Some(code) => {
                        let blamed = format!("{code} input.orderId");
                        refuses_at(app, mutation, json!({"orderId": order}), &[blamed.as_str()]);
                    }
                    // The pending one is cancelled when it is confirmed already: both may be.
                    None => drop(app.mutate(mutation, json!({"orderId": order}), "__typename")),
                }
            }
        }
        let none = json!({"orderId": "ord_00000000000000000000000000"});
        for mutation in ["confirmOrder", "cancelOrder", "updateOrder"] {
            refuses_at(app, mutation, none.clone(), &["ORDER_NOT_FOUND input.orderId"]);
        }
    }

    confirming_and_cancelling_say_when_and_why(app) {
        let customer = shop(app);
        let id = app.pending_order(&customer, &[("LAP", 1, 12)]);
        let selection = "order { status confirmedAt cancelledAt cancelReason updatedAt version }";
        app.set_clock("2025-02-01T00:00:00.123456Z");
        let made = app.mutate("confirmOrder", json!({"orderId": id}), selection);
        assert_eq!(
            made["order"],
            json!({
                "status": "CONFIRMED", "confirmedAt": "2025-02-01T00:00:00.123456Z", "cancelledAt": null,
                "cancelReason": null, "updatedAt": "2025-02-01T00:00:00.123456Z", "version": 2,
            })
        );
        app.set_clock("2025-02-02T00:00:00Z");
        let made = app.mutate("cancelOrder", json!({"orderId": id, "reason": "too late"}), selection);
        assert_eq!(
            made["order"],
            json!({
                "status": "CANCELLED", "confirmedAt": "2025-02-01T00:00:00.123456Z",
                "cancelledAt": "2025-02-02T00:00:00Z",
                "cancelReason": "too late", "updatedAt": "2025-02-02T00:00:00Z", "version": 3,
            })
        );
    }

    cancelling_releases_what_is_kept_for_the_order(app) {
        let customer = shop(app);
        let [cancelled, other] = [(); 2].map(|()| app.order(&customer, &[("LAP", 2, 12)]));
        for (serial_number, order) in [("L1", &cancelled), ("L2", &cancelled), ("L3", &other)] {
            let asset = app.asset("LAP", serial_number);
            let reserve = json!({"assetId": asset, "status": "RESERVED", "orderId": order});
            app.mutate("changeAssetStatus", reserve, "__typename");
        }
        let made = app.mutate("cancelOrder", json!({"orderId": cancelled}), "order { reservedAssets { id } }");
        assert_eq!(made["order"]["reservedAssets"], json!([]));
        let assets =
            app.data("{ assets(orderBy: [{field: SERIAL_NUMBER}]) { nodes { status reservedFor { id } version } } }");
        let free = json!({"status": "AVAILABLE", "reservedFor": null, "version": 3});
        let kept = json!({"status": "RESERVED", "reservedFor": {"id": other}, "version": 2});
        assert_eq!(assets["assets"]["nodes"], json!([free, free, kept]));
        assert_eq!(app.database.number("SELECT COUNT(*) FROM events WHERE event_type = 'asset.released'"), 2);
    }

    an_update_keeps_what_is_left_out_and_clears_what_is_null(app) {
        let customer = shop(app);
        let group = app.billing_group(&customer, 15);
        let id = app.pending_order(&customer, &[("LAP", 1, 12)]);
        for (changes, notes, joined) in [
            (json!({"notes": "first", "billingGroupId": group}), json!("first"), json!({"id": group})),
            (json!({}), json!("first"), json!({"id": group})),
            (json!({"notes": null}), json!(null), json!({"id": group})),
            (json!({"notes": "second", "billingGroupId": null}), json!("second"), json!(null)),
        ] {
            let input = with(json!({"orderId": id}), changes);
            let made = app.mutate("updateOrder", input, "order { notes billingGroup { id } }");
            assert_eq!(made["order"], json!({"notes": notes, "billingGroup": joined}));
        }
        let john = app.customer("John");
        let change = json!({"orderId": id, "billingGroupId": app.billing_group(&john, 1)});
        refuses_at(app, "updateOrder", change, &["BILLING_GROUP_NOT_FOUND input.billingGroupId"]);
    }

    a_stale_version_is_a_conflict(app) {
        let customer = shop(app);
        let id = app.pending_order(&customer, &[("LAP", 1, 12)]);
        conflicts(app, "updateOrder", &json!({"orderId": id}), "order", 1);
        conflicts(app, "confirmOrder", &json!({"orderId": id}), "order", 2);
        conflicts(app, "cancelOrder", &json!({"orderId": id}), "order", 3);
    }
}
