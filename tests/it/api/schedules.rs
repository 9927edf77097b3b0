//! When a rental runs and when it is paid: billing starts, clamped days, zones, billing groups, imports.

use crate::support::builders::text;
use crate::support::{TestApp, both};
use serde_json::{Value, json};

/// An order with room for every scan of a test.
struct Rentals<'a> {
    app: &'a TestApp,
    customer: String,
    order: String,
    scans: std::cell::Cell<u32>,
}

impl<'a> Rentals<'a> {
    fn new(app: &'a TestApp) -> Self {
        let customer = app.customer("Jane");
        app.product("LAP", "129.00");
        let order = app.order(&customer, &[("LAP", 50, 12)]);
        Rentals { app, customer, order, scans: 0.into() }
    }

    /// Fulfils one unit on these terms; answers its subscription.
    fn rent(&self, terms: &Value) -> Value {
        self.scans.set(self.scans.get() + 1);
        let serial_number = format!("L{}", self.scans.get());
        self.app.asset("LAP", &serial_number);
        let mut input = json!({"orderId": self.order, "customerId": self.customer, "assetSerialNumber": serial_number});
        input.as_object_mut().unwrap().extend(terms.as_object().unwrap().clone());
        let selection = "subscription {
            startDate endDate billingAnchor billingStart nextBillingDate timezone currentPeriodStart currentPeriodEnd
            billingGroup { id currency } paymentSchedule { sequence dueDate status amount { amount currency } }
        }";
        self.app.mutate("fulfilOrderItem", input, selection)["subscription"].take()
    }

    fn settings(&self, settings: Value) {
        self.app.mutate("updateTenantSettings", settings, "__typename");
    }
}

/// The due dates; the payments must be numbered from 1 and alike but for their day and their status.
fn dues(subscription: &Value) -> Vec<String> {
    let payments = subscription["paymentSchedule"].as_array().unwrap();
    for (place, payment) in payments.iter().enumerate() {
        assert_eq!(payment["sequence"], place + 1);
        assert_eq!(payment["amount"], json!({"amount": "129.00", "currency": "EUR"}));
    }
    payments.iter().map(|payment| text(&payment["dueDate"])).collect()
}

fn statuses(subscription: &Value) -> Vec<&str> {
    let payments = subscription["paymentSchedule"].as_array().unwrap();
    payments.iter().map(|payment| payment["status"].as_str().unwrap()).collect()
}

