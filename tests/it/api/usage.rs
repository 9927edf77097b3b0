//! `recordUsage`: which events are taken, and once. What they come to is asked in `usage_totals.rs`.

use super::usage_totals::totals;
use super::{blamed, refuses_at, with};
use crate::support::builders::text;
use crate::support::together::{tally, together};
use crate::support::{TestApp, both};
use serde_json::{Value, json};

const ROWS: &str = "rows { eventId status event { id eventId } userError { code field } }";

/// A customer's subscription to the plan M30, from 31 January 2025 on, noon.
pub fn subscription(app: &TestApp) -> String {
    app.plan("M30", "300.00");
    subscribe(app)
}

pub fn subscribe(app: &TestApp) -> String {
    let wanted = json!({"customer": {"id": app.customer("Jane")}, "plan": {"code": "M30"}});
    text(&app.mutate("createSubscription", wanted, "subscription { id }")["subscription"]["id"])
}

/// A meter for a feature of its own with the same code.
pub fn make_meter(app: &TestApp, code: &str, changes: Value) -> String {
    app.feature(code, "METERED");
    let input = json!({"code": code, "name": code, "aggregation": "COUNT", "featureCode": code});
    text(&app.mutate("createMeter", with(input, changes), "meter { id }")["meter"]["id"])
}

pub fn event(id: &str, meter: &str, subscription: &str, changes: Value) -> Value {
    with(json!({"eventId": id, "meter": meter, "subscriptionId": subscription}), changes)
}

pub fn record(app: &TestApp, events: Value, on_error: &str) -> Value {
    app.attempt("recordUsage", json!({"events": events, "onError": on_error}), ROWS)
}

/// What became of each event: its status, the code of its refusal, or `-` where others kept it from being recorded.
pub fn outcome(payload: &Value) -> Vec<String> {
    let row = |row: &Value| match (row["status"].as_str(), row["userError"]["code"].as_str()) {
        (Some(status), None) => {
            assert_eq!(row["event"]["eventId"], row["eventId"]);
            status.to_owned()
        }
        (None, Some(code)) => code.to_owned(),
        (None, None) => "-".to_owned(),
        both => panic!("{both:?}"),
    };
    payload["rows"].as_array().unwrap().iter().map(row).collect()
}

fn recorded(app: &TestApp) -> i64 {
    app.database.number("SELECT count(*) FROM usage_events")
}

