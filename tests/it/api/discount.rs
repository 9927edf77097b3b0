//! Discounts: templates of what is taken off.

use super::{conflicts, refuses_at, with};
use crate::support::builders::text;
use crate::support::{TestApp, both};
use serde_json::{Value, json};

const WHOLE: &str = "discount {
    __typename id code name percentage amount { amount currency } appliesTo fixedCount fixedPeriod fixedPeriodUnit state
    metadata version createdAt updatedAt
}";

fn create(app: &TestApp, input: Value) -> Value {
    app.mutate("createDiscount", input, WHOLE)["discount"].take()
}

fn percent(code: &str, percentage: &str) -> Value {
    json!({"code": code, "name": code, "percentage": percentage})
}

fn euros(code: &str, amount: &str) -> Value {
    json!({"code": code, "name": code, "amount": amount})
}

both! {
    a_discount_is_created_and_read_back(app) {
        let made = create(app, json!({
            "code": " SPRING ", "name": " Spring ", "percentage": "12.500001", "appliesTo": ["ADD_ON", "PLAN", "ADD_ON"],
            "fixedCount": 3, "fixedPeriod": 2, "fixedPeriodUnit": "MONTHS", "metadata": {"a": 1},
        }));
        let expected = json!({
            "__typename": "Discount", "id": made["id"], "code": "SPRING", "name": "Spring", "percentage": "12.500001",
            "amount": null, "appliesTo": ["PLAN", "ADD_ON"], "fixedCount": 3, "fixedPeriod": 2,
            "fixedPeriodUnit": "MONTHS", "state": "ACTIVE", "metadata": {"a": 1}, "version": 1,
            "createdAt": "2025-01-31T12:00:00Z", "updatedAt": "2025-01-31T12:00:00Z",
        });
        assert_eq!(made, expected);
        let least = create(app, euros("FIVE", "5"));
        let expected = json!({
            "__typename": "Discount", "id": least["id"], "code": "FIVE", "name": "FIVE", "percentage": null,
            "amount": {"amount": "5.00", "currency": "EUR"}, "appliesTo": ["ALL"], "fixedCount": null,
            "fixedPeriod": null, "fixedPeriodUnit": null, "state": "ACTIVE", "metadata": {}, "version": 1,
            "createdAt": "2025-01-31T12:00:00Z", "updatedAt": "2025-01-31T12:00:00Z",
        });
        assert_eq!(least, expected);
        let found = app.data(&format!(
            r#"{{ discount(id: {}) {{ code }} discountByCode(code: "FIVE") {{ id }}
                  discounts(orderBy: [{{field: CODE}}]) {{ nodes {{ code }} totalCount }} }}"#,
            made["id"]
        ));
        assert_eq!(found, json!({
            "discount": {"code": "SPRING"}, "discountByCode": {"id": least["id"]},
            "discounts": {"nodes": [{"code": "FIVE"}, {"code": "SPRING"}], "totalCount": 2},
        }));
    }

    a_percentage_is_exact_and_lies_above_0_up_to_100(app) {
        for (percentage, kept) in [("100", "100"), ("0.000001", "0.000001"), ("33.330", "33.33"), ("7", "7")] {
            assert_eq!(create(app, percent(percentage, percentage))["percentage"], kept);
        }
        for percentage in ["0", "-1", "100.000001", "101", "0.0000001", "ten", "1e1"] {
            refuses_at(app, "createDiscount", percent("X", percentage), &["VALIDATION_ERROR input.percentage"]);
        }
    }

    an_amount_has_the_digits_of_its_currency(app) {
        let made = create(app, with(euros("YEN", "500"), json!({"currency": "jpy"})));
        assert_eq!(made["amount"], json!({"amount": "500", "currency": "JPY"}));
        for (amount, currency) in [("0.005", "EUR"), ("0.5", "JPY"), ("0", "EUR"), ("-1", "EUR"), ("10000000000.01", "EUR")] {
            let input = with(euros("X", amount), json!({"currency": currency}));
            refuses_at(app, "createDiscount", input, &["VALIDATION_ERROR input.amount"]);
        }
        app.mutate("updateTenantSettings", json!({"defaultCurrency": "KWD"}), "__typename");
        assert_eq!(create(app, euros("DINAR", "0.005"))["amount"], json!({"amount": "0.005", "currency": "KWD"}));
    }

    a_discount_is_either_a_percentage_or_an_amount(app) {
        let bare = json!({"code": "X", "name": "X"});
        for (changes, path) in [
            (json!({}), "percentage"),
            (json!({"percentage": "1", "amount": "1"}), "amount"),
            (json!({"percentage": "1", "currency": "EUR"}), "currency"),
            (json!({"currency": "EUR"}), "currency"),
        ] {
            let expected = format!("VALIDATION_ERROR input.{path}");
            refuses_at(app, "createDiscount", with(bare.clone(), changes), &[&expected]);
        }
        let id = create(app, percent("X", "10"))["id"].clone();
        let update = |changes: Value| {
            app.mutate("updateDiscount", with(json!({"discountId": id}), changes), WHOLE)["discount"].take()
        };
        let of = |discount: &Value| (discount["percentage"].clone(), discount["amount"].clone());
        let amount = |amount: &str, currency: &str| (json!(null), json!({"amount": amount, "currency": currency}));
        assert_eq!(of(&update(json!({"amount": "3", "currency": "JPY"}))), amount("3", "JPY"));
        // The currency of the amount before.
        assert_eq!(of(&update(json!({"amount": "4"}))), amount("4", "JPY"));
        assert_eq!(of(&update(json!({"percentage": "20"}))), (json!("20"), json!(null)));
        assert_eq!(of(&update(json!({"amount": "4"}))), amount("4.00", "EUR"));
        assert_eq!(of(&update(json!({"name": "Y"}))), amount("4.00", "EUR"));
        for (changes, path) in [
            (json!({"percentage": "1", "amount": "1"}), "amount"),
            (json!({"currency": "JPY"}), "currency"),
            (json!({"amount": "0"}), "amount"),
            (json!({"amount": "0.001"}), "amount"),
            (json!({"amount": null}), "amount"),
            (json!({"percentage": null}), "percentage"),
        ] {
            let expected = format!("VALIDATION_ERROR input.{path}");
            refuses_at(app, "updateDiscount", with(json!({"discountId": id}), changes), &[&expected]);
        }
    }

    an_update_keeps_what_is_left_out_and_clears_what_is_null(app) {
        let made = create(app, with(percent("X", "10"), json!({
            "appliesTo": ["PLAN"], "fixedCount": 3, "fixedPeriod": 7, "fixedPeriodUnit": "DAYS", "metadata": {"a": 1},
        })));
        app.set_clock("2025-02-01T12:00:00Z");
        let update = |changes: Value| {
            app.mutate("updateDiscount", with(json!({"discountId": made["id"]}), changes), WHOLE)["discount"].take()
        };
        let same = with(made.clone(), json!({"version": 2, "updatedAt": "2025-02-01T12:00:00Z"}));
        assert_eq!(update(json!({})), same);
        let cleared = json!({"fixedCount": null, "fixedPeriod": null, "fixedPeriodUnit": null});
        let expected = with(with(same.clone(), cleared.clone()), json!({"version": 3}));
        assert_eq!(update(cleared), expected);
        let change = json!({
            "name": "Y", "percentage": "11", "appliesTo": ["SETUP_FEE"], "fixedCount": 1, "fixedPeriod": 2,
            "fixedPeriodUnit": "MONTHS", "metadata": {},
        });
        assert_eq!(update(change.clone()), with(with(same.clone(), change), json!({"version": 4})));
        assert_eq!(update(json!({"fixedPeriod": null}))["fixedPeriodUnit"], json!(null));
        let nulls = json!({"discountId": made["id"], "name": null, "appliesTo": null, "metadata": null});
        let expected = ["name", "appliesTo", "metadata"].map(|path| format!("VALIDATION_ERROR input.{path}"));
        refuses_at(app, "updateDiscount", nulls, &expected.each_ref().map(String::as_str));
    }

    a_code_is_taken_once_and_stays_taken(app) {
        let first = text(&create(app, percent("X", "1"))["id"]);
        refuses_at(app, "createDiscount", percent(" X", "2"), &["DUPLICATE_HANDLE input.code"]);
        app.mutate("archiveDiscount", json!({"discountId": first}), "__typename");
        refuses_at(app, "createDiscount", percent("X", "2"), &["DUPLICATE_HANDLE input.code"]);
        create(app, percent("x", "2"));
    }

    an_archived_discount_stays_archived(app) {
        let made = create(app, percent("X", "1"));
        for _ in 0..2 {
            let found = app.mutate("archiveDiscount", json!({"discountId": made["id"]}), WHOLE);
            assert_eq!(found["discount"], with(made.clone(), json!({"state": "DELETED", "version": 2})));
        }
        let told = app.database.texts("SELECT event_type AS line FROM events ORDER BY id");
        assert_eq!(told, ["discount.created", "discount.archived"]);
    }

    all_that_is_wrong_with_a_discount_is_said_at_once(app) {
        let id = create(app, percent("X", "1"))["id"].clone();
        let wrong = json!({
            "code": "", "name": " ", "percentage": "0", "amount": "-1", "currency": "XAU", "appliesTo": [],
            "fixedCount": 0, "fixedPeriodUnit": "DAYS", "metadata": [],
        });
        let paths =
            ["code", "name", "percentage", "amount", "currency", "appliesTo", "fixedCount", "fixedPeriod", "metadata"];
        let expected = paths.map(|path| format!("VALIDATION_ERROR input.{path}"));
        refuses_at(app, "createDiscount", wrong.clone(), &expected.each_ref().map(String::as_str));
        let mut change = with(wrong, json!({"discountId": id}));
        change.as_object_mut().unwrap().remove("code");
        refuses_at(app, "updateDiscount", change, &expected[1..].iter().map(String::as_str).collect::<Vec<_>>());
        for (changes, path) in [
            (json!({"fixedPeriod": 3}), "fixedPeriodUnit"),
            (json!({"fixedPeriod": 0, "fixedPeriodUnit": "DAYS"}), "fixedPeriod"),
            (json!({"fixedPeriod": 10_001, "fixedPeriodUnit": "DAYS"}), "fixedPeriod"),
            (json!({"fixedCount": 10_001}), "fixedCount"),
        ] {
            let expected = format!("VALIDATION_ERROR input.{path}");
            refuses_at(app, "createDiscount", with(percent("Y", "1"), changes.clone()), &[&expected]);
            refuses_at(app, "updateDiscount", with(json!({"discountId": id}), changes), &[&expected]);
        }
        let gone = json!({"discountId": "dsc_00000000000000000000000000"});
        for mutation in ["updateDiscount", "archiveDiscount"] {
            refuses_at(app, mutation, gone.clone(), &["DISCOUNT_NOT_FOUND input.discountId"]);
        }
    }

    a_stale_version_is_a_conflict(app) {
        let which = json!({"discountId": create(app, percent("X", "1"))["id"]});
        conflicts(app, "updateDiscount", &which, "discount", 1);
        conflicts(app, "archiveDiscount", &which, "discount", 2);
    }
}
