//! The charge in the middle of `createSubscription`: what is created when it succeeds, is refused or fails, and what
//! becomes of it where something changed meanwhile.

use super::super::{blamed, with};
use crate::support::builders::{text, to_m30};
use crate::support::payments::assert_settled;
use crate::support::{TestApp, both};
use serde_json::{Value, json};

const WHAT: &str = "subscription { id status terms { paymentMethod { id label } } } customer { id }
    invoice { number status totals { total { amount } } }";

fn create(app: &TestApp, customer: &Value, changes: Value) -> Value {
    app.attempt("createSubscription", to_m30(customer, changes), WHAT)
}

/// What the log says of each attempt, in the order of their making.
fn log(app: &TestApp) -> Vec<String> {
    app.database.texts(
        "SELECT status || ' ' || amount || coalesce(' ' || error_code, '') AS line FROM payment_attempts
         ORDER BY created_at, id",
    )
}

/// Asserts that something is refused after a charge, and leaves nothing but the log of the attempt.
#[track_caller]
fn leaves_its_log_alone(app: &TestApp, input: &Value, expected: &[&str]) {
    let mut before = app.database.dump();
    let payload =
        app.attempt("createSubscription", input.clone(), "subscription { id } customer { id } invoice { id }");
    assert_eq!(blamed(&payload["userErrors"]), expected, "{input}\n{payload:#}");
    assert_eq!([&payload["subscription"], &payload["customer"], &payload["invoice"]], [&json!(null); 3]);
    before.insert("payment_attempts".to_owned(), app.database.dump()["payment_attempts"].clone());
    app.database.assert_unchanged(&before);
}

fn new_customer(external_id: &str) -> Value {
    json!({"create": {"name": "Jane Doe", "externalId": external_id}})
}

