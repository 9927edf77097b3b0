//! What clients of a live tenant do that is charged by Stripe.

use super::{KEY, WEBHOOK_SECRET, server, stripe};
use crate::api::refuses_at;
use crate::support::TestApp;
use crate::support::builders::{text, to_m30};
use crate::support::consistency::assert_consistent;
use crate::support::database::TestDatabase;
use crate::support::program::{Program, command};
use serde_json::{Value, json};

/// A payment method of a customer that Stripe knows.
pub fn kept(app: &TestApp, customer: &str, number: &str) -> String {
    let input = json!({"customerId": customer, "gatewayToken": server().card(number)});
    text(&app.mutate("addPaymentMethod", input, "paymentMethod { id }")["paymentMethod"]["id"])
}

/// A subscription that is charged right away.
pub fn subscribe(app: &TestApp, customer: &str, method: &str) -> Value {
    let what = "subscription { id status } invoice { status totals { total { amount } } }";
    app.mutate("createSubscription", to_m30(&json!({"id": customer}), json!({"source": method})), what)
}

/// What the log says of its attempts.
fn log(app: &TestApp) -> Vec<String> {
    app.database.texts(
        "SELECT status || ' ' || amount || coalesce(' ' || error_code, '') || coalesce(' ' || substr(gateway_reference, 1, 3), '')
         AS line FROM payment_attempts ORDER BY created_at, id",
    )
}

/// Stripe's name of a customer, by a payment method of it.
fn name(app: &TestApp, method: &str) -> String {
    let id = method.parse::<perennial::domain::Id<perennial::domain::payment_method::PaymentMethod>>().unwrap();
    let found = app.app.db.read_once(|conn| perennial::repository::Query::by_id(app.tenant, id).first(conn)).unwrap();
    found.unwrap().gateway_reference.split('/').next().unwrap().to_owned()
}

