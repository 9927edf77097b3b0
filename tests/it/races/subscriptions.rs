//! Subscriptions to plans that several clients create at once: with one coupon, one token, one handle, one key.

use crate::support::builders::{text, to_m30};
use crate::support::payments::assert_settled;
use crate::support::together::{outcome, outcomes, tally, together};
use crate::support::{TestApp, both};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const WHAT: &str = "subscription { id handle status } customer { id } invoice { number status }";

fn create(app: &TestApp, customer: &Value, changes: Value) -> Value {
    app.attempt("createSubscription", to_m30(customer, changes), WHAT)
}

fn new_customer(index: usize) -> Value {
    json!({"create": {"name": format!("Customer {index}")}})
}

fn tokens(app: &TestApp, count: usize) -> Vec<String> {
    (0..count).map(|_| app.token("SUCCEEDS")).collect()
}

/// How many rows there are in some tables.
fn counts(app: &TestApp, tables: &[&str]) -> Vec<i64> {
    tables.iter().map(|table| app.database.number(&format!("SELECT count(*) FROM {table}"))).collect()
}

/// How many attempts there are of each status.
fn log(app: &TestApp) -> Vec<String> {
    app.database.texts("SELECT status || ' ' || count(*) AS line FROM payment_attempts GROUP BY status ORDER BY status")
}

