//! What a subscription is made of, and what is invoiced right away.

use super::{bill, monthly, on_the_first, plan, request, subscribe};
use crate::support::both;
use crate::support::builders::text;
use crate::support::consistency::assert_consistent;
use serde_json::json;

const WHOLE: &str = "subscription {
    __typename handle status plan { code version } customer { name } order { id } orderItem { id } asset { id }
    billingGroup { id } parent { id } currency timezone monthlyAmount { amount } contractLength billingStart
    startDate endDate billingAnchor currentPeriodStart currentPeriodEnd trialStart trialEnd nextBillingDate
    hostedPaymentLink metadata notes version createdAt updatedAt
    items { name quantity additional startDate endDate metadata price { amount billingModel plan { code } } }
    addOns { handle } additionalCosts { handle } discounts { handle } phases { startDate } entitlements { source }
    terms {
        quantity schedule { type interval } billedFrom requestedEnd partialPeriodHandling prorationUnit billingCadence
        taxRate amountIncludesTax setupFee prorationBehavior
        commitment { amount { amount } duration overageFactor enableTrueUp }
        collectionMethod paymentBehavior paymentTerms graceDurationSeconds signupMethod paymentMethod { id }
        invoiceBilling invoicedCustomer { name } test
    }
    upcomingPeriods { start end } invoices { totalCount } paymentSchedule { sequence }
} customer { name } invoice {
    __typename number status reason customer { name } currency period { start end } periodNumber
    totals { subtotal { amount } discountTotal { amount } netTotal { amount } taxTotal { amount } total { amount currency } }
    amountPaid { amount } rounding issueDate dueDate test version
    lines {
        position kind description planVersion billingModel quantity unitAmount proration { unit } period { start end }
        timezone rounding amount { amount } discountAmount { amount } taxRate amountIncludesTax reducedPosition
        discountPercentage
    }
}";

