//! Idempotency keys, assets, customers and products that several clients want at once.

use crate::support::both;
use crate::support::builders::text;
use crate::support::consistency::assert_consistent;
use crate::support::together::{outcome, outcomes, tally, together};
use serde_json::{Value, json};

both! {
    a_scan_has_its_effect_once_under_one_idempotency_key(app) {
        let warehouse = app.warehouse();
        let done = together(16, |_| {
            app.attempt_once("scan-1", "fulfilOrderItem", warehouse.scan("L1"), "subscription { id } asset { status }")
        });
        assert_eq!(outcome(&done[0]), "DONE");
        for payload in &done {
            assert_eq!(payload, &done[0], "everybody gets the same answer");
        }
        assert_eq!(app.database.number("SELECT count(*) FROM subscriptions"), 1);
        assert_eq!(app.database.number("SELECT count(*) FROM audit_records WHERE operation = 'fulfilOrderItem'"), 1);
        assert_consistent(app);
    }

    a_refusal_uses_no_idempotency_key_up(app) {
        let warehouse = app.warehouse();
        app.fulfil(&warehouse.order, &warehouse.customer, "L1");
        let done = together(8, |_| app.attempt_once("scan-1", "fulfilOrderItem", warehouse.scan("L1"), "__typename"));
        assert_eq!(tally(&done), json!({"ASSET_NOT_AVAILABLE": 8}));
        let done = app.attempt_once("scan-1", "fulfilOrderItem", warehouse.scan("L2"), "__typename");
        assert_eq!(outcome(&done), "DONE");
        assert_consistent(app);
    }

    one_idempotency_key_is_for_one_request(app) {
        let warehouse = app.warehouse();
        let serials = ["L1", "L2"];
        let done = together(16, |index| {
            let input = warehouse.scan(serials[index % 2]);
            app.attempt_once("scan-1", "fulfilOrderItem", input, "asset { serialNumber }")
        });
        assert_eq!(tally(&done), json!({"DONE": 8, "IDEMPOTENCY_KEY_REUSED": 8}));
        let winner = done.iter().position(|payload| outcome(payload) == "DONE").unwrap() % 2;
        for payload in done.iter().skip(winner).step_by(2) {
            assert_eq!(payload["asset"]["serialNumber"], serials[winner]);
        }
        assert_eq!(app.database.number("SELECT count(*) FROM subscriptions"), 1);
        assert_consistent(app);
    }

    an_asset_is_either_rented_out_or_taken_out_of_use(app) {
        let customer = app.customer("Jane Doe");
        app.product("LAP", "129.00");
        let order = app.order(&customer, &[("LAP", 20, 12)]);
        for round in 0..20 {
            let serial_number = format!("S{round}");
            let asset = app.asset("LAP", &serial_number);
            let done = together(2, |index| match index {
                0 => {
                    let input = json!({"orderId": order, "customerId": customer, "assetSerialNumber": serial_number});
                    app.attempt("fulfilOrderItem", input, "__typename")
                }
                _ => {
                    let input = json!({"assetId": asset, "status": "UNAVAILABLE", "reason": "DAMAGED"});
                    app.attempt("changeAssetStatus", input, "__typename")
                }
            });
            match (outcome(&done[0]), outcome(&done[1])) {
                ("DONE", "ASSET_IN_USE") | ("ASSET_NOT_AVAILABLE", "DONE") => {}
                other => panic!("{other:?}"),
            }
        }
        assert_consistent(app);
    }

    what_is_noted_of_an_asset_never_undoes_its_rental(app) {
        let warehouse = app.warehouse();
        let asset = app.data("{ assetBySerialNumber(serialNumber: \"L1\") { id } }");
        let asset = text(&asset["assetBySerialNumber"]["id"]);
        let done = together(8, |index| match index {
            0 => app.attempt("fulfilOrderItem", warehouse.scan("L1"), "__typename"),
            _ => app.attempt("updateAsset", json!({"assetId": asset, "location": format!("{index}")}), "__typename"),
        });
        assert_eq!(tally(&done), json!({"DONE": 8}));
        assert_consistent(app);
    }

    of_16_changes_to_one_version_one_is_made(app) {
        let customer = app.customer("Jane Doe");
        let done = together(16, |index| {
            let input = json!({"customerId": customer, "expectedVersion": 1, "name": format!("Name {index}")});
            app.attempt("updateCustomer", input, "customer { name version }")
        });
        assert_eq!(tally(&done), json!({"DONE": 1, "CONFLICT": 15}));
        let winner = done.iter().position(|payload| outcome(payload) == "DONE").unwrap();
        // A conflict shows the customer as it is.
        for payload in &done {
            assert_eq!(payload["customer"], json!({"name": format!("Name {winner}"), "version": 2}));
        }
        assert_consistent(app);
    }

    changes_that_expect_no_version_are_all_made(app) {
        let customer = app.customer("Jane Doe");
        let done = together(64, |index| {
            let input = json!({"customerId": customer, "name": format!("Name {index}")});
            app.attempt("updateCustomer", input, "__typename")
        });
        assert_eq!(tally(&done), json!({"DONE": 64}));
        assert_eq!(app.database.number("SELECT version FROM customers"), 65);
        assert_consistent(app);
    }

    a_serial_number_is_taken_once(app) {
        app.product("LAP", "129.00");
        let input = json!({"sku": "LAP", "serialNumber": "S1"});
        let done = together(16, |_| app.attempt("createAsset", input.clone(), "asset { id }"));
        assert_eq!(tally(&done), json!({"DONE": 1, "DUPLICATE_SERIAL": 15}));
        assert_consistent(app);
    }

    a_sku_is_taken_once(app) {
        let done = together(16, |_| app.attempt("createProduct", json!({"sku": "LAP", "name": "Laptop"}), "__typename"));
        assert_eq!(tally(&done), json!({"DONE": 1, "DUPLICATE_SKU": 15}));
        assert_consistent(app);
    }

    a_code_of_the_catalogue_is_taken_once(app) {
        let feature = json!({"code": "sso", "name": "F", "featureType": "BOOLEAN"});
        let add_on = json!({"code": "a", "name": "A", "addOnType": "ON_OFF", "unitAmount": "1"});
        let discount = json!({"code": "HALF", "name": "H", "percentage": "50"});
        for (field, input) in [("createFeature", feature), ("createAddOn", add_on), ("createDiscount", discount)] {
            let done = together(16, |_| app.attempt(field, input.clone(), "__typename"));
            assert_eq!(tally(&done), json!({"DONE": 1, "DUPLICATE_HANDLE": 15}), "{field}");
        }
        let done = together(16, |index| {
            let code = if index % 2 == 0 { "welcome" } else { "WELCOME" };
            app.attempt("createCoupon", json!({"code": code, "name": "W", "discount": "HALF"}), "__typename")
        });
        assert_eq!(tally(&done), json!({"DONE": 1, "DUPLICATE_COUPON_CODE": 15}));
        assert_consistent(app);
    }

    an_external_id_is_taken_once(app) {
        let done = together(16, |index| {
            let input = json!({"externalId": "crm-1", "name": format!("Name {index}")});
            app.attempt("createCustomer", input, "__typename")
        });
        assert_eq!(tally(&done), json!({"DONE": 1, "DUPLICATE_HANDLE": 15}));
        assert_consistent(app);
    }

    a_customer_is_archived_once(app) {
        let customer = app.customer("Jane Doe");
        let done = together(16, |_| app.attempt("archiveCustomer", json!({"customerId": customer}), "customer { version }"));
        assert_eq!(tally(&done), json!({"DONE": 16}));
        assert!(done.iter().all(|payload| payload["customer"]["version"] == 2), "{done:?}");
        assert_consistent(app);
    }

    an_order_is_placed_before_its_customer_is_archived_or_refused(app) {
        app.product("LAP", "129.00");
        let items = json!([{"sku": "LAP", "quantity": 1, "contractLength": 12}]);
        for _ in 0..20 {
            let input = json!({"customerId": app.customer("Jane"), "items": items});
            let done = together(2, |index| match index {
                0 => app.attempt("archiveCustomer", json!({"customerId": input["customerId"]}), "__typename"),
                _ => app.attempt("createOrder", input.clone(), "__typename"),
            });
            assert_eq!(outcome(&done[0]), "DONE");
            assert!(["DONE", "CUSTOMER_DELETED"].contains(&outcome(&done[1])), "{done:?}");
            app.refuses("createOrder", input, &["CUSTOMER_DELETED"]);
        }
        assert_consistent(app);
    }

    a_rental_that_begins_while_its_customer_is_archived_is_counted(app) {
        app.product("LAP", "129.00");
        for round in 0..20 {
            let (customer, serial_number) = (app.customer("Jane"), format!("S{round}"));
            app.asset("LAP", &serial_number);
            let order = app.order(&customer, &[("LAP", 1, 12)]);
            let done = together(2, |index| match index {
                0 => app.attempt("archiveCustomer", json!({"customerId": customer}), "customer { deviceCount }"),
                _ => {
                    let input = json!({"orderId": order, "customerId": customer, "assetSerialNumber": serial_number});
                    app.attempt("fulfilOrderItem", input, "__typename")
                }
            });
            assert!(["DONE", "CONFLICT"].contains(&outcome(&done[0])), "{done:?}");
            assert_eq!(outcome(&done[1]), "DONE");
        }
        assert_consistent(app);
    }

    two_customers_never_come_to_stand_above_each_other(app) {
        for _ in 0..20 {
            let pair = [app.customer("Jane"), app.customer("Joe")];
            let done = together(2, |index| {
                let input = json!({"customerId": pair[index], "parentCustomerId": pair[1 - index]});
                app.attempt("updateCustomer", input, "__typename")
            });
            assert_eq!(outcomes(&done), ["DONE", "PARENT_CYCLE"]);
        }
        assert_consistent(app);
    }

    the_rental_prices_of_a_product_are_those_of_one_writer(app) {
        let product = app.product("LAP", "129.00");
        let done = together(8, |index| {
            let prices: Vec<Value> = [12, 24, 36]
                .iter()
                .map(|months| json!({"contractLength": months, "monthlyPrice": format!("{index}.00")}))
                .collect();
            app.attempt("updateProduct", json!({"productId": product, "rentalPrices": prices}), "__typename")
        });
        assert_eq!(tally(&done), json!({"DONE": 8}));
        assert_eq!(app.database.number("SELECT count(*) FROM rental_prices"), 3);
        assert_eq!(app.database.number("SELECT count(DISTINCT monthly_price) FROM rental_prices"), 1);
    }
}
