//! Payment methods and tokens: how a token becomes a payment method, once, and how that is taken out of use.

use super::{conflicts, refuses_at, with};
use crate::support::both;
use crate::support::builders::text;
use crate::support::consistency::assert_consistent;
use chrono::TimeDelta;
use perennial::domain::Instant;
use perennial::domain::payment::PaymentAttempt;
use perennial::repository::payment_method;
use serde_json::{Value, json};

const METHOD: &str = "paymentMethod { __typename state label version createdAt updatedAt customer { name } }";
const TOKEN: &str = "paymentToken { __typename label expiresAt usedAt createdAt customer { name } }";

fn instant(text: &str) -> Instant {
    text.parse().unwrap()
}

both! {
    a_token_of_the_test_gateway_is_for_a_card_and_perhaps_for_a_customer(app) {
        let customer = app.customer("Jane");
        let expected = json!({
            "__typename": "PaymentToken", "label": "Test card 0001", "expiresAt": "2025-01-31T13:00:00Z",
            "usedAt": null, "createdAt": "2025-01-31T12:00:00Z", "customer": null,
        });
        for (input, changes) in [
            (json!({"card": "SUCCEEDS"}), json!({})),
            (json!({"card": "SUCCEEDS", "customerId": null, "expiresInSeconds": null}), json!({})),
            (json!({"card": "INSUFFICIENT_FUNDS"}), json!({"label": "Test card 0002"})),
            (json!({"card": "LOST_OR_STOLEN"}), json!({"label": "Test card 0003"})),
            (json!({"card": "PROCESSING_ERROR"}), json!({"label": "Test card 0004"})),
            (json!({"card": "HANGS"}), json!({"label": "Test card 0005"})),
            (json!({"card": "PENDS"}), json!({"label": "Test card 0006"})),
            (json!({"card": "SUCCEEDS", "customerId": customer}), json!({"customer": {"name": "Jane"}})),
            (json!({"card": "SUCCEEDS", "expiresInSeconds": 1}), json!({"expiresAt": "2025-01-31T12:00:01Z"})),
            (json!({"card": "SUCCEEDS", "expiresInSeconds": 86_400}), json!({"expiresAt": "2025-02-01T12:00:00Z"})),
        ] {
            let made = app.mutate("createTestToken", input.clone(), TOKEN);
            assert_eq!(made["paymentToken"], with(expected.clone(), changes), "{input}");
        }
        let made = app.mutate("createTestToken", json!({"card": "SUCCEEDS"}), "paymentToken { id }");
        assert!(text(&made["paymentToken"]["id"]).starts_with("ct_"), "as Billwerk+ names its tokens: {made}");
    }

    a_token_becomes_a_payment_method_and_is_used_up(app) {
        let customer = app.customer("Jane");
        let token = app.token("INSUFFICIENT_FUNDS");
        app.set_clock("2025-01-31T12:59:59Z");
        let added = app.mutate("addPaymentMethod", json!({"customerId": customer, "token": token}), METHOD);
        let expected = json!({
            "__typename": "PaymentMethod", "state": "ACTIVE", "label": "Test card 0002", "version": 1,
            "createdAt": "2025-01-31T12:59:59Z", "updatedAt": "2025-01-31T12:59:59Z", "customer": {"name": "Jane"},
        });
        assert_eq!(added["paymentMethod"], expected);
        let used = app.data(&format!(r#"{{ node(id: "{token}") {{ ... on PaymentToken {{ usedAt }} }} }}"#));
        assert_eq!(used["node"], json!({"usedAt": "2025-01-31T12:59:59Z"}));
        assert!(app.gateway.charged().is_empty(), "nobody is charged for it");
        assert_consistent(app);
    }

    a_customer_has_its_payment_methods_in_the_order_in_which_they_were_added(app) {
        let [jane, joe] = ["Jane", "Joe"].map(|name| app.customer(name));
        let first = app.payment_method(&jane, "SUCCEEDS");
        let others = app.payment_method(&joe, "HANGS");
        let second = app.payment_method(&jane, "LOST_OR_STOLEN");
        assert!(first.starts_with("ca_"), "as Billwerk+ names its cards: {first}");
        let found = app.data("{ customers(orderBy: [{field: NAME}]) { nodes { paymentMethods { id label } } } }");
        let expected = json!([
            {"paymentMethods": [{"id": first, "label": "Test card 0001"}, {"id": second, "label": "Test card 0003"}]},
            {"paymentMethods": [{"id": others, "label": "Test card 0005"}]},
        ]);
        assert_eq!(found["customers"]["nodes"], expected);
        let events = app.database.texts(
            "SELECT subject || ' ' || CAST(data AS TEXT) AS line FROM events
             WHERE event_type = 'payment_method.created' ORDER BY id",
        );
        let told: Vec<(&str, Value)> = events
            .iter()
            .map(|event| event.split_once(' ').unwrap())
            .map(|(subject, data)| (subject, serde_json::from_str(data).unwrap()))
            .collect();
        let expected = [(&first, &jane), (&others, &joe), (&second, &jane)];
        assert_eq!(told, expected.map(|(method, customer)| (method.as_str(), json!({"customerId": customer}))));
    }

    a_token_is_refused_with_the_reason(app) {
        let [jane, joe] = ["Jane", "Joe"].map(|name| app.customer(name));
        let own = json!({"card": "SUCCEEDS", "customerId": joe});
        let of_joe = text(&app.mutate("createTestToken", own, "paymentToken { id }")["paymentToken"]["id"]);
        let short = json!({"card": "SUCCEEDS", "expiresInSeconds": 60});
        let expired = text(&app.mutate("createTestToken", short, "paymentToken { id }")["paymentToken"]["id"]);
        let used = app.token("SUCCEEDS");
        app.mutate("addPaymentMethod", json!({"customerId": joe, "token": used}), "__typename");
        app.set_clock("2025-01-31T12:01:00Z");
        let nobody = "cus_00000000000000000000000000";
        for (customer, token, expected) in [
            (jane.as_str(), "ct_00000000000000000000000000", "INVALID_TOKEN input.token"),
            (&jane, "ct_x", "INVALID_TOKEN input.token"),
            (&jane, "", "INVALID_TOKEN input.token"),
            (&jane, &jane, "INVALID_TOKEN input.token"),
            (&jane, &of_joe, "INVALID_TOKEN input.token"),
            (&jane, &used, "TOKEN_ALREADY_USED input.token"),
            (&jane, &expired, "TOKEN_EXPIRED input.token"),
            (nobody, &expired, "CUSTOMER_NOT_FOUND input.customerId"),
        ] {
            refuses_at(app, "addPaymentMethod", json!({"customerId": customer, "token": token}), &[expected]);
        }
        let wrong = json!({"customerId": used, "token": "x"});
        let expected = ["VALIDATION_ERROR input.customerId", "INVALID_TOKEN input.token"];
        refuses_at(app, "addPaymentMethod", wrong, &expected);
        app.set_clock("2025-01-31T13:00:00Z");
        let late = json!({"customerId": joe, "token": used});
        refuses_at(app, "addPaymentMethod", late, &["TOKEN_ALREADY_USED input.token"]);
        for (token, code, number) in [
            (&used, "TOKEN_ALREADY_USED", 103),
            (&expired, "TOKEN_EXPIRED", 104),
            (&jane, "INVALID_TOKEN", 34),
        ] {
            let errors = app.refuses("addPaymentMethod", json!({"customerId": joe, "token": token}), &[code]);
            assert_eq!(errors[0]["number"], number, "as Billwerk+ numbers it");
        }
    }

    a_token_that_a_running_request_holds_is_not_to_be_had(app) {
        let (customer, token) = (app.customer("Jane"), app.token("SUCCEEDS"));
        let subscription = "sub_00000000000000000000000000";
        let attempt: PaymentAttempt = app.reserve_payment(app.tenant, (&customer, subscription), &token, None);
        let (id, now) = (token.parse().unwrap(), instant("2025-01-31T12:00:00Z"));
        let until = now + TimeDelta::seconds(60);
        app.app.db.write(|tx| payment_method::hold_token(tx, app.tenant, id, attempt.id, now, until)).unwrap();
        let input = json!({"customerId": customer, "token": token});
        app.set_clock("2025-01-31T12:00:59.999999Z");
        refuses_at(app, "addPaymentMethod", input.clone(), &["TOKEN_ALREADY_USED input.token"]);
        // A request that died does not hold it for ever.
        app.set_clock("2025-01-31T12:01:00Z");
        app.mutate("addPaymentMethod", input, "__typename");
        assert_consistent(app);
    }

    a_payment_method_is_taken_out_of_use_once(app) {
        let customer = app.customer("Jane");
        let method = app.payment_method(&customer, "SUCCEEDS");
        app.set_clock("2025-02-01T12:00:00Z");
        let input = json!({"paymentMethodId": method});
        let archived = app.mutate("archivePaymentMethod", input.clone(), METHOD);
        let expected = json!({
            "__typename": "PaymentMethod", "state": "INACTIVE", "label": "Test card 0001", "version": 2,
            "createdAt": "2025-01-31T12:00:00Z", "updatedAt": "2025-02-01T12:00:00Z", "customer": {"name": "Jane"},
        });
        assert_eq!(archived["paymentMethod"], expected);
        let found = app.data(&format!(r#"{{ paymentMethod(id: "{method}") {{ state }} }}"#));
        assert_eq!(found["paymentMethod"], json!({"state": "INACTIVE"}));
        refuses_at(
            app,
            "archivePaymentMethod",
            input.clone(),
            &["PAYMENT_METHOD_NOT_ACTIVE input.paymentMethodId"],
        );
        let errors = app.refuses("archivePaymentMethod", input, &["PAYMENT_METHOD_NOT_ACTIVE"]);
        assert_eq!(errors[0]["number"], 42, "as Billwerk+ numbers it");
        assert_consistent(app);
    }

    a_payment_method_that_failed_is_taken_out_of_use_as_well(app) {
        let method = app.payment_method(&app.customer("Jane"), "SUCCEEDS");
        app.app.db.execute_batch("UPDATE payment_methods SET state = 'FAILED'").unwrap();
        let archived = app.mutate("archivePaymentMethod", json!({"paymentMethodId": method}), METHOD);
        assert_eq!(archived["paymentMethod"]["state"], "INACTIVE");
    }

    what_is_wrong_is_said_with_the_argument_to_blame(app) {
        let customer = app.customer("Jane");
        let method = app.payment_method(&customer, "SUCCEEDS");
        for (field, input, expected) in [
            (
                "archivePaymentMethod",
                json!({"paymentMethodId": "ca_00000000000000000000000000"}),
                &["PAYMENT_METHOD_NOT_FOUND input.paymentMethodId"][..],
            ),
            (
                "archivePaymentMethod",
                json!({"paymentMethodId": customer}),
                &["VALIDATION_ERROR input.paymentMethodId"],
            ),
            (
                "createTestToken",
                json!({"card": "HANGS", "customerId": "cus_00000000000000000000000000"}),
                &["CUSTOMER_NOT_FOUND input.customerId"],
            ),
            (
                "createTestToken",
                json!({"card": "HANGS", "customerId": method, "expiresInSeconds": 0}),
                &["VALIDATION_ERROR input.customerId", "VALIDATION_ERROR input.expiresInSeconds"],
            ),
            (
                "createTestToken",
                json!({"card": "HANGS", "expiresInSeconds": 86_401}),
                &["VALIDATION_ERROR input.expiresInSeconds"],
            ),
        ] {
            refuses_at(app, field, input, expected);
        }
    }

    a_stale_version_is_a_conflict(app) {
        let method = app.payment_method(&app.customer("Jane"), "SUCCEEDS");
        conflicts(app, "archivePaymentMethod", &json!({"paymentMethodId": method}), "paymentMethod", 1);
    }
}

#[test]
fn the_gateways_own_names_are_never_shown() {
    let schema = perennial::graphql::schema_sdl();
    assert!(schema.contains("type PaymentMethod"));
    // What it calls a charge is shown, so that one finds it there; what it knows a card by is not.
    let references: Vec<&str> = schema.lines().filter(|line| line.to_lowercase().contains("reference: ")).collect();
    assert_eq!(references, ["\tgatewayReference: String"]);
}
