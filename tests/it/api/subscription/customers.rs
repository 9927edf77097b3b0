//! Whom a subscription is for, what it is a part of, and who gets the invoices.

use super::{monthly, request, subscribe, with};
use crate::support::builders::text;
use crate::support::consistency::assert_consistent;
use crate::support::{TestApp, both};
use serde_json::{Value, json};

/// A customer below another one: the ids of both.
fn family(app: &TestApp) -> (String, String) {
    let parent = app.customer("Parent");
    let input = json!({"name": "Child", "externalId": "child-1", "parentCustomerId": parent});
    let child = app.mutate("createCustomer", input, "customer { id }");
    (parent, text(&child["customer"]["id"]))
}

both! {
    a_customer_is_named_by_its_id_or_its_external_id(app) {
        let (_, child) = family(app);
        monthly(app);
        for customer in [json!({"id": child}), json!({"externalId": "child-1"}), json!({"externalId": " child-1 "})] {
            let input = json!({"customer": customer, "plan": {"code": "M30"}});
            let made = app.mutate("createSubscription", input, "subscription { customer { id } } customer { id }");
            let id = json!({"id": child});
            assert_eq!((&made["subscription"]["customer"], &made["customer"]), (&id, &id));
        }
        let found = app.data(&format!(r#"{{ customer(id: "{child}") {{ subscriptions {{ totalCount }} }} }}"#));
        assert_eq!(found["customer"]["subscriptions"]["totalCount"], 3);
    }

    a_customer_can_be_made_with_its_subscription(app) {
        let parent = app.customer("Parent");
        monthly(app);
        let new = json!({
            "name": "Jane Doe", "externalId": "jane", "email": "jane@example.com", "phone": "123",
            "timezone": "Asia/Kolkata", "parentCustomerId": parent, "metadata": {"a": 1},
        });
        let input = json!({
            "customer": {"create": new}, "plan": {"code": "M30"}, "invoiceBilling": "INVOICE_TO_PARENT",
        });
        let selection = "customer {
            id name externalId email phone timezone metadata parent { name } subscriptions { totalCount }
        } subscription { timezone customer { id } } invoice { customer { name } }";
        let made = app.mutate("createSubscription", input, selection);
        let id = &made["customer"]["id"];
        assert_eq!(made, json!({
            "customer": {
                "id": id, "name": "Jane Doe", "externalId": "jane", "email": "jane@example.com", "phone": "123",
                "timezone": "Asia/Kolkata", "metadata": {"a": 1}, "parent": {"name": "Parent"},
                "subscriptions": {"totalCount": 1},
            },
            "subscription": {"timezone": "Asia/Kolkata", "customer": {"id": id}},
            "invoice": {"customer": {"name": "Parent"}}, "userErrors": [],
        }));
        assert_consistent(app);
    }

    /// The zone of the request counts before that of the customer, and that before the tenant's (`decisions.md` 12).
    days_begin_in_the_zone_of_the_request_the_customer_or_the_tenant(app) {
        let (_, child) = family(app);
        let zoned = app.mutate("createCustomer", json!({"name": "Z", "timezone": "Asia/Kolkata"}), "customer { id }");
        let zoned = text(&zoned["customer"]["id"]);
        let input = json!({"code": "C", "schedule": {"type": "PERIOD", "billingPeriod": "MONTH", "billingCycle": "CALENDAR"}});
        super::plan(app, with(input, json!({"amount": "310"})));
        app.mutate("updateTenantSettings", json!({"timezone": "Europe/Rome"}), "__typename");
        app.set_clock("2026-08-18T12:00:00Z");
        for (customer, changes, zone, end) in [
            (&child, json!({}), "Europe/Rome", "2026-08-31T22:00:00Z"),
            (&zoned, json!({}), "Asia/Kolkata", "2026-08-31T18:30:00Z"),
            (&zoned, json!({"timezone": "America/Los_Angeles"}), "America/Los_Angeles", "2026-09-01T07:00:00Z"),
            (&zoned, json!({"timezone": "UTC"}), "UTC", "2026-09-01T00:00:00Z"),
        ] {
            let made = subscribe(app, request(customer, "C", changes), "timezone currentPeriodEnd");
            assert_eq!(made, json!({"timezone": zone, "currentPeriodEnd": end}));
        }
    }

    /// An invoice is issued on the day that it is in the subscription's zone.
    an_invoice_is_issued_on_the_subscriptions_day(app) {
        let customer = app.customer("Jane Doe");
        monthly(app);
        app.set_clock("2025-01-31T23:30:00Z");
        for (zone, day, due) in [
            ("UTC", "2025-01-31", "2025-03-02"),
            ("Europe/Berlin", "2025-02-01", "2025-03-03"),
            ("America/New_York", "2025-01-31", "2025-03-02"),
        ] {
            let input = request(&customer, "M30", json!({"timezone": zone, "paymentTerms": "NET_30"}));
            let made = app.mutate("createSubscription", input, "invoice { issueDate dueDate }");
            assert_eq!(made["invoice"], json!({"issueDate": day, "dueDate": due}), "{zone}");
        }
    }

    a_subscription_can_be_a_part_of_another_one(app) {
        let (parent, child) = family(app);
        monthly(app);
        let whole = text(&subscribe(app, request(&parent, "M30", json!({})), "id")["id"]);
        let input = request(&child, "M30", json!({"parentSubscriptionId": whole}));
        let part = subscribe(app, input, "id parent { id } terms { invoicedCustomer { id } }");
        assert_eq!(part["parent"]["id"], whole);
        assert_eq!(part["terms"]["invoicedCustomer"]["id"], child);
        let found = app.data(&format!(
            r#"{{ subscription(id: "{whole}") {{ parent {{ id }} children {{ nodes {{ id }} }} }} }}"#
        ));
        assert_eq!(found["subscription"], json!({"parent": null, "children": {"nodes": [{"id": part["id"]}]}}));
    }

    invoices_go_to_the_customer_or_to_the_one_above_it(app) {
        let (parent, child) = family(app);
        monthly(app);
        let made = |changes: Value| {
            let selection = "subscription { customer { id } terms { invoiceBilling invoicedCustomer { id } } }
                invoice { customer { id } }";
            app.mutate("createSubscription", request(&child, "M30", changes), selection)
        };
        for (changes, billing, invoiced) in [
            (json!({}), "INVOICE_TO_SELF", &child),
            (json!({"invoiceBilling": "INVOICE_TO_SELF"}), "INVOICE_TO_SELF", &child),
            (json!({"invoiceBilling": "INVOICE_TO_PARENT"}), "INVOICE_TO_PARENT", &parent),
        ] {
            let terms = json!({"invoiceBilling": billing, "invoicedCustomer": {"id": invoiced}});
            assert_eq!(made(changes), json!({
                "subscription": {"customer": {"id": child}, "terms": terms}, "invoice": {"customer": {"id": invoiced}},
                "userErrors": [],
            }));
        }
        let found = app.data(&format!(r#"{{ customer(id: "{parent}") {{ invoices {{ totalCount }} }} }}"#));
        assert_eq!(found["customer"]["invoices"]["totalCount"], 1);
    }

    /// `billwerk.md` §2: an assertion about the tenant.
    a_test_is_for_tenants_that_are_for_trying_out(app) {
        let customer = app.customer("Jane Doe");
        monthly(app);
        let selection = "terms { test } invoices { nodes { test } }";
        for changes in [json!({}), json!({"test": false})] {
            let made = subscribe(app, request(&customer, "M30", changes), selection);
            assert_eq!(made, json!({"terms": {"test": false}, "invoices": {"nodes": [{"test": false}]}}));
        }
        let (_, key) = app.test_tenant();
        let plan = json!({"code": "M", "name": "M", "schedule": {"type": "MONTH_STARTDATE"}, "amount": "1"});
        app.attempt_as(&key, "createPlan", plan, "__typename");
        for (test, handle) in [(json!(null), "a"), (json!(true), "b")] {
            let input = json!({
                "customer": {"create": {"name": "J"}}, "plan": {"code": "M"}, "test": test, "handle": handle,
            });
            let selection = format!("subscription {{ {selection} }}");
            let made = app.attempt_as(&key, "createSubscription", input, &selection);
            let expected = json!({"terms": {"test": true}, "invoices": {"nodes": [{"test": true}]}});
            assert_eq!(made, json!({"subscription": expected, "userErrors": []}));
        }
        let live = json!({"customer": {"create": {"name": "J"}}, "plan": {"code": "M"}, "test": false});
        let refused = app.attempt_as(&key, "createSubscription", live, "customer { id }");
        assert_eq!(super::blamed(&refused["userErrors"]), ["LIVE_ON_TEST_TENANT input.test"]);
        assert_eq!(refused["userErrors"][0]["number"], 21);
    }
}
