//! One object of each type that there is.

use crate::support::builders::text;
use crate::support::{START, TestApp};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// One tenant's objects: an id of each type, by the name of the type. The subscription is a draft.
pub struct Own {
    pub key: String,
    pub ids: BTreeMap<&'static str, String>,
}

impl Own {
    /// Makes one object of each type. Every tenant's have the same natural keys.
    pub fn make(app: &TestApp, key: &str) -> Own {
        let run = |field: &str, input: Value, selection: &str| {
            let payload = app.attempt_as(key, field, input, selection);
            assert_eq!(payload["userErrors"], json!([]), "{field}");
            payload
        };
        let rate = json!({"country": "DE", "name": "VAT", "rate": "0.19", "validFrom": "2025-01-01"});
        let rate = run("setTaxRate", rate, "taxRate { id }");
        let customer = run("createCustomer", json!({"name": "Jane", "externalId": "crm-1"}), "customer { id }");
        let customer = text(&customer["customer"]["id"]);
        let prices = json!([{"contractLength": 12, "monthlyPrice": "129.00"}]);
        let product =
            run("createProduct", json!({"sku": "LAP", "name": "L", "rentalPrices": prices}), "product { id }");
        let group = run(
            "createBillingGroup",
            json!({"customerId": customer, "name": "G", "billingDay": 1}),
            "billingGroup { id }",
        );
        let mut assets =
            ["L1", "L2"].map(|serial_number| {
                text(
                    &run("createAsset", json!({"sku": "LAP", "serialNumber": serial_number}), "asset { id }")["asset"]
                        ["id"],
                )
            });
        let items = json!([{"sku": "LAP", "quantity": 5, "contractLength": 12}]);
        let order = run("createOrder", json!({"customerId": customer, "items": items}), "order { id items { id } }");
        let id = &order["order"]["id"];
        run("confirmOrder", json!({"orderId": id}), "__typename");
        let scan = json!({"orderId": id, "customerId": customer, "assetSerialNumber": "L1"});
        let made = run("fulfilOrderItem", scan, "subscription { id }");
        let plan = json!({"code": "gold", "name": "G", "schedule": {"type": "DAILY"}, "amount": "1"});
        let plan = run("createPlan", plan, "plan { id prices { id } }")["plan"].take();
        let tenant = app.send_as(key, &[], "{ tenant { id } }", json!({})).json();
        let tenant = text(&tenant["data"]["tenant"]["id"]);
        let subscription = text(&made["subscription"]["id"]);
        let [token, used] = [(); 2].map(|()| {
            let made =
                run("createTestToken", json!({"card": "SUCCEEDS", "customerId": customer}), "paymentToken { id }");
            text(&made["paymentToken"]["id"])
        });
        let method = run("addPaymentMethod", json!({"customerId": customer, "token": used}), "paymentMethod { id }");
        let method = text(&method["paymentMethod"]["id"]);
        let attempt = app.reserve_payment(tenant.parse().unwrap(), (&customer, &subscription), &method, None);
        let feature =
            run("createFeature", json!({"code": "sso", "name": "F", "featureType": "BOOLEAN"}), "feature { id }");
        run("createFeature", json!({"code": "calls", "name": "C", "featureType": "METERED"}), "__typename");
        let meter = json!({"code": "calls", "name": "C", "aggregation": "COUNT", "featureCode": "calls"});
        let meter = run("createMeter", meter, "meter { id }");
        let used = json!({"events": [{"eventId": "e-1", "meter": "calls", "subscriptionId": subscription}]});
        let used = run("recordUsage", used, "rows { event { id } }");
        let add_on = json!({
            "code": "support", "name": "S", "addOnType": "ON_OFF", "unitAmount": "5", "eligiblePlans": ["gold"],
            "entitlements": [{"feature": "sso"}],
        });
        let add_on = run("createAddOn", add_on, "addOn { id }");
        let discount =
            run("createDiscount", json!({"code": "HALF", "name": "H", "percentage": "50"}), "discount { id }");
        let coupon = run("createCoupon", json!({"code": "WELCOME", "name": "W", "discount": "HALF"}), "coupon { id }");
        let entitlements = json!({"planId": plan["id"], "entitlements": [{"feature": "sso"}]});
        run("setPlanEntitlements", entitlements, "__typename");
        let phase = json!({
            "startDate": START, "priceOverrides": [{"priceId": plan["prices"][0]["id"], "amount": "2"}],
        });
        let wanted = json!({
            "customer": {"id": customer}, "plan": {"code": "gold"}, "startDate": START,
            "addOns": [{"addOn": {"code": "support"}}], "discounts": [{"discount": {"code": "HALF"}}],
            "additionalCosts": [{"handle": "cost", "text": "C", "amount": "3"}], "phases": [phase],
            "entitlements": ["sso"],
        });
        let selection = "subscription {
            items { id } addOns { id } discounts { id } additionalCosts { id } phases { id }
        }";
        let subscribed = run("createSubscription", wanted, selection);
        let by_invoice = json!({
            "customer": {"id": customer}, "plan": {"code": "gold"}, "collectionMethod": "SEND_INVOICE",
        });
        let invoice = text(&run("createSubscription", by_invoice, "invoice { id }")["invoice"]["id"]);
        let part = json!({"invoiceId": invoice, "amount": "0.40"});
        let payment = text(&run("recordPayment", part, "payment { id }")["payment"]["id"]);
        let back = json!({"paymentId": payment, "amount": "0.10"});
        let refund = run("refundPayment", back, "refund { id }");
        let draft = json!({
            "customer": {"id": customer}, "plan": {"code": "gold"}, "handle": "jane-gold", "status": "DRAFT",
        });
        let draft = run("createSubscription", draft, "subscription { id }");
        let credit = json!({"customerId": customer, "handle": "sorry", "amount": "7", "text": "S"});
        let credit = run("createCredit", credit, "credit { id }");
        let invoice = json!({"customerId": customer, "lines": [{"description": "W", "unitAmount": "9"}]});
        let invoice = run("createInvoice", invoice, "invoice { id }")["invoice"]["id"].take();
        let note = json!({"invoiceId": invoice, "amount": "1", "reason": "R", "disposition": "ADJUSTMENT"});
        let note = run("createCreditNote", note, "creditNote { id }");
        let made = run("createApiKey", json!({"name": "till", "scope": "READ"}), "apiKey { id }");
        let registered =
            run("registerDocuments", json!({"documents": ["{ viewer { scope } }"]}), "rows { document { id } }");
        app.settle();
        let happened = app.send_as(key, &[], "{ events(first: 1) { nodes { id } } }", json!({})).json();
        let held = app.hold(tenant.parse().unwrap(), subscription.parse().unwrap());
        let part = |list: &str| text(&subscribed["subscription"][list][0]["id"]);
        let ids = BTreeMap::from([
            ("AddOn", text(&add_on["addOn"]["id"])),
            ("AdditionalCost", part("additionalCosts")),
            ("ApiKey", text(&made["apiKey"]["id"])),
            ("Asset", std::mem::take(&mut assets[1])),
            ("BillingGroup", text(&group["billingGroup"]["id"])),
            ("BillingHold", held),
            ("Coupon", text(&coupon["coupon"]["id"])),
            ("Credit", text(&credit["credit"]["id"])),
            ("CreditNote", text(&note["creditNote"]["id"])),
            ("Customer", customer),
            ("Discount", text(&discount["discount"]["id"])),
            ("Event", text(&happened["data"]["events"]["nodes"][0]["id"])),
            ("Feature", text(&feature["feature"]["id"])),
            ("Invoice", text(&invoice)),
            ("Meter", text(&meter["meter"]["id"])),
            ("Order", text(id)),
            ("OrderItem", text(&order["order"]["items"][0]["id"])),
            ("Payment", payment),
            ("PaymentAttempt", attempt.id.to_string()),
            ("PaymentMethod", method),
            ("PaymentToken", token),
            ("Plan", text(&plan["id"])),
            ("Price", text(&plan["prices"][0]["id"])),
            ("Product", text(&product["product"]["id"])),
            ("Refund", text(&refund["refund"]["id"])),
            ("Subscription", text(&draft["subscription"]["id"])),
            ("SubscriptionAddOn", part("addOns")),
            ("SubscriptionDiscount", part("discounts")),
            ("SubscriptionItem", part("items")),
            ("SubscriptionPhase", part("phases")),
            ("TaxRate", text(&rate["taxRate"]["id"])),
            ("Tenant", tenant),
            ("TrustedDocument", text(&registered["rows"][0]["document"]["id"])),
            ("UsageEvent", text(&used["rows"][0]["event"]["id"])),
        ]);
        Own { key: key.to_owned(), ids }
    }
}
