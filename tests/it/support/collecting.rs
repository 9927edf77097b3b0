//! Invoices that are due, and collecting them.

use super::TestApp;
use super::builders::{text, to_m30};
use perennial::app::collect::{Collected, collect_due};
use serde_json::{Value, json};

/// A subscription with its only invoice, over 300.00 EUR.
pub struct Billed {
    pub customer: String,
    pub subscription: String,
    pub invoice: String,
}

impl TestApp {
    /// Collects what is due by now.
    pub fn collect(&self) -> Collected {
        collect_due(&self.app, self.tenant, self.app.ambient.now()).unwrap()
    }

    /// A customer without a payment method whose subscription to M30 was billed just now: it is active, and its invoice
    /// is open, and past due tomorrow.
    pub fn billed(&self, changes: Value) -> Billed {
        let customer = self.customer("Jane Doe");
        let made = self.mutate(
            "createSubscription",
            to_m30(&json!({"id": customer}), changes),
            "subscription { id } invoice { id }",
        );
        let (subscription, invoice) = (text(&made["subscription"]["id"]), text(&made["invoice"]["id"]));
        Billed { customer, subscription, invoice }
    }

    /// What an invoice shows.
    pub fn invoice(&self, id: &str, selection: &str) -> Value {
        self.data(&format!("{{ invoice(id: \"{id}\") {{ {selection} }} }}"))["invoice"].take()
    }

    pub fn subscription_status(&self, id: &str) -> String {
        text(&self.data(&format!("{{ subscription(id: \"{id}\") {{ status }} }}"))["subscription"]["status"])
    }

    /// The events of the billing of invoices and what follows from it, but for those that only say that one was changed, with the day of each, in their order.
    pub fn told(&self) -> Vec<String> {
        self.database.texts(
            "SELECT event_type || ' ' || substr(CAST(created_at AS TEXT), 6, 5) AS line FROM events
             WHERE event_type <> 'invoice.updated' AND (event_type LIKE 'invoice.%' OR event_type LIKE 'payment.%'
                OR event_type LIKE 'payment_method.%'
                OR event_type IN ('subscription.paused', 'subscription.ended', 'subscription.completed'))
             ORDER BY created_at, id",
        )
    }
}
