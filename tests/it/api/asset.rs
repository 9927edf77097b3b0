//! Assets: taking them in, and changing them and their status by hand.

use super::{blamed, conflicts, refuses_at, with};
use crate::support::both;
use crate::support::builders::text;
use perennial::domain::api_key::Scope;
use serde_json::{Value, json};

const WHOLE: &str = "asset {
    __typename serialNumber sku status unavailableReason location notes acquisitionCost { amount currency } version
    createdAt updatedAt product { sku } reservedFor { id } customer { id } subscription { id }
    assignments { totalCount nodes { assignedAt } }
}";

both! {
    an_asset_is_taken_in_with_all_that_is_said_of_it(app) {
        app.product("LAP", "129.00");
        let input = json!({
            "serialNumber": " SN-1 ", "sku": " LAP", "acquisitionCost": "1500.5", "location": " shelf 7 ",
            "notes": " new ",
        });
        let made = app.mutate("createAsset", input, WHOLE);
        let expected = json!({
            "__typename": "Asset", "serialNumber": "SN-1", "sku": "LAP", "status": "AVAILABLE",
            "unavailableReason": null,
            "location": "shelf 7", "notes": " new ", "acquisitionCost": {"amount": "1500.50", "currency": "EUR"},
            "version": 1, "createdAt": "2025-01-31T12:00:00Z", "updatedAt": "2025-01-31T12:00:00Z",
            "product": {"sku": "LAP"}, "reservedFor": null, "customer": null, "subscription": null,
            "assignments": {"totalCount": 0, "nodes": []},
        });
        assert_eq!(made["asset"], expected);
    }

    an_asset_is_refused_with_the_argument_to_blame(app) {
        app.product("LAP", "129.00");
        app.asset("LAP", "SN-1");
        let old = app.product("OLD", "1");
        app.mutate("updateProduct", json!({"productId": old, "status": "INACTIVE"}), "__typename");
        let input = json!({"serialNumber": "SN-2", "sku": "LAP"});
        for (changes, expected) in [
            (json!({"serialNumber": " SN-1"}), &["DUPLICATE_SERIAL input.serialNumber"][..]),
            (json!({"serialNumber": "SN-1", "sku": "NONE"}), &["DUPLICATE_SERIAL input.serialNumber"]),
            (json!({"sku": "NONE"}), &["VARIANT_NOT_FOUND input.sku"]),
            (json!({"sku": "OLD"}), &["VARIANT_INACTIVE input.sku"]),
            (json!({"acquisitionCost": "0.001"}), &["VALIDATION_ERROR input.acquisitionCost"]),
            (
                json!({
                    "serialNumber": "", "sku": "s".repeat(121), "acquisitionCost": "-1", "location": "",
                    "notes": "n".repeat(1001),
                }),
                &[
                    "VALIDATION_ERROR input.serialNumber",
                    "VALIDATION_ERROR input.sku",
                    "VALIDATION_ERROR input.acquisitionCost",
                    "VALIDATION_ERROR input.location",
                    "VALIDATION_ERROR input.notes",
                ],
            ),
        ] {
            refuses_at(app, "createAsset", with(input.clone(), changes), expected);
        }
        app.mutate("createAsset", json!({"serialNumber": "sn-1", "sku": "LAP"}), "__typename");
    }

    an_update_keeps_what_is_left_out_and_clears_what_is_null(app) {
        app.product("LAP", "129.00");
        let input = json!({"serialNumber": "SN", "sku": "LAP", "acquisitionCost": "1", "location": "A", "notes": "n"});
        let id = text(&app.mutate("createAsset", input, "asset { id }")["asset"]["id"]);
        for (changes, cost, location, notes) in [
            (json!({}), json!("1.00"), json!("A"), json!("n")),
            (json!({"location": "B"}), json!("1.00"), json!("B"), json!("n")),
            (json!({"acquisitionCost": null, "location": null}), json!(null), json!(null), json!("n")),
            (json!({"acquisitionCost": "2", "notes": null}), json!("2.00"), json!(null), json!(null)),
        ] {
            let input = with(json!({"assetId": id}), changes);
            let asset = app.mutate("updateAsset", input, WHOLE)["asset"].take();
            assert_eq!(
                [asset["acquisitionCost"]["amount"].clone(), asset["location"].clone(), asset["notes"].clone()],
                [cost, location, notes]
            );
        }
        let wrong = json!({"assetId": id, "acquisitionCost": "x", "location": " ", "notes": "n\0"});
        let expected = ["acquisitionCost", "location", "notes"].map(|path| format!("VALIDATION_ERROR input.{path}"));
        refuses_at(app, "updateAsset", wrong, &expected.iter().map(String::as_str).collect::<Vec<_>>());
        let gone = json!({"assetId": "ast_00000000000000000000000000"});
        refuses_at(app, "updateAsset", gone.clone(), &["ASSET_NOT_FOUND input.assetId"]);
        let gone = with(gone, json!({"status": "RETIRED"}));
        refuses_at(app, "changeAssetStatus", gone, &["ASSET_NOT_FOUND input.assetId"]);
    }

    /// Rows are where an asset stands, columns what it is asked to become: `y` may, `a` may with a key of ADMIN.
    a_status_is_changed_by_hand_as_the_table_says(app) {
        let warehouse = app.warehouse();
        let keys = [(Scope::Write, app.key_with(Scope::Write)), (Scope::Admin, app.key.clone())];
        let changes = [
            json!({"status": "AVAILABLE"}),
            json!({"status": "RESERVED", "orderId": warehouse.order}),
            json!({"status": "RENTED_OUT"}),
            json!({"status": "RETURNED"}),
            json!({"status": "IN_REPAIR"}),
            json!({"status": "UNAVAILABLE", "reason": "LOST"}),
            json!({"status": "SOLD"}),
            json!({"status": "RETIRED"}),
        ];
        let rented = app.asset("LAP", "rented");
        app.fulfil(&warehouse.order, &warehouse.customer, "rented");
        let id = app.asset("LAP", "SN");
        for (status, row) in [
            ("AVAILABLE", ".y...y.y"),
            ("RESERVED", "y......."),
            ("RENTED_OUT", "........"),
            ("RETURNED", "y...y..y"),
            ("IN_REPAIR", "y.....yy"),
            ("UNAVAILABLE", ".......y"),
            ("SOLD", "........"),
            ("RETIRED", "a......."),
        ] {
            let asset = if status == "RENTED_OUT" { &rented } else { &id };
            for (change, cell) in changes.iter().zip(row.chars()) {
                for (scope, key) in &keys {
                    // Set up behind the back of the program: by hand not every status can be reached.
                    let reason = if status == "UNAVAILABLE" { "'DAMAGED'" } else { "NULL" };
                    let order = if status == "RESERVED" { "(SELECT id FROM orders)" } else { "NULL" };
                    app.database.texts(&format!(
                        "UPDATE assets SET status = '{status}', reason = {reason}, reserved_order_id = {order} \
                         WHERE serial_number = 'SN' AND '{status}' <> 'RENTED_OUT' RETURNING 'x' AS line"
                    ));
                    let input = with(json!({"assetId": asset}), change.clone());
                    let selection = "asset { status unavailableReason reservedFor { id } }";
                    let payload = app.attempt_as(key, "changeAssetStatus", input, selection);
                    let said = format!("{status} to {change} with {scope:?}: {payload:#}");
                    if cell == 'y' || cell == 'a' && *scope == Scope::Admin {
                        let kept =
                            if change["status"] == "RESERVED" { json!({"id": warehouse.order}) } else { json!(null) };
                        let expected = json!({
                            "status": change["status"], "unavailableReason": change["reason"], "reservedFor": kept,
                        });
                        assert_eq!((&payload["asset"], &payload["userErrors"]), (&expected, &json!([])), "{said}");
                    } else {
                        let code = if status == "RENTED_OUT" { "ASSET_IN_USE" } else { "INVALID_STATUS" };
                        assert_eq!(blamed(&payload["userErrors"]), [format!("{code} input.status")], "{said}");
                    }
                }
            }
        }
        assert_eq!(app.database.number("SELECT COUNT(*) FROM assets WHERE status = 'RENTED_OUT'"), 1);
    }

    a_reason_goes_with_unavailable_and_an_order_with_reserved(app) {
        let warehouse = app.warehouse();
        let asset = app.asset("LAP", "SN");
        let order = &warehouse.order;
        let [pending, cancelled] = [(); 2].map(|()| app.pending_order(&warehouse.customer, &[("LAP", 1, 12)]));
        app.mutate("cancelOrder", json!({"orderId": cancelled}), "__typename");
        let full = app.order(&warehouse.customer, &[("MON", 1, 12)]);
        app.fulfil(&full, &warehouse.customer, "M1");
        for (change, expected) in [
            (json!({"status": "UNAVAILABLE"}), &["VALIDATION_ERROR input.reason"][..]),
            (json!({"status": "RETIRED", "reason": "LOST"}), &["VALIDATION_ERROR input.reason"]),
            (json!({"status": "RESERVED"}), &["VALIDATION_ERROR input.orderId"]),
            (json!({"status": "RETIRED", "orderId": order}), &["VALIDATION_ERROR input.orderId"]),
            (
                json!({
                    "assetId": "x", "status": "AVAILABLE", "orderId": order, "reason": "LOST",
                    "notes": "n".repeat(1001),
                }),
                &[
                    "VALIDATION_ERROR input.assetId",
                    "VALIDATION_ERROR input.notes",
                    "VALIDATION_ERROR input.reason",
                    "VALIDATION_ERROR input.orderId",
                ],
            ),
            (
                json!({"status": "RESERVED", "orderId": "ord_00000000000000000000000000"}),
                &["ORDER_NOT_FOUND input.orderId"],
            ),
            (json!({"status": "RESERVED", "orderId": cancelled}), &["ORDER_NOT_CONFIRMED input.orderId"]),
            (json!({"status": "RESERVED", "orderId": full}), &["ITEM_FULLY_FULFILLED input.orderId"]),
        ] {
            refuses_at(app, "changeAssetStatus", with(json!({"assetId": asset}), change), expected);
        }
        let reserve = json!({"assetId": asset, "status": "RESERVED", "orderId": pending, "notes": "for them"});
        let made = app.mutate("changeAssetStatus", reserve, "asset { notes reservedFor { status } }");
        assert_eq!(made["asset"], json!({"notes": "for them", "reservedFor": {"status": "PENDING"}}));
        let release = json!({"assetId": asset, "status": "AVAILABLE"});
        let made = app.mutate("changeAssetStatus", release, "asset { notes reservedFor { status } }");
        assert_eq!(
            made["asset"],
            json!({"notes": "for them", "reservedFor": null}),
            "notes stay unless there are new ones"
        );
    }

    what_is_known_of_a_rented_asset_may_change_but_not_its_status(app) {
        let warehouse = app.warehouse();
        app.fulfil(&warehouse.order, &warehouse.customer, "L1");
        let asset =
            app.data(r#"{ assetBySerialNumber(serialNumber: "L1") { id } }"#)["assetBySerialNumber"]["id"].take();
        let change = |status: &str| json!({"assetId": asset, "status": status});
        for status in ["AVAILABLE", "RETURNED", "SOLD", "RETIRED", "RENTED_OUT"] {
            refuses_at(app, "changeAssetStatus", change(status), &["ASSET_IN_USE input.status"]);
        }
        let made = app.mutate("updateAsset", json!({"assetId": asset, "location": "their office"}), WHOLE);
        let asset: &Value = &made["asset"];
        assert_eq!((&asset["location"], &asset["status"]), (&json!("their office"), &json!("RENTED_OUT")));
        assert_eq!(asset["customer"], json!({"id": warehouse.customer}));
        assert_eq!(asset["assignments"], json!({"totalCount": 1, "nodes": [{"assignedAt": "2025-01-31T12:00:00Z"}]}));
    }

    a_stale_version_is_a_conflict(app) {
        app.product("LAP", "1");
        let id = app.asset("LAP", "SN");
        conflicts(app, "updateAsset", &json!({"assetId": id}), "asset", 1);
        conflicts(app, "changeAssetStatus", &json!({"assetId": id, "status": "RETIRED"}), "asset", 2);
    }

    no_more_is_kept_for_an_order_than_it_needs(app) {
        let customer = app.customer("Jane");
        app.product("LAP", "129.00");
        app.product("MON", "49.00");
        let order = app.order(&customer, &[("LAP", 1, 12)]);
        let [first, second, screen] =
            [("LAP", "L1"), ("LAP", "L2"), ("MON", "M1")].map(|(sku, serial_number)| app.asset(sku, serial_number));
        let keep = |asset: &str| json!({"assetId": asset, "status": "RESERVED", "orderId": order});
        app.refuses("changeAssetStatus", keep(&screen), &["SKU_MISMATCH"]);
        app.mutate("changeAssetStatus", keep(&first), "__typename");
        app.refuses("changeAssetStatus", keep(&second), &["ITEM_FULLY_FULFILLED"]);
        // Another device takes the unit: nothing is kept any more for an order that is fulfilled.
        app.fulfil(&order, &customer, "L2");
        let asset = app.data(r#"{ assetBySerialNumber(serialNumber: "L1") { status reservedFor { id } } }"#);
        assert_eq!(asset["assetBySerialNumber"], json!({"status": "AVAILABLE", "reservedFor": null}));
    }
}