both! {
    a_subscription_begins_with_its_first_invoice(app) {
        let customer = app.customer("Jane Doe");
        monthly(app);
        let mut made = app.mutate("createSubscription", request(&customer, "M30", json!({})), WHOLE);
        let upcoming = made["subscription"]["upcomingPeriods"].take();
        assert_eq!(upcoming.as_array().unwrap().len(), 10);
        assert_eq!(upcoming[0], json!({"start": "2025-02-28T12:00:00Z", "end": "2025-03-31T12:00:00Z"}));
        assert_eq!(upcoming[9], json!({"start": "2025-11-30T12:00:00Z", "end": "2025-12-31T12:00:00Z"}));
        assert_eq!(made["subscription"], json!({
            "__typename": "Subscription", "handle": null, "status": "ACTIVE", "plan": {"code": "M30", "version": 1},
            "customer": {"name": "Jane Doe"}, "order": null, "orderItem": null, "asset": null, "billingGroup": null,
            "parent": null, "currency": "EUR", "timezone": "UTC", "monthlyAmount": null, "contractLength": null,
            "billingStart": null, "startDate": "2025-01-31T12:00:00Z", "endDate": null,
            "billingAnchor": "2025-01-31T12:00:00Z", "currentPeriodStart": "2025-01-31T12:00:00Z",
            "currentPeriodEnd": "2025-02-28T12:00:00Z", "trialStart": null, "trialEnd": null,
            "nextBillingDate": "2025-02-28", "hostedPaymentLink": null, "metadata": {}, "notes": null, "version": 1,
            "createdAt": "2025-01-31T12:00:00Z", "updatedAt": "2025-01-31T12:00:00Z",
            "items": [{
                "name": "Gold", "quantity": 1, "additional": false, "startDate": "2025-01-31T12:00:00Z", "endDate": null,
                "metadata": {}, "price": {"amount": "300", "billingModel": "FLAT_FEE", "plan": {"code": "M30"}},
            }],
            "addOns": [], "additionalCosts": [], "discounts": [], "phases": [], "entitlements": [],
            "terms": {
                "quantity": 1, "schedule": {"type": "MONTH_STARTDATE", "interval": 1},
                "billedFrom": "2025-01-31T12:00:00Z", "requestedEnd": null, "partialPeriodHandling": "BILL_PRORATED",
                "prorationUnit": "DAY", "billingCadence": "IN_ADVANCE", "taxRate": "0", "amountIncludesTax": false,
                "setupFee": true, "prorationBehavior": null,
                "commitment": {"amount": null, "duration": null, "overageFactor": "1", "enableTrueUp": false},
                "collectionMethod": "CHARGE_AUTOMATICALLY", "paymentBehavior": "DEFAULT_ACTIVE", "paymentTerms": null,
                "graceDurationSeconds": null, "signupMethod": null, "paymentMethod": null,
                "invoiceBilling": "INVOICE_TO_SELF", "invoicedCustomer": {"name": "Jane Doe"}, "test": false,
            },
            "upcomingPeriods": null, "invoices": {"totalCount": 1}, "paymentSchedule": [],
        }));
        assert_eq!(made["customer"], json!({"name": "Jane Doe"}));
        assert_eq!(made["invoice"], json!({
            "__typename": "Invoice", "number": "INV-000001", "status": "OPEN", "reason": "SUBSCRIPTION_CREATE",
            "customer": {"name": "Jane Doe"}, "currency": "EUR",
            "period": {"start": "2025-01-31T12:00:00Z", "end": "2025-02-28T12:00:00Z"}, "periodNumber": 1,
            "totals": {
                "subtotal": {"amount": "300.00"}, "discountTotal": {"amount": "0.00"}, "netTotal": {"amount": "300.00"},
                "taxTotal": {"amount": "0.00"}, "total": {"amount": "300.00", "currency": "EUR"},
            },
            "amountPaid": {"amount": "0.00"}, "rounding": "HALF_AWAY_FROM_ZERO", "issueDate": "2025-01-31",
            "dueDate": "2025-01-31", "test": false, "version": 1,
            "lines": [{
                "position": 0, "kind": "PLAN", "description": "Gold", "planVersion": 1, "billingModel": "FLAT_FEE",
                "quantity": "1", "unitAmount": "300", "proration": null,
                "period": {"start": "2025-01-31T12:00:00Z", "end": "2025-02-28T12:00:00Z"}, "timezone": "UTC",
                "rounding": "HALF_AWAY_FROM_ZERO", "amount": {"amount": "300.00"}, "discountAmount": {"amount": "0.00"},
                "taxRate": "0", "amountIncludesTax": false, "reducedPosition": null, "discountPercentage": null,
            }],
        }));
        assert_consistent(app);
    }

    a_subscription_is_found_by_its_id_and_its_handle(app) {
        let customer = app.customer("Jane Doe");
        monthly(app);
        let made = subscribe(app, request(&customer, "M30", json!({"handle": " jane@gold.1_a-B "})), "id handle");
        assert_eq!(made["handle"], "jane@gold.1_a-B");
        let found = app.data(&format!(
            r#"{{ subscription(id: {id}) {{ handle }} subscriptionByHandle(handle: "jane@gold.1_a-B") {{ id }}
                  other: subscriptionByHandle(handle: "JANE@gold.1_a-B") {{ id }} }}"#,
            id = made["id"],
        ));
        let expected = json!({
            "subscription": {"handle": made["handle"]}, "subscriptionByHandle": {"id": made["id"]}, "other": null,
        });
        assert_eq!(found, expected);
    }

    handles_are_counted_where_they_are_generated_and_pass_those_that_are_taken(app) {
        let customer = app.customer("Jane Doe");
        monthly(app);
        let subscribed = |changes| text(&subscribe(app, request(&customer, "M30", changes), "handle")["handle"]);
        let generated = || subscribed(json!({"generateHandle": true}));
        assert_eq!(generated(), "sub-000001");
        assert_eq!(subscribed(json!({"handle": "sub-000002"})), "sub-000002");
        assert_eq!(generated(), "sub-000003");
        assert_eq!(subscribed(json!({"handle": "a", "generateHandle": false})), "a");
    }

    a_plan_is_named_by_its_code_its_number_or_the_id_of_any_version(app) {
        let customer = app.customer("Jane Doe");
        let first = monthly(app);
        app.mutate("updatePlan", json!({"planId": first, "amount": "400.00"}), "__typename");
        let input = |changes| super::with(json!({"customer": {"id": customer}}), changes);
        for (changes, version, total) in [
            (json!({"plan": {"code": "M30"}}), 2, "400.00"),
            (json!({"plan": {"code": " M30 "}, "planVersion": 2}), 2, "400.00"),
            (json!({"plan": {"code": "M30"}, "planVersion": 1}), 1, "300.00"),
            (json!({"plan": {"id": first}}), 2, "400.00"),
            (json!({"plan": {"id": first}, "planVersion": 1}), 1, "300.00"),
        ] {
            let selection = "subscription { plan { version } items { price { plan { version } } } }
                invoice { totals { total { amount } } lines { planVersion } }";
            let made = app.mutate("createSubscription", input(changes.clone()), selection);
            assert_eq!(made, json!({
                "subscription": {"plan": {"version": version}, "items": [{"price": {"plan": {"version": version}}}]},
                "invoice": {"totals": {"total": {"amount": total}}, "lines": [{"planVersion": version}]},
                "userErrors": [],
            }), "{changes}");
        }
        app.mutate("updatePlan", json!({"planId": first, "amount": "500.00"}), "__typename");
        let kept = app.data("{ subscriptions(first: 1) { nodes { plan { version } items { price { amount } } } } }");
        let expected = json!({"plan": {"version": 1}, "items": [{"price": {"amount": "300"}}]});
        assert_eq!(kept["subscriptions"]["nodes"][0], expected, "what runs keeps its version");
    }

    the_quantity_multiplies_what_recurs_and_is_the_plans_by_default(app) {
        let customer = app.customer("Jane Doe");
        plan(app, json!({
            "code": "SEATS", "schedule": {"type": "MONTH_STARTDATE"}, "quantity": 3,
            "prices": [{"amount": "10"}, {"type": "ONE_TIME", "name": "Setup", "amount": "7"}, {
                "type": "USAGE", "name": "Calls", "billingModel": "PER_UNIT", "amount": "0.01",
            }],
        }));
        for (changes, quantity, expected) in [
            (json!({}), 3, ["PLAN 30.00", "PLAN 7.00", "37.00"]),
            (json!({"quantity": 5}), 5, ["PLAN 50.00", "PLAN 7.00", "57.00"]),
        ] {
            let input = request(&customer, "SEATS", changes);
            assert_eq!(bill(app, input.clone()), expected);
            let made = subscribe(app, input, "terms { quantity } items { quantity price { type } }");
            let expected = json!({"terms": {"quantity": quantity}, "items": [
                {"quantity": quantity, "price": {"type": "RECURRING"}}, {"quantity": 1, "price": {"type": "ONE_TIME"}},
                {"quantity": null, "price": {"type": "USAGE"}},
            ]});
            assert_eq!(made, expected);
        }
    }

    only_prices_in_the_subscriptions_currency_are_billed(app) {
        let customer = app.customer("Jane Doe");
        plan(app, json!({
            "code": "WORLD", "schedule": {"type": "MONTH_STARTDATE"}, "currency": "EUR", "minimumProratedAmount": "5.00",
            "prices": [{"amount": "10"}, {"currency": "usd", "amount": "12"}, {"currency": "JPY", "amount": "1500"}],
        }));
        for (changes, currency, total) in [
            (json!({}), "EUR", "10.00"),
            (json!({"currency": "usd"}), "USD", "12.00"),
            (json!({"currency": "JPY"}), "JPY", "1500"),
        ] {
            let selection = "subscription { currency items { price { currency } } }
                invoice { currency totals { total { amount currency } } }";
            let made = app.mutate("createSubscription", request(&customer, "WORLD", changes), selection);
            assert_eq!(made, json!({
                "subscription": {"currency": currency, "items": [{"price": {"currency": currency}}]},
                "invoice": {"currency": currency, "totals": {"total": {"amount": total, "currency": currency}}},
                "userErrors": [],
            }));
        }
    }

    /// `billwerk.md` §3: what a plan calls its smallest part is an amount in its own currency.
    a_smallest_part_counts_in_the_plans_currency(app) {
        let customer = app.customer("Jane Doe");
        plan(app, json!({
            "code": "F1", "schedule": {"type": "MONTH_FIXEDDAY", "fixedDay": 1}, "minimumProratedAmount": "50.00",
            "prices": [{"amount": "300"}, {"currency": "USD", "amount": "300"}],
        }));
        app.set_clock("2025-04-27T12:00:00Z");
        assert_eq!(bill(app, request(&customer, "F1", json!({}))), ["PLAN 0.00", "0.00"]);
        assert_eq!(bill(app, request(&customer, "F1", json!({"currency": "USD"}))), ["PLAN 40.00", "40.00"]);
        subscribe(app, request(&customer, "F1", json!({"currency": "USD"})), "id");
    }

    metadata_is_kept_as_it_is(app) {
        let customer = app.customer("Jane Doe");
        monthly(app);
        let metadata = json!({"a": [1, 2.5, null, {"b": "ä\"\\"}], "": true});
        let made = subscribe(app, request(&customer, "M30", json!({"metadata": metadata})), "metadata");
        assert_eq!(made["metadata"], metadata);
    }

    /// `billwerk.md` §3: a line of the plan that comes to nothing is left out beside others.
    a_plans_zero_stands_alone_or_not_at_all(app) {
        let customer = app.customer("Jane Doe");
        let schedule = json!({"type": "MONTH_STARTDATE"});
        plan(app, json!({"code": "FREE", "schedule": schedule, "amount": "0"}));
        plan(app, json!({"code": "SHOWN", "schedule": schedule, "amount": "0", "includeZeroAmount": true}));
        let cost = json!({"additionalCosts": [{"handle": "c", "text": "Cable", "amount": "4.50"}]});
        assert_eq!(bill(app, request(&customer, "FREE", json!({}))), ["PLAN 0.00", "0.00"]);
        assert_eq!(bill(app, request(&customer, "FREE", cost.clone())), ["ADDITIONAL_COST 4.50", "4.50"]);
        assert_eq!(bill(app, request(&customer, "SHOWN", cost)), ["PLAN 0.00", "ADDITIONAL_COST 4.50", "4.50"]);
        let made = app.mutate(
            "createSubscription",
            request(&customer, "FREE", json!({"paymentBehavior": "ERROR_IF_INCOMPLETE"})),
            "subscription { status } invoice { status number amountPaid { amount } }",
        );
        let expected = json!({
            "subscription": {"status": "ACTIVE"},
            "invoice": {"status": "PAID", "number": "INV-000001", "amountPaid": {"amount": "0.00"}}, "userErrors": [],
        });
        assert_eq!(made, expected, "there is nothing to pay");
    }

    /// `billwerk.md` §11.2.
    what_is_billed_of_a_first_part_is_up_to_the_plan(app) {
        let customer = app.customer("Jane Doe");
        let first = on_the_first(app);
        app.set_clock("2025-04-14T00:00:00Z");
        let selection = "subscription { currentPeriodStart currentPeriodEnd nextBillingDate }
            invoice { totals { total { amount } } lines { proration { numerator denominator unit } } }";
        for (handling, total, part) in [
            ("BILL_PRORATED", "170.00", json!({"numerator": 17, "denominator": 30, "unit": "DAY"})),
            ("BILL_FULL", "300.00", json!(null)),
            ("BILL_ZERO_AMOUNT", "0.00", json!({"numerator": 0, "denominator": 30, "unit": "DAY"})),
        ] {
            app.mutate("updatePlan", json!({"planId": first, "partialPeriodHandling": handling}), "__typename");
            let made = app.mutate("createSubscription", request(&customer, "F1", json!({})), selection);
            assert_eq!(made, json!({
                "subscription": {
                    "currentPeriodStart": "2025-04-14T00:00:00Z", "currentPeriodEnd": "2025-05-01T00:00:00Z",
                    "nextBillingDate": "2025-05-01",
                },
                "invoice": {"totals": {"total": {"amount": total}}, "lines": [{"proration": part}]}, "userErrors": [],
            }), "{handling}");
        }
        app.mutate("updatePlan", json!({"planId": first, "partialPeriodHandling": "NO_BILL"}), "__typename");
        let made = app.mutate("createSubscription", request(&customer, "F1", json!({})), selection);
        assert_eq!(made, json!({
            "subscription": {
                "currentPeriodStart": "2025-05-01T00:00:00Z", "currentPeriodEnd": "2025-06-01T00:00:00Z",
                "nextBillingDate": "2025-05-01",
            },
            "invoice": null, "userErrors": [],
        }));
        assert_consistent(app);
    }
}
