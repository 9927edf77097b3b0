//! Requests at random: none fails, each bill adds up, none is below zero, and what was shown is made.

use super::previews::{SHOWN, assert_made_as};
use super::{plan, prices_of, request};
use crate::differential::random::Random;
use crate::support::builders::text;
use crate::support::consistency::assert_consistent;
use crate::support::{TestApp, both, mutation};
use bigdecimal::BigDecimal;
use chrono::TimeDelta;
use perennial::domain::Instant;
use serde_json::{Map, Value, json};

/// How many requests there are for each database.
const REQUESTS: usize = 150;

/// What a request made at random may be refused for: what it asks for does not go together.
const CONTRADICTIONS: &[&str] = &[
    "END_DATE_BEFORE_START",
    "INVALID_BILLING_ANCHOR",
    "PHASES_NOT_ALIGNED",
    "PHASES_NOT_ALLOWED_FOR_DRAFT",
    "PRORATION_WITH_ENTITLEMENTS",
    "PRORATION_WITH_PAST_START",
    "START_DATE_TOO_EARLY",
];

struct Market<'a> {
    app: &'a TestApp,
    random: Random,
    now: Instant,
    customers: Vec<String>,
    /// The codes of the plans, each with the ids of its recurring prices and of all in euros.
    plans: Vec<(String, Vec<String>)>,
    made: usize,
}

fn written(moment: Instant) -> Value {
    json!(moment.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true))
}

impl<'a> Market<'a> {
    fn new(app: &'a TestApp) -> Self {
        let mut customers = Vec::new();
        for zone in ["UTC", "Asia/Kolkata", "America/St_Johns", "Pacific/Apia"] {
            let made = app.mutate("createCustomer", json!({"name": zone, "timezone": zone}), "customer { id }");
            customers.push(text(&made["customer"]["id"]));
        }
        app.payment_method(&customers[0], "SUCCEEDS");
        let schedules = [
            json!({"type": "MANUAL"}),
            json!({"type": "DAILY", "interval": 3}),
            json!({"type": "WEEKLY_FIXEDDAY", "fixedDay": 3}),
            json!({"type": "MONTH_STARTDATE"}),
            json!({"type": "MONTH_FIXEDDAY", "fixedDay": 15, "interval": 2, "baseMonth": 3}),
            json!({"type": "MONTH_LASTDAY"}),
            json!({"type": "PERIOD", "billingPeriod": "MONTH"}),
            json!({"type": "PERIOD", "billingPeriod": "QUARTER", "billingCycle": "CALENDAR"}),
        ];
        let mut plans = Vec::new();
        for (place, schedule) in schedules.into_iter().enumerate() {
            let handlings = ["FIRST", "SEPARATE", "SEPARATE_CONDITIONAL"];
            let parts = ["BILL_PRORATED", "BILL_FULL", "BILL_ZERO_AMOUNT", "NO_BILL"];
            let code = format!("P{place}");
            let id = plan(
                app,
                json!({
                    "code": code, "schedule": schedule, "quantity": 1 + place % 3, "partialPeriodHandling": parts[place % 4],
                    "prices": [
                        {"name": "Seat", "amount": "9.99", "billingModel": "PER_UNIT"},
                        {"name": "Tiers", "billingModel": "TIERED", "tierMode": "SLAB", "tiers": [
                            {"upTo": "2", "unitAmount": "3.333", "flatAmount": "1"}, {"unitAmount": "0.5"},
                        ]},
                        {"name": "Once", "amount": "20", "type": "ONE_TIME"}, {"name": "Calls", "amount": "0.01", "type": "USAGE", "billingModel": "PER_UNIT"},
                        {"name": "After", "amount": "4", "cadence": "IN_ARREARS"},
                    ],
                    "setupFee": {"amount": "12.34", "handling": handlings[place % 3]}, "taxRate": "0.077",
                    "minimumProratedAmount": if place % 2 == 0 { json!("1.00") } else { json!(null) },
                    "trial": if place % 4 == 3 { json!({"length": 5, "unit": "DAYS"}) } else { json!(null) },
                }),
            );
            plans.push((code, prices_of(app, &id)));
        }
        app.add_on("MANY", "QUANTITY");
        app.add_on("ONE", "ON_OFF");
        app.discount("P", "33.333333");
        let amount = json!({"code": "A", "name": "A", "amount": "17.77", "fixedCount": 2});
        app.mutate("createDiscount", amount, "__typename");
        let coupon = json!({"code": "C", "name": "C", "discount": "P", "redemptionStrategy": "ONCE_PER_SUBSCRIPTION"});
        app.mutate("createCoupon", coupon, "__typename");
        app.feature("sso", "BOOLEAN");
        let now = app.app.ambient.now();
        Market { app, random: Random(20_250_131), now, customers, plans, made: 0 }
    }

