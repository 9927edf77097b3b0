//! Credits, and how invoices take them.

use super::subscription::{monthly, request, subscribe};
use super::{conflicts, refuses_at, with};
use crate::support::builders::text;
use crate::support::consistency::assert_consistent;
use crate::support::{TestApp, both};
use serde_json::{Value, json};

const WHOLE: &str = "credit {
    __typename id customer { name } subscription { id } handle amount { amount currency } remaining { amount } text
    validFrom state applications { amount { amount } returnedAt invoice { number } } version createdAt updatedAt
}";

fn credit(app: &TestApp, customer: &str, amount: &str, changes: Value) -> Value {
    let input = with(json!({"customerId": customer, "amount": amount, "text": "Sorry"}), changes);
    app.mutate("createCredit", input, WHOLE)["credit"].take()
}

/// An invoice by hand over so much, of which what is due is charged; answers how much that is, and its status.
fn invoice(app: &TestApp, customer: &str, amount: &str) -> (String, String) {
    let lines = json!([{"description": "Work", "unitAmount": amount}]);
    let input = json!({"customerId": customer, "lines": lines});
    let made = app.mutate("createInvoice", input, "invoice { amountDue { amount } status }")["invoice"].take();
    (text(&made["amountDue"]["amount"]), text(&made["status"]))
}

