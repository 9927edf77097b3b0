//! `updateSubscriptionPaymentMethod`: what is open is charged by the new one.

use super::collecting::{billed, collect_in_may, shop, stands};
use super::{blamed, refuses_at, with};
use crate::support::both;
use crate::support::payments::assert_settled;
use serde_json::json;

both! {
    a_new_payment_method_settles_and_ends_the_dunning(app) {
        shop(app, &[3, 7], "PAUSE", json!({}));
        let one = billed(app, json!({}));
        app.payment_method(&one.customer, "LOST_OR_STOLEN");
        collect_in_may(app, &["01T00:00", "02T09:00"]);
        let set = |source: &str| {
            let input = json!({"subscriptionId": one.subscription, "source": source});
            app.mutate("updateSubscriptionPaymentMethod", input, "subscription { version terms { paymentMethod { id } } }")
        };
        // One that does not work changes nothing of the reminders.
        set(&app.token("INSUFFICIENT_FUNDS"));
        let expected = json!({
            "status": "PAST_DUE", "amountDue": {"amount": "300.00"}, "nextAttemptAt": "2025-05-04T00:00:00Z",
            "dunningStartedAt": "2025-05-01T00:00:00Z", "dunningStep": 1,
        });
        assert_eq!(stands(app, &one.invoice), expected);
        let good = app.payment_method(&one.customer, "SUCCEEDS");
        let changed = set(&good);
        assert_eq!(changed["subscription"]["terms"]["paymentMethod"]["id"], good);
        assert_eq!(stands(app, &one.invoice)["status"], "PAID");
        assert_eq!(stands(app, &one.invoice)["dunningStartedAt"], json!(null));
        assert_settled(app);
    }

    a_payment_method_that_cannot_be_set(app) {
        shop(app, &[3], "END", json!({}));
        let one = billed(app, json!({}));
        let [card, gone] = ["SUCCEEDS", "SUCCEEDS"].map(|card| app.payment_method(&one.customer, card));
        app.mutate("archivePaymentMethod", json!({"paymentMethodId": gone}), "__typename");
        let other = app.payment_method(&app.customer("Joe"), "SUCCEEDS");
        let input = |source: &str| json!({"subscriptionId": one.subscription, "source": source});
        for (source, expected) in [
            ("", "SOURCE_REQUIRED input.source"),
            ("card", "SOURCE_REQUIRED input.source"),
            (other.as_str(), "PAYMENT_METHOD_NOT_FOUND input.source"),
            (gone.as_str(), "PAYMENT_METHOD_NOT_ACTIVE input.source"),
            ("ct_00000000000000000000000000", "INVALID_TOKEN input.source"),
        ] {
            refuses_at(app, "updateSubscriptionPaymentMethod", input(source), &[expected]);
        }
        let stale = with(input(&card), json!({"expectedVersion": 7}));
        let refused = app.attempt("updateSubscriptionPaymentMethod", stale, "subscription { version }");
        assert_eq!((blamed(&refused["userErrors"]), &refused["subscription"]["version"]),
            (vec!["CONFLICT input.expectedVersion".to_owned()], &json!(1)));
        let nobody = json!({"subscriptionId": "sub_00000000000000000000000000", "source": card});
        refuses_at(app, "updateSubscriptionPaymentMethod", nobody, &["SUBSCRIPTION_NOT_FOUND input.subscriptionId"]);
        app.mutate("archivePaymentMethod", json!({"paymentMethodId": card}), "__typename");
        collect_in_may(app, &["01T00:00", "04T00:00"]);
        let token = app.token("SUCCEEDS");
        refuses_at(app, "updateSubscriptionPaymentMethod", input(&token), &["SUBSCRIPTION_OVER input.subscriptionId"]);
    }
}
