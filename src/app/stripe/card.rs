//! Cards and other payment methods: what Stripe knows one by, and how one comes to be kept.

use super::Stripe;
use super::http::{Budget, Request, Trouble};
use crate::domain::gateway::{Attachment, NewCard};
use serde::Deserialize;
use serde_json::Value;

/// What is kept of a payment method: `cus_…/pm_…/card`. Stripe charges a kept one through the customer that it is
/// attached to, and asks for its type.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Card<'a> {
    pub customer: &'a str,
    pub method: &'a str,
    pub kind: &'a str,
}

impl<'a> Card<'a> {
    /// Reads a reference; none where it is of another gateway.
    pub fn of_reference(reference: &'a str) -> Option<Card<'a>> {
        let mut parts = reference.split('/');
        let card = Card { customer: parts.next()?, method: parts.next()?, kind: parts.next()? };
        let whole = parts.next().is_none() && is_name(card.customer, "cus_") && is_name(card.method, "");
        whole.then_some(card)
    }

    fn reference(self) -> String {
        format!("{}/{}/{}", self.customer, self.method, self.kind)
    }
}

/// Whether a text is one of Stripe's names, which can stand in a path.
pub fn is_name(text: &str, prefix: &str) -> bool {
    let rest = text.strip_prefix(prefix).unwrap_or_default();
    !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[derive(Deserialize)]
struct Named {
    id: String,
}

#[derive(Deserialize)]
struct Method {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    /// What is particular to the type stands under its name.
    #[serde(flatten)]
    more: serde_json::Map<String, Value>,
}

impl Stripe {
    /// Attaches a payment method to a customer of Stripe's: the one of another method, or a new one. To attach it again
    /// does no harm.
    pub(super) fn attached(&self, budget: &Budget, card: &NewCard) -> Result<Attachment, Trouble> {
        if !is_name(&card.token, "pm_") {
            return Ok(Attachment::Refused { code: "not_a_payment_method".to_owned() });
        }
        let customer = match card.beside.as_deref().and_then(Card::of_reference) {
            Some(other) => other.customer.to_owned(),
            None => self.new_customer(budget, card)?,
        };
        let path = format!("/v1/payment_methods/{}/attach", card.token);
        let fields = [("customer", customer.as_str())];
        let method: Method = self.http.ask(budget, &Request::Post { path: &path, key: None, fields: &fields })?;
        let kept = Card { customer: &customer, method: &method.id, kind: &method.kind };
        Ok(Attachment::Done { reference: kept.reference(), label: label(&method) })
    }

    /// One for a token: whoever asks again gets the same.
    fn new_customer(&self, budget: &Budget, card: &NewCard) -> Result<String, Trouble> {
        let (tenant, customer) = (card.tenant.to_string(), card.customer.to_string());
        let key = format!("{customer}-{}", card.token);
        let fields = [("metadata[tenant]", tenant.as_str()), ("metadata[customer]", customer.as_str())];
        let made: Named =
            self.http.ask(budget, &Request::Post { path: "/v1/customers", key: Some(&key), fields: &fields })?;
        Ok(made.id)
    }
}

/// What a person knows it by: "Visa 4242", "Sepa debit 3000".
fn label(method: &Method) -> String {
    let details = method.more.get(&method.kind);
    let text = |name: &str| details.and_then(|details| details.get(name)).and_then(Value::as_str);
    let name = text("brand").unwrap_or(&method.kind).replace('_', " ");
    let mut letters = name.chars();
    let name = letters.next().map(|first| first.to_uppercase().chain(letters).collect::<String>()).unwrap_or_default();
    text("last4").map_or(name.clone(), |last4| format!("{name} {last4}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_read_back() {
        let card = Card { customer: "cus_1", method: "pm_2", kind: "card" };
        assert_eq!(Card::of_reference(&card.reference()), Some(card));
        for reference in [
            "",
            "test_SUCCEEDS",
            "pm_2",
            "cus_1/pm_2",
            "cus_1/pm_2/card/x",
            "cus_/pm_2/card",
            "pm_2/cus_1/card",
            "cus_1/../card",
            "cus_1/pm 2/card",
        ] {
            assert_eq!(Card::of_reference(reference), None, "{reference}");
        }
    }

    #[test]
    fn a_label_is_what_a_person_knows_a_method_by() {
        for (json, expected) in [
            (r#"{"id":"pm_1","type":"card","card":{"brand":"visa","last4":"4242"}}"#, "Visa 4242"),
            (
                r#"{"id":"pm_1","type":"card","card":{"brand":"american_express","last4":"0005"}}"#,
                "American express 0005",
            ),
            (r#"{"id":"pm_1","type":"sepa_debit","sepa_debit":{"last4":"3000"}}"#, "Sepa debit 3000"),
            (r#"{"id":"pm_1","type":"paypal","paypal":{}}"#, "Paypal"),
        ] {
            assert_eq!(label(&serde_json::from_str(json).unwrap()), expected);
        }
    }
}
