//! What the events of a period come to, by each way of aggregating them.

use super::usage::{event, make_meter, outcome, record, subscribe, subscription};
use crate::support::{TestApp, both};
use perennial::domain::Instant;
use perennial::domain::period::Period;
use perennial::repository::{meter, usage};
use serde_json::json;

/// What a meter counted of a subscription in each of some periods.
pub fn totals(app: &TestApp, code: &str, of: &[(&str, &str, &str)]) -> Vec<String> {
    let at = |text: &str| text.parse::<Instant>().unwrap();
    let period = |(subscription, start, end): &(&str, &str, &str)| {
        (subscription.parse().unwrap(), Period { start: at(start), end: at(end) })
    };
    let asked: Vec<_> = of.iter().map(period).collect();
    let found = app.app.db.read(|conn| {
        let meter = meter::by_code(app.tenant, code).first(conn)?.unwrap();
        usage::totals(conn, app.tenant, &meter, &asked)
    });
    let found = found.unwrap();
    assert_eq!(found.iter().map(|(id, period, _)| (*id, *period)).collect::<Vec<_>>(), asked);
    found.into_iter().map(|(_, _, quantity)| quantity.to_plain_string()).collect()
}

both! {
    a_period_is_half_open_and_each_way_of_aggregating_is_exact(app) {
        let (one, two) = (subscription(app), subscribe(app));
        for (code, aggregation) in
            [("sum", "SUM"), ("max", "MAX"), ("latest", "LATEST"), ("unique", "UNIQUE_COUNT")]
        {
            make_meter(app, code, json!({"aggregation": aggregation, "property": "v"}));
        }
        make_meter(app, "count", json!({}));
        app.set_clock("2025-04-01T00:00:00Z");
        // (subscription, moment, value): late ones come after earlier ones, and moments on the boundaries.
        let sent = [
            (&one, "2025-02-28T23:59:59.999999Z", "0.1"),
            (&one, "2025-02-10T00:00:00Z", "0.2"),
            (&one, "2025-03-01T00:00:00Z", "5"),
            (&one, "2025-02-01T00:00:00Z", "999999999999.999999"),
            (&one, "2025-01-31T23:59:59.999999Z", "7"),
            (&one, "2025-02-28T23:59:59.999999Z", "0.3"),
            (&one, "2025-02-11T00:00:00Z", "0.2"),
            (&one, "2025-02-12T00:00:00Z", "1000000000000"),
            (&two, "2025-02-10T00:00:00Z", "40"),
        ];
        for code in ["sum", "max", "latest", "unique", "count"] {
            let events: Vec<_> = sent
                .iter()
                .enumerate()
                .map(|(n, (subscription, moment, value))| {
                    let said = json!({"occurredAt": moment, "properties": {"v": value}});
                    event(&format!("{code}-{n}"), code, subscription, said)
                })
                .collect();
            assert_eq!(outcome(&record(app, json!(events), "REJECT_ALL")), vec!["RECORDED"; 9]);
        }
        let (february, march) = (("2025-02-01T00:00:00Z", "2025-03-01T00:00:00Z"), ("2025-03-01T00:00:00Z", "2025-04-01T00:00:00Z"));
        let asked = [
            (&*one, february.0, february.1),
            (&*two, march.0, march.1),
            (&*one, march.0, march.1),
            (&*two, february.0, february.1),
            (&*one, "2025-01-31T12:00:00Z", "2025-02-01T00:00:00Z"),
            (&*one, february.0, february.0),
        ];
        for (code, expected) in [
            ("sum", ["2000000000000.799999", "0", "5", "40", "7", "0"]),
            ("max", ["1000000000000", "0", "5", "40", "7", "0"]),
            // Of two at the same moment, the one that was recorded later.
            ("latest", ["0.3", "0", "5", "40", "7", "0"]),
            ("unique", ["5", "0", "1", "1", "1", "0"]),
            ("count", ["6", "0", "1", "1", "1", "0"]),
        ] {
            assert_eq!(totals(app, code, &asked), expected, "{code}");
            assert_eq!(totals(app, code, &[]), [""; 0]);
        }
    }

    sums_go_beyond_64_bits_of_millionths(app) {
        let subscription = subscription(app);
        make_meter(app, "bytes", json!({"aggregation": "SUM", "property": "v"}));
        let events: Vec<_> = (0..100)
            .map(|n| event(&format!("{n}"), "bytes", &subscription, json!({"properties": {"v": "999999999999.999999"}})))
            .collect();
        record(app, json!(events), "REJECT_ALL");
        let asked = [(&*subscription, "2025-01-31T12:00:00Z", "2025-02-01T00:00:00Z")];
        assert_eq!(totals(app, "bytes", &asked), ["99999999999999.9999"]);
    }

    a_subscription_shows_what_it_used_in_its_running_period(app) {
        make_meter(app, "calls", json!({}));
        make_meter(app, "traffic", json!({"aggregation": "SUM", "property": "gb"}));
        make_meter(app, "unpriced", json!({}));
        let usage = |feature: &str| {
            json!({"name": feature, "type": "USAGE", "billingModel": "PER_UNIT", "amount": "0.01", "featureCode": feature})
        };
        let prices = json!([{"name": "Base", "amount": "300.00"}, usage("traffic"), usage("calls"), usage("calls")]);
        let plan = json!({"code": "M30", "name": "M", "schedule": {"type": "MONTH_STARTDATE"}, "prices": prices});
        app.mutate("createPlan", plan, "plan { id }");
        app.plan("flat", "5.00");
        let one = subscribe(app);
        let two = subscribe(app);
        let flat = json!({"customer": {"id": app.customer("Jim")}, "plan": {"code": "flat"}});
        app.mutate("createSubscription", flat, "__typename");
        app.set_clock("2025-03-05T00:00:00Z");
        let events = json!([
            event("1", "calls", &one, json!({"occurredAt": "2025-01-31T12:00:00Z"})),
            event("2", "calls", &one, json!({"occurredAt": "2025-02-28T11:59:59Z"})),
            event("3", "calls", &one, json!({"occurredAt": "2025-02-28T12:00:00Z"})),
            event("4", "unpriced", &one, json!({})),
            event("5", "traffic", &two, json!({"occurredAt": "2025-02-01T00:00:00Z", "properties": {"gb": "0.25"}})),
        ]);
        record(app, events, "REJECT_ALL");
        let query = "{ subscriptions(orderBy: [{field: CREATED_AT}]) { nodes {
            usage { meter { code } period { start end } quantity }
        } } }";
        let found = app.data(query);
        let used = |meter: &str, quantity: &str| json!({
            "meter": {"code": meter}, "quantity": quantity,
            "period": {"start": "2025-01-31T12:00:00Z", "end": "2025-02-28T12:00:00Z"},
        });
        assert_eq!(found["subscriptions"]["nodes"], json!([
            {"usage": [used("traffic", "0"), used("calls", "2")]},
            {"usage": [used("traffic", "0.25"), used("calls", "0")]},
            {"usage": []},
        ]));
    }
}
