//! Why a scan is refused: every code, the argument to blame, and which rule comes first where two are broken.

use super::{refuses_at, with};
use crate::support::builders::text;
use crate::support::{TestApp, both};
use serde_json::{Value, json};

/// Ids that no object has, of each type.
const NO_ORDER: &str = "ord_00000000000000000000000000";
const NO_ITEM: &str = "itm_00000000000000000000000000";
const NO_CUSTOMER: &str = "cus_00000000000000000000000000";
const NO_GROUP: &str = "bgr_00000000000000000000000000";

/// Orders, assets, customers and groups in every state that a scan can meet.
struct Stage {
    scan: Value,
    pending: String,
    cancelled: String,
    full: String,
    /// One LAP, which is delivered, and one MON, which is not.
    half: String,
    half_items: [String; 2],
    john: String,
    johns_group: String,
    inactive_group: String,
    dollar_group: String,
    inactive_dollar_group: String,
}

impl Stage {
    fn set(app: &TestApp) -> Stage {
        let jane = app.customer("Jane");
        let john = app.customer("John");
        for sku in ["LAP", "MON", "CAM"] {
            app.product(sku, "129.00");
        }
        let rental = json!([{"contractLength": 12, "monthlyPrice": "1.00"}]);
        let dollars = json!({"sku": "USD", "name": "Dollars", "currency": "USD", "rentalPrices": rental});
        app.mutate("createProduct", dollars, "__typename");
        for (sku, serial_number) in [
            ("LAP", "free"),
            ("LAP", "rented"),
            ("LAP", "rented too"),
            ("MON", "rented screen"),
            ("MON", "screen"),
            ("CAM", "camera"),
            ("USD", "dollar"),
            ("USD", "dollar too"),
        ] {
            app.asset(sku, serial_number);
        }
        let full = app.order(&jane, &[("LAP", 1, 12), ("MON", 1, 12)]);
        app.fulfil(&full, &jane, "rented");
        app.fulfil(&full, &jane, "rented screen");
        let half = app.order(&jane, &[("LAP", 1, 12), ("MON", 1, 12)]);
        app.fulfil(&half, &jane, "rented too");
        let items = app.data(&format!(r#"{{ order(id: "{half}") {{ items {{ id }} }} }}"#));
        let half_items = [0, 1].map(|place: usize| text(&items["order"]["items"][place]["id"]));
        let cancelled = app.pending_order(&jane, &[("LAP", 1, 12)]);
        app.mutate("cancelOrder", json!({"orderId": cancelled}), "__typename");

        let groups = [(); 3].map(|()| app.billing_group(&jane, 1));
        let [inactive_group, dollar_group, inactive_dollar_group] = groups;
        let in_dollars = app.order(&jane, &[("USD", 2, 12)]);
        for (group, serial_number) in [(&dollar_group, "dollar"), (&inactive_dollar_group, "dollar too")] {
            let input = json!({
                "orderId": in_dollars, "customerId": jane, "assetSerialNumber": serial_number, "billingGroupId": group,
            });
            app.mutate("fulfilOrderItem", input, "__typename");
        }
        for group in [&inactive_group, &inactive_dollar_group] {
            let input = json!({"billingGroupId": group, "status": "INACTIVE"});
            app.mutate("updateBillingGroup", input, "__typename");
        }
        let confirmed = app.order(&jane, &[("LAP", 3, 12)]);
        Stage {
            scan: json!({"orderId": confirmed, "customerId": jane, "assetSerialNumber": "free"}),
            pending: app.pending_order(&jane, &[("LAP", 1, 12)]),
            johns_group: app.billing_group(&john, 1),
            cancelled,
            full,
            half,
            half_items,
            john,
            inactive_group,
            dollar_group,
            inactive_dollar_group,
        }
    }
}

both! {
    each_rule_has_its_code_and_its_argument(app) {
        let stage = Stage::set(app);
        let serial = |serial_number: &str| json!({"assetSerialNumber": serial_number});
        for (changes, expected) in [
            (json!({"orderId": NO_ORDER}), "ORDER_NOT_FOUND input.orderId"),
            (json!({"orderId": stage.pending}), "ORDER_NOT_CONFIRMED input.orderId"),
            (json!({"orderId": stage.cancelled}), "ORDER_NOT_CONFIRMED input.orderId"),
            (json!({"orderItemId": NO_ITEM}), "ORDER_ITEM_NOT_FOUND input.orderItemId"),
            (json!({"orderItemId": stage.half_items[0]}), "ORDER_ITEM_NOT_FOUND input.orderItemId"),
            (json!({"orderId": stage.full}), "ITEM_FULLY_FULFILLED input.orderId"),
            (
                json!({"orderId": stage.half, "orderItemId": stage.half_items[0]}),
                "ITEM_FULLY_FULFILLED input.orderItemId",
            ),
            (json!({"orderId": stage.half}), "ITEM_FULLY_FULFILLED input.assetSerialNumber"),
            (serial("nowhere"), "ASSET_NOT_FOUND input.assetSerialNumber"),
            (serial("FREE"), "ASSET_NOT_FOUND input.assetSerialNumber"),
            (serial("rented"), "ASSET_NOT_AVAILABLE input.assetSerialNumber"),
            (serial("screen"), "SKU_MISMATCH input.assetSerialNumber"),
            (
                json!({"orderId": stage.half, "orderItemId": stage.half_items[1]}),
                "SKU_MISMATCH input.assetSerialNumber",
            ),
            (json!({"customerId": NO_CUSTOMER}), "CUSTOMER_NOT_FOUND input.customerId"),
            (json!({"customerId": stage.john}), "CUSTOMER_MISMATCH input.customerId"),
            (json!({"billingGroupId": NO_GROUP}), "BILLING_GROUP_NOT_FOUND input.billingGroupId"),
            (json!({"billingGroupId": stage.johns_group}), "BILLING_GROUP_NOT_FOUND input.billingGroupId"),
            (json!({"billingGroupId": stage.inactive_group}), "BILLING_GROUP_NOT_FOUND input.billingGroupId"),
            (json!({"billingGroupId": stage.dollar_group}), "CURRENCY_MISMATCH input.billingGroupId"),
            (json!({"contractLength": 0}), "VALIDATION_ERROR input.contractLength"),
            (json!({"contractLength": 121}), "VALIDATION_ERROR input.contractLength"),
            (serial(" \t "), "VALIDATION_ERROR input.assetSerialNumber"),
            (json!({"startDate": "2025-02-30"}), "VALIDATION_ERROR input.startDate"),
            (json!({"orderId": stage.john}), "VALIDATION_ERROR input.orderId"),
        ] {
            refuses_at(app, "fulfilOrderItem", with(stage.scan.clone(), changes), &[expected]);
        }
        app.mutate("fulfilOrderItem", stage.scan, "__typename");
    }

    /// Inputs that break two rules, one after the other in the order of refusal: the first is the answer.
    of_two_broken_rules_the_first_is_the_answer(app) {
        let stage = Stage::set(app);
        for (broken, changes, expected) in [
            ("shape, order", json!({"contractLength": 0, "orderId": NO_ORDER}), "VALIDATION_ERROR"),
            ("order, item", json!({"orderId": NO_ORDER, "orderItemId": NO_ITEM}), "ORDER_NOT_FOUND"),
            ("order, asset", json!({"orderId": NO_ORDER, "assetSerialNumber": "nowhere"}), "ORDER_NOT_FOUND"),
            ("pending, item", json!({"orderId": stage.pending, "orderItemId": NO_ITEM}), "ORDER_NOT_CONFIRMED"),
            (
                "cancelled, asset",
                json!({"orderId": stage.cancelled, "assetSerialNumber": "nowhere"}),
                "ORDER_NOT_CONFIRMED",
            ),
            ("item, full", json!({"orderId": stage.full, "orderItemId": NO_ITEM}), "ORDER_ITEM_NOT_FOUND"),
            ("item, asset", json!({"orderItemId": NO_ITEM, "assetSerialNumber": "nowhere"}), "ORDER_ITEM_NOT_FOUND"),
            (
                "full item, asset",
                json!({"orderId": stage.half, "orderItemId": stage.half_items[0], "assetSerialNumber": "nowhere"}),
                "ITEM_FULLY_FULFILLED",
            ),
            (
                "full order, asset",
                json!({"orderId": stage.full, "assetSerialNumber": "nowhere"}),
                "ITEM_FULLY_FULFILLED",
            ),
            (
                "full order, rented",
                json!({"orderId": stage.full, "assetSerialNumber": "rented"}),
                "ITEM_FULLY_FULFILLED",
            ),
            ("asset, customer", json!({"assetSerialNumber": "nowhere", "customerId": NO_CUSTOMER}), "ASSET_NOT_FOUND"),
            ("rented, SKU", json!({"assetSerialNumber": "rented screen"}), "ASSET_NOT_AVAILABLE"),
            (
                "rented, matching full",
                json!({"orderId": stage.half, "assetSerialNumber": "rented"}),
                "ASSET_NOT_AVAILABLE",
            ),
            (
                "SKU of the item, matching full",
                json!({"orderId": stage.half, "orderItemId": stage.half_items[1], "assetSerialNumber": "free"}),
                "SKU_MISMATCH",
            ),
            ("SKU, customer", json!({"assetSerialNumber": "camera", "customerId": NO_CUSTOMER}), "SKU_MISMATCH"),
            (
                "matching full, customer",
                json!({"orderId": stage.half, "customerId": NO_CUSTOMER}),
                "ITEM_FULLY_FULFILLED",
            ),
            (
                "matching full, mismatch",
                json!({"orderId": stage.half, "customerId": stage.john}),
                "ITEM_FULLY_FULFILLED",
            ),
            ("customer, group", json!({"customerId": NO_CUSTOMER, "billingGroupId": NO_GROUP}), "CUSTOMER_NOT_FOUND"),
            ("mismatch, group", json!({"customerId": stage.john, "billingGroupId": NO_GROUP}), "CUSTOMER_MISMATCH"),
            ("group, currency", json!({"billingGroupId": stage.inactive_dollar_group}), "BILLING_GROUP_NOT_FOUND"),
        ] {
            let input = with(stage.scan.clone(), changes);
            let payload = app.attempt("fulfilOrderItem", input, "subscription { id } order { id } asset { id }");
            let codes: Vec<&Value> = payload["userErrors"].as_array().unwrap().iter().map(|one| &one["code"]).collect();
            assert_eq!(codes, [expected], "{broken}: {payload:#}");
            for object in ["subscription", "order", "asset"] {
                assert_eq!(payload[object], Value::Null, "{broken}");
            }
        }
    }

    all_that_is_wrong_with_the_shape_is_said_at_once(app) {
        let input = json!({
            "orderId": "ord_1", "assetSerialNumber": "", "customerId": NO_ORDER, "orderItemId": "x",
            "billingGroupId": "", "startDate": "tomorrow", "contractLength": -1, "notes": "n".repeat(1001),
        });
        refuses_at(
            app,
            "fulfilOrderItem",
            input,
            &[
                "VALIDATION_ERROR input.orderId",
                "VALIDATION_ERROR input.assetSerialNumber",
                "VALIDATION_ERROR input.customerId",
                "VALIDATION_ERROR input.orderItemId",
                "VALIDATION_ERROR input.billingGroupId",
                "VALIDATION_ERROR input.startDate",
                "VALIDATION_ERROR input.contractLength",
                "VALIDATION_ERROR input.notes",
            ],
        );
    }

    an_asset_in_any_status_but_available_is_not_taken(app) {
        let warehouse = app.warehouse();
        for (place, (status, reason)) in
            [("UNAVAILABLE", json!("DAMAGED")), ("RETIRED", json!(null))].into_iter().enumerate()
        {
            let serial_number = format!("S{place}");
            let asset = app.asset("LAP", &serial_number);
            let change = json!({"assetId": asset, "status": status, "reason": reason});
            app.mutate("changeAssetStatus", change, "__typename");
            app.refuses("fulfilOrderItem", warehouse.scan(&serial_number), &["ASSET_NOT_AVAILABLE"]);
        }
        // What no mutation leads to yet.
        for status in ["RETURNED", "IN_REPAIR", "SOLD"] {
            let statement =
                format!("UPDATE assets SET status = '{status}' WHERE serial_number = 'L1' RETURNING 'x' AS line");
            app.database.texts(&statement);
            app.refuses("fulfilOrderItem", warehouse.scan("L1"), &["ASSET_NOT_AVAILABLE"]);
        }
    }
}