both! {
    due_dates_follow_the_billing_start_and_clamp_from_the_original_day(app) {
        let rentals = Rentals::new(app);
        // (start, billing start, the first three due dates, the last of twelve)
        for (start, billing_start, first, last) in [
            ("2025-01-31", "IMMEDIATE", ["2025-01-31", "2025-02-28", "2025-03-31"], "2025-12-31"),
            ("2025-01-31", "FIRST_OF_NEXT_MONTH", ["2025-02-01", "2025-03-01", "2025-04-01"], "2026-01-01"),
            ("2025-01-31", "SAME_DAY_NEXT_MONTH", ["2025-02-28", "2025-03-31", "2025-04-30"], "2026-01-31"),
            ("2024-01-31", "IMMEDIATE", ["2024-01-31", "2024-02-29", "2024-03-31"], "2024-12-31"),
            ("2024-01-31", "SAME_DAY_NEXT_MONTH", ["2024-02-29", "2024-03-31", "2024-04-30"], "2025-01-31"),
            ("2024-02-29", "IMMEDIATE", ["2024-02-29", "2024-03-29", "2024-04-29"], "2025-01-29"),
            ("2025-02-01", "FIRST_OF_NEXT_MONTH", ["2025-03-01", "2025-04-01", "2025-05-01"], "2026-02-01"),
            ("2025-12-15", "FIRST_OF_NEXT_MONTH", ["2026-01-01", "2026-02-01", "2026-03-01"], "2026-12-01"),
            ("2025-12-31", "SAME_DAY_NEXT_MONTH", ["2026-01-31", "2026-02-28", "2026-03-31"], "2026-12-31"),
            ("2025-01-01", "IMMEDIATE", ["2025-01-01", "2025-02-01", "2025-03-01"], "2025-12-01"),
        ] {
            let made = rentals.rent(&json!({"startDate": start, "billingStart": billing_start}));
            let found = dues(&made);
            assert_eq!(found.len(), 12, "{start} {billing_start}");
            assert_eq!(
                (&found[..3], found[11].as_str()),
                (&first.map(str::to_owned)[..], last),
                "{start} {billing_start}"
            );
            assert_eq!(made["startDate"], format!("{start}T00:00:00Z"));
            assert_eq!(made["billingAnchor"], format!("{}T00:00:00Z", first[0]));
        }
    }

    the_tenants_billing_start_counts_where_the_scan_names_none(app) {
        let rentals = Rentals::new(app);
        let before = rentals.rent(&json!({}));
        for (billing_start, first) in
            [("FIRST_OF_NEXT_MONTH", "2025-02-01"), ("SAME_DAY_NEXT_MONTH", "2025-02-28"), ("IMMEDIATE", "2025-01-31")]
        {
            rentals.settings(json!({"billingStart": billing_start}));
            let made = rentals.rent(&json!({}));
            assert_eq!((&made["billingStart"], &made["nextBillingDate"]), (&json!(billing_start), &json!(first)));
            let named = rentals.rent(&json!({"billingStart": "IMMEDIATE"}));
            assert_eq!(named["nextBillingDate"], "2025-01-31", "what a scan names counts before it");
        }
        let first = app.data("{ subscriptions(last: 1) { nodes { billingStart paymentSchedule { dueDate } } } }");
        let first = &first["subscriptions"]["nodes"][0];
        assert_eq!(first["billingStart"], "IMMEDIATE", "what was made before stays as it is");
        assert_eq!(first["paymentSchedule"][0]["dueDate"], dues(&before)[0]);
    }

    a_rental_starts_today_as_the_tenants_clock_shows_it(app) {
        let rentals = Rentals::new(app);
        for (now, zone, start, end, next) in [
            // An hour or two ahead, it is the first of February already.
            ("2025-01-31T23:30:00Z", "Europe/Berlin", "2025-01-31T23:00:00Z", "2026-01-31T23:00:00Z", "2025-02-01"),
            ("2025-01-31T22:30:00Z", "Europe/Berlin", "2025-01-30T23:00:00Z", "2026-01-30T23:00:00Z", "2025-01-31"),
            ("2025-01-31T23:30:00Z", "UTC", "2025-01-31T00:00:00Z", "2026-01-31T00:00:00Z", "2025-01-31"),
            // Summer time: the start of the day is at 22:00, the end of the contract half a year later at 23:00.
            ("2025-07-31T22:30:00Z", "Europe/Berlin", "2025-07-31T22:00:00Z", "2026-07-31T22:00:00Z", "2025-08-01"),
            (
                "2025-02-01T07:30:00Z",
                "America/Los_Angeles",
                "2025-01-31T08:00:00Z",
                "2026-01-31T08:00:00Z",
                "2025-01-31",
            ),
            (
                "2025-01-31T10:30:00Z",
                "Pacific/Kiritimati",
                "2025-01-31T10:00:00Z",
                "2026-01-31T10:00:00Z",
                "2025-02-01",
            ),
        ] {
            app.set_clock(now);
            rentals.settings(json!({"timezone": zone}));
            let made = rentals.rent(&json!({}));
            let found = [&made["startDate"], &made["endDate"], &made["nextBillingDate"], &made["timezone"]];
            assert_eq!(found, [start, end, next, zone], "{now} in {zone}");
            assert!(
                statuses(&made).iter().all(|status| *status == "SCHEDULED"),
                "due today is not past: {now} in {zone}"
            );
        }
    }

    periods_begin_at_midnight_in_summer_and_in_winter(app) {
        let rentals = Rentals::new(app);
        rentals.settings(json!({"timezone": "Europe/Berlin"}));
        app.set_clock("2025-04-10T12:00:00Z");
        let made = rentals.rent(&json!({"startDate": "2025-01-31", "contractLength": 3}));
        assert_eq!(
            [&made["startDate"], &made["currentPeriodStart"], &made["currentPeriodEnd"], &made["endDate"]],
            ["2025-01-30T23:00:00Z", "2025-03-30T22:00:00Z", "2025-04-29T22:00:00Z", "2025-04-29T22:00:00Z"]
        );
    }

    an_import_is_never_charged_for_the_past(app) {
        let rentals = Rentals::new(app);
        // (start, months, how many payments are settled elsewhere, the next one)
        for (start, months, settled, next) in [
            ("2024-06-15", 24, 8, json!("2025-02-15")),
            ("2025-01-30", 12, 1, json!("2025-02-28")),
            ("2025-01-31", 12, 0, json!("2025-01-31")),
            ("2024-12-31", 12, 1, json!("2025-01-31")),
            ("2025-03-01", 12, 0, json!("2025-03-01")),
            ("2020-01-01", 12, 12, json!(null)),
            ("1970-01-01", 1, 1, json!(null)),
            ("2199-12-31", 120, 0, json!("2199-12-31")),
        ] {
            let made = rentals.rent(&json!({"startDate": start, "contractLength": months}));
            let found = statuses(&made);
            assert_eq!(found.len(), months, "{start}");
            let split = found.iter().position(|status| *status != "SETTLED_ELSEWHERE").unwrap_or(months);
            assert_eq!(split, settled, "{start}");
            assert!(found[split..].iter().all(|status| *status == "SCHEDULED"), "{start}");
            assert_eq!(made["nextBillingDate"], next, "{start}");
            assert_eq!(dues(&made)[0], start);
        }
    }

    a_billing_group_moves_every_due_date_to_its_day(app) {
        let rentals = Rentals::new(app);
        for (day, start, billing_start, first) in [
            (15, "2025-01-31", "IMMEDIATE", ["2025-02-15", "2025-03-15", "2025-04-15"]),
            (15, "2025-02-15", "IMMEDIATE", ["2025-02-15", "2025-03-15", "2025-04-15"]),
            (15, "2025-02-16", "IMMEDIATE", ["2025-03-15", "2025-04-15", "2025-05-15"]),
            (1, "2025-01-31", "FIRST_OF_NEXT_MONTH", ["2025-02-01", "2025-03-01", "2025-04-01"]),
            (28, "2025-01-30", "SAME_DAY_NEXT_MONTH", ["2025-02-28", "2025-03-28", "2025-04-28"]),
        ] {
            let group = app.billing_group(&rentals.customer, day);
            let made =
                rentals.rent(&json!({"startDate": start, "billingStart": billing_start, "billingGroupId": group}));
            assert_eq!((&dues(&made)[..3], dues(&made).len()), (&first.map(str::to_owned)[..], 12), "{day} {start}");
            assert_eq!(
                made["billingGroup"],
                json!({"id": group, "currency": "EUR"}),
                "it bills in the order's currency now"
            );
            assert_eq!(made["startDate"], format!("{start}T00:00:00Z"), "the rental itself starts on its own day");
        }
    }

    an_orders_own_group_is_joined_unless_the_scan_names_another_or_it_is_inactive(app) {
        let rentals = Rentals::new(app);
        let [own, other] = [15, 20].map(|day| app.billing_group(&rentals.customer, day));
        app.mutate("updateOrder", json!({"orderId": rentals.order, "billingGroupId": own}), "__typename");
        let made = rentals.rent(&json!({}));
        assert_eq!((&made["billingGroup"]["id"], &made["nextBillingDate"]), (&json!(own), &json!("2025-02-15")));
        let made = rentals.rent(&json!({"billingGroupId": other}));
        assert_eq!((&made["billingGroup"]["id"], &made["nextBillingDate"]), (&json!(other), &json!("2025-02-20")));
        app.mutate("updateBillingGroup", json!({"billingGroupId": own, "status": "INACTIVE"}), "__typename");
        let made = rentals.rent(&json!({}));
        assert_eq!((&made["billingGroup"], &made["nextBillingDate"]), (&json!(null), &json!("2025-01-31")));
    }
}
