//! Billing groups.

use super::{conflicts, refuses_at, with};
use crate::support::both;
use serde_json::json;

const WHOLE: &str = "billingGroup {
    __typename name billingDay status currency version createdAt updatedAt customer { name }
    subscriptions { totalCount }
}";

both! {
    a_billing_group_is_kept_with_all_that_is_said_of_it(app) {
        let customer = app.customer("Jane");
        let input = json!({"customerId": customer, "name": " Berlin ", "billingDay": 28});
        let made = app.mutate("createBillingGroup", input, WHOLE);
        let expected = json!({
            "__typename": "BillingGroup", "name": "Berlin", "billingDay": 28, "status": "ACTIVE", "currency": null,
            "version": 1, "createdAt": "2025-01-31T12:00:00Z", "updatedAt": "2025-01-31T12:00:00Z",
            "customer": {"name": "Jane"}, "subscriptions": {"totalCount": 0},
        });
        assert_eq!(made["billingGroup"], expected);
        let groups = app.data(&format!(r#"{{ customer(id: "{customer}") {{ billingGroups {{ name }} }} }}"#));
        assert_eq!(groups["customer"]["billingGroups"], json!([{"name": "Berlin"}]));
    }

    an_update_keeps_what_is_left_out(app) {
        let customer = app.customer("Jane");
        let group = app.billing_group(&customer, 15);
        app.set_clock("2025-02-01T12:00:00Z");
        for (changes, name, day, status, version) in [
            (json!({}), "Group", 15, "ACTIVE", 2),
            (json!({"name": "Berlin"}), "Berlin", 15, "ACTIVE", 3),
            (json!({"billingDay": 1, "status": "INACTIVE"}), "Berlin", 1, "INACTIVE", 4),
            (json!({"status": "ACTIVE"}), "Berlin", 1, "ACTIVE", 5),
        ] {
            let made = app.mutate("updateBillingGroup", with(json!({"billingGroupId": group}), changes), WHOLE);
            let expected = json!({
                "__typename": "BillingGroup", "name": name, "billingDay": day, "status": status, "currency": null,
                "version": version, "createdAt": "2025-01-31T12:00:00Z", "updatedAt": "2025-02-01T12:00:00Z",
                "customer": {"name": "Jane"}, "subscriptions": {"totalCount": 0},
            });
            assert_eq!(made["billingGroup"], expected);
        }
        let nulls = json!({"billingGroupId": group, "name": null, "billingDay": null, "status": null});
        let expected =
            ["VALIDATION_ERROR input.name", "VALIDATION_ERROR input.billingDay", "VALIDATION_ERROR input.status"];
        refuses_at(app, "updateBillingGroup", nulls, &expected);
    }

    another_billing_day_leaves_the_due_dates_that_are_scheduled(app) {
        let warehouse = app.warehouse();
        let group = app.billing_group(&warehouse.customer, 15);
        let scan = warehouse.scan_with("L1", json!({"billingGroupId": group}));
        let schedule = "subscription { id paymentSchedule { dueDate status } }";
        let made = app.mutate("fulfilOrderItem", scan, schedule)["subscription"].take();
        let change = json!({"billingGroupId": group, "billingDay": 20});
        let changed = app.mutate(
            "updateBillingGroup",
            change,
            "billingGroup { currency subscriptions { nodes { id paymentSchedule { dueDate status } } } }",
        );
        assert_eq!(changed["billingGroup"], json!({"currency": "EUR", "subscriptions": {"nodes": [made]}}));
    }

    a_billing_group_is_refused_with_the_argument_to_blame(app) {
        let customer = app.customer("Jane");
        let group = app.billing_group(&customer, 15);
        let input = json!({"customerId": customer, "name": "G", "billingDay": 1});
        for (changes, expected) in [
            (json!({"customerId": "cus_00000000000000000000000000"}), &["CUSTOMER_NOT_FOUND input.customerId"][..]),
            (json!({"billingDay": 0}), &["INVALID_BILLING_DAY input.billingDay"]),
            (json!({"billingDay": 29}), &["INVALID_BILLING_DAY input.billingDay"]),
            (json!({"billingDay": -1}), &["INVALID_BILLING_DAY input.billingDay"]),
            (json!({"billingDay": 257}), &["INVALID_BILLING_DAY input.billingDay"]),
            (
                json!({"customerId": group, "name": " ", "billingDay": 31}),
                &[
                    "VALIDATION_ERROR input.customerId",
                    "VALIDATION_ERROR input.name",
                    "INVALID_BILLING_DAY input.billingDay",
                ],
            ),
        ] {
            refuses_at(app, "createBillingGroup", with(input.clone(), changes), expected);
        }
        for (change, expected) in [
            (
                json!({"billingGroupId": "bgr_00000000000000000000000000"}),
                &["BILLING_GROUP_NOT_FOUND input.billingGroupId"][..],
            ),
            (
                json!({"billingGroupId": "x", "name": "", "billingDay": 29}),
                &[
                    "VALIDATION_ERROR input.billingGroupId",
                    "VALIDATION_ERROR input.name",
                    "INVALID_BILLING_DAY input.billingDay",
                ],
            ),
        ] {
            refuses_at(app, "updateBillingGroup", change, expected);
        }
    }

    a_stale_version_is_a_conflict(app) {
        let customer = app.customer("Jane");
        let group = app.billing_group(&customer, 15);
        conflicts(app, "updateBillingGroup", &json!({"billingGroupId": group}), "billingGroup", 1);
    }
}