both! {
    a_payment_that_is_refused_leaves_its_log_and_nothing_else(app) {
        app.shop(json!({}));
        let everything = |card: &str| json!({
            "handle": "jane", "couponCodes": ["CPN"], "source": app.token(card),
            "additionalCosts": [{"handle": "delivery", "text": "Delivery", "amount": "5.00"}],
        });
        let conditions = [json!({"conditionalCreate": true}), json!({"paymentBehavior": "ERROR_IF_INCOMPLETE"})];
        for condition in &conditions {
            for (card, number, code, attempt) in [
                ("INSUFFICIENT_FUNDS", 77, "PAYMENT_DECLINED", "DECLINED 27450 insufficient_funds"),
                ("LOST_OR_STOLEN", 77, "PAYMENT_DECLINED", "DECLINED 27450 credit_card_lost_or_stolen"),
                ("PROCESSING_ERROR", 78, "PAYMENT_PROCESSING_ERROR", "FAILED 27450 acquirer_error"),
                ("HANGS", 78, "PAYMENT_PROCESSING_ERROR", "FAILED 27450 timeout"),
                ("PENDS", 78, "PAYMENT_PROCESSING_ERROR", "FAILED 27450 pending"),
            ] {
                let input = to_m30(&new_customer("crm-1"), with(everything(card), condition.clone()));
                leaves_its_log_alone(app, &input, &[code]);
                assert_eq!(log(app).last().unwrap(), attempt);
                let again = app.attempt("createSubscription", input, "__typename");
                assert_eq!(again["userErrors"][0]["number"], number, "the token can be used again: {again}");
            }
        }
        assert_eq!(log(app).len(), 20);
        // The identical request with a good card has all of it.
        let request = with(everything("SUCCEEDS"), json!({"conditionalCreate": true}));
        let created = create(app, &new_customer("crm-1"), request);
        assert_eq!(created["userErrors"], json!([]), "{created:#}");
        assert_eq!(created["invoice"], json!({
            "number": "INV-000001", "status": "PAID", "totals": {"total": {"amount": "274.50"}},
        }));
        assert_eq!(log(app).last().unwrap(), "SUCCEEDED 27450");
        assert_settled(app);
    }

    a_refusal_says_the_gateways_word_for_it(app) {
        app.shop(json!({}));
        let request = json!({"source": app.token("INSUFFICIENT_FUNDS"), "conditionalCreate": true});
        let refused = create(app, &new_customer("crm-1"), request);
        let message = text(&refused["userErrors"][0]["message"]);
        assert!(message.contains("insufficient_funds"), "{message}");
    }

    the_payment_behaviour_says_what_becomes_of_a_payment_that_is_refused(app) {
        app.shop(json!({}));
        for (number, (card, behaviour, status, attempt)) in (1..).zip([
            ("INSUFFICIENT_FUNDS", "DEFAULT_ACTIVE", "ACTIVE", "DECLINED 30000 insufficient_funds"),
            ("INSUFFICIENT_FUNDS", "ALLOW_INCOMPLETE", "INCOMPLETE", "DECLINED 30000 insufficient_funds"),
            ("HANGS", "DEFAULT_ACTIVE", "ACTIVE", "FAILED 30000 timeout"),
            ("PROCESSING_ERROR", "ALLOW_INCOMPLETE", "INCOMPLETE", "FAILED 30000 acquirer_error"),
        ]) {
            let token = app.token(card);
            let created = create(app, &new_customer(&token), json!({"source": token, "paymentBehavior": behaviour}));
            assert_eq!(created["subscription"]["status"], status, "{card} {behaviour}: {created:#}");
            assert_eq!(created["invoice"], json!({
                "number": format!("INV-{number:06}"), "status": "OPEN", "totals": {"total": {"amount": "300.00"}},
            }));
            assert_eq!(log(app).last().unwrap(), attempt);
            // It was created, so that the token is used.
            let again = create(app, &json!({"id": created["customer"]["id"]}), json!({"source": token}));
            assert_eq!(blamed(&again["userErrors"]), ["TOKEN_ALREADY_USED input.source"]);
        }
        assert_settled(app);
    }

    the_token_of_a_new_customer_becomes_its_method(app) {
        app.shop(json!({}));
        let created = create(app, &new_customer("crm-1"), json!({"source": app.token("SUCCEEDS")}));
        assert_eq!(created["subscription"]["terms"]["paymentMethod"]["label"], "Test card 0001");
        let found = app.data("{ paymentAttempts { nodes { customerId subscriptionId status } } }");
        assert_eq!(found["paymentAttempts"]["nodes"], json!([{
            "customerId": created["customer"]["id"], "subscriptionId": created["subscription"]["id"],
            "status": "SUCCEEDED",
        }]), "the log names the customer who was made");
        assert_settled(app);
    }

    what_was_there_when_it_was_charged_and_is_not_any_more_is_refused(app) {
        app.shop(json!({}));
        let coupon = app.data("{ couponByCode(code: \"CPN\") { id } }")["couponByCode"]["id"].clone();
        let plan = |code: &str| app.plan(code, "300.00");
        let (going, gone) = (plan("GOING"), app.customer("Gone"));
        let (card, stranger) = (app.payment_method(&app.customer("Carla"), "SUCCEEDS"), app.customer("Stranger"));
        let carla = app.data(&format!("{{ node(id: \"{card}\") {{ ... on PaymentMethod {{ customer {{ id }} }} }} }}"));
        let carla = text(&carla["node"]["customer"]["id"]);
        let done = |field: &str, input: Value| drop(app.mutate(field, input, "__typename"));
        let other = |changes: Value| {
            let input = to_m30(&json!({"id": stranger}), changes);
            app.mutate("createSubscription", input, "__typename");
        };
        let cost = |text: &str| json!([{"handle": "delivery", "text": text, "amount": "5.00"}]);
        let new = new_customer("crm-1");
        let rows: [(&str, Value, Value, &dyn Fn()); 8] = [
            ("CUSTOMER_DELETED input.customer", json!({"id": gone}), json!({}), &|| {
                done("archiveCustomer", json!({"customerId": gone}));
            }),
            ("PLAN_NOT_FOUND input.plan", new.clone(), json!({"plan": {"code": "GOING"}}), &|| {
                done("archivePlan", json!({"planId": going}));
            }),
            ("COUPON_NOT_FOUND input.couponCodes.0", new.clone(), json!({"couponCodes": ["CPN"]}), &|| {
                done("expireCoupon", json!({"couponId": coupon}));
            }),
            ("DUPLICATE_HANDLE input.handle", new.clone(), json!({"handle": "jane"}), &|| {
                other(json!({"handle": "jane"}));
            }),
            (
                "DUPLICATE_HANDLE input.additionalCosts.0.handle",
                new.clone(),
                json!({"additionalCosts": cost("A")}),
                &|| other(json!({"additionalCosts": cost("B")})),
            ),
            ("PAYMENT_METHOD_NOT_ACTIVE input.source", json!({"id": carla}), json!({"source": card}), &|| {
                done("archivePaymentMethod", json!({"paymentMethodId": card}));
            }),
            ("CUSTOMER_NOT_FOUND input.customer", json!({"externalId": "old"}), json!({}), &|| {
                done("updateCustomer", json!({"customerId": stranger, "externalId": "new"}));
            }),
            ("DUPLICATE_HANDLE input.customer.create.externalId", new.clone(), json!({}), &|| {
                done("createCustomer", json!({"name": "Jane", "externalId": "crm-1"}));
            }),
        ];
        done("updateCustomer", json!({"customerId": stranger, "externalId": "old"}));
        for (expected, customer, changes, act) in &rows {
            let token = app.token("SUCCEEDS");
            let input = to_m30(customer, with(json!({"source": token}), changes.clone()));
            let pay = || app.attempt("createSubscription", input.clone(), "__typename");
            let refused = app.while_paying(pay, act);
            assert_eq!(blamed(&refused["userErrors"]), [*expected], "{refused:#}");
            assert_eq!(log(app).last().unwrap().split(' ').next(), Some("REVERSED"), "{expected}");
            if input["source"] == token {
                // The token was let go.
                app.mutate("addPaymentMethod", json!({"customerId": carla, "token": token}), "__typename");
            }
            assert_settled(app);
        }
        assert_eq!((app.gateway.charged().len(), app.gateway.reversed().len()), (0, rows.len()));
    }

    a_coupon_that_runs_out_while_it_is_paid_for_was_in_time(app) {
        app.shop(json!({"validUntil": "2025-01-31T12:00:30Z"}));
        let request = json!({"couponCodes": ["CPN"], "source": app.token("SUCCEEDS")});
        let created = app.while_paying(
            || create(app, &new_customer("crm-1"), request),
            || app.set_clock("2025-01-31T12:01:00Z"),
        );
        assert_eq!(created["invoice"]["totals"]["total"]["amount"], "270.00", "{created:#}");
        let found =
            app.data("{ subscriptions { nodes { createdAt startDate } } paymentAttempts { nodes { finishedAt } } }");
        let decided = json!([{"createdAt": "2025-01-31T12:00:00Z", "startDate": "2025-01-31T12:00:00Z"}]);
        assert_eq!(found["subscriptions"]["nodes"], decided, "it is created as of the moment at which it was decided");
        assert_eq!(found["paymentAttempts"]["nodes"], json!([{"finishedAt": "2025-01-31T12:01:00Z"}]));
        assert_settled(app);
    }

    what_is_invoiced_is_what_was_charged_although_prices_change(app) {
        app.shop(json!({}));
        let plan = app.data("{ planByCode(code: \"M30\") { id } }")["planByCode"]["id"].clone();
        let change = |changes: Value| drop(app.mutate("updatePlan", with(json!({"planId": plan}), changes), "__typename"));
        let raise = |amount: &str| change(json!({"amount": amount}));
        let request = json!({"source": app.token("SUCCEEDS")});
        let created = app.while_paying(|| create(app, &new_customer("a"), request), || raise("400.00"));
        assert_eq!(created["invoice"]["totals"]["total"]["amount"], "400.00", "{created:#}");
        assert_eq!(log(app), ["REVERSED 30000", "SUCCEEDED 40000"]);
        // Who names a version has its prices, whatever comes after it.
        let request = json!({"source": app.token("SUCCEEDS"), "planVersion": 1});
        let created = app.while_paying(|| create(app, &new_customer("b"), request), || raise("500.00"));
        assert_eq!(created["invoice"]["totals"]["total"]["amount"], "300.00", "{created:#}");
        // What does not change the amount changes nothing.
        let request = json!({"source": app.token("SUCCEEDS")});
        app.while_paying(|| create(app, &new_customer("c"), request), || change(json!({"noticePeriods": 3})));
        assert_eq!(log(app)[2..], ["SUCCEEDED 30000", "SUCCEEDED 50000"]);
        // What is free by now is not paid.
        let request = json!({"source": app.token("SUCCEEDS")});
        let created = app.while_paying(|| create(app, &new_customer("d"), request), || raise("0"));
        assert_eq!(created["invoice"]["status"], "PAID", "{created:#}");
        assert_eq!(log(app)[4..], ["REVERSED 50000"]);
        assert_settled(app);
    }

    whatever_changes_the_price_is_charged_as_it_is_invoiced(app) {
        app.shop(json!({}));
        let add_on = json!({"code": "SUP", "name": "Support", "addOnType": "ON_OFF", "unitAmount": "50.00"});
        let add_on = app.mutate("createAddOn", add_on, "addOn { id }")["addOn"]["id"].take();
        let request = |extras: Value| with(json!({"source": app.token("SUCCEEDS")}), extras);
        let add_ons = json!({"addOns": [{"addOn": {"code": "SUP"}}]});
        for (place, (field, change, total, attempts)) in [
            (
                "updateAddOn",
                json!({"addOnId": add_on, "unitAmount": "70.00"}),
                "370.00",
                ["REVERSED 35000", "SUCCEEDED 37000"],
            ),
            ("updateTenantSettings", json!({"taxRate": "0.25"}), "462.50", ["REVERSED 37000", "SUCCEEDED 46250"]),
        ]
        .into_iter()
        .enumerate()
        {
            let asked = request(add_ons.clone());
            let created = app.while_paying(
                || create(app, &new_customer(field), asked),
                || drop(app.mutate(field, change, "__typename")),
            );
            assert_eq!(created["invoice"]["totals"]["total"]["amount"], total, "{created:#}");
            assert_eq!(log(app)[2 * place..], attempts);
        }
        // What is not there any more is not paid for.
        let asked = request(add_ons);
        let archive = || drop(app.mutate("archiveAddOn", json!({"addOnId": add_on}), "__typename"));
        let refused = app.while_paying(|| create(app, &new_customer("late"), asked), archive);
        assert_eq!(blamed(&refused["userErrors"]), ["ADD_ON_NOT_FOUND input.addOns.0.addOn"]);
        assert_settled(app);
    }

    prices_that_change_again_and_again_are_a_conflict(app) {
        app.shop(json!({}));
        let plan = app.data("{ planByCode(code: \"M30\") { id } }")["planByCode"]["id"].clone();
        let token = app.token("SUCCEEDS");
        std::thread::scope(|scope| {
            let mut hold = app.gate.hold();
            let paying = scope.spawn(|| create(app, &new_customer("crm-1"), json!({"source": token})));
            for round in 1..=3 {
                hold.wait();
                app.mutate("updatePlan", json!({"planId": plan, "amount": 100 * round}), "__typename");
                let next = (round < 3).then(|| app.gate.hold());
                drop(hold);
                let Some(next) = next else { break };
                hold = next;
            }
            assert_eq!(blamed(&paying.join().unwrap()["userErrors"]), ["CONFLICT"]);
        });
        assert_eq!(log(app), ["REVERSED 30000", "REVERSED 10000", "REVERSED 20000"]);
        assert_eq!(app.database.number("SELECT count(*) FROM customers"), 0);
        assert_settled(app);
        assert_eq!(create(app, &new_customer("crm-1"), json!({"source": token}))["userErrors"], json!([]));
        assert_settled(app);
    }

    what_is_charged_is_the_method_that_the_subscription_has(app) {
        app.shop(json!({}));
        let customer = app.customer("Jane Doe");
        let old = app.payment_method(&customer, "SUCCEEDS");
        let input = json!({"id": customer});
        let mut new = String::new();
        let created = app.while_paying(
            || create(app, &input, json!({})),
            || new = app.payment_method(&customer, "SUCCEEDS"),
        );
        assert_eq!(created["subscription"]["terms"]["paymentMethod"]["id"], new, "its newest one, by now");
        let found = app.data(
            "{ paymentAttempts(orderBy: [{field: CREATED_AT}]) { nodes { status paymentMethod { id } } } }",
        );
        assert_eq!(found["paymentAttempts"]["nodes"], json!([
            {"status": "REVERSED", "paymentMethod": {"id": old}},
            {"status": "SUCCEEDED", "paymentMethod": {"id": new}},
        ]));
        // Where none is left by now, nobody is charged.
        let archive = |method: &str| {
            app.mutate("archivePaymentMethod", json!({"paymentMethodId": method}), "__typename");
        };
        archive(&old);
        let created = app.while_paying(|| create(app, &input, json!({})), || archive(&new));
        assert_eq!(created["subscription"]["status"], "ACTIVE", "{created:#}");
        assert_eq!(created["subscription"]["terms"]["paymentMethod"], json!(null));
        assert_eq!(created["invoice"]["status"], "OPEN");
        assert_settled(app);
    }

    a_draft_that_changed_while_it_was_paid_for_is_not_paid_for(app) {
        app.shop(json!({}));
        let customer = app.customer("Jane Doe");
        app.payment_method(&customer, "SUCCEEDS");
        for expected_version in [json!(null), json!(1)] {
            let draft = create(app, &json!({"id": customer}), json!({"status": "DRAFT"}));
            let input = json!({"subscriptionId": draft["subscription"]["id"], "expectedVersion": expected_version});
            let activate = || app.attempt("activateSubscription", input.clone(), "subscription { status version }");
            let late = app.while_paying(activate, || assert_eq!(activate()["userErrors"], json!([])));
            let refusal = if expected_version.is_null() {
                "SUBSCRIPTION_NOT_DRAFT input.subscriptionId"
            } else {
                assert_eq!(late["subscription"], json!({"status": "ACTIVE", "version": 2}), "it shows what it is now");
                "CONFLICT input.expectedVersion"
            };
            assert_eq!(blamed(&late["userErrors"]), [refusal]);
            assert_eq!(log(app)[log(app).len() - 2..], ["REVERSED 30000", "SUCCEEDED 30000"]);
            assert_settled(app);
        }
    }
}
