//! Scans against scans.

use crate::support::both;
use crate::support::builders::text;
use crate::support::consistency::assert_consistent;
use crate::support::together::{outcome, outcomes, tally, together};
use serde_json::{Value, json};

fn scan(order: &str, customer: &str, serial_number: &str) -> Value {
    json!({"orderId": order, "customerId": customer, "assetSerialNumber": serial_number})
}

fn bulk(order: &str, customer: &str, serial_numbers: &[String], on_error: &str) -> Value {
    let scans: Vec<Value> = serial_numbers.iter().map(|number| json!({"assetSerialNumber": number})).collect();
    json!({"orderId": order, "customerId": customer, "scans": scans, "onError": on_error})
}

fn serials(prefix: &str, count: usize) -> Vec<String> {
    (0..count).map(|index| format!("{prefix}{index:02}")).collect()
}

both! {
    one_serial_scanned_64_times_for_one_order_is_rented_out_once(app) {
        let warehouse = app.warehouse();
        let done = together(64, |_| {
            app.attempt("fulfilOrderItem", warehouse.scan("L1"), "subscription { id } order { id } asset { id }")
        });
        assert_eq!(tally(&done), json!({"DONE": 1, "ASSET_NOT_AVAILABLE": 63}));
        assert_eq!(app.database.number("SELECT count(*) FROM subscriptions WHERE status = 'ACTIVE'"), 1);
        assert_eq!(app.database.number("SELECT sum(fulfilled_quantity) FROM order_items"), 1);
        assert_eq!(app.database.number("SELECT sum(device_count) FROM customers"), 1);
        assert_consistent(app);
    }

    one_serial_scanned_64_times_for_two_orders_is_rented_out_once(app) {
        let warehouse = app.warehouse();
        let other = app.order(&warehouse.customer, &[("LAP", 1, 12)]);
        let orders = [&warehouse.order, &other];
        let done = together(64, |index| {
            app.attempt("fulfilOrderItem", scan(orders[index % 2], &warehouse.customer, "L1"), "order { id }")
        });
        let winner = done.iter().position(|payload| outcome(payload) == "DONE").unwrap();
        assert_eq!(done[winner]["order"]["id"], orders[winner % 2].as_str());
        assert_eq!(done.iter().filter(|payload| outcome(payload) == "DONE").count(), 1);
        for (index, payload) in done.iter().enumerate().filter(|(index, _)| *index != winner) {
            // The one unit of the smaller order is looked for before the asset is.
            let full = winner % 2 == 1 && index % 2 == 1;
            let expected: &[&str] =
                if full { &["ITEM_FULLY_FULFILLED", "ASSET_NOT_AVAILABLE"] } else { &["ASSET_NOT_AVAILABLE"] };
            assert!(expected.contains(&outcome(payload)), "{payload}");
        }
        assert_eq!(app.database.number("SELECT count(*) FROM subscriptions"), 1);
        assert_consistent(app);
    }

    three_open_units_take_three_of_64_assets(app) {
        let customer = app.customer("Jane Doe");
        app.product("LAP", "129.00");
        for serial_number in serials("S", 64) {
            app.asset("LAP", &serial_number);
        }
        let order = app.order(&customer, &[("LAP", 3, 12)]);
        let done = together(64, |index| {
            app.attempt("fulfilOrderItem", scan(&order, &customer, &format!("S{index:02}")), "subscription { id }")
        });
        assert_eq!(tally(&done), json!({"DONE": 3, "ITEM_FULLY_FULFILLED": 61}));
        assert_eq!(app.database.number("SELECT count(*) FROM assets WHERE status = 'AVAILABLE' AND version = 1"), 61);
        assert_eq!(app.database.number("SELECT rented_devices FROM orders"), 3);
        assert_eq!(app.database.number("SELECT count(*) FROM events WHERE event_type = 'order.fulfilled'"), 1);
        assert_consistent(app);
    }

    two_last_items_at_once_fulfil_an_order_once(app) {
        let customer = app.customer("Jane Doe");
        app.product("LAP", "129.00");
        app.product("MON", "49.00");
        for round in 0..10 {
            let serials = [format!("L{round}"), format!("M{round}")];
            app.asset("LAP", &serials[0]);
            app.asset("MON", &serials[1]);
            let order = app.order(&customer, &[("LAP", 1, 12), ("MON", 1, 24)]);
            let done = together(2, |index| {
                app.attempt("fulfilOrderItem", scan(&order, &customer, &serials[index]), "order { status }")
            });
            assert_eq!(tally(&done), json!({"DONE": 2}));
        }
        assert_eq!(app.database.number("SELECT count(*) FROM orders WHERE status = 'FULFILLED'"), 10);
        assert_eq!(app.database.number("SELECT count(*) FROM events WHERE event_type = 'order.fulfilled'"), 10);
        assert_consistent(app);
    }

    of_overlapping_bulks_that_reject_all_one_happens(app) {
        let customer = app.customer("Jane Doe");
        app.product("LAP", "129.00");
        for round in 0..8 {
            let serials = serials(&format!("R{round}-"), 15);
            for serial_number in &serials {
                app.asset("LAP", serial_number);
            }
            // The second names its assets in the opposite order, and for another order half of the time.
            let order = app.order(&customer, &[("LAP", 20, 12)]);
            let second = if round % 2 == 0 { order.clone() } else { app.order(&customer, &[("LAP", 20, 12)]) };
            let backwards: Vec<String> = serials[5..].iter().rev().cloned().collect();
            let requests = [(order, serials[..10].to_vec()), (second, backwards)];
            let done = together(2, |index| {
                let (order, serials) = &requests[index];
                app.attempt("fulfilOrderItems", bulk(order, &customer, serials, "REJECT_ALL"), "order { id }")
            });
            assert_eq!(outcomes(&done), ["ASSET_NOT_AVAILABLE", "DONE"]);
            let refused = done.iter().find(|payload| outcome(payload) != "DONE").unwrap();
            assert_eq!(refused["userErrors"].as_array().unwrap().len(), 5, "{refused:#}");
        }
        assert_eq!(app.database.number("SELECT count(*) FROM subscriptions"), 80);
        assert_consistent(app);
    }

    overlapping_bulks_that_reject_rows_share_the_assets(app) {
        let customer = app.customer("Jane Doe");
        app.product("LAP", "129.00");
        for round in 0..8 {
            let serials = serials(&format!("R{round}-"), 15);
            for serial_number in &serials {
                app.asset("LAP", serial_number);
            }
            let orders = [app.order(&customer, &[("LAP", 20, 12)]), app.order(&customer, &[("LAP", 20, 12)])];
            let done = together(2, |index| {
                let (order, mut own) = (&orders[index], serials[5 * index..10 + 5 * index].to_vec());
                if index == 1 {
                    own.reverse();
                }
                let selection = "rows { assetSerialNumber subscription { id } userError { code } }";
                app.attempt("fulfilOrderItems", bulk(order, &customer, &own, "REJECT_FAILED"), selection)
            });
            let rows: Vec<&Value> = done.iter().flat_map(|payload| payload["rows"].as_array().unwrap()).collect();
            let mut rented: Vec<String> = rows
                .iter()
                .filter(|row| row["subscription"] != Value::Null)
                .map(|row| text(&row["assetSerialNumber"]))
                .collect();
            rented.sort_unstable();
            assert_eq!(rented, serials, "each asset once");
            for row in rows.iter().filter(|row| row["subscription"] == Value::Null) {
                assert_eq!(row["userError"]["code"], "ASSET_NOT_AVAILABLE");
            }
        }
        assert_consistent(app);
    }

    a_bulk_and_single_scans_fill_an_order_without_overflowing(app) {
        let customer = app.customer("Jane Doe");
        app.product("LAP", "129.00");
        for round in 0..5 {
            let serials = serials(&format!("R{round}-"), 12);
            for serial_number in &serials {
                app.asset("LAP", serial_number);
            }
            let order = app.order(&customer, &[("LAP", 3, 12), ("LAP", 3, 24)]);
            let done = together(9, |index| match index {
                0 => app.attempt("fulfilOrderItems", bulk(&order, &customer, &serials[..4], "REJECT_ALL"), "__typename"),
                _ => app.attempt("fulfilOrderItem", scan(&order, &customer, &serials[3 + index]), "__typename"),
            });
            let singles = done[1..].iter().filter(|payload| outcome(payload) == "DONE").count();
            let expected = if outcome(&done[0]) == "DONE" { 2 } else { 6 };
            assert_eq!(singles, expected, "{:?}", outcomes(&done));
        }
        assert_eq!(app.database.number("SELECT count(*) FROM orders WHERE status = 'FULFILLED'"), 5);
        assert_consistent(app);
    }

    scans_for_many_orders_of_one_customer_all_count(app) {
        let customer = app.customer("Jane Doe");
        app.product("LAP", "129.00");
        let serials = serials("S", 32);
        let orders: Vec<String> = serials
            .iter()
            .map(|serial_number| {
                app.asset("LAP", serial_number);
                app.order(&customer, &[("LAP", 1, 12)])
            })
            .collect();
        let done = together(32, |index| {
            app.attempt("fulfilOrderItem", scan(&orders[index], &customer, &serials[index]), "__typename")
        });
        assert_eq!(tally(&done), json!({"DONE": 32}));
        assert_eq!(app.database.number("SELECT device_count FROM customers"), 32);
        assert_eq!(app.database.number("SELECT monthly_amount FROM customer_revenues"), 32 * 12_900);
        assert_consistent(app);
    }
}
