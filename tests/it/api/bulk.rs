//! `fulfilOrderItems`: many scans in one transaction, and what becomes of each row.

use super::{blamed, refuses_at, with};
use crate::support::builders::{Warehouse, text};
use crate::support::{TestApp, both};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fmt::Write;

const ROWS: &str = "order { id status rentedDevices }
    rows {
        assetSerialNumber subscription { status notes asset { serialNumber } } asset { status } userError { code field }
    }";

fn bulk(warehouse: &Warehouse, serial_numbers: &[&str], changes: Value) -> Value {
    let scans: Vec<Value> = serial_numbers.iter().map(|one| json!({"assetSerialNumber": one})).collect();
    with(json!({"orderId": warehouse.order, "customerId": warehouse.customer, "scans": scans}), changes)
}

/// What became of each row: OK, the code of its refusal, or `-` where other rows kept it from being done.
fn outcome(payload: &Value) -> Vec<String> {
    let row = |row: &Value| match (&row["subscription"], &row["userError"]) {
        (Value::Null, Value::Null) => "-".to_owned(),
        (Value::Null, error) => text(&error["code"]),
        (made, error) => {
            assert_eq!((error, &made["asset"]["serialNumber"]), (&Value::Null, &row["assetSerialNumber"]));
            assert_eq!(row["asset"]["status"], "RENTED_OUT");
            "OK".to_owned()
        }
    };
    payload["rows"].as_array().unwrap().iter().map(row).collect()
}