    /// A moment up to so many days from now, and up to so many back.
    fn moment(&mut self, back: i64, ahead: i64) -> Instant {
        let seconds = usize::try_from((back + ahead) * 86_400).unwrap();
        self.now + TimeDelta::seconds(i64::try_from(self.random.below(seconds)).unwrap() - back * 86_400)
    }

    fn amount(&mut self) -> Value {
        json!(format!("{}.{:02}", self.random.below(100), self.random.below(100)))
    }

    fn choice(&mut self, of: &[&str]) -> Value {
        json!(self.random.pick(of))
    }

    fn several(&mut self, mut row: impl FnMut(&mut Self) -> Value) -> Value {
        (0..self.random.below(3)).map(|_| row(self)).collect()
    }

    fn over(&mut self, prices: &[String]) -> Value {
        let price = self.random.pick(prices).clone();
        match self.random.below(4) {
            0 => json!({"priceId": price, "quantity": 0}),
            1 => json!({"priceId": price, "billingModel": "FLAT_FEE", "amount": self.amount()}),
            2 => json!({"priceId": price, "billingModel": "PACKAGE", "amount": self.amount(), "packageSize": 3}),
            _ => json!({
                "priceId": price, "billingModel": "TIERED", "tierMode": self.choice(&["SLAB", "VOLUME"]),
                "tiers": [{"upTo": "1.5", "unitAmount": self.amount()}, {"unitAmount": "1", "flatAmount": self.amount()}],
            }),
        }
    }

    fn item(&mut self, prices: &[String]) -> Value {
        let quantity = self.random.below(4);
        match self.random.below(4) {
            0 => json!({"priceId": prices[0], "quantity": quantity}),
            1 => json!({"price": {"amount": self.amount(), "type": "ONE_TIME"}, "quantity": quantity}),
            2 => json!({"price": {"amount": self.amount(), "type": "USAGE"}}),
            _ => {
                json!({"price": {"amount": self.amount()}, "startDate": written(self.moment(40, 5)), "quantity": quantity})
            }
        }
    }

    fn add_on(&mut self) -> Value {
        self.made += 1;
        let handle = format!("h{}", self.made);
        match self.random.below(3) {
            0 => json!({"addOn": {"code": "ONE"}, "handle": handle}),
            1 => {
                json!({"addOn": {"code": "MANY"}, "handle": handle, "amount": self.amount(), "amountIncludesTax": true})
            }
            _ => json!({"addOn": {"code": "MANY"}, "handle": handle, "quantity": 7, "fixedAmount": false}),
        }
    }

    fn discount(&mut self) -> Value {
        self.made += 1;
        let handle = format!("h{}", self.made);
        match self.random.below(3) {
            0 => json!({"discount": {"code": "P"}, "handle": handle, "startDate": written(self.moment(20, 2))}),
            1 => json!({"discount": {"code": "A"}, "handle": handle, "appliesTo": ["PLAN", "ADD_ON"]}),
            _ => {
                json!({"discount": {"code": "A"}, "handle": handle, "percentage": "12.3456", "fixedPeriod": 3, "fixedPeriodUnit": "DAYS"})
            }
        }
    }

    fn cost(&mut self) -> Value {
        self.made += 1;
        json!({
            "handle": format!("c{}", self.made), "text": "Cost", "amount": self.amount(), "quantity": 1 + self.random.below(3),
            "taxRate": self.choice(&["0", "0.25", "1"]), "amountIncludesTax": self.random.percent(50),
        })
    }

    /// Two phases from a start on.
    fn phases(&mut self, start: &Value, prices: &[String]) -> Value {
        let begin: Instant = start.as_str().unwrap().parse().unwrap();
        let middle = written(begin + TimeDelta::hours(i64::try_from(1 + self.random.below(900)).unwrap()));
        let mut phase = |start: &Value, end: &Value| {
            json!({
                "startDate": start, "endDate": end, "priceOverrides": [self.over(&prices[..3])],
                "additionalItems": self.several(|market| market.item(prices)), "discounts": self.several(Self::discount),
            })
        };
        json!([phase(start, &middle), phase(&middle, &Value::Null)])
    }

