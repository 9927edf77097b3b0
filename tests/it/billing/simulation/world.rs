//! Customers, plans, and subscriptions of every kind, made at random through the API.

use crate::api::subscription::plan;
use crate::api::with;
use crate::differential::random::Random;
use crate::support::TestApp;
use crate::support::builders::text;
use chrono::TimeDelta;
use perennial::domain::Instant;
use serde_json::{Map, Value, json};

const ZONES: &[&str] = &["UTC", "Asia/Kolkata", "America/Los_Angeles", "Europe/Copenhagen", "Pacific/Auckland"];
const CARDS: &[&str] =
    &["SUCCEEDS", "SUCCEEDS", "SUCCEEDS", "INSUFFICIENT_FUNDS", "PROCESSING_ERROR", "LOST_OR_STOLEN"];
/// Each with an amount that it can have.
const CURRENCIES: &[(&str, &str)] = &[("EUR", "9.99"), ("JPY", "1480"), ("KWD", "3.125")];
const HANDLINGS: &[&str] = &["BILL_PRORATED", "BILL_FULL", "NO_BILL"];

struct Customer {
    id: String,
    has_parent: bool,
    has_card: bool,
    /// Of its rentals, which its group bills together.
    currency: (&'static str, &'static str),
    group: Option<String>,
}

struct Catalogued {
    code: String,
    prices: Vec<String>,
    currency: &'static str,
    takes_end: bool,
}

pub struct World {
    pub random: Random,
    customers: Vec<Customer>,
    plans: Vec<Catalogued>,
    made: usize,
}

pub fn written(moment: Instant) -> String {
    moment.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true)
}

impl World {
    pub fn new(app: &TestApp, seed: u64) -> World {
        let dunning = json!({"schedule": [7], "finalAction": "NONE"});
        app.mutate("updateTenantSettings", json!({"dunning": dunning, "taxRate": "0.19"}), "__typename");
        let mut world = World { random: Random(seed), customers: Vec::new(), plans: Vec::new(), made: 0 };
        world.make_customers(app);
        world.make_plans(app);
        app.product("LAP", "129.00");
        app.add_on("MANY", "QUANTITY");
        app.discount("P", "33.333333");
        let amount = json!({"code": "A", "name": "A", "amount": "1.77", "fixedCount": 3});
        app.mutate("createDiscount", amount, "__typename");
        world
    }

    fn make_customers(&mut self, app: &TestApp) {
        let parents: Vec<String> = (0..3).map(|place| app.customer(&format!("Parent {place}"))).collect();
        for place in 0..24 {
            let has_parent = place % 4 == 0;
            let mut input = json!({"name": format!("Customer {place}"), "timezone": ZONES[place % ZONES.len()]});
            if has_parent {
                input["parentCustomerId"] = json!(self.random.pick(&parents));
            }
            let id = text(&app.mutate("createCustomer", input, "customer { id }")["customer"]["id"]);
            let has_card = place % 6 != 5;
            if has_card {
                let card = *self.random.pick(CARDS);
                app.payment_method(&id, card);
            }
            let currency = *self.random.pick(CURRENCIES);
            let day = i32::try_from(1 + self.random.below(28)).unwrap();
            let group = (place % 3 == 0).then(|| app.billing_group(&id, day));
            self.customers.push(Customer { id, has_parent, has_card, currency, group });
        }
    }

    fn make_plans(&mut self, app: &TestApp) {
        app.feature("calls", "METERED");
        let meter = json!({"code": "calls", "name": "Calls", "featureCode": "calls", "aggregation": "SUM", "property": "count"});
        app.mutate("createMeter", meter, "meter { id }");
        let schedules = [
            json!({"type": "MANUAL"}),
            json!({"type": "DAILY", "interval": 20}),
            json!({"type": "WEEKLY_FIXEDDAY", "fixedDay": 3, "interval": 3}),
            json!({"type": "MONTH_STARTDATE"}),
            json!({"type": "MONTH_FIXEDDAY", "fixedDay": 15, "interval": 2, "baseMonth": 3}),
            json!({"type": "MONTH_LASTDAY"}),
            json!({"type": "PERIOD", "billingPeriod": "MONTH"}),
            json!({"type": "PERIOD", "billingPeriod": "QUARTER", "billingCycle": "CALENDAR"}),
            json!({"type": "PERIOD", "billingPeriod": "HALF_YEAR"}),
            json!({"type": "PERIOD", "billingPeriod": "MONTH", "billingCycle": "CALENDAR"}),
            json!({"type": "PERIOD", "billingPeriod": "YEAR", "billingCycle": "CALENDAR"}),
        ];
        for (place, schedule) in schedules.iter().cycle().take(2 * schedules.len()).enumerate() {
            let (currency, amount) = CURRENCIES[place % CURRENCIES.len()];
            let code = format!("P{place}");
            let usage = json!({"name": "Calls", "amount": "2", "type": "USAGE", "billingModel": "PER_UNIT", "featureCode": "calls"});
            let mut prices = vec![
                json!({"name": "Seat", "amount": amount, "billingModel": "PER_UNIT"}),
                json!({"name": "After", "amount": amount, "cadence": "IN_ARREARS"}),
                json!({"name": "Once", "amount": amount, "type": "ONE_TIME"}),
            ];
            if place % 2 == 1 {
                prices.push(usage);
            }
            let input = json!({
                "code": code, "currency": currency, "schedule": schedule, "prices": prices,
                "partialPeriodHandling": HANDLINGS[place % HANDLINGS.len()],
                "prorationUnit": if place % 5 == 0 { "SECOND" } else { "DAY" },
                "fixedCount": if place % 7 == 6 { json!(5) } else { json!(null) },
                "setupFee": if place % 3 == 0 { json!({"amount": amount, "handling": "FIRST"}) } else { json!(null) },
            });
            let id = plan(app, input);
            let found = app.data(&format!("{{ plan(id: {id:?}) {{ prices {{ id }} }} }}"));
            let prices = found["plan"]["prices"].as_array().unwrap().iter().map(|price| text(&price["id"])).collect();
            self.plans.push(Catalogued { code, prices, currency, takes_end: place % 7 != 6 });
        }
    }