both! {
    rows_that_fail_leave_the_others_or_undo_them_as_is_asked(app) {
        let warehouse = app.warehouse();
        let serial_numbers = ["L1", "L1", "X9", "L2"];
        let failed =
            ["ASSET_NOT_AVAILABLE input.scans.1.assetSerialNumber", "ASSET_NOT_FOUND input.scans.2.assetSerialNumber"];
        let before = app.database.dump();
        for changes in [json!({}), json!({"onError": "REJECT_ALL"})] {
            let payload = app.attempt("fulfilOrderItems", bulk(&warehouse, &serial_numbers, changes), ROWS);
            assert_eq!(blamed(&payload["userErrors"]), failed);
            assert_eq!(outcome(&payload), ["-", "ASSET_NOT_AVAILABLE", "ASSET_NOT_FOUND", "-"]);
            assert_eq!(payload["order"], json!(null));
        }
        app.database.assert_unchanged(&before);

        let input = bulk(&warehouse, &serial_numbers, json!({"onError": "REJECT_FAILED"}));
        let payload = app.mutate("fulfilOrderItems", input, ROWS);
        assert_eq!(outcome(&payload), ["OK", "ASSET_NOT_AVAILABLE", "ASSET_NOT_FOUND", "OK"]);
        assert_eq!(payload["rows"][1]["userError"]["field"], json!(["input", "scans", "1", "assetSerialNumber"]));
        assert_eq!(payload["order"], json!({"id": warehouse.order, "status": "PARTIAL", "rentedDevices": 2}));
        assert_eq!(app.database.number("SELECT COUNT(*) FROM audit_records WHERE operation = 'fulfilOrderItems'"), 1);
    }

    nothing_is_done_where_every_row_fails(app) {
        let warehouse = app.warehouse();
        let input = bulk(&warehouse, &["X1", "X2"], json!({"onError": "REJECT_FAILED"}));
        refuses_at(
            app,
            "fulfilOrderItems",
            input.clone(),
            &["ASSET_NOT_FOUND input.scans.0.assetSerialNumber", "ASSET_NOT_FOUND input.scans.1.assetSerialNumber"],
        );
        let payload = app.attempt("fulfilOrderItems", input, ROWS);
        assert_eq!((outcome(&payload), &payload["order"]), (vec!["ASSET_NOT_FOUND".into(); 2], &json!(null)));
    }

    rows_beyond_the_open_units_are_refused(app) {
        let warehouse = app.warehouse();
        let input = bulk(&warehouse, &["L1", "L2", "L3", "L4"], json!({}));
        refuses_at(app, "fulfilOrderItems", input, &["ITEM_FULLY_FULFILLED input.scans.3.assetSerialNumber"]);
        let input = bulk(&warehouse, &["L1", "L2", "L3", "M1", "L4"], json!({"onError": "REJECT_FAILED"}));
        let payload = app.mutate("fulfilOrderItems", input, ROWS);
        assert_eq!(outcome(&payload), ["OK", "OK", "OK", "OK", "ITEM_FULLY_FULFILLED"]);
        assert_eq!(payload["rows"][4]["userError"]["field"], json!(["input", "scans", "4"]), "the whole order is full");
        assert_eq!(payload["order"]["status"], "FULFILLED");
        assert_eq!(app.database.number("SELECT COUNT(*) FROM events WHERE event_type = 'order.fulfilled'"), 1);
        let input = bulk(&warehouse, &["L4", "X9"], json!({}));
        refuses_at(
            app,
            "fulfilOrderItems",
            input,
            &["ITEM_FULLY_FULFILLED input.scans.0", "ITEM_FULLY_FULFILLED input.scans.1"],
        );
    }

    each_row_has_its_own_item_and_notes(app) {
        let customer = app.customer("Jane");
        app.product("LAP", "129.00");
        app.asset("LAP", "L1");
        app.asset("LAP", "L2");
        let order = app.order(&customer, &[("LAP", 1, 12), ("LAP", 1, 24)]);
        let items = app.data(&format!(r#"{{ order(id: "{order}") {{ items {{ id }} }} }}"#));
        let item = |place: usize| items["order"]["items"][place]["id"].clone();
        let scans = json!([
            {"assetSerialNumber": "none", "notes": "lost"},
            {"assetSerialNumber": "L1", "orderItemId": item(1), "notes": "first"},
            {"assetSerialNumber": "L2", "notes": "second"},
        ]);
        let input = json!({
            "orderId": order, "customerId": customer, "scans": scans, "onError": "REJECT_FAILED",
            "startDate": "2025-02-10", "billingStart": "FIRST_OF_NEXT_MONTH",
        });
        let selection = "rows { subscription { notes contractLength startDate nextBillingDate orderItem { id } } }";
        let rows = app.mutate("fulfilOrderItems", input, selection)["rows"].take();
        let row = |notes: &str, months: i32, item: Value| {
            json!({"subscription": {
                "notes": notes, "contractLength": months, "orderItem": {"id": item},
                "startDate": "2025-02-10T00:00:00Z", "nextBillingDate": "2025-03-01",
            }})
        };
        assert_eq!(rows, json!([{"subscription": null}, row("first", 24, item(1)), row("second", 12, item(0))]));
    }

    what_is_wrong_with_the_request_is_said_once_or_for_its_row(app) {
        let warehouse = app.warehouse();
        let scans = json!([
            {"assetSerialNumber": " "}, {"assetSerialNumber": "L1", "orderItemId": "x"},
            {"assetSerialNumber": "L2", "notes": "n".repeat(1001)},
        ]);
        let changes = json!({"scans": scans, "contractLength": 0});
        refuses_at(
            app,
            "fulfilOrderItems",
            bulk(&warehouse, &[], changes),
            &[
                "VALIDATION_ERROR input.scans.0.assetSerialNumber",
                "VALIDATION_ERROR input.scans.1.orderItemId",
                "VALIDATION_ERROR input.scans.2.notes",
                "VALIDATION_ERROR input.contractLength",
            ],
        );
        let none = "itm_00000000000000000000000000";
        let pending = app.pending_order(&warehouse.customer, &[("LAP", 1, 12)]);
        for (changes, expected) in [
            (json!({"orderId": "ord_00000000000000000000000000"}), "ORDER_NOT_FOUND input.orderId"),
            (json!({"orderId": pending}), "ORDER_NOT_CONFIRMED input.orderId"),
            (json!({"customerId": app.customer("John")}), "CUSTOMER_MISMATCH input.customerId"),
            (
                json!({"billingGroupId": "bgr_00000000000000000000000000"}),
                "BILLING_GROUP_NOT_FOUND input.billingGroupId",
            ),
            (
                json!({"scans": [{"assetSerialNumber": "L1", "orderItemId": none}]}),
                "ORDER_ITEM_NOT_FOUND input.scans.0.orderItemId",
            ),
        ] {
            refuses_at(app, "fulfilOrderItems", bulk(&warehouse, &["L1"], changes), &[expected]);
        }
    }

    between_1_and_500_rows_are_taken(app) {
        let customer = app.customer("Jane");
        app.product("LAP", "129.00");
        let order = app.order(&customer, &[("LAP", 250, 12), ("LAP", 250, 24)]);
        let warehouse = Warehouse { customer, order };
        let serial_numbers = stock(app, 500);
        let names: Vec<&str> = serial_numbers.iter().map(String::as_str).collect();
        refuses_at(app, "fulfilOrderItems", bulk(&warehouse, &[], json!({})), &["VALIDATION_ERROR input.scans"]);
        let one_more = [&names[..], &["S1"]].concat();
        refuses_at(app, "fulfilOrderItems", bulk(&warehouse, &one_more, json!({})), &["VALIDATION_ERROR input.scans"]);

        let selection = "order { status rentedDevices customer { deviceCount monthlyRevenue { amount } } }
                         rows { assetSerialNumber subscription { id } }";
        let payload = app.mutate("fulfilOrderItems", bulk(&warehouse, &names, json!({})), selection);
        assert_eq!(
            payload["order"],
            json!({
                "status": "FULFILLED", "rentedDevices": 500,
                "customer": {"deviceCount": 500, "monthlyRevenue": [{"amount": "64500.00"}]},
            })
        );
        let rows = payload["rows"].as_array().unwrap();
        let found: Vec<&str> = rows.iter().map(|row| row["assetSerialNumber"].as_str().unwrap()).collect();
        assert_eq!(found, names, "in the order of the rows");
        let distinct: BTreeSet<String> = rows.iter().map(|row| text(&row["subscription"]["id"])).collect();
        assert_eq!(distinct.len(), 500);
        for (count, of) in [
            (500, "subscriptions"),
            (250 * 12 + 250 * 24, "scheduled_payments"),
            (500, "asset_assignments"),
            (500, "assets WHERE status = 'RENTED_OUT'"),
            (500, "events WHERE event_type = 'subscription.created'"),
            (500, "events WHERE event_type = 'asset.assigned'"),
            (1, "events WHERE event_type = 'order.fulfilled'"),
            (1, "audit_records WHERE operation = 'fulfilOrderItems'"),
        ] {
            assert_eq!(app.database.number(&format!("SELECT COUNT(*) FROM {of}")), count, "{of}");
        }
    }
}

/// Takes in so many assets, several with each request; answers their serial numbers.
fn stock(app: &TestApp, count: usize) -> Vec<String> {
    let serial_numbers: Vec<String> = (1..=count).map(|number| format!("S{number}")).collect();
    for some in serial_numbers.chunks(25) {
        let mut document = String::from("mutation {");
        for serial_number in some {
            let input = format!(r#"{{sku: "LAP", serialNumber: "{serial_number}"}}"#);
            write!(document, "{serial_number}: createAsset(input: {input}) {{ __typename }} ").unwrap();
        }
        app.data(&(document + "}"));
    }
    serial_numbers
}