    /// A request that should be taken.
    fn request(&mut self) -> Value {
        let (code, prices) = self.random.pick(&self.plans).clone();
        let mut changes = Map::new();
        let mut say = |chance: usize, field: &str, market: &mut Self, value: &mut dyn FnMut(&mut Self) -> Value| {
            if market.random.percent(chance) {
                let value = value(market);
                changes.insert(field.to_owned(), value);
            }
        };
        say(50, "quantity", self, &mut |market| json!(1 + market.random.below(5)));
        say(50, "startDate", self, &mut |market| written(market.moment(3, 2)));
        say(25, "endDate", self, &mut |market| written(market.moment(-3, 200)));
        say(30, "timezone", self, &mut |market| {
            market.choice(&["UTC", "Europe/Berlin", "Australia/Lord_Howe", "Africa/Casablanca"])
        });
        say(25, "trialDays", self, &mut |market| json!(market.random.below(20)));
        say(25, "billingPeriod", self, &mut |market| {
            market.choice(&["DAY", "WEEK", "MONTH", "QUARTER", "HALF_YEAR", "YEAR"])
        });
        say(25, "billingCadence", self, &mut |market| market.choice(&["IN_ADVANCE", "IN_ARREARS"]));
        say(30, "noSetupFee", self, &mut |market| json!(market.random.percent(50)));
        say(30, "amountIncludesTax", self, &mut |market| json!(market.random.percent(50)));
        say(30, "priceOverrides", self, &mut |market| json!([market.over(&prices[..3])]));
        say(40, "additionalItems", self, &mut |market| market.several(|market| market.item(&prices)));
        say(40, "addOns", self, &mut |market| market.several(Self::add_on));
        say(40, "additionalCosts", self, &mut |market| market.several(Self::cost));
        say(50, "discounts", self, &mut |market| market.several(Self::discount));
        say(20, "couponCodes", self, &mut |_| json!(["C"]));
        say(20, "entitlements", self, &mut |_| json!(["sso"]));
        say(20, "paymentTerms", self, &mut |market| market.choice(&["NET_15", "NET_90"]));
        say(20, "status", self, &mut |market| market.choice(&["ACTIVE", "DRAFT", "INCOMPLETE"]));
        say(20, "signupMethod", self, &mut |market| market.choice(&["EMAIL", "LINK"]));
        say(20, "paymentBehavior", self, &mut |market| market.choice(&["DEFAULT_ACTIVE", "ALLOW_INCOMPLETE"]));
        say(15, "prorationBehavior", self, &mut |market| market.choice(&["CREATE_PRORATIONS", "NONE"]));
        say(15, "billingAnchor", self, &mut |market| written(market.moment(400, 400)));
        let start = changes.get("startDate").cloned();
        if let Some(start) = start.filter(|_| self.random.percent(30)) {
            changes.insert("phases".to_owned(), self.phases(&start, &prices));
        }
        let customer = self.random.pick(&self.customers).clone();
        request(&customer, &code, Value::Object(changes))
    }
}

fn decimal(money: &Value) -> BigDecimal {
    money["amount"].as_str().unwrap().parse().unwrap()
}

/// Asserts that the lines of an invoice come to its totals, and that nothing is below zero.
fn assert_adds_up(invoice: &Value, input: &Value) {
    let zero = BigDecimal::from(0);
    let (mut charged, mut taken) = (zero.clone(), zero.clone());
    for line in invoice["lines"].as_array().unwrap() {
        let (amount, off) = (decimal(&line["amount"]), decimal(&line["discountAmount"]));
        match line["kind"].as_str() {
            Some("DISCOUNT") => taken -= amount,
            _ => {
                assert!(amount >= zero && off >= zero && off <= amount, "{line}\n{input:#}");
                charged += amount;
            }
        }
    }
    let total = |name: &str| decimal(&invoice["totals"][name]);
    assert_eq!((charged, taken), (total("subtotal"), total("discountTotal")), "{input:#}");
    assert_eq!(total("netTotal") + total("taxTotal"), total("total"), "{input:#}");
    assert!(total("netTotal") >= zero && total("taxTotal") >= zero, "{input:#}\n{invoice:#}");
}

both! {
    requests_at_random_come_to_what_is_shown(app) {
        let mut market = Market::new(app);
        let mut taken = 0;
        for place in 0..REQUESTS {
            market.now += TimeDelta::seconds(100_003 * i64::try_from(market.random.below(9)).unwrap());
            app.set_clock(written(market.now).as_str().unwrap());
            if place % 10 == 0 {
                let settings = json!({
                    "discountOrder": market.choice(&["PERCENTAGE_FIRST", "AMOUNT_FIRST"]),
                    "percentageBase": market.choice(&["FULL", "COMPOUND"]), "amountsIncludeTax": market.random.percent(50),
                    "taxRate": market.choice(&["0", "0.19", "0.081"]),
                });
                app.mutate("updateTenantSettings", settings, "__typename");
            }
            let input = market.request();
            let (document, variables) = mutation("previewSubscription", input.clone(), SHOWN);
            let mut answer = app.send(&document, variables);
            assert_eq!(answer.get("errors"), None, "{input:#}\n{answer:#}");
            let mut payload = answer["data"]["previewSubscription"].take();
            if let Some(refusal) = payload["userErrors"].get(0) {
                assert!(CONTRADICTIONS.contains(&refusal["code"].as_str().unwrap()), "{input:#}\n{refusal:#}");
                continue;
            }
            taken += 1;
            let shown = payload["preview"].take();
            for invoice in shown["invoices"].as_array().unwrap() {
                assert_adds_up(invoice, &input);
            }
            assert_made_as(app, &input, shown);
        }
        assert!(taken > REQUESTS * 7 / 10, "{taken} of {REQUESTS}");
        assert_consistent(app);
    }
}
