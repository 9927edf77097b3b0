//! What most tests begin with, made through the API as a client would make it.

use super::TestApp;
use serde_json::{Value, json};

impl TestApp {
    pub fn customer(&self, name: &str) -> String {
        let made = self.mutate("createCustomer", json!({"name": name}), "customer { id }");
        text(&made["customer"]["id"])
    }

    /// A product with a monthly price for 12 and 24 months.
    pub fn product(&self, sku: &str, monthly: &str) -> String {
        let prices = json!([
            {"contractLength": 12, "monthlyPrice": monthly},
            {"contractLength": 24, "monthlyPrice": monthly},
        ]);
        let input = json!({"sku": sku, "name": format!("The {sku}"), "rentalPrices": prices});
        text(&self.mutate("createProduct", input, "product { id }")["product"]["id"])
    }

    /// A plan that costs so much a month from the day of the start on.
    pub fn plan(&self, code: &str, amount: &str) -> String {
        let input = json!({
            "code": code, "name": format!("The {code}"), "schedule": {"type": "MONTH_STARTDATE"}, "amount": amount,
        });
        text(&self.mutate("createPlan", input, "plan { id }")["plan"]["id"])
    }

    pub fn feature(&self, code: &str, feature_type: &str) -> String {
        let input = json!({"code": code, "name": format!("The {code}"), "featureType": feature_type});
        text(&self.mutate("createFeature", input, "feature { id }")["feature"]["id"])
    }

    /// An add-on for 5.00 that goes with every plan.
    pub fn add_on(&self, code: &str, add_on_type: &str) -> String {
        let input =
            json!({"code": code, "name": format!("The {code}"), "addOnType": add_on_type, "unitAmount": "5.00"});
        text(&self.mutate("createAddOn", input, "addOn { id }")["addOn"]["id"])
    }

    /// A discount of so much of a hundred on everything.
    pub fn discount(&self, code: &str, percentage: &str) -> String {
        let input = json!({"code": code, "name": format!("The {code}"), "percentage": percentage});
        text(&self.mutate("createDiscount", input, "discount { id }")["discount"]["id"])
    }

    /// A coupon without bounds that gives the discount with this code.
    pub fn coupon(&self, code: &str, discount: &str) -> String {
        let input = json!({"code": code, "name": format!("The {code}"), "discount": discount});
        text(&self.mutate("createCoupon", input, "coupon { id }")["coupon"]["id"])
    }

    /// A plan over 300.00 EUR a month, M30, and a coupon for it that takes a tenth off, CPN.
    pub fn shop(&self, coupon: Value) {
        self.plan("M30", "300.00");
        self.mutate("createDiscount", json!({"code": "TEN", "name": "A tenth", "percentage": "10"}), "__typename");
        let mut input = json!({"code": "CPN", "name": "Welcome", "discount": "TEN"});
        input.as_object_mut().unwrap().extend(coupon.as_object().unwrap().clone());
        self.mutate("createCoupon", input, "__typename");
    }

    pub fn asset(&self, sku: &str, serial_number: &str) -> String {
        let made = self.mutate("createAsset", json!({"sku": sku, "serialNumber": serial_number}), "asset { id }");
        text(&made["asset"]["id"])
    }

    /// A pending order of some (sku, quantity, months).
    pub fn pending_order(&self, customer: &str, items: &[(&str, i32, i32)]) -> String {
        let item = |(sku, quantity, months): &(&str, i32, i32)| json!({"sku": sku, "quantity": quantity, "contractLength": months});
        let items: Vec<Value> = items.iter().map(item).collect();
        let made = self.mutate("createOrder", json!({"customerId": customer, "items": items}), "order { id }");
        text(&made["order"]["id"])
    }

    /// A confirmed order of some (sku, quantity, months).
    pub fn order(&self, customer: &str, items: &[(&str, i32, i32)]) -> String {
        let order = self.pending_order(customer, items);
        self.mutate("confirmOrder", json!({"orderId": order}), "__typename");
        order
    }

    /// Fulfils one unit, which must succeed; answers the subscription's id.
    pub fn fulfil(&self, order: &str, customer: &str, serial_number: &str) -> String {
        let input = json!({"orderId": order, "customerId": customer, "assetSerialNumber": serial_number});
        text(&self.mutate("fulfilOrderItem", input, "subscription { id }")["subscription"]["id"])
    }

    pub fn billing_group(&self, customer: &str, day: i32) -> String {
        let input = json!({"customerId": customer, "name": "Group", "billingDay": day});
        text(&self.mutate("createBillingGroup", input, "billingGroup { id }")["billingGroup"]["id"])
    }

    /// The situation of the domain's own scenarios: a customer, an order O1 of three LAP for 12 months at 129.00 and one
    /// MON for 24 months at 49.00, confirmed, and the assets L1 to L4 and M1.
    pub fn warehouse(&self) -> Warehouse {
        let customer = self.customer("Jane Doe");
        self.product("LAP", "129.00");
        self.product("MON", "49.00");
        for serial_number in ["L1", "L2", "L3", "L4"] {
            self.asset("LAP", serial_number);
        }
        self.asset("MON", "M1");
        let order = self.order(&customer, &[("LAP", 3, 12), ("MON", 1, 24)]);
        Warehouse { customer, order }
    }
}

pub struct Warehouse {
    pub customer: String,
    pub order: String,
}

impl Warehouse {
    /// The input of a scan for the order.
    pub fn scan(&self, serial_number: &str) -> Value {
        json!({"orderId": self.order, "customerId": self.customer, "assetSerialNumber": serial_number})
    }

    /// The same with some arguments changed or added.
    pub fn scan_with(&self, serial_number: &str, changes: Value) -> Value {
        let mut input = self.scan(serial_number);
        input.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        input
    }
}

pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("not a text: {value}")).to_owned()
}

/// What asks for a subscription of `customer` to the plan M30, with what else is said of it.
pub fn to_m30(customer: &Value, changes: Value) -> Value {
    let mut input = json!({"customer": customer, "plan": {"code": "M30"}});
    input.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    input
}
