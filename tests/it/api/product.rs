//! Products and their rental prices.

use super::{conflicts, refuses_at, with};
use crate::support::both;
use crate::support::builders::text;
use serde_json::{Value, json};

const WHOLE: &str = "product {
    __typename sku name status currency listPrice { amount currency } metadata version createdAt updatedAt
    rentalPrices { contractLength monthlyPrice { amount currency } } assets { totalCount }
}";

fn price(months: i32, amount: &str) -> Value {
    json!({"contractLength": months, "monthlyPrice": amount})
}

both! {
    a_product_is_kept_with_its_prices_by_contract_length(app) {
        let input = json!({
            "sku": " LAP ", "name": " Laptop ", "listPrice": "1799", "currency": "usd",
            "rentalPrices": [price(24, "99.9"), price(1, "0"), price(120, "10000000000"), price(12, "129.00")],
            "metadata": {"cores": 8},
        });
        let made = app.mutate("createProduct", input, WHOLE);
        let price = |months: i32, amount: &str| {
            let amount = json!({"amount": amount, "currency": "USD"});
            json!({"contractLength": months, "monthlyPrice": amount})
        };
        let expected = json!({
            "__typename": "Product", "sku": "LAP", "name": "Laptop", "status": "ACTIVE", "currency": "USD",
            "listPrice": {"amount": "1799.00", "currency": "USD"}, "metadata": {"cores": 8}, "version": 1,
            "createdAt": "2025-01-31T12:00:00Z", "updatedAt": "2025-01-31T12:00:00Z",
            "rentalPrices": [price(1, "0.00"), price(12, "129.00"), price(24, "99.90"), price(120, "10000000000.00")],
            "assets": {"totalCount": 0},
        });
        assert_eq!(made["product"], expected);
    }

    amounts_have_the_digits_of_their_currency(app) {
        for (currency, given, amount) in [
            ("EUR", json!("0.05"), Some("0.05")),
            ("EUR", json!("0.050"), Some("0.05")),
            ("EUR", json!("0.005"), None),
            ("EUR", json!(129), Some("129.00")),
            ("JPY", json!("1500"), Some("1500")),
            ("JPY", json!("0.5"), None),
            ("KWD", json!("0.001"), Some("0.001")),
            ("KWD", json!("0.0001"), None),
            ("EUR", json!("10000000000.01"), None),
            ("EUR", json!("9999999999999999999999999999999999999"), None),
        ] {
            let sku = format!("{currency} {given}");
            let input = json!({"sku": sku, "name": "X", "currency": currency, "listPrice": given});
            match amount {
                Some(amount) => {
                    let made = app.mutate("createProduct", input, "product { listPrice { amount currency } }");
                    assert_eq!(made["product"]["listPrice"], json!({"amount": amount, "currency": currency}));
                }
                None => refuses_at(app, "createProduct", input, &["VALIDATION_ERROR input.listPrice"]),
            }
        }
    }

    a_price_without_a_currency_is_in_the_tenants(app) {
        app.mutate("updateTenantSettings", json!({"defaultCurrency": "JPY"}), "__typename");
        let fine = json!({"sku": "A", "name": "A", "rentalPrices": [price(1, "1"), price(12, "1.5")]});
        refuses_at(app, "createProduct", fine, &["VALIDATION_ERROR input.rentalPrices.1.monthlyPrice"]);
        let made = app.mutate("createProduct", json!({"sku": "A", "name": "A", "listPrice": "7"}), WHOLE);
        assert_eq!(made["product"]["listPrice"], json!({"amount": "7", "currency": "JPY"}));
    }

    an_sku_is_taken_once_and_a_length_has_one_price(app) {
        app.product("LAP", "129.00");
        refuses_at(app, "createProduct", json!({"sku": " LAP", "name": "B"}), &["DUPLICATE_SKU input.sku"]);
        app.mutate("createProduct", json!({"sku": "lap", "name": "B"}), "__typename");
        let twins = json!([price(12, "1"), price(24, "2"), price(12, "3")]);
        let input = json!({"sku": "C", "name": "C", "rentalPrices": twins});
        refuses_at(app, "createProduct", input, &["INVALID_PRICING input.rentalPrices"]);
        let id = app.product("D", "1");
        let input = json!({"productId": id, "rentalPrices": twins, "name": "not kept"});
        refuses_at(app, "updateProduct", input, &["INVALID_PRICING input.rentalPrices"]);
    }

    an_update_keeps_what_is_left_out_and_clears_what_is_null(app) {
        let input = json!({
            "sku": "LAP", "name": "Laptop", "listPrice": "10", "rentalPrices": [price(12, "1"), price(24, "2")],
            "metadata": {"a": 1},
        });
        let id = text(&app.mutate("createProduct", input, "product { id }")["product"]["id"]);
        app.set_clock("2025-02-01T12:00:00Z");
        let update = |changes: Value| {
            app.mutate("updateProduct", with(json!({"productId": id}), changes), WHOLE)["product"].take()
        };
        let same = update(json!({}));
        assert_eq!(
            (&same["name"], &same["listPrice"]["amount"], &same["version"]),
            (&json!("Laptop"), &json!("10.00"), &json!(2))
        );
        assert_eq!(same["rentalPrices"].as_array().unwrap().len(), 2);
        assert_eq!(same["updatedAt"], "2025-02-01T12:00:00Z");
        let cleared = update(json!({"listPrice": null}));
        assert_eq!(cleared, with(same.clone(), json!({"listPrice": null, "version": 3})));
        let changed = update(json!({
            "name": "L", "status": "INACTIVE", "listPrice": "11", "rentalPrices": [price(36, "3")], "metadata": {},
        }));
        let expected = json!({
            "name": "L", "status": "INACTIVE", "listPrice": {"amount": "11.00", "currency": "EUR"}, "metadata": {},
            "rentalPrices": [{"contractLength": 36, "monthlyPrice": {"amount": "3.00", "currency": "EUR"}}],
            "version": 4,
        });
        assert_eq!(changed, with(same.clone(), expected));
        assert_eq!(update(json!({"rentalPrices": []}))["rentalPrices"], json!([]));
        let nulls = json!({"productId": id, "name": null, "status": null, "rentalPrices": null, "metadata": null});
        let expected = ["name", "status", "rentalPrices", "metadata"].map(|name| format!("VALIDATION_ERROR input.{name}"));
        refuses_at(app, "updateProduct", nulls, &expected.each_ref().map(String::as_str));
    }

    all_that_is_wrong_with_a_product_is_said_at_once(app) {
        let id = app.product("LAP", "1");
        let wrong = json!({
            "sku": "\u{a0}", "name": "n".repeat(201), "listPrice": "-0.01", "currency": "EURO",
            "rentalPrices": [price(0, "1"), price(121, "abc"), price(12, "1.0.0")], "metadata": "text",
        });
        let expected = [
            "VALIDATION_ERROR input.sku",
            "VALIDATION_ERROR input.name",
            "VALIDATION_ERROR input.listPrice",
            "VALIDATION_ERROR input.currency",
            "VALIDATION_ERROR input.rentalPrices.0.contractLength",
            "VALIDATION_ERROR input.rentalPrices.1.contractLength",
            "VALIDATION_ERROR input.rentalPrices.1.monthlyPrice",
            "VALIDATION_ERROR input.rentalPrices.2.monthlyPrice",
            "VALIDATION_ERROR input.metadata",
        ];
        refuses_at(app, "createProduct", wrong, &expected);
        let many = vec![price(1, "1"); 121];
        let wrong = json!({"productId": id, "name": "", "listPrice": "x", "rentalPrices": many, "metadata": 1});
        let expected =
            ["name", "listPrice", "rentalPrices", "metadata"].map(|path| format!("VALIDATION_ERROR input.{path}"));
        refuses_at(app, "updateProduct", wrong, &expected.iter().map(String::as_str).collect::<Vec<_>>());
        let gone = json!({"productId": "prd_00000000000000000000000000"});
        refuses_at(app, "updateProduct", gone, &["NOT_FOUND input.productId"]);
        let fine = json!({"productId": id, "listPrice": "0.001"});
        refuses_at(app, "updateProduct", fine, &["VALIDATION_ERROR input.listPrice"]);
    }

    a_stale_version_is_a_conflict(app) {
        conflicts(app, "updateProduct", &json!({"productId": app.product("LAP", "1")}), "product", 1);
    }
}
