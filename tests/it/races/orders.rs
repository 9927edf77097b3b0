//! What is done to an order, against what else is done to it.

use crate::support::builders::text;
use crate::support::consistency::assert_consistent;
use crate::support::together::{outcome, outcomes, tally, together};
use crate::support::{TestApp, both};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// A confirmed order of one LAP, for which there is the asset `serial_number`.
fn order_with_asset(app: &TestApp, customer: &str, serial_number: &str) -> (String, String) {
    let asset = app.asset("LAP", serial_number);
    (app.order(customer, &[("LAP", 1, 12)]), asset)
}

both! {
    an_order_is_either_cancelled_or_delivered(app) {
        let customer = app.customer("Jane Doe");
        app.product("LAP", "129.00");
        for round in 0..20 {
            let serial_number = format!("S{round}");
            let (order, _) = order_with_asset(app, &customer, &serial_number);
            let done = together(2, |index| match index {
                0 => app.attempt("cancelOrder", json!({"orderId": order}), "order { status }"),
                _ => {
                    let input = json!({"orderId": order, "customerId": customer, "assetSerialNumber": serial_number});
                    app.attempt("fulfilOrderItem", input, "subscription { id }")
                }
            });
            match (outcome(&done[0]), outcome(&done[1])) {
                ("DONE", "ORDER_NOT_CONFIRMED") | ("ORDER_NOT_CANCELLABLE", "DONE") => {}
                other => panic!("{other:?}"),
            }
        }
        assert_consistent(app);
    }

    an_order_is_confirmed_once(app) {
        let customer = app.customer("Jane Doe");
        app.product("LAP", "129.00");
        let order = app.pending_order(&customer, &[("LAP", 1, 12)]);
        let done = together(16, |_| app.attempt("confirmOrder", json!({"orderId": order}), "order { status }"));
        assert_eq!(tally(&done), json!({"DONE": 1, "ORDER_NOT_PENDING": 15}));
        assert_eq!(app.database.number("SELECT version FROM orders"), 2);
        assert_consistent(app);
    }

    an_order_is_cancelled_once(app) {
        let customer = app.customer("Jane Doe");
        app.product("LAP", "129.00");
        let order = app.order(&customer, &[("LAP", 1, 12)]);
        let done = together(16, |_| app.attempt("cancelOrder", json!({"orderId": order}), "order { status }"));
        assert_eq!(tally(&done), json!({"DONE": 1, "ALREADY_CANCELLED": 15}));
        assert_consistent(app);
    }

    confirming_never_brings_a_cancelled_order_back(app) {
        let customer = app.customer("Jane Doe");
        app.product("LAP", "129.00");
        for _ in 0..10 {
            let order = app.pending_order(&customer, &[("LAP", 1, 12)]);
            let done = together(2, |index| {
                app.attempt(["confirmOrder", "cancelOrder"][index], json!({"orderId": order}), "__typename")
            });
            assert!(["DONE", "ALREADY_CANCELLED"].contains(&outcome(&done[0])), "{done:?}");
            assert_eq!(outcome(&done[1]), "DONE");
        }
        assert_eq!(app.database.number("SELECT count(*) FROM orders WHERE status = 'CANCELLED'"), 10);
        assert_consistent(app);
    }

    nothing_stays_reserved_for_an_order_that_is_cancelled_at_the_same_time(app) {
        let customer = app.customer("Jane Doe");
        app.product("LAP", "129.00");
        for round in 0..20 {
            let (order, asset) = order_with_asset(app, &customer, &format!("S{round}"));
            let done = together(2, |index| match index {
                0 => app.attempt("cancelOrder", json!({"orderId": order}), "__typename"),
                _ => {
                    let input = json!({"assetId": asset, "status": "RESERVED", "orderId": order});
                    app.attempt("changeAssetStatus", input, "__typename")
                }
            });
            assert_eq!(outcome(&done[0]), "DONE");
            assert!(["DONE", "ORDER_NOT_CONFIRMED"].contains(&outcome(&done[1])), "{done:?}");
        }
        assert_consistent(app);
    }

    nothing_stays_reserved_for_an_order_that_is_delivered_at_the_same_time(app) {
        let customer = app.customer("Jane Doe");
        app.product("LAP", "129.00");
        for round in 0..30 {
            let serial_number = format!("S{round}");
            let (order, _) = order_with_asset(app, &customer, &serial_number);
            let other = app.asset("LAP", &format!("K{round}"));
            let done = together(2, |index| match index {
                0 => {
                    let input = json!({"orderId": order, "customerId": customer, "assetSerialNumber": serial_number});
                    app.attempt("fulfilOrderItem", input, "order { status }")
                }
                _ => {
                    let input = json!({"assetId": other, "status": "RESERVED", "orderId": order});
                    app.attempt("changeAssetStatus", input, "__typename")
                }
            });
            assert_eq!(done[0]["order"]["status"], "FULFILLED", "{done:?}");
            assert_eq!(app.database.number("SELECT count(*) FROM assets WHERE status = 'RESERVED'"), 0, "{done:?}");
        }
        assert_consistent(app);
    }

    changing_an_order_loses_no_progress(app) {
        let customer = app.customer("Jane Doe");
        app.product("LAP", "129.00");
        for index in 0..12 {
            app.asset("LAP", &format!("S{index}"));
        }
        let order = app.order(&customer, &[("LAP", 12, 12)]);
        let done = together(16, |index| {
            if index < 12 {
                let serial_number = format!("S{index}");
                let input = json!({"orderId": order, "customerId": customer, "assetSerialNumber": serial_number});
                app.attempt("fulfilOrderItem", input, "__typename")
            } else {
                app.attempt("updateOrder", json!({"orderId": order, "notes": format!("{index}")}), "__typename")
            }
        });
        assert_eq!(tally(&done), json!({"DONE": 16}));
        assert_eq!(app.database.number("SELECT count(*) FROM orders WHERE status = 'FULFILLED'"), 1);
        assert_eq!(app.database.number("SELECT version FROM orders"), 2 + 16);
        assert_consistent(app);
    }

    orders_without_a_number_get_numbers_of_their_own(app) {
        let customer = app.customer("Jane Doe");
        app.product("LAP", "129.00");
        let input = json!({"customerId": customer, "items": [{"sku": "LAP", "quantity": 1, "contractLength": 12}]});
        // The fourth number is taken by somebody who chose it.
        let mut chosen = input.clone();
        chosen["number"] = json!("O-000004");
        app.mutate("createOrder", chosen, "__typename");
        let done = together(32, |_| app.attempt("createOrder", input.clone(), "order { number }"));
        let numbers: BTreeSet<String> = done.iter().map(|payload| text(&payload["order"]["number"])).collect();
        let expected: BTreeSet<String> =
            (1..=33).filter(|number| *number != 4).map(|number| format!("O-{number:06}")).collect();
        assert_eq!(numbers, expected, "each once, without a gap");
        assert_consistent(app);
    }

    a_chosen_order_number_is_taken_once(app) {
        let customer = app.customer("Jane Doe");
        app.product("LAP", "129.00");
        let items = json!([{"sku": "LAP", "quantity": 1, "contractLength": 12}]);
        let input = json!({"customerId": customer, "number": "A-1", "items": items});
        let done = together(16, |_| app.attempt("createOrder", input.clone(), "__typename"));
        assert_eq!(tally(&done), json!({"DONE": 1, "DUPLICATE_ORDER_NUMBER": 15}));
        assert_consistent(app);
    }

    a_group_is_used_in_one_currency_by_whoever_comes_first(app) {
        let customer = app.customer("Jane Doe");
        app.product("LAP", "129.00");
        for round in 0..10 {
            let group = app.billing_group(&customer, 15);
            let orders: Vec<Value> = ["EUR", "USD"]
                .iter()
                .map(|currency| {
                    let serial_number = format!("{currency}{round}");
                    app.asset("LAP", &serial_number);
                    let item = json!({"sku": "LAP", "quantity": 1, "contractLength": 12, "unitPrice": "10.00"});
                    let input = json!({"customerId": customer, "currency": currency, "items": [item]});
                    let order = text(&app.mutate("createOrder", input, "order { id }")["order"]["id"]);
                    app.mutate("confirmOrder", json!({"orderId": order}), "__typename");
                    json!({
                        "orderId": order, "customerId": customer, "assetSerialNumber": serial_number,
                        "billingGroupId": group,
                    })
                })
                .collect();
            let done = together(2, |index| app.attempt("fulfilOrderItem", orders[index].clone(), "__typename"));
            assert_eq!(outcomes(&done), ["CURRENCY_MISMATCH", "DONE"]);
        }
        assert_consistent(app);
    }

    a_group_that_is_closed_takes_nobody_in_afterwards(app) {
        let customer = app.customer("Jane Doe");
        app.product("LAP", "129.00");
        for round in 0..10 {
            let group = app.billing_group(&customer, 15);
            let serial_number = format!("S{round}");
            let (order, _) = order_with_asset(app, &customer, &serial_number);
            let done = together(2, |index| match index {
                0 => {
                    let input = json!({"billingGroupId": group, "status": "INACTIVE", "name": "Closed"});
                    app.attempt("updateBillingGroup", input, "__typename")
                }
                _ => {
                    let input = json!({
                        "orderId": order, "customerId": customer, "assetSerialNumber": serial_number,
                        "billingGroupId": group,
                    });
                    app.attempt("fulfilOrderItem", input, "__typename")
                }
            });
            assert_eq!(outcome(&done[0]), "DONE");
            assert!(["DONE", "BILLING_GROUP_NOT_FOUND"].contains(&outcome(&done[1])), "{done:?}");
        }
        assert_eq!(app.database.number("SELECT count(*) FROM billing_groups WHERE status = 'INACTIVE'"), 10);
        assert_consistent(app);
    }
}