both! {
    an_event_is_recorded_once_and_read_back(app) {
        let subscription = subscription(app);
        let meter = make_meter(app, "traffic", json!({"aggregation": "SUM", "property": "gb"}));
        app.set_clock("2025-02-03T09:00:00Z");
        let properties = json!({"gb": "1.50", "host": ["a", null]});
        let said = json!({"occurredAt": "2025-02-01T00:00:00.000001Z", "properties": properties});
        let one = event(" one ", " traffic", &subscription, said);
        let made = record(app, json!([one]), "REJECT_ALL");
        assert_eq!(outcome(&made), ["RECORDED"]);
        assert_eq!(made["userErrors"], json!([]));
        let id = text(&made["rows"][0]["event"]["id"]);
        let found = app.data(&format!(
            r#"{{ usageEvent(id: "{id}") {{
                   id eventId meter {{ id }} subscription {{ id }} occurredAt properties counted value uniqueKey createdAt
                 }} usageEventByEventId(eventId: "one") {{ id }} usageEvents {{ totalCount }} }}"#
        ));
        let expected = json!({
            "id": id, "eventId": "one", "meter": {"id": meter}, "subscription": {"id": subscription},
            "occurredAt": "2025-02-01T00:00:00.000001Z", "properties": properties, "counted": true, "value": "1.5",
            "uniqueKey": null, "createdAt": "2025-02-03T09:00:00Z",
        });
        assert_eq!(found["usageEvent"], expected);
        assert_eq!((&found["usageEventByEventId"]["id"], &found["usageEvents"]["totalCount"]), (&json!(id), &json!(1)));

        // The same again, with the properties in another order, at another time, from an archived meter.
        app.mutate("archiveMeter", json!({"meterId": meter}), "__typename");
        app.set_clock("2025-02-04T09:00:00Z");
        let reordered = json!({"host": ["a", null], "gb": "1.50"});
        for again in [one.clone(), with(one.clone(), json!({"properties": reordered, "occurredAt": null}))] {
            let made = record(app, json!([again, again]), "REJECT_ALL");
            assert_eq!(outcome(&made), ["DUPLICATE", "DUPLICATE"]);
            assert_eq!(made["rows"][0]["event"]["id"], json!(id));
        }
        let dumped = app.data(r#"{ usageEventByEventId(eventId: "one") { createdAt } }"#);
        assert_eq!(dumped["usageEventByEventId"]["createdAt"], "2025-02-03T09:00:00Z");
        assert_eq!(recorded(app), 1);
        assert_eq!(app.database.number("SELECT count(*) FROM events WHERE event_type LIKE 'usage%'"), 0);

        let other = subscribe(app);
        for change in [
            json!({"properties": {"gb": "1.5"}}),
            json!({"properties": null}),
            json!({"occurredAt": "2025-02-01T00:00:00Z"}),
            json!({"subscriptionId": other}),
            json!({"meter": "none"}),
        ] {
            let input = json!({"events": [with(one.clone(), change)]});
            refuses_at(app, "recordUsage", input, &["DUPLICATE_USAGE_EVENT input.events.0.eventId"]);
        }
    }

    one_request_may_repeat_itself(app) {
        let subscription = subscription(app);
        make_meter(app, "calls", json!({}));
        let (one, two) = (event("1", "calls", &subscription, json!({})), event("2", "calls", &subscription, json!({})));
        let made = record(app, json!([one, two, one, one]), "REJECT_ALL");
        assert_eq!(outcome(&made), ["RECORDED", "RECORDED", "DUPLICATE", "DUPLICATE"]);
        assert_eq!(made["rows"][0]["event"], made["rows"][3]["event"]);
        let other = event("3", "calls", &subscription, json!({"properties": {"a": 1}}));
        let contradiction = event("3", "calls", &subscription, json!({"properties": {"a": 2}}));
        let made = record(app, json!([other, contradiction, one]), "REJECT_FAILED");
        assert_eq!(outcome(&made), ["RECORDED", "DUPLICATE_USAGE_EVENT", "DUPLICATE"]);
        assert_eq!(recorded(app), 3);
    }

    events_that_fail_leave_the_others_or_undo_them_as_is_asked(app) {
        let subscription = subscription(app);
        make_meter(app, "calls", json!({}));
        record(app, json!([event("0", "calls", &subscription, json!({}))]), "REJECT_ALL");
        let events = json!([
            event("1", "calls", &subscription, json!({})),
            event("2", "none", &subscription, json!({})),
            event("0", "calls", &subscription, json!({})),
            event("3", "calls", &subscription, json!({"occurredAt": "2025-03-01T00:00:00Z"})),
        ]);
        let before = app.database.dump();
        let failed = ["METER_NOT_FOUND input.events.1.meter", "USAGE_IN_FUTURE input.events.3.occurredAt"];
        for input in [json!({"events": events}), json!({"events": events, "onError": "REJECT_ALL"})] {
            let payload = app.attempt("recordUsage", input, ROWS);
            assert_eq!(blamed(&payload["userErrors"]), failed);
            assert_eq!(outcome(&payload), ["-", "METER_NOT_FOUND", "-", "USAGE_IN_FUTURE"]);
        }
        let all_fail = json!([events[1], events[3]]);
        assert_eq!(outcome(&record(app, all_fail, "REJECT_FAILED")), ["METER_NOT_FOUND", "USAGE_IN_FUTURE"]);
        app.database.assert_unchanged(&before);

        let payload = record(app, events, "REJECT_FAILED");
        assert_eq!(outcome(&payload), ["RECORDED", "METER_NOT_FOUND", "DUPLICATE", "USAGE_IN_FUTURE"]);
        assert_eq!(payload["rows"][1]["userError"]["field"], json!(["input", "events", "1", "meter"]));
        assert_eq!((recorded(app), &payload["userErrors"]), (2, &json!([])));
    }

    what_is_wrong_is_refused_and_changes_nothing(app) {
        let subscription = subscription(app);
        let archived = make_meter(app, "gone", json!({}));
        app.mutate("archiveMeter", json!({"meterId": archived}), "__typename");
        make_meter(app, "traffic", json!({"aggregation": "SUM", "property": "gb"}));
        make_meter(app, "users", json!({"aggregation": "UNIQUE_COUNT", "property": "user"}));
        let draft = json!({
            "customer": {"id": app.customer("John")}, "plan": {"code": "M30"}, "handle": "draft", "status": "DRAFT",
        });
        let draft = text(&app.mutate("createSubscription", draft, "subscription { id }")["subscription"]["id"]);
        let ending = json!({
            "customer": {"id": app.customer("Jim")}, "plan": {"code": "M30"}, "endDate": "2025-02-10T12:00:00Z",
        });
        let ending = text(&app.mutate("createSubscription", ending, "subscription { id endDate }")["subscription"]["id"]);
        app.set_clock("2025-03-10T09:00:00Z");
        let gb = |value: Value| event("1", "traffic", &subscription, json!({"properties": {"gb": value}}));
        let at = |of: &str, moment: &str| {
            event("1", "traffic", of, json!({"properties": {"gb": 1}, "occurredAt": moment}))
        };
        let nobody = "sub_00000000000000000000000000";
        let mut cases = vec![
            (event("1", "none", &subscription, json!({})), "METER_NOT_FOUND", "meter"),
            (event("1", "gone", &subscription, json!({})), "METER_NOT_FOUND", "meter"),
            (event("1", "traffic", nobody, json!({})), "SUBSCRIPTION_NOT_FOUND", "subscriptionId"),
            (event("1", "traffic", &draft, json!({})), "USAGE_OUTSIDE_SUBSCRIPTION", "subscriptionId"),
            (at(&subscription, "2025-03-10T09:01:00.000001Z"), "USAGE_IN_FUTURE", "occurredAt"),
            (at(&subscription, "2025-01-31T11:59:59.999999Z"), "USAGE_OUTSIDE_SUBSCRIPTION", "occurredAt"),
            (at(&ending, "2025-03-09T00:00:00Z"), "USAGE_OUTSIDE_SUBSCRIPTION", "occurredAt"),
            (event("1", "traffic", &subscription, json!({})), "VALIDATION_ERROR", "properties"),
            (event("1", "users", &subscription, json!({"properties": {"user": null}})), "VALIDATION_ERROR", "properties"),
            (event("1", "users", &subscription, json!({"properties": {"user": ["a"]}})), "VALIDATION_ERROR", "properties"),
        ];
        for value in [json!("much"), json!(1.5), json!(-1), json!("0.0000001"), json!("1000000000000.000001"), json!(null)] {
            cases.push((gb(value), "VALIDATION_ERROR", "properties"));
        }
        for (wrong, code, argument) in cases {
            let expected = format!("{code} input.events.0.{argument}");
            refuses_at(app, "recordUsage", json!({"events": [wrong]}), &[&expected]);
        }
        let wrong = json!({"events": [
            {"eventId": " ", "meter": "", "subscriptionId": "x", "occurredAt": "yesterday", "properties": []},
            {"eventId": "e".repeat(256), "meter": "m".repeat(121), "subscriptionId": draft, "properties": {"a": "\u{0}"}},
        ]});
        let expected = [
            "0.eventId", "0.meter", "0.subscriptionId", "0.occurredAt", "0.properties", "1.eventId", "1.meter",
            "1.properties",
        ];
        let expected = expected.map(|path| format!("VALIDATION_ERROR input.events.{path}"));
        refuses_at(app, "recordUsage", wrong, &expected.each_ref().map(String::as_str));

        for fine in [at(&subscription, "2025-03-10T09:01:00Z"), with(gb(json!("0.000001")), json!({"eventId": "2"}))] {
            assert_eq!(outcome(&record(app, json!([fine]), "REJECT_ALL")), ["RECORDED"]);
        }
        let start = with(at(&subscription, "2025-01-31T12:00:00Z"), json!({"eventId": "3"}));
        let large = with(gb(json!(1_000_000_000_000_i64)), json!({"eventId": "4"}));
        assert_eq!(outcome(&record(app, json!([start, large]), "REJECT_ALL")), ["RECORDED", "RECORDED"]);
    }

    between_1_and_500_events_are_taken(app) {
        let subscription = subscription(app);
        make_meter(app, "calls", json!({}));
        let events = |count: usize| {
            (0..count).map(|n| event(&format!("e{n}"), "calls", &subscription, json!({}))).collect::<Vec<_>>()
        };
        for count in [0, 501] {
            refuses_at(app, "recordUsage", json!({"events": events(count)}), &["VALIDATION_ERROR input.events"]);
        }
        let payload = record(app, json!(events(500)), "REJECT_ALL");
        assert_eq!(outcome(&payload), vec!["RECORDED"; 500]);
        assert_eq!((recorded(app), text(&payload["rows"][499]["eventId"])), (500, "e499".into()));
        let more = [&events(250)[..], &[event("new", "calls", &subscription, json!({}))]].concat();
        let payload = record(app, json!(more), "REJECT_ALL");
        assert_eq!(outcome(&payload), [vec!["DUPLICATE"; 250], vec!["RECORDED"]].concat());
        assert_eq!(recorded(app), 501);
        let whole = ("2025-01-31T12:00:00Z", "2025-03-01T00:00:00Z");
        assert_eq!(totals(app, "calls", &[(&subscription, whole.0, whole.1)]), ["501"]);
    }

    an_event_counts_where_it_meets_the_filters(app) {
        let subscription = subscription(app);
        let filters = json!([{"property": "region", "values": ["eu", "us"]}, {"property": "live", "values": ["true"]}]);
        let traffic = json!({"aggregation": "SUM", "property": "gb", "filters": filters});
        let traffic = make_meter(app, "traffic", traffic);
        make_meter(app, "calls", json!({"filters": filters}));
        let properties = [
            json!({"region": "eu", "live": true, "gb": 1}),
            json!({"region": "us", "live": "true", "gb": "2"}),
            json!({"region": "asia", "live": true, "gb": 4}),
            json!({"region": "eu", "live": false, "gb": 8}),
            json!({"region": "eu", "gb": 16}),
            json!({"region": "asia", "live": true, "gb": "no number"}),
        ];
        app.set_clock("2025-01-31T13:00:00Z");
        for code in ["traffic", "calls"] {
            let events = properties.iter().enumerate().map(|(n, properties)| {
                let said = json!({"properties": properties, "occurredAt": format!("2025-01-31T12:00:0{n}Z")});
                event(&format!("{code}-{n}"), code, &subscription, said)
            });
            assert_eq!(outcome(&record(app, json!(events.collect::<Vec<_>>()), "REJECT_ALL")), vec!["RECORDED"; 6]);
        }
        let asked = [(&*subscription, "2025-01-31T12:00:00Z", "2025-02-01T00:00:00Z")];
        assert_eq!((totals(app, "traffic", &asked), totals(app, "calls", &asked)), (vec!["3".into()], vec!["2".into()]));

        let found = app.data(&format!(
            r#"{{ subscription(id: "{subscription}") {{ usageEvents(
                filter: {{meterId: {{eq: "{traffic}"}}, occurredAt: {{gte: "2025-01-31T12:00:01Z", lt: "2025-01-31T12:00:04Z"}}}}
                orderBy: {{field: OCCURRED_AT}}, first: 2
            ) {{ nodes {{ eventId counted value }} totalCount }} }} }}"#
        ));
        let seen = |id: &str, counted: bool, value: Value| json!({"eventId": id, "counted": counted, "value": value});
        assert_eq!(found["subscription"]["usageEvents"], json!({"totalCount": 3, "nodes": [
            seen("traffic-1", true, json!("2")), seen("traffic-2", false, json!(null)),
        ]}));
    }

    tenants_do_not_see_each_others_usage(app) {
        let subscription = subscription(app);
        make_meter(app, "calls", json!({}));
        record(app, json!([event("1", "calls", &subscription, json!({}))]), "REJECT_ALL");
        let (_, other) = app.another_tenant("Other");
        let theirs = json!({"events": [event("1", "calls", &subscription, json!({}))]});
        let before = app.database.dump();
        let payload = app.attempt_as(&other, "recordUsage", theirs, ROWS);
        assert_eq!(blamed(&payload["userErrors"]), ["METER_NOT_FOUND input.events.0.meter"]);
        app.database.assert_unchanged(&before);
        let seen = app.send_as(&other, &[], r#"{ usageEvents { totalCount } meters { totalCount }
            usageEventByEventId(eventId: "1") { id } meterByCode(code: "calls") { id } }"#, json!({})).json();
        assert_eq!(seen["data"], json!({
            "usageEvents": {"totalCount": 0}, "meters": {"totalCount": 0}, "usageEventByEventId": null, "meterByCode": null,
        }));
    }

    an_event_that_16_send_at_once_counts_once(app) {
        let subscription = subscription(app);
        make_meter(app, "calls", json!({}));
        // Everybody sends one that all have, and one of their own; in whatever order.
        let done = together(16, |index| {
            let own = event(&format!("own-{index}"), "calls", &subscription, json!({}));
            let shared = [event("a", "calls", &subscription, json!({})), event("b", "calls", &subscription, json!({}))];
            let [a, b] = shared;
            let events = if index % 2 == 0 { json!([a, own, b]) } else { json!([b, a, own]) };
            app.attempt("recordUsage", json!({"events": events}), ROWS)
        });
        assert_eq!(tally(&done), json!({"DONE": 16}));
        let statuses = |id: &str| {
            let rows = done.iter().flat_map(|payload| payload["rows"].as_array().unwrap());
            let of = rows.filter(|row| row["eventId"] == id);
            let recorded = of.clone().filter(|row| row["status"] == "RECORDED").count();
            (recorded, of.count())
        };
        assert_eq!((statuses("a"), statuses("b")), ((1, 16), (1, 16)));
        assert_eq!(recorded(app), 18);
        assert_eq!(totals(app, "calls", &[(&subscription, "2025-01-31T12:00:00Z", "2025-02-01T00:00:00Z")]), ["18"]);
    }
}