    /// So many subscriptions as of now, a third of them rentals.
    pub fn subscribe(&mut self, app: &TestApp, now: Instant, count: usize) {
        for _ in 0..count {
            self.made += 1;
            match self.made % 3 {
                0 => self.rent(app),
                _ => self.subscribe_to_plan(app, now),
            }
        }
    }

    fn rent(&mut self, app: &TestApp) {
        let number = self.made;
        let serial = format!("L{number}");
        app.asset("LAP", &serial);
        let months = 1 + self.random.below(40);
        let customer = self.random.pick(&self.customers);
        let (currency, amount) = customer.currency;
        let item = json!({"sku": "LAP", "quantity": 1, "contractLength": months, "unitPrice": amount});
        let order = json!({"customerId": customer.id, "items": [item], "currency": currency});
        let order = text(&app.mutate("createOrder", order, "order { id }")["order"]["id"]);
        app.mutate("confirmOrder", json!({"orderId": order}), "__typename");
        let start = self.random.pick(&["IMMEDIATE", "FIRST_OF_NEXT_MONTH", "SAME_DAY_NEXT_MONTH"]);
        let mut scan = json!({
            "orderId": order, "customerId": customer.id, "assetSerialNumber": serial, "billingStart": start,
        });
        if let Some(group) = customer.group.as_ref().filter(|_| self.random.percent(70)) {
            scan["billingGroupId"] = json!(group);
        }
        app.mutate("fulfilOrderItem", scan, "__typename");
    }

    fn subscribe_to_plan(&mut self, app: &TestApp, now: Instant) {
        let (customer, plan) = (self.random.below(self.customers.len()), self.random.below(self.plans.len()));
        let (customer, plan) = (&self.customers[customer], &self.plans[plan]);
        let mut changes = Map::new();
        let mut say = |field: &str, value: Value| {
            changes.insert(field.to_owned(), value);
        };
        let hours =
            |ahead: usize, random: &mut Random| now + TimeDelta::hours(i64::try_from(random.below(ahead)).unwrap());
        let random = &mut self.random;
        say("paymentBehavior", json!("DEFAULT_ACTIVE"));
        if !customer.has_card || random.percent(30) {
            say("collectionMethod", json!("SEND_INVOICE"));
            say("paymentTerms", json!(random.pick(&["NET_15", "NET_30"])));
        }
        if customer.has_parent && random.percent(70) {
            say("invoiceBilling", json!("INVOICE_TO_PARENT"));
            say("collectionMethod", json!("SEND_INVOICE"));
        }
        let start = hours(24 * 40, random);
        if random.percent(60) {
            say("startDate", json!(written(start)));
        }
        if random.percent(25) {
            say("trialDays", json!(1 + random.below(40)));
        }
        if plan.takes_end && random.percent(30) {
            say("endDate", json!(written(start + TimeDelta::hours(24 * 90) + (hours(24 * 700, random) - now))));
        }
        if random.percent(40) {
            say("timezone", json!(random.pick(ZONES)));
        }
        if random.percent(30) {
            say("quantity", json!(1 + random.below(4)));
        }
        if random.percent(20) {
            say("billingCadence", json!("IN_ARREARS"));
        }
        if random.percent(30) {
            say("addOns", json!([{"addOn": {"code": "MANY"}, "quantity": 1 + random.below(3), "amount": "5"}]));
        }
        if random.percent(20) {
            say(
                "additionalCosts",
                json!([{"handle": format!("c{}", self.made), "text": "Cost", "amount": "4", "quantity": 2}]),
            );
        }
        if random.percent(30) {
            let of = if plan.currency == "EUR" { "A" } else { "P" };
            say("discounts", json!([{"discount": {"code": of}, "fixedCount": 1 + random.below(4)}]));
        }
        if plan.prices.len() > 3 && random.percent(50) {
            say("commitmentAmount", json!("60"));
            say("overageFactor", json!("1.5"));
            say("commitmentDuration", json!(random.pick(&["QUARTER", "YEAR"])));
            say("enableTrueUp", json!(random.percent(50)));
        }
        let body = with(json!({"customer": {"id": customer.id}, "plan": {"code": plan.code}}), Value::Object(changes));
        app.mutate("createSubscription", body, "subscription { id }");
    }
}