stripe! {
    a_subscription_is_paid_by_a_card_of_stripe(app) {
        app.shop(json!({}));
        let customer = app.customer("Jane");
        let method = kept(app, &customer, "4242424242424242");
        let created = subscribe(app, &customer, &method);
        assert_eq!(created["subscription"]["status"], "ACTIVE");
        assert_eq!(created["invoice"], json!({"status": "PAID", "totals": {"total": {"amount": "300.00"}}}));
        assert_eq!(log(app), ["SUCCEEDED 30000 pi_"]);
        assert_eq!(server().charges(&name(app, &method)), [(30000, 0)]);
        assert!(app.gateway.charged().is_empty(), "the test gateway is for others");
        assert_consistent(app);
    }

    a_card_that_stripe_declines_creates_nothing_under_a_condition(app) {
        app.shop(json!({}));
        let customer = app.customer("Jane");
        for (number, code) in [("4000000000000341", "card_declined"), ("4000002500003155", "authentication_required")] {
            let method = kept(app, &customer, number);
            let request = json!({"source": method, "conditionalCreate": true});
            let refused = app.attempt("createSubscription", to_m30(&json!({"id": customer}), request), "subscription { id }");
            assert_eq!(refused["userErrors"][0]["code"], "PAYMENT_DECLINED", "{refused}");
            assert!(text(&refused["userErrors"][0]["message"]).contains(code), "{refused}");
            assert_eq!(log(app).last().unwrap(), &format!("DECLINED 30000 {code}"));
        }
    }

    a_bank_that_takes_its_time_creates_nothing(app) {
        app.shop(json!({}));
        let customer = app.customer("Jane");
        let input = json!({"customerId": customer, "gatewayToken": server().account("DE62370400440532013001")});
        let added = app.mutate("addPaymentMethod", input, "paymentMethod { id label }");
        assert_eq!(added["paymentMethod"]["label"], "Sepa debit 3001");
        let request = json!({"source": added["paymentMethod"]["id"], "conditionalCreate": true});
        let refused = app.attempt("createSubscription", to_m30(&json!({"id": customer}), request), "subscription { id }");
        assert_eq!(refused["userErrors"][0]["code"], "PAYMENT_PROCESSING_ERROR", "{refused}");
        let message = text(&refused["userErrors"][0]["message"]);
        assert!(message.contains("pending") || message.contains("card_declined"), "{refused}");
        assert_eq!(app.database.number("SELECT count(*) FROM subscriptions"), 0);
    }

    a_card_is_kept_once_and_its_customer_at_stripe_is_the_same(app) {
        let customer = app.customer("Jane");
        let token = server().card("4242424242424242");
        let input = json!({"customerId": customer, "gatewayToken": token});
        let first = app.attempt_once("key", "addPaymentMethod", input.clone(), "paymentMethod { id label state }");
        assert_eq!((&first["paymentMethod"]["label"], &first["paymentMethod"]["state"]), (&json!("Visa 4242"), &json!("ACTIVE")));
        let again = app.attempt_once("key", "addPaymentMethod", input.clone(), "paymentMethod { id label state }");
        assert_eq!(again, first);
        refuses_at(app, "addPaymentMethod", input, &["TOKEN_ALREADY_USED input.gatewayToken"]);
        let other = kept(app, &customer, "4242424242424242");
        assert_eq!(name(app, &other), name(app, &text(&first["paymentMethod"]["id"])));
        assert_consistent(app);
    }

    what_is_no_card_of_stripe_is_refused_and_changes_nothing(app) {
        let customer = app.customer("Jane");
        let lost = server().card("4000000000000002");
        for (token, expected) in [
            (json!(lost), "INVALID_TOKEN input.gatewayToken"),
            (json!("pm_unknown"), "INVALID_TOKEN input.gatewayToken"),
            (json!("tok_visa"), "INVALID_TOKEN input.gatewayToken"),
            (json!(" "), "VALIDATION_ERROR input.gatewayToken"),
            (json!("x".repeat(256)), "VALIDATION_ERROR input.gatewayToken"),
            (json!(null), "VALIDATION_ERROR input.token"),
        ] {
            refuses_at(app, "addPaymentMethod", json!({"customerId": customer, "gatewayToken": token}), &[expected]);
        }
        let nobody = json!({"customerId": "cus_00000000000000000000000000", "gatewayToken": "pm_1"});
        refuses_at(app, "addPaymentMethod", nobody, &["CUSTOMER_NOT_FOUND input.customerId"]);
        let both = json!({"customerId": customer, "gatewayToken": "pm_1", "token": "ct_00000000000000000000000000"});
        refuses_at(app, "addPaymentMethod", both, &["VALIDATION_ERROR input.token"]);
        refuses_at(app, "createTestToken", json!({"card": "SUCCEEDS"}), &["VALIDATION_ERROR input.card"]);
    }

    a_tenant_for_trying_out_is_charged_by_the_test_gateway(app) {
        let (_, key) = app.test_tenant();
        let made = app.attempt_as(&key, "createCustomer", json!({"name": "Jane"}), "customer { id }");
        let token = app.attempt_as(&key, "createTestToken", json!({"card": "SUCCEEDS"}), "paymentToken { id }");
        assert_eq!(token["userErrors"], json!([]));
        let input = json!({"customerId": made["customer"]["id"], "gatewayToken": "pm_1"});
        let refused = app.attempt_as(&key, "addPaymentMethod", input, "__typename");
        assert_eq!(refused["userErrors"][0]["code"], "VALIDATION_ERROR", "{refused}");
        let message = text(&refused["userErrors"][0]["message"]);
        assert!(message.contains("createTestToken"), "it says what to do: {message}");
    }
}

#[test]
fn the_program_charges_by_stripe_only_with_its_secrets() {
    let database = TestDatabase::fresh(crate::support::Backend::Sqlite);
    let url = &database.url;
    let serve = ["serve", "--listen", "127.0.0.1:0", "--gateway", "stripe"];
    for (secrets, expected) in [
        (&[][..], "STRIPE_SECRET_KEY"),
        (&[("STRIPE_SECRET_KEY", "pk_test_hidden")], "STRIPE_SECRET_KEY"),
        (&[("STRIPE_SECRET_KEY", "sk_test_hidden")], "STRIPE_WEBHOOK_SECRET"),
    ] {
        let output = command(&serve).env("DATABASE_URL", url).envs(secrets.iter().copied()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && said.contains(expected) && !said.contains("hidden"), "{said}");
    }
    let secrets = [("STRIPE_SECRET_KEY", KEY), ("STRIPE_WEBHOOK_SECRET", WEBHOOK_SECRET)];
    let program = Program::try_serve_with(url, &["--gateway", "stripe"], &secrets).unwrap();
    assert_eq!(program.post("/webhooks/stripe", "{}").status, 400);
    let without = Program::serve(url);
    assert_eq!(without.post("/webhooks/stripe", "{}").status, 404);
}