both! {
    the_last_redemption_of_a_coupon_is_had_by_one_of_32_customers(app) {
        app.shop(json!({"maxRedemptions": 1}));
        let done = together(32, |index| create(app, &new_customer(index), json!({"couponCodes": ["CPN"]})));
        assert_eq!(tally(&done), json!({"DONE": 1, "COUPON_NOT_FOUND": 31}));
        for refused in done.iter().filter(|payload| outcome(payload) != "DONE") {
            assert_eq!(refused["userErrors"][0]["number"], 86);
        }
        let coupon = app.data("{ couponByCode(code: \"CPN\") { state expireReason redemptions } }");
        assert_eq!(coupon["couponByCode"], json!({"state": "EXPIRED", "expireReason": "MAX", "redemptions": 1}));
        assert_eq!(counts(app, &["coupon_redemptions", "customers", "subscriptions", "invoices"]), [1, 1, 1, 1]);
        assert_settled(app);
    }

    who_came_too_late_for_a_coupon_has_its_money(app) {
        app.shop(json!({"maxRedemptions": 1}));
        let tokens = tokens(app, 16);
        let done = app.paying_together(16, |index| {
            create(app, &new_customer(index), json!({"couponCodes": ["CPN"], "source": tokens[index]}))
        });
        assert_eq!(log(app), ["REVERSED 15", "SUCCEEDED 1"]);
        assert_eq!(tally(&done), json!({"DONE": 1, "COUPON_NOT_FOUND": 15}));
        assert_eq!(app.gateway.charged().len(), 1);
        assert_eq!(counts(app, &["coupon_redemptions", "customers", "payment_methods"]), [1, 1, 1]);
        assert_settled(app);
    }

    a_coupon_without_a_limit_is_had_by_everybody_and_counted(app) {
        app.shop(json!({}));
        let done = together(32, |index| create(app, &new_customer(index), json!({"couponCodes": ["CPN"]})));
        assert_eq!(tally(&done), json!({"DONE": 32}));
        assert_eq!(app.database.number("SELECT redemptions FROM coupons"), 32);
        assert_settled(app);
    }

    a_customer_redeems_a_coupon_as_often_as_it_may(app) {
        app.shop(json!({}));
        let customer = json!({"id": app.customer("Jane Doe")});
        let done = together(8, |_| create(app, &customer, json!({"couponCodes": ["cpn"]})));
        assert_eq!(tally(&done), json!({"DONE": 1, "COUPON_ALREADY_USED": 7}));
        assert_eq!(counts(app, &["coupon_redemptions", "subscriptions"]), [1, 1]);
        app.mutate("createCoupon", json!({
            "code": "EACH", "name": "Each", "discount": "TEN", "redemptionStrategy": "ONCE_PER_SUBSCRIPTION",
            "maxRedemptions": 4,
        }), "__typename");
        let done = together(8, |_| create(app, &customer, json!({"couponCodes": ["EACH"]})));
        assert_eq!(tally(&done), json!({"DONE": 4, "COUPON_NOT_FOUND": 4}));
        assert_settled(app);
    }

    two_coupons_in_any_order_stand_in_nobodys_way(app) {
        app.shop(json!({"maxRedemptions": 10}));
        let two = json!({"code": "TWO", "name": "Two", "discount": "TEN", "maxRedemptions": 10});
        app.mutate("createCoupon", two, "__typename");
        let done = together(16, |index| {
            let mut codes = ["CPN", "TWO"];
            codes.rotate_left(index % 2);
            create(app, &new_customer(index), json!({"couponCodes": codes}))
        });
        assert_eq!(tally(&done), json!({"DONE": 10, "COUPON_NOT_FOUND": 6}));
        assert_settled(app);
    }

    a_coupon_that_is_ended_meanwhile_is_redeemed_before_that_or_not_at_all(app) {
        for round in 0..10 {
            let code = format!("C{round}");
            if round == 0 {
                app.shop(json!({}));
            }
            let new = json!({"code": code, "name": "C", "discount": "TEN"});
            let made = app.mutate("createCoupon", new, "coupon { id }");
            let coupon = json!({"couponId": made["coupon"]["id"]});
            let done = together(4, |index| match index {
                0 => app.attempt("archiveCoupon", coupon.clone(), "__typename"),
                _ => create(app, &new_customer(index), json!({"couponCodes": [code]})),
            });
            match outcome(&done[0]) {
                "DONE" => assert_eq!(tally(&done[1..]), json!({"COUPON_NOT_FOUND": 3})),
                "COUPON_IN_USE" => assert!(done[1..].iter().any(|payload| outcome(payload) == "DONE")),
                other => panic!("{other}"),
            }
        }
        assert_settled(app);
    }

    one_token_pays_once(app) {
        app.shop(json!({}));
        for clients in [2, 16] {
            let token = app.token("SUCCEEDS");
            let before = app.gateway.charged().len();
            let done = together(clients, |index| create(app, &new_customer(index), json!({"source": token})));
            assert_eq!(tally(&done), json!({"DONE": 1, "TOKEN_ALREADY_USED": clients - 1}));
            for refused in done.iter().filter(|payload| outcome(payload) != "DONE") {
                assert_eq!(refused["userErrors"][0]["number"], 103);
            }
            assert_eq!(app.gateway.charged().len(), before + 1);
            assert_settled(app);
        }
        assert_eq!(log(app), ["SUCCEEDED 2"], "nobody else was even asked for money");
        assert_eq!(counts(app, &["payment_tokens WHERE used_at IS NOT NULL", "payment_methods", "customers"]), [2, 2, 2]);
        // The same where nothing is charged yet.
        let request = json!({"source": app.token("SUCCEEDS"), "trialDays": 7});
        let done = together(16, |index| create(app, &new_customer(index), request.clone()));
        assert_eq!(tally(&done), json!({"DONE": 1, "TOKEN_ALREADY_USED": 15}));
        assert_eq!(log(app), ["SUCCEEDED 2"]);
        assert_settled(app);
    }

    a_declined_token_is_tried_by_one_at_a_time_and_used_by_nobody(app) {
        app.shop(json!({}));
        let token = app.token("INSUFFICIENT_FUNDS");
        let request = json!({"source": token, "conditionalCreate": true});
        let done = together(16, |index| create(app, &new_customer(index), request.clone()));
        assert!(done.iter().all(|payload| matches!(outcome(payload), "PAYMENT_DECLINED" | "TOKEN_ALREADY_USED")));
        let declined = done.iter().filter(|payload| outcome(payload) == "PAYMENT_DECLINED").count();
        assert_eq!(log(app), [format!("DECLINED {declined}")]);
        assert_eq!(counts(app, &["customers", "payment_tokens WHERE used_at IS NOT NULL"]), [0, 0]);
        assert_eq!(outcome(&create(app, &new_customer(0), json!({"source": token}))), "DONE", "it can be used again");
        assert_settled(app);
    }

    a_token_pays_or_is_added_and_not_both(app) {
        app.shop(json!({}));
        let customer = app.customer("Jane Doe");
        for _ in 0..10 {
            let token = app.token("SUCCEEDS");
            let done = together(2, |index| match index {
                0 => create(app, &json!({"id": customer}), json!({"source": token})),
                _ => app.attempt("addPaymentMethod", json!({"customerId": customer, "token": token}), "__typename"),
            });
            assert_eq!(tally(&done), json!({"DONE": 1, "TOKEN_ALREADY_USED": 1}));
        }
        assert_settled(app);
    }

    a_handle_is_taken_once(app) {
        app.shop(json!({}));
        let done = together(16, |index| create(app, &new_customer(index), json!({"handle": "gold"})));
        assert_eq!(tally(&done), json!({"DONE": 1, "DUPLICATE_HANDLE": 15}));
        assert!(done.iter().all(|payload| outcome(payload) == "DONE" || payload["userErrors"][0]["number"] == 11));
        assert_eq!(counts(app, &["customers", "subscriptions"]), [1, 1]);
        assert_settled(app);
    }

    one_of_16_who_pay_for_a_handle_has_it_and_the_others_have_their_money(app) {
        app.shop(json!({}));
        let tokens = tokens(app, 16);
        let done = app.paying_together(16, |index| {
            create(app, &new_customer(index), json!({"handle": "gold", "source": tokens[index]}))
        });
        assert_eq!(log(app), ["REVERSED 15", "SUCCEEDED 1"]);
        assert_eq!(tally(&done), json!({"DONE": 1, "DUPLICATE_HANDLE": 15}));
        assert_eq!(app.gateway.charged().len(), 1);
        assert_eq!(counts(app, &["customers", "payment_tokens WHERE used_at IS NOT NULL"]), [1, 1]);
        assert_settled(app);
        let customer = json!({"id": done.iter().find(|payload| outcome(payload) == "DONE").unwrap()["customer"]["id"]});
        let free = tokens.iter().filter(|token| outcome(&create(app, &customer, json!({"source": token}))) == "DONE");
        assert_eq!(free.count(), 15, "the others' tokens were let go");
        assert_settled(app);
    }

    the_handle_of_a_cost_is_taken_once(app) {
        app.shop(json!({}));
        let tokens = tokens(app, 16);
        let costs = json!([{"handle": "delivery", "text": "Delivery", "amount": "5.00"}]);
        let done = app.paying_together(16, |index| {
            create(app, &new_customer(index), json!({"additionalCosts": costs, "source": tokens[index]}))
        });
        assert_eq!(log(app), ["REVERSED 15", "SUCCEEDED 1"]);
        assert_eq!(tally(&done), json!({"DONE": 1, "DUPLICATE_HANDLE": 15}));
        assert_eq!((app.gateway.charged().len(), counts(app, &["additional_costs"])), (1, vec![1]));
        assert_settled(app);
    }

    an_external_id_is_taken_once(app) {
        app.shop(json!({}));
        let tokens = tokens(app, 16);
        let done = app.paying_together(16, |index| {
            let customer = json!({"create": {"name": format!("{index}"), "externalId": "crm-1"}});
            create(app, &customer, json!({"source": tokens[index]}))
        });
        assert_eq!(log(app), ["REVERSED 15", "SUCCEEDED 1"]);
        assert_eq!(tally(&done), json!({"DONE": 1, "DUPLICATE_HANDLE": 15}));
        assert_eq!((app.gateway.charged().len(), counts(app, &["customers", "subscriptions"])), (1, vec![1, 1]));
        assert_settled(app);
    }

    handles_that_are_made_up_are_told_apart_and_invoices_have_no_gaps(app) {
        app.shop(json!({}));
        create(app, &new_customer(0), json!({"handle": "sub-000003"}));
        let tokens = tokens(app, 32);
        let done = together(32, |index| {
            // Some of them come to nothing after they were given numbers.
            let source = if index % 4 == 0 { json!(null) } else { json!(tokens[index]) };
            let costs = json!([{"handle": format!("cost-{}", index % 16), "text": "Cost", "amount": "1.00"}]);
            create(app, &new_customer(index), json!({"generateHandle": true, "source": source, "additionalCosts": costs}))
        });
        assert_eq!(tally(&done), json!({"DONE": 16, "DUPLICATE_HANDLE": 16}));
        let handles: BTreeSet<_> = done.iter().filter_map(|payload| payload["subscription"]["handle"].as_str()).collect();
        let expected: Vec<String> = (1..=17).filter(|number| *number != 3).map(|number| format!("sub-{number:06}")).collect();
        assert_eq!(handles.into_iter().collect::<Vec<_>>(), expected);
        assert_settled(app);
    }

    one_key_pays_once_and_everybody_hears_of_it(app) {
        app.shop(json!({}));
        let customer = app.customer("Jane Doe");
        app.payment_method(&customer, "SUCCEEDS");
        let requests = [
            json!({"customer": {"id": customer}, "plan": {"code": "M30"}}),
            json!({"customer": {"create": {"name": "Joe"}}, "plan": {"code": "M30"}, "source": app.token("SUCCEEDS")}),
        ];
        for (number, request) in (1..).zip(requests) {
            let once = |_| app.attempt_once(&format!("k{number}"), "createSubscription", request.clone(), WHAT);
            let done = together(16, once);
            let (answered, waiting): (Vec<_>, Vec<_>) = done.iter().partition(|payload| outcome(payload) == "DONE");
            assert!(!answered.is_empty() && answered.iter().all(|payload| *payload == answered[0]), "{done:#?}");
            assert!(waiting.iter().all(|payload| outcome(payload) == "IDEMPOTENCY_IN_PROGRESS"), "{done:#?}");
            assert_eq!(&once(0), answered[0]);
            assert_eq!(log(app), [format!("SUCCEEDED {number}")], "nobody else was even asked for money");
            assert_settled(app);
        }
    }

    one_key_that_is_declined_is_tried_by_one_at_a_time(app) {
        app.shop(json!({}));
        let customer = app.customer("Jane Doe");
        app.payment_method(&customer, "INSUFFICIENT_FUNDS");
        let request = to_m30(&json!({"id": customer}), json!({"paymentBehavior": "ERROR_IF_INCOMPLETE"}));
        let done = together(16, |_| app.attempt_once("k", "createSubscription", request.clone(), WHAT));
        assert!(done.iter().all(|payload| matches!(outcome(payload), "PAYMENT_DECLINED" | "IDEMPOTENCY_IN_PROGRESS")));
        app.payment_method(&customer, "SUCCEEDS");
        assert_eq!(outcome(&app.attempt_once("k", "createSubscription", request, WHAT)), "DONE");
        assert_eq!(app.gateway.charged().len(), 1);
        assert_settled(app);
    }

    one_key_is_for_one_request_also_while_it_is_paid_for(app) {
        app.shop(json!({}));
        let customers = [app.customer("Jane"), app.customer("Joe")];
        for customer in &customers {
            app.payment_method(customer, "SUCCEEDS");
        }
        let done = together(16, |index| {
            let request = to_m30(&json!({"id": customers[index % 2]}), json!({}));
            app.attempt_once("k", "createSubscription", request, WHAT)
        });
        let winner = done.iter().find(|payload| outcome(payload) == "DONE").unwrap();
        for (index, payload) in done.iter().enumerate() {
            let own = winner["customer"]["id"] == customers[index % 2];
            match outcome(payload) {
                "DONE" => assert_eq!((own, payload), (true, winner)),
                "IDEMPOTENCY_KEY_REUSED" => assert!(!own),
                other => assert_eq!(other, "IDEMPOTENCY_IN_PROGRESS"),
            }
        }
        assert_eq!((log(app), counts(app, &["subscriptions"])), (vec!["SUCCEEDED 1".to_owned()], vec![1]));
        assert_settled(app);
    }

    a_request_that_died_is_made_anew_once(app) {
        app.shop(json!({}));
        let customer = app.customer("Jane Doe");
        let method = app.payment_method(&customer, "SUCCEEDS");
        app.reserve_payment(app.tenant, (&customer, "sub_00000000000000000000000000"), &method, Some("k"));
        app.set_clock("2025-01-31T12:02:00Z");
        let request = to_m30(&json!({"id": customer}), json!({}));
        let done = together(16, |index| match index {
            // The job that looks for the dead comes at the same moment.
            0 => json!({"userErrors": [], "looked": perennial::app::payment::take_back_dead(&app.app).unwrap()}),
            _ => app.attempt_once("k", "createSubscription", request.clone(), WHAT),
        });
        assert!(done.iter().all(|payload| matches!(outcome(payload), "DONE" | "IDEMPOTENCY_IN_PROGRESS")), "{done:#?}");
        assert_eq!(outcome(&app.attempt_once("k", "createSubscription", request, WHAT)), "DONE");
        assert_eq!((log(app), counts(app, &["subscriptions"])), (vec!["REVERSED 1".to_owned(), "SUCCEEDED 1".to_owned()], vec![1]));
        assert_settled(app);
    }

    what_died_is_taken_back_by_several_at_once(app) {
        let nobody = ("cus_00000000000000000000000000", "sub_00000000000000000000000000");
        for _ in 0..8 {
            app.reserve_payment(app.tenant, nobody, &app.token("SUCCEEDS"), None);
        }
        app.set_clock("2025-01-31T12:02:00Z");
        let looked = together(8, |_| perennial::app::payment::take_back_dead(&app.app).unwrap());
        assert!(looked.contains(&8));
        assert_eq!(log(app), ["REVERSED 8"]);
        assert_settled(app);
    }

    who_is_slow_has_paid_or_is_taken_for_dead_and_not_both(app) {
        app.shop(json!({}));
        for round in 0..10 {
            app.set_clock(&format!("2025-01-31T13:{:02}:00Z", round * 3));
            let token = app.token("SUCCEEDS");
            std::thread::scope(|scope| {
                let hold = app.gate.hold();
                let paying = scope.spawn(|| create(app, &new_customer(round), json!({"source": token})));
                hold.wait();
                app.set_clock(&format!("2025-01-31T13:{:02}:00Z", round * 3 + 2));
                let hold = std::sync::Mutex::new(Some(hold));
                together(2, |index| match index {
                    0 => drop(hold.lock().unwrap().take()),
                    _ => drop(perennial::app::payment::take_back_dead(&app.app).unwrap()),
                });
                let paid = paying.join().unwrap();
                assert!(matches!(outcome(&paid), "DONE" | "PAYMENT_PROCESSING_ERROR"), "{paid:#}");
            });
            assert_settled(app);
        }
    }

    a_draft_is_activated_and_paid_for_once(app) {
        app.shop(json!({}));
        let customer = app.customer("Jane Doe");
        app.payment_method(&customer, "SUCCEEDS");
        for (expected_version, refusal) in [(json!(null), "SUBSCRIPTION_NOT_DRAFT"), (json!(1), "CONFLICT")] {
            let draft = create(app, &json!({"id": customer}), json!({"status": "DRAFT"}));
            let input = json!({"subscriptionId": draft["subscription"]["id"], "expectedVersion": expected_version});
            let before = app.gateway.charged().len();
            let done = app.paying_together(16, |_| app.attempt("activateSubscription", input.clone(), "subscription { version }"));
            assert_eq!(tally(&done), json!({"DONE": 1, refusal: 15}));
            assert_eq!(app.gateway.charged().len(), before + 1);
            assert_settled(app);
        }
        assert_eq!(log(app), ["REVERSED 30", "SUCCEEDED 2"]);
    }

    a_customer_is_archived_or_subscribes_and_not_both(app) {
        app.shop(json!({}));
        for round in 0..10 {
            let customer = app.customer(&format!("Customer {round}"));
            app.payment_method(&customer, "SUCCEEDS");
            let done = together(2, |index| match index {
                0 => app.attempt("archiveCustomer", json!({"customerId": customer}), "__typename"),
                _ => create(app, &json!({"id": customer}), json!({})),
            });
            assert!(matches!(outcomes(&done)[..], ["CONFLICT" | "CUSTOMER_DELETED", "DONE"]), "{done:#?}");
        }
        assert_settled(app);
    }

    prices_that_change_meanwhile_are_charged_as_they_are_invoiced(app) {
        app.shop(json!({}));
        let plan = text(&app.data("{ planByCode(code: \"M30\") { id } }")["planByCode"]["id"]);
        let tokens = tokens(app, 24);
        let done = together(32, |index| match index {
            0..8 => app.attempt("updatePlan", json!({"planId": plan, "amount": 100 + index}), "__typename"),
            _ => create(app, &new_customer(index), json!({"source": tokens[index - 8]})),
        });
        assert!(done.iter().all(|payload| matches!(outcome(payload), "DONE" | "CONFLICT")), "{done:#?}");
        assert_settled(app);
    }
}