both! {
    a_credit_is_created_and_read_back(app) {
        let customer = app.customer("Jane");
        let made = credit(app, &customer, "12.5", json!({"handle": "sorry-1", "text": " Late "}));
        let expected = json!({
            "__typename": "Credit", "id": made["id"], "customer": {"name": "Jane"}, "subscription": null,
            "handle": "sorry-1", "amount": {"amount": "12.50", "currency": "EUR"}, "remaining": {"amount": "12.50"},
            "text": "Late", "validFrom": "2025-01-31T12:00:00Z", "state": "PENDING", "applications": [], "version": 1,
            "createdAt": "2025-01-31T12:00:00Z", "updatedAt": "2025-01-31T12:00:00Z",
        });
        assert_eq!(made, expected);
        let other = credit(app, &customer, "500", json!({"currency": "JPY", "validFrom": "2025-03-01T00:00:00Z"}));
        assert_eq!(other["handle"], "crd-000001");
        assert_eq!(other["amount"], json!({"amount": "500", "currency": "JPY"}));
        let found = app.data(&format!(
            r#"{{ credit(id: {}) {{ handle }} creditByHandle(handle: "crd-000001") {{ id }}
                  credits(filter: {{currency: {{eq: "JPY"}}}}) {{ totalCount nodes {{ id }} }}
                  customer(id: "{customer}") {{ credits(orderBy: {{field: VALID_FROM}}) {{ nodes {{ handle }} }} }} }}"#,
            made["id"]
        ));
        assert_eq!(found, json!({
            "credit": {"handle": "sorry-1"}, "creditByHandle": {"id": other["id"]},
            "credits": {"totalCount": 1, "nodes": [{"id": other["id"]}]},
            "customer": {"credits": {"nodes": [{"handle": "sorry-1"}, {"handle": "crd-000001"}]}},
        }));
    }

    the_oldest_credit_pays_first_and_may_pay_several_invoices(app) {
        let customer = app.customer("Jane");
        credit(app, &customer, "30", json!({"handle": "young", "validFrom": "2025-01-30T00:00:00Z"}));
        credit(app, &customer, "15", json!({"handle": "old", "validFrom": "2025-01-01T00:00:00Z"}));
        credit(app, &customer, "99", json!({"handle": "later", "validFrom": "2025-02-01T00:00:00Z"}));
        credit(app, &customer, "99", json!({"handle": "yen", "currency": "JPY"}));
        credit(app, &app.customer("Joe"), "99", json!({"handle": "joes"}));
        assert_eq!(invoice(app, &customer, "20"), ("0.00".to_owned(), "PAID".to_owned()));
        assert_eq!(invoice(app, &customer, "40"), ("15.00".to_owned(), "OPEN".to_owned()));
        assert_eq!(invoice(app, &customer, "40"), ("40.00".to_owned(), "OPEN".to_owned()));
        let found = app.data(
            "{ credits(orderBy: {field: CREATED_AT}, first: 2) { nodes {
                handle state remaining { amount } version applications { amount { amount } invoice { number } } } } }",
        );
        let application = |amount: &str, number: &str| json!({"amount": {"amount": amount}, "invoice": {"number": number}});
        assert_eq!(found["credits"]["nodes"], json!([
            {"handle": "young", "state": "TRANSFERRED", "remaining": {"amount": "0.00"}, "version": 3,
             "applications": [application("5.00", "INV-000001"), application("25.00", "INV-000002")]},
            {"handle": "old", "state": "TRANSFERRED", "remaining": {"amount": "0.00"}, "version": 2,
             "applications": [application("15.00", "INV-000001")]},
        ]));
        assert_consistent(app);
    }

    the_opening_invoice_of_a_subscription_takes_credits_before_it_is_charged(app) {
        monthly(app);
        let customer = app.customer("Jane");
        app.payment_method(&customer, "SUCCEEDS");
        credit(app, &customer, "100", json!({}));
        let made = subscribe(app, request(&customer, "M30", json!({})), "id status invoices { nodes {
            status creditApplied { amount } amountPaid { amount } amountDue { amount } } }");
        assert_eq!(made["invoices"]["nodes"], json!([{
            "status": "PAID", "creditApplied": {"amount": "100.00"}, "amountPaid": {"amount": "200.00"},
            "amountDue": {"amount": "0.00"},
        }]));
        assert_eq!(app.database.number("SELECT amount FROM payment_attempts WHERE status = 'SUCCEEDED'"), 20000);
        // Where credits cover all of it, nobody is charged.
        credit(app, &customer, "1000", json!({}));
        let covered = subscribe(app, request(&customer, "M30", json!({})), "status invoices { nodes { status } }");
        assert_eq!(covered, json!({"status": "ACTIVE", "invoices": {"nodes": [{"status": "PAID"}]}}));
        assert_eq!(app.database.number("SELECT count(*) FROM payment_attempts"), 1);
        assert_consistent(app);
        // A credit of a subscription pays no other invoice.
        let own = json!({"subscriptionId": made["id"], "handle": "own"});
        credit(app, &customer, "5", own);
        app.mutate("cancelCredit", json!({"creditId": app.data("{ creditByHandle(handle: \"crd-000002\") { id } }")["creditByHandle"]["id"]}), "__typename");
        assert_eq!(invoice(app, &customer, "20").0, "20.00");
    }

    what_remains_of_a_credit_is_cancelled_once(app) {
        let customer = app.customer("Jane");
        let which = json!({"creditId": credit(app, &customer, "30", json!({}))["id"]});
        invoice(app, &customer, "10");
        conflicts(app, "cancelCredit", &which, "credit", 2);
        refuses_at(app, "cancelCredit", which.clone(), &["CREDIT_NOT_PENDING input.creditId"]);
        assert_eq!(app.refuses("cancelCredit", which, &["CREDIT_NOT_PENDING"])[0]["number"], 28);
        assert_eq!(invoice(app, &customer, "10").0, "10.00");
        let used = credit(app, &customer, "10", json!({}));
        invoice(app, &customer, "10");
        refuses_at(app, "cancelCredit", json!({"creditId": used["id"]}), &["CREDIT_NOT_PENDING input.creditId"]);
        let gone = json!({"creditId": "crd_00000000000000000000000000"});
        refuses_at(app, "cancelCredit", gone, &["CREDIT_NOT_FOUND input.creditId"]);
        assert_consistent(app);
    }

    all_that_is_wrong_with_a_credit_is_said(app) {
        let customer = app.customer("Jane");
        monthly(app);
        let own = subscribe(app, request(&customer, "M30", json!({"collectionMethod": "SEND_INVOICE"})), "id")["id"].take();
        let input = json!({"customerId": customer, "amount": "1", "text": "T"});
        let wrong = json!({
            "customerId": "x", "subscriptionId": "y", "handle": "a b", "amount": "-1", "currency": "XAU", "text": " ",
            "validFrom": "soon",
        });
        let paths = ["customerId", "subscriptionId", "handle", "amount", "currency", "text"];
        let expected = paths.map(|path| format!("VALIDATION_ERROR input.{path}"));
        let mut wrong = wrong;
        wrong.as_object_mut().unwrap().remove("validFrom");
        refuses_at(app, "createCredit", wrong, &expected.each_ref().map(String::as_str));
        for (changes, expected) in [
            (json!({"amount": "0"}), "VALIDATION_ERROR input.amount"),
            (json!({"amount": "0.001"}), "VALIDATION_ERROR input.amount"),
            (json!({"amount": "10000000000.01"}), "VALIDATION_ERROR input.amount"),
            (json!({"customerId": "cus_00000000000000000000000000"}), "CUSTOMER_NOT_FOUND input.customerId"),
            (json!({"subscriptionId": "sub_00000000000000000000000000"}), "SUBSCRIPTION_NOT_FOUND input.subscriptionId"),
            (json!({"subscriptionId": own, "currency": "USD"}), "CURRENCY_MISMATCH input.currency"),
            (json!({"customerId": app.customer("Joe"), "subscriptionId": own}), "CUSTOMER_MISMATCH input.subscriptionId"),
        ] {
            refuses_at(app, "createCredit", with(input.clone(), changes), &[expected]);
        }
        credit(app, &customer, "1", json!({"handle": "once"}));
        refuses_at(app, "createCredit", with(input, json!({"handle": "once"})), &["DUPLICATE_HANDLE input.handle"]);
    }
}
